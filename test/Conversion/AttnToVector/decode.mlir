// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!kv = memref<1x2x?x128xf32>

// A decoding step: four heads share keys. Rows of memory are read whole and in
// order, so two of the four heads are done at a time, their queries and sums in
// registers; each key is one round of a loop, which asks for its value.
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x8x1x128xf32>, %[[K:[^:]+]]: memref<1x2x?x128xf32>, %[[V:[^:]+]]: memref<1x2x?x128xf32>
// CHECK-COUNT-16: vector.load {{.*}} memref<4x128xf32>, vector<16xf32>
// CHECK-NOT:     memref<4x128xf32>
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK-COUNT-8:     memref.prefetch %[[V]]{{.*}} read, locality<3>, data
// CHECK:             vector.load {{.*}} memref<?x128xf32, {{.*}}>, vector<16xf32>
// CHECK-COUNT-2:     vector.fma
// CHECK:             vector.load {{.*}} memref<?x128xf32, {{.*}}>, vector<16xf32>
// CHECK-COUNT-14:    vector.fma
// CHECK-NOT:         vector.fma
// CHECK-COUNT-2:     vector.store {{.*}} memref<16x16xf32>, vector<16xf32>
// One vector of 16 scores out of the 16 sums, stored by rows.
// CHECK:           vector.load {{.*}} memref<16x16xf32>, vector<16xf32>
// CHECK-COUNT-15:  arith.addf
// CHECK-COUNT-2:   vector.store {{.*}} : memref<4x32xf32>, vector<8xf32>
// Lanes are keys. Sums are rescaled only where the maximum grows.
// CHECK:         arith.cmpf ogt, {{.*}} : vector<16xf32>
// CHECK:         vector.reduction <or>
// CHECK:         scf.if
// CHECK:           arith.mulf
// CHECK:           memref<4x128xf32>
// 2 rows by 8 vectors of value columns; the keys of the next block are asked
// for.
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-8:   memref.prefetch %[[K]]
// CHECK-COUNT-8:   vector.load {{.*}} memref<?x128xf32, {{.*}}>, vector<16xf32>
// CHECK-COUNT-16:  vector.fma
// CHECK-NOT:       vector.fma
// CHECK:           scf.yield
// CHECK-NOT:     attn.
func.func @decode(%q: memref<1x8x1x128xf32>, %k: !kv, %v: !kv,
                  %acc: memref<1x8x1x128xf32>, %m: memref<1x8x1xf32>,
                  %l: memref<1x8x1xf32>) {
  attn.online ins(%q, %k, %v) outs(%acc, %m, %l)
    : (memref<1x8x1x128xf32>, !kv, !kv, memref<1x8x1x128xf32>,
       memref<1x8x1xf32>, memref<1x8x1xf32>) -> ()
  return
}

// -----

// One row: sums of 16 keys, so that one vector of scores is full.
// CHECK-LABEL: func.func @one_row
// CHECK-COUNT-4: vector.fma
// CHECK:         vector.store {{.*}} : memref<16x16xf32>, vector<16xf32>
// CHECK-COUNT-16: vector.load {{.*}} : memref<16x16xf32>, vector<16xf32>
// CHECK:         vector.store {{.*}} : memref<4x32xf32>, vector<16xf32>
func.func @one_row(%q: memref<1x2x1x64xf32>, %k: memref<1x2x?x64xf32>,
                   %o: memref<1x2x1x64xf32>, %l: memref<1x2x1xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x2x1x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>,
       memref<1x2x1x64xf32>, memref<1x2x1xf32>) -> ()
  return
}

// -----

// Four rows of 64 columns: the tile of four keys is in registers as a whole.
// CHECK-LABEL: func.func @short_rows
// CHECK-NOT:     memref<16x16xf32>
// CHECK-COUNT-16: vector.load {{.*}} memref<4x64xf32>, vector<16xf32>
// CHECK-COUNT-64: vector.fma
// CHECK-NOT:     vector.fma
// CHECK-COUNT-4: vector.store {{.*}} : memref<4x32xf32>, vector<4xf32>
func.func @short_rows(%q: memref<1x8x1x64xf32>, %k: memref<1x2x?x64xf32>,
                      %o: memref<1x8x1x64xf32>, %l: memref<1x8x1xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x8x1x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>,
       memref<1x8x1x64xf32>, memref<1x8x1xf32>) -> ()
  return
}

// -----

