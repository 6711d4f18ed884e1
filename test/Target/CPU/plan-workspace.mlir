// RUN: attn-opt %s --split-input-file --attn-plan-workspace --canonicalize --cse | FileCheck %s
// RUN: attn-opt %s --split-input-file --attn-plan-workspace=max-stack-bytes=100000 --canonicalize --cse | FileCheck %s --check-prefix=STACK

// Buffers whose lives do not overlap share a place, by size; the tasks' part is
// a buffer of its own.
// CHECK-LABEL: func.func private @lives_workspace_bytes
// CHECK-SAME:    (%[[M:.*]]: memref<?xf32>) -> index
// CHECK:         %[[N:.*]] = memref.dim %[[M]]
// CHECK:         %[[MAX:.*]] = arith.maxsi %[[N]]
// CHECK:         %[[BYTES:.*]] = arith.muli %[[MAX]], %c4
// CHECK:         %[[UP:.*]] = arith.addi %[[BYTES]], %c63
// CHECK:         %[[ALIGNED:.*]] = arith.andi %[[UP]], %c-64
// CHECK:         %[[TOTAL:.*]] = arith.addi %[[ALIGNED]], %c448
// CHECK:         %[[RESULT:.*]] = arith.select %{{.*}}, %c9223372036854775807, %[[TOTAL]]
// CHECK:         return %[[RESULT]]

// CHECK-LABEL: func.func @lives
// CHECK-SAME:    (%[[M:.*]]: memref<?xf32>, %[[WS:.*]]: memref<?xi8>)
// CHECK:         %[[N:.*]] = memref.dim %[[M]]
// CHECK:         %[[AFTER:.*]] = arith.andi
// CHECK:         %[[SECOND:.*]] = arith.addi %[[AFTER]], %c384
// CHECK:         %[[A:.*]] = memref.view %[[WS]][%c0][%[[N]]] : memref<?xi8> to memref<?xf32>
// CHECK:         linalg.copy ins(%[[A]]
// CHECK:         memref.view %[[WS]][%[[AFTER]]][] : memref<?xi8> to memref<90xf32>
// CHECK:         memref.view %[[WS]][%[[SECOND]]][] : memref<?xi8> to memref<13xf32>
// CHECK:         %[[D:.*]] = memref.view %[[WS]][%[[SECOND]]][] : memref<?xi8> to memref<1xf32>
// CHECK:         linalg.fill {{.*}} outs(%[[D]]
// CHECK:         linalg.fill {{.*}} outs(%[[A]] : memref<?xf32>)
// CHECK-NOT:     dealloc
func.func @lives(%m: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %n = memref.dim %m, %c0 : memref<?xf32>
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.copy ins(%a : memref<?xf32>) outs(%m : memref<?xf32>)
  memref.dealloc %a : memref<?xf32>
  %b = memref.alloc() : memref<90xf32>
  %c = memref.alloc() : memref<13xf32>
  linalg.fill ins(%f : f32) outs(%c : memref<13xf32>)
  %d = memref.alloc() : memref<1xf32>
  linalg.fill ins(%f : f32) outs(%b : memref<90xf32>)
  linalg.fill ins(%f : f32) outs(%d : memref<1xf32>)
  %e = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%f : f32) outs(%e : memref<?xf32>)
  return
}

// -----

