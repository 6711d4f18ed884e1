"""Tables, JSON and pictures of results."""

import json
import os
import re

COLUMNS = (
    f"{'':<20}{'thr':>4}{'median ms':>12}{'min ms':>12}{'GFLOP/s':>10}"
    f"{'GB/s':>8}{'of limit':>14}{'x ours':>9}{'error':>10}{'cpus':>6}{'n':>4}  kernel"
)


def number(value):
    """Four significant digits, no exponent."""
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.{3 if value < 10 else 2 if value < 100 else 1}f}"


def case_lines(result):
    """The lines of one case, contenders first, then limits."""
    case = result.case
    pairs = f"{case.visible_pairs():,} visible pairs a head"
    lines = [f"{case.name}   ({pairs}, {result.rounds} rounds)", COLUMNS]
    for row in result.rows:
        head = f"  {row.name:<18}{row.threads:>4}"
        if not row.seconds:
            lines.append(f"{head}  {row.status}: {row.why}")
            continue
        gflops = 1e-9 * row.flops / row.median
        gbytes = 1e-9 * case.kv_bytes() / row.median
        share, ratio = "", ""
        if row.name == "plain":
            per_pair = result.per_pair(row.threads)
            if per_pair:
                ratio = f"{per_pair:.2f}"
            gbytes = 0
        else:
            found = result.share(row.threads, row.name)
            if found:
                share = f"{100 * found[0]:.1f} % {found[1]}"
            if row.name != "ours":
                times = result.ratio(row.name, row.threads)
                ratio = f"{times:.2f}x" if times else ""
        detail = row.detail
        if row.name == "plain":
            detail = f"{detail}; x ours: our speed per pair over its"
        lines.append(
            f"{head}{number(1e3 * row.median):>12}{number(1e3 * row.best):>12}"
            f"{number(gflops):>10}{number(gbytes) if gbytes else '':>8}{share:>14}"
            f"{ratio:>9}{row.error:>10.1e}{row.cpus_used:>6.2f}"
            f"{len(row.seconds):>4}  {detail}"
        )
    words = {"fma": "f32 FMA limit", "dot": "bf16 dot limit", "read": "read, same K, V"}
    for limit in result.limits:
        if not limit.rates or not limit.best:
            continue
        unit = "GB/s" if limit.name == "read" else "GFLOP/s"
        lines.append(
            f"  {words[limit.name]:<18}{limit.threads:>4}  "
            f"median {number(limit.median)}, best {number(limit.best)} {unit}"
        )
    return lines


PEER_COLUMNS = ("torch", "torch-folded", "iree", "iree-decomposed", "ort")


def summary_rows(results):
    """(case, threads, ours ms, rate, share, {peer: text}), one a line."""
    for result in results:
        for threads in result.case.threads:
            ours = result.row("ours", threads)
            peers = {}
            for row in result.rows:
                if row.threads == threads and row.name in PEER_COLUMNS:
                    ratio = result.ratio(row.name, threads)
                    peers[row.name] = f"{ratio:.2f}x" if ratio else row.status
                elif row.threads == threads and row.status == "missing":
                    for name in PEER_COLUMNS:
                        if name.split("-")[0] == row.name:
                            peers[name] = "missing"
            yield result, threads, ours, peers


def _summary_cells(results):
    header = ["case", "thr", "ours ms", "rate", "of limit", "per pair"]
    header += [f"{name}" for name in PEER_COLUMNS]
    rows = []
    for result, threads, ours, peers in summary_rows(results):
        cells = [result.case.name, str(threads)]
        if ours:
            decode = result.case.kind == "decode"
            work = result.case.kv_bytes() if decode else result.case.flops()
            unit = "GB/s" if decode else "GF/s"
            share = result.share(threads)
            cells += [
                number(1e3 * ours.median),
                f"{number(1e-9 * work / ours.median)} {unit}",
                f"{100 * share[0]:.1f} % {share[1]}" if share else "",
            ]
        else:
            cells += [next(r.status for r in result.rows if r.name == "ours"), "", ""]
        per_pair = result.per_pair(threads)
        cells.append(f"{per_pair:.2f}" if per_pair else "")
        cells += [peers.get(name, "") for name in PEER_COLUMNS]
        rows.append(cells)
    return header, rows


