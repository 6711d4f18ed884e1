// Every op, clause, element type and layout round-trips, pretty and generic.
// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

//===----------------------------------------------------------------------===//
// attn.sdpa
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @sdpa_plain
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: {{[^,]+}}, %[[V:[^:]+]]:
// CHECK:         attn.sdpa %[[Q]], %[[K]], %[[V]] : (tensor<2x8x128x64xf32>, tensor<2x2x256x64xf32>, tensor<2x2x256x32xf32>) -> tensor<2x8x128x32xf32>
// GENERIC-LABEL: sym_name = "sdpa_plain"
// GENERIC:       "attn.sdpa"(%{{.*}}) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, window_left = -1 : i64, window_right = -1 : i64}> ({
// GENERIC-NEXT:  }) : (tensor<2x8x128x64xf32>,
func.func @sdpa_plain(%q: tensor<2x8x128x64xf32>, %k: tensor<2x2x256x64xf32>,
                      %v: tensor<2x2x256x32xf32>) -> tensor<2x8x128x32xf32> {
  %out = attn.sdpa %q, %k, %v
    : (tensor<2x8x128x64xf32>, tensor<2x2x256x64xf32>, tensor<2x2x256x32xf32>)
    -> tensor<2x8x128x32xf32>
  return %out : tensor<2x8x128x32xf32>
}

// CHECK-LABEL: func.func @sdpa_dynamic
// CHECK:         %{{.*}}, %{{.*}} = attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} : (tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>) -> (tensor<?x?x?x64xf16>, tensor<?x?x?xf32>)
func.func @sdpa_dynamic(%q: tensor<?x?x?x64xf16>, %k: tensor<?x?x?x64xf16>)
    -> (tensor<?x?x?x64xf16>, tensor<?x?x?xf32>) {
  %out, %lse = attn.sdpa %q, %k, %k
    : (tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>, tensor<?x?x?x64xf16>)
    -> (tensor<?x?x?x64xf16>, tensor<?x?x?xf32>)
  return %out, %lse : tensor<?x?x?x64xf16>, tensor<?x?x?xf32>
}

