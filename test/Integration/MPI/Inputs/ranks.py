"""libattn_comm_mpi.so for tests in Python: attn_comm of Comm.h, and who we are."""

import ctypes
import os
import sys

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


class Ranks:
    """All ranks, as one of them: `with Ranks(folder of the library) as ranks`."""

    def __init__(self, folder):
        self.lib = ctypes.CDLL(os.path.join(folder, "libattn_comm_mpi.so"))
        self.pointer = ctypes.POINTER(Comm)()

    def __enter__(self):
        assert self.lib.attn_comm_mpi_create(None, ctypes.byref(self.pointer)) == 0
        self.comm = self.pointer.contents
        self.rank, self.size = self.comm.rank, self.comm.size
        return self

    def __exit__(self, kind, *_):
        if kind is not None:  # others may be waiting: mpirun ends them
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        self.comm.destroy(self.pointer)
        assert self.lib.attn_comm_mpi_finalize() == 0

    def counted(self):
        """(messages, bytes) since it was asked last."""
        counts = self.comm.messages, self.comm.bytes
        self.comm.messages = self.comm.bytes = 0
        return counts
