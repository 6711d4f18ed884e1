#!/usr/bin/env python3
"""Measures how far compiled attention is from the f64 reference.

Runs `attn-run --verify` over types and problems and prints a table of the
error where it comes closest to its bound, and the share of the bound it
takes. --write puts the table into docs/Numerics.md, between its markers.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- measured errors -->", "<!-- end of measured errors -->"
LINE = re.compile(r"verify: result (\d): max error (\S+) \(bound (\S+)\)")

# Name, seq_len_q, seq_len_kv, what scores are multiplied by.
PROBLEMS = [
    ("causal, S = 511", 511, 511, 1),
    ("causal, S = 2048", 2048, 2048, 1),
    ("causal, S = 511, scores x 8", 511, 511, 8),
    ("decode, S = 32767", 1, 32767, 1),
]

# Query and output type, type of key and value.
TYPES = [
    ("f32", "f32"),
    ("f64", "f64"),
    ("f16", "f16"),
    ("bf16", "bf16"),
    ("bf16", "i8"),
    ("bf16", "f8E4M3FN"),
]


def module(query_type, key_type, queries, keys, factor):
    """One group of four query heads, two key heads, lse included."""
    query = f"tensor<1x8x{queries}x64x{query_type}>"
    key = f"tensor<1x2x{keys}x64x{key_type}>"
    lse = f"tensor<1x8x{queries}x{'f64' if query_type == 'f64' else 'f32'}>"
    narrow = query_type != key_type
    # Random i8 take all values alike: one step of 1/64 makes them -2 to 2.
    step = 1 / 64 if key_type == "i8" else 1.0
    scales = "key_scale(%s) value_scale(%s)" if narrow else ""
    types = f"{query}, {key}, {key}"
    scale_type = ", tensor<1x1x1x1xf32>" * 2 if narrow else ""
    constant = (
        f"  %s = arith.constant dense<{step:e}> : tensor<1x1x1x1xf32>\n"
        if narrow
        else ""
    )
    causal = "causal bottom_right"
    return (
        f"func.func @main(%q: {query}, %k: {key}, %v: {key})"
        f" -> ({query}, {lse}) {{\n{constant}"
        f"  %o:2 = attn.sdpa %q, %k, %v scale({factor / 8:e}) {causal} {scales}"
        f" : ({types}{scale_type}) -> ({query}, {lse})\n"
        f"  return %o#0, %o#1 : {query}, {lse}\n}}\n"
    ), [query[7:-1], key[7:-1], key[7:-1]]


def measure(attn_run, text, inputs, seed):
    """(error, bound) of each result."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "module.mlir")
        path.write_text(text)
        command = [attn_run, str(path), "--verify"]
        command += [f"--input={t}=random({seed + n})" for n, t in enumerate(inputs)]
        run = subprocess.run(command, capture_output=True, text=True)
    found = LINE.findall(run.stdout)
    if run.returncode or len(found) != 2:
        sys.exit(f"{' '.join(command)}\n{text}{run.stdout}{run.stderr}")
    return [(float(error), float(bound)) for _, error, bound in found]


def table(attn_run, seeds):
    """The rows of the table, as Markdown."""
    rows = [
        "| query | key, value | problem | output: error | of its bound |"
        " lse: error | of its bound |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for query_type, key_type in TYPES:
        for name, queries, keys, factor in PROBLEMS:
            text, inputs = module(query_type, key_type, queries, keys, factor)
            runs = [measure(attn_run, text, inputs, 10 * s) for s in range(seeds)]
            cells = []
            for result in range(2):
                error, bound = max((r[result] for r in runs), key=lambda p: p[0] / p[1])
                cells += [f"{error:.1e}", f"{error / bound:.1%}"]
            rows.append(
                f"| {query_type} | {key_type} | {name} | " + " | ".join(cells) + " |"
            )
            print(rows[-1], file=sys.stderr, flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--attn-run", default=str(ROOT / "build/bin/attn-run"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = "\n".join(table(options.attn_run, options.seeds))
    if not options.write:
        print(rows)
        return
    path = ROOT / "docs/Numerics.md"
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{rows}\n{END}{after}")


main()
