// RUN: attn-opt %s --attn-split-kv="num-splits=4" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: not attn-opt %s --attn-split-kv="num-splits=0" 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: attn-split-kv expects num-splits of at least 1, but got 0

// Each part attends to its quarter of the keys; merge joins them in the op's
// type.
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x8x1x64xf16>, %[[K:[^:]+]]: tensor<1x2x4096x64xf16>
// CHECK:         %[[PARTS:.+]]:2 = scf.forall (%[[P:.+]]) in (4) shared_outs(%[[O:[^ ]+]] = %{{[^,]+}}, %[[L:[^ ]+]] = %{{[^,]+}}) -> (tensor<4x1x8x1x64xf32>, tensor<4x1x8x1xf32>)
// CHECK:           %[[LO:.+]] = affine.apply {{.*}}(%[[P]])
// CHECK:           %[[KP:.+]] = tensor.extract_slice %[[K]][0, 0, %[[LO]], 0] [1, 2, 1024, 64]
// CHECK:           attn.partial ins(%[[Q]], %[[KP]], %[[KP]])
// CHECK-SAME:        -> (tensor<1x8x1x64xf32>, tensor<1x8x1xf32>)
// CHECK:           tensor.parallel_insert_slice %{{.+}} into %[[O]][%[[P]], 0, 0, 0, 0]
// CHECK:           tensor.parallel_insert_slice %{{.+}} into %[[L]][%[[P]], 0, 0, 0]
// CHECK:         attn.merge ins(%[[PARTS]]#0 lse %[[PARTS]]#1) along(0) {{.*}} -> tensor<1x8x1x64xf16>
func.func @decode(%q: tensor<1x8x1x64xf16>, %k: tensor<1x2x4096x64xf16>) -> tensor<1x8x1x64xf16> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<1x8x1x64xf16>, tensor<1x2x4096x64xf16>, tensor<1x2x4096x64xf16>) -> tensor<1x8x1x64xf16>
  return %o : tensor<1x8x1x64xf16>
}

// -----

// Sinks are one part more; the diagonal is resolved for the whole problem, and
// absolute positions tell a part where it is. Masks are cut with the keys,
// unless they turn out to be broadcast.
// CHECK-LABEL: func.func @modifiers
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x40x4x64xf32>, %[[K:[^:]+]]: tensor<2x?x4x64xf32>, %[[LEN:[^:]+]]: tensor<2xi64>, %[[MASK:[^:]+]]: tensor<2x1x1x?xi1>, %[[SINKS:[^:]+]]: tensor<4xf32>
// CHECK:         tensor.insert_slice %{{.+}} into %{{.+}}[4, 0, 0, 0, 0] [1, 2, 4, 40, 64]
// CHECK:         linalg.generic {{.*}} ins(%[[SINKS]]
// CHECK:         tensor.insert_slice %{{.+}} into %{{.+}}[4, 0, 0, 0] [1, 2, 4, 40]
// CHECK:         %[[D:.+]] = tensor.generate
// CHECK:           tensor.extract %[[LEN]]
// CHECK:         scf.forall {{.*}} in (4) {{.*}} -> (tensor<5x2x4x40x64xf32>, tensor<5x2x4x40xf32>)
// CHECK:           tensor.extract_slice %[[K]][0, %[[LO:.+]], 0, 0]
// CHECK:           %[[FIRST:.+]] = arith.select %[[ONE:.+]], %c0, %[[LO]]
// CHECK:           %[[COUNT:.+]] = arith.select %[[ONE]], %c1,
// CHECK:           tensor.extract_slice %[[MASK]][0, 0, 0, %[[FIRST]]] [2, 1, 1, %[[COUNT]]]
// CHECK:           attn.partial {{.*}} causal causal_offset(%[[D]]) kv_len(%[[LEN]]) mask(%{{.+}}) offsets(%c0, %c0, %c0, %[[LO]]) layout(bshd)
// CHECK:         attn.merge {{.*}} along(0) {{.*}} layout(bshd)
func.func @modifiers(%q: tensor<2x40x4x64xf32>, %k: tensor<2x?x4x64xf32>, %len: tensor<2xi64>,
    %mask: tensor<2x1x1x?xi1>, %sinks: tensor<4xf32>) -> (tensor<2x40x4x64xf32>, tensor<2x4x40xf32>) {
  %o:2 = attn.sdpa %q, %k, %k causal bottom_right kv_len(%len) mask(%mask) sinks(%sinks) layout(bshd)
    : (tensor<2x40x4x64xf32>, tensor<2x?x4x64xf32>, tensor<2x?x4x64xf32>, tensor<2xi64>,
       tensor<2x1x1x?xi1>, tensor<4xf32>) -> (tensor<2x40x4x64xf32>, tensor<2x4x40xf32>)
  return %o#0, %o#1 : tensor<2x40x4x64xf32>, tensor<2x4x40xf32>
}

