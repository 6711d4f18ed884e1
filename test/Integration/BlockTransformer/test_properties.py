"""Properties B1..B8 and the edge inputs of algorithms.md 4.5 and 4.6."""

import cmath
import math
from dataclasses import replace
from unittest import mock

import pytest
import torch
import torch.nn.functional as F
from variants import (
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
    PAPER_85M,
    BlockTransformer,
    VanillaTransformer,
    generate,
    make_model,
    matched_config,
    non_embedding_size,
    torch_attend,
    use_attend,
)
from block_transformer.config import EOS, PAD, TOKEN_DECODERS
from block_transformer.evaluate import bits_per_byte, loss_of
from block_transformer.layers import KVCache, rotate
from block_transformer.model import pad_prompts, to_blocks, visible_blocks
from block_transformer.weights import load_model, save_model

DECODERS = [replace(SMALL, token_decoder=decoder) for decoder in TOKEN_DECODERS]
# f64 throughout: what is left is the rounding of another order of summation.
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}


def random_f64(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def script(config, tokens):
    """A `pick` that gives each sequence its own list of tokens, then 0."""
    longest = max(len(row) for row in tokens) + config.block_len
    return forced(torch.tensor([row + [0] * (longest - len(row)) for row in tokens]))


def same(actual, expected):
    torch.testing.assert_close(actual, expected, **TOLERANCE)


def differs(a, b):
    return (a - b).abs().max() > 1e-4


@pytest.mark.parametrize("batch, num_blocks, tile", [(2, 5, 5), (1, 1, 4), (3, 2, 16)])
def test_b1_batched_form_is_block_diagonal_mask(batch, num_blocks, tile):
    length = num_blocks * tile
    query, key, value = random_f64(3, batch, 2, length, 8)
    index = torch.arange(length)
    mask = index[:, None] // tile == index // tile
    masked = torch_attend(query, key, value, causal=True, mask=mask)

    def fold(x):
        return x.unflatten(2, (num_blocks, tile)).transpose(1, 2).flatten(0, 1)

    batched = torch_attend(fold(query), fold(key), fold(value), causal=True)
    same(fold(masked), batched)


@pytest.mark.parametrize("config", VARIANTS + SHAPES, ids=name)
@pytest.mark.parametrize("prompt_len, new", [(1, 9), (7, 10), (8, 8), (9, 1)])
def test_b2_steps_equal_teacher_forced(config, prompt_len, new):
    model = random_model(config)
    tokens = random_tokens(2, prompt_len + new)
    prompts = tokens[:, :prompt_len].tolist()
    picks = forced(tokens[:, prompt_len:])
    generated, logits = generate_scored(model, prompts, new, picks)
    assert torch.equal(generated, tokens[:, prompt_len:])

    # The prompt is padded on the left, the last block on the right, where the
    # tokens are later than every logit that is compared.
    blocks = pad_prompts(prompts, config.block_len).flatten(1)
    tail = torch.full((2, -new % config.block_len), PAD)
    whole = model(torch.cat([blocks, generated, tail], 1)).flatten(1, 2)
    start = blocks.shape[1] - config.block_len
    same(logits, whole[:, start : start + new])


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_b2_ragged_prompts_equal_each_alone(config):
    model = random_model(config)
    prompts = [random_tokens(n, seed=n).tolist() for n in (2, 5, 13)]
    _, together = generate_scored(model, prompts, 6, forced(random_tokens(3, 6)))
    for i, prompt in enumerate(prompts):
        picks = forced(random_tokens(3, 6)[i : i + 1])
        same(together[i], generate_scored(model, [prompt], 6, picks)[1][0])


@pytest.mark.parametrize("config", VARIANTS + SHAPES, ids=name)
def test_b3_logits_do_not_see_later_tokens(config):
    model = random_model(config)
    length = 3 * config.block_len
    tokens = random_tokens(1, length)
    before = model(tokens).flatten(1, 2)
    # Row i of the batch has token i changed.
    changed = torch.eye(length, dtype=torch.long)
    after = model((tokens + changed) % 256).flatten(1, 2)
    for i in range(length):
        # Entry j predicts token j + block_len.
        first = max(0, i + 1 - config.block_len)
        same(after[i, :first], before[0, :first])
        if i < length - 1:
            assert differs(after[i, first:], before[0, first:])


@pytest.mark.parametrize("config", DECODERS, ids=name)
def test_b4_equal_context_gives_equal_logits(config):
    model = random_model(config)
    contexts = []
    model.block_decoder.register_forward_hook(lambda m, i, out: contexts.append(out))
    one, two = random_tokens(2, 1, 5 * config.block_len)
    two[:, -config.block_len :] = one[:, -config.block_len :]
    model(one)
    last = two[:, -config.block_len :]
    context = contexts[0][:, -2]
    mixed = contexts[0].clone()
    mixed[:, :-2] = 0
    model.block_decoder.register_forward_hook(lambda m, i, out: mixed)
    same(model(two)[:, -1], model.token_decoder(context, last))


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_b5_one_block_predicts_nothing(config):
    logits = random_model(config)(random_tokens(2, config.block_len))
    assert logits.shape == (2, 0, config.block_len, 259)


def test_b6_one_token_blocks():
    config = replace(SMALL, block_len=1, prefix_len=1)
    model = random_model(config)
    calls = []

    def attend(query, key, value, **options):
        output = torch_attend(query, key, value, **options)
        calls.append((value, output))
        return output

    use_attend(model.token_decoder, attend)
    tokens = random_tokens(2, 9)
    logits = model(tokens)
    assert len(calls) == config.token_layers
    for value, output in calls:
        assert value.shape[2] == 1
        same(output, value)

    # The block decoder is a token-level causal transformer: the vanilla one
    # with the same weights gives the same hidden states.
    vanilla = VanillaTransformer(
        replace(matched_config(config), num_layers=2, mlp_width=192)
    )
    vanilla = vanilla.double()
    vanilla.table.weight = model.embedder.table.weight
    vanilla.layers = model.block_decoder.layers
    vanilla.norm = model.block_decoder.norm
    vanilla.head = torch.nn.Identity()
    context = vanilla(tokens[:, :-1]).flatten(0, 1)
    expected = model.token_decoder(context, tokens[:, 1:].reshape(-1, 1))
    same(logits.flatten(0, 1), expected)


@pytest.mark.parametrize("config", DECODERS, ids=name)
def test_b7_blocks_permute(config):
    decoder = random_model(config).token_decoder
    context = random_f64(7, config.width)
    tokens = random_tokens(7, config.block_len)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(0))
    same(decoder(context[order], tokens[order]), decoder(context, tokens)[order])


