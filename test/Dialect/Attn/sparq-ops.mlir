// SparQ, its building blocks and the ops on caches round-trip.
// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s

!q = tensor<2x8x1x64xf16>
!kv = tensor<2x2x?x64xf16>
!kt = tensor<2x2x?x64x256xf16>
!mean = tensor<2x2x64xf32>
!len = tensor<2xi64>

// CHECK-LABEL: func.func @sparq
// CHECK:         attn.sparq %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} rank(16) top_k(64) :
func.func @sparq(%q: !q, %kv: !kv) -> !q {
  %o = attn.sparq %q, %kv, %kv rank(16) top_k(64) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// Clauses in any order, modifiers before.
// CHECK-LABEL: func.func @all
// CHECK:         softcap(3.000000e+01) kv_len(%{{.*}}) rank(16) top_k(64)
// CHECK-SAME:      local_window(8) realloc(on) group_reduce(logit) key_t(%{{.*}}) value_mean(%{{.*}}) score {
func.func @all(%q: !q, %kv: !kv, %kt: !kt, %mean: !mean, %len: !len) -> !q {
  %o = attn.sparq %q, %kv, %kv kv_len(%len) softcap(30.0)
    value_mean(%mean) key_t(%kt) group_reduce(logit) realloc(on)
    local_window(8) top_k(64) rank(16) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (!q, !kv, !kv, !len, !kt, !mean) -> !q
  return %o : !q
}

// CHECK-LABEL: func.func @once
// CHECK:         layout(bshd) rank(1) top_k(1) realloc(off) key_layout(once)
func.func @once(%q: tensor<2x1x8x64xf16>, %kv: tensor<2x?x2x64xf16>) -> tensor<2x1x8x64xf16> {
  %o = attn.sparq %q, %kv, %kv layout(bshd) rank(1) top_k(1) realloc(off) key_layout(once)
    : (tensor<2x1x8x64xf16>, tensor<2x?x2x64xf16>, tensor<2x?x2x64xf16>) -> tensor<2x1x8x64xf16>
  return %o : tensor<2x1x8x64xf16>
}

// CHECK-LABEL: func.func @scores
// CHECK:         attn.scores ins(%{{[^ ]+}}, %{{[^ ]+}} kv_len(%{{.*}}) channels(%{{.*}}) factor(%{{.*}}) key_t(%{{.*}})) outs(%{{.*}})
func.func @scores(%q: !q, %kv: !kv, %len: !len, %c: tensor<2x2x16xi64>, %f: tensor<2x8x1xf32>, %kt: !kt, %s: tensor<2x8x1x?xf32>) -> tensor<2x8x1x?xf32> {
  %r = attn.scores ins(%q, %kv kv_len(%len) channels(%c) factor(%f) key_t(%kt)) outs(%s)
    : (!q, !kv, !len, tensor<2x2x16xi64>, tensor<2x8x1xf32>, !kt, tensor<2x8x1x?xf32>) -> tensor<2x8x1x?xf32>
  return %r : tensor<2x8x1x?xf32>
}

// CHECK-LABEL: func.func @on_buffers
// CHECK:         attn.scores ins({{.*}}) outs({{.*}}) : (memref
// CHECK:         attn.topk ins({{.*}}) outs({{.*}}) : (memref
// CHECK:         attn.gather_kv ins({{.*}} layout(bshd)) outs({{.*}}) : (memref
// CHECK:         attn.kv_append ins({{.*}} layout(bshd)) outs({{.*}}) : (memref
// CHECK:         attn.running_mean ins({{.*}} layout(bshd)) outs({{.*}}) : (memref
func.func @on_buffers(%q: memref<1x1x4x8xf32>, %kv: memref<1x9x2x8xf32>, %s: memref<1x4x1x9xf32>, %u: memref<1x2x9xf32>,
    %i: memref<1x2x4xi64>, %n: memref<1x2xi64>, %rows: memref<1x2x4x8xf32>, %new: memref<1x1x2x8xf32>, %pos: index, %mean: memref<1x2x8xf32>) {
  attn.scores ins(%q, %kv layout(bshd)) outs(%s)
    : (memref<1x1x4x8xf32>, memref<1x9x2x8xf32>, memref<1x4x1x9xf32>) -> ()
  attn.topk ins(%u) outs(%i, %n) : (memref<1x2x9xf32>, memref<1x2x4xi64>, memref<1x2xi64>) -> ()
  attn.gather_kv ins(%kv, %kv, %i, %n layout(bshd)) outs(%rows, %rows)
    : (memref<1x9x2x8xf32>, memref<1x9x2x8xf32>, memref<1x2x4xi64>, memref<1x2xi64>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>) -> ()
  attn.kv_append ins(%new, %new, %pos layout(bshd)) outs(%kv, %kv)
    : (memref<1x1x2x8xf32>, memref<1x1x2x8xf32>, index, memref<1x9x2x8xf32>, memref<1x9x2x8xf32>) -> ()
  attn.running_mean ins(%new, %pos layout(bshd)) outs(%mean) : (memref<1x1x2x8xf32>, index, memref<1x2x8xf32>) -> ()
  return
}

// CHECK-LABEL: func.func @pages_and_scales
// CHECK:         attn.gather_kv ins({{.*}} key_scale(%{{.*}}) value_scale(%{{.*}}) page_table(%{{.*}})) outs
func.func @pages_and_scales(%kv: tensor<9x2x16x8xi8>, %x: tensor<1x2x1x1xf32>, %p: tensor<3x4xi32>, %i: tensor<3x2x4xi64>, %n: tensor<3x2xi64>, %rows: tensor<3x2x4x8xf32>) -> tensor<3x2x4x8xf32> {
  %r:2 = attn.gather_kv ins(%kv, %kv, %i, %n page_table(%p) value_scale(%x) key_scale(%x)) outs(%rows, %rows)
    : (tensor<9x2x16x8xi8>, tensor<9x2x16x8xi8>, tensor<3x2x4xi64>, tensor<3x2xi64>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<3x4xi32>, tensor<3x2x4x8xf32>, tensor<3x2x4x8xf32>)
    -> (tensor<3x2x4x8xf32>, tensor<3x2x4x8xf32>)
  return %r#0 : tensor<3x2x4x8xf32>
}

// CHECK-LABEL: func.func @append
// CHECK:         attn.kv_append ins(%{{.*}}, %{{.*}}, %{{.*}}) outs(%{{.*}}, %{{.*}}, %{{.*}})
func.func @append(%new: tensor<2x2x3x64xf16>, %pos: !len, %k: !kv, %v: !kv, %kt: !kt) -> (!kv, !kv, !kt) {
  %r:3 = attn.kv_append ins(%new, %new, %pos) outs(%k, %v, %kt)
    : (tensor<2x2x3x64xf16>, tensor<2x2x3x64xf16>, !len, !kv, !kv, !kt) -> (!kv, !kv, !kt)
  return %r#0, %r#1, %r#2 : !kv, !kv, !kt
}
