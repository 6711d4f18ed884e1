"""F1 to F8 of algorithms.md 1.5, over random shapes, through both lowerings."""

import dataclasses

import numpy as np
from cases import TOLERANCE, Case, assert_close, draw_case, make_inputs, rng, run, tiles
from hypothesis import given
from hypothesis import strategies as st

LOWERINGS = st.sampled_from(["tool", "portable"])


@given(draw_case())
def test_f1_every_form_agrees_with_the_reference(case):
    run(case, verify=True)


@given(draw_case(), LOWERINGS)
def test_f1_any_tiling_equals_dense(case, lowering):
    inputs = make_inputs(case)
    dense = run(dataclasses.replace(case, strategy="dense"), inputs)
    tiled = run(case, inputs, lowering=lowering)
    tolerance = 2 * TOLERANCE[case.dtype]
    assert_close(tiled[0], dense[0], tolerance, "output")
    assert_close(tiled[1], dense[1], 2e-5, "lse")


@given(draw_case(plain=True), LOWERINGS)
def test_f2_lse_is_log_sum_exp_of_the_scores(case, lowering):
    inputs = make_inputs(case)
    _, lse = run(case, inputs, lowering=lowering)
    query, key = inputs["query"], inputs["key"]
    if case.layout == "bshd":
        query, key = query.transpose(0, 2, 1, 3), key.transpose(0, 2, 1, 3)
    key = np.repeat(key, case.group, axis=1)
    scores = np.einsum("bhid,bhjd->bhij", query, key) / np.sqrt(case.head_dim)
    with np.errstate(divide="ignore"):
        top = np.max(scores, axis=3, initial=-np.inf, keepdims=True)
        top = np.where(np.isinf(top), 0, top)
        expected = np.log(np.sum(np.exp(scores - top), axis=3)) + top[..., 0]
    assert_close(lse, expected, 2e-5 if case.dtype != "f64" else 1e-12, "lse")


@given(draw_case(), LOWERINGS)
def test_f3_dead_rows_give_zero_and_minus_infinity(case, lowering):
    # A mask that hides every key of the even rows.
    case = dataclasses.replace(case, mask=(False, False, True, True), sinks=False)
    inputs = make_inputs(case)
    inputs["mask"][:, :, ::2, :] = False
    output, lse = run(case, inputs, lowering=lowering)
    assert (output[:, :, ::2] == 0).all()
    assert (lse[:, :, ::2] == -np.inf).all()


@given(draw_case(plain=True), LOWERINGS)
def test_f4_a_constant_added_to_the_scores_shifts_lse_only(case, lowering):
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    shifted = run(dataclasses.replace(case, score="add"), inputs, lowering=lowering)
    assert_close(shifted[0], base[0], 2 * TOLERANCE[case.dtype], "output")
    assert_close(shifted[1], base[1] + 3.5, 2e-5, "lse")


@given(draw_case(plain=True), LOWERINGS, st.integers(0, 99))
def test_f5_permuting_keys_with_their_values_changes_nothing(case, lowering, salt):
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    axis = 1 if case.layout == "bshd" else 2
    order = rng(case, salt).permutation(case.seq_len_kv)
    for name in ("key", "value"):
        inputs[name] = np.take(inputs[name], order, axis=axis)
    permuted = run(case, inputs, lowering=lowering)
    assert_close(permuted[0], base[0], 2 * TOLERANCE[case.dtype], "output")
    assert_close(permuted[1], base[1], 2e-5, "lse")


@given(draw_case(), LOWERINGS)
def test_f6_equal_values_come_out_unchanged(case, lowering):
    case = dataclasses.replace(case, sinks=False)
    inputs = make_inputs(case)
    inputs["value"][...] = 0.75
    output, lse = run(case, inputs, lowering=lowering)
    expected = np.where(lse == -np.inf, 0, 0.75)[..., None]
    expected = np.broadcast_to(expected, output.shape)
    assert_close(output, expected, TOLERANCE[case.dtype], "output")


@given(
    st.sampled_from(["f32", "f16", "f64"]), tiles(), st.integers(1, 70), st.integers(0, 9)
)
def test_f7_large_scores_stay_finite(dtype, strategy, length, seed):
    # Scores of +-1e4 in f32, and +-6e4 with f16 inputs (q k = 60000).
    size = {"f32": 1e4, "f64": 1e4, "f16": 6e4}[dtype]
    case = Case(
        seq_len_q=length,
        seq_len_kv=length,
        dtype=dtype,
        scale=1.0,
        strategy=strategy,
        seed=seed,
        head_dim=1,
    )
    inputs = make_inputs(case)
    sign = np.where(rng(case).random(inputs["key"].shape) < 0.5, -1.0, 1.0)
    inputs["query"][...] = 1.0
    inputs["key"] = sign * size
    output, lse = run(case, inputs)
    assert np.isfinite(output).all() and np.isfinite(lse).all()


@given(draw_case(), LOWERINGS, st.data())
def test_f8_later_keys_do_not_touch_earlier_rows(case, lowering, data):
    case = dataclasses.replace(case, window=(-1, 0), offset=None)
    position = data.draw(st.integers(0, max(case.seq_len_kv - 1, 0)))
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering, verify=False)
    axis = 1 if case.layout == "bshd" else 2
    for name in ("key", "value"):
        later = [slice(None)] * 4
        later[axis] = slice(position, None)
        inputs[name][tuple(later)] *= -0.5
    changed = run(case, inputs, lowering=lowering, verify=False)
    rows = slice(0, position)
    assert np.array_equal(changed[0][:, :, rows], base[0][:, :, rows], equal_nan=True)
    assert np.array_equal(changed[1][:, :, rows], base[1][:, :, rows], equal_nan=True)
