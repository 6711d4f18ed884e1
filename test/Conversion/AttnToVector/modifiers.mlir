// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// A block of the mask is looked at before anything else: one that nobody sees is
// passed over, one that all see is computed as if there were no mask. What is
// neither is transposed by bytes; then keys that no lane sees are dropped, so
// that their values are not read.
// CHECK-LABEL: func.func @mask
// CHECK-SAME:    %[[MASK:[^:]+]]: memref<1x2x32x?xi8>
// CHECK-DAG:     %[[KEPT:.*]] = memref.alloca() {{.*}} : memref<128xindex>
// CHECK-DAG:     %[[BYTES:.*]] = memref.alloca() {{.*}} : memref<128x32xi8>
// CHECK:         vector.load %[[MASK]]{{.*}} vector<64xi8>
// CHECK:         arith.ori {{.*}} : vector<64xi8>
// CHECK:         arith.minui {{.*}} : vector<64xi8>
// CHECK:         %[[ANY:.*]] = arith.cmpi ne
// CHECK:         %[[ALL:.*]] = arith.cmpi ne
// CHECK:         scf.if %[[ANY]]
// CHECK:           vector.fma
// CHECK:           scf.if %[[ALL]]
// CHECK:             scf.yield
// CHECK:           } else {
// CHECK:             vector.shuffle {{.*}} : vector<64xi8>, vector<64xi8>
// CHECK:             vector.store {{.*}}, %[[BYTES]]{{.*}} vector<16xi8>
// CHECK:             vector.load %[[BYTES]]{{.*}} vector<16xi8>
// CHECK:             arith.select {{.*}} : vector<16xi1>, vector<16xf32>
// CHECK:           memref.store {{.*}}, %[[KEPT]]
// CHECK:           vector.reduction <or>, {{.*}} : vector<16xi1> into i1
// CHECK:           memref.load %[[KEPT]]
func.func @mask(%mask: memref<1x2x32x?xi8>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k mask(%mask)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x32x?xi8>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// One mask row for all queries: a scalar a key, and nothing to transpose.
// CHECK-LABEL: func.func @key_mask
// CHECK-SAME:    %[[MASK:[^:]+]]: memref<1x1x1x?xi8>
// CHECK:         vector.fma
// CHECK-NOT:     vector.load %[[MASK]]
// CHECK:         %[[BYTE:.*]] = memref.load %[[MASK]]
// CHECK-NEXT:    %[[SEEN:.*]] = arith.cmpi ne, %[[BYTE]]
// CHECK-NEXT:    vector.broadcast %[[SEEN]] : i1 to vector<16xi1>
func.func @key_mask(%mask: memref<1x1x1x?xi8>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k mask(%mask)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x1x1x?xi8>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// A bias the same for all keys is read before the scores are made.
// CHECK-LABEL: func.func @row_bias
// CHECK-SAME:    %[[BIAS:[^:]+]]: memref<1x2x1x1xf16>, %{{[^:]+}}: memref<1x2x32x16xf32>, %[[K:[^:]+]]:
// CHECK:         memref.subview %[[K]]
// CHECK:         memref.load %[[BIAS]]
// CHECK:         arith.extf {{.*}} : f16 to f32
// CHECK:         vector.fma
// CHECK-NOT:     memref.load %[[BIAS]]
// CHECK:         return
func.func @row_bias(%bias: memref<1x2x1x1xf16>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k bias(%bias)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x1x1xf16>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// No libm: tanh is made of our own powers. Nothing can exclude a key here.
// CHECK-LABEL: func.func @softcap
// CHECK-NOT:     math.
// CHECK-NOT:     memref<128xindex>
// CHECK:         arith.divf {{.*}} : vector<16xf32>
// CHECK-NOT:     math.
// CHECK:         return
func.func @softcap(%q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k softcap(5.000000e+01)) outs(%q, %m, %m)
    : (!q, !kv, !kv, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<?x2x32x16xf32>
!kv = memref<?x2x?x16xf32>
!s = memref<?x2x32xf32>

// A dynamic dimension may turn out to be 1 and then serves every index.
// CHECK-LABEL: func.func @dynamic_mask
// CHECK-SAME:    %[[MASK:[^:]+]]: memref<?x1x1x?xi8>
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
// CHECK:         %[[B:.*]] = memref.dim %[[MASK]], %[[C0]]
// CHECK:         %[[ONE:.*]] = arith.cmpi eq, %[[B]], %[[C1]]
// CHECK:         arith.select %[[ONE]], %[[C0]], %{{.*}} : index
// CHECK:         memref.load %[[MASK]]
func.func @dynamic_mask(%mask: memref<?x1x1x?xi8>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k mask(%mask)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<?x1x1x?xi8>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// A bias of every query and key is transposed 16 keys at a time and added in
// units of log2; the next block of it is prefetched.
// CHECK-LABEL: func.func @bias
// CHECK-SAME:    %[[BIAS:[^:]+]]: memref<1x2x32x?xf32>
// CHECK:         %[[CHUNK:.*]] = memref.alloca() {{.*}} : memref<16x32xf32>
// CHECK:         scf.for {{.*}} step %c16 iter_args
// CHECK:           memref.prefetch %[[BIAS]]
// CHECK:           vector.load %[[BIAS]]
// CHECK:           vector.store {{.*}}, %[[CHUNK]]
// CHECK:           %[[ADDED:.*]] = vector.load %[[CHUNK]]
// CHECK:           vector.fma %[[ADDED]], %{{.*}}, %{{.*}} : vector<16xf32>
func.func @bias(%bias: memref<1x2x32x?xf32>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k bias(%bias)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x32x?xf32>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// Modified scores are compared with positions only outside the keys that every
// row sees; keys are dropped only if a modifier excluded a score.
// CHECK-LABEL: func.func @causal_bias
// CHECK:         vector.fma
// CHECK-NOT:     vector<16xindex>
// CHECK:         %[[LO:.*]] = arith.cmpi sge, {{.*}} : index
// CHECK-NEXT:    %[[HI:.*]] = arith.cmpi slt, {{.*}} : index
// CHECK-NEXT:    %[[INSIDE:.*]] = arith.andi %[[LO]], %[[HI]]
// CHECK-NEXT:    scf.if %[[INSIDE]]
// CHECK-NEXT:      scf.yield
// CHECK-NEXT:    } else {
// CHECK:           vector<16xindex>
// CHECK:         %[[THIN:.*]] = vector.reduction <or>, {{.*}} : vector<16xi1> into i1
// CHECK:         scf.if %[[THIN]]
func.func @causal_bias(%bias: memref<1x2x1x1xf32>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k causal bias(%bias)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x1x1xf32>, !q, !s, !s) -> ()
  return
}
