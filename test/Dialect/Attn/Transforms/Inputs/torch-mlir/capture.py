#!/usr/bin/env python3
"""Writes the fixtures of this folder: attention as torch-mlir really prints it.

Every function below that is marked @case is exported by
torch_mlir.fx.export_and_import(output_type="linalg-on-tensors") into NAME.mlir,
with one public function of the same name. @case(keep_sdpa=...) leaves
aten.scaled_dot_product_attention out of the decomposition table: torch-mlir then
decomposes it ("decompose"), or, told that it is legal ("legal"), makes it
tm_tensor.attention. What has an op of tm_tensor comes twice, NAME.mlir as
torch-mlir prints it and NAME.generic.mlir in generic form.

    pip install -r examples/models/requirements.txt
    python capture.py            # all of them
    python capture.py NAME...    # some of them
    python capture.py --list

The first lines of each file say which versions made it and whether MLIR 22
parses it (checked with $MLIR_OPT, by default mlir-opt-22; the generic form
needs --allow-unregistered-dialect).
"""

import argparse
import dataclasses
import functools
import inspect
import math
import os
import pathlib
import subprocess
import sys
import textwrap
import warnings
from importlib.metadata import version

import torch
import torch.nn.functional as F
from torch.export import Dim
from torch_mlir import fx
from torch_mlir.extras.fx_decomp_util import get_decomposition_table

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[5] / "examples" / "block_transformer"))

from block_transformer import BlockTransformerConfig  # noqa: E402
from block_transformer.block_decoder import BlockDecoder  # noqa: E402
from block_transformer.token_decoder import make_token_decoder  # noqa: E402

f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
CASES = {}


def t(*shape, dtype=f32):
    """An example input; only its shape and type reach the IR."""
    if dtype.is_floating_point:
        return torch.zeros(shape, dtype=dtype)
    return torch.ones(shape, dtype=dtype)


def qkv(b=2, h=4, lq=16, lk=None, d=8, dv=None, hkv=None, dtype=f32):
    lk, dv, hkv = lk or lq, dv or d, hkv or h
    return (
        t(b, h, lq, d, dtype=dtype),
        t(b, hkv, lk, d, dtype=dtype),
        t(b, hkv, lk, dv, dtype=dtype),
    )


def case(args=None, dynamic=None, keep_sdpa=None):
    """Registers a form; its docstring becomes a comment of the fixture."""

    def register(fn):
        name = fn.__name__
        CASES[name] = (fn, qkv() if args is None else args, dynamic, keep_sdpa)
        return fn

    return register


def softmax_attention(q, k, v, scale=None):
    """Eager attention, as most model code spells it."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    p = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * scale, dim=-1)
    return torch.matmul(p, v)


def repeat_kv(x, n):
    """transformers' repeat_kv."""
    b, h, s, d = x.shape
    return x[:, :, None, :, :].expand(b, h, n, s, d).reshape(b, h * n, s, d)


# --- torch.nn.functional.scaled_dot_product_attention ----------------------


@case()
def sdpa_plain(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case()
def sdpa_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(lq=12, lk=20))
def sdpa_causal_cross(q, k, v):
    """Causal with Lq != Lk is aligned top-left."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(lq=12, lk=20) + (t(12, 20, dtype=torch.bool),))
def sdpa_bool_mask(q, k, v, mask):
    """True = visible."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=12, lk=20) + (t(2, 1, 12, 20, dtype=torch.bool),))
def sdpa_bool_mask_b1(q, k, v, mask):
    """A mask [B, 1, Lq, Lk], the usual padding mask."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=12, lk=20) + (t(2, 1, 1, 20, dtype=torch.bool),))
def sdpa_bool_mask_keys(q, k, v, mask):
    """A mask [B, 1, 1, Lk]."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=12, lk=20) + (t(2, 4, 12, 20),))
def sdpa_float_mask(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=12, lk=20) + (t(1, 1, 12, 20),))
def sdpa_float_mask_11(q, k, v, mask):
    """A mask [1, 1, Lq, Lk]."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(hkv=2))
def sdpa_gqa(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


@case(qkv(hkv=2))
def sdpa_gqa_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)


@case(qkv(hkv=1))
def sdpa_mqa(q, k, v):
    """One KV head for all query heads."""
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


@case(qkv(hkv=2))
def sdpa_gqa_repeat_interleave(q, k, v):
    k = k.repeat_interleave(2, dim=1)
    v = v.repeat_interleave(2, dim=1)
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(hkv=2))
def sdpa_gqa_repeat_kv(q, k, v):
    """transformers' repeat_kv: expand + reshape."""
    return F.scaled_dot_product_attention(q, repeat_kv(k, 2), repeat_kv(v, 2))


@case(qkv(hkv=1))
def sdpa_mqa_expand(q, k, v):
    k, v = k.expand(2, 4, 16, 8), v.expand(2, 4, 16, 8)
    return F.scaled_dot_product_attention(q, k, v)


@case()
def sdpa_scale(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, scale=0.125)


@case()
def sdpa_scale_one(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, scale=1.0)


