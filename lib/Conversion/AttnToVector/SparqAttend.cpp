//===- SparqAttend.cpp - Attention to the chosen keys ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Exact scores, softmax and sums over the chosen rows, which are read where
// they are, and what the mean value gets of the rest.
//
//===----------------------------------------------------------------------===//

#include "SparqKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr double kLog2e = 1.442695040888963407360;

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The chosen keys or values: in place, or, where they must be looked up,
/// converted or padded, copied.
SparqKernel::Rows SparqKernel::getRows(bool isValue) {
  Value operand = isValue ? Value(op.getValue()) : Value(op.getKey());
  int64_t columns = isValue ? headDimV : headDim;
  Value scale = isValue ? op.getValueScale() : op.getKeyScale();
  Rows rows;
  rows.columns = llvm::alignTo(columns, lanes);
  rows.isHeadAxis2 = op.getHeadAxis() == 2;
  if (isPlain(operand) && !scale && !op.isPaged() && columns % lanes == 0) {
    rows.operand = operand;
    return rows;
  }
  KeySpec spec{op, isValue, b.floatType, /*block=*/1};
  Type element = getElementTypeOrSelf(operand.getType());
  if (!scale && isa<FloatType>(element) &&
      element.getIntOrFloatBitWidth() >= 16)
    spec.type = element;
  KeySource source(b, spec, *scratch);
  source.beginHead(at.batch, at.kvHead);
  rows.copies = allocate({b.idx(topK), b.idx(rows.columns)}, b.floatType);
  b.loop(zero, numChosen, 1, [&](Value i) {
    // One row, which the type of the matrix does not say: a dimension of 1 may
    // be taken for one of the others.
    Value one = b.min(b.sub(numChosen, i), b.idx(1));
    source.beginBlock(b.load(chosen, i), one);
    b.storeVector(b.number(0.0), rows.copies, {i, b.idx(rows.columns - lanes)});
    b.loop(zero, b.idx(columns), 1, [&](Value column) {
      b.store(b.toFloat(source.load(zero, column)), rows.copies, {i, column});
    });
  });
  return rows;
}

Value SparqKernel::loadRow(const Rows &rows, Value choice, Value column) {
  if (rows.copies)
    return b.loadVector(rows.copies, {choice, column});
  SmallVector<Value> index{at.batch, at.kvHead, b.load(chosen, choice), column};
  if (rows.isHeadAxis2)
    std::swap(index[1], index[2]);
  return b.cast(b.loadVector(rows.operand, index), b.floatType);
}

/// Asks for a chosen row.
void SparqKernel::request(bool isValue, Value choice) {
  Value operand = isValue ? Value(op.getValue()) : Value(op.getKey());
  auto type = cast<MemRefType>(operand.getType());
  int64_t perLine = 512 / type.getElementTypeBitWidth();
  SmallVector<Value> index{at.batch, at.kvHead, b.load(chosen, choice), zero};
  if (op.getHeadAxis() == 2)
    std::swap(index[1], index[2]);
  for (int64_t i = 0; i < type.getDimSize(3); i += perLine) {
    index[3] = b.idx(i);
    b.prefetch(operand, index);
  }
}

//===----------------------------------------------------------------------===//
// Scores and sums
//===----------------------------------------------------------------------===//

void SparqKernel::attend(const Scores &from) {
  if (!op.isPaged())
    b.loop(zero, numChosen, 1, [&](Value i) { request(/*isValue=*/false, i); });
  int64_t padded = llvm::alignTo(topK, lanes);
  weights = scratch->get("weights", {group, padded + lanes}, b.floatType);
  int64_t columns = llvm::alignTo(headDimV, lanes);
  sums = scratch->get("sums", {group, columns}, b.floatType);
  norms = scratch->get("norms", {group}, b.floatType);
  emitChosenScores(getRows(/*isValue=*/false));
  if (hasModifiers)
    modifyChosen();
  emitSoftmax();
  emitSums(getRows(/*isValue=*/true));
  if (hasRealloc) {
    emitShares(from);
    if (!step.getValueMean())
      emitMean(from);
  }
  writeOutput();
}

