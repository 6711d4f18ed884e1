//===- RaiseEmit.cpp - Expressions back to operations ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// For score regions, masks and lengths that are computed.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attn::raise;

/// `(value / div) % size`, where only what is needed is done.
static Value takePart(OpBuilder &builder, Location loc, Symbols &symbols,
                      Value value, const Size &div,
                      const std::optional<Size> &size) {
  if (!symbols.canonical(div).isOne())
    value = arith::DivUIOp::create(builder, loc, value,
                                   symbols.materialize(builder, loc, div));
  if (size)
    value = arith::RemUIOp::create(builder, loc, value,
                                   symbols.materialize(builder, loc, *size));
  return value;
}

Value Emitter::emitDigit(const Digit &digit) {
  std::pair<const Index *, Value> positions[] = {{&roles.batch, batch},
                                                 {&roles.head, head},
                                                 {&roles.row, row},
                                                 {&roles.column, column}};
  for (auto [role, position] : positions) {
    if (!position)
      continue;
    Index whole = symbols.canonical(*role);
    Size low;
    for (auto [i, part] : llvm::enumerate(llvm::reverse(whole.digits))) {
      Size end = symbols.multiply(part.div, part.size);
      std::optional<Size> extra = symbols.divide(digit.div, part.div);
      Size digitEnd = symbols.multiply(digit.div, digit.size);
      std::optional<Size> above = symbols.divide(end, digitEnd);
      if (part.var == digit.var && extra && above) {
        bool top = above->isOne() && i + 1 == whole.digits.size();
        return takePart(builder, loc, symbols, position,
                        symbols.multiply(low, *extra),
                        top ? std::nullopt : std::optional<Size>(digit.size));
      }
      low = symbols.multiply(low, part.size);
    }
  }
  return Value();
}

Value Emitter::emitIndex(const Index &index) {
  if (index.opaque) {
    Value value = emit(index.opaque);
    if (value && !value.getType().isIndex())
      value = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                         value);
    return value;
  }
  Index found = symbols.canonical(index);
  std::pair<const Index *, Value> positions[] = {{&roles.batch, batch},
                                                 {&roles.head, head},
                                                 {&roles.row, row},
                                                 {&roles.column, column}};
  if (found.digits.empty())
    return arith::ConstantIndexOp::create(builder, loc, 0);
  for (auto [role, position] : positions)
    if (position && symbols.canonical(*role) == found)
      return position;
  Value sum;
  Size low;
  for (const Digit &digit : llvm::reverse(found.digits)) {
    Value part = emitDigit(digit);
    if (!part)
      return Value();
    if (!low.isOne())
      part = arith::MulIOp::create(builder, loc, part,
                                   symbols.materialize(builder, loc, low));
    sum =
        sum ? arith::AddIOp::create(builder, loc, sum, part).getResult() : part;
    low = symbols.multiply(low, digit.size);
  }
  return sum;
}

/// True if `expr` can be computed in place, with no loop of its own.
static bool isPointwise(Symbols &symbols, Expr *expr) {
  Expr *found = symbols.head(expr);
  switch (found->kind) {
  case Expr::Op:
    return llvm::all_of(found->args, [&](Expr *arg) {
      return arg->kind == Expr::Load || isPointwise(symbols, arg);
    });
  case Expr::Reduce:
  case Expr::Attend:
  case Expr::Unknown:
    return false;
  default:
    return true;
  }
}

bool Emitter::isRead(Expr *load) {
  if (symbols.head(load) == load)
    return true;
  if (readsNothing(symbols, load))
    return false;
  if (containsProduct(match, load))
    return false;
  if (!isPointwise(symbols, load))
    return true;
  // Reading a tensor of the scores' size costs more than computing it.
  auto touches = [&](const Index &role) {
    return llvm::any_of(symbols.canonical(role).digits, [&](const Digit &part) {
      return symbols.dependsOn(load, part.var);
    });
  };
  return !(touches(roles.row) && touches(roles.column));
}

