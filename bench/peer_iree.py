"""IREE on the CPU (llvm-cpu, host features): its attention op, and the same
attention written as two contractions and a softmax."""

import functools
import hashlib
import os
import subprocess

import numpy as np

from contender import Contender, Missing, Unsupported, first_line

try:
    import iree.compiler
    import iree.runtime as rt
    from iree.compiler import version as compiler_version
except ImportError as error:
    raise Missing(str(error)) from error

VERSION = f"IREE {getattr(compiler_version, 'VERSION', '?')}"

FLAGS = [
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
    "--iree-opt-level=O3",
]
COMPILE_SECONDS = 120
# The decomposed form holds all scores, in f32, at once.
SCORE_BYTES = 2 << 30

_ELEMENTS = {
    "f32": rt.HalElementType.FLOAT_32,
    "f16": rt.HalElementType.FLOAT_16,
    "bf16": rt.HalElementType.BFLOAT_16,
    "bool": rt.HalElementType.BOOL_8,
}

cache = "."  # where modules are kept; set by the benchmark


class _Text:
    """MLIR of a case. Dimensions of size 1 among batch, key heads and group
    are left out: IREE folds them anyway."""

    def __init__(self, case):
        self.case = case
        self.sizes = {
            "b": case.batch,
            "h": case.kv_heads,
            "g": case.group,
            "m": case.seq_q,
            "n": case.head_dim,
            "k1": case.head_dim,
            "k2": case.seq_kv,
        }
        self.outer = [dim for dim in "bhg" if self.sizes[dim] > 1]
        kv = [dim for dim in self.outer if dim != "g"]
        self.query = [*self.outer, "m", "k1"]
        self.key = [*kv, "k2", "k1"]
        self.value = [*kv, "k2", "n"]
        self.scores = [*self.outer, "m", "k2"]
        self.output = [*self.outer, "m", "n"]
        self.masked = case.causal

    def type(self, dims, element=None):
        sizes = "x".join(str(self.sizes[dim]) for dim in dims)
        return f"tensor<{sizes}x{element or self.case.dtype}>"

    def shape(self, dims):
        return [self.sizes[dim] for dim in dims]

    @staticmethod
    def map(space, dims):
        return f"affine_map<({', '.join(space)}) -> ({', '.join(dims)})>"

    def function(self, body):
        arguments = [
            f"%q: {self.type(self.query)}",
            f"%k: {self.type(self.key)}",
            f"%v: {self.type(self.value)}",
        ]
        if self.masked:
            arguments.append(f"%mask: {self.type(['m', 'k2'], 'i1')}")
        result = self.type(self.output)
        head = f"func.func @attention({', '.join(arguments)}) -> {result} {{\n"
        return f"{head}{body}  return %result : {result}\n}}\n"

    def attention(self):
        t = self.case.dtype
        space = [*self.outer, "m", "n", "k1", "k2"]
        operands = [self.query, self.key, self.value, []]
        names = ["%q", "%k", "%v", "%scale"]
        types = [self.type(self.query), self.type(self.key), self.type(self.value), t]
        if self.masked:
            operands.append(["m", "k2"])
            names.append("%mask")
            types.append(self.type(["m", "k2"], "i1"))
        maps = ", ".join(self.map(space, dims) for dims in [*operands, self.output])
        out = self.type(self.output)
        return self.function(
            f"""  %scale = arith.constant {self.case.head_dim ** -0.5} : {t}
  %empty = tensor.empty() : {out}
  %result = iree_linalg_ext.attention <{{indexing_maps = [{maps}]}}>
    ins({", ".join(names)} : {", ".join(types)}) outs(%empty : {out}) {{
  ^bb0(%s: f32):
    iree_linalg_ext.yield %s : f32
  }} -> {out}
"""
        )

    def generic(self, name, space, reduced, inputs, output, body):
        """A linalg.generic; inputs and output are (name, dims, element)."""
        operands = [*inputs, output]
        maps = ", ".join(self.map(space, dims) for _, dims, _ in operands)
        kinds = ", ".join(
            '"reduction"' if dim in reduced else '"parallel"' for dim in space
        )
        names = ", ".join(name for name, _, _ in inputs)
        types = ", ".join(self.type(dims, element) for _, dims, element in inputs)
        block = ", ".join(f"%x{i}: {e}" for i, (_, _, e) in enumerate(operands))
        out = self.type(output[1], output[2])
        return (
            f"  {name} = linalg.generic {{indexing_maps = [{maps}], "
            f"iterator_types = [{kinds}]}}\n"
            f"    ins({names} : {types}) outs({output[0]} : {out}) {{\n"
            f"  ^bb0({block}):\n{body}  }} -> {out}\n"
        )

    def contraction(self, name, dims, a, b, reduced):
        """A product with an f32 accumulator."""
        t = self.case.dtype
        out = self.type(dims, "f32")
        text = (
            f"  {name}e = tensor.empty() : {out}\n"
            f"  {name}z = linalg.fill ins(%zero : f32) outs({name}e : {out}) -> {out}\n"
        )
        wide = ["%x0", "%x1"]
        body = ""
        if t != "f32":
            body += f"    %w0 = arith.extf %x0 : {t} to f32\n"
            body += f"    %w1 = arith.extf %x1 : {t} to f32\n"
            wide = ["%w0", "%w1"]
        body += f"    %product = arith.mulf {wide[0]}, {wide[1]} : f32\n"
        body += "    %r = arith.addf %x2, %product : f32\n    linalg.yield %r : f32\n"
        inputs = [(*a, t), (*b, t)]
        output = (f"{name}z", dims, "f32")
        return text + self.generic(
            name, [*dims, reduced], [reduced], inputs, output, body
        )

    def narrow(self, name, source, dims):
        """Rounds an f32 tensor to the element type."""
        t = self.case.dtype
        body = f"    %r = arith.truncf %x0 : f32 to {t}\n    linalg.yield %r : {t}\n"
        text = f"  {name}e = tensor.empty() : {self.type(dims)}\n"
        output = (f"{name}e", dims, t)
        return text + self.generic(
            name, dims, [], [(source, dims, "f32")], output, body
        )

    def decomposed(self):
        narrow = self.case.dtype != "f32"
        scores = self.type(self.scores, "f32")
        text = "  %zero = arith.constant 0.0 : f32\n"
        text += "  %ninf = arith.constant 0xFF800000 : f32\n"
        text += f"  %scale = arith.constant {self.case.head_dim ** -0.5} : f32\n"
        text += self.contraction(
            "%qk", self.scores, ("%q", self.query), ("%k", self.key), "k1"
        )
        body = "    %r = arith.mulf %x0, %scale : f32\n"
        inputs = [("%qk", self.scores, "f32")]
        result = "%r"
        if self.masked:
            inputs.append(("%mask", ["m", "k2"], "i1"))
            body += "    %seen = arith.select %x1, %r, %ninf : f32\n"
            result = "%seen"
        body += f"    linalg.yield {result} : f32\n"
        text += self.generic(
            "%s", self.scores, [], inputs, ("%qke", self.scores, "f32"), body
        )
        text += (
            f"  %p32 = linalg.softmax dimension({len(self.scores) - 1}) "
            f"ins(%s : {scores}) outs(%qke : {scores}) -> {scores}\n"
        )
        if narrow:
            text += self.narrow("%p", "%p32", self.scores)
        text += self.contraction(
            "%wide" if narrow else "%result",
            self.output,
            ("%p" if narrow else "%p32", self.scores),
            ("%v", self.value),
            "k2",
        )
        if narrow:
            text += self.narrow("%result", "%wide", self.output)
        return self.function(text)


