"""Star Attention through the layers of a model, and what toy versions get wrong.

The model's attention is compiled attn.star over all tokens at once (the mask
form), so that phase 1 and phase 2 are one pass. It has to agree with hosts that
run whole models on [anchor ++ block] and then answer the query together, at every
layer; and each naive variant of the published method (algorithms.md 2.6) has to
differ from it beyond any tolerance, or its test would see nothing.
"""

import dataclasses

import numpy as np
import oracle_star
import pytest
from cases import Case, make_inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_star import Model, Star, only_rows, phase_one, phase_two
from running import assert_close, run

EACH = pytest.mark.parametrize(
    "lowering", ["tool", "portable", "tiled=5x3", "tiled-portable=4x-1"]
)
BOTH = pytest.mark.parametrize("lowering", ["tool", "portable"])
# Of f64 through a few layers, and what a naive variant must be off by.
NEAR, FAR = 1e-9, 1e-3


def compiled(star, length, lowering, **fields):
    """attend(q, k, v) of a Model by attn.star; compared with the oracle as well."""

    def attend(q, k, v):
        case = Case(
            form="star",
            num_kv_heads=k.shape[0],
            group=q.shape[0] // k.shape[0],
            seq_len_q=q.shape[1],
            seq_len_kv=k.shape[1],
            head_dim=q.shape[2],
            head_dim_v=v.shape[2],
            dtype="f64",
            window=(-1, 0),
            block_size=star.block_size,
            anchor_size=star.anchor_size,
            anchor=star.anchor,
            context_len=("argument", length),
            dynamic="lengths",
            want_lse=False,
            **fields,
        )
        inputs = {"query": q[None], "key": k[None], "value": v[None]}
        inputs["context"] = np.array(length)
        return run(case, inputs, lowering=lowering)[0][0]

    return attend


class Problem:
    """A context and a query, and what the model makes of them."""

    def __init__(self, b, a, length, queries, seed=1, anchor="first", layers=3):
        self.star = Star(b, min(a, b), anchor, [length])
        self.model = Model(layers=layers, seed=seed)
        random = np.random.default_rng(seed)
        self.context = list(random.integers(0, 200, length))
        self.query = list(random.integers(0, 200, queries))

    def mask_form(self, lowering="tool", length=None, star=None, query_start=None):
        """(stream of all rows, caches): by compiled code, in one pass."""
        n = len(self.context)
        positions = list(range(n))
        first = n if query_start is None else query_start
        positions += range(first, first + len(self.query))
        attend = compiled(star or self.star, n if length is None else length, lowering)
        return self.model.run(self.context + self.query, positions, attend)

    def hosts(self, **naive):
        return phase_one(self.model, self.context, self.star, **naive)

    def answer(self, hosts, **naive):
        return phase_two(self.model, self.query, hosts, len(self.context), **naive)

    def joined(self, hosts):
        """The stream of the context rows and the kept caches of all hosts."""
        x = np.concatenate([x for _, x, _ in hosts])
        caches = [
            tuple(
                np.concatenate([caches[n][which] for _, _, caches in hosts], axis=1)
                for which in (0, 1)
            )
            for n in range(len(self.model.layers))
        ]
        return x, caches


def assert_far(actual, expected):
    """Caught: somewhere beyond any tolerance. What is checked is that the
    naive result is no acceptable one."""
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected).max() < FAR * (1 + np.abs(expected).max())
    assert not near, "the naive variant is not seen"


def assert_layers_agree(problem, lowering):
    """S2 and S1: stream, and K and V of every layer."""
    hosts = problem.hosts()
    x, caches = problem.mask_form(lowering)
    length = len(problem.context)
    if hosts:
        expected_x, expected = problem.joined(hosts)
        assert_close(x[:length], expected_x, NEAR, "context rows")
        for layer, (ours, theirs) in enumerate(zip(caches, expected)):
            for name, mine, other in zip("kv", ours, theirs):
                assert mine[:, :length].shape == other.shape
                assert_close(mine[:, :length], other, NEAR, f"{name} of layer {layer}")
    if problem.query:
        rows = problem.answer(hosts or [empty_host(problem.model)])
        assert_close(x[length:], rows, NEAR, "query rows")
    return x, hosts


def empty_host(model):
    """One without a key."""
    none = np.zeros((model.kv_heads, 0, model.dim))
    return (
        [],
        np.zeros((0, model.heads * model.dim)),
        [(none, none)] * len(model.layers),
    )


#
# S2
#


@settings(max_examples=12)
@given(
    st.sampled_from([1, 2, 3, 4, 7, 16]),
    st.sampled_from([0, 1, 2, 4, 7, 99]),
    st.integers(0, 26),
    st.integers(0, 4),
    st.integers(0, 99),
    st.sampled_from(["tool", "portable", "tiled=5x3", "tiled-portable=4x-1"]),
)
def test_s2_every_layer(b, a, length, queries, seed, lowering):
    if length + queries == 0:
        queries = 1
    assert_layers_agree(Problem(b, a, length, queries, seed), lowering)


