// RUN: attn-opt %s --attn-raise --mlir-print-op-on-diagnostic=false 2>%t.remarks \
// RUN:   | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks

// Dimensions are told apart by which operands have them: query, key and value
// in orders and sharings that no captured program has, and what is refused.

#all = affine_map<(b, h, i, j) -> (b, h, i, j)>
!q = tensor<2x4x12x8xf32>
!k = tensor<2x4x20x8xf32>
!s = tensor<2x4x12x20xf32>

// Heads before the batch, channels before the sequence: transposes.
// CHECK-LABEL: func.func @any_order(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<4x2x12x8xf32>, %[[K:[^:]+]]: tensor<8x2x4x20xf32>, %[[V:[^:]+]]: tensor<20x2x4x8xf32>
// CHECK:         %[[QT:.+]] = linalg.transpose ins(%[[Q]] {{.*}} permutation = [1, 0, 2, 3]
// CHECK:         %[[KT:.+]] = linalg.transpose ins(%[[K]] {{.*}} permutation = [1, 2, 3, 0]
// CHECK:         %[[VT:.+]] = linalg.transpose ins(%[[V]] {{.*}} permutation = [1, 2, 0, 3]
// CHECK:         %[[O:.+]] = attn.sdpa %[[QT]], %[[KT]], %[[VT]]
// CHECK:         linalg.transpose ins(%[[O]] {{.*}} permutation = [3, 2, 1, 0]
func.func @any_order(%q: tensor<4x2x12x8xf32>, %k: tensor<8x2x4x20xf32>,
                     %v: tensor<20x2x4x8xf32>) -> tensor<8x12x4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (h, b, i, d)>,
      affine_map<(b, h, i, j, d) -> (d, b, h, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : tensor<4x2x12x8xf32>, tensor<8x2x4x20xf32>) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : tensor<8x12x4x2xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<8x12x4x2xf32>) -> tensor<8x12x4x2xf32>
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (j, b, h, d)>,
      affine_map<(b, h, i, j, d) -> (d, i, h, b)>]
    ins(%p, %v : !s, tensor<20x2x4x8xf32>) outs(%o1 : tensor<8x12x4x2xf32>) -> tensor<8x12x4x2xf32>
  return %o : tensor<8x12x4x2xf32>
}

// Value times probabilities, the operands the other way round.
// CHECK-LABEL: func.func @value_first(
// CHECK:         attn.sdpa %arg0, %arg1, %arg2
func.func @value_first(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%k, %q : !k, !q) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%v, %p : !k, !s) outs(%o1 : !q) -> !q
  return %o : !q
}

// One key head for a group of query heads, repeated by no op: it just is not
// indexed by the group.
// CHECK-LABEL: func.func @group_by_indexing(
// CHECK:         %[[Q:.+]] = tensor.collapse_shape %arg0 {{\[}}[0], [1, 2], [3], [4]]
// CHECK:         attn.sdpa %[[Q]], %arg1, %arg1
// CHECK-SAME:      (tensor<2x6x12x8xf32>, tensor<2x2x20x8xf32>, tensor<2x2x20x8xf32>)
func.func @group_by_indexing(%q: tensor<2x2x3x12x8xf32>, %k: tensor<2x2x20x8xf32>)
    -> tensor<2x2x3x12x8xf32> {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : tensor<2x2x3x12x20xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x2x3x12x20xf32>) -> tensor<2x2x3x12x20xf32>
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, g, i, j, d) -> (b, h, g, i, d)>,
      affine_map<(b, h, g, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, g, i, j, d) -> (b, h, g, i, j)>]
    ins(%q, %k : tensor<2x2x3x12x8xf32>, tensor<2x2x20x8xf32>)
    outs(%s1 : tensor<2x2x3x12x20xf32>) -> tensor<2x2x3x12x20xf32>
  %p = linalg.softmax dimension(4) ins(%s : tensor<2x2x3x12x20xf32>)
    outs(%s0 : tensor<2x2x3x12x20xf32>) -> tensor<2x2x3x12x20xf32>
  %o0 = tensor.empty() : tensor<2x2x3x12x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x2x3x12x8xf32>) -> tensor<2x2x3x12x8xf32>
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, g, i, j, d) -> (b, h, g, i, j)>,
      affine_map<(b, h, g, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, g, i, j, d) -> (b, h, g, i, d)>]
    ins(%p, %k : tensor<2x2x3x12x20xf32>, tensor<2x2x20x8xf32>)
    outs(%o1 : tensor<2x2x3x12x8xf32>) -> tensor<2x2x3x12x8xf32>
  return %o : tensor<2x2x3x12x8xf32>
}

