"""Whole models that generate: a Block Transformer and a vanilla transformer of equal
size, those of examples/block_transformer, with attention by our kernels or PyTorch's.

Weights and caches hold random numbers: what they hold changes no time."""

import math
import os
import sys

import numpy as np

import block
import check
from contender import Contender, Missing, first_line
from ours import CompileError
from shapes import normal

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.join(HERE, "..", "examples", "block_transformer")
# arXiv:2406.02657, table 1: 85M parameters outside of embeddings, prompts of 128
# tokens and 2048 generated ones, the largest batch that fits an H100.
PAPER = {"vanilla": (6.2, 229.6), "ours": (134.7, 29.1)}


def _import():
    """torch, and the example."""
    try:
        import torch
    except ImportError as error:
        raise Missing(first_line(error)) from error
    if EXAMPLE not in sys.path:
        sys.path.insert(0, EXAMPLE)
    try:
        import block_transformer
        import block_transformer.config
        import block_transformer.layers
    except ImportError as error:
        raise Missing(first_line(error)) from error
    return torch, block_transformer


def _set_vocab(torch, module, count):
    """Tables and heads of so many tokens in place of the example's bytes."""
    nn = torch.nn
    for part in module.modules():
        for name, child in list(part.named_children()):
            if isinstance(child, nn.Embedding):
                table = nn.Embedding(count, child.embedding_dim)
                nn.init.normal_(table.weight, std=0.02)
                setattr(part, name, table)
            elif name == "head":
                head = nn.Linear(child.in_features, count, bias=False)
                nn.init.normal_(head.weight, std=0.02)
                setattr(part, name, head)


