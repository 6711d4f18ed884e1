#!/usr/bin/env python3
"""Checks and times compiled attention on this machine's NVIDIA GPU, beside
PyTorch's, FlexAttention's and Triton's, in turns in one run.

    python3 run.py [--only=WORD,...] [--out=FILE.json]

`build.py` makes the folder that this file is run in: it needs that folder, python3
and torch, and builds nothing. bench/README.md of attn-mlir has the method. Without
torch or a GPU it says so and exits 77.

Cases run in a process of their own: a kernel that breaks the device, or does not
return, ends that process, is named in the tables, and the others go on. Results are
written case by case; the same command again goes on where the last one ended."""

import argparse
import contextlib
import datetime
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import tables  # noqa: E402
from cases import ALL_PEERS, Case  # noqa: E402
from layout import write_json  # noqa: E402
from results import Result, Row  # noqa: E402

SCHEMA = 2
# Processes that one run starts at most.
MAX_PROCESSES = 40
NO_DEVICE = 77
# Processes one after the other that may end before they measure, and the time that a
# device is given to recover from the one before.
MAX_EARLY_ENDS, RECOVERY_SECONDS = 3, 2
# What a driver may need to take a process's work off a device.
END_SECONDS = 60


def fail(message):
    sys.exit(f"bench-gpu: error: {message}")


def say(text=""):
    print(text, flush=True)


def load_manifest():
    path = os.path.join(HERE, "manifest.json")
    try:
        with open(path) as file:
            manifest = json.load(file)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}; make the folder with build.py")
    except ValueError as error:
        fail(f"{path}: {error}")
    if manifest.get("schema") != SCHEMA:
        fail(f"{path} is of another build.py; build again")
    return manifest


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only",
        default="",
        metavar="WORD,...",
        help="cases with all of WORD,... in their names",
    )
    parser.add_argument("--list", action="store_true", help="list the cases and stop")
    parser.add_argument(
        "--check", action="store_true", help="check the results, time nothing"
    )
    parser.add_argument("--peers", help="none, or some of " + ",".join(ALL_PEERS))
    parser.add_argument(
        "--triton",
        metavar="FILE",
        default=os.path.join(HERE, "06-fused-attention.py"),
        help="Triton's python/tutorials/06-fused-attention.py (beside this file)",
    )
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="of timing a case (1)"
    )
    parser.add_argument("--rounds", type=int, help="exactly so many")
    parser.add_argument(
        "--minutes",
        type=float,
        default=8.0,
        help="start no case after (8)",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=60.0,
        help="seconds after which the last case is given up then (60)",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        help="times the seconds after which a step counts as hung (1)",
    )
    parser.add_argument(
        "--out", default=os.path.join(HERE, "results.json"), help="where results go"
    )
    parser.add_argument(
        "--resume",
        metavar="FILE",
        help="take the cases that FILE holds from it, and measure the others "
        "(without a word: --out, if it is of this folder)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="measure every case, whatever is there"
    )
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        fail(f"--rounds={options.rounds}: expected at least 1")
    if options.fresh and options.resume:
        fail("--fresh takes nothing over; give it or --resume")
    if options.peers is not None:
        options.peers = [] if options.peers == "none" else options.peers.split(",")
        for name in options.peers:
            if name not in ALL_PEERS:
                fail(f"--peers={name}: expected none, or {', '.join(ALL_PEERS)}")
    return options


def select_cases(manifest, only):
    """[index] of the cases that --only leaves."""
    words = [word for word in only.split(",") if word]
    names = [entry["case"]["name"] for entry in manifest["cases"]]
    chosen = [
        i for i, name in enumerate(names) if all(w in name.split() for w in words)
    ]
    if not chosen:
        fail(f"--only={only}: no case has all these words; --list shows them")
    return chosen


# ---------------------------------------------------------------------------
# The process that measures
# ---------------------------------------------------------------------------


