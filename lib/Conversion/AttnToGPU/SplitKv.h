//===- SplitKv.h - Attention with lanes along rows --------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The kernel of decoding, and of all that others do not take. As many lanes as
// hold a row of key share a key; the queries of all heads that read it are in
// their registers, so that a row of key and of value is read once. Every group
// of lanes has a softmax state of its own over its keys; the states of a block
// of threads are joined at its end, those of ranges of keys by a merge.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_SPLITKV_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_SPLITKV_H

#include "Kernels.h"
#include "KeyRows.h"
#include "ScoreElement.h"

namespace mlir::attn::split_kv {

/// A group of lanes' softmax state of the rows of a tile.
struct State {
  SmallVector<Value> maxima, sums;
  SmallVector<SmallVector<Value>> accs; ///< [row][chunk].

  SmallVector<Value> flat() const;
  static State from(ValueRange values, int64_t rows, int64_t chunks);
};

class SplitKvKernel {
public:
  SplitKvKernel(GpuBuilder &b, AttentionStep step, TileConfigAttr config);

  void emit(const GpuTarget &target);

private:
  /// A range of keys, or several that follow each other.
  struct Segment {
    OpFoldResult lo, hi;
    Value begin; ///< Position of the first key.
  };
  /// What is known in one block of threads.
  struct Tile {
    Value batch, kvHead, firstRow;
    KeyLane in;                        ///< What its lanes read.
    SmallVector<Value> heads, queries; ///< Of each row.
    Value lane, warp;
    SmallVector<SmallVector<Value>> rows; ///< Queries: [row][chunk].
    /// Ranges of keys, one after the other: a key's position is its distance
    /// from the first of them, but for one range the key itself.
    SmallVector<Segment> segments;
    Value slot; ///< Of chosen keys.
    bool needsMask = false;
    /// Which of the op's extra keys each row sees.
    SmallVector<Value> extraLo, extraHi;
  };

  void launch(Value numSplits, Value output, Value lse, bool isSplit);
  void emitTile(Tile &tile, Value split, Value numSplits, Value output,
                Value lse, bool isSplit);
  Value rowAt(Value row, Value &query);
  /// Fills in the segments; the positions of all keys.
  std::pair<Value, Value> getPositions(Tile &tile, ArrayRef<KeyRange> ranges);
  /// Fills in which extra keys the rows see; those that any of them sees.
  std::pair<Value, Value> getExtraKeys(Tile &tile);
  Value keyAt(const Tile &tile, Value position);
  /// Which rows see a key that is one of this block's if `isKey`.
  SmallVector<Value> getVisible(const Tile &tile, Value key, Value isKey,
                                bool isExtra);
  /// Takes the keys in [lo, hi) into `state`, of key or of the extra ones.
  State emitKeys(const Tile &tile, Value lo, Value hi, State state,
                 bool isExtra);
  State emitStep(const Tile &tile, Value first, Value end, const State &state,
                 bool isExtra);
  void joinLanes(State &state);
  void writeTile(const Tile &tile, const State &state, Value split,
                 Value output, Value lse, bool isSplit);
  Value maximum(Value x, Value y) { return arith::MaxNumFOp::create(b, x, y); }

  GpuBuilder &b;
  AttentionStep step;
  AttentionInterface op;
  ScoreElement element;
  KeyRows rows;
  ExtraKeys extra;
  RowShape shape;
  FloatType type;
  int64_t numRows, numWarps, unroll, headDim, headDimV;
  Value group, seqLenQ, numKvHeads, allRows, factor;
  Value rawMaxima; ///< Of states that stay as they are, or null.
};

} // namespace mlir::attn::split_kv

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_SPLITKV_H
