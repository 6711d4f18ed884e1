// RUN: attn-opt %s --attn-raise | FileCheck %s --implicit-check-not=linalg.softmax

// Stages that the captured programs do not have, and their order. Scores are
// contracted in four dimensions and go through linalg.softmax, so that only the
// stage in question is to be read.

#qmap = affine_map<(b, h, i, j, d) -> (b, h, i, d)>
#kmap = affine_map<(b, h, i, j, d) -> (b, h, j, d)>
#smap = affine_map<(b, h, i, j, d) -> (b, h, i, j)>
#all = affine_map<(b, h, i, j) -> (b, h, i, j)>
#perbatch = affine_map<(b, h, i, j) -> (b)>
#rows = affine_map<(b, h, i, j) -> (i, j)>
#row = affine_map<(b, h, i, j) -> (i)>
#two = affine_map<(i, j) -> (i, j)>
!q = tensor<2x4x12x8xf32>
!k = tensor<2x4x20x8xf32>
!s = tensor<2x4x12x20xf32>

// Nothing but the contractions and linalg.softmax.
// CHECK-LABEL: func.func @linalg_softmax(
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: {{[^,]+}}, %[[V:[^:]+]]:
// CHECK:         %[[O:.+]] = attn.sdpa %[[Q]], %[[K]], %[[V]] scale(1.000000e+00)
// CHECK-SAME:      : (
// CHECK:         return %[[O]]
func.func @linalg_softmax(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Softmax written with arith and math on whole tensors.
// CHECK-LABEL: func.func @arith_on_tensors(
// CHECK-NOT:     math.exp
// CHECK:         attn.sdpa {{.*}} scale(5.000000e-01) :
// CHECK-NOT:     math.exp
func.func @arith_on_tensors(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant dense<0.5> : !s
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s2 = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = arith.mulf %s2, %half : !s
  %e = math.exp %s : !s
  %l0 = tensor.empty() : tensor<2x4x12xf32>
  %l1 = linalg.fill ins(%zero : f32) outs(%l0 : tensor<2x4x12xf32>) -> tensor<2x4x12xf32>
  %l = linalg.reduce { arith.addf } ins(%e : !s) outs(%l1 : tensor<2x4x12xf32>) dimensions = [3]
  %wide = linalg.broadcast ins(%l : tensor<2x4x12xf32>) outs(%s0 : !s) dimensions = [3]
  %p = arith.divf %e, %wide : !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A scalar argument scales: an operand.
// CHECK-LABEL: func.func @dynamic_scale(
// CHECK-SAME:    %[[SCALE:[^:]+]]: f32) ->
// CHECK:         attn.sdpa {{.*}} dynamic_scale(%[[SCALE]])
func.func @dynamic_scale(%q: !q, %k: !k, %v: !k, %scale: f32) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.mulf %in, %scale : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A constant and a scalar: one operand.
// CHECK-LABEL: func.func @half_times_dynamic_scale(
// CHECK-SAME:    %[[SCALE:[^:]+]]: f32) ->
// CHECK:         %[[HALF:.+]] = arith.constant 5.000000e-01 : f32
// CHECK:         %[[BOTH:.+]] = arith.mulf %[[SCALE]], %[[HALF]]
// CHECK:         attn.sdpa {{.*}} dynamic_scale(%[[BOTH]])
func.func @half_times_dynamic_scale(%q: !q, %k: !k, %v: !k, %scale: f32) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %half = arith.constant 0.5 : f32
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %h = arith.mulf %half, %in : f32
    %r = arith.mulf %h, %scale : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// tanh(-inf) is -1: a mask below a softcap excludes nothing, so both are left to
// the region.
// CHECK-LABEL: func.func @mask_before_softcap(
// CHECK:         attn.sdpa
// CHECK-NOT:     mask(
// CHECK-NOT:     softcap(
// CHECK-SAME:    score {
// CHECK:           tensor.extract
// CHECK:           arith.select
// CHECK:           math.tanh
// CHECK:           arith.mulf
// CHECK:           attn.yield
func.func @mask_before_softcap(%q: !q, %k: !k, %v: !k, %m: tensor<12x20xi1>) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %cap = arith.constant 30.0 : f32
  %s = linalg.generic {indexing_maps = [#all, #rows, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %m : !s, tensor<12x20xi1>) outs(%s0 : !s) {
  ^bb0(%in: f32, %visible: i1, %out: f32):
    %r0 = arith.select %visible, %in, %inf : f32
    %r1 = arith.divf %r0, %cap : f32
    %r2 = math.tanh %r1 : f32
    %r3 = arith.mulf %r2, %cap : f32
    linalg.yield %r3 : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// What is excluded stays excluded under a positive factor and a bias.
// CHECK-LABEL: func.func @mask_below_scale_and_bias(
// CHECK-SAME:    %[[M:[^:]+]]: tensor<12x20xi1>, %[[B:[^:]+]]: tensor<2x4x12x20xf32>
// CHECK:         %[[M4:.+]] = tensor.expand_shape %[[M]]
// CHECK-SAME:      into tensor<1x1x12x20xi1>
// CHECK:         attn.sdpa {{.*}} scale(5.000000e-01) mask(%[[M4]]) bias(%[[B]]) :
func.func @mask_below_scale_and_bias(%q: !q, %k: !k, %v: !k, %m: tensor<12x20xi1>, %bias: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %half = arith.constant 0.5 : f32
  %s = linalg.generic {indexing_maps = [#all, #rows, #all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %m, %bias : !s, tensor<12x20xi1>, !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %visible: i1, %b: f32, %out: f32):
    %r0 = arith.select %visible, %in, %inf : f32
    %r1 = arith.mulf %r0, %half : f32
    %r2 = arith.addf %b, %r1 : f32
    linalg.yield %r2 : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// -inf times a negative factor is +inf: not a mask any more.
// CHECK-LABEL: func.func @negative_factor_over_mask(
// CHECK:         attn.sdpa
// CHECK-NOT:     mask(
// CHECK-SAME:    score {
// CHECK:           arith.select
// CHECK:           arith.mulf
func.func @negative_factor_over_mask(%q: !q, %k: !k, %v: !k, %m: tensor<12x20xi1>) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %minus = arith.constant -0.5 : f32
  %s = linalg.generic {indexing_maps = [#all, #rows, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %m : !s, tensor<12x20xi1>) outs(%s0 : !s) {
  ^bb0(%in: f32, %visible: i1, %out: f32):
    %r0 = arith.select %visible, %in, %inf : f32
    %r1 = arith.mulf %r0, %minus : f32
    linalg.yield %r1 : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A factor after the bias multiplies the bias too: the region, not the scale.
// CHECK-LABEL: func.func @scale_after_bias(
// CHECK:         attn.sdpa {{.*}} scale(1.000000e+00) bias(%{{.+}}) score {
// CHECK-NEXT:    ^{{.+}}(%[[S:[^:]+]]: f32,
// CHECK:           %[[R:.+]] = arith.mulf %[[S]], %{{.+}} : f32
// CHECK:           attn.yield %[[R]]
func.func @scale_after_bias(%q: !q, %k: !k, %v: !k, %bias: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %half = arith.constant 0.5 : f32
  %s = linalg.generic {indexing_maps = [#all, #all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %bias : !s, !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %r0 = arith.addf %in, %b : f32
    %r1 = arith.mulf %r0, %half : f32
    linalg.yield %r1 : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// One bias is an operand, the other is read in the region.
// CHECK-LABEL: func.func @two_biases(
// CHECK-SAME:    %[[A:[^:]+]]: tensor<2x4x12x20xf32>, %[[B:[^:]+]]: tensor<2x4x12x20xf32>
// CHECK:         attn.sdpa {{.*}} bias(%[[A]]) score {
// CHECK-NEXT:    ^{{.+}}(%[[S:[^:]+]]: f32, %[[b:[^:]+]]: index, %[[h:[^:]+]]: index, %[[i:[^:]+]]: index, %[[j:[^:]+]]: index)
// CHECK:           %[[X:.+]] = tensor.extract %[[B]][%[[b]], %[[h]], %[[i]], %[[j]]]
// CHECK:           arith.addf %[[S]], %[[X]]
func.func @two_biases(%q: !q, %k: !k, %v: !k, %one: !s, %two: !s) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all, #all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %one, %two : !s, !s, !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %a: f32, %b: f32, %out: f32):
    %r0 = arith.addf %in, %a : f32
    %r1 = arith.addf %r0, %b : f32
    linalg.yield %r1 : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// The score in two places of one expression.
// CHECK-LABEL: func.func @used_twice(
// CHECK:         attn.sdpa {{.*}} scale(1.000000e+00) score {
// CHECK-NEXT:    ^{{.+}}(%[[S:[^:]+]]: f32,
// CHECK:           %[[X:.+]] = math.absf %[[S]]
// CHECK:           arith.mulf %[[S]], %[[X]]
func.func @used_twice(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %r0 = math.absf %in : f32
    %r1 = arith.mulf %in, %r0 : f32
    linalg.yield %r1 : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// i - 3 <= j <= i + 2.
// CHECK-LABEL: func.func @window_both_sides(
// CHECK:         attn.sdpa {{.*}} window(3, 2) scale
func.func @window_both_sides(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %lo = arith.subi %i, %j : index
    %c0 = arith.cmpi sle, %lo, %c3 : index
    %hi = arith.addi %i, %c2 : index
    %c1 = arith.cmpi sle, %j, %hi : index
    %c = arith.andi %c0, %c1 : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// j > i - 3.
// CHECK-LABEL: func.func @window_left_only(
// CHECK:         attn.sdpa {{.*}} window(2, -1) scale
func.func @window_left_only(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c3 = arith.constant 3 : index
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %lo = arith.subi %i, %c3 : index
    %c = arith.cmpi sgt, %j, %lo : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// The opposite polarity and an ori of two reasons to exclude.
// CHECK-LABEL: func.func @excluded_above_diagonal(
// CHECK:         attn.sdpa {{.*}} window(5, 0) scale
func.func @excluded_above_diagonal(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c5 = arith.constant 5 : index
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %above = arith.cmpi slt, %i, %j : index
    %d = arith.subi %i, %j : index
    %far = arith.cmpi sgt, %d, %c5 : index
    %c = arith.ori %above, %far : i1
    %r = arith.select %c, %inf, %in : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// j <= i + offset, the offset an argument.
// CHECK-LABEL: func.func @causal_offset(
// CHECK-SAME:    %[[N:[^:]+]]: i64) ->
// CHECK:         %[[INDEX:.+]] = arith.index_cast %[[N]] : i64 to index
// CHECK:         attn.sdpa {{.*}} causal causal_offset(%[[INDEX]])
func.func @causal_offset(%q: !q, %k: !k, %v: !k, %n: i64) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %i64 = arith.index_cast %i : index to i64
    %j64 = arith.index_cast %j : index to i64
    %edge = arith.addi %i64, %n : i64
    %c = arith.cmpi sle, %j64, %edge : i64
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Not the corner (that would be 8): a constant offset.
// CHECK-LABEL: func.func @causal_constant_offset(
// CHECK:         %[[C3:.+]] = arith.constant 3 : index
// CHECK:         attn.sdpa {{.*}} causal causal_offset(%[[C3]])
func.func @causal_constant_offset(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c4 = arith.constant 4 : index
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %edge = arith.addi %i, %c4 : index
    %c = arith.cmpi slt, %j, %edge : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// j <= i + past[b].
// CHECK-LABEL: func.func @causal_offset_per_batch(
// CHECK-SAME:    %[[PAST:[^:]+]]: tensor<2xi64>) ->
// CHECK:         attn.sdpa {{.*}} causal causal_offset(%[[PAST]])
func.func @causal_offset_per_batch(%q: !q, %k: !k, %v: !k, %n: tensor<2xi64>) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #perbatch, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %n : !s, tensor<2xi64>) outs(%s0 : !s) {
  ^bb0(%in: f32, %past: i64, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %i64 = arith.index_cast %i : index to i64
    %j64 = arith.index_cast %j : index to i64
    %edge = arith.addi %i64, %past : i64
    %c = arith.cmpi sle, %j64, %edge : i64
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// i32 lengths, the last key included, and a limit on the rows.
// CHECK-LABEL: func.func @lengths(
// CHECK-SAME:    %[[LAST:[^:]+]]: tensor<2xi32>) ->
// CHECK:         %[[KV:.+]] = linalg.generic
// CHECK:           %[[L:.+]] = tensor.extract %[[LAST]]
// CHECK:           arith.extsi %[[L]] : i32 to i64
// CHECK:           arith.addi
// CHECK:         %[[QL:.+]] = arith.constant dense<10> : tensor<1xi64>
// CHECK:         attn.sdpa {{.*}} kv_len(%[[KV]]) q_len(%[[QL]])
func.func @lengths(%q: !q, %k: !k, %v: !k, %n: tensor<2xi32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c10 = arith.constant 10 : index
  %s = linalg.generic {indexing_maps = [#all, #perbatch, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %n : !s, tensor<2xi32>) outs(%s0 : !s) {
  ^bb0(%in: f32, %last: i32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %j32 = arith.index_cast %j : index to i32
    %c0 = arith.cmpi sle, %j32, %last : i32
    %c1 = arith.cmpi ult, %i, %c10 : index
    %c = arith.andi %c0, %c1 : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// The structural part of a conjunction is taken out of it.
// CHECK-LABEL: func.func @causal_and_mask(
// CHECK-SAME:    %[[M:[^:]+]]: tensor<12x20xi1>) ->
// CHECK:         %[[M4:.+]] = tensor.expand_shape %[[M]]
// CHECK:         attn.sdpa {{.*}} causal {{.*}} mask(%[[M4]])
func.func @causal_and_mask(%q: !q, %k: !k, %v: !k, %m: tensor<12x20xi1>) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #rows, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %m : !s, tensor<12x20xi1>) outs(%s0 : !s) {
  ^bb0(%in: f32, %visible: i1, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c0 = arith.cmpi sge, %i, %j : index
    %c = arith.andi %visible, %c0 : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Positions compared through a table: a mask no larger than what it depends on.
// CHECK-LABEL: func.func @documents(
// CHECK-SAME:    %[[ID:[^:]+]]: tensor<20xi32>) ->
// CHECK:         %[[M:.+]] = linalg.generic
// CHECK:           arith.cmpi eq
// CHECK:         } -> tensor<1x1x12x20xi1>
// CHECK:         attn.sdpa {{.*}} mask(%[[M]])
func.func @documents(%q: !q, %k: !k, %v: !k, %id: tensor<20xi32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %a = tensor.extract %id[%i] : tensor<20xi32>
    %b = tensor.extract %id[%j] : tensor<20xi32>
    %c = arith.cmpi eq, %a, %b : i32
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A condition on positions that is no edge: the region, no tensor.
// CHECK-LABEL: func.func @blocks_of_four(
// CHECK-NOT:     linalg.generic
// CHECK:         attn.sdpa {{.*}} score {
// CHECK:           arith.divui
// CHECK:           arith.cmpi sle
// CHECK:           arith.select
func.func @blocks_of_four(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c4 = arith.constant 4 : index
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %bi = arith.divui %i, %c4 : index
    %bj = arith.divui %j, %c4 : index
    %c = arith.cmpi sle, %bj, %bi : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// A lower limit on the keys is no length.
// CHECK-LABEL: func.func @left_padding(
// CHECK-NOT:     kv_len
// CHECK:         attn.sdpa {{.*}} score {
// CHECK:           arith.cmpi sge
func.func @left_padding(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c4 = arith.constant 4 : index
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %c = arith.cmpi sge, %j, %c4 : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// -1e9 after which comes a factor of 1e-6 is -1e3 only: not a mask.
// CHECK-LABEL: func.func @small_finite_number(
// CHECK:         attn.sdpa
// CHECK-NOT:     mask(
// CHECK-SAME:    score {
// CHECK:           arith.constant -1.000000e+09
// CHECK:           arith.select
func.func @small_finite_number(%q: !q, %k: !k, %v: !k, %m: tensor<12x20xi1>) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %big = arith.constant -1.0e9 : f32
  %tiny = arith.constant 1.0e-6 : f32
  %s = linalg.generic {indexing_maps = [#all, #rows, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %m : !s, tensor<12x20xi1>) outs(%s0 : !s) {
  ^bb0(%in: f32, %visible: i1, %out: f32):
    %r0 = arith.select %visible, %in, %big : f32
    %r1 = arith.mulf %r0, %tiny : f32
    linalg.yield %r1 : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Without a sign, j - 4 < 3 is a condition on both sides of j.
// CHECK-LABEL: func.func @unsigned_difference(
// CHECK-NOT:     kv_len
// CHECK:         attn.sdpa {{.*}} score {
// CHECK:           arith.cmpi ult
func.func @unsigned_difference(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %s = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : !s) outs(%s0 : !s) {
  ^bb0(%in: f32, %out: f32):
    %j = linalg.index 3 : index
    %d = arith.subi %j, %c4 : index
    %c = arith.cmpi ult, %d, %c3 : index
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Rows without keys would see them all, but every row sees the first key.
// CHECK-LABEL: func.func @no_empty_row(
// CHECK:         attn.sdpa {{.*}} causal scale(1.000000e+00) :
func.func @no_empty_row(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %false = arith.constant false
  %true = arith.constant true
  %m0 = tensor.empty() : tensor<12x20xi1>
  %visible = linalg.generic {indexing_maps = [#two], iterator_types = ["parallel", "parallel"]}
      outs(%m0 : tensor<12x20xi1>) {
  ^bb0(%out: i1):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %c = arith.cmpi sle, %j, %i : index
    linalg.yield %c : i1
  } -> tensor<12x20xi1>
  %a0 = tensor.empty() : tensor<12xi1>
  %a1 = linalg.fill ins(%false : i1) outs(%a0 : tensor<12xi1>) -> tensor<12xi1>
  %any = linalg.reduce { arith.ori } ins(%visible : tensor<12x20xi1>) outs(%a1 : tensor<12xi1>) dimensions = [1]
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #rows, #row, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %visible, %any : !s, tensor<12x20xi1>, tensor<12xi1>) outs(%s0 : !s) {
  ^bb0(%in: f32, %m: i1, %some: i1, %out: f32):
    %empty = arith.xori %some, %true : i1
    %c = arith.ori %m, %empty : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// Row 0 has no key before itself, and so sees all.
// CHECK-LABEL: func.func @negative_empty_row(
// CHECK:         linalg.reduce { arith.ori }
// CHECK:         %[[M:.+]] = linalg.generic
// CHECK:           arith.ori
// CHECK:         attn.sdpa %{{[^ ]+}}, %{{[^ ]+}}, %{{[^ ]+}} scale(1.000000e+00) mask(%[[M]]) :
func.func @negative_empty_row(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %false = arith.constant false
  %true = arith.constant true
  %m0 = tensor.empty() : tensor<12x20xi1>
  %visible = linalg.generic {indexing_maps = [#two], iterator_types = ["parallel", "parallel"]}
      outs(%m0 : tensor<12x20xi1>) {
  ^bb0(%out: i1):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %c = arith.cmpi slt, %j, %i : index
    linalg.yield %c : i1
  } -> tensor<12x20xi1>
  %a0 = tensor.empty() : tensor<12xi1>
  %a1 = linalg.fill ins(%false : i1) outs(%a0 : tensor<12xi1>) -> tensor<12xi1>
  %any = linalg.reduce { arith.ori } ins(%visible : tensor<12x20xi1>) outs(%a1 : tensor<12xi1>) dimensions = [1]
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #rows, #row, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %visible, %any : !s, tensor<12x20xi1>, tensor<12xi1>) outs(%s0 : !s) {
  ^bb0(%in: f32, %m: i1, %some: i1, %out: f32):
    %empty = arith.xori %some, %true : i1
    %c = arith.ori %m, %empty : i1
    %r = arith.select %c, %in, %inf : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}
