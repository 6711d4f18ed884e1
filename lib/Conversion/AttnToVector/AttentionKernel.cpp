//===- AttentionKernel.cpp - The panel kernel -----------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Online softmax attention with queries in lanes, for online and partial ops.
//
// For each block of keys and each panel of rows: scores[key][row] = key . query
// with a tile of keys in registers, maxima and powers per lane, then
// sums[column][row] = sums * alpha + value . scores with a tile of value
// columns in registers. Keys and values are read as scalars of their rows
// (KeySource.h); only queries and sums are transposed, once a panel. Powers are
// of two; scores are in units of log2 at the latest there (powerFactor), the
// state outside is natural.
//
// A few panels take turns at a block, so that what it costs to bring its keys
// and values into cache, and into words, is shared.
//
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

AttentionKernel::AttentionKernel(VectorBuilder &b, AttentionInterface op,
                                 const KernelShape &shape,
                                 const Scratch &scratch)
    : b(b), op(op), shape(shape), scratch(scratch), headDim(op.getHeadDim()),
      headDimV(op.getHeadDimV()), words(b, shape.word),
      keys(b, shape.getSpec(op, false), scratch),
      values(b, shape.getSpec(op, true), scratch), zero(b.idx(0)) {
  int64_t panel = shape.panel(), panels = shape.panels;
  allQueries = scratch.get("queries", {panels, words.count(headDim), panel},
                           b.floatType);
  scores = scratch.get("scores", {shape.block, panel}, b.floatType);
  allSums = scratch.get("sums", {panels, headDimV, panel}, b.floatType);
  allStates = scratch.get("state", {panels, 2, panel}, b.floatType);
  allRunning = scratch.get("running", {panels, 2, panel}, b.floatType);
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
    bool isThinning = modifiers->mayExclude();
    if (isThinning)
      kept = scratch.get("kept", {shape.block}, b.getIndexType());
    if (words.isPair()) {
      int64_t numWords = words.count(shape.block);
      allPairs =
          scratch.get("pairs", {isThinning ? 2 * numWords : numWords, headDimV},
                      b.floatType);
      arePaired = scratch.get("paired", {1}, b.getI8Type());
    }
    setFactors();

    b.loop(zero, numKvHeads, 1, [&](Value kvHeadIndex) {
      kvHead = kvHeadIndex;
      keys.beginHead(batch, kvHead);
      values.beginHead(batch, kvHead);
      Value group = b.div(b.idx(sizes.numHeads), numKvHeads);
      // All queries of the heads that share keys are rows of the same panels,
      // but not where panels of many rows would span two heads.
      Value isWide =
          b.compare(CmpIPredicate::sge, seqLenQ, b.idx(shape.panel()));
      Value isRagged = b.compare(CmpIPredicate::ne,
                                 b.rem(seqLenQ, b.idx(shape.panel())), zero);
      Value headsAtOnce = b.select(
          b.createOrFold<arith::AndIOp>(isWide, isRagged), b.idx(1), group);
      Value numRows = b.mul(headsAtOnce, seqLenQ);
      b.loop(zero, group, headsAtOnce, [&](Value member) {
        Value firstHead = b.add(b.mul(kvHead, group), member);
        b.loop(zero, numRows, shape.panel() * shape.panels,
               [&](Value firstRow) {
                 emitPanels(firstHead, firstRow, numRows, seqLenQ);
               });
      });
    });
  });
}

