// Code for GPUs as PTX, machine code and objects.
// RUN: rm -rf %t && mkdir %t && cd %t

// The suffix says for whom. Keys are read 16 bytes at a time, and no library is
// called.
// RUN: attn-compile %s -o decode.ptx
// RUN: FileCheck %s --check-prefix=PTX < decode.ptx
// RUN: attn-compile %s -o hopper.ptx --arch=sm_90a
// RUN: FileCheck %s --check-prefix=HOPPER < hopper.ptx
// PTX:     .version 8.0
// PTX:     .target sm_80
// PTX-NOT: __nv_
// PTX:     .visible .entry decode_kernel(
// PTX:     ld.global{{.*}}.v4.b32
// PTX-NOT: __nv_
// HOPPER:  .version 8.6
// HOPPER:  .target sm_90a

// Of an emulation there is only MLIR.
// RUN: attn-compile %s -o - --emit=mlir --target=cuda-emulated | FileCheck %s --check-prefix=EMULATED
// EMULATED: llvm.call @attn_rt_emulate_launch
// RUN: attn-compile %s -o - --emit=mlir --target=cuda-emulated --arch=sm_90a | FileCheck %s --check-prefix=HOPPER-EMULATED
// HOPPER-EMULATED: #attn.target<cuda, arch = "sm_90a"
// RUN: attn-compile %s -o - --emit=mlir --target=cuda | FileCheck %s --check-prefix=MLIR
// MLIR: #attn.target<cuda, arch = "sm_80", num_sms = 108, shared_bytes = 166912>
// MLIR: gpu.module @decode_kernel

// Without ptxas, text only, with a remark.
// RUN: env CUDA_HOME= CUDA_ROOT= CUDA_PATH= PATH= %attn_tools/attn-compile %s -o text.ll --target=cuda 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK: attn-compile: remark: there is no ptxas in PATH, nor in bin of CUDA_HOME, CUDA_ROOT or CUDA_PATH: there is only PTX in the object, which the driver compiles when a kernel is first launched
// RUN: FileCheck %s --check-prefix=LL < text.ll
// LL: .target sm_80
// LL: section ".attn.gpu"
// LL: define {{.*}}i32 @decode(

func.func @decode(%q: tensor<2x4x1x64xf16>, %k: tensor<2x2x?x64xf16>,
                  %v: tensor<2x2x?x64xf16>, %n: tensor<2xi64>) -> tensor<2x4x1x64xf16> {
  %o = attn.sdpa %q, %k, %v kv_len(%n) : (tensor<2x4x1x64xf16>, tensor<2x2x?x64xf16>,
    tensor<2x2x?x64xf16>, tensor<2xi64>) -> tensor<2x4x1x64xf16>
  return %o : tensor<2x4x1x64xf16>
}
