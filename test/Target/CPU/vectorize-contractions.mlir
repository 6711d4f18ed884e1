// RUN: attn-opt %s --attn-vectorize-contractions | FileCheck %s

// Whole tiles keep their accumulator in a vector through the reduction loop.
// CHECK-LABEL: func.func @matmul
// CHECK:         scf.forall
// CHECK:           %[[ACC:.*]] = vector.transfer_read {{.*}} vector<8x32xf32>
// CHECK:           scf.for {{.*}} -> ({{.*}}vector<8x32xf32>)
// CHECK:             vector.contract
// CHECK-NOT:         vector.transfer_write
// CHECK:             scf.yield
// CHECK:           vector.transfer_write
// CHECK-NOT:     linalg.matmul
func.func @matmul(%a: tensor<64x512xf32>, %b: tensor<512x256xf32>,
                  %c: tensor<64x256xf32>) -> tensor<64x256xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<64x512xf32>, tensor<512x256xf32>)
                     outs(%c : tensor<64x256xf32>) -> tensor<64x256xf32>
  return %0 : tensor<64x256xf32>
}

// The cut last tile stays a contraction beside the vectors.
// CHECK-LABEL: func.func @ragged_rows
// CHECK:         vector.contract
// CHECK:         linalg.matmul
func.func @ragged_rows(%a: tensor<509x512xf32>, %b: tensor<512x256xf32>,
                       %c: tensor<509x256xf32>) -> tensor<509x256xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<509x512xf32>, tensor<512x256xf32>)
                     outs(%c : tensor<509x256xf32>) -> tensor<509x256xf32>
  return %0 : tensor<509x256xf32>
}

// Columns of the right-hand side do not lie together.
// CHECK-LABEL: func.func @negative_transposed
// CHECK-NOT:     vector.contract
// CHECK:         linalg.generic
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func @negative_transposed(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>,
                               %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<64x64xf32>, tensor<64x64xf32>)
      outs(%c : tensor<64x64xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// Products of narrow elements need an extension that contractions do not lower.
// CHECK-LABEL: func.func @negative_f16
// CHECK-NOT:     vector.contract
// CHECK:         linalg.matmul
func.func @negative_f16(%a: tensor<64x64xf16>, %b: tensor<64x64xf16>,
                        %c: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<64x64xf16>, tensor<64x64xf16>)
                     outs(%c : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// A size of 0 leaves nothing to tile.
// CHECK-LABEL: func.func @negative_empty
// CHECK-NOT:     scf.
// CHECK:         linalg.generic
func.func @negative_empty(%a: tensor<0x2x4xf32>, %b: tensor<0x2x4x5xf32>, %c: tensor<2x4x5xf32>) -> tensor<2x4x5xf32> {
  %r = linalg.generic {indexing_maps = [affine_map<(b, i, j, k) -> (k, b, i)>, affine_map<(b, i, j, k) -> (k, b, i, j)>, affine_map<(b, i, j, k) -> (b, i, j)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%a, %b : tensor<0x2x4xf32>, tensor<0x2x4x5xf32>) outs(%c : tensor<2x4x5xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %acc, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x4x5xf32>
  return %r : tensor<2x4x5xf32>
}
