// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py kept_dynamic_seq
// MLIR 22 parses it
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @kept_dynamic_seq(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32> {
    %c2_i64 = arith.constant 2 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0_i64 = arith.constant 0 : i64
    %c2 = arith.constant 2 : index
    %cst = arith.constant 0.000000e+00 : f32
    %c1_i64 = arith.constant 1 : i64
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 0.35355339059327373 : f64
    %c8_i64 = arith.constant 8 : i64
    %dim = tensor.dim %arg0, %c2 : tensor<2x4x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_2 = tensor.dim %arg1, %c2 : tensor<2x4x?x8xf32>
    %1 = arith.index_cast %dim_2 : index to i64
    %2 = tensor.empty(%dim_2) : tensor<2x4x8x?xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x?x8xf32>) outs(%2 : tensor<2x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %collapsed_3 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x8x?xf32> into tensor<8x8x?xf32>
    %3 = tensor.empty(%dim, %dim_2) : tensor<8x?x?xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %5 = linalg.batch_matmul ins(%collapsed, %collapsed_3 : tensor<8x?x8xf32>, tensor<8x8x?xf32>) outs(%4 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %expanded = tensor.expand_shape %5 [[0, 1], [2], [3]] output_shape [2, 4, %dim, %dim_2] : tensor<8x?x?xf32> into tensor<2x4x?x?xf32>
    %6 = arith.muli %0, %c8_i64 : i64
    %7 = arith.cmpi slt, %0, %c0_i64 : i64
    %8 = arith.select %7, %c8_i64, %6 : i64
    %9 = arith.extui %7 : i1 to i64
    %10 = arith.muli %8, %1 : i64
    %11 = arith.addi %9, %c1_i64 : i64
    %12 = arith.cmpi slt, %1, %c0_i64 : i64
    %13 = arith.select %12, %8, %10 : i64
    %14 = arith.select %12, %11, %9 : i64
    %15 = arith.cmpi sle, %14, %c1_i64 : i64
    cf.assert %15, "must have at most one inferred (negative) dimension"
    %16 = arith.muli %0, %c8_i64 : i64
    %17 = arith.muli %16, %1 : i64
    %18 = arith.divsi %17, %13 : i64
    %19 = arith.select %7, %18, %0 : i64
    %20 = arith.select %12, %18, %1 : i64
    %from_elements = tensor.from_elements %c2_i64, %c4_i64, %19, %20 : tensor<4xi64>
    %reshape = tensor.reshape %expanded(%from_elements) : (tensor<2x4x?x?xf32>, tensor<4xi64>) -> tensor<2x4x?x?xf32>
    %21 = arith.index_cast %19 : i64 to index
    %22 = arith.index_cast %20 : i64 to index
    %23 = tensor.empty(%21, %22) : tensor<2x4x?x?xf32>
    %24 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape : tensor<2x4x?x?xf32>) outs(%23 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %41 = arith.truncf %cst_1 : f64 to f32
      %42 = arith.mulf %in, %41 : f32
      linalg.yield %42 : f32
    } -> tensor<2x4x?x?xf32>
    %25 = tensor.empty(%21) : tensor<2x4x?xi64>
    %26 = linalg.fill ins(%c0_i64 : i64) outs(%25 : tensor<2x4x?xi64>) -> tensor<2x4x?xi64>
    %27 = tensor.empty(%21) : tensor<2x4x?xf32>
    %28 = linalg.fill ins(%cst_0 : f32) outs(%27 : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
    %29:2 = linalg.generic {indexing_maps = [#map, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%24 : tensor<2x4x?x?xf32>) outs(%28, %26 : tensor<2x4x?xf32>, tensor<2x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_9: i64):
      %41 = linalg.index 3 : index
      %42 = arith.index_cast %41 : index to i64
      %43 = arith.maximumf %in, %out : f32
      %44 = arith.cmpf ogt, %in, %out : f32
      %45 = arith.select %44, %42, %out_9 : i64
      linalg.yield %43, %45 : f32, i64
    } -> (tensor<2x4x?xf32>, tensor<2x4x?xi64>)
    %expanded_4 = tensor.expand_shape %29#0 [[0], [1], [2, 3]] output_shape [2, 4, %21, 1] : tensor<2x4x?xf32> into tensor<2x4x?x1xf32>
    %30 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24, %expanded_4 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%23 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %41 = arith.subf %in, %in_9 : f32
      linalg.yield %41 : f32
    } -> tensor<2x4x?x?xf32>
    %31 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30 : tensor<2x4x?x?xf32>) outs(%23 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %41 = math.exp %in : f32
      linalg.yield %41 : f32
    } -> tensor<2x4x?x?xf32>
    %32 = tensor.empty(%21) : tensor<2x4x?x1xf32>
    %33 = linalg.fill ins(%cst : f32) outs(%32 : tensor<2x4x?x1xf32>) -> tensor<2x4x?x1xf32>
    %34 = linalg.generic {indexing_maps = [#map, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%31 : tensor<2x4x?x?xf32>) outs(%33 : tensor<2x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %41 = arith.addf %in, %out : f32
      linalg.yield %41 : f32
    } -> tensor<2x4x?x1xf32>
    %35 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%31, %34 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%23 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %41 = arith.divf %in, %in_9 : f32
      linalg.yield %41 : f32
    } -> tensor<2x4x?x?xf32>
    %dim_5 = tensor.dim %arg2, %c2 : tensor<2x4x?x8xf32>
    %36 = arith.index_cast %dim_5 : index to i64
    %37 = arith.cmpi eq, %20, %36 : i64
    cf.assert %37, "mismatching contracting dimension"
    %collapsed_6 = tensor.collapse_shape %35 [[0, 1], [2], [3]] : tensor<2x4x?x?xf32> into tensor<8x?x?xf32>
    %collapsed_7 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %38 = tensor.empty(%21) : tensor<8x?x8xf32>
    %39 = linalg.fill ins(%cst : f32) outs(%38 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %40 = linalg.batch_matmul ins(%collapsed_6, %collapsed_7 : tensor<8x?x?xf32>, tensor<8x?x8xf32>) outs(%39 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %expanded_8 = tensor.expand_shape %40 [[0, 1], [2], [3]] output_shape [2, 4, %21, 8] : tensor<8x?x8xf32> into tensor<2x4x?x8xf32>
    return %expanded_8 : tensor<2x4x?x8xf32>
  }
}
