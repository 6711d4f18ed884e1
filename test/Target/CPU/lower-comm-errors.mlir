// RUN: attn-opt %s --attn-prepare-dist-merge -o /dev/null --split-input-file --verify-diagnostics

func.func @parallel(%comm: !attn.comm, %o: memref<1x2x3x8xf32>, %l: memref<1x2x3xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-note @below {{the loop}}
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    // expected-error @below {{'attn.dist_merge' op expects not to be in a parallel loop: ranks must merge in one order; use scf.for}}
    attn.dist_merge comm(%comm) outs(%o, %l)
      : (!attn.comm, memref<1x2x3x8xf32>, memref<1x2x3xf32>) -> ()
  }
  return
}

// -----

func.func @forall(%comm: !attn.comm, %o: memref<1x2x3x8xf32>, %l: memref<1x2x3xf32>, %n: index) {
  // expected-note @below {{the loop}}
  scf.forall (%i) in (%n) {
    // expected-error @below {{expects not to be in a parallel loop}}
    attn.dist_merge comm(%comm) outs(%o, %l)
      : (!attn.comm, memref<1x2x3x8xf32>, memref<1x2x3xf32>) -> ()
  }
  return
}

// -----

func.func @tensors(%comm: !attn.comm, %o: tensor<1x2x3x8xf32>, %l: tensor<1x2x3xf32>) -> tensor<1x2x3xf32> {
  // expected-error @below {{'attn.dist_merge' op expects memrefs; bufferize first}}
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x2x3x8xf32>, tensor<1x2x3xf32>)
    -> (tensor<1x2x3x8xf32>, tensor<1x2x3xf32>)
  return %r#1 : tensor<1x2x3xf32>
}
