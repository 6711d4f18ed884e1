//===- AttentionKernel.cpp - The panel kernel -----------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Online softmax attention with queries in lanes, for online and partial ops.
//
// For a panel of rows and each block of keys: scores[key][row] = key . query
// with a tile of keys in registers, maxima and powers per lane, then
// sums[column][row] = sums * alpha + value . scores with a tile of value
// columns in registers. Keys and values are read as scalars of their rows
// (KeySource.h); only queries and sums are transposed, once a panel. Scores are
// in units of log2, the state outside is natural.
//
//===----------------------------------------------------------------------===//

#include "KeySource.h"
#include "Words.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr double kLn2 = 0.693147180559945309417;
static constexpr double kLog2e = 1.442695040888963407360;

namespace {
/// Emits the kernel of one op.
class AttentionKernel {
public:
  AttentionKernel(VectorBuilder &b, AttentionInterface op,
                  const KernelShape &shape, const Scratch &scratch);

  void emit();

private:
  void emitPanel(Value firstHead, Value firstRow, Value numRows, Value seqLenQ);
  void packQueries();
  void readState();
  void writeState(ArrayRef<Value> maxima, ArrayRef<Value> sums);
  void writePartial(ArrayRef<Value> maxima, ArrayRef<Value> sums);
  void emitKeys(Value lower, Value upper);
  SmallVector<Value> emitBlock(Value firstKey, Value numKeys,
                               ValueRange carried);
  SmallVector<Value> emitScores(Value firstKey, Value numKeys,
                                ValueRange maxima);
  SmallVector<Value> emitScoreTile(Value firstKey, Value key,
                                   ArrayRef<Value> keyRows, ValueRange maxima);
  SmallVector<Value> modifyScores(Value firstKey, Value numKeys,
                                  ValueRange maxima);
  std::pair<SmallVector<Value>, Value> emitPowers(Value numKeys,
                                                  ArrayRef<Value> shifts);
  SmallVector<Value> emitPowerPairs(Value numKeys, ArrayRef<Value> shifts);
  Value emitPower(Value score, Value shift);
  void roundPowers(Value numKeys);
  void emitSums(Value numWords, ArrayRef<Value> alphas);
  void emitSumTile(Value numWords, Value column, int64_t width,
                   ArrayRef<Value> alphas);

  SmallVector<Value> operandIndex(Value head, Value row, Value column);
  SmallVector<Value> stateIndex(Value head, Value row) {
    return {batch, head, row};
  }
  /// `score` without the keys the lanes of `group` do not see.
  Value limit(Value score, Value key, int64_t group);
  SmallVector<Value> maximum(ValueRange maxima, ArrayRef<Value> scores);

  VectorBuilder &b;
  AttentionInterface op;
  const KernelShape shape;
  Scratch scratch;
  int64_t headDim, headDimV;
  bool hasLimits = false;
  std::optional<PanelRows> rows;
  std::optional<ScoreModifiers> modifiers;
  Words words;
  /// Words of [head_dim], [block] and [head_dim_v] by panel. Powers take the
  /// place of scores, in words.
  Value queries, scores, sums;
  Value pairs; ///< Words of [block][head_dim_v], or null.
  Value state; ///< [2][panel]: maxima and sums.
  Value kept;  ///< [block]: the keys somebody sees.
  KeySource keys, values;
  /// What is left to multiply scores by when they are made, and when they
  /// become powers; each may be null.
  Value scoreFactor, powerFactor;
  Value batch, kvHead, zero;
};
} // namespace

AttentionKernel::AttentionKernel(VectorBuilder &b, AttentionInterface op,
                                 const KernelShape &shape,
                                 const Scratch &scratch)
    : b(b), op(op), shape(shape), scratch(scratch), headDim(op.getHeadDim()),
      headDimV(op.getHeadDimV()), words(b, shape.word),
      keys(b, shape.getSpec(op, false), scratch),
      values(b, shape.getSpec(op, true), scratch), zero(b.idx(0)) {
  int64_t panel = shape.panel();
  queries = scratch.get("queries", {words.count(headDim), panel}, b.floatType);
  scores = scratch.get("scores", {shape.block, panel}, b.floatType);
  sums = scratch.get("sums", {headDimV, panel}, b.floatType);
  state = scratch.get("state", {2, panel}, b.floatType);
  if (words.isPair())
    pairs =
        scratch.get("pairs", {words.count(shape.block), headDimV}, b.floatType);
}

