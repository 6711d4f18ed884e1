// RUN: attn-opt %S/Inputs/torch-mlir/sdpa_dynamic_batch_seq_causal.mlir --attn-raise \
// RUN:   --canonicalize --cse \
// RUN:   | FileCheck %s --check-prefix=CAPTURED --implicit-check-not=cf.assert \
// RUN:     --implicit-check-not=div --implicit-check-not=tensor.reshape
// RUN: attn-opt %s --attn-raise --cse | FileCheck %s --implicit-check-not=cf.assert

// The shape arithmetic of dynamic views goes with the views, and so do the
// assertions about it. Where torch-mlir would broadcast a size of 1 at run time,
// equal sizes are asserted instead: key and value with query, in batch and
// length.
// CAPTURED-LABEL: func.func @sdpa_dynamic_batch_seq_causal(
// CAPTURED-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: {{[^,]+}}, %[[V:[^:]+]]:
// CAPTURED-DAG:     %[[C0:.+]] = arith.constant 0 : index
// CAPTURED-DAG:     %[[C2:.+]] = arith.constant 2 : index
// CAPTURED-DAG:     %[[QB:.+]] = tensor.dim %[[Q]], %[[C0]]
// CAPTURED-DAG:     %[[QL:.+]] = tensor.dim %[[Q]], %[[C2]]
// CAPTURED-DAG:     %[[KB:.+]] = tensor.dim %[[K]], %[[C0]]
// CAPTURED-DAG:     %[[KL:.+]] = tensor.dim %[[K]], %[[C2]]
// CAPTURED-DAG:     %[[VB:.+]] = tensor.dim %[[V]], %[[C0]]
// CAPTURED-DAG:     %[[VL:.+]] = tensor.dim %[[V]], %[[C2]]
// CAPTURED-DAG:     %[[SAME0:.+]] = arith.cmpi eq, %[[VL]], %[[QL]]
// CAPTURED-DAG:     %[[SAME1:.+]] = arith.cmpi eq, %[[QB]], %[[VB]]
// CAPTURED-DAG:     %[[SAME2:.+]] = arith.cmpi eq, %[[KB]], %[[VB]]
// CAPTURED-DAG:     %[[SAME3:.+]] = arith.cmpi eq, %[[KL]], %[[QL]]
// CAPTURED-DAG:     cf.assert %[[SAME0]], "attention over sizes that do not agree
// CAPTURED-DAG:     cf.assert %[[SAME1]], "attention over sizes that do not agree
// CAPTURED-DAG:     cf.assert %[[SAME2]], "attention over sizes that do not agree
// CAPTURED-DAG:     cf.assert %[[SAME3]], "attention over sizes that do not agree
// CAPTURED:         attn.sdpa %[[Q]], %[[K]], %[[V]] causal :

#qmap = affine_map<(b, h, i, j, d) -> (b, h, i, d)>
#kmap = affine_map<(b, h, i, j, d) -> (b, h, j, d)>
#smap = affine_map<(b, h, i, j, d) -> (b, h, i, j)>
!q = tensor<2x4x?x8xf32>
!s = tensor<2x4x?x?xf32>

// An assertion that says something stays; sizes of what is gone are asked
// elsewhere.
// CHECK-LABEL: func.func @asserts(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x4x?x8xf32>, %[[K:[^:]+]]: tensor<2x4x?x8xf32>, %[[LIMIT:[^:]+]]: index
// CHECK:         %[[N:.+]] = tensor.dim %[[Q]]
// CHECK:         %[[FITS:.+]] = arith.cmpi sle, %[[N]], %[[LIMIT]]
// CHECK:         cf.assert %[[FITS]], "too long"
// CHECK:         %[[O:.+]] = attn.sdpa %[[Q]], %[[K]], %[[K]]
// CHECK:         return %[[O]], %[[N]]
func.func @asserts(%q: !q, %k: !q, %limit: index) -> (!q, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %q, %c2 : !q
  %m = tensor.dim %k, %c2 : !q
  %fits = arith.cmpi sle, %n, %limit : index
  cf.assert %fits, "too long"
  %positive = arith.cmpi sge, %n, %c0 : index
  cf.assert %positive, "negative size"
  %s0 = tensor.empty(%n, %m) : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %s = linalg.contract indexing_maps = [#qmap, #kmap, #smap]
    ins(%q, %k : !q, !q) outs(%s1 : !s) -> !s
  %p = linalg.softmax dimension(3) ins(%s : !s) outs(%s0 : !s) -> !s
  %n2 = tensor.dim %p, %c2 : !s
  %o0 = tensor.empty(%n2) : !q
  %o1 = linalg.fill ins(%zero : f32) outs(%o0 : !q) -> !q
  %o = linalg.contract indexing_maps = [#smap, #kmap, #qmap]
    ins(%p, %k : !s, !q) outs(%o1 : !q) -> !q
  return %o, %n2 : !q, index
}
