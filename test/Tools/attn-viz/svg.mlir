// What the pictures of small problems show.
// RUN: split-file %s %t

// Two tiles of four queries: keys that all of a tile see, the ranges at the
// diagonal, and what no query of the tile sees.
// RUN: attn-viz %t/causal.mlir -o %t/causal.svg --tile=4 | FileCheck %s --check-prefix=CAUSAL-OUT
// RUN: FileCheck %s --check-prefix=CAUSAL --input-file=%t/causal.svg
// CAUSAL-OUT: attn.sdpa at causal.mlir:3:8, strategy blockwise{block-size-q=64}: batch 0, head 0: 36 of 64 pairs visible (56.25 %)
// CAUSAL:      <svg xmlns="http://www.w3.org/2000/svg" width="{{[0-9]+}}" height="{{[0-9]+}}"
// CAUSAL-NEXT: <desc>{{.*}}&quot;at&quot;:{{\[}}[[#X:]],[[#Y:]]]{{.*}}&quot;pixels&quot;:{{\[}}[[#W:]],{{.*}}&quot;tile&quot;:4
// CAUSAL:      <rect x="[[#X]]" y="[[#Y]]" width="[[#W]]" height="[[#mul(W, 4)]]" fill="#2c6fbb"/>
// CAUSAL-NEXT: <rect x="[[#X+W]]" y="[[#Y]]" width="[[#mul(W, 3)]]" height="[[#W]]" fill="#fae1be"/>
// CAUSAL-NEXT: <rect x="[[#X+mul(W, 4)]]" y="[[#Y]]" width="[[#mul(W, 4)]]" height="[[#mul(W, 4)]]" fill="#ececec"/>
// CAUSAL-NEXT: <rect x="[[#X+W]]" y="[[#Y+W]]" width="[[#W]]" height="[[#W]]" fill="#f09c2e"/>
// CAUSAL:      <rect x="[[#X]]" y="[[#Y+mul(W, 4)]]" width="[[#mul(W, 5)]]" height="[[#mul(W, 4)]]" fill="#2c6fbb"/>
// CAUSAL:      <rect x="[[#X]]" y="[[#Y+mul(W, 4)]]" width="[[#mul(W, 8)]]" height="1" fill="#606060"/>
// CAUSAL:      <text {{.*}}>attn.sdpa at causal.mlir:3:8, strategy blockwise{block-size-q=64}</text>
// CAUSAL-NEXT: <text {{.*}}>batch 0, head 0: 36 of 64 pairs visible (56.25 %)</text>
// CAUSAL-NEXT: <text {{.*}}>all 2 batch entries, 4 heads: 288 of 512 pairs visible (56.25 %)</text>
// CAUSAL-NEXT: <text {{.*}}>tiles of 4 queries</text>
// CAUSAL-DAG:  <text {{.*}}>query</text>
// CAUSAL-DAG:  <text {{.*}}>key</text>
// CAUSAL-DAG:  <text {{.*}} text-anchor="middle">8</text>
// CAUSAL-DAG:  <text {{.*}} text-anchor="end">8</text>
// CAUSAL-DAG:  <text {{.*}}>visible, no mask needed</text>
// CAUSAL-DAG:  <text {{.*}}>visible, in a range with a mask</text>
// CAUSAL-DAG:  <text {{.*}}>not visible, in a range with a mask</text>
// CAUSAL-DAG:  <text {{.*}}>skipped: in no range</text>
// CAUSAL-NOT:  boolean mask
// CAUSAL:      </svg>

