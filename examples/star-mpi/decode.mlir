// Phase 2 of Star Attention: query tokens and what is generated after them see
// all keys before them. attn-compile --distribute makes of @attend what each host
// runs with the keys it holds; @append is for the host that holds the newest.
!e = f32
!q = tensor<1x8x?x64x!e>
!kv = tensor<1x2x?x64x!e>

// The first query has `position`; slots of the cache beyond are not looked at.
func.func @attend(%query: !q, %key: !kv, %value: !kv, %position: index) -> !q {
  %0 = attn.sdpa %query, %key, %value causal causal_offset(%position)
    : (!q, !kv, !kv, index) -> !q
  return %0 : !q
}

func.func @append(%new_key: !kv, %new_value: !kv, %position: index,
                  %key: !kv {attn.inout}, %value: !kv {attn.inout}) -> (!kv, !kv) {
  %0:2 = attn.kv_append ins(%new_key, %new_value, %position) outs(%key, %value)
    : (!kv, !kv, index, !kv, !kv) -> (!kv, !kv)
  return %0#0, %0#1 : !kv, !kv
}
