"""Whether the output of decode-controls.mlir is attention; prints right or wrong.

usage: check-decode.py QUERY KEY VALUE OUTPUT
"""

import sys

import numpy as np

query, key, value, output = (np.load(name).astype(np.float64) for name in sys.argv[1:])
group = query.shape[1] // key.shape[1]
key, value = key.repeat(group, 1), value.repeat(group, 1)
scores = query @ key.swapaxes(2, 3) / np.sqrt(query.shape[3])
weights = np.exp(scores - scores.max(-1, keepdims=True))
expected = weights @ value / weights.sum(-1, keepdims=True)
error = np.abs(output - expected).max()
print("right" if error < 2e-3 else "wrong", error)
