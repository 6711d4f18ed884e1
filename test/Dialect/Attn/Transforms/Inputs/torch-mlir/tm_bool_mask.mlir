// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_bool_mask
// MLIR 22 has no tm_tensor to parse it
#map = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
module {
  func.func @tm_bool_mask(%arg0: tensor<2x4x12x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>, %arg3: tensor<2x1x12x20xi1>) -> tensor<2x4x12x8xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<2x4x12x20xi1>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg3 : tensor<2x1x12x20xi1>) outs(%0 : tensor<2x4x12x20xi1>) {
    ^bb0(%in: i1, %out: i1):
      linalg.yield %in : i1
    } -> tensor<2x4x12x20xi1>
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x12x8xf32> into tensor<8x12x8xf32>
    %collapsed_0 = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_1 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_2 = tensor.collapse_shape %1 [[0, 1], [2], [3]] : tensor<2x4x12x20xi1> into tensor<8x12x20xi1>
    %2 = tensor.empty() : tensor<8x12x8xf32>
    %3 = linalg.fill ins(%cst : f32) outs(%2 : tensor<8x12x8xf32>) -> tensor<8x12x8xf32>
    %4 = tm_tensor.attention ins(%collapsed, %collapsed_0, %collapsed_1, %collapsed_2 : tensor<8x12x8xf32>, tensor<8x20x8xf32>, tensor<8x20x8xf32>, tensor<8x12x20xi1>) outs(%3 : tensor<8x12x8xf32>) -> tensor<8x12x8xf32>
    %expanded = tensor.expand_shape %4 [[0, 1], [2], [3]] output_shape [2, 4, 12, 8] : tensor<8x12x8xf32> into tensor<2x4x12x8xf32>
    return %expanded : tensor<2x4x12x8xf32>
  }
}
