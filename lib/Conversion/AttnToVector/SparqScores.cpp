//===- SparqScores.cpp - Scores of all keys by a few channels -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A tile of scores is a sum of channel rows, each times one element of the
// query. While one tile is computed, the rows of the next one are asked for:
// the channels are spread over memory, and nothing else would fetch them in
// time.
//
//===----------------------------------------------------------------------===//

#include "SparqKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr double kLog2e = 1.442695040888963407360;

/// Vectors of keys whose scores of so many heads are in registers together.
static int64_t getVectors(int64_t heads) {
  return std::clamp<int64_t>(8 / heads, 1, 4);
}

//===----------------------------------------------------------------------===//
// Queries and channels
//===----------------------------------------------------------------------===//

/// The queries of the group in the computed type, padded with zeros.
void SparqKernel::packQueries() {
  int64_t padded = llvm::alignTo(headDim, lanes);
  queries = scratch->get("queries", {group, padded}, b.floatType);
  Value from = op.getQuery();
  bool isVector = hasContiguousRows(from) && headDim % lanes == 0;
  for (int64_t h = 0; h < group; ++h) {
    Value head = b.add(at.firstHead, h);
    auto index = [&](Value column) {
      SmallVector<Value> result{at.batch, head, zero, column};
      if (op.getHeadAxis() == 2)
        std::swap(result[1], result[2]);
      return result;
    };
    if (isVector) {
      b.loop(zero, b.idx(headDim), lanes, [&](Value column) {
        Value vector = b.loadVector(from, index(column));
        b.storeVector(b.cast(vector, b.floatType), queries, {b.idx(h), column});
      });
      continue;
    }
    b.storeVector(b.number(0.0), queries, {b.idx(h), b.idx(padded - lanes)});
    b.loop(zero, b.idx(headDim), 1, [&](Value column) {
      Value element = b.load(from, index(column));
      b.store(b.cast(element, b.floatType), queries, {b.idx(h), column});
    });
  }
}

/// The `rank` channels of largest sum of |q|, in ascending order: those that
/// fewer than `rank` others come before.
void SparqKernel::chooseChannels() {
  int64_t padded = llvm::alignTo(headDim, lanes);
  channels =
      scratch->get("channels", {rank + 2 * channelsAtOnce}, b.getIndexType());
  Value magnitudes = scratch->get("magnitudes", {padded}, integer);
  b.loop(zero, b.idx(padded), lanes, [&](Value column) {
    Value sum;
    for (int64_t h = 0; h < group; ++h) {
      Value q = b.loadVector(queries, {b.idx(h), column});
      Value size = math::AbsFOp::create(b, q);
      sum = sum ? b.fadd(sum, size) : size;
    }
    b.storeVector(toOrder(sum), magnitudes, column);
  });
  // Padding comes after everything.
  b.loop(b.idx(headDim), b.idx(padded), 1, [&](Value column) {
    b.store(b.integer(never, integer), magnitudes, column);
  });
  // Equal to it and before it: other vectors as a whole, its own by lanes.
  SmallVector<Attribute> numbers;
  for (int64_t i = 0; i < lanes; ++i)
    numbers.push_back(IntegerAttr::get(integer, i));
  Value steps =
      arith::ConstantOp::create(b, DenseElementsAttr::get(integers, numbers));
  Value one = b.integer(1, integers), none = b.integer(0, integers);
  Value target = zero;
  for (int64_t first = 0; first < headDim; first += lanes) {
    Value end = b.idx(std::min(headDim, first + lanes));
    auto emitChannel = [&](Value channel, ValueRange carried) {
      Value own = b.splat(b.load(magnitudes, channel));
      Value lane = b.createOrFold<arith::IndexCastOp>(
          integer, b.sub(channel, b.idx(first)));
      Value before = none;
      for (int64_t i = 0; i < padded; i += lanes) {
        Value other = b.loadVector(magnitudes, b.idx(i));
        Value isBefore = b.compare(
            i < first ? CmpIPredicate::sge : CmpIPredicate::sgt, other, own);
        if (i == first) {
          Value isEqual = arith::AndIOp::create(
              b, b.compare(CmpIPredicate::eq, other, own),
              b.compare(CmpIPredicate::slt, steps, b.splat(lane)));
          isBefore = arith::OrIOp::create(b, isBefore, isEqual);
        }
        before =
            arith::AddIOp::create(b, before, b.select(isBefore, one, none));
      }
      Value count =
          vector::ReductionOp::create(b, vector::CombiningKind::ADD, before);
      b.store(channel, channels, carried[0]);
      Value isChosen =
          b.compare(CmpIPredicate::slt, count, b.integer(rank, integer));
      return SmallVector<Value>{
          b.select(isChosen, b.add(carried[0], 1), carried[0])};
    };
    target = b.loop(b.idx(first), end, 1, target, emitChannel).front();
  }
  // And the first ones again: what is asked for when all have been.
  b.loop(zero, b.idx(2 * channelsAtOnce), 1, [&](Value i) {
    Value from = b.rem(i, b.idx(rank));
    b.store(b.load(channels, from), channels, b.add(i, rank));
  });
}

