//===- RaiseSizes.cpp - Symbolic sizes and positions ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Sizes are products, so that the sizes torch-mlir computes for a dynamic view
// (multiplied, divided again, chosen by a select on their sign) come out equal.
// A position is a list of digits in mixed radix: collapsing concatenates,
// expanding splits.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

#include <numeric>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Size Symbols::canonical(const Size &size) {
  Size result = Size::constant(size.factor);
  SmallVector<unsigned, 4> pending(size.symbols.begin(), size.symbols.end());
  while (!pending.empty()) {
    unsigned symbol = pending.pop_back_val();
    if (!symbols[symbol].bound) {
      result.symbols.push_back(symbol);
      continue;
    }
    const Size &binding = symbols[symbol].binding;
    result.factor *= binding.factor;
    pending.append(binding.symbols.begin(), binding.symbols.end());
  }
  llvm::sort(result.symbols);
  return result;
}

Size Symbols::multiply(const Size &a, const Size &b) {
  Size result = a;
  result.factor *= b.factor;
  result.symbols.append(b.symbols.begin(), b.symbols.end());
  return canonical(result);
}

std::optional<Size> Symbols::divide(const Size &a, const Size &b) {
  Size dividend = canonical(a), divisor = canonical(b);
  if (divisor.factor == 0 || dividend.factor % divisor.factor != 0)
    return std::nullopt;
  Size result = Size::constant(dividend.factor / divisor.factor);
  auto it = divisor.symbols.begin();
  for (unsigned symbol : dividend.symbols) {
    if (it != divisor.symbols.end() && *it == symbol)
      ++it;
    else
      result.symbols.push_back(symbol);
  }
  if (it != divisor.symbols.end())
    return std::nullopt;
  return result;
}

bool Symbols::unify(const Size &first, const Size &second) {
  Size a = canonical(first), b = canonical(second);
  if (a == b)
    return true;
  // Divide by what they share.
  Size common =
      Size::constant(std::max<int64_t>(1, std::gcd(a.factor, b.factor)));
  std::set_intersection(a.symbols.begin(), a.symbols.end(), b.symbols.begin(),
                        b.symbols.end(), std::back_inserter(common.symbols));
  a = *divide(a, common);
  b = *divide(b, common);
  if (a.symbols.size() != 1 || a.factor != 1)
    std::swap(a, b);
  if (a.symbols.size() != 1 || a.factor != 1)
    // Equal all the same unless both are known.
    return !(a.isConstant() && b.isConstant());
  // The older symbol stays: it is made where the younger is looked for.
  if (b.symbols.size() == 1 && b.factor == 1 &&
      b.symbols.front() > a.symbols.front())
    std::swap(a, b);
  Symbol &symbol = symbols[a.symbols.front()];
  symbol.bound = true;
  symbol.binding = b;
  return true;
}

bool Symbols::assume(const Size &a, const Size &b) {
  if (equal(a, b))
    return true;
  if (!mayAssume)
    return false;
  assumptions.emplace_back(canonical(a), canonical(b));
  return unify(a, b);
}

Size Symbols::newSymbol(Value value, int64_t dim, bool nonNegative) {
  symbols.push_back({value, dim, nonNegative, /*bound=*/false, Size()});
  Size size;
  size.symbols.push_back(symbols.size() - 1);
  return size;
}

bool Symbols::isNonNegative(const Size &size) {
  Size found = canonical(size);
  return found.factor >= 0 && llvm::all_of(found.symbols, [&](unsigned s) {
           return symbols[s].nonNegative;
         });
}

//===----------------------------------------------------------------------===//
// Sizes of the program
//===----------------------------------------------------------------------===//

Size Symbols::getDim(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return Size::constant(type.getDimSize(dim));
  auto key = std::make_pair(tensor, dim);
  if (auto it = dimMemo.find(key); it != dimMemo.end())
    return canonical(it->second);
  Size size = computeDim(tensor, dim);
  dimMemo[key] = size;
  return canonical(size);
}

