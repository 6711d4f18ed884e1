"""Runs captured programs before and after attn-raise and compares the results.

Each program of torch-mlir runs as it was captured and as attn-raise leaves it,
on the same seeded inputs. Both are also compared with f64 (attn-run --verify),
which the raised one has to pass. The two may differ by the tolerance of their
type (Reference/Tolerance.h) and by what the captured one, whose sums are in the
order and the types that torch chose, was measured to be off. Programs around
tm_tensor.attention, which nobody but attn-raise lowers, are compared with their
twins around linalg.
"""

import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

NUMPY = {"f16": np.float16, "f32": np.float32, "f64": np.float64}
TOLERANCE = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-3, "bf16": 2e-2}
FUNCTION = re.compile(r"func\.func @\w+\((.*?)\) -> (.*) {")
# Twins of another name; there is none of that batch for the decoding step, which
# --verify alone has to let pass.
TWINS = {"tm_bool_mask": "sdpa_bool_mask_b1", "tm_decode_gqa": None}
VERIFIED = re.compile(r"verify: result (\d+): max error (\S+)")


def signature(path):
    """The types of arguments and results, as lists of dims and an element."""
    with open(path) as file:
        found = FUNCTION.search(file.read())
    return [
        [text.split("x") for text in re.findall(r"tensor<([^>]*)>", part)]
        for part in found.groups()
    ]


def shape_of(name, number, dims):
    """Every unknown batch is 3, every unknown length 21, of cross queries 13."""
    shape = []
    for axis, dim in enumerate(dims):
        if dim == "?":
            length = 13 if "cross" in name and number == 0 else 21
            dim = 3 if axis == 0 else length
        shape.append(int(dim))
    return shape


def make_inputs(name, types):
    random = np.random.default_rng(sum(name.encode()))
    arrays = []
    for number, (*dims, element) in enumerate(types):
        shape = shape_of(name, number, dims)
        if element == "i1":
            array = random.random(shape) < 0.7
        elif element == "i64" and len(shape) == 1:  # Lengths.
            array = random.integers(1, 20, shape)
        elif element == "i64" or ("padding" in name and number == 3):  # Masks.
            array = random.integers(0, 2, shape).astype(NUMPY.get(element, np.int64))
        elif element == "bf16":
            wide = random.standard_normal(shape).astype(np.float32)
            array = (wide.view(np.uint32) >> 16).astype(np.uint16)
        else:
            array = random.standard_normal(shape).astype(NUMPY[element])
        arrays.append(array)
    return arrays


def tool(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    # 2: --verify disagrees, which a captured program may in narrow types.
    if done.returncode not in (0, 2):
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return done


def decode(stored, element):
    """Results as f64: bf16 comes as two bytes of no type."""
    if element == "bf16":
        bits = stored.view(np.uint16).astype(np.uint32) << 16
        stored = bits.view(np.float32)
    return stored.astype(np.float64)


def run(path, inputs, results, folder, raised):
    """Results, and how far --verify says that each is off."""
    outputs = [os.path.join(folder, f"{raised}{i}.npy") for i in range(len(results))]
    done = tool(
        "attn-run",
        path,
        "--verify",
        *[f"--input=@{name}" for name in inputs],
        *[f"--output=@{name}" for name in outputs],
    )
    if raised and done.returncode != 0:
        raise RuntimeError(f"--verify fails:\n{done.stdout}{done.stderr}")
    errors = {int(n): float(error) for n, error in VERIFIED.findall(done.stdout)}
    return [
        (decode(np.load(name), results[i][-1]), errors[i])
        for i, name in enumerate(outputs)
    ]


def check(path):
    name = os.path.basename(path).removesuffix(".mlir")
    twin = name
    if name.startswith("tm_"):
        twin = TWINS.get(name, f"sdpa_{name[3:]}")
    arguments, results = signature(path)
    with tempfile.TemporaryDirectory() as folder:
        raised = os.path.join(folder, "raised.mlir")
        tool("attn-opt", path, "--attn-raise", "-o", raised)
        with open(raised) as file:
            if not re.search(r"attn\.(sdpa|block_local)", file.read()):
                raise RuntimeError("nothing was raised")
        inputs = []
        for i, array in enumerate(make_inputs(name, arguments)):
            inputs.append(os.path.join(folder, f"in{i}.npy"))
            np.save(inputs[-1], array)
        original = os.path.join(os.path.dirname(path), f"{twin}.mlir")
        before = run(
            original if twin else raised, inputs, results, folder, raised=False
        )
        after = run(raised, inputs, results, folder, raised=True)
    for i, ((x, error), (y, _)) in enumerate(zip(before, after)):
        if x.shape != y.shape:
            raise RuntimeError(f"result {i}: shape {x.shape} became {y.shape}")
        bound = (TOLERANCE[results[i][-1]] + error) * (1 + np.abs(y))
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        with np.errstate(invalid="ignore"):
            moved = np.where(same, 0, np.abs(x - y))
        if not (moved <= bound).all():
            raise RuntimeError(
                f"result {i}: raising moved it by up to {np.nanmax(moved):.3g}, "
                f"and it was {error} off when captured"
            )


def main():
    # The generic forms are the same programs, and nothing is raised in negative
    # ones.
    paths = sorted(glob.glob(os.path.join(sys.argv[1], "*.mlir")))
    paths = [p for p in paths if ".generic." not in p and "/negative_" not in p]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [(path, pool.submit(check, path)) for path in paths]
        for path, job in jobs:
            try:
                job.result()
            except Exception as error:  # Every program is heard.
                failed += 1
                print(f"{os.path.basename(path)}: {error}")
    print(f"{len(paths) - failed} of {len(paths)} programs agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
