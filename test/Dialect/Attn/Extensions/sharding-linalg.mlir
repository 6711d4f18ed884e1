// What upstream's own models make of attention written in linalg, from the same two
// annotations: the maximum, the sum of weights and the weighted sum of values over
// all processes. attn.dist_merge is these three in one message.
// RUN: attn-opt %s --pass-pipeline='builtin.module(func.func(sharding-propagation{traversal=forward-backward},shard-partition,canonicalize))' | FileCheck %s
shard.grid @hosts(shape = 4)
#row = affine_map<(i, j) -> (i)>
#all = affine_map<(i, j) -> (i, j)>
!q = tensor<8x16xf32>
!kt = tensor<16x384xf32>
!v = tensor<384x16xf32>
!s = tensor<8x384xf32>
!r = tensor<8xf32>

// CHECK-LABEL: func.func @attention
// CHECK-SAME:    %{{.*}}: tensor<8x16xf32>, %{{.*}}: tensor<16x96xf32>, %{{.*}}: tensor<96x16xf32>
// CHECK:         %[[S:.*]] = linalg.matmul {{.*}} -> tensor<8x96xf32>
// CHECK:         arith.maximumf
// CHECK:         shard.all_reduce %{{.*}} on @hosts grid_axes = [0] reduction = max : tensor<8xf32>
// CHECK:         math.exp
// CHECK:         arith.addf
// CHECK:         shard.all_reduce %{{.*}} on @hosts grid_axes = [0] : tensor<8xf32>
// CHECK:         linalg.matmul {{.*}} -> tensor<8x16xf32>
// CHECK:         shard.all_reduce %{{.*}} on @hosts grid_axes = [0] : tensor<8x16xf32>
// CHECK:         arith.divf
// CHECK-NOT:     shard.
func.func @attention(%q: !q, %kt: !kt, %v: !v) -> !q {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %columns = shard.sharding @hosts split_axes = [[], [0]] : !shard.sharding
  %rows = shard.sharding @hosts split_axes = [[0], []] : !shard.sharding
  %ks = shard.shard %kt to %columns annotate_for_users : !kt
  %vs = shard.shard %v to %rows annotate_for_users : !v
  %e0 = tensor.empty() : !s
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : !s) -> !s
  %s = linalg.matmul ins(%q, %ks : !q, !kt) outs(%i0 : !s) -> !s
  %e1 = tensor.empty() : !r
  %i1 = linalg.fill ins(%none : f32) outs(%e1 : !r) -> !r
  %m = linalg.generic {indexing_maps = [#all, #row],
                       iterator_types = ["parallel", "reduction"]}
      ins(%s : !s) outs(%i1 : !r) {
  ^bb0(%x: f32, %acc: f32):
    %y = arith.maximumf %x, %acc : f32
    linalg.yield %y : f32
  } -> !r
  %e2 = tensor.empty() : !s
  %p = linalg.generic {indexing_maps = [#all, #row, #all],
                       iterator_types = ["parallel", "parallel"]}
      ins(%s, %m : !s, !r) outs(%e2 : !s) {
  ^bb0(%x: f32, %max: f32, %out: f32):
    %d = arith.subf %x, %max : f32
    %y = math.exp %d : f32
    linalg.yield %y : f32
  } -> !s
  %e3 = tensor.empty() : !r
  %i3 = linalg.fill ins(%zero : f32) outs(%e3 : !r) -> !r
  %l = linalg.generic {indexing_maps = [#all, #row],
                       iterator_types = ["parallel", "reduction"]}
      ins(%p : !s) outs(%i3 : !r) {
  ^bb0(%x: f32, %acc: f32):
    %y = arith.addf %x, %acc : f32
    linalg.yield %y : f32
  } -> !r
  %e4 = tensor.empty() : !q
  %i4 = linalg.fill ins(%zero : f32) outs(%e4 : !q) -> !q
  %a = linalg.matmul ins(%p, %vs : !s, !v) outs(%i4 : !q) -> !q
  %e5 = tensor.empty() : !q
  %o = linalg.generic {indexing_maps = [#all, #row, #all],
                       iterator_types = ["parallel", "parallel"]}
      ins(%a, %l : !q, !r) outs(%e5 : !q) {
  ^bb0(%x: f32, %sum: f32, %out: f32):
    %y = arith.divf %x, %sum : f32
    linalg.yield %y : f32
  } -> !q
  return %o : !q
}
