// RUN: attn-opt %s --attn-fuse-block-local --canonicalize --split-input-file | FileCheck %s

// Each batch entry is a block.
// CHECK-LABEL: func.func @all_blocks
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<?x12x5x64xf32>, %[[K:[^:]+]]: tensor<?x4x5x64xf32>
// CHECK:         %[[EMPTY:.+]] = tensor.empty(%{{.+}}) : tensor<?x12x5x64xf32>
// CHECK:         %[[R:.+]] = attn.block_local_step ins(%[[Q]], %[[K]], %[[K]] causal block_len(5))
// CHECK-SAME:      outs(%[[EMPTY]])
// CHECK:         return %[[R]]
func.func @all_blocks(%q: tensor<?x12x5x64xf32>, %k: tensor<?x4x5x64xf32>)
    -> tensor<?x12x5x64xf32> {
  %o = attn.sdpa %q, %k, %k causal strategy(#attn.blockwise)
    : (tensor<?x12x5x64xf32>, tensor<?x4x5x64xf32>, tensor<?x4x5x64xf32>)
    -> tensor<?x12x5x64xf32>
  return %o : tensor<?x12x5x64xf32>
}

// -----

// A step, cross-attention: rows and keys of a block differ; the other clauses
// stay.
// CHECK-LABEL: func.func @one_step
// CHECK:         attn.block_local_step ins(%{{.+}}, %{{.+}}, %{{.+}} softcap(2.000000e+00) kv_len(%{{.+}}) bias(%{{.+}}) layout(bshd) block_len(24) block_len_q(1))
// CHECK-SAME:      outs(%{{.+}}, %{{.+}})
func.func @one_step(%q: tensor<2x1x4x64xf16>, %k: tensor<2x24x4x64xf16>,
    %len: tensor<2xi64>, %bias: tensor<1x4x1x24xf16>)
    -> (tensor<2x1x4x64xf16>, tensor<2x4x1xf32>) {
  %o, %l = attn.sdpa %q, %k, %k softcap(2.0) kv_len(%len) bias(%bias)
    layout(bshd)
    : (tensor<2x1x4x64xf16>, tensor<2x24x4x64xf16>, tensor<2x24x4x64xf16>,
       tensor<2xi64>, tensor<1x4x1x24xf16>)
    -> (tensor<2x1x4x64xf16>, tensor<2x4x1xf32>)
  return %o, %l : tensor<2x1x4x64xf16>, tensor<2x4x1xf32>
}

// -----

// The diagonal of a block begins at a known key.
// CHECK-LABEL: func.func @bottom_right
// CHECK:         %[[C3:.+]] = arith.constant 3 : index
// CHECK:         attn.block_local_step ins(%{{.+}}, %{{.+}}, %{{.+}} causal causal_offset(%[[C3]]) block_len(8) block_len_q(5))
func.func @bottom_right(%q: tensor<2x4x5x64xf32>, %k: tensor<2x4x8x64xf32>)
    -> tensor<2x4x5x64xf32> {
  %o = attn.sdpa %q, %k, %k causal bottom_right
    : (tensor<2x4x5x64xf32>, tensor<2x4x8x64xf32>, tensor<2x4x8x64xf32>)
    -> tensor<2x4x5x64xf32>
  return %o : tensor<2x4x5x64xf32>
}

// -----

// CHECK-LABEL: func.func @negative_long
// CHECK-NOT:     attn.block_local_step
func.func @negative_long(%q: tensor<2x4x5x64xf32>, %k: tensor<2x4x25x64xf32>)
    -> tensor<2x4x5x64xf32> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<2x4x5x64xf32>, tensor<2x4x25x64xf32>, tensor<2x4x25x64xf32>)
    -> tensor<2x4x5x64xf32>
  return %o : tensor<2x4x5x64xf32>
}

// -----

// CHECK-LABEL: func.func @negative_unknown_length
// CHECK-NOT:     attn.block_local_step
func.func @negative_unknown_length(%q: tensor<2x4x?x64xf32>)
    -> tensor<2x4x?x64xf32> {
  %o = attn.sdpa %q, %q, %q
    : (tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>)
    -> tensor<2x4x?x64xf32>
  return %o : tensor<2x4x?x64xf32>
}

// -----

// CHECK-LABEL: func.func @negative_unknown_heads
// CHECK-NOT:     attn.block_local_step
func.func @negative_unknown_heads(%q: tensor<2x?x4x64xf32>)
    -> tensor<2x?x4x64xf32> {
  %o = attn.sdpa %q, %q, %q
    : (tensor<2x?x4x64xf32>, tensor<2x?x4x64xf32>, tensor<2x?x4x64xf32>)
    -> tensor<2x?x4x64xf32>
  return %o : tensor<2x?x4x64xf32>
}

// -----