def disturbed(results):
    """How many of our rows got less than 95 % of the CPUs they ask for."""
    rows = [r for result in results for r in result.rows if r.name == "ours"]
    rows = [r for r in rows if r.seconds]
    return sum(r.cpus_used < 0.95 * r.threads for r in rows), len(rows)


def summary_lines(results):
    header, rows = _summary_cells(results)
    widths = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]

    def line(cells):
        text = [cells[0].ljust(widths[0])]
        text += [c.rjust(w) for c, w in zip(cells[1:], widths[1:])]
        return "  ".join(text).rstrip()

    return [line(header), "-" * (sum(widths) + 2 * len(widths) - 2)] + [
        line(r) for r in rows
    ]


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |"]
    lines.append("| " + " | ".join(["---"] * len(header)) + " |")
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return lines


def summary_markdown(results):
    return markdown(*_summary_cells(results))


def write_json(path, document):
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    os.replace(temporary, path)


def replace_section(path, name, lines):
    """Puts lines between the markers of a section of a document."""
    with open(path) as file:
        text = file.read()
    begin, end = f"<!-- bench:begin {name} -->", f"<!-- bench:end {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{path} has no section {begin}")
    body = "\n".join([begin, *lines, end])
    with open(path, "w") as file:
        file.write(pattern.sub(lambda _: body, text))


# Validated categorical colours, in a fixed order: identity never moves when
# a peer is missing.
COLOURS = {
    "ours": "#2a78d6",
    "torch": "#1baf7a",
    "torch-folded": "#eda100",
    "iree": "#008300",
    "iree-decomposed": "#4a3aa7",
    "ort": "#e34948",
}


def write_picture(path, results, title):
    """Share of the limit, a panel for prefill and one for decode; returns why
    not, or None."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        return f"no picture: {error}"
    panels = []
    for kind in ("prefill", "decode"):
        chosen = [r for r in results if r.case.kind == kind and r.row("ours", _most(r))]
        if chosen:
            panels.append((kind, chosen))
    if not panels:
        return "no picture: nothing was measured"
    heights = [len(chosen) for _, chosen in panels]
    figure, axes = pyplot.subplots(
        len(panels),
        1,
        figsize=(9, 0.8 + 0.28 * sum(heights) + 0.8 * len(panels)),
        gridspec_kw={"height_ratios": heights},
        squeeze=False,
        layout="constrained",
    )
    for axis, (kind, chosen) in zip(axes[:, 0], panels):
        for y, result in enumerate(chosen):
            threads = _most(result)
            points = {}
            for name in COLOURS:
                share = result.share(threads, name)
                if share:
                    points[name] = 100 * share[0]
            low = min(points.values())
            axis.plot(
                [low, points["ours"]], [y, y], color="#d8d7d2", linewidth=1.5, zorder=1
            )
            for name, value in points.items():
                axis.scatter(
                    value,
                    y,
                    s=64 if name == "ours" else 40,
                    color=COLOURS[name],
                    edgecolor="white",
                    linewidth=1,
                    zorder=3 if name == "ours" else 2,
                )
            axis.annotate(
                f"{points['ours']:.0f} %",
                (min(points["ours"], 100), y),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color="#2a2a28",
            )
        axis.set_yticks(range(len(chosen)))
        axis.set_yticklabels(
            [f"{r.case.name} · {_most(r)} thr" for r in chosen], fontsize=8
        )
        axis.set_ylim(len(chosen) - 0.4, -0.6)
        # Above 100 only where other programs disturbed a probe.
        axis.set_xlim(0, 109)
        axis.set_xlabel("% of what the machine can do (measured in the same run)")
        axis.set_title(kind, loc="left", fontsize=10)
        axis.grid(axis="x", color="#ececea", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.tick_params(length=0)
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
    present = [
        name
        for name in COLOURS
        if any(r.row(name, _most(r)) for _, chosen in panels for r in chosen)
    ]
    handles = [
        pyplot.Line2D([], [], marker="o", linestyle="", color=COLOURS[name], label=name)
        for name in present
    ]
    figure.legend(
        handles=handles,
        loc="outside upper right",
        ncols=len(handles),
        frameon=False,
        fontsize=8,
    )
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return None


def _most(result):
    """The largest number of threads of a case."""
    return max(result.case.threads)
