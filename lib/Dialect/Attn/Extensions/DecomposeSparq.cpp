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

#include "Decompose.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;
using arith::CmpFPredicate;
using arith::CmpIPredicate;
using utils::IteratorType;

static constexpr double kInf = std::numeric_limits<double>::infinity();

namespace {
/// The steps of one attn.sparq. Tensors over query heads are [batch, num_heads,
/// ...], those over key heads [batch, num_kv_heads, ...].
class SparqBuilder {
public:
  SparqBuilder(OpBuilder &builder, SparqOp sparq);

  Value run();

private:
  /// The components and the factor of each query head's scale.
  Value chooseChannels();
  Value createFactor(Value channels);
  Value createScores(Value channels, Value factor);
  /// Maximum and sum of the softmax of `scores`.
  void createSoftmax(Value scores);
  /// What keys are chosen by: -inf where no head of the group sees the key,
  /// +inf where it is new.
  Value createCandidates(Value scores);
  /// How many candidates are not -inf.
  Value countVisible(Value candidates);
  Value attend();
  Value createMask();
  Value createBias();
  void createScoreRegion(PartialOp partial);
  Value createWeights(Value scores);
  Value createMean(Value scores);
  Value combine(Value output, Value visible, Value scores);

  //===--------------------------------------------------------------------===//
  // In bodies
  //===--------------------------------------------------------------------===//

