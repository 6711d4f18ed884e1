// RUN: attn-opt %s --pass-pipeline='builtin.module(gpu.module(attn-lower-gpu-math,convert-gpu-to-nvvm,attn-finish-kernels))' | FileCheck %s

// Every function that has a form has one without a library.
// CHECK-NOT: __nv_
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @f32
  // CHECK-DAG:     "llvm.nvvm.ex2.approx.f32"
  // CHECK-DAG:     "llvm.nvvm.lg2.approx.f"
  // CHECK-DAG:     "llvm.nvvm.rsqrt.approx.f"
  // CHECK-DAG:     "llvm.fabs"
  // CHECK-DAG:     "llvm.floor"
  // CHECK-DAG:     "llvm.roundeven"
  // CHECK-DAG:     "llvm.copysign"
  // CHECK-DAG:     "llvm.sqrt"
  // CHECK-DAG:     "llvm.maxnum"
  // CHECK-DAG:     "llvm.minimum"
  // CHECK-NOT:     __nv_
  gpu.func @f32(%x: f32, %y: f32, %out: memref<f32>) kernel {
    %0 = math.exp2 %x : f32
    %1 = math.log %0 : f32
    %2 = math.log2 %1 : f32
    %3 = math.log10 %2 : f32
    %4 = math.log1p %3 : f32
    %5 = math.expm1 %4 : f32
    %6 = math.tanh %5 : f32
    %7 = math.sin %6 : f32
    %8 = math.cos %7 : f32
    %9 = math.erf %8 : f32
    %10 = math.powf %9, %y : f32
    %11 = math.rsqrt %10 : f32
    %12 = math.absf %11 : f32
    %13 = math.floor %12 : f32
    %14 = math.ceil %13 : f32
    %15 = math.trunc %14 : f32
    %16 = math.roundeven %15 : f32
    %17 = math.copysign %16, %y : f32
    %18 = math.sinh %17 : f32
    %19 = math.atan2 %18, %y : f32
    %20 = math.fma %19, %x, %y : f32
    %21 = math.sqrt %20 : f32
    %22 = arith.maxnumf %21, %y : f32
    %23 = arith.minimumf %22, %x : f32
    %24 = math.isnan %23 : f32
    %25 = arith.select %24, %x, %23 : f32
    memref.store %25, %out[] : memref<f32>
    gpu.return
  }

  // CHECK-LABEL: llvm.func @integers
  // CHECK:         "llvm.ctpop"
  // CHECK:         "llvm.ctlz"
  // CHECK:         "llvm.cttz"
  // CHECK:         llvm.intr.smax
  gpu.func @integers(%x: i32, %out: memref<i32>) kernel {
    %0 = math.ctpop %x : i32
    %1 = math.ctlz %0 : i32
    %2 = math.cttz %1 : i32
    %3 = math.absi %2 : i32
    memref.store %3, %out[] : memref<i32>
    gpu.return
  }

  // CHECK-LABEL: llvm.func @vectors
  // CHECK-COUNT-4: "llvm.nvvm.ex2.approx.f32"
  // CHECK:         "llvm.sqrt"({{.*}}) : (vector<4xf32>)
  gpu.func @vectors(%x: vector<4xf32>, %out: memref<4xf32>) kernel {
    %c0 = arith.constant 0 : index
    %0 = math.exp2 %x : vector<4xf32>
    %1 = math.sqrt %0 : vector<4xf32>
    vector.store %1, %out[%c0] : memref<4xf32>, vector<4xf32>
    gpu.return
  }
}
