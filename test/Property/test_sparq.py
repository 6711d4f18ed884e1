"""SparQ attention: the algorithm, its properties Q1 to Q12 and its edges.

Every one holds for the kernel ("tool": what attn-run does by default), the portable
lowering and the kernels for GPUs; which of them a random case takes is part of the
case.

Choices are compared only where they are clear: a problem whose last chosen and
first left out component or key are within rounding of each other is not one.
"""

import dataclasses

import numpy as np
import oracle
import oracle_sparq
import pytest
import running
from cases import Case, make_inputs, transposed_keys
from drawing import draw_case
from examples import EXAMPLES, more
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from running import assert_close, call, tolerance

FEW = settings(max_examples=max(1, EXAMPLES // 3))
# Relative; f32 sums of a few hundred terms.
CLEAR = 1e-4
# The kernels, and what they must agree with.
LOWERINGS = ["tool", "portable", "gpu"]
ANY = st.sampled_from(LOWERINGS)
EACH = pytest.mark.parametrize("lowering", LOWERINGS)


def run(case, inputs=None, lowering="tool", **options):
    if lowering == "gpu" and case.dynamic == "all":
        # The number of heads is static in kernels, and nothing else lowers for GPUs.
        case = dataclasses.replace(case, dynamic="lengths")
    return running.run(case, inputs, lowering=lowering, **options)


def has_form(case, lowering):
    """Whether kernels can compute it: linalg has no e^x of f64 on GPUs."""
    return lowering != "gpu-decomposed" or case.dtype != "f64"


def strategy(rank, top_k, **more_keys):
    keys = {"rank": rank, "top-k": top_k, **more_keys}
    settings_ = ",".join(f"{k.replace('_', '-')}={v}" for k, v in keys.items())
    return f"sparq:{settings_}"


@st.composite
def draw_sparq(draw, **fixed):
    case = draw(
        draw_case(
            **{
                "seq_len_q": 1,
                "sinks": False,
                "want_lse": False,
                "strategy": "sparq",
                **fixed,
            }
        )
    )
    case.strategy = strategy(
        draw(st.sampled_from([1, 2, 4, 16, 300])),
        draw(st.sampled_from([1, 2, 7, 32, 100])),
        local_window=draw(st.sampled_from([-1, 0, 1, 5, 200])),
        realloc=draw(st.sampled_from(["auto", "on", "off"])),
        group_reduce=draw(st.sampled_from(["prob", "logit"])),
        layout=draw(st.sampled_from(["twice", "once"])),
    )
    return case


@st.composite
def draw_state(draw, **fixed):
    """attn.sparq itself, or its step, with what it keeps between calls."""
    case = draw(draw_sparq(form="sparq", **fixed))
    case.keeps_mean = draw(st.booleans())
    if "layout=twice" in case.strategy and not case.page_size:
        # The kernel reads tiles of some vectors; others are read row by row.
        case.key_tile = draw(st.sampled_from([0, 1, 24, 64, 256, 1024, 2048]))
    case.splits = draw(st.sampled_from([0, 0, 1, 2, 3, 7]))
    if case.splits and case.dynamic == "all":
        case.dynamic = "lengths"  # The number of heads is static.
    return case


def is_clear(case, inputs):
    with np.errstate(all="ignore"):
        return oracle_sparq.choose(case, inputs)[-1] > CLEAR


def small(**fields):
    base = dict(
        batch=2, num_kv_heads=2, group=2, seq_len_kv=40, head_dim=16, head_dim_v=12
    )
    return Case(**{**base, "want_lse": False, **fields})


def clear_inputs(case):
    """Inputs of `case` whose choices are clear."""
    for seed in range(100):
        case.seed = seed
        inputs = make_inputs(case)
        if is_clear(case, inputs):
            return inputs
    raise AssertionError("no clear problem among 100")


#
# The algorithm
#


@more(2)
@given(
    draw_sparq(),
    st.sampled_from(
        ["tool", "gpu", "tool", "attribute", "portable", "decomposed", "gpu-decomposed"]
    ),
    st.sampled_from([1, 2]),
)
def test_algorithm(case, lowering, threads):
    assume(has_form(case, lowering))
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    run(case, inputs, lowering=lowering, verify=True, threads=threads)


@more(2)
@given(draw_state(), st.sampled_from(["tool", "tool", "gpu"]), st.integers(1, 3))
def test_algorithm_with_state(case, lowering, threads):
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    verify = case.splits == 0
    run(case, inputs, lowering=lowering, verify=verify, threads=threads)


@FEW
@given(draw_state(), st.sampled_from(["portable", "decomposed", "gpu-decomposed"]))
def test_portable_algorithm_with_state(case, lowering):
    assume(has_form(case, lowering))
    case.splits = 0
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    run(case, inputs, lowering=lowering)


@FEW
@given(
    draw_state(
        batch=1,
        num_kv_heads=1,
        seq_len_kv=9001,
        head_dim=8,
        head_dim_v=5,
        page_size=0,
        kv_len=None,
        window=(-1, -1),
    ),
    st.sampled_from(["tool", "gpu"]),
    st.sampled_from([2, 3]),
)
def test_algorithm_of_long_caches(case, lowering, threads):
    # Long enough that threads, and blocks of them, share the keys of a head.
    case.splits = 0
    case.dynamic = "lengths" if case.dynamic == "all" else case.dynamic
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    run(case, inputs, lowering=lowering, threads=threads)


@FEW
@given(draw_sparq(bias=None, softcap=None, score=None))
def test_algorithm_of_objects(case):
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    run(case, inputs, lowering="object")


@FEW
@given(draw_state(softcap=None, score=None), st.sampled_from([1, 2]))
def test_algorithm_of_objects_with_state(case, threads):
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    run(case, inputs, lowering="object", threads=threads)


@more(1)
@given(
    draw_state(score=None, key_scale=None, value_scale=None, kv_dtype=None),
    ANY,
    st.lists(
        st.tuples(
            st.sampled_from(["query", "key", "key", "value", "value"]),
            st.sampled_from([np.nan, np.inf, -np.inf]),
            st.integers(0, 10**6),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_numbers_that_are_none(case, lowering, places):
    if lowering == "portable":
        case.splits = 0
    inputs = make_inputs(case)
    with np.errstate(all="ignore"):
        _, _, _, counts, _ = oracle_sparq.choose(case, inputs)
    is_dense = min(counts.values(), default=0) <= oracle_sparq.options(case)["top_k"]
    for name, number, place in places:
        # Scores of -inf exclude a key in dense attention, which few keys get.
        if name == "query" and is_dense:
            number = np.nan
        flat = inputs[name].reshape(-1)
        if flat.size:
            flat[place % flat.size] = number
    if case.key_tile:
        inputs["key_t"] = transposed_keys(case, inputs["key"])
    with np.errstate(all="ignore"):
        weights, z, keys, counts, margin = oracle_sparq.choose(case, inputs)
    assume(margin > CLEAR)
    if not np.isfinite(inputs["value"]).all():
        # What is left over for the mean must not depend on rounding.
        for (b, n), chosen in keys.items():
            for h in range(n * case.group, (n + 1) * case.group):
                share = weights[b, h, chosen].sum()
                assume(
                    counts[b, n] <= oracle_sparq.options(case)["top_k"]
                    or not abs(share - 1) < CLEAR
                )
    run(case, inputs, lowering=lowering)


#
# Properties
#


@FEW
@given(draw_sparq(page_size=0), st.integers(0, 3), ANY)
def test_q1_all_keys_is_dense(case, slack, lowering):
    visible = int(
        oracle.visible(case, make_inputs(case)).any(axis=1).sum(-1).max(initial=0)
    )
    case.strategy = strategy(2, max(1, visible + slack), realloc="on")
    sparse, _ = run(case, lowering=lowering)
    dense, _ = run(dataclasses.replace(case, strategy="dense"))
    assert_close(sparse, dense, tolerance(case), "output")


@EACH
@pytest.mark.parametrize("group", [1, 4])
def test_q2_full_rank_mixes_in_the_mean(group, lowering):
    case = small(group=group, strategy=strategy(16, 5, local_window=0, realloc="on"))
    inputs = clear_inputs(case)
    output, _ = run(case, inputs, lowering=lowering)
    s, value = oracle.scores(case, inputs)
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    for b, h in np.ndindex(case.batch, case.num_heads):
        heads = slice(h // group * group, (h // group + 1) * group)
        i2 = np.argsort(-p[b, heads, 0].sum(axis=0))[:5]
        w = p[b, h, 0, i2]
        expected = w @ value[b, h, i2] + (1 - w.sum()) * value[b, h].mean(axis=0)
        assert_close(output[b, h, 0], expected, 1e-5, "row")


@EACH
def test_q3_full_rank_without_realloc_is_attention_to_the_best(lowering):
    case = small(strategy=strategy(99, 6, local_window=0, realloc="off"))
    inputs = clear_inputs(case)
    output, _ = run(case, inputs, lowering=lowering)
    s, value = oracle.scores(case, inputs)
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    for b, h in np.ndindex(case.batch, case.num_heads):
        i2 = np.argsort(-p[b, h // 2 * 2 : h // 2 * 2 + 2, 0].sum(axis=0))[:6]
        w = p[b, h, 0, i2] / p[b, h, 0, i2].sum()
        assert_close(output[b, h, 0], w @ value[b, h, i2], 1e-5, "row")


@FEW
@given(draw_sparq(value_scale=None, kv_dtype=None, page_size=0), ANY)
def test_q4_equal_values_stay(case, lowering):
    inputs = make_inputs(case)
    inputs["value"] = np.full_like(inputs["value"], 0.75)
    output, _ = run(case, inputs, check=False, lowering=lowering)
    seen = oracle.visible(case, inputs) & (oracle.scores(case, inputs)[0] != -np.inf)
    for b, h in np.ndindex(case.batch, case.num_heads):
        group = slice(h // case.group * case.group, (h // case.group + 1) * case.group)
        if not seen[b, h].any():
            assert (output[b, h] == 0).all()
        elif (seen[b, group] == seen[b, h]).all():
            # With masks of its own a head may see none of what was chosen.
            assert_close(output[b, h], np.full_like(output[b, h], 0.75), 3e-3, "row")


@FEW
@given(draw_sparq(value_scale=None, kv_dtype=None, page_size=0, dtype="f32"), ANY)
def test_q5_realloc_stays_between_the_values(case, lowering):
    case.strategy = case.strategy.replace("realloc=auto", "realloc=on")
    case.strategy = case.strategy.replace("realloc=off", "realloc=on")
    inputs = make_inputs(case)
    output, _ = run(case, inputs, check=False, lowering=lowering)
    if case.seq_len_kv == 0 or output.size == 0:
        return
    value = inputs["value"]
    axis = 1 if case.layout == "bshd" else 2
    low = np.minimum(value.min(axis=axis), 0) - 1e-5
    high = np.maximum(value.max(axis=axis), 0) + 1e-5
    rows = output[:, :, 0].reshape(case.batch, case.num_kv_heads, case.group, -1)
    assert (rows >= low[:, :, None]).all() and (rows <= high[:, :, None]).all()


@EACH
@pytest.mark.parametrize("local", [0, 1, 4, 7])
@pytest.mark.parametrize("length", [3, 29])
def test_q6_newest_keys_are_chosen(local, length, lowering):
    # A value that names its key shows which were chosen.
    case = small(
        head_dim_v=40,
        kv_len=[length],
        strategy=strategy(4, 7, local_window=local, realloc="off"),
    )
    inputs = make_inputs(case)
    inputs["value"] = np.broadcast_to(np.eye(40), (2, 2, 40, 40)).copy()
    output, _ = run(case, inputs, lowering=lowering)
    for row in output.reshape(-1, 40):
        chosen = set(np.flatnonzero(row))
        assert len(chosen) == min(7, length)
        assert set(range(max(0, length - local), length)) <= chosen


def permuted(array, axis, order):
    return np.take(array, order, axis=axis)


@FEW
@given(
    st.integers(0, 1000),
    st.sampled_from([1, 3]),
    st.sampled_from(["on", "off"]),
    ANY,
)
def test_q7_q9_channels_may_be_permuted_and_flipped(seed, group, realloc, lowering):
    case = small(
        group=group, seed=seed, strategy=strategy(5, 9, local_window=2, realloc=realloc)
    )
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    output, _ = run(case, inputs, lowering=lowering)
    random = np.random.default_rng(seed)
    order, signs = random.permutation(16), random.choice([-1.0, 1.0], 16)
    changed = dict(inputs)
    for name in ("query", "key"):
        changed[name] = permuted(inputs[name] * signs, 3, order)
    again, _ = run(case, changed, lowering=lowering)
    assert_close(again, output, tolerance(case), "output")


@FEW
@given(
    st.integers(0, 1000),
    st.sampled_from([1, 2]),
    st.sampled_from(["on", "off"]),
    ANY,
)
def test_q8_keys_may_be_permuted(seed, group, realloc, lowering):
    case = small(
        group=group, seed=seed, strategy=strategy(5, 9, local_window=0, realloc=realloc)
    )
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    output, _ = run(case, inputs, lowering=lowering)
    order = np.random.default_rng(seed).permutation(case.seq_len_kv)
    changed = dict(inputs)
    for name in ("key", "value"):
        changed[name] = permuted(inputs[name], 2, order)
    again, _ = run(case, changed, lowering=lowering)
    assert_close(again, output, tolerance(case), "output")


MEAN = """func.func @main(%new: tensor<?x3x?x8x{t}>, %count: tensor<?xi64>,
    %mean: tensor<?x3x8xf32>) -> tensor<?x3x8xf32> {{
  %r = attn.running_mean ins(%new, %count) outs(%mean)
    : (tensor<?x3x?x8x{t}>, tensor<?xi64>, tensor<?x3x8xf32>)
    -> tensor<?x3x8xf32>
  return %r : tensor<?x3x8xf32>
}}
"""


@pytest.mark.parametrize("flags", [[], ["--target=cuda-emulated"]])
def test_q10_the_mean_may_be_kept(flags):
    values = np.random.default_rng(7).standard_normal((2, 3, 50, 8))
    values = values.astype(np.float32)
    mean, count = np.full((2, 3, 8), np.nan, np.float32), 0
    for tokens in (1, 4, 0, 20, 25):
        new = values[:, :, count : count + tokens]
        module = MEAN.format(t="f32")
        counts = np.full(2, count, np.int64)
        (mean,) = call(module, [new, counts, mean], *flags, num_results=1)
        count += tokens
        assert_close(mean, values[:, :, :count].mean(axis=2), 1e-5, "mean")


STATE = """func.func @main(%q: tensor<2x4x1x16xf32>, %k: tensor<2x2x?x16xf32>,
    %v: tensor<2x2x?x12xf32>, %kt: tensor<2x2x?x16x{tile}xf32>,
    %m: tensor<2x2x12xf32>) -> tensor<2x4x1x12xf32> {{
  %r = attn.sparq %q, %k, %v rank(5) top_k(9) local_window(2) realloc(on) {clauses}
    : (tensor<2x4x1x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x12xf32>{types})
    -> tensor<2x4x1x12xf32>
  return %r : tensor<2x4x1x12xf32>
}}
"""


@EACH
@pytest.mark.parametrize("tile", [1, 64])
def test_q11_layouts_and_states_agree(tile, lowering):
    case = small(strategy=strategy(5, 9, local_window=2, realloc="on"))
    inputs = clear_inputs(case)
    key, value = (inputs[n].astype(np.float32) for n in ("key", "value"))
    tiles = -(-40 // tile)
    padded = np.full((2, 2, tiles * tile, 16), np.nan, np.float32)
    padded[:, :, :40] = key
    key_t = padded.reshape(2, 2, tiles, tile, 16).swapaxes(3, 4)
    arrays = [inputs["query"].astype(np.float32), key, value, key_t]
    arrays.append(value.mean(axis=2))
    expected, _, _ = oracle_sparq.attention(case, inputs)
    kt, m = f", tensor<2x2x?x16x{tile}xf32>", ", tensor<2x2x12xf32>"
    flags = ["--convert-attn-to-linalg"] if lowering == "portable" else None
    options = [] if flags else ["--verify"]
    if lowering == "gpu":
        options.append("--target=cuda-emulated")
    for clauses, types in (
        ("", ""),
        ("key_layout(once)", ""),
        ("key_t(%kt)", kt),
        ("value_mean(%m)", m),
        ("key_t(%kt) value_mean(%m)", kt + m),
    ):
        module = STATE.format(clauses=clauses, types=types, tile=tile)
        (output,) = call(module, arrays, *options, num_results=1, transform=flags)
        assert_close(output, expected, 1e-5, f"output {clauses}")


@FEW
@given(
    st.integers(0, 1000),
    st.sampled_from(["on", "off"]),
    st.sampled_from([2, 5]),
    ANY,
)
def test_q12_equal_heads_are_one(seed, realloc, group, lowering):
    settings_ = strategy(5, 9, local_window=2, realloc=realloc)
    case = small(group=1, seed=seed, strategy=settings_)
    inputs = make_inputs(case)
    assume(is_clear(case, inputs))
    output, _ = run(case, inputs, lowering=lowering)
    grouped = dataclasses.replace(case, group=group)
    inputs = {**inputs, "query": np.repeat(inputs["query"], group, axis=1)}
    again, _ = run(grouped, inputs, lowering=lowering)
    assert_close(again, np.repeat(output, group, axis=1), tolerance(case), "output")


#
# Edges (3.8)
#


@EACH
@pytest.mark.parametrize("dynamic", ["static", "all"])
def test_no_keys_give_zero(dynamic, lowering):
    case = small(seq_len_kv=0, dynamic=dynamic, strategy=strategy(4, 8))
    output, _ = run(case, verify=True, lowering=lowering)
    assert (output == 0).all()


@EACH
@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("realloc", ["on", "off"])
def test_zero_query_weighs_all_alike(group, realloc, lowering):
    case = small(group=group, strategy=strategy(4, 8, local_window=0, realloc=realloc))
    inputs = make_inputs(case)
    inputs["query"] = np.zeros_like(inputs["query"])
    output, _ = run(case, inputs, verify=True, lowering=lowering)
    value = np.repeat(inputs["value"], group, axis=1)
    # Of equals the first are chosen.
    expected = value[:, :, :8].mean(axis=2)
    if realloc == "on":
        expected = 0.2 * expected + 0.8 * value.mean(axis=2)
    assert_close(output[:, :, 0], expected, 1e-5, "output")


@EACH
@pytest.mark.parametrize("realloc", ["on", "off"])
def test_query_that_is_zero_in_the_chosen_components(realloc, lowering):
    case = small(strategy=strategy(4, 8, local_window=1, realloc=realloc))
    inputs = make_inputs(case)
    inputs["query"][:, 0, 0, :4] = [4, -4.5, 5, -5.5]
    inputs["query"][:, 1, 0, :4] = 0
    inputs["query"][:, 2:] = inputs["query"][:, :2]
    if not is_clear(case, inputs):
        inputs["key"] = np.sin(np.arange(inputs["key"].size) ** 1.5).reshape(
            inputs["key"].shape
        )
    assert is_clear(case, inputs)
    output, _ = run(case, inputs, verify=True, lowering=lowering)
    assert np.isfinite(output).all()


@EACH
@pytest.mark.parametrize("realloc", ["on", "off"])
def test_all_masked_gives_zero(realloc, lowering):
    case = small(
        mask=(True, True, False, True), strategy=strategy(4, 8, realloc=realloc)
    )
    inputs = clear_inputs(case)
    inputs["mask"][0, :2] = 0  # A whole group.
    inputs["mask"][1, 2] = 0  # One head of a group.
    output, _ = run(case, inputs, verify=True, lowering=lowering)
    assert (output[0, :2] == 0).all() and (output[1, 2] == 0).all()
    assert (output[1, 3] != 0).any()


@EACH
@pytest.mark.parametrize("length", [0, 1, 20])
def test_memory_that_is_not_visible_reaches_nothing(length, lowering):
    case = small(
        kv_len=[length, length], strategy=strategy(4, 8, local_window=0, realloc="on")
    )
    inputs = clear_inputs(case)
    expected, _ = run(case, inputs, lowering=lowering)
    for garbage in (np.nan, np.inf, -np.inf):
        for name in ("key", "value"):
            inputs[name][:, :, length:] = garbage
        output, _ = run(case, inputs, check=False, lowering=lowering, verify=True)
        assert_close(output, expected, 0, "output")


@EACH
@pytest.mark.parametrize("group, bad", [(1, np.inf), (2, np.nan)])
@pytest.mark.parametrize("realloc", ["on", "off"])
def test_bad_numbers_in_the_query_reach_their_row(group, realloc, bad, lowering):
    case = small(group=group, strategy=strategy(4, 8, local_window=2, realloc=realloc))
    inputs = clear_inputs(case)
    inputs["query"][0, 0, 0, 3] = bad
    output, _ = run(case, inputs, check=False, lowering=lowering)
    assert np.isnan(output[0, 0]).all()
    assert np.isfinite(output[1]).all()


@EACH
@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("realloc", ["on", "off"])
def test_nan_in_a_column_that_is_read_reaches_its_rows(group, realloc, lowering):
    case = small(group=group, strategy=strategy(16, 8, local_window=0, realloc=realloc))
    inputs = clear_inputs(case)
    inputs["key"][0, 1, 33, 3] = np.nan
    output, _ = run(case, inputs, check=False, lowering=lowering, verify=True)
    assert np.isnan(output[0, group:]).all()
    assert np.isfinite(output[0, :group]).all() and np.isfinite(output[1]).all()