// Query heads that share key heads in turns (h % 2), with nothing repeated in
// memory: query heads are reordered.
// CHECK-LABEL: func.func @heads_in_turns(
// CHECK:         linalg.transpose ins(%{{.+}} : tensor<2x3x2x12x8xf32>) {{.*}} permutation = [0, 2, 1, 3, 4]
// CHECK:         attn.sdpa %{{.+}}, %arg1, %arg1
// CHECK-SAME:      (tensor<2x6x12x8xf32>, tensor<2x2x20x8xf32>, tensor<2x2x20x8xf32>)
// CHECK:         linalg.transpose {{.*}} permutation = [0, 2, 1, 3, 4]
func.func @heads_in_turns(%q: tensor<2x6x12x8xf32>, %k: tensor<2x2x20x8xf32>)
    -> tensor<2x6x12x8xf32> {
  %zero = arith.constant 0.0 : f32
  %qx = tensor.expand_shape %q [[0], [1, 2], [3], [4]] output_shape [2, 3, 2, 12, 8]
    : tensor<2x6x12x8xf32> into tensor<2x3x2x12x8xf32>
  %s0 = tensor.empty() : tensor<2x3x2x12x20xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x3x2x12x20xf32>) -> tensor<2x3x2x12x20xf32>
  %s2 = linalg.contract indexing_maps = [
      affine_map<(b, g, h, i, j, d) -> (b, g, h, i, d)>,
      affine_map<(b, g, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, g, h, i, j, d) -> (b, g, h, i, j)>]
    ins(%qx, %k : tensor<2x3x2x12x8xf32>, tensor<2x2x20x8xf32>)
    outs(%s1 : tensor<2x3x2x12x20xf32>) -> tensor<2x3x2x12x20xf32>
  %s = tensor.collapse_shape %s2 [[0], [1, 2], [3], [4]]
    : tensor<2x3x2x12x20xf32> into tensor<2x6x12x20xf32>
  %p0 = tensor.empty() : tensor<2x6x12x20xf32>
  %p1 = linalg.softmax dimension(3) ins(%s : tensor<2x6x12x20xf32>)
    outs(%p0 : tensor<2x6x12x20xf32>) -> tensor<2x6x12x20xf32>
  %p = tensor.expand_shape %p1 [[0], [1, 2], [3], [4]] output_shape [2, 3, 2, 12, 20]
    : tensor<2x6x12x20xf32> into tensor<2x3x2x12x20xf32>
  %o0 = tensor.empty() : tensor<2x3x2x12x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x3x2x12x8xf32>) -> tensor<2x3x2x12x8xf32>
  %o2 = linalg.contract indexing_maps = [
      affine_map<(b, g, h, i, j, d) -> (b, g, h, i, j)>,
      affine_map<(b, g, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, g, h, i, j, d) -> (b, g, h, i, d)>]
    ins(%p, %k : tensor<2x3x2x12x20xf32>, tensor<2x2x20x8xf32>)
    outs(%o1 : tensor<2x3x2x12x8xf32>) -> tensor<2x3x2x12x8xf32>
  %o = tensor.collapse_shape %o2 [[0], [1, 2], [3], [4]]
    : tensor<2x3x2x12x8xf32> into tensor<2x6x12x8xf32>
  return %o : tensor<2x6x12x8xf32>
}

// In a loop body, twice, the second on the result of the first.
// CHECK-LABEL: func.func @nested(
// CHECK:         scf.for {{.*}} iter_args(%[[Q:.+]] = %arg0)
// CHECK:           %[[FIRST:.+]] = attn.sdpa %[[Q]], %arg1, %arg2
// CHECK:           %[[SECOND:.+]] = attn.sdpa %[[FIRST]], %arg1, %arg2
// CHECK:           scf.yield %[[SECOND]]
func.func @nested(%q: !q, %k: !k, %v: !k, %n: index) -> !q {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%x = %q) -> !q {
    %s = linalg.contract indexing_maps = [
        affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
      ins(%x, %k : !q, !k) outs(%s1 : !s) -> !s
    %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
    %o = linalg.contract indexing_maps = [
        affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
        affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
      ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
    %t2 = linalg.contract indexing_maps = [
        affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
      ins(%o, %k : !q, !k) outs(%s1 : !s) -> !s
    %p2 = linalg.softmax dimension(3) ins(%t2 : !s) outs(%s0 : !s) -> !s
    %o2 = linalg.contract indexing_maps = [
        affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
        affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
      ins(%p2, %v : !s, !k) outs(%o1 : !q) -> !q
    scf.yield %o2 : !q
  }
  return %r : !q
}

// Keys shared by the batch: what shares keys is a group of heads, whatever it
// was called.
// CHECK-LABEL: func.func @shared_keys(
// CHECK:         %[[Q:.+]] = linalg.transpose ins(%arg0 {{.*}} permutation = [1, 0, 2, 3]
// CHECK:         attn.sdpa %[[Q]]
// CHECK-SAME:      (tensor<4x2x12x8xf32>, tensor<4x1x20x8xf32>, tensor<4x1x20x8xf32>)
func.func @shared_keys(%q: !q, %k: tensor<4x20x8xf32>, %v: tensor<4x20x8xf32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : !q, tensor<4x20x8xf32>) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %v : !s, tensor<4x20x8xf32>) outs(%o1 : !q) -> !q
  return %o : !q
}

//===----------------------------------------------------------------------===//
// Refused
//===----------------------------------------------------------------------===//

// Key has heads, value has none.
// REMARK: remark: looks like attention but is left alone: key varies along a dimension that value does not have
// CHECK-LABEL: func.func @negative_shared_value(
// CHECK:         linalg.softmax
func.func @negative_shared_value(%q: !q, %k: !k, %v: tensor<2x20x8xf32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %v : !s, tensor<2x20x8xf32>) outs(%o1 : !q) -> !q
  return %o : !q
}

