"""The function of a case: its MLIR, and the shapes of its arguments."""

from cases import BYTES, MODIFIERS

_ALIBI = """score {{
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %slopes[%h] : {slopes}
    %distance = arith.subi %j, %i : index
    %integer = arith.index_cast %distance : index to i32
    %float = arith.sitofp %integer : i32 to f32
    %shift = arith.mulf %slope, %float : f32
    %r = arith.addf %s, %shift : f32
    attn.yield %r : f32
  }}"""


def key_tile(dtype):
    """Keys in a tile of SparQ's second layout, as attn-rewrite-to-sparq chooses."""
    return 4096 // BYTES[dtype]


def shapes(case):
    """[(name, sizes, type)] of the arguments of the function of a case."""
    t, d = case.dtype, case.head_dim
    keys = (case.batch, case.kv_heads, case.seq_kv, d)
    found = [("query", output_sizes(case), t), ("key", keys, t), ("value", keys, t)]
    if case.kind == "sparq":
        tile = key_tile(t)
        tiles = -(-case.seq_kv // tile)
        found.append(("key_t", (case.batch, case.kv_heads, tiles, d, tile), t))
        if case.realloc:
            found.append(("mean", (case.batch, case.kv_heads, d), "f32"))
    if case.modifier == "bias":
        found.append(("bias", (1, case.heads, case.seq_q, case.seq_kv), t))
    if case.modifier == "alibi":
        found.append(("slopes", (case.heads,), "f32"))
    return found


def output_sizes(case):
    return (case.batch, case.heads, case.seq_q, case.head_dim)


def module_text(case, config=None):
    """The function of a case. Batch and lengths are dynamic but those of single
    queries, so that one function serves every length of a table. `config` is the
    text of a #attn.tile_config, or None: the compiler chooses."""
    t, d = case.dtype, case.head_dim
    length = 1 if case.kind in ("decode", "sparq") else "?"
    q = f"tensor<?x{case.heads}x{length}x{d}x{t}>"
    k = f"tensor<?x{case.kv_heads}x?x{d}x{t}>"
    arguments = [("%q", q), ("%k", k), ("%v", k)]
    clauses, region = "", ""
    op = {"sparq": "sparq", "star": "star", "blocks": "block_local"}
    op = op.get(case.kind, "sdpa")
    if case.kind == "sparq":
        keys = f"tensor<?x{case.kv_heads}x?x{d}x{key_tile(t)}x{t}>"
        arguments.append(("%kt", keys))
        clauses = f" rank({case.rank}) top_k({case.top_k})"
        if case.local_window:
            clauses += f" local_window({case.local_window})"
        clauses += f" realloc({'on' if case.realloc else 'off'}) key_t(%kt)"
        if case.realloc:
            arguments.append(("%mean", f"tensor<?x{case.kv_heads}x{d}xf32>"))
            clauses += " value_mean(%mean)"
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
    operands = list(arguments)
    if case.modifier == "alibi":
        slopes = f"tensor<{case.heads}xf32>"
        arguments.append(("%slopes", slopes))  # the region captures it
        region = " " + _ALIBI.format(slopes=slopes)
    signature = ", ".join(f"{name}: {kind}" for name, kind in arguments)
    types = ", ".join(kind for _, kind in operands)
    head = f"func.func @attention({signature}) -> {q} {{\n"
    tail = f"  return %out : {q}\n}}\n"
    if config is None:
        return (
            f"{head}  %out = attn.{op} %q, %k, %v{clauses}{region}\n"
            f"    : ({types}) -> {q}\n{tail}"
        )
    # An op with a destination is what takes a configuration.
    sizes = ["%batch"] + ["%length"] * (length == "?")
    return (
        f"{head}"
        f"  %c0 = arith.constant 0 : index\n"
        f"  %c2 = arith.constant 2 : index\n"
        f"  %batch = tensor.dim %q, %c0 : {q}\n"
        f"  %length = tensor.dim %q, %c2 : {q}\n"
        f"  %init = tensor.empty({', '.join(sizes)}) : {q}\n"
        f"  %out = attn.{op}_step ins(%q, %k, %v{clauses}) outs(%init)\n"
        f"    config(<{config}>){region}\n"
        f"    : ({types}, {q}) -> {q}\n{tail}"
    )
