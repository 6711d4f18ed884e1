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

// What one rank computes of all keys is tiled as the whole would be; what a
// parallel loop computes is a tile already.
// CHECK-LABEL: func.func @partial
// CHECK:         scf.forall
// CHECK:           attn.online
// CHECK-NOT:     attn.partial
// CHECK-LABEL: func.func @negative_partial_of_a_loop
// CHECK:         scf.forall
// CHECK-NOT:       scf.forall
// CHECK:           attn.partial
func.func @partial(%q: tensor<1x4x1x64xf32>, %k: tensor<1x4x512x64xf32>, %o: tensor<1x4x1x64xf32>,
    %l: tensor<1x4x1xf32>) -> (tensor<1x4x1x64xf32>, tensor<1x4x1xf32>) {
  %r:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (tensor<1x4x1x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
    -> (tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
  return %r#0, %r#1 : tensor<1x4x1x64xf32>, tensor<1x4x1xf32>
}
func.func @negative_partial_of_a_loop(%q: tensor<2x4x1x64xf32>, %k: tensor<2x4x512x64xf32>, %o: tensor<2x4x1x64xf32>,
    %l: tensor<1x4x1xf32>) -> tensor<2x4x1x64xf32> {
  %r = scf.forall (%b) in (2) shared_outs(%out = %o) -> tensor<2x4x1x64xf32> {
    %qb = tensor.extract_slice %q[%b, 0, 0, 0] [1, 4, 1, 64] [1, 1, 1, 1] : tensor<2x4x1x64xf32> to tensor<1x4x1x64xf32>
    %kb = tensor.extract_slice %k[%b, 0, 0, 0] [1, 4, 512, 64] [1, 1, 1, 1] : tensor<2x4x512x64xf32> to tensor<1x4x512x64xf32>
    %ob = tensor.extract_slice %out[%b, 0, 0, 0] [1, 4, 1, 64] [1, 1, 1, 1] : tensor<2x4x1x64xf32> to tensor<1x4x1x64xf32>
    %p:2 = attn.partial ins(%qb, %kb, %kb) outs(%ob, %l)
      : (tensor<1x4x1x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
      -> (tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %p#0 into %out[%b, 0, 0, 0] [1, 4, 1, 64] [1, 1, 1, 1] : tensor<1x4x1x64xf32> into tensor<2x4x1x64xf32>
    }
  }
  return %r : tensor<2x4x1x64xf32>
}
