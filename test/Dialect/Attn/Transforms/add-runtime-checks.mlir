// RUN: attn-opt %s --attn-add-runtime-checks | FileCheck %s

// Sizes and lengths are told apart.
// CHECK-LABEL: func.func @kinds
// CHECK:         cf.assert {{.*}} agree on seq_len_kv" {attn.check = #attn.check<shape>}
// CHECK:         scf.for
// CHECK:           cf.assert {{.*}} kv_len of at least 0" {attn.check = #attn.check<length>}
func.func @kinds(%q: tensor<2x8x4x64xf32>, %k: tensor<2x2x?x64xf32>,
                 %v: tensor<2x2x?x64xf32>, %len: tensor<2xi64>)
    -> tensor<2x8x4x64xf32> {
  %0 = attn.sdpa %q, %k, %v kv_len(%len)
    : (tensor<2x8x4x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>,
       tensor<2xi64>) -> tensor<2x8x4x64xf32>
  return %0 : tensor<2x8x4x64xf32>
}

// Upstream's checks of linalg ops are about sizes.
// CHECK-LABEL: func.func @linalg
// CHECK:         cf.assert {{.*}} {attn.check = #attn.check<shape>}
// CHECK:         linalg.matmul
func.func @linalg(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>)
    -> tensor<?x?xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
                     outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @division
// CHECK:         cf.assert {{.*}}"'arith.divsi' op expects a divisor other than 0"{{$}}
func.func @division(%a: index, %b: index) -> index {
  %0 = arith.divsi %a, %b : index
  return %0 : index
}

// What is written has to be inside; what types decide is not checked.
// CHECK-LABEL: func.func @insert
// CHECK-SAME:    %[[N:[^:]*]]: tensor<?x4xf32>, %[[C:[^:]*]]: tensor<8x?xf32>, %[[I:[^:]*]]: index
// CHECK-NOT:     the source to have the size in dimension 1
// CHECK:         cf.assert {{.*}}expects the source to have the size in dimension 0" {attn.check = #attn.check<shape>}
// CHECK:         arith.cmpi sge, %[[I]]
// CHECK:         cf.assert {{.*}}expects an offset of at least 0 in dimension 0" {attn.check = #attn.check<length>}
// CHECK:         cf.assert {{.*}}expects a slice inside the destination in dimension 0" {attn.check = #attn.check<length>}
// CHECK:         cf.assert {{.*}}expects a slice inside the destination in dimension 1" {attn.check = #attn.check<length>}
// CHECK:         tensor.insert_slice
func.func @insert(%new: tensor<?x4xf32>, %c: tensor<8x?xf32>, %i: index,
                  %n: index) -> tensor<8x?xf32> {
  %0 = tensor.insert_slice %new into %c[%i, 0] [%n, 4] [1, 1]
    : tensor<?x4xf32> into tensor<8x?xf32>
  return %0 : tensor<8x?xf32>
}

// CHECK-LABEL: func.func @negative_static
// CHECK-NOT:     cf.assert
func.func @negative_static(%new: tensor<4xf32>, %c: tensor<8xf32>)
    -> tensor<8xf32> {
  %0 = tensor.insert_slice %new into %c[4] [4] [1]
    : tensor<4xf32> into tensor<8xf32>
  return %0 : tensor<8xf32>
}
