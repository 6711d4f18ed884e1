// What --target=cuda-emulated does not go with.
// RUN: not attn-run %s --target=cuda-emulated --benchmark 2>&1 | FileCheck %s --check-prefix=BENCHMARK
// BENCHMARK: attn-run: error: --target=cuda-emulated: emulated kernels take no time that --benchmark could tell
// RUN: not attn-run %s --target=cuda-emulated --verify=ops 2>&1 | FileCheck %s --check-prefix=OPS
// OPS: attn-run: error: --target=cuda-emulated: --verify=ops compares ops on the host; --verify compares the results
// RUN: not attn-run %s --target=cuda-emulated --distribute 2>&1 | FileCheck %s --check-prefix=RANKS
// RANKS: attn-run: error: --target=cuda-emulated: runs in one process only
// RUN: not attn-run %t.so --target=cuda-emulated 2>&1 | FileCheck %s --check-prefix=SHARED
// SHARED: attn-run: error: --target=cuda-emulated: kernels are emulated before they become machine code; give the module '{{.*}}.so' was made of
// RUN: not attn-run %s --target=cuda-emulated --arch=sm_80,sm_90a 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: attn-run: error: --target=cuda-emulated: one GPU is emulated, but --arch=sm_80,sm_90a names several
// RUN: not attn-run %s --target=cuda-emulated --arch=sm_70 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: attn-run: error: --arch=sm_70: no such GPU; there is sm_80, {{.*}}sm_90a
// RUN: not attn-run %s --arch=sm_80 2>&1 | FileCheck %s --check-prefix=ARCH
// ARCH: attn-run: error: --arch=sm_80: names the GPU to emulate, for --target=cuda-emulated

// What the host would have to do with memory of the device.
// RUN: not attn-run %s --target=cuda-emulated 2>&1 | FileCheck %s --check-prefix=REST
// REST: emulated-errors.mlir:[[@LINE+5]]:8: error: 'memref.store' op has no form for a GPU: expects attention only; compile the rest for the host
// REST: attn-run: error: stage 'kernels' failed on this module
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c = arith.constant 1.0 : f32
  %r = tensor.insert %c into %x[%c0] : tensor<4xf32>
  return %r : tensor<4xf32>
}
