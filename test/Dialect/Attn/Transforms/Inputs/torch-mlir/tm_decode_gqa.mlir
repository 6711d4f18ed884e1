// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_decode_gqa
// MLIR 22 has no tm_tensor to parse it
#map = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#map1 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
module {
  func.func @tm_decode_gqa(%arg0: tensor<2x4x1x8xf32>, %arg1: tensor<2x2x20x8xf32>, %arg2: tensor<2x2x20x8xf32>) -> tensor<2x4x1x8xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<2x2x2x20x8xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<2x2x20x8xf32>) outs(%0 : tensor<2x2x2x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x2x2x20x8xf32>
    %collapsed = tensor.collapse_shape %1 [[0], [1, 2], [3], [4]] : tensor<2x2x2x20x8xf32> into tensor<2x4x20x8xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<2x2x20x8xf32>) outs(%0 : tensor<2x2x2x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x2x2x20x8xf32>
    %collapsed_0 = tensor.collapse_shape %2 [[0], [1, 2], [3], [4]] : tensor<2x2x2x20x8xf32> into tensor<2x4x20x8xf32>
    %collapsed_1 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x1x8xf32> into tensor<8x1x8xf32>
    %collapsed_2 = tensor.collapse_shape %collapsed [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_3 = tensor.collapse_shape %collapsed_0 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %3 = tensor.empty() : tensor<8x1x8xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %5 = tm_tensor.attention ins(%collapsed_1, %collapsed_2, %collapsed_3 : tensor<8x1x8xf32>, tensor<8x20x8xf32>, tensor<8x20x8xf32>) outs(%4 : tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %expanded = tensor.expand_shape %5 [[0, 1], [2], [3]] output_shape [2, 4, 1, 8] : tensor<8x1x8xf32> into tensor<2x4x1x8xf32>
    return %expanded : tensor<2x4x1x8xf32>
  }
}