@EACH
def test_s2_of_one_problem(lowering):
    # Ragged: blocks of 8, 8, 8 and 3, anchors of 5.
    assert_layers_agree(Problem(8, 5, 27, 3), lowering)


@EACH
def test_s2_holds_for_the_previous_block_in_the_first_layer_only(lowering):
    # Its states on the next host lack what it saw of its own anchor.
    one = Problem(6, 4, 20, 0, anchor="previous", layers=1)
    assert_layers_agree(one, lowering)
    three = Problem(6, 4, 20, 0, anchor="previous")
    x, _ = three.mask_form(lowering)
    assert_far(x, three.joined(three.hosts())[0])


@EACH
@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_s1_any_partition_at_every_layer(count, lowering):
    # Keys dealt out to hosts in turn; more hosts than blocks, than keys.
    problem = Problem(8, 5, 27, 3)
    x, hosts = assert_layers_agree(problem, lowering)
    _, caches = problem.joined(hosts)
    dealt = []
    for n in range(count):
        part = [(k[:, n::count], v[:, n::count]) for k, v in caches]
        dealt.append(([], None, part))
    assert_close(x[27:], problem.answer(dealt), NEAR, "query rows")


@EACH
def test_s5_first_two_blocks_at_every_layer(lowering):
    problem = Problem(8, 8, 27, 0)
    x, caches = problem.mask_form(lowering)
    whole = problem.model.run(
        problem.context, range(27), only_rows(oracle_star.causal_attention)
    )
    assert_close(x[:16], whole[0][:16], NEAR, "rows")
    assert_far(x[16:], whole[0][16:])


