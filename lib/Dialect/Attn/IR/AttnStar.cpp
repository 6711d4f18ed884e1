//===- AttnStar.cpp - What rows of attn.star see --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// algorithms: Star, mask form. Below, `start` of a row is the first key it sees
// behind the anchor: the start of its block, 0 for query rows. With j <= i,
// "same block, or a query row" is then j >= start(i).
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnStar.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

using namespace mlir;
using namespace mlir::attn;

int64_t StarOp::getClampedAnchorSize() {
  return std::min<int64_t>(getAnchorSize(), getBlockSize());
}

StarStructure::StarStructure(StarOp star)
    : op(cast<AttentionInterface>(star.getOperation())),
      blockSize(star.getBlockSize()), anchorSize(star.getClampedAnchorSize()),
      anchor(star.getAnchor()), contextLen(star.getContextLen()),
      hasAnchorOperands(star.hasAnchorOperands()) {}

StarStructure::StarStructure(StarStepOp star)
    : op(cast<AttentionInterface>(star.getOperation())),
      blockSize(star.getBlockSize()),
      anchorSize(std::min(star.getAnchorSize(), star.getBlockSize())),
      anchor(star.getAnchor()), contextLen(star.getContextLen()),
      hasAnchorOperands(static_cast<bool>(star.getAnchorKey())) {}

OpFoldResult attn::getContextLenAt(StarStructure star, OpBuilder &builder,
                                   Location loc, OpFoldResult b) {
  Value length = star.contextLen;
  if (!length)
    return {};
  if (!isa<ShapedType>(length.getType()))
    return getAsOpFoldResult(length);
  return loadLength(builder, loc, length, b);
}

namespace {
/// The op at one batch entry; everything is in absolute positions.
class StarRows {
public:
  StarRows(StarStructure star, OpBuilder &builder, Location loc, OpFoldResult b)
      : star(star), math{builder, loc},
        contextLen(getContextLenAt(star, builder, loc, b)) {}

  OpFoldResult getBlockStart(OpFoldResult row) {
    int64_t size = star.blockSize;
    return math.apply(math.d(0).floorDiv(size) * size, {row});
  }

  /// An i1, or null if `row` is known to be one of the context.
  Value isQueryRow(OpFoldResult row) {
    if (!contextLen)
      return {};
    return arith::CmpIOp::create(math.b, math.loc, arith::CmpIPredicate::sge,
                                 math.value(row), math.value(contextLen));
  }

  OpFoldResult getStart(OpFoldResult row) {
    OpFoldResult start = getBlockStart(row);
    if (Value isQuery = isQueryRow(row))
      start = math.select(isQuery, math.constant(0), start);
    return start;
  }

  /// The anchor of rows that start at `start`.
  std::pair<OpFoldResult, OpFoldResult> getAnchor(OpFoldResult start) {
    OpFoldResult lo = math.constant(0);
    if (star.anchor == StarAnchor::previous)
      lo = math.max(lo, math.add(start, -star.blockSize));
    OpFoldResult hi = math.min(start, math.add(lo, star.anchorSize));
    return {lo, hi};
  }

  StarStructure star;
  IndexMath math;
  OpFoldResult contextLen;
};
} // namespace

