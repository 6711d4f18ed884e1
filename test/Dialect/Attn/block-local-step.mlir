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

// What attn.block_local has, sinks and pages among it, and how it is computed.
// CHECK-LABEL: func.func @everything
// CHECK: attn.block_local_step ins(%{{.+}}, %{{.+}}, %{{.+}} causal kv_len(%{{.+}}) key_scale(%{{.+}}) value_scale(%{{.+}}) page_table(%{{.+}}) offsets({{.+}}) sinks(%{{.+}}) block_len(100)) outs(%{{.+}}) config(<kernel = split_kv, block_q = 4, block_kv = 64>) score {
func.func @everything(%q: memref<1x?x?x64xf16>, %k: memref<9x?x16x64xi8>,
    %len: memref<1xi64>, %scale: memref<1x1x1x1xf32>, %table: memref<1x?xi32>,
    %i: index, %sinks: memref<?xf32>) {
  attn.block_local_step ins(%q, %k, %k causal kv_len(%len) key_scale(%scale)
      value_scale(%scale) page_table(%table) offsets(%i, %i, %i, %i)
      sinks(%sinks) block_len(100)) outs(%q)
      config(<kernel = split_kv, block_q = 4, block_kv = 64, warps = 4,
              stages = 1>) score {
  ^bb0(%s: f32, %b: index, %h: index, %r: index, %c: index):
    attn.yield %s : f32
  } : (memref<1x?x?x64xf16>, memref<9x?x16x64xi8>, memref<9x?x16x64xi8>,
       memref<1xi64>, memref<1x1x1x1xf32>, memref<1x1x1x1xf32>,
       memref<1x?xi32>, index, index, index, index, memref<?xf32>,
       memref<1x?x?x64xf16>) -> ()
  return
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

func.func @block_local_step_c1_sinks(%q: tensor<1x2x8x64xf32>,
                                     %s: tensor<3xf32>) {
  // expected-error @+1 {{'attn.block_local_step' op expects sinks to have num_heads 2, but got 3}}
  %r = attn.block_local_step ins(%q, %q, %q sinks(%s) block_len(4)) outs(%q)
    : (tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
       tensor<3xf32>, tensor<1x2x8x64xf32>) -> tensor<1x2x8x64xf32>
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c2(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects block_len of 1 to 2147483647, but got 0}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(0)) outs(%q)
    : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c2_rows(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects block_len_q of 1 to 2147483647, but got 2147483648}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(8) block_len_q(2147483648))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c2_prefix(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects prefix_len of 1 to 2147483647, but got 0}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(0)
      prefix(%q, %q)) outs(%q) : (!t, !t, !t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c3(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects query and key to have the same number of blocks, but got 3 of block_len_q 3 and 2 of block_len 4}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) block_len_q(3))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c3_offsets(%q: !t, %i: index) {
  // expected-error @+1 {{'attn.block_local_step' op expects no offsets with block_len_q, since rows and keys of a block differ in their positions}}
  %r = attn.block_local_step ins(%q, %q, %q offsets(%i, %i, %i, %i) block_len(4)
      block_len_q(4)) outs(%q)
    : (!t, !t, !t, index, index, index, index, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c4(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects no bottom_right; use a causal_offset}}
  %r = attn.block_local_step ins(%q, %q, %q causal bottom_right block_len(4))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c5_length(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects prefix_len and a prefix of key and of value together, or neither}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(2))
    outs(%q) : (!t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c5_rows(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects prefix_key to hold prefix_len 2 keys for each of 2 blocks, but got 8}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(2)
      prefix(%q, %q)) outs(%q) : (!t, !t, !t, !t, !t, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c5_width(%q: !t, %p: tensor<1x2x4x32xf32>) {
  // expected-error @+1 {{'attn.block_local_step' op expects prefix_key to have head dimension 64, but got 32}}
  %r = attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(2)
      prefix(%p, %p)) outs(%q)
    : (!t, !t, !t, tensor<1x2x4x32xf32>, tensor<1x2x4x32xf32>, !t) -> !t
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c5_mask(%q: !t, %m: tensor<1x1x8x8xi1>) {
  // expected-error @+1 {{'attn.block_local_step' op expects no page_table, mask, bias, key_scale, value_scale or score region with a prefix: they speak of keys in key}}
  %r = attn.block_local_step ins(%q, %q, %q mask(%m) block_len(4) prefix_len(4)
      prefix(%q, %q)) outs(%q)
    : (!t, !t, !t, tensor<1x1x8x8xi1>, !t, !t, !t) -> !t
  return
}

// -----

!t = memref<1x2x8x64xf32>
func.func @block_local_step_c6_mask(%q: !t, %m: memref<1x1x8x8xi1>) {
  // expected-error @+1 {{'attn.block_local_step' op expects an i8 mask on memrefs}}
  attn.block_local_step ins(%q, %q, %q mask(%m) block_len(4)) outs(%q)
    : (!t, !t, !t, memref<1x1x8x8xi1>, !t) -> ()
  return
}

// -----

!t = tensor<1x2x8x64xf32>
func.func @block_local_step_c6_results(%q: !t) {
  // expected-error @+1 {{'attn.block_local_step' op expects 1 results, one per tensor destination, but got 0}}
  attn.block_local_step ins(%q, %q, %q block_len(4)) outs(%q)
    : (!t, !t, !t, !t) -> ()
  return
}
