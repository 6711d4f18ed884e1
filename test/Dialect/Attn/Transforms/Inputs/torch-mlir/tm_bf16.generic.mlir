// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_bf16
// MLIR 22 parses it with --allow-unregistered-dialect
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x4x16x8xbf16>, tensor<2x4x16x8xbf16>, tensor<2x4x16x8xbf16>) -> tensor<2x4x16x8xbf16>, sym_name = "tm_bf16"}> ({
  ^bb0(%arg0: tensor<2x4x16x8xbf16>, %arg1: tensor<2x4x16x8xbf16>, %arg2: tensor<2x4x16x8xbf16>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : bf16}> : () -> bf16
    %1 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xbf16>) -> tensor<8x16x8xbf16>
    %2 = "tensor.collapse_shape"(%arg1) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xbf16>) -> tensor<8x16x8xbf16>
    %3 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xbf16>) -> tensor<8x16x8xbf16>
    %4 = "tensor.empty"() : () -> tensor<8x16x8xbf16>
    %5 = "linalg.fill"(%0, %4) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: bf16, %arg4: bf16):
      "linalg.yield"(%arg3) : (bf16) -> ()
    }) : (bf16, tensor<8x16x8xbf16>) -> tensor<8x16x8xbf16>
    %6 = "tm_tensor.attention"(%1, %2, %3, %5) <{operandSegmentSizes = array<i32: 3, 1>}> : (tensor<8x16x8xbf16>, tensor<8x16x8xbf16>, tensor<8x16x8xbf16>, tensor<8x16x8xbf16>) -> tensor<8x16x8xbf16>
    %7 = "tensor.expand_shape"(%6) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, 16, 8>}> : (tensor<8x16x8xbf16>) -> tensor<2x4x16x8xbf16>
    "func.return"(%7) : (tensor<2x4x16x8xbf16>) -> ()
  }) : () -> ()
}) : () -> ()
