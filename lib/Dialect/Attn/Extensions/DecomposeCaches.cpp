//===- DecomposeCaches.cpp - Choosing, gathering, appending as linalg -----===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The linalg and scf form of attn.topk, attn.gather_kv, attn.kv_append and
// attn.running_mean.
//
//===----------------------------------------------------------------------===//

#include "Decompose.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;
using arith::CmpIPredicate;

Value decompose::createIf(OpBuilder &builder, Location loc, Value condition,
                          function_ref<Value(OpBuilder &, Location)> then,
                          TypedAttr otherwise) {
  return scf::IfOp::create(
             builder, loc, condition,
             [&](OpBuilder &at, Location atLoc) {
               scf::YieldOp::create(at, atLoc, then(at, atLoc));
             },
             [&](OpBuilder &at, Location atLoc) {
               Value other = arith::ConstantOp::create(at, atLoc, otherwise);
               scf::YieldOp::create(at, atLoc, other);
             })
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// topk
//===----------------------------------------------------------------------===//

/// `x` as an unsigned integer of the same order: NaN the largest, -inf 0, and
/// equals equal.
static Value createOrderedKey(OpBuilder &b, Location loc, Value x) {
  auto type = cast<FloatType>(x.getType());
  unsigned width = type.getWidth();
  auto bitsType = b.getIntegerType(width);
  auto constant = [&](const APInt &value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(bitsType, value));
  };
  // -0 + 0 is 0.
  Value zero = createFloat(b, loc, type, 0.0);
  Value normal = arith::AddFOp::create(b, loc, x, zero);
  Value bits = arith::BitcastOp::create(b, loc, bitsType, normal);
  Value ones = constant(APInt::getAllOnes(width));
  Value negative = arith::CmpIOp::create(b, loc, CmpIPredicate::slt, bits,
                                         constant(APInt::getZero(width)));
  Value flipped = arith::XOrIOp::create(b, loc, bits, ones);
  Value raised =
      arith::OrIOp::create(b, loc, bits, constant(APInt::getSignMask(width)));
  Value key = arith::SelectOp::create(b, loc, negative, flipped, raised);
  Value excluded = equals(b, loc, x, -std::numeric_limits<double>::infinity());
  key = arith::SelectOp::create(b, loc, excluded,
                                constant(APInt::getZero(width)), key);
  Value isNaN = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  return arith::SelectOp::create(b, loc, isNaN, ones, key);
}

namespace {
/// Chooses from row (b, h) of a tensor.
struct RowChoice {
  Value input, b, h, size, zero, one;
  int64_t k;

  Value keyAt(OpBuilder &at, Location loc, Value j) const {
    Value x = tensor::ExtractOp::create(at, loc, input, ValueRange{b, h, j});
    return createOrderedKey(at, loc, x);
  }
  /// How many keys are `predicate` (of unsigned) `bound`.
  Value countKeys(OpBuilder &at, Location loc, CmpIPredicate predicate,
                  Value bound) const {
    return scf::ForOp::create(
               at, loc, zero, size, one, zero,
               [&](OpBuilder &in, Location inLoc, Value j, ValueRange count) {
                 Value counts = arith::CmpIOp::create(
                     in, inLoc, predicate, keyAt(in, inLoc, j), bound);
                 Value step =
                     arith::SelectOp::create(in, inLoc, counts, one, zero);
                 Value sum =
                     arith::AddIOp::create(in, inLoc, count.front(), step);
                 scf::YieldOp::create(in, inLoc, sum);
               })
        .getResult(0);
  }
  /// The largest bound that at least k keys reach, found a bit at a time; 0 if
  /// there are fewer keys.
  Value findThreshold(OpBuilder &at, Location loc, Type bitsType) const;
  /// The chosen indices, inserted in `indices`, and their number.
  std::pair<Value, Value> collect(OpBuilder &at, Location loc, Value threshold,
                                  Value indices) const;
};
} // namespace

