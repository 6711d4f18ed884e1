// Tiles, checks, bounds and decomposition of attention inside blocks.
// RUN: attn-opt %s --transform-interpreter --canonicalize --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --generate-runtime-verification=verbose-level=0 --split-input-file | FileCheck %s --check-prefix=CHECKS
// RUN: attn-opt %s --attn-tile-blockwise --convert-attn-to-linalg --split-input-file | FileCheck %s --check-prefix=TILED
// RUN: not attn-opt %s --convert-attn-to-linalg --split-input-file 2>&1 | FileCheck %s --check-prefix=LINALG
// RUN: attn-opt %s --resolve-ranked-shaped-type-result-dims --split-input-file | FileCheck %s --check-prefix=DIMS
// RUN: not attn-opt %s --one-shot-bufferize="bufferize-function-boundaries" --split-input-file 2>&1 | FileCheck %s --check-prefix=BUFFER

// BUFFER: error: 'attn.block_local' op expects to be lowered before bufferization; run --attn-tile-blockwise or --convert-attn-to-linalg first

// A tile knows where it is, in whatever block it begins and ends; of the prefix
// it keeps that of its blocks. Without a diagonal positions still say which.
// CHECK-LABEL: func.func @tiled
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x96x16xf32>, %[[K:[^:]+]]: tensor<2x2x96x16xf32>, %[[P:[^:]+]]: tensor<2x2x64x16xf32>
// CHECK:         scf.forall (%[[B:.+]], %[[N:.+]], %[[T:.+]]) in (2, 2, 2)
// CHECK-DAG:       %[[H:.+]] = affine.apply {{.*}}(%[[N]])
// CHECK-DAG:       %[[I:.+]] = affine.apply {{.*}}(%[[T]])
// CHECK:           tensor.extract_slice %[[Q]][%[[B]], %[[H]], %[[I]], 0] [1, 4, 48, 16]
// CHECK:           tensor.extract_slice %[[K]][%[[B]], %{{.+}}, 0, 0] [1, 1, 96, 16]
// CHECK:           %[[PT:.+]] = tensor.extract_slice %[[P]][%[[B]], %{{.+}}, %{{.+}}, 0] [1, 1, 32, 16]
// CHECK:           %[[PC:.+]] = tensor.cast %[[PT]]
// CHECK:           attn.block_local {{.*}} offsets(%[[B]], %[[H]], %[[I]], %{{.+}}) block_len(3) prefix_len(2) prefix(%[[PC]], %[[PC]])
// LINALG:        error: 'attn.block_local' op has keys in two places, which is computed in tiles; run --attn-tile-blockwise first
// TILED-LABEL: func.func @tiled
// TILED-NOT:     = attn.
module attributes {transform.with_named_sequence} {
  func.func @tiled(%q: tensor<2x8x96x16xf32>, %k: tensor<2x2x96x16xf32>, %p: tensor<2x2x64x16xf32>)
      -> (tensor<2x8x96x16xf32>, tensor<2x8x96xf32>) {
    %o, %lse = attn.block_local %q, %k, %k block_len(3) prefix_len(2) prefix(%p, %p)
      : (tensor<2x8x96x16xf32>, tensor<2x2x96x16xf32>, tensor<2x2x96x16xf32>, tensor<2x2x64x16xf32>, tensor<2x2x64x16xf32>)
      -> (tensor<2x8x96x16xf32>, tensor<2x8x96xf32>)
    return %o, %lse : tensor<2x8x96x16xf32>, tensor<2x8x96xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.block_local"]} in %root : (!transform.any_op) -> !transform.any_op
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
// LINALG:           arith.cmpi eq
// LINALG:           arith.select
module attributes {transform.with_named_sequence} {
  func.func @untiled(%q: tensor<2x96x8x16xf32>, %k: tensor<2x96x2x16xf32>) -> tensor<2x96x8x16xf32> {
    %o = attn.block_local %q, %k, %k layout(bshd) block_len(32)
      : (tensor<2x96x8x16xf32>, tensor<2x96x2x16xf32>, tensor<2x96x2x16xf32>) -> tensor<2x96x8x16xf32>
    return %o : tensor<2x96x8x16xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}

// -----

// CHECKS-LABEL: func.func @dynamic
// CHECKS:         expects sinks to have query's num_heads
// CHECKS:         expects prefix_key to have query's batch
// CHECKS:         expects prefix_key to have key's num_kv_heads
// CHECKS:         expects prefix_key to hold prefix_len 2 keys for each block
// CHECKS:         expects prefix_value to have query's batch
// CHECKS:         expects prefix_value to hold prefix_len 2 keys for each block
// CHECKS:         attn.block_local
// The sizes of results are those of the query.
// DIMS-LABEL: func.func @dynamic
// DIMS-SAME:    %[[Q:[^:]+]]: tensor<?x?x?x16xf32>
// DIMS:         %[[D:.+]] = tensor.dim %[[Q]], %c2
// DIMS:         return %{{.+}}, %[[D]]
module attributes {transform.with_named_sequence} {
  func.func @dynamic(%q: tensor<?x?x?x16xf32>, %p: tensor<?x?x?x16xf32>, %s: tensor<?xf32>) -> (tensor<?x?x?x16xf32>, index) {
    %c2 = arith.constant 2 : index
    %o = attn.block_local %q, %q, %q causal sinks(%s) block_len(5) prefix_len(2) prefix(%p, %p)
      : (tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>) -> tensor<?x?x?x16xf32>
    %d = tensor.dim %o, %c2 : tensor<?x?x?x16xf32>
    return %o, %d : tensor<?x?x?x16xf32>, index
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}
