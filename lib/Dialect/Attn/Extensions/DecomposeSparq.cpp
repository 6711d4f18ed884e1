//===- DecomposeSparq.cpp - SparQ attention as smaller ops ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sparq as attn.scores, attn.topk, attn.gather_kv and attn.partial with
// linalg between them. Loops over key heads add up what their query heads say
// by index, so that any number of heads, known or not, is one form.
//
//===----------------------------------------------------------------------===//

#include "SparqBuilder.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;
using arith::CmpIPredicate;

SparqBuilder::SparqBuilder(OpBuilder &builder, SparqOp sparq)
    : builder(builder), sparq(sparq),
      op(cast<AttentionInterface>(sparq.getOperation())), loc(sparq.getLoc()),
      type(op.getAccumulatorType()), sizes(getSizes(builder, loc, op)),
      group(getStaticGroupSize(op)) {
  if (group) {
    groupSize = builder.getIndexAttr(*group);
  } else {
    // No key head means no query head either; the quotient is then unused.
    IndexMath math{builder, loc};
    Value kvHeads = math.value(math.max(sizes.numKvHeads, math.constant(1)));
    groupSize = getAsOpFoldResult(builder.createOrFold<arith::DivUIOp>(
        loc, math.value(sizes.numHeads), kvHeads));
  }
  needsSoftmax = group != 1 || sparq.getRealloc() != Realloc::off ||
                 op.getBias() || op.hasScore();
}

//===----------------------------------------------------------------------===//
// Step 1: approximate scores
//===----------------------------------------------------------------------===//

Value SparqBuilder::loadMagnitude(OpBuilder &b, Location loc, Value batch,
                                  Value head, Value channel) const {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  SmallVector<Value> position = {batch, head, zero, channel};
  AttentionInterface attention = op;
  if (attention.getSeqAxis() == 1)
    std::swap(position[1], position[2]);
  Value q = extract(b, loc, attention.getQuery(), position);
  return math::AbsFOp::create(b, loc, toFloat(b, loc, q, type));
}

Value SparqBuilder::chooseChannels() {
  OpFoldResult headDim = builder.getIndexAttr(op.getHeadDim());
  Value init = createFilled(
      builder, loc, {sizes.batch, sizes.numKvHeads, headDim}, type, 0.0);
  Value sums =
      generic(createExtent(builder, loc, groupSize), init, {{2}, {0, 1, 3}},
              {kParallel, kParallel, kReduction, kParallel},
              [&](OpBuilder &b, Location loc, ValueRange in) {
                Value head =
                    getHead(b, loc, getLoop(b, loc, 1), getLoop(b, loc, 2));
                Value q = loadMagnitude(b, loc, getLoop(b, loc, 0), head,
                                        getLoop(b, loc, 3));
                return SmallVector<Value>{
                    arith::AddFOp::create(b, loc, in.back(), q)};
              })
          .front();
  OpFoldResult rank = builder.getIndexAttr(sparq.getClampedRank());
  Value inits[] = {
      empty({sizes.batch, sizes.numKvHeads, rank}, builder.getI64Type()),
      empty({sizes.batch, sizes.numKvHeads}, builder.getI64Type())};
  return TopKOp::create(builder, loc, ValueRange(inits).getTypes(), sums,
                        inits[0], inits[1])
      .getResult(0);
}

