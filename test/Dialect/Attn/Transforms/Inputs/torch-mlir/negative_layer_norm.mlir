// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py negative_layer_norm
// MLIR 22 parses it
// Layer norm over the keys between QK and softmax.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
module {
  func.func @negative_layer_norm(%arg0: tensor<2x4x16x8xf32>, %arg1: tensor<2x4x16x8xf32>, %arg2: tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0.000000e+00 : f64
    %c0_i64 = arith.constant 0 : i64
    %cst_1 = arith.constant 0xFF800000 : f32
    %cst_2 = arith.constant 1.000000e-05 : f64
    %cst_3 = arith.constant 1.600000e+01 : f64
    %cst_4 = arith.constant 1.600000e+01 : f32
    %0 = tensor.empty() : tensor<2x4x8x16xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x16x8xf32>) outs(%0 : tensor<2x4x8x16xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x16xf32> into tensor<8x8x16xf32>
    %1 = tensor.empty() : tensor<8x16x16xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %3 = linalg.batch_matmul ins(%collapsed, %collapsed_5 : tensor<8x16x8xf32>, tensor<8x8x16xf32>) outs(%2 : tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %expanded = tensor.expand_shape %3 [[0, 1], [2], [3]] output_shape [2, 4, 16, 16] : tensor<8x16x16xf32> into tensor<2x4x16x16xf32>
    %4 = tensor.empty() : tensor<2x4x16x16xf64>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<2x4x16x16xf32>) outs(%4 : tensor<2x4x16x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %36 = arith.extf %in : f32 to f64
      linalg.yield %36 : f64
    } -> tensor<2x4x16x16xf64>
    %6 = tensor.empty() : tensor<2x4x16x1xf64>
    %7 = linalg.fill ins(%cst_0 : f64) outs(%6 : tensor<2x4x16x1xf64>) -> tensor<2x4x16x1xf64>
    %8 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%5 : tensor<2x4x16x16xf64>) outs(%7 : tensor<2x4x16x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %36 = arith.addf %in, %out : f64
      linalg.yield %36 : f64
    } -> tensor<2x4x16x1xf64>
    %9 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8 : tensor<2x4x16x1xf64>) outs(%6 : tensor<2x4x16x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %36 = arith.divf %in, %cst_3 : f64
      linalg.yield %36 : f64
    } -> tensor<2x4x16x1xf64>
    %10 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%5, %9 : tensor<2x4x16x16xf64>, tensor<2x4x16x1xf64>) outs(%4 : tensor<2x4x16x16xf64>) {
    ^bb0(%in: f64, %in_10: f64, %out: f64):
      %36 = arith.subf %in, %in_10 : f64
      linalg.yield %36 : f64
    } -> tensor<2x4x16x16xf64>
    %11 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10, %10 : tensor<2x4x16x16xf64>, tensor<2x4x16x16xf64>) outs(%4 : tensor<2x4x16x16xf64>) {
    ^bb0(%in: f64, %in_10: f64, %out: f64):
      %36 = arith.mulf %in, %in_10 : f64
      linalg.yield %36 : f64
    } -> tensor<2x4x16x16xf64>
    %12 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%11 : tensor<2x4x16x16xf64>) outs(%7 : tensor<2x4x16x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %36 = arith.addf %in, %out : f64
      linalg.yield %36 : f64
    } -> tensor<2x4x16x1xf64>
    %13 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%12 : tensor<2x4x16x1xf64>) outs(%6 : tensor<2x4x16x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %36 = arith.divf %in, %cst_3 : f64
      linalg.yield %36 : f64
    } -> tensor<2x4x16x1xf64>
    %14 = tensor.empty() : tensor<2x4x16x1xf32>
    %15 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%13 : tensor<2x4x16x1xf64>) outs(%14 : tensor<2x4x16x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %36 = arith.truncf %in : f64 to f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x1xf32>
    %16 = linalg.fill ins(%cst : f32) outs(%14 : tensor<2x4x16x1xf32>) -> tensor<2x4x16x1xf32>
    %17 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%expanded : tensor<2x4x16x16xf32>) outs(%16 : tensor<2x4x16x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.addf %in, %out : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x1xf32>
    %18 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<2x4x16x1xf32>) outs(%14 : tensor<2x4x16x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.divf %in, %cst_4 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x1xf32>
    %19 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<2x4x16x1xf32>) outs(%14 : tensor<2x4x16x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.truncf %cst_2 : f64 to f32
      %37 = arith.addf %in, %36 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x16x1xf32>
    %20 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19 : tensor<2x4x16x1xf32>) outs(%14 : tensor<2x4x16x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = math.rsqrt %in : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x1xf32>
    %21 = tensor.empty() : tensor<2x4x16x16xf32>
    %22 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded, %18 : tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>) outs(%21 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %36 = arith.subf %in, %in_10 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x16xf32>
    %23 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %20 : tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>) outs(%21 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %36 = arith.mulf %in, %in_10 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x16xf32>
    %24 = tensor.empty() : tensor<2x4x16xi64>
    %25 = linalg.fill ins(%c0_i64 : i64) outs(%24 : tensor<2x4x16xi64>) -> tensor<2x4x16xi64>
    %26 = tensor.empty() : tensor<2x4x16xf32>
    %27 = linalg.fill ins(%cst_1 : f32) outs(%26 : tensor<2x4x16xf32>) -> tensor<2x4x16xf32>
    %28:2 = linalg.generic {indexing_maps = [#map, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<2x4x16x16xf32>) outs(%27, %25 : tensor<2x4x16xf32>, tensor<2x4x16xi64>) {
    ^bb0(%in: f32, %out: f32, %out_10: i64):
      %36 = linalg.index 3 : index
      %37 = arith.index_cast %36 : index to i64
      %38 = arith.maximumf %in, %out : f32
      %39 = arith.cmpf ogt, %in, %out : f32
      %40 = arith.select %39, %37, %out_10 : i64
      linalg.yield %38, %40 : f32, i64
    } -> (tensor<2x4x16xf32>, tensor<2x4x16xi64>)
    %expanded_6 = tensor.expand_shape %28#0 [[0], [1], [2, 3]] output_shape [2, 4, 16, 1] : tensor<2x4x16xf32> into tensor<2x4x16x1xf32>
    %29 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %expanded_6 : tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>) outs(%21 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %36 = arith.subf %in, %in_10 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x16xf32>
    %30 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%29 : tensor<2x4x16x16xf32>) outs(%21 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = math.exp %in : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x16xf32>
    %31 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%30 : tensor<2x4x16x16xf32>) outs(%16 : tensor<2x4x16x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.addf %in, %out : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x1xf32>
    %32 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30, %31 : tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>) outs(%21 : tensor<2x4x16x16xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %36 = arith.divf %in, %in_10 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x16x16xf32>
    %collapsed_7 = tensor.collapse_shape %32 [[0, 1], [2], [3]] : tensor<2x4x16x16xf32> into tensor<8x16x16xf32>
    %collapsed_8 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %33 = tensor.empty() : tensor<8x16x8xf32>
    %34 = linalg.fill ins(%cst : f32) outs(%33 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %35 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x16x16xf32>, tensor<8x16x8xf32>) outs(%34 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %expanded_9 = tensor.expand_shape %35 [[0, 1], [2], [3]] output_shape [2, 4, 16, 8] : tensor<8x16x8xf32> into tensor<2x4x16x8xf32>
    return %expanded_9 : tensor<2x4x16x8xf32>
  }
}
