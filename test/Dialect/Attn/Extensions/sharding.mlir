// RUN: attn-opt %s --pass-pipeline='builtin.module(func.func(sharding-propagation{traversal=forward-backward}))' | FileCheck %s --check-prefix=PROP
// RUN: attn-opt %s --attn-partition | FileCheck %s
shard.grid @hosts(shape = 4)
shard.grid @square(shape = 2x2)
!q = tensor<1x8x3x64xf32>
!kv = tensor<1x2x512x64xf32>
!l = tensor<1x8x3xf32>

// Keys: what is said of one operand goes over to all that have keys. A process
// attends to its own at their positions, and all merge.
// PROP-LABEL: func.func @keys
// PROP-DAG:     %[[WHOLE:.*]] = shard.sharding @hosts split_axes = {{\[}}[]]
// PROP-DAG:     %[[CUT:.*]] = shard.sharding @hosts split_axes = {{\[}}[], [], [0]]
// PROP:         shard.shard %{{.*}} to %{{.*}} annotate_for_users : tensor<1x8x3x64xf32>
// PROP:         shard.shard %arg2 to %{{.*}} annotate_for_users : tensor<1x2x512x64xf32>
// CHECK-DAG:  #[[$SHARE:.*]] = affine_map<()[s0] -> (s0 * 128)>
// CHECK-DAG:  #[[$MOVED:.*]] = affine_map<()[s0, s1] -> (s0 * 128 + s1)>
// CHECK-LABEL: func.func @keys
// CHECK-SAME:    %[[Q:.*]]: tensor<1x8x3x64xf32>, %[[K:.*]]: tensor<1x2x128x64xf32>, %[[V:.*]]: tensor<1x2x128x64xf32>, %[[COMM:.*]]: !attn.comm)
// CHECK:         %[[RANK:.*]] = attn.comm_rank %[[COMM]]
// CHECK-DAG:     %[[D:.*]] = arith.constant 509 : index
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[FIRST:.*]] = affine.apply #[[$SHARE]]()[%[[RANK]]]
// CHECK:         %[[P:.*]]:2 = attn.partial ins(%[[Q]], %[[K]], %[[V]] causal causal_offset(%[[D]]) offsets(%[[C0]], %[[C0]], %[[C0]], %[[FIRST]]))
// CHECK:         %[[M:.*]]:2 = attn.dist_merge comm(%[[COMM]]) outs(%[[P]]#0, %[[P]]#1) :
// CHECK-NOT:     attn.merge
// CHECK:         return %[[M]]#0, %[[M]]#1
func.func @keys(%q: !q, %k: !kv, %v: !kv) -> (!q, !l) {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : !kv
  %o:2 = attn.sdpa %q, %ks, %v causal bottom_right : (!q, !kv, !kv) -> (!q, !l)
  return %o#0, %o#1 : !q, !l
}

// Without positions nobody needs to know its rank, nor how many keys there are.
// CHECK-LABEL: func.func @unpositioned
// CHECK-SAME:    tensor<1x2x?x64xf32>
// CHECK-NOT:     attn.comm_rank
// CHECK:         attn.partial ins(%{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}}) outs
// CHECK:         attn.dist_merge
func.func @unpositioned(%q: !q, %k: tensor<1x2x?x64xf32>) -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : tensor<1x2x?x64xf32>
  %o = attn.sdpa %q, %ks, %ks
    : (!q, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> !q
  return %o : !q
}

