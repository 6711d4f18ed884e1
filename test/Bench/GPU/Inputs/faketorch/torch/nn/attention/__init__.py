"""Backends of SDPA, and attention as it is written."""

import contextlib
import enum

import torch


class SDPBackend(enum.Enum):
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3


forced = None


@contextlib.contextmanager
def sdpa_kernel(backends, set_priority=False):
    global forced
    before, forced = forced, list(backends)
    try:
        yield
    finally:
        forced = before


def attend(query, key, value, bias, is_causal, scale=None, score_mod=None, seen=None):
    """A head at a time; products in the type of the query, as torch's are."""
    group = query.size(1) // key.size(1)
    scale = scale or query.size(3) ** -0.5
    i = torch.arange(query.size(2), device=query.device)[:, None]
    j = torch.arange(key.size(2), device=query.device)[None, :]
    if is_causal:
        seen = j <= i
    batches = []
    for b in range(query.size(0)):
        heads = []
        for h in range(query.size(1)):
            s = (query[b, h] @ key[b, h // group].T).float() * scale
            if score_mod:
                s = score_mod(s, b, h, i, j)
            if bias is not None:
                s = s + bias[0, h]
            if seen is not None:
                s = s.masked_fill(~seen, -float("inf"))
            weights = torch.softmax(s, dim=-1).to(query.dtype)
            heads.append(weights @ value[b, h // group])
        batches.append(torch.stack(heads))
    return torch.stack(batches)
