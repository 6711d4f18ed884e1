"""Random attention problems: what they are and their inputs.

A Case says one attention problem; drawing.py makes hypothesis choose one,
module.py writes its IR, oracle.py says what it is, running.py compiles and calls
it.
"""

import dataclasses
from typing import List, Optional, Tuple

import numpy as np
from formats import round_to

Dims = Tuple[bool, bool, bool, bool]
# Keys and values of operands of their own.
EXTRA_KEYS = ("anchor_key", "anchor_value", "prefix_key", "prefix_value")


@dataclasses.dataclass
class Case:
    """One attention problem; see algorithms.md 0.1 for the names."""

    batch: int = 1
    num_kv_heads: int = 1
    group: int = 1
    seq_len_q: int = 1
    seq_len_kv: int = 1
    head_dim: int = 8
    head_dim_v: int = 8
    dtype: str = "f32"
    kv_dtype: Optional[str] = None  # None: dtype
    layout: str = "bhsd"
    window: Tuple[int, int] = (-1, -1)
    offset: object = None  # None, int, list per batch entry, "bottom_right"
    kv_len: Optional[List[int]] = None  # batch numbers, or one
    q_len: Optional[List[int]] = None
    mask: Optional[Dims] = None  # dims kept (not 1)
    mask_type: str = "i1"
    bias: Optional[Dims] = None
    bias_type: str = "f32"
    key_scale: Optional[Dims] = None
    value_scale: Optional[Dims] = None
    page_size: int = 0  # 0: K and V are not paged
    softcap: Optional[float] = None
    scale: Optional[float] = None
    dynamic_scale: Optional[float] = None
    score: Optional[str] = None
    sinks: bool = False
    offsets: Optional[Tuple[int, int, int, int]] = None
    dynamic: str = "static"  # or "lengths" or "all"
    want_lse: bool = True
    # Or "star", "block_local", "block_local_step", "sparq", "partial", "online",
    # "merge".
    form: str = "sdpa"
    parts: Tuple[Tuple[int, int], ...] = ()  # of "online" and "merge"
    strategy: str = "blockwise"
    # Of the form "sparq", whose parameters are those of the strategy:
    key_tile: int = 0  # of key_t; 0: none
    keeps_mean: bool = False  # whether value_mean is given
    splits: int = 0  # of attn.sparq_step; 0: attn.sparq
    # Of the form "star":
    block_size: int = 1
    anchor_size: int = 0
    anchor: str = "first"
    # None, int (a constant), ("argument", int), list per batch entry.
    context_len: object = None
    anchors: int = 0  # keys of operands of their own; 0: none
    # Of the forms "block_local" and "block_local_step":
    block_len: int = 1
    block_len_q: int = 0  # rows of a block; 0: as many as keys
    prefix_len: int = 0  # keys of operands of their own a block; 0: none
    seed: int = 0

    @property
    def num_heads(self):
        return self.num_kv_heads * self.group

    @property
    def acc(self):
        return "f64" if self.dtype == "f64" else "f32"

    @property
    def pages(self):
        return self.seq_len_kv // self.page_size

    def offset_of(self, axis):
        return self.offsets[axis] if self.offsets else 0

    def kv_len_at(self, b):
        """The absolute position where the keys of batch entry b end."""
        end = self.seq_len_kv + self.offset_of(3)
        if self.kv_len is None:
            return end
        return min(self.kv_len[b if len(self.kv_len) > 1 else 0], end)

    def q_len_at(self, b):
        end = self.seq_len_q + self.offset_of(2)
        if self.q_len is None:
            return end
        return min(self.q_len[b if len(self.q_len) > 1 else 0], end)

    def delta_at(self, b):
        if self.offset is None:
            return 0
        if self.offset == "bottom_right":
            lengths = [
                full if given is None else given[b if len(given) > 1 else 0]
                for full, given in (
                    (self.seq_len_kv, self.kv_len),
                    (self.seq_len_q, self.q_len),
                )
            ]
            return lengths[0] - lengths[1]
        if isinstance(self.offset, list):
            return self.offset[b if len(self.offset) > 1 else 0]
        return self.offset

    def context_len_at(self, b):
        """The absolute position of the first query row; None: there is none."""
        if isinstance(self.context_len, list):
            return self.context_len[b if len(self.context_len) > 1 else 0]
        if isinstance(self.context_len, tuple):
            return self.context_len[1]
        return self.context_len

    @property
    def prefix_rows(self):
        """Keys of all prefixes: of every block that rows touch."""
        if not self.prefix_len or not self.seq_len_q:
            return 0
        rows = self.block_len_q or self.block_len
        first = self.offset_of(2)
        last = first + self.seq_len_q - 1
        return (last // rows - first // rows + 1) * self.prefix_len

    def shape(self, what):
        """The shape of an operand, in memory order."""
        if what.startswith(("anchor_", "prefix_")):
            extra = self.anchors if what.startswith("anchor_") else self.prefix_rows
            whole = dataclasses.replace(self, seq_len_kv=extra, page_size=0)
            return whole.shape(what.partition("_")[2])
        heads = self.num_heads if what in ("query", "output") else self.num_kv_heads
        length = self.seq_len_q if what in ("query", "output") else self.seq_len_kv
        width = self.head_dim if what in ("query", "key") else self.head_dim_v
        batch = self.batch
        if self.page_size and what in ("key", "value"):
            # More than are needed: some hold garbage.
            batch, length = self.batch * self.pages + 2, self.page_size
        if self.layout == "bshd":
            return (batch, length, heads, width)
        return (batch, heads, length, width)

    def broadcast_shape(self, what):
        full = (self.batch, self.num_heads, self.seq_len_q, self.seq_len_kv)
        if what == "key_scale":
            full = (self.batch, self.num_kv_heads, self.seq_len_kv, self.head_dim)
        elif what == "value_scale":
            full = (self.batch, self.num_kv_heads, self.seq_len_kv, self.head_dim_v)
        return tuple(n if keep else 1 for n, keep in zip(full, getattr(self, what)))

    def element_type(self, name):
        if name in ("query", "output"):
            return self.dtype
        if name in ("key", "value", "key_t", *EXTRA_KEYS):
            return self.kv_dtype or self.dtype
        if name in ("mask", "bias"):
            return getattr(self, f"{name}_type")
        if name in ("kv_len", "q_len", "causal_offset", "context_len"):
            return "i64"
        if name == "context":
            return "index"
        if name.startswith("documents"):
            return "i64"
        return {"page_table": "i32"}.get(name, self.acc)


def rng(case, salt=0):
    return np.random.default_rng([case.seed, salt])


def _paged_inputs(case, random, inputs):
    """Page numbers; garbage in entries, pages and rows that hold no key."""
    count = case.batch * case.pages
    order = random.permutation(count + 2)[:count]
    table = order.reshape(case.batch, case.pages)
    used = np.zeros((count + 2, case.page_size), bool)
    for b in range(case.batch):
        length = max(0, case.kv_len_at(b) - case.offset_of(3))
        for p in range(case.pages):
            rows = min(case.page_size, length - p * case.page_size)
            if rows > 0:
                used[table[b, p], :rows] = True
            else:
                table[b, p] = random.choice([2**31 - 1, -(2**31), -1, count + 2])
    inputs["page_table"] = table
    for name in ("key", "value"):
        rows = inputs[name] if case.layout == "bshd" else inputs[name].swapaxes(1, 2)
        rows[~used] = 127 if case.kv_dtype == "i8" else np.nan


def transposed_keys(case, key):
    """key_t of a cache that ends inside of a tile; garbage where no key is."""
    keys = key.swapaxes(1, 2) if case.layout == "bshd" else key
    tiles = -(-case.seq_len_kv // case.key_tile) + 1
    shape = (case.batch, case.num_kv_heads, tiles * case.key_tile, case.head_dim)
    padded = np.full(shape, 127.0 if case.kv_dtype == "i8" else np.nan)
    for b in range(case.batch):
        length = max(0, case.kv_len_at(b) - case.offset_of(3))
        padded[b, :, :length] = keys[b, :, :length]
    tiled = padded.reshape(*shape[:2], tiles, case.key_tile, case.head_dim)
    return tiled.swapaxes(3, 4)


def make_inputs(case):
    """The inputs by name, rounded to their types, floats as f64."""
    random = rng(case)
    inputs = {name: random.standard_normal(case.shape(name)) for name in ("query",)}
    for name in ("key", "value"):
        inputs[name] = random.standard_normal(case.shape(name))
        if case.kv_dtype == "i8":
            inputs[name] = random.integers(-128, 128, case.shape(name))
    if isinstance(case.offset, list):
        inputs["causal_offset"] = np.array(case.offset, np.int64)
    for name in ("kv_len", "q_len"):
        if getattr(case, name) is not None:
            inputs[name] = np.array(getattr(case, name), np.int64)
    if case.mask is not None:
        inputs["mask"] = random.random(case.broadcast_shape("mask")) < 0.7
        if case.mask_type == "i8":  # Any nonzero byte is visible.
            inputs["mask"] = inputs["mask"] * random.choice([1, 2, -128, -1])
    if case.bias is not None:
        inputs["bias"] = random.standard_normal(case.broadcast_shape("bias"))
    if case.dynamic_scale is not None:
        inputs["dynamic_scale"] = np.array(case.dynamic_scale)
    for name in ("key_scale", "value_scale"):
        if getattr(case, name) is not None:
            scale = random.uniform(0.5, 1.5, case.broadcast_shape(name))
            inputs[name] = scale / (64 if case.kv_dtype == "i8" else 1)
    if case.page_size:
        _paged_inputs(case, random, inputs)
    if case.score == "slopes":
        count = case.num_heads + case.offset_of(1)
        inputs["slopes"] = random.uniform(-0.2, 0.2, count)
    if case.score == "documents":
        # The tables end where the rows and keys do.
        for name, axis in (("q", 2), ("kv", 3)):
            count = (case.seq_len_q, case.seq_len_kv)[axis - 2] + case.offset_of(axis)
            count = max(count, case.anchors)
            inputs[f"documents_{name}"] = random.integers(0, 3, count)
    if case.sinks:
        inputs["sinks"] = random.standard_normal(case.num_heads)
    if isinstance(case.context_len, list):
        inputs["context_len"] = np.array(case.context_len, np.int64)
    elif isinstance(case.context_len, tuple):
        inputs["context"] = np.array(case.context_len_at(0), np.int64)
    if case.anchors:
        for name in ("anchor_key", "anchor_value"):
            inputs[name] = random.standard_normal(case.shape(name))
    if case.prefix_len:
        for name in ("prefix_key", "prefix_value"):
            inputs[name] = random.standard_normal(case.shape(name))
    if case.key_tile:
        inputs["key_t"] = transposed_keys(case, inputs["key"])
    if case.keeps_mean:
        # No mean of anything: what is given counts.
        shape = (case.batch, case.num_kv_heads, case.head_dim_v)
        inputs["value_mean"] = random.standard_normal(shape)
    return {n: round_to(case.element_type(n), array) for n, array in inputs.items()}