// Clauses in the order the printer uses.
// CHECK-LABEL: func.func @sdpa_every_clause
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} window(128, 0) causal_offset(%{{[^ ]*}}) scale(1.250000e-01) softcap(5.000000e+01) kv_len(%{{[^ ]*}}) q_len(%{{[^ ]*}}) mask(%{{[^ ]*}}) bias(%{{[^ ]*}}) key_scale(%{{[^ ]*}}) value_scale(%{{[^ ]*}}) offsets(%{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}}) layout(bshd) sinks(%{{[^ ]*}}) strategy(#attn.blockwise<block_size_q = 64, block_size_kv = -1>) : (
// GENERIC-LABEL: sym_name = "sdpa_every_clause"
// GENERIC:       layout = #attn.layout<bshd>
// GENERIC-SAME:  operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 4, 1>
// GENERIC-SAME:  scale = 1.250000e-01 : f64, softcap = 5.000000e+01 : f64
// GENERIC-SAME:  strategy = #attn.blockwise<block_size_q = 64, block_size_kv = -1>
// GENERIC-SAME:  window_left = 128 : i64, window_right = 0 : i64
!q8 = tensor<2x16x8x64xf16>
!k8 = tensor<2x?x2x64xi8>
func.func @sdpa_every_clause(%q: !q8, %k: !k8, %off: tensor<2xi64>,
    %lk: tensor<2xi64>, %lq: tensor<1xi64>, %mask: tensor<2x1x16x?xi1>,
    %bias: tensor<1x8x16x?xf16>, %ks: tensor<1x2x?x1xf32>,
    %vs: tensor<1x1x1x1xf32>, %i: index, %sinks: tensor<8xf32>) -> !q8 {
  %out = attn.sdpa %q, %k, %k window(128, 0) causal_offset(%off) scale(0.125)
      softcap(50.0) kv_len(%lk) q_len(%lq) mask(%mask) bias(%bias)
      key_scale(%ks) value_scale(%vs) offsets(%i, %i, %i, %i) layout(bshd)
      sinks(%sinks) strategy(#attn.blockwise<block_size_q = 64, block_size_kv = -1>)
    : (!q8, !k8, !k8, tensor<2xi64>, tensor<2xi64>, tensor<1xi64>,
       tensor<2x1x16x?xi1>, tensor<1x8x16x?xf16>, tensor<1x2x?x1xf32>,
       tensor<1x1x1x1xf32>, index, index, index, index, tensor<8xf32>) -> !q8
  return %out : !q8
}

// Clauses are read in any order and written in one.
// CHECK-LABEL: func.func @sdpa_any_order
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} causal bottom_right scale(1.000000e+00) kv_len(%{{[^ ]*}}) layout(bhsd) strategy(#attn.dense) : (
func.func @sdpa_any_order(%q: tensor<1x2x4x8xf32>, %len: tensor<1xi64>)
    -> tensor<1x2x4x8xf32> {
  %out = attn.sdpa %q, %q, %q strategy(#attn.dense) layout(bhsd) kv_len(%len)
      scale(1.0) bottom_right causal
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>,
       tensor<1xi64>) -> tensor<1x2x4x8xf32>
  return %out : tensor<1x2x4x8xf32>
}

// The forms of a window: `causal` is window(-1, 0), both unbounded is none.
// CHECK-LABEL: func.func @sdpa_windows
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} causal : (
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} : (
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} window(0, -1) : (
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} window(281474976710656, 3) : (
!w = tensor<1x1x4x8xf32>
func.func @sdpa_windows(%q: !w) -> (!w, !w, !w, !w) {
  %0 = attn.sdpa %q, %q, %q window(-1, 0) : (!w, !w, !w) -> !w
  %1 = attn.sdpa %q, %q, %q window(-1, -1) : (!w, !w, !w) -> !w
  %2 = attn.sdpa %q, %q, %q window(0, -1) : (!w, !w, !w) -> !w
  %3 = attn.sdpa %q, %q, %q window(281474976710656, 3) : (!w, !w, !w) -> !w
  return %0, %1, %2, %3 : !w, !w, !w, !w
}

// The scale as a value, of any float type; the offset as one index.
// CHECK-LABEL: func.func @sdpa_dynamic_scale
// CHECK:         attn.sdpa {{.*}} causal causal_offset(%{{[^ ]*}}) dynamic_scale(%{{[^ ]*}}) : ({{.*}}, f32, index) ->
// CHECK:         attn.sdpa {{.*}} dynamic_scale(%{{[^ ]*}}) : ({{.*}}, f16) ->
func.func @sdpa_dynamic_scale(%q: !w, %s: f32, %h: f16, %off: index) -> (!w, !w) {
  %0 = attn.sdpa %q, %q, %q dynamic_scale(%s) causal causal_offset(%off)
    : (!w, !w, !w, f32, index) -> !w
  %1 = attn.sdpa %q, %q, %q dynamic_scale(%h) : (!w, !w, !w, f16) -> !w
  return %0, %1 : !w, !w
}

// Pools of pages of 16 keys, in both layouts.
// CHECK-LABEL: func.func @sdpa_paged
// CHECK:         attn.sdpa {{.*}} kv_len(%{{[^ ]*}}) page_table(%{{[^ ]*}}) : (tensor<2x8x1x64xf32>, tensor<?x2x16x64xf32>, tensor<?x2x16x64xf32>, tensor<2xi64>, tensor<2x?xi32>)
// CHECK:         attn.sdpa {{.*}} page_table(%{{[^ ]*}}) layout(bshd) : (tensor<2x1x8x64xf32>, tensor<?x16x2x64xf32>,
func.func @sdpa_paged(%q: tensor<2x8x1x64xf32>, %pool: tensor<?x2x16x64xf32>,
    %q2: tensor<2x1x8x64xf32>, %pool2: tensor<?x16x2x64xf32>,
    %len: tensor<2xi64>, %table: tensor<2x?xi32>)
    -> (tensor<2x8x1x64xf32>, tensor<2x1x8x64xf32>) {
  %0 = attn.sdpa %q, %pool, %pool kv_len(%len) page_table(%table)
    : (tensor<2x8x1x64xf32>, tensor<?x2x16x64xf32>, tensor<?x2x16x64xf32>,
       tensor<2xi64>, tensor<2x?xi32>) -> tensor<2x8x1x64xf32>
  %1 = attn.sdpa %q2, %pool2, %pool2 page_table(%table) layout(bshd)
    : (tensor<2x1x8x64xf32>, tensor<?x16x2x64xf32>, tensor<?x16x2x64xf32>,
       tensor<2x?xi32>) -> tensor<2x1x8x64xf32>
  return %0, %1 : tensor<2x8x1x64xf32>, tensor<2x1x8x64xf32>
}

// A score region that captures a value, reads it, and has nested regions.
// CHECK-LABEL: func.func @sdpa_score
// CHECK-SAME:    %[[SLOPES:[^: ]+]]: tensor<8xf32>
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} causal score {
// CHECK-NEXT:    ^bb0(%[[S:[^:]+]]: f32, %{{[^:]+}}: index, %[[H:[^:]+]]: index, %{{[^:]+}}: index, %{{[^:]+}}: index):
// CHECK:           tensor.extract %[[SLOPES]][%[[H]]]
// CHECK:           scf.if
// CHECK:           attn.yield %{{.*}} : f32
// CHECK:         } : (tensor<1x8x4x8xf32>,
func.func @sdpa_score(%q: tensor<1x8x4x8xf32>, %slopes: tensor<8xf32>)
    -> tensor<1x8x4x8xf32> {
  %out = attn.sdpa %q, %q, %q causal score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %slopes[%h] : tensor<8xf32>
    %diagonal = arith.cmpi eq, %i, %j : index
    %r = scf.if %diagonal -> f32 {
      scf.yield %s : f32
    } else {
      %x = arith.addf %s, %slope : f32
      scf.yield %x : f32
    }
    attn.yield %r : f32
  } : (tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>, tensor<1x8x4x8xf32>)
    -> tensor<1x8x4x8xf32>
  return %out : tensor<1x8x4x8xf32>
}

// A score region may read a buffer, also inside a nested region.
// CHECK-LABEL: func.func @sdpa_score_reads_buffer
// CHECK:         memref.load
func.func @sdpa_score_reads_buffer(%q: !w, %ids: memref<4xf32>) -> !w {
  %out = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %diagonal = arith.cmpi eq, %i, %j : index
    %r = scf.if %diagonal -> f32 {
      %id = memref.load %ids[%j] : memref<4xf32>
      scf.yield %id : f32
    } else {
      scf.yield %s : f32
    }
    attn.yield %r : f32
  } : (!w, !w, !w) -> !w
  return %out : !w
}

