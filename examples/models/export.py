#!/usr/bin/env python3
"""Exports attention layers of transformers' models to linalg on tensors.

The layers are transformers' own LlamaAttention and GPT2Attention, built from a
config with no download. Every weight is an argument of the exported function,
so the files stay small and any input may be random. Rotary tables and causal
masks are computed in the graph.

    pip install -r requirements.txt
    python export.py                       # writes every file listed below
    python export.py llama_attention --seq-len=1024 --output=long.mlir
"""

import argparse
import os
import pathlib
import sys
import warnings
from importlib.metadata import version

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from torch.export import Dim  # noqa: E402
from torch_mlir import fx  # noqa: E402
from transformers import GPT2Config, LlamaConfig  # noqa: E402
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS  # noqa: E402
from transformers.models.gpt2.modeling_gpt2 import GPT2Attention  # noqa: E402
from transformers.models.llama.modeling_llama import (  # noqa: E402
    LlamaAttention,
    LlamaRotaryEmbedding,
)

HERE = pathlib.Path(__file__).resolve().parent


def causal_mask(seq_len):
    """The additive mask that transformers gives its eager attention."""
    lowest = torch.finfo(torch.float32).min
    return torch.full((seq_len, seq_len), lowest).triu(1)[None, None]


def make_buffers_persistent(module):
    """torch-mlir finds the values of persistent buffers only."""
    for child in module.modules():
        for name, buffer in list(child.named_buffers(recurse=False)):
            child.register_buffer(name, buffer)


class LlamaLayer(torch.nn.Module):
    """q/k/v projections, RoPE, causal GQA attention, output projection."""

    def __init__(self, implementation):
        super().__init__()
        config = LlamaConfig(
            hidden_size=512,
            num_attention_heads=8,
            num_key_value_heads=2,
            head_dim=64,
            max_position_embeddings=4096,
            attn_implementation=implementation,
        )
        self.eager = implementation == "eager"
        self.attention = LlamaAttention(config, layer_idx=0)
        self.rotary = LlamaRotaryEmbedding(config)
        self.config = config
        make_buffers_persistent(self)

    def forward(self, hidden, wq, wk, wv, wo):
        weights = {
            "q_proj.weight": wq,
            "k_proj.weight": wk,
            "v_proj.weight": wv,
            "o_proj.weight": wo,
        }
        inv_freq, _ = ROPE_INIT_FUNCTIONS["default"](self.config, hidden.device)
        positions = torch.arange(hidden.shape[1]).unsqueeze(0)
        rotary = torch.func.functional_call(
            self.rotary, {"inv_freq": inv_freq}, (hidden, positions)
        )
        arguments = {
            "hidden_states": hidden,
            "position_embeddings": rotary,
            "attention_mask": causal_mask(hidden.shape[1]) if self.eager else None,
        }
        return torch.func.functional_call(self.attention, weights, (), arguments)[0]

    @staticmethod
    def arguments(seq_len):
        shapes = [(1, seq_len, 512), (512, 512), (128, 512), (128, 512), (512, 512)]
        return tuple(torch.zeros(shape) for shape in shapes)


class GPT2Layer(torch.nn.Module):
    """Fused qkv projection (c_attn), causal attention, output projection."""

    def __init__(self, implementation):
        super().__init__()
        config = GPT2Config(n_embd=768, n_head=12, attn_implementation=implementation)
        self.attention = GPT2Attention(config, layer_idx=0).eval()
        make_buffers_persistent(self)

    def forward(self, hidden, w_attn, b_attn, w_proj, b_proj):
        seq_len = hidden.shape[1]
        causal = torch.ones((seq_len, seq_len), dtype=torch.bool).tril()
        weights = {
            "bias": causal[None, None],  # only the eager attention reads it
            "c_attn.weight": w_attn,
            "c_attn.bias": b_attn,
            "c_proj.weight": w_proj,
            "c_proj.bias": b_proj,
        }
        return torch.func.functional_call(self.attention, weights, (hidden,))[0]

    @staticmethod
    def arguments(seq_len):
        shapes = [(1, seq_len, 768), (768, 2304), (2304,), (768, 768), (768,)]
        return tuple(torch.zeros(shape) for shape in shapes)


# file: layer, transformers' attention implementation, sequence length
MODELS = {
    "llama_attention": (LlamaLayer, "sdpa", 512),
    "llama_attention_509": (LlamaLayer, "sdpa", 509),
    "llama_attention_dynamic": (LlamaLayer, "sdpa", None),
    "llama_attention_eager": (LlamaLayer, "eager", 512),
    "gpt2_attention": (GPT2Layer, "sdpa", 512),
    "gpt2_attention_eager": (GPT2Layer, "eager", 512),
}


def export(name, seq_len=None):
    layer, implementation, default_len = MODELS[name]
    seq_len = seq_len or default_len
    dynamic = None
    if seq_len is None:
        seq_len = 512
        dynamic = ({1: Dim("seq", min=2, max=4096)}, {}, {}, {}, {})
    module = fx.export_and_import(
        layer(implementation),
        *layer.arguments(seq_len),
        output_type="linalg-on-tensors",
        func_name=name,
        dynamic_shapes=dynamic,
    )
    header = (
        f"// torch-mlir {version('torch-mlir')}, torch {version('torch')}, "
        f"transformers {version('transformers')}: export.py {name}\n"
    ).replace("+cpu", "")
    return header + module.operation.get_asm().rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=", ".join(MODELS) + " (default: all)")
    parser.add_argument("--seq-len", type=int, help="instead of the model's own")
    parser.add_argument("--output", help="file to write; needs one name")
    options = parser.parse_args()
    names = options.names or list(MODELS)
    for name in names:
        if name not in MODELS:
            parser.error(f"no model named {name}; known: {', '.join(MODELS)}")
    if options.output and len(names) != 1:
        parser.error("--output needs exactly one model name")
    if options.seq_len and not options.output:
        parser.error("--seq-len needs --output, so that no shipped file is replaced")
    warnings.filterwarnings("ignore")
    for name in names:
        path = pathlib.Path(options.output or HERE / f"{name}.mlir")
        path.write_text(export(name, options.seq_len))
        print(path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
