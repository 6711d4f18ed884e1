//===- AttnBlockLocalStep.cpp - Attention inside short blocks -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What rows of attn.block_local_step see, and its verifier; the label in a
// comment is the label in the op's description. Windows speak of positions
// inside a block, lengths of positions in the sequence.
//
//===----------------------------------------------------------------------===//

#include "AttnVerify.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::verify;

/// The longest block: a kernel has one of them on its stack.
static constexpr int64_t kMaxBlockLen = 64;

//===----------------------------------------------------------------------===//
// Verifier
//===----------------------------------------------------------------------===//

/// block_local_step_c6
static LogicalResult verifyPrefix(BlockLocalStepOp step, int64_t numBlocks) {
  auto op = cast<AttentionInterface>(step.getOperation());
  Value key = step.getPrefixKey(), value = step.getPrefixValue();
  if (!key != !value || !key != !step.getPrefixLen())
    return step.emitOpError("expects prefix_len with a prefix of key and of "
                            "value, or none of them");
  if (!key)
    return success();
  if (op.getMask() || op.getBias())
    return step.emitOpError("expects no mask or bias with a prefix: they speak "
                            "of keys in key");
  if (failed(verifyOtherKeys(op, "prefix", key, value)))
    return failure();
  int64_t rows = ShapedType::isDynamic(numBlocks)
                     ? numBlocks
                     : numBlocks * step.getNumPrefixKeys();
  return verifyDim(step, "prefix_key", "blocks * prefix_len",
                   getShaped(key).getDimSize(op.getSeqAxis()), rows);
}

LogicalResult BlockLocalStepOp::verify() {
  // block_local_step_c1
  if (failed(verifyAttention(*this)))
    return failure();
  auto op = cast<AttentionInterface>(getOperation());
  StaticSizes sizes = getStaticSizes(op);
  if (failed(verifyOutput(*this, getOutput(), op.getLayout(), sizes.batch,
                          sizes.numHeads, sizes.seqLenQ, sizes.headDimV)) ||
      failed(verifyShape(*this, "lse", getLse(),
                         {sizes.batch, sizes.numHeads, sizes.seqLenQ},
                         ArrayRef(kStateDims).take_front(3))) ||
      failed(
          verifyElementType(*this, "lse", getLse(), op.getAccumulatorType())))
    return failure();
  // block_local_step_c2
  if (ShapedType::isDynamic(sizes.numHeads) ||
      ShapedType::isDynamic(sizes.numKvHeads))
    return emitOpError("expects static num_heads and num_kv_heads, but got ")
           << dimToString(sizes.numHeads) << " and "
           << dimToString(sizes.numKvHeads);
  // block_local_step_c3
  int64_t rows = getNumBlockRows(), keys = getBlockLen();
  std::pair<StringRef, int64_t> lengths[] = {
      {"block_len", keys},
      {"block_len_q", rows},
      {"prefix_len", getPrefixLen().value_or(1)}};
  for (auto [name, length] : lengths)
    if (length < 1 || length > kMaxBlockLen)
      return emitOpError("expects ")
             << name << " of 1 to " << kMaxBlockLen << ", but got " << length;
  // block_local_step_c4
  auto count = [](int64_t size, int64_t length) {
    return ShapedType::isDynamic(size) ? size : llvm::divideCeil(size, length);
  };
  int64_t blocksQ = count(sizes.seqLenQ, rows);
  int64_t blocks = count(sizes.seqLenKv, keys);
  if (!compatible(blocksQ, blocks))
    return emitOpError("expects query and key to have the same number of "
                       "blocks, but got ")
           << blocksQ << " of block_len_q " << rows << " and " << blocks
           << " of block_len " << keys;
  // block_local_step_c5
  if (op.hasScore() || op.isPaged() || op.isQuantized() ||
      !op.getOffsets().empty() || op.getBottomRight())
    return emitOpError("expects no score region, page_table, key_scale, "
                       "value_scale, offsets or bottom_right");
  if (failed(verifyElementType(*this, "key", op.getKey(),
                               op.getQuery().getType().getElementType())))
    return failure();
  // block_local_step_c6
  if (failed(verifyPrefix(*this,
                          ShapedType::isDynamic(blocksQ) ? blocks : blocksQ)))
    return failure();
  // block_local_step_c7
  if (failed(verifyBufferMask(op)))
    return failure();
  return verifyDestinationStyle(*this);
}

