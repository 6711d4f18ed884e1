// Attention with Llama-3.1-8B's heads, as one device has it: phase 1 of Star Attention
// in a layer, and rows over a cache, masked by their positions, in two layers.
!q = tensor<1x32x?x128xf32>
!kv = tensor<1x8x?x128xf32>
func.func @phase1(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.star %q, %k, %v causal block_size(3) anchor_size(3)
    : (!q, !kv, !kv) -> !q
  return %o : !q
}
func.func @rows(%q: !q, %k0: !kv, %v0: !kv, %k1: !kv, %v1: !kv, %at: index) -> !q {
  %o0 = attn.sdpa %q, %k0, %v0 causal causal_offset(%at) : (!q, !kv, !kv, index) -> !q
  %o1 = attn.sdpa %o0, %k1, %v1 causal causal_offset(%at) : (!q, !kv, !kv, index) -> !q
  return %o1 : !q
}
