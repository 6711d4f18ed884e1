//===- LowerGpuMath.cpp - Mathematics on GPUs -----------------------------===//
//
// Part of attn-mlir.
//
// Writes math ops with the special function unit and with polynomials: kernels
// are linked with no library.
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/ExpandFloat8/ExpandFloat8.h"
#include "attn/Target/GPU/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNLOWERGPUMATHPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

static constexpr StringLiteral kExp2 = "llvm.nvvm.ex2.approx.f32";
static constexpr StringLiteral kLog2 = "llvm.nvvm.lg2.approx.f";
static constexpr StringLiteral kRsqrt = "llvm.nvvm.rsqrt.approx.f";
static constexpr StringLiteral kReciprocal = "llvm.nvvm.rcp.approx.ftz.f";

static Value callIntrinsic(OpBuilder &b, Location loc, StringRef name,
                           ValueRange arguments, Type type) {
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                       arguments)
      .getResult(0);
}

/// Calls an intrinsic of f32 for each element of `value`.
static Value callByElement(OpBuilder &b, Location loc, StringRef name,
                           Value value) {
  auto type = dyn_cast<VectorType>(value.getType());
  if (!type)
    return callIntrinsic(b, loc, name, value, value.getType());
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<int64_t> position(type.getRank());
    int64_t rest = i;
    for (int64_t d = type.getRank() - 1; d >= 0; --d) {
      position[d] = rest % type.getDimSize(d);
      rest /= type.getDimSize(d);
    }
    Value element = vector::ExtractOp::create(b, loc, value, position);
    element = callIntrinsic(b, loc, name, element, type.getElementType());
    result = vector::InsertOp::create(b, loc, element, result, position);
  }
  return result;
}

static bool isF32(Type type) { return getElementTypeOrSelf(type).isF32(); }

/// A constant of `type`, a float or a vector of floats.
static Value constant(OpBuilder &b, Location loc, Type type, double number) {
  FloatAttr attr = b.getFloatAttr(getElementTypeOrSelf(type), number);
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(vector, attr));
  return arith::ConstantOp::create(b, loc, attr);
}

//===----------------------------------------------------------------------===//
// f32
//===----------------------------------------------------------------------===//

namespace {
/// Computes with f32 or vectors of it, all of one type.
struct Arithmetic {
  Arithmetic(Operation *op, OpBuilder &b)
      : b(b), loc(op->getLoc()), type(op->getResult(0).getType()) {}

  Value number(double value) { return constant(b, loc, type, value); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value multiply(Value x, Value y) {
    return arith::MulFOp::create(b, loc, x, y);
  }
  Value fma(Value x, Value y, Value z) {
    return callIntrinsic(b, loc, "llvm.fma", {x, y, z}, type);
  }
  Value exp2(Value x) { return callByElement(b, loc, kExp2, x); }
  Value reciprocal(Value x) { return callByElement(b, loc, kReciprocal, x); }

  OpBuilder &b;
  Location loc;
  Type type;
};

/// exp2 is an instruction.
struct LowerExp2 : OpRewritePattern<math::Exp2Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::Exp2Op op,
                                PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    rewriter.replaceOp(
        op, callByElement(rewriter, op.getLoc(), kExp2, op.getOperand()));
    return success();
  }
};

/// exp(x) = 2^n 2^f with n = round(x log2 e) and f = x log2 e - n, of which
/// only f is rounded, once: the product in f32 alone would cost |x| units in
/// the last place. The bounds of n keep 2^n finite and not 0; beyond them f
/// carries the rest, infinities included.
struct LowerExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    Arithmetic m(op, rewriter);
    Value x = op.getOperand();
    // The nearest f32 to log2(e), and what it leaves.
    Value high = m.number(0x1.715476p+0), low = m.number(0x1.4ae0c0p-26);
    Value n = callIntrinsic(rewriter, m.loc, "llvm.rint", m.multiply(x, high),
                            m.type);
    n = arith::MaxNumFOp::create(rewriter, m.loc, n, m.number(-126.0));
    n = arith::MinNumFOp::create(rewriter, m.loc, n, m.number(127.0));
    Value minus = arith::NegFOp::create(rewriter, m.loc, n);
    Value f = m.fma(x, low, m.fma(x, high, minus));
    rewriter.replaceOp(op, m.multiply(m.exp2(f), m.exp2(n)));
    return success();
  }
};

