// RUN: attn-opt %s --convert-attn-to-vector --split-input-file --verify-diagnostics

func.func @tensors(%acc: tensor<1x2x8x16xf32>, %m: tensor<1x2x8xf32>,
                   %o: tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32> {
  // expected-error @below {{'attn.finalize' op expects memrefs, but got 'tensor<1x2x8x16xf32>'; bufferize first}}
  %r = attn.finalize ins(%acc, %m, %m) outs(%o)
    : (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>,
       tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %r : tensor<1x2x8x16xf32>
}

// -----

func.func @wide(%q: memref<1x2x8x1048577xf32>, %m: memref<1x2x8xf32>) {
  // expected-error @below {{'attn.online' op expects head_dim and head_dim_v of at most 1048576, but got 1048577 and 1048577}}
  attn.online ins(%q, %q, %q) outs(%q, %m, %m)
    : (memref<1x2x8x1048577xf32>, memref<1x2x8x1048577xf32>,
       memref<1x2x8x1048577xf32>, memref<1x2x8x1048577xf32>, memref<1x2x8xf32>,
       memref<1x2x8xf32>) -> ()
  return
}

// -----

!t = memref<1x2x130x64xf32>
func.func @long_blocks(%q: !t) {
  // expected-error @below {{'attn.block_local_step' op expects block_len of at most 64, but got 65; use attn.block_local}}
  attn.block_local_step ins(%q, %q, %q block_len(65)) outs(%q)
    : (!t, !t, !t, !t) -> ()
  return
}

// -----

!t = memref<1x2x8x64xf32>
func.func @long_prefixes(%q: !t, %p: memref<1x2x130x64xf32>) {
  // expected-error @below {{'attn.block_local_step' op expects prefix_len of at most 64, but got 65; use attn.block_local}}
  attn.block_local_step ins(%q, %q, %q block_len(4) prefix_len(65)
      prefix(%p, %p)) outs(%q)
    : (!t, !t, !t, memref<1x2x130x64xf32>, memref<1x2x130x64xf32>, !t) -> ()
  return
}

// -----

!t = memref<1x2x8x64xf32>
func.func @blocks_with_sinks(%q: !t, %s: memref<2xf32>) {
  // expected-error @below {{'attn.block_local_step' op expects no score region, page_table, key_scale, value_scale, sinks or offsets; use attn.block_local}}
  attn.block_local_step ins(%q, %q, %q sinks(%s) block_len(4)) outs(%q)
    : (!t, !t, !t, memref<2xf32>, !t) -> ()
  return
}

// -----

func.func @blocks_of_types(%q: memref<1x2x8x64xf32>, %k: memref<1x2x8x64xf8E5M2>) {
  // expected-error @below {{'attn.block_local_step' op expects key to have element type 'f32', but got 'f8E5M2'; use attn.block_local}}
  attn.block_local_step ins(%q, %k, %k block_len(4)) outs(%q)
    : (memref<1x2x8x64xf32>, memref<1x2x8x64xf8E5M2>, memref<1x2x8x64xf8E5M2>,
       memref<1x2x8x64xf32>) -> ()
  return
}

// -----

!t = memref<1x?x8x64xf32>
func.func @blocks_of_heads(%q: !t) {
  // expected-error @below {{'attn.block_local_step' op expects static num_heads and num_kv_heads; use attn.block_local}}
  attn.block_local_step ins(%q, %q, %q block_len(4)) outs(%q)
    : (!t, !t, !t, !t) -> ()
  return
}

// -----

func.func @missing_blocks(%q: memref<1x2x8x64xf32>, %k: memref<1x2x4x64xf32>) {
  // expected-error @below {{'attn.block_local_step' op expects query and key to have the same number of blocks, but got 2 and 1; use attn.block_local}}
  attn.block_local_step ins(%q, %k, %k block_len(4)) outs(%q)
    : (memref<1x2x8x64xf32>, memref<1x2x4x64xf32>, memref<1x2x4x64xf32>,
       memref<1x2x8x64xf32>) -> ()
  return
}
