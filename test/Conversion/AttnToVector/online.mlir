// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

// Lanes are queries: a tile of 8 keys by 2 vectors of queries is carried
// through the loop over head_dim, two columns a step; keys are read as scalars.
// CHECK-LABEL: func.func @dense
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x4x32x64xf32>, %[[K:[^:]+]]: memref<1x1x?x64xf32>, %[[V:[^:]+]]: memref<1x1x?x64xf32>
// CHECK-DAG:     memref.alloca() {alignment = 64 : i64} : memref<4x64x32xf32>
// CHECK-DAG:     memref.alloca() {alignment = 64 : i64} : memref<128x32xf32>
// Queries are transposed once a panel.
// CHECK:         vector.load %[[Q]]{{.*}} vector<16xf32>
// CHECK:         vector.shuffle
// CHECK:         vector.store
// Blocks of keys, panels, tiles of keys, columns.
// CHECK:         scf.for
// CHECK:           %[[KEYS:.*]] = memref.subview %[[K]][0, 0, %{{.*}}, 0] [1, 1, %{{.*}}, 64]
// CHECK:           %[[VALUES:.*]] = memref.subview %[[V]]
// CHECK:           scf.for
// CHECK:           scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>) {
// CHECK:             scf.for
// CHECK:               %[[A:.*]] = memref.load %[[KEYS]]
// CHECK-NEXT:          %[[B:.*]] = vector.broadcast %[[A]] : f32 to vector<16xf32>
// CHECK-NEXT:          vector.fma %[[B]]
// CHECK-NEXT:          vector.fma %[[B]]
// Every query sees every key: nothing is compared with positions.
// CHECK-NOT:     vector<16xindex>
// CHECK:         memref.load %[[VALUES]]
// CHECK-NOT:     attn.
func.func @dense(%q: memref<1x4x32x64xf32>, %k: memref<1x1x?x64xf32>,
                 %v: memref<1x1x?x64xf32>, %acc: memref<1x4x32x64xf32>,
                 %m: memref<1x4x32xf32>, %l: memref<1x4x32xf32>) {
  attn.online ins(%q, %k, %v) outs(%acc, %m, %l)
    : (memref<1x4x32x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>,
       memref<1x4x32x64xf32>, memref<1x4x32xf32>, memref<1x4x32xf32>) -> ()
  return
}

// -----

// Limits per lane; a tile that every lane sees runs without comparing them.
// CHECK-LABEL: func.func @causal
// CHECK:         memref.alloca() {{.*}} : memref<4x4x32xindex>
// CHECK:         vector.fma
// CHECK:         %[[LO:.*]] = arith.cmpi sge, {{.*}} : index
// CHECK:         %[[HI:.*]] = arith.cmpi sle, {{.*}} : index
// CHECK:         %[[WHOLE:.*]] = arith.andi %[[LO]], %[[HI]] : i1
// CHECK:         scf.if %[[WHOLE]]
// CHECK-NOT:       vector<16xindex>
// CHECK:         } else {
// CHECK:           arith.cmpi slt, {{.*}} : vector<16xindex>
// CHECK:           arith.select {{.*}} : vector<16xi1>, vector<16xf32>
func.func @causal(%q: memref<1x4x32x64xf32>, %k: memref<1x1x?x64xf32>,
                  %acc: memref<1x4x32x64xf32>, %m: memref<1x4x32xf32>,
                  %l: memref<1x4x32xf32>) {
  attn.online ins(%q, %k, %k causal) outs(%acc, %m, %l)
    : (memref<1x4x32x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>,
       memref<1x4x32x64xf32>, memref<1x4x32xf32>, memref<1x4x32xf32>) -> ()
  return
}

// -----

// kv_len only cuts the range: still no limits per lane.
// CHECK-LABEL: func.func @lengths
// CHECK-SAME:    %[[LEN:[^:]+]]: memref<2xi64>
// CHECK:         memref.load %[[LEN]]
// CHECK-NOT:     vector<16xindex>
// CHECK:         return
func.func @lengths(%len: memref<2xi64>, %q: memref<2x4x32x64xf32>,
                   %k: memref<2x1x?x64xf32>, %acc: memref<2x4x32x64xf32>,
                   %m: memref<2x4x32xf32>, %l: memref<2x4x32xf32>) {
  attn.online ins(%q, %k, %k kv_len(%len)) outs(%acc, %m, %l)
    : (memref<2x4x32x64xf32>, memref<2x1x?x64xf32>, memref<2x1x?x64xf32>,
       memref<2xi64>, memref<2x4x32x64xf32>, memref<2x4x32xf32>,
       memref<2x4x32xf32>) -> ()
  return
}

// -----

