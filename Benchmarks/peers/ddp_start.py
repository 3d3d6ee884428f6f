"""What a PyTorch user would start eight workers with: DDP over gloo, timm's Twins, one step on random images.

    torchrun --nproc_per_node 8 Benchmarks/peers/ddp_start.py --batch-size 2

Rank 0 prints `first step` when every rank has made its first update.
"""

import argparse

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from train_step import timm  # imports it past a torchvision built for another torch


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch-size", type=int, default=2)
    batch = parser.parse_args().batch_size
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    model = DistributedDataParallel(timm.create_model("twins_svt_small"), gradient_as_bucket_view=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.05, fused=True)
    loss = F.cross_entropy(model(torch.randn(batch, 3, 224, 224)), torch.randint(0, 1000, (batch,)))
    loss.backward()
    optimizer.step()
    dist.barrier()
    if dist.get_rank() == 0:
        print("first step", flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
