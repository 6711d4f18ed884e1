// torch-mlir 20261001, torch 2.13.0, transformers 4.57.6: export.py gpt2_attention
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (d1)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0) -> (d0)>
#map4 = affine_map<(d0, d1) -> (0, d1)>
#map5 = affine_map<(d0, d1) -> (d0, 0)>
#map6 = affine_map<(d0, d1) -> ()>
#map7 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @gpt2_attention(%arg0: tensor<1x512x768xf32>, %arg1: tensor<768x2304xf32>, %arg2: tensor<2304xf32>, %arg3: tensor<768x768xf32>, %arg4: tensor<768xf32>) -> tensor<1x512x768xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<1x12x512x512xf32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = arith.constant dense<true> : tensor<512x512xi1>
    %cst_5 = arith.constant 0xFFF0000000000000 : f64
    %cst_6 = arith.constant 0.35355339059327379 : f64
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2]] : tensor<1x512x768xf32> into tensor<512x768xf32>
    %0 = tensor.empty() : tensor<512x2304xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<512x2304xf32>) -> tensor<512x2304xf32>
    %2 = linalg.matmul ins(%collapsed, %arg1 : tensor<512x768xf32>, tensor<768x2304xf32>) outs(%1 : tensor<512x2304xf32>) -> tensor<512x2304xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%2, %arg2 : tensor<512x2304xf32>, tensor<2304xf32>) outs(%0 : tensor<512x2304xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %47 = arith.addf %in, %in_26 : f32
      linalg.yield %47 : f32
    } -> tensor<512x2304xf32>
    %expanded = tensor.expand_shape %3 [[0, 1], [2]] output_shape [1, 512, 2304] : tensor<512x2304xf32> into tensor<1x512x2304xf32>
    %extracted_slice = tensor.extract_slice %expanded[0, 0, 0] [1, 512, 768] [1, 1, 1] : tensor<1x512x2304xf32> to tensor<1x512x768xf32>
    %extracted_slice_7 = tensor.extract_slice %expanded[0, 0, 768] [1, 512, 768] [1, 1, 1] : tensor<1x512x2304xf32> to tensor<1x512x768xf32>
    %extracted_slice_8 = tensor.extract_slice %expanded[0, 0, 1536] [1, 512, 768] [1, 1, 1] : tensor<1x512x2304xf32> to tensor<1x512x768xf32>
    %expanded_9 = tensor.expand_shape %extracted_slice_7 [[0], [1], [2, 3]] output_shape [1, 512, 12, 64] : tensor<1x512x768xf32> into tensor<1x512x12x64xf32>
    %expanded_10 = tensor.expand_shape %extracted_slice_8 [[0], [1], [2, 3]] output_shape [1, 512, 12, 64] : tensor<1x512x768xf32> into tensor<1x512x12x64xf32>
    %4 = tensor.empty() : tensor<1x12x512x64xf32>
    %transposed = linalg.transpose ins(%expanded_10 : tensor<1x512x12x64xf32>) outs(%4 : tensor<1x12x512x64xf32>) permutation = [0, 2, 1, 3] 
    %expanded_11 = tensor.expand_shape %extracted_slice [[0], [1], [2, 3]] output_shape [1, 512, 12, 64] : tensor<1x512x768xf32> into tensor<1x512x12x64xf32>
    %transposed_12 = linalg.transpose ins(%expanded_11 : tensor<1x512x12x64xf32>) outs(%4 : tensor<1x12x512x64xf32>) permutation = [0, 2, 1, 3] 
    %5 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_12 : tensor<1x12x512x64xf32>) outs(%4 : tensor<1x12x512x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %47 = arith.truncf %cst_6 : f64 to f32
      %48 = arith.mulf %in, %47 : f32
      linalg.yield %48 : f32
    } -> tensor<1x12x512x64xf32>
    %6 = tensor.empty() : tensor<512xi64>
    %7 = linalg.generic {indexing_maps = [#map3], iterator_types = ["parallel"]} outs(%6 : tensor<512xi64>) {
    ^bb0(%out: i64):
      %47 = linalg.index 0 : index
      %48 = arith.index_cast %47 : index to i64
      linalg.yield %48 : i64
    } -> tensor<512xi64>
    %expanded_13 = tensor.expand_shape %7 [[0, 1]] output_shape [1, 512] : tensor<512xi64> into tensor<1x512xi64>
    %expanded_14 = tensor.expand_shape %7 [[0, 1]] output_shape [512, 1] : tensor<512xi64> into tensor<512x1xi64>
    %8 = tensor.empty() : tensor<512x512xi64>
    %9 = linalg.generic {indexing_maps = [#map4, #map5, #map], iterator_types = ["parallel", "parallel"]} ins(%expanded_13, %expanded_14 : tensor<1x512xi64>, tensor<512x1xi64>) outs(%8 : tensor<512x512xi64>) {
    ^bb0(%in: i64, %in_26: i64, %out: i64):
      %47 = arith.subi %in, %in_26 : i64
      linalg.yield %47 : i64
    } -> tensor<512x512xi64>
    %10 = tensor.empty() : tensor<512x512xi1>
    %11 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%9 : tensor<512x512xi64>) outs(%10 : tensor<512x512xi1>) {
    ^bb0(%in: i64, %out: i1):
      %47 = arith.cmpi sle, %in, %c0_i64 : i64
      linalg.yield %47 : i1
    } -> tensor<512x512xi1>
    %12 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%11, %cst_4 : tensor<512x512xi1>, tensor<512x512xi1>) outs(%10 : tensor<512x512xi1>) {
    ^bb0(%in: i1, %in_26: i1, %out: i1):
      %47 = arith.andi %in, %in_26 : i1
      linalg.yield %47 : i1
    } -> tensor<512x512xi1>
    %13 = tensor.empty() : tensor<512x512xf32>
    %14 = linalg.generic {indexing_maps = [#map, #map6, #map6, #map], iterator_types = ["parallel", "parallel"]} ins(%12, %cst_2, %cst_3 : tensor<512x512xi1>, tensor<f32>, tensor<f32>) outs(%13 : tensor<512x512xf32>) {
    ^bb0(%in: i1, %in_26: f32, %in_27: f32, %out: f32):
      %47 = arith.select %in, %in_26, %in_27 : f32
      linalg.yield %47 : f32
    } -> tensor<512x512xf32>
    %15 = tensor.empty() : tensor<1x12x64x512xf32>
    %transposed_15 = linalg.transpose ins(%expanded_9 : tensor<1x512x12x64xf32>) outs(%15 : tensor<1x12x64x512xf32>) permutation = [0, 2, 3, 1] 
    %16 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_15 : tensor<1x12x64x512xf32>) outs(%15 : tensor<1x12x64x512xf32>) {
    ^bb0(%in: f32, %out: f32):
      %47 = arith.truncf %cst_6 : f64 to f32
      %48 = arith.mulf %in, %47 : f32
      linalg.yield %48 : f32
    } -> tensor<1x12x64x512xf32>
    %collapsed_16 = tensor.collapse_shape %5 [[0, 1], [2], [3]] : tensor<1x12x512x64xf32> into tensor<12x512x64xf32>
    %collapsed_17 = tensor.collapse_shape %16 [[0, 1], [2], [3]] : tensor<1x12x64x512xf32> into tensor<12x64x512xf32>
    %17 = tensor.empty() : tensor<12x512x512xf32>
    %18 = linalg.fill ins(%cst : f32) outs(%17 : tensor<12x512x512xf32>) -> tensor<12x512x512xf32>
    %19 = linalg.batch_matmul ins(%collapsed_16, %collapsed_17 : tensor<12x512x64xf32>, tensor<12x64x512xf32>) outs(%18 : tensor<12x512x512xf32>) -> tensor<12x512x512xf32>
    %expanded_18 = tensor.expand_shape %19 [[0, 1], [2], [3]] output_shape [1, 12, 512, 512] : tensor<12x512x512xf32> into tensor<1x12x512x512xf32>
    %20 = tensor.empty() : tensor<1x12x512x512xf32>
    %21 = linalg.generic {indexing_maps = [#map2, #map7, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_18, %14 : tensor<1x12x512x512xf32>, tensor<512x512xf32>) outs(%20 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %47 = arith.addf %in, %in_26 : f32
      linalg.yield %47 : f32
    } -> tensor<1x12x512x512xf32>
    %22 = tensor.empty() : tensor<1x12x512xi64>
    %23 = linalg.fill ins(%c0_i64 : i64) outs(%22 : tensor<1x12x512xi64>) -> tensor<1x12x512xi64>
    %24 = tensor.empty() : tensor<1x12x512xf32>
    %25 = linalg.fill ins(%cst_0 : f32) outs(%24 : tensor<1x12x512xf32>) -> tensor<1x12x512xf32>
    %26:2 = linalg.generic {indexing_maps = [#map2, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%21 : tensor<1x12x512x512xf32>) outs(%25, %23 : tensor<1x12x512xf32>, tensor<1x12x512xi64>) {
    ^bb0(%in: f32, %out: f32, %out_26: i64):
      %47 = linalg.index 3 : index
      %48 = arith.index_cast %47 : index to i64
      %49 = arith.maximumf %in, %out : f32
      %50 = arith.cmpf ogt, %in, %out : f32
      %51 = arith.select %50, %48, %out_26 : i64
      linalg.yield %49, %51 : f32, i64
    } -> (tensor<1x12x512xf32>, tensor<1x12x512xi64>)
    %expanded_19 = tensor.expand_shape %26#0 [[0], [1], [2, 3]] output_shape [1, 12, 512, 1] : tensor<1x12x512xf32> into tensor<1x12x512x1xf32>
    %27 = linalg.generic {indexing_maps = [#map2, #map9, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21, %expanded_19 : tensor<1x12x512x512xf32>, tensor<1x12x512x1xf32>) outs(%20 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %47 = arith.subf %in, %in_26 : f32
      linalg.yield %47 : f32
    } -> tensor<1x12x512x512xf32>
    %28 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27 : tensor<1x12x512x512xf32>) outs(%20 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %out: f32):
      %47 = math.exp %in : f32
      linalg.yield %47 : f32
    } -> tensor<1x12x512x512xf32>
    %29 = tensor.empty() : tensor<1x12x512x1xf32>
    %30 = linalg.fill ins(%cst : f32) outs(%29 : tensor<1x12x512x1xf32>) -> tensor<1x12x512x1xf32>
    %31 = linalg.generic {indexing_maps = [#map2, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%28 : tensor<1x12x512x512xf32>) outs(%30 : tensor<1x12x512x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %47 = arith.addf %in, %out : f32
      linalg.yield %47 : f32
    } -> tensor<1x12x512x1xf32>
    %32 = linalg.generic {indexing_maps = [#map2, #map9, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28, %31 : tensor<1x12x512x512xf32>, tensor<1x12x512x1xf32>) outs(%20 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %47 = arith.divf %in, %in_26 : f32
      linalg.yield %47 : f32
    } -> tensor<1x12x512x512xf32>
    %33 = tensor.empty() : tensor<1x12x512x512xi1>
    %34 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<1x12x512x512xf32>) outs(%33 : tensor<1x12x512x512xi1>) {
    ^bb0(%in: f32, %out: i1):
      %47 = arith.extf %in : f32 to f64
      %48 = arith.cmpf oeq, %47, %cst_5 : f64
      linalg.yield %48 : i1
    } -> tensor<1x12x512x512xi1>
    %35 = tensor.empty() : tensor<1x12x512x1xi1>
    %36 = linalg.fill ins(%true : i1) outs(%35 : tensor<1x12x512x1xi1>) -> tensor<1x12x512x1xi1>
    %37 = linalg.generic {indexing_maps = [#map2, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%34 : tensor<1x12x512x512xi1>) outs(%36 : tensor<1x12x512x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %47 = arith.andi %in, %out : i1
      linalg.yield %47 : i1
    } -> tensor<1x12x512x1xi1>
    %38 = linalg.generic {indexing_maps = [#map9, #map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%37, %cst_1, %32 : tensor<1x12x512x1xi1>, tensor<1x12x512x512xf32>, tensor<1x12x512x512xf32>) outs(%20 : tensor<1x12x512x512xf32>) {
    ^bb0(%in: i1, %in_26: f32, %in_27: f32, %out: f32):
      %47 = arith.select %in, %in_26, %in_27 : f32
      linalg.yield %47 : f32
    } -> tensor<1x12x512x512xf32>
    %collapsed_20 = tensor.collapse_shape %38 [[0, 1], [2], [3]] : tensor<1x12x512x512xf32> into tensor<12x512x512xf32>
    %collapsed_21 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<1x12x512x64xf32> into tensor<12x512x64xf32>
    %39 = tensor.empty() : tensor<12x512x64xf32>
    %40 = linalg.fill ins(%cst : f32) outs(%39 : tensor<12x512x64xf32>) -> tensor<12x512x64xf32>
    %41 = linalg.batch_matmul ins(%collapsed_20, %collapsed_21 : tensor<12x512x512xf32>, tensor<12x512x64xf32>) outs(%40 : tensor<12x512x64xf32>) -> tensor<12x512x64xf32>
    %expanded_22 = tensor.expand_shape %41 [[0, 1], [2], [3]] output_shape [1, 12, 512, 64] : tensor<12x512x64xf32> into tensor<1x12x512x64xf32>
    %42 = tensor.empty() : tensor<1x512x12x64xf32>
    %transposed_23 = linalg.transpose ins(%expanded_22 : tensor<1x12x512x64xf32>) outs(%42 : tensor<1x512x12x64xf32>) permutation = [0, 2, 1, 3] 
    %collapsed_24 = tensor.collapse_shape %transposed_23 [[0, 1], [2, 3]] : tensor<1x512x12x64xf32> into tensor<512x768xf32>
    %43 = tensor.empty() : tensor<512x768xf32>
    %44 = linalg.fill ins(%cst : f32) outs(%43 : tensor<512x768xf32>) -> tensor<512x768xf32>
    %45 = linalg.matmul ins(%collapsed_24, %arg3 : tensor<512x768xf32>, tensor<768x768xf32>) outs(%44 : tensor<512x768xf32>) -> tensor<512x768xf32>
    %46 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%45, %arg4 : tensor<512x768xf32>, tensor<768xf32>) outs(%43 : tensor<512x768xf32>) {
    ^bb0(%in: f32, %in_26: f32, %out: f32):
      %47 = arith.addf %in, %in_26 : f32
      linalg.yield %47 : f32
    } -> tensor<512x768xf32>
    %expanded_25 = tensor.expand_shape %46 [[0, 1], [2]] output_shape [1, 512, 768] : tensor<512x768xf32> into tensor<1x512x768xf32>
    return %expanded_25 : tensor<1x512x768xf32>
  }
}
