"""Goldens of `floats_normal`: normal numbers by Philox4x32-10 and Box and Muller's method, in double precision.

Writes Tests/TrainingTests/Goldens/normals.json: a list of {"key", "numbers"}, the first COUNT numbers of each key, which is in
decimal digits as no double holds it. Philox itself is checked against the known answers that come with its authors' library (Random123).

    python scripts/goldens/normals.py
"""

import json
import math
import pathlib

GOLDENS = pathlib.Path(__file__).resolve().parent.parent.parent / "Tests" / "TrainingTests" / "Goldens"
COUNT, LANES, WORD = 150, 16, 0xFFFFFFFF
KEYS = [0, 1, 0x0123456789ABCDEF, 0xFFFFFFFF00000000, 2**64 - 1]
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((WORD,) * 4, (WORD,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


def philox(counter, key):
    a, b, c, d = counter
    first, second = key
    for _ in range(10):
        left, right = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (right >> 32) ^ b ^ first, right & WORD, (left >> 32) ^ d ^ second, left & WORD
        first, second = (first + 0x9E3779B9) & WORD, (second + 0xBB67AE85) & WORD
    return a, b, c, d


def pair(radius, angle):
    radius = math.sqrt(-2 * math.log(((radius >> 8) + 1) / 2**24))
    turn = 2 * math.pi * (angle >> 8) / 2**24
    return radius * math.cos(turn), radius * math.sin(turn)


def number(key, index):
    """Sixteen counters lie side by side: first all their first numbers, then all their second ones, and so on."""
    block, place = divmod(index, 4 * LANES)
    which, lane = divmod(place, LANES)
    counter = block * LANES + lane
    words = philox((counter & WORD, counter >> 32, 0, 0), (key & WORD, key >> 32))
    return (pair(*words[:2]) + pair(*words[2:]))[which]


def main():
    for counter, key, answer in KNOWN:
        assert philox(counter, key) == answer, "this is not Philox4x32-10"
    goldens = [{"key": str(key), "numbers": [number(key, index) for index in range(COUNT)]} for key in KEYS]
    (GOLDENS / "normals.json").write_text(json.dumps(goldens) + "\n")


if __name__ == "__main__":
    main()
