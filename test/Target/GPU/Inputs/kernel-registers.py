"""Compiles functions of one family of kernels for two GPUs, and fails if a kernel
spills or takes more registers than its budget, as ptxas says.

usage: kernel-registers.py FAMILY. Prints one line a function: its kernels in the
order of their launches, each as registers/budget.
"""

import json
import subprocess
import sys
import tempfile

ARCHS = "sm_80,sm_90a"


def sdpa(dim, element, group=1, rows=1, keys=None, text="", pages=False):
    """`rows` queries of heads in groups; keys of their own type have scales."""
    query = f"tensor<2x{2 * group}x{rows}x{dim}x{element}>"
    key = f"tensor<{'?x2x64' if pages else '2x2x?'}x{dim}x{keys or element}>"
    operands = [("q", query), ("k", key), ("v", key)]
    if pages:
        operands += [("n", "tensor<2xi64>"), ("p", "tensor<2x?xi32>")]
        text += " kv_len(%n) page_table(%p)"
    if keys:
        operands += [("s", "tensor<2x2x?x1xf32>")]
        text += " key_scale(%s) value_scale(%s)"
        operands += operands[-1:]
    return function("attn.sdpa", text, operands, query)


def blocks(dim, block_len, rows="?", causal="causal "):
    """Blocks of one length; `rows` of a sequence, if known."""
    kind = f"tensor<2x2x{rows}x{dim}xbf16>"
    text = f"{causal}block_len({block_len})"
    return function("attn.block_local", text, [(n, kind) for n in "qkv"], kind)


def sparq(dim, element, group, text, key_t=True):
    query = f"tensor<1x{8 * group}x1x{dim}x{element}>"
    key = f"tensor<1x8x?x{dim}x{element}>"
    operands = [("q", query), ("k", key), ("v", key)]
    if key_t:
        operands += [("t", f"tensor<1x8x?x{dim}x1024x{element}>")]
        text += " key_t(%t)"
    return function("attn.sparq", text, operands, query)


def function(op, text, operands, result):
    arguments = ", ".join(dict.fromkeys(f"%{name}: {kind}" for name, kind in operands))
    kinds = ", ".join(kind for _, kind in operands)
    return f"""({arguments}) -> {result} {{
      %r = {op} %q, %k, %v {text} : ({kinds}) -> {result}
      return %r : {result}
    }}"""


