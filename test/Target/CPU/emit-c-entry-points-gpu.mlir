// RUN: attn-opt %s --attn-emit-c-entry-points | FileCheck %s

// What kernels need goes to the stream of the caller, and a status is kept.
// CHECK-LABEL: func.func private @copy.compute(
// CHECK-SAME:    %[[EXEC:[^ ]+]]: !llvm.ptr, %[[STATUS:[^ ]+]]: !llvm.ptr)
// CHECK:         llvm.call @attn_abi_gpu_tensor_map(%[[STATUS]], %[[EXEC]], %[[TENSOR:.+]], %[[MAP:.+]]) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
// CHECK-NOT:     attn_rt_
// CHECK-LABEL: llvm.func internal @attn_abi_gpu_tensor_map(
// CHECK:         llvm.call @attn_abi_gpu_stream(
// CHECK:         llvm.call @attn_gpu_encode_tensor_map(
llvm.func @attn_rt_gpu_tensor_map(!llvm.ptr, !llvm.ptr) -> i32
func.func @copy(%x: memref<4xf32>) {
  %one = llvm.mlir.constant(1 : i64) : i64
  %tensor = llvm.alloca %one x !llvm.array<128 x i8> : (i64) -> !llvm.ptr
  %map = llvm.alloca %one x !llvm.array<128 x i8> : (i64) -> !llvm.ptr
  %status = llvm.call @attn_rt_gpu_tensor_map(%tensor, %map) : (!llvm.ptr, !llvm.ptr) -> i32
  return
}