// A grid of two axes whose all processes have keys, in the order of the axes:
// the last one named is the fastest. f16 and another layout: one attn.merge
// turns what was merged into the result. kv_len stays absolute.
// CHECK-LABEL: func.func @two_axes
// CHECK-SAME:    tensor<1x128x2x64xf16>
// CHECK-DAG:     %[[RANK:.*]] = attn.comm_rank
// CHECK-DAG:     %[[SLOW:.*]] = affine.apply #{{.*}}()[%[[RANK]]]
// CHECK-DAG:     %[[FAST:.*]] = affine.apply #{{.*}}()[%[[RANK]]]
// CHECK:         %[[FIRST:.*]] = affine.apply #{{.*}}()[%{{.*}}, %{{.*}}]
// CHECK:         %[[P:.*]]:2 = attn.partial ins({{.*}} kv_len(%{{.*}}) offsets(%{{.*}}, %[[FIRST]]) layout(bshd))
// CHECK:         %[[M:.*]]:2 = attn.dist_merge {{.*}} outs(%[[P]]#0, %[[P]]#1) : (!attn.comm, tensor<1x8x3x64xf32>
// CHECK:         attn.merge ins(%[[M]]#0 lse %[[M]]#1) outs(%{{.*}}) layout(bshd) :
// CHECK-SAME:      tensor<1x3x8x64xf16>
func.func @two_axes(%q: tensor<1x3x8x64xf16>, %k: tensor<1x512x2x64xf16>,
                    %len: tensor<1xi64>) -> tensor<1x3x8x64xf16> {
  %cut = shard.sharding @square split_axes = [[], [1, 0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : tensor<1x512x2x64xf16>
  %o = attn.sdpa %q, %ks, %ks kv_len(%len) layout(bshd)
    : (tensor<1x3x8x64xf16>, tensor<1x512x2x64xf16>, tensor<1x512x2x64xf16>,
       tensor<1xi64>) -> tensor<1x3x8x64xf16>
  return %o : tensor<1x3x8x64xf16>
}

// Sinks count once, after the merge, and not in rows beyond q_len.
// CHECK-LABEL: func.func @sinks
// CHECK-SAME:    %[[SINKS:[^:]*]]: tensor<8xf32>
// CHECK:         %[[D:.*]] = tensor.generate
// CHECK:         attn.partial ins({{.*}} causal causal_offset(%[[D]]) kv_len(%{{.*}}) q_len(%{{.*}}) offsets
// CHECK-NOT:     sinks
// CHECK:         %[[M:.*]]:2 = attn.dist_merge
// CHECK:         %[[ZERO:.*]] = linalg.fill
// CHECK:         %[[SINK:.*]] = linalg.generic {{.*}} ins(%[[SINKS]] :
// CHECK:           arith.select
// CHECK:         attn.merge ins(%[[M]]#0, %[[ZERO]] lse %[[M]]#1, %[[SINK]]) outs
func.func @sinks(%q: tensor<2x8x3x64xf32>, %k: tensor<2x2x512x64xf32>,
    %sinks: tensor<8xf32>, %kl: tensor<2xi64>, %ql: tensor<2xi64>)
    -> (tensor<2x8x3x64xf32>, tensor<2x8x3xf32>) {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : tensor<2x2x512x64xf32>
  %o:2 = attn.sdpa %q, %ks, %ks causal bottom_right kv_len(%kl) q_len(%ql)
      sinks(%sinks)
    : (tensor<2x8x3x64xf32>, tensor<2x2x512x64xf32>, tensor<2x2x512x64xf32>,
       tensor<2xi64>, tensor<2xi64>, tensor<8xf32>)
    -> (tensor<2x8x3x64xf32>, tensor<2x8x3xf32>)
  return %o#0, %o#1 : tensor<2x8x3x64xf32>, tensor<2x8x3xf32>
}

// A mask with an element for each key is cut with them, one for all is not.
// CHECK-LABEL: func.func @masks
// CHECK-SAME:    tensor<1x1x3x128xi1>, %{{.*}}: tensor<1x8x3x1xf32>
func.func @masks(%q: !q, %k: !kv, %m: tensor<1x1x3x512xi1>,
                 %b: tensor<1x8x3x1xf32>) -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : !kv
  %o = attn.sdpa %q, %ks, %ks mask(%m) bias(%b)
    : (!q, !kv, !kv, tensor<1x1x3x512xi1>, tensor<1x8x3x1xf32>) -> !q
  return %o : !q
}

// Pages: the page table is cut, its pool is not.
// CHECK-LABEL: func.func @pages
// CHECK-SAME:    tensor<9x2x16x64xf32>, %{{.*}}: tensor<1x8xi32>
// CHECK:         attn.partial ins({{.*}} page_table(%{{.*}})
func.func @pages(%q: !q, %k: tensor<9x2x16x64xf32>, %t: tensor<1x32xi32>)
    -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [0]] : !shard.sharding
  %ts = shard.shard %t to %cut annotate_for_users : tensor<1x32xi32>
  %o = attn.sdpa %q, %k, %k causal page_table(%ts)
    : (!q, tensor<9x2x16x64xf32>, tensor<9x2x16x64xf32>, tensor<1x32xi32>) -> !q
  return %o : !q
}

