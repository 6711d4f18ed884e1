"""SparQ attention: its arrays, and its definition in f64."""

import glob
import math
import re

import numpy as np

from shapes import (
    DTYPES,
    OUTLIER_EVERY,
    OUTLIER_FACTOR,
    Inputs,
    empty,
    to_bf16,
    widen,
)
from texts import key_tile

# A choice is decided when the last one chosen and the first one left out are so
# far apart, scores absolutely and sums of weights relatively (which is the same
# for scores): no rounding of f32 turns it round.
MARGIN = 1e-5
# How far below the right ones a peer may choose, as it rounds scores to its type.
CHOICE_GAPS = {"f32": 1e-4, "f16": 1e-2, "bf16": 5e-2}
# What is read once must not be found in the last cache the next time.
CACHES = 4
MAX_LAYERS = 256
MAX_BYTES = 8 << 30


class WrongChoice(Exception):
    """A peer chose what it should not; the message says what."""


def last_cache_bytes():
    """The last cache of a processor; 32 MiB where the system does not say."""
    found = [32 << 20]
    for path in glob.glob("/sys/devices/system/cpu/cpu0/cache/index*/size"):
        with open(path) as file:
            match = re.fullmatch(r"(\d+)([KM]?)", file.read().strip())
        if match:
            found.append(int(match[1]) << {"": 0, "K": 10, "M": 20}[match[2]])
    return max(found)


def count_layers(case):
    """So many layers that a turn through them reads CACHES times the last cache."""
    dense = case.dense_case()
    least = min(case.kv_bytes(), dense.kv_bytes())
    wanted = math.ceil(CACHES * last_cache_bytes() / least)
    # K and V, and K once more for us and once more for a peer.
    possible = MAX_BYTES // (2 * dense.kv_bytes())
    return max(min(wanted, MAX_LAYERS, possible), 1)


