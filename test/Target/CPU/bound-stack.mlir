// RUN: attn-opt %s --attn-bound-stack | FileCheck %s

func.func private @use(memref<4xf32>)
func.func private @unranked(memref<*xf32>)

// Buffers of one iteration, at two depths, live at the same time.
// CHECK-LABEL: func.func @nested
// CHECK-COUNT-2: memref.alloca() : memref<4xf32>
// CHECK:         scf.for
// CHECK-NOT:     memref.alloca
// CHECK-NOT:     stacksave
// CHECK:         return
func.func @nested(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloca() : memref<4xf32>
    scf.for %j = %c0 to %n step %c1 {
      %b = memref.alloca() : memref<4xf32>
      func.call @use(%b) : (memref<4xf32>) -> ()
    }
    func.call @use(%a) : (memref<4xf32>) -> ()
  }
  return
}

// Loops one after the other share what has the same type and alignment.
// CHECK-LABEL: func.func @in_turn
// CHECK-DAG:     %[[A:.*]] = memref.alloca() : memref<4xf32>
// CHECK-DAG:     %[[B:.*]] = memref.alloca() {alignment = 64 : i64}
// CHECK:         scf.for
// CHECK-NEXT:      func.call @use(%[[A]])
// CHECK:         scf.parallel
// CHECK-NEXT:      func.call @use(%[[A]])
// CHECK:         scf.forall
// CHECK-NEXT:      func.call @use(%[[B]])
func.func @in_turn(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloca() : memref<4xf32>
    func.call @use(%a) : (memref<4xf32>) -> ()
  }
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    %a = memref.alloca() : memref<4xf32>
    func.call @use(%a) : (memref<4xf32>) -> ()
  }
  scf.forall (%i) in (%n) {
    %a = memref.alloca() {alignment = 64} : memref<4xf32>
    func.call @use(%a) : (memref<4xf32>) -> ()
  }
  return
}

// CHECK-LABEL: func.func @dynamic
// CHECK:         scf.for
// CHECK-NEXT:      %[[TOP:.*]] = llvm.intr.stacksave
// CHECK:           memref.alloca
// CHECK:           llvm.intr.stackrestore %[[TOP]]
// CHECK-NEXT:    }
func.func @dynamic(%n: index, %f: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloca(%i) : memref<?xf32>
    memref.store %f, %a[%c0] : memref<?xf32>
  }
  return
}

// The descriptor of an unranked memref lies on the stack.
// CHECK-LABEL: func.func @cast
// CHECK:         scf.for
// CHECK-NEXT:      %[[TOP:.*]] = llvm.intr.stacksave
// CHECK:           llvm.intr.stackrestore %[[TOP]]
func.func @cast(%m: memref<4xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %u = memref.cast %m : memref<4xf32> to memref<*xf32>
    func.call @unranked(%u) : (memref<*xf32>) -> ()
  }
  return
}

// Here it outlives the iteration.
// CHECK-LABEL: func.func @negative_carried_cast
// CHECK-NOT:     stacksave
// CHECK:         return
func.func @negative_carried_cast(%m: memref<4xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = memref.cast %m : memref<4xf32> to memref<*xf32>
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%u = %first)
      -> memref<*xf32> {
    %next = memref.cast %m : memref<4xf32> to memref<*xf32>
    scf.yield %next : memref<*xf32>
  }
  func.call @unranked(%last) : (memref<*xf32>) -> ()
  return
}

// Outside of loops, and in a scope of its own, nothing grows.
// CHECK-LABEL: func.func @negative_no_loop
// CHECK:         memref.alloca()
// CHECK:         scf.for
// CHECK:           memref.alloca_scope
// CHECK-NEXT:        memref.alloca()
func.func @negative_no_loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloca() : memref<4xf32>
  func.call @use(%a) : (memref<4xf32>) -> ()
  scf.for %i = %c0 to %n step %c1 {
    memref.alloca_scope {
      %b = memref.alloca() : memref<4xf32>
      func.call @use(%b) : (memref<4xf32>) -> ()
    }
  }
  return
}
