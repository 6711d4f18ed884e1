// Attention by matrix instructions, in the emulator, against the reference:
// lengths that are no multiples of tiles, and every modifier.
// RUN: %python %S/Inputs/make-prefill.py %t
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify

// Ragged, of no rows, of no keys; the second seed runs warps in another order.
// RUN: %{run} --function=plain '--input=1x2x100x64xf16=random(1)' '--input=1x2x150x64xf16=random(2)' '--input=1x2x150x64xf16=random(3)'
// RUN: env ATTN_EMULATOR_SEED=7 attn-run %s --target=cuda-emulated --verify --function=plain '--input=1x2x100x64xf16=random(1)' '--input=1x2x150x64xf16=random(2)' '--input=1x2x150x64xf16=random(3)'
// RUN: %{run} --function=plain '--input=1x2x65x64xf16=random(1)' '--input=1x2x0x64xf16=random(2)' '--input=1x2x0x64xf16=random(3)'
// RUN: %{run} --function=plain '--input=1x2x0x64xf16=random(1)' '--input=1x2x5x64xf16=random(2)' '--input=1x2x5x64xf16=random(3)'
// RUN: %{run} --function=plain '--input=1x2x16x64xf16=random(1)' '--input=1x2x1x64xf16=random(2)' '--input=1x2x1x64xf16=random(3)'
// Heads one after the other, and heads that share keys in one tile.
// RUN: %{run} --function=causal '--input=2x4x140x128xbf16=random(1)' '--input=2x2x140x128xbf16=random(2)' '--input=2x2x140x128xbf16=random(3)'
// RUN: %{run} --function=causal '--input=2x4x20x128xbf16=random(1)' '--input=2x2x170x128xbf16=random(2)' '--input=2x2x170x128xbf16=random(3)'
// Other widths of rows.
// RUN: %{run} --function=dim96 '--input=1x2x70x96xf16=random(1)' '--input=1x2x90x96xf16=random(2)' '--input=1x2x90x96xf16=random(3)'
// RUN: %{run} --function=dim192 '--input=1x2x70x192xbf16=random(1)' '--input=1x2x90x192xbf16=random(2)' '--input=1x2x90x128xbf16=random(3)'
// RUN: %{run} --function=dim256 '--input=1x1x70x256xbf16=random(1)' '--input=1x1x90x256xbf16=random(2)' '--input=1x1x90x256xbf16=random(3)'
// RUN: %{run} --function=dim80 '--input=1x2x70x80xf16=random(1)' '--input=1x2x90x80xf16=random(2)' '--input=1x2x90x48xf16=random(3)'
// Modifiers. What is beyond lengths, or hidden by a mask, is NaN or infinite.
// RUN: %{run} --function=lengths '--input=3x4x70x64xf16=random(1)' --input=@%t.key.npy --input=@%t.value.npy --input=@%t.kvlen.npy --input=@%t.qlen.npy --input=@%t.delta.npy '--input=4xf32=random(4)'
// RUN: %{run} --function=mask '--input=3x4x70x64xf16=random(1)' --input=@%t.hidden-key.npy --input=@%t.hidden-value.npy --input=@%t.mask.npy
// RUN: %{run} --function=plain '--input=3x2x70x64xf16=random(1)' '--input=3x2x130x64xf16=random(2)' --input=@%t.nan-value.npy
// RUN: %{run} --function=scores '--input=2x70x4x64xbf16=random(1)' '--input=2x90x2x64xbf16=random(2)' '--input=2x90x2x64xbf16=random(3)' '--input=1x4x70x90xbf16=random(4)' '--input=4xf32=random(5)'
// RUN: %{run} --function=pages '--input=3x4x70x64xf16=random(1)' '--input=12x2x32x64xf16=random(2)' '--input=12x2x32x64xf16=random(3)' --input=@%t.pages.npy --input=@%t.kvlen.npy
// RUN: %{run} --function=small_pages '--input=3x4x70x64xf16=random(1)' '--input=12x2x8x64xf16=random(2)' '--input=12x2x8x64xf16=random(3)' --input=@%t.pages.npy
// RUN: %{run} --function=scale '--input=1x2x70x64xf16=random(1)' '--input=1x2x90x64xf16=random(2)' '--input=1x2x90x64xf16=random(3)' --input=-0.3:f32
// Rows that lie at no multiples of 16 bytes.
// RUN: %{run} --function=slices '--input=1x2x70x72xf16=random(1)' '--input=1x2x90x66xf16=random(2)' '--input=1x2x90x66xf16=random(3)'
// Parts in f32, and their merge.
// RUN: %{run} --function=causal --strategy=blockwise:num-splits=2 '--input=2x4x40x128xbf16=random(1)' '--input=2x2x90x128xbf16=random(2)' '--input=2x2x90x128xbf16=random(3)'

!h = tensor<?x?x?x64xf16>
!lse = tensor<?x?x?xf32>
func.func @plain(%q: !h, %k: !h, %v: !h) -> (!h, !lse) {
  %r:2 = attn.sdpa %q, %k, %v : (!h, !h, !h) -> (!h, !lse)
  return %r#0, %r#1 : !h, !lse
}

!q128 = tensor<2x4x?x128xbf16>
!k128 = tensor<2x2x?x128xbf16>
func.func @causal(%q: !q128, %k: !k128, %v: !k128) -> !q128 {
  %r = attn.sdpa %q, %k, %v causal bottom_right : (!q128, !k128, !k128) -> !q128
  return %r : !q128
}

