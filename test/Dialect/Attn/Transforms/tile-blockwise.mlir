// RUN: attn-opt %s --attn-tile-blockwise="block-size-q=64 block-size-kv=128" --canonicalize --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --attn-tile-blockwise="block-size-q=64 block-size-kv=-1" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=WHOLE
// RUN: attn-opt %s --attn-tile-blockwise="block-size-kv=-1" --canonicalize --cse --split-input-file | attn-opt --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --cse --canonicalize --split-input-file | FileCheck %s --check-prefix=BUFFER

// One tile holds all four heads that read a key head; sizes divide, so every
// shape is static.
// CHECK-LABEL: func.func @gqa
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x8x512x64xf16>, %[[K:[^:]+]]: tensor<1x2x1024x64xf16>, %[[V:[^:]+]]:
// CHECK:         scf.forall (%[[KH:.+]], %[[I:.+]]) = (0, 0) to (2, 512) step (1, 64) shared_outs(%[[OUT:.+]] = %{{.+}})
// CHECK:           %[[H:.+]] = affine.apply
// CHECK:           tensor.extract_slice %[[Q]][0, %[[H]], %[[I]], 0] [1, 4, 64, 64]
// CHECK:           tensor.extract_slice %[[K]][0, %[[KH]], 0, 0] [1, 1, 1024, 64]
// CHECK:           scf.for
// CHECK:             attn.online
// CHECK-NOT:         offsets
// CHECK-SAME:        -> (tensor<1x4x64x64xf32>, tensor<1x4x64xf32>, tensor<1x4x64xf32>)
// CHECK:           %[[SLICE:.+]] = tensor.extract_slice %[[OUT]][0, %[[H]], %[[I]], 0] [1, 4, 64, 64]
// CHECK:           %[[R:.+]] = attn.finalize {{.*}} outs(%[[SLICE]])
// CHECK:           tensor.parallel_insert_slice %[[R]] into %[[OUT]][0, %[[H]], %[[I]], 0] [1, 4, 64, 64]
// CHECK-NOT:     attn.sdpa
// WHOLE-LABEL: func.func @gqa
// WHOLE:         scf.forall
// WHOLE-NOT:       scf.for
// WHOLE:           attn.online {{.*}} tensor<1x1x1024x64xf16>
// BUFFER-LABEL: func.func @gqa
// BUFFER:         %[[OUT:.+]] = memref.alloc() {{.*}} : memref<1x8x512x64xf16>
// BUFFER:         scf.forall
// BUFFER:           attn.online
// BUFFER:           %[[SLICE:.+]] = memref.subview %[[OUT]]
// BUFFER:           attn.finalize {{.*}} outs(%[[SLICE]])
// BUFFER-NOT:     memref.copy
// BUFFER:         return %[[OUT]]
func.func @gqa(%q: tensor<1x8x512x64xf16>, %k: tensor<1x2x1024x64xf16>, %v: tensor<1x2x1024x64xf16>)
    -> tensor<1x8x512x64xf16> {
  %o = attn.sdpa %q, %k, %v
    : (tensor<1x8x512x64xf16>, tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>)
    -> tensor<1x8x512x64xf16>
  return %o : tensor<1x8x512x64xf16>
}

// -----

// Keys left of the diagonal tile need no mask; keys right of it are never
// touched. The tiles that see most keys come first. A kernel that walks the keys
// itself gets them in one piece.
// CHECK:       #[[$REVERSE:.+]] = affine_map<(d0) -> (-d0 + 448)>
// CHECK-LABEL: func.func @causal
// CHECK:         scf.forall (%{{.+}}, %[[N:.+]]) =
// CHECK:           %[[I:.+]] = affine.apply #[[$REVERSE]](%[[N]])
// CHECK:           scf.for %{{.+}} = %{{.+}} to %[[MID:.+]] step
// CHECK:             attn.online
// CHECK-NOT:           causal
// CHECK:           scf.for %[[J:.+]] = %[[MID]] to %{{.+}} step
// CHECK:             attn.online
// CHECK-SAME:          causal offsets(%{{.+}}, %{{.+}}, %[[I]], %[[J]])
// WHOLE-LABEL: func.func @causal
// WHOLE:         scf.forall
// WHOLE-NOT:       scf.for
// WHOLE-COUNT-1:   attn.online {{.*}} causal offsets
// WHOLE-NOT:       attn.online
// WHOLE:           attn.finalize
func.func @causal(%q: tensor<2x4x512x64xf32>, %k: tensor<2x4x512x64xf32>) -> tensor<2x4x512x64xf32> {
  %o = attn.sdpa %q, %k, %k causal
    : (tensor<2x4x512x64xf32>, tensor<2x4x512x64xf32>, tensor<2x4x512x64xf32>)
    -> tensor<2x4x512x64xf32>
  return %o : tensor<2x4x512x64xf32>
}

