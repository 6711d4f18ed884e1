//===- CountWork.cpp - Useful operations and bytes of a program -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Counts at run time, from the key ranges in the IR, what a program has to do:
// a benchmark divides by its own work, not by a guess.
//
//===----------------------------------------------------------------------===//

#include "CountPairs.h"

#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/AttnStar.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNCOUNTWORKPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

Value attn::createSum(OpBuilder &builder, Location loc, OpFoldResult size,
                      Value init,
                      function_ref<Value(OpBuilder &, Value i)> body) {
  IndexMath math{builder, loc};
  Value zero = math.value(math.constant(0)), one = math.value(math.constant(1));
  auto loop = scf::ForOp::create(
      builder, loc, zero, math.value(size), one, init,
      [&](OpBuilder &nested, Location, Value i, ValueRange sums) {
        Value added = body(nested, i);
        Value sum = arith::AddIOp::create(nested, loc, sums.front(), added);
        scf::YieldOp::create(nested, loc, sum);
      });
  return loop.getResult(0);
}

/// Keys in the prefix that queries [qLo, qHi) of batch entry `b` see.
static OpFoldResult countPrefixKeys(OpBuilder &builder, Location loc,
                                    BlockStructure blocks, OpFoldResult b,
                                    OpFoldResult qLo, OpFoldResult qHi) {
  IndexMath math{builder, loc};
  KeyRange range = computePrefixKeys(blocks, builder, loc, qLo, qHi);
  OpFoldResult keys = math.sub(range.hi, range.lo);
  OpFoldResult qLen = getQLenAt(blocks.op, builder, loc, b);
  if (!qLen)
    return keys;
  // Of the blocks that have a row in use.
  OpFoldResult end =
      math.min(qHi, math.sub(qLen, getOffset(blocks.op, builder, 2)));
  Value isInUse = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                        math.value(qLo), math.value(end));
  range = computePrefixKeys(blocks, builder, loc, qLo, end);
  return math.select(isInUse, math.sub(range.hi, range.lo), math.constant(0));
}

/// Keys, the anchor's and prefixes among them unless they are not to be
/// counted, in the ranges of queries [qLo, qHi) of batch entry `b`.
static Value countKeys(OpBuilder &builder, Location loc, Operation *op,
                       OpFoldResult b, OpFoldResult qLo, OpFoldResult qHi,
                       bool countsOtherKeys = true) {
  IndexMath math{builder, loc};
  OpFoldResult keys = math.constant(0);
  for (const KeyRange &range : cast<AttnKeyRangesInterface>(op).getKeyRanges(
           builder, loc, b, math.constant(0), qLo, qHi))
    keys = math.add(keys, math.sub(range.hi, range.lo));
  auto star = dyn_cast<StarOp>(op);
  if (countsOtherKeys && star && star.hasAnchorOperands())
    for (const KeyRange &range :
         computeStarKeys(star, builder, loc, b, qLo, qHi, /*isOneBlock=*/false)
             .anchor)
      keys = math.add(keys, math.sub(range.hi, range.lo));
  auto local = dyn_cast<BlockLocalOp>(op);
  if (countsOtherKeys && local && local.hasPrefix())
    keys = math.add(keys, countPrefixKeys(builder, loc, local, b, qLo, qHi));
  auto step = dyn_cast<BlockLocalStepOp>(op);
  if (countsOtherKeys && step && step.getPrefixKey())
    keys = math.add(keys, countPrefixKeys(builder, loc, step, b, qLo, qHi));
  return math.value(keys);
}

Value attn::countPairs(OpBuilder &builder, AttentionInterface op,
                       OpFoldResult b, bool countsOtherKeys) {
  Location loc = op->getLoc();
  IndexMath math{builder, loc};
  // Every row sees what its own range says; one query is a tile of one.
  return createSum(
      builder, loc, getSizes(builder, loc, op).seqLenQ,
      math.value(math.constant(0)), [&](OpBuilder &inner, Value i) {
        IndexMath math{inner, loc};
        return countKeys(inner, loc, op, b, OpFoldResult(i),
                         math.add(OpFoldResult(i), 1), countsOtherKeys);
      });
}

/// Bytes of one element in memory.
static int64_t getBytes(Type elementType) {
  return (elementType.getIntOrFloatBitWidth() + 7) / 8;
}

/// Keys in the ranges of all queries of each batch entry, summed; at most
/// `most` of each if that is not 0.
static OpFoldResult sumKeys(OpBuilder &builder, AttentionInterface op,
                            int64_t most = 0) {
  Location loc = op->getLoc();
  IndexMath math{builder, loc};
  AttentionSizes sizes = getSizes(builder, loc, op);
  Value zero = math.value(math.constant(0));
  return OpFoldResult(createSum(
      builder, loc, sizes.batch, zero, [&](OpBuilder &nested, Value b) {
        IndexMath inner{nested, loc};
        Value keys =
            countKeys(nested, loc, op, b, inner.constant(0), sizes.seqLenQ);
        if (most == 0)
          return keys;
        return inner.value(inner.min(OpFoldResult(keys), inner.constant(most)));
      }));
}

