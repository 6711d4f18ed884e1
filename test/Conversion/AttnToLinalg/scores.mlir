// RUN: attn-opt %s --convert-attn-to-linalg --split-input-file | FileCheck %s

// The generics of a plain op: products, scores, row maxima, weights, row sums,
// the product with value, the division; the state is not rescaled, because it
// starts as the identity.
// CHECK-LABEL: func.func @plain
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: {{[^,]+}}, %[[V:[^:]+]]: tensor
// CHECK-NOT:     attn.
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]
// CHECK-SAME:      ins(%[[Q]], %[[K]] :
// CHECK:           arith.mulf
// CHECK-NEXT:      arith.addf
// CHECK:         %[[SCALE:.*]] = arith.constant 2.500000e-01 : f32
// CHECK:         %[[S:.*]] = linalg.generic
// CHECK:           arith.mulf %{{.*}}, %[[SCALE]]
// CHECK:         linalg.generic {{.*}}ins(%[[S]] :
// CHECK:           arith.maximumf
// CHECK:         %[[P:.*]] = linalg.generic {{.*}}ins(%[[S]],
// CHECK:           math.exp
// CHECK:         linalg.generic {{.*}}ins(%[[P]] :
// CHECK:           arith.addf
// CHECK:         linalg.generic {{.*}}ins(%[[S]], %[[P]], %[[V]] :
// CHECK:         linalg.generic
// CHECK:           arith.divf
// CHECK-NOT:     linalg.generic
func.func @plain(%q: tensor<2x4x8x16xf32>, %k: tensor<2x4x5x16xf32>,
                 %v: tensor<2x4x5x24xf32>) -> tensor<2x4x8x24xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<2x4x8x16xf32>, tensor<2x4x5x16xf32>, tensor<2x4x5x24xf32>)
    -> tensor<2x4x8x24xf32>
  return %0 : tensor<2x4x8x24xf32>
}

// -----

// An excluded value is selected away, not multiplied by 0: it may be NaN. A row
// maximum of -inf is not subtracted, and a sum is tested for 0, so that NaN
// stays.
// CHECK-LABEL: func.func @exclusion
// CHECK:         arith.cmpi sle
// CHECK:         arith.select %{{.*}}, %{{.*}}, %[[MINUS_INF:.*]] : f32
// CHECK:         arith.maximumf
// CHECK:         %[[NO_MAX:.*]] = arith.cmpf oeq
// CHECK-NEXT:    arith.select %[[NO_MAX]]
// CHECK:         %[[EXCLUDED:.*]] = arith.cmpf oeq
// CHECK:         %[[PV:.*]] = arith.mulf
// CHECK-NEXT:    arith.select %[[EXCLUDED]], %{{.*}}, %[[PV]]
// CHECK:         %[[X:.*]] = arith.divf
// CHECK-NEXT:    %[[NONE:.*]] = arith.cmpf oeq
// CHECK-NEXT:    arith.select %[[NONE]], %{{.*}}, %[[X]]
func.func @exclusion(%q: tensor<1x1x8x16xf32>, %k: tensor<1x1x8x16xf32>)
    -> tensor<1x1x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k causal
    : (tensor<1x1x8x16xf32>, tensor<1x1x8x16xf32>, tensor<1x1x8x16xf32>)
    -> tensor<1x1x8x16xf32>
  return %0 : tensor<1x1x8x16xf32>
}

// -----