/// The set of panels that begins with row `firstRow`.
void AttentionKernel::emitPanels(Value firstHead, Value firstRow, Value numRows,
                                 Value seqLenQ) {
  Value panel = b.idx(shape.panel());
  Value left = b.sub(numRows, firstRow);
  Value numPanels =
      b.min(b.div(b.add(left, shape.panel() - 1), panel), b.idx(shape.panels));
  // The keys of the set: all there are, or those that some row sees.
  SmallVector<Value> range;
  if (hasLimits)
    range = {b.idx(std::numeric_limits<int64_t>::max()), zero};
  SmallVector<Value> seen =
      b.loop(zero, numPanels, 1, range, [&](Value index, ValueRange carried) {
        rows->begin(index, batch, firstHead,
                    b.add(firstRow, b.mul(index, panel)), numRows, seqLenQ);
        selectMatrices(index);
        ifSeen([&] {
          packQueries();
          readState();
        });
        SmallVector<Value> next;
        if (hasLimits)
          next = {b.min(carried[0], rows->minLower),
                  b.max(carried[1], rows->maxUpper)};
        return next;
      });
  Value lower = hasLimits ? seen[0] : rows->minLower;
  Value upper = hasLimits ? seen[1] : rows->maxUpper;
  b.loop(lower, upper, shape.block, [&](Value firstKey) {
    Value numKeys = b.min(b.sub(upper, firstKey), b.idx(shape.block));
    keys.beginBlock(firstKey, numKeys);
    values.beginBlock(firstKey, numKeys);
    if (words.isPair())
      b.store(b.integer(0, b.getI8Type()), arePaired, zero);
    b.loop(zero, numPanels, 1, [&](Value index) {
      selectPanel(index);
      emitPanelBlock(firstKey, numKeys);
    });
  });
  b.loop(zero, numPanels, 1, [&](Value index) {
    selectPanel(index);
    ifSeen([&] { finishState(); });
  });
}

void AttentionKernel::selectPanel(Value index) {
  rows->select(index);
  selectMatrices(index);
}

void AttentionKernel::selectMatrices(Value index) {
  queries = getMatrix(b, allQueries, index);
  sums = getMatrix(b, allSums, index);
  state = getMatrix(b, allStates, index);
  running = getMatrix(b, allRunning, index);
}

/// Rows that see none of the keys keep their state.
void AttentionKernel::ifSeen(function_ref<void()> body) {
  if (isa<PartialOp>(op))
    return body();
  b.ifThen(b.compare(CmpIPredicate::slt, rows->minLower, rows->maxUpper), body);
}

/// What scores are multiplied by where: by the scale, and by log2(e). A
/// positive constant can wait for the power, where it costs nothing: the
/// maximum stays where it is.
void AttentionKernel::setFactors() {
  Value factor = b.createOrFold<arith::MulFOp>(
      getScaleValue(op, b, b.getLoc()),
      b.number(modifiers->entryFactor(), b.floatType));
  Value factors = b.splat(factor);
  if (modifiers->changesScores())
    powerFactor = b.number(modifiers->exitFactor());
  if (!words.isPair()) {
    queryFactor = factor;
    return;
  }
  // A factor would be lost in the rounding of the query.
  APFloat constant(0.0f);
  if (!powerFactor && matchPattern(factor, m_ConstantFloat(&constant)) &&
      constant.isNormal() && !constant.isNegative())
    powerFactor = factors;
  else
    scoreFactor = factors;
}

