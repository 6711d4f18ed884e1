//===- SizePrologue.h - Sizes before anything runs --------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Computes sizes that a function uses somewhere at its beginning, or in another
// function of the same arguments, from the sizes of the arguments alone.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_CPU_SIZEPROLOGUE_H
#define ATTN_LIB_TARGET_CPU_SIZEPROLOGUE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::attn {

/// Emits, at the insertion point of a builder, what the sizes of a function
/// follow from. What turns out not to follow leaves unused ops behind.
class SizePrologue {
public:
  /// `map` holds what the arguments of the function are where `b` inserts.
  SizePrologue(OpBuilder &b, const IRMapping &map) : b(b), map(map) {}

  /// `value`; null if it does not follow from sizes and numbers among the
  /// arguments.
  Value exact(Value value);
  /// `value`, or a number it never exceeds (is never below): a minimum is as
  /// small as each of its operands, a loop's index is below the loop's end.
  Value upper(Value value) { return bound(value, /*isUpper=*/true); }
  Value lower(Value value) { return bound(value, /*isUpper=*/false); }

private:
  /// What a bound is asked of.
  enum class Kind { Exact, Lower, Upper };
  static Kind opposite(Kind kind) {
    return kind == Kind::Upper ? Kind::Lower : Kind::Upper;
  }

  Value bound(Value value, bool isUpper);
  Value get(Value value, Kind kind);
  Value getBound(Value value, Kind kind);
  Value getDim(Value memref, int64_t dim, Kind kind);
  Value getIndex(OpFoldResult value, Kind kind);
  Value getArithBound(Operation *op, Kind kind);
  Value getLoopIndex(BlockArgument index, Kind kind);
  Value getAffine(AffineExpr expr, AffineMap affine, ValueRange operands,
                  Kind kind);
  Value getAffineExtreme(AffineMap affine, ValueRange operands, bool isMin,
                         Kind kind);
  Value getExtreme(Value x, Value y, bool isMin, Kind kind);
  Value getMagnitude(Value value);
  void guardDivisor(Operation *op);

  OpBuilder &b;
  IRMapping map;
  llvm::DenseMap<std::pair<Value, int>, Value> known;
};

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_CPU_SIZEPROLOGUE_H
