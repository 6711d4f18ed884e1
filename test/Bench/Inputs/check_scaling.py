"""The arithmetic of bench/scaling.py on cases worked by hand."""

import math
import os
import sys

sys.path.insert(0, os.path.join(sys.argv[1], "bench"))
import scaling as s  # noqa: E402

model = s.Model()
h100 = s.Machine("H100", 400e12, 3.35e12, math.inf, 5e-6, 25e9)


def near(value, expected, share=0.01):
    assert abs(value - expected) <= share * abs(expected), (value, expected)


# 4096 * 6144 to q, k, v; 4096 * 4096 back; three of 4096 * 14336: 218,103,808 a layer.
assert model.attention_parameters() + model.other_parameters() == 32 * 218103808
assert model.linear_flops(1) == 2 * 32 * 218103808
# 2 * 8 heads * 128 * 2 bytes a layer, 128 KiB in all; 1M tokens are 128 GiB.
assert model.layer_kv_bytes(1) == 4096 and model.kv_bytes(1) == 128 << 10
assert model.kv_bytes(1 << 20) == 128 << 30
# Rows 0, 1, 2 see 1, 2, 3 keys; 4 * 128 products and sums, 32 heads, 32 layers.
assert s.causal_pairs(3) == 6
assert model.attention_flops(6) == 6 * 4 * 128 * 32 * 32

# A step: 32 rows of 128 bf16 and an f32; 260 KiB over 32 layers. With f32, 516 a row.
assert s.merge_bytes(32, 128, s.BF16) == 8320 and 32 * 8320 == 260 << 10
assert s.merge_bytes(32, 128, s.F32) == 16512
assert s.counted("tree", 4, 32, 128, s.BF16) == (1, 8320)
assert s.counted("allgather", 4, 32, 128, s.F32) == (1, 16512)
assert s.counted("allreduce", 4, 32, 128, s.F32) == (2, 16512 + 128)
assert s.counted("allreduce", 1, 32, 128, s.F32) == (0, 0)
# 1000 query rows are 8.32 MB.
assert s.merge_bytes(32000, 128, s.BF16) == 8320000

# 256 hosts: 8 steps of a tree, 255 partial results of an all-gather.
assert s.received("tree", 256, 8320) == 8 * 8320 == 66560
assert s.received("allgather", 256, 8320) == 255 * 8320
assert s.received("alltoall", 256, 8320) == 8287.5
assert s.received("tree", 5, 10) == 30 and s.received("tree", 2, 10) == 10
near(h100.merge_seconds("tree", 256, 8320), 40e-6 + 66560 / 25e9, 1e-9)
near(h100.merge_seconds("allgather", 256, 8320), 40e-6 + 84.9e-6)
near(h100.merge_seconds("alltoall", 2, 8320), 5e-6 + 4160 / 25e9, 1e-9)
# 255 turns would take 1.3 ms; 8 steps with half of it in each take less.
near(h100.merge_seconds("alltoall", 256, 8320), 8 * (5e-6 + 4160 / 25e9), 1e-9)
assert h100.merge_seconds("tree", 1, 8320) == 0

