//===- SizePrologue.cpp - Sizes before anything runs ----------------------===//
//
// Part of attn-mlir.
//
// Slices of size arithmetic, and bounds of what depends on loops.
//
//===----------------------------------------------------------------------===//

#include "SizePrologue.h"

#include "ParallelLoops.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;

/// The constant that `value` is.
static std::optional<int64_t> getConstant(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

/// Whether `value` is known not to be negative.
static bool isNonNegative(Value value, int depth = 8) {
  if (std::optional<int64_t> constant = getConstant(value))
    return *constant >= 0;
  if (depth == 0)
    return false;
  auto all = [&](ValueRange values) {
    return llvm::all_of(values,
                        [&](Value v) { return isNonNegative(v, depth - 1); });
  };
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop =
        dyn_cast<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
    if (!loop || !loop.getLoopInductionVars() || !loop.getLoopLowerBounds())
      return false;
    for (auto [index, lower] :
         llvm::zip(*loop.getLoopInductionVars(), *loop.getLoopLowerBounds()))
      if (index == argument) {
        if (auto number = getConstantIntValue(lower))
          return *number >= 0;
        return all(cast<Value>(lower));
      }
    return false;
  }
  Operation *op = value.getDefiningOp();
  if (isa<memref::DimOp>(op))
    return true;
  if (isa<arith::AddIOp, arith::MulIOp, arith::DivSIOp, arith::DivUIOp,
          arith::CeilDivSIOp, arith::FloorDivSIOp, arith::RemSIOp,
          arith::RemUIOp, arith::MinSIOp, arith::IndexCastOp>(op))
    return all(op->getOperands());
  if (isa<arith::SelectOp>(op))
    return all(op->getOperands().drop_front());
  if (isa<arith::MaxSIOp>(op))
    return isNonNegative(op->getOperand(0), depth - 1) ||
           isNonNegative(op->getOperand(1), depth - 1);
  return false;
}

//===----------------------------------------------------------------------===//
// Exact
//===----------------------------------------------------------------------===//

/// A division that was behind a check is now before it.
void SizePrologue::guardDivisor(Operation *op) {
  bool isSigned = isa<arith::DivSIOp, arith::RemSIOp, arith::CeilDivSIOp,
                      arith::FloorDivSIOp>(op);
  if (!isSigned && !isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op))
    return;
  Location loc = op->getLoc();
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  Value x = op->getOperand(0), divisor = op->getOperand(1);
  auto constant = [&](int64_t number) -> Value {
    return arith::ConstantOp::create(
        b, loc, b.getIntegerAttr(divisor.getType(), number));
  };
  auto isEqual = [&](Value value, int64_t number) -> Value {
    return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, value,
                                         constant(number));
  };
  Value isBad = isEqual(divisor, 0);
  if (isSigned) {
    int64_t least = std::numeric_limits<int64_t>::min();
    if (auto type = dyn_cast<IntegerType>(divisor.getType()))
      least = llvm::minIntN(type.getWidth());
    Value overflows = b.createOrFold<arith::AndIOp>(loc, isEqual(divisor, -1),
                                                    isEqual(x, least));
    isBad = b.createOrFold<arith::OrIOp>(loc, isBad, overflows);
  }
  op->setOperand(
      1, b.createOrFold<arith::SelectOp>(loc, isBad, constant(1), divisor));
}

Value SizePrologue::exact(Value value) { return get(value, Kind::Exact); }

