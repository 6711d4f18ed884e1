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

Value ScoreElement::modify(Value score, Value batch, Value head, Value query,
                           Value key) {
  if (FloatAttr cap = op.getSoftcapAttr()) {
    double limit = cap.getValueAsDouble();
    score = b.fmul(b.tanh(b.fmul(score, b.number(1.0 / limit, b.floatType))),
                   b.number(limit, b.floatType));
  }
  if (Value bias = op.getBias())
    score =
        b.fadd(score, b.cast(load(bias, batch, head, query, key), b.floatType));
  if (op.hasScore())
    score = applyRegion(score, batch, head, query, key);
  if (changesScores() && !isNatural)
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
