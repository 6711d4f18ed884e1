// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_eager_bias
// MLIR 22 parses it
// A relative-position bias, as T5 adds it, and unscaled scores.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>
#map2 = affine_map<(d0) -> (d0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> ()>
#map5 = affine_map<(d0, d1) -> (d0, 0)>
#map6 = affine_map<(d0, d1) -> (0, d1)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> ()>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_eager_bias(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>, %arg3: tensor<1x4x20x20xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %true = arith.constant true
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant dense<4> : tensor<i64>
    %0 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%0 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_3 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %1 = tensor.empty() : tensor<8x20x20xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %3 = linalg.batch_matmul ins(%collapsed, %collapsed_3 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%2 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded = tensor.expand_shape %3 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %4 = tensor.empty() : tensor<2x4x20x20xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded, %arg3 : tensor<2x4x20x20xf32>, tensor<1x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %32 = arith.addf %in, %in_10 : f32
      linalg.yield %32 : f32
    } -> tensor<2x4x20x20xf32>
    %6 = tensor.empty() : tensor<20xi64>
    %7 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel"]} outs(%6 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %32 = linalg.index 0 : index
      %33 = arith.index_cast %32 : index to i64
      linalg.yield %33 : i64
    } -> tensor<20xi64>
    %expanded_4 = tensor.expand_shape %7 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %8 = tensor.empty() : tensor<20x1xi64>
    %9 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded_4, %cst_2 : tensor<20x1xi64>, tensor<i64>) outs(%8 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_10: i64, %out: i64):
      %32 = arith.sitofp %in : i64 to f64
      %33 = arith.sitofp %in_10 : i64 to f64
      %34 = arith.divf %32, %33 : f64
      %35 = math.floor %34 : f64
      %36 = arith.fptosi %35 : f64 to i64
      linalg.yield %36 : i64
    } -> tensor<20x1xi64>
    %expanded_5 = tensor.expand_shape %7 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %10 = tensor.empty() : tensor<1x20xi64>
    %11 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded_5, %cst_2 : tensor<1x20xi64>, tensor<i64>) outs(%10 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_10: i64, %out: i64):
      %32 = arith.sitofp %in : i64 to f64
      %33 = arith.sitofp %in_10 : i64 to f64
      %34 = arith.divf %32, %33 : f64
      %35 = math.floor %34 : f64
      %36 = arith.fptosi %35 : f64 to i64
      linalg.yield %36 : i64
    } -> tensor<1x20xi64>
    %12 = tensor.empty() : tensor<20x20xi1>
    %13 = linalg.generic {indexing_maps = [#map5, #map6, #map3], iterator_types = ["parallel", "parallel"]} ins(%9, %11 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%12 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_10: i64, %out: i1):
      %32 = arith.cmpi eq, %in, %in_10 : i64
      linalg.yield %32 : i1
    } -> tensor<20x20xi1>
    %14 = linalg.generic {indexing_maps = [#map6, #map5, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded_5, %expanded_4 : tensor<1x20xi64>, tensor<20x1xi64>) outs(%12 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_10: i64, %out: i1):
      %32 = arith.cmpi sle, %in, %in_10 : i64
      linalg.yield %32 : i1
    } -> tensor<20x20xi1>
    %15 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%13, %14 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%12 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_10: i1, %out: i1):
      %32 = arith.andi %in, %in_10 : i1
      linalg.yield %32 : i1
    } -> tensor<20x20xi1>
    %16 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%15 : tensor<20x20xi1>) outs(%12 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %out: i1):
      %32 = arith.xori %in, %true : i1
      linalg.yield %32 : i1
    } -> tensor<20x20xi1>
    %17 = linalg.generic {indexing_maps = [#map7, #map8, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16, %cst_1, %5 : tensor<20x20xi1>, tensor<f32>, tensor<2x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_10: f32, %in_11: f32, %out: f32):
      %32 = arith.select %in, %in_10, %in_11 : f32
      linalg.yield %32 : f32
    } -> tensor<2x4x20x20xf32>
    %18 = tensor.empty() : tensor<2x4x20xi64>
    %19 = linalg.fill ins(%c0_i64 : i64) outs(%18 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %20 = tensor.empty() : tensor<2x4x20xf32>
    %21 = linalg.fill ins(%cst_0 : f32) outs(%20 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %22:2 = linalg.generic {indexing_maps = [#map, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%17 : tensor<2x4x20x20xf32>) outs(%21, %19 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_10: i64):
      %32 = linalg.index 3 : index
      %33 = arith.index_cast %32 : index to i64
      %34 = arith.maximumf %in, %out : f32
      %35 = arith.cmpf ogt, %in, %out : f32
      %36 = arith.select %35, %33, %out_10 : i64
      linalg.yield %34, %36 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_6 = tensor.expand_shape %22#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %23 = linalg.generic {indexing_maps = [#map, #map10, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17, %expanded_6 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %32 = arith.subf %in, %in_10 : f32
      linalg.yield %32 : f32
    } -> tensor<2x4x20x20xf32>
    %24 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23 : tensor<2x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %32 = math.exp %in : f32
      linalg.yield %32 : f32
    } -> tensor<2x4x20x20xf32>
    %25 = tensor.empty() : tensor<2x4x20x1xf32>
    %26 = linalg.fill ins(%cst : f32) outs(%25 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %27 = linalg.generic {indexing_maps = [#map, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%24 : tensor<2x4x20x20xf32>) outs(%26 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %32 = arith.addf %in, %out : f32
      linalg.yield %32 : f32
    } -> tensor<2x4x20x1xf32>
    %28 = linalg.generic {indexing_maps = [#map, #map10, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24, %27 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %32 = arith.divf %in, %in_10 : f32
      linalg.yield %32 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_7 = tensor.collapse_shape %28 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_8 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %29 = tensor.empty() : tensor<8x20x8xf32>
    %30 = linalg.fill ins(%cst : f32) outs(%29 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %31 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%30 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_9 = tensor.expand_shape %31 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_9 : tensor<2x4x20x8xf32>
  }
}
