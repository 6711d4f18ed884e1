"""Measures one case: checks every contender, then times them in turns."""

import os

import peers
import torch
from contender import Missing, Unsupported, first_line
from device import MAX_CALLS, SAMPLE_SECONDS, SHORT_SECONDS
from objects import CallError, Function, unpacked
from problem import Problem, bound, error_of
from results import Result, Row

MIN_ROUNDS, MAX_ROUNDS = 5, 41
# A contender that needs longer for one call is left out, with the reason.
SLOW_SECONDS = 1.0
# A peer may miss more than ours: it is not what is tested here.
PEER_FACTOR = 4
# How long a step may take before the process counts as hung. Ours are compiled
# already; peers compile, and the f64 rows of large cases take a while.
OURS_SECONDS, INPUT_SECONDS, PEER_SECONDS = 30, 120, 300
# Samples that a contender is tried in before the rounds.
TRIES = 3
# A call in a graph saves its launch, not its work: one that takes a smaller part of
# what it took alone was not captured.
CAPTURED_PART = 0.02


class Broken(Exception):
    """The device answers no more: this process cannot go on."""


class Copy:
    """A copy in the device's memory: bytes read and written."""

    def __init__(self, device):
        size = device.copy_bytes // 4
        self.source = torch.ones(size, dtype=torch.float32, device=device.type)
        self.target = torch.empty_like(self.source)
        self.work = 2 * device.copy_bytes

    def run(self):
        self.target.copy_(self.source)


class Matmul:
    """A product of square matrices of bf16, random numbers."""

    def __init__(self, device):
        n = device.matmul_size
        shape, kind = (n, n), torch.bfloat16
        self.a = torch.randn(shape, device=device.type).to(kind)
        self.b = torch.randn(shape, device=device.type).to(kind)
        self.out = torch.empty_like(self.a)
        self.work = 2 * n**3

    def run(self):
        torch.matmul(self.a, self.b, out=self.out)


