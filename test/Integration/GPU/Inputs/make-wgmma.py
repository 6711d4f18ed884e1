"""Writes operands of wgmma.mlir that are not random: lengths, pages, and keys
and values that are not finite where no row sees them."""

import sys

import numpy

prefix = sys.argv[1]
random = numpy.random.default_rng(1)


def save(name, array):
    numpy.save(f"{prefix}.{name}.npy", array)


lengths = [150, 61]
save("kvlen", numpy.array(lengths))
save("qlen", numpy.array([140, 33]))
save("delta", numpy.array([10, 28]))
save("pages", random.permutation(12).reshape(2, 6).astype(numpy.int32))
for name, garbage in (("key", numpy.nan), ("value", numpy.inf)):
    x = random.standard_normal((2, 2, 200, 64)).astype(numpy.float16)
    for batch, length in enumerate(lengths):
        x[batch, :, length:] = garbage
    save(name, x)

# Two rows of heads, keys that nobody sees, and a row that sees none.
mask = random.random((1, 4, 140, 200)) < 0.6
mask[..., 20:30] = mask[..., 180:] = False
mask[0, 1, 5] = False
save("mask", mask)
hidden = random.standard_normal((2, 2, 200, 64)).astype(numpy.float16)
hidden[:, :, 20:30] = numpy.nan
hidden[:, :, 185] = numpy.inf
save("hidden", hidden)
