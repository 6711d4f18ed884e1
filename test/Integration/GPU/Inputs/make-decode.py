"""Inputs of decode.mlir: lengths, and garbage where no query looks."""

import sys

import numpy as np

to = sys.argv[1]
KEYS = 600
LENGTHS = [577, 0, 16]


def save(name, array):
    np.save(f"{to}.{name}.npy", array)


rng = np.random.default_rng(6)


def rows():
    return rng.standard_normal((3, 2, KEYS, 64)).astype(np.float16)


save("kvlen", np.array(LENGTHS, np.int64))
save("qlen", np.array([2, 1, 2], np.int64))
save("delta", np.array([560, -5, 13], np.int64))
key, value = rows(), rows()
for batch, length in enumerate(LENGTHS):
    key[batch, :, length:] = np.nan
    value[batch, :, length:] = np.inf
save("key", key)
save("value", value)
# Keys that a mask hides from all queries, and a head that sees nothing.
mask = rng.random((1, 8, 2, KEYS)) < 0.7
mask[..., 40:57] = False
mask[..., 90:200] = False
mask[:, 1, 1] = False
save("mask", mask)
key, value = rows(), rows()
for hidden in (slice(40, 57), slice(90, 200)):
    key[:, :, hidden] = np.nan
    value[:, :, hidden] = np.inf
save("hidden-key", key)
save("hidden-value", value)
value = rows()
value[0, 1, 507, 5] = np.nan
save("nan-value", value)
save("pages", rng.permutation(114).reshape(3, 38).astype(np.int32))
