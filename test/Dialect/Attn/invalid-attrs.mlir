// What the attributes refuse, in value and in syntax.
// RUN: attn-opt %s -o /dev/null --split-input-file --verify-diagnostics

// expected-error @below {{expects block_size_q of 0 (the target chooses) to 2147483647, but got -1}}
func.func private @blockwise_block_size_q() attributes {s = #attn.blockwise<block_size_q = -1>}

// -----

// expected-error @below {{expects block_size_kv of -1 (whole range), 0 (the target chooses) or at most 2147483647, but got -2}}
func.func private @blockwise_block_size_kv() attributes {s = #attn.blockwise<block_size_kv = -2>}

// -----

// expected-error @below {{expects num_splits of 0 (the target chooses) to 2147483647, but got -1}}
func.func private @blockwise_num_splits() attributes {s = #attn.blockwise<num_splits = -1>}

// -----

// expected-error @below {{expects num_splits of 0 (the target chooses) to 2147483647, but got 9223372036854775807}}
func.func private @blockwise_many_splits() attributes {s = #attn.blockwise<num_splits = 9223372036854775807>}

// -----

// expected-error @below {{duplicate or unknown struct parameter name: block_size}}
func.func private @blockwise_unknown_field() attributes {s = #attn.blockwise<block_size = 4>}

// -----

// expected-error @below {{duplicate or unknown struct parameter name: num_splits}}
func.func private @blockwise_twice() attributes {s = #attn.blockwise<num_splits = 2, num_splits = 4>}

// -----

// expected-error @below {{expected integer value}}
// expected-error @below {{failed to parse Attn_BlockwiseAttr parameter 'block_size_q' which is to be a `int64_t`}}
func.func private @blockwise_float() attributes {s = #attn.blockwise<block_size_q = many>}

// -----

// expected-error @below {{unknown attribute `stars` in dialect `attn`}}
func.func private @unknown_strategy() attributes {s = #attn.stars}

// -----

// expected-error @below {{expects vector_bits to be a power of two of at least 64, but got 96}}
module attributes {attn.target = #attn.target<cpu, vector_bits = 96>} {}

// -----

// expected-error @below {{expects vector_bits to be a power of two of at least 64, but got 32}}
module attributes {attn.target = #attn.target<cpu, vector_bits = 32>} {}

// -----

// expected-error @below {{expects positive num_vector_registers, l1_bytes and l2_bytes, but got 16, 0 and 524288}}
module attributes {attn.target = #attn.target<cpu, l1_bytes = 0>} {}

// -----

// expected-error @below {{expects positive num_vector_registers, l1_bytes and l2_bytes, but got -1, 32768 and 524288}}
module attributes {attn.target = #attn.target<cpu, num_vector_registers = -1>} {}

// -----

// expected-error @below {{failed to parse Attn_TargetAttr parameter 'kind'}}
// expected-error @below {{expected ::mlir::attn::TargetKind to be one of: cpu, cuda}}
module attributes {attn.target = #attn.target<tpu>} {}

// -----

// expected-error @below {{expected '<'}}
module attributes {attn.target = #attn.target} {}

// -----

// expected-error @below {{expected ::mlir::attn::Layout to be one of: bhsd, bshd}}
// expected-error @below {{failed to parse}}
func.func private @layout() attributes {l = #attn.layout<bdsh>}

// -----

// expected-error @below {{expects rank of 1 to 2147483647, but got 0}}
func.func private @sparq_rank() attributes {s = #attn.sparq<rank = 0>}

// -----

// expected-error @below {{expects top_k of 1 to 2147483647, but got -4}}
func.func private @sparq_top_k() attributes {s = #attn.sparq<top_k = -4>}

// -----

// expected-error @below {{expects local_window of -1 (a quarter of top_k) to 2147483647, but got -2}}
func.func private @sparq_local_window() attributes {s = #attn.sparq<local_window = -2>}

// -----

// expected-error @below {{expects dim of keys, pages and rows only, which are cut along it, but keys has none}}
func.func private @shard_dim() attributes {s = #attn.shard<keys>}

// -----

// expected-error @below {{expects dim of keys, pages and rows only, which are cut along it, but offset has one}}
func.func private @shard_dim_of_offset() attributes {s = #attn.shard<offset, dim = 2>}

// -----

// expected-error @below {{expects of, the number of an argument, of an anchor only, but pool has it}}
func.func private @shard_of() attributes {s = #attn.shard<pool, of = 1>}

// -----

// expected-error @below {{expects of, the number of an argument, of an anchor only, but anchor has none}}
func.func private @shard_anchor() attributes {s = #attn.shard<anchor>}

// -----

// expected-error @below {{expects unit of 1 to 2147483647, but got 0}}
func.func private @shard_unit() attributes {s = #attn.shard<rows, dim = 2, unit = 0>}

// -----

// expected-error @below {{expects warps of 1 to 32, but got 33}}
module attributes {attn.config = #attn.tile_config<kernel = split_kv, warps = 33>} {}

// -----

// expected-error @below {{expects positive num_sms and shared_bytes, but got 0 and 49152}}
module attributes {attn.target = #attn.target<cuda, num_sms = 0>} {}
