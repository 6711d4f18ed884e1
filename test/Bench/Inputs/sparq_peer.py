"""A peer of SparQ that is right, one that chooses badly, one that chooses too few,
and one that does not attend to what it chose."""

import numpy as np

from contender import Contender
from shapes import to_bf16
from sparq import largest

VERSION = "numpy as a peer of SparQ"


class Sparq(Contender):
    name = "sparq_peer"
    detail = "f64"

    def __init__(self, inputs):
        self.inputs, self.case = inputs, inputs.case

    def choose(self, values, count):
        return largest(values, count)[0]

    def run(self):
        case, inputs = self.case, self.inputs
        shape = (case.batch, case.kv_heads)
        self.channels = np.zeros((*shape, case.rank), np.int64)
        self.keys = []
        self.out = np.zeros((case.batch, case.heads, 1, case.head_dim), np.float32)
        for b, n in np.ndindex(shape):
            size = np.abs(inputs.group_query(b, n)).sum(axis=0)
            # Any order, as a peer may give it.
            self.channels[b, n] = largest(size, case.rank)[0][::-1]
            weights, u, _ = inputs.approximate(b, n)
            keys = self.choose(u, case.top_k)
            self.keys.append(keys)
            heads = slice(n * case.group, (n + 1) * case.group)
            self.out[b, heads, 0] = inputs.attend(b, n, weights, self.used(keys))
        self.keys = np.reshape(self.keys, (*shape, -1))

    def used(self, keys):
        return keys

    def choice(self):
        return self.channels, self.keys

    def output(self):
        if self.case.dtype == "bf16":
            return to_bf16(self.out)
        return self.out.astype(self.inputs.query.dtype)


class Careless(Sparq):
    def choose(self, values, count):
        keys = super().choose(values, count)
        keys[0] = np.argmin(values)
        return keys


class Short(Sparq):
    def choose(self, values, count):
        return super().choose(values, count - 1)


class Deaf(Sparq):
    def used(self, keys):
        return keys[1:]


def candidates(inputs, threads):
    for kind in (Sparq, Careless, Short, Deaf):
        yield kind.__name__.lower(), [lambda kind=kind: kind(inputs)]