  static Value getLoop(OpBuilder &b, Location loc, unsigned loop) {
    return linalg::IndexOp::create(b, loc, loop);
  }
  Value getKvHead(OpBuilder &b, Location loc, Value head) const {
    if (group == 1)
      return head;
    Value size = getValueOrCreateConstantIndexOp(b, loc, groupSize);
    return arith::DivUIOp::create(b, loc, head, size);
  }
  /// Query head `g` of the group of `kvHead`.
  Value getHead(OpBuilder &b, Location loc, Value kvHead, Value g) const {
    if (group == 1)
      return kvHead;
    Value size = getValueOrCreateConstantIndexOp(b, loc, groupSize);
    Value first = arith::MulIOp::create(b, loc, kvHead, size);
    return arith::AddIOp::create(b, loc, first, g);
  }
  /// |query[b, head, 0, channel]|.
  Value loadMagnitude(OpBuilder &b, Location loc, Value batch, Value head,
                      Value channel) const;
  static Value extract(OpBuilder &b, Location loc, Value tensor,
                       ValueRange indices) {
    return tensor::ExtractOp::create(b, loc, tensor, indices);
  }
  static Value toIndex(OpBuilder &b, Location loc, Value value) {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  }
  static Value compare(OpBuilder &b, Location loc, CmpFPredicate predicate,
                       Value x, Value y) {
    return arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value number(OpBuilder &b, Location loc, double value) const {
    return createFloat(b, loc, type, value);
  }
  Value isExcluded(OpBuilder &b, Location loc, Value score) const {
    return equals(b, loc, score, -kInf);
  }
  /// The weight of a score in its row's softmax; 0 for an excluded one.
  Value createWeight(OpBuilder &b, Location loc, Value score, Value batch,
                     Value head) const;
  /// Whether chosen key `n` of (batch, kv head) exists.
  Value isChosen(OpBuilder &b, Location loc, Value batch, Value kvHead,
                 Value n) const;

  SmallVector<Value> generic(ValueRange inputs, ValueRange outputs,
                             ArrayRef<SmallVector<unsigned>> dims,
                             ArrayRef<IteratorType> iterators,
                             GenericBody body) {
    SmallVector<AffineMap> maps;
    for (ArrayRef<unsigned> map : dims)
      maps.push_back(AffineMap::getMultiDimMapWithTargets(
          iterators.size(), map, builder.getContext()));
    return createGeneric(builder, loc, inputs, outputs, maps, iterators, body);
  }
  Value empty(ArrayRef<OpFoldResult> shape, Type element) {
    return tensor::EmptyOp::create(builder, loc, shape, element);
  }

  OpBuilder &builder;
  SparqOp sparq;
  AttentionInterface op;
  Location loc;
  FloatType type;
  AttentionSizes sizes;
  OpFoldResult groupSize;
  /// `groupSize` if it is known.
  std::optional<int64_t> group;
  /// Whether the weights of the approximate scores matter.
  bool needsSoftmax;
  /// Of the softmax of the approximate scores, if it is needed.
  Value rowMax, rowSum;
  /// The chosen keys.
  Value indices, count;
};
} // namespace

static constexpr IteratorType kParallel = IteratorType::parallel;
static constexpr IteratorType kReduction = IteratorType::reduction;

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
  Value init = createFilled(builder, loc, {sizes.batch, sizes.numKvHeads,
                                           headDim},
                            type, 0.0);
  Value sums =
      generic(createExtent(builder, loc, groupSize), init, {{2}, {0, 1, 3}},
              {kParallel, kParallel, kReduction, kParallel},
              [&](OpBuilder &b, Location loc, ValueRange in) {
                Value head = getHead(b, loc, getLoop(b, loc, 1),
                                     getLoop(b, loc, 2));
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
  Value init = empty({sizes.batch, sizes.numHeads, builder.getIndexAttr(1),
                      sizes.seqLenKv},
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
                     return SmallVector<Value>{arith::MaximumFOp::create(
                         b, loc, in[0], in[1])};
                   })
               .front();
  rowSum = generic({scores, rowMax},
                   createFilled(builder, loc, rows, type, 0.0),
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
  Value weight = arith::DivFOp::create(b, loc, math::ExpOp::create(b, loc, x),
                                       sum);
  return arith::SelectOp::create(b, loc, isExcluded(b, loc, score),
                                 number(b, loc, 0.0), weight);
}

//===----------------------------------------------------------------------===//
// Step 2: the chosen keys
//===----------------------------------------------------------------------===//

Value SparqBuilder::createCandidates(Value scores) {
  Value init = createFilled(
      builder, loc, {sizes.batch, sizes.numKvHeads, sizes.seqLenKv}, type,
      -kInf);
  bool sumsWeights =
      group != 1 && sparq.getGroupReduce() == GroupReduce::prob;
  Value sums =
      generic(createExtent(builder, loc, groupSize), init, {{2}, {0, 1, 3}},
              {kParallel, kParallel, kReduction, kParallel},
              [&](OpBuilder &b, Location loc, ValueRange in) {
                Value batch = getLoop(b, loc, 0), key = getLoop(b, loc, 3);
                Value head = getHead(b, loc, getLoop(b, loc, 1),
                                     getLoop(b, loc, 2));
                Value zero = arith::ConstantIndexOp::create(b, loc, 0);
                Value score =
                    extract(b, loc, scores, {batch, head, zero, key});
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
                   return SmallVector<Value>{arith::SelectOp::create(
                       b, loc, isNew, forced, in[0])};
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

/// Whether a chosen key exists and the mask lets the head see it.
Value SparqBuilder::createMask() {
  OpFoldResult topK = builder.getIndexAttr(sparq.getTopK());
  Value init = empty(
      {sizes.batch, sizes.numHeads, builder.getIndexAttr(1), topK},
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
                     Value key = toIndex(
                         at, atLoc,
                         extract(at, atLoc, indices, {batch, kvHead, n}));
                     Value m = loadBroadcast(at, atLoc, op.getMask(),
                                             {batch, head, zero, key});
                     if (m.getType().isInteger(1))
                       return m;
                     Value none = arith::ConstantOp::create(
                         at, atLoc, at.getZeroAttr(m.getType()));
                     return arith::CmpIOp::create(
                         at, atLoc, CmpIPredicate::ne, m, none);
                   };
                   return SmallVector<Value>{createIf(
                       b, loc, exists, load, b.getBoolAttr(false))};
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
                     Value key = toIndex(
                         at, atLoc,
                         extract(at, atLoc, indices, {batch, kvHead, n}));
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
    Value key = toIndex(b, loc, extract(b, loc, indices, {batch, kvHead, n}));
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
  Value result = createIf(builder, loc,
                          isChosen(builder, loc, batch, kvHead, n), score,
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
    return empty({sizes.batch, sizes.numKvHeads, topK,
                  builder.getIndexAttr(width)},
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
  Type queryType = isScaled ? Type(type) : op.getQuery().getType()
                                               .getElementType();
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
                  return SmallVector<Value>{
                      toFloat(b, loc, in[0], queryType)};
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

//===----------------------------------------------------------------------===//
// Step 3: the keys that are not read
//===----------------------------------------------------------------------===//

/// The sum of the weights of the chosen keys.
Value SparqBuilder::createWeights(Value scores) {
  OpFoldResult topK = builder.getIndexAttr(sparq.getTopK());
  Value init =
      createFilled(builder, loc, {sizes.batch, sizes.numHeads}, type, 0.0);
  return generic(createExtent(builder, loc, topK), init, {{2}, {0, 1}},
                 {kParallel, kParallel, kReduction},
                 [&](OpBuilder &b, Location loc, ValueRange in) {
                   Value batch = getLoop(b, loc, 0), head = getLoop(b, loc, 1);
                   Value n = getLoop(b, loc, 2);
                   Value kvHead = getKvHead(b, loc, head);
                   auto load = [&](OpBuilder &at, Location atLoc) {
                     Value zero = arith::ConstantIndexOp::create(at, atLoc, 0);
                     Value key = toIndex(
                         at, atLoc,
                         extract(at, atLoc, indices, {batch, kvHead, n}));
                     Value score = extract(at, atLoc, scores,
                                           {batch, head, zero, key});
                     return createWeight(at, atLoc, score, batch, head);
                   };
                   Value weight =
                       createIf(b, loc, isChosen(b, loc, batch, kvHead, n),
                                load, b.getFloatAttr(type, 0.0));
                   return SmallVector<Value>{
                       arith::AddFOp::create(b, loc, in.back(), weight)};
                 })
      .front();
}

/// The mean of value over the keys each head sees, [batch, num_heads,
/// head_dim_v]; 0 if there is none.
Value SparqBuilder::createMean(Value scores) {
  OpFoldResult headDimV = builder.getIndexAttr(op.getHeadDimV());
  KvSource values = {op.getValue(), op.getValueScale(), op.getPageTable(),
                     op.getLayout()};
  auto countIf = [&](OpBuilder &b, Location loc, Value score) -> Value {
    return arith::SelectOp::create(b, loc, isExcluded(b, loc, score),
                                   number(b, loc, 0.0), number(b, loc, 1.0));
  };
  Value counts =
      generic(scores,
              createFilled(builder, loc, {sizes.batch, sizes.numHeads}, type,
                           0.0),
              {{0, 1, 2, 3}, {0, 1}},
              {kParallel, kParallel, kReduction, kReduction},
              [&](OpBuilder &b, Location loc, ValueRange in) {
                return SmallVector<Value>{arith::AddFOp::create(
                    b, loc, in[1], countIf(b, loc, in[0]))};
              })
          .front();
  // Row by row, as values lie. An excluded value is not looked at.
  Value sums =
      generic(scores,
              createFilled(builder, loc,
                           {sizes.batch, sizes.numHeads, headDimV}, type, 0.0),
              {{0, 1, 2, 3}, {0, 1, 4}},
              {kParallel, kParallel, kReduction, kReduction, kParallel},
              [&](OpBuilder &b, Location loc, ValueRange in) {
                Value batch = getLoop(b, loc, 0), key = getLoop(b, loc, 3);
                Value kvHead = getKvHead(b, loc, getLoop(b, loc, 1));
                Value channel = getLoop(b, loc, 4);
                Value isVisible = compare(b, loc, CmpFPredicate::UNE, in[0],
                                          number(b, loc, -kInf));
                auto load = [&](OpBuilder &at, Location atLoc) {
                  return values.load(at, atLoc, batch, kvHead, key, channel,
                                     type);
                };
                Value v = createIf(b, loc, isVisible, load,
                                   b.getFloatAttr(type, 0.0));
                return SmallVector<Value>{
                    arith::AddFOp::create(b, loc, in[1], v)};
              })
          .front();
  return generic(counts, sums, {{0, 1}, {0, 1, 2}},
                 {kParallel, kParallel, kParallel},
                 [&](OpBuilder &b, Location loc, ValueRange in) {
                   Value mean = arith::DivFOp::create(b, loc, in[1], in[0]);
                   return SmallVector<Value>{arith::SelectOp::create(
                       b, loc, equals(b, loc, in[0], 0.0), in[1], mean)};
                 })
      .front();
}

Value SparqBuilder::combine(Value output, Value visible, Value scores) {
  Type resultType = sparq.getOutput().getType().getElementType();
  ReifiedRankedShapedTypeDims shapes;
  LogicalResult reified = sparq.reifyResultShapes(builder, shapes);
  assert(succeeded(reified) && "sizes of results follow from the operands");
  (void)reified;
  bool isBshd = op.getSeqAxis() == 1;
  Realloc realloc = sparq.getRealloc();
  bool mayRealloc =
      realloc == Realloc::on ||
      (realloc == Realloc::automatic && group.value_or(1) == 1);
  Value weights, mean = sparq.getValueMean();
  if (mayRealloc) {
    weights = createWeights(scores);
    if (!mean)
      mean = createMean(scores);
  }
  SmallVector<unsigned> to = {0, 1, 2, 3};
  if (isBshd)
    std::swap(to[1], to[2]);
  return generic(
             output, empty(shapes.front(), resultType), {{0, 1, 2, 3}, to},
             {kParallel, kParallel, kParallel, kParallel},
             [&](OpBuilder &b, Location loc, ValueRange in) {
               Value batch = getLoop(b, loc, 0), head = getLoop(b, loc, 1);
               Value channel = getLoop(b, loc, 3), result = in[0];
               Value kvHead = getKvHead(b, loc, head);
               if (mayRealloc) {
                 Value one = number(b, loc, 1.0);
                 Value weight = extract(b, loc, weights, {batch, head});
                 weight = arith::MinimumFOp::create(b, loc, weight, one);
                 // All that can be seen was chosen: exactly 1.
                 Value topK = arith::ConstantIntOp::create(
                     b, loc, sparq.getTopK(), 64);
                 Value hasAll = arith::CmpIOp::create(
                     b, loc, CmpIPredicate::sle,
                     extract(b, loc, visible, {batch, kvHead}), topK);
                 weight = arith::SelectOp::create(b, loc, hasAll, one, weight);
                 Value meanHead = sparq.getValueMean() ? kvHead : head;
                 Value v = extract(b, loc, mean, {batch, meanHead, channel});
                 Value rest = arith::SubFOp::create(b, loc, one, weight);
                 Value mixed = arith::AddFOp::create(
                     b, loc, arith::MulFOp::create(b, loc, weight, result),
                     arith::MulFOp::create(b, loc, rest, v));
                 Value isWhole =
                     compare(b, loc, CmpFPredicate::OEQ, weight, one);
                 mixed = arith::SelectOp::create(b, loc, isWhole, result,
                                                 mixed);
                 if (realloc == Realloc::automatic && !group) {
                   Value size =
                       getValueOrCreateConstantIndexOp(b, loc, groupSize);
                   Value isSingle = arith::CmpIOp::create(
                       b, loc, CmpIPredicate::eq, size,
                       arith::ConstantIndexOp::create(b, loc, 1));
                   mixed = arith::SelectOp::create(b, loc, isSingle, mixed,
                                                   result);
                 }
                 result = mixed;
               }
               if (needsSoftmax) {
                 // A NaN among the scores may have kept its key from being
                 // chosen; a row that sees nothing is 0 whatever the mean.
                 Value sum = extract(b, loc, rowSum, {batch, head});
                 Value isNaN = compare(b, loc, CmpFPredicate::UNO, sum, sum);
                 result = arith::SelectOp::create(b, loc, isNaN, sum, result);
                 Value isEmpty = equals(b, loc, sum, 0.0);
                 result = arith::SelectOp::create(
                     b, loc, isEmpty, number(b, loc, 0.0), result);
               }
               return SmallVector<Value>{toFloat(b, loc, result, resultType)};
             })
      .front();
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
