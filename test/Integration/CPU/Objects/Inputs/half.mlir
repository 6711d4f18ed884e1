!t = tensor<1x2x?x32xf16>
func.func @half_attention(%query: !t, %key: !t, %value: !t) -> !t {
  %0 = attn.sdpa %query, %key, %value : (!t, !t, !t) -> !t
  return %0 : !t
}
