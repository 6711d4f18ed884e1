// RUN: attn-opt %s --attn-apply-strategies --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @blockwise
// CHECK-NOT:     attn.sdpa
// CHECK:         scf.forall {{.*}} step (1, 16)
// CHECK:           scf.for {{.*}} step %c32
// CHECK:             attn.online
// CHECK:           attn.finalize
func.func @blockwise(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q strategy(#attn.blockwise<block_size_q = 16, block_size_kv = 32>)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}

// CHECK-LABEL: func.func @splits
// CHECK-NOT:     attn.sdpa
// CHECK:         scf.forall {{.*}} = (0, 0, 0) to (5, 4, 512)
// CHECK:         scf.forall
// CHECK:           attn.merge {{.*}} along(0)
func.func @splits(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q strategy(#attn.blockwise<num_splits = 5>)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}

// Dense is what decomposition makes of the op.
// CHECK-LABEL: func.func @dense
// CHECK:         attn.sdpa {{.*}} strategy(#attn.dense)
func.func @dense(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q strategy(#attn.dense)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}

// CHECK-LABEL: func.func @negative_nothing_asked
// CHECK-NOT:     scf.forall
// CHECK:         attn.sdpa
func.func @negative_nothing_asked(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}
