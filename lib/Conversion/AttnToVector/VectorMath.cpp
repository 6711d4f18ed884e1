//===- VectorMath.cpp - exp2, log and tanh without libm -------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Floating-point arithmetic of VectorBuilder, on scalars and vectors alike.
//
//===----------------------------------------------------------------------===//

#include "VectorBuilder.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::attn;

static constexpr double kLn2 = 0.693147180559945309417;
static constexpr double kLog2e = 1.442695040888963407360;

/// 2^f for |f| <= 1/2, relative minimax with constant term 1 (error 9.2e-8).
static constexpr double kExp2Single[] = {
    1.0, 0.693146978, 0.240222421, 0.0555073374, 0.00967151281, 0.00132647272};

/// 2^f for 0 <= f <= 1, likewise (errors 8.3e-8 and 2.9e-6).
static constexpr double kExp2Fraction[] = {
    1.0, 0.693151295, 0.240164444, 0.0557999127, 0.00901702978, 0.00186713017};
static constexpr double kExp2FractionBF16[] = {1.0, 0.693044841, 0.241280213,
                                               0.0522424728, 0.0134266857};

Value VectorBuilder::number(double value, Type type) {
  if (!type)
    type = floats;
  TypedAttr attr;
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector,
                                  getFloatAttr(vector.getElementType(), value));
  else
    attr = getFloatAttr(type, value);
  return arith::ConstantOp::create(*this, attr);
}

Value VectorBuilder::negInf(Type type) {
  return number(-std::numeric_limits<double>::infinity(), type);
}

Value VectorBuilder::splat(Value scalar) {
  return vector::BroadcastOp::create(
      *this, VectorType::get(lanes, scalar.getType()), scalar);
}

Value VectorBuilder::fadd(Value x, Value y) {
  return arith::AddFOp::create(*this, x, y);
}
Value VectorBuilder::fsub(Value x, Value y) {
  return arith::SubFOp::create(*this, x, y);
}
Value VectorBuilder::fmul(Value x, Value y) {
  return arith::MulFOp::create(*this, x, y);
}
Value VectorBuilder::fdiv(Value x, Value y) {
  return arith::DivFOp::create(*this, x, y);
}

Value VectorBuilder::fma(Value x, Value y, Value z) {
  if (isa<VectorType>(x.getType()))
    return vector::FMAOp::create(*this, x, y, z);
  // A scalar fma would be a library call where the target has no such
  // instruction.
  return fadd(fmul(x, y), z);
}

Value VectorBuilder::fcompare(arith::CmpFPredicate predicate, Value x,
                              Value y) {
  return arith::CmpFOp::create(*this, predicate, x, y);
}