/// The chosen elements of the queries times all that scores are multiplied by.
void SparqKernel::packChannels() {
  packed = scratch->get("packed", {group, rank}, b.floatType);
  Value scale = getScaleValue(op, b, b.getLoc());
  if (!hasModifiers)
    scale = b.fmul(scale, b.number(kLog2e, b.floatType));
  for (int64_t h = 0; h < group; ++h) {
    Value head = b.idx(h), none = b.number(0.0, b.floatType);
    Value all = b.number(0.0);
    int64_t padded = llvm::alignTo(headDim, lanes);
    for (int64_t i = 0; i < padded; i += lanes)
      all = b.fadd(all, math::AbsFOp::create(
                            b, b.loadVector(queries, {head, b.idx(i)})));
    all = reduce(all, [&](Value x, Value y) { return b.fadd(x, y); });
    all = vector::ExtractOp::create(b, all, ArrayRef<int64_t>{0});
    Value some =
        b.loop(zero, b.idx(rank), 1, none, [&](Value i, ValueRange in) {
           Value q = b.load(queries, {head, b.load(channels, i)});
           return SmallVector<Value>{
               b.fadd(in.front(), math::AbsFOp::create(b, q))};
         }).front();
    // A query of zeros among the chosen channels weighs all keys alike.
    Value factor = math::SqrtOp::create(b, b.fdiv(all, some));
    factor = b.select(b.fcompare(CmpFPredicate::OEQ, some, none), none, factor);
    factor = b.fmul(factor, scale);
    b.loop(zero, b.idx(rank), 1, [&](Value i) {
      Value q = b.load(queries, {head, b.load(channels, i)});
      b.store(b.fmul(q, factor), packed, {head, i});
    });
  }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Of the tiles [first, end). Powers of a tile are computed during the products
/// of the next one, which wait for memory; during those of the first, powers of
/// the tile `spare`, which nobody reads.
void SparqKernel::emitScores(const Scores &to, Value first, Value end,
                             Value spare) {
  if (!readsChannels)
    rowsOfChannels =
        scratch->get("rows of channels", {rank, tile}, b.floatType);
  if (needsSoftmax)
    powerSums = scratch->get("sums of powers", {group, lanes}, b.floatType);
  b.loop(first, end, 1, [&](Value index) {
    if (!readsChannels)
      gatherChannels(index);
    Value isFirst = b.compare(CmpIPredicate::eq, index, first);
    Value previous = b.select(isFirst, spare, b.sub(index, b.idx(1)));
    emitProducts(to, index, needsSoftmax ? previous : Value());
    if (hasModifiers)
      modify(to, index);
    dropUnseen(to, index);
    if (needsSoftmax)
      emitMaxima(to, index);
  });
  if (!needsSoftmax)
    return;
  Value last = b.sub(end, b.idx(1));
  last = b.select(b.compare(CmpIPredicate::slt, first, end), last, spare);
  clearSums();
  emitPowers(to, last, /*firstUnit=*/0, /*units=*/1);
  storeSums(to, last);
}

/// The chosen components of a tile of keys, channel by channel.
void SparqKernel::gatherChannels(Value index) {
  int64_t block = 32;
  KeySpec spec{op, /*isValue=*/false, b.floatType, block};
  Type element = getElementTypeOrSelf(op.getKey().getType());
  if (!op.getKeyScale() && isa<FloatType>(element) &&
      element.getIntOrFloatBitWidth() >= 16)
    spec.type = element;
  KeySource keys(b, spec, *scratch);
  keys.beginHead(at.batch, at.kvHead);
  Value firstKey = b.mul(index, b.idx(tile));
  Value numKeys = b.min(b.sub(at.hi, firstKey), b.idx(tile));
  b.loop(zero, numKeys, block, [&](Value done) {
    Value count = b.min(b.sub(numKeys, done), b.idx(block));
    keys.beginBlock(b.add(firstKey, done), count);
    b.loop(zero, count, 1, [&](Value row) {
      b.loop(zero, b.idx(rank), 1, [&](Value i) {
        Value x = keys.load(row, b.load(channels, i));
        b.store(b.toFloat(x), rowsOfChannels, {i, b.add(done, row)});
      });
    });
  });
}

/// Scores of a tile: rows of a few channels at a time, each from its beginning
/// to its end, are added to the scores so far, which stay in the first cache.
/// Memory gives a few long rows faster than it gives pieces of all of them.
/// Between them, the powers of the tile `previous`, unless it is null.
void SparqKernel::emitProducts(const Scores &to, Value index, Value previous) {
  Value firstKey = b.mul(index, b.idx(tile));
  // Of the last tile, no more than there is.
  Value size = b.min(b.sub(at.hi, firstKey), b.idx(tile));
  int64_t count = channelsAtOnce, whole = rank / count * count;
  SmallVector<int64_t> vectors;
  forEachHeadTile(
      [&](int64_t, int64_t heads) { vectors.push_back(getVectors(heads)); });
  int64_t headTiles = vectors.size();
  int64_t passes = llvm::divideCeil(rank, count) * headTiles;
  // A unit is what one pass comes to with one power each time around: a part
  // of a head's keys. Heads by different widths have different units.
  int64_t units = group * vectors.front(), perPass = 1;
  while (perPass * passes < units && perPass < vectors.front())
    perPass *= 2;
  if (!previous || !llvm::all_equal(vectors))
    perPass = 0;
  int64_t withPowers =
      perPass == 0 ? 0 : std::min(passes, units / perPass) / headTiles;

  auto emitRows = [&](Value first, int64_t count, bool isFirst,
                      bool hasPowers) {
    ChannelRows rows{index, firstKey, size, first, nullptr, {}, {}};
    for (int64_t c = 0; c < count; ++c)
      rows.channels.push_back(readsChannels ? b.load(channels, b.add(first, c))
                                            : b.add(first, c));
    if (readsChannels) {
      // After the last channel of this tile comes the first one of the next.
      Value ahead = b.add(first, channelsAtOnce);
      Value isOver = b.compare(CmpIPredicate::sge, ahead, b.idx(rank));
      Value next = b.min(b.add(index, 1), b.sub(at.tiles, b.idx(1)));
      rows.nextTile = b.select(isOver, next, index);
      for (int64_t c = 0; c < count; ++c)
        rows.next.push_back(b.load(channels, b.add(ahead, c)));
    }
    Value pass = b.mul(b.div(first, b.idx(channelsAtOnce)), b.idx(headTiles));
    forEachHeadTile([&](int64_t firstHead, int64_t heads) {
      Powers powers;
      if (hasPowers) {
        Value unit = b.mul(pass, b.idx(perPass));
        powers = beginPowers(to, previous, unit, vectors.front(), perPass);
      }
      emitProducts(to, rows, firstHead, heads, isFirst, powers);
      rows.next.clear();
      pass = b.add(pass, 1);
    });
  };
  auto emitLoop = [&](int64_t from, int64_t end, bool hasPowers) {
    if (from < end)
      b.loop(b.idx(from), b.idx(end), count, [&](Value first) {
        emitRows(first, count, /*isFirst=*/false, hasPowers);
      });
  };
  if (previous)
    clearSums();
  emitRows(zero, count, /*isFirst=*/true, withPowers > 0);
  int64_t mixed = std::clamp(withPowers * count, count, whole);
  emitLoop(count, mixed, /*hasPowers=*/true);
  emitLoop(mixed, whole, /*hasPowers=*/false);
  if (whole < rank)
    emitRows(b.idx(whole), rank - whole, /*isFirst=*/false,
             withPowers * count > whole);
  if (!previous)
    return;
  // What the passes were too few for.
  int64_t done = withPowers * headTiles * perPass;
  if (done < units)
    emitPowers(to, previous, done, vectors.front());
  storeSums(to, previous);
}

/// Where a channel of keys of a tile is, counted from the tile's first key: a
/// tile of the second layout is some of those whose scores are computed.
SmallVector<Value> SparqKernel::getChannelIndex(Value index, Value channel,
                                                Value key) {
  auto type = cast<MemRefType>(step.getKeyT().getType());
  Value ratio = b.idx(type.getDimSize(4) / tile);
  Value start = b.mul(b.rem(index, ratio), b.idx(tile));
  return {at.batch, at.kvHead, b.div(index, ratio), channel, b.add(start, key)};
}

/// Adds the products of some rows of a tile with the queries of some heads to
/// their scores, and asks for rows that will be read later.
void SparqKernel::emitProducts(const Scores &to, const ChannelRows &rows,
                               int64_t firstHead, int64_t heads, bool isFirst,
                               const Powers &powers) {
  Value keyT = step.getKeyT();
  int64_t vectors = getVectors(heads);
  int64_t width = vectors * lanes, perLine = 1;
  if (readsChannels)
    perLine = 512 / cast<MemRefType>(keyT.getType()).getElementTypeBitWidth();
  SmallVector<Value> elements;
  for (int64_t h = 0; h < heads; ++h)
    for (size_t c = 0; c < rows.channels.size(); ++c)
      elements.push_back(b.splat(b.load(
          packed, {b.idx(firstHead + h), b.add(rows.first, int64_t(c))})));
  SmallVector<Value> inits(powers.perTime, b.number(0.0));
  auto emitTime = [&](Value offset, ValueRange in) {
    auto index = [&](int64_t h, int64_t v) {
      Value key = b.add(b.add(rows.firstKey, offset), v * lanes);
      return SmallVector<Value>{at.slot, b.idx(firstHead + h), key};
    };
    for (Value channel : rows.next)
      for (int64_t j = 0; j < width; j += perLine)
        b.prefetch(keyT,
                   getChannelIndex(rows.nextTile, channel, b.add(offset, j)));
    SmallVector<Value> products;
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t v = 0; v < vectors; ++v)
        products.push_back(isFirst ? b.number(0.0)
                                   : b.loadVector(to.scores, index(h, v)));
    for (auto [c, channel] : llvm::enumerate(rows.channels))
      for (int64_t v = 0; v < vectors; ++v) {
        Value column = b.add(offset, v * lanes);
        Value x = readsChannels
                      ? b.loadVector(
                            keyT, getChannelIndex(rows.tile, channel, column))
                      : b.loadVector(rowsOfChannels, {channel, column});
        x = b.cast(x, b.floatType);
        for (int64_t h = 0; h < heads; ++h)
          products[h * vectors + v] =
              b.fma(x, elements[h * rows.channels.size() + c],
                    products[h * vectors + v]);
      }
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t v = 0; v < vectors; ++v)
        b.storeVector(products[h * vectors + v], to.scores, index(h, v));
    return emitPowers(to, powers, offset, in);
  };
  SmallVector<Value> totals = b.loop(zero, rows.size, width, inits, emitTime);
  if (powers.perTime == 0)
    return;
  // The rest of the other tile, if this one ends early.
  Value done = b.mul(ceilDiv(rows.size, width), b.idx(width));
  totals = b.loop(done, b.idx(tile), width, totals,
                  [&](Value offset, ValueRange in) {
                    return emitPowers(to, powers, offset, in);
                  });
  addToSums(powers, totals);
}

