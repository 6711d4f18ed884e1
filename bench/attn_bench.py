"""Times our compiled attention beside its peers and the machine's limits, in
turns in one process. README.md beside this file has the method.

`scripts/bench.sh` installs the peers, builds the compiler and calls this."""

import os

# Before any library reads them: pools sleep while another contender runs.
os.environ.setdefault("KMP_BLOCKTIME", "0")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import argparse  # noqa: E402
import dataclasses  # noqa: E402
import datetime  # noqa: E402
import hashlib  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402

import bars  # noqa: E402
import comm  # noqa: E402
import layout  # noqa: E402
import picture  # noqa: E402
import table  # noqa: E402
from contender import Missing, first_line  # noqa: E402
from measure import Measurement, Result  # noqa: E402
from ours import CompileError, Compiler  # noqa: E402
from probes import ProbeError, Probes  # noqa: E402
from shapes import PEERS, ConfigError, load_config  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCHEMA = 2


def fail(message):
    sys.exit(f"attn_bench: error: {message}")


def say(text=""):
    print(text, flush=True)


class Progress:
    """One line that says what is going on, where somebody watches."""

    def __init__(self):
        self.live = sys.stderr.isatty()
        self.prefix = ""

    def __call__(self, what):
        if self.live:
            sys.stderr.write(f"\r\033[K{self.prefix}: {what}")
            sys.stderr.flush()

    def clear(self):
        if self.live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def thread_counts(text):
    """1,2 as [1, 2]."""
    counts = [int(count) for count in text.split(",")]
    if min(counts) < 1:
        raise ValueError
    return counts


def parse():
    parser = argparse.ArgumentParser(
        description="Times compiled attention beside its peers and the limits."
    )
    parser.add_argument(
        "--config",
        help="configs/NAME.json, or a path (default: full; bars with --bars)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="config quick: at most two minutes"
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="WORD,...",
        help="run cases with all of WORD,... in their names",
    )
    parser.add_argument(
        "--peers",
        default=",".join(PEERS),
        help="none, or some of torch,iree,ort, or a .py file with `candidates`",
    )
    parser.add_argument(
        "--threads",
        type=thread_counts,
        metavar="N,...",
        help="numbers of threads, instead of the config's",
    )
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: CPU time, one thread; for a machine that is never quiet",
    )
    parser.add_argument(
        "--seconds", type=float, help="of timing a case (default 6, quick 2)"
    )
    parser.add_argument(
        "--rounds", type=int, help="exactly so many, whatever they take"
    )
    parser.add_argument(
        "--minutes", type=float, help="start no case after (default 20, quick 2)"
    )
    parser.add_argument("--bars", action="store_true", help="print the table of bars")
    parser.add_argument(
        "--docs",
        nargs="?",
        const=os.path.join(ROOT, "docs", "Performance.md"),
        metavar="FILE",
        help="write the tables between the markers of FILE (docs/Performance.md)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep what CONFIG.json in --out holds, and measure the other cases",
    )
    parser.add_argument("--list", action="store_true", help="list the cases and stop")
    parser.add_argument(
        "--attn-compile", default=os.path.join(ROOT, "build", "bin", "attn-compile")
    )
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "bench"))
    parser.add_argument(
        "--pip-logs", help="folder of PEER.log files that say why a peer is missing"
    )
    options = parser.parse_args()
    if options.quick and options.config:
        fail("--quick is a configuration; give it or --config")
    if options.rounds is not None and options.rounds < 1:
        fail(f"--rounds={options.rounds}: expected at least 1")
    if options.clock == "cpu":
        if options.threads not in (None, [1]):
            fail("--clock=cpu is for one thread; give --threads=1 or none")
        options.threads = [1]
    if not options.config:
        options.config = "quick" if options.quick else "full"
        if options.bars and not options.quick:
            options.config = "bars"
    if options.seconds is None:
        options.seconds = 2.0 if options.config == "quick" else 6.0
    if options.minutes is None:
        options.minutes = 2.0 if options.config == "quick" else 20.0
    return options


