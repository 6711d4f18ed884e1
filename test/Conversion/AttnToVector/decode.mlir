// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!kv = memref<1x2x?x128xf32>

// A decoding step: four heads share keys. Lanes are columns of head_dim: sums
// of 4 keys by 4 rows are in registers, and the lines of the values are asked
// for in between, in order.
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x8x1x128xf32>, %[[K:[^:]+]]: memref<1x2x?x128xf32>, %[[V:[^:]+]]: memref<1x2x?x128xf32>
// CHECK:         memref.prefetch %[[V]]{{.*}} read, locality<3>, data
// CHECK-COUNT-4: vector.load {{.*}} vector<16xf32>
// CHECK:         vector.load {{.*}} memref<4x128xf32>, vector<16xf32>
// CHECK-COUNT-4: vector.fma
// CHECK:         vector.load {{.*}} memref<4x128xf32>, vector<16xf32>
// CHECK-COUNT-4: vector.fma
// One vector of 16 scores out of the 16 sums, stored by rows.
// CHECK-COUNT-15: arith.addf
// CHECK-COUNT-4: vector.store {{.*}} : memref<4x32xf32>, vector<4xf32>
// Lanes are keys. Sums are rescaled only where the maximum grows.
// CHECK:         arith.cmpf ogt, {{.*}} : vector<16xf32>
// CHECK:         vector.reduction <or>
// CHECK:         scf.if
// CHECK:           arith.mulf
// CHECK:           memref<4x128xf32>
// 4 rows by 4 vectors of value columns; the keys of the next block are asked
// for.
// CHECK:         scf.for {{.*}} iter_args
// CHECK:           memref.prefetch %[[K]]
// CHECK:           vector.load
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

// One row: 16 keys at once, so that one vector of scores is full.
// CHECK-LABEL: func.func @one_row
// CHECK-COUNT-16: vector.load {{.*}} : memref<?x64xf32
// CHECK-COUNT-16: vector.fma
// CHECK:         vector.store {{.*}} : memref<4x32xf32>, vector<16xf32>
func.func @one_row(%q: memref<1x2x1x64xf32>, %k: memref<1x2x?x64xf32>,
                   %o: memref<1x2x1x64xf32>, %l: memref<1x2x1xf32>) {
  attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (memref<1x2x1x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>,
       memref<1x2x1x64xf32>, memref<1x2x1xf32>) -> ()
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
// Half the registers and half the lanes: 2 keys by 4 rows.
// CHECK-LABEL: func.func @narrow_target
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