/// Scores of a few heads and keys at a time, by whole rows; in units of log2
/// unless they are modified first.
void SparqKernel::emitChosenScores(const Rows &keys) {
  Value scale = getScaleValue(op, b, b.getLoc());
  if (!hasModifiers)
    scale = b.fmul(scale, b.number(kLog2e, b.floatType));
  scale = b.splat(scale);
  Value last = b.max(zero, b.sub(numChosen, b.idx(1)));
  bool isFirst = true;
  forEachHeadTile([&](int64_t firstHead, int64_t heads) {
    int64_t count = lanes / heads;
    bool asks = isFirst && !op.isPaged();
    isFirst = false;
    b.loop(zero, numChosen, count, [&](Value first) {
      // The last tile repeats the last key.
      SmallVector<Value> choices;
      for (int64_t k = 0; k < count; ++k)
        choices.push_back(b.min(b.add(first, k), last));
      if (asks)
        for (Value choice : choices)
          request(/*isValue=*/true, choice);
      SmallVector<Value> products =
          b.loop(zero, b.idx(keys.columns), lanes,
                 SmallVector<Value>(lanes, b.number(0.0)),
                 [&](Value column, ValueRange carried) {
                   SmallVector<Value> rows, result(carried);
                   for (Value choice : choices)
                     rows.push_back(loadRow(keys, choice, column));
                   for (int64_t h = 0; h < heads; ++h) {
                     Value q =
                         b.loadVector(queries, {b.idx(firstHead + h), column});
                     for (int64_t k = 0; k < count; ++k)
                       result[h * count + k] =
                           b.fma(rows[k], q, result[h * count + k]);
                   }
                   return result;
                 });
      Value scores = b.fmul(sumLanes(b, products), scale);
      for (int64_t h = 0; h < heads; ++h) {
        SmallVector<int64_t> mask;
        for (int64_t k = 0; k < count; ++k)
          mask.push_back(h * count + k);
        Value part = count == lanes
                         ? scores
                         : vector::ShuffleOp::create(b, scores, scores, mask);
        b.storeVector(part, weights, {b.idx(firstHead + h), first});
      }
    });
  });
}

/// Softcap, bias, score region and mask, one score at a time, and then units of
/// log2.
void SparqKernel::modifyChosen() {
  BroadcastOperand bias(b, op.getBias()), mask(b, op.getMask());
  std::optional<ScoreRegion> region;
  if (op.hasScore())
    region.emplace(b, op, /*groups=*/1, ScoreRegion::Lanes::Keys);
  auto absolute = [&](Value local, unsigned axis) {
    return b.add(local, b.idx(getOffset(op, b, axis)));
  };
  b.loop(zero, b.idx(group), 1, [&](Value h) {
    Value head = b.add(at.firstHead, h);
    b.loop(zero, numChosen, 1, [&](Value i) {
      Value key = b.load(chosen, i);
      Value score = b.load(weights, {h, i});
      if (FloatAttr cap = op.getSoftcapAttr()) {
        double limit = cap.getValueAsDouble();
        Value part = b.fmul(score, b.number(1.0 / limit, b.floatType));
        score = b.fmul(b.tanh(part), b.number(limit, b.floatType));
      }
      if (bias) {
        Value x = b.load(bias.memref, bias.index(b, at.batch, head, zero, key));
        score = b.fadd(score, b.cast(x, b.floatType));
      }
      if (region)
        score =
            region->applyScalar(score, absolute(at.batch, 0), absolute(head, 1),
                                absolute(zero, 2), absolute(key, 3));
      if (mask) {
        Value byte =
            b.load(mask.memref, mask.index(b, at.batch, head, zero, key));
        Value isVisible =
            b.compare(CmpIPredicate::ne, byte, b.integer(0, byte.getType()));
        score = b.select(isVisible, score, b.negInf(b.floatType));
      }
      b.store(b.fmul(score, b.number(kLog2e, b.floatType)), weights, {h, i});
    });
  });
}

void SparqKernel::emitSoftmax() {
  Value end = b.mul(ceilDiv(numChosen, lanes), b.idx(lanes));
  b.loop(zero, b.idx(group), 1, [&](Value h) {
    b.loop(numChosen, end, 1,
           [&](Value i) { b.store(b.negInf(b.floatType), weights, {h, i}); });
    Value maximum =
        b.loop(zero, end, lanes, b.negInf(), [&](Value i, ValueRange in) {
           return SmallVector<Value>{
               b.maxOrSecond(b.loadVector(weights, {h, i}), in[0])};
         }).front();
    maximum =
        reduce(maximum, [&](Value x, Value y) { return b.maxOrSecond(x, y); });
    Value shift = b.safeShift(maximum);
    Value sum =
        b.loop(zero, end, lanes, b.number(0.0), [&](Value i, ValueRange in) {
           Value power = b.exp2(b.fsub(b.loadVector(weights, {h, i}), shift));
           b.storeVector(power, weights, {h, i});
           return SmallVector<Value>{b.fadd(in[0], power)};
         }).front();
    sum = reduce(sum, [&](Value x, Value y) { return b.fadd(x, y); });
    sum = vector::ExtractOp::create(b, sum, ArrayRef<int64_t>{0});
    Value none = b.number(0.0, b.floatType);
    Value isDead = b.fcompare(CmpFPredicate::OEQ, sum, none);
    Value norm = b.fdiv(b.number(1.0, b.floatType), sum);
    b.store(b.select(isDead, none, norm), norms, h);
  });
}

