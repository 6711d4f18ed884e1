// Every labelled constraint of AttnOps.td, every syntax error of our own. The
// function's name carries the label.
// RUN: attn-opt %s -o /dev/null --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// attn.sdpa: shapes
//===----------------------------------------------------------------------===//

func.func @sdpa_c1_head_dims_differ(%q: tensor<1x2x4x64xf32>, %k: tensor<1x2x4x32xf32>) {
  // expected-error @below {{'attn.sdpa' op expects query and key to agree on head_dim, but got 64 and 32}}
  %0 = attn.sdpa %q, %k, %k : (tensor<1x2x4x64xf32>, tensor<1x2x4x32xf32>, tensor<1x2x4x32xf32>) -> tensor<1x2x4x32xf32>
  return
}

// -----

func.func @sdpa_c1_dynamic_head_dim(%q: tensor<1x2x4x?xf32>) {
  // expected-error @below {{'attn.sdpa' op expects head_dim and head_dim_v to be static; cast query, key and value to static head dimensions first (tensor.cast)}}
  %0 = attn.sdpa %q, %q, %q : (tensor<1x2x4x?xf32>, tensor<1x2x4x?xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x4x?xf32>
  return
}

// -----

func.func @sdpa_c1_dynamic_head_dim_v(%q: tensor<1x2x4x8xf32>, %v: tensor<1x2x4x?xf32>) {
  // expected-error @below {{'attn.sdpa' op expects head_dim and head_dim_v to be static; cast query, key and value to static head dimensions first (tensor.cast)}}
  %0 = attn.sdpa %q, %q, %v : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x4x?xf32>
  return
}

// -----

func.func @sdpa_c1_empty_head_dim(%q: tensor<1x2x4x0xf32>, %v: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects head_dim and head_dim_v of at least 1, but got 0 and 8}}
  %0 = attn.sdpa %q, %q, %v : (tensor<1x2x4x0xf32>, tensor<1x2x4x0xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @sdpa_c2_query_key_batch(%q: tensor<2x2x4x8xf32>, %k: tensor<3x2x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects query and key to agree on batch, but got 2 and 3}}
  %0 = attn.sdpa %q, %k, %k : (tensor<2x2x4x8xf32>, tensor<3x2x4x8xf32>, tensor<3x2x4x8xf32>) -> tensor<2x2x4x8xf32>
  return
}

// -----

func.func @sdpa_c2_key_value_batch(%q: tensor<?x2x4x8xf32>, %k: tensor<2x2x4x8xf32>, %v: tensor<3x2x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to agree on batch, but got 2 and 3}}
  %0 = attn.sdpa %q, %k, %v : (tensor<?x2x4x8xf32>, tensor<2x2x4x8xf32>, tensor<3x2x4x8xf32>) -> tensor<?x2x4x8xf32>
  return
}

// -----

func.func @sdpa_c2_num_kv_heads(%q: tensor<1x8x4x8xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x4x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to agree on num_kv_heads, but got 2 and 4}}
  %0 = attn.sdpa %q, %k, %v : (tensor<1x8x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x4x4x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c2_seq_len_kv(%q: tensor<1x8x4x8xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x2x5x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to agree on seq_len_kv, but got 4 and 5}}
  %0 = attn.sdpa %q, %k, %v : (tensor<1x8x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x5x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

// In layout bshd the second dimension is the sequence.
func.func @sdpa_c2_seq_len_kv_bshd(%q: tensor<1x8x4x8xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to agree on seq_len_kv, but got 2 and 3}}
  %0 = attn.sdpa %q, %k, %v layout(bshd) : (tensor<1x8x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x3x4x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c2_pools(%q: tensor<1x8x4x8xf32>, %k: tensor<9x2x16x8xf32>, %v: tensor<7x2x16x8xf32>, %t: tensor<1x4xi32>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to agree on num_pages, but got 9 and 7}}
  %0 = attn.sdpa %q, %k, %v page_table(%t) : (tensor<1x8x4x8xf32>, tensor<9x2x16x8xf32>, tensor<7x2x16x8xf32>, tensor<1x4xi32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c2_page_size(%q: tensor<1x8x4x8xf32>, %k: tensor<9x2x16x8xf32>, %v: tensor<9x2x32x8xf32>, %t: tensor<1x4xi32>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to agree on page_size, but got 16 and 32}}
  %0 = attn.sdpa %q, %k, %v page_table(%t) : (tensor<1x8x4x8xf32>, tensor<9x2x16x8xf32>, tensor<9x2x32x8xf32>, tensor<1x4xi32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c3_multiple(%q: tensor<1x8x4x8xf32>, %k: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects num_heads to be a multiple of num_kv_heads, but got 8 and 3}}
  %0 = attn.sdpa %q, %k, %k : (tensor<1x8x4x8xf32>, tensor<1x3x4x8xf32>, tensor<1x3x4x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c3_no_kv_head(%q: tensor<1x8x4x8xf32>, %k: tensor<1x0x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects num_heads to be a multiple of num_kv_heads, but got 8 and 0}}
  %0 = attn.sdpa %q, %k, %k : (tensor<1x8x4x8xf32>, tensor<1x0x4x8xf32>, tensor<1x0x4x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c3_no_head(%q: tensor<1x0x4x8xf32>, %k: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects num_heads of at least 1, but got 0}}
  %0 = attn.sdpa %q, %k, %k : (tensor<1x0x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x0x4x8xf32>
  return
}

// -----

func.func @sdpa_c4_output_seq_len(%q: tensor<1x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects output to have seq_len_q 4, but got 5}}
  %0 = attn.sdpa %q, %q, %q : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>) -> tensor<1x8x5x8xf32>
  return
}

// -----

