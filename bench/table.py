"""Tables of results."""

import block
from layout import aligned, markdown, number
from shapes import GENERATIONS

# Tables; the first is that of all kinds without one of their own.
SECTIONS = ("", "sparq", "star", "block")
COLUMNS = (
    f"{'':<20}{'thr':>4}{'median ms':>12}{'min ms':>12}{'GFLOP/s':>10}"
    f"{'GB/s':>8}{'of limit':>17}{'x ours':>9}{'error':>10}{'cpus':>6}{'n':>4}  kernel"
)


def fine(value):
    """As number, for values that may be far below 1."""
    return number(value) if value >= 1 else f"{value:.4g}"


def _title(result):
    """What a case is, in a line."""
    case = result.case
    if case.kind in GENERATIONS:
        return f"{case.name}   (a token of one sequence, {result.rounds} rounds)"
    if case.kind == "sparq":
        read = f"reads {number(1e-6 * case.kv_bytes())} MB"
        dense = f"{number(1e-6 * case.dense_case().kv_bytes())} MB if dense"
        layers = f"{result.layers} layer{'s' * (result.layers > 1)} in turns"
        return f"{case.name}   ({read}, {dense}; {layers}, {result.rounds} rounds)"
    pairs = f"{case.visible_pairs():,} visible pairs a head"
    return f"{case.name}   ({pairs}, {result.rounds} rounds)"


def case_lines(result):
    """The lines of one case, contenders first, then limits."""
    case = result.case
    lines = [_title(result), COLUMNS]
    digits = fine if case.kind in GENERATIONS else number
    for row in result.rows:
        head = f"  {row.name:<18}{row.threads:>4}"
        if not row.seconds:
            lines.append(f"{head}  {row.status}: {row.why}")
            continue
        gflops = 1e-9 * row.flops / row.median
        gbytes = 1e-9 * row.case.kv_bytes() / row.median
        share, ratio = "", ""
        if row.name == "merge":
            gflops = gbytes = 0
            times = result.ratio("merge", row.threads)
            ratio = f"{times:.4f}x" if times else ""
        elif row.name == "plain":
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
            f"{head}{digits(1e3 * row.median):>12}{digits(1e3 * row.best):>12}"
            f"{number(gflops):>10}{number(gbytes) if gbytes else '':>8}{share:>17}"
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
    lines += [f"  {note}" for note in result.notes]
    held = result.held
    if "vanilla" in held:
        mine, other = held["ours"], held["vanilla"]
        formula = block.held_elements(case.vanilla_case()) / block.held_elements(case)
        lines.append(
            f"  K and V held: {number(1e-6 * other)} MB vanilla, "
            f"{number(1e-6 * mine)} MB ours, a sequence: {other / mine:.2f}x "
            f"({formula:.2f}x by the formula)"
        )
    return lines


SPARQ_COLUMNS = (
    "case",
    "thr",
    "ours ms",
    "dense ms",
    "dense/ours",
    "quiet",
    "bytes",
    "of limit",
    "dense of limit",
    "torch-sparq",
    "torch-sparq-rows",
)


def sparq_cells(results):
    """Rows of the table of SparQ: ours beside our dense kernel and the peer."""
    rows = []
    for result in results:
        if result.case.kind != "sparq":
            continue
        for threads in result.case.threads:
            cells = [result.case.name, str(threads)]
            for name in ("ours", "dense"):
                row = result.row(name, threads)
                statuses = [r.status for r in result.rows if r.name == name]
                cells.append(number(1e3 * row.median) if row else statuses[0])
            for best in (False, True):
                ratio = result.ratio("dense", threads, best)
                cells.append(f"{ratio:.2f}x" if ratio else "")
            read = result.case.dense_case().kv_bytes() / result.case.kv_bytes()
            cells.append(f"{read:.2f}x")
            for name in ("ours", "dense"):
                share = result.share(threads, name)
                cells.append(f"{100 * share[0]:.1f} % {share[1]}" if share else "")
            for name in SPARQ_COLUMNS[-2:]:
                ratio = result.ratio(name, threads)
                statuses = [
                    r.status
                    for r in result.rows
                    if r.name in (name, name.split("-")[0])
                ]
                cells.append(f"{ratio:.2f}x" if ratio else "".join(statuses[:1]))
            rows.append(cells)
    return rows


STAR_COLUMNS = (
    "case",
    "thr",
    "ours ms",
    "beside",
    "ms",
    "x ours",
    "quiet",
    "pairs",
    "time per pair",
    "of limit",
)