Size Symbols::computeDim(Value tensor, int64_t dim) {
  auto opaque = [&] { return newSymbol(tensor, dim, /*nonNegative=*/true); };
  auto fromMixed = [&](OpFoldResult size) {
    if (auto value = dyn_cast<Value>(size))
      return getSize(value);
    return Size::constant(*getConstantIntValue(size));
  };
  Operation *def = tensor.getDefiningOp();
  if (!def)
    return opaque();
  if (auto op = dyn_cast<tensor::EmptyOp>(def))
    return fromMixed(op.getMixedSizes()[dim]);
  if (auto op = dyn_cast<tensor::CastOp>(def))
    return isa<RankedTensorType>(op.getSource().getType())
               ? getDim(op.getSource(), dim)
               : opaque();
  if (auto op = dyn_cast<tensor::ExtractSliceOp>(def)) {
    llvm::SmallBitVector dropped = op.getDroppedDims();
    int64_t kept = -1;
    for (auto [i, size] : llvm::enumerate(op.getMixedSizes()))
      if (!dropped.test(i) && ++kept == dim)
        return fromMixed(size);
    return opaque();
  }
  if (auto op = dyn_cast<tensor::CollapseShapeOp>(def)) {
    Size size;
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    for (int64_t i : groups[dim])
      size = multiply(size, getDim(op.getSrc(), i));
    return size;
  }
  if (auto op = dyn_cast<tensor::ExpandShapeOp>(def)) {
    auto type = cast<RankedTensorType>(tensor.getType());
    for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
      if (!llvm::is_contained(group, dim))
        continue;
      Size known;
      bool alone = true;
      for (int64_t member : group) {
        if (member == dim)
          continue;
        if (type.isDynamicDim(member))
          alone = false;
        else
          known.factor *= type.getDimSize(member);
      }
      if (alone)
        if (auto quotient = divide(getDim(op.getSrc(), i), known))
          return *quotient;
    }
    return fromMixed(op.getMixedOutputShape()[dim]);
  }
  if (auto op = dyn_cast<tensor::ReshapeOp>(def)) {
    if (auto elements = op.getShape().getDefiningOp<tensor::FromElementsOp>())
      return getSize(elements.getElements()[dim]);
    return opaque();
  }
  if (auto op = dyn_cast<tensor::ConcatOp>(def)) {
    if (static_cast<int64_t>(op.getDim()) != dim)
      return getDim(op.getInputs().front(), dim);
    return opaque();
  }
  if (auto op = dyn_cast<DestinationStyleOpInterface>(def))
    return getDim(op.getTiedOpOperand(cast<OpResult>(tensor))->get(), dim);
  if (OpTrait::hasElementwiseMappableTraits(def) &&
      isa<RankedTensorType>(def->getOperand(0).getType()) &&
      cast<RankedTensorType>(def->getOperand(0).getType()).getRank() ==
          cast<RankedTensorType>(tensor.getType()).getRank())
    return getDim(def->getOperand(0), dim);
  return opaque();
}

Size Symbols::getSize(Value integer) {
  if (auto it = sizeMemo.find(integer); it != sizeMemo.end())
    return canonical(it->second);
  Size size = computeSize(integer);
  sizeMemo[integer] = size;
  return canonical(size);
}

std::optional<bool> Symbols::evaluateCondition(Value condition) {
  APInt constant;
  if (matchPattern(condition, m_ConstantInt(&constant)))
    return constant.getBoolValue();
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare || compare.getLhs().getType().isInteger(1))
    return std::nullopt;
  Size left = getSize(compare.getLhs()), right = getSize(compare.getRhs());
  arith::CmpIPredicate predicate = compare.getPredicate();
  if (left.isConstant() && right.isConstant())
    return arith::applyCmpPredicate(predicate, APInt(64, left.factor),
                                    APInt(64, right.factor));
  bool same = left == right;
  bool leftIsZero = left.isConstant() && left.factor == 0;
  bool rightIsZero = right.isConstant() && right.factor == 0;
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return same ? std::optional<bool>(true) : std::nullopt;
  case arith::CmpIPredicate::ne:
    return same ? std::optional<bool>(false) : std::nullopt;
  case arith::CmpIPredicate::slt:
    if (same || (rightIsZero && isNonNegative(left)))
      return false;
    return std::nullopt;
  case arith::CmpIPredicate::sgt:
    if (same || (leftIsZero && isNonNegative(right)))
      return false;
    return std::nullopt;
  case arith::CmpIPredicate::sge:
    if (same || (rightIsZero && isNonNegative(left)))
      return true;
    return std::nullopt;
  case arith::CmpIPredicate::sle:
    if (same || (leftIsZero && isNonNegative(right)))
      return true;
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

