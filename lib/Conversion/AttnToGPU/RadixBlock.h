//===- RadixBlock.h - Blocks of threads that select -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A radix select: floats as numbers that compare without a sign, digits of them
// counted from the top down.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_RADIXBLOCK_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_RADIXBLOCK_H

#include "GpuBuilder.h"

namespace mlir::attn {

/// `x` of a thread as a number that compares, without a sign, as it does: -0.0
/// as 0.0, NaN above all but the greatest number.
Value toOrder(GpuBuilder &b, Value x);
/// The order of -inf, and of +inf.
Value getOrderOfInfinity(GpuBuilder &b, bool negative);

/// The code of one thread of a block that selects, and what its threads do
/// together.
class RadixBlock {
public:
  static constexpr int64_t kWarps = 16;
  static constexpr int64_t kThreads = kWarps * kWarpSize;
  /// Sign, exponent and two more bits in the first digit of f32 keep the
  /// threads of a warp from counting in one place.
  static constexpr int64_t kDigitBits = 11;
  static constexpr int64_t kBins = 1 << kDigitBits;
  static constexpr int64_t kDigitsPerThread = kBins / kThreads;
  /// Of shared memory, from byte 0 on; a multiple of 8.
  static constexpr int64_t kBytes = 4 * (kBins + 2 + kWarps);

protected:
  /// `thread` is the number in the block; `b` computes in the type selected
  /// from.
  RadixBlock(GpuBuilder &b, Value thread);

  Value count(int64_t value) { return b.integer(value, i32); }
  Value toIndex(Value x) {
    return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), x);
  }
  Value toCount(Value x) { return b.createOrFold<arith::IndexCastOp>(i32, x); }
  Value addI(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value subI(Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
  Value minI(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(x, y); }
  Value isThread(int64_t number) {
    return b.compare(arith::CmpIPredicate::eq, thread, b.idx(number));
  }

  /// The sum, of i32, of the threads before this one, and of all.
  std::pair<Value, Value> scan(Value x);
  /// The digit of an order from bit `shift` on, as an index into bins.
  Value getDigit(Value own, int64_t shift, int64_t bits);
  /// What was counted in `memory` at `place` of a thread's digits, from `top`
  /// down.
  struct Digits {
    Value top;
    SmallVector<Value> numbers;
    Value sum;
  };
  Digits loadDigits(Value memory, ValueRange place);
  /// Finds the digit of the `left`-th largest of what was counted in `memory`
  /// at `place`, and how many of those with this digit are among them: both in
  /// `found`, after a barrier. Nothing is written if there are fewer. Returns
  /// how many there are.
  Value findDigit(Value memory, ValueRange place, Value left);
  void clearBins();

  /// The order that the last selected element has, and how many of those that
  /// have it are selected; all above it are.
  struct Bound {
    Value order, equals;
  };
  /// Calls its argument with the orders that this thread has.
  using ForEachOrder = function_ref<void(function_ref<void(Value)>)>;
  /// Digit by digit: among the orders whose bits from `end` on are those of
  /// `prefix`, the one of the `wanted`-th largest, of which there are as many.
  Bound findBound(Value prefix, int64_t end, Value wanted,
                  ForEachOrder forEachOrder);

  GpuBuilder &b;
  Value thread, lane, warp;
  FloatType type;
  IntegerType order;
  Type i32;
  Value never;  ///< The order of what is never selected.
  Value bins;   ///< [kBins].
  Value found;  ///< [2]: a digit and what is left to find.
  Value counts; ///< [warp].
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_RADIXBLOCK_H
