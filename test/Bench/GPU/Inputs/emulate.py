"""Runs the functions of a configuration, kernels for GPUs with their tiles, in the
emulator: those that the compiler chooses against the f64 reference, those that are
named against them. CONFIG FOLDER."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
from build import Objects, expand_variants, plan
from cases import load_config
from modules import shapes

# What results of two kernels differ by at most (Reference/Tolerance.h).
TOLERANCES = {"f32": 1e-5, "f16": 2e-3, "bf16": 2e-2}


def read(path, dtype):
    found = np.load(path)
    if dtype != "bf16":
        return found.astype(np.float64)
    # bfloat16 is the upper half of a float32.
    bits = found.view(np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32).astype(np.float64)


def operand(index, name, sizes, dtype, case):
    """What attn-run is told of an operand: random numbers, or a file of them."""
    path = os.path.join(folder, f"{name}.npy")
    random = np.random.default_rng(index)
    if name == "length":
        np.save(path, np.full(sizes, case.seq_kv, np.int64))
    elif name == "pages":
        pages = random.permutation(int(np.prod(sizes)))
        np.save(path, pages.astype(np.int32).reshape(sizes))
    elif name in ("key_scale", "value_scale"):
        unit = 1 / 64 if case.kv_dtype == "i8" else 1
        np.save(path, (unit * (1 + random.random(sizes))).astype(np.float32))
    else:
        return f"--input={'x'.join(map(str, sizes))}x{dtype}=random({index})"
    return f"--input=@{path}"


def run(text, case, *flags):
    """What attn-run says of a function on random tensors."""
    path = os.path.join(folder, "case.mlir")
    with open(path, "w") as file:
        file.write(text)
    inputs = [
        operand(i, name, sizes, dtype, case)
        for i, (name, sizes, dtype) in enumerate(shapes(case))
    ]
    command = ["attn-run", path, "--target=cuda-emulated", "--arch=sm_90a"]
    done = subprocess.run(
        [*command, *inputs, *flags], capture_output=True, text=True, timeout=300
    )
    said = [x for x in (done.stdout + done.stderr).splitlines() if "error" in x]
    return done.returncode, (said or [""])[0]


config, folder = sys.argv[1:]
cases, document = load_config(config)
objects = Objects(SimpleNamespace(out=folder, target="cuda"))
failed = False
output = os.path.join(folder, "output.npy")
for case, functions in plan(
    cases, expand_variants(document["variants"]), objects, "cuda"
):
    chosen = None
    for name, key, its_case in functions:
        # Ops with a destination have no reference.
        flags = ["--verify"] if name in ("ours", "dense") else []
        code, said = run(objects.texts[key], its_case, f"--output=@{output}", *flags)
        if code == 0 and name == "ours":
            chosen = read(output, case.dtype)
        elif code == 0 and name != "dense":
            error = np.abs(read(output, case.dtype) - chosen).max()
            said = f"as ours, to {error:.1e}"
            failed |= not error <= TOLERANCES[case.dtype]
        print(f"{case.name}: {name}: {said}")
        failed |= code != 0 and name != "ours impossible"
sys.exit(failed)
