// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_dynamic_seq
// MLIR 22 has no tm_tensor to parse it
module {
  func.func @tm_dynamic_seq(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32> {
    %c1 = arith.constant 1 : index
    %cst = arith.constant 0.000000e+00 : f32
    %c2 = arith.constant 2 : index
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %collapsed_0 = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %collapsed_1 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %dim = tensor.dim %arg0, %c2 : tensor<2x4x?x8xf32>
    %0 = tensor.empty(%dim) : tensor<8x?x8xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %2 = tm_tensor.attention ins(%collapsed, %collapsed_0, %collapsed_1 : tensor<8x?x8xf32>, tensor<8x?x8xf32>, tensor<8x?x8xf32>) outs(%1 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %dim_2 = tensor.dim %2, %c1 : tensor<8x?x8xf32>
    %expanded = tensor.expand_shape %2 [[0, 1], [2], [3]] output_shape [2, 4, %dim_2, 8] : tensor<8x?x8xf32> into tensor<2x4x?x8xf32>
    return %expanded : tensor<2x4x?x8xf32>
  }
}
