//===- ExpandFloat8.cpp - 8-bit floats by integers ------------------------===//
//
// Part of attn-mlir.
//
// Conversions between 8-bit floats and wider ones, on scalars and vectors.
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/ExpandFloat8/ExpandFloat8.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace {
/// What distinguishes the 8-bit formats.
struct Float8 {
  int64_t mantissaBits;
  int64_t bias;
  /// Magnitudes from here on are not finite numbers.
  int64_t firstNonFinite;
  /// The magnitude of a quiet NaN.
  int64_t nan;
};

/// Arithmetic on one element type spread over the shape of a value.
class Builder {
public:
  Builder(PatternRewriter &rewriter, Location loc, Type like)
      : rewriter(rewriter), loc(loc), like(like) {}

  Type spread(Type element) const {
    if (auto vector = dyn_cast<VectorType>(like))
      return vector.clone(element);
    return element;
  }
  Value constant(TypedAttr attr) const {
    if (auto vector = dyn_cast<VectorType>(spread(attr.getType())))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    return arith::ConstantOp::create(rewriter, loc, attr);
  }
  Value integer(unsigned width, uint64_t bits) const {
    return constant(rewriter.getIntegerAttr(rewriter.getIntegerType(width),
                                            APInt(width, bits)));
  }
  template <typename Op, typename... Args>
  Value op(Args &&...args) const {
    return Op::create(rewriter, loc, std::forward<Args>(args)...);
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) const {
    return op<arith::CmpIOp>(predicate, a, b);
  }

  PatternRewriter &rewriter;
  Location loc;

private:
  Type like;
};

struct ExpandExtF : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override;
};

struct ExpandTruncF : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override;
};
} // namespace

static std::optional<Float8> getFormat(Type type) {
  type = getElementTypeOrSelf(type);
  if (isa<Float8E4M3FNType>(type))
    return Float8{3, 7, 0x7f, 0x7f};
  if (isa<Float8E5M2Type>(type))
    return Float8{2, 15, 0x7c, 0x7e};
  return std::nullopt;
}

LogicalResult ExpandExtF::matchAndRewrite(arith::ExtFOp op,
                                          PatternRewriter &rewriter) const {
  std::optional<Float8> format = getFormat(op.getIn().getType());
  if (!format)
    return rewriter.notifyMatchFailure(op, "not an 8-bit float");
  Type target = getElementTypeOrSelf(op.getType());
  if (target.getIntOrFloatBitWidth() < 16)
    return rewriter.notifyMatchFailure(op, "result narrower than 16 bits");

  Builder b(rewriter, op.getLoc(), op.getType());
  Type f32 = rewriter.getF32Type(), i32 = rewriter.getI32Type();
  Value bits =
      b.op<arith::BitcastOp>(b.spread(rewriter.getI8Type()), op.getIn());
  bits = b.op<arith::ExtUIOp>(b.spread(i32), bits);
  Value magnitude = b.op<arith::AndIOp>(bits, b.integer(32, 0x7f));
  Value sign = b.op<arith::ShLIOp>(
      b.op<arith::AndIOp>(bits, b.integer(32, 0x80)), b.integer(32, 24));
  // Read as f32 the number has a smaller exponent by the difference of the
  // biases; one exact multiplication mends normals and subnormals alike.
  Value shifted =
      b.op<arith::ShLIOp>(magnitude, b.integer(32, 23 - format->mantissaBits));
  Value small = b.op<arith::BitcastOp>(b.spread(f32), shifted);
  Value factor = b.constant(
      rewriter.getF32FloatAttr(std::ldexp(1.0f, 127 - format->bias)));
  Value scaled =
      b.op<arith::BitcastOp>(b.spread(i32), b.op<arith::MulFOp>(small, factor));
  Value special = b.op<arith::OrIOp>(shifted, b.integer(32, 0x7f800000));
  Value isSpecial = b.compare(arith::CmpIPredicate::uge, magnitude,
                              b.integer(32, format->firstNonFinite));
  Value result = b.op<arith::SelectOp>(isSpecial, special, scaled);
  result =
      b.op<arith::BitcastOp>(b.spread(f32), b.op<arith::OrIOp>(result, sign));
  if (target.getIntOrFloatBitWidth() > 32)
    result = b.op<arith::ExtFOp>(op.getType(), result);
  else if (target != f32)
    result = b.op<arith::TruncFOp>(op.getType(), result);
  rewriter.replaceOp(op, result);
  return success();
}