Value RowChoice::findThreshold(OpBuilder &at, Location loc,
                               Type bitsType) const {
  int64_t width = bitsType.getIntOrFloatBitWidth();
  Value numBits = arith::ConstantIndexOp::create(at, loc, width);
  Value wanted = arith::ConstantIndexOp::create(at, loc, k);
  Value none = arith::ConstantOp::create(at, loc, at.getZeroAttr(bitsType));
  Value highest = arith::ConstantOp::create(
      at, loc, at.getIntegerAttr(bitsType, APInt::getSignMask(width)));
  return scf::ForOp::create(
             at, loc, zero, numBits, one, none,
             [&](OpBuilder &in, Location inLoc, Value bit, ValueRange bound) {
               Value shift =
                   arith::IndexCastOp::create(in, inLoc, bitsType, bit);
               Value mask = arith::ShRUIOp::create(in, inLoc, highest, shift);
               Value higher =
                   arith::OrIOp::create(in, inLoc, bound.front(), mask);
               Value count = countKeys(in, inLoc, CmpIPredicate::uge, higher);
               Value isReached = arith::CmpIOp::create(
                   in, inLoc, CmpIPredicate::sge, count, wanted);
               Value next = arith::SelectOp::create(in, inLoc, isReached,
                                                    higher, bound.front());
               scf::YieldOp::create(in, inLoc, next);
             })
      .getResult(0);
}

std::pair<Value, Value> RowChoice::collect(OpBuilder &at, Location loc,
                                           Value threshold,
                                           Value indices) const {
  Value above = countKeys(at, loc, CmpIPredicate::ugt, threshold);
  Value ties = arith::SubIOp::create(
      at, loc, arith::ConstantIndexOp::create(at, loc, k), above);
  Value none =
      arith::ConstantOp::create(at, loc, at.getZeroAttr(threshold.getType()));
  auto loop = scf::ForOp::create(
      at, loc, zero, size, one, ValueRange{indices, zero, ties},
      [&](OpBuilder &in, Location inLoc, Value j, ValueRange state) {
        Value key = keyAt(in, inLoc, j);
        auto compare = [&](CmpIPredicate predicate, Value x, Value y) -> Value {
          return arith::CmpIOp::create(in, inLoc, predicate, x, y);
        };
        // Of keys equal to the threshold the first are taken; 0 is -inf.
        Value isTie = compare(CmpIPredicate::eq, key, threshold);
        isTie = arith::AndIOp::create(in, inLoc, isTie,
                                      compare(CmpIPredicate::ne, key, none));
        isTie = arith::AndIOp::create(
            in, inLoc, isTie, compare(CmpIPredicate::sgt, state[2], zero));
        Value isChosen = arith::OrIOp::create(
            in, inLoc, isTie, compare(CmpIPredicate::ugt, key, threshold));
        Value chosen = scf::IfOp::create(
                           in, inLoc, isChosen,
                           [&](OpBuilder &then, Location thenLoc) {
                             Value index = arith::IndexCastOp::create(
                                 then, thenLoc, then.getI64Type(), j);
                             Value inserted = tensor::InsertOp::create(
                                 then, thenLoc, index, state[0],
                                 ValueRange{b, h, state[1]});
                             scf::YieldOp::create(then, thenLoc, inserted);
                           },
                           [&](OpBuilder &other, Location otherLoc) {
                             scf::YieldOp::create(other, otherLoc, state[0]);
                           })
                           .getResult(0);
        auto step = [&](Value condition) -> Value {
          return arith::SelectOp::create(in, inLoc, condition, one, zero);
        };
        Value count =
            arith::AddIOp::create(in, inLoc, state[1], step(isChosen));
        Value left = arith::SubIOp::create(in, inLoc, state[2], step(isTie));
        scf::YieldOp::create(in, inLoc, ValueRange{chosen, count, left});
      });
  return {loop.getResult(0), loop.getResult(1)};
}