def star_cells(results):
    """Rows of the table of Star: phase 1 beside dense prefill, and a decode step of
    phase 2 beside the merge that ends it."""
    rows = []
    for result in results:
        case = result.case
        if case.section != "star":
            continue
        beside = "dense" if case.kind == "star" else "merge"
        for threads in case.threads:
            cells = [case.name, str(threads)]
            for name in ("ours", beside):
                row = result.row(name, threads)
                statuses = [r.status for r in result.rows if r.name == name]
                cells.append(number(1e3 * row.median) if row else statuses[0])
            cells.insert(3, beside)
            for best in (False, True):
                ratio = result.ratio(beside, threads, best)
                digits = 2 if beside == "dense" else 4
                cells.append(f"{ratio:.{digits}f}x" if ratio else "")
            dense = case.dense_case()
            speed = result.per_dense_pair(threads)
            cells += [
                f"{dense.visible_pairs() / case.visible_pairs():.2f}x" if dense else "",
                f"{1 / speed:.2f}x" if speed else "",
            ]
            share = result.share(threads)
            cells.append(f"{100 * share[0]:.1f} % {share[1]}" if share else "")
            rows.append(cells)
    return rows


BLOCK_COLUMNS = (
    "case",
    "thr",
    "ours",
    "beside",
    "it takes",
    "x ours",
    "quiet",
    "K, V held",
    "bytes",
    "of limit",
    "its share",
)


def _block_time(row):
    """A time or a rate, as people speak of it."""
    if row.case.kind == "block-model":
        return f"{number(1 / row.median)} tokens/s"
    if row.case.kind == "block-decode":
        return f"{number(1e6 * row.median)} us/token"
    return f"{number(1e3 * row.median)} ms"


def block_cells(results):
    """Rows of the table of the Block Transformer: a line for each of what is timed
    beside ours."""
    rows = []
    for result in results:
        case = result.case
        if case.section != "block":
            continue
        for threads in case.threads:
            mine = [r for r in result.rows if r.threads == threads]
            ours = result.row("ours", threads)
            others = [r for r in mine if r.name != "ours"] or [None]
            for other in others:
                cells = [case.name, str(threads)]
                statuses = [r.status for r in mine if r.name == "ours"]
                cells.append(_block_time(ours) if ours else "".join(statuses))
                timed = other is not None and other.seconds
                cells.append(other.name if other else "")
                cells.append(
                    _block_time(other) if timed else other.status if other else ""
                )
                for best in (False, True):
                    ratio = result.ratio(other.name, threads, best) if timed else None
                    cells.append(f"{ratio:.2f}x" if ratio else "")
                held = bytes_read = ""
                if timed and other.name == "vanilla":
                    held = f"{result.held['vanilla'] / result.held['ours']:.2f}x"
                    bytes_read = f"{other.case.kv_bytes() / case.kv_bytes():.2f}x"
                cells += [held, bytes_read]
                for name in ("ours", other.name if timed else ""):
                    share = result.share(threads, name)
                    cells.append(f"{100 * share[0]:.1f} % {share[1]}" if share else "")
                rows.append(cells)
    return rows


PEER_COLUMNS = ("torch", "torch-folded", "iree", "iree-decomposed", "ort")


def summary_rows(results):
    """(case, threads, ours ms, rate, share, {peer: text}), one a line."""
    for result in results:
        if result.case.section:  # has a table of its own
            continue
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


# Waking threads, which sleep between calls, takes up to 5 % of longer calls.
SHORT_SECONDS = 5e-4


def disturbed(results):
    """How many of our rows got less than 95 % of the CPUs they ask for; of those
    that are not over before the threads are awake."""
    rows = [r for result in results for r in result.rows if r.name == "ours"]
    rows = [r for r in rows if r.seconds and r.median >= SHORT_SECONDS]
    return sum(r.cpus_used < 0.95 * r.threads for r in rows), len(rows)


def summary_lines(results):
    """The table of all cases, and those of the sections; any may be absent."""
    lines = []
    for section in SECTIONS:
        header, rows = _section_cells(results, section)
        if rows:
            lines += [""] if lines else []
            lines += aligned(header, rows)
    return lines


def _section_cells(results, section):
    """(header, rows) of the table of a section."""
    if section == "sparq":
        return list(SPARQ_COLUMNS), sparq_cells(results)
    if section == "star":
        return list(STAR_COLUMNS), star_cells(results)
    if section == "block":
        return list(BLOCK_COLUMNS), block_cells(results)
    return _summary_cells(results)


def summary_markdown(results, section=""):
    return markdown(*_section_cells(results, section))
