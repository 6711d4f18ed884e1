!q = tensor<1x8x?x64xf32>
!kv = tensor<1x2x?x64xf32>
!o = tensor<1x8x?x64xf32>
!l = tensor<1x8x?xf32>

// Attention over this rank's keys, which begin at %first, and all other ranks'.
// Queries are the newest tokens of all: causal in absolute positions.
func.func @attend(%q: !q, %k: !kv, %v: !kv, %first: index, %past: index,
                  %comm: !attn.comm) -> (!o, !l) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !q
  %eo = tensor.empty(%n) : !o
  %el = tensor.empty(%n) : !l
  %p:2 = attn.partial ins(%q, %k, %v causal causal_offset(%past)
      offsets(%c0, %c0, %c0, %first)) outs(%eo, %el)
    : (!q, !kv, !kv, index, index, index, index, index, !o, !l) -> (!o, !l)
  %m:2 = attn.dist_merge comm(%comm) outs(%p#0, %p#1) algo(allgather)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0, %m#1 : !o, !l
}
func.func @attend_tree(%q: !q, %k: !kv, %v: !kv, %first: index, %past: index,
                       %comm: !attn.comm) -> (!o, !l) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !q
  %eo = tensor.empty(%n) : !o
  %el = tensor.empty(%n) : !l
  %p:2 = attn.partial ins(%q, %k, %v causal causal_offset(%past)
      offsets(%c0, %c0, %c0, %first)) outs(%eo, %el)
    : (!q, !kv, !kv, index, index, index, index, index, !o, !l) -> (!o, !l)
  %m:2 = attn.dist_merge comm(%comm) outs(%p#0, %p#1) root(0) payload(bf16)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0, %m#1 : !o, !l
}
