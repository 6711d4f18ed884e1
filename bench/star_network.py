"""Networks of attention alone whose weights are made, not trained, so that what each
layer finds is known. Every attention is a call of a function that attn-compile made.

A token's stream has three parts: its name (a random code), its argument (the code of
a name, or 0) and its words (a sum of word codes). A layer is one head:

    query  = [SHARPNESS * argument, SINK]        key = [name, 1 for token 0, else 0]
    value  = words, cut to length 1              (carry)
             words, and argument - name          (jump)
    stream = stream + attention

A row finds the token that its argument names. One that finds nothing attends to token
0, whose value is 0; where it does not see token 0 it attends to all it sees. Rows of
the context and of questions have the same weights.
"""

import concurrent.futures
import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys

import numpy as np

from star_tasks import NOTHING, SIMILARITY, WORDS, Pattern

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "examples", "ctypes"))
from attention import Library  # noqa: E402

CODE = 127  # of names; with the sink's channel a head dimension of 128
SHARPNESS = 24.0  # score of a name with itself
SINK = 16.0  # score of token 0, for every row
NOISE = 0.1  # of each name and word, relative to its code
HEAD_DIM = CODE + 1


class NetworkError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Attention:
    """One compiled function: a pattern, a type, and where the sink is: in token 0, or
    a logit of the op, its `sinks`."""

    pattern: Pattern
    dtype: str = "f32"
    jump: bool = False
    logit: bool = False

    @property
    def value_dim(self):
        return WORDS + CODE if self.jump else WORDS

    def text(self):
        q = f"tensor<?x1x?x{HEAD_DIM}x{self.dtype}>"
        v = f"tensor<?x1x?x{self.value_dim}x{self.dtype}>"
        op, pattern = "attn.sdpa", self.pattern
        arguments = [("%q", q), ("%k", q), ("%v", v)]
        clauses = "causal scale(1.0)"
        if pattern.block:
            op = "attn.star"
            if self.logit:
                arguments.append(("%sinks", "tensor<1xf32>"))
                clauses += " sinks(%sinks)"
            arguments.append(("%context", "index"))
            clauses += f" context_len(%context) block_size({pattern.block})"
            clauses += f" anchor_size({pattern.anchor})"
            clauses += " anchor(previous)" if pattern.previous else ""
        elif self.logit:
            raise NetworkError("the dense network has its sink in token 0")
        signature = ", ".join(f"{name}: {kind}" for name, kind in arguments)
        types = ", ".join(kind for _, kind in arguments)
        return f"""func.func @attention({signature}) -> {v} {{
  %o = {op} %q, %k, %v {clauses}
    : ({types}) -> {v}
  return %o : {v}
}}
"""


