"""Checks a result file of attn_bench.py: every key a reader relies on."""

import json
import sys

document = json.load(open(sys.argv[1]))
assert document["schema"] == 2
for key in (
    "date",
    "config",
    "clock",
    "compiler",
    "machine",
    "versions",
    "missing",
    "seconds",
    "bars",
):
    assert key in document, key
assert set(document["missing"]) == {"torch", "iree", "ort"}, document["missing"]
assert document["left_out"] == []
assert len(document["results"]) == 15, len(document["results"])
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
by_kind = {}
for result in document["results"]:
    by_kind.setdefault(result["case"]["kind"], []).append(result)
(decode,) = by_kind["decode"]
assert decode["flops"] == 4 * 8 * 100 * 16
assert decode["kv_bytes"] == 2 * 2 * 100 * 16 * 2
# 4 heads on 2: r * S and 2 * k * d products a query head, and what is read of K and V.
sparq, realloc = by_kind["sparq"]
assert sparq["flops"] == 2 * 4 * (4 * 300 + 2 * 32 * 16)
assert sparq["kv_bytes"] == 2 * (4 * 300 + 2 * 32 * 16 + 4 * 16) * 2
assert sparq["case"]["local_window"] == 8 and not sparq["case"]["realloc"]
assert realloc["case"]["realloc"]
# Four blocks of 38 tokens, the last one of 36; each but the first sees 7 keys more.
(star,) = by_kind["star"]
pairs = 3 * 38 * 39 // 2 + 36 * 37 // 2 + (150 - 38) * 7
assert star["flops"] == 4 * 4 * pairs * 16
(step,) = by_kind["star-decode"]
merges = [row for row in step["rows"] if row["name"] == "merge"]
assert [row["status"] for row in merges] == ["ok"] and merges[0]["error"] < 0.1
# 6 problems of 2 heads, causal over 5 rows; and of one query over 4 keys.
score, step = by_kind["block-score"]
assert score["flops"] == 4 * 6 * 2 * 15 * 16
assert score["kv_bytes"] == 4 * 6 * 2 * 5 * 16 * 4
assert step["flops"] == 4 * 6 * 2 * 4 * 16
assert step["kv_bytes"] == 2 * 6 * 2 * (4 + 1) * 16 * 2
# 24 tokens after 8, in blocks of 4: steps that see 3 to 8 blocks and, in the other two
# layers, 2 queries on 2 keys, then one on 3, 4 and 5; beside it 4 layers of 9 to 32
# tokens. The three positions are the middles of thirds, rounded up.
(decode,) = by_kind["block-decode"]
kv = 2 * 2 * 16 * 4
assert decode["kv_bytes"] == kv * (2 * (4 + 6 + 8) / 3 + 2 * (2 + 3 + 4 + 5)) / 4
assert decode["flops"] == 4 * 4 * 16 * (2 * (4 + 6 + 8) / 3 + 2 * (3 + 3 + 4 + 5)) / 4
assert decode["held"] == {"ours": kv * 2 * (8 + 5), "vanilla": kv * 4 * 32}
vanilla = [row for row in decode["rows"] if row["name"] == "vanilla"]
assert [row["threads"] for row in vanilla] == [1, 2]
assert all(row["status"] == "ok" and row["times_ours"] > 0 for row in vanilla)
for result in document["results"]:
    is_sparq = result["case"]["kind"] == "sparq"
    has_dense = result["case"]["kind"] in ("sparq", "star")
    dense = [row for row in result["rows"] if row["name"] == "dense"]
    assert [row["threads"] for row in dense] == result["case"]["threads"] * has_dense
    assert all(row["status"] == "ok" and row["times_ours"] > 0 for row in dense)
    # Every turn through the layers reads more than the caches hold, or 256 of them.
    assert result["layers"] == (256 if is_sparq else 1)
print("the file is right")
