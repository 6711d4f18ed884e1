// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_batch
// MLIR 22 parses it
// The batch form: every block an entry.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0) -> (d0)>
#map2 = affine_map<(d0, d1) -> (0, d1)>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (d0, d1)>
#map5 = affine_map<(d0, d1) -> ()>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_batch(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<8x4x5x5xf32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = arith.constant dense<true> : tensor<5x5xi1>
    %cst_5 = arith.constant 0xFFF0000000000000 : f64
    %cst_6 = arith.constant 0.59460355750136051 : f64
    %expanded = tensor.expand_shape %arg0 [[0], [1], [2, 3], [4]] output_shape [2, 4, 4, 5, 8] : tensor<2x4x20x8xf32> into tensor<2x4x4x5x8xf32>
    %0 = tensor.empty() : tensor<2x4x4x5x8xf32>
    %transposed = linalg.transpose ins(%expanded : tensor<2x4x4x5x8xf32>) outs(%0 : tensor<2x4x4x5x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %collapsed = tensor.collapse_shape %transposed [[0, 1], [2], [3], [4]] : tensor<2x4x4x5x8xf32> into tensor<8x4x5x8xf32>
    %expanded_7 = tensor.expand_shape %arg1 [[0], [1], [2, 3], [4]] output_shape [2, 4, 4, 5, 8] : tensor<2x4x20x8xf32> into tensor<2x4x4x5x8xf32>
    %transposed_8 = linalg.transpose ins(%expanded_7 : tensor<2x4x4x5x8xf32>) outs(%0 : tensor<2x4x4x5x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %collapsed_9 = tensor.collapse_shape %transposed_8 [[0, 1], [2], [3], [4]] : tensor<2x4x4x5x8xf32> into tensor<8x4x5x8xf32>
    %expanded_10 = tensor.expand_shape %arg2 [[0], [1], [2, 3], [4]] output_shape [2, 4, 4, 5, 8] : tensor<2x4x20x8xf32> into tensor<2x4x4x5x8xf32>
    %transposed_11 = linalg.transpose ins(%expanded_10 : tensor<2x4x4x5x8xf32>) outs(%0 : tensor<2x4x4x5x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %1 = tensor.empty() : tensor<8x4x5x8xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<8x4x5x8xf32>) outs(%1 : tensor<8x4x5x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %39 = arith.truncf %cst_6 : f64 to f32
      %40 = arith.mulf %in, %39 : f32
      linalg.yield %40 : f32
    } -> tensor<8x4x5x8xf32>
    %3 = tensor.empty() : tensor<5xi64>
    %4 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel"]} outs(%3 : tensor<5xi64>) {
    ^bb0(%out: i64):
      %39 = linalg.index 0 : index
      %40 = arith.index_cast %39 : index to i64
      linalg.yield %40 : i64
    } -> tensor<5xi64>
    %expanded_12 = tensor.expand_shape %4 [[0, 1]] output_shape [1, 5] : tensor<5xi64> into tensor<1x5xi64>
    %expanded_13 = tensor.expand_shape %4 [[0, 1]] output_shape [5, 1] : tensor<5xi64> into tensor<5x1xi64>
    %5 = tensor.empty() : tensor<5x5xi64>
    %6 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel"]} ins(%expanded_12, %expanded_13 : tensor<1x5xi64>, tensor<5x1xi64>) outs(%5 : tensor<5x5xi64>) {
    ^bb0(%in: i64, %in_24: i64, %out: i64):
      %39 = arith.subi %in, %in_24 : i64
      linalg.yield %39 : i64
    } -> tensor<5x5xi64>
    %7 = tensor.empty() : tensor<5x5xi1>
    %8 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel"]} ins(%6 : tensor<5x5xi64>) outs(%7 : tensor<5x5xi1>) {
    ^bb0(%in: i64, %out: i1):
      %39 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %39 : i1
    } -> tensor<5x5xi1>
    %9 = linalg.generic {indexing_maps = [#map4, #map4, #map4], iterator_types = ["parallel", "parallel"]} ins(%8, %cst_4 : tensor<5x5xi1>, tensor<5x5xi1>) outs(%7 : tensor<5x5xi1>) {
    ^bb0(%in: i1, %in_24: i1, %out: i1):
      %39 = arith.andi %in, %in_24 : i1
      linalg.yield %39 : i1
    } -> tensor<5x5xi1>
    %10 = tensor.empty() : tensor<5x5xf32>
    %11 = linalg.generic {indexing_maps = [#map4, #map5, #map5, #map4], iterator_types = ["parallel", "parallel"]} ins(%9, %cst_2, %cst_3 : tensor<5x5xi1>, tensor<f32>, tensor<f32>) outs(%10 : tensor<5x5xf32>) {
    ^bb0(%in: i1, %in_24: f32, %in_25: f32, %out: f32):
      %39 = arith.select %in, %in_24, %in_25 : f32
      linalg.yield %39 : f32
    } -> tensor<5x5xf32>
    %12 = tensor.empty() : tensor<8x4x8x5xf32>
    %transposed_14 = linalg.transpose ins(%collapsed_9 : tensor<8x4x5x8xf32>) outs(%12 : tensor<8x4x8x5xf32>) permutation = [0, 1, 3, 2] 
    %13 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_14 : tensor<8x4x8x5xf32>) outs(%12 : tensor<8x4x8x5xf32>) {
    ^bb0(%in: f32, %out: f32):
      %39 = arith.truncf %cst_6 : f64 to f32
      %40 = arith.mulf %in, %39 : f32
      linalg.yield %40 : f32
    } -> tensor<8x4x8x5xf32>
    %collapsed_15 = tensor.collapse_shape %2 [[0, 1], [2], [3]] : tensor<8x4x5x8xf32> into tensor<32x5x8xf32>
    %collapsed_16 = tensor.collapse_shape %13 [[0, 1], [2], [3]] : tensor<8x4x8x5xf32> into tensor<32x8x5xf32>
    %14 = tensor.empty() : tensor<32x5x5xf32>
    %15 = linalg.fill ins(%cst : f32) outs(%14 : tensor<32x5x5xf32>) -> tensor<32x5x5xf32>
    %16 = linalg.batch_matmul ins(%collapsed_15, %collapsed_16 : tensor<32x5x8xf32>, tensor<32x8x5xf32>) outs(%15 : tensor<32x5x5xf32>) -> tensor<32x5x5xf32>
    %expanded_17 = tensor.expand_shape %16 [[0, 1], [2], [3]] output_shape [8, 4, 5, 5] : tensor<32x5x5xf32> into tensor<8x4x5x5xf32>
    %17 = tensor.empty() : tensor<8x4x5x5xf32>
    %18 = linalg.generic {indexing_maps = [#map, #map6, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_17, %11 : tensor<8x4x5x5xf32>, tensor<5x5xf32>) outs(%17 : tensor<8x4x5x5xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %39 = arith.addf %in, %in_24 : f32
      linalg.yield %39 : f32
    } -> tensor<8x4x5x5xf32>
    %19 = tensor.empty() : tensor<8x4x5xi64>
    %20 = linalg.fill ins(%c0_i64 : i64) outs(%19 : tensor<8x4x5xi64>) -> tensor<8x4x5xi64>
    %21 = tensor.empty() : tensor<8x4x5xf32>
    %22 = linalg.fill ins(%cst_0 : f32) outs(%21 : tensor<8x4x5xf32>) -> tensor<8x4x5xf32>
    %23:2 = linalg.generic {indexing_maps = [#map, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%18 : tensor<8x4x5x5xf32>) outs(%22, %20 : tensor<8x4x5xf32>, tensor<8x4x5xi64>) {
    ^bb0(%in: f32, %out: f32, %out_24: i64):
      %39 = linalg.index 3 : index
      %40 = arith.index_cast %39 : index to i64
      %41 = arith.maximumf %in, %out : f32
      %42 = arith.cmpf ogt, %in, %out : f32
      %43 = arith.select %42, %40, %out_24 : i64
      linalg.yield %41, %43 : f32, i64
    } -> (tensor<8x4x5xf32>, tensor<8x4x5xi64>)
    %expanded_18 = tensor.expand_shape %23#0 [[0], [1], [2, 3]] output_shape [8, 4, 5, 1] : tensor<8x4x5xf32> into tensor<8x4x5x1xf32>
    %24 = linalg.generic {indexing_maps = [#map, #map8, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %expanded_18 : tensor<8x4x5x5xf32>, tensor<8x4x5x1xf32>) outs(%17 : tensor<8x4x5x5xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %39 = arith.subf %in, %in_24 : f32
      linalg.yield %39 : f32
    } -> tensor<8x4x5x5xf32>
    %25 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24 : tensor<8x4x5x5xf32>) outs(%17 : tensor<8x4x5x5xf32>) {
    ^bb0(%in: f32, %out: f32):
      %39 = math.exp %in : f32
      linalg.yield %39 : f32
    } -> tensor<8x4x5x5xf32>
    %26 = tensor.empty() : tensor<8x4x5x1xf32>
    %27 = linalg.fill ins(%cst : f32) outs(%26 : tensor<8x4x5x1xf32>) -> tensor<8x4x5x1xf32>
    %28 = linalg.generic {indexing_maps = [#map, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%25 : tensor<8x4x5x5xf32>) outs(%27 : tensor<8x4x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %39 = arith.addf %in, %out : f32
      linalg.yield %39 : f32
    } -> tensor<8x4x5x1xf32>
    %29 = linalg.generic {indexing_maps = [#map, #map8, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25, %28 : tensor<8x4x5x5xf32>, tensor<8x4x5x1xf32>) outs(%17 : tensor<8x4x5x5xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %39 = arith.divf %in, %in_24 : f32
      linalg.yield %39 : f32
    } -> tensor<8x4x5x5xf32>
    %30 = tensor.empty() : tensor<8x4x5x5xi1>
    %31 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18 : tensor<8x4x5x5xf32>) outs(%30 : tensor<8x4x5x5xi1>) {
    ^bb0(%in: f32, %out: i1):
      %39 = arith.extf %in : f32 to f64
      %40 = arith.cmpf oeq, %39, %cst_5 : f64
      linalg.yield %40 : i1
    } -> tensor<8x4x5x5xi1>
    %32 = tensor.empty() : tensor<8x4x5x1xi1>
    %33 = linalg.fill ins(%true : i1) outs(%32 : tensor<8x4x5x1xi1>) -> tensor<8x4x5x1xi1>
    %34 = linalg.generic {indexing_maps = [#map, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%31 : tensor<8x4x5x5xi1>) outs(%33 : tensor<8x4x5x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %39 = arith.andi %in, %out : i1
      linalg.yield %39 : i1
    } -> tensor<8x4x5x1xi1>
    %35 = linalg.generic {indexing_maps = [#map8, #map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34, %cst_1, %29 : tensor<8x4x5x1xi1>, tensor<8x4x5x5xf32>, tensor<8x4x5x5xf32>) outs(%17 : tensor<8x4x5x5xf32>) {
    ^bb0(%in: i1, %in_24: f32, %in_25: f32, %out: f32):
      %39 = arith.select %in, %in_24, %in_25 : f32
      linalg.yield %39 : f32
    } -> tensor<8x4x5x5xf32>
    %collapsed_19 = tensor.collapse_shape %35 [[0, 1], [2], [3]] : tensor<8x4x5x5xf32> into tensor<32x5x5xf32>
    %collapsed_20 = tensor.collapse_shape %transposed_11 [[0, 1, 2], [3], [4]] : tensor<2x4x4x5x8xf32> into tensor<32x5x8xf32>
    %36 = tensor.empty() : tensor<32x5x8xf32>
    %37 = linalg.fill ins(%cst : f32) outs(%36 : tensor<32x5x8xf32>) -> tensor<32x5x8xf32>
    %38 = linalg.batch_matmul ins(%collapsed_19, %collapsed_20 : tensor<32x5x5xf32>, tensor<32x5x8xf32>) outs(%37 : tensor<32x5x8xf32>) -> tensor<32x5x8xf32>
    %expanded_21 = tensor.expand_shape %38 [[0, 1, 2], [3], [4]] output_shape [2, 4, 4, 5, 8] : tensor<32x5x8xf32> into tensor<2x4x4x5x8xf32>
    %transposed_22 = linalg.transpose ins(%expanded_21 : tensor<2x4x4x5x8xf32>) outs(%0 : tensor<2x4x4x5x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %collapsed_23 = tensor.collapse_shape %transposed_22 [[0], [1], [2, 3], [4]] : tensor<2x4x4x5x8xf32> into tensor<2x4x20x8xf32>
    return %collapsed_23 : tensor<2x4x20x8xf32>
  }
}
