"""Element types: their bits, and f64 values rounded to them."""

import numpy as np

# Types that numpy has, by MLIR name.
NUMPY = {
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
    "i1": np.bool_,
    "i8": np.int8,
    "i32": np.int32,
    "i64": np.int64,
    "index": np.int64,
}


def _float8_table(exponent_bits, mantissa_bits, has_infinity):
    """The value of each of the 256 bit patterns."""
    bits = np.arange(256)
    mantissa = (bits & ((1 << mantissa_bits) - 1)).astype(np.float64)
    exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1)
    bias = (1 << (exponent_bits - 1)) - 1
    value = np.where(
        exponent == 0,
        mantissa * 2.0 ** (1 - bias - mantissa_bits),
        (1 + mantissa / (1 << mantissa_bits)) * 2.0 ** (exponent - bias),
    )
    if has_infinity:
        top = exponent == (1 << exponent_bits) - 1
        value[top] = np.where(mantissa[top] == 0, np.inf, np.nan)
    else:
        value[(bits & 0x7F) == 0x7F] = np.nan
    return np.where(bits & 0x80, -value, value)


FLOAT8 = {
    "f8E4M3FN": _float8_table(4, 3, False),
    "f8E5M2": _float8_table(5, 2, True),
}


def _to_bf16(array):
    """The bits of f32 values rounded to nearest even; NaN stays NaN."""
    bits = np.array(array, np.float32).view(np.uint32)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(array), np.uint16(0x7FC0), rounded)


def _to_float8(array, table):
    """The bits of the nearest finite value; NaN stays NaN."""
    order = np.argsort(np.where(np.isfinite(table), table, np.inf), kind="stable")
    order = order[: np.isfinite(table).sum()]
    values = table[order]
    middles = (values[1:] + values[:-1]) / 2
    bits = order[np.searchsorted(middles, np.nan_to_num(array))]
    return np.where(np.isnan(array), 0x7F, bits).astype(np.uint8)


def encode(element, array):
    """`array` as the .npy file of an argument of type `element` holds it."""
    if element == "bf16":
        return _to_bf16(array)
    if element in FLOAT8:
        return _to_float8(array, FLOAT8[element])
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(array).astype(NUMPY[element])


def decode(element, stored):
    """Stored elements as f64, or as they are if they are integers."""
    if element == "bf16":
        bits = np.asarray(stored).view(np.uint16).astype(np.uint32) << 16
        return bits.view(np.float32).astype(np.float64)
    if element in FLOAT8:
        return FLOAT8[element][np.asarray(stored).view(np.uint8)]
    if np.issubdtype(NUMPY[element], np.floating):
        return stored.astype(np.float64)
    return stored


def round_to(element, array):
    """`array` as an argument of type `element` holds it."""
    return decode(element, encode(element, np.asarray(array)))
