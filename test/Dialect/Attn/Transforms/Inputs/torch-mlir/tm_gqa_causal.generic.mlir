// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py tm_gqa_causal
// MLIR 22 parses it with --allow-unregistered-dialect
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x4x16x8xf32>, tensor<2x2x16x8xf32>, tensor<2x2x16x8xf32>) -> tensor<2x4x16x8xf32>, sym_name = "tm_gqa_causal"}> ({
  ^bb0(%arg0: tensor<2x4x16x8xf32>, %arg1: tensor<2x2x16x8xf32>, %arg2: tensor<2x2x16x8xf32>):
    %0 = "arith.constant"() <{value = 0xFF800000 : f32}> : () -> f32
    %1 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %2 = "tensor.empty"() : () -> tensor<2x4x16x16xf32>
    %3 = "linalg.fill"(%1, %2) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg10: f32, %arg11: f32):
      "linalg.yield"(%arg10) : (f32) -> ()
    }) : (f32, tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %4 = "linalg.generic"(%3) <{indexing_maps = [#map], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 0, 1>}> ({
    ^bb0(%arg9: f32):
      %18 = "linalg.index"() <{dim = 2 : i64}> : () -> index
      %19 = "linalg.index"() <{dim = 3 : i64}> : () -> index
      %20 = "arith.cmpi"(%18, %19) <{predicate = 5 : i64}> : (index, index) -> i1
      %21 = "arith.select"(%20, %1, %0) : (i1, f32, f32) -> f32
      "linalg.yield"(%21) : (f32) -> ()
    }) : (tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %5 = "tensor.empty"() : () -> tensor<2x2x2x16x8xf32>
    %6 = "linalg.generic"(%arg1, %5) <{indexing_maps = [#map1, #map2], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg7: f32, %arg8: f32):
      "linalg.yield"(%arg7) : (f32) -> ()
    }) : (tensor<2x2x16x8xf32>, tensor<2x2x2x16x8xf32>) -> tensor<2x2x2x16x8xf32>
    %7 = "tensor.collapse_shape"(%6) <{reassociation = [[0], [1, 2], [3], [4]]}> : (tensor<2x2x2x16x8xf32>) -> tensor<2x4x16x8xf32>
    %8 = "linalg.generic"(%arg2, %5) <{indexing_maps = [#map1, #map2], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg5: f32, %arg6: f32):
      "linalg.yield"(%arg5) : (f32) -> ()
    }) : (tensor<2x2x16x8xf32>, tensor<2x2x2x16x8xf32>) -> tensor<2x2x2x16x8xf32>
    %9 = "tensor.collapse_shape"(%8) <{reassociation = [[0], [1, 2], [3], [4]]}> : (tensor<2x2x2x16x8xf32>) -> tensor<2x4x16x8xf32>
    %10 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %11 = "tensor.collapse_shape"(%7) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %12 = "tensor.collapse_shape"(%9) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %13 = "tensor.collapse_shape"(%4) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x16xf32>) -> tensor<8x16x16xf32>
    %14 = "tensor.empty"() : () -> tensor<8x16x8xf32>
    %15 = "linalg.fill"(%1, %14) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32):
      "linalg.yield"(%arg3) : (f32) -> ()
    }) : (f32, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %16 = "tm_tensor.attention"(%10, %11, %12, %13, %15) <{operandSegmentSizes = array<i32: 4, 1>}> : (tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x8xf32>, tensor<8x16x16xf32>, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %17 = "tensor.expand_shape"(%16) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, 16, 8>}> : (tensor<8x16x8xf32>) -> tensor<2x4x16x8xf32>
    "func.return"(%17) : (tensor<2x4x16x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
