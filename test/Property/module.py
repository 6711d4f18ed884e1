"""The IR of a Case."""

import numpy as np
import oracle_sparq
from cases import EXTRA_KEYS

SCORES = {
    # Natural units; positions are absolute.
    "add": """%r = arith.addf %s, %shift : {f}""",
    "alibi": """%d = arith.subi %j, %i : index
    %d64 = arith.index_cast %d : index to i64
    %df = arith.sitofp %d64 : i64 to {f}
    %h64 = arith.index_cast %h : index to i64
    %hf = arith.sitofp %h64 : i64 to {f}
    %hc = arith.mulf %hf, %slope : {f}
    %t = arith.mulf %df, %hc : {f}
    %r = arith.addf %s, %t : {f}""",
    "parity": """%two = arith.constant 2 : index
    %one = arith.constant 1 : index
    %ij = arith.addi %i, %j : index
    %m2 = arith.remui %ij, %two : index
    %odd = arith.cmpi eq, %m2, %one : index
    %r = arith.select %odd, %none, %s : {f}""",
    "slopes": """%m = tensor.extract %slopes[%h] : {slopes}
    %d = arith.subi %j, %i : index
    %d64 = arith.index_cast %d : index to i64
    %df = arith.sitofp %d64 : i64 to {f}
    %t = arith.mulf %df, %m : {f}
    %r = arith.addf %s, %t : {f}""",
    "documents": """%x = tensor.extract %documents_q[%i] : {documents_q}
    %y = tensor.extract %documents_kv[%j] : {documents_kv}
    %same = arith.cmpi eq, %x, %y : i64
    %r = arith.select %same, %s, %none : {f}""",
}

# The order of operands in the ops; acc and others lie before sinks.
ORDER = ["dynamic_scale", "causal_offset", "kv_len", "q_len", "mask", "bias"]
ORDER += ["key_scale", "value_scale", "page_table"]
# What SparQ keeps between steps; after all modifiers.
STATE = ["key_t", "value_mean"]


def _tensor(element, shape, dynamic_dims=()):
    dims = ["?" if i in dynamic_dims else str(n) for i, n in enumerate(shape)]
    return f"tensor<{'x'.join([*dims, element])}>"


def _dynamic_dims(case, name, shape):
    """The dimensions of an argument that its type does not say."""
    if case.dynamic == "static":
        return ()
    everything = case.dynamic == "all"
    length = 1 if case.layout == "bshd" else 2
    if case.page_size and name in ("key", "value"):
        return (0, 3 - length) if everything else (0,)
    if name in ("query", "output") and case.strategy.startswith("sparq"):
        # Only where it is known that there is one query.
        return (0, 3 - length) if everything else (0,)
    if name in ("query", "key", "value", "output", *EXTRA_KEYS):
        return (0, 1, 2) if everything else (0, length)
    if name == "lse":
        return (0, 1, 2) if everything else (0, 2)
    if name == "key_t":
        return (0, 1, 2) if everything else (2,)
    if name == "value_mean":
        return (0, 1) if everything else (0,)
    if everything:
        return tuple(range(len(shape)))
    if name in ("mask", "bias"):
        return tuple(d for d in (0, 2, 3) if getattr(case, name)[d])
    if name in ("key_scale", "value_scale"):
        return tuple(d for d in (0, 2) if getattr(case, name)[d])
    if name == "page_table":
        return (0, 1)
    return (0,) if shape == (case.batch,) and name != "sinks" else ()