@case(qkv(dtype=f16))
def sdpa_f16(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(dtype=f16))
def sdpa_f16_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(dtype=bf16))
def sdpa_bf16(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(dtype=bf16))
def sdpa_bf16_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(dtype=f16) + (t(2, 1, 16, 16, dtype=torch.bool),))
def sdpa_f16_bool_mask(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(dtype=f64))
def sdpa_f64(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


L = Dim("seq", min=2, max=4096)
LK = Dim("seq_kv", min=2, max=4096)
B = Dim("batch", min=2, max=64)


@case(dynamic=({2: L}, {2: L}, {2: L}))
def sdpa_dynamic_seq(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(dynamic=({2: L}, {2: L}, {2: L}))
def sdpa_dynamic_seq_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(lq=12, lk=20), dynamic=({2: L}, {2: LK}, {2: LK}))
def sdpa_dynamic_cross(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(dynamic=({0: B}, {0: B}, {0: B}))
def sdpa_dynamic_batch(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(dynamic=({0: B, 2: L}, {0: B, 2: L}, {0: B, 2: L}))
def sdpa_dynamic_batch_seq_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(hkv=2), dynamic=({2: L}, {2: L}, {2: L}))
def sdpa_dynamic_seq_gqa(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


@case(
    qkv(lq=12, lk=20) + (t(2, 1, 12, 20, dtype=torch.bool),),
    dynamic=({2: L}, {2: LK}, {2: LK}, {2: L, 3: LK}),
)
def sdpa_dynamic_bool_mask(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case((t(2, 16, 8), t(2, 16, 8), t(2, 16, 8)))
def sdpa_rank3(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case((t(16, 8), t(16, 8), t(16, 8)))
def sdpa_rank2(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case((t(1, 2, 4, 16, 8), t(1, 2, 4, 16, 8), t(1, 2, 4, 16, 8)))
def sdpa_rank5(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(dv=12))
def sdpa_head_dim_v(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(lq=12, lk=20))
def sdpa_cross(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(lq=1, lk=20))
def sdpa_decode(q, k, v):
    """One query token."""
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(b=1, lq=1, lk=20, hkv=2))
def sdpa_decode_gqa_b1(q, k, v):
    """One query token, batch 1."""
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


@case(
    qkv(lq=1, lk=20, hkv=2) + (t(2, 1, 1, 20, dtype=torch.bool),),
    dynamic=({}, {2: LK}, {2: LK}, {3: LK}),
)
def sdpa_decode_dynamic_cache(q, k, v, mask):
    """One query token against a cache of any length, with a key mask."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)


@case((t(2, 16, 4, 8), t(2, 16, 4, 8), t(2, 16, 4, 8)))
def sdpa_bshd(q, k, v):
    """[B, S, H, D] in and out: what a projection followed by view gives."""
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)


@case((t(2, 16, 96),))
def sdpa_packed_qkv(x):
    """One [B, S, 3*H*D] tensor split, as GPT-2's c_attn gives it."""
    q, k, v = (y.view(2, 16, 4, 8).transpose(1, 2) for y in x.split(32, dim=2))
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return o.transpose(1, 2).reshape(2, 16, 32)


@case(qkv(lq=12, lk=20))
def sdpa_sliding_window(q, k, v):
    """A window of five keys up to the diagonal, made in the graph."""
    i = torch.arange(12)[:, None]
    j = torch.arange(20)[None, :]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=(j <= i) & (i - j < 5))


@case()
def sdpa_causal_tril_bool(q, k, v):
    """Causal as a boolean tril made in the graph."""
    mask = torch.ones(16, 16, dtype=torch.bool).tril()
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=12, lk=20))
def sdpa_causal_bottom_right(q, k, v):
    """The last query sees the last key."""
    mask = torch.ones(12, 20, dtype=torch.bool).tril(diagonal=8)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=12, lk=20) + (t(2, dtype=torch.int64),))
def sdpa_kv_len(q, k, v, kv_len):
    """Keys from kv_len[b] on are padding."""
    mask = torch.arange(20)[None, None, None, :] < kv_len[:, None, None, None]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


# --- the same by hand ------------------------------------------------------


@case()
def eager_plain(q, k, v):
    return softmax_attention(q, k, v)


@case()
def eager_scale_on_query(q, k, v):
    p = torch.softmax(torch.matmul(q * 0.35, k.transpose(-2, -1)), dim=-1)
    return torch.matmul(p, v)


@case()
def eager_div_sqrt_d(q, k, v):
    s = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def eager_no_scale(q, k, v):
    return torch.matmul(torch.softmax(torch.matmul(q, k.transpose(-2, -1)), -1), v)


@case()
def eager_exp_without_max(q, k, v):
    """Softmax without subtracting the maximum: the same function of exact reals."""
    e = torch.exp(torch.matmul(q, k.transpose(-2, -1)) * 0.35)
    return torch.matmul(e / e.sum(dim=-1, keepdim=True), v)


@case()
def eager_divide_after_pv(q, k, v):
    """Divides the product with V, not the probabilities."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    e = torch.exp(s - s.amax(dim=-1, keepdim=True))
    return torch.matmul(e, v) / e.sum(dim=-1, keepdim=True)


@case()
def eager_amax_exp_sum(q, k, v):
    """Softmax spelled out with amax, which has no index result."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    e = torch.exp(s - s.amax(dim=-1, keepdim=True))
    return torch.matmul(e / e.sum(dim=-1, keepdim=True), v)


@case()
def eager_exp2(q, k, v):
    """exp2 of scores multiplied by log2(e)."""
    s = torch.matmul(q, k.transpose(-2, -1)) * (0.35 * math.log2(math.e))
    e = torch.exp2(s - s.amax(dim=-1, keepdim=True))
    return torch.matmul(e / e.sum(dim=-1, keepdim=True), v)


@case()
def eager_lse(q, k, v):
    """Also returns the log-sum-exp, from torch.logsumexp."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    return torch.matmul(torch.softmax(s, dim=-1), v), torch.logsumexp(s, dim=-1)


@case()
def eager_lse_shared(q, k, v):
    """P = exp(S - lse), and lse returned."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    lse = torch.logsumexp(s, dim=-1, keepdim=True)
    return torch.matmul(torch.exp(s - lse), v), lse.squeeze(-1)