SmallVector<Value> decompose::createTopK(OpBuilder &builder, TopKOp op) {
  Location loc = op.getLoc();
  IndexMath math{builder, loc};
  auto type = cast<RankedTensorType>(op.getInput().getType());
  Type bitsType = builder.getIntegerType(type.getElementTypeBitWidth());
  Value none = arith::ConstantIntOp::create(builder, loc, -1, 64);
  Value indices =
      linalg::FillOp::create(builder, loc, none, op.getIndices()).getResult(0);
  auto getSize = [&](int64_t dim) {
    return math.value(getDim(builder, loc, op.getInput(), dim));
  };
  Value zero = math.value(math.constant(0)), one = math.value(math.constant(1));
  Value sizes[] = {getSize(0), getSize(1), getSize(2)};
  int64_t k = cast<ShapedType>(op.getIndices().getType()).getDimSize(2);
  auto loop = scf::buildLoopNest(
      builder, loc, {zero, zero}, {sizes[0], sizes[1]}, {one, one},
      {indices, op.getCount()},
      [&](OpBuilder &at, Location atLoc, ValueRange ivs, ValueRange state) {
        RowChoice row = {op.getInput(), ivs[0], ivs[1], sizes[2], zero, one, k};
        Value threshold = row.findThreshold(at, atLoc, bitsType);
        auto [chosen, count] = row.collect(at, atLoc, threshold, state[0]);
        count = arith::IndexCastOp::create(at, atLoc, at.getI64Type(), count);
        Value counts =
            tensor::InsertOp::create(at, atLoc, count, state[1], ivs);
        return scf::ValueVector{chosen, counts};
      });
  return llvm::to_vector_of<Value>(loop.results);
}

//===----------------------------------------------------------------------===//
// gather_kv
//===----------------------------------------------------------------------===//

SmallVector<Value> decompose::createGather(OpBuilder &builder, GatherKvOp op) {
  Location loc = op.getLoc();
  Layout layout = op.getLayout().value_or(Layout::bhsd);
  AffineMap identity = builder.getMultiDimIdentityMap(4);
  AffineMap rows =
      AffineMap::getMultiDimMapWithTargets(4, {0, 1, 2}, builder.getContext());
  AffineMap heads =
      AffineMap::getMultiDimMapWithTargets(4, {0, 1}, builder.getContext());
  auto gather = [&](const KvSource &source, Value init) {
    Type type = getElementTypeOrSelf(init.getType());
    auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
      SmallVector<Value> loops;
      for (unsigned loop = 0; loop < 4; ++loop)
        loops.push_back(linalg::IndexOp::create(nested, nestedLoc, loop));
      Value number = arith::IndexCastOp::create(nested, nestedLoc,
                                                nested.getI64Type(), loops[2]);
      Value isChosen = arith::CmpIOp::create(nested, nestedLoc,
                                             CmpIPredicate::slt, number, in[1]);
      auto load = [&](OpBuilder &at, Location atLoc) {
        Value key =
            arith::IndexCastOp::create(at, atLoc, at.getIndexType(), in[0]);
        return source.load(at, atLoc, loops[0], loops[1], key, loops[3], type);
      };
      return SmallVector<Value>{createIf(nested, nestedLoc, isChosen, load,
                                         nested.getZeroAttr(type))};
    };
    return createGeneric(builder, loc, {op.getIndices(), op.getCount()}, init,
                         {rows, heads, identity}, /*numParallel=*/4,
                         /*numReduction=*/0, body)
        .front();
  };
  return {gather({op.getKey(), op.getKeyScale(), op.getPageTable(), layout},
                 op.getKeys()),
          gather({op.getValue(), op.getValueScale(), op.getPageTable(), layout},
                 op.getValues())};
}

//===----------------------------------------------------------------------===//
// kv_append
//===----------------------------------------------------------------------===//

/// pos or count at batch entry `b`.
static OpFoldResult getPerBatch(OpBuilder &builder, Location loc, Value value,
                                OpFoldResult b) {
  if (isa<ShapedType>(value.getType()))
    return loadLength(builder, loc, value, b);
  return getAsOpFoldResult(value);
}

namespace {
/// Writes the tokens of attn.kv_append, all of one batch entry or of all.
class Appender {
public:
  Appender(OpBuilder &builder, KvAppendOp op)
      : math{builder, op.getLoc()}, op(op),
        isBshd(op.getLayout() == Layout::bshd) {}

