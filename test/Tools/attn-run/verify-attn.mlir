// Whole results widened to f64, and each op in its own types.
// DEFINE: %{run} = attn-run %s --verify=ops
// RUN: %{run} --function=gqa --input=2x4x16x32xf16=random\(0\) --input=2x2x64x32xf16=random\(1\) --input=2x2x64x32xf16=random\(2\) --input=2xi64=40 | FileCheck %s --check-prefix=GQA
// RUN: %{run} --function=alibi --input=1x4x40x32xf32=random\(0\) --input=1x4x40x32xf32=random\(1\) --input=4xf32=0.5 | FileCheck %s --check-prefix=ALIBI
// RUN: %{run} --function=split --input=1x4x8x32xf32=random\(0\) --input=1x2x20x32xf32=random\(1\) --input=1x2x20x32xf32=random\(2\) | FileCheck %s --check-prefix=SPLIT
// DEFINE: %{blockwise} = attn-run %s --verify=ops --strategy
// RUN: %{blockwise}=dense --function=gqa --input=2x4x16x32xf16=random\(0\) --input=2x2x64x32xf16=random\(1\) --input=2x2x64x32xf16=random\(2\) --input=2xi64=40 | FileCheck %s --check-prefix=GQA
// RUN: %{blockwise}=blockwise:block_size_q=8,block-size-kv=16 --function=gqa --input=2x4x16x32xf16=random\(0\) --input=2x2x64x32xf16=random\(1\) --input=2x2x64x32xf16=random\(2\) --input=2xi64=40 | FileCheck %s --check-prefix=GQA
// RUN: %{blockwise}="blockwise{block-size-q=8 block-size-kv=16}" --function=alibi --input=1x4x40x32xf32=random\(0\) --input=1x4x40x32xf32=random\(1\) --input=4xf32=0.5 | FileCheck %s --check-prefix=ALIBI
// RUN: not %{blockwise}=blockwise:foo=1 --function=alibi --input=1x4x40x32xf32=0 --input=1x4x40x32xf32=0 --input=4xf32=0.5 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: attn-run: error: --strategy=blockwise:foo=1: {{.*}}foo
// RUN: not %{run} --function=gqa --input=2x4x16x32xf16=0 --input=2x2x64x32xf16=0 --input=2x2x63x32xf16=0 --input=2xi64=40 2>&1 | FileCheck %s --check-prefix=BAD

// GQA: verify: result 0: max error
// GQA: verify: result 1: max error
// GQA: verify: {{.*}}verify-attn.mlir:[[#]]:{{[0-9]+}}: attn.sdpa result 0: max error
// GQA: verify: {{.*}}: attn.sdpa result 1: max error
// BAD: attn-run: error: {{.*}}verify-attn.mlir:[[#]]:{{[0-9]+}}: 'attn.sdpa' op expects key and value to agree on seq_len_kv, but 64 != 63
!q = tensor<2x4x16x32xf16>
!kv = tensor<2x2x?x32xf16>
func.func @gqa(%q: !q, %k: !kv, %v: !kv, %len: tensor<2xi64>)
    -> (!q, tensor<2x4x16xf32>) {
  %o, %l = attn.sdpa %q, %k, %v causal bottom_right kv_len(%len)
    : (!q, !kv, !kv, tensor<2xi64>) -> (!q, tensor<2x4x16xf32>)
  return %o, %l : !q, tensor<2x4x16xf32>
}

// ALIBI: verify: result 0: max error
// ALIBI-NOT: FAILED
!t = tensor<1x4x?x32xf32>
func.func @alibi(%q: !t, %k: !t, %slopes: tensor<4xf32>) -> !t {
  %out = attn.sdpa %q, %k, %k causal scale(1.250000e-01) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %slopes[%h] : tensor<4xf32>
    %d = arith.subi %j, %i : index
    %d64 = arith.index_cast %d : index to i64
    %df = arith.sitofp %d64 : i64 to f32
    %bias = arith.mulf %slope, %df : f32
    %zero = arith.constant 0.0 : f32
    %neg = arith.cmpf olt, %bias, %zero : f32
    %x = scf.if %neg -> f32 {
      scf.yield %bias : f32
    } else {
      scf.yield %zero : f32
    }
    %r = arith.addf %s, %x : f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %out : !t
}

// Layer B: two partials merged, and an online step finalized, agree.
// SPLIT: verify: result 0: max error
// SPLIT: verify: result 1: max error
// SPLIT: verify: result 2: max error
// SPLIT: attn.partial result 0
// SPLIT: attn.merge result 0
// SPLIT: attn.online result 2
// SPLIT: attn.finalize result 0
!x = tensor<1x4x8x32xf32>
!y = tensor<1x2x20x32xf32>
!l = tensor<1x4x8xf32>
func.func @split(%q: !x, %k: !y, %v: !y) -> (!x, !x, !l) {
  %z = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %o = tensor.empty() : !x
  %l = tensor.empty() : !l
  %p:2 = attn.partial ins(%q, %k, %v) outs(%o, %l)
    : (!x, !y, !y, !x, !l) -> (!x, !l)
  %m:2 = attn.merge ins(%p#0, %p#0 lse %p#1, %p#1) outs(%o, %l)
    : (!x, !x, !l, !l, !x, !l) -> (!x, !l)
  %acc = linalg.fill ins(%z : f32) outs(%o : !x) -> !x
  %max = linalg.fill ins(%ninf : f32) outs(%l : !l) -> !l
  %sum = linalg.fill ins(%z : f32) outs(%l : !l) -> !l
  %s:3 = attn.online ins(%q, %k, %v) outs(%acc, %max, %sum)
    : (!x, !y, !y, !x, !l, !l) -> (!x, !l, !l)
  %f:2 = attn.finalize ins(%s#0, %s#1, %s#2) outs(%o, %l)
    : (!x, !l, !l, !x, !l) -> (!x, !l)
  return %m#0, %f#0, %f#1 : !x, !x, !l
}
