"""Images a second of timm's transform in one process on one thread, and the milliseconds of its own time that each takes.

    python transform.py FOLDER SECONDS [--evaluation]
"""

import glob
import itertools
import json
import sys
import time

import importable  # noqa: F401 (first: it makes timm importable)
import torch
from PIL import Image
from timm.data import create_transform

torch.set_num_threads(1)
TRAINING = dict(is_training=True, auto_augment="rand-m9-mstd0.5-inc1", re_prob=0.25, re_mode="pixel")
EVALUATION = dict(crop_pct=0.875)

folder, seconds = sys.argv[1], float(sys.argv[2])
transform = create_transform(224, interpolation="bicubic", **(EVALUATION if "--evaluation" in sys.argv else TRAINING))
files = sorted(glob.glob(folder + "/**/*.jp*g", recursive=True))
count, start, busy = 0, time.time(), time.process_time()
for file in itertools.cycle(files):
    transform(Image.open(file).convert("RGB"))
    count += 1
    if time.time() > start + seconds:
        break
print(json.dumps({
    "images": count,
    "images_per_second": count / (time.time() - start),
    "cpu_milliseconds_per_image": (time.process_time() - busy) / count * 1000,
}))
