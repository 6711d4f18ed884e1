// Decode steps that append to their caches; attn-compile gives them state.
!q = tensor<2x4x1x64xf32>
!new = tensor<2x2x1x64xf32>
!kv = tensor<2x2x?x64xf32>
func.func @step(%q: !q, %nk: !new, %nv: !new, %pos: tensor<2xi64>,
                %length: tensor<2xi64>, %k: !kv {attn.inout},
                %v: !kv {attn.inout}) -> (!q, !kv, !kv) {
  %a:2 = attn.kv_append ins(%nk, %nv, %pos) outs(%k, %v)
    : (!new, !new, tensor<2xi64>, !kv, !kv) -> (!kv, !kv)
  %o = attn.sdpa %q, %a#0, %a#1 kv_len(%length)
    : (!q, !kv, !kv, tensor<2xi64>) -> !q
  return %o, %a#0, %a#1 : !q, !kv, !kv
}
