"""Block Transformer in PyTorch, written from algorithms.md section 4.

model = make_model("block", PAPER_85M)      # or "vanilla", of equal size
use_attend(model, attend)                   # torch_attend if this is left out
tokens = generate(model, prompts, max_new_tokens=1920)
"""

from .config import PAPER_85M, BlockTransformerConfig, VanillaConfig
from .generate import generate, greedy
from .layers import torch_attend, use_attend
from .linears import pack_linears
from .model import BlockTransformer
from .vanilla import VanillaTransformer, make_model, matched_config, non_embedding_size

__all__ = [
    "PAPER_85M",
    "BlockTransformer",
    "BlockTransformerConfig",
    "VanillaConfig",
    "VanillaTransformer",
    "generate",
    "greedy",
    "make_model",
    "matched_config",
    "non_embedding_size",
    "pack_linears",
    "torch_attend",
    "use_attend",
]