// No keys.
// CHECK-LABEL: func.func @negative_empty
// CHECK-NOT:     attn.block_local_step
func.func @negative_empty(%q: tensor<2x4x4x64xf32>, %k: tensor<2x4x0x64xf32>)
    -> tensor<2x4x4x64xf32> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<2x4x4x64xf32>, tensor<2x4x0x64xf32>, tensor<2x4x0x64xf32>)
    -> tensor<2x4x4x64xf32>
  return %o : tensor<2x4x4x64xf32>
}

// -----

!t = tensor<2x4x4x64xf32>

// Sizes of tiles are asked for, or another strategy.
// CHECK-LABEL: func.func @negative_strategy
// CHECK-NOT:     attn.block_local_step
func.func @negative_strategy(%q: !t) -> (!t, !t) {
  %o = attn.sdpa %q, %q, %q strategy(#attn.blockwise<block_size_q = 2>)
    : (!t, !t, !t) -> !t
  %p = attn.sdpa %q, %q, %q strategy(#attn.dense) : (!t, !t, !t) -> !t
  return %o, %p : !t, !t
}

// What the kernel does not take.
// CHECK-LABEL: func.func @negative_sinks
// CHECK-NOT:     attn.block_local_step
func.func @negative_sinks(%q: !t, %s: tensor<4xf32>) -> !t {
  %o = attn.sdpa %q, %q, %q sinks(%s) : (!t, !t, !t, tensor<4xf32>) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @negative_region
// CHECK-NOT:     attn.block_local_step
func.func @negative_region(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.addf %s, %s : f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @negative_narrow_keys
// CHECK-NOT:     attn.block_local_step
func.func @negative_narrow_keys(%q: !t, %k: tensor<2x4x4x64xf8E5M2>) -> !t {
  %o = attn.sdpa %q, %k, %k
    : (!t, tensor<2x4x4x64xf8E5M2>, tensor<2x4x4x64xf8E5M2>) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @negative_offsets
// CHECK-NOT:     attn.block_local_step
func.func @negative_offsets(%q: !t, %i: index) -> !t {
  %o = attn.sdpa %q, %q, %q causal offsets(%i, %i, %i, %i)
    : (!t, !t, !t, index, index, index, index) -> !t
  return %o : !t
}

// -----

// Blocks of a sequence, of whatever length, and their prefixes.
// CHECK-LABEL: func.func @blocks
// CHECK:         attn.block_local_step ins(%{{.+}}, %{{.+}}, %{{.+}} causal block_len(16) prefix_len(8) prefix(%{{.+}}, %{{.+}})) outs
func.func @blocks(%q: tensor<2x4x?x64xf32>, %p: tensor<2x4x?x64xf32>) -> tensor<2x4x?x64xf32> {
  %o = attn.block_local %q, %q, %q causal block_len(16) prefix_len(8) prefix(%p, %p)
    : (tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>) -> tensor<2x4x?x64xf32>
  return %o : tensor<2x4x?x64xf32>
}

// -----

// The last block is short, of keys more than of rows.
// CHECK-LABEL: func.func @ragged_blocks
// CHECK:         attn.block_local_step {{.*}} kv_len(%{{.+}}) layout(bshd) block_len(5)) outs(%{{.+}}, %{{.+}})
func.func @ragged_blocks(%q: tensor<2x13x4x64xf16>, %k: tensor<2x12x4x64xf16>, %len: tensor<2xi64>) -> (tensor<2x13x4x64xf16>, tensor<2x4x13xf32>) {
  %o, %l = attn.block_local %q, %k, %k kv_len(%len) layout(bshd) block_len(5)
    : (tensor<2x13x4x64xf16>, tensor<2x12x4x64xf16>, tensor<2x12x4x64xf16>, tensor<2xi64>) -> (tensor<2x13x4x64xf16>, tensor<2x4x13xf32>)
  return %o, %l : tensor<2x13x4x64xf16>, tensor<2x4x13xf32>
}

// -----

// Long blocks, sinks, and blocks that keys may lack.
// CHECK-LABEL: func.func @negative_blocks
// CHECK-NOT:     attn.block_local_step
func.func @negative_blocks(%q: tensor<2x4x50x64xf32>, %p: tensor<2x4x15x64xf32>, %k: tensor<2x4x?x64xf32>, %k2: tensor<2x4x40x64xf32>, %s: tensor<4xf32>)
    -> (tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>) {
  %a = attn.block_local %q, %q, %q causal block_len(25)
    : (tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>) -> tensor<2x4x50x64xf32>
  %b = attn.block_local %q, %q, %q causal sinks(%s) block_len(5)
    : (tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>, tensor<4xf32>) -> tensor<2x4x50x64xf32>
  %c = attn.block_local %q, %k, %k causal block_len(5)
    : (tensor<2x4x50x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>) -> tensor<2x4x50x64xf32>
  %d = attn.block_local %q, %k2, %k2 causal block_len(5)
    : (tensor<2x4x50x64xf32>, tensor<2x4x40x64xf32>, tensor<2x4x40x64xf32>) -> tensor<2x4x50x64xf32>
  return %a, %b, %c, %d : tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>, tensor<2x4x50x64xf32>
}
