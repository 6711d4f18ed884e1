#!/usr/bin/env python3
"""chosen.py F.npy: checks the weights that plot_chosen.py found, of its random problem:
those that numpy finds, too."""

import os
import sys

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../..")
sys.path.insert(0, os.path.join(ROOT, "examples/sparq-decode"))
import plot_chosen  # noqa: E402

weights = np.load(sys.argv[1])
query, key = plot_chosen.draw_problem(*weights.shape[:2], 4, weights.shape[2], 64)
differ = 0
for step, h in np.ndindex(*weights.shape[:2]):
    length = weights.shape[2] - len(query) + step + 1
    q, k = query[step, h], key[h, :length]
    i1 = np.argsort(-np.abs(q))[:16]
    scores = k[:, i1] @ q[i1]
    scores[-12:] = np.inf
    i2 = np.argsort(-scores, kind="stable")[:48]
    found = np.flatnonzero(weights[step, h])
    # Keys within rounding of each other may change places.
    differ += len(set(i2) - set(found))
    exact = np.exp(k[i2] @ q / 8 - (k[i2] @ q / 8).max())
    expected = np.zeros(weights.shape[2])
    expected[i2] = exact / exact.sum()
    assert np.abs(expected - weights[step, h]).max() < 1e-3, (step, h)
assert differ < 5, differ
lengths = weights.shape[2] - len(query) + 1, weights.shape[2]
chosen = (weights != 0).sum(axis=2).mean()
print(f"{len(query)} steps, {query.shape[1]} heads: {chosen:.1f} keys of "
      f"{lengths[0]} to {lengths[1]}")  # fmt: skip
