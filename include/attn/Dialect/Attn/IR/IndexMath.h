//===- IndexMath.h - Index arithmetic that folds ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Arithmetic on OpFoldResults of index type: constants in, constants out.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_INDEXMATH_H
#define ATTN_DIALECT_ATTN_IR_INDEXMATH_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace mlir::attn {

/// Index arithmetic at a builder's insertion point.
struct IndexMath {
  OpBuilder &b;
  Location loc;

  OpFoldResult apply(AffineExpr e, ArrayRef<OpFoldResult> args) {
    auto map = AffineMap::get(args.size(), 0, e);
    return affine::makeComposedFoldedAffineApply(b, loc, map, args);
  }
  AffineExpr d(unsigned i) { return b.getAffineDimExpr(i); }
  OpFoldResult constant(int64_t v) { return b.getIndexAttr(v); }
  OpFoldResult add(OpFoldResult x, OpFoldResult y) {
    return apply(d(0) + d(1), {x, y});
  }
  OpFoldResult add(OpFoldResult x, int64_t y) { return apply(d(0) + y, {x}); }
  OpFoldResult sub(OpFoldResult x, OpFoldResult y) {
    return apply(d(0) - d(1), {x, y});
  }
  OpFoldResult mul(OpFoldResult x, int64_t y) { return apply(d(0) * y, {x}); }
  /// The product of two values, which affine maps cannot say.
  OpFoldResult mul(OpFoldResult x, OpFoldResult y) {
    if (std::optional<int64_t> factor = getConstantIntValue(y))
      return mul(x, *factor);
    if (std::optional<int64_t> factor = getConstantIntValue(x))
      return mul(y, *factor);
    return getAsOpFoldResult(
        b.createOrFold<arith::MulIOp>(loc, value(x), value(y)));
  }
  /// x / y rounded up, for x of 0 or more and y above 0.
  OpFoldResult ceilDiv(OpFoldResult x, OpFoldResult y) {
    if (std::optional<int64_t> divisor = getConstantIntValue(y))
      return apply(d(0).ceilDiv(*divisor), {x});
    OpFoldResult up = add(add(x, y), -1);
    return getAsOpFoldResult(
        b.createOrFold<arith::DivUIOp>(loc, value(up), value(y)));
  }
  OpFoldResult min(OpFoldResult x, OpFoldResult y) {
    return affine::makeComposedFoldedAffineMin(
        b, loc, AffineMap::get(2, 0, {d(0), d(1)}, b.getContext()), {x, y});
  }
  OpFoldResult max(OpFoldResult x, OpFoldResult y) {
    return affine::makeComposedFoldedAffineMax(
        b, loc, AffineMap::get(2, 0, {d(0), d(1)}, b.getContext()), {x, y});
  }
  Value value(OpFoldResult x) {
    return getValueOrCreateConstantIndexOp(b, loc, x);
  }
  /// `x` if `cond` else `y`.
  OpFoldResult select(Value cond, OpFoldResult x, OpFoldResult y) {
    return b.createOrFold<arith::SelectOp>(loc, cond, value(x), value(y));
  }
};

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_IR_INDEXMATH_H
