// RUN: attn-opt %s --one-shot-bufferize --verify-diagnostics

func.func @sdpa_has_no_destination(%q: tensor<1x4x32x64xf32>) -> tensor<1x4x32x64xf32> {
  // expected-error @below {{expects to be lowered before bufferization; run --attn-tile-blockwise or --convert-attn-to-linalg first}}
  // expected-error @below {{failed to bufferize op}}
  %o = attn.sdpa %q, %q, %q
    : (tensor<1x4x32x64xf32>, tensor<1x4x32x64xf32>, tensor<1x4x32x64xf32>)
    -> tensor<1x4x32x64xf32>
  return %o : tensor<1x4x32x64xf32>
}