// Narrow keys and values are extended a block at a time; sums stay f32.
// CHECK-LABEL: func.func @narrow
// CHECK:         memref.alloca() {alignment = 64 : i64} : memref<128x64xf32>
// CHECK:         arith.extf {{.*}} : vector<16xbf16> to vector<16xf32>
// CHECK:         vector.fma {{.*}} : vector<16xf32>
// CHECK-NOT:     vector.fma {{.*}}bf16
func.func @narrow(%q: memref<1x4x32x64xbf16>, %k: memref<1x1x?x64xbf16>,
                  %acc: memref<1x4x32x64xf32>, %m: memref<1x4x32xf32>,
                  %l: memref<1x4x32xf32>) {
  attn.online ins(%q, %k, %k) outs(%acc, %m, %l)
    : (memref<1x4x32x64xbf16>, memref<1x1x?x64xbf16>, memref<1x1x?x64xbf16>,
       memref<1x4x32x64xf32>, memref<1x4x32xf32>, memref<1x4x32xf32>) -> ()
  return
}

// -----

// f64 has half the lanes.
// CHECK-LABEL: func.func @double
// CHECK:         memref.alloca() {alignment = 64 : i64} : memref<4x24x16xf64>
// CHECK:         vector.fma {{.*}} : vector<8xf64>
// CHECK-NOT:     f32
func.func @double(%q: memref<1x4x32x24xf64>, %k: memref<1x1x?x24xf64>,
                  %acc: memref<1x4x32x24xf64>, %m: memref<1x4x32xf64>,
                  %l: memref<1x4x32xf64>) {
  attn.online ins(%q, %k, %k) outs(%acc, %m, %l)
    : (memref<1x4x32x24xf64>, memref<1x1x?x24xf64>, memref<1x1x?x24xf64>,
       memref<1x4x32x24xf64>, memref<1x4x32xf64>, memref<1x4x32xf64>) -> ()
  return
}

// -----

// partial reads no state and writes normalised sums.
// CHECK-LABEL: func.func @partial
// CHECK-SAME:    %[[OUT:[^:]+]]: memref<1x4x32x64xf32>, %[[LSE:[^:]+]]: memref<1x4x32xf32>
// CHECK-NOT:     memref.load %[[LSE]]
// CHECK-NOT:     vector.load %[[OUT]]
// CHECK:         arith.divf
// CHECK:         memref.store {{.*}}, %[[LSE]]
// CHECK:         vector.store {{.*}}, %[[OUT]]
func.func @partial(%out: memref<1x4x32x64xf32>, %lse: memref<1x4x32xf32>,
                   %q: memref<1x4x32x64xf32>, %k: memref<1x1x?x64xf32>) {
  attn.partial ins(%q, %k, %k) outs(%out, %lse)
    : (memref<1x4x32x64xf32>, memref<1x1x?x64xf32>, memref<1x1x?x64xf32>,
       memref<1x4x32x64xf32>, memref<1x4x32xf32>) -> ()
  return
}

// -----

!t = memref<1x4x32x64xbf16, strided<[?, ?, ?, ?], offset: ?>>

// Rows whose elements are not adjacent are read and written one by one.
// CHECK-LABEL: func.func @strided
// CHECK-SAME:    %[[T:[^:]+]]: memref
// CHECK-NOT:     vector.load %[[T]]
// CHECK:         memref.load %[[T]]
// CHECK-NOT:     vector.load %[[T]]
// CHECK:         return
func.func @strided(%t: !t, %acc: memref<1x4x32x64xf32>, %m: memref<1x4x32xf32>,
                   %l: memref<1x4x32xf32>) {
  attn.online ins(%t, %t, %t) outs(%acc, %m, %l)
    : (!t, !t, !t, memref<1x4x32x64xf32>, memref<1x4x32xf32>,
       memref<1x4x32xf32>) -> ()
  return
}

// -----

// What is too large for a stack is on the heap, and given back at every end.
// CHECK-LABEL: func.func @wide
// CHECK-DAG:     memref.alloca() {{.*}} : memref<128x32xf32>
// CHECK-DAG:     %[[Q:.*]] = memref.alloc() {{.*}} : memref<1x4096x32xf32>
// CHECK:         memref.dealloc %[[Q]]
// CHECK:         return
// CHECK:         memref.dealloc %[[Q]]
// CHECK:         return
func.func @wide(%q: memref<1x2x64x4096xf32>, %v: memref<1x2x64x8xf32>,
                %m: memref<1x2x64xf32>, %cond: i1) {
  attn.online ins(%q, %q, %v) outs(%v, %m, %m)
    : (memref<1x2x64x4096xf32>, memref<1x2x64x4096xf32>, memref<1x2x64x8xf32>,
       memref<1x2x64x8xf32>, memref<1x2x64xf32>, memref<1x2x64xf32>) -> ()
  cf.cond_br %cond, ^left, ^right
^left:
  return
^right:
  return
}
