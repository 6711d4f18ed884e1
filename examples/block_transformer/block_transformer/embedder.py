"""Block embedders: block_len tokens to one vector."""

import torch
from torch import nn

from .config import PAD, VOCAB_SIZE
from .layers import Layer


class LookupEmbedder(nn.Module):
    """Concatenates block_len rows of a [V, D / block_len] table."""

    def __init__(self, config):
        super().__init__()
        self.table = nn.Embedding(VOCAB_SIZE, config.width // config.block_len)

    def forward(self, blocks):
        """blocks [B, N, block_len] to [B, N, D]."""
        return self.table(blocks).flatten(2)


class EncoderEmbedder(nn.Module):
    """A bidirectional encoder over each block; all outputs make the vector.

    Pre-norm layers with rotary positions where the paper has RoBERTa's.
    """

    def __init__(self, config):
        super().__init__()
        self.table = nn.Embedding(VOCAB_SIZE, config.encoder_width)
        self.layers = nn.ModuleList(
            Layer(config.encoder_width, config.encoder_heads)
            for _ in range(config.encoder_layers)
        )
        self.norm = nn.LayerNorm(config.encoder_width)
        self.project = nn.Linear(
            self.num_outputs(config) * config.encoder_width, config.width
        )

    @staticmethod
    def num_outputs(config):
        """How many encoder outputs are concatenated."""
        return config.block_len

    def forward(self, blocks):
        """blocks [B, N, block_len] to [B, N, D]."""
        x = self.table(blocks.flatten(0, 1))
        return self._encode(x).unflatten(0, blocks.shape[:2])

    def _encode(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask=mask)
        count = self.project.in_features // x.shape[-1]
        return self.project(self.norm(x[:, :count]).flatten(1))


class ClsEmbedder(EncoderEmbedder):
    """The same encoder; the outputs of prepended CLS tokens make the vector.

    The only embedder whose vector does not depend on padding in the block.
    """

    def __init__(self, config):
        super().__init__(config)
        self.cls = nn.Parameter(torch.randn(config.num_cls, config.encoder_width))

    @staticmethod
    def num_outputs(config):
        return config.num_cls

    def forward(self, blocks):
        """blocks [B, N, block_len] to [B, N, D]."""
        tokens = blocks.flatten(0, 1)
        cls = self.cls.expand(len(tokens), -1, -1)
        visible = (tokens != PAD)[:, None, None]
        mask = torch.cat(
            [visible.new_ones(*visible.shape[:3], len(self.cls)), visible], -1
        )
        x = torch.cat([cls, self.table(tokens)], dim=1)
        return self._encode(x, mask).unflatten(0, blocks.shape[:2])


def make_embedder(config):
    """The embedder that `config.embedder` names."""
    kinds = {"lookup": LookupEmbedder, "encoder": EncoderEmbedder, "cls": ClsEmbedder}
    return kinds[config.embedder](config)
