"""Two attention layers exported from PyTorch, through the whole product.

For each layer: find the attention (attn-raise), compile and run it, compare
with the f64 reference, and time it beside the same IR lowered by upstream MLIR
alone and, where torch is installed, beside PyTorch. One table at the end.
"""

import argparse
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LLVM = "/usr/lib/llvm-22/bin"

# Shapes of the inputs and the useful floating-point operations of a layer:
# projections, and the visible (causal) half of attention.
LAYERS = {
    "llama_attention": {
        "what": "Llama: 8 heads on 2, d 64, RoPE, causal, 512 tokens",
        "inputs": [(1, 512, 512), (512, 512), (128, 512), (128, 512), (512, 512)],
        "fan_in": 512,
        "result": (1, 512, 512),
        "projection_flops": 2 * 512 * 512 * (512 + 128 + 128 + 512),
        "attention_flops": 4 * (512 * 513 // 2) * 64 * 8,
    },
    "gpt2_attention": {
        "what": "GPT-2: 12 heads, d 64, causal, 512 tokens",
        "inputs": [(1, 512, 768), (768, 2304), (2304,), (768, 768), (768,)],
        "fan_in": 768,
        "result": (1, 512, 768),
        "projection_flops": 2 * 512 * 768 * (2304 + 768),
        "attention_flops": 4 * (512 * 513 // 2) * 64 * 12,
    },
}

# What mlir-opt offers without us; see examples/models/README.md.
UPSTREAM = """--canonicalize --linalg-generalize-named-ops
--linalg-fuse-elementwise-ops
--one-shot-bufferize=bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map
--buffer-deallocation-pipeline --convert-bufferization-to-memref
--convert-linalg-to-loops --llvm-request-c-wrappers --expand-strided-metadata
--lower-affine --arith-expand --convert-scf-to-cf --convert-math-to-llvm
--convert-math-to-libm --finalize-memref-to-llvm --convert-func-to-llvm
--convert-cf-to-llvm --convert-arith-to-llvm --convert-index-to-llvm
--reconcile-unrealized-casts"""


def fail(message):
    sys.exit(f"demo: error: {message}")


def step(message):
    print(f"    {message}", flush=True)


def command(arguments, what, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail(f"{what} failed (exit code {done.returncode})\n{done.stdout}{done.stderr}")
    return done


def make_inputs(layer, folder):
    """Activations N(0, 1), weights N(0, 1/fan_in): what a layer sees."""
    random = np.random.default_rng(7)
    paths = []
    for i, shape in enumerate(layer["inputs"]):
        array = random.standard_normal(shape).astype(np.float32)
        if i:
            array /= np.sqrt(layer["fan_in"])
        paths.append(os.path.join(folder, f"input{i}.npy"))
        np.save(paths[-1], array)
    return paths


class MemRef:
    """An MLIR memref descriptor over a numpy array."""

    def __init__(self, array):
        rank = array.ndim
        fields = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p)]
        fields += [("offset", ctypes.c_int64)]
        fields += [("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank)]
        kind = type("Descriptor", (ctypes.Structure,), {"_fields_": fields})
        strides = [stride // array.itemsize for stride in array.strides]
        self.array = array
        self.struct = kind(array.ctypes.data, array.ctypes.data, 0)
        self.struct.sizes = (ctypes.c_int64 * rank)(*array.shape)
        self.struct.strides = (ctypes.c_int64 * rank)(*strides)

    def pointer(self):
        return ctypes.byref(self.struct)


class Upstream:
    """The layer lowered by mlir-opt, mlir-translate and clang -O3 alone."""

    def __init__(self, name, path, inputs, folder):
        flags = [" ".join(f.split()) for f in re.split(r"\s(?=--)", UPSTREAM)]
        lowered = command([f"{LLVM}/mlir-opt", path, *flags], "mlir-opt").stdout
        ir = command(
            [f"{LLVM}/mlir-translate", "--mlir-to-llvmir"],
            "mlir-translate",
            input=lowered,
        ).stdout
        library = os.path.join(folder, f"{name}.so")
        command(
            [f"{LLVM}/clang", "-O3", "-march=native", "-shared", "-fPIC", "-x", "ir"]
            + ["-Wno-override-module", "-", "-o", library, "-lm"]
            + [f"-L{LLVM}/../lib", f"-Wl,-rpath,{LLVM}/../lib"]
            + ["-lmlir_c_runner_utils"],
            "clang",
            input=ir,
        )
        self.function = getattr(ctypes.CDLL(library), f"_mlir_ciface_{name}")
        self.inputs = [MemRef(np.load(path)) for path in inputs]
        self.result = MemRef(np.zeros(LAYERS[name]["result"], np.float32))

    def milliseconds(self, repetitions):
        times = []
        free = ctypes.CDLL(None).free
        free.argtypes = [ctypes.c_void_p]
        for _ in range(repetitions):
            start = time.perf_counter()
            self.function(
                self.result.pointer(), *[memref.pointer() for memref in self.inputs]
            )
            times.append(1e3 * (time.perf_counter() - start))
            free(self.result.struct.allocated)
        return times


class AttnRun:
    """A module under attn-run, several repetitions a call."""

    def __init__(self, path, inputs):
        self.command = ["attn-run", path, *[f"--input=@{path}" for path in inputs]]

    def verify(self):
        """The verification line of the tool, e.g. `max error ...`."""
        out = command([*self.command, "--verify"], "attn-run --verify").stdout
        lines = [line.strip() for line in out.splitlines() if "max error" in line]
        if not lines:
            fail(f"attn-run --verify printed no error\n{out}")
        return lines[0]

    def milliseconds(self, repetitions):
        out = command(
            [*self.command, f"--benchmark={repetitions}"], "attn-run --benchmark"
        ).stdout
        found = re.search(r"^time\s+([0-9.]+)", out, re.MULTILINE)
        if not found:
            fail(f"attn-run --benchmark printed no time\n{out}")
        return [float(found.group(1))]


class Torch:
    """The layer in PyTorch with scaled_dot_product_attention."""

    def __init__(self, python, name, inputs):
        script = os.path.join(ROOT, "scripts", "demo_torch.py")
        self.command = [python, script, name, *inputs]

    def milliseconds(self, repetitions):
        out = command([*self.command, str(repetitions)], "demo_torch.py").stdout
        return [float(out.split()[-1])]


def find_torch():
    """A Python with torch: this one, or python3 on the PATH."""
    for python in dict.fromkeys([os.environ.get("ATTN_TORCH_PYTHON"), sys.executable,
                                 shutil.which("python3")]):
        if python and not subprocess.run(
            [python, "-c", "import torch"], capture_output=True
        ).returncode:
            return python
    return None


def run_layer(name, layer, repetitions, torch, folder):
    """The rows of one layer: (variant, median ms, GFLOP/s, error)."""
    print(f"{name}: {layer['what']}", flush=True)
    path = os.path.join(ROOT, "examples", "models", f"{name}.mlir")
    inputs = make_inputs(layer, folder)

    step("raising: attn-opt --attn-raise")
    raised = os.path.join(folder, f"{name}_raised.mlir")
    command(["attn-opt", path, "--attn-raise", "-o", raised], "attn-opt --attn-raise")
    ops = [line.strip() for line in open(raised) if "attn.sdpa" in line]
    if not ops:
        fail(f"attn-raise found no attention in {path}")
    for op in ops:
        step(f"found {op.split(' : ')[0]}")

    ours = AttnRun(raised, inputs)
    step("tiling, compiling, running, verifying: attn-run --verify")
    error = ours.verify()
    step(error)

    step("lowering the same IR with upstream MLIR alone")
    variants = {
        "attn-mlir": ours,
        "same IR, attention not raised": AttnRun(path, inputs),
        "same IR, upstream MLIR alone": Upstream(name, path, inputs, folder),
    }
    if torch:
        variants["PyTorch, SDPA"] = Torch(torch, name, inputs)
    step(f"timing {len(variants)} variants, interleaved")
    times = {variant: [] for variant in variants}
    for _ in range(3):
        for variant, program in variants.items():
            times[variant] += program.milliseconds(repetitions)
    flops = layer["projection_flops"] + layer["attention_flops"]
    rows = []
    for variant in variants:
        ms = float(np.median(times[variant]))
        found = re.search(r"max error\s+(\S+)", error)
        shown = found.group(1) if variant == "attn-mlir" else ""
        rows.append((name, variant, ms, flops / ms / 1e6, shown))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=9)
    options = parser.parse_args()
    if options.repetitions < 1:
        fail(f"--repetitions={options.repetitions}: expected at least 1")
    torch = find_torch()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, layer in LAYERS.items():
            rows += run_layer(name, layer, options.repetitions, torch, folder)

    print()
    header = f"{'layer':<16} {'how':<31} {'ms':>9} {'GFLOP/s':>9} {'x':>7}  max error"
    print(header)
    print("-" * len(header))
    for name, variant, ms, gflops, error in rows:
        ours = next(row[2] for row in rows if row[0] == name)
        print(
            f"{name:<16} {variant:<31} {ms:9.2f} {gflops:9.1f} {ms / ours:6.1f}x  {error}"
        )
    print()
    print("ms: median of the whole layer, projections included; GFLOP/s counts the")
    print("visible half of attention; x: time against attn-mlir; max error: against the")
    print("f64 reference. Upstream alone runs on one thread, as its loops do.")
    if not torch:
        print("PyTorch is not installed (pip install torch==2.13.0 adds its row).")


if __name__ == "__main__":
    main()
