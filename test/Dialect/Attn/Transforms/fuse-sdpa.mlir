// RUN: attn-opt %s --attn-fuse-sdpa | FileCheck %s

// Every modifier, the region and lse stay; an exact strategy has been heard.
// CHECK-LABEL: func.func @everything
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x4x64xf16>, %[[K:[^:]+]]: tensor<2x2x?x64xf16>, %[[LEN:[^:]+]]: tensor<2xi64>, %[[B:[^:]+]]: tensor<1x8x4x?xf32>, %[[S:[^:]+]]: tensor<8xf32>
// CHECK-DAG:     %[[O:.+]] = tensor.empty() : tensor<2x8x4x64xf16>
// CHECK-DAG:     %[[L:.+]] = tensor.empty() : tensor<2x8x4xf32>
// CHECK:         %[[R:.+]]:2 = attn.sdpa_step ins(%[[Q]], %[[K]], %[[K]] causal bottom_right scale(5.000000e-01) kv_len(%[[LEN]]) bias(%[[B]]) sinks(%[[S]])) outs(%[[O]], %[[L]]) score {
// CHECK-NOT:     attn.sdpa %
// CHECK:         return %[[R]]#0, %[[R]]#1
func.func @everything(%q: tensor<2x8x4x64xf16>, %k: tensor<2x2x?x64xf16>,
    %len: tensor<2xi64>, %b: tensor<1x8x4x?xf32>, %s: tensor<8xf32>)
    -> (tensor<2x8x4x64xf16>, tensor<2x8x4xf32>) {
  %r:2 = attn.sdpa %q, %k, %k causal bottom_right scale(0.5) kv_len(%len)
      bias(%b) sinks(%s) strategy(#attn.dense) score {
  ^bb0(%x: f32, %bb: index, %h: index, %i: index, %j: index):
    %y = arith.addf %x, %x : f32
    attn.yield %y : f32
  } : (tensor<2x8x4x64xf16>, tensor<2x2x?x64xf16>, tensor<2x2x?x64xf16>,
       tensor<2xi64>, tensor<1x8x4x?xf32>, tensor<8xf32>)
    -> (tensor<2x8x4x64xf16>, tensor<2x8x4xf32>)
  return %r#0, %r#1 : tensor<2x8x4x64xf16>, tensor<2x8x4xf32>
}

// The layout of the output is the query's.
// CHECK-LABEL: func.func @bshd
// CHECK:         tensor.empty(%{{.+}}) : tensor<1x?x4x32xf32>
// CHECK:         attn.sdpa_step {{.*}} layout(bshd)
func.func @bshd(%q: tensor<1x?x4x64xf32>, %v: tensor<1x?x4x32xf32>)
    -> tensor<1x?x4x32xf32> {
  %r = attn.sdpa %q, %q, %v layout(bshd)
    : (tensor<1x?x4x64xf32>, tensor<1x?x4x64xf32>, tensor<1x?x4x32xf32>)
    -> tensor<1x?x4x32xf32>
  return %r : tensor<1x?x4x32xf32>
}

// CHECK-LABEL: func.func @star
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x4x?x64xf32>, %[[C:[^:]+]]: index
// CHECK:         attn.star_step ins(%[[Q]], %[[Q]], %[[Q]] causal context_len(%[[C]]) block_size(64) anchor_size(32)) outs(%{{.+}}) :
func.func @star(%q: tensor<1x4x?x64xf32>, %c: index) -> tensor<1x4x?x64xf32> {
  %r = attn.star %q, %q, %q causal context_len(%c) block_size(64) anchor_size(32)
    : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, index)
    -> tensor<1x4x?x64xf32>
  return %r : tensor<1x4x?x64xf32>
}

// CHECK-LABEL: func.func @short_blocks
// CHECK:         attn.block_local_step ins({{.*}} causal block_len(5) prefix_len(2) prefix(
func.func @short_blocks(%q: tensor<2x4x50x64xf16>, %p: tensor<2x4x20x64xf16>)
    -> tensor<2x4x50x64xf16> {
  %r = attn.block_local %q, %q, %q causal block_len(5) prefix_len(2)
      prefix(%p, %p)
    : (tensor<2x4x50x64xf16>, tensor<2x4x50x64xf16>, tensor<2x4x50x64xf16>,
       tensor<2x4x20x64xf16>, tensor<2x4x20x64xf16>) -> tensor<2x4x50x64xf16>
  return %r : tensor<2x4x50x64xf16>
}

// Of any length and number of heads, with all modifiers and lse.
// CHECK-LABEL: func.func @other_blocks
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x?x50x64xf16>, %[[S:[^:]+]]: tensor<?xf32>
// CHECK:         attn.block_local_step ins(%[[Q]], %[[Q]], %[[Q]] causal sinks(%[[S]]) block_len(5)) outs(
// CHECK-NOT:     attn.block_local %
// CHECK:         attn.block_local_step ins({{.*}} offsets({{.*}}) block_len(100)) outs(%{{.+}}, %{{.+}}) score {
func.func @other_blocks(%q: tensor<2x?x50x64xf16>, %s: tensor<?xf32>,
    %l: tensor<1x2x?x64xf32>, %i: index)
    -> (tensor<2x?x50x64xf16>, tensor<1x2x?x64xf32>, tensor<1x2x?xf32>) {
  %r = attn.block_local %q, %q, %q causal sinks(%s) block_len(5)
    : (tensor<2x?x50x64xf16>, tensor<2x?x50x64xf16>, tensor<2x?x50x64xf16>,
       tensor<?xf32>) -> tensor<2x?x50x64xf16>
  %t, %lse = attn.block_local %l, %l, %l offsets(%i, %i, %i, %i) block_len(100)
      score {
  ^bb0(%x: f32, %b: index, %h: index, %row: index, %j: index):
    %y = arith.addf %x, %x : f32
    attn.yield %y : f32
  } : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>,
       index, index, index, index)
    -> (tensor<1x2x?x64xf32>, tensor<1x2x?xf32>)
  return %r, %t, %lse
    : tensor<2x?x50x64xf16>, tensor<1x2x?x64xf32>, tensor<1x2x?xf32>
}
