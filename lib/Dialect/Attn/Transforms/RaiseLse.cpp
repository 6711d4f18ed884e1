//===- RaiseLse.cpp - Find the log-sum-exp of the scores ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// log(sum of exp(S - m)) + m for any m, over the scores of a match.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

bool raise::isScore(Match &match, Expr *score, unsigned var) {
  if (!match.symbols.equal(match.symbols.getVarSize(var),
                           match.symbols.getVarSize(match.keyVar)))
    return false;
  Expr *renamed = match.symbols.rename(score, var, match.keyVar);
  return renamed && match.symbols.equal(renamed, match.score);
}

std::optional<LogSumExp> raise::matchLogSumExp(Match &match, Expr *expr) {
  Symbols &symbols = match.symbols;
  expr = symbols.stripCasts(expr);
  LogSumExp found;
  Expr *log = expr;
  if (expr->isOp("arith.addf")) {
    unsigned which =
        symbols.stripCasts(expr->args[0])->isOp("math.log") ? 0 : 1;
    log = symbols.stripCasts(expr->args[which]);
    found.shift = expr->args[1 - which];
  }
  if (!log->isOp("math.log"))
    return std::nullopt;
  found.sum = symbols.stripCasts(log->args[0]);
  if (!found.sum->isReduce(ReduceKind::Add))
    return std::nullopt;
  Expr *exponential = symbols.stripCasts(found.sum->args[0]);
  if (!exponential->isOp("math.exp"))
    return std::nullopt;
  Expr *score = symbols.stripCasts(exponential->args[0]);
  if (found.shift) {
    if (!score->isOp("arith.subf") ||
        !symbols.equal(score->args[1], found.shift))
      return std::nullopt;
    score = score->args[0];
  }
  if (!isScore(match, score, found.sum->var))
    return std::nullopt;
  return found;
}

Value raise::findLse(Match &match, const Roles &roles, IndexList &position) {
  Symbols &symbols = match.symbols;
  if (match.base2 || match.sink)
    return Value();
  Index rows;
  for (const Index *part : {&roles.batch, &roles.head, &roles.row})
    rows.digits.append(part->digits.begin(), part->digits.end());
  rows = symbols.canonical(rows);
  auto positionOf = [&](Value value) -> std::optional<IndexList> {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<Size> sizes;
    Size total;
    for (int64_t i = 0; i < type.getRank(); ++i) {
      sizes.push_back(symbols.getDim(value, i));
      total = symbols.multiply(total, sizes.back());
    }
    if (!symbols.equal(total, symbols.getProduct(rows)))
      return std::nullopt;
    return symbols.split(rows, sizes);
  };
  Value found;
  // What is looked at may have nothing to do with the match.
  llvm::SaveAndRestore<bool> noAssumptions(symbols.mayAssume, false);
  match.contraction->getBlock()->walk([&](math::LogOp log) {
    Operation *op = log;
    if (isa<linalg::LinalgOp>(log->getParentOp()))
      op = log->getParentOp();
    // The logarithm itself, then what is made of it.
    SmallVector<Operation *> pending{op};
    for (unsigned depth = 0; depth < 4 && !pending.empty(); ++depth) {
      SmallVector<Operation *> next;
      for (Operation *candidate : pending)
        for (Value result : candidate->getResults()) {
          if (!isa<RankedTensorType>(result.getType()))
            continue;
          if (std::optional<IndexList> at = positionOf(result);
              at && matchLogSumExp(match, symbols.load(result, *at))) {
            found = result;
            position = *at;
            return WalkResult::interrupt();
          }
          next.append(result.user_begin(), result.user_end());
        }
      pending = next;
    }
    return WalkResult::advance();
  });
  return found;
}
