// RUN: attn-opt %s --attn-lower-gpu-math | FileCheck %s

// By integers, on every GPU.
// CHECK-LABEL: gpu.func @widen
// CHECK-NOT:     arith.extf {{.*}} f8E4M3FN
// CHECK:         arith.bitcast {{.*}} : vector<4xf8E4M3FN> to vector<4xi8>
// CHECK:         gpu.return
gpu.module @kernels {
  gpu.func @widen(%x: memref<4xf8E4M3FN>, %y: memref<4xf32>) kernel {
    %c0 = arith.constant 0 : index
    %a = vector.load %x[%c0] : memref<4xf8E4M3FN>, vector<4xf8E4M3FN>
    %b = arith.extf %a : vector<4xf8E4M3FN> to vector<4xf32>
    vector.store %b, %y[%c0] : memref<4xf32>, vector<4xf32>
    gpu.return
  }
}
