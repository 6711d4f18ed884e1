//===- DecomposeScores.cpp - Scores of all keys as linalg -----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The linalg form of attn.scores: products of the chosen components, then the
// modifiers that every op that scores keys has.
//
//===----------------------------------------------------------------------===//

#include "StateBuilder.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::decompose;

Value StateBuilder::createChosenProducts(ScoresOp scores) {
  unsigned keyLoop = numRowLoops, dimLoop = numRowLoops + 1;
  unsigned numLoops = numRowLoops + 2;
  Value channels = scores.getChannels(), factor = scores.getFactor();
  OpFoldResult numChannels = builder.getIndexAttr(op.getHeadDim());
  if (channels)
    numChannels = getDim(builder, loc, channels, 2);
  Value extent = createExtent(builder, loc, numChannels);
  Value init = createFilled(builder, loc, getRowSizes({sizes.seqLenKv}), type,
                            /*value=*/0.0);
  AffineMap maps[] = {getMap(numLoops, {dimLoop}),
                      getRowMap(numLoops, {keyLoop})};
  KvSource keys = {op.getKey(), op.getKeyScale(), op.getPageTable(),
                   op.getLayout()};
  Value keyT = scores.getKeyT();

  auto body = [&](OpBuilder &nested, Location nestedLoc, ValueRange in) {
    auto getIndex = [&](unsigned loop) -> Value {
      return linalg::IndexOp::create(nested, nestedLoc, loop);
    };
    Value group = getValueOrCreateConstantIndexOp(nested, nestedLoc, groupSize);
    Value b = getIndex(0), head = getIndex(1), kvHead = head;
    if (isGrouped) {
      head = arith::MulIOp::create(nested, nestedLoc, head, group);
      head = arith::AddIOp::create(nested, nestedLoc, head, getIndex(2));
    } else if (isKvIndirect) {
      kvHead = arith::DivUIOp::create(nested, nestedLoc, head, group);
    }
    Value i = getIndex(queryLoop()), j = getIndex(keyLoop);
    Value channel = getIndex(dimLoop);
    if (channels) {
      Value chosen = tensor::ExtractOp::create(nested, nestedLoc, channels,
                                               ValueRange{b, kvHead, channel});
      channel = arith::IndexCastOp::create(nested, nestedLoc,
                                           nested.getIndexType(), chosen);
    }
    SmallVector<Value> position = {b, head, i, channel};
    if (op.getSeqAxis() == 1)
      std::swap(position[1], position[2]);
    Value q =
        tensor::ExtractOp::create(nested, nestedLoc, op.getQuery(), position);
    q = toFloat(nested, nestedLoc, q, type);

    auto load = [&](OpBuilder &at, Location atLoc) -> Value {
      if (!keyT)
        return keys.load(at, atLoc, b, kvHead, j, channel, type);
      int64_t tile = cast<RankedTensorType>(keyT.getType()).getDimSize(4);
      Value size = arith::ConstantIndexOp::create(at, atLoc, tile);
      Value k = tensor::ExtractOp::create(
          at, atLoc, keyT,
          ValueRange{b, kvHead, arith::DivUIOp::create(at, atLoc, j, size),
                     channel, arith::RemUIOp::create(at, atLoc, j, size)});
      k = toFloat(at, atLoc, k, type);
      if (!keys.scale)
        return k;
      Value scale =
          loadBroadcast(at, atLoc, keys.scale, {b, kvHead, j, channel});
      return arith::MulFOp::create(at, atLoc, k,
                                   toFloat(at, atLoc, scale, type));
    };
    Value k;
    OpFoldResult kvLen;
    if (op.isPaged())
      kvLen = getKvLenAt(op, nested, nestedLoc, b);
    if (kvLen) {
      // Beyond kv_len the page table may hold anything.
      OpFoldResult offset = getOffset(op, nested, 3);
      Value absolute = j;
      if (!isZeroInteger(offset))
        absolute = arith::AddIOp::create(
            nested, nestedLoc, j,
            getValueOrCreateConstantIndexOp(nested, nestedLoc, offset));
      Value inUse = arith::CmpIOp::create(
          nested, nestedLoc, arith::CmpIPredicate::slt, absolute,
          getValueOrCreateConstantIndexOp(nested, nestedLoc, kvLen));
      k = createIf(nested, nestedLoc, inUse, load,
                   nested.getFloatAttr(type, 0.0));
    } else {
      k = load(nested, nestedLoc);
    }
    Value product = arith::MulFOp::create(nested, nestedLoc, q, k);
    return SmallVector<Value>{
        arith::AddFOp::create(nested, nestedLoc, in.back(), product)};
  };
  Value products = createGeneric(builder, loc, extent, init, maps,
                                 numRowLoops + 1, /*numReduction=*/1, body)
                       .front();
  if (!factor)
    return products;

  AffineMap identity = builder.getMultiDimIdentityMap(numRowLoops + 1);
  return createGeneric(
             builder, loc, splitHeads(factor, 1), products,
             {getRowMap(numRowLoops + 1), identity}, numRowLoops + 1,
             /*numReduction=*/0,
             [](OpBuilder &nested, Location nestedLoc, ValueRange in) {
               return SmallVector<Value>{
                   arith::MulFOp::create(nested, nestedLoc, in[0], in[1])};
             })
      .front();
}

Value StateBuilder::runScores() {
  auto scores = cast<ScoresOp>(op.getOperation());
  return joinHeads(createScores(createChosenProducts(scores)), 1,
                   scores.getScores().getType());
}

Value decompose::createScores(OpBuilder &builder, ScoresOp op) {
  return StateBuilder(builder, cast<AttentionInterface>(op.getOperation()))
      .runScores();
}
