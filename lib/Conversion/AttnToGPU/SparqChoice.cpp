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
// orders. A block of 512 threads that asks for 16 KiB at a time and waits 0.7
// us needs 23 us for a pass over them, and there are six; all of dense
// attention to 8 such key heads takes 134 us at 4 TB/s. Chunks of 2048 keys go
// through in 3 us, and so does a launch. A block knows where its keys go from
// what others counted in the launch before, so that nothing is moved again.
// First digits split 128K normally distributed scores so that some 3% of them,
// 4K, are left to the last block: one step a pass. Where all keys have the same
// first digit, as those that are equal do, it has to go through all of them, as
// right and slower.
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

/// Candidates, chosen keys, and sums of values, that a thread asks for at a
/// time.
static constexpr int64_t kAtOnce = 8;

namespace {
class ChoiceKernel : ChoosingBlock {
public:
  using ChoosingBlock::ChoosingBlock;

  void emit();

private:
  struct Candidate {
    Value key, order, exists;
  };
  /// How many keys are above the first digit of the bound, and have it.
  struct Split {
    Value above, equal;
  };

  Value countFrom(Value chunk, Value digit);
  Split countBefore();
  Split scanSplit(ArrayRef<Value> isAbove, ArrayRef<Value> isEqual,
                  Split *total = nullptr);
  void splitChunk();
  SmallVector<Candidate> loadCandidates(Value first, Value end,
                                        int64_t distance);
  Bound findLast(Value numEqual);
  Value emitChosen(const Bound &bound, Value numEqual);
  void loadSoftmax();
  void emitShares(Value numChosen);
  void emitMeans();
  void emitChoice();
  Value widen(Value flag) { return arith::ExtUIOp::create(b, i32, flag); }

  Value digit, left; ///< The first digit of the bound; what is left to find.
  Value numAbove;    ///< Keys above it.
  Value isAll;       ///< Whether all keys that are seen are chosen.
};
} // namespace

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

/// How many keys of a chunk have a first digit of `digit` or a greater one.
Value ChoiceKernel::countFrom(Value chunk, Value digit) {
  Value exists = b.compare(CmpIPredicate::slt, digit, count(kBins));
  Value place = minI(digit, count(kBins - 1));
  Value number =
      widen(b.load(scratch.numbers, {at.slot, chunk, toIndex(place)}));
  return b.select(exists, number, count(0));
}

/// Of all chunks before this one.
ChoiceKernel::Split ChoiceKernel::countBefore() {
  Value first = arith::MaxSIOp::create(b, digit, count(0));
  SmallVector<Value> counts = b.loop(
      at.thread, chunk, kThreads, {count(0), count(0)},
      [&](Value other, ValueRange in) {
        // A digit of -1 has all above it.
        Value above = countFrom(other, addI(digit, count(1)));
        Value equal = subI(countFrom(other, first), above);
        return SmallVector<Value>{addI(in[0], above), addI(in[1], equal)};
      });
  return {sum(counts[0]), sum(counts[1])};
}

/// The numbers of flags of the threads before this one, and of all. Less than
/// 2^16 each.
ChoiceKernel::Split ChoiceKernel::scanSplit(ArrayRef<Value> isAbove,
                                            ArrayRef<Value> isEqual,
                                            Split *total) {
  Value half = count(16), low = count(0xffff), mine = count(0);
  for (auto [above, equal] : llvm::zip_equal(isAbove, isEqual)) {
    mine = addI(mine, widen(above));
    mine = addI(mine, arith::ShLIOp::create(b, widen(equal), half));
  }
  auto split = [&](Value both) -> Split {
    return {arith::AndIOp::create(b, both, low),
            arith::ShRUIOp::create(b, both, half)};
  };
  auto [before, all] = scan(mine);
  if (total)
    *total = split(all);
  return split(before);
}

