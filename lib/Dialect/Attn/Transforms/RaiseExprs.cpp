//===- RaiseExprs.cpp - Elements of tensors as expressions ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Expressions are made on demand: a Load stands for everything behind it until
// somebody asks for its head.
//
//===----------------------------------------------------------------------===//

#include "RaiseSymbols.h"

#include "attn/Dialect/TMTensor/TMTensor.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

bool raise::isFloatCast(const Expr *expr) {
  return expr->isOp("arith.extf") || expr->isOp("arith.truncf");
}

//===----------------------------------------------------------------------===//
// Making expressions
//===----------------------------------------------------------------------===//

Expr *Symbols::make(Expr expr) {
  exprs.push_back(std::move(expr));
  return &exprs.back();
}

Expr *Symbols::makeConst(Attribute attr, Type type) {
  Expr expr;
  expr.kind = Expr::Const;
  expr.type = type;
  expr.attr = attr;
  return make(expr);
}

Expr *Symbols::makeNamed(StringRef name, ArrayRef<Expr *> args, Type type,
                         Operation *origin) {
  Expr expr;
  expr.kind = Expr::Op;
  expr.type = type;
  expr.name = name;
  expr.args.assign(args.begin(), args.end());
  expr.origin = origin;
  return make(expr);
}

Expr *Symbols::makeOp(Operation *op, ArrayRef<Expr *> args, Type type,
                      Operation *origin) {
  Expr *expr = makeNamed(op->getName().getStringRef(), args, type, origin);
  expr->op = op;
  return fold(expr);
}

Expr *Symbols::makeReduce(ReduceKind kind, unsigned var, Expr *body, Expr *init,
                          Operation *origin) {
  Expr expr;
  expr.kind = Expr::Reduce;
  expr.type = body->type;
  expr.reduce = kind;
  expr.var = var;
  expr.args = {body, init};
  expr.origin = origin;
  return make(expr);
}

/// Computes on constants; narrowing conversions of constants are left, so that
/// a scale keeps the value the program was written with.
Expr *Symbols::fold(Expr *expr) {
  if (expr->isOp("arith.select")) {
    if (std::optional<int64_t> condition = getInt(expr->args[0]))
      return expr->args[*condition ? 1 : 2];
    return expr;
  }
  if (expr->isOp("arith.truncf"))
    return expr;
  SmallVector<Attribute> constants;
  for (Expr *arg : expr->args) {
    if (arg->isOp("arith.truncf") && arg->args[0]->kind == Expr::Const) {
      // Rounded here, where it is computed with.
      APFloat value = cast<FloatAttr>(arg->args[0]->attr).getValue();
      bool losesInfo;
      value.convert(cast<FloatType>(arg->type).getFloatSemantics(),
                    APFloat::rmNearestTiesToEven, &losesInfo);
      constants.push_back(FloatAttr::get(arg->type, value));
      continue;
    }
    if (arg->kind != Expr::Const)
      return expr;
    constants.push_back(arg->attr);
  }
  if (!expr->op || constants.empty() || expr->op->getNumResults() != 1)
    return expr;
  // A clone, because folding may update an operation in place.
  Operation *clone = expr->op->cloneWithoutRegions();
  SmallVector<OpFoldResult> results;
  bool folded = succeeded(clone->fold(constants, results)) &&
                results.size() == 1 && isa<Attribute>(results.front());
  clone->destroy();
  if (!folded)
    return expr;
  return makeConst(cast<Attribute>(results.front()), expr->type);
}

std::optional<double> Symbols::getFloat(Expr *expr) {
  while (isFloatCast(expr))
    expr = expr->args[0];
  expr = head(expr);
  while (isFloatCast(expr))
    expr = expr->args[0];
  if (expr->kind != Expr::Const)
    return std::nullopt;
  auto attr = dyn_cast<FloatAttr>(expr->attr);
  if (!attr)
    return std::nullopt;
  return attr.getValueAsDouble();
}

