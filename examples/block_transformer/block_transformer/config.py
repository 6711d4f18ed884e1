"""Sizes and variants of a Block Transformer."""

from dataclasses import dataclass

# Bytes are tokens 0..255.
BOS = 256
EOS = 257
PAD = 258
VOCAB_SIZE = 259

EMBEDDERS = ("lookup", "encoder", "cls")
TOKEN_DECODERS = ("prefix", "summation", "cross")


@dataclass(frozen=True)
class BlockTransformerConfig:
    """All sizes; `block_len` is L_B and `prefix_len` is P in algorithms.md."""

    width: int = 128
    num_heads: int = 4
    block_layers: int = 3
    token_layers: int = 3
    block_len: int = 4
    prefix_len: int = 2
    embedder: str = "lookup"
    token_decoder: str = "prefix"
    encoder_width: int = 256
    encoder_heads: int = 4
    encoder_layers: int = 3
    num_cls: int = 3

    def __post_init__(self):
        _expect(self.block_len >= 1, "block_len of at least 1", self.block_len)
        _expect(self.prefix_len >= 1, "prefix_len of at least 1", self.prefix_len)
        _expect(self.embedder in EMBEDDERS, f"embedder in {EMBEDDERS}", self.embedder)
        _expect(
            self.token_decoder in TOKEN_DECODERS,
            f"token_decoder in {TOKEN_DECODERS}",
            self.token_decoder,
        )
        if self.embedder == "lookup":
            _expect(
                self.width % self.block_len == 0,
                "width to be a multiple of block_len",
                (self.width, self.block_len),
            )
        check_heads(self.width, self.num_heads)
        if self.embedder != "lookup":
            check_heads(self.encoder_width, self.encoder_heads)


@dataclass(frozen=True)
class VanillaConfig:
    """Sizes of the token-level baseline."""

    width: int
    num_heads: int
    num_layers: int
    mlp_width: int

    def __post_init__(self):
        check_heads(self.width, self.num_heads)


def check_heads(width, num_heads):
    """Rotary positions need an even head_dim."""
    _expect(
        width % (2 * num_heads) == 0,
        "width to be a multiple of 2 * num_heads",
        (width, num_heads),
    )


def _expect(condition, expected, found):
    if not condition:
        raise ValueError(f"expects {expected}, but got {found}")


# What the paper compares at 85M parameters: 6 + 6 layers with a vanilla model of 12.
PAPER_85M = BlockTransformerConfig(
    width=768, num_heads=12, block_layers=6, token_layers=6
)
