// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_dynamic_batch
// MLIR 22 parses it with --allow-unregistered-dialect
#map = affine_map<()[s0] -> (s0 * 4)>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<?x4x16x8xf32>, tensor<?x4x16x8xf32>, tensor<?x4x16x8xf32>) -> tensor<?x4x16x8xf32>, sym_name = "tm_dynamic_batch"}> ({
  ^bb0(%arg0: tensor<?x4x16x8xf32>, %arg1: tensor<?x4x16x8xf32>, %arg2: tensor<?x4x16x8xf32>):
    %0 = "arith.constant"() <{value = 0 : index}> : () -> index
    %1 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %2 = "arith.constant"() <{value = 4 : index}> : () -> index
    %3 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<?x4x16x8xf32>) -> tensor<?x16x8xf32>
    %4 = "tensor.collapse_shape"(%arg1) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<?x4x16x8xf32>) -> tensor<?x16x8xf32>
    %5 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<?x4x16x8xf32>) -> tensor<?x16x8xf32>
    %6 = "tensor.dim"(%arg0, %0) : (tensor<?x4x16x8xf32>, index) -> index
    %7 = "affine.apply"(%6) <{map = #map}> : (index) -> index
    %8 = "tensor.empty"(%7) : (index) -> tensor<?x16x8xf32>
    %9 = "linalg.fill"(%1, %8) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<?x16x8xf32>) -> tensor<?x16x8xf32>
    %10 = "tm_tensor.attention"(%3, %4, %5, %9) <{operandSegmentSizes = array<i32: 3, 1>}> : (tensor<?x16x8xf32>, tensor<?x16x8xf32>, tensor<?x16x8xf32>, tensor<?x16x8xf32>) -> tensor<?x16x8xf32>
    %11 = "tensor.dim"(%10, %0) : (tensor<?x16x8xf32>, index) -> index
    %12 = "arith.divsi"(%11, %2) : (index, index) -> index
    %13 = "tensor.expand_shape"(%10, %12) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: -9223372036854775808, 4, 16, 8>}> : (tensor<?x16x8xf32>, index) -> tensor<?x4x16x8xf32>
    "func.return"(%13) : (tensor<?x4x16x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
