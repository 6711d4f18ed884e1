"""The function of a case: its MLIR, and the shapes of its arguments."""

import texts
from cases import BYTES, KV_TYPES, MODIFIERS


def shapes(case):
    """[(name, sizes, type)] of the arguments of the function of a case."""
    t, d = case.dtype, case.head_dim
    kv, rows = KV_TYPES.get(case.kv_dtype, t), (case.batch, case.kv_heads)
    keys = (*rows, case.seq_kv)
    if case.page_size:
        pages = case.seq_kv // case.page_size
        keys = (case.batch * pages, case.kv_heads, case.page_size)
    query = (case.batch, case.heads, case.seq_q, d)
    found = [("query", query, t), ("key", (*keys, d), kv)]
    found.append(("value", (*keys, case.value_dim), kv))
    if case.kind == "sparq":
        tile = texts.key_tile(BYTES[t])
        found.append(("key_t", (*rows, -(-case.seq_kv // tile), d, tile), t))
        if case.realloc:
            found.append(("mean", (*rows, d), "f32"))
    if case.modifier == "bias":
        found.append(("bias", (1, case.heads, case.seq_q, case.seq_kv), t))
    if case.page_size:
        found.append(("length", (case.batch,), "i64"))
    if case.kv_dtype:
        found.append(("key_scale", (*rows, 1, 1), "f32"))
        found.append(("value_scale", (*rows, 1, 1), "f32"))
    if case.page_size:
        found.append(("pages", (case.batch, pages), "i32"))
    # What a score region captures comes last.
    if case.modifier == "alibi":
        found.append(("slopes", (case.heads,), "f32"))
    if case.modifier == "relative":
        found.append(("table", (case.heads, 2 * MODIFIERS["relative"] + 1), "f32"))
    return found


def output_sizes(case):
    return (case.batch, case.heads, case.seq_q, case.value_dim)


def module_text(case, config=None):
    """The function of a case. Batch and lengths are dynamic but those of single
    queries, so that one function serves every length of a table. `config` is the
    text of a #attn.tile_config, or None: the compiler chooses."""
    t, d, dv = case.dtype, case.head_dim, case.value_dim
    kv, rows = KV_TYPES.get(case.kv_dtype, t), f"?x{case.kv_heads}x?"
    if case.page_size:
        rows = f"?x{case.kv_heads}x{case.page_size}"
    length = 1 if case.kind in ("decode", "sparq") else "?"
    q, out = (f"tensor<?x{case.heads}x{length}x{n}x{t}>" for n in (d, dv))
    arguments = [("%q", q), ("%k", f"tensor<{rows}x{d}x{kv}>")]
    arguments.append(("%v", f"tensor<{rows}x{dv}x{kv}>"))
    clauses, region, captured = "", "", []
    op = {"sparq": "sparq", "star": "star", "blocks": "block_local"}
    op = op.get(case.kind, "sdpa")
    if case.kind == "sparq":
        clauses, state = texts.sparq(case, BYTES[t])
        clauses = " " + clauses
        arguments += state
    elif case.modifier == "window":
        clauses = f" window({MODIFIERS['window']}, 0)"
    elif case.causal:
        clauses = " causal"
    if case.kind == "star":
        clauses += f" block_size({case.block_size}) anchor_size({case.anchor_size})"
    if case.kind == "blocks":
        clauses += f" block_len({case.block_len})"
    if case.modifier == "softcap":
        clauses += f" softcap({MODIFIERS['softcap']}.0)"
    if case.modifier == "bias":
        arguments.append(("%bias", f"tensor<1x{case.heads}x?x?x{t}>"))
        clauses += " bias(%bias)"
    if case.page_size:
        arguments.append(("%length", "tensor<?xi64>"))
        clauses += " kv_len(%length)"
    if case.kv_dtype:
        scale = f"tensor<?x{case.kv_heads}x1x1xf32>"
        arguments += [("%key_scale", scale), ("%value_scale", scale)]
        clauses += " key_scale(%key_scale) value_scale(%value_scale)"
    if case.page_size:
        arguments.append(("%pages", "tensor<?x?xi32>"))
        clauses += " page_table(%pages)"
    if case.modifier == "alibi":
        kind, region = texts.alibi(case.heads)
        captured.append(("%slopes", kind))
    if case.modifier == "relative":
        kind, region = texts.relative(case.heads, MODIFIERS["relative"])
        captured.append(("%table", kind))
    signature = ", ".join(f"{name}: {kind}" for name, kind in arguments + captured)
    types = ", ".join(kind for _, kind in arguments)
    head = f"func.func @attention({signature}) -> {out} {{\n"
    tail = f"  return %out : {out}\n}}\n"
    if config is None:
        return (
            f"{head}  %out = attn.{op} %q, %k, %v{clauses}{region}\n"
            f"    : ({types}) -> {out}\n{tail}"
        )
    # An op with a destination is what takes a configuration.
    sizes = ["%batch"] + ["%rows"] * (length == "?")
    return (
        f"{head}"
        f"  %c0 = arith.constant 0 : index\n"
        f"  %c2 = arith.constant 2 : index\n"
        f"  %batch = tensor.dim %q, %c0 : {q}\n"
        f"  %rows = tensor.dim %q, %c2 : {q}\n"
        f"  %init = tensor.empty({', '.join(sizes)}) : {out}\n"
        f"  %out = attn.{op}_step ins(%q, %k, %v{clauses}) outs(%init)\n"
        f"    config(<{config}>){region}\n"
        f"    : ({types}, {out}) -> {out}\n{tail}"
    )