def work(pipe):
    """Runs the cases of the job on standard input; says over `pipe` what it is
    about to do, and what came of it."""
    # Processes that compilers start would keep it open behind this one's end.
    os.set_inheritable(pipe, False)
    with os.fdopen(pipe, "w", buffering=1) as channel:

        def tell(**message):
            channel.write(json.dumps(message) + "\n")

        job = json.load(sys.stdin)
        tell(at=["", "", "imports torch", 300])
        try:
            import torch
        except ImportError:
            tell(no_device="there is no torch")
            return NO_DEVICE
        from device import Cuda, Host, NoDevice

        manifest = load_manifest()
        tell(at=["", "", "opens the device", 120])
        try:
            device = (Cuda if manifest["target"] == "cuda" else Host)(torch)
        except NoDevice as error:
            tell(no_device=str(error))
            return NO_DEVICE
        # Nothing of f32 is computed in less: it would be another problem.
        torch.set_float32_matmul_precision("highest")
        from measure import Broken, Measurement

        where = ["", ""]

        def at(contender, step, seconds):
            tell(at=[where[0], contender, step, seconds])

        try:
            measurement = Measurement(device, HERE, job["options"], at)
            versions = {"torch": torch.__version__, "triton": _version("triton")}
            at("", "asks for the state of the device", 60)
            tell(facts=device.facts() | versions, state=device.state())
            for index in job["cases"]:
                if time.time() > job["deadline"]:
                    break
                entry = manifest["cases"][index]
                case = Case.from_json(entry["case"])
                where[0] = case.name
                skip = job["skip"].get(case.name, {})
                result = measurement.run(entry, case, skip, job["broken"])
                device.release()
                tell(index=index, result=result.to_json())
            where[0] = ""
            at("", "asks for the state of the device", 60)
            tell(done=True, state=device.state())
        except Broken as error:
            tell(broken=str(error))
            return 3
    return 0


def _version(module):
    try:
        return getattr(__import__(module), "__version__", "unknown")
    except Exception:  # a package that cannot be imported is none
        return None


# ---------------------------------------------------------------------------
# The process that looks after it
# ---------------------------------------------------------------------------


class Death(Exception):
    """The process that measures ended early; the message says how."""


class OutOfTime(Exception):
    """The time of the whole run is over."""


class Stop(Exception):
    """No process can measure; the message says why."""


def end(process, seconds=0.0):
    """The exit status of a process, which is killed if it is there after that."""
    try:
        if seconds:
            return process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    process.kill()
    try:
        return process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        why = "the process that measures cannot be killed: the driver holds it"
        raise Stop(why) from None


def messages(process, pipe, patience, last):
    """What a process says, as it comes; throws Death where it ends or hangs, and
    OutOfTime at the time `last`."""
    at, rest, allowed = ["", "", "it started", 60], b"", 60.0
    while True:
        left = last - time.time()
        wait = min(allowed * patience, max(left, 0.0))
        ready, _, _ = select.select([pipe], [], [], wait)
        if not ready:
            end(process)
            if left <= allowed * patience:
                raise OutOfTime()
            raise Death(f"no answer in {allowed * patience:.0f} s while it {at[2]}")
        data = os.read(pipe, 1 << 16)
        if not data:
            status = end(process, END_SECONDS)
            if status == 0 or status == NO_DEVICE:
                return
            how = f"signal {-status}" if status < 0 else f"exit code {status}"
            raise Death(f"the process ended by {how} while it {at[2]}")
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "at" in message:
                at, allowed = message["at"], float(message["at"][3])
            yield message


