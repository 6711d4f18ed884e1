// RUN: attn-opt %s --attn-emit-c-entry-points | FileCheck %s

// The function gets the four C names; what it was becomes internal.
// CHECK-LABEL: func.func private @scale.compute
// CHECK-SAME:    memref<?x8xf32, strided<[?, 1]>>, %{{[^:]*}}: f32,
// CHECK-SAME:    -> index attributes {llvm.linkage = #llvm.linkage<internal>}
func.func @scale(%x: memref<?x8xf32, strided<[?, 1]>>, %s: f32,
                 %y: memref<?x8xf32, strided<[?, 1]>> {attn.result = 0 : i64})
    -> index attributes {attn.checks = @scale_checks,
                         attn.result_shapes = @scale_result_shapes} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x8xf32, strided<[?, 1]>>
  return %n : index
}

// A check that fails is a reason: 1 and on in the order of the checks.
// CHECK-LABEL: func.func private @scale.checks
// CHECK-SAME:    -> i32
// CHECK:         %[[OK:.*]] = arith.cmpi sgt
// CHECK:         %[[ONE:.*]] = arith.constant 1 : i32
// CHECK:         cf.cond_br %[[OK]], ^[[NEXT:.*]], ^[[FAIL:.*]](%[[ONE]] : i32)
// CHECK:       ^[[NEXT]]:
// CHECK:         %[[TWO:.*]] = arith.constant 2 : i32
// CHECK:         cf.cond_br %{{.*}}, ^[[LAST:.*]], ^[[FAIL]](%[[TWO]] : i32)
// CHECK:       ^[[LAST]]:
// CHECK:         return %{{.*}} : i32
// CHECK:       ^[[FAIL]](%[[REASON:.*]]: i32):
// CHECK:         return %[[REASON]] : i32
func.func private @scale_checks(%x: memref<?x8xf32, strided<[?, 1]>>, %s: f32) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x8xf32, strided<[?, 1]>>
  %some = arith.cmpi sgt, %n, %c0 : index
  cf.assert %some, "expects rows" {attn.check = #attn.check<shape>}
  %zero = arith.constant 0.0 : f32
  %positive = arith.cmpf ogt, %s, %zero : f32
  cf.assert %positive, "expects a positive s"
  return
}

// CHECK-LABEL: func.func private @scale.shapes
// CHECK-SAME:    -> (i32, index)
func.func private @scale_result_shapes(%x: memref<?x8xf32, strided<[?, 1]>>,
                                       %s: f32) -> index {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x8xf32, strided<[?, 1]>>
  return %n : index
}

// Statuses of the reasons: 0, shape, check, ...; and their texts.
// CHECK:       llvm.mlir.global internal constant @scale.statuses(dense<[0, 5, 11, 1, 1, 2,
// CHECK:       llvm.mlir.global internal constant @scale.texts("\00expects rows\00expects a positive s\00expects 2 arguments\00expects 2 results\00args is NULL\00
// CHECK-SAME:    argument 0: expects elements of type f32
// CHECK-SAME:    argument 0: expects sizes ?x8
// CHECK-SAME:    argument 1: expects rank 0
// CHECK-SAME:    result 0: expects a last stride of 1 and no stride of 0
// CHECK-SAME:    result 1: expects elements of type i64
// CHECK-LABEL: func.func private @scale.arguments(
// CHECK-LABEL: func.func private @scale.accept(
// CHECK-LABEL: func.func @scale_result_shapes(
// CHECK-SAME:    !llvm.ptr, %{{[^:]*}}: i32, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: i32) -> i32
// CHECK-LABEL: func.func @scale_workspace_bytes(
// CHECK-SAME:    !llvm.ptr, %{{[^:]*}}: i32, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr) -> i32
// CHECK-LABEL: func.func @scale_explain(
// CHECK-LABEL: func.func @scale(
// CHECK:         call @scale.accept
// CHECK-NOT:     llvm.store
// CHECK:         call @scale.compute
// CHECK:         llvm.store
