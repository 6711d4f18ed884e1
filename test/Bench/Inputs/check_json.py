"""Checks a result file of attn_bench.py: every key a reader relies on."""

import json
import sys

document = json.load(open(sys.argv[1]))
assert document["schema"] == 1
for key in (
    "date",
    "config",
    "clock",
    "machine",
    "versions",
    "missing",
    "seconds",
    "bars",
):
    assert key in document, key
assert set(document["missing"]) == {"torch", "iree", "ort"}, document["missing"]
assert document["left_out"] == []
assert len(document["results"]) == 8, len(document["results"])
for result in document["results"]:
    case = result["case"]
    assert result["flops"] > 0 and result["kv_bytes"] > 0
    assert result["rounds"] == 2
    limits = {(limit["name"], limit["threads"]) for limit in result["limits"]}
    assert limits == {(n, t) for n in ("fma", "dot", "read") for t in case["threads"]}
    ours = [row for row in result["rows"] if row["name"] == "ours"]
    assert [row["threads"] for row in ours] == case["threads"]
    for row in ours:
        assert row["status"] == "ok", row
        assert 0 < row["min_ms"] <= row["median_ms"], row
        assert len(row["samples_ms"]) == 2 and 0 <= row["error"] < 0.1
        assert row["share_of_limit"] > 0 and row["limit"] in ("fma", "dot", "read")
# The window of 512 keys covers 40: as causal, 40 * 41 / 2 pairs a head.
window = next(r for r in document["results"] if r["case"]["modifier"] == "window")
assert window["flops"] == 4 * 2 * (40 * 41 // 2) * 16
decode = document["results"][-1]
assert decode["flops"] == 4 * 8 * 100 * 16
assert decode["kv_bytes"] == 2 * 2 * 100 * 16 * 2
print("the file is right")
