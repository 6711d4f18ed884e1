"""Random attention problems: their IR, their inputs, and how to run them.

A Case says one attn.sdpa; `draw_case` makes hypothesis choose one, odd sizes
and combined modifiers included. `run` compiles and calls it with attn-run and
gives back numpy arrays.
"""

import dataclasses
import os
import subprocess
import tempfile
from typing import List, Optional, Tuple

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Deterministic unless a seed is asked for, so that CI fails for code and not
# for luck; ATTN_PROPERTY_EXAMPLES and ATTN_PROPERTY_SEED explore further.
EXAMPLES = int(os.environ.get("ATTN_PROPERTY_EXAMPLES", "40"))
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

# Largest |error| / (1 + |ref|) of an output, by type of the inputs, as in
# Reference/Tolerance.h for short sequences and small scores.
TOLERANCE = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-3, "bf16": 2e-2}

SCORES = {
    # Natural units; positions are absolute.
    "add": ("%r = arith.addf %s, %c : {f}", 3.5),
    "alibi": (
        "%d = arith.subi %j, %i : index\n"
        "    %d64 = arith.index_cast %d : index to i64\n"
        "    %df = arith.sitofp %d64 : i64 to {f}\n"
        "    %h64 = arith.index_cast %h : index to i64\n"
        "    %hf = arith.sitofp %h64 : i64 to {f}\n"
        "    %hc = arith.mulf %hf, %c : {f}\n"
        "    %t = arith.mulf %df, %hc : {f}\n"
        "    %r = arith.addf %s, %t : {f}",
        0.0625,
    ),
    "parity": (
        "%two = arith.constant 2 : index\n"
        "    %ij = arith.addi %i, %j : index\n"
        "    %m2 = arith.remui %ij, %two : index\n"
        "    %one = arith.constant 1 : index\n"
        "    %odd = arith.cmpi eq, %m2, %one : index\n"
        "    %r = arith.select %odd, %c, %s : {f}",
        float("-inf"),
    ),
}


@dataclasses.dataclass
class Case:
    """One attn.sdpa; see algorithms.md 0.1 for the names."""

    batch: int = 1
    num_kv_heads: int = 1
    group: int = 1
    seq_len_q: int = 1
    seq_len_kv: int = 1
    head_dim: int = 8
    head_dim_v: int = 8
    dtype: str = "f32"
    layout: str = "bhsd"
    window: Tuple[int, int] = (-1, -1)
    offset: object = None  # None, int, list per batch entry, "bottom_right"
    kv_len: Optional[List[int]] = None
    q_len: Optional[List[int]] = None
    mask: Optional[Tuple[bool, bool, bool, bool]] = None  # dims kept (not 1)
    bias: Optional[Tuple[bool, bool, bool, bool]] = None
    softcap: Optional[float] = None
    scale: Optional[float] = None
    score: Optional[str] = None
    sinks: bool = False
    dynamic: bool = False
    strategy: str = "blockwise"
    seed: int = 0

    @property
    def num_heads(self):
        return self.num_kv_heads * self.group

    @property
    def acc(self):
        return "f64" if self.dtype == "f64" else "f32"

    def shape(self, what):
        """The array shape of an operand, in the op's layout."""
        bhsd = {
            "query": (self.batch, self.num_heads, self.seq_len_q, self.head_dim),
            "key": (self.batch, self.num_kv_heads, self.seq_len_kv, self.head_dim),
            "value": (
                self.batch,
                self.num_kv_heads,
                self.seq_len_kv,
                self.head_dim_v,
            ),
            "output": (
                self.batch,
                self.num_heads,
                self.seq_len_q,
                self.head_dim_v,
            ),
        }[what]
        b, h, s, d = bhsd
        return (b, s, h, d) if self.layout == "bshd" else bhsd

    def broadcast_shape(self, kept):
        full = (self.batch, self.num_heads, self.seq_len_q, self.seq_len_kv)
        return tuple(n if keep else 1 for n, keep in zip(full, kept))


