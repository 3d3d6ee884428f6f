"""Makes views that `bench data --sample` wrote once more, by Pillow and by timm's operations, and compares every byte.

    python views.py FOLDER

Ends with 1 and names the first difference; else says how many views there were, and by which versions.
"""

import json
import pathlib
import sys

import importable  # noqa: F401 (first: it makes timm importable)
import PIL
import timm
from PIL import Image
from timm.data import auto_augment

FILTERS = {name: Image.Resampling[name.upper()] for name in ("bilinear", "bicubic", "lanczos", "box")}
# The mean colour of ImageNet, which the reference gives RandAugment as its background.
BACKGROUND = (124, 116, 104)


def changed(image, operation):
    value = operation.get("value")
    whole = operation["kind"] in ("Posterize", "Solarize", "SolarizeAdd")
    arguments = [] if value is None else [int(value) if whole else value]
    settings = {"fillcolor": BACKGROUND, "resample": FILTERS[operation.get("interpolation", "bicubic")]}
    return auto_augment.NAME_TO_OP[operation["kind"]](image, *arguments, **settings)


def view(path, plan):
    x, y, width, height = plan["crop"]
    image = Image.open(path).convert("RGB").crop((x, y, x + width, y + height))
    image = image.resize(plan["scaled"], FILTERS[plan["interpolation"]])
    x, y, width, height = plan["window"]
    image = image.crop((x, y, x + width, y + height))
    if plan["is_mirrored"]:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if plan["is_flipped"]:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    for operation in plan["operations"]:
        image = changed(image, operation)
    return image.tobytes()


def main(folder):
    lines = [json.loads(line) for line in pathlib.Path(folder, "views.jsonl").read_text().splitlines()]
    pixels = pathlib.Path(folder, "views.rgb").read_bytes()
    place = 0
    for line in lines:
        expected = view(line["path"], line["plan"])
        found = pixels[place : place + len(expected)]
        place += len(expected)
        if found != expected:
            byte = next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b), len(found))
            sys.exit(f"{line['path']}: byte {byte} of the view is another than Pillow's; its plan: {line['plan']}")
    if not lines or place != len(pixels):
        sys.exit(f"{folder}: {len(lines)} views of {place} bytes, and views.rgb has {len(pixels)}")
    print(f"{len(lines)} views equal those of Pillow {PIL.__version__} and timm {timm.__version__}, byte for byte")


if __name__ == "__main__":
    main(sys.argv[1])
