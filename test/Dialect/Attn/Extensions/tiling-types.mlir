// RUN: attn-opt %s --transform-interpreter --split-input-file | FileCheck %s

// Types that know more or less than each other: the tile's type is what its
// sizes say, the loop's result what the op's result was.
// CHECK-LABEL: func.func @sdpa
// CHECK:         scf.forall {{.*}} -> (tensor<2x?x?x32xf32>)
// CHECK:           attn.sdpa {{.*}} -> tensor<1x4x64x32xf32>
// CHECK:         return %{{.+}} : tensor<2x?x?x32xf32>
module attributes {transform.with_named_sequence} {
  func.func @sdpa(%q: tensor<?x4x64x16xf32>, %k: tensor<2x1x?x16xf32>, %v: tensor<?x?x8x32xf32>)
      -> tensor<2x?x?x32xf32> {
    %o = attn.sdpa %q, %k, %v
      : (tensor<?x4x64x16xf32>, tensor<2x1x?x16xf32>, tensor<?x?x8x32xf32>) -> tensor<2x?x?x32xf32>
    return %o : tensor<2x?x?x32xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.sdpa"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [1]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// CHECK-LABEL: func.func @online
// CHECK:         scf.forall {{.*}} -> (tensor<?x4x?x32xf32>, tensor<2x?x?xf32>, tensor<?x?x64xf32>)
// CHECK:           attn.online {{.*}} -> (tensor<1x4x64x32xf32>, tensor<1x4x64xf32>, tensor<1x4x64xf32>)
module attributes {transform.with_named_sequence} {
  func.func @online(%q: tensor<2x4x64x16xf32>, %k: tensor<2x4x?x16xf32>, %v: tensor<2x4x?x32xf32>,
      %a: tensor<?x4x?x32xf32>, %m: tensor<2x?x?xf32>, %l: tensor<?x?x64xf32>)
      -> tensor<?x4x?x32xf32> {
    %r:3 = attn.online ins(%q, %k, %v) outs(%a, %m, %l)
      : (tensor<2x4x64x16xf32>, tensor<2x4x?x16xf32>, tensor<2x4x?x32xf32>, tensor<?x4x?x32xf32>,
         tensor<2x?x?xf32>, tensor<?x?x64xf32>) -> (tensor<?x4x?x32xf32>, tensor<2x?x?xf32>, tensor<?x?x64xf32>)
    return %r#0 : tensor<?x4x?x32xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.online"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %op tile_sizes [1]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