// Batch: lengths are cut with it, nothing is merged, nobody is asked.
// CHECK-LABEL: func.func @batch
// CHECK-SAME:    %[[Q:.*]]: tensor<2x8x3x64xf32>, %[[K:.*]]: tensor<2x2x512x64xf32>, %[[LEN:.*]]: tensor<2xi64>) -> (tensor<2x8x3x64xf32>, tensor<2x8x3xf32>)
// CHECK:         attn.sdpa %[[Q]], %[[K]], %[[K]] causal bottom_right kv_len(%[[LEN]]) :
func.func @batch(%q: tensor<8x8x3x64xf32>, %k: tensor<8x2x512x64xf32>,
    %len: tensor<8xi64>) -> (tensor<8x8x3x64xf32>, tensor<8x8x3xf32>) {
  %cut = shard.sharding @hosts split_axes = [[0]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : tensor<8x8x3x64xf32>
  %o:2 = attn.sdpa %qs, %k, %k causal bottom_right kv_len(%len)
    : (tensor<8x8x3x64xf32>, tensor<8x2x512x64xf32>, tensor<8x2x512x64xf32>,
       tensor<8xi64>) -> (tensor<8x8x3x64xf32>, tensor<8x8x3xf32>)
  return %o#0, %o#1 : tensor<8x8x3x64xf32>, tensor<8x8x3xf32>
}

// Whole groups of heads; a score region is told which head it is asked about.
// CHECK-LABEL: func.func @heads
// CHECK-SAME:    %[[Q:.*]]: tensor<1x2x3x64xf32>, %[[K:.*]]: tensor<1x1x512x64xf32>, %[[SLOPES:.*]]: tensor<8xf32>, %[[COMM:.*]]: !attn.comm) -> tensor<1x2x3x64xf32>
// CHECK:         %[[RANK:.*]] = attn.comm_rank %[[COMM]]
// CHECK:         %[[C0:.*]] = arith.constant 0 : index
// CHECK:         %[[HEAD:.*]] = affine.apply #{{.*}}()[%[[RANK]]]
// CHECK:         attn.sdpa %[[Q]], %[[K]], %[[K]] offsets(%[[C0]], %[[HEAD]], %[[C0]], %[[C0]]) score {
// CHECK:           tensor.extract %[[SLOPES]]
func.func @heads(%q: !q, %k: tensor<1x4x512x64xf32>, %slopes: tensor<8xf32>)
    -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [0]] : !shard.sharding
  %whole = shard.sharding @hosts split_axes = [[]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : !q
  %s = shard.shard %slopes to %whole annotate_for_users : tensor<8xf32>
  %o = attn.sdpa %qs, %k, %k score {
  ^bb0(%x: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %s[%h] : tensor<8xf32>
    %y = arith.addf %x, %slope : f32
    attn.yield %y : f32
  } : (!q, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> !q
  return %o : !q
}

// One key head serves all: it stays whole.
// CHECK-LABEL: func.func @one_kv_head
// CHECK-SAME:    tensor<1x2x3x64xf32>, %{{.*}}: tensor<1x1x512x64xf32>) -> tensor<1x2x3x64xf32>
func.func @one_kv_head(%q: !q, %k: tensor<1x1x512x64xf32>) -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [0]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : !q
  %o = attn.sdpa %qs, %k, %k
    : (!q, tensor<1x1x512x64xf32>, tensor<1x1x512x64xf32>) -> !q
  return %o : !q
}

// Queries and heads over a grid of two axes, said of the result.
// CHECK-LABEL: func.func @queries
// CHECK-SAME:    %{{.*}}: tensor<1x4x4x64xf32>, %{{.*}}: tensor<1x1x512x64xf32>, %{{.*}}: !attn.comm) -> tensor<1x4x4x64xf32>
// CHECK-DAG:     %[[RANK:.*]] = attn.comm_rank
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[D:.*]] = arith.constant 504 : index
// CHECK:         %[[ROW:.*]] = affine.apply
// CHECK:         %[[FIRST:.*]] = affine.apply #{{.*}}()[%[[ROW]]]
// CHECK:         attn.sdpa {{.*}} causal causal_offset(%[[D]]) offsets(%[[C0]], %[[C0]], %[[FIRST]], %[[C0]]) :
// CHECK-NOT:     attn.dist_merge
func.func @queries(%q: tensor<1x8x8x64xf32>, %k: !kv) -> tensor<1x8x8x64xf32> {
  %cut = shard.sharding @square split_axes = [[], [1], [0]] : !shard.sharding
  %o = attn.sdpa %q, %k, %k causal bottom_right
    : (tensor<1x8x8x64xf32>, !kv, !kv) -> tensor<1x8x8x64xf32>
  %os = shard.shard %o to %cut : tensor<1x8x8x64xf32>
  return %os : tensor<1x8x8x64xf32>
}

