"""F1 to F8 of algorithms.md 1.5, over random shapes, through every lowering.

`run` compares each result with the oracle; the tests add what else must hold.
"""

import dataclasses

import numpy as np
from cases import Case, make_inputs, rng
from drawing import LOWERINGS, draw_case, draw_composition, draw_long_case, tiles
from examples import more
from hypothesis import assume, given
from hypothesis import strategies as st
from running import assert_close, lse_tolerance, run, tolerance


@more(4)
@given(draw_case(), LOWERINGS)
def test_f1_any_form_equals_dense(case, lowering):
    run(case, lowering=lowering)


@more(2)
@given(draw_case(want_lse=True), st.sampled_from(["tool", "attribute"]))
def test_f1_verify_agrees(case, lowering):
    run(case, verify=True, lowering=lowering)


@more(2)
@given(draw_composition(), st.sampled_from(["tool", "gpu", "portable"]))
def test_f1_any_split_in_any_order_equals_the_whole(case, lowering):
    run(case, lowering=lowering, verify=lowering in ("tool", "gpu"))


@given(draw_case(), st.integers(1, 5))
def test_f1_split_kv_equals_dense(case, num_splits):
    run(case, lowering=f"split-kv={num_splits}")


@more(2)
@given(draw_long_case(), st.sampled_from([1, 2, 3, 5, 8]))
def test_f1_any_number_of_threads_equals_dense(case, threads):
    run(case, threads=threads)


@more(2)
@given(draw_case(), st.sampled_from([0, 1, 2, 7]))
def test_f1_any_object_equals_dense(case, threads):
    run(case, lowering="object", threads=threads)


@given(draw_composition(), st.sampled_from([1, 3]))
def test_f1_any_composition_in_an_object_equals_dense(case, threads):
    # No key at all takes an empty page table that is not an argument, so that
    # its entries could only be checked after a write.
    assume(not case.page_size or case.seq_len_kv)
    run(case, lowering="object", threads=threads)


@given(draw_case(want_lse=True), LOWERINGS)
def test_f2_lse_does_not_depend_on_the_values(case, lowering):
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    inputs["value"] = inputs["value"][..., ::-1]
    if "value_scale" in inputs:
        inputs["value_scale"] = inputs["value_scale"][..., ::-1]
    turned = run(case, inputs, lowering=lowering)
    np.testing.assert_array_equal(turned[1], base[1])
    bound = 2 * tolerance(case)
    assert_close(turned[0], base[0][..., ::-1], bound, "output")


@given(draw_case(want_lse=True, mask=(False, False, True, True)), LOWERINGS)
def test_f3_dead_rows_give_zero_and_minus_infinity(case, lowering):
    # A mask that hides every key of the even rows.
    case = dataclasses.replace(case, sinks=False)
    inputs = make_inputs(case)
    inputs["mask"][:, :, ::2, :] = 0
    output, lse = run(case, inputs, lowering=lowering)
    assert (output[:, :, ::2] == 0).all()
    assert (lse[:, :, ::2] == -np.inf).all()


@given(draw_case(score=None, sinks=False, want_lse=True), LOWERINGS)
def test_f4_a_constant_added_to_the_scores_shifts_lse_only(case, lowering):
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    shifted = run(dataclasses.replace(case, score="add"), inputs, lowering=lowering)
    assert_close(shifted[0], base[0], 2 * tolerance(case, 64), "output")
    assert_close(shifted[1], base[1] + 3.5, 4 * lse_tolerance(case), "lse")


@given(draw_case(plain=True, want_lse=True), LOWERINGS, st.integers(0, 99))
def test_f5_permuting_keys_with_their_values_changes_nothing(case, lowering, salt):
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    axis = 1 if case.layout == "bshd" else 2
    order = rng(case, salt).permutation(case.seq_len_kv)
    for name in ("key", "value"):
        inputs[name] = np.take(inputs[name], order, axis=axis)
    permuted = run(case, inputs, lowering=lowering)
    assert_close(permuted[0], base[0], 2 * tolerance(case), "output")
    assert_close(permuted[1], base[1], 2 * lse_tolerance(case), "lse")


@given(
    draw_case(sinks=False, value_scale=None, kv_dtype=None, want_lse=True), LOWERINGS
)
def test_f6_equal_values_come_out_unchanged(case, lowering):
    inputs = make_inputs(case)
    inputs["value"][...] = 0.75
    output, lse = run(case, inputs, lowering=lowering)
    expected = np.where(lse == -np.inf, 0, 0.75)[..., None]
    expected = np.broadcast_to(expected, output.shape)
    assert_close(output, expected, tolerance(case), "output")


@given(
    st.sampled_from(["f32", "f16", "f64"]),
    tiles(),
    st.integers(1, 70),
    st.integers(0, 9),
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


@given(
    draw_case(
        window=(-1, 0),
        offset=None,
        offsets=None,
        page_size=0,
        want_lse=True,
    ),
    LOWERINGS,
    st.floats(0, 1),
)
def test_f8_later_keys_do_not_touch_earlier_rows(case, lowering, share):
    position = int(share * case.seq_len_kv)
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    axis = 1 if case.layout == "bshd" else 2
    for name in ("key", "value"):
        later = [slice(None)] * 4
        later[axis] = slice(position, None)
        inputs[name][tuple(later)] *= -1
        if case.kv_dtype == "i8":
            inputs[name] = np.clip(inputs[name], -128, 127)
    changed = run(case, inputs, lowering=lowering)
    rows = slice(0, position)
    np.testing.assert_array_equal(changed[0][:, :, rows], base[0][:, :, rows])
    np.testing.assert_array_equal(changed[1][:, :, rows], base[1][:, :, rows])