/// Logarithms are multiples of log2, an instruction.
template <typename Op>
struct LowerLog : OpRewritePattern<Op> {
  LowerLog(MLIRContext *context, double factor, PatternBenefit benefit)
      : OpRewritePattern<Op>(context, benefit), factor(factor) {}
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    Location loc = op.getLoc();
    Value result = callByElement(rewriter, loc, kLog2, op.getOperand());
    if (factor != 1.0)
      result = arith::MulFOp::create(
          rewriter, loc, result, constant(rewriter, loc, op.getType(), factor));
    rewriter.replaceOp(op, result);
    return success();
  }
  double factor;
};

/// tanh(x) = 1 - 2 / (e^2x + 1), which loses digits near 0; there, x plus x^3
/// times a polynomial in x^2 whose relative error is least on [-0.6, 0.6],
/// 3e-9.
struct LowerTanh : OpRewritePattern<math::TanhOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::TanhOp op,
                                PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    Arithmetic m(op, rewriter);
    Value x = op.getOperand();
    Value power = m.exp2(m.multiply(x, m.number(0x1.715476p+1)));
    Value far = m.fma(m.reciprocal(m.add(power, m.number(1.0))), m.number(-2.0),
                      m.number(1.0));
    constexpr double kCoefficients[] = {
        0.020795969626275484, -0.05378382970871326, 0.1333192412041463,
        -0.3333329800189485};
    Value square = m.multiply(x, x), sum = m.number(-0.005895155568730207);
    for (double coefficient : kCoefficients)
      sum = m.fma(sum, square, m.number(coefficient));
    Value near = m.fma(sum, m.multiply(x, square), x);
    Value size = callIntrinsic(rewriter, m.loc, "llvm.fabs", x, m.type);
    Value isNear = arith::CmpFOp::create(
        rewriter, m.loc, arith::CmpFPredicate::OLT, size, m.number(0.6));
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isNear, near, far);
    return success();
  }
};

struct LowerRsqrt : OpRewritePattern<math::RsqrtOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::RsqrtOp op,
                                PatternRewriter &rewriter) const override {
    if (!isF32(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32");
    rewriter.replaceOp(
        op, callByElement(rewriter, op.getLoc(), kRsqrt, op.getOperand()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Any type
//===----------------------------------------------------------------------===//

/// What LLVM's generator for NVIDIA GPUs has instructions for. Through the
/// intrinsic's name: upstream's conversion makes library calls of the ops.
template <typename Op>
struct LowerToIntrinsic : OpRewritePattern<Op> {
  LowerToIntrinsic(MLIRContext *context, StringRef name, PatternBenefit benefit)
      : OpRewritePattern<Op>(context, benefit), name(name) {}
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, callIntrinsic(rewriter, op.getLoc(), name,
                                         op->getOperands(), op.getType()));
    return success();
  }
  StringRef name;
};

/// Counts of zeros: the intrinsic's second operand says that 0 is allowed.
template <typename Op>
struct LowerCountZeros : OpRewritePattern<Op> {
  LowerCountZeros(MLIRContext *context, StringRef name, PatternBenefit benefit)
      : OpRewritePattern<Op>(context, benefit), name(name) {}
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value isPoison = LLVM::ConstantOp::create(
        rewriter, loc, rewriter.getI1Type(), rewriter.getBoolAttr(false));
    rewriter.replaceOp(op, callIntrinsic(rewriter, loc, name,
                                         {op.getOperand(), isPoison},
                                         op.getType()));
    return success();
  }
  StringRef name;
};

struct LowerAbsI : OpRewritePattern<math::AbsIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::AbsIOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value zero = arith::ConstantOp::create(rewriter, loc,
                                           rewriter.getZeroAttr(op.getType()));
    Value minus = arith::SubIOp::create(rewriter, loc, zero, op.getOperand());
    rewriter.replaceOpWithNewOp<arith::MaxSIOp>(op, op.getOperand(), minus);
    return success();
  }
};

/// The classes of floats as comparisons.
template <typename Op, arith::CmpFPredicate predicate>
struct LowerClass : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = op.getOperand(), other = x;
    if (predicate != arith::CmpFPredicate::UNO) {
      x = callIntrinsic(rewriter, loc, "llvm.fabs", x, x.getType());
      other = constant(rewriter, loc, x.getType(),
                       std::numeric_limits<double>::infinity());
    }
    rewriter.replaceOpWithNewOp<arith::CmpFOp>(op, predicate, x, other);
    return success();
  }
};

