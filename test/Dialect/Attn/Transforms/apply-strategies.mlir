// RUN: attn-opt %s --attn-apply-strategies --canonicalize 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.err
// RUN: not attn-opt %s --convert-attn-to-linalg 2>&1 | FileCheck %s --check-prefix=UNAPPLIED

// UNAPPLIED: error: 'attn.sdpa' op has the approximate strategy #attn.sparq<rank = 4, top_k = 8>, which was not applied; run --attn-apply-strategies first

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

// CHECK-LABEL: func.func @sparq
// CHECK:         attn.sparq {{.*}} rank(4) top_k(8) local_window(2)
func.func @sparq(%q: tensor<1x4x1x64xf32>, %k: tensor<1x4x512x64xf32>) -> tensor<1x4x1x64xf32> {
  %o = attn.sdpa %q, %k, %k strategy(#attn.sparq<rank = 4, top_k = 8>)
    : (tensor<1x4x1x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x1x64xf32>
  return %o : tensor<1x4x1x64xf32>
}

// What SparQ is not defined for is computed exactly, and well.
// REMARK: remark: computed exactly, not by SparQ: expects one query token, but got 512
// CHECK-LABEL: func.func @negative_prefill
// CHECK-NOT:     attn.sdpa
// CHECK:         attn.online
func.func @negative_prefill(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q strategy(#attn.sparq<rank = 4, top_k = 8>)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}
