//===- RaiseBuild.cpp - Build attn.sdpa -----------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Operands are views where views do; what is computed for the op (a mask from
// comparisons, lengths) is no larger than what it depends on.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

namespace {
class SdpaBuilder {
public:
  SdpaBuilder(Match &match, const Roles &roles, const Modifiers &modifiers,
              OpBuilder &builder, Location loc, Blocker &blocker)
      : match(match), symbols(match.symbols), roles(roles),
        modifiers(modifiers), builder(builder), loc(loc), blocker(blocker) {
    Type element = roles.query.elementType;
    accumulator = element.isF64() ? FloatType(builder.getF64Type())
                                  : FloatType(builder.getF32Type());
  }

  LogicalResult run(Replacement &replacement, const ViewStep &result,
                    ReportEntry &entry);

private:
  LogicalResult fail(const Twine &why, Expr *at = nullptr) {
    blocker = {why.str(), at && at->origin ? at->origin : match.contraction};
    return failure();
  }
  Value emitSum(Emitter &emitter, OpBuilder &at, const Bound &bound, Type type);
  Value buildBound(const Bound &bound, bool asTensor);
  Value buildMask();
  void collectReads(Emitter &emitter, Expr *expr, SmallVectorImpl<Expr *> &out);
  Value buildSinks();
  LogicalResult buildRegion(Region &region);

  Match &match;
  Symbols &symbols;
  const Roles &roles;
  const Modifiers &modifiers;
  OpBuilder &builder;
  Location loc;
  Blocker &blocker;
  FloatType accumulator;
};
} // namespace

//===----------------------------------------------------------------------===//
// Scalars and lengths
//===----------------------------------------------------------------------===//