/// Softcap, bias, score region and mask, and then units of log2.
void SparqKernel::modify(const Scores &to, Value index) {
  KeyModifiers modifiers(b, op, blockShape, *scratch);
  Value firstKey = b.mul(index, b.idx(tile));
  Value end = b.min(b.add(firstKey, tile), at.hi);
  for (int64_t h = 0; h < group; ++h)
    b.loop(firstKey, end, blockShape.block, [&](Value key) {
      Value count = b.min(b.sub(end, key), b.idx(blockShape.block));
      auto index = [&](int64_t i) {
        return SmallVector<Value>{at.slot, b.idx(h), b.add(key, i * lanes)};
      };
      SmallVector<Value> scores;
      for (int64_t i = 0; i < blockShape.vectors(); ++i)
        scores.push_back(b.loadVector(to.scores, index(i)));
      scores = modifiers.apply(scores, at.batch, b.add(at.firstHead, h), zero,
                               key, count);
      for (auto [i, score] : llvm::enumerate(scores))
        b.storeVector(b.fmul(score, b.number(kLog2e)), to.scores, index(i));
    });
}

/// Drops the keys of a tile that are not seen.
void SparqKernel::dropUnseen(const Scores &to, Value index) {
  Value firstKey = b.mul(index, b.idx(tile));
  Value end = b.add(firstKey, tile);
  Value isEdge =
      arith::OrIOp::create(b, b.compare(CmpIPredicate::slt, firstKey, at.lo),
                           b.compare(CmpIPredicate::sgt, end, at.hi));
  b.ifThen(isEdge, [&] {
    Value steps = vector::StepOp::create(b, b.indices);
    for (int64_t h = 0; h < group; ++h)
      b.loop(firstKey, end, lanes, [&](Value key) {
        SmallVector<Value> position{at.slot, b.idx(h), key};
        Value keys = arith::AddIOp::create(b, steps, b.splat(key));
        Value isSeen = arith::AndIOp::create(
            b, b.compare(CmpIPredicate::sge, keys, b.splat(at.lo)),
            b.compare(CmpIPredicate::slt, keys, b.splat(at.hi)));
        Value score = b.loadVector(to.scores, position);
        b.storeVector(b.select(isSeen, score, b.negInf()), to.scores, position);
      });
  });
}

