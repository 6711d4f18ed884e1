"""The structures of include/attn/Runtime/Abi.h."""

import ctypes

MAX_RANK = 8
DTYPE_CODES = {"f32": 1, "f16": 2, "bf16": 3, "f8E4M3FN": 5, "bool": 7}
DTYPE_CODES |= {"i8": 8, "i32": 10, "i64": 11}


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("dtype", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("sizes", ctypes.c_int64 * MAX_RANK),
        ("strides", ctypes.c_int64 * MAX_RANK),
    ]


class Exec(ctypes.Structure):
    _fields_ = [
        ("ctx", ctypes.c_void_p),
        ("parallel_for", ctypes.c_void_p),
        ("num_threads", ctypes.c_int32),
        ("stream", ctypes.c_void_p),
    ]
