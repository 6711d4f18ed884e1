// RUN: attn-opt %s --attn-place-kernels | FileCheck %s
// RUN: attn-opt %s --attn-place-kernels --gpu-kernel-outlining | FileCheck %s --check-prefix=OUTLINED

// Launches for the same GPUs share a module; those for all are as they were.
// CHECK-LABEL: func.func @run(
// CHECK:         gpu.launch {{.*}} module(@kernels_sm_90a)
// CHECK-NOT:     attn.archs
// CHECK:         gpu.launch
// CHECK-NOT:     module(
// CHECK:         gpu.launch {{.*}} module(@kernels_sm_80_sm_86)
// CHECK:         gpu.launch {{.*}} module(@kernels_sm_90a)
// CHECK:       gpu.module @kernels_sm_90a attributes {attn.archs = ["sm_90a"]}
// CHECK:       gpu.module @kernels_sm_80_sm_86 attributes {attn.archs = ["sm_80", "sm_86"]}
// CHECK-NOT:   gpu.module

// OUTLINED: gpu.module @kernels_sm_90a attributes {attn.archs = ["sm_90a"]}
// OUTLINED-COUNT-2: gpu.func
// OUTLINED: gpu.module @kernels_sm_80_sm_86 attributes {attn.archs = ["sm_80", "sm_86"]}
// OUTLINED: gpu.func
func.func @run(%x: memref<4xf32>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    gpu.terminator
  } {attn.archs = ["sm_90a"]}
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    gpu.terminator
  }
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    gpu.terminator
  } {attn.archs = ["sm_80", "sm_86"]}
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    gpu.terminator
  } {attn.archs = ["sm_90a"]}
  return
}
