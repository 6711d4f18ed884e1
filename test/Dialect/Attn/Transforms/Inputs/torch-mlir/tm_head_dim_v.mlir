// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_head_dim_v
// MLIR 22 has no tm_tensor to parse it
module {
  func.func @tm_head_dim_v(%arg0: tensor<2x4x16x8xf32>, %arg1: tensor<2x4x16x8xf32>, %arg2: tensor<2x4x16x12xf32>) -> tensor<2x4x16x12xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %collapsed_0 = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %collapsed_1 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x16x12xf32> into tensor<8x16x12xf32>
    %0 = tensor.empty() : tensor<8x16x12xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<8x16x12xf32>) -> tensor<8x16x12xf32>
    %2 = tm_tensor.attention ins(%collapsed, %collapsed_0, %collapsed_1 : tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x12xf32>) outs(%1 : tensor<8x16x12xf32>) -> tensor<8x16x12xf32>
    %expanded = tensor.expand_shape %2 [[0, 1], [2], [3]] output_shape [2, 4, 16, 12] : tensor<8x16x12xf32> into tensor<2x4x16x12xf32>
    return %expanded : tensor<2x4x16x12xf32>
  }
}