@pytest.mark.parametrize("block_len", [1, 2, 3, 4, 8, 16])
def test_b8_one_token_changes_one_slice(block_len):
    embedder = random_model(replace(SMALL, block_len=block_len)).embedder
    blocks = random_tokens(1, 3, block_len)
    for changed in range(block_len):
        other = blocks.clone()
        other[0, 1, changed] = (other[0, 1, changed] + 1) % 256
        same_part = (embedder(other) == embedder(blocks)).unflatten(-1, (block_len, -1))
        expected = torch.ones(1, 3, block_len, dtype=torch.bool)
        expected[0, 1, changed] = False
        assert torch.equal(same_part.all(-1), expected)
        assert not same_part[0, 1, changed].any()


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_scoring_pads_only_when_asked(config):
    model = random_model(config)
    tokens = random_tokens(2, 10)
    with pytest.raises(ValueError, match="multiple of block_len"):
        model(tokens)
    padded = torch.cat([torch.full((2, 2), PAD), tokens], 1)
    same(model(tokens, pad=True), model(padded))


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_only_cls_ignores_padding_in_a_block(config):
    model = random_model(config)
    blocks = torch.tensor([[[PAD, PAD, 65, 66]]])
    before = model.embedder(blocks)
    with torch.no_grad():
        model.embedder.table.weight[PAD] *= -1
    unchanged = torch.allclose(model.embedder(blocks), before)
    assert unchanged == (config.embedder == "cls")


def test_padding_mask_drops_whole_blocks_only():
    blocks = pad_prompts([[65, 66], [65] * 9], 4)
    expected = torch.tensor([[False, False, True], [True, True, True]])
    assert torch.equal(visible_blocks(blocks), expected)
    assert visible_blocks(pad_prompts([[65]], 4)) is None


@pytest.mark.parametrize("bias", [None, torch.zeros(2, 3, 3, dtype=torch.float64)])
def test_row_without_a_key_is_zero(bias):
    query, key, value = random_f64(3, 1, 2, 3, 8)
    query.requires_grad_()
    mask = torch.tensor([False, False, True])
    output = torch_attend(query, key, value, causal=True, mask=mask, bias=bias)
    assert torch.equal(output[:, :, :2], torch.zeros(1, 2, 2, 8))
    same(output[:, :, 2], value[:, :, 2])
    output.sum().backward()
    assert query.grad.isfinite().all()


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_padding_blocks_never_give_nan(config):
    model = random_model(config)
    tokens = random_tokens(2, 12)
    tokens[0, :8] = PAD
    tokens[1] = PAD
    logits = model(tokens)
    assert logits.isfinite().all()
    logits.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("config", DECODERS, ids=name)
