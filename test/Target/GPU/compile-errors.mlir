// What LLVM has no instruction for is an error with a place, not an abort; and
// so is a GPU that LLVM does not know.
// RUN: not attn-opt %s --test-attn-compile-kernels=arch=sm_80 -o /dev/null 2>&1 | FileCheck %s
// CHECK: compile-errors.mlir:[[@LINE+6]]:{{[0-9]+}}: error: LLVM cannot generate code for this kernel: {{.*}}annot select
// CHECK-NOT: Stack dump
// RUN: not attn-opt %s --test-attn-compile-kernels=arch=sm_70 -o /dev/null 2>&1 | FileCheck %s --check-prefix=ARCH
// ARCH: error: --arch=sm_70: no such GPU; there is sm_80,
module attributes {gpu.container_module} {
  // The instruction is of sm_90.
  gpu.module @m {
    llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
      nvvm.cluster.arrive
      llvm.return
    }
  }
}
