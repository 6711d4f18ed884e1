//===- AttentionWeights.cpp - From scores to powers -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The scores of a block in scratch: modified, limited to the keys a row sees,
// and made into powers of two.
//
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

Value AttentionKernel::limit(Value score, Value row, int64_t group) {
  Value keys = b.splat(row);
  Value isAfter = b.compare(CmpIPredicate::sge, keys, rows->lowers(group));
  Value isBefore = b.compare(CmpIPredicate::slt, keys, rows->uppers(group));
  Value isVisible = arith::AndIOp::create(b, isAfter, isBefore);
  return b.select(isVisible, score, b.negInf());
}

SmallVector<Value> AttentionKernel::maximum(ValueRange maxima,
                                            ArrayRef<Value> scores) {
  // A NaN does not become the maximum: its power, and so the sum, is NaN all
  // the same.
  SmallVector<Value> next;
  for (auto [maximum, score] : llvm::zip_equal(maxima, scores))
    next.push_back(b.maxOrSecond(score, maximum));
  return next;
}

/// Whether the least score of some lane is -inf.
Value AttentionKernel::isAnyExcluded(ValueRange minima) {
  Value isExcluded;
  for (Value minimum : minima) {
    Value lanes = b.fcompare(CmpFPredicate::OEQ, minimum, b.negInf());
    isExcluded =
        isExcluded ? arith::OrIOp::create(b, isExcluded, lanes) : lanes;
  }
  return vector::ReductionOp::create(b, vector::CombiningKind::OR, isExcluded);
}

/// Modifies scores in place as far as they were not in their tiles. Returns
/// their maxima, and whether a modifier excluded any.
SmallVector<Value> AttentionKernel::modifyScores(Value firstKey, Value numKeys,
                                                 ValueRange maxima,
                                                 bool isMasked) {
  int64_t groups = shape.groups;
  // Limits, which exclude no key from every row, do not count.
  bool isWatched = !isMasked;
  bool isLimited = hasLimits && modifiers->isLate();
  if (isMasked)
    modifiers->blockMask()->beginBlock(firstKey, numKeys);
  modifiers->beginLate(scores, firstKey, numKeys);
  auto step = [&](Value key, ValueRange carried) {
    SmallVector<Value> keyScores, minima;
    for (int64_t g = 0; g < groups; ++g)
      keyScores.push_back(rows->loadGroup(scores, key, g));
    keyScores = modifiers->applyLate(keyScores, firstKey, key, isMasked);
    if (isWatched)
      for (int64_t g = 0; g < groups; ++g)
        minima.push_back(b.minOrSecond(keyScores[g], carried[groups + g]));
    if (isLimited) {
      Value position = b.add(firstKey, key);
      Value isInside = b.createOrFold<arith::AndIOp>(
          b.compare(CmpIPredicate::sge, position, rows->maxLower),
          b.compare(CmpIPredicate::slt, position, rows->minUpper));
      keyScores = b.ifElse(
          TypeRange(ValueRange(keyScores)), isInside, [&] { return keyScores; },
          [&] {
            SmallVector<Value> limited;
            for (int64_t g = 0; g < groups; ++g)
              limited.push_back(limit(keyScores[g], position, g));
            return limited;
          });
    }
    for (int64_t g = 0; g < groups; ++g)
      rows->storeGroup(keyScores[g], scores, key, g);
    SmallVector<Value> next = maximum(carried.take_front(groups), keyScores);
    next.append(minima);
    return next;
  };
  SmallVector<Value> inits(maxima);
  if (isWatched)
    inits.append(groups, b.number(std::numeric_limits<double>::infinity()));
  SmallVector<Value> last = b.loop(zero, numKeys, 1, inits, step);
  Value isThinned = b.integer(isMasked, b.getI1Type());
  if (isWatched) {
    isThinned = isAnyExcluded(ArrayRef<Value>(last).drop_front(groups));
    last.truncate(groups);
  }
  last.push_back(isThinned);
  return last;
}

