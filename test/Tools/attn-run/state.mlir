// What a strategy keeps between calls is made before the first one, of the caches
// that are given; one table compares it with dense attention. Nothing here
// asserts a time.

// DEFINE: %{decode} = --function=decode --threads=1 --input=1x8x1x64xf16=random\(1\) --input=1x2x1500x64xf16=random\(2\) --input=1x2x1500x64xf16=random\(3\)
// RUN: attn-run %s %{decode} --strategy="sparq{rank=16 top-k=32 realloc=on state=args}" --verify --benchmark=2 2>&1 \
// RUN:   | FileCheck %s --check-prefixes=TABLE,ARGS --implicit-check-not=remark --implicit-check-not="verify: result"
// By formula 1500 * 16 + 2 * 32 * 64 elements of 2 bytes for each key head, and the queries.
// REMARKS: remark: every call computes the mean of value anew
// REMARKS: remark: every call reads whole keys for some of their components
// ARGS: state: decode_prepare made key_t, value_mean of 1500 tokens
// TABLE: threads 1, repetitions 2
// TABLE-NEXT: {{^ +}}sparq dense dense/sparq
// TABLE-NEXT: time, median {{[0-9.]+ +[0-9.]+ +[0-9.]+}} ms
// TABLE-NEXT: time, best {{[0-9.]+ +[0-9.]+ +[0-9.]+}} ms
// TABLE-NEXT: loads of q
// ARGS-NEXT: loads of k 0.008 0.384 46.88 MB
// ARGS-NEXT: loads of v 0.008 0.384 46.88 MB
// ARGS-NEXT: loads of key_t 0.096 0.000 MB
// ARGS-NEXT: loads of value_mean 0.00{{[0-9]}} 0.000 MB
// TABLE: loads of all {{.*}} MB
// ARGS-NEXT: bytes by formula 0.115 0.770 {{6[0-9.]+}} MB
// TABLE: loads / formula {{[0-9.]+ +[0-9.]+$}}
// TABLE-NEXT: read limit, same inputs {{[0-9.]+}} GB/s
// TABLE-NEXT: formula's share of it {{[0-9.]+ +[0-9.]+}} %
// TABLE-NEXT: result 0, beside exact attention in f64
// TABLE-NEXT: max error {{[0-9.e-]+ +[0-9.e-]+$}}
// TABLE-NEXT: mean error
// TABLE-NEXT: relative error (norm) {{0\.[0-9]+ +[0-9.e-]+$}}
// TABLE-NEXT: cosine {{0\.[0-9]+ +1\.000000$}}
// TABLE-NEXT: verify: sparq ok max error {{.*}} beside its own f64 reference

// Nothing kept: remarks once, though several copies are compiled, and a hint.
// RUN: attn-run %s %{decode} --strategy="sparq{rank=16 top-k=32 realloc=on}" --verify --benchmark=2 2>&1 \
// RUN:   | FileCheck %s --check-prefixes=REMARKS,TABLE,HINT --implicit-check-not=remark --implicit-check-not=key_t
// HINT-NEXT: no state is kept: each call reads caches whole for it; a strategy with state=args keeps it

// Without --verify no accuracy; a program that stays exact has the other table.
// RUN: attn-run %s %{decode} --strategy="sparq{rank=16 top-k=32 state=args}" --benchmark=2 2>&1 | FileCheck %s --check-prefix=FAST
// FAST: formula's share of it
// FAST-NOT: error
// FAST-NOT: verify
// RUN: attn-run %s %{decode} --strategy="sparq{rank=16 top-k=1500 state=args}" --verify --benchmark=2 2>&1 | FileCheck %s --check-prefix=EQUAL
// EQUAL: verify: sparq ok
// RUN: attn-run %s --function=prefill --threads=1 --strategy="sparq{state=args}" --verify --benchmark=2 2>&1 | FileCheck %s --check-prefix=EXACT --implicit-check-not=remark
// EXACT: remark: stays dense: expects one query token, but got 5
// EXACT: verify: result 0: max error
// EXACT: f32 FMA limit

