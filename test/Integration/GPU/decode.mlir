// Decoding steps by matrix instructions, in the emulator, against the reference:
// heads that share keys in one tile, warps and blocks that have keys of their
// own, and every modifier.
// RUN: %python %S/Inputs/make-decode.py %t
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify

// No keys, fewer than one warp has, fewer than all warps have, ranges of keys.
// RUN: %{run} --function=gqa '--input=2x8x1x128xf16=random(1)' '--input=2x2x0x128xf16=random(2)' '--input=2x2x0x128xf16=random(3)'
// RUN: %{run} --function=gqa '--input=2x8x1x128xf16=random(1)' '--input=2x2x7x128xf16=random(2)' '--input=2x2x7x128xf16=random(3)'
// RUN: %{run} --function=gqa '--input=2x8x1x128xf16=random(1)' '--input=2x2x33x128xf16=random(2)' '--input=2x2x33x128xf16=random(3)'
// RUN: %{run} --function=gqa '--input=2x8x1x128xf16=random(1)' '--input=2x2x256x128xf16=random(2)' '--input=2x2x256x128xf16=random(3)'
// RUN: %{run} --function=gqa '--input=2x8x1x128xf16=random(1)' '--input=2x2x1003x128xf16=random(2)' '--input=2x2x1003x128xf16=random(3)'
// RUN: env ATTN_EMULATOR_SEED=11 attn-run %s --target=cuda-emulated --verify --function=gqa '--input=2x8x1x128xf16=random(1)' '--input=2x2x1003x128xf16=random(2)' '--input=2x2x1003x128xf16=random(3)'
// Queries and heads together: 32 rows, the last of which see other keys; and 48.
// RUN: %{run} --function=speculative '--input=1x16x4x64xbf16=random(1)' '--input=1x2x301x64xbf16=random(2)' '--input=1x2x301x64xbf16=random(3)'
// RUN: env ATTN_EMULATOR_SEED=3 attn-run %s --target=cuda-emulated --verify --function=speculative '--input=1x16x4x64xbf16=random(1)' '--input=1x2x301x64xbf16=random(2)' '--input=1x2x301x64xbf16=random(3)'
// RUN: %{run} --function=rows48 '--input=1x12x4x64xf16=random(1)' '--input=1x1x301x64xf16=random(2)' '--input=1x1x301x64xf16=random(3)'
// Other widths of rows; of 256 numbers, tiles of 16 rows share keys.
// RUN: %{run} --function=dim96 '--input=1x6x1x96xf16=random(1)' '--input=1x1x290x96xf16=random(2)' '--input=1x1x290x96xf16=random(3)'
// RUN: %{run} --function=dim192 '--input=1x16x1x192xbf16=random(1)' '--input=1x1x290x192xbf16=random(2)' '--input=1x1x290x128xbf16=random(3)'
// RUN: %{run} --function=dim256 '--input=1x8x3x256xbf16=random(1)' '--input=1x1x290x256xbf16=random(2)' '--input=1x1x290x256xbf16=random(3)'
// RUN: %{run} --function=dim80 '--input=1x5x1x80xf16=random(1)' '--input=1x1x90x80xf16=random(2)' '--input=1x1x90x48xf16=random(3)'
// Modifiers. What is beyond lengths, or hidden by a mask, is NaN or infinite.
// RUN: %{run} --function=lengths '--input=3x8x2x64xf16=random(1)' --input=@%t.key.npy --input=@%t.value.npy --input=@%t.kvlen.npy --input=@%t.qlen.npy --input=@%t.delta.npy '--input=8xf32=random(4)'
// RUN: %{run} --function=mask '--input=3x8x2x64xf16=random(1)' --input=@%t.hidden-key.npy --input=@%t.hidden-value.npy --input=@%t.mask.npy
// RUN: %{run} --function=nan '--input=3x8x1x64xf16=random(1)' '--input=3x2x600x64xf16=random(2)' --input=@%t.nan-value.npy
// RUN: %{run} --function=scores '--input=2x2x8x64xbf16=random(1)' '--input=2x290x2x64xbf16=random(2)' '--input=2x290x2x64xbf16=random(3)' '--input=1x8x2x290xbf16=random(4)' '--input=8xf32=random(5)'
// RUN: %{run} --function=pages '--input=3x8x1x64xf16=random(1)' '--input=114x2x16x64xf16=random(2)' '--input=114x2x16x64xf16=random(3)' --input=@%t.pages.npy --input=@%t.kvlen.npy
// RUN: %{run} --function=small_pages '--input=3x8x1x64xf16=random(1)' '--input=114x2x8x64xf16=random(2)' '--input=114x2x8x64xf16=random(3)' --input=@%t.pages.npy
// RUN: %{run} --function=scale '--input=1x4x1x64xf16=random(1)' '--input=1x1x290x64xf16=random(2)' '--input=1x1x290x64xf16=random(3)' --input=-0.3:f32
// Rows that lie at no multiples of 16 bytes.
// RUN: %{run} --function=slices '--input=1x8x1x72xf16=random(1)' '--input=1x2x290x66xf16=random(2)' '--input=1x2x290x66xf16=random(3)'
// Parts in f32, and their merge.
// RUN: %{run} --function=gqa --strategy=blockwise:num-splits=2 '--input=2x8x1x128xf16=random(1)' '--input=2x2x90x128xf16=random(2)' '--input=2x2x90x128xf16=random(3)'