Value VectorBuilder::maxOrSecond(Value x, Value y) {
  Value greater = fcompare(arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(*this, greater, x, y);
}

Value VectorBuilder::minOrSecond(Value x, Value y) {
  Value less = fcompare(arith::CmpFPredicate::OLT, x, y);
  return arith::SelectOp::create(*this, less, x, y);
}

Value VectorBuilder::cast(Value x, Type elementType) {
  auto from = llvm::cast<FloatType>(getElementTypeOrSelf(x.getType()));
  auto to = llvm::cast<FloatType>(elementType);
  if (from == to)
    return x;
  Type type = to;
  if (auto vector = dyn_cast<VectorType>(x.getType()))
    type = vector.clone(to);
  if (from.getWidth() < to.getWidth())
    return arith::ExtFOp::create(*this, type, x);
  assert(from.getWidth() > to.getWidth() && "f16 and bf16 do not mix");
  if (from.isF32() && to.isBF16())
    return roundToBF16(x, type);
  return arith::TruncFOp::create(*this, type, x);
}

Value VectorBuilder::toFloat(Value x) {
  if (!getElementTypeOrSelf(x.getType()).isInteger())
    return cast(x, floatType);
  Type type = floatType;
  if (auto vector = dyn_cast<VectorType>(x.getType()))
    type = vector.clone(floatType);
  return arith::SIToFPOp::create(*this, type, x);
}

/// Integer arithmetic, because without an instruction for it LLVM calls a
/// library function for each element.
Value VectorBuilder::roundToBF16(Value x, Type type) {
  if (hasBF16 && x.getType() == VectorType::get(16, getF32Type()))
    return intrinsic("llvm.x86.avx512bf16.cvtneps2bf16.512", type, x);
  auto withElements = [&](Type element) -> Type {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(element);
    return element;
  };
  Type words = withElements(getI32Type()), halves = withElements(getI16Type());
  Value bits = arith::BitcastOp::create(*this, words, x);
  // To nearest, ties to even: the last bit that stays decides a tie.
  Value high = arith::ShRUIOp::create(*this, bits, integer(16, words));
  Value odd = arith::AndIOp::create(*this, high, integer(1, words));
  Value up = arith::AddIOp::create(*this, odd, integer(0x7FFF, words));
  Value rounded = arith::AddIOp::create(*this, bits, up);
  // A NaN keeps its upper bits and becomes quiet; it must not round to
  // infinity.
  Value isNaN = fcompare(arith::CmpFPredicate::UNO, x, x);
  Value quiet = arith::OrIOp::create(*this, bits, integer(0x400000, words));
  Value result = select(isNaN, quiet, rounded);
  result = arith::ShRUIOp::create(*this, result, integer(16, words));
  result = arith::TruncIOp::create(*this, halves, result);
  return arith::BitcastOp::create(*this, type, result);
}

Type VectorBuilder::bitsType(Type type) {
  Type bits = getIntegerType(floatType.getWidth());
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(bits);
  return bits;
}

Value VectorBuilder::integer(int64_t value, Type type) {
  TypedAttr attr = getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(*this, attr);
}

Value VectorBuilder::polynomial(Value x, ArrayRef<double> coefficients) {
  Type type = x.getType();
  Value sum = number(coefficients.back(), type);
  for (double c : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, number(c, type));
  return sum;
}

/// tanh(x) = x * p(x^2) / q(x^2) for |x| <= 9, where it is 1 in single
/// precision: a rational minimax fit of the relative error, 2.1e-8 before
/// rounding.
static constexpr double kTanhLimit = 9.0;
static constexpr double kTanhP[] = {0.9999999796455646, 0.13381040538156605,
                                    0.003495603456450099, 2.0609243704175996e-5,
                                    1.335472236609015e-8};
static constexpr double kTanhQ[] = {1.0, 0.4671435622347044,
                                    0.02587704661497946, 3.2856559068720483e-4,
                                    7.77661726059328e-7};

/// 2^x = 2^floor(x) * 2^(x - floor(x)), where vscalefps takes the floor itself,
/// whatever its size: nothing is clamped. The fraction of an infinity is 0.
Value VectorBuilder::exp2WithScalef(Value x, Accuracy accuracy) {
  Type type = x.getType(), i32 = getI32Type();
  Value all = integer(-1, getI16Type()), asRounded = integer(4, i32);
  Value fraction = intrinsic("llvm.x86.avx512.mask.reduce.ps.512", type,
                             {x, integer(/*floor*/ 1, i32), x, all, asRounded});
  Value mantissa = accuracy == Accuracy::Full
                       ? polynomial(fraction, kExp2Fraction)
                       : polynomial(fraction, kExp2FractionBF16);
  return intrinsic("llvm.x86.avx512.mask.scalef.ps.512", type,
                   {mantissa, x, x, all, asRounded});
}

Value VectorBuilder::exp2(Value x, Accuracy accuracy) {
  Type type = x.getType();
  if (hasScalef && type == VectorType::get(16, getF32Type()))
    return exp2WithScalef(x, accuracy);
  bool isDouble = floatType.isF64();
  int mantissaBits = isDouble ? 52 : 23;
  int bias = isDouble ? 1023 : 127;

  // Not below the exponent whose power of two has the bits of zero. The
  // comparison is written so that a NaN stays.
  Value lowest = number(-bias, type);
  x = maxOrSecond(lowest, x);
  // Adding 1.5 * 2^mantissaBits rounds to an integer, held in the low bits
  // together with the bias.
  double magic = std::ldexp(1.5, mantissaBits) + bias;
  Value shifted = fadd(x, number(magic, type));
  Value rounded = fsub(shifted, number(magic, type));
  Value fraction = fsub(x, rounded);

  SmallVector<double> coefficients(std::begin(kExp2Single),
                                   std::end(kExp2Single));
  if (isDouble) {
    // The Taylor series of e^(f ln 2); the next term is below 2e-16.
    coefficients.assign(1, 1.0);
    for (int k = 1; k <= 12; ++k)
      coefficients.push_back(coefficients.back() * kLn2 / k);
  }
  Value mantissa = polynomial(fraction, coefficients);

  Value bits = arith::BitcastOp::create(*this, bitsType(type), shifted);
  Value power =
      arith::ShLIOp::create(*this, bits, integer(mantissaBits, bits.getType()));
  power = arith::BitcastOp::create(*this, type, power);
  // A product and not a sum of exponents: NaN times anything is NaN.
  return fmul(mantissa, power);
}

Value VectorBuilder::exp(Value x) {
  return exp2(fmul(x, number(kLog2e, x.getType())));
}

Value VectorBuilder::log(Value x) {
  Type type = x.getType(), bits = bitsType(type);
  bool isDouble = floatType.isF64();
  int mantissaBits = isDouble ? 52 : 23;
  int bias = isDouble ? 1023 : 127;

  // Subnormals get a readable exponent.
  double up = std::ldexp(1.0, mantissaBits + 1);
  Value smallest = number(std::ldexp(1.0, 1 - bias), type);
  Value isSmall = fcompare(arith::CmpFPredicate::OLT, x, smallest);
  Value normal = select(isSmall, fmul(x, number(up, type)), x);
  Value correction =
      select(isSmall, number(-(mantissaBits + 1), type), number(0.0, type));

  // x = 2^exponent * mantissa with the mantissa in [sqrt(1/2), sqrt(2)): the
  // integer difference from the bits of sqrt(1/2) has the exponent on top.
  int64_t root = isDouble ? 0x3FE6A09E667F3BCD : 0x3F3504F3;
  Value rootBits = integer(root, bits);
  Value raw = arith::BitcastOp::create(*this, bits, normal);
  Value above = arith::SubIOp::create(*this, raw, rootBits);
  Value exponent =
      arith::ShRSIOp::create(*this, above, integer(mantissaBits, bits));
  Value low = arith::AndIOp::create(
      *this, above, integer((int64_t(1) << mantissaBits) - 1, bits));
  Value mantissa = arith::BitcastOp::create(
      *this, type, arith::AddIOp::create(*this, low, rootBits));
  Value e = fadd(arith::SIToFPOp::create(*this, type, exponent), correction);

  // ln m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
  Value one = number(1.0, type);
  Value s = fdiv(fsub(mantissa, one), fadd(mantissa, one));
  SmallVector<double> series;
  for (int k = 0; k < (isDouble ? 11 : 5); ++k)
    series.push_back(2.0 / (2 * k + 1));
  Value result =
      fma(s, polynomial(fmul(s, s), series), fmul(e, number(kLn2, type)));

  result = select(fcompare(arith::CmpFPredicate::OEQ, x, number(0.0, type)),
                  negInf(type), result);
  // Infinity and NaN have no mantissa to speak of.
  Value largest = number(isDouble ? std::numeric_limits<double>::max()
                                  : std::numeric_limits<float>::max(),
                         type);
  Value isFinite = fcompare(arith::CmpFPredicate::OLE, x, largest);
  return select(isFinite, result, x);
}

Value VectorBuilder::tanh(Value x) {
  Type type = x.getType();
  if (!floatType.isF64()) {
    // Written so that a NaN stays.
    x = minOrSecond(number(kTanhLimit, type), x);
    x = maxOrSecond(number(-kTanhLimit, type), x);
    Value square = fmul(x, x);
    return fdiv(fmul(x, polynomial(square, kTanhP)),
                polynomial(square, kTanhQ));
  }
  // In double |x| through the sign bit; a NaN stays one.
  Type bits = bitsType(type);
  Value raw = arith::BitcastOp::create(*this, bits, x);
  Value sign = arith::AndIOp::create(
      *this, raw, integer(std::numeric_limits<int64_t>::min(), bits));
  Value magnitude = arith::BitcastOp::create(
      *this, type, arith::XOrIOp::create(*this, raw, sign));

  // (1 - t) / (1 + t) with t = e^(-2|x|) in [0, 1].
  Value t = exp(fmul(magnitude, number(-2.0, type)));
  Value one = number(1.0, type);
  Value result = fdiv(fsub(one, t), fadd(one, t));
  Value signless = arith::BitcastOp::create(*this, bits, result);
  return arith::BitcastOp::create(*this, type,
                                  arith::OrIOp::create(*this, signless, sign));
}

Value VectorBuilder::safeShift(Value maximum) {
  Type type = maximum.getType();
  Value isEmpty = fcompare(arith::CmpFPredicate::OEQ, maximum, negInf(type));
  return select(isEmpty, number(0.0, type), maximum);
}
