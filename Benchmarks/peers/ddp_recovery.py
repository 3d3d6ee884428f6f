"""Trains under torchrun as a careful script does: rank 0 saves every few steps, and a restart goes on from there.

    torchrun --nproc_per_node N --max-restarts 3 ddp_recovery.py --folder DIR [--batch-size 2] [--every 5] [--steps 20]

Prints a line after each step, by its number in the run.
"""

import argparse
import os
import pathlib

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from train_step import timm  # imports it past a torchvision built for another torch


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--batch-size", type=int, default=2)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    return parser.parse_args()


def save(path, step, network, optimizer):
    state = {"step": step, "model": network.state_dict(), "optimizer": optimizer.state_dict()}
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def main():
    arguments = parse()
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    network = timm.create_model("twins_svt_small", num_classes=10).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4, weight_decay=0.05, fused=True)
    path, first = arguments.folder / "state.pt", 0
    if path.exists():
        state = torch.load(path, weights_only=True)
        network.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    parallel = DistributedDataParallel(network, gradient_as_bucket_view=True)
    pixels = torch.randn(arguments.batch_size, 3, 224, 224)
    labels = torch.randint(0, 10, (arguments.batch_size,))
    for step in range(first, arguments.steps):
        optimizer.zero_grad(set_to_none=False)
        F.cross_entropy(parallel(pixels), labels).backward()
        optimizer.step()
        if dist.get_rank() == 0:
            print(f"step {step}", flush=True)
            if (step + 1) % arguments.every == 0:
                save(path, step + 1, network, optimizer)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
