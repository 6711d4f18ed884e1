"""Times a layer of demo.py in PyTorch; prints the median in milliseconds.

Usage: demo_torch.py LAYER INPUT.npy... REPETITIONS
"""

import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F


def rope(x):
    """Llama's rotary embedding of [batch, heads, tokens, head_dim]."""
    dim = x.shape[-1]
    frequencies = 10000.0 ** (-torch.arange(0, dim, 2).float() / dim)
    angles = torch.outer(torch.arange(x.shape[-2]).float(), frequencies)
    angles = torch.cat([angles, angles], dim=-1)
    rotated = torch.cat([-x[..., dim // 2 :], x[..., : dim // 2]], dim=-1)
    return x * angles.cos() + rotated * angles.sin()


def llama_attention(hidden, wq, wk, wv, wo):
    def heads(weight):
        return F.linear(hidden, weight).unflatten(-1, (-1, 64)).transpose(1, 2)

    q, k, v = rope(heads(wq)), rope(heads(wk)), heads(wv)
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    return F.linear(out.transpose(1, 2).flatten(2), wo)


def gpt2_attention(hidden, w_attn, b_attn, w_proj, b_proj):
    q, k, v = (hidden @ w_attn + b_attn).split(hidden.shape[-1], dim=-1)
    q, k, v = (x.unflatten(-1, (-1, 64)).transpose(1, 2) for x in (q, k, v))
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return out.transpose(1, 2).flatten(2) @ w_proj + b_proj


def main():
    name, *paths, repetitions = sys.argv[1:]
    inputs = [torch.from_numpy(np.load(path)) for path in paths]
    layer = {"llama_attention": llama_attention, "gpt2_attention": gpt2_attention}[name]
    times = []
    with torch.inference_mode():
        for _ in range(3):
            layer(*inputs)
        for _ in range(int(repetitions)):
            start = time.perf_counter()
            layer(*inputs)
            times.append(1e3 * (time.perf_counter() - start))
    print(statistics.median(times))


if __name__ == "__main__":
    main()
