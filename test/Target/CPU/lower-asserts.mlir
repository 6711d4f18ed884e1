// RUN: attn-opt %s --attn-outline-parallel-loops --attn-lower-asserts --split-input-file | FileCheck %s
// RUN: attn-opt %s --attn-lower-to-llvm --split-input-file | FileCheck %s --check-prefix=LLVM

// LLVM-NOT: @abort
// LLVM: llvm.call @attn_rt_assert_failed
// LLVM-NOT: @abort

// What holds instead, with the numbers that are not constants.
// CHECK-DAG: constant @[[MESSAGE:.+]]("{{.*}}lower-asserts.mlir:[[#]]:3: expects the same\00")
// CHECK-DAG: constant @[[FOUND:.+]]("{0} != {1}\00")
// CHECK-DAG: constant @{{.+}}("{0} % 4 != 0\00")
// CHECK-DAG: constant @{{.+}}("{0} != 1 and {0} != {1}\00")
// CHECK-DAG: constant @{{.+}}("{0} < 0 or {0} >= {1}\00")
// CHECK-DAG: llvm.func @attn_rt_assert_failed(!llvm.ptr, !llvm.ptr, i64, i64, i64, i64) attributes {passthrough = ["cold", "noreturn"]}
// CHECK-LABEL: func.func @conditions
// CHECK-SAME:    %[[A:[^:]+]]: index, %[[B:[^:]+]]: index
// CHECK:         %[[OK:.+]] = arith.cmpi eq, %[[A]], %[[B]]
// CHECK:         %[[BAD:.+]] = arith.xori %[[OK]]
// CHECK:         scf.if %[[BAD]]
// CHECK:           %[[TEXT:.+]] = llvm.mlir.addressof @[[MESSAGE]]
// CHECK:           %[[HOW:.+]] = llvm.mlir.addressof @[[FOUND]]
// CHECK:           %[[V0:.+]] = arith.index_cast %[[A]]
// CHECK:           %[[V1:.+]] = arith.index_cast %[[B]]
// CHECK:           llvm.call @attn_rt_assert_failed(%[[TEXT]], %[[HOW]], %[[V0]], %[[V1]], %
// CHECK-NOT:     cf.assert
func.func @conditions(%a: index, %b: index, %i: i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %same = arith.cmpi eq, %a, %b : index
  cf.assert %same, "expects the same"
  %rest = arith.remsi %a, %c4 : index
  %multiple = arith.cmpi eq, %rest, %c0 : index
  cf.assert %multiple, "expects a multiple"
  %one = arith.cmpi eq, %a, %c1 : index
  %either = arith.ori %one, %same : i1
  cf.assert %either, "expects either"
  %low = index.cmp sge(%a, %c0)
  %high = index.cmp slt(%a, %b)
  %inside = arith.andi %low, %high : i1
  cf.assert %inside, "expects a place inside"
  return
}

// -----

// Nothing to say about a condition from elsewhere; also in a thread's body.
// CHECK-DAG: constant @[[MESSAGE:.+]]("{{.*}}: unknown\00")
// CHECK-DAG: constant @[[NOTHING:.+]]("\00")
// CHECK-LABEL: func.func private @parallel_body
// CHECK:         scf.if
// CHECK:           llvm.mlir.addressof @[[MESSAGE]]
// CHECK:           llvm.mlir.addressof @[[NOTHING]]
// CHECK:           llvm.call @attn_rt_assert_failed
func.func @parallel(%n: index, %m: memref<?xi1>) {
  scf.forall (%i) in (%n) {
    %ok = memref.load %m[%i] : memref<?xi1>
    cf.assert %ok, "unknown"
  }
  return
}
