// RUN: attn-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize | FileCheck %s
!o = tensor<1x8x1x64xf32>
!l = tensor<1x8x1xf32>

// The partial is merged where it was computed.
// CHECK-LABEL: func.func @in_place
// CHECK-NOT:     memref.copy
// CHECK:         attn.partial {{.*}} outs(%[[O:.*]], %[[L:.*]]) :
// CHECK:         attn.dist_merge comm(%{{.*}}) outs(%[[O]], %[[L]]) algo(allgather) root(1)
// CHECK-NOT:     memref.copy
func.func @in_place(%comm: !attn.comm, %q: tensor<1x8x1x64xf32>,
    %k: tensor<1x2x512x64xf32>) -> (!o, !l) {
  %eo = tensor.empty() : !o
  %el = tensor.empty() : !l
  %p:2 = attn.partial ins(%q, %k, %k) outs(%eo, %el)
    : (tensor<1x8x1x64xf32>, tensor<1x2x512x64xf32>, tensor<1x2x512x64xf32>,
       !o, !l) -> (!o, !l)
  %m:2 = attn.dist_merge comm(%comm) outs(%p#0, %p#1) algo(allgather) root(1)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0, %m#1 : !o, !l
}

// This rank's part is read afterwards, too: it is copied first, contents and
// all.
// CHECK-LABEL: func.func @read_later
// CHECK-SAME:    !attn.comm, %[[O:[^:]+]]: memref<1x8x1x64xf32>, %[[L:[^:]+]]: memref<1x8x1xf32>
// CHECK:         %[[COPY:.*]] = memref.alloc() {{.*}} : memref<1x8x1x64xf32>
// CHECK:         memref.copy %[[O]], %[[COPY]]
// CHECK:         attn.dist_merge comm(%{{.*}}) outs(%[[COPY]], %[[L]])
// CHECK:         return %[[COPY]], %[[O]]
func.func @read_later(%comm: !attn.comm,
%o: !o, %l: !l) -> (!o, !o) {
  %m:2 = attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, !o, !l) -> (!o, !l)
  return %m#0, %o : !o, !o
}