// The heads of a group are a loop: the query is split, the key is read as it is.
// CHECK-DAG:   #[[Q_MAP:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d5)>
// CHECK-DAG:   #[[K_MAP:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d4, d5)>
// CHECK-LABEL: func.func @grouped
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: tensor
// CHECK:         %[[SPLIT:.*]] = tensor.expand_shape %[[Q]] {{\[}}[0], [1, 2], [3], [4]] output_shape [1, 2, 3,
// CHECK:         linalg.generic {indexing_maps = [#[[Q_MAP]], #[[K_MAP]], {{.*}}ins(%[[SPLIT]], %[[K]] :
// CHECK:         tensor.collapse_shape %{{.*}} {{\[}}[0], [1, 2], [3], [4]]
func.func @grouped(%q: tensor<1x6x?x16xf32>, %k: tensor<1x2x?x16xf32>)
    -> tensor<1x6x?x16xf32> {
  %0 = attn.sdpa %q, %k, %k
    : (tensor<1x6x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
    -> tensor<1x6x?x16xf32>
  return %0 : tensor<1x6x?x16xf32>
}

// -----

// With an unknown number of key heads each query head looks up its own.
// CHECK-LABEL: func.func @unknown_heads
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: tensor
// CHECK:         %[[GROUP:.*]] = arith.divui
// CHECK-NOT:     tensor.expand_shape
// CHECK:         linalg.generic
// CHECK:           %[[H:.*]] = linalg.index 1
// CHECK:           %[[KV_HEAD:.*]] = arith.divui %[[H]], %[[GROUP]]
// CHECK:           tensor.extract %[[K]][%{{.*}}, %[[KV_HEAD]], %{{.*}}, %{{.*}}]
func.func @unknown_heads(%q: tensor<1x?x4x16xf32>, %k: tensor<1x?x4x16xf32>)
    -> tensor<1x?x4x16xf32> {
  %0 = attn.sdpa %q, %k, %k
    : (tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>, tensor<1x?x4x16xf32>)
    -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

// bshd is a matter of maps; lse is [batch, num_heads, seq_len_q] all the same.
// CHECK-DAG:   #[[Q_MAP:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d1, d4)>
// CHECK-DAG:   #[[K_MAP:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d1, d4)>
// CHECK-DAG:   #[[V_MAP:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d1, d3)>
// CHECK-DAG:   #[[O_MAP:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>
// CHECK-LABEL: func.func @bshd
// CHECK:         indexing_maps = [#[[Q_MAP]], #[[K_MAP]],
// CHECK:         indexing_maps = [#{{.*}}, #{{.*}}, #[[V_MAP]],
// CHECK:         math.log
// CHECK:         linalg.yield {{.*}} : f32
// CHECK-NEXT:    } -> tensor<1x3x8xf32>
// CHECK:         indexing_maps = [#{{.*}}, #{{.*}}, #[[O_MAP]]]
func.func @bshd(%q: tensor<1x8x3x16xf32>, %k: tensor<1x4x3x16xf32>)
    -> (tensor<1x8x3x16xf32>, tensor<1x3x8xf32>) {
  %0:2 = attn.sdpa %q, %k, %k layout(bshd)
    : (tensor<1x8x3x16xf32>, tensor<1x4x3x16xf32>, tensor<1x4x3x16xf32>)
    -> (tensor<1x8x3x16xf32>, tensor<1x3x8xf32>)
  return %0#0, %0#1 : tensor<1x8x3x16xf32>, tensor<1x3x8xf32>
}

// -----

// scale, softcap, bias, region, mask: in this order.
// CHECK-LABEL: func.func @order
// CHECK-SAME:    %[[SCALE:[^:]+]]: f16, %[[BIAS:[^:]+]]: tensor<1x1x1x7xf16>, %[[MASK:[^:]+]]: tensor<1x4x1x7xi8>
// CHECK:         %[[SCALE_F32:.*]] = arith.extf %[[SCALE]]
// CHECK:         linalg.generic
// CHECK:           %[[S0:.*]] = arith.mulf %{{.*}}, %[[SCALE_F32]]
// CHECK-NEXT:      %[[S1:.*]] = arith.divf %[[S0]], %[[CAP:.*]] : f32
// CHECK-NEXT:      %[[S2:.*]] = math.tanh %[[S1]]
// CHECK-NEXT:      %[[S3:.*]] = arith.mulf %[[S2]], %[[CAP]]
// CHECK:           %[[B:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK-NEXT:      %[[S4:.*]] = arith.addf %[[S3]], %[[B]]
// CHECK-NEXT:      %[[S5:.*]] = math.absf %[[S4]]
// CHECK-NEXT:      %[[VISIBLE:.*]] = arith.cmpi ne, %{{.*}} : i8
// CHECK-NEXT:      arith.select %[[VISIBLE]], %[[S5]], %{{.*}}
func.func @order(%q: tensor<1x4x8x16xf32>, %k: tensor<1x4x7x16xf32>,
                 %scale: f16, %bias: tensor<1x1x1x7xf16>,
                 %mask: tensor<1x4x1x7xi8>) -> tensor<1x4x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k dynamic_scale(%scale) softcap(3.000000e+01)
      mask(%mask) bias(%bias) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = math.absf %s : f32
    attn.yield %r : f32
  } : (tensor<1x4x8x16xf32>, tensor<1x4x7x16xf32>, tensor<1x4x7x16xf32>, f16,
       tensor<1x4x1x7xi8>, tensor<1x1x1x7xf16>) -> tensor<1x4x8x16xf32>
  return %0 : tensor<1x4x8x16xf32>
}