// Every element type of query, and what key and value may be with it. Scores,
// lse and sinks are f32, or f64 for f64.
// CHECK-LABEL: func.func @sdpa_types
// CHECK:         -> (tensor<1x1x4x8xf32>, tensor<1x1x4xf32>)
// CHECK:         -> (tensor<1x1x4x8xf16>, tensor<1x1x4xf32>)
// CHECK:         -> (tensor<1x1x4x8xbf16>, tensor<1x1x4xf32>)
// CHECK:         ^bb0(%{{[^:]*}}: f64,
// CHECK:         -> (tensor<1x1x4x8xf64>, tensor<1x1x4xf64>)
// CHECK:         (tensor<1x1x4x8xf16>, tensor<1x1x4x8xf8E4M3FN>, tensor<1x1x4x8xf8E4M3FN>)
// CHECK:         key_scale(%{{[^ ]*}}) : (tensor<1x1x4x8xbf16>, tensor<1x1x4x8xf8E5M2>, tensor<1x1x4x8xf8E5M2>, tensor<1x1x1x1xf32>)
// CHECK:         (tensor<1x1x4x8xf64>, tensor<1x1x4x8xi8>, tensor<1x1x4x8xi8>, tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>)
func.func @sdpa_types(%f32: tensor<1x1x4x8xf32>, %f16: tensor<1x1x4x8xf16>,
    %bf16: tensor<1x1x4x8xbf16>, %f64: tensor<1x1x4x8xf64>,
    %e4: tensor<1x1x4x8xf8E4M3FN>, %e5: tensor<1x1x4x8xf8E5M2>,
    %i8: tensor<1x1x4x8xi8>, %s: tensor<1x1x1x1xf32>,
    %d: tensor<1x1x1x1xf64>) {
  %0, %l0 = attn.sdpa %f32, %f32, %f32
    : (tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>, tensor<1x1x4x8xf32>)
    -> (tensor<1x1x4x8xf32>, tensor<1x1x4xf32>)
  %1, %l1 = attn.sdpa %f16, %f16, %f16
    : (tensor<1x1x4x8xf16>, tensor<1x1x4x8xf16>, tensor<1x1x4x8xf16>)
    -> (tensor<1x1x4x8xf16>, tensor<1x1x4xf32>)
  %2, %l2 = attn.sdpa %bf16, %bf16, %bf16
    : (tensor<1x1x4x8xbf16>, tensor<1x1x4x8xbf16>, tensor<1x1x4x8xbf16>)
    -> (tensor<1x1x4x8xbf16>, tensor<1x1x4xf32>)
  %3, %l3 = attn.sdpa %f64, %f64, %f64 score {
  ^bb0(%x: f64, %b: index, %h: index, %i: index, %j: index):
    attn.yield %x : f64
  } : (tensor<1x1x4x8xf64>, tensor<1x1x4x8xf64>, tensor<1x1x4x8xf64>)
    -> (tensor<1x1x4x8xf64>, tensor<1x1x4xf64>)
  %4 = attn.sdpa %f16, %e4, %e4
    : (tensor<1x1x4x8xf16>, tensor<1x1x4x8xf8E4M3FN>,
       tensor<1x1x4x8xf8E4M3FN>) -> tensor<1x1x4x8xf16>
  %5 = attn.sdpa %bf16, %e5, %e5 key_scale(%s)
    : (tensor<1x1x4x8xbf16>, tensor<1x1x4x8xf8E5M2>, tensor<1x1x4x8xf8E5M2>,
       tensor<1x1x1x1xf32>) -> tensor<1x1x4x8xbf16>
  %6 = attn.sdpa %f64, %i8, %i8 key_scale(%d) value_scale(%d)
    : (tensor<1x1x4x8xf64>, tensor<1x1x4x8xi8>, tensor<1x1x4x8xi8>,
       tensor<1x1x1x1xf64>, tensor<1x1x1x1xf64>) -> tensor<1x1x4x8xf64>
  return
}

