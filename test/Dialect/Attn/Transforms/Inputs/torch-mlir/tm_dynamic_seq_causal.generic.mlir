// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_dynamic_seq_causal
// MLIR 22 parses it with --allow-unregistered-dialect
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>, sym_name = "tm_dynamic_seq_causal"}> ({
  ^bb0(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>):
    %0 = "arith.constant"() <{value = 2 : index}> : () -> index
    %1 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %2 = "arith.constant"() <{value = 0xFF800000 : f32}> : () -> f32
    %3 = "arith.constant"() <{value = 1 : index}> : () -> index
    %4 = "tensor.dim"(%arg0, %0) : (tensor<2x4x?x8xf32>, index) -> index
    %5 = "tensor.dim"(%arg1, %0) : (tensor<2x4x?x8xf32>, index) -> index
    %6 = "tensor.empty"(%4, %5) : (index, index) -> tensor<2x4x?x?xf32>
    %7 = "linalg.fill"(%1, %6) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg6: f32, %arg7: f32):
      "linalg.yield"(%arg6) : (f32) -> ()
    }) : (f32, tensor<2x4x?x?xf32>) -> tensor<2x4x?x?xf32>
    %8 = "linalg.generic"(%7) <{indexing_maps = [#map], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 0, 1>}> ({
    ^bb0(%arg5: f32):
      %18 = "linalg.index"() <{dim = 2 : i64}> : () -> index
      %19 = "linalg.index"() <{dim = 3 : i64}> : () -> index
      %20 = "arith.cmpi"(%18, %19) <{predicate = 5 : i64}> : (index, index) -> i1
      %21 = "arith.select"(%20, %1, %2) : (i1, f32, f32) -> f32
      "linalg.yield"(%21) : (f32) -> ()
    }) : (tensor<2x4x?x?xf32>) -> tensor<2x4x?x?xf32>
    %9 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x?x8xf32>) -> tensor<8x?x8xf32>
    %10 = "tensor.collapse_shape"(%arg1) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x?x8xf32>) -> tensor<8x?x8xf32>
    %11 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x?x8xf32>) -> tensor<8x?x8xf32>
    %12 = "tensor.collapse_shape"(%8) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x?x?xf32>) -> tensor<8x?x?xf32>
    %13 = "tensor.empty"(%4) : (index) -> tensor<8x?x8xf32>
    %14 = "linalg.fill"(%1, %13) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %15 = "tm_tensor.attention"(%9, %10, %11, %12, %14) <{operandSegmentSizes = array<i32: 4, 1>}> : (tensor<8x?x8xf32>, tensor<8x?x8xf32>, tensor<8x?x8xf32>, tensor<8x?x?xf32>, tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %16 = "tensor.dim"(%15, %3) : (tensor<8x?x8xf32>, index) -> index
    %17 = "tensor.expand_shape"(%15, %16) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, -9223372036854775808, 8>}> : (tensor<8x?x8xf32>, index) -> tensor<2x4x?x8xf32>
    "func.return"(%17) : (tensor<2x4x?x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
