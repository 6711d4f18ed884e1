//===- DecomposeState.cpp - From keys to a softmax state ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The linalg form of the online softmax over one range of keys. A group of
// query heads that shares a key head is a loop of its own, so that keys and
// values are never repeated. With an unknown number of key heads there is one
// loop over query heads, which looks up its key head.
//
//===----------------------------------------------------------------------===//

#include "StateBuilder.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;

static constexpr double kMinusInf = -std::numeric_limits<double>::infinity();

StateBuilder::StateBuilder(OpBuilder &builder, AttentionInterface op)
    : builder(builder), op(op), loc(op->getLoc()),
      type(op.getAccumulatorType()), sizes(getSizes(builder, loc, op)) {
  if (std::optional<int64_t> group = getStaticGroupSize(op)) {
    groupSize = builder.getIndexAttr(*group);
  } else {
    // No key head means no query head either; the quotient is then unused.
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value heads = getValueOrCreateConstantIndexOp(builder, loc, sizes.numHeads);
    Value kvHeads =
        getValueOrCreateConstantIndexOp(builder, loc, sizes.numKvHeads);
    kvHeads = builder.createOrFold<arith::MaxUIOp>(loc, kvHeads, one);
    groupSize = builder.createOrFold<arith::DivUIOp>(loc, heads, kvHeads);
    groupSize = getAsOpFoldResult(cast<Value>(groupSize));
  }
  isKvIndirect = getStatic(groupSize) != 1 &&
                 ShapedType::isDynamic(getStatic(sizes.numKvHeads));
  isGrouped = getStatic(groupSize) != 1 && !isKvIndirect;
  numRowLoops = isGrouped ? 4 : 3;
}

