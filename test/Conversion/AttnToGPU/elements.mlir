// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// A thread for each row: the sum is in a register, what it begins with in
// memory.
// CHECK-LABEL: func.func @rows
// CHECK-SAME:    %[[A:[^:]+]]: memref<3x?xf16>, %[[S:[^:]+]]: memref<3xf32>
// CHECK:         gpu.launch {{.*}} = %c1, {{.*}} threads{{.*}} = %c128,
// CHECK:           %[[INIT:.+]] = memref.load %[[S]]
// CHECK:           %[[SUM:.+]] = scf.for %[[J:.+]] = {{.*}} iter_args(%{{.+}} = %[[INIT]])
// CHECK:             memref.load %[[A]][%{{.+}}, %[[J]]]
// CHECK-NOT:         memref.store
// CHECK:           memref.store %[[SUM]], %[[S]]
// CHECK-NOT:     linalg.
func.func @rows(%a: memref<3x?xf16>, %s: memref<3xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>,
                                   affine_map<(i, j) -> (i)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<3x?xf16>) outs(%s : memref<3xf32>) {
  ^bb0(%x: f16, %sum: f32):
    %y = arith.extf %x : f16 to f32
    %z = arith.addf %sum, %y : f32
    linalg.yield %z : f32
  }
  return
}

// -----

// What is there before is not read where it does not matter.
// CHECK-LABEL: func.func @fill
// CHECK-SAME:    %[[S:[^:]+]]: memref<?x3xf32>, %[[X:[^:]+]]: f32
// CHECK:         gpu.launch
// CHECK-NOT:       memref.load
// CHECK:           memref.store %[[X]], %[[S]]
func.func @fill(%s: memref<?x3xf32>, %x: f32) {
  linalg.fill ins(%x : f32) outs(%s : memref<?x3xf32>)
  return
}
