// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_f16_causal
// MLIR 22 parses it with --allow-unregistered-dialect
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x4x16x8xf16>, tensor<2x4x16x8xf16>, tensor<2x4x16x8xf16>) -> tensor<2x4x16x8xf16>, sym_name = "tm_f16_causal"}> ({
  ^bb0(%arg0: tensor<2x4x16x8xf16>, %arg1: tensor<2x4x16x8xf16>, %arg2: tensor<2x4x16x8xf16>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f16}> : () -> f16
    %1 = "arith.constant"() <{value = 0xFC00 : f16}> : () -> f16
    %2 = "tensor.empty"() : () -> tensor<2x4x16x16xf16>
    %3 = "linalg.fill"(%0, %2) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg6: f16, %arg7: f16):
      "linalg.yield"(%arg6) : (f16) -> ()
    }) : (f16, tensor<2x4x16x16xf16>) -> tensor<2x4x16x16xf16>
    %4 = "linalg.generic"(%3) <{indexing_maps = [#map], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 0, 1>}> ({
    ^bb0(%arg5: f16):
      %13 = "linalg.index"() <{dim = 2 : i64}> : () -> index
      %14 = "linalg.index"() <{dim = 3 : i64}> : () -> index
      %15 = "arith.cmpi"(%13, %14) <{predicate = 5 : i64}> : (index, index) -> i1
      %16 = "arith.select"(%15, %0, %1) : (i1, f16, f16) -> f16
      "linalg.yield"(%16) : (f16) -> ()
    }) : (tensor<2x4x16x16xf16>) -> tensor<2x4x16x16xf16>
    %5 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf16>) -> tensor<8x16x8xf16>
    %6 = "tensor.collapse_shape"(%arg1) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf16>) -> tensor<8x16x8xf16>
    %7 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf16>) -> tensor<8x16x8xf16>
    %8 = "tensor.collapse_shape"(%4) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x16xf16>) -> tensor<8x16x16xf16>
    %9 = "tensor.empty"() : () -> tensor<8x16x8xf16>
    %10 = "linalg.fill"(%0, %9) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f16, %arg4: f16):
      "linalg.yield"(%arg3) : (f16) -> ()
    }) : (f16, tensor<8x16x8xf16>) -> tensor<8x16x8xf16>
    %11 = "tm_tensor.attention"(%5, %6, %7, %8, %10) <{operandSegmentSizes = array<i32: 4, 1>}> : (tensor<8x16x8xf16>, tensor<8x16x8xf16>, tensor<8x16x8xf16>, tensor<8x16x16xf16>, tensor<8x16x8xf16>) -> tensor<8x16x8xf16>
    %12 = "tensor.expand_shape"(%11) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, 16, 8>}> : (tensor<8x16x8xf16>) -> tensor<2x4x16x8xf16>
    "func.return"(%12) : (tensor<2x4x16x8xf16>) -> ()
  }) : () -> ()
}) : () -> ()
