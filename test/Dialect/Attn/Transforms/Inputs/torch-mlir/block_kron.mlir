// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_kron
// MLIR 22 parses it
// Kronecker product of an identity and a lower triangle.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, 0)>
#map2 = affine_map<(d0, d1) -> (d1)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> ()>
#map5 = affine_map<(d0, d1) -> (0, d1)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, 0)>
#map7 = affine_map<(d0, d1, d2, d3) -> (0, d1, 0, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map11 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_kron(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<2x4x20x20xf32>
    %cst_2 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_3 = arith.constant dense<1.000000e+00> : tensor<5x5xf32>
    %cst_4 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_5 = arith.constant dense<1.000000e+00> : tensor<f32>
    %cst_6 = arith.constant 0.59460355750136051 : f64
    %cst_7 = arith.constant 0xFFF0000000000000 : f64
    %0 = tensor.empty() : tensor<4xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<4xi64>) {
    ^bb0(%out: i64):
      %49 = linalg.index 0 : index
      %50 = arith.index_cast %49 : index to i64
      linalg.yield %50 : i64
    } -> tensor<4xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [4, 1] : tensor<4xi64> into tensor<4x1xi64>
    %2 = tensor.empty() : tensor<4x4xi1>
    %3 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %1 : tensor<4x1xi64>, tensor<4xi64>) outs(%2 : tensor<4x4xi1>) {
    ^bb0(%in: i64, %in_19: i64, %out: i1):
      %49 = arith.cmpi eq, %in, %in_19 : i64
      linalg.yield %49 : i1
    } -> tensor<4x4xi1>
    %4 = tensor.empty() : tensor<4x4xf32>
    %5 = linalg.generic {indexing_maps = [#map3, #map4, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%3, %cst_5, %cst_4 : tensor<4x4xi1>, tensor<f32>, tensor<f32>) outs(%4 : tensor<4x4xf32>) {
    ^bb0(%in: i1, %in_19: f32, %in_20: f32, %out: f32):
      %49 = arith.select %in, %in_19, %in_20 : f32
      linalg.yield %49 : f32
    } -> tensor<4x4xf32>
    %6 = tensor.empty() : tensor<5xi64>
    %7 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%6 : tensor<5xi64>) {
    ^bb0(%out: i64):
      %49 = linalg.index 0 : index
      %50 = arith.index_cast %49 : index to i64
      linalg.yield %50 : i64
    } -> tensor<5xi64>
    %expanded_8 = tensor.expand_shape %7 [[0, 1]] output_shape [1, 5] : tensor<5xi64> into tensor<1x5xi64>
    %expanded_9 = tensor.expand_shape %7 [[0, 1]] output_shape [5, 1] : tensor<5xi64> into tensor<5x1xi64>
    %8 = tensor.empty() : tensor<5x5xi64>
    %9 = linalg.generic {indexing_maps = [#map5, #map1, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded_8, %expanded_9 : tensor<1x5xi64>, tensor<5x1xi64>) outs(%8 : tensor<5x5xi64>) {
    ^bb0(%in: i64, %in_19: i64, %out: i64):
      %49 = arith.subi %in, %in_19 : i64
      linalg.yield %49 : i64
    } -> tensor<5x5xi64>
    %10 = tensor.empty() : tensor<5x5xi1>
    %11 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%9 : tensor<5x5xi64>) outs(%10 : tensor<5x5xi1>) {
    ^bb0(%in: i64, %out: i1):
      %49 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %49 : i1
    } -> tensor<5x5xi1>
    %12 = tensor.empty() : tensor<5x5xf32>
    %13 = linalg.generic {indexing_maps = [#map3, #map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%11, %cst_3, %cst_4 : tensor<5x5xi1>, tensor<5x5xf32>, tensor<f32>) outs(%12 : tensor<5x5xf32>) {
    ^bb0(%in: i1, %in_19: f32, %in_20: f32, %out: f32):
      %49 = arith.select %in, %in_19, %in_20 : f32
      linalg.yield %49 : f32
    } -> tensor<5x5xf32>
    %expanded_10 = tensor.expand_shape %5 [[0], [1, 2, 3]] output_shape [4, 1, 4, 1] : tensor<4x4xf32> into tensor<4x1x4x1xf32>
    %expanded_11 = tensor.expand_shape %13 [[0, 1], [2, 3]] output_shape [1, 5, 1, 5] : tensor<5x5xf32> into tensor<1x5x1x5xf32>
    %14 = tensor.empty() : tensor<4x5x4x5xf32>
    %15 = linalg.generic {indexing_maps = [#map6, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10, %expanded_11 : tensor<4x1x4x1xf32>, tensor<1x5x1x5xf32>) outs(%14 : tensor<4x5x4x5xf32>) {
    ^bb0(%in: f32, %in_19: f32, %out: f32):
      %49 = arith.mulf %in, %in_19 : f32
      linalg.yield %49 : f32
    } -> tensor<4x5x4x5xf32>
    %collapsed = tensor.collapse_shape %15 [[0, 1], [2, 3]] : tensor<4x5x4x5xf32> into tensor<20x20xf32>
    %16 = tensor.empty() : tensor<20x20xi1>
    %17 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%collapsed : tensor<20x20xf32>) outs(%16 : tensor<20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %49 = arith.cmpf ogt, %in, %cst : f32
      linalg.yield %49 : i1
    } -> tensor<20x20xi1>
    %18 = tensor.empty() : tensor<20x20xf32>
    %19 = linalg.generic {indexing_maps = [#map3, #map4, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%17, %cst_4, %cst_2 : tensor<20x20xi1>, tensor<f32>, tensor<f32>) outs(%18 : tensor<20x20xf32>) {
    ^bb0(%in: i1, %in_19: f32, %in_20: f32, %out: f32):
      %49 = arith.select %in, %in_19, %in_20 : f32
      linalg.yield %49 : f32
    } -> tensor<20x20xf32>
    %20 = tensor.empty() : tensor<2x4x20x8xf32>
    %21 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x20x8xf32>) outs(%20 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = arith.truncf %cst_6 : f64 to f32
      %50 = arith.mulf %in, %49 : f32
      linalg.yield %50 : f32
    } -> tensor<2x4x20x8xf32>
    %22 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%22 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %23 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x20xf32>) outs(%22 : tensor<2x4x8x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = arith.truncf %cst_6 : f64 to f32
      %50 = arith.mulf %in, %49 : f32
      linalg.yield %50 : f32
    } -> tensor<2x4x8x20xf32>
    %collapsed_12 = tensor.collapse_shape %21 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_13 = tensor.collapse_shape %23 [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %24 = tensor.empty() : tensor<8x20x20xf32>
    %25 = linalg.fill ins(%cst : f32) outs(%24 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %26 = linalg.batch_matmul ins(%collapsed_12, %collapsed_13 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%25 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_14 = tensor.expand_shape %26 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %27 = tensor.empty() : tensor<2x4x20x20xf32>
    %28 = linalg.generic {indexing_maps = [#map8, #map9, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_14, %19 : tensor<2x4x20x20xf32>, tensor<20x20xf32>) outs(%27 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_19: f32, %out: f32):
      %49 = arith.addf %in, %in_19 : f32
      linalg.yield %49 : f32
    } -> tensor<2x4x20x20xf32>
    %29 = tensor.empty() : tensor<2x4x20xi64>
    %30 = linalg.fill ins(%c0_i64 : i64) outs(%29 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %31 = tensor.empty() : tensor<2x4x20xf32>
    %32 = linalg.fill ins(%cst_0 : f32) outs(%31 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %33:2 = linalg.generic {indexing_maps = [#map8, #map10, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%28 : tensor<2x4x20x20xf32>) outs(%32, %30 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_19: i64):
      %49 = linalg.index 3 : index
      %50 = arith.index_cast %49 : index to i64
      %51 = arith.maximumf %in, %out : f32
      %52 = arith.cmpf ogt, %in, %out : f32
      %53 = arith.select %52, %50, %out_19 : i64
      linalg.yield %51, %53 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_15 = tensor.expand_shape %33#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %34 = linalg.generic {indexing_maps = [#map8, #map11, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28, %expanded_15 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%27 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_19: f32, %out: f32):
      %49 = arith.subf %in, %in_19 : f32
      linalg.yield %49 : f32
    } -> tensor<2x4x20x20xf32>
    %35 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34 : tensor<2x4x20x20xf32>) outs(%27 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = math.exp %in : f32
      linalg.yield %49 : f32
    } -> tensor<2x4x20x20xf32>
    %36 = tensor.empty() : tensor<2x4x20x1xf32>
    %37 = linalg.fill ins(%cst : f32) outs(%36 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %38 = linalg.generic {indexing_maps = [#map8, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%35 : tensor<2x4x20x20xf32>) outs(%37 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = arith.addf %in, %out : f32
      linalg.yield %49 : f32
    } -> tensor<2x4x20x1xf32>
    %39 = linalg.generic {indexing_maps = [#map8, #map11, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%35, %38 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%27 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_19: f32, %out: f32):
      %49 = arith.divf %in, %in_19 : f32
      linalg.yield %49 : f32
    } -> tensor<2x4x20x20xf32>
    %40 = tensor.empty() : tensor<2x4x20x20xi1>
    %41 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28 : tensor<2x4x20x20xf32>) outs(%40 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %49 = arith.extf %in : f32 to f64
      %50 = arith.cmpf oeq, %49, %cst_7 : f64
      linalg.yield %50 : i1
    } -> tensor<2x4x20x20xi1>
    %42 = tensor.empty() : tensor<2x4x20x1xi1>
    %43 = linalg.fill ins(%true : i1) outs(%42 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %44 = linalg.generic {indexing_maps = [#map8, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%41 : tensor<2x4x20x20xi1>) outs(%43 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %49 = arith.andi %in, %out : i1
      linalg.yield %49 : i1
    } -> tensor<2x4x20x1xi1>
    %45 = linalg.generic {indexing_maps = [#map11, #map8, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%44, %cst_1, %39 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%27 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_19: f32, %in_20: f32, %out: f32):
      %49 = arith.select %in, %in_19, %in_20 : f32
      linalg.yield %49 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_16 = tensor.collapse_shape %45 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_17 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %46 = tensor.empty() : tensor<8x20x8xf32>
    %47 = linalg.fill ins(%cst : f32) outs(%46 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %48 = linalg.batch_matmul ins(%collapsed_16, %collapsed_17 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%47 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_18 = tensor.expand_shape %48 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_18 : tensor<2x4x20x8xf32>
  }
}
