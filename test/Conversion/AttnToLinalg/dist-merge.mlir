// RUN: attn-opt %s --convert-attn-to-linalg | FileCheck %s
!o = tensor<1x8x1x64xf32>
!l = tensor<1x8x1xf32>

// What this rank computes is decomposed, the call of the others stays.
// CHECK-LABEL: func.func @phase2
// CHECK-NOT:     attn.partial
// CHECK:         attn.dist_merge
func.func @phase2(%comm: !attn.comm, %q: !o, %k: tensor<1x2x512x64xf32>,
                  %o: !o, %l: !l) -> !o {
  %p:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (!o, tensor<1x2x512x64xf32>, tensor<1x2x512x64xf32>, !o, !l) -> (!o, !l)
  %m:2 = attn.dist_merge comm(%comm) outs(%p#0, %p#1)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0 : !o
}
