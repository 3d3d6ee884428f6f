"""Goldens of losses: values and gradients of PyTorch's and timm's, and of focal loss by its formula.

Writes Tests/TrainingTests/Goldens/losses.safetensors: for logits 4 · rule.uniform("logits", (6, 10)), labels
rule.labels("labels", 6, 10) and weights 1 + 0.9 · rule.uniform("weights", (10,)) of the classes

    KIND[.mixed][.weighted].loss        []
    KIND[.mixed][.weighted].gradient    [6, 10], of the logits

where KIND is ce (PyTorch's cross_entropy), bce (timm's BinaryCrossEntropy) or focal (γ = 2), with label smoothing 0.1.
Of teachers, whose logits are 4 · rule.uniform("teacher", (6, 10)): distilled.soft (a temperature of 3) and
distilled.hard, each half of the loss beside ce, as DeiT's losses.py has it. Mixed targets are timm's mixup_target of λ = 0.7. A weighted cross-entropy is the sum over the images by their number, as
any number of workers comes to it; of bce, too, weights are of images, by their share of each class. In double precision.

    python scripts/goldens/losses.py    needs torch, timm, numpy and safetensors
"""

import torch

import reference  # first: it makes timm importable
import rule
from timm.data.mixup import mixup_target
from timm.loss import BinaryCrossEntropy

IMAGES, CLASSES, SMOOTHING = 6, 10, 0.1
LABELS = torch.from_numpy(rule.labels("labels", IMAGES, CLASSES))
MIXED = mixup_target(LABELS, CLASSES, 0.7, SMOOTHING).double()
ALONE = mixup_target(LABELS, CLASSES, 1.0, SMOOTHING).double()
WEIGHTS = 1 + 0.9 * torch.from_numpy(rule.uniform("weights", (CLASSES,))).double()


def loss(kind, logits, mixed, weights):
    if kind == "ce":
        targets, smoothing = (MIXED, 0) if mixed else (LABELS, SMOOTHING)
        return torch.nn.functional.cross_entropy(
            logits, targets, weight=weights, label_smoothing=smoothing, reduction="sum") / IMAGES
    if kind == "bce":
        if weights is None:
            return BinaryCrossEntropy(smoothing=SMOOTHING)(logits, MIXED if mixed else LABELS)
        targets = MIXED if mixed else ALONE
        rows = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(1)
        return (rows * (targets @ weights) / targets.sum(1)).mean()
    logs = logits.log_softmax(1)
    terms = -(MIXED if mixed else ALONE) * (1 - logs.exp()) ** 2 * logs
    return (terms if weights is None else terms * weights).sum(1).mean()


def distilled(kind, logits):
    teacher = 4 * torch.from_numpy(rule.uniform("teacher", (IMAGES, CLASSES))).double()
    if kind == "hard":
        own = torch.nn.functional.cross_entropy(logits, teacher.argmax(1))
    else:
        own = torch.nn.functional.kl_div(
            (logits / 3).log_softmax(1), (teacher / 3).softmax(1), reduction="sum") * 9 / logits.numel()
    return (loss("ce", logits, False, None) + own) / 2


if __name__ == "__main__":
    tensors = {}
    for kind in ("soft", "hard"):
        logits = 4 * torch.from_numpy(rule.uniform("logits", (IMAGES, CLASSES))).double()
        logits.requires_grad_()
        value = distilled(kind, logits)
        value.backward()
        tensors |= {f"distilled.{kind}.loss": value, f"distilled.{kind}.gradient": logits.grad}
        print(f"distilled.{kind}: {value.item():.6f}")
    for kind in ("ce", "bce", "focal"):
        for mixed in (False, True):
            for weighted in (False, True):
                logits = 4 * torch.from_numpy(rule.uniform("logits", (IMAGES, CLASSES))).double()
                logits.requires_grad_()
                value = loss(kind, logits, mixed, WEIGHTS if weighted else None)
                value.backward()
                name = kind + ".mixed" * mixed + ".weighted" * weighted
                tensors |= {f"{name}.loss": value, f"{name}.gradient": logits.grad}
                print(f"{name}: {value.item():.6f}")
    reference.save(reference.TESTS / "TrainingTests" / "Goldens" / "losses.safetensors", tensors)
