//===- Sparq.h - The kernels of SparQ attention -----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Four launches: scores of all keys by a few channels; what keys are chosen by,
// which all scores are needed for; the choice; and attention to the chosen keys
// by the split-KV kernel. In the first three, several blocks of threads share
// the keys of a key head.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQ_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQ_H

#include "Kernels.h"
#include "KeyRows.h"
#include "ScoreElement.h"

namespace mlir::attn::sparq {

/// What one launch leaves for the next, in memory of the device. A slot is a
/// key head of a batch entry, a block one of the launch of scores.
struct Scratch {
  Value scores;           ///< [slot][head][key]: units of log2.
  Value maxima, sums;     ///< [slot][head][block], or null.
  Value valueSums;        ///< [slot][mean][block][head_dim_v + 1], or null.
  Value orders;           ///< [slot][key].
  Value bins;             ///< [slot][digit]: keys with this first digit.
  Value tickets;          ///< [slot][launch]: blocks that have ended.
  Value numbers;          ///< [slot][chunk][digit]: keys with this first digit
                          ///< or a greater one.
  Value found;            ///< [slot][3]: a digit, what is left to find, and how
                          ///< many keys are above.
  Value candidates;       ///< [slot][key].
  Value chosen;           ///< [slot][top_k].
  Value numChosen;        ///< [slot].
  Value shifts, inverses; ///< [slot][head]: of the softmax, or null.
  Value shares;           ///< [slot][head], or null.
  Value means;            ///< [slot][mean][head_dim_v], or null.
};

/// What is asked for, and how blocks of threads share it.
struct Plan {
  Plan(SparqStepOp step);

  SparqStepOp step;
  AttentionInterface op;
  FloatType type;
  int64_t group, headDim, headDimV, rank, topK, localWindow;
  bool sumsPowers;    ///< Choose by sums of probabilities.
  bool hasRealloc;    ///< Give what is left to the mean value.
  bool needsSoftmax;  ///< Of approximate scores.
  bool readsChannels; ///< Of key_t; else whole rows of key.
  bool mayExclude;    ///< Heads may see different keys.
  int64_t width;      ///< Keys of a channel that a thread reads at a time.
  int64_t keysPerBlock;
  int64_t means; ///< Mean values of a key head to compute: 0, 1 or group.

  /// Of the launch of scores.
  static constexpr int64_t kScoreWarps = 4;
  /// Of the choice.
  static constexpr int64_t kKeysPerChunk = 2048;

  /// Of as many bits as numbers, what they are compared by.
  IntegerType getOrderType() {
    return IntegerType::get(type.getContext(), type.getWidth());
  }
  int64_t bytes() { return type.getWidth() / 8; }
  /// Key heads of all batch entries.
  Value getNumSlots(GpuBuilder &b);
  /// Blocks of threads that share a key head: those of scores, and those that
  /// choose. At least one, which has no keys then.
  Value getNumBlocks(GpuBuilder &b);
  Value getNumChunks(GpuBuilder &b);
  /// Shared memory of a block of threads.
  int64_t getScoreBytes();
  int64_t getChoiceBytes();
};

/// Where a block of threads, or a thread, is.
struct Place {
  Value batch, kvHead, slot, firstHead;
  Value lo, hi; ///< The keys that its heads see.
  bool needsMask = false;
  Value thread, lane, warp;

  static Place get(GpuBuilder &b, Plan &plan, Value slot, Value thread);
};

/// Launches the first step.
void emitScores(OpBuilder &builder, Plan &plan, const Scratch &scratch);
/// Launches the second.
void emitOrders(OpBuilder &builder, Plan &plan, const Scratch &scratch);
/// Launches the third.
void emitChoice(OpBuilder &builder, Plan &plan, const Scratch &scratch);

} // namespace mlir::attn::sparq

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQ_H
