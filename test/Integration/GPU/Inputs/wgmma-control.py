"""`make PREFIX` writes operands of wgmma-control.mlir, NaN beyond the length;
`check PREFIX` compares what it computed with the definition."""

import sys

import numpy

task, prefix = sys.argv[1:]
LENGTH = 170
if task == "make":
    random = numpy.random.default_rng(1)
    for name, rows in (("q", 128), ("k", 200), ("v", 200)):
        x = random.standard_normal((1, 1, rows, 128)).astype(numpy.float16)
        if name != "q":
            x[:, :, LENGTH:] = numpy.nan
        numpy.save(f"{prefix}.{name}.npy", x)
    numpy.save(f"{prefix}.n.npy", numpy.array([LENGTH]))
else:
    q, k, v, o = (
        numpy.load(f"{prefix}.{name}.npy")[0, 0].astype(numpy.float64) for name in "qkvo"
    )
    scores = q @ k[:LENGTH].T / numpy.sqrt(128)
    weights = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    expected = weights @ v[:LENGTH] / weights.sum(axis=1, keepdims=True)
    error = numpy.abs(o - expected).max()
    print(f"max error {error:.3g}")
    sys.exit(0 if error < 2e-3 else 1)
