// Causal attention of 8 query heads on 2 key heads, any batch and length.
!q = tensor<?x8x?x64xf32>
!kv = tensor<?x2x?x64xf32>
func.func @causal_gqa(%q: !q, %k: !kv, %v: !kv) -> !q {
  %out = attn.sdpa %q, %k, %v causal : (!q, !kv, !kv) -> !q
  return %out : !q
}
