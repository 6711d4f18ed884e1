"""Measures one case: checks every contender, then times them in turns."""

import dataclasses
import gc
import math
import statistics
import time

import block
import block_decode
import block_model
import check
from contender import Missing, Unsupported, first_line
from ours import CompileError, Ours, merge_text
from samples import Samples
from shapes import GENERATIONS, PEERS, Case, Inputs
from sparq import SparqInputs, WrongChoice
from star import MergeInputs

# One timed sample lasts at least this long: short calls are repeated in it.
SAMPLE_SECONDS = 0.004
MIN_ROUNDS, MAX_ROUNDS = 3, 21
# A peer that needs longer for one call is left out, with the reason.
SLOW_SECONDS = 4.0
# Peers known to be slow are tried on this many queries and keys first.
PILOT_LENGTH = 256
PILOT_PEERS = ("iree",)
# Our kernels: that of the case, and the plain one, the dense one, the merge of
# partial results or the vanilla transformer beside it.
OWN = ("ours", "plain", "dense", "merge", "vanilla")


@dataclasses.dataclass
class Row(Samples):
    """One contender at one number of threads."""

    name: str
    threads: int
    status: str = "ok"  # ok, wrong, unsupported, missing, slow, failed
    why: str = ""
    detail: str = ""
    tried: dict = dataclasses.field(default_factory=dict)
    error: float | None = None  # against f64 rows, in units of the row's rms
    error_ours: float | None = None  # against all of our output
    case: object = None  # what it computes, for the work
    seconds: list = dataclasses.field(default_factory=list)
    cpus: list = dataclasses.field(default_factory=list)  # used, on average
    contender: object = None
    estimate: float = 0.0

    @property
    def flops(self):
        return self.case.flops()

    @property
    def cpus_used(self):
        return statistics.median(self.cpus)

    def to_json(self):
        row = {
            "name": self.name,
            "threads": self.threads,
            "status": self.status,
            "why": self.why,
            "detail": self.detail,
            "tried": self.tried,
            "error": self.error,
            "error_against_ours": self.error_ours,
        }
        if self.seconds:
            row |= {
                "median_ms": 1e3 * self.median,
                "min_ms": 1e3 * self.best,
                "gflops": 1e-9 * self.flops / self.median,
                "cpus": round(self.cpus_used, 2),
                "samples_ms": [round(1e3 * s, 6) for s in self.seconds],
            }
        return row

    @classmethod
    def from_json(cls, entry, case):
        """A row of `case` as it was written."""
        row = cls(entry["name"], entry["threads"], entry["status"], entry["why"])
        row.detail, row.tried = entry["detail"], entry["tried"]
        row.error, row.error_ours = entry["error"], entry["error_against_ours"]
        row.case = case
        row.seconds = [1e-3 * ms for ms in entry.get("samples_ms", [])]
        row.cpus = [entry["cpus"]] if row.seconds else []
        return row


@dataclasses.dataclass
class Limit:
    """A probe at one number of threads: GFLOP/s or GB/s of every round."""

    name: str
    threads: int
    probe: object
    rates: list = dataclasses.field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.rates)

    @property
    def best(self):
        return max(self.rates)

    def to_json(self):
        entry = {"name": self.name, "threads": self.threads}
        if self.rates:
            entry |= {"median": self.median, "best": self.best, "rates": self.rates}
        return entry

    @classmethod
    def from_json(cls, entry):
        rates = entry.get("rates", [])
        return cls(entry["name"], entry["threads"], None, rates)


