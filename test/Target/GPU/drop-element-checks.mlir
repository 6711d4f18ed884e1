// RUN: attn-opt %s --attn-drop-element-checks | FileCheck %s

// Checks of elements go, in branches and loops that depend on elements, too;
// those of sizes and scalars stay.
// CHECK-LABEL: func.func @checks
// CHECK:         cf.assert %{{.*}}, "of a size"
// CHECK-NOT:     "of an element
// CHECK:         cf.assert %{{.*}}, "of a scalar"
// CHECK-NOT:     "of an element
func.func @checks(%x: tensor<?xi64>, %pos: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %n = tensor.dim %x, %c0 : tensor<?xi64>
  %any = arith.cmpi sgt, %n, %c0 : index
  cf.assert %any, "of a size"
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (i64) {
    %e = tensor.extract %x[%i] : tensor<?xi64>
    %ok = arith.cmpi sge, %e, %zero : i64
    cf.assert %ok, "of an element"
    %before = arith.cmpi sge, %s, %zero : i64
    cf.assert %before, "of an element before"
    %next = arith.addi %s, %e : i64
    scf.yield %next : i64
  }
  %inside = arith.cmpi slt, %pos, %n : index
  cf.assert %inside, "of a scalar"
  %positive = arith.cmpi sge, %sum, %zero : i64
  cf.assert %positive, "of an element's sum"
  scf.if %positive {
    cf.assert %inside, "of an element by a branch"
  }
  return
}
