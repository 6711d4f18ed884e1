// RUN: attn-opt %s --attn-decompose-sparq | FileCheck %s
// RUN: attn-opt %s --attn-decompose-sparq --convert-attn-to-linalg | FileCheck %s --check-prefix=LINALG
// RUN: attn-opt %s --convert-attn-to-linalg | FileCheck %s --check-prefix=LINALG
// RUN: attn-opt %s --convert-attn-to-linalg=layer-a-only | FileCheck %s --check-prefix=LAYERA

// LINALG-NOT: attn.
// Attention to the chosen keys is what kernels wait for.
// LAYERA-COUNT-3: attn.partial
// LAYERA-NOT: attn.sparq
// LAYERA-NOT: attn.scores

!q = tensor<1x4x1x16xf16>
!kv = tensor<1x2x?x16xf16>

// CHECK-LABEL: func.func @grouped
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[KV:[^:]+]]:
// CHECK:         %[[C:.+]] = linalg.generic
// CHECK:         %[[I1:.+]]:2 = attn.topk ins(%[[C]]) outs({{.*}}) : (tensor<1x2x16xf32>, tensor<1x2x4xi64>, tensor<1x2xi64>)
// CHECK:         math.sqrt
// CHECK:         %[[Z:.+]] = attn.scores ins(%[[Q]], %[[KV]] channels(%[[I1]]#0) factor(%{{.*}}))
// CHECK:         math.exp
// CHECK:         %[[I2:.+]]:2 = attn.topk {{.*}} tensor<1x2x8xi64>
// CHECK:         %[[R:.+]]:2 = attn.gather_kv ins(%[[KV]], %[[KV]], %[[I2]]#0, %[[I2]]#1) outs
// CHECK:         attn.partial ins(%[[Q]], %[[R]]#0, %[[R]]#1 mask(%{{.*}})) outs
// No head shares its keys with none, so nothing goes to the mean.
// CHECK-NOT:     tensor<1x4x16xf32>
// CHECK:         return
func.func @grouped(%q: !q, %kv: !kv) -> !q {
  %o = attn.sparq %q, %kv, %kv rank(4) top_k(8) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// One head to a key head and no realloc: scores alone decide.
// CHECK-LABEL: func.func @cheap
// CHECK-NOT:     math.sqrt
// CHECK:         attn.scores ins(%{{[^ ]+}}, %{{[^ ]+}} softcap(3.000000e+01) channels(%{{[^ )]+}})) outs
// CHECK-NOT:     math.exp
// CHECK:         return
func.func @cheap(%q: tensor<1x2x1x16xf16>, %kv: !kv) -> tensor<1x2x1x16xf16> {
  %o = attn.sparq %q, %kv, %kv softcap(30.0) rank(4) top_k(8) realloc(off)
    : (tensor<1x2x1x16xf16>, !kv, !kv) -> tensor<1x2x1x16xf16>
  return %o : tensor<1x2x1x16xf16>
}

// State is read, not made.
// CHECK-LABEL: func.func @with_state
// CHECK-SAME:    %[[KT:[^:,]+]]: tensor<1x2x?x16x256xf16>, %[[M:[^:,]+]]: tensor<1x2x16xf32>
// CHECK:         attn.scores ins({{.*}} key_t(%[[KT]]))
// CHECK:         tensor.extract %[[M]]
func.func @with_state(%q: tensor<1x2x1x16xf16>, %kv: !kv, %kt: tensor<1x2x?x16x256xf16>, %m: tensor<1x2x16xf32>) -> tensor<1x2x1x16xf16> {
  %o = attn.sparq %q, %kv, %kv rank(4) top_k(8) key_t(%kt) value_mean(%m)
    : (tensor<1x2x1x16xf16>, !kv, !kv, tensor<1x2x?x16x256xf16>, tensor<1x2x16xf32>) -> tensor<1x2x1x16xf16>
  return %o : tensor<1x2x1x16xf16>
}