std::optional<int64_t> Symbols::getInt(Expr *expr) {
  expr = head(expr);
  if (expr->kind != Expr::Const)
    return std::nullopt;
  auto attr = dyn_cast<IntegerAttr>(expr->attr);
  if (!attr)
    return std::nullopt;
  if (attr.getType().isInteger(1))
    return attr.getValue().getBoolValue();
  return attr.getValue().getSExtValue();
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// The source of an op that only rearranges, and the position there.
bool Symbols::stepBack(Value &tensor, IndexList &idx) {
  Operation *def = tensor.getDefiningOp();
  if (!def)
    return false;
  auto dimsOf = [&](Value value) {
    SmallVector<Size> sizes;
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    for (int64_t i = 0; i < rank; ++i)
      sizes.push_back(getDim(value, i));
    return sizes;
  };
  auto moveTo = [&](Value source, IndexList position) {
    tensor = source;
    idx = std::move(position);
    return true;
  };

  if (auto op = dyn_cast<tensor::CastOp>(def)) {
    if (!isa<RankedTensorType>(op.getSource().getType()))
      return false;
    return moveTo(op.getSource(), idx);
  }
  if (auto op = dyn_cast<tensor::CollapseShapeOp>(def)) {
    IndexList position;
    SmallVector<Size> sizes = dimsOf(op.getSrc());
    for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
      SmallVector<Size> members;
      for (int64_t member : group)
        members.push_back(sizes[member]);
      std::optional<IndexList> parts = split(idx[i], members);
      if (!parts)
        return false;
      position.append(*parts);
    }
    // A rank-0 result has no groups.
    position.resize(sizes.size());
    return moveTo(op.getSrc(), position);
  }
  if (auto op = dyn_cast<tensor::ExpandShapeOp>(def)) {
    IndexList position;
    SmallVector<Size> sizes = dimsOf(tensor);
    for (ArrayRef<int64_t> group : op.getReassociationIndices()) {
      std::optional<Index> joined =
          join(ArrayRef(idx).slice(group.front(), group.size()),
               ArrayRef(sizes).slice(group.front(), group.size()));
      if (!joined)
        return false;
      position.push_back(*joined);
    }
    return moveTo(op.getSrc(), position);
  }
  if (auto op = dyn_cast<tensor::ReshapeOp>(def)) {
    if (!isa<RankedTensorType>(op.getSource().getType()))
      return false;
    SmallVector<Size> from = dimsOf(op.getSource()), to = dimsOf(tensor);
    Size fromAll, toAll;
    for (const Size &size : from)
      fromAll = multiply(fromAll, size);
    for (const Size &size : to)
      toAll = multiply(toAll, size);
    unify(fromAll, toAll);
    std::optional<Index> joined = join(idx, to);
    if (!joined)
      return false;
    std::optional<IndexList> parts = split(*joined, from);
    if (!parts)
      return false;
    return moveTo(op.getSource(), *parts);
  }
  if (auto op = dyn_cast<tensor::ExtractSliceOp>(def)) {
    // A leading part: the position is the same.
    for (auto [offset, stride] :
         llvm::zip_equal(op.getMixedOffsets(), op.getMixedStrides()))
      if (!isConstantIntValue(offset, 0) || !isConstantIntValue(stride, 1))
        return false;
    llvm::SmallBitVector dropped = op.getDroppedDims();
    IndexList position;
    int64_t kept = 0;
    for (unsigned i = 0; i < dropped.size(); ++i)
      position.push_back(dropped.test(i) ? Index() : idx[kept++]);
    return moveTo(op.getSource(), position);
  }
  if (auto op = dyn_cast<tensor::ConcatOp>(def)) {
    // A position known to lie in the first part.
    const Index &along = idx[op.getDim()];
    Value first = op.getInputs().front();
    if (along.opaque || !equal(getProduct(along), getDim(first, op.getDim())))
      return false;
    return moveTo(first, idx);
  }
  if (auto op = dyn_cast<linalg::TransposeOp>(def)) {
    IndexList position(idx.size());
    for (auto [i, dim] : llvm::enumerate(op.getPermutation()))
      position[dim] = idx[i];
    getLoopSizes(cast<linalg::LinalgOp>(def));
    return moveTo(op.getInput(), position);
  }
  if (auto op = dyn_cast<linalg::BroadcastOp>(def)) {
    IndexList position;
    for (auto [i, index] : llvm::enumerate(idx))
      if (!llvm::is_contained(op.getDimensions(), static_cast<int64_t>(i)))
        position.push_back(index);
    return moveTo(op.getInput(), position);
  }
  return false;
}

