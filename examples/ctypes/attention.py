#!/usr/bin/env python3
"""Calls a shared object of attn-compile from Python, with numpy and ctypes alone.

    attn-compile examples/causal_gqa.mlir -o causal_gqa.so
    python3 examples/ctypes/attention.py causal_gqa.so

`Library` is all there is to it: what the functions take comes from the manifest
in the object, shapes and workspace from the functions themselves.
"""

import ctypes
import json
import os
import sys

import numpy as np

MAX_RANK = 8


class Tensor(ctypes.Structure):
    """attn_tensor of Abi.h."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("dtype", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("sizes", ctypes.c_int64 * MAX_RANK),
        ("strides", ctypes.c_int64 * MAX_RANK),
    ]

    @classmethod
    def of(cls, array, dtype):
        """Describes an array, whose rows may lie anywhere."""
        tensor = cls(array.ctypes.data, dtype, array.ndim)
        for d in range(array.ndim):
            tensor.sizes[d] = array.shape[d]
            tensor.strides[d] = array.strides[d] // array.itemsize
        return tensor


Body = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
ParallelFor = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int64, Body, ctypes.c_void_p
)


class Exec(ctypes.Structure):
    """attn_exec of Abi.h."""

    _fields_ = [
        ("ctx", ctypes.c_void_p),
        ("parallel_for", ParallelFor),
        ("num_threads", ctypes.c_int32),
        ("stream", ctypes.c_void_p),
    ]


class Library:
    """The functions of a shared object, by name."""

    # numpy has no bf16 and no 8-bit floats: their bits are integers here.
    NUMPY_TYPES = {
        "f32": np.float32, "f16": np.float16, "bf16": np.uint16,
        "f64": np.float64, "f8E4M3FN": np.uint8, "f8E5M2": np.uint8,
        "i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32,
        "i64": np.int64, "index": np.int64, "ui8": np.uint8,
    }  # fmt: skip

    def __init__(self, path):
        self.lib = ctypes.CDLL(os.path.abspath(path))
        self.lib.attn_manifest.restype = ctypes.c_char_p
        self.lib.attn_status_string.restype = ctypes.c_char_p
        self.manifest = json.loads(self.lib.attn_manifest())
        if self.lib.attn_abi_version() != 1:
            raise RuntimeError(f"{path} follows another version of Abi.h")
        self.functions = {f["name"]: f for f in self.manifest["functions"]}

    def openmp(self, num_threads=0):
        """Threads of OpenMP, all of them by default."""
        threads = Exec()
        self.lib.attn_openmp_exec(ctypes.byref(threads), num_threads)
        return threads

    def call(self, name, *arguments, threads=None):
        """Calls a function; one result, or a tuple of them."""
        function = self.functions[name]
        arrays = [
            np.asarray(value, self.NUMPY_TYPES[parameter["element"]])
            for value, parameter in zip(arguments, function["arguments"])
        ]
        args = (Tensor * len(arguments))(
            *(
                Tensor.of(array, parameter["dtype"])
                for array, parameter in zip(arrays, function["arguments"])
            )
        )
        parameters = function["results"]
        results = (Tensor * len(parameters))()
        n_args, n_results = len(args), len(results)
        run = ctypes.byref(threads) if threads else None

        def check(status):
            if status == 0:
                return
            explain = getattr(self.lib, name + "_explain")
            explain.restype = ctypes.c_char_p
            why = explain(args, n_args, None, 0)
            why = why or self.lib.attn_status_string(status)
            raise ValueError(f"{name}: {why.decode()}")

        shapes = getattr(self.lib, name + "_result_shapes")
        check(shapes(args, n_args, results, n_results))
        outputs = []
        for i, parameter in enumerate(parameters):
            shape = results[i].sizes[: results[i].rank]
            output = np.empty(shape, self.NUMPY_TYPES[parameter["element"]])
            results[i] = Tensor.of(output, parameter["dtype"])
            outputs.append(output)

        size = ctypes.c_size_t()
        workspace_bytes = getattr(self.lib, name + "_workspace_bytes")
        check(workspace_bytes(args, n_args, run, ctypes.byref(size)))
        workspace = np.empty(size.value, np.uint8)
        entry = getattr(self.lib, name)
        check(
            entry(
                args, n_args, results, n_results,
                ctypes.c_void_p(workspace.ctypes.data), size, run,
            )  # fmt: skip
        )
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


def causal_attention(query, key, value):
    """The same in numpy, in f64."""
    group = query.shape[1] // key.shape[1]
    key, value = (np.repeat(x, group, axis=1) for x in (key, value))
    scores = query.astype(np.float64) @ key.swapaxes(2, 3)
    scores /= np.sqrt(query.shape[3])
    hidden = np.arange(key.shape[2]) > np.arange(query.shape[2])[:, None]
    scores = np.where(hidden, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=3, keepdims=True))
    return weights / weights.sum(axis=3, keepdims=True) @ value


def main():
    library = Library(sys.argv[1])
    random = np.random.default_rng(0)
    # Sequences before heads, as many programs have them: views, not copies.
    query, key, value = (
        random.standard_normal((2, 100, heads, 64), np.float32).swapaxes(1, 2)
        for heads in (8, 2, 2)
    )
    expected = causal_attention(query, key, value)
    for threads in (None, library.openmp(), library.openmp(2)):
        output = library.call("causal_gqa", query, key, value, threads=threads)
        error = np.abs(output - expected).max()
        number = threads.num_threads if threads else 1
        print(f"{output.shape} on {number} threads, largest error {error:.1e}")
        assert error < 1e-5
    try:
        library.call("causal_gqa", query, key, value[:, :, 1:])
    except ValueError as error:
        print(f"refused: {error}")


if __name__ == "__main__":
    main()
