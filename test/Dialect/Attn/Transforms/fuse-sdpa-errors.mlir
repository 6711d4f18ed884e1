// RUN: attn-opt %s --attn-fuse-sdpa --split-input-file --verify-diagnostics

func.func @negative_heads(%q: tensor<1x?x1x64xf32>, %k: tensor<1x?x9x64xf32>)
    -> tensor<1x?x1x64xf32> {
  // expected-error @below {{'attn.sparq' op expects num_heads and num_kv_heads to be known; compile for the CPU}}
  %r = attn.sparq %q, %k, %k rank(4) top_k(4)
    : (tensor<1x?x1x64xf32>, tensor<1x?x9x64xf32>, tensor<1x?x9x64xf32>)
    -> tensor<1x?x1x64xf32>
  return %r : tensor<1x?x1x64xf32>
}
