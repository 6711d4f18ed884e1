"""Assembles the kernel of prompts in its default configurations.

usage: registers.py MLIR_OPT ARCH. Prints one line a head_dim and type;
fails if a kernel has spills, more registers than its budget, a call of
libdevice, or memory accesses that are not those of 16 bytes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

MLIR_OPT, ARCH = sys.argv[1:]
ROOTS = [os.environ.get(name) for name in ("CUDA_ROOT", "CUDA_HOME", "CUDA_PATH")]
PATHS = [os.path.join(root, "bin", "ptxas") for root in ROOTS if root]
PTXAS = shutil.which("ptxas") or next(filter(os.path.exists, PATHS))

# head_dim, head_dim_v, shared bytes, block_q expected: most registers.
BUDGETS = {
    (64, 64, 166912, 128): 240,
    (96, 96, 166912, 128): 255,
    (128, 128, 166912, 128): 248,
    (128, 128, 101376, 128): 248,
    (192, 128, 166912, 128): 192,
    (192, 128, 101376, 64): 192,
    (256, 256, 166912, 128): 255,
    (256, 256, 101376, 64): 232,
}


def run(*command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[:2000]}")
    return done.stdout + done.stderr


def unescape(text):
    text = re.sub(r"\\([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), text)
    return text.rstrip("\0")


def kernel(dim, dim_v, shared, element, block_q):
    query, key = f"memref<2x4x?x{dim}x{element}>", f"memref<2x2x?x{dim}x{element}>"
    value, output = (f"memref<2x{n}x?x{dim_v}x{element}>" for n in (2, 4))
    module = f"""
      module attributes {{attn.target = #attn.target<cuda, arch = "{ARCH}",
          num_sms = 108, shared_bytes = {shared}>}} {{
        func.func @prefill(%q: {query}, %k: {key}, %v: {value}, %o: {output},
                           %l: memref<2x4x?xf32>) {{
          attn.sdpa_step ins(%q, %k, %v causal) outs(%o, %l)
            : ({query}, {key}, {value}, {output}, memref<2x4x?xf32>) -> ()
          return
        }}
      }}"""
    passes = ["--convert-attn-to-gpu", "--canonicalize", "--cse", "--attn-lower-kernels"]
    lowered = run("attn-opt", *passes, text=module)
    # The first module copies 16 bytes at a time; the other moves elements.
    device = re.search(r"^  gpu\.module.*?^  }\n", lowered, re.S | re.M)[0]
    device = "module attributes {gpu.container_module} {\n" + device + "}\n"
    target = f"--nvvm-attach-target=chip={ARCH} features=+ptx80 O=3"
    binary = run(MLIR_OPT, target, "--gpu-module-to-binary=format=isa", text=device)
    return unescape(re.search(r'assembly = "((?:[^"\\]|\\.)*)"', binary)[1])


failed = False
for (dim, dim_v, shared, block_q), budget in BUDGETS.items():
    for element in ("f16", "bf16"):
        ptx = kernel(dim, dim_v, shared, element, block_q)
        with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
            file.write(ptx)
            file.flush()
            log = run(PTXAS, "-v", f"-arch={ARCH}", file.name, "-o", "/dev/null", text="")
        registers = int(re.search(r"Used (\d+) registers", log)[1])
        spills = int(re.search(r"(\d+) bytes spill stores", log)[1])
        wrong = []
        if spills or registers > budget:
            wrong.append(f"expects at most {budget} registers and no spills")
        if "__nv_" in ptx or "call" in re.sub(r"//.*", "", ptx):
            wrong.append("expects no call")
        copies = re.findall(r"cp\.async\.\w+\.shared\.global.*", ptx)
        if not copies or any(".cg." not in c or " 16" not in c for c in copies):
            wrong.append("expects copies of 16 bytes")
        pairs = "cvt.rn.f16x2.f32" if element == "f16" else "cvt.rn.bf16x2.f32"
        if pairs not in ptx:
            wrong.append(f"expects {pairs}")
        wide = re.findall(r"st\.global\.v(\d)\.(?:b|u)32", ptx)
        if not wide or set(wide) != {"4"}:
            wrong.append("expects output to be stored by 16 bytes")
        print(f"{element} {dim} {dim_v}: {registers} registers, {spills} spilled", *wrong)
        failed |= bool(wrong)
sys.exit(failed)
