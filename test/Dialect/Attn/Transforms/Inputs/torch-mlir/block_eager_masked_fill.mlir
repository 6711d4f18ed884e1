// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_eager_masked_fill
// MLIR 22 parses it
// true = excluded: other blocks, and later keys.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1) -> (d0, d1)>
#map3 = affine_map<(d0, d1) -> ()>
#map4 = affine_map<(d0, d1) -> (d0, 0)>
#map5 = affine_map<(d0, d1) -> (0, d1)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> ()>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_eager_masked_fill(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant 3.500000e-01 : f64
    %cst_3 = arith.constant dense<5> : tensor<i64>
    %0 = tensor.empty() : tensor<20xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %31 = linalg.index 0 : index
      %32 = arith.index_cast %31 : index to i64
      linalg.yield %32 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %expanded_4 = tensor.expand_shape %1 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %2 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%2 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %3 = tensor.empty() : tensor<8x20x20xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %5 = linalg.batch_matmul ins(%collapsed, %collapsed_5 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%4 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_6 = tensor.expand_shape %5 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %6 = tensor.empty() : tensor<2x4x20x20xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6 : tensor<2x4x20x20xf32>) outs(%6 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %31 = arith.truncf %cst_2 : f64 to f32
      %32 = arith.mulf %in, %31 : f32
      linalg.yield %32 : f32
    } -> tensor<2x4x20x20xf32>
    %8 = tensor.empty() : tensor<20x1xi64>
    %9 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_3 : tensor<20x1xi64>, tensor<i64>) outs(%8 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_11: i64, %out: i64):
      %31 = arith.sitofp %in : i64 to f64
      %32 = arith.sitofp %in_11 : i64 to f64
      %33 = arith.divf %31, %32 : f64
      %34 = math.floor %33 : f64
      %35 = arith.fptosi %34 : f64 to i64
      linalg.yield %35 : i64
    } -> tensor<20x1xi64>
    %10 = tensor.empty() : tensor<1x20xi64>
    %11 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded_4, %cst_3 : tensor<1x20xi64>, tensor<i64>) outs(%10 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_11: i64, %out: i64):
      %31 = arith.sitofp %in : i64 to f64
      %32 = arith.sitofp %in_11 : i64 to f64
      %33 = arith.divf %31, %32 : f64
      %34 = math.floor %33 : f64
      %35 = arith.fptosi %34 : f64 to i64
      linalg.yield %35 : i64
    } -> tensor<1x20xi64>
    %12 = tensor.empty() : tensor<20x20xi1>
    %13 = linalg.generic {indexing_maps = [#map4, #map5, #map2], iterator_types = ["parallel", "parallel"]} ins(%9, %11 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%12 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_11: i64, %out: i1):
      %31 = arith.cmpi ne, %in, %in_11 : i64
      linalg.yield %31 : i1
    } -> tensor<20x20xi1>
    %14 = linalg.generic {indexing_maps = [#map5, #map4, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded_4, %expanded : tensor<1x20xi64>, tensor<20x1xi64>) outs(%12 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_11: i64, %out: i1):
      %31 = arith.cmpi sgt, %in, %in_11 : i64
      linalg.yield %31 : i1
    } -> tensor<20x20xi1>
    %15 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%13, %14 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%12 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_11: i1, %out: i1):
      %31 = arith.ori %in, %in_11 : i1
      linalg.yield %31 : i1
    } -> tensor<20x20xi1>
    %16 = linalg.generic {indexing_maps = [#map6, #map7, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15, %cst_1, %7 : tensor<20x20xi1>, tensor<f32>, tensor<2x4x20x20xf32>) outs(%6 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_11: f32, %in_12: f32, %out: f32):
      %31 = arith.select %in, %in_11, %in_12 : f32
      linalg.yield %31 : f32
    } -> tensor<2x4x20x20xf32>
    %17 = tensor.empty() : tensor<2x4x20xi64>
    %18 = linalg.fill ins(%c0_i64 : i64) outs(%17 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %19 = tensor.empty() : tensor<2x4x20xf32>
    %20 = linalg.fill ins(%cst_0 : f32) outs(%19 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %21:2 = linalg.generic {indexing_maps = [#map1, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%16 : tensor<2x4x20x20xf32>) outs(%20, %18 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_11: i64):
      %31 = linalg.index 3 : index
      %32 = arith.index_cast %31 : index to i64
      %33 = arith.maximumf %in, %out : f32
      %34 = arith.cmpf ogt, %in, %out : f32
      %35 = arith.select %34, %32, %out_11 : i64
      linalg.yield %33, %35 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_7 = tensor.expand_shape %21#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16, %expanded_7 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%6 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %31 = arith.subf %in, %in_11 : f32
      linalg.yield %31 : f32
    } -> tensor<2x4x20x20xf32>
    %23 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22 : tensor<2x4x20x20xf32>) outs(%6 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %31 = math.exp %in : f32
      linalg.yield %31 : f32
    } -> tensor<2x4x20x20xf32>
    %24 = tensor.empty() : tensor<2x4x20x1xf32>
    %25 = linalg.fill ins(%cst : f32) outs(%24 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %26 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<2x4x20x20xf32>) outs(%25 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %31 = arith.addf %in, %out : f32
      linalg.yield %31 : f32
    } -> tensor<2x4x20x1xf32>
    %27 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %26 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%6 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %31 = arith.divf %in, %in_11 : f32
      linalg.yield %31 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_8 = tensor.collapse_shape %27 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_9 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %28 = tensor.empty() : tensor<8x20x8xf32>
    %29 = linalg.fill ins(%cst : f32) outs(%28 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %30 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%29 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_10 = tensor.expand_shape %30 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_10 : tensor<2x4x20x8xf32>
  }
}
