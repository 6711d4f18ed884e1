"""Inputs for float8.mlir, and what its results must be."""

import sys

import numpy as np


def table(mantissa_bits, exponent_bits, has_infinity):
    """The values of the 256 codes of a format."""
    bias = (1 << (exponent_bits - 1)) - 1
    values = []
    for code in range(256):
        magnitude = code & 127
        exponent = magnitude >> mantissa_bits
        mantissa = magnitude & ((1 << mantissa_bits) - 1)
        if has_infinity and exponent == (1 << exponent_bits) - 1:
            value = np.nan if mantissa else np.inf
        elif not has_infinity and magnitude == 127:
            value = np.nan
        elif exponent == 0:
            value = mantissa * 2.0 ** (1 - bias - mantissa_bits)
        else:
            mantissa += 1 << mantissa_bits
            value = mantissa * 2.0 ** (exponent - bias - mantissa_bits)
        values.append(-value if code > 127 else value)
    return np.array(values)


E4M3 = table(3, 4, False)
E5M2 = table(2, 5, True)


def cases(values):
    positive = np.unique(values[np.isfinite(values) & (values >= 0)])
    middle = ((positive[1:] + positive[:-1]) / 2).astype(np.float32)
    below = np.nextafter(middle, np.float32(0))
    above = np.nextafter(middle, np.float32(np.inf))
    top = positive[-1] * np.array([1.01, 1.03, 1.0625, 1.07, 1.125, 2])
    special = [1e30, np.inf, np.nan, 1e-30, 1e-300, 0]
    both = np.concatenate([positive, middle, below, above, top, special])
    return np.concatenate([both, -both])


def nearest(numbers, values, has_infinity):
    """Codes, rounded to nearest even; -1 for NaN."""
    finite = np.isfinite(values) & (np.arange(256) < 128)
    sizes, codes = values[finite], np.arange(256)[finite]
    limit = sizes[-1] + (sizes[-1] - sizes[-2]) / 2
    result = np.empty(len(numbers), int)
    for i, number in enumerate(numbers):
        size, sign = abs(number), 128 if np.signbit(number) else 0
        if np.isnan(number) or (size >= limit and not has_infinity):
            result[i] = -1
            continue
        if size >= limit:
            result[i] = codes[-1] + 1 + sign
            continue
        distance = np.abs(sizes - size)
        closest = codes[distance == distance.min()]
        result[i] = closest[closest % 2 == 0][0] if len(closest) > 1 else closest[0]
        result[i] += sign
    return result


mode, prefix = sys.argv[1:]
if mode == "write":
    rng = np.random.default_rng(0)
    wide = rng.normal(size=5000) * np.exp(8 * rng.normal(size=5000))
    wide = np.concatenate([cases(E4M3), cases(E5M2), wide])
    np.save(f"{prefix}.codes.npy", np.arange(256, dtype=np.uint8))
    np.save(f"{prefix}.f64.npy", wide)
    np.save(f"{prefix}.f32.npy", wide.astype(np.float32))
    sys.exit()

np.testing.assert_array_equal(np.load(f"{prefix}.e4m3.npy"), E4M3)
np.testing.assert_array_equal(np.load(f"{prefix}.e5m2.npy"), E5M2)
f64 = np.load(f"{prefix}.f64.npy")
f32 = np.load(f"{prefix}.f32.npy").astype(np.float64)
for number, values, has_infinity, name in (
    (f32, E4M3, False, "n0"),
    (f64, E5M2, True, "n1"),
):
    got = np.load(f"{prefix}.{name}.npy").view(np.uint8).astype(int)
    got = np.where(np.isnan(values[got]), -1, got)
    np.testing.assert_array_equal(got, nearest(number, values, has_infinity))
with np.errstate(over="ignore"):
    np.testing.assert_array_equal(np.load(f"{prefix}.n2.npy"), f64.astype(np.float16))
bf16 = np.load(f"{prefix}.n3.npy").view(np.uint16).astype(np.uint32) << 16
bf16 = bf16.view(np.float32).astype(np.float64)
normal = np.isfinite(f64) & np.isfinite(bf16) & (np.abs(f64) > 1e-37)
error = np.abs(bf16 - f64)[normal] / np.abs(f64)[normal]
assert error.max() <= 2.0**-8, error.max()
