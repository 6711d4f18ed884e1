//===- SparqChoice.cpp - The keys of largest score ------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// One block of threads for each key head: a radix select from the top digit
// down, in as many passes over the keys whatever they are, then the chosen keys
// in ascending order, the first ones among equals.
//
//===----------------------------------------------------------------------===//

#include "Sparq.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::sparq;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

/// Bits of a digit. Sign, exponent and two more bits in the first one keep the
/// threads of a warp from counting in one place.
static constexpr int64_t kDigitBits = 11;
static constexpr int64_t kThreads = Plan::kChoiceWarps * kWarpSize;
static constexpr int64_t kBins = 1 << kDigitBits;

int64_t Plan::getChoiceBytes() {
  return 4 * kBins + 2 * 8 + bytes() * (kChoiceWarps + 2 * group);
}

namespace {
class ChoiceKernel {
public:
  ChoiceKernel(GpuBuilder &b, Plan &plan, const Scratch &scratch,
               const Place &at);

  void emit();

private:
  /// The order that the last chosen key has, and how many of those that have
  /// it are chosen; all above it are.
  struct Bound {
    Value order, equals;
  };

  Value count(int64_t value) { return b.integer(value, i32); }
  Value toIndex(Value x) {
    return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), x);
  }
  Value toCount(Value x) { return b.createOrFold<arith::IndexCastOp>(i32, x); }
  Value addI(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value subI(Value x, Value y) { return b.createOrFold<arith::SubIOp>(x, y); }
  Value minI(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(x, y); }
  Value isThread(int64_t number) {
    return b.compare(CmpIPredicate::eq, at.thread, b.idx(number));
  }
  /// Over all threads; the result is everywhere.
  Value reduce(Value x, function_ref<Value(Value, Value)> combine);
  Value sum(Value x);
  /// The sum, of i32, of the threads before this one, and of all.
  std::pair<Value, Value> scan(Value x);
  /// The keys of this thread.
  SmallVector<Value> forEachKey(ValueRange inits, VectorBuilder::LoopBody body);

  void emitSoftmax();
  Value emitOrders();
  Value getOrder(Value key);
  Bound findBound(Value wanted);
  Value emitChosen(const Bound &bound);
  void emitShares(Value numChosen, Value isAll);
  void emitMeans();

  GpuBuilder &b;
  Plan &plan;
  const Scratch &scratch;
  Place at;
  FloatType type;
  IntegerType order;
  Type i32;
  Value zero, never;
  Value firstBlock, endBlock; ///< Of keys that are seen.
  Value bins;                 ///< [kBins].
  Value found;                ///< [2]: a digit and what is left to find.
  Value partial, counts;      ///< [warp], of two types in one place.
  Value shifts, inverses;     ///< [head]: of the softmax.
};
} // namespace

ChoiceKernel::ChoiceKernel(GpuBuilder &b, Plan &plan, const Scratch &scratch,
                           const Place &at)
    : b(b), plan(plan), scratch(scratch), at(at), type(plan.type),
      order(plan.getOrderType()), i32(b.getI32Type()),
      zero(b.number(0.0, type)), never(getOrderOfInfinity(b, true)) {
  Value size = b.idx(plan.keysPerBlock);
  firstBlock = b.div(at.lo, size);
  endBlock = b.div(b.add(at.hi, plan.keysPerBlock - 1), size);
  int64_t offset = 0;
  auto allocate = [&](Type type, int64_t number, int64_t bytes) {
    Value memory = b.shared(type, number, offset);
    offset += bytes;
    return memory;
  };
  bins = allocate(i32, kBins, 4 * kBins);
  found = allocate(i32, 2, 16);
  counts = b.shared(i32, Plan::kChoiceWarps, offset);
  partial =
      allocate(type, Plan::kChoiceWarps, plan.bytes() * Plan::kChoiceWarps);
  shifts = allocate(type, plan.group, plan.bytes() * plan.group);
  inverses = allocate(type, plan.group, plan.bytes() * plan.group);
}

//===----------------------------------------------------------------------===//
// All threads together
//===----------------------------------------------------------------------===//

