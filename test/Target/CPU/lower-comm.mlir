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
