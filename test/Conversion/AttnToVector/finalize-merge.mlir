// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

// Vectors along head_dim_v; a row without keys is selected to 0, not divided.
// CHECK-LABEL: func.func @finalize
// CHECK-SAME:    %[[ACC:[^:]+]]: memref<1x8x32x64xf32>, %[[L:[^:]+]]: memref<1x8x32xf32>, %[[OUT:[^:]+]]: memref<1x32x8x64xf16>
// CHECK:         scf.for %[[H:[a-z0-9]+]] =
// CHECK:           scf.for %[[I:[a-z0-9]+]] =
// CHECK:             %[[DEAD:.*]] = arith.cmpf oeq
// CHECK:             vector.load %[[ACC]][{{.*}}, %[[H]], %[[I]], {{.*}}] : {{.*}}, vector<16xf32>
// CHECK:             %[[X:.*]] = arith.select %[[DEAD]], {{.*}} : vector<16xf32>
// CHECK:             %[[Y:.*]] = arith.truncf %[[X]] : vector<16xf32> to vector<16xf16>
// CHECK:             vector.store %[[Y]], %[[OUT]][{{.*}}, %[[I]], %[[H]], {{.*}}]
// CHECK-NOT:     math.
// CHECK-NOT:     attn.
func.func @finalize(%acc: memref<1x8x32x64xf32>, %l: memref<1x8x32xf32>,
                    %out: memref<1x32x8x64xf16>) {
  attn.finalize ins(%acc, %l, %l) outs(%out) layout(bshd)
    : (memref<1x8x32x64xf32>, memref<1x8x32xf32>, memref<1x8x32xf32>,
       memref<1x32x8x64xf16>) -> ()
  return
}

// -----

// CHECK-LABEL: func.func @sinks
// CHECK-SAME:    %[[SINKS:[^:]+]]: memref<8xf64>, %[[LSE:[^:]+]]: memref<1x8x32xf64>
// CHECK:         %[[SINK:.*]] = memref.load %[[SINKS]]
// CHECK:         arith.maximumf {{.*}}, %[[SINK]] : f64
// CHECK:         memref.store {{.*}}, %[[LSE]]
// CHECK:         vector<8xf64>
func.func @sinks(%sinks: memref<8xf64>, %lse: memref<1x8x32xf64>,
                 %acc: memref<1x8x32x64xf64>, %m: memref<1x8x32xf64>) {
  attn.finalize ins(%acc, %m, %m sinks(%sinks)) outs(%acc, %lse)
    : (memref<1x8x32x64xf64>, memref<1x8x32xf64>, memref<1x8x32xf64>,
       memref<8xf64>, memref<1x8x32x64xf64>, memref<1x8x32xf64>) -> ()
  return
}

// -----

// Columns that do not fill a vector are scalars.
// CHECK-LABEL: func.func @ragged
// CHECK-SAME:    %[[ACC:[^:]+]]: memref<1x1x1x20xf32>
// CHECK:         vector.load %[[ACC]]
// CHECK:         memref.load %[[ACC]]
func.func @ragged(%acc: memref<1x1x1x20xf32>, %m: memref<1x1x1xf32>,
                  %out: memref<1x1x1x20xf32>) {
  attn.finalize ins(%acc, %m, %m) outs(%out)
    : (memref<1x1x1x20xf32>, memref<1x1x1xf32>, memref<1x1x1xf32>,
       memref<1x1x1x20xf32>) -> ()
  return
}

// -----

// Stacked parts are a loop that carries the sum of weights and 8 vectors.
// CHECK-LABEL: func.func @stacked
// CHECK-SAME:    %[[O:[^:]+]]: memref<?x1x8x1x128xf32>, %[[L:[^:]+]]: memref<?x1x8x1xf32>
// CHECK:         scf.for %[[P:[a-z0-9]+]] = {{.*}} -> (f32) {
// CHECK:           %[[X:.*]] = memref.load %[[L]][%[[P]],
// CHECK:           arith.maximumf {{.*}}, %[[X]] : f32
// CHECK:         scf.for {{.*}} -> (f32, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
// CHECK-COUNT-8:   vector.load %[[O]]
// Rounding to bf16 is integer arithmetic: it must not become library calls.
// CHECK-NOT:     arith.truncf
// CHECK:         arith.trunci {{.*}} : vector<16xi32> to vector<16xi16>
// CHECK-NOT:     attn.
func.func @stacked(%o: memref<?x1x8x1x128xf32>, %l: memref<?x1x8x1xf32>,
                   %out: memref<1x8x1x128xbf16>, %lse: memref<1x8x1xf32>) {
  attn.merge ins(%o lse %l) along(0) outs(%out, %lse)
    : (memref<?x1x8x1x128xf32>, memref<?x1x8x1xf32>, memref<1x8x1x128xbf16>,
       memref<1x8x1xf32>) -> ()
  return
}

// -----

// Narrow and ragged rows take one walk over the parts, too: the last vector ends
// with the row. Only the maxima are another walk.
// CHECK-LABEL: func.func @stacked_ragged
// CHECK-SAME:    %[[O:[^:]+]]: memref<?x1x8x1x37xf32>
// CHECK:         scf.for {{.*}} -> (f32) {
// CHECK:         scf.for {{.*}} -> (f32, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
// CHECK-DAG:       vector.load %[[O]][{{.*}}, %c0] :
// CHECK-DAG:       vector.load %[[O]][{{.*}}, %c16] :
// CHECK-DAG:       vector.load %[[O]][{{.*}}, %c21] :
// CHECK-NOT:     vector.load
// CHECK-NOT:     scf.for
// CHECK:         return
func.func @stacked_ragged(%o: memref<?x1x8x1x37xf32>, %l: memref<?x1x8x1xf32>,
                          %out: memref<1x8x1x37xf32>, %lse: memref<1x8x1xf32>) {
  attn.merge ins(%o lse %l) along(0) outs(%out, %lse)
    : (memref<?x1x8x1x37xf32>, memref<?x1x8x1xf32>, memref<1x8x1x37xf32>,
       memref<1x8x1xf32>) -> ()
  return
}

// -----

// Separate parts are unrolled.
// CHECK-LABEL: func.func @pair
// CHECK-SAME:    %[[O1:[^:]+]]: memref<1x8x1x64xf32>, %[[L1:[^:]+]]: memref<1x8x1xf32>, %[[O2:[^:]+]]: memref<1x8x1x64xf32>, %[[L2:[^:]+]]: memref<1x8x1xf32>
// CHECK:         %[[X1:.*]] = memref.load %[[L1]]
// CHECK:         %[[X2:.*]] = memref.load %[[L2]]
// CHECK-NOT:     iter_args
// CHECK:         vector.load %[[O1]]
// CHECK:         vector.load %[[O2]]
func.func @pair(%o1: memref<1x8x1x64xf32>, %l1: memref<1x8x1xf32>,
                %o2: memref<1x8x1x64xf32>, %l2: memref<1x8x1xf32>,
                %out: memref<1x8x1x64xf32>) {
  attn.merge ins(%o1, %o2 lse %l1, %l2) outs(%out)
    : (memref<1x8x1x64xf32>, memref<1x8x1x64xf32>, memref<1x8x1xf32>,
       memref<1x8x1xf32>, memref<1x8x1x64xf32>) -> ()
  return
}