void SparqKernel::emitMaxima(const Scores &to, Value index) {
  Value firstKey = b.mul(index, b.idx(tile));
  // Four vectors at a time: a chain of maxima is long.
  int64_t unroll = blockShape.vectors();
  // A NaN does not become the maximum; its power is NaN all the same.
  auto larger = [&](Value x, Value y) { return b.maxOrSecond(x, y); };
  for (int64_t h = 0; h < group; ++h) {
    SmallVector<Value> maxima = b.loop(
        firstKey, b.add(firstKey, tile), unroll * lanes,
        SmallVector<Value>(unroll, b.negInf()), [&](Value key, ValueRange in) {
          SmallVector<Value> next;
          for (int64_t i = 0; i < unroll; ++i)
            next.push_back(
                larger(b.loadVector(to.scores,
                                    {at.slot, b.idx(h), b.add(key, i * lanes)}),
                       in[i]));
          return next;
        });
    Value maximum = maxima.front();
    for (Value other : ArrayRef(maxima).drop_front())
      maximum = larger(maximum, other);
    b.store(vector::ExtractOp::create(b, reduce(maximum, larger),
                                      ArrayRef<int64_t>{0}),
            to.maxima, {at.slot, b.idx(h), index});
  }
}

/// From a unit of a tile on: unit u is the part u % `units` of the keys and the
/// head u / `units`.
SparqKernel::Powers SparqKernel::beginPowers(const Scores &to, Value index,
                                             Value unit, int64_t units,
                                             int64_t perTime) {
  Powers powers;
  powers.perTime = perTime;
  powers.units = units;
  powers.head = b.div(unit, b.idx(units));
  Value part = b.mul(b.rem(unit, b.idx(units)), b.idx(tile / units));
  powers.firstKey = b.add(b.mul(index, b.idx(tile)), part);
  powers.shift =
      b.safeShift(b.splat(b.load(to.maxima, {at.slot, powers.head, index})));
  return powers;
}

