"""Compiled functions: what attn-compile made, called through Abi.h."""

import ctypes
import gzip
import json
import math
import os
import shutil

from abi import DTYPE_CODES, MAX_RANK, Exec, Tensor

_ERROR_DEVICE = 12


class CallError(Exception):
    """A compiled function refused a call, or a launch failed."""


def unpacked(path, folder):
    """The path of an object, which may be compressed: text for a driver's compiler is
    most of it."""
    if not path.endswith(".gz"):
        return path
    target = os.path.join(folder, os.path.basename(path)[: -len(".gz")])
    if not os.path.exists(target):
        with gzip.open(path) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
    return target


class Shape:
    """What is asked of a tensor here, without memory: to ask a function whether it
    takes such a call."""

    def __init__(self, sizes):
        self.shape = tuple(sizes)

    def dim(self):
        return len(self.shape)

    def size(self, i):
        return self.shape[i]

    def stride(self, i):
        return math.prod(self.shape[i + 1 :])

    def data_ptr(self):
        return None


def describe(tensor, dtype):
    """attn_tensor of a torch tensor, or of a Shape."""
    if tensor.dim() > MAX_RANK:
        raise CallError(f"a tensor of rank {tensor.dim()}")
    described = Tensor(tensor.data_ptr(), DTYPE_CODES[dtype], tensor.dim())
    for i in range(tensor.dim()):
        described.sizes[i], described.strides[i] = tensor.size(i), tensor.stride(i)
    return described


class Function:
    """The function `attention` of a shared object, on a device; without one it can
    be asked, not called."""

    def __init__(self, path, device=None):
        self.device = device
        self.library = ctypes.CDLL(path)
        for name in ("attn_status_string", "attention_explain", "attn_manifest"):
            getattr(self.library, name).restype = ctypes.c_char_p
        self.exec = Exec(stream=device.stream if device else None)
        if device and not device.is_gpu:
            # The provider of threads that attn-compile links into every .so.
            self.library.attn_openmp_exec(
                ctypes.byref(self.exec), ctypes.c_int(device.threads)
            )

    def manifest(self):
        return json.loads(self.library.attn_manifest())

    def _check(self, status, args, results=None, count=0):
        if not status:
            return
        why = None
        if status == _ERROR_DEVICE:
            explain = self.library.attn_gpu_error
            explain.restype = ctypes.c_char_p
            why = explain()
        why = why or self.library.attention_explain(args, len(args), results, count)
        why = why or self.library.attn_status_string(status)
        raise CallError(f"status {status}: {why.decode()}")

    def sizes(self, arrays):
        """(sizes of the result, bytes of workspace) for these [(tensor, type)]."""
        args = (Tensor * len(arrays))(*(describe(a, t) for a, t in arrays))
        results = (Tensor * 1)()
        shapes = self.library.attention_result_shapes
        self._check(shapes(args, len(args), results, 1), args)
        size = ctypes.c_size_t()
        workspace_bytes = self.library.attention_workspace_bytes
        self._check(
            workspace_bytes(
                args, len(args), ctypes.byref(self.exec), ctypes.byref(size)
            ),
            args,
        )
        return tuple(results[0].sizes[: results[0].rank]), size.value

    def bind(self, arrays, result, workspaces):
        """A callable that enqueues one call on these [(tensor, type)] and (tensor,
        type), and returns the tensor of the result. Calls of one stream that need
        as much share a workspace of `workspaces`."""
        shape, size = self.sizes(arrays)
        if shape != tuple(result[0].shape):
            raise CallError(f"a result of {shape}, expected {tuple(result[0].shape)}")
        args = (Tensor * len(arrays))(*(describe(a, t) for a, t in arrays))
        results = (Tensor * 1)(describe(*result))
        if size not in workspaces:
            workspaces[size] = self.device.bytes(size)
        workspace = workspaces[size]
        call = (args, len(args), results, 1)
        call += (ctypes.c_void_p(workspace.data_ptr()), ctypes.c_size_t(size))
        call += (ctypes.byref(self.exec),)
        function = self.library.attention
        # Keeps what the call points into.
        kept = (arrays, result, workspace)

        def run(_kept=kept):
            status = function(*call)
            if status:
                self._check(status, args, results, 1)
            return result[0]

        return run