Expr *Symbols::load(Value tensor, IndexList idx) {
  Expr expr;
  expr.kind = Expr::Load;
  for (;;) {
    for (Index &index : idx)
      index = canonical(index);
    expr.chain.push_back({tensor, idx});
    DenseElementsAttr dense;
    if (matchPattern(tensor, m_Constant(&dense)) && dense.isSplat())
      return makeConst(dense.getSplatValue<Attribute>(),
                       dense.getElementType());
    Operation *def = tensor.getDefiningOp();
    if (auto fill = dyn_cast_if_present<linalg::FillOp>(def))
      return evaluate(fill.getInputs().front(), nullptr, {});
    if (auto splatOp = dyn_cast_if_present<tensor::SplatOp>(def))
      return evaluate(splatOp.getInput(), nullptr, {});
    if (auto elements = dyn_cast_if_present<tensor::FromElementsOp>(def))
      if (elements.getElements().size() == 1)
        return evaluate(elements.getElements().front(), nullptr, {});
    if (auto op = dyn_cast_if_present<linalg::LinalgOp>(def)) {
      // A linalg op that yields an element of something is a view too.
      if (op.getNumReductionLoops() == 0 && op.hasPureTensorSemantics() &&
          isMemoryEffectFree(op)) {
        unsigned result = cast<OpResult>(tensor).getResultNumber();
        Value yielded = op.getBlock()->getTerminator()->getOperand(result);
        if (isa<BlockArgument>(yielded) ||
            yielded.getDefiningOp<tensor::ExtractOp>()) {
          Expr *source = expandLinalg(op, result, idx);
          if (source && source->kind == Expr::Load) {
            source->chain.insert(source->chain.begin(), expr.chain.begin(),
                                 expr.chain.end());
            return source;
          }
          if (source && source->kind == Expr::Const)
            return source;
        }
      }
    }
    Value next = tensor;
    IndexList position = idx;
    if (!stepBack(next, position))
      break;
    tensor = next;
    idx = position;
  }
  expr.value = tensor;
  expr.idx = idx;
  expr.type = getElementTypeOrSelf(tensor.getType());
  expr.origin = tensor.getDefiningOp();
  return make(expr);
}

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

Expr *Symbols::head(Expr *expr) {
  if (expr->kind != Expr::Load)
    return expr;
  if (!expr->expanded) {
    expr->expanded = true;
    expr->definition = expand(expr);
    if (expr->definition)
      expr->definition = head(expr->definition);
  }
  return expr->definition ? expr->definition : expr;
}

Expr *Symbols::stripCasts(Expr *expr) {
  for (;;) {
    if (isFloatCast(expr)) {
      expr = expr->args[0];
      continue;
    }
    Expr *definition = head(expr);
    if (!isFloatCast(definition))
      return definition;
    expr = definition->args[0];
  }
}

Expr *Symbols::expand(Expr *expr) {
  Operation *def = expr->value.getDefiningOp();
  if (!def)
    return nullptr;
  unsigned result = cast<OpResult>(expr->value).getResultNumber();
  if (auto op = dyn_cast<linalg::SoftmaxOp>(def))
    return expandSoftmax(op, expr->idx);
  if (auto op = dyn_cast<tm_tensor::AttentionOp>(def)) {
    Expr attend;
    attend.kind = Expr::Attend;
    attend.type = expr->type;
    attend.op = attend.origin = def;
    attend.idx = expr->idx;
    return make(attend);
  }
  if (auto op = dyn_cast<linalg::LinalgOp>(def)) {
    // A body that may trap is left to run where it is.
    if (!op.hasPureTensorSemantics() || !isMemoryEffectFree(op))
      return nullptr;
    Expr *found = expandLinalg(op, result, expr->idx);
    return found && found->kind != Expr::Unknown ? found : nullptr;
  }
  if (OpTrait::hasElementwiseMappableTraits(def) && def->getNumResults() == 1 &&
      isMemoryEffectFree(def)) {
    SmallVector<Expr *> args;
    for (Value operand : def->getOperands()) {
      if (isa<RankedTensorType>(operand.getType()))
        args.push_back(load(operand, expr->idx));
      else
        args.push_back(evaluate(operand, nullptr, {}));
    }
    Expr *found =
        makeNamed(def->getName().getStringRef(), args, expr->type, def);
    found->op = def;
    return found;
  }
  return nullptr;
}

