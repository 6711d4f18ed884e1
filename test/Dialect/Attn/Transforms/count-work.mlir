// RUN: attn-opt %s --attn-count-work --canonicalize | FileCheck %s

// CHECK: func.func private @attn_rt_count_work(i64, i64)

// Dense, static: 4 rows * 8 keys * 2 heads * 2 * (16 + 8) operations; 8 keys of
// one head and 2 * 4 rows, (16 + 8) elements of 4 bytes each.
// CHECK-LABEL: func.func @dense
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 1536 : i64
// CHECK:         call @attn_rt_count_work({{.*}}, %[[BYTES]])
// CHECK-NEXT:    attn.sdpa
func.func @dense(%q: tensor<1x2x4x16xf32>, %k: tensor<1x1x8x16xf32>,
                 %v: tensor<1x1x8x8xf32>) -> tensor<1x2x4x8xf32> {
  %0 = attn.sdpa %q, %k, %v
    : (tensor<1x2x4x16xf32>, tensor<1x1x8x16xf32>, tensor<1x1x8x8xf32>)
    -> tensor<1x2x4x8xf32>
  return %0 : tensor<1x2x4x8xf32>
}

// Causal rows ask their own range.
// CHECK-LABEL: func.func @causal
// CHECK:         scf.for %[[I:[a-z0-9]+]] =
// CHECK:           affine.min {{.*}}(%[[I]])
// CHECK:         call @attn_rt_count_work
func.func @causal(%q: tensor<1x1x?x16xf32>) -> tensor<1x1x?x16xf32> {
  %0 = attn.sdpa %q, %q, %q causal
    : (tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>)
    -> tensor<1x1x?x16xf32>
  return %0 : tensor<1x1x?x16xf32>
}

// CHECK-LABEL: func.func @matmul
// CHECK-DAG:     %[[FLOPS:.*]] = arith.constant 240 : i64
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0 : i64
// CHECK:         call @attn_rt_count_work(%[[FLOPS]], %[[ZERO]])
func.func @matmul(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>,
                  %c: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x5xf32>, tensor<5x6xf32>)
                     outs(%c : tensor<4x6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// CHECK-LABEL: func.func @negative_no_work
// CHECK-NOT:     call
func.func @negative_no_work(%a: tensor<4xf32>) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}

// Star: every row its own block and, from block 1 on, the anchor, wherever the
// anchor's keys are. All keys are read, those of the anchor too.
// CHECK-LABEL: func.func @star
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 1536 : i64
// CHECK-DAG:     %[[MORE:.*]] = arith.constant 1792 : i64
// CHECK:         %[[PAIRS:.*]] = scf.for
// CHECK:         %[[FLOPS:.*]] = affine.apply {{.*}}[%[[PAIRS]]]
// CHECK:         %[[CALL:.*]] = arith.index_cast %[[FLOPS]]
// CHECK:         call @attn_rt_count_work(%[[CALL]], %[[BYTES]])
// CHECK-NEXT:    attn.star
// CHECK:         scf.for
// CHECK:         call @attn_rt_count_work(%{{.*}}, %[[MORE]])
// CHECK-NEXT:    attn.star {{.*}} anchors
func.func @star(%q: tensor<1x1x6x16xf32>, %a: tensor<1x1x2x16xf32>) -> (tensor<1x1x6x16xf32>, tensor<1x1x6x16xf32>) {
  %0 = attn.star %q, %q, %q causal block_size(4) anchor_size(2)
    : (tensor<1x1x6x16xf32>, tensor<1x1x6x16xf32>, tensor<1x1x6x16xf32>) -> tensor<1x1x6x16xf32>
  %1 = attn.star %q, %q, %q causal block_size(4) anchor_size(2) anchors(%a, %a)
    : (tensor<1x1x6x16xf32>, tensor<1x1x6x16xf32>, tensor<1x1x6x16xf32>, tensor<1x1x2x16xf32>, tensor<1x1x2x16xf32>) -> tensor<1x1x6x16xf32>
  return %0, %1 : tensor<1x1x6x16xf32>, tensor<1x1x6x16xf32>
}

// Attention inside blocks: every row its own block, and the block's prefix; each
// key is read once.
// CHECK-LABEL: func.func @block_local
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 5120 : i64
// CHECK-DAG:     %[[MORE:.*]] = arith.constant 6144 : i64
// CHECK:         %[[PAIRS:.*]] = scf.for
// CHECK:         call @attn_rt_count_work(%{{.*}}, %[[BYTES]])
// CHECK-NEXT:    attn.block_local
// CHECK:         scf.for
// CHECK:         call @attn_rt_count_work(%{{.*}}, %[[MORE]])
// CHECK-NEXT:    attn.block_local {{.*}} prefix_len(2)
func.func @block_local(%q: tensor<1x1x20x16xf32>, %p: tensor<1x1x8x16xf32>) -> (tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>) {
  %0 = attn.block_local %q, %q, %q causal block_len(5)
    : (tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>) -> tensor<1x1x20x16xf32>
  %1 = attn.block_local %q, %q, %q causal block_len(5) prefix_len(2) prefix(%p, %p)
    : (tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>, tensor<1x1x8x16xf32>, tensor<1x1x8x16xf32>) -> tensor<1x1x20x16xf32>
  return %0, %1 : tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>
}

// The same with a destination; a row beyond q_len sees nothing.
// CHECK-LABEL: func.func @block_local_step
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 6144 : i64
// CHECK:         call @attn_rt_count_work(%{{.*}}, %[[BYTES]])
// CHECK-NEXT:    attn.block_local_step
// CHECK:         %[[FLOPS:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECK:         call @attn_rt_count_work(%[[FLOPS]], %{{.*}})
// CHECK-NEXT:    attn.block_local_step {{.*}} q_len
func.func @block_local_step(%q: tensor<1x1x20x16xf32>, %p: tensor<1x1x8x16xf32>, %n: tensor<1xi64>) -> (tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>) {
  %0 = attn.block_local_step ins(%q, %q, %q causal block_len(5) prefix_len(2) prefix(%p, %p)) outs(%q)
    : (tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>, tensor<1x1x8x16xf32>, tensor<1x1x8x16xf32>, tensor<1x1x20x16xf32>) -> tensor<1x1x20x16xf32>
  %1 = attn.block_local_step ins(%q, %q, %q causal q_len(%n) block_len(5) prefix_len(2) prefix(%p, %p)) outs(%q)
    : (tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>, tensor<1xi64>, tensor<1x1x8x16xf32>, tensor<1x1x8x16xf32>, tensor<1x1x20x16xf32>) -> tensor<1x1x20x16xf32>
  return %0, %1 : tensor<1x1x20x16xf32>, tensor<1x1x20x16xf32>
}
