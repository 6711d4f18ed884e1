//===- SparqChoice.cpp - The keys of largest score ------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A radix select from the top digit down, whose first digit is known. Blocks of
// threads take keys above it, which are chosen, and those that have it, each a
// chunk; the last of a key head's blocks chooses among the latter by the other
// digits, in as many passes whatever they are, the first ones among equals.
// Chosen keys are in the same places every time: those above, then the others,
// both ascending.
//
// Why two launches of many blocks and not one of a few: what a key head has to
// look at are, for 128K keys, half a megabyte of scores a head and as much of
// orders. One block of 512 threads asks for 2 KiB at a time and waits some 300
// ns, so that a pass over them would take 60 us or more, and there are six; all
// of dense attention to 8 such key heads takes 134 us at 4 TB/s. Chunks of 2048
// keys go through in 3 us, and so does a launch. First digits split 128K
// normally distributed scores so that some 3% of them, 4K, are left to the last
// block: 8 steps a pass. Where all keys have the same first digit, as those
// that are equal do, it has to go through all of them, as right and slower.
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

/// Chosen keys whose scores a thread asks for at a time.
static constexpr int64_t kAtOnce = 4;

namespace {
class ChoiceKernel : ChoosingBlock {
public:
  using ChoosingBlock::ChoosingBlock;

  void emit();

private:
  void splitChunk();
  std::pair<Value, Value> gather();
  Value candidateAt(Value i) {
    return toIndex(b.load(scratch.candidates, {at.slot, i}));
  }
  Bound findLast(Value numEqual);
  Value emitChosen(const Bound &bound, Value numAbove, Value numEqual);
  void loadSoftmax();
  void emitShares(Value numChosen);
  void emitMeans();
  void emitChoice();

  Value digit, left; ///< The first digit of the bound; what is left to find.
  Value isAll;       ///< Whether all keys that are seen are chosen.
};
} // namespace

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

/// Lists the keys of the chunk that are above the first digit of the bound from
/// the front of the chunk's place, and those that have it from its end.
void ChoiceKernel::splitChunk() {
  constexpr int64_t kPerThread = Plan::kKeysPerChunk / kThreads;
  Value first = b.add(firstKey, b.mul(at.thread, b.idx(kPerThread)));
  SmallVector<Value> isAbove, isEqual;
  Value half = count(16), low = count(0xffff), mine = count(0);
  for (int64_t i = 0; i < kPerThread; ++i) {
    Value own = b.load(scratch.orders, {at.slot, b.add(first, i)});
    Value isSeen = b.compare(CmpIPredicate::ne, own, never);
    Value top =
        toCount(getDigit(own, order.getWidth() - kDigitBits, kDigitBits));
    // A digit of -1 has all above it.
    isAbove.push_back(
        b.both(isSeen, b.compare(CmpIPredicate::sgt, top, digit)));
    isEqual.push_back(b.both(isSeen, b.compare(CmpIPredicate::eq, top, digit)));
    // Two numbers, of at most as many as keys, in one.
    mine = addI(mine, arith::ExtUIOp::create(b, i32, isAbove[i]));
    mine = addI(mine, arith::ShLIOp::create(
                          b, arith::ExtUIOp::create(b, i32, isEqual[i]), half));
  }
  Value before, total;
  std::tie(before, total) = scan(mine);
  Value above = arith::AndIOp::create(b, before, low);
  Value equal = arith::ShRUIOp::create(b, before, half);
  Value end = b.add(firstKey, Plan::kKeysPerChunk - 1);
  for (int64_t i = 0; i < kPerThread; ++i) {
    Value key = toCount(b.add(first, i));
    b.ifThen(isAbove[i], [&] {
      b.store(key, scratch.picked, {at.slot, b.add(firstKey, toIndex(above))});
    });
    b.ifThen(isEqual[i], [&] {
      b.store(key, scratch.picked, {at.slot, b.sub(end, toIndex(equal))});
    });
    above = addI(above, arith::ExtUIOp::create(b, i32, isAbove[i]));
    equal = addI(equal, arith::ExtUIOp::create(b, i32, isEqual[i]));
  }
  b.ifThen(isThread(0), [&] {
    b.store(arith::AndIOp::create(b, total, low), scratch.counts,
            {at.slot, b.idx(0), chunk});
    b.store(arith::ShRUIOp::create(b, total, half), scratch.counts,
            {at.slot, b.idx(1), chunk});
  });
}