!q1 = tensor<2x8x1x128xf16>
!k1 = tensor<2x2x?x128xf16>
!l1 = tensor<2x8x1xf32>
func.func @gqa(%q: !q1, %k: !k1, %v: !k1) -> (!q1, !l1) {
  %r:2 = attn.sdpa %q, %k, %v : (!q1, !k1, !k1) -> (!q1, !l1)
  return %r#0, %r#1 : !q1, !l1
}

!q4 = tensor<1x16x4x64xbf16>
!k4 = tensor<1x2x?x64xbf16>
func.func @speculative(%q: !q4, %k: !k4, %v: !k4) -> !q4 {
  %r = attn.sdpa %q, %k, %v causal bottom_right : (!q4, !k4, !k4) -> !q4
  return %r : !q4
}
!q12 = tensor<1x12x4x64xf16>
!k12 = tensor<1x1x?x64xf16>
func.func @rows48(%q: !q12, %k: !k12, %v: !k12) -> !q12 {
  %r = attn.sdpa %q, %k, %v causal bottom_right : (!q12, !k12, !k12) -> !q12
  return %r : !q12
}

!q96 = tensor<1x6x1x96xf16>
!k96 = tensor<1x1x290x96xf16>
func.func @dim96(%q: !q96, %k: !k96, %v: !k96) -> !q96 {
  %r = attn.sdpa %q, %k, %v : (!q96, !k96, !k96) -> !q96
  return %r : !q96
}
!q192 = tensor<1x16x1x192xbf16>
!k192 = tensor<1x1x290x192xbf16>
!v192 = tensor<1x1x290x128xbf16>
!o192 = tensor<1x16x1x128xbf16>
func.func @dim192(%q: !q192, %k: !k192, %v: !v192) -> !o192 {
  %r = attn.sdpa %q, %k, %v : (!q192, !k192, !v192) -> !o192
  return %r : !o192
}
!q256 = tensor<1x8x3x256xbf16>
!k256 = tensor<1x1x290x256xbf16>
func.func @dim256(%q: !q256, %k: !k256, %v: !k256) -> !q256 {
  %r = attn.sdpa %q, %k, %v causal bottom_right : (!q256, !k256, !k256) -> !q256
  return %r : !q256
}
!q80 = tensor<1x5x1x80xf16>
!k80 = tensor<1x1x90x80xf16>
!v80 = tensor<1x1x90x48xf16>
!o80 = tensor<1x5x1x48xf16>
func.func @dim80(%q: !q80, %k: !k80, %v: !v80) -> !o80 {
  %r = attn.sdpa %q, %k, %v window(20, 10) bottom_right : (!q80, !k80, !v80) -> !o80
  return %r : !o80
}

