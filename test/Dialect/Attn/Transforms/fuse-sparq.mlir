// RUN: attn-opt %s --attn-fuse-sparq --canonicalize --split-input-file | FileCheck %s

// Clauses and the score region stay; a local_window above top_k is clamped. The
// module is told to say how many threads there are.
// CHECK:       func.func private @attn_rt_num_threads() -> i64
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x8x1x128xf16>, %[[K:[^:]+]]: tensor<1x2x?x128xf16>, %[[KT:[^:]+]]: tensor<1x2x?x128x256xf16>, %[[MEAN:[^:]+]]: tensor<1x2x128xf32>, %[[LEN:[^:]+]]: tensor<1xi64>
// CHECK-DAG:     %[[EMPTY:.+]] = tensor.empty() : tensor<1x8x1x128xf16>
// CHECK-DAG:     call @attn_rt_num_threads()
// CHECK:         %[[SPLITS:.+]] = arith.select {{.*}} : index
// CHECK:         %[[R:.+]] = attn.sparq_step ins(%[[Q]], %[[K]], %[[K]]
// CHECK-SAME:      softcap(5.000000e+00) kv_len(%[[LEN]])
// CHECK-SAME:      rank(32) top_k(64) local_window(16) realloc(on) group_reduce(logit) key_t(%[[KT]]) value_mean(%[[MEAN]]) splits(%[[SPLITS]]))
// CHECK-SAME:      outs(%[[EMPTY]]) score {
// CHECK:           attn.yield
// CHECK:         return %[[R]]
func.func @decode(%q: tensor<1x8x1x128xf16>, %k: tensor<1x2x?x128xf16>,
    %kt: tensor<1x2x?x128x256xf16>, %mean: tensor<1x2x128xf32>,
    %len: tensor<1xi64>) -> tensor<1x8x1x128xf16> {
  %o = attn.sparq %q, %k, %k softcap(5.0) kv_len(%len) rank(32) top_k(64)
    local_window(16) realloc(on) group_reduce(logit) key_t(%kt)
    value_mean(%mean) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %r = arith.addf %s, %s : f32
    attn.yield %r : f32
  } : (tensor<1x8x1x128xf16>, tensor<1x2x?x128xf16>, tensor<1x2x?x128xf16>,
     tensor<1xi64>, tensor<1x2x?x128x256xf16>, tensor<1x2x128xf32>)
    -> tensor<1x8x1x128xf16>
  return %o : tensor<1x8x1x128xf16>
}

// -----

// The kernel wants to know how many heads share keys.
// CHECK-LABEL: func.func @unknown_heads
// CHECK-NOT:     attn.sparq_step
// CHECK:         attn.sparq
func.func @unknown_heads(%q: tensor<1x?x1x64xf32>, %k: tensor<1x?x999x64xf32>)
    -> tensor<1x?x1x64xf32> {
  %o = attn.sparq %q, %k, %k rank(8) top_k(16)
    : (tensor<1x?x1x64xf32>, tensor<1x?x999x64xf32>, tensor<1x?x999x64xf32>)
    -> tensor<1x?x1x64xf32>
  return %o : tensor<1x?x1x64xf32>
}
