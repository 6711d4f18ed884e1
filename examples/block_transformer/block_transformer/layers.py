"""The transformer layer that every part shares, and its one attention call."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import nn


def torch_attend(query, key, value, *, causal, mask=None, scale=None, bias=None):
    """Attention by PyTorch: the reference for any function given to `use_attend`.

    query [B, H, Lq, d], key and value [B, H, Lk, d]; returns [B, H, Lq, d].
    causal: key j is visible to query i iff j <= i, whatever Lq and Lk are.
    mask: bool, broadcasts to [B, H, Lq, Lk], true where the key is visible.
    bias: broadcasts to [B, H, Lq, Lk], added to the scaled scores.
    scale: defaults to 1 / sqrt(d). A row that sees no key gives 0.
    """
    if mask is None and bias is None:
        return F.scaled_dot_product_attention(
            query, key, value, is_causal=causal, scale=scale
        )
    shape = (query.shape[-2], key.shape[-2])
    visible = torch.ones(shape, dtype=torch.bool, device=query.device)
    if causal:
        visible = visible.tril()
    if mask is not None:
        visible = visible & mask
    scores = query.new_zeros(()) if bias is None else bias
    # A row of -inf alone would be 0/0: such a row stays unmasked here and is
    # zeroed below, so that its gradient is 0 too.
    alive = visible.any(-1, keepdim=True)
    scores = torch.where(visible | ~alive, scores, -torch.inf)
    output = F.scaled_dot_product_attention(
        query, key, value, attn_mask=scores, scale=scale
    )
    return output.masked_fill(~alive, 0)


def use_attend(model, attend):
    """Make every attention of `model` call `attend` (see `torch_attend`)."""
    for module in model.modules():
        if isinstance(module, Attention):
            module.attend = attend


def rotate(x, start):
    """Rotary position embedding of x [B, H, L, d] at positions start, start + 1, ..."""
    end = start + x.shape[2]
    # Tables of powers of two: a decode loop asks for few of them.
    rows = 1 << (end - 1).bit_length() if end else 0
    cos, sin = _rotary_table(rows, x.shape[3], x.dtype, x.device)
    # Halves swapped; the sign is in the table.
    swapped = x.roll(x.shape[3] // 2, -1)
    return torch.addcmul(x * cos[start:end], swapped, sin[start:end])


@lru_cache(maxsize=128)
def _rotary_table(rows, head_dim, dtype, device):
    """cos and sin [rows, d] for `rotate`, computed in f64."""
    half = head_dim // 2
    # They may be made while generating and used in training later.
    with torch.inference_mode(False):
        exponents = torch.arange(half, device=device, dtype=torch.float64) / half
        positions = torch.arange(rows, device=device, dtype=torch.float64)
        angles = positions[:, None] * 10000.0**-exponents
        cos, sin = angles.cos(), angles.sin()
        cos, sin = torch.cat([cos, cos], 1), torch.cat([-sin, sin], 1)
        return cos.to(dtype), sin.to(dtype)


class KVCache:
    """Keys and values of one layer, [B, H, capacity, d]; `length` are filled."""

    def __init__(self, batch, num_heads, capacity, head_dim, like):
        shape = (batch, num_heads, capacity, head_dim)
        self.key = like.new_empty(shape)
        self.value = like.new_empty(shape)
        self.length = 0

    def clear(self):
        """Forget all that is held."""
        self.length = 0

    def append(self, key, value):
        """Add [B, H, n, d] and return all that is held, [B, H, length, d]."""
        end = self.length + key.shape[2]
        if end > self.key.shape[2]:
            raise ValueError(
                f"expects at most {self.key.shape[2]} cached positions, but got {end}"
            )
        self.key[:, :, self.length : end] = key
        self.value[:, :, self.length : end] = value
        self.length = end
        return self.key[:, :, :end], self.value[:, :, :end]


class Attention(nn.Module):
    """Multi-head attention, self or cross, around the injected `attend`.

    With `rotary` the scores are scaled by 1 / sqrt(d); without it they are
    unscaled, as in T5, and the initial query projection makes up for that.
    """

    def __init__(self, width, num_heads, rotary=True):
        super().__init__()
        self.attend = torch_attend
        self.num_heads = num_heads
        self.rotary = rotary
        self.scale = None if rotary else 1.0
        self.to_query = nn.Linear(width, width, bias=False)
        self.to_key_value = nn.Linear(width, 2 * width, bias=False)
        self.to_output = nn.Linear(width, width, bias=False)
        if not rotary:
            with torch.no_grad():
                self.to_query.weight *= (width // num_heads) ** -0.5

    def key_value(self, states):
        """Key and value of states [B, L, D], each [B, H, L, d]."""
        key, value = self.to_key_value(states).chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def forward(self, x, *, causal=False, mask=None, bias=None, cache=None):
        """Self-attention over x [B, L, D], at the positions after the cache.

        With a cache that already holds keys x must be one position, which sees
        them all.
        """
        start = 0 if cache is None else cache.length
        query = self._split(self.to_query(x))
        key, value = self.key_value(x)
        if self.rotary:
            query, key = rotate(query, start), rotate(key, start)
        if cache is not None:
            key, value = cache.append(key, value)
        return self._attend(
            query, key, value, causal=causal and start == 0, mask=mask, bias=bias
        )

    def cross(self, x, key, value):
        """Unmasked attention of x [B, L, D] to what `key_value` returned."""
        query = self._split(self.to_query(x))
        return self._attend(query, key, value, causal=False)

    def _attend(self, query, key, value, **options):
        output = self.attend(query, key, value, scale=self.scale, **options)
        return self.to_output(output.transpose(1, 2).flatten(2))

    def _split(self, x):
        head_dim = x.shape[-1] // self.num_heads
        return x.view(*x.shape[:-1], self.num_heads, head_dim).transpose(1, 2)


class Layer(nn.Module):
    """Pre-norm layer: self-attention, cross-attention if asked for, MLP."""

    def __init__(self, width, num_heads, mlp_width=None, rotary=True, cross=False):
        super().__init__()
        mlp_width = mlp_width or 4 * width
        self.self_norm = nn.LayerNorm(width)
        self.self_attention = Attention(width, num_heads, rotary)
        self.cross_attention = None
        if cross:
            self.cross_norm = nn.LayerNorm(width)
            self.cross_attention = Attention(width, num_heads, rotary)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, mlp_width),
            nn.GELU(),
            nn.Linear(mlp_width, width),
        )

    def forward(self, x, *, states=None, **options):
        """x [B, L, D]; `states` are the key and value for cross-attention."""
        x = x + self.self_attention(self.self_norm(x), **options)
        if self.cross_attention is not None:
            x = x + self.cross_attention.cross(self.cross_norm(x), *states)
        return x + self.mlp(x)


def new_caches(layers, batch, capacity, like):
    """One empty cache for each layer."""
    heads = layers[0].self_attention.num_heads
    head_dim = layers[0].self_attention.to_query.out_features // heads
    return [KVCache(batch, heads, capacity, head_dim, like) for _ in layers]


def cache_bytes(layers, capacity):
    """Bytes of keys and values of `capacity` positions in these layers."""
    weight = layers[0].self_norm.weight
    return 2 * len(layers) * capacity * weight.numel() * weight.element_size()