void AttentionKernel::packQueries() {
  auto index = [&](Value head, Value row, Value column) {
    return operandIndex(head, row, column);
  };
  if (words.isPair())
    return rows->packPairs(op.getQuery(), index, headDim, queries);
  Value factors = b.splat(queryFactor);
  auto convert = [&](Value query) -> Value {
    bool isVector = isa<VectorType>(query.getType());
    return b.fmul(b.cast(query, b.floatType), isVector ? factors : queryFactor);
  };
  rows->pack(op.getQuery(), index, zero, b.idx(headDim), convert, queries);
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

/// The keys of a block that the current panel sees.
void AttentionKernel::emitPanelBlock(Value firstKey, Value numKeys) {
  numBlockKeys = numKeys;
  firstRow = zero;
  keyMatrix = keys.rows();
  valueMatrix = values.rows();
  auto body = [&] {
    modifiers->beginPanel(batch);
    storeRunning(emitBlock(firstKey, numKeys, loadRunning()));
  };
  if (!hasLimits)
    return body();
  // Words of a block begin with its even rows.
  firstRow = b.roundDown(b.max(b.sub(rows->minLower, firstKey), zero), 2);
  Value end = b.min(b.sub(rows->maxUpper, firstKey), numKeys);
  b.ifThen(b.compare(CmpIPredicate::slt, firstRow, end), [&] {
    firstKey = b.add(firstKey, firstRow);
    numKeys = b.sub(end, firstRow);
    OpFoldResult count = getAsOpFoldResult(numKeys);
    keyMatrix = getRows(b, keyMatrix, firstRow, count);
    valueMatrix = getRows(b, valueMatrix, firstRow, count);
    body();
  });
}

SmallVector<Value> AttentionKernel::loadRunning() {
  SmallVector<Value> values;
  for (int64_t row : {0, 1})
    for (int64_t g = 0; g < shape.groups; ++g)
      values.push_back(rows->loadGroup(running, b.idx(row), g));
  return values;
}

void AttentionKernel::storeRunning(ArrayRef<Value> values) {
  for (int64_t row : {0, 1})
    for (int64_t g = 0; g < shape.groups; ++g)
      rows->storeGroup(values[row * shape.groups + g], running, b.idx(row), g);
}

SmallVector<Value> AttentionKernel::emitBlock(Value firstKey, Value numKeys,
                                              ValueRange carried) {
  PanelMask *mask = modifiers->blockMask();
  if (!mask)
    return emitSeenBlock(firstKey, numKeys, carried, {});
  PanelMask::Summary seen = mask->summarize(firstKey, numKeys);
  return b.ifElse(
      TypeRange(carried), seen.any,
      [&] { return emitSeenBlock(firstKey, numKeys, carried, seen.all); },
      [&] { return SmallVector<Value>(carried); });
}

/// A block of which some key is visible. `isAllVisible`, when given, says that
/// the mask hides none of it.
SmallVector<Value> AttentionKernel::emitSeenBlock(Value firstKey, Value numKeys,
                                                  ValueRange carried,
                                                  Value isAllVisible) {
  int64_t groups = shape.groups;
  ValueRange oldMaxima = carried.take_front(groups);
  ValueRange oldSums = carried.drop_front(groups);
  modifiers->beginBlock(scores, firstKey, numKeys);
  // Maxima of scores in other units than those of the state begin anew.
  SmallVector<Value> inits(oldMaxima);
  if (powerFactor)
    inits.assign(groups, b.negInf());
  SmallVector<Value> extremes(inits);
  if (modifiers->mayExcludeInTile())
    extremes.append(groups, b.number(std::numeric_limits<double>::infinity()));
  SmallVector<Value> maxima = emitScores(firstKey, numKeys, extremes);
  // Whether some score was excluded on the way to these maxima.
  Value isThinned = b.integer(0, b.getI1Type());
  if (modifiers->mayExcludeInTile()) {
    isThinned = isAnyExcluded(ArrayRef<Value>(maxima).drop_front(groups));
    maxima.truncate(groups);
  }
  auto modify = [&](bool isMasked) {
    return modifyScores(firstKey, numKeys, inits, isMasked);
  };
  if (isAllVisible) {
    SmallVector<Type> types(groups, b.floats);
    types.push_back(b.getI1Type());
    maxima = b.ifElse(
        types, isAllVisible,
        [&] {
          if (modifiers->isLate())
            return modify(/*isMasked=*/false);
          SmallVector<Value> same(maxima);
          same.push_back(isThinned);
          return same;
        },
        [&] { return modify(/*isMasked=*/true); });
    isThinned = maxima.pop_back_val();
  } else if (modifiers->isLate()) {
    maxima = modify(/*isMasked=*/false);
    isThinned = maxima.pop_back_val();
  }
  if (powerFactor) {
    for (Value &value : maxima)
      value = b.fmul(value, powerFactor);
    maxima = maximum(oldMaxima, maxima);
  }

  SmallVector<Value> shifts, alphas;
  for (int64_t g = 0; g < groups; ++g) {
    shifts.push_back(b.safeShift(maxima[g]));
    alphas.push_back(b.exp2(b.fsub(oldMaxima[g], shifts[g])));
  }
  SmallVector<Value> added;
  Value numKept = numKeys;
  auto emitAll = [&] {
    return words.isPair() ? emitPowerPairs(numKeys, shifts)
                          : emitPowers(numKeys, shifts, /*isCompacted=*/false);
  };
  if (!modifiers->mayExclude()) {
    added = emitAll();
  } else {
    SmallVector<Type> types(groups, b.floats);
    types.push_back(b.getIndexType());
    added = b.ifElse(
        types, isThinned,
        [&] {
          SmallVector<Value> left =
              emitPowers(numKeys, shifts, /*isCompacted=*/true);
          if (words.isPair())
            roundPowers(left.back());
          return left;
        },
        [&] {
          SmallVector<Value> all = emitAll();
          all.push_back(numKeys);
          return all;
        });
    numKept = added.pop_back_val();
  }
  SmallVector<Value> next = maxima;
  for (int64_t g = 0; g < groups; ++g)
    next.push_back(b.fma(oldSums[g], alphas[g], added[g]));
  if (words.isPair())
    interleaveValues(numKept, isThinned);
  emitSums(words.count(numKept), isThinned, alphas);
  return next;
}

/// Stores the scores of a block. Returns the maxima of `extremes` and the
/// scores, and the minima if `extremes` has them.
SmallVector<Value> AttentionKernel::emitScores(Value firstKey, Value numKeys,
                                               ValueRange extremes) {
  int64_t tile = shape.tile;
  Value whole = b.sub(numKeys, b.rem(numKeys, b.idx(tile)));
  auto keyRows = [&](Value first, Value last) {
    SmallVector<Value> result;
    for (int64_t i = 0; i < tile; ++i) {
      Value row = b.add(first, i);
      result.push_back(last ? b.min(row, last) : row);
    }
    return result;
  };
  SmallVector<Value> next =
      b.loop(zero, whole, tile, extremes, [&](Value first, ValueRange carried) {
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
                                                  ValueRange extremes) {
  int64_t tile = shape.tile, groups = shape.groups;
  auto step = [&](Value word, ValueRange carried, bool isHalf = false) {
    SmallVector<Value> products, panel;
    for (int64_t g = 0; g < groups; ++g)
      panel.push_back(rows->loadGroup(queries, word, g));
    Value column = b.mul(word, b.idx(words.size()));
    for (int64_t i = 0; i < tile; ++i) {
      Value k = words.splatOfRow(keyMatrix, keyRows[i], column, isHalf);
      for (int64_t g = 0; g < groups; ++g)
        products.push_back(
            words.multiplyAdd(k, panel[g], carried[i * groups + g]));
    }
    return products;
  };
  // Two words at a time, then one, then a half.
  int64_t whole = headDim / words.size();
  modifiers->prefetchInTile(firstKey, first);
  SmallVector<Value> products(tile * groups, b.number(0.0));
  if (modifiers->beginsWithBias())
    for (int64_t i = 0; i < tile; ++i)
      for (int64_t g = 0; g < groups; ++g)
        products[i * groups + g] =
            modifiers->biasAt(scores, firstKey, keyRows[i], g);
  products = b.loop(zero, b.idx(whole & ~int64_t(1)), 2, products,
                    [&](Value word, ValueRange carried) {
                      SmallVector<Value> half = step(word, carried);
                      return step(b.add(word, 1), half);
                    });
  if (whole % 2)
    products = step(b.idx(whole - 1), products);
  if (words.count(headDim) > whole)
    products = step(b.idx(whole), products, /*isHalf=*/true);
  SmallVector<SmallVector<Value>> tileScores;
  SmallVector<Value> minima(extremes.drop_front(groups));
  for (int64_t i = 0; i < tile; ++i) {
    ArrayRef<Value> ofKey = ArrayRef<Value>(products).slice(i * groups, groups);
    tileScores.push_back(modifiers->applyInTile(ofKey, scoreFactor, scores,
                                                firstKey, keyRows[i]));
    for (auto [least, score] : llvm::zip(minima, tileScores.back()))
      least = b.minOrSecond(score, least);
  }

  auto finish = [&](bool isLimited) {
    SmallVector<Value> maxima(extremes.take_front(groups));
    for (int64_t i = 0; i < tile; ++i) {
      Value row = b.add(first, i);
      SmallVector<Value> ofKey(tileScores[i]);
      for (int64_t g = 0; g < groups; ++g) {
        if (isLimited)
          ofKey[g] = limit(ofKey[g], b.add(firstKey, row), g);
        rows->storeGroup(ofKey[g], scores, row, g);
      }
      if (!modifiers->isLate())
        maxima = maximum(maxima, ofKey);
    }
    return maxima;
  };
  SmallVector<Value> next;
  // What changes scores comes before limits.
  if (!hasLimits || modifiers->isLate()) {
    next = finish(/*isLimited=*/false);
  } else {
    Value begin = b.add(firstKey, first), end = b.add(begin, tile);
    Value isWhole = b.createOrFold<arith::AndIOp>(
        b.compare(CmpIPredicate::sge, begin, rows->maxLower),
        b.compare(CmpIPredicate::sle, end, rows->minUpper));
    next = b.ifElse(
        TypeRange(extremes.take_front(groups)), isWhole,
        [&] { return finish(/*isLimited=*/false); },
        [&] { return finish(/*isLimited=*/true); });
  }
  next.append(minima);
  return next;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value AttentionKernel::keptRow(Value row, Value isThinned) {
  return kept ? b.select(isThinned, b.load(kept, row), row) : row;
}

/// Makes words of the values: of the whole block for the first panel that needs
/// them, or of the `numKept` keys that are left to this one.
void AttentionKernel::interleaveValues(Value numKept, Value isThinned) {
  int64_t numWords = words.count(shape.block);
  auto interleaveBlock = [&] {
    Value done = b.load(arePaired, zero);
    Value isFirst =
        b.compare(CmpIPredicate::eq, done, b.integer(0, b.getI8Type()));
    b.ifThen(isFirst, [&] {
      words.interleaveRows(
          values.rows(), numBlockKeys, headDimV, [](Value key) { return key; },
          allPairs);
      b.store(b.integer(1, b.getI8Type()), arePaired, zero);
    });
    return SmallVector<Value>{b.div(firstRow, b.idx(2))};
  };
  Value first;
  if (!kept) {
    first = interleaveBlock().front();
  } else {
    auto interleaveKept = [&] {
      Value beyond =
          getRows(b, allPairs, b.idx(numWords), b.getIndexAttr(numWords));
      words.interleaveRows(
          valueMatrix, numKept, headDimV,
          [&](Value key) { return b.load(kept, key); }, beyond);
      return SmallVector<Value>{b.idx(numWords)};
    };
    first = b.ifElse(TypeRange(b.getIndexType()), isThinned, interleaveKept,
                     interleaveBlock)
                .front();
  }
  pairs = getRows(b, allPairs, first, getAsOpFoldResult(words.count(numKept)));
}

/// `isThinned` says whether the rows of scores are those of `kept`; null if
/// they never are.
void AttentionKernel::emitSums(Value numWords, Value isThinned,
                               ArrayRef<Value> alphas) {
  int64_t rest = headDimV % shape.tile, whole = headDimV - rest;
  b.loop(zero, b.idx(whole), shape.tile, [&](Value column) {
    emitSumTile(numWords, isThinned, column, shape.tile, alphas);
  });
  if (rest)
    emitSumTile(numWords, isThinned, b.idx(whole), rest, alphas);
}

void AttentionKernel::emitSumTile(Value numWords, Value isThinned, Value column,
                                  int64_t width, ArrayRef<Value> alphas) {
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
    Value keyRow = words.isPair() ? row : keptRow(row, isThinned);
    for (int64_t i = 0; i < width; ++i) {
      Value v = b.splat(b.load(words.isPair() ? pairs : valueMatrix,
                               {keyRow, b.add(column, i)}));
      for (int64_t g = 0; g < groups; ++g)
        products.push_back(
            words.multiplyAdd(v, powers[g], carried[i * groups + g]));
    }
    return products;
  };
  // One word a step: given two, LLVM loads the splats of both at once, which
  // do not fit into registers beside the sums.
  SmallVector<Value> products =
      b.loop(zero, numWords, 1, carriedIn,
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
