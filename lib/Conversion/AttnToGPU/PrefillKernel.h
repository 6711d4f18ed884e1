//===- PrefillKernel.h - Pieces of the kernel of prompts --------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A block of threads computes a tile of query rows; tiles of keys and values
// come to shared memory ahead of their use. FlashAttention-2, arXiv 2307.08691,
// algorithm 1. Each warp has rows of its own and all share the keys; or, where
// a key head has few rows, all have the same rows and each has keys of its own,
// which it copies itself and waits for alone. Their states are joined at the
// end, and those of blocks that have other keys by a merge.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_PREFILLKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_PREFILLKERNEL_H

#include "Fragments.h"
#include "KeyRows.h"
#include "Prefill.h"
#include "ScoreElement.h"

namespace mlir::attn {

/// What a lane carries from one tile of keys to the next: for each of its row
/// tiles the sums of 8 columns of output each, and of its two rows the maximum
/// and its own part of the sum.
struct PrefillState {
  SmallVector<SmallVector<Sums>> outputs; ///< [row tile][columns / 8].
  SmallVector<std::array<Value, 2>> maxima, sums;

  SmallVector<Value> flat() const;
  static PrefillState from(ValueRange values, const PrefillShape &shape);
};

/// Scores of row `half` of the lane to powers, in units of 2 to the power of
/// `factor`, which is null where it is 1; `maximum` and `sum` to those with
/// them. Returns what sums so far are to be multiplied by.
Value addPowers(Fragments &f, GpuBuilder &b, SmallVector<Sums> &scores,
                int64_t half, Value &maximum, Value &sum, Value factor,
                Value negFactor);
/// Row `half` of `sums` times `decay`.
void rescale(GpuBuilder &b, SmallVector<Sums> &sums, int64_t half, Value decay);

class PrefillKernel {
public:
  PrefillKernel(GpuBuilder &b, const AttentionStep &step,
                const PrefillShape &shape);

  /// Launches the kernel, or where rows may lie such that 16 bytes of them
  /// cannot be moved at a time, one that moves elements.
  void emit(const GpuTarget &target);
  /// The same for rows that lie at multiples of 16 bytes, of which only those
  /// blocks are computed that have some row which `marks` say so of.
  void emitMarked(Value marks);

protected:
  /// A row of the tile that the lane has scores of.
  struct Row {
    Value number;      ///< In all rows, i32.
    Value head, query; ///< Those of the last row where there is none.
    Value exists;      ///< i1.
    /// Ranges of keys it sees, i32; the first bound is null for 0.
    SmallVector<std::pair<Value, Value>> keys;
  };
  /// Steps from `from` on are of the tiles `offset` further, i32.
  struct TileRange {
    Value from, offset;
  };
  static constexpr int64_t kMarkedRows = 16;
  /// The tiles of keys in the order they are computed: those of which some row
  /// does not see all keys come first.
  struct TileOrder {
    Value lo, hi; ///< Keys that some row sees lie between these, i32,
    SmallVector<std::pair<Value, Value>> keys; ///< in these ranges.
    SmallVector<TileRange> masked, full;
    Value numMasked, count;
    /// Those of this warp, each `keyWarps` behind the one before: masked ones
    /// from `begin`, others from `fullBegin` on.
    Value begin, maskedEnd, fullBegin, end;
  };
  struct Operand {
    Value memref, base, stride;
    Value extraBase, extraStride; ///< Of the op's extra keys or values.
    SharedRows rows;
    std::optional<RowCopy> copy;
  };

  /// Host.
  Value getNumSplits(const GpuTarget &target);
  void countRows(Value packedHeads);
  void launch(bool isAligned);
  /// Heads that share keys and whose rows lie together: all, where queries are
  /// few.
  Value getPackedHeads();
  Value getAlignment();