/// Scores become powers in place; returns their sums. With `isCompacted`, keys
/// that modifiers exclude from every row are dropped, so that their values are
/// not read; then returns also how many are left.
SmallVector<Value> AttentionKernel::emitPowers(Value numKeys,
                                               ArrayRef<Value> shifts,
                                               bool isCompacted) {
  SmallVector<Value> inits(shape.groups, b.number(0.0));
  if (isCompacted)
    inits.push_back(zero);
  return b.loop(zero, numKeys, 1, inits, [&](Value row, ValueRange carried) {
    Value target = isCompacted ? carried.back() : row;
    SmallVector<Value> next;
    Value isSeen;
    for (int64_t g = 0; g < shape.groups; ++g) {
      Value score = rows->loadGroup(scores, row, g);
      Value power = emitPower(score, shifts[g]);
      rows->storeGroup(power, scores, target, g);
      next.push_back(b.fadd(carried[g], power));
      if (!isCompacted)
        continue;
      // Unordered: a NaN is seen.
      Value seen = b.fcompare(CmpFPredicate::UNE, score, b.negInf());
      isSeen = isSeen ? arith::OrIOp::create(b, isSeen, seen) : seen;
    }
    if (!isCompacted)
      return next;
    b.store(row, kept, target);
    Value isKept =
        vector::ReductionOp::create(b, vector::CombiningKind::OR, isSeen);
    next.push_back(b.select(isKept, b.add(target, 1), target));
    return next;
  });
}

Value AttentionKernel::emitPower(Value score, Value shift) {
  auto accuracy = words.isPair() ? VectorBuilder::Accuracy::BF16
                                 : VectorBuilder::Accuracy::Full;
  Value x = powerFactor
                ? b.fma(score, powerFactor, arith::NegFOp::create(b, shift))
                : b.fsub(score, shift);
  return b.exp2(x, accuracy);
}

/// Scores become pairs of powers in place: the pair of two keys lies before
/// both, or where the first was. Returns the sums of the powers.
SmallVector<Value> AttentionKernel::emitPowerPairs(Value numKeys,
                                                   ArrayRef<Value> shifts) {
  SmallVector<Value> inits(shape.groups, b.number(0.0));
  auto step = [&](Value row, ValueRange carried, bool isHalf) {
    SmallVector<Value> next;
    for (int64_t g = 0; g < shape.groups; ++g) {
      Value low = emitPower(rows->loadGroup(scores, row, g), shifts[g]);
      Value high = b.number(0.0), sum = b.fadd(carried[g], low);
      if (!isHalf) {
        high = emitPower(rows->loadGroup(scores, b.add(row, 1), g), shifts[g]);
        sum = b.fadd(sum, high);
      }
      rows->storeGroup(words.roundPairs(low, high), scores,
                       b.div(row, b.idx(2)), g);
      next.push_back(sum);
    }
    return next;
  };
  Value even = b.roundDown(numKeys, 2);
  SmallVector<Value> rowSums =
      b.loop(zero, even, 2, inits, [&](Value row, ValueRange carried) {
        return step(row, carried, /*isHalf=*/false);
      });
  return b.loop(even, numKeys, 1, rowSums, [&](Value row, ValueRange carried) {
    return step(row, carried, /*isHalf=*/true);
  });
}

/// The same for powers that modifiers left.
void AttentionKernel::roundPowers(Value numKeys) {
  auto step = [&](Value row, bool isHalf) {
    for (int64_t g = 0; g < shape.groups; ++g) {
      Value low = rows->loadGroup(scores, row, g);
      Value high =
          isHalf ? b.number(0.0) : rows->loadGroup(scores, b.add(row, 1), g);
      rows->storeGroup(words.roundPairs(low, high), scores,
                       b.div(row, b.idx(2)), g);
    }
  };
  Value even = b.roundDown(numKeys, 2);
  b.loop(zero, even, 2, [&](Value row) { step(row, /*isHalf=*/false); });
  b.loop(even, numKeys, 1, [&](Value row) { step(row, /*isHalf=*/true); });
}
