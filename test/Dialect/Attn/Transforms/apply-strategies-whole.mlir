// RUN: attn-opt %s --attn-apply-strategies=tile=false | FileCheck %s

// Approximations are applied, nothing is tiled.
// CHECK-LABEL: func.func @star
// CHECK:         attn.star {{.*}} block_size(64) anchor_size(64)
// CHECK-NOT:     scf
func.func @star(%q: tensor<1x4x256x64xf32>) -> tensor<1x4x256x64xf32> {
  %r = attn.sdpa %q, %q, %q causal strategy(#attn.star<block_size = 64, anchor_size = 64>)
    : (tensor<1x4x256x64xf32>, tensor<1x4x256x64xf32>, tensor<1x4x256x64xf32>)
    -> tensor<1x4x256x64xf32>
  return %r : tensor<1x4x256x64xf32>
}

// CHECK-LABEL: func.func @blockwise
// CHECK:         attn.sdpa
// CHECK-NOT:     scf
func.func @blockwise(%q: tensor<1x4x256x64xf32>) -> tensor<1x4x256x64xf32> {
  %r = attn.sdpa %q, %q, %q causal strategy(#attn.blockwise<block_size_q = 64>)
    : (tensor<1x4x256x64xf32>, tensor<1x4x256x64xf32>, tensor<1x4x256x64xf32>)
    -> tensor<1x4x256x64xf32>
  return %r : tensor<1x4x256x64xf32>
}
