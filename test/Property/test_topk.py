"""attn.topk: the set of the largest, in its order, on CPUs and by kernels for GPUs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import call

TYPES = {"f32": np.float32, "f64": np.float64}


def choose(row, k):
    """Indices and their number: NaN before everything, the first of equals, no -inf."""
    isnan = np.isnan(row)
    keys = np.where(isnan, np.inf, row)
    order = np.lexsort((np.arange(len(row)), -keys, ~isnan))
    order = np.sort(order[row[order] != -np.inf][:k])
    return np.append(order, np.full(k - len(order), -1)), len(order)


def topk(rows, k, dtype, lowering, dynamic=True):
    batch, heads, size = rows.shape
    sizes = "?x?x?" if dynamic else f"{batch}x{heads}x{size}"
    head = sizes[: sizes.rindex("x")]
    types = [
        f"tensor<{sizes}x{dtype}>",
        f"tensor<{head}x{k}xi64>",
        f"tensor<{head}xi64>",
    ]
    module = (
        f"func.func @main(%u: {types[0]}, %i: {types[1]}, %n: {types[2]})"
        f" -> ({types[1]}, {types[2]}) {{\n"
        f"  %r:2 = attn.topk ins(%u) outs(%i, %n) : ({', '.join(types)})"
        f" -> ({types[1]}, {types[2]})\n"
        f"  return %r#0, %r#1 : {types[1]}, {types[2]}\n}}\n"
    )
    # What destinations hold is not read.
    old = [np.full((batch, heads, k), 7), np.full((batch, heads), 7)]
    flags = ["--guard-pages=end"]
    if lowering == "gpu":
        flags.append("--target=cuda-emulated")
    return call(module, [rows, *old], *flags)


def check(rows, k, dtype, lowering, **options):
    indices, count = topk(rows, k, dtype, lowering, **options)
    for place in np.ndindex(rows.shape[:2]):
        expected, number = choose(rows[place], k)
        assert count[place] == number, (place, k, lowering)
        assert (indices[place] == expected).all(), (place, k, lowering)


EACH = pytest.mark.parametrize("lowering", ["tool", "gpu"])


@st.composite
def draw_rows(draw):
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    dtype = draw(st.sampled_from(list(TYPES)))
    shape = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.sampled_from([0, 1, 5, 31, 32, 500, 513, 4100, 9000])),
    )
    rows = random.standard_normal(shape)
    kind = draw(st.sampled_from(["any", "few", "equal", "huge", "close"]))
    if kind == "few":
        rows = np.round(rows)
    elif kind == "equal":
        rows = np.full(shape, rows.flat[0] if rows.size else 0.0)
    elif kind == "huge":
        rows = -1e38 * (2 + rows / 10)
    elif kind == "close":
        rows = 1 + rows * 1e-6
    for value in (np.nan, -np.inf, np.inf, 0.0, -0.0):
        share = draw(st.sampled_from([0, 0, 0.1, 0.9]))
        rows = np.where(random.random(shape) < share, value, rows)
    return rows.astype(TYPES[dtype]), dtype


@EACH
@given(draw_rows(), st.sampled_from([1, 2, 40, 512, 5000]), st.booleans())
def test_topk(lowering, drawn, k, dynamic):
    rows, dtype = drawn
    check(rows, k, dtype, lowering, dynamic=dynamic)


@EACH
def test_smallest_digits(lowering):
    """Numbers that differ in their last bit, the greatest and the least."""
    one = np.float32(1)
    big = np.finfo(np.float32).max
    up = np.nextafter(one, np.float32(2))
    values = np.array([one, up, -big, big, np.inf, -np.inf, np.nan, 0, -0.0, -one])
    row = np.tile(values, 70).astype(np.float32).reshape(1, 1, -1)
    for k in (1, 69, 70, 71, 139, 141, 211, 283, 351, 420, 559, 561, 629, 630, 631):
        check(row, k, "f32", lowering)


@pytest.mark.parametrize("kind", ["any", "few", "equal", "sparse", "last"])
@pytest.mark.parametrize("k", [3, 700])
def test_long_rows(kind, k):
    """Blocks of threads choose from segments of a row, and one from what they chose."""
    random = np.random.default_rng(k)
    rows = random.standard_normal((1, 2, 33001 if k == 3 else 40000))
    if kind == "few":
        rows = np.where(random.random(rows.shape) < 0.001, np.nan, np.round(rows))
    elif kind == "equal":
        rows[...] = -0.0
    elif kind == "sparse":
        rows = np.where(random.random(rows.shape) < 0.001, rows, -np.inf)
    elif kind == "last":
        rows[..., -k - 2 :] += 100
    check(rows.astype(np.float32), k, "f32", "gpu", dynamic=kind != "any")
