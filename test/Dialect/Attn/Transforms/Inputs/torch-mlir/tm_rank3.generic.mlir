// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_rank3
// MLIR 22 parses it with --allow-unregistered-dialect
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x16x8xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>) -> tensor<2x16x8xf32>, sym_name = "tm_rank3"}> ({
  ^bb0(%arg0: tensor<2x16x8xf32>, %arg1: tensor<2x16x8xf32>, %arg2: tensor<2x16x8xf32>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %1 = "tensor.empty"() : () -> tensor<2x16x8xf32>
    %2 = "linalg.fill"(%0, %1) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<2x16x8xf32>) -> tensor<2x16x8xf32>
    %3 = "tm_tensor.attention"(%arg0, %arg1, %arg2, %2) <{operandSegmentSizes = array<i32: 3, 1>}> : (tensor<2x16x8xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>) -> tensor<2x16x8xf32>
    "func.return"(%3) : (tensor<2x16x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
