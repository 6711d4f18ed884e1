// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_dynamic_batch
// MLIR 22 has no tm_tensor to parse it
#map = affine_map<()[s0] -> (s0 * 4)>
module {
  func.func @tm_dynamic_batch(%arg0: tensor<?x4x16x8xf32>, %arg1: tensor<?x4x16x8xf32>, %arg2: tensor<?x4x16x8xf32>) -> tensor<?x4x16x8xf32> {
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %c4 = arith.constant 4 : index
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<?x4x16x8xf32> into tensor<?x16x8xf32>
    %collapsed_0 = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<?x4x16x8xf32> into tensor<?x16x8xf32>
    %collapsed_1 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<?x4x16x8xf32> into tensor<?x16x8xf32>
    %dim = tensor.dim %arg0, %c0 : tensor<?x4x16x8xf32>
    %0 = affine.apply #map()[%dim]
    %1 = tensor.empty(%0) : tensor<?x16x8xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<?x16x8xf32>) -> tensor<?x16x8xf32>
    %3 = tm_tensor.attention ins(%collapsed, %collapsed_0, %collapsed_1 : tensor<?x16x8xf32>, tensor<?x16x8xf32>, tensor<?x16x8xf32>) outs(%2 : tensor<?x16x8xf32>) -> tensor<?x16x8xf32>
    %dim_2 = tensor.dim %3, %c0 : tensor<?x16x8xf32>
    %4 = arith.divsi %dim_2, %c4 : index
    %expanded = tensor.expand_shape %3 [[0, 1], [2], [3]] output_shape [%4, 4, 16, 8] : tensor<?x16x8xf32> into tensor<?x4x16x8xf32>
    return %expanded : tensor<?x4x16x8xf32>
  }
}
