// RUN: attn-opt %s --attn-raise | FileCheck %s --check-prefix=EXCLUDE
// RUN: attn-opt %s --attn-raise="finite-masks=exclude" \
// RUN:   | FileCheck %s --check-prefix=EXCLUDE
// RUN: attn-opt %s --attn-raise="finite-masks=bias" \
// RUN:   | FileCheck %s --check-prefix=BIAS
// RUN: attn-opt %s --attn-raise="finite-masks=reject" 2>%t.remarks | FileCheck %s --check-prefix=REJECT
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: not attn-opt %s --attn-raise="finite-masks=maybe" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=OPTION

// REMARK-COUNT-2: remark: looks like attention but is left alone: a mask adds or selects a finite number (finite-masks=reject)
// OPTION: error: attn-raise: expects finite-masks to be exclude, bias or reject, but got maybe

#qmap = affine_map<(b, h, i, j, d) -> (b, h, i, d)>
#kmap = affine_map<(b, h, i, j, d) -> (b, h, j, d)>
#smap = affine_map<(b, h, i, j, d) -> (b, h, i, j)>
#all = affine_map<(b, h, i, j) -> (b, h, i, j)>
#keys = affine_map<(b, h, i, j) -> (b, 0, 0, j)>
!q = tensor<2x4x12x8xf32>
!k = tensor<2x4x20x8xf32>
!s = tensor<2x4x12x20xf32>
!m = tensor<2x1x1x20xi1>
!b = tensor<2x1x1x20xf32>

// A causal select of -1e9.
// EXCLUDE-LABEL: func.func @causal(
// EXCLUDE:         attn.sdpa {{.*}} causal scale(1.000000e+00) :
// BIAS-LABEL:    func.func @causal(
// BIAS:            attn.sdpa
// BIAS-NOT:        causal
// BIAS-SAME:       score {
// BIAS:              %[[BIG:.+]] = arith.constant -1.000000e+09 : f32
// BIAS:              arith.select %{{.+}}, %[[BIG]], %{{.+}} : f32
// REJECT-LABEL:  func.func @causal(
// REJECT-NOT:      attn.sdpa
// REJECT:          linalg.softmax
func.func @causal(%q: !q, %k: !k, %v: !k) -> !q {
  %zero = arith.constant 0.0 : f32
  %big = arith.constant -1.0e9 : f32
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
    %c = arith.cmpi sgt, %j, %i : index
    %r = arith.select %c, %big, %in : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}

// (1 - mask) * -1e4, as BERT adds it.
// EXCLUDE-LABEL: func.func @padding(
// EXCLUDE-SAME:    %[[M:[^:]+]]: tensor<2x1x1x20xi1>) ->
// EXCLUDE:         attn.sdpa {{.*}} mask(%[[M]]) :
// BIAS-LABEL:    func.func @padding(
// BIAS:            %[[B:.+]] = linalg.generic
// BIAS:            attn.sdpa {{.*}} bias(%[[B]]) :
// BIAS-SAME:         tensor<2x1x1x20xf32>
// REJECT-LABEL:  func.func @padding(
// REJECT-NOT:      attn.sdpa
func.func @padding(%q: !q, %k: !k, %v: !k, %m: !m) -> !q {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %big = arith.constant -1.0e4 : f32
  %b0 = tensor.empty() : !b
  %bias = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%m : !m) outs(%b0 : !b) {
  ^bb0(%in: i1, %out: f32):
    %f = arith.uitofp %in : i1 to f32
    %n = arith.subf %one, %f : f32
    %r = arith.mulf %n, %big : f32
    linalg.yield %r : f32
  } -> !b
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %x = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %s = linalg.generic {indexing_maps = [#all, #keys, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %bias : !s, !b) outs(%s0 : !s) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %r = arith.addf %in, %b : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty() : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !q) -> !q
  return %o : !q
}
