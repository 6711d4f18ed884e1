"""The attention of a model by kernels that attn-compile makes.

    use_attend(model, compile_attend(model))

writes one MLIR function for each form of attention in the model, compiles them
into one shared object, and gives them to torch as the operator
`block_transformer::attend`. Tensors are passed as they lie in memory, with their
strides: nothing is copied, a view of a cache is as good as a tensor.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import torch

from .config import VanillaConfig

# torch's name and the number in Abi.h of each element type, by MLIR's name.
DTYPES = {
    "f32": (torch.float32, 1),
    "f16": (torch.float16, 2),
    "bf16": (torch.bfloat16, 3),
    "f64": (torch.float64, 4),
    "i1": (torch.bool, 7),
}
NAMES = {dtype: name for name, (dtype, _) in DTYPES.items()}
CODES = {dtype: code for dtype, code in DTYPES.values()}


@dataclass(frozen=True)
class Function:
    """One form of attention: a function of the module.

    Batch is dynamic, and so are `rows` and `keys` (seq_len_q, seq_len_kv) where
    they are None. Where a decoder's block makes them static and few, the
    compiler keeps all scores of a block and head in registers.
    """

    dtype: str
    num_heads: int
    head_dim: int
    rows: int | None = None
    keys: int | None = None
    causal: bool = False
    masked: bool = False  # i1 [batch, 1, 1, keys], true where a key is visible
    biased: bool = False  # [1, num_heads, rows, keys], added to the scores
    scale: float | None = None  # None: 1 / sqrt(head_dim)

    @property
    def name(self):
        words = ["attend", self.dtype, f"h{self.num_heads}", f"d{self.head_dim}"]
        words += [f"q{self.rows or ''}", f"k{self.keys or ''}"]
        words += [w for w in ("causal", "masked", "biased") if getattr(self, w)]
        if self.scale is not None:
            words.append(f"scale{self.scale:g}".replace(".", "p").replace("-", "m"))
        return "_".join(words)

    def text(self):
        """The function in MLIR."""

        def tensor(*sizes, element=self.dtype):
            return f"tensor<{'x'.join(str(s or '?') for s in sizes)}x{element}>"

        query = tensor(None, self.num_heads, self.rows, self.head_dim)
        key = tensor(None, self.num_heads, self.keys, self.head_dim)
        arguments = [("%query", query), ("%key", key), ("%value", key)]
        clauses = " causal" if self.causal else ""
        if self.masked:
            arguments.append(("%mask", tensor(None, 1, 1, self.keys, element="i1")))
            clauses += " mask(%mask)"
        if self.biased:
            bias = tensor(1, self.num_heads, self.rows, self.keys)
            arguments.append(("%bias", bias))
            clauses += " bias(%bias)"
        if self.scale is not None:
            clauses += f" scale({self.scale!r})"
        parameters = ", ".join(f"{name}: {kind}" for name, kind in arguments)
        types = ", ".join(kind for _, kind in arguments)
        return f"""func.func @{self.name}({parameters}) -> {query} {{
  %output = attn.sdpa %query, %key, %value{clauses}
    : ({types}) -> {query}
  return %output : {query}
}}
"""


def functions_of(config, dtype="f32"):
    """Every form of attention in a model of `config`: scoring and generation."""

    def steps_and_prefill(num_layers_like):
        """Sequences that grow without a bound: prefill and scoring, and steps."""
        return [
            Function(dtype, *num_layers_like, causal=True),
            Function(dtype, *num_layers_like, rows=1),
        ]

    heads = (config.num_heads, config.width // config.num_heads)
    if isinstance(config, VanillaConfig):
        return steps_and_prefill(heads)

    functions = steps_and_prefill(heads)
    functions += [
        Function(dtype, *heads, causal=True, masked=True),
        Function(dtype, *heads, rows=1, masked=True),
    ]

    # The token decoder: all rows of a block at once, or its prefix and then
    # row by row.
    is_cross = config.token_decoder == "cross"
    first = config.prefix_len if config.token_decoder == "prefix" else 1
    last = first + config.block_len - 1
    form = {"biased": True, "scale": 1.0} if is_cross else {}
    for rows in sorted({first, last}):
        functions.append(Function(dtype, *heads, rows, rows, causal=True, **form))
    for keys in range(first + 1, last + 1):
        functions.append(Function(dtype, *heads, 1, keys, **form))
    if is_cross:
        for rows in sorted({1, config.block_len}):
            functions.append(Function(dtype, *heads, rows, config.block_len, scale=1.0))

    if config.embedder != "lookup":
        is_cls = config.embedder == "cls"
        length = config.block_len + (config.num_cls if is_cls else 0)
        heads = (config.encoder_heads, config.encoder_width // config.encoder_heads)
        functions.append(Function(dtype, *heads, length, length, masked=is_cls))
    return functions


def module_text(functions):
    """The module of these functions in MLIR."""
    return "\n".join(function.text() for function in functions)


def find_attn_compile():
    """attn-compile of $ATTN_COMPILE, the PATH, or a build of this tree."""
    build = Path(__file__).resolve().parents[3] / "build" / "bin" / "attn-compile"
    for path in (os.environ.get("ATTN_COMPILE"), shutil.which("attn-compile"), build):
        if path and os.path.exists(path):
            return str(path)
    raise FileNotFoundError(
        "attn-compile is not in PATH; build it (scripts/setup.sh) or set ATTN_COMPILE"
    )


class Tensor(ctypes.Structure):
    """attn_tensor of Abi.h."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("dtype", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("sizes", ctypes.c_int64 * 8),
        ("strides", ctypes.c_int64 * 8),
    ]

    @classmethod
    def of(cls, tensor):
        """Describes a tensor of rank 4 or less as one of rank 4."""
        described = cls(tensor.data_ptr(), CODES[tensor.dtype], 4)
        missing = 4 - tensor.dim()
        described.sizes[:4] = [1] * missing + list(tensor.shape)
        described.strides[:4] = [1] * missing + list(tensor.stride())
        return described


