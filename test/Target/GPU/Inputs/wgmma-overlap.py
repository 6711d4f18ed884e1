"""Compiles prompts for sm_90a, and fails if in machine code the steps of wgmma find
powers after they have waited for the products of the step before.

usage: wgmma-overlap.py NVDISASM. Prints one line a step: exponentials between the
wait for scores and that for output, and those that there are to be.
"""

import re
import subprocess
import sys
import tempfile

NVDISASM = sys.argv[1]
# head_dim, head_dim_v, what follows the operands, exponentials a score, and whether
# steps that compare positions are spared: of wide rows, they have no registers left
# for it.
CASES = [
    (64, 64, "", 1, False),
    (64, 64, "causal", 1, False),
    (128, 128, "", 1, False),
    (128, 128, "causal", 1, False),
    (128, 128, "causal softcap(30.0)", 2, False),
    (192, 128, "causal", 1, False),
    (256, 256, "causal", 1, True),
]


def program(dim, dim_v, text):
    query, result = f"tensor<2x8x?x{dim}xbf16>", f"tensor<2x8x?x{dim_v}xbf16>"
    key, value = f"tensor<2x2x?x{dim}xbf16>", f"tensor<2x2x?x{dim_v}xbf16>"
    return f"""func.func @f(%q: {query}, %k: {key}, %v: {value}) -> {result} {{
      %r = attn.sdpa %q, %k, %v {text} : ({query}, {key}, {value}) -> {result}
      return %r : {result}
    }}"""


def disassemble(text):
    with tempfile.TemporaryDirectory() as folder:
        source, binary = folder + "/f.mlir", folder + "/f.cubin"
        with open(source, "w") as file:
            file.write(text)
        command = ["attn-compile", source, "-o", binary, "--target=cuda"]
        subprocess.run([*command, "--arch=sm_90a"], check=True)
        done = subprocess.run(
            [NVDISASM, "-c", binary], check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout


failed = False
for dim, dim_v, text, each, spares_masked in CASES:
    code = disassemble(program(dim, dim_v, text))
    # A product of scores begins with none, and names its keys.
    keys = int(re.search(r"HGMMA\.64x(\d+)x16\S* R\d+, gdesc\[\S+\], RZ", code)[1])
    # Two rows a lane, each of which has every fourth pair of keys; what the
    # output so far is to be multiplied by is a power, too.
    expected = each * keys // 2 + 2
    waits = re.split(r"WARPGROUP\.DEPBAR\.LE gsb0, 0x([01])", code)
    # What follows a wait that leaves one group in flight.
    steps = [after for left, after in zip(waits[1::2], waits[2::2]) if left == "1"]
    found = [len(re.findall(r"MUFU\.EX2", step)) for step in steps]
    masked = len(steps) - 1
    print(f"{dim} {dim_v} {text}: {found} of {expected}")
    if not steps or any(n < expected for n in found[masked * spares_masked :]):
        print("  expects powers to be found before the wait for output")
        failed = True
sys.exit(failed)