/// Writes the keys of the chunk that are above the first digit of the bound to
/// those chosen, and those that have it to the candidates.
void ChoiceKernel::splitChunk() {
  Split before = countBefore();
  Value first = b.add(firstKey, b.mul(at.thread, b.idx(kKeysPerThread)));
  Value orders = b.loadRow(scratch.orders, {at.slot, first}, kKeysPerThread);
  SmallVector<Value> isAbove, isEqual;
  for (int64_t i = 0; i < kKeysPerThread; ++i) {
    Value own = vector::ExtractOp::create(b, orders, ArrayRef<int64_t>{i});
    Value isSeen = b.compare(CmpIPredicate::ne, own, never);
    Value top =
        toCount(getDigit(own, order.getWidth() - kDigitBits, kDigitBits));
    isAbove.push_back(
        b.both(isSeen, b.compare(CmpIPredicate::sgt, top, digit)));
    isEqual.push_back(b.both(isSeen, b.compare(CmpIPredicate::eq, top, digit)));
  }
  Split inChunk = scanSplit(isAbove, isEqual);
  Value above = addI(before.above, inChunk.above);
  Value equal = addI(before.equal, inChunk.equal);
  for (int64_t i = 0; i < kKeysPerThread; ++i) {
    Value key = toCount(b.add(first, i));
    b.ifThen(isAbove[i],
             [&] { b.store(key, scratch.chosen, {at.slot, toIndex(above)}); });
    b.ifThen(isEqual[i], [&] {
      b.store(key, scratch.candidates, {at.slot, toIndex(equal)});
    });
    above = addI(above, widen(isAbove[i]));
    equal = addI(equal, widen(isEqual[i]));
  }
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

/// Some of a thread's candidates, `distance` from each other.
SmallVector<ChoiceKernel::Candidate>
ChoiceKernel::loadCandidates(Value first, Value end, int64_t distance) {
  SmallVector<Candidate> candidates(kAtOnce);
  Value last = b.sub(end, b.idx(1));
  for (auto [i, it] : llvm::enumerate(candidates)) {
    Value number = b.add(first, i * distance);
    it.exists = b.compare(CmpIPredicate::slt, number, end);
    it.key = b.load(scratch.candidates, {at.slot, b.min(number, last)});
  }
  for (Candidate &it : candidates)
    it.order = b.load(scratch.orders, {at.slot, toIndex(it.key)});
  return candidates;
}

/// The order of the last candidate that is chosen.
ChoiceKernel::Bound ChoiceKernel::findLast(Value numEqual) {
  int64_t first = order.getWidth() - kDigitBits;
  Value prefix = digit, end = toIndex(numEqual);
  if (order != i32)
    prefix = arith::ExtUIOp::create(b, order, digit);
  prefix = arith::ShLIOp::create(b, prefix, b.integer(first, order));
  return findBound(prefix, first, left, [&](function_ref<void(Value)> body) {
    b.loop(thread, end, kThreads * kAtOnce, [&](Value i) {
      for (const Candidate &it : loadCandidates(i, end, kThreads))
        b.ifThen(it.exists, [&] { body(it.order); });
    });
  });
}

/// Writes the candidates that are chosen behind those above; returns how many
/// keys there are.
Value ChoiceKernel::emitChosen(const Bound &bound, Value numEqual) {
  Value end = toIndex(numEqual);
  return b
      .loop(b.idx(0), end, kThreads * kAtOnce, {numAbove, count(0)},
            [&](Value first, ValueRange in) {
              // Keys that follow each other are one thread's: they ascend.
              Value mine = b.add(first, b.mul(at.thread, b.idx(kAtOnce)));
              SmallVector<Candidate> candidates =
                  loadCandidates(mine, end, /*distance=*/1);
              SmallVector<Value> isAbove, isEqual;
              for (const Candidate &it : candidates) {
                auto is = [&](CmpIPredicate what) {
                  return b.both(it.exists,
                                b.compare(what, it.order, bound.order));
                };
                isAbove.push_back(is(CmpIPredicate::ugt));
                isEqual.push_back(is(CmpIPredicate::eq));
              }
              Split total, before = scanSplit(isAbove, isEqual, &total);
              // Of the equals the first ones are taken; in[1] have been seen.
              auto taken = [&](Value equals) {
                return subI(minI(equals, bound.equals),
                            minI(in[1], bound.equals));
              };
              Value above = addI(in[0], before.above);
              Value equal = addI(in[1], before.equal);
              for (auto [i, it] : llvm::enumerate(candidates)) {
                Value isTaken =
                    b.both(isEqual[i],
                           b.compare(CmpIPredicate::slt, equal, bound.equals));
                Value place = toIndex(addI(above, taken(equal)));
                Value key = it.key;
                b.ifThen(b.either(isAbove[i], isTaken), [&] {
                  b.store(key, scratch.chosen, {at.slot, place});
                });
                above = addI(above, widen(isAbove[i]));
                equal = addI(equal, widen(isEqual[i]));
              }
              Value seen = addI(in[1], total.equal);
              return SmallVector<Value>{
                  addI(addI(in[0], total.above), taken(seen)), seen};
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
        firstBlock, endBlock, kAtOnce, {zero, zero},
        [&](Value block, ValueRange in) {
          SmallVector<Value> next(in), columns{column, b.idx(plan.headDimV)};
          Value last = b.sub(endBlock, b.idx(1));
          SmallVector<SmallVector<Value>> terms(columns.size());
          for (int64_t u = 0; u < kAtOnce; ++u)
            for (auto [i, where] : llvm::enumerate(columns)) {
              Value own = b.add(block, u);
              Value term = b.load(scratch.valueSums,
                                  {at.slot, m, b.min(own, last), where});
              Value exists = b.compare(CmpIPredicate::slt, own, endBlock);
              terms[i].push_back(b.select(exists, term, zero));
            }
          for (auto [x, y] : llvm::zip_equal(next, terms))
            for (Value term : y)
              x = b.fadd(x, term);
          return next;
        });
    Value number = arith::MaxNumFOp::create(b, sums[1], b.number(1.0, type));
    b.store(b.fdiv(sums[0], number), scratch.means, {at.slot, m, column});
  });
}

void ChoiceKernel::emitChoice() {
  // All chunks counted them.
  Value place = toIndex(arith::MaxSIOp::create(b, digit, count(0)));
  Value numEqual =
      b.select(isAll, count(0), b.load(scratch.bins, {at.slot, place}));
  SmallVector<Value> bound = b.ifElse(
      TypeRange{order, i32}, isAll,
      [&] { return SmallVector<Value>{never, count(0)}; },
      [&] {
        Bound bound = findLast(numEqual);
        return SmallVector<Value>{bound.order, bound.equals};
      });
  Value numChosen = emitChosen({bound[0], bound[1]}, numEqual);
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
  numAbove = b.load(scratch.found, {at.slot, b.idx(2)});
  isAll = b.compare(CmpIPredicate::slt, digit, count(0));
  splitChunk();
  ifLast(/*ticket=*/1, [&] { emitChoice(); });
}

void sparq::emitChoice(OpBuilder &builder, Plan &plan, const Scratch &scratch) {
  launchForChunks<ChoiceKernel>(builder, plan, scratch);
}
