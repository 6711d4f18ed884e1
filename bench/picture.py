"""Pictures of results."""

import os

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
SPARQ_COLOURS = {"f16": "#2a78d6", "bf16": "#eda100", "f32": "#1baf7a"}


def write_pictures(path, results, title):
    """Pictures of `results` beside `path`; (paths written, why not or None)."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        return [], f"no picture: {error}"
    root, extension = os.path.splitext(path)
    written = []
    if _write_shares(pyplot, path, results, title):
        written.append(path)
    # Beside the other picture, or instead of it.
    sparq = f"{root}-sparq{extension}" if written else path
    if _write_sparq(pyplot, sparq, results, title):
        written.append(sparq)
    return written, None if written else "no picture: nothing was measured"


def _write_sparq(pyplot, path, results, title):
    """SparQ's times beside dense, a panel for each group and batch; whether there
    is any."""
    panels = {}
    for result in results:
        case = result.case
        ratio = result.ratio("dense", _most(result))
        if case.kind == "sparq" and ratio:
            lines = panels.setdefault((case.group, case.batch, _most(result)), {})
            lines.setdefault(case.dtype, []).append((case.seq_kv, ratio, result))
    if not panels:
        return False
    figure, axes = pyplot.subplots(
        1,
        len(panels),
        figsize=(0.9 + 3.1 * len(panels), 3.6),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axis, (key, lines) in zip(axes[0], sorted(panels.items())):
        limits = {}
        for dtype, colour in SPARQ_COLOURS.items():
            points = sorted(lines.get(dtype, []), key=lambda point: point[0])
            if not points:
                continue
            axis.plot(
                [seq for seq, _, _ in points],
                [ratio for _, ratio, _ in points],
                color=colour,
                marker="o",
                markersize=5,
                linewidth=1.8,
                label=dtype,
            )
            for seq, _, result in points:
                dense = result.case.dense_case().kv_bytes()
                limits[seq] = dense / result.case.kv_bytes()
        axis.plot(
            sorted(limits),
            [limits[seq] for seq in sorted(limits)],
            color="#8a8984",
            linestyle="--",
            linewidth=1,
            label="bytes",
        )
        axis.axhline(1, color="#2a2a28", linewidth=0.8)
        axis.set_xscale("log", base=2)
        ticks = sorted(limits)
        axis.set_xticks(ticks)
        axis.set_xticklabels([_length(seq) for seq in ticks], fontsize=8)
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        group, batch, threads = key
        axis.set_title(
            f"GQA {group}, batch {batch}, {threads} thr", loc="left", fontsize=9
        )
        axis.set_xlabel("keys", fontsize=8)
        axis.tick_params(length=0, labelsize=8)
        axis.grid(axis="y", color="#ececea", linewidth=0.8)
        axis.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
    axes[0][0].set_ylabel("dense time / SparQ time", fontsize=8)
    axes[0][0].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return True


def _length(count):
    return f"{count // 1024}K" if count % 1024 == 0 else str(count)


def _write_shares(pyplot, path, results, title):
    """Share of the limit, a panel for prefill and one for decode; whether there
    is any."""
    panels = []
    for kind in ("prefill", "decode"):
        chosen = [r for r in results if r.case.kind == kind and r.row("ours", _most(r))]
        if chosen:
            panels.append((kind, chosen))
    if not panels:
        return False
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
    return True


def _most(result):
    """The largest number of threads of a case."""
    return max(result.case.threads)
