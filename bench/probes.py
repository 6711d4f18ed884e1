"""The limits of the machine."""

import ctypes
import hashlib
import math
import os
import shutil
import subprocess

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probes.c")
# What one call of a register probe computes: some milliseconds.
ITERATIONS = 400_000
# A read of small buffers is repeated for as long.
READ_SECONDS = 0.004
# A piece of a buffer that one thread reads at a time.
PIECE = 1 << 20


class ProbeError(Exception):
    pass


class _Span(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("bytes", ctypes.c_int64)]


def _compiler():
    for name in (os.environ.get("CC"), "clang-22", "/usr/lib/llvm-22/bin/clang", "cc"):
        if name and shutil.which(name):
            return name
    raise ProbeError("no C compiler for bench/probes.c; set CC")


def _library(cache):
    compiler = _compiler()
    flags = ["-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC"]
    with open(SOURCE, "rb") as file:
        key = hashlib.sha256(file.read() + " ".join([compiler, *flags]).encode())
    path = os.path.join(cache, f"probes-{key.hexdigest()[:16]}.so")
    if not os.path.exists(path):
        temporary = f"{path}.{os.getpid()}"
        done = subprocess.run(
            [compiler, *flags, SOURCE, "-o", temporary, "-lpthread"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ProbeError(f"{compiler} cannot compile bench/probes.c\n{done.stderr}")
        os.replace(temporary, path)
    return ctypes.CDLL(path)


class Probes:
    """The probes, on any number of threads."""

    def __init__(self, cache, clock="wall"):
        self.library = _library(cache)
        self.library.bench_use_cpu_clock(int(clock == "cpu"))
        self.library.bench_pool_create.restype = ctypes.c_void_p
        for name in ("bench_fma", "bench_bf16_dot"):
            getattr(self.library, name).restype = ctypes.c_double
            getattr(self.library, name).argtypes = [ctypes.c_void_p, ctypes.c_int64]
        self.library.bench_read.restype = ctypes.c_double
        self.library.bench_read.argtypes = [
            ctypes.c_void_p,
            ctypes.POINTER(_Span),
            ctypes.c_int64,
        ]
        self.pools = {}

    def pool(self, threads):
        """A pool of so many threads, made once."""
        if threads not in self.pools:
            pool = self.library.bench_pool_create(threads)
            if not pool:
                raise ProbeError(f"cannot start {threads} threads")
            self.pools[threads] = pool
        return self.pools[threads]

    def fma(self, threads):
        """f32 multiply-adds, GFLOP/s."""
        return self.library.bench_fma(self.pool(threads), ITERATIONS)

    def bf16_dot(self, threads):
        """bf16 dot products, GFLOP/s; 0 where the processor has none."""
        return self.library.bench_bf16_dot(self.pool(threads), ITERATIONS)

    def reader(self, arrays, threads):
        """A callable: reads all of `arrays`, small ones several times; GB/s."""
        pieces = []
        for array in arrays:
            for at in range(0, array.nbytes, PIECE):
                size = min(PIECE, array.nbytes - at)
                pieces.append(_Span(array.ctypes.data + at, size))
        spans = (_Span * len(pieces))(*pieces)
        total = sum(array.nbytes for array in arrays)
        pool = self.pool(threads)

        def read():
            return self.library.bench_read(pool, spans, len(pieces))

        read()  # touches the pages
        times = min(max(math.ceil(READ_SECONDS / read()), 1), 1000)
        return lambda: 1e-9 * total * times / sum(read() for _ in range(times))