Value ChoiceKernel::reduce(Value x, function_ref<Value(Value, Value)> combine) {
  Value memory = x.getType() == type ? partial : counts;
  x = b.allReduce(x, kWarpSize, combine);
  b.ifThen(b.compare(CmpIPredicate::eq, at.lane, b.idx(0)),
           [&] { b.store(x, memory, at.warp); });
  b.barrier();
  x = b.load(memory, b.rem(at.lane, b.idx(Plan::kChoiceWarps)));
  x = b.allReduce(x, Plan::kChoiceWarps, combine);
  b.barrier();
  return x;
}

Value ChoiceKernel::sum(Value x) {
  return reduce(x, [&](Value x, Value y) {
    return isa<FloatType>(x.getType()) ? b.fadd(x, y) : addI(x, y);
  });
}

std::pair<Value, Value> ChoiceKernel::scan(Value x) {
  Value upTo = x;
  for (int64_t distance = 1; distance < kWarpSize; distance *= 2) {
    Value before = b.shuffleUp(upTo, distance);
    Value exists = b.compare(CmpIPredicate::sge, at.lane, b.idx(distance));
    upTo = addI(upTo, b.select(exists, before, count(0)));
  }
  b.ifThen(b.compare(CmpIPredicate::eq, at.lane, b.idx(kWarpSize - 1)),
           [&] { b.store(upTo, counts, at.warp); });
  b.barrier();
  Value warp = b.rem(at.lane, b.idx(Plan::kChoiceWarps));
  Value ofWarp = b.load(counts, warp);
  Value isBefore = b.compare(CmpIPredicate::slt, warp, at.warp);
  auto add = [&](Value x, Value y) { return addI(x, y); };
  Value before = b.allReduce(b.select(isBefore, ofWarp, count(0)),
                             Plan::kChoiceWarps, add);
  Value total = b.allReduce(ofWarp, Plan::kChoiceWarps, add);
  b.barrier();
  return {addI(before, subI(upTo, x)), total};
}

