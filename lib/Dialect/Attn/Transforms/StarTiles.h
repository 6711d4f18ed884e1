//===- StarTiles.h - Tiles that end where blocks do -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// How the rows of attn.star are cut into tiles, each in one context block or
// behind the context, so that the only edge a tile sees is the causal one.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_TRANSFORMS_STARTILES_H
#define LIB_ATTN_DIALECT_ATTN_TRANSFORMS_STARTILES_H

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

namespace mlir::attn {

/// The tiles of `rows` rows or fewer of one op.
class StarTiles {
public:
  StarTiles(OpBuilder &builder, StarOp op, int64_t rows);

  /// Of each batch entry, empty ones among them.
  OpFoldResult getNumTiles() { return numTiles; }

  /// Rows of tile `number` of batch entry `b`, in local indices: the first, and
  /// how many. Later tiles come first.
  std::pair<OpFoldResult, OpFoldResult>
  getRows(OpBuilder &builder, OpFoldResult b, OpFoldResult number);

private:
  /// Absolute rows [first, second) of tile `number` of those that blocks alone
  /// make.
  std::pair<OpFoldResult, OpFoldResult> getBlockRows(IndexMath &math,
                                                     OpFoldResult number);
  /// Whether the context may end inside a tile: a tile more.
  bool mayCut();

  StarOp op;
  int64_t rows;
  int64_t tilesPerBlock;
  OpFoldResult seqLen, offset, firstBlock, numTiles;
};

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_TRANSFORMS_STARTILES_H
