#!/usr/bin/env python3
"""Draws random problems and compares every pixel with who sees whom.

They are attn.sdpa, attn.star or attn.block_local.

Visibility comes from the definition, a pair at a time. A picture must agree on
each pair: what is seen has a color of what is seen, a range without a mask holds
only keys that all queries of its tile see, and what is skipped nobody sees. The
SVG must show the same as the PNG, and the counted pairs must be right.
"""

import argparse
import html
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import zlib

PLAIN, EDGE = (0x2C, 0x6F, 0xBB), (0xF0, 0x9C, 0x2E)
MASKED, SKIPPED = (0xFA, 0xE1, 0xBE), (0xEC, 0xEC, 0xEC)
EXCLUDED = (0xB8, 0x2F, 0x3A)


def read_png(path):
    """Description, width, height and rows of RGB bytes of our own PNGs."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG signature"
    at, chunks = 8, {}
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind = data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + body), f"wrong checksum of {kind}"
        chunks[kind] = body
        at += 12 + length
    assert kind == b"IEND", "no end"
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [8, 2, 0, 0, 0], form
    pixels = zlib.decompress(chunks[b"IDAT"])
    stride = 1 + 3 * width
    assert len(pixels) == stride * height, "wrong number of pixels"
    rows = []
    for y in range(height):
        assert pixels[y * stride] == 0, "filtered"
        rows.append(pixels[y * stride + 1 : (y + 1) * stride])
    keyword, text = chunks[b"tEXt"].split(b"\0")
    assert keyword == b"Description"
    return json.loads(text), width, height, rows


def read_svg(path):
    """Description, and the colors of the pixels of the first image."""
    text = path.read_text()
    description = json.loads(
        html.unescape(re.search("<desc>(.*)</desc>", text)[1])
    )
    panel = description["attn-viz"][0]
    rows, columns = panel["cells"]
    (x0, y0), (w, h) = panel["at"], panel["pixels"]
    colors = [[None] * columns for _ in range(rows)]
    group = text.split("<g ")[1]
    for match in re.finditer(
        r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)" '
        r'fill="#(\w+)"/>',
        group,
    ):
        x, y, width, height = map(int, match.groups()[:4])
        color = tuple(bytes.fromhex(match[5]))
        assert (x - x0) % w == 0 and (y - y0) % h == 0, match[0]
        for row in range((y - y0) // h, (y + height - y0) // h):
            for column in range((x - x0) // w, (x + width - x0) // w):
                assert colors[row][column] is None, "cells overlap"
                colors[row][column] = color
    return description, colors


def write_npy(path, dtype, shape, data):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': "
    header += "(" + "".join(f"{size}, " for size in shape) + "), }"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    path.write_bytes(
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
        + header.encode() + data
    )


class Problem:
    """A random attn.sdpa, its inputs, and who sees whom."""

    def __init__(self, rng, large):
        self.batch, self.kv_heads = rng.randint(1, 3), rng.randint(1, 2)
        self.heads = self.kv_heads * rng.randint(1, 3)
        longest = 40
        self.lq = rng.choice([1, rng.randint(1, longest), longest])
        self.lk = rng.choice([1, rng.randint(1, longest), longest])
        if large:
            self.lq, self.lk = rng.choice(
                [(rng.randint(1, 60), 2300), (1700, rng.randint(1, 60))]
            )
        self.b = rng.randrange(self.batch)
        self.h = rng.randrange(self.heads)
        self.tile = rng.choice([None, 1, 3, 8, rng.randint(1, self.lq + 5)])
        self.name = rng.choice(["sdpa", "sdpa", "star", "star", "block_local"])
        # Those whose rows are in blocks; None if they are in none.
        self.block = None if self.name == "sdpa" else rng.randint(1, 20)
        self.context = None
        self.left = self.right = -1
        if self.name == "block_local":
            self.right = rng.choice([-1, 0])
        elif self.name == "star":
            self.right = 0
            self.anchor = rng.choice([0, self.block, rng.randint(0, 24)])
            self.previous = rng.random() < 0.3
            if rng.random() < 0.6:
                count = rng.choice([0, 1, self.batch])
                self.context = [
                    rng.choice([0, self.lq, rng.randint(-3, self.lq + 5)])
                    for _ in range(count or 1)
                ]
                self.is_index = count == 0
        elif rng.random() < 0.8:
            self.left = rng.choice([-1, 0, rng.randint(0, 12)])
            self.right = rng.choice([0, 0, rng.randint(0, 12)])
        movable = self.right >= 0 and not self.block
        self.bottom_right = movable and rng.random() < 0.25
        self.offset = None
        if movable and not self.bottom_right and rng.random() < 0.4:
            count = rng.choice([0, 1, self.batch])
            self.offset = [rng.randint(-9, 12) for _ in range(count or 1)]
            self.is_index = count == 0
        self.kv_len = self.q_len = None
        if rng.random() < 0.4:
            self.kv_len = [
                rng.choice([0, self.lk, rng.randint(0, self.lk)])
                for _ in range(self.batch)
            ]
        if rng.random() < 0.3:
            self.q_len = [
                rng.choice([0, self.lq, rng.randint(0, self.lq)])
                for _ in range(self.batch)
            ]
        self.mask = None
        if rng.random() < 0.3 and not large:
            self.mask_shape = [
                rng.choice([1, size])
                for size in (self.batch, self.heads, self.lq, self.lk)
            ]
            count = 1
            for size in self.mask_shape:
                count *= size
            self.mask = bytes(rng.random() < 0.6 for _ in range(count))
        # A piece of a larger problem.
        self.first = (0, 0)
        lengths = self.kv_len or self.q_len or self.bottom_right
        self.is_piece = not lengths and rng.random() < 0.2
        if self.is_piece:
            self.first = (rng.randint(0, 40), rng.randint(0, 40))
        self.dynamic = rng.random() < 0.4
        self.bshd = rng.random() < 0.3

    def sees(self, b, i, j):
        """Whether structure lets query i of batch entry b see key j."""

        def at(values):
            return values[b] if len(values) > 1 else values[0]

        kv_len = at(self.kv_len) if self.kv_len else self.lk
        q_len = at(self.q_len) if self.q_len else self.lq
        if j >= kv_len or i >= q_len:
            return False
        i, j = i + self.first[0], j + self.first[1]
        if self.name == "block_local":
            return j // self.block == i // self.block and (self.right < 0 or j <= i)
        if self.name == "star":
            context = at(self.context) if self.context else None
            block = i // self.block
            if j > i or (context is not None and i >= context):
                return j <= i
            if j // self.block == block:
                return True
            anchor = min(self.anchor, self.block)
            if self.previous:
                start = (block - 1) * self.block
                return start <= j < start + anchor
            return j < anchor
        delta = at(self.offset) if self.offset else 0
        if self.bottom_right:
            delta = kv_len - q_len
        if self.right >= 0 and j > i + delta + self.right:
            return False
        return self.left < 0 or j >= i + delta - self.left

    def tiles(self, tile):
        """The first query of each tile, as the picture was asked to cut them."""
        if not self.block or not self.tile:
            return list(range(0, self.lq, tile))
        rows, block, first = min(self.tile, self.block), self.block, self.first[0]
        # Whole blocks are cut, so the first tile may be in the middle of one.
        starts = {0}
        for i in range(first, first + self.lq):
            if i % block % rows == 0:
                starts.add(i - first)
        if self.context:
            context = self.context[self.b if len(self.context) > 1 else 0]
            if first < context < first + self.lq:
                starts.add(context - first)
        return sorted(starts)

    def excludes(self, i, j):
        """Whether the mask forbids it, for the drawn batch entry and head."""
        if self.mask is None:
            return False
        index = 0
        for size, at in zip(self.mask_shape, (self.b, self.h, i, j)):
            index = index * size + (at if size > 1 else 0)
        return not self.mask[index]

    def write(self, folder):
        """The module, and the flags that bind what the pattern needs."""
        flags, arguments, clauses, operands, types = [], [], "", [], []

        def add(name, kind, flag=None):
            arguments.append(f"%{name}: {kind}")
            if flag:
                flags.append(f"--input={name}:={flag}")
            return name

        def tensor(sizes, element):
            return "tensor<" + "x".join(map(str, sizes)) + "x" + element + ">"

        def layout(heads, length):
            order = [self.batch, heads, length, 8]
            return [order[d] for d in ((0, 2, 1, 3) if self.bshd else range(4))]

        for name, heads, length in (
            ("q", self.heads, self.lq),
            ("k", self.kv_heads, self.lk),
            ("v", self.kv_heads, self.lk),
        ):
            sizes = layout(heads, length)
            text = "x".join(map(str, sizes)) + "xf32=zeros"
            if self.dynamic:
                sizes = layout(heads, "?")
                sizes[0] = "?"
            kind = tensor(sizes, "f32")
            # The values of v say nothing, nor do its sizes.
            given = self.dynamic and name != "v"
            add(name, kind, text if given else None)
            operands.append(f"%{name}")
            types.append(kind)

        def add_lengths(clause, name, values):
            nonlocal clauses
            path = folder / f"{name}.npy"
            write_npy(
                path, "<i8", [len(values)], struct.pack(f"<{len(values)}q", *values)
            )
            add(name, tensor([len(values)], "i64"), f"@{path}")
            clauses += f" {clause}(%{name})"
            types.append(tensor([len(values)], "i64"))

        if self.left < 0 and self.right == 0:
            clauses += " causal"
        elif self.left >= 0 or self.right >= 0:
            clauses += f" window({self.left}, {self.right})"
        if self.bottom_right:
            clauses += " bottom_right"
        if self.offset and self.is_index:
            add("offset", "index", f"{self.offset[0]}:index")
            clauses += " causal_offset(%offset)"
            types.append("index")
        elif self.offset:
            add_lengths("causal_offset", "offset", self.offset)
        if self.kv_len:
            add_lengths("kv_len", "kv_len", self.kv_len)
        if self.q_len:
            add_lengths("q_len", "q_len", self.q_len)
        if self.mask is not None:
            path = folder / "mask.npy"
            write_npy(path, "|b1", self.mask_shape, self.mask)
            sizes = self.mask_shape
            if self.dynamic:
                sizes = [size if size == 1 else "?" for size in sizes]
            kind = tensor(sizes, "i1")
            add("mask", kind, f"@{path}")
            clauses += " mask(%mask)"
            types.append(kind)
        constants = ""
        if self.is_piece:
            for name, value in zip("bhij", (0, 0, *self.first)):
                constants += f"  %o{name} = arith.constant {value} : index\n"
            clauses += " offsets(%ob, %oh, %oi, %oj)"
            types += ["index"] * 4
        if self.bshd:
            clauses += " layout(bshd)"
        if self.name == "block_local":
            clauses += f" block_len({self.block})"
        if self.name == "star":
            if self.context and self.is_index:
                add("context", "index", f"{self.context[0]}:index")
                clauses += " context_len(%context)"
                types.append("index")
            elif self.context:
                add_lengths("context_len", "context", self.context)
            clauses += f" block_size({self.block}) anchor_size({self.anchor})"
            if self.previous:
                clauses += " anchor(previous)"
        result = types[0]
        text = f"func.func @f({', '.join(arguments)}) -> {result} {{\n"
        text += f"{constants}  %0 = attn.{self.name} {', '.join(operands)}{clauses}\n"
        text += f"    : ({', '.join(types)}) -> {result}\n"
        text += f"  return %0 : {result}\n}}\n"
        (folder / "f.mlir").write_text(text)
        flags += [f"--batch={self.b}", f"--head={self.h}"]
        if self.tile:
            flags.append(f"--tile={self.tile}")
        return flags


def blend(counts):
    """The color of pairs of several kinds: what drawing rounds to."""
    total = sum(counts.values())
    return tuple(
        sum(color[c] * n for color, n in counts.items()) / total
        for c in range(3)
    )


def is_possible(problem, starts, rows, keys, color):
    """Whether a cell of these queries and keys can have this color."""
    seen = excluded = 0
    for i in rows:
        for j in keys:
            visible = problem.sees(problem.b, i, j)
            denied = visible and problem.excludes(i, j)
            seen += visible and not denied
            excluded += denied
    first = max(start for start in starts if start <= rows[0])
    last = min(
        [start for start in starts if start > rows[-1]], default=problem.lq
    )
    all_seen = lambda j: all(
        problem.sees(problem.b, i, j) for i in range(first, last)
    )
    nobody = lambda j: not any(
        problem.sees(problem.b, i, j) for i in range(first, last)
    )
    total = len(rows) * len(keys)
    # Plain are only pairs whose tile sees the key, skipped only those whose
    # tile does not. Tiles within a cell only add cases.
    fine = not any(rows[0] < start <= rows[-1] for start in starts)
    most_plain = (
        len(rows) * sum(all_seen(j) for j in keys) if fine else seen
    )
    most_skipped = (
        len(rows) * sum(nobody(j) for j in keys) if fine else total
    )
    unseen = total - seen - excluded
    for plain in range(min(seen, most_plain) + 1):
        for skipped in range(min(unseen, most_skipped) + 1):
            mixed = blend(
                {
                    PLAIN: plain,
                    EDGE: seen - plain,
                    SKIPPED: skipped,
                    MASKED: unseen - skipped,
                    EXCLUDED: excluded,
                }
            )
            if all(abs(m - c) <= 0.51 for m, c in zip(mixed, color)):
                return True
    return False


def check(problem, folder, number):
    flags = problem.write(folder)
    module = folder / "f.mlir"
    outputs = []
    for suffix in ("png", "svg"):
        path = folder / f"f.{suffix}"
        command = ["attn-viz", str(module), "-o", str(path), *flags]
        run = subprocess.run(command, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        outputs.append(run.stdout)
    assert outputs[0] == outputs[1]
    description, _, _, pixels = read_png(folder / "f.png")
    assert len(description["attn-viz"]) == 1
    panel = description["attn-viz"][0]

    def count(b):
        return sum(
            problem.sees(b, i, j)
            for i in range(problem.lq)
            for j in range(problem.lk)
        )

    pairs = count(problem.b)
    every = sum(map(count, range(problem.batch))) * problem.heads
    assert panel["pairs"] == pairs, (panel["pairs"], pairs)
    assert panel["all_pairs"] == every, (panel["all_pairs"], every)
    share = f"{pairs} of {problem.lq * problem.lk} pairs visible"
    assert share in outputs[0], (share, outputs[0])
    assert panel["exact"] and panel["mask"] == (problem.mask is not None)
    assert [panel["seq_len_q"], panel["seq_len_kv"]] == [problem.lq, problem.lk]

    (x0, y0), (width, height) = panel["at"], panel["pixels"]
    (rows, columns), (uq, uk) = panel["cells"], panel["cell"]
    assert (rows - 1) * uq < problem.lq <= rows * uq
    assert (columns - 1) * uk < problem.lk <= columns * uk
    tile = panel["tile"]
    assert tile == (min(problem.tile, problem.lq) if problem.tile else uq)
    svg_description, svg = read_svg(folder / "f.svg")
    assert svg_description == description
    lines = set()
    starts = problem.tiles(tile)
    if tile > 1 and height >= 4:
        lines = {y0 + i * height // uq for i in starts if i > 0}
    known = {}
    for row in range(rows):
        queries = range(row * uq, min((row + 1) * uq, problem.lq))
        y = y0 + row * height
        drawn = [r for r in range(y, y + height) if r not in lines]
        line = pixels[drawn[-1]]
        for r in lines.intersection(range(y, y + height)):
            drawn_line = pixels[r][3 * x0 : 3 * (x0 + columns * width)]
            assert drawn_line == bytes([0x60]) * len(drawn_line), f"no line {r}"
        for r in drawn:
            assert pixels[r][3 * x0 : 3 * (x0 + columns * width)] == (
                line[3 * x0 : 3 * (x0 + columns * width)]
            ), f"row {row} is not one"
        for column in range(columns):
            at = 3 * (x0 + column * width)
            color = tuple(line[at : at + 3])
            cell = bytes(color) * width
            assert line[at : at + 3 * width] == cell, f"cell {row}, {column}"
            assert svg[row][column] == color, f"SVG: cell {row}, {column}"
            keys = range(column * uk, min((column + 1) * uk, problem.lk))
            assert is_possible(problem, starts, queries, keys, color), (
                f"cell {row}, {column} of {tile} queries a tile: {color}"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.seed, args.seed + args.count):
            problem = Problem(random.Random(number), large=number % 10 == 0)
            try:
                check(problem, pathlib.Path(folder), number)
            except AssertionError as error:
                print(f"seed {number}: {error}", file=sys.stderr)
                print((pathlib.Path(folder) / "f.mlir").read_text())
                print(vars(problem))
                return 1
    print(f"{args.count} pictures agree with the definition")
    return 0


if __name__ == "__main__":
    sys.exit(main())
