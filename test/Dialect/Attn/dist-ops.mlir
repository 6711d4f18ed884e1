// Distributed ops round-trip.
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s
!o = tensor<1x8x?x64xf32>
!l = tensor<1x8x?xf32>

// Every clause, in the order they are written in whatever order they are read.
// CHECK-LABEL: func.func @clauses
// CHECK-SAME:    %[[COMM:.*]]: !attn.comm
// CHECK:         attn.dist_merge comm(%[[COMM]]) outs(%{{[^ ]*}}, %{{[^ ]*}}) :
// CHECK:         attn.dist_merge comm(%[[COMM]]) outs(%{{[^ ]*}}, %{{[^ ]*}}) algo(allgather) root(3) payload(bf16) :
// CHECK:         attn.dist_merge comm(%[[COMM]]) outs(%{{[^ ]*}}, %{{[^ ]*}}) algo(allreduce) payload(f32) :
// CHECK:         attn.dist_merge comm(%[[COMM]]) outs(%{{[^ ]*}}, %{{[^ ]*}}) :
func.func @clauses(%comm: !attn.comm, %o: !o, %l: !l) -> (!o, !l) {
  %a:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, !o, !l) -> (!o, !l)
  %b:2 = attn.dist_merge comm(%comm) outs(%a#0, %a#1)
    payload(bf16) root(3) algo(allgather) : (!attn.comm, !o, !l) -> (!o, !l)
  %c:2 = attn.dist_merge comm(%comm) outs(%b#0, %b#1)
    algo(allreduce) payload(f32) : (!attn.comm, !o, !l) -> (!o, !l)
  %d:2 = attn.dist_merge comm(%comm) outs(%c#0, %c#1) algo(tree)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %d#0, %d#1 : !o, !l
}

// CHECK-LABEL: func.func @buffers
// CHECK:         attn.dist_merge comm(%{{.*}}) outs(%{{[^ ]*}}, %{{[^ ]*}}) root(0) payload(f64) : (!attn.comm, memref<1x8x1x64xf64,
// CHECK-SAME:      memref<1x8x1xf64>) -> ()
func.func @buffers(%comm: !attn.comm,
    %o: memref<1x8x1x64xf64, strided<[1024, 128, 64, 1]>>,
    %l: memref<1x8x1xf64>) {
  attn.dist_merge comm(%comm) outs(%o, %l) root(0) payload(f64)
    : (!attn.comm, memref<1x8x1x64xf64, strided<[1024, 128, 64, 1]>>,
       memref<1x8x1xf64>) -> ()
  return
}

shard.grid @hosts(shape = 4)

// CHECK-LABEL: func.func @communicators
// CHECK:         %[[COMM:.*]] = attn.grid_comm @hosts : !attn.comm
// CHECK:         attn.comm_rank %[[COMM]] : !attn.comm
// CHECK:         attn.comm_size %[[COMM]] : !attn.comm
func.func @communicators() -> (index, index) {
  %comm = attn.grid_comm @hosts : !attn.comm
  %rank = attn.comm_rank %comm : !attn.comm
  %size = attn.comm_size %comm : !attn.comm
  return %rank, %size : index, index
}