StarKeys attn::computeStarKeys(StarStructure star, OpBuilder &builder,
                               Location loc, OpFoldResult b, OpFoldResult qLo,
                               OpFoldResult qHi, bool isOneBlock) {
  AttentionInterface attention = star.op;
  StarRows rows(star, builder, loc, b);
  IndexMath &math = rows.math;
  bool isOneRow = isConstantIntValue(math.sub(qHi, qLo), 1);
  isOneBlock |= isOneRow;

  // The causal ranges: all of [0, fullHi), and an edge [fullHi, end).
  SmallVector<KeyRange> causal =
      computeKeyRanges(attention, builder, loc, b, qLo, qHi);
  OpFoldResult fullHi = causal.front().hi, end = causal.back().hi;

  OpFoldResult queryOffset = getOffset(attention, builder, 2);
  OpFoldResult keyOffset = getOffset(attention, builder, 3);
  // `position` is not negative.
  auto toKey = [&](OpFoldResult position) {
    if (isConstantIntValue(keyOffset, 0))
      return isConstantIntValue(position, 0) ? position
                                             : math.min(end, position);
    return math.min(end,
                    math.max(math.constant(0), math.sub(position, keyOffset)));
  };

  // Some row of the tile sees what is behind `start`, and every row what is
  // behind `fullStart`.
  OpFoldResult first = math.add(qLo, queryOffset);
  OpFoldResult last = math.add(math.add(qHi, queryOffset), -1);
  OpFoldResult qLen = getQLenAt(attention, builder, loc, b);
  auto isBeyond = [&](OpFoldResult row) -> Value {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                 math.value(row), math.value(qLen));
  };
  OpFoldResult start = rows.getStart(first), fullStart = start;
  if (!isOneBlock) {
    OpFoldResult lastInUse = qLen ? math.min(last, math.add(qLen, -1)) : last;
    OpFoldResult lastContext = lastInUse;
    if (Value hasQueryRow = rows.isQueryRow(lastInUse)) {
      lastContext = math.add(rows.contextLen, -1);
      lastContext = math.select(hasQueryRow, lastContext, lastInUse);
      start = math.select(hasQueryRow, math.constant(0), start);
    }
    fullStart = rows.getBlockStart(math.max(first, lastContext));
    // A first row that is a query row has no block.
    if (Value isQuery = rows.isQueryRow(first))
      fullStart = math.select(isQuery, math.constant(0), fullStart);
  }

  StarKeys keys;
  auto [anchorLo, anchorHi] = rows.getAnchor(start);
  OpFoldResult anchorFullHi = anchorHi;
  if (star.hasAnchorOperands) {
    // Lengths are absolute, as are positions in the anchor. Key does not hold
    // it, so what later rows see of it counts here.
    OpFoldResult kvLen = getKvLenAt(attention, builder, loc, b);
    auto clamp = [&](OpFoldResult hi) {
      if (kvLen)
        hi = math.min(hi, kvLen);
      if (qLen)
        hi = math.select(isBeyond(first), math.constant(0), hi);
      return kvLen || qLen ? math.max(math.constant(0), hi) : hi;
    };
    anchorFullHi = clamp(anchorFullHi);
    anchorHi =
        isOneBlock ? anchorFullHi : clamp(rows.getAnchor(fullStart).second);
  } else {
    anchorLo = toKey(anchorLo);
    anchorFullHi = anchorHi = toKey(anchorHi);
  }
  // Rows beyond q_len see no anchor, and rows of several blocks have several
  // previous ones.
  if (qLen && !isOneRow)
    anchorFullHi = math.select(isBeyond(last), anchorLo, anchorFullHi);
  if (!isOneBlock && star.anchor == StarAnchor::previous) {
    Value isOne =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                              math.value(start), math.value(fullStart));
    anchorFullHi = math.select(isOne, anchorFullHi, anchorLo);
  }
  keys.anchor.push_back({anchorLo, anchorFullHi, /*needsMask=*/false});
  if (anchorFullHi != anchorHi)
    keys.anchor.push_back({anchorFullHi, anchorHi, /*needsMask=*/true});

  OpFoldResult lo = toKey(start);
  OpFoldResult fullLo = lo;
  if (!isOneBlock) {
    fullLo = math.max(lo, toKey(fullStart));
    keys.own.push_back({lo, fullLo, /*needsMask=*/true});
  }
  if (causal.size() == 1) {
    keys.own.push_back({fullLo, end, causal.front().needsMask});
    return keys;
  }
  fullHi = math.max(fullLo, fullHi);
  keys.own.push_back({fullLo, fullHi, /*needsMask=*/false});
  keys.own.push_back({fullHi, end, /*needsMask=*/true});
  return keys;
}

/// The ranges of key alone.
static SmallVector<KeyRange> getStarRanges(StarStructure star,
                                           OpBuilder &builder, Location loc,
                                           OpFoldResult b, OpFoldResult qLo,
                                           OpFoldResult qHi) {
  StarKeys keys =
      computeStarKeys(star, builder, loc, b, qLo, qHi, /*isOneBlock=*/false);
  SmallVector<KeyRange> ranges;
  if (!star.hasAnchorOperands && star.anchorSize != 0)
    llvm::append_range(ranges, keys.anchor);
  llvm::append_range(ranges, keys.own);
  return ranges;
}

static Value isVisibleInStar(StarStructure star, OpBuilder &builder,
                             Location loc, Value b, Value i, Value j) {
  StarRows rows(star, builder, loc, OpFoldResult(b));
  IndexMath &math = rows.math;
  OpFoldResult row = math.add(OpFoldResult(i), getOffset(star.op, builder, 2));
  Value key =
      math.value(math.add(OpFoldResult(j), getOffset(star.op, builder, 3)));
  auto compare = [&](arith::CmpIPredicate predicate, OpFoldResult bound) {
    return arith::CmpIOp::create(builder, loc, predicate, key,
                                 math.value(bound));
  };
  OpFoldResult start = rows.getStart(row);
  Value visible = compare(arith::CmpIPredicate::sge, start);
  if (!star.hasAnchorOperands) {
    auto [lo, hi] = rows.getAnchor(start);
    Value inAnchor = compare(arith::CmpIPredicate::slt, hi);
    if (star.anchor == StarAnchor::previous)
      inAnchor = arith::AndIOp::create(builder, loc, inAnchor,
                                       compare(arith::CmpIPredicate::sge, lo));
    visible = arith::OrIOp::create(builder, loc, visible, inAnchor);
  }
  Value causal = computeIsVisible(star.op, builder, loc, b, i, j);
  return arith::AndIOp::create(builder, loc, causal, visible);
}

SmallVector<KeyRange> StarOp::getKeyRanges(OpBuilder &builder, Location loc,
                                           OpFoldResult b, OpFoldResult,
                                           OpFoldResult qLo, OpFoldResult qHi) {
  return getStarRanges(*this, builder, loc, b, qLo, qHi);
}

Value StarOp::isVisible(OpBuilder &builder, Location loc, Value b, Value,
                        Value i, Value j) {
  return isVisibleInStar(*this, builder, loc, b, i, j);
}

SmallVector<KeyRange> StarStepOp::getKeyRanges(OpBuilder &builder, Location loc,
                                               OpFoldResult b, OpFoldResult,
                                               OpFoldResult qLo,
                                               OpFoldResult qHi) {
  return getStarRanges(*this, builder, loc, b, qLo, qHi);
}

Value StarStepOp::isVisible(OpBuilder &builder, Location loc, Value b, Value,
                            Value i, Value j) {
  return isVisibleInStar(*this, builder, loc, b, i, j);
}
