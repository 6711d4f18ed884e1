// RUN: attn-opt %s --convert-attn-to-linalg | FileCheck %s
// RUN: attn-opt %s --convert-attn-to-linalg=layer-a-only | FileCheck %s

// Nothing behind this pass takes a softmax apart.
// CHECK-LABEL: func.func @softmax
// CHECK-SAME:    %[[S:[^:]+]]: tensor<2x?xf32>
// CHECK:         %[[MAX:.+]] = linalg.generic {{.*}} ins(%[[S]]
// CHECK:           arith.maxnumf
// CHECK:         linalg.generic {{.*}} ins(%[[S]], %[[MAX]]
// CHECK:           math.exp
// CHECK-NOT:     linalg.softmax
func.func @softmax(%s: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %p = linalg.softmax dimension(1) ins(%s : tensor<2x?xf32>) outs(%s : tensor<2x?xf32>) -> tensor<2x?xf32>
  return %p : tensor<2x?xf32>
}
