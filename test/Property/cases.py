"""Random attention problems: what they are, their inputs, how to run them.

A Case says one attention problem; `draw_case` makes hypothesis choose one, odd
sizes and combined modifiers included. module.py writes its IR, oracle.py says
what it is; `run` compiles and calls it with attn-run, compares, and gives back
numpy arrays.
"""

import dataclasses
import os
import subprocess
import sys
import tempfile
from typing import List, Optional, Tuple

import numpy as np
import oracle
import oracle_sparq
import oracle_star
from formats import decode, encode, round_to
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from module import to_mlir

# Deterministic unless a seed is asked for, so that CI fails for code and not
# for luck; ATTN_PROPERTY_EXAMPLES and ATTN_PROPERTY_SEED explore further.
EXAMPLES = int(os.environ.get("ATTN_PROPERTY_EXAMPLES", "25"))
SEED = os.environ.get("ATTN_PROPERTY_SEED")
settings.register_profile(
    "attn",
    derandomize=SEED is None,
    database=None,
    deadline=None,
    max_examples=EXAMPLES,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("attn")


def more(times):
    """Decorates a test that deserves that many times the examples."""
    return settings(max_examples=times * EXAMPLES)


# |error| / (1 + |ref|) of an output, as in Reference/Tolerance.h.
TOLERANCE = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-3, "bf16": 2e-2}

Dims = Tuple[bool, bool, bool, bool]


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
    form: str = "sdpa"  # or "star", "sparq", "partial", "online", "merge"
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

    def shape(self, what):
        """The shape of an operand, in memory order."""
        if what.startswith("anchor_"):
            whole = dataclasses.replace(self, seq_len_kv=self.anchors, page_size=0)
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
        if name in ("key", "value", "key_t", "anchor_key", "anchor_value"):
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
    if case.key_tile:
        inputs["key_t"] = transposed_keys(case, inputs["key"])
    if case.keeps_mean:
        # No mean of anything: what is given counts.
        shape = (case.batch, case.num_kv_heads, case.head_dim_v)
        inputs["value_mean"] = random.standard_normal(shape)
    return {n: round_to(case.element_type(n), array) for n, array in inputs.items()}


class RunError(AssertionError):
    """A tool failed; the message holds what is needed to see it again."""


def _run_tool(command, module):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RunError(
            f"{' '.join(command)}\nexit code {done.returncode}\n"
            f"{done.stdout}\n{done.stderr}\n{module}"
        )


