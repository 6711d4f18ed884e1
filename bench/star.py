"""Arrays of what Star adds to a decode step: partial results, and their merge."""

import numpy as np
from shapes import empty, normal, storage


class MergeInputs:
    """The partial results of all ranks, as a merge on one machine gets them."""

    layers = 1

    def __init__(self, case):
        self.case, self.batch = case, case.batch
        rows = (case.parts, case.batch, case.heads, 1)
        self.output = normal((*rows, case.head_dim), "f32", 5)
        self.lse = normal(rows, "f32", 6)
        # What the result is like.
        shape = (case.batch, case.heads, 1, case.head_dim)
        self.query = empty(shape, storage(case.dtype))

    def operands(self, _case):
        return [(self.output, "f32"), (self.lse, "f32")]

    def reference_rows(self):
        """[(b, h, i, row)] of every row: the definition in f64."""
        lse = self.lse.astype(np.float64)
        weights = np.exp(lse - lse.max(axis=0))
        weights /= weights.sum(axis=0)
        merged = (weights[..., None] * self.output).sum(axis=0)
        return [
            (b, h, 0, merged[b, h, 0])
            for b in range(self.case.batch)
            for h in range(self.case.heads)
        ]
