//===- AttnInterfaces.h - Interfaces of the attn dialect --------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Declares the attn enums, the value types the interfaces use, and the
// interfaces themselves.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_H
#define ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"

#include "attn/Dialect/Attn/IR/AttnEnums.h.inc"

namespace mlir::attn {

/// Keys [lo, hi) of an op, in the key operand's own indices.
struct KeyRange {
  OpFoldResult lo;
  OpFoldResult hi;
  /// False if every query of the tile sees every key of the range, up to the
  /// dense mask and the score region.
  bool needsMask;
};

/// The type scores, softmax sums and the value product accumulate in: f64 for
/// f64, f32 for everything else.
FloatType getAccumulatorType(Type elementType);

/// What causal offset, window, kv_len and q_len of an AttentionInterface op
/// say about visibility; the default implementation of
/// AttnKeyRangesInterface. See there for the promises.
SmallVector<KeyRange> computeKeyRanges(Operation *op, OpBuilder &builder,
                                       Location loc, OpFoldResult b,
                                       OpFoldResult qLo, OpFoldResult qHi);
Value computeIsVisible(Operation *op, OpBuilder &builder, Location loc, Value b,
                       Value i, Value j);

} // namespace mlir::attn

#include "attn/Dialect/Attn/IR/AttnAttrInterfaces.h.inc"
#include "attn/Dialect/Attn/IR/AttnOpInterfaces.h.inc"

#endif // ATTN_DIALECT_ATTN_IR_ATTNINTERFACES_H