std::optional<Size> Symbols::computeAffine(AffineExpr expr, ValueRange operands,
                                           unsigned numDims) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return getSize(operands[dim.getPosition()]);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return getSize(operands[numDims + symbol.getPosition()]);
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    if (constant.getValue() < 0)
      return std::nullopt;
    return Size::constant(constant.getValue());
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  auto left = computeAffine(binary.getLHS(), operands, numDims);
  auto right = computeAffine(binary.getRHS(), operands, numDims);
  if (!left || !right)
    return std::nullopt;
  switch (binary.getKind()) {
  case AffineExprKind::Mul:
    return multiply(*left, *right);
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
    return divide(*left, *right);
  default:
    return std::nullopt;
  }
}

Size Symbols::computeSize(Value integer) {
  if (std::optional<int64_t> constant = getConstantIntValue(integer))
    if (*constant >= 0)
      return Size::constant(*constant);
  Operation *def = integer.getDefiningOp();
  if (!def)
    return newSymbol(integer, -1, /*nonNegative=*/false);
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
          arith::ExtUIOp, arith::TruncIOp>(def) &&
      !def->getOperand(0).getType().isInteger(1))
    return getSize(def->getOperand(0));
  if (isa<arith::ExtUIOp>(def) && def->getOperand(0).getType().isInteger(1))
    if (std::optional<bool> bit = evaluateCondition(def->getOperand(0)))
      return Size::constant(*bit);
  if (auto op = dyn_cast<arith::AddIOp>(def)) {
    Size a = getSize(op.getLhs()), b = getSize(op.getRhs());
    if (a.isConstant() && b.isConstant())
      return Size::constant(a.factor + b.factor);
  }
  if (auto op = dyn_cast<tensor::DimOp>(def))
    if (std::optional<int64_t> dim = op.getConstantIndex())
      if (isa<RankedTensorType>(op.getSource().getType()))
        return getDim(op.getSource(), *dim);
  if (auto op = dyn_cast<arith::MulIOp>(def))
    return multiply(getSize(op.getLhs()), getSize(op.getRhs()));
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(def))
    if (auto quotient =
            divide(getSize(def->getOperand(0)), getSize(def->getOperand(1))))
      return *quotient;
  if (auto op = dyn_cast<affine::AffineApplyOp>(def))
    if (auto size =
            computeAffine(op.getAffineMap().getResult(0), op.getMapOperands(),
                          op.getAffineMap().getNumDims()))
      return *size;
  if (auto op = dyn_cast<arith::SelectOp>(def)) {
    if (std::optional<bool> taken = evaluateCondition(op.getCondition()))
      return getSize(*taken ? op.getTrueValue() : op.getFalseValue());
    Size a = getSize(op.getTrueValue()), b = getSize(op.getFalseValue());
    if (equal(a, b))
      return a;
  }
  return newSymbol(integer, -1, /*nonNegative=*/false);
}

SmallVector<Size> Symbols::getLoopSizes(linalg::LinalgOp op) {
  auto it = loopMemo.find(op);
  if (it != loopMemo.end())
    return it->second;
  SmallVector<std::optional<Size>> found(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      Size size = getDim(operand.get(), i);
      std::optional<Size> &loop = found[dim.getPosition()];
      // Operands that share a loop agree, or the op has no meaning.
      if (loop)
        unify(*loop, size);
      else
        loop = size;
    }
  }
  SmallVector<Size> sizes;
  for (std::optional<Size> &size : found)
    sizes.push_back(size ? *size : Size());
  loopMemo[op] = sizes;
  return sizes;
}

Value Symbols::materialize(OpBuilder &builder, Location loc, const Size &size) {
  return materializeAsIs(builder, loc, canonical(size));
}

Value Symbols::materializeAsIs(OpBuilder &builder, Location loc,
                               const Size &size) {
  Value result;
  for (unsigned s : size.symbols) {
    Symbol &symbol = symbols[s];
    Value factor;
    if (symbol.dim >= 0)
      factor = tensor::DimOp::create(builder, loc, symbol.value, symbol.dim);
    else if (symbol.value.getType().isIndex())
      factor = symbol.value;
    else
      factor = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                          symbol.value);
    result =
        result ? arith::MulIOp::create(builder, loc, result, factor).getResult()
               : factor;
  }
  if (!result)
    return arith::ConstantIndexOp::create(builder, loc, size.factor);
  if (size.factor == 1)
    return result;
  Value factor = arith::ConstantIndexOp::create(builder, loc, size.factor);
  return arith::MulIOp::create(builder, loc, result, factor);
}