// -----

// Unit dimensions of a mask are dropped and its heads are split like the loops.
// CHECK-DAG:   #[[MASK_MAP:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d2, d4)>
// CHECK-LABEL: func.func @broadcast
// CHECK-SAME:    %[[MASK:[^:]+]]: tensor<1x6x1x7xi1>
// CHECK:         %[[DROPPED:.*]] = tensor.collapse_shape %[[MASK]]
// CHECK:         %[[SPLIT:.*]] = tensor.expand_shape %[[DROPPED]] {{.*}} into tensor<2x3x7xi1>
// CHECK:         linalg.generic {indexing_maps = [#[[MASK_MAP]], #{{.*}}], {{.*}} ins(%[[SPLIT]] :
func.func @broadcast(%q: tensor<2x6x8x16xf32>, %k: tensor<2x2x7x16xf32>,
                     %mask: tensor<1x6x1x7xi1>) -> tensor<2x6x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k mask(%mask)
    : (tensor<2x6x8x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32>,
       tensor<1x6x1x7xi1>) -> tensor<2x6x8x16xf32>
  return %0 : tensor<2x6x8x16xf32>
}

// -----

// A dynamic dimension of a mask may be 1 at run time.
// CHECK-LABEL: func.func @broadcast_at_run_time
// CHECK-SAME:    %[[MASK:[^:]+]]: tensor<1x1x?x7xi1>
// CHECK:         %[[SIZE:.*]] = tensor.dim %[[MASK]]
// CHECK:         %[[UNIT:.*]] = arith.cmpi eq, %[[SIZE]]
// CHECK:         linalg.generic
// CHECK:           %[[I:.*]] = linalg.index 2
// CHECK:           %[[ROW:.*]] = arith.select %[[UNIT]], %{{.*}}, %[[I]]
// CHECK:           tensor.extract %[[MASK]][%{{.*}}, %{{.*}}, %[[ROW]], %{{.*}}]
func.func @broadcast_at_run_time(%q: tensor<1x6x?x16xf32>,
    %k: tensor<1x6x7x16xf32>, %mask: tensor<1x1x?x7xi1>)
    -> tensor<1x6x?x16xf32> {
  %0 = attn.sdpa %q, %k, %k mask(%mask)
    : (tensor<1x6x?x16xf32>, tensor<1x6x7x16xf32>, tensor<1x6x7x16xf32>,
       tensor<1x1x?x7xi1>) -> tensor<1x6x?x16xf32>
  return %0 : tensor<1x6x?x16xf32>
}

// -----

// The region sees absolute positions, and the query head.
// CHECK-LABEL: func.func @positions
// CHECK-SAME:    %[[OB:[^:]+]]: index, %[[OH:[^:]+]]: index, %[[OI:[^:]+]]: index, %[[OJ:[^:]+]]: index, %[[IDS:[^:]+]]: tensor
// CHECK:         %[[GROUP:.*]] = arith.constant 2 : index
// CHECK:         linalg.generic
// CHECK:           %[[KV_HEAD:.*]] = linalg.index 1
// CHECK:           %[[FIRST:.*]] = arith.muli %[[KV_HEAD]], %[[GROUP]]
// CHECK:           %[[MEMBER:.*]] = linalg.index 2
// CHECK:           %[[HEAD:.*]] = arith.addi %[[FIRST]], %[[MEMBER]]
// CHECK:           %[[B:.*]] = arith.addi %{{.*}}, %[[OB]]
// CHECK:           %[[H:.*]] = arith.addi %[[HEAD]], %[[OH]]
// CHECK:           %[[I:.*]] = arith.addi %{{.*}}, %[[OI]]
// CHECK:           %[[J:.*]] = arith.addi %{{.*}}, %[[OJ]]
// CHECK:           tensor.extract %[[IDS]][%[[B]], %[[H]], %[[I]], %[[J]]]
func.func @positions(%q: tensor<1x4x8x16xf32>, %k: tensor<1x2x8x16xf32>,
    %ob: index, %oh: index, %oi: index, %oj: index,
    %ids: tensor<?x?x?x?xf32>) -> tensor<1x4x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k offsets(%ob, %oh, %oi, %oj) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = tensor.extract %ids[%b, %h, %i, %j] : tensor<?x?x?x?xf32>
    attn.yield %r : f32
  } : (tensor<1x4x8x16xf32>, tensor<1x2x8x16xf32>, tensor<1x2x8x16xf32>, index,
       index, index, index) -> tensor<1x4x8x16xf32>
  return %0 : tensor<1x4x8x16xf32>
}

