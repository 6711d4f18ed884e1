//===- VectorBuilder.h - Emits vector arithmetic ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A builder for loops over vectors of one width: index arithmetic that folds,
// loops, transposes, and the few functions softmax needs, without libm.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_VECTORBUILDER_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_VECTORBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::attn {

/// True if consecutive elements of a row of `memref` are adjacent in memory.
bool hasContiguousRows(Value memref);

/// Builds code on scalars and vectors of `floatType`. No fast-math flag is ever
/// set: `reassoc` would fold the rounding inside exp2 away, and `nnan` would
/// make a NaN in the input undefined instead of NaN in the output.
class VectorBuilder : public ImplicitLocOpBuilder {
public:
  VectorBuilder(Location loc, const OpBuilder &builder, FloatType floatType,
                int64_t lanes);

  FloatType floatType;
  const int64_t lanes;
  /// Whether vectors of 16 f32 have vreduceps and vscalefps of AVX-512.
  bool hasScalef = false;
  /// Whether they have vcvtneps2bf16.
  bool hasBF16 = false;
  /// Of one vector.
  int64_t bytes() { return lanes * floatType.getWidth() / 8; }
  /// `lanes` elements of floatType and of index.
  const VectorType floats, indices;

  //===--------------------------------------------------------------------===//
  // Index arithmetic
  //===--------------------------------------------------------------------===//

  Value idx(int64_t value);
  Value idx(OpFoldResult value);
  Value add(Value x, Value y);
  Value add(Value x, int64_t y) { return y ? add(x, idx(y)) : x; }
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  /// Quotient and remainder of non-negative values.
  Value div(Value x, Value y);
  Value rem(Value x, Value y);
  /// `x` rounded down to a multiple of `multiple`, a power of two.
  Value roundDown(Value x, int64_t multiple);
  Value compare(arith::CmpIPredicate predicate, Value x, Value y);
  Value select(Value condition, Value x, Value y);

  //===--------------------------------------------------------------------===//
  // Control flow
  //===--------------------------------------------------------------------===//

  using LoopBody =
      function_ref<SmallVector<Value>(Value index, ValueRange carried)>;
  /// A sequential loop; returns what it carried out.
  SmallVector<Value> loop(Value lower, Value upper, int64_t step,
                          ValueRange inits, LoopBody body);
  SmallVector<Value> loop(Value lower, Value upper, Value step,
                          ValueRange inits, LoopBody body);
  void loop(Value lower, Value upper, int64_t step,
            function_ref<void(Value index)> body);
  void loop(Value lower, Value upper, Value step,
            function_ref<void(Value index)> body);
  using Branch = function_ref<SmallVector<Value>()>;
  SmallVector<Value> ifElse(TypeRange types, Value condition, Branch then,
                            Branch otherwise);
  void ifThen(Value condition, function_ref<void()> then);

  //===--------------------------------------------------------------------===//
  // Floating point, on scalars and vectors alike
  //===--------------------------------------------------------------------===//

  /// `value` as a constant of `type`, an integer or a vector of them.
  Value integer(int64_t value, Type type);
  /// `value` as a constant of `type`, `floats` by default.
  Value number(double value, Type type = {});
  Value negInf(Type type = {});
  Value splat(Value scalar);
  Value fadd(Value x, Value y);
  Value fsub(Value x, Value y);
  Value fmul(Value x, Value y);
  Value fdiv(Value x, Value y);
  /// x * y + z.
  Value fma(Value x, Value y, Value z);
  Value fcompare(arith::CmpFPredicate predicate, Value x, Value y);
  /// `x > y ? x : y`, one instruction: y when either is NaN.
  Value maxOrSecond(Value x, Value y);
  /// `x < y ? x : y`: y when either is NaN.
  Value minOrSecond(Value x, Value y);
  /// `x` extended or truncated to floating-point elements of `type`.
  Value cast(Value x, Type elementType);
  /// `x`, signed integers or floating-point numbers of any type keys may have,
  /// as floatType.
  Value toFloat(Value x);

  /// How exact exp2 is: to all bits, or relatively 4e-6 at least, for what is
  /// rounded to bf16. (Not less: its sum is kept, and becomes lse.)
  enum class Accuracy { Full, BF16 };
  /// 2^x for x <= 0. Exactly 0 for x < -150 (-1022.5), -inf included, and
  /// NaN for NaN. Relative error below 2e-7 (3e-16) where the result is normal;
  /// a smaller one may be 0.
  Value exp2(Value x, Accuracy accuracy = Accuracy::Full);
  /// e^x for x <= 0, with the edges of exp2.
  Value exp(Value x);
  /// ln(x) for x >= 0; -inf for 0, NaN for NaN.
  Value log(Value x);
  /// tanh(x); NaN for NaN.
  Value tanh(Value x);
  /// `maximum`, but 0 where it is -inf: what scores are shifted by, so that a
  /// row without keys does not compute -inf - -inf.
  Value safeShift(Value maximum);

  //===--------------------------------------------------------------------===//
  // Memory
  //===--------------------------------------------------------------------===//

  Value load(Value memref, ValueRange at);
  void store(Value value, Value memref, ValueRange at);
  /// `lanes` elements of memref's element type along its last dimension.
  Value loadVector(Value memref, ValueRange at);
  void storeVector(Value vector, Value memref, ValueRange at);
  /// Asks for the cache line of an element of `memref`, which may lie anywhere:
  /// nothing is read.
  void prefetch(Value memref, ValueRange at, bool isWrite = false);
  /// The result of an LLVM intrinsic of the target.
  Value intrinsic(StringRef name, Type result, ValueRange operands);
  /// The transpose of `lanes` vectors of `lanes` elements.
  SmallVector<Value> transpose(ArrayRef<Value> rows);

private:
  Value exp2WithScalef(Value x, Accuracy accuracy);
  Value roundToBF16(Value x, Type type);
  /// sum of coefficients[k] * x^k, all scaled to the type of `x`.
  Value polynomial(Value x, ArrayRef<double> coefficients);
  /// `type`'s shape with integers as wide as floatType.
  Type bitsType(Type type);
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_VECTORBUILDER_H
