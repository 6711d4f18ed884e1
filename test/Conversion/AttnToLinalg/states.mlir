// RUN: attn-opt %s --convert-attn-to-linalg --split-input-file | FileCheck %s

// One step of the recurrence, in place of the destinations: the maximum grows
// from row_max, row_sum and acc are rescaled before they grow.
// CHECK-LABEL: func.func @online
// CHECK-SAME:    %[[ACC:[^:]+]]: tensor<1x2x8x16xf32>, %[[M:[^:]+]]: tensor<1x2x8xf32>, %[[L:[^:]+]]: tensor<1x2x8xf32>
// CHECK-NOT:     attn.online
// CHECK:         %[[M_NEW:.*]] = linalg.generic {{.*}}outs(%[[M]] :
// CHECK:           arith.maximumf
// CHECK:         %[[SCALED:.*]]:2 = linalg.generic {{.*}}ins(%[[M]], %[[M_NEW]] : {{.*}}outs(%[[L]],
// CHECK:           %[[C:.*]] = math.exp
// CHECK-NEXT:      arith.mulf %[[C]]
// CHECK:         %[[ACC_SCALED:.*]] = linalg.generic {{.*}}ins(%[[SCALED]]#1 : {{.*}}outs(%[[ACC]] :
// CHECK:         %[[L_NEW:.*]] = linalg.generic {{.*}}outs(%[[SCALED]]#0 :
// CHECK:         %[[ACC_NEW:.*]] = linalg.generic {{.*}}outs(%[[ACC_SCALED]] :
// CHECK:         return %[[ACC_NEW]], %[[M_NEW]], %[[L_NEW]]
func.func @online(%acc: tensor<1x2x8x16xf32>, %m: tensor<1x2x8xf32>,
    %l: tensor<1x2x8xf32>, %q: tensor<1x2x8x16xf32>, %k: tensor<1x2x?x16xf32>)
    -> (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) {
  %0:3 = attn.online ins(%q, %k, %k) outs(%acc, %m, %l)
    : (tensor<1x2x8x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>,
       tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>)
    -> (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>)
  return %0#0, %0#1, %0#2
    : tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>
}

// -----

// CHECK-LABEL: func.func @finalize
// CHECK-SAME:    %[[ACC:[^:]+]]: tensor<1x2x8x16xf32>, %[[M:[^:]+]]: tensor<1x2x8xf32>, %[[L:[^:]+]]: tensor<1x2x8xf32>, %[[O:[^:]+]]: tensor<1x8x2x16xbf16>, %[[LSE:[^:]+]]: tensor
// CHECK:         %[[LSE_NEW:.*]] = linalg.generic {{.*}}ins(%[[M]], %[[L]] : {{.*}}outs(%[[LSE]] :
// CHECK:           math.log
// CHECK:         %[[O_NEW:.*]] = linalg.generic {{.*}}ins(%[[ACC]], %[[L]] : {{.*}}outs(%[[O]] :
// CHECK:           arith.truncf {{.*}} : f32 to bf16
// CHECK:         return %[[O_NEW]], %[[LSE_NEW]]
func.func @finalize(%acc: tensor<1x2x8x16xf32>, %m: tensor<1x2x8xf32>,
    %l: tensor<1x2x8xf32>, %o: tensor<1x8x2x16xbf16>, %lse: tensor<1x2x8xf32>)
    -> (tensor<1x8x2x16xbf16>, tensor<1x2x8xf32>) {
  %0:2 = attn.finalize ins(%acc, %m, %l) outs(%o, %lse) layout(bshd)
    : (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>,
       tensor<1x8x2x16xbf16>, tensor<1x2x8xf32>)
    -> (tensor<1x8x2x16xbf16>, tensor<1x2x8xf32>)
  return %0#0, %0#1 : tensor<1x8x2x16xbf16>, tensor<1x2x8xf32>
}

// -----

