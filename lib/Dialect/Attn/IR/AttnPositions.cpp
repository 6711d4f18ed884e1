//===- AttnPositions.cpp - Sizes, lengths and offsets as values -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Which keys a query sees, from the operands of an op that scores keys.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

#include <cmath>

using namespace mlir;
using namespace mlir::attn;

OpFoldResult attn::getDim(OpBuilder &builder, Location loc, Value shaped,
                          int64_t dim) {
  auto type = cast<ShapedType>(shaped.getType());
  if (!type.isDynamicDim(dim))
    return builder.getIndexAttr(type.getDimSize(dim));
  if (isa<MemRefType>(type))
    return builder.createOrFold<memref::DimOp>(loc, shaped, dim);
  return builder.createOrFold<tensor::DimOp>(loc, shaped, dim);
}

OpFoldResult attn::loadLength(OpBuilder &builder, Location loc, Value lengths,
                              OpFoldResult b) {
  IndexMath math{builder, loc};
  auto type = cast<ShapedType>(lengths.getType());
  if (type.getDimSize(0) == 1)
    b = math.constant(0);
  else if (type.isDynamicDim(0)) // It may turn out to be 1.
    b = math.min(b, math.add(getDim(builder, loc, lengths, 0), -1));
  Value index = getValueOrCreateConstantIndexOp(builder, loc, b);
  Value length;
  if (isa<MemRefType>(lengths.getType()))
    length = memref::LoadOp::create(builder, loc, lengths, index);
  else
    length = builder.createOrFold<tensor::ExtractOp>(loc, lengths,
                                                     ValueRange{index});
  return builder.createOrFold<arith::IndexCastOp>(loc, builder.getIndexType(),
                                                  length);
}

int64_t attn::getPageSize(AttentionInterface op) {
  return op.getKey().getType().getDimSize(op.getSeqAxis());
}

AttentionSizes attn::getSizes(OpBuilder &builder, Location loc,
                              AttentionInterface op) {
  AttentionSizes sizes;
  sizes.batch = getDim(builder, loc, op.getQuery(), 0);
  sizes.numHeads = getDim(builder, loc, op.getQuery(), op.getHeadAxis());
  sizes.numKvHeads = getDim(builder, loc, op.getKey(), op.getHeadAxis());
  sizes.seqLenQ = getDim(builder, loc, op.getQuery(), op.getSeqAxis());
  if (op.isPaged()) {
    IndexMath math{builder, loc};
    sizes.seqLenKv = math.apply(math.d(0) * getPageSize(op),
                                {getDim(builder, loc, op.getPageTable(), 1)});
  } else {
    sizes.seqLenKv = getDim(builder, loc, op.getKey(), op.getSeqAxis());
  }
  return sizes;
}

std::optional<int64_t> attn::getStaticGroupSize(AttentionInterface op) {
  int64_t axis = op.getHeadAxis();
  int64_t heads = op.getQuery().getType().getDimSize(axis);
  int64_t kvHeads = op.getKey().getType().getDimSize(axis);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(kvHeads) ||
      kvHeads == 0)
    return std::nullopt;
  return heads / kvHeads;
}

std::optional<int64_t> attn::getMaxVisibleKeys(AttentionInterface op) {
  int64_t seqLen = op.getKey().getType().getDimSize(op.getSeqAxis());
  if (op.isPaged()) {
    auto table = cast<ShapedType>(op.getPageTable().getType());
    int64_t pages = table.getDimSize(1);
    // sdpa_c16 keeps the product from overflowing.
    seqLen = ShapedType::isDynamic(pages) ? pages : pages * seqLen;
  }
  std::optional<int64_t> most;
  if (!ShapedType::isDynamic(seqLen))
    most = seqLen;
  int64_t left = op.getWindowLeft(), right = op.getWindowRight();
  if (left >= 0 && right >= 0)
    most = std::min(most.value_or(left + right + 1), left + right + 1);
  return most;
}

OpFoldResult attn::getOffset(AttentionInterface op, OpBuilder &builder,
                             unsigned axis) {
  OperandRange offsets = op.getOffsets();
  if (offsets.empty())
    return builder.getIndexAttr(0);
  return getAsOpFoldResult(offsets[axis]);
}

OpFoldResult attn::getKvLenAt(AttentionInterface op, OpBuilder &builder,
                              Location loc, OpFoldResult b) {
  if (!op.getKvLen())
    return {};
  return loadLength(builder, loc, op.getKvLen(), b);
}

OpFoldResult attn::getQLenAt(AttentionInterface op, OpBuilder &builder,
                             Location loc, OpFoldResult b) {
  if (!op.getQLen())
    return {};
  return loadLength(builder, loc, op.getQLen(), b);
}

OpFoldResult attn::getDiagonalAt(AttentionInterface op, OpBuilder &builder,
                                 Location loc, OpFoldResult b) {
  IndexMath math{builder, loc};
  OpFoldResult diagonal = math.constant(0);
  if (op.getBottomRight()) {
    AttentionSizes sizes = getSizes(builder, loc, op);
    OpFoldResult kvLen = getKvLenAt(op, builder, loc, b);
    OpFoldResult qLen = getQLenAt(op, builder, loc, b);
    diagonal =
        math.sub(kvLen ? kvLen : sizes.seqLenKv, qLen ? qLen : sizes.seqLenQ);
  } else if (Value offset = op.getCausalOffset()) {
    diagonal = isa<ShapedType>(offset.getType())
                   ? loadLength(builder, loc, offset, b)
                   : getAsOpFoldResult(offset);
  }
  if (op.getOffsets().empty())
    return diagonal;
  return math.sub(math.add(diagonal, getOffset(op, builder, 2)),
                  getOffset(op, builder, 3));
}

