"""What PyTorch's users add gradients up with on CPUs: gloo's all-reduce, timed as `twins-launch bench all-reduce` is.

    torchrun --standalone --nproc_per_node 8 Benchmarks/peers/gloo_all_reduce.py 1 25 96

The sizes are in MB of 2²⁰ bytes. Rank 0 prints a JSON line for each, with the median time in milliseconds.
"""

import argparse
import json
import statistics
import time

import torch
import torch.distributed as dist


def span(values):
    """From the moment at which the first rank began to that at which the last one was done."""
    start = time.monotonic()
    dist.all_reduce(values)
    moments = torch.tensor([-start, time.monotonic()], dtype=torch.float64)
    dist.all_reduce(moments, op=dist.ReduceOp.MAX)
    return (moments[0] + moments[1]).item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", type=int, nargs="+")
    parser.add_argument("--repeats", type=int, default=7, help="timed sums of each size, after two that warm up")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    for megabytes in arguments.megabytes:
        values = torch.ones(megabytes * 2**18)
        times = []
        for _ in range(arguments.repeats + 2):
            values.fill_(1)
            dist.barrier()
            times.append(span(values))
        if dist.get_rank() == 0:
            median = statistics.median(times[2:]) * 1000
            print(json.dumps({"megabytes": megabytes, "median_milliseconds": median}), flush=True)
    dist.barrier()  # gloo may hang a rank whose neighbours have left already
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
