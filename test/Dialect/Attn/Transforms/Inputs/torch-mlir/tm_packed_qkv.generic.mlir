// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_packed_qkv
// MLIR 22 parses it with --allow-unregistered-dialect
// One [B, S, 3*H*D] tensor split, as GPT-2's c_attn gives it.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x16x96xf32>) -> tensor<2x16x32xf32>, sym_name = "tm_packed_qkv"}> ({
  ^bb0(%arg0: tensor<2x16x96xf32>):
    %0 = "arith.constant"() <{value = 0xFF800000 : f32}> : () -> f32
    %1 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %2 = "tensor.extract_slice"(%arg0) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, static_offsets = array<i64: 0, 0, 0>, static_sizes = array<i64: 2, 16, 32>, static_strides = array<i64: 1, 1, 1>}> : (tensor<2x16x96xf32>) -> tensor<2x16x32xf32>
    %3 = "tensor.extract_slice"(%arg0) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, static_offsets = array<i64: 0, 0, 32>, static_sizes = array<i64: 2, 16, 32>, static_strides = array<i64: 1, 1, 1>}> : (tensor<2x16x96xf32>) -> tensor<2x16x32xf32>
    %4 = "tensor.extract_slice"(%arg0) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, static_offsets = array<i64: 0, 0, 64>, static_sizes = array<i64: 2, 16, 32>, static_strides = array<i64: 1, 1, 1>}> : (tensor<2x16x96xf32>) -> tensor<2x16x32xf32>
    %5 = "tensor.expand_shape"(%2) <{reassociation = [[0], [1], [2, 3]], static_output_shape = array<i64: 2, 16, 4, 8>}> : (tensor<2x16x32xf32>) -> tensor<2x16x4x8xf32>
    %6 = "tensor.empty"() : () -> tensor<2x4x16x8xf32>
    %7 = "linalg.transpose"(%5, %6) <{permutation = array<i64: 0, 2, 1, 3>}> ({
    ^bb0(%arg12: f32, %arg13: f32):
      "linalg.yield"(%arg12) : (f32) -> ()
    }) : (tensor<2x16x4x8xf32>, tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32>
    %8 = "tensor.expand_shape"(%3) <{reassociation = [[0], [1], [2, 3]], static_output_shape = array<i64: 2, 16, 4, 8>}> : (tensor<2x16x32xf32>) -> tensor<2x16x4x8xf32>
    %9 = "linalg.transpose"(%8, %6) <{permutation = array<i64: 0, 2, 1, 3>}> ({
    ^bb0(%arg10: f32, %arg11: f32):
      "linalg.yield"(%arg10) : (f32) -> ()
    }) : (tensor<2x16x4x8xf32>, tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32>
    %10 = "tensor.expand_shape"(%4) <{reassociation = [[0], [1], [2, 3]], static_output_shape = array<i64: 2, 16, 4, 8>}> : (tensor<2x16x32xf32>) -> tensor<2x16x4x8xf32>
    %11 = "linalg.transpose"(%10, %6) <{permutation = array<i64: 0, 2, 1, 3>}> ({
    ^bb0(%arg8: f32, %arg9: f32):
      "linalg.yield"(%arg8) : (f32) -> ()
    }) : (tensor<2x16x4x8xf32>, tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32>
    %12 = "tensor.empty"() : () -> tensor<2x4x16x16xf32>
    %13 = "linalg.fill"(%1, %12) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg6: f32, %arg7: f32):
      "linalg.yield"(%arg6) : (f32) -> ()
    }) : (f32, tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %14 = "linalg.generic"(%13) <{indexing_maps = [#map], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 0, 1>}> ({
    ^bb0(%arg5: f32):
      %26 = "linalg.index"() <{dim = 2 : i64}> : () -> index
      %27 = "linalg.index"() <{dim = 3 : i64}> : () -> index
      %28 = "arith.cmpi"(%26, %27) <{predicate = 5 : i64}> : (index, index) -> i1
      %29 = "arith.select"(%28, %1, %0) : (i1, f32, f32) -> f32
      "linalg.yield"(%29) : (f32) -> ()
    }) : (tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %15 = "tensor.collapse_shape"(%7) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %16 = "tensor.collapse_shape"(%9) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %17 = "tensor.collapse_shape"(%11) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %18 = "tensor.collapse_shape"(%14) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x16xf32>) -> tensor<8x16x16xf32>
    %19 = "tensor.empty"() : () -> tensor<8x16x8xf32>
    %20 = "linalg.fill"(%1, %19) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %21 = "tm_tensor.attention"(%15, %16, %17, %18, %20) <{operandSegmentSizes = array<i32: 4, 1>}> : (tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x16xf32>, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %22 = "tensor.expand_shape"(%21) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, 16, 8>}> : (tensor<8x16x8xf32>) -> tensor<2x4x16x8xf32>
    %23 = "tensor.empty"() : () -> tensor<2x16x4x8xf32>
    %24 = "linalg.transpose"(%22, %23) <{permutation = array<i64: 0, 2, 1, 3>}> ({
    ^bb0(%arg1: f32, %arg2: f32):
      "linalg.yield"(%arg1) : (f32) -> ()
    }) : (tensor<2x4x16x8xf32>, tensor<2x16x4x8xf32>) -> tensor<2x16x4x8xf32>
    %25 = "tensor.collapse_shape"(%24) <{reassociation = [[0], [1], [2, 3]]}> : (tensor<2x16x4x8xf32>) -> tensor<2x16x32xf32>
    "func.return"(%25) : (tensor<2x16x32xf32>) -> ()
  }) : () -> ()
}) : () -> ()