SmallVector<Value> AttentionKernel::operandIndex(Value head, Value row,
                                                 Value column) {
  SmallVector<Value> at{batch, head, row, column};
  if (op.getHeadAxis() == 2)
    std::swap(at[1], at[2]);
  return at;
}

void AttentionKernel::emit() {
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  Value numKvHeads = b.idx(sizes.numKvHeads), seqLenQ = b.idx(sizes.seqLenQ);
  b.loop(zero, b.idx(sizes.batch), 1, [&](Value batchIndex) {
    batch = batchIndex;
    auto ranged = cast<AttnKeyRangesInterface>(op.getOperation());
    SmallVector<KeyRange> ranges =
        ranged.getKeyRanges(b, b.getLoc(), batch, zero, zero, seqLenQ);
    hasLimits =
        llvm::any_of(ranges, [](const KeyRange &r) { return r.needsMask; });
    Value lower = b.idx(ranges.front().lo), upper = b.idx(ranges.back().hi);
    rows.emplace(b, ranged, shape, scratch, hasLimits);
    rows->minLower = lower;
    rows->maxUpper = upper;
    modifiers.emplace(b, op, shape, scratch, *rows);
    if (modifiers->mayExclude())
      kept = scratch.get("kept", {shape.block}, b.getIndexType());

    b.loop(zero, numKvHeads, 1, [&](Value kvHeadIndex) {
      kvHead = kvHeadIndex;
      keys.beginHead(batch, kvHead);
      values.beginHead(batch, kvHead);
      Value group = b.div(b.idx(sizes.numHeads), numKvHeads);
      // Panels of one head where its queries fill one; else all queries of the
      // heads that share keys are rows of the same panels.
      Value isWide =
          b.compare(CmpIPredicate::sge, seqLenQ, b.idx(shape.panel()));
      Value headsAtOnce = b.select(isWide, b.idx(1), group);
      Value numRows = b.mul(headsAtOnce, seqLenQ);
      b.loop(zero, group, headsAtOnce, [&](Value member) {
        Value firstHead = b.add(b.mul(kvHead, group), member);
        b.loop(zero, numRows, shape.panel(), [&](Value firstRow) {
          emitPanel(firstHead, firstRow, numRows, seqLenQ);
        });
      });
    });
  });
}

void AttentionKernel::emitPanel(Value firstHead, Value firstRow, Value numRows,
                                Value seqLenQ) {
  rows->begin(batch, firstHead, firstRow, numRows, seqLenQ);
  auto body = [&] {
    packQueries();
    modifiers->beginPanel(batch);
    emitKeys(rows->minLower, rows->maxUpper);
  };
  if (isa<PartialOp>(op))
    return body();
  // Rows that see none of the keys keep their state.
  b.ifThen(b.compare(CmpIPredicate::slt, rows->minLower, rows->maxUpper), body);
}

/// The queries of the panel, and what scores are multiplied by where: by the
/// scale, and by log2(e) where no modifier wants them natural.
void AttentionKernel::packQueries() {
  Value factor = getScaleValue(op, b, b.getLoc());
  if (!modifiers->any())
    factor =
        b.createOrFold<arith::MulFOp>(factor, b.number(kLog2e, b.floatType));
  Value factors = b.splat(factor);
  auto index = [&](Value head, Value row, Value column) {
    return operandIndex(head, row, column);
  };
  if (!words.isPair()) {
    auto convert = [&](Value query) -> Value {
      bool isVector = isa<VectorType>(query.getType());
      return b.fmul(b.cast(query, b.floatType), isVector ? factors : factor);
    };
    rows->pack(op.getQuery(), index, zero, b.idx(headDim), convert, queries);
    return;
  }
  // A factor would be lost in the rounding of the query. A positive one can
  // wait for the power, where it costs nothing: the maximum stays where it is.
  rows->packPairs(op.getQuery(), index, headDim, queries);
  APFloat constant(0.0f);
  if (!modifiers->any() && matchPattern(factor, m_ConstantFloat(&constant)) &&
      constant.isNormal() && !constant.isNegative())
    powerFactor = factors;
  else
    scoreFactor = factors;
}

