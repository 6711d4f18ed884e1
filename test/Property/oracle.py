"""Attention in numpy, f64: written from the contract, not from the C++."""

import numpy as np
import oracle_block_local
import oracle_star

KV = ("key", "value")


def keys_and_values(case, inputs):
    """Logical K and V, [batch, num_kv_heads, seq_len_kv, dim], in f64."""
    key, value = (np.asarray(inputs[n], np.float64) for n in KV)
    if case.layout == "bshd":
        key, value = key.transpose(0, 2, 1, 3), value.transpose(0, 2, 1, 3)
    if case.page_size:
        table = np.asarray(inputs["page_table"])
        found = []
        for pool in (key, value):
            logical = np.zeros(
                (case.batch, case.num_kv_heads, case.seq_len_kv, pool.shape[3])
            )
            for b in range(case.batch):
                for j in range(case.kv_len_at(b) - case.offset_of(3)):
                    page = table[b, j // case.page_size]
                    logical[b, :, j] = pool[page, :, j % case.page_size]
            found.append(logical)
        key, value = found
    if "key_scale" in inputs:
        key = key * inputs["key_scale"]
    if "value_scale" in inputs:
        value = value * inputs["value_scale"]
    for extra in ("anchor", "prefix"):
        if f"{extra}_key" not in inputs:
            continue
        more = [np.asarray(inputs[f"{extra}_{n}"], np.float64) for n in KV]
        if case.layout == "bshd":
            more = [x.transpose(0, 2, 1, 3) for x in more]
        key, value = (np.concatenate(pair, axis=2) for pair in zip((key, value), more))
    return key, value


def key_positions(case):
    """Where the keys lie, anchors of their own after the others."""
    keys = np.arange(case.seq_len_kv) + case.offset_of(3)
    return np.concatenate([keys, np.arange(case.anchors)])


def visible(case, inputs):
    """[batch, num_heads, seq_len_q, keys] of bool; scores aside."""
    i = np.arange(case.seq_len_q)[:, None] + case.offset_of(2)
    j = key_positions(case)[None, :]
    shape = (case.batch, case.num_heads, case.seq_len_q, j.size)
    seen = np.ones(shape, bool)
    left, right = case.window
    for b in range(case.batch):
        kv_len, q_len = case.kv_len_at(b), case.q_len_at(b)
        delta = case.delta_at(b)
        here = (j < kv_len) & (i < q_len)
        center = oracle_block_local.window_rows(case, i) + delta
        if left >= 0:
            here = here & (j >= center - left)
        if right >= 0:
            here = here & (j <= center + right)
        seen[b] = here
    seen &= oracle_star.visible(case)[:, None]
    if "mask" in inputs:
        seen &= np.asarray(inputs["mask"]) != 0
    if case.form.startswith("block_local"):
        seen = oracle_block_local.visible(case, seen)
    return seen


def scores(case, inputs, components=None):
    """Scores before the mask, and the logical values.

    `components`, [batch, num_kv_heads, head_dim], says which ones are read.
    """
    query = np.asarray(inputs["query"], np.float64)
    if case.layout == "bshd":
        query = query.transpose(0, 2, 1, 3)
    key, value = keys_and_values(case, inputs)
    if components is not None:
        key = np.where(components[:, :, None], key, 0)
    key, value = (np.repeat(x, case.group, axis=1) for x in (key, value))
    s = np.einsum("bhid,bhjd->bhij", query, key)
    if "dynamic_scale" in inputs:
        s = s * inputs["dynamic_scale"]
    else:
        s = s * (case.scale if case.scale is not None else case.head_dim**-0.5)
    if case.softcap:
        s = case.softcap * np.tanh(s / case.softcap)
    if "bias" in inputs:
        s = s + inputs["bias"]
    b, h, i, j = np.ogrid[tuple(slice(n) for n in s.shape)]
    h, i = h + case.offset_of(1), i + case.offset_of(2)
    j = key_positions(case)[None, None, None]
    if case.score == "add":
        s = s + 3.5
    elif case.score == "alibi":
        s = s + (j - i) * (h * 0.0625)
    elif case.score == "parity":
        s = np.where((i + j) % 2 == 1, -np.inf, s)
    elif case.score == "slopes":
        s = s + (j - i) * inputs["slopes"][h]
    elif case.score == "documents":
        same = inputs["documents_q"][i] == inputs["documents_kv"][j]
        s = np.where(same, s, -np.inf)
    return s, value


def weighted_sums(p, seen, value):
    """p times value; what a row does not see is not multiplied by its 0."""
    if np.isfinite(value).all():
        return np.einsum("bhij,bhjd->bhid", p, value)
    sums = np.empty((*p.shape[:3], value.shape[3]))
    for b, h, i in np.ndindex(*p.shape[:3]):
        here = seen[b, h, i]
        sums[b, h, i] = p[b, h, i, here] @ value[b, h, here]
    return sums


def attention(case, inputs):
    """(output, lse, largest |score|), output in [b, h, s, d] order."""
    with np.errstate(all="ignore"):
        s, value = scores(case, inputs)
        seen = visible(case, inputs)
        s = np.where(seen, s, -np.inf)
        finite = np.abs(s[np.isfinite(s)])
        largest = finite.max() if finite.size else 0.0
        # What no row sees does not exist.
        seen_at_all = (s != -np.inf).any(axis=2)
        value = np.where(seen_at_all[..., None], value, 0)
        sink = np.full(s.shape[:3], -np.inf)
        if "sinks" in inputs:
            sink = np.broadcast_to(inputs["sinks"][None, :, None], sink.shape)
            # attn.finalize knows no q_len.
            if case.form in ("sdpa", "star", "block_local"):
                alive = np.array([case.q_len_at(b) for b in range(case.batch)])
                rows = np.arange(case.seq_len_q) + case.offset_of(2)
                alive = rows[None, None, :] < alive[:, None, None]
                sink = np.where(alive, sink, -np.inf)
        top = np.maximum(s.max(axis=3, initial=-np.inf), sink)
        safe = np.where(top == -np.inf, 0, top)
        p = np.where(s == -np.inf, 0, np.exp(s - safe[..., None]))
        total = p.sum(axis=3) + np.exp(sink - safe)
        output = weighted_sums(p, s != -np.inf, value) / total[..., None]
        output = np.where((total == 0)[..., None], 0, output)
        lse = np.where(total == 0, -np.inf, safe + np.log(total))
        return output, np.where(np.isposinf(top), np.nan, lse), largest