class Run:
    """The results of all cases, over as many processes as it takes."""

    def __init__(self, options, manifest, chosen, document):
        self.options, self.manifest = options, manifest
        self.remaining, self.document = list(chosen), document
        self.results, self.states = {}, []
        # What ended a process, and how: {case: {contender: why}}, {object: why}.
        self.skip, self.broken = {}, {}
        self.begin = time.time()
        self.deadline = self.begin + 60 * options.minutes
        self.total, self.early_ends = len(self.remaining), 0

    def name(self, index):
        return self.manifest["cases"][index]["case"]["name"]

    def go(self):
        """Measures; returns why there is no device, or None."""
        # Who ends this run from outside gets the tables, too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        notes = self.document["notes"]
        with tempfile.TemporaryDirectory(prefix="bench-gpu-") as scratch:
            try:
                for _ in range(MAX_PROCESSES):
                    why = self._process(scratch)
                    if why is not None:
                        return why
                    if not self.remaining or time.time() > self.deadline:
                        return None
                notes.append(f"given up after {MAX_PROCESSES} processes")
            except OutOfTime:
                notes.append("the time was over in the middle of a case")
            except Stop as stop:
                notes.append(f"stopped: {stop}")
            except KeyboardInterrupt:
                notes.append("stopped from outside")
        return None

    def _process(self, scratch):
        """One process; returns why there is no device, or None."""
        read, write = os.pipe()
        errors = tempfile.TemporaryFile()
        command = [sys.executable, os.path.abspath(__file__), f"--worker={write}"]
        options = vars(self.options)
        names = ("check", "peers", "triton", "seconds", "rounds")
        job = {
            "cases": self.remaining,
            "skip": self.skip,
            "broken": self.broken,
            "deadline": self.deadline,
            "options": {name: options[name] for name in names}
            | {
                "scratch": scratch,
                "without_tutorial": self.manifest["without_tutorial"],
            },
        }
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=errors, pass_fds=[write]
        )
        os.close(write)
        at, broken = ["", "", "it started", 0], None
        last = self.deadline + self.options.grace
        try:
            # One that is gone is told of by its messages' end.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(job).encode())
                process.stdin.close()
            for message in messages(process, read, self.options.patience, last):
                if "at" in message:
                    self._progress(at[0], message["at"][0])
                    at = message["at"]
                elif "no_device" in message:
                    return message["no_device"]
                elif "broken" in message:
                    broken = message["broken"]
                else:
                    self._take(message)
        except Death as death:
            why = f"{broken} (while it {at[2]})" if broken else str(death)
            self._bury(at, why, errors)
        finally:
            # It is there still if something was thrown here.
            if process.poll() is None:
                end(process, 0.0 if sys.exc_info()[0] else END_SECONDS)
            os.close(read)
            errors.close()
        return None

    def _progress(self, before, name):
        if name and name != before:
            seconds = time.time() - self.begin
            at = self.total - len(self.remaining) + 1
            say(f"[{at} of {self.total}, {seconds:.0f} s] {name}")

    def _take(self, message):
        if "facts" in message and not self.document["machine"]:
            self.document["machine"] = message["facts"]
            say(machine_line(message["facts"]))
        if "state" in message:
            self.states.append(message["state"])
            say(f"state: {message['state']}")
        if "result" in message:
            self._keep(message["index"], Result.from_json(message["result"]))

    def _keep(self, index, result):
        self.early_ends = 0
        self.results[index] = result
        self.remaining.remove(index)
        say()
        for line in tables.case_lines(result):
            say(line)
        self.write()

    def _bury(self, at, why, errors):
        """Notes what ended a process, so that the next one leaves it out."""
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        if "ended by" in why and lines:
            why += f"; last words: {lines[-1][:200]}"
        name, contender = at[:2]
        say(f"! {name}: {contender}: {why}" if name else f"! outside of cases: {why}")
        if not name:
            for line in lines[-10:]:
                say(f"  {line}")
            # Behind the last case nothing is lost.
            if self.remaining:
                self.early_ends += 1
                if self.early_ends == MAX_EARLY_ENDS:
                    raise Stop(why)
                time.sleep(RECOVERY_SECONDS)
            return
        index = next(i for i in self.remaining if self.name(i) == name)
        entry = self.manifest["cases"][index]
        if contender in ("inputs", "copy", "matmul"):
            case = Case.from_json(entry["case"])
            self._keep(index, Result(case, [Row("ours", "failed", why)]))
            return
        self.skip.setdefault(name, {})[contender] = why
        # One object serves many cases: it is not tried again in the others.
        for found in entry["ours"] + entry["dense"]:
            if found["name"] == contender and "file" in found:
                self.broken[found["file"]] = f"of {name}: {why}"
        self.write()

    def ordered(self):
        return [self.results[i] for i in sorted(self.results)]

    def write(self):
        results = [result.to_json() for result in self.ordered()]
        left = [self.name(i) for i in self.remaining]
        self.document |= {"states": self.states, "results": results, "left_out": left}
        self.document |= {"skip": self.skip, "broken": self.broken}
        write_json(self.options.out, self.document)

    def take_over(self, path, document):
        """Takes over what an earlier run of the same folder found out."""
        found = {entry["case"]["name"]: entry for entry in document["results"]}
        for index, entry in enumerate(self.manifest["cases"]):
            name = entry["case"]["name"]
            if name not in found:
                continue
            result = Result.from_json(found[name])
            # What was only checked is not measured.
            if index in self.remaining and result.is_only_checked:
                if not self.options.check:
                    continue
            self.results[index] = result
            if index in self.remaining:
                self.remaining.remove(index)
        self.skip, self.broken = document["skip"], document["broken"]
        self.states += document["states"]
        self.document["machine"] = document["machine"]
        self.total = len(self.remaining)
        say(f"{len(self.results)} results are in {path}; {self.total} cases to go")


