// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py block_model_cross
// MLIR 22 parses it
// The cross-attention variant: relative bias, unscaled scores.
#map = affine_map<(d0, d1, d2) -> (d2)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1) -> (d0, d1)>
#map3 = affine_map<(d0, d1) -> (d1)>
#map4 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map5 = affine_map<(d0) -> (d0)>
#map6 = affine_map<(d0, d1) -> (d0, 0)>
#map7 = affine_map<(d0, d1, d2) -> (d0, 0, 0)>
#map8 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map9 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map10 = affine_map<(d0, d1) -> (0, d1)>
#map11 = affine_map<(d0, d1, d2) -> ()>
#map12 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map13 = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map14 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map15 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map16 = affine_map<(d0, d1, d2, d3) -> (d2, 0)>
#map17 = affine_map<(d0, d1, d2, d3) -> ()>
module {
  func.func @block_model_cross(%arg0: tensor<6x32xf32>, %arg1: tensor<6x4xi64>, %arg2: tensor<2x4xf32>, %arg3: tensor<259x32xf32>, %arg4: tensor<32xf32>, %arg5: tensor<32xf32>, %arg6: tensor<32x32xf32>, %arg7: tensor<64x32xf32>, %arg8: tensor<32x32xf32>, %arg9: tensor<32xf32>, %arg10: tensor<32xf32>, %arg11: tensor<32x32xf32>, %arg12: tensor<64x32xf32>, %arg13: tensor<32x32xf32>, %arg14: tensor<32xf32>, %arg15: tensor<32xf32>, %arg16: tensor<128x32xf32>, %arg17: tensor<128xf32>, %arg18: tensor<32x128xf32>, %arg19: tensor<32xf32>, %arg20: tensor<32xf32>, %arg21: tensor<32xf32>, %arg22: tensor<259x32xf32>, %arg23: tensor<128x32xf32>, %arg24: tensor<128xf32>) -> tensor<6x4x259xf32> {
    %c2_i64 = arith.constant 2 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0_i64 = arith.constant 0 : i64
    %c259 = arith.constant 259 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0.000000e+00 : f64
    %false = arith.constant false
    %true = arith.constant true
    %cst_1 = arith.constant 0xFF800000 : f32
    %cst_2 = arith.constant 1.000000e+00 : f32
    %cst_3 = arith.constant 5.000000e-01 : f32
    %cst_4 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_5 = arith.constant dense<0.000000e+00> : tensor<6x2x4x4xf32>
    %cst_6 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_7 = arith.constant dense<true> : tensor<4x4xi1>
    %cst_8 = arith.constant 0xFFF0000000000000 : f64
    %cst_9 = arith.constant 1.000000e-05 : f64
    %cst_10 = arith.constant 3.200000e+01 : f64
    %cst_11 = arith.constant 3.200000e+01 : f32
    %cst_12 = arith.constant 1.41421354 : f32
    %extracted_slice = tensor.extract_slice %arg3[256, 0] [1, 32] [1, 1] : tensor<259x32xf32> to tensor<1x32xf32>
    %collapsed = tensor.collapse_shape %extracted_slice [[0, 1]] : tensor<1x32xf32> into tensor<32xf32>
    %0 = tensor.empty() : tensor<6x1x32xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%collapsed : tensor<32xf32>) outs(%0 : tensor<6x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x1x32xf32>
    %2 = tensor.empty() : tensor<32x128xf32>
    %transposed = linalg.transpose ins(%arg23 : tensor<128x32xf32>) outs(%2 : tensor<32x128xf32>) permutation = [1, 0] 
    %3 = tensor.empty() : tensor<6x128xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<6x128xf32>) -> tensor<6x128xf32>
    %5 = linalg.matmul ins(%arg0, %transposed : tensor<6x32xf32>, tensor<32x128xf32>) outs(%4 : tensor<6x128xf32>) -> tensor<6x128xf32>
    %6 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%5, %arg24 : tensor<6x128xf32>, tensor<128xf32>) outs(%3 : tensor<6x128xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x128xf32>
    %expanded = tensor.expand_shape %6 [[0], [1, 2]] output_shape [6, 4, 32] : tensor<6x128xf32> into tensor<6x4x32xf32>
    %7 = tensor.empty() : tensor<32x64xf32>
    %transposed_13 = linalg.transpose ins(%arg12 : tensor<64x32xf32>) outs(%7 : tensor<32x64xf32>) permutation = [1, 0] 
    %collapsed_14 = tensor.collapse_shape %expanded [[0, 1], [2]] : tensor<6x4x32xf32> into tensor<24x32xf32>
    %8 = tensor.empty() : tensor<24x64xf32>
    %9 = linalg.fill ins(%cst : f32) outs(%8 : tensor<24x64xf32>) -> tensor<24x64xf32>
    %10 = linalg.matmul ins(%collapsed_14, %transposed_13 : tensor<24x32xf32>, tensor<32x64xf32>) outs(%9 : tensor<24x64xf32>) -> tensor<24x64xf32>
    %expanded_15 = tensor.expand_shape %10 [[0, 1], [2]] output_shape [6, 4, 64] : tensor<24x64xf32> into tensor<6x4x64xf32>
    %extracted_slice_16 = tensor.extract_slice %expanded_15[0, 0, 0] [6, 4, 32] [1, 1, 1] : tensor<6x4x64xf32> to tensor<6x4x32xf32>
    %extracted_slice_17 = tensor.extract_slice %expanded_15[0, 0, 32] [6, 4, 32] [1, 1, 1] : tensor<6x4x64xf32> to tensor<6x4x32xf32>
    %expanded_18 = tensor.expand_shape %extracted_slice_16 [[0], [1], [2, 3]] output_shape [6, 4, 2, 16] : tensor<6x4x32xf32> into tensor<6x4x2x16xf32>
    %expanded_19 = tensor.expand_shape %extracted_slice_17 [[0], [1], [2, 3]] output_shape [6, 4, 2, 16] : tensor<6x4x32xf32> into tensor<6x4x2x16xf32>
    %11 = tensor.empty() : tensor<6x2x4x16xf32>
    %transposed_20 = linalg.transpose ins(%expanded_19 : tensor<6x4x2x16xf32>) outs(%11 : tensor<6x2x4x16xf32>) permutation = [0, 2, 1, 3] 
    %extracted_slice_21 = tensor.extract_slice %arg1[0, 0] [6, 3] [1, 1] : tensor<6x4xi64> to tensor<6x3xi64>
    %12 = tensor.empty() : tensor<6x3x32xf32>
    %13 = linalg.generic {indexing_maps = [#map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%extracted_slice_21 : tensor<6x3xi64>) outs(%12 : tensor<6x3x32xf32>) {
    ^bb0(%in: i64, %out: f32):
      %168 = arith.index_cast %in : i64 to index
      %169 = linalg.index 2 : index
      %170 = arith.cmpi slt, %168, %c259 : index
      cf.assert %170, "index must be smaller than dim size"
      %171 = arith.cmpi sge, %in, %c0_i64 : i64
      cf.assert %171, "index must be larger or equal to 0"
      %extracted = tensor.extract %arg3[%168, %169] : tensor<259x32xf32>
      linalg.yield %extracted : f32
    } -> tensor<6x3x32xf32>
    %concat = tensor.concat dim(1) %1, %13 : (tensor<6x1x32xf32>, tensor<6x3x32xf32>) -> tensor<6x4x32xf32>
    %14 = tensor.empty() : tensor<4xi64>
    %15 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel"]} outs(%14 : tensor<4xi64>) {
    ^bb0(%out: i64):
      %168 = linalg.index 0 : index
      %169 = arith.index_cast %168 : index to i64
      linalg.yield %169 : i64
    } -> tensor<4xi64>
    %expanded_22 = tensor.expand_shape %15 [[0, 1]] output_shape [4, 1] : tensor<4xi64> into tensor<4x1xi64>
    %16 = tensor.empty() : tensor<4x4xi64>
    %17 = linalg.generic {indexing_maps = [#map6, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded_22, %15 : tensor<4x1xi64>, tensor<4xi64>) outs(%16 : tensor<4x4xi64>) {
    ^bb0(%in: i64, %in_72: i64, %out: i64):
      %168 = arith.subi %in, %in_72 : i64
      linalg.yield %168 : i64
    } -> tensor<4x4xi64>
    %18 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%17 : tensor<4x4xi64>) outs(%16 : tensor<4x4xi64>) {
    ^bb0(%in: i64, %out: i64):
      %168 = arith.maxsi %in, %c0_i64 : i64
      linalg.yield %168 : i64
    } -> tensor<4x4xi64>
    %19 = tensor.empty() : tensor<2xi64>
    %20 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel"]} outs(%19 : tensor<2xi64>) {
    ^bb0(%out: i64):
      %168 = linalg.index 0 : index
      %169 = arith.index_cast %168 : index to i64
      linalg.yield %169 : i64
    } -> tensor<2xi64>
    %expanded_23 = tensor.expand_shape %20 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xi64> into tensor<2x1x1xi64>
    %21 = tensor.empty() : tensor<2x4x4xf32>
    %22 = linalg.generic {indexing_maps = [#map7, #map8, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_23, %18 : tensor<2x1x1xi64>, tensor<4x4xi64>) outs(%21 : tensor<2x4x4xf32>) {
    ^bb0(%in: i64, %in_72: i64, %out: f32):
      %168 = arith.cmpi slt, %in, %c0_i64 : i64
      %169 = arith.addi %in, %c2_i64 : i64
      %170 = arith.select %168, %169, %in : i64
      %171 = arith.index_cast %170 : i64 to index
      %172 = arith.cmpi slt, %in_72, %c0_i64 : i64
      %173 = arith.addi %in_72, %c4_i64 : i64
      %174 = arith.select %172, %173, %in_72 : i64
      %175 = arith.index_cast %174 : i64 to index
      %extracted = tensor.extract %arg2[%171, %175] : tensor<2x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<2x4x4xf32>
    %23 = tensor.empty() : tensor<6x4x32xf64>
    %24 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<6x4x32xf32>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f32, %out: f64):
      %168 = arith.extf %in : f32 to f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %25 = tensor.empty() : tensor<6x4x1xf64>
    %26 = linalg.fill ins(%cst_0 : f64) outs(%25 : tensor<6x4x1xf64>) -> tensor<6x4x1xf64>
    %27 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%24 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %28 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%27 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %29 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%24, %28 : tensor<6x4x32xf64>, tensor<6x4x1xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.subf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %30 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%29, %29 : tensor<6x4x32xf64>, tensor<6x4x32xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.mulf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %31 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%30 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %32 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%31 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %33 = tensor.empty() : tensor<6x4x1xf32>
    %34 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%32 : tensor<6x4x1xf64>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %168 = arith.truncf %in : f64 to f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %35 = linalg.fill ins(%cst : f32) outs(%33 : tensor<6x4x1xf32>) -> tensor<6x4x1xf32>
    %36 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%concat : tensor<6x4x32xf32>) outs(%35 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.addf %in, %out : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %37 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%36 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.divf %in, %cst_11 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %38 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%34 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.truncf %cst_9 : f64 to f32
      %169 = arith.addf %in, %168 : f32
      linalg.yield %169 : f32
    } -> tensor<6x4x1xf32>
    %39 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%38 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = math.rsqrt %in : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %40 = tensor.empty() : tensor<6x4x32xf32>
    %41 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat, %37 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.subf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %42 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%41, %39 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %43 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%42, %arg4 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %44 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%43, %arg5 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %45 = tensor.empty() : tensor<32x32xf32>
    %transposed_24 = linalg.transpose ins(%arg6 : tensor<32x32xf32>) outs(%45 : tensor<32x32xf32>) permutation = [1, 0] 
    %collapsed_25 = tensor.collapse_shape %44 [[0, 1], [2]] : tensor<6x4x32xf32> into tensor<24x32xf32>
    %46 = tensor.empty() : tensor<24x32xf32>
    %47 = linalg.fill ins(%cst : f32) outs(%46 : tensor<24x32xf32>) -> tensor<24x32xf32>
    %48 = linalg.matmul ins(%collapsed_25, %transposed_24 : tensor<24x32xf32>, tensor<32x32xf32>) outs(%47 : tensor<24x32xf32>) -> tensor<24x32xf32>
    %expanded_26 = tensor.expand_shape %48 [[0, 1], [2, 3]] output_shape [6, 4, 2, 16] : tensor<24x32xf32> into tensor<6x4x2x16xf32>
    %transposed_27 = linalg.transpose ins(%expanded_26 : tensor<6x4x2x16xf32>) outs(%11 : tensor<6x2x4x16xf32>) permutation = [0, 2, 1, 3] 
    %transposed_28 = linalg.transpose ins(%arg7 : tensor<64x32xf32>) outs(%7 : tensor<32x64xf32>) permutation = [1, 0] 
    %49 = linalg.matmul ins(%collapsed_25, %transposed_28 : tensor<24x32xf32>, tensor<32x64xf32>) outs(%9 : tensor<24x64xf32>) -> tensor<24x64xf32>
    %expanded_29 = tensor.expand_shape %49 [[0, 1], [2]] output_shape [6, 4, 64] : tensor<24x64xf32> into tensor<6x4x64xf32>
    %extracted_slice_30 = tensor.extract_slice %expanded_29[0, 0, 0] [6, 4, 32] [1, 1, 1] : tensor<6x4x64xf32> to tensor<6x4x32xf32>
    %extracted_slice_31 = tensor.extract_slice %expanded_29[0, 0, 32] [6, 4, 32] [1, 1, 1] : tensor<6x4x64xf32> to tensor<6x4x32xf32>
    %expanded_32 = tensor.expand_shape %extracted_slice_30 [[0], [1], [2, 3]] output_shape [6, 4, 2, 16] : tensor<6x4x32xf32> into tensor<6x4x2x16xf32>
    %expanded_33 = tensor.expand_shape %extracted_slice_31 [[0], [1], [2, 3]] output_shape [6, 4, 2, 16] : tensor<6x4x32xf32> into tensor<6x4x2x16xf32>
    %transposed_34 = linalg.transpose ins(%expanded_33 : tensor<6x4x2x16xf32>) outs(%11 : tensor<6x2x4x16xf32>) permutation = [0, 2, 1, 3] 
    %expanded_35 = tensor.expand_shape %15 [[0, 1]] output_shape [1, 4] : tensor<4xi64> into tensor<1x4xi64>
    %50 = linalg.generic {indexing_maps = [#map10, #map6, #map2], iterator_types = ["parallel", "parallel"]} ins(%expanded_35, %expanded_22 : tensor<1x4xi64>, tensor<4x1xi64>) outs(%16 : tensor<4x4xi64>) {
    ^bb0(%in: i64, %in_72: i64, %out: i64):
      %168 = arith.subi %in, %in_72 : i64
      linalg.yield %168 : i64
    } -> tensor<4x4xi64>
    %51 = tensor.empty() : tensor<4x4xi1>
    %52 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%50 : tensor<4x4xi64>) outs(%51 : tensor<4x4xi1>) {
    ^bb0(%in: i64, %out: i1):
      %168 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %168 : i1
    } -> tensor<4x4xi1>
    %53 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%52, %cst_7 : tensor<4x4xi1>, tensor<4x4xi1>) outs(%51 : tensor<4x4xi1>) {
    ^bb0(%in: i1, %in_72: i1, %out: i1):
      %168 = arith.andi %in, %in_72 : i1
      linalg.yield %168 : i1
    } -> tensor<4x4xi1>
    %54 = tensor.empty() : tensor<4x1xi1>
    %55 = linalg.fill ins(%false : i1) outs(%54 : tensor<4x1xi1>) -> tensor<4x1xi1>
    %56 = linalg.generic {indexing_maps = [#map2, #map6], iterator_types = ["parallel", "reduction"]} ins(%53 : tensor<4x4xi1>) outs(%55 : tensor<4x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %168 = arith.ori %in, %out : i1
      linalg.yield %168 : i1
    } -> tensor<4x1xi1>
    %57 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel"]} ins(%56 : tensor<4x1xi1>) outs(%54 : tensor<4x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %168 = arith.xori %in, %true : i1
      linalg.yield %168 : i1
    } -> tensor<4x1xi1>
    %58 = linalg.generic {indexing_maps = [#map2, #map6, #map2], iterator_types = ["parallel", "parallel"]} ins(%53, %57 : tensor<4x4xi1>, tensor<4x1xi1>) outs(%51 : tensor<4x4xi1>) {
    ^bb0(%in: i1, %in_72: i1, %out: i1):
      %168 = arith.ori %in, %in_72 : i1
      linalg.yield %168 : i1
    } -> tensor<4x4xi1>
    %59 = linalg.generic {indexing_maps = [#map8, #map1, #map11, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%58, %22, %cst_6 : tensor<4x4xi1>, tensor<2x4x4xf32>, tensor<f32>) outs(%21 : tensor<2x4x4xf32>) {
    ^bb0(%in: i1, %in_72: f32, %in_73: f32, %out: f32):
      %168 = arith.select %in, %in_72, %in_73 : f32
      linalg.yield %168 : f32
    } -> tensor<2x4x4xf32>
    %60 = tensor.empty() : tensor<6x2x16x4xf32>
    %transposed_36 = linalg.transpose ins(%expanded_32 : tensor<6x4x2x16xf32>) outs(%60 : tensor<6x2x16x4xf32>) permutation = [0, 2, 3, 1] 
    %collapsed_37 = tensor.collapse_shape %transposed_27 [[0, 1], [2], [3]] : tensor<6x2x4x16xf32> into tensor<12x4x16xf32>
    %collapsed_38 = tensor.collapse_shape %transposed_36 [[0, 1], [2], [3]] : tensor<6x2x16x4xf32> into tensor<12x16x4xf32>
    %61 = tensor.empty() : tensor<12x4x4xf32>
    %62 = linalg.fill ins(%cst : f32) outs(%61 : tensor<12x4x4xf32>) -> tensor<12x4x4xf32>
    %63 = linalg.batch_matmul ins(%collapsed_37, %collapsed_38 : tensor<12x4x16xf32>, tensor<12x16x4xf32>) outs(%62 : tensor<12x4x4xf32>) -> tensor<12x4x4xf32>
    %expanded_39 = tensor.expand_shape %63 [[0, 1], [2], [3]] output_shape [6, 2, 4, 4] : tensor<12x4x4xf32> into tensor<6x2x4x4xf32>
    %64 = tensor.empty() : tensor<6x2x4x4xf32>
    %65 = linalg.generic {indexing_maps = [#map12, #map13, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_39, %59 : tensor<6x2x4x4xf32>, tensor<2x4x4xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %66 = tensor.empty() : tensor<6x2x4xi64>
    %67 = linalg.fill ins(%c0_i64 : i64) outs(%66 : tensor<6x2x4xi64>) -> tensor<6x2x4xi64>
    %68 = tensor.empty() : tensor<6x2x4xf32>
    %69 = linalg.fill ins(%cst_1 : f32) outs(%68 : tensor<6x2x4xf32>) -> tensor<6x2x4xf32>
    %70:2 = linalg.generic {indexing_maps = [#map12, #map14, #map14], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%65 : tensor<6x2x4x4xf32>) outs(%69, %67 : tensor<6x2x4xf32>, tensor<6x2x4xi64>) {
    ^bb0(%in: f32, %out: f32, %out_72: i64):
      %168 = linalg.index 3 : index
      %169 = arith.index_cast %168 : index to i64
      %170 = arith.maximumf %in, %out : f32
      %171 = arith.cmpf ogt, %in, %out : f32
      %172 = arith.select %171, %169, %out_72 : i64
      linalg.yield %170, %172 : f32, i64
    } -> (tensor<6x2x4xf32>, tensor<6x2x4xi64>)
    %expanded_40 = tensor.expand_shape %70#0 [[0], [1], [2, 3]] output_shape [6, 2, 4, 1] : tensor<6x2x4xf32> into tensor<6x2x4x1xf32>
    %71 = linalg.generic {indexing_maps = [#map12, #map15, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%65, %expanded_40 : tensor<6x2x4x4xf32>, tensor<6x2x4x1xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.subf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %72 = linalg.generic {indexing_maps = [#map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%71 : tensor<6x2x4x4xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = math.exp %in : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %73 = tensor.empty() : tensor<6x2x4x1xf32>
    %74 = linalg.fill ins(%cst : f32) outs(%73 : tensor<6x2x4x1xf32>) -> tensor<6x2x4x1xf32>
    %75 = linalg.generic {indexing_maps = [#map12, #map15], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%72 : tensor<6x2x4x4xf32>) outs(%74 : tensor<6x2x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.addf %in, %out : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x1xf32>
    %76 = linalg.generic {indexing_maps = [#map12, #map15, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%72, %75 : tensor<6x2x4x4xf32>, tensor<6x2x4x1xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.divf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %77 = tensor.empty() : tensor<6x2x4x4xi1>
    %78 = linalg.generic {indexing_maps = [#map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%65 : tensor<6x2x4x4xf32>) outs(%77 : tensor<6x2x4x4xi1>) {
    ^bb0(%in: f32, %out: i1):
      %168 = arith.extf %in : f32 to f64
      %169 = arith.cmpf oeq, %168, %cst_8 : f64
      linalg.yield %169 : i1
    } -> tensor<6x2x4x4xi1>
    %79 = tensor.empty() : tensor<6x2x4x1xi1>
    %80 = linalg.fill ins(%true : i1) outs(%79 : tensor<6x2x4x1xi1>) -> tensor<6x2x4x1xi1>
    %81 = linalg.generic {indexing_maps = [#map12, #map15], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%78 : tensor<6x2x4x4xi1>) outs(%80 : tensor<6x2x4x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %168 = arith.andi %in, %out : i1
      linalg.yield %168 : i1
    } -> tensor<6x2x4x1xi1>
    %82 = linalg.generic {indexing_maps = [#map15, #map12, #map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%81, %cst_5, %76 : tensor<6x2x4x1xi1>, tensor<6x2x4x4xf32>, tensor<6x2x4x4xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: i1, %in_72: f32, %in_73: f32, %out: f32):
      %168 = arith.select %in, %in_72, %in_73 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %collapsed_41 = tensor.collapse_shape %82 [[0, 1], [2], [3]] : tensor<6x2x4x4xf32> into tensor<12x4x4xf32>
    %collapsed_42 = tensor.collapse_shape %transposed_34 [[0, 1], [2], [3]] : tensor<6x2x4x16xf32> into tensor<12x4x16xf32>
    %83 = tensor.empty() : tensor<12x4x16xf32>
    %84 = linalg.fill ins(%cst : f32) outs(%83 : tensor<12x4x16xf32>) -> tensor<12x4x16xf32>
    %85 = linalg.batch_matmul ins(%collapsed_41, %collapsed_42 : tensor<12x4x4xf32>, tensor<12x4x16xf32>) outs(%84 : tensor<12x4x16xf32>) -> tensor<12x4x16xf32>
    %expanded_43 = tensor.expand_shape %85 [[0, 1], [2], [3]] output_shape [6, 2, 4, 16] : tensor<12x4x16xf32> into tensor<6x2x4x16xf32>
    %86 = linalg.generic {indexing_maps = [#map16, #map17, #map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%57, %cst_4, %expanded_43 : tensor<4x1xi1>, tensor<f32>, tensor<6x2x4x16xf32>) outs(%11 : tensor<6x2x4x16xf32>) {
    ^bb0(%in: i1, %in_72: f32, %in_73: f32, %out: f32):
      %168 = arith.select %in, %in_72, %in_73 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x16xf32>
    %87 = tensor.empty() : tensor<6x4x2x16xf32>
    %transposed_44 = linalg.transpose ins(%86 : tensor<6x2x4x16xf32>) outs(%87 : tensor<6x4x2x16xf32>) permutation = [0, 2, 1, 3] 
    %transposed_45 = linalg.transpose ins(%arg8 : tensor<32x32xf32>) outs(%45 : tensor<32x32xf32>) permutation = [1, 0] 
    %collapsed_46 = tensor.collapse_shape %transposed_44 [[0, 1], [2, 3]] : tensor<6x4x2x16xf32> into tensor<24x32xf32>
    %88 = linalg.matmul ins(%collapsed_46, %transposed_45 : tensor<24x32xf32>, tensor<32x32xf32>) outs(%47 : tensor<24x32xf32>) -> tensor<24x32xf32>
    %expanded_47 = tensor.expand_shape %88 [[0, 1], [2]] output_shape [6, 4, 32] : tensor<24x32xf32> into tensor<6x4x32xf32>
    %89 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat, %expanded_47 : tensor<6x4x32xf32>, tensor<6x4x32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %90 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89 : tensor<6x4x32xf32>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f32, %out: f64):
      %168 = arith.extf %in : f32 to f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %91 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%90 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %92 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%91 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %93 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%90, %92 : tensor<6x4x32xf64>, tensor<6x4x1xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.subf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %94 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%93, %93 : tensor<6x4x32xf64>, tensor<6x4x32xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.mulf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %95 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%94 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %96 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%95 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %97 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%96 : tensor<6x4x1xf64>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %168 = arith.truncf %in : f64 to f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %98 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%89 : tensor<6x4x32xf32>) outs(%35 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.addf %in, %out : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %99 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%98 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.divf %in, %cst_11 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %100 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%97 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.truncf %cst_9 : f64 to f32
      %169 = arith.addf %in, %168 : f32
      linalg.yield %169 : f32
    } -> tensor<6x4x1xf32>
    %101 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%100 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = math.rsqrt %in : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %102 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89, %99 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.subf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %103 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%102, %101 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %104 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%103, %arg9 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %105 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%104, %arg10 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %transposed_48 = linalg.transpose ins(%arg11 : tensor<32x32xf32>) outs(%45 : tensor<32x32xf32>) permutation = [1, 0] 
    %collapsed_49 = tensor.collapse_shape %105 [[0, 1], [2]] : tensor<6x4x32xf32> into tensor<24x32xf32>
    %106 = linalg.matmul ins(%collapsed_49, %transposed_48 : tensor<24x32xf32>, tensor<32x32xf32>) outs(%47 : tensor<24x32xf32>) -> tensor<24x32xf32>
    %expanded_50 = tensor.expand_shape %106 [[0, 1], [2, 3]] output_shape [6, 4, 2, 16] : tensor<24x32xf32> into tensor<6x4x2x16xf32>
    %transposed_51 = linalg.transpose ins(%expanded_50 : tensor<6x4x2x16xf32>) outs(%11 : tensor<6x2x4x16xf32>) permutation = [0, 2, 1, 3] 
    %transposed_52 = linalg.transpose ins(%expanded_18 : tensor<6x4x2x16xf32>) outs(%60 : tensor<6x2x16x4xf32>) permutation = [0, 2, 3, 1] 
    %collapsed_53 = tensor.collapse_shape %transposed_51 [[0, 1], [2], [3]] : tensor<6x2x4x16xf32> into tensor<12x4x16xf32>
    %collapsed_54 = tensor.collapse_shape %transposed_52 [[0, 1], [2], [3]] : tensor<6x2x16x4xf32> into tensor<12x16x4xf32>
    %107 = linalg.batch_matmul ins(%collapsed_53, %collapsed_54 : tensor<12x4x16xf32>, tensor<12x16x4xf32>) outs(%62 : tensor<12x4x4xf32>) -> tensor<12x4x4xf32>
    %expanded_55 = tensor.expand_shape %107 [[0, 1], [2], [3]] output_shape [6, 2, 4, 4] : tensor<12x4x4xf32> into tensor<6x2x4x4xf32>
    %108:2 = linalg.generic {indexing_maps = [#map12, #map14, #map14], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%expanded_55 : tensor<6x2x4x4xf32>) outs(%69, %67 : tensor<6x2x4xf32>, tensor<6x2x4xi64>) {
    ^bb0(%in: f32, %out: f32, %out_72: i64):
      %168 = linalg.index 3 : index
      %169 = arith.index_cast %168 : index to i64
      %170 = arith.maximumf %in, %out : f32
      %171 = arith.cmpf ogt, %in, %out : f32
      %172 = arith.select %171, %169, %out_72 : i64
      linalg.yield %170, %172 : f32, i64
    } -> (tensor<6x2x4xf32>, tensor<6x2x4xi64>)
    %expanded_56 = tensor.expand_shape %108#0 [[0], [1], [2, 3]] output_shape [6, 2, 4, 1] : tensor<6x2x4xf32> into tensor<6x2x4x1xf32>
    %109 = linalg.generic {indexing_maps = [#map12, #map15, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_55, %expanded_56 : tensor<6x2x4x4xf32>, tensor<6x2x4x1xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.subf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %110 = linalg.generic {indexing_maps = [#map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%109 : tensor<6x2x4x4xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = math.exp %in : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %111 = linalg.generic {indexing_maps = [#map12, #map15], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%110 : tensor<6x2x4x4xf32>) outs(%74 : tensor<6x2x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.addf %in, %out : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x1xf32>
    %112 = linalg.generic {indexing_maps = [#map12, #map15, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%110, %111 : tensor<6x2x4x4xf32>, tensor<6x2x4x1xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.divf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %113 = linalg.generic {indexing_maps = [#map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_55 : tensor<6x2x4x4xf32>) outs(%77 : tensor<6x2x4x4xi1>) {
    ^bb0(%in: f32, %out: i1):
      %168 = arith.extf %in : f32 to f64
      %169 = arith.cmpf oeq, %168, %cst_8 : f64
      linalg.yield %169 : i1
    } -> tensor<6x2x4x4xi1>
    %114 = linalg.generic {indexing_maps = [#map12, #map15], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%113 : tensor<6x2x4x4xi1>) outs(%80 : tensor<6x2x4x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %168 = arith.andi %in, %out : i1
      linalg.yield %168 : i1
    } -> tensor<6x2x4x1xi1>
    %115 = linalg.generic {indexing_maps = [#map15, #map12, #map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%114, %cst_5, %112 : tensor<6x2x4x1xi1>, tensor<6x2x4x4xf32>, tensor<6x2x4x4xf32>) outs(%64 : tensor<6x2x4x4xf32>) {
    ^bb0(%in: i1, %in_72: f32, %in_73: f32, %out: f32):
      %168 = arith.select %in, %in_72, %in_73 : f32
      linalg.yield %168 : f32
    } -> tensor<6x2x4x4xf32>
    %collapsed_57 = tensor.collapse_shape %115 [[0, 1], [2], [3]] : tensor<6x2x4x4xf32> into tensor<12x4x4xf32>
    %collapsed_58 = tensor.collapse_shape %transposed_20 [[0, 1], [2], [3]] : tensor<6x2x4x16xf32> into tensor<12x4x16xf32>
    %116 = linalg.batch_matmul ins(%collapsed_57, %collapsed_58 : tensor<12x4x4xf32>, tensor<12x4x16xf32>) outs(%84 : tensor<12x4x16xf32>) -> tensor<12x4x16xf32>
    %expanded_59 = tensor.expand_shape %116 [[0, 1], [2], [3]] output_shape [6, 2, 4, 16] : tensor<12x4x16xf32> into tensor<6x2x4x16xf32>
    %transposed_60 = linalg.transpose ins(%expanded_59 : tensor<6x2x4x16xf32>) outs(%87 : tensor<6x4x2x16xf32>) permutation = [0, 2, 1, 3] 
    %collapsed_61 = tensor.collapse_shape %transposed_60 [[0], [1], [2, 3]] : tensor<6x4x2x16xf32> into tensor<6x4x32xf32>
    %transposed_62 = linalg.transpose ins(%arg13 : tensor<32x32xf32>) outs(%45 : tensor<32x32xf32>) permutation = [1, 0] 
    %117 = tensor.empty() : tensor<6x32x32xf32>
    %118 = linalg.generic {indexing_maps = [#map8, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_62 : tensor<32x32xf32>) outs(%117 : tensor<6x32x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x32x32xf32>
    %119 = linalg.fill ins(%cst : f32) outs(%40 : tensor<6x4x32xf32>) -> tensor<6x4x32xf32>
    %120 = linalg.batch_matmul ins(%collapsed_61, %118 : tensor<6x4x32xf32>, tensor<6x32x32xf32>) outs(%119 : tensor<6x4x32xf32>) -> tensor<6x4x32xf32>
    %121 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89, %120 : tensor<6x4x32xf32>, tensor<6x4x32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %122 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%121 : tensor<6x4x32xf32>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f32, %out: f64):
      %168 = arith.extf %in : f32 to f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %123 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%122 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %124 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%123 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %125 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%122, %124 : tensor<6x4x32xf64>, tensor<6x4x1xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.subf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %126 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%125, %125 : tensor<6x4x32xf64>, tensor<6x4x32xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.mulf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %127 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%126 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %128 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%127 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %129 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%128 : tensor<6x4x1xf64>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %168 = arith.truncf %in : f64 to f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %130 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%121 : tensor<6x4x32xf32>) outs(%35 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.addf %in, %out : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %131 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%130 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.divf %in, %cst_11 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %132 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%129 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.truncf %cst_9 : f64 to f32
      %169 = arith.addf %in, %168 : f32
      linalg.yield %169 : f32
    } -> tensor<6x4x1xf32>
    %133 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%132 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = math.rsqrt %in : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %134 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%121, %131 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.subf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %135 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%134, %133 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %136 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%135, %arg14 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %137 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%136, %arg15 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %collapsed_63 = tensor.collapse_shape %137 [[0, 1], [2]] : tensor<6x4x32xf32> into tensor<24x32xf32>
    %transposed_64 = linalg.transpose ins(%arg16 : tensor<128x32xf32>) outs(%2 : tensor<32x128xf32>) permutation = [1, 0] 
    %138 = tensor.empty() : tensor<24x128xf32>
    %139 = linalg.fill ins(%cst : f32) outs(%138 : tensor<24x128xf32>) -> tensor<24x128xf32>
    %140 = linalg.matmul ins(%collapsed_63, %transposed_64 : tensor<24x32xf32>, tensor<32x128xf32>) outs(%139 : tensor<24x128xf32>) -> tensor<24x128xf32>
    %141 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%140, %arg17 : tensor<24x128xf32>, tensor<128xf32>) outs(%138 : tensor<24x128xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<24x128xf32>
    %expanded_65 = tensor.expand_shape %141 [[0, 1], [2]] output_shape [6, 4, 128] : tensor<24x128xf32> into tensor<6x4x128xf32>
    %142 = tensor.empty() : tensor<6x4x128xf32>
    %143 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_65 : tensor<6x4x128xf32>) outs(%142 : tensor<6x4x128xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.divf %in, %cst_12 : f32
      %169 = math.erf %168 : f32
      %170 = arith.addf %169, %cst_2 : f32
      %171 = arith.mulf %170, %cst_3 : f32
      %172 = arith.mulf %in, %171 : f32
      linalg.yield %172 : f32
    } -> tensor<6x4x128xf32>
    %collapsed_66 = tensor.collapse_shape %143 [[0, 1], [2]] : tensor<6x4x128xf32> into tensor<24x128xf32>
    %144 = tensor.empty() : tensor<128x32xf32>
    %transposed_67 = linalg.transpose ins(%arg18 : tensor<32x128xf32>) outs(%144 : tensor<128x32xf32>) permutation = [1, 0] 
    %145 = linalg.matmul ins(%collapsed_66, %transposed_67 : tensor<24x128xf32>, tensor<128x32xf32>) outs(%47 : tensor<24x32xf32>) -> tensor<24x32xf32>
    %146 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%145, %arg19 : tensor<24x32xf32>, tensor<32xf32>) outs(%46 : tensor<24x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<24x32xf32>
    %expanded_68 = tensor.expand_shape %146 [[0, 1], [2]] output_shape [6, 4, 32] : tensor<24x32xf32> into tensor<6x4x32xf32>
    %147 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%121, %expanded_68 : tensor<6x4x32xf32>, tensor<6x4x32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %148 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%147 : tensor<6x4x32xf32>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f32, %out: f64):
      %168 = arith.extf %in : f32 to f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %149 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%148 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %150 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%149 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %151 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%148, %150 : tensor<6x4x32xf64>, tensor<6x4x1xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.subf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %152 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%151, %151 : tensor<6x4x32xf64>, tensor<6x4x32xf64>) outs(%23 : tensor<6x4x32xf64>) {
    ^bb0(%in: f64, %in_72: f64, %out: f64):
      %168 = arith.mulf %in, %in_72 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x32xf64>
    %153 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%152 : tensor<6x4x32xf64>) outs(%26 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.addf %in, %out : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %154 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%153 : tensor<6x4x1xf64>) outs(%25 : tensor<6x4x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %168 = arith.divf %in, %cst_10 : f64
      linalg.yield %168 : f64
    } -> tensor<6x4x1xf64>
    %155 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%154 : tensor<6x4x1xf64>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %168 = arith.truncf %in : f64 to f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %156 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "reduction"]} ins(%147 : tensor<6x4x32xf32>) outs(%35 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.addf %in, %out : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %157 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%156 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.divf %in, %cst_11 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %158 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%155 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = arith.truncf %cst_9 : f64 to f32
      %169 = arith.addf %in, %168 : f32
      linalg.yield %169 : f32
    } -> tensor<6x4x1xf32>
    %159 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%158 : tensor<6x4x1xf32>) outs(%33 : tensor<6x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %168 = math.rsqrt %in : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x1xf32>
    %160 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%147, %157 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.subf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %161 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%160, %159 : tensor<6x4x32xf32>, tensor<6x4x1xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %162 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%161, %arg20 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.mulf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %163 = linalg.generic {indexing_maps = [#map1, #map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%162, %arg21 : tensor<6x4x32xf32>, tensor<32xf32>) outs(%40 : tensor<6x4x32xf32>) {
    ^bb0(%in: f32, %in_72: f32, %out: f32):
      %168 = arith.addf %in, %in_72 : f32
      linalg.yield %168 : f32
    } -> tensor<6x4x32xf32>
    %164 = tensor.empty() : tensor<32x259xf32>
    %transposed_69 = linalg.transpose ins(%arg22 : tensor<259x32xf32>) outs(%164 : tensor<32x259xf32>) permutation = [1, 0] 
    %collapsed_70 = tensor.collapse_shape %163 [[0, 1], [2]] : tensor<6x4x32xf32> into tensor<24x32xf32>
    %165 = tensor.empty() : tensor<24x259xf32>
    %166 = linalg.fill ins(%cst : f32) outs(%165 : tensor<24x259xf32>) -> tensor<24x259xf32>
    %167 = linalg.matmul ins(%collapsed_70, %transposed_69 : tensor<24x32xf32>, tensor<32x259xf32>) outs(%166 : tensor<24x259xf32>) -> tensor<24x259xf32>
    %expanded_71 = tensor.expand_shape %167 [[0, 1], [2]] output_shape [6, 4, 259] : tensor<24x259xf32> into tensor<6x4x259xf32>
    return %expanded_71 : tensor<6x4x259xf32>
  }
}
