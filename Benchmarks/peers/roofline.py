"""Times what bounds a step on a device: products of large bfloat16 matrices, and a copy.

    python Benchmarks/peers/roofline.py --device cuda

Prints one JSON line: operations_per_second (a multiply-add is two) and bytes_per_second (read and written). Needs torch.
"""

import argparse
import json
import statistics
import time

import torch


def seconds(work, device, times=10):
    """The median time of a piece of work, after three that warm up."""

    def once():
        start = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    for _ in range(3):
        once()
    return statistics.median(once() for _ in range(times))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    parser.add_argument("--small", action="store_true", help="for a try on a CPU")
    arguments = parser.parse_args()
    side, count = (512, 1 << 20) if arguments.small else (8192, 1 << 30)
    a, b = (torch.randn(side, side, device=arguments.device, dtype=torch.bfloat16) for _ in range(2))
    source = torch.ones(count, device=arguments.device, dtype=torch.uint8)
    target = torch.empty_like(source)
    rates = {
        "operations_per_second": 2 * side**3 / seconds(lambda: a @ b, arguments.device),
        "bytes_per_second": 2 * count / seconds(lambda: target.copy_(source), arguments.device),
    }
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
