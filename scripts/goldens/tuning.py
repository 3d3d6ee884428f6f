"""Goldens of fine-tuning: timm's layer-wise rates of every network, and ten steps of which some freeze parts.

Writes to Tests/TrainingTests/Goldens:

    layer_decay.json        for each model, what `param_groups_layer_decay` with 0.75 gives its parameters in timm's order:
                            "scales" as [factor, parameters in a row] and "decays", a 1 or 0 for each
    tuned_ten_steps.safetensors   as nano_ten_steps in training.py, with layer decay 0.75, the head at ten times the
                            rate, and stages 0 and 1 frozen until step 5 begins; gradients are clipped over what learns

    python scripts/goldens/tuning.py    needs torch, timm, numpy and safetensors; some seconds
"""

import json

import torch

import reference  # first: it makes timm importable
import training
from timm.loss import LabelSmoothingCrossEntropy
from timm.optim import param_groups_layer_decay
from itertools import groupby

GOLDENS = training.GOLDENS
DECAY, HEAD, THAW = 0.75, 10, 5
NAMES = {
    "alt_gvt_small": "twins_svt_small", "alt_gvt_base": "twins_svt_base", "alt_gvt_large": "twins_svt_large",
    "pcpvt_small_v0": "twins_pcpvt_small", "pcpvt_base_v0": "twins_pcpvt_base", "pcpvt_large_v0": "twins_pcpvt_large",
    "alt_gvt_nano": "alt_gvt_nano",
    **{name: name for size in ("tiny", "small", "base")
       for name in (f"deit_{size}_patch16_224", f"deit_{size}_distilled_patch16_224")},
}


def groups(model):
    return param_groups_layer_decay(model, 0.05, no_weight_decay_list=model.no_weight_decay(), layer_decay=DECAY)


def table(model):
    """For each parameter in the model's order, its factor and whether it decays."""
    of = {id(p): (g["lr_scale"], g["weight_decay"] > 0) for g in groups(model) for p in g["params"]}
    rows = [of[id(p)] for p in model.parameters()]
    runs = [[scale, len(list(run))] for scale, run in groupby(scale for scale, _ in rows)]
    return {"scales": runs, "decays": "".join("01"[decays] for _, decays in rows)}


def is_frozen(key):
    return key.startswith(tuple(f"{part}.{stage}." for part in ("patch_embeds", "blocks", "pos_block") for stage in (0, 1)))


def train(dtype):
    model = reference.by_rule("alt_gvt_nano", training.CLASSES).to(dtype).train()
    rates = groups(model)
    heads = {id(p) for p in model.head.parameters()}
    for group in rates:
        is_head = all(id(p) in heads for p in group["params"])
        group["lr"] = 1e-3 * (HEAD if is_head else group["lr_scale"])
    optimizer = torch.optim.AdamW(rates, lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    criterion = LabelSmoothingCrossEntropy(0.1)
    losses, norms = [], []
    for step in range(training.STEPS):
        for key, parameter in model.named_parameters():
            parameter.requires_grad_(step >= THAW or not is_frozen(key))
        images, labels = training.batch(step)
        loss = criterion(model(images.to(dtype)), labels)
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0))
        optimizer.step()
        losses.append(loss.detach())
    return model, torch.stack(losses), torch.stack(norms), None


if __name__ == "__main__":
    tables = {ours: table(reference.create(timm, 1000)) for ours, timm in NAMES.items()}
    (GOLDENS / "layer_decay.json").write_text(
        "{\n" + ",\n".join(f'"{name}": {json.dumps(rows)}' for name, rows in tables.items()) + "\n}\n")
    model, losses, norms, _ = train(torch.double)
    tensors = {"loss": losses, "gradient_norm": norms}
    for key, parameter in model.named_parameters():
        if training.compared(key):
            tensors[f"parameter.{key}"] = reference.samples(parameter)
    reference.save(GOLDENS / "tuned_ten_steps.safetensors", tensors)
    training.report(losses, norms, train(torch.float))