  /// One block.
  void emitBlock(GpuThread id);
  void findBlock(Value block);
  void computeRows(GpuThread id);
  /// Whether some row of the block is marked, in all threads.
  Value hasMarks();
  SmallVector<Value> markAt(const Row &row);
  void findRows(bool withKeys);
  void orderTiles();
  void shareTiles();
  /// The tile of a step; `full` ones are behind the masked ones.
  Value tileAt(Value step);
  Value fullTileAt(Value step);
  Value tileIn(ArrayRef<TileRange> ranges, Value step);
  void copyQueries();
  /// Fetches the tile `tile` into stage `stage`; with `isFull` all of its keys
  /// are seen.
  void fetch(Value tile, Value stage, bool isFull);
  void fetchRows(Operand &operand, Value tile, Value to, bool isFull);
  void moveChunk(Value shared, Value global, Value exists);
  Value keyBase(const Operand &operand, Value base, Value stride, Value row);
  /// Rows of several blocks, see PrefillBlocks.cpp.
  void placeExtraKeys();
  Value positionOf(OpFoldResult key);
  std::pair<Value, Value> prefixOf(OpFoldResult qLo, OpFoldResult qHi);
  void findWarpKeys();
  Value isTileSeen(Value firstKey);
  Value isTileShared(Value firstKey);
  Value hasOddValues(const MatrixRows &values);
  void addValuesApart(const SmallVector<SmallVector<Sums>> &powers,
                      const MatrixRows &values, Value seen, Value firstKey,
                      PrefillState &state);
  /// As addValues; what a block holds, a NaN too, stays in it.
  void addValuesOfBlocks(const SmallVector<SmallVector<Sums>> &powers,
                         const MatrixRows &values, Value seen, Value firstKey,
                         PrefillState &state);
  std::array<Value, 4> packPowers(const SmallVector<Sums> &powers, int64_t j);
  SmallVector<Value> emitStep(Value step, ValueRange carried, bool isMasked);
  /// Takes a tile that has come, `offset` bytes into the stages, into `state`.
  void takeTile(Value tile, Value offset, PrefillState &state, bool isMasked);
  SmallVector<SmallVector<Sums>> scores(const MatrixRows &keys);
  /// Scores to powers, and the state to the new maximum.
  void softmax(SmallVector<SmallVector<Sums>> &scores, PrefillState &state,
               Value firstKey, bool isMasked);
  Value score(Value product, const Row &row, Value key, Value isSeen);
  /// One bit a key of the lane: whether any row of the warp sees it.
  Value seenKeys(const SmallVector<SmallVector<Sums>> &scores);
  void addValues(const SmallVector<SmallVector<Sums>> &powers,
                 const MatrixRows &values, Value seen, PrefillState &state);
  void writeRows(PrefillState &state);
  void writeOutput(const SmallVector<SmallVector<Sums>> &outputs);
  /// The states of warps that have the same rows.
  void joinWarps(PrefillState &state);
  void writeJoined(Value place, const Row &row, Value column);
  /// The sink of a row in units of log2, or null.
  Value sinkOf(const Row &row);
  Value outputRow(Value head, Value query);
  void storeLse(Value lse, const Row &row);
  /// Waits for those who have the same keys.
  void syncStep();
  /// Head and query of a row, clamped, and whether it exists.
  Row rowAt(Value number);
  /// The warp among those that have rows of their own, i32.
  Value rowWarp();

  GpuBuilder &b;
  AttentionStep step;
  AttentionInterface op;
  ScoreElement element;
  ExtraKeys extra;
  PrefillShape shape;
  Type type; ///< Of query, key and value.
  /// Scores are products times a positive constant: it is in the exponent.
  bool isScaledLate;
  bool isAligned = true;
  /// Warps that compute run ahead of each other: no barrier of the block.
  bool hasRoles = false;
  /// Rows that are to be computed, not 0, or null for all: memref<?x?x?xi32>,
  /// by batch, head, and query / kMarkedRows.
  Value marks;

  // On the host.
  Value seqLenQ, numHeads, group, packed, numRows, numTiles, numHeadBlocks;
  Value numSplits; ///< Ranges of keys, of blocks of threads.
  /// Of the launch; with a dimension of parts in front if `isPart`.
  Value output, lse;
  bool isPart = false;

  // In a block.
  Fragments *f = nullptr;
  Value batch, firstHead, kvHead, firstRow, lastRow, factor, negFactor;
  Value split;   ///< Of the block, if `isPart`.
  Value keyWarp; ///< Of the warp if those have keys of their own, i32.
  SmallVector<std::array<Row, 2>> rows; ///< [row tile][half].
  TileOrder tiles;
  /// Of extra keys, i32: how many there are, the tiles that hold them, and the
  /// position of the first key behind them.
  Value numExtra, extraTiles, firstOwn;
  /// Of blocks: the keys that the warp's rows see, i32, and whether these are
  /// in several blocks.
  SmallVector<std::pair<Value, Value>> warpKeys;
  Value isMixed;
  Operand key, value;
  Value shared;
  std::optional<MatrixRows> queryRows, keyRows, valueRows;
  SmallVector<SmallVector<std::array<Value, 4>>> queries; ///< If kept.
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_PREFILLKERNEL_H