@EACH
def test_s8_a_token_reaches_no_other_block_at_any_layer(lowering):
    problem = Problem(8, 8, 27, 0)
    _, base = problem.mask_form(lowering)
    problem.context[18] = (problem.context[18] + 1) % 200
    _, changed = problem.mask_form(lowering)
    others = [i for i in range(27) if i // 8 != 2]
    for (k, v), (new_k, new_v) in zip(base, changed):
        np.testing.assert_array_equal(new_k[:, others], k[:, others])
        np.testing.assert_array_equal(new_v[:, others], v[:, others])
        assert (new_k[:, 18] != k[:, 18]).any()
    problem.context[3] = (problem.context[3] + 1) % 200
    _, again = problem.mask_form(lowering)
    for n in (1, 2):
        differs = (again[n][0] != changed[n][0]).any(axis=(0, 2))
        assert differs[[9, 17, 25]].all()


def test_s9_one_context_token_a_kept_key():
    for length in (1, 8, 24, 27):
        hosts = Problem(8, 5, length, 3).hosts()
        kept = [t for positions, _, _ in hosts for t in positions]
        assert kept == list(range(length))
        for n in range(3):
            assert sum(caches[n][0].shape[1] for _, _, caches in hosts) == length


#
# What a toy version gets wrong (2.6)
#


@BOTH
def test_trap_1_positions_are_the_original_ones(lowering):
    problem = Problem(8, 5, 27, 3)
    x, _ = assert_layers_agree(problem, lowering)
    naive = problem.hosts(renumber=True)
    # Block 0 is the same either way.
    assert_close(naive[0][1], x[:8], NEAR, "block 0")
    for n in (1, 2, 3):
        own = slice(8 * n, min(8 * n + 8, 27))
        assert_far(naive[n][1], x[own])
    assert_far(problem.answer(naive), x[27:])


@BOTH
def test_trap_1_the_op_itself_sees_original_positions(lowering):
    # A bias by distance, with keys that were never rotated.
    case = Case(
        form="star",
        seq_len_q=27,
        seq_len_kv=27,
        group=3,
        window=(-1, 0),
        block_size=8,
        anchor_size=5,
        score="alibi",
        want_lse=False,
    )
    inputs = make_inputs(case)
    output, _ = run(case, inputs, lowering=lowering)
    q, k, v = (inputs[n][0] for n in ("query", "key", "value"))
    for anchor, own in oracle_star.host_tokens(oracle_star.parameters(case), 27):
        sequence = anchor + own
        n = len(sequence)
        for positions in (sequence, range(n)):
            j = np.array(positions)
            s = np.einsum("hid,jd->hij", q[:, sequence], k[0, sequence]) / 8**0.5
            s = s + 0.0625 * np.arange(3)[:, None, None] * (j - j[:, None])
            seen = np.tri(n, dtype=bool)
            none = np.full(n, -np.inf)
            rows = np.stack(
                [oracle_star.softmax(x, seen, v[0, sequence], none)[0] for x in s]
            )
            rows, ours = rows[:, len(anchor) :], output[0][:, own]
            if anchor and positions != sequence:
                gap = own[0] - len(anchor)
                if gap:  # Block 1 after an anchor of a whole block has none.
                    assert_far(rows, ours)
            else:
                assert_close(rows, ours, 1e-5, "rows")


@BOTH
def test_trap_2_anchors_are_counted_once(lowering):
    problem = Problem(8, 5, 27, 3)
    x, hosts = assert_layers_agree(problem, lowering)
    naive = problem.hosts(keep_anchors=True)
    assert sum(len(positions) for positions, _, _ in naive) == 27 + 3 * 5
    assert_far(problem.answer(naive), x[27:])


@BOTH
def test_trap_3_block_0_has_no_anchor(lowering):
    problem = Problem(8, 5, 27, 3)
    x, _ = assert_layers_agree(problem, lowering)
    naive = problem.hosts(anchor_block_0=True)
    assert_far(naive[0][1], x[:8])
    assert_far(problem.answer(naive), x[27:])


@BOTH
def test_trap_4_the_query_follows_the_unpadded_context(lowering):
    # 27 tokens would be padded to 32.
    problem = Problem(8, 5, 27, 3)
    x, hosts = assert_layers_agree(problem, lowering)
    naive = phase_two(problem.model, problem.query, hosts, 32)
    assert_far(naive, x[27:])
    # The op told so takes the query for a part of the last block.
    wrong, _ = problem.mask_form(lowering, length=32)
    assert_far(wrong[27:], x[27:])


@BOTH
def test_trap_5_padding_of_the_tail_is_no_key(lowering):
    problem = Problem(8, 5, 27, 3)
    x, _ = assert_layers_agree(problem, lowering)
    padded = Problem(8, 5, 32, 3)
    padded.context, padded.query = problem.context + [0] * 5, problem.query
    naive = padded.hosts()
    # Harmless to the tokens before it, because of causality, ...
    assert_close(naive[3][1][:3], x[24:27], NEAR, "tail")
    # ... and dropped it has left nothing behind, ...
    dropped = list(naive)
    caches = [(k[:, :3], v[:, :3]) for k, v in naive[3][2]]
    dropped[3] = (naive[3][0][:3], naive[3][1][:3], caches)
    assert_close(problem.answer(dropped), x[27:], NEAR, "query rows")
    # ... but not if its keys are kept.
    assert_far(problem.answer(naive), x[27:])


@BOTH
def test_trap_6_shards_are_not_aligned_to_the_query(lowering):
    # One layer: the last query token is right by accident, the others are not.
    problem = Problem(8, 5, 27, 4, layers=1)
    x, hosts = assert_layers_agree(problem, lowering)
    naive = problem.answer(hosts, aligned=True)
    assert_close(naive[3], x[30], NEAR, "last row")
    for row in (0, 1, 2):
        assert_far(naive[row], x[27 + row])
    # Of one query token there is only the last.
    alone = Problem(8, 5, 27, 1)
    x, hosts = assert_layers_agree(alone, lowering)
    assert_close(alone.answer(hosts, aligned=True), x[27:], NEAR, "one row")
    # Through layers the last row is wrong as well.
    deep = Problem(8, 5, 27, 4)
    x, hosts = assert_layers_agree(deep, lowering)
    assert_far(deep.answer(hosts, aligned=True)[3], x[30])


def shards_case(bounds, queries=4, length=27, **fields):
    """Phase 2 of one layer in ops: attn.partial of each shard, attn.merge."""
    return Case(
        form="merge",
        num_kv_heads=2,
        group=2,
        seq_len_q=queries,
        seq_len_kv=length + queries,
        dtype="f64",
        window=(-1, 0),
        offset=length,
        parts=tuple(zip(bounds, bounds[1:])),
        **fields,
    )


def star_case(case, length, b=8, a=5):
    """The same by attn.star: rows behind the context. Its keys come first, so the
    rows lie behind `length`."""
    fields = dict(form="star", parts=(), offset=None, context_len=length)
    fields |= dict(block_size=b, anchor_size=a, offsets=(0, 0, length, 0))
    return dataclasses.replace(case, **fields)


@BOTH
def test_trap_6_partials_use_offsets(lowering):
    # The last shard holds the query's own keys; the fourth fewer than queries.
    case = shards_case([0, 8, 16, 24, 26, 31])
    inputs = make_inputs(case)
    output, lse = run(case, inputs)
    star = run(star_case(case, 27), inputs, lowering=lowering)
    assert_close(star[0], output, 1e-12, "output")
    assert_close(star[1], lse, 1e-12, "lse")
    q, k, v = (inputs[n][0] for n in ("query", "key", "value"))
    parts = []
    for lo, hi in case.parts:
        seen = oracle_star.bottom_right(4, hi - lo)
        parts.append(oracle_star.causal_attention(q, k[:, lo:hi], v[:, lo:hi], seen))
    naive = oracle_star.merge(parts)[0]
    assert_close(naive[:, 3], output[0][:, 3], 1e-12, "last row")
    for row in (0, 1, 2):
        assert_far(naive[:, row], output[0][:, row])


def merge_as_printed(parts):
    """Algorithm 2 of the paper, lines 18 and 19, word for word."""
    (rows, lse), *rest = parts
    for new_rows, new_lse in rest:
        with np.errstate(over="ignore"):
            lse = lse + np.log(1 + np.exp(new_lse - lse))
            # `lse` is the updated one already, and A_h stands for lse_h.
            rows = (
                np.exp(lse - lse)[..., None] * rows
                + np.exp(new_rows - lse[..., None]) * new_rows
            )
    return rows, lse


@BOTH
def test_trap_7_merges_are_not_as_printed(lowering):
    problem = Problem(8, 5, 27, 3)
    x, hosts = assert_layers_agree(problem, lowering)
    assert_far(problem.answer(hosts, merge_parts=merge_as_printed), x[27:])
    case = shards_case([0, 8, 16, 24, 31])
    inputs = make_inputs(case)
    output, lse = run(case, inputs)
    q, k, v = (inputs[n][0] for n in ("query", "key", "value"))
    others = 27 + np.arange(4)[:, None]
    parts = [
        oracle_star.causal_attention(
            q, k[:, lo:hi], v[:, lo:hi], np.arange(lo, hi)[None] <= others
        )
        for lo, hi in case.parts
    ]
    right = oracle_star.merge(parts)
    assert_close(output[0], right[0], 1e-12, "output")
    assert_close(lse[0], right[1], 1e-12, "lse")
    assert_far(merge_as_printed(parts)[0], output[0])


def merge_two_by_two(parts):
    """The published code's lse: a + ln(1 + exp(b - a))."""
    rows, lse = parts[0]
    with np.errstate(all="ignore"):
        for new_rows, new_lse in parts[1:]:
            both = lse + np.log(1 + np.exp(new_lse - lse))
            rows = (
                np.exp(lse - both)[..., None] * rows
                + np.exp(new_lse - both)[..., None] * new_rows
            )
            lse = both
    return rows, lse


EMPTY_FIRST = [0, 0, 0, 8, 16, 24, 31]
EMPTY_LAST = [0, 8, 16, 24, 31, 31, 31]


@BOTH
@pytest.mark.parametrize("bounds", [EMPTY_FIRST, EMPTY_LAST, [0, 8, 8, 8, 31]])
def test_trap_8_hosts_without_a_key_change_nothing(bounds, lowering):
    case = shards_case(bounds)
    inputs = make_inputs(case)
    output, lse = run(case, inputs)
    star = run(star_case(case, 27), inputs, lowering=lowering)
    assert_close(star[0], output, 1e-12, "output")
    assert_close(star[1], lse, 1e-12, "lse")
    if bounds is EMPTY_FIRST:
        q, k, v = (inputs[n][0] for n in ("query", "key", "value"))
        seen = np.arange(31)[None] <= 27 + np.arange(4)[:, None]
        parts = [
            oracle_star.causal_attention(q, k[:, lo:hi], v[:, lo:hi], seen[:, lo:hi])
            for lo, hi in case.parts
        ]
        assert np.isnan(merge_two_by_two(parts)[0]).all()
        assert_close(merge_two_by_two(parts[2:])[0], output[0], 1e-12, "output")


@BOTH
def test_trap_8_no_host_has_a_key(lowering):
    case = shards_case([0, 0, 0], queries=0, length=0)
    case.seq_len_q, case.offset = 3, -1
    output, lse = run(case)
    assert (output == 0).all() and (lse == -np.inf).all()
    star = dataclasses.replace(
        star_case(case, 0), seq_len_kv=0, offsets=None, context_len=("argument", 0)
    )
    output, lse = run(star, lowering=lowering)
    assert (output == 0).all() and (lse == -np.inf).all()


@BOTH
def test_trap_9_blocks_are_counted_in_tokens(lowering):
    problem = Problem(8, 5, 27, 3)
    x, _ = assert_layers_agree(problem, lowering)
    thousands = dataclasses.replace(
        problem.star, block_size=8 * 1024, anchor_size=5 * 1024
    )
    naive, _ = problem.mask_form(lowering, star=thousands)
    assert_close(naive[:8], x[:8], NEAR, "block 0")
    assert_far(naive[8:27], x[8:27])
    assert_far(naive[27:], x[27:])
