"""Makes the images that scripts/bench-data times: 500 x 375 JPEGs cut from the photographs that come with Python packages.

    python photographs.py OUT [WHEEL...]

The photographs are those of scikit-image, scikit-learn and foolbox: pip download --no-deps scikit-image scikit-learn foolbox==3.3.4
gives the wheels. They are never installed. Each image is a random part of one, as sharp as it comes, 4:2:0 and of quality 85 to 95.
"""

import fnmatch
import io
import pathlib
import random
import sys
import zipfile

from PIL import Image

PHOTOGRAPHS = [
    "foolbox/data/imagenet_*.jpg",
    "sklearn/datasets/images/*.jpg",
    *(f"skimage/data/{name}" for name in ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")),
]
SIZE = (500, 375)
COUNT = 504


def photographs(wheels):
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in sorted(archive.namelist()):
                if any(fnmatch.fnmatch(name, pattern) for pattern in PHOTOGRAPHS):
                    yield pathlib.PurePath(name).stem, Image.open(io.BytesIO(archive.read(name))).convert("RGB")


def part(photograph, chance):
    width, height = photograph.size
    side = chance.uniform(0.7, 1) * min(width / SIZE[0], height / SIZE[1])
    w, h = side * SIZE[0], side * SIZE[1]
    x, y = chance.uniform(0, width - w), chance.uniform(0, height - h)
    return photograph.resize(SIZE, Image.Resampling.LANCZOS, (x, y, x + w, y + h))


def main(out, wheels):
    chance = random.Random(0)
    sources = list(photographs(wheels))
    assert sources, "no photographs in these wheels"
    for number in range(COUNT):
        name, photograph = sources[number % len(sources)]
        for split in ("train", "val") if number < len(sources) else ("train",):
            folder = pathlib.Path(out, split, name)
            folder.mkdir(parents=True, exist_ok=True)
            part(photograph, chance).save(folder / f"{number:04}.jpg", quality=chance.randint(85, 95), subsampling="4:2:0")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