static Value convertInteger(OpBuilder &builder, Location loc, Value value,
                            Type type) {
  if (value.getType() == type)
    return value;
  if (value.getType().isIndex() || type.isIndex())
    return arith::IndexCastOp::create(builder, loc, type, value);
  if (value.getType().getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return arith::ExtSIOp::create(builder, loc, type, value);
  return arith::TruncIOp::create(builder, loc, type, value);
}

Value SdpaBuilder::emitSum(Emitter &emitter, OpBuilder &at, const Bound &bound,
                           Type type) {
  Value sum;
  for (auto &[term, count] : bound.terms) {
    Value value = emitter.emit(term);
    if (!value || !value.getType().isIntOrIndex())
      return Value();
    value = convertInteger(at, loc, value, type);
    if (count != 1 && count != -1) {
      Value factor = arith::ConstantOp::create(
          at, loc, at.getIntegerAttr(type, std::abs(count)));
      value = arith::MulIOp::create(at, loc, value, factor);
    }
    if (sum)
      sum = count < 0 ? arith::SubIOp::create(at, loc, sum, value).getResult()
                      : arith::AddIOp::create(at, loc, sum, value).getResult();
    else if (count < 0)
      sum = arith::SubIOp::create(
          at, loc,
          arith::ConstantOp::create(at, loc, at.getIntegerAttr(type, 0)),
          value);
    else
      sum = value;
  }
  if (!sum || bound.constant != 0) {
    Value constant = arith::ConstantOp::create(
        at, loc, at.getIntegerAttr(type, bound.constant));
    sum = sum ? arith::AddIOp::create(at, loc, sum, constant).getResult()
              : constant;
  }
  return sum;
}

/// An index, or i64 per batch entry if it differs between them or a tensor is
/// wanted.
Value SdpaBuilder::buildBound(const Bound &bound, bool asTensor) {
  bool perBatch = llvm::any_of(bound.terms, [&](auto &term) {
    return dependsOnRole(symbols, term.first, roles.batch);
  });
  Type i64 = builder.getI64Type();
  if (!perBatch) {
    Emitter emitter(builder, loc, match, roles, accumulator);
    if (!asTensor)
      return emitSum(emitter, builder, bound, builder.getIndexType());
    if (bound.terms.empty()) {
      auto type = RankedTensorType::get({1}, i64);
      return arith::ConstantOp::create(
          builder, loc, DenseElementsAttr::get(type, bound.constant));
    }
    Value sum = emitSum(emitter, builder, bound, i64);
    if (!sum)
      return Value();
    return tensor::FromElementsOp::create(builder, loc, ValueRange{sum});
  }
  Index dims[] = {roles.batch};
  if (bound.terms.size() == 1 && bound.terms[0].second == 1 &&
      bound.constant == 0 && bound.terms[0].first->kind == Expr::Load &&
      bound.terms[0].first->type == i64)
    if (Value view =
            buildView(&builder, loc, symbols, bound.terms[0].first->chain, dims,
                      /*mayBroadcast=*/false))
      return view;
  SmallVector<OpFoldResult> shape{
      symbols.materializeFolded(builder, loc, symbols.getProduct(roles.batch))};
  Value empty = tensor::EmptyOp::create(builder, loc, shape, i64);
  bool complete = true;
  auto generic = linalg::GenericOp::create(
      builder, loc, empty.getType(), ValueRange(), empty,
      builder.getMultiDimIdentityMap(1), utils::IteratorType::parallel,
      [&](OpBuilder &nested, Location, ValueRange) {
        Emitter emitter(nested, loc, match, roles, accumulator);
        emitter.batch = linalg::IndexOp::create(nested, loc, 0);
        Value sum = emitSum(emitter, nested, bound, i64);
        complete = static_cast<bool>(sum);
        if (!sum)
          sum = arith::ConstantOp::create(nested, loc,
                                          nested.getI64IntegerAttr(0));
        linalg::YieldOp::create(nested, loc, sum);
      });
  return complete ? generic.getResult(0) : Value();
}

//===----------------------------------------------------------------------===//
// Masks, sinks, score regions
//===----------------------------------------------------------------------===//

void SdpaBuilder::collectReads(Emitter &emitter, Expr *expr,
                               SmallVectorImpl<Expr *> &out) {
  if (expr->kind == Expr::Load) {
    if (emitter.isRead(expr)) {
      out.push_back(expr);
      return;
    }
    expr = symbols.head(expr);
  }
  for (Expr *arg : expr->args)
    collectReads(emitter, arg, out);
}

/// One tensor that is true where all masks let a key be seen, of size 1 along
/// what no mask depends on.
Value SdpaBuilder::buildMask() {
  Index dims[] = {roles.batch, roles.head, roles.row, roles.column};
  if (modifiers.masks.size() == 1) {
    const Visible &mask = modifiers.masks.front();
    if (mask.when && !mask.added && mask.condition->kind == Expr::Load)
      if (Value view = buildView(&builder, loc, symbols, mask.condition->chain,
                                 dims, /*mayBroadcast=*/true))
        return view;
  }
  Emitter probe(builder, loc, match, roles, accumulator);
  SmallVector<Expr *> reads;
  SmallVector<OpFoldResult> shape;
  for (const Visible &mask : modifiers.masks)
    collectReads(probe, mask.condition, reads);
  SmallVector<bool> used;
  for (const Index &dim : dims) {
    used.push_back(llvm::any_of(modifiers.masks, [&](const Visible &mask) {
      return dependsOnRole(symbols, mask.condition, dim);
    }));
    shape.push_back(used.back() ? symbols.materializeFolded(
                                      builder, loc, symbols.getProduct(dim))
                                : OpFoldResult(builder.getIndexAttr(1)));
  }
  SmallVector<Value> inputs;
  SmallVector<Expr *> inputExprs;
  SmallVector<AffineMap> maps;
  for (Expr *read : reads) {
    Value view = buildView(&builder, loc, symbols, read->chain, dims,
                           /*mayBroadcast=*/true);
    if (!view)
      continue;
    SmallVector<AffineExpr> results;
    for (int64_t i = 0; i < 4; ++i)
      results.push_back(cast<RankedTensorType>(view.getType()).getDimSize(i) ==
                                1
                            ? builder.getAffineConstantExpr(0)
                            : builder.getAffineDimExpr(i));
    inputs.push_back(view);
    inputExprs.push_back(read);
    maps.push_back(AffineMap::get(4, 0, results, builder.getContext()));
  }
  maps.push_back(builder.getMultiDimIdentityMap(4));
  Value empty =
      tensor::EmptyOp::create(builder, loc, shape, builder.getI1Type());
  bool complete = true;
  auto generic = linalg::GenericOp::create(
      builder, loc, empty.getType(), inputs, empty, maps,
      SmallVector<utils::IteratorType>(4, utils::IteratorType::parallel),
      [&](OpBuilder &nested, Location, ValueRange arguments) {
        Emitter emitter(nested, loc, match, roles, accumulator);
        Value positions[4];
        for (int64_t i = 0; i < 4; ++i)
          positions[i] = linalg::IndexOp::create(nested, loc, i);
        emitter.batch = positions[0];
        emitter.head = positions[1];
        emitter.row = positions[2];
        emitter.column = positions[3];
        for (auto [i, expr] : llvm::enumerate(inputExprs)) {
          Value value = arguments[i];
          if (auto type = dyn_cast<FloatType>(value.getType());
              type && type.getWidth() < accumulator.getWidth())
            value = arith::ExtFOp::create(nested, loc, accumulator, value);
          emitter.known.push_back({expr, value});
        }
        Value all;
        Value truth =
            arith::ConstantOp::create(nested, loc, nested.getBoolAttr(true));
        for (const Visible &mask : modifiers.masks) {
          Value visible = emitter.emitCondition(mask);
          if (!visible) {
            complete = false;
            break;
          }
          if (!mask.when)
            visible = arith::XOrIOp::create(nested, loc, visible, truth);
          all =
              all ? arith::AndIOp::create(nested, loc, all, visible).getResult()
                  : visible;
        }
        linalg::YieldOp::create(nested, loc, all ? all : truth);
      });
  // What no mask asked for.
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(*generic.getBody())))
    if (isOpTriviallyDead(&op))
      op.erase();
  return complete ? generic.getResult(0) : Value();
}