LogicalResult ExpandTruncF::matchAndRewrite(arith::TruncFOp op,
                                            PatternRewriter &rewriter) const {
  std::optional<Float8> format = getFormat(op.getType());
  if (!format)
    return rewriter.notifyMatchFailure(op, "not to an 8-bit float");
  Builder b(rewriter, op.getLoc(), op.getType());
  Value in = op.getIn();
  if (getElementTypeOrSelf(in.getType()).getIntOrFloatBitWidth() < 32)
    in = b.op<arith::ExtFOp>(b.spread(rewriter.getF32Type()), in);
  auto source = cast<FloatType>(getElementTypeOrSelf(in.getType()));
  unsigned width = source.getWidth();
  if (width != 32 && width != 64)
    return rewriter.notifyMatchFailure(op, "source is neither f32 nor f64");
  int64_t mantissa = width == 32 ? 23 : 52, bias = width == 32 ? 127 : 1023;
  Type integer = b.spread(rewriter.getIntegerType(width));
  auto number = [&](uint64_t bits) { return b.integer(width, bits); };

  Value bits = b.op<arith::BitcastOp>(integer, in);
  uint64_t signBit = uint64_t(1) << (width - 1);
  Value sign = b.op<arith::ShRUIOp>(bits, number(width - 8));
  sign = b.op<arith::AndIOp>(sign, number(0x80));
  Value magnitude = b.op<arith::AndIOp>(bits, number(signBit - 1));

  // Normal numbers: add half a unit (to even), drop bits, move the exponent.
  int64_t shift = mantissa - format->mantissaBits;
  Value odd = b.op<arith::AndIOp>(
      b.op<arith::ShRUIOp>(magnitude, number(shift)), number(1));
  Value rounded = b.op<arith::AddIOp>(
      b.op<arith::AddIOp>(magnitude, number((uint64_t(1) << (shift - 1)) - 1)),
      odd);
  rounded = b.op<arith::ShRUIOp>(rounded, number(shift));
  rounded = b.op<arith::SubIOp>(
      rounded, number(uint64_t(bias - format->bias) << format->mantissaBits));
  // Too large becomes the first non-finite magnitude.
  rounded = b.op<arith::MinUIOp>(rounded, number(format->firstNonFinite));

  // Subnormal numbers: adding a power of two whose unit in the last place is
  // the smallest subnormal rounds to a multiple of it.
  int64_t minExponent = 1 - format->bias;
  int64_t magicExponent = minExponent - format->mantissaBits + mantissa;
  uint64_t magicBits = uint64_t(magicExponent + bias) << mantissa;
  Value magic = b.op<arith::BitcastOp>(b.spread(source), number(magicBits));
  Value absolute = b.op<arith::BitcastOp>(b.spread(source), magnitude);
  Value subnormal = b.op<arith::SubIOp>(
      b.op<arith::BitcastOp>(integer, b.op<arith::AddFOp>(absolute, magic)),
      number(magicBits));

  Value isSubnormal =
      b.compare(arith::CmpIPredicate::ult, magnitude,
                number(uint64_t(minExponent + bias) << mantissa));
  Value result = b.op<arith::SelectOp>(isSubnormal, subnormal, rounded);
  uint64_t infinity = uint64_t(2 * bias + 1) << mantissa;
  Value isNaN =
      b.compare(arith::CmpIPredicate::ugt, magnitude, number(infinity));
  result = b.op<arith::SelectOp>(isNaN, number(format->nan), result);
  result = b.op<arith::OrIOp>(result, sign);
  result = b.op<arith::TruncIOp>(b.spread(rewriter.getI8Type()), result);
  rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), result);
  return success();
}

void attn::populateExpandFloat8Patterns(RewritePatternSet &patterns) {
  patterns.add<ExpandExtF, ExpandTruncF>(patterns.getContext());
}
