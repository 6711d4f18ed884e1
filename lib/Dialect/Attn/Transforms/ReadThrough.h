//===- ReadThrough.h - Elements without their tensors -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Rewrites of what reads elements and sizes of tensors that are computed.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_READTHROUGH_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_READTHROUGH_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::attn {

/// Patterns that read an element of a tensor by computing that element only,
/// as long as that is arithmetic on elements of other tensors, and a size from
/// what has it. A linalg op, tensor.generate or scf.forall that is only there
/// for the checks in its body becomes loops over them. Only for functions that keep nothing but
/// checks: an element that is read twice is computed twice.
void populateReadThroughPatterns(RewritePatternSet &patterns);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_READTHROUGH_H
