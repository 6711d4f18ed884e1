// RUN: attn-opt %s --canonicalize --split-input-file | FileCheck %s

!q = tensor<1x4x5x8xf32>
!kv = tensor<1x2x9x8xf32>

// One block: keys behind it are hidden by the diagonal.
// CHECK-LABEL: func.func @one_block
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[KV:[^:]+]]: {{[^,]+}}, %[[S:[^:]+]]:
// CHECK:         attn.sdpa %[[Q]], %[[KV]], %[[KV]] causal softcap(2.000000e+00) sinks(%[[S]])
// CHECK-NOT:     attn.block_local
func.func @one_block(%q: !q, %kv: !kv, %s: tensor<4xf32>) -> (!q, tensor<1x4x5xf32>) {
  %o, %lse = attn.block_local %q, %kv, %kv causal softcap(2.0) sinks(%s) block_len(5)
    : (!q, !kv, !kv, tensor<4xf32>) -> (!q, tensor<1x4x5xf32>)
  return %o, %lse : !q, tensor<1x4x5xf32>
}

// -----

!q = tensor<1x4x5x8xf32>
!kv = tensor<1x2x9x8xf32>

// Nothing else hides them here; an lse nobody reads goes.
// CHECK-LABEL: func.func @keys_behind
// CHECK:         %{{[^,]+}} = attn.block_local {{.*}} block_len(5) : (tensor<1x4x5x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x4x5x8xf32>
func.func @keys_behind(%q: !q, %kv: !kv) -> !q {
  %o, %lse = attn.block_local %q, %kv, %kv block_len(5) : (!q, !kv, !kv) -> (!q, tensor<1x4x5xf32>)
  return %o : !q
}

// -----

!q = tensor<1x4x6x8xf32>

// CHECK-LABEL: func.func @two_blocks
// CHECK:         attn.block_local {{.*}} causal block_len(5)
func.func @two_blocks(%q: !q) -> !q {
  %o = attn.block_local %q, %q, %q causal block_len(5) : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x4x5x8xf32>
!p = tensor<1x4x2x8xf32>

// A prefix, and a piece of a problem, stay.
// CHECK-LABEL: func.func @stays
// CHECK:         attn.block_local {{.*}} prefix_len(2)
// CHECK:         attn.block_local {{.*}} offsets
func.func @stays(%q: !q, %p: !p, %at: index) -> (!q, !q) {
  %c0 = arith.constant 0 : index
  %o = attn.block_local %q, %q, %q causal block_len(5) prefix_len(2) prefix(%p, %p) : (!q, !q, !q, !p, !p) -> !q
  %r = attn.block_local %q, %q, %q causal offsets(%c0, %c0, %at, %at) block_len(5) : (!q, !q, !q, index, index, index, index) -> !q
  return %o, %r : !q, !q
}

// -----

!q = tensor<1x4x0x8xf32>

// CHECK-LABEL: func.func @no_rows
// CHECK:         tensor.empty
// CHECK-NOT:     attn.block_local
func.func @no_rows(%q: !q, %k: tensor<1x4x?x8xf32>) -> !q {
  %o = attn.block_local %q, %k, %k causal block_len(5) : (!q, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>) -> !q
  return %o : !q
}
