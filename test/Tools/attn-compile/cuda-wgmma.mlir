// An object for sm_80 and sm_90a has the kernel that config names for one of
// them, and another where its instructions are not.
// REQUIRES: clang
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: clang -w -shared -fPIC %S/Inputs/fake-cuda.c -o libcuda.so.1
// RUN: attn-compile %s -o prefill.so --target=cuda --arch=sm_80,sm_90a 2>&1 | FileCheck %s --check-prefix=REMARK
// DEFINE: %{fake} = env LD_LIBRARY_PATH=%t
// DEFINE: %{run} = attn-run prefill.so --input=1x8x200x64xf16=1 --input=1x2x200x64xf16=1 --input=1x2x200x64xf16=1
// REMARK: cuda-wgmma.mlir:[[@LINE+21]]:8: remark: computed by another kernel than config names on sm_80, which has not got its instructions

// Query, key and value of the caller, by tensor copies.
// RUN: %{fake} FAKE_SM=90 %{run} | FileCheck %s --check-prefix=SM90
// SM90:      cuda: tensor map of type 6, sizes 64 200 8 1, strides 128 25600 128,
// SM90-NEXT: cuda: tensor map of type 6, sizes 64 200 2 1, strides 128 25600 128,
// SM90-NEXT: cuda: tensor map of type 6, sizes 64 200 2 1, strides 128 25600 128,
// SM90:      cuda: launch prefill{{.*}} blocks of 384x1x1
// SM90-NOT:  cuda: launch

// Later GPUs do not run what is for sm_90a: they get the text for sm_80, with
// the kernel that is there.
// RUN: %{fake} FAKE_SM=80 %{run} | FileCheck %s --check-prefix=SM80
// RUN: %{fake} FAKE_SM=100 %{run} | FileCheck %s --check-prefix=SM80
// SM80-NOT: tensor map
// SM80:     cuda: launch prefill{{.*}} blocks of 128x1x1
// SM80-NOT: cuda: launch
func.func @prefill(%q: tensor<1x8x?x64xf16>, %k: tensor<1x2x?x64xf16>, %v: tensor<1x2x?x64xf16>) -> tensor<1x8x?x64xf16> {
  %c2 = arith.constant 2 : index
  %length = tensor.dim %q, %c2 : tensor<1x8x?x64xf16>
  %init = tensor.empty(%length) : tensor<1x8x?x64xf16>
  %o = attn.sdpa_step ins(%q, %k, %v causal) outs(%init)
    config(<kernel = wgmma, block_q = 128, block_kv = 128, warps = 8, stages = 2>)
    : (tensor<1x8x?x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>, tensor<1x8x?x64xf16>) -> tensor<1x8x?x64xf16>
  return %o : tensor<1x8x?x64xf16>
}