def machine_line(facts):
    parts = [str(facts.get("device"))]
    for name in ("driver", "cuda", "cudnn", "torch", "triton"):
        if facts.get(name):
            parts.append(f"{name} {facts[name]}")
    return "; ".join(parts)


def resume(run, options):
    """Goes on with --resume, or with what is at --out if it is of this folder."""
    path = options.resume or options.out
    if not options.resume and (options.fresh or not os.path.exists(path)):
        return
    try:
        with open(path) as file:
            document = json.load(file)
        same = (SCHEMA, run.manifest["build"]) == (
            document.get("schema"),
            document.get("build"),
        )
        peers = document.get("peers")
    except (OSError, ValueError, AttributeError) as error:
        fail(f"{path}: {error}; give --fresh, or another --out")
    if same and peers == options.peers:
        run.take_over(path, document)
    elif options.resume:
        what = "with other --peers" if same else "of other objects"
        fail(f"--resume: {path} is {what}")
    else:
        os.replace(path, path + ".old")
        say(f"{path} is of other objects or --peers: kept as {path}.old")


def main():
    options = parse()
    if options.worker is not None:
        return work(options.worker)
    manifest = load_manifest()
    chosen = select_cases(manifest, options.only)
    if options.list:
        for i in chosen:
            say(manifest["cases"][i]["case"]["name"])
        return 0
    document = {
        "schema": SCHEMA,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "is_measurement": manifest["target"] == "cuda",
        "build": manifest["build"],
        "config": manifest["config"],
        "arch": manifest["arch"],
        "peers": options.peers,
        "machine": {},
        "notes": [],
    }
    say(
        f"{len(chosen)} cases of {manifest['config']} for "
        f"{manifest['arch'] or manifest['target']}, none started after "
        f"{options.minutes:g} minutes"
    )
    if not document["is_measurement"]:
        say("a rehearsal on this processor: no number below is a measurement")
    run = Run(options, manifest, chosen, document)
    resume(run, options)
    try:
        run.write()
    except OSError as error:
        fail(f"cannot write {options.out}: {error.strerror}; give another --out")
    if run.remaining:
        why = run.go()
        if why is not None:
            print(f"bench-gpu: not run: {why}", file=sys.stderr)
            if not run.results:
                os.remove(options.out)
            return NO_DEVICE
    run.write()
    return conclude(run)


def conclude(run):
    """Prints the tables, and what is missing; returns the exit code."""
    results = run.ordered()
    say()
    for line in tables.all_lines(results) if results else ():
        say(line)
    say()
    say("medians; peers, dense: their time over ours (2x: ours is faster)")
    say("calls: of a sample, g: as one CUDA graph; results in " + run.options.out)
    for note in run.document["notes"]:
        say(f"note: {note}")
    if run.remaining:
        say("not run; the same command again goes on with them:")
        for name in run.document["left_out"]:
            say(f"  {name}")
    bad = tables.problem_lines(results)
    if bad:
        say("of ours, not right or not there:")
        for line in bad:
            say(f"  {line}")
    stopped = any(note.startswith("stopped") for note in run.document["notes"])
    wrong = [line for line in bad if ": missing: " not in line]
    return 1 if wrong or stopped else 0


if __name__ == "__main__":
    sys.exit(main())
