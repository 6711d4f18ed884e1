"""The models and helpers that the tests share."""

import sys
from dataclasses import replace
from pathlib import Path

import torch

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "block_transformer"
sys.path.insert(0, str(EXAMPLE))
from block_transformer import (  # noqa: E402
    BlockTransformerConfig,
    generate,
    make_model,
)
from block_transformer.config import EMBEDDERS, TOKEN_DECODERS  # noqa: E402

SMALL = BlockTransformerConfig(
    width=48,
    num_heads=2,
    block_layers=2,
    token_layers=2,
    encoder_width=16,
    encoder_heads=2,
    encoder_layers=2,
)
VARIANTS = [
    replace(SMALL, embedder=embedder, token_decoder=decoder)
    for embedder in EMBEDDERS
    for decoder in TOKEN_DECODERS
]
SHAPES = [
    replace(SMALL, block_len=block_len, prefix_len=prefix_len, token_decoder=decoder)
    for block_len, prefix_len in [(1, 1), (2, 8), (3, 1), (8, 3), (16, 2)]
    for decoder in TOKEN_DECODERS
]


def name(config):
    return (
        f"{config.embedder}-{config.token_decoder}"
        f"-{config.block_len}-{config.prefix_len}"
    )


def random_model(config, kind="block", dtype=torch.float64):
    """A random model whose attention is far from uniform."""
    torch.manual_seed(0)
    model = make_model(kind, config).to(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    return model


def random_tokens(*shape, seed=0):
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(seed))


def forced(tokens):
    """A `pick` that returns the columns of tokens [B, n] in turn."""
    columns = iter(tokens.unbind(1))
    return lambda logits: next(columns)


def generate_scored(model, prompts, new, pick):
    """(tokens [B, new], the logits [B, new, V] they were picked from)"""
    scores = []
    tokens = generate(
        model, prompts, new, lambda logits: scores.append(logits) or pick(logits)
    )
    return tokens, torch.stack(scores, 1)
