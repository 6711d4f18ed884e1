"""Our contender: MLIR text, attn-compile, and a call through Abi.h."""

import ctypes
import hashlib
import os
import shutil
import subprocess

import numpy as np

import texts
from abi import DTYPE_CODES, Exec, Tensor
from contender import Contender
from shapes import DTYPES, MODIFIERS


class CompileError(Exception):
    pass


def sparq_text(case):
    """The function `attention` of a decode step with SparQ's state as arguments."""
    t, d = case.dtype, case.head_dim
    q = f"tensor<?x{case.heads}x1x{d}x{t}>"
    k = f"tensor<?x{case.kv_heads}x?x{d}x{t}>"
    clauses, state = texts.sparq(case, DTYPES[t])
    arguments = [("%q", q), ("%k", k), ("%v", k), *state]
    signature = ", ".join(f"{name}: {kind}" for name, kind in arguments)
    types = ", ".join(kind for _, kind in arguments)
    return f"""func.func @attention({signature}) -> {q} {{
  %out = attn.sparq %q, %k, %v {clauses}
    : ({types}) -> {q}
  return %out : {q}
}}
"""


def merge_text(case):
    """The function `attention` that joins the partial results of a decode step."""
    rows = f"{case.parts}x{case.batch}x{case.heads}x1"
    o, lse = f"tensor<{rows}x{case.head_dim}xf32>", f"tensor<{rows}xf32>"
    out = f"tensor<{case.batch}x{case.heads}x1x{case.head_dim}x{case.dtype}>"
    return f"""func.func @attention(%o: {o}, %lse: {lse}) -> {out} {{
  %empty = tensor.empty() : {out}
  %out = attn.merge ins(%o lse %lse) along(0) outs(%empty)
    : ({o}, {lse}, {out}) -> {out}
  return %out : {out}
}}
"""


def tile_text(case):
    """The function `attention` of many small problems: lengths are static, as
    those of the blocks of a Block Transformer are."""
    t, d = case.dtype, case.head_dim
    q = f"tensor<?x{case.heads}x{case.seq_q}x{d}x{t}>"
    k = f"tensor<?x{case.kv_heads}x{case.seq_kv}x{d}x{t}>"
    causal = " causal" if case.causal else ""
    return f"""func.func @attention(%q: {q}, %k: {k}, %v: {k}) -> {q} {{
  %out = attn.sdpa %q, %k, %v{causal} : ({q}, {k}, {k}) -> {q}
  return %out : {q}
}}
"""


def module_text(case):
    """The function `attention` of a case: batch and lengths are dynamic, so
    one compiled function serves every length of a configuration."""
    if case.kind == "sparq":
        return sparq_text(case)
    if case.kind == "block-score":
        return tile_text(case)
    t = case.dtype
    q = f"tensor<?x{case.heads}x?x{case.head_dim}x{t}>"
    k = f"tensor<?x{case.kv_heads}x?x{case.head_dim}x{t}>"
    extra, extra_types, clauses = [], [], ""
    if case.modifier == "window":
        clauses += f" window({MODIFIERS['window']}, 0)"
    elif case.kind == "star":
        clauses += f" causal block_size({case.block_size})"
        clauses += f" anchor_size({case.anchor_size})"
    elif case.causal:
        clauses += " causal"
    if case.modifier == "softcap":
        clauses += f" softcap({MODIFIERS['softcap']}.0)"
    if case.modifier == "bias":
        extra.append(("%bias", f"tensor<1x{case.heads}x?x?x{t}>"))
        clauses += " bias(%bias)"
        extra_types.append(extra[-1][1])
    if case.modifier == "mask":
        extra.append(("%mask", "tensor<1x1x?x?xi1>"))
        clauses += " mask(%mask)"
        extra_types.append(extra[-1][1])
    if case.modifier == "alibi":
        slopes, region = texts.alibi(case.heads)
        extra.append(("%slopes", slopes))
        clauses += region
    arguments = [("%q", q), ("%k", k), ("%v", k), *extra]
    signature = ", ".join(f"{name}: {kind}" for name, kind in arguments)
    return f"""func.func @attention({signature}) -> {q} {{
  %out = attn.{"star" if case.kind == "star" else "sdpa"} %q, %k, %v{clauses}
    : ({", ".join([q, k, k, *extra_types])}) -> {q}
  return %out : {q}
}}
"""


