// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_model_prefix
// MLIR 22 parses it
// The token decoder, teacher-forced: six blocks, two prefix vectors each.
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (d1)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map5 = affine_map<(d0, d1, d2) -> (d2)>
#map6 = affine_map<(d0) -> (d0)>
#map7 = affine_map<(d0, d1) -> (d0, 0)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map10 = affine_map<(d0, d1) -> (0, d1)>
#map11 = affine_map<(d0, d1) -> ()>
#map12 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map13 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map14 = affine_map<(d0, d1, d2) -> (d1, d2)>
module {
  func.func @block_model_prefix(%arg0: tensor<6x32xf32>, %arg1: tensor<6x4xi64>, %arg2: tensor<259x32xf32>, %arg3: tensor<32xf32>, %arg4: tensor<32xf32>, %arg5: tensor<32x32xf32>, %arg6: tensor<64x32xf32>, %arg7: tensor<32x32xf32>, %arg8: tensor<32xf32>, %arg9: tensor<32xf32>, %arg10: tensor<128x32xf32>, %arg11: tensor<128xf32>, %arg12: tensor<32x128xf32>, %arg13: tensor<32xf32>, %arg14: tensor<32xf32>, %arg15: tensor<32xf32>, %arg16: tensor<259x32xf32>, %arg17: tensor<64x32xf32>, %arg18: tensor<64xf32>) -> tensor<6x4x259xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %c259 = arith.constant 259 : index
    %cst_0 = arith.constant 0.000000e+00 : f64
    %cst_1 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_2 = arith.constant 1.000000e+00 : f32
    %cst_3 = arith.constant 5.000000e-01 : f32
    %cst_4 = arith.constant dense<0.000000e+00> : tensor<6x2x5x5xf32>
    %cst_5 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_6 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_7 = arith.constant dense<true> : tensor<5x5xi1>
    %cst_8 = arith.constant 0xFFF0000000000000 : f64
    %cst_9 = arith.constant 1.000000e+04 : f64
    %cst_10 = arith.constant 1.000000e-05 : f64
    %cst_11 = arith.constant 3.200000e+01 : f64
    %cst_12 = arith.constant 3.200000e+01 : f32
    %cst_13 = arith.constant 8.000000e+00 : f64
    %cst_14 = arith.constant 1.41421354 : f32
    %0 = tensor.empty() : tensor<32x64xf32>
    %transposed = linalg.transpose ins(%arg17 : tensor<64x32xf32>) outs(%0 : tensor<32x64xf32>) permutation = [1, 0] 
    %1 = tensor.empty() : tensor<6x64xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<6x64xf32>) -> tensor<6x64xf32>
    %3 = linalg.matmul ins(%arg0, %transposed : tensor<6x32xf32>, tensor<32x64xf32>) outs(%2 : tensor<6x64xf32>) -> tensor<6x64xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%3, %arg18 : tensor<6x64xf32>, tensor<64xf32>) outs(%1 : tensor<6x64xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x64xf32>
    %expanded = tensor.expand_shape %4 [[0], [1, 2]] output_shape [6, 2, 32] : tensor<6x64xf32> into tensor<6x2x32xf32>
    %extracted_slice = tensor.extract_slice %arg1[0, 0] [6, 3] [1, 1] : tensor<6x4xi64> to tensor<6x3xi64>
    %5 = tensor.empty() : tensor<6x3x32xf32>
    %6 = linalg.generic {indexing_maps = [#map2, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%extracted_slice : tensor<6x3xi64>) outs(%5 : tensor<6x3x32xf32>) {
    ^bb0(%in: i64, %out: f32):
      %148 = arith.index_cast %in : i64 to index
      %149 = linalg.index 2 : index
      %150 = arith.cmpi slt, %148, %c259 : index
      cf.assert %150, "index must be smaller than dim size"
      %151 = arith.cmpi sge, %in, %c0_i64 : i64
      cf.assert %151, "index must be larger or equal to 0"
      %extracted = tensor.extract %arg2[%148, %149] : tensor<259x32xf32>
      linalg.yield %extracted : f32
    } -> tensor<6x3x32xf32>
    %concat = tensor.concat dim(1) %expanded, %6 : (tensor<6x2x32xf32>, tensor<6x3x32xf32>) -> tensor<6x5x32xf32>
    %7 = tensor.empty() : tensor<6x5x32xf64>
    %8 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<6x5x32xf32>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f32, %out: f64):
      %148 = arith.extf %in : f32 to f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %9 = tensor.empty() : tensor<6x5x1xf64>
    %10 = linalg.fill ins(%cst_0 : f64) outs(%9 : tensor<6x5x1xf64>) -> tensor<6x5x1xf64>
    %11 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%8 : tensor<6x5x32xf64>) outs(%10 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.addf %in, %out : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %12 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%11 : tensor<6x5x1xf64>) outs(%9 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.divf %in, %cst_11 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %13 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%8, %12 : tensor<6x5x32xf64>, tensor<6x5x1xf64>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f64, %in_61: f64, %out: f64):
      %148 = arith.subf %in, %in_61 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %14 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%13, %13 : tensor<6x5x32xf64>, tensor<6x5x32xf64>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f64, %in_61: f64, %out: f64):
      %148 = arith.mulf %in, %in_61 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %15 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%14 : tensor<6x5x32xf64>) outs(%10 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.addf %in, %out : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %16 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%15 : tensor<6x5x1xf64>) outs(%9 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.divf %in, %cst_11 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %17 = tensor.empty() : tensor<6x5x1xf32>
    %18 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%16 : tensor<6x5x1xf64>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %148 = arith.truncf %in : f64 to f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %19 = linalg.fill ins(%cst : f32) outs(%17 : tensor<6x5x1xf32>) -> tensor<6x5x1xf32>
    %20 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%concat : tensor<6x5x32xf32>) outs(%19 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.addf %in, %out : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %21 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%20 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.divf %in, %cst_12 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %22 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%18 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.truncf %cst_10 : f64 to f32
      %149 = arith.addf %in, %148 : f32
      linalg.yield %149 : f32
    } -> tensor<6x5x1xf32>
    %23 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%22 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = math.rsqrt %in : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %24 = tensor.empty() : tensor<6x5x32xf32>
    %25 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat, %21 : tensor<6x5x32xf32>, tensor<6x5x1xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.subf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %26 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%25, %23 : tensor<6x5x32xf32>, tensor<6x5x1xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %27 = linalg.generic {indexing_maps = [#map3, #map5, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%26, %arg3 : tensor<6x5x32xf32>, tensor<32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %28 = linalg.generic {indexing_maps = [#map3, #map5, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%27, %arg4 : tensor<6x5x32xf32>, tensor<32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %29 = tensor.empty() : tensor<32x32xf32>
    %transposed_15 = linalg.transpose ins(%arg5 : tensor<32x32xf32>) outs(%29 : tensor<32x32xf32>) permutation = [1, 0] 
    %collapsed = tensor.collapse_shape %28 [[0, 1], [2]] : tensor<6x5x32xf32> into tensor<30x32xf32>
    %30 = tensor.empty() : tensor<30x32xf32>
    %31 = linalg.fill ins(%cst : f32) outs(%30 : tensor<30x32xf32>) -> tensor<30x32xf32>
    %32 = linalg.matmul ins(%collapsed, %transposed_15 : tensor<30x32xf32>, tensor<32x32xf32>) outs(%31 : tensor<30x32xf32>) -> tensor<30x32xf32>
    %expanded_16 = tensor.expand_shape %32 [[0, 1], [2, 3]] output_shape [6, 5, 2, 16] : tensor<30x32xf32> into tensor<6x5x2x16xf32>
    %33 = tensor.empty() : tensor<6x2x5x16xf32>
    %transposed_17 = linalg.transpose ins(%expanded_16 : tensor<6x5x2x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) permutation = [0, 2, 1, 3] 
    %transposed_18 = linalg.transpose ins(%arg6 : tensor<64x32xf32>) outs(%0 : tensor<32x64xf32>) permutation = [1, 0] 
    %34 = tensor.empty() : tensor<30x64xf32>
    %35 = linalg.fill ins(%cst : f32) outs(%34 : tensor<30x64xf32>) -> tensor<30x64xf32>
    %36 = linalg.matmul ins(%collapsed, %transposed_18 : tensor<30x32xf32>, tensor<32x64xf32>) outs(%35 : tensor<30x64xf32>) -> tensor<30x64xf32>
    %expanded_19 = tensor.expand_shape %36 [[0, 1], [2]] output_shape [6, 5, 64] : tensor<30x64xf32> into tensor<6x5x64xf32>
    %extracted_slice_20 = tensor.extract_slice %expanded_19[0, 0, 0] [6, 5, 32] [1, 1, 1] : tensor<6x5x64xf32> to tensor<6x5x32xf32>
    %extracted_slice_21 = tensor.extract_slice %expanded_19[0, 0, 32] [6, 5, 32] [1, 1, 1] : tensor<6x5x64xf32> to tensor<6x5x32xf32>
    %expanded_22 = tensor.expand_shape %extracted_slice_20 [[0], [1], [2, 3]] output_shape [6, 5, 2, 16] : tensor<6x5x32xf32> into tensor<6x5x2x16xf32>
    %transposed_23 = linalg.transpose ins(%expanded_22 : tensor<6x5x2x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) permutation = [0, 2, 1, 3] 
    %expanded_24 = tensor.expand_shape %extracted_slice_21 [[0], [1], [2, 3]] output_shape [6, 5, 2, 16] : tensor<6x5x32xf32> into tensor<6x5x2x16xf32>
    %transposed_25 = linalg.transpose ins(%expanded_24 : tensor<6x5x2x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) permutation = [0, 2, 1, 3] 
    %37 = tensor.empty() : tensor<8xf64>
    %38 = linalg.generic {indexing_maps = [#map6], iterator_types = ["parallel"]} outs(%37 : tensor<8xf64>) {
    ^bb0(%out: f64):
      %148 = linalg.index 0 : index
      %149 = arith.index_cast %148 : index to i64
      %150 = arith.sitofp %149 : i64 to f64
      %151 = arith.addf %150, %cst_0 : f64
      linalg.yield %151 : f64
    } -> tensor<8xf64>
    %39 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel"]} ins(%38 : tensor<8xf64>) outs(%37 : tensor<8xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.divf %in, %cst_13 : f64
      linalg.yield %148 : f64
    } -> tensor<8xf64>
    %expanded_26 = tensor.expand_shape %38 [[0, 1]] output_shape [8, 1] : tensor<8xf64> into tensor<8x1xf64>
    %40 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel"]} ins(%39 : tensor<8xf64>) outs(%37 : tensor<8xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.negf %in : f64
      linalg.yield %148 : f64
    } -> tensor<8xf64>
    %41 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel"]} ins(%40 : tensor<8xf64>) outs(%37 : tensor<8xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = math.powf %cst_9, %in : f64
      linalg.yield %148 : f64
    } -> tensor<8xf64>
    %42 = tensor.empty() : tensor<8x8xf64>
    %43 = linalg.generic {indexing_maps = [#map7, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%expanded_26, %41 : tensor<8x1xf64>, tensor<8xf64>) outs(%42 : tensor<8x8xf64>) {
    ^bb0(%in: f64, %in_61: f64, %out: f64):
      %148 = arith.mulf %in, %in_61 : f64
      linalg.yield %148 : f64
    } -> tensor<8x8xf64>
    %44 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%43 : tensor<8x8xf64>) outs(%42 : tensor<8x8xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = math.cos %in : f64
      linalg.yield %148 : f64
    } -> tensor<8x8xf64>
    %45 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%43 : tensor<8x8xf64>) outs(%42 : tensor<8x8xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = math.sin %in : f64
      linalg.yield %148 : f64
    } -> tensor<8x8xf64>
    %concat_27 = tensor.concat dim(1) %44, %44 : (tensor<8x8xf64>, tensor<8x8xf64>) -> tensor<8x16xf64>
    %46 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%45 : tensor<8x8xf64>) outs(%42 : tensor<8x8xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.negf %in : f64
      linalg.yield %148 : f64
    } -> tensor<8x8xf64>
    %concat_28 = tensor.concat dim(1) %46, %45 : (tensor<8x8xf64>, tensor<8x8xf64>) -> tensor<8x16xf64>
    %47 = tensor.empty() : tensor<8x16xf32>
    %48 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%concat_27 : tensor<8x16xf64>) outs(%47 : tensor<8x16xf32>) {
    ^bb0(%in: f64, %out: f32):
      %148 = arith.truncf %in : f64 to f32
      linalg.yield %148 : f32
    } -> tensor<8x16xf32>
    %49 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%concat_28 : tensor<8x16xf64>) outs(%47 : tensor<8x16xf32>) {
    ^bb0(%in: f64, %out: f32):
      %148 = arith.truncf %in : f64 to f32
      linalg.yield %148 : f32
    } -> tensor<8x16xf32>
    %extracted_slice_29 = tensor.extract_slice %transposed_17[0, 0, 0, 8] [6, 2, 5, 8] [1, 1, 1, 1] : tensor<6x2x5x16xf32> to tensor<6x2x5x8xf32>
    %cast = tensor.cast %extracted_slice_29 : tensor<6x2x5x8xf32> to tensor<6x2x5x?xf32>
    %extracted_slice_30 = tensor.extract_slice %transposed_17[0, 0, 0, 0] [6, 2, 5, 8] [1, 1, 1, 1] : tensor<6x2x5x16xf32> to tensor<6x2x5x8xf32>
    %cast_31 = tensor.cast %extracted_slice_30 : tensor<6x2x5x8xf32> to tensor<6x2x5x?xf32>
    %concat_32 = tensor.concat dim(3) %cast, %cast_31 : (tensor<6x2x5x?xf32>, tensor<6x2x5x?xf32>) -> tensor<6x2x5x16xf32>
    %extracted_slice_33 = tensor.extract_slice %48[0, 0] [5, 16] [1, 1] : tensor<8x16xf32> to tensor<5x16xf32>
    %50 = linalg.generic {indexing_maps = [#map8, #map9, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_17, %extracted_slice_33 : tensor<6x2x5x16xf32>, tensor<5x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x16xf32>
    %extracted_slice_34 = tensor.extract_slice %49[0, 0] [5, 16] [1, 1] : tensor<8x16xf32> to tensor<5x16xf32>
    %51 = linalg.generic {indexing_maps = [#map8, #map9, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_32, %extracted_slice_34 : tensor<6x2x5x16xf32>, tensor<5x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x16xf32>
    %52 = linalg.generic {indexing_maps = [#map8, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%50, %51 : tensor<6x2x5x16xf32>, tensor<6x2x5x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x16xf32>
    %extracted_slice_35 = tensor.extract_slice %transposed_23[0, 0, 0, 8] [6, 2, 5, 8] [1, 1, 1, 1] : tensor<6x2x5x16xf32> to tensor<6x2x5x8xf32>
    %cast_36 = tensor.cast %extracted_slice_35 : tensor<6x2x5x8xf32> to tensor<6x2x5x?xf32>
    %extracted_slice_37 = tensor.extract_slice %transposed_23[0, 0, 0, 0] [6, 2, 5, 8] [1, 1, 1, 1] : tensor<6x2x5x16xf32> to tensor<6x2x5x8xf32>
    %cast_38 = tensor.cast %extracted_slice_37 : tensor<6x2x5x8xf32> to tensor<6x2x5x?xf32>
    %concat_39 = tensor.concat dim(3) %cast_36, %cast_38 : (tensor<6x2x5x?xf32>, tensor<6x2x5x?xf32>) -> tensor<6x2x5x16xf32>
    %53 = linalg.generic {indexing_maps = [#map8, #map9, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_23, %extracted_slice_33 : tensor<6x2x5x16xf32>, tensor<5x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x16xf32>
    %54 = linalg.generic {indexing_maps = [#map8, #map9, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_39, %extracted_slice_34 : tensor<6x2x5x16xf32>, tensor<5x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x16xf32>
    %55 = linalg.generic {indexing_maps = [#map8, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%53, %54 : tensor<6x2x5x16xf32>, tensor<6x2x5x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x16xf32>
    %56 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%52 : tensor<6x2x5x16xf32>) outs(%33 : tensor<6x2x5x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.mulf %in, %cst_3 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x16xf32>
    %57 = tensor.empty() : tensor<5xi64>
    %58 = linalg.generic {indexing_maps = [#map6], iterator_types = ["parallel"]} outs(%57 : tensor<5xi64>) {
    ^bb0(%out: i64):
      %148 = linalg.index 0 : index
      %149 = arith.index_cast %148 : index to i64
      linalg.yield %149 : i64
    } -> tensor<5xi64>
    %expanded_40 = tensor.expand_shape %58 [[0, 1]] output_shape [1, 5] : tensor<5xi64> into tensor<1x5xi64>
    %expanded_41 = tensor.expand_shape %58 [[0, 1]] output_shape [5, 1] : tensor<5xi64> into tensor<5x1xi64>
    %59 = tensor.empty() : tensor<5x5xi64>
    %60 = linalg.generic {indexing_maps = [#map10, #map7, #map], iterator_types = ["parallel", "parallel"]} ins(%expanded_40, %expanded_41 : tensor<1x5xi64>, tensor<5x1xi64>) outs(%59 : tensor<5x5xi64>) {
    ^bb0(%in: i64, %in_61: i64, %out: i64):
      %148 = arith.subi %in, %in_61 : i64
      linalg.yield %148 : i64
    } -> tensor<5x5xi64>
    %61 = tensor.empty() : tensor<5x5xi1>
    %62 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%60 : tensor<5x5xi64>) outs(%61 : tensor<5x5xi1>) {
    ^bb0(%in: i64, %out: i1):
      %148 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %148 : i1
    } -> tensor<5x5xi1>
    %63 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%62, %cst_7 : tensor<5x5xi1>, tensor<5x5xi1>) outs(%61 : tensor<5x5xi1>) {
    ^bb0(%in: i1, %in_61: i1, %out: i1):
      %148 = arith.andi %in, %in_61 : i1
      linalg.yield %148 : i1
    } -> tensor<5x5xi1>
    %64 = tensor.empty() : tensor<5x5xf32>
    %65 = linalg.generic {indexing_maps = [#map, #map11, #map11, #map], iterator_types = ["parallel", "parallel"]} ins(%63, %cst_5, %cst_6 : tensor<5x5xi1>, tensor<f32>, tensor<f32>) outs(%64 : tensor<5x5xf32>) {
    ^bb0(%in: i1, %in_61: f32, %in_62: f32, %out: f32):
      %148 = arith.select %in, %in_61, %in_62 : f32
      linalg.yield %148 : f32
    } -> tensor<5x5xf32>
    %66 = tensor.empty() : tensor<6x2x16x5xf32>
    %transposed_42 = linalg.transpose ins(%55 : tensor<6x2x5x16xf32>) outs(%66 : tensor<6x2x16x5xf32>) permutation = [0, 1, 3, 2] 
    %67 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_42 : tensor<6x2x16x5xf32>) outs(%66 : tensor<6x2x16x5xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.mulf %in, %cst_3 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x16x5xf32>
    %collapsed_43 = tensor.collapse_shape %56 [[0, 1], [2], [3]] : tensor<6x2x5x16xf32> into tensor<12x5x16xf32>
    %collapsed_44 = tensor.collapse_shape %67 [[0, 1], [2], [3]] : tensor<6x2x16x5xf32> into tensor<12x16x5xf32>
    %68 = tensor.empty() : tensor<12x5x5xf32>
    %69 = linalg.fill ins(%cst : f32) outs(%68 : tensor<12x5x5xf32>) -> tensor<12x5x5xf32>
    %70 = linalg.batch_matmul ins(%collapsed_43, %collapsed_44 : tensor<12x5x16xf32>, tensor<12x16x5xf32>) outs(%69 : tensor<12x5x5xf32>) -> tensor<12x5x5xf32>
    %expanded_45 = tensor.expand_shape %70 [[0, 1], [2], [3]] output_shape [6, 2, 5, 5] : tensor<12x5x5xf32> into tensor<6x2x5x5xf32>
    %71 = tensor.empty() : tensor<6x2x5x5xf32>
    %72 = linalg.generic {indexing_maps = [#map8, #map9, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_45, %65 : tensor<6x2x5x5xf32>, tensor<5x5xf32>) outs(%71 : tensor<6x2x5x5xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x5xf32>
    %73 = tensor.empty() : tensor<6x2x5xi64>
    %74 = linalg.fill ins(%c0_i64 : i64) outs(%73 : tensor<6x2x5xi64>) -> tensor<6x2x5xi64>
    %75 = tensor.empty() : tensor<6x2x5xf32>
    %76 = linalg.fill ins(%cst_1 : f32) outs(%75 : tensor<6x2x5xf32>) -> tensor<6x2x5xf32>
    %77:2 = linalg.generic {indexing_maps = [#map8, #map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%72 : tensor<6x2x5x5xf32>) outs(%76, %74 : tensor<6x2x5xf32>, tensor<6x2x5xi64>) {
    ^bb0(%in: f32, %out: f32, %out_61: i64):
      %148 = linalg.index 3 : index
      %149 = arith.index_cast %148 : index to i64
      %150 = arith.maximumf %in, %out : f32
      %151 = arith.cmpf ogt, %in, %out : f32
      %152 = arith.select %151, %149, %out_61 : i64
      linalg.yield %150, %152 : f32, i64
    } -> (tensor<6x2x5xf32>, tensor<6x2x5xi64>)
    %expanded_46 = tensor.expand_shape %77#0 [[0], [1], [2, 3]] output_shape [6, 2, 5, 1] : tensor<6x2x5xf32> into tensor<6x2x5x1xf32>
    %78 = linalg.generic {indexing_maps = [#map8, #map13, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%72, %expanded_46 : tensor<6x2x5x5xf32>, tensor<6x2x5x1xf32>) outs(%71 : tensor<6x2x5x5xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.subf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x5xf32>
    %79 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%78 : tensor<6x2x5x5xf32>) outs(%71 : tensor<6x2x5x5xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = math.exp %in : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x5xf32>
    %80 = tensor.empty() : tensor<6x2x5x1xf32>
    %81 = linalg.fill ins(%cst : f32) outs(%80 : tensor<6x2x5x1xf32>) -> tensor<6x2x5x1xf32>
    %82 = linalg.generic {indexing_maps = [#map8, #map13], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%79 : tensor<6x2x5x5xf32>) outs(%81 : tensor<6x2x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.addf %in, %out : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x1xf32>
    %83 = linalg.generic {indexing_maps = [#map8, #map13, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%79, %82 : tensor<6x2x5x5xf32>, tensor<6x2x5x1xf32>) outs(%71 : tensor<6x2x5x5xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.divf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x5xf32>
    %84 = tensor.empty() : tensor<6x2x5x5xi1>
    %85 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%72 : tensor<6x2x5x5xf32>) outs(%84 : tensor<6x2x5x5xi1>) {
    ^bb0(%in: f32, %out: i1):
      %148 = arith.extf %in : f32 to f64
      %149 = arith.cmpf oeq, %148, %cst_8 : f64
      linalg.yield %149 : i1
    } -> tensor<6x2x5x5xi1>
    %86 = tensor.empty() : tensor<6x2x5x1xi1>
    %87 = linalg.fill ins(%true : i1) outs(%86 : tensor<6x2x5x1xi1>) -> tensor<6x2x5x1xi1>
    %88 = linalg.generic {indexing_maps = [#map8, #map13], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%85 : tensor<6x2x5x5xi1>) outs(%87 : tensor<6x2x5x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %148 = arith.andi %in, %out : i1
      linalg.yield %148 : i1
    } -> tensor<6x2x5x1xi1>
    %89 = linalg.generic {indexing_maps = [#map13, #map8, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%88, %cst_4, %83 : tensor<6x2x5x1xi1>, tensor<6x2x5x5xf32>, tensor<6x2x5x5xf32>) outs(%71 : tensor<6x2x5x5xf32>) {
    ^bb0(%in: i1, %in_61: f32, %in_62: f32, %out: f32):
      %148 = arith.select %in, %in_61, %in_62 : f32
      linalg.yield %148 : f32
    } -> tensor<6x2x5x5xf32>
    %collapsed_47 = tensor.collapse_shape %89 [[0, 1], [2], [3]] : tensor<6x2x5x5xf32> into tensor<12x5x5xf32>
    %collapsed_48 = tensor.collapse_shape %transposed_25 [[0, 1], [2], [3]] : tensor<6x2x5x16xf32> into tensor<12x5x16xf32>
    %90 = tensor.empty() : tensor<12x5x16xf32>
    %91 = linalg.fill ins(%cst : f32) outs(%90 : tensor<12x5x16xf32>) -> tensor<12x5x16xf32>
    %92 = linalg.batch_matmul ins(%collapsed_47, %collapsed_48 : tensor<12x5x5xf32>, tensor<12x5x16xf32>) outs(%91 : tensor<12x5x16xf32>) -> tensor<12x5x16xf32>
    %expanded_49 = tensor.expand_shape %92 [[0, 1], [2], [3]] output_shape [6, 2, 5, 16] : tensor<12x5x16xf32> into tensor<6x2x5x16xf32>
    %93 = tensor.empty() : tensor<6x5x2x16xf32>
    %transposed_50 = linalg.transpose ins(%expanded_49 : tensor<6x2x5x16xf32>) outs(%93 : tensor<6x5x2x16xf32>) permutation = [0, 2, 1, 3] 
    %collapsed_51 = tensor.collapse_shape %transposed_50 [[0], [1], [2, 3]] : tensor<6x5x2x16xf32> into tensor<6x5x32xf32>
    %transposed_52 = linalg.transpose ins(%arg7 : tensor<32x32xf32>) outs(%29 : tensor<32x32xf32>) permutation = [1, 0] 
    %94 = tensor.empty() : tensor<6x32x32xf32>
    %95 = linalg.generic {indexing_maps = [#map14, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_52 : tensor<32x32xf32>) outs(%94 : tensor<6x32x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x32x32xf32>
    %96 = linalg.fill ins(%cst : f32) outs(%24 : tensor<6x5x32xf32>) -> tensor<6x5x32xf32>
    %97 = linalg.batch_matmul ins(%collapsed_51, %95 : tensor<6x5x32xf32>, tensor<6x32x32xf32>) outs(%96 : tensor<6x5x32xf32>) -> tensor<6x5x32xf32>
    %98 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat, %97 : tensor<6x5x32xf32>, tensor<6x5x32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %99 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%98 : tensor<6x5x32xf32>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f32, %out: f64):
      %148 = arith.extf %in : f32 to f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %100 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%99 : tensor<6x5x32xf64>) outs(%10 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.addf %in, %out : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %101 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%100 : tensor<6x5x1xf64>) outs(%9 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.divf %in, %cst_11 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %102 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%99, %101 : tensor<6x5x32xf64>, tensor<6x5x1xf64>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f64, %in_61: f64, %out: f64):
      %148 = arith.subf %in, %in_61 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %103 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%102, %102 : tensor<6x5x32xf64>, tensor<6x5x32xf64>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f64, %in_61: f64, %out: f64):
      %148 = arith.mulf %in, %in_61 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %104 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%103 : tensor<6x5x32xf64>) outs(%10 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.addf %in, %out : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %105 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%104 : tensor<6x5x1xf64>) outs(%9 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.divf %in, %cst_11 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %106 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%105 : tensor<6x5x1xf64>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %148 = arith.truncf %in : f64 to f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %107 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%98 : tensor<6x5x32xf32>) outs(%19 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.addf %in, %out : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %108 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%107 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.divf %in, %cst_12 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %109 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%106 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.truncf %cst_10 : f64 to f32
      %149 = arith.addf %in, %148 : f32
      linalg.yield %149 : f32
    } -> tensor<6x5x1xf32>
    %110 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%109 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = math.rsqrt %in : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %111 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%98, %108 : tensor<6x5x32xf32>, tensor<6x5x1xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.subf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %112 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%111, %110 : tensor<6x5x32xf32>, tensor<6x5x1xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %113 = linalg.generic {indexing_maps = [#map3, #map5, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%112, %arg8 : tensor<6x5x32xf32>, tensor<32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %114 = linalg.generic {indexing_maps = [#map3, #map5, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%113, %arg9 : tensor<6x5x32xf32>, tensor<32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %collapsed_53 = tensor.collapse_shape %114 [[0, 1], [2]] : tensor<6x5x32xf32> into tensor<30x32xf32>
    %115 = tensor.empty() : tensor<32x128xf32>
    %transposed_54 = linalg.transpose ins(%arg10 : tensor<128x32xf32>) outs(%115 : tensor<32x128xf32>) permutation = [1, 0] 
    %116 = tensor.empty() : tensor<30x128xf32>
    %117 = linalg.fill ins(%cst : f32) outs(%116 : tensor<30x128xf32>) -> tensor<30x128xf32>
    %118 = linalg.matmul ins(%collapsed_53, %transposed_54 : tensor<30x32xf32>, tensor<32x128xf32>) outs(%117 : tensor<30x128xf32>) -> tensor<30x128xf32>
    %119 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%118, %arg11 : tensor<30x128xf32>, tensor<128xf32>) outs(%116 : tensor<30x128xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<30x128xf32>
    %expanded_55 = tensor.expand_shape %119 [[0, 1], [2]] output_shape [6, 5, 128] : tensor<30x128xf32> into tensor<6x5x128xf32>
    %120 = tensor.empty() : tensor<6x5x128xf32>
    %121 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_55 : tensor<6x5x128xf32>) outs(%120 : tensor<6x5x128xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.divf %in, %cst_14 : f32
      %149 = math.erf %148 : f32
      %150 = arith.addf %149, %cst_2 : f32
      %151 = arith.mulf %150, %cst_3 : f32
      %152 = arith.mulf %in, %151 : f32
      linalg.yield %152 : f32
    } -> tensor<6x5x128xf32>
    %collapsed_56 = tensor.collapse_shape %121 [[0, 1], [2]] : tensor<6x5x128xf32> into tensor<30x128xf32>
    %122 = tensor.empty() : tensor<128x32xf32>
    %transposed_57 = linalg.transpose ins(%arg12 : tensor<32x128xf32>) outs(%122 : tensor<128x32xf32>) permutation = [1, 0] 
    %123 = linalg.matmul ins(%collapsed_56, %transposed_57 : tensor<30x128xf32>, tensor<128x32xf32>) outs(%31 : tensor<30x32xf32>) -> tensor<30x32xf32>
    %124 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%123, %arg13 : tensor<30x32xf32>, tensor<32xf32>) outs(%30 : tensor<30x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<30x32xf32>
    %expanded_58 = tensor.expand_shape %124 [[0, 1], [2]] output_shape [6, 5, 32] : tensor<30x32xf32> into tensor<6x5x32xf32>
    %125 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%98, %expanded_58 : tensor<6x5x32xf32>, tensor<6x5x32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %126 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%125 : tensor<6x5x32xf32>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f32, %out: f64):
      %148 = arith.extf %in : f32 to f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %127 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%126 : tensor<6x5x32xf64>) outs(%10 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.addf %in, %out : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %128 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%127 : tensor<6x5x1xf64>) outs(%9 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.divf %in, %cst_11 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %129 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%126, %128 : tensor<6x5x32xf64>, tensor<6x5x1xf64>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f64, %in_61: f64, %out: f64):
      %148 = arith.subf %in, %in_61 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %130 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%129, %129 : tensor<6x5x32xf64>, tensor<6x5x32xf64>) outs(%7 : tensor<6x5x32xf64>) {
    ^bb0(%in: f64, %in_61: f64, %out: f64):
      %148 = arith.mulf %in, %in_61 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x32xf64>
    %131 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%130 : tensor<6x5x32xf64>) outs(%10 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.addf %in, %out : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %132 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%131 : tensor<6x5x1xf64>) outs(%9 : tensor<6x5x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %148 = arith.divf %in, %cst_11 : f64
      linalg.yield %148 : f64
    } -> tensor<6x5x1xf64>
    %133 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%132 : tensor<6x5x1xf64>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %148 = arith.truncf %in : f64 to f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %134 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "reduction"]} ins(%125 : tensor<6x5x32xf32>) outs(%19 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.addf %in, %out : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %135 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%134 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.divf %in, %cst_12 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %136 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%133 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = arith.truncf %cst_10 : f64 to f32
      %149 = arith.addf %in, %148 : f32
      linalg.yield %149 : f32
    } -> tensor<6x5x1xf32>
    %137 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%136 : tensor<6x5x1xf32>) outs(%17 : tensor<6x5x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %148 = math.rsqrt %in : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x1xf32>
    %138 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%125, %135 : tensor<6x5x32xf32>, tensor<6x5x1xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.subf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %139 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%138, %137 : tensor<6x5x32xf32>, tensor<6x5x1xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %140 = linalg.generic {indexing_maps = [#map3, #map5, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%139, %arg14 : tensor<6x5x32xf32>, tensor<32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.mulf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %141 = linalg.generic {indexing_maps = [#map3, #map5, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%140, %arg15 : tensor<6x5x32xf32>, tensor<32xf32>) outs(%24 : tensor<6x5x32xf32>) {
    ^bb0(%in: f32, %in_61: f32, %out: f32):
      %148 = arith.addf %in, %in_61 : f32
      linalg.yield %148 : f32
    } -> tensor<6x5x32xf32>
    %extracted_slice_59 = tensor.extract_slice %141[0, 1, 0] [6, 4, 32] [1, 1, 1] : tensor<6x5x32xf32> to tensor<6x4x32xf32>
    %142 = tensor.empty() : tensor<32x259xf32>
    %transposed_60 = linalg.transpose ins(%arg16 : tensor<259x32xf32>) outs(%142 : tensor<32x259xf32>) permutation = [1, 0] 
    %143 = tensor.empty() : tensor<6x32x259xf32>
    %144 = linalg.generic {indexing_maps = [#map14, #map3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_60 : tensor<32x259xf32>) outs(%143 : tensor<6x32x259xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x32x259xf32>
    %145 = tensor.empty() : tensor<6x4x259xf32>
    %146 = linalg.fill ins(%cst : f32) outs(%145 : tensor<6x4x259xf32>) -> tensor<6x4x259xf32>
    %147 = linalg.batch_matmul ins(%extracted_slice_59, %144 : tensor<6x4x32xf32>, tensor<6x32x259xf32>) outs(%146 : tensor<6x4x259xf32>) -> tensor<6x4x259xf32>
    return %147 : tensor<6x4x259xf32>
  }
}
