"""Stands in for torch with a GPU where there is neither: numpy arrays that say where
they lie. As strict as the real one in what a first run on a GPU dies of: tensors of two
devices in one operation, views that need a copy, waiting while a graph is captured,
generators of another device, memory that ends (FAKE_TORCH_MEMORY: most bytes of a
tensor), a device that is broken (FAKE_TORCH_BROKEN), graphs that captured nothing
(FAKE_TORCH_EMPTY_GRAPHS). Names and arguments are those of
torch; device-api.py compares them where torch is."""

import math
import os
import types

import numpy as np

from . import _dynamo, cuda  # noqa: F401
from ._types import (  # noqa: F401
    bfloat16,
    bool_,
    decode,
    encode,
    float8_e4m3fn,
    float16,
    float32,
    float64,
    int8,
    int32,
    int64,
    promote,
    uint8,
)

long = int64
__version__ = "2.99.0+fake"
version = types.SimpleNamespace(cuda="13.0")
backends = types.SimpleNamespace(cudnn=types.SimpleNamespace(version=lambda: 91000))
OutOfMemoryError = type("OutOfMemoryError", (RuntimeError,), {})


def compile(model, *, dynamic=None):
    return model


def set_num_threads(count):
    pass


def set_float32_matmul_precision(precision):
    assert precision in ("highest", "high", "medium")


class no_grad:
    def __call__(self, orig_func):
        return orig_func


class Generator:
    def __init__(self, device="cpu"):
        self.device = device

    def manual_seed(self, seed):
        self.random = np.random.default_rng(seed)
        return self


class Tensor:
    def __init__(self, array, dtype, device):
        most = float(os.environ.get("FAKE_TORCH_MEMORY", "inf"))
        if array.nbytes > most and device == "cuda":
            raise OutOfMemoryError(f"CUDA out of memory. Tried {array.nbytes} bytes")
        self.array, self.dtype, self.device = array, dtype, device

    @property
    def shape(self):
        return self.array.shape

    def values(self):
        return decode(self.array, self.dtype)

    def dim(self):
        return self.array.ndim

    def size(self, i):
        return self.array.shape[i]

    def stride(self, i):
        return self.array.strides[i] // self.array.itemsize

    def data_ptr(self):
        return self.array.ctypes.data

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self.item())

    def item(self):
        cuda.forbid_capture(self.device)
        return self.values().item()

    def tolist(self):
        cuda.forbid_capture(self.device)
        return self.values().tolist()

    def to(self, target):
        if isinstance(target, str):
            return Tensor(self.array.copy(), self.dtype, target)
        return self if target is self.dtype else _made(self.values(), target, self)

    def float(self):
        return self.to(float32)

    def double(self):
        return self.to(float64)

    def long(self):
        return self.to(int64)

    def clone(self):
        return Tensor(self.array.copy(), self.dtype, self.device)

    def contiguous(self):
        return Tensor(np.ascontiguousarray(self.array), self.dtype, self.device)

    def copy_(self, other):
        _same_device([self, other])
        self.array[...] = other.array
        return self

    def view(self, *shape):
        if hasattr(shape[0], "encode"):
            kind = shape[0]
            return Tensor(self.array.view(kind.stored), kind, self.device)
        shape = shape[0] if isinstance(shape[0], tuple) else shape
        result = self.array.view()
        try:
            result.shape = shape
        except AttributeError:  # a copy would be needed
            raise RuntimeError("view size is not compatible") from None
        return Tensor(result, self.dtype, self.device)

    def reshape(self, *shape):
        shape = shape[0] if isinstance(shape[0], tuple) else shape
        return Tensor(self.array.reshape(shape), self.dtype, self.device)

    def transpose(self, a, b):
        return Tensor(self.array.swapaxes(a, b), self.dtype, self.device)

    @property
    def T(self):
        return Tensor(self.array.T, self.dtype, self.device)

    def abs(self):
        return _made(np.abs(self.values()), self.dtype, self)

    def max(self):
        return _made(self.values().max(), self.dtype, self)

    def sum(self, dim=None):
        return _made(self.values().sum(axis=dim), self.dtype, self)

    def mean(self, dim):
        return _made(self.values().mean(axis=dim), self.dtype, self)

    def clamp(self, low, high):
        return clamp(self, low, high)

    def masked_fill(self, mask, value):
        _same_device([self, mask])
        return _made(np.where(mask.values(), value, self.values()), self.dtype, self)

    def __getitem__(self, at):
        return Tensor(self.array[self._index(at)], self.dtype, self.device)

    def __setitem__(self, at, value):
        stored = value.array if isinstance(value, Tensor) else value
        if not isinstance(value, Tensor):
            stored = encode(np.asarray(value), self.dtype)
        self.array[self._index(at)] = stored

    def _index(self, at):
        if isinstance(at, tuple):
            return tuple(self._index(one) for one in at)
        if not isinstance(at, Tensor):
            return at
        if self.dtype.is_small:
            raise NotImplementedError('"index" not implemented for ' + self.dtype.name)
        if at.device != "cpu":
            _same_device([self, at])
        if at.dtype not in (int64, int32, uint8, bool_):
            raise IndexError("tensors used as indices must be long, int or byte")
        return at.values()

    def __invert__(self):
        return Tensor(~self.array, self.dtype, self.device)

    def __matmul__(self, other):
        return matmul(self, other)

    def __neg__(self):
        return _made(-self.values(), self.dtype, self)