// -----

// A decode step has one row: what its tile sees, it sees. Bottom-right turns
// into bounds.
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    %[[LEN:[^:]+]]: tensor<4xi64>
// CHECK:         scf.forall (%[[B:.+]], %[[KH:.+]]) in (4, 2)
// CHECK:           tensor.extract %[[LEN]][%[[B]]]
// CHECK:           scf.for
// CHECK:             attn.online
// CHECK-NOT:           causal
// CHECK-NOT:       attn.online
func.func @decode(%len: tensor<4xi64>, %q: tensor<4x8x1x64xf16>, %k: tensor<4x2x?x64xf16>)
    -> tensor<4x8x1x64xf16> {
  %o = attn.sdpa %q, %k, %k causal bottom_right kv_len(%len)
    : (tensor<4x8x1x64xf16>, tensor<4x2x?x64xf16>, tensor<4x2x?x64xf16>, tensor<4xi64>)
    -> tensor<4x8x1x64xf16>
  return %o : tensor<4x8x1x64xf16>
}

// -----

// Everything dynamic, bshd, lse: the query tile keeps the op's layout, the
// state is bhsd.
// CHECK-LABEL: func.func @bshd
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<?x?x?x64xf32>
// CHECK:         scf.forall (%[[B:.+]], %[[KH:.+]], %[[I:.+]]) =
// CHECK:           %[[G:.+]] = arith.divui
// CHECK:           %[[H:.+]] = arith.muli %[[KH]], %[[G]]
// CHECK:           %[[N:.+]] = affine.min
// CHECK:           tensor.extract_slice %[[Q]][%[[B]], %[[I]], %[[H]], 0] [1, %[[N]], %[[G]], 64]
// CHECK:           tensor.empty(%[[G]], %[[N]]) : tensor<1x?x?x32xf32>
// CHECK:           attn.online
// CHECK-SAME:        layout(bshd)
// CHECK:           attn.finalize {{.*}} layout(bshd)
// CHECK:             tensor.parallel_insert_slice %{{.+}} into %{{.+}}[%[[B]], %[[I]], %[[H]], 0] [1, %[[N]], %[[G]], 32]
// CHECK:             tensor.parallel_insert_slice %{{.+}} into %{{.+}}[%[[B]], %[[H]], %[[I]]] [1, %[[G]], %[[N]]]
func.func @bshd(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>, %v: tensor<?x?x?x32xf32>)
    -> (tensor<?x?x?x32xf32>, tensor<?x?x?xf32>) {
  %o:2 = attn.sdpa %q, %k, %v layout(bshd)
    : (tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x32xf32>)
    -> (tensor<?x?x?x32xf32>, tensor<?x?x?xf32>)
  return %o#0, %o#1 : tensor<?x?x?x32xf32>, tensor<?x?x?xf32>
}

// -----

