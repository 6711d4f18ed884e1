//===- AttentionKernel.h - The panel kernel ---------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Online softmax attention with queries in lanes, for online and partial ops.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_ATTENTIONKERNEL_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_ATTENTIONKERNEL_H

#include "KeySource.h"
#include "PanelMask.h"
#include "Words.h"

namespace mlir::attn {

/// Emits the kernel of one op.
class AttentionKernel {
public:
  AttentionKernel(VectorBuilder &b, AttentionInterface op,
                  const KernelShape &shape, const Scratch &scratch);

  void emit();

private:
  void emitPanels(Value firstHead, Value firstRow, Value numRows,
                  Value seqLenQ);
  void setFactors();
  void selectPanel(Value index);
  void selectMatrices(Value index);
  void ifSeen(function_ref<void()> body);
  void packQueries();
  void readState();
  void clearSums();
  void finishState();
  void writeState(ArrayRef<Value> maxima, ArrayRef<Value> sums);
  void writePartial(ArrayRef<Value> maxima, ArrayRef<Value> sums);
  void emitPanelBlock(Value firstKey, Value numKeys);
  SmallVector<Value> loadRunning();
  void storeRunning(ArrayRef<Value> values);
  SmallVector<Value> emitBlock(Value firstKey, Value numKeys,
                               ValueRange carried);
  SmallVector<Value> emitSeenBlock(Value firstKey, Value numKeys,
                                   ValueRange carried, Value isAllVisible);
  SmallVector<Value> emitScores(Value firstKey, Value numKeys,
                                ValueRange extremes);
  SmallVector<Value> emitScoreTile(Value firstKey, Value key,
                                   ArrayRef<Value> keyRows,
                                   ValueRange extremes);
  Value isAnyExcluded(ValueRange minima);
  SmallVector<Value> modifyScores(Value firstKey, Value numKeys,
                                  ValueRange maxima, bool isMasked);
  SmallVector<Value> emitPowers(Value numKeys, ArrayRef<Value> shifts,
                                bool isCompacted);
  SmallVector<Value> emitPowerPairs(Value numKeys, ArrayRef<Value> shifts);
  Value emitPower(Value score, Value shift);
  void roundPowers(Value numKeys);
  void interleaveValues(Value numKept, Value isThinned);
  void emitSums(Value numWords, Value isThinned, ArrayRef<Value> alphas);
  void emitSumTile(Value numWords, Value isThinned, Value column, int64_t width,
                   ArrayRef<Value> alphas);

  SmallVector<Value> operandIndex(Value head, Value row, Value column);
  SmallVector<Value> stateIndex(Value head, Value row) {
    return {batch, head, row};
  }
  /// The key of a row of powers; see emitSums.
  Value keptRow(Value row, Value isThinned);
  /// `score` without the keys the lanes of `group` do not see.
  Value limit(Value score, Value key, int64_t group);
  SmallVector<Value> maximum(ValueRange maxima, ArrayRef<Value> scores);

  VectorBuilder &b;
  AttentionInterface op;
  const KernelShape shape;
  Scratch scratch;
  int64_t headDim, headDimV;
  bool hasLimits = false;
  std::optional<PanelRows> rows;
  std::optional<ScoreModifiers> modifiers;
  Words words;
  /// For each panel of a set: words of [head_dim] and [head_dim_v] by panel,
  /// and maxima and sums, [2][panel], as they came (natural) and as they are
  /// (in units of log2).
  Value allQueries, allSums, allStates, allRunning;
  /// Those of the current panel.
  Value queries, sums, state, running;
  /// Words of [block] by panel. Powers take the place of scores.
  Value scores;
  /// Words of [block][head_dim_v], or null, and after them those of the keys
  /// that are left to one panel. What the current panel reads of them.
  Value allPairs, pairs;
  Value arePaired; ///< One element: whether the block is in `allPairs`.
  Value kept;      ///< [block]: keys that are left, or null.
  KeySource keys, values;
  /// The rows of keys and values that the current panel sees of a block, which
  /// begin with row `firstRow` of it.
  Value keyMatrix, valueMatrix, firstRow, numBlockKeys;
  /// What queries are multiplied by, a scalar, or what is left to multiply
  /// scores by when they are made, or when they become powers; some are null.
  Value queryFactor, scoreFactor, powerFactor;
  Value batch, kvHead, zero;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_ATTENTIONKERNEL_H
