// The table's rows; nothing here asserts a time.
// RUN: attn-run %s --benchmark=2 --threads=1 | FileCheck %s
// CHECK: threads 1, repetitions 2
// CHECK: time {{[0-9.]+}} {{[0-9.]+}} ms
// CHECK: f32 FMA limit {{.*}} GFLOP/s
// CHECK: inputs read once {{.*}} GB/s
// CHECK: read limit, same inputs {{.*}} GB/s
// CHECK: share of read limit {{.*}} %
func.func @f(%x: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %e = tensor.empty() : tensor<256x256xf32>
  %0 = linalg.add ins(%x, %x : tensor<256x256xf32>, tensor<256x256xf32>)
    outs(%e : tensor<256x256xf32>) -> tensor<256x256xf32>
  return %0 : tensor<256x256xf32>
}