Value SdpaBuilder::buildSinks() {
  Expr *sink = match.sink;
  while (isFloatCast(sink))
    sink = sink->args[0];
  if (sink->kind != Expr::Load)
    return Value();
  Index dims[] = {roles.head};
  Value sinks = buildView(&builder, loc, symbols, sink->chain, dims,
                          /*mayBroadcast=*/false);
  if (!sinks || sink->type == accumulator)
    return sinks;
  // Logits join the sum in the accumulator's type.
  SmallVector<OpFoldResult> shape{
      symbols.materializeFolded(builder, loc, symbols.getProduct(roles.head))};
  Value empty = tensor::EmptyOp::create(builder, loc, shape, accumulator);
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(1));
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), sinks, empty, maps,
             utils::IteratorType::parallel,
             [&](OpBuilder &nested, Location, ValueRange arguments) {
               Value wide = arith::ExtFOp::create(nested, loc, accumulator,
                                                  arguments[0]);
               linalg::YieldOp::create(nested, loc, wide);
             })
      .getResult(0);
}

LogicalResult SdpaBuilder::buildRegion(Region &region) {
  if (modifiers.region.empty() && modifiers.regionMasks.empty())
    return success();
  Type index = builder.getIndexType();
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region, region.end(),
                                     {accumulator, index, index, index, index},
                                     SmallVector<Location>(5, loc));
  Emitter emitter(builder, loc, match, roles, accumulator);
  emitter.batch = block->getArgument(1);
  emitter.head = block->getArgument(2);
  emitter.row = block->getArgument(3);
  emitter.column = block->getArgument(4);
  Value score = block->getArgument(0);
  if (modifiers.scale == 1.0 && modifiers.dynamicScales.empty() &&
      !modifiers.softcap && !modifiers.bias)
    emitter.score = score;
  for (const Stage &stage : modifiers.region) {
    score = emitter.emitStage(stage, score);
    if (!score)
      return fail("the scores are changed by something that cannot be computed "
                  "for one score at a time",
                  stage.expr);
  }
  for (const Visible &mask : modifiers.regionMasks) {
    Value visible = emitter.emitCondition(mask);
    if (!visible)
      return fail("a mask cannot be computed for one score at a time",
                  symbols.head(mask.condition));
    Value excluded = arith::ConstantOp::create(
        builder, loc,
        builder.getFloatAttr(accumulator,
                             -std::numeric_limits<double>::infinity()));
    score = arith::SelectOp::create(builder, loc, visible,
                                    mask.when ? score : excluded,
                                    mask.when ? excluded : score);
  }
  YieldOp::create(builder, loc, score);
  return success();
}

//===----------------------------------------------------------------------===//
// Scale
//===----------------------------------------------------------------------===//

/// The scale that was meant. Programs often multiply query and key with
/// sqrt(scale) each, rounded on the way: what lies within two units in the last
/// place (f32) of 1/sqrt(head_dim), or of a number with six digits, is that.
static double roundScale(double scale, int64_t headDim, bool &isDefault) {
  isDefault = false;
  double usual = 1.0 / std::sqrt(static_cast<double>(headDim));
  auto close = [&](double candidate) {
    return std::abs(scale - candidate) <= 2 * std::abs(candidate) * 0x1p-23;
  };
  if (close(usual)) {
    isDefault = true;
    return usual;
  }
  if (scale == 0.0 || !std::isfinite(scale))
    return scale;
  double unit = std::pow(10.0, std::floor(std::log10(std::abs(scale))) - 5.0);
  // Printed and read again, so that the nearest double is taken.
  std::string text =
      llvm::formatv("{0:E5}", std::round(scale / unit) * unit).str();
  double rounded = std::strtod(text.c_str(), nullptr);
  return close(rounded) ? rounded : scale;
}

