"""SparQ attention as its authors write it in PyTorch (arXiv 2312.04985, appendix
B), one statement for each line of the algorithm; K is kept a second time, channel
by channel. Written from the paper. What is left open there is tried both ways:

* `gather` takes elements by index, as in the paper; `rows` copies whole rows of
  the two layouts, which is faster on a CPU;
* scores and softmax in the type of the cache, or in f32 (`f32 scores`), which is
  faster where the CPU has no products of f16."""

import math

import numpy as np
import torch

from contender import Contender

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def tensor(array, dtype):
    if dtype == "bf16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def take_elements(source, index):
    """Rows `index` [batch, heads, count] of [batch, heads, rows, columns]."""
    index = index.unsqueeze(-1).expand(-1, -1, -1, source.shape[-1])
    return source.gather(2, index)


def take_rows(source, index):
    """The same by copies of whole rows."""
    batch, heads, rows, columns = source.shape
    start = torch.arange(batch * heads).view(batch, heads, 1) * rows
    flat = source.view(-1, columns).index_select(0, (index + start).view(-1))
    return flat.view(batch, heads, -1, columns)


class Sparq(Contender):
    name = "torch-sparq"

    def __init__(self, inputs, threads, take, wide):
        self.case, self.threads = inputs.case, threads
        self.take, self.wide = take, wide
        self.detail = "gather" if take is take_elements else "rows"
        self.detail += ", f32 scores" if wide else ""
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
        q_some, k_some = q.gather(-1, columns) / tau, self.take(key_t, i1)
        if self.wide:
            q_some, k_some = q_some.float(), k_some.float()
        s_hat = torch.softmax(q_some @ k_some, dim=-1)
        # 2. The largest, and the newest, attended to exactly.
        u = s_hat.sum(dim=2) if case.group > 1 else s_hat[:, :, 0].clone()
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
    wides = (False,) if inputs.case.dtype == "f32" else (True, False)
    yield "torch-sparq", [
        lambda take=take, wide=wide: Sparq(inputs, threads, take, wide)
        for wide in wides
        for take in (take_rows, take_elements)
    ]