// Each query has its own keys (relative positions by contraction).
// REMARK: remark: looks like attention but is left alone: key varies along a dimension that value does not have, as if each query or head had keys of its own
// CHECK-LABEL: func.func @negative_keys_per_query(
// CHECK:         linalg.softmax
func.func @negative_keys_per_query(%q: !q, %k: tensor<12x20x8xf32>, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (i, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : !q, tensor<12x20x8xf32>) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// The product with value goes on top of something.
// REMARK: remark: looks like attention but is left alone: the product with value is added to something
// CHECK-LABEL: func.func @negative_accumulates(
// CHECK:         linalg.softmax
func.func @negative_accumulates(%q: !q, %k: !k, %v: !k, %residual: !q) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %v : !s, !k) outs(%residual : !q) -> !q
  return %o : !q
}

// So do the scores: a bias as destination.
// REMARK: remark: looks like attention but is left alone: the product of query and key is added to something in place
// CHECK-LABEL: func.func @negative_scores_accumulate(
// CHECK:         linalg.softmax
func.func @negative_scores_accumulate(%q: !q, %k: !k, %v: !k, %bias: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : !q, !k) outs(%bias : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// The scores are returned too.
// REMARK: remark: looks like attention but is left alone: the scores are used elsewhere as well
// REMARK: note: stopped at 'func.return'
// CHECK-LABEL: func.func @negative_scores_returned(
// CHECK:         linalg.softmax
func.func @negative_scores_returned(%q: !q, %k: !k, %v: !k) -> (!q, !s) {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o, %s : !q, !s
}

// head_dim must be known.
// REMARK: remark: looks like attention but is left alone: head_dim or head_dim_v is dynamic
// CHECK-LABEL: func.func @negative_dynamic_head_dim(
// CHECK:         linalg.softmax
func.func @negative_dynamic_head_dim(%q: tensor<2x4x12x?xf32>, %k: tensor<2x4x20x?xf32>, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : tensor<2x4x12x?xf32>, tensor<2x4x20x?xf32>) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// With one key the softmax is 1.
// REMARK: remark: looks like attention but is left alone: there is a single key
// CHECK-LABEL: func.func @negative_single_key(
// CHECK:         linalg.softmax
func.func @negative_single_key(%q: tensor<2x4x12x8xf32>, %k: tensor<2x4x1x8xf32>)
    -> tensor<2x4x12x8xf32> {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : tensor<2x4x12x1xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x4x12x1xf32>) -> tensor<2x4x12x1xf32>
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : tensor<2x4x12x8xf32>, tensor<2x4x1x8xf32>)
    outs(%s1 : tensor<2x4x12x1xf32>) -> tensor<2x4x12x1xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x4x12x1xf32>)
    outs(%s0 : tensor<2x4x12x1xf32>) -> tensor<2x4x12x1xf32>
  %o0 = tensor.empty() : tensor<2x4x12x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x12x8xf32>) -> tensor<2x4x12x8xf32>
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %k : tensor<2x4x12x1xf32>, tensor<2x4x1x8xf32>)
    outs(%o1 : tensor<2x4x12x8xf32>) -> tensor<2x4x12x8xf32>
  return %o : tensor<2x4x12x8xf32>
}

// Nothing to attend to, known at compile time.
// REMARK: remark: looks like attention but is left alone: a dimension has size 0: there is nothing to compute
// CHECK-LABEL: func.func @negative_no_keys(
// CHECK:         linalg.softmax
func.func @negative_no_keys(%q: tensor<2x4x12x8xf32>, %k: tensor<2x4x0x8xf32>)
    -> tensor<2x4x12x8xf32> {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : tensor<2x4x12x0xf32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<2x4x12x0xf32>) -> tensor<2x4x12x0xf32>
  %s = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>]
    ins(%q, %k : tensor<2x4x12x8xf32>, tensor<2x4x0x8xf32>)
    outs(%s1 : tensor<2x4x12x0xf32>) -> tensor<2x4x12x0xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x4x12x0xf32>)
    outs(%s0 : tensor<2x4x12x0xf32>) -> tensor<2x4x12x0xf32>
  %o0 = tensor.empty() : tensor<2x4x12x8xf32>
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : tensor<2x4x12x8xf32>) -> tensor<2x4x12x8xf32>
  %o = linalg.contract indexing_maps = [
      affine_map<(b, h, i, j, d) -> (b, h, i, j)>,
      affine_map<(b, h, i, j, d) -> (b, h, j, d)>,
      affine_map<(b, h, i, j, d) -> (b, h, i, d)>]
    ins(%p, %k : tensor<2x4x12x0xf32>, tensor<2x4x0x8xf32>)
    outs(%o1 : tensor<2x4x12x8xf32>) -> tensor<2x4x12x8xf32>
  return %o : tensor<2x4x12x8xf32>
}
