"""Degenerate inputs, algorithms.md 0.4, through both lowerings."""

import dataclasses

import numpy as np
from cases import Case, assert_close, draw_case, make_inputs, rng, run, tiles
from hypothesis import given
from hypothesis import strategies as st

LOWERINGS = st.sampled_from(["tool", "portable"])
GARBAGE = st.sampled_from([np.nan, np.inf, -np.inf])


@given(draw_case(), LOWERINGS, GARBAGE)
def test_garbage_beyond_kv_len_does_not_reach_the_output(case, lowering, garbage):
    lengths = [int(n) for n in rng(case).integers(0, case.seq_len_kv + 1, case.batch)]
    case = dataclasses.replace(case, kv_len=lengths)
    inputs = make_inputs(case)
    clean = run(case, inputs, lowering=lowering)
    for b, length in enumerate(lengths):
        for name in ("key", "value"):
            rows = inputs[name][b]
            rows = rows if case.layout == "bshd" else rows.transpose(1, 0, 2)
            rows[length:] = garbage
    dirty = run(case, inputs, lowering=lowering)
    np.testing.assert_array_equal(dirty[0], clean[0])
    np.testing.assert_array_equal(dirty[1], clean[1])


@given(draw_case(), LOWERINGS, GARBAGE)
def test_garbage_in_rows_beyond_q_len_gives_dead_rows(case, lowering, garbage):
    lengths = [int(n) for n in rng(case).integers(0, case.seq_len_q + 1, case.batch)]
    case = dataclasses.replace(case, q_len=lengths)
    inputs = make_inputs(case)
    for b, length in enumerate(lengths):
        rows = inputs["query"][b]
        rows = rows if case.layout == "bshd" else rows.transpose(1, 0, 2)
        rows[length:] = garbage
    output, lse = run(case, inputs, lowering=lowering)
    for b, length in enumerate(lengths):
        assert (output[b, :, length:] == 0).all()
        assert (lse[b, :, length:] == -np.inf).all()
        assert not np.isnan(output[b, :, :length]).any()


@given(draw_case(), LOWERINGS, GARBAGE)
def test_garbage_in_keys_no_row_sees_stays_there(case, lowering, garbage):
    # A mask hides every third key from all rows.
    case = dataclasses.replace(case, mask=(False, False, False, True))
    inputs = make_inputs(case)
    hidden = np.arange(case.seq_len_kv) % 3 == 1
    inputs["mask"][..., hidden] = False
    clean = run(case, inputs, lowering=lowering)
    axis = 1 if case.layout == "bshd" else 2
    for name in ("key", "value"):
        where = [slice(None)] * 4
        where[axis] = hidden
        inputs[name][tuple(where)] = garbage
    dirty = run(case, inputs, lowering=lowering)
    np.testing.assert_array_equal(dirty[0], clean[0])
    np.testing.assert_array_equal(dirty[1], clean[1])


@given(draw_case(plain=True), LOWERINGS, st.sampled_from(["query", "key", "value"]))
def test_a_visible_nan_reaches_its_rows(case, lowering, name):
    if 0 in (case.batch, case.seq_len_q, case.seq_len_kv):
        return
    inputs = make_inputs(case)
    index = (0,) * 4
    inputs[name][index] = np.nan
    output, lse = run(case, inputs, lowering=lowering)
    if name == "query":
        assert np.isnan(output[0, 0, 0]).all() and np.isnan(lse[0, 0, 0])
        assert not np.isnan(output[0, 0, 1:]).any()
    elif name == "key":
        assert np.isnan(output[0, : case.group]).all()
        assert np.isnan(lse[0, : case.group]).all()
    else:
        assert np.isnan(output[0, : case.group, :, 0]).all()
        assert not np.isnan(lse).any()
    assert not np.isnan(output[0, case.group :]).any()
    assert not np.isnan(output[1:]).any()


@given(draw_case(plain=True), LOWERINGS)
def test_an_infinite_score_makes_its_row_nan(case, lowering):
    if 0 in (case.batch, case.seq_len_q, case.seq_len_kv):
        return
    case = dataclasses.replace(case, bias=(True, True, True, True))
    inputs = make_inputs(case)
    inputs["bias"][0, 0, 0, 0] = np.inf
    output, _ = run(case, inputs, lowering=lowering)
    assert np.isnan(output[0, 0, 0]).all()
    assert not np.isnan(output[0, 0, 1:]).any()


@given(draw_case(plain=True), LOWERINGS)
def test_minus_infinity_in_the_bias_excludes(case, lowering):
    masked = dataclasses.replace(case, mask=(True, False, True, True))
    inputs = make_inputs(masked)
    expected = run(masked, inputs, lowering=lowering)
    biased = dataclasses.replace(case, bias=(True, False, True, True))
    inputs["bias"] = np.where(inputs.pop("mask"), 0.0, -np.inf)
    actual = run(biased, inputs, lowering=lowering)
    assert_close(actual[0], expected[0], 0, "output")
    assert_close(actual[1], expected[1], 0, "lse")


@given(draw_case(), LOWERINGS, st.sampled_from(["batch", "seq_len_q", "seq_len_kv"]))
def test_empty_problems_give_empty_or_dead_results(case, lowering, what):
    case = dataclasses.replace(
        case, offset=None, kv_len=None, q_len=None, sinks=False, **{what: 0}
    )
    output, lse = run(case, lowering=lowering)
    assert (output == 0).all() and (lse == -np.inf).all()


@given(tiles(), st.integers(1, 40), st.integers(1, 40))
def test_only_a_sink_gives_zero_and_the_sink(strategy, queries, keys):
    case = Case(
        seq_len_q=queries,
        seq_len_kv=keys,
        group=3,
        kv_len=[0],
        sinks=True,
        strategy=strategy,
    )
    inputs = make_inputs(case)
    output, lse = run(case, inputs)
    assert (output == 0).all()
    expected = np.broadcast_to(inputs["sinks"][None, :, None], lse.shape)
    assert_close(lse, expected, 1e-6, "lse")