// A buffer from before a loop lives through it, one in a loop through an
// iteration, also by way of views and branches.
// CHECK-LABEL: func.func @loops
// CHECK-SAME:    i1, %[[WS:[^:]*]]: memref<?xi8>)
// CHECK:         %[[A:.*]] = memref.view %[[WS]][%c0][]
// CHECK:         scf.for
// CHECK:           %[[B:.*]] = memref.view %[[WS]][%c64][] : memref<?xi8> to memref<16xf32>
// CHECK:           linalg.fill {{.*}} outs(%[[B]]
// CHECK:           %[[X:.*]] = arith.select %{{.*}}, %[[B]], %{{.*}} : memref<16xf32>
// CHECK:           linalg.fill {{.*}} outs(%[[X]]
// CHECK:         memref.view %[[WS]][%c0][] : memref<?xi8> to memref<8xf64>
func.func @loops(%n: index, %m: memref<16xf32>, %cond: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f = arith.constant 1.0 : f32
  %g = arith.constant 1.0 : f64
  %a = memref.alloc() : memref<16xf32>
  scf.for %i = %c0 to %n step %c1 {
    %b = memref.alloc() : memref<16xf32>
    linalg.fill ins(%f : f32) outs(%b : memref<16xf32>)
    %c = memref.alloc() : memref<16xf32>
    %x = scf.if %cond -> memref<16xf32> {
      scf.yield %c : memref<16xf32>
    } else {
      scf.yield %m : memref<16xf32>
    }
    linalg.copy ins(%a : memref<16xf32>) outs(%m : memref<16xf32>)
    linalg.fill ins(%f : f32) outs(%x : memref<16xf32>)
  }
  %d = memref.alloc() : memref<8xf64>
  linalg.fill ins(%g : f64) outs(%d : memref<8xf64>)
  return
}

// -----

// Each thread has its part. Small buffers stay on its stack. The last tile is
// smaller; memory is for the largest.
// CHECK-LABEL: func.func private @tasks_workspace_bytes
// CHECK-SAME:    (%[[M:.*]]: memref<?xf32>, %{{.*}}: index)
// CHECK:         %[[N:.*]] = memref.dim %[[M]]
// CHECK:         arith.minsi %[[N]], %c32
// CHECK:         %[[T:.*]] = call @attn_rt_num_threads()
// CHECK:         %[[THREADS:.*]] = arith.index_cast %[[T]]
// CHECK:         arith.muli %{{.*}}, %[[THREADS]]

// CHECK-LABEL: func.func @tasks
// CHECK-SAME:    index, %[[WS:[^:]*]]: memref<?xi8>)
// CHECK:         %[[TILE:.*]] = arith.andi
// CHECK:         %[[PART:.*]] = arith.addi %[[TILE]], %c4096
// CHECK-NOT:     attn_rt_num_threads
// CHECK:         scf.forall
// CHECK:           %[[THREAD:.*]] = func.call @attn_rt_thread()
// CHECK:           %[[T:.*]] = arith.index_cast %[[THREAD]]
// CHECK:           %[[BASE:.*]] = arith.muli %[[T]], %[[PART]]
// CHECK:           %[[SIZE:.*]] = affine.min
// CHECK:           memref.view %[[WS]][%[[BASE]]][%[[SIZE]]] : memref<?xi8> to memref<?x64xf32>
// CHECK:           %[[NEXT:.*]] = arith.addi %[[BASE]], %[[TILE]]
// CHECK:           memref.view %[[WS]][%[[NEXT]]][] : memref<?xi8> to memref<1024xf32>
// CHECK:           memref.alloca() : memref<1024xi8>
// STACK-LABEL: func.func @tasks
// STACK:         scf.forall
// STACK-DAG:       memref.alloca() : memref<1024xf32>
// STACK-DAG:       memref.alloca() : memref<1024xi8>
// STACK-DAG:       memref.view
func.func @tasks(%m: memref<?xf32>, %k: index) {
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %z = arith.constant 1 : i8
  %n = memref.dim %m, %c0 : memref<?xf32>
  scf.forall (%i) = (0) to (%n) step (32) {
    %s = affine.min affine_map<(d0)[s0] -> (32, s0 - d0)>(%i)[%n]
    %a = memref.alloc(%s) : memref<?x64xf32>
    %b = memref.alloca() : memref<1024xf32>
    %c = memref.alloca() : memref<1024xi8>
    linalg.fill ins(%f : f32) outs(%a : memref<?x64xf32>)
    linalg.fill ins(%f : f32) outs(%b : memref<1024xf32>)
    linalg.fill ins(%z : i8) outs(%c : memref<1024xi8>)
    linalg.fill ins(%f : f32) outs(%a : memref<?x64xf32>)
    memref.dealloc %a : memref<?x64xf32>
  }
  return
}

// -----

