// RUN: attn-opt %s --attn-outline-parallel-loops --canonicalize --split-input-file | FileCheck %s

// The captured memref and bound travel in a struct; constants are cloned.
// CHECK:       llvm.func @attn_rt_parallel_for(i64, !llvm.ptr, !llvm.ptr)
// CHECK-LABEL: func.func private @zero_body
// CHECK-SAME:    (%[[CTX:.*]]: !llvm.ptr, %[[INDEX:.*]]: i64, %{{.*}}: i64)
// CHECK:         %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:         %[[SLOT:.*]] = llvm.getelementptr %[[CTX]][0, 0]
// CHECK:         %[[FIELD:.*]] = llvm.load %[[SLOT]]
// CHECK:         %[[M:.*]] = builtin.unrealized_conversion_cast %[[FIELD]]
// CHECK:         %[[I:.*]] = arith.index_cast %[[INDEX]] : i64 to index
// CHECK:         memref.store %[[ZERO]], %[[M]][%[[I]]]
// CHECK-LABEL: func.func @zero
// CHECK-SAME:    (%[[ARG:.*]]: memref<?xf32>, %[[N:.*]]: index)
// CHECK-DAG:     %[[BODY:.*]] = constant @zero_body
// CHECK-DAG:     %[[CALLER_CTX:.*]] = llvm.alloca
// CHECK:         %[[TRIPS:.*]] = arith.maxsi %[[N]]
// CHECK:         %[[COUNT:.*]] = arith.index_cast %[[TRIPS]] : index to i64
// CHECK:         %[[ADDRESS:.*]] = builtin.unrealized_conversion_cast %[[BODY]]
// CHECK:         llvm.call @attn_rt_parallel_for(%[[COUNT]], %[[ADDRESS]], %[[CALLER_CTX]])
// CHECK-NOT:     scf.parallel
func.func @zero(%m: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %f0, %m[%i] : memref<?xf32>
  }
  return
}

// -----

// Two dimensions become one index, the last fastest; steps round up.
// CHECK-LABEL: func.func private @grid_body
// CHECK-SAME:    (%{{.*}}: !llvm.ptr, %[[INDEX:.*]]: i64, %{{.*}}: i64)
// CHECK-DAG:     %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG:     %[[C3:.*]] = arith.constant 3 : index
// CHECK:         %[[LINEAR:.*]] = arith.index_cast %[[INDEX]]
// CHECK:         %[[J:.*]] = arith.remui %[[LINEAR]], %[[C4]]
// CHECK:         arith.divui %[[LINEAR]], %[[C4]]
// CHECK:         arith.muli %[[J]], %[[C3]]
// CHECK-LABEL: func.func @grid
// CHECK:         %[[COUNT:.*]] = arith.constant 20 : i64
// CHECK:         llvm.call @attn_rt_parallel_for(%[[COUNT]]
func.func @grid(%m: memref<8x16xf32>, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c10 = arith.constant 10 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c5, %c10) step (%c1, %c3) {
    memref.store %x, %m[%i, %j] : memref<8x16xf32>
  }
  return
}

// -----

// A bufferized scf.forall is outlined; a loop nested in it becomes scf.for. The
// struct lies in the entry block although the loop is inside another.
// CHECK-LABEL: func.func private @nested_body
// CHECK:         memref.alloca() : memref<16xf32>
// CHECK:         scf.for
// CHECK-LABEL: func.func @nested
// CHECK:         llvm.alloca
// CHECK:         scf.for
// CHECK-NOT:     llvm.alloca
// CHECK:         llvm.call @attn_rt_parallel_for
func.func @nested(%m: memref<4x4xf32>, %x: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %k = %c0 to %n step %c1 {
    scf.forall (%i) in (4) {
      %a = memref.alloca() : memref<16xf32>
      scf.parallel (%j) = (%c0) to (%c4) step (%c1) {
        memref.store %x, %a[%j] : memref<16xf32>
        %y = memref.load %a[%j] : memref<16xf32>
        memref.store %y, %m[%i, %j] : memref<4x4xf32>
      }
    }
  }
  return
}

// -----

// CHECK-LABEL: func.func @negative_reduction
// CHECK:         scf.parallel
// CHECK:         scf.reduce
func.func @negative_reduction(%m: memref<4xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %f0 = arith.constant 0.0 : f32
  %sum = scf.parallel (%i) = (%c0) to (%c4) step (%c1) init (%f0) -> f32 {
    %x = memref.load %m[%i] : memref<4xf32>
    scf.reduce(%x : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %sum : f32
}

// The thread of a task is its argument; around tasks there is one thread.
// CHECK-LABEL: func.func private @threads_body
// CHECK-SAME:    %[[THREAD:[^:]*]]: i64) {
// CHECK:         memref.store %[[THREAD]]
// CHECK-LABEL: func.func @threads
// CHECK:         memref.store %c0_i64
// CHECK-NOT:   attn_rt_thread
func.func private @attn_rt_thread() -> i64
func.func @threads(%m: memref<?xi64>, %n: index) {
  %outside = func.call @attn_rt_thread() : () -> i64
  memref.store %outside, %m[%n] : memref<?xi64>
  scf.forall (%i) in (%n) {
    scf.forall (%j) in (%n) {
      %thread = func.call @attn_rt_thread() : () -> i64
      memref.store %thread, %m[%i] : memref<?xi64>
    }
  }
  return
}
