"""Goldens of the models: what timm's Twins and DeiT answer on a rule input with rule weights.

Writes to Tests/ModelTests/Goldens:

    MODEL.safetensors   input                  not stored: rule.uniform("input", [2, 3, size, size])
                        logits                 [2, classes]
                        loss                   [], mean cross entropy against LABELS
                        gradient_norm.KEY      [], L2 norm of the loss's gradient by parameter KEY
                        gradient.KEY           [16], its elements at flat indices k * elements // 16
                        logits_SIDE            [1, classes] for an input of [1, 3, SIDE, SIDE] with the same weights: maps that the
                                               windows do not divide, and positions that DeiT resamples
    layouts.json        every model's parameters, their shapes and their number, in timm's order

Computed in double precision from the float32 weights and input, so that a golden has no rounding errors of its own;
a run prints how far timm itself is off in float32. Take norms of float32 values in double: a plain float32 sum of a
million squares loses three digits. Compare elements on the scale of their tensor: the gradient of a key's bias is zero
(softmax ignores what it adds), where float32 leaves noise.

    python scripts/goldens/model.py       needs torch, torchvision, timm, numpy and safetensors; half a minute
"""

import json

import torch
import torch.nn.functional as F

import reference  # first: it makes timm importable
import rule
from timm.layers import resample_abs_pos_embed

GOLDENS = reference.TESTS / "ModelTests" / "Goldens"
ANSWERS = {  # name: (classes, input size)
    "alt_gvt_nano": (10, 64),
    "twins_svt_small": (1000, 224),
    "twins_svt_base": (1000, 224),
    "twins_pcpvt_small": (1000, 224),
    "deit_tiny_patch16_224": (1000, 224),
    "deit_tiny_distilled_patch16_224": (1000, 224),
}
OTHER_SIDES = {
    "twins_svt_small": (160, 192, 256, 288, 384),
    "twins_pcpvt_small": (192, 256, 288, 384),
    "deit_tiny_distilled_patch16_224": (192, 288),
}
LABELS = (3, 977)  # modulo the number of classes
LAYOUTS = {
    "alt_gvt_nano": 10,
    **{f"twins_{kind}_{size}": 1000 for kind in ("svt", "pcpvt") for size in ("small", "base", "large")},
    **{f"deit_{size}_{kind}patch16_224": 1000 for kind in ("", "distilled_") for size in ("tiny", "small", "base")},
}


def images(count, size, dtype):
    return torch.from_numpy(rule.uniform("input", (count, 3, size, size))).to(dtype)


def answer(model, classes, size):
    """The golden tensors of one model, in the precision of its weights."""
    logits = model(images(2, size, model.head.weight.dtype))
    loss = F.cross_entropy(logits, torch.tensor(LABELS) % classes)
    model.zero_grad()
    loss.backward()
    tensors = {"logits": logits, "loss": loss}
    for key, parameter in model.named_parameters():
        tensors[f"gradient_norm.{key}"] = parameter.grad.double().norm()
        tensors[f"gradient.{key}"] = reference.samples(parameter.grad)
    return tensors


def relative_gap(ours, golden):
    return ((ours.double() - golden).norm() / golden.norm()).item()


def for_side(name, model, side):
    """The model for images of another size."""
    if not name.startswith("deit"):
        return model
    other = reference.create(name, model.num_classes, img_size=side).double()
    weights = model.state_dict()
    weights["pos_embed"] = resample_abs_pos_embed(
        weights["pos_embed"], new_size=list(other.patch_embed.grid_size), num_prefix_tokens=model.num_prefix_tokens)
    other.load_state_dict(weights)
    return other


def record(name, classes, size):
    model = reference.by_rule(name, classes)
    single = answer(model, classes, size)
    golden = answer(model.double(), classes, size)
    norms = [key for key in golden if key.startswith("gradient_norm.")]
    print(
        f"{name}: timm in float32 is off by {relative_gap(single['logits'], golden['logits']):.1e} in the logits,"
        f" by up to {max(relative_gap(single[key], golden[key]) for key in norms):.1e} in a gradient's norm",
        flush=True,
    )
    for side in OTHER_SIDES.get(name, ()):
        with torch.no_grad():
            golden[f"logits_{side}"] = for_side(name, model, side)(images(1, side, torch.double))
    reference.save(GOLDENS / f"{name}.safetensors", golden)


def layout(name, classes):
    """One model as a JSON object with one parameter a line, for readable diffs."""
    parameters = dict(reference.create(name, classes, device="meta").named_parameters())
    count = sum(parameter.numel() for parameter in parameters.values())
    lines = [json.dumps({"key": key, "shape": list(parameter.shape)}) for key, parameter in parameters.items()]
    head = f'"model": "{name}", "classes": {classes}, "n_parameters": {count}, "parameters"'
    return "{" + head + ": [\n" + ",\n".join(lines) + "\n]}"


def write_layouts():
    text = ",\n".join(layout(name, classes) for name, classes in LAYOUTS.items())
    (GOLDENS / "layouts.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    for name, (classes, size) in ANSWERS.items():
        record(name, classes, size)
    write_layouts()