Value SparqBuilder::createFactor(Value channels) {
  OpFoldResult one = builder.getIndexAttr(1);
  auto sum = [&](OpFoldResult numChannels, Value chosen) {
    Value init = createFilled(builder, loc, {sizes.batch, sizes.numHeads, one},
                              type, 0.0);
    return generic(createExtent(builder, loc, numChannels), init,
                   {{3}, {0, 1, 2}},
                   {kParallel, kParallel, kParallel, kReduction},
                   [&](OpBuilder &b, Location loc, ValueRange in) {
                     Value batch = getLoop(b, loc, 0);
                     Value head = getLoop(b, loc, 1);
                     Value channel = getLoop(b, loc, 3);
                     if (chosen)
                       channel = toIndex(
                           b, loc,
                           extract(b, loc, chosen,
                                   {batch, getKvHead(b, loc, head), channel}));
                     Value q = loadMagnitude(b, loc, batch, head, channel);
                     return SmallVector<Value>{
                         arith::AddFOp::create(b, loc, in.back(), q)};
                   })
        .front();
  };
  Value all = sum(builder.getIndexAttr(op.getHeadDim()), {});
  Value chosen = sum(builder.getIndexAttr(sparq.getClampedRank()), channels);
  // A query of zeros, and one of zeros among the chosen, weigh all keys alike.
  return generic({all, chosen}, empty({sizes.batch, sizes.numHeads, one}, type),
                 {{0, 1, 2}, {0, 1, 2}, {0, 1, 2}},
                 {kParallel, kParallel, kParallel},
                 [&](OpBuilder &b, Location loc, ValueRange in) {
                   Value ratio = arith::DivFOp::create(b, loc, in[0], in[1]);
                   Value factor = math::SqrtOp::create(b, loc, ratio);
                   factor = arith::SelectOp::create(
                       b, loc, equals(b, loc, in[1], 0.0), number(b, loc, 0.0),
                       factor);
                   return SmallVector<Value>{factor};
                 })
      .front();
}

Value SparqBuilder::createScores(Value channels, Value factor) {
  AttentionParts parts(op);
  Value init = empty(
      {sizes.batch, sizes.numHeads, builder.getIndexAttr(1), sizes.seqLenKv},
      type);
  return attn::createScores(builder, loc, parts, channels, factor,
                            sparq.getKeyT(), init)
      .getResult(0);
}

void SparqBuilder::createSoftmax(Value scores) {
  OpFoldResult rows[] = {sizes.batch, sizes.numHeads};
  SmallVector<unsigned> scoreMap = {0, 1, 2, 3}, rowMap = {0, 1};
  IteratorType loops[] = {kParallel, kParallel, kReduction, kReduction};
  rowMax = generic(scores, createFilled(builder, loc, rows, type, -kInf),
                   {scoreMap, rowMap}, loops,
                   [](OpBuilder &b, Location loc, ValueRange in) {
                     return SmallVector<Value>{
                         arith::MaximumFOp::create(b, loc, in[0], in[1])};
                   })
               .front();
  rowSum =
      generic({scores, rowMax}, createFilled(builder, loc, rows, type, 0.0),
              {scoreMap, rowMap, rowMap}, loops,
              [](OpBuilder &b, Location loc, ValueRange in) {
                Value shift = getSafeShift(b, loc, in[1]);
                Value x = arith::SubFOp::create(b, loc, in[0], shift);
                Value power = math::ExpOp::create(b, loc, x);
                return SmallVector<Value>{
                    arith::AddFOp::create(b, loc, in[2], power)};
              })
          .front();
}

Value SparqBuilder::createWeight(OpBuilder &b, Location loc, Value score,
                                 Value batch, Value head) const {
  Value max = extract(b, loc, rowMax, {batch, head});
  Value sum = extract(b, loc, rowSum, {batch, head});
  Value x = arith::SubFOp::create(b, loc, score, getSafeShift(b, loc, max));
  Value weight =
      arith::DivFOp::create(b, loc, math::ExpOp::create(b, loc, x), sum);
  return arith::SelectOp::create(b, loc, isExcluded(b, loc, score),
                                 number(b, loc, 0.0), weight);
}

//===----------------------------------------------------------------------===//
// Step 2: the chosen keys
//===----------------------------------------------------------------------===//

