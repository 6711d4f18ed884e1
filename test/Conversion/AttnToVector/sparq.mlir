// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!kv = memref<1x2x?x128xf16>

// Four heads share keys, which are there channel by channel. A thread that has
// a key head to itself has its scores, too.
// CHECK-LABEL: func.func @channels
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x8x1x128xf16>, %[[K:[^:]+]]: memref<1x2x?x128xf16>, %[[V:[^:]+]]: memref<1x2x?x128xf16>, %[[KT:[^:]+]]: memref<1x2x?x128x2048xf16>
// CHECK:         scf.parallel
// CHECK:           memref.alloc({{.*}}) {{.*}} : memref<1x4x?xf32>
// Rows of 4 channels by 32 keys and 4 heads, while later ones are asked for.
// CHECK:           scf.for
// CHECK-COUNT-4:     memref.prefetch %[[KT]]{{.*}} read
// CHECK:             vector.load %[[KT]]{{.*}} vector<16xf16>
// CHECK-COUNT-32:    vector.fma
// CHECK-NOT:         vector.fma
// CHECK-COUNT-8:     vector.store {{.*}} : memref<1x4x?xf32>, vector<16xf32>
// Meanwhile, a power of the tile before; -0.0 for what is not visible.
// CHECK:             arith.cmpf oeq
// CHECK-NEXT:        arith.select {{.*}} vector<16xf32>
// CHECK-NEXT:        vector.store {{.*}} : memref<1x4x?xf32>, vector<16xf32>
// The next channels add to the scores so far.
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK-COUNT-4:       memref.prefetch %[[KT]]{{.*}} read
// CHECK-COUNT-8:       vector.load {{.*}} : memref<1x4x?xf32>, vector<16xf32>
// CHECK-COUNT-32:      vector.fma
// CHECK-COUNT-8:       vector.store {{.*}} : memref<1x4x?xf32>, vector<16xf32>
// Candidates are integers in the order of the floats.
// CHECK:           arith.maxsi {{.*}} : vector<16xi32>
// The one wanted is found bit by bit.
// CHECK:           arith.shrui
// CHECK:           arith.cmpi sge, {{.*}} : vector<16xi32>
// The chosen rows are asked for, and read where they are.
// CHECK:           memref.prefetch %[[K]]
// CHECK:           memref.prefetch %[[V]]
// CHECK-COUNT-4:   vector.load %[[K]]{{.*}} vector<16xf16>
// CHECK-COUNT-16:  vector.fma
// CHECK-COUNT-4:   vector.load %[[V]]{{.*}} vector<16xf16>
// CHECK-COUNT-16:  vector.fma
// CHECK:           vector.store {{.*}} : memref<1x8x1x128xf16>, vector<16xf16>
// CHECK-NOT:     scf.parallel
// CHECK-NOT:     attn.
func.func @channels(%q: memref<1x8x1x128xf16>, %k: !kv, %v: !kv,
    %kt: memref<1x2x?x128x2048xf16>, %o: memref<1x8x1x128xf16>) {
  attn.sparq_step ins(%q, %k, %v rank(32) top_k(128) local_window(32)
      key_t(%kt)) outs(%o)
    : (memref<1x8x1x128xf16>, !kv, !kv, memref<1x2x?x128x2048xf16>,
       memref<1x8x1x128xf16>) -> ()
  return
}

// -----

// Few key heads for many threads: these share the keys of one for the scores,
// of which there are those of all key heads.
// CHECK-LABEL: func.func @together
// CHECK-SAME:    %[[SPLITS:[^:]+]]: index)
// CHECK:         %[[ALONE:.+]] = arith.cmpi sle, %[[SPLITS]]
// CHECK:         scf.if %[[ALONE]] {
// CHECK:           scf.parallel
// CHECK:             memref.alloc({{.*}}) {{.*}} : memref<1x4x?xf32>
// CHECK:         memref.alloc({{.*}}) {{.*}} : memref<2x4x?xf32>
// CHECK:         scf.parallel (%{{.+}}, %{{.+}}) = {{.*}} to (%{{.+}}, %[[SPLITS]])
// CHECK:         scf.parallel (%{{.+}}) =
// CHECK-NOT:     scf.parallel
func.func @together(%q: memref<1x8x1x64xf32>, %k: memref<1x2x?x64xf32>,
    %o: memref<1x8x1x64xf32>, %n: index) {
  attn.sparq_step ins(%q, %k, %k rank(16) top_k(64) splits(%n)) outs(%o)
    : (memref<1x8x1x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>,
       index, memref<1x8x1x64xf32>) -> ()
  return
}

// -----

// One head a key head and no realloc: no softmax of approximate scores, so
// nothing is kept of tiles.
// CHECK-LABEL: func.func @no_softmax
// CHECK:         memref.alloc() {{.*}} : memref<1x1x512xf32>
// CHECK-NOT:     memref<1x1x16xf32>
// CHECK:         return
func.func @no_softmax(%q: memref<1x2x1x64xf32>, %k: memref<1x2x512x64xf32>,
    %o: memref<1x2x1x64xf32>) {
  attn.sparq_step ins(%q, %k, %k rank(16) top_k(64) realloc(off)) outs(%o)
    : (memref<1x2x1x64xf32>, memref<1x2x512x64xf32>, memref<1x2x512x64xf32>,
       memref<1x2x1x64xf32>) -> ()
  return
}
