"""Writes attention ops with random structure for test-attn-key-ranges."""

import argparse
import random


def case(rng, number):
    batch = rng.choice([1, 2, 3])
    len_q = rng.choice([0, 1, 2, 3, 4, 5, 6, 6])
    len_kv = rng.choice([0, 1, 3, 4, 5, 6, 7, 8])
    bshd = rng.random() < 0.3
    paged = rng.random() < 0.15 and len_kv > 0
    star = rng.random() < 0.4
    local = not star and rng.random() < 0.5
    step = local and rng.random() < 0.5

    def shape(length):
        return f"{batch}x{length}x1x4" if bshd else f"{batch}x1x{length}x4"

    query = f"tensor<{shape(len_q)}xf32>"
    key = f"tensor<{shape(len_kv)}xf32>"
    lines, arguments, clauses, types = [], [f"%q: {query}"], [], [query]
    if paged:
        pages = rng.choice([1, 2, 3])
        page = "2x1" if bshd else "1x2"
        key = f"tensor<9x{page}x4xf32>"
        arguments.append(f"%table: tensor<{batch}x{pages}xi32>")
        len_kv = 2 * pages
    arguments.append(f"%k: {key}")
    types += [key, key]

    def constant(name, type_, value):
        lines.append(f"  %{name} = arith.constant {value} : {type_}")

    def lengths(name, low, high):
        count = rng.choice([1, batch])
        values = [rng.randint(low, high) for _ in range(count)]
        constant(name, f"tensor<{count}xi64>", f"dense<{values}>")
        clauses.append(f"{name}(%{name})")
        types.append(f"tensor<{count}xi64>")

    window = rng.choice(["", "causal", "window", "window", "window"])
    if star:
        window = "causal"
    if local and not step:
        window = rng.choice(["", "causal"])
    if window == "window":
        side = [-1, 0, 1, 2, 4, 100, 2**48]
        clauses.append(f"window({rng.choice(side)}, {rng.choice(side)})")
    elif window:
        clauses.append(window)

    tile = rng.random() < 0.4
    position = rng.choice(["none", "bottom_right", "index", "batch"])
    if star or local or (tile and position == "bottom_right"):
        position = "index" if step and position == "index" else "none"
    if position == "bottom_right":
        clauses.append("bottom_right")
    elif position == "index":
        constant("causal_offset", "index", rng.randint(-4, 5))
        clauses.append("causal_offset(%causal_offset)")
        types.append("index")
    elif position == "batch":
        lengths("causal_offset", -4, 5)
    # Tiles start anywhere; lengths are absolute, also negative or too long.
    if rng.random() < 0.5:
        lengths("kv_len", -1, len_kv + 6)
    if rng.random() < 0.4:
        lengths("q_len", -1, len_q + 6)
    if paged:
        clauses.append("page_table(%table)")
        types.append(f"tensor<{batch}x{pages}xi32>")
    if tile:
        for axis, high in (("b", 0), ("h", 3), ("i", 5), ("j", 5)):
            constant(f"off_{axis}", "index", rng.randint(0, high))
        clauses.append("offsets(%off_b, %off_h, %off_i, %off_j)")
        types += ["index"] * 4
    if bshd:
        clauses.append("layout(bshd)")
    if star:
        clauses += star_clauses(rng, lengths, len_q)
        if rng.random() < 0.2 and not paged and "previous" not in clauses[-1]:
            clauses.append("anchors(%k, %k)")
            # Enough of them: anchor_size is clamped to the block.
            clauses[-2] = f"anchor_size({rng.randint(0, len_kv)})"
            types += [key, key]
    if local:
        size = rng.choice([1, 2, 3, 4, 9])
        clauses.append(f"block_len({size})")
        rows = rng.choice([1, 2, 3, 4, 9])
        if step and not tile and -(-len_q // rows) == -(-len_kv // size):
            clauses.append(f"block_len_q({rows})")
    op = "star" if star else "block_local" if local else "sdpa"
    if step:
        arguments.append(f"%o: {query}")
        lines.append(
            f"  %out = attn.block_local_step ins(%q, %k, %k {' '.join(clauses)})\n"
            f"    outs(%o) : ({', '.join([*types, query])}) -> {query}"
        )
    else:
        lines.append(
            f"  %out = attn.{op} %q, %k, %k {' '.join(clauses)}\n"
            f"    : ({', '.join(types)}) -> {query}"
        )
    body = "\n".join(lines)
    return (
        f"func.func @case_{number}({', '.join(arguments)}) {{\n"
        f"{body}\n  return\n}}\n"
    )


def star_clauses(rng, lengths, len_q):
    clauses = []
    if rng.random() < 0.6:
        lengths("context_len", -1, len_q + 6)
    clauses.append(f"block_size({rng.choice([1, 2, 3, 4, 9])})")
    clauses.append(f"anchor_size({rng.choice([0, 1, 2, 3, 5])})")
    if rng.random() < 0.3:
        clauses.append("anchor(previous)")
    return clauses


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for number in range(options.count):
        print(case(rng, number))


main()
