//===- ScoreModifiers.cpp - Softcap, bias, region and mask ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What happens to natural scores between the product and the softmax, except
// for structural visibility.
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

ScoreModifiers::ScoreModifiers(VectorBuilder &b, AttentionInterface op,
                               const KernelShape &shape, const Scratch &scratch,
                               PanelRows &rows)
    : b(b), op(op), shape(shape), scratch(scratch), rows(rows) {
  bias = describe(op.getBias());
  mask = describe(op.getMask());
  if (op.hasScore())
    region.emplace(b, op, shape);
}

ScoreModifiers::Operand ScoreModifiers::describe(Value memref) {
  Operand operand;
  if (!memref)
    return operand;
  ArrayRef<int64_t> sizes = cast<MemRefType>(memref.getType()).getShape();
  operand.memref = memref;
  operand.perLane = sizes[1] != 1 || sizes[2] != 1;
  operand.perKey = sizes[3] != 1;
  for (int64_t i = 0; i < 4; ++i)
    if (ShapedType::isDynamic(sizes[i]))
      operand.isUnit[i] = b.compare(
          CmpIPredicate::eq, b.idx(getDim(b, b.getLoc(), memref, i)), b.idx(1));
  return operand;
}

SmallVector<Value> ScoreModifiers::index(const Operand &operand, Value head,
                                         Value row, Value key) {
  SmallVector<Value> at{batch, head, row, key};
  ArrayRef<int64_t> sizes =
      cast<MemRefType>(operand.memref.getType()).getShape();
  for (int64_t i = 0; i < 4; ++i) {
    if (sizes[i] == 1)
      at[i] = b.idx(0);
    else if (Value isUnit = operand.isUnit[i])
      at[i] = b.select(isUnit, b.idx(0), at[i]);
  }
  return at;
}

Value ScoreModifiers::convertBias(Value value) {
  return b.cast(value, b.floatType);
}

/// An i8 mask element as 1 (visible) or 0, so that it moves between lanes as
/// scores do.
Value ScoreModifiers::convertMask(Value value) {
  Type bytes = value.getType(), type = b.floatType;
  TypedAttr none = b.getZeroAttr(bytes);
  if (isa<VectorType>(bytes))
    type = b.floats;
  Value isVisible =
      b.compare(CmpIPredicate::ne, value, arith::ConstantOp::create(b, none));
  return b.select(isVisible, b.number(1.0, type), b.number(0.0, type));
}

void ScoreModifiers::preparePanel(Operand &operand, StringRef role,
                                  function_ref<Value(Value)> convert) {
  if (!operand.memref || !operand.perLane || operand.perKey)
    return;
  auto at = [&](Value head, Value row, Value key) {
    return index(operand, head, row, key);
  };
  operand.vectors = rows.gather(operand.memref, at, convert, role);
}

void ScoreModifiers::prepareBlock(Operand &operand, StringRef role,
                                  Value firstKey, Value numKeys,
                                  function_ref<Value(Value)> convert) {
  if (!operand.memref || !operand.perLane || !operand.perKey)
    return;
  operand.block = scratch.get(role, {shape.block, shape.panel()}, b.floatType);
  auto at = [&](Value head, Value row, Value key) {
    return index(operand, head, row, key);
  };
  rows.pack(operand.memref, at, firstKey, numKeys, convert, operand.block,
            operand.isUnit[3]);
}

Value ScoreModifiers::element(Operand &operand, Value firstKey, Value key,
                              int64_t group,
                              function_ref<Value(Value)> convert) {
  if (operand.perLane && operand.perKey)
    return rows.loadGroup(operand.block, key, group);
  if (operand.perLane)
    return operand.vectors[group];
  Value zero = b.idx(0);
  return b.splat(convert(b.load(
      operand.memref, index(operand, zero, zero, b.add(firstKey, key)))));
}

void ScoreModifiers::beginPanel(Value batchIndex) {
  batch = batchIndex;
  preparePanel(bias, "bias", [&](Value v) { return convertBias(v); });
  preparePanel(mask, "mask", [&](Value v) { return convertMask(v); });
  if (!region || !region->isVector())
    return;
  auto absolute = [&](Value local, unsigned axis) -> Value {
    OpFoldResult offset = getOffset(op, b, axis);
    if (isConstantIntValue(offset, 0))
      return local;
    return arith::AddIOp::create(b, local, b.splat(b.idx(offset)));
  };
  SmallVector<Value> heads, queries;
  for (int64_t g = 0; g < shape.groups; ++g) {
    heads.push_back(absolute(rows.heads(g), 1));
    queries.push_back(absolute(rows.queries(g), 2));
  }
  Value absoluteBatch = b.add(batch, b.idx(getOffset(op, b, 0)));
  region->beginPanel(absoluteBatch, heads, queries);
}

SmallVector<Value> ScoreModifiers::capAndBias(ArrayRef<Value> scores,
                                              Value firstKey, Value key) {
  SmallVector<Value> next(scores);
  if (FloatAttr cap = op.getSoftcapAttr()) {
    double limit = cap.getValueAsDouble();
    for (Value &score : next)
      score =
          b.fmul(b.tanh(b.fmul(score, b.number(1.0 / limit))), b.number(limit));
  }
  if (bias.memref)
    for (auto [g, score] : llvm::enumerate(next))
      score = b.fadd(score, element(bias, firstKey, key, g,
                                    [&](Value v) { return convertBias(v); }));
  return next;
}

void ScoreModifiers::beginBlock(Value scores, Value firstKey, Value numKeys) {
  prepareBlock(bias, "bias", firstKey, numKeys,
               [&](Value v) { return convertBias(v); });
  prepareBlock(mask, "mask", firstKey, numKeys,
               [&](Value v) { return convertMask(v); });
  if (!region || region->isVector())
    return;

  Value zero = b.idx(0);
  auto absolute = [&](Value local, unsigned axis) {
    return b.add(local, b.idx(getOffset(op, b, axis)));
  };
  b.loop(zero, numKeys, 1, [&](Value key) {
    if (op.getSoftcapAttr() || bias.memref) {
      SmallVector<Value> vectors;
      for (int64_t g = 0; g < shape.groups; ++g)
        vectors.push_back(rows.loadGroup(scores, key, g));
      vectors = capAndBias(vectors, firstKey, key);
      for (int64_t g = 0; g < shape.groups; ++g)
        rows.storeGroup(vectors[g], scores, key, g);
    }
    b.loop(zero, b.idx(shape.panel()), 1, [&](Value lane) {
      Value score = region->applyScalar(
          b.load(scores, {key, lane}), absolute(batch, 0),
          absolute(rows.head(lane), 1), absolute(rows.query(lane), 2),
          absolute(b.add(firstKey, key), 3));
      b.store(score, scores, {key, lane});
    });
  });
}

SmallVector<Value> ScoreModifiers::finish(ArrayRef<Value> scores,
                                          Value firstKey, Value key) {
  SmallVector<Value> next(scores);
  if (!region || region->isVector())
    next = capAndBias(next, firstKey, key);
  if (region && region->isVector()) {
    Value position = b.add(b.add(firstKey, key), b.idx(getOffset(op, b, 3)));
    next = region->apply(next, position);
  }
  if (!mask.memref)
    return next;
  for (auto [g, score] : llvm::enumerate(next)) {
    Value seen = element(mask, firstKey, key, g,
                         [&](Value v) { return convertMask(v); });
    Value isVisible = b.fcompare(CmpFPredicate::ONE, seen, b.number(0.0));
    // A selection and not a sum: the score may be NaN.
    score = b.select(isVisible, score, b.negInf());
  }
  return next;
}