SmallVector<OpFoldResult>
StateBuilder::getRowSizes(ArrayRef<OpFoldResult> more) const {
  SmallVector<OpFoldResult> result = {sizes.batch};
  if (isGrouped)
    result.append({sizes.numKvHeads, groupSize});
  else
    result.push_back(sizes.numHeads);
  result.push_back(sizes.seqLenQ);
  result.append(more.begin(), more.end());
  return result;
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

static SmallVector<ReassociationIndices> getHeadReassociation(int64_t rank,
                                                              int64_t axis) {
  SmallVector<ReassociationIndices> result;
  int64_t next = 0;
  for (int64_t dim = 0; dim < rank; ++dim) {
    result.push_back({next++});
    if (dim == axis)
      result.back().push_back(next++);
  }
  return result;
}

Value StateBuilder::splitHeads(Value tensor, int64_t axis) {
  if (!isGrouped)
    return tensor;
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(builder, loc, tensor);
  shape[axis] = sizes.numKvHeads;
  shape.insert(shape.begin() + axis + 1, groupSize);
  auto [staticShape, dynamicShape] = decomposeMixedValues(shape);
  auto original = cast<RankedTensorType>(tensor.getType());
  auto split = RankedTensorType::get(staticShape, original.getElementType());
  auto reassociation = getHeadReassociation(original.getRank(), axis);
  // Heads of known number cannot be split into parts of unknown size, nor the
  // other way round.
  auto joined =
      tensor::CollapseShapeOp::inferCollapsedType(split, reassociation);
  if (joined != original)
    tensor = tensor::CastOp::create(builder, loc, joined, tensor);
  return tensor::ExpandShapeOp::create(builder, loc, split, tensor,
                                       reassociation, shape);
}

Value StateBuilder::joinHeads(Value tensor, int64_t axis, Type joined) {
  if (isGrouped) {
    int64_t rank = cast<RankedTensorType>(joined).getRank();
    tensor = tensor::CollapseShapeOp::create(builder, loc, tensor,
                                             getHeadReassociation(rank, axis));
  }
  if (tensor.getType() != joined)
    tensor = tensor::CastOp::create(builder, loc, joined, tensor);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Keys and values
//===----------------------------------------------------------------------===//

Value StateBuilder::readKv(OpBuilder &nested, Location nestedLoc, Value source,
                           unsigned seq, unsigned dim) {
  auto getIndex = [&](unsigned loop) -> Value {
    return linalg::IndexOp::create(nested, nestedLoc, loop);
  };
  Value group = getValueOrCreateConstantIndexOp(nested, nestedLoc, groupSize);
  Value head = arith::DivUIOp::create(nested, nestedLoc, getIndex(1), group);
  SmallVector<Value> position = {getIndex(0), head, getIndex(seq),
                                 getIndex(dim)};
  if (op.getSeqAxis() == 1)
    std::swap(position[1], position[2]);
  return tensor::ExtractOp::create(nested, nestedLoc, source, position);
}

Value StateBuilder::readPaged(OpBuilder &nested, Location nestedLoc, Value pool,
                              Value b, Value h, Value j, Value d) {
  auto load = [&](OpBuilder &at, Location atLoc) -> Value {
    Value pageSize = arith::ConstantIndexOp::create(at, atLoc, getPageSize(op));
    Value slot = arith::DivUIOp::create(at, atLoc, j, pageSize);
    Value row = arith::RemUIOp::create(at, atLoc, j, pageSize);
    Value entry = tensor::ExtractOp::create(at, atLoc, op.getPageTable(),
                                            ValueRange{b, slot});
    Value page =
        arith::IndexCastOp::create(at, atLoc, at.getIndexType(), entry);
    SmallVector<Value> position = {page, h, row, d};
    if (op.getSeqAxis() == 1)
      std::swap(position[1], position[2]);
    return tensor::ExtractOp::create(at, atLoc, pool, position);
  };
  OpFoldResult kvLen = getKvLenAt(op, nested, nestedLoc, b);
  if (!kvLen)
    return load(nested, nestedLoc);
  Value position = j;
  OpFoldResult offset = getOffset(op, nested, 3);
  if (!isZeroInteger(offset))
    position = arith::AddIOp::create(
        nested, nestedLoc, j,
        getValueOrCreateConstantIndexOp(nested, nestedLoc, offset));
  Value inUse = arith::CmpIOp::create(
      nested, nestedLoc, arith::CmpIPredicate::slt, position,
      getValueOrCreateConstantIndexOp(nested, nestedLoc, kvLen));
  auto yield = [](OpBuilder &at, Location atLoc, Value value) {
    scf::YieldOp::create(at, atLoc, value);
  };
  return scf::IfOp::create(
             nested, nestedLoc, inUse,
             [&](OpBuilder &at, Location atLoc) {
               yield(at, atLoc, load(at, atLoc));
             },
             [&](OpBuilder &at, Location atLoc) {
               Type element = getElementTypeOrSelf(pool.getType());
               yield(at, atLoc,
                     arith::ConstantOp::create(at, atLoc,
                                               at.getZeroAttr(element)));
             })
      .getResult(0);
}

Value StateBuilder::createContiguous(Value source, Value scale) {
  auto sourceType = cast<RankedTensorType>(source.getType());
  Type element = sourceType.getElementType();
  bool isNarrow = element.getIntOrFloatBitWidth() == 8;
  if (!op.isPaged() && !scale && !isNarrow)
    return source;

  // The loops are the dimensions of the result, in the op's layout.
  unsigned headLoop = op.getHeadAxis(), seqLoop = op.getSeqAxis();
  SmallVector<OpFoldResult> shape(4);
  shape[0] = sizes.batch;
  shape[headLoop] = sizes.numKvHeads;
  shape[seqLoop] = sizes.seqLenKv;
  shape[3] = builder.getIndexAttr(sourceType.getDimSize(3));
  Type resultElement = scale || isNarrow ? Type(type) : element;
  Value empty = tensor::EmptyOp::create(builder, loc, shape, resultElement);

  AffineMap identity = builder.getMultiDimIdentityMap(4);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  if (!op.isPaged()) {
    inputs.push_back(source);
    maps.push_back(identity);
  }
  std::optional<BroadcastOperand> scaleOperand;
  if (scale) {
    scaleOperand.emplace(
        builder, loc, scale,
        ArrayRef<int64_t>{getStatic(sizes.batch), getStatic(sizes.numKvHeads),
                          getStatic(sizes.seqLenKv), sourceType.getDimSize(3)},
        ArrayRef<SmallVector<unsigned>>{{0}, {headLoop}, {seqLoop}, {3}},
        /*numLoops=*/4, /*split=*/ArrayRef<OpFoldResult>{});
    scaleOperand->appendTo(inputs, maps);
  }
  maps.push_back(identity);
  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange elements) {
    SmallVector<Value> index;
    for (unsigned loop : {0u, headLoop, seqLoop, 3u})
      index.push_back(linalg::IndexOp::create(nested, nestedLoc, loop));
    Value x;
    if (op.isPaged()) {
      x = readPaged(nested, nestedLoc, source, index[0], index[1], index[2],
                    index[3]);
    } else {
      x = elements.front();
      elements = elements.drop_front();
    }
    x = toFloat(nested, nestedLoc, x, resultElement);
    if (scaleOperand) {
      Value factor = scaleOperand->read(nested, nestedLoc, elements, index);
      factor = toFloat(nested, nestedLoc, factor, resultElement);
      x = arith::MulFOp::create(nested, nestedLoc, x, factor);
    }
    return SmallVector<Value>{x};
  };
  return createGeneric(builder, loc, inputs, empty, maps, /*numParallel=*/4,
                       /*numReduction=*/0, body)
      .front();
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

Value StateBuilder::createProducts(Value query, Value key) {
  unsigned keyLoop = numRowLoops, dimLoop = numRowLoops + 1;
  unsigned numLoops = numRowLoops + 2;
  SmallVector<unsigned> queryDims = {0};
  if (op.getSeqAxis() == 1)
    queryDims.push_back(queryLoop());
  llvm::append_range(queryDims, headLoops());
  if (op.getSeqAxis() == 2)
    queryDims.push_back(queryLoop());
  queryDims.push_back(dimLoop);
  Value init = createFilled(builder, loc, getRowSizes({sizes.seqLenKv}), type,
                            /*value=*/0.0);
  SmallVector<Value> inputs = {query};
  SmallVector<AffineMap> maps = {getMap(numLoops, queryDims)};
  appendKv(key, getKvMap(numLoops, keyLoop, dimLoop), inputs, maps);
  maps.push_back(getRowMap(numLoops, {keyLoop}));
  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
    Value k =
        isKvIndirect ? readKv(nested, nestedLoc, key, keyLoop, dimLoop) : in[1];
    // Widened before the product: a product of two f16 is exact in f32.
    Value q = toFloat(nested, nestedLoc, in[0], type);
    k = toFloat(nested, nestedLoc, k, type);
    Value product = arith::MulFOp::create(nested, nestedLoc, q, k);
    return SmallVector<Value>{
        arith::AddFOp::create(nested, nestedLoc, in.back(), product)};
  };
  return createGeneric(builder, loc, inputs, init, maps, numRowLoops + 1,
                       /*numReduction=*/1, body)
      .front();
}

Value StateBuilder::createScores(Value products) {
  unsigned keyLoop = numRowLoops, numLoops = numRowLoops + 1;
  int64_t full[] = {getStatic(sizes.batch), getStatic(sizes.numHeads),
                    getStatic(sizes.seqLenQ), getStatic(sizes.seqLenKv)};
  SmallVector<unsigned> loops[] = {{0}, headLoops(), {queryLoop()}, {keyLoop}};
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  auto addOperand = [&](Value tensor) {
    std::optional<BroadcastOperand> operand;
    if (!tensor)
      return operand;
    operand.emplace(builder, loc, tensor, full, loops, numLoops,
                    ArrayRef<OpFoldResult>{sizes.numKvHeads, groupSize});
    operand->appendTo(inputs, maps);
    return operand;
  };
  std::optional<BroadcastOperand> bias = addOperand(op.getBias());
  std::optional<BroadcastOperand> mask = addOperand(op.getMask());
  maps.push_back(builder.getMultiDimIdentityMap(numLoops));
  Value scale = getScaleValue(op, builder, loc);

  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange elements) {
    auto getIndex = [&](unsigned loop) -> Value {
      return linalg::IndexOp::create(nested, nestedLoc, loop);
    };
    Value head = getIndex(1);
    if (isGrouped) {
      Value group =
          getValueOrCreateConstantIndexOp(nested, nestedLoc, groupSize);
      head = arith::MulIOp::create(nested, nestedLoc, head, group);
      head = arith::AddIOp::create(nested, nestedLoc, head, getIndex(2));
    }
    Value index[] = {getIndex(0), head, getIndex(queryLoop()),
                     getIndex(keyLoop)};

    Value s = arith::MulFOp::create(nested, nestedLoc, elements.back(), scale);
    if (FloatAttr softcap = op.getSoftcapAttr()) {
      Value cap =
          createFloat(nested, nestedLoc, type, softcap.getValueAsDouble());
      s = arith::DivFOp::create(nested, nestedLoc, s, cap);
      s = math::TanhOp::create(nested, nestedLoc, s);
      s = arith::MulFOp::create(nested, nestedLoc, s, cap);
    }
    if (bias) {
      Value b = bias->read(nested, nestedLoc, elements, index);
      b = toFloat(nested, nestedLoc, b, type);
      s = arith::AddFOp::create(nested, nestedLoc, s, b);
    }
    if (op.hasScore()) {
      IRMapping mapping;
      Block &block = op.getScore().front();
      mapping.map(block.getArgument(0), s);
      for (unsigned axis = 0; axis < 4; ++axis) {
        Value position = index[axis];
        OpFoldResult offset = getOffset(op, nested, axis);
        if (!isZeroInteger(offset))
          position = arith::AddIOp::create(
              nested, nestedLoc, position,
              getValueOrCreateConstantIndexOp(nested, nestedLoc, offset));
        mapping.map(block.getArgument(axis + 1), position);
      }
      for (Operation &operation : block.without_terminator())
        nested.clone(operation, mapping);
      auto yield = cast<YieldOp>(block.getTerminator());
      s = mapping.lookupOrDefault(yield.getValue());
    }

    // Excluded is exactly -inf, whatever the score was: it may be NaN.
    Value visible = cast<AttnKeyRangesInterface>(op.getOperation())
                        .isVisible(nested, nestedLoc, index[0], index[1],
                                   index[2], index[3]);
    if (mask) {
      Value m = mask->read(nested, nestedLoc, elements, index);
      if (!m.getType().isInteger(1)) {
        Value zero = arith::ConstantOp::create(nested, nestedLoc,
                                               nested.getZeroAttr(m.getType()));
        m = arith::CmpIOp::create(nested, nestedLoc, arith::CmpIPredicate::ne,
                                  m, zero);
      }
      visible =
          visible ? arith::AndIOp::create(nested, nestedLoc, visible, m) : m;
    }
    if (visible) {
      Value excluded = createFloat(nested, nestedLoc, type, kMinusInf);
      s = arith::SelectOp::create(nested, nestedLoc, visible, s, excluded);
    }
    return SmallVector<Value>{s};
  };
  return createGeneric(builder, loc, inputs, products, maps, numLoops,
                       /*numReduction=*/0, body)
      .front();
}

