// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py eager_dynamic_causal
// MLIR 22 parses it
// nanoGPT's eager causal attention with any sequence length.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1) -> ()>
#map2 = affine_map<(d0, d1) -> (d0, d1)>
#map3 = affine_map<(d0) -> (d0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1) -> (d0, 0)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> ()>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @eager_dynamic_causal(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32> {
    %true = arith.constant true
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c2_i64 = arith.constant 2 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c1 = arith.constant 1 : index
    %c8_i64 = arith.constant 8 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<1.000000e+00> : tensor<f32>
    %cst_4 = arith.constant 0.35355339059327373 : f64
    %dim = tensor.dim %arg0, %c2 : tensor<2x4x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_5 = tensor.dim %arg1, %c2 : tensor<2x4x?x8xf32>
    %1 = tensor.empty(%dim_5) : tensor<2x4x8x?xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x?x8xf32>) outs(%1 : tensor<2x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %2 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %2, "unimplemented: dynamic negative broadcast sizes"
    %3 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %4 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%3 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %58 = linalg.index 0 : index
      %59 = linalg.index 1 : index
      %60 = linalg.index 2 : index
      %61 = linalg.index 3 : index
      %62 = arith.cmpi eq, %dim, %c1 : index
      %63 = arith.select %62, %c0, %60 : index
      %extracted = tensor.extract %arg0[%58, %59, %63, %61] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed = tensor.collapse_shape %4 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    cf.assert %2, "unimplemented: dynamic negative broadcast sizes"
    %5 = tensor.empty(%dim) : tensor<2x4x8x?xf32>
    %6 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%5 : tensor<2x4x8x?xf32>) {
    ^bb0(%out: f32):
      %58 = linalg.index 0 : index
      %59 = linalg.index 1 : index
      %60 = linalg.index 2 : index
      %61 = linalg.index 3 : index
      %62 = arith.cmpi eq, %dim_5, %c1 : index
      %63 = arith.select %62, %c0, %61 : index
      %extracted = tensor.extract %transposed[%58, %59, %60, %63] : tensor<2x4x8x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x8x?xf32>
    %collapsed_6 = tensor.collapse_shape %6 [[0, 1], [2], [3]] : tensor<2x4x8x?xf32> into tensor<8x8x?xf32>
    %7 = tensor.empty(%dim, %dim) : tensor<8x?x?xf32>
    %8 = linalg.fill ins(%cst : f32) outs(%7 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %9 = linalg.batch_matmul ins(%collapsed, %collapsed_6 : tensor<8x?x8xf32>, tensor<8x8x?xf32>) outs(%8 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %10 = arith.muli %0, %c8_i64 : i64
    %11 = arith.cmpi slt, %0, %c0_i64 : i64
    %12 = arith.select %11, %c8_i64, %10 : i64
    %13 = arith.extui %11 : i1 to i64
    %14 = arith.muli %12, %0 : i64
    %15 = arith.addi %13, %c1_i64 : i64
    %16 = arith.select %11, %c8_i64, %14 : i64
    %17 = arith.select %11, %15, %13 : i64
    %18 = arith.cmpi sle, %17, %c1_i64 : i64
    cf.assert %18, "must have at most one inferred (negative) dimension"
    %19 = arith.muli %10, %0 : i64
    %20 = arith.divsi %19, %16 : i64
    %21 = arith.select %11, %20, %0 : i64
    %from_elements = tensor.from_elements %c2_i64, %c4_i64, %21, %21 : tensor<4xi64>
    %reshape = tensor.reshape %9(%from_elements) : (tensor<8x?x?xf32>, tensor<4xi64>) -> tensor<2x4x?x?xf32>
    %22 = arith.index_cast %21 : i64 to index
    %23 = tensor.empty(%22, %22) : tensor<2x4x?x?xf32>
    %24 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape : tensor<2x4x?x?xf32>) outs(%23 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %58 = arith.truncf %cst_4 : f64 to f32
      %59 = arith.mulf %in, %58 : f32
      linalg.yield %59 : f32
    } -> tensor<2x4x?x?xf32>
    %25 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %25, "negative values not allowed in new dimensions"
    cf.assert %25, "negative values not allowed in new dimensions"
    %26 = tensor.empty(%dim, %dim) : tensor<?x?xf32>
    %27 = linalg.generic {indexing_maps = [#map1, #map2], iterator_types = ["parallel", "parallel"]} ins(%cst_3 : tensor<f32>) outs(%26 : tensor<?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x?xf32>
    %28 = tensor.empty(%dim) : tensor<?xi64>
    %29 = linalg.generic {indexing_maps = [#map3], iterator_types = ["parallel"]} outs(%28 : tensor<?xi64>) {
    ^bb0(%out: i64):
      %58 = linalg.index 0 : index
      %59 = arith.index_cast %58 : index to i64
      linalg.yield %59 : i64
    } -> tensor<?xi64>
    %expanded = tensor.expand_shape %29 [[0, 1]] output_shape [1, %dim] : tensor<?xi64> into tensor<1x?xi64>
    %expanded_7 = tensor.expand_shape %29 [[0, 1]] output_shape [%dim, 1] : tensor<?xi64> into tensor<?x1xi64>
    %30 = tensor.empty(%dim, %dim) : tensor<?x?xi64>
    %31 = linalg.generic {indexing_maps = [#map4, #map5, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded, %expanded_7 : tensor<1x?xi64>, tensor<?x1xi64>) outs(%30 : tensor<?x?xi64>) {
    ^bb0(%in: i64, %in_13: i64, %out: i64):
      %58 = arith.subi %in, %in_13 : i64
      linalg.yield %58 : i64
    } -> tensor<?x?xi64>
    %32 = tensor.empty(%dim, %dim) : tensor<?x?xi1>
    %33 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%31 : tensor<?x?xi64>) outs(%32 : tensor<?x?xi1>) {
    ^bb0(%in: i64, %out: i1):
      %58 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %58 : i1
    } -> tensor<?x?xi1>
    cf.assert %true, "mismatched size for broadcast"
    cf.assert %true, "mismatched size for broadcast"
    %34 = tensor.empty(%dim, %dim) : tensor<?x?xf32>
    %35 = linalg.generic {indexing_maps = [#map2, #map2, #map1, #map2], iterator_types = ["parallel", "parallel"]} ins(%33, %27, %cst_2 : tensor<?x?xi1>, tensor<?x?xf32>, tensor<f32>) outs(%34 : tensor<?x?xf32>) {
    ^bb0(%in: i1, %in_13: f32, %in_14: f32, %out: f32):
      %58 = arith.select %in, %in_13, %in_14 : f32
      linalg.yield %58 : f32
    } -> tensor<?x?xf32>
    %36 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%35 : tensor<?x?xf32>) outs(%32 : tensor<?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %58 = arith.cmpf oeq, %in, %cst : f32
      linalg.yield %58 : i1
    } -> tensor<?x?xi1>
    %37 = arith.cmpi eq, %dim, %22 : index
    cf.assert %37, "mismatched size for broadcast"
    cf.assert %37, "mismatched size for broadcast"
    %38 = tensor.empty(%dim, %dim) : tensor<2x4x?x?xf32>
    %39 = linalg.generic {indexing_maps = [#map6, #map7, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36, %cst_1, %24 : tensor<?x?xi1>, tensor<f32>, tensor<2x4x?x?xf32>) outs(%38 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: i1, %in_13: f32, %in_14: f32, %out: f32):
      %58 = arith.select %in, %in_13, %in_14 : f32
      linalg.yield %58 : f32
    } -> tensor<2x4x?x?xf32>
    %40 = tensor.empty(%dim) : tensor<2x4x?xi64>
    %41 = linalg.fill ins(%c0_i64 : i64) outs(%40 : tensor<2x4x?xi64>) -> tensor<2x4x?xi64>
    %42 = tensor.empty(%dim) : tensor<2x4x?xf32>
    %43 = linalg.fill ins(%cst_0 : f32) outs(%42 : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
    %44:2 = linalg.generic {indexing_maps = [#map, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%39 : tensor<2x4x?x?xf32>) outs(%43, %41 : tensor<2x4x?xf32>, tensor<2x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_13: i64):
      %58 = linalg.index 3 : index
      %59 = arith.index_cast %58 : index to i64
      %60 = arith.maximumf %in, %out : f32
      %61 = arith.cmpf ogt, %in, %out : f32
      %62 = arith.select %61, %59, %out_13 : i64
      linalg.yield %60, %62 : f32, i64
    } -> (tensor<2x4x?xf32>, tensor<2x4x?xi64>)
    %expanded_8 = tensor.expand_shape %44#0 [[0], [1], [2, 3]] output_shape [2, 4, %dim, 1] : tensor<2x4x?xf32> into tensor<2x4x?x1xf32>
    %45 = linalg.generic {indexing_maps = [#map, #map9, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39, %expanded_8 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%38 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %58 = arith.subf %in, %in_13 : f32
      linalg.yield %58 : f32
    } -> tensor<2x4x?x?xf32>
    %46 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%45 : tensor<2x4x?x?xf32>) outs(%38 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %58 = math.exp %in : f32
      linalg.yield %58 : f32
    } -> tensor<2x4x?x?xf32>
    %47 = tensor.empty(%dim) : tensor<2x4x?x1xf32>
    %48 = linalg.fill ins(%cst : f32) outs(%47 : tensor<2x4x?x1xf32>) -> tensor<2x4x?x1xf32>
    %49 = linalg.generic {indexing_maps = [#map, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%46 : tensor<2x4x?x?xf32>) outs(%48 : tensor<2x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %58 = arith.addf %in, %out : f32
      linalg.yield %58 : f32
    } -> tensor<2x4x?x1xf32>
    %50 = linalg.generic {indexing_maps = [#map, #map9, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%46, %49 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%38 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %58 = arith.divf %in, %in_13 : f32
      linalg.yield %58 : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %2, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %2, "unimplemented: dynamic negative broadcast sizes"
    %51 = tensor.empty(%dim, %dim) : tensor<2x4x?x?xf32>
    %52 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%51 : tensor<2x4x?x?xf32>) {
    ^bb0(%out: f32):
      %58 = linalg.index 0 : index
      %59 = linalg.index 1 : index
      %60 = linalg.index 2 : index
      %61 = linalg.index 3 : index
      %62 = arith.cmpi eq, %dim, %c1 : index
      %63 = arith.select %62, %c0, %60 : index
      %64 = arith.select %62, %c0, %61 : index
      %extracted = tensor.extract %50[%58, %59, %63, %64] : tensor<2x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %18, "must have at most one inferred (negative) dimension"
    %from_elements_9 = tensor.from_elements %c8_i64, %21, %21 : tensor<3xi64>
    %reshape_10 = tensor.reshape %52(%from_elements_9) : (tensor<2x4x?x?xf32>, tensor<3xi64>) -> tensor<8x?x?xf32>
    cf.assert %2, "unimplemented: dynamic negative broadcast sizes"
    %53 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%3 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %58 = linalg.index 0 : index
      %59 = linalg.index 1 : index
      %60 = linalg.index 2 : index
      %61 = linalg.index 3 : index
      %dim_13 = tensor.dim %arg2, %c2 : tensor<2x4x?x8xf32>
      %62 = arith.cmpi eq, %dim_13, %c1 : index
      %63 = arith.select %62, %c0, %60 : index
      %extracted = tensor.extract %arg2[%58, %59, %63, %61] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed_11 = tensor.collapse_shape %53 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %54 = arith.cmpi eq, %21, %0 : i64
    cf.assert %54, "mismatching contracting dimension"
    %55 = tensor.empty(%22) : tensor<8x?x8xf32>
    %56 = linalg.fill ins(%cst : f32) outs(%55 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %57 = linalg.batch_matmul ins(%reshape_10, %collapsed_11 : tensor<8x?x?xf32>, tensor<8x?x8xf32>) outs(%56 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %expanded_12 = tensor.expand_shape %57 [[0, 1], [2], [3]] output_shape [2, 4, %22, 8] : tensor<8x?x8xf32> into tensor<2x4x?x8xf32>
    return %expanded_12 : tensor<2x4x?x8xf32>
  }
}
