// REQUIRES: numpy
// Hand-written launches through attn-to-gpu and the emulator: host code, kernel
// arguments, shared memory and barriers.
// RUN: attn-run %s --target=cuda-emulated --function=reverse '--input=x:=5x64xf16=random(1)' --input=y:=5x64xf16=zeros --output=@%t.x.npy --output=@%t.y.npy
// RUN: %python %S/Inputs/check-reverse.py %t.x.npy %t.y.npy
// RUN: env ATTN_EMULATOR_SEED=7 attn-run %s --target=cuda-emulated --function=reverse '--input=x:=5x64xf16=random(1)' --input=y:=5x64xf16=zeros --output=@%t.x.npy --output=@%t.y.npy
// RUN: %python %S/Inputs/check-reverse.py %t.x.npy %t.y.npy
// RUN: rm -rf %t.stages
// RUN: attn-run %s --target=cuda-emulated --function=math --dump-stages=%t.stages --input=x:=6xf32=1.5 --input=f:=0.5:f32 --input=n:=0:index --output=@%t.x.npy
// RUN: %python %S/Inputs/check-math.py %t.x.npy 0
// RUN: attn-run %s --target=cuda-emulated --function=math --input=x:=6xf32=1.5 --input=f:=0.5:f32 --input=n:=4:index --output=@%t.x.npy
// RUN: %python %S/Inputs/check-math.py %t.x.npy 4
// RUN: ls %t.stages | FileCheck %s --check-prefix=STAGES
// RUN: FileCheck %s --check-prefix=DEFAULT < %t.stages/02-device-checks.mlir
// RUN: attn-run %s --target=cuda-emulated --arch=sm_90a --function=math --dump-stages=%t.hopper --input=x:=6xf32=1.5 --input=f:=0.5:f32 --input=n:=0:index --output=@%t.x.npy
// RUN: FileCheck %s --check-prefix=HOPPER < %t.hopper/02-device-checks.mlir
// RUN: not attn-run %s --target=cuda-emulated --function=beyond --input=x:=4xf32=1 2>&1 | FileCheck %s --check-prefix=BEYOND

// The module says which GPU is emulated.
// DEFAULT: #attn.target<cuda, arch = "sm_80"
// HOPPER: #attn.target<cuda, arch = "sm_90a"

// STAGES:      00-input.mlir
// STAGES-NEXT: 01-checked.mlir
// STAGES-NEXT: 02-device-checks.mlir
// STAGES-NEXT: 03-strategy.mlir
// STAGES:      kernels.mlir
// STAGES-NEXT: llvm.mlir
// STAGES-NEXT: emulated.mlir
// STAGES-NEXT: optimized.ll

!shared = memref<?xi8, #gpu.address_space<workgroup>>
!tile = memref<64xf16, #gpu.address_space<workgroup>>

// Each row from its end, through shared memory.
func.func @reverse(%x: memref<?x64xf16>, %y: memref<?x64xf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c63 = arith.constant 63 : index
  %c64 = arith.constant 64 : index
  %bytes = arith.constant 128 : i32
  %n = memref.dim %x, %c0 : memref<?x64xf16>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %n, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c64, %sy = %c1, %sz = %c1)
             dynamic_shared_memory_size %bytes {
    %shared = gpu.dynamic_shared_memory : !shared
    %tile = memref.view %shared[%c0][] : !shared to !tile
    %loads = arith.cmpi ult, %tx, %c8 : index
    scf.if %loads {
      %at = arith.muli %tx, %c8 : index
      %v = vector.load %x[%bx, %at] {alignment = 16 : i64} : memref<?x64xf16>, vector<8xf16>
      vector.store %v, %tile[%at] {alignment = 16 : i64} : !tile, vector<8xf16>
    }
    gpu.barrier
    %from = arith.subi %c63, %tx : index
    %e = memref.load %tile[%from] : !tile
    memref.store %e, %y[%bx, %tx] : memref<?x64xf16>
    gpu.terminator
  }
  return
}

// exp(x f + n), of the first n elements: scalars, a loop of launches, and none
// where there is nothing to do.
func.func @math(%x: memref<?xf32>, %f: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
               threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
      %v = memref.load %x[%i] : memref<?xf32>
      %p = arith.mulf %v, %f : f32
      %k = arith.index_cast %n : index to i32
      %nf = arith.sitofp %k : i32 to f32
      %s = arith.addf %p, %nf : f32
      %e = math.exp %s : f32
      memref.store %e, %x[%i] : memref<?xf32>
      gpu.terminator
    }
  }
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c0, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %zero = arith.constant 0.0 : f32
    memref.store %zero, %x[%c0] : memref<?xf32>
    gpu.terminator
  }
  return
}

// Outside of the shared memory that the launch asked for.
// BEYOND: shared memory
// BEYOND: attn-run: error: an emulated kernel failed; see above
func.func @beyond(%x: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %bytes = arith.constant 64 : i32
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c64, %sy = %c1, %sz = %c1)
             dynamic_shared_memory_size %bytes {
    %shared = gpu.dynamic_shared_memory : !shared
    %tile = memref.view %shared[%c0][] : !shared to !tile
    %zero = arith.constant 0.0 : f16
    memref.store %zero, %tile[%tx] : !tile
    gpu.terminator
  }
  return
}
