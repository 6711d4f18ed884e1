// RUN: attn-opt %s --split-input-file --verify-diagnostics

func.func @star_parse_sizes(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{expected block_size(...) and anchor_size(...)}}
  %o = attn.star %q, %kv, %kv causal block_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_parse_anchor(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{expected anchor first or previous, but got last}}
  %o = attn.star %q, %kv, %kv causal block_size(4) anchor_size(4) anchor(last) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_parse_anchors(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{expected two anchors (key, value), but got 1}}
  %o = attn.star %q, %kv, %kv causal block_size(4) anchor_size(4) anchors(%kv) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c1(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.star' op expects output to have num_heads 8, but got 4}}
  %o = attn.star %q, %kv, %kv causal block_size(4) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x4x64x16xf32>
  return
}

// -----

func.func @star_c1_sinks(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %s: tensor<3xf32>) {
  // expected-error @below {{'attn.star' op expects sinks to have num_heads 8, but got 3}}
  %o = attn.star %q, %kv, %kv causal sinks(%s) block_size(4) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<3xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c2_not_causal(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.star' op expects to be causal, but got window(-1, -1)}}
  %o = attn.star %q, %kv, %kv block_size(4) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c2_window(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.star' op expects to be causal, but got window(8, 0)}}
  %o = attn.star %q, %kv, %kv window(8, 0) block_size(4) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c2_offset(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %d: index) {
  // expected-error @below {{'attn.star' op expects a diagonal at 0, without causal_offset and bottom_right; offsets place a tile}}
  %o = attn.star %q, %kv, %kv causal causal_offset(%d) block_size(4) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, index) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c2_bottom_right(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.star' op expects a diagonal at 0, without causal_offset and bottom_right; offsets place a tile}}
  %o = attn.star %q, %kv, %kv causal bottom_right block_size(4) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c3_block(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.star' op expects block_size of 1 to 2147483647, but got 0}}
  %o = attn.star %q, %kv, %kv causal block_size(0) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c3_anchor(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchor_size of 0 to 2147483647, but got -1}}
  %o = attn.star %q, %kv, %kv causal block_size(4) anchor_size(-1) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c4(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %l: tensor<3xi64>) {
  // expected-error @below {{'attn.star' op expects context_len to have batch 2, but got 3}}
  %o = attn.star %q, %kv, %kv causal context_len(%l) block_size(4) anchor_size(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<3xi64>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c5_type(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %ak: tensor<2x2x4x16xf16>, %av: tensor<2x2x4x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchor_key to have element type 'f32', but got 'f16'}}
  %o = attn.star %q, %kv, %kv causal block_size(8) anchor_size(4) anchors(%ak, %av) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x4x16xf16>, tensor<2x2x4x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c5_batch(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %ak: tensor<2x2x4x16xf32>, %av: tensor<3x2x4x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchor_value to have batch 2, but got 3}}
  %o = attn.star %q, %kv, %kv causal block_size(8) anchor_size(4) anchors(%ak, %av) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x4x16xf32>, tensor<3x2x4x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c5_heads(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %ak: tensor<2x4x4x16xf32>, %av: tensor<2x2x4x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchor_key to have num_kv_heads 2, but got 4}}
  %o = attn.star %q, %kv, %kv causal block_size(8) anchor_size(4) anchors(%ak, %av) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x4x4x16xf32>, tensor<2x2x4x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c5_dim(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %ak: tensor<2x2x4x?xf32>, %av: tensor<2x2x4x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchor_key to have head dimension 16, but got ?}}
  %o = attn.star %q, %kv, %kv causal block_size(8) anchor_size(4) anchors(%ak, %av) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x4x?xf32>, tensor<2x2x4x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c5_few(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %ak: tensor<2x2x3x16xf32>, %av: tensor<2x2x3x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchor_key to hold anchor_size 4, but got 3}}
  %o = attn.star %q, %kv, %kv causal block_size(8) anchor_size(4) anchors(%ak, %av) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x3x16xf32>, tensor<2x2x3x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c5_agree(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %ak: tensor<2x2x4x16xf32>, %av: tensor<2x2x5x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchor_value to have keys 4, but got 5}}
  %o = attn.star %q, %kv, %kv causal block_size(8) anchor_size(4) anchors(%ak, %av) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x4x16xf32>, tensor<2x2x5x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c6_previous(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %ak: tensor<2x2x4x16xf32>) {
  // expected-error @below {{'attn.star' op expects no anchors with anchor(previous): those of a block are in key}}
  %o = attn.star %q, %kv, %kv causal block_size(8) anchor_size(4) anchor(previous) anchors(%ak, %ak) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x4x16xf32>, tensor<2x2x4x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c6_mask(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %m: tensor<1x1x64x64xi1>, %ak: tensor<2x2x4x16xf32>, %av: tensor<2x2x4x16xf32>) {
  // expected-error @below {{'attn.star' op expects no page_table, mask, bias, key_scale or value_scale with anchors: they speak of keys in key; a score region may speak of any}}
  %o = attn.star %q, %kv, %kv causal mask(%m) block_size(8) anchor_size(4) anchors(%ak, %av) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<1x1x64x64xi1>, tensor<2x2x4x16xf32>, tensor<2x2x4x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @star_c5_both(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.star' op expects anchors of key and of value, or neither}}
  %o = "attn.star"(%q, %kv, %kv, %kv) <{anchor_size = 4 : i64, block_size = 8 : i64, window_right = 0 : i64,
    operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0>}> ({})
    : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

// expected-error @below {{expects block_size of 1 to 2147483647 tokens, but got 0; the paper uses a quarter of the context}}
func.func private @attr() attributes {s = #attn.star<block_size = 0>}

// -----

// expected-error @below {{expects anchor_size of -1 (block_size) to 2147483647, but got -2}}
func.func private @attr() attributes {s = #attn.star<block_size = 4, anchor_size = -2>}

// -----

// expected-error @below {{expects query_size of 0 to 2147483647, but got -1}}
func.func private @attr() attributes {s = #attn.star<block_size = 4, query_size = -1>}