// Dimensions of size 1 are not cut. Sinks join in finalize; the score region
// sees absolute positions.
// CHECK-LABEL: func.func @modifiers
// CHECK-SAME:    %[[MASK:[^:]+]]: tensor<2x1x96x256xi1>, %[[BIAS:[^:]+]]: tensor<1x6x1x256xf32>, %[[SINKS:[^:]+]]: tensor<6xf32>
// CHECK:         scf.forall (%[[B:.+]], %[[KH:.+]], %[[I:.+]]) =
// CHECK:           %[[N:.+]] = affine.min
// CHECK:           tensor.extract_slice %[[MASK]][%[[B]], 0, %[[I]], 0] [1, 1, %[[N]], 256]
// CHECK:           tensor.extract_slice %[[BIAS]][0, %[[H:.+]], 0, 0] [1, 2, 1, 256]
// CHECK:           scf.for %[[J:.+]] = %{{.+}} to
// CHECK:             attn.online
// CHECK-SAME:          softcap(3.000000e+01)
// CHECK-SAME:          offsets(%[[B]], %[[H]], %[[I]], %[[J]])
// CHECK-SAME:          score {
// CHECK:           tensor.extract_slice %[[SINKS]][%[[H]]] [2] [1]
// CHECK:           attn.finalize {{.*}} sinks(
func.func @modifiers(%mask: tensor<2x1x96x256xi1>, %bias: tensor<1x6x1x256xf32>, %sinks: tensor<6xf32>,
    %q: tensor<2x6x96x64xf32>, %k: tensor<2x3x256x64xf32>) -> tensor<2x6x96x64xf32> {
  %o = attn.sdpa %q, %k, %k softcap(30.0) mask(%mask) bias(%bias) sinks(%sinks) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %d = arith.subi %j, %i : index
    %d64 = arith.index_cast %d : index to i64
    %df = arith.sitofp %d64 : i64 to f32
    %r = arith.addf %s, %df : f32
    attn.yield %r : f32
  } : (tensor<2x6x96x64xf32>, tensor<2x3x256x64xf32>, tensor<2x3x256x64xf32>,
       tensor<2x1x96x256xi1>, tensor<1x6x1x256xf32>, tensor<6xf32>) -> tensor<2x6x96x64xf32>
  return %o : tensor<2x6x96x64xf32>
}

// -----

// Three ranges: left edge masked, middle plain, right edge masked.
// CHECK-LABEL: func.func @window
// CHECK:         attn.online
// CHECK-SAME:      window(40, 3)
// CHECK:         attn.online
// CHECK-NOT:       window
// CHECK:         attn.online
// CHECK-SAME:      window(40, 3)
func.func @window(%q: tensor<1x1x512x64xf32>) -> tensor<1x1x512x64xf32> {
  %o = attn.sdpa %q, %q, %q window(40, 3)
    : (tensor<1x1x512x64xf32>, tensor<1x1x512x64xf32>, tensor<1x1x512x64xf32>)
    -> tensor<1x1x512x64xf32>
  return %o : tensor<1x1x512x64xf32>
}

// -----

// Keys that fit one tile need no loop, and one online for all ranges.
// CHECK-LABEL: func.func @one_key_tile
// CHECK-NOT:     scf.for %
// CHECK:         attn.online {{.*}} causal offsets
// CHECK-NOT:     attn.online
func.func @one_key_tile(%q: tensor<1x1x100x64xf32>) -> tensor<1x1x100x64xf32> {
  %o = attn.sdpa %q, %q, %q causal
    : (tensor<1x1x100x64xf32>, tensor<1x1x100x64xf32>, tensor<1x1x100x64xf32>)
    -> tensor<1x1x100x64xf32>
  return %o : tensor<1x1x100x64xf32>
}

// -----

// Pages are looked up and 8-bit numbers scaled a key tile at a time, in f32;
// whole ranges are not possible.
// CHECK-LABEL: func.func @paged
// CHECK-SAME:    %[[PAGES:[^:]+]]: tensor<2x?xi32>, %[[KS:[^:]+]]: tensor<1x2x1x1xf32>
// CHECK:         scf.forall
// CHECK:           %[[TABLE:.+]] = tensor.extract_slice %[[PAGES]]
// CHECK:           arith.extf
// CHECK:           scf.for %[[J:.+]] = %{{.+}} to %{{.+}} step %c128
// CHECK:             linalg.generic
// CHECK:               %[[PAGE:.+]] = affine.apply
// CHECK:               tensor.extract %[[TABLE]][%{{.+}}, %[[PAGE]]]
// CHECK:               arith.sitofp
// CHECK:               arith.mulf
// CHECK:             attn.online
// CHECK-NOT:           page_table
// CHECK-SAME:          (tensor<1x4x1x64xf32>, tensor<1x1x?x64xf32>, tensor<1x1x?x64xf32>,
// WHOLE-LABEL: func.func @paged
// WHOLE:         scf.for %{{.+}} step %c128
func.func @paged(%pages: tensor<2x?xi32>, %ks: tensor<1x2x1x1xf32>, %vs: tensor<2x2x1x1xf32>, %len: tensor<2xi64>,
    %q: tensor<2x8x1x64xf16>, %k: tensor<?x2x16x64xi8>) -> tensor<2x8x1x64xf16> {
  %o = attn.sdpa %q, %k, %k kv_len(%len) key_scale(%ks) value_scale(%vs) page_table(%pages)
    : (tensor<2x8x1x64xf16>, tensor<?x2x16x64xi8>, tensor<?x2x16x64xi8>, tensor<2xi64>,
       tensor<1x2x1x1xf32>, tensor<2x2x1x1xf32>, tensor<2x?xi32>) -> tensor<2x8x1x64xf16>
  return %o : tensor<2x8x1x64xf16>
}

