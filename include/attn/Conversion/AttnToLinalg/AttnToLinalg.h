//===- AttnToLinalg.h - attn to linalg on tensors ---------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The portable lowering of the attn dialect.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_ATTNTOLINALG_ATTNTOLINALG_H
#define ATTN_CONVERSION_ATTNTOLINALG_ATTNTOLINALG_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace mlir::attn {

/// Patterns that decompose attn ops on tensors through linalg's
/// AggregatedOpInterface; other ops and ops on memrefs are left alone.
void populateAttnToLinalgPatterns(RewritePatternSet &patterns,
                                  bool layerAOnly = false);

} // namespace mlir::attn

#endif // ATTN_CONVERSION_ATTNTOLINALG_ATTNTOLINALG_H
