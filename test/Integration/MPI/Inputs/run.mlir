!q = tensor<1x8x?x64xf32>
!kv = tensor<1x2x?x64xf32>
!q16 = tensor<1x8x?x64xf16>
!kv16 = tensor<1x2x?x64xf16>

// A decode step over a cache, with what positions and heads say about keys.
func.func @decode(%q: tensor<2x8x1x64xf32>, %k: tensor<2x2x?x64xf32>, %v: tensor<2x2x?x32xf32>, %len: tensor<2xi64>)
    -> (tensor<2x8x1x32xf32>, tensor<2x8x1xf32>) {
  %o:2 = attn.sdpa %q, %k, %v kv_len(%len)
    : (tensor<2x8x1x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x32xf32>, tensor<2xi64>)
    -> (tensor<2x8x1x32xf32>, tensor<2x8x1xf32>)
  return %o#0, %o#1 : tensor<2x8x1x32xf32>, tensor<2x8x1xf32>
}

// Query tokens, sinks, a window, a mask that is an argument and a bias that is
// computed, in the other layout.
func.func @modifiers(%q: tensor<1x5x8x64xf32>, %k: tensor<1x77x2x64xf32>, %mask: tensor<1x1x5x77xi1>,
    %bias: tensor<1x8x1x77xf32>, %sinks: tensor<8xf32>) -> (tensor<1x5x8x64xf32>, tensor<1x8x5xf32>) {
  %b = arith.addf %bias, %bias : tensor<1x8x1x77xf32>
  %o:2 = attn.sdpa %q, %k, %k window(40, 0) bottom_right mask(%mask) bias(%b) layout(bshd) sinks(%sinks)
    : (tensor<1x5x8x64xf32>, tensor<1x77x2x64xf32>, tensor<1x77x2x64xf32>, tensor<1x1x5x77xi1>,
       tensor<1x8x1x77xf32>, tensor<8xf32>) -> (tensor<1x5x8x64xf32>, tensor<1x8x5xf32>)
  return %o#0, %o#1 : tensor<1x5x8x64xf32>, tensor<1x8x5xf32>
}

// 8-bit keys in pages, scaled.
func.func @paged(%q: tensor<1x8x1x64xf16>, %k: tensor<12x2x16x64xi8>, %v: tensor<12x2x16x64xi8>,
    %ks: tensor<1x2x1x1xf32>, %vs: tensor<1x2x160x1xf32>, %table: tensor<1x10xi32>, %len: tensor<1xi64>)
    -> tensor<1x8x1x64xf16> {
  %o = attn.sdpa %q, %k, %v kv_len(%len) key_scale(%ks) value_scale(%vs) page_table(%table)
    : (tensor<1x8x1x64xf16>, tensor<12x2x16x64xi8>, tensor<12x2x16x64xi8>, tensor<1xi64>,
       tensor<1x2x1x1xf32>, tensor<1x2x160x1xf32>, tensor<1x10xi32>) -> tensor<1x8x1x64xf16>
  return %o : tensor<1x8x1x64xf16>
}

// Context rows of Star Attention, once they are asked for.
func.func @prefill(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.sdpa %q, %k, %v causal : (!q, !kv, !kv) -> !q
  return %o : !q
}
func.func @prefill_lse(%q: tensor<1x?x8x64xf16>, %k: tensor<1x?x2x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>) {
  %o:2 = attn.sdpa %q, %k, %k causal layout(bshd) strategy(#attn.star<block_size = 32, anchor_size = 8>)
    : (tensor<1x?x8x64xf16>, tensor<1x?x2x64xf16>, tensor<1x?x2x64xf16>)
    -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %o#0, %o#1 : tensor<1x?x8x64xf16>, tensor<1x8x?xf32>
}

// What cannot be cut.
func.func @whole_cache(%q: !q, %k: !kv) -> (!q, !kv) {
  %o = attn.sdpa %q, %k, %k : (!q, !kv, !kv) -> !q
  return %o, %k : !q, !kv
}
func.func @no_attention(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @in_place(%m: memref<4xf32>, %q: !q, %k: !kv) -> !q {
  %o = attn.sdpa %q, %k, %k : (!q, !kv, !kv) -> !q
  return %o : !q
}

// A rank's program is run as it is.
func.func @of_a_rank(%o: tensor<1x8x1x64xf32>, %l: tensor<1x8x1xf32>, %comm: !attn.comm) -> tensor<1x8x1x64xf32> {
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>) -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  return %r#0 : tensor<1x8x1x64xf32>
}
