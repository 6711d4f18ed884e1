//===- ScoreElement.cpp - What happens to one score -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Modifiers in the order of the contract.
//
//===----------------------------------------------------------------------===//

#include "ScoreElement.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr double kLog2E = 1.44269504088896340736;

SmallVector<Value> attn::broadcastIndex(GpuBuilder &b, Value operand,
                                        ArrayRef<Value> at) {
  auto type = cast<MemRefType>(operand.getType());
  SmallVector<Value> index(at);
  for (auto [d, size] : llvm::enumerate(type.getShape())) {
    if (size == 1) {
      index[d] = b.idx(0);
    } else if (ShapedType::isDynamic(size)) {
      Value isUnit =
          b.compare(CmpIPredicate::eq, b.idx(getDim(b, b.getLoc(), operand, d)),
                    b.idx(1));
      index[d] = b.select(isUnit, b.idx(0), index[d]);
    }
  }
  return index;
}

ScoreElement::ScoreElement(GpuBuilder &b, AttnKeyRangesInterface op,
                           bool isNatural)
    : b(b), ranges(op), op(cast<AttentionInterface>(op.getOperation())),
      isNatural(isNatural) {}

Value ScoreElement::getFactor() {
  Value scale = getScaleValue(op, b, b.getLoc());
  if (changesScores() || isNatural)
    return scale;
  return b.fmul(scale, b.number(kLog2E, b.floatType));
}

Value ScoreElement::load(Value operand, Value batch, Value head, Value query,
                         Value key) {
  return b.load(operand, broadcastIndex(b, operand, {batch, head, query, key}));
}

Value ScoreElement::applyRegion(Value score, Value batch, Value head,
                                Value query, Value key) {
  Block &body = op.getScore().front();
  Value positions[] = {batch, head, query, key};
  IRMapping map;
  map.map(body.getArgument(0), b.cast(score, body.getArgument(0).getType()));
  for (auto [axis, position] : llvm::enumerate(positions))
    map.map(body.getArgument(axis + 1),
            b.add(position, b.idx(getOffset(op, b, axis))));
  for (Operation &inner : body.without_terminator())
    b.clone(inner, map);
  Value yielded = body.getTerminator()->getOperand(0);
  return b.cast(map.lookupOrDefault(yielded), b.floatType);
}

/// unit * limit * tanh(score / limit). Where keys have 16 bits and scores
/// become powers, by two instructions of the special function unit: 1 - 2 /
/// (e^2x + 1) is off by up to 2^-22, however small x is, and the powers are
/// rounded to 2^-9 or 2^-11.
Value ScoreElement::cap(Value score, double limit, double unit) {
  auto number = [&](double x) { return b.number(x, b.floatType); };
  Type keyType = getElementTypeOrSelf(op.getKey().getType());
  if (isNatural || (!keyType.isF16() && !keyType.isBF16()))
    return b.fmul(b.tanh(b.fmul(score, number(1.0 / limit))),
                  number(limit * unit));
  Value square = b.exp2(b.fmul(score, number(2.0 * kLog2E / limit)));
  Value inverse = b.reciprocal(b.fadd(square, number(1.0)));
  return b.fma(inverse, number(-2.0 * limit * unit), number(limit * unit));
}

Value ScoreElement::modify(Value score, Value batch, Value head, Value query,
                           Value key) {
  // The last of these leaves the units asked for.
  bool isChangedLater = op.getBias() || op.hasScore();
  if (FloatAttr limit = op.getSoftcapAttr())
    score = cap(score, limit.getValueAsDouble(),
                isNatural || isChangedLater ? 1.0 : kLog2E);
  if (Value bias = op.getBias())
    score =
        b.fadd(score, b.cast(load(bias, batch, head, query, key), b.floatType));
  if (op.hasScore())
    score = applyRegion(score, batch, head, query, key);
  if (isChangedLater && !isNatural)
    score = b.fmul(score, b.number(kLog2E, b.floatType));
  if (Value mask = op.getMask()) {
    Value byte = load(mask, batch, head, query, key);
    Value isSeen =
        b.compare(CmpIPredicate::ne, byte, b.integer(0, byte.getType()));
    score = b.select(isSeen, score, b.negInf(b.floatType));
  }
  return score;
}

Value ScoreElement::isVisible(Value batch, Value head, Value query, Value key) {
  return ranges.isVisible(b, b.getLoc(), batch, head, query, key);
}
