//===- AttnStar.h - What a tile of attn.star sees ---------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The key ranges of Star Attention, for those who know more of a tile than
// AttnKeyRangesInterface can be told.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNSTAR_H
#define ATTN_DIALECT_ATTN_IR_ATTNSTAR_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

/// The keys that a tile of queries sees. Ranges may be empty.
struct StarKeys {
  /// Adjacent ascending ranges, in the indices of the anchor operands if the op
  /// has them, else of key and before every range of `own`.
  SmallVector<KeyRange> anchor;
  /// Adjacent ascending ranges of key.
  SmallVector<KeyRange> own;
};

/// What attn.star and attn.star_step say of blocks.
struct StarStructure {
  AttentionInterface op;
  int64_t blockSize;
  int64_t anchorSize; ///< At most blockSize.
  StarAnchor anchor;
  Value contextLen; ///< Or null.
  bool hasAnchorOperands;

  StarStructure(StarOp op);
  StarStructure(StarStepOp op);
};

/// What queries [qLo, qHi) (local indices) of batch entry `b` see.
/// `isOneBlock` promises that they are in one block of the context, or all
/// behind it: then the only edge is the causal one.
StarKeys computeStarKeys(StarStructure star, OpBuilder &builder, Location loc,
                         OpFoldResult b, OpFoldResult qLo, OpFoldResult qHi,
                         bool isOneBlock);

/// context_len of batch entry `b` as an index (absolute), or null if every row
/// is one of the context.
OpFoldResult getContextLenAt(StarStructure star, OpBuilder &builder, Location loc,
                             OpFoldResult b);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_IR_ATTNSTAR_H
