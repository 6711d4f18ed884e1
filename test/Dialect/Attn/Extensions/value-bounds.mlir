// RUN: attn-opt %s --transform-interpreter | FileCheck %s

// A bound that follows from the size of a result folds away.
module attributes {transform.with_named_sequence} {
  // lse is bhsd although the query is bshd.
  // CHECK-LABEL: func.func @sdpa
  // CHECK-SAME:    %[[Q:[^:]+]]: tensor<?x?x?x64xf32>
  // CHECK:         %[[N:.+]] = tensor.dim %[[Q]], %c1
  // CHECK-NOT:     affine.min
  func.func @sdpa(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>) -> index {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %o:2 = attn.sdpa %q, %k, %k layout(bshd)
      : (tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>)
      -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>)
    %queries = tensor.dim %q, %c1 : tensor<?x?x?x64xf32>
    %rows = tensor.dim %o#1, %c2 : tensor<?x?x?xf32>
    %more = affine.apply affine_map<(d0) -> (d0 + 1)>(%rows)
    %min = affine.min affine_map<(d0, d1) -> (d0, d1)>(%queries, %more)
    return %min : index
  }

  // CHECK-LABEL: func.func @online
  // CHECK-NOT:     affine.min
  // CHECK:         return
  func.func @online(%q: tensor<1x4x?x64xf32>, %k: tensor<1x4x8x64xf32>, %a: tensor<1x4x?x64xf32>,
      %m: tensor<1x4x?xf32>) -> index {
    %c2 = arith.constant 2 : index
    %r:3 = attn.online ins(%q, %k, %k) outs(%a, %m, %m)
      : (tensor<1x4x?x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x?x64xf32>,
         tensor<1x4x?xf32>, tensor<1x4x?xf32>) -> (tensor<1x4x?x64xf32>, tensor<1x4x?xf32>, tensor<1x4x?xf32>)
    %before = tensor.dim %m, %c2 : tensor<1x4x?xf32>
    %after = tensor.dim %r#1, %c2 : tensor<1x4x?xf32>
    %more = affine.apply affine_map<(d0) -> (d0 + 1)>(%after)
    %min = affine.min affine_map<(d0, d1) -> (d0, d1)>(%before, %more)
    return %min : index
  }

  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %min = transform.structured.match ops{["affine.min"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.affine.simplify_min_max_affine_ops %min : !transform.any_op
    transform.yield
  }
}