//===----------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------===//

LogicalResult SdpaBuilder::run(Replacement &replacement, const ViewStep &result,
                               ReportEntry &entry) {
  auto order = [&](const Index &a, const Index &b, const Index &c,
                   const Index &d) {
    return roles.bshd ? SmallVector<Index>{a, c, b, d}
                      : SmallVector<Index>{a, b, c, d};
  };
  SmallVector<Index> queryDims =
      order(roles.batch, roles.head, roles.row, roles.dim);
  SmallVector<Index> outputDims =
      order(roles.batch, roles.head, roles.row, roles.dimV);
  auto view = [&](const OperandSource &source, ArrayRef<Index> dims) {
    return buildView(&builder, loc, symbols, source.chain, dims,
                     /*mayBroadcast=*/false);
  };
  Value query = view(roles.query, queryDims);
  Value key = view(roles.key,
                   order(roles.batch, roles.kvHead, roles.column, roles.dim));
  Value value = view(
      roles.value, order(roles.batch, roles.kvHead, roles.column, roles.dimV));
  if (!query || !key || !value)
    return fail("query, key or value is no view of a tensor");

  int64_t headDim = symbols.getStatic(symbols.getProduct(roles.dim));
  bool isDefault;
  double scale = roundScale(modifiers.scale, headDim, isDefault);
  if (!std::isfinite(scale))
    return fail("the scale is not finite");
  FloatAttr scaleAttr;
  Value dynamicScale;
  if (!modifiers.dynamicScales.empty()) {
    Emitter emitter(builder, loc, match, roles, accumulator);
    for (Value factor : modifiers.dynamicScales) {
      Value wide = factor;
      if (auto type = cast<FloatType>(factor.getType()); type != accumulator)
        wide = type.getWidth() < accumulator.getWidth()
                   ? arith::ExtFOp::create(builder, loc, accumulator, factor)
                         .getResult()
                   : arith::TruncFOp::create(builder, loc, accumulator, factor)
                         .getResult();
      dynamicScale =
          dynamicScale ? arith::MulFOp::create(builder, loc, dynamicScale, wide)
                             .getResult()
                       : wide;
    }
    if (modifiers.scale != 1.0)
      dynamicScale = arith::MulFOp::create(
          builder, loc, dynamicScale,
          arith::ConstantOp::create(
              builder, loc,
              builder.getFloatAttr(accumulator, modifiers.scale)));
  } else if (!isDefault) {
    scaleAttr = builder.getF64FloatAttr(scale);
  }

  Value causalOffset, kvLen, qLen, mask, bias, sinks;
  if (modifiers.causalOffset &&
      !(causalOffset = buildBound(*modifiers.causalOffset, false)))
    return fail("the causal offset cannot be computed");
  if (modifiers.kvLen && !(kvLen = buildBound(*modifiers.kvLen, true)))
    return fail("the length of the keys cannot be computed");
  if (modifiers.qLen && !(qLen = buildBound(*modifiers.qLen, true)))
    return fail("the length of the queries cannot be computed");
  if (!modifiers.masks.empty() && !(mask = buildMask()))
    return fail("the mask cannot be computed as a tensor",
                symbols.head(modifiers.masks.front().condition));
  if (modifiers.bias) {
    Index dims[] = {roles.batch, roles.head, roles.row, roles.column};
    bias = buildView(&builder, loc, symbols, modifiers.bias->chain, dims,
                     /*mayBroadcast=*/true);
  }
  if (match.sink && !(sinks = buildSinks()))
    return fail("the extra logits are not one per head", match.sink);

  auto shapeOf = [&](ArrayRef<Index> dims) {
    SmallVector<int64_t> shape;
    for (const Index &dim : dims)
      shape.push_back(symbols.getStatic(symbols.getProduct(dim)));
    return shape;
  };
  Type outputType = RankedTensorType::get(
      shapeOf(outputDims), getElementTypeOrSelf(result.tensor.getType()));
  IndexList lsePosition;
  Value oldLse = findLse(match, roles, lsePosition);
  Type lseType;
  SmallVector<Index> lseDims{roles.batch, roles.head, roles.row};
  if (oldLse) {
    if (getElementTypeOrSelf(oldLse.getType()) == accumulator)
      lseType = RankedTensorType::get(shapeOf(lseDims), accumulator);
    else
      oldLse = Value();
  }
  AttentionParts parts;
  parts.query = query;
  parts.key = key;
  parts.value = value;
  parts.dynamicScale = dynamicScale;
  parts.causalOffset = causalOffset;
  parts.kvLen = kvLen;
  parts.qLen = qLen;
  parts.mask = mask;
  parts.bias = bias;
  parts.scale = scaleAttr;
  if (modifiers.softcap)
    parts.softcap = builder.getF64FloatAttr(*modifiers.softcap);
  parts.windowLeft = modifiers.windowLeft;
  parts.windowRight = modifiers.windowRight;
  parts.bottomRight = modifiers.bottomRight;
  if (roles.bshd)
    parts.layout = LayoutAttr::get(builder.getContext(), Layout::bshd);
  SmallVector<Type, 2> types{outputType};
  if (lseType)
    types.push_back(lseType);
  AttentionInterface op;
  if (modifiers.blockLen > 0) {
    BlockLocalParameters parameters;
    parameters.blockLen = modifiers.blockLen;
    op = createBlockLocal(builder, loc, types, parts, parameters, sinks);
  } else {
    op = createSdpa(builder, loc, types, parts, sinks);
  }
  if (failed(buildRegion(op.getScore())))
    return failure();
  replacement.attention = op;
  Value output =
      rearrange(builder, loc, symbols, op->getResult(0), outputDims, result.idx,
                cast<RankedTensorType>(result.tensor.getType()));
  if (!output)
    return fail("the result is no view of [batch, heads, seq, dim]");
  replacement.values.push_back({result.tensor, output});
  if (oldLse) {
    Value lse =
        rearrange(builder, loc, symbols, op->getResult(1), lseDims, lsePosition,
                  cast<RankedTensorType>(oldLse.getType()));
    if (!lse)
      return fail("the log-sum-exp is no view of [batch, heads, seq]");
    replacement.values.push_back({oldLse, lse});
  }

  entry.matched = true;
  llvm::raw_string_ostream(entry.elementType) << roles.query.elementType;
  entry.bshd = roles.bshd;
  entry.causal = modifiers.windowRight == 0 && modifiers.windowLeft < 0;
  entry.windowLeft = modifiers.windowLeft;
  entry.windowRight = modifiers.windowRight;
  entry.causalOffset = static_cast<bool>(causalOffset);
  entry.bottomRight = modifiers.bottomRight;
  entry.blockLen = modifiers.blockLen;
  entry.blockMiss = modifiers.blockMiss;
  entry.kvLen = static_cast<bool>(kvLen);
  entry.qLen = static_cast<bool>(qLen);
  entry.mask = static_cast<bool>(mask);
  entry.finiteMask = modifiers.finiteMask;
  entry.bias = static_cast<bool>(bias);
  entry.softcap = modifiers.softcap;
  entry.score = !op.getScore().empty();
  entry.sinks = static_cast<bool>(sinks);
  entry.lse = static_cast<bool>(oldLse);
  if (!dynamicScale)
    entry.scale = scale;
  entry.sizes = {symbols.getStatic(symbols.getProduct(roles.batch)),
                 symbols.getStatic(symbols.getProduct(roles.head)),
                 symbols.getStatic(symbols.getProduct(roles.kvHead)),
                 symbols.getStatic(symbols.getProduct(roles.row)),
                 symbols.getStatic(symbols.getProduct(roles.column)),
                 headDim,
                 symbols.getStatic(symbols.getProduct(roles.dimV))};
  return success();
}

LogicalResult raise::buildSdpa(Match &match, const Roles &roles,
                               const Modifiers &modifiers,
                               Replacement &replacement, ReportEntry &entry,
                               Blocker &blocker, Operation *&start,
                               Operation *&end) {
  // The tensor that already has the op's dimensions, if there is one.
  ArrayRef<ViewStep> chain = match.resultChain;
  Symbols &symbols = match.symbols;
  const ViewStep *result = &chain.front();
  SmallVector<Index> dims{roles.batch, roles.head, roles.row, roles.dimV};
  if (roles.bshd)
    std::swap(dims[1], dims[2]);
  for (const ViewStep &step : chain)
    if (step.idx.size() == 4 &&
        llvm::all_of(llvm::zip_equal(step.idx, dims), [&](auto pair) {
          return symbols.canonical(std::get<0>(pair)) ==
                 symbols.canonical(std::get<1>(pair));
        }))
      result = &step;
  end = result->tensor.getDefiningOp();
  start = end->getPrevNode();
  OpBuilder builder(end);
  return SdpaBuilder(match, roles, modifiers, builder,
                     match.contraction->getLoc(), blocker)
      .run(replacement, *result, entry);
}
