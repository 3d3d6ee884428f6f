"""Makes Tests/DatasetsTests/Fixtures/augment: what Pillow makes of images by rule under every operation of RandAugment,
what its bilinear filter scales an image to, and how often timm draws which crops and boxes.

Run from the checkout's root with timm 1.0.31, Pillow 10 to 12 and NumPy: python scripts/goldens/augment.py
"""

import random
import shutil
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import PIL
from PIL import Image

import reference  # noqa: F401 (first: it makes timm importable)
import rule
from timm.data import auto_augment, random_erasing, transforms

ROOT = Path("Tests/DatasetsTests/Fixtures/augment")
FILL = (124, 116, 104)


# --- operations -----------------------------------------------------------------------------------------------------


def images():
    """Noise; a slope with little contrast; a channel of one value, one of two, one of steps."""
    noise = rule.pixels("noise", (64, 64, 3))
    y, x, c = np.mgrid[0:47, 0:61, 0:3]
    grain = (rule.bits("ramp", x.size) >> np.uint64(61)).astype(np.int64).reshape(x.shape)
    ramp = 20 + (2 * x * (c + 1) + 3 * y * (3 - c)) // 4 + grain
    y, x = np.mgrid[0:80, 0:33]
    steps = np.stack([0 * x + 77, np.where(x < 20, 10, 200), (x // 5 * 40 + y // 9 * 13) % 256], axis=-1)
    arrays = {"noise": noise, "ramp": ramp, "steps": steps}
    return {name: Image.fromarray(array.astype(np.uint8)) for name, array in arrays.items()}


def fnv1a64(data):
    hashed = 0xCBF29CE484222325
    for byte in data:
        hashed = (hashed ^ byte) * 0x100000001B3 & rule.MASK
    return hashed


def operate(name, magnitude, negated, resample, image):
    """timm's operation with its coin, which decides the direction, held."""
    arguments = ()
    if auto_augment.LEVEL_TO_ARG[name]:
        with mock.patch("random.random", lambda: 1.0 if negated else 0.0):
            arguments = auto_augment.LEVEL_TO_ARG[name](magnitude, {})
    return auto_augment.NAME_TO_OP[name](image, *arguments, fillcolor=FILL, resample=resample)


WHOLE = [("Rotate", "noise"), ("ShearX", "ramp"), ("TranslateYRel", "ramp"), ("Sharpness", "ramp"), ("Equalize", "steps")]


def write_operations():
    lines = []
    filters = {"bicubic": Image.BICUBIC, "bilinear": Image.BILINEAR}
    for increasing, names in enumerate([auto_augment._RAND_TRANSFORMS, auto_augment._RAND_INCREASING_TRANSFORMS]):
        for name in names:
            kind = name.removesuffix("Increasing")
            moves = kind in ("Rotate", "ShearX", "ShearY", "TranslateXRel", "TranslateYRel")
            for filter in filters if moves else ["bicubic"]:
                for magnitude in (0, 3, 9, 10):
                    for negated in (0, 1):
                        for title, image in images().items():
                            changed = operate(name, magnitude, negated, filters[filter], image).tobytes()
                            setting = f"{increasing} {kind} {filter} {magnitude} {negated} {title}"
                            lines.append(f"{setting} {fnv1a64(changed):016x}")
                            if increasing and magnitude == 9 and negated and (kind, title) in WHOLE:
                                (ROOT / f"{setting}.rgb".replace(" ", ",")).write_bytes(changed)
    (ROOT / "operations.txt").write_text("\n".join(lines) + "\n")


# --- scaling --------------------------------------------------------------------------------------------------------

SCALINGS = [((0, 0, 120, 90), (48, 48)), ((13, 7, 57, 71), (40, 40)), ((50, 20, 20, 15), (50, 50)), ((3, 5, 1, 60), (9, 16))]


def write_scaling():
    folder = ROOT / "bilinear"
    folder.mkdir()
    source = Image.open(ROOT.parent / "resize/source.png")
    for (x, y, width, height), size in SCALINGS:
        scaled = source.crop((x, y, x + width, y + height)).resize(size, Image.BILINEAR)
        (folder / f"{x},{y},{width},{height},{size[0]},{size[1]}.rgb").write_bytes(scaled.tobytes())


# --- distributions --------------------------------------------------------------------------------------------------

DRAWS = 1_000_000


def histograms(width, height, boxes):
    """Counts over 8 x 8 sizes, and over ten parts of the way that the left and the top edge can go."""
    x, y, w, h = np.array(boxes, dtype=np.int64).T
    size = np.bincount(w * 8 // (width + 1) * 8 + h * 8 // (height + 1), minlength=64)
    left = np.bincount(x * 10 // (width - w + 1), minlength=10)
    top = np.bincount(y * 10 // (height - h + 1), minlength=10)
    return size, left, top


def crops(width, height):
    image = Image.new("L", (width, height))
    draw = transforms.RandomResizedCropAndInterpolation.get_params
    for _ in range(DRAWS):
        y, x, h, w = draw(image, (0.08, 1.0), (3.0 / 4.0, 4.0 / 3.0))
        yield x, y, w, h


class Erased:
    """Stands where timm expects an image, and notes the boxes that are written to."""

    def __init__(self):
        self.boxes = []

    def __setitem__(self, at, value):
        _, rows, columns = at
        self.boxes.append((columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start))


def erasures(size, probability, count):
    """All boxes, and how many images lost how many."""
    erasing = random_erasing.RandomErasing(probability, mode="const", max_count=count, device="cpu")
    boxes, numbers = [], np.zeros(count + 1, np.int64)
    with mock.patch.object(random_erasing, "_get_pixels", lambda *arguments, **options: None):
        for _ in range(DRAWS):
            image = Erased()
            erasing._erase(image, 3, size, size, None)
            boxes += image.boxes
            numbers[len(image.boxes)] += 1
    return boxes, numbers


def write_distributions():
    random.seed(1)
    lines = []

    def add(name, counts):
        lines.append(" ".join([name, *map(str, counts)]))

    for width, height in [(500, 375), (96, 400)]:
        for part, counts in zip(("size", "left", "top"), histograms(width, height, list(crops(width, height)))):
            add(f"crop,{width},{height},{part}", counts)
    for size, probability, count in [(224, 0.25, 1), (64, 0.9, 3)]:
        boxes, numbers = erasures(size, probability, count)
        for part, counts in zip(("size", "left", "top"), histograms(size, size, boxes)):
            add(f"erase,{size},{count},{part}", counts)
        add(f"erase,{size},{count},number", numbers)
    (ROOT / "distributions.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if int(PIL.__version__.split(".")[0]) > 12:
        sys.exit("Pillow 13 refuses to posterize to 0 bits; use 10 to 12")
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir(parents=True)
    write_operations()
    write_scaling()
    write_distributions()
