"""Times the training step that a PyTorch user would write: timm's Twins and fused AdamW on random images.

    python Benchmarks/peers/train_step.py --batch-size 16 --amp O0 --threads 2
    python Benchmarks/peers/train_step.py --batch-size 32 --amp O0 --threads 2 --evaluation
    python Benchmarks/peers/train_step.py --batch-size 128 --amp O1 --device cuda --compile --channels-last

Prints one JSON line: images_per_second (the median step's), peak_rss_mib, and on a card peak_card_mib. Needs torch, torchvision and timm.
"""

import argparse
import json
import resource
import statistics
import time

import torch
import torch.nn.functional as F

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # Built for another torch. timm never calls its operators, but they must have names for the import to pass.
    operators = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        operators.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="twins_svt_small", help="timm's name")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--amp", choices=("O0", "O1"), default="O0", help="O1: autocast to bfloat16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--drop-path", type=float, default=0.2)
    parser.add_argument("--evaluation", action="store_true", help="evaluate a batch in the place of training on it")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--channels-last", action="store_true", help="weights and images in that format")
    parser.add_argument("--compile", action="store_true", help="the network through torch.compile")
    parser.add_argument("--steps", type=int, default=5, help="timed steps, after two that warm up")
    return parser.parse_args()


def make_step(arguments):
    """A function that trains one step on the same batch each time, or evaluates it."""
    model = timm.create_model(arguments.model, drop_path_rate=arguments.drop_path).to(arguments.device)
    images = torch.randn(arguments.batch_size, 3, 224, 224, device=arguments.device)
    if arguments.channels_last:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    if arguments.compile:
        model.compile()
    labels = torch.randint(0, 1000, (arguments.batch_size,), device=arguments.device)

    def forward():
        with torch.autocast(arguments.device, dtype=torch.bfloat16, enabled=arguments.amp == "O1"):
            return model(images).float()

    @torch.no_grad()  # under inference_mode autocast takes two to three times as long
    def evaluate():
        logits = forward()
        best = logits.topk(5).indices == labels[:, None]
        return F.cross_entropy(logits, labels).item(), best[:, 0].sum().item(), best.sum().item()

    if arguments.evaluation:
        model.eval()
        return evaluate
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.05, fused=True)

    def train():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(forward(), labels, label_smoothing=0.1)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        return loss.item()

    model.train()
    return train


def seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    step = make_step(arguments)
    for _ in range(2):
        step()
    median = statistics.median(seconds(step) for _ in range(arguments.steps))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = {"images_per_second": arguments.batch_size / median, "peak_rss_mib": peak}
    if arguments.device == "cuda":
        report["peak_card_mib"] = torch.cuda.max_memory_allocated() / 2**20
    print(json.dumps(report))


if __name__ == "__main__":
    main()
