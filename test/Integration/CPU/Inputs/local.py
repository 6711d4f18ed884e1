"""Random attention in short blocks, executed.

local.py WORK SEED CASES [TOOL]: attn.sdpa that becomes attn.block_local_step,
checked by `attn-run --verify`, and that op and attn.block_local themselves, with
several blocks and with prefixes, checked here in double precision, for vectors
of several widths.
"""

import os
import random
import subprocess
import sys

import numpy as np

TARGETS = [None, (512, 32), (256, 16), (128, 16), (128, 32)]
TOLERANCE = {"f32": 1e-5, "f16": 2e-3, "f64": 1e-12}
NUMPY = {"f32": np.float32, "f16": np.float16, "f64": np.float64}


def tensor(shape, element):
    return "tensor<" + "x".join(map(str, shape)) + f"x{element}>"


class Case:
    """One op, its operands and what it is asked for."""

    def __init__(self, rng, kind):
        self.rng, self.kind = rng, kind
        self.group = rng.choice([1, 1, 1, 2, 3, 4])
        self.kv_heads = rng.choice([1, 2, 3])
        self.heads = self.group * self.kv_heads
        self.batch = rng.choice([0, 1, 2, 3, 3])
        self.keys = rng.randint(1, 24)
        self.is_layer_a = kind != "sdpa" and rng.random() < 0.4
        # Half of them are so short that they are written out.
        if rng.random() < 0.5:
            self.keys = rng.randint(1, 8)
        self.rows = self.keys
        if not self.is_layer_a and rng.random() < 0.5:
            self.rows = rng.choice([1, 1, 4, 9])
        self.blocks = 1 if kind == "sdpa" else rng.choice([1, 2, 3, 7])
        self.prefix = rng.randint(1, 8) if kind == "prefix" else 0
        self.width = rng.choice([64, 64, 16, 8, 32, 128, 5, 1, 33, 80, 144])
        self.width_v = self.width if rng.random() < 0.7 else rng.choice([64, 7, 1, 48])
        self.type = rng.choice(["f32"] * 3 + ["f16", "f64"])
        if kind == "sdpa" and rng.random() < 0.2:
            self.type = "bf16"
        self.swaps = rng.random() < 0.3
        self.lse = rng.random() < 0.5
        self.seq_q, self.seq_kv = self.blocks * self.rows, self.blocks * self.keys
        if kind != "sdpa" and rng.random() < 0.4:
            # A short last block.
            self.seq_q -= rng.randint(0, self.rows - 1)
            self.seq_kv -= rng.randint(0, self.keys - 1)
        self.left = self.right = -1
        self.clauses, self.operands = [], []
        self.add_modifiers()

    def add(self, clause, name, kind, value):
        self.clauses.append(f"{clause}(%{name})")
        self.operands.append((name, kind, value))

    def array(self, shape):
        return np.random.RandomState(self.rng.randrange(1 << 30)).randn(*shape)

    def add_modifiers(self):
        rng = self.rng
        self.scale = 1 / np.sqrt(self.width)
        if rng.random() < 0.2:
            self.scale = rng.choice([0.5, -0.25])
            self.clauses.append(f"scale({self.scale})")
        if rng.random() < 0.6:
            self.right = 0
            self.clauses.append("causal")
        elif not self.is_layer_a and rng.random() < 0.5:
            self.left, self.right = rng.choice([-1, 0, 2]), rng.choice([-1, 0, 1, 9])
            self.clauses.append(f"window({self.left}, {self.right})")
        self.offset = np.zeros(self.batch, np.int64)
        has_window = self.right + self.left > -2
        if has_window and not self.is_layer_a and rng.random() < 0.3:
            self.offset = self.lengths(40) - 20
            self.add("causal_offset", "co", "i64", self.offset)
        self.kv_len = self.q_len = None
        if rng.random() < 0.3:
            self.kv_len = self.lengths(self.seq_kv)
            self.add("kv_len", "kl", "i64", self.kv_len)
        if rng.random() < 0.2:
            self.q_len = self.lengths(self.seq_q)
            self.add("q_len", "ql", "i64", self.q_len)
        self.mask = self.bias = None
        if self.kind != "prefix" and rng.random() < 0.25:
            self.mask = self.array(self.broadcast()) < 0.3
            self.add("mask", "m", "i1", self.mask)
        if self.kind != "prefix" and rng.random() < 0.25:
            self.bias = self.array(self.broadcast()).astype(np.float32)
            self.bias[self.bias > 1] = -np.inf
            self.add("bias", "bi", "f32", self.bias)
        self.softcap = rng.choice([None, None, None, 2.0])
        if self.softcap:
            self.clauses.append(f"softcap({self.softcap})")
        if self.swaps:
            self.clauses.append("layout(bshd)")

    def lengths(self, most):
        return np.array(
            [self.rng.randint(0, most) for _ in range(self.batch)], np.int64
        )

    def broadcast(self):
        shape = (self.batch, self.heads, self.seq_q, self.seq_kv)
        return [n if self.rng.random() < 0.6 else 1 for n in shape]

    def shape(self, heads, seq, width):
        if self.swaps:
            return (self.batch, seq, heads, width)
        return (self.batch, heads, seq, width)

    def inputs(self):
        """Names, types and values of all arguments."""
        rows = [
            ("q", self.heads, self.seq_q, self.width),
            ("k", self.kv_heads, self.seq_kv, self.width),
            ("v", self.kv_heads, self.seq_kv, self.width_v),
        ]
        prefix = self.blocks * self.prefix
        prefixes = [
            ("pk", self.kv_heads, prefix, self.width),
            ("pv", self.kv_heads, prefix, self.width_v),
        ]

        def make(name, heads, seq, width):
            return name, self.type, self.array(self.shape(heads, seq, width))

        given = [make(*row) for row in rows]
        self.hide(*[value for _, _, value in given])
        given += self.operands
        if prefix:
            given += [make(*row) for row in prefixes]
        return given

    def hide(self, query, key, value):
        """Puts NaN where nobody looks."""
        if self.swaps:
            query, key, value = [x.transpose(0, 2, 1, 3) for x in (query, key, value)]
        for b in range(self.batch):
            if self.q_len is not None:
                query[b, :, self.q_len[b] :] = np.nan
            if self.kv_len is not None:
                key[b, :, self.kv_len[b] :] = np.nan
                value[b, :, self.kv_len[b] :] = np.nan
        if self.mask is None:
            return
        full = (self.batch, self.heads, self.seq_q, self.seq_kv)
        mask = np.broadcast_to(self.mask, full)
        for b, h, j in np.ndindex(self.batch, self.kv_heads, self.seq_kv):
            first = j // self.keys * self.rows
            heads = slice(h * self.group, (h + 1) * self.group)
            if not mask[b, heads, first : first + self.rows, j].any():
                key[b, h, j] = value[b, h, j] = np.nan

    def source(self, inputs, target):
        shape = self.shape(self.heads, self.seq_q, self.width_v)
        wide = "f64" if self.type == "f64" else "f32"
        results = [tensor(shape, self.type)]
        if self.lse:
            results.append(tensor((self.batch, self.heads, self.seq_q), wide))
        args = ", ".join(f"%{n}: {tensor(v.shape, t)}" for n, t, v in inputs)
        types = ", ".join(tensor(v.shape, t) for n, t, v in inputs)
        names = ", ".join(f"%r{i}" for i in range(len(results)))
        outs = "".join(
            f"  %e{i} = tensor.empty() : {t}\n" for i, t in enumerate(results)
        )
        clauses = " ".join(self.clauses)
        result = ", ".join(results)
        if self.kind == "sdpa":
            op = f"attn.sdpa %q, %k, %v {clauses} : ({types})"
        else:
            clauses += f" block_len({self.keys})"
            if self.prefix:
                clauses += f" prefix_len({self.prefix}) prefix(%pk, %pv)"
            if not self.is_layer_a:
                clauses += f" block_len_q({self.rows})"
            inits = ", ".join(f"%e{i}" for i in range(len(results)))
            op = f"attn.block_local %q, %k, %v {clauses} : ({types})"
        if self.kind != "sdpa" and not self.is_layer_a:
            op = (
                f"attn.block_local_step ins(%q, %k, %v {clauses}) outs({inits})"
                f" : ({types}, {result})"
            )
        text = (
            f"func.func @main({args}) -> ({result}) {{\n{outs}"
            f"  {names} = {op} -> ({result})\n  return {names} : {result}\n}}\n"
        )
        if target:
            bits, registers = target
            text = (
                "module attributes {attn.target = #attn.target<cpu, vector_bits = "
                f"{bits}, num_vector_registers = {registers}>}} {{\n{text}}}\n"
            )
        return text

    def expected(self, inputs):
        """Output and lse in double precision."""
        values = {n: v.astype(np.float64) for n, t, v in inputs if t != "i1"}
        if self.swaps:
            for name in ("q", "k", "v", "pk", "pv"):
                if name in values:
                    values[name] = values[name].transpose(0, 2, 1, 3)
        out = np.zeros((self.batch, self.heads, self.seq_q, self.width_v))
        lse = np.full((self.batch, self.heads, self.seq_q), -np.inf)
        full = (self.batch, self.heads, self.seq_q, self.seq_kv)
        bias = np.broadcast_to(0.0 if self.bias is None else values["bi"], full)
        mask = np.broadcast_to(True if self.mask is None else self.mask, full)
        for b, h, i in np.ndindex(lse.shape):
            if self.q_len is not None and i >= self.q_len[b]:
                continue
            block, kv = i // self.rows, h // self.group
            first = block * self.keys
            center = i % self.rows + self.offset[b]
            seen = []
            for j in range(first, min(first + self.keys, self.seq_kv)):
                at = j - first
                if self.kv_len is not None and j >= self.kv_len[b]:
                    continue
                if self.right >= 0 and at > center + self.right:
                    continue
                if self.left >= 0 and at < center - self.left:
                    continue
                if mask[b, h, i, j]:
                    seen.append(j)
            keys = values["k"][b, kv, seen]
            rows = values["v"][b, kv, seen]
            added = bias[b, h, i, seen]
            if self.prefix:
                own = slice(block * self.prefix, (block + 1) * self.prefix)
                keys = np.concatenate([values["pk"][b, kv, own], keys])
                rows = np.concatenate([values["pv"][b, kv, own], rows])
                added = np.concatenate([np.zeros(self.prefix), added])
            scores = keys @ values["q"][b, h, i] * self.scale
            if self.softcap:
                scores = self.softcap * np.tanh(scores / self.softcap)
            scores = scores + added
            if not len(scores) or scores.max() == -np.inf:
                continue
            powers = np.exp(scores - scores.max())
            out[b, h, i] = powers @ rows / powers.sum()
            lse[b, h, i] = scores.max() + np.log(powers.sum())
        return out.transpose(0, 2, 1, 3) if self.swaps else out, lse


