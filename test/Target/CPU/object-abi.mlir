// RUN: attn-opt %s --attn-to-cpu=object-abi --mlir-disable-threading \
// RUN:   --mlir-print-ir-after=one-shot-bufferize -o /dev/null 2>&1 | FileCheck %s
// RUN: attn-opt %s --attn-to-cpu=object-abi \
// RUN:   | FileCheck %s --check-prefix=LLVM --implicit-check-not=@malloc \
// RUN:     --implicit-check-not=@attn_rt_ --implicit-check-not=unrealized

!q = tensor<2x8x?x64xf32>
!kv = tensor<2x2x?x64xf32>

// Attention reads and writes its caller's memory: no operand is copied, no
// result either.
// CHECK-LABEL: func.func @step
// CHECK-SAME:    %[[Q:[^:]*]]: memref<2x8x?x64xf32, strided<[?, ?, ?, 1]>>
// CHECK-SAME:    %[[K:[^:]*]]: memref<2x2x?x64xf32, strided<[?, ?, ?, 1]>> {attn.inout}
// CHECK-SAME:    %[[NEW:[^:]*]]: memref<2x2x1x64xf32, strided<[?, ?, ?, 1]>>
// CHECK-SAME:    %[[MASK:[^:]*]]: memref<1x1x1x?xi8, strided<[?, ?, ?, 1]>>
// CHECK-SAME:    %[[OUT:[^:]*]]: memref<2x8x?x64xf32, strided<[?, ?, ?, 1]>> {attn.result = 0 : i64}
// CHECK-SAME:    %[[LSE:[^:]*]]: memref<2x8x?xf32, strided<[?, ?, 1]>> {attn.result = 1 : i64}
// CHECK-NOT:     memref.copy
// CHECK:         %[[ROW:.*]] = memref.subview %[[K]]
// CHECK:         memref.copy %[[NEW]], %[[ROW]]
// CHECK-NOT:     memref.copy
// CHECK:         scf.forall
// CHECK-DAG:       memref.subview %[[Q]]
// CHECK-DAG:       memref.subview %[[K]]
// CHECK:           attn.online
// CHECK-DAG:       %[[O:.*]] = memref.subview %[[OUT]]
// CHECK-DAG:       %[[L:.*]] = memref.subview %[[LSE]]
// CHECK:           attn.finalize ins({{.*}}) outs(%[[O]], %[[L]])
// LLVM-LABEL:  llvm.func internal @step.compute
// LLVM-LABEL:  llvm.func @step_result_shapes(%{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: i32, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: i32) -> i32
// LLVM-LABEL:  llvm.func @step(%{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: i32, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: i32, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: i64, %{{[^:]*}}: !llvm.ptr) -> i32
func.func @step(%q: !q, %k: !kv {attn.inout}, %new: tensor<2x2x1x64xf32>,
                %mask: tensor<1x1x1x?xi1>, %pos: index)
    -> (!q, tensor<2x8x?xf32>, !kv) {
  %k1 = tensor.insert_slice %new into %k[0, 0, %pos, 0] [2, 2, 1, 64] [1, 1, 1, 1]
    : tensor<2x2x1x64xf32> into !kv
  %r:2 = attn.sdpa %q, %k1, %k1 mask(%mask)
    : (!q, !kv, !kv, tensor<1x1x1x?xi1>) -> (!q, tensor<2x8x?xf32>)
  return %r#0, %r#1, %k1 : !q, tensor<2x8x?xf32>, !kv
}
