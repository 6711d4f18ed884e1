"""The whole Block Transformer."""

import torch
import torch.nn.functional as F
from torch import nn

from .block_decoder import BlockDecoder
from .config import PAD
from .embedder import make_embedder
from .layers import cache_bytes
from .token_decoder import make_token_decoder


class BlockTransformer(nn.Module):
    """Embedder, block decoder and token decoder."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedder = make_embedder(config)
        self.block_decoder = BlockDecoder(config)
        self.token_decoder = make_token_decoder(config)
        self.apply(init_tables)

    def forward(self, tokens, pad=False):
        """Teacher-forced: tokens [B, L] to logits [B, N - 1, block_len, V].

        Entry t predicts block t + 1: block 0 is never predicted. An L that is
        not a multiple of block_len is an error unless `pad` asks for padding on
        the left.
        """
        blocks = to_blocks(tokens, self.config.block_len, pad)
        visible = visible_blocks(blocks)
        context = self.block_decoder(self.embedder(blocks), visible)
        logits = self.token_decoder(
            context[:, :-1].flatten(0, 1), blocks[:, 1:].flatten(0, 1)
        )
        return logits.unflatten(0, (len(blocks), blocks.shape[1] - 1))

    def steps(self, prompts, max_new_tokens):
        """Yields the logits [B, V] of each next token, and is sent that token [B].

        The prompts (lists of ints) are padded on the left to whole blocks; the
        block decoder does not see blocks of padding alone.
        """
        block_len = self.config.block_len
        blocks = pad_prompts(prompts, block_len).to(next(self.parameters()).device)
        embedded = self.embedder(blocks)
        length = blocks.shape[1]
        capacity = self._num_blocks(length * block_len, max_new_tokens)
        caches = self.block_decoder.caches(embedded, capacity)
        visible = visible_blocks(blocks)
        if visible is not None:
            visible = F.pad(visible, (0, capacity - length), value=True)
        state = None
        while True:
            shown = None if visible is None else visible[:, :length]
            context = self.block_decoder(embedded, shown, caches)[:, -1]
            state = self.token_decoder.start(context, state)
            tokens = [None]
            for _ in range(block_len):
                tokens.append((yield self.token_decoder.step(state, tokens[-1])))
            embedded = self.embedder(torch.stack(tokens[1:], 1)[:, None])
            length += 1

    def cache_bytes(self, prompt_len, max_new_tokens):
        """Bytes of keys and values that `steps` holds for one sequence: those of
        all blocks, and of the block that the token decoder is at."""
        blocks = self._num_blocks(prompt_len, max_new_tokens)
        decoder = self.token_decoder
        positions = decoder.num_positions
        if decoder.cross:
            positions += decoder.block_len
        return cache_bytes(self.block_decoder.layers, blocks) + cache_bytes(
            decoder.layers, positions
        )

    def _num_blocks(self, prompt_len, max_new_tokens):
        """Blocks that the block decoder sees: the last one needs no vector."""
        block_len = self.config.block_len
        return -(-prompt_len // block_len) + (max_new_tokens - 1) // block_len


def pad_prompts(prompts, block_len):
    """Lists of ints to [B, N, block_len], all padded on the left to one length."""
    longest = max(len(prompt) for prompt in prompts)
    length = -(-longest // block_len) * block_len
    rows = [[PAD] * (length - len(prompt)) + list(prompt) for prompt in prompts]
    return torch.tensor(rows).unflatten(1, (-1, block_len))


def to_blocks(tokens, block_len, pad):
    """tokens [B, L] to [B, N, block_len], padded on the left when asked."""
    length = tokens.shape[1]
    if length == 0:
        raise ValueError("expects at least 1 token, but got 0")
    if length % block_len and not pad:
        raise ValueError(
            "expects a number of tokens that is a multiple of block_len, "
            f"but got {length} and {block_len}; ask for padding"
        )
    tokens = F.pad(tokens, (-length % block_len, 0), value=PAD)
    return tokens.unflatten(1, (-1, block_len))


def visible_blocks(blocks):
    """bool [B, N], false for a block of padding alone; None if there is none."""
    visible = (blocks != PAD).any(-1)
    return None if visible.all() else visible


def init_tables(module):
    """Token tables begin smaller than torch would have them."""
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
