// Star Attention from the command line, beside its own f64 reference.
// DEFINE: %{t} = --input=2x4x301x32xf32=random\(1\) --input=2x2x301x32xf32=random\(2\) --input=2x2x301x32xf32=random\(3\)

// Ragged tail, a small anchor, query rows, an anchor of the block before.
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=64}' --verify --threads=2 | FileCheck %s
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=100 anchor-size=7 query-size=13}' --verify | FileCheck %s
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=50 anchor-size=20 anchor=previous}' --verify | FileCheck %s
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=1 anchor-size=1}' --verify | FileCheck %s
// Op by op, too.
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=64}' --verify=ops | FileCheck %s --check-prefix=OPS
// NONE: warning: anchor_size 0 leaves blocks to themselves
// CLAMP: remark: clamps anchor_size 65 to block_size 64
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED
// CHECK:     distance from dense attention: max
// OPS:       verify: {{.*}} max error
// OPS-NOT:   FAILED

// Not said for one block, or two with a whole anchor: it is dense.
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=151}' --verify | FileCheck %s --check-prefix=DENSE
// DENSE: distance from dense attention: 0

// No anchor: a warning. More than a block: a remark.
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=64 anchor-size=0}' --verify 2>&1 | FileCheck %s --check-prefixes=NONE,CHECK
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=64 anchor-size=65}' --verify 2>&1 | FileCheck %s --check-prefixes=CLAMP,CHECK

// Left exact, and said so.
// RUN: attn-run %s --function=decode --input=1x4x1x32xf32=random\(1\) --input=1x2x301x32xf32=random\(2\) --strategy='star{block-size=64}' --verify 2>&1 | FileCheck %s --check-prefix=DECODE
// DECODE: remark: computed exactly, not by Star Attention: one query token is a decode step, which Star computes exactly
// DECODE: verify: result 0: max error

// No block size.
// RUN: not attn-run %s --function=prefill %{t} --strategy=star 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: attn-run: error: --strategy=star: strategy 'star' expects block_size of 1 to 2147483647 tokens, but got 0; the paper uses a quarter of the context

// L = 0: all rows are the query. No row at all.
// RUN: attn-run %s --function=prefill %{t} --strategy='star{block-size=64 query-size=400}' --verify | FileCheck %s --check-prefix=DENSE
// RUN: attn-run %s --function=prefill --input=2x4x0x32xf32=zeros --input=2x2x0x32xf32=zeros --input=2x2x0x32xf32=zeros --strategy='star{block-size=64 query-size=4}' --verify | FileCheck %s --check-prefix=EMPTY
// EMPTY: verify: result 0: max error 0

// What the types leave open is checked when it runs.
// RUN: not attn-run %s --function=lengths --input=2x1x9x8xf32=random\(1\) --input=3xi64=zeros 2>&1 | FileCheck %s --check-prefix=LENGTHS
// LENGTHS: expects context_len to have query's batch or 1
// RUN: not attn-run %s --function=host --input=1x1x9x8xf32=random\(1\) --input=1x1x3x8xf32=random\(1\) --input=8:index 2>&1 | FileCheck %s --check-prefix=ANCHORS
// ANCHORS: expects anchor_key to hold anchor_size 4
// RUN: attn-run %s --function=host --input=1x1x9x8xf32=random\(1\) --input=1x1x5x8xf32=random\(1\) --input=8:index --verify | FileCheck %s --check-prefix=HOST
// HOST: verify: result 0: max error
// HOST-NOT: FAILED

!q = tensor<?x4x?x32xf32>
!kv = tensor<?x2x?x32xf32>
func.func @prefill(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.sdpa %q, %k, %v causal : (!q, !kv, !kv) -> !q
  return %o : !q
}

func.func @decode(%q: tensor<1x4x1x32xf32>, %k: tensor<1x2x?x32xf32>) -> tensor<1x4x1x32xf32> {
  %o = attn.sdpa %q, %k, %k causal bottom_right
    : (tensor<1x4x1x32xf32>, tensor<1x2x?x32xf32>, tensor<1x2x?x32xf32>) -> tensor<1x4x1x32xf32>
  return %o : tensor<1x4x1x32xf32>
}

!t = tensor<?x1x?x8xf32>
func.func @lengths(%t: !t, %len: tensor<?xi64>) -> !t {
  %o = attn.star %t, %t, %t causal context_len(%len) block_size(4) anchor_size(4) : (!t, !t, !t, tensor<?xi64>) -> !t
  return %o : !t
}

func.func @host(%t: !t, %anchor: !t, %at: index) -> !t {
  %c0 = arith.constant 0 : index
  %o = attn.star %t, %t, %t causal offsets(%c0, %c0, %at, %at) block_size(4) anchor_size(4) anchors(%anchor, %anchor)
    : (!t, !t, !t, index, index, index, index, !t, !t) -> !t
  return %o : !t
}
