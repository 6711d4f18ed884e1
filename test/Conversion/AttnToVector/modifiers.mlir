// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// A mask of every query and key is transposed a block at a time; keys that no
// lane sees are dropped, so that their values are not read.
// CHECK-LABEL: func.func @mask
// CHECK-SAME:    %[[MASK:[^:]+]]: memref<1x2x32x?xi8>
// CHECK:         %[[KEPT:.*]] = memref.alloca() {{.*}} : memref<128xindex>
// CHECK:         vector.load %[[MASK]]{{.*}} vector<16xi8>
// CHECK:         arith.cmpi ne, {{.*}} : vector<16xi8>
// CHECK:         arith.select {{.*}} : vector<16xi1>, vector<16xf32>
// CHECK:         memref.store {{.*}}, %[[KEPT]]
// CHECK:         vector.reduction <or>, {{.*}} : vector<16xi1> into i1
// CHECK:         memref.load %[[KEPT]]
func.func @mask(%mask: memref<1x2x32x?xi8>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k mask(%mask)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x32x?xi8>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// One mask row for all queries: a scalar a key.
// CHECK-LABEL: func.func @key_mask
// CHECK-SAME:    %[[MASK:[^:]+]]: memref<1x1x1x?xi8>
// CHECK-NOT:     vector.load %[[MASK]]
// CHECK:         memref.load %[[MASK]]
func.func @key_mask(%mask: memref<1x1x1x?xi8>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k mask(%mask)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x1x1x?xi8>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// A bias the same for all keys is read once a panel, before the keys are.
// CHECK-LABEL: func.func @row_bias
// CHECK-SAME:    %[[BIAS:[^:]+]]: memref<1x2x1x1xf16>, %{{[^:]+}}: memref<1x2x32x16xf32>, %[[K:[^:]+]]:
// CHECK:         memref.load %[[BIAS]]
// CHECK:         arith.extf {{.*}} : f16 to f32
// CHECK:         memref.subview %[[K]]
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