@dataclasses.dataclass
class Result:
    case: object
    rows: list
    limits: list
    rounds: int = 0
    layers: int = 1  # copies of the problem that runs take in turns
    held: dict = dataclasses.field(default_factory=dict)  # bytes of K, V a model keeps
    notes: list = dataclasses.field(default_factory=list)  # what was computed

    def row(self, name, threads):
        for row in self.rows:
            if row.name == name and row.threads == threads and row.seconds:
                return row
        return None

    def limit(self, name, threads):
        for limit in self.limits:
            if limit.name == name and limit.threads == threads and limit.rates:
                return limit
        return None

    def bounds(self, threads, best=False, case=None):
        """{limit: seconds that a case, or this one, needs at it}."""
        case, bounds = case or self.case, {}
        for limit in self.limits:
            if limit.threads != threads or not limit.rates:
                continue
            rate = 1e9 * (limit.best if best else limit.median)
            if not rate:
                continue
            work = case.kv_bytes() if limit.name == "read" else case.flops()
            bounds[limit.name] = work / rate
        if case.kind == "block-model" and {"fma", "read"} <= set(bounds):
            fma = case.flops() / bounds["fma"]
            read = case.kv_bytes() / bounds["read"]
            return {"fma+read": block.model_seconds(case, fma, read)}
        # bf16 products run on the dot unit where there is one.
        if case.dtype == "bf16" and "dot" in bounds:
            bounds.pop("fma", None)
        else:
            bounds.pop("dot", None)
        return bounds

    def share(self, threads, name="ours", best=False):
        """(share of the tightest limit, its name), or None."""
        row = self.row(name, threads)
        bounds = self.bounds(threads, best, row.case) if row else None
        if not bounds:
            return None
        # Noise only lowers a rate: the best ones say which limit is tightest.
        at_best = self.bounds(threads, True, row.case)
        tightest = max(bounds, key=at_best.get)
        seconds = row.best if best else row.median
        return bounds[tightest] / seconds, tightest

    def ratio(self, name, threads, best=False):
        """How many times longer `name` takes than ours, or None."""
        ours, other = self.row("ours", threads), self.row(name, threads)
        if not ours or not other:
            return None
        if best:
            return other.best / ours.best
        return other.median / ours.median

    def per_pair(self, threads, best=False):
        """Our speed per visible pair over the plain kernel's, or None."""
        ours, plain = self.row("ours", threads), self.row("plain", threads)
        if not ours or not plain:
            return None
        a, b = (ours.best, plain.best) if best else (ours.median, plain.median)
        return (ours.flops / a) / (plain.flops / b)

    def per_dense_pair(self, threads, best=False):
        """Our speed per visible pair over dense attention's, or None."""
        dense, ratio = self.case.dense_case(), self.ratio("dense", threads, best)
        if not dense or not ratio:
            return None
        return ratio * self.case.visible_pairs() / dense.visible_pairs()

    def to_json(self):
        rows = []
        for row in self.rows:
            entry = row.to_json()
            if row.seconds:
                share = self.share(row.threads, row.name)
                if share and row.name not in ("plain", "merge"):
                    entry |= {"share_of_limit": share[0], "limit": share[1]}
                if row.name not in ("ours", "plain"):  # dense is a peer here
                    entry["times_ours"] = self.ratio(row.name, row.threads)
            rows.append(entry)
        return {
            "case": self.case.to_json(),
            "flops": self.case.flops(),
            "kv_bytes": self.case.kv_bytes(),
            "layers": self.layers,
            "held": self.held,
            "notes": self.notes,
            "rounds": self.rounds,
            "rows": rows,
            "limits": [limit.to_json() for limit in self.limits],
        }

    @classmethod
    def from_json(cls, entry):
        """A result as it was written."""
        case = Case.from_json(entry["case"])
        others = {"plain": case.plain_case(), "dense": case.dense_case()}
        others |= {
            f"vanilla{suffix}": case.vanilla_case()
            for suffix in ("", "-torch", "-complete")
        }
        rows = [Row.from_json(r, others.get(r["name"], case)) for r in entry["rows"]]
        limits = [Limit.from_json(limit) for limit in entry["limits"]]
        result = cls(case, rows, limits, entry["rounds"], entry["layers"])
        result.held, result.notes = entry["held"], entry["notes"]
        return result


def timed(contender, repetitions):
    """(seconds, CPU seconds) of one call, over so many in a row."""
    contender.enter()
    try:
        busy, start = time.process_time(), time.perf_counter()
        for _ in range(repetitions):
            contender.run()
        seconds = time.perf_counter() - start
        busy = time.process_time() - busy
        return seconds / repetitions, busy / repetitions
    finally:
        contender.leave()


