//===- RaiseSoftmax.cpp - Find softmax between two contractions -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// From the result back: sum over j of P(j) * value(j), P = E / sum(E), E =
// exp(S - shift), S pointwise over sum over d of query(d) * key(j, d). A shift
// that does not depend on j cancels, so it need not be understood.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "attn/Dialect/TMTensor/TMTensor.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

static std::string nameOf(const Expr *expr) {
  switch (expr->kind) {
  case Expr::Op:
    return "`" + expr->name.str() + "`";
  case Expr::Reduce:
    return expr->reduce == ReduceKind::Add ? "a sum" : "a reduction";
  case Expr::Load:
    if (Operation *def = expr->value.getDefiningOp())
      return "the result of `" + def->getName().getStringRef().str() + "`";
    return "an argument";
  case Expr::Attend:
    return "the result of `tm_tensor.attention`";
  case Expr::Const:
  case Expr::Scalar:
    return "a scalar";
  case Expr::Position:
    return "a position";
  case Expr::Unknown:
    return "an access that is not understood";
  }
  llvm_unreachable("covered above");
}

/// The argument of exp(x), exp2(x) or 2^x; null if `expr` is none of them.
static Expr *matchExponential(Symbols &symbols, Expr *expr, bool &base2) {
  base2 = false;
  if (expr->isOp("math.exp"))
    return expr->args[0];
  base2 = true;
  if (expr->isOp("math.exp2"))
    return expr->args[0];
  if (expr->isOp("math.powf") && symbols.getFloat(expr->args[0]) == 2.0)
    return expr->args[1];
  return nullptr;
}

namespace {
/// What an expression contains, to tell a softmax that is not understood from
/// something that never was one.
struct Skeleton {
  bool exponential = false, reduction = false, contraction = false;
};

class SoftmaxMatcher {
public:
  SoftmaxMatcher(Match &match, Blocker &blocker)
      : match(match), symbols(match.symbols), blocker(blocker) {}

  LogicalResult matchResult(Value result);

private:
  LogicalResult fail(const Twine &why, Expr *at) {
    blocker.why = why.str();
    blocker.op = at ? at->origin : nullptr;
    if (!blocker.op && at && at->op)
      blocker.op = at->op;
    if (!blocker.op)
      blocker.op = match.contraction;
    return failure();
  }
  LogicalResult matchContraction(Expr *sum, Expr *divisor);
  LogicalResult matchProbabilities(Expr *probabilities, Expr *divisor);
  LogicalResult matchSum(Expr *exponential, Expr *sum);
  LogicalResult matchSink(Expr *sum);
  LogicalResult matchAttend(Expr *attend);
  LogicalResult checkZeroed();
  bool isEmptyRowTest(Expr *condition, bool excludedWhen);
  bool isMinusInfinityTest(Expr *test, unsigned var, bool when);
  LogicalResult matchScore();
  bool findProduct(Expr *expr, SmallVectorImpl<Stage> &path);
  bool isProduct(Expr *expr);
  bool looksLikeSoftmax(Expr *expr);
  void inspect(Expr *expr, Skeleton &skeleton, bool belowExponential,
               llvm::DenseSet<std::pair<Value, unsigned>> &visited);

  Match &match;
  Symbols &symbols;
  Blocker &blocker;
  SmallVector<ZeroedWhere> zeroed;
  /// The product that stopped the search, for the diagnostic.
  Expr *rejectedProduct = nullptr;
};
} // namespace

//===----------------------------------------------------------------------===//
// From the result to the exponentials
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxMatcher::matchResult(Value result) {
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (!type)
    return failure();
  IndexList idx;
  for (int64_t i = 0; i < type.getRank(); ++i)
    idx.push_back(symbols.getIndex(symbols.newVar(symbols.getDim(result, i))));
  Expr *expr = symbols.load(result, idx);
  match.resultChain = expr->chain;
  Expr *divisor = nullptr;
  for (;;) {
    expr = symbols.stripCasts(expr);
    if (expr->isOp("arith.divf") && !divisor) {
      divisor = expr->args[1];
      expr = expr->args[0];
      continue;
    }
    break;
  }
  if (expr->kind == Expr::Attend)
    return divisor ? failure() : matchAttend(expr);
  if (!expr->isReduce(ReduceKind::Add))
    return failure();
  match.contraction = expr->origin;
  return matchContraction(expr, divisor);
}

