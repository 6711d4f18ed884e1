// The key ranges of small problems, written out; each is also compared with the
// definition of visibility for every tile of queries.
// RUN: attn-opt %s --test-attn-key-ranges="tile=4" -o /dev/null --split-input-file --verify-diagnostics

!q = tensor<1x1x8x4xf32>
func.func @everything(%q: !q) -> !q {
  // expected-remark @below {{batch 0, queries [0, 4): [0, 8) unmasked}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 8) unmasked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 64 visible pairs}}
  %0 = attn.sdpa %q, %q, %q : (!q, !q, !q) -> !q
  return %0 : !q
}

// -----

!q = tensor<1x1x8x4xf32>
func.func @causal(%q: !q) -> !q {
  // expected-remark @below {{batch 0, queries [0, 4): [0, 1) unmasked [1, 4) masked}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 5) unmasked [5, 8) masked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 36 visible pairs}}
  %0 = attn.sdpa %q, %q, %q causal : (!q, !q, !q) -> !q
  return %0 : !q
}

// -----

// More queries than keys, top left: late queries see every key.
!q = tensor<1x1x8x4xf32>
!k = tensor<1x1x3x4xf32>
func.func @causal_more_queries(%q: !q, %k: !k) -> !q {
  // expected-remark @below {{batch 0, queries [0, 4): [0, 1) unmasked [1, 3) masked}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 3) unmasked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 21 visible pairs}}
  %0 = attn.sdpa %q, %k, %k causal : (!q, !k, !k) -> !q
  return %0 : !q
}

// -----

// The same, bottom right: early queries see nothing.
!q = tensor<1x1x8x4xf32>
!k = tensor<1x1x3x4xf32>
func.func @bottom_right_more_queries(%q: !q, %k: !k) -> !q {
  // expected-remark @below {{batch 0, queries [0, 4): nothing}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 3) masked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 6 visible pairs}}
  %0 = attn.sdpa %q, %k, %k causal bottom_right : (!q, !k, !k) -> !q
  return %0 : !q
}

// -----

// A decode step: the last query sees the whole cache that is in use.
!q = tensor<2x1x1x4xf32>
!k = tensor<2x1x16x4xf32>
func.func @bottom_right_cache(%q: !q, %k: !k) -> !q {
  %len = arith.constant dense<[5, 16]> : tensor<2xi64>
  // expected-remark @below {{batch 0, queries [0, 1): [0, 5) unmasked}}
  // expected-remark @below {{batch 1, queries [0, 1): [0, 16) unmasked}}
  // expected-remark @below {{key ranges hold: 6 tiles, 21 visible pairs}}
  %0 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%len)
    : (!q, !k, !k, tensor<2xi64>) -> !q
  return %0 : !q
}

// -----

