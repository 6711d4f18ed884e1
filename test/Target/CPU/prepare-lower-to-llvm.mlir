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