  SmallVector<Value> run();

private:
  /// `rows`, of `numBatch` entries from `b` on, written to `cache` at `pos`.
  Value writeRows(OpBuilder &at, Value rows, Value cache, OpFoldResult b,
                  OpFoldResult numBatch, OpFoldResult pos);
  /// Token `t` of batch entry `b` as column `pos` of key_t.
  Value writeColumn(OpBuilder &at, Value keyT, OpFoldResult b, OpFoldResult t,
                    OpFoldResult pos);
  Value loop(Value count, Value init,
             function_ref<Value(OpBuilder &, Value, Value)> body);

  IndexMath math;
  KvAppendOp op;
  bool isBshd;
};
} // namespace

Value Appender::loop(Value count, Value init,
                     function_ref<Value(OpBuilder &, Value, Value)> body) {
  OpBuilder &b = math.b;
  Value zero = math.value(math.constant(0)), one = math.value(math.constant(1));
  return scf::ForOp::create(
             b, math.loc, zero, count, one, init,
             [&](OpBuilder &at, Location loc, Value iv, ValueRange state) {
               scf::YieldOp::create(at, loc, body(at, iv, state.front()));
             })
      .getResult(0);
}

Value Appender::writeRows(OpBuilder &at, Value rows, Value cache,
                          OpFoldResult b, OpFoldResult numBatch,
                          OpFoldResult pos) {
  Location loc = math.loc;
  OpFoldResult zero = at.getIndexAttr(0), one = at.getIndexAttr(1);
  SmallVector<OpFoldResult> from(4, zero), to(4, zero), strides(4, one), sizes;
  for (int64_t d = 0; d < 4; ++d)
    sizes.push_back(getDim(at, loc, rows, d));
  sizes[0] = numBatch;
  from[0] = to[0] = b;
  to[isBshd ? 1 : 2] = pos;
  if (!isConstantIntValue(b, 0) || numBatch != getDim(at, loc, rows, 0))
    rows = tensor::ExtractSliceOp::create(at, loc, rows, from, sizes, strides);
  return tensor::InsertSliceOp::create(at, loc, rows, cache, to, sizes,
                                       strides);
}

Value Appender::writeColumn(OpBuilder &at, Value keyT, OpFoldResult b,
                            OpFoldResult t, OpFoldResult pos) {
  Location loc = math.loc;
  IndexMath inner{at, loc};
  OpFoldResult zero = at.getIndexAttr(0), one = at.getIndexAttr(1);
  auto type = cast<RankedTensorType>(op.getNewKey().getType());
  auto cacheType = cast<RankedTensorType>(keyT.getType());
  int64_t headAxis = isBshd ? 2 : 1, seqAxis = isBshd ? 1 : 2;
  OpFoldResult heads = getDim(at, loc, op.getNewKey(), headAxis);
  OpFoldResult headDim = at.getIndexAttr(type.getDimSize(3));
  SmallVector<OpFoldResult> offsets(4, zero), sizes(4, one), strides(4, one);
  offsets[0] = b;
  offsets[seqAxis] = t;
  sizes[headAxis] = heads;
  sizes[3] = headDim;
  auto columnType = RankedTensorType::get(
      {type.getDimSize(headAxis), type.getDimSize(3)}, type.getElementType());
  Value column = tensor::ExtractSliceOp::create(
      at, loc, columnType, op.getNewKey(), offsets, sizes, strides);
  int64_t tile = cacheType.getDimSize(4);
  SmallVector<OpFoldResult> to = {b, zero,
                                  inner.apply(inner.d(0).floorDiv(tile), {pos}),
                                  zero, inner.apply(inner.d(0) % tile, {pos})};
  return tensor::InsertSliceOp::create(
      at, loc, column, keyT, to,
      ArrayRef<OpFoldResult>{one, heads, one, headDim, one},
      SmallVector<OpFoldResult>(5, one));
}

