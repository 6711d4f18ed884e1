// RUN: attn-opt %s --split-input-file --attn-count-loads --canonicalize | FileCheck %s

// CHECK: func.func private @attn_rt_count_loads(i64, i64)

// 8 lanes of 4 bytes an iteration, counted before the loop, whether it is one
// of an outer loop or not.
// CHECK-LABEL: func.func @loops(
// CHECK-SAME:    %[[X:.*]]: memref<?xf32>, %[[N:[^:]+]]: index
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : i64
// CHECK-DAG:     %[[C32:.*]] = arith.constant 32 : i64
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK-NOT:         call
// CHECK:             vector.load
// CHECK:         call @attn_rt_count_loads(%[[C0]], %[[ALL:.*]]) : (i64, i64) -> ()
// CHECK-NEXT:    return
func.func @loops(%x: memref<?xf32>, %n: index, %out: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c8 {
      %v = vector.load %x[%j] : memref<?xf32>, vector<8xf32>
      vector.store %v, %out[%c0] : memref<8xf32>, vector<8xf32>
    }
  }
  return
}

// A loop that depends on the one around it is counted in that.
// CHECK-LABEL: func.func @triangle(
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:           }
// CHECK:           call @attn_rt_count_loads
// CHECK:         }
// CHECK-NEXT:    return
func.func @triangle(%x: memref<?xf32>, %n: index, %out: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %i step %c1 {
      %v = memref.load %x[%j] : memref<?xf32>
      memref.store %v, %out[%c0] : memref<8xf32>
    }
  }
  return
}

// Views, carried buffers, branches and parallel bodies: each counts where it
// runs, by the element's type in memory.
// CHECK-LABEL: func.func @views(
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : i64
// CHECK-DAG:     %[[C16:.*]] = arith.constant 16 : i64
// CHECK:         scf.parallel
// CHECK:           scf.if
// CHECK:             vector.load
// CHECK:             func.call @attn_rt_count_loads(%[[C1]], %[[C16]])
func.func @views(%a: memref<64xf32>, %x: memref<?x64xf16>, %n: index,
                 %out: memref<8xf16>, %b: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %cast = memref.cast %x : memref<?x64xf16> to memref<4x64xf16>
  %view = memref.subview %cast[1, 0] [1, 64] [1, 1]
    : memref<4x64xf16> to memref<64xf16, strided<[1], offset: 64>>
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.if %b {
      %v = vector.load %view[%i] : memref<64xf16, strided<[1], offset: 64>>, vector<8xf16>
      vector.store %v, %out[%c0] : memref<8xf16>, vector<8xf16>
    }
  }
  return
}

// Only lanes asked for: a mask's, and those before the end.
// CHECK-LABEL: func.func @lanes(
// CHECK-DAG:     %[[MASKED:.*]] = arith.extui %{{.*}} : vector<8xi1> to vector<8xi64>
// CHECK:         vector.reduction <add>, %[[MASKED]]
// CHECK:         arith.minsi
// CHECK:         call @attn_rt_count_loads
func.func @lanes(%x: memref<?xf32>, %mask: vector<8xi1>, %at: index,
                 %index: vector<8xindex>) -> vector<8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %f0 = arith.constant 0.0 : f32
  %a = vector.maskedload %x[%c0], %mask, %zero
    : memref<?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  %b = vector.gather %x[%c0] [%index], %mask, %a
    : memref<?xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  %c = vector.transfer_read %x[%at], %f0 : memref<?xf32>, vector<8xf32>
  %d = vector.mask %mask { vector.transfer_read %x[%at], %f0
    : memref<?xf32>, vector<8xf32> } : vector<8xi1> -> vector<8xf32>
  %e = vector.expandload %x[%c0], %mask, %d
    : memref<?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  %sum = arith.addf %b, %c : vector<8xf32>
  %all = arith.addf %sum, %e : vector<8xf32>
  return %all : vector<8xf32>
}

// A copy reads all of its source: 3 * 4 * 2 bytes.
// CHECK-LABEL: func.func @copy(
// CHECK:         %[[C24:.*]] = arith.constant 24 : i64
// CHECK:         call @attn_rt_count_loads(%{{.*}}, %[[C24]])
func.func @copy(%x: memref<3x4xbf16>, %y: memref<3x4xbf16>) {
  memref.copy %x, %y : memref<3x4xbf16> to memref<3x4xbf16>
  return
}

// Hints, stores, own buffers and private functions.
// CHECK-LABEL: func.func @negative_no_loads(
// CHECK-NOT:     call
func.func @negative_no_loads(%x: memref<8xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %own = memref.alloca() : memref<8xf32>
  memref.prefetch %x[%c0], read, locality<3>, data : memref<8xf32>
  memref.store %f0, %x[%c0] : memref<8xf32>
  memref.store %f0, %own[%c0] : memref<8xf32>
  %0 = memref.load %own[%c0] : memref<8xf32>
  return %0 : f32
}
// CHECK-LABEL: func.func private @negative_private(
// CHECK-NOT:     call
func.func private @negative_private(%x: memref<8xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %0 = memref.load %x[%c0] : memref<8xf32>
  return %0 : f32
}

// -----

// Nothing to count: nothing is declared.
// CHECK-LABEL: module
// CHECK-NOT:   attn_rt_count_loads
func.func @negative_nothing(%n: index) -> index {
  return %n : index
}
