// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_f16
// MLIR 22 has no tm_tensor to parse it
module {
  func.func @tm_f16(%arg0: tensor<2x4x16x8xf16>, %arg1: tensor<2x4x16x8xf16>, %arg2: tensor<2x4x16x8xf16>) -> tensor<2x4x16x8xf16> {
    %cst = arith.constant 0.000000e+00 : f16
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x16x8xf16> into tensor<8x16x8xf16>
    %collapsed_0 = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<2x4x16x8xf16> into tensor<8x16x8xf16>
    %collapsed_1 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x16x8xf16> into tensor<8x16x8xf16>
    %0 = tensor.empty() : tensor<8x16x8xf16>
    %1 = linalg.fill ins(%cst : f16) outs(%0 : tensor<8x16x8xf16>) -> tensor<8x16x8xf16>
    %2 = tm_tensor.attention ins(%collapsed, %collapsed_0, %collapsed_1 : tensor<8x16x8xf16>, tensor<8x16x8xf16>, tensor<8x16x8xf16>) outs(%1 : tensor<8x16x8xf16>) -> tensor<8x16x8xf16>
    %expanded = tensor.expand_shape %2 [[0, 1], [2], [3]] output_shape [2, 4, 16, 8] : tensor<8x16x8xf16> into tensor<2x4x16x8xf16>
    return %expanded : tensor<2x4x16x8xf16>
  }
}
