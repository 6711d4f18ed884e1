// RUN: attn-opt %s --transform-interpreter --canonicalize --cse --split-input-file | FileCheck %s

// Each part has its own output and lse; attn.merge joins them.
// CHECK-LABEL: func.func @partial
// CHECK-SAME:    %[[O:[^:]+]]: tensor<2x8x128x64xf32>, %[[L:[^:]+]]: tensor<2x8x128xf32>, %[[Q:[^:]+]]: tensor<2x8x128x64xf32>, %[[K:[^:]+]]: tensor<2x4x?x64xf32>
// CHECK:         %[[PARTS:.+]]:2 = scf.forall (%[[P:.+]]) in (4) shared_outs(%[[OS:[^ ]+]] = %{{[^,]+}}, %[[LS:[^ ]+]] = %{{[^,]+}}) -> (tensor<4x2x8x128x64xf32>, tensor<4x2x8x128xf32>)
// CHECK:           %[[KP:.+]] = tensor.extract_slice %[[K]][0, 0, %[[LO:.+]], 0] [2, 4,
// CHECK:           %[[OP:.+]] = tensor.extract_slice %[[OS]][%[[P]], 0, 0, 0, 0] [1, 2, 8, 128, 64] {{.*}} to tensor<2x8x128x64xf32>
// CHECK:           attn.partial ins(%[[Q]], %[[KP]], %[[KP]] causal offsets(%c0, %c0, %c0, %[[LO]])) outs(%[[OP]],
// CHECK:         attn.merge ins(%[[PARTS]]#0 lse %[[PARTS]]#1) along(0) outs(%[[O]], %[[L]])
module attributes {transform.with_named_sequence} {
  func.func @partial(%o: tensor<2x8x128x64xf32>, %l: tensor<2x8x128xf32>, %q: tensor<2x8x128x64xf32>,
      %k: tensor<2x4x?x64xf32>) -> (tensor<2x8x128x64xf32>, tensor<2x8x128xf32>) {
    %r:2 = attn.partial ins(%q, %k, %k causal) outs(%o, %l)
      : (tensor<2x8x128x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>, tensor<2x8x128x64xf32>,
         tensor<2x8x128xf32>) -> (tensor<2x8x128x64xf32>, tensor<2x8x128xf32>)
    return %r#0, %r#1 : tensor<2x8x128x64xf32>, tensor<2x8x128xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.partial"]} in %root : (!transform.any_op) -> !transform.any_op
    %init:2, %t, %combine, %loop = transform.structured.tile_reduction_using_forall %op
      reduction_dims = [3] by num_threads = [0, 0, 0, 4]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// Each part starts with the identity; the merge rescales to the common maximum,
// the state that came in included.
// CHECK-LABEL: func.func @online
// CHECK-SAME:    %[[A:[^:]+]]: tensor<1x2x8x16xf32>, %[[M:[^:]+]]: tensor<1x2x8xf32>, %[[L:[^:]+]]: tensor<1x2x8xf32>
// CHECK-DAG:     %[[NONE:.+]] = arith.constant 0xFF800000 : f32
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:     %[[A0:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.+}} : tensor<3x1x2x8x16xf32>)
// CHECK-DAG:     %[[M0:.+]] = linalg.fill ins(%[[NONE]] : f32) outs(%{{.+}} : tensor<3x1x2x8xf32>)
// CHECK-DAG:     %[[L0:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.+}} : tensor<3x1x2x8xf32>)
// CHECK:         %[[PARTS:.+]]:3 = scf.forall (%{{.+}}) = (0) to (96) step (32) shared_outs(%{{.+}} = %[[A0]], %{{.+}} = %[[M0]], %{{.+}} = %[[L0]])
// CHECK:           attn.online
// CHECK:         %[[MAX:.+]] = linalg.generic {{.*}} ins(%[[PARTS]]#1 : {{.*}}) outs(%[[M]] :
// CHECK:           arith.maximumf
// CHECK:         %[[OWN:.+]] = linalg.generic {{.*}} ins(%[[M]], %[[MAX]] : {{.*}}) outs(%[[L]] :
// CHECK:           arith.select %{{.+}}, %[[ZERO]]
// CHECK:           math.exp
// CHECK:         %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[PARTS]]#2, %[[PARTS]]#1, %[[MAX]] : {{.*}}) outs(%[[OWN]] :
// CHECK:         %[[OWN_ACC:.+]] = linalg.generic {{.*}} ins(%[[M]], %[[MAX]] : {{.*}}) outs(%[[A]] :
// CHECK:         %[[ACC:.+]] = linalg.generic {{.*}} ins(%[[PARTS]]#0, %[[PARTS]]#1, %[[MAX]] : {{.*}}) outs(%[[OWN_ACC]] :
// CHECK:         return %[[ACC]], %[[MAX]], %[[SUM]]
module attributes {transform.with_named_sequence} {
  func.func @online(%a: tensor<1x2x8x16xf32>, %m: tensor<1x2x8xf32>, %l: tensor<1x2x8xf32>,
      %q: tensor<1x2x8x16xf32>, %k: tensor<1x2x96x16xf32>)
      -> (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) {
    %r:3 = attn.online ins(%q, %k, %k) outs(%a, %m, %l)
      : (tensor<1x2x8x16xf32>, tensor<1x2x96x16xf32>, tensor<1x2x96x16xf32>, tensor<1x2x8x16xf32>,
         tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>)
    return %r#0, %r#1, %r#2 : tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["attn.online"]} in %root : (!transform.any_op) -> !transform.any_op
    %init:3, %t, %combine, %loop = transform.structured.tile_reduction_using_forall %op
      reduction_dims = [3] by tile_sizes = [0, 0, 0, 32]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
