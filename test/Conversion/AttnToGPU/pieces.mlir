// RUN: attn-opt %s --convert-attn-to-gpu --canonicalize --cse --split-input-file | FileCheck %s

// Scores of rows: two key heads, 256 keys a block. A row of 128 f16 is in 16
// lanes, four rows a group of lanes are asked for at once, for four heads.
// CHECK-LABEL: func.func @rows
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x8x1x128xf16>{{[^,]*}}, %[[K:[^:]+]]: memref<1x2x512x128xf16>{{[^,]*}}, %[[S:[^:]+]]: memref<1x8x1x512xf32>
// CHECK:         gpu.launch {{.*}} = %c4, {{.*}} threads{{.*}} = %c128,
// CHECK-COUNT-4:   vector.load %[[Q]]{{.*}} {alignment = 16 : i64} : memref<1x8x1x128xf16>, vector<8xf16>
// CHECK:           scf.for
// CHECK-COUNT-4:     vector.load %[[K]]{{.*}} {alignment = 16 : i64} : memref<1x2x512x128xf16>, vector<8xf16>
// CHECK-NOT:         vector.load
// CHECK-COUNT-4:     gpu.shuffle
// CHECK:             memref.store {{.*}}, %[[S]]
// CHECK-NOT:     attn.scores
func.func @rows(%q: memref<1x8x1x128xf16>, %k: memref<1x2x512x128xf16>, %s: memref<1x8x1x512xf32>) {
  attn.scores ins(%q, %k) outs(%s)
    : (memref<1x8x1x128xf16>, memref<1x2x512x128xf16>, memref<1x8x1x512xf32>) -> ()
  return
}

// -----

// Keys that no row sees are written, not read.
// CHECK-LABEL: func.func @unseen
// CHECK-SAME:    %[[K:[^:]+]]: memref<1x2x?x64xf32>
// CHECK:         gpu.launch
// CHECK:           scf.if
// CHECK:             vector.load %[[K]]
// CHECK:           } else {
// CHECK-NOT:         vector.load
// CHECK:             memref.store %cst
func.func @unseen(%k: memref<1x2x?x64xf32>, %q: memref<1x2x1x64xf32>, %len: memref<1xi64>, %s: memref<1x2x1x?xf32>) {
  attn.scores ins(%q, %k kv_len(%len)) outs(%s)
    : (memref<1x2x1x64xf32>, memref<1x2x?x64xf32>, memref<1xi64>, memref<1x2x1x?xf32>) -> ()
  return
}

// -----

// Channels of key_t: eight keys a thread, eight channels at once, each in one
// access. The chosen components of the query, times its factor, are in shared
// memory.
// CHECK-LABEL: func.func @key_t
// CHECK-SAME:    %[[K:[^:]+]]: memref<1x2x?x128xf16>{{[^,]*}}, %[[KT:[^:]+]]: memref<1x2x?x128x256xf16>{{[^,]*}}, %[[I:[^:]+]]: memref<1x2x32xi64>
// CHECK:         gpu.launch {{.*}} threads{{.*}} = %c128, {{.*}} dynamic_shared_memory_size
// CHECK:           memref.load %[[I]]
// CHECK:           gpu.barrier
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK-COUNT-8:     vector.load %[[KT]]{{.*}} {alignment = 16 : i64} : memref<1x2x?x128x256xf16>, vector<8xf16>
// CHECK-NOT:         vector.load
// CHECK:             scf.yield
// CHECK-NOT:       vector.load %[[K]]
// CHECK:         return
func.func @key_t(%k: memref<1x2x?x128xf16>, %kt: memref<1x2x?x128x256xf16>, %i: memref<1x2x32xi64>, %q: memref<1x8x1x128xf16>, %s: memref<1x8x1x?xf32>) {
  attn.scores ins(%q, %k channels(%i) key_t(%kt)) outs(%s)
    : (memref<1x8x1x128xf16>, memref<1x2x?x128xf16>, memref<1x2x32xi64>, memref<1x2x?x128x256xf16>, memref<1x8x1x?xf32>) -> ()
  return
}

// -----

