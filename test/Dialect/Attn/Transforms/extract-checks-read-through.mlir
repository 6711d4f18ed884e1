// RUN: attn-opt %s --attn-extract-checks | FileCheck %s

// A check in the body of a linalg op, as torch-mlir writes them, is a loop over
// the elements that it reads; those come from where they are computed.
// CHECK-LABEL: func.func private @body_checks
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>
// CHECK-NOT:     linalg
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           scf.for %[[J:.*]] =
// CHECK:             %[[E:.*]] = tensor.extract %[[X]][%[[I]], %[[J]]]
// CHECK:             %[[EXP:.*]] = math.exp %[[E]]
// CHECK:             %[[OK:.*]] = arith.cmpf one, %[[EXP]]
// CHECK:             cf.assert %[[OK]], "expects no zero"
// CHECK-NOT:         divf
// CHECK:         return
func.func @body(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %exp = math.exp %x : tensor<?x4xf32>
  %0 = linalg.map ins(%exp : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>)
    (%e: f32, %old: f32) {
      %ok = arith.cmpf one, %e, %zero : f32
      cf.assert %ok, "expects no zero"
      %inverse = arith.divf %one, %e : f32
      linalg.yield %inverse : f32
    }
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func private @listed_checks
// CHECK-SAME:    %[[A:[^:]*]]: i32, %[[B:[^:]*]]: i32, %[[I:[^:]*]]: index
// CHECK-NOT:     tensor
// CHECK:         %[[SECOND:.*]] = arith.select %{{.*}}, %[[A]], %[[B]]
// CHECK:         %[[E:.*]] = arith.select %{{.*}}, %[[B]], %[[SECOND]]
// CHECK:         arith.cmpi sgt, %[[E]]
func.func @listed(%a: i32, %b: i32, %i: index) -> tensor<1x2xi32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tensor.from_elements %a, %b : tensor<1x2xi32>
  %1 = tensor.insert %b into %0[%c0, %c1] : tensor<1x2xi32>
  %e = tensor.extract %1[%c0, %i] : tensor<1x2xi32>
  %zero = arith.constant 0 : i32
  %ok = arith.cmpi sgt, %e, %zero : i32
  cf.assert %ok, "expects positive numbers"
  return %1 : tensor<1x2xi32>
}

// Through a slice, joined dimensions and one that is split.
// CHECK-LABEL: func.func private @reshaped_checks
// CHECK-SAME:    %[[X:[^:]*]]: tensor<6x4xi32>, %[[I:[^:]*]]: index
// CHECK-NOT:     shape
// CHECK-NOT:     slice
// CHECK:         %[[E:.*]] = tensor.extract %[[X]][
// CHECK:         arith.cmpi sgt, %[[E]]
func.func @reshaped(%x: tensor<6x4xi32>, %i: index) -> tensor<2x2x4xi32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tensor.extract_slice %x[1, 0] [4, 4] [1, 1]
    : tensor<6x4xi32> to tensor<4x4xi32>
  %c = tensor.collapse_shape %s [[0, 1]] : tensor<4x4xi32> into tensor<16xi32>
  %0 = tensor.expand_shape %c [[0, 1, 2]] output_shape [2, 2, 4]
    : tensor<16xi32> into tensor<2x2x4xi32>
  %e = tensor.extract %0[%c1, %c0, %i] : tensor<2x2x4xi32>
  %zero = arith.constant 0 : i32
  %ok = arith.cmpi sgt, %e, %zero : i32
  cf.assert %ok, "expects positive numbers"
  return %0 : tensor<2x2x4xi32>
}

// Parallel iterations are checked one after the other.
// CHECK-LABEL: func.func private @threads_checks
// CHECK-SAME:    %[[X:.*]]: tensor<9xi32>
// CHECK-NOT:     scf.forall
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           tensor.extract %[[X]][%[[I]]]
// CHECK:           cf.assert
func.func @threads(%x: tensor<9xi32>) -> tensor<9xi32> {
  %c7 = arith.constant 7 : i32
  %0 = scf.forall (%i) in (9) shared_outs(%o = %x) -> tensor<9xi32> {
    %v = tensor.extract %o[%i] : tensor<9xi32>
    %small = arith.cmpi slt, %v, %c7 : i32
    cf.assert %small, "expects less than 7"
    %s = tensor.from_elements %v : tensor<1xi32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i] [1] [1]
        : tensor<1xi32> into tensor<9xi32>
    }
  }
  return %0 : tensor<9xi32>
}

// A size that a loop keeps; what it computes is not needed for that.
// CHECK-LABEL: func.func private @looped_result_shapes
// CHECK-SAME:    %[[Q:[^:]*]]: tensor<1x2x?x64xf32>
// CHECK-NOT:     attn.sdpa
// CHECK:         %[[N:.*]] = tensor.dim %[[Q]]
// CHECK:         return %[[N]]
func.func @looped(%q: tensor<1x2x?x64xf32>, %n: index) -> tensor<1x2x?x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%x = %q)
      -> tensor<1x2x?x64xf32> {
    %size = tensor.dim %x, %c1 : tensor<1x2x?x64xf32>
    %y = attn.sdpa %x, %q, %q causal
      : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
      -> tensor<1x2x?x64xf32>
    scf.yield %y : tensor<1x2x?x64xf32>
  }
  return %last : tensor<1x2x?x64xf32>
}

// Elements of what is generated, and the checks in there.
// CHECK-LABEL: func.func private @generated_checks
// CHECK-SAME:    %[[X:[^:]*]]: tensor<9xi64>
// CHECK-NOT:     tensor.generate
// CHECK-DAG:     scf.for
// CHECK-DAG:     cf.assert %{{.*}}, "expects less than 7"
// CHECK-DAG:     cf.assert %{{.*}}, "expects a double of less than 12"
// CHECK-NOT:     tensor.generate
// CHECK:         return
func.func @generated(%x: tensor<9xi64>, %y: tensor<9xf32>) -> tensor<9xf32> {
  %c3 = arith.constant 3 : index
  %c7 = arith.constant 7 : i64
  %c12 = arith.constant 12 : i64
  %0 = tensor.generate {
  ^bb0(%i: index):
    %v = tensor.extract %x[%i] : tensor<9xi64>
    %small = arith.cmpi slt, %v, %c7 : i64
    cf.assert %small, "expects less than 7"
    %double = arith.addi %v, %v : i64
    tensor.yield %double : i64
  } : tensor<9xi64>
  %third = tensor.extract %0[%c3] : tensor<9xi64>
  %few = arith.cmpi slt, %third, %c12 : i64
  cf.assert %few, "expects a double of less than 12"
  %1 = math.exp %y : tensor<9xf32>
  return %1 : tensor<9xf32>
}
