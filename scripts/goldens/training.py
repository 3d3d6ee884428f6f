"""Goldens of training: ten steps of PyTorch's AdamW on timm's nano Twins, and the reference's learning rates.

Writes to Tests/TrainingTests/Goldens:

    nano_ten_steps.safetensors
        loss                   [10], before each step's update
        gradient_norm          [10], global L2 norm before clipping
        parameter_norm.KEY     [], L2 norm of parameter KEY after the last step (sum the squares in double)
        parameter.KEY          [16], its elements at flat indices k * elements // 16
    mixed_ten_steps.safetensors   the same, with the images and targets of step s mixed as plan s of
                                  mix_plans.json says (a list of {"own": λ, "box": [top, bottom, left, right] or null},
                                  which the Swift side draws and a test there compares with the file); besides
        average.KEY            [16], elements of timm's ModelEmaV2 with decay 0.9 after the last step
    deit_ten_steps.safetensors    the first, of a small distilled DeiT (reference.py) whose two heads' mean is trained
    learning_rates.json        for each schedule the rate that every epoch of a run trains at

The steps start from rule weights with ten classes. Step s (0 ..< 10) sees 16 images, rule.pixels(f"pixels{s}") of
shape [16, 64, 64, 3], as (pixel / 255 - mean) / std in float32 with ImageNet's mean and deviation, and
rule.labels(f"labels{s}"). Label smoothing 0.1, no mixing, no drop path; gradients clipped to a norm of 5; AdamW with
betas 0.9 and 0.999, epsilon 1e-8, rate 1e-3 throughout, decay 0.05 except for what timm exempts: biases, norms, PEG.

Steps are computed in double precision, as in model.py. Final values of `attn.qkv.bias` and `attn.kv.bias` are left out:
the gradient of a key's bias is zero but for rounding noise, which Adam scales up to whole steps that change no output.

    python scripts/goldens/training.py    needs torch, torchvision, timm, numpy and safetensors; some seconds
"""

import json

import torch

import reference  # first: it makes timm importable
import rule
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.data.mixup import mixup_target
from timm.loss import LabelSmoothingCrossEntropy, SoftTargetCrossEntropy
from timm.optim import param_groups_weight_decay
from timm.scheduler import CosineLRScheduler
from timm.utils import ModelEmaV2

GOLDENS = reference.TESTS / "TrainingTests" / "Goldens"
STEPS, BATCH, SIZE, CLASSES = 10, 16, 64, 10
SCHEDULES = ((300, 2e-3), (100, 1e-3))  # epochs, base rate


def batch(step):
    """Normalised NCHW images in float32, and labels."""
    pixels = torch.from_numpy(rule.pixels(f"pixels{step}", (BATCH, SIZE, SIZE, 3))).float()
    pixels = (pixels / 255 - torch.tensor(IMAGENET_DEFAULT_MEAN)) / torch.tensor(IMAGENET_DEFAULT_STD)
    return pixels.permute(0, 3, 1, 2), torch.from_numpy(rule.labels(f"labels{step}", BATCH, CLASSES))


def mixed(images, labels, plan):
    """A batch mixed with its mirror image by Mixup or, where there is a box, CutMix; and its targets."""
    partners = images.flip(0)
    if plan["box"] is None:
        images = images * plan["own"] + partners * (1 - plan["own"])
    else:
        top, bottom, left, right = plan["box"]
        images = images.clone()
        images[:, :, top:bottom, left:right] = partners[:, :, top:bottom, left:right]
    return images, mixup_target(labels, CLASSES, plan["own"], smoothing=0.1)


def train(dtype, plans=None, name="alt_gvt_nano"):
    """The trained model, its losses, its gradient norms and its average."""
    model = reference.by_rule(name, CLASSES).to(dtype).train()
    groups = param_groups_weight_decay(model, 0.05, no_weight_decay_list=model.no_weight_decay())
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    criterion = SoftTargetCrossEntropy() if plans else LabelSmoothingCrossEntropy(0.1)
    average = ModelEmaV2(model, decay=0.9)
    losses, norms = [], []
    for step in range(STEPS):
        images, labels = batch(step)
        if plans:
            images, labels = mixed(images.to(dtype), labels, plans[step])
        loss = criterion(model(images.to(dtype)), labels)
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0))
        optimizer.step()
        average.update(model)
        losses.append(loss.detach())
    return model, torch.stack(losses), torch.stack(norms), average.module


def record_steps(name, plans=None, of="alt_gvt_nano"):
    model, losses, norms, average = train(torch.double, plans, of)
    tensors = {"loss": losses, "gradient_norm": norms}
    if plans:
        tensors |= {f"average.{key}": reference.samples(p) for key, p in average.named_parameters() if compared(key)}
    for key, parameter in model.named_parameters():
        if compared(key):
            tensors[f"parameter_norm.{key}"] = parameter.norm()
            tensors[f"parameter.{key}"] = reference.samples(parameter)
    reference.save(GOLDENS / name, tensors)
    report(losses, norms, train(torch.float, plans, of))


def compared(key):
    return not key.endswith((".qkv.bias", ".kv.bias"))


def report(losses, norms, single):
    """Prints how far PyTorch itself is off in float32, the least tolerance that a test can ask for."""
    _, single_losses, single_norms, _ = single
    print("loss", *(f"{loss:.4f}" for loss in losses))
    print("gradient norm", *(f"{norm:.3f}" for norm in norms))
    print(f"PyTorch in float32 is off by {largest_gap(single_losses, losses):.1e} in a loss,"
          f" {largest_gap(single_norms, norms):.1e} in a gradient norm")


def largest_gap(ours, golden):
    return ((ours.double() - golden) / golden).abs().max().item()


def learning_rates(epochs, base):
    """The rate of every epoch, stepping timm's scheduler after each as the reference does."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=base)
    scheduler = CosineLRScheduler(
        optimizer, t_initial=epochs, lr_min=1e-5, cycle_limit=1, warmup_t=5, warmup_lr_init=1e-6)
    rates = []
    for epoch in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(epoch)
    return rates


def record_schedules():
    schedules = [
        {"epochs": epochs, "base": base, "rates": learning_rates(epochs, base)} for epochs, base in SCHEDULES
    ]
    (GOLDENS / "learning_rates.json").write_text(json.dumps(schedules, indent=1) + "\n")


if __name__ == "__main__":
    record_steps("nano_ten_steps.safetensors")
    record_steps("mixed_ten_steps.safetensors", json.loads((GOLDENS / "mix_plans.json").read_text()))
    record_steps("deit_ten_steps.safetensors", of="deit_nano_distilled")
    record_schedules()
