"""Goldens of optimizers: ten steps of timm's Lion, LAMB, cautious AdamW and Muon, and of timm's ways to clip.

Writes Tests/TrainingTests/Goldens/optimizers.safetensors, for each case NAME of `CASES`

    NAME.loss             [10]
    NAME.parameter.KEY    [16], elements of every sixth parameter after the last step, as in training.py

The steps are those of nano_ten_steps in training.py; rates and bounds stand in `CASES`. LAMB has no clip of its own, as
`max_grad_norm=None` has it, and Muon's matrices are not rounded to bfloat16.

    python scripts/goldens/optimizers.py    needs torch, timm, numpy and safetensors; some seconds
"""

from functools import partial

import torch

import reference  # first: it makes timm importable
import training
from timm.models import model_parameters
from timm.loss import LabelSmoothingCrossEntropy
from timm.optim import Lamb, Lion, Muon, muon, param_groups_weight_decay
from timm.optim.adamw import AdamWLegacy
from timm.utils.clip_grad import dispatch_clip_grad

EXACT = muon.zeropower_via_newtonschulz

CASES = {  # name: (optimizer, rate, clip, mode)
    "lion": (lambda groups, lr: Lion(groups, lr=lr, betas=(0.9, 0.999)), 1e-4, 5.0, "norm"),
    "lamb": (lambda groups, lr: Lamb(groups, lr=lr, betas=(0.9, 0.999), eps=1e-8, max_grad_norm=None), 1e-2, 5.0, "norm"),
    "cadamw": (lambda groups, lr: AdamWLegacy(groups, lr=lr, caution=True), 1e-3, 5.0, "norm"),
    "muon": (lambda groups, lr: Muon(groups, lr=lr, momentum=0.9, eps=1e-8, betas=(0.9, 0.999)), 1e-3, 5.0, "norm"),
    "value": (lambda groups, lr: torch.optim.AdamW(groups, lr=lr), 1e-3, 0.01, "value"),
    "agc": (lambda groups, lr: torch.optim.AdamW(groups, lr=lr), 1e-3, 0.02, "agc"),
}


def train(case, dtype):
    muon.zeropower_via_newtonschulz = partial(EXACT, dtype=dtype)
    make, rate, clip, mode = CASES[case]
    model = reference.by_rule("alt_gvt_nano", training.CLASSES).to(dtype).train()
    optimizer = make(param_groups_weight_decay(model, 0.05, no_weight_decay_list=model.no_weight_decay()), rate)
    criterion = LabelSmoothingCrossEntropy(0.1)
    losses = []
    for step in range(training.STEPS):
        images, labels = training.batch(step)
        loss = criterion(model(images.to(dtype)), labels)
        optimizer.zero_grad()
        loss.backward()
        # As timm's own program has it: adaptive clipping leaves the head alone.
        dispatch_clip_grad(model_parameters(model, exclude_head=mode == "agc"), clip, mode)
        optimizer.step()
        losses.append(loss.detach())
    return model, torch.stack(losses)


if __name__ == "__main__":
    tensors = {}
    for case in CASES:
        model, losses = train(case, torch.double)
        tensors[f"{case}.loss"] = losses
        for key, parameter in list(model.named_parameters())[::6]:
            if training.compared(key):
                tensors[f"{case}.parameter.{key}"] = reference.samples(parameter)
        gap = training.largest_gap(train(case, torch.float)[1], losses)
        print(case, *(f"{loss:.4f}" for loss in losses), f"float32 is off by {gap:.1e}")
    reference.save(training.GOLDENS / "optimizers.safetensors", tensors)
