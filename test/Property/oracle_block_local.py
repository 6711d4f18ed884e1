"""The Block Transformer's local attention in numpy, f64.

Written from the algorithm, not from the C++. The pattern is one array of what is
visible; the form by blocks never asks it: every block is a problem by itself, its
prefix and its own keys are two parts that are merged.
"""

import numpy as np
from oracle_star import merge, softmax


def block_sizes(case):
    """(rows, keys) of a block."""
    return case.block_len_q or case.block_len, case.block_len


def window_rows(case, i):
    """Where windows of rows i are: a block's first row and key are at the same."""
    size_q, size_kv = block_sizes(case)
    return i + i // size_q * (size_kv - size_q)


def visible(case, others):
    """[batch, num_heads, seq_len_q, keys] of bool, prefixes after the keys.

    `others` is what all modifiers but the blocks let be seen of the keys. Nothing
    but q_len says anything about prefixes.
    """
    size_q, size_kv = block_sizes(case)
    i = np.arange(case.seq_len_q)[:, None] + case.offset_of(2)
    j = np.arange(case.seq_len_kv)[None] + case.offset_of(3)
    own = others & (i // size_q == j // size_kv)
    if not case.prefix_rows:
        return own
    block = i // size_q - case.offset_of(2) // size_q
    is_own_prefix = np.arange(case.prefix_rows)[None] // case.prefix_len == block
    alive = np.array([case.q_len_at(b) for b in range(case.batch)])
    alive = i < alive[:, None, None, None]
    prefix = np.broadcast_to(alive & is_own_prefix, (*own.shape[:3], case.prefix_rows))
    return np.concatenate([own, prefix], axis=3)


def blocks_form(case, inputs, scores, others):
    """(output, lse), every block by itself; no pattern is asked.

    `scores` are (s, value) of all pairs, prefixes last, `others` what all
    modifiers but the blocks let be seen of the keys.
    """
    s, value = scores
    size_q, size_kv = block_sizes(case)
    first_row, first_key = case.offset_of(2), case.offset_of(3)
    output = np.zeros((case.batch, case.num_heads, case.seq_len_q, case.head_dim_v))
    lse = np.full(output.shape[:3], -np.inf)
    blocks = {}
    for i in range(case.seq_len_q):
        blocks.setdefault((i + first_row) // size_q, []).append(i)
    for b, h in np.ndindex(case.batch, case.num_heads):
        for n, (block, rows) in enumerate(blocks.items()):
            alive = np.array(rows) + first_row < case.q_len_at(b)
            none = np.full(len(rows), -np.inf)
            begin = block * size_kv - first_key
            keys = np.arange(max(begin, 0), min(begin + size_kv, case.seq_len_kv))
            parts = [(keys, others[b, h][np.ix_(rows, keys)])]
            if case.prefix_len:
                prefix = np.arange(n * case.prefix_len, (n + 1) * case.prefix_len)
                prefix += case.seq_len_kv
                seen = np.broadcast_to(alive[:, None], (len(rows), prefix.size))
                parts.append((prefix, seen))
            results = [
                softmax(s[b, h][np.ix_(rows, part)], seen, value[b, h][part], none)
                for part, seen in parts
            ]
            if "sinks" in inputs:
                sink = np.where(alive, inputs["sinks"][h], -np.inf)
                results.append((np.zeros((len(rows), case.head_dim_v)), sink))
            output[b, h, rows], lse[b, h, rows] = merge(results)
    return output, lse