//===----------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------===//

void AttentionKernel::readState() {
  auto online = dyn_cast<OnlineOp>(op.getOperation());
  if (!online) {
    Value none = b.number(0.0);
    b.loop(zero, b.idx(headDimV), 1, [&](Value column) {
      for (int64_t g = 0; g < shape.groups; ++g)
        rows->storeGroup(none, sums, column, g);
    });
    return;
  }
  b.loop(zero, b.idx(shape.panel()), 1, [&](Value lane) {
    SmallVector<Value> at = stateIndex(rows->head(lane), rows->query(lane));
    b.store(b.load(online.getRowMax(), at), state, {zero, lane});
    b.store(b.load(online.getRowSum(), at), state, {b.idx(1), lane});
  });
  auto index = [&](Value head, Value row, Value column) {
    return SmallVector<Value>{batch, head, row, column};
  };
  rows->pack(
      online.getAcc(), index, zero, b.idx(headDimV), [](Value v) { return v; },
      sums);
}

void AttentionKernel::writeState(ArrayRef<Value> maxima,
                                 ArrayRef<Value> rowSums) {
  auto online = cast<OnlineOp>(op.getOperation());
  Value one = b.idx(1);
  for (int64_t g = 0; g < shape.groups; ++g) {
    // A maximum that did not change is written back as it was read: changing
    // units twice may not give it back.
    Value before = rows->loadGroup(state, zero, g);
    Value isSame = b.fcompare(CmpFPredicate::OEQ, maxima[g],
                              b.fmul(before, b.number(kLog2e)));
    Value natural = b.fmul(maxima[g], b.number(kLn2));
    rows->storeGroup(b.select(isSame, before, natural), state, zero, g);
    rows->storeGroup(rowSums[g], state, one, g);
  }
  rows->forEachRow([&](Value lane, Value head, Value row) {
    SmallVector<Value> at = stateIndex(head, row);
    b.store(b.load(state, {zero, lane}), online.getRowMax(), at);
    b.store(b.load(state, {one, lane}), online.getRowSum(), at);
  });
  auto index = [&](Value head, Value row, Value column) {
    return SmallVector<Value>{batch, head, row, column};
  };
  rows->unpack(sums, online.getAcc(), index, b.idx(headDimV));
}

