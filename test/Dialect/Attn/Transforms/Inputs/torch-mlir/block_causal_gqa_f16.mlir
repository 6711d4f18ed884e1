// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_causal_gqa_f16
// MLIR 22 parses it
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> ()>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#map7 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_causal_gqa_f16(%arg0: tensor<2x4x20x8xf16>, %arg1: tensor<2x2x20x8xf16>, %arg2: tensor<2x2x20x8xf16>) -> tensor<2x4x20x8xf16> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<2x4x20x20xf32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f16>
    %cst_3 = arith.constant dense<0xFC00> : tensor<f16>
    %cst_4 = arith.constant 0.59460355750136051 : f64
    %cst_5 = arith.constant 0xFFF0000000000000 : f64
    %cst_6 = arith.constant dense<5> : tensor<i64>
    %0 = tensor.empty() : tensor<20xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %50 = linalg.index 0 : index
      %51 = arith.index_cast %50 : index to i64
      linalg.yield %51 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %2 = tensor.empty() : tensor<20x1xi64>
    %3 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_6 : tensor<20x1xi64>, tensor<i64>) outs(%2 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_15: i64, %out: i64):
      %50 = arith.sitofp %in : i64 to f64
      %51 = arith.sitofp %in_15 : i64 to f64
      %52 = arith.divf %50, %51 : f64
      %53 = math.floor %52 : f64
      %54 = arith.fptosi %53 : f64 to i64
      linalg.yield %54 : i64
    } -> tensor<20x1xi64>
    %expanded_7 = tensor.expand_shape %1 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %4 = tensor.empty() : tensor<1x20xi64>
    %5 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %cst_6 : tensor<1x20xi64>, tensor<i64>) outs(%4 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_15: i64, %out: i64):
      %50 = arith.sitofp %in : i64 to f64
      %51 = arith.sitofp %in_15 : i64 to f64
      %52 = arith.divf %50, %51 : f64
      %53 = math.floor %52 : f64
      %54 = arith.fptosi %53 : f64 to i64
      linalg.yield %54 : i64
    } -> tensor<1x20xi64>
    %6 = tensor.empty() : tensor<20x20xi1>
    %7 = linalg.generic {indexing_maps = [#map3, #map4, #map1], iterator_types = ["parallel", "parallel"]} ins(%3, %5 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_15: i64, %out: i1):
      %50 = arith.cmpi eq, %in, %in_15 : i64
      linalg.yield %50 : i1
    } -> tensor<20x20xi1>
    %8 = linalg.generic {indexing_maps = [#map4, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %expanded : tensor<1x20xi64>, tensor<20x1xi64>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_15: i64, %out: i1):
      %50 = arith.cmpi sle, %in, %in_15 : i64
      linalg.yield %50 : i1
    } -> tensor<20x20xi1>
    %9 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%7, %8 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_15: i1, %out: i1):
      %50 = arith.andi %in, %in_15 : i1
      linalg.yield %50 : i1
    } -> tensor<20x20xi1>
    %10 = tensor.empty() : tensor<20x20xf16>
    %11 = linalg.generic {indexing_maps = [#map1, #map2, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%9, %cst_2, %cst_3 : tensor<20x20xi1>, tensor<f16>, tensor<f16>) outs(%10 : tensor<20x20xf16>) {
    ^bb0(%in: i1, %in_15: f16, %in_16: f16, %out: f16):
      %50 = arith.select %in, %in_15, %in_16 : f16
      linalg.yield %50 : f16
    } -> tensor<20x20xf16>
    %12 = tensor.empty() : tensor<2x4x20x8xf32>
    %13 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x20x8xf16>) outs(%12 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f16, %out: f32):
      %50 = arith.extf %in : f16 to f32
      linalg.yield %50 : f32
    } -> tensor<2x4x20x8xf32>
    %14 = tensor.empty() : tensor<2x2x20x8xf32>
    %15 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<2x2x20x8xf16>) outs(%14 : tensor<2x2x20x8xf32>) {
    ^bb0(%in: f16, %out: f32):
      %50 = arith.extf %in : f16 to f32
      linalg.yield %50 : f32
    } -> tensor<2x2x20x8xf32>
    %16 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<2x2x20x8xf16>) outs(%14 : tensor<2x2x20x8xf32>) {
    ^bb0(%in: f16, %out: f32):
      %50 = arith.extf %in : f16 to f32
      linalg.yield %50 : f32
    } -> tensor<2x2x20x8xf32>
    %17 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%13 : tensor<2x4x20x8xf32>) outs(%12 : tensor<2x4x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = arith.truncf %cst_4 : f64 to f32
      %51 = arith.mulf %in, %50 : f32
      linalg.yield %51 : f32
    } -> tensor<2x4x20x8xf32>
    %18 = tensor.empty() : tensor<2x2x2x20x8xf32>
    %19 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<2x2x20x8xf32>) outs(%18 : tensor<2x2x2x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x2x2x20x8xf32>
    %collapsed = tensor.collapse_shape %19 [[0], [1, 2], [3], [4]] : tensor<2x2x2x20x8xf32> into tensor<2x4x20x8xf32>
    %20 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%16 : tensor<2x2x20x8xf32>) outs(%18 : tensor<2x2x2x20x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x2x2x20x8xf32>
    %21 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%collapsed : tensor<2x4x20x8xf32>) outs(%21 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %22 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x20xf32>) outs(%21 : tensor<2x4x8x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = arith.truncf %cst_4 : f64 to f32
      %51 = arith.mulf %in, %50 : f32
      linalg.yield %51 : f32
    } -> tensor<2x4x8x20xf32>
    %collapsed_8 = tensor.collapse_shape %17 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_9 = tensor.collapse_shape %22 [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %23 = tensor.empty() : tensor<8x20x20xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%23 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %25 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%24 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_10 = tensor.expand_shape %25 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %26 = tensor.empty() : tensor<2x4x20x20xf32>
    %27 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10, %11 : tensor<2x4x20x20xf32>, tensor<20x20xf16>) outs(%26 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_15: f16, %out: f32):
      %50 = arith.extf %in_15 : f16 to f32
      %51 = arith.addf %in, %50 : f32
      linalg.yield %51 : f32
    } -> tensor<2x4x20x20xf32>
    %28 = tensor.empty() : tensor<2x4x20xi64>
    %29 = linalg.fill ins(%c0_i64 : i64) outs(%28 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %30 = tensor.empty() : tensor<2x4x20xf32>
    %31 = linalg.fill ins(%cst_0 : f32) outs(%30 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %32:2 = linalg.generic {indexing_maps = [#map5, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%27 : tensor<2x4x20x20xf32>) outs(%31, %29 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_15: i64):
      %50 = linalg.index 3 : index
      %51 = arith.index_cast %50 : index to i64
      %52 = arith.maximumf %in, %out : f32
      %53 = arith.cmpf ogt, %in, %out : f32
      %54 = arith.select %53, %51, %out_15 : i64
      linalg.yield %52, %54 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_11 = tensor.expand_shape %32#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %33 = linalg.generic {indexing_maps = [#map5, #map10, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27, %expanded_11 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%26 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %50 = arith.subf %in, %in_15 : f32
      linalg.yield %50 : f32
    } -> tensor<2x4x20x20xf32>
    %34 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%33 : tensor<2x4x20x20xf32>) outs(%26 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = math.exp %in : f32
      linalg.yield %50 : f32
    } -> tensor<2x4x20x20xf32>
    %35 = tensor.empty() : tensor<2x4x20x1xf32>
    %36 = linalg.fill ins(%cst : f32) outs(%35 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %37 = linalg.generic {indexing_maps = [#map5, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%34 : tensor<2x4x20x20xf32>) outs(%36 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = arith.addf %in, %out : f32
      linalg.yield %50 : f32
    } -> tensor<2x4x20x1xf32>
    %38 = linalg.generic {indexing_maps = [#map5, #map10, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34, %37 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%26 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %50 = arith.divf %in, %in_15 : f32
      linalg.yield %50 : f32
    } -> tensor<2x4x20x20xf32>
    %39 = tensor.empty() : tensor<2x4x20x20xi1>
    %40 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27 : tensor<2x4x20x20xf32>) outs(%39 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %50 = arith.extf %in : f32 to f64
      %51 = arith.cmpf oeq, %50, %cst_5 : f64
      linalg.yield %51 : i1
    } -> tensor<2x4x20x20xi1>
    %41 = tensor.empty() : tensor<2x4x20x1xi1>
    %42 = linalg.fill ins(%true : i1) outs(%41 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %43 = linalg.generic {indexing_maps = [#map5, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%40 : tensor<2x4x20x20xi1>) outs(%42 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %50 = arith.andi %in, %out : i1
      linalg.yield %50 : i1
    } -> tensor<2x4x20x1xi1>
    %44 = linalg.generic {indexing_maps = [#map10, #map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%43, %cst_1, %38 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%26 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_15: f32, %in_16: f32, %out: f32):
      %50 = arith.select %in, %in_15, %in_16 : f32
      linalg.yield %50 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_12 = tensor.collapse_shape %44 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_13 = tensor.collapse_shape %20 [[0, 1, 2], [3], [4]] : tensor<2x2x2x20x8xf32> into tensor<8x20x8xf32>
    %45 = tensor.empty() : tensor<8x20x8xf32>
    %46 = linalg.fill ins(%cst : f32) outs(%45 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %47 = linalg.batch_matmul ins(%collapsed_12, %collapsed_13 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%46 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_14 = tensor.expand_shape %47 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    %48 = tensor.empty() : tensor<2x4x20x8xf16>
    %49 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_14 : tensor<2x4x20x8xf32>) outs(%48 : tensor<2x4x20x8xf16>) {
    ^bb0(%in: f32, %out: f16):
      %50 = arith.truncf %in : f32 to f16
      linalg.yield %50 : f16
    } -> tensor<2x4x20x8xf16>
    return %49 : tensor<2x4x20x8xf16>
  }
}
