// Attributes round-trip with and without their defaults.
// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s

// The hardware description of a module.
// CHECK: module @cpu attributes {attn.target = #attn.target<cpu>}
module @cpu attributes {attn.target = #attn.target<cpu>} {}
// CHECK: module @avx512 attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, l1_bytes = 49152, l2_bytes = 2097152, bf16_dot = true, scalef = true>}
module @avx512 attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, l1_bytes = 49152, l2_bytes = 2097152, bf16_dot = true, scalef = true>} {}
// Fields in any order; those that have their default value are left out.
// CHECK: module @some attributes {attn.target = #attn.target<cuda, vector_bits = 128, l2_bytes = 1048576>}
module @some attributes {attn.target = #attn.target<cuda, l2_bytes = 1048576, vector_bits = 128, l1_bytes = 32768>} {}

// CHECK: func.func private @dense() attributes {s = #attn.dense}
func.func private @dense() attributes {s = #attn.dense}
// CHECK: func.func private @blockwise() attributes {s = #attn.blockwise}
func.func private @blockwise() attributes {s = #attn.blockwise}
// CHECK: func.func private @blockwise_fields() attributes {s = #attn.blockwise<block_size_q = 32, block_size_kv = 128, num_splits = 4>}
func.func private @blockwise_fields() attributes {s = #attn.blockwise<num_splits = 4, block_size_kv = 128, block_size_q = 32>}
// CHECK: func.func private @blockwise_whole_range() attributes {s = #attn.blockwise<block_size_kv = -1>}
func.func private @blockwise_whole_range() attributes {s = #attn.blockwise<block_size_q = 0, block_size_kv = -1>}
// CHECK: func.func private @layouts() attributes {a = #attn.layout<bhsd>, b = #attn.layout<bshd>}
func.func private @layouts() attributes {a = #attn.layout<bhsd>, b = #attn.layout<bshd>}
// CHECK: func.func private @sparq() attributes {s = #attn.sparq}
func.func private @sparq() attributes {s = #attn.sparq<rank = 32, top_k = 128, local_window = -1, realloc = auto, group_reduce = prob, layout = twice, state = recompute>}
// CHECK: func.func private @sparq_fields() attributes {s = #attn.sparq<rank = 16, top_k = 64, local_window = 8, realloc = off, group_reduce = logit, layout = once, state = args>}
func.func private @sparq_fields() attributes {s = #attn.sparq<state = args, layout = once, group_reduce = logit, realloc = off, local_window = 8, top_k = 64, rank = 16>}
// CHECK: func.func private @shards(tensor<4xf32> {attn.shard = #attn.shard<keys, dim = 0>}, tensor<1x4xi32> {attn.shard = #attn.shard<pages, dim = 1, unit = 16>}, tensor<4xf32> {attn.shard = #attn.shard<pool>}, tensor<4xf32> {attn.shard = #attn.shard<anchor, of = 0>}, index {attn.shard = #attn.shard<offset>}) -> (tensor<4xf32> {attn.shard = #attn.shard<rows, dim = 0, unit = 512>})
func.func private @shards(tensor<4xf32> {attn.shard = #attn.shard<keys, dim = 0, unit = 1>}, tensor<1x4xi32> {attn.shard = #attn.shard<pages, unit = 16, dim = 1>}, tensor<4xf32> {attn.shard = #attn.shard<pool>}, tensor<4xf32> {attn.shard = #attn.shard<anchor, of = 0>}, index {attn.shard = #attn.shard<offset>}) -> (tensor<4xf32> {attn.shard = #attn.shard<rows, dim = 0, unit = 512>})
// CHECK: module @h200 attributes {attn.config = #attn.tile_config<kernel = mma_sync, block_q = 128, block_kv = 64, warps = 8, stages = 2>, attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>}
module @h200 attributes {attn.config = #attn.tile_config<kernel = mma_sync, block_q = 128, block_kv = 64, warps = 8, stages = 2>, attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {}