void SparqKernel::emitSums(const Rows &values) {
  forEachHeadTile([&](int64_t firstHead, int64_t heads) {
    int64_t vectors = values.columns / lanes;
    int64_t most = std::max<int64_t>(1, accumulators / heads);
    int64_t chunks = llvm::divideCeil(vectors, most);
    int64_t width = llvm::divideCeil(vectors, chunks);
    auto emitChunk = [&](int64_t from, int64_t size) {
      SmallVector<Value> result = b.loop(
          zero, numChosen, 1, SmallVector<Value>(heads * size, b.number(0.0)),
          [&](Value i, ValueRange in) {
            SmallVector<Value> row, next;
            for (int64_t v = 0; v < size; ++v)
              row.push_back(loadRow(values, i, b.idx((from + v) * lanes)));
            for (int64_t h = 0; h < heads; ++h) {
              Value weight =
                  b.splat(b.load(weights, {b.idx(firstHead + h), i}));
              for (int64_t v = 0; v < size; ++v)
                next.push_back(b.fma(row[v], weight, in[h * size + v]));
            }
            return next;
          });
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t v = 0; v < size; ++v)
          b.storeVector(result[h * size + v], sums,
                        {b.idx(firstHead + h), b.idx((from + v) * lanes)});
    };
    for (int64_t from = 0; from < vectors; from += width)
      emitChunk(from, std::min(width, vectors - from));
  });
}

//===----------------------------------------------------------------------===//
// What is left for the mean value
//===----------------------------------------------------------------------===//

/// The weight of the chosen keys among all, by the approximate scores.
void SparqKernel::emitShares(const Scores &from) {
  shares = scratch->get("shares", {group}, b.floatType);
  Value none = b.number(0.0, b.floatType), one = b.number(1.0, b.floatType);
  Value isAll = b.compare(CmpIPredicate::sle, numVisible, b.idx(topK));
  b.loop(zero, b.idx(group), 1, [&](Value h) {
    Value sum = b.loop(zero, numChosen, 1, none, [&](Value i, ValueRange in) {
                   Value key = b.load(chosen, i);
                   Value score = b.load(from.scores, {at.slot, h, key});
                   if (sumsPowers) {
                     Value t = b.div(key, b.idx(tile));
                     score =
                         b.fmul(score, b.load(from.maxima, {at.slot, h, t}));
                   } else {
                     score = b.exp2(b.fsub(score, b.load(shifts, h)));
                     score = b.fmul(score, b.load(inverses, h));
                   }
                   return SmallVector<Value>{b.fadd(in[0], score)};
                 }).front();
    // Rounding; a NaN stays.
    Value isAbove = b.fcompare(CmpFPredicate::OGT, sum, one);
    isAbove = arith::OrIOp::create(b, isAbove, isAll);
    b.store(b.select(isAbove, one, sum), shares, h);
  });
}

/// The mean of the values each head sees. Where nothing but lengths and windows
/// says which, they are the same for all heads.
void SparqKernel::emitMean(const Scores &from) {
  int64_t heads = mayExclude ? group : 1, block = 32;
  int64_t padded = llvm::alignTo(headDimV, lanes);
  mean = scratch->get("mean", {heads, padded}, b.floatType);
  KeySpec spec{op, /*isValue=*/true, b.floatType, block,
               /*needsContiguousRows=*/true};
  if (isPlain(op.getValue()) && !op.getValueScale())
    spec.type = getElementTypeOrSelf(op.getValue().getType());
  KeySource values(b, spec, *scratch);
  values.beginHead(at.batch, at.kvHead);
  Value partial = scratch->get("partial mean", {padded}, b.floatType);
  int64_t whole = headDimV / lanes * lanes;
  auto forEachColumn = [&](function_ref<void(Value, bool)> body) {
    b.loop(zero, b.idx(whole), lanes, [&](Value c) { body(c, true); });
    b.loop(b.idx(whole), b.idx(headDimV), 1, [&](Value c) { body(c, false); });
  };
  auto load = [&](Value buffer, ValueRange index, bool isVector) {
    return isVector ? b.loadVector(buffer, index) : b.load(buffer, index);
  };
  auto store = [&](Value x, Value buffer, ValueRange index) {
    if (isa<VectorType>(x.getType()))
      return b.storeVector(x, buffer, index);
    b.store(x, buffer, index);
  };
  b.loop(zero, b.idx(heads), 1, [&](Value h) {
    forEachColumn([&](Value c, bool isVector) {
      store(b.number(0.0, isVector ? Type(b.floats) : b.floatType), mean,
            {h, c});
    });
    // Blocks of keys, then their sums: fewer roundings for each value.
    Value count =
        b.loop(at.lo, at.hi, block, zero, [&](Value first, ValueRange total) {
           Value size = b.min(b.sub(at.hi, first), b.idx(block));
           values.beginBlock(first, size);
           forEachColumn([&](Value c, bool isVector) {
             store(b.number(0.0, isVector ? Type(b.floats) : b.floatType),
                   partial, c);
           });
           Value counted =
               b.loop(zero, size, 1, total, [&](Value row, ValueRange in) {
                  auto add = [&] {
                    forEachColumn([&](Value c, bool isVector) {
                      Value x = load(values.rows(), {row, c}, isVector);
                      Value sum = load(partial, c, isVector);
                      store(b.fadd(sum, b.cast(x, b.floatType)), partial, c);
                    });
                    return SmallVector<Value>{b.add(in[0], 1)};
                  };
                  if (!mayExclude)
                    return add();
                  Value isSeen = isVisible(from, h, b.add(first, row));
                  return b.ifElse(b.getIndexType(), isSeen, add,
                                  [&] { return SmallVector<Value>(in); });
                }).front();
           forEachColumn([&](Value c, bool isVector) {
             Value sum = load(mean, {h, c}, isVector);
             store(b.fadd(sum, load(partial, c, isVector)), mean, {h, c});
           });
           return SmallVector<Value>{counted};
         }).front();
    Value number =
        arith::IndexCastOp::create(b, b.getI64Type(), b.max(count, b.idx(1)));
    number = arith::SIToFPOp::create(b, b.floatType, number);
    forEachColumn([&](Value c, bool isVector) {
      Value sum = load(mean, {h, c}, isVector);
      store(b.fdiv(sum, isVector ? b.splat(number) : number), mean, {h, c});
    });
  });
}

