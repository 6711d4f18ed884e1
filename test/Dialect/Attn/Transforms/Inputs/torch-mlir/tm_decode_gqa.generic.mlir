// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_decode_gqa
// MLIR 22 parses it with --allow-unregistered-dialect
#map = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#map1 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x4x1x8xf32>, tensor<2x2x20x8xf32>, tensor<2x2x20x8xf32>) -> tensor<2x4x1x8xf32>, sym_name = "tm_decode_gqa"}> ({
  ^bb0(%arg0: tensor<2x4x1x8xf32>, %arg1: tensor<2x2x20x8xf32>, %arg2: tensor<2x2x20x8xf32>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %1 = "tensor.empty"() : () -> tensor<2x2x2x20x8xf32>
    %2 = "linalg.generic"(%arg1, %1) <{indexing_maps = [#map, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg7: f32, %arg8: f32):
      "linalg.yield"(%arg7) : (f32) -> ()
    }) : (tensor<2x2x20x8xf32>, tensor<2x2x2x20x8xf32>) -> tensor<2x2x2x20x8xf32>
    %3 = "tensor.collapse_shape"(%2) <{reassociation = [[0], [1, 2], [3], [4]]}> : (tensor<2x2x2x20x8xf32>) -> tensor<2x4x20x8xf32>
    %4 = "linalg.generic"(%arg2, %1) <{indexing_maps = [#map, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg5: f32, %arg6: f32):
      "linalg.yield"(%arg5) : (f32) -> ()
    }) : (tensor<2x2x20x8xf32>, tensor<2x2x2x20x8xf32>) -> tensor<2x2x2x20x8xf32>
    %5 = "tensor.collapse_shape"(%4) <{reassociation = [[0], [1, 2], [3], [4]]}> : (tensor<2x2x2x20x8xf32>) -> tensor<2x4x20x8xf32>
    %6 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x1x8xf32>) -> tensor<8x1x8xf32>
    %7 = "tensor.collapse_shape"(%3) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x20x8xf32>) -> tensor<8x20x8xf32>
    %8 = "tensor.collapse_shape"(%5) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x20x8xf32>) -> tensor<8x20x8xf32>
    %9 = "tensor.empty"() : () -> tensor<8x1x8xf32>
    %10 = "linalg.fill"(%0, %9) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %11 = "tm_tensor.attention"(%6, %7, %8, %10) <{operandSegmentSizes = array<i32: 3, 1>}> : (tensor<8x1x8xf32>, tensor<8x20x8xf32>, tensor<8x20x8xf32>, tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %12 = "tensor.expand_shape"(%11) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, 1, 8>}> : (tensor<8x1x8xf32>) -> tensor<2x4x1x8xf32>
    "func.return"(%12) : (tensor<2x4x1x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