// Without --tile each row of so small a problem is a tile: no range has a mask.
// RUN: attn-viz %t/causal.mlir -o %t/rows.svg
// RUN: FileCheck %s --check-prefix=ROWS --input-file=%t/rows.svg --implicit-check-not=#f09c2e --implicit-check-not=#606060
// ROWS: &quot;at&quot;:{{\[}}[[#X:]],[[#Y:]]]{{.*}}&quot;pixels&quot;:{{\[}}[[#W:]],
// ROWS: <rect x="[[#X]]" y="[[#Y]]" width="[[#W]]" height="[[#W]]" fill="#2c6fbb"/>
// ROWS: <rect x="[[#X]]" y="[[#Y+W]]" width="[[#mul(W, 2)]]" height="[[#W]]" fill="#2c6fbb"/>
// ROWS: tiles of 1 query<
//--- causal.mlir
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x8x16xf32>)
    -> tensor<2x4x8x16xf32> {
  %0 = attn.sdpa %q, %k, %k causal strategy(#attn.blockwise<block_size_q = 64>)
    : (tensor<2x4x8x16xf32>, tensor<2x2x8x16xf32>, tensor<2x2x8x16xf32>)
    -> tensor<2x4x8x16xf32>
  return %0 : tensor<2x4x8x16xf32>
}

// A strategy asked for by name goes over it.
// RUN: attn-viz %t/causal.mlir -o %t/dense.svg --strategy=dense | FileCheck %s --check-prefix=DENSE
// DENSE: strategy dense: batch 0

// Lengths are values; the last query sees the last key. Tiles with rows beyond
// q_len need a mask.
// RUN: attn-viz %t/lengths.mlir -o %t/l.svg --tile=2 --batch=1 --input='kv_len:=2xi64=5' --input='q_len:=2xi64=3' | FileCheck %s --check-prefix=LENGTHS
// RUN: FileCheck %s --check-prefix=LENGTHS-SVG --input-file=%t/l.svg
// LENGTHS: batch 1, head 0: 12 of 48 pairs visible (25 %)
// LENGTHS-SVG: &quot;at&quot;:{{\[}}[[#X:]],[[#Y:]]]{{.*}}&quot;pixels&quot;:{{\[}}[[#W:]],
// LENGTHS-SVG: <rect x="[[#X]]" y="[[#Y]]" width="[[#mul(W, 3)]]" height="[[#mul(W, 2)]]" fill="#2c6fbb"/>
// LENGTHS-SVG: <rect x="[[#X]]" y="[[#Y+mul(W, 2)]]" width="[[#mul(W, 5)]]" height="[[#W]]" fill="#f09c2e"/>
// LENGTHS-SVG: <rect x="[[#X]]" y="[[#Y+mul(W, 3)]]" width="[[#mul(W, 5)]]" height="[[#W]]" fill="#fae1be"/>
// LENGTHS-SVG: <rect x="[[#X]]" y="[[#Y+mul(W, 4)]]" width="[[#mul(W, 8)]]" height="[[#mul(W, 2)]]" fill="#ececec"/>
//--- lengths.mlir
func.func @f(%q: tensor<2x1x6x16xf32>, %k: tensor<2x1x8x16xf32>,
             %kv_len: tensor<2xi64>, %q_len: tensor<2xi64>)
    -> tensor<2x1x6x16xf32> {
  %0 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%kv_len) q_len(%q_len)
    : (tensor<2x1x6x16xf32>, tensor<2x1x8x16xf32>, tensor<2x1x8x16xf32>,
       tensor<2xi64>, tensor<2xi64>) -> tensor<2x1x6x16xf32>
  return %0 : tensor<2x1x6x16xf32>
}

