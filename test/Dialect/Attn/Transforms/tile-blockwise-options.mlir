// RUN: attn-opt %s --attn-tile-blockwise --canonicalize --split-input-file | FileCheck %s
// RUN: not attn-opt %s --attn-tile-blockwise="block-size-q=-1" 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: attn-tile-blockwise expects block-size-q of 0 or more and block-size-kv of -1 or more, but got -1 and 0

// Without a target: 32 queries, 128 keys.
// CHECK-LABEL: func.func @defaults
// CHECK:         scf.forall {{.*}} step (1, 32)
// CHECK:           scf.for {{.*}} step %c128
func.func @defaults(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>)
    -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}

// Another strategy than blockwise is another pass's.
// CHECK-LABEL: func.func @negative_dense
// CHECK-NOT:     scf.forall
// CHECK:         attn.sdpa
// CHECK-SAME:      strategy(#attn.dense)
func.func @negative_dense(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q strategy(#attn.dense)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>)
    -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}

// -----

// The CPU kernel walks a range itself.
// CHECK-LABEL: func.func @cpu
// CHECK:         scf.forall {{.*}} step (1, 32)
// CHECK-NOT:       scf.for %
// CHECK:           attn.online
module attributes {attn.target = #attn.target<cpu>} {
  func.func @cpu(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
    %o = attn.sdpa %q, %q, %q
      : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>)
      -> tensor<1x4x512x64xf32>
    return %o : tensor<1x4x512x64xf32>
  }
}

// -----

// CHECK-LABEL: func.func @cuda
// CHECK:         scf.forall {{.*}} step (1, 64)
// CHECK:           scf.for {{.*}} step %c64
module attributes {attn.target = #attn.target<cuda>} {
  func.func @cuda(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
    %o = attn.sdpa %q, %q, %q
      : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>)
      -> tensor<1x4x512x64xf32>
    return %o : tensor<1x4x512x64xf32>
  }
}
