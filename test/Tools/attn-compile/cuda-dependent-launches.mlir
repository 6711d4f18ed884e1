// A kernel that another one of the same call comes before begins early and waits
// by itself, in code for sm_90 and with a driver that can.
// REQUIRES: clang
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: attn-compile %s -o two.so --target=cuda --arch=sm_80,sm_90a
// RUN: clang -w -shared -fPIC %S/Inputs/fake-cuda.c -o libcuda.so.1
// DEFINE: %{fake} =
// DEFINE: %{run} = env LD_LIBRARY_PATH=%t %{fake} attn-run two.so --input=1x1x1x64xf32=1 --input=1x1x9000x64xf32=1 --input=1x1x9000x64xf32=1
// RUN: %{run} | FileCheck %s --check-prefixes=BOTH,ORDER
// REDEFINE: %{fake} = FAKE_VERSION=12020
// RUN: %{run} | FileCheck %s --check-prefixes=BOTH,ORDER
// REDEFINE: %{fake} = FAKE_VERSION=12030
// RUN: %{run} | FileCheck %s --check-prefixes=BOTH,EARLY
// Its code is that of sm_80, as text.
// REDEFINE: %{fake} = FAKE_VERSION=12030 FAKE_SM=100
// RUN: %{run} | FileCheck %s --check-prefixes=BOTH,ORDER
// REDEFINE: %{fake} = FAKE_VERSION=12030 FAKE_CUDA=no-dependent-launch
// RUN: not %{run} 2>&1 | FileCheck %s --check-prefix=FAILED
// BOTH:       cuda: launch
// ORDER-NOT:  attribute
// EARLY-NOT:  attribute
// BOTH:       cuda: launch
// EARLY-NEXT: cuda: with attribute 6 of 1
// ORDER-NOT:  attribute
// FAILED: error: 'two': two_kernel{{.*}} failed: said so (CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)

// All of a kernel is behind the wait.
// RUN: attn-compile %s -o - --emit=ptx --target=cuda --arch=sm_90a | FileCheck %s --check-prefix=PTX
// RUN: attn-compile %s -o - --emit=ptx --target=cuda --arch=sm_80 | FileCheck %s --check-prefix=PTX80
// PTX:       .entry
// PTX-NOT:   {{ld|st}}.global
// PTX:       griddepcontrol.wait;
// PTX-NOT:   {{ld|st}}.global
// PTX:       griddepcontrol.launch_dependents;
// PTX:       ld.global
// PTX:       .entry
// PTX-NOT:   {{ld|st}}.global
// PTX:       griddepcontrol.wait;
// PTX80-NOT: griddepcontrol
func.func @two(%q: tensor<1x1x1x64xf32>, %k: tensor<1x1x?x64xf32>,
               %v: tensor<1x1x?x64xf32>) -> tensor<1x1x1x64xf32> {
  %o = attn.sdpa %q, %k, %v
    : (tensor<1x1x1x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
    -> tensor<1x1x1x64xf32>
  return %o : tensor<1x1x1x64xf32>
}
