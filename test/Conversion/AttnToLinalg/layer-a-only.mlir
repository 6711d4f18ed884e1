// RUN: attn-opt %s --convert-attn-to-linalg=layer-a-only | FileCheck %s

// What a kernel generator takes is left to it.
// CHECK-LABEL: func.func @kernels
// CHECK:         linalg.generic
// CHECK-NOT:     attn.sdpa
// CHECK:         attn.partial
!q = tensor<1x4x8x16xf32>
!kv = tensor<1x2x32x16xf32>
!rows = tensor<1x4x8xf32>
func.func @kernels(%q: !q, %k: !kv, %o: !q, %l: !rows) -> !q {
  %0 = attn.sdpa %q, %k, %k : (!q, !kv, !kv) -> !q
  %1:2 = attn.partial ins(%0, %k, %k) outs(%o, %l)
    : (!q, !kv, !kv, !q, !rows) -> (!q, !rows)
  return %1#0 : !q
}

// Kernels read pages and scaled or 8-bit keys too.
// CHECK-LABEL: func.func @any_keys
// CHECK-NOT:     linalg.generic
// CHECK:         attn.partial
// CHECK-SAME:      value_scale
// CHECK:         attn.partial
// CHECK-SAME:      page_table
// CHECK:         attn.online
func.func @any_keys(%q: !q, %k: !kv, %scale: tensor<1x1x1x1xf32>,
    %pool: tensor<?x2x4x16xf32>, %table: tensor<1x8xi32>,
    %k8: tensor<1x2x32x16xf8E5M2>, %o: !q, %l: !rows) -> (!q, !q, !q) {
  %0:2 = attn.partial ins(%q, %k, %k value_scale(%scale)) outs(%o, %l)
    : (!q, !kv, !kv, tensor<1x1x1x1xf32>, !q, !rows) -> (!q, !rows)
  %1:2 = attn.partial ins(%q, %pool, %pool page_table(%table)) outs(%o, %l)
    : (!q, tensor<?x2x4x16xf32>, tensor<?x2x4x16xf32>, tensor<1x8xi32>, !q,
       !rows) -> (!q, !rows)
  %2:3 = attn.online ins(%q, %k8, %k8) outs(%o, %l, %l)
    : (!q, tensor<1x2x32x16xf8E5M2>, tensor<1x2x32x16xf8E5M2>, !q, !rows,
       !rows) -> (!q, !rows, !rows)
  return %0#0, %1#0, %2#0 : !q, !q, !q
}
