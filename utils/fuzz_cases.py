"""Random attn ops for fuzz-attn.py: functions of one op, correct ones and others."""

FLOATS = ["f32", "f16", "bf16", "f64"]
NARROW = ["f8E4M3FN", "f8E5M2", "i8"]
OTHER_OPS = ["topk", "gather_kv", "kv_append", "running_mean", "dist_merge"]
LAYER_A = ("sdpa", "star", "block_local", "sparq")
STRATEGIES = [
    "#attn.dense",
    "#attn.blockwise",
    "#attn.blockwise<block_size_q = 2, block_size_kv = 3, num_splits = 2>",
    "#attn.star<block_size = 3>",
    "#attn.star<block_size = 2, anchor_size = 0, query_size = 1>",
    "#attn.star<block_size = 1, anchor_size = 9, anchor = previous>",
    "#attn.sparq",
    "#attn.sparq<rank = 3, top_k = 2, realloc = on>",
    "#attn.sparq<rank = 1, top_k = 9, group_reduce = logit, state = args>",
]


class Case:
    """One function with one op."""

    def __init__(self, rng, wrong):
        self.rng = rng
        # The chance that a size or type is not what it should be.
        self.wrong = 0.03 if wrong else 0.0
        self.arguments, self.types, self.clauses, self.body = [], [], [], []

    def size(self, value):
        if self.rng.random() < self.wrong:
            return str(self.rng.choice([0, 1, 3, 2**48 + 1, 2**63 - 1]))
        return "?" if self.rng.random() < 0.3 else str(value)

    def element(self, type_):
        if self.rng.random() < self.wrong:
            return self.rng.choice(FLOATS + NARROW + ["i1", "i64", "index"])
        return type_

    def shaped(self, sizes, element, static_last=False, static=()):
        dims = [self.size(s) for s in sizes]
        for axis in [*static, len(sizes) - 1] if static_last else static:
            if self.rng.random() >= self.wrong:
                dims[axis] = str(sizes[axis])
        kind = "memref" if self.buffers else "tensor"
        return f"{kind}<{'x'.join(dims + [self.element(element)])}>"

    def argument(self, type_):
        name = f"%a{len(self.arguments)}"
        self.arguments.append(f"{name}: {type_}")
        return name

    def operand(self, type_):
        name = self.argument(type_)
        self.types.append(type_)
        return name

    def clause(self, name, type_):
        self.clauses.append(f"{name}({self.operand(type_)})")

    def broadcast(self, sizes):
        return [s if self.rng.random() < 0.5 else 1 for s in sizes]

    def modifiers(self):
        rng = self.rng
        query, acc = self.query_type, self.acc
        # What attn.star takes nothing else than, or nothing of.
        is_star = self.kind in ("star", "block_local") and rng.random() >= self.wrong
        alone = self.anchored and rng.random() >= self.wrong
        if is_star:
            if self.kind == "star" or rng.random() < 0.6:
                self.clauses.append("causal")
        elif rng.random() < 0.6:
            side = [-1, -1, 0, 2, 5, 2**48]
            if rng.random() < self.wrong:
                side += [-2, 2**62]
            window = f"window({rng.choice(side)}, {rng.choice(side)})"
            self.clauses.append(rng.choice(["causal", window]))
        tile = rng.random() < 0.3
        scale = rng.choice(["", "", "attr", "operand"])
        if scale == "attr":
            number = rng.choice(["0.5", "-1.0", "0.0"])
            if rng.random() < self.wrong:
                number = "1.0e300"
            self.clauses.append(f"scale({number})")
        elif scale:
            self.clause("dynamic_scale", rng.choice(FLOATS))
        if is_star:
            pass
        elif rng.random() < 0.3 and (not tile or rng.random() < self.wrong):
            self.clauses.append("bottom_right")
        elif rng.random() < 0.3:
            per_batch = self.shaped([self.batch], "i64")
            self.clause("causal_offset", rng.choice(["index", per_batch]))
        if rng.random() < 0.2:
            self.clauses.append("softcap(20.0)")
        for name in ("kv_len", "q_len"):
            if rng.random() < 0.3:
                self.clause(name, self.shaped([self.batch], "i64"))
        scores = [self.batch, self.heads, self.len_q, self.len_kv]
        if rng.random() < 0.3 and not alone:
            element = "i8" if self.buffers else rng.choice(["i1", "i8"])
            self.clause("mask", self.shaped(self.broadcast(scores), element))
        if rng.random() < 0.3 and not alone:
            bias = rng.choice([query, "f32"])
            self.clause("bias", self.shaped(self.broadcast(scores), bias))
        keys = [self.batch, self.kv_heads, self.len_kv]
        if not alone and (self.narrow or rng.random() < 0.05):
            for name, width in (("key_scale", self.d), ("value_scale", self.dv)):
                if self.kind == "scores" and name == "value_scale":
                    continue
                shape = self.broadcast(keys + [width])
                self.clause(name, self.shaped(shape, acc))
        if self.paged:
            table = self.shaped([self.batch, self.pages], "i32")
            self.clause("page_table", table)
        if tile:
            names = [self.operand("index") for _ in range(4)]
            self.clauses.append(f"offsets({', '.join(names)})")
        if self.bshd:
            self.clauses.append("layout(bshd)")

    def score(self):
        if self.rng.random() > 0.25:
            return ""
        acc = self.acc
        return (
            f"score {{\n  ^bb0(%s: {acc}, %b: index, %h: index, %i: index, "
            f"%j: index):\n    %d = arith.subi %i, %j : index\n"
            f"    %n = arith.index_cast %d : index to i64\n"
            f"    %f = arith.sitofp %n : i64 to {acc}\n"
            f"    %r = arith.addf %s, %f : {acc}\n"
            f"    attn.yield %r : {acc}\n  }} "
        )

    def draw(self, number):
        rng = self.rng
        kinds = ["sdpa"] * 4 + ["star", "block_local", "online", "partial"] * 2
        kind = rng.choice(kinds)
        kind = rng.choice([kind] * 4 + ["finalize", "merge"])
        if rng.random() < 0.5:
            kind = rng.choice(["sparq", "sparq", "sparq_step", "scores", *OTHER_OPS])
        self.kind = kind
        self.buffers = kind not in LAYER_A and rng.random() < 0.4
        self.query_type = rng.choice(FLOATS)
        self.acc = "f64" if self.query_type == "f64" else "f32"
        self.batch, self.len_q = rng.choice([0, 1, 2]), rng.choice([0, 1, 5])
        self.len_kv, self.kv_heads = rng.choice([0, 1, 7]), rng.choice([1, 2])
        self.heads = self.kv_heads * rng.choice([1, 3])
        if kind.startswith("sparq"):
            self.len_q = 1
        self.d, self.dv = rng.choice([1, 8]), rng.choice([1, 5, 8])
        self.bshd = rng.random() < 0.3
        self.narrow = rng.random() < 0.2
        self.paged = rng.random() < 0.15
        self.pages = rng.choice([0, 1, 3])
        # Keys of operands of their own.
        self.anchored = kind == "star" and rng.random() < 0.3
        self.anchored |= kind == "block_local" and rng.random() < 0.5
        if self.anchored and rng.random() >= self.wrong:
            self.paged = self.narrow = False
        if self.paged:
            self.len_kv = 4 * self.pages

        if kind in OTHER_OPS:
            return getattr(self, f"draw_{kind}")(number)
        ordered = self.ordered
        state = [self.batch, self.heads, self.len_q, self.dv]
        output = ordered(*state)
        if kind in ("finalize", "merge"):
            return self.draw_state(number, kind, state, output)

        static = ()
        if kind.startswith("sparq"):
            static = (1, 2) if kind == "sparq_step" else (1 if self.bshd else 2,)
        query = ordered(self.batch, self.heads, self.len_q, self.d)
        names = [self.operand(self.shaped(query, self.query_type, True, static))]
        names += self.draw_keys(static if kind == "sparq_step" else ())
        if kind == "scores":
            self.types.pop()
            self.arguments.pop()
            names.pop()
        # Operand types follow in the order of the operand list, which is the
        # order the clauses are drawn in.
        self.modifiers()
        if kind in ("sparq", "sparq_step"):
            return self.draw_sparq(number, names, output)
        if kind == "scores":
            return self.draw_scores(number, names)
        if kind == "star":
            return self.draw_star(number, names, output)
        if kind == "block_local":
            return self.draw_block_local(number, names, output)
        inputs = f"{', '.join(names)} {' '.join(self.clauses)}"
        if kind == "sdpa":
            if rng.random() < 0.3:
                inputs += f" strategy({rng.choice(STRATEGIES)})"
            if rng.random() < 0.2:
                inputs += f" sinks({self.operand(self.shaped([self.heads], self.acc))})"
            results = [self.shaped(output, self.query_type, True)]
            if rng.random() < 0.4:
                results.append(self.shaped(state[:3], self.acc))
            return self.function(number, f"attn.sdpa {inputs} {self.score()}", results)
        inits = [self.shaped(state, self.acc, True)]
        for _ in range(2 if kind == "online" else 1):
            inits.append(self.shaped(state[:3], self.acc))
        outs = ", ".join(self.operand(t) for t in inits)
        text = f"attn.{kind} ins({inputs}) outs({outs}) {self.score()}"
        return self.function(number, text, [] if self.buffers else inits)

    def ordered(self, batch, heads, length, width):
        middle = [length, heads] if self.bshd else [heads, length]
        return [batch, *middle, width]

    def draw_keys(self, static=()):
        """The operands key and value."""
        rng, names = self.rng, []
        self.key_type = rng.choice(NARROW) if self.narrow else self.query_type
        first, length = (9, 4) if self.paged else (self.batch, self.len_kv)
        for width in (self.d, self.dv):
            shape = self.ordered(first, self.kv_heads, length, width)
            if self.paged:
                # page_size is static.
                dims = [str(s) for s in shape]
                kind = "memref" if self.buffers else "tensor"
                type_ = f"{kind}<{'x'.join(dims + [self.key_type])}>"
            else:
                heads = 2 if self.bshd else 1
                static_ = (heads,) if static else ()
                type_ = self.shaped(shape, self.key_type, True, static_)
            names.append(self.operand(type_))
        return names

    def key_t(self, capacity):
        """The type of keys in the second layout."""
        tile = self.rng.choice([1, 4, 64])
        tiles = -(-capacity // tile) + self.rng.choice([0, 2])
        shape = [self.batch, self.kv_heads, tiles, self.d, tile]
        return self.shaped(shape, self.key_type, True, (3,))

    def number(self, choices, wrong):
        return self.rng.choice(wrong if self.rng.random() < self.wrong else choices)

    def draw_star(self, number, names, output):
        rng = self.rng
        if rng.random() < 0.2:
            self.clause("sinks", self.shaped([self.heads], self.acc))
        if rng.random() < 0.5:
            per_batch = self.shaped([rng.choice([1, self.batch])], "i64")
            self.clause("context_len", rng.choice(["index", per_batch]))
        anchor_size = self.number([0, 1, 3, 9], [-1, 2**31])
        parts = [
            f"block_size({self.number([1, 2, 3, 100], [0, -1, 2**31])})",
            f"anchor_size({anchor_size})",
        ]
        wrong = rng.random() < self.wrong
        if rng.random() < 0.3 and (not self.anchored or wrong):
            parts.append(f"anchor({rng.choice(['first', 'previous'])})")
        if self.anchored:
            anchors = [
                self.operand(self.shaped(shape, self.key_type, True))
                for shape in (
                    self.ordered(self.batch, self.kv_heads, 9, width)
                    for width in (self.d, self.dv)
                )
            ]
            parts.append(f"anchors({', '.join(anchors)})")
        self.clauses += rng.sample(parts, len(parts))
        results = [self.shaped(output, self.query_type, True)]
        if rng.random() < 0.4:
            rows = [self.batch, self.heads, self.len_q]
            results.append(self.shaped(rows, self.acc))
        inputs = f"{', '.join(names)} {' '.join(self.clauses)}"
        return self.function(number, f"attn.star {inputs} {self.score()}", results)

    def draw_block_local(self, number, names, output):
        rng = self.rng
        if rng.random() < 0.2:
            self.clause("sinks", self.shaped([self.heads], self.acc))
        size = self.number([1, 2, 3, 100], [0, -1, 2**31])
        parts = [f"block_len({size})"]
        if self.anchored:
            length = self.number([1, 2, 9], [0, -1, 2**31])
            keys = -(-self.len_q // max(size, 1)) * max(length, 1) % 2**20
            prefix = [
                self.operand(self.shaped(shape, self.key_type, True))
                for shape in (
                    self.ordered(self.batch, self.kv_heads, keys, width)
                    for width in (self.d, self.dv)
                )
            ]
            parts.append(f"prefix({', '.join(prefix)})")
            if rng.random() >= self.wrong:
                parts.append(f"prefix_len({length})")
        self.clauses += rng.sample(parts, len(parts))
        results = [self.shaped(output, self.query_type, True)]
        if rng.random() < 0.4:
            rows = [self.batch, self.heads, self.len_q]
            results.append(self.shaped(rows, self.acc))
        inputs = f"{', '.join(names)} {' '.join(self.clauses)}"
        # Its score would speak of keys in key.
        score = "" if self.anchored and rng.random() >= self.wrong else self.score()
        return self.function(number, f"attn.block_local {inputs} {score}", results)

    def sparq_clauses(self):
        """Parameters and state, the latter's types in order."""
        rng = self.rng
        layout = rng.choice(["", "", "twice", "once"])
        parts = [
            f"rank({self.number([1, 3, 8, 300], [0, -1, 2**63 - 1])})",
            f"top_k({self.number([1, 2, 7, 100], [0, -1, 2**40])})",
        ]
        if rng.random() < 0.5:
            parts.append(f"local_window({self.number([0, 1, 50], [-1, 2**63 - 1])})")
        if rng.random() < 0.6:
            parts.append(f"realloc({rng.choice(['auto', 'on', 'off'])})")
        if rng.random() < 0.4:
            parts.append(f"group_reduce({rng.choice(['prob', 'logit'])})")
        if layout:
            parts.append(f"key_layout({layout})")
        self.clauses += rng.sample(parts, len(parts))
        excluded = self.paged or layout == "once"
        if rng.random() < 0.4 and (not excluded or rng.random() < self.wrong):
            self.clause("key_t", self.key_t(self.len_kv))
        if rng.random() < 0.4:
            shape = [self.batch, self.kv_heads, self.dv]
            self.clause("value_mean", self.shaped(shape, self.acc, True))

    def draw_sparq(self, number, names, output):
        self.sparq_clauses()
        static = (1, 2) if self.kind == "sparq_step" else (1 if self.bshd else 2,)
        result = self.shaped(output, self.query_type, True, static)
        if self.kind == "sparq":
            inputs = f"{', '.join(names)} {' '.join(self.clauses)}"
            return self.function(
                number, f"attn.sparq {inputs} {self.score()}", [result]
            )
        if self.rng.random() < 0.5:
            self.clause("splits", "index")
        text = f"ins({', '.join(names)} {' '.join(self.clauses)}) "
        text += f"outs({self.operand(result)}) {self.score()}"
        results = [] if self.buffers else [result]
        return self.function(number, f"attn.sparq_step {text}", results)

    def draw_scores(self, number, names):
        rng = self.rng
        if rng.random() < 0.5:
            count = self.number([1, self.d], [self.d + 1, 0])
            shape = [self.batch, self.kv_heads, count]
            self.clause("channels", self.shaped(shape, "i64"))
        if rng.random() < 0.4:
            shape = [self.batch, self.heads, self.len_q]
            self.clause("factor", self.shaped(shape, self.acc))
        if rng.random() < 0.4 and not self.paged:
            self.clause("key_t", self.key_t(self.len_kv))
        sizes = [self.batch, self.heads, self.len_q, self.len_kv]
        type_ = self.shaped(sizes, self.acc)
        text = f"ins({', '.join(names)} {' '.join(self.clauses)}) "
        text += f"outs({self.operand(type_)}) {self.score()}"
        return self.function(
            number, f"attn.scores {text}", [] if self.buffers else [type_]
        )

    def draw_topk(self, number):
        count = self.number([1, 3, 20], [0])
        rows = [self.batch, self.kv_heads]
        inputs = self.operand(self.shaped([*rows, self.len_kv], self.acc))
        inits = [self.shaped([*rows, count], "i64", True), self.shaped(rows, "i64")]
        return self.layer_b(number, "topk", inputs, inits)

    def draw_gather_kv(self, number):
        rng, count = self.rng, self.rng.choice([0, 1, 5])
        names = self.draw_keys()
        rows = [self.batch, self.kv_heads]
        names.append(self.operand(self.shaped([*rows, count], "i64")))
        names.append(self.operand(self.shaped(rows, "i64")))
        is_scaled = self.narrow
        for name, width in (("key_scale", self.d), ("value_scale", self.dv)):
            if rng.random() < (0.5 if self.narrow else 0.1):
                shape = self.broadcast([*rows, self.len_kv, width])
                self.clause(name, self.shaped(shape, self.acc))
                is_scaled = True
        if self.paged:
            self.clause("page_table", self.shaped([self.batch, self.pages], "i32"))
        if self.bshd:
            self.clauses.append("layout(bshd)")
        element = self.acc if is_scaled else self.key_type
        inits = [
            self.shaped([*rows, count, width], element, True)
            for width in (self.d, self.dv)
        ]
        return self.layer_b(
            number, "gather_kv", f"{', '.join(names)} {' '.join(self.clauses)}", inits
        )

    def per_batch(self):
        batch = self.rng.choice([1, self.batch])
        type_ = self.rng.choice(["index", self.shaped([batch], "i64")])
        return self.operand(type_)

    def draw_kv_append(self, number):
        tokens = self.rng.choice([0, 1, self.len_kv])
        tokens = min(tokens, self.len_kv)
        self.paged = False
        self.key_type = self.rng.choice([self.query_type, *NARROW])
        names, inits = [], []
        for width in (self.d, self.dv):
            shape = self.ordered(self.batch, self.kv_heads, tokens, width)
            names.append(self.operand(self.shaped(shape, self.key_type, True)))
        names.append(self.per_batch())
        for width in (self.d, self.dv):
            shape = self.ordered(self.batch, self.kv_heads, self.len_kv, width)
            inits.append(self.shaped(shape, self.key_type, True))
        if self.rng.random() < 0.5:
            inits.append(self.key_t(self.len_kv))
        layout = " layout(bshd)" if self.bshd else ""
        return self.layer_b(number, "kv_append", ", ".join(names) + layout, inits)

    def draw_running_mean(self, number):
        shape = self.ordered(self.batch, self.kv_heads, self.len_kv, self.dv)
        names = [self.operand(self.shaped(shape, self.query_type, True))]
        names.append(self.per_batch())
        inits = [self.shaped([self.batch, self.kv_heads, self.dv], self.acc, True)]
        layout = " layout(bshd)" if self.bshd else ""
        return self.layer_b(number, "running_mean", ", ".join(names) + layout, inits)

    def draw_dist_merge(self, number):
        comm = self.operand("!attn.comm")
        state = [self.batch, self.heads, self.len_q, self.dv]
        inits = [self.shaped(state, self.acc, True), self.shaped(state[:3], self.acc)]
        outs = ", ".join(self.operand(t) for t in inits)
        clauses = [
            f"algo({self.rng.choice(['tree', 'allgather', 'allreduce'])})",
            f"root({self.number([0, 3], [-1, 2**31])})",
            f"payload({self.element(self.rng.choice(['f32', 'bf16', self.acc]))})",
        ]
        clauses = self.rng.sample(clauses, self.rng.randint(0, 3))
        text = f"attn.dist_merge comm({comm}) outs({outs}) {' '.join(clauses)}"
        return self.function(number, text, [] if self.buffers else inits)

    def layer_b(self, number, name, inputs, inits):
        outs = ", ".join(self.operand(t) for t in inits)
        text = f"attn.{name} ins({inputs}) outs({outs})"
        return self.function(number, text, [] if self.buffers else inits)

    def draw_state(self, number, kind, state, output):
        rng = self.rng
        layout = " layout(bshd)" if self.bshd else ""
        if kind == "finalize":
            names = [self.operand(self.shaped(state, self.acc, True))]
            for _ in range(2):
                names.append(self.operand(self.shaped(state[:3], self.acc)))
            text = ", ".join(names)
            if rng.random() < 0.4:
                text += f" sinks({self.operand(self.shaped([self.heads], self.acc))})"
        else:
            stacked = rng.random() < 0.4
            count = 1 if stacked else rng.choice([0, 1, 3])
            head = [rng.choice([0, 1, 3])] if stacked else []
            outputs = [
                self.operand(self.shaped(head + state, self.acc, True))
                for _ in range(count)
            ]
            lses = [
                self.operand(self.shaped(head + state[:3], self.acc))
                for _ in range(count)
            ]
            text = f"{', '.join(outputs)} lse {', '.join(lses)}" if count else ""
        inits = [self.shaped(output, self.query_type, True)]
        if rng.random() < 0.5:
            inits.append(self.shaped(state[:3], self.acc))
        along = " along(0)" if kind == "merge" and stacked else ""
        outs = ", ".join(self.operand(t) for t in inits)
        text = f"attn.{kind} ins({text}){along} outs({outs}){layout} "
        return self.function(number, text, [] if self.buffers else inits)

    def function(self, number, op, results):
        names = [f"%r{i}" for i in range(len(results))]
        by_name = self.kind in LAYER_A
        left = f"{', '.join(names)} = " if results and by_name else ""
        if results and not left:
            left = f"%r:{len(results)} = "
            names = [f"%r#{i}" for i in range(len(results))]
        types = ", ".join(results)
        back = f"return {', '.join(names)} : {types}" if results else "return"
        return (
            f"func.func @case_{number}({', '.join(self.arguments)}) -> ({types}) {{\n"
            f"  {left}{op}\n    : ({', '.join(self.types)}) -> ({types})\n"
            f"  {back}\n}}\n"
        )
