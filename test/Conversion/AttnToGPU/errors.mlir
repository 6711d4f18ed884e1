// RUN: attn-opt %s --convert-attn-to-gpu --split-input-file --verify-diagnostics

func.func @tensors(%q: tensor<1x2x1x64xf32>) -> tensor<1x2x1x64xf32> {
  // expected-error @+1 {{expects memrefs, but got 'tensor<1x2x1x64xf32>'; bufferize first}}
  %r = attn.sdpa_step ins(%q, %q, %q) outs(%q)
    : (tensor<1x2x1x64xf32>, tensor<1x2x1x64xf32>, tensor<1x2x1x64xf32>,
       tensor<1x2x1x64xf32>) -> tensor<1x2x1x64xf32>
  return %r : tensor<1x2x1x64xf32>
}

// -----

func.func @other_ranks(%comm: !attn.comm, %o: memref<1x2x1x64xf32>,
    %l: memref<1x2x1xf32>) {
  // expected-error @+1 {{'attn.dist_merge' op belongs to a communicator of the host, which a function for GPUs cannot call; return this rank's output and lse and merge those of all ranks by attn.merge, or compile for the CPU}}
  attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, memref<1x2x1x64xf32>, memref<1x2x1xf32>) -> ()
  return
}

// -----

func.func @scores_shared(%q: memref<1x1x1x32768xf32>, %k: memref<1x1x9x32768xf32>,
    %i: memref<1x1x8xi64>, %s: memref<1x1x1x9xf32>) {
  // expected-error @+1 {{expects to need at most 101376 bytes of shared memory, but head_dim 32768 needs 131072; use a smaller head_dim}}
  attn.scores ins(%q, %k channels(%i)) outs(%s)
    : (memref<1x1x1x32768xf32>, memref<1x1x9x32768xf32>, memref<1x1x8xi64>,
       memref<1x1x1x9xf32>) -> ()
  return
}

// -----

func.func @block_kv(%q: memref<1x2x1x64xf32>) {
  // expected-error @+1 {{expects block_kv to be a multiple of 8, the keys that 4 warps have at a time, but got 12}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q)
      config(<kernel = split_kv, block_kv = 12>)
    : (memref<1x2x1x64xf32>, memref<1x2x1x64xf32>, memref<1x2x1x64xf32>,
       memref<1x2x1x64xf32>) -> ()
  return
}

// -----

func.func @shared(%q: memref<1x2x1x64xf32>) {
  // expected-error @+1 {{expects to need at most 101376 bytes of shared memory, but block_q 128 and 4 warps need 135168; use fewer}}
  attn.sdpa_step ins(%q, %q, %q) outs(%q)
      config(<kernel = split_kv, block_q = 128>)
    : (memref<1x2x1x64xf32>, memref<1x2x1x64xf32>, memref<1x2x1x64xf32>,
       memref<1x2x1x64xf32>) -> ()
  return
}

// -----

func.func @sparq_shared(%q: memref<1x64x1x512xf32>, %kv: memref<1x1x?x512xf32>, %kt: memref<1x1x?x512x128xf32>, %o: memref<1x64x1x512xf32>) {
  // expected-error @+1 {{expects to need at most 101376 bytes of shared memory, but head_dim 512, rank 512 and 64 heads of a group need 139520; use a smaller rank}}
  attn.sparq_step ins(%q, %kv, %kv rank(512) top_k(32) key_t(%kt)) outs(%o)
    : (memref<1x64x1x512xf32>, memref<1x1x?x512xf32>, memref<1x1x?x512xf32>, memref<1x1x?x512x128xf32>, memref<1x64x1x512xf32>) -> ()
  return
}

// -----

func.func @anchors(%q: memref<1x2x64x64xf16>) {
  // expected-error @+1 {{expects kernel = split_kv: others do not read anchors beside key}}
  attn.star_step ins(%q, %q, %q causal block_size(4) anchor_size(4)
      anchors(%q, %q)) outs(%q)
      config(<kernel = mma_sync, block_q = 64, block_kv = 64>)
    : (memref<1x2x64x64xf16>, memref<1x2x64x64xf16>, memref<1x2x64x64xf16>,
       memref<1x2x64x64xf16>, memref<1x2x64x64xf16>, memref<1x2x64x64xf16>) -> ()
  return
}

// -----

module attributes {attn.target = #attn.target<cuda, arch = "sm_90a", num_sms = 132, shared_bytes = 232448>} {
func.func @star_by_wgmma(%q: memref<1x2x128x64xf16>) {
  // expected-error @+1 {{wgmma goes through one range of keys}}
  attn.star_step ins(%q, %q, %q causal block_size(4) anchor_size(4)) outs(%q)
      config(<kernel = wgmma, block_q = 128, block_kv = 64, warps = 8, stages = 2>)
    : (memref<1x2x128x64xf16>, memref<1x2x128x64xf16>, memref<1x2x128x64xf16>,
       memref<1x2x128x64xf16>) -> ()
  return
}
}
