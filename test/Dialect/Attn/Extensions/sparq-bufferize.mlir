// RUN: attn-opt %s --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops" --split-input-file --verify-diagnostics | FileCheck %s

// Caches and means are written where they are.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    %[[NEW:[^:]+]]: memref{{[^%]*}}%[[POS:[^:]+]]: index, %[[K:[^:]+]]: memref{{[^%]*}}%[[V:[^:]+]]: memref{{[^%]*}}%[[M:[^:]+]]: memref
// CHECK-NOT:     memref.alloc
// CHECK-NOT:     memref.copy
// CHECK:         attn.kv_append ins(%[[NEW]], %[[NEW]], %[[POS]]) outs(%[[K]], %[[V]])
// CHECK:         attn.running_mean ins(%[[NEW]], %[[POS]]) outs(%[[M]])
// CHECK-NOT:     memref.alloc
// CHECK:         return
func.func @in_place(%new: tensor<1x2x1x8xf32>, %p: index, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %m: tensor<1x2x8xf32>)
    -> (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x8xf32>) {
  %r:2 = attn.kv_append ins(%new, %new, %p) outs(%k, %v)
    : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, index, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> (tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>)
  %n = attn.running_mean ins(%new, %p) outs(%m) : (tensor<1x2x1x8xf32>, index, tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  return %r#0, %r#1, %n : tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x8xf32>
}

// -----

func.func @no_destination(%q: tensor<1x2x1x8xf32>, %k: tensor<1x2x9x8xf32>) -> tensor<1x2x1x8xf32> {
  // expected-error @below {{expects to be lowered before bufferization; run --attn-decompose-sparq or --convert-attn-to-linalg first}}
  // expected-error @below {{failed to bufferize op}}
  %o = attn.sparq %q, %k, %k rank(2) top_k(3)
    : (tensor<1x2x1x8xf32>, tensor<1x2x9x8xf32>, tensor<1x2x9x8xf32>) -> tensor<1x2x1x8xf32>
  return %o : tensor<1x2x1x8xf32>
}
