// An object for several GPUs launches the kernels of the one it runs on.
// REQUIRES: clang
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: clang -w -shared -fPIC %S/Inputs/fake-cuda.c -o libcuda.so.1
// DEFINE: %{fake} = env LD_LIBRARY_PATH=%t
// DEFINE: %{args} = --input=1x8x64x256xf16=1 --input=1x2x300x256xf16=1 --input=1x2x300x256xf16=1
// RUN: attn-compile %s -o wide.so --target=cuda --arch=sm_86,sm_80

// By shared memory. Of PTX, later GPUs run that of the least one.
// RUN: %{fake} FAKE_SM=80 attn-run wide.so --function=wide %{args} | FileCheck %s --check-prefix=SM80
// RUN: %{fake} FAKE_SM=86 attn-run wide.so --function=wide %{args} | FileCheck %s --check-prefix=SM86
// RUN: %{fake} FAKE_SM=89 attn-run wide.so --function=wide %{args} | FileCheck %s --check-prefix=SM86
// SM80-NOT: cuda: launch
// SM80:     cuda: launch wide{{.*}} blocks of 256x1x1
// SM80-NOT: cuda: launch
// SM86-NOT: cuda: launch
// SM86:     cuda: launch wide{{.*}} blocks of 128x1x1
// SM86-NOT: cuda: launch
// RUN: not %{fake} FAKE_SM=75 attn-run wide.so --function=wide %{args} 2>&1 | FileCheck %s --check-prefix=EARLIER
// EARLIER: attn-run: error: 'wide': no code for this GPU, which is sm_75: the object has sm_86, sm_80

// The code of each has its own kernels, and those for all.
// RUN: attn-compile %s -o text.ll --target=cuda --arch=sm_86,sm_80 --dump-stages=stages
// RUN: cat stages/*-kernels-sm_86.ptx | FileCheck %s --check-prefix=PTX
// RUN: cat stages/*-kernels-sm_80.ptx | FileCheck %s --check-prefix=PTX
// PTX-COUNT-2: .entry narrow_kernel
// PTX-COUNT-2: .entry wide_kernel
// PTX-NOT:     .entry
func.func @wide(%q: tensor<1x8x?x256xf16>, %k: tensor<1x2x?x256xf16>, %v: tensor<1x2x?x256xf16>) -> tensor<1x8x?x256xf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x8x?x256xf16>, tensor<1x2x?x256xf16>, tensor<1x2x?x256xf16>) -> tensor<1x8x?x256xf16>
  return %o : tensor<1x8x?x256xf16>
}

func.func @narrow(%q: tensor<1x8x?x64xf16>, %k: tensor<1x2x?x64xf16>, %v: tensor<1x2x?x64xf16>) -> tensor<1x8x?x64xf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x8x?x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>) -> tensor<1x8x?x64xf16>
  return %o : tensor<1x8x?x64xf16>
}
