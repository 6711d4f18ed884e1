// RUN: attn-opt %s --attn-star-distribute --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --attn-star-distribute="algo=allgather root=2 payload=bf16" --split-input-file | FileCheck %s --check-prefix=OPTIONS
// RUN: attn-opt %s --attn-star-distribute --canonicalize --cse --split-input-file -o /dev/null
// RUN: attn-opt %s --attn-star-distribute --split-input-file | attn-opt --split-input-file -o /dev/null

// A decode step: nothing says where keys are, so only a communicator is added.
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    (%[[Q:[^:]+]]: tensor<1x8x1x64xf32>,
// CHECK-SAME:     %[[K:[^:]+]]: tensor<1x2x?x64xf32> {attn.shard = #attn.shard<keys, dim = 2>},
// CHECK-SAME:     %[[V:[^:]+]]: tensor<1x2x?x32xf32> {attn.shard = #attn.shard<keys, dim = 2>},
// CHECK-SAME:     %[[COMM:[^:]+]]: !attn.comm) -> (tensor<1x8x1x32xf32>, tensor<1x8x1xf32>)
// CHECK:         %[[PART:.+]]:2 = attn.partial ins(%[[Q]], %[[K]], %[[V]] scale(5.000000e-01)) outs(%{{.+}}, %{{.+}})
// CHECK:         %[[ALL:.+]]:2 = attn.dist_merge comm(%[[COMM]]) outs(%[[PART]]#0, %[[PART]]#1) :
// CHECK-NOT:     attn.merge
// CHECK:         return %[[ALL]]#0, %[[ALL]]#1
// OPTIONS-LABEL: func.func @decode
// OPTIONS:         attn.dist_merge comm(%{{.+}}) outs(%{{.+}}, %{{.+}}) algo(allgather) root(2) payload(bf16)
func.func @decode(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x4096x64xf32>, %v: tensor<1x2x4096x32xf32>)
    -> (tensor<1x8x1x32xf32>, tensor<1x8x1xf32>) {
  %o:2 = attn.sdpa %q, %k, %v scale(0.5)
    : (tensor<1x8x1x64xf32>, tensor<1x2x4096x64xf32>, tensor<1x2x4096x32xf32>)
    -> (tensor<1x8x1x32xf32>, tensor<1x8x1xf32>)
  return %o#0, %o#1 : tensor<1x8x1x32xf32>, tensor<1x8x1xf32>
}

// -----

// Lengths and the diagonal stay those of the whole; positions of keys begin at
// kv_offset. The result is cast to the type and layout of the op.
// CHECK-LABEL: func.func @positions
// CHECK-SAME:    %[[K:[^:]+]]: tensor<2x?x2x64xf16> {attn.shard = #attn.shard<keys, dim = 1>},
// CHECK-SAME:    %[[LEN:[^:]+]]: tensor<2xi64>, %[[AT:[^:]+]]: index,
// CHECK-SAME:    %[[OFF:[^:]+]]: index {attn.shard = #attn.shard<offset>}, %[[COMM:[^:]+]]: !attn.comm)
// CHECK:         attn.partial ins(%{{[^,]+}}, %[[K]], %[[K]] causal causal_offset(%[[AT]]) kv_len(%[[LEN]]) offsets(%c0, %c0, %c0, %[[OFF]]) layout(bshd))
// CHECK:         %[[ALL:.+]]:2 = attn.dist_merge
// CHECK:         attn.merge ins(%[[ALL]]#0 lse %[[ALL]]#1) outs(%{{.+}}) layout(bshd) {{.*}} -> tensor<2x5x8x64xf16>
func.func @positions(%q: tensor<2x5x8x64xf16>, %k: tensor<2x?x2x64xf16>, %len: tensor<2xi64>, %at: index)
    -> tensor<2x5x8x64xf16> {
  %o = attn.sdpa %q, %k, %k causal causal_offset(%at) kv_len(%len) layout(bshd)
    : (tensor<2x5x8x64xf16>, tensor<2x?x2x64xf16>, tensor<2x?x2x64xf16>, index, tensor<2xi64>)
    -> tensor<2x5x8x64xf16>
  return %o : tensor<2x5x8x64xf16>
}

// -----

// A tile of a larger problem is a tile of it on every rank.
// CHECK-LABEL: func.func @tile
// CHECK-SAME:    %[[I:[^:]+]]: index, %[[J:[^:]+]]: index, %[[OFF:[^:]+]]: index {attn.shard
// CHECK:         %[[AT:.+]] = affine.apply {{.*}}()[%[[J]], %[[OFF]]]
// CHECK:         attn.partial {{.*}} window(7, 0) offsets(%c0, %c0, %[[I]], %[[AT]])
func.func @tile(%q: tensor<1x8x4x64xf32>, %k: tensor<1x2x?x64xf32>, %i: index, %j: index)
    -> tensor<1x8x4x64xf32> {
  %c0 = arith.constant 0 : index
  %o = attn.sdpa %q, %k, %k window(7, 0) offsets(%c0, %c0, %i, %j)
    : (tensor<1x8x4x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, index, index, index, index)
    -> tensor<1x8x4x64xf32>
  return %o : tensor<1x8x4x64xf32>
}

// -----

// The last key is where kv_len, or the type, says.
// CHECK-LABEL: func.func @bottom_right_of_length
// CHECK:         %[[D:.+]] = tensor.generate
// CHECK:         attn.partial {{.*}} causal causal_offset(%[[D]]) kv_len
func.func @bottom_right_of_length(%q: tensor<2x8x3x64xf32>, %k: tensor<2x2x?x64xf32>, %len: tensor<2xi64>)
    -> tensor<2x8x3x64xf32> {
  %o = attn.sdpa %q, %k, %k causal bottom_right kv_len(%len)
    : (tensor<2x8x3x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2xi64>)
    -> tensor<2x8x3x64xf32>
  return %o : tensor<2x8x3x64xf32>
}

// CHECK-LABEL: func.func @bottom_right_of_type
// CHECK:         %[[D:.+]] = arith.constant 1021 : index
// CHECK:         attn.partial {{.*}} causal causal_offset(%[[D]]) offsets(
func.func @bottom_right_of_type(%q: tensor<2x8x3x64xf32>, %k: tensor<2x2x1024x64xf32>)
    -> tensor<2x8x3x64xf32> {
  %o = attn.sdpa %q, %k, %k causal bottom_right
    : (tensor<2x8x3x64xf32>, tensor<2x2x1024x64xf32>, tensor<2x2x1024x64xf32>)
    -> tensor<2x8x3x64xf32>
  return %o : tensor<2x8x3x64xf32>
}

// -----

// What has one element for each key is cut with the keys if it is an argument,
// and sliced if it is not, or if something else needs all of it. What is
// broadcast stays.
// CHECK-LABEL: func.func @along_keys
// CHECK-SAME:    %[[K:[^:]+]]: tensor<1x2x?x64xf32> {attn.shard
// CHECK-SAME:    %[[MASK:[^:]+]]: tensor<1x1x4x?xi1> {attn.shard = #attn.shard<keys, dim = 3>},
// CHECK-SAME:    %[[ROW:[^:]+]]: tensor<1x1x4x1xf32>, %[[BIAS:[^:]+]]: tensor<1x8x4x64xf32>,
// CHECK-SAME:    %[[OFF:[^:]+]]: index {attn.shard
// CHECK:         attn.partial ins(%{{[^,]+}}, %[[K]], %[[K]] mask(%[[MASK]]) bias(%[[ROW]]))
// CHECK:         %[[SUM:.+]] = arith.addf %[[BIAS]], %[[BIAS]]
// CHECK:         %[[NONE:.+]] = arith.cmpi eq, %[[N:.+]], %c0 : index
// CHECK:         %[[FIRST:.+]] = arith.select %[[NONE]], %c0, %[[OFF]]
// CHECK:         %[[SLICE:.+]] = tensor.extract_slice %[[SUM]][0, 0, 0, %[[FIRST]]] [1, 8, 4, %[[N]]]
// CHECK:         attn.partial ins(%{{[^,]+}}, %[[K]], %[[K]] mask(%[[MASK]]) bias(%[[SLICE]]))
func.func @along_keys(%q: tensor<1x8x4x64xf32>, %k: tensor<1x2x64x64xf32>, %mask: tensor<1x1x4x64xi1>,
    %row: tensor<1x1x4x1xf32>, %bias: tensor<1x8x4x64xf32>) -> (tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>) {
  %o = attn.sdpa %q, %k, %k mask(%mask) bias(%row)
    : (tensor<1x8x4x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x1x4x64xi1>, tensor<1x1x4x1xf32>)
    -> tensor<1x8x4x64xf32>
  %sum = arith.addf %bias, %bias : tensor<1x8x4x64xf32>
  %p = attn.sdpa %q, %k, %k mask(%mask) bias(%sum)
    : (tensor<1x8x4x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>, tensor<1x1x4x64xi1>, tensor<1x8x4x64xf32>)
    -> tensor<1x8x4x64xf32>
  return %o, %p : tensor<1x8x4x64xf32>, tensor<1x8x4x64xf32>
}

// -----

// 8-bit keys in pages: the table is cut, and speaks of the rank's own pools.
// Scales of a head stay, scales of a key are cut.
// CHECK-LABEL: func.func @paged
// CHECK-SAME:    %[[K:[^:]+]]: tensor<?x2x16x64xi8> {attn.shard = #attn.shard<pool>},
// CHECK-SAME:    %[[V:[^:]+]]: tensor<?x2x16x64xi8> {attn.shard = #attn.shard<pool>},
// CHECK-SAME:    %[[KS:[^:]+]]: tensor<1x2x1x1xf32>,
// CHECK-SAME:    %[[VS:[^:]+]]: tensor<1x2x?x1xf32> {attn.shard = #attn.shard<keys, dim = 2>},
// CHECK-SAME:    %[[TABLE:[^:]+]]: tensor<1x?xi32> {attn.shard = #attn.shard<pages, dim = 1, unit = 16>},
// CHECK:         attn.partial ins({{.*}} kv_len(%{{.+}}) key_scale(%[[KS]]) value_scale(%[[VS]]) page_table(%[[TABLE]]) offsets(
func.func @paged(%q: tensor<1x8x1x64xf16>, %k: tensor<32x2x16x64xi8>, %v: tensor<32x2x16x64xi8>,
    %ks: tensor<1x2x1x1xf32>, %vs: tensor<1x2x128x1xf32>, %table: tensor<1x8xi32>, %len: tensor<1xi64>)
    -> tensor<1x8x1x64xf16> {
  %o = attn.sdpa %q, %k, %v kv_len(%len) key_scale(%ks) value_scale(%vs) page_table(%table)
    : (tensor<1x8x1x64xf16>, tensor<32x2x16x64xi8>, tensor<32x2x16x64xi8>, tensor<1xi64>,
       tensor<1x2x1x1xf32>, tensor<1x2x128x1xf32>, tensor<1x8xi32>) -> tensor<1x8x1x64xf16>
  return %o : tensor<1x8x1x64xf16>
}

// -----

// Sinks join after the ranks, once. The region is asked about absolute keys.
// CHECK-LABEL: func.func @sinks
// CHECK-SAME:    %[[SINKS:[^:]+]]: tensor<8xf32>, %[[SLOPES:[^:]+]]: tensor<8xf32>,
// CHECK:         attn.partial ins({{.*}} offsets(%c0, %c0, %c0, %{{.+}})) outs(%{{.+}}, %{{.+}}) score {
// CHECK:           tensor.extract %[[SLOPES]]
// CHECK:         %[[ALL:.+]]:2 = attn.dist_merge
// CHECK:         %[[ZERO:.+]] = linalg.fill
// CHECK:         %[[SINK:.+]] = linalg.generic {{.*}} ins(%[[SINKS]]
// CHECK:         attn.merge ins(%[[ALL]]#0, %[[ZERO]] lse %[[ALL]]#1, %[[SINK]]) outs(%{{.+}}, %{{.+}})
func.func @sinks(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %sinks: tensor<8xf32>, %slopes: tensor<8xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>) {
  %o:2 = attn.sdpa %q, %k, %k sinks(%sinks) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %slopes[%h] : tensor<8xf32>
    %n = arith.index_cast %j : index to i64
    %x = arith.sitofp %n : i64 to f32
    %d = arith.mulf %slope, %x : f32
    %r = arith.addf %s, %d : f32
    attn.yield %r : f32
  } : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<8xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  return %o#0, %o#1 : tensor<1x8x1x64xf32>, tensor<1x8x1xf32>
}