Value SparqBuilder::createCandidates(Value scores) {
  Value init = createFilled(builder, loc,
                            {sizes.batch, sizes.numKvHeads, sizes.seqLenKv},
                            type, -kInf);
  bool sumsWeights = group != 1 && sparq.getGroupReduce() == GroupReduce::prob;
  Value sums =
      generic(createExtent(builder, loc, groupSize), init, {{2}, {0, 1, 3}},
              {kParallel, kParallel, kReduction, kParallel},
              [&](OpBuilder &b, Location loc, ValueRange in) {
                Value batch = getLoop(b, loc, 0), key = getLoop(b, loc, 3);
                Value head =
                    getHead(b, loc, getLoop(b, loc, 1), getLoop(b, loc, 2));
                Value zero = arith::ConstantIndexOp::create(b, loc, 0);
                Value score = extract(b, loc, scores, {batch, head, zero, key});
                Value term = score;
                if (sumsWeights)
                  term = createWeight(b, loc, score, batch, head);
                // A head that does not see the key says nothing about it.
                Value old = in.back();
                Value sum = arith::AddFOp::create(b, loc, old, term);
                sum = arith::SelectOp::create(b, loc, isExcluded(b, loc, old),
                                              term, sum);
                return SmallVector<Value>{arith::SelectOp::create(
                    b, loc, isExcluded(b, loc, score), old, sum)};
              })
          .front();
  int64_t window = sparq.getClampedLocalWindow();
  if (window == 0)
    return sums;
  return generic({}, sums, {{0, 1, 2}}, {kParallel, kParallel, kParallel},
                 [&](OpBuilder &b, Location loc, ValueRange in) {
                   IndexMath math{b, loc};
                   Value batch = getLoop(b, loc, 0), key = getLoop(b, loc, 2);
                   // One query sees one range, the same for every head.
                   KeyRange range =
                       cast<AttnKeyRangesInterface>(op.getOperation())
                           .getKeyRanges(b, loc, OpFoldResult(batch),
                                         math.constant(0), math.constant(0),
                                         math.constant(1))
                           .back();
                   Value first = math.value(math.add(range.hi, -window));
                   Value isNew = arith::CmpIOp::create(
                       b, loc, CmpIPredicate::sge, key, first);
                   Value isBefore = arith::CmpIOp::create(
                       b, loc, CmpIPredicate::slt, key, math.value(range.hi));
                   isNew = arith::AndIOp::create(b, loc, isNew, isBefore);
                   Value forced = arith::SelectOp::create(
                       b, loc, isExcluded(b, loc, in[0]), in[0],
                       number(b, loc, kInf));
                   return SmallVector<Value>{
                       arith::SelectOp::create(b, loc, isNew, forced, in[0])};
                 })
      .front();
}

Value SparqBuilder::countVisible(Value candidates) {
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 64);
  Value init = empty({sizes.batch, sizes.numKvHeads}, builder.getI64Type());
  init = linalg::FillOp::create(builder, loc, zero, init).getResult(0);
  return generic(candidates, init, {{0, 1, 2}, {0, 1}},
                 {kParallel, kParallel, kReduction},
                 [&](OpBuilder &b, Location loc, ValueRange in) {
                   Value none = arith::ConstantIntOp::create(b, loc, 0, 64);
                   Value one = arith::ConstantIntOp::create(b, loc, 1, 64);
                   Value step = arith::SelectOp::create(
                       b, loc, isExcluded(b, loc, in[0]), none, one);
                   return SmallVector<Value>{
                       arith::AddIOp::create(b, loc, in[1], step)};
                 })
      .front();
}

Value SparqBuilder::isChosen(OpBuilder &b, Location loc, Value batch,
                             Value kvHead, Value n) const {
  Value chosen = toIndex(b, loc, extract(b, loc, count, {batch, kvHead}));
  return arith::CmpIOp::create(b, loc, CmpIPredicate::slt, n, chosen);
}

Value SparqBuilder::loadChosen(OpBuilder &b, Location loc, Value batch,
                               Value kvHead, Value n) const {
  return toIndex(b, loc, extract(b, loc, indices, {batch, kvHead, n}));
}

