// Attention inside blocks on GPUs, in the emulator, against the reference.
// REQUIRES: numpy
// RUN: %python %S/Inputs/make-blocks.py %t
// DEFINE: %{run} = attn-run %s --target=cuda-emulated --verify

// Many blocks in a tile of rows, several of a warp, one and a part of one; the
// last is short. None of it is causal. Whole tiles are those of wgmma.
// DEFINE: %{function} =
// DEFINE: %{plain} = %{run} --function=%{function} '--input=1x4x260x64xf16=random(1)' '--input=1x2x260x64xf16=random(2)' '--input=1x2x260x64xf16=random(3)'
// REDEFINE: %{function} = blocks4
// RUN: %{plain} --arch=sm_80
// RUN: %{plain} --arch=sm_90a
// RUN: env ATTN_EMULATOR_SEED=5 %{plain}
// REDEFINE: %{function} = blocks24
// RUN: %{plain}
// REDEFINE: %{function} = blocks150
// RUN: %{plain} --arch=sm_80
// RUN: %{plain} --arch=sm_90a
// REDEFINE: %{function} = blocks128
// RUN: %{plain} --arch=sm_80
// RUN: %{plain} --arch=sm_90a
// REDEFINE: %{function} = causal256
// RUN: %{plain} --arch=sm_90a
// No rows, no keys, and rows whose block has none.
// RUN: %{run} --function=blocks150 '--input=1x4x0x64xf16=random(1)' '--input=1x2x0x64xf16=random(2)' '--input=1x2x0x64xf16=random(3)'
// RUN: %{run} --function=blocks24 '--input=1x4x70x64xf16=random(1)' '--input=1x2x0x64xf16=random(2)' '--input=1x2x0x64xf16=random(3)'
// RUN: %{run} --function=blocks24 '--input=1x4x70x64xf16=random(1)' '--input=1x2x50x64xf16=random(2)' '--input=1x2x50x64xf16=random(3)'
// RUN: %{run} --function=blocks24 '--input=1x4x70x64xf16=random(1)' '--input=1x2x90x64xf16=random(2)' '--input=1x2x90x64xf16=random(3)'

// Prefixes: of tiny blocks and of long ones, by matrix instructions and without.
// RUN: %{run} --function=prefix4 '--input=2x90x4x64xbf16=random(1)' '--input=2x90x2x64xbf16=random(2)' '--input=2x90x2x32xbf16=random(3)' '--input=2x46x2x64xbf16=random(4)' '--input=2x46x2x32xbf16=random(5)'
// RUN: %{run} --function=prefix100 '--input=1x2x250x128xf16=random(1)' '--input=1x1x250x128xf16=random(2)' '--input=1x1x111x128xf16=random(3)' --arch=sm_90a
// RUN: %{run} --function=prefix_f32 '--input=1x2x250x20xf32=random(1)' '--input=1x1x250x20xf32=random(2)' '--input=1x1x210x20xf32=random(3)'
// Of a piece that begins inside a block.
// RUN: %{run} --function=piece '--input=1x2x60x64xf16=random(1)' '--input=1x2x60x64xf16=random(2)' '--input=1x2x35x64xf16=random(3)' --input=13:index

// Lengths, with anything behind them; rows of no key, sinks.
// RUN: %{run} --function=lengths '--input=3x4x130x64xf16=random(1)' --input=@%t.key.npy --input=@%t.value.npy --input=@%t.kvlen.npy --input=@%t.qlen.npy '--input=4xf32=random(4)'
// RUN: %{run} --function=prefix_lengths '--input=3x4x130x64xf16=random(1)' --input=@%t.key.npy --input=@%t.value.npy --input=@%t.kvlen.npy --input=@%t.qlen.npy '--input=4xf32=random(4)' --input=@%t.prefix.npy
// What one block holds reaches no other.
// RUN: %{run} --function=apart '--input=1x4x130x64xf16=random(1)' --input=@%t.nan-key.npy --input=@%t.nan-value.npy
// RUN: %{run} --function=apart '--input=1x4x130x64xf16=random(1)' --input=@%t.nan-key.npy --input=@%t.nan-value.npy --arch=sm_90a
// RUN: %{run} --function=apart_few '--input=1x8x7x64xf16=random(1)' --input=@%t.nan-key.npy --input=@%t.nan-value.npy
// Rows and keys that a mask hides, and all that changes scores.
// RUN: %{run} --function=mask '--input=3x4x130x64xf16=random(1)' --input=@%t.hidden-key.npy --input=@%t.hidden-value.npy --input=@%t.mask.npy
// RUN: %{run} --function=scores '--input=2x90x4x64xbf16=random(1)' '--input=2x90x2x64xbf16=random(2)' '--input=2x90x2x64xbf16=random(3)' '--input=1x4x90x90xbf16=random(4)' '--input=4xf32=random(5)'
// Pages, and keys of 8 bits.
// RUN: %{run} --function=pages '--input=3x4x128x64xf16=random(1)' '--input=12x2x32x64xf16=random(2)' '--input=12x2x32x64xf16=random(3)' --input=@%t.pages.npy --input=@%t.qlen.npy
// RUN: %{run} --function=bytes '--input=1x4x130x64xf16=random(1)' '--input=1x2x130x64xi8=random(2)' '--input=1x2x130x64xi8=random(3)' '--input=1x2x130x1xf32=random(4)' '--input=1x1x1x64xf32=random(5)'