// Eight rows: products take longer than memory. A query is loaded once for four
// keys, and values in halves of rows for four rows.
// CHECK-LABEL: func.func @computing
// CHECK-NOT:     memref<16x16xf32>
// CHECK-COUNT-4: vector.load {{.*}} memref<?x128xf32
// CHECK:         vector.load {{.*}} memref<8x128xf32>, vector<16xf32>
// CHECK-COUNT-4: vector.fma
// CHECK:         vector.load {{.*}} memref<8x128xf32>, vector<16xf32>
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-4:   memref.prefetch
// CHECK-COUNT-4:   vector.load {{.*}} memref<?x128xf32
// CHECK-COUNT-16:  vector.fma
// CHECK-NOT:       vector.fma
// CHECK:           scf.yield
func.func @computing(%q: memref<1x16x1x128xf32>, %k: memref<1x2x?x128xf32>,
                     %o: memref<1x16x1x128xf32>, %l: memref<1x16x1xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x16x1x128xf32>, memref<1x2x?x128xf32>, memref<1x2x?x128xf32>,
       memref<1x16x1x128xf32>, memref<1x16x1xf32>) -> ()
  return
}

// -----

// 40 columns are two vectors and half of one: nothing beyond a row is read.
// CHECK-LABEL: func.func @tails
// CHECK:         vector.load {{.*}} : memref<?x40xf32, {{.*}}>, vector<8xf32>
// CHECK:         vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
func.func @tails(%q: memref<1x2x1x40xf32>, %k: memref<1x2x?x40xf32>,
                 %o: memref<1x2x1x40xf32>, %l: memref<1x2x1xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x2x1x40xf32>, memref<1x2x?x40xf32>, memref<1x2x?x40xf32>,
       memref<1x2x1x40xf32>, memref<1x2x1xf32>) -> ()
  return
}

// -----

!q = memref<1x8x1x128xbf16>
!kv = memref<1x2x?x128xbf16>
!o = memref<1x8x1x128xf32>
!l = memref<1x8x1xf32>

// Without an instruction for pairs, keys are widened in registers.
// CHECK-LABEL: func.func @widened
// CHECK-NOT:     x86vector
// CHECK:         arith.extf {{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK:         vector.fma
func.func @widened(%q: !q, %k: !kv, %o: !o, %l: !l) {
  attn.partial ins(%q, %k, %k) outs(%o, %l) : (!q, !kv, !kv, !o, !l) -> ()
  return
}

// -----

!q = memref<1x8x1x128xbf16>
!kv = memref<1x2x?x128xbf16>
!o = memref<1x8x1x128xf32>
!l = memref<1x8x1xf32>

module attributes {attn.target = #attn.target<cpu, vector_bits = 512, num_vector_registers = 32, bf16_dot = true>} {
// CHECK-LABEL: func.func @pairs
// CHECK-COUNT-16: x86vector.avx512.dot {{.*}} : vector<32xbf16> -> vector<16xf32>
// Powers are rounded, two keys of one row are one word.
// CHECK:         vector.load {{.*}} : memref<4x32xbf16>, vector<2xbf16>
// CHECK:         vector.bitcast {{.*}} : vector<2xbf16> to vector<1xi32>
// CHECK:         x86vector.avx512.dot
func.func @pairs(%q: !q, %k: !kv, %o: !o, %l: !l) {
  attn.partial ins(%q, %k, %k) outs(%o, %l) : (!q, !kv, !kv, !o, !l) -> ()
  return
}
}

// -----

!kv = memref<1x2x?x128xf32>

module attributes {attn.target = #attn.target<cpu, vector_bits = 256, num_vector_registers = 16>} {
// Half the registers and half the lanes: 2 keys by 4 rows, whose queries are
// not in registers.
// CHECK-LABEL: func.func @narrow_target
// CHECK:         vector.load {{.*}} : memref<?x128xf32
// CHECK-NEXT:    vector.load {{.*}} : memref<4x128xf32>, vector<8xf32>
// CHECK-COUNT-8: vector.fma {{.*}} : vector<8xf32>
// CHECK-NOT:     vector<16xf32>
// CHECK:         vector.store {{.*}} : memref<4x32xf32>, vector<2xf32>
func.func @narrow_target(%q: memref<1x8x1x128xf32>, %k: !kv,
                         %o: memref<1x8x1x128xf32>, %l: memref<1x8x1xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x8x1x128xf32>, !kv, !kv, memref<1x8x1x128xf32>,
       memref<1x8x1xf32>) -> ()
  return
}
}

// -----

// No rows have scratch all the same, of which views are valid.
// CHECK-LABEL: func.func @no_rows
// CHECK-NOT:     attn.
func.func @no_rows(%q: memref<1x1x0x8xf32>, %k: memref<1x1x?x8xf32>,
                   %o: memref<1x1x0x8xf32>, %l: memref<1x1x0xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x1x0x8xf32>, memref<1x1x?x8xf32>, memref<1x1x?x8xf32>,
       memref<1x1x0x8xf32>, memref<1x1x0xf32>) -> ()
  return
}

// -----

// Many rows fill the lanes of a panel.
// CHECK-LABEL: func.func @negative_many_rows
// CHECK-NOT:     memref.prefetch
// CHECK:         memref.load
// CHECK:         vector.broadcast
// CHECK-NOT:     memref.prefetch
// CHECK:         return
func.func @negative_many_rows(%q: memref<1x8x5x64xf32>,
    %k: memref<1x2x?x64xf32>, %o: memref<1x8x5x64xf32>,
    %l: memref<1x8x5xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x8x5x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>,
       memref<1x8x5x64xf32>, memref<1x8x5xf32>) -> ()
  return
}

