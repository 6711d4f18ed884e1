// Tiles of Star Attention end where blocks and the context do, and chain the
// anchor and their block in one online loop.
// RUN: attn-opt %s --attn-tile-blockwise="block-size-q=32 block-size-kv=-1" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --attn-tile-blockwise="block-size-q=32 block-size-kv=64" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=STEPS
// RUN: attn-opt %s --attn-apply-strategies --split-input-file | FileCheck %s --check-prefix=APPLY

!t = tensor<1x2x512x16xf32>
!kv = tensor<1x1x512x16xf32>

// Sizes divide: every tile has 32 rows. No mask but the diagonal's, and none
// for the anchor.
// CHECK-LABEL: func.func @whole
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]:
// CHECK:         scf.forall (%[[N:.+]]) in (16)
// CHECK:           %[[I:.+]] = affine.apply {{.*}}(%[[N]])
// CHECK:           tensor.extract_slice %[[Q]][0, 0, %[[I]], 0] [1, 2, 32, 16]
// CHECK:           %[[A:.+]] = tensor.extract_slice %[[K]][0, 0, 0, 0] [1, 1, %{{.+}}, 16]
// CHECK:           %[[ANCHOR:.+]]:3 = attn.online ins(%{{.+}}, %[[A]], %[[A]]) outs
// CHECK:           %[[B:.+]] = tensor.extract_slice %[[K]]
// CHECK:           %[[ALL:.+]]:3 = attn.online ins(%{{.+}}, %[[B]], %[[B]] causal offsets({{.*}})) outs(%[[ANCHOR]]#0, %[[ANCHOR]]#1, %[[ANCHOR]]#2)
// CHECK:           attn.finalize ins(%[[ALL]]#0, %[[ALL]]#1, %[[ALL]]#2)
// CHECK-NOT:       attn.merge
// STEPS-LABEL: func.func @whole
// STEPS:         scf.forall
// STEPS:           scf.for
// STEPS:             attn.online ins(%{{.+}}, %{{.+}}, %{{.+}}) outs
// STEPS:           scf.for
// STEPS:             attn.online ins(%{{.+}}, %{{.+}}, %{{.+}}) outs
// STEPS:           scf.for
// STEPS:             attn.online ins({{.*}} causal offsets
// APPLY-LABEL: func.func @whole
// APPLY-NOT:     attn.star
func.func @whole(%q: !t, %k: !kv) -> !t {
  %o = attn.star %q, %k, %k causal block_size(128) anchor_size(64) : (!t, !kv, !kv) -> !t
  return %o : !t
}

// -----

!t = tensor<1x2x300x16xf32>

// Blocks of 96 rows are three tiles, 300 rows 10; the context ends anywhere, so
// there is one more.
// CHECK-LABEL: func.func @ragged
// CHECK:         scf.forall {{.*}} (2, 11)
func.func @ragged(%t: !t, %len: index) -> !t {
  %o = attn.star %t, %t, %t causal context_len(%len) block_size(96) anchor_size(96) : (!t, !t, !t, index) -> !t
  return %o : !t
}

// -----

!t = tensor<1x2x300x16xf32>

// It ends where a tile does.
// CHECK-LABEL: func.func @ends_with_tile
// CHECK:         scf.forall {{.*}} (2, 10)
func.func @ends_with_tile(%t: !t) -> !t {
  %c224 = arith.constant 224 : index
  %o = attn.star %t, %t, %t causal context_len(%c224) block_size(96) anchor_size(96) : (!t, !t, !t, index) -> !t
  return %o : !t
}

// -----

!t = tensor<1x2x300x16xf32>

// Tiles are no larger than blocks; without an anchor there is one range.
// CHECK-LABEL: func.func @small_blocks
// CHECK:         scf.forall {{.*}} (2, 60)
// CHECK-COUNT-1:   attn.online
// CHECK-NOT:       attn.online
func.func @small_blocks(%t: !t) -> !t {
  %o = attn.star %t, %t, %t causal block_size(5) anchor_size(0) : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<1x1x64x16xf32>
!a = tensor<1x1x32x16xf32>

// Keys of the anchor come from its own operands, from position 0.
// CHECK-LABEL: func.func @host
// CHECK-SAME:    %{{[^:]+}}: {{[^,]+}}, %[[AK:[^:]+]]: {{[^,]+}}, %[[AV:[^:]+]]:
// CHECK:           tensor.extract_slice %[[AK]][0, 0, 0, 0]
// CHECK:           tensor.extract_slice %[[AV]][0, 0, 0, 0]
// CHECK:           attn.online
// CHECK:           attn.online {{.*}} causal offsets
func.func @host(%t: !t, %ak: !a, %av: !a) -> !t {
  %c0 = arith.constant 0 : index
  %c96 = arith.constant 96 : index
  %o = attn.star %t, %t, %t causal offsets(%c0, %c0, %c96, %c96) block_size(32) anchor_size(32) anchors(%ak, %av)
    : (!t, !t, !t, index, index, index, index, !a, !a) -> !t
  return %o : !t
}

// -----

!pool = tensor<9x1x16x16xf32>
!t = tensor<1x1x64x16xf32>
#cpu = #attn.target<cpu>

// Pages that end where blocks and anchor do are followed by the kernel; others
// are looked up key by key before it.
// APPLY-LABEL: func.func @pages
// APPLY:         attn.online {{.*}} page_table
// APPLY-NOT:     linalg.generic
// APPLY-LABEL: func.func @pages_across
// APPLY:         linalg.generic
// APPLY:         attn.online
// APPLY-NOT:       page_table
module attributes {attn.target = #cpu} {
  func.func @pages(%t: !t, %p: !pool, %table: tensor<1x4xi32>) -> !t {
    %o = attn.star %t, %p, %p causal page_table(%table) block_size(32) anchor_size(16) : (!t, !pool, !pool, tensor<1x4xi32>) -> !t
    return %o : !t
  }
  func.func @pages_across(%t: !t, %p: !pool, %table: tensor<1x4xi32>) -> !t {
    %o = attn.star %t, %p, %p causal page_table(%table) block_size(24) anchor_size(16) : (!t, !pool, !pool, tensor<1x4xi32>) -> !t
    return %o : !t
  }
}

// -----

!q = tensor<1x2x0x16xf32>
!kv = tensor<1x1x64x16xf32>
!a = tensor<1x1x32x16xf32>

// Nothing is left of an op without rows, also where it could not be taken apart
// otherwise.
// APPLY-LABEL: func.func @no_rows
// APPLY-NOT:     attn.star
// APPLY:         tensor.empty() : tensor<1x2x0x16xf32>
// APPLY:         return
func.func @no_rows(%q: !q, %k: !kv, %a: !a, %i: index) -> !q {
  %c0 = arith.constant 0 : index
  %o = attn.star %q, %k, %k causal offsets(%c0, %c0, %i, %i) block_size(32) anchor_size(32) anchors(%a, %a)
    : (!q, !kv, !kv, index, index, index, index, !a, !a) -> !q
  return %o : !q
}
