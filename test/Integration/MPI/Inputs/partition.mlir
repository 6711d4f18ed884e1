// Attention with shardings, and the same without, to compare with.
shard.grid @hosts(shape = 4)
shard.grid @square(shape = 2x2)

// Keys, seen by few queries; lse.
!q = tensor<1x8x3x64xf32>
!kv = tensor<1x2x512x64xf32>
!l = tensor<1x8x3xf32>
func.func @keys(%q: !q, %k: !kv, %v: !kv) -> (!q, !l) {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : !kv
  %vs = shard.shard %v to %cut annotate_for_users : !kv
  %o:2 = attn.sdpa %q, %ks, %vs causal bottom_right : (!q, !kv, !kv) -> (!q, !l)
  return %o#0, %o#1 : !q, !l
}
func.func @keys_whole(%q: !q, %k: !kv, %v: !kv) -> (!q, !l) {
  %o:2 = attn.sdpa %q, %k, %v causal bottom_right : (!q, !kv, !kv) -> (!q, !l)
  return %o#0, %o#1 : !q, !l
}

// Keys over a grid of two axes in another order, lengths that leave processes
// without a key, sinks, f16, another layout.
!qh = tensor<2x6x4x32xf16>
!kh = tensor<2x64x4x32xf16>
!lh = tensor<2x4x6xf32>
!n = tensor<2xi64>
func.func @lengths(%q: !qh, %k: !kh, %v: !kh, %kl: !n, %ql: !n,
                   %s: tensor<4xf32>) -> (!qh, !lh) {
  %cut = shard.sharding @square split_axes = [[], [1, 0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : !kh
  %o:2 = attn.sdpa %q, %ks, %v causal bottom_right kv_len(%kl) q_len(%ql)
      sinks(%s) layout(bshd)
    : (!qh, !kh, !kh, !n, !n, tensor<4xf32>) -> (!qh, !lh)
  return %o#0, %o#1 : !qh, !lh
}
func.func @lengths_whole(%q: !qh, %k: !kh, %v: !kh, %kl: !n, %ql: !n,
                         %s: tensor<4xf32>) -> (!qh, !lh) {
  %o:2 = attn.sdpa %q, %k, %v causal bottom_right kv_len(%kl) q_len(%ql)
      sinks(%s) layout(bshd)
    : (!qh, !kh, !kh, !n, !n, tensor<4xf32>) -> (!qh, !lh)
  return %o#0, %o#1 : !qh, !lh
}

// A mask and a bias that have something for each key.
!m = tensor<1x1x3x512xi1>
!b = tensor<1x8x1x512xf32>
func.func @masks(%q: !q, %k: !kv, %m: !m, %b: !b) -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : !kv
  %o = attn.sdpa %q, %ks, %ks mask(%m) bias(%b) softcap(3.0)
    : (!q, !kv, !kv, !m, !b) -> !q
  return %o : !q
}
func.func @masks_whole(%q: !q, %k: !kv, %m: !m, %b: !b) -> !q {
  %o = attn.sdpa %q, %k, %k mask(%m) bias(%b) softcap(3.0)
    : (!q, !kv, !kv, !m, !b) -> !q
  return %o : !q
}

// Pages of every process are anywhere in the pool.
!pool = tensor<33x2x16x64xf32>
!t = tensor<1x32xi32>
func.func @pages(%q: !q, %k: !pool, %t: !t) -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [0]] : !shard.sharding
  %ts = shard.shard %t to %cut annotate_for_users : !t
  %o = attn.sdpa %q, %k, %k window(100, 0) bottom_right page_table(%ts)
    : (!q, !pool, !pool, !t) -> !q
  return %o : !q
}
func.func @pages_whole(%q: !q, %k: !pool, %t: !t) -> !q {
  %o = attn.sdpa %q, %k, %k window(100, 0) bottom_right page_table(%t)
    : (!q, !pool, !pool, !t) -> !q
  return %o : !q
}

// Queries and heads.
!x = tensor<1x8x96x64xf32>
!y = tensor<1x2x96x64xf32>
func.func @queries(%q: !x, %k: !y) -> !x {
  %cut = shard.sharding @square split_axes = [[], [1], [0]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : !x
  %o = attn.sdpa %qs, %k, %k causal : (!x, !y, !y) -> !x
  return %o : !x
}
func.func @queries_whole(%q: !x, %k: !y) -> !x {
  %o = attn.sdpa %q, %k, %k causal : (!x, !y, !y) -> !x
  return %o : !x
}

// Batch entries and heads, whose score asks which they are.
!qb = tensor<4x4x5x32xf32>
!kb = tensor<4x2x40x32xf32>
!nb = tensor<4xi64>
func.func @scores(%q: !qb, %k: !kb, %kl: !nb, %slopes: tensor<4x4xf32>) -> !qb {
  %cut = shard.sharding @square split_axes = [[0], [1]] : !shard.sharding
  %whole = shard.sharding @square split_axes = [[]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : !qb
  %s = shard.shard %slopes to %whole annotate_for_users : tensor<4x4xf32>
  %o = attn.sdpa %qs, %k, %k kv_len(%kl) score {
  ^bb0(%x: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %s[%b, %h] : tensor<4x4xf32>
    %d = arith.subi %j, %i : index
    %d64 = arith.index_cast %d : index to i64
    %df = arith.sitofp %d64 : i64 to f32
    %bias = arith.mulf %slope, %df : f32
    %y = arith.addf %x, %bias : f32
    attn.yield %y : f32
  } : (!qb, !kb, !kb, !nb) -> !qb
  return %o : !qb
}
func.func @scores_whole(%q: !qb, %k: !kb, %kl: !nb, %s: tensor<4x4xf32>)
    -> !qb {
  %o = attn.sdpa %q, %k, %k kv_len(%kl) score {
  ^bb0(%x: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %s[%b, %h] : tensor<4x4xf32>
    %d = arith.subi %j, %i : index
    %d64 = arith.index_cast %d : index to i64
    %df = arith.sitofp %d64 : i64 to f32
    %bias = arith.mulf %slope, %df : f32
    %y = arith.addf %x, %bias : f32
    attn.yield %y : f32
  } : (!qb, !kb, !kb, !nb) -> !qb
  return %o : !qb
}

// Columns of value.
func.func @columns(%q: !q, %k: !kv, %v: !kv) -> (!q, !l) {
  %cut = shard.sharding @hosts split_axes = [[], [], [], [0]] : !shard.sharding
  %vs = shard.shard %v to %cut annotate_for_users : !kv
  %o:2 = attn.sdpa %q, %k, %vs : (!q, !kv, !kv) -> (!q, !l)
  return %o#0, %o#1 : !q, !l
}
func.func @columns_whole(%q: !q, %k: !kv, %v: !kv) -> (!q, !l) {
  %o:2 = attn.sdpa %q, %k, %v : (!q, !kv, !kv) -> (!q, !l)
  return %o#0, %o#1 : !q, !l
}