ONLINE = """(%q: tensor<1x8x1x128xf16>, %k: tensor<1x8x?x128xf16>,
    %a: tensor<1x8x1x128xf32>, %m: tensor<1x8x1xf32>)
    -> (tensor<1x8x1x128xf16>, tensor<1x8x1xf32>) {
  %x:3 = attn.online ins(%q, %k, %k) outs(%a, %m, %m)
    : (tensor<1x8x1x128xf16>, tensor<1x8x?x128xf16>, tensor<1x8x?x128xf16>,
       tensor<1x8x1x128xf32>, tensor<1x8x1xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x128xf32>, tensor<1x8x1xf32>, tensor<1x8x1xf32>)
  %o = tensor.empty() : tensor<1x8x1x128xf16>
  %r:2 = attn.finalize ins(%x#0, %x#1, %x#2) outs(%o, %m)
    : (tensor<1x8x1x128xf32>, tensor<1x8x1xf32>, tensor<1x8x1xf32>,
       tensor<1x8x1x128xf16>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x128xf16>, tensor<1x8x1xf32>)
  return %r#0, %r#1 : tensor<1x8x1x128xf16>, tensor<1x8x1xf32>
}"""
MERGE = """(%a: tensor<1x8x?x128xf32>, %l: tensor<1x8x?xf32>,
    %o: tensor<1x8x?x128xf16>) -> tensor<1x8x?x128xf16> {
  %r = attn.merge ins(%a, %a, %a lse %l, %l, %l) outs(%o)
    : (tensor<1x8x?x128xf32>, tensor<1x8x?x128xf32>, tensor<1x8x?x128xf32>,
       tensor<1x8x?xf32>, tensor<1x8x?xf32>, tensor<1x8x?xf32>,
       tensor<1x8x?x128xf16>) -> tensor<1x8x?x128xf16>
  return %r : tensor<1x8x?x128xf16>
}"""
APPEND = """(%n: tensor<?x8x?x128xf16>, %p: tensor<?xi64>,
    %k: tensor<?x8x?x128xf16> {attn.inout}, %v: tensor<?x8x?x128xf16> {attn.inout},
    %t: tensor<?x8x?x128x1024xf16> {attn.inout})
    -> (tensor<?x8x?x128xf16>, tensor<?x8x?x128xf16>, tensor<?x8x?x128x1024xf16>) {
  %r:3 = attn.kv_append ins(%n, %n, %p) outs(%k, %v, %t)
    : (tensor<?x8x?x128xf16>, tensor<?x8x?x128xf16>, tensor<?xi64>,
       tensor<?x8x?x128xf16>, tensor<?x8x?x128xf16>, tensor<?x8x?x128x1024xf16>)
    -> (tensor<?x8x?x128xf16>, tensor<?x8x?x128xf16>, tensor<?x8x?x128x1024xf16>)
  return %r#0, %r#1, %r#2
    : tensor<?x8x?x128xf16>, tensor<?x8x?x128xf16>, tensor<?x8x?x128x1024xf16>
}"""
MEAN = """(%n: tensor<?x8x?x128xf16>, %c: tensor<?xi64>,
    %m: tensor<?x8x128xf32> {attn.inout}) -> tensor<?x8x128xf32> {
  %r = attn.running_mean ins(%n, %c) outs(%m)
    : (tensor<?x8x?x128xf16>, tensor<?xi64>, tensor<?x8x128xf32>)
    -> tensor<?x8x128xf32>
  return %r : tensor<?x8x128xf32>
}"""
ELEMENTS = """(%a: tensor<?x?xf16>, %o: tensor<?x?xf16> {attn.inout},
    %s: tensor<?xf16> {attn.inout}) -> (tensor<?x?xf16>, tensor<?xf16>) {
  %t = linalg.transpose ins(%a : tensor<?x?xf16>) outs(%o : tensor<?x?xf16>)
    permutation = [1, 0]
  %r = linalg.reduce ins(%a : tensor<?x?xf16>) outs(%s : tensor<?xf16>)
      dimensions = [1] (%in: f16, %out: f16) {
    %v = arith.addf %in, %out : f16
    linalg.yield %v : f16
  }
  return %t, %r : tensor<?x?xf16>, tensor<?xf16>
}"""



def scores(dim, element, group, text="", channels=None, key_t=False):
    """Of one query of `group` heads, by some channels or all, of key or key_t."""
    operands = [
        ("q", f"tensor<1x{8 * group}x1x{dim}x{element}>"),
        ("k", f"tensor<1x8x?x{dim}x{element}>"),
        ("n", "tensor<1xi64>"),
    ]
    text += "kv_len(%n)"
    if channels:
        operands.append(("c", f"tensor<1x8x{channels}xi64>"))
        text += " channels(%c)"
    if key_t:
        operands.append(("t", f"tensor<1x8x?x{dim}x1024x{element}>"))
        text += " key_t(%t)"
    result = f"tensor<1x{8 * group}x1x?xf32>"
    operands.append(("s", result))
    arguments = ", ".join(f"%{name}: {kind}" for name, kind in operands)
    arguments += " {attn.inout}"
    kinds = ", ".join(kind for _, kind in operands)
    return f"""({arguments}) -> {result} {{
      %r = attn.scores ins(%q, %k {text}) outs(%s) : ({kinds}) -> {result}
      return %r : {result}
    }}"""


def topk(element):
    row, indices, count = f"tensor<1x8x?x{element}>", "tensor<1x8x512xi64>", "1x8xi64"
    return f"""(%u: {row}, %i: {indices} {{attn.inout}},
        %n: tensor<{count}> {{attn.inout}}) -> ({indices}, tensor<{count}>) {{
      %r:2 = attn.topk ins(%u) outs(%i, %n) : ({row}, {indices}, tensor<{count}>)
        -> ({indices}, tensor<{count}>)
      return %r#0, %r#1 : {indices}, tensor<{count}>
    }}"""