// -----

// Rows beyond q_len are masked where they share a tile with others.
// CHECK-LABEL: func.func @q_len
// CHECK-SAME:    %[[LEN:[^:]+]]: tensor<2xi64>
// CHECK:         attn.online
// CHECK-NOT:       q_len
// CHECK:         attn.online
// CHECK-SAME:      q_len(
func.func @q_len(%len: tensor<2xi64>, %q: tensor<2x1x512x64xf32>) -> tensor<2x1x512x64xf32> {
  %o = attn.sdpa %q, %q, %q q_len(%len)
    : (tensor<2x1x512x64xf32>, tensor<2x1x512x64xf32>, tensor<2x1x512x64xf32>, tensor<2xi64>)
    -> tensor<2x1x512x64xf32>
  return %o : tensor<2x1x512x64xf32>
}

// -----

// attn.partial tiles into its own destinations.
// CHECK-LABEL: func.func @partial
// CHECK-SAME:    %[[O:[^:]+]]: tensor<1x4x128x64xf32>, %[[L:[^:]+]]: tensor<1x4x128xf32>
// CHECK:         scf.forall {{.*}} shared_outs(%{{.+}} = %[[O]], %{{.+}} = %[[L]])
// CHECK:           attn.online
// CHECK:           attn.finalize
// CHECK-NOT:     attn.partial
func.func @partial(%o: tensor<1x4x128x64xf32>, %l: tensor<1x4x128xf32>, %q: tensor<1x4x128x64xf32>,
    %k: tensor<1x4x?x64xf32>) -> (tensor<1x4x128x64xf32>, tensor<1x4x128xf32>) {
  %r:2 = attn.partial ins(%q, %k, %k) outs(%o, %l)
    : (tensor<1x4x128x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>,
       tensor<1x4x128x64xf32>, tensor<1x4x128xf32>) -> (tensor<1x4x128x64xf32>, tensor<1x4x128xf32>)
  return %r#0, %r#1 : tensor<1x4x128x64xf32>, tensor<1x4x128xf32>
}

// -----

