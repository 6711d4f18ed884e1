// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_causal_bshd
// MLIR 22 parses it
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> ()>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_causal_bshd(%arg0: tensor<2x20x4x8xf32>, %arg1: tensor<2x20x4x8xf32>, %arg2: tensor<2x20x4x8xf32>) -> tensor<2x20x4x8xf32> {
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
    ^bb0(%in: i64, %in_17: i64, %out: i64):
      %42 = arith.sitofp %in : i64 to f64
      %43 = arith.sitofp %in_17 : i64 to f64
      %44 = arith.divf %42, %43 : f64
      %45 = math.floor %44 : f64
      %46 = arith.fptosi %45 : f64 to i64
      linalg.yield %46 : i64
    } -> tensor<20x1xi64>
    %expanded_7 = tensor.expand_shape %1 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %4 = tensor.empty() : tensor<1x20xi64>
    %5 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %cst_6 : tensor<1x20xi64>, tensor<i64>) outs(%4 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_17: i64, %out: i64):
      %42 = arith.sitofp %in : i64 to f64
      %43 = arith.sitofp %in_17 : i64 to f64
      %44 = arith.divf %42, %43 : f64
      %45 = math.floor %44 : f64
      %46 = arith.fptosi %45 : f64 to i64
      linalg.yield %46 : i64
    } -> tensor<1x20xi64>
    %6 = tensor.empty() : tensor<20x20xi1>
    %7 = linalg.generic {indexing_maps = [#map3, #map4, #map1], iterator_types = ["parallel", "parallel"]} ins(%3, %5 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_17: i64, %out: i1):
      %42 = arith.cmpi eq, %in, %in_17 : i64
      linalg.yield %42 : i1
    } -> tensor<20x20xi1>
    %8 = linalg.generic {indexing_maps = [#map4, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %expanded : tensor<1x20xi64>, tensor<20x1xi64>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_17: i64, %out: i1):
      %42 = arith.cmpi sle, %in, %in_17 : i64
      linalg.yield %42 : i1
    } -> tensor<20x20xi1>
    %9 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%7, %8 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_17: i1, %out: i1):
      %42 = arith.andi %in, %in_17 : i1
      linalg.yield %42 : i1
    } -> tensor<20x20xi1>
    %10 = tensor.empty() : tensor<2x4x20x8xf32>
    %transposed = linalg.transpose ins(%arg0 : tensor<2x20x4x8xf32>) outs(%10 : tensor<2x4x20x8xf32>) permutation = [0, 2, 1, 3] 
    %transposed_8 = linalg.transpose ins(%arg2 : tensor<2x20x4x8xf32>) outs(%10 : tensor<2x4x20x8xf32>) permutation = [0, 2, 1, 3] 
    %11 = tensor.empty() : tensor<20x20xf32>
    %12 = linalg.generic {indexing_maps = [#map1, #map2, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%9, %cst_2, %cst_3 : tensor<20x20xi1>, tensor<f32>, tensor<f32>) outs(%11 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_17: f32, %in_18: f32, %out: f32):
      %42 = arith.select %in, %in_17, %in_18 : f32
      linalg.yield %42 : f32
    } -> tensor<20x20xf32>
    %13 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x20x8xf32>) outs(%10 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.truncf %cst_4 : f64 to f32
      %43 = arith.mulf %in, %42 : f32
      linalg.yield %43 : f32
    } -> tensor<2x4x20x8xf32>
    %14 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed_9 = linalg.transpose ins(%arg1 : tensor<2x20x4x8xf32>) outs(%14 : tensor<2x4x8x20xf32>) permutation = [0, 2, 3, 1] 
    %15 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_9 : tensor<2x4x8x20xf32>) outs(%14 : tensor<2x4x8x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.truncf %cst_4 : f64 to f32
      %43 = arith.mulf %in, %42 : f32
      linalg.yield %43 : f32
    } -> tensor<2x4x8x20xf32>
    %collapsed = tensor.collapse_shape %13 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_10 = tensor.collapse_shape %15 [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %16 = tensor.empty() : tensor<8x20x20xf32>
    %17 = linalg.fill ins(%cst : f32) outs(%16 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %18 = linalg.batch_matmul ins(%collapsed, %collapsed_10 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%17 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_11 = tensor.expand_shape %18 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %19 = tensor.empty() : tensor<2x4x20x20xf32>
    %20 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_11, %12 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%19 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_17: f32, %out: f32):
      %42 = arith.addf %in, %in_17 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %21 = tensor.empty() : tensor<2x4x20xi64>
    %22 = linalg.fill ins(%c0_i64 : i64) outs(%21 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %23 = tensor.empty() : tensor<2x4x20xf32>
    %24 = linalg.fill ins(%cst_0 : f32) outs(%23 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %25:2 = linalg.generic {indexing_maps = [#map5, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%20 : tensor<2x4x20x20xf32>) outs(%24, %22 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_17: i64):
      %42 = linalg.index 3 : index
      %43 = arith.index_cast %42 : index to i64
      %44 = arith.maximumf %in, %out : f32
      %45 = arith.cmpf ogt, %in, %out : f32
      %46 = arith.select %45, %43, %out_17 : i64
      linalg.yield %44, %46 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_12 = tensor.expand_shape %25#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %26 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%20, %expanded_12 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%19 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_17: f32, %out: f32):
      %42 = arith.subf %in, %in_17 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %27 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26 : tensor<2x4x20x20xf32>) outs(%19 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = math.exp %in : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %28 = tensor.empty() : tensor<2x4x20x1xf32>
    %29 = linalg.fill ins(%cst : f32) outs(%28 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %30 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%27 : tensor<2x4x20x20xf32>) outs(%29 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.addf %in, %out : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x1xf32>
    %31 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27, %30 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%19 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_17: f32, %out: f32):
      %42 = arith.divf %in, %in_17 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %32 = tensor.empty() : tensor<2x4x20x20xi1>
    %33 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%20 : tensor<2x4x20x20xf32>) outs(%32 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %42 = arith.extf %in : f32 to f64
      %43 = arith.cmpf oeq, %42, %cst_5 : f64
      linalg.yield %43 : i1
    } -> tensor<2x4x20x20xi1>
    %34 = tensor.empty() : tensor<2x4x20x1xi1>
    %35 = linalg.fill ins(%true : i1) outs(%34 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %36 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%33 : tensor<2x4x20x20xi1>) outs(%35 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %42 = arith.andi %in, %out : i1
      linalg.yield %42 : i1
    } -> tensor<2x4x20x1xi1>
    %37 = linalg.generic {indexing_maps = [#map8, #map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36, %cst_1, %31 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%19 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_17: f32, %in_18: f32, %out: f32):
      %42 = arith.select %in, %in_17, %in_18 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_13 = tensor.collapse_shape %37 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_14 = tensor.collapse_shape %transposed_8 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %38 = tensor.empty() : tensor<8x20x8xf32>
    %39 = linalg.fill ins(%cst : f32) outs(%38 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %40 = linalg.batch_matmul ins(%collapsed_13, %collapsed_14 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%39 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_15 = tensor.expand_shape %40 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    %41 = tensor.empty() : tensor<2x20x4x8xf32>
    %transposed_16 = linalg.transpose ins(%expanded_15 : tensor<2x4x20x8xf32>) outs(%41 : tensor<2x20x4x8xf32>) permutation = [0, 2, 1, 3] 
    return %transposed_16 : tensor<2x20x4x8xf32>
  }
}
