#!/usr/bin/env python3
"""Walks a decode loop with a cache that grows, with numpy and ctypes alone.

    attn-compile decode.mlir -o decode.so
    python3 decode.py decode.so [--prompt=16384] [--tokens=8] [--threads=0]

Each step appends a token to the cache, in place, and attends to it by SparQ and,
to compare, to all keys. The first is compared with numpy in f64.
"""

import argparse
import os
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "ctypes"))
from attention import Library  # noqa: E402

# As in decode.mlir.
HEADS, DIM, TILE, RANK, TOP_K, LOCAL = 4, 128, 1024, 32, 128, 32


def queries(random):
    """As in models, few channels are much larger than the others."""
    scale = 40 / (1 + np.arange(DIM) * 37 % DIM // 2)
    return (random.standard_normal((1, HEADS, 1, DIM)) * scale).astype(np.float32)


def softmax(scores):
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def reference(query, key, value):
    """(dense attention, SparQ attention) of one step, head by head, in f64."""
    dense, sparse = np.empty((2, 1, HEADS, 1, DIM))
    for h in range(HEADS):
        q, k, v = (x[0, h].astype(np.float64) for x in (query, key, value))
        q = q[0]
        exact = k @ q / np.sqrt(DIM)
        dense[0, h, 0] = softmax(exact) @ v
        # 1. All keys are scored by the largest components of the query.
        i1 = np.argsort(-np.abs(q))[:RANK]
        tau = np.sqrt(DIM * np.abs(q[i1]).sum() / np.abs(q).sum())
        scores = softmax(k[:, i1] @ q[i1] / tau)
        # 2. The best are attended to, the newest among them in any case.
        wanted = scores.copy()
        wanted[-LOCAL:] = np.inf
        i2 = np.argsort(-wanted)[:TOP_K]
        # 3. The weight of the others is given to the mean value.
        share = scores[i2].sum() if len(k) > TOP_K else 1.0
        chosen = softmax(exact[i2]) @ v[i2]
        sparse[0, h, 0] = share * chosen + (1 - share) * v.mean(axis=0)
    return dense, sparse


def distance(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def timed(call, *arguments, times=5, **options):
    """(result, the shortest of the times it took, in ms)"""
    best = np.inf
    for _ in range(times):
        begin = time.perf_counter()
        result = call(*arguments, **options)
        best = min(best, 1e3 * (time.perf_counter() - begin))
    return result, best


def mebibytes(elements):
    return HEADS * elements * np.float32().itemsize / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", help="decode.so")
    parser.add_argument("--prompt", type=int, default=16384)
    parser.add_argument("--tokens", type=int, default=8)
    parser.add_argument("--threads", type=int, default=0, help="0: all there are")
    options = parser.parse_args()
    library = Library(options.library)
    threads = library.openmp(options.threads)
    random = np.random.default_rng(0)

    # The cache belongs to us; compiled code only ever updates it.
    tiles = -(-(options.prompt + options.tokens) // TILE)
    key = np.zeros((1, HEADS, tiles * TILE, DIM), np.float32)
    value = np.zeros_like(key)
    key_t = np.zeros((1, HEADS, tiles, DIM, TILE), np.float32)
    mean = np.zeros((1, HEADS, DIM), np.float32)
    cache = (key, value, key_t, mean)

    def append(tokens, position):
        new = random.standard_normal((2, 1, HEADS, tokens, DIM), np.float32)
        arguments = ("append", *new, position, *cache)
        return timed(library.call, *arguments, times=1, threads=threads)[1]

    append(options.prompt, 0)
    print("step    keys  distance  of numpy  read MiB   dense MiB", end="")
    print("  append ms  sparq ms  dense ms")
    for step in range(options.tokens):
        append_ms = append(1, options.prompt + step)
        length = np.array([options.prompt + step + 1])
        query, keys = queries(random), int(length[0])
        sparse, sparq_ms = timed(
            library.call, "sparq", query, *cache, length, threads=threads
        )
        dense, dense_ms = timed(
            library.call, "dense", query, key, value, length, threads=threads
        )
        exact, expected = reference(query, key[:, :, :keys], value[:, :, :keys])
        assert distance(dense, exact) < 1e-5
        assert distance(sparse, expected) < 1e-5
        read = keys * RANK + 2 * min(keys, TOP_K) * DIM + 5 * DIM
        print(
            f"{step:4} {keys:7}  {distance(sparse, dense):8.1e}  "
            f"{distance(expected, exact):8.1e}  {mebibytes(read):8.2f}    "
            f"{mebibytes(2 * keys * DIM + 2 * DIM):8.2f}   {append_ms:8.3f}  "
            f"{sparq_ms:8.3f}  {dense_ms:8.3f}"
        )
    used = value[:, :, : options.prompt + options.tokens]
    assert np.allclose(mean, used.mean(axis=2), atol=1e-5)
    try:
        append(1, tiles * TILE)
    except ValueError as error:
        print(f"a full cache: {error}")


if __name__ == "__main__":
    main()