!q96 = tensor<1x2x70x96xf16>
!k96 = tensor<1x2x90x96xf16>
func.func @dim96(%q: !q96, %k: !k96, %v: !k96) -> !q96 {
  %r = attn.sdpa %q, %k, %v : (!q96, !k96, !k96) -> !q96
  return %r : !q96
}
!q192 = tensor<1x2x70x192xbf16>
!k192 = tensor<1x2x90x192xbf16>
!v192 = tensor<1x2x90x128xbf16>
!o192 = tensor<1x2x70x128xbf16>
func.func @dim192(%q: !q192, %k: !k192, %v: !v192) -> !o192 {
  %r = attn.sdpa %q, %k, %v causal : (!q192, !k192, !v192) -> !o192
  return %r : !o192
}
!q256 = tensor<1x1x70x256xbf16>
!k256 = tensor<1x1x90x256xbf16>
func.func @dim256(%q: !q256, %k: !k256, %v: !k256) -> !q256 {
  %r = attn.sdpa %q, %k, %v : (!q256, !k256, !k256) -> !q256
  return %r : !q256
}
!q80 = tensor<1x2x70x80xf16>
!k80 = tensor<1x2x90x80xf16>
!v80 = tensor<1x2x90x48xf16>
!o80 = tensor<1x2x70x48xf16>
func.func @dim80(%q: !q80, %k: !k80, %v: !v80) -> !o80 {
  %r = attn.sdpa %q, %k, %v window(20, 10) : (!q80, !k80, !v80) -> !o80
  return %r : !o80
}

!q3 = tensor<3x4x70x64xf16>
!k3 = tensor<3x2x?x64xf16>
!l3 = tensor<3x4x70xf32>
func.func @lengths(%q: !q3, %k: !k3, %v: !k3, %lk: tensor<3xi64>, %lq: tensor<3xi64>,
    %delta: tensor<3xi64>, %sinks: tensor<4xf32>) -> (!q3, !l3) {
  %r:2 = attn.sdpa %q, %k, %v window(50, 4) causal_offset(%delta) kv_len(%lk)
      q_len(%lq) sinks(%sinks)
    : (!q3, !k3, !k3, tensor<3xi64>, tensor<3xi64>, tensor<3xi64>, tensor<4xf32>) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}
!m3 = tensor<1x4x70x?xi1>
func.func @mask(%q: !q3, %k: !k3, %v: !k3, %m: !m3) -> (!q3, !l3) {
  %r:2 = attn.sdpa %q, %k, %v mask(%m) : (!q3, !k3, !k3, !m3) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}

// Everything that changes scores, with rows of heads side by side.
!qs = tensor<2x70x4x64xbf16>
!ks = tensor<2x90x2x64xbf16>
!bs = tensor<1x4x70x90xbf16>
func.func @scores(%q: !qs, %k: !ks, %v: !ks, %bias: !bs, %slopes: tensor<4xf32>) -> !qs {
  %r = attn.sdpa %q, %k, %v causal softcap(4.0) bias(%bias) layout(bshd)
    score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %slope = tensor.extract %slopes[%h] : tensor<4xf32>
      %d = arith.subi %i, %j : index
      %n = arith.index_cast %d : index to i32
      %f = arith.sitofp %n : i32 to f32
      %x = arith.mulf %slope, %f : f32
      %y = arith.addf %s, %x : f32
      attn.yield %y : f32
    } : (!qs, !ks, !ks, !bs) -> !qs
  return %r : !qs
}

!pool = tensor<12x2x32x64xf16>
func.func @pages(%q: !q3, %k: !pool, %v: !pool, %t: tensor<3x4xi32>, %lk: tensor<3xi64>) -> !q3 {
  %r = attn.sdpa %q, %k, %v causal bottom_right kv_len(%lk) page_table(%t)
    : (!q3, !pool, !pool, tensor<3xi64>, tensor<3x4xi32>) -> !q3
  return %r : !q3
}
!small = tensor<12x2x8x64xf16>
func.func @small_pages(%q: !q3, %k: !small, %v: !small, %t: tensor<3x4xi32>) -> !q3 {
  %r = attn.sdpa %q, %k, %v page_table(%t) : (!q3, !small, !small, tensor<3x4xi32>) -> !q3
  return %r : !q3
}

!qn = tensor<1x2x70x64xf16>
!kn = tensor<1x2x90x64xf16>
func.func @scale(%q: !qn, %k: !kn, %v: !kn, %scale: f32) -> !qn {
  %r = attn.sdpa %q, %k, %v dynamic_scale(%scale) : (!qn, !kn, !kn, f32) -> !qn
  return %r : !qn
}

!qi = tensor<1x2x70x72xf16>
!ki = tensor<1x2x90x66xf16>
func.func @slices(%q: !qi, %k: !ki, %v: !ki) -> !qn {
  %qs = tensor.extract_slice %q[0, 0, 0, 4] [1, 2, 70, 64] [1, 1, 1, 1] : !qi to !qn
  %ks = tensor.extract_slice %k[0, 0, 0, 1] [1, 2, 90, 64] [1, 1, 1, 1] : !ki to !kn
  %vs = tensor.extract_slice %v[0, 0, 0, 2] [1, 2, 90, 64] [1, 1, 1, 1] : !ki to !kn
  %r = attn.sdpa %qs, %ks, %vs causal : (!qn, !kn, !kn) -> !qn
  return %r : !qn
}
