// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_other_or
// MLIR 22 parses it
// The block, or the first two keys of all.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> ()>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1) -> (d1)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_other_or(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
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
      %42 = linalg.index 0 : index
      %43 = arith.index_cast %42 : index to i64
      linalg.yield %43 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %2 = tensor.empty() : tensor<20x1xi64>
    %3 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_6 : tensor<20x1xi64>, tensor<i64>) outs(%2 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_14: i64, %out: i64):
      %42 = arith.sitofp %in : i64 to f64
      %43 = arith.sitofp %in_14 : i64 to f64
      %44 = arith.divf %42, %43 : f64
      %45 = math.floor %44 : f64
      %46 = arith.fptosi %45 : f64 to i64
      linalg.yield %46 : i64
    } -> tensor<20x1xi64>
    %expanded_7 = tensor.expand_shape %1 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %4 = tensor.empty() : tensor<1x20xi64>
    %5 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %cst_6 : tensor<1x20xi64>, tensor<i64>) outs(%4 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_14: i64, %out: i64):
      %42 = arith.sitofp %in : i64 to f64
      %43 = arith.sitofp %in_14 : i64 to f64
      %44 = arith.divf %42, %43 : f64
      %45 = math.floor %44 : f64
      %46 = arith.fptosi %45 : f64 to i64
      linalg.yield %46 : i64
    } -> tensor<1x20xi64>
    %6 = tensor.empty() : tensor<20x20xi1>
    %7 = linalg.generic {indexing_maps = [#map3, #map4, #map1], iterator_types = ["parallel", "parallel"]} ins(%3, %5 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_14: i64, %out: i1):
      %42 = arith.cmpi eq, %in, %in_14 : i64
      linalg.yield %42 : i1
    } -> tensor<20x20xi1>
    %8 = tensor.empty() : tensor<20xi1>
    %9 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%1 : tensor<20xi64>) outs(%8 : tensor<20xi1>) {
    ^bb0(%in: i64, %out: i1):
      %42 = arith.cmpi slt, %in, %c2_i64 : i64
      linalg.yield %42 : i1
    } -> tensor<20xi1>
    %10 = linalg.generic {indexing_maps = [#map1, #map5, #map1], iterator_types = ["parallel", "parallel"]} ins(%7, %9 : tensor<20x20xi1>, tensor<20xi1>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_14: i1, %out: i1):
      %42 = arith.ori %in, %in_14 : i1
      linalg.yield %42 : i1
    } -> tensor<20x20xi1>
    %11 = tensor.empty() : tensor<20x20xf32>
    %12 = linalg.generic {indexing_maps = [#map1, #map2, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%10, %cst_2, %cst_3 : tensor<20x20xi1>, tensor<f32>, tensor<f32>) outs(%11 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %42 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %42 : f32
    } -> tensor<20x20xf32>
    %13 = tensor.empty() : tensor<2x4x20x8xf32>
    %14 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x20x8xf32>) outs(%13 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.truncf %cst_4 : f64 to f32
      %43 = arith.mulf %in, %42 : f32
      linalg.yield %43 : f32
    } -> tensor<2x4x20x8xf32>
    %15 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%15 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %16 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x20xf32>) outs(%15 : tensor<2x4x8x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.truncf %cst_4 : f64 to f32
      %43 = arith.mulf %in, %42 : f32
      linalg.yield %43 : f32
    } -> tensor<2x4x8x20xf32>
    %collapsed = tensor.collapse_shape %14 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_8 = tensor.collapse_shape %16 [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %17 = tensor.empty() : tensor<8x20x20xf32>
    %18 = linalg.fill ins(%cst : f32) outs(%17 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %19 = linalg.batch_matmul ins(%collapsed, %collapsed_8 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%18 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_9 = tensor.expand_shape %19 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %20 = tensor.empty() : tensor<2x4x20x20xf32>
    %21 = linalg.generic {indexing_maps = [#map6, #map7, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_9, %12 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%20 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %42 = arith.addf %in, %in_14 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %22 = tensor.empty() : tensor<2x4x20xi64>
    %23 = linalg.fill ins(%c0_i64 : i64) outs(%22 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %24 = tensor.empty() : tensor<2x4x20xf32>
    %25 = linalg.fill ins(%cst_0 : f32) outs(%24 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %26:2 = linalg.generic {indexing_maps = [#map6, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%21 : tensor<2x4x20x20xf32>) outs(%25, %23 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %42 = linalg.index 3 : index
      %43 = arith.index_cast %42 : index to i64
      %44 = arith.maximumf %in, %out : f32
      %45 = arith.cmpf ogt, %in, %out : f32
      %46 = arith.select %45, %43, %out_14 : i64
      linalg.yield %44, %46 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_10 = tensor.expand_shape %26#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %27 = linalg.generic {indexing_maps = [#map6, #map9, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21, %expanded_10 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%20 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %42 = arith.subf %in, %in_14 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %28 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27 : tensor<2x4x20x20xf32>) outs(%20 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = math.exp %in : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %29 = tensor.empty() : tensor<2x4x20x1xf32>
    %30 = linalg.fill ins(%cst : f32) outs(%29 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %31 = linalg.generic {indexing_maps = [#map6, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%28 : tensor<2x4x20x20xf32>) outs(%30 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.addf %in, %out : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x1xf32>
    %32 = linalg.generic {indexing_maps = [#map6, #map9, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28, %31 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%20 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %42 = arith.divf %in, %in_14 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %33 = tensor.empty() : tensor<2x4x20x20xi1>
    %34 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<2x4x20x20xf32>) outs(%33 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %42 = arith.extf %in : f32 to f64
      %43 = arith.cmpf oeq, %42, %cst_5 : f64
      linalg.yield %43 : i1
    } -> tensor<2x4x20x20xi1>
    %35 = tensor.empty() : tensor<2x4x20x1xi1>
    %36 = linalg.fill ins(%true : i1) outs(%35 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %37 = linalg.generic {indexing_maps = [#map6, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%34 : tensor<2x4x20x20xi1>) outs(%36 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %42 = arith.andi %in, %out : i1
      linalg.yield %42 : i1
    } -> tensor<2x4x20x1xi1>
    %38 = linalg.generic {indexing_maps = [#map9, #map6, #map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%37, %cst_1, %32 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%20 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %42 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_11 = tensor.collapse_shape %38 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_12 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %39 = tensor.empty() : tensor<8x20x8xf32>
    %40 = linalg.fill ins(%cst : f32) outs(%39 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %41 = linalg.batch_matmul ins(%collapsed_11, %collapsed_12 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%40 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_13 = tensor.expand_shape %41 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_13 : tensor<2x4x20x8xf32>
  }
}
