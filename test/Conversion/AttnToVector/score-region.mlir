// RUN: attn-opt %s --convert-attn-to-vector --canonicalize --cse --split-input-file | FileCheck %s

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// Elementwise ops become vectors. The slope depends on no key: its lanes are
// loaded before the scores are made.
// CHECK-LABEL: func.func @alibi
// CHECK-SAME:    %[[SLOPES:[^:]+]]: memref<2xf32>, %{{[^:]+}}: memref<1x2x32x16xf32>, %[[K:[^:]+]]:
// CHECK:         memref.subview %[[K]]
// CHECK-COUNT-32: memref.load %[[SLOPES]]
// CHECK:         vector.fma
// CHECK:         arith.subi {{.*}} : vector<16xindex>
// CHECK:         arith.sitofp {{.*}} : vector<16xi64> to vector<16xf32>
// CHECK-NOT:     memref.load %[[SLOPES]]
// CHECK:         return
func.func @alibi(%slopes: memref<2xf32>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k) outs(%q, %m, %m) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = memref.load %slopes[%h] : memref<2xf32>
    %d = arith.subi %j, %i : index
    %d64 = arith.index_cast %d : index to i64
    %df = arith.sitofp %d64 : i64 to f32
    %bias = arith.mulf %slope, %df : f32
    %r = arith.addf %s, %bias : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// What depends on the key alone stays scalar.
// CHECK-LABEL: func.func @per_key
// CHECK-SAME:    %[[W:[^:]+]]: memref<?xf32>
// CHECK:         %[[X:.*]] = memref.load %[[W]]
// CHECK:         %[[Y:.*]] = arith.negf %[[X]] : f32
// CHECK:         %[[Z:.*]] = vector.broadcast %[[Y]] : f32 to vector<16xf32>
// CHECK:         arith.addf {{.*}}, %[[Z]] : vector<16xf32>
func.func @per_key(%w: memref<?xf32>, %q: !q, %k: !kv, %m: !s) {
  attn.online ins(%q, %k, %k) outs(%q, %m, %m) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %x = memref.load %w[%j] : memref<?xf32>
    %y = arith.negf %x : f32
    %r = arith.addf %s, %y : f32
    attn.yield %r : f32
  } : (!q, !kv, !kv, !q, !s, !s) -> ()
  return
}

// -----

!q = memref<1x2x32x16xf32>
!kv = memref<1x2x?x16xf32>
!s = memref<1x2x32xf32>

// Control flow has no vector form: scores go through the region one by one, at
// absolute positions.
// CHECK-LABEL: func.func @branches
// CHECK-SAME:    %[[OFF:[^:]+]]: index
// CHECK:         %[[S:.*]] = memref.load {{.*}} : memref<128x32xf32>
// CHECK:         %[[I:.*]] = arith.addi {{.*}}, %[[OFF]]
// CHECK:         %[[C:.*]] = arith.cmpi ugt, {{.*}}, %[[I]] : index
// CHECK:         scf.if %[[C]] -> (f32)
// CHECK:           arith.negf %[[S]] : f32
// CHECK:         memref.store {{.*}} : memref<128x32xf32>
func.func @branches(%off: index, %q: !q, %k: !kv, %m: !s) {
  %c0 = arith.constant 0 : index
  attn.online ins(%q, %k, %k offsets(%c0, %c0, %off, %c0)) outs(%q, %m, %m)
    score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %c = arith.cmpi ugt, %j, %i : index
    %r = scf.if %c -> f32 {
      %n = arith.negf %s : f32
      scf.yield %n : f32
    } else {
      scf.yield %s : f32
    }
    attn.yield %r : f32
  } : (!q, !kv, !kv, index, index, index, index, !q, !s, !s) -> ()
  return
}
