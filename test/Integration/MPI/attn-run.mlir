// attn-run of a function with a communicator, on several ranks: one of them
// speaks. Every rank has the same keys, so that attention is that of one, and lse
// grows by ln 3 (1.0986).
// REQUIRES: mpi
// RUN: attn-run %s --input=1x8x3x64xf32="random(1)" --input=1x2x100x64xf32="random(2)" --output=@%t.o1.npy --output=@%t.l1.npy
// RUN: %mpirun 3 attn-run %s --input=1x8x3x64xf32="random(1)" --input=1x2x100x64xf32="random(2)" --verify | FileCheck %s
// RUN: %mpirun 3 attn-run %s --input=1x8x3x64xf32="random(1)" --input=1x2x100x64xf32="random(2)" --output=@%t.o3.npy --output=@%t.l3.npy
// RUN: attn-compile %s -o %t.so
// RUN: %mpirun 3 attn-run %t.so --input=1x8x3x64xf32="random(1)" --input=1x2x100x64xf32="random(2)" --verify | FileCheck %s
// RUN: %python -c "import numpy as n; l = lambda f: n.load('%t.' + f + '.npy'); n.testing.assert_allclose(l('o3'), l('o1'), atol=1e-6); n.testing.assert_allclose(l('l3'), l('l1') + n.log(3), atol=1e-5)"

// CHECK:      result 0:
// CHECK-NEXT: result 1:
// CHECK-NEXT: verify: result 0: max error
// CHECK-NEXT: verify: result 1: max error {{.*}}
// CHECK-NOT:  {{.}}

// A merge that fails, on every rank here, ends all of them.
// RUN: not %mpirun 2 attn-run %s --input=1x8x3x64xf32="random(1)" --input=1x2x100x64xf32="random(2)" --function=no_such_root 2>&1 | FileCheck %s --check-prefix=FAIL
// FAIL: attn-run: error: rank {{[01]}} of 2: attn.dist_merge: a rank, a type, an algorithm or a size is not possible
!q = tensor<1x8x3x64xf32>
!kv = tensor<1x2x?x64xf32>
!l = tensor<1x8x3xf32>
func.func @main(%q: !q, %k: !kv, %comm: !attn.comm) -> (!q, !l) {
  %eo = tensor.empty() : !q
  %el = tensor.empty() : !l
  %p:2 = attn.partial ins(%q, %k, %k) outs(%eo, %el)
    : (!q, !kv, !kv, !q, !l) -> (!q, !l)
  %m:2 = attn.dist_merge comm(%comm) outs(%p#0, %p#1)
    : (!attn.comm, !q, !l) -> (!q, !l)
  return %m#0, %m#1 : !q, !l
}
func.func @no_such_root(%q: !q, %k: !kv, %comm: !attn.comm) -> (!q, !l) {
  %eo = tensor.empty() : !q
  %el = tensor.empty() : !l
  %p:2 = attn.partial ins(%q, %k, %k) outs(%eo, %el)
    : (!q, !kv, !kv, !q, !l) -> (!q, !l)
  %m:2 = attn.dist_merge comm(%comm) outs(%p#0, %p#1) root(7)
    : (!attn.comm, !q, !l) -> (!q, !l)
  return %m#0, %m#1 : !q, !l
}