/// How a reduction combines, and what it combines: `yielded` is
/// `combine(accumulator, element)`.
static std::optional<ReduceKind> matchCombiner(Value yielded, Value accumulator,
                                               Value &element) {
  Operation *combine = yielded.getDefiningOp();
  if (!combine || combine->getNumOperands() != 2)
    return std::nullopt;
  bool first = combine->getOperand(0) == accumulator;
  if (!first && combine->getOperand(1) != accumulator)
    return std::nullopt;
  element = combine->getOperand(first ? 1 : 0);
  if (isa<arith::AddFOp>(combine))
    return ReduceKind::Add;
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(combine))
    return ReduceKind::Max;
  if (isa<arith::AndIOp>(combine) && element.getType().isInteger(1))
    return ReduceKind::And;
  if (isa<arith::OrIOp>(combine) && element.getType().isInteger(1))
    return ReduceKind::Or;
  return std::nullopt;
}

/// True if `value` is computed from `from` inside its block.
static bool usesInside(Value value, Value from) {
  if (value == from)
    return true;
  Operation *def = value.getDefiningOp();
  if (!def || def->getBlock() != from.getParentBlock())
    return false;
  return llvm::any_of(def->getOperands(),
                      [&](Value operand) { return usesInside(operand, from); });
}

Expr *Symbols::expandLinalg(linalg::LinalgOp op, unsigned result,
                            const IndexList &idx) {
  SmallVector<Size> sizes = getLoopSizes(op);
  OpOperand *init = op.getDpsInitOperand(result);
  AffineMap map = op.getMatchingIndexingMap(init);
  SmallVector<Index> loops(op.getNumLoops());
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<bool> bound(op.getNumLoops(), false);
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim) {
      if (isa<AffineConstantExpr>(expr))
        continue;
      return nullptr;
    }
    loops[dim.getPosition()] = idx[i];
    bound[dim.getPosition()] = true;
  }
  SmallVector<unsigned> reduced;
  for (auto [i, iterator] : llvm::enumerate(iterators)) {
    if (bound[i])
      continue;
    if (iterator == utils::IteratorType::parallel && !sizes[i].isOne())
      return nullptr;
    unsigned var = newVar(sizes[i]);
    loops[i] = getIndex(var);
    if (iterator == utils::IteratorType::reduction && !sizes[i].isOne())
      reduced.push_back(var);
  }
  Value yielded = op.getBlock()->getTerminator()->getOperand(result);
  if (op.getNumReductionLoops() == 0)
    return evaluate(yielded, op, loops);

  Value accumulator = op.getMatchingBlockArgument(init);
  Value element;
  std::optional<ReduceKind> kind = matchCombiner(yielded, accumulator, element);
  if (!kind)
    return nullptr;
  for (OpOperand &other : op.getDpsInitsMutable())
    if (usesInside(element, op.getMatchingBlockArgument(&other)))
      return nullptr;
  Expr *body = evaluate(element, op, loops);
  Expr *start = load(init->get(), idx);
  // A reduction over one element still is one: contractions may be of width 1.
  if (reduced.empty())
    reduced.push_back(newVar(Size()));
  for (unsigned var : reduced)
    body = makeReduce(*kind, var, body, start, op);
  return body;
}

Expr *Symbols::expandSoftmax(linalg::SoftmaxOp op, const IndexList &idx) {
  int64_t dim = op.getDimension();
  Value input = op.getInput();
  Type type = getElementTypeOrSelf(input.getType());
  auto at = [&](unsigned var) {
    IndexList position = idx;
    position[dim] = getIndex(var);
    return load(input, position);
  };
  unsigned maxVar = newVar(getDim(input, dim));
  unsigned sumVar = newVar(getDim(input, dim));
  auto number = [&](double value) {
    return makeConst(FloatAttr::get(type, value), type);
  };
  Expr *max = makeReduce(ReduceKind::Max, maxVar, at(maxVar),
                         number(-std::numeric_limits<double>::infinity()), op);
  auto exponential = [&](Expr *score) {
    Expr *shifted = makeNamed("arith.subf", {score, max}, type, op);
    return makeNamed("math.exp", {shifted}, type, op);
  };
  Expr *sum = makeReduce(ReduceKind::Add, sumVar, exponential(at(sumVar)),
                         number(0.0), op);
  return makeNamed("arith.divf", {exponential(load(input, idx)), sum}, type,
                   op);
}

