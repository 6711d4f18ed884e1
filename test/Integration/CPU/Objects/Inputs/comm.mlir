!o = tensor<1x2x?x8xf32>
!l = tensor<1x2x?xf32>

// A step of several layers: a merge an iteration, and one more.
func.func @steps(%o: !o, %l: !l, %comm: !attn.comm, %n: index) -> (!o, !l, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%io = %o, %il = %l) -> (!o, !l) {
    %m:2 = attn.dist_merge comm(%comm) outs(%io, %il) algo(allgather)
      : (!attn.comm, !o, !l) -> (!o, !l)
    scf.yield %m#0, %m#1 : !o, !l
  }
  %m:2 = attn.dist_merge comm(%comm) outs(%r#0, %r#1) root(0) payload(bf16)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0, %m#1, %n : !o, !l, index
}

// In place, in memory of the caller.
func.func @update_in_place(%o: !o {attn.inout}, %l: !l {attn.inout}, %comm: !attn.comm) -> (!o, !l) {
  %m:2 = attn.dist_merge comm(%comm) outs(%o, %l) : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0, %m#1 : !o, !l
}