// -----

// Whole pages.
// CHECK-LABEL: func.func @pages
// CHECK-SAME:    %[[TABLE:[^:]+]]: tensor<2x10xi32>
// CHECK:         scf.forall (%[[P:.+]]) in (4)
// CHECK:           %[[N:.+]] = affine.{{.*}}
// CHECK:           tensor.extract_slice %[[TABLE]]
// CHECK:           attn.partial
func.func @pages(%table: tensor<2x10xi32>, %q: tensor<2x4x1x64xf32>, %k: tensor<?x4x16x64xf32>)
    -> tensor<2x4x1x64xf32> {
  %o = attn.sdpa %q, %k, %k page_table(%table)
    : (tensor<2x4x1x64xf32>, tensor<?x4x16x64xf32>, tensor<?x4x16x64xf32>, tensor<2x10xi32>)
    -> tensor<2x4x1x64xf32>
  return %o : tensor<2x4x1x64xf32>
}

// -----

// attn.partial splits into its own destinations.
// CHECK-LABEL: func.func @partial
// CHECK-SAME:    %[[O:[^:]+]]: tensor<1x4x8x64xf32>, %[[L:[^:]+]]: tensor<1x4x8xf32>
// CHECK:         scf.forall
// CHECK:           attn.partial
// CHECK:         attn.merge {{.*}} along(0) outs(%[[O]], %[[L]])
func.func @partial(%o: tensor<1x4x8x64xf32>, %l: tensor<1x4x8xf32>, %q: tensor<1x4x8x64xf32>,
    %k: tensor<1x4x64x64xf32>) -> (tensor<1x4x8x64xf32>, tensor<1x4x8xf32>) {
  %r:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (tensor<1x4x8x64xf32>, tensor<1x4x64x64xf32>, tensor<1x4x64x64xf32>,
       tensor<1x4x8x64xf32>, tensor<1x4x8xf32>) -> (tensor<1x4x8x64xf32>, tensor<1x4x8xf32>)
  return %r#0, %r#1 : tensor<1x4x8x64xf32>, tensor<1x4x8xf32>
}

// -----

// The op's own number has precedence; another strategy is another pass's.
// CHECK-LABEL: func.func @strategy
// CHECK:         scf.forall {{.*}} in (3)
// CHECK-LABEL: func.func @negative_dense
// CHECK-NOT:     scf.forall
// CHECK:         attn.sdpa
// CHECK-LABEL: func.func @negative_no_rows
// CHECK-NOT:     scf.forall
// CHECK:         return
func.func @strategy(%q: tensor<1x4x8x64xf32>, %k: tensor<1x4x64x64xf32>) -> tensor<1x4x8x64xf32> {
  %o = attn.sdpa %q, %k, %k strategy(#attn.blockwise<num_splits = 3>)
    : (tensor<1x4x8x64xf32>, tensor<1x4x64x64xf32>, tensor<1x4x64x64xf32>) -> tensor<1x4x8x64xf32>
  return %o : tensor<1x4x8x64xf32>
}
func.func @negative_dense(%q: tensor<1x4x8x64xf32>, %k: tensor<1x4x64x64xf32>) -> tensor<1x4x8x64xf32> {
  %o = attn.sdpa %q, %k, %k strategy(#attn.dense)
    : (tensor<1x4x8x64xf32>, tensor<1x4x64x64xf32>, tensor<1x4x64x64xf32>) -> tensor<1x4x8x64xf32>
  return %o : tensor<1x4x8x64xf32>
}
func.func @negative_no_rows(%q: tensor<1x4x0x64xf32>, %k: tensor<1x4x64x64xf32>) -> tensor<1x4x0x64xf32> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<1x4x0x64xf32>, tensor<1x4x64x64xf32>, tensor<1x4x64x64xf32>) -> tensor<1x4x0x64xf32>
  return %o : tensor<1x4x0x64xf32>
}
