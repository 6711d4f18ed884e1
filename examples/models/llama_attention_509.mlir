// torch-mlir 20261001, torch 2.13.0, transformers 4.57.6: export.py llama_attention_509
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1) -> (d0, 0)>
#map6 = affine_map<(d0, d1) -> (d0, d1)>
#map7 = affine_map<(d0, d1) -> ()>
#map8 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#map9 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map11 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map12 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @llama_attention_509(%arg0: tensor<1x509x512xf32>, %arg1: tensor<512x512xf32>, %arg2: tensor<128x512xf32>, %arg3: tensor<128x512xf32>, %arg4: tensor<512x512xf32>) -> tensor<1x509x512xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c2_i64 = arith.constant 2 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %cst_1 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<1x8x509x509xf32>
    %cst_3 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_4 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_5 = arith.constant dense<true> : tensor<509x509xi1>
    %cst_6 = arith.constant 0xFFF0000000000000 : f64
    %cst_7 = arith.constant 0.35355339059327379 : f64
    %cst_8 = arith.constant 6.400000e+01 : f32
    %cst_9 = arith.constant 1.000000e+04 : f32
    %0 = tensor.empty() : tensor<32xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %79 = linalg.index 0 : index
      %80 = arith.index_cast %79 : index to i64
      %81 = arith.muli %80, %c2_i64 : i64
      linalg.yield %81 : i64
    } -> tensor<32xi64>
    %2 = tensor.empty() : tensor<32xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%1 : tensor<32xi64>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: i64, %out: f32):
      %79 = arith.sitofp %in : i64 to f32
      linalg.yield %79 : f32
    } -> tensor<32xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%3 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = arith.divf %in, %cst_8 : f32
      linalg.yield %79 : f32
    } -> tensor<32xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = math.powf %cst_9, %in : f32
      linalg.yield %79 : f32
    } -> tensor<32xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%5 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = arith.cmpf one, %in, %cst : f32
      cf.assert %79, "unimplemented: tensor with zero element"
      %80 = arith.divf %cst_0, %in : f32
      linalg.yield %80 : f32
    } -> tensor<32xf32>
    %7 = tensor.empty() : tensor<509xi64>
    %8 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%7 : tensor<509xi64>) {
    ^bb0(%out: i64):
      %79 = linalg.index 0 : index
      %80 = arith.index_cast %79 : index to i64
      linalg.yield %80 : i64
    } -> tensor<509xi64>
    %expanded = tensor.expand_shape %6 [[0, 1, 2]] output_shape [1, 32, 1] : tensor<32xf32> into tensor<1x32x1xf32>
    %expanded_10 = tensor.expand_shape %8 [[0, 1, 2]] output_shape [1, 1, 509] : tensor<509xi64> into tensor<1x1x509xi64>
    %9 = tensor.empty() : tensor<1x1x509xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_10 : tensor<1x1x509xi64>) outs(%9 : tensor<1x1x509xf32>) {
    ^bb0(%in: i64, %out: f32):
      %79 = arith.sitofp %in : i64 to f32
      linalg.yield %79 : f32
    } -> tensor<1x1x509xf32>
    %11 = tensor.empty() : tensor<1x32x509xf32>
    %12 = linalg.fill ins(%cst : f32) outs(%11 : tensor<1x32x509xf32>) -> tensor<1x32x509xf32>
    %13 = linalg.batch_matmul ins(%expanded, %10 : tensor<1x32x1xf32>, tensor<1x1x509xf32>) outs(%12 : tensor<1x32x509xf32>) -> tensor<1x32x509xf32>
    %14 = tensor.empty() : tensor<1x509x32xf32>
    %transposed = linalg.transpose ins(%13 : tensor<1x32x509xf32>) outs(%14 : tensor<1x509x32xf32>) permutation = [0, 2, 1] 
    %concat = tensor.concat dim(2) %transposed, %transposed : (tensor<1x509x32xf32>, tensor<1x509x32xf32>) -> tensor<1x509x64xf32>
    %15 = tensor.empty() : tensor<1x509x64xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<1x509x64xf32>) outs(%15 : tensor<1x509x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = math.cos %in : f32
      linalg.yield %79 : f32
    } -> tensor<1x509x64xf32>
    %17 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<1x509x64xf32>) outs(%15 : tensor<1x509x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = math.sin %in : f32
      linalg.yield %79 : f32
    } -> tensor<1x509x64xf32>
    %18 = tensor.empty() : tensor<512x512xf32>
    %transposed_11 = linalg.transpose ins(%arg1 : tensor<512x512xf32>) outs(%18 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2]] : tensor<1x509x512xf32> into tensor<509x512xf32>
    %19 = tensor.empty() : tensor<509x512xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%19 : tensor<509x512xf32>) -> tensor<509x512xf32>
    %21 = linalg.matmul ins(%collapsed, %transposed_11 : tensor<509x512xf32>, tensor<512x512xf32>) outs(%20 : tensor<509x512xf32>) -> tensor<509x512xf32>
    %expanded_12 = tensor.expand_shape %21 [[0, 1], [2, 3]] output_shape [1, 509, 8, 64] : tensor<509x512xf32> into tensor<1x509x8x64xf32>
    %22 = tensor.empty() : tensor<1x8x509x64xf32>
    %transposed_13 = linalg.transpose ins(%expanded_12 : tensor<1x509x8x64xf32>) outs(%22 : tensor<1x8x509x64xf32>) permutation = [0, 2, 1, 3] 
    %23 = tensor.empty() : tensor<512x128xf32>
    %transposed_14 = linalg.transpose ins(%arg2 : tensor<128x512xf32>) outs(%23 : tensor<512x128xf32>) permutation = [1, 0] 
    %24 = tensor.empty() : tensor<509x128xf32>
    %25 = linalg.fill ins(%cst : f32) outs(%24 : tensor<509x128xf32>) -> tensor<509x128xf32>
    %26 = linalg.matmul ins(%collapsed, %transposed_14 : tensor<509x512xf32>, tensor<512x128xf32>) outs(%25 : tensor<509x128xf32>) -> tensor<509x128xf32>
    %expanded_15 = tensor.expand_shape %26 [[0, 1], [2, 3]] output_shape [1, 509, 2, 64] : tensor<509x128xf32> into tensor<1x509x2x64xf32>
    %27 = tensor.empty() : tensor<1x2x509x64xf32>
    %transposed_16 = linalg.transpose ins(%expanded_15 : tensor<1x509x2x64xf32>) outs(%27 : tensor<1x2x509x64xf32>) permutation = [0, 2, 1, 3] 
    %transposed_17 = linalg.transpose ins(%arg3 : tensor<128x512xf32>) outs(%23 : tensor<512x128xf32>) permutation = [1, 0] 
    %28 = linalg.matmul ins(%collapsed, %transposed_17 : tensor<509x512xf32>, tensor<512x128xf32>) outs(%25 : tensor<509x128xf32>) -> tensor<509x128xf32>
    %expanded_18 = tensor.expand_shape %28 [[0, 1], [2, 3]] output_shape [1, 509, 2, 64] : tensor<509x128xf32> into tensor<1x509x2x64xf32>
    %transposed_19 = linalg.transpose ins(%expanded_18 : tensor<1x509x2x64xf32>) outs(%27 : tensor<1x2x509x64xf32>) permutation = [0, 2, 1, 3] 
    %expanded_20 = tensor.expand_shape %16 [[0], [1, 2], [3]] output_shape [1, 1, 509, 64] : tensor<1x509x64xf32> into tensor<1x1x509x64xf32>
    %expanded_21 = tensor.expand_shape %17 [[0], [1, 2], [3]] output_shape [1, 1, 509, 64] : tensor<1x509x64xf32> into tensor<1x1x509x64xf32>
    %29 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_13, %expanded_20 : tensor<1x8x509x64xf32>, tensor<1x1x509x64xf32>) outs(%22 : tensor<1x8x509x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.mulf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x64xf32>
    %extracted_slice = tensor.extract_slice %transposed_13[0, 0, 0, 0] [1, 8, 509, 32] [1, 1, 1, 1] : tensor<1x8x509x64xf32> to tensor<1x8x509x32xf32>
    %extracted_slice_22 = tensor.extract_slice %transposed_13[0, 0, 0, 32] [1, 8, 509, 32] [1, 1, 1, 1] : tensor<1x8x509x64xf32> to tensor<1x8x509x32xf32>
    %30 = tensor.empty() : tensor<1x8x509x32xf32>
    %31 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_22 : tensor<1x8x509x32xf32>) outs(%30 : tensor<1x8x509x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = arith.negf %in : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x32xf32>
    %concat_23 = tensor.concat dim(3) %31, %extracted_slice : (tensor<1x8x509x32xf32>, tensor<1x8x509x32xf32>) -> tensor<1x8x509x64xf32>
    %32 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_23, %expanded_21 : tensor<1x8x509x64xf32>, tensor<1x1x509x64xf32>) outs(%22 : tensor<1x8x509x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.mulf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x64xf32>
    %33 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%29, %32 : tensor<1x8x509x64xf32>, tensor<1x8x509x64xf32>) outs(%22 : tensor<1x8x509x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.addf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x64xf32>
    %34 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_16, %expanded_20 : tensor<1x2x509x64xf32>, tensor<1x1x509x64xf32>) outs(%27 : tensor<1x2x509x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.mulf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x2x509x64xf32>
    %extracted_slice_24 = tensor.extract_slice %transposed_16[0, 0, 0, 0] [1, 2, 509, 32] [1, 1, 1, 1] : tensor<1x2x509x64xf32> to tensor<1x2x509x32xf32>
    %extracted_slice_25 = tensor.extract_slice %transposed_16[0, 0, 0, 32] [1, 2, 509, 32] [1, 1, 1, 1] : tensor<1x2x509x64xf32> to tensor<1x2x509x32xf32>
    %35 = tensor.empty() : tensor<1x2x509x32xf32>
    %36 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_25 : tensor<1x2x509x32xf32>) outs(%35 : tensor<1x2x509x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = arith.negf %in : f32
      linalg.yield %79 : f32
    } -> tensor<1x2x509x32xf32>
    %concat_26 = tensor.concat dim(3) %36, %extracted_slice_24 : (tensor<1x2x509x32xf32>, tensor<1x2x509x32xf32>) -> tensor<1x2x509x64xf32>
    %37 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_26, %expanded_21 : tensor<1x2x509x64xf32>, tensor<1x1x509x64xf32>) outs(%27 : tensor<1x2x509x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.mulf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x2x509x64xf32>
    %38 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34, %37 : tensor<1x2x509x64xf32>, tensor<1x2x509x64xf32>) outs(%27 : tensor<1x2x509x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.addf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x2x509x64xf32>
    %39 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%33 : tensor<1x8x509x64xf32>) outs(%22 : tensor<1x8x509x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = arith.truncf %cst_7 : f64 to f32
      %80 = arith.mulf %in, %79 : f32
      linalg.yield %80 : f32
    } -> tensor<1x8x509x64xf32>
    %expanded_27 = tensor.expand_shape %8 [[0, 1]] output_shape [1, 509] : tensor<509xi64> into tensor<1x509xi64>
    %expanded_28 = tensor.expand_shape %8 [[0, 1]] output_shape [509, 1] : tensor<509xi64> into tensor<509x1xi64>
    %40 = tensor.empty() : tensor<509x509xi64>
    %41 = linalg.generic {indexing_maps = [#map4, #map5, #map6], iterator_types = ["parallel", "parallel"]} ins(%expanded_27, %expanded_28 : tensor<1x509xi64>, tensor<509x1xi64>) outs(%40 : tensor<509x509xi64>) {
    ^bb0(%in: i64, %in_42: i64, %out: i64):
      %79 = arith.subi %in, %in_42 : i64
      linalg.yield %79 : i64
    } -> tensor<509x509xi64>
    %42 = tensor.empty() : tensor<509x509xi1>
    %43 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel"]} ins(%41 : tensor<509x509xi64>) outs(%42 : tensor<509x509xi1>) {
    ^bb0(%in: i64, %out: i1):
      %79 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %79 : i1
    } -> tensor<509x509xi1>
    %44 = linalg.generic {indexing_maps = [#map6, #map6, #map6], iterator_types = ["parallel", "parallel"]} ins(%43, %cst_5 : tensor<509x509xi1>, tensor<509x509xi1>) outs(%42 : tensor<509x509xi1>) {
    ^bb0(%in: i1, %in_42: i1, %out: i1):
      %79 = arith.andi %in, %in_42 : i1
      linalg.yield %79 : i1
    } -> tensor<509x509xi1>
    %45 = tensor.empty() : tensor<509x509xf32>
    %46 = linalg.generic {indexing_maps = [#map6, #map7, #map7, #map6], iterator_types = ["parallel", "parallel"]} ins(%44, %cst_3, %cst_4 : tensor<509x509xi1>, tensor<f32>, tensor<f32>) outs(%45 : tensor<509x509xf32>) {
    ^bb0(%in: i1, %in_42: f32, %in_43: f32, %out: f32):
      %79 = arith.select %in, %in_42, %in_43 : f32
      linalg.yield %79 : f32
    } -> tensor<509x509xf32>
    %47 = tensor.empty() : tensor<1x2x4x509x64xf32>
    %48 = linalg.generic {indexing_maps = [#map8, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%38 : tensor<1x2x509x64xf32>) outs(%47 : tensor<1x2x4x509x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x2x4x509x64xf32>
    %collapsed_29 = tensor.collapse_shape %48 [[0], [1, 2], [3], [4]] : tensor<1x2x4x509x64xf32> into tensor<1x8x509x64xf32>
    %49 = linalg.generic {indexing_maps = [#map8, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%transposed_19 : tensor<1x2x509x64xf32>) outs(%47 : tensor<1x2x4x509x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x2x4x509x64xf32>
    %50 = tensor.empty() : tensor<1x8x64x509xf32>
    %transposed_30 = linalg.transpose ins(%collapsed_29 : tensor<1x8x509x64xf32>) outs(%50 : tensor<1x8x64x509xf32>) permutation = [0, 1, 3, 2] 
    %51 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_30 : tensor<1x8x64x509xf32>) outs(%50 : tensor<1x8x64x509xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = arith.truncf %cst_7 : f64 to f32
      %80 = arith.mulf %in, %79 : f32
      linalg.yield %80 : f32
    } -> tensor<1x8x64x509xf32>
    %collapsed_31 = tensor.collapse_shape %39 [[0, 1], [2], [3]] : tensor<1x8x509x64xf32> into tensor<8x509x64xf32>
    %collapsed_32 = tensor.collapse_shape %51 [[0, 1], [2], [3]] : tensor<1x8x64x509xf32> into tensor<8x64x509xf32>
    %52 = tensor.empty() : tensor<8x509x509xf32>
    %53 = linalg.fill ins(%cst : f32) outs(%52 : tensor<8x509x509xf32>) -> tensor<8x509x509xf32>
    %54 = linalg.batch_matmul ins(%collapsed_31, %collapsed_32 : tensor<8x509x64xf32>, tensor<8x64x509xf32>) outs(%53 : tensor<8x509x509xf32>) -> tensor<8x509x509xf32>
    %expanded_33 = tensor.expand_shape %54 [[0, 1], [2], [3]] output_shape [1, 8, 509, 509] : tensor<8x509x509xf32> into tensor<1x8x509x509xf32>
    %55 = tensor.empty() : tensor<1x8x509x509xf32>
    %56 = linalg.generic {indexing_maps = [#map2, #map10, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_33, %46 : tensor<1x8x509x509xf32>, tensor<509x509xf32>) outs(%55 : tensor<1x8x509x509xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.addf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x509xf32>
    %57 = tensor.empty() : tensor<1x8x509xi64>
    %58 = linalg.fill ins(%c0_i64 : i64) outs(%57 : tensor<1x8x509xi64>) -> tensor<1x8x509xi64>
    %59 = tensor.empty() : tensor<1x8x509xf32>
    %60 = linalg.fill ins(%cst_1 : f32) outs(%59 : tensor<1x8x509xf32>) -> tensor<1x8x509xf32>
    %61:2 = linalg.generic {indexing_maps = [#map2, #map11, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%56 : tensor<1x8x509x509xf32>) outs(%60, %58 : tensor<1x8x509xf32>, tensor<1x8x509xi64>) {
    ^bb0(%in: f32, %out: f32, %out_42: i64):
      %79 = linalg.index 3 : index
      %80 = arith.index_cast %79 : index to i64
      %81 = arith.maximumf %in, %out : f32
      %82 = arith.cmpf ogt, %in, %out : f32
      %83 = arith.select %82, %80, %out_42 : i64
      linalg.yield %81, %83 : f32, i64
    } -> (tensor<1x8x509xf32>, tensor<1x8x509xi64>)
    %expanded_34 = tensor.expand_shape %61#0 [[0], [1], [2, 3]] output_shape [1, 8, 509, 1] : tensor<1x8x509xf32> into tensor<1x8x509x1xf32>
    %62 = linalg.generic {indexing_maps = [#map2, #map12, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%56, %expanded_34 : tensor<1x8x509x509xf32>, tensor<1x8x509x1xf32>) outs(%55 : tensor<1x8x509x509xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.subf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x509xf32>
    %63 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%62 : tensor<1x8x509x509xf32>) outs(%55 : tensor<1x8x509x509xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = math.exp %in : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x509xf32>
    %64 = tensor.empty() : tensor<1x8x509x1xf32>
    %65 = linalg.fill ins(%cst : f32) outs(%64 : tensor<1x8x509x1xf32>) -> tensor<1x8x509x1xf32>
    %66 = linalg.generic {indexing_maps = [#map2, #map12], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%63 : tensor<1x8x509x509xf32>) outs(%65 : tensor<1x8x509x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %79 = arith.addf %in, %out : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x1xf32>
    %67 = linalg.generic {indexing_maps = [#map2, #map12, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%63, %66 : tensor<1x8x509x509xf32>, tensor<1x8x509x1xf32>) outs(%55 : tensor<1x8x509x509xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %79 = arith.divf %in, %in_42 : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x509xf32>
    %68 = tensor.empty() : tensor<1x8x509x509xi1>
    %69 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%56 : tensor<1x8x509x509xf32>) outs(%68 : tensor<1x8x509x509xi1>) {
    ^bb0(%in: f32, %out: i1):
      %79 = arith.extf %in : f32 to f64
      %80 = arith.cmpf oeq, %79, %cst_6 : f64
      linalg.yield %80 : i1
    } -> tensor<1x8x509x509xi1>
    %70 = tensor.empty() : tensor<1x8x509x1xi1>
    %71 = linalg.fill ins(%true : i1) outs(%70 : tensor<1x8x509x1xi1>) -> tensor<1x8x509x1xi1>
    %72 = linalg.generic {indexing_maps = [#map2, #map12], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%69 : tensor<1x8x509x509xi1>) outs(%71 : tensor<1x8x509x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %79 = arith.andi %in, %out : i1
      linalg.yield %79 : i1
    } -> tensor<1x8x509x1xi1>
    %73 = linalg.generic {indexing_maps = [#map12, #map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%72, %cst_2, %67 : tensor<1x8x509x1xi1>, tensor<1x8x509x509xf32>, tensor<1x8x509x509xf32>) outs(%55 : tensor<1x8x509x509xf32>) {
    ^bb0(%in: i1, %in_42: f32, %in_43: f32, %out: f32):
      %79 = arith.select %in, %in_42, %in_43 : f32
      linalg.yield %79 : f32
    } -> tensor<1x8x509x509xf32>
    %collapsed_35 = tensor.collapse_shape %73 [[0, 1], [2], [3]] : tensor<1x8x509x509xf32> into tensor<8x509x509xf32>
    %collapsed_36 = tensor.collapse_shape %49 [[0, 1, 2], [3], [4]] : tensor<1x2x4x509x64xf32> into tensor<8x509x64xf32>
    %74 = tensor.empty() : tensor<8x509x64xf32>
    %75 = linalg.fill ins(%cst : f32) outs(%74 : tensor<8x509x64xf32>) -> tensor<8x509x64xf32>
    %76 = linalg.batch_matmul ins(%collapsed_35, %collapsed_36 : tensor<8x509x509xf32>, tensor<8x509x64xf32>) outs(%75 : tensor<8x509x64xf32>) -> tensor<8x509x64xf32>
    %expanded_37 = tensor.expand_shape %76 [[0, 1], [2], [3]] output_shape [1, 8, 509, 64] : tensor<8x509x64xf32> into tensor<1x8x509x64xf32>
    %77 = tensor.empty() : tensor<1x509x8x64xf32>
    %transposed_38 = linalg.transpose ins(%expanded_37 : tensor<1x8x509x64xf32>) outs(%77 : tensor<1x509x8x64xf32>) permutation = [0, 2, 1, 3] 
    %transposed_39 = linalg.transpose ins(%arg4 : tensor<512x512xf32>) outs(%18 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed_40 = tensor.collapse_shape %transposed_38 [[0, 1], [2, 3]] : tensor<1x509x8x64xf32> into tensor<509x512xf32>
    %78 = linalg.matmul ins(%collapsed_40, %transposed_39 : tensor<509x512xf32>, tensor<512x512xf32>) outs(%20 : tensor<509x512xf32>) -> tensor<509x512xf32>
    %expanded_41 = tensor.expand_shape %78 [[0, 1], [2]] output_shape [1, 509, 512] : tensor<509x512xf32> into tensor<1x509x512xf32>
    return %expanded_41 : tensor<1x509x512xf32>
  }
}