// A sink joins the sum, and rescales acc where it is the maximum.
// CHECK-LABEL: func.func @finalize_sinks
// CHECK-SAME:    %[[SINKS:[^:]+]]: tensor<2xf32>
// CHECK:         %[[ROWS:.*]]:2 = linalg.generic {{.*}}ins(%{{.*}}, %{{.*}}, %[[SINKS]] :
// CHECK:           arith.maximumf
// CHECK-COUNT-2:   math.exp
// CHECK:           arith.addf
// CHECK:         linalg.generic {{.*}}ins(%{{.*}}, %[[ROWS]]#0, %[[ROWS]]#1 :
// CHECK:           arith.mulf
// CHECK-NEXT:      arith.divf
func.func @finalize_sinks(%sinks: tensor<2xf32>, %acc: tensor<1x2x8x16xf32>,
    %m: tensor<1x2x8xf32>, %o: tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32> {
  %0 = attn.finalize ins(%acc, %m, %m sinks(%sinks)) outs(%o)
    : (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>,
       tensor<2xf32>, tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32>
  return %0 : tensor<1x2x8x16xf32>
}

// -----

// A row beyond q_len has no sink.
// CHECK-LABEL: func.func @sinks_and_q_len
// CHECK-SAME:    %[[SINKS:[^:]+]]: tensor<2xf32>, %[[LEN:[^:]+]]: tensor<1xi64>
// CHECK:         linalg.generic {{.*}}%[[SINKS]] :
// CHECK:           %[[EXISTS:.*]] = arith.cmpi slt
// CHECK-NEXT:      %[[SINK:.*]] = arith.select %[[EXISTS]]
// CHECK-NEXT:      arith.maximumf %{{.*}}, %[[SINK]]
func.func @sinks_and_q_len(%sinks: tensor<2xf32>, %len: tensor<1xi64>,
    %q: tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32> {
  %0 = attn.sdpa %q, %q, %q q_len(%len) sinks(%sinks)
    : (tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>,
       tensor<1xi64>, tensor<2xf32>) -> tensor<1x2x8x16xf32>
  return %0 : tensor<1x2x8x16xf32>
}

// -----

// The destinations of partial are written, the state starts as the identity.
// CHECK-LABEL: func.func @partial
// CHECK-SAME:    %[[O:[^:]+]]: tensor<1x2x8x16xf32>, %[[LSE:[^:]+]]: tensor<1x2x8xf32>
// CHECK-COUNT-4: linalg.fill
// CHECK:         linalg.generic {{.*}}outs(%[[LSE]] :
// CHECK:         linalg.generic {{.*}}outs(%[[O]] :
func.func @partial(%o: tensor<1x2x8x16xf32>, %lse: tensor<1x2x8xf32>,
    %q: tensor<1x2x8x16xf16>)
    -> (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>) {
  %0:2 = attn.partial ins(%q, %q, %q) outs(%o, %lse)
    : (tensor<1x2x8x16xf16>, tensor<1x2x8x16xf16>, tensor<1x2x8x16xf16>,
       tensor<1x2x8x16xf32>, tensor<1x2x8xf32>)
    -> (tensor<1x2x8x16xf32>, tensor<1x2x8xf32>)
  return %0#0, %0#1 : tensor<1x2x8x16xf32>, tensor<1x2x8xf32>
}

// -----

// All parts are weighed against one maximum.
// CHECK-LABEL: func.func @merge
// CHECK-SAME:    %[[O1:[^:]+]]: {{[^,]+}}, %[[L1:[^:]+]]: {{[^,]+}}, %[[O2:[^:]+]]: {{[^,]+}}, %[[L2:[^:]+]]: tensor
// CHECK:         %[[ROWS:.*]]:4 = linalg.generic {{.*}}ins(%[[L1]], %[[L2]] :
// CHECK:           arith.maximumf
// CHECK-COUNT-2:   math.exp
// CHECK:         %[[ACC:.*]] = linalg.generic {{.*}}ins(%[[O1]], %[[O2]], %[[ROWS]]#0, %[[ROWS]]#1 :
// CHECK:         linalg.generic {{.*}}ins(%[[ACC]], %[[ROWS]]#3 :
// CHECK:           arith.divf
func.func @merge(%o1: tensor<1x2x8x16xf32>, %l1: tensor<1x2x8xf32>,
    %o2: tensor<1x2x8x16xf32>, %l2: tensor<1x2x8xf32>,
    %o: tensor<1x2x8x16xf16>) -> tensor<1x2x8x16xf16> {
  %0 = attn.merge ins(%o1, %o2 lse %l1, %l2) outs(%o)
    : (tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>, tensor<1x2x8xf32>,
       tensor<1x2x8xf32>, tensor<1x2x8x16xf16>) -> tensor<1x2x8x16xf16>
  return %0 : tensor<1x2x8x16xf16>
}

// -----

// Stacked parts are reduced along their dimension; there may be none.
// CHECK-LABEL: func.func @merge_along
// CHECK-SAME:    %[[O:[^:]+]]: tensor<?x1x2x8x16xf32>, %[[L:[^:]+]]: tensor<?x1x2x8xf32>
// CHECK:         linalg.generic {{.*}}"reduction"]} ins(%[[L]] :
// CHECK:           arith.maximumf
// CHECK:         %[[W:.*]] = linalg.generic {{.*}}ins(%[[L]], %{{.*}} :
// CHECK:           math.exp
// CHECK:         linalg.generic {{.*}}"reduction"]} ins(%[[W]] :
// CHECK:         linalg.generic {{.*}}"reduction"]} ins(%[[W]], %[[O]] :
// CHECK:         arith.divf
func.func @merge_along(%os: tensor<?x1x2x8x16xf32>, %ls: tensor<?x1x2x8xf32>,
    %o: tensor<1x2x8x16xf32>) -> tensor<1x2x8x16xf32> {
  %0 = attn.merge ins(%os lse %ls) along(0) outs(%o)
    : (tensor<?x1x2x8x16xf32>, tensor<?x1x2x8xf32>, tensor<1x2x8x16xf32>)
    -> tensor<1x2x8x16xf32>
  return %0 : tensor<1x2x8x16xf32>
}

// -----

// No part: the identity.
// CHECK-LABEL: func.func @merge_nothing
// CHECK-SAME:    %[[O:[^:]+]]: tensor<1x2x8x16xf16>, %[[L:[^:]+]]: tensor<1x2x8xf32>
// CHECK:         %[[ZERO:.*]] = arith.constant 0.000000e+00 : f16
// CHECK:         linalg.fill ins(%[[ZERO]] : f16) outs(%[[O]] :
// CHECK:         %[[MINUS_INF:.*]] = arith.constant 0xFF800000 : f32
// CHECK:         linalg.fill ins(%[[MINUS_INF]] : f32) outs(%[[L]] :
func.func @merge_nothing(%o: tensor<1x2x8x16xf16>, %l: tensor<1x2x8xf32>)
    -> (tensor<1x2x8x16xf16>, tensor<1x2x8xf32>) {
  %0:2 = attn.merge ins() outs(%o, %l)
    : (tensor<1x2x8x16xf16>, tensor<1x2x8xf32>)
    -> (tensor<1x2x8x16xf16>, tensor<1x2x8xf32>)
  return %0#0, %0#1 : tensor<1x2x8x16xf16>, tensor<1x2x8xf32>
}
