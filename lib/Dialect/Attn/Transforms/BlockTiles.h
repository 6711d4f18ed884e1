//===- BlockTiles.h - Tiles that end where blocks do ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// How the rows of attn.star and attn.block_local are cut into tiles, each in
// one block (or, of attn.star, behind the context), so that the only edge a
// tile sees is the causal one.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_TRANSFORMS_BLOCKTILES_H
#define LIB_ATTN_DIALECT_ATTN_TRANSFORMS_BLOCKTILES_H

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

namespace mlir::attn {

/// The tiles of `rows` rows or fewer of one op.
class BlockTiles {
public:
  /// The tiles of `op`, or nothing if its rows are not in blocks.
  static std::optional<BlockTiles> create(OpBuilder &builder,
                                          AttentionInterface op, int64_t rows);

  /// Of each batch entry, empty ones among them.
  OpFoldResult getNumTiles() { return numTiles; }

  /// Rows of tile `number` of batch entry `b`, in local indices: the first, and
  /// how many. Later tiles come first.
  std::pair<OpFoldResult, OpFoldResult>
  getRows(OpBuilder &builder, OpFoldResult b, OpFoldResult number);

private:
  BlockTiles(OpBuilder &builder, AttentionInterface op, int64_t blockSize,
             int64_t rows);

  /// Absolute rows [first, second) of tile `number` of those that blocks alone
  /// make.
  std::pair<OpFoldResult, OpFoldResult> getBlockRows(IndexMath &math,
                                                     OpFoldResult number);
  /// Whether the context may end inside a tile: a tile more.
  bool mayCut();

  AttentionInterface op;
  StarOp star; ///< `op`, or null if all rows are in blocks.
  int64_t blockSize;
  int64_t rows;
  int64_t tilesPerBlock;
  OpFoldResult seqLen, offset, firstBlock, numTiles;
};

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_TRANSFORMS_BLOCKTILES_H
