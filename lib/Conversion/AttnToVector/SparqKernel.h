//===- SparqKernel.h - The kernel of SparQ attention ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// First the scores of all keys by a few channels, keys in lanes: where the keys
// are given a second time, channel by channel, a tile of scores is a sum of a
// few rows of memory and never leaves the registers. Then, for each key head,
// the choice of keys, in a time that does not depend on how the scores lie, and
// attention to the chosen rows where they are in memory.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_SPARQKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_SPARQKERNEL_H

#include "DecodeKernel.h"

namespace mlir::attn {

/// Emits the kernel of one op.
class SparqKernel {
public:
  SparqKernel(VectorBuilder &b, SparqStepOp step, const VectorTarget &target,
              ScratchPool &pool);

  void emit();

private:
  /// Scores of the query heads of some key heads: [slot][head][key], and what
  /// is known of each tile of keys: [slot][head][tile].
  struct Scores {
    Value scores; ///< Units of log2; or powers of the distance to the maximum.
    Value maxima, sums;
  };
  /// The key head that is worked on, and where its scores are.
  struct Group {
    Value batch, kvHead, slot, firstHead;
    Value lo, hi;           ///< The keys its queries see.
    Value firstTile, tiles; ///< Tiles with such keys: [firstTile, tiles).
  };
  /// Some channels of a tile of keys.
  struct ChannelRows {
    Value tile, firstKey, size; ///< The tile, and its keys.
    Value first;                ///< Which of the chosen channels.
    Value nextTile;             ///< Where the rows to ask for are, or null.
    SmallVector<Value> channels, next;
  };
  /// Powers of some keys of a head, `perTime` vectors of them at a time.
  struct Powers {
    int64_t perTime = 0, units = 1; ///< Units of a head: parts of its keys.
    Value head, firstKey, shift;
  };
  /// Rows that are read in place, and those that are brought into scratch.
  struct Rows {
    Value operand;    ///< The operand, or null.
    Value copies;     ///< [choice][column], or null.
    int64_t columns;  ///< Of a row, rounded up to vectors if copied.
    bool isHeadAxis2; ///< Of the operand.
  };

  // SparqKernel.cpp: loops over key heads.
  /// Heads are taken `count` at a time, then fewer.
  void forEachHeadTile(function_ref<void(int64_t first, int64_t count)> body);
  /// With so many tiles to spare.
  Scores allocate(Value slots, Value spare);
  /// A parallel loop over batch entries, key heads and `splits` (which may be
  /// null).
  void parallel(Value splits, function_ref<void(Value split)> body);
  void beginGroup(Value batch, Value kvHead, Value slot);
  Value allocate(ArrayRef<Value> sizes, Type type);
  void free();
  /// The sum, or maximum, of the lanes of `vector` in all of its lanes.
  Value reduce(Value vector, function_ref<Value(Value, Value)> combine);
  Value ceilDiv(Value x, int64_t divisor);

  // SparqScores.cpp: the first step.
  void packQueries();
  void chooseChannels();
  void packChannels();
  void emitScores(const Scores &to, Value first, Value end, Value spare);
  void gatherChannels(Value tile);
  void emitProducts(const Scores &to, Value tile, Value previous);
  void emitProducts(const Scores &to, const ChannelRows &rows,
                    int64_t firstHead, int64_t heads, bool isFirst,
                    const Powers &powers);
  SmallVector<Value> getChannelIndex(Value tile, Value channel, Value key);
  void modify(const Scores &to, Value tile);
  void dropUnseen(const Scores &to, Value tile);
  void emitMaxima(const Scores &to, Value tile);
  Powers beginPowers(const Scores &to, Value tile, Value unit, int64_t units,
                     int64_t perTime);
  SmallVector<Value> emitPowers(const Scores &to, const Powers &powers,
                                Value offset, ValueRange in);
  void emitPowers(const Scores &to, Value tile, int64_t firstUnit,
                  int64_t units);
  void clearSums();
  void addToSums(const Powers &powers, ArrayRef<Value> totals);
  void storeSums(const Scores &to, Value tile);

  // SparqChoice.cpp: the second step.
  /// Numbers in the order of the floats `x`, the greatest for NaN.
  Value toOrder(Value x);
  void mergeTiles(const Scores &from);
  void emitCandidates(const Scores &from);
  Value toCandidate(const Scores &from, Value key, ArrayRef<Value> factors);
  void forceLocal();
  SmallVector<Value> forEachAbove(
      ValueRange inits,
      function_ref<SmallVector<Value>(Value key, ValueRange carried)> body);
  /// The `count`-th largest of `size` numbers, a multiple of lanes.
  Value findLargest(Value numbers, Value size, Value count);
  Value countAbove(Value numbers, Value size, Value bound,
                   arith::CmpIPredicate predicate);
  void choose();

  // SparqAttend.cpp: the third step.
  void attend(const Scores &from);
  Rows getRows(bool isValue);
  Value loadRow(const Rows &rows, Value choice, Value column);
  void request(bool isValue, Value choice);
  void emitChosenScores(const Rows &keys);
  void modifyChosen();
  void emitSoftmax();
  void emitSums(const Rows &values);
  void emitShares(const Scores &from);
  void emitMean(const Scores &from);
  Value isVisible(const Scores &from, Value head, Value key);
  void writeOutput();

  bool isPlain(Value operand) const;

  VectorBuilder &b;
  SparqStepOp step;
  AttentionInterface op;
  const VectorTarget &target;
  ScratchPool &pool;
  std::optional<Scratch> scratch; ///< Of the innermost parallel loop.
  int64_t lanes, group, headDim, headDimV, rank, topK, localWindow;
  int64_t accumulators;
  int64_t tile;           ///< Keys whose scores are computed together.
  int64_t piece;          ///< Keys that the choice takes or skips together.
  int64_t channelsAtOnce; ///< Channels whose rows are read together.
  Type integer;           ///< As wide as floatType.
  VectorType integers;
  int64_t never; ///< The order of a key that is not visible.
  bool hasModifiers, mayExclude;
  bool sumsPowers;   ///< Choose by sums of probabilities.
  bool hasRealloc;   ///< Give what is left to the mean value.
  bool needsSoftmax; ///< Of approximate scores.
  bool readsChannels;
  DecodeShape blockShape;
  Group at;
  SmallVector<Value> owned;
  Value zero;
  Value queries;          ///< [head][head_dim], as given.
  Value channels;         ///< [rank].
  Value packed;           ///< [head][rank]: the query, scaled.
  Value powerSums;        ///< [head][lane], of the tile of powers.
  Value rowsOfChannels;   ///< [rank][tile], where gathered, or null.
  Value shifts, inverses; ///< [head]: of the softmax of approximate scores.
  Value orders;           ///< [key], what is chosen by.
  /// The pieces with keys that are seen: [firstPiece, pieces).
  Value firstPiece, pieces;
  Value pieceBest;   ///< [piece][lane], the largest of each lane.
  Value bestOf;      ///< [fold][lane], likewise of a few pieces.
  Value fold, folds; ///< Pieces of one, and how many there are.
  Value survivors;
  Value numVisible;
  Value chosen, numChosen; ///< [top_k].
  Value weights;           ///< [head][choice].
  Value sums;              ///< [head][head_dim_v].
  Value norms;             ///< [head]: what sums are multiplied by.
  Value shares;            ///< [head]: weight of what was chosen.
  Value mean;              ///< [head or 1][head_dim_v], if computed here.
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_SPARQKERNEL_H
