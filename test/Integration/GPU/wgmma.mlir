// Attention by the kernel of sm_90a, in the emulator, against the reference:
// lengths that are no multiples of tiles, and every modifier.
// RUN: %python %S/Inputs/make-wgmma.py %t
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --arch=sm_90a --verify

// Tiles of keys that all rows see whole, and others; a second order of warps.
// RUN: %{run} --function=causal '--input=1x4x300x64xf16=random(1)' '--input=1x2x300x64xf16=random(2)' '--input=1x2x300x64xf16=random(3)'
// RUN: env ATTN_EMULATOR_SEED=7 attn-run %s --target=cuda-emulated --arch=sm_90a --verify --function=causal '--input=1x4x300x64xf16=random(1)' '--input=1x2x300x64xf16=random(2)' '--input=1x2x300x64xf16=random(3)'
// RUN: %{run} --function=plain '--input=1x2x129x128xbf16=random(1)' '--input=1x2x370x128xbf16=random(2)' '--input=1x2x370x128xbf16=random(3)'
// No rows, no keys, few of both.
// RUN: %{run} --function=plain '--input=1x2x0x128xbf16=random(1)' '--input=1x2x5x128xbf16=random(2)' '--input=1x2x5x128xbf16=random(3)'
// RUN: %{run} --function=plain '--input=1x2x5x128xbf16=random(1)' '--input=1x2x0x128xbf16=random(2)' '--input=1x2x0x128xbf16=random(3)'
// RUN: %{run} --function=plain '--input=1x2x1x128xbf16=random(1)' '--input=1x2x1x128xbf16=random(2)' '--input=1x2x1x128xbf16=random(3)'
// Widths of rows: of panels, less, more; an output in natural order of tokens.
// RUN: %{run} --function=dim256 '--input=1x1x130x256xbf16=random(1)' '--input=1x1x140x256xbf16=random(2)' '--input=1x1x140x256xbf16=random(3)'
// RUN: %{run} --function=dim192 '--input=1x2x130x192xbf16=random(1)' '--input=1x1x150x192xbf16=random(2)' '--input=1x1x150x128xbf16=random(3)'
// RUN: %{run} --function=dim96 '--input=1x4x130x96xbf16=random(1)' '--input=1x2x150x96xbf16=random(2)' '--input=1x2x150x96xbf16=random(3)'
// RUN: %{run} --function=dim80 '--input=1x140x2x80xf16=random(1)' '--input=1x200x2x80xf16=random(2)' '--input=1x200x2x48xf16=random(3)'
// Modifiers. What is beyond lengths, or hidden by a mask, is NaN or infinite.
// RUN: %{run} --function=lengths '--input=2x4x140x64xf16=random(1)' --input=@%t.key.npy --input=@%t.value.npy --input=@%t.kvlen.npy --input=@%t.qlen.npy --input=@%t.delta.npy '--input=4xf32=random(4)'
// RUN: %{run} --function=mask '--input=2x4x140x64xf16=random(1)' '--input=2x2x200x64xf16=random(2)' --input=@%t.hidden.npy --input=@%t.mask.npy
// RUN: %{run} --function=scores '--input=1x140x4x64xbf16=random(1)' '--input=1x150x2x64xbf16=random(2)' '--input=1x150x2x64xbf16=random(3)' '--input=1x4x140x150xbf16=random(4)' '--input=4xf32=random(5)'
// RUN: %{run} --function=pages '--input=2x4x140x64xf16=random(1)' '--input=12x2x32x64xf16=random(2)' '--input=12x2x32x64xf16=random(3)' --input=@%t.pages.npy --input=@%t.kvlen.npy
// RUN: %{run} --function=scale '--input=1x4x130x64xf16=random(1)' '--input=1x2x90x64xf16=random(2)' '--input=1x2x90x64xf16=random(3)' --input=-0.3:f32
// Rows that tensor copies do not take: the kernel of sm_80 does.
// RUN: %{run} --function=slices '--input=1x2x130x72xf16=random(1)' '--input=1x2x130x66xf16=random(2)' '--input=1x2x130x66xf16=random(3)'

