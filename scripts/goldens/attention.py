"""Goldens of the attention maps: where timm's Twins and DeiT look in a rule input with rule weights.

Writes Tests/ModelTests/Goldens/attention.safetensors:

    NAME.SIDE.BLOCK.probabilities   [windows, n, w·w, w·w] of a block with LSA, [n, N, M] of one with GSA, as after the softmax
    NAME.SIDE.BLOCK.shares          [height, width], what each place gets of it: the mean over heads and queries, over an even share;
                                    of DeiT the queries are the tokens that answer, and the places are the patches
    NAME.SIDE.rollout               [height, width], Abnar & Zuidema's attention rollout of the same tokens, likewise

Computed in double precision. The images are the first of rule.uniform("input", …), as in model.py.

    python scripts/goldens/attention.py       needs torch, torchvision, timm, numpy and safetensors; seconds
"""

import numpy as np
import torch
import torch.nn.functional as F

import reference  # first: it makes timm importable
import rule
from timm.models.twins import LocallyGroupedAttn

GOLDENS = reference.TESTS / "ModelTests" / "Goldens"
CASES = [  # name, classes, side, whether all probabilities are kept; at side 96 the windows do not divide the maps
    ("alt_gvt_nano", 10, 64, True),
    ("alt_gvt_nano", 10, 96, False),
    ("twins_pcpvt_small", 1000, 96, False),
    ("deit_tiny_patch16_224", 1000, 224, False),
    ("deit_tiny_distilled_patch16_224", 1000, 224, False),
]


def probabilities(model, image):
    """For each attention layer its module, the size of its map where that is known, and its probabilities."""
    seen, sizes = [], []
    for module in model.modules():
        if hasattr(module, "attn_drop"):
            module.fused_attn = False
            module.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[1] if len(inputs) > 1 else None))
            module.attn_drop.register_forward_hook(
                lambda _, inputs, output, layer=module: seen.append((layer, sizes[-1], output[0].detach())))
    with torch.no_grad():
        model(image)
    return seen


def local_shares(attention, side, height, width):
    """Of windows in row-major order: padding neither looks nor is it shown."""
    down, across = -(-height // side), -(-width // side)
    real = F.pad(torch.ones(height, width), (0, across * side - width, 0, down * side - height))
    real = real.reshape(down, side, across, side).transpose(1, 2).reshape(down * across, 1, side * side, 1)
    received = (attention * real).sum(2).mean(1) / real.sum((1, 2))  # [windows, w·w]
    shares = received.reshape(down, across, side, side).transpose(1, 2).reshape(down * side, across * side)
    return shares[:height, :width] * side * side


def twins_shares(layer, size, attention):
    height, width = size
    if isinstance(layer, LocallyGroupedAttn):
        return local_shares(attention, layer.ws, height, width)
    r = layer.sr.stride[0] if layer.sr is not None else 1
    return attention.mean((0, 1)).reshape(height // r, width // r) * attention.shape[-1]


def deit_shares(front, looks):
    side = round((len(looks) - front) ** 0.5)
    return looks[front:].reshape(side, side) * len(looks)


def record(tensors, name, classes, side, keeps_all):
    model = reference.by_rule(name, classes).double()
    image = torch.from_numpy(rule.uniform("input", (1, 3, side, side)).astype(np.float64))
    layers = probabilities(model, image)
    for number, (layer, size, attention) in enumerate(layers):
        key = f"{name}.{side}.{number}"
        if keeps_all:
            tensors[f"{key}.probabilities"] = attention
        if size is not None:
            tensors[f"{key}.shares"] = twins_shares(layer, size, attention)
        else:
            front = model.num_prefix_tokens
            tensors[f"{key}.shares"] = deit_shares(front, attention.mean(0)[:front].mean(0))
    if layers[0][1] is None:
        through = torch.eye(layers[0][2].shape[-1], dtype=torch.double)
        for _, _, attention in layers:
            through = (attention.mean(0) + torch.eye(len(through))) / 2 @ through
        tensors[f"{name}.{side}.rollout"] = deit_shares(front, through[:front].mean(0))
    print(f"{name} at {side}: {len(layers)} layers")


if __name__ == "__main__":
    tensors = {}
    for case in CASES:
        record(tensors, *case)
    reference.save(GOLDENS / "attention.safetensors", tensors)