// Bounds: what memory holds is limited by a minimum, the index of a loop by its
// end; a division that stood behind a check has a divisor before it, too.
// CHECK-LABEL: func.func private @bounds_workspace_bytes
// CHECK-SAME:    (%[[M:.*]]: memref<?xi64>, %[[K:.*]]: index)
// CHECK-DAG:     %[[N:.*]] = memref.dim %[[M]]
// CHECK-DAG:     %[[BAD:.*]] = arith.cmpi eq, %[[K]], %c0
// CHECK:         %[[SAFE:.*]] = arith.select %{{.*}}, %c1, %[[K]]
// CHECK:         arith.divsi %[[N]], %[[SAFE]]
// CHECK:         return

// CHECK-LABEL: func.func @bounds
// CHECK-NOT:     memref.alloc
func.func @bounds(%m: memref<?xi64>, %k: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %x = arith.constant 1 : i8
  %n = memref.dim %m, %c0 : memref<?xi64>
  %len = memref.load %m[%c0] : memref<?xi64>
  %l = arith.index_cast %len : i64 to index
  %known = arith.minsi %l, %n : index
  %a = memref.alloc(%known) : memref<?xi8>
  linalg.fill ins(%x : i8) outs(%a : memref<?xi8>)
  scf.for %i = %c0 to %n step %c2 {
    %rest = arith.subi %n, %i : index
    %half = arith.divsi %rest, %c2 : index
    %isLarge = arith.cmpi sgt, %i, %l : index
    %both = arith.select %isLarge, %half, %i : index
    %b = memref.alloc(%both) : memref<?xi8>
    linalg.fill ins(%x : i8) outs(%b : memref<?xi8>)
  }
  %ok = arith.cmpi ne, %k, %c0 : index
  cf.assert %ok, "expects groups"
  %group = arith.divsi %n, %k : index
  %c = memref.alloc(%group) : memref<?xi8>
  linalg.fill ins(%x : i8) outs(%c : memref<?xi8>)
  return
}

// -----

// Iterations that hand a buffer on use two places in turn; what is made after
// the loop does not lie on its result.
// CHECK-LABEL: func.func private @turns_workspace_bytes
// CHECK:         return %c576
// CHECK-LABEL: func.func @turns
// CHECK-SAME:    f32, %[[WS:[^:]*]]: memref<?xi8>)
// CHECK:         %[[FIRST:.*]] = memref.view %[[WS]][%c0][] : memref<?xi8> to memref<30xf32>
// CHECK:         %[[LAST:.*]] = scf.for %[[I:.*]] = %c3 to %{{.*}} step %c2 iter_args(%[[X:.*]] = %[[FIRST]])
// CHECK:           %[[FROM:.*]] = arith.subi %[[I]], %c3
// CHECK:           %[[NUMBER:.*]] = arith.divui %[[FROM]], %c2
// CHECK:           %[[ODD:.*]] = arith.andi %[[NUMBER]], %c1
// CHECK:           %[[TURN:.*]] = arith.muli %[[ODD]], %c128
// CHECK:           %[[AT:.*]] = arith.addi %[[TURN]], %c128
// CHECK:           %[[NEXT:.*]] = memref.view %[[WS]][%[[AT]]][] : memref<?xi8> to memref<30xf32>
// CHECK:           memref.view %[[WS]][%c384][] : memref<?xi8> to memref<40xf32>
// CHECK:           scf.yield %[[NEXT]]
// CHECK:         memref.view %[[WS]][%c384][] : memref<?xi8> to memref<40xf32>
func.func @turns(%n: index, %f: f32) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %first = memref.alloc() : memref<30xf32>
  linalg.fill ins(%f : f32) outs(%first : memref<30xf32>)
  %last = scf.for %i = %c3 to %n step %c2 iter_args(%x = %first)
      -> memref<30xf32> {
    %next = memref.alloc() : memref<30xf32>
    %other = memref.alloc() : memref<40xf32>
    linalg.fill ins(%f : f32) outs(%other : memref<40xf32>)
    linalg.copy ins(%x : memref<30xf32>) outs(%next : memref<30xf32>)
    scf.yield %next : memref<30xf32>
  }
  %after = memref.alloc() : memref<40xf32>
  linalg.fill ins(%f : f32) outs(%after : memref<40xf32>)
  linalg.fill ins(%f : f32) outs(%last : memref<30xf32>)
  return
}

