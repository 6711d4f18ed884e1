// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_batch_dynamic
// MLIR 22 parses it
// A batch of unknown size.
#map = affine_map<()[s0] -> (s0 * 4)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0) -> (d0)>
#map3 = affine_map<(d0, d1) -> (0, d1)>
#map4 = affine_map<(d0, d1) -> (d0, 0)>
#map5 = affine_map<(d0, d1) -> (d0, d1)>
#map6 = affine_map<(d0, d1) -> ()>
#map7 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map10 = affine_map<(d0, d1, d2, d3) -> ()>
module {
  func.func @block_batch_dynamic(%arg0: tensor<?x4x16x8xf32>, %arg1: tensor<?x4x16x8xf32>, %arg2: tensor<?x4x16x8xf32>) -> tensor<?x4x16x8xf32> {
    %c4_i64 = arith.constant 4 : i64
    %c0_i64 = arith.constant 0 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_3 = arith.constant dense<true> : tensor<4x4xi1>
    %cst_4 = arith.constant 0xFFF0000000000000 : f64
    %cst_5 = arith.constant 0.59460355750136051 : f64
    %dim = tensor.dim %arg2, %c0 : tensor<?x4x16x8xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_6 = tensor.dim %arg0, %c0 : tensor<?x4x16x8xf32>
    %expanded = tensor.expand_shape %arg0 [[0], [1], [2, 3], [4]] output_shape [%dim_6, 4, 4, 4, 8] : tensor<?x4x16x8xf32> into tensor<?x4x4x4x8xf32>
    %1 = tensor.empty(%dim_6) : tensor<?x4x4x4x8xf32>
    %transposed = linalg.transpose ins(%expanded : tensor<?x4x4x4x8xf32>) outs(%1 : tensor<?x4x4x4x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %dim_7 = tensor.dim %arg1, %c0 : tensor<?x4x16x8xf32>
    %expanded_8 = tensor.expand_shape %arg1 [[0], [1], [2, 3], [4]] output_shape [%dim_7, 4, 4, 4, 8] : tensor<?x4x16x8xf32> into tensor<?x4x4x4x8xf32>
    %2 = tensor.empty(%dim_7) : tensor<?x4x4x4x8xf32>
    %transposed_9 = linalg.transpose ins(%expanded_8 : tensor<?x4x4x4x8xf32>) outs(%2 : tensor<?x4x4x4x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %expanded_10 = tensor.expand_shape %arg2 [[0], [1], [2, 3], [4]] output_shape [%dim, 4, 4, 4, 8] : tensor<?x4x16x8xf32> into tensor<?x4x4x4x8xf32>
    %3 = tensor.empty(%dim) : tensor<?x4x4x4x8xf32>
    %transposed_11 = linalg.transpose ins(%expanded_10 : tensor<?x4x4x4x8xf32>) outs(%3 : tensor<?x4x4x4x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %4 = arith.muli %0, %c4_i64 : i64
    %collapsed = tensor.collapse_shape %transposed [[0, 1], [2], [3], [4]] : tensor<?x4x4x4x8xf32> into tensor<?x4x4x8xf32>
    %collapsed_12 = tensor.collapse_shape %transposed_9 [[0, 1], [2], [3], [4]] : tensor<?x4x4x4x8xf32> into tensor<?x4x4x8xf32>
    %collapsed_13 = tensor.collapse_shape %transposed_11 [[0, 1], [2], [3], [4]] : tensor<?x4x4x4x8xf32> into tensor<?x4x4x8xf32>
    %5 = affine.apply #map()[%dim_6]
    %6 = tensor.empty(%5) : tensor<?x4x4x8xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<?x4x4x8xf32>) outs(%6 : tensor<?x4x4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %62 = arith.truncf %cst_5 : f64 to f32
      %63 = arith.mulf %in, %62 : f32
      linalg.yield %63 : f32
    } -> tensor<?x4x4x8xf32>
    %8 = tensor.empty() : tensor<4xi64>
    %9 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel"]} outs(%8 : tensor<4xi64>) {
    ^bb0(%out: i64):
      %62 = linalg.index 0 : index
      %63 = arith.index_cast %62 : index to i64
      linalg.yield %63 : i64
    } -> tensor<4xi64>
    %expanded_14 = tensor.expand_shape %9 [[0, 1]] output_shape [1, 4] : tensor<4xi64> into tensor<1x4xi64>
    %expanded_15 = tensor.expand_shape %9 [[0, 1]] output_shape [4, 1] : tensor<4xi64> into tensor<4x1xi64>
    %10 = tensor.empty() : tensor<4x4xi64>
    %11 = linalg.generic {indexing_maps = [#map3, #map4, #map5], iterator_types = ["parallel", "parallel"]} ins(%expanded_14, %expanded_15 : tensor<1x4xi64>, tensor<4x1xi64>) outs(%10 : tensor<4x4xi64>) {
    ^bb0(%in: i64, %in_26: i64, %out: i64):
      %62 = arith.subi %in, %in_26 : i64
      linalg.yield %62 : i64
    } -> tensor<4x4xi64>
    %12 = tensor.empty() : tensor<4x4xi1>
    %13 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel"]} ins(%11 : tensor<4x4xi64>) outs(%12 : tensor<4x4xi1>) {
    ^bb0(%in: i64, %out: i1):
      %62 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %62 : i1
    } -> tensor<4x4xi1>
    %14 = linalg.generic {indexing_maps = [#map5, #map5, #map5], iterator_types = ["parallel", "parallel"]} ins(%13, %cst_3 : tensor<4x4xi1>, tensor<4x4xi1>) outs(%12 : tensor<4x4xi1>) {
    ^bb0(%in: i1, %in_26: i1, %out: i1):
      %62 = arith.andi %in, %in_26 : i1
      linalg.yield %62 : i1
    } -> tensor<4x4xi1>
    %15 = tensor.empty() : tensor<4x4xf32>
    %16 = linalg.generic {indexing_maps = [#map5, #map6, #map6, #map5], iterator_types = ["parallel", "parallel"]} ins(%14, %cst_1, %cst_2 : tensor<4x4xi1>, tensor<f32>, tensor<f32>) outs(%15 : tensor<4x4xf32>) {
    ^bb0(%in: i1, %in_26: f32, %in_27: f32, %out: f32):
      %62 = arith.select %in, %in_26, %in_27 : f32
      linalg.yield %62 : f32
    } -> tensor<4x4xf32>
    %17 = affine.apply #map()[%dim_7]
    %18 = tensor.empty(%17) : tensor<?x4x8x4xf32>
    %transposed_16 = linalg.transpose ins(%collapsed_12 : tensor<?x4x4x8xf32>) outs(%18 : tensor<?x4x8x4xf32>) permutation = [0, 1, 3, 2] 
    %19 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_16 : tensor<?x4x8x4xf32>) outs(%18 : tensor<?x4x8x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %62 = arith.truncf %cst_5 : f64 to f32
      %63 = arith.mulf %in, %62 : f32
      linalg.yield %63 : f32
    } -> tensor<?x4x8x4xf32>
    %20 = arith.index_cast %4 : i64 to index
    %21 = arith.cmpi sge, %4, %c0_i64 : i64
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %22 = tensor.empty(%20) : tensor<?x4x4x8xf32>
    %23 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%22 : tensor<?x4x4x8xf32>) {
    ^bb0(%out: f32):
      %62 = linalg.index 0 : index
      %63 = linalg.index 1 : index
      %64 = linalg.index 2 : index
      %65 = linalg.index 3 : index
      %66 = arith.cmpi eq, %5, %c1 : index
      %67 = arith.select %66, %c0, %62 : index
      %extracted = tensor.extract %7[%67, %63, %64, %65] : tensor<?x4x4x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x8xf32>
    %collapsed_17 = tensor.collapse_shape %23 [[0, 1], [2], [3]] : tensor<?x4x4x8xf32> into tensor<?x4x8xf32>
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %24 = tensor.empty(%20) : tensor<?x4x8x4xf32>
    %25 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%24 : tensor<?x4x8x4xf32>) {
    ^bb0(%out: f32):
      %62 = linalg.index 0 : index
      %63 = linalg.index 1 : index
      %64 = linalg.index 2 : index
      %65 = linalg.index 3 : index
      %66 = arith.cmpi eq, %17, %c1 : index
      %67 = arith.select %66, %c0, %62 : index
      %extracted = tensor.extract %19[%67, %63, %64, %65] : tensor<?x4x8x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x8x4xf32>
    %collapsed_18 = tensor.collapse_shape %25 [[0, 1], [2], [3]] : tensor<?x4x8x4xf32> into tensor<?x8x4xf32>
    %26 = affine.apply #map()[%20]
    %27 = tensor.empty(%26) : tensor<?x4x4xf32>
    %28 = linalg.fill ins(%cst : f32) outs(%27 : tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
    %29 = linalg.batch_matmul ins(%collapsed_17, %collapsed_18 : tensor<?x4x8xf32>, tensor<?x8x4xf32>) outs(%28 : tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
    %30 = arith.divsi %26, %c4 : index
    %expanded_19 = tensor.expand_shape %29 [[0, 1], [2], [3]] output_shape [%30, 4, 4, 4] : tensor<?x4x4xf32> into tensor<?x4x4x4xf32>
    %31 = tensor.empty(%30) : tensor<?x4x4x4xf32>
    %32 = linalg.generic {indexing_maps = [#map1, #map7, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_19, %16 : tensor<?x4x4x4xf32>, tensor<4x4xf32>) outs(%31 : tensor<?x4x4x4xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %62 = arith.addf %in, %in_26 : f32
      linalg.yield %62 : f32
    } -> tensor<?x4x4x4xf32>
    %33 = tensor.empty(%30) : tensor<?x4x4xi64>
    %34 = linalg.fill ins(%c0_i64 : i64) outs(%33 : tensor<?x4x4xi64>) -> tensor<?x4x4xi64>
    %35 = tensor.empty(%30) : tensor<?x4x4xf32>
    %36 = linalg.fill ins(%cst_0 : f32) outs(%35 : tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
    %37:2 = linalg.generic {indexing_maps = [#map1, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%32 : tensor<?x4x4x4xf32>) outs(%36, %34 : tensor<?x4x4xf32>, tensor<?x4x4xi64>) {
    ^bb0(%in: f32, %out: f32, %out_26: i64):
      %62 = linalg.index 3 : index
      %63 = arith.index_cast %62 : index to i64
      %64 = arith.maximumf %in, %out : f32
      %65 = arith.cmpf ogt, %in, %out : f32
      %66 = arith.select %65, %63, %out_26 : i64
      linalg.yield %64, %66 : f32, i64
    } -> (tensor<?x4x4xf32>, tensor<?x4x4xi64>)
    %expanded_20 = tensor.expand_shape %37#0 [[0], [1], [2, 3]] output_shape [%30, 4, 4, 1] : tensor<?x4x4xf32> into tensor<?x4x4x1xf32>
    %38 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32, %expanded_20 : tensor<?x4x4x4xf32>, tensor<?x4x4x1xf32>) outs(%31 : tensor<?x4x4x4xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %62 = arith.subf %in, %in_26 : f32
      linalg.yield %62 : f32
    } -> tensor<?x4x4x4xf32>
    %39 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%38 : tensor<?x4x4x4xf32>) outs(%31 : tensor<?x4x4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %62 = math.exp %in : f32
      linalg.yield %62 : f32
    } -> tensor<?x4x4x4xf32>
    %40 = tensor.empty(%30) : tensor<?x4x4x1xf32>
    %41 = linalg.fill ins(%cst : f32) outs(%40 : tensor<?x4x4x1xf32>) -> tensor<?x4x4x1xf32>
    %42 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%39 : tensor<?x4x4x4xf32>) outs(%41 : tensor<?x4x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %62 = arith.addf %in, %out : f32
      linalg.yield %62 : f32
    } -> tensor<?x4x4x1xf32>
    %43 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39, %42 : tensor<?x4x4x4xf32>, tensor<?x4x4x1xf32>) outs(%31 : tensor<?x4x4x4xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %62 = arith.divf %in, %in_26 : f32
      linalg.yield %62 : f32
    } -> tensor<?x4x4x4xf32>
    %44 = tensor.empty(%30) : tensor<?x4x4x4xi1>
    %45 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32 : tensor<?x4x4x4xf32>) outs(%44 : tensor<?x4x4x4xi1>) {
    ^bb0(%in: f32, %out: i1):
      %62 = arith.extf %in : f32 to f64
      %63 = arith.cmpf oeq, %62, %cst_4 : f64
      linalg.yield %63 : i1
    } -> tensor<?x4x4x4xi1>
    %46 = tensor.empty(%30) : tensor<?x4x4x1xi1>
    %47 = linalg.fill ins(%true : i1) outs(%46 : tensor<?x4x4x1xi1>) -> tensor<?x4x4x1xi1>
    %48 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%45 : tensor<?x4x4x4xi1>) outs(%47 : tensor<?x4x4x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %62 = arith.andi %in, %out : i1
      linalg.yield %62 : i1
    } -> tensor<?x4x4x1xi1>
    %49 = arith.index_cast %30 : index to i64
    %50 = arith.cmpi sge, %49, %c0_i64 : i64
    cf.assert %50, "negative values not allowed in new dimensions"
    %51 = tensor.empty(%30) : tensor<?x4x4x4xf32>
    %52 = linalg.generic {indexing_maps = [#map10, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_1 : tensor<f32>) outs(%51 : tensor<?x4x4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x4x4xf32>
    cf.assert %true, "mismatched size for broadcast"
    %53 = linalg.generic {indexing_maps = [#map9, #map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%48, %52, %43 : tensor<?x4x4x1xi1>, tensor<?x4x4x4xf32>, tensor<?x4x4x4xf32>) outs(%31 : tensor<?x4x4x4xf32>) {
    ^bb0(%in: i1, %in_26: f32, %in_27: f32, %out: f32):
      %62 = arith.select %in, %in_26, %in_27 : f32
      linalg.yield %62 : f32
    } -> tensor<?x4x4x4xf32>
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %54 = tensor.empty(%20) : tensor<?x4x4x4xf32>
    %55 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%54 : tensor<?x4x4x4xf32>) {
    ^bb0(%out: f32):
      %62 = linalg.index 0 : index
      %63 = linalg.index 1 : index
      %64 = linalg.index 2 : index
      %65 = linalg.index 3 : index
      %66 = arith.cmpi eq, %30, %c1 : index
      %67 = arith.select %66, %c0, %62 : index
      %extracted = tensor.extract %53[%67, %63, %64, %65] : tensor<?x4x4x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x4xf32>
    %collapsed_21 = tensor.collapse_shape %55 [[0, 1], [2], [3]] : tensor<?x4x4x4xf32> into tensor<?x4x4xf32>
    cf.assert %21, "unimplemented: dynamic negative broadcast sizes"
    %56 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%22 : tensor<?x4x4x8xf32>) {
    ^bb0(%out: f32):
      %62 = linalg.index 0 : index
      %63 = linalg.index 1 : index
      %64 = linalg.index 2 : index
      %65 = linalg.index 3 : index
      %66 = affine.apply #map()[%dim]
      %67 = arith.cmpi eq, %66, %c1 : index
      %68 = arith.select %67, %c0, %62 : index
      %extracted = tensor.extract %collapsed_13[%68, %63, %64, %65] : tensor<?x4x4x8xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x8xf32>
    %collapsed_22 = tensor.collapse_shape %56 [[0, 1], [2], [3]] : tensor<?x4x4x8xf32> into tensor<?x4x8xf32>
    %57 = tensor.empty(%26) : tensor<?x4x8xf32>
    %58 = linalg.fill ins(%cst : f32) outs(%57 : tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
    %59 = linalg.batch_matmul ins(%collapsed_21, %collapsed_22 : tensor<?x4x4xf32>, tensor<?x4x8xf32>) outs(%58 : tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
    %60 = arith.divsi %30, %c4 : index
    %expanded_23 = tensor.expand_shape %59 [[0, 1, 2], [3], [4]] output_shape [%60, 4, 4, 4, 8] : tensor<?x4x8xf32> into tensor<?x4x4x4x8xf32>
    %61 = tensor.empty(%60) : tensor<?x4x4x4x8xf32>
    %transposed_24 = linalg.transpose ins(%expanded_23 : tensor<?x4x4x4x8xf32>) outs(%61 : tensor<?x4x4x4x8xf32>) permutation = [0, 2, 1, 3, 4] 
    %collapsed_25 = tensor.collapse_shape %transposed_24 [[0], [1], [2, 3], [4]] : tensor<?x4x4x4x8xf32> into tensor<?x4x16x8xf32>
    return %collapsed_25 : tensor<?x4x16x8xf32>
  }
}