//===----------------------------------------------------------------------===//
// The recurrence
//===----------------------------------------------------------------------===//

SoftmaxState StateBuilder::run(std::optional<SoftmaxState> init) {
  Value key = createContiguous(op.getKey(), op.getKeyScale());
  Value value = createContiguous(op.getValue(), op.getValueScale());
  Value query = splitHeads(op.getQuery(), op.getHeadAxis());
  Value scores = createScores(createProducts(query, key));

  OpFoldResult headDimV = builder.getIndexAttr(op.getHeadDimV());
  SoftmaxState old;
  if (init) {
    old = {splitHeads(init->acc, 1), splitHeads(init->rowMax, 1),
           splitHeads(init->rowSum, 1)};
  } else {
    old = {createFilled(builder, loc, getRowSizes({headDimV}), type, 0.0),
           createFilled(builder, loc, getRowSizes(), type, kMinusInf),
           createFilled(builder, loc, getRowSizes(), type, 0.0)};
  }

  // m_new = max(row_max, rowmax(s)); the maximum of a NaN is NaN.
  unsigned keyLoop = numRowLoops, numLoops = numRowLoops + 1;
  AffineMap scoreMap = builder.getMultiDimIdentityMap(numLoops);
  AffineMap rowOfScore = getRowMap(numLoops);
  Value rowMax =
      createGeneric(builder, loc, scores, old.rowMax, {scoreMap, rowOfScore},
                    numRowLoops, /*numReduction=*/1,
                    [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                      return SmallVector<Value>{arith::MaximumFOp::create(
                          nested, nestedLoc, in[0], in[1])};
                    })
          .front();

  // exp(x - m_new), 0 for an x of -inf.
  auto createWeight = [](OpBuilder &nested, Location nestedLoc, Value x,
                         Value max) -> Value {
    Value shift = getSafeShift(nested, nestedLoc, max);
    Value shifted = arith::SubFOp::create(nested, nestedLoc, x, shift);
    return math::ExpOp::create(nested, nestedLoc, shifted);
  };

  // The identity state has nothing to rescale.
  if (init) {
    AffineMap rowMap = getRowMap(numRowLoops);
    Value empty = tensor::EmptyOp::create(builder, loc, getRowSizes(), type);
    SmallVector<Value> scaled = createGeneric(
        builder, loc, {old.rowMax, rowMax}, {old.rowSum, empty},
        {rowMap, rowMap, rowMap, rowMap}, numRowLoops, /*numReduction=*/0,
        [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
          Value weight = createWeight(nested, nestedLoc, in[0], in[1]);
          Value sum = arith::MulFOp::create(nested, nestedLoc, weight, in[2]);
          return SmallVector<Value>{sum, weight};
        });
    old.rowSum = scaled[0];
    AffineMap accMap = builder.getMultiDimIdentityMap(numLoops);
    old.acc =
        createGeneric(builder, loc, scaled[1], old.acc, {rowOfScore, accMap},
                      numLoops, /*numReduction=*/0,
                      [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                        return SmallVector<Value>{arith::MulFOp::create(
                            nested, nestedLoc, in[0], in[1])};
                      })
            .front();
  }

  Value empty = tensor::EmptyOp::create(builder, loc,
                                        getRowSizes({sizes.seqLenKv}), type);
  Value weights =
      createGeneric(builder, loc, {scores, rowMax}, empty,
                    {scoreMap, rowOfScore, scoreMap}, numLoops,
                    /*numReduction=*/0,
                    [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                      return SmallVector<Value>{
                          createWeight(nested, nestedLoc, in[0], in[1])};
                    })
          .front();
  Value rowSum =
      createGeneric(builder, loc, weights, old.rowSum, {scoreMap, rowOfScore},
                    numRowLoops, /*numReduction=*/1,
                    [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
                      return SmallVector<Value>{arith::AddFOp::create(
                          nested, nestedLoc, in[1], in[0])};
                    })
          .front();

  // An excluded value is left out, not multiplied by 0: it may be NaN.
  unsigned dimLoop = numRowLoops;
  keyLoop = numRowLoops + 1;
  numLoops = numRowLoops + 2;
  scoreMap = getRowMap(numLoops, {keyLoop});
  SmallVector<Value> inputs = {scores, weights};
  SmallVector<AffineMap> maps = {scoreMap, scoreMap};
  appendKv(value, getKvMap(numLoops, keyLoop, dimLoop), inputs, maps);
  maps.push_back(getRowMap(numLoops, {dimLoop}));
  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
    Value excluded = equals(nested, nestedLoc, in[0], kMinusInf);
    Value v = isKvIndirect ? readKv(nested, nestedLoc, value, keyLoop, dimLoop)
                           : in[2];
    v = toFloat(nested, nestedLoc, v, type);
    Value product = arith::MulFOp::create(nested, nestedLoc, in[1], v);
    Value zero = createFloat(nested, nestedLoc, type, 0.0);
    Value term =
        arith::SelectOp::create(nested, nestedLoc, excluded, zero, product);
    return SmallVector<Value>{
        arith::AddFOp::create(nested, nestedLoc, in.back(), term)};
  };
  Value acc = createGeneric(builder, loc, inputs, old.acc, maps,
                            numRowLoops + 1, /*numReduction=*/1, body)
                  .front();

  // Back to one dimension of heads: that of the destinations, or the query's.
  auto getJoinedType = [&](Value given, ArrayRef<OpFoldResult> more) -> Type {
    if (given)
      return given.getType();
    SmallVector<OpFoldResult> shape = {sizes.batch, sizes.numHeads,
                                       sizes.seqLenQ};
    shape.append(more.begin(), more.end());
    auto [staticShape, dynamicShape] = decomposeMixedValues(shape);
    return RankedTensorType::get(staticShape, type);
  };
  SoftmaxState given = init.value_or(SoftmaxState());
  return {joinHeads(acc, 1, getJoinedType(given.acc, {headDimV})),
          joinHeads(rowMax, 1, getJoinedType(given.rowMax, {})),
          joinHeads(rowSum, 1, getJoinedType(given.rowSum, {}))};
}

SoftmaxState decompose::createState(OpBuilder &builder, AttentionInterface op,
                                    std::optional<SoftmaxState> init) {
  return StateBuilder(builder, op).run(init);
}
