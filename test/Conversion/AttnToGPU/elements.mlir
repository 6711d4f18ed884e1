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

// -----

// A block of threads has a row of softmax, and reads it three times.
// CHECK-LABEL: func.func @softmax
// CHECK-SAME:    %[[S:[^:]+]]: memref<2x3x?xf32>, %[[P:[^:]+]]: memref<2x3x?xf32>
// CHECK:         gpu.launch {{.*}} = %c6, {{.*}} threads{{.*}} = %c256,
// CHECK:           scf.for
// CHECK-COUNT-4:     memref.load %[[S]]
// CHECK:             arith.maxnumf
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK-COUNT-4:     memref.load %[[S]]
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK-COUNT-4:     memref.load %[[S]]
// CHECK:             memref.store {{.*}}, %[[P]]
// CHECK-NOT:     linalg.softmax
func.func @softmax(%s: memref<2x3x?xf32>, %p: memref<2x3x?xf32>) {
  linalg.softmax dimension(2) ins(%s : memref<2x3x?xf32>) outs(%p : memref<2x3x?xf32>)
  return
}