GATHER = """(%k: tensor<?x8x?x128xf16>, %i: tensor<?x8x512xi64>, %n: tensor<?x8xi64>,
    %o: tensor<?x8x512x128xf16> {attn.inout}, %p: tensor<?x8x512x128xf16> {attn.inout})
    -> (tensor<?x8x512x128xf16>, tensor<?x8x512x128xf16>) {
  %r:2 = attn.gather_kv ins(%k, %k, %i, %n) outs(%o, %p)
    : (tensor<?x8x?x128xf16>, tensor<?x8x?x128xf16>, tensor<?x8x512xi64>,
       tensor<?x8xi64>, tensor<?x8x512x128xf16>, tensor<?x8x512x128xf16>)
    -> (tensor<?x8x512x128xf16>, tensor<?x8x512x128xf16>)
  return %r#0, %r#1 : tensor<?x8x512x128xf16>, tensor<?x8x512x128xf16>
}"""
SOFTMAX = """(%s: tensor<?x8x?xf32>, %p: tensor<?x8x?xf32> {attn.inout})
    -> tensor<?x8x?xf32> {
  %r = linalg.softmax dimension(2) ins(%s : tensor<?x8x?xf32>)
    outs(%p : tensor<?x8x?xf32>) -> tensor<?x8x?xf32>
  return %r : tensor<?x8x?xf32>
}"""

LOCAL = "rank(32) top_k(4096) local_window(1024)"
MEANS = "rank(13) top_k(128) realloc(on)"
# What is computed, and the most registers of each of its kernels on either GPU, or
# on each: one launch, ranges of keys and their merge; for SparQ, scores, orders and
# choice before these; for blocks, operands that are aligned and others.
FAMILIES = {
    "split_kv": {
        "f16 64": (sdpa(64, "f16"), [56, 56, 32]),
        "f16 128": (sdpa(128, "f16"), [(60, 56), 56, 48]),
        "f16 256": (sdpa(256, "f16"), [64, 64, (56, 40)]),
        "bf16 128": (sdpa(128, "bf16"), [64, 64, 48]),
        "f32 64": (sdpa(64, "f32"), [48, 48, 32]),
        "f32 128": (sdpa(128, "f32"), [48, 48, 40]),
        "f32 256": (sdpa(256, "f32"), [64, 64, (48, 40)]),
        "f16 96, two heads": (sdpa(96, "f16", group=2), [80, 96, 32]),
        "f32 128, eight heads": (sdpa(128, "f32", group=8), [128, 128, 32]),
        "f16 128, causal, pages": (
            sdpa(128, "f16", rows=3, text="causal bottom_right", pages=True),
            [128, 128, 32],
        ),
    },
    "bytes": {
        "i8 128": (sdpa(128, "f16", keys="i8"), [72, 80, 48]),
        "i8 128, eight heads": (sdpa(128, "bf16", group=8, keys="i8"), [255, 255, 32]),
        "f8 64": (sdpa(64, "f16", keys="f8E4M3FN"), [80, 80, 32]),
        "f8 128, eight heads": (
            sdpa(128, "f16", group=8, keys="f8E5M2"),
            [224, 232, 32],
        ),
    },
    "sparq": {
        "f16 128": (sparq(128, "f16", 1, LOCAL), [48, 40, 64, 64, 64, 32]),
        "f16 64, means": (sparq(64, "f16", 1, MEANS), [56, 40, 64, 64]),
        "f16 128, four heads": (
            sparq(128, "f16", 4, LOCAL),
            [80, 40, 64, 128, 152, 32],
        ),
        "bf16 64, eight heads, means": (
            sparq(64, "bf16", 8, MEANS),
            [200, 64, 64, 224],
        ),
        "f32 128, four heads": (sparq(128, "f32", 4, MEANS), [64, 40, 64, 104]),
    },
    "sparq rows": {
        "f16 128, four heads, means": (
            sparq(128, "f16", 4, MEANS, False),
            [96, 40, 64, 128],
        ),
        "bf16 128, eight heads": (
            sparq(128, "bf16", 8, LOCAL, False),
            [120, 64, 64, 216, 240, 32],
        ),
        "f32 64": (sparq(64, "f32", 1, LOCAL, False), [48, 40, 64, 48, 48, 32]),
    },
    "blocks": {
        "16 of 64": (blocks(64, 16), [128, 120]),
        "32 of 64": (blocks(64, 32, causal=""), [152, 128]),
        "100 of 64, static": (blocks(64, 100, 4007), [232, 184]),
        "32 of 128": (blocks(128, 32), [240, 240]),
        "32 of 128, static": (blocks(128, 32, 4096), [168, 168]),
        "32 of 256": (blocks(256, 32), [255, 255]),
        "100 of 256, static": (blocks(256, 100, 4007), [255, 255]),
    },
    "states": {
        "online and finalize": (ONLINE, [24, 16, 16, 72, 48, 24, 16]),
        "merge": (MERGE, [32, 40]),
        "append": (APPEND, [40]),
        "mean": (MEAN, [32]),
        "elements": (ELEMENTS, [24, 32]),
    },
    "pieces": {
        "scores, f16 128": (scores(128, "f16", 1), [32]),
        "scores, bf16 128, eight heads": (scores(128, "bf16", 8), [128]),
        "scores, f32 64, 16 channels": (scores(64, "f32", 4, channels=16), [56]),
        "scores, f16 128 of key_t": (scores(128, "f16", 1, "", 32, True), [48]),
        "scores, f16 128 of key_t, eight heads": (
            scores(128, "f16", 8, "softcap(30.0) ", 32, True),
            [168],
        ),
        "topk, f32": (topk("f32"), [64, 64, 64]),
        "topk, f64": (topk("f64"), [64, 64, 64]),
        "gather": (GATHER, [24]),
        "softmax": (SOFTMAX, [32]),
    },
}


