"""The tensors of a case, its definition in f64, and torch's own error."""

import math

import torch
from cases import BYTES, MODIFIERS, visibility
from modules import output_sizes, shapes
from texts import key_tile

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
# Of the scales of stored keys and values: what makes them numbers around 1.
SCALES = {"f8": 1.0, "i8": 1 / 64}
# Copies of a problem that calls take in turns are so many times the L2 cache.
CACHES = 3
MAX_SETS = 64
# Which elements are looked at: rows of so many (batch, head) pairs.
MAX_PAIRS = 12
MAX_ROWS = 64
# SparQ: no rounding of f32 turns round a choice with such a gap (bench/sparq.py).
MARGIN = 1e-5
# What f32 may miss by although torch does not (Reference/Tolerance.h).
FLOORS = {"f32": 1e-5, "f16": 0.0, "bf16": 0.0}


class Problem:
    """Sets of the tensors of one case on a device, alike but for their values."""

    def __init__(self, case, device):
        self.case, self.device = case, device
        self.random = torch.Generator(device=device.type)
        self.random.manual_seed(7)
        wanted = math.ceil(CACHES * device.l2_bytes / case.read_bytes())
        possible = max(device.memory_bytes // 8 // max(case.kv_bytes(), 1), 1)
        count = max(min(wanted, possible, MAX_SETS), 1)
        # What a region or a bias reads is one tensor: peers capture it.
        self.shared, self.kinds = {}, shapes(case)
        for name, sizes, dtype in self.kinds:
            if name == "bias":
                self.shared[name] = self._normal(sizes, dtype)
            if name == "slopes":
                powers = torch.arange(1, case.heads + 1, device=device.type)
                self.shared[name] = torch.exp2(-8.0 * powers / case.heads).float()
            if name == "table":
                self.shared[name] = self._normal(sizes, dtype)
        self.sets = [self._make_set() for _ in range(count)]

    def _normal(self, sizes, dtype):
        return torch.randn(
            sizes, dtype=TYPES[dtype], device=self.device.type, generator=self.random
        )

    def _make_set(self):
        found = dict(self.shared)
        for name, sizes, dtype in self.kinds:
            if name in ("query", "key", "value"):
                found[name] = self._values(sizes, dtype)
            if name == "key_t":
                tile = key_tile(BYTES[dtype])
                found[name] = transpose_keys(found["key"], tile)
            if name == "mean":
                # Of a part at a time: f32 values take twice the memory.
                means = [part.float().mean(dim=-2) for part in found["value"]]
                found[name] = torch.stack(means)
            if name == "length":
                found[name] = torch.full(
                    sizes, self.case.seq_kv, dtype=torch.int64, device=self.device.type
                )
            if name in ("key_scale", "value_scale"):
                factors = 1 + self._normal(sizes, "f32").abs()
                found[name] = SCALES[self.case.kv_dtype] * factors
            if name == "pages":
                order = torch.randperm(
                    math.prod(sizes), generator=self.random, device=self.device.type
                )
                found[name] = order.to(torch.int32).view(sizes)
        return found

    def _values(self, sizes, dtype):
        if dtype == "i8":
            return torch.randint(
                -127,
                128,
                sizes,
                dtype=torch.int8,
                device=self.device.type,
                generator=self.random,
            )
        if dtype == "f8E4M3FN":
            return self._normal(sizes, "bf16").to(torch.float8_e4m3fn)
        return self._normal(sizes, dtype)

    def empty_output(self):
        """A result in which an element that is not written shows."""
        case = self.case
        sizes, dtype = output_sizes(case), TYPES[case.dtype]
        return torch.full(sizes, math.nan, dtype=dtype, device=self.device.type)

    def operands(self, tensors, case=None):
        """[(tensor, type)] of the compiled function of a case on these tensors."""
        kinds = shapes(case or self.case)
        return [(tensors[name], dtype) for name, _, dtype in kinds]

    def sample(self, case=None):
        """[(b, h, rows, f64 rows of the result, torch's own error)] on the first
        set, by the definition of the case, or of another one on these tensors."""
        case = case or self.case
        random = torch.Generator().manual_seed(13)
        pairs = {(0, 0), (case.batch - 1, case.heads - 1)}
        every = case.batch * case.heads
        for at in torch.randperm(every, generator=random)[:MAX_PAIRS].tolist():
            pairs.add(divmod(at, case.heads))
        rows = {0, case.seq_q - 1}
        picked = torch.randperm(case.seq_q, generator=random)[:MAX_ROWS]
        rows = torch.tensor(sorted(rows | set(picked.tolist())))
        rows = rows.to(self.device.type)
        found = []
        for b, h in sorted(pairs):
            if case.kind == "sparq":
                chosen = self._choose(b, h // case.group)
                if chosen is None:
                    continue
                wanted = self._attend_chosen(b, h, chosen, torch.float64)
                eager = self._attend_chosen(b, h, chosen, TYPES[case.dtype])
            else:
                wanted = self._attend(case, b, h, rows, torch.float64)
                eager = self._attend(case, b, h, rows, TYPES[case.dtype])
            error = (eager.double() - wanted).abs().max().item()
            found.append((b, h, rows, wanted, error))
        return found

    def _rows_of(self, b, h, rows, dtype):
        """(queries, keys, values) of a head of the first set, in `dtype`."""
        n = h // self.case.group
        query = self.sets[0]["query"][b, h, rows].to(dtype)
        return (
            query,
            self._stored("key", b, n, dtype),
            self._stored("value", b, n, dtype),
        )

    def _stored(self, name, b, n, dtype):
        """Keys or values of a key head, out of their pages and times their scale."""
        case, tensors = self.case, self.sets[0]
        if case.page_size:
            # Nobody indexes numbers of 8 bits; bytes can be.
            pool, table = tensors[name], tensors["pages"][b].long()
            kind = pool.dtype
            if case.kv_dtype:
                pool = pool.view(torch.uint8)
            found = pool[table, n].view(kind)
            found = found.reshape(case.seq_kv, found.shape[-1])
        else:
            found = tensors[name][b, n]
        if case.kv_dtype:
            found = found.to(torch.float64) * tensors[f"{name}_scale"][b, n, 0, 0]
        return found.to(dtype)

    def _attend(self, case, b, h, rows, dtype):
        """Rows of the result, as a program in torch computes them: products in
        `dtype`, softmax in f32, or all in f64."""
        query, key, value = self._rows_of(b, h, rows, dtype)
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        s = (query @ key.T).to(wide) * case.head_dim**-0.5
        if case.modifier == "softcap":
            cap = MODIFIERS["softcap"]
            s = cap * torch.tanh(s / cap)
        if case.modifier == "bias":
            s += self.shared["bias"][0, h, rows].to(wide)
        i = rows[:, None]
        j = torch.arange(case.seq_kv, device=self.device.type)[None, :]
        if case.modifier == "alibi":
            s += self.shared["slopes"][h].to(wide) * (j - i)
        if case.modifier == "relative":
            reach = MODIFIERS["relative"]
            at = (j - i).clamp(-reach, reach) + reach
            s += self.shared["table"][h].to(wide)[at]
        sees = visibility(case)
        if sees:
            s = s.masked_fill(~sees(i, j), -math.inf)
        return torch.softmax(s, dim=-1).to(dtype) @ value

    def _choose(self, b, n):
        """(keys that SparQ chooses in f64, weights of the group), or None where
        rounding decides."""
        case, tensors = self.case, self.sets[0]
        heads = slice(n * case.group, (n + 1) * case.group)
        q = tensors["query"][b, heads, 0].double()
        channels, margin = _largest(q.abs().sum(dim=0), case.rank)
        if margin < MARGIN:
            return None
        keys = tensors["key"][b, n][:, channels].double()
        tau = case.head_dim * q[:, channels].abs().sum(dim=1) / q.abs().sum(dim=1)
        z = (q[:, channels] @ keys.T) / torch.sqrt(tau)[:, None]
        weights = torch.softmax(z, dim=-1)
        u = z[0].clone() if case.group == 1 else weights.sum(dim=0)
        if case.local_window:
            u[-case.local_window :] = math.inf
        chosen, margin = _largest(u, case.top_k, 1.0 if case.group == 1 else None)
        return None if margin < MARGIN else (chosen, weights)

    def _attend_chosen(self, b, h, choice, dtype):
        """The row of a head for the keys that its key head chose."""
        case, tensors = self.case, self.sets[0]
        chosen, weights = choice
        row = torch.zeros(1, dtype=torch.long, device=self.device.type)
        query, key, value = self._rows_of(b, h, row, dtype)
        key, value = key[chosen], value[chosen]
        wide = torch.float64 if dtype == torch.float64 else torch.float32
        s = (query @ key.T).to(wide) * case.head_dim**-0.5
        out = torch.softmax(s, dim=-1).to(dtype) @ value
        if case.realloc:
            alpha = weights[h % case.group, chosen].sum()
            mean = tensors["mean"][b, h // case.group].double()
            out = (alpha * out.double() + (1 - alpha) * mean).to(dtype)
        return out


def transpose_keys(key, tile):
    """Keys channel by channel in tiles; 0 past the end."""
    b, h, s, d = key.shape
    tiles = -(-s // tile)
    padded = torch.zeros((b, h, tiles * tile, d), dtype=key.dtype, device=key.device)
    padded[:, :, :s] = key
    return padded.view(b, h, tiles, tile, d).transpose(-1, -2).contiguous()


def _largest(values, count, unit=None):
    """(indices of the count largest, the lowest first where values are equal;
    margin to the next one in `unit`s, infinite where that is equal)."""
    if len(values) <= count:
        return torch.arange(len(values), device=values.device), math.inf
    order = torch.sort(values, descending=True, stable=True)
    chosen = torch.sort(order.indices[:count]).values
    last, next_one = order.values[count - 1].item(), order.values[count].item()
    if last == next_one or not math.isfinite(last):
        return chosen, math.inf
    return chosen, (last - next_one) / (unit or max(abs(last), abs(next_one)))


def bound(case, sample):
    """The largest error of ours on these rows: twice torch's own."""
    own = max((error for *_, error in sample), default=0.0)
    return max(2 * own, FLOORS[case.dtype]), own


def error_of(output, sample):
    """The largest error of a result on these rows; inf where a NaN is."""
    worst = 0.0
    for b, h, rows, wanted, _ in sample:
        error = (output[b, h, rows].double() - wanted).abs().max().item()
        worst = max(worst, error if math.isfinite(error) else math.inf)
    return worst
