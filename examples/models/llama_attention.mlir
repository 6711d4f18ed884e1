// torch-mlir 20261001, torch 2.13.0, transformers 4.57.6: export.py llama_attention
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
  func.func @llama_attention(%arg0: tensor<1x512x512xf32>, %arg1: tensor<512x512xf32>, %arg2: tensor<128x512xf32>, %arg3: tensor<128x512xf32>, %arg4: tensor<512x512xf32>) -> tensor<1x512x512xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c2_i64 = arith.constant 2 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %cst_1 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<1x8x512x512xf32>
    %cst_3 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_4 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_5 = arith.constant dense<true> : tensor<512x512xi1>
    %cst_6 = arith.constant 0xFFF0000000000000 : f64
    %cst_7 = arith.constant 0.35355339059327379 : f64
    %cst_8 = arith.constant 6.400000e+01 : f32
    %cst_9 = arith.constant 1.000000e+04 : f32
    %0 = tensor.empty() : tensor<32xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %76 = linalg.index 0 : index
      %77 = arith.index_cast %76 : index to i64
      %78 = arith.muli %77, %c2_i64 : i64
      linalg.yield %78 : i64
    } -> tensor<32xi64>
    %2 = tensor.empty() : tensor<32xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%1 : tensor<32xi64>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: i64, %out: f32):
      %76 = arith.sitofp %in : i64 to f32
      linalg.yield %76 : f32
    } -> tensor<32xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%3 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.divf %in, %cst_8 : f32
      linalg.yield %76 : f32
    } -> tensor<32xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = math.powf %cst_9, %in : f32
      linalg.yield %76 : f32
    } -> tensor<32xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%5 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.cmpf one, %in, %cst : f32
      cf.assert %76, "unimplemented: tensor with zero element"
      %77 = arith.divf %cst_0, %in : f32
      linalg.yield %77 : f32
    } -> tensor<32xf32>
    %7 = tensor.empty() : tensor<512xi64>
    %8 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%7 : tensor<512xi64>) {
    ^bb0(%out: i64):
      %76 = linalg.index 0 : index
      %77 = arith.index_cast %76 : index to i64
      linalg.yield %77 : i64
    } -> tensor<512xi64>
    %expanded = tensor.expand_shape %6 [[0, 1, 2]] output_shape [1, 32, 1] : tensor<32xf32> into tensor<1x32x1xf32>
    %expanded_10 = tensor.expand_shape %8 [[0, 1, 2]] output_shape [1, 1, 512] : tensor<512xi64> into tensor<1x1x512xi64>
    %9 = tensor.empty() : tensor<1x1x512xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_10 : tensor<1x1x512xi64>) outs(%9 : tensor<1x1x512xf32>) {
    ^bb0(%in: i64, %out: f32):
      %76 = arith.sitofp %in : i64 to f32
      linalg.yield %76 : f32
    } -> tensor<1x1x512xf32>
    %11 = tensor.empty() : tensor<1x32x512xf32>
    %12 = linalg.fill ins(%cst : f32) outs(%11 : tensor<1x32x512xf32>) -> tensor<1x32x512xf32>
    %13 = linalg.batch_matmul ins(%expanded, %10 : tensor<1x32x1xf32>, tensor<1x1x512xf32>) outs(%12 : tensor<1x32x512xf32>) -> tensor<1x32x512xf32>
    %14 = tensor.empty() : tensor<1x512x32xf32>
    %transposed = linalg.transpose ins(%13 : tensor<1x32x512xf32>) outs(%14 : tensor<1x512x32xf32>) permutation = [0, 2, 1] 
    %concat = tensor.concat dim(2) %transposed, %transposed : (tensor<1x512x32xf32>, tensor<1x512x32xf32>) -> tensor<1x512x64xf32>
    %15 = tensor.empty() : tensor<1x512x64xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<1x512x64xf32>) outs(%15 : tensor<1x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = math.cos %in : f32
      linalg.yield %76 : f32
    } -> tensor<1x512x64xf32>
    %17 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<1x512x64xf32>) outs(%15 : tensor<1x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = math.sin %in : f32
      linalg.yield %76 : f32
    } -> tensor<1x512x64xf32>
    %18 = tensor.empty() : tensor<512x512xf32>
    %transposed_11 = linalg.transpose ins(%arg1 : tensor<512x512xf32>) outs(%18 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2]] : tensor<1x512x512xf32> into tensor<512x512xf32>
    %19 = linalg.fill ins(%cst : f32) outs(%18 : tensor<512x512xf32>) -> tensor<512x512xf32>
    %20 = linalg.matmul ins(%collapsed, %transposed_11 : tensor<512x512xf32>, tensor<512x512xf32>) outs(%19 : tensor<512x512xf32>) -> tensor<512x512xf32>
    %expanded_12 = tensor.expand_shape %20 [[0, 1], [2, 3]] output_shape [1, 512, 8, 64] : tensor<512x512xf32> into tensor<1x512x8x64xf32>
    %21 = tensor.empty() : tensor<1x8x512x64xf32>
    %transposed_13 = linalg.transpose ins(%expanded_12 : tensor<1x512x8x64xf32>) outs(%21 : tensor<1x8x512x64xf32>) permutation = [0, 2, 1, 3] 
    %22 = tensor.empty() : tensor<512x128xf32>
    %transposed_14 = linalg.transpose ins(%arg2 : tensor<128x512xf32>) outs(%22 : tensor<512x128xf32>) permutation = [1, 0] 
    %23 = linalg.fill ins(%cst : f32) outs(%22 : tensor<512x128xf32>) -> tensor<512x128xf32>
    %24 = linalg.matmul ins(%collapsed, %transposed_14 : tensor<512x512xf32>, tensor<512x128xf32>) outs(%23 : tensor<512x128xf32>) -> tensor<512x128xf32>
    %expanded_15 = tensor.expand_shape %24 [[0, 1], [2, 3]] output_shape [1, 512, 2, 64] : tensor<512x128xf32> into tensor<1x512x2x64xf32>
    %25 = tensor.empty() : tensor<1x2x512x64xf32>
    %transposed_16 = linalg.transpose ins(%expanded_15 : tensor<1x512x2x64xf32>) outs(%25 : tensor<1x2x512x64xf32>) permutation = [0, 2, 1, 3] 
    %transposed_17 = linalg.transpose ins(%arg3 : tensor<128x512xf32>) outs(%22 : tensor<512x128xf32>) permutation = [1, 0] 
    %26 = linalg.matmul ins(%collapsed, %transposed_17 : tensor<512x512xf32>, tensor<512x128xf32>) outs(%23 : tensor<512x128xf32>) -> tensor<512x128xf32>
    %expanded_18 = tensor.expand_shape %26 [[0, 1], [2, 3]] output_shape [1, 512, 2, 64] : tensor<512x128xf32> into tensor<1x512x2x64xf32>
    %transposed_19 = linalg.transpose ins(%expanded_18 : tensor<1x512x2x64xf32>) outs(%25 : tensor<1x2x512x64xf32>) permutation = [0, 2, 1, 3] 
    %expanded_20 = tensor.expand_shape %16 [[0], [1, 2], [3]] output_shape [1, 1, 512, 64] : tensor<1x512x64xf32> into tensor<1x1x512x64xf32>
    %expanded_21 = tensor.expand_shape %17 [[0], [1, 2], [3]] output_shape [1, 1, 512, 64] : tensor<1x512x64xf32> into tensor<1x1x512x64xf32>
    %27 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_13, %expanded_20 : tensor<1x8x512x64xf32>, tensor<1x1x512x64xf32>) outs(%21 : tensor<1x8x512x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.mulf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x64xf32>
    %extracted_slice = tensor.extract_slice %transposed_13[0, 0, 0, 0] [1, 8, 512, 32] [1, 1, 1, 1] : tensor<1x8x512x64xf32> to tensor<1x8x512x32xf32>
    %extracted_slice_22 = tensor.extract_slice %transposed_13[0, 0, 0, 32] [1, 8, 512, 32] [1, 1, 1, 1] : tensor<1x8x512x64xf32> to tensor<1x8x512x32xf32>
    %28 = tensor.empty() : tensor<1x8x512x32xf32>
    %29 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_22 : tensor<1x8x512x32xf32>) outs(%28 : tensor<1x8x512x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.negf %in : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x32xf32>
    %concat_23 = tensor.concat dim(3) %29, %extracted_slice : (tensor<1x8x512x32xf32>, tensor<1x8x512x32xf32>) -> tensor<1x8x512x64xf32>
    %30 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_23, %expanded_21 : tensor<1x8x512x64xf32>, tensor<1x1x512x64xf32>) outs(%21 : tensor<1x8x512x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.mulf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x64xf32>
    %31 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27, %30 : tensor<1x8x512x64xf32>, tensor<1x8x512x64xf32>) outs(%21 : tensor<1x8x512x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.addf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x64xf32>
    %32 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_16, %expanded_20 : tensor<1x2x512x64xf32>, tensor<1x1x512x64xf32>) outs(%25 : tensor<1x2x512x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.mulf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x2x512x64xf32>
    %extracted_slice_24 = tensor.extract_slice %transposed_16[0, 0, 0, 0] [1, 2, 512, 32] [1, 1, 1, 1] : tensor<1x2x512x64xf32> to tensor<1x2x512x32xf32>
    %extracted_slice_25 = tensor.extract_slice %transposed_16[0, 0, 0, 32] [1, 2, 512, 32] [1, 1, 1, 1] : tensor<1x2x512x64xf32> to tensor<1x2x512x32xf32>
    %33 = tensor.empty() : tensor<1x2x512x32xf32>
    %34 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_25 : tensor<1x2x512x32xf32>) outs(%33 : tensor<1x2x512x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.negf %in : f32
      linalg.yield %76 : f32
    } -> tensor<1x2x512x32xf32>
    %concat_26 = tensor.concat dim(3) %34, %extracted_slice_24 : (tensor<1x2x512x32xf32>, tensor<1x2x512x32xf32>) -> tensor<1x2x512x64xf32>
    %35 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_26, %expanded_21 : tensor<1x2x512x64xf32>, tensor<1x1x512x64xf32>) outs(%25 : tensor<1x2x512x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.mulf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x2x512x64xf32>
    %36 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32, %35 : tensor<1x2x512x64xf32>, tensor<1x2x512x64xf32>) outs(%25 : tensor<1x2x512x64xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.addf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x2x512x64xf32>
    %37 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%31 : tensor<1x8x512x64xf32>) outs(%21 : tensor<1x8x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.truncf %cst_7 : f64 to f32
      %77 = arith.mulf %in, %76 : f32
      linalg.yield %77 : f32
    } -> tensor<1x8x512x64xf32>
    %expanded_27 = tensor.expand_shape %8 [[0, 1]] output_shape [1, 512] : tensor<512xi64> into tensor<1x512xi64>
    %expanded_28 = tensor.expand_shape %8 [[0, 1]] output_shape [512, 1] : tensor<512xi64> into tensor<512x1xi64>
    %38 = tensor.empty() : tensor<512x512xi64>
    %39 = linalg.generic {indexing_maps = [#map4, #map5, #map6], iterator_types = ["parallel", "parallel"]} ins(%expanded_27, %expanded_28 : tensor<1x512xi64>, tensor<512x1xi64>) outs(%38 : tensor<512x512xi64>) {
    ^bb0(%in: i64, %in_42: i64, %out: i64):
      %76 = arith.subi %in, %in_42 : i64
      linalg.yield %76 : i64
    } -> tensor<512x512xi64>
    %40 = tensor.empty() : tensor<512x512xi1>
    %41 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel"]} ins(%39 : tensor<512x512xi64>) outs(%40 : tensor<512x512xi1>) {
    ^bb0(%in: i64, %out: i1):
      %76 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %76 : i1
    } -> tensor<512x512xi1>
    %42 = linalg.generic {indexing_maps = [#map6, #map6, #map6], iterator_types = ["parallel", "parallel"]} ins(%41, %cst_5 : tensor<512x512xi1>, tensor<512x512xi1>) outs(%40 : tensor<512x512xi1>) {
    ^bb0(%in: i1, %in_42: i1, %out: i1):
      %76 = arith.andi %in, %in_42 : i1
      linalg.yield %76 : i1
    } -> tensor<512x512xi1>
    %43 = linalg.generic {indexing_maps = [#map6, #map7, #map7, #map6], iterator_types = ["parallel", "parallel"]} ins(%42, %cst_3, %cst_4 : tensor<512x512xi1>, tensor<f32>, tensor<f32>) outs(%18 : tensor<512x512xf32>) {
    ^bb0(%in: i1, %in_42: f32, %in_43: f32, %out: f32):
      %76 = arith.select %in, %in_42, %in_43 : f32
      linalg.yield %76 : f32
    } -> tensor<512x512xf32>
    %44 = tensor.empty() : tensor<1x2x4x512x64xf32>
    %45 = linalg.generic {indexing_maps = [#map8, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%36 : tensor<1x2x512x64xf32>) outs(%44 : tensor<1x2x4x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x2x4x512x64xf32>
    %collapsed_29 = tensor.collapse_shape %45 [[0], [1, 2], [3], [4]] : tensor<1x2x4x512x64xf32> into tensor<1x8x512x64xf32>
    %46 = linalg.generic {indexing_maps = [#map8, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%transposed_19 : tensor<1x2x512x64xf32>) outs(%44 : tensor<1x2x4x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x2x4x512x64xf32>
    %47 = tensor.empty() : tensor<1x8x64x512xf32>
    %transposed_30 = linalg.transpose ins(%collapsed_29 : tensor<1x8x512x64xf32>) outs(%47 : tensor<1x8x64x512xf32>) permutation = [0, 1, 3, 2] 
    %48 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_30 : tensor<1x8x64x512xf32>) outs(%47 : tensor<1x8x64x512xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.truncf %cst_7 : f64 to f32
      %77 = arith.mulf %in, %76 : f32
      linalg.yield %77 : f32
    } -> tensor<1x8x64x512xf32>
    %collapsed_31 = tensor.collapse_shape %37 [[0, 1], [2], [3]] : tensor<1x8x512x64xf32> into tensor<8x512x64xf32>
    %collapsed_32 = tensor.collapse_shape %48 [[0, 1], [2], [3]] : tensor<1x8x64x512xf32> into tensor<8x64x512xf32>
    %49 = tensor.empty() : tensor<8x512x512xf32>
    %50 = linalg.fill ins(%cst : f32) outs(%49 : tensor<8x512x512xf32>) -> tensor<8x512x512xf32>
    %51 = linalg.batch_matmul ins(%collapsed_31, %collapsed_32 : tensor<8x512x64xf32>, tensor<8x64x512xf32>) outs(%50 : tensor<8x512x512xf32>) -> tensor<8x512x512xf32>
    %expanded_33 = tensor.expand_shape %51 [[0, 1], [2], [3]] output_shape [1, 8, 512, 512] : tensor<8x512x512xf32> into tensor<1x8x512x512xf32>
    %52 = tensor.empty() : tensor<1x8x512x512xf32>
    %53 = linalg.generic {indexing_maps = [#map2, #map10, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_33, %43 : tensor<1x8x512x512xf32>, tensor<512x512xf32>) outs(%52 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.addf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x512xf32>
    %54 = tensor.empty() : tensor<1x8x512xi64>
    %55 = linalg.fill ins(%c0_i64 : i64) outs(%54 : tensor<1x8x512xi64>) -> tensor<1x8x512xi64>
    %56 = tensor.empty() : tensor<1x8x512xf32>
    %57 = linalg.fill ins(%cst_1 : f32) outs(%56 : tensor<1x8x512xf32>) -> tensor<1x8x512xf32>
    %58:2 = linalg.generic {indexing_maps = [#map2, #map11, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%53 : tensor<1x8x512x512xf32>) outs(%57, %55 : tensor<1x8x512xf32>, tensor<1x8x512xi64>) {
    ^bb0(%in: f32, %out: f32, %out_42: i64):
      %76 = linalg.index 3 : index
      %77 = arith.index_cast %76 : index to i64
      %78 = arith.maximumf %in, %out : f32
      %79 = arith.cmpf ogt, %in, %out : f32
      %80 = arith.select %79, %77, %out_42 : i64
      linalg.yield %78, %80 : f32, i64
    } -> (tensor<1x8x512xf32>, tensor<1x8x512xi64>)
    %expanded_34 = tensor.expand_shape %58#0 [[0], [1], [2, 3]] output_shape [1, 8, 512, 1] : tensor<1x8x512xf32> into tensor<1x8x512x1xf32>
    %59 = linalg.generic {indexing_maps = [#map2, #map12, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%53, %expanded_34 : tensor<1x8x512x512xf32>, tensor<1x8x512x1xf32>) outs(%52 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.subf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x512xf32>
    %60 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%59 : tensor<1x8x512x512xf32>) outs(%52 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = math.exp %in : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x512xf32>
    %61 = tensor.empty() : tensor<1x8x512x1xf32>
    %62 = linalg.fill ins(%cst : f32) outs(%61 : tensor<1x8x512x1xf32>) -> tensor<1x8x512x1xf32>
    %63 = linalg.generic {indexing_maps = [#map2, #map12], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%60 : tensor<1x8x512x512xf32>) outs(%62 : tensor<1x8x512x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %76 = arith.addf %in, %out : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x1xf32>
    %64 = linalg.generic {indexing_maps = [#map2, #map12, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%60, %63 : tensor<1x8x512x512xf32>, tensor<1x8x512x1xf32>) outs(%52 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %in_42: f32, %out: f32):
      %76 = arith.divf %in, %in_42 : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x512xf32>
    %65 = tensor.empty() : tensor<1x8x512x512xi1>
    %66 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%53 : tensor<1x8x512x512xf32>) outs(%65 : tensor<1x8x512x512xi1>) {
    ^bb0(%in: f32, %out: i1):
      %76 = arith.extf %in : f32 to f64
      %77 = arith.cmpf oeq, %76, %cst_6 : f64
      linalg.yield %77 : i1
    } -> tensor<1x8x512x512xi1>
    %67 = tensor.empty() : tensor<1x8x512x1xi1>
    %68 = linalg.fill ins(%true : i1) outs(%67 : tensor<1x8x512x1xi1>) -> tensor<1x8x512x1xi1>
    %69 = linalg.generic {indexing_maps = [#map2, #map12], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%66 : tensor<1x8x512x512xi1>) outs(%68 : tensor<1x8x512x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %76 = arith.andi %in, %out : i1
      linalg.yield %76 : i1
    } -> tensor<1x8x512x1xi1>
    %70 = linalg.generic {indexing_maps = [#map12, #map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%69, %cst_2, %64 : tensor<1x8x512x1xi1>, tensor<1x8x512x512xf32>, tensor<1x8x512x512xf32>) outs(%52 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: i1, %in_42: f32, %in_43: f32, %out: f32):
      %76 = arith.select %in, %in_42, %in_43 : f32
      linalg.yield %76 : f32
    } -> tensor<1x8x512x512xf32>
    %collapsed_35 = tensor.collapse_shape %70 [[0, 1], [2], [3]] : tensor<1x8x512x512xf32> into tensor<8x512x512xf32>
    %collapsed_36 = tensor.collapse_shape %46 [[0, 1, 2], [3], [4]] : tensor<1x2x4x512x64xf32> into tensor<8x512x64xf32>
    %71 = tensor.empty() : tensor<8x512x64xf32>
    %72 = linalg.fill ins(%cst : f32) outs(%71 : tensor<8x512x64xf32>) -> tensor<8x512x64xf32>
    %73 = linalg.batch_matmul ins(%collapsed_35, %collapsed_36 : tensor<8x512x512xf32>, tensor<8x512x64xf32>) outs(%72 : tensor<8x512x64xf32>) -> tensor<8x512x64xf32>
    %expanded_37 = tensor.expand_shape %73 [[0, 1], [2], [3]] output_shape [1, 8, 512, 64] : tensor<8x512x64xf32> into tensor<1x8x512x64xf32>
    %74 = tensor.empty() : tensor<1x512x8x64xf32>
    %transposed_38 = linalg.transpose ins(%expanded_37 : tensor<1x8x512x64xf32>) outs(%74 : tensor<1x512x8x64xf32>) permutation = [0, 2, 1, 3] 
    %transposed_39 = linalg.transpose ins(%arg4 : tensor<512x512xf32>) outs(%18 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed_40 = tensor.collapse_shape %transposed_38 [[0, 1], [2, 3]] : tensor<1x512x8x64xf32> into tensor<512x512xf32>
    %75 = linalg.matmul ins(%collapsed_40, %transposed_39 : tensor<512x512xf32>, tensor<512x512xf32>) outs(%19 : tensor<512x512xf32>) -> tensor<512x512xf32>
    %expanded_41 = tensor.expand_shape %75 [[0, 1], [2]] output_shape [1, 512, 512] : tensor<512x512xf32> into tensor<1x512x512xf32>
    return %expanded_41 : tensor<1x512x512xf32>
  }
}
