// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_other_remainder
// MLIR 22 parses it
// The same place in every block.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, 0)>
#map2 = affine_map<(d0, d1) -> (0, d1)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> ()>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_other_remainder(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c5_i64 = arith.constant 5 : i64
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<2x4x20x20xf32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = arith.constant 0.59460355750136051 : f64
    %cst_5 = arith.constant 0xFFF0000000000000 : f64
    %0 = tensor.empty() : tensor<20xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %36 = linalg.index 0 : index
      %37 = arith.index_cast %36 : index to i64
      linalg.yield %37 : i64
    } -> tensor<20xi64>
    %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%1 : tensor<20xi64>) outs(%0 : tensor<20xi64>) {
    ^bb0(%in: i64, %out: i64):
      %36 = arith.remsi %in, %c5_i64 : i64
      %37 = arith.cmpi ne, %36, %c0_i64 : i64
      %38 = arith.cmpi slt, %36, %c0_i64 : i64
      %39 = arith.andi %37, %38 : i1
      %40 = arith.addi %36, %c5_i64 : i64
      %41 = arith.select %39, %40, %36 : i64
      linalg.yield %41 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %2 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %expanded_6 = tensor.expand_shape %2 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %3 = tensor.empty() : tensor<20x20xi1>
    %4 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %expanded_6 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%3 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_13: i64, %out: i1):
      %36 = arith.cmpi eq, %in, %in_13 : i64
      linalg.yield %36 : i1
    } -> tensor<20x20xi1>
    %5 = tensor.empty() : tensor<20x20xf32>
    %6 = linalg.generic {indexing_maps = [#map3, #map4, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%4, %cst_2, %cst_3 : tensor<20x20xi1>, tensor<f32>, tensor<f32>) outs(%5 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_13: f32, %in_14: f32, %out: f32):
      %36 = arith.select %in, %in_13, %in_14 : f32
      linalg.yield %36 : f32
    } -> tensor<20x20xf32>
    %7 = tensor.empty() : tensor<2x4x20x8xf32>
    %8 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x20x8xf32>) outs(%7 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.truncf %cst_4 : f64 to f32
      %37 = arith.mulf %in, %36 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x20x8xf32>
    %9 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%9 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %10 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x20xf32>) outs(%9 : tensor<2x4x8x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.truncf %cst_4 : f64 to f32
      %37 = arith.mulf %in, %36 : f32
      linalg.yield %37 : f32
    } -> tensor<2x4x8x20xf32>
    %collapsed = tensor.collapse_shape %8 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_7 = tensor.collapse_shape %10 [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %11 = tensor.empty() : tensor<8x20x20xf32>
    %12 = linalg.fill ins(%cst : f32) outs(%11 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %13 = linalg.batch_matmul ins(%collapsed, %collapsed_7 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%12 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_8 = tensor.expand_shape %13 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %14 = tensor.empty() : tensor<2x4x20x20xf32>
    %15 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_8, %6 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%14 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %36 = arith.addf %in, %in_13 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %16 = tensor.empty() : tensor<2x4x20xi64>
    %17 = linalg.fill ins(%c0_i64 : i64) outs(%16 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %18 = tensor.empty() : tensor<2x4x20xf32>
    %19 = linalg.fill ins(%cst_0 : f32) outs(%18 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %20:2 = linalg.generic {indexing_maps = [#map5, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%15 : tensor<2x4x20x20xf32>) outs(%19, %17 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_13: i64):
      %36 = linalg.index 3 : index
      %37 = arith.index_cast %36 : index to i64
      %38 = arith.maximumf %in, %out : f32
      %39 = arith.cmpf ogt, %in, %out : f32
      %40 = arith.select %39, %37, %out_13 : i64
      linalg.yield %38, %40 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_9 = tensor.expand_shape %20#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %21 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15, %expanded_9 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%14 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %36 = arith.subf %in, %in_13 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %22 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<2x4x20x20xf32>) outs(%14 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = math.exp %in : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %23 = tensor.empty() : tensor<2x4x20x1xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%23 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %25 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%22 : tensor<2x4x20x20xf32>) outs(%24 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.addf %in, %out : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x1xf32>
    %26 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %25 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%14 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %36 = arith.divf %in, %in_13 : f32
      linalg.yield %36 : f32
    } -> tensor<2x4x20x20xf32>
    %27 = tensor.empty() : tensor<2x4x20x20xi1>
    %28 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<2x4x20x20xf32>) outs(%27 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %36 = arith.extf %in : f32 to f64
      %37 = arith.cmpf oeq, %36, %cst_5 : f64
      linalg.yield %37 : i1
    } -> tensor<2x4x20x20xi1>
    %29 = tensor.empty() : tensor<2x4x20x1xi1>
    %30 = linalg.fill ins(%true : i1) outs(%29 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %31 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%28 : tensor<2x4x20x20xi1>) outs(%30 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %36 = arith.andi %in, %out : i1
      linalg.yield %36 : i1
    } -> tensor<2x4x20x1xi1>
    %32 = linalg.generic {indexing_maps = [#map8, #map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%31, %cst_1, %26 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%14 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_13: f32, %in_14: f32, %out: f32):
      %36 = arith.select %in, %in_13, %in_14 : f32
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
