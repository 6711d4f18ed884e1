// RUN: attn-opt %s --attn-fuse-sdpa --split-input-file --verify-diagnostics

func.func @negative_long_blocks(%q: tensor<1x2x?x64xf32>)
    -> tensor<1x2x?x64xf32> {
  // expected-error @below {{'attn.block_local' op expects to be what attn.block_local_step takes, or causal without a prefix; compile for the CPU}}
  %r = attn.block_local %q, %q, %q block_len(100)
    : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    -> tensor<1x2x?x64xf32>
  return %r : tensor<1x2x?x64xf32>
}

// -----

func.func @negative_prefix_and_sinks(%q: tensor<1x2x8x64xf32>,
    %p: tensor<1x2x2x64xf32>, %s: tensor<2xf32>) -> tensor<1x2x8x64xf32> {
  // expected-error @below {{expects to be what attn.block_local_step takes, or causal without a prefix}}
  %r = attn.block_local %q, %q, %q causal sinks(%s) block_len(4) prefix_len(1)
      prefix(%p, %p)
    : (tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
       tensor<2xf32>, tensor<1x2x2x64xf32>, tensor<1x2x2x64xf32>)
    -> tensor<1x2x8x64xf32>
  return %r : tensor<1x2x8x64xf32>
}

// -----

func.func @negative_heads(%q: tensor<1x?x1x64xf32>, %k: tensor<1x?x9x64xf32>)
    -> tensor<1x?x1x64xf32> {
  // expected-error @below {{'attn.sparq' op expects num_heads and num_kv_heads to be known; compile for the CPU}}
  %r = attn.sparq %q, %k, %k rank(4) top_k(4)
    : (tensor<1x?x1x64xf32>, tensor<1x?x9x64xf32>, tensor<1x?x9x64xf32>)
    -> tensor<1x?x1x64xf32>
  return %r : tensor<1x?x1x64xf32>
}