struct LowerGpuMath : attn::impl::AttnLowerGpuMathPassBase<LowerGpuMath> {
  void runOnOperation() override;
};
} // namespace

/// Ops of which f16 and bf16 have instructions of their own.
static bool isComputedInF32(StringRef name) {
  return name != math::AbsFOp::getOperationName() &&
         name != math::FmaOp::getOperationName();
}

void LowerGpuMath::runOnOperation() {
  MLIRContext *context = &getContext();
  RewritePatternSet patterns(context);
  // Before upstream's polynomials, which cover the rest.
  constexpr unsigned kFirst = 10;
  patterns.add<LowerExp2, LowerExp, LowerTanh, LowerRsqrt, LowerAbsI,
               LowerClass<math::IsNaNOp, arith::CmpFPredicate::UNO>,
               LowerClass<math::IsInfOp, arith::CmpFPredicate::OEQ>,
               LowerClass<math::IsFiniteOp, arith::CmpFPredicate::OLT>>(context,
                                                                        kFirst);
  patterns.add<LowerLog<math::LogOp>>(context, 0x1.62e42fefa39efp-1, kFirst);
  patterns.add<LowerLog<math::Log2Op>>(context, 1.0, kFirst);
  patterns.add<LowerLog<math::Log10Op>>(context, 0x1.34413509f79ffp-2, kFirst);
  patterns.add<LowerToIntrinsic<math::AbsFOp>>(context, "llvm.fabs", kFirst);
  patterns.add<LowerToIntrinsic<math::SqrtOp>>(context, "llvm.sqrt", kFirst);
  patterns.add<LowerToIntrinsic<math::FmaOp>>(context, "llvm.fma", kFirst);
  patterns.add<LowerToIntrinsic<math::FloorOp>>(context, "llvm.floor", kFirst);
  patterns.add<LowerToIntrinsic<math::CeilOp>>(context, "llvm.ceil", kFirst);
  patterns.add<LowerToIntrinsic<math::TruncOp>>(context, "llvm.trunc", kFirst);
  patterns.add<LowerToIntrinsic<math::RoundEvenOp>>(context, "llvm.roundeven",
                                                    kFirst);
  patterns.add<LowerToIntrinsic<math::RoundOp>>(context, "llvm.round", kFirst);
  patterns.add<LowerToIntrinsic<math::CopySignOp>>(context, "llvm.copysign",
                                                   kFirst);
  // Of these, too, upstream makes library calls, or a comparison and a choice.
  patterns.add<LowerToIntrinsic<arith::MaxNumFOp>>(context, "llvm.maxnum",
                                                   kFirst);
  patterns.add<LowerToIntrinsic<arith::MinNumFOp>>(context, "llvm.minnum",
                                                   kFirst);
  patterns.add<LowerToIntrinsic<arith::MaximumFOp>>(context, "llvm.maximum",
                                                    kFirst);
  patterns.add<LowerToIntrinsic<arith::MinimumFOp>>(context, "llvm.minimum",
                                                    kFirst);
  patterns.add<LowerToIntrinsic<math::CtPopOp>>(context, "llvm.ctpop", kFirst);
  patterns.add<LowerCountZeros<math::CountLeadingZerosOp>>(context, "llvm.ctlz",
                                                           kFirst);
  patterns.add<LowerCountZeros<math::CountTrailingZerosOp>>(
      context, "llvm.cttz", kFirst);
  attn::populateExpandFloat8Patterns(patterns);
  // Nothing of f16 or bf16 reaches the patterns above before this.
  populateMathF32ExpansionPatterns(patterns, isComputedInF32, kFirst + 1);
  populateMathPolynomialApproximationPatterns(patterns,
                                              [](StringRef) { return true; });
  math::populateExpansionPatterns(patterns,
                                  {"sinh", "cosh", "tan", "asinh", "acosh",
                                   "atanh", "powf", "fpowi", "clampf"});
  if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
    return signalPassFailure();

  bool hasFailed = false;
  getOperation().walk([&](Operation *op) {
    if (!isa<math::MathDialect>(op->getDialect()) && !isa<arith::RemFOp>(op))
      return;
    op->emitOpError("has no form for a GPU on ")
        << op->getOperand(0).getType() << "; compute it on the host";
    hasFailed = true;
  });
  if (hasFailed)
    signalPassFailure();
}
