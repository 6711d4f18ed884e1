!q = tensor<?x4x?x64xf32>
!kv = tensor<?x2x?x64xf32>
!lse = tensor<?x4x?xf32>
func.func @attention(%query: !q, %key: !kv, %value: !kv, %offset: index) -> (!q, !lse) {
  %0, %1 = attn.sdpa %query, %key, %value causal causal_offset(%offset)
    : (!q, !kv, !kv, index) -> (!q, !lse)
  return %0, %1 : !q, !lse
}