def _operator(name, function, is_test=False):
    def apply(self, other):
        return _elementwise(function, self, other, is_test)

    def reflected(self, other):
        return _elementwise(lambda a, b: function(b, a), self, other, is_test)

    setattr(Tensor, f"__{name}__", apply)
    setattr(Tensor, f"__r{name}__", reflected)


for _name, _function in (
    ("add", np.add),
    ("sub", np.subtract),
    ("mul", np.multiply),
    ("truediv", np.divide),
    ("floordiv", np.floor_divide),
    ("and", np.bitwise_and),
    ("or", np.bitwise_or),
):
    _operator(_name, _function)
for _name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    _short = {"less": "lt", "greater": "gt", "equal": "eq", "not_equal": "ne"}
    _short |= {"less_equal": "le", "greater_equal": "ge"}
    _operator(_short[_name], getattr(np, _name), True)


def _same_device(tensors):
    devices = {t.device for t in tensors if isinstance(t, Tensor) and t.dim()}
    if len(devices) > 1:
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found "
            + " and ".join(sorted(devices))
        )


def _made(values, dtype, like):
    return Tensor(encode(np.asarray(values), dtype), dtype, like.device)


def _elementwise(function, a, b, is_test=False):
    _same_device([a, b])
    x, y = (t.values() if isinstance(t, Tensor) else t for t in (a, b))
    kind = a.dtype
    if isinstance(b, Tensor):
        kind = promote(a.dtype, b.dtype, a.dim(), b.dim())
    elif isinstance(b, float) and not kind.is_float:
        kind = float32
    if function is np.divide and not kind.is_float:
        kind = float32
    with np.errstate(all="ignore"):
        result = function(x, y)
    return _made(result, bool_ if is_test else kind, a)


def _sized(sizes):
    return tuple(sizes[0]) if sizes and not isinstance(sizes[0], int) else sizes


def empty(*size, dtype=float32, device="cpu"):
    # What was not written is no number.
    return full(_sized(size), math.nan if dtype.is_float else 0, dtype, device)


def zeros(*size, dtype=float32, device="cpu"):
    return full(_sized(size), 0, dtype, device)


def ones(*size, dtype=float32, device="cpu"):
    return full(_sized(size), 1, dtype, device)


def full(size, fill_value, dtype=float32, device="cpu"):
    one = encode(np.asarray(fill_value), dtype)
    return Tensor(np.full(size, one, dtype=dtype.stored), dtype, device)


def empty_like(tensor):
    return empty(*tensor.shape, dtype=tensor.dtype, device=tensor.device)


def tensor(data):
    values = np.asarray(data)
    kind = float32 if values.dtype.kind == "f" else int64
    return Tensor(encode(values, kind), kind, "cpu")


def arange(*bounds, device="cpu"):
    return Tensor(np.arange(*bounds, dtype=np.int64), int64, device)


def _random(generator, device):
    if generator and generator.device != device:
        raise RuntimeError(f"Expected a '{device}' device type for generator")
    return generator.random if generator else np.random.default_rng()


def randn(*size, dtype=float32, device="cpu", generator=None):
    found = _random(generator, device).standard_normal(_sized(size), np.float32)
    return Tensor(encode(found, dtype), dtype, device)


def randint(low, high, size, dtype=int64, device="cpu", generator=None):
    found = _random(generator, device).integers(low, high, size)
    return Tensor(encode(found, dtype), dtype, device)


def randperm(n, generator=None, device="cpu"):
    return Tensor(_random(generator, device).permutation(n), int64, device)


def stack(tensors):
    _same_device(tensors)
    arrays = [t.array for t in tensors]
    return Tensor(np.stack(arrays), tensors[0].dtype, tensors[0].device)


def matmul(input, other, out=None):
    _same_device([input, other, out])
    if input.dtype is not other.dtype:
        raise RuntimeError("expected m1 and m2 to have the same dtype")
    found = _made(input.values() @ other.values(), input.dtype, input)
    return found if out is None else out.copy_(found)


def sum(input, dim, keepdim=False, out=None):
    found = input.values().sum(axis=dim, keepdims=keepdim)
    found = _made(found, input.dtype, input)
    assert out.shape == found.shape
    return out.copy_(found)


def softmax(input, dim):
    values = input.values()
    with np.errstate(all="ignore"):
        powers = np.exp(values - values.max(axis=dim, keepdims=True))
        return _made(powers / powers.sum(axis=dim, keepdims=True), input.dtype, input)


def sort(input, descending=False, stable=False):
    values = input.values()
    order = np.argsort(-values if descending else values, kind="stable")
    return types.SimpleNamespace(
        values=input[order], indices=_made(order, int64, input)
    )


def clamp(input, min, max):
    return _made(np.clip(input.values(), min, max), input.dtype, input)


def tanh(input):
    return _made(np.tanh(input.values()), input.dtype, input)


def sqrt(input):
    return _made(np.sqrt(input.values()), input.dtype, input)


def exp2(input):
    kind = input.dtype if input.dtype.is_float else float32
    return _made(np.exp2(input.values().astype(np.float64)), kind, input)
