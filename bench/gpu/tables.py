"""Tables of results on a GPU."""

import bars
from layout import aligned, markdown, number

COLUMNS = (
    f"{'':<30}{'median ms':>11}{'min ms':>10}{'spread':>8}{'TFLOP/s':>9}"
    f"{'GB/s':>8}{'of limit':>16}{'x ours':>9}{'error':>9}{'calls':>7}  kernel"
)
# Whose times over ours the table of all cases has; dense is our own.
PEER_COLUMNS = (
    "torch-flash",
    "torch-folded",
    "torch-cudnn",
    "flex",
    "triton",
    "dense",
)
# Tiles of a sweep that the table shows, the fastest first.
MOST_TILES = 4


def case_lines(result):
    """The lines of one case: contenders, then limits."""
    case = result.case
    work = f"{number(1e-9 * case.flops())} GFLOP"
    read = f"{number(1e-6 * case.read_bytes())} MB"
    sets = f"{result.sets} set{'s' * (result.sets > 1)} in turns"
    title = f"{case.name}   ({work}, {read}; {sets}, {result.rounds} rounds)"
    lines = [title, COLUMNS]
    for row in result.rows:
        head = f"  {row.name:<28}"
        error = f"{row.error:.1e}" if row.error is not None else ""
        if not row.seconds:
            said = f"{row.status}: {row.why}" if row.why else row.status
            if row.status == "ok":
                said = f"right, error {error}"
            lines.append(f"{head}  {said}")
            continue
        share = result.share(row)
        share = f"{100 * share[0]:.1f} % {share[1]}" if share else ""
        ratio = result.ratio(row.name) if row.name != "ours" else None
        ratio = f"{ratio:.2f}x" if ratio else ""
        calls = f"{row.calls}{'g' * row.graph}"
        lines.append(
            f"{head}{number(1e3 * row.median):>11}{number(1e3 * row.best):>10}"
            f"{f'{100 * row.spread:.1f} %':>8}"
            f"{number(1e-12 * result.flops_rate(row)):>9}"
            f"{number(1e-9 * result.bytes_rate(row)):>8}{share:>16}{ratio:>9}"
            f"{error:>9}{calls:>7}  {row.detail}".rstrip()
        )
    if result.bound is not None:
        lines.append(
            f"  error of torch in {case.dtype} {result.own_error:.1e}, "
            f"ours at most {result.bound:.1e}"
        )
    for name, unit, scale in (("copy", "GB/s", 1e-9), ("matmul", "TFLOP/s", 1e-12)):
        if result.limits.get(name):
            rates = result.limits[name]
            lines.append(
                f"  {name:<28}  median {number(scale * result.limit(name))}, "
                f"best {number(scale * max(rates))} {unit}"
            )
    lines += [f"  {note}" for note in result.notes]
    return lines


def _status(result, name):
    for row in result.rows:
        if row.name == name:
            return row.status
    return ""


def summary_cells(results):
    """(header, rows): ours, its share of the limit, and what peers take of it."""
    header = ["case", "ours ms", "rate", "of limit", *PEER_COLUMNS]
    rows = []
    for result in results:
        cells, ours = [result.case.name], result.row("ours")
        if ours:
            share = result.share(ours)
            by_copy = share and share[1] == "copy"
            rate = f"{number(1e-12 * result.flops_rate(ours))} TF/s"
            if by_copy or result.case.kind in ("decode", "sparq"):
                rate = f"{number(1e-9 * result.bytes_rate(ours))} GB/s"
            cells += [number(1e3 * ours.median), rate]
            cells += [f"{100 * share[0]:.1f} % {share[1]}" if share else ""]
        else:
            cells += [_status(result, "ours"), "", ""]
        for name in PEER_COLUMNS:
            ratio = result.ratio(name)
            cells.append(f"{ratio:.2f}x" if ratio else _status(result, name))
        rows.append(cells)
    return header, rows


def own_cells(results):
    """(header, rows): our other kernels and tiles beside those that are chosen when
    nothing is said, the fastest first."""
    header = ["case", "chosen ms", "beside", "ms", "chosen / it", "error", "kernel"]
    rows = []
    for result in results:
        ours = result.row("ours")
        others = [r for r in result.rows if r.is_ours and r.name != "ours"]
        timed = sorted((r for r in others if r.seconds), key=lambda r: r.median)
        for row in timed[:MOST_TILES]:
            cells = [result.case.name, number(1e3 * ours.median) if ours else ""]
            cells += [row.name, number(1e3 * row.median)]
            cells.append(f"{ours.median / row.median:.2f}x" if ours else "")
            cells += [f"{row.error:.1e}", row.detail]
            rows.append(cells)
    return header, rows


def problem_lines(results):
    """What of ours is not right or not there, a line each."""
    lines = []
    for result in results:
        for row in result.rows:
            if (row.is_ours or row.name == "dense") and row.status != "ok":
                lines.append(f"{result.case.name}: {row.name}: {row.status}: {row.why}")
    return lines


def all_lines(results):
    """The tables at the end."""
    lines = aligned(*summary_cells(results))
    header, rows = own_cells(results)
    if rows:
        lines += ["", *aligned(header, rows)]
    lines += ["", *aligned(bars.HEADER, bars.cells(results))]
    return lines


def documents(about, results):
    """{section of docs/Performance.md: its lines}."""
    found = {"gpu-bars": [about, "", *markdown(bars.HEADER, bars.cells(results))]}
    lines = markdown(*summary_cells(results))
    header, rows = own_cells(results)
    if rows:
        lines += ["", *markdown(header, rows)]
    bad = problem_lines(results)
    if bad:
        lines += ["", "Of ours, not right or not there:", ""]
        lines += [f"- {line}" for line in bad]
    found["gpu-results"] = lines
    return found
