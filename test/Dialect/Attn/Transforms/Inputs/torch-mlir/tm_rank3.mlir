// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_rank3
// MLIR 22 has no tm_tensor to parse it
module {
  func.func @tm_rank3(%arg0: tensor<2x16x8xf32>, %arg1: tensor<2x16x8xf32>, %arg2: tensor<2x16x8xf32>) -> tensor<2x16x8xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<2x16x8xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<2x16x8xf32>) -> tensor<2x16x8xf32>
    %2 = tm_tensor.attention ins(%arg0, %arg1, %arg2 : tensor<2x16x8xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>) outs(%1 : tensor<2x16x8xf32>) -> tensor<2x16x8xf32>
    return %2 : tensor<2x16x8xf32>
  }
}