void AttentionKernel::writePartial(ArrayRef<Value> maxima,
                                   ArrayRef<Value> rowSums) {
  auto partial = cast<PartialOp>(op.getOperation());
  Value none = b.number(0.0), negInf = b.negInf();
  SmallVector<Value> dead, inverse;
  for (int64_t g = 0; g < shape.groups; ++g) {
    dead.push_back(b.fcompare(CmpFPredicate::OEQ, rowSums[g], none));
    inverse.push_back(b.fdiv(b.number(1.0), rowSums[g]));
    Value natural = b.fmul(b.safeShift(maxima[g]), b.number(kLn2));
    Value lse = b.fadd(natural, b.log(rowSums[g]));
    rows->storeGroup(b.select(dead[g], negInf, lse), state, zero, g);
  }
  rows->forEachRow([&](Value lane, Value head, Value row) {
    b.store(b.load(state, {zero, lane}), partial.getLse(),
            stateIndex(head, row));
  });
  b.loop(zero, b.idx(headDimV), 1, [&](Value column) {
    for (int64_t g = 0; g < shape.groups; ++g) {
      Value sum = b.fmul(rows->loadGroup(sums, column, g), inverse[g]);
      rows->storeGroup(b.select(dead[g], none, sum), sums, column, g);
    }
  });
  auto index = [&](Value head, Value row, Value column) {
    return SmallVector<Value>{batch, head, row, column};
  };
  rows->unpack(sums, partial.getOutput(), index, b.idx(headDimV));
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

void AttentionKernel::emitKeys(Value lower, Value upper) {
  readState();
  bool isPartial = isa<PartialOp>(op);
  SmallVector<Value> inits;
  for (int64_t g = 0; g < shape.groups; ++g)
    inits.push_back(
        isPartial ? b.negInf()
                  : b.fmul(rows->loadGroup(state, zero, g), b.number(kLog2e)));
  for (int64_t g = 0; g < shape.groups; ++g)
    inits.push_back(isPartial ? b.number(0.0)
                              : rows->loadGroup(state, b.idx(1), g));
  SmallVector<Value> last =
      b.loop(lower, upper, shape.block, inits,
             [&](Value firstKey, ValueRange carried) {
               Value numKeys =
                   b.min(b.sub(upper, firstKey), b.idx(shape.block));
               return emitBlock(firstKey, numKeys, carried);
             });
  ArrayRef<Value> all(last);
  if (isPartial)
    writePartial(all.take_front(shape.groups), all.drop_front(shape.groups));
  else
    writeState(all.take_front(shape.groups), all.drop_front(shape.groups));
}

SmallVector<Value> AttentionKernel::emitBlock(Value firstKey, Value numKeys,
                                              ValueRange carried) {
  ValueRange oldMaxima = carried.take_front(shape.groups);
  ValueRange oldSums = carried.drop_front(shape.groups);
  keys.beginBlock(firstKey, numKeys);
  SmallVector<Value> inits(oldMaxima);
  if (powerFactor)
    inits.assign(shape.groups, b.negInf());
  SmallVector<Value> maxima = emitScores(firstKey, numKeys, inits);
  if (modifiers->any())
    maxima = modifyScores(firstKey, numKeys, oldMaxima);
  if (powerFactor) {
    for (Value &value : maxima)
      value = b.fmul(value, powerFactor);
    maxima = maximum(oldMaxima, maxima);
  }

  SmallVector<Value> shifts, alphas;
  for (int64_t g = 0; g < shape.groups; ++g) {
    shifts.push_back(b.safeShift(maxima[g]));
    alphas.push_back(b.exp2(b.fsub(oldMaxima[g], shifts[g])));
  }
  SmallVector<Value> added;
  Value numKept = numKeys;
  if (pairs && !kept)
    added = emitPowerPairs(numKeys, shifts);
  else
    std::tie(added, numKept) = emitPowers(numKeys, shifts);
  SmallVector<Value> next = maxima;
  for (int64_t g = 0; g < shape.groups; ++g)
    next.push_back(b.fma(oldSums[g], alphas[g], added[g]));
  values.beginBlock(firstKey, numKeys);
  if (pairs) {
    if (kept)
      roundPowers(numKept);
    words.interleaveRows(
        values.rows(), numKept, headDimV,
        [&](Value key) { return kept ? b.load(kept, key) : key; }, pairs);
  }
  emitSums(words.count(numKept), alphas);
  return next;
}

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

SmallVector<Value> AttentionKernel::emitScores(Value firstKey, Value numKeys,
                                               ValueRange maxima) {
  int64_t tile = shape.tile;
  Value whole = b.roundDown(numKeys, tile);
  auto keyRows = [&](Value first, Value last) {
    SmallVector<Value> result;
    for (int64_t i = 0; i < tile; ++i) {
      Value row = b.add(first, i);
      result.push_back(last ? b.min(row, last) : row);
    }
    return result;
  };
  SmallVector<Value> next =
      b.loop(zero, whole, tile, maxima, [&](Value first, ValueRange carried) {
        return emitScoreTile(firstKey, first, keyRows(first, {}), carried);
      });
  // The last tile repeats its last key instead of reading beyond it; nobody
  // looks at the repeated scores.
  Value last = b.sub(numKeys, b.idx(1));
  return b.loop(
      whole, numKeys, tile, next, [&](Value first, ValueRange carried) {
        return emitScoreTile(firstKey, first, keyRows(first, last), carried);
      });
}

SmallVector<Value> AttentionKernel::emitScoreTile(Value firstKey, Value first,
                                                  ArrayRef<Value> keyRows,
                                                  ValueRange maxima) {
  int64_t tile = shape.tile, groups = shape.groups;
  auto step = [&](Value word, ValueRange carried, bool isHalf = false) {
    SmallVector<Value> products, panel;
    for (int64_t g = 0; g < groups; ++g)
      panel.push_back(rows->loadGroup(queries, word, g));
    Value column = b.mul(word, b.idx(words.size()));
    for (int64_t i = 0; i < tile; ++i) {
      Value k = words.splatOfRow(keys.rows(), keyRows[i], column, isHalf);
      for (int64_t g = 0; g < groups; ++g)
        products.push_back(
            words.multiplyAdd(k, panel[g], carried[i * groups + g]));
    }
    return products;
  };
  // Two words at a time, then one, then a half.
  int64_t whole = headDim / words.size();
  SmallVector<Value> products(tile * groups, b.number(0.0));
  products = b.loop(zero, b.idx(whole & ~int64_t(1)), 2, products,
                    [&](Value word, ValueRange carried) {
                      SmallVector<Value> half = step(word, carried);
                      return step(b.add(word, 1), half);
                    });
  if (whole % 2)
    products = step(b.idx(whole - 1), products);
  if (words.count(headDim) > whole)
    products = step(b.idx(whole), products, /*isHalf=*/true);
  if (scoreFactor)
    for (Value &score : products)
      score = b.fmul(score, scoreFactor);

  auto finish = [&](bool isLimited) {
    SmallVector<Value> next(maxima);
    for (int64_t i = 0; i < tile; ++i) {
      SmallVector<Value> tileScores;
      Value row = b.add(first, i);
      for (int64_t g = 0; g < groups; ++g) {
        Value score = products[i * groups + g];
        if (isLimited)
          score = limit(score, b.add(firstKey, row), g);
        rows->storeGroup(score, scores, row, g);
        tileScores.push_back(score);
      }
      if (!modifiers->any())
        next = maximum(next, tileScores);
    }
    return next;
  };
  // Modifiers come before limits, and look at every score anyway.
  if (!hasLimits || modifiers->any())
    return finish(/*isLimited=*/false);
  Value begin = b.add(firstKey, first), end = b.add(begin, tile);
  Value isWhole = b.createOrFold<arith::AndIOp>(
      b.compare(CmpIPredicate::sge, begin, rows->maxLower),
      b.compare(CmpIPredicate::sle, end, rows->minUpper));
  return b.ifElse(
      TypeRange(maxima), isWhole, [&] { return finish(/*isLimited=*/false); },
      [&] { return finish(/*isLimited=*/true); });
}

SmallVector<Value> AttentionKernel::modifyScores(Value firstKey, Value numKeys,
                                                 ValueRange maxima) {
  modifiers->beginBlock(scores, firstKey, numKeys);
  return b.loop(zero, numKeys, 1, maxima, [&](Value row, ValueRange carried) {
    SmallVector<Value> keyScores;
    for (int64_t g = 0; g < shape.groups; ++g)
      keyScores.push_back(rows->loadGroup(scores, row, g));
    keyScores = modifiers->finish(keyScores, firstKey, row);
    for (int64_t g = 0; g < shape.groups; ++g) {
      Value score = b.fmul(keyScores[g], b.number(kLog2e));
      if (hasLimits)
        score = limit(score, b.add(firstKey, row), g);
      rows->storeGroup(score, scores, row, g);
      keyScores[g] = score;
    }
    return maximum(carried, keyScores);
  });
}

/// Scores become powers in place. Returns their sums, and how many keys are
/// left: where modifiers may exclude a key from every row, such keys are
/// dropped, so that their values are not read.
std::pair<SmallVector<Value>, Value>
AttentionKernel::emitPowers(Value numKeys, ArrayRef<Value> shifts) {
  SmallVector<Value> inits(shape.groups, b.number(0.0));
  if (kept)
    inits.push_back(zero);
  SmallVector<Value> last =
      b.loop(zero, numKeys, 1, inits, [&](Value row, ValueRange carried) {
        Value target = kept ? carried.back() : row;
        SmallVector<Value> next;
        Value isSeen;
        for (int64_t g = 0; g < shape.groups; ++g) {
          Value score = rows->loadGroup(scores, row, g);
          Value power = emitPower(score, shifts[g]);
          rows->storeGroup(power, scores, target, g);
          next.push_back(b.fadd(carried[g], power));
          if (!kept)
            continue;
          // Unordered: a NaN is seen.
          Value seen = b.fcompare(CmpFPredicate::UNE, score, b.negInf());
          isSeen = isSeen ? arith::OrIOp::create(b, isSeen, seen) : seen;
        }
        if (!kept)
          return next;
        b.store(row, kept, target);
        Value isKept =
            vector::ReductionOp::create(b, vector::CombiningKind::OR, isSeen);
        next.push_back(b.select(isKept, b.add(target, 1), target));
        return next;
      });
  Value numKept = numKeys;
  if (kept)
    numKept = last.pop_back_val();
  return {last, numKept};
}

Value AttentionKernel::emitPower(Value score, Value shift) {
  if (!powerFactor)
    return b.exp2(b.fsub(score, shift));
  return b.exp2(b.fma(score, powerFactor, arith::NegFOp::create(b, shift)));
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

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

void AttentionKernel::emitSums(Value numWords, ArrayRef<Value> alphas) {
  int64_t rest = headDimV % shape.tile, whole = headDimV - rest;
  b.loop(zero, b.idx(whole), shape.tile, [&](Value column) {
    emitSumTile(numWords, column, shape.tile, alphas);
  });
  if (rest)
    emitSumTile(numWords, b.idx(whole), rest, alphas);
}

void AttentionKernel::emitSumTile(Value numWords, Value column, int64_t width,
                                  ArrayRef<Value> alphas) {
  int64_t groups = shape.groups;
  SmallVector<Value> carriedIn;
  for (int64_t i = 0; i < width; ++i)
    for (int64_t g = 0; g < groups; ++g)
      carriedIn.push_back(
          b.fmul(rows->loadGroup(sums, b.add(column, i), g), alphas[g]));
  auto step = [&](Value row, ValueRange carried) {
    SmallVector<Value> products, powers;
    for (int64_t g = 0; g < groups; ++g)
      powers.push_back(rows->loadGroup(scores, row, g));
    Value keyRow = kept && !pairs ? b.load(kept, row) : row;
    for (int64_t i = 0; i < width; ++i) {
      Value v = b.splat(
          b.load(pairs ? pairs : values.rows(), {keyRow, b.add(column, i)}));
      for (int64_t g = 0; g < groups; ++g)
        products.push_back(
            words.multiplyAdd(v, powers[g], carried[i * groups + g]));
    }
    return products;
  };
  Value even = b.roundDown(numWords, 2);
  SmallVector<Value> products =
      b.loop(zero, even, 2, carriedIn, [&](Value row, ValueRange carried) {
        SmallVector<Value> half = step(row, carried);
        return step(b.add(row, 1), half);
      });
  products =
      b.loop(even, numWords, 1, products,
             [&](Value row, ValueRange carried) { return step(row, carried); });
  for (int64_t i = 0; i < width; ++i)
    for (int64_t g = 0; g < groups; ++g)
      rows->storeGroup(products[i * groups + g], sums, b.add(column, i), g);
}

void attn::emitAttentionKernel(VectorBuilder &b, AttentionInterface op,
                               const KernelShape &shape,
                               const Scratch &scratch) {
  AttentionKernel(b, op, shape, scratch).emit();
}
