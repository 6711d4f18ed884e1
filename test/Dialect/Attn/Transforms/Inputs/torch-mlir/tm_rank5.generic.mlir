// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_rank5
// MLIR 22 parses it with --allow-unregistered-dialect
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<1x2x4x16x8xf32>, tensor<1x2x4x16x8xf32>, tensor<1x2x4x16x8xf32>) -> tensor<1x2x4x16x8xf32>, sym_name = "tm_rank5"}> ({
  ^bb0(%arg0: tensor<1x2x4x16x8xf32>, %arg1: tensor<1x2x4x16x8xf32>, %arg2: tensor<1x2x4x16x8xf32>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %1 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1, 2], [3], [4]]}> : (tensor<1x2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %2 = "tensor.collapse_shape"(%arg1) <{reassociation = [[0, 1, 2], [3], [4]]}> : (tensor<1x2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %3 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1, 2], [3], [4]]}> : (tensor<1x2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %4 = "tensor.empty"() : () -> tensor<8x16x8xf32>
    %5 = "linalg.fill"(%0, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %6 = "tm_tensor.attention"(%1, %2, %3, %5) <{operandSegmentSizes = array<i32: 3, 1>}> : (tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %7 = "tensor.expand_shape"(%6) <{reassociation = [[0, 1, 2], [3], [4]], static_output_shape = array<i64: 1, 2, 4, 16, 8>}> : (tensor<8x16x8xf32>) -> tensor<1x2x4x16x8xf32>
    "func.return"(%7) : (tensor<1x2x4x16x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