/// Whether a chosen key exists and the mask lets the head see it.
Value SparqBuilder::createMask() {
  OpFoldResult topK = builder.getIndexAttr(sparq.getTopK());
  Value init =
      empty({sizes.batch, sizes.numHeads, builder.getIndexAttr(1), topK},
            builder.getI1Type());
  return generic({}, init, {{0, 1, 2, 3}},
                 {kParallel, kParallel, kParallel, kParallel},
                 [&](OpBuilder &b, Location loc, ValueRange) {
                   Value batch = getLoop(b, loc, 0), head = getLoop(b, loc, 1);
                   Value n = getLoop(b, loc, 3);
                   Value kvHead = getKvHead(b, loc, head);
                   Value exists = isChosen(b, loc, batch, kvHead, n);
                   if (!op.getMask())
                     return SmallVector<Value>{exists};
                   auto load = [&](OpBuilder &at, Location atLoc) -> Value {
                     Value zero = arith::ConstantIndexOp::create(at, atLoc, 0);
                     Value key = loadChosen(at, atLoc, batch, kvHead, n);
                     Value m = loadBroadcast(at, atLoc, op.getMask(),
                                             {batch, head, zero, key});
                     if (m.getType().isInteger(1))
                       return m;
                     Value none = arith::ConstantOp::create(
                         at, atLoc, at.getZeroAttr(m.getType()));
                     return arith::CmpIOp::create(at, atLoc, CmpIPredicate::ne,
                                                  m, none);
                   };
                   return SmallVector<Value>{
                       createIf(b, loc, exists, load, b.getBoolAttr(false))};
                 })
      .front();
}

Value SparqBuilder::createBias() {
  if (!op.getBias())
    return {};
  Type element = getElementTypeOrSelf(op.getBias().getType());
  OpFoldResult topK = builder.getIndexAttr(sparq.getTopK());
  Value init = empty(
      {sizes.batch, sizes.numHeads, builder.getIndexAttr(1), topK}, element);
  return generic({}, init, {{0, 1, 2, 3}},
                 {kParallel, kParallel, kParallel, kParallel},
                 [&](OpBuilder &b, Location loc, ValueRange) {
                   Value batch = getLoop(b, loc, 0), head = getLoop(b, loc, 1);
                   Value n = getLoop(b, loc, 3);
                   Value kvHead = getKvHead(b, loc, head);
                   auto load = [&](OpBuilder &at, Location atLoc) {
                     Value zero = arith::ConstantIndexOp::create(at, atLoc, 0);
                     Value key = loadChosen(at, atLoc, batch, kvHead, n);
                     return loadBroadcast(at, atLoc, op.getBias(),
                                          {batch, head, zero, key});
                   };
                   return SmallVector<Value>{
                       createIf(b, loc, isChosen(b, loc, batch, kvHead, n),
                                load, b.getZeroAttr(element))};
                 })
      .front();
}

/// The score region, asked about the keys' own positions, and only about keys
/// that exist.
void SparqBuilder::createScoreRegion(PartialOp partial) {
  OpBuilder::InsertionGuard guard(builder);
  Block &from = op.getScore().front();
  SmallVector<Location> locs(from.getNumArguments(), loc);
  Block *to = builder.createBlock(&partial.getScore(), {},
                                  from.getArgumentTypes(), locs);
  Value batch = to->getArgument(1), head = to->getArgument(2);
  Value n = to->getArgument(4);
  Value kvHead = getKvHead(builder, loc, head);
  auto score = [&](OpBuilder &b, Location) -> Value {
    IRMapping mapping;
    mapping.map(from.getArgument(0), to->getArgument(0));
    Value key = loadChosen(b, loc, batch, kvHead, n);
    Value local[] = {batch, head, to->getArgument(3), key};
    IndexMath math{b, loc};
    for (unsigned axis = 0; axis < 4; ++axis)
      mapping.map(from.getArgument(axis + 1),
                  math.value(math.add(OpFoldResult(local[axis]),
                                      getOffset(op, b, axis))));
    for (Operation &nested : from.without_terminator())
      b.clone(nested, mapping);
    return mapping.lookupOrDefault(
        cast<YieldOp>(from.getTerminator()).getValue());
  };
  Value result =
      createIf(builder, loc, isChosen(builder, loc, batch, kvHead, n), score,
               builder.getFloatAttr(type, -kInf));
  YieldOp::create(builder, loc, result);
}

