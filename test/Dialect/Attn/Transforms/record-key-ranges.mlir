// RUN: attn-opt %s --attn-record-key-ranges --canonicalize | FileCheck %s
// RUN: attn-opt %s --attn-record-key-ranges="masks op=1" --canonicalize | FileCheck %s --check-prefix=MASK
// RUN: attn-opt %s --attn-record-key-ranges="op=0 batch=2 head=3" --canonicalize | FileCheck %s --check-prefix=PLACE

// CHECK-DAG: func.func private @attn_rt_record_begin(i64, i64, i64, i64, i64) -> i64
// CHECK-DAG: func.func private @attn_rt_record_step(i64) -> i64
// CHECK-DAG: func.func private @attn_rt_record_range(i64, i64, i64, i64, i64)
// CHECK-DAG: func.func private @attn_rt_record_pair(i64, i64, i64, i64)
// CHECK-DAG: func.func private @attn_rt_record_count(i64, i64)

// Tiles of queries as the host says; pairs are asked in the range with a mask
// only. Lengths of the batch entry asked for.
// CHECK-LABEL: func.func @causal
// CHECK-SAME:    %[[LEN:[a-z0-9]+]]: tensor<4xi64>
// CHECK:         call @attn_rt_record_begin
// CHECK:         scf.if
// CHECK:           call @attn_rt_record_step
// CHECK:           scf.for
// CHECK:             call @attn_rt_record_range
// CHECK:             call @attn_rt_record_range
// CHECK:             scf.for
// CHECK:               scf.for
// CHECK:                 call @attn_rt_record_pair
// CHECK-NOT:             call @attn_rt_record_pair
// CHECK:           call @attn_rt_record_count
// CHECK:         attn.sdpa
// PLACE-LABEL: func.func @causal
// PLACE-DAG:     %[[B:.*]] = arith.constant 2 : index
// PLACE:         call @attn_rt_record_begin
// PLACE:         tensor.extract %{{.*}}[%[[B]]] : tensor<4xi64>
// MASK-LABEL:  func.func @causal
// MASK-NOT:      call
func.func @causal(%q: tensor<4x4x?x16xf32>, %len: tensor<4xi64>) -> tensor<4x4x?x16xf32> {
  %0 = attn.sdpa %q, %q, %q causal kv_len(%len)
    : (tensor<4x4x?x16xf32>, tensor<4x4x?x16xf32>, tensor<4x4x?x16xf32>, tensor<4xi64>)
    -> tensor<4x4x?x16xf32>
  return %0 : tensor<4x4x?x16xf32>
}

// Without `masks` a range that all queries see is reported as a whole.
// CHECK-LABEL: func.func @mask
// CHECK-NOT:     call @attn_rt_record_pair
// CHECK:         attn.sdpa
// MASK-LABEL:  func.func @mask
// MASK:          call @attn_rt_record_begin
// MASK:          %[[SEEN:.*]] = tensor.extract %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] : tensor<1x1x4x?xi1>
// MASK:          %[[EXCLUDED:.*]] = arith.cmpi eq, %[[SEEN]]
// MASK:          %[[FLAG:.*]] = arith.extui %[[EXCLUDED]]
// MASK:          call @attn_rt_record_pair({{.*}}, %[[FLAG]])
func.func @mask(%q: tensor<1x1x4x16xf32>, %k: tensor<1x1x?x16xf32>,
                %m: tensor<1x1x4x?xi1>) -> tensor<1x1x4x16xf32> {
  %0 = attn.sdpa %q, %k, %k mask(%m)
    : (tensor<1x1x4x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x4x?xi1>)
    -> tensor<1x1x4x16xf32>
  return %0 : tensor<1x1x4x16xf32>
}

// CHECK-LABEL: func.func @negative_no_attention
// CHECK-NOT:     call
func.func @negative_no_attention(%a: tensor<4xf32>) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}
