// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_eager_softcap
// MLIR 22 parses it
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0) -> (d0)>
#map2 = affine_map<(d0, d1) -> (d0, d1)>
#map3 = affine_map<(d0, d1) -> ()>
#map4 = affine_map<(d0, d1) -> (d0, 0)>
#map5 = affine_map<(d0, d1) -> (0, d1)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> ()>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_eager_softcap(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant 3.500000e-01 : f64
    %cst_3 = arith.constant 3.000000e+01 : f32
    %cst_4 = arith.constant dense<4> : tensor<i64>
    %0 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%0 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %1 = tensor.empty() : tensor<8x20x20xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %3 = linalg.batch_matmul ins(%collapsed, %collapsed_5 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%2 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded = tensor.expand_shape %3 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %4 = tensor.empty() : tensor<2x4x20x20xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<2x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.truncf %cst_2 : f64 to f32
      %35 = arith.mulf %in, %34 : f32
      linalg.yield %35 : f32
    } -> tensor<2x4x20x20xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%5 : tensor<2x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.divf %in, %cst_3 : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x20xf32>
    %7 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%6 : tensor<2x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = math.tanh %in : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x20xf32>
    %8 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7 : tensor<2x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.mulf %in, %cst_3 : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x20xf32>
    %9 = tensor.empty() : tensor<20xi64>
    %10 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel"]} outs(%9 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %34 = linalg.index 0 : index
      %35 = arith.index_cast %34 : index to i64
      linalg.yield %35 : i64
    } -> tensor<20xi64>
    %expanded_6 = tensor.expand_shape %10 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %11 = tensor.empty() : tensor<20x1xi64>
    %12 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded_6, %cst_4 : tensor<20x1xi64>, tensor<i64>) outs(%11 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_12: i64, %out: i64):
      %34 = arith.sitofp %in : i64 to f64
      %35 = arith.sitofp %in_12 : i64 to f64
      %36 = arith.divf %34, %35 : f64
      %37 = math.floor %36 : f64
      %38 = arith.fptosi %37 : f64 to i64
      linalg.yield %38 : i64
    } -> tensor<20x1xi64>
    %expanded_7 = tensor.expand_shape %10 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %13 = tensor.empty() : tensor<1x20xi64>
    %14 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %cst_4 : tensor<1x20xi64>, tensor<i64>) outs(%13 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_12: i64, %out: i64):
      %34 = arith.sitofp %in : i64 to f64
      %35 = arith.sitofp %in_12 : i64 to f64
      %36 = arith.divf %34, %35 : f64
      %37 = math.floor %36 : f64
      %38 = arith.fptosi %37 : f64 to i64
      linalg.yield %38 : i64
    } -> tensor<1x20xi64>
    %15 = tensor.empty() : tensor<20x20xi1>
    %16 = linalg.generic {indexing_maps = [#map4, #map5, #map2], iterator_types = ["parallel", "parallel"]} ins(%12, %14 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%15 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %34 = arith.cmpi eq, %in, %in_12 : i64
      linalg.yield %34 : i1
    } -> tensor<20x20xi1>
    %17 = linalg.generic {indexing_maps = [#map5, #map4, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %expanded_6 : tensor<1x20xi64>, tensor<20x1xi64>) outs(%15 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %34 = arith.cmpi sle, %in, %in_12 : i64
      linalg.yield %34 : i1
    } -> tensor<20x20xi1>
    %18 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%16, %17 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%15 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_12: i1, %out: i1):
      %34 = arith.andi %in, %in_12 : i1
      linalg.yield %34 : i1
    } -> tensor<20x20xi1>
    %19 = linalg.generic {indexing_maps = [#map6, #map, #map7, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %8, %cst_1 : tensor<20x20xi1>, tensor<2x4x20x20xf32>, tensor<f32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %34 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x20xf32>
    %20 = tensor.empty() : tensor<2x4x20xi64>
    %21 = linalg.fill ins(%c0_i64 : i64) outs(%20 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %22 = tensor.empty() : tensor<2x4x20xf32>
    %23 = linalg.fill ins(%cst_0 : f32) outs(%22 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %24:2 = linalg.generic {indexing_maps = [#map, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%19 : tensor<2x4x20x20xf32>) outs(%23, %21 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_12: i64):
      %34 = linalg.index 3 : index
      %35 = arith.index_cast %34 : index to i64
      %36 = arith.maximumf %in, %out : f32
      %37 = arith.cmpf ogt, %in, %out : f32
      %38 = arith.select %37, %35, %out_12 : i64
      linalg.yield %36, %38 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_8 = tensor.expand_shape %24#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %25 = linalg.generic {indexing_maps = [#map, #map9, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19, %expanded_8 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %34 = arith.subf %in, %in_12 : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x20xf32>
    %26 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25 : tensor<2x4x20x20xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = math.exp %in : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x20xf32>
    %27 = tensor.empty() : tensor<2x4x20x1xf32>
    %28 = linalg.fill ins(%cst : f32) outs(%27 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %29 = linalg.generic {indexing_maps = [#map, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%26 : tensor<2x4x20x20xf32>) outs(%28 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.addf %in, %out : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x1xf32>
    %30 = linalg.generic {indexing_maps = [#map, #map9, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26, %29 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%4 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %34 = arith.divf %in, %in_12 : f32
      linalg.yield %34 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_9 = tensor.collapse_shape %30 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_10 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %31 = tensor.empty() : tensor<8x20x8xf32>
    %32 = linalg.fill ins(%cst : f32) outs(%31 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %33 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%32 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_11 = tensor.expand_shape %33 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_11 : tensor<2x4x20x8xf32>
  }
}
