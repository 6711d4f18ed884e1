"""Degenerate inputs, algorithms.md 0.4, through every lowering."""

import dataclasses

import numpy as np
from cases import Case, make_inputs, rng
from drawing import LOWERINGS, draw_case, tiles
from hypothesis import assume, given
from hypothesis import strategies as st
from running import assert_close, run

GARBAGE = st.sampled_from([np.nan, np.inf, -np.inf])


def in_rows(case, array):
    """A view of query, key or value as [batch, seq_len, heads, dim]."""
    return array if case.layout == "bshd" else array.swapaxes(1, 2)


@given(draw_case(kv_dtype=None, page_size=0, want_lse=True), LOWERINGS, GARBAGE)
def test_garbage_beyond_kv_len_does_not_reach_the_output(case, lowering, garbage):
    lengths = rng(case).integers(0, case.seq_len_kv + 1, case.batch)
    lengths = [int(n) + case.offset_of(3) for n in lengths]
    case = dataclasses.replace(case, kv_len=lengths)
    inputs = make_inputs(case)
    clean = run(case, inputs, lowering=lowering)
    for b, length in enumerate(lengths):
        first = length - case.offset_of(3)
        for name in ("key", "value"):
            in_rows(case, inputs[name])[b, first:] = garbage
        for name in ("key_scale", "value_scale"):
            kept = getattr(case, name)
            if kept and kept[0] and kept[2]:
                inputs[name][b, :, first:] = garbage
        if case.bias and case.bias[0] and case.bias[3]:
            inputs["bias"][b, :, :, first:] = garbage
    dirty = run(case, inputs, lowering=lowering)
    np.testing.assert_array_equal(dirty[0], clean[0])
    np.testing.assert_array_equal(dirty[1], clean[1])


@given(draw_case(want_lse=True), LOWERINGS, GARBAGE)
def test_garbage_in_rows_beyond_q_len_gives_dead_rows(case, lowering, garbage):
    lengths = rng(case).integers(0, case.seq_len_q + 1, case.batch)
    lengths = [int(n) + case.offset_of(2) for n in lengths]
    case = dataclasses.replace(case, q_len=lengths)
    inputs = make_inputs(case)
    for b, length in enumerate(lengths):
        in_rows(case, inputs["query"])[b, length - case.offset_of(2) :] = garbage
    output, lse = run(case, inputs, lowering=lowering)
    for b, length in enumerate(lengths):
        first = length - case.offset_of(2)
        assert (output[b, :, first:] == 0).all()
        assert (lse[b, :, first:] == -np.inf).all()
        assert not np.isnan(output[b, :, :first]).any()


@given(
    draw_case(kv_dtype=None, page_size=0, mask=(False, False, False, True)),
    LOWERINGS,
    GARBAGE,
)
def test_garbage_in_keys_no_row_sees_stays_there(case, lowering, garbage):
    # A mask hides every third key from all rows.
    inputs = make_inputs(case)
    hidden = np.arange(case.seq_len_kv) % 3 == 1
    inputs["mask"][..., hidden] = 0
    clean = run(case, inputs, lowering=lowering)
    for name in ("key", "value"):
        in_rows(case, inputs[name])[:, hidden] = garbage
    dirty = run(case, inputs, lowering=lowering)
    np.testing.assert_array_equal(dirty[0], clean[0])
    if case.want_lse:
        np.testing.assert_array_equal(dirty[1], clean[1])


@given(
    draw_case(plain=True, want_lse=True),
    LOWERINGS,
    st.sampled_from(["query", "key", "value"]),
)
def test_a_visible_nan_reaches_its_rows(case, lowering, name):
    assume(0 not in (case.batch, case.seq_len_q, case.seq_len_kv))
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


@given(draw_case(plain=True, bias=(True, True, True, True)), LOWERINGS)
def test_an_infinite_score_makes_its_row_nan(case, lowering):
    assume(0 not in (case.batch, case.seq_len_q, case.seq_len_kv))
    inputs = make_inputs(case)
    inputs["bias"][0, 0, 0, 0] = np.inf
    output, _ = run(case, inputs, lowering=lowering)
    assert np.isnan(output[0, 0, 0]).all()
    assert not np.isnan(output[0, 0, 1:]).any()


@given(draw_case(plain=True, want_lse=True), LOWERINGS)
def test_minus_infinity_in_the_bias_excludes(case, lowering):
    masked = dataclasses.replace(case, mask=(True, False, True, True))
    inputs = make_inputs(masked)
    expected = run(masked, inputs, lowering=lowering)
    biased = dataclasses.replace(case, bias=(True, False, True, True))
    inputs["bias"] = np.where(inputs.pop("mask"), 0.0, -np.inf)
    actual = run(biased, inputs, lowering=lowering)
    assert_close(actual[0], expected[0], 1e-6, "output")
    assert_close(actual[1], expected[1], 1e-6, "lse")


@given(
    st.sampled_from(["batch", "seq_len_q", "seq_len_kv"]).flatmap(
        lambda name: draw_case(sinks=False, want_lse=True, **{name: 0})
    ),
    LOWERINGS,
)
def test_empty_problems_give_empty_or_dead_results(case, lowering):
    output, lse = run(case, lowering=lowering)
    assert (output == 0).all() and (lse == -np.inf).all()


@given(tiles(), st.integers(1, 40), st.integers(1, 40), LOWERINGS)
def test_only_a_sink_gives_zero_and_the_sink(strategy, queries, keys, lowering):
    case = Case(
        seq_len_q=queries,
        seq_len_kv=keys,
        group=3,
        kv_len=[0],
        sinks=True,
        strategy=strategy,
    )
    inputs = make_inputs(case)
    output, lse = run(case, inputs, lowering=lowering)
    assert (output == 0).all()
    expected = np.broadcast_to(inputs["sinks"][None, :, None], lse.shape)
    assert_close(lse, expected, 1e-6, "lse")