// Columns of value are columns of the output.
// CHECK-LABEL: func.func @columns
// CHECK-SAME:    tensor<1x8x3x64xf32>, %{{.*}}: tensor<1x2x512x64xf32>, %{{.*}}: tensor<1x2x512x8xf32>) -> (tensor<1x8x3x8xf32>, tensor<1x8x3xf32>)
func.func @columns(%q: !q, %k: !kv, %v: tensor<1x2x512x32xf32>)
    -> (tensor<1x8x3x32xf32>, !l) {
  %cut = shard.sharding @hosts split_axes = [[], [], [], [0]] : !shard.sharding
  %vs = shard.shard %v to %cut annotate_for_users : tensor<1x2x512x32xf32>
  %o:2 = attn.sdpa %q, %k, %vs
    : (!q, !kv, tensor<1x2x512x32xf32>) -> (tensor<1x8x3x32xf32>, !l)
  return %o#0, %o#1 : tensor<1x8x3x32xf32>, !l
}

// attn.partial is cut in the same ways. An argument of the right type is the
// communicator.
// CHECK-LABEL: func.func @partial
// CHECK-SAME:    %[[COMM:[^:]*]]: !attn.comm,
// CHECK-SAME:    %[[O:[^:]*]]: tensor<1x8x3x64xf32>, %[[L:[^:]*]]: tensor<1x8x3xf32>) ->
// CHECK:         %[[P:.*]]:2 = attn.partial ins({{.*}} outs(%[[O]], %[[L]])
// CHECK:         attn.dist_merge comm(%[[COMM]]) outs(%[[P]]#0, %[[P]]#1)
func.func @partial(%comm: !attn.comm, %q: !q, %k: !kv, %o: !q, %l: !l)
    -> (!q, !l) {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : !kv
  %p:2 = attn.partial ins(%q, %ks, %ks) outs(%o, %l)
    : (!q, !kv, !kv, !q, !l) -> (!q, !l)
  return %p#0, %p#1 : !q, !l
}

// Scalars are the same on every process; positions are added to. Scales of keys
// are cut with them.
// CHECK-LABEL: func.func @scalars
// CHECK-SAME:    tensor<1x2x128x64xi8>, %{{.*}}: tensor<1x2x128x1xf32>, %[[D:.*]]: index, %[[J:.*]]: index, %[[COMM:.*]]: !attn.comm)
// CHECK:         %[[RANK:.*]] = attn.comm_rank %[[COMM]]
// CHECK:         %[[FIRST:.*]] = affine.apply #[[$MOVED]]()[%[[RANK]], %[[J]]]
// CHECK:         attn.partial ins({{.*}} causal causal_offset(%[[D]]) key_scale(%{{.*}}) value_scale(%{{.*}}) offsets(%[[J]], %[[J]], %[[J]], %[[FIRST]]))
func.func @scalars(%q: !q, %k: tensor<1x2x512x64xi8>,
    %s: tensor<1x2x512x1xf32>, %d: index, %j: index) -> !q {
  %cut = shard.sharding @hosts split_axes = [[], [], [0]] : !shard.sharding
  %ks = shard.shard %k to %cut annotate_for_users : tensor<1x2x512x64xi8>
  %o = attn.sdpa %q, %ks, %ks causal causal_offset(%d) key_scale(%s)
      value_scale(%s) offsets(%j, %j, %j, %j)
    : (!q, tensor<1x2x512x64xi8>, tensor<1x2x512x64xi8>, index,
       tensor<1x2x512x1xf32>, tensor<1x2x512x1xf32>, index, index, index, index)
    -> !q
  return %o : !q
}