//===----------------------------------------------------------------------===//
// Key ranges
//===----------------------------------------------------------------------===//

SmallVector<KeyRange>
BlockLocalStepOp::getKeyRanges(OpBuilder &builder, Location loc, OpFoldResult b,
                               OpFoldResult, OpFoldResult qLo,
                               OpFoldResult qHi) {
  auto op = cast<AttentionInterface>(getOperation());
  IndexMath math{builder, loc};
  OpFoldResult zero = math.constant(0);
  int64_t rows = getNumBlockRows(), keys = getBlockLen();
  OpFoldResult end = getSizes(builder, loc, op).seqLenKv;
  if (OpFoldResult kvLen = getKvLenAt(op, builder, loc, b))
    end = math.max(zero, math.min(end, kvLen));
  OpFoldResult qLen = getQLenAt(op, builder, loc, b), qEnd = qHi;
  if (qLen)
    qEnd = math.min(qHi, qLen);

  // The keys of all blocks with a row that is in use.
  OpFoldResult start = math.apply(math.d(0).floorDiv(rows) * keys, {qLo});
  OpFoldResult lo = math.min(start, end);
  OpFoldResult hi =
      math.min(end, math.apply(math.d(0).ceilDiv(rows) * keys, {qEnd}));
  if (!isConstantIntValue(math.sub(qHi, qLo), 1))
    return {KeyRange{lo, math.max(lo, hi), /*needsMask=*/true}};

  // One row sees all of what it may see.
  OpFoldResult center = math.apply(math.d(0) % rows, {qLo});
  if (op.hasWindow())
    center =
        math.add(math.add(center, start), getDiagonalAt(op, builder, loc, b));
  if (op.getWindowRight() >= 0)
    hi = math.min(hi, math.add(center, op.getWindowRight() + 1));
  if (op.getWindowLeft() >= 0)
    lo = math.max(lo, math.min(end, math.add(center, -op.getWindowLeft())));
  hi = math.max(lo, hi);
  if (qLen) {
    Value isBeyond =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                              math.value(qLo), math.value(qLen));
    hi = math.select(isBeyond, lo, hi);
  }
  return {KeyRange{lo, hi, /*needsMask=*/false}};
}

Value BlockLocalStepOp::isVisible(OpBuilder &builder, Location loc, Value b,
                                  Value, Value i, Value j) {
  auto op = cast<AttentionInterface>(getOperation());
  IndexMath math{builder, loc};
  Value visible;
  auto require = [&](arith::CmpIPredicate predicate, OpFoldResult x,
                     OpFoldResult y) {
    Value holds = arith::CmpIOp::create(builder, loc, predicate, math.value(x),
                                        math.value(y));
    visible =
        visible ? arith::AndIOp::create(builder, loc, visible, holds) : holds;
  };
  OpFoldResult row(i), key(j);
  int64_t rows = getNumBlockRows(), keys = getBlockLen();
  OpFoldResult start = math.apply(math.d(0).floorDiv(rows) * keys, {row});
  require(arith::CmpIPredicate::sge, key, start);
  require(arith::CmpIPredicate::slt, key, math.add(start, keys));
  if (OpFoldResult kvLen = getKvLenAt(op, builder, loc, b))
    require(arith::CmpIPredicate::slt, key, kvLen);
  if (OpFoldResult qLen = getQLenAt(op, builder, loc, b))
    require(arith::CmpIPredicate::slt, row, qLen);
  if (!op.hasWindow())
    return visible;
  OpFoldResult center =
      math.add(math.add(start, math.apply(math.d(0) % rows, {row})),
               getDiagonalAt(op, builder, loc, b));
  if (op.getWindowRight() >= 0)
    require(arith::CmpIPredicate::sle, key,
            math.add(center, op.getWindowRight()));
  if (op.getWindowLeft() >= 0)
    require(arith::CmpIPredicate::sge, key,
            math.add(center, -op.getWindowLeft()));
  return visible;
}
