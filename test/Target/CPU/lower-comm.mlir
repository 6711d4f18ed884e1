// RUN: attn-opt %s --attn-to-cpu | FileCheck %s --check-prefix=LLVM
// RUN: attn-opt %s --attn-to-cpu="object-abi" | FileCheck %s --check-prefix=OBJECT
!o = tensor<2x8x?x64xf32>
!l = tensor<2x8x?xf32>

// Nothing of the dialect is left, and an object calls nobody by name.
// LLVM:       llvm.func @attn_rt_dist_merge(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i32, i32, i32, i32)
// LLVM-LABEL: llvm.func @tensors(%{{.*}}: !llvm.ptr
// LLVM:         llvm.call @attn_rt_dist_merge(
// OBJECT-NOT: attn_rt_dist_merge
// OBJECT:     llvm.func @tensors(
// OBJECT-NOT: attn_rt_dist_merge
func.func @tensors(%comm: !attn.comm, %o: !o, %l: !l) -> (!o, !l) {
  %r:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %r#0, %r#1 : !o, !l
}

// What a communicator knows is read from its struct.
// LLVM-LABEL:   llvm.func @queries(%{{.*}}: !llvm.ptr)
// LLVM:           %[[RANK:.*]] = llvm.getelementptr %{{.*}}[16] : (!llvm.ptr) -> !llvm.ptr, i8
// LLVM:           llvm.load %[[RANK]] : !llvm.ptr -> i32
// LLVM:           %[[SIZE:.*]] = llvm.getelementptr %{{.*}}[20] : (!llvm.ptr) -> !llvm.ptr, i8
// LLVM:           llvm.load %[[SIZE]] : !llvm.ptr -> i32
// OBJECT-LABEL: llvm.func @queries(
func.func @queries(%comm: !attn.comm) -> (index, index) {
  %rank = attn.comm_rank %comm : !attn.comm
  %size = attn.comm_size %comm : !attn.comm
  return %rank, %size : index, index
}
