//===- AttnBlockLocal.h - What a tile of attn.block_local sees --*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The key ranges of attention inside blocks, for those who know more of a tile
// than AttnKeyRangesInterface can be told.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCAL_H
#define ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCAL_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn {

/// What attn.block_local and attn.block_local_step say of blocks.
struct BlockStructure {
  AttentionInterface op;
  int64_t blockLen;
  int64_t blockLenQ; ///< Query rows of a block.
  int64_t prefixLen; ///< 0 without a prefix.

  BlockStructure(BlockLocalOp op);
  BlockStructure(BlockLocalStepOp op);
};

/// The keys in key that queries [qLo, qHi) (local indices) of batch entry `b`
/// see: adjacent ascending ranges, perhaps empty. `isOneBlock` promises that
/// the queries are in one block: then the only edges are those of the window.
SmallVector<KeyRange> computeBlockLocalKeys(BlockStructure blocks,
                                            OpBuilder &builder, Location loc,
                                            OpFoldResult b, OpFoldResult qLo,
                                            OpFoldResult qHi, bool isOneBlock);

/// The keys in the prefix operands that queries [qLo, qHi), at least one, see,
/// as one range. It needs a mask if they may be in several blocks or beyond
/// q_len.
KeyRange computePrefixKeys(BlockStructure blocks, OpBuilder &builder,
                           Location loc, OpFoldResult qLo, OpFoldResult qHi);

/// Blocks that the rows of `op` are in.
OpFoldResult getNumBlocks(BlockLocalOp op, OpBuilder &builder, Location loc);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_IR_ATTNBLOCKLOCAL_H
