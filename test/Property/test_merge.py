"""merge is associative and commutative with identity (0, -inf); 0.2."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from running import assert_close, call


def merge_module(parts, shape, layout="bhsd", stacked=False):
    """@main(outputs..., lses...) -> (output, lse) of `parts` states."""
    batch, heads, length, dim = shape
    out_shape = (batch, length, heads, dim) if layout == "bshd" else shape
    state = "x".join(map(str, shape))
    rows = "x".join(map(str, shape[:3]))
    out = f"tensor<{'x'.join(map(str, out_shape))}xf32>"
    lse = f"tensor<{rows}xf32>"
    if stacked:
        operand = [f"tensor<{parts}x{state}xf32>", f"tensor<{parts}x{rows}xf32>"]
        names = ["%os", "%ls"]
        ins = "ins(%os lse %ls) along(0)"
    else:
        operand = [f"tensor<{state}xf32>"] * parts + [lse] * parts
        names = [f"%o{p}" for p in range(parts)] + [f"%l{p}" for p in range(parts)]
        ins = f"ins({', '.join(names[:parts])} lse {', '.join(names[parts:])})"
    arguments = ", ".join(f"{n}: {t}" for n, t in zip(names, operand))
    clause = "layout(bshd) " if layout == "bshd" else ""
    return (
        f"func.func @main({arguments}) -> ({out}, {lse}) {{\n"
        f"  %o = tensor.empty() : {out}\n  %l = tensor.empty() : {lse}\n"
        f"  %r:2 = attn.merge {ins} outs(%o, %l) {clause}"
        f": ({', '.join(operand)}, {out}, {lse}) -> ({out}, {lse})\n"
        f"  return %r#0, %r#1 : {out}, {lse}\n}}\n"
    )


def merge(parts, gpu=False, **options):
    outputs = [o.astype(np.float32) for o, _ in parts]
    lses = [l.astype(np.float32) for _, l in parts]
    module = merge_module(len(parts), outputs[0].shape, **options)
    if options.get("stacked"):
        arrays = [np.stack(outputs), np.stack(lses)]
    else:
        arrays = outputs + lses
    flags = ["--guard-pages=end"]
    if gpu:
        flags.append("--target=cuda-emulated")
    output, lse = call(module, arrays, *flags)
    if options.get("layout") == "bshd":
        output = output.transpose(0, 2, 1, 3)
    return output.astype(np.float64), lse.astype(np.float64)


@st.composite
def states(draw, count):
    """States with far-apart statistics, empty ones included."""
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    shape = tuple(draw(st.integers(1, 5)) for _ in range(3))
    shape += (draw(st.sampled_from([1, 3, 8, 20, 64])),)
    parts = []
    for _ in range(count):
        spread = draw(st.sampled_from([1.0, 100.0, 1e4]))
        lse = random.standard_normal(shape[:3]) * spread
        dead = random.random(shape[:3]) < draw(st.sampled_from([0.0, 0.3, 1.0]))
        output = np.where(dead[..., None], 0, random.standard_normal(shape))
        lse = np.where(dead, -np.inf, lse)
        parts.append((output.astype(np.float32), lse.astype(np.float32)))
    return parts


def expected(parts):
    """The n-way merge in f64."""
    outputs = np.stack([o for o, _ in parts]).astype(np.float64)
    lses = np.stack([l for _, l in parts]).astype(np.float64)
    top = lses.max(axis=0)
    top = np.where(np.isneginf(top), 0, top)
    weights = np.exp(lses - top)
    total = weights.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        output = (weights[..., None] * outputs).sum(axis=0) / total[..., None]
        lse = top + np.log(total)
    return np.where((total == 0)[..., None], 0, output), lse


@given(
    st.integers(1, 5).flatmap(states),
    st.sampled_from(["bhsd", "bshd"]),
    st.sampled_from([False, False, True]),
)
def test_merge_equals_its_formula(parts, layout, gpu):
    actual = merge(parts, layout=layout, gpu=gpu)
    reference = expected(parts)
    assert_close(actual[0], reference[0], 1e-5, "output")
    assert_close(actual[1], reference[1], 1e-5, "lse")


@given(st.integers(1, 4).flatmap(states), st.sampled_from([False, False, True]))
def test_merge_stacked_equals_variadic(parts, gpu):
    stacked = merge(parts, stacked=True, gpu=gpu)
    variadic = merge(parts)
    assert_close(stacked[0], variadic[0], 1e-6, "output")
    assert_close(stacked[1], variadic[1], 1e-6, "lse")


@given(states(3))
def test_merge_is_associative_and_commutative(parts):
    a, b, c = parts
    left = merge([merge([a, b]), c])
    right = merge([a, merge([b, c])])
    swapped = merge([c, a, b])
    for other in (right, swapped):
        assert_close(other[0], left[0], 2e-5, "output")
        assert_close(other[1], left[1], 2e-5, "lse")


@given(states(1))
def test_merge_with_the_identity_changes_nothing(parts):
    output, lse = parts[0]
    identity = (np.zeros_like(output), np.full_like(lse, -np.inf))
    actual = merge([identity, parts[0], identity])
    np.testing.assert_array_equal(actual[0], output)
    assert_close(actual[1], lse.astype(np.float64), 1e-6, "lse")