def load_peers(options, cache):
    """({name: module}, {name: why it is missing}, versions, not asked for)."""
    peers, missing, versions, unasked = {}, {}, {}, []
    wanted = [] if options.peers == "none" else options.peers.split(",")
    for name in wanted:
        if name.endswith(".py"):
            folder, file = os.path.split(os.path.abspath(name))
            sys.path.insert(0, folder)
            name, module_name = file[:-3], file[:-3]
        elif name in PEERS:
            module_name = f"peer_{name}"
        else:
            fail(f"--peers={name}: expected none, {', '.join(PEERS)} or a .py file")
        try:
            module = importlib.import_module(module_name)
        except (Missing, ImportError) as error:
            missing[name] = f"{first_line(error)}{pip_log(options, name)}"
            continue
        if hasattr(module, "cache"):
            module.cache = cache
        peers[name] = module
        versions[name] = module.VERSION
    for name in PEERS:
        if name not in peers and name not in missing:
            missing[name] = "not asked for (--peers)"
            unasked.append(name)
    return peers, missing, versions, unasked


def pip_log(options, name):
    """What the installation of a peer ended on, if it was tried."""
    if not options.pip_logs:
        return ""
    try:
        with open(os.path.join(options.pip_logs, f"{name}.log")) as file:
            lines = [line.strip() for line in file if "ERROR" in line]
    except OSError:
        return ""
    return f"; pip: {lines[-1]}" if lines else ""


def machine():
    """What the numbers belong to."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    model = line.split(":", 1)[1].strip()
                elif line.startswith("cpu family"):
                    model += f", family {line.split(':', 1)[1].strip()}"
                    break
    except OSError:
        pass
    load = os.getloadavg()
    return {
        "processor": model,
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "load_before": [round(x, 2) for x in load],
    }


def machine_line(facts, versions):
    parts = [f"{facts['processor']}, {facts['cpus']} CPUs", facts["system"]]
    parts += versions.values()
    return "; ".join(parts)


def select(cases, options):
    """The cases that --only and --threads leave."""
    words = [word for word in options.only.split(",") if word]
    chosen = []
    for case in cases:
        if options.threads:
            threads = tuple(options.threads)
            case = dataclasses.replace(case, threads=threads)
        # Cases that differ by their threads alone may now be the same.
        if case in chosen:
            continue
        if all(word in case.name.split() for word in words):
            chosen.append(case)
    if not chosen:
        fail(f"--only={options.only}: no case of {options.config} has all these words")
    return chosen


def compiler_stamp(path):
    """What tells compilers apart, for --resume."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def load_results(path, facts, clock, stamp):
    """[Result] of an earlier run on this machine with this compiler."""
    try:
        with open(path) as file:
            document = json.load(file)
    except OSError:
        return []
    except ValueError as error:
        fail(f"--resume: {path}: {error}")
    if document.get("schema") != SCHEMA:
        fail(f"--resume: {path} was written by another attn_bench.py; remove it")
    for what, mine, other in (
        ("processor", facts["processor"], document["machine"]["processor"]),
        ("clock", clock, document["clock"]),
        ("attn-compile", stamp, document["compiler"]),
    ):
        if mine != other:
            fail(f"--resume: {path} is of another {what}; remove it")
    return [Result.from_json(entry) for entry in document["results"]]


def measure_ranks(compiler, results):
    """Prints and returns what merges over MPI cost, if a step of several ranks was
    measured."""
    step = next((r.case for r in results if r.case.parts), None)
    if not step:
        return None
    measured, why = comm.measure(compiler.tool, step.heads, step.head_dim)
    say()
    if why:
        say(f"no merge over ranks: {why}")
        return None
    for line in layout.aligned(comm.HEADER, comm.cells(measured)):
        say(line)
    return measured


def write_docs(options, config, results, facts, versions, ranks):
    """Replaces the sections `bars` and `results` of a document."""
    some, every = table.disturbed(results)
    quality = (
        f"In {some} of {every} rows other programs took more than 5 % of the CPUs."
    )
    if options.clock == "cpu":
        quality = "CPU times on one thread, of a machine that ran other programs."
    about = [
        f"{machine_line(facts, versions)}; config `{config}`. {quality} "
        "Written by `scripts/bench.sh --docs`."
    ]
    header = [*bars.HEADER]
    header[6] = "reached"
    # Some kinds have sections of their own, and are measured by other
    # configurations.
    for section in table.SECTIONS:
        chosen = [r for r in results if r.case.section == section]
        if not chosen:
            continue
        prefix = f"{section}-" if section else ""
        bar_rows = bars.cells(chosen, section)
        lines = about + [""] + layout.markdown(header, bar_rows)
        layout.replace_section(options.docs, f"{prefix}bars", lines)
        lines = table.summary_markdown(chosen, section)
        if ranks and section == "star":
            lines += ["", *layout.markdown(comm.HEADER, comm.cells(ranks))]
        layout.replace_section(options.docs, f"{prefix}results", lines)