// -----

// Context rows: nothing is communicated, the anchors come from outside, and the
// results are this rank's rows.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME:    (%[[Q:[^:]+]]: tensor<1x8x?x64xf16> {attn.shard = #attn.shard<rows, dim = 2, unit = 512>},
// CHECK-SAME:     %[[K:[^:]+]]: tensor<1x2x?x64xf16> {attn.shard = #attn.shard<rows, dim = 2, unit = 512>},
// CHECK-SAME:     %[[V:[^:]+]]: tensor<1x2x?x32xf16> {attn.shard = #attn.shard<rows, dim = 2, unit = 512>},
// CHECK-SAME:     %[[AK:[^:]+]]: tensor<1x2x128x64xf16> {attn.shard = #attn.shard<anchor, of = 1>},
// CHECK-SAME:     %[[AV:[^:]+]]: tensor<1x2x128x32xf16> {attn.shard = #attn.shard<anchor, of = 2>},
// CHECK-SAME:     %[[OFF:[^:]+]]: index {attn.shard = #attn.shard<offset>})
// CHECK-SAME:    -> (tensor<1x8x?x32xf16> {attn.shard = #attn.shard<rows, dim = 2, unit = 512>},
// CHECK-SAME:        tensor<1x8x?xf32> {attn.shard = #attn.shard<rows, dim = 2, unit = 512>})
// CHECK:         cf.assert %{{.+}}, "expects kv_offset to be a multiple of block_size" {attn.check = #attn.check<length>}
// CHECK:         attn.star %[[Q]], %[[K]], %[[V]] causal offsets(%c0, %c0, %[[OFF]], %[[OFF]]) block_size(512) anchor_size(128) anchors(%[[AK]], %[[AV]])
// CHECK-NOT:     attn.dist_merge
func.func @prefill(%q: tensor<1x8x4096x64xf16>, %k: tensor<1x2x4096x64xf16>, %v: tensor<1x2x4096x32xf16>)
    -> (tensor<1x8x4096x32xf16>, tensor<1x8x4096xf32>) {
  %o:2 = attn.star %q, %k, %v causal block_size(512) anchor_size(128)
    : (tensor<1x8x4096x64xf16>, tensor<1x2x4096x64xf16>, tensor<1x2x4096x32xf16>)
    -> (tensor<1x8x4096x32xf16>, tensor<1x8x4096xf32>)
  return %o#0, %o#1 : tensor<1x8x4096x32xf16>, tensor<1x8x4096xf32>
}

