//===- RaiseConditions.cpp - Conditions on keys --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Masks reach the scores as conditions, as floats that are 0 or 1, compared
// again, negated, joined. Here they become conditions that must all hold.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

bool raise::readsNothing(Symbols &symbols, Expr *expr) {
  expr = symbols.head(expr);
  switch (expr->kind) {
  case Expr::Const:
  case Expr::Scalar:
  case Expr::Position:
    return true;
  case Expr::Op:
    return llvm::all_of(expr->args,
                        [&](Expr *arg) { return readsNothing(symbols, arg); });
  default:
    return false;
  }
}

bool raise::dependsOnRole(Symbols &symbols, Expr *expr, const Index &role) {
  SmallVector<Digit> digits;
  symbols.collectDigits(expr, digits);
  Index wanted = symbols.canonical(role);
  for (const Digit &digit : digits)
    for (const Digit &part : wanted.digits) {
      if (digit.var != part.var)
        continue;
      // Disjoint parts of one variable are different things.
      Size end = symbols.multiply(digit.div, digit.size);
      Size partEnd = symbols.multiply(part.div, part.size);
      if (!symbols.divide(digit.div, partEnd) && !symbols.divide(part.div, end))
        return true;
    }
  return false;
}

std::optional<Visible> raise::asTruth(Symbols &symbols, Expr *expr) {
  expr = symbols.stripCasts(expr);
  if (expr->isOp("arith.uitofp") && expr->args[0]->type.isInteger(1))
    return Visible{expr->args[0], true};
  if (expr->isOp("arith.select")) {
    std::optional<double> a = symbols.getFloat(expr->args[1]);
    std::optional<double> b = symbols.getFloat(expr->args[2]);
    if (a == 1.0 && b == 0.0)
      return Visible{expr->args[0], true};
    if (a == 0.0 && b == 1.0)
      return Visible{expr->args[0], false};
  }
  if (expr->isOp("arith.subf") && symbols.getFloat(expr->args[0]) == 1.0)
    if (std::optional<Visible> truth = asTruth(symbols, expr->args[1]))
      return Visible{truth->condition, !truth->when};
  return std::nullopt;
}

namespace {
/// The least and the largest value of an integer expression.
struct Interval {
  static constexpr int64_t kUnbounded = std::numeric_limits<int32_t>::max();
  int64_t low = -kUnbounded, high = kUnbounded;
};
} // namespace

/// Values of `expr` where variable `var` is 0, whatever the others are.
static Interval getRange(Symbols &symbols, Expr *expr, unsigned var) {
  Expr *found = symbols.head(expr);
  while (found->isOp("arith.index_cast") || found->isOp("arith.extsi"))
    found = symbols.head(found->args[0]);
  constexpr int64_t limit = Interval::kUnbounded;
  if (std::optional<int64_t> constant = symbols.getInt(found))
    if (std::abs(*constant) < limit)
      return {*constant, *constant};
  if (found->kind == Expr::Position) {
    bool isZero = llvm::all_of(found->idx[0].digits, [&](const Digit &digit) {
      return digit.var == var;
    });
    return {0, isZero && !found->idx[0].opaque ? 0 : limit};
  }
  bool adds = found->isOp("arith.addi");
  if (!adds && !found->isOp("arith.subi"))
    return {};
  Interval a = getRange(symbols, found->args[0], var);
  Interval b = getRange(symbols, found->args[1], var);
  if (!adds)
    b = {-b.high, -b.low};
  return {a.low <= -limit || b.low <= -limit ? -limit : a.low + b.low,
          a.high >= limit || b.high >= limit ? limit : a.high + b.high};
}

/// True if `expr` surely holds where variable `var` is 0.
static bool holdsAtZero(Symbols &symbols, Expr *expr, unsigned var) {
  Expr *found = symbols.head(expr);
  if (std::optional<int64_t> constant = symbols.getInt(found))
    return *constant != 0;
  if (found->isOp("arith.andi"))
    return holdsAtZero(symbols, found->args[0], var) &&
           holdsAtZero(symbols, found->args[1], var);
  if (found->isOp("arith.select"))
    return holdsAtZero(symbols, found->args[1], var) &&
           (holdsAtZero(symbols, found->args[0], var) ||
            holdsAtZero(symbols, found->args[2], var));
  auto compare = dyn_cast_if_present<arith::CmpIOp>(
      found->kind == Expr::Op ? found->op : nullptr);
  if (!compare || compare.getLhs().getType().isInteger(1))
    return false;
  Interval a = getRange(symbols, found->args[0], var);
  Interval b = getRange(symbols, found->args[1], var);
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::sge:
    std::swap(a, b);
    [[fallthrough]];
  case arith::CmpIPredicate::sle:
    return a.high < Interval::kUnbounded && b.low > -Interval::kUnbounded &&
           a.high <= b.low;
  case arith::CmpIPredicate::sgt:
    std::swap(a, b);
    [[fallthrough]];
  case arith::CmpIPredicate::slt:
    return a.high < Interval::kUnbounded && b.low > -Interval::kUnbounded &&
           a.high < b.low;
  default:
    return false;
  }
}

/// True if the condition says that a row sees no key, and the first key is one
/// that every row sees.
static bool isNever(Symbols &symbols, Visible visible) {
  Expr *found = symbols.head(visible.condition);
  if (found->isOp("arith.xori"))
    for (unsigned i : {0, 1})
      if (symbols.getInt(found->args[i]) == 1)
        return isNever(symbols, {found->args[1 - i], !visible.when});
  return !visible.when && found->isReduce(ReduceKind::Or) &&
         holdsAtZero(symbols, found->args[0], found->var);
}

