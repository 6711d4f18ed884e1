// What strategies make of attention, through the kernels in the emulator, each
// against the reference of the same algorithm.

// RUN: attn-run %s --function=prompt --target=cuda-emulated --strategy='star{block-size=32 anchor-size=20 query-size=20}' --input='1x4x150x64xf16=random(1)' --input='1x2x150x64xf16=random(2)' --verify 2>&1 | FileCheck %s --check-prefix=APPROXIMATE
// RUN: attn-run %s --function=step --target=cuda-emulated --strategy='sparq{rank=16 top-k=40}' --input='1x4x1x64xf32=random(1)' --input='1x2x301x64xf32=random(2)' --verify 2>&1 | FileCheck %s --check-prefix=APPROXIMATE
// RUN: attn-run %s --function=step --target=cuda-emulated --strategy='blockwise{num-splits=3}' --input='1x4x1x64xf32=random(1)' --input='1x2x301x64xf32=random(2)' --verify | FileCheck %s --check-prefix=EXACT
// RUN: attn-run %s --function=blocks --target=cuda-emulated --input='2x4x93x64xbf16=random(1)' --input='2x2x93x64xbf16=random(2)' --verify | FileCheck %s --check-prefix=EXACT
// RUN: attn-run %s --function=previous --target=cuda-emulated --input='1x4x150x64xf32=random(1)' --input='1x2x150x64xf32=random(2)' --input=130:index --verify | FileCheck %s --check-prefix=APPROXIMATE
// RUN: attn-run %s --function=parts --target=cuda-emulated --input='1x4x1x64xf16=random(1)' --input='1x2x64x64xf16=random(2)' --input='1x2x100x64xf16=random(3)' --verify | FileCheck %s --check-prefix=EXACT

// EXACT: verify: result 0: max error {{.*}} (bound
// EXACT-NOT: error:
// APPROXIMATE: verify: result 0: max error {{.*}} (bound
// APPROXIMATE: verify: result 0: distance from dense attention: max {{0\.[0-9]*[1-9]|[1-9]}}

func.func @prompt(%q: tensor<1x4x?x64xf16>, %k: tensor<1x2x?x64xf16>)
    -> tensor<1x4x?x64xf16> {
  %r = attn.sdpa %q, %k, %k causal
    : (tensor<1x4x?x64xf16>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16>)
    -> tensor<1x4x?x64xf16>
  return %r : tensor<1x4x?x64xf16>
}

func.func @step(%q: tensor<1x4x1x64xf32>, %k: tensor<1x2x?x64xf32>)
    -> tensor<1x4x1x64xf32> {
  %r = attn.sdpa %q, %k, %k
    : (tensor<1x4x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
    -> tensor<1x4x1x64xf32>
  return %r : tensor<1x4x1x64xf32>
}

func.func @blocks(%q: tensor<2x4x?x64xbf16>, %k: tensor<2x2x?x64xbf16>)
    -> tensor<2x4x?x64xbf16> {
  %r = attn.block_local %q, %k, %k causal block_len(5)
    : (tensor<2x4x?x64xbf16>, tensor<2x2x?x64xbf16>, tensor<2x2x?x64xbf16>)
    -> tensor<2x4x?x64xbf16>
  return %r : tensor<2x4x?x64xbf16>
}

func.func @previous(%q: tensor<1x4x?x64xf32>, %k: tensor<1x2x?x64xf32>,
    %c: index) -> tensor<1x4x?x64xf32> {
  %r = attn.star %q, %k, %k causal context_len(%c) block_size(32)
      anchor_size(20) anchor(previous)
    : (tensor<1x4x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, index)
    -> tensor<1x4x?x64xf32>
  return %r : tensor<1x4x?x64xf32>
}

func.func @parts(%q: tensor<1x4x1x64xf16>, %k1: tensor<1x2x64x64xf16>,
    %k2: tensor<1x2x100x64xf16>) -> tensor<1x4x1x64xf16> {
  %o = tensor.empty() : tensor<1x4x1x64xf32>
  %l = tensor.empty() : tensor<1x4x1xf32>
  %a:2 = attn.partial ins(%q, %k1, %k1) outs(%o, %l)
    : (tensor<1x4x1x64xf16>, tensor<1x2x64x64xf16>, tensor<1x2x64x64xf16>,
       tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
    -> (tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
  %b:2 = attn.partial ins(%q, %k2, %k2) outs(%o, %l)
    : (tensor<1x4x1x64xf16>, tensor<1x2x100x64xf16>, tensor<1x2x100x64xf16>,
       tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
    -> (tensor<1x4x1x64xf32>, tensor<1x4x1xf32>)
  %e = tensor.empty() : tensor<1x4x1x64xf16>
  %r = attn.merge ins(%a#0, %b#0 lse %a#1, %b#1) outs(%e)
    : (tensor<1x4x1x64xf32>, tensor<1x4x1x64xf32>, tensor<1x4x1xf32>,
       tensor<1x4x1xf32>, tensor<1x4x1x64xf16>) -> tensor<1x4x1x64xf16>
  return %r : tensor<1x4x1x64xf16>
}