SmallVector<Value> Appender::run() {
  OpBuilder &builder = math.b;
  Location loc = math.loc;
  OpFoldResult batch = getDim(builder, loc, op.getNewKey(), 0);
  OpFoldResult tokens = getDim(builder, loc, op.getNewKey(), isBshd ? 1 : 2);
  bool isPerBatch = isa<ShapedType>(op.getPos().getType());
  auto append = [&](Value rows, Value cache) {
    if (!isPerBatch)
      return writeRows(builder, rows, cache, builder.getIndexAttr(0), batch,
                       getAsOpFoldResult(op.getPos()));
    return loop(math.value(batch), cache,
                [&](OpBuilder &at, Value b, Value state) {
                  OpFoldResult pos = loadLength(at, loc, op.getPos(), b);
                  return writeRows(at, rows, state, b, at.getIndexAttr(1), pos);
                });
  };
  SmallVector<Value> results = {append(op.getNewKey(), op.getKey()),
                                append(op.getNewValue(), op.getValue())};
  if (!op.getKeyT())
    return results;
  Value count = math.value(tokens);
  results.push_back(loop(
      math.value(batch), op.getKeyT(),
      [&](OpBuilder &at, Value b, Value state) {
        OpFoldResult pos = getPerBatch(at, loc, op.getPos(), b);
        Value zero = arith::ConstantIndexOp::create(at, loc, 0);
        Value one = arith::ConstantIndexOp::create(at, loc, 1);
        return scf::ForOp::create(
                   at, loc, zero, count, one, state,
                   [&](OpBuilder &in, Location, Value t, ValueRange inner) {
                     IndexMath innerMath{in, loc};
                     OpFoldResult column = innerMath.add(pos, OpFoldResult(t));
                     scf::YieldOp::create(
                         in, loc, writeColumn(in, inner.front(), b, t, column));
                   })
            .getResult(0);
      }));
  return results;
}

SmallVector<Value> decompose::createAppend(OpBuilder &builder, KvAppendOp op) {
  return Appender(builder, op).run();
}

//===----------------------------------------------------------------------===//
// running_mean
//===----------------------------------------------------------------------===//

Value decompose::createRunningMean(OpBuilder &builder, RunningMeanOp op) {
  Location loc = op.getLoc();
  auto meanType = cast<RankedTensorType>(op.getMean().getType());
  auto type = cast<FloatType>(meanType.getElementType());
  bool isBshd = op.getLayout() == Layout::bshd;
  // Loops are (batch, kv head, token, channel); tokens come in order.
  MLIRContext *context = builder.getContext();
  auto getMap = [&](ArrayRef<unsigned> dims) {
    return AffineMap::getMultiDimMapWithTargets(4, dims, context);
  };
  AffineMap rows = isBshd ? getMap({0, 2, 1, 3}) : getMap({0, 1, 2, 3});
  using utils::IteratorType;
  IteratorType iterators[] = {IteratorType::parallel, IteratorType::parallel,
                              IteratorType::reduction, IteratorType::parallel};
  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
    Value b = linalg::IndexOp::create(nested, nestedLoc, 0);
    Value t = linalg::IndexOp::create(nested, nestedLoc, 2);
    Value before = getValueOrCreateConstantIndexOp(
        nested, nestedLoc,
        getPerBatch(nested, nestedLoc, op.getCount(), OpFoldResult(b)));
    Value one = arith::ConstantIndexOp::create(nested, nestedLoc, 1);
    Value number = arith::AddIOp::create(nested, nestedLoc, before, t);
    number = arith::AddIOp::create(nested, nestedLoc, number, one);
    Value isFirst = arith::CmpIOp::create(nested, nestedLoc, CmpIPredicate::eq,
                                          number, one);
    number = arith::IndexCastOp::create(nested, nestedLoc, nested.getI64Type(),
                                        number);
    Value n = arith::SIToFPOp::create(nested, nestedLoc, type, number);
    Value v = toFloat(nested, nestedLoc, in[0], type);
    Value step = arith::SubFOp::create(nested, nestedLoc, v, in[1]);
    step = arith::DivFOp::create(nested, nestedLoc, step, n);
    Value mean = arith::AddFOp::create(nested, nestedLoc, in[1], step);
    return SmallVector<Value>{
        arith::SelectOp::create(nested, nestedLoc, isFirst, v, mean)};
  };
  return createGeneric(builder, loc, op.getNewValue(), op.getMean(),
                       {rows, getMap({0, 1, 3})}, iterators, body)
      .front();
}
