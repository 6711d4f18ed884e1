"""flex_attention: scores by a function of theirs, keys by another one."""

import torch

from . import attend


def create_block_mask(mask_mod, B, H, Q_LEN, KV_LEN, device="cuda"):
    assert isinstance(device, str) and B is None and H is None
    i = torch.arange(Q_LEN, device=device)[:, None]
    j = torch.arange(KV_LEN, device=device)[None, :]
    return mask_mod(0, 0, i, j)


def flex_attention(
    query, key, value, score_mod=None, block_mask=None, scale=None, enable_gqa=False
):
    if query.size(1) != key.size(1) and not enable_gqa:
        raise ValueError("Expect query and key/value to have the same number of heads")
    return attend(query, key, value, None, False, scale, score_mod, block_mask)
