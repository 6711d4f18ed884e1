"""Whether an output may be timed: against f64 rows, and against ours."""

import numpy as np

from shapes import widen

# Largest |difference| over the root mean square of its row. Loose enough for
# weights rounded to the element type (every peer does), tight enough that a
# lost mask, head or key block shows.
BOUNDS = {"f32": 2e-4, "f16": 2e-2, "bf16": 1e-1}


def error_of_rows(output, dtype, rows):
    """The largest error over the f64 rows; inf where a NaN is."""
    worst = 0.0
    for b, h, i, row in rows:
        got = widen(output[b, h, i], dtype).astype(np.float64)
        scale = np.sqrt(np.mean(row**2)) or 1.0
        error = np.abs(got - row).max() / scale
        worst = max(worst, error if np.isfinite(error) else np.inf)
    return float(worst)


# Elements that are compared at a time.
_PIECE = 1 << 20


def error_of_all(output, ours, dtype):
    """The largest error of all rows against our output."""
    worst = 0.0
    rows, width = ours.size // ours.shape[-1], ours.shape[-1]
    output, ours = output.reshape(rows, width), ours.reshape(rows, width)
    count = max(_PIECE // width, 1)
    for at in range(0, rows, count):
        a, o = (widen(part[at : at + count], dtype) for part in (output, ours))
        scale = np.sqrt(np.mean(o.astype(np.float64) ** 2, axis=1))
        scale[scale == 0] = 1.0
        error = (np.abs(a - o).max(axis=1) / scale).max()
        worst = max(worst, error if np.isfinite(error) else np.inf)
    return float(worst)


def bound(dtype):
    return BOUNDS[dtype]
