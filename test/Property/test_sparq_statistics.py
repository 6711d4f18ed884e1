"""How far SparQ is from attention to all keys, on caches made like those of models.

A row is close to dense attention where a few components of the query say most of a
score, and a few keys get most of the weight. Both are so in models: some channels of
queries and keys are much larger than the others, and scores have a long tail. The
means below are over enough rows, all of them fixed, that they fall as they should; the
margins are a fraction of what was measured.
"""

import functools

import numpy as np
import pytest
from cases import Case
from formats import round_to
from running import run

ROWS, HEADS, KEYS, DIM = 16, 4, 1024, 64


def problem(dtype, tail):
    """Inputs of ROWS * HEADS rows; the fewer degrees of freedom `tail`, the longer
    are the tails of the channels' sizes."""
    random = np.random.default_rng(2024)
    # Outlier channels, and what keys have in common there.
    size = np.sort(np.abs(random.standard_t(tail, (1, HEADS, 1, DIM))), axis=3) + 0.3
    size = random.permuted(size, axis=3)
    query = random.standard_t(4, (ROWS, HEADS, 1, DIM)) * size
    unit = query / np.linalg.norm(query, axis=3, keepdims=True)
    key = random.standard_normal((ROWS, HEADS, KEYS, DIM)) + 0.5 * size
    # Some keys matter more than others, as those of delimiters do.
    places = random.random((ROWS, HEADS, KEYS, 1)) < 0.02
    key += places * unit * random.exponential(0.5, places.shape)
    # Scores have a deviation of 2.5.
    query = unit * 2.5 * DIM**0.5
    value = random.standard_normal((ROWS, HEADS, KEYS, DIM))
    inputs = {"query": query, "key": key, "value": value}
    return {name: round_to(dtype, array) for name, array in inputs.items()}


def case_of(dtype, group, strategy):
    return Case(
        batch=ROWS,
        num_kv_heads=HEADS // group,
        group=group,
        seq_len_kv=KEYS,
        head_dim=DIM,
        head_dim_v=DIM,
        dtype=dtype,
        want_lse=False,
        strategy=strategy,
    )


@functools.lru_cache(maxsize=None)
def dense(dtype, group, tail):
    inputs = shared(problem(dtype, tail), group)
    return inputs, run(case_of(dtype, group, "dense"), inputs, check=False)[0]


def shared(inputs, group):
    """The keys and values of every `group`-th head only."""
    return {n: x if n == "query" else x[:, ::group] for n, x in inputs.items()}


def distance(rank, top_k, dtype="f32", group=1, tail=2, **keys):
    """The mean over rows of |sparq - dense| / |dense|."""
    inputs, expected = dense(dtype, group, tail)
    keys = {"rank": rank, "top-k": top_k, "local-window": 0, **keys}
    text = ",".join(f"{name}={value}" for name, value in keys.items())
    output, _ = run(case_of(dtype, group, f"sparq:{text}"), inputs, check=False)
    size = np.linalg.norm(expected, axis=3)
    return (np.linalg.norm(output - expected, axis=3) / size).mean()


def assert_falls(errors, each, total):
    """Every error is below `each` of the one before, the last below `total` of the
    first."""

    assert (errors[1:] < each * errors[:-1]).all(), errors
    assert errors[-1] < total * errors[0], errors


@pytest.mark.parametrize("dtype, group", [("f32", 1), ("f16", 1), ("f32", 4)])
def test_error_falls_with_rank(dtype, group):
    errors = [distance(r, 128, dtype, group) for r in (2, 4, 8, 16, 32, 64)]
    assert_falls(np.array(errors), 0.95, 0.3)


@pytest.mark.parametrize("dtype, group", [("f32", 1), ("bf16", 1), ("f32", 4)])
def test_error_falls_with_top_k(dtype, group):
    errors = [distance(32, k, dtype, group) for k in (8, 32, 128, 512)]
    assert_falls(np.array(errors), 0.95, 0.3)
    # All keys.
    assert distance(32, KEYS, dtype, group) < (1e-5 if dtype == "f32" else 1e-2)


def test_longer_tails_need_fewer_components():
    errors = [distance(8, 128, tail=tail) for tail in (30, 3, 1)]
    assert_falls(np.array(errors), 0.95, 0.7)


def test_the_mean_value_takes_the_place_of_many_small_weights():
    inputs = dict(problem("f32", 2))
    inputs["query"] = inputs["query"] * 0.05
    expected, _ = run(case_of("f32", 1, "dense"), inputs, check=False)
    errors = []
    for realloc in ("off", "on"):
        text = f"sparq:rank=16,top-k=64,realloc={realloc}"
        output, _ = run(case_of("f32", 1, text), inputs, check=False)
        errors.append(np.linalg.norm(output - expected, axis=3).mean())
    assert_falls(np.array(errors), 0.5, 0.5)
