"""volume.py LIB SRC: what ranks count in merges, against the formula of the scaling
model. Run by every rank."""

import os
import sys

import numpy as np
from ranks import Ranks

sys.path.insert(0, os.path.join(sys.argv[2], "bench"))
import scaling  # noqa: E402

ALGOS = ("tree", "allgather", "allreduce")
TYPES = {"f32": (1, np.float32), "f64": (4, np.float64)}
PAYLOADS = {"f32": 1, "bf16": 3, "": 0}


def merge(ranks, algo, name, payload, rows, width):
    """Merges, checks what was counted, and that equal parts give their mean."""
    dtype, numpy_type = TYPES[name]
    element = np.dtype(numpy_type).itemsize
    o, lse = np.ones((rows, width), numpy_type), np.zeros(rows, numpy_type)
    status = ranks.comm.merge(
        ranks.pointer, o.ctypes.data, lse.ctypes.data, rows, width,
        dtype, ALGOS.index(algo), -1, PAYLOADS[payload],
    )  # fmt: skip
    assert status == 0, (algo, name, payload, status)
    size = {"f32": 4, "bf16": 2, "": element}[payload]
    expected = scaling.counted(algo, ranks.size, rows, width, size, element)
    got = ranks.counted()
    assert got == expected, (algo, name, payload, got, expected)
    assert np.allclose(o, 1) and np.allclose(lse, np.log(ranks.size))


with Ranks(sys.argv[1]) as ranks:
    model, cases = scaling.Model(), 0
    for query in (1, 3):
        for name in TYPES:
            for payload in PAYLOADS:
                if (name, payload) == ("f64", "f32"):
                    continue
                for algo in ALGOS:
                    rows = query * model.heads
                    merge(ranks, algo, name, payload, rows, model.head_dim)
                    cases += 1
    if ranks.rank == 0:
        print(f"{ranks.size} ranks: {cases} merges count what the formula says")
