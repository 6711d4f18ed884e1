// RUN: attn-opt %s --attn-rewrite-to-sparq="rank=4 top-k=8" --split-input-file --verify-diagnostics | FileCheck %s
// RUN: attn-opt %s --attn-rewrite-to-sparq="rank=2 top-k=12 local-window=1 realloc=off group-reduce=logit layout=once" --split-input-file 2>/dev/null | FileCheck %s --check-prefix=OPTIONS

// RUN: echo "func.func private @f()" > %t.mlir
// RUN: not attn-opt %t.mlir --attn-rewrite-to-sparq=rank=0 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not attn-opt %t.mlir --attn-rewrite-to-sparq=top-k=-1 2>&1 | FileCheck %s --check-prefix=TOPK
// RUN: not attn-opt %t.mlir --attn-rewrite-to-sparq=local-window=-2 2>&1 | FileCheck %s --check-prefix=LOCAL
// RUN: not attn-opt %t.mlir --attn-rewrite-to-sparq=realloc=maybe 2>&1 | FileCheck %s --check-prefix=REALLOC
// RUN: not attn-opt %t.mlir --attn-rewrite-to-sparq=group-reduce=max 2>&1 | FileCheck %s --check-prefix=REDUCE
// RUN: not attn-opt %t.mlir --attn-rewrite-to-sparq=layout=thrice 2>&1 | FileCheck %s --check-prefix=LAYOUT
// RUN: not attn-opt %t.mlir --attn-rewrite-to-sparq=state=none 2>&1 | FileCheck %s --check-prefix=STATE

// RANK: error: attn-rewrite-to-sparq: strategy 'sparq' expects rank of 1 to 2147483647, but got 0
// TOPK: error: attn-rewrite-to-sparq: strategy 'sparq' expects top_k of 1 to 2147483647, but got -1
// LOCAL: error: attn-rewrite-to-sparq: strategy 'sparq' expects local_window of -1 (a quarter of top_k) to 2147483647, but got -2
// REALLOC: error: attn-rewrite-to-sparq: strategy 'sparq' expects realloc=auto|on|off, but got 'realloc=maybe'
// REDUCE: error: attn-rewrite-to-sparq: strategy 'sparq' expects group-reduce=prob|logit, but got 'group-reduce=max'
// LAYOUT: error: attn-rewrite-to-sparq: strategy 'sparq' expects layout=twice|once, but got 'layout=thrice'
// STATE: error: attn-rewrite-to-sparq: strategy 'sparq' expects state=recompute|args, but got 'state=none'

!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x32x16xf32>

// One query token: the case SparQ is defined for.
// CHECK-LABEL: func.func @decode_step
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[KV:[^:]+]]:
// CHECK:         attn.sparq %[[Q]], %[[KV]], %[[KV]] scale(2.500000e-01) rank(4) top_k(8) local_window(2)
// CHECK-NOT:     attn.sdpa
// OPTIONS-LABEL: func.func @decode_step
// OPTIONS:         rank(2) top_k(12) local_window(1) realloc(off) group_reduce(logit) key_layout(once)
func.func @decode_step(%q: !q, %kv: !kv) -> !q {
  // expected-remark @below {{every call computes the mean of value anew, which reads all of it; state=args keeps it}}
  // expected-remark @below {{every call reads whole keys for some of their components; state=args keeps a second layout of key}}
  %out = attn.sdpa %q, %kv, %kv scale(0.25) : (!q, !kv, !kv) -> !q
  return %out : !q
}

// -----

!q = tensor<2x1x8x16xf16>
!kv = tensor<2x?x2x16xf16>

// Modifiers, region and layout come along; an lse nobody reads does not.
// CHECK-LABEL: func.func @modifiers
// CHECK:         attn.sparq {{.*}} causal bottom_right softcap(2.000000e+00) kv_len(%{{.*}}) mask(%{{.*}}) layout(bshd) rank(4) top_k(8) local_window(2) score {
func.func @modifiers(%q: !q, %kv: !kv, %len: tensor<2xi64>, %mask: tensor<2x1x1x?xi1>) -> !q {
  // expected-remark @below {{state=args keeps a second layout of key}}
  %out, %lse = attn.sdpa %q, %kv, %kv causal bottom_right softcap(2.0) kv_len(%len) mask(%mask) layout(bshd) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = math.absf %s : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, tensor<2xi64>, tensor<2x1x1x?xi1>) -> (!q, tensor<2x8x1xf32>)
  return %out : !q
}

// -----

!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>