def rng(case, salt=0):
    return np.random.default_rng([case.seed, salt])


def make_inputs(case):
    """The inputs by name, as f64 / int arrays, before rounding to dtype."""
    r = rng(case)
    inputs = {
        name: r.standard_normal(case.shape(name)) for name in ("query", "key", "value")
    }
    if case.offset is not None and case.offset != "bottom_right":
        if isinstance(case.offset, list):
            inputs["causal_offset"] = np.array(case.offset, np.int64)
    if case.kv_len is not None:
        inputs["kv_len"] = np.array(case.kv_len, np.int64)
    if case.q_len is not None:
        inputs["q_len"] = np.array(case.q_len, np.int64)
    if case.mask is not None:
        inputs["mask"] = r.random(case.broadcast_shape(case.mask)) < 0.7
    if case.bias is not None:
        inputs["bias"] = r.standard_normal(case.broadcast_shape(case.bias))
    if case.sinks:
        inputs["sinks"] = r.standard_normal(case.num_heads)
    return {name: round_to(case, name, array) for name, array in inputs.items()}


def element_type(case, name):
    if name in ("query", "key", "value", "output"):
        return case.dtype
    if name in ("bias", "sinks", "lse"):
        return case.acc
    return {"mask": "i1"}.get(name, "i64")


def to_bf16_bits(array):
    """f32 bits rounded to nearest even bf16; NaN stays NaN."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(array), np.uint16(0x7FC0), rounded)


def from_bf16_bits(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def round_to(case, name, array):
    """`array` as the argument's element type holds it, as f64 for floats."""
    element = element_type(case, name)
    if element == "i1":
        return array.astype(bool)
    if element == "i64":
        return array.astype(np.int64)
    if element == "bf16":
        return from_bf16_bits(to_bf16_bits(array)).astype(np.float64)
    numpy_type = {"f16": np.float16, "f32": np.float32, "f64": np.float64}[element]
    with np.errstate(over="ignore"):
        return array.astype(numpy_type).astype(np.float64)


def to_storage(case, name, array):
    """The array as the .npy file holds it."""
    element = element_type(case, name)
    if element == "bf16":
        return to_bf16_bits(array)
    if element in ("i1", "i64"):
        return array
    return array.astype({"f16": np.float16, "f32": np.float32, "f64": np.float64}[element])


def tensor_type(case, name, shape, dynamic_dims=()):
    dims = "x".join("?" if i in dynamic_dims else str(n) for i, n in enumerate(shape))
    return f"tensor<{dims}x{element_type(case, name)}>" if shape else "tensor<>"