@pytest.mark.parametrize("new", [1, 3, 4, 5, 11])
@pytest.mark.parametrize("prompt_len", [1, 3, 4, 6])
def test_partial_last_block(config, prompt_len, new):
    model = random_model(config)
    starts, steps = [], []
    decoder = model.token_decoder
    start, step = decoder.start, decoder.step
    decoder.start = lambda *args: starts.append(1) or start(*args)
    decoder.step = lambda *args: steps.append(1) or step(*args)
    tokens = generate(model, [[65] * prompt_len], new)
    assert tokens.shape == (1, new)
    assert len(steps) == new
    assert len(starts) == -(-new // config.block_len)


@pytest.mark.parametrize("config", DECODERS, ids=name)
@pytest.mark.parametrize("at", range(9))
def test_eos_ends_the_sequence(config, at):
    model = random_model(config)
    tokens = [65] * at + [EOS]
    generated = generate(model, [[65, 66]], 9, script(config, [tokens]))
    assert generated.tolist() == [tokens]


@pytest.mark.parametrize("config", DECODERS, ids=name)
def test_eos_of_one_sequence_leaves_the_other(config):
    model = random_model(config)
    first, second = [65, EOS], [66, 67, 68, 69, 70, 71]
    prompts = [[65, 66], [70, 71, 72]]
    picks = script(config, [first, second])
    tokens, logits = generate_scored(model, prompts, 6, picks)
    assert tokens.tolist() == [first + [PAD] * 4, second]
    picks = script(config, [second])
    alone = generate_scored(model, prompts[1:], 6, picks)[1]
    same(logits[1], alone[0])


@pytest.mark.parametrize("prompts", [[[]], [[65], []]])
def test_empty_prompt_is_refused(prompts):
    with pytest.raises(ValueError, match="at least 1 token"):
        generate(random_model(SMALL), prompts, 4)


def test_empty_scoring_is_refused():
    with pytest.raises(ValueError, match="at least 1 token"):
        to_blocks(torch.zeros(1, 0, dtype=torch.long), 4, pad=True)


def test_zero_new_tokens_are_refused():
    with pytest.raises(ValueError, match="max_new_tokens of at least 1"):
        generate(random_model(SMALL), [[65]], 0)


@pytest.mark.parametrize("config", DECODERS + SHAPES, ids=name)
def test_more_than_a_block_is_refused(config):
    decoder = random_model(config).token_decoder
    state = decoder.start(random_f64(2, config.width))
    tokens = None
    for _ in range(config.block_len):
        tokens = decoder.step(state, tokens).argmax(-1)
    with pytest.raises(ValueError, match="tokens from one context vector"):
        decoder.step(state, tokens)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"width": 48, "block_len": 5}, "multiple of block_len"),
        ({"prefix_len": 0}, "prefix_len of at least 1"),
        ({"block_len": 0}, "block_len of at least 1"),
        ({"embedder": "bert"}, "embedder in"),
        ({"token_decoder": "rnn"}, "token_decoder in"),
        ({"num_heads": 7}, "multiple of 2"),
    ],
)
def test_bad_config_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)


def test_width_and_block_len_are_free_without_lookup():
    config = replace(SMALL, block_len=5, embedder="cls")
    assert random_model(config)(random_tokens(1, 10)).shape == (1, 1, 5, 259)


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_every_attention_is_injectable(config):
    model = random_model(config)
    tokens = random_tokens(1, 12)
    expected = model(tokens)
    use_attend(model, lambda query, key, value, **options: torch.zeros_like(query))
    assert differs(model(tokens), expected)
    use_attend(model, torch_attend)
    same(model(tokens), expected)


@pytest.mark.parametrize("config", VARIANTS, ids=name)
def test_vanilla_has_equal_size(config):
    block = non_embedding_size(BlockTransformer(config))
    vanilla = non_embedding_size(VanillaTransformer(matched_config(config)))
    assert abs(block - vanilla) < 0.01 * block


@pytest.mark.parametrize("prompt_len, new", [(1, 9), (7, 1), (5, 4)])
def test_vanilla_steps_equal_teacher_forced(prompt_len, new):
    model = random_model(SMALL, "vanilla")
    tokens = random_tokens(2, prompt_len + new)
    picks = forced(tokens[:, prompt_len:])
    generated, logits = generate_scored(
        model, tokens[:, :prompt_len].tolist(), new, picks
    )
    assert torch.equal(generated, tokens[:, prompt_len:])
    same(logits, model(tokens[:, :-1])[:, prompt_len - 1 :])


