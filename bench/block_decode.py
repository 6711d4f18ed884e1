"""The attention of a generation: a Block Transformer's, and a vanilla transformer's
of as many layers, step by step with our kernels on K and V of their own."""

import dataclasses
import math

import numpy as np

import block
from contender import Contender
from ours import Function, module_text
from shapes import Case, empty, normal, storage, widen
from sparq import CACHES, MAX_BYTES, MAX_LAYERS, last_cache_bytes

# Steps that are compared with f64, and rows of each.
CHECKED_STEPS, CHECKED_ROWS = 48, 2


@dataclasses.dataclass
class Step:
    """One call of a kernel: `queries` of every sequence see all of `keys`, the
    first keys of a cache; several queries are causal."""

    case: Case
    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    result: np.ndarray

    def error(self, random):
        """The largest error of some rows against f64, as check.error_of_rows."""
        worst, (batch, heads, queries, d) = 0.0, self.query.shape
        for _ in range(CHECKED_ROWS):
            b, h = int(random.integers(batch)), int(random.integers(heads))
            i = int(random.integers(queries))
            n = h // self.case.group
            seen = i + 1 if queries > 1 else self.key.shape[2]
            q, k, v = (
                widen(a, self.case.dtype).astype(np.float64)
                for a in (
                    self.query[b, h, i],
                    self.key[b, n, :seen],
                    self.value[b, n, :seen],
                )
            )
            s = k @ q * d**-0.5
            p = np.exp(s - s.max())
            row = p @ v / p.sum()
            got = widen(self.result[b, h, i], self.case.dtype).astype(np.float64)
            error = np.abs(got - row).max() / np.sqrt(np.mean(row**2))
            worst = max(worst, error if np.isfinite(error) else np.inf)
        return worst