def transpose_keys(key, dtype):
    """Keys channel by channel in tiles; 0 past the end."""
    b, h, s, d = key.shape
    tile = key_tile(DTYPES[dtype])
    tiles = -(-s // tile)
    result = empty((b, h, tiles, d, tile), key.dtype)
    whole = s // tile
    for i in range(b):
        for n in range(h):
            rows = key[i, n, : whole * tile].reshape(whole, tile, d)
            result[i, n, :whole] = rows.swapaxes(1, 2)
            if whole < tiles:
                rest = key[i, n, whole * tile :]
                result[i, n, whole, :, : len(rest)] = rest.T
    return result


def value_means(value, dtype):
    """The mean over all keys, f32 [batch, kv_heads, head_dim]."""
    b, h, _, d = value.shape
    result = empty((b, h, d), np.float32)
    for i in range(b):
        for n in range(h):
            result[i, n] = widen(value[i, n], dtype).mean(axis=0, dtype=np.float64)
    return result


def largest(values, count, unit=None):
    """(indices of the count largest, the lowest first where values are equal;
    margin to the next one in `unit`s, infinite where that is equal: the rule
    decides, not rounding)."""
    if len(values) <= count:
        return np.arange(len(values)), np.inf
    last = -np.partition(-values, count - 1)[count - 1]
    above = np.flatnonzero(values > last)
    equal = np.flatnonzero(values == last)
    chosen = np.sort(np.concatenate([above, equal[: count - len(above)]]))
    if len(above) + len(equal) > count or not np.isfinite(last):
        return chosen, np.inf
    next_one = values[values < last].max()
    return chosen, (last - next_one) / (unit or max(abs(last), abs(next_one)))


class SparqInputs(Inputs):
    """Arrays of all layers, one after another on the batch axis, and the state
    that SparQ keeps of them."""

    def __init__(self, case):
        self.layers = count_layers(case)
        super().__init__(case)
        if case.values == "outliers":
            for array in (self.query, self.key):
                part = array[..., ::OUTLIER_EVERY]
                wide = widen(part, case.dtype) * np.float32(OUTLIER_FACTOR)
                part[...] = to_bf16(wide) if case.dtype == "bf16" else wide
        self.key_t = transpose_keys(self.key, case.dtype)
        self.key_rows = None
        self.mean = value_means(self.value, case.dtype) if case.realloc else None

    def operands(self, case):
        found = super().operands(case)
        if case.kind == "sparq":
            found.append((self.key_t, case.dtype))
            if self.mean is not None:
                found.append((self.mean, "f32"))
        return found

    def transposed_keys(self):
        """Keys channel by channel without tiles, as peers take them."""
        if self.key_rows is None:
            b, h, tiles, d, tile = self.key_t.shape
            self.key_rows = empty((b, h, d, self.case.seq_kv), self.key_t.dtype)
            for i in range(b):
                whole = self.key_t[i].swapaxes(1, 2).reshape(h, d, tiles * tile)
                self.key_rows[i] = whole[..., : self.case.seq_kv]
        return self.key_rows

    def group_query(self, b, n):
        """The queries of a key head in f64, [group, head_dim]."""
        case = self.case
        heads = slice(n * case.group, (n + 1) * case.group)
        query = widen(np.ascontiguousarray(self.query[b, heads, 0]), case.dtype)
        return query.astype(np.float64)

    def approximate(self, b, n, channels=None):
        """(weights of the group by the chosen channels, [group, seq_kv]; what the
        choice of keys goes by; margin of the choice of channels)."""
        case = self.case
        q = self.group_query(b, n)
        best, margin = largest(np.abs(q).sum(axis=0), case.rank)
        channels = best if channels is None else channels
        keys = np.ascontiguousarray(self.key[b, n][:, channels])
        keys = widen(keys, case.dtype).astype(np.float64)
        some, every = np.abs(q[:, channels]).sum(axis=1), np.abs(q).sum(axis=1)
        tau = np.sqrt(case.head_dim * some / every)
        z = (q[:, channels] @ keys.T) / tau[:, None]
        weights = np.exp(z - z.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        u = z[0].copy() if case.group == 1 else weights.sum(axis=0)
        if case.local_window:
            u[-case.local_window :] = np.inf
        return weights, u, margin

    def attend(self, b, n, weights, chosen):
        """The output of the group for these chosen keys, [group, head_dim]."""
        case = self.case
        q = self.group_query(b, n)
        key, value = (
            widen(np.ascontiguousarray(a[b, n][chosen]), case.dtype).astype(np.float64)
            for a in (self.key, self.value)
        )
        s = q @ key.T * case.head_dim**-0.5
        p = np.exp(s - s.max(axis=1, keepdims=True))
        out = p @ value / p.sum(axis=1, keepdims=True)
        if case.realloc:
            alpha = weights[:, chosen].sum(axis=1, keepdims=True)
            out = alpha * out + (1 - alpha) * self.mean[b, n].astype(np.float64)
        return out

    def sparq_rows(self, count=3):
        """As reference_rows, by SparQ: of `count` key heads whose choices no
        rounding of f32 can turn round."""
        case = self.case
        random = np.random.default_rng(17)
        last = (self.batch - 1, case.kv_heads - 1)
        heads = [(0, 0), last]
        # Peers are looked at in the first layer only.
        for limit in (case.batch, self.batch):
            heads += [
                (int(random.integers(limit)), int(random.integers(case.kv_heads)))
                for _ in range(10)
            ]
        result, taken = [], 0
        for b, n in dict.fromkeys(heads):
            weights, u, channel_margin = self.approximate(b, n)
            chosen, margin = largest(u, case.top_k, 1.0 if case.group == 1 else None)
            if min(margin, channel_margin) < MARGIN:
                continue
            out = self.attend(b, n, weights, chosen)
            for g in range(case.group):
                result.append((b, n * case.group + g, 0, out[g]))
            taken += 1
            if taken == count:
                break
        return result

    def rows_for(self, peer, rows):
        """The rows of the first layer for the keys that a peer says it chose, if
        in f64 they are as good as the right ones, but for rounding of its type."""
        case = self.case
        heads = dict.fromkeys((b, h // case.group) for b, h, _, _ in rows)
        heads = [(b, n) for b, n in heads if b < case.batch]
        if not hasattr(peer, "choice"):
            return [row for row in rows if (row[0], row[1] // case.group) in heads]
        result = []
        all_channels, all_keys = peer.choice()
        for b, n in heads:
            channels, keys = (np.sort(a[b, n]) for a in (all_channels, all_keys))
            size = np.abs(self.group_query(b, n)).sum(axis=0)
            self.check_choice(size, channels, case.rank, "channel")
            weights, u, _ = self.approximate(b, n, channels)
            # As weights in both cases: exp of scores, up to a factor.
            u = np.exp(u) if case.group == 1 else u
            self.check_choice(u, keys, case.top_k, "key")
            out = self.attend(b, n, weights, keys)
            for g in range(case.group):
                result.append((b, n * case.group + g, 0, out[g]))
        return result

    def check_choice(self, values, chosen, count, what):
        """Raises WrongChoice where `chosen` is not the `count` largest, up to
        rounding."""
        right, _ = largest(values, count)
        if len(np.unique(chosen)) != len(right):
            got = len(np.unique(chosen))
            raise WrongChoice(f"{got} {what}s chosen, expected {len(right)}")
        least, got = values[right].min(), values[chosen].min()
        gap = 0.0 if got >= least else 1 - got / least if least < np.inf else np.inf
        if gap > CHOICE_GAPS[self.case.dtype]:
            raise WrongChoice(f"a {what} chosen is {gap:.1e} below the last right one")