// All ops, one panel each, or one of them; what they call is looked into; sizes
// of an op's result are those of its operands.
// RUN: attn-viz %t/several.mlir -o %t/s.svg --input=1x2x4x8xf32=zeros | FileCheck %s --check-prefix=SEVERAL
// SEVERAL:      attn.sdpa at several.mlir:2:8: batch 0, head 0: 7 of 16 pairs visible (43.75 %)
// SEVERAL-NEXT: attn.sdpa at several.mlir:8:8: batch 0, head 0: 10 of 16 pairs visible (62.5 %)
// SEVERAL-NOT:  {{.}}
// RUN: FileCheck %s --check-prefix=PANELS --input-file=%t/s.svg
// PANELS:       <text {{.*}}>attn.sdpa at several.mlir:2:8</text>
// PANELS:       <text {{.*}}>attn.sdpa at several.mlir:8:8</text>
// RUN: attn-viz %t/several.mlir -o %t/s.svg --op=1 --input=1x2x4x8xf32=zeros | FileCheck %s --check-prefix=ONE
// ONE-NOT:      several.mlir:2:8
// ONE:          attn.sdpa at several.mlir:8:8: batch 0
//--- several.mlir
func.func private @first(%x: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %0 = attn.sdpa %x, %x, %x window(0, 1)
    : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %0 : tensor<1x2x?x8xf32>
}
func.func @f(%x: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %0 = func.call @first(%x) : (tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  %1 = attn.sdpa %0, %0, %0 causal
    : (tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %1 : tensor<1x2x?x8xf32>
}

// A boolean mask has a color of its own where it is given, and need not be.
// RUN: attn-viz %t/mask.mlir -o %t/mask.svg --input='m:=1x1x4x4xi1=0'
// RUN: FileCheck %s --check-prefix=MASK --input-file=%t/mask.svg --implicit-check-not='fill="#2c6fbb"'
// MASK-DAG: fill="#b82f3a"
// MASK-DAG: visible but for the boolean mask
// RUN: attn-viz %t/mask.mlir -o %t/no-mask.svg
// RUN: FileCheck %s --check-prefix=NO-MASK --input-file=%t/no-mask.svg --implicit-check-not=b82f3a
// NO-MASK: fill="#2c6fbb"
//--- mask.mlir
func.func @f(%q: tensor<1x1x4x8xf32>, %m: tensor<1x1x4x4xi1>) -> tensor<1x1x4x8xf32> {
  %0 = attn.sdpa %q, %q, %q causal mask(%m)
    : (tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x4xi1>)
    -> tensor<1x1x4x8xf32>
  return %0 : tensor<1x1x4x8xf32>
}

// An op in a loop is drawn as it first ran.
// RUN: attn-viz %t/loop.mlir -o %t/loop.svg
// RUN: FileCheck %s --check-prefix=LOOP --input-file=%t/loop.svg
// LOOP: 1 of 16 pairs visible (6.25 %)
// LOOP: tiles of 1 query; the first of 3 runs
//--- loop.mlir
func.func @f(%q: tensor<1x1x1x8xf32>, %k: tensor<1x1x16x8xf32>) -> tensor<1x1x1x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %0 = scf.for %i = %c0 to %c3 step %c1 iter_args(%x = %q) -> (tensor<1x1x1x8xf32>) {
    %1 = attn.sdpa %x, %k, %k causal causal_offset(%i)
      : (tensor<1x1x1x8xf32>, tensor<1x1x16x8xf32>, tensor<1x1x16x8xf32>, index)
      -> tensor<1x1x1x8xf32>
    scf.yield %1 : tensor<1x1x1x8xf32>
  }
  return %0 : tensor<1x1x1x8xf32>
}

// An approximate strategy: the op it becomes; what it needs one token for stays
// exact, and says so.
// RUN: attn-viz %t/decode.mlir -o %t/decode.svg --strategy='sparq{rank=8 top-k=16}' 2>&1 | FileCheck %s --check-prefix=SPARQ
// SPARQ: attn.sparq at decode.mlir:2:8, strategy sparq{rank=8 top-k=16 local-window=4}: batch 0, head 0: 64 of 64 pairs visible (100 %)
// The keys it chooses are marked where q and k are given.
// RUN: FileCheck %s --check-prefix=NO-CHOICE --input-file=%t/decode.svg --implicit-check-not='fill="#1a1a1a"'
// NO-CHOICE: fill="#2c6fbb"
// RUN: attn-viz %t/decode.mlir -o %t/choice.svg --strategy='sparq{rank=8 top-k=16}' --input='1x1x1x16xf32=random(1)' --input='1x1x64x16xf32=random(2)'
// RUN: FileCheck %s --check-prefix=CHOICE --input-file=%t/choice.svg
// CHOICE: <rect x="[[#X:]]" y="[[#Y:]]" width="{{[0-9]+}}" height="48" fill="#1a1a1a"/>
// CHOICE: <text {{.*}}>chosen, and read in full</text>
// RUN: attn-viz %t/causal.mlir -o %t/exact.svg --strategy='sparq{rank=8 top-k=16}' 2>&1 | FileCheck %s --check-prefix=EXACT
// EXACT: causal.mlir:3:8: remark: stays dense: expects one query token, but got 8
// EXACT: attn.sdpa at causal.mlir:3:8: batch 0
//--- decode.mlir
func.func @f(%q: tensor<1x1x1x16xf32>, %k: tensor<1x1x64x16xf32>) -> tensor<1x1x1x16xf32> {
  %0 = attn.sdpa %q, %k, %k
    : (tensor<1x1x1x16xf32>, tensor<1x1x64x16xf32>, tensor<1x1x64x16xf32>) -> tensor<1x1x1x16xf32>
  return %0 : tensor<1x1x1x16xf32>
}

// Other ranks have no say in who sees whom; the positions of a shard count.
// RUN: attn-viz %t/ranks.mlir -o %t/ranks.svg --input=offset:=4:index | FileCheck %s --check-prefix=RANKS
// RANKS: attn.partial at ranks.mlir:6:13: batch 0, head 0: 9 of 12 pairs visible (75 %)
//--- ranks.mlir
func.func @f(%q: tensor<1x1x3x8xf32>, %k: tensor<1x1x4x8xf32>,
             %o: tensor<1x1x3x8xf32>, %l: tensor<1x1x3xf32>, %offset: index,
             %comm: !attn.comm) -> tensor<1x1x3x8xf32> {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %mine:2 = attn.partial ins(%q, %k, %k causal offsets(%c0, %c0, %c5, %offset)) outs(%o, %l)
    : (tensor<1x1x3x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, index, index, index,
       index, tensor<1x1x3x8xf32>, tensor<1x1x3xf32>)
    -> (tensor<1x1x3x8xf32>, tensor<1x1x3xf32>)
  %all:2 = attn.dist_merge comm(%comm) outs(%mine#0, %mine#1)
    : (!attn.comm, tensor<1x1x3x8xf32>, tensor<1x1x3xf32>)
    -> (tensor<1x1x3x8xf32>, tensor<1x1x3xf32>)
  return %all#0 : tensor<1x1x3x8xf32>
}

// Star: blocks of four with an anchor of two, the last block short, and two
// query rows, which see all keys before them. Tiles end with blocks and with the
// context.
// RUN: attn-viz %t/star.mlir -o %t/star.svg --strategy='star{block-size=4 anchor-size=2 query-size=2}' --tile=4 | FileCheck %s --check-prefix=STAR
// RUN: FileCheck %s --check-prefix=STAR-SVG --input-file=%t/star.svg
// STAR: attn.star at star.mlir:2:8, strategy star{block-size=4 anchor-size=2}: batch 0, head 0: 52 of 121 pairs visible (42.98 %)
// STAR-SVG:     &quot;at&quot;:{{\[}}[[#X:]],[[#Y:]]]{{.*}}&quot;pixels&quot;:{{\[}}[[#W:]],
// Rows of the second block: the anchor, nothing, their own block.
// STAR-SVG-DAG: <rect x="[[#X]]" y="[[#Y+mul(W, 4)]]" width="[[#mul(W, 2)]]" height="[[#mul(W, 5)]]" fill="#2c6fbb"/>
// STAR-SVG-DAG: <rect x="[[#X+mul(W, 2)]]" y="[[#Y+mul(W, 4)]]" width="[[#mul(W, 2)]]" height="[[#mul(W, 4)]]" fill="#ececec"/>
// STAR-SVG-DAG: <rect x="[[#X+mul(W, 4)]]" y="[[#Y+mul(W, 4)]]" width="[[#W]]" height="[[#mul(W, 4)]]" fill="#2c6fbb"/>
// Query rows.
// STAR-SVG-DAG: <rect x="[[#X]]" y="[[#Y+mul(W, 9)]]" width="[[#mul(W, 10)]]" height="[[#mul(W, 2)]]" fill="#2c6fbb"/>
// Lines between tiles.
// STAR-SVG-DAG: <rect x="[[#X]]" y="[[#Y+mul(W, 4)]]" width="[[#mul(W, 11)]]" height="1" fill="#606060"/>
// STAR-SVG-DAG: <rect x="[[#X]]" y="[[#Y+mul(W, 8)]]" width="[[#mul(W, 11)]]" height="1" fill="#606060"/>
// STAR-SVG-DAG: <rect x="[[#X]]" y="[[#Y+mul(W, 9)]]" width="[[#mul(W, 11)]]" height="1" fill="#606060"/>
//--- star.mlir
func.func @f(%q: tensor<1x1x11x8xf32>) -> tensor<1x1x11x8xf32> {
  %0 = attn.sdpa %q, %q, %q causal
    : (tensor<1x1x11x8xf32>, tensor<1x1x11x8xf32>, tensor<1x1x11x8xf32>) -> tensor<1x1x11x8xf32>
  return %0 : tensor<1x1x11x8xf32>
}

// Each batch entry has its own context; without rows beyond it all are blocks.
// RUN: attn-viz %t/context.mlir -o %t/c.svg --batch=1 --input=context:=2xi64=6 | FileCheck %s --check-prefix=CONTEXT
// CONTEXT: attn.star at context.mlir:2:8, strategy star{block-size=3 anchor-size=1 anchor=previous}: batch 1, head 0: 30 of 64 pairs visible (46.88 %)
// RUN: not attn-viz %t/context.mlir -o %t/c.svg 2>&1 | FileCheck %s --check-prefix=NO-CONTEXT
// NO-CONTEXT: no --input for argument 1 ('context') of type 2xi64, whose values decide the pattern
//--- context.mlir
func.func @f(%q: tensor<2x1x8x8xf32>, %context: tensor<2xi64>) -> tensor<2x1x8x8xf32> {
  %0 = attn.star %q, %q, %q causal context_len(%context) block_size(3) anchor_size(1) anchor(previous)
    : (tensor<2x1x8x8xf32>, tensor<2x1x8x8xf32>, tensor<2x1x8x8xf32>, tensor<2xi64>)
    -> tensor<2x1x8x8xf32>
  return %0 : tensor<2x1x8x8xf32>
}

// One host of several: its own keys; the anchors are operands, and not drawn.
// RUN: attn-viz %t/host.mlir -o %t/host.svg | FileCheck %s --check-prefix=HOST
// HOST: attn.star at host.mlir:5:8, strategy star{block-size=4 anchor-size=4}: batch 0, head 0: 20 of 64 pairs visible (31.25 %)
//--- host.mlir
func.func @f(%q: tensor<1x1x8x8xf32>, %a: tensor<1x1x4x8xf32>)
    -> tensor<1x1x8x8xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %0 = attn.star %q, %q, %q causal offsets(%c0, %c0, %c4, %c4) block_size(4)
    anchor_size(4) anchors(%a, %a)
    : (tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32>, index, index,
       index, index, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>) -> tensor<1x1x8x8xf32>
  return %0 : tensor<1x1x8x8xf32>
}

// Layer B in memory: what only attention reads need not be given.
// RUN: attn-viz %t/online.mlir -o %t/online.svg | FileCheck %s --check-prefix=ONLINE
// ONLINE: attn.online at online.mlir:3:3: batch 0, head 0: 36 of 64 pairs visible (56.25 %)
//--- online.mlir
func.func @f(%q: memref<1x1x8x8xf32>, %k: memref<1x1x8x8xf32>, %acc: memref<1x1x8x8xf32>,
             %m: memref<1x1x8xf32>, %l: memref<1x1x8xf32>, %o: memref<1x1x8x8xf32>) {
  attn.online ins(%q, %k, %k causal) outs(%acc, %m, %l)
    : (memref<1x1x8x8xf32>, memref<1x1x8x8xf32>, memref<1x1x8x8xf32>, memref<1x1x8x8xf32>,
       memref<1x1x8xf32>, memref<1x1x8xf32>) -> ()
  attn.finalize ins(%acc, %m, %l) outs(%o)
    : (memref<1x1x8x8xf32>, memref<1x1x8xf32>, memref<1x1x8xf32>, memref<1x1x8x8xf32>) -> ()
  return
}