/// Operations and bytes of SparQ attention: the chosen components of all keys
/// and the chosen keys in full, once per key head, and the mean value; all of
/// value where that is not kept.
static std::pair<Value, Value> countSparq(OpBuilder &builder, SparqOp sparq) {
  auto op = cast<AttentionInterface>(sparq.getOperation());
  Location loc = op->getLoc();
  IndexMath math{builder, loc};
  AttentionSizes sizes = getSizes(builder, loc, op);
  int64_t width = op.getHeadDim() + op.getHeadDimV();
  int64_t rank = sparq.getClampedRank();
  int64_t kvBytes = getBytes(op.getKey().getType().getElementType());
  OpFoldResult keys = sumKeys(builder, op);
  OpFoldResult chosen = sumKeys(builder, op, sparq.getTopK());
  OpFoldResult flops =
      math.mul(math.add(math.mul(keys, 2 * rank), math.mul(chosen, 2 * width)),
               sizes.numHeads);
  bool isOn =
      sparq.getRealloc() == Realloc::on ||
      (sparq.getRealloc() == Realloc::automatic && getStaticGroupSize(op) == 1);
  int64_t keyBytes = rank * kvBytes;
  if (isOn && !sparq.getValueMean())
    keyBytes += op.getHeadDimV() * kvBytes;
  OpFoldResult bytes = math.mul(
      math.add(math.mul(keys, keyBytes), math.mul(chosen, width * kvBytes)),
      sizes.numKvHeads);
  if (isOn && sparq.getValueMean())
    bytes = math.add(
        bytes, math.mul(math.mul(sizes.batch, sizes.numKvHeads),
                        op.getHeadDimV() * getBytes(op.getAccumulatorType())));
  int64_t rowBytes = width * getBytes(op.getQuery().getType().getElementType());
  bytes = math.add(bytes,
                   math.mul(math.mul(sizes.batch, sizes.numHeads), rowBytes));
  return {math.value(flops), math.value(bytes)};
}

/// Operations and bytes of an op that scores keys: two products over the pairs
/// its structure lets see each other; K and V once per key head, Q and the
/// output once.
static std::pair<Value, Value> countAttention(OpBuilder &builder,
                                              AttentionInterface op) {
  Location loc = op->getLoc();
  IndexMath math{builder, loc};
  AttentionSizes sizes = getSizes(builder, loc, op);
  Value zero = math.value(math.constant(0));
  Value pairs = createSum(
      builder, loc, sizes.batch, zero,
      [&](OpBuilder &nested, Value b) { return countPairs(nested, op, b); });
  OpFoldResult keys = sumKeys(builder, op);
  // Scores alone read no value.
  int64_t width = op.getHeadDim();
  if (!isa<ScoresOp>(op.getOperation()))
    width += op.getHeadDimV();
  OpFoldResult flops =
      math.mul(math.mul(OpFoldResult(pairs), sizes.numHeads), 2 * width);
  int64_t kvBytes = width * getBytes(op.getKey().getType().getElementType());
  int64_t rowBytes = width * getBytes(op.getQuery().getType().getElementType());
  OpFoldResult rows =
      math.mul(math.mul(sizes.batch, sizes.numHeads), sizes.seqLenQ);
  OpFoldResult bytes =
      math.add(math.mul(math.mul(keys, sizes.numKvHeads), kvBytes),
               math.mul(rows, rowBytes));
  return {math.value(flops), math.value(bytes)};
}

/// Operations of a linalg contraction (two per multiply-add); the projections
/// of a layer are work too. Its bytes are not counted.
static std::pair<Value, Value> countContraction(OpBuilder &builder,
                                                linalg::LinalgOp op) {
  IndexMath math{builder, op.getLoc()};
  OpFoldResult flops = math.constant(2);
  for (Range range : op.createLoopRanges(builder, op.getLoc()))
    flops = math.mul(flops, range.size);
  return {math.value(flops), math.value(math.constant(0))};
}

namespace {
struct AttnCountWorkPass
    : attn::impl::AttnCountWorkPassBase<AttnCountWorkPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder builder(module.getContext());
    SmallVector<Operation *> counted;
    module.walk([&](Operation *op) {
      bool scores = isa<AttentionInterface>(op);
      bool contracts =
          linalg::isaContractionOpInterface(dyn_cast<linalg::LinalgOp>(op));
      if (scores || contracts)
        counted.push_back(op);
    });
    if (counted.empty())
      return;
    Type i64 = builder.getI64Type();
    builder.setInsertionPointToStart(module.getBody());
    auto count =
        func::FuncOp::create(builder, module.getLoc(), kCountWorkFunction,
                             builder.getFunctionType({i64, i64}, {}));
    count.setPrivate();
    for (Operation *op : counted) {
      builder.setInsertionPoint(op);
      auto countOp = [&]() -> std::pair<Value, Value> {
        if (auto sparq = dyn_cast<SparqOp>(op))
          return countSparq(builder, sparq);
        if (auto attention = dyn_cast<AttentionInterface>(op))
          return countAttention(builder, attention);
        return countContraction(builder, cast<linalg::LinalgOp>(op));
      };
      auto [flops, bytes] = countOp();
      auto toI64 = [&](Value value) -> Value {
        return arith::IndexCastOp::create(builder, op->getLoc(), i64, value);
      };
      func::CallOp::create(builder, op->getLoc(), count,
                           ValueRange{toI64(flops), toI64(bytes)});
    }
  }
};
} // namespace
