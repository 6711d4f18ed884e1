//===- SparqBlock.h - Blocks of threads that choose -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the two launches that choose keys have in common. Blocks of threads
// share the keys of a key head; the one that ends last goes on with what all of
// them found, so that no launch has to wait for it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQBLOCK_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQBLOCK_H

#include "Sparq.h"

namespace mlir::attn::sparq {

/// The code of one thread of a block that has one chunk of a key head's keys.
class ChoosingBlock {
public:
  static constexpr int64_t kThreads = Plan::kChoiceWarps * kWarpSize;
  static constexpr int64_t kBins = 1 << Plan::kDigitBits;

  ChoosingBlock(GpuBuilder &b, Plan &plan, const Scratch &scratch,
                const Place &at, Value chunk, Value numChunks);

protected:
  Value count(int64_t value) { return b.integer(value, i32); }
  Value toIndex(Value x) {
    return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), x);
  }
  Value toCount(Value x) { return b.createOrFold<arith::IndexCastOp>(i32, x); }
  Value addI(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value subI(Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
  Value minI(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(x, y); }
  Value isThread(int64_t number) {
    return b.compare(arith::CmpIPredicate::eq, at.thread, b.idx(number));
  }

  /// The sum over all threads, everywhere.
  Value sum(Value x);
  /// The sum, of i32, of the threads before this one, and of all.
  std::pair<Value, Value> scan(Value x);
  /// The digit of an order from bit `shift` on, as an index into bins.
  Value getDigit(Value own, int64_t shift, int64_t bits);
  /// Finds the digit of the `left`-th largest of what was counted in `memory`
  /// at `place`, and how many of those with this digit are among them: both in
  /// `found`, after a barrier. Nothing is written if there are fewer. Returns
  /// how many there are.
  Value findDigit(Value memory, ValueRange place, Value left);
  void clearBins();
  /// Emits `body` for the block of the key head that ends last. All have to be
  /// done with memory that others read; `ticket` is one of those of Scratch.
  void ifLast(int64_t ticket, function_ref<void()> body);

  GpuBuilder &b;
  Plan &plan;
  const Scratch &scratch;
  Place at;
  Value chunk, numChunks;
  FloatType type;
  IntegerType order;
  Type i32;
  Value zero, never;
  Value firstKey;         ///< Of the chunk.
  Value bins;             ///< [kBins].
  Value found;            ///< [2]: a digit and what is left to find.
  Value flag;             ///< [1].
  Value partial, counts;  ///< [warp], of two types in one place.
  Value shifts, inverses; ///< [head]: of the softmax.
};

} // namespace mlir::attn::sparq

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_SPARQBLOCK_H