bool Symbols::isKnownBefore(const Size &size, Operation *op) {
  Size found = canonical(size);
  return llvm::all_of(found.symbols, [&](unsigned s) {
    Value value = symbols[s].value;
    return !llvm::is_contained(op->getOperands(), value) &&
           isVisibleAt(value, op);
  });
}

OpFoldResult Symbols::materializeFolded(OpBuilder &builder, Location loc,
                                        const Size &size) {
  Size found = canonical(size);
  if (found.isConstant())
    return builder.getIndexAttr(found.factor);
  return materialize(builder, loc, found);
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

unsigned Symbols::newVar(const Size &size) {
  varSizes.push_back(canonical(size));
  return varSizes.size() - 1;
}

Index Symbols::getIndex(unsigned var) {
  Index index;
  if (!canonical(varSizes[var]).isOne())
    index.digits.push_back({var, Size(), varSizes[var]});
  return canonical(index);
}

Index Symbols::canonical(Index index) {
  if (index.opaque)
    return index;
  Index result;
  for (Digit digit : index.digits) {
    digit.div = canonical(digit.div);
    digit.size = canonical(digit.size);
    if (digit.size.isOne())
      continue;
    if (!result.digits.empty()) {
      Digit &high = result.digits.back();
      if (high.var == digit.var &&
          high.div == multiply(digit.div, digit.size)) {
        high.div = digit.div;
        high.size = multiply(high.size, digit.size);
        continue;
      }
    }
    result.digits.push_back(digit);
  }
  return result;
}

Size Symbols::getProduct(const Index &index) {
  Size size;
  for (const Digit &digit : index.digits)
    size = multiply(size, digit.size);
  return size;
}

std::optional<IndexList> Symbols::split(const Index &index,
                                        ArrayRef<Size> sizes) {
  IndexList result(sizes.size());
  if (sizes.empty())
    return result;
  if (index.opaque) {
    // Only where nothing is split.
    int64_t wide = -1;
    for (auto [i, size] : llvm::enumerate(sizes)) {
      if (canonical(size).isOne())
        continue;
      if (wide >= 0)
        return std::nullopt;
      wide = i;
    }
    result[wide < 0 ? 0 : wide] = index;
    return result;
  }
  SmallVector<Digit> rest(index.digits.begin(), index.digits.end());
  for (int64_t i = sizes.size() - 1; i >= 0; --i) {
    SmallVector<Digit> taken;
    if (i == 0) {
      taken = rest;
    } else {
      Size need = canonical(sizes[i]);
      while (!need.isOne() && !rest.empty()) {
        Digit digit = rest.pop_back_val();
        if (auto quotient = divide(need, digit.size)) {
          need = *quotient;
          taken.push_back(digit);
          continue;
        }
        auto high = divide(digit.size, need);
        if (!high)
          return std::nullopt;
        rest.push_back({digit.var, multiply(digit.div, need), *high});
        taken.push_back({digit.var, digit.div, need});
        need = Size();
      }
      std::reverse(taken.begin(), taken.end());
    }
    result[i].digits.assign(taken.begin(), taken.end());
    result[i] = canonical(result[i]);
  }
  return result;
}

std::optional<Index> Symbols::join(ArrayRef<Index> idx, ArrayRef<Size> sizes) {
  Index result;
  bool leading = true;
  for (auto [index, size] : llvm::zip_equal(idx, sizes)) {
    if (index.opaque) {
      // Alone among unit dimensions it is the position itself.
      unsigned wide = llvm::count_if(
          sizes, [&](const Size &other) { return !canonical(other).isOne(); });
      if (wide == 1 && !canonical(size).isOne())
        return index;
      return std::nullopt;
    }
    // A lower digit must fill its dimension, or the radix is wrong.
    if (!leading && !equal(getProduct(index), size))
      return std::nullopt;
    leading &= index.isZero();
    result.digits.append(index.digits.begin(), index.digits.end());
  }
  return canonical(result);
}
