// Phase 1 of Star Attention: what a model computes for its context, as plain
// causal attention. attn-compile --strategy='star{...}' --distribute makes a
// host's part of it: its rows, the first keys beside them, no communication.
!e = f32
!q = tensor<1x8x?x64x!e>
!kv = tensor<1x2x?x64x!e>

func.func @prefill(%query: !q, %key: !kv, %value: !kv) -> !q {
  %0 = attn.sdpa %query, %key, %value causal : (!q, !kv, !kv) -> !q
  return %0 : !q
}