// No key, no query, no batch entry: legal.
// CHECK-LABEL: func.func @sdpa_empty
// CHECK:         (tensor<1x2x4x8xf32>, tensor<1x1x0x8xf32>, tensor<1x1x0x8xf32>)
// CHECK:         (tensor<0x2x0x8xf32>, tensor<0x1x4x8xf32>, tensor<0x1x4x8xf32>)
func.func @sdpa_empty(%q: tensor<1x2x4x8xf32>, %k: tensor<1x1x0x8xf32>,
    %q0: tensor<0x2x0x8xf32>, %k0: tensor<0x1x4x8xf32>)
    -> (tensor<1x2x4x8xf32>, tensor<0x2x0x8xf32>) {
  %0 = attn.sdpa %q, %k, %k
    : (tensor<1x2x4x8xf32>, tensor<1x1x0x8xf32>, tensor<1x1x0x8xf32>)
    -> tensor<1x2x4x8xf32>
  %1 = attn.sdpa %q0, %k0, %k0
    : (tensor<0x2x0x8xf32>, tensor<0x1x4x8xf32>, tensor<0x1x4x8xf32>)
    -> tensor<0x2x0x8xf32>
  return %0, %1 : tensor<1x2x4x8xf32>, tensor<0x2x0x8xf32>
}

// Attributes that are not ours survive.
// CHECK-LABEL: func.func @sdpa_discardable
// CHECK:         attn.sdpa %{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} causal {my.note = "kept"} : (
func.func @sdpa_discardable(%q: !w) -> !w {
  %0 = attn.sdpa %q, %q, %q causal {my.note = "kept"} : (!w, !w, !w) -> !w
  return %0 : !w
}

