// RUN: attn-opt %s --attn-add-runtime-checks --attn-extract-checks --split-input-file --verify-diagnostics | FileCheck %s
!o = tensor<1x2x?x8xf32>
!l = tensor<1x2x?xf32>

// Before the function itself is called, nobody calls other ranks.
// CHECK-LABEL: func.func @merged
// CHECK:         attn.dist_merge
// CHECK-LABEL: func.func private @merged_checks
// CHECK-SAME:    !attn.comm
// CHECK-NOT:     attn.dist_merge
// CHECK:         cf.assert {{.*}}expects lse to have output's seq_len_q
// CHECK-LABEL: func.func private @merged_result_shapes
// CHECK-SAME:    %[[O:[^:]+]]: tensor<1x2x?x8xf32>, %[[L:[^:]+]]: tensor
// CHECK-NOT:     attn.dist_merge
// CHECK-DAG:     %[[ROWS:.*]] = tensor.dim %[[O]]
// CHECK-DAG:     %[[SUMS:.*]] = tensor.dim %[[L]]
// CHECK:         return %[[ROWS]], %[[SUMS]]
func.func @merged(%o: !o, %l: !l, %comm: !attn.comm) -> (!o, !l) {
  %m:2 = attn.dist_merge comm(%comm) outs(%o, %l) : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0, %m#1 : !o, !l
}

// -----

!o = tensor<1x2x?x8xf32>
!l = tensor<1x2x?xf32>

// A loop over layers keeps the sizes.
// CHECK-LABEL: func.func private @layers_result_shapes
// CHECK-SAME:    %[[O:[^:]+]]: tensor<1x2x?x8xf32>
// CHECK-NOT:     scf.for
// CHECK:         %[[ROWS:.*]] = tensor.dim %[[O]]
// CHECK:         return %[[ROWS]]
func.func @layers(%o: !o, %l: !l, %comm: !attn.comm, %n: index) -> !o {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%io = %o, %il = %l) -> (!o, !l) {
    %m:2 = attn.dist_merge comm(%comm) outs(%io, %il) : (!attn.comm, !o, !l) -> (!o, !l)
    scf.yield %m#0, %m#1 : !o, !l
  }
  return %r#0 : !o
}

// -----

// What comes back from other ranks is not known before.
func.func @reads(%o: tensor<1x2x3x8xf32>, %l: tensor<1x2x3xf32>, %comm: !attn.comm) -> tensor<1x2x3x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  // expected-error @below {{cannot come before the first write, but a run-time check or the size of a result needs it}}
  %m:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x2x3x8xf32>, tensor<1x2x3xf32>) -> (tensor<1x2x3x8xf32>, tensor<1x2x3xf32>)
  %x = tensor.extract %m#1[%c0, %c0, %c0] : tensor<1x2x3xf32>
  %ok = arith.cmpf ogt, %x, %zero : f32
  // expected-note @below {{needed to check: expects a large lse}}
  cf.assert %ok, "expects a large lse"
  return %m#0 : tensor<1x2x3x8xf32>
}
