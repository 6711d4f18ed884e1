//===- TensorBuilders.h - Tensors that rewrites start from ------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Destinations, identities and conversions that the rewrites of an attn op
// share.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_TRANSFORMS_TENSORBUILDERS_H
#define LIB_ATTN_DIALECT_ATTN_TRANSFORMS_TENSORBUILDERS_H

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::attn {

/// An uninitialised tensor.
Value createEmpty(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> dims,
                  Type elementType);

/// A tensor filled with `number`.
Value createFilled(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> dims,
                   FloatType type, double number);

/// As many strides of 1.
SmallVector<OpFoldResult> unitStrides(OpBuilder &b, size_t rank);

/// `source` with elements of `type`: i1 to i8, or between floats.
Value convertElements(OpBuilder &b, Location loc, Value source, Type type);

/// True if the result is known to have no elements.
bool hasNoRows(const AttentionSizes &sizes);

/// The destinations of attn.partial, or uninitialised ones for the results of
/// attn.sdpa.
SmallVector<Value> createDestinations(OpBuilder &b, AttentionInterface op);

/// Replaces `op` by `results`, cast to its types where those say more or less.
/// Returns what replaced them.
SmallVector<Value> replaceWithCasts(RewriterBase &rewriter, Operation *op,
                                    SmallVector<Value> results);

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_TRANSFORMS_TENSORBUILDERS_H