SmallVector<Value> ChoiceKernel::forEachKey(ValueRange inits,
                                            VectorBuilder::LoopBody body) {
  return b.loop(b.add(at.lo, at.thread), at.hi, kThreads, inits, body);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// What scores are shifted by, and their powers multiplied with, to be shares.
void ChoiceKernel::emitSoftmax() {
  Value first = b.mul(firstBlock, b.idx(Plan::kScoreWarps));
  Value end = b.mul(endBlock, b.idx(Plan::kScoreWarps));
  b.loop(b.idx(0), b.idx(plan.group), 1, [&](Value h) {
    auto combine = [&](Value x, Value y) -> Value {
      return arith::MaxNumFOp::create(b, x, y);
    };
    Value most =
        b.loop(b.add(first, at.thread), end, kThreads, b.negInf(type),
               [&](Value part, ValueRange in) {
                 return SmallVector<Value>{combine(
                     in[0], b.load(scratch.maxima, {at.slot, h, part}))};
               })
            .front();
    Value shift = b.safeShift(reduce(most, combine));
    Value total = b.loop(b.add(first, at.thread), end, kThreads, zero,
                         [&](Value part, ValueRange in) {
                           Value m = b.load(scratch.maxima, {at.slot, h, part});
                           Value s = b.load(scratch.sums, {at.slot, h, part});
                           return SmallVector<Value>{
                               b.fma(s, b.exp2(b.fsub(m, shift)), in[0])};
                         })
                      .front();
    total = sum(total);
    Value isEmpty = b.fcompare(CmpFPredicate::OEQ, total, zero);
    Value inverse = b.select(isEmpty, zero, b.fdiv(b.number(1.0, type), total));
    b.ifThen(isThread(0), [&] {
      b.store(shift, shifts, h);
      b.store(inverse, inverses, h);
      b.store(inverse, scratch.inverses, {at.slot, h});
    });
  });
  b.barrier();
}

/// The order of the sum over the heads that see a key.
Value ChoiceKernel::getOrder(Value key) {
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

/// What keys are chosen by; returns how many are seen.
Value ChoiceKernel::emitOrders() {
  Value firstLocal = b.sub(at.hi, b.idx(plan.localWindow));
  Value local = getOrderOfInfinity(b, /*negative=*/false);
  Value seen = forEachKey(count(0), [&](Value key, ValueRange in) {
                 Value own = getOrder(key);
                 Value isSeen = b.compare(CmpIPredicate::ne, own, never);
                 if (plan.localWindow) {
                   // Before all but NaN, those of NaN included.
                   Value isLocal =
                       b.compare(CmpIPredicate::sge, key, firstLocal);
                   own = b.select(b.both(isSeen, isLocal), local, own);
                 }
                 b.store(own, scratch.orders, {at.slot, key});
                 Value one = arith::ExtUIOp::create(b, i32, isSeen);
                 return SmallVector<Value>{addI(in[0], one)};
               }).front();
  return sum(seen);
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

/// Digit by digit: among the keys whose digits so far are those of the bound,
/// the digit that the `wanted`-th largest has.
ChoiceKernel::Bound ChoiceKernel::findBound(Value wanted) {
  int64_t width = order.getWidth();
  Value prefix = b.integer(0, order), left = wanted;
  for (int64_t end = width; end > 0;) {
    int64_t bits = std::min(kDigitBits, end), shift = end - bits;
    Value mask = b.integer((int64_t(1) << bits) - 1, order);
    Value shiftBy = b.integer(shift, order);
    b.loop(at.thread, b.idx(kBins), kThreads,
           [&](Value bin) { b.store(count(0), bins, bin); });
    b.barrier();
    forEachKey(ValueRange(), [&](Value key, ValueRange) {
      Value own = b.load(scratch.orders, {at.slot, key});
      auto add = [&] {
        Value digit = arith::ShRUIOp::create(b, own, shiftBy);
        digit = toIndex(arith::AndIOp::create(b, digit, mask));
        memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, count(1),
                                    bins, digit);
      };
      if (end == width) {
        add();
      } else {
        Value above = b.integer(end, order);
        Value isIn =
            b.compare(CmpIPredicate::eq, arith::ShRUIOp::create(b, own, above),
                      arith::ShRUIOp::create(b, prefix, above));
        b.ifThen(isIn, add);
      }
      return SmallVector<Value>();
    });
    b.barrier();
    // A thread has a few digits, from the greatest down.
    constexpr int64_t kPerThread = kBins / kThreads;
    SmallVector<Value> numbers;
    Value mine = count(0);
    Value top = b.sub(b.idx(kBins - 1), b.mul(at.thread, b.idx(kPerThread)));
    for (int64_t i = 0; i < kPerThread; ++i) {
      numbers.push_back(b.load(bins, b.sub(top, b.idx(i))));
      mine = addI(mine, numbers.back());
    }
    Value above = scan(mine).first;
    for (int64_t i = 0; i < kPerThread; ++i) {
      Value upTo = addI(above, numbers[i]);
      Value isHere = b.both(b.compare(CmpIPredicate::slt, above, left),
                            b.compare(CmpIPredicate::sge, upTo, left));
      b.ifThen(isHere, [&] {
        b.store(toCount(b.sub(top, b.idx(i))), found, b.idx(0));
        b.store(subI(left, above), found, b.idx(1));
      });
      above = upTo;
    }
    b.barrier();
    Value digit = b.load(found, b.idx(0));
    if (width > 32)
      digit = arith::ExtUIOp::create(b, order, digit);
    prefix = arith::OrIOp::create(b, prefix,
                                  arith::ShLIOp::create(b, digit, shiftBy));
    left = b.load(found, b.idx(1));
    end = shift;
  }
  return {prefix, left};
}

/// Writes the chosen keys, as many at a time as there are threads; returns how
/// many there are.
Value ChoiceKernel::emitChosen(const Bound &bound) {
  return b
      .loop(
          at.lo, at.hi, kThreads, {count(0), count(0)},
          [&](Value first, ValueRange in) {
            Value key = b.add(first, at.thread);
            Value exists = b.compare(CmpIPredicate::slt, key, at.hi);
            Value last = b.sub(at.hi, b.idx(1));
            Value own = b.load(scratch.orders, {at.slot, b.min(key, last)});
            Value isAbove =
                b.both(exists, b.compare(CmpIPredicate::ugt, own, bound.order));
            Value isEqual =
                b.both(exists, b.compare(CmpIPredicate::eq, own, bound.order));
            // Two numbers, of at most as many as threads, in one.
            Value half = count(16), low = count(0xffff);
            Value both = arith::OrIOp::create(
                b, arith::ExtUIOp::create(b, i32, isAbove),
                arith::ShLIOp::create(
                    b, arith::ExtUIOp::create(b, i32, isEqual), half));
            auto [before, total] = scan(both);
            auto aboveOf = [&](Value x) -> Value {
              return arith::AndIOp::create(b, x, low);
            };
            auto equalOf = [&](Value x) -> Value {
              return arith::ShRUIOp::create(b, x, half);
            };
            // Of the equals, the first ones; in[1] have been seen.
            auto taken = [&](Value equals) {
              return minI(addI(in[1], equals), bound.equals);
            };
            Value start = minI(in[1], bound.equals);
            Value isTaken = b.compare(
                CmpIPredicate::slt, addI(in[1], equalOf(before)), bound.equals);
            Value place = addI(addI(in[0], aboveOf(before)),
                               subI(taken(equalOf(before)), start));
            b.ifThen(b.either(isAbove, b.both(isEqual, isTaken)), [&] {
              b.store(toCount(key), scratch.chosen, {at.slot, toIndex(place)});
            });
            Value next = addI(addI(in[0], aboveOf(total)),
                              subI(taken(equalOf(total)), start));
            return SmallVector<Value>{next, addI(in[1], equalOf(total))};
          })
      .front();
}

/// The weight of the chosen keys among all, by the approximate scores.
void ChoiceKernel::emitShares(Value numChosen, Value isAll) {
  Value one = b.number(1.0, type);
  b.loop(b.idx(0), b.idx(plan.group), 1, [&](Value h) {
    Value share =
        b.loop(at.thread, toIndex(numChosen), kThreads, zero,
               [&](Value i, ValueRange in) {
                 Value key = toIndex(b.load(scratch.chosen, {at.slot, i}));
                 Value score = b.load(scratch.scores, {at.slot, h, key});
                 Value power = b.exp2(b.fsub(score, b.load(shifts, h)));
                 return SmallVector<Value>{b.fadd(in[0], power)};
               })
            .front();
    share = b.fmul(sum(share), b.load(inverses, h));
    // Rounding; a NaN stays.
    Value isAbove = b.fcompare(CmpFPredicate::OGT, share, one);
    share = b.select(b.either(isAbove, isAll), one, share);
    b.ifThen(isThread(0),
             [&] { b.store(share, scratch.shares, {at.slot, h}); });
  });
}

void ChoiceKernel::emitMeans() {
  int64_t columns = std::max<int64_t>(plan.headDimV, 1);
  b.loop(at.thread, b.idx(plan.means * plan.headDimV), kThreads, [&](Value i) {
    Value m = b.div(i, b.idx(columns)), column = b.rem(i, b.idx(columns));
    SmallVector<Value> sums = b.loop(
        firstBlock, endBlock, 1, {zero, zero}, [&](Value block, ValueRange in) {
          auto add = [&](Value x, Value column) {
            return b.fadd(
                x, b.load(scratch.valueSums, {at.slot, m, block, column}));
          };
          return SmallVector<Value>{add(in[0], column),
                                    add(in[1], b.idx(plan.headDimV))};
        });
    Value number = arith::MaxNumFOp::create(b, sums[1], b.number(1.0, type));
    b.store(b.fdiv(sums[0], number), scratch.means, {at.slot, m, column});
  });
}

void ChoiceKernel::emit() {
  if (plan.needsSoftmax)
    emitSoftmax();
  Value numSeen = emitOrders();
  Value isAll = b.compare(CmpIPredicate::sle, numSeen, count(plan.topK));
  SmallVector<Value> bound = b.ifElse(
      TypeRange{order, i32}, isAll,
      [&] { return SmallVector<Value>{never, count(0)}; },
      [&] {
        Bound bound = findBound(count(plan.topK));
        return SmallVector<Value>{bound.order, bound.equals};
      });
  Value numChosen = emitChosen({bound[0], bound[1]});
  b.ifThen(isThread(0),
           [&] { b.store(numChosen, scratch.numChosen, at.slot); });
  if (plan.hasRealloc) {
    b.barrier();
    emitShares(numChosen, isAll);
  }
  if (plan.means)
    emitMeans();
}

void sparq::emitChoice(OpBuilder &builder, Plan &plan, const Scratch &scratch) {
  GpuBuilder b(plan.op.getLoc(), builder, plan.type, /*lanes=*/1);
  AttentionSizes sizes = getSizes(b, b.getLoc(), plan.op);
  Value slots = b.mul(b.idx(sizes.batch), b.idx(sizes.numKvHeads));
  b.launch(slots, kThreads, plan.getChoiceBytes(), [&](GpuThread id) {
    ChoiceKernel(b, plan, scratch, Place::get(b, plan, id.block, id.thread))
        .emit();
  });
}
