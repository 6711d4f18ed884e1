// RUN: attn-opt %s --attn-bind-destinations | FileCheck %s
// RUN: attn-opt %s --attn-bind-destinations --eliminate-empty-tensors \
// RUN:   --one-shot-bufferize=bufferize-function-boundaries --cse --canonicalize \
// RUN:   | FileCheck %s --check-prefix=BUFFERS

// Scalars stay, and keep their place among the results.
// CHECK-LABEL: func.func @results
// CHECK-SAME:    %[[X:[^:]*]]: memref<2x?xf32, strided<[?, 1]>>, %[[S:[^:]*]]: f32
// CHECK-SAME:    %[[A:[^:]*]]: memref<2x?xf32, strided<[?, 1]>> {attn.result = 0 : i64}
// CHECK-SAME:    %[[B:[^:]*]]: memref<f32> {attn.result = 2 : i64}) -> f32
// CHECK:         %[[T:.*]] = bufferization.to_tensor %[[X]] restrict
// CHECK:         bufferization.materialize_in_destination %{{.*}} in restrict writable %[[A]]
// CHECK:         bufferization.materialize_in_destination %{{.*}} in restrict writable %[[B]]
// CHECK:         return %[[S]] : f32

// Computed where the caller wants it.
// BUFFERS-LABEL: func.func @results
// BUFFERS-NOT:     alloc
// BUFFERS-NOT:     memref.copy
// BUFFERS:         linalg.map
// BUFFERS-NOT:     alloc
// BUFFERS-NOT:     memref.copy
func.func @results(%x: tensor<2x?xf32>, %s: f32)
    -> (tensor<2x?xf32>, f32, tensor<f32>) {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c1 : tensor<2x?xf32>
  %e = tensor.empty(%n) : tensor<2x?xf32>
  %y = linalg.map { math.exp } ins(%x : tensor<2x?xf32>)
                               outs(%e : tensor<2x?xf32>)
  %e0 = tensor.empty() : tensor<f32>
  %z = linalg.fill ins(%s : f32) outs(%e0 : tensor<f32>) -> tensor<f32>
  return %y, %s, %z : tensor<2x?xf32>, f32, tensor<f32>
}

// An updated argument is updated, and no result.
// CHECK-LABEL: func.func @cache
// CHECK-SAME:    %[[C:[^:]*]]: memref<4x8xf32, strided<[?, 1]>> {attn.inout}
// CHECK-NOT:     attn.result
// CHECK:         bufferization.to_tensor %[[C]] restrict writable
// BUFFERS-LABEL: func.func @cache
// BUFFERS-SAME:    %[[C:[^:]*]]: memref<4x8xf32{{.*}} {attn.inout}, %[[X:[^:]*]]: memref
// BUFFERS-NOT:     alloc
// BUFFERS:         %[[ROW:.*]] = memref.subview %[[C]]
// BUFFERS:         memref.copy %[[X]], %[[ROW]]
// BUFFERS-NOT:     memref.copy
func.func @cache(%c: tensor<4x8xf32> {attn.inout}, %x: tensor<1x8xf32>,
                 %i: index) -> tensor<4x8xf32> {
  %0 = tensor.insert_slice %x into %c[%i, 0] [1, 8] [1, 1]
    : tensor<1x8xf32> into tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// Dimensions of size 1 that are added last do not keep it from that.
// CHECK-LABEL: func.func @unit_dims
// CHECK-SAME:    %[[Y:[^:]*]]: memref<1x?x1x8xf32, strided<[?, ?, ?, 1]>> {attn.result = 0 : i64}
// CHECK:         %[[ROWS:.*]] = memref.subview %[[Y]]{{.*}} to memref<?x8xf32, strided<[?, 1]>>
// CHECK:         bufferization.materialize_in_destination %{{.*}} in restrict writable %[[ROWS]]
// BUFFERS-LABEL: func.func @unit_dims
// BUFFERS-NOT:     alloc
// BUFFERS-NOT:     memref.copy
// BUFFERS:         linalg.map
func.func @unit_dims(%x: tensor<?x8xf32>) -> tensor<1x?x1x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %y = linalg.map { math.exp } ins(%x : tensor<?x8xf32>)
                               outs(%e : tensor<?x8xf32>)
  %y4 = tensor.expand_shape %y [[0, 1], [2, 3]] output_shape [1, %n, 1, 8]
    : tensor<?x8xf32> into tensor<1x?x1x8xf32>
  return %y4 : tensor<1x?x1x8xf32>
}

// CHECK-LABEL: func.func @negative_split
// CHECK-NOT:     memref.subview
func.func @negative_split(%x: tensor<8xf32>) -> tensor<2x4xf32> {
  %y2 = tensor.expand_shape %x [[0, 1]] output_shape [2, 4]
    : tensor<8xf32> into tensor<2x4xf32>
  return %y2 : tensor<2x4xf32>
}
