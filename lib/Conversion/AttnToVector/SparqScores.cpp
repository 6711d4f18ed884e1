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
  channels = scratch->get("channels", {rank + 1}, b.getIndexType());
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
  Value steps = vector::StepOp::create(b, b.indices);
  Value one = b.integer(1, integers), none = b.integer(0, integers);
  b.loop(zero, b.idx(headDim), 1, zero, [&](Value channel, ValueRange carried) {
    Value own = b.splat(b.load(magnitudes, channel));
    Value before = none;
    for (int64_t i = 0; i < padded; i += lanes) {
      Value other = b.loadVector(magnitudes, b.idx(i));
      Value index = arith::AddIOp::create(b, steps, b.splat(b.idx(i)));
      Value isEqual = arith::AndIOp::create(
          b, b.compare(CmpIPredicate::eq, other, own),
          b.compare(CmpIPredicate::slt, index, b.splat(channel)));
      Value isBefore = arith::OrIOp::create(
          b, b.compare(CmpIPredicate::sgt, other, own), isEqual);
      before = arith::AddIOp::create(b, before, b.select(isBefore, one, none));
    }
    Value count =
        vector::ReductionOp::create(b, vector::CombiningKind::ADD, before);
    Value target = carried.front();
    b.store(channel, channels, target);
    Value isChosen =
        b.compare(CmpIPredicate::slt, count, b.integer(rank, integer));
    return SmallVector<Value>{b.select(isChosen, b.add(target, 1), target)};
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

void SparqKernel::emitScores(const Scores &to, Value first, Value end) {
  if (!readsChannels)
    rowsOfChannels =
        scratch->get("rows of channels", {rank, tile}, b.floatType);
  std::optional<KeySource> keys;
  b.loop(first, end, 1, [&](Value index) {
    if (!readsChannels)
      gatherChannels(index);
    emitProducts(to, index);
    if (hasModifiers)
      modify(to, index);
    emitPowers(to, index);
  });
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

void SparqKernel::emitProducts(const Scores &to, Value index) {
  Value keyT = step.getKeyT();
  Value next = b.min(b.add(index, 1), b.sub(at.tiles, b.idx(1)));
  Value firstKey = b.mul(index, b.idx(tile));
  bool isFirst = true;
  int64_t perLine = 1;
  if (readsChannels)
    perLine = 512 / cast<MemRefType>(keyT.getType()).getElementTypeBitWidth();
  forEachHeadTile([&](int64_t firstHead, int64_t heads) {
    int64_t vectors = accumulators / heads;
    while (tile % (vectors * lanes) != 0)
      vectors /= 2;
    int64_t width = vectors * lanes;
    bool asks = isFirst && readsChannels;
    isFirst = false;
    b.loop(zero, b.idx(tile), width, [&](Value offset) {
      SmallVector<Value> inits(heads * vectors, b.number(0.0));
      SmallVector<Value> products =
          b.loop(zero, b.idx(rank), 1, inits, [&](Value i, ValueRange carried) {
            SmallVector<Value> result, row;
            Value channel = b.load(channels, i);
            for (int64_t v = 0; v < vectors; ++v) {
              Value column = b.add(offset, v * lanes);
              Value x = readsChannels
                            ? b.loadVector(keyT, {at.batch, at.kvHead, index,
                                                  channel, column})
                            : b.loadVector(rowsOfChannels, {i, column});
              row.push_back(b.cast(x, b.floatType));
            }
            // Their lines a few at a time, all rows in turn: one after the
            // other they would come no faster, and several at once later.
            for (int64_t j = 0; asks && j < width; j += perLine)
              b.prefetch(
                  keyT, {at.batch, at.kvHead, next, channel, b.add(offset, j)});
            for (int64_t h = 0; h < heads; ++h) {
              Value q = b.splat(b.load(packed, {b.idx(firstHead + h), i}));
              for (int64_t v = 0; v < vectors; ++v)
                result.push_back(b.fma(row[v], q, carried[h * vectors + v]));
            }
            return result;
          });
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t v = 0; v < vectors; ++v)
          b.storeVector(products[h * vectors + v], to.scores,
                        {at.slot, b.idx(firstHead + h),
                         b.add(b.add(firstKey, offset), v * lanes)});
    });
  });
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

/// Drops the keys of a tile that are not seen; if it matters, finds the maximum
/// of the others and the sum of their powers, and leaves those powers.
void SparqKernel::emitPowers(const Scores &to, Value index) {
  Value firstKey = b.mul(index, b.idx(tile));
  Value end = b.add(firstKey, tile);
  Value isEdge =
      arith::OrIOp::create(b, b.compare(CmpIPredicate::slt, firstKey, at.lo),
                           b.compare(CmpIPredicate::sgt, end, at.hi));
  auto position = [&](int64_t h, Value key) {
    return SmallVector<Value>{at.slot, b.idx(h), key};
  };
  b.ifThen(isEdge, [&] {
    Value steps = vector::StepOp::create(b, b.indices);
    for (int64_t h = 0; h < group; ++h)
      b.loop(firstKey, end, lanes, [&](Value key) {
        Value keys = arith::AddIOp::create(b, steps, b.splat(key));
        Value isSeen = arith::AndIOp::create(
            b, b.compare(CmpIPredicate::sge, keys, b.splat(at.lo)),
            b.compare(CmpIPredicate::slt, keys, b.splat(at.hi)));
        Value score = b.loadVector(to.scores, position(h, key));
        b.storeVector(b.select(isSeen, score, b.negInf()), to.scores,
                      position(h, key));
      });
  });
  if (!needsSoftmax)
    return;
  // Four vectors at a time: a chain of maxima, or of sums, is long.
  int64_t unroll = blockShape.vectors();
  for (int64_t h = 0; h < group; ++h) {
    auto load = [&](Value key, int64_t i) {
      return b.loadVector(to.scores, position(h, b.add(key, i * lanes)));
    };
    auto fold = [&](SmallVector<Value> parts,
                    function_ref<Value(Value, Value)> combine) {
      while (parts.size() > 1) {
        SmallVector<Value> next;
        for (size_t i = 0; i < parts.size(); i += 2)
          next.push_back(combine(parts[i], parts[i + 1]));
        parts = std::move(next);
      }
      return reduce(parts.front(), combine);
    };
    // A NaN does not become the maximum; its power is NaN all the same.
    auto larger = [&](Value x, Value y) { return b.maxOrSecond(x, y); };
    SmallVector<Value> maxima = b.loop(
        firstKey, end, unroll * lanes, SmallVector<Value>(unroll, b.negInf()),
        [&](Value key, ValueRange in) {
          SmallVector<Value> next;
          for (int64_t i = 0; i < unroll; ++i)
            next.push_back(b.maxOrSecond(load(key, i), in[i]));
          return next;
        });
    Value maximum = fold(maxima, larger);
    Value shift = b.safeShift(maximum);
    SmallVector<Value> sums = b.loop(
        firstKey, end, unroll * lanes,
        SmallVector<Value>(unroll, b.number(0.0)),
        [&](Value key, ValueRange in) {
          SmallVector<Value> next;
          for (int64_t i = 0; i < unroll; ++i) {
            Value score = load(key, i);
            Value power = b.exp2(b.fsub(score, shift));
            next.push_back(b.fadd(in[i], power));
            if (!sumsPowers)
              continue;
            // The sign tells what is not visible from what is too small.
            Value isNever = b.fcompare(CmpFPredicate::OEQ, score, b.negInf());
            power = b.select(isNever, b.number(-0.0), power);
            b.storeVector(power, to.scores, position(h, b.add(key, i * lanes)));
          }
          return next;
        });
    Value sum = fold(sums, [&](Value x, Value y) { return b.fadd(x, y); });
    auto store = [&](Value vector, Value buffer) {
      b.store(vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{0}),
              buffer, position(h, index));
    };
    store(maximum, to.maxima);
    store(sum, to.sums);
  }
}
