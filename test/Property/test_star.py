"""Star Attention: the pattern, its properties S1 to S9 and its edges.

Each through the kernels ("tool": what attn-run does by default), the portable
lowering, and both after tiling by sizes that divide nothing; what is compiled is
compared with the pattern, and with what hosts compute that know no pattern.
"""

import dataclasses

import numpy as np
import oracle
import oracle_star
import pytest
from cases import Case, make_inputs, rng
from drawing import draw_case
from examples import EXAMPLES, more
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from running import assert_close, lse_tolerance, run, tolerance

FEW = settings(max_examples=max(1, EXAMPLES // 3))
# Sizes of tiles that are far from those of blocks, and above them.
TILED = [
    f"tiled{kind}={q}x{k}"
    for kind in ("", "-portable")
    for q, k in ((1, 1), (3, 5), (16, -1), (64, 16), (32, 128))
]
LOWERINGS = st.sampled_from(
    ["tool", "tool", "tool", "portable", "portable", "gpu", *TILED]
)
# One of each kind, for tests of one problem.
SOME = ["tool", "portable", "gpu", "tiled=3x5", "tiled-portable=16x-1"]
EACH = pytest.mark.parametrize("lowering", SOME)


@st.composite
def draw_star(draw, **fixed):
    """A problem of the op, whole ones most of the time."""
    length = draw(st.sampled_from([0, 1, 2, 3, 5, 8, 16, 17, 33, 64, 70, 130, 200]))
    is_whole = draw(st.integers(0, 3)) != 0
    start = {"form": "star", "window": (-1, 0), "offset": None, "strategy": "blockwise"}
    if is_whole:
        start |= {"seq_len_q": length, "seq_len_kv": length, "offsets": None}
    if length > 64:
        start |= {"batch": draw(st.sampled_from([1, 2])), "num_kv_heads": 1}
        start |= {"group": draw(st.integers(1, 3))}
    case = draw(draw_case(**{**start, **fixed}))
    if case.page_size:
        case.seq_len_kv = -(-case.seq_len_kv // case.page_size) * case.page_size
    case.block_size = draw(st.sampled_from([1, 2, 3, 5, 8, 16, 32, 33, 64, 100, 4096]))
    b = case.block_size
    case.anchor_size = draw(st.sampled_from([0, 1, b // 2, b, b, b + 3]))
    case.anchor = draw(st.sampled_from(["first", "first", "first", "previous"]))
    end = max(case.seq_len_q + case.offset_of(2), case.seq_len_kv + case.offset_of(3))
    lengths = st.integers(-1, end + 2)
    kind = draw(st.sampled_from(["none", "constant", "argument", "one", "batch"]))
    if kind == "constant":
        case.context_len = draw(lengths)
    elif kind == "argument":
        case.context_len = ("argument", draw(lengths))
    elif kind != "none":
        count = case.batch if kind == "batch" else 1
        case.context_len = draw(st.lists(lengths, min_size=count, max_size=count))
    return dataclasses.replace(case, **fixed)


@st.composite
def draw_shard(draw):
    """What one host has: some rows and keys of a context, and anchors."""
    plain = ["mask", "bias", "key_scale", "value_scale", "kv_dtype"]
    case = draw(draw_star(page_size=0, **dict.fromkeys(plain)))
    b = case.block_size
    first = draw(st.sampled_from([0, b, 2 * b, 7, 33]))
    keys = draw(st.sampled_from([0, 0, -3, 5]))
    case.offsets = (0, 0, first, max(0, first + keys))
    # Of those that the offsets moved.
    for name, axis, size in (
        ("kv_len", 3, case.seq_len_kv),
        ("q_len", 2, case.seq_len_q),
    ):
        if getattr(case, name) is not None:
            top = size + case.offset_of(axis)
            setattr(case, name, [min(n, top) for n in getattr(case, name)])
    case.anchor = "first"
    case.anchor_size = draw(st.integers(0, min(b + 2, 40)))
    case.block_size = max(b, 1)
    held = min(case.anchor_size, case.block_size)
    case.anchors = max(1, held + draw(st.sampled_from([0, 0, 4])))
    return case


def small(**fields):
    """Blocks of 16 with anchors of 8 over 70 tokens, then 5 queries."""
    base = dict(
        form="star",
        batch=2,
        num_kv_heads=2,
        group=2,
        seq_len_q=75,
        seq_len_kv=75,
        head_dim=16,
        head_dim_v=12,
        window=(-1, 0),
        block_size=16,
        anchor_size=8,
        context_len=70,
    )
    return Case(**{**base, **fields})


def dense(case):
    """The dense attention that `case` approximates."""
    fields = dict(form="sdpa", strategy="blockwise", context_len=None, anchors=0)
    return dataclasses.replace(case, **fields)


def assert_same_bits(actual, expected):
    np.testing.assert_array_equal(actual[0], expected[0])
    if expected[1] is not None:
        np.testing.assert_array_equal(actual[1], expected[1])


def assert_near(case, actual, expected):
    # Scores of one problem summed in another order.
    assert_close(actual[0], expected[0], 2 * tolerance(case, 64), "output")
    if actual[1] is not None and expected[1] is not None:
        assert_close(actual[1], expected[1], 4 * lse_tolerance(case), "lse")


def tokens(case, array):
    """A view of query, key or value as [batch, tokens, heads, dim]."""
    return array if case.layout == "bshd" else array.swapaxes(1, 2)


#
# The pattern
#


@more(2)
@given(draw_star(), LOWERINGS)
def test_pattern(case, lowering):
    run(case, lowering=lowering)


@more(1)
@given(draw_star(), st.sampled_from([1, 2, 3]))
def test_pattern_agrees_with_the_reference(case, threads):
    run(case, verify=True, threads=threads)


@FEW
@given(draw_star(), st.sampled_from([1, 3]))
def test_pattern_of_objects(case, threads):
    run(case, lowering="object", threads=threads)


@more(2)
@given(draw_shard(), st.sampled_from(["tool"] * 3 + ["gpu"] * 3 + TILED))
def test_pattern_of_shards(case, lowering):
    run(case, lowering=lowering, verify=lowering in ("tool", "gpu"))


@pytest.mark.parametrize(
    "score, lowering", [("alibi", "tool"), ("slopes", "gpu"), ("documents", "tool")]
)
def test_pattern_of_a_shard_with_a_score_region(score, lowering):
    # It sees anchors where they stand in the context.
    case = small(
        seq_len_q=20, seq_len_kv=20, offsets=(0, 0, 48, 48), anchors=9, score=score
    )
    run(case, lowering=lowering, verify=True)


@st.composite
def draw_rewrite(draw):
    """attn.sdpa with the strategy, of every form that it may have."""
    case = draw(draw_star(form="sdpa", context_len=None, anchors=0))
    case.seq_len_q = max(case.seq_len_q, 2)
    case.offsets = None
    case.page_size = 0
    case.seq_len_kv = case.seq_len_q
    for name in ("kv_len", "q_len"):
        if getattr(case, name) is not None:
            setattr(case, name, [min(n, case.seq_len_q) for n in getattr(case, name)])
    b, query = case.block_size, draw(st.sampled_from([0, 0, 1, 5, 500]))
    a = draw(st.sampled_from([-1, 0, 1, b // 2, b, b + 1]))
    case.strategy = f"star:block-size={b},anchor-size={a},anchor={case.anchor}"
    if query:
        case.strategy += f",query-size={query}"
    return case


@more(2)
@given(draw_rewrite(), st.sampled_from(["tool", "attribute", "portable"]))
def test_pattern_of_the_strategy(case, lowering):
    run(case, lowering=lowering, verify=lowering == "tool")


#
# Properties
#


@more(1)
@given(draw_star(offsets=None, page_size=0), LOWERINGS, st.integers(0, 2**20))
def test_s1_any_partition_of_the_keys(case, lowering, seed):
    # Every key with some host; some of them have none.
    inputs = make_inputs(case)
    random = np.random.default_rng(seed)
    count = random.integers(1, 9)
    owner = random.integers(0, count, case.seq_len_kv)
    shards = [np.flatnonzero(owner == n) for n in range(count)] + [[]]
    actual = run(case, inputs, lowering=lowering)
    assert_hosts(case, inputs, actual, shards)


def assert_hosts(case, inputs, actual, shards):
    bare = dataclasses.replace(case, form="partial", window=(-1, -1))
    others = oracle.visible(bare, inputs)
    s, value = oracle.scores(case, inputs)
    expected = oracle_star.hosts_form(case, inputs, (s, value), others, shards)
    largest = np.abs(s[np.isfinite(s)]).max(initial=0)
    assert_close(actual[0], expected[0], tolerance(case, largest), "output")
    if actual[1] is not None:
        assert_close(actual[1], expected[1], lse_tolerance(case), "lse")


@more(2)
@given(draw_star(offsets=None, page_size=0), LOWERINGS)
def test_s2_hosts_compute_the_pattern(case, lowering):
    inputs = make_inputs(case)
    actual = run(case, inputs, lowering=lowering)
    b = case.block_size
    last = max(case.seq_len_kv - 1, 0) // b
    hosts = [np.arange(n * b, min(n * b + b, case.seq_len_kv)) for n in range(last + 1)]
    assert_hosts(case, inputs, actual, hosts)


@more(1)
@given(draw_star(offsets=None), LOWERINGS)
def test_s3_a_context_of_one_block_is_dense(case, lowering):
    case.block_size = max(case.seq_len_q, 1)
    inputs = make_inputs(case)
    actual = run(case, inputs, lowering=lowering)
    assert_near(case, actual, run(dense(case), without_context(inputs)))


def without_context(inputs):
    return {n: x for n, x in inputs.items() if n not in ("context_len", "context")}


@more(1)
@given(draw_star(offsets=None), LOWERINGS)
def test_s4_two_blocks_with_whole_anchors_are_dense(case, lowering):
    case.block_size = max(-(-case.seq_len_q // 2), 1)
    case.anchor_size = case.block_size
    inputs = make_inputs(case)
    actual = run(case, inputs, lowering=lowering)
    assert_near(case, actual, run(dense(case), without_context(inputs)))


@FEW
@given(draw_star(offsets=None, dynamic="static", context_len=None))
def test_s4_is_the_same_code_where_lengths_are_known(case):
    # It canonicalises to attn.sdpa, so not a bit differs.
    case.block_size = max(-(-case.seq_len_q // 2), 1)
    case.anchor_size = case.block_size
    inputs = make_inputs(case)
    assert_same_bits(run(case, inputs), run(dense(case), inputs))


@EACH
@pytest.mark.parametrize("dynamic", ["static", "lengths"])
def test_s4_needs_the_whole_anchor(dynamic, lowering):
    case = small(
        seq_len_q=32, seq_len_kv=32, anchor_size=15, context_len=None, dynamic=dynamic
    )
    inputs = make_inputs(case)
    star, whole = run(case, inputs, lowering=lowering), run(dense(case), inputs)
    assert_close(star[0][:, :, :16], whole[0][:, :, :16], 2e-5, "block 0")
    assert (np.abs(star[0] - whole[0])[:, :, 16:].max(axis=(2, 3)) > 1e-3).all()


@more(1)
@given(draw_star(offsets=None), LOWERINGS)
def test_s5_the_first_two_blocks_are_exact(case, lowering):
    case.anchor_size = case.block_size
    inputs = make_inputs(case)
    star = run(case, inputs, lowering=lowering)
    whole = run(dense(case), without_context(inputs))
    rows = slice(0, 2 * case.block_size)
    cut = [x if x is None else x[:, :, rows] for x in (*star, *whole)]
    assert_near(case, cut[:2], cut[2:])


@FEW
@given(draw_star(offsets=None, block_size=1, anchor_size=1, anchor="first"), LOWERINGS)
def test_s6_blocks_of_one_see_token_0_and_themselves(case, lowering):
    case = dataclasses.replace(case, context_len=None, mask=None)
    star = run(case, lowering=lowering)
    own = dataclasses.replace(dense(case), mask=(False, False, True, True))
    inputs = make_inputs(case)
    i, j = np.ogrid[: case.seq_len_q, : case.seq_len_kv]
    inputs["mask"] = ((i == j) | (j == 0))[None, None]
    order = [n for n in ORDER if n in inputs]
    assert_near(case, star, run(own, {n: inputs[n] for n in order}))


# Of arguments: what the modules of cases.py expect.
ORDER = ["query", "key", "value", "kv_len", "q_len", "mask", "bias"]
ORDER += ["dynamic_scale", "key_scale", "value_scale", "page_table", "slopes"]
ORDER += ["documents_q", "documents_kv", "sinks"]


@FEW
@given(draw_star(offsets=None, anchor_size=0), LOWERINGS)
def test_s7_without_anchor_blocks_are_alone(case, lowering):
    case = dataclasses.replace(case, context_len=None, mask=None, anchor="first")
    star = run(case, lowering=lowering)
    own = dataclasses.replace(dense(case), mask=(False, False, True, True))
    inputs = make_inputs(case)
    i, j = np.ogrid[: case.seq_len_q, : case.seq_len_kv]
    inputs["mask"] = (i // case.block_size == j // case.block_size)[None, None]
    order = [n for n in ORDER if n in inputs]
    assert_near(case, star, run(own, {n: inputs[n] for n in order}))


@more(2)
@given(
    draw_star(offsets=None, page_size=0, kv_dtype=None, score=None),
    LOWERINGS,
    st.sampled_from([-1.0, np.nan]),
    st.floats(0, 0.999),
)
def test_s8_a_token_reaches_no_other_block(case, lowering, factor, share):
    # Bit for bit, and a NaN neither.
    case = dataclasses.replace(case, anchor="first")
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    b, a = case.block_size, min(case.anchor_size, case.block_size)
    n = min(case.seq_len_q, case.seq_len_kv)
    token = int(share * n)
    assume(n and token >= a)
    for name in ("query", "key", "value"):
        tokens(case, inputs[name])[:, token] *= factor
    # A NaN value may reach earlier rows of its own block (algorithms.md 0.4).
    changed = run(case, inputs, lowering=lowering, check=factor == -1)
    for entry in range(case.batch):
        length = case.context_len_at(entry)
        length = case.seq_len_q if length is None else length
        i = np.arange(case.seq_len_q)
        same = (i < length) & (i // b != token // b)
        assert_same_bits(
            [x if x is None else x[entry][:, same] for x in changed],
            [x if x is None else x[entry][:, same] for x in base],
        )


@EACH
@pytest.mark.parametrize(
    "token, value", [(0, np.nan), (7, 3.0), (8, 3.0), (40, np.nan)]
)
def test_s8_an_anchor_token_reaches_every_block(token, value, lowering):
    case = small()
    inputs = make_inputs(case)
    base, _ = run(case, inputs, lowering=lowering)
    inputs["key"][:, :, token] = value
    changed, _ = run(case, inputs, lowering=lowering)
    differs = ~((changed == base) | (np.isnan(changed) & np.isnan(base)))
    if np.isnan(value):
        np.testing.assert_array_equal(np.isnan(changed), differs)
    i = np.arange(75)
    block = i // 16 == token // 16
    reached = (i >= token) & ((i >= 70) | block | (token < 8))
    if not np.isnan(value):
        reached[0] = False  # The weight of the only key is 1.
    np.testing.assert_array_equal(differs.all(axis=(0, 1, 3)), reached)
    np.testing.assert_array_equal(differs.any(axis=(0, 1, 3)), reached)


@more(1)
@given(
    st.sampled_from([1, 3, 8, 16, 40]),
    st.sampled_from([0, 1, 4, 16]),
    st.integers(0, 90),
    st.integers(0, 9),
    LOWERINGS,
)
def test_s9_every_key_is_counted_once(b, a, length, queries, lowering):
    # Equal scores weigh every key alike, and a value that names its key shows
    # which were counted, and how often.
    n = length + queries
    case = Case(
        form="star",
        seq_len_q=n,
        seq_len_kv=n,
        head_dim_v=max(n, 1),
        window=(-1, 0),
        block_size=b,
        anchor_size=a,
        context_len=length,
        dynamic="lengths",
        dtype="f64",
    )
    inputs = make_inputs(case)
    inputs["query"][...] = 0
    inputs["value"] = np.eye(max(n, 1))[None, None, :n]
    output, lse = run(case, inputs, lowering=lowering)
    counts = np.exp(lse[0, 0])
    seen = output[0, 0] * counts[:, None]
    # L context tokens and those generated so far, each once.
    for i in range(length, n):
        assert_close(counts[i], np.float64(i + 1), 1e-12, "keys")
        assert_close(seen[i, : i + 1], np.ones(i + 1), 1e-12, "counts")
    for i in range(length):
        own = i % b + 1
        anchor = 0 if i < b else min(a, b)
        assert_close(counts[i], np.float64(own + anchor), 1e-12, "keys")


#
# Edges (2.9)
#


@EACH
@pytest.mark.parametrize(
    "context_len, dynamic",
    [(0, "static"), (("argument", -3), "all"), ([0, -1], "lengths")],
)
def test_no_context_is_causal_over_the_query(context_len, dynamic, lowering):
    case = small(seq_len_q=20, seq_len_kv=20, context_len=context_len, dynamic=dynamic)
    inputs = make_inputs(case)
    star = run(case, inputs, lowering=lowering)
    assert_near(case, star, run(dense(case), without_context(inputs)))


@EACH
@pytest.mark.parametrize("length", [0, 1, 16, 47, 48])
def test_no_query(length, lowering):
    for context_len, dynamic in ((None, "static"), (("argument", length), "all")):
        case = small(
            seq_len_q=length,
            seq_len_kv=length,
            context_len=context_len,
            dynamic=dynamic,
        )
        run(case, lowering=lowering)


@EACH
@pytest.mark.parametrize("dynamic", ["static", "lengths"])
def test_an_anchor_beyond_a_block_is_a_block(dynamic, lowering):
    case = small(dynamic=dynamic, anchor_size=17)
    whole = dataclasses.replace(case, anchor_size=16)
    inputs = make_inputs(case)
    actual = run(case, inputs, lowering=lowering)
    assert_same_bits(actual, run(whole, inputs, lowering=lowering))


@pytest.mark.parametrize("lowering", ["tool", "portable"])
@pytest.mark.parametrize(
    "kind, anchor", [("q_len", "first"), ("kv_len", "previous"), (None, "first")]
)
def test_sequences_of_a_batch_have_their_own_lengths(kind, anchor, lowering):
    lengths = [70, 3, 0, 48, 33]
    case = small(batch=5, num_kv_heads=1, context_len=lengths, anchor=anchor)
    if kind:
        setattr(case, kind, [min(n + 5, 75) for n in lengths])
    inputs = make_inputs(case)
    output, lse = run(case, inputs, lowering=lowering, verify=lowering == "tool")
    # As each alone.
    for b, length in enumerate(lengths):
        alone = dataclasses.replace(case, batch=1, context_len=[length])
        if kind:
            setattr(alone, kind, [getattr(case, kind)[b]])
        one = {n: x[b : b + 1] for n, x in inputs.items()}
        expected = run(alone, one, lowering=lowering)
        assert_near(case, (output[b : b + 1], lse[b : b + 1]), expected)


@EACH
def test_only_a_sink_gives_zero_and_the_sink(lowering):
    case = small(kv_len=[0], sinks=True)
    inputs = make_inputs(case)
    output, lse = run(case, inputs, lowering=lowering)
    assert (output == 0).all()
    expected = np.broadcast_to(inputs["sinks"][None, :, None], lse.shape)
    assert_close(lse, expected, 1e-6, "lse")


@FEW
@given(draw_star(kv_dtype=None, page_size=0, offsets=None), LOWERINGS)
def test_garbage_beyond_kv_len_does_not_reach_the_output(case, lowering):
    lengths = rng(case).integers(0, case.seq_len_kv + 1, case.batch)
    case = dataclasses.replace(case, kv_len=[int(n) for n in lengths])
    inputs = make_inputs(case)
    clean = run(case, inputs, lowering=lowering)
    for b, length in enumerate(lengths):
        for name in ("key", "value"):
            tokens(case, inputs[name])[b, length:] = np.nan
    assert_same_bits(run(case, inputs, lowering=lowering), clean)
