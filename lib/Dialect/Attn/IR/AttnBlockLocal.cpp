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

BlockStructure::BlockStructure(BlockLocalOp local)
    : op(cast<AttentionInterface>(local.getOperation())),
      blockLen(local.getBlockLen()), blockLenQ(blockLen),
      prefixLen(local.getPrefixLen().value_or(0)) {}

BlockStructure::BlockStructure(BlockLocalStepOp local)
    : op(cast<AttentionInterface>(local.getOperation())),
      blockLen(local.getBlockLen()), blockLenQ(local.getNumBlockRows()),
      prefixLen(local.getNumPrefixKeys()) {}

/// The block of a row at an absolute position.
static OpFoldResult getBlock(BlockStructure blocks, IndexMath &math,
                             OpFoldResult row) {
  return math.apply(math.d(0).floorDiv(blocks.blockLenQ), {row});
}

/// The first key of that block.
static OpFoldResult getStart(BlockStructure blocks, IndexMath &math,
                             OpFoldResult row) {
  return math.apply(math.d(0).floorDiv(blocks.blockLenQ) * blocks.blockLen,
                    {row});
}

namespace {
/// What a window and lengths leave of all keys: every row of the tile sees
/// those in [fullLo, fullHi), and some row perhaps others in [lo, hi).
struct WindowKeys {
  OpFoldResult lo, fullLo, fullHi, hi;
};
} // namespace

static WindowKeys getWindowKeys(BlockStructure blocks, OpBuilder &builder,
                                Location loc, OpFoldResult b, OpFoldResult qLo,
                                OpFoldResult qHi) {
  AttentionInterface op = blocks.op;
  IndexMath math{builder, loc};
  if (blocks.blockLenQ == blocks.blockLen) {
    // A position in a block is as far from the diagonal as in the whole.
    SmallVector<KeyRange> ranges =
        computeKeyRanges(op, builder, loc, b, qLo, qHi);
    const KeyRange &full =
        ranges[ranges.size() > 1 && ranges.front().needsMask ? 1 : 0];
    return {ranges.front().lo, full.lo, full.hi, ranges.back().hi};
  }
  // There are no offsets here.
  OpFoldResult zero = math.constant(0);
  OpFoldResult end = getSizes(builder, loc, op).seqLenKv;
  if (OpFoldResult kvLen = getKvLenAt(op, builder, loc, b))
    end = math.max(zero, math.min(end, kvLen));
  bool isOneRow = isConstantIntValue(math.sub(qHi, qLo), 1);
  OpFoldResult qLen = getQLenAt(op, builder, loc, b);
  auto endIf = [&](OpFoldResult row) {
    Value isInUse =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                              math.value(row), math.value(qLen));
    return math.select(isInUse, end, zero);
  };
  if (!isOneRow) {
    // Windows of different blocks have no common edge.
    OpFoldResult hi = qLen ? endIf(qLo) : end, fullHi = hi;
    if (op.hasWindow())
      fullHi = zero;
    else if (qLen)
      fullHi = endIf(math.add(qHi, -1));
    return {zero, zero, fullHi, hi};
  }
  OpFoldResult lo = zero, hi = qLen ? endIf(qLo) : end;
  if (op.hasWindow()) {
    OpFoldResult inBlock = math.apply(math.d(0) % blocks.blockLenQ, {qLo});
    OpFoldResult center =
        math.add(math.add(inBlock, getStart(blocks, math, qLo)),
                 getDiagonalAt(op, builder, loc, b));
    if (op.getWindowRight() >= 0)
      hi = math.max(zero,
                    math.min(hi, math.add(center, op.getWindowRight() + 1)));
    if (op.getWindowLeft() >= 0)
      lo = math.min(hi, math.max(zero, math.add(center, -op.getWindowLeft())));
  }
  return {lo, lo, hi, hi};
}

