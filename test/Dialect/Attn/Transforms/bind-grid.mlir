// RUN: attn-opt %s --attn-bind-grid | FileCheck %s

// CHECK-DAG: #[[$SLOW:.*]] = affine_map<()[s0] -> (s0 floordiv 12)>
// CHECK-DAG: #[[$MID:.*]] = affine_map<()[s0] -> ((s0 floordiv 4) mod 3)>
// CHECK-DAG: #[[$FAST:.*]] = affine_map<()[s0] -> (s0 mod 4)>

// Grids that nobody asks about any more go, others stay.
// CHECK-NOT: shard.grid @cube
// CHECK:     shard.grid @kept
// CHECK-NOT: shard.grid @cube
shard.grid @cube(shape = 2x3x4)
shard.grid @kept(shape = 4)

// The last axis is the fastest.
// CHECK-LABEL: func.func @indices
// CHECK-SAME:    %[[X:.*]]: index, %[[COMM:.*]]: !attn.comm) ->
// CHECK-DAG:     %[[SIZE:.*]] = attn.comm_size %[[COMM]]
// CHECK-DAG:     %[[C24:.*]] = arith.constant 24 : index
// CHECK:         %[[OK:.*]] = arith.cmpi eq, %[[SIZE]], %[[C24]]
// CHECK:         cf.assert %[[OK]], "expects 24 ranks, the processes of @cube"
// CHECK:         %[[RANK:.*]] = attn.comm_rank %[[COMM]]
// CHECK-DAG:     %[[I:.*]] = affine.apply #[[$SLOW]]()[%[[RANK]]]
// CHECK-DAG:     %[[J:.*]] = affine.apply #[[$MID]]()[%[[RANK]]]
// CHECK-DAG:     %[[K:.*]] = affine.apply #[[$FAST]]()[%[[RANK]]]
// CHECK:         %[[J2:.*]] = affine.apply #[[$MID]]()[%[[RANK]]]
// CHECK:         return %[[RANK]], %[[I]], %[[J]], %[[K]], %[[J2]]
func.func @indices(%x: index) -> (index, index, index, index, index) {
  %r = shard.process_linear_index on @cube : index
  %i:3 = shard.process_multi_index on @cube : index, index, index
  %j = shard.process_multi_index on @cube axes = [1] : index
  return %r, %i#0, %i#1, %i#2, %j : index, index, index, index, index
}

// A communicator that the function has is taken; it may be called.
// CHECK-LABEL: func.func @has_one
// CHECK-SAME:    %[[COMM:.*]]: !attn.comm, %{{[^,]*}}: index) -> !attn.comm
// CHECK-NOT:     attn.comm_rank
// CHECK:         return %[[COMM]]
func.func @has_one(%comm: !attn.comm, %x: index) -> !attn.comm {
  %c = attn.grid_comm @cube : !attn.comm
  return %c : !attn.comm
}
func.func @calls(%comm: !attn.comm, %x: index) -> !attn.comm {
  %c = call @has_one(%comm, %x) : (!attn.comm, index) -> !attn.comm
  return %c : !attn.comm
}

// Nothing asked, nothing added.
// CHECK-LABEL: func.func @negative_other()
func.func @negative_other() attributes {grid = @kept} {
  return
}
