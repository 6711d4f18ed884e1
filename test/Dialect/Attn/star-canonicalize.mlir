// RUN: attn-opt %s --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

!q = tensor<1x4x20x8xf32>
!kv = tensor<1x2x20x8xf32>

// S4: block 1 sees all of block 0.
// CHECK-LABEL: func.func @two_blocks
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[KV:[^:]+]]: {{[^,]+}}, %[[S:[^:]+]]:
// CHECK:         attn.sdpa %[[Q]], %[[KV]], %[[KV]] causal softcap(2.000000e+00) sinks(%[[S]])
// CHECK-NOT:     attn.star
func.func @two_blocks(%q: !q, %kv: !kv, %s: tensor<4xf32>) -> (!q, tensor<1x4x20xf32>) {
  // expected-remark @below {{becomes dense attention: seq_len_q 20 is at most two blocks of 10}}
  %o, %lse = attn.star %q, %kv, %kv causal softcap(2.0) sinks(%s) block_size(10) anchor_size(10)
    : (!q, !kv, !kv, tensor<4xf32>) -> (!q, tensor<1x4x20xf32>)
  return %o, %lse : !q, tensor<1x4x20xf32>
}

// -----

!q = tensor<1x4x20x8xf32>

// S3: one block, whatever the anchor.
// CHECK-LABEL: func.func @one_block
// CHECK:         attn.sdpa {{.*}} causal :
func.func @one_block(%q: !q) -> !q {
  // expected-remark @below {{becomes dense attention: seq_len_q 20 is at most one block of 20}}
  %o = attn.star %q, %q, %q causal block_size(20) anchor_size(0) : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x4x?x8xf32>

// What is behind the context sees everything anyway.
// CHECK-LABEL: func.func @short_context
// CHECK:         attn.sdpa {{.*}} causal :
func.func @short_context(%q: !q) -> !q {
  %c8 = arith.constant 8 : index
  // expected-remark @below {{becomes dense attention: context_len 8 is at most two blocks of 4}}
  %o = attn.star %q, %q, %q causal context_len(%c8) block_size(4) anchor_size(4) : (!q, !q, !q, index) -> !q
  return %o : !q
}

// -----

!q = tensor<1x4x20x8xf32>
!d = tensor<1x4x?x8xf32>

// S5 and beyond: a row more, an anchor less, an unknown length, a piece.
// CHECK-LABEL: func.func @negative_longer
// CHECK-COUNT-4: attn.star
func.func @negative_longer(%q: !q, %d: !d, %at: index) -> (!q, !q, !d, !q) {
  %c0 = arith.constant 0 : index
  %0 = attn.star %q, %q, %q causal block_size(9) anchor_size(9) : (!q, !q, !q) -> !q
  %1 = attn.star %q, %q, %q causal block_size(10) anchor_size(9) : (!q, !q, !q) -> !q
  %2 = attn.star %d, %d, %d causal block_size(10) anchor_size(10) : (!d, !d, !d) -> !d
  %3 = attn.star %q, %q, %q causal offsets(%c0, %c0, %at, %c0) block_size(10) anchor_size(10)
    : (!q, !q, !q, index, index, index, index) -> !q
  return %0, %1, %2, %3 : !q, !q, !d, !q
}

// -----

!q = tensor<1x4x?x8xf32>

// CHECK-LABEL: func.func @clamped
// CHECK:         attn.star {{.*}} block_size(10) anchor_size(10)
// CHECK-SAME:      -> tensor<1x4x?x8xf32>
func.func @clamped(%q: !q) -> !q {
  // expected-remark @below {{clamps anchor_size 12 to block_size 10}}
  %o, %lse = attn.star %q, %q, %q causal block_size(10) anchor_size(12) : (!q, !q, !q) -> (!q, tensor<1x4x?xf32>)
  return %o : !q
}

// -----

!q = tensor<1x4x?x8xf32>
!one = tensor<1x4x1x8xf32>

// What holds for any op that scores keys, but the window is what blocks are
// counted from: it stays though one key falls out of no window.
// CHECK-LABEL: func.func @operands
// CHECK:         attn.star {{.*}} causal block_size
// CHECK-NOT:     mask
func.func @operands(%q: !q, %one: !one) -> !q {
  %m = arith.constant dense<true> : tensor<1x1x1x1xi1>
  %o = attn.star %q, %one, %one causal mask(%m) block_size(10) anchor_size(10) : (!q, !one, !one, tensor<1x1x1x1xi1>) -> !q
  return %o : !q
}
