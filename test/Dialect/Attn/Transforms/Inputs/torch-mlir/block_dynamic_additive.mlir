// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_dynamic_additive
// MLIR 22 parses it
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> ()>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map9 = affine_map<(d0, d1, d2, d3) -> ()>
module {
  func.func @block_dynamic_additive(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c2_i64 = arith.constant 2 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %true = arith.constant true
    %c2 = arith.constant 2 : index
    %c8_i64 = arith.constant 8 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant 0.59460355750136051 : f64
    %cst_4 = arith.constant 0xFFF0000000000000 : f64
    %cst_5 = arith.constant dense<4> : tensor<i64>
    %dim = tensor.dim %arg0, %c2 : tensor<2x4x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty(%dim) : tensor<?xi64>
    %2 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%1 : tensor<?xi64>) {
    ^bb0(%out: i64):
      %76 = linalg.index 0 : index
      %77 = arith.index_cast %76 : index to i64
      linalg.yield %77 : i64
    } -> tensor<?xi64>
    %expanded = tensor.expand_shape %2 [[0, 1]] output_shape [%dim, 1] : tensor<?xi64> into tensor<?x1xi64>
    %3 = tensor.empty(%dim) : tensor<?x1xi64>
    %4 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_5 : tensor<?x1xi64>, tensor<i64>) outs(%3 : tensor<?x1xi64>) {
    ^bb0(%in: i64, %in_14: i64, %out: i64):
      %76 = arith.sitofp %in : i64 to f64
      %77 = arith.sitofp %in_14 : i64 to f64
      %78 = arith.divf %76, %77 : f64
      %79 = math.floor %78 : f64
      %80 = arith.fptosi %79 : f64 to i64
      linalg.yield %80 : i64
    } -> tensor<?x1xi64>
    %expanded_6 = tensor.expand_shape %2 [[0, 1]] output_shape [1, %dim] : tensor<?xi64> into tensor<1x?xi64>
    %5 = tensor.empty(%dim) : tensor<1x?xi64>
    %6 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_6, %cst_5 : tensor<1x?xi64>, tensor<i64>) outs(%5 : tensor<1x?xi64>) {
    ^bb0(%in: i64, %in_14: i64, %out: i64):
      %76 = arith.sitofp %in : i64 to f64
      %77 = arith.sitofp %in_14 : i64 to f64
      %78 = arith.divf %76, %77 : f64
      %79 = math.floor %78 : f64
      %80 = arith.fptosi %79 : f64 to i64
      linalg.yield %80 : i64
    } -> tensor<1x?xi64>
    %7 = tensor.empty(%dim, %dim) : tensor<?x?xi1>
    %8 = linalg.generic {indexing_maps = [#map3, #map4, #map1], iterator_types = ["parallel", "parallel"]} ins(%4, %6 : tensor<?x1xi64>, tensor<1x?xi64>) outs(%7 : tensor<?x?xi1>) {
    ^bb0(%in: i64, %in_14: i64, %out: i1):
      %76 = arith.cmpi eq, %in, %in_14 : i64
      linalg.yield %76 : i1
    } -> tensor<?x?xi1>
    %9 = linalg.generic {indexing_maps = [#map4, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_6, %expanded : tensor<1x?xi64>, tensor<?x1xi64>) outs(%7 : tensor<?x?xi1>) {
    ^bb0(%in: i64, %in_14: i64, %out: i1):
      %76 = arith.cmpi sle, %in, %in_14 : i64
      linalg.yield %76 : i1
    } -> tensor<?x?xi1>
    %10 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%8, %9 : tensor<?x?xi1>, tensor<?x?xi1>) outs(%7 : tensor<?x?xi1>) {
    ^bb0(%in: i1, %in_14: i1, %out: i1):
      %76 = arith.andi %in, %in_14 : i1
      linalg.yield %76 : i1
    } -> tensor<?x?xi1>
    %11 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %11, "negative values not allowed in new dimensions"
    cf.assert %11, "negative values not allowed in new dimensions"
    %12 = tensor.empty(%dim, %dim) : tensor<?x?xf32>
    %13 = linalg.generic {indexing_maps = [#map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%cst_2 : tensor<f32>) outs(%12 : tensor<?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x?xf32>
    %14 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%10 : tensor<?x?xi1>) outs(%7 : tensor<?x?xi1>) {
    ^bb0(%in: i1, %out: i1):
      %76 = arith.xori %in, %true : i1
      linalg.yield %76 : i1
    } -> tensor<?x?xi1>
    cf.assert %true, "mismatched size for broadcast"
    cf.assert %true, "mismatched size for broadcast"
    %15 = tensor.empty(%dim, %dim) : tensor<?x?xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map2, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%14, %cst_1, %13 : tensor<?x?xi1>, tensor<f32>, tensor<?x?xf32>) outs(%15 : tensor<?x?xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %76 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %76 : f32
    } -> tensor<?x?xf32>
    %17 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %18 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<2x4x?x8xf32>) outs(%17 : tensor<2x4x?x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.truncf %cst_3 : f64 to f32
      %77 = arith.mulf %in, %76 : f32
      linalg.yield %77 : f32
    } -> tensor<2x4x?x8xf32>
    %dim_7 = tensor.dim %arg1, %c2 : tensor<2x4x?x8xf32>
    %19 = tensor.empty(%dim_7) : tensor<2x4x8x?xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x?x8xf32>) outs(%19 : tensor<2x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %20 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x8x?xf32>) outs(%19 : tensor<2x4x8x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.truncf %cst_3 : f64 to f32
      %77 = arith.mulf %in, %76 : f32
      linalg.yield %77 : f32
    } -> tensor<2x4x8x?xf32>
    %21 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %22 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %23 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%22 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %76 = linalg.index 0 : index
      %77 = linalg.index 1 : index
      %78 = linalg.index 2 : index
      %79 = linalg.index 3 : index
      %80 = arith.cmpi eq, %dim, %c1 : index
      %81 = arith.select %80, %c0, %78 : index
      %extracted = tensor.extract %18[%76, %77, %81, %79] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed = tensor.collapse_shape %23 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %24 = tensor.empty(%dim) : tensor<2x4x8x?xf32>
    %25 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%24 : tensor<2x4x8x?xf32>) {
    ^bb0(%out: f32):
      %76 = linalg.index 0 : index
      %77 = linalg.index 1 : index
      %78 = linalg.index 2 : index
      %79 = linalg.index 3 : index
      %80 = arith.cmpi eq, %dim_7, %c1 : index
      %81 = arith.select %80, %c0, %79 : index
      %extracted = tensor.extract %20[%76, %77, %78, %81] : tensor<2x4x8x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x8x?xf32>
    %collapsed_8 = tensor.collapse_shape %25 [[0, 1], [2], [3]] : tensor<2x4x8x?xf32> into tensor<8x8x?xf32>
    %26 = tensor.empty(%dim, %dim) : tensor<8x?x?xf32>
    %27 = linalg.fill ins(%cst : f32) outs(%26 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %28 = linalg.batch_matmul ins(%collapsed, %collapsed_8 : tensor<8x?x8xf32>, tensor<8x8x?xf32>) outs(%27 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %29 = arith.muli %0, %c8_i64 : i64
    %30 = arith.cmpi slt, %0, %c0_i64 : i64
    %31 = arith.select %30, %c8_i64, %29 : i64
    %32 = arith.extui %30 : i1 to i64
    %33 = arith.muli %31, %0 : i64
    %34 = arith.addi %32, %c1_i64 : i64
    %35 = arith.select %30, %c8_i64, %33 : i64
    %36 = arith.select %30, %34, %32 : i64
    %37 = arith.cmpi sle, %36, %c1_i64 : i64
    cf.assert %37, "must have at most one inferred (negative) dimension"
    %38 = arith.muli %29, %0 : i64
    %39 = arith.divsi %38, %35 : i64
    %40 = arith.select %30, %39, %0 : i64
    %from_elements = tensor.from_elements %c2_i64, %c4_i64, %40, %40 : tensor<4xi64>
    %reshape = tensor.reshape %28(%from_elements) : (tensor<8x?x?xf32>, tensor<4xi64>) -> tensor<2x4x?x?xf32>
    %41 = arith.index_cast %40 : i64 to index
    %42 = arith.cmpi eq, %41, %dim : index
    cf.assert %42, "mismatched size for broadcast"
    cf.assert %42, "mismatched size for broadcast"
    %43 = tensor.empty(%41, %41) : tensor<2x4x?x?xf32>
    %44 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape, %16 : tensor<2x4x?x?xf32>, tensor<?x?xf32>) outs(%43 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %76 = arith.addf %in, %in_14 : f32
      linalg.yield %76 : f32
    } -> tensor<2x4x?x?xf32>
    %45 = tensor.empty(%41) : tensor<2x4x?xi64>
    %46 = linalg.fill ins(%c0_i64 : i64) outs(%45 : tensor<2x4x?xi64>) -> tensor<2x4x?xi64>
    %47 = tensor.empty(%41) : tensor<2x4x?xf32>
    %48 = linalg.fill ins(%cst_0 : f32) outs(%47 : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
    %49:2 = linalg.generic {indexing_maps = [#map5, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%44 : tensor<2x4x?x?xf32>) outs(%48, %46 : tensor<2x4x?xf32>, tensor<2x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %76 = linalg.index 3 : index
      %77 = arith.index_cast %76 : index to i64
      %78 = arith.maximumf %in, %out : f32
      %79 = arith.cmpf ogt, %in, %out : f32
      %80 = arith.select %79, %77, %out_14 : i64
      linalg.yield %78, %80 : f32, i64
    } -> (tensor<2x4x?xf32>, tensor<2x4x?xi64>)
    %expanded_9 = tensor.expand_shape %49#0 [[0], [1], [2, 3]] output_shape [2, 4, %41, 1] : tensor<2x4x?xf32> into tensor<2x4x?x1xf32>
    %50 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%44, %expanded_9 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%43 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %76 = arith.subf %in, %in_14 : f32
      linalg.yield %76 : f32
    } -> tensor<2x4x?x?xf32>
    %51 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%50 : tensor<2x4x?x?xf32>) outs(%43 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = math.exp %in : f32
      linalg.yield %76 : f32
    } -> tensor<2x4x?x?xf32>
    %52 = tensor.empty(%41) : tensor<2x4x?x1xf32>
    %53 = linalg.fill ins(%cst : f32) outs(%52 : tensor<2x4x?x1xf32>) -> tensor<2x4x?x1xf32>
    %54 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%51 : tensor<2x4x?x?xf32>) outs(%53 : tensor<2x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.addf %in, %out : f32
      linalg.yield %76 : f32
    } -> tensor<2x4x?x1xf32>
    %55 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%51, %54 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%43 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %76 = arith.divf %in, %in_14 : f32
      linalg.yield %76 : f32
    } -> tensor<2x4x?x?xf32>
    %56 = tensor.empty(%41, %41) : tensor<2x4x?x?xi1>
    %57 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%44 : tensor<2x4x?x?xf32>) outs(%56 : tensor<2x4x?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %76 = arith.extf %in : f32 to f64
      %77 = arith.cmpf oeq, %76, %cst_4 : f64
      linalg.yield %77 : i1
    } -> tensor<2x4x?x?xi1>
    %58 = tensor.empty(%41) : tensor<2x4x?x1xi1>
    %59 = linalg.fill ins(%true : i1) outs(%58 : tensor<2x4x?x1xi1>) -> tensor<2x4x?x1xi1>
    %60 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%57 : tensor<2x4x?x?xi1>) outs(%59 : tensor<2x4x?x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %76 = arith.andi %in, %out : i1
      linalg.yield %76 : i1
    } -> tensor<2x4x?x1xi1>
    %61 = arith.cmpi sge, %40, %c0_i64 : i64
    cf.assert %61, "negative values not allowed in new dimensions"
    %62 = arith.index_cast %40 : i64 to index
    cf.assert %61, "negative values not allowed in new dimensions"
    %63 = tensor.empty(%62, %62) : tensor<2x4x?x?xf32>
    %64 = linalg.generic {indexing_maps = [#map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_2 : tensor<f32>) outs(%63 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x4x?x?xf32>
    %65 = arith.cmpi eq, %41, %62 : index
    cf.assert %65, "mismatched size for broadcast"
    %66 = arith.cmpi eq, %62, %41 : index
    cf.assert %66, "mismatched size for broadcast"
    %67 = tensor.empty(%41, %62) : tensor<2x4x?x?xf32>
    %68 = linalg.generic {indexing_maps = [#map8, #map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%60, %64, %55 : tensor<2x4x?x1xi1>, tensor<2x4x?x?xf32>, tensor<2x4x?x?xf32>) outs(%67 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %76 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %76 : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %69 = tensor.empty(%dim, %dim) : tensor<2x4x?x?xf32>
    %70 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%69 : tensor<2x4x?x?xf32>) {
    ^bb0(%out: f32):
      %76 = linalg.index 0 : index
      %77 = linalg.index 1 : index
      %78 = linalg.index 2 : index
      %79 = linalg.index 3 : index
      %80 = arith.cmpi eq, %41, %c1 : index
      %81 = arith.select %80, %c0, %78 : index
      %82 = arith.cmpi eq, %62, %c1 : index
      %83 = arith.select %82, %c0, %79 : index
      %extracted = tensor.extract %68[%76, %77, %81, %83] : tensor<2x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %37, "must have at most one inferred (negative) dimension"
    %from_elements_10 = tensor.from_elements %c8_i64, %40, %40 : tensor<3xi64>
    %reshape_11 = tensor.reshape %70(%from_elements_10) : (tensor<2x4x?x?xf32>, tensor<3xi64>) -> tensor<8x?x?xf32>
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %71 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%22 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %76 = linalg.index 0 : index
      %77 = linalg.index 1 : index
      %78 = linalg.index 2 : index
      %79 = linalg.index 3 : index
      %dim_14 = tensor.dim %arg2, %c2 : tensor<2x4x?x8xf32>
      %80 = arith.cmpi eq, %dim_14, %c1 : index
      %81 = arith.select %80, %c0, %78 : index
      %extracted = tensor.extract %arg2[%76, %77, %81, %79] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed_12 = tensor.collapse_shape %71 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %72 = arith.cmpi eq, %40, %0 : i64
    cf.assert %72, "mismatching contracting dimension"
    %73 = tensor.empty(%41) : tensor<8x?x8xf32>
    %74 = linalg.fill ins(%cst : f32) outs(%73 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %75 = linalg.batch_matmul ins(%reshape_11, %collapsed_12 : tensor<8x?x?xf32>, tensor<8x?x8xf32>) outs(%74 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %expanded_13 = tensor.expand_shape %75 [[0, 1], [2], [3]] output_shape [2, 4, %41, 8] : tensor<8x?x8xf32> into tensor<2x4x?x8xf32>
    return %expanded_13 : tensor<2x4x?x8xf32>
  }
}