!q = tensor<1x4x?x64xf16>
!k = tensor<1x2x?x64xf16>
!l = tensor<1x4x?xf32>
func.func @blocks4(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %r:2 = attn.block_local %q, %k, %v block_len(4) : (!q, !k, !k) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}
func.func @blocks24(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %r:2 = attn.block_local %q, %k, %v block_len(24) : (!q, !k, !k) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}
func.func @blocks150(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %r:2 = attn.block_local %q, %k, %v block_len(150) : (!q, !k, !k) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}
func.func @blocks128(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %r:2 = attn.block_local %q, %k, %v block_len(128) : (!q, !k, !k) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}
func.func @causal256(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %r:2 = attn.block_local %q, %k, %v causal block_len(256)
    : (!q, !k, !k) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}

!qp = tensor<2x?x4x64xbf16>
!kp = tensor<2x?x2x64xbf16>
!vp = tensor<2x?x2x32xbf16>
!op = tensor<2x?x4x32xbf16>
func.func @prefix4(%q: !qp, %k: !kp, %v: !vp, %pk: !kp, %pv: !vp) -> !op {
  %r = attn.block_local %q, %k, %v causal softcap(3.0) layout(bshd) block_len(4)
      prefix_len(2) prefix(%pk, %pv) : (!qp, !kp, !vp, !kp, !vp) -> !op
  return %r : !op
}
!q128 = tensor<1x2x?x128xf16>
!k128 = tensor<1x1x?x128xf16>
func.func @prefix100(%q: !q128, %k: !k128, %p: !k128) -> !q128 {
  %r = attn.block_local %q, %k, %k block_len(100) prefix_len(37) prefix(%p, %p)
    : (!q128, !k128, !k128, !k128, !k128) -> !q128
  return %r : !q128
}
!q32 = tensor<1x2x?x20xf32>
!k32 = tensor<1x1x?x20xf32>
func.func @prefix_f32(%q: !q32, %k: !k32, %p: !k32) -> !q32 {
  %r = attn.block_local %q, %k, %k causal block_len(100) prefix_len(70)
    prefix(%p, %p) : (!q32, !k32, !k32, !k32, !k32) -> !q32
  return %r : !q32
}
!q2 = tensor<1x2x?x64xf16>
func.func @piece(%q: !q2, %k: !q2, %p: !q2, %at: index) -> !q2 {
  %c0 = arith.constant 0 : index
  %r = attn.block_local %q, %k, %k causal offsets(%c0, %c0, %at, %at)
      block_len(10) prefix_len(5) prefix(%p, %p)
    : (!q2, !q2, !q2, index, index, index, index, !q2, !q2) -> !q2
  return %r : !q2
}

!q3 = tensor<3x4x?x64xf16>
!k3 = tensor<3x2x?x64xf16>
!l3 = tensor<3x4x?xf32>
!n3 = tensor<3xi64>
!s3 = tensor<4xf32>
func.func @lengths(%q: !q3, %k: !k3, %v: !k3, %lk: !n3, %lq: !n3, %s: !s3)
    -> (!q3, !l3) {
  %r:2 = attn.block_local %q, %k, %v kv_len(%lk) q_len(%lq) sinks(%s)
    block_len(9) : (!q3, !k3, !k3, !n3, !n3, !s3) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}
func.func @prefix_lengths(%q: !q3, %k: !k3, %v: !k3, %lk: !n3, %lq: !n3,
    %s: !s3, %p: !k3) -> (!q3, !l3) {
  %r:2 = attn.block_local %q, %k, %v causal kv_len(%lk) q_len(%lq) sinks(%s)
      block_len(9) prefix_len(5) prefix(%p, %p)
    : (!q3, !k3, !k3, !n3, !n3, !s3, !k3, !k3) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}

func.func @apart(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %r:2 = attn.block_local %q, %k, %v block_len(5) : (!q, !k, !k) -> (!q, !l)
  return %r#0, %r#1 : !q, !l
}
!q7 = tensor<1x8x7x64xf16>
func.func @apart_few(%q: !q7, %k: !k, %v: !k) -> !q7 {
  %r = attn.block_local %q, %k, %v block_len(5) : (!q7, !k, !k) -> !q7
  return %r : !q7
}

!m3 = tensor<1x4x?x?xi1>
func.func @mask(%q: !q3, %k: !k3, %v: !k3, %m: !m3) -> (!q3, !l3) {
  %r:2 = attn.block_local %q, %k, %v mask(%m) block_len(65)
    : (!q3, !k3, !k3, !m3) -> (!q3, !l3)
  return %r#0, %r#1 : !q3, !l3
}
!qs = tensor<2x90x4x64xbf16>
!ks = tensor<2x90x2x64xbf16>
!bs = tensor<1x4x90x90xbf16>
func.func @scores(%q: !qs, %k: !ks, %v: !ks, %bias: !bs, %slopes: tensor<4xf32>)
    -> !qs {
  %r = attn.block_local %q, %k, %v softcap(4.0) bias(%bias) layout(bshd)
    block_len(70) score {
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
!q128p = tensor<3x4x128x64xf16>
func.func @pages(%q: !q128p, %k: !pool, %v: !pool, %t: tensor<3x4xi32>,
    %lk: !n3) -> !q128p {
  %r = attn.block_local %q, %k, %v kv_len(%lk) page_table(%t) block_len(90)
    : (!q128p, !pool, !pool, !n3, tensor<3x4xi32>) -> !q128p
  return %r : !q128p
}
!k8 = tensor<1x2x?x64xi8>
func.func @bytes(%q: !q, %k: !k8, %v: !k8, %ks: tensor<1x2x?x1xf32>,
    %vs: tensor<1x1x1x64xf32>) -> !q {
  %r = attn.block_local %q, %k, %v key_scale(%ks) value_scale(%vs) block_len(100)
    : (!q, !k8, !k8, tensor<1x2x?x1xf32>, tensor<1x1x1x64xf32>) -> !q
  return %r : !q
}