Expr *Symbols::evaluate(Value value, linalg::LinalgOp op,
                        ArrayRef<Index> loops) {
  Expr expr;
  expr.type = value.getType();
  expr.origin = op ? op.getOperation() : value.getDefiningOp();
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return makeConst(constant, value.getType());
  Operation *def = value.getDefiningOp();
  Block *body = op ? op.getBlock() : nullptr;
  if (auto argument = dyn_cast<BlockArgument>(value);
      argument && body && argument.getOwner() == body) {
    OpOperand &operand = op->getOpOperand(argument.getArgNumber());
    if (!isa<RankedTensorType>(operand.get().getType()))
      return evaluate(operand.get(), nullptr, {});
    IndexList idx;
    for (AffineExpr result : op.getMatchingIndexingMap(&operand).getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(result)) {
        idx.push_back(loops[dim.getPosition()]);
      } else if (auto number = dyn_cast<AffineConstantExpr>(result);
                 number && number.getValue() == 0) {
        idx.push_back(Index());
      } else {
        expr.kind = Expr::Unknown;
        return make(expr);
      }
    }
    return load(operand.get(), idx);
  }
  bool inside = def && body && def->getBlock() == body;
  if (inside) {
    if (auto index = dyn_cast<linalg::IndexOp>(def)) {
      expr.kind = Expr::Position;
      expr.idx.push_back(canonical(loops[index.getDim()]));
      return make(expr);
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(def)) {
      IndexList idx;
      for (auto [i, index] : llvm::enumerate(extract.getIndices()))
        idx.push_back(
            toIndex(evaluate(index, op, loops), extract.getTensor(), i));
      return load(extract.getTensor(), idx);
    }
  }
  // Scalars outside are taken as they are, except for conversions, which may
  // hide a constant.
  bool scalarOp =
      def && def->getNumResults() == 1 && def->getNumRegions() == 0 &&
      isPure(def) && (inside || isa<arith::TruncFOp, arith::ExtFOp>(def)) &&
      llvm::none_of(def->getOperandTypes(), llvm::IsaPred<ShapedType>);
  if (!scalarOp) {
    // What a body computes and may trap, like a division by an argument, has no
    // meaning outside; sizes do.
    expr.kind =
        inside && !isa<tensor::DimOp>(def) ? Expr::Unknown : Expr::Scalar;
    expr.value = value;
    return make(expr);
  }
  SmallVector<Expr *> args;
  for (Value operand : def->getOperands())
    args.push_back(evaluate(operand, op, loops));
  return makeOp(def, args, value.getType(), expr.origin);
}

/// A computed position as one, if it is.
Index Symbols::toIndex(Expr *expr, Value tensor, int64_t dim) {
  Index opaque;
  opaque.opaque = expr;
  Size size = getDim(tensor, dim);
  if (size.isOne())
    return Index();
  Expr *found = head(expr);
  while (found->isOp("arith.index_cast") || found->isOp("arith.extsi") ||
         found->isOp("arith.trunci"))
    found = head(found->args[0]);
  if (found->kind == Expr::Position)
    return found->idx[0];
  if (getInt(found) == 0)
    return Index();
  // How torch-mlir broadcasts a dimension that is 1 or the size asked for:
  // select(size == 1, 0, position).
  if (!found->isOp("arith.select"))
    return opaque;
  Expr *condition = head(found->args[0]);
  Expr *position = head(found->args[2]);
  auto compare = dyn_cast_if_present<arith::CmpIOp>(condition->op);
  if (!compare || condition->kind != Expr::Op ||
      compare.getPredicate() != arith::CmpIPredicate::eq ||
      getInt(condition->args[1]) != 1 || getInt(found->args[1]) != 0 ||
      condition->args[0]->kind != Expr::Scalar ||
      position->kind != Expr::Position ||
      !equal(getSize(condition->args[0]->value), size))
    return opaque;
  // Taken to repeat nothing. That must hold when the program runs.
  if (!assume(size, getProduct(position->idx[0])))
    return opaque;
  return canonical(position->idx[0]);
}
