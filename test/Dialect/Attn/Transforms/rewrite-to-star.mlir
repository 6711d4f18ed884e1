// RUN: attn-opt %s --attn-rewrite-to-star="block-size=4096" --split-input-file --verify-diagnostics | FileCheck %s
// RUN: attn-opt %s --attn-rewrite-to-star="block-size=4096 anchor-size=128 query-size=32 anchor=previous" --split-input-file | FileCheck %s --check-prefix=OPTIONS
// RUN: attn-opt %s --attn-rewrite-to-star="block-size=4096 anchor-size=0" --split-input-file 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: attn-opt %s --attn-rewrite-to-star="block-size=4096 anchor-size=5000" --split-input-file 2>&1 | FileCheck %s --check-prefix=CLAMP
// RUN: not attn-opt %s --attn-rewrite-to-star --split-input-file 2>&1 | FileCheck %s --check-prefix=REQUIRED
// RUN: not attn-opt %s --attn-rewrite-to-star="block-size=8 anchor=last" --split-input-file 2>&1 | FileCheck %s --check-prefix=ANCHOR

// REQUIRED: error: attn-rewrite-to-star: strategy 'star' expects block_size of 1 to 2147483647 tokens, but got 0; the paper uses a quarter of the context
// ANCHOR: error: attn-rewrite-to-star: strategy 'star' expects anchor=first|previous, but got 'anchor=last'
// NONE: warning: anchor_size 0 leaves blocks to themselves; the paper's accuracy without an anchor is a quarter to two fifths lower
// CLAMP: remark: clamps anchor_size 5000 to block_size 4096

!q = tensor<1x8x?x64xf16>
!kv = tensor<1x2x?x64xf16>

// Every modifier stays, and both results.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: {{[^,]+}}, %[[S:[^:]+]]:
// CHECK:         %[[O:[^,]+]], %[[L:[^ ]+]] = attn.star %[[Q]], %[[K]], %[[K]] causal scale(1.250000e-01) softcap(3.000000e+01)
// CHECK-SAME:      sinks(%[[S]]) block_size(4096) anchor_size(4096) score {
// CHECK:         return %[[O]], %[[L]]
// OPTIONS-LABEL: func.func @prefill
// OPTIONS:         %[[N:.+]] = tensor.dim %{{.*}}, %c2
// OPTIONS:         %[[L:.+]] = affine.max {{.*}}%[[N]]
// OPTIONS:         attn.star {{.*}} context_len(%[[L]]) block_size(4096) anchor_size(128) anchor(previous)
func.func @prefill(%q: !q, %k: !kv, %s: tensor<8xf32>) -> (!q, tensor<1x8x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %k causal scale(0.125) softcap(30.0) sinks(%s) score {
  ^bb0(%x: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %x : f32
  } : (!q, !kv, !kv, tensor<8xf32>) -> (!q, tensor<1x8x?xf32>)
  return %o, %lse : !q, tensor<1x8x?xf32>
}

// -----

!q = tensor<3x8x?x64xf16>
!len = tensor<3xi64>

// Lengths of sequences say where each one's query begins.
// CHECK-LABEL: func.func @lengths
// CHECK:         attn.star {{.*}} causal kv_len(%{{.*}}) q_len(%{{.*}}) block_size
// OPTIONS-LABEL: func.func @lengths
// OPTIONS-SAME:    %{{[^:]+}}: {{[^,]+}}, %[[LEN:[^:]+]]:
// OPTIONS:         %[[L:.+]] = linalg.generic {{.*}} ins(%[[LEN]]
// OPTIONS:           arith.subi
// OPTIONS:           arith.maxsi
// OPTIONS:         attn.star {{.*}} context_len(%[[L]])
func.func @lengths(%q: !q, %len: !len) -> !q {
  %o = attn.sdpa %q, %q, %q causal bottom_right kv_len(%len) q_len(%len) : (!q, !q, !q, !len, !len) -> !q
  return %o : !q
}

// -----

!q = tensor<1x8x64x64xf16>
!d = tensor<1x8x?x64xf16>

// The diagonal is at 0, however it is said; an op's own parameters count.
// CHECK-LABEL: func.func @diagonal
// CHECK:         attn.star {{.*}} causal block_size(4096)
// CHECK:         attn.star {{.*}} causal block_size(4096)
// CHECK:         attn.star {{.*}} causal block_size(16) anchor_size(4)
func.func @diagonal(%q: !q, %d: !d) -> (!q, !d, !d) {
  %c0 = arith.constant 0 : index
  %0 = attn.sdpa %q, %q, %q causal bottom_right : (!q, !q, !q) -> !q
  %1 = attn.sdpa %d, %d, %d causal causal_offset(%c0) : (!d, !d, !d, index) -> !d
  %2 = attn.sdpa %d, %d, %d causal strategy(#attn.star<block_size = 16, anchor_size = 4>) : (!d, !d, !d) -> !d
  return %0, %1, %2 : !q, !d, !d
}

// -----

!q = tensor<1x8x64x64xf16>
!k = tensor<1x8x80x64xf16>
!one = tensor<1x8x1x64xf16>
!d = tensor<1x8x?x64xf16>

// CHECK-LABEL: func.func @negative
// CHECK-COUNT-7: attn.sdpa
// CHECK-NOT:     #attn.star
func.func @negative(%q: !q, %k: !k, %one: !one, %d: !d, %at: index, %len: tensor<1xi64>)
    -> (!q, !one, !q, !d, !d, !d, !d) {
  // expected-remark @below {{stays dense: expects seq_len_q and seq_len_kv to be equal, but got 64 and 80}}
  %0 = attn.sdpa %q, %k, %k causal strategy(#attn.star<block_size = 16>) : (!q, !k, !k) -> !q
  // expected-remark @below {{stays dense: one query token is a decode step, which Star computes exactly}}
  %1 = attn.sdpa %one, %k, %k causal bottom_right : (!one, !k, !k) -> !one
  // expected-remark @below {{stays dense: expects causal attention}}
  %2 = attn.sdpa %q, %q, %q : (!q, !q, !q) -> !q
  // expected-remark @below {{stays dense: expects a diagonal known to be at 0: blocks of queries and of keys begin at the same positions}}
  %3 = attn.sdpa %d, %d, %d causal causal_offset(%at) : (!d, !d, !d, index) -> !d
  // expected-remark @below {{stays dense: expects a diagonal known to be at 0}}
  %4 = attn.sdpa %d, %d, %d causal bottom_right : (!d, !d, !d) -> !d
  // expected-remark @below {{stays dense: expects a diagonal known to be at 0}}
  %5 = attn.sdpa %d, %d, %d causal bottom_right kv_len(%len) : (!d, !d, !d, tensor<1xi64>) -> !d
  // Another strategy: no remark.
  %6 = attn.sdpa %d, %d, %d causal strategy(#attn.blockwise) : (!d, !d, !d) -> !d
  return %0, %1, %2, %3, %4, %5, %6 : !q, !one, !q, !d, !d, !d, !d
}
