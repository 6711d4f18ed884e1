// RUN: attn-opt %s --canonicalize | FileCheck %s

!q = tensor<2x4x8x16xf32>
!short = tensor<2x4x6x16xf32>
!any = tensor<2x4x?x16xf32>
!one = tensor<2x4x1x16xf32>

//===----------------------------------------------------------------------===//
// bottom_right and causal_offset
//===----------------------------------------------------------------------===//

// Equal lengths: the diagonal is where it would be anyway.
// CHECK-LABEL: func.func @bottom_right_equal(
// CHECK:         attn.sdpa {{.*}} causal :
func.func @bottom_right_equal(%q: !q, %k: !q) -> !q {
  %0 = attn.sdpa %q, %k, %k causal bottom_right
    : (!q, !q, !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_bottom_right_longer(
// CHECK:         attn.sdpa {{.*}} causal bottom_right :
func.func @negative_bottom_right_longer(%q: !q, %k: !short) -> !q {
  %0 = attn.sdpa %q, %k, %k causal bottom_right
    : (!q, !short, !short) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_bottom_right_dynamic(
// CHECK:         attn.sdpa {{.*}} causal bottom_right :
func.func @negative_bottom_right_dynamic(%q: !q, %k: !any) -> !q {
  %0 = attn.sdpa %q, %k, %k causal bottom_right
    : (!q, !any, !any) -> !q
  return %0 : !q
}

// kv_len moves the diagonal.
// CHECK-LABEL: func.func @negative_bottom_right_kv_len(
// CHECK:         attn.sdpa {{.*}} causal bottom_right kv_len
func.func @negative_bottom_right_kv_len(%q: !q, %k: !q, %len: tensor<2xi64>) -> !q {
  %0 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%len)
    : (!q, !q, !q, tensor<2xi64>) -> !q
  return %0 : !q
}

// Nothing refers to the diagonal.
// CHECK-LABEL: func.func @bottom_right_no_window(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @bottom_right_no_window(%q: !q, %k: !any) -> !q {
  %0 = attn.sdpa %q, %k, %k bottom_right
    : (!q, !any, !any) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @offset_zero(
// CHECK:         attn.sdpa {{.*}} causal :
func.func @offset_zero(%q: !q, %k: !q) -> !q {
  %c0 = arith.constant 0 : index
  %0 = attn.sdpa %q, %k, %k causal causal_offset(%c0)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @offset_zero_tensor(
// CHECK:         attn.sdpa {{.*}} causal :
func.func @offset_zero_tensor(%q: !q, %k: !q) -> !q {
  %c0 = arith.constant dense<0> : tensor<2xi64>
  %0 = attn.sdpa %q, %k, %k causal causal_offset(%c0)
    : (!q, !q, !q, tensor<2xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_offset_some(
// CHECK:         attn.sdpa {{.*}} causal causal_offset
func.func @negative_offset_some(%q: !q, %k: !q) -> !q {
  %c = arith.constant dense<[0, 1]> : tensor<2xi64>
  %0 = attn.sdpa %q, %k, %k causal causal_offset(%c)
    : (!q, !q, !q, tensor<2xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @offset_no_window(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @offset_no_window(%q: !q, %k: !q, %n: index) -> !q {
  %0 = attn.sdpa %q, %k, %k causal_offset(%n)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_offset(
// CHECK:         attn.sdpa {{.*}} causal causal_offset
func.func @negative_offset(%q: !q, %k: !q, %n: index) -> !q {
  %0 = attn.sdpa %q, %k, %k causal causal_offset(%n)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

// A key offset that makes up for the diagonal does not make it 0.
// CHECK-LABEL: func.func @negative_offset_and_offsets(
// CHECK:         attn.sdpa {{.*}} causal causal_offset
func.func @negative_offset_and_offsets(%q: !q, %k: !q) -> !q {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %0 = attn.sdpa %q, %k, %k causal causal_offset(%c3) offsets(%c0, %c0, %c0, %c3)
    : (!q, !q, !q, index, index, index, index, index) -> !q
  return %0 : !q
}

//===----------------------------------------------------------------------===//
// Windows that cover everything
//===----------------------------------------------------------------------===//

// Query 7 sees key 0, query 0 sees key 7.
// CHECK-LABEL: func.func @window_covers(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @window_covers(%q: !q, %k: !q) -> !q {
  %0 = attn.sdpa %q, %k, %k window(7, 7)
    : (!q, !q, !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_window_left_short(
// CHECK:         attn.sdpa {{.*}} window(6, -1) :
func.func @negative_window_left_short(%q: !q, %k: !q) -> !q {
  %0 = attn.sdpa %q, %k, %k window(6, 7)
    : (!q, !q, !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_window_right_short(
// CHECK:         attn.sdpa {{.*}} window(-1, 6) :
func.func @negative_window_right_short(%q: !q, %k: !q) -> !q {
  %0 = attn.sdpa %q, %k, %k window(7, 6)
    : (!q, !q, !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_window_dynamic(
// CHECK:         attn.sdpa {{.*}} window(-1, 7) :
func.func @negative_window_dynamic(%q: !q, %k: !any) -> !q {
  %0 = attn.sdpa %q, %k, %k window(7, 7)
    : (!q, !any, !any) -> !q
  return %0 : !q
}

// The diagonal moves both edges.
// CHECK-LABEL: func.func @window_causal_offset(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @window_causal_offset(%q: !q, %k: !q) -> !q {
  %c2 = arith.constant 2 : index
  %0 = attn.sdpa %q, %k, %k window(9, 5) causal_offset(%c2)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_window_causal_offset(
// CHECK:         attn.sdpa {{.*}} window(8, 4) causal_offset
func.func @negative_window_causal_offset(%q: !q, %k: !q) -> !q {
  %c2 = arith.constant 2 : index
  %0 = attn.sdpa %q, %k, %k window(8, 4) causal_offset(%c2)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

// Of several diagonals the worst counts.
// CHECK-LABEL: func.func @window_per_batch(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @window_per_batch(%q: !q, %k: !q) -> !q {
  %c = arith.constant dense<[-1, 1]> : tensor<2xi64>
  %0 = attn.sdpa %q, %k, %k window(8, 8) causal_offset(%c)
    : (!q, !q, !q, tensor<2xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_window_per_batch(
// CHECK:         attn.sdpa {{.*}} window(7, 7) causal_offset
func.func @negative_window_per_batch(%q: !q, %k: !q) -> !q {
  %c = arith.constant dense<[-1, 1]> : tensor<2xi64>
  %0 = attn.sdpa %q, %k, %k window(7, 7) causal_offset(%c)
    : (!q, !q, !q, tensor<2xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_window_unknown_diagonal(
// CHECK:         attn.sdpa {{.*}} window(100, 100) causal_offset
func.func @negative_window_unknown_diagonal(%q: !q, %k: !q, %n: index) -> !q {
  %0 = attn.sdpa %q, %k, %k window(100, 100) causal_offset(%n)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

// So do offsets: the tile lies wholly before its queries.
// CHECK-LABEL: func.func @causal_offsets(
// CHECK:         attn.sdpa
// CHECK-NOT:     causal
// CHECK:         offsets
func.func @causal_offsets(%q: !q, %k: !q) -> !q {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %0 = attn.sdpa %q, %k, %k causal offsets(%c0, %c0, %c8, %c0)
    : (!q, !q, !q, index, index, index, index) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_causal_offsets(
// CHECK:         attn.sdpa {{.*}} causal offsets
func.func @negative_causal_offsets(%q: !q, %k: !q) -> !q {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %0 = attn.sdpa %q, %k, %k causal offsets(%c0, %c0, %c6, %c0)
    : (!q, !q, !q, index, index, index, index) -> !q
  return %0 : !q
}

// The last query sees every key in use: a decode step needs no causal mask.
// CHECK-LABEL: func.func @causal_decode(
// CHECK:         attn.sdpa
// CHECK-NOT:     causal
// CHECK-SAME:    kv_len
func.func @causal_decode(%q: !one, %k: !any, %len: tensor<2xi64>) -> !one {
  %0 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%len)
    : (!one, !any, !any, tensor<2xi64>) -> !one
  return %0 : !one
}

// CHECK-LABEL: func.func @negative_causal_decode_two(
// CHECK:         attn.sdpa {{.*}} window(-1, 6) bottom_right kv_len
func.func @negative_causal_decode_two(%q: !q, %k: !any, %len: tensor<2xi64>) -> !q {
  %0 = attn.sdpa %q, %k, %k window(-1, 6) bottom_right kv_len(%len)
    : (!q, !any, !any, tensor<2xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_causal_decode_q_len(
// CHECK:         attn.sdpa {{.*}} causal bottom_right q_len
func.func @negative_causal_decode_q_len(%q: !one, %k: !any, %len: tensor<2xi64>) -> !one {
  %0 = attn.sdpa %q, %k, %k causal bottom_right q_len(%len)
    : (!one, !any, !any, tensor<2xi64>) -> !one
  return %0 : !one
}

// Offsets at the end of the range of an index do not overflow.
// CHECK-LABEL: func.func @negative_window_overflow(
// CHECK:         attn.sdpa {{.*}} window(1, 1) causal_offset
func.func @negative_window_overflow(%q: !q, %k: !q) -> !q {
  %c = arith.constant 9223372036854775807 : index
  %0 = attn.sdpa %q, %k, %k window(1, 1) causal_offset(%c)
    : (!q, !q, !q, index) -> !q
  return %0 : !q
}

//===----------------------------------------------------------------------===//
// mask, bias, lengths, offsets, scale
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @mask_true(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @mask_true(%q: !q, %k: !q) -> !q {
  %m = arith.constant dense<true> : tensor<1x1x8x8xi1>
  %0 = attn.sdpa %q, %k, %k mask(%m)
    : (!q, !q, !q, tensor<1x1x8x8xi1>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @mask_true_i8(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @mask_true_i8(%q: !q, %k: !q) -> !q {
  %m = arith.constant dense<[[[[1]]], [[[-3]]]]> : tensor<2x1x1x1xi8>
  %0 = attn.sdpa %q, %k, %k mask(%m)
    : (!q, !q, !q, tensor<2x1x1x1xi8>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_mask_some(
// CHECK:         attn.sdpa {{.*}} mask(
func.func @negative_mask_some(%q: !q, %k: !q) -> !q {
  %m = arith.constant dense<[[[[1]]], [[[0]]]]> : tensor<2x1x1x1xi8>
  %0 = attn.sdpa %q, %k, %k mask(%m)
    : (!q, !q, !q, tensor<2x1x1x1xi8>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @bias_zero(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @bias_zero(%q: !q, %k: !q) -> !q {
  %m = arith.constant dense<[[[[0.0]]], [[[-0.0]]]]> : tensor<2x1x1x1xf16>
  %0 = attn.sdpa %q, %k, %k bias(%m)
    : (!q, !q, !q, tensor<2x1x1x1xf16>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_bias(
// CHECK:         attn.sdpa {{.*}} bias(
func.func @negative_bias(%q: !q, %k: !q) -> !q {
  %m = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %0 = attn.sdpa %q, %k, %k bias(%m)
    : (!q, !q, !q, tensor<1x1x1x1xf32>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @lengths_full(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @lengths_full(%q: !q, %k: !q) -> !q {
  %kv = arith.constant dense<[8, 9]> : tensor<2xi64>
  %q_len = arith.constant dense<8> : tensor<1xi64>
  %0 = attn.sdpa %q, %k, %k kv_len(%kv) q_len(%q_len)
    : (!q, !q, !q, tensor<2xi64>, tensor<1xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_lengths_short(
// CHECK:         attn.sdpa {{.*}} kv_len({{.*}}) q_len(
func.func @negative_lengths_short(%q: !q, %k: !q) -> !q {
  %kv = arith.constant dense<[8, 7]> : tensor<2xi64>
  %q_len = arith.constant dense<7> : tensor<1xi64>
  %0 = attn.sdpa %q, %k, %k kv_len(%kv) q_len(%q_len)
    : (!q, !q, !q, tensor<2xi64>, tensor<1xi64>) -> !q
  return %0 : !q
}

// Lengths are absolute.
// CHECK-LABEL: func.func @negative_lengths_offsets(
// CHECK:         attn.sdpa {{.*}} kv_len(
func.func @negative_lengths_offsets(%q: !q, %k: !q, %n: index) -> !q {
  %c1 = arith.constant 1 : index
  %kv = arith.constant dense<8> : tensor<1xi64>
  %0 = attn.sdpa %q, %k, %k kv_len(%kv) offsets(%n, %n, %n, %c1)
    : (!q, !q, !q, tensor<1xi64>, index, index, index, index) -> !q
  return %0 : !q
}

// A longer kv_len hides no key, but bottom_right reads it.
// CHECK-LABEL: func.func @negative_lengths_bottom_right(
// CHECK:         attn.sdpa {{.*}} causal bottom_right kv_len(
func.func @negative_lengths_bottom_right(%q: !q, %k: !q) -> !q {
  %kv = arith.constant dense<[8, 9]> : tensor<2xi64>
  %0 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%kv)
    : (!q, !q, !q, tensor<2xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @lengths_bottom_right(
// CHECK:         attn.sdpa {{.*}} causal bottom_right :
func.func @lengths_bottom_right(%q: !q, %k: !short) -> !q {
  %kv = arith.constant dense<6> : tensor<1xi64>
  %0 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%kv)
    : (!q, !short, !short, tensor<1xi64>) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @offsets_zero(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @offsets_zero(%q: !q, %k: !q) -> !q {
  %c0 = arith.constant 0 : index
  %0 = attn.sdpa %q, %k, %k offsets(%c0, %c0, %c0, %c0)
    : (!q, !q, !q, index, index, index, index) -> !q
  return %0 : !q
}

// The lengths may be those of a larger problem, of which this is the first part.
// CHECK-LABEL: func.func @negative_offsets_lengths(
// CHECK:         attn.sdpa {{.*}} kv_len(%{{[^)]*}}) offsets(
func.func @negative_offsets_lengths(%q: !q, %k: !q, %n: tensor<1xi64>) -> !q {
  %c0 = arith.constant 0 : index
  %0 = attn.sdpa %q, %k, %k kv_len(%n) offsets(%c0, %c0, %c0, %c0)
    : (!q, !q, !q, tensor<1xi64>, index, index, index, index) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_offsets(
// CHECK:         attn.sdpa {{.*}} offsets(
func.func @negative_offsets(%q: !q, %k: !q) -> !q {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = attn.sdpa %q, %k, %k offsets(%c0, %c1, %c0, %c0)
    : (!q, !q, !q, index, index, index, index) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @scale_constant(
// CHECK:         attn.sdpa {{.*}} scale(5.000000e-01) :
func.func @scale_constant(%q: !q, %k: !q) -> !q {
  %c = arith.constant 5.000000e-01 : f16
  %0 = attn.sdpa %q, %k, %k dynamic_scale(%c)
    : (!q, !q, !q, f16) -> !q
  return %0 : !q
}

// The attribute has to be finite.
// CHECK-LABEL: func.func @negative_scale_infinite(
// CHECK:         attn.sdpa {{.*}} dynamic_scale(
func.func @negative_scale_infinite(%q: !q, %k: !q) -> !q {
  %c = arith.constant 1.000000e+200 : f64
  %0 = attn.sdpa %q, %k, %k dynamic_scale(%c)
    : (!q, !q, !q, f64) -> !q
  return %0 : !q
}

// 1/sqrt(head_dim) stays as it is written.
// CHECK-LABEL: func.func @negative_scale_default(
// CHECK:         attn.sdpa {{.*}} scale(2.500000e-01) :
func.func @negative_scale_default(%q: !q, %k: !q) -> !q {
  %0 = attn.sdpa %q, %k, %k scale(2.500000e-01)
    : (!q, !q, !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @score_identity(
// CHECK:         attn.sdpa %{{[^,]+}}, %{{[^,]+}}, %{{[^ ]+}} :
func.func @score_identity(%q: !q, %k: !q) -> !q {
  %0 = attn.sdpa %q, %k, %k score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  }
    : (!q, !q, !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func.func @negative_score(
// CHECK:         attn.sdpa {{.*}} score {
func.func @negative_score(%q: !q, %k: !q) -> !q {
  %0 = attn.sdpa %q, %k, %k score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.negf %s : f32
    attn.yield %r : f32
  }
    : (!q, !q, !q) -> !q
  return %0 : !q
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

// The result keeps its type.
// CHECK-LABEL: func.func @casts(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x4x8x16xf32>, %[[M:[^:]+]]: tensor
// CHECK:         attn.sdpa %[[Q]], %[[Q]], %[[Q]] mask(%[[M]])
// CHECK-SAME:      -> tensor<2x4x?x16xf32>
func.func @casts(%q: !q, %m: tensor<1x1x8x8xi1>) -> !any {
  %any = tensor.cast %q : !q to !any
  %mask = tensor.cast %m : tensor<1x1x8x8xi1> to tensor<?x1x?x?xi1>
  %0 = attn.sdpa %any, %any, %any mask(%mask)
    : (!any, !any, !any, tensor<?x1x?x?xi1>) -> !any
  return %0 : !any
}
// What the casts hide contradicts itself: 8 and 6 keys.
// CHECK-LABEL: func.func @negative_casts_contradict(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x4x8x16xf32>, %[[K:[^:]+]]: tensor
// CHECK:         %[[CAST:.*]] = tensor.cast
// CHECK:         attn.sdpa %[[Q]], %{{.*}}, %{{.*}} :
func.func @negative_casts_contradict(%q: !q, %k: !short) -> !q {
  %key = tensor.cast %q : !q to !any
  %value = tensor.cast %k : !short to !any
  %0 = attn.sdpa %q, %key, %value : (!q, !any, !any) -> !q
  return %0 : !q
}
// 3 key heads do not divide 4 query heads.
// CHECK-LABEL: func.func @negative_casts_heads(
// CHECK:         %[[CAST:.*]] = tensor.cast
// CHECK:         attn.sdpa %{{.*}}, %[[CAST]], %[[CAST]] :
func.func @negative_casts_heads(%q: !q, %k: tensor<2x3x8x16xf32>) -> !q {
  %any = tensor.cast %k : tensor<2x3x8x16xf32> to tensor<2x?x8x16xf32>
  %0 = attn.sdpa %q, %any, %any
    : (!q, tensor<2x?x8x16xf32>, tensor<2x?x8x16xf32>) -> !q
  return %0 : !q
}
// In bshd dimension 1 is the sequence.
// CHECK-LABEL: func.func @casts_bshd(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x4x8x16xf32>, %[[K:[^:]+]]: tensor
// CHECK:         attn.sdpa %[[Q]], %[[K]], %[[K]] layout(bshd)
func.func @casts_bshd(%q: !q, %k: tensor<2x7x2x16xf32>) -> !q {
  %any = tensor.cast %k : tensor<2x7x2x16xf32> to tensor<2x?x?x16xf32>
  %0 = attn.sdpa %q, %any, %any layout(bshd)
    : (!q, tensor<2x?x?x16xf32>, tensor<2x?x?x16xf32>) -> !q
  return %0 : !q
}
// lse says how many queries there are.
// CHECK-LABEL: func.func @negative_casts_lse(
// CHECK:         %[[CAST:.*]] = tensor.cast
// CHECK:         attn.sdpa %[[CAST]],
func.func @negative_casts_lse(%q: !q, %k: !q)
    -> (!any, tensor<2x4x9xf32>) {
  %any = tensor.cast %q : !q to !any
  %0:2 = attn.sdpa %any, %k, %k : (!any, !q, !q) -> (!any, tensor<2x4x9xf32>)
  return %0#0, %0#1 : !any, tensor<2x4x9xf32>
}
// A pool's dimensions are not those of keys.
// CHECK-LABEL: func.func @negative_casts_paged(
// CHECK:         %[[CAST:.*]] = tensor.cast
// CHECK:         attn.sdpa %{{.*}}, %[[CAST]], %[[CAST]] page_table
func.func @negative_casts_paged(%q: !q, %pool: tensor<9x4x32x16xf32>,
                                %table: tensor<2x1xi32>) -> !q {
  %any = tensor.cast %pool : tensor<9x4x32x16xf32> to tensor<?x4x32x16xf32>
  %0 = attn.sdpa %q, %any, %any page_table(%table)
    : (!q, tensor<?x4x32x16xf32>, tensor<?x4x32x16xf32>, tensor<2x1xi32>) -> !q
  return %0 : !q
}
// On layer B a destination's cast moves behind the op.
// CHECK-LABEL: func.func @casts_destination(
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[O:[^:]+]]: {{[^,]+}}, %[[L:[^:]+]]: tensor
// CHECK:         %[[R:.*]]:2 = attn.partial ins(%[[Q]], %[[Q]], %[[Q]]) outs(%[[O]], %[[L]]) {mine}
// CHECK:         %[[ANY:.*]] = tensor.cast %[[R]]#0 : tensor<2x4x8x16xf32> to tensor<2x4x?x16xf32>
// CHECK:         return %[[ANY]], %[[R]]#1
func.func @casts_destination(%q: !q, %o: !q, %l: tensor<2x4x?xf32>)
    -> (!any, tensor<2x4x?xf32>) {
  %query = tensor.cast %q : !q to !any
  %any = tensor.cast %o : !q to !any
  %0:2 = attn.partial ins(%query, %query, %query) outs(%any, %l) {mine}
    : (!any, !any, !any, !any, tensor<2x4x?xf32>) -> (!any, tensor<2x4x?xf32>)
  return %0#0, %0#1 : !any, tensor<2x4x?xf32>
}
// The region moves with it.
// CHECK-LABEL: func.func @casts_online(
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[L:[^:]+]]: tensor
// CHECK:         attn.online ins(%[[Q]], %[[Q]], %[[Q]]) outs(%[[Q]], %[[L]], %[[L]]) score {
// CHECK:           arith.negf
// CHECK:         -> (tensor<2x4x8x16xf32>, tensor<2x4x?xf32>, tensor<2x4x?xf32>)
func.func @casts_online(%q: !q, %l: tensor<2x4x?xf32>) -> !any {
  %any = tensor.cast %q : !q to !any
  %0:3 = attn.online ins(%any, %q, %q) outs(%any, %l, %l) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.negf %s : f32
    attn.yield %r : f32
  } : (!any, !q, !q, !any, tensor<2x4x?xf32>, tensor<2x4x?xf32>)
    -> (!any, tensor<2x4x?xf32>, tensor<2x4x?xf32>)
  return %0#0 : !any
}

//===----------------------------------------------------------------------===//
// lse nobody reads
//===----------------------------------------------------------------------===//

!rows = tensor<2x4x8xf32>

// The region and other attributes stay.
// CHECK-LABEL: func.func @sdpa_lse_unused(
// CHECK:         %[[O:.*]] = attn.sdpa {{.*}} causal score {
// CHECK:           arith.negf
// CHECK:         } {mine} : {{.*}} -> tensor<2x4x8x16xf32>
// CHECK:         return %[[O]]
func.func @sdpa_lse_unused(%q: !q) -> !q {
  %0:2 = attn.sdpa %q, %q, %q causal score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.negf %s : f32
    attn.yield %r : f32
  } {mine} : (!q, !q, !q) -> (!q, !rows)
  return %0#0 : !q
}
// CHECK-LABEL: func.func @negative_sdpa_lse_used(
// CHECK:         attn.sdpa {{.*}} -> (tensor<2x4x8x16xf32>, tensor<2x4x8xf32>)
func.func @negative_sdpa_lse_used(%q: !q) -> !rows {
  %0:2 = attn.sdpa %q, %q, %q : (!q, !q, !q) -> (!q, !rows)
  return %0#1 : !rows
}
// CHECK-LABEL: func.func @finalize_lse_unused(
// CHECK-SAME:    %[[A:[^:]+]]: {{[^,]+}}, %[[M:[^:]+]]: {{[^,]+}}, %[[S:[^:]+]]: tensor
// CHECK:         attn.finalize ins(%[[A]], %[[M]], %[[M]] sinks(%[[S]])) outs(%[[A]]) layout(bshd) {mine}
func.func @finalize_lse_unused(%a: tensor<2x4x4x16xf32>, %m: tensor<2x4x4xf32>,
                               %s: tensor<4xf32>) -> tensor<2x4x4x16xf32> {
  %0:2 = attn.finalize ins(%a, %m, %m sinks(%s)) outs(%a, %m) layout(bshd) {mine}
    : (tensor<2x4x4x16xf32>, tensor<2x4x4xf32>, tensor<2x4x4xf32>,
       tensor<4xf32>, tensor<2x4x4x16xf32>, tensor<2x4x4xf32>)
    -> (tensor<2x4x4x16xf32>, tensor<2x4x4xf32>)
  return %0#0 : tensor<2x4x4x16xf32>
}
// CHECK-LABEL: func.func @merge_lse_unused(
// CHECK:         attn.merge ins({{.*}}) along(0) outs(%{{[^,]*}}) :
func.func @merge_lse_unused(%p: tensor<3x2x4x8x16xf32>, %l: tensor<3x2x4x8xf32>,
                            %o: !q, %lse: !rows) -> !q {
  %0:2 = attn.merge ins(%p lse %l) along(0) outs(%o, %lse)
    : (tensor<3x2x4x8x16xf32>, tensor<3x2x4x8xf32>, !q, !rows) -> (!q, !rows)
  return %0#0 : !q
}
// On memrefs the destination is what is read.
// CHECK-LABEL: func.func @negative_finalize_memref(
// CHECK:         attn.finalize {{.*}} outs(%{{.*}}, %{{.*}}) :
func.func @negative_finalize_memref(%a: memref<2x4x8x16xf32>,
                                    %m: memref<2x4x8xf32>,
                                    %lse: memref<2x4x8xf32>) {
  attn.finalize ins(%a, %m, %m) outs(%a, %lse)
    : (memref<2x4x8x16xf32>, memref<2x4x8xf32>, memref<2x4x8xf32>,
       memref<2x4x8x16xf32>, memref<2x4x8xf32>) -> ()
  return
}

//===----------------------------------------------------------------------===//
// The same on layer B
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @partial(
// CHECK:         attn.partial ins(%{{[^,]+}}, %{{[^,]+}}, %{{[^,) ]+}} scale(5.000000e-01)) outs
func.func @partial(%q: !q, %l: !rows) -> (!q, !rows) {
  %c0 = arith.constant 0 : index
  %scale = arith.constant 5.000000e-01 : f32
  %mask = arith.constant dense<true> : tensor<1x1x1x1xi1>
  %bias = arith.constant dense<0.0> : tensor<1x1x1x1xf32>
  %len = arith.constant dense<8> : tensor<2xi64>
  %0:2 = attn.partial ins(%q, %q, %q window(7, 7) causal_offset(%c0)
      dynamic_scale(%scale) kv_len(%len) q_len(%len) mask(%mask) bias(%bias)
      offsets(%c0, %c0, %c0, %c0)) outs(%q, %l) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (!q, !q, !q, f32, index, tensor<2xi64>, tensor<2xi64>,
       tensor<1x1x1x1xi1>, tensor<1x1x1x1xf32>, index, index, index, index, !q,
       !rows) -> (!q, !rows)
  return %0#0, %0#1 : !q, !rows
}
// CHECK-LABEL: func.func @online_memref(
// CHECK:         attn.online ins(%{{[^,]+}}, %{{[^,]+}}, %{{[^,) ]+}}) outs
func.func @online_memref(%q: memref<2x4x8x16xf32>, %l: memref<2x4x8xf32>) {
  %c0 = arith.constant 0 : index
  attn.online ins(%q, %q, %q window(7, 7) offsets(%c0, %c0, %c0, %c0))
    outs(%q, %l, %l)
    : (memref<2x4x8x16xf32>, memref<2x4x8x16xf32>, memref<2x4x8x16xf32>, index,
       index, index, index, memref<2x4x8x16xf32>, memref<2x4x8xf32>,
       memref<2x4x8xf32>) -> ()
  return
}

// No key: the state stays.
// CHECK-LABEL: func.func @online_no_keys(
// CHECK-SAME:    %{{[^:]+}}: {{[^,]+}}, %{{[^:]+}}: {{[^,]+}}, %[[A:[^:]+]]: {{[^,]+}}, %[[M:[^:]+]]: {{[^,]+}}, %[[L:[^:]+]]: tensor
// CHECK-NOT:     attn.online
// CHECK:         return %[[A]], %[[M]], %[[L]]
func.func @online_no_keys(%q: !q, %k: tensor<2x4x0x16xf32>, %a: !q, %m: !rows,
                          %l: !rows) -> (!q, !rows, !rows) {
  %0:3 = attn.online ins(%q, %k, %k) outs(%a, %m, %l)
    : (!q, tensor<2x4x0x16xf32>, tensor<2x4x0x16xf32>, !q, !rows, !rows)
    -> (!q, !rows, !rows)
  return %0#0, %0#1, %0#2 : !q, !rows, !rows
}
// CHECK-LABEL: func.func @online_no_keys_memref(
// CHECK-NOT:     attn.online
// CHECK:         return
func.func @online_no_keys_memref(%q: memref<2x4x8x16xf32>,
    %k: memref<2x4x0x16xf32>, %l: memref<2x4x8xf32>) {
  attn.online ins(%q, %k, %k) outs(%q, %l, %l)
    : (memref<2x4x8x16xf32>, memref<2x4x0x16xf32>, memref<2x4x0x16xf32>,
       memref<2x4x8x16xf32>, memref<2x4x8xf32>, memref<2x4x8xf32>) -> ()
  return
}
// CHECK-LABEL: func.func @negative_online_some_keys(
// CHECK:         attn.online
func.func @negative_online_some_keys(%q: !q, %k: !any, %l: !rows) -> !q {
  %0:3 = attn.online ins(%q, %k, %k) outs(%q, %l, %l)
    : (!q, !any, !any, !q, !rows, !rows) -> (!q, !rows, !rows)
  return %0#0 : !q
}
// No page is no key; pages of an empty pool are.
// CHECK-LABEL: func.func @online_no_pages(
// CHECK-NOT:     attn.online
// CHECK:         return
func.func @online_no_pages(%q: !q, %pool: tensor<9x4x32x16xf32>, %l: !rows,
                           %table: tensor<2x0xi32>) -> !q {
  %0:3 = attn.online ins(%q, %pool, %pool page_table(%table)) outs(%q, %l, %l)
    : (!q, tensor<9x4x32x16xf32>, tensor<9x4x32x16xf32>, tensor<2x0xi32>, !q,
       !rows, !rows) -> (!q, !rows, !rows)
  return %0#0 : !q
}
// CHECK-LABEL: func.func @negative_online_empty_pool(
// CHECK:         attn.online
func.func @negative_online_empty_pool(%q: !q, %pool: tensor<0x4x32x16xf32>,
    %l: !rows, %table: tensor<2x1xi32>) -> !q {
  %0:3 = attn.online ins(%q, %pool, %pool page_table(%table)) outs(%q, %l, %l)
    : (!q, tensor<0x4x32x16xf32>, tensor<0x4x32x16xf32>, tensor<2x1xi32>, !q,
       !rows, !rows) -> (!q, !rows, !rows)
  return %0#0 : !q
}

//===----------------------------------------------------------------------===//
// merge
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @merge_nested(
// CHECK-SAME:    %[[A:[^:]+]]: {{[^,]+}}, %[[B:[^:]+]]: {{[^,]+}}, %[[C:[^:]+]]: {{[^,]+}}, %[[LA:[^:]+]]: {{[^,]+}}, %[[LB:[^:]+]]: {{[^,]+}}, %[[LC:[^:]+]]: {{[^,]+}},
// CHECK-COUNT-1: attn.merge ins(%[[C]], %[[A]], %[[B]] lse %[[LC]], %[[LA]], %[[LB]])
// CHECK:         return
func.func @merge_nested(%a: !q, %b: !q, %c: !q, %la: !rows, %lb: !rows,
    %lc: !rows, %o: tensor<2x4x8x16xf16>, %l: !rows) -> tensor<2x4x8x16xf16> {
  %0:2 = attn.merge ins(%a, %b lse %la, %lb) outs(%a, %l)
    : (!q, !q, !rows, !rows, !q, !rows) -> (!q, !rows)
  %1 = attn.merge ins(%c, %0#0 lse %lc, %0#1) outs(%o)
    : (!q, !q, !rows, !rows, tensor<2x4x8x16xf16>) -> tensor<2x4x8x16xf16>
  return %1 : tensor<2x4x8x16xf16>
}
// The inner merge is wanted for itself too.
// CHECK-LABEL: func.func @negative_merge_two_uses(
// CHECK-COUNT-2: attn.merge
func.func @negative_merge_two_uses(%a: !q, %b: !q, %l: !rows) -> (!q, !q) {
  %0:2 = attn.merge ins(%a, %b lse %l, %l) outs(%a, %l)
    : (!q, !q, !rows, !rows, !q, !rows) -> (!q, !rows)
  %1 = attn.merge ins(%a, %0#0 lse %l, %0#1) outs(%a)
    : (!q, !q, !rows, !rows, !q) -> !q
  return %0#0, %1 : !q, !q
}
// Output and lse are of different parts.
// CHECK-LABEL: func.func @negative_merge_crossed(
// CHECK-COUNT-2: attn.merge
func.func @negative_merge_crossed(%a: !q, %b: !q, %l: !rows) -> !q {
  %0:2 = attn.merge ins(%a, %b lse %l, %l) outs(%a, %l)
    : (!q, !q, !rows, !rows, !q, !rows) -> (!q, !rows)
  %1 = attn.merge ins(%0#0, %a lse %l, %0#1) outs(%a)
    : (!q, !q, !rows, !rows, !q) -> !q
  return %1 : !q
}
// Swapped heads and queries are not a state.
// CHECK-LABEL: func.func @negative_merge_layout(
// CHECK-COUNT-2: attn.merge
func.func @negative_merge_layout(%a: tensor<2x4x4x16xf32>,
                                 %l: tensor<2x4x4xf32>)
    -> tensor<2x4x4x16xf32> {
  %0:2 = attn.merge ins(%a, %a lse %l, %l) outs(%a, %l) layout(bshd)
    : (tensor<2x4x4x16xf32>, tensor<2x4x4x16xf32>, tensor<2x4x4xf32>,
       tensor<2x4x4xf32>, tensor<2x4x4x16xf32>, tensor<2x4x4xf32>)
    -> (tensor<2x4x4x16xf32>, tensor<2x4x4xf32>)
  %1 = attn.merge ins(%a, %0#0 lse %l, %0#1) outs(%a)
    : (tensor<2x4x4x16xf32>, tensor<2x4x4x16xf32>, tensor<2x4x4xf32>,
       tensor<2x4x4xf32>, tensor<2x4x4x16xf32>) -> tensor<2x4x4x16xf32>
  return %1 : tensor<2x4x4x16xf32>
}
// CHECK-LABEL: func.func @merge_one(
// CHECK-SAME:    %[[A:[^:]+]]: {{[^,]+}}, %[[L:[^:]+]]: tensor
// CHECK-NOT:     attn.merge
// CHECK:         return %[[A]], %[[L]]
func.func @merge_one(%a: !q, %l: !rows, %o: !q) -> (!q, !rows) {
  %0:2 = attn.merge ins(%a lse %l) outs(%o, %l)
    : (!q, !rows, !q, !rows) -> (!q, !rows)
  return %0#0, %0#1 : !q, !rows
}
// CHECK-LABEL: func.func @negative_merge_one_narrowed(
// CHECK:         attn.merge
func.func @negative_merge_one_narrowed(%a: !q, %l: !rows,
    %o: tensor<2x4x8x16xf16>) -> tensor<2x4x8x16xf16> {
  %0 = attn.merge ins(%a lse %l) outs(%o)
    : (!q, !rows, tensor<2x4x8x16xf16>) -> tensor<2x4x8x16xf16>
  return %0 : tensor<2x4x8x16xf16>
}
// CHECK-LABEL: func.func @negative_merge_one_layout(
// CHECK:         attn.merge
func.func @negative_merge_one_layout(%a: tensor<2x4x4x16xf32>,
    %l: tensor<2x4x4xf32>) -> tensor<2x4x4x16xf32> {
  %0 = attn.merge ins(%a lse %l) outs(%a) layout(bshd)
    : (tensor<2x4x4x16xf32>, tensor<2x4x4xf32>, tensor<2x4x4x16xf32>)
    -> tensor<2x4x4x16xf32>
  return %0 : tensor<2x4x4x16xf32>
}
// The identity adds nothing; its output is not looked at.
// CHECK-LABEL: func.func @merge_identity_part(
// CHECK-SAME:    %[[A:[^:]+]]: {{[^,]+}}, %[[B:[^:]+]]: {{[^,]+}}, %[[L:[^:]+]]: tensor
// CHECK:         attn.merge ins(%[[A]], %[[B]] lse %[[L]], %[[L]])
func.func @merge_identity_part(%a: !q, %b: !q, %l: !rows) -> !q {
  %none = arith.constant dense<0xFF800000> : !rows
  %0 = attn.merge ins(%a, %a, %b lse %l, %none, %l) outs(%a)
    : (!q, !q, !q, !rows, !rows, !rows, !q) -> !q
  return %0 : !q
}
// CHECK-LABEL: func.func @negative_merge_part_with_keys(
// CHECK:         attn.merge ins(%{{.*}}, %{{.*}}, %{{.*}} lse
func.func @negative_merge_part_with_keys(%a: !q, %b: !q, %l: !rows) -> !q {
  %none = arith.constant dense<0.0> : !rows
  %0 = attn.merge ins(%a, %a, %b lse %l, %none, %l) outs(%a)
    : (!q, !q, !q, !rows, !rows, !rows, !q) -> !q
  return %0 : !q
}

// -----

// One operand knows that batch is empty: there is no row to compute.
// CHECK-LABEL: func.func @without_rows
// CHECK-NOT:     attn.sdpa
// CHECK:         tensor.empty
func.func @without_rows(%q: tensor<?x2x?x1xf32>, %k: tensor<0x2x?x1xf32>)
    -> tensor<?x2x?x1xf32> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<?x2x?x1xf32>, tensor<0x2x?x1xf32>, tensor<0x2x?x1xf32>)
    -> tensor<?x2x?x1xf32>
  return %o : tensor<?x2x?x1xf32>
}

// No key is not no row.
// CHECK-LABEL: func.func @negative_without_keys
// CHECK:         attn.sdpa
func.func @negative_without_keys(%q: tensor<1x2x4x1xf32>, %k: tensor<1x2x0x1xf32>)
    -> tensor<1x2x4x1xf32> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<1x2x4x1xf32>, tensor<1x2x0x1xf32>, tensor<1x2x0x1xf32>)
    -> tensor<1x2x4x1xf32>
  return %o : tensor<1x2x4x1xf32>
}
