#!/usr/bin/env python3
"""Compiles the functions of a GPU benchmark, and makes the folder that is carried to
the GPU: objects, manifest.json, and run.py with what it imports.

    python3 bench/gpu/build.py --arch=sm_90a -o build/bench-gpu
    python3 build/bench-gpu/run.py          # on the machine with the GPU"""

import argparse
import concurrent.futures
import datetime
import gzip
import hashlib
import itertools
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.append(os.path.dirname(HERE))

import tutorial  # noqa: E402
from cases import ConfigError, load_config  # noqa: E402
from layout import write_json  # noqa: E402
from modules import module_text, output_sizes, shapes  # noqa: E402
from objects import CallError, Function, Shape  # noqa: E402
from run import SCHEMA  # noqa: E402

# What run.py imports, from here and from the folder above.
FILES = """bars.py cases.py device.py measure.py modules.py objects.py peers.py
problem.py results.py run.py tables.py ../abi.py ../contender.py ../layout.py
../samples.py ../texts.py""".split()
# The names of tile sizes, shortened for tables.
SHORT = {"block_q": "q", "block_kv": "k", "warps": "w", "stages": "s"}
COMPILE_SECONDS = 300


def fail(message):
    sys.exit(f"build.py: error: {message}")


def expand_variants(variants):
    """[(name, conditions, text of a #attn.tile_config)]: lists in `config` stand
    for one variant for each of their elements."""
    found = []
    for variant in variants:
        config = variant["config"]
        lists = [k for k, v in config.items() if isinstance(v, list)]
        for values in itertools.product(*(config[k] for k in lists)):
            one = config | dict(zip(lists, values))
            name = variant.get("name", one["kernel"])
            if lists:
                name += "".join(f" {SHORT.get(k, k)}{one[k]}" for k in lists)
            text = ", ".join(f"{k} = {v}" for k, v in one.items())
            found.append((name, variant.get("where", {}), text))
    return found


def fits(case, where):
    """Whether a case has one of the values of every condition."""
    for name, values in where.items():
        values = values if isinstance(values, list) else [values]
        if getattr(case, name) not in values:
            return False
    return True


class Objects:
    """What attn-compile makes of texts, each once."""

    def __init__(self, options):
        self.options = options
        self.folder = os.path.join(options.out, "objects")
        self.texts = {}

    def add(self, text):
        key = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.texts[key] = text
        return key

    def compile(self, key):
        """{file, kernels} of a text, or {why}."""
        source = os.path.join(self.folder, f"{key}.mlir")
        file = os.path.join("objects", f"{key}.so")
        with open(source, "w") as stream:
            stream.write(self.texts[key])
        command = [self.options.attn_compile, source]
        command += ["-o", os.path.join(self.options.out, file)]
        command.append(f"--target={self.options.target}")
        if self.options.target == "cuda":
            command.append(f"--arch={self.options.arch}")
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=COMPILE_SECONDS
            )
        except subprocess.TimeoutExpired:
            return {"why": f"attn-compile took over {COMPILE_SECONDS} s"}
        except OSError as error:
            fail(f"cannot run {command[0]}: {error.strerror}; build it first")
        if done.returncode:
            lines = [e for e in done.stderr.splitlines() if "error:" in e]
            reason = lines[0].split("error:", 1)[1].strip() if lines else ""
            return {"why": reason or f"exit code {done.returncode} of attn-compile"}
        remarks = [e for e in done.stderr.splitlines() if "remark:" in e]
        found = {"file": file}
        if remarks:
            found["remark"] = remarks[0].split("remark:", 1)[1].strip()
        return found


def kernel_facts(manifest):
    """[(registers, bytes spilled)] of the kernels of an object."""
    return [
        (k["registers"], k["spill_store_bytes"] + k["spill_load_bytes"])
        for k in manifest.get("kernels", [])
    ]


def ask(path, case):
    """Asks the object whether it takes the case; [kernel facts] of it."""
    function = Function(path)
    arrays = [(Shape(sizes), dtype) for _, sizes, dtype in shapes(case)]
    sizes, _ = function.sizes(arrays)
    if sizes != output_sizes(case):
        raise CallError(f"a result of {sizes}, expected {output_sizes(case)}")
    return kernel_facts(function.manifest())


def plan(cases, variants, objects, target):
    """[(case, [(name, key, case of the object)])], objects added."""
    found = []
    for case in cases:
        # What is compiled for processors knows no tiles of GPUs: a rehearsal.
        functions = [("ours", objects.add(module_text(case)), case)]
        for name, where, text in variants:
            if fits(case, where):
                config = text if target == "cuda" else None
                key = objects.add(module_text(case, config))
                functions.append((f"ours {name}", key, case))
        dense = case.dense_case()
        if dense:
            functions.append(("dense", objects.add(module_text(dense)), dense))
        found.append((case, functions))
    return found


def describe(planned, made, options):
    """The entries of the manifest, each function asked whether it takes its case."""
    entries, refused = [], []
    for case, functions in planned:
        entry = {"case": case.to_json(), "ours": [], "dense": []}
        for name, key, its_case in functions:
            found = {"name": name} | made[key]
            if "file" in found:
                path = os.path.join(options.out, found["file"])
                try:
                    facts = ask(path, its_case)
                except CallError as error:
                    refused.append(f"{case.name}: {name}: {error}")
                    continue
                found["detail"] = "/".join(str(r) for r, _ in facts)
                found["detail"] += " registers" if facts else ""
                spills = sum(s for _, s in facts)
                if spills:
                    found["detail"] += f", {spills} B spilled"
                    if options.no_spills and name not in ("ours", "dense"):
                        continue
            entry["dense" if name == "dense" else "ours"].append(found)
        entries.append(entry)
    if refused:
        fail("compiled functions do not take their cases:\n  " + "\n  ".join(refused))
    return entries


