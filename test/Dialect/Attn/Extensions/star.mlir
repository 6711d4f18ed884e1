// Tiles, checks, bounds and decomposition of Star Attention.
// RUN: attn-opt %s --transform-interpreter --canonicalize --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --generate-runtime-verification=verbose-level=0 --split-input-file | FileCheck %s --check-prefix=CHECKS
// RUN: attn-opt %s --attn-tile-blockwise --convert-attn-to-linalg --split-input-file | FileCheck %s --check-prefix=TILED
// RUN: not attn-opt %s --convert-attn-to-linalg --split-input-file 2>&1 | FileCheck %s --check-prefix=LINALG
// RUN: attn-opt %s --resolve-ranked-shaped-type-result-dims --split-input-file | FileCheck %s --check-prefix=DIMS
// RUN: not attn-opt %s --one-shot-bufferize="bufferize-function-boundaries" --split-input-file 2>&1 | FileCheck %s --check-prefix=BUFFER

// BUFFER: error: 'attn.star' op expects to be lowered before bufferization; run --attn-tile-blockwise or --convert-attn-to-linalg first

// A tile knows where it is; context_len and anchors are cut with the batch and
// the key heads, the keys not at all.
// CHECK-LABEL: func.func @tiled
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x96x16xf32>, %[[K:[^:]+]]: tensor<2x2x96x16xf32>, %[[L:[^:]+]]: tensor<2xi64>, %[[A:[^:]+]]: tensor<2x2x32x16xf32>
// CHECK:         scf.forall (%[[B:.+]], %[[N:.+]], %[[T:.+]]) in (2, 2, 2)
// CHECK:           %[[H:.+]] = affine.apply {{.*}}(%[[N]])
// CHECK:           %[[I:.+]] = affine.apply {{.*}}(%[[T]])
// CHECK-DAG:       %[[LT:.+]] = tensor.extract_slice %[[L]][%[[B]]] [1] [1]
// CHECK-DAG:       tensor.extract_slice %[[Q]][%[[B]], %[[H]], %[[I]], 0] [1, 4, 48, 16]
// CHECK-DAG:       tensor.extract_slice %[[K]][%[[B]], %{{.+}}, 0, 0] [1, 1, 96, 16]
// CHECK-DAG:       %[[AT:.+]] = tensor.extract_slice %[[A]][%[[B]], %{{.+}}, 0, 0] [1, 1, 32, 16]
// CHECK:           attn.star {{.*}} causal offsets(%[[B]], %[[H]], %[[I]], %{{.+}}) context_len(%[[LT]]) block_size(32) anchor_size(32) anchors(%[[AT]], %[[AT]])
// Keys in two places are computed in tiles.
// LINALG:        error: 'attn.star' op has keys in two places, which is computed in tiles; run --attn-tile-blockwise first
// TILED-LABEL: func.func @tiled
// TILED-NOT:     = attn.
module attributes {transform.with_named_sequence} {
  func.func @tiled(%q: tensor<2x8x96x16xf32>, %k: tensor<2x2x96x16xf32>, %l: tensor<2xi64>, %a: tensor<2x2x32x16xf32>)
      -> (tensor<2x8x96x16xf32>, tensor<2x8x96xf32>) {
    %o, %lse = attn.star %q, %k, %k causal context_len(%l) block_size(32) anchor_size(32) anchors(%a, %a)
      : (tensor<2x8x96x16xf32>, tensor<2x2x96x16xf32>, tensor<2x2x96x16xf32>, tensor<2xi64>, tensor<2x2x32x16xf32>, tensor<2x2x32x16xf32>)
      -> (tensor<2x8x96x16xf32>, tensor<2x8x96xf32>)
    return %o, %lse : tensor<2x8x96x16xf32>, tensor<2x8x96xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.star"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 4, 48]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// An untiled op is its score matrix, masked by what the interface writes, in
// either layout.
// LINALG-LABEL: func.func @untiled
// LINALG-NOT:     = attn.
// LINALG:         linalg.generic
// LINALG:           arith.cmpi sge
// LINALG:           arith.ori
// LINALG:           arith.andi
// LINALG:           arith.select
// CHECK-LABEL: func.func @untiled
module attributes {transform.with_named_sequence} {
  func.func @untiled(%q: tensor<2x96x8x16xf32>, %k: tensor<2x96x2x16xf32>, %l: index) -> tensor<2x96x8x16xf32> {
    %o = attn.star %q, %k, %k causal layout(bshd) context_len(%l) block_size(32) anchor_size(8)
      : (tensor<2x96x8x16xf32>, tensor<2x96x2x16xf32>, tensor<2x96x2x16xf32>, index) -> tensor<2x96x8x16xf32>
    return %o : tensor<2x96x8x16xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}

// -----

// CHECKS-LABEL: func.func @dynamic
// CHECKS:         expects sinks to have query's num_heads
// CHECKS:         expects context_len to have query's batch or 1
// CHECKS:         expects anchor_key to have query's batch
// CHECKS:         expects anchor_key to have key's num_kv_heads
// CHECKS:         expects anchor_key to hold anchor_size 8
// CHECKS:         expects anchor_value to have query's batch
// CHECKS:         expects anchor_value to hold anchor_size 8
// CHECKS:         attn.star
// The sizes of results are those of the query.
// DIMS-LABEL: func.func @dynamic
// DIMS-SAME:    %[[Q:[^:]+]]: tensor<?x?x?x16xf32>
// DIMS:         %[[D:.+]] = tensor.dim %[[Q]], %c2
// DIMS:         return %{{.+}}, %[[D]]
module attributes {transform.with_named_sequence} {
  func.func @dynamic(%q: tensor<?x?x?x16xf32>, %a: tensor<?x?x?x16xf32>, %l: tensor<?xi64>, %s: tensor<?xf32>) -> (tensor<?x?x?x16xf32>, index) {
    %c2 = arith.constant 2 : index
    %o = attn.star %q, %q, %q causal sinks(%s) context_len(%l) block_size(32) anchor_size(8) anchors(%a, %a)
      : (tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?xf32>, tensor<?xi64>, tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>) -> tensor<?x?x?x16xf32>
    %d = tensor.dim %o, %c2 : tensor<?x?x?x16xf32>
    return %o, %d : tensor<?x?x?x16xf32>, index
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}