// -----

// Two layers that share a cache have one anchor of it; sinks are each row's own.
// CHECK-LABEL: func.func @layers
// CHECK-SAME:    %[[AK:[^:]+]]: tensor<1x512x2x64xf32> {attn.shard = #attn.shard<anchor, of = 1>}, %[[OFF:[^:]+]]: index
// CHECK:         attn.star {{.*}} kv_len(%{{.+}}) offsets(%c0, %c0, %[[OFF]], %[[OFF]]) layout(bshd) sinks(%{{.+}}) block_size(512) anchor_size(512) anchors(%[[AK]], %[[AK]])
// CHECK:         attn.star {{.*}} block_size(512) anchor_size(64) anchors(%[[AK]], %[[AK]])
func.func @layers(%q: tensor<1x?x8x64xf32>, %k: tensor<1x?x2x64xf32>, %sinks: tensor<8xf32>, %len: tensor<1xi64>)
    -> (tensor<1x?x8x64xf32>, tensor<1x?x8x64xf32>) {
  %o = attn.star %q, %k, %k causal kv_len(%len) layout(bshd) sinks(%sinks) block_size(512) anchor_size(512)
    : (tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>, tensor<1xi64>, tensor<8xf32>)
    -> tensor<1x?x8x64xf32>
  %p = attn.star %q, %k, %k causal layout(bshd) block_size(512) anchor_size(64)
    : (tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>) -> tensor<1x?x8x64xf32>
  return %o, %p : tensor<1x?x8x64xf32>, tensor<1x?x8x64xf32>
}