def main():
    options = parse()
    started = time.monotonic()
    try:
        cases = select(load_config(options.config), options)
    except ConfigError as error:
        fail(error)
    if options.list:
        for case in cases:
            say(f"{case.name}  threads {','.join(map(str, case.threads))}")
        return
    cache = os.path.join(options.out, "cache")
    os.makedirs(cache, exist_ok=True)
    try:
        compiler = Compiler(options.attn_compile, cache)
        probes = Probes(cache, options.clock)
    except (ProbeError, CompileError) as error:
        fail(error)
    peers, missing, versions, unasked = load_peers(options, cache)
    facts = machine()
    say(machine_line(facts, versions))
    for name, why in missing.items():
        say(f"{name} is missing: {why}")
    most = max(max(case.threads) for case in cases)
    if most > (os.cpu_count() or 1):
        say(f"warning: {most} threads on {os.cpu_count()} CPUs")
    if facts["load_before"][0] > 0.5:
        say(f"warning: the machine is busy (load {facts['load_before'][0]})")
    say(
        f"{len(cases)} cases of {options.config}, {options.seconds:g} s of timing "
        f"each, none started after {options.minutes:g} minutes"
    )

    name = os.path.splitext(os.path.basename(options.config))[0]
    path = os.path.join(options.out, f"{name}.json")
    stamp = compiler_stamp(compiler.tool)
    results = []
    if options.resume:
        results = load_results(path, facts, options.clock, stamp)
        say(f"{len(results)} results are in {path}")
    known = {result.case for result in results}
    measurement = Measurement(
        compiler,
        probes,
        peers,
        missing,
        options.seconds,
        options.rounds,
        unasked,
        options.clock,
    )
    progress = Progress()
    left_out = []
    for i, case in enumerate(cases):
        if case in known:
            continue
        minutes = (time.monotonic() - started) / 60
        if minutes > options.minutes:
            left_out = [case for case in cases[i:] if case not in known]
            break
        progress.prefix = f"[{i + 1}/{len(cases)}, {minutes:.1f} min] {case.name}"
        result = measurement.run(case, progress)
        progress.clear()
        results.append(result)
        say()
        for line in table.case_lines(result):
            say(line)

    say()
    for line in table.summary_lines(results):
        say(line)
    ranks = measure_ranks(compiler, results)
    say()
    say("rate, of limit: by medians; peers: their time over ours (2x: we are faster)")
    some, every = table.disturbed(results)
    if options.clock == "cpu":
        say("times are CPU times, on one thread")
    elif some:
        say(
            f"warning: in {some} of {every} rows ours had less than 95 % of the CPUs: "
            "other programs ran"
        )
    if left_out:
        say(f"not run, {options.minutes:g} minutes were over:")
        for case in left_out:
            say(f"  {case.name}")
    if options.bars or options.docs:
        say()
        for line in bars.lines(results):
            say(line)
        say("got, worst case: medians; quiet: by the best samples; of: so many values")

    document = {
        "schema": SCHEMA,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "config": options.config,
        "clock": options.clock,
        "compiler": stamp,
        "machine": facts,
        "versions": versions,
        "missing": missing,
        "seconds": round(time.monotonic() - started, 1),
        "results": [result.to_json() for result in results],
        "left_out": [case.name for case in left_out],
        "bars": bars.to_json(results),
        "ranks": ranks,
    }
    layout.write_json(path, document)
    pictures, why = picture.write_pictures(
        os.path.join(options.out, f"{name}.png"), results, f"attn-mlir, config {name}"
    )
    say()
    say(f"results: {', '.join([path, *pictures])}" + (f"; {why}" if why else ""))
    if options.docs:
        try:
            write_docs(options, name, results, facts, versions, ranks)
        except (OSError, ValueError) as error:
            fail(error)
        say(f"tables: {options.docs}")
    bad = [row for result in results for row in result.rows if row.name == "ours"]
    # What needs a package that is not there is said, and no error.
    bad = [row for row in bad if row.status not in ("ok", "missing")]
    if bad:
        fail(f"{len(bad)} of our results are wrong or missing; see above")


if __name__ == "__main__":
    main()
