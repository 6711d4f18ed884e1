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
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::sparq;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

/// Heads whose scores, and states of blocks, a thread asks for at a time.
static constexpr int64_t kHeadsAtOnce = 4;
static constexpr int64_t kStatesAtOnce = 4;

namespace {
class OrdersKernel : ChoosingBlock {
public:
  using ChoosingBlock::ChoosingBlock;

  void emit();

private:
  void emitSoftmax();
  SmallVector<Value> getOrders(Value first);
  void emitOrders();
  void emitNumbers();
  void emitDigit();
};
} // namespace

/// What scores are shifted by, and their powers multiplied with, to be shares:
/// a warp has a head.
void OrdersKernel::emitSoftmax() {
  Value size = b.idx(plan.keysPerBlock), none = b.negInf(type);
  Value first = b.div(at.lo, size);
  Value end = b.div(b.add(at.hi, plan.keysPerBlock - 1), size);
  auto maximum = [&](Value x, Value y) -> Value {
    return arith::MaxNumFOp::create(b, x, y);
  };
  b.loop(at.warp, b.idx(plan.group), kWarps, [&](Value h) {
    SmallVector<Value> state =
        b.loop(b.add(first, at.lane), end, kWarpSize * kStatesAtOnce,
               {none, zero}, [&](Value block, ValueRange in) {
                 SmallVector<Value> maxima, sums;
                 Value most = in[0];
                 for (int64_t i = 0; i < kStatesAtOnce; ++i) {
                   Value own = b.add(block, i * kWarpSize);
                   Value place = b.min(own, b.sub(end, b.idx(1)));
                   Value exists = b.compare(CmpIPredicate::slt, own, end);
                   Value m = b.load(scratch.maxima, {at.slot, h, place});
                   sums.push_back(b.load(scratch.sums, {at.slot, h, place}));
                   // One that is not there weighs nothing.
                   maxima.push_back(b.select(exists, m, none));
                   sums.back() = b.select(exists, sums.back(), zero);
                 }
                 for (Value m : maxima)
                   most = maximum(most, m);
                 Value shift = b.safeShift(most);
                 Value sum = b.fmul(in[1], b.exp2(b.fsub(in[0], shift)));
                 for (auto [m, s] : llvm::zip_equal(maxima, sums))
                   sum = b.fma(s, b.exp2(b.fsub(m, shift)), sum);
                 return SmallVector<Value>{most, sum};
               });
    Value shift = b.safeShift(b.allReduce(state[0], kWarpSize, maximum));
    Value total = b.fmul(state[1], b.exp2(b.fsub(state[0], shift)));
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

/// The orders of a thread's keys, of sums over the heads that see them.
SmallVector<Value> OrdersKernel::getOrders(Value first) {
  Value none = b.negInf(type);
  auto loadScores = [&](Value head) {
    Value row =
        b.loadRow(scratch.scores, {at.slot, head, first}, kKeysPerThread);
    SmallVector<Value> scores;
    for (int64_t i = 0; i < kKeysPerThread; ++i)
      scores.push_back(vector::ExtractOp::create(b, row, ArrayRef<int64_t>{i}));
    return scores;
  };
  SmallVector<Value> orders;
  if (plan.group == 1) {
    for (Value score : loadScores(b.idx(0)))
      orders.push_back(toOrder(b, score));
    return orders;
  }

  // Sums, and whether no head sees a key.
  auto addHeads = [&](Value head, int64_t count, ValueRange in) {
    SmallVector<Value> result(in);
    SmallVector<SmallVector<Value>> scores;
    for (int64_t h = 0; h < count; ++h)
      scores.push_back(loadScores(b.add(head, h)));
    for (int64_t h = 0; h < count; ++h)
      for (int64_t i = 0; i < kKeysPerThread; ++i) {
        Value term = scores[h][i];
        Value &sum = result[i], &isNever = result[kKeysPerThread + i];
        Value isOut = b.fcompare(CmpFPredicate::OEQ, term, none);
        if (plan.sumsPowers)
          term = b.fmul(b.exp2(b.fsub(term, b.load(shifts, b.add(head, h)))),
                        b.load(inverses, b.add(head, h)));
        sum = b.select(isOut, sum, b.fadd(sum, term));
        isNever = b.both(isNever, isOut);
      }
    return result;
  };
  SmallVector<Value> sums(kKeysPerThread, zero);
  sums.append(kKeysPerThread, b.boolean(true));
  int64_t whole = plan.group / kHeadsAtOnce * kHeadsAtOnce;
  sums = b.loop(b.idx(0), b.idx(whole), kHeadsAtOnce, sums,
                [&](Value head, ValueRange in) {
                  return addHeads(head, kHeadsAtOnce, in);
                });
  sums = addHeads(b.idx(whole), plan.group - whole, sums);
  for (int64_t i = 0; i < kKeysPerThread; ++i)
    orders.push_back(
        toOrder(b, b.select(sums[kKeysPerThread + i], none, sums[i])));
  return orders;
}

/// Writes the orders of the chunk, and counts their first digits.
void OrdersKernel::emitOrders() {
  Value firstLocal = b.sub(at.hi, b.idx(plan.localWindow));
  Value local = getOrderOfInfinity(b, /*negative=*/false);
  clearBins();
  Value first = b.add(firstKey, b.mul(at.thread, b.idx(kKeysPerThread)));
  // Of keys that are not there, scores of some that are.
  Value last = b.max(b.sub(at.hi, b.idx(1)), b.idx(0));
  SmallVector<Value> orders =
      getOrders(b.min(first, b.roundDown(last, kKeysPerThread)));
  for (auto [i, own] : llvm::enumerate(orders)) {
    Value key = b.add(first, i);
    Value exists = b.both(b.compare(CmpIPredicate::sge, key, at.lo),
                          b.compare(CmpIPredicate::slt, key, at.hi));
    own = b.select(exists, own, never);
    Value isSeen = b.compare(CmpIPredicate::ne, own, never);
    if (plan.localWindow) {
      // Before all but NaN, those of NaN included.
      Value isLocal = b.compare(CmpIPredicate::sge, key, firstLocal);
      own = b.select(b.both(isSeen, isLocal), local, own);
    }
    Value digit = getDigit(own, order.getWidth() - kDigitBits, kDigitBits);
    b.ifThen(isSeen, [&] {
      memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, count(1), bins,
                                  digit);
    });
  }
  auto row = VectorType::get(kKeysPerThread, order);
  b.storeRow(vector::FromElementsOp::create(b, row, orders), scratch.orders,
             {at.slot, first});
  b.barrier();
}

/// Adds the chunk's numbers of first digits to those of the key head, and
/// leaves how many of its keys have a digit or a greater one.
void OrdersKernel::emitNumbers() {
  Digits digits = loadDigits(bins, ValueRange());
  Value upTo = scan(digits.sum).first;
  SmallVector<Value> numbers;
  for (int64_t i = 0; i < kDigitsPerThread; ++i) {
    Value number = digits.numbers[i];
    b.ifThen(b.compare(CmpIPredicate::ne, number, count(0)), [&] {
      memref::AtomicRMWOp::create(
          b, arith::AtomicRMWKind::addi, number, scratch.bins,
          ValueRange{at.slot, b.sub(digits.top, b.idx(i))});
    });
    upTo = addI(upTo, number);
    numbers.push_back(arith::TruncIOp::create(b, b.getI16Type(), upTo));
  }
  std::reverse(numbers.begin(), numbers.end());
  auto row = VectorType::get(kDigitsPerThread, b.getI16Type());
  b.storeRow(vector::FromElementsOp::create(b, row, numbers), scratch.numbers,
             {at.slot, chunk, b.sub(digits.top, b.idx(kDigitsPerThread - 1))});
}

/// The first digit of the last key that is chosen, how many of those that have
/// it are, and how many keys are above; -1 if all are chosen that are seen.
void OrdersKernel::emitDigit() {
  Value wanted = count(plan.topK);
  Value total = findDigit(scratch.bins, at.slot, wanted);
  b.ifThen(isThread(0), [&] {
    Value isAll = b.compare(CmpIPredicate::sle, total, wanted);
    Value left = b.load(found, b.idx(1));
    Value some[] = {b.load(found, b.idx(0)), left, subI(wanted, left)};
    Value all[] = {count(-1), count(0), total};
    for (int64_t i = 0; i < 3; ++i)
      b.store(b.select(isAll, all[i], some[i]), scratch.found,
              {at.slot, b.idx(i)});
  });
}

void OrdersKernel::emit() {
  if (plan.needsSoftmax)
    emitSoftmax();
  emitOrders();
  emitNumbers();
  ifLast(/*ticket=*/0, [&] { emitDigit(); });
}

void sparq::emitOrders(OpBuilder &builder, Plan &plan, const Scratch &scratch) {
  launchForChunks<OrdersKernel>(builder, plan, scratch);
}
