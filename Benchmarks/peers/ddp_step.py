"""What a PyTorch user would train on one host with: timm's Twins under DistributedDataParallel over gloo.

    torchrun --standalone --nproc_per_node 8 Benchmarks/peers/ddp_step.py --batch-size 2 --amp O0

Steps with communication and steps without (`no_sync`) take turns. Rank 0 prints one JSON line: images a second of all
ranks with and without communication, and their ratio, from the median over the steps of the slowest rank's time.
"""

import argparse
import contextlib
import json
import statistics
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from train_step import timm  # imports it past a torchvision built for another torch


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="twins_svt_small", help="timm's name")
    parser.add_argument("--batch-size", type=int, default=2, help="images of a rank")
    parser.add_argument("--amp", choices=("O0", "O1"), default="O0", help="O1: autocast to bfloat16")
    parser.add_argument("--drop-path", type=float, default=0.2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each kind, after two that warm up")
    return parser.parse_args()


def make_step(arguments):
    """A function that trains one step on the same batch each time, with the other ranks or apart from them."""
    network = timm.create_model(arguments.model, drop_path_rate=arguments.drop_path).train()
    model = DistributedDataParallel(network, gradient_as_bucket_view=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.05, fused=True)
    images = torch.randn(arguments.batch_size, 3, 224, 224)
    labels = torch.randint(0, 1000, (arguments.batch_size,))

    def step(together):
        # Kept: they are views into the buckets that are sent.
        optimizer.zero_grad(set_to_none=False)
        with contextlib.nullcontext() if together else model.no_sync():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.amp == "O1"):
                logits = model(images)
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=0.1)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        return loss.item()

    return step


def slowest(step, together):
    dist.barrier()
    start = time.perf_counter()
    step(together)
    seconds = torch.tensor([time.perf_counter() - start], dtype=torch.float64)
    dist.all_reduce(seconds, op=dist.ReduceOp.MAX)
    return seconds.item()


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    dist.init_process_group("gloo")
    step = make_step(arguments)
    times = {True: [], False: []}
    for number in range(arguments.steps + 2):
        for together in (True, False) if number % 2 == 0 else (False, True):
            times[together].append(slowest(step, together))
    images = arguments.batch_size * dist.get_world_size()
    together, apart = (images / statistics.median(times[kind][2:]) for kind in (True, False))
    if dist.get_rank() == 0:
        report = {"images_per_second": together, "images_per_second_apart": apart, "efficiency": together / apart}
        print(json.dumps(report), flush=True)
    dist.barrier()  # gloo may hang a rank whose neighbours have left already
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
