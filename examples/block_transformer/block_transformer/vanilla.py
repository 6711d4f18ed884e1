"""The baseline: a token-level transformer of equal non-embedding size."""

import torch
from torch import nn

from .config import VOCAB_SIZE, VanillaConfig
from .layers import Layer, cache_bytes, new_caches
from .model import BlockTransformer, init_tables


class VanillaTransformer(nn.Module):
    """Causal transformer over tokens, of the same layers."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.table = nn.Embedding(VOCAB_SIZE, config.width)
        self.layers = nn.ModuleList(
            Layer(config.width, config.num_heads, config.mlp_width)
            for _ in range(config.num_layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, VOCAB_SIZE, bias=False)
        self.apply(init_tables)

    def forward(self, tokens):
        """Teacher-forced: tokens [B, L] to logits [B, L, V]; entry i predicts
        token i + 1."""
        return self.head(self.norm(self._run(tokens)))

    def steps(self, prompts, max_new_tokens):
        """Yields the logits [B, V] of each next token, and is sent that token [B].

        The prompts (lists of ints) have one length: there is no padding here.
        """
        lengths = {len(prompt) for prompt in prompts}
        if len(lengths) > 1:
            raise ValueError(
                f"expects prompts of equal length, but got {sorted(lengths)}"
            )
        tokens = torch.tensor(prompts, device=self.table.weight.device)
        capacity = tokens.shape[1] + max_new_tokens - 1
        caches = new_caches(self.layers, len(tokens), capacity, self.table.weight)
        while True:
            x = self._run(tokens, caches)[:, -1]
            tokens = (yield self.head(self.norm(x)))[:, None]

    def cache_bytes(self, prompt_len, max_new_tokens):
        """Bytes of keys and values that `steps` holds for one sequence."""
        return cache_bytes(self.layers, prompt_len + max_new_tokens - 1)

    def _run(self, tokens, caches=None):
        """The prefill when empty caches are given; after it one token a call."""
        x = self.table(tokens)
        for i, layer in enumerate(self.layers):
            x = layer(x, causal=True, cache=caches and caches[i])
        return x


def make_model(kind, config):
    """A model of `kind`, "block" or "vanilla", with random weights.

    The vanilla one is as large as the Block Transformer of `config`.
    """
    if kind == "block":
        return BlockTransformer(config)
    if kind == "vanilla":
        return VanillaTransformer(matched_config(config))
    raise ValueError(f"expects a kind of block or vanilla, but got {kind}")


def non_embedding_size(model):
    """Parameters outside the token tables and the output head."""
    parts = [m for m in model.modules() if isinstance(m, nn.Embedding)]
    heads = [m for name, m in model.named_modules() if name.split(".")[-1] == "head"]
    left_out = sum(m.weight.numel() for m in parts + heads)
    return sum(p.numel() for p in model.parameters()) - left_out


def matched_config(config):
    """The baseline as wide and as deep as both decoders of `config` together.

    What else the Block Transformer has (projections, an encoder) is matched by
    a wider MLP, to within num_layers * (2 * width + 1) / 2 parameters.
    """
    num_layers = config.block_layers + config.token_layers

    def make(mlp_width):
        return VanillaConfig(config.width, config.num_heads, num_layers, mlp_width)

    plain_width = 4 * config.width
    with torch.device("meta"):  # Only shapes are looked at.
        missing = non_embedding_size(BlockTransformer(config)) - non_embedding_size(
            VanillaTransformer(make(plain_width))
        )
    return make(plain_width + round(missing / (num_layers * (2 * config.width + 1))))