Value SizePrologue::get(Value value, Kind kind) {
  if (Value mapped = map.lookupOrNull(value))
    return mapped;
  auto [found, isNew] = known.try_emplace({value, static_cast<int>(kind)});
  // Null while it is being computed: nothing follows from itself.
  if (!isNew)
    return found->second;
  Value result;
  if (kind != Kind::Exact) {
    result = get(value, Kind::Exact);
    if (!result)
      result = getBound(value, kind);
    return known[{value, static_cast<int>(kind)}] = result;
  }

  Operation *op = value.getDefiningOp();
  if (!op)
    return {};
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (index && isa<MemRefType>(dim.getSource().getType()))
      result = getDim(dim.getSource(), *index, kind);
  } else if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
    result = getAffine(apply.getAffineMap().getResult(0), apply.getAffineMap(),
                       apply.getOperands(), kind);
  } else if (auto min = dyn_cast<affine::AffineMinOp>(op)) {
    result = getAffineExtreme(min.getMap(), min.getOperands(), true, kind);
  } else if (auto max = dyn_cast<affine::AffineMaxOp>(op)) {
    result = getAffineExtreme(max.getMap(), max.getOperands(), false, kind);
  } else {
    bool isDivision =
        isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op);
    auto call = dyn_cast<func::CallOp>(op);
    bool isThreads = call && call.getCallee() == kNumThreads;
    if (!isPure(op) && !isDivision && !isThreads)
      return {};
    llvm::SetVector<Value> operands(op->operand_begin(), op->operand_end());
    for (Region &region : op->getRegions())
      getUsedValuesDefinedAbove(region, operands);
    for (Value operand : operands) {
      Value mapped = get(operand, Kind::Exact);
      if (!mapped)
        return {};
      map.map(operand, mapped);
    }
    Operation *copy = b.clone(*op, map);
    guardDivisor(copy);
    result = map.lookup(value);
  }
  if (result)
    map.map(value, result);
  return known[{value, static_cast<int>(kind)}] = result;
}

Value SizePrologue::getIndex(OpFoldResult value, Kind kind) {
  if (auto attr = dyn_cast<Attribute>(value))
    return arith::ConstantIndexOp::create(b, b.getUnknownLoc(),
                                          cast<IntegerAttr>(attr).getInt());
  return get(cast<Value>(value), kind);
}

Value SizePrologue::getDim(Value memref, int64_t dim, Kind kind) {
  auto type = cast<MemRefType>(memref.getType());
  if (dim < 0 || dim >= type.getRank())
    return {};
  if (!type.isDynamicDim(dim))
    return getIndex(b.getIndexAttr(type.getDimSize(dim)), kind);
  if (Value mapped = map.lookupOrNull(memref))
    return b.createOrFold<memref::DimOp>(memref.getLoc(), mapped, dim);
  Operation *op = memref.getDefiningOp();
  if (!op)
    return {};
  if (auto cast = dyn_cast<memref::CastOp>(op))
    return isa<MemRefType>(cast.getSource().getType())
               ? getDim(cast.getSource(), dim, kind)
               : Value();
  if (auto view = dyn_cast<memref::SubViewOp>(op)) {
    llvm::SmallBitVector dropped = view.getDroppedDims();
    for (auto [i, size] : llvm::enumerate(view.getMixedSizes()))
      if (!dropped.test(i) && dim-- == 0)
        return getIndex(size, kind);
    return {};
  }
  if (auto cast = dyn_cast<memref::ReinterpretCastOp>(op))
    return getIndex(cast.getMixedSizes()[dim], kind);
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(op))
    return getIndex(expand.getMixedOutputShape()[dim], kind);
  if (auto collapse = dyn_cast<memref::CollapseShapeOp>(op)) {
    ReassociationIndices parts = collapse.getReassociationIndices()[dim];
    Value product;
    for (int64_t part : parts) {
      Value size = getDim(collapse.getSrc(), part, kind);
      if (!size)
        return {};
      product = product
                    ? b.createOrFold<arith::MulIOp>(op->getLoc(), product, size)
                    : size;
    }
    return product;
  }
  ValueRange sizes;
  if (auto alloc = dyn_cast<memref::AllocOp>(op))
    sizes = alloc.getDynamicSizes();
  else if (auto alloca = dyn_cast<memref::AllocaOp>(op))
    sizes = alloca.getDynamicSizes();
  else if (auto view = dyn_cast<memref::ViewOp>(op))
    sizes = view.getSizes();
  else
    return {};
  return get(sizes[type.getDynamicDimIndex(dim)], kind);
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

Value SizePrologue::bound(Value value, bool isUpper) {
  return get(value, isUpper ? Kind::Upper : Kind::Lower);
}

/// The least or greatest of two values of which either may be unknown.
Value SizePrologue::getExtreme(Value x, Value y, bool isMin, Kind kind) {
  // One side is enough for what the extreme goes towards.
  bool isEnough = isMin == (kind == Kind::Upper) && kind != Kind::Exact;
  if (!x || !y)
    return !isEnough ? Value() : x ? x : y;
  if (isMin)
    return b.createOrFold<arith::MinSIOp>(x.getLoc(), x, y);
  return b.createOrFold<arith::MaxSIOp>(x.getLoc(), x, y);
}