/// The conditions of a product of expressions that are 1 or 0: it is 1 where
/// all of them hold. False if a factor is something else.
static bool collectTruths(Symbols &symbols, Expr *expr,
                          SmallVectorImpl<Visible> &truths) {
  if (std::optional<Visible> truth = asTruth(symbols, expr)) {
    truths.push_back(*truth);
    return true;
  }
  expr = symbols.stripCasts(expr);
  return expr->isOp("arith.mulf") &&
         collectTruths(symbols, expr->args[0], truths) &&
         collectTruths(symbols, expr->args[1], truths);
}

/// A comparison of a product as above that holds where it is 1, and there only.
static bool splitProduct(Symbols &symbols, Expr *compare, bool when,
                         SmallVectorImpl<Visible> &truths) {
  auto op = dyn_cast_if_present<arith::CmpFOp>(compare->op);
  if (!op || !symbols.stripCasts(compare->args[0])->isOp("arith.mulf"))
    return false;
  std::optional<double> limit = symbols.getFloat(compare->args[1]);
  auto test = [&](double value) {
    return arith::applyCmpPredicate(op.getPredicate(), APFloat(value),
                                    APFloat(*limit)) == when;
  };
  return limit && test(1.0) && !test(0.0) &&
         collectTruths(symbols, compare->args[0], truths);
}

/// A comparison of something that takes one of two values.
static std::optional<Visible> foldTwoValued(Symbols &symbols, Expr *compare,
                                            bool when,
                                            std::optional<bool> &constant) {
  if (!compare->op)
    return std::nullopt;
  auto decide = [&](Visible truth, bool ifTrue,
                    bool ifFalse) -> std::optional<Visible> {
    if (ifTrue == ifFalse) {
      constant = ifTrue == when;
      return std::nullopt;
    }
    // The comparison is `ifTrue` where the condition has the value truth.when.
    return Visible{truth.condition, (ifTrue == when) == truth.when};
  };
  if (auto op = dyn_cast<arith::CmpFOp>(compare->op)) {
    std::optional<Visible> truth = asTruth(symbols, compare->args[0]);
    std::optional<double> limit = symbols.getFloat(compare->args[1]);
    if (!truth || !limit)
      return std::nullopt;
    auto test = [&](double value) {
      return arith::applyCmpPredicate(op.getPredicate(), APFloat(value),
                                      APFloat(*limit));
    };
    return decide(*truth, test(1.0), test(0.0));
  }
  if (auto op = dyn_cast<arith::CmpIOp>(compare->op)) {
    std::optional<int64_t> limit = symbols.getInt(compare->args[1]);
    Expr *value = symbols.head(compare->args[0]);
    if (!limit)
      return std::nullopt;
    auto test = [&](int64_t number) {
      return arith::applyCmpPredicate(op.getPredicate(), APInt(64, number),
                                      APInt(64, *limit, true));
    };
    if (value->type.isInteger(1)) {
      if (op.getPredicate() != arith::CmpIPredicate::eq &&
          op.getPredicate() != arith::CmpIPredicate::ne)
        return std::nullopt;
      return decide({value, true}, test(1), test(0));
    }
    if (value->isOp("arith.extui") && value->args[0]->type.isInteger(1))
      return decide({value->args[0], true}, test(1), test(0));
  }
  return std::nullopt;
}

void raise::splitCondition(Symbols &symbols, Visible visible,
                           SmallVectorImpl<Visible> &parts) {
  Expr *expr = symbols.head(visible.condition);
  bool when = visible.when;
  if (std::optional<int64_t> constant = symbols.getInt(expr)) {
    if ((*constant != 0) != when)
      parts.push_back(visible);
    return;
  }
  if (expr->isOp("arith.xori"))
    for (unsigned i : {0, 1})
      if (symbols.getInt(expr->args[i]) == 1)
        return splitCondition(symbols, {expr->args[1 - i], !when}, parts);
  if (expr->isOp(when ? "arith.andi" : "arith.ori")) {
    splitCondition(symbols, {expr->args[0], when}, parts);
    splitCondition(symbols, {expr->args[1], when}, parts);
    return;
  }
  if (expr->isOp(when ? "arith.ori" : "arith.andi"))
    for (unsigned i : {0, 1})
      if (isNever(symbols, {expr->args[i], when}))
        return splitCondition(symbols, {expr->args[1 - i], when}, parts);
  if (expr->isOp("arith.select")) {
    // c ? a : (not when)  holds iff c and a; (not when) : a iff not c and a.
    for (unsigned i : {1, 2})
      if (std::optional<int64_t> arm = symbols.getInt(expr->args[i]);
          arm && (*arm != 0) != when) {
        splitCondition(symbols, {expr->args[0], i == 2}, parts);
        splitCondition(symbols, {expr->args[3 - i], when}, parts);
        return;
      }
  }
  if (expr->isOp("arith.cmpf") || expr->isOp("arith.cmpi")) {
    std::optional<bool> constant;
    if (std::optional<Visible> folded =
            foldTwoValued(symbols, expr, when, constant))
      return splitCondition(symbols, *folded, parts);
    if (constant && *constant)
      return;
    SmallVector<Visible> truths;
    if (splitProduct(symbols, expr, when, truths)) {
      for (const Visible &truth : truths)
        splitCondition(symbols, truth, parts);
      return;
    }
  }
  parts.push_back(visible);
}
