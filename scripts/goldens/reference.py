"""The models that the goldens come from: timm's Twins and DeiT, with weights by rule instead of random ones."""

from pathlib import Path

import safetensors.torch
import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # timm only looks at torchvision in passing, so one built for another torch does no harm once the operators
    # whose kernels it cannot register have at least a name.
    operators = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        operators.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm
from timm.models.deit import VisionTransformerDistilled
from timm.models.twins import Twins

import rule

TESTS = Path(__file__).parents[2] / "Tests"
SOURCE = f"timm {timm.__version__}, torch {torch.__version__.partition('+')[0]}, double precision"

NANO = dict(  # every kind of layer at a size for tests: LSA, GSA with and without reduction, PEG
    img_size=64,
    patch_size=4,
    embed_dims=[32, 64, 128, 192],
    num_heads=[1, 2, 4, 6],
    mlp_ratios=[4, 4, 4, 4],
    depths=[2, 2, 2, 2],
    sr_ratios=[8, 4, 2, 1],
    wss=[4, 4, 4, 2],
)

DEIT_NANO = dict(img_size=64, patch_size=16, embed_dim=64, depth=2, num_heads=2)


def create(name, classes, device=None, **sizes):
    """A model in evaluation mode with timm's own random weights; on "meta" it has shapes only."""
    if name == "alt_gvt_nano":
        return Twins(num_classes=classes, device=device, **NANO).eval()
    if name == "deit_nano_distilled":
        return VisionTransformerDistilled(num_classes=classes, device=device, **DEIT_NANO).eval()
    return timm.create_model(name, num_classes=classes, device=device, **sizes).eval()


def by_rule(name, classes):
    """A model in evaluation mode whose parameters are `rule.parameter` of their keys."""
    model = create(name, classes)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(rule.parameter(key, tuple(parameter.shape))))
    return model


def samples(tensor):
    """16 elements spread over a tensor: those at flat indices k * elements // 16."""
    flat = tensor.detach().flatten()
    return flat[[k * flat.numel() // 16 for k in range(16)]]


def save(path, tensors):
    """Writes tensors as float32 or int64, with a note of what made them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    narrowed = {
        key: (value.float() if value.is_floating_point() else value).detach().contiguous()
        for key, value in tensors.items()
    }
    safetensors.torch.save_file(narrowed, path, metadata={"source": SOURCE})
