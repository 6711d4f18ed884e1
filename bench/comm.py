"""The merge over ranks of one decode step, beside MPI's own reduction of as many
bytes: runs attn-bench-comm, which stands beside attn-compile where there is MPI."""

import json
import os
import shutil
import subprocess

HEADER = ["merge of 4 ranks", "payload", "bytes", "us", "MPI_Allreduce us", "ratio"]
RANKS, SECONDS = 4, 120


def measure(compiler, rows, width):
    """(what attn-bench-comm printed, or None; why not) for `rows` rows (query
    tokens times heads) of `width` elements; `compiler` is the path of
    attn-compile."""
    tool = os.path.join(os.path.dirname(compiler), "attn-bench-comm")
    launcher = shutil.which("mpirun")
    if not os.path.exists(tool):
        return None, "attn-bench-comm was not built: no MPI was found"
    if not launcher:
        return None, "mpirun is not on the path"
    # Ranks share cores where there are fewer of these; containers run as root.
    command = [launcher, "--oversubscribe", "-n", str(RANKS), tool]
    names = ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")
    environment = dict(os.environ) | dict.fromkeys(names, "1")
    try:
        done = subprocess.run(
            [*command, str(rows), str(width)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environment,
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
            return None, lines[0]
        return json.loads(done.stdout), None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return None, str(error)


def cells(measured):
    """Rows under HEADER."""
    return [
        [
            entry["algo"],
            entry["payload"],
            str(entry["bytes"]),
            f"{entry['merge_us']:.0f}",
            f"{entry['allreduce_us']:.0f}",
            f"{entry['ratio']:.2f}x",
        ]
        for entry in measured["cases"]
    ]
