//===- DecodeModifiers.cpp - What happens to scores of keys in lanes ------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Softcap, bias, score region and mask on the scores of one row, where mask and
// bias lie in memory as lanes want them. A block that is not full is brought
// into scratch first: nothing beyond its keys is read.
//
//===----------------------------------------------------------------------===//

#include "DecodeKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

KeyModifiers::KeyModifiers(VectorBuilder &b, AttentionInterface op,
                           const DecodeShape &shape, const Scratch &scratch)
    : b(b), op(op), shape(shape), scratch(scratch), bias(b, op.getBias()),
      mask(b, op.getMask()) {
  if (op.hasScore())
    region.emplace(b, op, shape.vectors(), ScoreRegion::Lanes::Keys);
}

SmallVector<Value> KeyModifiers::load(const BroadcastOperand &operand,
                                      StringRef role, Value batch, Value head,
                                      Value query, Value firstKey,
                                      Value numKeys) {
  Value memref = operand.memref, zero = b.idx(0);
  auto at = [&](Value key) {
    return operand.index(b, batch, head, query, b.add(firstKey, key));
  };
  if (!operand.perKey) {
    Value element = b.splat(b.load(memref, at(zero)));
    return SmallVector<Value>(shape.vectors(), element);
  }
  auto loadAll = [&](Value from, function_ref<SmallVector<Value>(Value)> at) {
    SmallVector<Value> vectors;
    for (int64_t i = 0; i < shape.block; i += shape.lanes)
      vectors.push_back(b.loadVector(from, at(b.idx(i))));
    return vectors;
  };
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  auto gather = [&] {
    Value buffer = scratch.get(role, {shape.block}, element);
    b.loop(zero, numKeys, 1,
           [&](Value key) { b.store(b.load(memref, at(key)), buffer, key); });
    return loadAll(buffer, [](Value i) { return SmallVector<Value>{i}; });
  };
  if (!hasContiguousRows(memref))
    return gather();
  Value isWhole = b.compare(CmpIPredicate::eq, numKeys, b.idx(shape.block));
  if (Value isUnit = operand.isUnit[3]) {
    Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
    isWhole = arith::AndIOp::create(b, isWhole,
                                    arith::XOrIOp::create(b, isUnit, yes));
  }
  SmallVector<Type> types(shape.vectors(),
                          VectorType::get(shape.lanes, element));
  return b.ifElse(types, isWhole, [&] { return loadAll(memref, at); }, gather);
}

SmallVector<Value> KeyModifiers::applyRegion(ArrayRef<Value> scores,
                                             Value batch, Value head,
                                             Value query, Value firstKey,
                                             Value numKeys) {
  auto absolute = [&](Value local, unsigned axis) {
    return b.add(local, b.idx(getOffset(op, b, axis)));
  };
  Value absoluteBatch = absolute(batch, 0);
  head = absolute(head, 1);
  query = absolute(query, 2);
  if (region->isVector()) {
    region->beginPanel(absoluteBatch, head, query);
    // Lanes beyond the last key repeat it: the region may load by position.
    Value last = b.splat(b.sub(b.add(firstKey, numKeys), b.idx(1)));
    Value steps = vector::StepOp::create(b, b.indices);
    SmallVector<Value> keys;
    for (int64_t i = 0; i < shape.block; i += shape.lanes) {
      Value key = arith::AddIOp::create(b, steps, b.splat(b.add(firstKey, i)));
      key = b.min(key, last);
      OpFoldResult offset = getOffset(op, b, 3);
      if (!isConstantIntValue(offset, 0))
        key = arith::AddIOp::create(b, key, b.splat(b.idx(offset)));
      keys.push_back(key);
    }
    return region->apply(scores, keys);
  }
  Value buffer = scratch.get("region", {shape.block}, b.floatType);
  for (auto [i, score] : llvm::enumerate(scores))
    b.storeVector(score, buffer, b.idx(i * shape.lanes));
  b.loop(b.idx(0), numKeys, 1, [&](Value key) {
    Value score = region->applyScalar(b.load(buffer, key), absoluteBatch, head,
                                      query, absolute(b.add(firstKey, key), 3));
    b.store(score, buffer, key);
  });
  SmallVector<Value> next;
  for (int64_t i = 0; i < shape.block; i += shape.lanes)
    next.push_back(b.loadVector(buffer, b.idx(i)));
  return next;
}

SmallVector<Value> KeyModifiers::apply(SmallVector<Value> scores, Value batch,
                                       Value head, Value query, Value firstKey,
                                       Value numKeys) {
  if (FloatAttr cap = op.getSoftcapAttr()) {
    double limit = cap.getValueAsDouble();
    for (Value &score : scores)
      score =
          b.fmul(b.tanh(b.fmul(score, b.number(1.0 / limit))), b.number(limit));
  }
  if (bias) {
    SmallVector<Value> added =
        load(bias, "bias", batch, head, query, firstKey, numKeys);
    for (auto [score, x] : llvm::zip_equal(scores, added))
      score = b.fadd(score, b.cast(x, b.floatType));
  }
  if (region)
    scores = applyRegion(scores, batch, head, query, firstKey, numKeys);
  if (mask) {
    SmallVector<Value> bytes =
        load(mask, "mask", batch, head, query, firstKey, numKeys);
    // A selection and not a sum: the score may be NaN.
    for (auto [score, byte] : llvm::zip_equal(scores, bytes)) {
      Value none = arith::ConstantOp::create(b, b.getZeroAttr(byte.getType()));
      Value isVisible = b.compare(CmpIPredicate::ne, byte, none);
      score = b.select(isVisible, score, b.negInf());
    }
  }
  return scores;
}
