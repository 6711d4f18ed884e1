"""The Block Transformer's local attention: the pattern, B1, B3, B4, B6, B7, edges.

Each through what attn-run does by default ("tool": the kernel for short blocks where
it can), the kernels for GPUs, the portable lowering, tiles of sizes that divide
nothing, the forms that attn-batch-block-diagonal makes, and objects; what is compiled is compared with the
pattern, and with every block by itself. B2, B5 and B8 are of the model, and tested
with it.
"""

import dataclasses

import numpy as np
import oracle
import oracle_block_local
import pytest
import running
from cases import Case, make_inputs, rng
from drawing import draw_case
from examples import EXAMPLES, more
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from running import assert_close, lse_tolerance, tolerance

FEW = settings(max_examples=max(1, EXAMPLES // 3))
TILED = [
    f"tiled{kind}={q}x{k}"
    for kind in ("", "-portable")
    for q, k in ((1, 1), (3, 5), (16, -1), (32, 128))
]
FORMS = [
    f"form{kind}={form}"
    for kind in ("", "-portable")
    for form in ("batch", "merge", "mask")
]
# Those in which nothing of one block can reach another, not even a NaN: a mask
# lies over tiles that hold several blocks.
APART = ["tool", "tool", "gpu", "portable", *TILED, *FORMS[:2], *FORMS[3:5]]
APART = [name for name in APART if "mask" not in name]
LOWERINGS = st.sampled_from(
    ["tool"] * 4 + ["gpu"] * 3 + ["portable"] + TILED + FORMS
)
# One of each kind, for tests of one problem.
SOME = ["tool", "gpu", "portable", "tiled=3x5", "tiled-portable=16x-1", *FORMS[:3]]
EACH = pytest.mark.parametrize("lowering", SOME)


def run(case, inputs=None, lowering="tool", **options):
    # Keys in two places are computed in tiles, and forms are of whole problems.
    stays = lowering == "portable" or "form-portable" in lowering and case.offsets
    if stays and case.prefix_len:
        lowering = "tiled-portable=8x-1"
    return running.run(case, inputs, lowering=lowering, **options)


# Modifiers that say something of single keys: not beside a prefix.
OF_KEYS = dict.fromkeys(["mask", "bias", "key_scale", "value_scale", "kv_dtype"])
OF_KEYS |= {"score": None, "page_size": 0}


# What matrix instructions take: 16-bit numbers in rows of whole 16s.
@st.composite
def draw_matrices(draw):
    widths = st.sampled_from([16, 32, 64, 80])
    fields = dict(dtype=draw(st.sampled_from(["f16", "bf16"])), kv_dtype=None)
    fields |= dict(head_dim=draw(widths), head_dim_v=draw(widths))
    return fields | dict(key_scale=None, value_scale=None)


@st.composite
def draw_block_local(draw, prefix=None, whole=None, **fixed):
    """A problem of the op; most have whole sequences, and many have prefixes.

    `prefix` and `whole`, if given, say whether there are prefixes, and whether
    the sequence is a number of whole blocks.
    """
    sizes = [*range(1, 17), 1, 3, 4, 5, 5, 6, 20, 24, 33, 64, 65, 100, 128, 150]
    size = draw(st.sampled_from(sizes))
    if draw(st.integers(0, 3)) != 0 or whole:
        counts = [0, 1, 2, 3, 5, 9, 17] if size <= 33 else [1, 2, 3]
        length = size * draw(st.sampled_from(counts))
        if not whole:
            length += draw(st.sampled_from([0, 0, 1, size // 2]))
        place = draw(st.sampled_from([None, None, None, 0, 7, size, 3 * size]))
        start = {
            "seq_len_q": length,
            "seq_len_kv": length,
            "offsets": None if whole or place is None else (0, 1, place, place),
        }
    else:
        start = {}
    start |= {"form": "block_local", "strategy": "blockwise", "offset": None}
    start["window"] = draw(st.sampled_from([(-1, 0), (-1, 0), (-1, -1)]))
    has_prefix = draw(st.booleans()) if prefix is None else prefix
    if draw(st.integers(0, 2)) == 0:
        start |= draw(draw_matrices())
    if has_prefix:
        start |= OF_KEYS
    # Wide blocks are many numbers, of which emulated GPUs compute few a second.
    start["batch"] = draw(st.sampled_from([1, 1, 2, 3] if size <= 33 else [1]))
    case = draw(draw_case(**{**start, **fixed}))
    if case.page_size:
        case.seq_len_kv = -(-case.seq_len_kv // case.page_size) * case.page_size
    case.block_len = size
    if has_prefix:
        case.prefix_len = draw(st.integers(1, 8))
    case.head_dim = min(case.head_dim, 80)
    return dataclasses.replace(case, **fixed)


# Whole sequences without anything that depends on where a block is.
def draw_alike(prefix=None, **fixed):
    fields = {"kv_len": None, "q_len": None, "offsets": None, **OF_KEYS}
    return draw_block_local(prefix=prefix, whole=True, **{**fields, **fixed})


def small(**fields):
    """Ten blocks of 5 and half of one."""
    base = dict(
        form="block_local",
        batch=2,
        num_kv_heads=2,
        group=2,
        seq_len_q=52,
        seq_len_kv=52,
        head_dim=16,
        head_dim_v=12,
        window=(-1, 0),
        block_len=5,
    )
    return Case(**{**base, **fields})


def dense(case, **fields):
    fixed = dict(form="sdpa", strategy="blockwise", prefix_len=0)
    return dataclasses.replace(case, **{**fixed, **fields})


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


def blocks_of(case, length, axis):
    """The block of each row (axis 2) or key (axis 3)."""
    return (np.arange(length) + case.offset_of(axis)) // case.block_len


def cut(results, rows):
    return [x if x is None else x[:, :, rows] for x in results]


#
# The pattern
#


@more(3)
@given(draw_block_local(), LOWERINGS)
def test_pattern(case, lowering):
    run(case, lowering=lowering)


@more(2)
@given(
    draw_block_local(), st.sampled_from(["tool", "gpu", "tool"]), st.integers(1, 3)
)
def test_pattern_agrees_with_the_reference(case, lowering, threads):
    run(case, lowering=lowering, verify=True, threads=threads)


@FEW
@given(draw_block_local(), st.sampled_from([1, 3]))
def test_pattern_of_objects(case, threads):
    run(case, lowering="object", threads=threads)


@more(1)
@given(
    st.sampled_from(["f32", "f16", "bf16", "f64"]),
    st.integers(1, 24),
    st.integers(0, 8),
    st.sampled_from(["bhsd", "bshd"]),
    st.sampled_from(["static", "lengths", "all"]),
    st.sampled_from(["tool", "tool", "gpu"]),
    st.integers(0, 99),
)
def test_pattern_of_models(dtype, size, prefix, layout, dynamic, lowering, seed):
    # Shapes of models: what the kernel is for.
    random = np.random.default_rng(seed)
    length = size * int(random.integers(1, 40))
    case = small(
        dtype=dtype,
        seq_len_q=length,
        seq_len_kv=length,
        num_kv_heads=int(random.integers(1, 4)),
        group=int(random.choice([1, 1, 2, 4])),
        head_dim=int(random.choice([16, 32, 64, 64, 128])),
        head_dim_v=int(random.choice([16, 64, 64, 128])),
        block_len=size,
        prefix_len=prefix,
        layout=layout,
        dynamic=dynamic,
        seed=seed,
    )
    run(case, lowering=lowering, verify=True)


@st.composite
def draw_step(draw):
    """Blocks of the kernel's op, whose rows and keys may differ in number."""
    keys = draw(st.integers(1, 24))
    rows = draw(st.sampled_from([keys, keys, 1, 5, 24]))
    count = draw(st.sampled_from([1, 1, 2, 3, 7]))
    prefix = draw(st.sampled_from([0, 0, 1, 2, 8]))
    start = dict(OF_KEYS)
    if not prefix:  # The kernel takes these.
        del start["mask"], start["bias"]
    if draw(st.booleans()):
        start |= draw(draw_matrices())
    case = draw(
        draw_case(
            form="block_local_step",
            seq_len_q=count * rows - draw(st.integers(0, rows - 1)),
            seq_len_kv=count * keys - draw(st.integers(0, keys - 1)),
            batch=draw(st.sampled_from([1, 2, 5])),
            offsets=None,
            sinks=False,
            mask_type="i8",
            strategy="blockwise",
            dynamic=draw(st.sampled_from(["static", "lengths"])),
            **start,
        )
    )
    if case.offset == "bottom_right":
        case.offset = None
    case.block_len, case.prefix_len = keys, prefix
    case.block_len_q = rows if rows != keys else 0
    return case


@more(2)
@given(draw_step(), st.sampled_from(["tool", "tool", "gpu"]))
def test_pattern_of_the_kernel(case, lowering):
    run(case, lowering=lowering, verify=True)


@more(1)
@given(
    st.integers(1, 24).flatmap(
        lambda rows: draw_case(
            seq_len_q=rows,
            seq_len_kv=1 + (7 * rows) % 24,
            dynamic="static",
            strategy="blockwise",
            page_size=0,
        )
    ),
    st.sampled_from([1, 7, 33]),
    st.sampled_from(["tool", "tool", "object"]),
)
def test_pattern_of_tiny_dense_attention(case, batch, lowering):
    # One block a batch entry: how models with a batch of blocks say it.
    fields = {"batch": batch}
    for name in ("kv_len", "q_len"):
        if getattr(case, name) is not None:
            fields[name] = getattr(case, name)[:1] or None
    if isinstance(case.offset, list):
        fields["offset"] = case.offset[:1] or None
    run(dataclasses.replace(case, **fields), lowering=lowering)


#
# Properties
#


def assert_blocks(case, inputs, actual):
    bare = dataclasses.replace(case, form="partial")
    others = oracle.visible(bare, inputs)
    s, value = oracle.scores(case, inputs)
    expected = oracle_block_local.blocks_form(case, inputs, (s, value), others)
    largest = np.abs(s[np.isfinite(s)]).max(initial=0)
    assert_close(actual[0], expected[0], tolerance(case, largest), "output")
    if actual[1] is not None:
        assert_close(actual[1], expected[1], lse_tolerance(case), "lse")


@more(2)
@given(draw_block_local(page_size=0), LOWERINGS)
def test_b1_every_block_by_itself(case, lowering):
    inputs = make_inputs(case)
    assert_blocks(case, inputs, run(case, inputs, lowering=lowering))


def in_batch(case, array, block_len):
    """[batch, tokens, heads, dim] with every block as a batch entry."""
    whole = np.ascontiguousarray(tokens(case, array))
    blocks = whole.reshape(-1, block_len, *whole.shape[2:])
    return blocks if case.layout == "bshd" else blocks.swapaxes(1, 2)


@more(2)
@given(draw_alike(), st.sampled_from(["tool", "gpu", "portable"]))
def test_b1_blocks_are_a_batch(case, lowering):
    # Of attn.sdpa, with the keys of the prefix in front of the block's.
    assume(case.seq_len_q and not case.sinks)
    inputs = make_inputs(case)
    n, size, prefix = case.seq_len_q // case.block_len, case.block_len, case.prefix_len
    batched = dense(
        case,
        batch=case.batch * n,
        seq_len_q=size,
        seq_len_kv=prefix + size,
        offset=prefix if prefix and case.window[1] == 0 else None,
    )
    parts = {name: in_batch(case, inputs[name], size) for name in MAIN}
    length = 1 if case.layout == "bshd" else 2
    for name in MAIN[1:]:
        if prefix:
            front = in_batch(case, inputs[f"prefix_{name}"], prefix)
            parts[name] = np.concatenate([front, parts[name]], axis=length)
    if "dynamic_scale" in inputs:
        parts["dynamic_scale"] = inputs["dynamic_scale"]
    output, lse = run(batched, parts, lowering=lowering)
    output = output.reshape(case.batch, n, *output.shape[1:]).swapaxes(1, 2)
    output = output.reshape(case.batch, case.num_heads, n * size, -1)
    if lse is not None:
        lse = lse.reshape(case.batch, n, *lse.shape[1:]).swapaxes(1, 2)
        lse = lse.reshape(case.batch, case.num_heads, n * size)
    assert_near(case, run(case, inputs), (output, lse))


MAIN = ["query", "key", "value"]


@more(1)
@given(draw_alike(prefix=True, window=(-1, 0), sinks=False), LOWERINGS)
def test_b1_prefixes_are_the_front_of_a_sequence(case, lowering):
    # Whose own rows are not asked for.
    inputs = make_inputs(case)
    n, size, prefix = case.seq_len_q // case.block_len, case.block_len, case.prefix_len
    length = n * (prefix + size)
    whole = dataclasses.replace(
        case,
        prefix_len=0,
        block_len=prefix + size,
        seq_len_q=length,
        seq_len_kv=length,
    )
    sequence = {k: x for k, x in make_inputs(whole).items()}
    rows = np.arange(length) % (prefix + size) >= prefix
    for name in MAIN:
        tokens(case, sequence[name])[:, rows] = tokens(case, inputs[name])
    for name in MAIN[1:]:
        front = tokens(case, inputs[f"prefix_{name}"])
        tokens(case, sequence[name])[:, ~rows] = front
    if "dynamic_scale" in inputs:
        sequence["dynamic_scale"] = inputs["dynamic_scale"]
    expected = cut(run(whole, sequence), rows)
    assert_near(case, run(case, inputs, lowering=lowering), expected)


@more(2)
@given(
    draw_block_local(page_size=0, kv_dtype=None, score=None),
    st.sampled_from(APART),
    st.sampled_from([-1.0, np.nan]),
    st.floats(0, 0.999),
)
def test_b3_a_token_reaches_no_other_block(case, lowering, factor, share):
    # Bit for bit, and a NaN neither; nor, where it is causal, an earlier row.
    n = min(case.seq_len_q, case.seq_len_kv)
    assume(n and case.offset_of(2) == case.offset_of(3))
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    token = int(share * n)
    for name in MAIN:
        tokens(case, inputs[name])[:, token] *= factor
    # A NaN value may reach earlier rows of its own block (algorithms.md 0.4).
    changed = run(case, inputs, lowering=lowering, check=factor == -1)
    block = blocks_of(case, case.seq_len_q, 2)
    rows = block != block[token]
    if factor == -1 and case.window[1] == 0:
        rows |= np.arange(case.seq_len_q) < token
    assert_same_bits(cut(changed, rows), cut(base, rows))


# Warps whose rows are all of one block have tiles that hold others.
NARROW = dict(dtype="f16", head_dim_v=16, block_len=8, dynamic="lengths")


@more(1)
@given(
    draw_block_local(page_size=0, kv_dtype=None, score=None),
    st.sampled_from(APART),
    st.floats(0, 0.999),
)
@example(small(**NARROW), "gpu", 0.5)
@example(small(prefix_len=1, **NARROW), "gpu", 0.5)
def test_b4_blocks_depend_on_themselves_and_their_prefix(case, lowering, share):
    # All else is NaN.
    assume(case.seq_len_q)
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    block = blocks_of(case, case.seq_len_q, 2)
    kept = block[int(share * case.seq_len_q)]
    tokens(case, inputs["query"])[:, block != kept] = np.nan
    keys = blocks_of(case, case.seq_len_kv, 3)
    for name in MAIN[1:]:
        tokens(case, inputs[name])[:, keys != kept] = np.nan
        if case.prefix_len:
            own = np.arange(case.prefix_rows) // case.prefix_len + block[0]
            tokens(case, inputs[f"prefix_{name}"])[:, own != kept] = np.nan
    changed = run(case, inputs, lowering=lowering, check=False)
    rows = block == kept
    assert_same_bits(cut(changed, rows), cut(base, rows))
    assert not np.isnan(changed[0][:, :, rows]).any()


@more(1)
@given(
    draw_alike(prefix=False, block_len=1, window=(-1, 0), sinks=False),
    LOWERINGS,
)
def test_b6_blocks_of_one_give_their_value(case, lowering):
    inputs = make_inputs(case)
    output, lse = run(case, inputs, lowering=lowering)
    value = tokens(case, inputs["value"]).swapaxes(1, 2)
    np.testing.assert_array_equal(output, np.repeat(value, case.group, axis=1))
    if lse is not None:
        s, _ = oracle.scores(case, inputs)
        score = np.einsum("bhii->bhi", s)
        assert_close(lse, score, lse_tolerance(case), "lse")


@more(1)
@given(draw_alike(), LOWERINGS, st.integers(0, 2**20))
def test_b7_permuting_blocks_permutes_rows(case, lowering, seed):
    inputs = make_inputs(case)
    base = run(case, inputs, lowering=lowering)
    count = case.seq_len_q // case.block_len
    order = np.random.default_rng(seed).permutation(count)
    rows = (order[:, None] * case.block_len + np.arange(case.block_len)).ravel()
    extra = order[:, None] * case.prefix_len + np.arange(case.prefix_len)
    for name in [*MAIN, "prefix_key", "prefix_value"]:
        if name in inputs:
            view = tokens(case, inputs[name])
            view[...] = view[:, rows if name in MAIN else extra.ravel()]
    permuted = run(case, inputs, lowering=lowering)
    if "mask" in lowering:  # Tiles of several blocks.
        assert_near(case, permuted, cut(base, rows))
    else:
        assert_same_bits(permuted, cut(base, rows))


#
# Edges
#


@FEW
@given(draw_block_local(prefix=False), LOWERINGS)
def test_a_sequence_of_one_block_is_dense(case, lowering):
    case.offsets = None
    case.block_len = max(case.seq_len_q, case.seq_len_kv, 1)
    for name, size in (("kv_len", case.seq_len_kv), ("q_len", case.seq_len_q)):
        if getattr(case, name) is not None:
            setattr(case, name, [min(n, size) for n in getattr(case, name)])
    inputs = make_inputs(case)
    actual = run(case, inputs, lowering=lowering)
    assert_near(case, actual, run(dense(case), inputs))


@EACH
@pytest.mark.parametrize("causal", [True, False])
def test_a_fully_masked_block_gives_zero(causal, lowering):
    # Keys of padding, as a block decoder has them: block 3 sees none.
    case = small(
        seq_len_q=50,
        seq_len_kv=50,
        mask=(True, False, False, True),
        window=(-1, 0 if causal else -1),
    )
    inputs = make_inputs(case)
    inputs["mask"][...] = True
    inputs["mask"][..., 15:20] = False
    for name in MAIN[1:]:
        tokens(case, inputs[name])[:, 15:20] = np.nan
    output, lse = run(case, inputs, lowering=lowering)
    assert (output[:, :, 15:20] == 0).all() and (lse[:, :, 15:20] == -np.inf).all()
    assert np.isfinite(output).all()
    others = np.arange(50) // 5 != 3
    assert np.isfinite(lse[:, :, others]).all()


@EACH
@pytest.mark.parametrize("prefix", [0, 2])
@pytest.mark.parametrize("dynamic", ["static", "all"])
def test_lengths_end_inside_of_blocks(prefix, dynamic, lowering):
    # Keys end in a block, whose rows that see the prefix alone are not dead.
    case = small(prefix_len=prefix, kv_len=[33, 0], q_len=[44, 52], dynamic=dynamic)
    inputs = make_inputs(case)
    output, lse = run(case, inputs, lowering=lowering)
    alive = np.isfinite(lse)
    assert (alive[0, :, :33]).all() and not alive[0, :, 44:].any()
    assert alive[0, :, 35:44].all() == bool(prefix)
    assert alive[1].all() == bool(prefix)
    assert (output[~alive] == 0).all()


@FEW
@given(draw_block_local(kv_dtype=None, page_size=0), st.sampled_from(APART))
def test_garbage_beyond_kv_len_does_not_reach_the_output(case, lowering):
    end = case.seq_len_kv + case.offset_of(3)
    lengths = rng(case).integers(0, end + 1, case.batch)
    case = dataclasses.replace(case, kv_len=[int(n) for n in lengths])
    inputs = make_inputs(case)
    clean = run(case, inputs, lowering=lowering)
    for b, length in enumerate(lengths):
        for name in MAIN[1:]:
            first = max(0, length - case.offset_of(3))
            tokens(case, inputs[name])[b, first:] = np.nan
    assert_same_bits(run(case, inputs, lowering=lowering), clean)


@FEW
@given(
    st.sampled_from(["batch", "seq_len"]),
    st.integers(1, 9),
    st.integers(0, 3),
    st.sampled_from(["static", "lengths", "all"]),
    st.sampled_from([None, 0, 9]),
    LOWERINGS,
)
@example("seq_len", 2, 1, "all", 9, "tool")
def test_empty_problems(name, size, prefix, dynamic, start, lowering):
    fields = {"batch": 0} if name == "batch" else {"seq_len_q": 0, "seq_len_kv": 0}
    fields |= {"offsets": start if start is None else (2, 3, start, start)}
    case = small(block_len=size, prefix_len=prefix, dynamic=dynamic, **fields)
    output, lse = run(case, lowering=lowering)
    assert output.size == 0 and lse.size == 0


@EACH
def test_only_a_sink_gives_zero_and_the_sink(lowering):
    case = small(kv_len=[0], sinks=True)
    inputs = make_inputs(case)
    output, lse = run(case, inputs, lowering=lowering)
    assert (output == 0).all()
    expected = np.broadcast_to(inputs["sinks"][None, :, None], lse.shape)
    assert_close(lse, expected, 1e-6, "lse")


@EACH
@pytest.mark.parametrize("dtype, size", [("f32", 1e4), ("f64", 1e4), ("f16", 6e4)])
def test_large_scores_stay_finite(dtype, size, lowering):
    case = small(head_dim=1, dtype=dtype, scale=1.0, prefix_len=2, seed=4)
    inputs = make_inputs(case)
    inputs["query"][...] = 1.0
    for name in ("key", "prefix_key"):
        inputs[name] = np.where(inputs[name] < 0, -size, size)
    output, lse = run(case, inputs, lowering=lowering)
    assert np.isfinite(output).all() and np.isfinite(lse).all()