// Approximations choose for each head of key.
// CHECK-LABEL: func.func @star
// CHECK-SAME:    tensor<1x4x512x64xf32>, %{{.*}}: tensor<1x1x512x64xf32>, %{{.*}}: tensor<4xf32>, %{{.*}}: tensor<1x1x64x64xf32>, %[[L:.*]]: tensor<1xi64>) -> tensor<1x4x512x64xf32>
// CHECK:         attn.star {{.*}} sinks(%{{.*}}) context_len(%[[L]]) block_size(64) anchor_size(64) anchors(%{{.*}}, %{{.*}})
func.func @star(%q: tensor<1x8x512x64xf32>, %k: tensor<1x2x512x64xf32>,
    %s: tensor<8xf32>, %a: tensor<1x2x64x64xf32>, %l: tensor<1xi64>)
    -> tensor<1x8x512x64xf32> {
  %cut = shard.sharding @square split_axes = [[], [0]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : tensor<1x8x512x64xf32>
  %o = attn.star %qs, %k, %k causal sinks(%s) context_len(%l) block_size(64)
      anchor_size(64) anchors(%a, %a)
    : (tensor<1x8x512x64xf32>, tensor<1x2x512x64xf32>, tensor<1x2x512x64xf32>,
       tensor<8xf32>, tensor<1xi64>, tensor<1x2x64x64xf32>,
       tensor<1x2x64x64xf32>) -> tensor<1x8x512x64xf32>
  return %o : tensor<1x8x512x64xf32>
}

// Prefixes are cut as keys are; a block's keys stay together.
// CHECK-LABEL: func.func @block_local
// CHECK-SAME:    tensor<1x4x512x64xf32>, %{{.*}}: tensor<1x1x512x64xf32>, %{{.*}}: tensor<4xf32>, %{{.*}}: tensor<1x1x256x64xf32>, %[[L:.*]]: tensor<1xi64>) -> tensor<1x4x512x64xf32>
// CHECK:         attn.block_local {{.*}} causal kv_len(%[[L]]) sinks(%{{.*}}) block_len(4) prefix_len(2) prefix(%{{.*}}, %{{.*}})
func.func @block_local(%q: tensor<2x8x512x64xf32>, %k: tensor<2x2x512x64xf32>,
    %s: tensor<8xf32>, %p: tensor<2x2x256x64xf32>, %l: tensor<2xi64>)
    -> tensor<2x8x512x64xf32> {
  %cut = shard.sharding @square split_axes = [[1], [0]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : tensor<2x8x512x64xf32>
  %o = attn.block_local %qs, %k, %k causal kv_len(%l) sinks(%s) block_len(4)
      prefix_len(2) prefix(%p, %p)
    : (tensor<2x8x512x64xf32>, tensor<2x2x512x64xf32>, tensor<2x2x512x64xf32>,
       tensor<2xi64>, tensor<8xf32>, tensor<2x2x256x64xf32>,
       tensor<2x2x256x64xf32>) -> tensor<2x8x512x64xf32>
  return %o : tensor<2x8x512x64xf32>
}

// CHECK-LABEL: func.func @sparq
// CHECK-SAME:    tensor<1x4x1x64xf32>, %{{.*}}: tensor<1x1x512x64xf32>, %{{.*}}: tensor<1x1x4x64x128xf32>, %{{.*}}: tensor<1x1x64xf32>) -> tensor<1x4x1x64xf32>
// CHECK:         attn.sparq {{.*}} rank(8) top_k(16) local_window(4) realloc(on) group_reduce(logit) key_t(%{{.*}}) value_mean(%{{.*}})
func.func @sparq(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x512x64xf32>,
    %kt: tensor<1x2x4x64x128xf32>, %m: tensor<1x2x64xf32>)
    -> tensor<1x8x1x64xf32> {
  %cut = shard.sharding @square split_axes = [[], [0]] : !shard.sharding
  %qs = shard.shard %q to %cut annotate_for_users : tensor<1x8x1x64xf32>
  %o = attn.sparq %qs, %k, %k rank(8) top_k(16) local_window(4) realloc(on)
      group_reduce(logit) key_t(%kt) value_mean(%m)
    : (tensor<1x8x1x64xf32>, tensor<1x2x512x64xf32>, tensor<1x2x512x64xf32>,
       tensor<1x2x4x64x128xf32>, tensor<1x2x64xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}

// What has no shardings stays as it is.
// CHECK-LABEL: func.func @whole
// CHECK-SAME:    %{{[^,]*}}, %{{[^,]*}}) ->
// CHECK:         attn.sdpa %{{.*}} causal bottom_right :
func.func @whole(%q: !q, %k: !kv) -> !q {
  %o = attn.sdpa %q, %k, %k causal bottom_right : (!q, !kv, !kv) -> !q
  return %o : !q
}