class _Writer:
    """Collects the lines of @main."""

    def __init__(self, case, inputs):
        self.case = case
        self.lines = []
        self.types = {}
        for name, array in inputs.items():
            element, shape = case.element_type(name), np.shape(array)
            dims = _dynamic_dims(case, name, shape)
            self.types[name] = _tensor(element, shape, dims) if shape else element
        self.arguments = ", ".join(f"%{n}: {t}" for n, t in self.types.items())
        b, h, i = case.batch, case.num_heads, case.seq_len_q
        self.rows = _tensor(case.acc, (b, h, i))
        self.acc = _tensor(case.acc, (b, h, i, case.head_dim_v))
        shape, element = case.shape("output"), case.dtype
        if case.form == "partial":
            shape, element = (b, h, i, case.head_dim_v), case.acc
        self.output = _tensor(element, shape, _dynamic_dims(case, "output", shape))
        self.lse = _tensor(case.acc, (b, h, i), _dynamic_dims(case, "lse", (b, h, i)))
        self.minus_inf = "0xFF800000" if case.acc == "f32" else "0xFFF0000000000000"

    def add(self, line):
        self.lines.append(line)

    def constants(self):
        f = self.case.acc
        self.add(f"%shift = arith.constant 3.5 : {f}")
        self.add(f"%slope = arith.constant 0.0625 : {f}")
        self.add(f"%none = arith.constant {self.minus_inf} : {f}")
        if isinstance(self.case.offset, int):
            self.add(f"%delta = arith.constant {self.case.offset} : index")
        for axis in range(4):
            place = self.case.offset_of(axis)
            self.add(f"%place{axis} = arith.constant {place} : index")

    def score(self):
        if not self.case.score:
            return ""
        f = self.case.acc
        body = SCORES[self.case.score].format(f=f, **self.types)
        return (
            f" score {{\n  ^bb0(%s: {f}, %b: index, %h: index, %i: index, %j: index):\n"
            f"    {body}\n    attn.yield %r : {f}\n  }}"
        )

    def modifiers(self, values=None, key_offset=None):
        """Clauses and operand types of an op that scores keys.

        `values` gives (name, type) of operands that are sliced.
        """
        case, clauses, types = self.case, [], []
        values = values or {}
        if case.window == (-1, 0):
            clauses.append("causal")
        elif case.window != (-1, -1):
            clauses.append(f"window({case.window[0]}, {case.window[1]})")
        if case.offset == "bottom_right":
            clauses.append("bottom_right")
        if case.scale is not None:
            clauses.append(f"scale({case.scale:e})")
        if case.softcap is not None:
            clauses.append(f"softcap({case.softcap:e})")
        for name in ORDER:
            if name == "causal_offset" and isinstance(case.offset, int):
                value, kind = "%delta", "index"
            elif name in self.types:
                value, kind = values.get(name, (f"%{name}", self.types[name]))
            else:
                continue
            clauses.append(f"{name}({value})")
            types.append(kind)
        if case.offsets or key_offset:
            last = key_offset or "%place3"
            clauses.append(f"offsets(%place0, %place1, %place2, {last})")
            types += ["index"] * 4
        if case.layout == "bshd":
            clauses.append("layout(bshd)")
        return " ".join(clauses), types

    def slice_keys(self, part, lo, hi):
        """The operands of keys [lo, hi), by name: (value, type)."""
        case, values = self.case, {}
        length = 1 if case.layout == "bshd" else 2
        axes = {"key": length, "value": length, "mask": 3, "bias": 3}
        axes |= {"key_scale": 2, "value_scale": 2}
        unit = 1
        if case.page_size:
            unit = case.page_size
            del axes["key"], axes["value"]
            axes["page_table"] = 1
        for name, axis in axes.items():
            if name not in self.types:
                continue
            shape = self.shapes[name]
            if name in ("mask", "bias", "key_scale", "value_scale"):
                if not getattr(case, name)[axis]:
                    continue
            scale = unit if name == "page_table" else 1
            begin = [0] * len(shape)
            begin[axis] = min(lo // scale, shape[axis] - 1)
            sizes = list(shape)
            sizes[axis] = (hi - lo) // scale
            kind = _tensor(case.element_type(name), sizes)
            values[name] = (f"%{name}_{part}", kind)
            if 0 in shape:  # No offset would be in bounds.
                self.empty(f"{name}_{part}", kind)
                continue
            self.add(
                f"%{name}_{part} = tensor.extract_slice %{name}{begin}{sizes}"
                f"{[1] * len(shape)} : {self.types[name]} to {kind}"
            )
        return values

    def sdpa(self, strategy):
        clauses, types = self.modifiers()
        types = [self.types[n] for n in ("query", "key", "value")] + types
        if "sinks" in self.types:
            clauses += " sinks(%sinks)"
            types.append(self.types["sinks"])
        if strategy:
            clauses += f" strategy({strategy_attribute(strategy)})"
        results = [self.output, self.lse][: 2 if self.case.want_lse else 1]
        self.add(
            f"%r:{len(results)} = attn.sdpa %query, %key, %value {clauses}"
            f"{self.score()}\n    : ({', '.join(types)}) -> ({', '.join(results)})"
        )
        return [f"%r#{n}" for n in range(len(results))], results

    def star(self):
        case = self.case
        clauses, types = self.modifiers()
        types = [self.types[n] for n in ("query", "key", "value")] + types
        if "sinks" in self.types:
            clauses += " sinks(%sinks)"
            types.append(self.types["sinks"])
        if isinstance(case.context_len, int):
            self.add(f"%context = arith.constant {case.context_len} : index")
        if case.context_len is not None:
            name = "context_len" if isinstance(case.context_len, list) else "context"
            clauses += f" context_len(%{name})"
            types.append(self.types.get(name, "index"))
        clauses += f" block_size({case.block_size}) anchor_size({case.anchor_size})"
        if case.anchor != "first":
            clauses += f" anchor({case.anchor})"
        if case.anchors:
            clauses += " anchors(%anchor_key, %anchor_value)"
            types += [self.types["anchor_key"], self.types["anchor_value"]]
        results = [self.output, self.lse][: 2 if case.want_lse else 1]
        self.add(
            f"%r:{len(results)} = attn.star %query, %key, %value {clauses}"
            f"{self.score()}\n    : ({', '.join(types)}) -> ({', '.join(results)})"
        )
        return [f"%r#{n}" for n in range(len(results))], results

    def block_clauses(self):
        """What both ops of local blocks say of them, and the types of operands."""
        case, clauses, types = self.case, f" block_len({self.case.block_len})", []
        if case.block_len_q:
            clauses += f" block_len_q({case.block_len_q})"
        if case.prefix_len:
            clauses += f" prefix_len({case.prefix_len})"
            clauses += " prefix(%prefix_key, %prefix_value)"
            types += [self.types["prefix_key"], self.types["prefix_value"]]
        return clauses, types

    def block_local(self):
        clauses, types = self.modifiers()
        types = [self.types[n] for n in ("query", "key", "value")] + types
        if "sinks" in self.types:
            clauses += " sinks(%sinks)"
            types.append(self.types["sinks"])
        more_clauses, more_types = self.block_clauses()
        types += more_types
        results = [self.output, self.lse][: 2 if self.case.want_lse else 1]
        self.add(
            f"%r:{len(results)} = attn.block_local %query, %key, %value "
            f"{clauses}{more_clauses}{self.score()}\n"
            f"    : ({', '.join(types)}) -> ({', '.join(results)})"
        )
        return [f"%r#{n}" for n in range(len(results))], results

    def block_local_step(self):
        clauses, types = self.modifiers()
        types = [self.types[n] for n in ("query", "key", "value")] + types
        more_clauses, more_types = self.block_clauses()
        results = [self.output, self.lse][: 2 if self.case.want_lse else 1]
        types += more_types + results
        names = (("o", "output"), ("l", "lse"))
        outs = [self.destination(*n, t) for n, t in zip(names, results)]
        self.add(
            f"%r:{len(results)} = attn.block_local_step "
            f"ins(%query, %key, %value {clauses}{more_clauses}) "
            f"outs({', '.join(outs)})\n"
            f"    : ({', '.join(types)}) -> ({', '.join(results)})"
        )
        return [f"%r#{n}" for n in range(len(results))], results

    def sparq(self):
        """attn.sparq with its state; attn.sparq_step if there are splits."""
        case, o = self.case, oracle_sparq.options(self.case)
        clauses, types = self.modifiers()
        types = [self.types[n] for n in ("query", "key", "value")] + types
        clauses += (
            f" rank({o['rank']}) top_k({o['top_k']}) local_window({o['local']})"
            f" realloc({'on' if o['realloc'] else 'off'})"
            f" group_reduce({o['reduce']}) key_layout({o['layout']})"
        )
        for name in STATE:
            if name in self.types:
                clauses += f" {name}(%{name})"
                types.append(self.types[name])
        if case.splits == 0:
            self.add(
                f"%r = attn.sparq %query, %key, %value {clauses}{self.score()}\n"
                f"    : ({', '.join(types)}) -> {self.output}"
            )
            return ["%r"], [self.output]
        self.add(f"%splits = arith.constant {case.splits} : index")
        self.destination("o", "output", self.output)
        self.add(
            f"%r = attn.sparq_step ins(%query, %key, %value {clauses} "
            f"splits(%splits)) outs(%o){self.score()}\n"
            f"    : ({', '.join([*types, 'index', self.output])}) -> {self.output}"
        )
        return ["%r"], [self.output]

    def scoring_op(self, op, part, bounds, outs, out_types):
        """attn.partial or attn.online over keys `bounds`; gives its results."""
        values, offset = {}, None
        if bounds:
            values = self.slice_keys(part, *bounds)
            offset = f"%first_{part}"
            place = self.case.offset_of(3) + bounds[0]
            self.add(f"{offset} = arith.constant {place} : index")
        clauses, types = self.modifiers(values, offset)
        main = [
            values.get(n, (f"%{n}", self.types[n])) for n in ("query", "key", "value")
        ]
        types = [t for _, t in main] + types + out_types
        self.add(
            f"%{op}_{part}:{len(outs)} = attn.{op} "
            f"ins({', '.join(v for v, _ in main)} {clauses}) "
            f"outs({', '.join(outs)}){self.score()}\n"
            f"    : ({', '.join(types)}) -> ({', '.join(out_types)})"
        )
        return [f"%{op}_{part}#{n}" for n in range(len(outs))]

    def destination(self, name, what, kind):
        """An empty tensor of type `kind`, for the result "output" or "lse"."""
        case, sizes = self.case, []
        shape = case.shape("output")
        # Of query, where the axes of lse lie.
        axes = (0, 2, 1) if case.layout == "bshd" else (0, 1, 2)
        for axis in _dynamic_dims(case, what, shape):
            source = axis if what == "output" else axes[axis]
            sizes.append(f"%{name}_size{axis}")
            self.add(f"%{name}_axis{axis} = arith.constant {source} : index")
            self.add(
                f"{sizes[-1]} = tensor.dim %query, %{name}_axis{axis} : "
                f"{self.types['query']}"
            )
        self.add(f"%{name} = tensor.empty({', '.join(sizes)}) : {kind}")
        return f"%{name}"

    def empty(self, name, kind):
        self.add(f"%{name} = tensor.empty() : {kind}")
        return f"%{name}"

    def composition(self):
        case = self.case
        out = self.empty("o", self.output)
        lse = self.empty("l", self.lse)
        layout = "layout(bshd) " if case.layout == "bshd" else ""
        results = [self.output, self.lse]
        if case.form == "partial":
            return self.scoring_op("partial", 0, None, [out, lse], results), results
        if case.form == "merge":
            unread = [self.empty("po", self.acc), self.empty("pl", self.rows)]
            parts = [
                self.scoring_op("partial", n, bounds, unread, [self.acc, self.rows])
                for n, bounds in enumerate(case.parts)
            ]
            values = ", ".join(p[0] for p in parts)
            values += " lse " + ", ".join(p[1] for p in parts)
            types = [self.acc] * len(parts) + [self.rows] * len(parts)
            self.add(
                f"%r:2 = attn.merge ins({values}) outs({out}, {lse}) {layout}"
                f": ({', '.join(types + results)}) -> ({', '.join(results)})"
            )
            return ["%r#0", "%r#1"], results
        state_types = [self.acc, self.rows, self.rows]
        self.add(f"%acc = arith.constant dense<0.0> : {self.acc}")
        self.add(f"%max = arith.constant dense<{self.minus_inf}> : {self.rows}")
        self.add(f"%sum = arith.constant dense<0.0> : {self.rows}")
        state = ["%acc", "%max", "%sum"]
        for n, bounds in enumerate(case.parts):
            state = self.scoring_op("online", n, bounds, state, state_types)
        sinks = " sinks(%sinks)" if case.sinks else ""
        types = state_types + ([self.types["sinks"]] if case.sinks else []) + results
        self.add(
            f"%r:2 = attn.finalize ins({', '.join(state)}{sinks}) outs({out}, {lse}) "
            f"{layout}: ({', '.join(types)}) -> ({', '.join(results)})"
        )
        return ["%r#0", "%r#1"], results


def strategy_attribute(text):
    """`blockwise:block-size-q=4,...` as the attribute it stands for."""
    name, _, keys = text.partition(":")
    items = (item.split("=") for item in keys.split(",") if item)
    fields = ", ".join(f"{k.replace('-', '_')} = {v}" for k, v in items)
    return f"#attn.{name}<{fields}>" if fields else f"#attn.{name}"


def to_mlir(case, inputs, with_strategy=False):
    """The module: one public function @main over the inputs, in order."""
    writer = _Writer(case, inputs)
    writer.shapes = {name: np.shape(array) for name, array in inputs.items()}
    writer.constants()
    if case.form == "sdpa":
        values, types = writer.sdpa(case.strategy if with_strategy else None)
    elif case.form == "star":
        values, types = writer.star()
    elif case.form == "sparq":
        values, types = writer.sparq()
    elif case.form == "block_local":
        values, types = writer.block_local()
    elif case.form == "block_local_step":
        values, types = writer.block_local_step()
    else:
        values, types = writer.composition()
    body = "\n  ".join(writer.lines)
    return (
        f"func.func @main({writer.arguments}) -> ({', '.join(types)}) {{\n  {body}\n"
        f"  return {', '.join(values)} : {', '.join(types)}\n}}\n"
    )