/// A few powers, at the time when products are at `offset` of their tile. They
/// replace the scores, if it matters.
SmallVector<Value> SparqKernel::emitPowers(const Scores &to,
                                           const Powers &powers, Value offset,
                                           ValueRange in) {
  SmallVector<Value> totals;
  for (int64_t i = 0; i < powers.perTime; ++i) {
    Value key =
        b.mul(b.div(offset, b.idx(powers.units)), b.idx(powers.perTime));
    SmallVector<Value> position{at.slot, powers.head,
                                b.add(b.add(powers.firstKey, key), i * lanes)};
    Value score = b.loadVector(to.scores, position);
    Value power = b.exp2(b.fsub(score, powers.shift));
    totals.push_back(b.fadd(in[i], power));
    if (!sumsPowers)
      continue;
    // The sign tells what is not visible from what is too small.
    Value isNever = b.fcompare(CmpFPredicate::OEQ, score, b.negInf());
    power = b.select(isNever, b.number(-0.0), power);
    b.storeVector(power, to.scores, position);
  }
  return totals;
}

/// All powers of a tile from a unit on.
void SparqKernel::emitPowers(const Scores &to, Value index, int64_t firstUnit,
                             int64_t units) {
  b.loop(b.idx(firstUnit), b.idx(group * units), 1, [&](Value unit) {
    Powers powers = beginPowers(to, index, unit, units, /*perTime=*/1);
    SmallVector<Value> totals =
        b.loop(zero, b.idx(tile), units * lanes, b.number(0.0),
               [&](Value offset, ValueRange in) {
                 return emitPowers(to, powers, offset, in);
               });
    addToSums(powers, totals);
  });
}

void SparqKernel::clearSums() {
  for (int64_t h = 0; h < group; ++h)
    b.storeVector(b.number(0.0), powerSums, {b.idx(h), zero});
}

void SparqKernel::addToSums(const Powers &powers, ArrayRef<Value> totals) {
  Value sum = b.loadVector(powerSums, {powers.head, zero});
  for (Value total : totals)
    sum = b.fadd(sum, total);
  b.storeVector(sum, powerSums, {powers.head, zero});
}

void SparqKernel::storeSums(const Scores &to, Value index) {
  for (int64_t h = 0; h < group; ++h) {
    Value sum = b.loadVector(powerSums, {b.idx(h), zero});
    sum = reduce(sum, [&](Value x, Value y) { return b.fadd(x, y); });
    b.store(vector::ExtractOp::create(b, sum, ArrayRef<int64_t>{0}), to.sums,
            {at.slot, b.idx(h), index});
  }
}