class Measurement:
    """Everything that outlives a case."""

    def __init__(self, device, folder, options, at):
        self.device, self.folder, self.options = device, folder, options
        # Called before every step that could fail: (contender, step, seconds).
        self.at = at
        self.limits = {"copy": Copy(device), "matmul": Matmul(device)}

    @torch.no_grad()
    def run(self, entry, case, skip, broken):
        """The result of a case; `entry` is that of the manifest, `skip` says which
        contenders broke an earlier process, and how, `broken` which objects."""
        self.at("inputs", "are made", INPUT_SECONDS)
        result = Result(case, [])
        try:
            problem = Problem(case, self.device)
            samples = {"ours": problem.sample()}
            if case.dense_case() and entry["dense"]:
                samples["dense"] = problem.sample(case.dense_case())
            self.device.wait()
        except Exception as error:  # the other cases go on, whatever it is
            self._survive(error)
            why = f"the tensors of the case: {first_line(error)}"
            result.rows = [Row(o["name"], "failed", why) for o in entry["ours"]]
            return result
        result.sets = len(problem.sets)
        result.bound, result.own_error = bound(case, samples["ours"])
        if not samples["ours"]:
            result.notes.append("no row whose result rounding does not decide")
        contenders = []
        files = {o["name"]: o.get("file") for o in entry["ours"] + entry["dense"]}
        for name, make, sample, case_of, factor in self._contenders(
            entry, problem, samples
        ):
            row = Row(name)
            result.rows.append(row)
            why = skip.get(name) or broken.get(files.get(name))
            if why:
                row.status, row.why = "failed", why
                continue
            contender = self._prepare(row, make, sample, case_of, factor)
            if contender:
                contenders.append((row, contender))
        if not self.options["check"]:
            self._time(result, contenders)
        return result

    def _contenders(self, entry, problem, samples):
        """(name, function that makes it, sample, case, factor of its bound)."""
        case, dense = problem.case, problem.case.dense_case()
        own = [(o, case, samples["ours"]) for o in entry["ours"]]
        if "dense" in samples:
            own += [(o, dense, samples["dense"]) for o in entry["dense"]]
        for found, its_case, sample in own:

            def make(found=found, its_case=its_case):
                return self._ours(found, problem, its_case)

            yield found["name"], make, sample, its_case, 1
        wanted = self.options["peers"]
        for name in case.peers:
            if wanted is None or name in wanted:

                def make(name=name):
                    return peers.make(name, problem, self.options)

                yield name, make, samples["ours"], case, PEER_FACTOR

    def _ours(self, found, problem, case):
        """One of our functions on all sets of tensors."""
        if "why" in found:
            raise CallError(f"not built: {found['why']}")
        path = os.path.join(self.folder, found["file"])
        function = Function(unpacked(path, self.options["scratch"]), self.device)
        calls, workspaces = [], {}
        for tensors in problem.sets:
            result = (problem.empty_output(), case.dtype)
            arrays = problem.operands(tensors, case)
            calls.append(function.bind(arrays, result, workspaces))
        return peers.Calls(found["name"], calls, found.get("detail", ""))

    def _survive(self, error):
        """Throws Broken if the device does not answer after an error."""
        try:
            self.device.wait()
            self.device.release()
        except RuntimeError as second:
            raise Broken(first_line(error) or first_line(second)) from second

    def _prepare(self, row, make, sample, case, factor):
        """A contender that gives the right result; or None, and the row says why."""
        ours = factor == 1
        self.at(row.name, "is checked", OURS_SECONDS if ours else PEER_SECONDS)
        with peers.collect_warnings() as caught:
            try:
                contender = make()
                output = contender.output()
                self.device.wait()
            except Unsupported as error:
                row.status, row.why = "unsupported", first_line(error)
                return None
            except Missing as error:
                row.status, row.why = "missing", first_line(error)
                return None
            except Exception as error:  # whatever a peer throws is its reason
                row.status, row.why = "failed", peers.reason_of(error, caught)
                if ours and str(error).startswith("not built"):
                    row.status = "missing"
                elif any(said in row.why for said in peers.NO_KERNEL):
                    row.status = "unsupported"
                self._survive(error)
                return None
        row.detail = contender.detail
        row.error = error_of(output, sample)
        most = factor * bound(case, sample)[0]
        if not row.error <= most:
            row.status = "wrong"
            row.why = f"error {row.error:.1e} against f64, at most {most:.1e}"
            return None
        contender.error_now = lambda: error_of(contender.output(), sample)
        contender.most = most
        return contender

    def _check_again(self, row, contender):
        """Looks at ours once more: what waits for too little is right now and then."""
        self.at(row.name, "is checked again", OURS_SECONDS)
        try:
            error = contender.error_now()
        except Exception as thrown:  # as in _prepare
            row.status, row.why, row.seconds = "failed", first_line(thrown), []
            self._survive(thrown)
            return
        if not error <= contender.most:
            row.status, row.seconds = "wrong", []
            row.why = f"right at first, then error {error:.1e} against f64, at most "
            row.why += f"{contender.most:.1e}"
        row.error = max(row.error, error)

    def _time(self, result, contenders):
        ready = []
        for row, contender in contenders:
            run = self._sampler(row, contender)
            if run:
                ready.append((row, contender, run))
        if not any(row.is_ours for row, _, _ in ready):
            return
        seconds = sum(row.calls * min(row.seconds) for row, _, _ in ready)
        result.rounds = self.options["rounds"]
        if not result.rounds:
            wanted = int(self.options["seconds"] / max(seconds, 1e-9))
            result.rounds = min(max(wanted, MIN_ROUNDS), MAX_ROUNDS)
        for row, _, _ in ready:
            row.seconds = []
        result.limits = {name: [] for name in self.limits}
        for number in range(result.rounds):
            # Another one begins each round: who runs after whom changes.
            first = number % len(ready)
            for row, contender, run in ready[first:] + ready[:first]:
                if row.status == "ok":
                    self._sample(row, contender, run)
            for name, limit in self.limits.items():
                self.at(name, "is timed", OURS_SECONDS)
                seconds = self.device.sample(limit.run)
                result.limits[name].append(limit.work / seconds)
        for row, contender, _ in ready:
            if row.status == "ok" and (row.is_ours or row.name == "dense"):
                self._check_again(row, contender)

    def _sample(self, row, contender, run):
        """Takes one sample; one that fails ends this contender's, and no other's."""
        self.at(row.name, "is timed", OURS_SECONDS)
        contender.enter()
        try:
            row.seconds.append(self.device.sample(run) / row.calls)
        except Exception as error:  # as in _prepare
            row.status, row.why, row.seconds = "failed", first_line(error), []
            self._survive(error)
        finally:
            contender.leave()

    def _sampler(self, row, contender):
        """What is run between two events, with calls that take no time in one
        graph; or None, and the row says why."""
        self.at(row.name, "is tried", OURS_SECONDS if row.is_ours else PEER_SECONDS)
        contender.enter()
        try:
            # The first call of a set may set things up.
            for _ in contender.calls:
                contender.run()
            row.seconds = [self.device.sample(contender.run) for _ in range(TRIES)]
            estimate = min(row.seconds)
            if estimate > SLOW_SECONDS:
                row.status, row.seconds = "slow", []
                row.why = f"left out: {estimate:.1f} s a call"
                return None
            if estimate > SHORT_SECONDS:
                return contender.run
            calls = int(SAMPLE_SECONDS / max(estimate, 1e-9))
            row.calls = min(max(calls, 1), MAX_CALLS)
            try:
                run = self.device.capture(contender.run, row.calls)
                if self.device.sample(run) < CAPTURED_PART * row.calls * estimate:
                    raise RuntimeError("it is empty")
                row.graph = True
                return run
            except RuntimeError as error:
                self._survive(error)
                row.detail += f" (no graph: {first_line(error)})"

            def several():
                for _ in range(row.calls):
                    contender.run()

            return several
        except Exception as error:  # as in _prepare
            row.status, row.why, row.seconds = "failed", first_line(error), []
            self._survive(error)
            return None
        finally:
            contender.leave()
