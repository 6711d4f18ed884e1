"""Checks what `attn-run --benchmark` counts of loads, on decode steps.

Dense attention reads keys and values once; SparQ reads what algorithm 1 of the
paper says, S*r + 2*k*d + 4*d elements a key head, and the queries. Counts do not
depend on the machine's speed.
"""

import itertools
import re
import subprocess
import sys
import tempfile

TILE = 256
BYTES = {"f32": 4, "f16": 2, "bf16": 2}


def module(op, group, heads, dim, element, clauses, state):
    """A decode step with dynamic length; `state`: key_t and value_mean."""
    q = f"tensor<?x{group * heads}x1x{dim}x{element}>"
    kv = f"tensor<?x{heads}x?x{dim}x{element}>"
    kt = f"tensor<?x{heads}x?x{dim}x{TILE}x{element}>"
    mean = f"tensor<?x{heads}x{dim}xf32>"
    arguments = [("q", q), ("k", kv), ("v", kv)]
    if state:
        arguments += [("kt", kt), ("m", mean)]
        clauses += " key_t(%kt) value_mean(%m)"
    types = ", ".join(t for _, t in arguments)
    arguments = ", ".join(f"%{n}: {t}" for n, t in arguments)
    return (
        f"func.func @f({arguments}) -> {q} {{\n  %o = {op} %q, %k, %v {clauses}"
        f" : ({types}) -> {q}\n  return %o : {q}\n}}\n"
    )


def loads(text, inputs, threads):
    """Megabytes by argument, and of all as a share of the counted bytes."""
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as file:
        file.write(text)
        file.flush()
        out = subprocess.run(
            ["attn-run", file.name, "--benchmark=1", f"--threads={threads}"]
            + [f"--input={i}" for i in inputs],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=500,
        ).stdout
    found = dict(re.findall(r"^loads of (\w+) +([\d.]+)", out, re.M))
    assert found, out
    return {name: float(value) * 1e6 for name, value in found.items()}, out


def check(what, value, least, most):
    least *= 0.999  # The table has three digits behind the point.
    print(f"{what}: {value:.0f}, expected {least:.0f} to {most:.0f}")
    if not least <= value <= most:
        sys.exit(f"{what}: out of bounds")


def passes(heads):
    """Times that a tile of keys is loaded, all but the first from the first-level
    cache: more heads than registers hold take turns at it."""
    return 1 if heads <= 2 else 2


def check_dense(batch, group, heads, dim, element, length, threads):
    size = BYTES[element]
    inputs = [f"{batch}x{group * heads}x1x{dim}x{element}=random(1)"]
    inputs += [f"{batch}x{heads}x{length}x{dim}x{element}=random({i})" for i in (2, 3)]
    got, _ = loads(
        module("attn.sdpa", group, heads, dim, element, "", False), inputs, threads
    )
    kv = batch * heads * length * dim * size
    name = f"dense {element} group {group} length {length}"
    check(name + " k", got["k"], kv, 1.05 * passes(group) * kv)
    check(name + " v", got["v"], kv, 1.05 * passes(group) * kv)


def check_sparq(batch, group, heads, dim, element, length, threads, realloc):
    rank, top_k = dim // 4, 128
    size = BYTES[element]
    tiles = -(-length // TILE)
    inputs = [f"{batch}x{group * heads}x1x{dim}x{element}=random(1)"]
    inputs += [f"{batch}x{heads}x{length}x{dim}x{element}=random({i})" for i in (2, 3)]
    inputs += [
        f"{batch}x{heads}x{tiles}x{dim}x{TILE}x{element}=random(4)",
        f"{batch}x{heads}x{dim}xf32=random(5)",
    ]
    clauses = f"rank({rank}) top_k({top_k}) local_window(32) realloc({realloc})"
    got, out = loads(
        module("attn.sparq", group, heads, dim, element, clauses, True),
        inputs,
        threads,
    )
    name = f"sparq {element} group {group} length {length} realloc {realloc}"
    formula = length * rank + 2 * top_k * dim + 4 * dim + group * dim
    formula *= size * batch * heads
    check(name, got["all"], length * rank * size, 1.2 * passes(group / 2) * formula)
    # The chosen rows once each, whatever reads them.
    rows = batch * heads * top_k * dim * size
    check(name + " k", got["k"], rows, 1.2 * passes(group / 2) * rows)
    check(name + " v", got["v"], rows, 1.2 * passes(group / 2) * rows)
    has_mean = realloc == "on" or (realloc == "auto" and group == 1)
    if has_mean != ("m" in got):
        sys.exit(f"{name}: value_mean is read if and only if it has a weight\n{out}")


def main():
    part = sys.argv[1]
    if part == "dense":
        for group, element in itertools.product((1, 4, 8), BYTES):
            check_dense(1, group, 2, 128, element, 16 * 1024 + 37, 1)
        check_dense(3, 4, 2, 64, "f16", 5001, 2)
    else:
        for (group, element), realloc in zip(
            itertools.product((1, 4, 8), BYTES), itertools.cycle(("auto", "off", "on"))
        ):
            check_sparq(1, group, 2, 128, element, 32 * 1024 - 5, 1, realloc)
        check_sparq(2, 4, 1, 64, "f16", 16 * 1024 + 1, 2, "on")
        check_sparq(1, 1, 1, 128, "bf16", 16 * 1024 + 255, 2, "off")


if __name__ == "__main__":
    main()
