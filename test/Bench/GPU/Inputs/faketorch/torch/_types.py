"""Element types, and how numpy keeps those it does not have."""

import numpy as np


class dtype:
    def __init__(self, name, stored, rank, is_small=False):
        self.name, self.stored, self.rank = name, np.dtype(stored), rank
        self.is_small, self.is_float = is_small, "float" in name

    def encode(self, values):
        return encode(values, self)

    def __repr__(self):
        return f"torch.{self.name}"


bool_ = dtype("bool", np.bool_, 0)
uint8 = dtype("uint8", np.uint8, 1)
int8 = dtype("int8", np.int8, 1)
int32 = dtype("int32", np.int32, 2)
int64 = dtype("int64", np.int64, 3)
float8_e4m3fn = dtype("float8_e4m3fn", np.uint8, 4, is_small=True)
float16 = dtype("float16", np.float16, 5)
bfloat16 = dtype("bfloat16", np.uint16, 5)
float32 = dtype("float32", np.float32, 6)
float64 = dtype("float64", np.float64, 7)


def _e4m3():
    """All numbers of the type that are not negative; the last one is no number."""
    found = []
    for bits in range(127):
        exponent, fraction = bits >> 3, bits & 7
        number = (1 + fraction / 8) * 2.0 ** (exponent - 7)
        found.append(number if exponent else fraction / 8 * 2.0**-6)
    return np.array(found)


_E4M3 = _e4m3()


def decode(array, kind):
    if kind is bfloat16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    if kind is float8_e4m3fn:
        values = np.append(_E4M3, np.nan)[array & 127]
        return np.where(array & 128, -values, values).astype(np.float32)
    return array


def encode(values, kind):
    if kind is bfloat16:
        bits = values.astype(np.float32).reshape(-1).view(np.uint32).astype(np.uint64)
        rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
        # Rounding may not turn what is no number into one.
        is_nan = np.isnan(values.reshape(-1))
        return np.where(is_nan, np.uint16(0x7FC0), rounded).reshape(values.shape)
    if kind is float8_e4m3fn:
        middles = (_E4M3[1:] + _E4M3[:-1]) / 2
        bits = np.searchsorted(middles, np.abs(values)).astype(np.uint8)
        return bits | np.where(np.signbit(values), 128, 0).astype(np.uint8)
    with np.errstate(all="ignore"):
        return values.astype(kind.stored)


def promote(a, b, rank_a, rank_b):
    """The type of an operation on two tensors; one of rank 0 counts less."""
    if rank_a and not rank_b and a.is_float >= b.is_float:
        return a
    if rank_b and not rank_a and b.is_float >= a.is_float:
        return b
    if a.rank == b.rank and a is not b:
        return float32
    return a if a.rank >= b.rank else b