// A block of threads a row: three digits of f32, then what warps have.
// CHECK-LABEL: func.func @topk
// CHECK-SAME:    %[[U:[^:]+]]: memref<2x3x5000xf32>, %[[I:[^:]+]]: memref<2x3x64xi64>, %[[N:[^:]+]]: memref<2x3xi64>
// CHECK:         gpu.launch {{.*}} = %c6, {{.*}} threads{{.*}} = %c512,
// Eight elements are asked for at once, and counted.
// CHECK:           scf.for
// CHECK-COUNT-8:     memref.load %[[U]]
// CHECK-COUNT-8:     memref.atomic_rmw addi
// CHECK:           scf.if
// CHECK-COUNT-16:    memref.atomic_rmw addi
// CHECK-NOT:       memref.atomic_rmw
// CHECK-COUNT-16:  nvvm.vote.sync ballot
// CHECK:           memref.store %c-1_i64, %[[I]]
// CHECK:           memref.store {{.*}}, %[[N]]
// CHECK-NOT:     attn.topk
func.func @topk(%u: memref<2x3x5000xf32>, %i: memref<2x3x64xi64>, %n: memref<2x3xi64>) {
  attn.topk ins(%u) outs(%i, %n) : (memref<2x3x5000xf32>, memref<2x3x64xi64>, memref<2x3xi64>) -> ()
  return
}

// -----

// Eight segments of each row, and what they chose: nothing else is looked at.
// CHECK-LABEL: func.func @topk_long
// CHECK-SAME:    %[[U:[^:]+]]: memref<1x8x131072xf32>, %[[I:[^:]+]]: memref<1x8x64xi64>
// CHECK:         %[[SOME:.+]] = memref.alloc() : memref<8x512xi32>
// CHECK:         gpu.launch {{.*}} = %c64, {{.*}} threads{{.*}} = %c512,
// CHECK-NOT:       memref.store {{.*}}, %[[I]][
// CHECK:           memref.store {{.*}}, %[[SOME]]
// CHECK:           memref.store %c-1_i32, %[[SOME]]
// CHECK:           gpu.terminator
// CHECK:         gpu.launch {{.*}} = %c8, {{.*}} threads{{.*}} = %c512,
// CHECK-COUNT-8:   memref.load %[[SOME]]
// CHECK-COUNT-8:   memref.load %[[U]]
// CHECK:           memref.store {{.*}}, %[[I]]
// CHECK-NOT:     gpu.launch
func.func @topk_long(%u: memref<1x8x131072xf32>, %i: memref<1x8x64xi64>, %n: memref<1x8xi64>) {
  attn.topk ins(%u) outs(%i, %n) : (memref<1x8x131072xf32>, memref<1x8x64xi64>, memref<1x8xi64>) -> ()
  return
}

// -----

// Rows enough for all multiprocessors are not cut.
// CHECK-LABEL: func.func @topk_many
// CHECK-NOT:     memref.alloc
// CHECK:         gpu.launch {{.*}} = %c128,
// CHECK-NOT:     gpu.launch
func.func @topk_many(%u: memref<4x32x131072xf32>, %i: memref<4x32x64xi64>, %n: memref<4x32xi64>) {
  attn.topk ins(%u) outs(%i, %n) : (memref<4x32x131072xf32>, memref<4x32x64xi64>, memref<4x32xi64>) -> ()
  return
}

// -----

// 32 rows of 128 f16 take four blocks of 128 threads of key, and of value; an
// access of 16 bytes a lane.
// CHECK-LABEL: func.func @gather
// CHECK-SAME:    %[[K:[^:]+]]: memref<1x2x?x128xf16>{{[^,]*}}, %[[V:[^:]+]]: memref<1x2x?x128xf16>{{[^,]*}}, %[[I:[^:]+]]: memref<1x2x16xi64>, %[[N:[^:]+]]: memref<1x2xi64>, %[[KO:[^:]+]]: memref<1x2x16x128xf16>{{[^,]*}}, %[[VO:[^:]+]]: memref
// CHECK:         gpu.launch {{.*}} = %c8, {{.*}} threads{{.*}} = %c128
// CHECK:           %[[ROW:.+]] = vector.load %[[K]]{{.*}} {alignment = 16 : i64} : memref<1x2x?x128xf16>, vector<8xf16>
// CHECK:           vector.store %[[ROW]], %[[KO]]{{.*}} {alignment = 16 : i64}
// CHECK:           vector.store %cst{{.*}}, %[[KO]]
// CHECK:           vector.load %[[V]]
// CHECK:           vector.store {{.*}}, %[[VO]]
// CHECK-NOT:     attn.gather_kv
func.func @gather(%k: memref<1x2x?x128xf16>, %v: memref<1x2x?x128xf16>, %i: memref<1x2x16xi64>, %n: memref<1x2xi64>, %ko: memref<1x2x16x128xf16>, %vo: memref<1x2x16x128xf16>) {
  attn.gather_kv ins(%k, %v, %i, %n) outs(%ko, %vo)
    : (memref<1x2x?x128xf16>, memref<1x2x?x128xf16>, memref<1x2x16xi64>, memref<1x2xi64>, memref<1x2x16x128xf16>, memref<1x2x16x128xf16>) -> ()
  return
}
