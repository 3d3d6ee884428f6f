"""Makes two small folders of real pictures, on which the recipes for few images were chosen and fine-tuning is compared.

    python small_data.py OUT STAMPS WHEEL...

STAMPS is the unpacked Debian package tuxpaint-stamps-default (GPL-2; `apt-get download`, `dpkg -x`): its photographs of eleven kinds
of things, laid on white, become OUT/stamps/CLASS, some 240 images from 9 to 65 a class. The wheels are those of photographs.py, by the
same licences; what is seen left in a photograph becomes OUT/photographs/train, what is seen right val, and the photograph is the class.
Nothing of either is in a test.
"""

import pathlib
import random
import sys

from PIL import Image

from photographs import photographs

CLASSES = {
    "birds": ["animals/birds"],
    "clothes": ["clothes"],
    "fish": ["animals/fish"],
    "flowers": ["plants/flowers"],
    "fruit": ["food/fruit"],
    "insects": ["animals/insects"],
    "instruments": ["hobbies/music"],
    "mammals": ["animals/mammals"],
    "planets": ["space/planets"],
    "tools": ["household/tools"],
    "vegetables": ["food/vegetables"],
}
STAMP = 128  # pixels of the longer side
PATCH = 96
PATCHES = {"train": 48, "val": 12}  # of each photograph
LEFT = 0.7  # the part of a photograph that is trained on


def stamps(package, out):
    root = next(pathlib.Path(package).glob("**/tuxpaint/stamps"))
    for name, folders in CLASSES.items():
        target = out / name
        target.mkdir(parents=True)
        for path in sorted(path for folder in folders for path in (root / folder).rglob("*.png")):
            if "cartoon" in path.parts or path.stem.endswith("_mirror"):
                continue
            stamp = Image.open(path).convert("RGBA")
            ground = Image.new("RGBA", stamp.size, "white")
            ground.alpha_composite(stamp)
            ground.thumbnail((STAMP, STAMP), Image.Resampling.LANCZOS)
            ground.convert("RGB").save(target / f"{path.parent.name}-{path.stem}.jpg", quality=92)


def patches(wheels, out):
    chance = random.Random(0)
    for name, photograph in photographs(wheels):
        width, height = photograph.size
        middle = round(width * LEFT)
        for split, (left, right) in {"train": (0, middle), "val": (middle, width)}.items():
            folder = out / split / name
            folder.mkdir(parents=True)
            for number in range(PATCHES[split]):
                side = round(chance.uniform(0.25, 0.5) * min(right - left, height))
                x, y = chance.randint(left, right - side), chance.randint(0, height - side)
                patch = photograph.crop((x, y, x + side, y + side)).resize((PATCH, PATCH), Image.Resampling.LANCZOS)
                patch.save(folder / f"{number:02}.jpg", quality=92)


out = pathlib.Path(sys.argv[1])
stamps(sys.argv[2], out / "stamps")
patches(sys.argv[3:], out / "photographs")
