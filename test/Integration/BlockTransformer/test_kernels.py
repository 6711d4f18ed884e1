"""The model with compiled attention: it computes what torch's attention does."""

from dataclasses import replace

import pytest
import torch
from variants import (
    EXAMPLE,
    SHAPES,
    SMALL,
    VARIANTS,
    forced,
    generate_scored,
    name,
    random_model,
    random_tokens,
)

from block_transformer import (
    generate,
    greedy,
    matched_config,
    pack_linears,
    torch_attend,
    use_attend,
)
from block_transformer.config import EOS, PAD
from block_transformer.data import whole_windows
from block_transformer.evaluate import bits_per_byte
from block_transformer.kernels import compile_attend, functions_of, module_text
from block_transformer.model import pad_prompts
from block_transformer.weights import load_model

# Logits, as the issue of this example has it; f64 where nothing but the order of
# sums is different.
TOLERANCES = {
    torch.float32: {"rtol": 1e-4, "atol": 1e-4},
    torch.float64: {"rtol": 1e-9, "atol": 1e-9},
}
# Long blocks have a function for each step: one token decoder stands for all.
CASES = [
    (config, torch.float32)
    for config in VARIANTS + SHAPES
    if config.block_len < 16 or config.token_decoder == "prefix"
]
CASES += [(config, torch.float64) for config in VARIANTS]
EACH = pytest.mark.parametrize(
    "config, dtype",
    CASES,
    ids=lambda x: (
        str(x).removeprefix("torch.") if isinstance(x, torch.dtype) else name(x)
    ),
)
SOME_EACH = pytest.mark.parametrize("config", VARIANTS, ids=name)


@pytest.fixture(scope="session", autouse=True)
def attend():
    """Compiled once: all functions of a type are one module."""
    for dtype in TOLERANCES:
        configs = [config for config, t in CASES if t == dtype]
        attend = compile_attend(*configs, matched_config(SMALL), dtype=dtype)
    return attend


def same(actual, expected):
    torch.testing.assert_close(actual, expected, **TOLERANCES[expected.dtype])


def in_both(model, attend, run):
    """What `run` gives with torch's attention and with ours; the latter called."""
    calls = []

    def counted(*args, **options):
        calls.append(1)
        return attend(*args, **options)

    results = []
    for function in (torch_attend, counted):
        use_attend(model, function)
        with torch.inference_mode():
            results.append(run())
    assert calls
    return results


@EACH
def test_scoring_equals_torch(attend, config, dtype):
    model = random_model(config, dtype=dtype)
    tokens = random_tokens(3, 5 * config.block_len)
    same(*reversed(in_both(model, attend, lambda: model(tokens))))


@EACH
@pytest.mark.parametrize("prompt_len, new", [(1, 9), (7, 10), (8, 8)])
def test_b2_steps_equal_teacher_forced(attend, config, dtype, prompt_len, new):
    model = random_model(config, dtype=dtype)
    tokens = random_tokens(2, prompt_len + new)
    prompts = tokens[:, :prompt_len].tolist()

    def run():
        picks = forced(tokens[:, prompt_len:])
        generated, logits = generate_scored(model, prompts, new, picks)
        blocks = pad_prompts(prompts, config.block_len).flatten(1)
        tail = torch.full((2, -new % config.block_len), PAD)
        whole = model(torch.cat([blocks, generated, tail], 1)).flatten(1, 2)
        start = blocks.shape[1] - config.block_len
        return logits, whole[:, start : start + new]

    (by_torch, _), (steps, whole) = in_both(model, attend, run)
    same(steps, whole)
    same(steps, by_torch)


@EACH
def test_ragged_prompts_equal_torch(attend, config, dtype):
    model = random_model(config, dtype=dtype)
    prompts = [random_tokens(n, seed=n).tolist() for n in (2, 5, 13, 40)]

    def run():
        picks = forced(random_tokens(4, 11))
        return generate_scored(model, prompts, 11, picks)[1]

    by_torch, ours = in_both(model, attend, run)
    same(ours, by_torch)


@SOME_EACH
def test_padding_blocks_score_as_in_torch(attend, config):
    model = random_model(config, dtype=torch.float32)
    tokens = random_tokens(2, 12)
    tokens[0, :8] = PAD
    tokens[1] = PAD
    by_torch, ours = in_both(model, attend, lambda: model(tokens))
    assert ours.isfinite().all()
    same(ours, by_torch)


@SOME_EACH
@pytest.mark.parametrize("at", [0, 2, 3, 5])
def test_eos_ends_as_in_torch(attend, config, at):
    model = random_model(config, dtype=torch.float32)
    rows = torch.full((2, 10), 65)
    rows[0, at] = EOS
    prompts = [[65, 66], [70, 71, 72]]

    def run():
        return generate_scored(model, prompts, 6, forced(rows))

    (_, by_torch), (tokens, logits) = in_both(model, attend, run)
    assert tokens.tolist() == [[65] * at + [EOS] + [PAD] * (5 - at), [65] * 6]
    same(logits[0, : at + 1], by_torch[0, : at + 1])
    same(logits[1], by_torch[1])