@case()
def eager_lse_by_hand(q, k, v):
    """m + log(l) from the very maximum and sum that softmax uses."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    m = s.amax(dim=-1, keepdim=True)
    e = torch.exp(s - m)
    z = e.sum(dim=-1, keepdim=True)
    return torch.matmul(e / z, v), (m + torch.log(z)).squeeze(-1)


@case(qkv() + (t(16, 16, dtype=torch.bool),))
def eager_masked_fill_inf(q, k, v, mask):
    """mask: true = excluded."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = s.masked_fill(mask, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv() + (t(16, 16, dtype=torch.bool),))
def eager_masked_fill_not(q, k, v, mask):
    """masked_fill(~mask, -inf): true = visible."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = s.masked_fill(~mask, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv() + (t(16, 16, dtype=torch.int64),))
def eager_masked_fill_eq0_1e9(q, k, v, mask):
    """masked_fill(mask == 0, -1e9), as in the Annotated Transformer."""
    s = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
    s = s.masked_fill(mask == 0, -1e9)
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv() + (t(2, 1, 1, 16),))
def eager_padding_finfo_min(q, k, v, mask):
    """BERT: (1 - attention_mask) * finfo.min is added."""
    s = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(q.size(-1))
    s = s + (1.0 - mask) * torch.finfo(f32).min
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def eager_causal_tril_inf(q, k, v):
    """nanoGPT: masked_fill(tril == 0, -inf)."""
    s = torch.matmul(q, k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
    s = s.masked_fill(torch.tril(torch.ones(16, 16)) == 0, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def eager_causal_triu_add(q, k, v):
    """Llama's own code: scores + triu(full(-inf), 1)."""
    s = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(q.size(-1))
    s = s + torch.triu(torch.full((16, 16), float("-inf")), diagonal=1)
    return torch.matmul(F.softmax(s.float(), dim=-1).type_as(q), v)


@case()
def eager_causal_where_finfo_min(q, k, v):
    """transformers' old GPT-2: where(causal, scores, finfo.min)."""
    s = torch.matmul(q, k.transpose(-1, -2)) / (q.size(-1) ** 0.5)
    causal = torch.ones(16, 16, dtype=torch.bool).tril().view(1, 1, 16, 16)
    s = torch.where(causal, s, torch.full([], torch.finfo(s.dtype).min))
    return torch.matmul(F.softmax(s, dim=-1), v)