def call(module, arrays, *flags, num_results=2, transform=None):
    """Runs @main of `module` on `arrays` (as stored); gives the raw results.

    `transform` are attn-opt flags applied to the text first.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.mlir")
        with open(path, "w") as file:
            file.write(module)
        if transform:
            lowered = os.path.join(folder, "lowered.mlir")
            _run_tool(["attn-opt", path, *transform, "-o", lowered], module)
            path = lowered
        command = ["attn-run", path, *flags]
        for i, array in enumerate(arrays):
            name = os.path.join(folder, f"in{i}.npy")
            np.save(name, np.asarray(array, order="C"))
            command.append(f"--input=@{name}")
        outputs = [os.path.join(folder, f"out{i}.npy") for i in range(num_results)]
        command += [f"--output=@{name}" for name in outputs]
        _run_tool(command, module)
        return [np.load(name) for name in outputs]


def call_object(module, types, arrays, *flags, num_results=2, strategy=""):
    """As `call`, but @main is compiled to a shared object and called from C."""
    caller = os.path.join(os.path.dirname(__file__), "../Inputs/call_object.py")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.mlir")
        library = os.path.join(folder, "case.so")
        with open(path, "w") as file:
            file.write(module)
        command = ["attn-compile", path, "-o", library, "--mcpu=native"]
        if strategy:
            command.append(f"--strategy={strategy}")
        _run_tool(command, module)
        command = [sys.executable, caller, library, "main", *flags]
        for i, (element, array) in enumerate(zip(types, arrays)):
            name = os.path.join(folder, f"in{i}.npy")
            np.save(name, np.asarray(array, order="C"))
            command.append(f"--input={element}@{name}")
        outputs = [os.path.join(folder, f"out{i}.npy") for i in range(num_results)]
        command += [f"--output={name}" for name in outputs]
        _run_tool(command, module)
        return [np.load(name) for name in outputs]


def run(case, inputs=None, verify=False, lowering="tool", check=True, threads=None):
    """(output, lse) of a case as f64 arrays, output in [b, h, s, d] order.

    lowering "tool" is what attn-run does with --strategy, "attribute" what it
    does with a strategy written on the op; "portable" applies the strategy and
    lowers to linalg first; "tiled=QxK" tiles by these sizes first, and
    "tiled-portable=QxK" both; "decomposed" takes SparQ apart first; "split-kv=N"
    runs attn-split-kv first; "object" calls a shared object with strided tensors.
    An op that is a strategy by itself ("star", "sparq") is given none. With `check` the
    results are compared with the oracle, with `verify` attn-run compares
    them with the C++ reference too; `threads` is how many it uses.
    Memory ends, or begins, at pages that cannot be touched.
    """
    if inputs is None:
        inputs = make_inputs(case)
    module = to_mlir(case, inputs, with_strategy=lowering == "attribute")
    arrays = [encode(case.element_type(n), array) for n, array in inputs.items()]
    flags = ["--guard-pages=" + ("start" if case.seed % 3 == 0 else "end")]
    transform = None
    has_strategy = case.form not in ("star", "sparq")
    if lowering in ("portable", "decomposed"):
        transform = ["--convert-attn-to-linalg"]
        if lowering == "decomposed":
            transform = ["--attn-decompose-sparq"]
        if has_strategy:
            transform[:0] = [
                f"--attn-assign-strategy=strategy={case.strategy}",
                "--attn-apply-strategies",
            ]
    elif lowering.startswith("tiled"):
        q, k = lowering.partition("=")[2].split("x")
        tile = f"--attn-tile-blockwise=block-size-q={q} block-size-kv={k}"
        transform = [tile]
        if lowering.startswith("tiled-portable"):
            transform.append("--convert-attn-to-linalg")
    elif lowering.startswith("split-kv="):
        transform = ["--attn-split-kv=num-splits=" + lowering.partition("=")[2]]
    elif lowering == "tool" and has_strategy:
        flags.append(f"--strategy={case.strategy}")
    if verify and not transform:
        flags.append("--verify")
    if threads:
        flags.append(f"--threads={threads}")
    num_results = 2 if case.want_lse else 1
    if lowering == "object":
        results = call_object(
            module,
            [case.element_type(name) for name in inputs],
            arrays,
            flags[0].replace("-pages", ""),
            "--padded",
            f"--threads={1 if threads is None else threads}",
            num_results=num_results,
            strategy=case.strategy if has_strategy else "",
        )
    else:
        results = call(
            module, arrays, *flags, num_results=num_results, transform=transform
        )
    output = decode(output_type(case), results[0])
    if case.layout == "bshd" and case.form != "partial":
        output = output.transpose(0, 2, 1, 3)
    lse = decode(case.acc, results[1]) if case.want_lse else None
    if check:
        compare(case, inputs, output, lse)
    return output, lse


def output_type(case):
    return case.acc if case.form == "partial" else case.dtype


def tolerance(case, largest=0.0):
    """Of an output, in 1 + |ref|."""
    wide = max(1, largest / 16) * max(1, (case.seq_len_kv / 4096) ** 0.5)
    return TOLERANCE[case.dtype] * wide


def compare(case, inputs, output, lse):
    """Fails unless the results are those of the oracle."""
    if case.strategy.startswith("sparq"):
        expected, largest, _ = oracle_sparq.attention(case, inputs)
        return assert_close(output, expected, tolerance(case, largest), "output")
    expected, expected_lse, largest = oracle.attention(case, inputs)
    assert_close(output, expected, tolerance(case, largest), "output")
    if lse is not None:
        assert_close(lse, expected_lse, lse_tolerance(case), "lse")


def lse_tolerance(case):
    return 1e-12 if case.dtype == "f64" else 1e-5


def assert_close(actual, expected, bound, what):
    """Equal infinities and NaNs agree; else |error| <= bound (1 + |ref|)."""
    assert actual.shape == expected.shape, (what, actual.shape, expected.shape)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= bound * (1 + np.abs(expected))
    bad = ~(same | near)
    if bad.any():
        where = tuple(int(n) for n in np.unravel_index(np.argmax(bad), bad.shape))
        raise AssertionError(
            f"{what}: {bad.sum()} of {bad.size} differ, first at {where}: "
            f"{actual[where]} instead of {expected[where]}"
        )


#
# Drawing
#

# Lowerings of a layer-A op.
LOWERINGS = st.sampled_from(["tool", "attribute", "portable"])


def tiles():
    """A blockwise strategy string with tile sizes of every oddity."""
    return st.builds(
        lambda q, k, n: f"blockwise:block-size-q={q},block-size-kv={k},num-splits={n}",
        st.sampled_from([0, 1, 3, 16, 32, 64]),
        st.sampled_from([-1, 0, 1, 5, 16, 128]),
        st.sampled_from([0, 0, 1, 2, 5]),
    )


def strategies():
    return st.one_of(st.just("dense"), tiles(), tiles())


def kept_dims():
    return st.tuples(*[st.booleans()] * 4)


@st.composite
def draw_sizes(draw):
    """A case of some sizes and types, and no modifier."""
    lengths_q = [0, 1, 1, 2, 3, 7, 16, 31, 33, 64, 70, 130]
    lengths_kv = [0, 1, 2, 5, 8, 17, 32, 63, 130, 257, 300, 600]
    widths = [1, 3, 8, 16, 20, 64, 80, 128, 256]
    case = Case(
        batch=draw(st.sampled_from([1, 1, 2, 3, 0])),
        num_kv_heads=draw(st.sampled_from([1, 2, 3])),
        group=draw(st.integers(1, 8)),
        seq_len_q=draw(st.sampled_from(lengths_q)),
        seq_len_kv=draw(st.sampled_from(lengths_kv)),
        head_dim=draw(st.sampled_from(widths)),
        head_dim_v=draw(st.sampled_from([*widths, 5, 24])),
        dtype=draw(st.sampled_from(["f32", "f32", "f16", "bf16", "f64"])),
        layout=draw(st.sampled_from(["bhsd", "bshd"])),
        dynamic=draw(st.sampled_from(["static", "lengths", "all"])),
        strategy=draw(strategies()),
        want_lse=draw(st.sampled_from([True, True, False])),
        seed=draw(st.integers(0, 2**31)),
    )

    # The reference is a plain loop: keep the product of all sizes in hand.
    def work():
        width = case.head_dim + case.head_dim_v
        rows = case.batch * case.num_heads * case.seq_len_q
        return rows * case.seq_len_kv * width

    for name, smaller in (("batch", 1), ("num_kv_heads", 1), ("seq_len_q", 7)):
        if work() > 1e7:
            setattr(case, name, min(getattr(case, name), smaller))
    return case


@st.composite
def draw_case(draw, plain=False, **fixed):
    """A case; `plain` leaves every modifier out; `fixed` fields are kept."""
    case = draw(draw_sizes())
    if not plain:
        _draw_storage(draw, case)
    case = dataclasses.replace(case, **fixed)
    if not plain:
        _draw_modifiers(draw, case)
        case = dataclasses.replace(case, **fixed)
    # Longer ones are refused when run (sdpa_c17).
    for name, axis, size in (
        ("kv_len", 3, case.seq_len_kv),
        ("q_len", 2, case.seq_len_q),
    ):
        lengths, end = getattr(case, name), size + case.offset_of(axis)
        if lengths is not None:
            setattr(case, name, [min(n, end) for n in lengths])
    return case


def _draw_storage(draw, case):
    """8-bit types, scales and pages: not too often, they hide the rest."""
    if draw(st.integers(0, 3)) == 0:
        case.kv_dtype = draw(st.sampled_from([None, "f8E4M3FN", "f8E5M2", "i8"]))
        needed = case.kv_dtype == "i8"
        for name in ("key_scale", "value_scale"):
            if needed or draw(st.booleans()):
                setattr(case, name, draw(kept_dims()))
    if draw(st.integers(0, 4)) == 0:
        case.page_size = draw(st.sampled_from([1, 4, 16, 128]))
        pages = min(-(-case.seq_len_kv // case.page_size), 40)
        case.seq_len_kv = pages * case.page_size


def _draw_modifiers(draw, case):
    lq, lk = case.seq_len_q, case.seq_len_kv
    places = [None, None, (0, 0, 0, 0), (2, 3, 5, 9), (0, 1, 40, 0)]
    case.offsets = draw(st.sampled_from(places))
    oi, oj = case.offset_of(2), case.offset_of(3)

    def per_batch(numbers):
        count = draw(st.sampled_from([1, case.batch, case.batch]))
        return draw(st.lists(numbers, min_size=count, max_size=count))

    window = st.integers(-1, max(lk, 1))
    case.window = draw(
        st.one_of(st.just((-1, -1)), st.just((-1, 0)), st.tuples(window, window))
    )
    if case.window != (-1, -1):
        shift = oj - oi
        offsets = st.integers(shift - lq - 2, shift + lk + 2)
        kind = draw(st.sampled_from(["none", "one", "batch", "bottom_right"]))
        if kind == "one":
            case.offset = draw(offsets)
        elif kind == "batch":
            case.offset = per_batch(offsets)
        elif kind == "bottom_right":
            case.offset, case.offsets = "bottom_right", None
            oi = oj = 0
    if draw(st.booleans()):
        # Below and above what there is, too.
        case.kv_len = per_batch(st.integers(0, lk + oj + draw(st.sampled_from([0, 3]))))
    if draw(st.booleans()):
        case.q_len = per_batch(st.integers(0, lq + oi + draw(st.sampled_from([0, 3]))))
    case.mask = draw(st.one_of(st.none(), kept_dims()))
    case.mask_type = draw(st.sampled_from(["i1", "i8"]))
    case.bias = draw(st.one_of(st.none(), kept_dims()))
    case.bias_type = draw(st.sampled_from([case.acc, case.dtype, "f16"]))
    case.softcap = draw(st.sampled_from([None, None, 1.5, 30.0]))
    kind, scale = draw(st.sampled_from(["none", "static", "dynamic"])), [0.3, -0.2, 0.0]
    if kind == "static":
        case.scale = draw(st.sampled_from(scale))
    elif kind == "dynamic":
        case.dynamic_scale = draw(st.sampled_from(scale))
    scores = ["add", "alibi", "parity", "slopes", "documents"]
    case.score = draw(st.sampled_from([None, None, None, *scores]))
    case.sinks = draw(st.booleans())


@st.composite
def draw_long_case(draw):
    """A case of few rows and more keys than one split takes."""
    length = draw(st.sampled_from([1024, 1025, 1280, 1777, 2048, 2500]))
    fixed = {} if length % 256 == 0 else {"page_size": 0}
    return draw(
        draw_case(
            batch=draw(st.sampled_from([1, 2])),
            num_kv_heads=draw(st.sampled_from([1, 2])),
            group=draw(st.sampled_from([1, 2, 5])),
            seq_len_q=draw(st.sampled_from([1, 2, 33, 40])),
            seq_len_kv=length,
            head_dim=draw(st.sampled_from([8, 20, 64])),
            head_dim_v=draw(st.sampled_from([5, 24, 128])),
            strategy="blockwise",
            **fixed,
        )
    )


@st.composite
def draw_composition(draw):
    """A problem whose keys are split by hand, in layer-B ops, in any order."""
    case = draw(draw_case(dynamic="static", want_lse=True))
    case.form = draw(st.sampled_from(["partial", "online", "merge"]))
    if case.offset == "bottom_right":
        case.offset = None
    if case.form != "online":
        case.sinks = False
    unit = case.page_size or 1
    count = draw(st.integers(0, 4))
    cuts = draw(
        st.lists(
            st.integers(0, case.seq_len_kv // unit), min_size=count, max_size=count
        )
    )
    cuts = [0, *sorted(c * unit for c in cuts), case.seq_len_kv]
    case.parts = tuple(draw(st.permutations(list(zip(cuts, cuts[1:])))))
    return case
