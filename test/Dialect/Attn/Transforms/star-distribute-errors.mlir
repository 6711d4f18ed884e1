// RUN: attn-opt %s --attn-star-distribute --split-input-file --verify-diagnostics
// RUN: not attn-opt %s --attn-star-distribute=algo=ring --split-input-file 2>&1 | FileCheck %s --check-prefix=ALGO
// RUN: not attn-opt %s --attn-star-distribute=root=-2 --split-input-file 2>&1 | FileCheck %s --check-prefix=ROOT
// RUN: not attn-opt %s --attn-star-distribute=payload=f16 --split-input-file 2>&1 | FileCheck %s --check-prefix=PAYLOAD

// ALGO: error: attn-star-distribute expects algo to be tree, allgather or allreduce, but got 'ring'
// ROOT: error: attn-star-distribute expects root to be -1 (every rank) or a rank, but got -2
// PAYLOAD: error: attn-star-distribute expects payload to be f32 or bf16, but got 'f16'

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

func.func @computed(%q: !q, %k: !kv) -> !q {
  // expected-note @below {{value defined here}}
  %v = arith.negf %k : !kv
  // expected-error @below {{'attn.sdpa' op cannot be distributed: value is computed here, of what every rank has; make it an argument of the function}}
  %o = attn.sdpa %q, %k, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>
!new = tensor<1x2x1x64xf32>

func.func @append(%q: !q, %nk: !new, %pos: index, %k: !kv {attn.inout}, %v: !kv {attn.inout}) -> (!q, !kv, !kv) {
  // expected-note @below {{appended here}}
  %kv:2 = attn.kv_append ins(%nk, %nk, %pos) outs(%k, %v) : (!new, !new, index, !kv, !kv) -> (!kv, !kv)
  // expected-error @below {{'attn.sdpa' op cannot be distributed: key is appended to here, by every rank; make the append a function of its own, which the rank that holds the position calls, and attend to the caches as arguments}}
  %o = attn.sdpa %q, %kv#0, %kv#1 : (!q, !kv, !kv) -> !q
  return %o, %kv#0, %kv#1 : !q, !kv, !kv
}

// -----

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

// expected-error @below {{cannot be distributed: argument 1 becomes a part of it (keys), and is used whole elsewhere; give that use an argument of its own}}
func.func @used_whole(%q: !q, %k: !kv) -> (!q, !kv) {
  %o = attn.sdpa %q, %k, %k : (!q, !kv, !kv) -> !q
  // expected-note @below {{used here}}
  return %o, %k : !q, !kv
}

// -----

!x = tensor<1x2x?x64xf32>

// Queries are the same on every rank, keys are not.
// expected-error @below {{cannot be distributed: argument 0 becomes a part of it (keys), and is used whole elsewhere}}
func.func @self(%x: !x, %y: !x) -> !x {
  %o = attn.sdpa %y, %x, %x : (!x, !x, !x) -> !x
  // expected-note @below {{used here}}
  %p = attn.sdpa %x, %y, %y : (!x, !x, !x) -> !x
  return %p : !x
}

// -----

!q = tensor<1x2x1x64xf32>
!kv = tensor<64x2x64x64xf32>

func.func @two_ways(%q: !q, %k: !kv, %t: tensor<1x4xi32>, %q64: tensor<64x2x1x64xf32>) -> !q {
  %o = attn.sdpa %q64, %k, %k : (tensor<64x2x1x64xf32>, !kv, !kv) -> tensor<64x2x1x64xf32>
  // expected-error @below {{cannot be distributed: argument 1, its key, is also cut otherwise, as #attn.shard<keys, dim = 2>, not #attn.shard<pool>}}
  %p = attn.sdpa %q, %k, %k page_table(%t) : (!q, !kv, !kv, tensor<1x4xi32>) -> !q
  return %p : !q
}

// -----

!q = tensor<1x8x3x64xf32>
!kv = tensor<1x2x?x64xf32>

func.func @last_key_unknown(%q: !q, %k: !kv) -> !q {
  // expected-error @below {{'attn.sdpa' op cannot be distributed: bottom_right ends in the last key, and no rank knows how many there are; give kv_len, or causal_offset instead}}
  %o = attn.sdpa %q, %k, %k causal bottom_right : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

func.func @approximate(%q: !q, %k: !kv) -> !q {
  // expected-error @below {{'attn.sdpa' op cannot be distributed as #attn.sparq; ranks compute attn.sdpa exactly, and the blocks of attn.star (attn-rewrite-to-star)}}
  %o = attn.sdpa %q, %k, %k strategy(#attn.sparq) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

func.func @other_op(%q: !q, %k: !kv) -> !q {
  // expected-error @below {{'attn.sparq' op cannot be distributed: only attn.sdpa and attn.star are}}
  %o = attn.sparq %q, %k, %k rank(8) top_k(16) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

func.func @loop(%q: !q, %k: !kv, %n: index) -> !q {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %q) -> !q {
    // expected-error @below {{'attn.sdpa' op cannot be distributed: it may be reached more than once, or not at all; all ranks have to make the same calls}}
    %o = attn.sdpa %x, %k, %k : (!q, !kv, !kv) -> !q
    scf.yield %o : !q
  }
  return %r : !q
}

// -----

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

// expected-error @below {{cannot be distributed: it is called by another function; inline it first (--inline)}}
func.func @callee(%q: !q, %k: !kv) -> !q {
  %o = attn.sdpa %q, %k, %k : (!q, !kv, !kv) -> !q
  return %o : !q
}
func.func @caller(%q: !q, %k: !kv) -> !q {
  %o = func.call @callee(%q, %k) : (!q, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>

// expected-error @below {{is distributed already: argument 1 is a communicator or a part}}
func.func @twice(%q: !q, %k: !kv {attn.shard = #attn.shard<keys, dim = 2>}) -> !q {
  %o = attn.sdpa %q, %k, %k : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

!q = tensor<1x8x1x64xf32>

// expected-error @below {{cannot be distributed: arguments of 64 and 128 keys cannot be cut at the same positions; make functions of their own of them}}
func.func @two_lengths(%q: !q, %k: tensor<1x2x64x64xf32>, %l: tensor<1x2x128x64xf32>) -> !q {
  %o = attn.sdpa %q, %k, %k : (!q, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>) -> !q
  %p = attn.sdpa %o, %l, %l : (!q, tensor<1x2x128x64xf32>, tensor<1x2x128x64xf32>) -> !q
  return %p : !q
}

// -----

!x = tensor<1x8x?x64xf32>

func.func @query_rows(%x: !x, %n: index) -> !x {
  // expected-error @below {{'attn.star' op cannot be distributed: it has query rows (context_len); run those as a function of their own, attn.sdpa over the caches}}
  %o = attn.star %x, %x, %x causal context_len(%n) block_size(64) anchor_size(64) : (!x, !x, !x, index) -> !x
  return %o : !x
}

// -----

!x = tensor<1x8x?x64xf32>

func.func @previous(%x: !x) -> !x {
  // expected-error @below {{'attn.star' op cannot be distributed: anchors are of the previous block, which another rank may hold; use anchor(first)}}
  %o = attn.star %x, %x, %x causal block_size(64) anchor_size(64) anchor(previous) : (!x, !x, !x) -> !x
  return %o : !x
}

// -----

!x = tensor<1x8x?x64xf32>

func.func @part_already(%x: !x, %i: index) -> !x {
  // expected-error @below {{'attn.star' op cannot be distributed: it is one rank's part already (anchors, offsets)}}
  %o = attn.star %x, %x, %x causal offsets(%i, %i, %i, %i) block_size(64) anchor_size(64)
    : (!x, !x, !x, index, index, index, index) -> !x
  return %o : !x
}

// -----

!x = tensor<1x8x?x64xf32>

func.func @star_bias(%x: !x, %b: tensor<1x1x1x?xf32>) -> !x {
  // expected-error @below {{'attn.star' op cannot be distributed: it has a bias, which speaks of keys in key, and ranks have anchors beside it; say it in the score region}}
  %o = attn.star %x, %x, %x causal bias(%b) block_size(64) anchor_size(64) : (!x, !x, !x, tensor<1x1x1x?xf32>) -> !x
  return %o : !x
}

// -----

func.func @star_sizes(%x: tensor<1x8x16x64xf32>, %y: tensor<1x8x32x64xf32>) -> tensor<1x8x16x64xf32> {
  // expected-error @below {{'attn.star' op cannot be distributed: expects seq_len_q and seq_len_kv to be equal, but got 16 and 32}}
  %o = attn.star %x, %y, %y causal block_size(8) anchor_size(8)
    : (tensor<1x8x16x64xf32>, tensor<1x8x32x64xf32>, tensor<1x8x32x64xf32>) -> tensor<1x8x16x64xf32>
  return %o : tensor<1x8x16x64xf32>
}

// -----

!x = tensor<1x8x?x64xf32>

func.func @more_of_rows(%x: !x) -> !x {
  // expected-error @below {{'attn.star' op cannot be distributed: its results are a rank's rows, and more is made of them; end the function with the attention}}
  %o = attn.star %x, %x, %x causal block_size(64) anchor_size(64) : (!x, !x, !x) -> !x
  // expected-note @below {{used here}}
  %p = arith.negf %o : !x
  return %p : !x
}

// -----

!x = tensor<1x8x?x64xf32>

func.func @two_block_sizes(%x: !x) -> (!x, !x) {
  %o = attn.star %x, %x, %x causal block_size(64) anchor_size(64) : (!x, !x, !x) -> !x
  // expected-error @below {{'attn.star' op cannot be distributed: argument 0, its query, is also cut otherwise, as #attn.shard<rows, dim = 2, unit = 64>, not #attn.shard<rows, dim = 2, unit = 32>}}
  %p = attn.star %x, %x, %x causal block_size(32) anchor_size(32) : (!x, !x, !x) -> !x
  return %o, %p : !x, !x
}

// -----

!x = tensor<1x8x?x64xf32>
!q = tensor<1x8x1x64xf32>

// expected-error @below {{cannot be distributed: it has context rows (attn.star), which ranks cut among them, and attention to a cache, for which all have the query; make functions of their own of them}}
func.func @both_phases(%x: !x, %q: !q, %k: !x) -> (!x, !q) {
  // expected-note @below {{context rows here}}
  %o = attn.star %x, %x, %x causal block_size(64) anchor_size(64) : (!x, !x, !x) -> !x
  // expected-note @below {{attention to a cache here}}
  %p = attn.sdpa %q, %k, %k : (!q, !x, !x) -> !q
  return %o, %p : !x, !q
}
