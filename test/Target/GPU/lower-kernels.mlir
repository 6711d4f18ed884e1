// RUN: attn-opt %s --attn-lower-kernels --split-input-file | FileCheck %s

// Arguments come apart, loads of 16 bytes stay whole, shared memory begins where
// swizzled tiles may.
// CHECK-LABEL: func.func @copy
// CHECK:         gpu.launch_func @copy_kernel::@copy_kernel
// CHECK-SAME:      dynamic_shared_memory_size
// CHECK:       gpu.module @copy_kernel
// CHECK:         llvm.mlir.global external @__dynamic_shmem__0() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
// CHECK:         llvm.func @copy_kernel(
// CHECK-SAME:      nvvm.kernel
// CHECK-SAME:      nvvm.maxntid = array<i32: 32, 1, 1>
// CHECK:         llvm.load {{.*}} {alignment = 16 : i64} : !llvm.ptr -> vector<8xf16>
// CHECK:         llvm.store {{.*}} {alignment = 16 : i64} : vector<8xf16>, !llvm.ptr<3>
// CHECK:         nvvm.barrier0
// CHECK:         llvm.load {{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<8xf16>
// CHECK-NOT:     memref.
// CHECK-NOT:     gpu.thread_id
func.func @copy(%x: memref<?x256xf16>, %y: memref<?x256xf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c32 = arith.constant 32 : index
  %bytes = arith.constant 512 : i32
  %n = memref.dim %x, %c0 : memref<?x256xf16>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %n, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c32, %sy = %c1, %sz = %c1)
             dynamic_shared_memory_size %bytes {
    %shared = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %tile = memref.view %shared[%c0][] : memref<?xi8, #gpu.address_space<workgroup>>
      to memref<256xf16, #gpu.address_space<workgroup>>
    %at = arith.muli %tx, %c8 : index
    %v = vector.load %x[%bx, %at] {alignment = 16 : i64} : memref<?x256xf16>, vector<8xf16>
    vector.store %v, %tile[%at] {alignment = 16 : i64}
      : memref<256xf16, #gpu.address_space<workgroup>>, vector<8xf16>
    gpu.barrier
    %w = vector.load %tile[%at] {alignment = 16 : i64}
      : memref<256xf16, #gpu.address_space<workgroup>>, vector<8xf16>
    vector.store %w, %y[%bx, %at] {alignment = 16 : i64} : memref<?x256xf16>, vector<8xf16>
    gpu.terminator
  }
  return
}

// -----

// Mathematics without a library; f16 in f32.
// CHECK-LABEL: gpu.module @math_kernel
// CHECK-NOT:     __nv_
// CHECK:         llvm.fpext {{.*}} : f16 to f32
// CHECK:         llvm.call_intrinsic "llvm.rint"
// CHECK:         llvm.call_intrinsic "llvm.fma"
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.nvvm.ex2.approx.f32"
// CHECK:         llvm.fptrunc {{.*}} : f32 to f16
// CHECK-NOT:     __nv_
func.func @math(%x: memref<f16>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %v = memref.load %x[] : memref<f16>
    %e = math.exp %v : f16
    memref.store %e, %x[] : memref<f16>
    gpu.terminator
  }
  return
}

// Where warps hand registers to each other ptxas has to know how many they begin
// with: blocks are of exactly this size, and one at a time is enough.
// CHECK-LABEL: gpu.module @share_registers_kernel
// CHECK:         llvm.func @share_registers_kernel
// CHECK-NOT:     nvvm.maxntid
// CHECK-SAME:    nvvm.minctasm = 1 : i32
// CHECK-SAME:    nvvm.reqntid = array<i32: 128, 1, 1>
func.func @share_registers() {
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c128, %sy = %c1, %sz = %c1) {
    nvvm.setmaxregister decrease 24
    gpu.terminator
  }
  return
}
