// RUN: attn-opt %s --convert-attn-to-linalg --split-input-file | FileCheck %s

// Narrow keys and values are dequantised once, to the accumulator type.
// CHECK-LABEL: func.func @dequantise
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[K:[^:]+]]: {{[^,]+}}, %[[KS:[^:]+]]: {{[^,]+}}, %[[VS:[^:]+]]: tensor
// CHECK:         %[[KS1:.*]] = tensor.collapse_shape %[[KS]]
// CHECK:         %[[KF:.*]] = linalg.generic {{.*}}ins(%[[K]], %[[KS1]] :
// CHECK:           %[[X:.*]] = arith.sitofp %{{.*}} : i8 to f32
// CHECK-NEXT:      arith.mulf %[[X]]
// CHECK:         %[[VS1:.*]] = tensor.collapse_shape %[[VS]]
// CHECK:         %[[VF:.*]] = linalg.generic {{.*}}ins(%[[K]], %[[VS1]] :
// CHECK:         linalg.generic {{.*}}ins(%{{.*}}, %[[KF]] : tensor<2x2x2x8x16xf16>, tensor<2x2x?x16xf32>)
// CHECK:         linalg.generic {{.*}}ins(%{{.*}}, %{{.*}}, %[[VF]] :
func.func @dequantise(%q: tensor<2x4x8x16xf16>, %k: tensor<2x2x?x16xi8>,
    %ks: tensor<1x2x1x1xf32>, %vs: tensor<1x1x1x16xf32>)
    -> tensor<2x4x8x16xf16> {
  %0 = attn.sdpa %q, %k, %k key_scale(%ks) value_scale(%vs)
    : (tensor<2x4x8x16xf16>, tensor<2x2x?x16xi8>, tensor<2x2x?x16xi8>,
       tensor<1x2x1x1xf32>, tensor<1x1x1x16xf32>) -> tensor<2x4x8x16xf16>
  return %0 : tensor<2x4x8x16xf16>
}

// -----

// f8 needs no scale.
// CHECK-LABEL: func.func @f8
// CHECK-COUNT-2: arith.extf %{{.*}} : f8E4M3FN to f32
// CHECK-NOT:     f8E4M3FN to f32
func.func @f8(%q: tensor<2x4x8x16xf16>, %k: tensor<2x4x5x16xf8E4M3FN>)
    -> tensor<2x4x8x16xf16> {
  %0 = attn.sdpa %q, %k, %k
    : (tensor<2x4x8x16xf16>, tensor<2x4x5x16xf8E4M3FN>,
       tensor<2x4x5x16xf8E4M3FN>) -> tensor<2x4x8x16xf16>
  return %0 : tensor<2x4x8x16xf16>
}

// -----

// Neither the page table nor a pool is read at or beyond kv_len.
// CHECK-LABEL: func.func @paged
// CHECK-SAME:    %[[Q:[^:]+]]: {{[^,]+}}, %[[POOL:[^:]+]]: {{[^,]+}}, %[[TABLE:[^:]+]]: {{[^,]+}}, %[[LEN:[^:]+]]: tensor
// CHECK:         %[[KEY:.*]] = linalg.generic
// CHECK-DAG:       %[[B:.*]] = linalg.index 0
// CHECK-DAG:       %[[H:.*]] = linalg.index 1
// CHECK-DAG:       %[[J:.*]] = linalg.index 2
// CHECK-DAG:       %[[D:.*]] = linalg.index 3
// CHECK:           %[[N:.*]] = tensor.extract %[[LEN]][%[[B]]]
// CHECK:           %[[IN_USE:.*]] = arith.cmpi slt, %[[J]],
// CHECK:           scf.if %[[IN_USE]] -> (f16)
// CHECK:             %[[SLOT:.*]] = arith.divui %[[J]]
// CHECK:             %[[ROW:.*]] = arith.remui %[[J]]
// CHECK:             %[[ENTRY:.*]] = tensor.extract %[[TABLE]][%[[B]], %[[SLOT]]]
// CHECK:             %[[PAGE:.*]] = arith.index_cast %[[ENTRY]]
// CHECK:             tensor.extract %[[POOL]][%[[PAGE]], %[[H]], %[[ROW]], %[[D]]]
// CHECK:           else
// CHECK-NOT:         tensor.extract
// CHECK:             scf.yield
// CHECK:         } -> tensor<2x2x?x16xf16>
// CHECK:         linalg.generic {{.*}}ins(%{{.*}}, %[[KEY]] :
func.func @paged(%q: tensor<2x4x8x16xf16>, %pool: tensor<?x2x32x16xf16>,
    %table: tensor<2x?xi32>, %len: tensor<2xi64>) -> tensor<2x4x8x16xf16> {
  %0 = attn.sdpa %q, %pool, %pool kv_len(%len) page_table(%table)
    : (tensor<2x4x8x16xf16>, tensor<?x2x32x16xf16>, tensor<?x2x32x16xf16>,
       tensor<2xi64>, tensor<2x?xi32>) -> tensor<2x4x8x16xf16>
  return %0 : tensor<2x4x8x16xf16>
}

// -----

// Without kv_len every key is in use; in bshd pages are [page_size, heads].
// CHECK-LABEL: func.func @paged_bshd
// CHECK-SAME:    %[[POOL:[^:]+]]: tensor<9x32x2x16xf32>
// CHECK:         linalg.generic
// CHECK-DAG:       %[[H:.*]] = linalg.index 2
// CHECK-DAG:       %[[J:.*]] = linalg.index 1
// CHECK-NOT:       scf.if
// CHECK:           %[[ROW:.*]] = arith.remui %[[J]]
// CHECK:           tensor.extract %[[POOL]][%{{.*}}, %[[ROW]], %[[H]], %{{.*}}]
// CHECK:         } -> tensor<2x96x2x16xf32>
func.func @paged_bshd(%pool: tensor<9x32x2x16xf32>, %table: tensor<2x3xi32>,
    %q: tensor<2x8x4x16xf32>) -> tensor<2x8x4x16xf32> {
  %0 = attn.sdpa %q, %pool, %pool page_table(%table) layout(bshd)
    : (tensor<2x8x4x16xf32>, tensor<9x32x2x16xf32>, tensor<9x32x2x16xf32>,
       tensor<2x3xi32>) -> tensor<2x8x4x16xf32>
  return %0 : tensor<2x8x4x16xf32>
}

// -----

// kv_len is absolute; the table of a tile is not.
// CHECK-LABEL: func.func @paged_tile
// CHECK-SAME:    %[[OJ:[^:]+]]: index
// CHECK:         linalg.generic
// CHECK:           %[[J:.*]] = linalg.index 2
// CHECK:           %[[POSITION:.*]] = arith.addi %[[J]], %[[OJ]]
// CHECK:           arith.cmpi slt, %[[POSITION]],
// CHECK:           scf.if
// CHECK:             arith.divui %[[J]]
func.func @paged_tile(%oj: index, %q: tensor<2x4x8x16xf32>,
    %pool: tensor<?x2x32x16xf32>, %table: tensor<2x1xi32>, %len: tensor<2xi64>)
    -> tensor<2x4x8x16xf32> {
  %0 = attn.sdpa %q, %pool, %pool kv_len(%len) page_table(%table)
      offsets(%oj, %oj, %oj, %oj)
    : (tensor<2x4x8x16xf32>, tensor<?x2x32x16xf32>, tensor<?x2x32x16xf32>,
       tensor<2xi64>, tensor<2x1xi32>, index, index, index, index)
    -> tensor<2x4x8x16xf32>
  return %0 : tensor<2x4x8x16xf32>
}
