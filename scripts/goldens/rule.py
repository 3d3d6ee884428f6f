"""Numbers by rule: weights and inputs that PyTorch and Swift both make for themselves, to the bit.

A golden file then holds only what a model answers, not the 96 MB of weights that it was asked with.

The rule, for element i (flat, row-major index) of the tensor called `name`:

    h = splitmix64(fnv1a64(name) + i)              all arithmetic modulo 2^64
    u = float32(h >> 40) * 2^-23 - 1               24 random bits, exact, in [-1, 1)

and with every operation rounded to float32:

    weight of a norm (1-D, `*.weight`)             1 + 0.1 * u
    bias (`*.bias`)                                0.1 * u
    any other weight                               bound * u
    input, and anything else asked for by name     u

where bound = float32(sqrt(3) / sqrt(fan_in)), computed in double, and fan_in = elements / shape[0]; a layer
then keeps the variance of what it is given. Integers come from the same h: the top byte, or h modulo n.

    splitmix64(z):  z += 0x9E3779B97F4A7C15
                    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9
                    z = (z ^ z >> 27) * 0x94D049BB133111EB
                    z ^ z >> 31
    fnv1a64(name):  h = 0xCBF29CE484222325; for each UTF-8 byte b: h = (h ^ b) * 0x100000001B3

Another implementation is right if it gives the values of `CHECKS`; `python rule.py` compares them with this one.
"""

import numpy as np

CHECKS = {  # (name, shape, flat index): value as float32
    ("input", (2, 3, 224, 224), 0): -0.80436337,
    ("norm.weight", (512,), 7): 0.95215297,
    ("blocks.0.0.attn.qkv.bias", (192,), 100): 0.095113955,
    ("head.weight", (1000, 512), 123456): -0.035683487,
}

MASK = (1 << 64) - 1


def fnv1a64(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & MASK
    return h


def splitmix64(z):
    """Mixes an array of uint64; numpy's arrays wrap silently, as the rule wants."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


def bits(name, count):
    """The first `count` 64-bit values of the tensor called `name`."""
    return splitmix64(np.arange(count, dtype=np.uint64) + np.uint64(fnv1a64(name)))


def uniform(name, shape):
    """float32 values in [-1, 1)."""
    top = (bits(name, int(np.prod(shape))) >> np.uint64(40)).astype(np.float32)
    return (top * np.float32(2**-23) - np.float32(1)).reshape(shape)


def parameter(name, shape):
    """The value of a model's parameter, by its timm key."""
    u = uniform(name, shape)
    if name.endswith(".bias"):
        return np.float32(0.1) * u
    if len(shape) == 1:
        return np.float32(1) + np.float32(0.1) * u
    fan_in = u.size // shape[0]
    return np.float32(np.sqrt(3.0) / np.sqrt(float(fan_in))) * u


def pixels(name, shape):
    """uint8 values, the top byte of each h."""
    return (bits(name, int(np.prod(shape))) >> np.uint64(56)).astype(np.uint8).reshape(shape)


def labels(name, count, classes):
    """int64 values in 0 ..< classes."""
    return (bits(name, count) % np.uint64(classes)).astype(np.int64)


if __name__ == "__main__":
    for (name, shape, index), expected in CHECKS.items():
        found = (uniform if name == "input" else parameter)(name, shape).flat[index]
        assert found == np.float32(expected), f"{name}[{index}] is {found!r}, not {expected!r}"
    print(f"{len(CHECKS)} values as documented")
