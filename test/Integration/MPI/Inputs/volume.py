"""volume.py LIB SRC: what ranks count in merges, against the formula of the scaling
model. Run by every rank."""

import ctypes
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(sys.argv[2], "bench"))
import scaling  # noqa: E402

ALGOS = ("tree", "allgather", "allreduce")
TYPES = {"f32": (1, np.float32), "f64": (4, np.float64)}
PAYLOADS = {"f32": 1, "bf16": 3, "": 0}
POINTER = ctypes.c_void_p


class Comm(ctypes.Structure):
    pass


MERGE = ctypes.CFUNCTYPE(
    ctypes.c_int32,
    ctypes.POINTER(Comm),
    POINTER,
    POINTER,
    ctypes.c_int64,
    ctypes.c_int64,
    *[ctypes.c_int32] * 4,
)
# attn_comm of Comm.h.
Comm._fields_ = [
    ("version", ctypes.c_int32),
    ("struct_bytes", ctypes.c_int32),
    ("ctx", POINTER),
    ("rank", ctypes.c_int32),
    ("size", ctypes.c_int32),
    ("merge", MERGE),
    ("barrier", POINTER),
    ("gather", POINTER),
    ("broadcast", POINTER),
    ("error_string", POINTER),
    ("destroy", ctypes.CFUNCTYPE(None, ctypes.POINTER(Comm))),
    ("messages", ctypes.c_int64),
    ("bytes", ctypes.c_int64),
]

lib = ctypes.CDLL(os.path.join(sys.argv[1], "libattn_comm_mpi.so"))
comm = ctypes.POINTER(Comm)()
assert lib.attn_comm_mpi_create(None, ctypes.byref(comm)) == 0
ranks = comm.contents.size
cases = 0
model = scaling.Model()
for query in (1, 3):
    rows, width = query * model.heads, model.head_dim
    for name, (dtype, numpy_type) in TYPES.items():
        for payload, payload_code in PAYLOADS.items():
            if name == "f64" and payload == "f32":
                continue
            for code, algo in enumerate(ALGOS):
                o = np.ones((rows, width), numpy_type)
                lse = np.zeros(rows, numpy_type)
                comm.contents.messages = comm.contents.bytes = 0
                status = comm.contents.merge(
                    comm, o.ctypes.data, lse.ctypes.data, rows, width,
                    dtype, code, -1, payload_code,
                )  # fmt: skip
                assert status == 0, (algo, name, payload, status)
                element = np.dtype(numpy_type).itemsize
                size = {"f32": 4, "bf16": 2, "": element}[payload]
                expected = scaling.counted(algo, ranks, rows, width, size, element)
                got = comm.contents.messages, comm.contents.bytes
                assert got == expected, (algo, name, payload, got, expected)
                # lse of `ranks` equal parts.
                assert np.allclose(o, 1) and np.allclose(lse, np.log(ranks))
                cases += 1
rank = comm.contents.rank
comm.contents.destroy(comm)
assert lib.attn_comm_mpi_finalize() == 0
if rank == 0:
    print(f"{ranks} ranks: {cases} merges count what the formula says")
