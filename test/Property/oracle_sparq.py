"""SparQ attention in numpy, f64: written from the algorithm, not from the C++."""

import numpy as np
import oracle


def options(case):
    """The strategy's settings, defaults filled in."""
    given = dict(
        item.split("=") for item in case.strategy.partition(":")[2].split(",") if item
    )
    top_k = int(given.get("top-k", 128))
    local = int(given.get("local-window", -1))
    realloc = given.get("realloc", "auto")
    return {
        "rank": int(given.get("rank", 32)),
        "top_k": top_k,
        "local": min(local if local >= 0 else top_k // 4, top_k),
        "realloc": realloc == "on" or (realloc == "auto" and case.group == 1),
        "reduce": given.get("group-reduce", "prob"),
        "layout": given.get("layout", "twice"),
    }


def largest(values, count):
    """(indices of the count largest, ascending; how well they are separated)."""
    keys = [(not np.isnan(x), -x if not np.isnan(x) else 0.0) for x in values]
    order = sorted(
        (i for i in range(len(values)) if values[i] != -np.inf),
        key=lambda i: (keys[i], i),
    )
    margin = np.inf
    if len(order) > count:
        a, b = values[order[count - 1]], values[order[count]]
        if np.isfinite(a) and np.isfinite(b) and a != b:
            margin = (a - b) / max(abs(a), abs(b))
    return sorted(order[:count]), margin


def structural_end(case, inputs, b):
    """One more than the last key that structure lets the query see."""
    bare = {n: x for n, x in inputs.items() if n != "mask"}
    seen = oracle.visible(case, bare)[b, 0, 0]
    return int(np.flatnonzero(seen)[-1]) + 1 if seen.any() else 0


def choose(case, inputs):
    """(approximate scores, chosen keys of (b, kv head), visible ones, margin)."""
    o = options(case)
    query = np.asarray(inputs["query"], np.float64)
    heads_first = query.transpose(0, 2, 1, 3) if case.layout == "bshd" else query
    chosen_query = np.zeros_like(heads_first)
    margin = np.inf
    read = np.zeros((case.batch, case.num_kv_heads, case.head_dim), bool)
    for b in range(case.batch):
        for n in range(case.num_kv_heads):
            group = slice(n * case.group, (n + 1) * case.group)
            q = heads_first[b, group, 0]
            channels, gap = largest(np.abs(q).sum(axis=0), o["rank"])
            margin = min(margin, gap)
            read[b, n, channels] = True
            for g in range(case.group):
                total, some = np.abs(q[g]).sum(), np.abs(q[g, channels]).sum()
                factor = 0.0 if some == 0 else np.sqrt(total / some)
                row = chosen_query[b, n * case.group + g, 0]
                row[channels] = q[g, channels] * factor
    if case.layout == "bshd":
        chosen_query = chosen_query.transpose(0, 2, 1, 3)
    z, _ = oracle.scores(case, {**inputs, "query": chosen_query}, read)
    z = np.where(oracle.visible(case, inputs), z, -np.inf)[:, :, 0]
    shift = z.max(axis=2, initial=-np.inf)
    shift = np.where(shift == -np.inf, 0, shift)[..., None]
    powers = np.where(z == -np.inf, 0, np.exp(z - shift))
    sums = powers.sum(axis=2, keepdims=True)
    weights = np.where(z == -np.inf, 0, powers / np.where(sums == 0, 1, sums))
    keys, counts = {}, {}
    for b in range(case.batch):
        end = structural_end(case, inputs, b)
        for n in range(case.num_kv_heads):
            group = slice(n * case.group, (n + 1) * case.group)
            seen = (z[b, group] != -np.inf).any(axis=0)
            if case.group == 1:
                u = z[b, n].copy()
            elif o["reduce"] == "prob":
                u = weights[b, group].sum(axis=0)
            else:
                u = np.where(z[b, group] == -np.inf, 0, z[b, group]).sum(axis=0)
            u = np.where(seen, u, -np.inf)
            new = np.arange(len(u))
            new = (new >= end - o["local"]) & (new < end) & seen
            u[new] = np.inf
            keys[b, n], gap = largest(u, o["top_k"])
            counts[b, n] = int(seen.sum())
            margin = min(margin, gap)
    return weights, z, keys, counts, margin


def attention(case, inputs):
    """(output in [b, h, s, d] order, largest |score|, margin of the choices)."""
    o = options(case)
    with np.errstate(all="ignore"):
        weights, z, keys, counts, margin = choose(case, inputs)
        s, value = oracle.scores(case, inputs)
        s = np.where(oracle.visible(case, inputs), s, -np.inf)[:, :, 0]
        finite = np.abs(s[np.isfinite(s)])
        top = finite.max() if finite.size else 0.0
        shape = (case.batch, case.num_heads, 1, case.head_dim_v)
        output = np.zeros(shape)
        for b in range(case.batch):
            for h in range(case.num_heads):
                n = h // case.group
                i2 = keys[b, n]
                exact = s[b, h, i2]
                row = np.zeros(case.head_dim_v)
                used = [j for j, x in zip(i2, exact) if x != -np.inf]
                if used:
                    p = np.exp(s[b, h, used] - s[b, h, used].max())
                    row = p @ value[b, h, used] / p.sum()
                alpha = min(weights[b, h, i2].sum(), 1.0)
                if counts[b, n] <= o["top_k"]:
                    alpha = 1.0
                seen = z[b, h] != -np.inf
                if o["realloc"] and alpha != 1.0 and seen.any():
                    if "value_mean" in inputs:
                        mean = inputs["value_mean"][b, n]
                    else:
                        mean = value[b, h][seen].mean(axis=0)
                    row = alpha * row + (1 - alpha) * mean
                if not seen.any():
                    row = np.zeros(case.head_dim_v)
                elif np.isnan(z[b, h]).any() or (z[b, h] == np.inf).any():
                    # Whether or not such a key was among the chosen.
                    row = np.full(case.head_dim_v, np.nan)
                output[b, h, 0] = row
        return output, top, margin
