//===- BlockwiseTiler.h - One op being tiled --------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the two halves of blockwise tiling share: how tiles walk their keys
// (TileBlockwise.cpp) and how they end (FinishTiles.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_TRANSFORMS_BLOCKWISETILER_H
#define LIB_ATTN_DIALECT_ATTN_TRANSFORMS_BLOCKWISETILER_H

#include "BlockTiles.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::attn {

/// One op being tiled. Members are what does not change between tiles.
struct BlockwiseTiler {
  RewriterBase &rewriter;
  AttentionInterface op;
  BlockwiseSizes sizes;
  Location loc = op.getLoc();
  IndexMath math{rewriter, loc};
  AttentionSizes dims = {};
  /// Static query heads per key head; 0 if only known at run time.
  int64_t group = 0;
  /// Whether the kernel looks up pages and dequantises itself, which that of a
  /// CPU does with the whole ranges it is handed.
  bool takesAnyKeys = false;
  /// Ranges the keys are split in; null: they are not.
  OpFoldResult splits = {};
  /// How rows that are in blocks are cut; others are cut every block_size_q.
  std::optional<BlockTiles> blockTiles = {};

  /// The part of the problem one iteration of the parallel loops works on.
  struct Tile {
    OpFoldResult b, kvHead, head, numHeads, query, numQueries;
  };

  /// Adjacent ranges of keys, in key and value or in operands of their own.
  struct Run {
    SmallVector<KeyRange> ranges;
    Value key = {}, value = {}; ///< Null: those of the op.
    bool isPrefix = false;      ///< In no position: of one block, and whole.

    bool isElsewhere() const { return static_cast<bool>(key); }
  };

  /// The slices of an output and, if it is wanted, an lse that a tile fills.
  struct Slices {
    SmallVector<Value> values;
    SmallVector<SmallVector<OpFoldResult>> offsets, sizes;
    LayoutAttr layout; ///< Of the output; null: bhsd.
  };

  SmallVector<Value> run();

private:
  /// Whether keys and values are made plain tensors a step at a time.
  bool needsGather() {
    return !takesAnyKeys &&
           (op.isPaged() || op.isQuantized() ||
            op.getKey().getType().getElementTypeBitWidth() == 8);
  }
  /// Whether the kernel follows the page table.
  bool keepsPages() { return takesAnyKeys && op.isPaged(); }
  OpFoldResult inPages(OpFoldResult keys, bool up);
  Type getComputeType();
  int64_t getKeyStep();
  Tile getTile(ValueRange ivs);
  SmallVector<OpFoldResult> outputSlice(const Tile &tile, bool inOpLayout,
                                        bool isLse, bool wantSizes);
  Slices sliceOutputs(ValueRange outputs, const Tile &tile,
                      OpFoldResult split = {});
  scf::ForallOp createLoops(OpFoldResult splits, OpFoldResult numQueries,
                            ValueRange outputs);
  AttentionTile getAttentionTile(const Tile &tile);
  SmallVector<Run> getRuns(const Tile &tile);
  SmallVector<KeyRange> getRanges(Run run, OpFoldResult split);
  void walkRange(const AttentionParts &parts, const Run &run,
                 const KeyRange &range, SmallVector<Value> &state);
  SmallVector<Value> computeState(const Tile &tile, OpFoldResult split);
  void step(AttentionParts parts, DimRange keys, SmallVector<Value> &state);
  Value maskLse(const Tile &tile, Value lse);
  Value sinksOfSplit(const Tile &tile, Value sinks, Value split);
  void finalize(const Tile &tile, ArrayRef<Value> state, Value sinks,
                Slices &to);
  SmallVector<Value> runWhole(ValueRange destinations, Value sinks);
  SmallVector<Value> runSplit(ValueRange destinations, Value sinks);
};

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_TRANSFORMS_BLOCKWISETILER_H