Value Emitter::emit(Expr *expr) {
  for (auto &[there, value] : known)
    if (there == expr ||
        (there->kind == Expr::Load && expr->kind == Expr::Load &&
         there->value == expr->value && symbols.equal(there, expr)))
      return value;
  auto widen = [&](Value value) -> Value {
    auto type = dyn_cast<FloatType>(value.getType());
    if (!type || type == accumulator)
      return value;
    if (type.getWidth() < accumulator.getWidth())
      return arith::ExtFOp::create(builder, loc, accumulator, value);
    return arith::TruncFOp::create(builder, loc, accumulator, value);
  };
  switch (expr->kind) {
  case Expr::Load: {
    if (!isRead(expr))
      return emit(symbols.head(expr));
    SmallVector<Value> indices;
    for (const Index &index : expr->idx) {
      Value position = emitIndex(index);
      if (!position)
        return Value();
      indices.push_back(position);
    }
    return widen(tensor::ExtractOp::create(builder, loc, expr->value, indices));
  }
  case Expr::Const: {
    if (auto number = dyn_cast<FloatAttr>(expr->attr))
      return arith::ConstantOp::create(
          builder, loc,
          builder.getFloatAttr(accumulator, number.getValueAsDouble()));
    auto typed = dyn_cast<TypedAttr>(expr->attr);
    return typed ? arith::ConstantOp::create(builder, loc, typed).getResult()
                 : Value();
  }
  case Expr::Scalar: {
    Value value = expr->value;
    // Sizes are also asked for inside bodies of linalg ops.
    Operation *def = value.getDefiningOp();
    if (def && isa<linalg::LinalgOp>(def->getParentOp())) {
      if (!value.getType().isIndex())
        return Value();
      return symbols.materialize(builder, loc, symbols.getSize(value));
    }
    return widen(value);
  }
  case Expr::Position:
    return emitIndex(expr->idx[0]);
  case Expr::Op: {
    if (isFloatCast(expr))
      return emit(expr->args[0]);
    // f64 holds what an f32 accumulator does not: stay with integers.
    if (auto quotient = matchRoundedQuotient(symbols, expr);
        quotient && quotient->down && quotient->type.isF64() &&
        quotient->dividend->type == expr->type) {
      Value dividend = emit(quotient->dividend);
      if (!dividend)
        return Value();
      Value divisor = arith::ConstantOp::create(
          builder, loc, builder.getIntegerAttr(expr->type, quotient->divisor));
      return arith::FloorDivSIOp::create(builder, loc, dividend, divisor);
    }
    SmallVector<Value> args;
    for (Expr *arg : expr->args) {
      args.push_back(emit(arg));
      if (!args.back())
        return Value();
    }
    return emitOp(expr, args);
  }
  case Expr::Reduce:
    return score && symbols.equal(expr, match.product) ? score : Value();
  case Expr::Attend:
  case Expr::Unknown:
    return Value();
  }
  llvm_unreachable("covered above");
}

Value Emitter::emitOp(Expr *expr, ArrayRef<Value> args) {
  OperationState state(loc, expr->name);
  state.addOperands(args);
  Type type = getElementTypeOrSelf(expr->type);
  state.addTypes(isa<FloatType>(type) ? Type(accumulator) : type);
  if (expr->op)
    state.addAttributes(expr->op->getAttrs());
  return builder.create(state)->getResult(0);
}

Value Emitter::emitCondition(const Visible &visible) {
  Value value = emit(visible.condition);
  if (!value || !visible.added)
    return value;
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(value.getType(), 0.0));
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, value,
                               zero);
}

Value Emitter::emitStage(const Stage &stage, Value inner) {
  if (isFloatCast(stage.expr))
    return inner;
  known.push_back({stage.expr->args[stage.arg], inner});
  SmallVector<Value> args;
  for (auto [i, arg] : llvm::enumerate(stage.expr->args)) {
    args.push_back(i == stage.arg ? inner : emit(arg));
    if (!args.back())
      break;
  }
  known.pop_back();
  return args.back() ? emitOp(stage.expr, args) : Value();
}
