// RUN: attn-opt %s --split-input-file --verify-diagnostics | attn-opt --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @all_blocks
// CHECK: attn.block_local_step ins(%{{.+}}, %{{.+}}, %{{.+}} causal block_len(5)) outs(%{{.+}}) :
func.func @all_blocks(%q: tensor<?x12x5x64xf32>, %o: tensor<?x12x5x64xf32>)
    -> tensor<?x12x5x64xf32> {
  %r = attn.block_local_step ins(%q, %q, %q causal block_len(5)) outs(%o)
    : (tensor<?x12x5x64xf32>, tensor<?x12x5x64xf32>, tensor<?x12x5x64xf32>,
       tensor<?x12x5x64xf32>) -> tensor<?x12x5x64xf32>
  return %r : tensor<?x12x5x64xf32>
}

// Clauses in any order; a step of one row to five keys, with lse.
// CHECK-LABEL: func.func @one_step
// CHECK: attn.block_local_step ins(%{{.+}}, %{{.+}}, %{{.+}} kv_len(%{{.+}}) layout(bshd) block_len(5) block_len_q(1)) outs(%{{.+}}, %{{.+}}) :
func.func @one_step(%q: memref<8x1x4x64xf16>, %k: memref<8x5x2x64xf16>,
    %len: memref<8xi64>, %l: memref<8x4x1xf32>) {
  attn.block_local_step ins(%q, %k, %k layout(bshd) kv_len(%len) block_len_q(1)
      block_len(5)) outs(%q, %l)
    : (memref<8x1x4x64xf16>, memref<8x5x2x64xf16>, memref<8x5x2x64xf16>,
       memref<8xi64>, memref<8x1x4x64xf16>, memref<8x4x1xf32>) -> ()
  return
}

// CHECK-LABEL: func.func @prefix
// CHECK: attn.block_local_step ins(%{{.+}}, %{{.+}}, %{{.+}} causal block_len(4) prefix_len(2) prefix(%{{.+}}, %{{.+}})) outs(%{{.+}}) :
func.func @prefix(%q: tensor<1x2x8x64xf32>, %p: tensor<1x2x4x64xf32>)
    -> tensor<1x2x8x64xf32> {
  %r = attn.block_local_step ins(%q, %q, %q causal block_len(4) prefix_len(2)
      prefix(%p, %p)) outs(%q)
    : (tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
       tensor<1x2x4x64xf32>, tensor<1x2x4x64xf32>, tensor<1x2x8x64xf32>)
    -> tensor<1x2x8x64xf32>
  return %r : tensor<1x2x8x64xf32>
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @no_block_len(%q: !t) {
  // expected-error @+1 {{expected block_len(...)}}
  %r = attn.block_local_step ins(%q, %q, %q causal) outs(%q)
    : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @one_prefix(%q: !t) {
  // expected-error @+1 {{expected a prefix of two (key, value), but got 1}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(4) prefix(%q)) outs(%q)
    : (!t, !t, !t, !t, !t) -> !t
  return
}

// -----

func.func @block_local_step_c1_output(%q: tensor<1x2x8x64xf32>,
                                      %o: tensor<1x2x8x32xf32>) {
  // expected-error @+1 {{'attn.block_local_step' op expects output to have head_dim_v 64, but got 32}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4)) outs(%o)
    : (tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
       tensor<1x2x8x32xf32>) -> tensor<1x2x8x32xf32>
  return
}

// -----

func.func @block_local_step_c1_lse(%q: tensor<1x2x8x64xf32>,
                                   %l: tensor<1x2x8xf64>) {
  // expected-error @+1 {{'attn.block_local_step' op expects lse to have element type 'f32', but got 'f64'}}
  %r:2 = attn.block_local_step ins(%q, %q, %q block_len(4)) outs(%q, %l)
    : (tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
       tensor<1x2x8x64xf32>, tensor<1x2x8xf64>)
    -> (tensor<1x2x8x64xf32>, tensor<1x2x8xf64>)
  return
}

// -----

!t = tensor<1x?x8x64xf32>
func.func @block_local_step_c2(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects static num_heads and num_kv_heads, but got ? and ?}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4)) outs(%q)
    : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c3(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects block_len of 1 to 64, but got 0}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(0)) outs(%q)
    : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c3_rows(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects block_len_q of 1 to 64, but got 65}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(8) block_len_q(65))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c4(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects query and key to have the same number of blocks, but got 3 of block_len_q 3 and 2 of block_len 4}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) block_len_q(3))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c5(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects no score region, page_table, key_scale, value_scale, offsets or bottom_right}}
  %r = attn.block_local_step ins(%q, %q, %q causal bottom_right block_len(4))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c5_region(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects no score region, page_table, key_scale, value_scale, offsets or bottom_right}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4)) outs(%q) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (!t, !t, !t, !t) -> !t
  return
}

// -----

func.func @block_local_step_c5_type(%q: tensor<1x2x8x64xf32>,
                                    %k: tensor<1x2x8x64xf8E5M2>) {
  // expected-error @+1 {{'attn.block_local_step' op expects key to have element type 'f32', but got 'f8E5M2'}}
  %r = attn.block_local_step ins(%q, %k, %k block_len(4)) outs(%q)
    : (tensor<1x2x8x64xf32>, tensor<1x2x8x64xf8E5M2>, tensor<1x2x8x64xf8E5M2>,
       tensor<1x2x8x64xf32>) -> tensor<1x2x8x64xf32>
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c6_length(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects prefix_len with a prefix of key and of value, or none of them}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(2))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c6_rows(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects prefix_key to have blocks * prefix_len 4, but got 8}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(2)
      prefix(%q, %q)) outs(%q) : (!t, !t, !t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c6_width(%q: !t, %p: tensor<1x2x4x32xf32>) {
  // expected-error @+1 {{'attn.block_local_step' op expects prefix_key to have head dimension 64, but got 32}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(2)
      prefix(%p, %p)) outs(%q)
    : (!t, !t, !t, tensor<1x2x4x32xf32>, tensor<1x2x4x32xf32>, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c6_mask(%q: !t, %m: tensor<1x1x8x8xi1>) {
  // expected-error @+1 {{'attn.block_local_step' op expects no mask or bias with a prefix: they speak of keys in key}}
  %r = attn.block_local_step ins(%q, %q, %q mask(%m) block_len(4) prefix_len(4)
      prefix(%q, %q)) outs(%q)
    : (!t, !t, !t, tensor<1x1x8x8xi1>, !t, !t, !t) -> !t
  return
}

// -----

!t = memref<1x2x8x64xf32>
func.func @block_local_step_c7_mask(%q: !t, %m: memref<1x1x8x8xi1>) {
  // expected-error @+1 {{'attn.block_local_step' op expects an i8 mask on memrefs}}
  attn.block_local_step ins(%q, %q, %q mask(%m) block_len(4)) outs(%q)
    : (!t, !t, !t, memref<1x1x8x8xi1>, !t) -> ()
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c7_results(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects 1 results, one per tensor destination, but got 0}}
  attn.block_local_step ins(%q, %q, %q block_len(4)) outs(%q)
    : (!t, !t, !t, !t) -> ()
  return
}
