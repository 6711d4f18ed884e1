// Tiles, checks and bufferization of SparQ and the ops on caches.
// RUN: attn-opt %s --transform-interpreter --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s
// RUN: attn-opt %s --generate-runtime-verification=verbose-level=0 --split-input-file | FileCheck %s --check-prefix=CHECKS

// State is cut with its heads; a tile has whole groups.
// CHECK-LABEL: func.func @sparq
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x1x64xf32>, %[[K:[^:]+]]: tensor<2x4x?x64xf32>, %[[KT:[^:]+]]: tensor<2x4x?x64x256xf32>, %[[M:[^:]+]]: tensor<2x4x64xf32>
// CHECK:         scf.forall (%[[B:.+]], %[[T:.+]]) in (2, 4)
// CHECK-DAG:       %[[KTT:.+]] = tensor.extract_slice %[[KT]][%[[B]], %[[T]], 0, 0, 0] [1, 1, %{{.+}}, 64, 256]
// CHECK-DAG:       %[[MT:.+]] = tensor.extract_slice %[[M]][%[[B]], %[[T]], 0] [1, 1, 64]
// CHECK:           attn.sparq {{.*}} rank(8) top_k(32) local_window(4) realloc(on) key_t(%[[KTT]]) value_mean(%[[MT]]) : (tensor<1x2x1x64xf32>
module attributes {transform.with_named_sequence} {
  func.func @sparq(%q: tensor<2x8x1x64xf32>, %k: tensor<2x4x?x64xf32>, %kt: tensor<2x4x?x64x256xf32>, %m: tensor<2x4x64xf32>) -> tensor<2x8x1x64xf32> {
    %o = attn.sparq %q, %k, %k rank(8) top_k(32) local_window(4) realloc(on) key_t(%kt) value_mean(%m)
      : (tensor<2x8x1x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64x256xf32>, tensor<2x4x64xf32>) -> tensor<2x8x1x64xf32>
    return %o : tensor<2x8x1x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sparq"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  func.func @negative_part_of_a_group(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32> {
    // expected-error @below {{cannot be tiled: expects whole groups of query heads: those that share keys choose them together}}
    // expected-error @below {{failed to generate tiling loops}}
    // expected-error @below {{tile operation}}
    // expected-note @below {{when applied to this op}}
    %o = attn.sparq %q, %k, %k rank(8) top_k(32)
      : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32>
    return %o : tensor<1x8x1x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sparq"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{transform.structured.tile_using_forall failed to apply}}
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    transform.yield
  }
  // CHECKS-LABEL: func.func @sparq_dynamic
  // CHECKS:         expects query and key to agree on batch
  // CHECKS:         expects key_t to have query's batch
  // CHECKS:         expects key_t to hold key's seq_len_kv
  // CHECKS:         expects value_mean to have query's batch
  // CHECKS:         attn.sparq
  func.func @sparq_dynamic(%q: tensor<?x2x1x8xf32>, %k: tensor<?x2x?x8xf32>, %kt: tensor<?x2x?x8x4xf32>, %m: tensor<?x2x8xf32>) -> tensor<?x2x1x8xf32> {
    %o = attn.sparq %q, %k, %k rank(2) top_k(3) key_t(%kt) value_mean(%m)
      : (tensor<?x2x1x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8x4xf32>, tensor<?x2x8xf32>) -> tensor<?x2x1x8xf32>
    return %o : tensor<?x2x1x8xf32>
  }

  // CHECKS-LABEL: func.func @append
  // CHECKS:         expects new_value to have new_key's tokens
  // CHECKS:         expects value to have key's capacity
  // CHECKS:         expects pos of at least 0{{.*}} {attn.check = #attn.check<length>}
  // CHECKS:         expects pos + tokens of at most the capacity{{.*}} {attn.check = #attn.check<capacity>}
  // CHECKS:         attn.kv_append
  // CHECKS:         expects count of at least 0
  // CHECKS:         attn.running_mean
  func.func @append(%a: tensor<1x2x?x8xf32>, %b: tensor<1x2x?x8xf32>, %p: index, %k: tensor<1x2x?x8xf32>, %v: tensor<1x2x?x8xf32>, %m: tensor<1x2x8xf32>)
      -> (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x8xf32>) {
    %r:2 = attn.kv_append ins(%a, %b, %p) outs(%k, %v)
      : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, index, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
    %n = attn.running_mean ins(%b, %p) outs(%m) : (tensor<1x2x?x8xf32>, index, tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
    return %r#0, %r#1, %n : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x8xf32>
  }

  // What attn.topk chose needs no look at each index.
  // CHECKS-LABEL: func.func @gather
  // CHECKS:         attn.topk
  // CHECKS-NOT:     scf.for
  // CHECKS:         expects indices below count to be rows of key
  // CHECKS:         attn.gather_kv
  // CHECKS:         scf.for
  // CHECKS:           expects count of at most k
  // CHECKS:           expects indices below count to be rows of key
  // CHECKS:         attn.gather_kv
  func.func @gather(%u: tensor<1x2x?xf32>, %k: tensor<1x2x?x8xf32>, %i: tensor<1x2x4xi64>, %n: tensor<1x2xi64>, %o: tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) {
    %c:2 = attn.topk ins(%u) outs(%i, %n) : (tensor<1x2x?xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>) -> (tensor<1x2x4xi64>, tensor<1x2xi64>)
    %r:2 = attn.gather_kv ins(%k, %k, %c#0, %c#1) outs(%o, %o)
      : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
    %s:2 = attn.gather_kv ins(%k, %k, %i, %n) outs(%o, %o)
      : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
    return %r#0, %s#0 : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>
  }
}
