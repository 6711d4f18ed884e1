// RUN: attn-opt %s --transform-interpreter --canonicalize --cse --split-input-file | FileCheck %s

// Heads of one group share a key head; offsets are added because causality
// needs them; the bottom-right diagonal is resolved before lengths are cut.
// CHECK-LABEL: func.func @sdpa
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x128x64xf32>, %[[K:[^:]+]]: tensor<2x4x256x64xf32>, %[[LEN:[^:]+]]: tensor<2xi64>
// CHECK:         scf.forall (%[[B:.+]], %[[T:.+]], %[[S:.+]]) in (2, 4, 4)
// CHECK-DAG:       %[[H:.+]] = affine.apply {{.*}}(%[[T]])
// CHECK-DAG:       %[[I:.+]] = affine.apply {{.*}}(%[[S]])
// CHECK-DAG:       %[[L:.+]] = tensor.extract %[[LEN]][%[[B]]]
// CHECK-DAG:       %[[QT:.+]] = tensor.extract_slice %[[Q]][%[[B]], %[[H]], %[[I]], 0] [1, 2, 32, 64]
// CHECK-DAG:       %[[KT:.+]] = tensor.extract_slice %[[K]][%[[B]], %[[T]], 0, 0] [1, 1, 256, 64]
// CHECK:           %[[O:.+]] = attn.sdpa %[[QT]], %[[KT]], %[[KT]] causal causal_offset(%{{.+}}) kv_len(%{{.+}}) offsets(%[[B]], %[[H]], %[[I]], %c0)
// CHECK:           tensor.parallel_insert_slice %[[O]] into %{{.+}}[%[[B]], %[[H]], %[[I]], 0] [1, 2, 32, 64]
module attributes {transform.with_named_sequence} {
  func.func @sdpa(%q: tensor<2x8x128x64xf32>, %k: tensor<2x4x256x64xf32>, %len: tensor<2xi64>)
      -> tensor<2x8x128x64xf32> {
    %o = attn.sdpa %q, %k, %k causal bottom_right kv_len(%len)
      : (tensor<2x8x128x64xf32>, tensor<2x4x256x64xf32>, tensor<2x4x256x64xf32>, tensor<2xi64>)
      -> tensor<2x8x128x64xf32>
    return %o : tensor<2x8x128x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sdpa"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 2, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Half a group per tile: two tiles read the same key head. bshd, lse, sinks.
// CHECK-LABEL: func.func @part_of_a_group
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<?x?x8x64xf32>, %[[K:[^:]+]]: tensor<?x?x2x64xf32>, %[[S:[^:]+]]: tensor<8xf32>
// CHECK:         scf.for %[[H:.+]] = %c0 to %c8 step %c2
// CHECK:           %[[KH:.+]] = affine.apply {{.*}}(%[[H]])
// CHECK:           tensor.extract_slice %[[Q]][0, 0, %[[H]], 0] [%{{.+}}, %{{.+}}, 2, 64]
// CHECK:           tensor.extract_slice %[[K]][0, 0, %[[KH]], 0] [%{{.+}}, %{{.+}}, 1, 64]
// CHECK:           tensor.extract_slice %[[S]][%[[H]]] [2]
// CHECK:           attn.sdpa
// CHECK-NOT:         offsets
// CHECK-SAME:        layout(bshd)
// CHECK-SAME:        -> (tensor<?x?x2x64xf32>, tensor<?x2x?xf32>)
// CHECK:           tensor.insert_slice %{{.+}} into %{{.+}}[0, 0, %[[H]], 0]
// CHECK:           tensor.insert_slice %{{.+}} into %{{.+}}[0, %[[H]], 0]
module attributes {transform.with_named_sequence} {
  func.func @part_of_a_group(%q: tensor<?x?x8x64xf32>, %k: tensor<?x?x2x64xf32>, %sinks: tensor<8xf32>)
      -> (tensor<?x?x8x64xf32>, tensor<?x8x?xf32>) {
    %o:2 = attn.sdpa %q, %k, %k sinks(%sinks) layout(bshd)
      : (tensor<?x?x8x64xf32>, tensor<?x?x2x64xf32>, tensor<?x?x2x64xf32>, tensor<8xf32>)
      -> (tensor<?x?x8x64xf32>, tensor<?x8x?xf32>)
    return %o#0, %o#1 : tensor<?x?x8x64xf32>, tensor<?x8x?xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sdpa"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// attn.online tiles along the keys too: the state goes through the loop.
// CHECK-LABEL: func.func @online_keys
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x4x32x64xf32>, %[[K:[^:]+]]: tensor<1x4x512x64xf32>, %[[MASK:[^:]+]]: tensor<1x1x32x512xi8>
// CHECK:         scf.for %[[J:.+]] = %c0 to %c512 step %c64 iter_args(%[[A:[^ ]+]] = %{{[^,]+}}, %[[M:[^ ]+]] = %{{[^,]+}}, %[[L:[^ ]+]] = %{{[^,]+}})
// CHECK:           tensor.extract_slice %[[K]][0, 0, %[[J]], 0] [1, 4, 64, 64]
// CHECK:           tensor.extract_slice %[[MASK]][0, 0, 0, %[[J]]] [1, 1, 32, 64]
// CHECK:           attn.online ins(%[[Q]], {{.*}} causal mask(%{{.+}}) offsets(%c0, %c0, %c0, %[[J]])) outs(%[[A]], %[[M]], %[[L]])
module attributes {transform.with_named_sequence} {
  func.func @online_keys(%q: tensor<1x4x32x64xf32>, %k: tensor<1x4x512x64xf32>, %mask: tensor<1x1x32x512xi8>,
      %a: tensor<1x4x32x64xf32>, %m: tensor<1x4x32xf32>, %l: tensor<1x4x32xf32>)
      -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>) {
    %r:3 = attn.online ins(%q, %k, %k causal mask(%mask)) outs(%a, %m, %l)
      : (tensor<1x4x32x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x1x32x512xi8>,
         tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
      -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
    return %r#0, %r#1, %r#2 : tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.online"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 64]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Pages may be tiled in whole pages.
// CHECK-LABEL: func.func @pages
// CHECK-SAME:    %[[TABLE:[^:]+]]: tensor<2x8xi32>
// CHECK:         scf.for %[[J:.+]] = %c0 to %c128 step %c32
// CHECK:           %[[P:.+]] = affine.apply {{.*}}(%[[J]])
// CHECK:           tensor.extract_slice %[[TABLE]][0, %[[P]]] [2, 2]
// CHECK:           attn.online
module attributes {transform.with_named_sequence} {
  func.func @pages(%table: tensor<2x8xi32>, %q: tensor<2x4x1x64xf32>, %k: tensor<?x4x16x64xf32>,
      %a: tensor<2x4x1x64xf32>, %m: tensor<2x4x1xf32>, %l: tensor<2x4x1xf32>) -> tensor<2x4x1x64xf32> {
    %r:3 = attn.online ins(%q, %k, %k page_table(%table)) outs(%a, %m, %l)
      : (tensor<2x4x1x64xf32>, tensor<?x4x16x64xf32>, tensor<?x4x16x64xf32>, tensor<2x8xi32>,
         tensor<2x4x1x64xf32>, tensor<2x4x1xf32>, tensor<2x4x1xf32>)
      -> (tensor<2x4x1x64xf32>, tensor<2x4x1xf32>, tensor<2x4x1xf32>)
    return %r#0 : tensor<2x4x1x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.online"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The tile of an elementwise consumer pulls attention into its loop, and with
// it the pieces attention is made of.
// CHECK-LABEL: func.func @fuse
// CHECK:         scf.forall
// CHECK:           attn.partial {{.*}} -> (tensor<1x2x16x64xf32>, tensor<1x2x16xf32>)
// CHECK:           attn.merge {{.*}} -> tensor<1x2x16x64xf32>
// CHECK:           linalg.exp
// CHECK-NOT:     attn.
// CHECK:         return
module attributes {transform.with_named_sequence} {
  func.func @fuse(%q: tensor<1x4x32x64xf32>, %k: tensor<1x2x?x64xf32>, %po: tensor<1x4x32x64xf32>,
      %pl: tensor<1x4x32xf32>, %e4: tensor<1x4x32x64xf32>, %e3: tensor<1x4x32xf32>) -> tensor<1x4x32x64xf32> {
    %p:2 = attn.partial ins(%q, %k, %k) outs(%e4, %e3)
      : (tensor<1x4x32x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x4x32x64xf32>,
         tensor<1x4x32xf32>) -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>)
    %m = attn.merge ins(%p#0, %po lse %p#1, %pl) outs(%e4)
      : (tensor<1x4x32x64xf32>, tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>,
         tensor<1x4x32x64xf32>) -> tensor<1x4x32x64xf32>
    %r = linalg.exp ins(%m : tensor<1x4x32x64xf32>) outs(%e4 : tensor<1x4x32x64xf32>) -> tensor<1x4x32x64xf32>
    return %r : tensor<1x4x32x64xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %exp = transform.structured.match ops{["linalg.exp"]} in %root : (!transform.any_op) -> !transform.any_op
    %merge = transform.structured.match ops{["attn.merge"]} in %root : (!transform.any_op) -> !transform.any_op
    %partial = transform.structured.match ops{["attn.partial"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %exp tile_sizes [1, 2, 16]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %f, %loop1 = transform.structured.fuse_into_containing_op %merge into %loop
      : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    %g, %loop2 = transform.structured.fuse_into_containing_op %partial into %loop1
      : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// attn.finalize into its layout.
// CHECK-LABEL: func.func @finalize
// CHECK:         scf.forall (%[[H:.+]], %[[T:.+]]) in (4, 2)
// CHECK:           %[[I:.+]] = affine.apply
// CHECK:           tensor.extract_slice %{{.+}}[0, %[[H]], %[[I]], 0] [1, 1, 16, 64]
// CHECK:           attn.finalize {{.*}} layout(bshd) : {{.*}} -> tensor<1x16x1x64xf16>
// CHECK:           tensor.parallel_insert_slice %{{.+}} into %{{.+}}[0, %[[I]], %[[H]], 0] [1, 16, 1, 64]
module attributes {transform.with_named_sequence} {
  func.func @finalize(%a: tensor<1x4x32x64xf32>, %m: tensor<1x4x32xf32>, %e: tensor<1x32x4x64xf16>)
      -> tensor<1x32x4x64xf16> {
    %r = attn.finalize ins(%a, %m, %m) outs(%e) layout(bshd)
      : (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>, tensor<1x32x4x64xf16>)
      -> tensor<1x32x4x64xf16>
    return %r : tensor<1x32x4x64xf16>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.finalize"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [0, 1, 16]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
