"""Inputs of prefill.mlir: lengths, and garbage where no query looks."""

import sys

import numpy as np

to = sys.argv[1]


def save(name, array):
    np.save(f"{to}.{name}.npy", array)


rng = np.random.default_rng(5)
save("kvlen", np.array([77, 0, 130], np.int64))
save("qlen", np.array([70, 33, 0], np.int64))
save("delta", np.array([40, -5, 3], np.int64))
key = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
value = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
for batch, length in enumerate([77, 0, 130]):
    key[batch, :, length:] = np.nan
    value[batch, :, length:] = np.inf
save("key", key)
save("value", value)
# Keys 40 to 56 of a mask that hides them from all queries.
mask = rng.random((1, 4, 70, 130)) < 0.7
mask[..., 40:57] = False
mask[:, 1, 3] = False
save("mask", mask)
key = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
value = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
key[:, :, 40:57] = np.nan
value[:, :, 40:57] = np.nan
save("hidden-key", key)
save("hidden-value", value)
# A NaN that is seen.
value = value.copy()
value[:, :, 40:57] = 0
value[0, 1, 7, 5] = np.nan
save("nan-value", value)
save("pages", rng.permutation(12).reshape(3, 4).astype(np.int32))
