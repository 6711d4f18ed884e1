"""Inputs of blocks.mlir: lengths, a NaN in one block, garbage where no row looks."""

import sys

import numpy as np

to = sys.argv[1]


def save(name, array):
    np.save(f"{to}.{name}.npy", array)


rng = np.random.default_rng(7)
# The end of a block, nothing, and rows beyond the last key.
save("kvlen", np.array([77, 0, 130], np.int64))
save("qlen", np.array([70, 130, 33], np.int64))
key = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
value = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
for batch, length in enumerate([77, 0, 130]):
    key[batch, :, length:] = np.nan
    value[batch, :, length:] = np.inf
save("key", key)
save("value", value)
# Prefixes of blocks of 9 rows, 5 keys each: of rows beyond q_len, anything.
prefix = rng.standard_normal((3, 2, 75, 64)).astype(np.float16)
for batch, blocks in enumerate([8, 15, 4]):
    prefix[batch, :, 5 * blocks :] = np.nan
save("prefix", prefix)
# Blocks of 5 rows: the second one's values are not finite, and a key of the
# fourth.
key = rng.standard_normal((1, 2, 130, 64)).astype(np.float16)
value = rng.standard_normal((1, 2, 130, 64)).astype(np.float16)
value[0, 0, 7, 3] = np.nan
value[0, 1, 8] = np.inf
key[0, 0, 16, 9] = np.nan
save("nan-key", key)
save("nan-value", value)
# A mask that hides keys 40 to 56 from all rows, and everything from rows 20 to 24.
mask = rng.random((1, 4, 130, 130)) < 0.7
mask[..., 40:57] = False
mask[:, :, 20:25] = False
save("mask", mask)
key = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
value = rng.standard_normal((3, 2, 130, 64)).astype(np.float16)
key[:, :, 40:57] = np.nan
value[:, :, 40:57] = np.nan
save("hidden-key", key)
save("hidden-value", value)
save("pages", rng.permutation(12).reshape(3, 4).astype(np.int32))
