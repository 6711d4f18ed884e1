// RUN: attn-opt %s --attn-lower-launches | FileCheck %s --check-prefixes=CHECK,CUDA
// RUN: attn-opt %s --attn-lower-launches=emulate=true | FileCheck %s --check-prefixes=CHECK,EMULATED
// RUN: attn-opt %s --attn-lower-kernels --attn-lower-launches --attn-lower-to-llvm | FileCheck %s --check-prefix=LLVM

module attributes {gpu.container_module} {
  // CUDA-DAG:     llvm.func @attn_rt_gpu_launch(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, !llvm.ptr, i32, !llvm.ptr) -> i32
  // CUDA-DAG:     llvm.mlir.global external constant @m_k()
  // EMULATED-DAG: llvm.func @attn_rt_emulate_launch(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, !llvm.ptr, i32)
  // EMULATED-DAG: llvm.func @m_k(!llvm.ptr)
  gpu.module @m {
    llvm.func @k(%p: !llvm.ptr, %a: !llvm.ptr, %o: i64, %n: i64, %s: i64, %f: f32,
                 %b: i1, %i: i64) attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }

  // A buffer is five values, all that a kernel takes are eight; memory for them
  // is taken once, also in a loop.
  // CHECK-LABEL: func.func @run(
  // CHECK-SAME:    %[[X:[^:]*]]: memref<?xf32>, %[[N:[^:]*]]: index, %[[F:[^:]*]]: f32, %[[B:[^:]*]]: i1
  // CUDA-DAG:      %[[LAUNCHED:.*]] = llvm.alloca %{{.*}} x !llvm.array<1 x i32>
  // CUDA-DAG:      %[[NO:.*]] = llvm.mlir.constant(0 : i32) : i32
  // CUDA-DAG:      llvm.store %[[NO]], %[[LAUNCHED]]
  // EMULATED-COUNT-4: llvm.alloca
  // CHECK:         scf.for
  // CHECK-NOT:     llvm.alloca
  // CHECK-DAG:     %[[ADDRESS:.*]] = llvm.inttoptr
  // CHECK-DAG:     llvm.store %[[ADDRESS]], {{.*}} : !llvm.ptr, !llvm.ptr
  // CHECK-DAG:     llvm.store %[[F]], {{.*}} : f32, !llvm.ptr
  // CHECK-DAG:     %[[BYTE:.*]] = arith.extui %[[B]] : i1 to i8
  // CHECK-DAG:     llvm.store %[[BYTE]], {{.*}} : i8, !llvm.ptr
  // CHECK-DAG:     %[[COUNT:.*]] = llvm.mlir.constant(8 : i32) : i32
  // CHECK:         %[[KERNEL:.*]] = llvm.mlir.addressof @m_k : !llvm.ptr
  // CUDA:          llvm.call @attn_rt_gpu_launch(%[[KERNEL]], {{.*}}, %[[COUNT]], %[[LAUNCHED]])
  // EMULATED:      llvm.call @attn_rt_emulate_launch(%[[KERNEL]], {{.*}}, %[[COUNT]])
  // CHECK-NOT:     gpu.launch_func
  // LLVM-LABEL: llvm.func @run(
  // LLVM:         llvm.call @attn_rt_gpu_launch
  // LLVM-NOT:     unrealized
  func.func @run(%x: memref<?xf32>, %n: index, %f: f32, %b: i1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %bytes = arith.constant 64 : i32
    scf.for %i = %c0 to %n step %c1 {
      gpu.launch_func @m::@k blocks in (%n, %c1, %c1) threads in (%c32, %c1, %c1)
        dynamic_shared_memory_size %bytes
        args(%x : memref<?xf32>, %f : f32, %b : i1, %i : index)
    }
    return
  }
}