!q = tensor<1x1x8x4xf32>
func.func @negative_causal_offset(%q: !q) -> !q {
  %off = arith.constant -6 : index
  // expected-remark @below {{batch 0, queries [0, 4): nothing}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 2) masked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 3 visible pairs}}
  %0 = attn.sdpa %q, %q, %q causal causal_offset(%off)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

// -----

!q = tensor<2x1x4x4xf32>
func.func @causal_offset_per_batch(%q: !q) -> !q {
  %off = arith.constant dense<[1, -1]> : tensor<2xi64>
  // expected-remark @below {{batch 0, queries [0, 4): [0, 2) unmasked [2, 4) masked}}
  // expected-remark @below {{batch 1, queries [0, 4): [0, 3) masked}}
  // expected-remark @below {{key ranges hold: 30 tiles, 19 visible pairs}}
  %0 = attn.sdpa %q, %q, %q causal causal_offset(%off)
    : (!q, !q, !q, tensor<2xi64>) -> !q
  return %0 : !q
}

// -----

// A sliding window: a masked left edge, an interior, a masked right edge.
!q = tensor<1x1x16x4xf32>
func.func @sliding_window(%q: !q) -> !q {
  // expected-remark @below {{batch 0, queries [0, 4): [0, 1) unmasked [1, 4) masked}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 2) masked [2, 5) unmasked [5, 8) masked}}
  // expected-remark @below {{batch 0, queries [8, 12): [3, 6) masked [6, 9) unmasked [9, 12) masked}}
  // expected-remark @below {{batch 0, queries [12, 16): [7, 10) masked [10, 13) unmasked [13, 16) masked}}
  // expected-remark @below {{key ranges hold: 153 tiles, 81 visible pairs}}
  %0 = attn.sdpa %q, %q, %q window(5, 0) : (!q, !q, !q) -> !q
  return %0 : !q
}

// -----

// A window narrower than a tile has two edges and no interior.
!q = tensor<1x1x8x4xf32>
func.func @narrow_window(%q: !q) -> !q {
  // expected-remark @below {{batch 0, queries [0, 4): [0, 2) masked [2, 5) masked}}
  // expected-remark @below {{batch 0, queries [4, 8): [3, 6) masked [6, 8) masked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 22 visible pairs}}
  %0 = attn.sdpa %q, %q, %q window(1, 1) : (!q, !q, !q) -> !q
  return %0 : !q
}

// -----

// The largest window there is hides nothing.
!q = tensor<1x1x8x4xf32>
func.func @huge_window(%q: !q) -> !q {
  // expected-remark @below {{batch 0, queries [0, 4): [0, 8) unmasked}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 8) unmasked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 64 visible pairs}}
  %0 = attn.sdpa %q, %q, %q window(281474976710656, 281474976710656)
    : (!q, !q, !q) -> !q
  return %0 : !q
}

// -----

// Rows beyond q_len see nothing; a tile that holds one is masked. An empty
// batch entry has no range; a length beyond the keys is clamped.
!q = tensor<3x1x8x4xf32>
func.func @lengths(%q: !q) -> !q {
  %lq = arith.constant dense<[6, 8, 0]> : tensor<3xi64>
  %lk = arith.constant dense<[3, 100, 8]> : tensor<3xi64>
  // expected-remark @below {{batch 0, queries [0, 4): [0, 3) unmasked}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 3) masked}}
  // expected-remark @below {{batch 1, queries [0, 4): [0, 8) unmasked}}
  // expected-remark @below {{batch 1, queries [4, 8): [0, 8) unmasked}}
  // expected-remark @below {{batch 2, queries [0, 4): nothing}}
  // expected-remark @below {{batch 2, queries [4, 8): nothing}}
  // expected-remark @below {{key ranges hold: 135 tiles, 82 visible pairs}}
  %0 = attn.sdpa %q, %q, %q kv_len(%lk) q_len(%lq)
    : (!q, !q, !q, tensor<3xi64>, tensor<3xi64>) -> !q
  return %0 : !q
}

// -----

// A tile: queries 8..15 against keys 4..11 of a causal problem whose lengths
// are absolute.
!q = tensor<1x1x8x4xf32>
!row = tensor<1x1x8xf32>
func.func @tile(%q: !q, %m: !row) -> (!q, !row, !row) {
  %c0 = arith.constant 0 : index
  %i = arith.constant 8 : index
  %j = arith.constant 4 : index
  %len = arith.constant dense<[10]> : tensor<1xi64>
  // expected-remark @below {{batch 0, queries [0, 4): [0, 5) unmasked [5, 6) masked}}
  // expected-remark @below {{batch 0, queries [4, 8): [0, 6) unmasked}}
  // expected-remark @below {{key ranges hold: 45 tiles, 47 visible pairs}}
  %r:3 = attn.online ins(%q, %q, %q causal kv_len(%len)
      offsets(%c0, %c0, %i, %j)) outs(%q, %m, %m)
    : (!q, !q, !q, tensor<1xi64>, index, index, index, index, !q, !row, !row)
    -> (!q, !row, !row)
  return %r#0, %r#1, %r#2 : !q, !row, !row
}

// -----

// The keys of pools are pages * page_size; layout bshd.
!q = tensor<1x4x2x4xf32>
!pool = tensor<9x2x1x4xf32>
!row = tensor<1x2x4xf32>
!o = tensor<1x2x4x4xf32>
func.func @pages(%q: !q, %pool: !pool, %table: tensor<1x3xi32>, %o: !o, %l: !row)
    -> (!o, !row) {
  // expected-remark @below {{batch 0, queries [0, 4): [0, 3) unmasked [3, 6) masked}}
  // expected-remark @below {{key ranges hold: 15 tiles, 18 visible pairs}}
  %r:2 = attn.partial ins(%q, %pool, %pool causal bottom_right
      page_table(%table) layout(bshd)) outs(%o, %l)
    : (!q, !pool, !pool, tensor<1x3xi32>, !o, !row) -> (!o, !row)
  return %r#0, %r#1 : !o, !row
}

// -----

// No key, and no query.
!q = tensor<1x1x4x4xf32>
!k = tensor<1x1x0x4xf32>
func.func @no_key(%q: !q, %k: !k) -> (!q, !k) {
  // expected-remark @below {{batch 0, queries [0, 4): nothing}}
  // expected-remark @below {{key ranges hold: 15 tiles, 0 visible pairs}}
  %0 = attn.sdpa %q, %k, %k causal bottom_right : (!q, !k, !k) -> !q
  // expected-remark @below {{key ranges hold: 1 tiles, 0 visible pairs}}
  %1 = attn.sdpa %k, %q, %q window(2, 2) : (!k, !q, !q) -> !k
  return %0, %1 : !q, !k
}

// -----

// What the pass cannot check it refuses.
func.func @dynamic(%q: tensor<1x1x?x4xf32>) -> tensor<1x1x?x4xf32> {
  // expected-error @below {{needs static sizes}}
  %0 = attn.sdpa %q, %q, %q causal
    : (tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
    -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}
