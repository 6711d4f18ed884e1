// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_packed_qkv
// MLIR 22 has no tm_tensor to parse it
// One [B, S, 3*H*D] tensor split, as GPT-2's c_attn gives it.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
module {
  func.func @tm_packed_qkv(%arg0: tensor<2x16x96xf32>) -> tensor<2x16x32xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 0.000000e+00 : f32
    %extracted_slice = tensor.extract_slice %arg0[0, 0, 0] [2, 16, 32] [1, 1, 1] : tensor<2x16x96xf32> to tensor<2x16x32xf32>
    %extracted_slice_1 = tensor.extract_slice %arg0[0, 0, 32] [2, 16, 32] [1, 1, 1] : tensor<2x16x96xf32> to tensor<2x16x32xf32>
    %extracted_slice_2 = tensor.extract_slice %arg0[0, 0, 64] [2, 16, 32] [1, 1, 1] : tensor<2x16x96xf32> to tensor<2x16x32xf32>
    %expanded = tensor.expand_shape %extracted_slice [[0], [1], [2, 3]] output_shape [2, 16, 4, 8] : tensor<2x16x32xf32> into tensor<2x16x4x8xf32>
    %0 = tensor.empty() : tensor<2x4x16x8xf32>
    %transposed = linalg.transpose ins(%expanded : tensor<2x16x4x8xf32>) outs(%0 : tensor<2x4x16x8xf32>) permutation = [0, 2, 1, 3] 
    %expanded_3 = tensor.expand_shape %extracted_slice_1 [[0], [1], [2, 3]] output_shape [2, 16, 4, 8] : tensor<2x16x32xf32> into tensor<2x16x4x8xf32>
    %transposed_4 = linalg.transpose ins(%expanded_3 : tensor<2x16x4x8xf32>) outs(%0 : tensor<2x4x16x8xf32>) permutation = [0, 2, 1, 3] 
    %expanded_5 = tensor.expand_shape %extracted_slice_2 [[0], [1], [2, 3]] output_shape [2, 16, 4, 8] : tensor<2x16x32xf32> into tensor<2x16x4x8xf32>
    %transposed_6 = linalg.transpose ins(%expanded_5 : tensor<2x16x4x8xf32>) outs(%0 : tensor<2x4x16x8xf32>) permutation = [0, 2, 1, 3] 
    %1 = tensor.empty() : tensor<2x4x16x16xf32>
    %2 = linalg.fill ins(%cst_0 : f32) outs(%1 : tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %3 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%2 : tensor<2x4x16x16xf32>) {
    ^bb0(%out: f32):
      %8 = linalg.index 2 : index
      %9 = linalg.index 3 : index
      %10 = arith.cmpi sge, %8, %9 : index
      %11 = arith.select %10, %cst_0, %cst : f32
      linalg.yield %11 : f32
    } -> tensor<2x4x16x16xf32>
    %collapsed = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %collapsed_7 = tensor.collapse_shape %transposed_4 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %collapsed_8 = tensor.collapse_shape %transposed_6 [[0, 1], [2], [3]] : tensor<2x4x16x8xf32> into tensor<8x16x8xf32>
    %collapsed_9 = tensor.collapse_shape %3 [[0, 1], [2], [3]] : tensor<2x4x16x16xf32> into tensor<8x16x16xf32>
    %4 = tensor.empty() : tensor<8x16x8xf32>
    %5 = linalg.fill ins(%cst_0 : f32) outs(%4 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %6 = tm_tensor.attention ins(%collapsed, %collapsed_7, %collapsed_8, %collapsed_9 : tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x16xf32>) outs(%5 : tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %expanded_10 = tensor.expand_shape %6 [[0, 1], [2], [3]] output_shape [2, 4, 16, 8] : tensor<8x16x8xf32> into tensor<2x4x16x8xf32>
    %7 = tensor.empty() : tensor<2x16x4x8xf32>
    %transposed_11 = linalg.transpose ins(%expanded_10 : tensor<2x4x16x8xf32>) outs(%7 : tensor<2x16x4x8xf32>) permutation = [0, 2, 1, 3] 
    %collapsed_12 = tensor.collapse_shape %transposed_11 [[0], [1], [2, 3]] : tensor<2x16x4x8xf32> into tensor<2x16x32xf32>
    return %collapsed_12 : tensor<2x16x32xf32>
  }
}
