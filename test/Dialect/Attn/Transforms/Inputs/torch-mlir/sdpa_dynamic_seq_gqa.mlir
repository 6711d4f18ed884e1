// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py sdpa_dynamic_seq_gqa
// MLIR 22 parses it
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map4 = affine_map<(d0, d1, d2, d3) -> ()>
module {
  func.func @sdpa_dynamic_seq_gqa(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x2x?x8xf32>, %arg2: tensor<2x2x?x8xf32>) -> tensor<2x4x?x8xf32> {
    %c2_i64 = arith.constant 2 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0_i64 = arith.constant 0 : i64
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c8_i64 = arith.constant 8 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %c1_i64 = arith.constant 1 : i64
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant 0xFFF0000000000000 : f64
    %cst_3 = arith.constant 0.59460355750136051 : f64
    %dim = tensor.dim %arg0, %c2 : tensor<2x4x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x?x8xf32>) outs(%1 : tensor<2x4x?x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = arith.truncf %cst_3 : f64 to f32
      %61 = arith.mulf %in, %60 : f32
      linalg.yield %61 : f32
    } -> tensor<2x4x?x8xf32>
    %dim_4 = tensor.dim %arg1, %c2 : tensor<2x2x?x8xf32>
    %expanded = tensor.expand_shape %arg1 [[0], [1], [2, 3], [4]] output_shape [2, 2, 1, %dim_4, 8] : tensor<2x2x?x8xf32> into tensor<2x2x1x?x8xf32>
    %3 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %4 = tensor.empty(%dim) : tensor<2x2x2x?x8xf32>
    %5 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%4 : tensor<2x2x2x?x8xf32>) {
    ^bb0(%out: f32):
      %60 = linalg.index 0 : index
      %61 = linalg.index 1 : index
      %62 = linalg.index 3 : index
      %63 = linalg.index 4 : index
      %64 = arith.cmpi eq, %dim_4, %c1 : index
      %65 = arith.select %64, %c0, %62 : index
      %extracted = tensor.extract %expanded[%60, %61, %c0, %65, %63] : tensor<2x2x1x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x2x2x?x8xf32>
    %collapsed = tensor.collapse_shape %5 [[0], [1, 2], [3], [4]] : tensor<2x2x2x?x8xf32> into tensor<2x4x?x8xf32>
    %dim_5 = tensor.dim %arg2, %c2 : tensor<2x2x?x8xf32>
    %expanded_6 = tensor.expand_shape %arg2 [[0], [1], [2, 3], [4]] output_shape [2, 2, 1, %dim_5, 8] : tensor<2x2x?x8xf32> into tensor<2x2x1x?x8xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %6 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%4 : tensor<2x2x2x?x8xf32>) {
    ^bb0(%out: f32):
      %60 = linalg.index 0 : index
      %61 = linalg.index 1 : index
      %62 = linalg.index 3 : index
      %63 = linalg.index 4 : index
      %64 = arith.cmpi eq, %dim_5, %c1 : index
      %65 = arith.select %64, %c0, %62 : index
      %extracted = tensor.extract %expanded_6[%60, %61, %c0, %65, %63] : tensor<2x2x1x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x2x2x?x8xf32>
    %collapsed_7 = tensor.collapse_shape %6 [[0], [1, 2], [3], [4]] : tensor<2x2x2x?x8xf32> into tensor<2x4x?x8xf32>
    %7 = tensor.empty(%dim) : tensor<2x4x8x?xf32>
    %transposed = linalg.transpose ins(%collapsed : tensor<2x4x?x8xf32>) outs(%7 : tensor<2x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %8 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x?xf32>) outs(%7 : tensor<2x4x8x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = arith.truncf %cst_3 : f64 to f32
      %61 = arith.mulf %in, %60 : f32
      linalg.yield %61 : f32
    } -> tensor<2x4x8x?xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %9 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %10 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%9 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %60 = linalg.index 0 : index
      %61 = linalg.index 1 : index
      %62 = linalg.index 2 : index
      %63 = linalg.index 3 : index
      %64 = arith.cmpi eq, %dim, %c1 : index
      %65 = arith.select %64, %c0, %62 : index
      %extracted = tensor.extract %2[%60, %61, %65, %63] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed_8 = tensor.collapse_shape %10 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %11 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%7 : tensor<2x4x8x?xf32>) {
    ^bb0(%out: f32):
      %60 = linalg.index 0 : index
      %61 = linalg.index 1 : index
      %62 = linalg.index 2 : index
      %63 = linalg.index 3 : index
      %64 = arith.cmpi eq, %dim, %c1 : index
      %65 = arith.select %64, %c0, %63 : index
      %extracted = tensor.extract %8[%60, %61, %62, %65] : tensor<2x4x8x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x8x?xf32>
    %collapsed_9 = tensor.collapse_shape %11 [[0, 1], [2], [3]] : tensor<2x4x8x?xf32> into tensor<8x8x?xf32>
    %12 = tensor.empty(%dim, %dim) : tensor<8x?x?xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %14 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x?x8xf32>, tensor<8x8x?xf32>) outs(%13 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %15 = arith.muli %0, %c8_i64 : i64
    %16 = arith.cmpi slt, %0, %c0_i64 : i64
    %17 = arith.select %16, %c8_i64, %15 : i64
    %18 = arith.extui %16 : i1 to i64
    %19 = arith.muli %17, %0 : i64
    %20 = arith.addi %18, %c1_i64 : i64
    %21 = arith.select %16, %c8_i64, %19 : i64
    %22 = arith.select %16, %20, %18 : i64
    %23 = arith.cmpi sle, %22, %c1_i64 : i64
    cf.assert %23, "must have at most one inferred (negative) dimension"
    %24 = arith.muli %15, %0 : i64
    %25 = arith.divsi %24, %21 : i64
    %26 = arith.select %16, %25, %0 : i64
    %from_elements = tensor.from_elements %c2_i64, %c4_i64, %26, %26 : tensor<4xi64>
    %reshape = tensor.reshape %14(%from_elements) : (tensor<8x?x?xf32>, tensor<4xi64>) -> tensor<2x4x?x?xf32>
    %27 = arith.index_cast %26 : i64 to index
    %28 = tensor.empty(%27) : tensor<2x4x?xi64>
    %29 = linalg.fill ins(%c0_i64 : i64) outs(%28 : tensor<2x4x?xi64>) -> tensor<2x4x?xi64>
    %30 = tensor.empty(%27) : tensor<2x4x?xf32>
    %31 = linalg.fill ins(%cst_0 : f32) outs(%30 : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
    %32:2 = linalg.generic {indexing_maps = [#map, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%reshape : tensor<2x4x?x?xf32>) outs(%31, %29 : tensor<2x4x?xf32>, tensor<2x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_15: i64):
      %60 = linalg.index 3 : index
      %61 = arith.index_cast %60 : index to i64
      %62 = arith.maximumf %in, %out : f32
      %63 = arith.cmpf ogt, %in, %out : f32
      %64 = arith.select %63, %61, %out_15 : i64
      linalg.yield %62, %64 : f32, i64
    } -> (tensor<2x4x?xf32>, tensor<2x4x?xi64>)
    %expanded_10 = tensor.expand_shape %32#0 [[0], [1], [2, 3]] output_shape [2, 4, %27, 1] : tensor<2x4x?xf32> into tensor<2x4x?x1xf32>
    %33 = tensor.empty(%27, %27) : tensor<2x4x?x?xf32>
    %34 = linalg.generic {indexing_maps = [#map, #map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape, %expanded_10 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%33 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %60 = arith.subf %in, %in_15 : f32
      linalg.yield %60 : f32
    } -> tensor<2x4x?x?xf32>
    %35 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34 : tensor<2x4x?x?xf32>) outs(%33 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.exp %in : f32
      linalg.yield %60 : f32
    } -> tensor<2x4x?x?xf32>
    %36 = tensor.empty(%27) : tensor<2x4x?x1xf32>
    %37 = linalg.fill ins(%cst : f32) outs(%36 : tensor<2x4x?x1xf32>) -> tensor<2x4x?x1xf32>
    %38 = linalg.generic {indexing_maps = [#map, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%35 : tensor<2x4x?x?xf32>) outs(%37 : tensor<2x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = arith.addf %in, %out : f32
      linalg.yield %60 : f32
    } -> tensor<2x4x?x1xf32>
    %39 = linalg.generic {indexing_maps = [#map, #map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%35, %38 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%33 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %60 = arith.divf %in, %in_15 : f32
      linalg.yield %60 : f32
    } -> tensor<2x4x?x?xf32>
    %40 = tensor.empty(%27, %27) : tensor<2x4x?x?xi1>
    %41 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape : tensor<2x4x?x?xf32>) outs(%40 : tensor<2x4x?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %60 = arith.extf %in : f32 to f64
      %61 = arith.cmpf oeq, %60, %cst_2 : f64
      linalg.yield %61 : i1
    } -> tensor<2x4x?x?xi1>
    %42 = tensor.empty(%27) : tensor<2x4x?x1xi1>
    %43 = linalg.fill ins(%true : i1) outs(%42 : tensor<2x4x?x1xi1>) -> tensor<2x4x?x1xi1>
    %44 = linalg.generic {indexing_maps = [#map, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%41 : tensor<2x4x?x?xi1>) outs(%43 : tensor<2x4x?x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %60 = arith.andi %in, %out : i1
      linalg.yield %60 : i1
    } -> tensor<2x4x?x1xi1>
    %45 = arith.cmpi sge, %26, %c0_i64 : i64
    cf.assert %45, "negative values not allowed in new dimensions"
    %46 = arith.index_cast %26 : i64 to index
    cf.assert %45, "negative values not allowed in new dimensions"
    %47 = tensor.empty(%46, %46) : tensor<2x4x?x?xf32>
    %48 = linalg.generic {indexing_maps = [#map4, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_1 : tensor<f32>) outs(%47 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x4x?x?xf32>
    %49 = arith.cmpi eq, %27, %46 : index
    cf.assert %49, "mismatched size for broadcast"
    %50 = arith.cmpi eq, %46, %27 : index
    cf.assert %50, "mismatched size for broadcast"
    %51 = tensor.empty(%27, %46) : tensor<2x4x?x?xf32>
    %52 = linalg.generic {indexing_maps = [#map3, #map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%44, %48, %39 : tensor<2x4x?x1xi1>, tensor<2x4x?x?xf32>, tensor<2x4x?x?xf32>) outs(%51 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: i1, %in_15: f32, %in_16: f32, %out: f32):
      %60 = arith.select %in, %in_15, %in_16 : f32
      linalg.yield %60 : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %53 = tensor.empty(%dim, %dim) : tensor<2x4x?x?xf32>
    %54 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%53 : tensor<2x4x?x?xf32>) {
    ^bb0(%out: f32):
      %60 = linalg.index 0 : index
      %61 = linalg.index 1 : index
      %62 = linalg.index 2 : index
      %63 = linalg.index 3 : index
      %64 = arith.cmpi eq, %27, %c1 : index
      %65 = arith.select %64, %c0, %62 : index
      %66 = arith.cmpi eq, %46, %c1 : index
      %67 = arith.select %66, %c0, %63 : index
      %extracted = tensor.extract %52[%60, %61, %65, %67] : tensor<2x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %23, "must have at most one inferred (negative) dimension"
    %from_elements_11 = tensor.from_elements %c8_i64, %26, %26 : tensor<3xi64>
    %reshape_12 = tensor.reshape %54(%from_elements_11) : (tensor<2x4x?x?xf32>, tensor<3xi64>) -> tensor<8x?x?xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %55 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%9 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %60 = linalg.index 0 : index
      %61 = linalg.index 1 : index
      %62 = linalg.index 2 : index
      %63 = linalg.index 3 : index
      %64 = arith.cmpi eq, %dim, %c1 : index
      %65 = arith.select %64, %c0, %62 : index
      %extracted = tensor.extract %collapsed_7[%60, %61, %65, %63] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed_13 = tensor.collapse_shape %55 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %56 = arith.cmpi eq, %26, %0 : i64
    cf.assert %56, "mismatching contracting dimension"
    %57 = tensor.empty(%27) : tensor<8x?x8xf32>
    %58 = linalg.fill ins(%cst : f32) outs(%57 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %59 = linalg.batch_matmul ins(%reshape_12, %collapsed_13 : tensor<8x?x?xf32>, tensor<8x?x8xf32>) outs(%58 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %expanded_14 = tensor.expand_shape %59 [[0, 1], [2], [3]] output_shape [2, 4, %27, 8] : tensor<8x?x8xf32> into tensor<2x4x?x8xf32>
    return %expanded_14 : tensor<2x4x?x8xf32>
  }
}
