// REQUIRES: numpy
// A kernel gets boxes of a strided tensor of rank 4 by tensor copies, swizzled,
// and writes them where they belong; rows beyond the end are zero.
// DEFINE: %{args} = '--input=x:=2x3x20x80xf16=random(1)' --input=y:=2x2x16x64xf16=7 --output=@%t.x.npy --output=@%t.y.npy
// RUN: attn-run %s --target=cuda-emulated --arch=sm_90a --function=copy %{args}
// RUN: %python %S/Inputs/check-tensor-copy.py %t.x.npy %t.y.npy
// RUN: env ATTN_EMULATOR_SEED=7 attn-run %s --target=cuda-emulated --arch=sm_90a --function=copy %{args}
// RUN: %python %S/Inputs/check-tensor-copy.py %t.x.npy %t.y.npy

// What no tensor copy can do is told when the map is made: strides, sizes,
// addresses.
// RUN: not attn-run %s --target=cuda-emulated --function=touch --input=4x64xf16=1 --input=0:index --input=4:index --input=65:index 2>&1 | FileCheck %s --check-prefix=STRIDE
// STRIDE: attn-run: error: tensor copies take strides that are multiples of 16 bytes, up to 2^40, but dimension 0 has one of 65 elements of 2 bytes
// RUN: not attn-run %s --target=cuda-emulated --function=touch --input=4x64xf16=1 --input=0:index --input=0:index --input=64:index 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: attn-run: error: tensor copies take sizes from 1 to 2^32, but dimension 0 has 0
// RUN: not attn-run %s --target=cuda-emulated --function=touch --input=4x64xf16=1 --input=4:index --input=3:index --input=64:index 2>&1 | FileCheck %s --check-prefix=ADDRESS
// ADDRESS: attn-run: error: tensor copies take data aligned to 16 bytes, but got 0x{{.*}}8{{$}}
// RUN: not attn-run %s --target=cuda-emulated --function=transposed --input=4x64xf16=1 --input=64:index 2>&1 | FileCheck %s --check-prefix=ROWS
// ROWS: attn-run: error: tensor copies take rows whose elements are adjacent, but got a stride of 64
// Of one row, the stride does not matter.
// RUN: attn-run %s --target=cuda-emulated --function=touch --input=4x64xf16=1 --input=0:index --input=1:index --input=65:index

!map = !nvgpu.tensormap.descriptor<tensor = memref<8x64xf16, 3>, swizzle = swizzle_128b, l2promo = l2promo_128b, oob = zero, interleave = none>
!view = memref<2x2x13x64xf16, strided<[4800, 1600, 80, 1], offset: 1768>>

func.func @copy(%x: memref<2x3x20x80xf16>, %y: memref<2x2x16x64xf16>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %bytes = arith.constant 2048 : i32
  %view = memref.subview %x[0, 1, 2, 8] [2, 2, 13, 64] [1, 1, 1, 1] : memref<2x3x20x80xf16> to !view
  %any = memref.cast %view : !view to memref<*xf16>
  %map = nvgpu.tma.create.descriptor %any box[%c1, %c1, %c8, %c64] : memref<*xf16> -> !map
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c2, %gy = %c2, %gz = %c2)
             threads(%tx, %ty, %tz) in (%sx = %c64, %sy = %c1, %sz = %c1)
             dynamic_shared_memory_size %bytes {
    %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
    %shared = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %at = memref.extract_aligned_pointer_as_index %shared : memref<?xi8, #gpu.address_space<workgroup>> -> index
    %long = arith.index_cast %at : index to i64
    %tile = llvm.inttoptr %long : i64 to !llvm.ptr<3>
    %bar = llvm.getelementptr %tile[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %size = arith.constant 1024 : i32
    %ticks = arith.constant 1000000 : i32
    %c0 = arith.constant 0 : index
    %first = arith.cmpi eq, %tx, %c0 : index
    scf.if %first {
      nvvm.prefetch tensormap, %p : !llvm.ptr
      nvvm.mbarrier.init %bar, %one : !llvm.ptr<3>, i32
      nvvm.fence.mbarrier.init
    }
    gpu.barrier
    %rows = arith.muli %bx, %c8 : index
    scf.if %first {
      %row = arith.index_cast %rows : index to i32
      %head = arith.index_cast %by : index to i32
      %batch = arith.index_cast %bz : index to i32
      nvvm.mbarrier.arrive.expect_tx %bar, %size : !llvm.ptr<3>, i32
      nvvm.cp.async.bulk.tensor.shared.cluster.global %tile, %p, %bar, box[%zero, %row, %head, %batch] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
    }
    nvvm.mbarrier.try_wait.parity %bar, %zero, %ticks : !llvm.ptr<3>, i32, i32
    // 16 bytes a thread, from where the swizzle has put them.
    %r = arith.divui %tx, %c8 : index
    %chunk = arith.remui %tx, %c8 : index
    %place = arith.xori %r, %chunk : index
    %line = arith.muli %r, %c8 : index
    %from = arith.addi %line, %place : index
    %from32 = arith.index_cast %from : index to i32
    %source = llvm.getelementptr %tile[%from32] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<8xf16>
    %v = llvm.load %source {alignment = 16 : i64} : !llvm.ptr<3> -> vector<8xf16>
    %to = arith.addi %rows, %r : index
    %column = arith.muli %chunk, %c8 : index
    vector.store %v, %y[%bz, %by, %to, %column] {alignment = 16 : i64} : memref<2x2x16x64xf16>, vector<8xf16>
    gpu.terminator
  }
  return
}

// Makes a map of a view of `x`, and looks at nothing.
func.func @touch(%x: memref<?x64xf16>, %offset: index, %rows: index, %stride: index) {
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %view = memref.reinterpret_cast %x to offset: [%offset], sizes: [%rows, 64], strides: [%stride, 1] : memref<?x64xf16> to memref<?x64xf16, strided<[?, 1], offset: ?>>
  %any = memref.cast %view : memref<?x64xf16, strided<[?, 1], offset: ?>> to memref<*xf16>
  %map = nvgpu.tma.create.descriptor %any box[%c8, %c64] : memref<*xf16> -> !map
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
    nvvm.prefetch tensormap, %p : !llvm.ptr
    gpu.terminator
  }
  return
}

func.func @transposed(%x: memref<?x64xf16>, %stride: index) {
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %view = memref.reinterpret_cast %x to offset: [0], sizes: [4, 64], strides: [1, %stride] : memref<?x64xf16> to memref<4x64xf16, strided<[1, ?]>>
  %any = memref.cast %view : memref<4x64xf16, strided<[1, ?]>> to memref<*xf16>
  %map = nvgpu.tma.create.descriptor %any box[%c8, %c64] : memref<*xf16> -> !map
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %p = builtin.unrealized_conversion_cast %map : !map to !llvm.ptr
    nvvm.prefetch tensormap, %p : !llvm.ptr
    gpu.terminator
  }
  return
}
