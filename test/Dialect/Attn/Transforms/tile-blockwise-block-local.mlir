// Tiles of attention inside blocks end where blocks do, and chain a block's
// prefix and its own keys in one softmax.
// RUN: attn-opt %s --attn-tile-blockwise="block-size-q=32 block-size-kv=-1" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --attn-apply-strategies --split-input-file | FileCheck %s --check-prefix=APPLY

!t = tensor<1x2x20x16xf32>
!kv = tensor<1x1x20x16xf32>

// CHECK-LABEL: func.func @causal
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]:
// CHECK:         scf.forall (%[[N:.+]]) in (4)
// CHECK:           %[[I:.+]] = affine.apply {{.*}}(%[[N]])
// CHECK:           tensor.extract_slice %[[Q]][0, 0, %[[I]], 0] [1, 2, 5, 16]
// CHECK:           tensor.extract_slice %[[K]]
// CHECK:           attn.online {{.*}} causal offsets(
// CHECK-NOT:       attn.online
// CHECK:           attn.finalize
// APPLY-LABEL: func.func @causal
// APPLY-NOT:     attn.block_local
func.func @causal(%q: !t, %k: !kv) -> !t {
  %o = attn.block_local %q, %k, %k causal block_len(5) : (!t, !kv, !kv) -> !t
  return %o : !t
}

// -----

!t = tensor<1x2x20x16xf32>

// Every row sees its whole block: no mask, and positions are not asked for.
// CHECK-LABEL: func.func @whole
// CHECK:         scf.forall
// CHECK:           attn.online ins(%{{[^,]+}}, %{{[^,]+}}, %{{[^ )]+}}) outs
func.func @whole(%t: !t) -> !t {
  %o = attn.block_local %t, %t, %t block_len(5) : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<1x2x22x16xf32>
!p = tensor<1x2x15x16xf32>

// The prefix of a block is plain keys. The last block is short.
// CHECK-LABEL: func.func @prefix
// CHECK-SAME:    %[[T:[^:]+]]: {{[^,]+}}, %[[P:[^:]+]]:
// CHECK:         scf.forall (%{{.+}}, %[[N:.+]]) in (2, 5)
// CHECK:           %[[HEAD:.+]] = tensor.extract_slice %[[P]]
// CHECK:           tensor.extract_slice %[[HEAD]]{{.*}} [1, 1, 3, 16]
// CHECK:           %[[PREFIX:.+]]:3 = attn.online ins(%{{[^,]+}}, %{{[^,]+}}, %{{[^ )]+}}) outs
// CHECK:           attn.online ins({{.*}} causal offsets({{.*}}) outs(%[[PREFIX]]#0, %[[PREFIX]]#1, %[[PREFIX]]#2)
func.func @prefix(%t: !t, %p: !p) -> !t {
  %o = attn.block_local %t, %t, %t causal block_len(5) prefix_len(3) prefix(%p, %p) : (!t, !t, !t, !p, !p) -> !t
  return %o : !t
}