/// Moves what all chunks listed to the front of the chosen keys, and to the
/// candidates; returns how many there are of each.
std::pair<Value, Value> ChoiceKernel::gather() {
  SmallVector<Value> totals =
      b.loop(b.idx(0), numChunks, kThreads, {count(0), count(0)},
             [&](Value first, ValueRange in) {
               Value own = b.add(first, at.thread);
               Value exists = b.compare(CmpIPredicate::slt, own, numChunks);
               Value place = b.min(own, b.sub(numChunks, b.idx(1)));
               SmallVector<Value> next;
               for (int64_t i = 0; i < 2; ++i) {
                 Value number =
                     b.load(scratch.counts, {at.slot, b.idx(i), place});
                 number = b.select(exists, number, count(0));
                 Value before, total;
                 std::tie(before, total) = scan(number);
                 b.ifThen(exists, [&] {
                   b.store(addI(in[i], before), scratch.places,
                           {at.slot, b.idx(i), own});
                 });
                 next.push_back(addI(in[i], total));
               }
               return next;
             });
  b.barrier();
  // A warp has a chunk.
  b.loop(at.warp, numChunks, kWarps, [&](Value other) {
    Value begin = b.mul(other, b.idx(Plan::kKeysPerChunk));
    Value last = b.add(begin, Plan::kKeysPerChunk - 1);
    for (int64_t i = 0; i < 2; ++i) {
      Value number =
          toIndex(b.load(scratch.counts, {at.slot, b.idx(i), other}));
      Value place = toIndex(b.load(scratch.places, {at.slot, b.idx(i), other}));
      b.loop(at.lane, number, kWarpSize, [&](Value j) {
        Value from = i ? b.sub(last, j) : b.add(begin, j);
        b.store(b.load(scratch.picked, {at.slot, from}),
                i ? scratch.candidates : scratch.chosen,
                {at.slot, b.add(place, j)});
      });
    }
  });
  b.barrier();
  return {totals[0], totals[1]};
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

/// The order of the last candidate that is chosen.
ChoiceKernel::Bound ChoiceKernel::findLast(Value numEqual) {
  int64_t first = order.getWidth() - kDigitBits;
  Value prefix = digit;
  if (order != i32)
    prefix = arith::ExtUIOp::create(b, order, digit);
  prefix = arith::ShLIOp::create(b, prefix, b.integer(first, order));
  return findBound(prefix, first, left, [&](function_ref<void(Value)> body) {
    b.loop(thread, toIndex(numEqual), kThreads, [&](Value i) {
      body(b.load(scratch.orders, {at.slot, candidateAt(i)}));
    });
  });
}

/// Writes the candidates that are chosen behind those above, as many at a time
/// as there are threads; returns how many keys there are.
Value ChoiceKernel::emitChosen(const Bound &bound, Value numAbove,
                               Value numEqual) {
  Value end = toIndex(numEqual);
  return b
      .loop(
          b.idx(0), end, kThreads, {numAbove, count(0)},
          [&](Value first, ValueRange in) {
            Value number = b.add(first, at.thread);
            Value exists = b.compare(CmpIPredicate::slt, number, end);
            Value key = candidateAt(b.min(number, b.sub(end, b.idx(1))));
            Value own = b.load(scratch.orders, {at.slot, key});
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

//===----------------------------------------------------------------------===//
// What was not chosen
//===----------------------------------------------------------------------===//

void ChoiceKernel::loadSoftmax() {
  b.loop(at.thread, b.idx(plan.group), kThreads, [&](Value h) {
    b.store(b.load(scratch.shifts, {at.slot, h}), shifts, h);
    b.store(b.load(scratch.inverses, {at.slot, h}), inverses, h);
  });
  b.barrier();
}

/// The weight of the chosen keys among all, by the approximate scores.
void ChoiceKernel::emitShares(Value numChosen) {
  Value one = b.number(1.0, type);
  b.loop(b.idx(0), b.idx(plan.group), 1, [&](Value h) {
    Value end = toIndex(numChosen), last = b.sub(end, b.idx(1));
    Value share =
        b.loop(at.thread, end, kThreads * kAtOnce, zero,
               [&](Value first, ValueRange in) {
                 SmallVector<Value> scores;
                 for (int64_t u = 0; u < kAtOnce; ++u) {
                   Value i = b.min(b.add(first, u * kThreads), last);
                   Value key = toIndex(b.load(scratch.chosen, {at.slot, i}));
                   scores.push_back(b.load(scratch.scores, {at.slot, h, key}));
                 }
                 Value sum = in[0];
                 for (int64_t u = 0; u < kAtOnce; ++u) {
                   Value exists = b.compare(CmpIPredicate::slt,
                                            b.add(first, u * kThreads), end);
                   Value power = b.exp2(b.fsub(scores[u], b.load(shifts, h)));
                   sum = b.fadd(sum, b.select(exists, power, zero));
                 }
                 return SmallVector<Value>{sum};
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
  Value size = b.idx(plan.keysPerBlock), firstBlock = b.div(at.lo, size);
  Value endBlock = b.div(b.add(at.hi, plan.keysPerBlock - 1), size);
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

void ChoiceKernel::emitChoice() {
  Value numAbove, numEqual;
  std::tie(numAbove, numEqual) = gather();
  SmallVector<Value> bound = b.ifElse(
      TypeRange{order, i32}, isAll,
      [&] { return SmallVector<Value>{never, count(0)}; },
      [&] {
        Bound bound = findLast(numEqual);
        return SmallVector<Value>{bound.order, bound.equals};
      });
  Value numChosen = emitChosen({bound[0], bound[1]}, numAbove, numEqual);
  b.ifThen(isThread(0),
           [&] { b.store(numChosen, scratch.numChosen, at.slot); });
  if (plan.hasRealloc) {
    loadSoftmax();
    emitShares(numChosen);
  }
  if (plan.means)
    emitMeans();
}

void ChoiceKernel::emit() {
  digit = b.load(scratch.found, {at.slot, b.idx(0)});
  left = b.load(scratch.found, {at.slot, b.idx(1)});
  isAll = b.compare(CmpIPredicate::slt, digit, count(0));
  splitChunk();
  ifLast(/*ticket=*/1, [&] { emitChoice(); });
}

void sparq::emitChoice(OpBuilder &builder, Plan &plan, const Scratch &scratch) {
  launchForChunks<ChoiceKernel>(builder, plan, scratch);
}
