// The loops of the kernels as machine code: tiles that fill the registers of
// each instruction set, whose sums stay there. A vector whose size is no power
// of two would be carried through the stack, 20 times slower; a spilt tile shows
// as stores in its loop.
// DEFINE: %{cpu} =
// DEFINE: %{machine} =
// DEFINE: %{loops} = \
// DEFINE:   attn-opt %s --attn-set-target="%{cpu}" --attn-to-cpu \
// DEFINE:   | mlir-translate --allow-unregistered-dialect --mlir-to-llvmir \
// DEFINE:   | opt -S -O2 %{machine} | llc %{machine} \
// DEFINE:   | %python %S/Inputs/hot_loops.py

// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=x86-64-v4
// REDEFINE: %{machine} = -mtriple=x86_64-linux-gnu -mcpu=x86-64-v4
// RUN: %{loops} | FileCheck %s --check-prefix=AVX512
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=x86-64-v3
// REDEFINE: %{machine} = -mtriple=x86_64-linux-gnu -mcpu=x86-64-v3
// RUN: %{loops} | FileCheck %s --check-prefix=AVX2
// REDEFINE: %{cpu} = triple=aarch64-linux-gnu cpu=neoverse-n1
// REDEFINE: %{machine} = -mtriple=aarch64-linux-gnu -mcpu=neoverse-n1
// RUN: %{loops} | FileCheck %s --check-prefix=NEON
// REDEFINE: %{cpu} = triple=arm64-apple-macosx cpu=apple-m1
// REDEFINE: %{machine} = -mtriple=aarch64-linux-gnu -mcpu=apple-m1
// RUN: %{loops} | FileCheck %s --check-prefix=NEON
// REDEFINE: %{cpu} = triple=x86_64-linux-gnu cpu=znver4
// REDEFINE: %{machine} = -mtriple=x86_64-linux-gnu -mcpu=znver4
// RUN: %{loops} | FileCheck %s --check-prefix=DOT

// Keys by queries, two columns a step, whole tiles and the last of a block; then
// values by powers. What else multiplies is powers of two, whose loop stores.
// AVX512: 32 vfmadd on zmm, 0 stores, 0 calls
// AVX512: 32 vfmadd on zmm, 0 stores, 0 calls
// AVX512: {{16|32}} vfmadd on zmm, 0 stores, 0 calls

// AVX2: 24 vfmadd on ymm, 0 stores, 0 calls
// AVX2: 24 vfmadd on ymm, 0 stores, 0 calls
// AVX2: {{12|24}} vfmadd on ymm, 0 stores, 0 calls

// NEON: 32 fmla on 4s/s, 0 stores, 0 calls
// NEON: 32 fmla on 4s/s, 0 stores, 0 calls
// NEON: {{16|32}} fmla on 4s/s, 0 stores, 0 calls

// DOT: 32 vdpbf16ps on zmm, 0 stores, 0 calls
// DOT: 32 vdpbf16ps on zmm, 0 stores, 0 calls
// DOT: {{16|32}} vdpbf16ps on zmm, 0 stores, 0 calls

func.func @single(%q: tensor<1x1x64x64xf32>, %k: tensor<1x1x?x64xf32>)
    -> tensor<1x1x64x64xf32> {
  %0 = attn.sdpa %q, %k, %k causal bottom_right
    : (tensor<1x1x64x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>)
    -> tensor<1x1x64x64xf32>
  return %0 : tensor<1x1x64x64xf32>
}

func.func @pairs(%q: tensor<1x1x64x64xbf16>, %k: tensor<1x1x?x64xbf16>)
    -> tensor<1x1x64x64xbf16> {
  %0 = attn.sdpa %q, %k, %k causal bottom_right
    : (tensor<1x1x64x64xbf16>, tensor<1x1x?x64xbf16>, tensor<1x1x?x64xbf16>)
    -> tensor<1x1x64x64xbf16>
  return %0 : tensor<1x1x64x64xbf16>
}
