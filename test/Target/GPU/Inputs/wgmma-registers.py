"""Compiles prompts with each modifier for a GPU and fails if a kernel by default
keeps anything out of its registers, as ptxas says.

usage: wgmma-registers.py ARCH. Prints one line a program: the registers of its
kernels. Those of wgmma begin with 168: setmaxnreg shares them out later, if ptxas
does not say that it ignores it, or anything else.
"""

import json
import subprocess
import sys
import tempfile

ARCH = sys.argv[1]
ALIBI = """score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %d = arith.subi %j, %i : index
    %n = arith.index_cast %d : index to i64
    %f = arith.sitofp %n : i64 to f32
    %slope = arith.constant 0.1 : f32
    %x = arith.mulf %f, %slope : f32
    %y = arith.addf %s, %x : f32
    attn.yield %y : f32
  }"""
MASK, BIAS = ("m", "tensor<2x1x?x?xi1>"), ("b", "tensor<2x4x?x?xbf16>")
LENGTHS, PAGES = ("n", "tensor<2xi64>"), ("p", "tensor<2x?xi32>")
# What follows the operands, and operands that it names.
VARIANTS = {
    "plain": ("", []),
    "causal": ("causal", []),
    "softcap": ("window(1000, 0) softcap(30.0)", []),
    "region": ("causal " + ALIBI, []),
    "mask": ("mask(%m)", [MASK]),
    "bias": ("bias(%b)", [BIAS]),
    "mask and bias": ("mask(%m) bias(%b)", [MASK, BIAS]),
    "region and mask": ("mask(%m) " + ALIBI, [MASK]),
    "blocks": ("block_len(128)", []),
    "pages": ("causal bottom_right kv_len(%n) page_table(%p)", [LENGTHS, PAGES]),
}
# head_dim and head_dim_v: all variants of the usual one, of others those that
# need most registers.
CASES = [(128, 128, name) for name in VARIANTS]
CASES += [(64, 64, "plain"), (64, 64, "mask"), (96, 96, "softcap"), (96, 96, "bias")]
CASES += [(192, 128, "bias"), (192, 128, "mask and bias"), (256, 256, "causal")]
CASES += [(256, 256, "softcap"), (256, 256, "blocks")]


def program(dim, dim_v, variant):
    text, more = VARIANTS[variant]
    op = "block_local" if variant == "blocks" else "sdpa"
    keys = "?x2x64" if variant == "pages" else "2x2x?"
    operands = [("q", f"tensor<2x4x?x{dim}xbf16>"), ("k", f"tensor<{keys}x{dim}xbf16>")]
    operands += [("v", f"tensor<{keys}x{dim_v}xbf16>")]
    result = f"tensor<2x4x?x{dim_v}xbf16>"
    arguments = ", ".join(f"%{name}: {kind}" for name, kind in operands + more)
    kinds = ", ".join(kind for _, kind in operands + more)
    return f"""func.func @f({arguments}) -> {result} {{
      %r = attn.{op} %q, %k, %v {text} : ({kinds}) -> {result}
      return %r : {result}
    }}"""


def find_kernels(report):
    if isinstance(report, dict):
        if "spill_store_bytes" in report:
            yield report
        report = list(report.values())
    if isinstance(report, list):
        for part in report:
            yield from find_kernels(part)


failed = False
with tempfile.TemporaryDirectory() as folder:
    source, report = f"{folder}/f.mlir", f"{folder}/f.json"
    for dim, dim_v, variant in CASES:
        with open(source, "w") as file:
            file.write(program(dim, dim_v, variant))
        command = ["attn-compile", source, "--target=cuda", f"--arch={ARCH}"]
        command += ["-o", f"{folder}/f.so", f"--attn-report={report}"]
        done = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True)
        with open(report) as file:
            kernels = list(find_kernels(json.load(file)))
        assert kernels, "expects kernels in the report"
        spills = sum(kernel["spill_store_bytes"] for kernel in kernels)
        registers = [kernel["registers"] for kernel in kernels]
        print(f"{dim} {dim_v} {variant}: {registers} registers, {spills} spilled")
        if (ARCH == "sm_90a") != (168 in registers and len(kernels) > 2):
            failed = True
            print("expects wgmma beside the kernels that stand in for it on sm_90a")
        if done.stderr:
            print(done.stderr)
        failed |= spills > 0 or bool(done.stderr)
sys.exit(failed)