LogicalResult SoftmaxMatcher::matchContraction(Expr *sum, Expr *divisor) {
  Expr *body = symbols.stripCasts(sum->args[0]);
  if (!body->isOp("arith.mulf"))
    return failure();
  match.keyVar = sum->var;
  Blocker best;
  for (unsigned first : {0, 1}) {
    Expr *probabilities = body->args[first];
    match.value = body->args[1 - first];
    zeroed.clear();
    blocker = Blocker();
    if (succeeded(matchProbabilities(probabilities, divisor))) {
      if (symbols.getFloat(sum->args[1]) != 0.0)
        return fail("the product with value is added to something", sum);
      return matchScore();
    }
    // Only what holds a softmax is worth a word.
    if (!best && blocker && looksLikeSoftmax(probabilities))
      best = blocker;
  }
  blocker = best;
  return failure();
}

LogicalResult SoftmaxMatcher::matchProbabilities(Expr *expr, Expr *divisor) {
  expr = symbols.stripCasts(expr);
  while (expr->isOp("arith.select")) {
    if (symbols.getFloat(expr->args[1]) == 0.0) {
      zeroed.push_back({expr->args[0], true});
      expr = expr->args[2];
    } else if (symbols.getFloat(expr->args[2]) == 0.0) {
      zeroed.push_back({expr->args[0], false});
      expr = expr->args[1];
    } else {
      return fail("the probabilities are chosen by `arith.select`", expr);
    }
    expr = symbols.stripCasts(expr);
  }
  if (expr->isOp("arith.divf") && !divisor) {
    divisor = expr->args[1];
    expr = symbols.stripCasts(expr->args[0]);
  } else if (expr->isOp("arith.mulf") && !divisor) {
    for (unsigned i : {0, 1}) {
      Expr *inverse = symbols.stripCasts(expr->args[i]);
      if (inverse->isOp("arith.divf") &&
          symbols.getFloat(inverse->args[0]) == 1.0) {
        divisor = inverse->args[1];
        expr = symbols.stripCasts(expr->args[1 - i]);
        break;
      }
    }
  }
  Expr *argument = matchExponential(symbols, expr, match.base2);
  if (!argument)
    return fail("the probabilities come from " + nameOf(expr) +
                    ", not from a softmax",
                expr);
  match.exponential = expr->origin;
  argument = symbols.stripCasts(argument);
  match.score = argument;
  match.shift = nullptr;
  if (argument->isOp("arith.subf") &&
      !symbols.dependsOn(argument->args[1], match.keyVar)) {
    match.score = argument->args[0];
    match.shift = argument->args[1];
  } else if (argument->isOp("arith.addf")) {
    for (unsigned i : {0, 1}) {
      Expr *negated = symbols.stripCasts(argument->args[i]);
      if (negated->isOp("arith.negf") &&
          !symbols.dependsOn(negated, match.keyVar)) {
        match.score = argument->args[1 - i];
        match.shift = negated->args[0];
        break;
      }
    }
  }
  if (symbols.canonical(symbols.getVarSize(match.keyVar)).isOne())
    return fail("there is a single key", expr);
  if (!symbols.dependsOn(match.score, match.keyVar))
    return fail("the exponentials do not depend on the contracted dimension",
                expr);
  if (divisor) {
    if (failed(matchSum(expr, divisor)))
      return failure();
  } else {
    // exp(S - lse).
    std::optional<LogSumExp> lse;
    if (match.shift && !match.base2)
      lse = matchLogSumExp(match, match.shift);
    if (!lse)
      return fail("the exponentials are not divided by their sum", expr);
    match.sum = lse->sum;
    match.shift = lse->shift;
  }
  return checkZeroed();
}