class Measurement:
    """Everything that outlives a case."""

    def __init__(
        self,
        compiler,
        probes,
        peers,
        missing,
        seconds,
        rounds=None,
        unasked=(),
        clock="wall",
    ):
        self.compiler, self.probes = compiler, probes
        self.peers, self.missing = peers, missing
        self.seconds, self.fixed_rounds = seconds, rounds
        self.clock = clock
        self.pilots = {}
        # Left out by the caller: said once, not in every case.
        self.unasked = set(unasked)

    def _ours(self, inputs, threads, rows, name="ours", case=None, text=None):
        """Our function for `case`, or that of the inputs, checked by f64 rows; or
        the function of `text`."""
        row = Row(name, threads, case=case or inputs.case)
        try:
            contender = Ours(self.compiler, row.case, inputs, threads, text)
            timed(contender, inputs.layers)
        except CompileError as error:
            row.status, row.why = "failed", str(error).strip()
            return row
        row.error = check.error_of_rows(contender.output(), inputs.case.dtype, rows)
        if row.error > check.bound(inputs.case.dtype):
            row.status = "wrong"
            row.why = f"error {row.error:.1e} against f64"
            return row
        row.contender = contender
        row.estimate, _ = timed(contender, 1)
        return row

    def _pilot_seconds(self, name, make, case, threads):
        """What a call will take, from a small problem of the same kind."""
        length = PILOT_LENGTH * (8 if case.kind == "decode" else 1)
        if case.seq_kv <= 2 * length:
            return 0.0
        small = dataclasses.replace(
            case, seq_q=min(case.seq_q, PILOT_LENGTH), seq_kv=length, batch=1
        )
        key = (name, threads, small)
        if key not in self.pilots:
            contender = make(Inputs(small), threads)
            timed(contender, 1)
            self.pilots[key] = timed(contender, 1)[0] / small.flops()
        return self.pilots[key] * case.flops()

    def _peer(self, name, alternatives, inputs, threads, rows, ours, pilot):
        """The fastest right alternative of a peer, as a row."""
        case = inputs.case
        row = Row(name, threads, case=case)
        reasons, failures, wrong = [], [], []
        for make in alternatives:
            try:
                if pilot:
                    expected = self._pilot_seconds(name, pilot, case, threads)
                    if expected > SLOW_SECONDS:
                        rate = 1e-9 * case.flops() / expected
                        row.status = "slow"
                        row.why = (
                            f"left out: about {expected:.0f} s a call "
                            f"({rate:.1f} GFLOP/s in a pilot)"
                        )
                        return row
                contender = make()
                first, _ = timed(contender, 1)
                output = contender.output()
                mine = inputs.rows_for(contender, rows)
            except WrongChoice as error:
                wrong.append(f"{contender.detail}: {error}")
                row.tried[contender.detail] = f"wrong: {error}"
                continue
            except Unsupported as error:
                reasons.append(first_line(error))
                continue
            except (RuntimeError, ValueError, TypeError, MemoryError) as error:
                # A peer that throws is reported, and the others go on.
                failures.append(first_line(error))
                continue
            error = check.error_of_rows(output, case.dtype, mine)
            against = None
            if ours is not None:
                against = check.error_of_all(output, ours, case.dtype)
            worst = max(error, against or 0.0)
            if worst > check.bound(case.dtype):
                wrong.append(f"{contender.detail}: error {worst:.1e}")
                row.tried[contender.detail] = f"wrong, error {worst:.1e}"
                continue
            # The first call of a kernel may set it up; single ones may be disturbed.
            seconds = first
            if first < SLOW_SECONDS:
                count = 3 if len(alternatives) > 1 and first < 0.5 else 1
                seconds = min(timed(contender, 1)[0] for _ in range(count))
            row.tried[contender.detail] = f"{1e3 * seconds:.3f} ms"
            if row.contender is None or seconds < row.estimate:
                row.contender, row.estimate = contender, seconds
                row.detail, row.error, row.error_ours = contender.detail, error, against
        if row.contender is None:
            row.status = "wrong" if wrong else "failed" if failures else "unsupported"
            row.why = "; ".join(dict.fromkeys(wrong or failures or reasons))
        return row

    def _peers(self, inputs, threads, rows, ours):
        case = inputs.case
        others = [n for n in (*self.peers, *self.missing) if n not in PEERS]
        for name in (*case.peers, *others):
            if name in self.missing and name not in self.unasked:
                yield Row(name, threads, status="missing", why=self.missing[name])
                continue
            if name not in self.peers:
                continue
            module = self.peers[name]
            for contender, alternatives in module.candidates(inputs, threads):
                pilot = None
                if contender in PILOT_PEERS:
                    pilot = module.attention
                yield self._peer(
                    contender, alternatives, inputs, threads, rows, ours, pilot
                )

    def _limits(self, inputs):
        for threads in inputs.case.threads:
            reader = self.probes.reader(inputs.read(), threads)
            yield Limit("fma", threads, lambda t=threads: self.probes.fma(t))
            yield Limit("dot", threads, lambda t=threads: self.probes.bf16_dot(t))
            yield Limit("read", threads, reader)

    def _generation(self, name, case, make, threads):
        """One of the models of a generation, checked by itself."""
        row = Row(name, threads, case=case)
        try:
            contender = make()
            row.estimate, busy = timed(contender, 1)
        except (CompileError, Missing) as error:
            row.status = "missing" if isinstance(error, Missing) else "failed"
            row.why = str(error).strip()
            return row
        row.detail = contender.detail
        row.error = contender.error()
        if row.error > check.bound(case.dtype):
            row.status, row.why = "wrong", f"error {row.error:.1e}"
        elif contender.once:
            seconds = busy if self.clock == "cpu" else row.estimate
            row.seconds = [seconds / contender.tokens]
            row.cpus = [busy / row.estimate]
        else:
            row.contender = contender
        return row

    def _run_generation(self, case, progress):
        """The result of a case that generates text."""
        module = block_model if case.kind == "block-model" else block_decode
        try:
            inputs = module.make_inputs(case)
        except Missing as error:
            rows = [Row("ours", t, "missing", str(error)) for t in case.threads]
            return Result(case, rows, [])
        rows = []
        for threads in case.threads:
            for name, of, make in module.contenders(inputs, threads, self.compiler):
                progress(f"{name}, {threads} threads: set up and check")
                rows.append(self._generation(name, of, make, threads))
        limits = list(self._limits(inputs))
        result = Result(case, rows, limits, layers=inputs.layers)
        result.held, result.notes = inputs.held(), inputs.notes()
        self._rounds(result, progress)
        for row in rows:
            row.contender = None
        del inputs
        gc.collect()
        return result

    def run(self, case, progress):
        """The result of a case."""
        progress("inputs and reference")
        if case.kind in GENERATIONS:
            return self._run_generation(case, progress)
        sparq = case.kind == "sparq"
        inputs = SparqInputs(case) if sparq else Inputs(case)
        reference = inputs.sparq_rows() if sparq else inputs.reference_rows()
        dense = case.dense_case()
        dense_reference = inputs.reference_rows(4, dense) if dense else None
        rows, plain_rows = [], []
        plain = case.plain_case()
        plain_inputs = Inputs(plain) if plain else None
        for threads in case.threads:
            progress(f"ours, {threads} threads: compile and check")
            mine = self._ours(inputs, threads, reference)
            rows.append(mine)
            if plain:
                expected = plain_inputs.reference_rows()
                row = self._ours(plain_inputs, threads, expected, "plain")
                row.detail = plain.name
                rows.append(row)
                plain_rows.append(row)
            if dense:
                row = self._ours(inputs, threads, dense_reference, "dense", dense)
                rows.append(row)
            if case.parts:
                parts = MergeInputs(case)
                expected = parts.reference_rows()
                text = merge_text(case)
                rows.append(self._ours(parts, threads, expected, "merge", text=text))
            # A peer of SparQ may choose other keys; its own choice is checked.
            output = mine.contender.output() if mine.contender and not sparq else None
            progress(f"peers, {threads} threads: set up and check")
            rows += list(self._peers(inputs, threads, reference, output))
        result = Result(case, rows, list(self._limits(inputs)), layers=inputs.layers)
        self._rounds(result, progress)
        # What is no longer needed may be gigabytes.
        for row in rows:
            row.contender = None
        del inputs, plain_inputs
        gc.collect()
        return result

    def _rounds(self, result, progress):
        running = [row for row in result.rows if row.contender]
        if not running:
            return
        budget = self.seconds
        repetitions, turns = {}, {}
        for row in running:
            count = math.ceil(SAMPLE_SECONDS / max(row.estimate, 1e-6))
            repetitions[id(row)] = min(max(count, 1), 1000)
        cost = {id(row): repetitions[id(row)] * row.estimate for row in running}
        # Slow contenders take part in fewer rounds, so that the others get theirs.
        ours = [row for row in running if row.name in OWN]
        base = sum(cost[id(row)] for row in ours) * 2
        rounds = min(max(int(budget / 2 / max(base, 1e-6)), MIN_ROUNDS), MAX_ROUNDS)
        if self.fixed_rounds:
            rounds = self.fixed_rounds
        share = budget / 2 / max(len(running) - len(ours), 1)
        for row in running:
            own = rounds
            if row not in ours:
                own = min(max(int(share / cost[id(row)]), 2), rounds)
            turns[id(row)] = own
        result.rounds = rounds
        by_threads = {
            t: [row for row in running if row.threads == t] for t in result.case.threads
        }
        for turn in range(rounds):
            progress(f"round {turn + 1} of {rounds}")
            for threads, group in by_threads.items():
                for row in group:
                    if turn < turns[id(row)]:
                        seconds, busy = timed(row.contender, repetitions[id(row)])
                        row.cpus.append(busy / seconds)
                        seconds = busy if self.clock == "cpu" else seconds
                        row.seconds.append(seconds / row.contender.tokens)
                for limit in result.limits:
                    if limit.threads == threads:
                        limit.rates.append(limit.probe())
