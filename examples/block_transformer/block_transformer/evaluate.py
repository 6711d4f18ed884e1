"""How well a model predicts text: the same bytes are scored for either kind."""

import math

import torch
import torch.nn.functional as F

from .model import BlockTransformer


def loss_of(model, windows, skip):
    """Mean nats of windows [B, L] but for their first `skip` tokens.

    `skip` is the block_len of the Block Transformer that is trained or compared
    with: it predicts all blocks but the first.
    """
    if isinstance(model, BlockTransformer):
        if skip != model.config.block_len:
            raise ValueError(f"expects to skip block 0 exactly, but got {skip}")
        logits = model(windows).flatten(1, 2)
    else:
        logits = model(windows[:, :-1])[:, skip - 1 :]
    return F.cross_entropy(logits.flatten(0, 1), windows[:, skip:].flatten())


@torch.no_grad()
def bits_per_byte(model, windows, skip, batch=64):
    """`loss_of` over all windows [n, L], in bits."""
    nats = sum(
        loss_of(model, part, skip).item() * len(part) for part in windows.split(batch)
    )
    return nats / len(windows) / math.log(2)
