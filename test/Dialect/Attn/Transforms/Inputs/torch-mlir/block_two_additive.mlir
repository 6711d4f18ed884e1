// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_two_additive
// MLIR 22 parses it
// A causal mask and one for the blocks, added one after the other.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (0, d1)>
#map2 = affine_map<(d0, d1) -> (d0, 0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> ()>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_two_additive(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c1_i64 = arith.constant 1 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<20x20xf32>
    %cst_4 = arith.constant 2.8284271247461903 : f64
    %cst_5 = arith.constant dense<5> : tensor<i64>
    %0 = tensor.empty() : tensor<20xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %36 = linalg.index 0 : index
      %37 = arith.index_cast %36 : index to i64
      linalg.yield %37 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %expanded_6 = tensor.expand_shape %1 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %2 = tensor.empty() : tensor<20x20xi64>
    %3 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %expanded_6 : tensor<1x20xi64>, tensor<20x1xi64>) outs(%2 : tensor<20x20xi64>) {
    ^bb0(%in: i64, %in_13: i64, %out: i64):
      %36 = arith.subi %in, %in_13 : i64
      linalg.yield %36 : i64
    } -> tensor<20x20xi64>
    %4 = tensor.empty() : tensor<20x20xi1>
    %5 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%3 : tensor<20x20xi64>) outs(%4 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %out: i1):
      %36 = arith.cmpi sge, %in, %c1_i64 : i64
      linalg.yield %36 : i1
    } -> tensor<20x20xi1>
    %6 = tensor.empty() : tensor<20x20xf32>
    %7 = linalg.generic {indexing_maps = [#map3, #map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%5, %cst_3, %cst_2 : tensor<20x20xi1>, tensor<20x20xf32>, tensor<f32>) outs(%6 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_13: f32, %in_14: f32, %out: f32):
      %36 = arith.select %in, %in_13, %in_14 : f32
      linalg.yield %36 : f32
    } -> tensor<20x20xf32>
    %8 = tensor.empty() : tensor<20x1xi64>
    %9 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded_6, %cst_5 : tensor<20x1xi64>, tensor<i64>) outs(%8 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_13: i64, %out: i64):
      %36 = arith.sitofp %in : i64 to f64
      %37 = arith.sitofp %in_13 : i64 to f64
      %38 = arith.divf %36, %37 : f64
      %39 = math.floor %38 : f64
      %40 = arith.fptosi %39 : f64 to i64
      linalg.yield %40 : i64
    } -> tensor<20x1xi64>
    %10 = tensor.empty() : tensor<1x20xi64>
    %11 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_5 : tensor<1x20xi64>, tensor<i64>) outs(%10 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_13: i64, %out: i64):
      %36 = arith.sitofp %in : i64 to f64
      %37 = arith.sitofp %in_13 : i64 to f64
      %38 = arith.divf %36, %37 : f64
      %39 = math.floor %38 : f64
      %40 = arith.fptosi %39 : f64 to i64
      linalg.yield %40 : i64
    } -> tensor<1x20xi64>
    %12 = linalg.generic {indexing_maps = [#map2, #map1, #map3], iterator_types = ["parallel", "parallel"]} ins(%9, %11 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%4 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_13: i64, %out: i1):
      %36 = arith.cmpi eq, %in, %in_13 : i64
      linalg.yield %36 : i1
    } -> tensor<20x20xi1>
    %13 = linalg.generic {indexing_maps = [#map3, #map4, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%12, %cst_2, %cst_1 : tensor<20x20xi1>, tensor<f32>, tensor<f32>) outs(%6 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_13: f32, %in_14: f32, %out: f32):
      %36 = arith.select %in, %in_13, %in_14 : f32
      linalg.yield %36 : f32
    } -> tensor<20x20xf32>
    %14 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%14 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_7 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %15 = tensor.empty() : tensor<8x20x20xf32>
    %16 = linalg.fill ins(%cst : f32) outs(%15 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %17 = linalg.batch_matmul ins(%collapsed, %collapsed_7 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%16 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_8 = tensor.expand_shape %17 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %18 = tensor.empty() : tensor<2x4x20x20xf32>
    %19 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_8 : tensor<2x4x20x20xf32>) outs(%18 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.truncf %cst_4 : f64 to f32
      %37 = arith.divf %in, %36 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x20xf32>
    %20 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19, %7 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%18 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %36 = arith.addf %in, %in_13 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %21 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%20, %13 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%18 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %36 = arith.addf %in, %in_13 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %22 = tensor.empty() : tensor<2x4x20xi64>
    %23 = linalg.fill ins(%c0_i64 : i64) outs(%22 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %24 = tensor.empty() : tensor<2x4x20xf32>
    %25 = linalg.fill ins(%cst_0 : f32) outs(%24 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %26:2 = linalg.generic {indexing_maps = [#map5, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%21 : tensor<2x4x20x20xf32>) outs(%25, %23 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_13: i64):
      %36 = linalg.index 3 : index
      %37 = arith.index_cast %36 : index to i64
      %38 = arith.maximumf %in, %out : f32
      %39 = arith.cmpf ogt, %in, %out : f32
      %40 = arith.select %39, %37, %out_13 : i64
      linalg.yield %38, %40 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_9 = tensor.expand_shape %26#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %27 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21, %expanded_9 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%18 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %36 = arith.subf %in, %in_13 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %28 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27 : tensor<2x4x20x20xf32>) outs(%18 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = math.exp %in : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %29 = tensor.empty() : tensor<2x4x20x1xf32>
    %30 = linalg.fill ins(%cst : f32) outs(%29 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %31 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%28 : tensor<2x4x20x20xf32>) outs(%30 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.addf %in, %out : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x1xf32>
    %32 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28, %31 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%18 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %36 = arith.divf %in, %in_13 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_10 = tensor.collapse_shape %32 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_11 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %33 = tensor.empty() : tensor<8x20x8xf32>
    %34 = linalg.fill ins(%cst : f32) outs(%33 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %35 = linalg.batch_matmul ins(%collapsed_10, %collapsed_11 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%34 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_12 = tensor.expand_shape %35 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_12 : tensor<2x4x20x8xf32>
  }
}
