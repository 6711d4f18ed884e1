// RUN: attn-opt %s --attn-add-runtime-checks --attn-extract-checks | FileCheck %s
!q = tensor<1x8x?x64xf32>
!kv = tensor<1x2x?x64xf32>

// Sizes are checked for both, lengths, which are read, only before computing.
// CHECK-LABEL: func.func @lengths
// CHECK-SAME:    attributes {attn.checks = @lengths_checks, attn.result_shapes = @lengths_result_shapes}
// CHECK-NOT:     cf.assert
// CHECK:         attn.sdpa
// CHECK-NOT:     cf.assert
// CHECK-LABEL: func.func private @lengths_checks
// CHECK-SAME:    %[[Q:.*]]: tensor<1x8x?x64xf32>, %[[K:.*]]: tensor<1x2x?x64xf32>, %[[V:.*]]: tensor<1x2x?x64xf32>, %[[LEN:.*]]: tensor<1xi32>) {
// CHECK:         cf.assert {{.*}} agree on seq_len_kv" {attn.check = #attn.check<shape>}
// A conversion of the lengths is read through.
// CHECK:         %[[L:.*]] = tensor.extract %[[LEN]]
// CHECK:         arith.index_cast %[[L]] : i32 to index
// CHECK:         cf.assert {{.*}} kv_len of at least 0" {attn.check = #attn.check<length>}
// CHECK:         cf.assert {{.*}} kv_len of at most seq_len_kv" {attn.check = #attn.check<length>}
// CHECK-NEXT:    return
// CHECK-LABEL: func.func private @lengths_result_shapes
// CHECK-SAME:    %[[Q:[^:]*]]: tensor<1x8x?x64xf32>
// CHECK-SAME:    -> index
// CHECK:         cf.assert {{.*}}#attn.check<shape>
// CHECK-NOT:     cf.assert
// CHECK:         %[[N:.*]] = tensor.dim %[[Q]]
// CHECK:         return %[[N]] : index
func.func @lengths(%q: !q, %k: !kv, %v: !kv, %len: tensor<1xi32>) -> !q {
  %l = arith.extsi %len : tensor<1xi32> to tensor<1xi64>
  %r = attn.sdpa %q, %k, %v causal kv_len(%l)
    : (!q, !kv, !kv, tensor<1xi64>) -> !q
  return %r : !q
}

// Types that decide everything make no functions.
// CHECK-LABEL: func.func @static(
// CHECK-NOT:     attn.checks
// CHECK-NOT:     @static_
func.func @static(%q: tensor<1x8x4x64xf32>, %k: tensor<1x2x9x64xf32>)
    -> tensor<1x8x4x64xf32> {
  %r = attn.sdpa %q, %k, %k
    : (tensor<1x8x4x64xf32>, tensor<1x2x9x64xf32>, tensor<1x2x9x64xf32>)
    -> tensor<1x8x4x64xf32>
  return %r : tensor<1x8x4x64xf32>
}
