// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_dynamic_whole
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
  func.func @block_dynamic_whole(%arg0: tensor<?x4x?x8xf32>, %arg1: tensor<?x4x?x8xf32>, %arg2: tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c8_i64 = arith.constant 8 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_3 = arith.constant 0.59460355750136051 : f64
    %cst_4 = arith.constant 0xFFF0000000000000 : f64
    %c32_i64 = arith.constant 32 : i64
    %cst_5 = arith.constant dense<5> : tensor<i64>
    %dim = tensor.dim %arg0, %c2 : tensor<?x4x?x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_6 = tensor.dim %arg2, %c0 : tensor<?x4x?x8xf32>
    %1 = arith.index_cast %dim_6 : index to i64
    %2 = tensor.empty(%dim) : tensor<?xi64>
    %3 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%2 : tensor<?xi64>) {
    ^bb0(%out: i64):
      %129 = linalg.index 0 : index
      %130 = arith.index_cast %129 : index to i64
      linalg.yield %130 : i64
    } -> tensor<?xi64>
    %expanded = tensor.expand_shape %3 [[0, 1]] output_shape [%dim, 1] : tensor<?xi64> into tensor<?x1xi64>
    %4 = tensor.empty(%dim) : tensor<?x1xi64>
    %5 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded, %cst_5 : tensor<?x1xi64>, tensor<i64>) outs(%4 : tensor<?x1xi64>) {
    ^bb0(%in: i64, %in_21: i64, %out: i64):
      %129 = arith.sitofp %in : i64 to f64
      %130 = arith.sitofp %in_21 : i64 to f64
      %131 = arith.divf %129, %130 : f64
      %132 = math.floor %131 : f64
      %133 = arith.fptosi %132 : f64 to i64
      linalg.yield %133 : i64
    } -> tensor<?x1xi64>
    %expanded_7 = tensor.expand_shape %3 [[0, 1]] output_shape [1, %dim] : tensor<?xi64> into tensor<1x?xi64>
    %6 = tensor.empty(%dim) : tensor<1x?xi64>
    %7 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded_7, %cst_5 : tensor<1x?xi64>, tensor<i64>) outs(%6 : tensor<1x?xi64>) {
    ^bb0(%in: i64, %in_21: i64, %out: i64):
      %129 = arith.sitofp %in : i64 to f64
      %130 = arith.sitofp %in_21 : i64 to f64
      %131 = arith.divf %129, %130 : f64
      %132 = math.floor %131 : f64
      %133 = arith.fptosi %132 : f64 to i64
      linalg.yield %133 : i64
    } -> tensor<1x?xi64>
    %8 = tensor.empty(%dim, %dim) : tensor<?x?xi1>
    %9 = linalg.generic {indexing_maps = [#map3, #map4, #map1], iterator_types = ["parallel", "parallel"]} ins(%5, %7 : tensor<?x1xi64>, tensor<1x?xi64>) outs(%8 : tensor<?x?xi1>) {
    ^bb0(%in: i64, %in_21: i64, %out: i1):
      %129 = arith.cmpi eq, %in, %in_21 : i64
      linalg.yield %129 : i1
    } -> tensor<?x?xi1>
    %10 = tensor.empty(%dim, %dim) : tensor<?x?xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map2, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%9, %cst_1, %cst_2 : tensor<?x?xi1>, tensor<f32>, tensor<f32>) outs(%10 : tensor<?x?xf32>) {
    ^bb0(%in: i1, %in_21: f32, %in_22: f32, %out: f32):
      %129 = arith.select %in, %in_21, %in_22 : f32
      linalg.yield %129 : f32
    } -> tensor<?x?xf32>
    %dim_8 = tensor.dim %arg0, %c0 : tensor<?x4x?x8xf32>
    %12 = tensor.empty(%dim_8, %dim) : tensor<?x4x?x8xf32>
    %13 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<?x4x?x8xf32>) outs(%12 : tensor<?x4x?x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %129 = arith.truncf %cst_3 : f64 to f32
      %130 = arith.mulf %in, %129 : f32
      linalg.yield %130 : f32
    } -> tensor<?x4x?x8xf32>
    %dim_9 = tensor.dim %arg1, %c0 : tensor<?x4x?x8xf32>
    %dim_10 = tensor.dim %arg1, %c2 : tensor<?x4x?x8xf32>
    %14 = tensor.empty(%dim_9, %dim_10) : tensor<?x4x8x?xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<?x4x?x8xf32>) outs(%14 : tensor<?x4x8x?xf32>) permutation = [0, 1, 3, 2] 
    %15 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<?x4x8x?xf32>) outs(%14 : tensor<?x4x8x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %129 = arith.truncf %cst_3 : f64 to f32
      %130 = arith.mulf %in, %129 : f32
      linalg.yield %130 : f32
    } -> tensor<?x4x8x?xf32>
    %16 = arith.muli %1, %c4_i64 : i64
    %17 = arith.cmpi sge, %1, %c0_i64 : i64
    cf.assert %17, "unimplemented: dynamic negative broadcast sizes"
    %18 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %18, "unimplemented: dynamic negative broadcast sizes"
    %19 = tensor.empty(%dim_6, %dim) : tensor<?x4x?x8xf32>
    %20 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%19 : tensor<?x4x?x8xf32>) {
    ^bb0(%out: f32):
      %129 = linalg.index 0 : index
      %130 = linalg.index 1 : index
      %131 = linalg.index 2 : index
      %132 = linalg.index 3 : index
      %133 = arith.cmpi eq, %dim_8, %c1 : index
      %134 = arith.select %133, %c0, %129 : index
      %135 = arith.cmpi eq, %dim, %c1 : index
      %136 = arith.select %135, %c0, %131 : index
      %extracted = tensor.extract %13[%134, %130, %136, %132] : tensor<?x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x8xf32>
    %21 = arith.cmpi slt, %16, %c0_i64 : i64
    %22 = arith.select %21, %c1_i64, %16 : i64
    %23 = arith.extui %21 : i1 to i64
    %24 = arith.muli %22, %0 : i64
    %25 = arith.addi %23, %c1_i64 : i64
    %26 = arith.cmpi slt, %0, %c0_i64 : i64
    %27 = arith.select %26, %22, %24 : i64
    %28 = arith.select %26, %25, %23 : i64
    %29 = arith.muli %27, %c8_i64 : i64
    %30 = arith.cmpi sle, %28, %c1_i64 : i64
    cf.assert %30, "must have at most one inferred (negative) dimension"
    %31 = arith.muli %16, %0 : i64
    %32 = arith.muli %31, %c8_i64 : i64
    %33 = arith.divsi %32, %29 : i64
    %34 = arith.select %21, %33, %16 : i64
    %35 = arith.select %26, %33, %0 : i64
    %from_elements = tensor.from_elements %34, %35, %c8_i64 : tensor<3xi64>
    %reshape = tensor.reshape %20(%from_elements) : (tensor<?x4x?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
    cf.assert %17, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %18, "unimplemented: dynamic negative broadcast sizes"
    %36 = tensor.empty(%dim_6, %dim) : tensor<?x4x8x?xf32>
    %37 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%36 : tensor<?x4x8x?xf32>) {
    ^bb0(%out: f32):
      %129 = linalg.index 0 : index
      %130 = linalg.index 1 : index
      %131 = linalg.index 2 : index
      %132 = linalg.index 3 : index
      %133 = arith.cmpi eq, %dim_9, %c1 : index
      %134 = arith.select %133, %c0, %129 : index
      %135 = arith.cmpi eq, %dim_10, %c1 : index
      %136 = arith.select %135, %c0, %132 : index
      %extracted = tensor.extract %15[%134, %130, %131, %136] : tensor<?x4x8x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x8x?xf32>
    %38 = arith.muli %22, %c8_i64 : i64
    %39 = arith.muli %38, %0 : i64
    %40 = arith.select %26, %38, %39 : i64
    cf.assert %30, "must have at most one inferred (negative) dimension"
    %41 = arith.muli %1, %c32_i64 : i64
    %42 = arith.muli %41, %0 : i64
    %43 = arith.divsi %42, %40 : i64
    %44 = arith.select %21, %43, %16 : i64
    %45 = arith.select %26, %43, %0 : i64
    %from_elements_11 = tensor.from_elements %44, %c8_i64, %45 : tensor<3xi64>
    %reshape_12 = tensor.reshape %37(%from_elements_11) : (tensor<?x4x8x?xf32>, tensor<3xi64>) -> tensor<?x8x?xf32>
    %46 = arith.index_cast %34 : i64 to index
    %47 = arith.index_cast %35 : i64 to index
    %48 = arith.index_cast %45 : i64 to index
    %49 = arith.cmpi eq, %34, %44 : i64
    cf.assert %49, "mismatching contracting dimension"
    %50 = tensor.empty(%46, %47, %48) : tensor<?x?x?xf32>
    %51 = linalg.fill ins(%cst : f32) outs(%50 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    %52 = linalg.batch_matmul ins(%reshape, %reshape_12 : tensor<?x?x8xf32>, tensor<?x8x?xf32>) outs(%51 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    %53 = arith.cmpi slt, %1, %c0_i64 : i64
    %54 = arith.select %53, %c1_i64, %1 : i64
    %55 = arith.extui %53 : i1 to i64
    %56 = arith.muli %54, %c4_i64 : i64
    %57 = arith.muli %56, %0 : i64
    %58 = arith.addi %55, %c1_i64 : i64
    %59 = arith.select %26, %56, %57 : i64
    %60 = arith.select %26, %58, %55 : i64
    %61 = arith.muli %59, %0 : i64
    %62 = arith.addi %60, %c1_i64 : i64
    %63 = arith.select %26, %56, %61 : i64
    %64 = arith.select %26, %62, %55 : i64
    %65 = arith.cmpi sle, %64, %c1_i64 : i64
    cf.assert %65, "must have at most one inferred (negative) dimension"
    %66 = arith.muli %34, %35 : i64
    %67 = arith.muli %66, %45 : i64
    %68 = arith.divsi %67, %63 : i64
    %69 = arith.select %53, %68, %1 : i64
    %70 = arith.select %26, %68, %0 : i64
    %from_elements_13 = tensor.from_elements %69, %c4_i64, %70, %70 : tensor<4xi64>
    %reshape_14 = tensor.reshape %52(%from_elements_13) : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x4x?x?xf32>
    %71 = arith.index_cast %69 : i64 to index
    %72 = arith.index_cast %70 : i64 to index
    %73 = arith.cmpi eq, %72, %dim : index
    cf.assert %73, "mismatched size for broadcast"
    cf.assert %73, "mismatched size for broadcast"
    %74 = tensor.empty(%71, %72, %72) : tensor<?x4x?x?xf32>
    %75 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape_14, %11 : tensor<?x4x?x?xf32>, tensor<?x?xf32>) outs(%74 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %in_21: f32, %out: f32):
      %129 = arith.addf %in, %in_21 : f32
      linalg.yield %129 : f32
    } -> tensor<?x4x?x?xf32>
    %76 = tensor.empty(%71, %72) : tensor<?x4x?xi64>
    %77 = linalg.fill ins(%c0_i64 : i64) outs(%76 : tensor<?x4x?xi64>) -> tensor<?x4x?xi64>
    %78 = tensor.empty(%71, %72) : tensor<?x4x?xf32>
    %79 = linalg.fill ins(%cst_0 : f32) outs(%78 : tensor<?x4x?xf32>) -> tensor<?x4x?xf32>
    %80:2 = linalg.generic {indexing_maps = [#map5, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%75 : tensor<?x4x?x?xf32>) outs(%79, %77 : tensor<?x4x?xf32>, tensor<?x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_21: i64):
      %129 = linalg.index 3 : index
      %130 = arith.index_cast %129 : index to i64
      %131 = arith.maximumf %in, %out : f32
      %132 = arith.cmpf ogt, %in, %out : f32
      %133 = arith.select %132, %130, %out_21 : i64
      linalg.yield %131, %133 : f32, i64
    } -> (tensor<?x4x?xf32>, tensor<?x4x?xi64>)
    %expanded_15 = tensor.expand_shape %80#0 [[0], [1], [2, 3]] output_shape [%71, 4, %72, 1] : tensor<?x4x?xf32> into tensor<?x4x?x1xf32>
    %81 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%75, %expanded_15 : tensor<?x4x?x?xf32>, tensor<?x4x?x1xf32>) outs(%74 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %in_21: f32, %out: f32):
      %129 = arith.subf %in, %in_21 : f32
      linalg.yield %129 : f32
    } -> tensor<?x4x?x?xf32>
    %82 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%81 : tensor<?x4x?x?xf32>) outs(%74 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %129 = math.exp %in : f32
      linalg.yield %129 : f32
    } -> tensor<?x4x?x?xf32>
    %83 = tensor.empty(%71, %72) : tensor<?x4x?x1xf32>
    %84 = linalg.fill ins(%cst : f32) outs(%83 : tensor<?x4x?x1xf32>) -> tensor<?x4x?x1xf32>
    %85 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%82 : tensor<?x4x?x?xf32>) outs(%84 : tensor<?x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %129 = arith.addf %in, %out : f32
      linalg.yield %129 : f32
    } -> tensor<?x4x?x1xf32>
    %86 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%82, %85 : tensor<?x4x?x?xf32>, tensor<?x4x?x1xf32>) outs(%74 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %in_21: f32, %out: f32):
      %129 = arith.divf %in, %in_21 : f32
      linalg.yield %129 : f32
    } -> tensor<?x4x?x?xf32>
    %87 = tensor.empty(%71, %72, %72) : tensor<?x4x?x?xi1>
    %88 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%75 : tensor<?x4x?x?xf32>) outs(%87 : tensor<?x4x?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %129 = arith.extf %in : f32 to f64
      %130 = arith.cmpf oeq, %129, %cst_4 : f64
      linalg.yield %130 : i1
    } -> tensor<?x4x?x?xi1>
    %89 = tensor.empty(%71, %72) : tensor<?x4x?x1xi1>
    %90 = linalg.fill ins(%true : i1) outs(%89 : tensor<?x4x?x1xi1>) -> tensor<?x4x?x1xi1>
    %91 = linalg.generic {indexing_maps = [#map5, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%88 : tensor<?x4x?x?xi1>) outs(%90 : tensor<?x4x?x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %129 = arith.andi %in, %out : i1
      linalg.yield %129 : i1
    } -> tensor<?x4x?x1xi1>
    %92 = arith.cmpi sge, %69, %c0_i64 : i64
    cf.assert %92, "negative values not allowed in new dimensions"
    %93 = arith.index_cast %69 : i64 to index
    %94 = arith.cmpi sge, %70, %c0_i64 : i64
    cf.assert %94, "negative values not allowed in new dimensions"
    %95 = arith.index_cast %70 : i64 to index
    cf.assert %94, "negative values not allowed in new dimensions"
    %96 = tensor.empty(%93, %95, %95) : tensor<?x4x?x?xf32>
    %97 = linalg.generic {indexing_maps = [#map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_1 : tensor<f32>) outs(%96 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x?x?xf32>
    %98 = arith.cmpi eq, %71, %93 : index
    cf.assert %98, "mismatched size for broadcast"
    %99 = arith.cmpi eq, %72, %95 : index
    cf.assert %99, "mismatched size for broadcast"
    %100 = arith.cmpi eq, %95, %72 : index
    cf.assert %100, "mismatched size for broadcast"
    %101 = tensor.empty(%71, %72, %95) : tensor<?x4x?x?xf32>
    %102 = linalg.generic {indexing_maps = [#map8, #map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%91, %97, %86 : tensor<?x4x?x1xi1>, tensor<?x4x?x?xf32>, tensor<?x4x?x?xf32>) outs(%101 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: i1, %in_21: f32, %in_22: f32, %out: f32):
      %129 = arith.select %in, %in_21, %in_22 : f32
      linalg.yield %129 : f32
    } -> tensor<?x4x?x?xf32>
    cf.assert %17, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %18, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %18, "unimplemented: dynamic negative broadcast sizes"
    %103 = tensor.empty(%dim_6, %dim, %dim) : tensor<?x4x?x?xf32>
    %104 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%103 : tensor<?x4x?x?xf32>) {
    ^bb0(%out: f32):
      %129 = linalg.index 0 : index
      %130 = linalg.index 1 : index
      %131 = linalg.index 2 : index
      %132 = linalg.index 3 : index
      %133 = arith.cmpi eq, %71, %c1 : index
      %134 = arith.select %133, %c0, %129 : index
      %135 = arith.cmpi eq, %72, %c1 : index
      %136 = arith.select %135, %c0, %131 : index
      %137 = arith.cmpi eq, %95, %c1 : index
      %138 = arith.select %137, %c0, %132 : index
      %extracted = tensor.extract %102[%134, %130, %136, %138] : tensor<?x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x?xf32>
    %105 = arith.muli %27, %0 : i64
    %106 = arith.addi %28, %c1_i64 : i64
    %107 = arith.select %26, %22, %105 : i64
    %108 = arith.select %26, %106, %23 : i64
    %109 = arith.cmpi sle, %108, %c1_i64 : i64
    cf.assert %109, "must have at most one inferred (negative) dimension"
    %110 = arith.muli %31, %0 : i64
    %111 = arith.divsi %110, %107 : i64
    %112 = arith.select %21, %111, %16 : i64
    %113 = arith.select %26, %111, %0 : i64
    %from_elements_16 = tensor.from_elements %112, %113, %113 : tensor<3xi64>
    %reshape_17 = tensor.reshape %104(%from_elements_16) : (tensor<?x4x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
    cf.assert %17, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %18, "unimplemented: dynamic negative broadcast sizes"
    %114 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%19 : tensor<?x4x?x8xf32>) {
    ^bb0(%out: f32):
      %129 = linalg.index 0 : index
      %130 = linalg.index 1 : index
      %131 = linalg.index 2 : index
      %132 = linalg.index 3 : index
      %133 = arith.cmpi eq, %dim_6, %c1 : index
      %134 = arith.select %133, %c0, %129 : index
      %dim_21 = tensor.dim %arg2, %c2 : tensor<?x4x?x8xf32>
      %135 = arith.cmpi eq, %dim_21, %c1 : index
      %136 = arith.select %135, %c0, %131 : index
      %extracted = tensor.extract %arg2[%134, %130, %136, %132] : tensor<?x4x?x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x8xf32>
    cf.assert %30, "must have at most one inferred (negative) dimension"
    %reshape_18 = tensor.reshape %114(%from_elements) : (tensor<?x4x?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
    %115 = arith.index_cast %112 : i64 to index
    %116 = arith.index_cast %113 : i64 to index
    %117 = arith.cmpi eq, %112, %34 : i64
    cf.assert %117, "mismatching contracting dimension"
    %118 = arith.cmpi eq, %113, %35 : i64
    cf.assert %118, "mismatching contracting dimension"
    %119 = tensor.empty(%115, %116) : tensor<?x?x8xf32>
    %120 = linalg.fill ins(%cst : f32) outs(%119 : tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
    %121 = linalg.batch_matmul ins(%reshape_17, %reshape_18 : tensor<?x?x?xf32>, tensor<?x?x8xf32>) outs(%120 : tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
    %122 = arith.muli %59, %c8_i64 : i64
    %123 = arith.cmpi sle, %60, %c1_i64 : i64
    cf.assert %123, "must have at most one inferred (negative) dimension"
    %124 = arith.muli %112, %113 : i64
    %125 = arith.muli %124, %c8_i64 : i64
    %126 = arith.divsi %125, %122 : i64
    %127 = arith.select %53, %126, %1 : i64
    %128 = arith.select %26, %126, %0 : i64
    %from_elements_19 = tensor.from_elements %127, %c4_i64, %128, %c8_i64 : tensor<4xi64>
    %reshape_20 = tensor.reshape %121(%from_elements_19) : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
    return %reshape_20 : tensor<?x4x?x8xf32>
  }
}
