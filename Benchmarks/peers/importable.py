"""Makes timm importable where torchvision's wheel is one for another torch; import it first."""

import sys

import torch

try:
    import torchvision
except (RuntimeError, OSError):
    # It lacks two operations that no transform asks for.
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