class Caches:
    """K and V of one model, [batch, kv_heads, entries, head_dim] a layer. Layers
    that do not fit take turns on the memory of others."""

    def __init__(self, case, seed):
        self.case = case
        entries = case.seq_kv // (case.block_len or 1)
        shape = (case.batch, case.kv_heads, entries, case.head_dim)
        size = 2 * math.prod(shape) * storage(case.dtype)().itemsize
        self.count = max(1, min(block.global_layers(case), MAX_BYTES // size))
        self.layers = [
            tuple(normal(shape, case.dtype, seed + 2 * i + j) for j in (0, 1))
            for i in range(self.count)
        ]
        self.tiles = []
        if not case.block_len:
            return
        # Of a token decoder, which a model writes a step before it reads them:
        # in so many copies that none is warm.
        local = block.local_layers(case)
        shape = (local, case.batch, case.kv_heads, block.tile_len(case), case.head_dim)
        size = 2 * math.prod(shape) * storage(case.dtype)().itemsize
        copies = min(math.ceil(CACHES * last_cache_bytes() / size), MAX_LAYERS)
        key, value = (
            normal((copies, *shape), case.dtype, seed + 101 + j) for j in (0, 1)
        )
        self.tiles = [list(zip(key[i], value[i])) for i in range(copies)]

    def held(self):
        """Bytes that the model keeps of a sequence: those of all layers, and of one
        token decoder's cache."""
        layer = sum(a.nbytes for a in self.layers[0])
        tile = sum(a.nbytes for pair in self.tiles[:1] for kv in pair for a in kv)
        return (block.global_layers(self.case) * layer + tile) // self.case.batch


class _Inputs:
    """What both models read."""

    layers = 1

    def __init__(self, case):
        self.case = case
        self.caches = {
            "ours": Caches(case, 1000),
            "vanilla": Caches(case.vanilla_case(), 2000),
        }

    def read(self):
        """The arrays that a probe reads: K and V of the vanilla model, a GiB of
        them at most."""
        found, total = [], 0
        for layer in self.caches["vanilla"].layers:
            found += layer
            total += sum(array.nbytes for array in layer)
            if total >= 1 << 30:
                break
        return found

    def held(self):
        """{model: bytes of K and V of a sequence}."""
        return {name: caches.held() for name, caches in self.caches.items()}

    def notes(self):
        """What was computed, for people."""
        case, lines = self.case, []
        for name, caches in self.caches.items():
            steps, layers = block.steps(caches.case), block.global_layers(caches.case)
            what = "blocks" if caches.case.block_len else "keys"
            lines.append(
                f"{name}: {len(steps)} steps that see {steps[0]} to {steps[-1]} {what}"
                f", of {caches.count} of {layers} layers' memory"
            )
        tiles = ", ".join(f"{q}x{k}" for q, k in block.tiles(case))
        lines.append(
            f"ours: and in {block.local_layers(case)} layers {tiles} for "
            f"each block, {len(self.caches['ours'].tiles)} copies in turns"
        )
        lines.append("times, bytes: of one sequence, for each token it generates")
        return lines


class Generation(Contender):
    """All steps of one model, of those that the case times, in the order of a
    generation."""

    detail = "attn.sdpa"

    def __init__(self, compiler, case, caches, threads):
        self.case, self.caches = case, caches
        self.compiler, self.threads = compiler, threads
        self.functions, self.results, self.queries = {}, {}, {}
        self.passes, at = [], 0
        turns = len(caches.tiles) if caches.tiles else 1
        steps = block.steps(case)
        # So many passes that every copy of a token decoder's cache has its turn.
        for _ in range(-(-turns // len(steps))):
            calls = []
            for keys in steps:
                for queries, seen in block.tiles(case):
                    for key, value in caches.tiles[at % turns]:
                        calls.append(self._step("tile", queries, seen, key, value))
                for i in range(block.global_layers(case)):
                    key, value = caches.layers[i % caches.count]
                    calls.append(self._step("global", 1, keys, key, value))
                at += 1
            self.passes.append(calls)
        self.tokens = case.batch * len(steps) * (case.block_len or 1)
        self.at = 0

    def _step(self, where, queries, keys, key, value):
        """(callable, Step)."""
        case, small = self.case, where == "tile"
        # Lengths of tiles are static, those of global caches are not.
        shape = (queries, keys if small else 0)
        if shape not in self.functions:
            problem = dataclasses.replace(
                case,
                kind="block-score" if small else "decode",
                seq_q=queries,
                seq_kv=keys,
                causal=queries > 1,
            )
            text = module_text(problem)
            self.functions[shape] = Function(self.compiler, text, self.threads)
        if queries not in self.queries:
            whole = (case.batch, case.heads, queries, case.head_dim)
            self.queries[queries] = normal(whole, case.dtype, 3 + queries)
            self.results[queries] = empty(whole, storage(case.dtype))
        step = Step(
            case,
            self.queries[queries],
            key[:, :, :keys],
            value[:, :, :keys],
            self.results[queries],
        )
        arrays = [(a, case.dtype) for a in (step.query, step.key, step.value)]
        run = self.functions[shape].bind(arrays, (step.result, case.dtype))
        return run, step

    def run(self):
        for call, _ in self.passes[self.at]:
            call()
        self.at = (self.at + 1) % len(self.passes)

    def error(self):
        """The largest error of some rows of some steps against f64."""
        random = np.random.default_rng(19)
        calls = [call for calls in self.passes for call in calls]
        chosen = random.permutation(len(calls))[:CHECKED_STEPS]
        worst = 0.0
        for index in sorted({0, len(calls) - 1, *(int(i) for i in chosen)}):
            call, step = calls[index]
            step.result[...] = 0
            call()
            worst = max(worst, step.error(random))
        return worst


def make_inputs(case):
    """The arrays of a case."""
    return _Inputs(case)


def contenders(inputs, threads, compiler):
    """[(name, case, function that makes a Generation)]."""
    for name, caches in inputs.caches.items():
        yield (
            name,
            caches.case,
            lambda c=caches: Generation(compiler, c.case, c, threads),
        )
