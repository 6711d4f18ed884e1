"""Star Attention in numpy, f64: the pattern, and what hosts compute without it.

Written from the algorithm, not from the C++. The pattern is one array of what is
visible. The hosts' form never asks it: each host runs causal attention over the
anchor and its block. Model is a small transformer, attention only, to see both
through several layers, and the published form's naive variants with them.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Star:
    """Settings; `context_len` per batch entry, None if all rows are context."""

    block_size: int
    anchor_size: int
    anchor: str
    context_len: list


def parameters(case):
    """The Star of a case, of the op or of a strategy; None if it has none."""
    if case.form == "star":
        lengths = [case.context_len_at(b) for b in range(case.batch)]
        size = min(case.anchor_size, case.block_size)
        return Star(case.block_size, size, case.anchor, lengths)
    if case.form != "sdpa" or not case.strategy.startswith("star:"):
        return None
    given = dict(item.split("=") for item in case.strategy[5:].split(","))
    b, a = int(given["block-size"]), int(given.get("anchor-size", -1))
    query = int(given.get("query-size", 0))
    lengths = [None] * case.batch
    if query:
        # The query is the end of each sequence.
        for n in range(case.batch):
            given_len = case.q_len or case.kv_len or [case.seq_len_q]
            length = given_len[n if len(given_len) > 1 else 0]
            lengths[n] = max(length - query, 0)
    return Star(b, b if a < 0 else min(a, b), given.get("anchor", "first"), lengths)


def visible(case):
    """[batch, seq_len_q, keys] of bool: algorithms.md 2.3 at absolute positions.

    Anchors of their own come after the keys; they are what rows of later blocks
    see in place of all keys but those of their block.
    """
    i = np.arange(case.seq_len_q)[:, None] + case.offset_of(2)
    j = np.arange(case.seq_len_kv) + case.offset_of(3)
    j = np.concatenate([j, np.arange(case.anchors)])[None]
    is_extra = np.arange(j.size)[None] >= case.seq_len_kv
    star = parameters(case)
    seen = np.ones((case.batch, case.seq_len_q, j.size), bool)
    if star is None:
        return seen
    b, a = star.block_size, star.anchor_size
    if star.anchor == "first":
        in_anchor = j < a
    else:
        in_anchor = (j // b == i // b - 1) & (j % b < a)
    for n, length in enumerate(star.context_len):
        is_query = np.zeros_like(i, bool) if length is None else i >= length
        own = is_query | (i // b == j // b)
        if case.anchors:
            here = np.where(is_extra, ~own & in_anchor & ~is_query, own)
        else:
            here = own | in_anchor
        seen[n] = here & (j <= i)
    return seen


def host_tokens(star, length):
    """(anchor tokens, own tokens) of each host, by original position."""
    hosts = []
    for begin in range(0, length, star.block_size):
        anchor = []
        if begin:
            first = 0 if star.anchor == "first" else begin - star.block_size
            anchor = list(range(first, first + star.anchor_size))
        own = range(begin, min(begin + star.block_size, length))
        hosts.append((anchor, list(own)))
    return hosts


def softmax(s, seen, value, sink):
    """(rows, lse) of s [rows, keys] where `seen`, a sink or -inf beside it."""
    s = np.where(seen, s, -np.inf)
    top = np.maximum(s.max(axis=1, initial=-np.inf), sink)
    safe = np.where(top == -np.inf, 0, top)
    value = np.where((s != -np.inf).any(axis=0)[:, None], value, 0)
    with np.errstate(all="ignore"):
        p = np.where(s == -np.inf, 0, np.exp(s - safe[:, None]))
        total = p.sum(axis=1) + np.exp(sink - safe)
        rows = np.where(total[:, None] == 0, 0, p @ value / total[:, None])
        return rows, np.where(total == 0, -np.inf, safe + np.log(total))


def merge(parts):
    """Of (rows, lse) over disjoint keys: algorithms.md 0.2."""
    top = np.max([lse for _, lse in parts], axis=0)
    safe = np.where(top == -np.inf, 0, top)
    weights = [np.exp(lse - safe) for _, lse in parts]
    total = np.sum(weights, axis=0)
    rows = sum(w[..., None] * rows for w, (rows, _) in zip(weights, parts))
    with np.errstate(all="ignore"):
        rows = np.where(total[..., None] == 0, 0, rows / total[..., None])
        return rows, np.where(total == 0, -np.inf, safe + np.log(total))


def hosts_form(case, inputs, scores, others, shards):
    """(output, lse) as hosts compute them; no pattern is asked.

    `scores` are (s, value) of all pairs, `others` what all modifiers but the
    pattern and the diagonal let be seen, `shards` the keys of each host in phase
    2, a partition.
    """
    star = parameters(case)
    s, value = scores
    output = np.zeros((case.batch, case.num_heads, case.seq_len_q, case.head_dim_v))
    lse = np.full(output.shape[:3], -np.inf)
    # A token may have a row, a key or both.
    end = max(case.seq_len_q, case.seq_len_kv)
    for b, h in np.ndindex(case.batch, case.num_heads):
        length = star.context_len[b]
        length = end if length is None else min(max(length, 0), end)
        alive = np.arange(case.seq_len_q) < case.q_len_at(b)
        sinks = np.full(case.seq_len_q, -np.inf)
        if "sinks" in inputs:
            sinks[alive] = inputs["sinks"][h]
        for anchor, own in host_tokens(star, length):
            tokens = anchor + own
            rows = [t for t in tokens if t < case.seq_len_q]
            keys = [t for t in tokens if t < case.seq_len_kv]
            causal = np.tri(len(rows), len(keys), dtype=bool)
            seen = causal & others[b, h][np.ix_(rows, keys)]
            result = softmax(
                s[b, h][np.ix_(rows, keys)], seen, value[b, h][keys], sinks[rows]
            )
            kept = slice(len(anchor), None)
            output[b, h, rows[kept]] = result[0][kept]
            lse[b, h, rows[kept]] = result[1][kept]
        rows = np.arange(length, case.seq_len_q)
        if not rows.size:
            continue
        none = np.full(rows.size, -np.inf)
        parts = [(np.zeros((rows.size, case.head_dim_v)), sinks[rows])]
        for keys in shards:
            keys = np.array(keys, int)
            seen = (keys[None] <= rows[:, None]) & others[b, h][np.ix_(rows, keys)]
            parts.append(
                softmax(s[b, h][np.ix_(rows, keys)], seen, value[b, h][keys], none)
            )
        output[b, h, rows], lse[b, h, rows] = merge(parts)
    return output, lse


#
# Several layers
#


def rope(x, positions):
    """Rotated pairs of components; x is [heads, tokens, dim]."""
    half = x.shape[-1] // 2
    angle = np.asarray(positions)[:, None] * 0.3 ** np.arange(half)[None]
    a, b = x[..., :half], x[..., half:]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def causal_attention(q, k, v, seen=None, bias=None):
    """Of [heads, tokens, dim]; a group of heads shares keys."""
    group = q.shape[0] // k.shape[0]
    k, v = np.repeat(k, group, axis=0), np.repeat(v, group, axis=0)
    s = np.einsum("hid,hjd->hij", q, k) / q.shape[-1] ** 0.5
    if seen is None:
        seen = np.tri(*s.shape[1:], k=s.shape[2] - s.shape[1], dtype=bool)
    none = np.full(s.shape[1], -np.inf)
    rows = [softmax(s[h], seen, v[h], none) for h in range(q.shape[0])]
    return np.stack([r for r, _ in rows]), np.stack([lse for _, lse in rows])


class Model:
    """Layers of attention with RoPE and a residual, and random weights."""

    def __init__(self, layers=3, heads=4, kv_heads=2, dim=8, seed=0):
        random = np.random.default_rng(seed)
        self.heads, self.kv_heads, self.dim = heads, kv_heads, dim
        width = heads * dim
        self.embedding = random.standard_normal((200, width))
        scale = width**-0.5
        self.layers = [
            {
                "q": 2 * scale * random.standard_normal((width, width)),
                "k": 2 * scale * random.standard_normal((width, kv_heads * dim)),
                "v": scale * random.standard_normal((width, kv_heads * dim)),
                "o": scale * random.standard_normal((width, width)),
            }
            for _ in range(layers)
        ]

    def embed(self, tokens):
        return self.embedding[np.asarray(tokens, int)]

    def project(self, layer, x, positions):
        """q, k, v of [heads, tokens, dim]."""
        norm = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6)

        def split(name, heads):
            return (norm @ layer[name]).reshape(len(x), heads, self.dim).swapaxes(0, 1)

        q, k = split("q", self.heads), split("k", self.kv_heads)
        v = split("v", self.kv_heads)
        return rope(q, positions), rope(k, positions), v

    def add(self, layer, x, rows):
        """The residual stream after attention gave `rows`."""
        return x + rows.swapaxes(0, 1).reshape(len(x), -1) @ layer["o"]

    def run(self, tokens, positions, attend):
        """(stream, [(k, v) of each layer]) of one sequence."""
        x, caches = self.embed(tokens), []
        for n, layer in enumerate(self.layers):
            q, k, v = self.project(layer, x, positions)
            caches.append((k, v))
            x = self.add(layer, x, attend(q, k, v))
        return x, caches


def only_rows(attend):
    """`attend` without its lse."""
    return lambda *args: attend(*args)[0]


def phase_one(
    model, tokens, star, renumber=False, keep_anchors=False, anchor_block_0=False
):
    """Hosts: (positions, stream of own rows, [(k, v) of each layer]).

    As published, or as one of the naive variants does it: positions counted from
    0 in each host's sequence, anchors kept, an anchor before block 0 as well.
    """
    hosts = []
    for anchor, own in host_tokens(star, len(tokens)):
        if anchor_block_0 and not anchor:
            anchor = list(range(min(star.anchor_size, len(tokens))))
        sequence = anchor + own
        positions = range(len(sequence)) if renumber else sequence
        x, caches = model.run(
            [tokens[t] for t in sequence], positions, only_rows(causal_attention)
        )
        first = 0 if keep_anchors else len(anchor)
        caches = [(k[:, first:], v[:, first:]) for k, v in caches]
        hosts.append((sequence[first:], x[len(anchor) :], caches))
    return hosts


def bottom_right(queries, keys):
    """What the published code lets queries see of a shard, whatever it holds."""
    return np.tri(queries, keys, k=keys - queries, dtype=bool)


def phase_two(model, query, hosts, first, merge_parts=merge, aligned=False):
    """The stream of `query` tokens at positions from `first` on.

    The last host appends them. `aligned` masks every shard as if its last key
    were the last query's.
    """
    positions = np.arange(first, first + len(query))
    x = model.embed(query)
    for n, layer in enumerate(model.layers):
        q, k, v = model.project(layer, x, positions)
        parts = []
        for h, (_, _, caches) in enumerate(hosts):
            keys, values = caches[n]
            seen = np.ones((len(query), keys.shape[1]), bool)
            if h == len(hosts) - 1:
                keys = np.concatenate([keys, k], axis=1)
                values = np.concatenate([values, v], axis=1)
                seen = np.tri(*(len(query), keys.shape[1]), k=seen.shape[1], dtype=bool)
            if aligned:
                seen = bottom_right(len(query), keys.shape[1])
            parts.append(causal_attention(q, keys, values, seen))
        x = model.add(layer, x, merge_parts(parts)[0])
    return x