/// `sum` is the sum over the keys of what `exponential` is at one key.
LogicalResult SoftmaxMatcher::matchSum(Expr *exponential, Expr *sum) {
  sum = symbols.stripCasts(sum);
  if (!sum->isReduce(ReduceKind::Add))
    return fail("the exponentials are divided by " + nameOf(sum) +
                    ", not by their sum",
                sum);
  Expr *element = symbols.rename(sum->args[0], sum->var, match.keyVar);
  if (!element || !symbols.equal(element, exponential) ||
      symbols.getFloat(sum->args[1]) != 0.0)
    return fail("the exponentials are divided by the sum of something else or "
                "over another dimension",
                sum);
  match.sum = sum;
  if (!symbols.equal(symbols.getVarSize(sum->var),
                     symbols.getVarSize(match.keyVar)))
    return matchSink(sum);
  return success();
}

/// The sum has more terms than keys: one more, from a concatenated logit.
LogicalResult SoftmaxMatcher::matchSink(Expr *sum) {
  bool base2;
  Expr *score =
      matchExponential(symbols, symbols.stripCasts(sum->args[0]), base2);
  if (score) {
    score = symbols.stripCasts(score);
    if (score->isOp("arith.subf"))
      score = symbols.stripCasts(score->args[0]);
  }
  auto concat = score && score->kind == Expr::Load
                    ? score->value.getDefiningOp<tensor::ConcatOp>()
                    : nullptr;
  if (!concat || concat.getInputs().size() != 2 || base2 ||
      !symbols.getDim(concat.getInputs()[1], concat.getDim()).isOne())
    return fail("the softmax runs over more than the keys", sum);
  IndexList idx = score->idx;
  idx[concat.getDim()] = Index();
  match.sink = symbols.load(concat.getInputs()[1], idx);
  return success();
}

/// tm_tensor.attention says what the matcher would otherwise find.
LogicalResult SoftmaxMatcher::matchAttend(Expr *attend) {
  auto op = cast<tm_tensor::AttentionOp>(attend->op);
  match.contraction = op;
  match.exponential = op;
  Value query = op.getQuery(), key = op.getKey(), value = op.getValue();
  // The op's operands agree, or it has no meaning.
  symbols.unify(symbols.getDim(key, 0), symbols.getDim(query, 0));
  symbols.unify(symbols.getDim(value, 0), symbols.getDim(query, 0));
  symbols.unify(symbols.getDim(value, 1), symbols.getDim(key, 1));
  symbols.unify(symbols.getDim(op.getOutputs()[0], 0),
                symbols.getDim(query, 0));
  symbols.unify(symbols.getDim(op.getOutputs()[0], 1),
                symbols.getDim(query, 1));
  if (Value mask = op.getMask()) {
    symbols.unify(symbols.getDim(mask, 0), symbols.getDim(query, 0));
    symbols.unify(symbols.getDim(mask, 1), symbols.getDim(query, 1));
    symbols.unify(symbols.getDim(mask, 2), symbols.getDim(key, 1));
  }
  Index n = attend->idx[0], i = attend->idx[1], e = attend->idx[2];
  match.keyVar = symbols.newVar(symbols.getDim(key, 1));
  match.dimVar = symbols.newVar(symbols.getDim(query, 2));
  Index j = symbols.getIndex(match.keyVar), d = symbols.getIndex(match.dimVar);
  Expr *q = symbols.load(query, {n, i, d});
  Expr *k = symbols.load(key, {n, j, d});
  match.value = symbols.load(value, {n, j, e});
  Type type = attend->type;
  auto number = [&](double x) {
    return symbols.makeConst(FloatAttr::get(type, x), type);
  };
  Expr *score = symbols.makeReduce(
      ReduceKind::Add, match.dimVar,
      symbols.makeNamed("arith.mulf", {q, k}, type, op), number(0.0), op);
  std::optional<APFloat> scale = op.getScale();
  int64_t headDim = symbols.getStatic(symbols.getDim(query, 2));
  if (ShapedType::isDynamic(headDim))
    return fail("head_dim is dynamic", attend);
  // Kept in f64: the type of the scores may be narrow.
  Type f64 = Float64Type::get(op.getContext());
  double factor = scale ? scale->convertToDouble() : 1.0 / std::sqrt(headDim);
  score = symbols.makeNamed(
      "arith.mulf",
      {score, symbols.makeConst(FloatAttr::get(f64, factor), f64)}, type, op);
  if (Value mask = op.getMask()) {
    Expr *element = symbols.load(mask, {n, i, j});
    if (element->type.isInteger(1))
      score = symbols.makeNamed(
          "arith.select",
          {element, score, number(-std::numeric_limits<double>::infinity())},
          type, op);
    else
      score = symbols.makeNamed("arith.addf", {score, element}, type, op);
  }
  match.score = score;
  return matchScore();
}