!q3 = tensor<3x8x2x64xf16>
!k3 = tensor<3x2x?x64xf16>
!l3 = tensor<3x8x2xf32>
func.func @lengths(%q: !q3, %k: !k3, %v: !k3, %lk: tensor<3xi64>, %lq: tensor<3xi64>,
    %delta: tensor<3xi64>, %sinks: tensor<8xf32>) -> (!q3, !l3) {
  %r:2 = attn.sdpa %q, %k, %v window(500, 4) causal_offset(%delta) kv_len(%lk)
      q_len(%lq) sinks(%sinks)
    : (!q3, !k3, !k3, tensor<3xi64>, tensor<3xi64>, tensor<3xi64>, tensor<8xf32>) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}
!m3 = tensor<1x8x2x?xi1>
func.func @mask(%q: !q3, %k: !k3, %v: !k3, %m: !m3) -> (!q3, !l3) {
  %r:2 = attn.sdpa %q, %k, %v mask(%m) : (!q3, !k3, !k3, !m3) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}
!qn = tensor<3x8x1x64xf16>
func.func @nan(%q: !qn, %k: !k3, %v: !k3) -> !qn {
  %r = attn.sdpa %q, %k, %v : (!qn, !k3, !k3) -> !qn
  return %r : !qn
}

// Everything that changes scores, with rows of heads side by side.
!qs = tensor<2x2x8x64xbf16>
!ks = tensor<2x290x2x64xbf16>
!bs = tensor<1x8x2x290xbf16>
func.func @scores(%q: !qs, %k: !ks, %v: !ks, %bias: !bs, %slopes: tensor<8xf32>) -> !qs {
  %r = attn.sdpa %q, %k, %v causal bottom_right softcap(4.0) bias(%bias) layout(bshd)
    score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      %slope = tensor.extract %slopes[%h] : tensor<8xf32>
      %d = arith.subi %i, %j : index
      %n = arith.index_cast %d : index to i32
      %f = arith.sitofp %n : i32 to f32
      %x = arith.mulf %slope, %f : f32
      %y = arith.addf %s, %x : f32
      attn.yield %y : f32
    } : (!qs, !ks, !ks, !bs) -> !qs
  return %r : !qs
}

!pool = tensor<114x2x16x64xf16>
func.func @pages(%q: !qn, %k: !pool, %v: !pool, %t: tensor<3x38xi32>, %lk: tensor<3xi64>) -> !qn {
  %r = attn.sdpa %q, %k, %v causal bottom_right kv_len(%lk) page_table(%t)
    : (!qn, !pool, !pool, tensor<3xi64>, tensor<3x38xi32>) -> !qn
  return %r : !qn
}
!small = tensor<114x2x8x64xf16>
func.func @small_pages(%q: !qn, %k: !small, %v: !small, %t: tensor<3x38xi32>) -> !qn {
  %r = attn.sdpa %q, %k, %v page_table(%t) : (!qn, !small, !small, tensor<3x38xi32>) -> !qn
  return %r : !qn
}

!qc = tensor<1x4x1x64xf16>
!kc = tensor<1x1x290x64xf16>
func.func @scale(%q: !qc, %k: !kc, %v: !kc, %scale: f32) -> !qc {
  %r = attn.sdpa %q, %k, %v dynamic_scale(%scale) : (!qc, !kc, !kc, f32) -> !qc
  return %r : !qc
}

!qw = tensor<1x8x1x72xf16>
!kw = tensor<1x2x290x66xf16>
!qi = tensor<1x8x1x64xf16>
!ki = tensor<1x2x290x64xf16>
func.func @slices(%q: !qw, %k: !kw, %v: !kw) -> !qi {
  %qs = tensor.extract_slice %q[0, 0, 0, 4] [1, 8, 1, 64] [1, 1, 1, 1] : !qw to !qi
  %ks = tensor.extract_slice %k[0, 0, 0, 1] [1, 2, 290, 64] [1, 1, 1, 1] : !kw to !ki
  %vs = tensor.extract_slice %v[0, 0, 0, 2] [1, 2, 290, 64] [1, 1, 1, 1] : !kw to !ki
  %r = attn.sdpa %qs, %ks, %vs causal bottom_right : (!qi, !ki, !ki) -> !qi
  return %r : !qi
}
