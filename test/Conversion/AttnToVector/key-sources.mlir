// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<1x2x32x16xf32>
!s = memref<1x2x32xf32>
!pool = memref<?x1x256x16xf32>

// A block of keys within one page is read there, one that crosses into the next
// page is brought together in scratch, row by row.
// CHECK-LABEL: func.func @long_pages
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x2x32x16xf32>, %[[POOL:[^:]+]]: memref<?x1x256x16xf32>, %[[TABLE:[^:]+]]: memref<1x?xi32>
// CHECK:         %[[ONE:.*]] = arith.cmpi sle, {{.*}}, %c256
// CHECK:         %[[ROWS:.*]] = scf.if %[[ONE]] -> (memref<?x16xf32, strided<[?, 1], offset: ?>>) {
// CHECK:           %[[ENTRY:.*]] = memref.load %[[TABLE]]
// CHECK:           %[[PAGE:.*]] = arith.index_cast %[[ENTRY]]
// CHECK:           memref.subview %[[POOL]][%[[PAGE]], 0, %{{.*}}, 0] [1, 1, %{{.*}}, 16]
// CHECK:         } else {
// CHECK:           scf.for
// CHECK:             memref.load %[[TABLE]]
// CHECK:             %[[V:.*]] = vector.load %[[POOL]]
// CHECK:             vector.store %[[V]], %[[KEYS:[a-z0-9_]+]]
// CHECK:           memref.cast %[[KEYS]]
// CHECK:         memref.load %[[ROWS]]
func.func @long_pages(%q: !q, %pool: !pool, %table: memref<1x?xi32>, %m: !s) {
  attn.online ins(%q, %pool, %pool page_table(%table)) outs(%q, %m, %m)
    : (!q, !pool, !pool, memref<1x?xi32>, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x24xf16>
!acc = memref<1x2x32x24xf32>
!s = memref<1x2x32xf32>
!pool = memref<?x1x16x24xi8>

// 8-bit rows are dequantised on the way; 24 columns are one vector of 16 and
// one of 8. One scale serves all keys and is read before them.
// CHECK-LABEL: func.func @bytes
// CHECK-SAME:    %[[KS:[^:]+]]: memref<1x1x1x1xf32>, %[[VS:[^:]+]]: memref<1x1x?x1xf32>
// CHECK:         %[[SCALE:.*]] = memref.load %[[KS]]
// CHECK:         scf.for
// CHECK:           %[[WIDE:.*]] = vector.load {{.*}} vector<16xi8>
// CHECK:           %[[FLOAT:.*]] = arith.sitofp %[[WIDE]] : vector<16xi8> to vector<16xf32>
// CHECK:           %[[BY:.*]] = vector.broadcast %[[SCALE]]
// CHECK:           arith.mulf %[[FLOAT]], %[[BY]] : vector<16xf32>
// CHECK:           vector.load {{.*}} vector<8xi8>
// CHECK:         scf.for
// CHECK:           memref.load %[[VS]]
// CHECK:           vector.load {{.*}} vector<16xi8>
func.func @bytes(%ks: memref<1x1x1x1xf32>, %vs: memref<1x1x?x1xf32>, %q: !q,
                 %pool: !pool, %table: memref<1x?xi32>, %acc: !acc, %m: !s) {
  attn.online ins(%q, %pool, %pool key_scale(%ks) value_scale(%vs)
      page_table(%table)) outs(%acc, %m, %m)
    : (!q, !pool, !pool, memref<1x1x1x1xf32>, memref<1x1x?x1xf32>,
       memref<1x?xi32>, !acc, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x1x?x16xf8E4M3FN>
!s = memref<1x2x32xf32>

// A scale per column is a vector; where only a run says whether there is one,
// both ways are there.
// CHECK-LABEL: func.func @columns
// CHECK-SAME:    %[[KS:[^:]+]]: memref<1x1x1x16xf32>, %[[VS:[^:]+]]: memref<1x1x1x?xf32>
// CHECK:         %[[UNIT:.*]] = arith.cmpi eq, %{{.*}}, %c1
// CHECK:         arith.extf {{.*}} : vector<16xf8E4M3FN> to vector<16xf32>
// CHECK:         vector.load %[[KS]]{{.*}} vector<16xf32>
// CHECK:         scf.if %[[UNIT]]
// CHECK:           memref.load %[[VS]]
// CHECK:         } else {
// CHECK:           vector.load %[[VS]]
func.func @columns(%ks: memref<1x1x1x16xf32>, %vs: memref<1x1x1x?xf32>, %q: !q,
                   %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k key_scale(%ks) value_scale(%vs)) outs(%q, %m, %m)
    : (!q, !kv, !kv, memref<1x1x1x16xf32>, memref<1x1x1x?xf32>, !q, !s, !s)
      -> ()
  return
}
