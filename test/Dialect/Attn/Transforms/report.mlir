// RUN: attn-opt %s --attn-raise="report=%t.pass.json" -o /dev/null
// RUN: FileCheck %s < %t.pass.json
// RUN: attn-opt %s --attn-raise --attn-report=%t.tool.json -o /dev/null
// RUN: diff %t.pass.json %t.tool.json

// Nothing was looked for: an empty report all the same.
// RUN: attn-opt %s --attn-report=- -o /dev/null | FileCheck %s --check-prefix=EMPTY
// EMPTY: "attention": []

// A report that cannot be written is an error, and leaves nothing behind.
// RUN: not attn-opt %s --attn-raise="report=%t.none/report.json" -o %t.out 2>&1 \
// RUN:   | FileCheck %s --check-prefix=PASS-ERROR
// PASS-ERROR: error: attn-raise: cannot write report: {{.*}}No such file or directory
// RUN: not attn-opt %s --attn-raise --attn-report=%t.none/report.json -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TOOL-ERROR
// TOOL-ERROR: error: cannot write {{.*}}No such file or directory
// RUN: not ls %t.none

#qmap = affine_map<(b, h, i, j, d) -> (b, h, i, d)>
#kmap = affine_map<(b, h, i, j, d) -> (b, h, j, d)>
#smap = affine_map<(b, h, i, j, d) -> (b, h, i, j)>
#all = affine_map<(b, h, i, j) -> (b, h, i, j)>
!q = tensor<2x4x?x8xf16>
!k = tensor<2x4x20x8xf16>
!s = tensor<2x4x?x20xf32>
!o = tensor<2x4x?x8xf32>

// CHECK:      "version": 1,
// CHECK-NEXT: "attention": [
// CHECK-NEXT:   {
// CHECK-NEXT:     "function": "causal",
// CHECK-NEXT:     "location": "{{.*}}report.mlir:[[# @LINE + 46]]:8",
// CHECK-NEXT:     "matched": true,
// CHECK-NEXT:     "dtype": "f16",
// CHECK-NEXT:     "layout": "bhsd",
// CHECK-NEXT:     "batch": 2,
// CHECK-NEXT:     "num_heads": 4,
// CHECK-NEXT:     "num_kv_heads": 4,
// CHECK-NEXT:     "seq_len_q": null,
// CHECK-NEXT:     "seq_len_kv": 20,
// CHECK-NEXT:     "head_dim": 8,
// CHECK-NEXT:     "head_dim_v": 8,
// CHECK-NEXT:     "gqa": false,
// CHECK-NEXT:     "scale": 1,
// CHECK-NEXT:     "causal": true,
// CHECK-NEXT:     "window": [
// CHECK-NEXT:       -1,
// CHECK-NEXT:       0
// CHECK-NEXT:     ],
// CHECK-NEXT:     "causal_offset": false,
// CHECK-NEXT:     "bottom_right": false,
// CHECK-NEXT:     "kv_len": false,
// CHECK-NEXT:     "q_len": false,
// CHECK-NEXT:     "mask": false,
// CHECK-NEXT:     "finite_mask_excluded": true,
func.func @causal(%q: !q, %k: !k, %v: !k) -> !o {
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %big = arith.constant -1.0e9 : f32
  %n = tensor.dim %q, %c2 : !q
  %s0 = tensor.empty(%n) : !s
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
  %o0 = tensor.empty(%n) : !o
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !o) -> !o
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !o) -> !o
  return %o : !o
}

// CHECK:          "function": "probabilities_returned",
// CHECK-NEXT:     "location": "{{.*}}report.mlir:{{[0-9]+}}:8",
// CHECK-NEXT:     "matched": false,
// CHECK-NEXT:     "blocked_by": "the probabilities, or a sum of them, are used elsewhere as well",
// CHECK-NEXT:     "blocked_at_op": "func.return",
// CHECK-NEXT:     "blocked_at": "{{.*}}report.mlir:[[# @LINE + 16]]:3"
// CHECK-NEXT:   }
// CHECK-NEXT: ]
func.func @probabilities_returned(%q: !q, %k: !k, %v: !k) -> (!o, !s) {
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %q, %c2 : !q
  %s0 = tensor.empty(%n) : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !k) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %o0 = tensor.empty(%n) : !o
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !o) -> !o
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %v : !s, !k) outs(%o1 : !o) -> !o
  return %o, %p : !o, !s
}
