// RUN: attn-opt %s --attn-prepare-dist-merge --canonicalize --split-input-file | FileCheck %s --check-prefix=PREPARE
// RUN: attn-opt %s --attn-prepare-dist-merge --attn-lower-comm --canonicalize --split-input-file | FileCheck %s

// Sizes and options as numbers; 6 is not a power of anything.
// CHECK:       func.func private @attn_rt_dist_merge(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, i32, i32, i32, i32)
// CHECK-LABEL: func.func @options
// CHECK-SAME:    %[[COMM:[^:]+]]: !llvm.ptr
// CHECK-DAG:     %[[ROWS:.*]] = arith.constant 6 : i64
// CHECK-DAG:     %[[WIDTH:.*]] = arith.constant 64 : i64
// CHECK-DAG:     %[[ONE:.*]] = arith.constant 1 : i32
// CHECK-DAG:     %[[THREE:.*]] = arith.constant 3 : i32
// CHECK-DAG:     %[[FIVE:.*]] = arith.constant 5 : i32
// CHECK:         call @attn_rt_dist_merge(%[[COMM]], %{{[^ ]+}}, %{{[^ ]+}}, %[[ROWS]], %[[WIDTH]], %[[ONE]], %[[ONE]], %[[FIVE]], %[[THREE]])
func.func @options(%comm: !attn.comm, %o: memref<1x2x3x64xf32>, %l: memref<1x2x3xf32>) {
  attn.dist_merge comm(%comm) outs(%o, %l) algo(allgather) root(5) payload(bf16)
    : (!attn.comm, memref<1x2x3x64xf32>, memref<1x2x3xf32>) -> ()
  return
}

// -----

// f64 is 4, a sum 2, no root -1, no payload 0.
// CHECK-LABEL: func.func @defaults
// CHECK-DAG:     %[[NONE:.*]] = arith.constant -1 : i32
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-DAG:     %[[FOUR:.*]] = arith.constant 4 : i32
// CHECK-DAG:     %[[TWO:.*]] = arith.constant 2 : i32
// CHECK:         %[[SIZE:.*]] = memref.dim %{{.*}}, %
// CHECK:         %[[PRODUCT:.*]] = arith.muli %[[SIZE]], %
// CHECK:         %[[ROWS:.*]] = arith.index_cast %[[PRODUCT]]
// CHECK:         call @attn_rt_dist_merge({{.*}}, %[[ROWS]], %{{[^ ]+}}, %[[FOUR]], %[[TWO]], %[[NONE]], %[[ZERO]])
func.func @defaults(%comm: !attn.comm, %o: memref<1x2x?x8xf64>, %l: memref<1x2x?xf64>) {
  attn.dist_merge comm(%comm) outs(%o, %l) algo(allreduce)
    : (!attn.comm, memref<1x2x?x8xf64>, memref<1x2x?xf64>) -> ()
  return
}

// -----

// PREPARE-LABEL: func.func @gaps
// PREPARE-SAME:    %{{[^:]+}}: !attn.comm, %[[O:[^:]+]]: memref<{{[^%]*}}, %[[L:[^:]+]]: memref
// PREPARE:         %[[SIZE:.*]] = memref.dim %[[O]]
// PREPARE:         %[[COPY:.*]] = memref.alloc(%[[SIZE]]) {alignment = 64 : i64} : memref<1x2x?x8xf32>
// PREPARE:         linalg.generic {{.*}} ins(%[[O]] : {{.*}} outs(%[[COPY]] :
// PREPARE:         attn.dist_merge comm(%{{.*}}) outs(%[[COPY]], %[[L]])
// PREPARE:         linalg.generic {{.*}} ins(%[[COPY]] : {{.*}} outs(%[[O]] :
// PREPARE:         memref.dealloc %[[COPY]]
func.func @gaps(%comm: !attn.comm, %o: memref<1x2x?x8xf32, strided<[?, ?, ?, 1]>>, %l: memref<1x2x?xf32>) {
  attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, memref<1x2x?x8xf32, strided<[?, ?, ?, 1]>>, memref<1x2x?xf32>) -> ()
  return
}

// -----

// A part of an array without gaps is none either; it begins where it begins.
// PREPARE-LABEL: func.func @offset
// PREPARE-NOT:     memref.alloc
// CHECK-LABEL: func.func @offset
// CHECK:         memref.extract_strided_metadata
// CHECK:         arith.muli
// CHECK:         arith.addi
// CHECK:         call @attn_rt_dist_merge
func.func @offset(%comm: !attn.comm, %o: memref<1x1x3x8xf32, strided<[?, 99, 8, 1], offset: ?>>,
                  %l: memref<1x1x3xf32, strided<[?, ?, 1], offset: 5>>) {
  attn.dist_merge comm(%comm) outs(%o, %l)
    : (!attn.comm, memref<1x1x3x8xf32, strided<[?, 99, 8, 1], offset: ?>>,
       memref<1x1x3xf32, strided<[?, ?, 1], offset: 5>>) -> ()
  return
}

// -----

// Communicators that are chosen and handed on.
// CHECK-LABEL: func.func private @pass
// CHECK-SAME:    %{{[^:]+}}: !llvm.ptr, %{{[^:]+}}: !llvm.ptr
// CHECK-SAME:    -> !llvm.ptr
// CHECK:         arith.select {{.*}} : !llvm.ptr
func.func private @pass(%a: !attn.comm, %b: !attn.comm, %c: i1) -> !attn.comm {
  %r = arith.select %c, %a, %b : !attn.comm
  return %r : !attn.comm
}