def compile_family(functions):
    """The kernels of each function, by GPU, in the order of their launches."""
    with tempfile.TemporaryDirectory() as folder:
        module, report = f"{folder}/m.mlir", f"{folder}/r.json"
        with open(module, "w") as file:
            for i, (text, _) in enumerate(functions.values()):
                file.write(f"func.func @f{i}{text}\n")
        command = ["attn-compile", module, "-o", f"{folder}/m.so", "--target=cuda"]
        command += [f"--arch={ARCHS}", f"--attn-report={report}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr[:4000]}")
        with open(report) as file:
            kernels = json.load(file)["gpu_kernels"]
    found = {}
    for kernel in kernels:
        name, _, number = kernel["kernel"].partition("_kernel")
        place = int(number[1:]) + 1 if number else 0
        of_gpu = found.setdefault(int(name[1:]), {}).setdefault(kernel["arch"], {})
        of_gpu[place] = kernel
    return found


failed = False
functions = FAMILIES[sys.argv[1]]
found = compile_family(functions)
for i, (name, (_, budgets)) in enumerate(functions.items()):
    for arch, kernels in sorted(found[i].items()):
        parts, wrong = [], []
        if len(kernels) != len(budgets):
            wrong.append(f"expects {len(budgets)} kernels")
        for place, budget in zip(sorted(kernels), budgets + [0] * len(kernels)):
            kernel = kernels[place]
            if isinstance(budget, tuple):
                budget = budget[ARCHS.split(",").index(arch)]
            parts.append(f"{kernel['registers']}/{budget}")
            if kernel["spill_store_bytes"] or kernel["spill_load_bytes"]:
                wrong.append(f"expects no spills of kernel {place}")
            if kernel["registers"] > budget:
                wrong.append(f"expects at most {budget} registers of kernel {place}")
        print(f"{name}, {arch}:", *parts, *wrong)
        failed |= bool(wrong)
sys.exit(failed)
