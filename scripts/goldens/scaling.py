"""Makes Tests/DatasetsTests/Fixtures/scaling.txt: hashes of what Pillow scales images by rule to.

Each line: kind, width, height, new width, new height, filter, FNV-1a of the bytes.

Run from the checkout's root with Pillow 10 to 12 and NumPy: python scripts/goldens/scaling.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

import rule

PATH = Path("Tests/DatasetsTests/Fixtures/scaling.txt")
SHAPES = [(37, 53), (53, 37), (1, 40), (40, 1), (2, 230)]
SCALES = [(0.1, 0.1), (0.23, 0.7), (0.5, 0.5), (0.9, 1.1), (1, 1), (1, 0.4), (2, 3.3), (5.1, 0.3), (8, 8)]
FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS, "box": Image.BOX}


def image(kind, width, height):
    noise = rule.bits(kind, width * height * 3).reshape(height, width, 3)
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    values = {
        "random": noise >> np.uint64(56),
        "bilevel": (noise >> np.uint64(63)) * np.uint64(255),
        "gradient": (x * 255 // width * (c + 1) + y * 255 // height * (3 - c)) // 4,
    }
    return Image.fromarray(values[kind].astype(np.uint8))


def fnv1a64(data):
    hashed = 0xCBF29CE484222325
    for byte in data:
        hashed = (hashed ^ byte) * 0x100000001B3 & rule.MASK
    return hashed


if __name__ == "__main__":
    lines = []
    for kind in ("random", "bilevel", "gradient"):
        for width, height in SHAPES:
            for across, down in SCALES:
                size = max(1, int(width * across)), max(1, int(height * down))
                for name, filter in FILTERS.items():
                    scaled = image(kind, width, height).resize(size, filter).tobytes()
                    lines.append(f"{kind} {width} {height} {size[0]} {size[1]} {name} {fnv1a64(scaled):016x}")
    PATH.write_text("\n".join(lines) + "\n")
