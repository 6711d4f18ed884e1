// RUN: attn-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --split-input-file --cse --canonicalize | FileCheck %s

// The state is updated in place and threaded through the loop without a copy.
// CHECK-LABEL: func.func @online_in_loop
// CHECK-SAME:    %[[Q:[^:]+]]: memref<1x4x32x64xf16>, %[[K:[^:]+]]: memref<1x1x512x64xf16>
// CHECK-NOT:     memref.copy
// CHECK:         %[[ACC:.+]] = memref.alloc() {{.*}} : memref<1x4x32x64xf32>
// CHECK-NOT:     memref.copy
// CHECK:         scf.for
// CHECK-NOT:       iter_args
// CHECK:           %[[KT:.+]] = memref.subview %[[K]]
// CHECK:           attn.online ins(%[[Q]], %[[KT]], %[[KT]]
// CHECK-SAME:        outs(%[[ACC]], %{{[^,]+}}, %{{[^)]+}}) : {{.*}} -> ()
// CHECK-NOT:     memref.copy
// CHECK:         attn.finalize ins(%[[ACC]]
// CHECK-NOT:     memref.copy
// CHECK:         return
func.func @online_in_loop(%q: tensor<1x4x32x64xf16>, %k: tensor<1x1x512x64xf16>)
    -> tensor<1x4x32x64xf16> {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c512 = arith.constant 512 : index
  %zero = arith.constant 0.0 : f32
  %minf = arith.constant 0xFF800000 : f32
  %ea = tensor.empty() : tensor<1x4x32x64xf32>
  %er = tensor.empty() : tensor<1x4x32xf32>
  %acc = linalg.fill ins(%zero : f32) outs(%ea : tensor<1x4x32x64xf32>) -> tensor<1x4x32x64xf32>
  %max = linalg.fill ins(%minf : f32) outs(%er : tensor<1x4x32xf32>) -> tensor<1x4x32xf32>
  %sum = linalg.fill ins(%zero : f32) outs(%er : tensor<1x4x32xf32>) -> tensor<1x4x32xf32>
  %r:3 = scf.for %j = %c0 to %c512 step %c64
      iter_args(%a = %acc, %m = %max, %l = %sum)
      -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>) {
    %kt = tensor.extract_slice %k[0, 0, %j, 0] [1, 1, 64, 64] [1, 1, 1, 1]
      : tensor<1x1x512x64xf16> to tensor<1x1x64x64xf16>
    %o:3 = attn.online ins(%q, %kt, %kt causal offsets(%c0, %c0, %c0, %j)) outs(%a, %m, %l)
      : (tensor<1x4x32x64xf16>, tensor<1x1x64x64xf16>, tensor<1x1x64x64xf16>,
         index, index, index, index,
         tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
      -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
    scf.yield %o#0, %o#1, %o#2
      : tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>
  }
  %e = tensor.empty() : tensor<1x4x32x64xf16>
  %f = attn.finalize ins(%r#0, %r#1, %r#2) outs(%e)
    : (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>,
       tensor<1x4x32x64xf16>) -> tensor<1x4x32x64xf16>
  return %f : tensor<1x4x32x64xf16>
}

// -----

// Destinations of partial and merge are only written: what they held before
// needs no copy although it is read later.
// CHECK-LABEL: func.func @partial_and_merge
// CHECK-NOT:     memref.copy
// CHECK:         attn.partial
// CHECK-NOT:     memref.copy
// CHECK:         attn.merge ins({{.*}}) outs({{.*}}) : {{.*}} -> ()
// CHECK-NOT:     memref.copy
func.func @partial_and_merge(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>,
    %o: tensor<1x8x1x64xf32>, %l: tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf16>, tensor<1x8x1xf32>) {
  %eo = tensor.empty() : tensor<1x8x1x64xf32>
  %el = tensor.empty() : tensor<1x8x1xf32>
  %p:2 = attn.partial ins(%q, %k, %k) outs(%eo, %el)
    : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>,
       tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
  %e16 = tensor.empty() : tensor<1x8x1x64xf16>
  %r:2 = attn.merge ins(%p#0, %o lse %p#1, %l) outs(%e16, %l)
    : (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1xf32>,
       tensor<1x8x1xf32>, tensor<1x8x1x64xf16>, tensor<1x8x1xf32>)
    -> (tensor<1x8x1x64xf16>, tensor<1x8x1xf32>)
  return %r#0, %r#1 : tensor<1x8x1x64xf16>, tensor<1x8x1xf32>
}

// -----

// A score region moves along; what it captures is bufferized inside.
// CHECK-LABEL: func.func @score_region
// CHECK-SAME:    %[[SLOPES:[^:]+]]: memref<4xf32>
// CHECK:         attn.online
// CHECK-SAME:      score {
// CHECK:         ^bb0(%[[S:[^:]+]]: f32, %{{[^:]+}}: index, %[[H:[^:]+]]: index,
// CHECK:           %[[SLOPE:.+]] = memref.load %[[SLOPES]][%[[H]]]
// CHECK:           %[[R:.+]] = arith.addf %[[S]], %[[SLOPE]]
// CHECK:           attn.yield %[[R]]
func.func @score_region(%slopes: tensor<4xf32>, %q: tensor<1x4x32x64xf32>, %k: tensor<1x4x32x64xf32>,
    %a: tensor<1x4x32x64xf32>, %m: tensor<1x4x32xf32>, %l: tensor<1x4x32xf32>)
    -> tensor<1x4x32x64xf32> {
  %r:3 = attn.online ins(%q, %k, %k) outs(%a, %m, %l) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %slope = tensor.extract %slopes[%h] : tensor<4xf32>
    %t = arith.addf %s, %slope : f32
    attn.yield %t : f32
  } : (tensor<1x4x32x64xf32>, tensor<1x4x32x64xf32>, tensor<1x4x32x64xf32>,
       tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
    -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
  return %r#0 : tensor<1x4x32x64xf32>
}

// -----

// A destination the region reads is not overwritten under it.
// CHECK-LABEL: func.func @score_region_reads_destination
// CHECK-SAME:    %[[M:[^:]+]]: memref<1x4x32xf32>
// CHECK:         %[[COPY:.+]] = memref.alloc() {{.*}} : memref<1x4x32xf32>
// CHECK:         memref.copy %[[M]], %[[COPY]]
// CHECK:         attn.online {{.*}} outs(%{{.+}}, %[[COPY]], %{{.+}})
// CHECK:           memref.load %[[M]]
func.func @score_region_reads_destination(%m: tensor<1x4x32xf32>, %q: tensor<1x4x32x64xf32>,
    %a: tensor<1x4x32x64xf32>, %l: tensor<1x4x32xf32>) -> tensor<1x4x32x64xf32> {
  %c0 = arith.constant 0 : index
  %r:3 = attn.online ins(%q, %q, %q) outs(%a, %m, %l) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %x = tensor.extract %m[%c0, %h, %i] : tensor<1x4x32xf32>
    %t = arith.addf %s, %x : f32
    attn.yield %t : f32
  } : (tensor<1x4x32x64xf32>, tensor<1x4x32x64xf32>, tensor<1x4x32x64xf32>,
       tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
    -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>)
  return %r#0 : tensor<1x4x32x64xf32>
}

// -----

// On memrefs a mask is bytes, which it is in memory already.
// CHECK-LABEL: func.func @boolean_mask
// CHECK-SAME:    %[[MASK:[^:]+]]: memref<1x1x32x?xi1
// CHECK-NOT:     memref.alloc
// CHECK:         %[[BYTES:.+]] = builtin.unrealized_conversion_cast %[[MASK]] : memref<1x1x32x?xi1{{.*}}> to memref<1x1x32x?xi8
// CHECK:         attn.partial {{.*}} mask(%[[BYTES]])
func.func @boolean_mask(%q: tensor<1x4x32x64xf32>, %k: tensor<1x4x?x64xf32>, %mask: tensor<1x1x32x?xi1>,
    %o: tensor<1x4x32x64xf32>, %l: tensor<1x4x32xf32>) -> tensor<1x4x32x64xf32> {
  %r:2 = attn.partial ins(%q, %k, %k mask(%mask)) outs(%o, %l)
    : (tensor<1x4x32x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>,
       tensor<1x1x32x?xi1>, tensor<1x4x32x64xf32>, tensor<1x4x32xf32>)
    -> (tensor<1x4x32x64xf32>, tensor<1x4x32xf32>)
  return %r#0 : tensor<1x4x32x64xf32>
}
