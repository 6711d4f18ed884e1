//===- AttnCanonicalize.h - Exact simplifications of attn ops ---*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The patterns of one op that are not in AttnCanonicalize.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_IR_ATTNCANONICALIZE_H
#define ATTN_LIB_DIALECT_ATTN_IR_ATTNCANONICALIZE_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::attn {

/// What attn.block_local, attn.star and attn.sparq alone simplify to.
void addBlockLocalPatterns(RewritePatternSet &patterns);
void addStarPatterns(RewritePatternSet &patterns);
void addSparqPatterns(RewritePatternSet &patterns);

} // namespace mlir::attn

#endif // ATTN_LIB_DIALECT_ATTN_IR_ATTNCANONICALIZE_H
