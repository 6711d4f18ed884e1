//===- RaiseCompare.cpp - Compare and rename expressions ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Two expressions are equal if they do the same to the same elements, however
// many tensors lie between. A sum over one variable is compared with a sum over
// another by renaming.
//
//===----------------------------------------------------------------------===//

#include "RaiseSymbols.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

bool Symbols::dependsOn(Expr *expr, unsigned var) {
  switch (expr->kind) {
  case Expr::Load:
  case Expr::Position:
  case Expr::Attend:
    return llvm::any_of(expr->idx, [&](const Index &index) {
      if (index.opaque)
        return dependsOn(index.opaque, var);
      return llvm::any_of(index.digits,
                          [&](const Digit &digit) { return digit.var == var; });
    });
  case Expr::Const:
  case Expr::Scalar:
    return false;
  case Expr::Op:
  case Expr::Reduce:
    return llvm::any_of(expr->args,
                        [&](Expr *arg) { return dependsOn(arg, var); });
  case Expr::Unknown:
    return true;
  }
  llvm_unreachable("covered above");
}

void Symbols::collectDigits(Expr *expr, SmallVectorImpl<Digit> &digits) {
  for (const Index &index : expr->idx) {
    if (index.opaque)
      collectDigits(index.opaque, digits);
    for (const Digit &digit : canonical(index).digits)
      digits.push_back(digit);
  }
  for (Expr *arg : expr->args)
    collectDigits(arg, digits);
}

Expr *Symbols::rename(Expr *expr, unsigned from, unsigned to) {
  if (!dependsOn(expr, from))
    return expr;
  bool sameSize = equal(varSizes[from], varSizes[to]);
  IndexList idx;
  for (const Index &index : expr->idx) {
    Index renamed = canonical(index);
    if (renamed.opaque) {
      renamed.opaque = rename(renamed.opaque, from, to);
      if (!renamed.opaque)
        return nullptr;
    }
    for (Digit &digit : renamed.digits) {
      if (digit.var != from)
        continue;
      if (!sameSize) {
        if (!digit.div.isOne() || !equal(digit.size, varSizes[from]))
          return nullptr;
        digit.size = varSizes[to];
      }
      digit.var = to;
    }
    idx.push_back(canonical(renamed));
  }
  if (expr->kind == Expr::Load)
    return load(expr->value, idx);
  Expr copy = *expr;
  copy.idx = idx;
  for (Expr *&arg : copy.args) {
    arg = rename(arg, from, to);
    if (!arg)
      return nullptr;
  }
  return make(copy);
}

bool Symbols::equal(Expr *a, Expr *b) {
  if (a == b)
    return true;
  while (isFloatCast(a))
    a = a->args[0];
  while (isFloatCast(b))
    b = b->args[0];
  auto samePosition = [&] {
    return a->idx.size() == b->idx.size() &&
           llvm::all_of(llvm::zip(a->idx, b->idx), [&](auto pair) {
             Index left = canonical(std::get<0>(pair));
             Index right = canonical(std::get<1>(pair));
             if (left.opaque && right.opaque)
               return equal(left.opaque, right.opaque);
             return left == right;
           });
  };
  if (a->kind == Expr::Load && b->kind == Expr::Load && a->value == b->value)
    return samePosition();
  Expr *headA = stripCasts(a), *headB = stripCasts(b);
  if (headA != a || headB != b)
    return equal(headA, headB);
  if (a->kind != b->kind)
    return false;
  switch (a->kind) {
  case Expr::Load:
  case Expr::Unknown:
    return false;
  case Expr::Attend:
    return a->op == b->op && samePosition();
  case Expr::Position:
    return samePosition();
  case Expr::Scalar:
    return a->value == b->value ||
           (a->value.getType().isIntOrIndex() &&
            !a->value.getType().isInteger(1) &&
            equal(getSize(a->value), getSize(b->value)));
  case Expr::Const: {
    if (a->attr == b->attr)
      return true;
    std::optional<double> left = getFloat(a), right = getFloat(b);
    return left && right && *left == *right;
  }
  case Expr::Op:
    if (a->name != b->name || a->args.size() != b->args.size() ||
        (a->op && b->op &&
         a->op->getAttrDictionary() != b->op->getAttrDictionary()))
      return false;
    return llvm::all_of(llvm::zip(a->args, b->args), [&](auto pair) {
      return equal(std::get<0>(pair), std::get<1>(pair));
    });
  case Expr::Reduce: {
    if (a->reduce != b->reduce || !equal(varSizes[a->var], varSizes[b->var]))
      return false;
    Expr *renamed = rename(b->args[0], b->var, a->var);
    return renamed && equal(a->args[0], renamed);
  }
  }
  llvm_unreachable("covered above");
}