// -----

!q = memref<1x8x?x64xf32>
!kv = memref<1x2x?x64xf32>
!l = memref<1x8x?xf32>

// Both kernels where only the run knows how many rows there are.
// CHECK-LABEL: func.func @any_rows
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x8x?x64xf32>
// CHECK-DAG:     memref.alloca() {{.*}} : memref<16x64xf32>
// CHECK-DAG:     memref.alloca() {{.*}} : memref<4x64x32xf32>
// CHECK:         %[[N:.*]] = memref.dim %[[Q]]
// CHECK:         %[[ROWS:.*]] = arith.muli %[[N]], %c8
// CHECK:         %[[FEW:.*]] = arith.cmpi sle, %[[ROWS]], %c32
// CHECK:         scf.if %[[FEW]]
// CHECK:           memref.prefetch
func.func @any_rows(%q: !q, %k: !kv, %o: !q, %l: !l) {
  attn.partial ins(%q, %k, %k) outs(%o, %l) : (!q, !kv, !kv, !q, !l) -> ()
  return
}

// -----

!q = memref<1x8x1x64xf32>
!kv = memref<1x2x?x64xf32>
!l = memref<1x8x1xf32>
!bias = memref<1x8x1x?xf16>
!mask = memref<1x1x1x?xi8>

// Bias and mask are read as vectors of keys, from scratch in the last block.
// The values of keys that no row sees are skipped.
// CHECK-LABEL: func.func @modifiers
// CHECK-SAME:    %[[BIAS:[^:]+]]: memref<1x8x1x?xf16>, %[[MASK:[^:]+]]: memref<1x1x1x?xi8>
// CHECK:         scf.if
// CHECK:           vector.load %[[BIAS]]{{.*}} vector<16xf16>
// CHECK:         } else {
// CHECK:           memref.load %[[BIAS]]
// CHECK:         scf.if
// CHECK:           vector.load %[[MASK]]{{.*}} vector<16xi8>
// CHECK:         vector.reduction <and>
// CHECK:         %[[KEPT:.*]] = scf.if {{.*}} -> (index)
// CHECK:         scf.for {{.*}} to %[[KEPT]]
// CHECK:           vector.fma
func.func @modifiers(%q: !q, %k: !kv, %o: !q, %l: !l, %bias: !bias,
                     %mask: !mask) {
  attn.partial ins(%q, %k, %k mask(%mask) bias(%bias)) outs(%o, %l)
    : (!q, !kv, !kv, !mask, !bias, !q, !l) -> ()
  return
}

// -----

!q = memref<1x8x1x64xf32>
!kv = memref<1x2x?x64xf32>
!l = memref<1x8x1xf32>

// A region on vectors of keys: head and query stay scalars.
// CHECK-LABEL: func.func @region
// CHECK:         %[[SLOPE:.*]] = memref.load %{{.*}}[%{{.*}}] : memref<8xf32>
// CHECK-DAG:     arith.subi {{.*}} : vector<16xindex>
// CHECK-DAG:     vector.broadcast %[[SLOPE]] : f32 to vector<16xf32>
// CHECK:         arith.mulf {{.*}} : vector<16xf32>
func.func @region(%q: !q, %k: !kv, %o: !q, %l: !l, %slopes: memref<8xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = memref.load %slopes[%h] : memref<8xf32>
    %distance = arith.subi %j, %i : index
    %i64 = arith.index_cast %distance : index to i64
    %f32 = arith.sitofp %i64 : i64 to f32
    %penalty = arith.mulf %f32, %slope : f32
    %r = arith.addf %s, %penalty : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, !q, !l) -> ()
  return
}

// -----

!q = memref<1x8x1x64xf32>
!pool = memref<?x2x16x64xf32>
!l = memref<1x8x1xf32>

// Blocks are no longer than a page: those that begin with one are read there.
// CHECK-LABEL: func.func @paged
// CHECK-SAME:    %[[POOL:[^:]+]]: memref<?x2x16x64xf32>
// CHECK-DAG:     memref.alloca() {{.*}} : memref<16x64xf32>
// CHECK-DAG:     memref.alloca() {{.*}} : memref<4x16xf32>
// CHECK:         scf.if {{.*}} -> (memref<?x64xf32, strided<[?, 1], offset: ?>>)
// CHECK:           memref.subview %[[POOL]]
// The next page is asked for where the table says it lies.
// CHECK:         memref.prefetch %[[POOL]]
func.func @paged(%q: !q, %k: !pool, %o: !q, %l: !l, %table: memref<1x8xi32>) {
  attn.partial ins(%q, %k, %k page_table(%table)) outs(%o, %l)
    : (!q, !pool, !pool, memref<1x8xi32>, !q, !l) -> ()
  return
}
