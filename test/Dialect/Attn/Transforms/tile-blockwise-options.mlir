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

// The CPU kernel walks a range itself. Its tiles are as large as leaves 64 of
// them, up to 128 rows: not here.
// CHECK-LABEL: func.func @cpu
// CHECK:         scf.forall {{.*}} step (1, 32)
// CHECK-NOT:       scf.for %
// CHECK:           attn.online
// CHECK-LABEL: func.func @cpu_more
// CHECK:         scf.forall {{.*}} step (1, 64)
// CHECK-LABEL: func.func @cpu_many
// CHECK:         scf.forall {{.*}} step (1, 128)
// Rows of two heads.
// CHECK-LABEL: func.func @cpu_group
// CHECK:         scf.forall {{.*}} step (1, 64)
module attributes {attn.target = #attn.target<cpu>} {
  func.func @cpu(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
    %o = attn.sdpa %q, %q, %q
      : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>)
      -> tensor<1x4x512x64xf32>
    return %o : tensor<1x4x512x64xf32>
  }
  func.func @cpu_more(%q: tensor<1x4x1024x64xf32>) -> tensor<1x4x1024x64xf32> {
    %o = attn.sdpa %q, %q, %q
      : (tensor<1x4x1024x64xf32>, tensor<1x4x1024x64xf32>, tensor<1x4x1024x64xf32>)
      -> tensor<1x4x1024x64xf32>
    return %o : tensor<1x4x1024x64xf32>
  }
  func.func @cpu_many(%q: tensor<1x8x?x64xf32>) -> tensor<1x8x?x64xf32> {
    %o = attn.sdpa %q, %q, %q
      : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
      -> tensor<1x8x?x64xf32>
    return %o : tensor<1x8x?x64xf32>
  }
  func.func @cpu_group(%q: tensor<1x8x?x64xf32>, %k: tensor<1x4x?x64xf32>) -> tensor<1x8x?x64xf32> {
    %o = attn.sdpa %q, %k, %k
      : (tensor<1x8x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>)
      -> tensor<1x8x?x64xf32>
    return %o : tensor<1x8x?x64xf32>
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

// -----

// It follows page tables and dequantises, too.
// CHECK-LABEL: func.func @cpu_paged
// CHECK-SAME:    %[[PAGES:[^:]+]]: tensor<2x?xi32>
// CHECK-NOT:     linalg.generic
// CHECK:         scf.forall
// CHECK:           %[[ROW:.+]] = tensor.extract_slice %[[PAGES]][%{{.+}}, 0] [1, %{{.+}}]
// CHECK:           %[[TABLE:.+]] = tensor.extract_slice %[[ROW]][0, %{{.+}}] [1, %{{.+}}]
// CHECK-NOT:       scf.for %
// CHECK:           attn.online {{.*}} kv_len({{.*}}) key_scale({{.*}}) value_scale({{.*}}) page_table(%[[TABLE]])
// CHECK-SAME:        (tensor<1x4x1x64xf16>, tensor<?x1x16x64xi8>,
module attributes {attn.target = #attn.target<cpu>} {
  func.func @cpu_paged(%pages: tensor<2x?xi32>, %ks: tensor<1x2x1x1xf32>, %vs: tensor<2x2x1x1xf32>,
      %len: tensor<2xi64>, %q: tensor<2x8x1x64xf16>, %k: tensor<?x2x16x64xi8>)
      -> tensor<2x8x1x64xf16> {
    %o = attn.sdpa %q, %k, %k kv_len(%len) key_scale(%ks) value_scale(%vs) page_table(%pages)
      : (tensor<2x8x1x64xf16>, tensor<?x2x16x64xi8>, tensor<?x2x16x64xi8>, tensor<2xi64>,
         tensor<1x2x1x1xf32>, tensor<2x2x1x1xf32>, tensor<2x?xi32>) -> tensor<2x8x1x64xf16>
    return %o : tensor<2x8x1x64xf16>
  }
}
