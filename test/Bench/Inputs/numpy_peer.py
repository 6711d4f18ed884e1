"""A peer that is right: plain attention in f64."""

import numpy as np

from contender import Contender, Unsupported
from shapes import to_bf16, widen

VERSION = "numpy as a peer"


class Dense(Contender):
    name = "numpy_peer"
    detail = "dense"

    def __init__(self, inputs):
        self.inputs, self.case = inputs, inputs.case
        if self.case.modifier != "none":
            raise Unsupported(f"numpy_peer has no {self.case.modifier}")

    def values(self, array):
        wide = widen(array, self.case.dtype).astype(np.float64)
        return np.repeat(wide, self.case.heads // array.shape[1], axis=1)

    def run(self):
        case, inputs = self.case, self.inputs
        s = self.values(inputs.query) @ self.values(inputs.key).swapaxes(2, 3)
        s /= np.sqrt(case.head_dim)
        if case.causal:
            s = np.where(np.tri(case.seq_q, case.seq_kv, dtype=bool), s, -np.inf)
        p = np.exp(s - s.max(axis=3, keepdims=True))
        p /= p.sum(axis=3, keepdims=True)
        self.out = (p @ self.values(inputs.value)).astype(np.float32)

    def output(self):
        if self.case.dtype == "bf16":
            return to_bf16(self.out)
        return self.out.astype(self.inputs.query.dtype)


def candidates(inputs, threads):
    yield "numpy_peer", [lambda: Dense(inputs)]