def _compile(text):
    """The path of the compiled module."""
    key = hashlib.sha256((VERSION + " ".join(FLAGS) + text).encode()).hexdigest()[:16]
    path = os.path.join(cache, f"iree-{key}.vmfb")
    if os.path.exists(path):
        return path
    folder = os.path.dirname(iree.compiler.__file__)
    tool = os.path.join(folder, "_mlir_libs", "iree-compile")
    source = os.path.join(cache, f"iree-{key}.mlir")
    with open(source, "w") as file:
        file.write(text)
    try:
        done = subprocess.run(
            [tool, source, "-o", path + ".part", *FLAGS],
            capture_output=True,
            text=True,
            timeout=COMPILE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise Unsupported(
            f"iree-compile takes longer than {COMPILE_SECONDS} s"
        ) from error
    if done.returncode:
        reason = [line for line in done.stderr.splitlines() if "error" in line]
        raise Unsupported(f"iree-compile: {first_line(reason[0] if reason else '')}")
    os.replace(path + ".part", path)
    return path


@functools.cache
def _device(threads):
    """One worker: on the calling thread; more: a pool of that many, which
    sleep when they have nothing to do."""
    if threads == 1:
        return rt.get_device("local-sync")
    rt.flags.parse_flags(
        f"--task_topology_group_count={threads}", "--task_worker_spin_us=0"
    )
    return rt.get_device("local-task", cache=False)


@functools.cache
def _instance():
    return rt.VmInstance()


class _Module(Contender):
    def __init__(self, inputs, threads, decomposed):
        case = self.case = inputs.case
        if case.modifier != "none":
            raise Unsupported("modifiers are not written for IREE here")
        self.name = "iree-decomposed" if decomposed else "iree"
        text = _Text(case)
        score_bytes = 4 * case.batch * case.heads * case.seq_q * case.seq_kv
        if decomposed and score_bytes > SCORE_BYTES:
            raise Unsupported(
                f"all scores at once would be {score_bytes / 2**30:.1f} GiB"
            )
        path = _compile(text.decomposed() if decomposed else text.attention())
        device = self.device = _device(threads)
        self.detail = "decomposed" if decomposed else "attention"
        instance = _instance()
        module = rt.VmModule.mmap(instance, path)
        hal = rt.create_hal_module(instance, device)
        self.context = rt.VmContext(instance, [hal, module])
        self.function = module.lookup_function("attention")
        views = [
            self._view(inputs.query, text.shape(text.query), case.dtype),
            self._view(inputs.key, text.shape(text.key), case.dtype),
            self._view(inputs.value, text.shape(text.value), case.dtype),
        ]
        if case.causal:
            i = np.arange(case.seq_q)[:, None]
            self.mask = (np.arange(case.seq_kv)[None, :] <= i).astype(np.uint8)
            views.append(self._view(self.mask, self.mask.shape, "bool"))
        self.arguments = rt.VmVariantList(len(views))
        for view in views:
            self.arguments.push_ref(view)
        self._keep = (views, module, inputs)

    def _view(self, array, shape, dtype):
        """The array itself, which must outlive the view: IREE keeps a pointer."""
        allocator = self.device.allocator
        memory = rt.MemoryType.HOST_LOCAL | rt.MemoryType.DEVICE_VISIBLE
        buffer = allocator.import_host_allocation(
            array.reshape(-1), memory, rt.BufferUsage.DEFAULT
        )
        return rt.HalBufferView(buffer, list(shape), _ELEMENTS[dtype])

    def run(self):
        self.results = rt.VmVariantList(1)
        self.context.invoke(self.function, self.arguments, self.results)

    def output(self):
        case = self.case
        view = self.results.get_as_object(0, rt.HalBufferView)
        shape = (case.batch, case.heads, case.seq_q, case.head_dim)
        array = rt.DeviceArray(self.device, view, implicit_host_transfer=True)
        host = np.asarray(array.to_host())
        if case.dtype == "bf16":
            host = host.view(np.uint16)
        return host.reshape(shape)


def attention(inputs, threads):
    """The attention op alone: what a pilot runs."""
    return _Module(inputs, threads, decomposed=False)


def candidates(inputs, threads):
    """Lists of alternatives; the benchmark keeps the fastest of each."""
    yield "iree", [lambda: attention(inputs, threads)]
    yield "iree-decomposed", [lambda: _Module(inputs, threads, decomposed=True)]