Value SparqBuilder::attend() {
  OpFoldResult topK = builder.getIndexAttr(sparq.getTopK());
  OpFoldResult one = builder.getIndexAttr(1);
  Type element = op.getKey().getType().getElementType();
  AttentionParts parts(op);
  bool isScaled = op.isQuantized() || element.getIntOrFloatBitWidth() == 8;
  Type rowType = isScaled ? Type(type) : element;
  auto getRows = [&](int64_t width) {
    return empty(
        {sizes.batch, sizes.numKvHeads, topK, builder.getIndexAttr(width)},
        rowType);
  };
  Value rows[] = {getRows(op.getHeadDim()), getRows(op.getHeadDimV())};
  auto gathered = GatherKvOp::create(
      builder, loc, ValueRange(rows).getTypes(), op.getKey(), op.getValue(),
      indices, count, op.getKeyScale(), op.getValueScale(), op.getPageTable(),
      rows[0], rows[1], parts.layout);

  // The gathered keys are a problem of their own, bhsd, in which only the mask
  // says what is visible: what structure hides was not chosen.
  AttentionParts chosen;
  chosen.scale = parts.scale;
  chosen.dynamicScale = parts.dynamicScale;
  chosen.softcap = parts.softcap;
  chosen.key = gathered.getResult(0);
  chosen.value = gathered.getResult(1);
  chosen.mask = createMask();
  chosen.bias = createBias();
  Type queryType =
      isScaled ? Type(type) : op.getQuery().getType().getElementType();
  OpFoldResult headDim = builder.getIndexAttr(op.getHeadDim());
  chosen.query = op.getQuery();
  if (op.getSeqAxis() == 1 || isScaled) {
    Value init = empty({sizes.batch, sizes.numHeads, one, headDim}, queryType);
    SmallVector<unsigned> from = {0, 1, 2, 3};
    if (op.getSeqAxis() == 1)
      std::swap(from[1], from[2]);
    chosen.query =
        generic(op.getQuery(), init, {from, {0, 1, 2, 3}},
                {kParallel, kParallel, kParallel, kParallel},
                [&](OpBuilder &b, Location loc, ValueRange in) {
                  return SmallVector<Value>{toFloat(b, loc, in[0], queryType)};
                })
            .front();
  }
  Value output = empty({sizes.batch, sizes.numHeads, one,
                        builder.getIndexAttr(op.getHeadDimV())},
                       type);
  Value lse = empty({sizes.batch, sizes.numHeads, one}, type);
  PartialOp partial = createPartial(builder, loc, chosen, output, lse);
  if (op.hasScore())
    createScoreRegion(partial);
  return partial.getResult(0);
}

Value SparqBuilder::run() {
  Value channels = chooseChannels();
  Value factor = needsSoftmax ? createFactor(channels) : Value();
  Value scores = createScores(channels, factor);
  if (needsSoftmax)
    createSoftmax(scores);
  Value candidates = createCandidates(scores);
  Value visible = countVisible(candidates);
  OpFoldResult topK = builder.getIndexAttr(sparq.getTopK());
  Value inits[] = {
      empty({sizes.batch, sizes.numKvHeads, topK}, builder.getI64Type()),
      empty({sizes.batch, sizes.numKvHeads}, builder.getI64Type())};
  auto choice = TopKOp::create(builder, loc, ValueRange(inits).getTypes(),
                               candidates, inits[0], inits[1]);
  indices = choice.getResult(0);
  count = choice.getResult(1);
  return combine(attend(), visible, scores);
}

Value decompose::createSparqSteps(OpBuilder &builder, SparqOp op) {
  return SparqBuilder(builder, op).run();
}
