// RUN: attn-opt %s --split-input-file --verify-diagnostics

func.func @parse_length(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{expected block_len(...)}}
  %o = attn.block_local %q, %kv, %kv causal : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @parse_prefix(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x16xf32>) {
  // expected-error @below {{expected a prefix of two (key, value), but got 1}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix(%p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x32x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c1(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects output to have num_heads 8, but got 4}}
  %o = attn.block_local %q, %kv, %kv causal block_len(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x4x64x16xf32>
  return
}

// -----

func.func @c1_sinks(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %s: tensor<3xf32>) {
  // expected-error @below {{'attn.block_local' op expects sinks to have num_heads 8, but got 3}}
  %o = attn.block_local %q, %kv, %kv sinks(%s) block_len(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<3xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c2_window(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects to be causal or without window, but got window(3, 0)}}
  %o = attn.block_local %q, %kv, %kv window(3, 0) block_len(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c2_offset(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  %c4 = arith.constant 4 : index
  // expected-error @below {{'attn.block_local' op expects a diagonal at 0, without causal_offset and bottom_right; offsets place a tile}}
  %o = attn.block_local %q, %kv, %kv causal causal_offset(%c4) block_len(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, index) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c2_bottom_right(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects a diagonal at 0, without causal_offset and bottom_right; offsets place a tile}}
  %o = attn.block_local %q, %kv, %kv causal bottom_right block_len(4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c3_zero(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects block_len of 1 to 2147483647, but got 0}}
  %o = attn.block_local %q, %kv, %kv block_len(0) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c3_negative(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects block_len of 1 to 2147483647, but got -4}}
  %o = attn.block_local %q, %kv, %kv block_len(-4) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c3_huge(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects block_len of 1 to 2147483647, but got 2147483648}}
  %o = attn.block_local %q, %kv, %kv block_len(2147483648) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_alone(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_len and a prefix of key and of value together, or neither}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix_len(2) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_no_length(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_len and a prefix of key and of value together, or neither}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x32x16xf32>, tensor<2x2x32x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_length(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_len of 1 to 2147483647, but got 0}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix_len(0) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x32x16xf32>, tensor<2x2x32x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_type(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x16xf16>) {
  // expected-error @below {{'attn.block_local' op expects prefix_key to have element type 'f32', but got 'f16'}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix_len(2) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x32x16xf16>, tensor<2x2x32x16xf16>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_batch(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<1x2x32x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_key to have batch 2, but got 1}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix_len(2) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<1x2x32x16xf32>, tensor<1x2x32x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_heads(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x8x32x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_key to have num_kv_heads 2, but got 8}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix_len(2) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x8x32x16xf32>, tensor<2x8x32x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_head_dim(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x8xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_key to have head dimension 16, but got 8}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix_len(2) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x32x8xf32>, tensor<2x2x32x8xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_value(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x16xf32>, %r: tensor<2x2x30x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_value to have keys 32, but got 30}}
  %o = attn.block_local %q, %kv, %kv block_len(4) prefix_len(2) prefix(%p, %r) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x32x16xf32>, tensor<2x2x30x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c4_count(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x16xf32>) {
  // expected-error @below {{'attn.block_local' op expects prefix_key to hold prefix_len 2 keys for each of 13 blocks, but got 32}}
  %o = attn.block_local %q, %kv, %kv block_len(5) prefix_len(2) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x32x16xf32>, tensor<2x2x32x16xf32>) -> tensor<2x8x64x16xf32>
  return
}

// -----

func.func @c5_mask(%q: tensor<2x8x64x16xf32>, %kv: tensor<2x2x64x16xf32>, %p: tensor<2x2x32x16xf32>, %m: tensor<2x1x64x64xi1>) {
  // expected-error @below {{'attn.block_local' op expects no page_table, mask, bias, key_scale, value_scale or score region with a prefix: they speak of keys in key}}
  %o = attn.block_local %q, %kv, %kv mask(%m) block_len(4) prefix_len(2) prefix(%p, %p) : (tensor<2x8x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>, tensor<2x1x64x64xi1>, tensor<2x2x32x16xf32>, tensor<2x2x32x16xf32>) -> tensor<2x8x64x16xf32>
  return
}
