"""The bars of the project on a GPU: what must be reached, what is aimed at, what was.

A bar looks at every measured case it covers; its value is the worst of them, by
medians, and 0 where ours is wrong or breaks. Where nothing was measured, it says why,
if a contender has a reason."""

import dataclasses
import math
from collections.abc import Callable

GIGABYTE = 10**9
# Blocks of threads that the multiprocessors of an H100 or H200 hold one of each.
FEW_HEADS = 132


@dataclasses.dataclass
class Bar:
    what: str
    unit: str  # "" for shares, "x" for times
    must: float
    aim: float
    values: Callable  # (result, all results) -> [value], empty where not covered
    peer: str = ""  # whose reasons are told where there is no value


def _is_broken(result, name="ours"):
    """Whether one of ours is wrong or did not return: it has no time, and no bar is
    reached without it."""
    rows = [row for row in result.rows if row.name == name]
    return any(row.status in ("wrong", "failed") for row in rows)


def _prefill(case, least, **wanted):
    return (
        case.kind == "prefill"
        and case.modifier == "none"
        and case.dtype in ("bf16", "f16")
        and case.seq_q == case.seq_kv >= least
        and all(getattr(case, name) in values for name, values in wanted.items())
    )


def _against(name, peer, least, **wanted):
    """How many times longer a peer takes than one of our kernels."""

    def values(result, results):
        if not _prefill(result.case, least, **wanted):
            return []
        if _is_broken(result, name):
            return [0.0]
        ratio = result.ratio(peer, name)
        return [ratio] if ratio else []

    return values


def _of_matmul(result, results):
    row, rate = result.row("ours wgmma"), result.limit("matmul")
    if not _prefill(result.case, 4096, causal=(False,), head_dim=(128,)):
        return []
    if _is_broken(result, "ours wgmma"):
        return [0.0]
    return [result.flops_rate(row) / rate] if row and rate else []


def _causal(result, results):
    """Useful operations a second, causal over all keys, of each kernel."""
    if not _prefill(result.case, 4096, causal=(True,)):
        return []
    whole = dataclasses.replace(result.case, causal=False)
    beside = [r for r in results if r.case == whole]
    found = []
    for name in ("ours mma_sync", "ours wgmma"):
        mine, other = result.row(name), beside and beside[0].row(name)
        if _is_broken(result, name):
            found.append(0.0)
        elif mine and other:
            found.append(result.flops_rate(mine) / beside[0].flops_rate(other))
    return found


def _decode_share(how):
    """Bytes of K and V a second over those of a copy; `how` they are stored."""

    def values(result, results):
        row, rate = result.row("ours"), result.limit("copy")
        case = result.case
        stored = case.kv_dtype and "bytes" or case.page_size and "pages" or "rows"
        if case.kind != "decode" or case.kv_bytes() < GIGABYTE or stored != how:
            return []
        if _is_broken(result):
            return [0.0]
        return [case.kv_bytes() / row.median / rate] if row and rate else []

    return values


def _decode_latency(result, results):
    case = result.case
    few = case.batch * case.heads < FEW_HEADS and case.seq_kv >= 32768
    if case.kind != "decode" or not few:
        return []
    if _is_broken(result):
        return [0.0]
    ratio = result.ratio("torch-flash")
    return [ratio] if ratio else []


def _modified(result, results):
    case = result.case
    if case.kind != "prefill" or case.modifier == "none":
        return []
    if _is_broken(result):
        return [0.0]
    ratio = result.ratio("flex")
    return [ratio] if ratio else []


def _sparq(is_single):
    """Our dense decode over SparQ in its usual setting, of one sequence or of many."""

    def values(result, results):
        case = result.case
        if case.kind != "sparq" or case.seq_kv < 32768:
            return []
        usual = (4 * case.rank, 8 * case.top_k) == (case.head_dim, case.seq_kv)
        if not usual or (case.batch == 1) != is_single:
            return []
        if _is_broken(result):
            return [0.0]
        ratio = result.ratio("dense")
        return [ratio] if ratio else []

    return values


BARS = [
    Bar(
        "decode, K and V >= 1 GB, of copy bandwidth",
        "", 0.80, 0.95, _decode_share("rows"),
    ),
    Bar("the same, K and V in pages", "", 0.80, 0.95, _decode_share("pages")),
    Bar("the same, K and V of 8 bits", "", 0.80, 0.95, _decode_share("bytes")),
    Bar(
        "decode, fewer than 132 heads, S >= 32K, against torch flash",
        "x", 1.0, 3.0, _decode_latency, "torch-flash",
    ),
    Bar(
        "mma_sync, bf16, S >= 2K, against torch flash",
        "x", 0.85, 1.1,
        _against("ours mma_sync", "torch-flash", 2048, dtype=("bf16",)),
        "torch-flash",
    ),
    Bar(
        "wgmma, bf16, S >= 2K, against torch cuDNN",
        "x", 0.75, 1.0,
        _against("ours wgmma", "torch-cudnn", 2048, dtype=("bf16",)),
        "torch-cudnn",
    ),
    Bar(
        "wgmma, f16, S >= 2K, against Triton's fused attention",
        "x", 0.9, 1.25,
        _against("ours wgmma", "triton", 2048, dtype=("f16",)), "triton",
    ),
    Bar(
        "wgmma, d = 128, S >= 4K, all keys, of bf16 matmul", "", 0.60, 0.80, _of_matmul
    ),
    Bar("causal over all keys, useful FLOP/s, S >= 4K", "", 0.80, 0.93, _causal),
    Bar(
        "bias, softcap, window, ALiBi, relative against FlexAttention",
        "x", 1.0, 1.5, _modified, "flex",
    ),
    Bar("SparQ, S >= 32K, against our dense decode", "x", 2.0, 4.0, _sparq(False)),
    Bar("SparQ, S >= 32K, batch 1, against the same", "x", 1.0, 1.0, _sparq(True)),
]  # fmt: skip

HEADER = ["bar", "must", "aim", "got", "of", "reached", "worst case"]


def _reason(peer, results):
    """Why a peer has no time in any case: what it says the most often."""
    said = [
        f"{peer}: {row.status}: {row.why}"
        for result in results
        for row in result.rows
        if row.name == peer and row.status in ("missing", "failed")
    ]
    return max(said, key=said.count) if said else ""


def cells(results):
    """A row for each bar."""
    rows = []
    for bar in BARS:
        found = [
            (value, result.case.name)
            for result in results
            for value in bar.values(result, results)
        ]
        row = [bar.what, f"{bar.must:.2f}{bar.unit}", f"{bar.aim:.2f}{bar.unit}"]
        if not found:
            why = _reason(bar.peer, results)
            rows.append([*row, "-", "0", "not measured", why])
            continue
        worst, where = min(found)
        verdict = "MISSED"
        if worst >= bar.must:
            verdict = "aim" if worst >= bar.aim else "must"
        # Cut, not rounded: 0.7999 is not shown as 0.800 and missed.
        text = f"{math.floor(1000 * worst + 1e-6) / 1000:.3f}{bar.unit}"
        rows.append([*row, text, str(len(found)), verdict, where])
    return rows
