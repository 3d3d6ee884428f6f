"""Trains timm's nano Twins as a run of ours was trained: by its recipe.json, from the same weights, on the same folder.

    python Benchmarks/peers/fine_tune.py RUN/recipe.json [--weights FILE.safetensors] [--seed 1]

Prints one JSON line: accuracy, a list of Acc@1 by epoch, and seconds, of training and evaluating. What it has no counterpart for
it refuses. Needs torch, torchvision, timm and safetensors.
"""

import argparse
import json
import pathlib
import random
import sys
import time

import numpy
import safetensors.torch
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts/goldens"))

import reference  # first: it makes timm importable
from timm.data import ImageDataset, create_transform
from timm.loss import LabelSmoothingCrossEntropy
from timm.models.twins import Twins
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler

EXPECTED = {
    ("model", "name"): "alt_gvt_nano", ("optimizer", "kind"): "adamw", ("optimizer", "clipMode"): "norm", ("schedule", "kind"): "cosine",
    ("schedule", "scalesRate"): False, ("schedule", "onUpdates"): False, ("mixing", "mixup"): 0, ("mixing", "cutmix"): 0, ("loss", "kind"): "ce",
    ("loss", "classWeights"): "", ("data", "sampling"): "uniform", ("data", "cropMode"): "center", ("data", "repeatedAugmentation"): False,
    ("tuning", "frozen"): "", ("tuning", "layerDecay"): 1, ("precision", "level"): "O0", ("ema", "enabled"): False,
}  # fmt: skip


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe", type=pathlib.Path)
    parser.add_argument("--weights", help="start from these, but for a head of other classes; without it from timm's random ones")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.recipe = json.loads(arguments.recipe.read_text())
    for (section, key), value in EXPECTED.items():
        found = arguments.recipe[section][key]
        assert found == value, f"{section}.{key} is {found} in the recipe; here it can be {value} alone"
    return arguments


def network(recipe, classes, weights):
    model = Twins(num_classes=classes, drop_path_rate=recipe["model"]["dropPath"], **reference.NANO)
    if weights:
        state = safetensors.torch.load_file(weights)
        if len(state["head.bias"]) != classes:
            state = {key: value for key, value in state.items() if not key.startswith("head.")}
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not unexpected and all(key.startswith("head.") for key in missing), (missing, unexpected)
    return model


def loaders(recipe):
    data = recipe["data"]
    shared = {"input_size": data["inputSize"], "mean": data["means"], "std": data["deviations"]}
    training = create_transform(
        **shared, is_training=True, no_aug=not data["augments"], scale=data["cropScale"], ratio=data["cropRatio"], hflip=data["flip"],
        vflip=data["verticalFlip"], color_jitter=data["colorJitter"], auto_augment=data["autoAugment"] or None,
        interpolation=data["interpolation"], re_prob=data["erasing"]["probability"], re_mode=data["erasing"]["mode"],
        re_count=data["erasing"]["count"],
    )  # fmt: skip
    evaluation = create_transform(**shared, interpolation="bicubic", crop_pct=data["cropPercent"])
    path = pathlib.Path(data["path"])
    train, val = ImageDataset(path / "train", transform=training), ImageDataset(path / "val", transform=evaluation)
    return (
        torch.utils.data.DataLoader(train, batch_size=data["batchSize"], shuffle=data["shuffles"], drop_last=True),
        torch.utils.data.DataLoader(val, batch_size=64),
        len(train.reader.class_to_idx),
    )


def train(recipe, weights):
    batches, held_out, classes = loaders(recipe)
    model = network(recipe, classes, weights)
    rule, schedule = recipe["optimizer"], recipe["schedule"]
    optimizer = create_optimizer_v2(
        model, opt="adamw", lr=schedule["rate"], weight_decay=rule["weightDecay"], betas=(rule["beta1"], rule["beta2"]), eps=rule["epsilon"]
    )
    scheduler = CosineLRScheduler(
        optimizer, t_initial=schedule["epochs"], lr_min=schedule["minimum"], warmup_lr_init=schedule["warmup"],
        warmup_t=schedule["warmupEpochs"],
    )  # fmt: skip
    criterion = LabelSmoothingCrossEntropy(recipe["smoothing"])
    accuracy = []
    for epoch in range(schedule["epochs"]):
        model.train()
        for images, labels in batches:
            optimizer.zero_grad(set_to_none=True)
            criterion(model(images), labels).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), rule["clip"])
            optimizer.step()
        scheduler.step(epoch)  # after the epoch, as the reference does
        accuracy.append(evaluate(model, held_out))
    return accuracy


@torch.no_grad()
def evaluate(model, held_out):
    model.eval()
    right = sum((model(images).argmax(1) == labels).sum().item() for images, labels in held_out)
    return 100 * right / len(held_out.dataset)


arguments = parse()
torch.set_num_threads(1)
random.seed(arguments.seed)
numpy.random.seed(arguments.seed)
torch.manual_seed(arguments.seed)
began = time.monotonic()
accuracy = train(arguments.recipe, arguments.weights)
print(json.dumps({"accuracy": accuracy, "seconds": time.monotonic() - began}))
