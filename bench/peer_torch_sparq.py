"""SparQ attention as its authors write it in PyTorch (arXiv 2312.04985, appendix
B), one statement for each line of the algorithm; K is kept a second time, channel
by channel. Written from the paper. Two peers:

* `torch-sparq` takes components and rows as published, element by element
  (`torch.gather`);
* `torch-sparq-rows` is what a user who knows PyTorch on a CPU writes instead:
  copies of whole rows of the two layouts (`torch.index_select`).

Scores and softmax are in the type of the cache or in f32 (`f32 scores`), whichever
is faster. What is as long as the cache is written into memory that is allocated
once, which spares PyTorch a page fault for every 4 KiB of it."""

import math

import numpy as np
import torch

from contender import Contender

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def tensor(array, dtype):
    if dtype == "bf16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def take_elements(source, index, out=None):
    """Rows `index` [batch, heads, count] of [batch, heads, rows, columns]."""
    index = index.unsqueeze(-1).expand(-1, -1, -1, source.shape[-1])
    return torch.gather(source, 2, index, out=out)


def take_rows(source, index, out=None):
    """The same by copies of whole rows."""
    batch, heads, rows, columns = source.shape
    start = torch.arange(batch * heads).view(batch, heads, 1) * rows
    flat = source.view(-1, columns)
    shape = (batch, heads, index.shape[-1], columns)
    if out is not None:
        out = out.view(-1, columns)
    rows = torch.index_select(flat, 0, (index + start).view(-1), out=out)
    return rows.view(shape)


class Sparq(Contender):
    name = "torch-sparq"

    def __init__(self, inputs, threads, take, wide):
        self.case, self.threads = inputs.case, threads
        self.take, self.wide = take, wide
        self.detail = "f32 scores" if wide else f"{inputs.case.dtype} scores"
        case = self.case
        arrays = (inputs.query, inputs.key, inputs.value, inputs.transposed_keys())
        query, key, value, key_t = (tensor(a, case.dtype) for a in arrays)
        grouped = (-1, case.kv_heads, case.group, case.head_dim)
        mean = None
        if case.realloc:
            mean = torch.from_numpy(inputs.mean).to(TYPES[case.dtype]).unsqueeze(2)
        self.layers = []
        for at in range(0, inputs.batch, case.batch):
            rows = slice(at, at + case.batch)
            q = query[rows].reshape(grouped)
            v_mean = mean[rows] if case.realloc else None
            self.layers.append((q, key[rows], value[rows], key_t[rows], v_mean))
        self.at = 0
        pairs, seq = case.batch * case.kv_heads, case.seq_kv
        kind = torch.float32 if wide else TYPES[case.dtype]
        self.columns = torch.empty(
            case.batch, case.kv_heads, case.rank, seq, dtype=TYPES[case.dtype]
        )
        # Where the type differs.
        self.wide_columns = (
            torch.empty(self.columns.shape, dtype=kind) if wide else None
        )
        self.scores = torch.empty(pairs, case.group, seq, dtype=kind)
        self.weights = torch.empty(pairs, case.group, seq, dtype=kind)
        self.total = torch.empty(case.batch, case.kv_heads, seq, dtype=kind)

    def enter(self):
        torch.set_num_threads(self.threads)

    def run(self):
        with torch.inference_mode():
            self.out = self.step(*self.layers[self.at])
        self.at = (self.at + 1) % len(self.layers)

    def step(self, q, key, value, key_t, v_mean):
        case = self.case
        # 1. Approximate scores by the largest components of the query.
        size = q.abs()
        i1 = size.sum(dim=2).topk(case.rank, dim=-1).indices
        columns = i1.unsqueeze(2).expand(-1, -1, case.group, -1)
        some = size.gather(-1, columns).sum(dim=-1, keepdim=True)
        tau = (case.head_dim * some / size.sum(dim=-1, keepdim=True)).sqrt()
        q_some = q.gather(-1, columns) / tau
        k_some = self.take(key_t, i1, self.columns)
        if self.wide:
            q_some, k_some = q_some.float(), self.wide_columns.copy_(k_some)
        torch.bmm(q_some.flatten(0, 1), k_some.flatten(0, 1), out=self.scores)
        torch.softmax(self.scores, dim=-1, out=self.weights)
        s_hat = self.weights.view(*q.shape[:3], -1)
        # 2. The largest, and the newest, attended to exactly.
        u = torch.sum(s_hat, dim=2, out=self.total)
        if case.local_window:
            u[..., -case.local_window :] = math.inf
        i2 = u.topk(min(case.top_k, case.seq_kv), dim=-1).indices
        k_rows, v_rows = self.take(key, i2), self.take(value, i2)
        y = torch.softmax(q @ k_rows.mT / math.sqrt(case.head_dim), dim=-1) @ v_rows
        self.chosen = i1, i2
        if v_mean is None:
            return y
        # 3. What was not read has the mean of the values.
        index = i2.unsqueeze(2).expand(-1, -1, case.group, -1)
        alpha = s_hat.gather(-1, index).sum(dim=-1, keepdim=True).to(y.dtype)
        return alpha * y + (1 - alpha) * v_mean

    def choice(self):
        """(channels, keys) chosen by the last run, [batch, kv_heads, count]."""
        return tuple(index.numpy() for index in self.chosen)

    def output(self):
        case = self.case
        out = self.out.reshape(case.batch, case.heads, 1, case.head_dim).contiguous()
        if out.dtype == torch.bfloat16:
            return out.view(torch.int16).numpy().view(np.uint16)
        return out.numpy()


def candidates(inputs, threads):
    """As published, and by rows; each in the faster type of scores."""
    wides = (False,) if inputs.case.dtype == "f32" else (True, False)
    for name, take in (("torch-sparq", take_elements), ("torch-sparq-rows", take_rows)):
        yield name, [
            lambda take=take, wide=wide: Sparq(inputs, threads, take, wide)
            for wide in wides
        ]
