//===- RadixBlock.cpp - Blocks of threads that select ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Orders, sums over threads, and digits.
//
//===----------------------------------------------------------------------===//

#include "RadixBlock.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

/// The order of the float of these bits: all of them change if it is negative,
/// else the sign only.
static APInt toOrder(APInt bits) {
  APInt sign = APInt::getSignMask(bits.getBitWidth());
  return bits.isNegative() ? ~bits : bits ^ sign;
}

Value attn::getOrderOfInfinity(GpuBuilder &b, bool negative) {
  APInt bits = APFloat::getInf(b.floatType.getFloatSemantics(), negative)
                   .bitcastToAPInt();
  auto type = b.getIntegerType(b.floatType.getWidth());
  return b.integer(::toOrder(bits).getSExtValue(), type);
}

Value attn::toOrder(GpuBuilder &b, Value x) {
  unsigned width = b.floatType.getWidth();
  auto type = b.getIntegerType(width);
  // -0.0 becomes 0.0: they are equal.
  x = b.fadd(x, b.number(0.0, b.floatType));
  Value bits = arith::BitcastOp::create(b, type, x);
  Value sign = arith::ShRSIOp::create(b, bits, b.integer(width - 1, type));
  Value flip = arith::OrIOp::create(
      b, sign, b.integer(APInt::getSignMask(width).getSExtValue(), type));
  Value order = arith::XOrIOp::create(b, bits, flip);
  Value isNaN = b.fcompare(CmpFPredicate::UNO, x, x);
  return b.select(isNaN, b.integer(-2, type), order);
}

//===----------------------------------------------------------------------===//
// All threads together
//===----------------------------------------------------------------------===//

RadixBlock::RadixBlock(GpuBuilder &b, Value thread)
    : b(b), thread(thread), lane(b.rem(thread, b.idx(kWarpSize))),
      warp(b.div(thread, b.idx(kWarpSize))), type(b.floatType),
      order(b.getIntegerType(type.getWidth())), i32(b.getI32Type()),
      never(getOrderOfInfinity(b, /*negative=*/true)),
      bins(b.shared(i32, kBins, 0)), found(b.shared(i32, 2, 4 * kBins)),
      counts(b.shared(i32, kWarps, 4 * (kBins + 2))) {}

std::pair<Value, Value> RadixBlock::scan(Value x) {
  Value upTo = x;
  for (int64_t distance = 1; distance < kWarpSize; distance *= 2) {
    Value before = b.shuffleUp(upTo, distance);
    Value exists = b.compare(CmpIPredicate::sge, lane, b.idx(distance));
    upTo = addI(upTo, b.select(exists, before, count(0)));
  }
  b.ifThen(b.compare(CmpIPredicate::eq, lane, b.idx(kWarpSize - 1)),
           [&] { b.store(upTo, counts, warp); });
  b.barrier();
  Value other = b.rem(lane, b.idx(kWarps));
  Value ofWarp = b.load(counts, other);
  Value isBefore = b.compare(CmpIPredicate::slt, other, warp);
  auto add = [&](Value x, Value y) { return addI(x, y); };
  Value before = b.allReduce(b.select(isBefore, ofWarp, count(0)), kWarps, add);
  Value total = b.allReduce(ofWarp, kWarps, add);
  b.barrier();
  return {addI(before, subI(upTo, x)), total};
}

//===----------------------------------------------------------------------===//
// Digits
//===----------------------------------------------------------------------===//

Value RadixBlock::getDigit(Value own, int64_t shift, int64_t bits) {
  Value digit = arith::ShRUIOp::create(b, own, b.integer(shift, order));
  Value mask = b.integer((int64_t(1) << bits) - 1, order);
  return toIndex(arith::AndIOp::create(b, digit, mask));
}

void RadixBlock::clearBins() {
  b.loop(thread, b.idx(kBins), kThreads,
         [&](Value bin) { b.store(count(0), bins, bin); });
  b.barrier();
}

RadixBlock::Digits RadixBlock::loadDigits(Value memory, ValueRange place) {
  Digits digits;
  digits.top = b.sub(b.idx(kBins - 1), b.mul(thread, b.idx(kDigitsPerThread)));
  digits.sum = count(0);
  for (int64_t i = 0; i < kDigitsPerThread; ++i) {
    SmallVector<Value> index(place);
    index.push_back(b.sub(digits.top, b.idx(i)));
    digits.numbers.push_back(b.load(memory, index));
    digits.sum = addI(digits.sum, digits.numbers.back());
  }
  return digits;
}

Value RadixBlock::findDigit(Value memory, ValueRange place, Value left) {
  Digits digits = loadDigits(memory, place);
  Value above, total;
  std::tie(above, total) = scan(digits.sum);
  for (int64_t i = 0; i < kDigitsPerThread; ++i) {
    Value upTo = addI(above, digits.numbers[i]);
    Value isHere = b.both(b.compare(CmpIPredicate::slt, above, left),
                          b.compare(CmpIPredicate::sge, upTo, left));
    b.ifThen(isHere, [&] {
      b.store(toCount(b.sub(digits.top, b.idx(i))), found, b.idx(0));
      b.store(subI(left, above), found, b.idx(1));
    });
    above = upTo;
  }
  b.barrier();
  return total;
}

RadixBlock::Bound RadixBlock::findBound(Value prefix, int64_t end, Value wanted,
                                        ForEachOrder forEachOrder) {
  while (end > 0) {
    int64_t bits = std::min(kDigitBits, end), shift = end - bits;
    clearBins();
    forEachOrder([&](Value own) {
      Value above = b.integer(end, order);
      Value isIn =
          b.compare(CmpIPredicate::eq, arith::ShRUIOp::create(b, own, above),
                    arith::ShRUIOp::create(b, prefix, above));
      b.ifThen(isIn, [&] {
        memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, count(1),
                                    bins, getDigit(own, shift, bits));
      });
    });
    b.barrier();
    findDigit(bins, ValueRange(), wanted);
    Value next = b.load(found, b.idx(0));
    if (order != i32)
      next = arith::ExtUIOp::create(b, order, next);
    prefix = arith::OrIOp::create(
        b, prefix, arith::ShLIOp::create(b, next, b.integer(shift, order)));
    wanted = b.load(found, b.idx(1));
    end = shift;
  }
  return {prefix, wanted};
}
