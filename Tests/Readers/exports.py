"""Runs an image tensor through what `export` wrote, by each program that it was written for, and prints the logits as JSON.

    python Tests/Readers/exports.py timm FOLDER | pth FILE MODEL CLASSES | onnx FILE    < float32 values of [batch, 3, side, side]
"""

import json
import sys

import numpy

kind, path = sys.argv[1:3]


def images(side):
    values = numpy.frombuffer(sys.stdin.buffer.read(), dtype="<f4")
    return values.reshape(-1, 3, side, side)


def timm():
    """timm wants torchvision, of which a network needs nothing: one that was built for another torch lacks two operations."""
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        operations = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            operations.define(f"{name}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
        timm.operations = operations  # for as long as they are needed
    import timm as package

    return package


if kind == "onnx":
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    notes = session.get_modelmeta().custom_metadata_map
    logits = session.run(["logits"], {"images": images(int(notes["input_size"]))})[0]
    answer = {"classes": json.loads(notes["classes"]), "crop": float(notes["crop_pct"])}
else:
    import torch

    torch.set_num_threads(1)
    if kind == "timm":
        network = timm().create_model(f"local-dir:{path}", pretrained=True).eval()
        config = network.pretrained_cfg
        answer = {"classes": config["label_names"], "crop": config["crop_pct"]}
        side = config["input_size"][1]
    else:
        model, classes, side = sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
        network = timm().create_model(model, num_classes=classes).eval()
        file = torch.load(path, weights_only=True)
        network.load_state_dict(file["model"])
        assert file["pretrained_cfg"]["input_size"] == [3, side, side], file["pretrained_cfg"]
        assert file["architecture"] == model and file["args"]["input_size"] == side and file["epoch"] == 7
        answer = {"classes": file["label_names"], "crop": file["pretrained_cfg"]["crop_pct"]}
    with torch.no_grad():
        logits = network(torch.from_numpy(images(side).copy())).numpy()
print(json.dumps(answer | {"logits": logits.astype(float).tolist()}))
