// RUN: attn-opt %s --attn-prepare-lower-to-llvm | FileCheck %s

// CHECK-LABEL: func.func @strided_copy
// CHECK-NOT:     memref.copy
// CHECK:         linalg.generic
func.func @strided_copy(%a: memref<4x4xf32, strided<[8, 1]>>,
                        %b: memref<4x4xf32>) {
  memref.copy %a, %b : memref<4x4xf32, strided<[8, 1]>> to memref<4x4xf32>
  return
}

// CHECK-LABEL: func.func @negative_contiguous_copy
// CHECK:         memref.copy
func.func @negative_contiguous_copy(%a: memref<4x4xf32>, %b: memref<4x4xf32>) {
  memref.copy %a, %b : memref<4x4xf32> to memref<4x4xf32>
  return
}

// The values are checked by Tools/attn-run/float8.test.
// CHECK-LABEL: func.func @float8
// CHECK-NOT:     arith.extf {{.*}}f8
// CHECK-NOT:     arith.truncf {{.*}}f8
// CHECK:         arith.bitcast %{{.*}} : vector<16xf8E4M3FN> to vector<16xi8>
// CHECK:         arith.bitcast %{{.*}} : vector<16xi8> to vector<16xf8E5M2>
func.func @float8(%x: vector<16xf8E4M3FN>) -> vector<16xf8E5M2> {
  %wide = arith.extf %x : vector<16xf8E4M3FN> to vector<16xf32>
  %narrow = arith.truncf %wide : vector<16xf32> to vector<16xf8E5M2>
  return %narrow : vector<16xf8E5M2>
}

// CHECK-LABEL: func.func @negative_other_floats
// CHECK:         arith.extf %{{.*}} : bf16 to f32
func.func @negative_other_floats(%x: bf16) -> f32 {
  %wide = arith.extf %x : bf16 to f32
  return %wide : f32
}

// Upstream's expand-strided-metadata crashes on it.
// CHECK-LABEL: func.func @two_sizes_of_one
// CHECK-SAME:    %[[SOURCE:[^:]+]]: {{.*}}, %[[A:[^:]+]]: index, %[[B:[^:]+]]: index
// CHECK:         %[[BASE:.*]], %[[OFFSET:.*]], %{{.*}}:2, %[[STRIDES:.*]]:2 = memref.extract_strided_metadata %[[SOURCE]]
// CHECK:         %[[OUTER:.*]] = arith.muli %[[STRIDES]]#0, %[[B]]
// CHECK:         memref.reinterpret_cast %[[BASE]] to offset: [%[[OFFSET]]], sizes: [%[[A]], %[[B]], 3, 4],
// CHECK-SAME:      strides: [%[[OUTER]], %[[STRIDES]]#0, 4, 1]
// CHECK-NOT:     memref.expand_shape
func.func @two_sizes_of_one(%source: memref<?x12xf32, strided<[?, 1], offset: ?>>,
                            %a: index, %b: index)
    -> memref<?x?x3x4xf32, strided<[?, ?, 4, 1], offset: ?>> {
  %0 = memref.expand_shape %source [[0, 1], [2, 3]] output_shape [%a, %b, 3, 4]
    : memref<?x12xf32, strided<[?, 1], offset: ?>>
    into memref<?x?x3x4xf32, strided<[?, ?, 4, 1], offset: ?>>
  return %0 : memref<?x?x3x4xf32, strided<[?, ?, 4, 1], offset: ?>>
}

// CHECK-LABEL: func.func @negative_one_size_of_one
// CHECK:         memref.expand_shape
func.func @negative_one_size_of_one(%source: memref<?xf32>, %a: index)
    -> memref<?x4xf32> {
  %0 = memref.expand_shape %source [[0, 1]] output_shape [%a, 4]
    : memref<?xf32> into memref<?x4xf32>
  return %0 : memref<?x4xf32>
}
