// RUN: attn-opt %s --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

!q = tensor<1x4x1x8xf32>
!kv = tensor<1x2x9x8xf32>
!long = tensor<1x2x?x8xf32>

// All keys are chosen: the first step and the mean do not matter.
// CHECK-LABEL: func.func @all_keys
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[KV:[^:]+]]: {{[^,]+}}, %[[M:[^:]+]]:
// CHECK:         attn.sdpa %[[Q]], %[[KV]], %[[KV]] softcap(2.000000e+00) :
// CHECK-NOT:     attn.sparq
func.func @all_keys(%q: !q, %kv: !kv, %m: tensor<1x2x8xf32>) -> !q {
  // expected-remark @below {{becomes dense attention: top_k 9 is at least the 9 keys a query can see}}
  %o = attn.sparq %q, %kv, %kv softcap(2.0) rank(2) top_k(9) realloc(on) value_mean(%m)
    : (!q, !kv, !kv, tensor<1x2x8xf32>) -> !q
  return %o : !q
}

// -----

!q = tensor<1x4x1x8xf32>
!long = tensor<1x2x?x8xf32>

// A window bounds what is seen, too.
// CHECK-LABEL: func.func @window
// CHECK:         attn.sdpa {{.*}} window(3, 0) causal_offset(%{{.*}})
func.func @window(%q: !q, %kv: !long, %d: index) -> !q {
  // expected-remark @below {{becomes dense attention: top_k 4 is at least the 4 keys a query can see}}
  %o = attn.sparq %q, %kv, %kv window(3, 0) causal_offset(%d) rank(2) top_k(4) : (!q, !long, !long, index) -> !q
  return %o : !q
}

// -----

!q = tensor<1x4x1x8xf32>
!long = tensor<1x2x?x8xf32>

// CHECK-LABEL: func.func @clamped
// CHECK:         attn.sparq {{.*}} rank(8) top_k(4) local_window(4)
func.func @clamped(%q: !q, %kv: !long) -> !q {
  // expected-remark @below {{clamps rank 20 to head_dim 8}}
  // expected-remark @below {{clamps local_window 5 to top_k 4}}
  %o = attn.sparq %q, %kv, %kv rank(20) top_k(4) local_window(5) : (!q, !long, !long) -> !q
  return %o : !q
}

// -----

!q = tensor<1x4x1x8xf32>
!long = tensor<1x2x?x8xf32>

// What every op that scores keys simplifies to.
// CHECK-LABEL: func.func @shared
// CHECK:         attn.sparq %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} rank(2) top_k(4) :
// CHECK:         attn.scores ins(%{{[^ ]+}}, %{{[^ ]+}}) outs
func.func @shared(%q: !q, %kv: !long, %s: tensor<1x4x1x?xf32>) -> (!q, tensor<1x4x1x?xf32>) {
  %mask = arith.constant dense<true> : tensor<1x1x1x1xi1>
  %o = attn.sparq %q, %kv, %kv causal bottom_right mask(%mask) rank(2) top_k(4)
    : (!q, !long, !long, tensor<1x1x1x1xi1>) -> !q
  %r = attn.scores ins(%q, %kv causal bottom_right mask(%mask)) outs(%s)
    : (!q, !long, tensor<1x1x1x1xi1>, tensor<1x4x1x?xf32>) -> tensor<1x4x1x?xf32>
  return %o, %r : !q, tensor<1x4x1x?xf32>
}

// -----

// CHECK-LABEL: func.func @no_rows
// CHECK-NOT:     attn.sparq
// CHECK:         tensor.empty
func.func @no_rows(%q: tensor<0x4x1x8xf32>, %kv: tensor<0x2x?x8xf32>) -> tensor<0x4x1x8xf32> {
  %o = attn.sparq %q, %kv, %kv rank(2) top_k(4)
    : (tensor<0x4x1x8xf32>, tensor<0x2x?x8xf32>, tensor<0x2x?x8xf32>) -> tensor<0x4x1x8xf32>
  return %o : tensor<0x4x1x8xf32>
}

// -----

// The number of keys is not known: a choice remains.
// CHECK-LABEL: func.func @negative_unknown_length
// CHECK:         attn.sparq {{.*}} rank(2) top_k(1000)
func.func @negative_unknown_length(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x?x8xf32>) -> tensor<1x4x1x8xf32> {
  %o = attn.sparq %q, %kv, %kv causal rank(2) top_k(1000)
    : (tensor<1x4x1x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<1x4x1x8xf32>
  return %o : tensor<1x4x1x8xf32>
}

// -----

// Casts that hide sizes, of an op with no score region, too.
// CHECK-LABEL: func.func @step
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[KV:[^:]+]]:
// CHECK:         %[[O:.+]] = tensor.empty() : tensor<1x4x1x8xf32>
// CHECK:         %[[R:.+]] = attn.sparq_step ins(%[[Q]], %[[KV]], %[[KV]] rank(2) top_k(4)) outs(%[[O]])
// CHECK:         tensor.cast %[[R]] : tensor<1x4x1x8xf32> to tensor<?x4x1x8xf32>
func.func @step(%q: tensor<1x4x1x8xf32>, %kv: tensor<1x2x?x8xf32>) -> tensor<?x4x1x8xf32> {
  %c1 = arith.constant 1 : index
  %o = tensor.empty(%c1) : tensor<?x4x1x8xf32>
  %many = tensor.cast %kv : tensor<1x2x?x8xf32> to tensor<?x2x?x8xf32>
  %mask = arith.constant dense<true> : tensor<1x1x1x1xi1>
  %r = attn.sparq_step ins(%q, %many, %kv mask(%mask) rank(2) top_k(4)) outs(%o)
    : (tensor<1x4x1x8xf32>, tensor<?x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x1x1x1xi1>, tensor<?x4x1x8xf32>) -> tensor<?x4x1x8xf32>
  return %r : tensor<?x4x1x8xf32>
}
