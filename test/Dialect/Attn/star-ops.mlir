// Star Attention round-trips.
// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s

!q = tensor<2x8x?x64xf16>
!kv = tensor<2x2x?x64xf16>
!len = tensor<2xi64>

// CHECK-LABEL: func.func @plain
// CHECK:         attn.star %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} causal block_size(4096) anchor_size(128) :
func.func @plain(%q: !q, %kv: !kv) -> !q {
  %o = attn.star %q, %kv, %kv causal block_size(4096) anchor_size(128) anchor(first) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// Clauses in any order, modifiers before.
// CHECK-LABEL: func.func @all
// CHECK:         attn.star {{.*}} causal softcap(3.000000e+01) kv_len(%{{.*}}) q_len(%{{.*}}) sinks(%{{.*}}) context_len(%{{[^)]*}})
// CHECK-SAME:      block_size(64) anchor_size(16) anchor(previous) score {
func.func @all(%q: !q, %kv: !kv, %len: !len, %sinks: tensor<8xf32>) -> (!q, tensor<2x8x?xf32>) {
  %o, %lse = attn.star %q, %kv, %kv q_len(%len) softcap(30.0) causal kv_len(%len)
    anchor(previous) anchor_size(16) context_len(%len) block_size(64) sinks(%sinks) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (!q, !kv, !kv, !len, !len, tensor<8xf32>, !len) -> (!q, tensor<2x8x?xf32>)
  return %o, %lse : !q, tensor<2x8x?xf32>
}

// What one host of several has.
// CHECK-LABEL: func.func @host
// CHECK:         attn.star {{.*}} causal offsets({{.*}}) block_size(64) anchor_size(32) anchors(%{{.*}}, %{{.*}}) :
func.func @host(%q: !q, %kv: !kv, %ak: tensor<2x2x32x64xf16>, %at: index) -> !q {
  %c0 = arith.constant 0 : index
  %o = attn.star %q, %kv, %kv causal offsets(%c0, %c0, %at, %at) block_size(64) anchor_size(32) anchors(%ak, %ak)
    : (!q, !kv, !kv, index, index, index, index, tensor<2x2x32x64xf16>, tensor<2x2x32x64xf16>) -> !q
  return %o : !q
}

// CHECK-LABEL: func.func @strategy
// CHECK:         strategy(#attn.star<block_size = 512, query_size = 7>)
func.func @strategy(%q: !q, %kv: !kv) -> !q {
  %o = attn.sdpa %q, %kv, %kv causal strategy(#attn.star<block_size = 512, anchor_size = -1, query_size = 7, anchor = first>)
    : (!q, !kv, !kv) -> !q
  return %o : !q
}
