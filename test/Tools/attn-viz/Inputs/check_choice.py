#!/usr/bin/env python3
"""Draws SparQ decode steps and compares the marked keys with the algorithm.

With as many components as head_dim the approximate scores are the scores, so
that the choice is known without them: the newest keys, then those with the
largest sum of probabilities of the group.
"""

import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

from check_pictures import read_png, write_npy

PLAIN, SKIPPED, CHOSEN = (0x2C, 0x6F, 0xBB), (0xEC, 0xEC, 0xEC), (0x1A,) * 3
HEAD_DIM = 8


def draw_normal(rng, *shape):
    count = math.prod(shape)
    return [rng.gauss(0, 1) for _ in range(count)]


def choose(query, key, heads, kv_head, length, top_k, local):
    """The chosen keys, or nothing where two of them are too close to tell."""
    sums = [0.0] * length
    for head in heads:
        scores = [
            sum(query[head][d] * key[kv_head][j][d] for d in range(HEAD_DIM))
            / math.sqrt(HEAD_DIM)
            for j in range(length)
        ]
        most = max(scores)
        weights = [math.exp(score - most) for score in scores]
        for j in range(length):
            sums[j] += weights[j] / sum(weights)
    newest = range(max(0, length - local), length)
    others = sorted(
        (j for j in range(length) if j not in newest), key=lambda j: -sums[j]
    )
    room = top_k - len(newest)
    if room < len(others) and room > 0:
        if sums[others[room - 1]] - sums[others[room]] < 1e-4 * sums[others[room]]:
            return None
    return {*newest, *others[: max(room, 0)]}


def check(rng, folder):
    batch, kv_heads, group = rng.randint(1, 2), rng.randint(1, 2), rng.randint(1, 3)
    heads, keys = kv_heads * group, rng.randint(8, 120)
    top_k = rng.randint(1, keys - 1)
    local = rng.randint(0, top_k)
    lengths = [rng.randint(1, keys) for _ in range(batch)]
    b, h = rng.randrange(batch), rng.randrange(heads)
    query = draw_normal(rng, batch, heads, HEAD_DIM)
    key = draw_normal(rng, batch, kv_heads, keys, HEAD_DIM)
    for name, values, shape in (
        ("q", query, [batch, heads, 1, HEAD_DIM]),
        ("k", key, [batch, kv_heads, keys, HEAD_DIM]),
    ):
        data = struct.pack(f"<{len(values)}f", *values)
        write_npy(folder / f"{name}.npy", "<f4", shape, data)
    data = struct.pack(f"<{batch}q", *lengths)
    write_npy(folder / "len.npy", "<i8", [batch], data)
    q = f"tensor<{batch}x{heads}x1x{HEAD_DIM}xf32>"
    k = f"tensor<{batch}x{kv_heads}x{keys}x{HEAD_DIM}xf32>"
    (folder / "f.mlir").write_text(
        f"func.func @f(%q: {q}, %k: {k}, %len: tensor<{batch}xi64>) -> {q} {{\n"
        f"  %0 = attn.sparq %q, %k, %k kv_len(%len) rank({HEAD_DIM}) "
        f"top_k({top_k}) local_window({local})\n"
        f"    : ({q}, {k}, {k}, tensor<{batch}xi64>) -> {q}\n"
        f"  return %0 : {q}\n}}\n"
    )
    run = subprocess.run(
        ["attn-viz", f"{folder}/f.mlir", "-o", f"{folder}/f.png"]
        + [f"--input={name}:=@{folder}/{name}.npy" for name in ("q", "k", "len")]
        + [f"--batch={b}", f"--head={h}"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr

    def rows(values, first, count):
        return [
            values[(first + i) * HEAD_DIM : (first + i + 1) * HEAD_DIM]
            for i in range(count)
        ]

    kv_head = h // group
    expected = choose(
        rows(query, b * heads, heads),
        [rows(key, (b * kv_heads + x) * keys, keys) for x in range(kv_heads)],
        range(kv_head * group, (kv_head + 1) * group),
        kv_head,
        lengths[b],
        top_k,
        local,
    )
    if expected is None:
        return False
    description, _, _, pixels = read_png(folder / "f.png")
    panel = description["attn-viz"][0]
    assert panel["choice"] and panel["cell"] == [1, 1], panel
    (x0, y0), (width, _) = panel["at"], panel["pixels"]
    for j in range(keys):
        at = 3 * (x0 + j * width)
        color = tuple(pixels[y0][at : at + 3])
        wanted = CHOSEN if j in expected else PLAIN
        wanted = wanted if j < lengths[b] else SKIPPED
        assert color == wanted, (j, color, wanted, sorted(expected))
    return True


def main():
    with tempfile.TemporaryDirectory() as folder:
        checked = 0
        for seed in range(12):
            try:
                checked += check(random.Random(seed), pathlib.Path(folder))
            except AssertionError as error:
                print(f"seed {seed}: {error}", file=sys.stderr)
                print((pathlib.Path(folder) / "f.mlir").read_text())
                return 1
    print(f"{checked} choices are marked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
