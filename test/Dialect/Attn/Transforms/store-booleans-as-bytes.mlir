// RUN: attn-opt %s --attn-store-booleans-as-bytes | FileCheck %s

// A mask is taken as it is.
// CHECK-LABEL: func.func @mask
// CHECK-SAME:    %[[M:[^:]*]]: tensor<4x?xi8> {attn.bool}
// CHECK:         %[[N:.*]] = tensor.dim %[[M]]
// CHECK:         %[[M4:.*]] = tensor.expand_shape %[[M]] {{.*}} into tensor<1x1x4x?xi8>
// CHECK:         %[[S:.*]] = tensor.extract_slice %[[M4]]
// CHECK-NOT:     linalg.generic
// CHECK:         attn.sdpa %{{.*}} mask(%[[S]])
func.func @mask(%q: tensor<1x8x3x64xf32>, %k: tensor<1x2x?x64xf32>,
                %m: tensor<4x?xi1>) -> tensor<1x8x3x64xf32> {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %m, %c1 : tensor<4x?xi1>
  %m4 = tensor.expand_shape %m [[0, 1, 2], [3]] output_shape [1, 1, 4, %n]
    : tensor<4x?xi1> into tensor<1x1x4x?xi1>
  %s = tensor.extract_slice %m4[0, 0, 1, 0] [1, 1, 3, %n] [1, 1, 1, 1]
    : tensor<1x1x4x?xi1> to tensor<1x1x3x?xi1>
  %0 = attn.sdpa %q, %k, %k mask(%s)
    : (tensor<1x8x3x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>,
       tensor<1x1x3x?xi1>) -> tensor<1x8x3x64xf32>
  return %0 : tensor<1x8x3x64xf32>
}

// Any other use gets booleans; elements are compared where they are read.
// CHECK-LABEL: func.func @others
// CHECK-SAME:    %[[M:[^:]*]]: tensor<?xi8> {attn.bool}, %{{.*}}: i1)
// CHECK-SAME:    -> (tensor<?xi8> {attn.bool}, i1)
// CHECK:         %[[BOOLS:.*]] = linalg.generic {{.*}} ins(%[[M]] : tensor<?xi8>)
// CHECK:           arith.cmpi ne
// CHECK:         %[[E:.*]] = tensor.extract %[[M]]
// CHECK:         %[[B:.*]] = arith.cmpi ne, %[[E]]
// CHECK:         %[[NOT:.*]] = arith.xori %[[BOOLS]]
// CHECK:         %[[R:.*]] = linalg.generic {{.*}} ins(%[[NOT]] : tensor<?xi1>)
// CHECK:           arith.extui
// CHECK:         return %[[R]], %[[B]] : tensor<?xi8>, i1
func.func @others(%m: tensor<?xi1>, %s: i1) -> (tensor<?xi1>, i1) {
  %c0 = arith.constant 0 : index
  %e = tensor.extract %m[%c0] : tensor<?xi1>
  %not = arith.xori %m, %m : tensor<?xi1>
  return %not, %e : tensor<?xi1>, i1
}

// A function that is only called from here keeps its type.
// CHECK-LABEL: func.func private @negative_private
// CHECK-SAME:    tensor<4xi1>
func.func private @negative_private(%m: tensor<4xi1>) -> tensor<4xi1> {
  return %m : tensor<4xi1>
}
