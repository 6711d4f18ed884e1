//===- AttnBlockLocal.cpp - What rows of attn.block_local see -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// algorithms: Block Transformer, the block-diagonal form. Below, `start` of a
// row is the first position of its block.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

using namespace mlir;
using namespace mlir::attn;

static OpFoldResult getBlock(BlockLocalOp op, IndexMath &math,
                             OpFoldResult row) {
  return math.apply(math.d(0).floorDiv(op.getBlockLen()), {row});
}

static OpFoldResult getStart(BlockLocalOp op, IndexMath &math,
                             OpFoldResult row) {
  int64_t size = op.getBlockLen();
  return math.apply(math.d(0).floorDiv(size) * size, {row});
}

SmallVector<KeyRange>
attn::computeBlockLocalKeys(BlockLocalOp op, OpBuilder &builder, Location loc,
                            OpFoldResult b, OpFoldResult qLo, OpFoldResult qHi,
                            bool isOneBlock) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  IndexMath math{builder, loc};
  SmallVector<KeyRange> causal =
      computeKeyRanges(op, builder, loc, b, qLo, qHi);
  OpFoldResult end = causal.back().hi;

  OpFoldResult queryOffset = getOffset(attention, builder, 2);
  OpFoldResult keyOffset = getOffset(attention, builder, 3);
  auto toKey = [&](OpFoldResult position) {
    OpFoldResult key = math.sub(position, keyOffset);
    if (!isConstantIntValue(keyOffset, 0))
      key = math.max(math.constant(0), key);
    return isConstantIntValue(key, 0) ? key : math.min(end, key);
  };
  // Some row of the tile sees what is behind the start of the first block and
  // before the end of the last; every row what is in both.
  OpFoldResult first = math.add(qLo, queryOffset);
  OpFoldResult start = getStart(op, math, first), lastStart = start;
  if (!isOneBlock && !isConstantIntValue(math.sub(qHi, qLo), 1)) {
    OpFoldResult last = math.add(math.add(qHi, queryOffset), -1);
    if (OpFoldResult qLen = getQLenAt(attention, builder, loc, b))
      last = math.min(last, math.add(qLen, -1));
    lastStart = getStart(op, math, math.max(first, last));
  }
  int64_t size = op.getBlockLen();
  OpFoldResult lo = toKey(start), hi = toKey(math.add(lastStart, size));
  SmallVector<KeyRange> ranges;
  OpFoldResult fullLo = lo, fullHi = hi;
  if (lastStart != start) {
    fullLo = toKey(lastStart);
    fullHi = math.max(fullLo, toKey(math.add(start, size)));
    ranges.push_back({lo, fullLo, /*needsMask=*/true});
  }
  if (causal.size() > 1)
    fullHi = math.min(fullHi, math.max(fullLo, causal.front().hi));
  ranges.push_back({fullLo, fullHi, /*needsMask=*/false});
  if (fullHi != hi)
    ranges.push_back({fullHi, hi, /*needsMask=*/true});
  return ranges;
}

KeyRange attn::computePrefixKeys(BlockLocalOp op, OpBuilder &builder,
                                 Location loc, OpFoldResult qLo,
                                 OpFoldResult qHi) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  IndexMath math{builder, loc};
  OpFoldResult offset = getOffset(attention, builder, 2);
  OpFoldResult origin = getBlock(op, math, offset);
  auto getKey = [&](OpFoldResult row) {
    OpFoldResult block = getBlock(op, math, math.add(row, offset));
    return math.mul(math.sub(block, origin), *op.getPrefixLen());
  };
  OpFoldResult lo = getKey(qLo), last = getKey(math.add(qHi, -1));
  bool isOneBlock = isConstantIntValue(math.sub(last, lo), 0);
  return {lo, math.add(last, *op.getPrefixLen()),
          /*needsMask=*/!isOneBlock || attention.getQLen()};
}

OpFoldResult attn::getNumBlocks(BlockLocalOp op, OpBuilder &builder,
                                Location loc) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  IndexMath math{builder, loc};
  OpFoldResult offset = getOffset(attention, builder, 2);
  OpFoldResult rows = getSizes(builder, loc, attention).seqLenQ;
  OpFoldResult end = math.add(offset, rows);
  OpFoldResult blocks =
      math.sub(math.apply(math.d(0).ceilDiv(op.getBlockLen()), {end}),
               getBlock(op, math, offset));
  // No row inside of a block is in none.
  return isConstantIntValue(offset, 0) ? blocks : math.min(blocks, rows);
}

SmallVector<KeyRange> BlockLocalOp::getKeyRanges(OpBuilder &builder,
                                                 Location loc, OpFoldResult b,
                                                 OpFoldResult, OpFoldResult qLo,
                                                 OpFoldResult qHi) {
  return computeBlockLocalKeys(*this, builder, loc, b, qLo, qHi,
                               /*isOneBlock=*/false);
}

Value BlockLocalOp::isVisible(OpBuilder &builder, Location loc, Value b, Value,
                              Value i, Value j) {
  auto attention = cast<AttentionInterface>(getOperation());
  IndexMath math{builder, loc};
  OpFoldResult row =
      math.add(OpFoldResult(i), getOffset(attention, builder, 2));
  OpFoldResult key =
      math.add(OpFoldResult(j), getOffset(attention, builder, 3));
  Value visible = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        math.value(getBlock(*this, math, row)),
                                        math.value(getBlock(*this, math, key)));
  if (Value other = computeIsVisible(*this, builder, loc, b, i, j))
    visible = arith::AndIOp::create(builder, loc, other, visible);
  return visible;
}
