"""Calls a function of an attn-compile'd shared object in memory that bites.

Every tensor and the workspace, exactly as large as the object asks for, end (or
begin) at a page that cannot be touched, so that going beyond any of them ends
the process. The workspace holds NaNs before the call. Before the call that
counts, one with a byte of workspace less has to be refused and write nothing.
"""

import argparse
import ctypes
import mmap
import os
import sys
import threading

import numpy as np

ERROR_WORKSPACE = 8
MAX_RANK = 8

# attn_dtype by MLIR type, and how numpy stores it.
DTYPES = {
    "f32": (1, np.float32),
    "f16": (2, np.float16),
    "bf16": (3, np.uint16),
    "f64": (4, np.float64),
    "f8E4M3FN": (5, np.uint8),
    "f8E5M2": (6, np.uint8),
    "i1": (7, np.bool_),
    "i8": (8, np.int8),
    "i16": (9, np.int16),
    "i32": (10, np.int32),
    "i64": (11, np.int64),
    "index": (11, np.int64),
}
STORED = {code: dtype for code, dtype in DTYPES.values()}


class AttnTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("dtype", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("sizes", ctypes.c_int64 * MAX_RANK),
        ("strides", ctypes.c_int64 * MAX_RANK),
    ]


LOOP_BODY = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
)
PARALLEL_FOR = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int64, LOOP_BODY, ctypes.c_void_p
)


class AttnExec(ctypes.Structure):
    _fields_ = [
        ("ctx", ctypes.c_void_p),
        ("parallel_for", PARALLEL_FOR),
        ("num_threads", ctypes.c_int32),
        ("stream", ctypes.c_void_p),
    ]


LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3
LIBC.mmap.argtypes += [ctypes.c_long]
LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def guarded(num_bytes, at_end):
    """The address of `num_bytes` between which and a dead page nothing is."""
    page = mmap.PAGESIZE
    whole = -(-num_bytes // page) * page
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    base = LIBC.mmap(None, whole + 2 * page, 3, flags, -1, 0)
    assert base and base != ctypes.c_void_p(-1).value, "no memory"
    assert LIBC.mprotect(base, page, 0) == 0
    assert LIBC.mprotect(base + page + whole, page, 0) == 0
    return base + page + (whole - num_bytes if at_end else 0)


def view(address, shape, dtype):
    """Memory at `address` as an array."""
    count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if count == 0:
        return np.empty(shape, dtype)
    memory = (ctypes.c_char * count).from_address(address)
    return np.frombuffer(memory, dtype).reshape(shape)


def tensor(code, shape, at_end, padded=False):
    """An attn_tensor of its own memory, and the array that is it.

    `padded` rows are farther apart than they are long.
    """
    dtype = STORED[code]
    memory_shape = list(shape)
    if padded and len(shape) > 1:
        memory_shape[-1] += 3
    result = AttnTensor(dtype=code, rank=len(shape))
    stride = 1
    for axis in reversed(range(len(shape))):
        result.sizes[axis] = shape[axis]
        result.strides[axis] = stride
        stride *= memory_shape[axis]
    count = 0 if 0 in shape else 1
    if count:
        count += sum((n - 1) * s for n, s in zip(shape, result.strides))
    # The padding after the last row is not there.
    result.data = guarded(count * np.dtype(dtype).itemsize, at_end)
    strides = [result.strides[a] * np.dtype(dtype).itemsize for a in range(len(shape))]
    flat = view(result.data, (count,), dtype)
    array = np.lib.stride_tricks.as_strided(flat, shape, strides)
    return result, array


def make_exec(threads):
    """An attn_exec that runs bodies on threads of Python."""

    def parallel_for(_, n, body, args):
        left = iter(range(n))
        lock = threading.Lock()

        def work(thread):
            while True:
                with lock:
                    index = next(left, None)
                if index is None:
                    return
                body(args, index, thread)

        workers = [
            threading.Thread(target=work, args=(t,)) for t in range(1, threads)
        ]
        for worker in workers:
            worker.start()
        work(0)
        for worker in workers:
            worker.join()

    function = PARALLEL_FOR(parallel_for)
    return AttnExec(parallel_for=function, num_threads=threads), function


def check(library, name, status):
    if status == 0:
        return
    say = library.attn_status_string
    say.restype = ctypes.c_char_p
    raise SystemExit(f"{name}: status {status}: {say(status).decode()}")


def call(path, name, inputs, threads, at_end, padded=False):
    """The results of `name` as arrays; `inputs` are (dtype code, array)."""
    library = ctypes.CDLL(os.path.abspath(path))
    arguments = (AttnTensor * max(len(inputs), 1))()
    for i, (code, array) in enumerate(inputs):
        arguments[i], memory = tensor(code, array.shape, at_end, padded)
        memory[...] = array
    results = (AttnTensor * MAX_RANK)()
    shapes = getattr(library, f"{name}_result_shapes")
    count = 0
    while count < MAX_RANK:
        count += 1
        status = shapes(arguments, len(inputs), results, count)
        if status != 1:  # ATTN_ERROR_ARGUMENT_COUNT
            break
    check(library, f"{name}_result_shapes", status)
    arrays = []
    for i in range(count):
        shape = [results[i].sizes[d] for d in range(results[i].rank)]
        results[i], array = tensor(results[i].dtype, shape, at_end, padded)
        array.view(np.uint8 if array.dtype == np.bool_ else array.dtype)[...] = 5
        arrays.append(array)

    executor, _keep = make_exec(threads)
    run = None if threads == 0 else ctypes.byref(executor)
    needed = ctypes.c_size_t(0)
    ask = getattr(library, f"{name}_workspace_bytes")
    check(
        library,
        f"{name}_workspace_bytes",
        ask(arguments, len(inputs), run, ctypes.byref(needed)),
    )

    def invoke(num_bytes):
        workspace = guarded(num_bytes, at_end)
        ctypes.memset(workspace, 0xFF, num_bytes)
        function = getattr(library, name)
        return function(
            arguments,
            len(inputs),
            results,
            count,
            ctypes.c_void_p(workspace),
            ctypes.c_size_t(num_bytes),
            run,
        )

    if needed.value:
        status = invoke(needed.value - 1)
        assert status == ERROR_WORKSPACE, f"a byte too few: status {status}"
        for array in arrays:
            assert (array == 5).all() or array.dtype == np.bool_, "written"
    check(library, name, invoke(needed.value))
    return arrays, needed.value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("function")
    parser.add_argument("--threads", type=int, default=1, help="0 is no attn_exec")
    parser.add_argument("--guard", choices=["start", "end"], default="end")
    parser.add_argument("--padded", action="store_true")
    parser.add_argument("--input", action="append", default=[], help="TYPE@F.npy")
    parser.add_argument("--output", action="append", default=[], help="F.npy")
    parser.add_argument("--expect", action="append", default=[], help="F.npy")
    options = parser.parse_args()
    inputs = []
    for text in options.input:
        name, _, path = text.partition("@")
        code, dtype = DTYPES[name]
        inputs.append((code, np.load(path).view(dtype)))
    results, num_bytes = call(
        options.library,
        options.function,
        inputs,
        options.threads,
        options.guard == "end",
        options.padded,
    )
    for path, array in zip(options.output, results):
        np.save(path, array)
    for number, (path, array) in enumerate(zip(options.expect, results)):
        # Splits of keys depend on the threads, and sums on splits.
        bound = {2: 2e-3, 4: 1e-5, 8: 1e-12}[array.dtype.itemsize]
        wanted = np.load(path).astype(np.float64)
        error = np.abs(array - wanted) / (1 + np.abs(wanted))
        assert error.shape == array.shape and (error <= bound).all(), (
            f"{options.function}: result {number} is off by up to {error.max()}"
        )
    print(f"{options.function}: {num_bytes} bytes of workspace", file=sys.stderr)


if __name__ == "__main__":
    main()
