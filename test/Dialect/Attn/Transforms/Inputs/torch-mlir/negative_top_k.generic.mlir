// Captured from torch-mlir 20261001, torch 2.13.0, by: capture.py negative_top_k
// MLIR 22 parses it with --allow-unregistered-dialect
// Only scores not below the fourth largest of their row take part.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map5 = affine_map<(d0, d1, d2, d3) -> ()>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<2x4x16x8xf32>, tensor<2x4x16x8xf32>, tensor<2x4x16x8xf32>) -> tensor<2x4x16x8xf32>, sym_name = "negative_top_k"}> ({
  ^bb0(%arg0: tensor<2x4x16x8xf32>, %arg1: tensor<2x4x16x8xf32>, %arg2: tensor<2x4x16x8xf32>):
    %0 = "arith.constant"() <{value = 0 : i64}> : () -> i64
    %1 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %2 = "arith.constant"() <{value = 0xFF800000 : f32}> : () -> f32
    %3 = "arith.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
    %4 = "arith.constant"() <{value = 3.500000e-01 : f64}> : () -> f64
    %5 = "tensor.empty"() : () -> tensor<2x4x8x16xf32>
    %6 = "linalg.transpose"(%arg1, %5) <{permutation = array<i64: 0, 1, 3, 2>}> ({
    ^bb0(%arg46: f32, %arg47: f32):
      "linalg.yield"(%arg46) : (f32) -> ()
    }) : (tensor<2x4x16x8xf32>, tensor<2x4x8x16xf32>) -> tensor<2x4x8x16xf32>
    %7 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %8 = "tensor.collapse_shape"(%6) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x8x16xf32>) -> tensor<8x8x16xf32>
    %9 = "tensor.empty"() : () -> tensor<8x16x16xf32>
    %10 = "linalg.fill"(%1, %9) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg44: f32, %arg45: f32):
      "linalg.yield"(%arg44) : (f32) -> ()
    }) : (f32, tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %11 = "linalg.batch_matmul"(%7, %8, %10) <{indexing_maps = [#map, #map1, #map2], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg41: f32, %arg42: f32, %arg43: f32):
      %59 = "arith.mulf"(%arg41, %arg42) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %60 = "arith.addf"(%arg43, %59) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%60) : (f32) -> ()
    }) : (tensor<8x16x8xf32>, tensor<8x8x16xf32>, tensor<8x16x16xf32>) -> tensor<8x16x16xf32>
    %12 = "tensor.expand_shape"(%11) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, 16, 16>}> : (tensor<8x16x16xf32>) -> tensor<2x4x16x16xf32>
    %13 = "tensor.empty"() : () -> tensor<2x4x16x16xf32>
    %14 = "linalg.generic"(%12, %13) <{indexing_maps = [#map3, #map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg39: f32, %arg40: f32):
      %57 = "arith.truncf"(%4) : (f64) -> f32
      %58 = "arith.mulf"(%arg39, %57) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%58) : (f32) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %15 = "tensor.empty"() : () -> tensor<2x4x16x16xi64>
    %16 = "linalg.generic"(%15) <{indexing_maps = [#map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 0, 1>}> ({
    ^bb0(%arg38: i64):
      %55 = "linalg.index"() <{dim = 3 : i64}> : () -> index
      %56 = "arith.index_cast"(%55) : (index) -> i64
      "linalg.yield"(%56) : (i64) -> ()
    }) : (tensor<2x4x16x16xi64>) -> tensor<2x4x16x16xi64>
    %17:2 = "tm_tensor.sort"(%14, %16) <{dimension = 3 : i64, operandSegmentSizes = array<i32: 0, 2>}> ({
    ^bb0(%arg34: f32, %arg35: f32, %arg36: i64, %arg37: i64):
      %54 = "arith.cmpf"(%arg34, %arg35) <{fastmath = #arith.fastmath<none>, predicate = 3 : i64}> : (f32, f32) -> i1
      "tm_tensor.yield"(%54) : (i1) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16x16xi64>) -> (tensor<2x4x16x16xf32>, tensor<2x4x16x16xi64>)
    %18 = "tensor.extract_slice"(%17#0) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, static_offsets = array<i64: 0, 0, 0, 0>, static_sizes = array<i64: 2, 4, 16, 4>, static_strides = array<i64: 1, 1, 1, 1>}> : (tensor<2x4x16x16xf32>) -> tensor<2x4x16x4xf32>
    %19 = "tensor.extract_slice"(%18) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, static_offsets = array<i64: 0, 0, 0, 3>, static_sizes = array<i64: 2, 4, 16, 1>, static_strides = array<i64: 1, 1, 1, 1>}> : (tensor<2x4x16x4xf32>) -> tensor<2x4x16x1xf32>
    %20 = "tensor.empty"() : () -> tensor<2x4x16x16xi1>
    %21 = "linalg.generic"(%14, %19, %20) <{indexing_maps = [#map3, #map4, #map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg31: f32, %arg32: f32, %arg33: i1):
      %53 = "arith.cmpf"(%arg31, %arg32) <{fastmath = #arith.fastmath<none>, predicate = 4 : i64}> : (f32, f32) -> i1
      "linalg.yield"(%53) : (i1) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>, tensor<2x4x16x16xi1>) -> tensor<2x4x16x16xi1>
    %22 = "linalg.generic"(%21, %3, %14, %13) <{indexing_maps = [#map3, #map5, #map3, #map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 3, 1>}> ({
    ^bb0(%arg27: i1, %arg28: f32, %arg29: f32, %arg30: f32):
      %52 = "arith.select"(%arg27, %arg28, %arg29) : (i1, f32, f32) -> f32
      "linalg.yield"(%52) : (f32) -> ()
    }) : (tensor<2x4x16x16xi1>, tensor<f32>, tensor<2x4x16x16xf32>, tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %23 = "tensor.empty"() : () -> tensor<2x4x16xi64>
    %24 = "linalg.fill"(%0, %23) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg25: i64, %arg26: i64):
      "linalg.yield"(%arg25) : (i64) -> ()
    }) : (i64, tensor<2x4x16xi64>) -> tensor<2x4x16xi64>
    %25 = "tensor.empty"() : () -> tensor<2x4x16xf32>
    %26 = "linalg.fill"(%2, %25) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg23: f32, %arg24: f32):
      "linalg.yield"(%arg23) : (f32) -> ()
    }) : (f32, tensor<2x4x16xf32>) -> tensor<2x4x16xf32>
    %27:2 = "linalg.generic"(%22, %26, %24) <{indexing_maps = [#map3, #map2, #map2], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 2>}> ({
    ^bb0(%arg20: f32, %arg21: f32, %arg22: i64):
      %47 = "linalg.index"() <{dim = 3 : i64}> : () -> index
      %48 = "arith.index_cast"(%47) : (index) -> i64
      %49 = "arith.maximumf"(%arg20, %arg21) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %50 = "arith.cmpf"(%arg20, %arg21) <{fastmath = #arith.fastmath<none>, predicate = 2 : i64}> : (f32, f32) -> i1
      %51 = "arith.select"(%50, %48, %arg22) : (i1, i64, i64) -> i64
      "linalg.yield"(%49, %51) : (f32, i64) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16xf32>, tensor<2x4x16xi64>) -> (tensor<2x4x16xf32>, tensor<2x4x16xi64>)
    %28 = "tensor.expand_shape"(%27#0) <{reassociation = [[0], [1], [2, 3]], static_output_shape = array<i64: 2, 4, 16, 1>}> : (tensor<2x4x16xf32>) -> tensor<2x4x16x1xf32>
    %29 = "linalg.generic"(%22, %28, %13) <{indexing_maps = [#map3, #map4, #map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg17: f32, %arg18: f32, %arg19: f32):
      %46 = "arith.subf"(%arg17, %arg18) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%46) : (f32) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>, tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %30 = "linalg.generic"(%29, %13) <{indexing_maps = [#map3, #map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg15: f32, %arg16: f32):
      %45 = "math.exp"(%arg15) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%45) : (f32) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %31 = "tensor.empty"() : () -> tensor<2x4x16x1xf32>
    %32 = "linalg.fill"(%1, %31) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg13: f32, %arg14: f32):
      "linalg.yield"(%arg13) : (f32) -> ()
    }) : (f32, tensor<2x4x16x1xf32>) -> tensor<2x4x16x1xf32>
    %33 = "linalg.generic"(%30, %32) <{indexing_maps = [#map3, #map4], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg11: f32, %arg12: f32):
      %44 = "arith.addf"(%arg11, %arg12) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%44) : (f32) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>) -> tensor<2x4x16x1xf32>
    %34 = "linalg.generic"(%30, %33, %13) <{indexing_maps = [#map3, #map4, #map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg8: f32, %arg9: f32, %arg10: f32):
      %43 = "arith.divf"(%arg8, %arg9) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%43) : (f32) -> ()
    }) : (tensor<2x4x16x16xf32>, tensor<2x4x16x1xf32>, tensor<2x4x16x16xf32>) -> tensor<2x4x16x16xf32>
    %35 = "tensor.collapse_shape"(%34) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x16xf32>) -> tensor<8x16x16xf32>
    %36 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<2x4x16x8xf32>) -> tensor<8x16x8xf32>
    %37 = "tensor.empty"() : () -> tensor<8x16x8xf32>
    %38 = "linalg.fill"(%1, %37) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg6: f32, %arg7: f32):
      "linalg.yield"(%arg6) : (f32) -> ()
    }) : (f32, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %39 = "linalg.batch_matmul"(%35, %36, %38) <{indexing_maps = [#map, #map1, #map2], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg3: f32, %arg4: f32, %arg5: f32):
      %41 = "arith.mulf"(%arg3, %arg4) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %42 = "arith.addf"(%arg5, %41) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%42) : (f32) -> ()
    }) : (tensor<8x16x16xf32>, tensor<8x16x8xf32>, tensor<8x16x8xf32>) -> tensor<8x16x8xf32>
    %40 = "tensor.expand_shape"(%39) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 2, 4, 16, 8>}> : (tensor<8x16x8xf32>) -> tensor<2x4x16x8xf32>
    "func.return"(%40) : (tensor<2x4x16x8xf32>) -> ()
  }) : () -> ()
}) : () -> ()
