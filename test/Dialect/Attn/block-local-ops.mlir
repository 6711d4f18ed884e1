// Attention inside blocks round-trips.
// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s

!q = tensor<2x8x?x64xf16>
!kv = tensor<2x2x?x64xf16>
!len = tensor<2xi64>

// CHECK-LABEL: func.func @plain
// CHECK:         attn.block_local %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} block_len(4) :
func.func @plain(%q: !q, %kv: !kv) -> !q {
  %o = attn.block_local %q, %kv, %kv block_len(4) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// Clauses in any order, modifiers before.
// CHECK-LABEL: func.func @all
// CHECK:         attn.block_local {{.*}} causal softcap(3.000000e+01) kv_len(%{{.*}}) q_len(%{{.*}}) sinks(%{{[^)]*}}) block_len(5) score {
func.func @all(%q: !q, %kv: !kv, %len: !len, %sinks: tensor<8xf32>) -> (!q, tensor<2x8x?xf32>) {
  %o, %lse = attn.block_local %q, %kv, %kv q_len(%len) softcap(30.0) causal kv_len(%len)
    block_len(5) sinks(%sinks) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (!q, !kv, !kv, !len, !len, tensor<8xf32>) -> (!q, tensor<2x8x?xf32>)
  return %o, %lse : !q, tensor<2x8x?xf32>
}

// CHECK-LABEL: func.func @prefix
// CHECK:         attn.block_local {{.*}} causal offsets({{.*}}) block_len(4) prefix_len(2) prefix(%{{.*}}, %{{.*}}) :
func.func @prefix(%q: !q, %kv: !kv, %p: !kv, %at: index) -> !q {
  %c0 = arith.constant 0 : index
  %o = attn.block_local %q, %kv, %kv causal offsets(%c0, %c0, %at, %at) prefix(%p, %p) prefix_len(2) block_len(4)
    : (!q, !kv, !kv, index, index, index, index, !kv, !kv) -> !q
  return %o : !q
}