/// What the absolute value of `value` does not exceed.
Value SizePrologue::getMagnitude(Value value) {
  Value lo = lower(value), hi = upper(value);
  if (!lo || !hi)
    return {};
  Location loc = value.getLoc();
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(lo.getType()));
  Value minus = b.createOrFold<arith::SubIOp>(loc, zero, lo);
  return b.createOrFold<arith::MaxSIOp>(loc, minus, hi);
}

Value SizePrologue::getLoopIndex(BlockArgument index, Kind kind) {
  auto loop = dyn_cast<LoopLikeOpInterface>(index.getOwner()->getParentOp());
  if (!loop)
    return {};
  auto ivs = loop.getLoopInductionVars();
  auto lowers = loop.getLoopLowerBounds(), uppers = loop.getLoopUpperBounds();
  auto steps = loop.getLoopSteps();
  if (!ivs || !lowers || !uppers || !steps)
    return {};
  for (auto [iv, lo, hi, step] : llvm::zip(*ivs, *lowers, *uppers, *steps)) {
    if (iv != index)
      continue;
    // scf.for steps up, whatever the step is; affine loops are gone here.
    if (kind == Kind::Lower)
      return getIndex(lo, kind);
    Value end = getIndex(hi, kind);
    if (!end)
      return {};
    Value one = arith::ConstantOp::create(b, end.getLoc(),
                                          b.getIntegerAttr(end.getType(), 1));
    return b.createOrFold<arith::SubIOp>(end.getLoc(), end, one);
  }
  return {};
}

Value SizePrologue::getArithBound(Operation *op, Kind kind) {
  Location loc = op->getLoc();
  bool isUpper = kind == Kind::Upper;
  auto constant = [&](int64_t number) -> Value {
    return arith::ConstantOp::create(
        b, loc, b.getIntegerAttr(op->getResult(0).getType(), number));
  };
  if (isa<arith::IndexCastOp>(op)) {
    Value x = get(op->getOperand(0), kind);
    return x ? b.createOrFold<arith::IndexCastOp>(loc,
                                                  op->getResult(0).getType(), x)
             : Value();
  }
  if (op->getNumOperands() < 2)
    return {};
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  if (isa<arith::AddIOp, arith::SubIOp>(op)) {
    bool isAdd = isa<arith::AddIOp>(op);
    Value x = get(lhs, kind), y = get(rhs, isAdd ? kind : opposite(kind));
    if (!x || !y)
      return {};
    return isAdd ? b.createOrFold<arith::AddIOp>(loc, x, y)
                 : b.createOrFold<arith::SubIOp>(loc, x, y);
  }
  if (isa<arith::MulIOp>(op)) {
    if (isNonNegative(lhs) && isNonNegative(rhs)) {
      Value x = get(lhs, kind), y = get(rhs, kind);
      // A bound of what is not negative may be.
      if (!isUpper)
        return constant(0);
      return x && y ? b.createOrFold<arith::MulIOp>(loc, x, y) : Value();
    }
    Value x = getMagnitude(lhs), y = getMagnitude(rhs);
    if (!x || !y)
      return {};
    Value product = b.createOrFold<arith::MulIOp>(loc, x, y);
    return isUpper ? product
                   : b.createOrFold<arith::SubIOp>(loc, constant(0), product);
  }
  if (isa<arith::MinSIOp, arith::MaxSIOp>(op))
    return getExtreme(get(lhs, kind), get(rhs, kind), isa<arith::MinSIOp>(op),
                      kind);
  if (isa<arith::MinUIOp>(op) && isNonNegative(lhs) && isNonNegative(rhs))
    return getExtreme(get(lhs, kind), get(rhs, kind), /*isMin=*/true, kind);
  if (isa<arith::MaxUIOp>(op) && isNonNegative(lhs) && isNonNegative(rhs))
    return getExtreme(get(lhs, kind), get(rhs, kind), /*isMin=*/false, kind);
  if (isa<arith::SelectOp>(op))
    return getExtreme(get(rhs, kind), get(op->getOperand(2), kind),
                      /*isMin=*/!isUpper, Kind::Exact);
  std::optional<int64_t> divisor = getConstant(rhs);
  if (!divisor || *divisor <= 0)
    return {};
  bool isUnsigned = isa<arith::DivUIOp, arith::CeilDivUIOp, arith::RemUIOp>(op);
  if (isUnsigned && !isNonNegative(lhs) && !isa<arith::RemUIOp>(op))
    return {};
  if (isa<arith::RemUIOp>(op))
    return constant(isUpper ? *divisor - 1 : 0);
  if (isa<arith::RemSIOp>(op))
    return constant(isUpper ? *divisor - 1 : 1 - *divisor);
  Value x = get(lhs, kind);
  if (!x)
    return {};
  if (isa<arith::DivSIOp, arith::DivUIOp>(op))
    return b.createOrFold<arith::DivSIOp>(loc, x, constant(*divisor));
  if (isa<arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    return b.createOrFold<arith::CeilDivSIOp>(loc, x, constant(*divisor));
  if (isa<arith::FloorDivSIOp>(op))
    return b.createOrFold<arith::FloorDivSIOp>(loc, x, constant(*divisor));
  return {};
}

Value SizePrologue::getBound(Value value, Kind kind) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getLoopIndex(argument, kind);
  Operation *op = value.getDefiningOp();
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index || !isa<MemRefType>(dim.getSource().getType()))
      return {};
    return getDim(dim.getSource(), *index, kind);
  }
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    return getAffine(apply.getAffineMap().getResult(0), apply.getAffineMap(),
                     apply.getOperands(), kind);
  if (auto min = dyn_cast<affine::AffineMinOp>(op))
    return getAffineExtreme(min.getMap(), min.getOperands(), true, kind);
  if (auto max = dyn_cast<affine::AffineMaxOp>(op))
    return getAffineExtreme(max.getMap(), max.getOperands(), false, kind);
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    unsigned number = cast<OpResult>(value).getResultNumber();
    return getExtreme(get(branch.thenYield().getOperand(number), kind),
                      get(branch.elseYield().getOperand(number), kind),
                      /*isMin=*/kind == Kind::Lower, Kind::Exact);
  }
  if (isa<arith::ArithDialect>(op->getDialect()) && op->getNumResults() == 1 &&
      isa<IndexType, IntegerType>(value.getType()))
    return getArithBound(op, kind);
  return {};
}

