"""Files of weights as PyTorch writes them, and what PyTorch reads from them.

Writes to Tests/CheckpointTests/Fixtures:

    checkpoint.pth          the reference's training state: model, optimizer, lr_scheduler, epoch, scaler, args, with
                            DistributedDataParallel's prefix
    state_dict.pth          a bare OrderedDict: a parameter, a transposed and a sliced view, tied weights, every type
    legacy.pth              the same in the format before PyTorch 1.6
    calls.pth               a pickle that runs a command when Python loads it
    expected.safetensors    the tensors of state_dict.pth, and those of checkpoint.pth as checkpoint.KEY

and to Tests/TrainingTests/Goldens:

    nano_logits.safetensors [2, 10], timm's alt_gvt_nano with weights by rule, loaded from a .pth, for rule.uniform("input")

    python scripts/goldens/checkpoints.py                  needs torch, timm, numpy and safetensors
    python scripts/goldens/checkpoints.py --check WORKER   trains nothing and writes nothing here: makes timm's
                            alt_gvt_nano as .pth, legacy .pth and .safetensors, lets the program WORKER (twins-worker)
                            predict and evaluate with each and convert them, and compares with timm; needs Pillow too
"""

import argparse
import collections
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import safetensors.torch
import torch

import reference
import rule

FIXTURES = reference.TESTS / "CheckpointTests" / "Fixtures"
GOLDENS = reference.TESTS / "TrainingTests" / "Goldens"
ARGUMENTS = argparse.Namespace(
    model="alt_gvt_nano", input_size=64, lr=1e-3, clip_grad=None, dist_eval=True, output_dir="", betas=[0.9, 0.999],
    device=torch.device("cuda:0"), shape=torch.Size([3, 64]),
)


def training_state():
    """What the reference's main.py saves after an epoch, for a network of two layers."""
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(rule.parameter(key, tuple(parameter.shape))))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    scheduler = {"base_values": [1e-3], "t_initial": 300, "noise_range_t": None, "metric": 2**40}
    return {
        "model": collections.OrderedDict((f"module.{key}", value) for key, value in network.state_dict().items()),
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": scheduler,
        "epoch": 7,
        "scaler": {"scale": 65536.0, "growth_factor": 2.0, "_growth_tracker": -3},
        "args": ARGUMENTS,
    }


def state_dict():
    numbers = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8 - 1
    return collections.OrderedDict(
        {
            "parameter": torch.nn.Parameter(numbers.clone()),
            "transposed": numbers.clone().T,
            "sliced": numbers[1:3, 2:5],
            "row": numbers[2],
            "tied": numbers,
            "double": torch.tensor([1 / 3, -2.0], dtype=torch.float64),
            "half": torch.tensor([1.5, -0.0, 6e-8, 65504.0, float("inf"), float("-inf"), float("nan")], dtype=torch.float16),
            "bfloat": torch.tensor([[1.5], [-3e38]], dtype=torch.bfloat16),
            "long": torch.tensor(-(2**40)),
            "int": torch.tensor([-5, 5], dtype=torch.int32),
            "byte": torch.tensor([0, 255], dtype=torch.uint8),
            "bool": torch.tensor([True, False]),
            "empty": torch.zeros(0, 3),
        }
    )


class Call:
    def __reduce__(self):
        return os.system, ("true",)


def write_fixtures():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    state, tensors = training_state(), state_dict()
    torch.save(state, FIXTURES / "checkpoint.pth")
    torch.save(tensors, FIXTURES / "state_dict.pth")
    torch.save(tensors, FIXTURES / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"model": tensors, "args": Call()}, FIXTURES / "calls.pth")
    expected = {f"checkpoint.{key}": value for key, value in state["model"].items()} | tensors
    reference.save(FIXTURES / "expected.safetensors", {key: value.clone() for key, value in expected.items()})


def save_nano(folder):
    """timm's alt_gvt_nano with weights by rule, as a published file is made; gives its path."""
    model = reference.by_rule("alt_gvt_nano", 10)
    torch.save({"model": model.state_dict(), "args": ARGUMENTS}, folder / "nano.pth")
    return folder / "nano.pth"


def load_nano(path):
    model = reference.create("alt_gvt_nano", 10)
    model.load_state_dict(torch.load(path, weights_only=False)["model"])
    return model


def write_logits():
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        model = load_nano(save_nano(Path(folder))).double()
        images = torch.from_numpy(rule.uniform("input", (2, 3, 64, 64))).double()
        reference.save(GOLDENS / "nano_logits.safetensors", {"logits": model(images)})