//===----------------------------------------------------------------------===//
// attn.online
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @online_tensors
// CHECK:         %{{.*}}:3 = attn.online ins(%{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} causal offsets(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})) outs(%{{.*}}, %{{.*}}, %{{.*}}) : (
// CHECK-SAME:      -> (tensor<1x4x?x64xf32>, tensor<1x4x?xf32>, tensor<1x4x?xf32>)
// CHECK:         attn.online ins(%{{[^,]*}}, %{{[^,]*}}, %{{[^ )]*}}) outs(%{{.*}}, %{{.*}}, %{{.*}}) score {
!acc = tensor<1x4x?x64xf32>
!row = tensor<1x4x?xf32>
func.func @online_tensors(%q: tensor<1x4x?x64xf16>, %k: tensor<1x1x?x64xf16>,
    %acc: !acc, %m: !row, %l: !row, %i: index) -> (!acc, !row, !row) {
  %0:3 = attn.online ins(%q, %k, %k causal offsets(%i, %i, %i, %i))
      outs(%acc, %m, %l)
    : (tensor<1x4x?x64xf16>, tensor<1x1x?x64xf16>, tensor<1x1x?x64xf16>,
       index, index, index, index, !acc, !row, !row) -> (!acc, !row, !row)
  %1:3 = attn.online ins(%q, %k, %k) outs(%0#0, %0#1, %0#2) score {
  ^bb0(%s: f32, %b: index, %h: index, %qi: index, %kj: index):
    %r = arith.negf %s : f32
    attn.yield %r : f32
  } : (tensor<1x4x?x64xf16>, tensor<1x1x?x64xf16>, tensor<1x1x?x64xf16>,
       !acc, !row, !row) -> (!acc, !row, !row)
  return %1#0, %1#1, %1#2 : !acc, !row, !row
}

// Every clause, on buffers: no results, an i8 mask.
// CHECK-LABEL: func.func @online_buffers
// CHECK:         attn.online ins(%{{[^,]*}}, %{{[^,]*}}, %{{[^ ]*}} window(3, 4) causal_offset(%{{[^ ]*}}) scale(5.000000e-01) softcap(2.000000e+01) kv_len(%{{[^ ]*}}) q_len(%{{[^ ]*}}) mask(%{{[^ ]*}}) bias(%{{[^ ]*}}) key_scale(%{{[^ ]*}}) value_scale(%{{[^ ]*}}) offsets(%{{.*}}) layout(bshd)) outs(%{{.*}}, %{{.*}}, %{{.*}}) : (
// CHECK-SAME:      -> ()
// CHECK:         attn.online ins(%{{.*}} dynamic_scale(%{{[^ ]*}}) page_table(%{{[^ ]*}})) outs(%{{.*}}) : (
func.func @online_buffers(%q: memref<2x?x8x64xbf16>, %k: memref<2x?x2x64xi8>,
    %off: memref<2xi64>, %len: memref<2xi64>, %mask: memref<2x1x?x?xi8>,
    %bias: memref<1x8x1x?xf32>, %ks: memref<1x2x1x64xf32>, %i: index,
    %acc: memref<2x8x?x64xf32>, %row: memref<2x8x?xf32>,
    %q2: memref<2x8x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>,
    %pool: memref<?x2x16x64xf32>, %table: memref<2x4xi32>, %s: f64) {
  attn.online ins(%q, %k, %k window(3, 4) causal_offset(%off) scale(0.5)
      softcap(20.0) kv_len(%len) q_len(%len) mask(%mask) bias(%bias)
      key_scale(%ks) value_scale(%ks) offsets(%i, %i, %i, %i) layout(bshd))
      outs(%acc, %row, %row)
    : (memref<2x?x8x64xbf16>, memref<2x?x2x64xi8>, memref<2x?x2x64xi8>,
       memref<2xi64>, memref<2xi64>, memref<2xi64>, memref<2x1x?x?xi8>,
       memref<1x8x1x?xf32>, memref<1x2x1x64xf32>, memref<1x2x1x64xf32>, index,
       index, index, index, memref<2x8x?x64xf32>, memref<2x8x?xf32>,
       memref<2x8x?xf32>) -> ()
  attn.online ins(%q2, %pool, %pool dynamic_scale(%s) page_table(%table))
      outs(%acc, %row, %row)
    : (memref<2x8x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>,
       memref<?x2x16x64xf32>, memref<?x2x16x64xf32>, f64, memref<2x4xi32>,
       memref<2x8x?x64xf32>, memref<2x8x?xf32>, memref<2x8x?xf32>) -> ()
  return
}

