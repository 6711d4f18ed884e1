//===- CountPairs.h - How many keys queries see -----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Counts visible pairs at run time, for all who count them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TRANSFORMS_COUNTPAIRS_H
#define ATTN_LIB_TRANSFORMS_COUNTPAIRS_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

/// A loop over [0, size) that carries a sum of index values; `body` gives what
/// one iteration adds.
Value createSum(OpBuilder &builder, Location loc, OpFoldResult size, Value init,
                function_ref<Value(OpBuilder &, Value i)> body);

/// Pairs of a query and a key of batch entry `b` that see each other by the key
/// ranges of `op`, of one head: every row's own range counts. Keys of anchors
/// and prefixes that are operands of their own count unless `countsOtherKeys`
/// is false.
Value countPairs(OpBuilder &builder, AttentionInterface op, OpFoldResult b,
                 bool countsOtherKeys = true);

} // namespace mlir::attn

#endif // ATTN_LIB_TRANSFORMS_COUNTPAIRS_H
