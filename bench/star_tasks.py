"""Contexts in which something is to be found, after RULER's tasks, and who can find it.

A context is a row of tokens. A token has a name, by which it is found; it may have a
word; it may have an argument, the name of the token whose word it wants. Fillers have
words of a skewed vocabulary, as texts do. A question names a token, and its answer are
words. What follows from the positions alone, which chains are resolved in which layer,
is computed here without any attention.
"""

import dataclasses

import numpy as np

WORDS = 64  # the vocabulary
NOTHING = -1  # no word, no argument
SIMILARITY = 0.75  # of distracting names with the one asked for
DISTRACTORS = 7
VALUES = 4  # words of a question for several
COMMON = 8  # words that are common, in contexts that are counted

# Chains of variables: hops, and the share of the context between two statements;
# 0: statements stand anywhere.
CHAINS = (
    (1, 1 / 64),
    (1, 1 / 16),
    (1, 0),
    (2, 0),
    (4, 1 / 64),
    (4, 1 / 16),
    (4, 0),
    (8, 1 / 64),
    (8, 0),
)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of question. `hops` lookups are for tokens of the context to make."""

    name: str
    hops: int = 0


NEEDLE = Kind("needle")
SEVERAL_KEYS = Kind("several keys")
SEVERAL_VALUES = Kind("several values")
PREAMBLE = Kind("1 from the start", 1)


def chain_kind(hops, share):
    return Kind(f"{hops}, L/{round(1 / share)}" if share else f"{hops}, anywhere", hops)


CHAIN_KINDS = tuple(chain_kind(*c) for c in CHAINS)


@dataclasses.dataclass(frozen=True)
class Question:
    kind: Kind
    chain: tuple  # positions: the word, then each statement; the last is asked for
    answer: frozenset


@dataclasses.dataclass(frozen=True)
class Pattern:
    """Which keys a row of the context sees; block 0: all before it (dense)."""

    block: int = 0
    anchor: int = 0
    previous: bool = False

    def visible(self, i, j):
        """Of positions i and j <= i of the context; scalars or arrays."""
        if not self.block:
            return j <= i
        own = i // self.block == j // self.block
        anchor = min(self.anchor, self.block)
        if self.previous:
            near = j // self.block == i // self.block - 1
            return (j <= i) & (own | (near & (j % self.block < anchor)))
        return (j <= i) & (own | (j < anchor))


class Context:
    """`length` tokens; position 0 has neither word nor name."""

    def __init__(self, random, length, sinks, per_kind):
        self.length, self.random = length, random
        self.names = np.arange(length)
        # Names that are to be like another one.
        self.similar = np.full(length, NOTHING)
        self.arguments = np.full(length, NOTHING)
        shares = 1 / np.arange(1, WORDS + 1)
        self.words = random.choice(WORDS, length, p=shares / shares.sum())
        self.words[0] = NOTHING
        self.questions = []
        self._free = np.ones(length, bool)
        self._free[0] = False
        # The fullest places first. The statement of a variable whose word stands at
        # the start, behind the sinks, is in no first block of any block size.
        starts = np.arange(sinks, length // 128)
        for start in self.random.permutation(starts)[:per_kind]:
            self._free[start] = False
            later = self._take(1, length // 2)[0]
            self._chain(PREAMBLE, [start, later])
        for hops, share in CHAINS:
            for _ in range(per_kind):
                self._chain(chain_kind(hops, share), self._places(hops, share))
        for _ in range(2 * per_kind):
            self._chain(NEEDLE, self._take(1))
        for _ in range(max(1, per_kind // 2)):
            places = self._take(1 + DISTRACTORS)
            self.random.shuffle(places)
            self.words[places] = self.random.integers(WORDS, size=len(places))
            self.similar[places[1:]] = places[0]
            self._ask(SEVERAL_KEYS, places[:1], self.words[places[:1]])
        for _ in range(max(1, per_kind // 2)):
            places = self._take(VALUES)
            self.words[places] = self.random.permutation(WORDS)[:VALUES]
            self.names[places] = places[-1]
            self._ask(SEVERAL_VALUES, places[-1:], self.words[places])

    def _take(self, count, first=1):
        places = first + np.flatnonzero(self._free[first:])
        places = np.sort(self.random.choice(places, count, replace=False))
        self._free[places] = False
        return places

    def _places(self, hops, share):
        """Where the statements of a chain stand."""
        if not share:
            return self._take(hops + 1)
        distance = round(share * self.length)
        starts = np.arange(1, self.length - hops * distance)
        everywhere = starts[:, None] + distance * np.arange(hops + 1)
        everywhere = everywhere[self._free[everywhere].all(axis=1)]
        places = everywhere[self.random.integers(len(everywhere))]
        self._free[places] = False
        return places

    def _chain(self, kind, places):
        """`x0 = word`, `x1 = x0`, ... at these places, and a question for the last."""
        word = self.random.integers(WORDS)
        self.words[places] = NOTHING
        self.words[places[0]] = word
        self.arguments[places[1:]] = self.names[places[:-1]]
        self._ask(kind, places, [word])

    def _ask(self, kind, places, answer):
        answer = frozenset(int(w) for w in answer)
        self.questions.append(Question(kind, tuple(map(int, places)), answer))


def carried(chain, pattern, layers):
    """Whether the last statement has its word after so many layers in which every
    statement takes the word of the one it names."""
    has = [True] + [False] * (len(chain) - 1)
    for _ in range(layers):
        has = [True] + [
            has[k] or (has[k - 1] and bool(pattern.visible(chain[k], chain[k - 1])))
            for k in range(1, len(chain))
        ]
    return has[-1]


def jumped(chain, pattern, layers):
    """The number of layers after which a question has the word, or None, where every
    row takes the word and the argument of the token it names: statements jump back
    along the chain, as far as they see, and so does the question, which sees all."""
    # What a row is looking for: an index into the chain, or None once it has a word.
    wants = [None, *range(len(chain) - 1), len(chain) - 1]
    for layer in range(1, layers + 1):
        before = list(wants)
        for row, target in enumerate(before):
            question = row == len(chain)
            if target is not None and (
                question or pattern.visible(chain[row], chain[target])
            ):
                wants[row] = before[target]
        if wants[-1] is None:
            return layer
    return None


class CountedContext:
    """Words of which COMMON are common, and a token at the end that counts them.
    `gathered`: a common word stands in one quarter of the context only, so often that
    it is as common in all."""

    def __init__(self, random, length, gathered):
        self.length = length
        self.common = random.permutation(WORDS)[:COMMON]
        weights = np.ones((length, WORDS))
        if gathered:
            quarter = np.arange(length) * 4 // length
            for n, word in enumerate(self.common):
                weights[:, word] = np.where(quarter == n % 4, 8, 0)
        else:
            weights[:, self.common] = 2
        weights /= weights.sum(axis=1, keepdims=True)
        drawn = random.random((length, 1))
        self.words = np.minimum((weights.cumsum(axis=1) < drawn).sum(axis=1), WORDS - 1)
        self.words[0] = self.words[-1] = NOTHING
        self.names = np.arange(length)
        self.similar = self.arguments = np.full(length, NOTHING)
        # The question asks for the token that counts.
        last = length - 1
        self.questions = [Question(NEEDLE, (last,), frozenset(self.common.tolist()))]

    def counts(self, seen):
        """How often each word stands at positions of which `seen` is true."""
        words = self.words[seen]
        return np.bincount(words[words != NOTHING], minlength=WORDS)


def most_common(counts):
    return set(np.argsort(-counts, kind="stable")[:COMMON].tolist())
