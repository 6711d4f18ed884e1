// RUN: attn-opt %s --canonicalize --cse --loop-invariant-code-motion | FileCheck %s
// RUN: attn-opt %s --control-flow-sink | FileCheck %s --check-prefix=SINK
!o = tensor<1x8x1x64xf32>
!l = tensor<1x8x1xf32>

// Other ranks wait for every one of these: two equal merges stay two, and so
// does one whose result nobody uses.
// CHECK-LABEL: func.func @equal
// CHECK-COUNT-3: attn.dist_merge
// CHECK-NOT:     attn.dist_merge
// CHECK:         return
func.func @equal(%comm: !attn.comm, %o: !o, %l: !l) -> (!o, !o) {
  %a:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, !o, !l) -> (!o, !l)
  %b:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, !o, !l) -> (!o, !l)
  %unused:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %a#0, %b#0 : !o, !o
}

// Once an iteration, however often that is.
// CHECK-LABEL: func.func @loop
// CHECK:         scf.for
// CHECK:           attn.dist_merge
func.func @loop(%comm: !attn.comm, %o: !o, %l: !l, %n: index) -> !o {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%last = %o) -> !o {
    %a:2 = attn.dist_merge comm(%comm) outs(%o, %l)
      : (!attn.comm, !o, !l) -> (!o, !l)
    scf.yield %a#0 : !o
  }
  return %r : !o
}

// It does not move into a branch that other ranks may not take.
// SINK-LABEL: func.func @branch
// SINK:         attn.dist_merge
// SINK:         scf.if
func.func @branch(%comm: !attn.comm, %o: !o, %l: !l, %c: i1) -> !o {
  %a:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, !o, !l) -> (!o, !l)
  %r = scf.if %c -> !o {
    scf.yield %a#0 : !o
  } else {
    scf.yield %o : !o
  }
  return %r : !o
}
