"""Assembles the kernel of mma_sync in its default configurations.

usage: registers.py MLIR_OPT ARCH. Prints one line a shape and type;
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

# What is computed, head_dim, head_dim_v, shared bytes: most registers.
BUDGETS = {
    ("causal", 64, 64, 166912): 240,
    ("causal", 96, 96, 166912): 255,
    ("causal", 128, 128, 166912): 255,
    ("causal", 128, 128, 101376): 255,
    ("causal", 192, 128, 166912): 255,
    ("causal", 192, 128, 101376): 255,
    ("causal", 256, 256, 166912): 255,
    ("causal", 256, 256, 101376): 232,
    ("full", 64, 64, 166912): 240,
    ("full", 256, 256, 166912): 255,
    ("star", 64, 64, 166912): 255,
    ("star", 96, 96, 166912): 255,
    ("star", 128, 128, 166912): 255,
    ("star", 192, 128, 166912): 255,
    ("star", 256, 256, 166912): 255,
    ("blocks", 64, 64, 166912): 255,
    ("blocks", 128, 128, 166912): 255,
    ("tiny", 64, 64, 166912): 128,
    ("tiny", 128, 128, 166912): 176,
    ("prefix", 64, 64, 166912): 128,
    ("decode", 64, 64, 166912): 168,
    ("decode", 96, 96, 166912): 168,
    ("decode", 128, 128, 166912): 168,
    ("decode", 128, 128, 101376): 168,
    ("decode", 192, 128, 166912): 168,
    ("decode", 256, 256, 166912): 255,
    ("decode", 256, 256, 101376): 255,
    ("queries", 64, 64, 166912): 200,
    ("queries", 128, 128, 166912): 255,
    ("queries", 192, 128, 166912): 255,
    ("queries", 256, 256, 166912): 255,
}
# Prompts of grouped heads, also in blocks, one query of eight heads a key head, and four of them.
ROWS = {"decode": (16, 1), "queries": (16, 4)}
BLOCKS = {"blocks": 1000, "tiny": 4, "prefix": 4}


def run(*command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[:2000]}")
    return done.stdout + done.stderr


def unescape(text):
    text = re.sub(r"\\([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), text)
    return text.rstrip("\0")


def kernel(variant, dim, dim_v, shared, element):
    heads, rows = ROWS.get(variant, (4, "?"))
    query = f"memref<2x{heads}x{rows}x{dim}x{element}>"
    output = f"memref<2x{heads}x{rows}x{dim_v}x{element}>"
    key, value = (f"memref<2x2x?x{width}x{element}>" for width in (dim, dim_v))
    lse = f"memref<2x{heads}x{rows}xf32>"
    op, structure = "sdpa", "causal" if rows == "?" else "causal bottom_right"
    if variant == "full":
        structure = ""
    if variant == "star":
        op, structure = "star", "causal block_size(4096) anchor_size(4096)"
    more, types = "", ""
    if variant in BLOCKS:
        op, structure = "block_local", f"causal block_len({BLOCKS[variant]})"
    if variant == "prefix":
        structure += " prefix_len(2) prefix(%pk, %pv)"
        more, types = f", %pk: {key}, %pv: {value}", f"{key}, {value}, "
    module = f"""
      module attributes {{attn.target = #attn.target<cuda, arch = "{ARCH}",
          num_sms = 108, shared_bytes = {shared}>}} {{
        func.func @prefill(%q: {query}, %k: {key}, %v: {value}, %o: {output},
                           %l: {lse}{more}) {{
          attn.{op}_step ins(%q, %k, %v {structure}) outs(%o, %l)
            : ({query}, {key}, {value}, {types}{output}, {lse}) -> ()
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
for (variant, dim, dim_v, shared), budget in BUDGETS.items():
    # Both types where shapes are the most usual ones.
    for element in ("f16", "bf16") if dim == 128 else ("bf16",):
        ptx = kernel(variant, dim, dim_v, shared, element)
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
        if variant not in ROWS and (not wide or set(wide) != {"4"}):
            wrong.append("expects output to be stored by 16 bytes")
        name = f"{variant} {element} {dim} {dim_v} {shared}"
        print(f"{name}: {registers} registers, {spills} spilled", *wrong)
        failed |= bool(wrong)
sys.exit(failed)