class Exec(ctypes.Structure):
    """attn_exec of Abi.h."""

    _fields_ = [
        ("ctx", ctypes.c_void_p),
        ("parallel_for", ctypes.c_void_p),
        ("num_threads", ctypes.c_int32),
        ("stream", ctypes.c_void_p),
    ]


# What is compiled, by `Function`: (library, name). A process has one operator.
_compiled = {}


def compile_attend(*configs, dtype=torch.float32):
    """An `attend` (see `torch_attend`) for inference by models of these configs."""
    wanted = {f: None for c in configs for f in functions_of(c, NAMES[dtype])}
    missing = [function for function in wanted if function not in _compiled]
    if missing:
        library = _load(module_text(missing))
        for function in missing:
            _compiled[function] = (library, function.name)
    return attend


def _load(text):
    """Compiles a module for this processor and loads it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = (os.path.join(folder, n) for n in ("k.mlir", "k.so"))
        Path(source).write_text(text)
        command = [find_attn_compile(), source, "-o", target, "--mcpu=native"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
        # After torch, so that both have one OpenMP runtime and one pool of threads.
        library = ctypes.CDLL(target)
    if library.attn_abi_version() != 1:
        raise RuntimeError("attn-compile follows another version of Abi.h")
    library.attn_status_string.restype = ctypes.c_char_p
    return library


def attend(query, key, value, *, causal, mask=None, scale=None, bias=None):
    """`torch_attend` by compiled kernels, for tensors on the CPU, without gradients."""
    return _operator(query, key, value, causal, mask, scale, bias)


class Call:
    """A call of a function with tensors of these shapes and strides, prepared."""

    def __init__(self, query, key, value, causal, mask, scale, bias):
        library, name = _find(query, key, value, causal, mask, scale, bias)
        inputs = [x for x in (query, key, value, mask, bias) if x is not None]
        output = new_output(query, value)
        self.args = (Tensor * len(inputs))(*map(Tensor.of, inputs))
        self.results = (Tensor * 1)(Tensor.of(output))
        self.num_args = len(inputs)
        # Views of the structures; indexing the arrays makes new ones each time.
        self.query, self.key, self.value, *self.others = self.args
        self.output = self.results[0]
        self.exec = None
        threads = torch.get_num_threads()
        if threads > 1:
            self.exec = Exec()
            library.attn_openmp_exec(ctypes.byref(self.exec), threads)
        self.run_on = self.exec and ctypes.byref(self.exec)
        self.function = getattr(library, name)
        self.function.argtypes = [
            ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32,
            ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p,
        ]  # fmt: skip
        size = ctypes.c_size_t()
        get_size = getattr(library, name + "_workspace_bytes")
        self.explain = getattr(library, name + "_explain")
        self.explain.restype = ctypes.c_char_p
        self.library = library
        self.check(get_size(self.args, self.num_args, self.run_on, ctypes.byref(size)))
        self.workspace_bytes = size.value

    def check(self, status):
        """Raise what a status means."""
        if status:
            why = self.explain(self.args, self.num_args, self.results, 1)
            why = why or self.library.attn_status_string(status)
            raise ValueError(f"{self.function.__name__}: {why.decode()}")


# Prepared calls, by all that they depend on. A decode loop adds one a step.
_calls = {}
_MAX_CALLS = 4096
_lock = threading.Lock()
_workspace = torch.empty(0, dtype=torch.uint8)


def new_output(query, value):
    """[B, H, rows, d_v] with the heads of a row side by side in memory: what the
    layer's next step reads without a copy."""
    batch, heads, rows, _ = query.shape
    return query.new_empty((batch, rows, heads, value.shape[3])).transpose(1, 2)


