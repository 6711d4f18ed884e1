// What cannot be cut, and why not. Nothing of this reaches shard-partition.
// RUN: attn-opt %s --split-input-file --verify-diagnostics --attn-partition

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kvr = tensor<1x2x510x64xf32>
func.func @ragged(%q: !q, %k: !kvr) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kvr
  // expected-error @below {{'attn.sdpa' op expects seq_len_kv of key to be a multiple of the 4 processes it is cut over, but got 510; pad key and value and give kv_len}}
  %o = attn.sdpa %q, %ks, %ks : (!q, !kvr, !kvr) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @group_cut(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [0]] : !shard.sharding
  %qs = shard.shard %q to %s annotate_for_users : !q
  // expected-error @below {{'attn.sdpa' op expects num_kv_heads of key to be a multiple of the 4 processes it is cut over, but got 2; a process needs whole groups of query heads: cut over fewer processes, or cut batch, queries or keys}}
  %o = attn.sdpa %qs, %k, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @head_dim(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [], [0]] : !shard.sharding
  %qs = shard.shard %q to %s annotate_for_users : !q
  // expected-error @below {{'attn.sdpa' op expects head_dim to stay whole: softmax needs sums over all of it; cut batch, heads, queries or keys instead}}
  %o = attn.sdpa %qs, %k, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @two(shape = 2x2)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @part_of_grid(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @two split_axes = [[], [], [1]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects keys to be cut over all of grid @two, but it has axes beside [1]: partial results are merged over all processes}}
  %o = attn.sdpa %q, %ks, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @one_axis_twice(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %qs = shard.shard %q to %s annotate_for_users : !q
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects a grid axis to cut one thing, but axis 0 cuts seq_len_q and seq_len_kv; use a grid with an axis for each, or leave one whole}}
  %o = attn.sdpa %qs, %ks, %v causal : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @two(shape = 2x2)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