def image(path, side, seed=7):
    """A noisy image of that side, saved, and what the evaluation transform leaves of it: its middle seven eighths."""
    import numpy
    from PIL import Image

    pixels = numpy.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=numpy.uint8)
    Image.fromarray(pixels).save(path)
    edge = side // 16
    middle = torch.from_numpy(pixels[edge : side - edge, edge : side - edge]).permute(2, 0, 1) / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return ((middle - mean[:, None, None]) / deviation[:, None, None])[None]


def ours(worker, weights, image):
    """The logits of twins-worker, by class."""
    command = [worker, "predict", "--weights", weights, "--model", "alt_gvt_nano", "--input-size", "224"]
    answer = json.loads(subprocess.check_output([*command, "--logits", "--json", "--top", "10", image]))
    scores = {guess["class"]: guess["score"] for guess in answer["top"]}
    return torch.tensor([scores[f"class {number}"] for number in range(10)])


def check_logits(worker, weights, image, wanted):
    gap = (ours(worker, weights, image) - wanted).abs().max() / wanted.abs().max()
    print(f"{weights.name}: logits differ from timm's by {gap:.1e}")
    assert gap <= 1e-4


def evaluate(worker, weights, folder, status=0):
    """What twins-worker prints when it evaluates weights on a folder of images."""
    flags = ["--eval", "--resume", weights, "--data-path", folder, "--model", "alt_gvt_nano", "--device", "cpu"]
    flags += ["--output_dir", folder.parent / "out", "--batch-size", "8"]
    run = subprocess.run([worker, *flags], capture_output=True, text=True)
    assert run.returncode == status, run
    return run.stdout + run.stderr


def check_evaluation(worker, files, model, folder):
    """Ten classes of one noisy image each; then an eleventh class, which does not fit the head."""
    images, loss = folder / "images", 0
    for label in range(10):
        for split in ("train", "val"):
            (images / split / f"class-{label}").mkdir(parents=True)
            image = image(images / split / f"class-{label}" / "noise.png", 256, seed=label)
        loss += torch.nn.functional.cross_entropy(model(image), torch.tensor([label])).item() / 10
    for file in files:
        found = float(re.search(r"\* Acc@1 \S+ Acc@5 \S+ loss (\S+)", evaluate(worker, file, images))[1])
        print(f"{file.name}: evaluated to a loss of {found}, timm's is {loss:.4f}")
        assert abs(found - loss) <= 6e-4
    for split in ("train", "val"):
        (images / split / "more").mkdir()
        image(images / split / "more" / "noise.png", 256)
    for file in files:
        assert "another number of classes" in evaluate(worker, file, images, status=78)


def run_printed_conversion(worker, legacy):
    """Runs the very line that the refusal of a legacy file prints."""
    refusal = subprocess.run([worker, "convert", legacy, "x.safetensors"], capture_output=True, text=True)
    assert refusal.returncode == 65, refusal
    words = shlex.split(re.search(r"python -c .*", refusal.stderr)[0])
    assert words[-1] == "converted.pth"
    converted = legacy.with_name(words[-1])
    subprocess.check_call([sys.executable, *words[1:-1], converted])
    return converted


def check(worker):
    with tempfile.TemporaryDirectory() as name, torch.no_grad():
        folder = Path(name)
        weights = save_nano(folder)
        model = load_nano(weights)
        wanted = model(image(folder / "noise.png", 256))[0]
        safetensors.torch.save_file(model.state_dict(), folder / "timm.safetensors")
        torch.save(torch.load(weights, weights_only=False), folder / "legacy.pth", _use_new_zipfile_serialization=False)
        half = {key: value.half() for key, value in model.state_dict().items()}
        torch.save({"state_dict": {f"module.{key}": value for key, value in half.items()}}, folder / "half.pth")

        files = [weights, folder / "timm.safetensors", run_printed_conversion(worker, folder / "legacy.pth")]
        for file in files:
            check_logits(worker, file, folder / "noise.png", wanted)
        check_evaluation(worker, files, model, folder)
        for file in [*files, folder / "half.pth"]:
            target = folder / f"{file.stem}-converted.safetensors"
            print(subprocess.check_output([worker, "convert", file, target], text=True), end="")
            loaded = safetensors.torch.load_file(target)
            reference.create("alt_gvt_nano", 10).load_state_dict(loaded)
            source = half if file.stem == "half" else model.state_dict()
            assert all(torch.equal(loaded[key], value.float()) for key, value in source.items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", metavar="WORKER", type=lambda path: str(Path(path).resolve()))
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments.check)
    else:
        write_fixtures()
        write_logits()