//===----------------------------------------------------------------------===//
// Probabilities set to zero
//===----------------------------------------------------------------------===//

/// `test` is true (with `when`) exactly where the score at `var` is -inf.
bool SoftmaxMatcher::isMinusInfinityTest(Expr *test, unsigned var, bool when) {
  test = symbols.head(test);
  if (test->isOp("arith.xori") && symbols.getInt(test->args[1]) == 1)
    return isMinusInfinityTest(test->args[0], var, !when);
  if (!test->isOp("arith.cmpf") || !test->op)
    return false;
  arith::CmpFPredicate predicate = cast<arith::CmpFOp>(test->op).getPredicate();
  bool equalTest = predicate == arith::CmpFPredicate::OEQ ||
                   predicate == arith::CmpFPredicate::UEQ;
  bool unequalTest = predicate == arith::CmpFPredicate::ONE ||
                     predicate == arith::CmpFPredicate::UNE;
  if (!(when ? equalTest : unequalTest))
    return false;
  std::optional<double> limit = symbols.getFloat(test->args[1]);
  return limit && std::isinf(*limit) && *limit < 0 &&
         isScore(match, test->args[0], var);
}

/// True where every score of the row is -inf: PyTorch's _safe_softmax.
bool SoftmaxMatcher::isEmptyRowTest(Expr *condition, bool excludedWhen) {
  condition = symbols.head(condition);
  if (condition->isOp("arith.xori") && symbols.getInt(condition->args[1]) == 1)
    return isEmptyRowTest(condition->args[0], !excludedWhen);
  if (condition->isReduce(excludedWhen ? ReduceKind::And : ReduceKind::Or))
    return isMinusInfinityTest(condition->args[0], condition->var,
                               excludedWhen);
  return false;
}

