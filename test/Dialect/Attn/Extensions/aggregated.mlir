// RUN: attn-opt %s --transform-interpreter | FileCheck %s

// Upstream's transform decomposes our ops through the interface; the handle is
// to what produces the result. (It takes ops of one result only, so it cannot
// be used on attn.online and attn.partial; convert-attn-to-linalg can.)
// CHECK-LABEL: func.func @sdpa
// CHECK-NOT:     attn.
// CHECK:         linalg.generic {{.*}}decomposed
// CHECK-NOT:     attn.
// CHECK:         return
func.func @sdpa(%q: tensor<1x4x8x16xf32>, %k: tensor<1x2x?x16xf32>)
    -> tensor<1x4x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k causal
    : (tensor<1x4x8x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
    -> tensor<1x4x8x16xf32>
  return %0 : tensor<1x4x8x16xf32>
}

// CHECK-LABEL: func.func @finalize_and_merge
// CHECK-NOT:     attn.
// CHECK:         linalg.generic {{.*}}decomposed
// CHECK:         linalg.generic {{.*}}decomposed
// CHECK-NOT:     attn.
// CHECK:         return
func.func @finalize_and_merge(%acc: tensor<1x4x8x16xf32>,
    %m: tensor<1x4x8xf32>, %o: tensor<1x4x8x16xf32>) -> tensor<1x4x8x16xf32> {
  %part = attn.finalize ins(%acc, %m, %m) outs(%o)
    : (tensor<1x4x8x16xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>,
       tensor<1x4x8x16xf32>) -> tensor<1x4x8x16xf32>
  %merged = attn.merge ins(%part, %acc lse %m, %m) outs(%o)
    : (tensor<1x4x8x16xf32>, tensor<1x4x8x16xf32>, tensor<1x4x8xf32>,
       tensor<1x4x8xf32>, tensor<1x4x8x16xf32>) -> tensor<1x4x8x16xf32>
  return %merged : tensor<1x4x8x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op) {
    %ops = transform.structured.match
        ops{["attn.sdpa", "attn.finalize", "attn.merge"]} in %root
        : (!transform.any_op) -> !transform.any_op
    %decomposed = transform.structured.decompose_interface %ops
        : (!transform.any_op) -> !transform.any_op
    transform.annotate %decomposed "decomposed" : !transform.any_op
    transform.yield
  }
}