def _attend(query, key, value, causal, mask=None, scale=None, bias=None):
    global _workspace
    form = (
        query.shape, query.stride(), key.shape, key.stride(),
        value.shape, value.stride(), query.dtype, key.dtype, value.dtype,
        causal, scale, torch.get_num_threads(),
        mask is not None and (mask.shape, mask.stride(), mask.dtype),
        bias is not None and (bias.shape, bias.stride(), bias.dtype),
    )  # fmt: skip
    output = new_output(query, value)
    with _lock:
        call = _calls.get(form)
        if call is None:
            if len(_calls) >= _MAX_CALLS:
                _calls.clear()
            call = _calls[form] = Call(query, key, value, causal, mask, scale, bias)
            if call.workspace_bytes > _workspace.numel():
                _workspace = torch.empty(call.workspace_bytes, dtype=torch.uint8)
        call.query.data = query.data_ptr()
        call.key.data = key.data_ptr()
        call.value.data = value.data_ptr()
        if call.others:
            others = (x for x in (mask, bias) if x is not None)
            for described, tensor in zip(call.others, others):
                described.data = tensor.data_ptr()
        call.output.data = output.data_ptr()
        status = call.function(
            call.args, call.num_args, call.results, 1,
            _workspace.data_ptr(), _workspace.numel(), call.run_on,
        )  # fmt: skip
        if status:
            call.check(status)
    return output


def _find(query, key, value, causal, mask, scale, bias):
    """(library, name) of the most special function that serves a call."""
    form = {"causal": causal, "masked": mask is not None, "biased": bias is not None}
    element = NAMES.get(query.dtype, str(query.dtype))
    heads, rows, dim = query.shape[1:]
    keys = key.shape[2]
    for sizes in ((rows, keys), (rows, None), (None, None)):
        function = Function(element, heads, dim, *sizes, scale=scale, **form)
        if function in _compiled:
            return _compiled[function]
    name = Function(element, heads, dim, rows, keys, scale=scale, **form).name
    raise ValueError(f"expects a form of attention that was compiled, but got {name}")


def _refuse_gradients(*arguments):
    tensors = (x for x in arguments if isinstance(x, torch.Tensor))
    if torch.is_grad_enabled() and any(x.requires_grad for x in tensors):
        raise RuntimeError(
            "compiled attention has no gradient: call it under torch.inference_mode "
            "or torch.no_grad, or train with torch_attend"
        )
    with torch._C._AutoDispatchBelowAutograd():
        return _operator(*arguments)


# Not torch.library.custom_op, which costs another 5 us a call.
_definitions = torch.library.Library("block_transformer", "DEF")
_definitions.define(
    "attend(Tensor query, Tensor key, Tensor value, bool causal, Tensor? mask=None, "
    "float? scale=None, Tensor? bias=None) -> Tensor"
)
_definitions.impl("attend", _attend, "CPU")
_definitions.impl("attend", _refuse_gradients, "AutogradCPU")
torch.library.register_fake(
    "block_transformer::attend",
    lambda query, key, value, *modifiers: new_output(query, value),
    lib=_definitions,
)
_operator = torch.ops.block_transformer.attend.default
