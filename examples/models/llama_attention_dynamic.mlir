// torch-mlir 20261001, torch 2.13.0, transformers 4.57.6: export.py llama_attention_dynamic
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map4 = affine_map<(d0, d1) -> ()>
#map5 = affine_map<(d0, d1) -> (d0, d1)>
#map6 = affine_map<(d0, d1) -> (0, d1)>
#map7 = affine_map<(d0, d1) -> (d0, 0)>
#map8 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map11 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map12 = affine_map<(d0, d1, d2, d3) -> ()>
module {
  func.func @llama_attention_dynamic(%arg0: tensor<1x?x512xf32>, %arg1: tensor<512x512xf32>, %arg2: tensor<128x512xf32>, %arg3: tensor<128x512xf32>, %arg4: tensor<512x512xf32>) -> tensor<1x?x512xf32> {
    %c2_i64 = arith.constant 2 : i64
    %c64_i64 = arith.constant 64 : i64
    %c0_i64 = arith.constant 0 : i64
    %c1_i64 = arith.constant 1 : i64
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %c8_i64 = arith.constant 8 : i64
    %cst_1 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = arith.constant dense<true> : tensor<i1>
    %cst_5 = arith.constant 0xFFF0000000000000 : f64
    %cst_6 = arith.constant 0.35355339059327379 : f64
    %cst_7 = arith.constant 6.400000e+01 : f32
    %cst_8 = arith.constant 1.000000e+04 : f32
    %c512_i64 = arith.constant 512 : i64
    %c128_i64 = arith.constant 128 : i64
    %c2 = arith.constant 2 : index
    %dim = tensor.dim %arg0, %c1 : tensor<1x?x512xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty() : tensor<32xi64>
    %2 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%1 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %139 = linalg.index 0 : index
      %140 = arith.index_cast %139 : index to i64
      %141 = arith.muli %140, %c2_i64 : i64
      linalg.yield %141 : i64
    } -> tensor<32xi64>
    %3 = tensor.empty() : tensor<32xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%2 : tensor<32xi64>) outs(%3 : tensor<32xf32>) {
    ^bb0(%in: i64, %out: f32):
      %139 = arith.sitofp %in : i64 to f32
      linalg.yield %139 : f32
    } -> tensor<32xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<32xf32>) outs(%3 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = arith.divf %in, %cst_7 : f32
      linalg.yield %139 : f32
    } -> tensor<32xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%5 : tensor<32xf32>) outs(%3 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = math.powf %cst_8, %in : f32
      linalg.yield %139 : f32
    } -> tensor<32xf32>
    %7 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%6 : tensor<32xf32>) outs(%3 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = arith.cmpf one, %in, %cst : f32
      cf.assert %139, "unimplemented: tensor with zero element"
      %140 = arith.divf %cst_0, %in : f32
      linalg.yield %140 : f32
    } -> tensor<32xf32>
    %8 = tensor.empty(%dim) : tensor<?xi64>
    %9 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%8 : tensor<?xi64>) {
    ^bb0(%out: i64):
      %139 = linalg.index 0 : index
      %140 = arith.index_cast %139 : index to i64
      linalg.yield %140 : i64
    } -> tensor<?xi64>
    %expanded = tensor.expand_shape %7 [[0, 1, 2]] output_shape [1, 32, 1] : tensor<32xf32> into tensor<1x32x1xf32>
    %expanded_9 = tensor.expand_shape %9 [[0, 1, 2]] output_shape [1, 1, %dim] : tensor<?xi64> into tensor<1x1x?xi64>
    %10 = tensor.empty(%dim) : tensor<1x1x?xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_9 : tensor<1x1x?xi64>) outs(%10 : tensor<1x1x?xf32>) {
    ^bb0(%in: i64, %out: f32):
      %139 = arith.sitofp %in : i64 to f32
      linalg.yield %139 : f32
    } -> tensor<1x1x?xf32>
    %12 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %13 = tensor.empty(%dim) : tensor<1x1x?xf32>
    %14 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel"]} outs(%13 : tensor<1x1x?xf32>) {
    ^bb0(%out: f32):
      %139 = linalg.index 2 : index
      %140 = arith.cmpi eq, %dim, %c1 : index
      %141 = arith.select %140, %c0, %139 : index
      %extracted = tensor.extract %11[%c0, %c0, %141] : tensor<1x1x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<1x1x?xf32>
    %15 = tensor.empty(%dim) : tensor<1x32x?xf32>
    %16 = linalg.fill ins(%cst : f32) outs(%15 : tensor<1x32x?xf32>) -> tensor<1x32x?xf32>
    %17 = linalg.batch_matmul ins(%expanded, %14 : tensor<1x32x1xf32>, tensor<1x1x?xf32>) outs(%16 : tensor<1x32x?xf32>) -> tensor<1x32x?xf32>
    %18 = tensor.empty(%dim) : tensor<1x?x32xf32>
    %transposed = linalg.transpose ins(%17 : tensor<1x32x?xf32>) outs(%18 : tensor<1x?x32xf32>) permutation = [0, 2, 1] 
    %concat = tensor.concat dim(2) %transposed, %transposed : (tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x64xf32>
    %dim_10 = tensor.dim %transposed, %c1 : tensor<1x?x32xf32>
    %19 = tensor.empty(%dim_10) : tensor<1x?x64xf32>
    %20 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<1x?x64xf32>) outs(%19 : tensor<1x?x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = math.cos %in : f32
      linalg.yield %139 : f32
    } -> tensor<1x?x64xf32>
    %21 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<1x?x64xf32>) outs(%19 : tensor<1x?x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = math.sin %in : f32
      linalg.yield %139 : f32
    } -> tensor<1x?x64xf32>
    %22 = tensor.empty() : tensor<512x512xf32>
    %transposed_11 = linalg.transpose ins(%arg1 : tensor<512x512xf32>) outs(%22 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2]] : tensor<1x?x512xf32> into tensor<?x512xf32>
    %23 = tensor.empty(%dim) : tensor<?x512xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%23 : tensor<?x512xf32>) -> tensor<?x512xf32>
    %25 = linalg.matmul ins(%collapsed, %transposed_11 : tensor<?x512xf32>, tensor<512x512xf32>) outs(%24 : tensor<?x512xf32>) -> tensor<?x512xf32>
    %expanded_12 = tensor.expand_shape %25 [[0, 1], [2]] output_shape [1, %dim, 512] : tensor<?x512xf32> into tensor<1x?x512xf32>
    %26 = arith.cmpi slt, %0, %c0_i64 : i64
    %27 = arith.select %26, %c1_i64, %0 : i64
    %28 = arith.extui %26 : i1 to i64
    %29 = arith.addi %28, %c1_i64 : i64
    %30 = arith.muli %27, %c64_i64 : i64
    %31 = arith.cmpi sle, %29, %c1_i64 : i64
    cf.assert %31, "must have at most one inferred (negative) dimension"
    %32 = arith.muli %0, %c512_i64 : i64
    %33 = arith.divsi %32, %30 : i64
    %34 = arith.select %26, %33, %0 : i64
    %from_elements = tensor.from_elements %c1_i64, %34, %33, %c64_i64 : tensor<4xi64>
    %reshape = tensor.reshape %expanded_12(%from_elements) : (tensor<1x?x512xf32>, tensor<4xi64>) -> tensor<1x?x8x64xf32>
    %35 = arith.index_cast %34 : i64 to index
    %36 = tensor.empty(%35) : tensor<1x8x?x64xf32>
    %transposed_13 = linalg.transpose ins(%reshape : tensor<1x?x8x64xf32>) outs(%36 : tensor<1x8x?x64xf32>) permutation = [0, 2, 1, 3] 
    %37 = tensor.empty() : tensor<512x128xf32>
    %transposed_14 = linalg.transpose ins(%arg2 : tensor<128x512xf32>) outs(%37 : tensor<512x128xf32>) permutation = [1, 0] 
    %38 = tensor.empty(%dim) : tensor<?x128xf32>
    %39 = linalg.fill ins(%cst : f32) outs(%38 : tensor<?x128xf32>) -> tensor<?x128xf32>
    %40 = linalg.matmul ins(%collapsed, %transposed_14 : tensor<?x512xf32>, tensor<512x128xf32>) outs(%39 : tensor<?x128xf32>) -> tensor<?x128xf32>
    %expanded_15 = tensor.expand_shape %40 [[0, 1], [2]] output_shape [1, %dim, 128] : tensor<?x128xf32> into tensor<1x?x128xf32>
    cf.assert %31, "must have at most one inferred (negative) dimension"
    %41 = arith.muli %0, %c128_i64 : i64
    %42 = arith.divsi %41, %30 : i64
    %43 = arith.select %26, %42, %0 : i64
    %from_elements_16 = tensor.from_elements %c1_i64, %43, %42, %c64_i64 : tensor<4xi64>
    %reshape_17 = tensor.reshape %expanded_15(%from_elements_16) : (tensor<1x?x128xf32>, tensor<4xi64>) -> tensor<1x?x2x64xf32>
    %44 = arith.index_cast %43 : i64 to index
    %45 = tensor.empty(%44) : tensor<1x2x?x64xf32>
    %transposed_18 = linalg.transpose ins(%reshape_17 : tensor<1x?x2x64xf32>) outs(%45 : tensor<1x2x?x64xf32>) permutation = [0, 2, 1, 3] 
    %transposed_19 = linalg.transpose ins(%arg3 : tensor<128x512xf32>) outs(%37 : tensor<512x128xf32>) permutation = [1, 0] 
    %46 = linalg.matmul ins(%collapsed, %transposed_19 : tensor<?x512xf32>, tensor<512x128xf32>) outs(%39 : tensor<?x128xf32>) -> tensor<?x128xf32>
    %expanded_20 = tensor.expand_shape %46 [[0, 1], [2]] output_shape [1, %dim, 128] : tensor<?x128xf32> into tensor<1x?x128xf32>
    cf.assert %31, "must have at most one inferred (negative) dimension"
    %reshape_21 = tensor.reshape %expanded_20(%from_elements_16) : (tensor<1x?x128xf32>, tensor<4xi64>) -> tensor<1x?x2x64xf32>
    %transposed_22 = linalg.transpose ins(%reshape_21 : tensor<1x?x2x64xf32>) outs(%45 : tensor<1x2x?x64xf32>) permutation = [0, 2, 1, 3] 
    %expanded_23 = tensor.expand_shape %20 [[0], [1, 2], [3]] output_shape [1, 1, %dim_10, 64] : tensor<1x?x64xf32> into tensor<1x1x?x64xf32>
    %expanded_24 = tensor.expand_shape %21 [[0], [1, 2], [3]] output_shape [1, 1, %dim_10, 64] : tensor<1x?x64xf32> into tensor<1x1x?x64xf32>
    %47 = arith.cmpi eq, %35, %dim_10 : index
    cf.assert %47, "mismatched size for broadcast"
    %48 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_13, %expanded_23 : tensor<1x8x?x64xf32>, tensor<1x1x?x64xf32>) outs(%36 : tensor<1x8x?x64xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.mulf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x64xf32>
    %extracted_slice = tensor.extract_slice %transposed_13[0, 0, 0, 0] [1, 8, %35, 32] [1, 1, 1, 1] : tensor<1x8x?x64xf32> to tensor<1x8x?x32xf32>
    %extracted_slice_25 = tensor.extract_slice %transposed_13[0, 0, 0, 32] [1, 8, %35, 32] [1, 1, 1, 1] : tensor<1x8x?x64xf32> to tensor<1x8x?x32xf32>
    %49 = tensor.empty(%35) : tensor<1x8x?x32xf32>
    %50 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_25 : tensor<1x8x?x32xf32>) outs(%49 : tensor<1x8x?x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = arith.negf %in : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x32xf32>
    %concat_26 = tensor.concat dim(3) %50, %extracted_slice : (tensor<1x8x?x32xf32>, tensor<1x8x?x32xf32>) -> tensor<1x8x?x64xf32>
    %dim_27 = tensor.dim %50, %c2 : tensor<1x8x?x32xf32>
    %51 = arith.cmpi eq, %dim_27, %dim_10 : index
    cf.assert %51, "mismatched size for broadcast"
    %52 = tensor.empty(%dim_27) : tensor<1x8x?x64xf32>
    %53 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_26, %expanded_24 : tensor<1x8x?x64xf32>, tensor<1x1x?x64xf32>) outs(%52 : tensor<1x8x?x64xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.mulf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x64xf32>
    %54 = arith.cmpi eq, %35, %dim_27 : index
    cf.assert %54, "mismatched size for broadcast"
    %55 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%48, %53 : tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>) outs(%36 : tensor<1x8x?x64xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.addf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x64xf32>
    %56 = arith.cmpi eq, %44, %dim_10 : index
    cf.assert %56, "mismatched size for broadcast"
    %57 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_18, %expanded_23 : tensor<1x2x?x64xf32>, tensor<1x1x?x64xf32>) outs(%45 : tensor<1x2x?x64xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.mulf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x2x?x64xf32>
    %extracted_slice_28 = tensor.extract_slice %transposed_18[0, 0, 0, 0] [1, 2, %44, 32] [1, 1, 1, 1] : tensor<1x2x?x64xf32> to tensor<1x2x?x32xf32>
    %extracted_slice_29 = tensor.extract_slice %transposed_18[0, 0, 0, 32] [1, 2, %44, 32] [1, 1, 1, 1] : tensor<1x2x?x64xf32> to tensor<1x2x?x32xf32>
    %58 = tensor.empty(%44) : tensor<1x2x?x32xf32>
    %59 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_29 : tensor<1x2x?x32xf32>) outs(%58 : tensor<1x2x?x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = arith.negf %in : f32
      linalg.yield %139 : f32
    } -> tensor<1x2x?x32xf32>
    %concat_30 = tensor.concat dim(3) %59, %extracted_slice_28 : (tensor<1x2x?x32xf32>, tensor<1x2x?x32xf32>) -> tensor<1x2x?x64xf32>
    %dim_31 = tensor.dim %59, %c2 : tensor<1x2x?x32xf32>
    %60 = arith.cmpi eq, %dim_31, %dim_10 : index
    cf.assert %60, "mismatched size for broadcast"
    %61 = tensor.empty(%dim_31) : tensor<1x2x?x64xf32>
    %62 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_30, %expanded_24 : tensor<1x2x?x64xf32>, tensor<1x1x?x64xf32>) outs(%61 : tensor<1x2x?x64xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.mulf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x2x?x64xf32>
    %63 = arith.cmpi eq, %44, %dim_31 : index
    cf.assert %63, "mismatched size for broadcast"
    %64 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%57, %62 : tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) outs(%45 : tensor<1x2x?x64xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.addf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x2x?x64xf32>
    %65 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%55 : tensor<1x8x?x64xf32>) outs(%36 : tensor<1x8x?x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = arith.truncf %cst_6 : f64 to f32
      %140 = arith.mulf %in, %139 : f32
      linalg.yield %140 : f32
    } -> tensor<1x8x?x64xf32>
    %66 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %66, "negative values not allowed in new dimensions"
    cf.assert %66, "negative values not allowed in new dimensions"
    %67 = tensor.empty(%dim, %dim) : tensor<?x?xi1>
    %68 = linalg.generic {indexing_maps = [#map4, #map5], iterator_types = ["parallel", "parallel"]} ins(%cst_4 : tensor<i1>) outs(%67 : tensor<?x?xi1>) {
    ^bb0(%in: i1, %out: i1):
      linalg.yield %in : i1
    } -> tensor<?x?xi1>
    %expanded_32 = tensor.expand_shape %9 [[0, 1]] output_shape [1, %dim] : tensor<?xi64> into tensor<1x?xi64>
    %expanded_33 = tensor.expand_shape %9 [[0, 1]] output_shape [%dim, 1] : tensor<?xi64> into tensor<?x1xi64>
    %69 = tensor.empty(%dim, %dim) : tensor<?x?xi64>
    %70 = linalg.generic {indexing_maps = [#map6, #map7, #map5], iterator_types = ["parallel", "parallel"]} ins(%expanded_32, %expanded_33 : tensor<1x?xi64>, tensor<?x1xi64>) outs(%69 : tensor<?x?xi64>) {
    ^bb0(%in: i64, %in_54: i64, %out: i64):
      %139 = arith.subi %in, %in_54 : i64
      linalg.yield %139 : i64
    } -> tensor<?x?xi64>
    %71 = tensor.empty(%dim, %dim) : tensor<?x?xi1>
    %72 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel"]} ins(%70 : tensor<?x?xi64>) outs(%71 : tensor<?x?xi1>) {
    ^bb0(%in: i64, %out: i1):
      %139 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %139 : i1
    } -> tensor<?x?xi1>
    cf.assert %true, "mismatched size for broadcast"
    cf.assert %true, "mismatched size for broadcast"
    %73 = linalg.generic {indexing_maps = [#map5, #map5, #map5], iterator_types = ["parallel", "parallel"]} ins(%72, %68 : tensor<?x?xi1>, tensor<?x?xi1>) outs(%71 : tensor<?x?xi1>) {
    ^bb0(%in: i1, %in_54: i1, %out: i1):
      %139 = arith.andi %in, %in_54 : i1
      linalg.yield %139 : i1
    } -> tensor<?x?xi1>
    %74 = tensor.empty(%dim, %dim) : tensor<?x?xf32>
    %75 = linalg.generic {indexing_maps = [#map5, #map4, #map4, #map5], iterator_types = ["parallel", "parallel"]} ins(%73, %cst_2, %cst_3 : tensor<?x?xi1>, tensor<f32>, tensor<f32>) outs(%74 : tensor<?x?xf32>) {
    ^bb0(%in: i1, %in_54: f32, %in_55: f32, %out: f32):
      %139 = arith.select %in, %in_54, %in_55 : f32
      linalg.yield %139 : f32
    } -> tensor<?x?xf32>
    %expanded_34 = tensor.expand_shape %64 [[0], [1], [2, 3], [4]] output_shape [1, 2, 1, %44, 64] : tensor<1x2x?x64xf32> into tensor<1x2x1x?x64xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %76 = tensor.empty(%dim) : tensor<1x2x4x?x64xf32>
    %77 = linalg.generic {indexing_maps = [#map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%76 : tensor<1x2x4x?x64xf32>) {
    ^bb0(%out: f32):
      %139 = linalg.index 1 : index
      %140 = linalg.index 3 : index
      %141 = linalg.index 4 : index
      %142 = arith.cmpi eq, %44, %c1 : index
      %143 = arith.select %142, %c0, %140 : index
      %extracted = tensor.extract %expanded_34[%c0, %139, %c0, %143, %141] : tensor<1x2x1x?x64xf32>
      linalg.yield %extracted : f32
    } -> tensor<1x2x4x?x64xf32>
    %collapsed_35 = tensor.collapse_shape %77 [[0], [1, 2], [3], [4]] : tensor<1x2x4x?x64xf32> into tensor<1x8x?x64xf32>
    %expanded_36 = tensor.expand_shape %transposed_22 [[0], [1], [2, 3], [4]] output_shape [1, 2, 1, %44, 64] : tensor<1x2x?x64xf32> into tensor<1x2x1x?x64xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %78 = linalg.generic {indexing_maps = [#map8], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%76 : tensor<1x2x4x?x64xf32>) {
    ^bb0(%out: f32):
      %139 = linalg.index 1 : index
      %140 = linalg.index 3 : index
      %141 = linalg.index 4 : index
      %142 = arith.cmpi eq, %44, %c1 : index
      %143 = arith.select %142, %c0, %140 : index
      %extracted = tensor.extract %expanded_36[%c0, %139, %c0, %143, %141] : tensor<1x2x1x?x64xf32>
      linalg.yield %extracted : f32
    } -> tensor<1x2x4x?x64xf32>
    %collapsed_37 = tensor.collapse_shape %78 [[0], [1, 2], [3], [4]] : tensor<1x2x4x?x64xf32> into tensor<1x8x?x64xf32>
    %79 = tensor.empty(%dim) : tensor<1x8x64x?xf32>
    %transposed_38 = linalg.transpose ins(%collapsed_35 : tensor<1x8x?x64xf32>) outs(%79 : tensor<1x8x64x?xf32>) permutation = [0, 1, 3, 2] 
    %80 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_38 : tensor<1x8x64x?xf32>) outs(%79 : tensor<1x8x64x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = arith.truncf %cst_6 : f64 to f32
      %140 = arith.mulf %in, %139 : f32
      linalg.yield %140 : f32
    } -> tensor<1x8x64x?xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %81 = tensor.empty(%dim) : tensor<1x8x?x64xf32>
    %82 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%81 : tensor<1x8x?x64xf32>) {
    ^bb0(%out: f32):
      %139 = linalg.index 1 : index
      %140 = linalg.index 2 : index
      %141 = linalg.index 3 : index
      %142 = arith.cmpi eq, %35, %c1 : index
      %143 = arith.select %142, %c0, %140 : index
      %extracted = tensor.extract %65[%c0, %139, %143, %141] : tensor<1x8x?x64xf32>
      linalg.yield %extracted : f32
    } -> tensor<1x8x?x64xf32>
    %collapsed_39 = tensor.collapse_shape %82 [[0, 1], [2], [3]] : tensor<1x8x?x64xf32> into tensor<8x?x64xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %83 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%79 : tensor<1x8x64x?xf32>) {
    ^bb0(%out: f32):
      %139 = linalg.index 1 : index
      %140 = linalg.index 2 : index
      %141 = linalg.index 3 : index
      %142 = arith.cmpi eq, %dim, %c1 : index
      %143 = arith.select %142, %c0, %141 : index
      %extracted = tensor.extract %80[%c0, %139, %140, %143] : tensor<1x8x64x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<1x8x64x?xf32>
    %collapsed_40 = tensor.collapse_shape %83 [[0, 1], [2], [3]] : tensor<1x8x64x?xf32> into tensor<8x64x?xf32>
    %84 = tensor.empty(%dim, %dim) : tensor<8x?x?xf32>
    %85 = linalg.fill ins(%cst : f32) outs(%84 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %86 = linalg.batch_matmul ins(%collapsed_39, %collapsed_40 : tensor<8x?x64xf32>, tensor<8x64x?xf32>) outs(%85 : tensor<8x?x?xf32>) -> tensor<8x?x?xf32>
    %87 = arith.muli %0, %c8_i64 : i64
    %88 = arith.select %26, %c8_i64, %87 : i64
    %89 = arith.muli %88, %0 : i64
    %90 = arith.select %26, %c8_i64, %89 : i64
    %91 = arith.select %26, %29, %28 : i64
    %92 = arith.cmpi sle, %91, %c1_i64 : i64
    cf.assert %92, "must have at most one inferred (negative) dimension"
    %93 = arith.muli %87, %0 : i64
    %94 = arith.divsi %93, %90 : i64
    %95 = arith.select %26, %94, %0 : i64
    %from_elements_41 = tensor.from_elements %c1_i64, %c8_i64, %95, %95 : tensor<4xi64>
    %reshape_42 = tensor.reshape %86(%from_elements_41) : (tensor<8x?x?xf32>, tensor<4xi64>) -> tensor<1x8x?x?xf32>
    %96 = arith.index_cast %95 : i64 to index
    %97 = arith.cmpi eq, %96, %dim : index
    cf.assert %97, "mismatched size for broadcast"
    cf.assert %97, "mismatched size for broadcast"
    %98 = tensor.empty(%96, %96) : tensor<1x8x?x?xf32>
    %99 = linalg.generic {indexing_maps = [#map2, #map9, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape_42, %75 : tensor<1x8x?x?xf32>, tensor<?x?xf32>) outs(%98 : tensor<1x8x?x?xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.addf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x?xf32>
    %100 = tensor.empty(%96) : tensor<1x8x?xi64>
    %101 = linalg.fill ins(%c0_i64 : i64) outs(%100 : tensor<1x8x?xi64>) -> tensor<1x8x?xi64>
    %102 = tensor.empty(%96) : tensor<1x8x?xf32>
    %103 = linalg.fill ins(%cst_1 : f32) outs(%102 : tensor<1x8x?xf32>) -> tensor<1x8x?xf32>
    %104:2 = linalg.generic {indexing_maps = [#map2, #map10, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%99 : tensor<1x8x?x?xf32>) outs(%103, %101 : tensor<1x8x?xf32>, tensor<1x8x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_54: i64):
      %139 = linalg.index 3 : index
      %140 = arith.index_cast %139 : index to i64
      %141 = arith.maximumf %in, %out : f32
      %142 = arith.cmpf ogt, %in, %out : f32
      %143 = arith.select %142, %140, %out_54 : i64
      linalg.yield %141, %143 : f32, i64
    } -> (tensor<1x8x?xf32>, tensor<1x8x?xi64>)
    %expanded_43 = tensor.expand_shape %104#0 [[0], [1], [2, 3]] output_shape [1, 8, %96, 1] : tensor<1x8x?xf32> into tensor<1x8x?x1xf32>
    %105 = linalg.generic {indexing_maps = [#map2, #map11, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%99, %expanded_43 : tensor<1x8x?x?xf32>, tensor<1x8x?x1xf32>) outs(%98 : tensor<1x8x?x?xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.subf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x?xf32>
    %106 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%105 : tensor<1x8x?x?xf32>) outs(%98 : tensor<1x8x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = math.exp %in : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x?xf32>
    %107 = tensor.empty(%96) : tensor<1x8x?x1xf32>
    %108 = linalg.fill ins(%cst : f32) outs(%107 : tensor<1x8x?x1xf32>) -> tensor<1x8x?x1xf32>
    %109 = linalg.generic {indexing_maps = [#map2, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%106 : tensor<1x8x?x?xf32>) outs(%108 : tensor<1x8x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %139 = arith.addf %in, %out : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x1xf32>
    %110 = linalg.generic {indexing_maps = [#map2, #map11, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%106, %109 : tensor<1x8x?x?xf32>, tensor<1x8x?x1xf32>) outs(%98 : tensor<1x8x?x?xf32>) {
    ^bb0(%in: f32, %in_54: f32, %out: f32):
      %139 = arith.divf %in, %in_54 : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x?xf32>
    %111 = tensor.empty(%96, %96) : tensor<1x8x?x?xi1>
    %112 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%99 : tensor<1x8x?x?xf32>) outs(%111 : tensor<1x8x?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %139 = arith.extf %in : f32 to f64
      %140 = arith.cmpf oeq, %139, %cst_5 : f64
      linalg.yield %140 : i1
    } -> tensor<1x8x?x?xi1>
    %113 = tensor.empty(%96) : tensor<1x8x?x1xi1>
    %114 = linalg.fill ins(%true : i1) outs(%113 : tensor<1x8x?x1xi1>) -> tensor<1x8x?x1xi1>
    %115 = linalg.generic {indexing_maps = [#map2, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%112 : tensor<1x8x?x?xi1>) outs(%114 : tensor<1x8x?x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %139 = arith.andi %in, %out : i1
      linalg.yield %139 : i1
    } -> tensor<1x8x?x1xi1>
    %116 = arith.cmpi sge, %95, %c0_i64 : i64
    cf.assert %116, "negative values not allowed in new dimensions"
    %117 = arith.index_cast %95 : i64 to index
    cf.assert %116, "negative values not allowed in new dimensions"
    %118 = tensor.empty(%117, %117) : tensor<1x8x?x?xf32>
    %119 = linalg.generic {indexing_maps = [#map12, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_2 : tensor<f32>) outs(%118 : tensor<1x8x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x8x?x?xf32>
    %120 = arith.cmpi eq, %96, %117 : index
    cf.assert %120, "mismatched size for broadcast"
    %121 = arith.cmpi eq, %117, %96 : index
    cf.assert %121, "mismatched size for broadcast"
    %122 = tensor.empty(%96, %117) : tensor<1x8x?x?xf32>
    %123 = linalg.generic {indexing_maps = [#map11, #map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%115, %119, %110 : tensor<1x8x?x1xi1>, tensor<1x8x?x?xf32>, tensor<1x8x?x?xf32>) outs(%122 : tensor<1x8x?x?xf32>) {
    ^bb0(%in: i1, %in_54: f32, %in_55: f32, %out: f32):
      %139 = arith.select %in, %in_54, %in_55 : f32
      linalg.yield %139 : f32
    } -> tensor<1x8x?x?xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %124 = tensor.empty(%dim, %dim) : tensor<1x8x?x?xf32>
    %125 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%124 : tensor<1x8x?x?xf32>) {
    ^bb0(%out: f32):
      %139 = linalg.index 1 : index
      %140 = linalg.index 2 : index
      %141 = linalg.index 3 : index
      %142 = arith.cmpi eq, %96, %c1 : index
      %143 = arith.select %142, %c0, %140 : index
      %144 = arith.cmpi eq, %117, %c1 : index
      %145 = arith.select %144, %c0, %141 : index
      %extracted = tensor.extract %123[%c0, %139, %143, %145] : tensor<1x8x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<1x8x?x?xf32>
    cf.assert %92, "must have at most one inferred (negative) dimension"
    %from_elements_44 = tensor.from_elements %c8_i64, %95, %95 : tensor<3xi64>
    %reshape_45 = tensor.reshape %125(%from_elements_44) : (tensor<1x8x?x?xf32>, tensor<3xi64>) -> tensor<8x?x?xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %126 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%81 : tensor<1x8x?x64xf32>) {
    ^bb0(%out: f32):
      %139 = linalg.index 1 : index
      %140 = linalg.index 2 : index
      %141 = linalg.index 3 : index
      %142 = arith.cmpi eq, %dim, %c1 : index
      %143 = arith.select %142, %c0, %140 : index
      %extracted = tensor.extract %collapsed_37[%c0, %139, %143, %141] : tensor<1x8x?x64xf32>
      linalg.yield %extracted : f32
    } -> tensor<1x8x?x64xf32>
    %collapsed_46 = tensor.collapse_shape %126 [[0, 1], [2], [3]] : tensor<1x8x?x64xf32> into tensor<8x?x64xf32>
    %127 = arith.cmpi eq, %95, %0 : i64
    cf.assert %127, "mismatching contracting dimension"
    %128 = tensor.empty(%96) : tensor<8x?x64xf32>
    %129 = linalg.fill ins(%cst : f32) outs(%128 : tensor<8x?x64xf32>) -> tensor<8x?x64xf32>
    %130 = linalg.batch_matmul ins(%reshape_45, %collapsed_46 : tensor<8x?x?xf32>, tensor<8x?x64xf32>) outs(%129 : tensor<8x?x64xf32>) -> tensor<8x?x64xf32>
    %expanded_47 = tensor.expand_shape %130 [[0, 1], [2], [3]] output_shape [1, 8, %96, 64] : tensor<8x?x64xf32> into tensor<1x8x?x64xf32>
    %131 = tensor.empty(%96) : tensor<1x?x8x64xf32>
    %transposed_48 = linalg.transpose ins(%expanded_47 : tensor<1x8x?x64xf32>) outs(%131 : tensor<1x?x8x64xf32>) permutation = [0, 2, 1, 3] 
    cf.assert %31, "must have at most one inferred (negative) dimension"
    %132 = arith.muli %95, %c512_i64 : i64
    %133 = arith.divsi %132, %27 : i64
    %134 = arith.select %26, %133, %0 : i64
    %from_elements_49 = tensor.from_elements %c1_i64, %134, %133 : tensor<3xi64>
    %reshape_50 = tensor.reshape %transposed_48(%from_elements_49) : (tensor<1x?x8x64xf32>, tensor<3xi64>) -> tensor<1x?x512xf32>
    %transposed_51 = linalg.transpose ins(%arg4 : tensor<512x512xf32>) outs(%22 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed_52 = tensor.collapse_shape %reshape_50 [[0, 1], [2]] : tensor<1x?x512xf32> into tensor<?x512xf32>
    %135 = arith.index_cast %134 : i64 to index
    %136 = tensor.empty(%135) : tensor<?x512xf32>
    %137 = linalg.fill ins(%cst : f32) outs(%136 : tensor<?x512xf32>) -> tensor<?x512xf32>
    %138 = linalg.matmul ins(%collapsed_52, %transposed_51 : tensor<?x512xf32>, tensor<512x512xf32>) outs(%137 : tensor<?x512xf32>) -> tensor<?x512xf32>
    %expanded_53 = tensor.expand_shape %138 [[0, 1], [2]] output_shape [1, %135, 512] : tensor<?x512xf32> into tensor<1x?x512xf32>
    return %expanded_53 : tensor<1x?x512xf32>
  }
}
