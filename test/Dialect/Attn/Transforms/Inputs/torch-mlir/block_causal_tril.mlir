// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_causal_tril
// MLIR 22 parses it
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
  func.func @block_causal_tril(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<2x4x20x20xf32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = arith.constant dense<true> : tensor<20x20xi1>
    %cst_5 = arith.constant 0.59460355750136051 : f64
    %cst_6 = arith.constant 0xFFF0000000000000 : f64
    %cst_7 = arith.constant dense<4> : tensor<i64>
    %0 = tensor.empty() : tensor<20xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %44 = linalg.index 0 : index
      %45 = arith.index_cast %44 : index to i64
      linalg.yield %45 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %expanded_8 = tensor.expand_shape %1 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %2 = tensor.empty() : tensor<20x20xi64>
    %3 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %expanded_8 : tensor<1x20xi64>, tensor<20x1xi64>) outs(%2 : tensor<20x20xi64>) {
    ^bb0(%in: i64, %in_15: i64, %out: i64):
      %44 = arith.subi %in, %in_15 : i64
      linalg.yield %44 : i64
    } -> tensor<20x20xi64>
    %4 = tensor.empty() : tensor<20x20xi1>
    %5 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%3 : tensor<20x20xi64>) outs(%4 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %out: i1):
      %44 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %44 : i1
    } -> tensor<20x20xi1>
    %6 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%5, %cst_4 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%4 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_15: i1, %out: i1):
      %44 = arith.andi %in, %in_15 : i1
      linalg.yield %44 : i1
    } -> tensor<20x20xi1>
    %7 = tensor.empty() : tensor<20x1xi64>
    %8 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded_8, %cst_7 : tensor<20x1xi64>, tensor<i64>) outs(%7 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_15: i64, %out: i64):
      %44 = arith.sitofp %in : i64 to f64
      %45 = arith.sitofp %in_15 : i64 to f64
      %46 = arith.divf %44, %45 : f64
      %47 = math.floor %46 : f64
      %48 = arith.fptosi %47 : f64 to i64
      linalg.yield %48 : i64
    } -> tensor<20x1xi64>
    %9 = tensor.empty() : tensor<1x20xi64>
    %10 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_7 : tensor<1x20xi64>, tensor<i64>) outs(%9 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_15: i64, %out: i64):
      %44 = arith.sitofp %in : i64 to f64
      %45 = arith.sitofp %in_15 : i64 to f64
      %46 = arith.divf %44, %45 : f64
      %47 = math.floor %46 : f64
      %48 = arith.fptosi %47 : f64 to i64
      linalg.yield %48 : i64
    } -> tensor<1x20xi64>
    %11 = linalg.generic {indexing_maps = [#map2, #map1, #map3], iterator_types = ["parallel", "parallel"]} ins(%8, %10 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%4 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_15: i64, %out: i1):
      %44 = arith.cmpi eq, %in, %in_15 : i64
      linalg.yield %44 : i1
    } -> tensor<20x20xi1>
    %12 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%6, %11 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%4 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_15: i1, %out: i1):
      %44 = arith.andi %in, %in_15 : i1
      linalg.yield %44 : i1
    } -> tensor<20x20xi1>
    %13 = tensor.empty() : tensor<20x20xf32>
    %14 = linalg.generic {indexing_maps = [#map3, #map4, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%12, %cst_2, %cst_3 : tensor<20x20xi1>, tensor<f32>, tensor<f32>) outs(%13 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_15: f32, %in_16: f32, %out: f32):
      %44 = arith.select %in, %in_15, %in_16 : f32
      linalg.yield %44 : f32
    } -> tensor<20x20xf32>
    %15 = tensor.empty() : tensor<2x4x20x8xf32>
    %16 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x20x8xf32>) outs(%15 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.truncf %cst_5 : f64 to f32
      %45 = arith.mulf %in, %44 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x20x8xf32>
    %17 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%17 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %18 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x20xf32>) outs(%17 : tensor<2x4x8x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.truncf %cst_5 : f64 to f32
      %45 = arith.mulf %in, %44 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x8x20xf32>
    %collapsed = tensor.collapse_shape %16 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_9 = tensor.collapse_shape %18 [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %19 = tensor.empty() : tensor<8x20x20xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%19 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %21 = linalg.batch_matmul ins(%collapsed, %collapsed_9 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%20 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_10 = tensor.expand_shape %21 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %22 = tensor.empty() : tensor<2x4x20x20xf32>
    %23 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10, %14 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%22 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %44 = arith.addf %in, %in_15 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x20x20xf32>
    %24 = tensor.empty() : tensor<2x4x20xi64>
    %25 = linalg.fill ins(%c0_i64 : i64) outs(%24 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %26 = tensor.empty() : tensor<2x4x20xf32>
    %27 = linalg.fill ins(%cst_0 : f32) outs(%26 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %28:2 = linalg.generic {indexing_maps = [#map5, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<2x4x20x20xf32>) outs(%27, %25 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_15: i64):
      %44 = linalg.index 3 : index
      %45 = arith.index_cast %44 : index to i64
      %46 = arith.maximumf %in, %out : f32
      %47 = arith.cmpf ogt, %in, %out : f32
      %48 = arith.select %47, %45, %out_15 : i64
      linalg.yield %46, %48 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_11 = tensor.expand_shape %28#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %29 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %expanded_11 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%22 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %44 = arith.subf %in, %in_15 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x20x20xf32>
    %30 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%29 : tensor<2x4x20x20xf32>) outs(%22 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = math.exp %in : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x20x20xf32>
    %31 = tensor.empty() : tensor<2x4x20x1xf32>
    %32 = linalg.fill ins(%cst : f32) outs(%31 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %33 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%30 : tensor<2x4x20x20xf32>) outs(%32 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.addf %in, %out : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x20x1xf32>
    %34 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30, %33 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%22 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %44 = arith.divf %in, %in_15 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x20x20xf32>
    %35 = tensor.empty() : tensor<2x4x20x20xi1>
    %36 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23 : tensor<2x4x20x20xf32>) outs(%35 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %44 = arith.extf %in : f32 to f64
      %45 = arith.cmpf oeq, %44, %cst_6 : f64
      linalg.yield %45 : i1
    } -> tensor<2x4x20x20xi1>
    %37 = tensor.empty() : tensor<2x4x20x1xi1>
    %38 = linalg.fill ins(%true : i1) outs(%37 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %39 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%36 : tensor<2x4x20x20xi1>) outs(%38 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %44 = arith.andi %in, %out : i1
      linalg.yield %44 : i1
    } -> tensor<2x4x20x1xi1>
    %40 = linalg.generic {indexing_maps = [#map8, #map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39, %cst_1, %34 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%22 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_15: f32, %in_16: f32, %out: f32):
      %44 = arith.select %in, %in_15, %in_16 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_12 = tensor.collapse_shape %40 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_13 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %41 = tensor.empty() : tensor<8x20x8xf32>
    %42 = linalg.fill ins(%cst : f32) outs(%41 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %43 = linalg.batch_matmul ins(%collapsed_12, %collapsed_13 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%42 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_14 = tensor.expand_shape %43 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_14 : tensor<2x4x20x8xf32>
  }
}
