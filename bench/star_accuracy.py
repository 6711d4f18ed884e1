#!/usr/bin/env python3
"""What Star Attention loses, and where: tasks after RULER on networks whose weights
are made so that what each layer finds is known. docs/StarAccuracy.md has the tables.

    star_accuracy.py [--quick] [--docs[=FILE]] [--json=FILE] [--attn-compile=PATH]

Every attention is computed by functions that attn-compile makes. What follows exactly
from the method is checked, and what does not hold is an error.
"""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time

import numpy as np

import star_network as network
import star_tasks as tasks
from star_network import Attention
from star_tasks import Pattern
from layout import aligned, markdown, replace_section

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "docs", "StarAccuracy.md")
DENSE = Attention(Pattern())
# A word counts as found above this share of what is there if it is found alone.
FOUND = 0.4
# f32, of values of length 1: rounding of scores up to 24, and of sums.
TOLERANCE = 1e-4


@dataclasses.dataclass(frozen=True)
class Size:
    length: int
    sinks: int
    blocks: tuple  # of the context, 1/n of it
    contexts: int
    per_kind: int  # questions of each kind in a context
    layers: int
    sink_block: int  # the n of the table about sinks


FULL = Size(4096, 16, (2, 4, 8, 16, 32), 16, 8, 9, 8)
QUICK = Size(1024, 4, (2, 8), 4, 3, 9, 8)


class Claims:
    """What must hold; each is said once, with what was found."""

    def __init__(self):
        self.wrong = 0

    def check(self, holds, text):
        self.wrong += not holds
        print(f"{'holds' if holds else 'WRONG'}: {text}", flush=True)


def right(found, questions):
    """Whether each question's words are those that were found, [contexts, questions].
    All contexts have the same kinds of questions, in the same order."""
    result = np.zeros(found.shape[:2], bool)
    for c, asked in enumerate(questions):
        for n, question in enumerate(asked):
            m = len(question.answer)
            best = np.argsort(-found[c, n])[:m]
            enough = found[c, n, best].min() >= FOUND / m
            result[c, n] = enough and set(best.tolist()) == question.answer
    return result


