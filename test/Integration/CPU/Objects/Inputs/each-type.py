"""each-type.py EXAMPLE.py FILE.so ...: runs the functions of types.mlir in each
object, and compares conversions with numpy's, bit by bit."""

import importlib.util
import subprocess
import sys

import numpy as np

spec = importlib.util.spec_from_file_location("attention", sys.argv[1])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)


def to_bf16(x):
    """f64 to the bits of the nearest bf16, ties to even, by exact arithmetic."""
    with np.errstate(all="ignore"):
        _, exponent = np.frexp(np.abs(x))
        # Eight bits of mantissa; subnormals have the unit 2^-133.
        unit = np.ldexp(1.0, np.maximum(exponent - 8, -133))
        near = np.rint(np.abs(x) / unit) * unit
        bits = near.astype(np.float32).view(np.uint32) >> 16
    return (bits | np.signbit(x) * 0x8000).astype(np.uint16)


random = np.random.default_rng(3)
# All magnitudes that f16 and bf16 have, ties between neighbours, and beyond.
halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
halves = halves[np.isfinite(halves)]
values = np.ldexp(random.uniform(-2, 2, 1 << 14), random.integers(-150, 140, 1 << 14))
ties = (halves[:-1].astype(np.float64) + halves[1:]) / 2
special = [0.0, -0.0, np.inf, -np.inf, 65519.9999, 65520.0, 2.0**-25, 2.0**-25 * 1.0001]
values = np.concatenate([values, halves.astype(np.float64), ties, special])

with np.errstate(over="ignore"):
    values_f32 = values.astype(np.float32)

for path in sys.argv[2:]:
    for t in ("f32", "f16", "bf16", "f64"):
        subprocess.run(
            ["attn-run", path, "--function=" + t, "--verify"]
            + [f"--input=1x4x67x40x{t}=random(1)", f"--input=1x2x67x40x{t}=random(2)"],
            check=True,
        )
    library = example.Library(path)
    for name, x in (("narrow_f64", values), ("narrow_f32", values_f32)):
        f16, bf16 = library.call(name, x)
        with np.errstate(all="ignore"):
            expected = x.astype(np.float16)
        assert np.array_equal(f16.view(np.uint16), expected.view(np.uint16)), name
        wrong = bf16 != to_bf16(x.astype(np.float64))
        # The instruction of AVX512-BF16 takes subnormals for zero.
        wrong &= np.abs(x) >= 2.0**-126
        assert not wrong.any(), (name, x[wrong][:5], bf16[wrong][:5])
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    wide, expected = library.call("widen", every), every.astype(np.float32)
    same = (wide.view(np.uint32) == expected.view(np.uint32)) | np.isnan(expected)
    assert same.all() and np.isnan(wide[np.isnan(expected)]).all()
    nan = library.call("narrow_f32", np.array([np.nan], np.float32))
    assert np.isnan(nan[0][0]) and nan[1][0] & 0x7FFF > 0x7F80
    print(path, "converts as numpy does", flush=True)
