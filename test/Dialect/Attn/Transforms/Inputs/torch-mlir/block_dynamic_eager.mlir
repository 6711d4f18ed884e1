// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_dynamic_eager
// MLIR 22 parses it
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> ()>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> ()>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @block_dynamic_eager(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c2_i64 = arith.constant 2 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c8_i64 = arith.constant 8 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<-3.40282347E+38> : tensor<f32>
    %cst_2 = arith.constant 3.500000e-01 : f64
    %cst_3 = arith.constant dense<4> : tensor<i64>
    %dim = tensor.dim %arg0, %c2 : tensor<2x4x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty(%dim) : tensor<?xi64>
    %2 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%1 : tensor<?xi64>) {
    ^bb0(%out: i64):
      %56 = linalg.index 0 : index
      %57 = arith.index_cast %56 : index to i64
      linalg.yield %57 : i64
    } -> tensor<?xi64>
    %expanded = tensor.expand_shape %2 [[0, 1]] output_shape [%dim, 1] : tensor<?xi64> into tensor<?x1xi64>
    %3 = tensor.empty(%dim) : tensor<?x1xi64>
    %4 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_3 : tensor<?x1xi64>, tensor<i64>) outs(%3 : tensor<?x1xi64>) {
    ^bb0(%in: i64, %in_12: i64, %out: i64):
      %56 = arith.sitofp %in : i64 to f64
      %57 = arith.sitofp %in_12 : i64 to f64
      %58 = arith.divf %56, %57 : f64
      %59 = math.floor %58 : f64
      %60 = arith.fptosi %59 : f64 to i64
      linalg.yield %60 : i64
    } -> tensor<?x1xi64>
    %expanded_4 = tensor.expand_shape %2 [[0, 1]] output_shape [1, %dim] : tensor<?xi64> into tensor<1x?xi64>
    %5 = tensor.empty(%dim) : tensor<1x?xi64>
    %6 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_4, %cst_3 : tensor<1x?xi64>, tensor<i64>) outs(%5 : tensor<1x?xi64>) {
    ^bb0(%in: i64, %in_12: i64, %out: i64):
      %56 = arith.sitofp %in : i64 to f64
      %57 = arith.sitofp %in_12 : i64 to f64
      %58 = arith.divf %56, %57 : f64
      %59 = math.floor %58 : f64
      %60 = arith.fptosi %59 : f64 to i64
      linalg.yield %60 : i64
    } -> tensor<1x?xi64>
    %7 = tensor.empty(%dim, %dim) : tensor<?x?xi1>
    %8 = linalg.generic {indexing_maps = [#map3, #map4, #map1], iterator_types = ["parallel", "parallel"]} ins(%4, %6 : tensor<?x1xi64>, tensor<1x?xi64>) outs(%7 : tensor<?x?xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %56 = arith.cmpi eq, %in, %in_12 : i64
      linalg.yield %56 : i1
    } -> tensor<?x?xi1>
    %9 = linalg.generic {indexing_maps = [#map4, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_4, %expanded : tensor<1x?xi64>, tensor<?x1xi64>) outs(%7 : tensor<?x?xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %56 = arith.cmpi sle, %in, %in_12 : i64
      linalg.yield %56 : i1
    } -> tensor<?x?xi1>
    %10 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%8, %9 : tensor<?x?xi1>, tensor<?x?xi1>) outs(%7 : tensor<?x?xi1>) {
    ^bb0(%in: i1, %in_12: i1, %out: i1):
      %56 = arith.andi %in, %in_12 : i1
      linalg.yield %56 : i1
    } -> tensor<?x?xi1>
    %dim_5 = tensor.dim %arg1, %c2 : tensor<2x4x?x8xf32>
    %11 = tensor.empty(%dim_5) : tensor<2x4x8x?xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<2x4x?x8xf32>) outs(%11 : tensor<2x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %12 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %13 = tensor.empty(%dim) : tensor<2x4x?x8xf32>
    %14 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%13 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %56 = linalg.index 0 : index
      %57 = linalg.index 1 : index
      %58 = linalg.index 2 : index
      %59 = linalg.index 3 : index
      %60 = arith.cmpi eq, %dim, %c1 : index
      %61 = arith.select %60, %c0, %58 : index
      %extracted = tensor.extract %arg0[%56, %57, %61, %59] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed = tensor.collapse_shape %14 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %15 = tensor.empty(%dim) : tensor<2x4x8x?xf32>
    %16 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%15 : tensor<2x4x8x?xf32>) {
    ^bb0(%out: f32):
      %56 = linalg.index 0 : index
      %57 = linalg.index 1 : index
      %58 = linalg.index 2 : index
      %59 = linalg.index 3 : index
      %60 = arith.cmpi eq, %dim_5, %c1 : index
      %61 = arith.select %60, %c0, %59 : index
      %extracted = tensor.extract %transposed[%56, %57, %58, %61] : tensor<2x4x8x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x8x?xf32>
    %collapsed_6 = tensor.collapse_shape %16 [[0, 1], [2], [3]] : tensor<2x4x8x?xf32> into tensor<8x8x?xf32>
    %17 = tensor.empty(%dim, %dim) : tensor<8x?x?xf32>
    %18 = linalg.fill ins(%cst : f32) outs(%17 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %19 = linalg.batch_matmul ins(%collapsed, %collapsed_6 : tensor<8x?x8xf32>, tensor<8x8x?xf32>) outs(%18 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %20 = arith.muli %0, %c8_i64 : i64
    %21 = arith.cmpi slt, %0, %c0_i64 : i64
    %22 = arith.select %21, %c8_i64, %20 : i64
    %23 = arith.extui %21 : i1 to i64
    %24 = arith.muli %22, %0 : i64
    %25 = arith.addi %23, %c1_i64 : i64
    %26 = arith.select %21, %c8_i64, %24 : i64
    %27 = arith.select %21, %25, %23 : i64
    %28 = arith.cmpi sle, %27, %c1_i64 : i64
    cf.assert %28, "must have at most one inferred (negative) dimension"
    %29 = arith.muli %20, %0 : i64
    %30 = arith.divsi %29, %26 : i64
    %31 = arith.select %21, %30, %0 : i64
    %from_elements = tensor.from_elements %c2_i64, %c4_i64, %31, %31 : tensor<4xi64>
    %reshape = tensor.reshape %19(%from_elements) : (tensor<8x?x?xf32>, tensor<4xi64>) -> tensor<2x4x?x?xf32>
    %32 = arith.index_cast %31 : i64 to index
    %33 = tensor.empty(%32, %32) : tensor<2x4x?x?xf32>
    %34 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape : tensor<2x4x?x?xf32>) outs(%33 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %56 = arith.truncf %cst_2 : f64 to f32
      %57 = arith.mulf %in, %56 : f32
      linalg.yield %57 : f32
    } -> tensor<2x4x?x?xf32>
    %35 = arith.cmpi eq, %dim, %32 : index
    cf.assert %35, "mismatched size for broadcast"
    cf.assert %35, "mismatched size for broadcast"
    %36 = tensor.empty(%dim, %dim) : tensor<2x4x?x?xf32>
    %37 = linalg.generic {indexing_maps = [#map6, #map5, #map7, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10, %34, %cst_1 : tensor<?x?xi1>, tensor<2x4x?x?xf32>, tensor<f32>) outs(%36 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %56 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %56 : f32
    } -> tensor<2x4x?x?xf32>
    %38 = tensor.empty(%dim) : tensor<2x4x?xi64>
    %39 = linalg.fill ins(%c0_i64 : i64) outs(%38 : tensor<2x4x?xi64>) -> tensor<2x4x?xi64>
    %40 = tensor.empty(%dim) : tensor<2x4x?xf32>
    %41 = linalg.fill ins(%cst_0 : f32) outs(%40 : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
    %42:2 = linalg.generic {indexing_maps = [#map5, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%37 : tensor<2x4x?x?xf32>) outs(%41, %39 : tensor<2x4x?xf32>, tensor<2x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_12: i64):
      %56 = linalg.index 3 : index
      %57 = arith.index_cast %56 : index to i64
      %58 = arith.maximumf %in, %out : f32
      %59 = arith.cmpf ogt, %in, %out : f32
      %60 = arith.select %59, %57, %out_12 : i64
      linalg.yield %58, %60 : f32, i64
    } -> (tensor<2x4x?xf32>, tensor<2x4x?xi64>)
    %expanded_7 = tensor.expand_shape %42#0 [[0], [1], [2, 3]] output_shape [2, 4, %dim, 1] : tensor<2x4x?xf32> into tensor<2x4x?x1xf32>
    %43 = linalg.generic {indexing_maps = [#map5, #map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%37, %expanded_7 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%36 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %56 = arith.subf %in, %in_12 : f32
      linalg.yield %56 : f32
    } -> tensor<2x4x?x?xf32>
    %44 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%43 : tensor<2x4x?x?xf32>) outs(%36 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %56 = math.exp %in : f32
      linalg.yield %56 : f32
    } -> tensor<2x4x?x?xf32>
    %45 = tensor.empty(%dim) : tensor<2x4x?x1xf32>
    %46 = linalg.fill ins(%cst : f32) outs(%45 : tensor<2x4x?x1xf32>) -> tensor<2x4x?x1xf32>
    %47 = linalg.generic {indexing_maps = [#map5, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%44 : tensor<2x4x?x?xf32>) outs(%46 : tensor<2x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %56 = arith.addf %in, %out : f32
      linalg.yield %56 : f32
    } -> tensor<2x4x?x1xf32>
    %48 = linalg.generic {indexing_maps = [#map5, #map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%44, %47 : tensor<2x4x?x?xf32>, tensor<2x4x?x1xf32>) outs(%36 : tensor<2x4x?x?xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %56 = arith.divf %in, %in_12 : f32
      linalg.yield %56 : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %49 = tensor.empty(%dim, %dim) : tensor<2x4x?x?xf32>
    %50 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%49 : tensor<2x4x?x?xf32>) {
    ^bb0(%out: f32):
      %56 = linalg.index 0 : index
      %57 = linalg.index 1 : index
      %58 = linalg.index 2 : index
      %59 = linalg.index 3 : index
      %60 = arith.cmpi eq, %dim, %c1 : index
      %61 = arith.select %60, %c0, %58 : index
      %62 = arith.select %60, %c0, %59 : index
      %extracted = tensor.extract %48[%56, %57, %61, %62] : tensor<2x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x?xf32>
    cf.assert %28, "must have at most one inferred (negative) dimension"
    %from_elements_8 = tensor.from_elements %c8_i64, %31, %31 : tensor<3xi64>
    %reshape_9 = tensor.reshape %50(%from_elements_8) : (tensor<2x4x?x?xf32>, tensor<3xi64>) -> tensor<8x?x?xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %51 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%13 : tensor<2x4x?x8xf32>) {
    ^bb0(%out: f32):
      %56 = linalg.index 0 : index
      %57 = linalg.index 1 : index
      %58 = linalg.index 2 : index
      %59 = linalg.index 3 : index
      %dim_12 = tensor.dim %arg2, %c2 : tensor<2x4x?x8xf32>
      %60 = arith.cmpi eq, %dim_12, %c1 : index
      %61 = arith.select %60, %c0, %58 : index
      %extracted = tensor.extract %arg2[%56, %57, %61, %59] : tensor<2x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x?x8xf32>
    %collapsed_10 = tensor.collapse_shape %51 [[0, 1], [2], [3]] : tensor<2x4x?x8xf32> into tensor<8x?x8xf32>
    %52 = arith.cmpi eq, %31, %0 : i64
    cf.assert %52, "mismatching contracting dimension"
    %53 = tensor.empty(%32) : tensor<8x?x8xf32>
    %54 = linalg.fill ins(%cst : f32) outs(%53 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %55 = linalg.batch_matmul ins(%reshape_9, %collapsed_10 : tensor<8x?x?xf32>, tensor<8x?x8xf32>) outs(%54 : tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %expanded_11 = tensor.expand_shape %55 [[0, 1], [2], [3]] output_shape [2, 4, %32, 8] : tensor<8x?x8xf32> into tensor<2x4x?x8xf32>
    return %expanded_11 : tensor<2x4x?x8xf32>
  }
}