@case(dynamic=({2: L}, {2: L}, {2: L}))
def eager_dynamic_causal(q, k, v):
    """nanoGPT's eager causal attention with any sequence length."""
    n = q.size(2)
    s = torch.matmul(q, k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
    s = s.masked_fill(torch.tril(torch.ones(n, n)) == 0, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(dynamic=({0: B, 2: L}, {0: B, 2: L}, {0: B, 2: L}))
def eager_dynamic_batch_seq(q, k, v):
    return softmax_attention(q, k, v)


@case(qkv(dtype=f16))
def eager_f16(q, k, v):
    return softmax_attention(q, k, v)


@case(qkv(dtype=bf16))
def eager_bf16_softmax_f32(q, k, v):
    """transformers' eager attention: softmax in f32, back to bf16."""
    s = torch.matmul(q, k.transpose(2, 3)) * 0.35
    p = F.softmax(s, dim=-1, dtype=f32).to(q.dtype)
    return torch.matmul(p, v).transpose(1, 2).contiguous()


@case(qkv(dtype=f16))
def eager_f16_upcast_qk(q, k, v):
    """The whole attention in f32 for f16 tensors."""
    return softmax_attention(q.float(), k.float(), v.float()).to(f16)


@case(qkv(hkv=2, dtype=f16) + (t(2, 1, 16, 16, dtype=f16),))
def eager_transformers_gqa(q, k, v, mask):
    """transformers' eager_attention_forward with repeat_kv and a 4-D mask."""
    s = torch.matmul(q, repeat_kv(k, 2).transpose(2, 3)) * 0.35
    s = s + mask[:, :, :, : k.shape[-2]]
    p = F.softmax(s, dim=-1, dtype=f32).to(q.dtype)
    p = F.dropout(p, p=0.0, training=False)
    return torch.matmul(p, repeat_kv(v, 2)).transpose(1, 2).contiguous()


@case(qkv(hkv=2))
def eager_tiled_heads(q, k, v):
    """K and V repeated as h0 h1 h0 h1: attention, but not the grouping of GQA."""
    k, v = k.repeat(1, 2, 1, 1), v.repeat(1, 2, 1, 1)
    return softmax_attention(q, k, v)


@case()
def eager_between_channels(q, k, v):
    """XCiT: attention of q^T, k^T, v^T; right only with the roles transposed."""
    p = torch.softmax(torch.matmul(q.transpose(-2, -1), k) * 0.35, dim=-1)
    return torch.matmul(v, p.transpose(-2, -1))


@case((t(2, 2, 2, 16, 8), t(2, 2, 16, 8), t(2, 2, 16, 8)))
def eager_gqa_grouped(q, k, v):
    """Grouped query [B, Hkv, G, L, D] against K and V broadcast over G."""
    s = torch.matmul(q, k[:, :, None].transpose(-2, -1)) * 0.35
    return torch.matmul(torch.softmax(s, dim=-1), v[:, :, None])


@case((t(2, 16, 2, 2, 8), t(2, 20, 2, 8), t(2, 20, 2, 8)))
def eager_gqa_einsum(q, k, v):
    """Grouped query by einsum; K and V are not repeated."""
    s = torch.einsum("btkgd,bskd->bkgts", q, k) * 0.35
    return torch.einsum("bkgts,bskd->btkgd", torch.softmax(s, dim=-1), v)


@case((t(2, 16, 8), t(2, 16, 8), t(2, 16, 8)))
def eager_rank3_bmm(q, k, v):
    p = torch.softmax(torch.bmm(q, k.transpose(1, 2)) * 0.35, dim=-1)
    return torch.bmm(p, v)


@case((t(2, 16, 8), t(2, 16, 8), t(2, 16, 8), t(2, 16, 16)))
def eager_baddbmm(q, k, v, bias):
    """BLOOM, torch.nn.MultiheadAttention: bias and scale inside baddbmm."""
    s = torch.baddbmm(bias, q, k.transpose(1, 2), beta=1.0, alpha=0.35)
    return torch.bmm(torch.softmax(s, dim=-1), v)


@case((t(16, 8), t(20, 8), t(20, 8)))
def eager_rank2(q, k, v):
    """One head: linalg.matmul."""
    return torch.mm(torch.softmax(torch.mm(q, k.t()) * 0.35, dim=-1), v)


@case(qkv(dv=12))
def eager_head_dim_v(q, k, v):
    return softmax_attention(q, k, v)


@case(qkv(lq=12, lk=20))
def eager_cross(q, k, v):
    return softmax_attention(q, k, v)


@case(qkv(lq=1, lk=20))
def eager_decode(q, k, v):
    return softmax_attention(q, k, v)


@case((t(2, 16, 4, 8), t(2, 20, 4, 8), t(2, 20, 4, 8)))
def eager_bshd(q, k, v):
    """[B, S, H, D] permuted before and after."""
    q, k, v = q.transpose(1, 2), k.permute(0, 2, 3, 1), v.transpose(1, 2)
    p = torch.softmax(torch.matmul(q, k) * 0.35, dim=-1)
    return torch.matmul(p, v).transpose(1, 2)


@case((t(2, 16, 4, 8), t(2, 20, 4, 8), t(2, 20, 4, 8)))
def eager_bshd_einsum(q, k, v):
    s = torch.einsum("bqhd,bkhd->bhqk", q, k) * 0.35
    return torch.einsum("bhqk,bkhd->bqhd", torch.softmax(s, dim=-1), v)


@case((t(2, 4, 16, 8), t(2, 4, 8, 20), t(2, 4, 20, 8)))
def eager_key_transposed(q, k, v):
    """The key cache is kept [B, H, D, S]."""
    return torch.matmul(torch.softmax(torch.matmul(q, k) * 0.35, dim=-1), v)


@case(qkv(lq=12, lk=20) + (t(4),))
def eager_alibi(q, k, v, slopes):
    """ALiBi bias slopes[h] * (j - i), made in the graph."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    dist = (torch.arange(20)[None, :] - torch.arange(12)[:, None]).to(s.dtype)
    s = s + slopes[:, None, None] * dist
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv() + (t(32, 4),))
def eager_relative_bias(q, k, v, table):
    """T5: a bias gathered from a table by (clamped) distance."""
    s = torch.matmul(q, k.transpose(-2, -1))
    dist = torch.arange(16)[None, :] - torch.arange(16)[:, None]
    bias = F.embedding((dist + 16).clamp(0, 31), table)
    s = s + bias.permute(2, 0, 1).unsqueeze(0)
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def eager_softcap(q, k, v):
    """Gemma 2: scale, divide, tanh, multiply."""
    s = torch.matmul(q, k.transpose(2, 3)) * 0.35
    s = torch.tanh(s / 50.0) * 50.0
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv() + (t(2, 1, 16, 16),))
def eager_softcap_mask(q, k, v, mask):
    """Gemma 2: softcap, then the additive mask."""
    s = torch.matmul(q, k.transpose(2, 3)) * 0.35
    s = torch.tanh(s / 50.0) * 50.0 + mask
    return torch.matmul(F.softmax(s, dim=-1, dtype=f32).to(q.dtype), v)


@case(qkv(lq=12, lk=20))
def eager_sliding_window(q, k, v):
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    i = torch.arange(12)[:, None]
    j = torch.arange(20)[None, :]
    s = s.masked_fill((j > i) | (i - j >= 5), float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv() + (t(16, 16, dtype=torch.bool),))
def eager_safe_softmax_mask(q, k, v, mask):
    """aten._safe_softmax on a boolean mask: rows without a key give 0."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = torch.where(mask, s, float("-inf"))
    return torch.matmul(torch.ops.aten._safe_softmax(s, -1), v)


@case(qkv() + (t(16, 16, dtype=torch.bool),))
def eager_masked_fill_twice(q, k, v, mask):
    """Rows without a key cleaned by a second masked_fill on P."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    p = torch.softmax(s.masked_fill(mask, float("-inf")), dim=-1)
    return torch.matmul(p.masked_fill(mask, 0.0), v)


@case(qkv() + (t(4),))
def eager_sinks(q, k, v, sinks):
    """gpt-oss: one extra score per head, dropped after softmax."""
    s = torch.matmul(q, k.transpose(2, 3)) * 0.35
    sink = sinks.reshape(1, -1, 1, 1).expand(2, -1, 16, -1)
    p = F.softmax(torch.cat([s, sink], dim=-1), dim=-1)[..., :-1]
    return torch.matmul(p, v)


@case(qkv(lq=1, lk=20) + (t(2, 4, 1, 8), t(2, 4, 1, 8)))
def eager_decode_cat(q, k, v, new_k, new_v):
    """The new token is concatenated to the cache first."""
    k, v = torch.cat([k, new_k], dim=2), torch.cat([v, new_v], dim=2)
    return softmax_attention(q, k, v), k, v


# --- not attention ---------------------------------------------------------


@case()
def negative_softmax_dim(q, k, v):
    """Softmax over the queries."""
    p = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.35, dim=-2)
    return torch.matmul(p, v)


@case()
def negative_softmax_heads(q, k, v):
    """Softmax over the heads."""
    p = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.35, dim=1)
    return torch.matmul(p, v)


@case()
def negative_linear_attention(q, k, v):
    """No softmax."""
    return torch.matmul(torch.matmul(q, k.transpose(-2, -1)) * 0.35, v)


@case()
def negative_sigmoid(q, k, v):
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    return torch.matmul(torch.sigmoid(s), v)


@case()
def negative_log_softmax(q, k, v):
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    return torch.matmul(torch.log_softmax(s, dim=-1), v)


@case()
def negative_probabilities_returned(q, k, v):
    """P is needed in memory anyway."""
    p = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.35, dim=-1)
    return torch.matmul(p, v), p


@case(qkv() + (t(2, 4, 16, 16),))
def negative_dropout(q, k, v, keep):
    """P is multiplied by a dropout mask."""
    p = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.35, dim=-1)
    return torch.matmul(p * keep, v)


@case()
def negative_layer_norm(q, k, v):
    """Layer norm over the keys between QK and softmax."""
    s = F.layer_norm(torch.matmul(q, k.transpose(-2, -1)), (16,))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def negative_top_k(q, k, v):
    """Only scores not below the fourth largest of their row take part."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    kth = torch.topk(s, 4, dim=-1).values[..., -1:]
    s = s.masked_fill(s < kth, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def negative_row_threshold(q, k, v):
    """The mask depends on the scores: those above the mean of their row."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = s.masked_fill(s < s.mean(dim=-1, keepdim=True), float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def negative_channel_contraction(q, k, v):
    """q^T k contracts the sequence, and the softmax axis is not contracted."""
    p = torch.softmax(torch.matmul(q.transpose(-2, -1), k) * 0.35, dim=-1)
    return torch.matmul(v, p)


@case()
def negative_transposed_p(q, k, v):
    """P^T v: contracts the query axis."""
    p = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.35, dim=-1)
    return torch.matmul(p.transpose(-2, -1), v)


@case()
def negative_squared_denominator(q, k, v):
    """E / sum(E * E)."""
    e = torch.exp(torch.matmul(q, k.transpose(-2, -1)) * 0.35)
    return torch.matmul(e / (e * e).sum(dim=-1, keepdim=True), v)


@case()
def negative_sum_of_other_scores(q, k, v):
    """The denominator comes from unscaled scores."""
    s = torch.matmul(q, k.transpose(-2, -1))
    e = torch.exp(s * 0.35)
    return torch.matmul(e / torch.exp(s).sum(dim=-1, keepdim=True), v)


@case(qkv() + (t(4, 4),))
def negative_talking_heads(q, k, v, mix):
    """Scores are mixed across heads before softmax."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = torch.einsum("bhij,hg->bgij", s, mix)
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case()
def negative_score_reversed(q, k, v):
    """Scores are reversed along the keys before softmax."""
    s = (torch.matmul(q, k.transpose(-2, -1)) * 0.35).flip(-1)
    return torch.matmul(torch.softmax(s, dim=-1), v)


# --- aten.scaled_dot_product_attention kept --------------------------------
# torch-mlir's own decomposition takes those without mask, causal and GQA.


@case(keep_sdpa="decompose")
def kept_plain(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case((t(2, 16, 8), t(2, 16, 8), t(2, 16, 8)), keep_sdpa="decompose")
def kept_rank3(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(dtype=f16), keep_sdpa="decompose")
def kept_f16(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(dynamic=({2: L}, {2: L}, {2: L}), keep_sdpa="decompose")
def kept_dynamic_seq(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(dynamic=({0: B}, {0: B}, {0: B}), keep_sdpa="decompose")
def kept_dynamic_batch(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


# Legal for the backend, it becomes tm_tensor.attention.


@case(keep_sdpa="legal")
def tm_plain(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(keep_sdpa="legal")
def tm_scale(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, scale=0.125)


@case((t(2, 16, 8), t(2, 16, 8), t(2, 16, 8)), keep_sdpa="legal")
def tm_rank3(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case((t(1, 2, 4, 16, 8), t(1, 2, 4, 16, 8), t(1, 2, 4, 16, 8)), keep_sdpa="legal")
def tm_rank5(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(lq=12, lk=20), keep_sdpa="legal")
def tm_cross(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(keep_sdpa="legal")
def tm_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(lq=12, lk=20), keep_sdpa="legal")
def tm_causal_cross(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(lq=12, lk=20) + (t(2, 1, 12, 20, dtype=torch.bool),), keep_sdpa="legal")
def tm_bool_mask(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=12, lk=20) + (t(2, 4, 12, 20),), keep_sdpa="legal")
def tm_float_mask(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(hkv=2), keep_sdpa="legal")
def tm_gqa(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


@case(qkv(hkv=2), keep_sdpa="legal")
def tm_gqa_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)


@case(qkv(hkv=2, lq=1, lk=20), keep_sdpa="legal")
def tm_decode_gqa(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


@case(dynamic=({2: L}, {2: L}, {2: L}), keep_sdpa="legal")
def tm_dynamic_seq(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(dynamic=({2: L}, {2: L}, {2: L}), keep_sdpa="legal")
def tm_dynamic_seq_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(dynamic=({0: B}, {0: B}, {0: B}), keep_sdpa="legal")
def tm_dynamic_batch(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(dtype=f16), keep_sdpa="legal")
def tm_f16(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(dtype=f16), keep_sdpa="legal")
def tm_f16_causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@case(qkv(dtype=bf16), keep_sdpa="legal")
def tm_bf16(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case(qkv(dv=12), keep_sdpa="legal")
def tm_head_dim_v(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@case((t(2, 16, 96),), keep_sdpa="legal")
def tm_packed_qkv(x):
    """One [B, S, 3*H*D] tensor split, as GPT-2's c_attn gives it."""
    q, k, v = (y.view(2, 16, 4, 8).transpose(1, 2) for y in x.split(32, dim=2))
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return o.transpose(1, 2).reshape(2, 16, 32)


# --- attention inside blocks -----------------------------------------------
#
# A query sees the keys of its own block, as the token decoder of a Block
# Transformer over a whole sequence does. Forms named block_other_* are near
# misses: attention, but with a mask that is not that.


def same_block(lq, lk, block_q, block_k=None):
    """i // T == j // T, true = visible."""
    rows, columns = torch.arange(lq), torch.arange(lk)
    return rows[:, None] // block_q == columns[None, :] // (block_k or block_q)


def earlier(lq, lk):
    """j <= i."""
    return torch.arange(lk)[None, :] <= torch.arange(lq)[:, None]


class Fixed(torch.nn.Module):
    """Attention with a mask that the module keeps as a buffer."""

    def __init__(self, mask, attend):
        super().__init__()
        self.register_buffer("mask", mask)
        self.attend = attend

    def forward(self, q, k, v):
        return self.attend(q, k, v, self.mask)


def fixed(mask):
    """Makes a form out of attention with a mask that is a constant."""
    return lambda attend: functools.wraps(attend)(Fixed(mask, attend))


def sdpa_masked(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def triangles(count, block_len):
    """[L, L] with a lower triangle for each block, in plain numbers."""
    return torch.kron(torch.eye(count), torch.ones(block_len, block_len).tril())


@case(qkv(lq=20))
def block_causal(q, k, v):
    mask = same_block(20, 20, 5) & earlier(20, 20)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_whole(q, k, v):
    """Every key of the block, no causal edge."""
    mask = same_block(20, 20, 5)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_causal_tril(q, k, v):
    mask = torch.ones(20, 20, dtype=torch.bool).tril() & same_block(20, 20, 4)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=18))
def block_causal_ragged(q, k, v):
    """The last block is not full."""
    mask = same_block(18, 18, 5) & earlier(18, 18)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_one(q, k, v):
    """Blocks of one: the diagonal."""
    mask = torch.arange(20)[:, None] == torch.arange(20)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20, hkv=2, dtype=f16))
def block_causal_gqa_f16(q, k, v):
    mask = same_block(20, 20, 5) & earlier(20, 20)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)


@case((t(2, 20, 4, 8), t(2, 20, 4, 8), t(2, 20, 4, 8)))
def block_causal_bshd(q, k, v):
    mask = same_block(20, 20, 5) & earlier(20, 20)
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return o.transpose(1, 2)


@case(qkv(lq=12, lk=20))
def block_cross(q, k, v):
    """Fewer queries than keys: the last blocks have no rows."""
    mask = same_block(12, 20, 5)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(dynamic=({2: L}, {2: L}, {2: L}))
def block_dynamic_causal(q, k, v):
    n = q.shape[2]
    mask = same_block(n, n, 5) & earlier(n, n)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(dynamic=({0: B, 2: L}, {0: B, 2: L}, {0: B, 2: L}))
def block_dynamic_whole(q, k, v):
    n = q.shape[2]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=same_block(n, n, 5))


@case(dynamic=({2: L}, {2: L}, {2: L}))
def block_dynamic_additive(q, k, v):
    n = q.shape[2]
    visible = same_block(n, n, 4) & earlier(n, n)
    mask = torch.zeros(n, n).masked_fill(~visible, float("-inf"))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(dynamic=({2: L}, {2: L}, {2: L}))
def block_dynamic_eager(q, k, v):
    n = q.shape[2]
    visible = same_block(n, n, 4) & earlier(n, n)
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = torch.where(visible, s, torch.finfo(s.dtype).min)
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv(lq=20))
def block_additive_inf(q, k, v):
    """Zeros, filled with -inf where not visible, and added."""
    visible = same_block(20, 20, 5) & earlier(20, 20)
    mask = torch.zeros(20, 20).masked_fill(~visible, float("-inf"))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_additive_finfo_min(q, k, v):
    visible = same_block(20, 20, 5) & earlier(20, 20)
    mask = torch.where(visible, 0.0, torch.finfo(f32).min)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask[None, None])


@case(qkv(lq=20))
def block_two_additive(q, k, v):
    """A causal mask and one for the blocks, added one after the other."""
    causal = torch.triu(torch.full((20, 20), float("-inf")), diagonal=1)
    blocks = torch.where(same_block(20, 20, 5), 0.0, float("-inf"))
    s = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
    return torch.matmul(torch.softmax(s + causal + blocks, dim=-1), v)


@case(qkv(lq=20))
def block_eager_masked_fill(q, k, v):
    """true = excluded: other blocks, and later keys."""
    rows, columns = torch.arange(20)[:, None], torch.arange(20)[None, :]
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = s.masked_fill((rows // 5 != columns // 5) | (columns > rows), float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv(lq=20))
def block_eager_softcap(q, k, v):
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = torch.tanh(s / 30.0) * 30.0
    visible = same_block(20, 20, 4) & earlier(20, 20)
    s = torch.where(visible, s, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv(lq=20) + (t(1, 4, 20, 20),))
def block_eager_bias(q, k, v, bias):
    """A relative-position bias, as T5 adds it, and unscaled scores."""
    s = torch.matmul(q, k.transpose(-2, -1)) + bias
    s = s.masked_fill(~(same_block(20, 20, 4) & earlier(20, 20)), float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv(lq=20) + (t(1, 4, 20, 20),))
def block_bias_filled(q, k, v, bias):
    """A bias that is -inf where a key is not visible, as one tensor."""
    visible = same_block(20, 20, 5) & earlier(20, 20)
    mask = bias.masked_fill(~visible, float("-inf"))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1.0)


@case(qkv(lq=20) + (t(2, 1, 1, 20, dtype=torch.bool),))
def block_padding(q, k, v, padding):
    """And a mask for the keys of each sequence."""
    mask = same_block(20, 20, 5) & earlier(20, 20) & padding
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20) + (t(2, dtype=torch.int64),))
def block_kv_len(q, k, v, kv_len):
    columns = torch.arange(20)[None, None, None, :]
    mask = same_block(20, 20, 5) & (columns < kv_len[:, None, None, None])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_window(q, k, v):
    """At most two earlier keys, all of the same block."""
    rows, columns = torch.arange(20)[:, None], torch.arange(20)[None, :]
    mask = same_block(20, 20, 5) & (columns <= rows) & (rows - columns <= 2)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_range(q, k, v):
    """From the first key of the block to the query's own: two inequalities."""
    rows, columns = torch.arange(20)[:, None], torch.arange(20)[None, :]
    mask = (columns >= rows - rows % 5) & (columns <= rows)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_range_whole(q, k, v):
    """First <= key < first + T."""
    rows, columns = torch.arange(20)[:, None], torch.arange(20)[None, :]
    first = rows // 5 * 5
    mask = (columns >= first) & (columns < first + 5)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=16))
def block_shift(q, k, v):
    """Blocks of a power of two, by a shift."""
    ids = torch.arange(16) >> 2
    mask = (ids[:, None] == ids[None, :]) & earlier(16, 16)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_repeat_interleave(q, k, v):
    """Numbers of blocks, each repeated for its tokens."""
    ids = torch.arange(4).repeat_interleave(5)
    mask = (ids[:, None] == ids[None, :]) & earlier(20, 20)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_expanded_ids(q, k, v):
    ids = torch.arange(4)[:, None].expand(4, 5).reshape(20)
    mask = ids[:, None] == ids[None, :]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_kron(q, k, v):
    """Kronecker product of an identity and a lower triangle."""
    mask = triangles(4, 5) > 0
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
@fixed(triangles(4, 5).bool())
def block_constant(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=18))
@fixed(torch.block_diag(*[torch.ones(4, 4)] * 4, torch.ones(2, 2)).bool())
def block_constant_whole(q, k, v, mask):
    """The last block is not full."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
@fixed(torch.zeros(20, 20).masked_fill(triangles(4, 5) == 0, float("-inf")))
def block_constant_additive(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
@fixed(triangles(4, 5)[None, None])
def block_constant_eq0(q, k, v, mask):
    """nanoGPT's way: a buffer of ones and zeros."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = s.masked_fill(mask[:, :, :20, :20] == 0, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


@case(qkv(lq=20))
@fixed(torch.ones(5, 5).tril().bool())
def block_constant_triangle(q, k, v, mask):
    """A constant for one block, put on the diagonal of blocks."""
    same = torch.eye(4, dtype=torch.bool)
    mask = (same[:, None, :, None] & mask[None, :, None, :]).reshape(20, 20)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
@fixed(torch.arange(20) // 5)
def block_constant_ids(q, k, v, ids):
    """The number of each token's block, a table."""
    mask = (ids[:, None] == ids[None, :]) & earlier(20, 20)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case()
@fixed(torch.ones(16, 16).tril().bool())
def eager_causal_constant(q, k, v, mask):
    """One block only: plain causal attention with a buffer for a mask."""
    s = torch.matmul(q, k.transpose(-2, -1)) * 0.35
    s = s.masked_fill(~mask, float("-inf"))
    return torch.matmul(torch.softmax(s, dim=-1), v)


def to_batch(x, block_len):
    """[B, H, N*T, d] to [B*N, H, T, d]."""
    b, h, n, d = x.shape
    x = x.reshape(b, h, n // block_len, block_len, d).transpose(1, 2)
    return x.reshape(b * n // block_len, h, block_len, d)


@case(qkv(lq=20))
def block_batch(q, k, v):
    """The batch form: every block an entry."""
    q, k, v = (to_batch(x, 5) for x in (q, k, v))
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return o.reshape(2, 4, 4, 5, 8).transpose(1, 2).reshape(2, 4, 20, 8)


@case((t(2, 20, 4, 8), t(2, 20, 4, 8), t(2, 20, 4, 8)))
def block_batch_bshd(q, k, v):
    q, k, v = (x.reshape(8, 5, 4, 8).transpose(1, 2) for x in (q, k, v))
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return o.transpose(1, 2).reshape(2, 20, 4, 8)


@case(qkv(lq=20))
def block_batch_rank5(q, k, v):
    q, k, v = (x.reshape(2, 4, 4, 5, 8) for x in (q, k, v))
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return o.reshape(2, 4, 20, 8)


@case(dynamic=({0: B}, {0: B}, {0: B}))
def block_batch_dynamic(q, k, v):
    """A batch of unknown size."""
    b = q.shape[0]
    q, k, v = (x.reshape(b, 4, 4, 4, 8).transpose(1, 2) for x in (q, k, v))
    q, k, v = (x.reshape(b * 4, 4, 4, 8) for x in (q, k, v))
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return o.reshape(b, 4, 4, 4, 8).transpose(1, 2).reshape(b, 4, 16, 8)


# The model in examples/block_transformer, one layer of a part of it; parameters
# are arguments.
BLOCK = BlockTransformerConfig(
    width=32, num_heads=2, block_layers=1, token_layers=1, block_len=4, prefix_len=2
)


class Functional(torch.nn.Module):
    """A module as a function of its parameters, too."""

    def __init__(self, module):
        super().__init__()
        self.functional = [module]  # A list hides it: it has no parameters.
        self.names = [name for name, _ in module.named_parameters()]

    def forward(self, inputs, *parameters):
        weights = dict(zip(self.names, parameters))
        return torch.func.functional_call(self.functional[0], weights, inputs)

    def arguments(self, *inputs):
        weights = self.functional[0].parameters()
        return (inputs, *(w.detach() for w in weights))


def model_part(module, *inputs):
    """A case of a module and these inputs."""

    def register(fn):
        part = Functional(module)
        return case(part.arguments(*inputs))(functools.wraps(fn)(part))

    return register


def token_decoder(kind):
    return make_token_decoder(dataclasses.replace(BLOCK, token_decoder=kind))


@model_part(token_decoder("prefix"), t(6, 32), t(6, 4, dtype=torch.int64))
def block_model_prefix(context, tokens):
    """The token decoder, teacher-forced: six blocks, two prefix vectors each."""


@model_part(token_decoder("cross"), t(6, 32), t(6, 4, dtype=torch.int64))
def block_model_cross(context, tokens):
    """The cross-attention variant: relative bias, unscaled scores."""


@model_part(BlockDecoder(BLOCK), t(2, 6, 32), t(2, 6, dtype=torch.bool))
def block_model_decoder(embedded, visible):
    """The block decoder: causal over blocks, and whole blocks are padding."""


@case(qkv(lq=20))
def block_other_lengths(q, k, v):
    """Blocks of 4 rows and of 5 keys."""
    mask = same_block(20, 20, 4, 5)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_other_causal(q, k, v):
    """The whole of the query's block and of those before it."""
    rows, columns = torch.arange(20)[:, None], torch.arange(20)[None, :]
    mask = columns // 5 <= rows // 5
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_other_previous(q, k, v):
    """The block before the query's own; the first rows see no key."""
    rows, columns = torch.arange(20)[:, None], torch.arange(20)[None, :]
    mask = rows // 5 == columns // 5 + 1
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_other_shifted(q, k, v):
    """Blocks that begin two positions early, as after padding on the left."""
    ids = (torch.arange(20) + 2) // 5
    mask = ids[:, None] == ids[None, :]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_other_remainder(q, k, v):
    """The same place in every block."""
    ids = torch.arange(20) % 5
    mask = ids[:, None] == ids[None, :]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
def block_other_or(q, k, v):
    """The block, or the first two keys of all."""
    mask = same_block(20, 20, 5) | (torch.arange(20) < 2)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def one_off(mask, i, j):
    mask = mask.clone()
    mask[i, j] = 1 - mask[i, j]
    return mask


@case(qkv(lq=20))
@fixed(one_off(triangles(4, 5), 19, 14).bool())
def block_other_constant(q, k, v, mask):
    """One key too many, in the last row."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


@case(qkv(lq=20))
@fixed(torch.where(one_off(triangles(4, 5), 13, 11) > 0, 0.0, float("-inf")))
def block_other_constant_additive(q, k, v, mask):
    """One key too few."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


# --- writing them ----------------------------------------------------------


def wrap(fn):
    """A Module whose forward has fn's own argument names."""
    if isinstance(fn, torch.nn.Module):
        return fn
    names = ", ".join(inspect.signature(fn).parameters)
    scope = {"fn": fn}
    exec(f"def forward(self, {names}):\n    return fn({names})", scope)
    return type("Attention", (torch.nn.Module,), {"forward": scope["forward"]})()


def parses(text, generic):
    """Whether MLIR 22 reads the text, and if not, the first error."""
    command = [os.environ.get("MLIR_OPT", "mlir-opt-22"), "-o", os.devnull]
    if generic:
        command.append("--allow-unregistered-dialect")
    run = subprocess.run(command, input=text, text=True, capture_output=True)
    return run.returncode == 0, run.stderr.strip().split("\n")[0]


def write(name, text, doc, generic):
    ok, error = parses(text, generic)
    file = name + (".generic.mlir" if generic else ".mlir")
    lines = [
        f"Captured from torch-mlir {version('torch-mlir')}, "
        f"torch {torch.__version__.split('+')[0]}, by: capture.py {name}",
        ("MLIR 22 parses it" if ok else "MLIR 22 has no tm_tensor to parse it")
        + (" with --allow-unregistered-dialect" if ok and generic else ""),
    ]
    lines += textwrap.wrap(doc, 76) if doc else []
    header = "".join(f"// {line}\n" for line in lines)
    (HERE / file).write_text(header + text.rstrip() + "\n")
    print(f"{file:44} {'parses' if ok else error}")


def capture(name):
    fn, args, dynamic, keep_sdpa = CASES[name]
    table = None
    if keep_sdpa:
        table = dict(get_decomposition_table())
        del table[torch.ops.aten.scaled_dot_product_attention.default]
    legal = ["aten.scaled_dot_product_attention"] if keep_sdpa == "legal" else None
    module = fx.export_and_import(
        wrap(fn),
        *args,
        output_type="linalg-on-tensors",
        func_name=name,
        dynamic_shapes=dynamic,
        decomposition_table=table,
        backend_legal_ops=legal,
    )
    doc = inspect.getdoc(fn)
    asm = module.operation.get_asm
    write(name, asm(), doc, generic=False)
    if "tm_tensor." in asm():
        write(name, asm(print_generic_op_form=True), doc, generic=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="forms to capture (default: all)")
    parser.add_argument("--list", action="store_true", help="name the forms")
    options = parser.parse_args()
    if options.list:
        print("\n".join(CASES))
        return 0
    warnings.filterwarnings("ignore")
    failed = []
    for name in options.names or CASES:
        if name not in CASES:
            parser.error(f"no form named {name}")
        try:
            capture(name)
        except Exception as error:
            failed.append(name)
            lines = [x for x in str(error).split("\n") if x.strip()] or ["?"]
            print(f"{name:44} not captured: {type(error).__name__}: {lines[0]}")
    if failed:
        print("not captured:", *failed, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
