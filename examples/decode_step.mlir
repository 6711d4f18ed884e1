// A decode step: one query token for each of 8 heads, any number of keys. See
// README.md for what to do with it.

!query = tensor<1x8x1x128xf16>
!cache = tensor<1x8x?x128xf16>

func.func @decode_step(%query: !query, %key: !cache, %value: !cache) -> !query {
  %output = attn.sdpa %query, %key, %value
    : (!query, !cache, !cache) -> !query
  return %output : !query
}
