#!/usr/bin/env python3
"""Runs passes on random attn ops and reports any that crash.

Ops are drawn with every element type, layout, clause and mixture of static and
dynamic sizes; a share of them violates a rule on purpose. attn-opt must accept
the others and must never be killed. A crash is narrowed down to one function,
which is printed with the command.
"""

import argparse
import random
import subprocess
import sys

from fuzz_cases import Case

PIPELINES = [
    [],
    ["--canonicalize", "--cse"],
    ["--convert-attn-to-linalg", "--canonicalize"],
    ["--attn-tile-blockwise=block-size-q={q} block-size-kv={kv}", "--canonicalize"],
    [
        "--attn-tile-blockwise=block-size-q={q} block-size-kv={kv}",
        "--convert-attn-to-linalg",
        "--cse",
    ],
    [
        "--attn-tile-blockwise=block-size-q={q} block-size-kv=-1",
        "--canonicalize",
        "--one-shot-bufferize=bufferize-function-boundaries "
        "function-boundary-type-conversion=identity-layout-map",
        "--convert-attn-to-vector",
    ],
    [
        "--one-shot-bufferize=bufferize-function-boundaries",
        "--convert-attn-to-vector",
    ],
    ["--attn-prepare-dist-merge", "--attn-lower-comm"],
    ["--attn-to-cpu"],
    ["--attn-to-cpu=portable=true"],
    ["--attn-to-cpu=object-abi=true"],
    ["--attn-assign-strategy=strategy={strategy}", "--attn-apply-strategies"],
    ["--attn-rewrite-to-star={star}", "--canonicalize"],
    ["--attn-rewrite-to-star={star}", "--convert-attn-to-linalg"],
    ["--attn-rewrite-to-star={star}", "--attn-to-cpu"],
    ["--attn-rewrite-to-sparq=rank={r} top-k={r} state={state}", "--canonicalize"],
    ["--attn-rewrite-to-sparq=rank=2 top-k={r} state={state}", "--attn-to-cpu"],
    ["--attn-star-distribute", "--canonicalize", "--cse"],
    ["--attn-star-distribute=payload=bf16", "--attn-to-cpu"],
    ["--attn-star-distribute", "--attn-to-cpu=object-abi=true"],
    ["--attn-decompose-sparq", "--canonicalize"],
    ["--attn-decompose-sparq", "--convert-attn-to-linalg", "--cse"],
    ["--attn-batch-block-diagonal=form=batch", "--canonicalize"],
    ["--attn-batch-block-diagonal=form=merge", "--attn-to-cpu"],
    ["--attn-batch-block-diagonal=form=mask", "--convert-attn-to-linalg", "--cse"],
    [
        "--attn-fuse-block-local",
        "--one-shot-bufferize=bufferize-function-boundaries "
        "function-boundary-type-conversion=identity-layout-map",
        "--convert-attn-to-vector",
    ],
    [
        "--attn-fuse-sparq",
        "--one-shot-bufferize=bufferize-function-boundaries "
        "function-boundary-type-conversion=identity-layout-map",
        "--convert-attn-to-vector",
    ],
]


def run(tool, passes, cases):
    text = "// -----\n".join(cases)
    command = [tool, "-", "-o", "/dev/null", "--split-input-file", *passes]
    result = subprocess.run(command, input=text, capture_output=True, text=True)
    # What a shell reports of a killed program, or Python of its own child.
    crashed = result.returncode < 0 or result.returncode > 1
    # What a sanitized tool says before it ends as after any error, or goes on.
    crashed |= "Sanitizer: " in result.stderr or ": runtime error: " in result.stderr
    return crashed, result.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attn-opt", default="attn-opt", help="the tool to use")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    cases = [Case(rng, i % 2 == 1).draw(i) for i in range(options.count)]
    status = 0
    for pipeline in PIPELINES:
        sizes = {
            "q": rng.choice([0, 1, 2]),
            "kv": rng.choice([0, 1, 2, -1]),
            "r": rng.choice([1, 2, 100]),
            "state": rng.choice(["recompute", "args"]),
            "strategy": rng.choice(
                ["dense", "blockwise", "sparq:rank=2,top-k=3", "star:block-size=2"]
            ),
            "star": f"block-size={rng.choice([1, 2, 50])} "
            f"anchor-size={rng.choice([-1, 0, 1, 9])} "
            f"query-size={rng.choice([0, 1, 9])} "
            f"anchor={rng.choice(['first', 'previous'])}",
        }
        passes = [p.format(**sizes) for p in pipeline]
        crashed, log = run(options.attn_opt, passes, cases)
        if crashed:
            status = 1
            culprits = [c for c in cases if run(options.attn_opt, passes, [c])[0]]
            for culprit in culprits[:3] or ["(only together)"]:
                print(f"crash: attn-opt {passes}\n{culprit}", file=sys.stderr)
            continue
        if pipeline:
            continue
        # Every other case breaks no rule on purpose.
        refused = 0
        for number, case in enumerate(cases):
            log = run(options.attn_opt, [], [case])[1]
            refused += bool(log)
            if log and number % 2 == 0:
                print(f"error: refused a correct op\n{log}", file=sys.stderr)
                status = 1
        print(f"{len(cases) - refused} accepted, {refused} refused")
        if refused == 0:
            print("error: no wrong op was refused", file=sys.stderr)
            status = 1
    if status == 0:
        print(f"{len(PIPELINES)} pipelines on {len(cases)} ops: no crash")
    return status


if __name__ == "__main__":
    sys.exit(main())
