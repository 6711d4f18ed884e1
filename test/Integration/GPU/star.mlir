// Star Attention by matrix instructions, in the emulator, against the reference:
// tiles wholly in the anchor or the block, edges of both in one tile, lengths.
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify
// RUN: %{run} --function=first '--input=1x4x420x64xf16=random(1)' '--input=1x2x420x64xf16=random(2)' '--input=1x2x420x64xf16=random(3)' --input=400:index
// RUN: env ATTN_EMULATOR_SEED=5 attn-run %s --target=cuda-emulated --verify --function=first '--input=1x4x420x64xf16=random(1)' '--input=1x2x420x64xf16=random(2)' '--input=1x2x420x64xf16=random(3)' --input=130:index
// RUN: %{run} --function=previous '--input=1x4x420x128xbf16=random(1)' '--input=1x2x420x128xbf16=random(2)' '--input=1x2x420x128xbf16=random(3)' --input=420:index
// RUN: %{run} --function=lengths '--input=2x4x150x64xf16=random(1)' '--input=2x2x150x64xf16=random(2)' '--input=2x2x150x64xf16=random(3)' '--input=2xi64=120' '--input=2xi64=90'

!q = tensor<1x4x?x64xf16>
!k = tensor<1x2x?x64xf16>
!l = tensor<1x4x?xf32>
func.func @first(%q: !q, %k: !k, %v: !k, %c: index) -> (!q, !l) {
  %r:2 = attn.star %q, %k, %v causal context_len(%c) block_size(150)
      anchor_size(100) : (!q, !k, !k, index) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}

!qb = tensor<1x4x?x128xbf16>
!kb = tensor<1x2x?x128xbf16>
func.func @previous(%q: !qb, %k: !kb, %v: !kb, %c: index) -> !qb {
  %r = attn.star %q, %k, %v causal context_len(%c) block_size(130)
      anchor_size(90) anchor(previous) : (!qb, !kb, !kb, index) -> !qb
  return %r : !qb
}

!q2 = tensor<2x4x?x64xf16>
!k2 = tensor<2x2x?x64xf16>
func.func @lengths(%q: !q2, %k: !k2, %v: !k2, %lk: tensor<2xi64>, %lq: tensor<2xi64>) -> !q2 {
  %r = attn.star %q, %k, %v causal kv_len(%lk) q_len(%lq) block_size(48)
      anchor_size(20) : (!q2, !k2, !k2, tensor<2xi64>, tensor<2xi64>) -> !q2
  return %r : !q2
}
