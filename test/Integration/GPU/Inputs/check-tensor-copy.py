"""That the second array holds the rows of the first that were copied, and zeros
where the first has none."""

import sys

import numpy

x, y = (numpy.load(path) for path in sys.argv[1:])
assert x.shape == (2, 3, 20, 80) and y.shape == (2, 2, 16, 64), (x.shape, y.shape)
assert numpy.array_equal(x[:, 1:, 2:15, 8:72], y[:, :, :13])
assert not y[:, :, 13:].any()
