// RUN: attn-opt %s --attn-add-runtime-checks --attn-extract-checks \
// RUN:   | FileCheck %s
!q = tensor<1x8x?x64xf32>
!kv = tensor<1x2x?x64xf32>

// Sizes are checked for both, lengths, which are read, only before computing.
// CHECK-LABEL: func.func @lengths
// CHECK-SAME:    attributes {attn.checks = @lengths_checks, attn.result_shapes = @lengths_result_shapes}
// CHECK-NOT:     cf.assert
// CHECK:         attn.sdpa
// CHECK-NOT:     cf.assert
// CHECK-LABEL: func.func private @lengths_checks
// CHECK-SAME:    %[[Q:.*]]: tensor<1x8x?x64xf32>, %[[K:.*]]: tensor<1x2x?x64xf32>, %[[V:.*]]: tensor<1x2x?x64xf32>, %[[LEN:.*]]: tensor<1xi32>) {
// CHECK:         cf.assert {{.*}} agree on seq_len_kv" {attn.check = #attn.check<shape>}
// A conversion of the lengths is read through.
// CHECK:         %[[L:.*]] = tensor.extract %[[LEN]]
// CHECK:         arith.index_cast %[[L]] : i32 to index
// CHECK:         cf.assert {{.*}} kv_len of at least 0" {attn.check = #attn.check<length>}
// CHECK:         cf.assert {{.*}} kv_len of at most seq_len_kv" {attn.check = #attn.check<length>}
// CHECK-NEXT:    return
// CHECK-LABEL: func.func private @lengths_result_shapes
// CHECK-SAME:    %[[Q:[^:]*]]: tensor<1x8x?x64xf32>
// CHECK-SAME:    -> index
// CHECK:         cf.assert {{.*}}#attn.check<shape>
// CHECK-NOT:     cf.assert
// CHECK:         %[[N:.*]] = tensor.dim %[[Q]]
// CHECK:         return %[[N]] : index
func.func @lengths(%q: !q, %k: !kv, %v: !kv, %len: tensor<1xi32>) -> !q {
  %l = arith.extsi %len : tensor<1xi32> to tensor<1xi64>
  %r = attn.sdpa %q, %k, %v causal kv_len(%l)
    : (!q, !kv, !kv, tensor<1xi64>) -> !q
  return %r : !q
}

// Types that decide everything make no functions.
// CHECK-LABEL: func.func @static(
// CHECK-NOT:     attn.checks
// CHECK-NOT:     @static_
// CHECK-LABEL: func.func @sized(
func.func @static(%q: tensor<1x8x4x64xf32>, %k: tensor<1x2x9x64xf32>)
    -> tensor<1x8x4x64xf32> {
  %r = attn.sdpa %q, %k, %k
    : (tensor<1x8x4x64xf32>, tensor<1x2x9x64xf32>, tensor<1x2x9x64xf32>)
    -> tensor<1x8x4x64xf32>
  return %r : tensor<1x8x4x64xf32>
}

// A size that is computed from a scalar: telling it checks the scalar, too.
// CHECK-LABEL: func.func private @sized_result_shapes
// CHECK-SAME:    %[[N:.*]]: index, %[[D:.*]]: index
// CHECK:         cf.assert {{.*}} expects a divisor other than 0
// CHECK:         %[[SIZE:.*]] = arith.divui %[[N]], %[[D]]
// CHECK:         return %[[SIZE]]
func.func @sized(%n: index, %d: index) -> tensor<?xf32> {
  %size = arith.divui %n, %d : index
  %zero = arith.constant 0.0 : f32
  %0 = tensor.splat %zero[%size] : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// Elements are read through linalg without reductions, wherever they lie.
// CHECK-LABEL: func.func private @transposed_checks
// CHECK-SAME:    %[[X:.*]]: tensor<3x4xi32>
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG:     %[[C2:.*]] = arith.constant 2 : index
// CHECK:         %[[E:.*]] = tensor.extract %[[X]][%[[C1]], %[[C2]]]
// CHECK:         arith.muli %[[E]], %[[E]]
// CHECK-NOT:     linalg
// CHECK:         return
func.func @transposed(%x: tensor<3x4xi32>) -> tensor<4x3xi32> {
  %e = tensor.empty() : tensor<4x3xi32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<3x4xi32>) outs(%e : tensor<4x3xi32>) {
  ^bb0(%a: i32, %b: i32):
    %square = arith.muli %a, %a : i32
    linalg.yield %square : i32
  } -> tensor<4x3xi32>
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %s = tensor.extract %0[%c2, %c1] : tensor<4x3xi32>
  %limit = arith.constant 100 : i32
  %ok = arith.cmpi slt, %s, %limit : i32
  cf.assert %ok, "expects a small number"
  return %0 : tensor<4x3xi32>
}

// In a loop over data, behind a condition.
// CHECK-LABEL: func.func private @loops_checks
// CHECK:         scf.for
// CHECK:           scf.if
// CHECK:             cf.assert
// CHECK-LABEL: func.func private @loops_result_shapes
// CHECK-NOT:     cf.assert
// CHECK:         return
func.func @loops(%x: tensor<?xi64>, %on: i1, %y: tensor<?xf32>)
    -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %n = tensor.dim %x, %c0 : tensor<?xi64>
  scf.for %i = %c0 to %n step %c1 {
    scf.if %on {
      %e = tensor.extract %x[%i] : tensor<?xi64>
      %ok = arith.cmpi sgt, %e, %zero : i64
      cf.assert %ok, "expects positive numbers"
    }
  }
  return %y : tensor<?xf32>
}

// The new value of an argument is no result whose size is asked for; that it
// has the argument's is clear here, and no check.
// CHECK-LABEL: func.func @inout(
// CHECK-NOT:     @inout_result_shapes
// CHECK-LABEL: func.func private @inout_checks
// CHECK-NOT:     new value
// CHECK:         cf.assert {{.*}} an offset of at least 0 in dimension 0
// CHECK:         cf.assert {{.*}} a slice inside the destination in dimension 0
// CHECK-NOT:     new value
// CHECK-LABEL: func.func private @replaced_checks
// CHECK:         cf.assert {{.*}}expects the new value of attn.inout argument #0 to have its size in dimension 0" {attn.check = #attn.check<shape>}
func.func @inout(%c: tensor<?xf32> {attn.inout}, %x: tensor<1xf32>, %i: index)
    -> tensor<?xf32> {
  %0 = tensor.insert_slice %x into %c[%i] [1] [1]
    : tensor<1xf32> into tensor<?xf32>
  return %0 : tensor<?xf32>
}
func.func @replaced(%c: tensor<?xf32> {attn.inout}, %x: tensor<?xf32>)
    -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