// -----

// A load of the region that does not depend on a loop stays in the body: with
// no iteration there may be nothing to load. Arithmetic goes in front.
// CHECK-LABEL: func.func @loads_stay
// CHECK-SAME:    %[[TABLE:[^:]+]]: tensor<?xf32>, %[[N:[^:]+]]: index
// CHECK:         %[[NEXT:.*]] = arith.addi %[[N]], %[[N]]
// CHECK:         linalg.generic
// CHECK:           tensor.extract %[[TABLE]][%[[NEXT]]]
func.func @loads_stay(%q: tensor<1x4x8x16xf32>, %k: tensor<1x4x8x16xf32>,
    %table: tensor<?xf32>, %n: index) -> tensor<1x4x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %next = arith.addi %n, %n : index
    %x = tensor.extract %table[%next] : tensor<?xf32>
    %r = arith.addf %s, %x : f32
    attn.yield %r : f32
  } : (tensor<1x4x8x16xf32>, tensor<1x4x8x16xf32>, tensor<1x4x8x16xf32>)
    -> tensor<1x4x8x16xf32>
  return %0 : tensor<1x4x8x16xf32>
}

// -----

// Lengths are read where they are needed; bottom_right takes both.
// CHECK-LABEL: func.func @lengths
// CHECK-SAME:    %[[KV_LEN:[^:]+]]: tensor<2xi64>, %[[Q_LEN:[^:]+]]: tensor<1xi64>
// CHECK:         linalg.generic
// CHECK:           tensor.extract %[[KV_LEN]]
// CHECK:           arith.cmpi slt
// CHECK:           tensor.extract %[[Q_LEN]]
// CHECK:           arith.cmpi slt
// CHECK:           affine.apply
// CHECK:           arith.cmpi sle
// CHECK:           arith.select
func.func @lengths(%q: tensor<2x4x8x16xf32>, %k: tensor<2x4x8x16xf32>,
    %kv_len: tensor<2xi64>, %q_len: tensor<1xi64>) -> tensor<2x4x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%kv_len) q_len(%q_len)
    : (tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>,
       tensor<2xi64>, tensor<1xi64>) -> tensor<2x4x8x16xf32>
  return %0 : tensor<2x4x8x16xf32>
}

// -----

// f16 is widened before it is multiplied and narrowed at the end; f64 stays.
// CHECK-LABEL: func.func @f16
// CHECK:         %[[Q:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK-NEXT:    %[[K:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK-NEXT:    arith.mulf %[[Q]], %[[K]] : f32
// CHECK:         arith.divf {{.*}} : f32
// CHECK:         arith.truncf {{.*}} : f32 to f16
func.func @f16(%q: tensor<2x4x8x16xf16>) -> tensor<2x4x8x16xf16> {
  %0 = attn.sdpa %q, %q, %q
    : (tensor<2x4x8x16xf16>, tensor<2x4x8x16xf16>, tensor<2x4x8x16xf16>)
    -> tensor<2x4x8x16xf16>
  return %0 : tensor<2x4x8x16xf16>
}
// CHECK-LABEL: func.func @f64
// CHECK-NOT:     f32
// CHECK:         return
func.func @f64(%q: tensor<2x4x8x16xf64>) -> tensor<2x4x8x16xf64> {
  %0 = attn.sdpa %q, %q, %q
    : (tensor<2x4x8x16xf64>, tensor<2x4x8x16xf64>, tensor<2x4x8x16xf64>)
    -> tensor<2x4x8x16xf64>
  return %0 : tensor<2x4x8x16xf64>
}
