"""That the first n elements of an array of 1.5 became exp(1.5 / 2 + n)."""

import sys

import numpy

x, n = numpy.load(sys.argv[1]), int(sys.argv[2])
expected = numpy.full(6, 1.5)
expected[:n] = numpy.exp(0.75 + n)
assert numpy.allclose(x, expected, rtol=5e-7, atol=0), (x, expected)