def to_mlir(case, inputs):
    """The module: one public function @main over the inputs, in order."""
    seq_axis = 1 if case.layout == "bshd" else 2
    types, clauses, extra_types = {}, [], []
    for name, array in inputs.items():
        dims = ()
        if case.dynamic and name in ("query", "key", "value"):
            dims = (0, seq_axis)
        elif case.dynamic and name in ("mask", "bias"):
            dims = tuple(d for d in (0, 2, 3) if getattr(case, name)[d])
        elif case.dynamic and array.ndim == 1 and name != "sinks":
            dims = (0,)
        types[name] = tensor_type(case, name, array.shape, dims)
    prologue = []
    left, right = case.window
    if case.window == (-1, 0):
        clauses.append("causal")
    elif case.window != (-1, -1):
        clauses.append(f"window({left}, {right})")
    if case.offset == "bottom_right":
        clauses.append("bottom_right")
    elif isinstance(case.offset, int):
        prologue.append(f"%delta = arith.constant {case.offset} : index")
        clauses.append("causal_offset(%delta)")
        extra_types.append(("causal_offset", "index"))
    if case.scale is not None:
        clauses.append(f"scale({case.scale:e})")
    if case.softcap is not None:
        clauses.append(f"softcap({case.softcap:e})")
    for name in ("causal_offset", "kv_len", "q_len", "mask", "bias", "sinks"):
        if name in inputs:
            clauses.append(f"{name}(%{name})")
            extra_types.append((name, types[name]))
    if case.layout == "bshd":
        clauses.append("layout(bshd)")
    score = ""
    if case.score:
        body, constant = SCORES[case.score]
        literal = "0xFF800000" if case.acc == "f32" else "0xFFF0000000000000"
        literal = literal if np.isinf(constant) else f"{constant:e}"
        prologue.append(f"%c = arith.constant {literal} : {case.acc}")
        score = (
            f" score {{\n  ^bb0(%s: {case.acc}, %b: index, %h: index, "
            f"%i: index, %j: index):\n    {body.format(f=case.acc)}\n"
            f"    attn.yield %r : {case.acc}\n  }}"
        )
    order = ["causal_offset", "kv_len", "q_len", "mask", "bias", "sinks"]
    extra_types.sort(key=lambda item: order.index(item[0]))
    operand_types = [types["query"], types["key"], types["value"]]
    operand_types += [t for _, t in extra_types]
    dims = (0, seq_axis) if case.dynamic else ()
    out = tensor_type(case, "output", case.shape("output"), dims)
    lse_shape = (case.batch, case.num_heads, case.seq_len_q)
    lse = tensor_type(case, "lse", lse_shape, (0, 2) if case.dynamic else ())
    arguments = ", ".join(f"%{name}: {types[name]}" for name in inputs)
    body = "\n  ".join(prologue)
    return (
        f"func.func @main({arguments}) -> ({out}, {lse}) {{\n  {body}\n"
        f"  %o, %l = attn.sdpa %query, %key, %value {' '.join(clauses)}{score}\n"
        f"    : ({', '.join(operand_types)}) -> ({out}, {lse})\n"
        f"  return %o, %l : {out}, {lse}\n}}\n"
    )


class RunError(AssertionError):
    """attn-run failed; the message holds what is needed to see it again."""


