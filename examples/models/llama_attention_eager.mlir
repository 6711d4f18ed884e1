// torch-mlir 20261001, torch 2.13.0, transformers 4.57.6: export.py llama_attention_eager
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1) -> (0, d1)>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1) -> (d0, d1)>
#map5 = affine_map<(d0, d1) -> ()>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#map9 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map11 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @llama_attention_eager(%arg0: tensor<1x512x512xf32>, %arg1: tensor<512x512xf32>, %arg2: tensor<128x512xf32>, %arg3: tensor<128x512xf32>, %arg4: tensor<512x512xf32>) -> tensor<1x512x512xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c2_i64 = arith.constant 2 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %cst_1 = arith.constant 0xFF800000 : f32
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<-3.40282347E+38> : tensor<512x512xf32>
    %cst_4 = arith.constant 6.400000e+01 : f32
    %cst_5 = arith.constant 1.000000e+04 : f32
    %cst_6 = arith.constant 1.250000e-01 : f32
    %0 = tensor.empty() : tensor<32xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %68 = linalg.index 0 : index
      %69 = arith.index_cast %68 : index to i64
      %70 = arith.muli %69, %c2_i64 : i64
      linalg.yield %70 : i64
    } -> tensor<32xi64>
    %2 = tensor.empty() : tensor<32xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%1 : tensor<32xi64>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: i64, %out: f32):
      %68 = arith.sitofp %in : i64 to f32
      linalg.yield %68 : f32
    } -> tensor<32xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%3 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = arith.divf %in, %cst_4 : f32
      linalg.yield %68 : f32
    } -> tensor<32xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = math.powf %cst_5, %in : f32
      linalg.yield %68 : f32
    } -> tensor<32xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%5 : tensor<32xf32>) outs(%2 : tensor<32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = arith.cmpf one, %in, %cst : f32
      cf.assert %68, "unimplemented: tensor with zero element"
      %69 = arith.divf %cst_0, %in : f32
      linalg.yield %69 : f32
    } -> tensor<32xf32>
    %7 = tensor.empty() : tensor<512xi64>
    %8 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%7 : tensor<512xi64>) {
    ^bb0(%out: i64):
      %68 = linalg.index 0 : index
      %69 = arith.index_cast %68 : index to i64
      linalg.yield %69 : i64
    } -> tensor<512xi64>
    %expanded = tensor.expand_shape %6 [[0, 1, 2]] output_shape [1, 32, 1] : tensor<32xf32> into tensor<1x32x1xf32>
    %expanded_7 = tensor.expand_shape %8 [[0, 1, 2]] output_shape [1, 1, 512] : tensor<512xi64> into tensor<1x1x512xi64>
    %9 = tensor.empty() : tensor<1x1x512xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_7 : tensor<1x1x512xi64>) outs(%9 : tensor<1x1x512xf32>) {
    ^bb0(%in: i64, %out: f32):
      %68 = arith.sitofp %in : i64 to f32
      linalg.yield %68 : f32
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
      %68 = math.cos %in : f32
      linalg.yield %68 : f32
    } -> tensor<1x512x64xf32>
    %17 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat : tensor<1x512x64xf32>) outs(%15 : tensor<1x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = math.sin %in : f32
      linalg.yield %68 : f32
    } -> tensor<1x512x64xf32>
    %expanded_8 = tensor.expand_shape %8 [[0, 1]] output_shape [1, 512] : tensor<512xi64> into tensor<1x512xi64>
    %expanded_9 = tensor.expand_shape %8 [[0, 1]] output_shape [512, 1] : tensor<512xi64> into tensor<512x1xi64>
    %18 = tensor.empty() : tensor<512x512xi64>
    %19 = linalg.generic {indexing_maps = [#map2, #map3, #map4], iterator_types = ["parallel", "parallel"]} ins(%expanded_8, %expanded_9 : tensor<1x512xi64>, tensor<512x1xi64>) outs(%18 : tensor<512x512xi64>) {
    ^bb0(%in: i64, %in_40: i64, %out: i64):
      %68 = arith.subi %in, %in_40 : i64
      linalg.yield %68 : i64
    } -> tensor<512x512xi64>
    %20 = tensor.empty() : tensor<512x512xi1>
    %21 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel"]} ins(%19 : tensor<512x512xi64>) outs(%20 : tensor<512x512xi1>) {
    ^bb0(%in: i64, %out: i1):
      %68 = arith.cmpi sge, %in, %c1_i64 : i64
      linalg.yield %68 : i1
    } -> tensor<512x512xi1>
    %22 = tensor.empty() : tensor<512x512xf32>
    %23 = linalg.generic {indexing_maps = [#map4, #map4, #map5, #map4], iterator_types = ["parallel", "parallel"]} ins(%21, %cst_3, %cst_2 : tensor<512x512xi1>, tensor<512x512xf32>, tensor<f32>) outs(%22 : tensor<512x512xf32>) {
    ^bb0(%in: i1, %in_40: f32, %in_41: f32, %out: f32):
      %68 = arith.select %in, %in_40, %in_41 : f32
      linalg.yield %68 : f32
    } -> tensor<512x512xf32>
    %expanded_10 = tensor.expand_shape %23 [[0, 1, 2], [3]] output_shape [1, 1, 512, 512] : tensor<512x512xf32> into tensor<1x1x512x512xf32>
    %transposed_11 = linalg.transpose ins(%arg1 : tensor<512x512xf32>) outs(%22 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2]] : tensor<1x512x512xf32> into tensor<512x512xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%22 : tensor<512x512xf32>) -> tensor<512x512xf32>
    %25 = linalg.matmul ins(%collapsed, %transposed_11 : tensor<512x512xf32>, tensor<512x512xf32>) outs(%24 : tensor<512x512xf32>) -> tensor<512x512xf32>
    %expanded_12 = tensor.expand_shape %25 [[0, 1], [2, 3]] output_shape [1, 512, 8, 64] : tensor<512x512xf32> into tensor<1x512x8x64xf32>
    %26 = tensor.empty() : tensor<1x8x512x64xf32>
    %transposed_13 = linalg.transpose ins(%expanded_12 : tensor<1x512x8x64xf32>) outs(%26 : tensor<1x8x512x64xf32>) permutation = [0, 2, 1, 3] 
    %27 = tensor.empty() : tensor<512x128xf32>
    %transposed_14 = linalg.transpose ins(%arg2 : tensor<128x512xf32>) outs(%27 : tensor<512x128xf32>) permutation = [1, 0] 
    %28 = linalg.fill ins(%cst : f32) outs(%27 : tensor<512x128xf32>) -> tensor<512x128xf32>
    %29 = linalg.matmul ins(%collapsed, %transposed_14 : tensor<512x512xf32>, tensor<512x128xf32>) outs(%28 : tensor<512x128xf32>) -> tensor<512x128xf32>
    %expanded_15 = tensor.expand_shape %29 [[0, 1], [2, 3]] output_shape [1, 512, 2, 64] : tensor<512x128xf32> into tensor<1x512x2x64xf32>
    %30 = tensor.empty() : tensor<1x2x512x64xf32>
    %transposed_16 = linalg.transpose ins(%expanded_15 : tensor<1x512x2x64xf32>) outs(%30 : tensor<1x2x512x64xf32>) permutation = [0, 2, 1, 3] 
    %transposed_17 = linalg.transpose ins(%arg3 : tensor<128x512xf32>) outs(%27 : tensor<512x128xf32>) permutation = [1, 0] 
    %31 = linalg.matmul ins(%collapsed, %transposed_17 : tensor<512x512xf32>, tensor<512x128xf32>) outs(%28 : tensor<512x128xf32>) -> tensor<512x128xf32>
    %expanded_18 = tensor.expand_shape %31 [[0, 1], [2, 3]] output_shape [1, 512, 2, 64] : tensor<512x128xf32> into tensor<1x512x2x64xf32>
    %transposed_19 = linalg.transpose ins(%expanded_18 : tensor<1x512x2x64xf32>) outs(%30 : tensor<1x2x512x64xf32>) permutation = [0, 2, 1, 3] 
    %expanded_20 = tensor.expand_shape %16 [[0], [1, 2], [3]] output_shape [1, 1, 512, 64] : tensor<1x512x64xf32> into tensor<1x1x512x64xf32>
    %expanded_21 = tensor.expand_shape %17 [[0], [1, 2], [3]] output_shape [1, 1, 512, 64] : tensor<1x512x64xf32> into tensor<1x1x512x64xf32>
    %32 = linalg.generic {indexing_maps = [#map6, #map7, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_13, %expanded_20 : tensor<1x8x512x64xf32>, tensor<1x1x512x64xf32>) outs(%26 : tensor<1x8x512x64xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.mulf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x64xf32>
    %extracted_slice = tensor.extract_slice %transposed_13[0, 0, 0, 0] [1, 8, 512, 32] [1, 1, 1, 1] : tensor<1x8x512x64xf32> to tensor<1x8x512x32xf32>
    %extracted_slice_22 = tensor.extract_slice %transposed_13[0, 0, 0, 32] [1, 8, 512, 32] [1, 1, 1, 1] : tensor<1x8x512x64xf32> to tensor<1x8x512x32xf32>
    %33 = tensor.empty() : tensor<1x8x512x32xf32>
    %34 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_22 : tensor<1x8x512x32xf32>) outs(%33 : tensor<1x8x512x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = arith.negf %in : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x32xf32>
    %concat_23 = tensor.concat dim(3) %34, %extracted_slice : (tensor<1x8x512x32xf32>, tensor<1x8x512x32xf32>) -> tensor<1x8x512x64xf32>
    %35 = linalg.generic {indexing_maps = [#map6, #map7, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_23, %expanded_21 : tensor<1x8x512x64xf32>, tensor<1x1x512x64xf32>) outs(%26 : tensor<1x8x512x64xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.mulf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x64xf32>
    %36 = linalg.generic {indexing_maps = [#map6, #map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32, %35 : tensor<1x8x512x64xf32>, tensor<1x8x512x64xf32>) outs(%26 : tensor<1x8x512x64xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.addf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x64xf32>
    %37 = linalg.generic {indexing_maps = [#map6, #map7, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_16, %expanded_20 : tensor<1x2x512x64xf32>, tensor<1x1x512x64xf32>) outs(%30 : tensor<1x2x512x64xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.mulf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x2x512x64xf32>
    %extracted_slice_24 = tensor.extract_slice %transposed_16[0, 0, 0, 0] [1, 2, 512, 32] [1, 1, 1, 1] : tensor<1x2x512x64xf32> to tensor<1x2x512x32xf32>
    %extracted_slice_25 = tensor.extract_slice %transposed_16[0, 0, 0, 32] [1, 2, 512, 32] [1, 1, 1, 1] : tensor<1x2x512x64xf32> to tensor<1x2x512x32xf32>
    %38 = tensor.empty() : tensor<1x2x512x32xf32>
    %39 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%extracted_slice_25 : tensor<1x2x512x32xf32>) outs(%38 : tensor<1x2x512x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = arith.negf %in : f32
      linalg.yield %68 : f32
    } -> tensor<1x2x512x32xf32>
    %concat_26 = tensor.concat dim(3) %39, %extracted_slice_24 : (tensor<1x2x512x32xf32>, tensor<1x2x512x32xf32>) -> tensor<1x2x512x64xf32>
    %40 = linalg.generic {indexing_maps = [#map6, #map7, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_26, %expanded_21 : tensor<1x2x512x64xf32>, tensor<1x1x512x64xf32>) outs(%30 : tensor<1x2x512x64xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.mulf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x2x512x64xf32>
    %41 = linalg.generic {indexing_maps = [#map6, #map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%37, %40 : tensor<1x2x512x64xf32>, tensor<1x2x512x64xf32>) outs(%30 : tensor<1x2x512x64xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.addf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x2x512x64xf32>
    %42 = tensor.empty() : tensor<1x2x4x512x64xf32>
    %43 = linalg.generic {indexing_maps = [#map8, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%41 : tensor<1x2x512x64xf32>) outs(%42 : tensor<1x2x4x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x2x4x512x64xf32>
    %collapsed_27 = tensor.collapse_shape %43 [[0], [1, 2], [3], [4]] : tensor<1x2x4x512x64xf32> into tensor<1x8x512x64xf32>
    %44 = linalg.generic {indexing_maps = [#map8, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%transposed_19 : tensor<1x2x512x64xf32>) outs(%42 : tensor<1x2x4x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x2x4x512x64xf32>
    %45 = tensor.empty() : tensor<1x8x64x512xf32>
    %transposed_28 = linalg.transpose ins(%collapsed_27 : tensor<1x8x512x64xf32>) outs(%45 : tensor<1x8x64x512xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_29 = tensor.collapse_shape %36 [[0, 1], [2], [3]] : tensor<1x8x512x64xf32> into tensor<8x512x64xf32>
    %collapsed_30 = tensor.collapse_shape %transposed_28 [[0, 1], [2], [3]] : tensor<1x8x64x512xf32> into tensor<8x64x512xf32>
    %46 = tensor.empty() : tensor<8x512x512xf32>
    %47 = linalg.fill ins(%cst : f32) outs(%46 : tensor<8x512x512xf32>) -> tensor<8x512x512xf32>
    %48 = linalg.batch_matmul ins(%collapsed_29, %collapsed_30 : tensor<8x512x64xf32>, tensor<8x64x512xf32>) outs(%47 : tensor<8x512x512xf32>) -> tensor<8x512x512xf32>
    %expanded_31 = tensor.expand_shape %48 [[0, 1], [2], [3]] output_shape [1, 8, 512, 512] : tensor<8x512x512xf32> into tensor<1x8x512x512xf32>
    %49 = tensor.empty() : tensor<1x8x512x512xf32>
    %50 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_31 : tensor<1x8x512x512xf32>) outs(%49 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = arith.mulf %in, %cst_6 : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x512xf32>
    %51 = linalg.generic {indexing_maps = [#map6, #map7, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%50, %expanded_10 : tensor<1x8x512x512xf32>, tensor<1x1x512x512xf32>) outs(%49 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.addf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x512xf32>
    %52 = tensor.empty() : tensor<1x8x512xi64>
    %53 = linalg.fill ins(%c0_i64 : i64) outs(%52 : tensor<1x8x512xi64>) -> tensor<1x8x512xi64>
    %54 = tensor.empty() : tensor<1x8x512xf32>
    %55 = linalg.fill ins(%cst_1 : f32) outs(%54 : tensor<1x8x512xf32>) -> tensor<1x8x512xf32>
    %56:2 = linalg.generic {indexing_maps = [#map6, #map10, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%51 : tensor<1x8x512x512xf32>) outs(%55, %53 : tensor<1x8x512xf32>, tensor<1x8x512xi64>) {
    ^bb0(%in: f32, %out: f32, %out_40: i64):
      %68 = linalg.index 3 : index
      %69 = arith.index_cast %68 : index to i64
      %70 = arith.maximumf %in, %out : f32
      %71 = arith.cmpf ogt, %in, %out : f32
      %72 = arith.select %71, %69, %out_40 : i64
      linalg.yield %70, %72 : f32, i64
    } -> (tensor<1x8x512xf32>, tensor<1x8x512xi64>)
    %expanded_32 = tensor.expand_shape %56#0 [[0], [1], [2, 3]] output_shape [1, 8, 512, 1] : tensor<1x8x512xf32> into tensor<1x8x512x1xf32>
    %57 = linalg.generic {indexing_maps = [#map6, #map11, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%51, %expanded_32 : tensor<1x8x512x512xf32>, tensor<1x8x512x1xf32>) outs(%49 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.subf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x512xf32>
    %58 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%57 : tensor<1x8x512x512xf32>) outs(%49 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = math.exp %in : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x512xf32>
    %59 = tensor.empty() : tensor<1x8x512x1xf32>
    %60 = linalg.fill ins(%cst : f32) outs(%59 : tensor<1x8x512x1xf32>) -> tensor<1x8x512x1xf32>
    %61 = linalg.generic {indexing_maps = [#map6, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%58 : tensor<1x8x512x512xf32>) outs(%60 : tensor<1x8x512x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %68 = arith.addf %in, %out : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x1xf32>
    %62 = linalg.generic {indexing_maps = [#map6, #map11, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%58, %61 : tensor<1x8x512x512xf32>, tensor<1x8x512x1xf32>) outs(%49 : tensor<1x8x512x512xf32>) {
    ^bb0(%in: f32, %in_40: f32, %out: f32):
      %68 = arith.divf %in, %in_40 : f32
      linalg.yield %68 : f32
    } -> tensor<1x8x512x512xf32>
    %collapsed_33 = tensor.collapse_shape %62 [[0, 1], [2], [3]] : tensor<1x8x512x512xf32> into tensor<8x512x512xf32>
    %collapsed_34 = tensor.collapse_shape %44 [[0, 1, 2], [3], [4]] : tensor<1x2x4x512x64xf32> into tensor<8x512x64xf32>
    %63 = tensor.empty() : tensor<8x512x64xf32>
    %64 = linalg.fill ins(%cst : f32) outs(%63 : tensor<8x512x64xf32>) -> tensor<8x512x64xf32>
    %65 = linalg.batch_matmul ins(%collapsed_33, %collapsed_34 : tensor<8x512x512xf32>, tensor<8x512x64xf32>) outs(%64 : tensor<8x512x64xf32>) -> tensor<8x512x64xf32>
    %expanded_35 = tensor.expand_shape %65 [[0, 1], [2], [3]] output_shape [1, 8, 512, 64] : tensor<8x512x64xf32> into tensor<1x8x512x64xf32>
    %66 = tensor.empty() : tensor<1x512x8x64xf32>
    %transposed_36 = linalg.transpose ins(%expanded_35 : tensor<1x8x512x64xf32>) outs(%66 : tensor<1x512x8x64xf32>) permutation = [0, 2, 1, 3] 
    %transposed_37 = linalg.transpose ins(%arg4 : tensor<512x512xf32>) outs(%22 : tensor<512x512xf32>) permutation = [1, 0] 
    %collapsed_38 = tensor.collapse_shape %transposed_36 [[0, 1], [2, 3]] : tensor<1x512x8x64xf32> into tensor<512x512xf32>
    %67 = linalg.matmul ins(%collapsed_38, %transposed_37 : tensor<512x512xf32>, tensor<512x512xf32>) outs(%24 : tensor<512x512xf32>) -> tensor<512x512xf32>
    %expanded_39 = tensor.expand_shape %67 [[0, 1], [2]] output_shape [1, 512, 512] : tensor<512x512xf32> into tensor<1x512x512xf32>
    return %expanded_39 : tensor<1x512x512xf32>
  }
}