// An op says more precisely what it wants than the options do.
// CHECK-LABEL: func.func @own_parameters
// CHECK:         attn.sparq {{.*}} rank(8) top_k(16) realloc(off) key_layout(once)
func.func @own_parameters(%q: !q, %kv: !kv) -> !q {
  %out = attn.sdpa %q, %kv, %kv strategy(#attn.sparq<rank = 8, top_k = 16, local_window = 0, realloc = off, layout = once>) : (!q, !kv, !kv) -> !q
  return %out : !q
}

// -----

!q = tensor<1x2x1x16xf32>
!kv = tensor<1x2x?x16xf32>

// More components than there are, more new keys than keys in all.
// CHECK-LABEL: func.func @clamped
// CHECK:         attn.sparq {{.*}} rank(16) top_k(9) local_window(9) realloc(off)
func.func @clamped(%q: !q, %kv: !kv) -> !q {
  // expected-remark @below {{clamps rank 17 to head_dim 16}}
  // expected-remark @below {{clamps local_window 10 to top_k 9}}
  // expected-remark @below {{every call reads whole keys}}
  %out = attn.sdpa %q, %kv, %kv strategy(#attn.sparq<rank = 17, top_k = 9, local_window = 10, realloc = off>) : (!q, !kv, !kv) -> !q
  return %out : !q
}

// -----

// CHECK-LABEL: func.func @negative_other_strategy
// CHECK:         attn.sdpa {{.*}} strategy(#attn.blockwise)
func.func @negative_other_strategy(%q: tensor<1x2x1x16xf32>, %kv: tensor<1x2x?x16xf32>) -> tensor<1x2x1x16xf32> {
  %out = attn.sdpa %q, %kv, %kv strategy(#attn.blockwise)
    : (tensor<1x2x1x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x2x1x16xf32>
  return %out : tensor<1x2x1x16xf32>
}

// -----

// CHECK-LABEL: func.func @negative_prefill
// CHECK:         attn.sdpa
func.func @negative_prefill(%q: tensor<1x2x7x16xf32>, %kv: tensor<1x2x?x16xf32>) -> tensor<1x2x7x16xf32> {
  // expected-remark @below {{stays dense: expects one query token, but got 7}}
  %out = attn.sdpa %q, %kv, %kv
    : (tensor<1x2x7x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x2x7x16xf32>
  return %out : tensor<1x2x7x16xf32>
}

// -----

// CHECK-LABEL: func.func @negative_unknown_queries
// CHECK:         attn.sdpa
func.func @negative_unknown_queries(%q: tensor<1x2x?x16xf32>, %kv: tensor<1x2x?x16xf32>) -> tensor<1x2x?x16xf32> {
  // expected-remark @below {{stays dense: expects one query token, but seq_len_q is not known; cast query to a static seq_len_q of 1 (tensor.cast)}}
  %out = attn.sdpa %q, %kv, %kv
    : (tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> tensor<1x2x?x16xf32>
  return %out : tensor<1x2x?x16xf32>
}

// -----

// CHECK-LABEL: func.func @negative_sinks
// CHECK:         attn.sdpa
func.func @negative_sinks(%q: tensor<1x2x1x16xf32>, %kv: tensor<1x2x?x16xf32>, %s: tensor<2xf32>) -> tensor<1x2x1x16xf32> {
  // expected-remark @below {{stays dense: it has sinks}}
  %out = attn.sdpa %q, %kv, %kv sinks(%s)
    : (tensor<1x2x1x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<2xf32>) -> tensor<1x2x1x16xf32>
  return %out : tensor<1x2x1x16xf32>
}

// -----

// CHECK-LABEL: func.func @negative_used_lse
// CHECK:         attn.sdpa
func.func @negative_used_lse(%q: tensor<1x2x1x16xf32>, %kv: tensor<1x2x?x16xf32>) -> tensor<1x2x1xf32> {
  // expected-remark @below {{stays dense: its lse is used, which SparQ does not have}}
  %out, %lse = attn.sdpa %q, %kv, %kv
    : (tensor<1x2x1x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (tensor<1x2x1x16xf32>, tensor<1x2x1xf32>)
  return %lse : tensor<1x2x1xf32>
}

// -----

// CHECK-LABEL: func.func @negative_few_keys
// CHECK:         attn.sdpa
func.func @negative_few_keys(%q: tensor<1x2x1x16xf32>, %kv: tensor<1x2x8x16xf32>) -> tensor<1x2x1x16xf32> {
  // expected-remark @below {{stays dense: top_k 8 is at least the 8 keys a query can see}}
  %out = attn.sdpa %q, %kv, %kv
    : (tensor<1x2x1x16xf32>, tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x1x16xf32>
  return %out : tensor<1x2x1x16xf32>
}

// -----

!q = tensor<1x2x7x16xf32>

// What stays dense is not to be asked again by later passes.
// CHECK-LABEL: func.func @negative_own_strategy
// CHECK:         attn.sdpa
// CHECK-NOT:     strategy
// CHECK:         return
func.func @negative_own_strategy(%q: !q) -> !q {
  // expected-remark @below {{stays dense: expects one query token, but got 7}}
  %out = attn.sdpa %q, %q, %q strategy(#attn.sparq<rank = 8, state = args>) : (!q, !q, !q) -> !q
  return %out : !q
}