def run(case, target, work, tool):
    inputs = case.inputs()
    if case.type in NUMPY:
        inputs = [
            (n, t, v.astype(NUMPY[t]) if t in NUMPY else v) for n, t, v in inputs
        ]
    source = f"{work}.mlir"
    with open(source, "w") as file:
        file.write(case.source(inputs, target))
    command = [tool, source]
    for n, t, v in inputs:
        if t == "bf16":
            bits = np.ascontiguousarray(v, np.float32).view(np.uint32) >> 16
            v = bits.astype(np.uint16)
        np.save(f"{work}.{n}.npy", v)
        command.append(f"--input=@{work}.{n}.npy")
    if case.kind == "sdpa":
        command.append("--verify")
    else:
        command += [f"--output=@{work}.r{i}.npy" for i in range(1 + case.lse)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return done.stdout + done.stderr
    if case.kind == "sdpa":
        return ""
    tolerance = TOLERANCE[case.type]
    for i, want in enumerate(case.expected(inputs)[: 1 + case.lse]):
        found = np.load(f"{work}.r{i}.npy").astype(np.float64)
        bound = (tolerance if i == 0 or case.type == "f64" else 1e-5) * (
            1 + np.abs(want)
        )
        with np.errstate(invalid="ignore"):
            wrong = ~((found == want) | (np.abs(found - want) <= bound))
        if wrong.any():
            at = np.argwhere(wrong)[0]
            return (
                f"result {i} at {at}: {found[tuple(at)]}, not {want[tuple(at)]};"
                f" {wrong.sum()} of {wrong.size} are wrong"
            )
    return ""


def main():
    work, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tool = sys.argv[4] if len(sys.argv) > 4 else "attn-run"
    os.makedirs(work, exist_ok=True)
    rng = random.Random(seed)
    failed = 0
    for number in range(count):
        case = Case(rng, ["sdpa", "blocks", "prefix"][number % 3])
        target = rng.choice(TARGETS)
        path = os.path.join(work, str(number))
        why = run(case, target, path, tool)
        if why:
            failed += 1
            print(f"{path}.mlir: {why}")
            with open(f"{path}.mlir") as file:
                print(file.read())
    print(f"{count} cases, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
