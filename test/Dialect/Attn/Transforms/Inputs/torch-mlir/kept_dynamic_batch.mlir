// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py kept_dynamic_batch
// MLIR 22 parses it
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @kept_dynamic_batch(%arg0: tensor<?x4x16x8xf32>, %arg1: tensor<?x4x16x8xf32>, %arg2: tensor<?x4x16x8xf32>) -> tensor<?x4x16x8xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 0.35355339059327373 : f64
    %dim = tensor.dim %arg1, %c0 : tensor<?x4x16x8xf32>
    %0 = tensor.empty(%dim) : tensor<?x4x8x16xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<?x4x16x8xf32>) outs(%0 : tensor<?x4x8x16xf32>) permutation = [0, 1, 3, 2] 
    %dim_2 = tensor.dim %arg0, %c0 : tensor<?x4x16x8xf32>
    %1 = arith.maxui %dim_2, %dim : index
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<?x4x16x8xf32> into tensor<?x16x8xf32>
    %collapsed_3 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<?x4x8x16xf32> into tensor<?x8x16xf32>
    %2 = arith.muli %1, %c4 : index
    %3 = tensor.empty(%2) : tensor<?x16x16xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<?x16x16xf32>) -> tensor<?x16x16xf32>
    %5 = linalg.batch_matmul ins(%collapsed, %collapsed_3 : tensor<?x16x8xf32>, tensor<?x8x16xf32>) outs(%4 : tensor<?x16x16xf32>) -> tensor<?x16x16xf32>
    %6 = arith.divsi %2, %c4 : index
    %expanded = tensor.expand_shape %5 [[0, 1], [2], [3]] output_shape [%6, 4, 16, 16] : tensor<?x16x16xf32> into tensor<?x4x16x16xf32>
    %7 = tensor.empty(%6) : tensor<?x4x16x16xf32>
    %8 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<?x4x16x16xf32>) outs(%7 : tensor<?x4x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = arith.truncf %cst_1 : f64 to f32
      %27 = arith.mulf %in, %26 : f32
      linalg.yield %27 : f32
    } -> tensor<?x4x16x16xf32>
    %9 = tensor.empty(%6) : tensor<?x4x16xi64>
    %10 = linalg.fill ins(%c0_i64 : i64) outs(%9 : tensor<?x4x16xi64>) -> tensor<?x4x16xi64>
    %11 = tensor.empty(%6) : tensor<?x4x16xf32>
    %12 = linalg.fill ins(%cst_0 : f32) outs(%11 : tensor<?x4x16xf32>) -> tensor<?x4x16xf32>
    %13:2 = linalg.generic {indexing_maps = [#map, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%8 : tensor<?x4x16x16xf32>) outs(%12, %10 : tensor<?x4x16xf32>, tensor<?x4x16xi64>) {
    ^bb0(%in: f32, %out: f32, %out_9: i64):
      %26 = linalg.index 3 : index
      %27 = arith.index_cast %26 : index to i64
      %28 = arith.maximumf %in, %out : f32
      %29 = arith.cmpf ogt, %in, %out : f32
      %30 = arith.select %29, %27, %out_9 : i64
      linalg.yield %28, %30 : f32, i64
    } -> (tensor<?x4x16xf32>, tensor<?x4x16xi64>)
    %expanded_4 = tensor.expand_shape %13#0 [[0], [1], [2, 3]] output_shape [%6, 4, 16, 1] : tensor<?x4x16xf32> into tensor<?x4x16x1xf32>
    %14 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_4 : tensor<?x4x16x16xf32>, tensor<?x4x16x1xf32>) outs(%7 : tensor<?x4x16x16xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %26 = arith.subf %in, %in_9 : f32
      linalg.yield %26 : f32
    } -> tensor<?x4x16x16xf32>
    %15 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<?x4x16x16xf32>) outs(%7 : tensor<?x4x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = math.exp %in : f32
      linalg.yield %26 : f32
    } -> tensor<?x4x16x16xf32>
    %16 = tensor.empty(%6) : tensor<?x4x16x1xf32>
    %17 = linalg.fill ins(%cst : f32) outs(%16 : tensor<?x4x16x1xf32>) -> tensor<?x4x16x1xf32>
    %18 = linalg.generic {indexing_maps = [#map, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%15 : tensor<?x4x16x16xf32>) outs(%17 : tensor<?x4x16x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = arith.addf %in, %out : f32
      linalg.yield %26 : f32
    } -> tensor<?x4x16x1xf32>
    %19 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15, %18 : tensor<?x4x16x16xf32>, tensor<?x4x16x1xf32>) outs(%7 : tensor<?x4x16x16xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %26 = arith.divf %in, %in_9 : f32
      linalg.yield %26 : f32
    } -> tensor<?x4x16x16xf32>
    %dim_5 = tensor.dim %arg2, %c0 : tensor<?x4x16x8xf32>
    %20 = arith.maxui %6, %dim_5 : index
    %collapsed_6 = tensor.collapse_shape %19 [[0, 1], [2], [3]] : tensor<?x4x16x16xf32> into tensor<?x16x16xf32>
    %collapsed_7 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<?x4x16x8xf32> into tensor<?x16x8xf32>
    %21 = arith.muli %20, %c4 : index
    %22 = tensor.empty(%21) : tensor<?x16x8xf32>
    %23 = linalg.fill ins(%cst : f32) outs(%22 : tensor<?x16x8xf32>) -> tensor<?x16x8xf32>
    %24 = linalg.batch_matmul ins(%collapsed_6, %collapsed_7 : tensor<?x16x16xf32>, tensor<?x16x8xf32>) outs(%23 : tensor<?x16x8xf32>) -> tensor<?x16x8xf32>
    %25 = arith.divsi %21, %c4 : index
    %expanded_8 = tensor.expand_shape %24 [[0, 1], [2], [3]] output_shape [%25, 4, 16, 8] : tensor<?x16x8xf32> into tensor<?x4x16x8xf32>
    return %expanded_8 : tensor<?x4x16x8xf32>
  }
}