class Inputs:
    """Both models, and the memory that their caches take turns on: each has it for
    itself when it runs alone."""

    layers = 1

    def __init__(self, case):
        torch, package = _import()
        self.case, self.torch = case, torch
        config = package.BlockTransformerConfig(
            width=case.heads * case.head_dim,
            num_heads=case.heads,
            block_layers=block.global_layers(case),
            token_layers=block.local_layers(case),
            block_len=case.block_len,
            prefix_len=case.prefix_len,
        )
        torch.manual_seed(0)
        self.models = {
            "ours": package.make_model("block", config),
            "vanilla": package.make_model("vanilla", config),
        }
        self.cases = {"ours": case, "vanilla": case.vanilla_case()}
        for model in self.models.values():
            model.eval().requires_grad_(False)
            if case.vocab != package.config.VOCAB_SIZE:
                _set_vocab(torch, model, case.vocab)
        self.parameters = {
            name: sum(p.numel() for p in model.parameters())
            for name, model in self.models.items()
        }
        for model in self.models.values():
            package.pack_linears(model)
        self.configs = [config, package.matched_config(config)]
        self.batch = {name: block.sequences(c) for name, c in self.cases.items()}
        sizes = {name: math.prod(self._shape(name)) for name in self.models}
        self.pool = torch.from_numpy(normal((max(sizes.values()),), "f32", 5))

    def _shape(self, name):
        """[layers, K and V, batch, heads, entries, head_dim] of the global layers."""
        case = self.cases[name]
        entries = case.seq_kv // (case.block_len or 1)
        sizes = (self.batch[name], case.heads, entries, case.head_dim)
        return (block.global_layers(case), 2, *sizes)

    def caches(self, name):
        """The caches of the global layers, which hold the whole length."""
        shape = self._shape(name)
        kv = self.pool[: math.prod(shape)].view(shape)
        layers = self.models[name]
        layers = layers.block_decoder.layers if name == "ours" else layers.layers
        _, package = _import()
        found = package.layers.new_caches(layers, 1, 1, self.pool)
        for cache, (key, value) in zip(found, kv):
            cache.key, cache.value = key, value
        return found

    def read(self):
        """The memory that a probe reads."""
        return [self.pool.numpy()[: (1 << 30) // 4]]

    def held(self):
        """{model: bytes of K and V a sequence}."""
        held = {}
        for name, case in self.cases.items():
            caches = sum(4 * c.key[0].numel() * 2 for c in self.caches(name))
            local = block.local_layers(case) * 2 * block.tile_len(case)
            held[name] = caches + 4 * local * case.heads * case.head_dim
        return held

    def notes(self):
        """What fits, and what the paper has."""
        lines, held = [], self.held()
        for name, case in self.cases.items():
            parameters = self.parameters[name]
            n, gib = self.batch[name], 2.0**30
            activations = 4 * block.activation_elements(case)
            total = 4 * parameters + n * (held[name] + activations)
            lines.append(
                f"{name}: {n} sequences: {parameters / 1e6:.1f}M parameters "
                f"{4 * parameters / gib:.2f} GiB + {n} * (K, V {held[name] / 1e6:.1f} "
                f"MB + activations {activations / 1e6:.1f} MB) = {total / gib:.2f} GiB"
            )
            if case.memory and total > case.memory * gib:
                raise RuntimeError(f"{lines[-1]}, more than {case.memory}")
        lines.append(
            f"steps of the global layers see {block.steps(self.case)} blocks, "
        )
        lines[-1] += f"or {block.steps(self.cases['vanilla'])} tokens"
        (a, kept), (b, kept_b) = PAPER["vanilla"], PAPER["ours"]
        shape = (self.case.heads * self.case.head_dim, self.case.num_layers)
        if shape != (768, 12):
            return lines
        lines.append(
            f"the paper, H100, 85M, 50K tokens: {a}K tokens/s vanilla, {b}K block: "
            f"{b / a:.1f}x; {kept} and {kept_b} MB a sequence: {kept / kept_b:.2f}x"
        )
        return lines


class _Model(Contender):
    """A model that generates at some positions, its caches as long as they would
    be there."""

    def __init__(self, inputs, name, threads, attend, detail):
        self.inputs, self.name, self.threads = inputs, name, threads
        self.torch, self.model = inputs.torch, inputs.models[name]
        self.case, self.attend, self.detail = inputs.cases[name], attend, detail
        self.caches, self.state = inputs.caches(name), None
        generator = self.torch.Generator().manual_seed(23)
        width = self.case.heads * self.case.head_dim
        count = inputs.batch[name]
        self.context = self.torch.randn(count, width, generator=generator)
        self.first = self.torch.randint(
            min(256, self.case.vocab), (count,), generator=generator
        )
        self.steps = block.steps(self.case)
        self.tokens = count * len(self.steps) * (self.case.block_len or 1)

    def enter(self):
        _, package = _import()
        self.torch.set_num_threads(self.threads)
        package.use_attend(self.model, self.attend)

    def step(self, entries, pick=lambda scores: scores.argmax(-1)):
        """One step of the global layers, and all tokens of its block; scores."""
        torch, model = self.torch, self.model
        for cache in self.caches:
            cache.length = entries - 1
        if self.name == "vanilla":
            x = model._run(self.first[:, None], self.caches)[:, -1]
            scores = model.head(model.norm(x))
            pick(scores)
            return scores
        # As `steps` of the example does it.
        self.state = model.token_decoder.start(self.context, self.state)
        tokens, chosen = None, []
        for _ in range(self.case.block_len):
            scores = model.token_decoder.step(self.state, tokens)
            tokens = pick(scores)
            chosen.append(tokens)
        embedded = model.embedder(torch.stack(chosen, 1)[:, None])
        context = model.block_decoder(embedded, None, self.caches)[:, -1]
        return torch.cat([scores, context], -1)

    def run(self):
        with self.torch.inference_mode():
            for entries in self.steps:
                self.step(entries)

    def error(self):
        """The largest error of scores against those with PyTorch's attention, for
        the same tokens: two that score alike are picked by the last bit."""
        _, package = _import()
        with self.torch.inference_mode():
            self.enter()
            mine = self.step(self.steps[0], lambda scores: self.first).numpy()
            package.use_attend(self.model, package.torch_attend)
            other = self.step(self.steps[0], lambda scores: self.first).numpy()
        return check.error_of_all(mine, other, "f32")


class _Complete(_Model):
    """A whole generation from prompts, as the example does it; timed once."""

    once = True

    def __init__(self, *args):
        super().__init__(*args)
        # Compiles and warms up.
        self.new = 2 * (self.case.block_len or 1)
        self.enter()
        self.run()
        self.new = self.case.seq_kv - self.case.prompt
        self.tokens = self.inputs.batch[self.name] * self.new

    def run(self):
        count = self.inputs.batch[self.name]
        prompts = np.random.default_rng(29).integers(97, 122, (count, self.case.prompt))
        _, package = _import()
        # Never the token that ends a text.
        package.generate(
            self.model,
            prompts.tolist(),
            self.new,
            lambda scores: scores[:, :256].argmax(-1),
        )


def make_inputs(case):
    """Both models of a case."""
    return Inputs(case)


def contenders(inputs, threads, compiler):
    """[(name, case, function that makes a model)]."""
    _, package = _import()

    def attention(own):
        """An `attend` of the example, and what it is."""
        if not own:
            return package.torch_attend, "PyTorch's attention"
        from block_transformer import kernels

        os.environ["ATTN_COMPILE"] = compiler.tool
        try:
            return kernels.compile_attend(*inputs.configs), "our attention"
        except RuntimeError as error:
            raise CompileError(str(error)) from error

    kinds = [("", _Model, True)]
    if "torch" in inputs.case.peers:
        kinds.append(("-torch", _Model, False))
    if inputs.case.complete:
        kinds.append(("-complete", _Complete, True))
    for suffix, kind, own in kinds:
        for name, case in inputs.cases.items():
            label = name if not suffix else f"{name.replace('ours', 'block')}{suffix}"
            yield (
                label,
                case,
                lambda k=kind, n=name, o=own: k(inputs, n, threads, *attention(o)),
            )
