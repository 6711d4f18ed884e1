// What SparQ is not made for, from the command line: refused, clamped or computed
// exactly, and said so; numbers that are none, and none at all, as the reference has it.
// DEFINE: %{few} = --input=1x4x1x16xf32=random\(1\) --input=1x2x20x16xf32=random\(2\)

// No component, no key: refused, wherever it is written.
// RUN: not attn-run %s --function=static %{few} --strategy=sparq:rank=0 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: attn-run: error: --strategy={{.*}}: strategy 'sparq' expects rank of 1 to 2147483647, but got 0
// RUN: not attn-run %s --function=static %{few} --strategy="sparq{top-k=-4}" 2>&1 | FileCheck %s --check-prefix=TOPK
// TOPK: attn-run: error: --strategy={{.*}}: strategy 'sparq' expects top_k of 1 to 2147483647, but got -4

// More components than there are, more new keys than keys in all: clamped.
// RUN: attn-run %s --function=static %{few} --strategy="sparq{rank=300 top-k=8 local-window=9}" --verify 2>&1 | FileCheck %s --check-prefixes=CLAMPED,OK
// CLAMPED: remark: clamps rank 300 to head_dim 16
// CLAMPED: remark: clamps local_window 9 to top_k 8

// As many keys as there are, or more: dense attention, for a length that only the run knows, too.
// RUN: attn-run %s --function=static %{few} --strategy="sparq{rank=2 top-k=21}" --verify 2>&1 | FileCheck %s --check-prefixes=ALL,OK
// ALL: remark: computed exactly, not by SparQ: top_k 21 is at least the 20 keys a query can see
// RUN: attn-run %s --function=dynamic %{few} --strategy="sparq{rank=2 top-k=21 realloc=on}" --verify 2>&1 | FileCheck %s --check-prefixes=OK,DENSE

// More than one query token: dense, with a remark.
// RUN: attn-run %s --function=prefill --input=1x2x3x16xf32=random\(1\) --input=1x2x20x16xf32=random\(2\) --strategy=sparq:rank=2,top-k=4 --verify 2>&1 | FileCheck %s --check-prefixes=PREFILL,OK
// PREFILL: remark: computed exactly, not by SparQ: expects one query token, but got 3

// No key; none that is visible; a query of zeros; NaN and infinity.
// DEFINE: %{sparq} = --function=dynamic --strategy="sparq{rank=4 top-k=8 realloc=on}" --verify
// RUN: attn-run %s %{sparq} --input=1x4x1x16xf32=random\(1\) --input=1x2x0x16xf32=zeros | FileCheck %s --check-prefixes=ZERO,OK
// RUN: attn-run %s --function=masked --strategy="sparq{rank=4 top-k=8 realloc=on}" --verify %{few} --input=1x1x1x20xi1=zeros 2>&1 | FileCheck %s --check-prefixes=ZERO,OK
// ZERO: result 0: 1x4x1x16xf32 min 0 max 0 mean 0 nan 0
// RUN: attn-run %s %{sparq} --input=1x4x1x16xf32=zeros --input=1x2x20x16xf32=random\(2\) 2>&1 | FileCheck %s --check-prefix=OK
// RUN: attn-run %s %{sparq} --input=1x4x1x16xf32=nan --input=1x2x20x16xf32=random\(2\) 2>&1 | FileCheck %s --check-prefixes=NAN,OK
// RUN: attn-run %s %{sparq} --input=1x4x1x16xf32=random\(1\) --input=1x2x20x16xf32=inf 2>&1 | FileCheck %s --check-prefixes=NAN,OK
// NAN: result 0: 1x4x1x16xf32 {{.*}}nan 64

// OK:     verify: result 0: max error
// OK-NOT: FAILED
// DENSE: verify: result 0: distance from dense attention: max {{0|[0-9.]+e-1[5-7]}},

!q = tensor<1x4x1x16xf32>
!kv = tensor<1x2x20x16xf32>
!any = tensor<1x2x?x16xf32>
func.func @static(%q: !q, %kv: !kv) -> !q {
  %o = attn.sdpa %q, %kv, %kv : (!q, !kv, !kv) -> !q
  return %o : !q
}
func.func @dynamic(%q: !q, %kv: !any) -> !q {
  %o = attn.sdpa %q, %kv, %kv : (!q, !any, !any) -> !q
  return %o : !q
}
func.func @masked(%q: !q, %kv: !any, %m: tensor<1x1x1x?xi1>) -> !q {
  %o = attn.sdpa %q, %kv, %kv mask(%m) : (!q, !any, !any, tensor<1x1x1x?xi1>) -> !q
  return %o : !q
}
func.func @prefill(%q: tensor<1x2x3x16xf32>, %kv: !kv) -> tensor<1x2x3x16xf32> {
  %o = attn.sdpa %q, %kv, %kv : (tensor<1x2x3x16xf32>, !kv, !kv) -> tensor<1x2x3x16xf32>
  return %o : tensor<1x2x3x16xf32>
}
