// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py negative_talking_heads
// MLIR 22 parses it
// Scores are mixed across heads before softmax.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @negative_talking_heads(%arg0: tensor<2x4x16x8xf32>, %arg1: tensor<2x4x16x8xf32>, %arg2: tensor<2x4x16x8xf32>, %arg3: tensor<4x4xf32>) -> tensor<2x4x16x8xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %c0_i64 = arith.constant 0 : i64
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 3.500000e-01 : f64
    %0 = tensor.empty() : tensor<2x4x8x16xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x16x8xf32>) outs(%0 : tensor<2x4x8x16xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %collapsed_2 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
    %1 = tensor.empty() : tensor<8x16x16xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %3 = linalg.batch_matmul ins(%collapsed, %collapsed_2 : tensor<8x16x8xf32>, tensor<8x8x16xf32>) outs(%2 : tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %expanded = tensor.expand_shape %3 [[0, 1], [2], [3]] output_shape [2, 4, 16, 16] : tensor<8x16x16xf32> into tensor<2x4x16x16xf32>
    %4 = tensor.empty() : tensor<2x4x16x16xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<2x4x16x16xf32>) outs(%4 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %25 = arith.truncf %cst_1 : f64 to f32
      %26 = arith.mulf %in, %25 : f32
      linalg.yield %26 : f32
    } -> tensor<2x4x16x16xf32>
    %expanded_3 = tensor.expand_shape %5 [[0], [1], [2], [3, 4]] output_shape [2, 4, 16, 16, 1] : tensor<2x4x16x16xf32> into tensor<2x4x16x16x1xf32>
    %6 = tensor.empty() : tensor<2x16x16x4x1xf32>
    %transposed_4 = linalg.transpose ins(%expanded_3 : tensor<2x4x16x16x1xf32>) outs(%6 : tensor<2x16x16x4x1xf32>) permutation = [0, 2, 3, 1, 4] 
    %collapsed_5 = tensor.collapse_shape %transposed_4 [[0, 1, 2], [3, 4]] : tensor<2x16x16x4x1xf32> into tensor<512x4xf32>
    %expanded_6 = tensor.expand_shape %collapsed_5 [[0, 1], [2]] output_shape [1, 512, 4] : tensor<512x4xf32> into tensor<1x512x4xf32>
    %expanded_7 = tensor.expand_shape %arg3 [[0, 1], [2]] output_shape [1, 4, 4] : tensor<4x4xf32> into tensor<1x4x4xf32>
    %7 = tensor.empty() : tensor<1x512x4xf32>
    %8 = linalg.fill ins(%cst : f32) outs(%7 : tensor<1x512x4xf32>) -> tensor<1x512x4xf32>
    %9 = linalg.batch_matmul ins(%expanded_6, %expanded_7 : tensor<1x512x4xf32>, tensor<1x4x4xf32>) outs(%8 : tensor<1x512x4xf32>) -> tensor<1x512x4xf32>
    %collapsed_8 = tensor.collapse_shape %9 [[0, 1], [2]] : tensor<1x512x4xf32> into tensor<512x4xf32>
    %expanded_9 = tensor.expand_shape %collapsed_8 [[0, 1, 2], [3, 4]] output_shape [2, 16, 16, 1, 4] : tensor<512x4xf32> into tensor<2x16x16x1x4xf32>
    %10 = tensor.empty() : tensor<2x4x16x16x1xf32>
    %transposed_10 = linalg.transpose ins(%expanded_9 : tensor<2x16x16x1x4xf32>) outs(%10 : tensor<2x4x16x16x1xf32>) permutation = [0, 4, 1, 2, 3] 
    %collapsed_11 = tensor.collapse_shape %transposed_10 [[0], [1], [2], [3, 4]] : tensor<2x4x16x16x1xf32> into tensor<2x4x16x16xf32>
    %11 = tensor.empty() : tensor<2x4x16xi64>
    %12 = linalg.fill ins(%c0_i64 : i64) outs(%11 : tensor<2x4x16xi64>) -> tensor<2x4x16xi64>
    %13 = tensor.empty() : tensor<2x4x16xf32>
    %14 = linalg.fill ins(%cst_0 : f32) outs(%13 : tensor<2x4x16xf32>) -> tensor<2x4x16xf32>
    %15:2 = linalg.generic {indexing_maps = [#map, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%collapsed_11 : tensor<2x4x16x16xf32>) outs(%14, %12 : tensor<2x4x16xf32>, tensor<2x4x16xi64>) {
    ^bb0(%in: f32, %out: f32, %out_16: i64):
      %25 = linalg.index 3 : index
      %26 = arith.index_cast %25 : index to i64
      %27 = arith.maximumf %in, %out : f32
      %28 = arith.cmpf ogt, %in, %out : f32
      %29 = arith.select %28, %26, %out_16 : i64
      linalg.yield %27, %29 : f32, i64
    } -> (tensor<2x4x16xf32>, tensor<2x4x16xi64>)
    %expanded_12 = tensor.expand_shape %15#0 [[0], [1], [2, 3]] output_shape [2, 4, 16, 1] : tensor<2x4x16xf32> into tensor<2x4x16x1xf32>
    %16 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_11, %expanded_12 : tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>) outs(%4 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %25 = arith.subf %in, %in_16 : f32
      linalg.yield %25 : f32
    } -> tensor<2x4x16x16xf32>
    %17 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16 : tensor<2x4x16x16xf32>) outs(%4 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %25 = math.exp %in : f32
      linalg.yield %25 : f32
    } -> tensor<2x4x16x16xf32>
    %18 = tensor.empty() : tensor<2x4x16x1xf32>
    %19 = linalg.fill ins(%cst : f32) outs(%18 : tensor<2x4x16x1xf32>) -> tensor<2x4x16x1xf32>
    %20 = linalg.generic {indexing_maps = [#map, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%17 : tensor<2x4x16x16xf32>) outs(%19 : tensor<2x4x16x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %25 = arith.addf %in, %out : f32
      linalg.yield %25 : f32
    } -> tensor<2x4x16x1xf32>
    %21 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17, %20 : tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>) outs(%4 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %25 = arith.divf %in, %in_16 : f32
      linalg.yield %25 : f32
    } -> tensor<2x4x16x16xf32>
    %collapsed_13 = tensor.collapse_shape %21 [[0, 1], [2], [3]] : tensor<2x4x16x16xf32> into tensor<8x16x16xf32>
    %collapsed_14 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %22 = tensor.empty() : tensor<8x16x8xf32>
    %23 = linalg.fill ins(%cst : f32) outs(%22 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %24 = linalg.batch_matmul ins(%collapsed_13, %collapsed_14 : tensor<8x16x16xf32>, tensor<8x16x8xf32>) outs(%23 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %expanded_15 = tensor.expand_shape %24 [[0, 1], [2], [3]] output_shape [2, 4, 16, 8] : tensor<8x16x8xf32> into tensor<2x4x16x8xf32>
    return %expanded_15 : tensor<2x4x16x8xf32>
  }
}
