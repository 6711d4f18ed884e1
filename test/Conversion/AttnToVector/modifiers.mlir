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

// A bias of every query and key is transposed into the place of the scores, and
// products are added to it. Tiles prefetch the bias of the next block. log2(e)
// is left for the power.
// CHECK-LABEL: func.func @bias
// CHECK-SAME:    %[[BIAS:[^:]+]]: memref<1x2x32x?xf32>
// CHECK-DAG:     %[[LOG2E:.*]] = arith.constant dense<1.44269502> : vector<16xf32>
// CHECK-DAG:     %[[SCORES:.*]] = memref.alloca() {{.*}} : memref<128x32xf32>
// CHECK-NOT:     memref.alloca() {{.*}} : memref<128x32xf32>
// CHECK:         vector.load %[[BIAS]]
// CHECK:         vector.shuffle
// CHECK:         vector.store {{.*}}, %[[SCORES]]
// CHECK:         memref.prefetch %[[BIAS]]
// CHECK:         %[[FIRST:.*]] = vector.load %[[SCORES]]
// CHECK:         scf.for {{.*}} iter_args(%[[SUM:[^ ]+]] = %[[FIRST]],
// CHECK:           vector.fma {{.*}}, %[[SUM]] : vector<16xf32>
// CHECK:         vector.fma {{.*}}, %[[LOG2E]], {{.*}} : vector<16xf32>
func.func @bias(%bias: memref<1x2x32x?xf32>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k bias(%bias)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x32x?xf32>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// Modified scores are compared with positions only in tiles that some row does
// not see whole; keys are dropped only if a modifier excluded a score.
// CHECK-LABEL: func.func @causal_bias
// CHECK:         vector.fma
// CHECK-NOT:     vector<16xindex>
// CHECK:         %[[LO:.*]] = arith.cmpi sge, {{.*}} : index
// CHECK-NEXT:    %[[HI:.*]] = arith.cmpi sle, {{.*}} : index
// CHECK-NEXT:    %[[INSIDE:.*]] = arith.andi %[[LO]], %[[HI]]
// CHECK-NEXT:    scf.if %[[INSIDE]]
// CHECK-NOT:       vector<16xindex>
// CHECK:           scf.yield
// CHECK-NEXT:    } else {
// CHECK:           vector<16xindex>
// CHECK:         %[[THIN:.*]] = vector.reduction <or>, {{.*}} : vector<16xi1> into i1
// CHECK:         scf.if %[[THIN]]
func.func @causal_bias(%bias: memref<1x2x1x1xf32>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k causal bias(%bias)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x1x1xf32>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// The elements of a bf16 bias move in pairs, half as many shuffles, and become
// f32 afterwards.
// CHECK-LABEL: func.func @bf16_bias
// CHECK-SAME:    %[[BIAS:[^:]+]]: memref<1x2x32x?xbf16>
// CHECK:         %[[PAIRS:.*]] = vector.load %[[BIAS]]{{.*}} vector<32xbf16>
// CHECK:         vector.bitcast %[[PAIRS]] : vector<32xbf16> to vector<16xf32>
// CHECK:         vector.shuffle {{.*}} : vector<16xf32>, vector<16xf32>
// CHECK:         arith.shli {{.*}} : vector<16xi32>
// CHECK:         arith.andi {{.*}} : vector<16xi32>
func.func @bf16_bias(%bias: memref<1x2x32x?xbf16>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k bias(%bias)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x2x32x?xbf16>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// A region that reads memory at every key would be much code in a tile: it
// waits for the scores of a block.
// CHECK-LABEL: func.func @table
// CHECK-SAME:    %[[TABLE:[^:]+]]: memref<?xf32>
// CHECK:         vector.fma
// CHECK-NOT:     memref.load %[[TABLE]]
// CHECK:         scf.for {{.*}} step %c1 iter_args
// CHECK:           memref.load %[[TABLE]]
// CHECK:           vector.from_elements
func.func @table(%table: memref<?xf32>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k) outs(%q, %m, %m) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %at = arith.addi %i, %j : index
    %e = memref.load %table[%at] : memref<?xf32>
    %r = arith.addf %s, %e : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, !q, !s, !s) -> ()
  return
}
