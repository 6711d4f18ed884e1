// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_other_shifted
// MLIR 22 parses it
// Blocks that begin two positions early, as after padding on the left.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0) -> ()>
#map2 = affine_map<(d0, d1) -> (d0, 0)>
#map3 = affine_map<(d0, d1) -> (0, d1)>
#map4 = affine_map<(d0, d1) -> (d0, d1)>
#map5 = affine_map<(d0, d1) -> ()>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_other_shifted(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c2_i64 = arith.constant 2 : i64
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<2x4x20x20xf32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = arith.constant 0.59460355750136051 : f64
    %cst_5 = arith.constant 0xFFF0000000000000 : f64
    %cst_6 = arith.constant dense<5> : tensor<i64>
    %0 = tensor.empty() : tensor<20xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %37 = linalg.index 0 : index
      %38 = arith.index_cast %37 : index to i64
      linalg.yield %38 : i64
    } -> tensor<20xi64>
    %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%1 : tensor<20xi64>) outs(%0 : tensor<20xi64>) {
    ^bb0(%in: i64, %out: i64):
      %37 = arith.addi %in, %c2_i64 : i64
      linalg.yield %37 : i64
    } -> tensor<20xi64>
    %3 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel"]} ins(%2, %cst_6 : tensor<20xi64>, tensor<i64>) outs(%0 : tensor<20xi64>) {
    ^bb0(%in: i64, %in_14: i64, %out: i64):
      %37 = arith.sitofp %in : i64 to f64
      %38 = arith.sitofp %in_14 : i64 to f64
      %39 = arith.divf %37, %38 : f64
      %40 = math.floor %39 : f64
      %41 = arith.fptosi %40 : f64 to i64
      linalg.yield %41 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %3 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %expanded_7 = tensor.expand_shape %3 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %4 = tensor.empty() : tensor<20x20xi1>
    %5 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel"]} ins(%expanded, %expanded_7 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%4 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_14: i64, %out: i1):
      %37 = arith.cmpi eq, %in, %in_14 : i64
      linalg.yield %37 : i1
    } -> tensor<20x20xi1>
    %6 = tensor.empty() : tensor<20x20xf32>
    %7 = linalg.generic {indexing_maps = [#map4, #map5, #map5, #map4], iterator_types = ["parallel", "parallel"]} ins(%5, %cst_2, %cst_3 : tensor<20x20xi1>, tensor<f32>, tensor<f32>) outs(%6 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %37 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %37 : f32
    } -> tensor<20x20xf32>
    %8 = tensor.empty() : tensor<2x4x20x8xf32>
    %9 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x20x8xf32>) outs(%8 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.truncf %cst_4 : f64 to f32
      %38 = arith.mulf %in, %37 : f32
      linalg.yield %38 : f32
    } -> tensor<2x4x20x8xf32>
    %10 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%10 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %11 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x20xf32>) outs(%10 : tensor<2x4x8x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.truncf %cst_4 : f64 to f32
      %38 = arith.mulf %in, %37 : f32
      linalg.yield %38 : f32
    } -> tensor<2x4x8x20xf32>
    %collapsed = tensor.collapse_shape %9 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_8 = tensor.collapse_shape %11 [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %12 = tensor.empty() : tensor<8x20x20xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %14 = linalg.batch_matmul ins(%collapsed, %collapsed_8 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%13 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_9 = tensor.expand_shape %14 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %15 = tensor.empty() : tensor<2x4x20x20xf32>
    %16 = linalg.generic {indexing_maps = [#map6, #map7, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_9, %7 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%15 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %37 = arith.addf %in, %in_14 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x20xf32>
    %17 = tensor.empty() : tensor<2x4x20xi64>
    %18 = linalg.fill ins(%c0_i64 : i64) outs(%17 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %19 = tensor.empty() : tensor<2x4x20xf32>
    %20 = linalg.fill ins(%cst_0 : f32) outs(%19 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %21:2 = linalg.generic {indexing_maps = [#map6, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%16 : tensor<2x4x20x20xf32>) outs(%20, %18 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %37 = linalg.index 3 : index
      %38 = arith.index_cast %37 : index to i64
      %39 = arith.maximumf %in, %out : f32
      %40 = arith.cmpf ogt, %in, %out : f32
      %41 = arith.select %40, %38, %out_14 : i64
      linalg.yield %39, %41 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_10 = tensor.expand_shape %21#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %22 = linalg.generic {indexing_maps = [#map6, #map9, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16, %expanded_10 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%15 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %37 = arith.subf %in, %in_14 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x20xf32>
    %23 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22 : tensor<2x4x20x20xf32>) outs(%15 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.exp %in : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x20xf32>
    %24 = tensor.empty() : tensor<2x4x20x1xf32>
    %25 = linalg.fill ins(%cst : f32) outs(%24 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %26 = linalg.generic {indexing_maps = [#map6, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<2x4x20x20xf32>) outs(%25 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.addf %in, %out : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x1xf32>
    %27 = linalg.generic {indexing_maps = [#map6, #map9, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %26 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%15 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %37 = arith.divf %in, %in_14 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x20xf32>
    %28 = tensor.empty() : tensor<2x4x20x20xi1>
    %29 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16 : tensor<2x4x20x20xf32>) outs(%28 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %37 = arith.extf %in : f32 to f64
      %38 = arith.cmpf oeq, %37, %cst_5 : f64
      linalg.yield %38 : i1
    } -> tensor<2x4x20x20xi1>
    %30 = tensor.empty() : tensor<2x4x20x1xi1>
    %31 = linalg.fill ins(%true : i1) outs(%30 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %32 = linalg.generic {indexing_maps = [#map6, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%29 : tensor<2x4x20x20xi1>) outs(%31 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %37 = arith.andi %in, %out : i1
      linalg.yield %37 : i1
    } -> tensor<2x4x20x1xi1>
    %33 = linalg.generic {indexing_maps = [#map9, #map6, #map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32, %cst_1, %27 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%15 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %37 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_11 = tensor.collapse_shape %33 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_12 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %34 = tensor.empty() : tensor<8x20x8xf32>
    %35 = linalg.fill ins(%cst : f32) outs(%34 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %36 = linalg.batch_matmul ins(%collapsed_11, %collapsed_12 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%35 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_13 = tensor.expand_shape %36 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_13 : tensor<2x4x20x8xf32>
  }
}
