"""Trains timm's Twins-SVT-S as a PyTorch user would, from weights that a run of ours has written, and prints its losses.

    python Benchmarks/peers/loss_curve.py --images DIR/train --weights last.safetensors --steps 100 --amp O1 --device cuda

Images come in the folder's order, 16 an update, scaled and cropped as for an evaluation: what `--no-aug --no-shuffle` does. Prints
one JSON line: losses. Needs torch, torchvision, timm and Pillow.
"""

import argparse
import json
import pathlib
import struct

import torch
import torch.nn.functional as F
from PIL import Image
from train_step import timm

MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=pathlib.Path, required=True, help="a folder CLASS/IMAGE")
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="a file of safetensors, with timm's names")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--input-size", type=int, default=224)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--amp", choices=("O0", "O1"), default="O0", help="O1: autocast to bfloat16")
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    return parser.parse_args()


def pixels(path, side):
    """An image as the network takes it, [3, side, side]."""
    image, larger = Image.open(path).convert("RGB"), int(side / 0.875)
    scale = larger / min(image.size)
    image = image.resize([max(larger, int(length * scale)) for length in image.size], Image.BICUBIC)
    left, top = (round((length - side) / 2) for length in image.size)
    data = bytearray(image.crop((left, top, left + side, top + side)).tobytes())
    values = torch.frombuffer(data, dtype=torch.uint8).reshape(side, side, 3).permute(2, 0, 1) / 255
    return (values - torch.tensor(MEANS)[:, None, None]) / torch.tensor(DEVIATIONS)[:, None, None]


def weights(path):
    """The tensors of a file of safetensors in float32."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    found = {}
    for name, about in header.items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in about["data_offsets"])
            found[name] = torch.frombuffer(bytearray(data[start:end]), dtype=torch.float32).reshape(about["shape"])
    return found


def main():
    arguments = parse()
    classes = sorted(folder for folder in arguments.images.iterdir() if folder.is_dir())
    files = [(file, label) for label, folder in enumerate(classes) for file in sorted(folder.iterdir())]
    images = torch.stack([pixels(file, arguments.input_size) for file, _ in files]).to(arguments.device)
    labels = torch.tensor([label for _, label in files], device=arguments.device)
    model = timm.create_model("twins_svt_small", num_classes=len(classes), drop_path_rate=0)
    model.load_state_dict(weights(arguments.weights))
    model.to(arguments.device).train()
    # As timm's own: vectors do not decay.
    groups = [{"params": [], "weight_decay": 0.05}, {"params": [], "weight_decay": 0.0}]
    for name, parameter in model.named_parameters():
        is_left_out = parameter.ndim < 2 or name.startswith("pos_block")
        groups[is_left_out]["params"].append(parameter)
    optimizer = torch.optim.AdamW(groups, lr=arguments.lr)
    losses = []
    for step in range(arguments.steps):
        # An epoch ends with its last whole batch.
        start = step % (len(files) // arguments.batch_size) * arguments.batch_size
        chosen = slice(start, start + arguments.batch_size)
        with torch.autocast(arguments.device, dtype=torch.bfloat16, enabled=arguments.amp == "O1"):
            logits = model(images[chosen]).float()
        loss = F.cross_entropy(logits, labels[chosen], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    print(json.dumps({"losses": losses}))


if __name__ == "__main__":
    main()
