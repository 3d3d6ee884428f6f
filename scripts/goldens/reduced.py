"""Makes Tests/DatasetsTests/Fixtures/reduced.txt: hashes of JPEGs as Pillow's `draft` decodes them at a part of their size.

Each line: file below Fixtures, reduction, width, height, FNV-1a of the bytes as RGB.

Run from the checkout's root with Pillow 10 to 12 and NumPy: python scripts/goldens/reduced.py
"""

from pathlib import Path

from PIL import Image

from scaling import fnv1a64

FIXTURES = Path("Tests/DatasetsTests/Fixtures")
FILES = ["decode/baseline-420.jpg", "decode/baseline-422.jpg", "decode/baseline-444.jpg", "decode/grey.jpg",
         "decode/progressive-420.jpg", "evaluation/landscape.jpg"]

if __name__ == "__main__":
    lines = []
    for name in FILES:
        for reduction in (1, 2, 4, 8):
            image = Image.open(FIXTURES / name)
            if reduction > 1:
                image.draft(None, (image.width // reduction, image.height // reduction))
            pixels = image.convert("RGB")
            lines.append(f"{name} {reduction} {pixels.width} {pixels.height} {fnv1a64(pixels.tobytes()):016x}")
    (FIXTURES / "reduced.txt").write_text("\n".join(lines) + "\n")