@SOME_EACH
def test_greedy_tokens_are_those_of_torch(attend, config):
    model = random_model(config, dtype=torch.float64)
    by_torch, ours = in_both(model, attend, lambda: generate(model, [[65] * 9], 30))
    assert torch.equal(ours, by_torch)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_vanilla_equals_torch(attend, dtype):
    model = random_model(SMALL, "vanilla", dtype)
    tokens = random_tokens(2, 40)

    def run():
        picks = forced(tokens[:, 7:])
        steps = generate_scored(model, tokens[:, :7].tolist(), 33, picks)[1]
        return steps, model(tokens[:, :-1])[:, 6:]

    (by_torch, _), (steps, whole) = in_both(model, attend, run)
    same(steps, whole)
    same(steps, by_torch)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads(attend, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    model = random_model(SMALL, dtype=torch.float32)
    tokens = random_tokens(5, 64)
    by_torch, ours = in_both(model, attend, lambda: model(tokens))
    torch.set_num_threads(before)
    same(ours, by_torch)


def test_caches_and_heads_are_passed_as_they_lie(attend):
    """Views of views, with gaps filled by NaN, which must not be read."""
    memory = torch.full((3, 2, 6, 2, 40), float("nan"))
    key, value = memory[:, :, 1:5, 0, 8:32], memory[:, :, 1:5, 1, 8:32]
    key.normal_(), value.normal_()
    query = torch.randn(3, 1, 2, 24).transpose(1, 2)
    output = attend(query, key, value, causal=False)
    same(output, torch_attend(query, key, value, causal=False))
    # What the layer does next needs no copy.
    assert output.transpose(1, 2).flatten(2).data_ptr() == output.data_ptr()


def test_fake_is_like_the_result(attend):
    from torch._subclasses.fake_tensor import FakeTensorMode

    query = torch.randn(3, 2, 1, 24)
    key = torch.randn(3, 2, 4, 24)
    real = attend(query, key, key, causal=False)
    with FakeTensorMode() as mode:
        tensors = [mode.from_tensor(x) for x in (query, key, key)]
        fake = attend(*tensors, causal=False)
    assert fake.shape == real.shape and fake.dtype == real.dtype
    assert fake.stride() == real.stride()


def test_gradients_are_refused(attend):
    query = torch.randn(1, 2, 1, 24, requires_grad=True)
    with pytest.raises(RuntimeError, match="compiled attention has no gradient"):
        attend(query, query, query, causal=False)
    with torch.no_grad():
        attend(query, query, query, causal=False)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda q, k, v: (q, k[:, :, 1:], v), "argument 2: expects sizes"),
        (lambda q, k, v: (q, k[..., 1:], v), "argument 1"),
        (lambda q, k, v: (q, k, v.double()), "argument 2"),
        (lambda q, k, v: (q, k.mT.contiguous().mT, v), "argument 1"),
        (lambda q, k, v: (q[..., 1:], k, v), "attend_f32_h2_d23_q1_k4"),
        (lambda q, k, v: (q.half(), k, v), "attend_f16_h2_d24_q1_k4"),
        (lambda q, k, v: (q[:, :1], k, v), "that was compiled, but got attend_f32_h1"),
    ],
)
def test_bad_input_is_refused(attend, change, message):
    query, key = torch.randn(3, 2, 1, 24), torch.randn(3, 2, 4, 24)
    with pytest.raises(ValueError, match=message):
        attend(*change(query, key, key), causal=False)


def test_a_mask_of_rows_is_refused(attend):
    query = torch.randn(3, 2, 5, 24)
    mask = torch.ones(3, 1, 5, 5, dtype=torch.bool)
    with pytest.raises(ValueError, match="argument 3"):
        attend(query, query, query, causal=True, mask=mask)


@pytest.mark.parametrize("kind", ["block", "vanilla"])
def test_trained_models(kind):
    """The weights of the repository; demo.test has their bits per byte."""
    weights = EXAMPLE / "weights"
    model = load_model(weights / f"{kind}.npz")
    attend = compile_attend(model.config)
    text = torch.tensor(list((weights / "held-out.txt").read_bytes()))
    windows = whole_windows(text, 256)
    prompts = [windows[i, :n].tolist() for i, n in enumerate((9, 9, 9, 2, 25))]
    prompts = prompts[: 5 if kind == "block" else 3]

    def run():
        measured = bits_per_byte(model, windows[:24], skip=4)
        tokens, logits = generate_scored(model, prompts, 42, greedy)
        return measured, model(windows[:2]), tokens, logits

    by_torch, ours = in_both(model, attend, run)
    assert ours[0] == pytest.approx(by_torch[0], abs=1e-5)
    same(ours[1], by_torch[1])
    assert torch.equal(ours[2], by_torch[2])
    same(ours[3], by_torch[3])


@SOME_EACH
def test_packed_linear_layers_compute_the_same(attend, config):
    packed, plain = (random_model(config, dtype=torch.float32) for _ in range(2))
    assert pack_linears(packed)
    assert not any(isinstance(m, torch.nn.Linear) for m in packed.modules())
    tokens = random_tokens(3, 20)

    def run(model):
        steps = generate_scored(model, [[65] * 7] * 3, 8, forced(tokens))[1]
        return steps, model(tokens)

    use_attend(packed, attend)
    with torch.inference_mode():
        for ours, expected in zip(run(packed), run(plain)):
            same(ours, expected)
    with pytest.raises(RuntimeError, match="packed linear layers have no gradient"):
        packed(tokens)


def test_packed_vanilla_computes_the_same(attend):
    packed, plain = (random_model(SMALL, "vanilla", torch.float32) for _ in range(2))
    pack_linears(packed)
    use_attend(packed, attend)
    with torch.inference_mode():
        same(packed(random_tokens(3, 20)), plain(random_tokens(3, 20)))
    assert packed.cache_bytes(3, 4) == plain.cache_bytes(3, 4)


def test_functions_of_a_model():
    """Their number is what a reader of the README expects: no form is left over."""
    functions = functions_of(replace(SMALL, block_len=4, prefix_len=2))
    text = module_text(functions)
    assert text.count("func.func @") == len(set(functions)) == 9
    # The tile of scoring, the prefix, and the three steps after it.
    for form in ("q5_k5_causal", "q2_k2_causal", "q1_k3", "q1_k4", "q1_k5"):
        assert f"@attend_f32_h2_d24_{form}(" in text
