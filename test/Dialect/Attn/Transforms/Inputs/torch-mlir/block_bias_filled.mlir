// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_bias_filled
// MLIR 22 parses it
// A bias that is -inf where a key is not visible, as one tensor.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> ()>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> ()>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_bias_filled(%arg0: tensor<2x4x20x8xf32>, %arg1: tensor<2x4x20x8xf32>, %arg2: tensor<2x4x20x8xf32>, %arg3: tensor<1x4x20x20xf32>) -> tensor<2x4x20x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %true = arith.constant true
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<2x4x20x20xf32>
    %cst_2 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_3 = arith.constant 0xFFF0000000000000 : f64
    %cst_4 = arith.constant dense<5> : tensor<i64>
    %0 = tensor.empty() : tensor<20xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<20xi64>) {
    ^bb0(%out: i64):
      %39 = linalg.index 0 : index
      %40 = arith.index_cast %39 : index to i64
      linalg.yield %40 : i64
    } -> tensor<20xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [20, 1] : tensor<20xi64> into tensor<20x1xi64>
    %2 = tensor.empty() : tensor<20x1xi64>
    %3 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_4 : tensor<20x1xi64>, tensor<i64>) outs(%2 : tensor<20x1xi64>) {
    ^bb0(%in: i64, %in_12: i64, %out: i64):
      %39 = arith.sitofp %in : i64 to f64
      %40 = arith.sitofp %in_12 : i64 to f64
      %41 = arith.divf %39, %40 : f64
      %42 = math.floor %41 : f64
      %43 = arith.fptosi %42 : f64 to i64
      linalg.yield %43 : i64
    } -> tensor<20x1xi64>
    %expanded_5 = tensor.expand_shape %1 [[0, 1]] output_shape [1, 20] : tensor<20xi64> into tensor<1x20xi64>
    %4 = tensor.empty() : tensor<1x20xi64>
    %5 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_5, %cst_4 : tensor<1x20xi64>, tensor<i64>) outs(%4 : tensor<1x20xi64>) {
    ^bb0(%in: i64, %in_12: i64, %out: i64):
      %39 = arith.sitofp %in : i64 to f64
      %40 = arith.sitofp %in_12 : i64 to f64
      %41 = arith.divf %39, %40 : f64
      %42 = math.floor %41 : f64
      %43 = arith.fptosi %42 : f64 to i64
      linalg.yield %43 : i64
    } -> tensor<1x20xi64>
    %6 = tensor.empty() : tensor<20x20xi1>
    %7 = linalg.generic {indexing_maps = [#map3, #map4, #map1], iterator_types = ["parallel", "parallel"]} ins(%3, %5 : tensor<20x1xi64>, tensor<1x20xi64>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %39 = arith.cmpi eq, %in, %in_12 : i64
      linalg.yield %39 : i1
    } -> tensor<20x20xi1>
    %8 = linalg.generic {indexing_maps = [#map4, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_5, %expanded : tensor<1x20xi64>, tensor<20x1xi64>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %39 = arith.cmpi sle, %in, %in_12 : i64
      linalg.yield %39 : i1
    } -> tensor<20x20xi1>
    %9 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%7, %8 : tensor<20x20xi1>, tensor<20x20xi1>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %in_12: i1, %out: i1):
      %39 = arith.andi %in, %in_12 : i1
      linalg.yield %39 : i1
    } -> tensor<20x20xi1>
    %10 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%9 : tensor<20x20xi1>) outs(%6 : tensor<20x20xi1>) {
    ^bb0(%in: i1, %out: i1):
      %39 = arith.xori %in, %true : i1
      linalg.yield %39 : i1
    } -> tensor<20x20xi1>
    %11 = tensor.empty() : tensor<1x4x20x20xf32>
    %12 = linalg.generic {indexing_maps = [#map5, #map6, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10, %cst_2, %arg3 : tensor<20x20xi1>, tensor<f32>, tensor<1x4x20x20xf32>) outs(%11 : tensor<1x4x20x20xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %39 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %39 : f32
    } -> tensor<1x4x20x20xf32>
    %13 = tensor.empty() : tensor<2x4x8x20xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x20x8xf32>) outs(%13 : tensor<2x4x8x20xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %collapsed_6 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x20xf32> into tensor<8x8x20xf32>
    %14 = tensor.empty() : tensor<8x20x20xf32>
    %15 = linalg.fill ins(%cst : f32) outs(%14 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %16 = linalg.batch_matmul ins(%collapsed, %collapsed_6 : tensor<8x20x8xf32>, tensor<8x8x20xf32>) outs(%15 : tensor<8x20x20xf32>) -> tensor<8x20x20xf32>
    %expanded_7 = tensor.expand_shape %16 [[0, 1], [2], [3]] output_shape [2, 4, 20, 20] : tensor<8x20x20xf32> into tensor<2x4x20x20xf32>
    %17 = tensor.empty() : tensor<2x4x20x20xf32>
    %18 = linalg.generic {indexing_maps = [#map7, #map8, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_7, %12 : tensor<2x4x20x20xf32>, tensor<1x4x20x20xf32>) outs(%17 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %39 = arith.addf %in, %in_12 : f32
      linalg.yield %39 : f32
    } -> tensor<2x4x20x20xf32>
    %19 = tensor.empty() : tensor<2x4x20xi64>
    %20 = linalg.fill ins(%c0_i64 : i64) outs(%19 : tensor<2x4x20xi64>) -> tensor<2x4x20xi64>
    %21 = tensor.empty() : tensor<2x4x20xf32>
    %22 = linalg.fill ins(%cst_0 : f32) outs(%21 : tensor<2x4x20xf32>) -> tensor<2x4x20xf32>
    %23:2 = linalg.generic {indexing_maps = [#map7, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%18 : tensor<2x4x20x20xf32>) outs(%22, %20 : tensor<2x4x20xf32>, tensor<2x4x20xi64>) {
    ^bb0(%in: f32, %out: f32, %out_12: i64):
      %39 = linalg.index 3 : index
      %40 = arith.index_cast %39 : index to i64
      %41 = arith.maximumf %in, %out : f32
      %42 = arith.cmpf ogt, %in, %out : f32
      %43 = arith.select %42, %40, %out_12 : i64
      linalg.yield %41, %43 : f32, i64
    } -> (tensor<2x4x20xf32>, tensor<2x4x20xi64>)
    %expanded_8 = tensor.expand_shape %23#0 [[0], [1], [2, 3]] output_shape [2, 4, 20, 1] : tensor<2x4x20xf32> into tensor<2x4x20x1xf32>
    %24 = linalg.generic {indexing_maps = [#map7, #map10, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %expanded_8 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%17 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %39 = arith.subf %in, %in_12 : f32
      linalg.yield %39 : f32
    } -> tensor<2x4x20x20xf32>
    %25 = linalg.generic {indexing_maps = [#map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24 : tensor<2x4x20x20xf32>) outs(%17 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %out: f32):
      %39 = math.exp %in : f32
      linalg.yield %39 : f32
    } -> tensor<2x4x20x20xf32>
    %26 = tensor.empty() : tensor<2x4x20x1xf32>
    %27 = linalg.fill ins(%cst : f32) outs(%26 : tensor<2x4x20x1xf32>) -> tensor<2x4x20x1xf32>
    %28 = linalg.generic {indexing_maps = [#map7, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%25 : tensor<2x4x20x20xf32>) outs(%27 : tensor<2x4x20x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %39 = arith.addf %in, %out : f32
      linalg.yield %39 : f32
    } -> tensor<2x4x20x1xf32>
    %29 = linalg.generic {indexing_maps = [#map7, #map10, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25, %28 : tensor<2x4x20x20xf32>, tensor<2x4x20x1xf32>) outs(%17 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %39 = arith.divf %in, %in_12 : f32
      linalg.yield %39 : f32
    } -> tensor<2x4x20x20xf32>
    %30 = tensor.empty() : tensor<2x4x20x20xi1>
    %31 = linalg.generic {indexing_maps = [#map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18 : tensor<2x4x20x20xf32>) outs(%30 : tensor<2x4x20x20xi1>) {
    ^bb0(%in: f32, %out: i1):
      %39 = arith.extf %in : f32 to f64
      %40 = arith.cmpf oeq, %39, %cst_3 : f64
      linalg.yield %40 : i1
    } -> tensor<2x4x20x20xi1>
    %32 = tensor.empty() : tensor<2x4x20x1xi1>
    %33 = linalg.fill ins(%true : i1) outs(%32 : tensor<2x4x20x1xi1>) -> tensor<2x4x20x1xi1>
    %34 = linalg.generic {indexing_maps = [#map7, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%31 : tensor<2x4x20x20xi1>) outs(%33 : tensor<2x4x20x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %39 = arith.andi %in, %out : i1
      linalg.yield %39 : i1
    } -> tensor<2x4x20x1xi1>
    %35 = linalg.generic {indexing_maps = [#map10, #map7, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34, %cst_1, %29 : tensor<2x4x20x1xi1>, tensor<2x4x20x20xf32>, tensor<2x4x20x20xf32>) outs(%17 : tensor<2x4x20x20xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %39 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %39 : f32
    } -> tensor<2x4x20x20xf32>
    %collapsed_9 = tensor.collapse_shape %35 [[0, 1], [2], [3]] : tensor<2x4x20x20xf32> into tensor<8x20x20xf32>
    %collapsed_10 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x20x8xf32> into tensor<8x20x8xf32>
    %36 = tensor.empty() : tensor<8x20x8xf32>
    %37 = linalg.fill ins(%cst : f32) outs(%36 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %38 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x20x20xf32>, tensor<8x20x8xf32>) outs(%37 : tensor<8x20x8xf32>) -> tensor<8x20x8xf32>
    %expanded_11 = tensor.expand_shape %38 [[0, 1], [2], [3]] output_shape [2, 4, 20, 8] : tensor<8x20x8xf32> into tensor<2x4x20x8xf32>
    return %expanded_11 : tensor<2x4x20x8xf32>
  }
}