// -----

// Nothing to place: the argument is there all the same, and so is the number.
// CHECK-LABEL: func.func private @negative_nothing_workspace_bytes
// CHECK:         return %c0
// CHECK-LABEL: func.func @negative_nothing
// CHECK-SAME:    memref<?xi8>
// CHECK-NOT:   attn_rt
// CHECK:       func.func private @negative_helper(%{{[^:]*}}: index) {
func.func @negative_nothing() {
  %0 = memref.alloca() : memref<8xf32>
  return
}
func.func private @negative_helper(%i: index) {
  return
}

// A buffer before all else.
// CHECK-LABEL: func.func @first(
// CHECK-SAME:    %[[X:[^:]*]]: memref<4096x8xf32>, %[[W:[^:]*]]: memref<?xi8>
// CHECK:         memref.view %[[W]]
func.func @first(%x: memref<4096x8xf32>) {
  %b = memref.alloc() {alignment = 64 : i64} : memref<4096x8xf32>
  linalg.exp ins(%x : memref<4096x8xf32>) outs(%b : memref<4096x8xf32>)
  memref.copy %b, %x : memref<4096x8xf32> to memref<4096x8xf32>
  return
}

// -----

// The size of a buffer by the size of a merged view: one that of an argument
// over, the other that of an expanded one.
// CHECK-LABEL: func.func private @reshaped_workspace_bytes
// CHECK-SAME:    (%[[X:.*]]: memref<?x2x?xf32>) -> index
// CHECK-DAG:     memref.dim %[[X]], %c0
// CHECK-DAG:     memref.dim %[[X]], %c2
// CHECK-LABEL: func.func @reshaped(
// CHECK-NOT:     memref.alloc
func.func @reshaped(%x: memref<?x2x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %a = memref.dim %x, %c0 : memref<?x2x?xf32>
  %b = memref.dim %x, %c2 : memref<?x2x?xf32>
  %expanded = memref.expand_shape %x [[0], [1, 2], [3]] output_shape [%a, 1, 2, %b]
    : memref<?x2x?xf32> into memref<?x1x2x?xf32>
  %merged = memref.collapse_shape %expanded [[0, 1], [2, 3]]
    : memref<?x1x2x?xf32> into memref<?x?xf32>
  %m = memref.dim %merged, %c0 : memref<?x?xf32>
  %n = memref.dim %merged, %c1 : memref<?x?xf32>
  %buffer = memref.alloc(%m, %n) : memref<?x?xf32>
  linalg.exp ins(%merged : memref<?x?xf32>) outs(%buffer : memref<?x?xf32>)
  linalg.copy ins(%buffer : memref<?x?xf32>) outs(%merged : memref<?x?xf32>)
  return
}

// -----

// Kernels for one GPU or another: the larger of what they need.
// CHECK-LABEL: func.func private @either_workspace_bytes
// CHECK-SAME:    (%[[M:.*]]: memref<?xf32>) -> index
// CHECK:         %[[N:.*]] = memref.dim %[[M]]
// CHECK-DAG:     arith.muli %{{.*}}, %c4
// CHECK-DAG:     arith.muli %{{.*}}, %c32
// CHECK:         arith.max
// CHECK-LABEL: func.func @either
// CHECK:         scf.if
// CHECK:           memref.view %{{.*}}[%c0][%{{.*}}] : memref<?xi8> to memref<?xf32>
// CHECK:         } else {
// CHECK:           memref.view %{{.*}}[%c0][%{{.*}}] : memref<?xi8> to memref<?x8xf32>
func.func @either(%m: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %n = memref.dim %m, %c0 : memref<?xf32>
  %is = attn.runs_on "sm_90a"
  scf.if %is {
    %a = memref.alloc(%n) : memref<?xf32>
    linalg.fill ins(%f : f32) outs(%a : memref<?xf32>)
  } else {
    %b = memref.alloc(%n) : memref<?x8xf32>
    linalg.fill ins(%f : f32) outs(%b : memref<?x8xf32>)
  }
  return
}