//===----------------------------------------------------------------------===//
// attn.partial
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @partial
// CHECK:         %{{.*}}:2 = attn.partial ins(%{{[^,]*}}, %{{[^,]*}}, %{{[^ )]*}}) outs(%{{.*}}, %{{.*}}) : (
// CHECK:         attn.partial ins(%{{[^,]*}}, %{{[^,]*}}, %{{[^ )]*}} causal bottom_right) outs(%{{.*}}, %{{.*}}) score {
// CHECK:         } : ({{.*}}) -> ()
func.func @partial(%q: tensor<1x8x1x64xf64>, %k: tensor<1x2x512x64xf64>,
    %o: tensor<1x8x1x64xf64>, %l: tensor<1x8x1xf64>,
    %qm: memref<1x8x1x64xf32>, %km: memref<1x2x512x64xf32>,
    %lm: memref<1x8x1xf32>) -> (tensor<1x8x1x64xf64>, tensor<1x8x1xf64>) {
  %r:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (tensor<1x8x1x64xf64>, tensor<1x2x512x64xf64>, tensor<1x2x512x64xf64>,
       tensor<1x8x1x64xf64>, tensor<1x8x1xf64>)
    -> (tensor<1x8x1x64xf64>, tensor<1x8x1xf64>)
  attn.partial ins(%qm, %km, %km causal bottom_right) outs(%qm, %lm) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (memref<1x8x1x64xf32>, memref<1x2x512x64xf32>, memref<1x2x512x64xf32>,
       memref<1x8x1x64xf32>, memref<1x8x1xf32>) -> ()
  return %r#0, %r#1 : tensor<1x8x1x64xf64>, tensor<1x8x1xf64>
}

