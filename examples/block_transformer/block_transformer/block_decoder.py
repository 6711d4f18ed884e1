"""Block decoder: a causal transformer with one position for each block."""

from torch import nn

from .layers import Layer, new_caches


class BlockDecoder(nn.Module):
    """Block vectors e_t to context vectors c_t."""

    def __init__(self, config):
        super().__init__()
        self.layers = nn.ModuleList(
            Layer(config.width, config.num_heads) for _ in range(config.block_layers)
        )
        self.norm = nn.LayerNorm(config.width)

    def caches(self, embedded, capacity):
        """Empty caches for `capacity` blocks, like embedded [B, N, D]."""
        return new_caches(self.layers, len(embedded), capacity, embedded)

    def forward(self, embedded, visible=None, caches=None):
        """embedded [B, N, D] to [B, N, D]; the prefill when caches are given.

        visible: bool [B, blocks so far], false for a block of padding alone.
        After the prefill a call takes one block, which sees all cached ones.
        """
        mask = None if visible is None else visible[:, None, None]
        x = embedded
        for i, layer in enumerate(self.layers):
            x = layer(x, causal=True, mask=mask, cache=caches and caches[i])
        return self.norm(x)
