// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_dynamic_seq
// MLIR 22 parses it with --allow-unregistered-dialect
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>, sym_name = "tm_dynamic_seq"}> ({
  ^bb0(%arg0: tensor<2x4x?x8xf32>, %arg1: tensor<2x4x?x8xf32>, %arg2: tensor<2x4x?x8xf32>):
    %0 = "arith.constant"() <{value = 1 : index}> : () -> index
    %1 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %2 = "arith.constant"() <{value = 2 : index}> : () -> index
    %3 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x?x8xf32>) -> tensor<8x?x8xf32>
    %4 = "tensor.collapse_shape"(%arg1) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x?x8xf32>) -> tensor<8x?x8xf32>
    %5 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x?x8xf32>) -> tensor<8x?x8xf32>
    %6 = "tensor.dim"(%arg0, %2) : (tensor<2x4x?x8xf32>, index) -> index
    %7 = "tensor.empty"(%6) : (index) -> tensor<8x?x8xf32>
    %8 = "linalg.fill"(%1, %7) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %9 = "tm_tensor.attention"(%3, %4, %5, %8) <{operandSegmentSizes = array<i32: 3, 1>}> : (tensor<8x?x8xf32>, tensor<8x?x8xf32>, tensor<8x?x8xf32>, tensor<8x?x8xf32>) -> tensor<8x?x8xf32>
    %10 = "tensor.dim"(%9, %0) : (tensor<8x?x8xf32>, index) -> index
    %11 = "tensor.expand_shape"(%9, %10) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, -9223372036854775808, 8>}> : (tensor<8x?x8xf32>, index) -> tensor<2x4x?x8xf32>
    "func.return"(%11) : (tensor<2x4x?x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