//===----------------------------------------------------------------------===//
// Affine expressions
//===----------------------------------------------------------------------===//

Value SizePrologue::getAffine(AffineExpr expr, AffineMap affine,
                              ValueRange operands, Kind kind) {
  Location loc = b.getUnknownLoc();
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return arith::ConstantIndexOp::create(b, loc, constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return get(operands[dim.getPosition()], kind);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return get(operands[affine.getNumDims() + symbol.getPosition()], kind);
  auto binary = cast<AffineBinaryOpExpr>(expr);
  AffineExpr lhs = binary.getLHS(), rhs = binary.getRHS();
  auto factor = dyn_cast<AffineConstantExpr>(rhs);
  if (expr.getKind() == AffineExprKind::Add) {
    Value x = getAffine(lhs, affine, operands, kind);
    Value y = getAffine(rhs, affine, operands, kind);
    return x && y ? b.createOrFold<arith::AddIOp>(loc, x, y) : Value();
  }
  // Everything else goes one way only with a constant on the right.
  if (kind != Kind::Exact) {
    if (!factor)
      return {};
    if (expr.getKind() == AffineExprKind::Mod)
      return arith::ConstantIndexOp::create(
          b, loc, kind == Kind::Upper ? factor.getValue() - 1 : 0);
    if (factor.getValue() < 0)
      kind = opposite(kind);
  }
  Value x = getAffine(lhs, affine, operands, kind);
  Value y = getAffine(rhs, affine, operands, kind);
  if (!x || !y)
    return {};
  AffineExpr whole = getAffineBinaryOpExpr(
      expr.getKind(), b.getAffineDimExpr(0),
      factor ? AffineExpr(factor) : b.getAffineSymbolExpr(0));
  if (!factor && expr.getKind() != AffineExprKind::Mul) {
    // A symbol divides: expansion assumes that it is positive.
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    y = b.createOrFold<arith::MaxSIOp>(loc, y, one);
  }
  return affine::expandAffineExpr(b, loc, whole, x, y);
}

Value SizePrologue::getAffineExtreme(AffineMap affine, ValueRange operands,
                                     bool isMin, Kind kind) {
  Value result;
  for (auto [i, expr] : llvm::enumerate(affine.getResults())) {
    Value next = getAffine(expr, affine, operands, kind);
    result = i == 0 ? next : getExtreme(result, next, isMin, kind);
  }
  return result;
}
