//===- Passes.td - Lowerings of the attn dialect -----------*- tablegen -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// One pass a source-target pair.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_PASSES_TD
#define ATTN_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// AttnToLinalg
//===----------------------------------------------------------------------===//

def ConvertAttnToLinalgPass : Pass<"convert-attn-to-linalg"> {
  let summary = "Decompose attn ops on tensors to linalg";
  let description = [{
    Exact. The portable lowering: every attn op on tensors becomes
    `linalg.generic` with tensor, arith, math and affine ops (and `scf.if` where
    pages are read), and the whole score matrix of an op is materialised; tile
    first where that is too large. Ops on memrefs and ops without a
    decomposition are errors.

    The group of query heads that shares a key head is a loop of its own, so
    keys and values are never repeated. Excluded keys have the score -inf and
    their values are left out of the sum, so that NaN in an unused slot of a
    cache reaches nothing; page table entries at or beyond `kv_len` are not
    followed.

    ```mlir
    func.func @before(%q: tensor<1x4x8x16xf32>, %k: tensor<1x2x?x16xf32>)
        -> tensor<1x4x8x16xf32> {
      %0 = attn.sdpa %q, %k, %k causal
        : (tensor<1x4x8x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
        -> tensor<1x4x8x16xf32>
      return %0 : tensor<1x4x8x16xf32>
    }
    ```
    becomes products (a generic over batch, kv head, head of the group, query,
    key, head_dim), scores, row maxima, weights, row sums, the product with
    value, and the division.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

//===----------------------------------------------------------------------===//
// AttnToVector
//===----------------------------------------------------------------------===//

#endif // ATTN_CONVERSION_PASSES_TD