// The op's own strategy has precedence over the options.
// CHECK-LABEL: func.func @strategy
// CHECK:         scf.forall (%{{.+}}, %{{.+}}) = (0, 0) to (4, 512) step (1, 16)
// CHECK:           scf.for %{{.+}} step %c32
func.func @strategy(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q strategy(#attn.blockwise<block_size_q = 16, block_size_kv = 32>)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>)
    -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}

// -----

// Splits share the keys a tile sees; sinks join in the first of them.
// CHECK-LABEL: func.func @splits
// CHECK-SAME:    %[[SINKS:[^:]+]]: tensor<4xf32>
// CHECK:         %[[PARTS:.+]]:2 = scf.forall (%[[P:.+]], %[[KH:.+]], %[[N:.+]]) = (0, 0, 0) to (2, 4, 512)
// CHECK:           %[[I:.+]] = affine.apply {{.*}}(%[[N]])
// CHECK:           %[[SINK:.+]] = tensor.extract_slice %[[SINKS]][%[[KH]]] [1] [1]
// CHECK:           %[[FIRST:.+]] = arith.cmpi eq, %[[P]], %c0
// CHECK:           %[[MINE:.+]] = linalg.generic {{.*}} ins(%[[SINK]]
// CHECK:             arith.select %[[FIRST]]
// CHECK:           attn.finalize {{.*}} sinks(%[[MINE]])
// CHECK:             tensor.parallel_insert_slice %{{.+}} into %{{.+}}[%[[P]], 0, %[[KH]], %[[I]], 0] [1, 1, 1, 64, 64]
// CHECK:         scf.forall
// CHECK:           tensor.extract_slice %[[PARTS]]#0[0, 0, %{{.+}}, %{{.+}}, 0] [2, 1, 1, 64, 64]
// CHECK:           attn.merge {{.*}} along(0)
func.func @splits(%sinks: tensor<4xf32>, %q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %o = attn.sdpa %q, %q, %q causal sinks(%sinks) strategy(#attn.blockwise<num_splits = 2>)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<4xf32>)
    -> tensor<1x4x512x64xf32>
  return %o : tensor<1x4x512x64xf32>
}

// -----

// Nothing to slice where there are no keys, nothing to do where there are no
// queries.
// CHECK-LABEL: func.func @no_keys
// CHECK:         scf.forall
// CHECK:           attn.finalize
// CHECK-LABEL: func.func @no_queries
// CHECK-NOT:     scf.forall
// CHECK:         tensor.empty() : tensor<1x2x0x64xf32>
func.func @no_keys(%q: tensor<1x2x64x64xf32>, %k: tensor<1x2x0x64xf32>) -> tensor<1x2x64x64xf32> {
  %o = attn.sdpa %q, %k, %k causal
    : (tensor<1x2x64x64xf32>, tensor<1x2x0x64xf32>, tensor<1x2x0x64xf32>) -> tensor<1x2x64x64xf32>
  return %o : tensor<1x2x64x64xf32>
}
func.func @no_queries(%q: tensor<1x2x0x64xf32>, %k: tensor<1x2x64x64xf32>) -> tensor<1x2x0x64xf32> {
  %o = attn.sdpa %q, %k, %k causal
    : (tensor<1x2x0x64xf32>, tensor<1x2x64x64xf32>, tensor<1x2x64x64xf32>) -> tensor<1x2x0x64xf32>
  return %o : tensor<1x2x0x64xf32>
}

// -----

// A row beyond q_len has lse -inf, also with a sink.
// CHECK-LABEL: func.func @sinks_and_q_len
// CHECK-SAME:    %[[LEN:[^:]+]]: tensor<2xi64>
// CHECK:         scf.forall (%[[B:.+]], %[[I:.+]]) =
// CHECK:           %[[F:.+]]:2 = attn.finalize
// CHECK:           %[[ROWS:.+]] = affine.apply {{.*}}(%{{.+}}, %[[I]])
// CHECK:           %[[LSE:.+]] = linalg.generic {{.*}} outs(%[[F]]#1 :
// CHECK:             %[[ROW:.+]] = linalg.index 2
// CHECK:             arith.cmpi slt, %[[ROW]], %[[ROWS]]
// CHECK:           tensor.parallel_insert_slice %[[LSE]]
func.func @sinks_and_q_len(%len: tensor<2xi64>, %sinks: tensor<1xf32>, %q: tensor<2x1x512x64xf32>)
    -> tensor<2x1x512xf32> {
  %o:2 = attn.sdpa %q, %q, %q q_len(%len) sinks(%sinks)
    : (tensor<2x1x512x64xf32>, tensor<2x1x512x64xf32>, tensor<2x1x512x64xf32>, tensor<2xi64>, tensor<1xf32>)
    -> (tensor<2x1x512x64xf32>, tensor<2x1x512xf32>)
  return %o#1 : tensor<2x1x512xf32>
}

// -----

// A dimension of a mask, and a length, may be 1 at run time: then it is not
// cut, and every batch entry reads the first length.
// CHECK-LABEL: func.func @broadcast_at_run_time
// CHECK-SAME:    %[[MASK:[^:]+]]: tensor<?x1x?x?xi8>, %[[LEN:[^:]+]]: tensor<?xi64>
// CHECK:         scf.forall (%[[B:.+]], %[[I:.+]]) =
// CHECK:           %[[MB:.+]] = arith.select %{{.+}}, %c0, %[[B]]
// CHECK:           %[[MI:.+]] = arith.select %{{.+}}, %c0, %[[I]]
// CHECK:           tensor.extract_slice %[[MASK]][%[[MB]], 0, %[[MI]], 0] [1, 1, %{{.+}}, %{{.+}}]
// CHECK:           %[[AT:.+]] = affine.min #{{.+}}(%[[B]])[
// CHECK:           tensor.extract %[[LEN]][%[[AT]]]
func.func @broadcast_at_run_time(%mask: tensor<?x1x?x?xi8>, %len: tensor<?xi64>,
    %q: tensor<3x1x96x16xf32>, %k: tensor<3x1x256x16xf32>) -> tensor<3x1x96x16xf32> {
  %o = attn.sdpa %q, %k, %k kv_len(%len) mask(%mask)
    : (tensor<3x1x96x16xf32>, tensor<3x1x256x16xf32>, tensor<3x1x256x16xf32>, tensor<?xi64>,
       tensor<?x1x?x?xi8>) -> tensor<3x1x96x16xf32>
  return %o : tensor<3x1x96x16xf32>
}
