// A decode step with its caches: in memory and as an object, against the
// reference, with state that a prepare function made.
// RUN: attn-opt %s --attn-rewrite-to-sparq="rank=8 top-k=12 realloc=on state=args" -o %t.mlir
// DEFINE: %{caches} = --input=2x2x2300x16xf16=random\(4\) --input=2x2x2300x16xf16=random\(5\)
// RUN: attn-run %t.mlir --function=step_prepare %{caches} --input=2xi64=2200 --input=2x2x2x16x2048xf16=0 --input=2x2x16xf32=7 --verify --output=@%t.kt.npy --output=@%t.mean.npy --output=@%t.k2.npy --output=@%t.m2.npy | FileCheck %s --check-prefix=PREPARE
// DEFINE: %{new} = --input=2x4x1x16xf16=random\(1\) --input=2x2x1x16xf16=random\(2\) --input=2x2x1x16xf16=random\(3\)
// DEFINE: %{step} = --function=step %{new} --input=2200:index --input=2xi64=2201 %{caches} --input=@%t.kt.npy --input=@%t.mean.npy --verify
// RUN: attn-run %t.mlir %{step} | FileCheck %s --check-prefix=STEP
// RUN: attn-compile %t.mlir -o %t.so
// RUN: attn-run %t.so %{step} | FileCheck %s --check-prefix=STEP

// A full cache: nothing is written.
// DEFINE: %{full} = --function=step %{new} --input=2300:index --input=2xi64=2201 %{caches} --input=@%t.kt.npy --input=@%t.mean.npy
// RUN: not attn-run %t.mlir %{full} 2>&1 | FileCheck %s --check-prefix=FULL
// RUN: not attn-run %t.so %{full} 2>&1 | FileCheck %s --check-prefix=FULL
// FULL: 'attn.kv_append' op expects pos + tokens of at most the capacity

// PREPARE: verify: result 0: max error 0
// PREPARE: verify: result 1: max error

// STEP: verify: result 0: max error
// STEP-NOT: FAILED
// STEP: verify: result 0: distance from dense attention: max

// The tool's strategy, checked op by op; more than one token is exact.
// RUN: attn-run %s --function=step %{new} --input=2200:index --input=2xi64=2201 %{caches} --strategy="sparq{rank=8 top-k=12}" --verify=ops 2>&1 | FileCheck %s --check-prefix=TOOL
// TOOL: remark: every call reads whole keys for some of their components; state=args keeps a second layout of key
// TOOL: verify: result 0: distance from dense attention: max
// TOOL: attn.sparq result 0: max error
// RUN: attn-run %s --function=prefill --strategy=sparq:rank=8,top-k=12 --verify 2>&1 | FileCheck %s --check-prefix=PREFILL
// PREFILL: remark: computed exactly, not by SparQ: expects one query token, but got 5
// PREFILL: verify: result 0: max error
// PREFILL-NOT: distance

!q = tensor<2x4x1x16xf16>
!new = tensor<2x2x1x16xf16>
!kv = tensor<2x2x?x16xf16>
func.func @step(%q: !q, %nk: !new, %nv: !new, %pos: index, %len: tensor<2xi64>, %k: !kv {attn.inout}, %v: !kv {attn.inout}) -> (!q, !kv, !kv) {
  %a:2 = attn.kv_append ins(%nk, %nv, %pos) outs(%k, %v) : (!new, !new, index, !kv, !kv) -> (!kv, !kv)
  %o = attn.sdpa %q, %a#0, %a#1 kv_len(%len) : (!q, !kv, !kv, tensor<2xi64>) -> !q
  return %o, %a#0, %a#1 : !q, !kv, !kv
}
func.func @prefill(%q: tensor<1x2x5x16xf32>, %kv: tensor<1x2x40x16xf32>) -> tensor<1x2x5x16xf32> {
  %o = attn.sdpa %q, %kv, %kv : (tensor<1x2x5x16xf32>, tensor<1x2x40x16xf32>, tensor<1x2x40x16xf32>) -> tensor<1x2x5x16xf32>
  return %o : tensor<1x2x5x16xf32>
}
