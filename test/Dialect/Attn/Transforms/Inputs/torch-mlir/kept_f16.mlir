// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py kept_f16
// MLIR 22 parses it
#map = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @kept_f16(%arg0: tensor<2x4x16x8xf16>, %arg1: tensor<2x4x16x8xf16>, %arg2: tensor<2x4x16x8xf16>) -> tensor<2x4x16x8xf16> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFC00 : f16
    %cst_1 = arith.constant 0.000000e+00 : f16
    %cst_2 = arith.constant 0.35355339059327373 : f64
    %0 = tensor.empty() : tensor<2x4x8x16xf16>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x16x8xf16>) outs(%0 : tensor<2x4x8x16xf16>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x16x8xf16> into tensor<8x16x8xf16>
    %collapsed_3 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x16xf16> into tensor<8x8x16xf16>
    %1 = tensor.empty() : tensor<8x16x16xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %3 = linalg.batch_matmul ins(%collapsed, %collapsed_3 : tensor<8x16x8xf16>, tensor<8x8x16xf16>) outs(%2 : tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %4 = tensor.empty() : tensor<8x16x16xf16>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%3 : tensor<8x16x16xf32>) outs(%4 : tensor<8x16x16xf16>) {
    ^bb0(%in: f32, %out: f16):
      %24 = arith.truncf %in : f32 to f16
      linalg.yield %24 : f16
    } -> tensor<8x16x16xf16>
    %expanded = tensor.expand_shape %5 [[0, 1], [2], [3]] output_shape [2, 4, 16, 16] : tensor<8x16x16xf16> into tensor<2x4x16x16xf16>
    %6 = tensor.empty() : tensor<2x4x16x16xf16>
    %7 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<2x4x16x16xf16>) outs(%6 : tensor<2x4x16x16xf16>) {
    ^bb0(%in: f16, %out: f16):
      %24 = arith.truncf %cst_2 : f64 to f16
      %25 = arith.mulf %in, %24 : f16
      linalg.yield %25 : f16
    } -> tensor<2x4x16x16xf16>
    %8 = tensor.empty() : tensor<2x4x16xi64>
    %9 = linalg.fill ins(%c0_i64 : i64) outs(%8 : tensor<2x4x16xi64>) -> tensor<2x4x16xi64>
    %10 = tensor.empty() : tensor<2x4x16xf16>
    %11 = linalg.fill ins(%cst_0 : f16) outs(%10 : tensor<2x4x16xf16>) -> tensor<2x4x16xf16>
    %12:2 = linalg.generic {indexing_maps = [#map1, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%7 : tensor<2x4x16x16xf16>) outs(%11, %9 : tensor<2x4x16xf16>, tensor<2x4x16xi64>) {
    ^bb0(%in: f16, %out: f16, %out_8: i64):
      %24 = linalg.index 3 : index
      %25 = arith.index_cast %24 : index to i64
      %26 = arith.maximumf %in, %out : f16
      %27 = arith.cmpf ogt, %in, %out : f16
      %28 = arith.select %27, %25, %out_8 : i64
      linalg.yield %26, %28 : f16, i64
    } -> (tensor<2x4x16xf16>, tensor<2x4x16xi64>)
    %expanded_4 = tensor.expand_shape %12#0 [[0], [1], [2, 3]] output_shape [2, 4, 16, 1] : tensor<2x4x16xf16> into tensor<2x4x16x1xf16>
    %13 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %expanded_4 : tensor<2x4x16x16xf16>, tensor<2x4x16x1xf16>) outs(%6 : tensor<2x4x16x16xf16>) {
    ^bb0(%in: f16, %in_8: f16, %out: f16):
      %24 = arith.subf %in, %in_8 : f16
      linalg.yield %24 : f16
    } -> tensor<2x4x16x16xf16>
    %14 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%13 : tensor<2x4x16x16xf16>) outs(%6 : tensor<2x4x16x16xf16>) {
    ^bb0(%in: f16, %out: f16):
      %24 = math.exp %in : f16
      linalg.yield %24 : f16
    } -> tensor<2x4x16x16xf16>
    %15 = tensor.empty() : tensor<2x4x16x1xf16>
    %16 = linalg.fill ins(%cst_1 : f16) outs(%15 : tensor<2x4x16x1xf16>) -> tensor<2x4x16x1xf16>
    %17 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%14 : tensor<2x4x16x16xf16>) outs(%16 : tensor<2x4x16x1xf16>) {
    ^bb0(%in: f16, %out: f16):
      %24 = arith.addf %in, %out : f16
      linalg.yield %24 : f16
    } -> tensor<2x4x16x1xf16>
    %18 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14, %17 : tensor<2x4x16x16xf16>, tensor<2x4x16x1xf16>) outs(%6 : tensor<2x4x16x16xf16>) {
    ^bb0(%in: f16, %in_8: f16, %out: f16):
      %24 = arith.divf %in, %in_8 : f16
      linalg.yield %24 : f16
    } -> tensor<2x4x16x16xf16>
    %collapsed_5 = tensor.collapse_shape %18 [[0, 1], [2], [3]] : tensor<2x4x16x16xf16> into tensor<8x16x16xf16>
    %collapsed_6 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x16x8xf16> into tensor<8x16x8xf16>
    %19 = tensor.empty() : tensor<8x16x8xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%19 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %21 = linalg.batch_matmul ins(%collapsed_5, %collapsed_6 : tensor<8x16x16xf16>, tensor<8x16x8xf16>) outs(%20 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %22 = tensor.empty() : tensor<8x16x8xf16>
    %23 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%21 : tensor<8x16x8xf32>) outs(%22 : tensor<8x16x8xf16>) {
    ^bb0(%in: f32, %out: f16):
      %24 = arith.truncf %in : f32 to f16
      linalg.yield %24 : f16
    } -> tensor<8x16x8xf16>
    %expanded_7 = tensor.expand_shape %23 [[0, 1], [2], [3]] output_shape [2, 4, 16, 8] : tensor<8x16x8xf16> into tensor<2x4x16x8xf16>
    return %expanded_7 : tensor<2x4x16x8xf16>
  }
}