LogicalResult SoftmaxMatcher::checkZeroed() {
  match.zeroed.clear();
  for (const ZeroedWhere &entry : zeroed) {
    if (isEmptyRowTest(entry.condition, entry.excludedWhen))
      continue;
    if (!symbols.dependsOn(entry.condition, match.keyVar))
      return fail("whole rows of probabilities are set to zero by a condition "
                  "that is not that every score is -inf",
                  symbols.head(entry.condition));
    // Right only if the same keys are masked before the softmax: checked when
    // masks are known.
    match.zeroed.push_back(entry);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// From the scores to query and key
//===----------------------------------------------------------------------===//

/// A sum over d of something that depends on the key times something that does
/// not, each per head at most.
bool SoftmaxMatcher::isProduct(Expr *expr) {
  if (!expr->isReduce(ReduceKind::Add))
    return false;
  Expr *body = symbols.stripCasts(expr->args[0]);
  if (!body->isOp("arith.mulf"))
    return false;
  bool first = symbols.dependsOn(body->args[0], match.keyVar);
  bool second = symbols.dependsOn(body->args[1], match.keyVar);
  if (first == second)
    return false;
  Expr *key = body->args[first ? 0 : 1];
  // Key may not depend on what value does not: each query has the same keys.
  SmallVector<Digit> keyDigits, valueDigits;
  symbols.collectDigits(key, keyDigits);
  symbols.collectDigits(match.value, valueDigits);
  for (const Digit &digit : keyDigits) {
    if (digit.var == match.keyVar || digit.var == expr->var)
      continue;
    if (llvm::none_of(valueDigits, [&](const Digit &other) {
          return other.var == digit.var;
        })) {
      rejectedProduct = expr;
      return false;
    }
  }
  match.key = key;
  match.query = body->args[first ? 1 : 0];
  match.dimVar = expr->var;
  match.product = expr;
  return true;
}

bool SoftmaxMatcher::findProduct(Expr *expr, SmallVectorImpl<Stage> &path) {
  Expr *found = symbols.stripCasts(expr);
  if (isProduct(found))
    return true;
  if (found->kind != Expr::Op)
    return false;
  for (auto [i, arg] : llvm::enumerate(found->args)) {
    if (!symbols.dependsOn(arg, match.keyVar))
      continue;
    path.push_back({found, static_cast<unsigned>(i)});
    if (findProduct(arg, path))
      return true;
    path.pop_back();
  }
  return false;
}

/// The op deepest below `expr` that pointwise operations lead to.
static Expr *findStop(Symbols &symbols, Expr *expr, unsigned var) {
  expr = symbols.stripCasts(expr);
  while (expr->kind == Expr::Op) {
    Expr *next = nullptr;
    for (Expr *arg : expr->args)
      if (symbols.dependsOn(arg, var)) {
        Expr *candidate = symbols.stripCasts(arg);
        if (!next || candidate->kind == Expr::Reduce)
          next = candidate;
      }
    if (!next)
      return expr;
    expr = next;
  }
  return expr;
}

LogicalResult SoftmaxMatcher::matchScore() {
  if (findProduct(match.score, match.path)) {
    if (symbols.getFloat(match.product->args[1]) != 0.0)
      return fail("the product of query and key is added to something in place",
                  match.product);
    return success();
  }
  if (rejectedProduct)
    return fail("key varies along a dimension that value does not have, as if "
                "each query or head had keys of its own",
                rejectedProduct);
  Expr *stop = findStop(symbols, match.score, match.keyVar);
  return fail("the scores come from " + nameOf(stop) +
                  ", not from a product of query and key",
              stop);
}

//===----------------------------------------------------------------------===//
// What deserves a remark
//===----------------------------------------------------------------------===//

void SoftmaxMatcher::inspect(
    Expr *expr, Skeleton &skeleton, bool belowExponential,
    llvm::DenseSet<std::pair<Value, unsigned>> &visited) {
  if (visited.size() > 256)
    return;
  if (expr->kind == Expr::Load &&
      !visited.insert({expr->value, belowExponential ? 1u : 0u}).second)
    return;
  expr = symbols.head(expr);
  if (expr->kind == Expr::Op) {
    bool base2;
    if (matchExponential(symbols, expr, base2)) {
      skeleton.exponential = true;
      belowExponential = true;
    }
    for (Expr *arg : expr->args)
      inspect(arg, skeleton, belowExponential, visited);
    return;
  }
  if (expr->kind == Expr::Reduce) {
    if (symbols.stripCasts(expr->args[0])->isOp("arith.mulf") &&
        expr->isReduce(ReduceKind::Add) && belowExponential) {
      skeleton.contraction = true;
      return;
    }
    skeleton.reduction = true;
    inspect(expr->args[0], skeleton, belowExponential, visited);
  }
}

bool SoftmaxMatcher::looksLikeSoftmax(Expr *expr) {
  Skeleton skeleton;
  llvm::DenseSet<std::pair<Value, unsigned>> visited;
  inspect(expr, skeleton, /*belowExponential=*/false, visited);
  return skeleton.exponential && skeleton.reduction && skeleton.contraction;
}

LogicalResult raise::matchSoftmax(Value result, Match &match,
                                  Blocker &blocker) {
  return SoftmaxMatcher(match, blocker).matchResult(result);
}
