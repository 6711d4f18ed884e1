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
  void emitPanel(Value firstHead, Value firstRow, Value numRows, Value seqLenQ);
  void packQueries();
  void readState();
  void writeState(ArrayRef<Value> maxima, ArrayRef<Value> sums);
  void writePartial(ArrayRef<Value> maxima, ArrayRef<Value> sums);
  void emitKeys(Value lower, Value upper);
  SmallVector<Value> emitBlock(Value firstKey, Value numKeys,
                               ValueRange carried);
  SmallVector<Value> emitSeenBlock(Value firstKey, Value numKeys,
                                   ValueRange carried, Value isAllVisible);
  SmallVector<Value> emitScores(Value firstKey, Value numKeys,
                                ValueRange maxima);
  SmallVector<Value> emitScoreTile(Value firstKey, Value key,
                                   ArrayRef<Value> keyRows, ValueRange maxima);
  SmallVector<Value> modifyScores(Value firstKey, Value numKeys,
                                  ValueRange maxima, bool isMasked);
  SmallVector<Value> emitPowers(Value numKeys, ArrayRef<Value> shifts,
                                bool isCompacted);
  SmallVector<Value> emitPowerPairs(Value numKeys, ArrayRef<Value> shifts);
  Value emitPower(Value score, Value shift);
  void roundPowers(Value numKeys);
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
  /// Words of [head_dim], [block] and [head_dim_v] by panel. Powers take the
  /// place of scores, in words.
  Value queries, scores, sums;
  Value pairs; ///< Words of [block][head_dim_v], or null.
  Value state; ///< [2][panel]: maxima and sums.
  Value kept;  ///< [block]: keys that are left, or null.
  KeySource keys, values;
  /// What is left to multiply scores by when they are made, and when they
  /// become powers; each may be null.
  Value scoreFactor, powerFactor;
  Value batch, kvHead, zero;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_ATTENTIONKERNEL_H