SmallVector<KeyRange>
attn::computeBlockLocalKeys(BlockStructure blocks, OpBuilder &builder,
                            Location loc, OpFoldResult b, OpFoldResult qLo,
                            OpFoldResult qHi, bool isOneBlock) {
  AttentionInterface op = blocks.op;
  IndexMath math{builder, loc};
  WindowKeys window = getWindowKeys(blocks, builder, loc, b, qLo, qHi);

  OpFoldResult queryOffset = getOffset(op, builder, 2);
  OpFoldResult keyOffset = getOffset(op, builder, 3);
  auto toKey = [&](OpFoldResult position) {
    OpFoldResult key = math.sub(position, keyOffset);
    if (!isConstantIntValue(keyOffset, 0))
      key = math.max(math.constant(0), key);
    return isConstantIntValue(key, 0) ? key : math.min(window.hi, key);
  };
  // Some row of the tile sees what is behind the start of the first block and
  // before the end of the last; every row what is in both.
  OpFoldResult first = math.add(qLo, queryOffset);
  OpFoldResult start = getStart(blocks, math, first), lastStart = start;
  bool isOneRow = isConstantIntValue(math.sub(qHi, qLo), 1);
  if (!isOneBlock && !isOneRow) {
    OpFoldResult last = math.add(math.add(qHi, queryOffset), -1);
    if (OpFoldResult qLen = getQLenAt(op, builder, loc, b))
      last = math.min(last, math.add(qLen, -1));
    lastStart = getStart(blocks, math, math.max(first, last));
  }
  int64_t size = blocks.blockLen;
  OpFoldResult lo = toKey(start), hi = toKey(math.add(lastStart, size));
  if (!isConstantIntValue(window.lo, 0))
    lo = math.min(hi, math.max(lo, window.lo));
  if (isOneRow)
    return {KeyRange{lo, hi, /*needsMask=*/false}};
  OpFoldResult fullLo = lo, fullHi = hi;
  if (lastStart != start) {
    fullLo = math.max(lo, toKey(lastStart));
    fullHi = math.max(fullLo, toKey(math.add(start, size)));
  }
  if (window.fullLo != window.lo) {
    fullLo = math.max(fullLo, math.min(hi, window.fullLo));
    if (fullHi != hi)
      fullHi = math.max(fullLo, fullHi);
  }
  if (window.fullHi != window.hi)
    fullHi = math.max(fullLo, math.min(fullHi, window.fullHi));
  SmallVector<KeyRange> ranges;
  if (fullLo != lo)
    ranges.push_back({lo, fullLo, /*needsMask=*/true});
  ranges.push_back({fullLo, fullHi, /*needsMask=*/false});
  if (fullHi != hi)
    ranges.push_back({fullHi, hi, /*needsMask=*/true});
  return ranges;
}

KeyRange attn::computePrefixKeys(BlockStructure blocks, OpBuilder &builder,
                                 Location loc, OpFoldResult qLo,
                                 OpFoldResult qHi) {
  IndexMath math{builder, loc};
  OpFoldResult offset = getOffset(blocks.op, builder, 2);
  OpFoldResult origin = getBlock(blocks, math, offset);
  auto getKey = [&](OpFoldResult row) {
    OpFoldResult block = getBlock(blocks, math, math.add(row, offset));
    return math.mul(math.sub(block, origin), blocks.prefixLen);
  };
  OpFoldResult lo = getKey(qLo), last = getKey(math.add(qHi, -1));
  bool isOneBlock = isConstantIntValue(math.sub(last, lo), 0);
  return {lo, math.add(last, blocks.prefixLen),
          /*needsMask=*/!isOneBlock || blocks.op.getQLen()};
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

/// Where rows and keys of a block are equally many.
static Value isVisibleInBlocks(BlockStructure blocks, OpBuilder &builder,
                               Location loc, Value b, Value i, Value j) {
  IndexMath math{builder, loc};
  OpFoldResult row =
      math.add(OpFoldResult(i), getOffset(blocks.op, builder, 2));
  OpFoldResult key =
      math.add(OpFoldResult(j), getOffset(blocks.op, builder, 3));
  Value visible =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                            math.value(getBlock(blocks, math, row)),
                            math.value(getBlock(blocks, math, key)));
  if (Value other = computeIsVisible(blocks.op, builder, loc, b, i, j))
    visible = arith::AndIOp::create(builder, loc, other, visible);
  return visible;
}

Value BlockLocalOp::isVisible(OpBuilder &builder, Location loc, Value b, Value,
                              Value i, Value j) {
  return isVisibleInBlocks(*this, builder, loc, b, i, j);
}

SmallVector<KeyRange>
BlockLocalStepOp::getKeyRanges(OpBuilder &builder, Location loc, OpFoldResult b,
                               OpFoldResult, OpFoldResult qLo,
                               OpFoldResult qHi) {
  return computeBlockLocalKeys(*this, builder, loc, b, qLo, qHi,
                               /*isOneBlock=*/false);
}

Value BlockLocalStepOp::isVisible(OpBuilder &builder, Location loc, Value b,
                                  Value, Value i, Value j) {
  BlockStructure blocks(*this);
  if (blocks.blockLenQ == blocks.blockLen)
    return isVisibleInBlocks(blocks, builder, loc, b, i, j);
  // What one row may see.
  IndexMath math{builder, loc};
  KeyRange range = computeBlockLocalKeys(blocks, builder, loc, b, i,
                                         math.add(OpFoldResult(i), 1),
                                         /*isOneBlock=*/true)
                       .front();
  auto compare = [&](arith::CmpIPredicate predicate, OpFoldResult bound) {
    return arith::CmpIOp::create(builder, loc, predicate, j, math.value(bound));
  };
  return arith::AndIOp::create(builder, loc,
                               compare(arith::CmpIPredicate::sge, range.lo),
                               compare(arith::CmpIPredicate::slt, range.hi));
}
