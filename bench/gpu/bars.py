"""The bars of the project on a GPU: what must be reached, what is aimed at, what was.

A bar looks at every measured case it covers; its value is the worst of them, by
medians."""

import dataclasses
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
        ratio = result.ratio(peer, name)
        return [ratio] if ratio else []

    return values


def _of_matmul(result, results):
    row, rate = result.row("ours wgmma"), result.limit("matmul")
    if not _prefill(result.case, 4096, causal=(False,), head_dim=(128,)):
        return []
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
        if mine and other:
            found.append(result.flops_rate(mine) / beside[0].flops_rate(other))
    return found


def _decode_share(result, results):
    row, rate = result.row("ours"), result.limit("copy")
    case = result.case
    if case.kind != "decode" or case.kv_bytes() < GIGABYTE or not row or not rate:
        return []
    return [case.kv_bytes() / row.median / rate]


def _decode_latency(result, results):
    case = result.case
    few = case.batch * case.heads < FEW_HEADS and case.seq_kv >= 32768
    ratio = result.ratio("torch-flash")
    return [ratio] if case.kind == "decode" and few and ratio else []


def _modified(result, results):
    case = result.case
    ratio = result.ratio("flex")
    covered = case.kind == "prefill" and case.modifier != "none" and ratio
    return [ratio] if covered else []


def _sparq(is_single):
    """Our dense decode over SparQ in its usual setting, of one sequence or of many."""

    def values(result, results):
        case = result.case
        if case.kind != "sparq" or case.seq_kv < 32768:
            return []
        usual = (4 * case.rank, 8 * case.top_k) == (case.head_dim, case.seq_kv)
        ratio = result.ratio("dense")
        return [ratio] if usual and ratio and (case.batch == 1) == is_single else []

    return values


BARS = [
    Bar("decode, K and V >= 1 GB, of copy bandwidth", "", 0.80, 0.95, _decode_share),
    Bar(
        "decode, fewer than 132 heads, S >= 32K, against torch flash",
        "x", 1.0, 3.0, _decode_latency,
    ),
    Bar(
        "mma_sync, bf16, S >= 2K, against torch flash",
        "x", 0.85, 1.1,
        _against("ours mma_sync", "torch-flash", 2048, dtype=("bf16",)),
    ),
    Bar(
        "wgmma, bf16, S >= 2K, against torch cuDNN",
        "x", 0.75, 1.0,
        _against("ours wgmma", "torch-cudnn", 2048, dtype=("bf16",)),
    ),
    Bar(
        "wgmma, f16, S >= 2K, against Triton's fused attention",
        "x", 0.9, 1.25, _against("ours wgmma", "triton", 2048, dtype=("f16",)),
    ),
    Bar(
        "wgmma, d = 128, S >= 4K, all keys, of bf16 matmul", "", 0.60, 0.80, _of_matmul
    ),
    Bar("causal over all keys, useful FLOP/s, S >= 4K", "", 0.80, 0.93, _causal),
    Bar("bias, softcap, window, ALiBi against FlexAttention", "x", 1.0, 1.5, _modified),
    Bar("SparQ, S >= 32K, against our dense decode", "x", 2.0, 4.0, _sparq(False)),
    Bar("SparQ, S >= 32K, batch 1, against the same", "x", 1.0, 1.0, _sparq(True)),
]  # fmt: skip

HEADER = ["bar", "must", "aim", "got", "of", "reached", "worst case"]


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
            rows.append([*row, "-", "0", "not measured", ""])
            continue
        worst, where = min(found)
        # Rounded as it is shown: 0.846 is printed as 0.85, and counts as it.
        shown = round(worst, 2)
        verdict = "MISSED"
        if shown >= bar.must:
            verdict = "aim" if shown >= bar.aim else "must"
        text = f"{worst:.2f}{bar.unit}"
        rows.append([*row, text, str(len(found)), verdict, where])
    return rows