// The command of the README, on less.
// RUN: attn-run %attn_src/examples/decode_step.mlir --strategy="sparq{rank=32 top-k=128 state=args}" --verify --benchmark=1 --input=1x8x1x128xf16=random\(1\) --input=1x8x999x128xf16=random\(2\) --input=1x8x999x128xf16=random\(3\) | FileCheck %s --check-prefix=README
// README: state: decode_step_prepare made key_t, value_mean of 999 tokens
// README: loads of key_t
// README: verify: sparq ok

// A cache that tokens are appended to: the state is that of before the call,
// which the reference confirms, and a rewritten file is as good as a strategy.
// DEFINE: %{step} = --function=step --input=2x1x4x16xf16=random\(1\) --input=2x1x2x16xf16=random\(2\) --input=2x1x2x16xf16=random\(3\) --input=2xi64=200 --input=2xi64=201 --input=2x300x2x16xf16=random\(4\) --input=2x300x2x16xf16=random\(5\)
// RUN: attn-run %s %{step} --strategy="sparq{rank=8 top-k=12 realloc=on state=args}" --verify 2>&1 | FileCheck %s --check-prefixes=STEP,NAMES
// RUN: attn-opt %s --attn-rewrite-to-sparq="rank=8 top-k=12 realloc=on state=args" -o %t.mlir
// RUN: attn-run %t.mlir %{step} --verify 2>&1 | FileCheck %s --check-prefixes=STEP
// RUN: attn-run %s %{step} --strategy="sparq{rank=8 top-k=12 realloc=on state=args}" --verify --input=value_mean:=2x2x16xf32=1 --input=key_t:=2x2x1x16x2048xf16=zeros 2>&1 | FileCheck %s --check-prefixes=GIVEN
// Caches are updated where they lie: nothing reads them whole.
// RUN: attn-run %s %{step} --strategy="sparq{rank=8 top-k=12 realloc=off state=args}" --benchmark=1 | FileCheck %s --check-prefix=INPLACE
// INPLACE: loads of k 0.00{{[0-9]}} 0.02{{[0-9] +[0-9.]+}} MB
// INPLACE: loads of v 0.00{{[0-9]}} 0.02{{[0-9] +[0-9.]+}} MB
// INPLACE: loads of key_t 0.0{{[12][0-9]}} 0.000 MB
// NAMES: state: step_prepare made key_t, value_mean of 200 tokens
// STEP: verify: result 0: max error
// STEP: verify: result 4: max error
// STEP-NOT: FAILED
// STEP: verify: result 0: distance from dense attention: max
// GIVEN-NOT: state:
// GIVEN: result 4: 2x2x16xf32 {{.*}} mean 0.9
// GIVEN: verify: result 0: max error

!q = tensor<1x8x1x64xf16>
!kv = tensor<1x2x?x64xf16>
func.func @decode(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

func.func @prefill(%q: tensor<1x2x5x16xf32>, %kv: tensor<1x2x40x16xf32>) -> tensor<1x2x5x16xf32> {
  %o = attn.sdpa %q, %kv, %kv : (tensor<1x2x5x16xf32>, tensor<1x2x40x16xf32>, tensor<1x2x40x16xf32>) -> tensor<1x2x5x16xf32>
  return %o : tensor<1x2x5x16xf32>
}

!sq = tensor<2x1x4x16xf16>
!new = tensor<2x1x2x16xf16>
!skv = tensor<2x?x2x16xf16>
func.func @step(%q: !sq, %nk: !new, %nv: !new, %pos: tensor<2xi64>, %len: tensor<2xi64>, %k: !skv {attn.inout}, %v: !skv {attn.inout}) -> (!sq, !skv, !skv) {
  %a:2 = attn.kv_append ins(%nk, %nv, %pos layout(bshd)) outs(%k, %v) : (!new, !new, tensor<2xi64>, !skv, !skv) -> (!skv, !skv)
  %o = attn.sdpa %q, %a#0, %a#1 kv_len(%len) layout(bshd) : (!sq, !skv, !skv, tensor<2xi64>) -> !sq
  return %o, %a#0, %a#1 : !sq, !skv, !skv
}
