// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py sdpa_decode_dynamic_cache
// MLIR 22 parses it
// One query token against a cache of any length, with a key mask.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> ()>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @sdpa_decode_dynamic_cache(%arg0: tensor<2x4x1x8xf32>, %arg1: tensor<2x2x?x8xf32>, %arg2: tensor<2x2x?x8xf32>, %arg3: tensor<2x1x1x?xi1>) -> tensor<2x4x1x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_3 = arith.constant 0.59460355750136051 : f64
    %cst_4 = arith.constant 0xFFF0000000000000 : f64
    %dim = tensor.dim %arg2, %c2 : tensor<2x2x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_5 = tensor.dim %arg3, %c3 : tensor<2x1x1x?xi1>
    %1 = tensor.empty(%dim_5) : tensor<2x1x1x?xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg3, %cst_1, %cst_2 : tensor<2x1x1x?xi1>, tensor<f32>, tensor<f32>) outs(%1 : tensor<2x1x1x?xf32>) {
    ^bb0(%in: i1, %in_16: f32, %in_17: f32, %out: f32):
      %44 = arith.select %in, %in_16, %in_17 : f32
      linalg.yield %44 : f32
    } -> tensor<2x1x1x?xf32>
    %3 = tensor.empty() : tensor<2x4x1x8xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x1x8xf32>) outs(%3 : tensor<2x4x1x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.truncf %cst_3 : f64 to f32
      %45 = arith.mulf %in, %44 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x1x8xf32>
    %dim_6 = tensor.dim %arg1, %c2 : tensor<2x2x?x8xf32>
    %expanded = tensor.expand_shape %arg1 [[0], [1], [2, 3], [4]] output_shape [2, 2, 1, %dim_6, 8] : tensor<2x2x?x8xf32> into tensor<2x2x1x?x8xf32>
    %5 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %5, "unimplemented: dynamic negative broadcast sizes"
    %6 = tensor.empty(%dim) : tensor<2x2x2x?x8xf32>
    %7 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%6 : tensor<2x2x2x?x8xf32>) {
    ^bb0(%out: f32):
      %44 = linalg.index 0 : index
      %45 = linalg.index 1 : index
      %46 = linalg.index 3 : index
      %47 = linalg.index 4 : index
      %48 = arith.cmpi eq, %dim_6, %c1 : index
      %49 = arith.select %48, %c0, %46 : index
      %extracted = tensor.extract %expanded[%44, %45, %c0, %49, %47] : tensor<2x2x1x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x2x2x?x8xf32>
    %collapsed = tensor.collapse_shape %7 [[0], [1, 2], [3], [4]] : tensor<2x2x2x?x8xf32> into tensor<2x4x?x8xf32>
    %expanded_7 = tensor.expand_shape %arg2 [[0], [1], [2, 3], [4]] output_shape [2, 2, 1, %dim, 8] : tensor<2x2x?x8xf32> into tensor<2x2x1x?x8xf32>
    cf.assert %5, "unimplemented: dynamic negative broadcast sizes"
    %8 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%6 : tensor<2x2x2x?x8xf32>) {
    ^bb0(%out: f32):
      %44 = linalg.index 0 : index
      %45 = linalg.index 1 : index
      %46 = linalg.index 3 : index
      %47 = linalg.index 4 : index
      %48 = arith.cmpi eq, %dim, %c1 : index
      %49 = arith.select %48, %c0, %46 : index
      %extracted = tensor.extract %expanded_7[%44, %45, %c0, %49, %47] : tensor<2x2x1x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x2x2x?x8xf32>
    %collapsed_8 = tensor.collapse_shape %8 [[0], [1, 2], [3], [4]] : tensor<2x2x2x?x8xf32> into tensor<2x4x?x8xf32>
    %9 = tensor.empty(%dim) : tensor<2x4x8x?xf32>
    %transposed = linalg.transpose ins(%collapsed : tensor<2x4x?x8xf32>) outs(%9 : tensor<2x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %10 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x?xf32>) outs(%9 : tensor<2x4x8x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.truncf %cst_3 : f64 to f32
      %45 = arith.mulf %in, %44 : f32
      linalg.yield %45 : f32
    } -> tensor<2x4x8x?xf32>
    %collapsed_9 = tensor.collapse_shape %4 [[0, 1], [2], [3]] : tensor<2x4x1x8xf32> into tensor<8x1x8xf32>
    cf.assert %5, "unimplemented: dynamic negative broadcast sizes"
    %11 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%9 : tensor<2x4x8x?xf32>) {
    ^bb0(%out: f32):
      %44 = linalg.index 0 : index
      %45 = linalg.index 1 : index
      %46 = linalg.index 2 : index
      %47 = linalg.index 3 : index
      %48 = arith.cmpi eq, %dim, %c1 : index
      %49 = arith.select %48, %c0, %47 : index
      %extracted = tensor.extract %10[%44, %45, %46, %49] : tensor<2x4x8x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x8x?xf32>
    %collapsed_10 = tensor.collapse_shape %11 [[0, 1], [2], [3]] : tensor<2x4x8x?xf32> into tensor<8x8x?xf32>
    %12 = tensor.empty(%dim) : tensor<8x1x?xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<8x1x?xf32>) -> tensor<8x1x?xf32>
    %14 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x1x8xf32>, tensor<8x8x?xf32>) outs(%13 : tensor<8x1x?xf32>) -> tensor<8x1x?xf32>
    %expanded_11 = tensor.expand_shape %14 [[0, 1], [2], [3]] output_shape [2, 4, 1, %dim] : tensor<8x1x?xf32> into tensor<2x4x1x?xf32>
    %15 = arith.cmpi eq, %dim, %dim_5 : index
    cf.assert %15, "mismatched size for broadcast"
    %16 = tensor.empty(%dim) : tensor<2x4x1x?xf32>
    %17 = linalg.generic {indexing_maps = [#map, #map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_11, %2 : tensor<2x4x1x?xf32>, tensor<2x1x1x?xf32>) outs(%16 : tensor<2x4x1x?xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %44 = arith.addf %in, %in_16 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x1x?xf32>
    %18 = tensor.empty() : tensor<2x4x1xi64>
    %19 = linalg.fill ins(%c0_i64 : i64) outs(%18 : tensor<2x4x1xi64>) -> tensor<2x4x1xi64>
    %20 = tensor.empty() : tensor<2x4x1xf32>
    %21 = linalg.fill ins(%cst_0 : f32) outs(%20 : tensor<2x4x1xf32>) -> tensor<2x4x1xf32>
    %22:2 = linalg.generic {indexing_maps = [#map, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%17 : tensor<2x4x1x?xf32>) outs(%21, %19 : tensor<2x4x1xf32>, tensor<2x4x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_16: i64):
      %44 = linalg.index 3 : index
      %45 = arith.index_cast %44 : index to i64
      %46 = arith.maximumf %in, %out : f32
      %47 = arith.cmpf ogt, %in, %out : f32
      %48 = arith.select %47, %45, %out_16 : i64
      linalg.yield %46, %48 : f32, i64
    } -> (tensor<2x4x1xf32>, tensor<2x4x1xi64>)
    %expanded_12 = tensor.expand_shape %22#0 [[0], [1], [2, 3]] output_shape [2, 4, 1, 1] : tensor<2x4x1xf32> into tensor<2x4x1x1xf32>
    %23 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17, %expanded_12 : tensor<2x4x1x?xf32>, tensor<2x4x1x1xf32>) outs(%16 : tensor<2x4x1x?xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %44 = arith.subf %in, %in_16 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x1x?xf32>
    %24 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23 : tensor<2x4x1x?xf32>) outs(%16 : tensor<2x4x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = math.exp %in : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x1x?xf32>
    %25 = tensor.empty() : tensor<2x4x1x1xf32>
    %26 = linalg.fill ins(%cst : f32) outs(%25 : tensor<2x4x1x1xf32>) -> tensor<2x4x1x1xf32>
    %27 = linalg.generic {indexing_maps = [#map, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%24 : tensor<2x4x1x?xf32>) outs(%26 : tensor<2x4x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.addf %in, %out : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x1x1xf32>
    %28 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24, %27 : tensor<2x4x1x?xf32>, tensor<2x4x1x1xf32>) outs(%16 : tensor<2x4x1x?xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %44 = arith.divf %in, %in_16 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x1x?xf32>
    %29 = tensor.empty(%dim) : tensor<2x4x1x?xi1>
    %30 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<2x4x1x?xf32>) outs(%29 : tensor<2x4x1x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %44 = arith.extf %in : f32 to f64
      %45 = arith.cmpf oeq, %44, %cst_4 : f64
      linalg.yield %45 : i1
    } -> tensor<2x4x1x?xi1>
    %31 = tensor.empty() : tensor<2x4x1x1xi1>
    %32 = linalg.fill ins(%true : i1) outs(%31 : tensor<2x4x1x1xi1>) -> tensor<2x4x1x1xi1>
    %33 = linalg.generic {indexing_maps = [#map, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%30 : tensor<2x4x1x?xi1>) outs(%32 : tensor<2x4x1x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %44 = arith.andi %in, %out : i1
      linalg.yield %44 : i1
    } -> tensor<2x4x1x1xi1>
    %34 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %34, "negative values not allowed in new dimensions"
    %35 = tensor.empty(%dim) : tensor<2x4x1x?xf32>
    %36 = linalg.generic {indexing_maps = [#map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_1 : tensor<f32>) outs(%35 : tensor<2x4x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x4x1x?xf32>
    cf.assert %true, "mismatched size for broadcast"
    %37 = linalg.generic {indexing_maps = [#map5, #map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%33, %36, %28 : tensor<2x4x1x1xi1>, tensor<2x4x1x?xf32>, tensor<2x4x1x?xf32>) outs(%35 : tensor<2x4x1x?xf32>) {
    ^bb0(%in: i1, %in_16: f32, %in_17: f32, %out: f32):
      %44 = arith.select %in, %in_16, %in_17 : f32
      linalg.yield %44 : f32
    } -> tensor<2x4x1x?xf32>
    cf.assert %5, "unimplemented: dynamic negative broadcast sizes"
    %38 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%16 : tensor<2x4x1x?xf32>) {
    ^bb0(%out: f32):
      %44 = linalg.index 0 : index
      %45 = linalg.index 1 : index
      %46 = linalg.index 3 : index
      %47 = arith.cmpi eq, %dim, %c1 : index
      %48 = arith.select %47, %c0, %46 : index
      %extracted = tensor.extract %37[%44, %45, %c0, %48] : tensor<2x4x1x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x1x?xf32>
    %collapsed_13 = tensor.collapse_shape %38 [[0, 1], [2], [3]] : tensor<2x4x1x?xf32> into tensor<8x1x?xf32>
    cf.assert %5, "unimplemented: dynamic negative broadcast sizes"
    %39 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %40 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%39 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %44 = linalg.index 0 : index
      %45 = linalg.index 1 : index
      %46 = linalg.index 2 : index
      %47 = linalg.index 3 : index
      %48 = arith.cmpi eq, %dim, %c1 : index
      %49 = arith.select %48, %c0, %46 : index
      %extracted = tensor.extract %collapsed_8[%44, %45, %49, %47] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed_14 = tensor.collapse_shape %40 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %41 = tensor.empty() : tensor<8x1x8xf32>
    %42 = linalg.fill ins(%cst : f32) outs(%41 : tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %43 = linalg.batch_matmul ins(%collapsed_13, %collapsed_14 : tensor<8x1x?xf32>, tensor<8x?x8xf32>) outs(%42 : tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %expanded_15 = tensor.expand_shape %43 [[0, 1], [2], [3]] output_shape [2, 4, 1, 8] : tensor<8x1x8xf32> into tensor<2x4x1x8xf32>
    return %expanded_15 : tensor<2x4x1x8xf32>
  }
}
