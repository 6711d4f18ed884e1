//===- SparqOrders.cpp - What keys are chosen by --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The softmax of approximate scores, the order of each key, and the first digit
// of the last one that is chosen. A block of threads has a chunk of keys.
//
//===----------------------------------------------------------------------===//

#include "SparqBlock.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::sparq;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace {
class OrdersKernel : ChoosingBlock {
public:
  using ChoosingBlock::ChoosingBlock;

  void emit();

private:
  void emitSoftmax();
  Value getOrder(Value key);
  void emitOrders();
  void emitDigit();
};
} // namespace

/// What scores are shifted by, and their powers multiplied with, to be shares:
/// a warp has a head.
void OrdersKernel::emitSoftmax() {
  Value size = b.idx(plan.keysPerBlock);
  Value first = b.mul(b.div(at.lo, size), b.idx(Plan::kScoreWarps));
  Value end = b.mul(b.div(b.add(at.hi, plan.keysPerBlock - 1), size),
                    b.idx(Plan::kScoreWarps));
  b.loop(at.warp, b.idx(plan.group), kWarps, [&](Value h) {
    auto combine = [&](Value x, Value y) -> Value {
      return arith::MaxNumFOp::create(b, x, y);
    };
    Value most =
        b.loop(b.add(first, at.lane), end, kWarpSize, b.negInf(type),
               [&](Value part, ValueRange in) {
                 return SmallVector<Value>{combine(
                     in[0], b.load(scratch.maxima, {at.slot, h, part}))};
               })
            .front();
    Value shift = b.safeShift(b.allReduce(most, kWarpSize, combine));
    Value total = b.loop(b.add(first, at.lane), end, kWarpSize, zero,
                         [&](Value part, ValueRange in) {
                           Value m = b.load(scratch.maxima, {at.slot, h, part});
                           Value s = b.load(scratch.sums, {at.slot, h, part});
                           return SmallVector<Value>{
                               b.fma(s, b.exp2(b.fsub(m, shift)), in[0])};
                         })
                      .front();
    total = b.allReduce(total, kWarpSize,
                        [&](Value x, Value y) { return b.fadd(x, y); });
    Value isEmpty = b.fcompare(CmpFPredicate::OEQ, total, zero);
    Value inverse = b.select(isEmpty, zero, b.fdiv(b.number(1.0, type), total));
    b.ifThen(b.compare(CmpIPredicate::eq, at.lane, b.idx(0)), [&] {
      b.store(shift, shifts, h);
      b.store(inverse, inverses, h);
      b.ifThen(b.compare(CmpIPredicate::eq, chunk, b.idx(0)), [&] {
        b.store(shift, scratch.shifts, {at.slot, h});
        b.store(inverse, scratch.inverses, {at.slot, h});
      });
    });
  });
  b.barrier();
}

/// The order of the sum over the heads that see a key.
Value OrdersKernel::getOrder(Value key) {
  Value none = b.negInf(type);
  if (plan.group == 1)
    return toOrder(b, b.load(scratch.scores, {at.slot, b.idx(0), key}));
  Value isNever = b.boolean(true);
  SmallVector<Value> sums = b.loop(
      b.idx(0), b.idx(plan.group), 1, {zero, isNever},
      [&](Value h, ValueRange in) {
        Value term = b.load(scratch.scores, {at.slot, h, key});
        Value isOut = b.fcompare(CmpFPredicate::OEQ, term, none);
        if (plan.sumsPowers)
          term = b.fmul(b.exp2(b.fsub(term, b.load(shifts, h))),
                        b.load(inverses, h));
        return SmallVector<Value>{b.select(isOut, in[0], b.fadd(in[0], term)),
                                  b.both(in[1], isOut)};
      });
  return toOrder(b, b.select(sums[1], none, sums[0]));
}

/// Writes the orders of the chunk, and counts their first digits.
void OrdersKernel::emitOrders() {
  Value firstLocal = b.sub(at.hi, b.idx(plan.localWindow));
  Value local = getOrderOfInfinity(b, /*negative=*/false);
  clearBins();
  for (int64_t u = 0; u < Plan::kKeysPerChunk / kThreads; ++u) {
    Value key = b.add(b.add(firstKey, at.thread), u * kThreads);
    Value exists = b.both(b.compare(CmpIPredicate::sge, key, at.lo),
                          b.compare(CmpIPredicate::slt, key, at.hi));
    Value own =
        b.ifElse(
             order, exists, [&] { return SmallVector<Value>{getOrder(key)}; },
             [&] { return SmallVector<Value>{never}; })
            .front();
    Value isSeen = b.compare(CmpIPredicate::ne, own, never);
    if (plan.localWindow) {
      // Before all but NaN, those of NaN included.
      Value isLocal = b.compare(CmpIPredicate::sge, key, firstLocal);
      own = b.select(b.both(isSeen, isLocal), local, own);
    }
    b.store(own, scratch.orders, {at.slot, key});
    b.ifThen(isSeen, [&] {
      Value digit = getDigit(own, order.getWidth() - kDigitBits, kDigitBits);
      memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, count(1), bins,
                                  digit);
    });
  }
  b.barrier();
  b.loop(at.thread, b.idx(kBins), kThreads, [&](Value bin) {
    Value number = b.load(bins, bin);
    b.ifThen(b.compare(CmpIPredicate::ne, number, count(0)), [&] {
      memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, number,
                                  scratch.bins, ValueRange{at.slot, bin});
    });
  });
}

/// The first digit of the last key that is chosen, and how many of those that
/// have it are; -1 if all are that are seen.
void OrdersKernel::emitDigit() {
  Value wanted = count(plan.topK);
  Value total = findDigit(scratch.bins, at.slot, wanted);
  b.ifThen(isThread(0), [&] {
    Value isAll = b.compare(CmpIPredicate::sle, total, wanted);
    Value none[] = {count(-1), count(0)};
    for (int64_t i = 0; i < 2; ++i)
      b.store(b.select(isAll, none[i], b.load(found, b.idx(i))), scratch.found,
              {at.slot, b.idx(i)});
  });
}

void OrdersKernel::emit() {
  if (plan.needsSoftmax)
    emitSoftmax();
  emitOrders();
  ifLast(/*ticket=*/0, [&] { emitDigit(); });
}

void sparq::emitOrders(OpBuilder &builder, Plan &plan, const Scratch &scratch) {
  launchForChunks<OrdersKernel>(builder, plan, scratch);
}
