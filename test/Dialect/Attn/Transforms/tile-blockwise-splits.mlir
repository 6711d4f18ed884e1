// RUN: attn-opt %s --attn-tile-blockwise --canonicalize --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --attn-assign-strategy="strategy=blockwise overwrite=false" --attn-apply-strategies --canonicalize --cse --split-input-file | FileCheck %s
// RUN: attn-opt %s --pass-pipeline="builtin.module(func.func(attn-tile-blockwise,canonicalize))" --split-input-file | FileCheck %s --check-prefix=NESTED

// How many splits, and whether there are any, is decided when the code runs:
// eight tasks a thread, at least 512 keys each. One kernel serves both: where
// there is one split, the stacks have no rows and finalize fills the results.
// CHECK-LABEL: module
// CHECK:         func.func private @attn_rt_num_threads() -> i64
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x8x1x128xf32>, %[[K:[^:]+]]: tensor<1x2x4096x128xf32>
// CHECK:         %[[THREADS:.+]] = arith.index_cast %{{.+}} : i64 to index
// CHECK:         %[[ALONE:.+]] = arith.cmpi sle, %[[THREADS]], %c1
// CHECK:         %[[MOST:.+]] = affine.min #[[MOST_MAP:.+]]()[%[[THREADS]]]
// CHECK:         %[[N:.+]] = arith.select %[[ALONE]], %c1, %[[MOST]]
// CHECK:         %[[WHOLE:.+]] = arith.cmpi eq, %[[N]], %c1
// CHECK:         %[[ROWS:.+]] = arith.select %[[WHOLE]], %c0, %c1
// CHECK:         tensor.empty(%[[N]], %[[ROWS]]) : tensor<?x1x8x?x128xf32>
// CHECK:         %[[PARTS:.+]]:3 = scf.forall (%[[P:.+]], %[[KH:.+]]) in (%[[N]], 2)
// CHECK-COUNT-1:   attn.online
// CHECK-NOT:       attn.online
// CHECK:           attn.finalize
// CHECK:           tensor.extract_slice %{{.+}}[0, %{{.+}}, 0, 0] [1, 4, %[[DIRECT:.+]], 128]
// CHECK:           attn.finalize
// CHECK:             tensor.parallel_insert_slice %{{.+}} into %{{.+}}[%[[P]], 0, %{{.+}}, 0, 0] [1, 1, 4, %[[ROWS]], 128]
// CHECK:             tensor.parallel_insert_slice %{{.+}} into %{{.+}}[0, %{{.+}}, 0, 0] [1, 4, %[[DIRECT]], 128]
// CHECK:         scf.forall (%{{.+}}, %{{.+}}) in (2, %[[ROWS]]) shared_outs(%{{.+}} = %[[PARTS]]#2)
// CHECK:           attn.merge {{.*}} along(0)
// NESTED-LABEL: func.func @decode
// NESTED-NOT:   attn.merge
module attributes {attn.target = #attn.target<cpu>} {
  func.func @decode(%q: tensor<1x8x1x128xf32>, %k: tensor<1x2x4096x128xf32>) -> tensor<1x8x1x128xf32> {
    %o = attn.sdpa %q, %k, %k
      : (tensor<1x8x1x128xf32>, tensor<1x2x4096x128xf32>, tensor<1x2x4096x128xf32>)
      -> tensor<1x8x1x128xf32>
    return %o : tensor<1x8x1x128xf32>
  }
}

// -----

// Everything dynamic; lse is stacked and merged too, and the sinks are in split
// 0 alone.
// CHECK-LABEL: func.func @dynamic
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<?x?x?x64xf32>
// CHECK:         call @attn_rt_num_threads
// CHECK:         arith.divui
// CHECK:         scf.forall (%[[P:.+]], %{{.+}}, %{{.+}}, %{{.+}}) = (0, 0, 0, 0)
// CHECK:           attn.online
// CHECK:           arith.cmpi eq, %[[P]], %c0
// CHECK-COUNT-2:   attn.finalize {{.*}} sinks(
// CHECK:         scf.forall
// CHECK:           attn.merge
module attributes {attn.target = #attn.target<cpu>} {
  func.func @dynamic(%q: tensor<?x?x?x64xf32>, %k: tensor<?x?x?x64xf32>, %sinks: tensor<?xf32>)
      -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>) {
    %o:2 = attn.sdpa %q, %k, %k causal sinks(%sinks)
      : (tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?xf32>)
      -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>)
    return %o#0, %o#1 : tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
  }
}

// -----

// Never: enough tiles for any pool, too few keys, a window with too few keys in
// it, one split asked for.
// CHECK-NOT:   attn_rt_num_threads
// CHECK-LABEL: func.func @negative_tiles
// CHECK-NOT:     attn.merge
// CHECK-LABEL: func.func @negative_keys
// CHECK-NOT:     attn.merge
// CHECK-LABEL: func.func @negative_window
// CHECK-NOT:     attn.merge
// CHECK-LABEL: func.func @negative_one
// CHECK-NOT:     attn.merge
module attributes {attn.target = #attn.target<cpu>} {
  func.func @negative_tiles(%q: tensor<2x8x512x64xf32>, %k: tensor<2x8x?x64xf32>) -> tensor<2x8x512x64xf32> {
    %o = attn.sdpa %q, %k, %k
      : (tensor<2x8x512x64xf32>, tensor<2x8x?x64xf32>, tensor<2x8x?x64xf32>) -> tensor<2x8x512x64xf32>
    return %o : tensor<2x8x512x64xf32>
  }
  func.func @negative_keys(%q: tensor<1x8x1x64xf32>, %k: tensor<1x8x1023x64xf32>) -> tensor<1x8x1x64xf32> {
    %o = attn.sdpa %q, %k, %k
      : (tensor<1x8x1x64xf32>, tensor<1x8x1023x64xf32>, tensor<1x8x1023x64xf32>) -> tensor<1x8x1x64xf32>
    return %o : tensor<1x8x1x64xf32>
  }
  func.func @negative_window(%q: tensor<1x8x1x64xf32>, %k: tensor<1x8x?x64xf32>) -> tensor<1x8x1x64xf32> {
    %o = attn.sdpa %q, %k, %k window(1022, 0) bottom_right
      : (tensor<1x8x1x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>) -> tensor<1x8x1x64xf32>
    return %o : tensor<1x8x1x64xf32>
  }
  func.func @negative_one(%q: tensor<1x8x1x64xf32>, %k: tensor<1x8x?x64xf32>) -> tensor<1x8x1x64xf32> {
    %o = attn.sdpa %q, %k, %k strategy(#attn.blockwise<num_splits = 1>)
      : (tensor<1x8x1x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>) -> tensor<1x8x1x64xf32>
    return %o : tensor<1x8x1x64xf32>
  }
}

// -----

// Nothing says that there are threads.
// CHECK-LABEL: func.func @negative_no_target
// CHECK-NOT:     attn.merge
func.func @negative_no_target(%q: tensor<1x8x1x64xf32>, %k: tensor<1x8x?x64xf32>) -> tensor<1x8x1x64xf32> {
  %o = attn.sdpa %q, %k, %k
    : (tensor<1x8x1x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>) -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}
