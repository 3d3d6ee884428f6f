"""Goldens of learning rates: what timm's schedulers and PyTorch's OneCycleLR give for each of 300 epochs or updates.

Writes Tests/TrainingTests/Goldens/schedules.json: a list of {"name", "flags", "updates", "results", "rates"}, where
`flags` are values of a recipe's `schedule` that differ from the reference's, `updates` those of an epoch, `results` what
each epoch comes to where the schedule asks (a plateau), and `rates` the rate of each epoch, or of each update.

Schedules over epochs are stepped after epoch e with e, as the reference does; a plateau with e + 1 and the result, and
schedules over updates after update u with u + 1, as timm's train.py does. `--lr-cycle-limit` cycles share the epochs, so
timm's first cycle is that part of them.

    python scripts/goldens/schedules.py    needs torch, timm, numpy and safetensors
"""

import json
import warnings

import torch

import reference  # first: it makes timm importable
import rule
from timm.scheduler import CosineLRScheduler, MultiStepLRScheduler, PlateauLRScheduler, PolyLRScheduler
from timm.scheduler import StepLRScheduler, TanhLRScheduler

GOLDENS = reference.TESTS / "TrainingTests" / "Goldens"
COUNT, BASE = 300, 1e-3
DEFAULTS = {
    "kind": "cosine", "epochs": 300, "base": BASE, "warmup": 1e-6, "minimum": 1e-5, "warmupEpochs": 5,
    "onUpdates": False, "cycleMultiplier": 1.0, "cycleDecay": 0.5, "cycleLimit": 1, "decayEpochs": 30.0,
    "decayRate": 0.1, "milestones": [90, 180, 270], "patience": 10,
}


def scheduler(optimizer, s, ticks):
    """The scheduler that timm's factory makes of these values, of which an epoch has so many ticks."""
    share = sum(s["cycleMultiplier"] ** i for i in range(s["cycleLimit"]))
    cycles = dict(t_initial=s["epochs"] * ticks / share, lr_min=s["minimum"], cycle_mul=s["cycleMultiplier"],
                  cycle_decay=s["cycleDecay"], cycle_limit=s["cycleLimit"])
    warmup = dict(warmup_t=s["warmupEpochs"] * ticks, warmup_lr_init=s["warmup"], warmup_prefix=False,
                  t_in_epochs=not s["onUpdates"])
    rate = s["decayRate"]
    match s["kind"]:
        case "cosine": return CosineLRScheduler(optimizer, **cycles, **warmup)
        case "tanh": return TanhLRScheduler(optimizer, **cycles, **warmup)
        case "poly": return PolyLRScheduler(optimizer, power=rate, **cycles, **warmup)
        case "step": return StepLRScheduler(optimizer, decay_t=s["decayEpochs"] * ticks, decay_rate=rate, **warmup)
        case "multistep":
            milestones = [m * ticks for m in s["milestones"]]
            return MultiStepLRScheduler(optimizer, decay_t=milestones, decay_rate=rate, **warmup)
        case "plateau":
            return PlateauLRScheduler(optimizer, decay_rate=rate, patience_t=s["patience"], lr_min=s["minimum"],
                                      warmup_t=s["warmupEpochs"], warmup_lr_init=s["warmup"], mode="max")


def rates(s, updates, results):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=s["base"])
    group = optimizer.param_groups[0]
    if s["kind"] == "onecycle":
        start = float(s["warmupEpochs"] / s["epochs"])
        ours = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=s["base"], total_steps=s["epochs"] * updates, pct_start=start,
            div_factor=s["base"] / s["warmup"], final_div_factor=s["warmup"] / s["minimum"], cycle_momentum=False)
        step = lambda _: ours.step() if ours.last_epoch + 1 < ours.total_steps else None
    else:
        theirs = scheduler(optimizer, s, updates if s["onUpdates"] else 1)
        if s["onUpdates"]: step = lambda t: theirs.step_update(t + 1)
        elif s["kind"] == "plateau": step = lambda t: theirs.step(t + 1, results[t])
        else: step = theirs.step
    found = []
    for t in range(COUNT):
        found.append(group["lr"])
        step(t)
    return found


def accuracies():
    """Results that rise, then barely, then fall: two decimals as of 10,000 images."""
    noise = rule.uniform("accuracies", (COUNT,)).tolist()
    return [round(70 * (1 - 0.97 ** e) + 0.4 * n, 2) for e, n in enumerate(noise)]


CASES = {
    "the reference's cosine": {},
    "three cosines": dict(cycleLimit=3, cycleDecay=0.1),
    "cosines that grow": dict(cycleLimit=4, cycleMultiplier=2.0),
    "a cosine over updates": dict(onUpdates=True, epochs=30, updates=10),
    "a tanh": dict(kind="tanh"),
    "two tanhs without a warm-up": dict(kind="tanh", cycleLimit=2, warmupEpochs=0),
    "steps": dict(kind="step"),
    "steps over updates": dict(kind="step", onUpdates=True, epochs=30, updates=10, decayEpochs=2.4, decayRate=0.7),
    "milestones": dict(kind="multistep"),
    "milestones over updates": dict(kind="multistep", onUpdates=True, epochs=30, updates=10, milestones=[9, 18]),
    "a polynomial": dict(kind="poly", decayRate=0.9),
    "polynomials over updates": dict(
        kind="poly", decayRate=2.0, onUpdates=True, epochs=30, updates=10, cycleLimit=2, warmupEpochs=1),
    "a plateau": dict(kind="plateau", patience=4, decayRate=0.5),
    "a plateau without a warm-up": dict(kind="plateau", patience=0, decayRate=0.3, warmupEpochs=0, minimum=1e-4),
    "one cycle": dict(kind="onecycle", epochs=30, updates=10, warmupEpochs=9),
    "one cycle without a warm-up": dict(kind="onecycle", epochs=30, updates=10, warmupEpochs=0),
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    goldens = []
    for name, changes in CASES.items():
        changes = dict(changes)
        updates = changes.pop("updates", 1)
        results = accuracies() if changes.get("kind") == "plateau" else None
        found = rates(DEFAULTS | changes, updates, results)
        print(f"{name}: {len(set(found))} rates from {min(found):.3g} to {max(found):.3g}")
        goldens.append(
            {"name": name, "flags": {"base": BASE} | changes, "updates": updates, "results": results, "rates": found})
    lines = ",\n".join(json.dumps(golden) for golden in goldens)
    (GOLDENS / "schedules.json").write_text(f"[\n{lines}\n]\n")
