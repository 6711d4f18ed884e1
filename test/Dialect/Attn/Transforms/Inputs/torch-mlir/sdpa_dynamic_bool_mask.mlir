// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py sdpa_dynamic_bool_mask
// MLIR 22 parses it
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> ()>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @sdpa_dynamic_bool_mask(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>, %arg3: tensor<2x1x?x?xi1>) -> tensor<2x4x?x8xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c2_i64 = arith.constant 2 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0_i64 = arith.constant 0 : i64
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c8_i64 = arith.constant 8 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_3 = arith.constant 0.59460355750136051 : f64
    %cst_4 = arith.constant 0xFFF0000000000000 : f64
    %dim = tensor.dim %arg0, %c2 : tensor<2x4x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_5 = tensor.dim %arg2, %c2 : tensor<2x4x?x8xf32>
    %1 = arith.index_cast %dim_5 : index to i64
    %dim_6 = tensor.dim %arg3, %c2 : tensor<2x1x?x?xi1>
    %dim_7 = tensor.dim %arg3, %c3 : tensor<2x1x?x?xi1>
    %2 = tensor.empty(%dim_6, %dim_7) : tensor<2x1x?x?xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg3, %cst_1, %cst_2 : tensor<2x1x?x?xi1>, tensor<f32>, tensor<f32>) outs(%2 : tensor<2x1x?x?xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %71 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %71 : f32
    } -> tensor<2x1x?x?xf32>
    %4 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x?x8xf32>) outs(%4 : tensor<2x4x?x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %71 = arith.truncf %cst_3 : f64 to f32
      %72 = arith.mulf %in, %71 : f32
      linalg.yield %72 : f32
    } -> tensor<2x4x?x8xf32>
    %dim_8 = tensor.dim %arg1, %c2 : tensor<2x4x?x8xf32>
    %6 = tensor.empty(%dim_8) : tensor<2x4x8x?xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x?x8xf32>) outs(%6 : tensor<2x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %7 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x?xf32>) outs(%6 : tensor<2x4x8x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %71 = arith.truncf %cst_3 : f64 to f32
      %72 = arith.mulf %in, %71 : f32
      linalg.yield %72 : f32
    } -> tensor<2x4x8x?xf32>
    %8 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %8, "unimplemented: dynamic negative broadcast sizes"
    %9 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %10 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%9 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %71 = linalg.index 0 : index
      %72 = linalg.index 1 : index
      %73 = linalg.index 2 : index
      %74 = linalg.index 3 : index
      %75 = arith.cmpi eq, %dim, %c1 : index
      %76 = arith.select %75, %c0, %73 : index
      %extracted = tensor.extract %5[%71, %72, %76, %74] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed = tensor.collapse_shape %10 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %11 = arith.cmpi sge, %1, %c0_i64 : i64
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %12 = tensor.empty(%dim_5) : tensor<2x4x8x?xf32>
    %13 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%12 : tensor<2x4x8x?xf32>) {
    ^bb0(%out: f32):
      %71 = linalg.index 0 : index
      %72 = linalg.index 1 : index
      %73 = linalg.index 2 : index
      %74 = linalg.index 3 : index
      %75 = arith.cmpi eq, %dim_8, %c1 : index
      %76 = arith.select %75, %c0, %74 : index
      %extracted = tensor.extract %7[%71, %72, %73, %76] : tensor<2x4x8x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x8x?xf32>
    %collapsed_9 = tensor.collapse_shape %13 [[0, 1], [2], [3]] : tensor<2x4x8x?xf32> into tensor<8x8x?xf32>
    %14 = tensor.empty(%dim, %dim_5) : tensor<8x?x?xf32>
    %15 = linalg.fill ins(%cst : f32) outs(%14 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %16 = linalg.batch_matmul ins(%collapsed, %collapsed_9 : tensor<8x?x8xf32>, tensor<8x8x?xf32>) outs(%15 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %17 = arith.muli %0, %c8_i64 : i64
    %18 = arith.cmpi slt, %0, %c0_i64 : i64
    %19 = arith.select %18, %c8_i64, %17 : i64
    %20 = arith.extui %18 : i1 to i64
    %21 = arith.muli %19, %1 : i64
    %22 = arith.addi %20, %c1_i64 : i64
    %23 = arith.cmpi slt, %1, %c0_i64 : i64
    %24 = arith.select %23, %19, %21 : i64
    %25 = arith.select %23, %22, %20 : i64
    %26 = arith.cmpi sle, %25, %c1_i64 : i64
    cf.assert %26, "must have at most one inferred (negative) dimension"
    %27 = arith.muli %17, %1 : i64
    %28 = arith.divsi %27, %24 : i64
    %29 = arith.select %18, %28, %0 : i64
    %30 = arith.select %23, %28, %1 : i64
    %from_elements = tensor.from_elements %c2_i64, %c4_i64, %29, %30 : tensor<4xi64>
    %reshape = tensor.reshape %16(%from_elements) : (tensor<8x?x?xf32>, tensor<4xi64>) -> tensor<2x4x?x?xf32>
    %31 = arith.index_cast %29 : i64 to index
    %32 = arith.index_cast %30 : i64 to index
    %33 = arith.cmpi eq, %31, %dim_6 : index
    cf.assert %33, "mismatched size for broadcast"
    %34 = arith.cmpi eq, %32, %dim_7 : index
    cf.assert %34, "mismatched size for broadcast"
    %35 = tensor.empty(%31, %32) : tensor<2x4x?x?xf32>
    %36 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape, %3 : tensor<2x4x?x?xf32>, tensor<2x1x?x?xf32>) outs(%35 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %71 = arith.addf %in, %in_14 : f32
      linalg.yield %71 : f32
    } -> tensor<2x4x?x?xf32>
    %37 = tensor.empty(%31) : tensor<2x4x?xi64>
    %38 = linalg.fill ins(%c0_i64 : i64) outs(%37 : tensor<2x4x?xi64>) -> tensor<2x4x?xi64>
    %39 = tensor.empty(%31) : tensor<2x4x?xf32>
    %40 = linalg.fill ins(%cst_0 : f32) outs(%39 : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
    %41:2 = linalg.generic {indexing_maps = [#map, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%36 : tensor<2x4x?x?xf32>) outs(%40, %38 : tensor<2x4x?xf32>, tensor<2x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %71 = linalg.index 3 : index
      %72 = arith.index_cast %71 : index to i64
      %73 = arith.maximumf %in, %out : f32
      %74 = arith.cmpf ogt, %in, %out : f32
      %75 = arith.select %74, %72, %out_14 : i64
      linalg.yield %73, %75 : f32, i64
    } -> (tensor<2x4x?xf32>, tensor<2x4x?xi64>)
    %expanded = tensor.expand_shape %41#0 [[0], [1], [2, 3]] output_shape [2, 4, %31, 1] : tensor<2x4x?xf32> into tensor<2x4x?x1xf32>
    %42 = linalg.generic {indexing_maps = [#map, #map4, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36, %expanded : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%35 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %71 = arith.subf %in, %in_14 : f32
      linalg.yield %71 : f32
    } -> tensor<2x4x?x?xf32>
    %43 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%42 : tensor<2x4x?x?xf32>) outs(%35 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %71 = math.exp %in : f32
      linalg.yield %71 : f32
    } -> tensor<2x4x?x?xf32>
    %44 = tensor.empty(%31) : tensor<2x4x?x1xf32>
    %45 = linalg.fill ins(%cst : f32) outs(%44 : tensor<2x4x?x1xf32>) -> tensor<2x4x?x1xf32>
    %46 = linalg.generic {indexing_maps = [#map, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%43 : tensor<2x4x?x?xf32>) outs(%45 : tensor<2x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %71 = arith.addf %in, %out : f32
      linalg.yield %71 : f32
    } -> tensor<2x4x?x1xf32>
    %47 = linalg.generic {indexing_maps = [#map, #map4, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%43, %46 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%35 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %71 = arith.divf %in, %in_14 : f32
      linalg.yield %71 : f32
    } -> tensor<2x4x?x?xf32>
    %48 = tensor.empty(%31, %32) : tensor<2x4x?x?xi1>
    %49 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36 : tensor<2x4x?x?xf32>) outs(%48 : tensor<2x4x?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %71 = arith.extf %in : f32 to f64
      %72 = arith.cmpf oeq, %71, %cst_4 : f64
      linalg.yield %72 : i1
    } -> tensor<2x4x?x?xi1>
    %50 = tensor.empty(%31) : tensor<2x4x?x1xi1>
    %51 = linalg.fill ins(%true : i1) outs(%50 : tensor<2x4x?x1xi1>) -> tensor<2x4x?x1xi1>
    %52 = linalg.generic {indexing_maps = [#map, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%49 : tensor<2x4x?x?xi1>) outs(%51 : tensor<2x4x?x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %71 = arith.andi %in, %out : i1
      linalg.yield %71 : i1
    } -> tensor<2x4x?x1xi1>
    %53 = arith.cmpi sge, %29, %c0_i64 : i64
    cf.assert %53, "negative values not allowed in new dimensions"
    %54 = arith.index_cast %29 : i64 to index
    %55 = arith.cmpi sge, %30, %c0_i64 : i64
    cf.assert %55, "negative values not allowed in new dimensions"
    %56 = arith.index_cast %30 : i64 to index
    %57 = tensor.empty(%54, %56) : tensor<2x4x?x?xf32>
    %58 = linalg.generic {indexing_maps = [#map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_1 : tensor<f32>) outs(%57 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x4x?x?xf32>
    %59 = arith.cmpi eq, %31, %54 : index
    cf.assert %59, "mismatched size for broadcast"
    %60 = arith.cmpi eq, %56, %32 : index
    cf.assert %60, "mismatched size for broadcast"
    %61 = tensor.empty(%31, %56) : tensor<2x4x?x?xf32>
    %62 = linalg.generic {indexing_maps = [#map4, #map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%52, %58, %47 : tensor<2x4x?x1xi1>, tensor<2x4x?x?xf32>, tensor<2x4x?x?xf32>) outs(%61 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %71 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %71 : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %8, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %63 = tensor.empty(%dim, %dim_5) : tensor<2x4x?x?xf32>
    %64 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%63 : tensor<2x4x?x?xf32>) {
    ^bb0(%out: f32):
      %71 = linalg.index 0 : index
      %72 = linalg.index 1 : index
      %73 = linalg.index 2 : index
      %74 = linalg.index 3 : index
      %75 = arith.cmpi eq, %31, %c1 : index
      %76 = arith.select %75, %c0, %73 : index
      %77 = arith.cmpi eq, %56, %c1 : index
      %78 = arith.select %77, %c0, %74 : index
      %extracted = tensor.extract %62[%71, %72, %76, %78] : tensor<2x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %26, "must have at most one inferred (negative) dimension"
    %from_elements_10 = tensor.from_elements %c8_i64, %29, %30 : tensor<3xi64>
    %reshape_11 = tensor.reshape %64(%from_elements_10) : (tensor<2x4x?x?xf32>, tensor<3xi64>) -> tensor<8x?x?xf32>
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %65 = tensor.empty(%dim_5) : tensor<2x4x?x8xf32>
    %66 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%65 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %71 = linalg.index 0 : index
      %72 = linalg.index 1 : index
      %73 = linalg.index 2 : index
      %74 = linalg.index 3 : index
      %75 = arith.cmpi eq, %dim_5, %c1 : index
      %76 = arith.select %75, %c0, %73 : index
      %extracted = tensor.extract %arg2[%71, %72, %76, %74] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed_12 = tensor.collapse_shape %66 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %67 = arith.cmpi eq, %30, %1 : i64
    cf.assert %67, "mismatching contracting dimension"
    %68 = tensor.empty(%31) : tensor<8x?x8xf32>
    %69 = linalg.fill ins(%cst : f32) outs(%68 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %70 = linalg.batch_matmul ins(%reshape_11, %collapsed_12 : tensor<8x?x?xf32>, tensor<8x?x8xf32>) outs(%69 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %expanded_13 = tensor.expand_shape %70 [[0, 1], [2], [3]] output_shape [2, 4, %31, 8] : tensor<8x?x8xf32> into tensor<2x4x?x8xf32>
    return %expanded_13 : tensor<2x4x?x8xf32>
  }
}
