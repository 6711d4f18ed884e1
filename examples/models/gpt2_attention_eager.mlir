// torch-mlir 20261001, torch 2.13.0, transformers 4.57.6: export.py gpt2_attention_eager
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (0, d1)>
#map2 = affine_map<(d0, d1) -> (d0, 0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> (d1)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> ()>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @gpt2_attention_eager(%arg0: tensor<1x512x768xf32>, %arg1: tensor<768x2304xf32>, %arg2: tensor<2304xf32>, %arg3: tensor<768x768xf32>, %arg4: tensor<768xf32>) -> tensor<1x512x768xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<-3.40282347E+38> : tensor<f32>
    %cst_2 = arith.constant dense<8.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<true> : tensor<512x512xi1>
    %0 = tensor.empty() : tensor<512xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<512xi64>) {
    ^bb0(%out: i64):
      %38 = linalg.index 0 : index
      %39 = arith.index_cast %38 : index to i64
      linalg.yield %39 : i64
    } -> tensor<512xi64>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [1, 512] : tensor<512xi64> into tensor<1x512xi64>
    %expanded_4 = tensor.expand_shape %1 [[0, 1]] output_shape [512, 1] : tensor<512xi64> into tensor<512x1xi64>
    %2 = tensor.empty() : tensor<512x512xi64>
    %3 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %expanded_4 : tensor<1x512xi64>, tensor<512x1xi64>) outs(%2 : tensor<512x512xi64>) {
    ^bb0(%in: i64, %in_24: i64, %out: i64):
      %38 = arith.subi %in, %in_24 : i64
      linalg.yield %38 : i64
    } -> tensor<512x512xi64>
    %4 = tensor.empty() : tensor<512x512xi1>
    %5 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%3 : tensor<512x512xi64>) outs(%4 : tensor<512x512xi1>) {
    ^bb0(%in: i64, %out: i1):
      %38 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %38 : i1
    } -> tensor<512x512xi1>
    %6 = linalg.generic {indexing_maps = [#map3, #map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%5, %cst_3 : tensor<512x512xi1>, tensor<512x512xi1>) outs(%4 : tensor<512x512xi1>) {
    ^bb0(%in: i1, %in_24: i1, %out: i1):
      %38 = arith.andi %in, %in_24 : i1
      linalg.yield %38 : i1
    } -> tensor<512x512xi1>
    %expanded_5 = tensor.expand_shape %6 [[0, 1, 2], [3]] output_shape [1, 1, 512, 512] : tensor<512x512xi1> into tensor<1x1x512x512xi1>
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2]] : tensor<1x512x768xf32> into tensor<512x768xf32>
    %7 = tensor.empty() : tensor<512x2304xf32>
    %8 = linalg.fill ins(%cst : f32) outs(%7 : tensor<512x2304xf32>) -> tensor<512x2304xf32>
    %9 = linalg.matmul ins(%collapsed, %arg1 : tensor<512x768xf32>, tensor<768x2304xf32>) outs(%8 : tensor<512x2304xf32>) -> tensor<512x2304xf32>
    %10 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%9, %arg2 : tensor<512x2304xf32>, tensor<2304xf32>) outs(%7 : tensor<512x2304xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %38 = arith.addf %in, %in_24 : f32
      linalg.yield %38 : f32
    } -> tensor<512x2304xf32>
    %expanded_6 = tensor.expand_shape %10 [[0, 1], [2]] output_shape [1, 512, 2304] : tensor<512x2304xf32> into tensor<1x512x2304xf32>
    %extracted_slice = tensor.extract_slice %expanded_6[0, 0, 0] [1, 512, 768] [1, 1, 1] : tensor<1x512x2304xf32> to tensor<1x512x768xf32>
    %extracted_slice_7 = tensor.extract_slice %expanded_6[0, 0, 768] [1, 512, 768] [1, 1, 1] : tensor<1x512x2304xf32> to tensor<1x512x768xf32>
    %extracted_slice_8 = tensor.extract_slice %expanded_6[0, 0, 1536] [1, 512, 768] [1, 1, 1] : tensor<1x512x2304xf32> to tensor<1x512x768xf32>
    %expanded_9 = tensor.expand_shape %extracted_slice_7 [[0], [1], [2, 3]] output_shape [1, 512, 12, 64] : tensor<1x512x768xf32> into tensor<1x512x12x64xf32>
    %expanded_10 = tensor.expand_shape %extracted_slice_8 [[0], [1], [2, 3]] output_shape [1, 512, 12, 64] : tensor<1x512x768xf32> into tensor<1x512x12x64xf32>
    %11 = tensor.empty() : tensor<1x12x512x64xf32>
    %transposed = linalg.transpose ins(%expanded_10 : tensor<1x512x12x64xf32>) outs(%11 : tensor<1x12x512x64xf32>) permutation = [0, 2, 1, 3] 
    %expanded_11 = tensor.expand_shape %extracted_slice [[0], [1], [2, 3]] output_shape [1, 512, 12, 64] : tensor<1x512x768xf32> into tensor<1x512x12x64xf32>
    %transposed_12 = linalg.transpose ins(%expanded_11 : tensor<1x512x12x64xf32>) outs(%11 : tensor<1x12x512x64xf32>) permutation = [0, 2, 1, 3] 
    %12 = tensor.empty() : tensor<1x12x64x512xf32>
    %transposed_13 = linalg.transpose ins(%expanded_9 : tensor<1x512x12x64xf32>) outs(%12 : tensor<1x12x64x512xf32>) permutation = [0, 2, 3, 1] 
    %collapsed_14 = tensor.collapse_shape %transposed_12 [[0, 1], [2], [3]] : tensor<1x12x512x64xf32> into tensor<12x512x64xf32>
    %collapsed_15 = tensor.collapse_shape %transposed_13 [[0, 1], [2], [3]] : tensor<1x12x64x512xf32> into tensor<12x64x512xf32>
    %13 = tensor.empty() : tensor<12x512x512xf32>
    %14 = linalg.fill ins(%cst : f32) outs(%13 : tensor<12x512x512xf32>) -> tensor<12x512x512xf32>
    %15 = linalg.batch_matmul ins(%collapsed_14, %collapsed_15 : tensor<12x512x64xf32>, tensor<12x64x512xf32>) outs(%14 : tensor<12x512x512xf32>) -> tensor<12x512x512xf32>
    %expanded_16 = tensor.expand_shape %15 [[0, 1], [2], [3]] output_shape [1, 12, 512, 512] : tensor<12x512x512xf32> into tensor<1x12x512x512xf32>
    %16 = tensor.empty() : tensor<1x12x512x512xf32>
    %17 = linalg.generic {indexing_maps = [#map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_16, %cst_2 : tensor<1x12x512x512xf32>, tensor<f32>) outs(%16 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %38 = arith.divf %in, %in_24 : f32
      linalg.yield %38 : f32
    } -> tensor<1x12x512x512xf32>
    %18 = linalg.generic {indexing_maps = [#map7, #map5, #map6, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_5, %17, %cst_1 : tensor<1x1x512x512xi1>, tensor<1x12x512x512xf32>, tensor<f32>) outs(%16 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: i1, %in_24: f32, %in_25: f32, %out: f32):
      %38 = arith.select %in, %in_24, %in_25 : f32
      linalg.yield %38 : f32
    } -> tensor<1x12x512x512xf32>
    %19 = tensor.empty() : tensor<1x12x512xi64>
    %20 = linalg.fill ins(%c0_i64 : i64) outs(%19 : tensor<1x12x512xi64>) -> tensor<1x12x512xi64>
    %21 = tensor.empty() : tensor<1x12x512xf32>
    %22 = linalg.fill ins(%cst_0 : f32) outs(%21 : tensor<1x12x512xf32>) -> tensor<1x12x512xf32>
    %23:2 = linalg.generic {indexing_maps = [#map5, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%18 : tensor<1x12x512x512xf32>) outs(%22, %20 : tensor<1x12x512xf32>, tensor<1x12x512xi64>) {
    ^bb0(%in: f32, %out: f32, %out_24: i64):
      %38 = linalg.index 3 : index
      %39 = arith.index_cast %38 : index to i64
      %40 = arith.maximumf %in, %out : f32
      %41 = arith.cmpf ogt, %in, %out : f32
      %42 = arith.select %41, %39, %out_24 : i64
      linalg.yield %40, %42 : f32, i64
    } -> (tensor<1x12x512xf32>, tensor<1x12x512xi64>)
    %expanded_17 = tensor.expand_shape %23#0 [[0], [1], [2, 3]] output_shape [1, 12, 512, 1] : tensor<1x12x512xf32> into tensor<1x12x512x1xf32>
    %24 = linalg.generic {indexing_maps = [#map5, #map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %expanded_17 : tensor<1x12x512x512xf32>, tensor<1x12x512x1xf32>) outs(%16 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %38 = arith.subf %in, %in_24 : f32
      linalg.yield %38 : f32
    } -> tensor<1x12x512x512xf32>
    %25 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24 : tensor<1x12x512x512xf32>) outs(%16 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %out: f32):
      %38 = math.exp %in : f32
      linalg.yield %38 : f32
    } -> tensor<1x12x512x512xf32>
    %26 = tensor.empty() : tensor<1x12x512x1xf32>
    %27 = linalg.fill ins(%cst : f32) outs(%26 : tensor<1x12x512x1xf32>) -> tensor<1x12x512x1xf32>
    %28 = linalg.generic {indexing_maps = [#map5, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%25 : tensor<1x12x512x512xf32>) outs(%27 : tensor<1x12x512x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %38 = arith.addf %in, %out : f32
      linalg.yield %38 : f32
    } -> tensor<1x12x512x1xf32>
    %29 = linalg.generic {indexing_maps = [#map5, #map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25, %28 : tensor<1x12x512x512xf32>, tensor<1x12x512x1xf32>) outs(%16 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %38 = arith.divf %in, %in_24 : f32
      linalg.yield %38 : f32
    } -> tensor<1x12x512x512xf32>
    %collapsed_18 = tensor.collapse_shape %29 [[0, 1], [2], [3]] : tensor<1x12x512x512xf32> into tensor<12x512x512xf32>
    %collapsed_19 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<1x12x512x64xf32> into tensor<12x512x64xf32>
    %30 = tensor.empty() : tensor<12x512x64xf32>
    %31 = linalg.fill ins(%cst : f32) outs(%30 : tensor<12x512x64xf32>) -> tensor<12x512x64xf32>
    %32 = linalg.batch_matmul ins(%collapsed_18, %collapsed_19 : tensor<12x512x512xf32>, tensor<12x512x64xf32>) outs(%31 : tensor<12x512x64xf32>) -> tensor<12x512x64xf32>
    %expanded_20 = tensor.expand_shape %32 [[0, 1], [2], [3]] output_shape [1, 12, 512, 64] : tensor<12x512x64xf32> into tensor<1x12x512x64xf32>
    %33 = tensor.empty() : tensor<1x512x12x64xf32>
    %transposed_21 = linalg.transpose ins(%expanded_20 : tensor<1x12x512x64xf32>) outs(%33 : tensor<1x512x12x64xf32>) permutation = [0, 2, 1, 3] 
    %collapsed_22 = tensor.collapse_shape %transposed_21 [[0, 1], [2, 3]] : tensor<1x512x12x64xf32> into tensor<512x768xf32>
    %34 = tensor.empty() : tensor<512x768xf32>
    %35 = linalg.fill ins(%cst : f32) outs(%34 : tensor<512x768xf32>) -> tensor<512x768xf32>
    %36 = linalg.matmul ins(%collapsed_22, %arg3 : tensor<512x768xf32>, tensor<768x768xf32>) outs(%35 : tensor<512x768xf32>) -> tensor<512x768xf32>
    %37 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%36, %arg4 : tensor<512x768xf32>, tensor<768xf32>) outs(%34 : tensor<512x768xf32>) {
    ^bb0(%in: f32, %in_24: f32, %out: f32):
      %38 = arith.addf %in, %in_24 : f32
      linalg.yield %38 : f32
    } -> tensor<512x768xf32>
    %expanded_23 = tensor.expand_shape %37 [[0, 1], [2]] output_shape [1, 512, 768] : tensor<512x768xf32> into tensor<1x512x768xf32>
    return %expanded_23 : tensor<1x512x768xf32>
  }
}