//===----------------------------------------------------------------------===//
// attn.finalize
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @finalize
// CHECK:         attn.finalize ins(%{{[^ ]*}}, %{{[^ ]*}}, %{{[^ )]*}}) outs(%{{[^ ,]*}}) : (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>, tensor<1x8x?xf32>, tensor<1x8x?x64xbf16>) -> tensor<1x8x?x64xbf16>
// CHECK:         %{{.*}}:2 = attn.finalize ins(%{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}} sinks(%{{[^ ]*}})) outs(%{{[^ ]*}}, %{{[^ ]*}}) layout(bshd) : (
// CHECK:         attn.finalize ins(%{{[^ ]*}}, %{{[^ ]*}}, %{{[^ )]*}}) outs(%{{[^ ]*}}, %{{[^ ]*}}) : ({{.*}}) -> ()
func.func @finalize(%acc: tensor<1x8x?x64xf32>, %m: tensor<1x8x?xf32>,
    %o: tensor<1x8x?x64xbf16>, %o2: tensor<1x?x8x64xf16>, %s: tensor<8xf32>,
    %accm: memref<1x8x4x64xf64>, %mm: memref<1x8x4xf64>)
    -> (tensor<1x8x?x64xbf16>, tensor<1x?x8x64xf16>, tensor<1x8x?xf32>) {
  %0 = attn.finalize ins(%acc, %m, %m) outs(%o)
    : (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>, tensor<1x8x?xf32>,
       tensor<1x8x?x64xbf16>) -> tensor<1x8x?x64xbf16>
  %1:2 = attn.finalize ins(%acc, %m, %m sinks(%s)) outs(%o2, %m) layout(bshd)
    : (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>, tensor<1x8x?xf32>,
       tensor<8xf32>, tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
    -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  attn.finalize ins(%accm, %mm, %mm) outs(%accm, %mm)
    : (memref<1x8x4x64xf64>, memref<1x8x4xf64>, memref<1x8x4xf64>,
       memref<1x8x4x64xf64>, memref<1x8x4xf64>) -> ()
  return %0, %1#0, %1#1
    : tensor<1x8x?x64xbf16>, tensor<1x?x8x64xf16>, tensor<1x8x?xf32>
}

//===----------------------------------------------------------------------===//
// attn.merge
//===----------------------------------------------------------------------===//

// No part, one, two, three; with and without lse.
// CHECK-LABEL: func.func @merge_variadic
// CHECK:         attn.merge ins() outs(%{{[^ ]*}}, %{{[^ ]*}}) : (
// CHECK:         attn.merge ins(%{{[^ ]*}} lse %{{[^ ]*}}) outs(%{{[^ ,]*}}) : (
// CHECK:         attn.merge ins(%{{[^ ]*}}, %{{[^ ]*}} lse %{{[^ ]*}}, %{{[^ ]*}}) outs(%{{[^ ]*}}, %{{[^ ]*}}) : (
// CHECK:         attn.merge ins(%{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}} lse %{{[^ ]*}}, %{{[^ ]*}}, %{{[^ ]*}}) outs(%{{[^ ]*}}, %{{[^ ]*}}) layout(bshd) : (
!part = tensor<1x8x?x64xf32>
!lse = tensor<1x8x?xf32>
func.func @merge_variadic(%o: !part, %l: !lse, %h: tensor<1x8x?x64xf16>,
    %t: tensor<1x?x8x64xf32>) -> tensor<1x?x8x64xf32> {
  %0:2 = attn.merge ins() outs(%o, %l) : (!part, !lse) -> (!part, !lse)
  %1 = attn.merge ins(%0#0 lse %0#1) outs(%h)
    : (!part, !lse, tensor<1x8x?x64xf16>) -> tensor<1x8x?x64xf16>
  %2:2 = attn.merge ins(%o, %0#0 lse %l, %0#1) outs(%o, %l)
    : (!part, !part, !lse, !lse, !part, !lse) -> (!part, !lse)
  %3:2 = attn.merge ins(%o, %2#0, %o lse %l, %2#1, %l) outs(%t, %l) layout(bshd)
    : (!part, !part, !part, !lse, !lse, !lse, tensor<1x?x8x64xf32>, !lse)
    -> (tensor<1x?x8x64xf32>, !lse)
  return %3#0 : tensor<1x?x8x64xf32>
}

// One stacked pair, on tensors and on buffers.
// CHECK-LABEL: func.func @merge_stacked
// CHECK:         attn.merge ins(%{{[^ ]*}} lse %{{[^ ]*}}) along(0) outs(%{{[^ ,]*}}) : (tensor<?x1x8x1x64xf32>, tensor<?x1x8x1xf32>, tensor<1x8x1x64xf16>) -> tensor<1x8x1x64xf16>
// CHECK:         attn.merge ins(%{{[^ ]*}} lse %{{[^ ]*}}) along(0) outs(%{{[^ ]*}}, %{{[^ ]*}}) layout(bshd) : ({{.*}}) -> ()
func.func @merge_stacked(%os: tensor<?x1x8x1x64xf32>, %ls: tensor<?x1x8x1xf32>,
    %o: tensor<1x8x1x64xf16>, %osm: memref<4x1x8x1x64xf64>,
    %lsm: memref<4x1x8x1xf64>, %om: memref<1x1x8x64xbf16>,
    %lm: memref<1x8x1xf64>) -> tensor<1x8x1x64xf16> {
  %0 = attn.merge ins(%os lse %ls) along(0) outs(%o)
    : (tensor<?x1x8x1x64xf32>, tensor<?x1x8x1xf32>, tensor<1x8x1x64xf16>)
    -> tensor<1x8x1x64xf16>
  attn.merge ins(%osm lse %lsm) along(0) outs(%om, %lm) layout(bshd)
    : (memref<4x1x8x1x64xf64>, memref<4x1x8x1xf64>, memref<1x1x8x64xbf16>,
       memref<1x8x1xf64>) -> ()
  return %0 : tensor<1x8x1x64xf16>
}

// CHECK-LABEL: func.func @runs_on
// CHECK:         attn.runs_on "sm_90a"
func.func @runs_on() -> i1 {
  %0 = attn.runs_on "sm_90a"
  return %0 : i1
}