def pack(entries, objects):
    """Compresses the objects that the manifest names, and removes the others."""
    used = set()
    for entry in entries:
        for found in entry["ours"] + entry["dense"]:
            if "file" in found:
                used.add(os.path.basename(found["file"]))
                found["file"] += ".gz"
    for file in os.listdir(objects.folder):
        path = os.path.join(objects.folder, file)
        if file in used:
            with open(path, "rb") as source, gzip.open(path + ".gz", "wb") as target:
                shutil.copyfileobj(source, target)
        if file in used or file.endswith(".so"):
            os.remove(path)


def parse():
    parser = argparse.ArgumentParser(
        description="Makes the folder of a benchmark for a GPU."
    )
    parser.add_argument("-o", "--out", default=os.path.join(ROOT, "build", "bench-gpu"))
    parser.add_argument(
        "--arch", default="sm_90a", help="of the GPU, as attn-compile takes it (sm_90a)"
    )
    parser.add_argument(
        "--target",
        choices=("cuda", "cpu"),
        default="cuda",
        help="cpu: a rehearsal, whose run.py runs on this processor",
    )
    parser.add_argument(
        "--config", default=None, help="configs/NAME.json, or a path (full)"
    )
    parser.add_argument(
        "--sweep",
        action="store_true",
        help="config sweep: every tile that fits, to see which is the fastest",
    )
    parser.add_argument(
        "--triton",
        metavar="FILE",
        help="Triton's python/tutorials/06-fused-attention.py, to be carried too",
    )
    parser.add_argument(
        "--fetch",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="fetch that file, at one commit and with its sha256 checked",
    )
    parser.add_argument("--jobs", "-j", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--attn-compile", default=os.path.join(ROOT, "build", "bin", "attn-compile")
    )
    options = parser.parse_args()
    if options.sweep and options.config:
        fail("--sweep is a configuration; give it or --config")
    options.config = options.config or ("sweep" if options.sweep else "full")
    options.attn_compile = shutil.which(options.attn_compile) or options.attn_compile
    return options


def carry_tutorial(options):
    """Puts Triton's tutorial into the folder; returns why it is not there, or None."""
    path = os.path.join(options.out, tutorial.NAME)
    if options.triton:
        shutil.copy(options.triton, path)
        return None
    if options.fetch:
        why = tutorial.fetch(path)
        print(f"Triton's tutorial: {why or tutorial.URL}")
        return why
    # Not what an earlier run left.
    if os.path.exists(path):
        os.remove(path)
    return "it was not fetched when the folder was made"


def main():
    options = parse()
    try:
        cases, document = load_config(options.config)
    except ConfigError as error:
        fail(error)
    variants = expand_variants(document.get("variants", []))
    options.no_spills = document.get("no_spills", False)
    if options.triton and not os.path.exists(options.triton):
        fail(f"--triton={options.triton}: no such file")
    # Not what an earlier run left: objects that nobody asks for travel too.
    objects = Objects(options)
    shutil.rmtree(objects.folder, ignore_errors=True)
    os.makedirs(objects.folder)
    planned = plan(cases, variants, objects, options.target)
    keys = list(objects.texts)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        made = dict(zip(keys, pool.map(objects.compile, keys)))
    entries = describe(planned, made, options)
    pack(entries, objects)
    for file in FILES:
        shutil.copy(os.path.join(HERE, file), options.out)
    without_tutorial = carry_tutorial(options)
    hashes = "".join(sorted(keys)) + options.target + options.arch
    with open(options.attn_compile, "rb") as file:
        compiler = hashlib.sha256(file.read()).hexdigest()
    write_json(
        os.path.join(options.out, "manifest.json"),
        {
            "schema": SCHEMA,
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "build": hashlib.sha256((compiler + hashes).encode()).hexdigest()[:16],
            "config": os.path.splitext(os.path.basename(options.config))[0],
            "target": options.target,
            "arch": options.arch if options.target == "cuda" else "",
            "without_tutorial": without_tutorial,
            "cases": entries,
        },
    )
    report(entries, made, options)


def report(entries, made, options):
    size = 0
    for folder, _, files in os.walk(options.out):
        size += sum(os.path.getsize(os.path.join(folder, f)) for f in files)
    built = [found for found in made.values() if "file" in found]
    print(
        f"{len(entries)} cases, {len(built)} objects, {size / 2**20:.1f} MiB in "
        f"{options.out}"
    )
    said, broken = set(), 0
    for entry in entries:
        for found in entry["ours"] + entry["dense"]:
            line = None
            if "why" in found:
                line = f"not built: {found['name']}: {found['why']}"
                broken += found["name"] in ("ours", "dense")
            elif "remark" in found and found["name"] in ("ours", "dense"):
                line = f"remark: {entry['case']['name']}: {found['remark']}"
            if line and line not in said:
                said.add(line)
                print(line)
    if broken:
        fail(f"{broken} cases have no function; see above")
    print(f"run: python3 {os.path.join(options.out, 'run.py')}")


if __name__ == "__main__":
    main()