/// Whether a head sees a key, from what is left of its approximate score.
Value SparqKernel::isVisible(const Scores &from, Value head, Value key) {
  Value score = b.load(from.scores, {at.slot, head, key});
  if (!sumsPowers)
    return b.fcompare(CmpFPredicate::UNE, score, b.negInf(b.floatType));
  unsigned width = integer.getIntOrFloatBitWidth();
  Value bits = arith::BitcastOp::create(b, integer, score);
  APInt minimum = APInt::getSignedMinValue(width);
  return b.compare(CmpIPredicate::ne, bits,
                   b.integer(minimum.getSExtValue(), integer));
}

void SparqKernel::writeOutput() {
  Value output = step.getOutput(), means = step.getValueMean();
  Type element = getElementTypeOrSelf(output.getType());
  bool isContiguous =
      hasContiguousRows(output) && (!means || hasContiguousRows(means));
  int64_t whole = isContiguous ? headDimV / lanes * lanes : 0;
  Value none = b.number(0.0, b.floatType), one = b.number(1.0, b.floatType);
  b.loop(zero, b.idx(group), 1, [&](Value h) {
    Value norm = b.load(norms, h), share, rest, isWhole, inverse;
    if (hasRealloc) {
      share = b.load(shares, h);
      rest = b.fsub(one, share);
      isWhole = b.fcompare(CmpFPredicate::OEQ, share, one);
    }
    if (needsSoftmax)
      inverse = b.load(inverses, h);
    auto write = [&](Value column, bool isVector) {
      auto spread = [&](Value x) { return isVector ? b.splat(x) : x; };
      auto load = [&](Value buffer, ValueRange index) {
        return isVector ? b.loadVector(buffer, index) : b.load(buffer, index);
      };
      Value y = b.fmul(load(sums, {h, column}), spread(norm));
      if (hasRealloc) {
        Value average = means ? load(means, {at.batch, at.kvHead, column})
                              : load(mean, {mayExclude ? h : zero, column});
        Value mixed =
            b.fadd(b.fmul(y, spread(share)), b.fmul(average, spread(rest)));
        y = b.select(isWhole, y, mixed);
      }
      if (needsSoftmax) {
        // A NaN among the scores may not have been chosen; a head that sees
        // nothing gives 0, whatever the mean.
        Value isNaN = b.fcompare(CmpFPredicate::UNO, inverse, inverse);
        y = b.select(isNaN, spread(inverse), y);
        Value isEmpty = b.fcompare(CmpFPredicate::OEQ, inverse, none);
        y = b.select(isEmpty, spread(none), y);
      }
      y = b.cast(y, element);
      SmallVector<Value> index{at.batch, b.add(at.firstHead, h), zero, column};
      if (op.getHeadAxis() == 2)
        std::swap(index[1], index[2]);
      if (isVector)
        b.storeVector(y, output, index);
      else
        b.store(y, output, index);
    };
    b.loop(zero, b.idx(whole), lanes, [&](Value c) { write(c, true); });
    b.loop(b.idx(whole), b.idx(headDimV), 1, [&](Value c) { write(c, false); });
  });
}