def call(module, arrays, *flags, tools=("attn-run",), transform=None):
    """Runs @main of `module` on `arrays` (as stored); gives the raw results.

    `transform` are attn-opt flags applied to the text first.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.mlir")
        with open(path, "w") as file:
            file.write(module)
        if transform:
            lowered = os.path.join(folder, "lowered.mlir")
            done = subprocess.run(
                ["attn-opt", path, *transform, "-o", lowered],
                capture_output=True,
                text=True,
            )
            if done.returncode != 0:
                raise RunError(f"attn-opt {transform}:\n{done.stderr}\n{module}")
            path = lowered
        command = [tools[0], path, *flags]
        for i, array in enumerate(arrays):
            name = os.path.join(folder, f"in{i}.npy")
            np.save(name, np.ascontiguousarray(array))
            command.append(f"--input=@{name}")
        outputs = [os.path.join(folder, f"out{i}.npy") for i in range(2)]
        command += [f"--output=@{name}" for name in outputs]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RunError(
                f"{' '.join(command)}\nexit code {done.returncode}\n"
                f"{done.stdout}\n{done.stderr}\n{module}"
            )
        return [np.load(name) for name in outputs]


def run(case, inputs=None, verify=True, lowering="tool"):
    """(output, lse) of a case as f64 arrays, output in [b, h, s, d] order.

    lowering "tool" is what attn-run does with case.strategy; "portable" lowers
    the strategy's IR with convert-attn-to-linalg first. With `verify` attn-run
    also compares with the f64 reference.
    """
    if inputs is None:
        inputs = make_inputs(case)
    module = to_mlir(case, inputs)
    arrays = [to_storage(case, name, array) for name, array in inputs.items()]
    flags, transform = [], None
    if lowering == "portable":
        transform = [
            f"--attn-assign-strategy=strategy={case.strategy}",
            "--attn-apply-strategies",
            "--convert-attn-to-linalg",
        ]
    else:
        flags.append(f"--strategy={case.strategy}")
        if verify:
            flags.append("--verify")
    output, lse = call(module, arrays, *flags, transform=transform)
    if case.dtype == "bf16":
        output = from_bf16_bits(output.view(np.uint16))
    output, lse = output.astype(np.float64), lse.astype(np.float64)
    if case.layout == "bshd":
        output = output.transpose(0, 2, 1, 3)
    return output, lse


def assert_close(actual, expected, tolerance, what):
    """Equal infinities and NaNs agree; else |error| <= tolerance (1 + |ref|)."""
    assert actual.shape == expected.shape, (what, actual.shape, expected.shape)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= tolerance * (1 + np.abs(expected))
    bad = ~(same | near)
    if bad.any():
        where = np.unravel_index(np.argmax(bad), bad.shape)
        raise AssertionError(
            f"{what}: {bad.sum()} of {bad.size} differ, first at {where}: "
            f"{actual[where]} instead of {expected[where]}"
        )


def tiles():
    """A blockwise strategy string with tile sizes of every oddity."""
    return st.builds(
        lambda q, k, n: f"blockwise:block-size-q={q},block-size-kv={k},num-splits={n}",
        st.sampled_from([0, 1, 3, 16, 32, 64]),
        st.sampled_from([-1, 0, 1, 5, 16, 128]),
        st.sampled_from([1, 1, 1, 2, 5]),
    )


@st.composite
def draw_case(draw, plain=False):
    """A case; `plain` leaves every modifier out."""
    lq = draw(st.sampled_from([0, 1, 2, 3, 7, 16, 31, 33, 64, 70]))
    lk = draw(st.sampled_from([0, 1, 2, 5, 8, 17, 32, 63, 130, 300]))
    case = Case(
        batch=draw(st.sampled_from([1, 1, 2, 3, 0])),
        num_kv_heads=draw(st.sampled_from([1, 2, 3])),
        group=draw(st.integers(1, 8)),
        seq_len_q=lq,
        seq_len_kv=lk,
        head_dim=draw(st.sampled_from([1, 3, 8, 16, 20, 64])),
        head_dim_v=draw(st.sampled_from([1, 5, 8, 24, 64])),
        dtype=draw(st.sampled_from(["f32", "f32", "f16", "bf16", "f64"])),
        layout=draw(st.sampled_from(["bhsd", "bshd"])),
        dynamic=draw(st.booleans()),
        strategy=draw(st.one_of(st.just("dense"), tiles())),
        seed=draw(st.integers(0, 2**31)),
    )
    if plain:
        return case
    lengths = st.lists(st.integers(0, lk), min_size=case.batch, max_size=case.batch)
    q_lengths = st.lists(st.integers(0, lq), min_size=case.batch, max_size=case.batch)
    window = st.integers(-1, max(lk, 1))
    case.window = draw(
        st.one_of(st.just((-1, -1)), st.just((-1, 0)), st.tuples(window, window))
    )
    offsets = st.integers(-lq - 2, lk + 2)
    case.offset = draw(
        st.one_of(
            st.none(),
            offsets,
            st.lists(offsets, min_size=case.batch, max_size=case.batch),
            st.just("bottom_right"),
        )
    )
    if case.window == (-1, -1):
        case.offset = None
    kept = st.tuples(*[st.booleans()] * 4)
    case.kv_len = draw(st.one_of(st.none(), lengths))
    case.q_len = draw(st.one_of(st.none(), q_lengths))
    case.mask = draw(st.one_of(st.none(), kept))
    case.bias = draw(st.one_of(st.none(), kept))
    case.softcap = draw(st.sampled_from([None, None, 1.5, 30.0]))
    case.scale = draw(st.sampled_from([None, None, 0.3, -0.2, 0.0]))
    case.score = draw(st.sampled_from([None, None, *SCORES]))
    case.sinks = draw(st.booleans())
    if case.batch == 0 and isinstance(case.offset, list):
        case.offset = None
    return case