!m = tensor<1x1x4x512xi1>
func.func @mask_differs(%q: !q, %k: !kv, %v: !kv, %m: !m) -> !q {
  %s = shard.sharding @two split_axes = [[], [], [0, 1]] : !shard.sharding
  %t = shard.sharding @two split_axes = [[], [], [], [1, 0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  %ms = shard.shard %m to %t annotate_for_users : !m
  // expected-error @below {{'attn.sdpa' op expects every operand and result to be cut alike along seq_len_kv, but key is cut over grid axes [0, 1] and mask over [1, 0]}}
  %o = attn.sdpa %q, %ks, %v mask(%ms) : (!q, !kv, !kv, !m) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
!m = tensor<1x1x4x1xi1>
func.func @mask_of_one(%q: !q, %k: !kv, %v: !kv, %m: !m) -> !q {
  %t = shard.sharding @hosts split_axes = [[], [], [], [0]] : !shard.sharding
  %ms = shard.shard %m to %t annotate_for_users : !m
  // expected-error @below {{'attn.sdpa' op expects dimension 3 of mask to stay whole on every process: its one element serves all}}
  %o = attn.sdpa %q, %k, %v mask(%ms) : (!q, !kv, !kv, !m) -> !q
  return %o : !q
}

// -----

shard.grid @any(shape = ?)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @dynamic_grid(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @any split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects a static size of grid axis 0 of @any, along which key is cut; attn-star-distribute makes programs for any number of ranks}}
  %o = attn.sdpa %q, %ks, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x?x64xf32>
func.func @dynamic_keys(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects a static seq_len_kv of key, which is cut over 4 processes: positions depend on it; attn-star-distribute cuts keys of any number}}
  %o = attn.sdpa %q, %ks, %v causal : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
// expected-note @below {{read in the region}}
func.func @captured(%q: !q, %k: !kv, %v: !kv, %slopes: tensor<8xf32>) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects what its region reads to be whole on every process; annotate it with a shard.shard that splits nothing, and read that one's result}}
  %o = attn.sdpa %q, %ks, %v score {
      ^bb0(%x: f32, %b: index, %h: index, %i: index, %j: index):
        %slope = tensor.extract %slopes[%h] : tensor<8xf32>
        %r = arith.addf %slope, %x : f32
        attn.yield %r : f32
      } : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
// expected-error @below {{'func.func' op expects every tensor argument to have a sharding, but argument 3 is not used; remove it}}
func.func @unused(%q: !q, %k: !kv, %v: !kv, %u: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  %o = attn.sdpa %q, %ks, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @gathered(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %w = shard.sharding @hosts split_axes = [[]] : !shard.sharding
  %qs = shard.shard %q to %s annotate_for_users : !q
  // expected-note @below {{the operand's sharding}}
  %o = attn.sdpa %qs, %k, %v : (!q, !kv, !kv) -> !q
  // expected-error @below {{'shard.shard' op expects the sharding that its operand has: nothing lowers the collective that would move shards; annotate both alike}}
  %os = shard.shard %o to %w annotate_for_users : !q
  return %os : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @strategy(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects all queries and keys on every process where an approximation chooses among them, but its strategy is #attn.sparq<rank = 8, top_k = 8>; cut batch or heads, or remove the strategy}}
  %o = attn.sdpa %q, %ks, %v strategy(#attn.sparq<rank = 8, top_k = 8>) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @offsets(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] sharded_dims_offsets = [0, 100, 200, 300, 512] : !shard.sharding
  // expected-error @below {{'shard.shard' op expects shards of equal sizes, without halo_sizes or sharded_dims_offsets; pad tensors (attention takes kv_len and q_len)}}
  %ks = shard.shard %k to %s annotate_for_users : !kv
  %o = attn.sdpa %q, %ks, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
shard.grid @others(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @two_grids(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %t = shard.sharding @others split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  %vs = shard.shard %v to %t annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects shardings over one grid, but value is over @others and others are over @hosts}}
  %o = attn.sdpa %q, %ks, %vs : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<9x2x16x64xf32>
func.func @pool(%q: !q, %k: !kv, %t: tensor<1x32xi32>) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sdpa' op expects dimension 2 of key to stay whole on every process: every process needs all of it}}
  %o = attn.sdpa %q, %ks, %ks page_table(%t)
    : (!q, !kv, !kv, tensor<1x32xi32>) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<?x8x4x64xf32>
!kv = tensor<?x2x512x64xf32>
func.func @dynamic_batch(%q: !q, %k: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[0]] : !shard.sharding
  %qs = shard.shard %q to %s annotate_for_users : !q
  // expected-error @below {{'attn.sdpa' op expects a static batch of query, which is cut over 4 processes: positions depend on it}}
  %o = attn.sdpa %qs, %k, %k score {
  ^bb0(%x: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %x : f32
  } : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<?x8x4x64xf32>
!kv = tensor<?x2x512x64xf32>
!m = tensor<?x1x4x512xi1>
func.func @dynamic_mask(%q: !q, %k: !kv, %m: !m) -> !q {
  %s = shard.sharding @hosts split_axes = [[0]] : !shard.sharding
  %qs = shard.shard %q to %s annotate_for_users : !q
  // expected-error @below {{'attn.sdpa' op expects a static batch of mask, which is cut over 4 processes: it may be 1, or not a multiple of them}}
  %o = attn.sdpa %qs, %k, %k mask(%m) : (!q, !kv, !kv, !m) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x4x64xf32>
!kv = tensor<1x2x512x64xf32>
// No traversal of upstream's reaches an op whose operands say nothing.
func.func @not_propagated(%q: !q, %k: !kv, %x: tensor<8xf32>)
    -> (!q, tensor<8xf32>) {
  %s = shard.sharding @hosts split_axes = [[0]] : !shard.sharding
  %xs = shard.shard %x to %s annotate_for_users : tensor<8xf32>
  // expected-error @below {{'attn.sdpa' op expects operands annotated with shard.shard; run sharding-propagation{traversal=forward-backward}}}
  %o = attn.sdpa %q, %k, %k : (!q, !kv, !kv) -> !q
  return %o, %xs : !q, tensor<8xf32>
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x?x4x64xf32>
!kv = tensor<1x?x512x64xf32>
func.func @dynamic_heads(%q: !q, %k: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [0]] : !shard.sharding
  %qs = shard.shard %q to %s annotate_for_users : !q
  // expected-error @below {{'attn.sdpa' op expects a static num_heads of query, which is cut over 4 processes: it may be 1, or not a multiple of them}}
  %o = attn.sdpa %qs, %k, %k : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x512x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @star(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.star' op expects all queries and keys on every process: it chooses among them; cut batch or heads, or run attn-star-distribute instead}}
  %o = attn.star %q, %ks, %v causal block_size(128) anchor_size(128)
    : (!q, !kv, !kv) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x2x512x64xf32>
func.func @block_local(%q: !q, %k: !q, %v: !q) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !q
  // expected-error @below {{'attn.block_local' op expects all queries and keys on every process: a block may lie anywhere among them; cut batch or heads}}
  %o = attn.block_local %q, %ks, %v causal block_len(4) : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x2x512x64xf32>
!p = tensor<1x2x128x64xf32>
func.func @prefix(%q: !q, %p: !p) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ps = shard.shard %p to %s annotate_for_users : !p
  // expected-error @below {{'attn.block_local' op expects dimension 2 of prefix_key to stay whole on every process: every process needs all of it}}
  %o = attn.block_local %q, %q, %q causal block_len(4) prefix_len(1)
    prefix(%ps, %p) : (!q, !q, !q, !p, !p) -> !q
  return %o : !q
}

// -----

shard.grid @hosts(shape = 4)
!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x512x64xf32>
func.func @sparq(%q: !q, %k: !kv, %v: !kv) -> !q {
  %s = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %s annotate_for_users : !kv
  // expected-error @below {{'attn.sparq' op expects all queries and keys on every process: it chooses among them; cut batch or heads}}
  %o = attn.sparq %q, %ks, %v rank(8) top_k(16) : (!q, !kv, !kv) -> !q
  return %o : !q
}