// -----

// Blocks without an anchor need nothing of each other.
// CHECK-LABEL: func.func @no_anchor
// CHECK-SAME:    %[[K:[^:]+]]: tensor<1x2x?x64xf32> {attn.shard = #attn.shard<rows, dim = 2, unit = 64>}, %[[OFF:[^:]+]]: index {attn.shard = #attn.shard<offset>})
// CHECK:         attn.star {{.*}} block_size(64) anchor_size(0) :
func.func @no_anchor(%q: tensor<1x8x?x64xf32>, %k: tensor<1x2x?x64xf32>) -> tensor<1x8x?x64xf32> {
  %o = attn.star %q, %k, %k causal block_size(64) anchor_size(0)
    : (tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}

// -----

// No row, no merge; and functions without attention are nobody's part.
// CHECK-LABEL: func.func @no_rows
// CHECK-NOT:     attn.dist_merge
// CHECK-LABEL: func.func @negative_no_attention
// CHECK-SAME:    (%{{[^:]+}}: tensor<4xf32>) -> tensor<4xf32>
func.func @no_rows(%q: tensor<1x8x0x64xf32>, %k: tensor<1x2x?x64xf32>) -> tensor<1x8x0x64xf32> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<1x8x0x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x8x0x64xf32>
  return %o : tensor<1x8x0x64xf32>
}
func.func @negative_no_attention(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