# 16M tokens on 256 hosts, a = b = 64K: 128K tokens a host, 6.2e15 FLOP; anchors that
# are sent halve the linear layers and leave 3/4 of the pairs.
length, hosts = 16 << 20, 256
flops = 2 * 32 * 218103808 * 131072 + 4 * 32 * 32 * 128 * (131072 * 131073 // 2)
near(flops, 6.33e15)
near(s.star_phase1(model, h100, length, hosts)[0], flops / 400e12, 1e-9)
assert s.star_phase1(model, h100, length, hosts)[1] == 0
sent, sent_bytes = s.star_phase1_sent(model, h100, length, hosts)
assert sent_bytes == model.kv_bytes(65536) == 8 << 30
flops = 2 * 32 * 218103808 * 65536
flops += 4 * 32 * 32 * 128 * (65536 * 65537 // 2 + 65536 * 65536)
near(sent, flops / 400e12 + 32 * 40e-6 + (8 << 30) / 25e9, 1e-9)
# Dense: 7.4e19 FLOP, 720 s on all hosts, and 64 GiB through every link in each layer.
near(model.attention_flops(s.causal_pairs(length)), 7.38e19)
ring, ring_bytes = s.ring_phase1(model, h100, length, hosts)
near(ring, 720.6 + 2 * 32 * 218103808 * 65536 / 400e12)
near(ring_bytes / 32, 255 / 256 * (64 << 30), 1e-9)
# A slow network: the passing takes longer than the work on it.
slow = s.Machine("slow", 400e12, 3.35e12, math.inf, 0, 1e9)
near(
    s.ring_phase1(model, slow, length, hosts)[0],
    2 * 32 * 218103808 * 65536 / 400e12 + ring_bytes / 1e9,
    1e-9,
)
# One host: the same work whatever it is called.
alone = [
    f(model, h100, 4096, 1)[0]
    for f in (s.star_phase1, s.star_phase1_sent, s.ring_phase1)
]
assert alone[0] == alone[1] and abs(alone[2] - alone[0]) < 1e-12
# 4 blocks on 8 hosts: 4 triangles and 3 squares of 256K; K and V of anchor and block,
# 4 hosts' worth, into each.
shared, shared_bytes = s.shared_phase1(model, h100, 1 << 20, 8)
pairs = 4 * (262144 * 262145 // 2) + 3 * 262144 * 262144
flops = model.linear_flops(1 << 17) + model.attention_flops(pairs) / 8
near(shared, flops / 400e12, 1e-9)
assert shared_bytes == 3 * model.kv_bytes(1 << 17)
# 5/8 of the pairs of dense attention.
near(pairs / s.causal_pairs(1 << 20), 5 / 8, 1e-5)
assert s.shared_phase1(model, h100, 1 << 20, 2) is None

# A step at 16M on 256 hosts: 8 GiB of K and V, 2.6 ms; a tree of 1.4 ms.
weights, keys, tree = s.decode_seconds(model, h100, length, hosts, "tree")
near(weights, 2 * 32 * 218103808 / 3.35e12, 1e-9)
near(keys, 2.564e-3)
near(tree, 32 * (40e-6 + 66560 / 25e9), 1e-9)
assert s.decode_seconds(model, h100, length, hosts, "tree", 2)[1] == keys / 2
near(s.decode_seconds(model, h100, length, hosts, "allgather")[2], 4.0e-3, 0.02)
# 255 hops of 5 us in 32 layers.
near(s.decode_seconds(model, h100, length, hosts, "ring")[2], 43.5e-3)
# Helix: 8 x 32 hosts; 4 heads a host, merged over 32; two all-reduces of 8 KiB.
weights, keys, merges = s.helix_decode_seconds(model, h100, length, hosts)
near(
    weights,
    2 * 32 * (4096 * 6144 / 8 + (218103808 - 4096 * 6144) / 256) / 3.35e12,
    1e-9,
)
near(keys, 2.564e-3)
size = 4 * (2 * 128 + 4)
merge = 5 * (5e-6 + size / 2 / 25e9)
near(merges, 32 * (merge + 2 * 8 * (5e-6 + 8192 / 25e9)), 1e-9)

# 1000 rows: linear layers, 64K keys each and their own; merges of 8.3 MB.
work, tree = s.query_seconds(model, h100, length, hosts, 1000, "tree")
flops = 2 * 32 * 218103808 * 1000 + 4 * 32 * 32 * 128 * (1000 * 65536 + 500500)
near(work, flops / 400e12, 1e-9)
near(tree, 32 * (40e-6 + 8 * 8320000 / 25e9), 1e-9)
# All-gather: 68 GB, 2.7 s.
near(s.query_seconds(model, h100, length, hosts, 1000, "allgather")[1], 2.717)
# All K and V past 4 rows a host: 255 * 8 GiB of all layers at 25 GB/s.
near(s.query_ring_seconds(model, h100, length, hosts, 1000), 255 * (8 << 30) / 25e9)
print("all as worked by hand")