Value attn::getScaleValue(AttentionInterface op, OpBuilder &builder,
                          Location loc) {
  FloatType type = op.getAccumulatorType();
  if (Value scale = op.getDynamicScale())
    return convertScalarToDtype(builder, loc, scale, type,
                                /*isUnsignedCast=*/false);
  double scale = op.getScaleAttr()
                     ? op.getScaleAttr().getValueAsDouble()
                     : 1.0 / std::sqrt(static_cast<double>(op.getHeadDim()));
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, scale));
}

SmallVector<KeyRange> attn::computeKeyRanges(Operation *operation,
                                             OpBuilder &builder, Location loc,
                                             OpFoldResult b, OpFoldResult qLo,
                                             OpFoldResult qHi) {
  auto op = cast<AttentionInterface>(operation);
  IndexMath math{builder, loc};
  OpFoldResult zero = math.constant(0);
  OpFoldResult end = getSizes(builder, loc, op).seqLenKv;
  if (OpFoldResult kvLen = getKvLenAt(op, builder, loc, b))
    end = math.max(zero,
                   math.min(end, math.sub(kvLen, getOffset(op, builder, 3))));

  // Rows beyond q_len see nothing: they neither extend the range nor let a
  // tile that holds one go unmasked.
  Value rowsBeyond;
  OpFoldResult qEnd = qHi;
  if (OpFoldResult qLen = getQLenAt(op, builder, loc, b)) {
    OpFoldResult localLen = math.sub(qLen, getOffset(op, builder, 2));
    rowsBeyond = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt,
                                       math.value(qHi), math.value(localLen));
    Value noRow = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                        math.value(qLo), math.value(localLen));
    end = math.select(noRow, zero, end);
    qEnd = math.min(qHi, localLen);
  }

  int64_t left = op.getWindowLeft(), right = op.getWindowRight();
  if (left < 0 && right < 0 && !rowsBeyond)
    return {KeyRange{zero, end, /*needsMask=*/false}};

  // Query i sees [i + D - left, i + D + right]. The tile as a whole sees from
  // its first row's left edge to its last row's right edge; every row sees
  // what lies between the last row's left edge and the first row's right edge.
  OpFoldResult diagonal =
      op.hasWindow() ? getDiagonalAt(op, builder, loc, b) : zero;
  OpFoldResult lo = zero, fullLo = zero, hi = end, fullHi = end;
  if (right >= 0) {
    hi = math.max(zero,
                  math.min(end, math.add(math.add(qEnd, diagonal), right)));
    fullHi = math.add(math.add(qLo, diagonal), right + 1);
  }
  if (left >= 0) {
    lo = math.min(hi, math.max(zero, math.add(math.add(qLo, diagonal), -left)));
    fullLo = math.add(math.add(qEnd, diagonal), -1 - left);
    fullLo = math.min(hi, math.max(lo, fullLo));
  }
  // One row (a decode step) sees all of what its tile sees.
  if (isConstantIntValue(math.sub(qHi, qLo), 1))
    return {KeyRange{lo, hi, /*needsMask=*/false}};
  fullHi = math.min(hi, math.max(fullLo, fullHi));
  if (rowsBeyond)
    fullHi = math.select(rowsBeyond, fullLo, fullHi);

  SmallVector<KeyRange> ranges;
  if (left >= 0)
    ranges.push_back({lo, fullLo, /*needsMask=*/true});
  ranges.push_back({fullLo, fullHi, /*needsMask=*/false});
  if (right >= 0 || rowsBeyond)
    ranges.push_back({fullHi, hi, /*needsMask=*/true});
  return ranges;
}

Value attn::computeIsVisible(Operation *operation, OpBuilder &builder,
                             Location loc, Value b, Value i, Value j) {
  auto op = cast<AttentionInterface>(operation);
  IndexMath math{builder, loc};
  Value visible;
  auto require = [&](arith::CmpIPredicate predicate, OpFoldResult x,
                     OpFoldResult y) {
    Value holds = arith::CmpIOp::create(builder, loc, predicate, math.value(x),
                                        math.value(y));
    visible =
        visible ? arith::AndIOp::create(builder, loc, visible, holds) : holds;
  };
  if (OpFoldResult kvLen = getKvLenAt(op, builder, loc, b))
    require(arith::CmpIPredicate::slt,
            math.add(OpFoldResult(j), getOffset(op, builder, 3)), kvLen);
  if (OpFoldResult qLen = getQLenAt(op, builder, loc, b))
    require(arith::CmpIPredicate::slt,
            math.add(OpFoldResult(i), getOffset(op, builder, 2)), qLen);
  if (!op.hasWindow())
    return visible;
  OpFoldResult center =
      math.add(OpFoldResult(i), getDiagonalAt(op, builder, loc, b));
  if (op.getWindowRight() >= 0)
    require(arith::CmpIPredicate::sle, j,
            math.add(center, op.getWindowRight()));
  if (op.getWindowLeft() >= 0)
    require(arith::CmpIPredicate::sge, j,
            math.add(center, -op.getWindowLeft()));
  return visible;
}
