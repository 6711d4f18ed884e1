"""steps.py LIB SRC STEPS.so PAYLOAD: both phases of Star over ranks by compiled
functions, the results against numpy, and the messages and bytes of all layers against
the scaling model. Run by every rank."""

import ctypes
import os
import sys

import numpy as np
from ranks import Ranks

sys.path[:0] = [os.path.join(sys.argv[2], f) for f in ("bench", "examples/ctypes")]
import scaling  # noqa: E402
from attention import Library  # noqa: E402

LAYERS, BLOCK, CONTEXT, QUERY, STEPS = 2, 3, 11, 3, 4
Library.NUMPY_TYPES["!attn.comm"] = np.uint8


def attention(query, key, value, visible):
    group = query.shape[1] // key.shape[1]
    key, value = (np.repeat(x, group, axis=1) for x in (key, value))
    scores = query.astype(np.float64) @ key.swapaxes(2, 3) / np.sqrt(query.shape[3])
    weights = np.exp(np.where(visible, scores, -np.inf))
    return weights / weights.sum(axis=3, keepdims=True) @ value


def check(output, expected, bound):
    error = np.abs(output - expected).max(initial=0)
    assert output.shape == expected.shape and error < bound, error


with Ranks(sys.argv[1]) as ranks:
    library, model = Library(sys.argv[3]), scaling.Model()
    payload = {"f32": scaling.F32, "bf16": scaling.BF16}[sys.argv[4]]
    # Every merge rounds to the payload.
    bound = 1e-5 if payload == scaling.F32 else 0.05
    # All ranks draw the same numbers, and take what is theirs.
    random = np.random.default_rng(0)
    total = CONTEXT + QUERY + STEPS

    def draw(heads, tokens):
        return random.standard_normal((1, heads, tokens, model.head_dim), np.float32)

    keys, values = (
        [draw(model.kv_heads, total) for _ in range(LAYERS)] for _ in range(2)
    )
    queries = draw(model.heads, total)
    blocks = -(-CONTEXT // BLOCK)
    begin, end = (
        min(blocks * r // ranks.size * BLOCK, CONTEXT)
        for r in (ranks.rank, ranks.rank + 1)
    )

    # Phase 1: blocks here, the anchor from outside, no message.
    i, j = np.arange(CONTEXT)[:, None], np.arange(CONTEXT)
    visible = (j <= i) & ((i // BLOCK == j // BLOCK) | (j < BLOCK))
    for key, value in zip(keys, values):
        here = [x[:, :, begin:end] for x in (queries, key, value)]
        anchor = [x[:, :, :BLOCK] for x in (key, value)]
        output = library.call("phase1", *here, *anchor, begin)
        whole = [x[:, :, :CONTEXT] for x in (queries, key, value)]
        check(output, attention(*whole, visible)[:, :, begin:end], 1e-5)
    assert ranks.counted() == (0, 0)

    # Phase 2: the question, then steps; new keys are the last rank's.
    address = ctypes.cast(ranks.pointer, ctypes.c_void_p).value
    comm = np.frombuffer((ctypes.c_uint8 * 1).from_address(address), np.uint8)
    at, merged = CONTEXT, [0, 0]
    for rows in (QUERY, *[1] * STEPS):
        stop = at + rows
        mine = slice(begin, stop if ranks.rank == ranks.size - 1 else end)
        shards = [
            x[:, :, mine] for layer in zip(keys, values) for x in layer
        ]  # fmt: skip
        query = queries[:, :, at:stop]
        output = library.call("rows", query, *shards, at, begin, comm.reshape(()))
        expected = query
        visible = np.arange(stop) <= np.arange(rows)[:, None] + at
        for key, value in zip(keys, values):
            expected = attention(
                expected, key[:, :, :stop], value[:, :, :stop], visible
            )
        check(output, expected, bound)
        one = scaling.counted(
            "tree", ranks.size, rows * model.heads, model.head_dim, payload
        )
        assert ranks.counted() == tuple(LAYERS * n for n in one)
        merged = [a + LAYERS * b for a, b in zip(merged, one)]
        at = stop
    if ranks.rank == 0:
        print(
            f"{ranks.size} ranks: phase 1 sent nothing, a question of {QUERY} rows and "
            f"{STEPS} steps in {LAYERS} layers {merged[0]} messages, {merged[1]} bytes"
        )
