"""MLIR that the benchmarks of processors and of GPUs share."""


def key_tile(element_bytes):
    """Keys in a tile of SparQ's second layout, as attn-rewrite-to-sparq chooses."""
    return 4096 // element_bytes


# A score region's arguments; f32 scores, as every kernel has them.
_REGION = """ score {{
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
{}
    %r = arith.addf %s, %shift : f32
    attn.yield %r : f32
  }}"""


def alibi(heads):
    """(type of the slopes, score region that reads %slopes)."""
    slopes = f"tensor<{heads}xf32>"
    body = f"""    %slope = tensor.extract %slopes[%h] : {slopes}
    %distance = arith.subi %j, %i : index
    %integer = arith.index_cast %distance : index to i32
    %float = arith.sitofp %integer : i32 to f32
    %shift = arith.mulf %slope, %float : f32"""
    return slopes, _REGION.format(body)


def relative(heads, reach):
    """(type of the table, score region that reads %table): a number for each head
    and distance, that of `reach` for all beyond."""
    table = f"tensor<{heads}x{2 * reach + 1}xf32>"
    body = f"""    %low = arith.constant {-reach} : index
    %high = arith.constant {reach} : index
    %distance = arith.subi %j, %i : index
    %above = arith.maxsi %distance, %low : index
    %within = arith.minsi %above, %high : index
    %at = arith.addi %within, %high : index
    %shift = tensor.extract %table[%h, %at] : {table}"""
    return table, _REGION.format(body)


def sparq(case, element_bytes):
    """(clauses, [(name, type)] of the operands behind query, key and value) of
    attn.sparq with its state as arguments: the keys in their second layout, and the
    mean of the values if it is used."""
    t, d = case.dtype, case.head_dim
    tile = key_tile(element_bytes)
    operands = [("%kt", f"tensor<?x{case.kv_heads}x?x{d}x{tile}x{t}>")]
    clauses = f"rank({case.rank}) top_k({case.top_k})"
    if case.local_window:
        clauses += f" local_window({case.local_window})"
    clauses += f" realloc({'on' if case.realloc else 'off'}) key_t(%kt)"
    if case.realloc:
        operands.append(("%mean", f"tensor<?x{case.kv_heads}x{d}xf32>"))
        clauses += " value_mean(%mean)"
    return clauses, operands