!q = tensor<?x4x?x64xf16>
!k = tensor<?x2x?x64xf16>
!l = tensor<?x4x?xf32>
func.func @causal(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %r:2 = attn.sdpa %q, %k, %v causal : (!q, !k, !k) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}
!h = tensor<?x?x?x128xbf16>
!lse = tensor<?x?x?xf32>
func.func @plain(%q: !h, %k: !h, %v: !h) -> (!h, !lse) {
  %r:2 = attn.sdpa %q, %k, %v : (!h, !h, !h) -> (!h, !lse)
  return %r#0, %r#1 : !h, !lse
}
!w = tensor<1x1x?x256xbf16>
func.func @dim256(%q: !w, %k: !w, %v: !w) -> !w {
  %r = attn.sdpa %q, %k, %v causal bottom_right : (!w, !w, !w) -> !w
  return %r : !w
}
!q192 = tensor<1x2x130x192xbf16>
!k192 = tensor<1x1x150x192xbf16>
!v192 = tensor<1x1x150x128xbf16>
!o192 = tensor<1x2x130x128xbf16>
func.func @dim192(%q: !q192, %k: !k192, %v: !v192) -> !o192 {
  %r = attn.sdpa %q, %k, %v causal softcap(5.0) : (!q192, !k192, !v192) -> !o192
  return %r : !o192
}
!q96 = tensor<1x4x130x96xbf16>
!k96 = tensor<1x2x150x96xbf16>
func.func @dim96(%q: !q96, %k: !k96, %v: !k96) -> !q96 {
  %r = attn.sdpa %q, %k, %v causal bottom_right : (!q96, !k96, !k96) -> !q96
  return %r : !q96
}
!q80 = tensor<1x140x2x80xf16>
!k80 = tensor<1x200x2x80xf16>
!v80 = tensor<1x200x2x48xf16>
!o80 = tensor<1x140x2x48xf16>
func.func @dim80(%q: !q80, %k: !k80, %v: !v80) -> !o80 {
  %r = attn.sdpa %q, %k, %v window(70, 10) layout(bshd) : (!q80, !k80, !v80) -> !o80
  return %r : !o80
}

!q3 = tensor<2x4x140x64xf16>
!k3 = tensor<2x2x?x64xf16>
!l3 = tensor<2x4x140xf32>
func.func @lengths(%q: !q3, %k: !k3, %v: !k3, %lk: tensor<2xi64>, %lq: tensor<2xi64>,
    %delta: tensor<2xi64>, %sinks: tensor<4xf32>) -> (!q3, !l3) {
  %r:2 = attn.sdpa %q, %k, %v window(100, 4) causal_offset(%delta) kv_len(%lk)
      q_len(%lq) sinks(%sinks)
    : (!q3, !k3, !k3, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<4xf32>) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}
!m3 = tensor<1x4x140x?xi1>
func.func @mask(%q: !q3, %k: !k3, %v: !k3, %m: !m3) -> (!q3, !l3) {
  %r:2 = attn.sdpa %q, %k, %v mask(%m) : (!q3, !k3, !k3, !m3) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}

// Everything that changes scores, with rows of heads side by side.
!qs = tensor<1x140x4x64xbf16>
!ks = tensor<1x150x2x64xbf16>
!bs = tensor<1x4x140x150xbf16>
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
func.func @pages(%q: !q3, %k: !pool, %v: !pool, %t: tensor<2x6xi32>, %lk: tensor<2xi64>) -> !q3 {
  %r = attn.sdpa %q, %k, %v causal bottom_right kv_len(%lk) page_table(%t)
    : (!q3, !pool, !pool, tensor<2xi64>, tensor<2x6xi32>) -> !q3
  return %r : !q3
}
func.func @scale(%q: !q, %k: !k, %v: !k, %scale: f32) -> !q {
  %r = attn.sdpa %q, %k, %v dynamic_scale(%scale) : (!q, !k, !k, f32) -> !q
  return %r : !q
}

!qi = tensor<1x2x130x72xf16>
!ki = tensor<1x2x130x66xf16>
!qn = tensor<1x2x130x64xf16>
func.func @slices(%q: !qi, %k: !ki, %v: !ki) -> !qn {
  %qs = tensor.extract_slice %q[0, 0, 0, 4] [1, 2, 130, 64] [1, 1, 1, 1] : !qi to !qn
  %ks = tensor.extract_slice %k[0, 0, 0, 1] [1, 2, 130, 64] [1, 1, 1, 1] : !ki to !qn
  %vs = tensor.extract_slice %v[0, 0, 0, 2] [1, 2, 130, 64] [1, 1, 1, 1] : !ki to !qn
  %r = attn.sdpa %qs, %ks, %vs causal : (!qn, !qn, !qn) -> !qn
  return %r : !qn
}