class Study:
    def __init__(self, size, compiled, seed):
        self.size, self.compiled, self.claims = size, compiled, Claims()
        random = np.random.default_rng(seed)
        self.contexts = [
            tasks.Context(random, size.length, size.sinks, size.per_kind)
            for _ in range(size.contexts)
        ]
        self.questions = [c.questions for c in self.contexts]
        self.stream = network.Stream(seed, self.contexts)
        self.counted = {
            gathered: [
                tasks.CountedContext(random, size.length, gathered)
                for _ in range(size.contexts)
            ]
            for gathered in (False, True)
        }
        self.count_streams = {
            gathered: network.Stream(seed, contexts, noisy=False)
            for gathered, contexts in self.counted.items()
        }
        self.kinds = list(dict.fromkeys(q.kind for q in self.questions[0]))
        self.carried = {}

    # Patterns, by the divisor n of the context's length.

    def block(self, n):
        return self.size.length // n

    def anchors(self, n):
        """(name, size) of anchors that are looked at."""
        b = self.block(n)
        return [
            ("0", 0), (f"{self.size.sinks}", self.size.sinks),
            ("b/4", b // 4), ("b/2", b // 2), ("b", b),
        ]  # fmt: skip

    def star(self, n, anchor, **options):
        previous = options.pop("previous", False)
        return Attention(Pattern(self.block(n), anchor, previous), **options)

    def swept(self):
        """(block, anchor, attention): dense, and anchors of the sinks or a block."""
        yield "dense", "", DENSE
        for n in self.size.blocks:
            for name, a in self.anchors(n):
                if a in (self.size.sinks, self.block(n)):
                    yield f"L/{n}", name, self.star(n, a)

    # Runs.

    def carry(self, attention):
        """Right answers, [layers, contexts, questions], and what was found."""
        if attention not in self.carried:
            found = list(
                network.carry(self.compiled, attention, self.stream, self.size.layers)
            )
            answers = np.stack([right(f, self.questions) for f in found])
            self.carried[attention] = answers, found
        return self.carried[attention]

    def expected(self, pattern, layers):
        """The answers that follow from the positions."""
        return np.array(
            [
                [tasks.carried(q.chain, pattern, layers - 1) for q in asked]
                for asked in self.questions
            ]
        )

    def of_kind(self, answers, kind):
        """The answers [..., contexts, questions] to questions of a kind."""
        which = [q.kind == kind for q in self.questions[0]]
        return answers[..., which]

    # What is checked.

    def check_kernels(self):
        """Compiled functions against the definition, on a short context."""
        random = np.random.default_rng(1)
        n = self.size.blocks[-1]
        b = self.block(n)
        context, rows = 2 * b + b // 3, 2 * b + b // 3 + 5
        worst = 0.0
        attentions = [self.star(n, a) for _, a in self.anchors(n)]
        attentions += [self.star(n, b, previous=True), DENSE]
        attentions += [self.star(n, 0, logit=True)]
        self.compiled.prepare(attentions)
        for attention in attentions:
            query, key = random.standard_normal((2, 2, rows, network.HEAD_DIM))
            value = random.standard_normal((2, rows, attention.value_dim))
            query, key, value = (x.astype(np.float32) for x in (query, key, value))
            query /= 3
            output = self.compiled(attention, query, key, value, context)
            expected = network.oracle(attention, query, key, value, context)
            worst = max(worst, np.abs(output - expected).max())
        self.claims.check(
            worst < TOLERANCE,
            f"{len(attentions)} compiled patterns equal numpy in f64 on {rows} rows: "
            f"largest difference {worst:.1e}",
        )
        if self.claims.wrong:
            raise network.NetworkError("compiled functions are wrong")

    def check_equal(self):
        """Where Star is dense attention, through all layers."""
        length = self.size.length
        dense = self.carry(DENSE)[1]
        for text, pattern in [
            ("a block of the context or more", Pattern(length + 7, 0)),
            ("two blocks, a = b", Pattern(length // 2, length // 2)),
        ]:
            found = self.carry(Attention(pattern))[1]
            worst = max(np.abs(f - d).max() for f, d in zip(found, dense))
            self.claims.check(
                worst < TOLERANCE,
                f"{text}: equals dense attention in all {len(dense)} layers, "
                f"largest difference {worst:.1e}",
            )

    def check_one_lookup(self, stars):
        """In the first layer nothing has come through phase 1."""
        dense = self.carry(DENSE)[1][0]
        worst = max(np.abs(self.carry(a)[1][0] - dense).max() for a in stars)
        self.claims.check(
            worst < TOLERANCE,
            f"what questions look up themselves in layer 1 is what dense attention "
            f"finds, in {len(stars)} patterns: largest difference {worst:.1e}",
        )

    def check_chains(self, stars):
        """Where all rows see a sink, positions decide, question by question."""
        layers = self.size.layers
        same = total = lost = 0
        for attention in stars:
            answers = self.carry(attention)[0]
            for layer in range(1, layers + 1):
                expected = self.expected(attention.pattern, layer)
                same += (answers[layer - 1] == expected).sum()
                total += expected.size
                lost += (~expected).sum()
        self.claims.check(
            same == total,
            f"where rows see a sink, answers are as the positions say: {same} of "
            f"{total}, {total - lost} right and {lost} not found, "
            f"in {len(stars)} patterns and {layers} layers",
        )

    def check_one_hop(self, stars):
        """A single hop into another block, by what the anchor holds."""
        inside = [0, 0]
        outside = [0, 0]
        for attention in stars:
            pattern, answers = attention.pattern, self.carry(attention)[0][-1]
            for c, asked in enumerate(self.questions):
                for n, question in enumerate(asked):
                    if question.kind.hops != 1:
                        continue
                    start, end = question.chain
                    if start // pattern.block == end // pattern.block:
                        continue
                    count = inside if start < pattern.anchor else outside
                    count[0] += answers[c, n]
                    count[1] += 1
        self.claims.check(
            inside[0] == inside[1] > 0 and outside[0] == 0 < outside[1],
            f"one hop into another block is found if that is in the anchor: "
            f"{inside[0]} of {inside[1]}; not otherwise: {outside[0]} of {outside[1]}",
        )

    # Tables: (header, rows).

    def percent(self, answers):
        return f"{100 * answers.mean():.0f}" if answers.size else ""

    def chain_table(self):
        kinds = [k for k in self.kinds if k.hops]
        header = ["b", "a", *(k.name for k in kinds), "bf16: 4, L/64"]
        rows = []
        attentions = [("dense", "", DENSE)]
        for n in self.size.blocks:
            for name, a in self.anchors(n):
                attentions.append((f"L/{n}", name, self.star(n, a)))
            previous = self.star(n, self.block(n), previous=True)
            attentions.append((f"L/{n}", "b, previous", previous))
        bf16_kind = tasks.chain_kind(4, 1 / 64)
        for block, anchor, attention in attentions:
            answers = self.carry(attention)[0][-1]
            row = [block, anchor]
            row += [self.percent(self.of_kind(answers, k)) for k in kinds]
            if anchor in ("", "b", f"{self.size.sinks}"):
                low = dataclasses.replace(attention, dtype="bf16")
                low = self.of_kind(self.carry(low)[0][-1], bf16_kind)
                row.append(self.percent(low))
            else:
                row.append("")
            rows.append(row)
        return header, rows

    def needle_table(self):
        """What needs nothing of phase 1."""
        kinds = [k for k in self.kinds if not k.hops]
        header = ["b", "a", *(k.name for k in kinds), "counting", "bf16: needle"]
        rows = []
        for block, anchor, attention in self.swept():
            answers = self.carry(attention)[0][-1]
            low = self.carry(dataclasses.replace(attention, dtype="bf16"))[0][-1]
            row = [block, anchor]
            row += [self.percent(self.of_kind(answers, k)) for k in kinds]
            row.append(f"{100 * self.count(attention, False)[0]:.0f}")
            row.append(self.percent(self.of_kind(low, tasks.NEEDLE)))
            rows.append(row)
        return header, rows

    def count(self, attention, gathered):
        """(share of the common words that a question names which counts itself, that
        it names from the count of the context's last token)"""
        stream, contexts = self.count_streams[gathered], self.counted[gathered]
        own, last = network.count(self.compiled, attention, stream)
        length = self.size.length
        scores = [[], []]
        for c, context in enumerate(contexts):
            everything = np.ones(length, bool)
            seen = attention.pattern.visible(length - 1, np.arange(length))
            wanted = tasks.most_common(context.counts(everything))
            # The question is a key of its own.
            for n, (shares, keys) in enumerate([(own, length + 1), (last, seen.sum())]):
                counts = np.rint(shares[c] * keys).astype(int)
                exact = context.counts(seen if n else everything)
                self.miscounted += (counts != exact).sum()
                self.counts_made += counts.size
                scores[n].append(len(tasks.most_common(counts) & wanted))
        return tuple(np.mean(s) / tasks.COMMON for s in scores)

    miscounted = counts_made = 0

    def count_table(self):
        header = ["b", "a", "question", "last token", "question, gathered"]
        header += ["last token, gathered"]
        rows = []
        for block, anchor, attention in self.swept():
            shares = [*self.count(attention, False), *self.count(attention, True)]
            rows.append([block, anchor, *(f"{100 * s:.0f}" for s in shares)])
        self.claims.check(
            self.miscounted == 0 < self.counts_made,
            f"counts are those of the words that a row sees: "
            f"{self.counts_made - self.miscounted} of {self.counts_made}",
        )
        questions = {tuple(row[2::2]) for row in rows}
        self.claims.check(
            len(questions) == 1,
            "a question that counts itself counts as with dense attention, in "
            f"{len(rows) - 1} patterns",
        )
        return header, rows

    def jump_table(self):
        """After how many layers questions have the word when they may go on asking."""
        layers = self.size.layers + 1
        hops = max(k.hops for k in self.kinds)
        kind = tasks.chain_kind(hops, 0)
        which = [q.kind == kind for q in self.questions[0]]
        header = ["b", "a", *(str(n) for n in range(1, layers + 1))]
        rows, same, total = [], 0, 0
        for block, anchor, attention in self.swept():
            attention = dataclasses.replace(attention, jump=True)
            cells = [block, anchor]
            steps = network.jump(self.compiled, attention, self.stream, layers)
            needed = np.array(
                [
                    [
                        tasks.jumped(q.chain, attention.pattern, layers) or layers + 1
                        for q in asked
                    ]
                    for asked in self.questions
                ]
            )
            for layer, found in enumerate(steps, 1):
                answers = right(found, self.questions)
                same += (answers == (needed <= layer)).sum()
                total += answers.size
                cells.append(self.percent(answers[:, which]))
            rows.append(cells)
        self.claims.check(
            same == total,
            f"questions that walk chains themselves have their words when the "
            f"positions say: {same} of {total}",
        )
        self.claims.check(
            all(row[-1] == "100" for row in rows),
            f"with {layers} layers for chains of {hops} they lose nothing",
        )
        return header, rows

    def sink_table(self):
        """A needle, looked up in a later and later layer."""
        n = self.size.sink_block
        b, sinks = self.block(n), self.size.sinks
        header = ["sink", "a", *(f"layer {i}" for i in range(1, self.size.layers + 1))]
        rows, shares = [], {}
        cases = [("token 0", "dense", DENSE)]
        for logit in (False, True):
            where = "a logit" if logit else "token 0"
            for name, a in [("0", 0), (f"{sinks}", sinks), ("b", b)]:
                cases.append((where, name, self.star(n, a, logit=logit)))
            star = self.star(n, b, previous=True, logit=logit)
            cases.append((where, "b, previous", star))
        for where, name, attention in cases:
            answers = self.of_kind(self.carry(attention)[0], tasks.NEEDLE)
            shares[where, name] = answers.mean(axis=(1, 2))
            rows.append([where, name, *(self.percent(a) for a in answers)])
        self.claims.check(all(
            (s == 1).all()
            for key, s in shares.items()
            if key[0] == "a logit" or key[1] in ("dense", f"{sinks}", "b")
            ),  # fmt: skip
            "a needle is found in every layer where rows see a sink, or have one",
        )
        without = [shares["token 0", a] for a in ("0", "b, previous")]
        self.claims.check(
            all(s[0] == 1 and s[-1] < 0.5 for s in without),
            f"without a sink it is lost: found in layer 1, and by "
            f"{100 * without[0][-1]:.0f} % (a = 0) and {100 * without[1][-1]:.0f} % "
            f"(previous) in layer {self.size.layers}",
        )
        return header, rows

    def run(self):
        """The tables, by name."""
        blocks = self.size.blocks
        stars = [self.star(n, a) for n in blocks for _, a in self.anchors(n)]
        sunk = [s for s in stars if s.pattern.anchor >= self.size.sinks]
        previous = [self.star(n, self.block(n), previous=True) for n in blocks]
        n = self.size.sink_block
        b = self.block(n)
        logits = [
            self.star(n, b, logit=True),
            self.star(n, b, previous=True, logit=True),
            self.star(n, 0, logit=True),
            self.star(n, self.size.sinks, logit=True),
        ]
        self.check_kernels()
        low = [attention for _, _, attention in self.swept()]
        self.compiled.prepare(
            [DENSE, *stars, *previous, *logits]
            + [dataclasses.replace(a, dtype="bf16") for a in low]
            + [dataclasses.replace(a, jump=True) for a in low]
        )
        self.check_equal()
        self.check_one_lookup([*stars, *previous])
        self.check_chains([DENSE, *sunk, *logits])
        self.check_one_hop(sunk)
        return {
            "star-needles": self.needle_table(),
            "star-chains": self.chain_table(),
            "star-jumps": self.jump_table(),
            "star-counts": self.count_table(),
            "star-sinks": self.sink_table(),
        }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="at most 30 seconds")
    parser.add_argument(
        "--docs",
        nargs="?",
        const=DOCS,
        metavar="FILE",
        help="write the tables between the markers of FILE",
    )
    parser.add_argument("--json", metavar="FILE", help="the tables as JSON")
    parser.add_argument("--attn-compile", default="attn-compile", metavar="PATH")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.threads < 1 or options.seed < 0:
        parser.error("expects threads of 1 or more and a seed of 0 or more")
    size = QUICK if options.quick else FULL
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            compiled = network.Compiled(options.attn_compile, folder, options.threads)
            study = Study(size, compiled, options.seed)
            tables = study.run()
        except network.NetworkError as error:
            sys.exit(f"star_accuracy: error: {error}")
        calls, functions = compiled.calls, len(compiled.libraries)
    about = (
        f"L = {size.length}, {size.contexts} contexts of "
        f"{len(study.questions[0])} questions, {size.layers} layers, "
        f"seed {options.seed}."
    )
    for name, (header, rows) in tables.items():
        print("", f"{name}: percent right", *aligned(header, rows), sep="\n")
    print(
        f"\n{about} {calls} calls of {functions} compiled functions, "
        f"{time.monotonic() - begin:.0f} s"
    )
    if study.claims.wrong:
        sys.exit(f"star_accuracy: error: {study.claims.wrong} claims do not hold")
    if options.json:
        document = {
            name: [dict(zip(header, row)) for row in rows]
            for name, (header, rows) in tables.items()
        }
        with open(options.json, "w") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
    if options.docs:
        for name, (header, rows) in tables.items():
            lines = [about, "", *markdown(header, rows)]
            try:
                replace_section(options.docs, name, lines)
            except (OSError, ValueError) as error:
                sys.exit(f"star_accuracy: error: {error}")


if __name__ == "__main__":
    main()