def test_vanilla_ends_at_eos():
    model = random_model(SMALL, "vanilla")
    rows = [[65, EOS, 0, 0], [65, 66, 67, EOS]]
    generated = generate(model, [[65], [66]], 9, script(SMALL, rows))
    assert generated.tolist() == [[65, EOS, PAD, PAD], rows[1]]


def test_vanilla_refuses_ragged_prompts():
    with pytest.raises(ValueError, match=r"equal length, but got \[1, 2\]"):
        generate(random_model(SMALL, "vanilla"), [[65], [65, 66]], 4)


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="block or vanilla, but got dense"):
        make_model("dense", SMALL)


@pytest.mark.parametrize("start, length, head_dim", [(0, 1, 2), (0, 9, 8), (5, 3, 24)])
def test_rotation_is_of_pairs_by_position(start, length, head_dim):
    x = random_f64(2, 3, length, head_dim)
    half = head_dim // 2
    pairs = torch.complex(x[..., :half], x[..., half:])
    for i in range(length):
        for c in range(half):
            angle = (start + i) * 10000.0 ** (-c / half)
            pairs[:, :, i, c] *= cmath.rect(1, angle)
    same(rotate(x, start), torch.cat([pairs.real, pairs.imag], -1))


def test_generation_leaves_training_possible():
    model = random_model(SMALL)
    generate(model, [[65]], 9)
    model(random_tokens(1, 12)).sum().backward()


@pytest.mark.parametrize("kind", ["block", "vanilla"])
@pytest.mark.parametrize("config", [*DECODERS, *SHAPES], ids=name)
def test_cache_bytes_are_those_held(config, kind, monkeypatch):
    model = random_model(config, kind)
    held = 0

    def count(cache, batch, num_heads, capacity, head_dim, like, init=KVCache.__init__):
        nonlocal held
        init(cache, batch, num_heads, capacity, head_dim, like)
        held += cache.key.nbytes + cache.value.nbytes

    monkeypatch.setattr(KVCache, "__init__", count)
    generate(model, [[65] * 7] * 3, 10)
    if kind == "block" and config.token_decoder == "cross":
        # Keys and values of the states made from the context.
        held += 3 * 2 * config.token_layers * config.block_len * config.width * 8
    assert held == 3 * model.cache_bytes(7, 10)


def test_cache_is_as_small_as_the_paper_says():
    with torch.device("meta"):
        block, vanilla = (make_model(kind, PAPER_85M) for kind in ("block", "vanilla"))
    ratio = vanilla.cache_bytes(128, 1921) / block.cache_bytes(128, 1921)
    assert round(ratio, 2) == 7.92


@pytest.mark.parametrize("kind", ["block", "vanilla"])
def test_weights_are_read_as_they_were_written(kind, tmp_path):
    model = make_model(kind, replace(SMALL, embedder="cls", token_decoder="cross"))
    save_model(tmp_path / "model.npz", model)
    loaded = load_model(tmp_path / "model.npz")
    assert loaded.config == model.config
    for key, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], tensor.half().float())


@pytest.mark.parametrize("kind", ["block", "vanilla"])
def test_both_kinds_score_the_same_bytes(kind):
    """Of all but the first block: a model that knows nothing has 259 choices for
    each, and logits that name a byte are paid for where there is another."""
    model = random_model(SMALL, kind)
    windows = random_tokens(3, 12)
    windows[:, :4], windows[:, 4:6] = 8, 9
    scored = []
    cross_entropy = F.cross_entropy

    def record(logits, targets):
        scored.append(targets)
        return cross_entropy(torch.zeros_like(logits), targets)

    with mock.patch.object(F, "cross_entropy", record):
        assert bits_per_byte(model, windows, 4) == pytest.approx(math.log2(259))
    assert torch.equal(torch.cat(scored), windows[:, 4:].flatten())
    # The targets are of the rows that predict them.
    logits = model(windows)
    rows = logits.flatten(1, 2) if kind == "block" else logits[:, 3:-1]
    chosen = rows.log_softmax(-1).gather(2, windows[:, 4:, None])
    same(loss_of(model, windows, 4), -chosen.mean())


def test_another_skip_is_refused():
    with pytest.raises(ValueError, match="skip block 0 exactly, but got 3"):
        loss_of(random_model(SMALL), random_tokens(1, 12), 3)