func.func @sdpa_c4_output_bshd(%q: tensor<1x4x8x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects output to have seq_len_q 4, but got 8}}
  %0 = attn.sdpa %q, %q, %q layout(bshd) : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c4_output_head_dim_v(%q: tensor<1x8x4x8xf32>, %v: tensor<1x8x4x16xf32>) {
  // expected-error @below {{'attn.sdpa' op expects output to have head_dim_v 16, but got 8}}
  %0 = attn.sdpa %q, %q, %v : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>, tensor<1x8x4x16xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c4_dynamic_output_head_dim_v(%q: tensor<1x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects output to have a static head_dim_v}}
  %0 = attn.sdpa %q, %q, %q : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>) -> tensor<1x8x4x?xf32>
  return
}

// -----

// lse is [batch, num_heads, seq_len_q] whatever the layout.
func.func @sdpa_c4_lse_bshd(%q: tensor<1x4x8x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects lse to have num_heads 8, but got 4}}
  %0, %1 = attn.sdpa %q, %q, %q layout(bshd) : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x4x8xf32>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// attn.sdpa: element types
//===----------------------------------------------------------------------===//

func.func @sdpa_c5_key_value(%q: tensor<1x8x4x8xf32>, %v: tensor<1x8x4x8xf16>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to share an element type, but got 'f32' and 'f16'}}
  %0 = attn.sdpa %q, %q, %v : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>, tensor<1x8x4x8xf16>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c5_query_key(%q: tensor<1x8x4x8xf32>, %k: tensor<1x8x4x8xf16>) {
  // expected-error @below {{'attn.sdpa' op expects key and value to have query's element type, f8E4M3FN, f8E5M2 or i8, but got 'f32' and 'f16'}}
  %0 = attn.sdpa %q, %k, %k : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xf16>, tensor<1x8x4x8xf16>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c5_i8_without_scales(%q: tensor<1x8x4x8xf32>, %k: tensor<1x8x4x8xi8>, %s: tensor<1x1x1x1xf32>) {
  // expected-error @below {{'attn.sdpa' op expects key_scale and value_scale with i8 key and value}}
  %0 = attn.sdpa %q, %k, %k key_scale(%s) : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xi8>, tensor<1x8x4x8xi8>, tensor<1x1x1x1xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c5_f8_query(%q: tensor<1x8x4x8xf8E4M3FN>) {
  // expected-error @below {{'attn.sdpa' op operand #0 must be 4D tensor of 32-bit float or 16-bit float or bfloat16 type or 64-bit float values, but got 'tensor<1x8x4x8xf8E4M3FN>'}}
  %0 = attn.sdpa %q, %q, %q : (tensor<1x8x4x8xf8E4M3FN>, tensor<1x8x4x8xf8E4M3FN>, tensor<1x8x4x8xf8E4M3FN>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c5_integer_key(%q: tensor<1x8x4x8xf32>, %k: tensor<1x8x4x8xi32>) {
  // expected-error @below {{'attn.sdpa' op operand #1 must be 4D tensor of}}
  %0 = attn.sdpa %q, %k, %k : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xi32>, tensor<1x8x4x8xi32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c5_rank(%q: tensor<8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op operand #0 must be 4D tensor of}}
  %0 = attn.sdpa %q, %q, %q : (tensor<8x4x8xf32>, tensor<8x4x8xf32>, tensor<8x4x8xf32>) -> tensor<8x4x8xf32>
  return
}

// -----

func.func @sdpa_c5_unranked(%q: tensor<*xf32>) {
  // expected-error @below {{'attn.sdpa' op operand #0 must be 4D tensor of}}
  %0 = attn.sdpa %q, %q, %q : (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c5_vector(%q: vector<1x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op operand #0 must be 4D tensor of}}
  %0 = attn.sdpa %q, %q, %q : (vector<1x8x4x8xf32>, vector<1x8x4x8xf32>, vector<1x8x4x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

// Layer A has tensors only.
func.func @sdpa_c5_memref(%q: memref<1x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op operand #0 must be 4D tensor of}}
  %0 = attn.sdpa %q, %q, %q : (memref<1x8x4x8xf32>, memref<1x8x4x8xf32>, memref<1x8x4x8xf32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c6_lse_of_f16(%q: tensor<1x8x4x8xf16>) {
  // expected-error @below {{'attn.sdpa' op result #1 must be 3D tensor of 32-bit float or 64-bit float values, but got 'tensor<1x8x4xf16>'}}
  %0, %1 = attn.sdpa %q, %q, %q : (tensor<1x8x4x8xf16>, tensor<1x8x4x8xf16>, tensor<1x8x4x8xf16>) -> (tensor<1x8x4x8xf16>, tensor<1x8x4xf16>)
  return
}

// -----

func.func @sdpa_c6_lse_of_f64(%q: tensor<1x8x4x8xf64>) {
  // expected-error @below {{'attn.sdpa' op expects lse to have element type 'f64', but got 'f32'}}
  %0, %1 = attn.sdpa %q, %q, %q : (tensor<1x8x4x8xf64>, tensor<1x8x4x8xf64>, tensor<1x8x4x8xf64>) -> (tensor<1x8x4x8xf64>, tensor<1x8x4xf32>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// attn.sdpa: modifiers
//===----------------------------------------------------------------------===//

// expected-note @below {{mask defined here}}
func.func @sdpa_c7_mask(%q: tensor<2x8x4x8xf32>, %m: tensor<2x2x4x4xi1>) {
  // expected-error @below {{'attn.sdpa' op expects mask to have num_heads 8 or 1, but got 2}}
  %0 = attn.sdpa %q, %q, %q mask(%m) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x2x4x4xi1>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// expected-note @below {{bias defined here}}
func.func @sdpa_c7_bias(%q: tensor<2x8x4x8xf32>, %b: tensor<2x8x4x5xf32>) {
  // expected-error @below {{'attn.sdpa' op expects bias to have seq_len_kv 4 or 1, but got 5}}
  %0 = attn.sdpa %q, %q, %q bias(%b) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x5xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// mask and bias keep their order whatever the layout.
// expected-note @below {{bias defined here}}
func.func @sdpa_c7_bias_bshd(%q: tensor<2x4x8x8xf32>, %b: tensor<2x4x8x4xf32>) {
  // expected-error @below {{'attn.sdpa' op expects bias to have num_heads 8 or 1, but got 4}}
  %0 = attn.sdpa %q, %q, %q bias(%b) layout(bshd) : (tensor<2x4x8x8xf32>, tensor<2x4x8x8xf32>, tensor<2x4x8x8xf32>, tensor<2x4x8x4xf32>) -> tensor<2x4x8x8xf32>
  return
}

// -----

// expected-note @below {{key_scale defined here}}
func.func @sdpa_c7_key_scale(%q: tensor<2x8x4x8xf32>, %k: tensor<2x2x4x8xi8>, %s: tensor<1x8x1x1xf32>) {
  // expected-error @below {{'attn.sdpa' op expects key_scale to have num_kv_heads 2 or 1, but got 8}}
  %0 = attn.sdpa %q, %k, %k key_scale(%s) value_scale(%s) : (tensor<2x8x4x8xf32>, tensor<2x2x4x8xi8>, tensor<2x2x4x8xi8>, tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// expected-note @below {{value_scale defined here}}
func.func @sdpa_c7_value_scale(%q: tensor<2x8x4x8xf32>, %v: tensor<2x8x4x16xf32>, %s: tensor<1x1x1x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects value_scale to have head_dim_v 16 or 1, but got 8}}
  %0 = attn.sdpa %q, %q, %v value_scale(%s) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x16xf32>, tensor<1x1x1x8xf32>) -> tensor<2x8x4x16xf32>
  return
}

// -----

func.func @sdpa_c7_float_mask(%q: tensor<2x8x4x8xf32>, %m: tensor<2x8x4x4xf32>) {
  // expected-error @below {{'attn.sdpa' op operand #3 must be rank-4 tensor or memref, but got 'tensor<2x8x4x4xf32>'}}
  %0 = attn.sdpa %q, %q, %q mask(%m) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x4xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c8_kv_len(%q: tensor<2x8x4x8xf32>, %l: tensor<3xi64>) {
  // expected-error @below {{'attn.sdpa' op expects kv_len to have batch 2, but got 3}}
  %0 = attn.sdpa %q, %q, %q kv_len(%l) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<3xi64>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c8_q_len(%q: tensor<2x8x4x8xf32>, %l: tensor<0xi64>) {
  // expected-error @below {{'attn.sdpa' op expects q_len to have batch 2, but got 0}}
  %0 = attn.sdpa %q, %q, %q q_len(%l) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<0xi64>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c8_causal_offset(%q: tensor<2x8x4x8xf32>, %l: tensor<4xi64>) {
  // expected-error @below {{'attn.sdpa' op expects causal_offset to have batch 2, but got 4}}
  %0 = attn.sdpa %q, %q, %q causal causal_offset(%l) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<4xi64>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c8_kv_len_type(%q: tensor<2x8x4x8xf32>, %l: tensor<2xi32>) {
  // expected-error @below {{'attn.sdpa' op operand #3 must be rank-1 tensor or memref, but got 'tensor<2xi32>'}}
  %0 = attn.sdpa %q, %q, %q kv_len(%l) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2xi32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c9_bottom_right_and_causal_offset(%q: tensor<2x8x4x8xf32>, %i: index) {
  // expected-error @below {{'attn.sdpa' op expects bottom_right or causal_offset, not both}}
  %0 = attn.sdpa %q, %q, %q causal bottom_right causal_offset(%i) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, index) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c9_bottom_right_and_offsets(%q: tensor<2x8x4x8xf32>, %i: index) {
  // expected-error @below {{'attn.sdpa' op expects no bottom_right on a tile with offsets; use causal_offset}}
  %0 = attn.sdpa %q, %q, %q causal bottom_right offsets(%i, %i, %i, %i) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, index, index, index, index) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c10_two_scales(%q: tensor<2x8x4x8xf32>, %s: f32) {
  // expected-error @below {{'attn.sdpa' op expects scale or dynamic_scale, not both}}
  %0 = attn.sdpa %q, %q, %q scale(1.0) dynamic_scale(%s) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, f32) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c10_nan_scale(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a scale that is finite in 'f32', but got 0x7FF8000000000000}}
  %0 = attn.sdpa %q, %q, %q scale(0x7FF8000000000000) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// Finite in f64, infinite where scores are computed.
func.func @sdpa_c10_scale_overflows(%q: tensor<2x8x4x8xf16>) {
  // expected-error @below {{'attn.sdpa' op expects a scale that is finite in 'f32', but got 1.000000e+300 : f64}}
  %0 = attn.sdpa %q, %q, %q scale(1.0e300) : (tensor<2x8x4x8xf16>, tensor<2x8x4x8xf16>, tensor<2x8x4x8xf16>) -> tensor<2x8x4x8xf16>
  return
}

// -----

// The same is fine for f64; only the softcap is wrong here.
func.func @sdpa_c10_negative_softcap(%q: tensor<2x8x4x8xf64>) {
  // expected-error @below {{'attn.sdpa' op expects a softcap that is positive and finite in 'f64', but got -1.000000e+00}}
  %0 = attn.sdpa %q, %q, %q scale(1.0e300) softcap(-1.0) : (tensor<2x8x4x8xf64>, tensor<2x8x4x8xf64>, tensor<2x8x4x8xf64>) -> tensor<2x8x4x8xf64>
  return
}

// -----

func.func @sdpa_c10_zero_softcap(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a softcap that is positive and finite in 'f32', but got 0.000000e+00}}
  %0 = attn.sdpa %q, %q, %q softcap(0.0) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// A softcap that rounds to zero in f32 would divide by it.
func.func @sdpa_c10_softcap_underflows(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a softcap that is positive and finite in 'f32', but got 9.9999999999999997E-61 : f64}}
  %0 = attn.sdpa %q, %q, %q softcap(1.0e-60) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c10_dynamic_scale_type(%q: tensor<2x8x4x8xf32>, %s: f8E5M2) {
  // expected-error @below {{'attn.sdpa' op operand #3 must be 32-bit float or 16-bit float or bfloat16 type or 64-bit float, but got 'f8E5M2'}}
  %0 = attn.sdpa %q, %q, %q dynamic_scale(%s) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, f8E5M2) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c11_left(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects window sizes of -1 (unbounded) or more, but got -2 and 0}}
  %0 = attn.sdpa %q, %q, %q window(-2, 0) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c11_right(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects window sizes of -1 (unbounded) or more, but got 4 and -9223372036854775808}}
  %0 = attn.sdpa %q, %q, %q window(4, -9223372036854775808) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c12_page_table_batch(%q: tensor<2x8x4x8xf32>, %k: tensor<9x8x16x8xf32>, %t: tensor<1x4xi32>) {
  // expected-error @below {{'attn.sdpa' op expects page_table to have batch 2, but got 1}}
  %0 = attn.sdpa %q, %k, %k page_table(%t) : (tensor<2x8x4x8xf32>, tensor<9x8x16x8xf32>, tensor<9x8x16x8xf32>, tensor<1x4xi32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c12_dynamic_page_size(%q: tensor<2x8x4x8xf32>, %k: tensor<9x8x?x8xf32>, %t: tensor<2x4xi32>) {
  // expected-error @below {{'attn.sdpa' op expects a static, positive page_size, but got ?}}
  %0 = attn.sdpa %q, %k, %k page_table(%t) : (tensor<2x8x4x8xf32>, tensor<9x8x?x8xf32>, tensor<9x8x?x8xf32>, tensor<2x4xi32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c12_empty_page(%q: tensor<2x8x4x8xf32>, %k: tensor<9x8x0x8xf32>, %t: tensor<2x4xi32>) {
  // expected-error @below {{'attn.sdpa' op expects a static, positive page_size, but got 0}}
  %0 = attn.sdpa %q, %k, %k page_table(%t) : (tensor<2x8x4x8xf32>, tensor<9x8x0x8xf32>, tensor<9x8x0x8xf32>, tensor<2x4xi32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c12_page_table_type(%q: tensor<2x8x4x8xf32>, %k: tensor<9x8x16x8xf32>, %t: tensor<2x4xi64>) {
  // expected-error @below {{'attn.sdpa' op operand #3 must be rank-2 tensor or memref, but got 'tensor<2x4xi64>'}}
  %0 = attn.sdpa %q, %k, %k page_table(%t) : (tensor<2x8x4x8xf32>, tensor<9x8x16x8xf32>, tensor<9x8x16x8xf32>, tensor<2x4xi64>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c13_arguments(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a score region with arguments ('f32', index, index, index, index), but got ('f32', 'index', 'index')}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %i: index, %j: index):
    attn.yield %s : f32
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// Scores of an f64 query are f64.
func.func @sdpa_c13_score_type(%q: tensor<2x8x4x8xf64>) {
  // expected-error @below {{'attn.sdpa' op expects a score region with arguments ('f64', index, index, index, index), but got ('f32', 'index', 'index', 'index', 'index')}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (tensor<2x8x4x8xf64>, tensor<2x8x4x8xf64>, tensor<2x8x4x8xf64>) -> tensor<2x8x4x8xf64>
  return
}

// -----

func.func @sdpa_c13_yield_type(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects the score region to yield 'f32', but got 'f64'}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.extf %s : f32 to f64
    attn.yield %r : f64
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c13_no_yield(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a score region that ends in attn.yield}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.negf %s : f32
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c13_empty_block(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a non-empty block}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c13_two_blocks(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects region #0 to have 0 or 1 blocks}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    cf.br ^bb1
  ^bb1:
    attn.yield %s : f32
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c13_store(%q: tensor<2x8x4x8xf32>, %m: memref<4xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a score region without side effects}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-note @below {{this op may have one}}
    memref.store %s, %m[%j] : memref<4xf32>
    attn.yield %s : f32
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// Also inside a nested region.
func.func @sdpa_c13_nested_store(%q: tensor<2x8x4x8xf32>, %m: memref<4xf32>, %c: i1) {
  // expected-error @below {{'attn.sdpa' op expects a score region without side effects}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    scf.if %c {
      // expected-note @below {{this op may have one}}
      memref.store %s, %m[%j] : memref<4xf32>
    }
    attn.yield %s : f32
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func private @unknown(f32) -> f32
func.func @sdpa_c13_call(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects a score region without side effects}}
  %0 = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-note @below {{this op may have one}}
    %r = func.call @unknown(%s) : (f32) -> f32
    attn.yield %r : f32
  } : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c13_yield_elsewhere(%s: f32) {
  // expected-error @below {{'attn.yield' op expects parent op to be one of 'attn.sdpa, attn.sdpa_step, attn.star, attn.star_step, attn.block_local, attn.sparq, attn.sparq_step, attn.online, attn.partial, attn.scores, attn.block_local_step'}}
  attn.yield %s : f32
}

// -----

// The clause counts when it is read; the verifier, when ops are built.
func.func @sdpa_c14_generic(%q: tensor<2x8x4x8xf32>, %i: index) {
  // expected-error @below {{'attn.sdpa' op expects no offsets or four (batch, head, query, key), but got 3}}
  %0 = "attn.sdpa"(%q, %q, %q, %i, %i, %i) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0>}> ({})
    : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, index, index, index) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c15_sinks(%q: tensor<2x8x4x8xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{'attn.sdpa' op expects sinks to have num_heads 8, but got 2}}
  %0 = attn.sdpa %q, %q, %q sinks(%s) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c15_sinks_type(%q: tensor<2x8x4x8xf64>, %s: tensor<8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects sinks to have element type 'f64', but got 'f32'}}
  %0 = attn.sdpa %q, %q, %q sinks(%s) : (tensor<2x8x4x8xf64>, tensor<2x8x4x8xf64>, tensor<2x8x4x8xf64>, tensor<8xf32>) -> tensor<2x8x4x8xf64>
  return
}

// -----

func.func @sdpa_c16_seq_len(%q: tensor<1x1x9223372036854775807x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects sizes of at most 281474976710656, but got 'tensor<1x1x9223372036854775807x8xf32>'}}
  %0 = attn.sdpa %q, %q, %q : (tensor<1x1x9223372036854775807x8xf32>, tensor<1x1x9223372036854775807x8xf32>, tensor<1x1x9223372036854775807x8xf32>) -> tensor<1x1x9223372036854775807x8xf32>
  return
}

// -----

func.func @sdpa_c16_window(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expects window sizes of at most 281474976710656 (-1 is unbounded), but got 9223372036854775807 and 0}}
  %0 = attn.sdpa %q, %q, %q window(9223372036854775807, 0) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c16_pages(%q: tensor<1x8x4x8xf32>, %k: tensor<9x8x281474976710656x8xf32>, %t: tensor<1x281474976710656xi32>) {
  // expected-error @below {{'attn.sdpa' op expects pages * page_size of at most 281474976710656, but got 281474976710656 * 281474976710656}}
  %0 = attn.sdpa %q, %k, %k page_table(%t) : (tensor<1x8x4x8xf32>, tensor<9x8x281474976710656x8xf32>, tensor<9x8x281474976710656x8xf32>, tensor<1x281474976710656xi32>) -> tensor<1x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c16_encoding(%q: tensor<2x8x4x8xf32, "sparse">) {
  // expected-error @below {{'attn.sdpa' op expects tensors without an encoding, but got 'tensor<2x8x4x8xf32, "sparse">'}}
  %0 = attn.sdpa %q, %q, %q : (tensor<2x8x4x8xf32, "sparse">, tensor<2x8x4x8xf32, "sparse">, tensor<2x8x4x8xf32, "sparse">) -> tensor<2x8x4x8xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// attn.online
//===----------------------------------------------------------------------===//

func.func @online_c1_head_dim(%q: tensor<1x2x4x8xf32>, %k: tensor<1x2x4x16xf32>, %acc: tensor<1x2x4x16xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expects query and key to agree on head_dim, but got 8 and 16}}
  %0:3 = attn.online ins(%q, %k, %k) outs(%acc, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x16xf32>, tensor<1x2x4x16xf32>, tensor<1x2x4x16xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> (tensor<1x2x4x16xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @online_c1_unranked(%q: memref<*xf32>, %acc: memref<1x2x4x16xf32>, %m: memref<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op operand #0 must be rank-4 tensor or memref, but got 'memref<*xf32>'}}
  attn.online ins(%q, %q, %q) outs(%acc, %m, %m) : (memref<*xf32>, memref<*xf32>, memref<*xf32>, memref<1x2x4x16xf32>, memref<1x2x4xf32>, memref<1x2x4xf32>) -> ()
  return
}

// -----

func.func @online_c2_acc_shape(%q: tensor<1x2x4x8xf32>, %acc: tensor<1x4x2x8xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expects acc to have num_heads 2, but got 4}}
  %0:3 = attn.online ins(%q, %q, %q) outs(%acc, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x4x2x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> (tensor<1x4x2x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @online_c2_dynamic_acc(%q: tensor<1x2x4x8xf32>, %acc: tensor<1x2x4x?xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expects acc to have a static head_dim_v}}
  %0:3 = attn.online ins(%q, %q, %q) outs(%acc, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x?xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> (tensor<1x2x4x?xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @online_c2_row_sum_shape(%q: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>, %l: tensor<1x2x5xf32>) {
  // expected-error @below {{'attn.online' op expects row_sum to have seq_len_q 4, but got 5}}
  %0:3 = attn.online ins(%q, %q, %q) outs(%q, %m, %l) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x5xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x5xf32>)
  return
}

// -----

func.func @online_c2_acc_type(%q: tensor<1x2x4x8xf32>, %acc: tensor<1x2x4x8xf64>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expects acc to have element type 'f32', but got 'f64'}}
  %0:3 = attn.online ins(%q, %q, %q) outs(%acc, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf64>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf64>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @online_c2_row_max_type(%q: tensor<1x2x4x8xf64>, %m: tensor<1x2x4xf32>, %l: tensor<1x2x4xf64>) {
  // expected-error @below {{'attn.online' op expects row_max to have element type 'f64', but got 'f32'}}
  %0:3 = attn.online ins(%q, %q, %q) outs(%q, %m, %l) : (tensor<1x2x4x8xf64>, tensor<1x2x4x8xf64>, tensor<1x2x4x8xf64>, tensor<1x2x4x8xf64>, tensor<1x2x4xf32>, tensor<1x2x4xf64>) -> (tensor<1x2x4x8xf64>, tensor<1x2x4xf32>, tensor<1x2x4xf64>)
  return
}

// -----

func.func @online_c3_i1_mask(%q: memref<1x2x4x8xf32>, %mask: memref<1x1x4x4xi1>, %m: memref<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expects an i8 mask on memrefs (nonzero = visible), but got i1: a vector load of i1 reads bits where memory holds bytes}}
  attn.online ins(%q, %q, %q mask(%mask)) outs(%q, %m, %m) : (memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x1x4x4xi1>, memref<1x2x4x8xf32>, memref<1x2x4xf32>, memref<1x2x4xf32>) -> ()
  return
}

// -----

func.func @online_c4_mixed(%q: tensor<1x2x4x8xf32>, %len: memref<1xi64>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expects all shaped operands to be tensors, or all memrefs}}
  %0:3 = attn.online ins(%q, %q, %q kv_len(%len)) outs(%q, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, memref<1xi64>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @online_c4_results(%q: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expects 3 results, one per tensor destination, but got 1}}
  %0 = attn.online ins(%q, %q, %q) outs(%q, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @online_c4_result_type(%q: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.online' op expected type of operand #4 ('tensor<1x2x4xf32>') to match type of corresponding result ('tensor<1x2x?xf32>')}}
  %0:3 = attn.online ins(%q, %q, %q) outs(%q, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x?xf32>, tensor<1x2x4xf32>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// attn.partial
//===----------------------------------------------------------------------===//

func.func @partial_c1_window(%q: tensor<1x2x4x8xf32>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.partial' op expects window sizes of -1 (unbounded) or more, but got 2 and -3}}
  %0:2 = attn.partial ins(%q, %q, %q window(2, -3)) outs(%q, %l) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>)
  return
}

// -----

// States are [batch, num_heads, seq_len_q, head_dim_v] whatever the layout.
func.func @partial_c2_layout(%q: tensor<1x4x2x8xf32>, %o: tensor<1x4x2x8xf32>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.partial' op expects output to have num_heads 2, but got 4}}
  %0:2 = attn.partial ins(%q, %q, %q layout(bshd)) outs(%o, %l) : (tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x2x4xf32>) -> (tensor<1x4x2x8xf32>, tensor<1x2x4xf32>)
  return
}

// -----

// A partial keeps f32 until the last merge.
func.func @partial_c2_output_type(%q: tensor<1x2x4x8xf16>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.partial' op operand #3 must be rank-4 tensor or memref, but got 'tensor<1x2x4x8xf16>'}}
  %0:2 = attn.partial ins(%q, %q, %q) outs(%q, %l) : (tensor<1x2x4x8xf16>, tensor<1x2x4x8xf16>, tensor<1x2x4x8xf16>, tensor<1x2x4x8xf16>, tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf16>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @partial_c2_lse_type(%q: tensor<1x2x4x8xf32>, %l: tensor<1x2x4xf64>) {
  // expected-error @below {{'attn.partial' op expects lse to have element type 'f32', but got 'f64'}}
  %0:2 = attn.partial ins(%q, %q, %q) outs(%q, %l) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf64>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf64>)
  return
}

// -----

func.func @partial_c3_i1_mask(%q: memref<1x2x4x8xf32>, %mask: memref<1x1x4x4xi1>, %l: memref<1x2x4xf32>) {
  // expected-error @below {{'attn.partial' op expects an i8 mask on memrefs (nonzero = visible), but got i1}}
  attn.partial ins(%q, %q, %q mask(%mask)) outs(%q, %l) : (memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x1x4x4xi1>, memref<1x2x4x8xf32>, memref<1x2x4xf32>) -> ()
  return
}

// -----

func.func @partial_c4_mixed(%q: memref<1x2x4x8xf32>, %l: memref<1x2x4xf32>, %b: tensor<1x1x1x4xf32>) {
  // expected-error @below {{'attn.partial' op expects all shaped operands to be tensors, or all memrefs}}
  attn.partial ins(%q, %q, %q bias(%b)) outs(%q, %l) : (memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, tensor<1x1x1x4xf32>, memref<1x2x4x8xf32>, memref<1x2x4xf32>) -> ()
  return
}

// -----

func.func @partial_c4_memref_result(%q: memref<1x2x4x8xf32>, %l: memref<1x2x4xf32>) {
  // expected-error @below {{'attn.partial' op expects 0 results, one per tensor destination, but got 1}}
  %0 = attn.partial ins(%q, %q, %q) outs(%q, %l) : (memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// attn.finalize
//===----------------------------------------------------------------------===//

func.func @finalize_c1_row_max(%acc: tensor<1x2x4x8xf32>, %m: tensor<1x2x5xf32>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.finalize' op expects row_max to have seq_len_q 4, but got 5}}
  %0 = attn.finalize ins(%acc, %m, %l) outs(%acc) : (tensor<1x2x4x8xf32>, tensor<1x2x5xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @finalize_c1_output_bshd(%acc: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.finalize' op expects output to have seq_len_q 4, but got 2}}
  %0 = attn.finalize ins(%acc, %m, %m) outs(%acc) layout(bshd) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @finalize_c1_sinks(%acc: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>, %s: tensor<1xf32>) {
  // expected-error @below {{'attn.finalize' op expects sinks to have num_heads 2, but got 1}}
  %0 = attn.finalize ins(%acc, %m, %m sinks(%s)) outs(%acc) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @finalize_c1_dynamic_head_dim_v(%acc: tensor<1x2x4x?xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.finalize' op expects acc to have a static head_dim_v}}
  %0 = attn.finalize ins(%acc, %m, %m) outs(%acc) : (tensor<1x2x4x?xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x4x?xf32>
  return
}

// -----

func.func @finalize_c2_row_sum(%acc: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>, %l: tensor<1x2x4xf64>) {
  // expected-error @below {{'attn.finalize' op expects row_sum to have element type 'f32', but got 'f64'}}
  %0 = attn.finalize ins(%acc, %m, %l) outs(%acc) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf64>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @finalize_c2_lse(%acc: tensor<1x2x4x8xf64>, %m: tensor<1x2x4xf64>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.finalize' op expects lse to have element type 'f64', but got 'f32'}}
  %0:2 = attn.finalize ins(%acc, %m, %m) outs(%acc, %l) : (tensor<1x2x4x8xf64>, tensor<1x2x4xf64>, tensor<1x2x4xf64>, tensor<1x2x4x8xf64>, tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf64>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @finalize_c2_wide_output(%acc: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>, %o: tensor<1x2x4x8xf64>) {
  // expected-error @below {{'attn.finalize' op expects an output no wider than 'f32', but got 'f64'}}
  %0 = attn.finalize ins(%acc, %m, %m) outs(%o) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf64>) -> tensor<1x2x4x8xf64>
  return
}

// -----

func.func @finalize_c3_mixed(%acc: tensor<1x2x4x8xf32>, %m: memref<1x2x4xf32>) {
  // expected-error @below {{'attn.finalize' op expects all shaped operands to be tensors, or all memrefs}}
  %0 = attn.finalize ins(%acc, %m, %m) outs(%acc) : (tensor<1x2x4x8xf32>, memref<1x2x4xf32>, memref<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @finalize_c3_results(%acc: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.finalize' op expects 2 results, one per tensor destination, but got 1}}
  %0 = attn.finalize ins(%acc, %m, %m) outs(%acc, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @finalize_size(%acc: memref<1x2x281474976710657x8xf32>, %m: memref<1x2x281474976710657xf32>) {
  // expected-error @below {{'attn.finalize' op expects sizes of at most 281474976710656, but got 'memref<1x2x281474976710657x8xf32>'}}
  attn.finalize ins(%acc, %m, %m) outs(%acc) : (memref<1x2x281474976710657x8xf32>, memref<1x2x281474976710657xf32>, memref<1x2x281474976710657xf32>, memref<1x2x281474976710657x8xf32>) -> ()
  return
}

// -----

//===----------------------------------------------------------------------===//
// attn.merge
//===----------------------------------------------------------------------===//

func.func @merge_c1_counts(%o: tensor<1x2x4x8xf32>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.merge' op expects as many lse operands as output operands, but got 1 and 2}}
  %0 = attn.merge ins(%o, %o lse %l) outs(%o) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c1_along_pairs(%o: tensor<3x1x2x4x8xf32>, %l: tensor<3x1x2x4xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op expects along(0) with one stacked (output, lse) pair, but got along(0) with 2 pairs}}
  %0 = attn.merge ins(%o, %o lse %l, %l) along(0) outs(%r) : (tensor<3x1x2x4x8xf32>, tensor<3x1x2x4x8xf32>, tensor<3x1x2x4xf32>, tensor<3x1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c1_along_1(%o: tensor<1x3x2x4x8xf32>, %l: tensor<1x3x2x4xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op expects along(0) with one stacked (output, lse) pair, but got along(1) with 1 pairs}}
  %0 = attn.merge ins(%o lse %l) along(1) outs(%r) : (tensor<1x3x2x4x8xf32>, tensor<1x3x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c1_along_nothing(%r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op expects along(0) with one stacked (output, lse) pair, but got along(0) with 0 pairs}}
  %0 = attn.merge ins() along(0) outs(%r) : (tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c2_part_shape(%o: tensor<1x2x5x8xf32>, %l: tensor<1x2x4xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op expects the output to have seq_len_q 4, but got 5}}
  %0 = attn.merge ins(%o lse %l) outs(%r) : (tensor<1x2x5x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c2_lse_shape(%o: tensor<1x2x4x8xf32>, %l: tensor<1x3x4xf32>) {
  // expected-error @below {{'attn.merge' op expects the lse to have num_heads 2, but got 3}}
  %0 = attn.merge ins(%o lse %l) outs(%o) : (tensor<1x2x4x8xf32>, tensor<1x3x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c2_rank(%o: tensor<3x1x2x4x8xf32>, %l: tensor<1x2x4xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op expects the output of a part to have rank 4, but got 'tensor<3x1x2x4x8xf32>'}}
  %0 = attn.merge ins(%o lse %l) outs(%r) : (tensor<3x1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c2_parts(%o: tensor<3x1x2x4x8xf32>, %l: tensor<2x1x2x4xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op expects stacked outputs and lses to agree on the number of parts, but got 3 and 2}}
  %0 = attn.merge ins(%o lse %l) along(0) outs(%r) : (tensor<3x1x2x4x8xf32>, tensor<2x1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c2_dynamic_head_dim_v(%o: tensor<1x2x4x?xf32>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.merge' op expects output to have a static head_dim_v}}
  %0 = attn.merge ins(%o lse %l) outs(%o) : (tensor<1x2x4x?xf32>, tensor<1x2x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x4x?xf32>
  return
}

// -----

func.func @merge_c2_vectors(%o: vector<1x2x4x8xf32>, %l: vector<1x2x4xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op operand #0 must be variadic of ranked tensor or memref of f32 or f64, but got 'vector<1x2x4x8xf32>'}}
  %0 = attn.merge ins(%o lse %l) outs(%r) : (vector<1x2x4x8xf32>, vector<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c2_unranked(%o: tensor<*xf32>, %l: tensor<*xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op operand #0 must be variadic of ranked tensor or memref of f32 or f64, but got 'tensor<*xf32>'}}
  %0 = attn.merge ins(%o lse %l) outs(%r) : (tensor<*xf32>, tensor<*xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c3_narrow_part(%o: tensor<1x2x4x8xf16>, %l: tensor<1x2x4xf32>) {
  // expected-error @below {{'attn.merge' op operand #0 must be variadic of ranked tensor or memref of f32 or f64, but got 'tensor<1x2x4x8xf16>'}}
  %0 = attn.merge ins(%o lse %l) outs(%o) : (tensor<1x2x4x8xf16>, tensor<1x2x4xf32>, tensor<1x2x4x8xf16>) -> tensor<1x2x4x8xf16>
  return
}

// -----

func.func @merge_c3_mixed_parts(%o: tensor<1x2x4x8xf32>, %l: tensor<1x2x4xf64>) {
  // expected-error @below {{'attn.merge' op expects parts to share an element type, but got 'f32' and 'f64'}}
  %0 = attn.merge ins(%o lse %l) outs(%o) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf64>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c3_lse(%o: tensor<1x2x4x8xf32>, %l: tensor<1x2x4xf32>, %r: tensor<1x2x4xf64>) {
  // expected-error @below {{'attn.merge' op expects lse to have element type 'f32', but got 'f64'}}
  %0:2 = attn.merge ins(%o lse %l) outs(%o, %r) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf64>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf64>)
  return
}

// -----

func.func @merge_c3_wide_output(%o: tensor<1x2x4x8xf32>, %l: tensor<1x2x4xf32>, %r: tensor<1x2x4x8xf64>) {
  // expected-error @below {{'attn.merge' op expects an output no wider than 'f32', but got 'f64'}}
  %0 = attn.merge ins(%o lse %l) outs(%r) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf64>) -> tensor<1x2x4x8xf64>
  return
}

// -----

func.func @merge_c4_mixed(%o: memref<1x2x4x8xf32>, %l: memref<1x2x4xf32>, %r: tensor<1x2x4x8xf32>) {
  // expected-error @below {{'attn.merge' op expects all shaped operands to be tensors, or all memrefs}}
  %0 = attn.merge ins(%o lse %l) outs(%r) : (memref<1x2x4x8xf32>, memref<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @merge_c4_results(%o: memref<1x2x4x8xf32>, %l: memref<1x2x4xf32>) {
  // expected-error @below {{'attn.merge' op expects 0 results, one per tensor destination, but got 1}}
  %0 = attn.merge ins(%o lse %l) outs(%o) : (memref<1x2x4x8xf32>, memref<1x2x4xf32>, memref<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

func.func @syntax_empty_operand(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected a value in kv_len(...); leave the clause out if there is none}}
  %0 = attn.sdpa %q, %q, %q kv_len() : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_empty_sinks(%acc: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>) {
  // expected-error @below {{expected a value in sinks(...); leave the clause out if there is none}}
  %0 = attn.finalize ins(%acc, %m, %m sinks()) outs(%acc) : (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @syntax_empty_scale(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected attribute value}}
  %0 = attn.sdpa %q, %q, %q scale() : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_integer_scale(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{unexpected decimal integer literal for a floating point value}}
  // expected-note @below {{add a trailing dot to make the literal a float}}
  %0 = attn.sdpa %q, %q, %q scale(1) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_value_as_scale(%q: tensor<2x8x4x8xf32>, %s: f32) {
  // expected-error @below {{expected attribute value}}
  %0 = attn.sdpa %q, %q, %q scale(%s) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, f32) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_empty_offsets(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected four offsets (batch, head, query, key), but got 0}}
  %0 = attn.sdpa %q, %q, %q offsets() : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @sdpa_c14_two_offsets(%q: tensor<2x8x4x8xf32>, %i: index) {
  // expected-error @below {{expected four offsets (batch, head, query, key), but got 2}}
  %0 = attn.sdpa %q, %q, %q offsets(%i, %i) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, index, index) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_duplicate_clause(%q: tensor<2x8x4x8xf32>, %l: tensor<2xi64>) {
  // expected-error @below {{expected at most one kv_len clause}}
  %0 = attn.sdpa %q, %q, %q kv_len(%l) kv_len(%l) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2xi64>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_causal_and_window(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected at most one window clause}}
  %0 = attn.sdpa %q, %q, %q causal window(3, 0) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_half_window(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected ','}}
  %0 = attn.sdpa %q, %q, %q window(3) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_window_too_large(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{integer value too large}}
  %0 = attn.sdpa %q, %q, %q window(9223372036854775808, 0) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_layout(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected layout bhsd or bshd, but got bdhs}}
  %0 = attn.sdpa %q, %q, %q layout(bdhs) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_empty_layout(%o: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected layout bhsd or bshd}}
  %0 = attn.merge ins() outs(%o) layout() : (tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_unknown_clause(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected ':'}}
  %0 = attn.sdpa %q, %q, %q masked : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

// Sinks belong to attn.sdpa and attn.finalize.
func.func @syntax_sinks_on_online(%q: tensor<1x2x4x8xf32>, %m: tensor<1x2x4xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{expected ')'}}
  %0:3 = attn.online ins(%q, %q, %q sinks(%s)) outs(%q, %m, %m) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<2xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @syntax_strategy(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected a strategy such as #attn.blockwise, but got 64 : i64}}
  %0 = attn.sdpa %q, %q, %q strategy(64) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_missing_value(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{expected ','}}
  %0 = attn.sdpa %q, %q causal : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_type_count(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{number of operands and types do not match: got 3 operands and 2 types}}
  %0 = attn.sdpa %q, %q, %q : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @syntax_lse_missing(%o: tensor<1x2x4x8xf32>) {
  // expected-error @below {{expected 'lse'}}
  %0 = attn.merge ins(%o) outs(%o) : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @generic_layout(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{Invalid attribute `layout` in property conversion: 3 : i32}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, layout = 3 : i32}> ({}) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @generic_segments(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{operand count (3) does not match with the total size (4) specified in attribute 'operandSegmentSizes'}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({}) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @generic_no_region(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op requires one region}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> tensor<2x8x4x8xf32>
  return
}

// -----

func.func @generic_no_output(%q: tensor<2x8x4x8xf32>) {
  // expected-error @below {{'attn.sdpa' op expected 1 or more results}}
  "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({}) : (tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>, tensor<2x8x4x8xf32>) -> ()
  return
}
