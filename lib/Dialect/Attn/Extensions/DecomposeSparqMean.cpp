//===- DecomposeSparqMean.cpp - What SparQ gives to the mean value --------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The weight of the chosen keys, the mean of value, and the result.
//
//===----------------------------------------------------------------------===//

#include "SparqBuilder.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;
using arith::CmpIPredicate;

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
                     Value key = loadChosen(at, atLoc, batch, kvHead, n);
                     Value score =
                         extract(at, atLoc, scores, {batch, head, zero, key});
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
  Value counts = generic(scores,
                         createFilled(builder, loc,
                                      {sizes.batch, sizes.numHeads}, type, 0.0),
                         {{0, 1, 2, 3}, {0, 1}},
                         {kParallel, kParallel, kReduction, kReduction},
                         [&](OpBuilder &b, Location loc, ValueRange in) {
                           return SmallVector<Value>{arith::AddFOp::create(
                               b, loc, in[1], countIf(b, loc, in[0]))};
                         })
                     .front();
  // Row by row, as values lie. An excluded value is not looked at.
  Value sums =
      generic(
          scores,
          createFilled(builder, loc, {sizes.batch, sizes.numHeads, headDimV},
                       type, 0.0),
          {{0, 1, 2, 3}, {0, 1, 4}},
          {kParallel, kParallel, kReduction, kReduction, kParallel},
          [&](OpBuilder &b, Location loc, ValueRange in) {
            Value batch = getLoop(b, loc, 0), key = getLoop(b, loc, 3);
            Value kvHead = getKvHead(b, loc, getLoop(b, loc, 1));
            Value channel = getLoop(b, loc, 4);
            Value isVisible = compare(b, loc, CmpFPredicate::UNE, in[0],
                                      number(b, loc, -kInf));
            auto load = [&](OpBuilder &at, Location atLoc) {
              return values.load(at, atLoc, batch, kvHead, key, channel, type);
            };
            Value v =
                createIf(b, loc, isVisible, load, b.getFloatAttr(type, 0.0));
            return SmallVector<Value>{arith::AddFOp::create(b, loc, in[1], v)};
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
  bool mayRealloc = realloc == Realloc::on ||
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
                 Value topK =
                     arith::ConstantIntOp::create(b, loc, sparq.getTopK(), 64);
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
                 mixed =
                     arith::SelectOp::create(b, loc, isWhole, result, mixed);
                 if (realloc == Realloc::automatic && !group) {
                   Value size =
                       getValueOrCreateConstantIndexOp(b, loc, groupSize);
                   Value isSingle = arith::CmpIOp::create(
                       b, loc, CmpIPredicate::eq, size,
                       arith::ConstantIndexOp::create(b, loc, 1));
                   mixed =
                       arith::SelectOp::create(b, loc, isSingle, mixed, result);
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
                 result = arith::SelectOp::create(b, loc, isEmpty,
                                                  number(b, loc, 0.0), result);
               }
               return SmallVector<Value>{toFloat(b, loc, result, resultType)};
             })
      .front();
}
