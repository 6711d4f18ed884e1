// RUN: attn-opt %s --attn-lower-kernels | FileCheck %s --check-prefix=KERNEL
// RUN: attn-opt %s --attn-lower-kernels --attn-lower-launches | FileCheck %s --check-prefix=HOST
// RUN: attn-opt %s --attn-lower-kernels --attn-lower-launches=emulate | FileCheck %s --check-prefix=EMULATED
// RUN: attn-opt %s --attn-lower-kernels --attn-lower-launches --test-attn-compile-kernels=arch=sm_90a -o /dev/null | FileCheck %s --check-prefix=PTX

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xbf16, 3>, swizzle = swizzle_128b, l2promo = l2promo_256b, oob = zero, interleave = none>
!x = memref<?x4x64xbf16, strided<[?, 128, 1], offset: 16>>

// The kernel takes the map by value, after a buffer in LLVM's form.
// KERNEL-LABEL: llvm.func @copy_kernel(
// KERNEL-SAME:    %[[MAP:[^:]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant}
// KERNEL-SAME:    %{{[^:]+}}: !llvm.ptr, %{{[^:]+}}: !llvm.ptr, %{{[^:]+}}: i64
// KERNEL-NOT:     attn.tensor_maps
// KERNEL:         nvvm.prefetch tensormap, %[[MAP]] : !llvm.ptr

// PTX: .entry copy_kernel(
// PTX:   .param .align 64 .b8 copy_kernel_param_0[128]
// PTX:   prefetch{{(.param)?}}.tensormap

// The runtime fills it in: address, sizes, strides in elements and the box,
// innermost first, then rank, bf16, 128 bytes of swizzle, 256 of promotion,
// zeros.
// HOST-LABEL: func.func @copy(
// HOST-DAG:     %[[PARAMS:.+]] = llvm.alloca %{{.+}} x !llvm.array<6 x ptr>
// HOST-DAG:     %[[BOXED:.+]] = llvm.alloca %{{.+}} x !llvm.array<128 x i8> {alignment = 64 : i64}
// HOST-DAG:     %[[TENSOR:.+]] = llvm.alloca %{{.+}} x !llvm.array<1 x struct<(ptr, array<5 x i64>, array<5 x i64>, array<5 x i32>, i32, i32, i32, i32, i32)>>
// HOST-NOT:     nvgpu
// HOST:         llvm.call @attn_rt_gpu_tensor_map(%[[TENSOR]], %[[BOXED]]) : (!llvm.ptr, !llvm.ptr) -> i32
// HOST-NOT:     llvm.call @attn_rt_gpu_tensor_map
// The launch passes its address.
// HOST:         llvm.store %[[BOXED]], %{{.+}} : !llvm.ptr, !llvm.ptr
// HOST:         llvm.call @attn_rt_gpu_launch(
// HOST-NOT:     nvgpu

// EMULATED: llvm.func @attn_rt_emulate_tensor_map(!llvm.ptr, !llvm.ptr)
// EMULATED: llvm.call @attn_rt_emulate_tensor_map(
// EMULATED: llvm.call @attn_rt_emulate_launch(
func.func @copy(%x: !x, %y: memref<4xf32>) {
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %any = memref.cast %x : !x to memref<*xbf16>
  %map = nvgpu.tma.create.descriptor %any box[%c8, %c1, %c64] : memref<*xbf16> -> !map
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
    nvvm.prefetch tensormap, %p : !llvm.ptr
    %zero = arith.constant 0.0 : f32
    memref.store %zero, %y[%bx] : memref<4xf32>
    gpu.terminator
  }
  // Of nobody's descriptor, nothing is left.
  %unused = nvgpu.tma.create.descriptor %any box[%c8, %c1, %c64] : memref<*xbf16> -> !map
  return
}