def to_bf16(x):
    """The bits of the nearest bf16, ties to even."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


class Compiled:
    """Compiles what it is asked for, once, and calls it."""

    def __init__(self, tool, folder, threads):
        self.tool, self.folder = shutil.which(tool), folder
        if not self.tool:
            raise NetworkError(f"cannot run {tool}; name it with --attn-compile")
        self.threads, self.libraries = threads, {}
        self.calls = 0
        os.makedirs(folder, exist_ok=True)

    def prepare(self, attentions):
        """Compiles several at a time."""
        wanted = [a for a in dict.fromkeys(attentions) if a not in self.libraries]
        with concurrent.futures.ThreadPoolExecutor(max(1, self.threads)) as pool:
            self.libraries.update(zip(wanted, pool.map(self._compile, wanted)))

    def _compile(self, attention):
        text = attention.text()
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        source = os.path.join(self.folder, f"{name}.mlir")
        with open(source, "w") as file:
            file.write(text)
        library = os.path.join(self.folder, f"{name}.so")
        done = subprocess.run(
            [self.tool, source, "-o", library, "--mcpu=native"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NetworkError(f"attn-compile {source}: {done.stderr.strip()}")
        return Library(library)

    def __call__(self, attention, query, key, value, context):
        """One layer; f32 arrays [contexts, rows, dims], `context` rows first."""
        self.prepare([attention])
        library = self.libraries[attention]
        inputs = [np.ascontiguousarray(x[:, None], np.float32) for x in (query, key)]
        inputs.append(np.ascontiguousarray(value[:, None], np.float32))
        bf16 = attention.dtype == "bf16"
        if bf16:
            inputs = [to_bf16(x) for x in inputs]
        if attention.logit:
            inputs.append(np.array([SINK], np.float32))
        if attention.pattern.block:
            inputs.append(np.int64(context))
        threads = library.openmp(self.threads)
        output = library.call("attention", *inputs, threads=threads)
        self.calls += 1
        return (from_bf16(output) if bf16 else output)[:, 0]


def codes(random, shape):
    """Random codes of length 1."""
    x = random.standard_normal(shape, np.float32)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def noise(random, shape):
    """Of expected length NOISE."""
    scale = np.float32(NOISE / np.sqrt(shape[-1]))
    return scale * random.standard_normal(shape, np.float32)


def cut(words):
    """What a norm layer does to sums that grow: length 1 at most."""
    length = np.linalg.norm(words, axis=-1, keepdims=True)
    return words / np.maximum(length, 1)


class Stream:
    """The embedding of contexts and of their questions, one after the other."""

    def __init__(self, seed, contexts, noisy=True):
        random = np.random.default_rng(seed)
        # The codes of words are at right angles, those of names are random.
        basis = random.standard_normal((WORDS, WORDS))
        self.word_codes = np.linalg.qr(basis)[0].astype(np.float32)
        self.context = contexts[0].length
        self.asked = slice(self.context, None)  # the rows of questions
        embedded = [self._embed(random, c, noisy) for c in contexts]
        self.names, self.arguments, self.words = map(np.stack, zip(*embedded))

    def _embed(self, random, context, noisy):
        length, asked = context.length, [q.chain[-1] for q in context.questions]
        base = codes(random, (length, CODE))
        for i in np.flatnonzero(context.similar != NOTHING):
            other = base[context.similar[i]]
            rest = base[i] - (base[i] @ other) * other
            rest /= np.linalg.norm(rest)
            base[i] = SIMILARITY * other + np.sqrt(1 - SIMILARITY**2) * rest
        base[0] = 0
        rows = length + len(asked)
        names = np.zeros((rows, CODE), np.float32)
        names[:length] = base[context.names]
        arguments = np.zeros_like(names)
        named = np.flatnonzero(context.arguments != NOTHING)
        arguments[named] = base[context.arguments[named]]
        arguments[length:] = base[context.names[asked]] if asked else 0
        words = np.zeros((rows, WORDS), np.float32)
        worded = np.flatnonzero(context.words != NOTHING)
        words[worded] = self.word_codes[context.words[worded]]
        # Token 0 has nothing at all; nor have questions, but for what they ask.
        if noisy:
            words[worded] += noise(random, (len(worded), WORDS))
            names[1:length] += noise(random, (length - 1, CODE))
        return names, arguments, words

    def keys(self, logit):
        sink = np.zeros((*self.names.shape[:2], 1), np.float32)
        sink[:, 0] = 0 if logit else 1
        return np.concatenate([self.names, sink], axis=2)

    def queries(self, arguments, logit):
        sink = np.full((*arguments.shape[:2], 1), 0 if logit else SINK, np.float32)
        return np.concatenate([np.float32(SHARPNESS) * arguments, sink], axis=2)

    def read(self, words):
        """How much of each word there is, [..., WORDS]."""
        return words @ self.word_codes.T


def carry(compiled, attention, stream, layers):
    """Statements take the word of the one they name; a question looks up one token
    in layer n. Yields, layer after layer, the words that questions find."""
    query = stream.queries(stream.arguments, attention.logit)
    key, words = stream.keys(attention.logit), stream.words
    for _ in range(layers):
        found = compiled(attention, query, key, cut(words), stream.context)
        yield stream.read(found[:, stream.asked])
        words = words + found


def jump(compiled, attention, stream, layers):
    """All rows take the word and the argument of the token they name. Yields, layer
    after layer, the words that questions have."""
    key, words = stream.keys(attention.logit), stream.words
    arguments = stream.arguments
    for _ in range(layers):
        value = np.concatenate([cut(words), arguments - stream.names], axis=2)
        value[:, 0] = 0
        query = stream.queries(arguments, attention.logit)
        found = compiled(attention, query, key, value, stream.context)
        words = words + found[..., :WORDS]
        arguments = arguments + found[..., WORDS:]
        yield stream.read(words[:, stream.asked])


def count(compiled, attention, stream):
    """(what a question counts itself, what the last token of the context counts and a
    question then finds there): shares of each word among what was seen."""
    shape = (*stream.names.shape[:2], HEAD_DIM)
    still = np.zeros(shape, np.float32)
    counts = compiled(attention, still, still, stream.words, stream.context)
    own = stream.read(counts[:, stream.context])
    query = stream.queries(stream.arguments, attention.logit)
    key = stream.keys(attention.logit)
    found = compiled(attention, query, key, counts, stream.context)
    return own, stream.read(found[:, stream.context])


def oracle(attention, query, key, value, context):
    """One layer in numpy, in f64, from the definition: for small cases."""
    rows = query.shape[1]
    i, j = np.arange(rows)[:, None], np.arange(rows)[None]
    visible = np.where(i >= context, j <= i, attention.pattern.visible(i, j))
    scores = query.astype(np.float64) @ key.astype(np.float64).swapaxes(1, 2)
    scores = np.where(visible, scores, -np.inf)
    top = scores.max(axis=2, keepdims=True)
    if attention.logit:
        top = np.maximum(top, SINK)
    weights = np.exp(scores - top)
    total = weights.sum(axis=2, keepdims=True)
    if attention.logit:
        total = total + np.exp(SINK - top)
    return weights / total @ value