def _tensor(array, dtype):
    tensor = Tensor(array.ctypes.data, DTYPE_CODES[dtype], array.ndim)
    for i in range(array.ndim):
        tensor.sizes[i] = array.shape[i]
        tensor.strides[i] = array.strides[i] // array.itemsize
    return tensor


class Compiler:
    """attn-compile, with a cache of what it made for the same text."""

    def __init__(self, tool, cache):
        self.tool, self.cache = shutil.which(tool) or tool, cache
        self.libraries = {}
        self.failures = {}
        try:
            state = os.stat(self.tool)
        except OSError as error:
            raise CompileError(
                f"cannot run {tool}: {error.strerror}; build it with "
                "`ninja -C build attn-compile` or name it with --attn-compile"
            ) from error
        self.stamp = f"{self.tool} {state.st_mtime_ns} {state.st_size}"

    def load(self, text):
        """The library of a module."""
        key = hashlib.sha256((self.stamp + text).encode()).hexdigest()[:16]
        if key in self.libraries:
            return self.libraries[key]
        source = os.path.join(self.cache, f"attention-{key}.mlir")
        library = os.path.join(self.cache, f"attention-{key}.so")
        if key in self.failures:
            raise CompileError(self.failures[key])
        if not os.path.exists(library):
            with open(source, "w") as file:
                file.write(text)
            done = subprocess.run(
                [self.tool, source, "-o", library, "--mcpu=native"],
                capture_output=True,
                text=True,
                timeout=300,
            )
            if done.returncode:
                lines = [e for e in done.stderr.splitlines() if "error" in e]
                reason = lines[0] if lines else f"exit code {done.returncode}"
                self.failures[key] = f"attn-compile {source}: {reason}"
                raise CompileError(self.failures[key])
        self.libraries[key] = ctypes.CDLL(library)
        return self.libraries[key]


class Function:
    """The compiled function `attention` of a module, on a number of threads."""

    def __init__(self, compiler, text, threads):
        self.library = compiler.load(text)
        self.library.attention_explain.restype = ctypes.c_char_p
        # The provider that attn-compile links into every .so.
        self.exec = Exec()
        self.library.attn_openmp_exec(ctypes.byref(self.exec), threads)
        self.workspaces = {}  # calls that need as much share one

    def bind(self, arrays, result):
        """A callable: one call on these [(array, type)] and (array, type)."""
        args = (Tensor * len(arrays))(*(_tensor(a, t) for a, t in arrays))
        results = (Tensor * 1)(_tensor(*result))
        exec_ = ctypes.byref(self.exec)
        size = ctypes.c_size_t()

        def check(status):
            if status:
                why = self.library.attention_explain(args, len(args), results, 1)
                why = f": {why.decode()}" if why else ""
                raise CompileError(
                    f"the compiled function returned status {status}{why}"
                )

        check(
            self.library.attention_workspace_bytes(
                args, len(args), exec_, ctypes.byref(size)
            )
        )
        workspace = self.workspaces.setdefault(
            size.value, ctypes.create_string_buffer(max(size.value, 1))
        )
        call = (args, len(args), results, 1)
        call += (ctypes.cast(workspace, ctypes.c_void_p), size, exec_)
        function = self.library.attention
        # Keeps what the call points into.
        kept = (arrays, result)

        def run(_kept=kept):
            check(function(*call))

        return run


class Ours(Contender):
    """The compiled function of a case bound to arrays, once for every layer;
    runs take the layers in turns."""

    name = "ours"

    def __init__(self, compiler, case, inputs, threads, text=None):
        """Calls the function of `text`, or of the case."""
        function = Function(compiler, text or module_text(case), threads)
        arrays = inputs.operands(case)
        self.result = np.zeros_like(inputs.query)
        batch = self.result.shape[0]
        self.calls = []
        for at in range(0, inputs.batch, case.batch):
            rows = slice(at, at + case.batch)
            # Modifiers have one array for all layers, of batch 1 or none.
            mine = [
                (a[rows] if a.shape[0] == batch and a.ndim > 1 else a, t)
                for a, t in arrays
            ]
            self.calls.append(function.bind(mine, (self.result[rows], case.dtype)))
        self.at = 0

    def run(self):
        self.calls[self.at]()
        self.at = (self.at + 1) % len(self.calls)

    def output(self):
        return self.result
