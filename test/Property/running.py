"""Problems compiled and called, and their results compared with the oracle.

`run` takes a Case through one of the lowerings and gives back numpy arrays.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import oracle
import oracle_sparq
from cases import make_inputs
from formats import decode, encode
from module import to_mlir

# |error| / (1 + |ref|) of an output, as in Reference/Tolerance.h.
TOLERANCE = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-3, "bf16": 2e-2}
# Ops that are strategies by themselves.
OWN_STRATEGY = ("star", "sparq", "block_local", "block_local_step")


class RunError(AssertionError):
    """A tool failed; the message holds what is needed to see it again."""


def _run_tool(command, module):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RunError(
            f"{' '.join(command)}\nexit code {done.returncode}\n"
            f"{done.stdout}\n{done.stderr}\n{module}"
        )


def call(module, arrays, *flags, num_results=2, transform=None):
    """Runs @main of `module` on `arrays` (as stored); gives the raw results.

    `transform` are attn-opt flags applied to the text first.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.mlir")
        with open(path, "w") as file:
            file.write(module)
        if transform:
            lowered = os.path.join(folder, "lowered.mlir")
            _run_tool(["attn-opt", path, *transform, "-o", lowered], module)
            path = lowered
        command = ["attn-run", path, *flags]
        for i, array in enumerate(arrays):
            name = os.path.join(folder, f"in{i}.npy")
            np.save(name, np.asarray(array, order="C"))
            command.append(f"--input=@{name}")
        outputs = [os.path.join(folder, f"out{i}.npy") for i in range(num_results)]
        command += [f"--output=@{name}" for name in outputs]
        _run_tool(command, module)
        return [np.load(name) for name in outputs]


def call_object(module, types, arrays, *flags, num_results=2, strategy=""):
    """As `call`, but @main is compiled to a shared object and called from C."""
    caller = os.path.join(os.path.dirname(__file__), "../Inputs/call_object.py")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.mlir")
        library = os.path.join(folder, "case.so")
        with open(path, "w") as file:
            file.write(module)
        command = ["attn-compile", path, "-o", library, "--mcpu=native"]
        if strategy:
            command.append(f"--strategy={strategy}")
        _run_tool(command, module)
        command = [sys.executable, caller, library, "main", *flags]
        for i, (element, array) in enumerate(zip(types, arrays)):
            name = os.path.join(folder, f"in{i}.npy")
            np.save(name, np.asarray(array, order="C"))
            command.append(f"--input={element}@{name}")
        outputs = [os.path.join(folder, f"out{i}.npy") for i in range(num_results)]
        command += [f"--output={name}" for name in outputs]
        _run_tool(command, module)
        return [np.load(name) for name in outputs]


def run(case, inputs=None, verify=False, lowering="tool", check=True, threads=None):
    """(output, lse) of a case as f64 arrays, output in [b, h, s, d] order.

    lowering "tool" is what attn-run does with --strategy, "attribute" what it does with
    a strategy written on the op, "gpu" kernels for one of two GPUs in the emulator;
    "portable" applies the strategy and lowers to linalg first; "tiled=QxK" tiles by
    these sizes first, and "tiled-portable=QxK" both; "decomposed" takes SparQ apart
    first, "gpu-decomposed" for kernels; "split-kv=N" runs attn-split-kv first; "form=F"
    and "form-portable=F" rewrite local blocks to that form first; "object" calls a
    shared object with strided tensors. An op that is a strategy by itself is given
    none. With `check` the results are compared with the oracle, with `verify` attn-run
    compares them with the C++ reference too; `threads` is how many it uses. Memory
    ends, or begins, at pages that cannot be touched.
    """
    if inputs is None:
        inputs = make_inputs(case)
    module = to_mlir(case, inputs, with_strategy=lowering == "attribute")
    arrays = [encode(case.element_type(n), array) for n, array in inputs.items()]
    flags = ["--guard-pages=" + ("start" if case.seed % 3 == 0 else "end")]
    transform = None
    has_strategy = case.form not in OWN_STRATEGY
    if lowering in ("portable", "decomposed", "gpu-decomposed"):
        transform = ["--convert-attn-to-linalg"]
        if lowering != "portable":
            transform = ["--attn-decompose-sparq"]
        if has_strategy:
            transform[:0] = [
                f"--attn-assign-strategy=strategy={case.strategy}",
                "--attn-apply-strategies",
            ]
    elif lowering.startswith("tiled"):
        q, k = lowering.partition("=")[2].split("x")
        tile = f"--attn-tile-blockwise=block-size-q={q} block-size-kv={k}"
        transform = [tile]
        if lowering.startswith("tiled-portable"):
            transform.append("--convert-attn-to-linalg")
    elif lowering.startswith("form"):
        form = lowering.partition("=")[2]
        transform = [f"--attn-batch-block-diagonal=form={form}"]
        if lowering.startswith("form-portable"):
            transform.append("--convert-attn-to-linalg")
    elif lowering.startswith("split-kv="):
        transform = ["--attn-split-kv=num-splits=" + lowering.partition("=")[2]]
    if lowering.startswith("gpu"):
        arch = "sm_90a" if case.seed % 2 else "sm_80"
        flags += ["--target=cuda-emulated", f"--arch={arch}"]
    if lowering in ("tool", "gpu") and has_strategy:
        flags.append(f"--strategy={case.strategy}")
    if verify and not transform:
        flags.append("--verify")
    if threads:
        flags.append(f"--threads={threads}")
    num_results = 2 if case.want_lse else 1
    if lowering == "object":
        results = call_object(
            module,
            [case.element_type(name) for name in inputs],
            arrays,
            flags[0].replace("-pages", ""),
            "--padded",
            f"--threads={1 if threads is None else threads}",
            num_results=num_results,
            strategy=case.strategy if has_strategy else "",
        )
    else:
        results = call(
            module, arrays, *flags, num_results=num_results, transform=transform
        )
    output = decode(output_type(case), results[0])
    if case.layout == "bshd" and case.form != "partial":
        output = output.transpose(0, 2, 1, 3)
    lse = decode(case.acc, results[1]) if case.want_lse else None
    if check:
        compare(case, inputs, output, lse)
    return output, lse


def output_type(case):
    return case.acc if case.form == "partial" else case.dtype


def tolerance(case, largest=0.0):
    """Of an output, in 1 + |ref|."""
    wide = max(1, largest / 16) * max(1, (case.seq_len_kv / 4096) ** 0.5)
    return TOLERANCE[case.dtype] * wide


def compare(case, inputs, output, lse):
    """Fails unless the results are those of the oracle."""
    if case.strategy.startswith("sparq"):
        expected, largest, _ = oracle_sparq.attention(case, inputs)
        return assert_close(output, expected, tolerance(case, largest), "output")
    expected, expected_lse, largest = oracle.attention(case, inputs)
    assert_close(output, expected, tolerance(case, largest), "output")
    if lse is not None:
        assert_close(lse, expected_lse, lse_tolerance(case), "lse")


def lse_tolerance(case):
    return 1e-12 if case.dtype == "f64" else 1e-5


def assert_close(actual, expected, bound, what):
    """Equal infinities and NaNs agree; else |error| <= bound (1 + |ref|)."""
    assert actual.shape == expected.shape, (what, actual.shape, expected.shape)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= bound * (1 + np.abs(expected))
    bad = ~(same | near)
    if bad.any():
        where = tuple(int(n) for n in np.unravel_index(np.argmax(bad), bad.shape))
        raise AssertionError(
            f"{what}: {bad.sum()} of {bad.size} differ, first at {where}: "
            f"{actual[where]} instead of {expected[where]}"
        )
