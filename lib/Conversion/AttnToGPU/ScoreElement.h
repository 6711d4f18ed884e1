//===- ScoreElement.h - What happens to one score ---------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Softcap, bias, score region, mask and structure, in the order of the
// contract, on the score of one query and one key that a thread has.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_SCOREELEMENT_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_SCOREELEMENT_H

#include "GpuBuilder.h"

namespace mlir::attn {

/// The modifiers of one op, on single scores. Positions are local indices of
/// the op's operands, and in range: what they read is read.
class ScoreElement {
public:
  /// With `isNatural` scores are in natural units all the way.
  ScoreElement(GpuBuilder &b, AttnKeyRangesInterface op,
               bool isNatural = false);

  /// Whether scores become other numbers, so that they are needed in natural
  /// units.
  bool changesScores() {
    return op.getSoftcapAttr() || op.getBias() || op.hasScore();
  }
  /// Whether a key may be excluded from all rows by more than structure.
  bool mayExclude() { return op.getMask() || op.getBias() || op.hasScore(); }

  /// What products are to be multiplied by to be what `modify` takes: scores in
  /// natural units where `changesScores`, else in units of log2.
  Value getFactor();
  /// The score in units of log2, -inf where bias, region or mask exclude the
  /// key.
  Value modify(Value score, Value batch, Value head, Value query, Value key);
  /// Whether causality, window and lengths let `query` see `key`; null if they
  /// let every query see every key.
  Value isVisible(Value batch, Value head, Value query, Value key);

private:
  Value load(Value operand, Value batch, Value head, Value query, Value key);
  Value cap(Value score, double limit, double unit);
  Value applyRegion(Value score, Value batch, Value head, Value query,
                    Value key);

  GpuBuilder &b;
  AttnKeyRangesInterface ranges;
  AttentionInterface op;
  bool isNatural;
};

/// `operand`, rank 4, each size that of the indexed space or 1, at `at`.
SmallVector<Value> broadcastIndex(GpuBuilder &b, Value operand,
                                  ArrayRef<Value> at);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_SCOREELEMENT_H
