//===- RaiseScore.cpp - From stages on scores to modifiers ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The contract's order is scale, softcap, bias, score region, mask. Masks move
// outwards over what keeps an excluded key excluded; the other stages fill the
// modifiers from the product outwards, and what comes in another order goes to
// the score region from there on.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

namespace {
/// An integer expression as a sum.
struct Linear {
  SmallVector<std::pair<Index, int64_t>, 2> positions;
  Bound rest;
};

class ScoreClassifier {
public:
  ScoreClassifier(Match &match, const Roles &roles, FiniteMasks mode,
                  Modifiers &modifiers, Blocker &blocker)
      : match(match), symbols(match.symbols), roles(roles), mode(mode),
        modifiers(modifiers), blocker(blocker) {}
  LogicalResult run();

private:
  LogicalResult fail(const Twine &why, Expr *at) {
    blocker = {why.str(), at && at->origin ? at->origin : match.contraction};
    return failure();
  }
  // Masks.
  bool isExcluded(Expr *constant);
  bool splitAdditive(Expr *expr, SmallVectorImpl<Visible> &masks);
  std::optional<Visible> asTruth(Expr *expr);
  bool takeMask(Stage &stage, SmallVectorImpl<Visible> &masks, bool &whole);
  bool commutesWithMasks(const Stage &stage);
  void splitCondition(Visible visible, SmallVectorImpl<Visible> &parts);
  std::optional<Visible> foldTwoValued(Expr *compare, bool when,
                                       std::optional<bool> &constant);
  // Structure.
  std::optional<Linear> asLinear(Expr *expr);
  bool addTerm(Linear &sum, const Linear &other, int64_t factor);
  bool takeStructure(const Visible &visible);
  bool takeUpper(const Bound &bound, std::optional<Bound> &length);
  void finishWindow();
  bool isPositional(Expr *expr);
  bool dependsOnRole(Expr *expr, const Index &role);
  // The other stages.
  LogicalResult sortStages(ArrayRef<Stage> stages);
  bool takeBias(const Stage &stage);
  bool isComputedBias(Expr *expr, bool &readsPosition);

  Match &match;
  Symbols &symbols;
  const Roles &roles;
  FiniteMasks mode;
  Modifiers &modifiers;
  Blocker &blocker;
  /// The factor by which later stages multiply what is being looked at: -1e4
  /// times 1e-3 excludes nothing.
  double outerScale = 1.0;
  /// The stage being looked at, and the one in which a finite mask was met
  /// while the mode is to reject them.
  Expr *current = nullptr, *rejected = nullptr;
  /// j <= i + bound, j >= i + bound.
  std::optional<Bound> right, left;
  /// The conditions that made `left`.
  SmallVector<Visible> leftMasks;
};
} // namespace

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// True if `value` is computed from the result of `op`.
static bool isComputedFrom(Value value, Operation *op,
                           llvm::SmallPtrSetImpl<Operation *> &visited) {
  Operation *def = value.getDefiningOp();
  if (def == op)
    return true;
  if (!def || !visited.insert(def).second ||
      (def->getBlock() == op->getBlock() && def->isBeforeInBlock(op)))
    return false;
  return llvm::any_of(def->getOperands(), [&](Value operand) {
    return isComputedFrom(operand, op, visited);
  });
}

bool raise::containsProduct(Match &match, Expr *expr) {
  if (expr->kind == Expr::Load) {
    llvm::SmallPtrSet<Operation *, 16> visited;
    // The operation that contracts query and key; tm_tensor.attention, which
    // does more than that, has no operand that depends on it.
    return isComputedFrom(expr->value, match.product->origin, visited);
  }
  if (expr->kind == Expr::Reduce && expr->origin == match.product->origin)
    return true;
  return llvm::any_of(expr->args,
                      [&](Expr *arg) { return containsProduct(match, arg); });
}

/// A reduction within `expr` over something made of scores, or null.
static Expr *findRowReduction(Match &match, Expr *expr) {
  if (!containsProduct(match, expr))
    return nullptr;
  Expr *found = match.symbols.stripCasts(expr);
  if (found->kind == Expr::Reduce)
    return match.symbols.equal(found, match.product) ? nullptr : found;
  for (Expr *arg : found->args)
    if (Expr *reduction = findRowReduction(match, arg))
      return reduction;
  return nullptr;
}

/// -inf, or a number that is meant for it.
bool ScoreClassifier::isExcluded(Expr *expr) {
  std::optional<double> value = symbols.getFloat(expr);
  if (!value || !(*value * outerScale <= -1e4))
    return false;
  if (std::isinf(*value))
    return true;
  if (mode == FiniteMasks::Exclude)
    modifiers.finiteMask = true;
  if (mode == FiniteMasks::Reject)
    rejected = current;
  return mode == FiniteMasks::Exclude;
}

/// A float expression that is 1 where a condition has a value, and 0
/// elsewhere.
std::optional<Visible> ScoreClassifier::asTruth(Expr *expr) {
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
    if (std::optional<Visible> truth = asTruth(expr->args[1]))
      return Visible{truth->condition, !truth->when};
  return std::nullopt;
}

/// True if `expr` is 0 where `masks` (added to) let a key be seen, and excludes
/// it elsewhere.
bool ScoreClassifier::splitAdditive(Expr *expr,
                                    SmallVectorImpl<Visible> &masks) {
  expr = symbols.stripCasts(expr);
  if (symbols.getFloat(expr) == 0.0)
    return true;
  if (expr->isOp("arith.select")) {
    if (isExcluded(expr->args[1])) {
      masks.push_back({expr->args[0], false});
      return splitAdditive(expr->args[2], masks);
    }
    if (isExcluded(expr->args[2])) {
      masks.push_back({expr->args[0], true});
      return splitAdditive(expr->args[1], masks);
    }
    return false;
  }
  if (expr->isOp("arith.addf"))
    return splitAdditive(expr->args[0], masks) &&
           splitAdditive(expr->args[1], masks);
  if (expr->isOp("arith.mulf"))
    for (unsigned i : {0, 1}) {
      // A product with -inf would be NaN where it is meant to be 0.
      std::optional<double> factor = symbols.getFloat(expr->args[i]);
      if (!factor || std::isinf(*factor))
        continue;
      std::optional<Visible> truth = asTruth(expr->args[1 - i]);
      if (truth && isExcluded(expr->args[i])) {
        masks.push_back({truth->condition, !truth->when});
        return true;
      }
    }
  return false;
}

/// Takes what `stage` excludes; `whole` if nothing else is left of it.
bool ScoreClassifier::takeMask(Stage &stage, SmallVectorImpl<Visible> &masks,
                               bool &whole) {
  Expr *expr = stage.expr;
  whole = true;
  if (expr->isOp("arith.select") && stage.arg != 0) {
    if (!isExcluded(expr->args[3 - stage.arg]))
      return false;
    masks.push_back({expr->args[0], stage.arg == 1});
    return true;
  }
  if (!expr->isOp("arith.addf"))
    return false;
  Expr *added = expr->args[1 - stage.arg];
  SmallVector<Visible> found;
  if (splitAdditive(added, found)) {
    masks.append(found);
    return true;
  }
  // A mask and something else, added up before.
  Expr *sum = symbols.stripCasts(added);
  if (!sum->isOp("arith.addf"))
    return false;
  for (unsigned i : {0, 1}) {
    found.clear();
    if (!splitAdditive(sum->args[i], found))
      continue;
    masks.append(found);
    Expr *rest = sum->args[1 - i];
    Expr *inner = expr->args[stage.arg];
    stage = {symbols.makeNamed("arith.addf", {inner, rest}, expr->type,
                               expr->origin),
             0};
    whole = false;
    return true;
  }
  return false;
}

/// True if an excluded key stays excluded and the others are not touched by
/// excluding before instead of after.
bool ScoreClassifier::commutesWithMasks(const Stage &stage) {
  Expr *expr = stage.expr;
  if (expr->isOp("arith.addf"))
    return !containsProduct(match, expr->args[1 - stage.arg]);
  if (expr->isOp("arith.subf"))
    return stage.arg == 0 && !containsProduct(match, expr->args[1]);
  if (expr->isOp("arith.mulf") || expr->isOp("arith.divf")) {
    if (expr->isOp("arith.divf") && stage.arg != 0)
      return false;
    std::optional<double> factor = symbols.getFloat(expr->args[1 - stage.arg]);
    return factor && *factor > 0;
  }
  return false;
}

/// A comparison of something that takes one of two values.
std::optional<Visible>
ScoreClassifier::foldTwoValued(Expr *compare, bool when,
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
    std::optional<Visible> truth = asTruth(compare->args[0]);
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

/// Splits a condition into conditions that must all hold.
void ScoreClassifier::splitCondition(Visible visible,
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
        return splitCondition({expr->args[1 - i], !when}, parts);
  if (expr->isOp(when ? "arith.andi" : "arith.ori")) {
    splitCondition({expr->args[0], when}, parts);
    splitCondition({expr->args[1], when}, parts);
    return;
  }
  if (expr->isOp("arith.select")) {
    // c ? a : (not when)  holds iff c and a; (not when) : a iff not c and a.
    for (unsigned i : {1, 2})
      if (std::optional<int64_t> arm = symbols.getInt(expr->args[i]);
          arm && (*arm != 0) != when) {
        splitCondition({expr->args[0], i == 2}, parts);
        splitCondition({expr->args[3 - i], when}, parts);
        return;
      }
  }
  if (expr->isOp("arith.cmpf") || expr->isOp("arith.cmpi")) {
    std::optional<bool> constant;
    if (std::optional<Visible> folded = foldTwoValued(expr, when, constant))
      return splitCondition(*folded, parts);
    if (constant && *constant)
      return;
  }
  parts.push_back(visible);
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

bool ScoreClassifier::addTerm(Linear &sum, const Linear &other,
                              int64_t factor) {
  for (auto &[index, count] : other.positions) {
    const Index &wanted = index;
    auto *found = llvm::find_if(
        sum.positions, [&](auto &entry) { return entry.first == wanted; });
    if (found != sum.positions.end())
      found->second += factor * count;
    else
      sum.positions.push_back({index, factor * count});
  }
  for (auto &[term, count] : other.rest.terms) {
    Expr *wanted = term;
    auto *found = llvm::find_if(sum.rest.terms, [&](auto &entry) {
      return symbols.equal(entry.first, wanted);
    });
    if (found != sum.rest.terms.end())
      found->second += factor * count;
    else
      sum.rest.terms.push_back({term, factor * count});
  }
  sum.rest.constant += factor * other.rest.constant;
  return true;
}

std::optional<Linear> ScoreClassifier::asLinear(Expr *expr) {
  Linear result;
  Expr *found = symbols.head(expr);
  while (found->isOp("arith.index_cast") || found->isOp("arith.extsi") ||
         found->isOp("arith.trunci") ||
         (found->isOp("arith.extui") && !found->args[0]->type.isInteger(1)))
    found = symbols.head(found->args[0]);
  if (std::optional<int64_t> constant = symbols.getInt(found)) {
    result.rest.constant = *constant;
    return result;
  }
  if (found->kind == Expr::Position) {
    Index index = symbols.canonical(found->idx[0]);
    if (!index.isZero())
      result.positions.push_back({index, 1});
    return result;
  }
  bool adds = found->isOp("arith.addi"), subtracts = found->isOp("arith.subi");
  if (adds || subtracts) {
    auto a = asLinear(found->args[0]), b = asLinear(found->args[1]);
    if (!a || !b)
      return std::nullopt;
    addTerm(result, *a, 1);
    addTerm(result, *b, adds ? 1 : -1);
    return result;
  }
  if (found->isOp("arith.muli"))
    for (unsigned i : {0, 1})
      if (std::optional<int64_t> factor = symbols.getInt(found->args[i])) {
        auto other = asLinear(found->args[1 - i]);
        if (!other)
          return std::nullopt;
        addTerm(result, *other, *factor);
        return result;
      }
  // A scalar, or one number per batch entry.
  if (found->kind != Expr::Scalar && found->kind != Expr::Load)
    return std::nullopt;
  if (dependsOnRole(found, roles.row) || dependsOnRole(found, roles.column) ||
      dependsOnRole(found, roles.head))
    return std::nullopt;
  result.rest.terms.push_back({found, 1});
  return result;
}

bool ScoreClassifier::dependsOnRole(Expr *expr, const Index &role) {
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

/// position < bound: a length. False if there already is another one.
bool ScoreClassifier::takeUpper(const Bound &bound,
                                std::optional<Bound> &length) {
  if (length) {
    if (!length->terms.empty() || !bound.terms.empty())
      return false;
    length->constant = std::min(length->constant, bound.constant);
    return true;
  }
  length = bound;
  return true;
}

/// Takes a comparison of positions as causal edge, window or length.
bool ScoreClassifier::takeStructure(const Visible &visible) {
  Expr *compare = symbols.head(visible.condition);
  auto op = dyn_cast_if_present<arith::CmpIOp>(
      compare->kind == Expr::Op ? compare->op : nullptr);
  if (!op)
    return false;
  auto a = asLinear(compare->args[0]), b = asLinear(compare->args[1]);
  if (!a || !b)
    return false;
  arith::CmpIPredicate predicate = op.getPredicate();
  if (!visible.when)
    predicate = arith::invertPredicate(predicate);
  // sum <= 0.
  Linear sum;
  int64_t strict = 0, sign = 1;
  switch (predicate) {
  case arith::CmpIPredicate::slt:
  case arith::CmpIPredicate::ult:
    strict = 1;
    break;
  case arith::CmpIPredicate::sle:
  case arith::CmpIPredicate::ule:
    break;
  case arith::CmpIPredicate::sgt:
  case arith::CmpIPredicate::ugt:
    strict = 1;
    sign = -1;
    break;
  case arith::CmpIPredicate::sge:
  case arith::CmpIPredicate::uge:
    sign = -1;
    break;
  default:
    return false;
  }
  bool isUnsigned = predicate == arith::CmpIPredicate::ult ||
                    predicate == arith::CmpIPredicate::ule ||
                    predicate == arith::CmpIPredicate::ugt ||
                    predicate == arith::CmpIPredicate::uge;
  addTerm(sum, *a, sign);
  addTerm(sum, *b, -sign);
  sum.rest.constant += strict;
  llvm::erase_if(sum.positions, [](auto &entry) { return entry.second == 0; });
  llvm::erase_if(sum.rest.terms, [](auto &entry) { return entry.second == 0; });
  // Without a sign a difference wraps round: only a position and a number.
  auto isPlain = [](const Linear &side) {
    return side.rest.terms.empty() && side.rest.constant >= 0 &&
           side.positions.size() <= 1 &&
           (side.positions.empty() ||
            (side.positions[0].second == 1 && side.rest.constant == 0));
  };
  if (isUnsigned && (!isPlain(*a) || !isPlain(*b)))
    return false;
  int64_t row = 0, column = 0;
  Index rows = symbols.canonical(roles.row);
  Index columns = symbols.canonical(roles.column);
  for (auto &[index, count] : sum.positions) {
    if (index == columns && !columns.isZero())
      column = count;
    else if (index == rows && !rows.isZero())
      row = count;
    else
      return false;
  }
  Bound negated;
  negated.constant = -sum.rest.constant;
  for (auto &[term, count] : sum.rest.terms)
    negated.terms.push_back({term, -count});
  auto takeEdge = [&](std::optional<Bound> &edge, const Bound &bound,
                      bool smaller) {
    if (!edge) {
      edge = bound;
      return true;
    }
    if (!edge->terms.empty() || !bound.terms.empty())
      return false;
    edge->constant = smaller ? std::min(edge->constant, bound.constant)
                             : std::max(edge->constant, bound.constant);
    return true;
  };
  if (column == 1 && row == -1)
    return takeEdge(right, negated, /*smaller=*/true);
  if (column == -1 && row == 1) {
    if (!takeEdge(left, sum.rest, /*smaller=*/false))
      return false;
    leftMasks.push_back(visible);
    return true;
  }
  if (column == 1 && row == 0) {
    ++negated.constant;
    return takeUpper(negated, modifiers.kvLen);
  }
  if (row == 1 && column == 0) {
    ++negated.constant;
    return takeUpper(negated, modifiers.qLen);
  }
  return false;
}

static bool sameTerms(Symbols &symbols, const Bound &a, const Bound &b) {
  return a.terms.size() == b.terms.size() &&
         llvm::all_of(a.terms, [&](auto &term) {
           return llvm::any_of(b.terms, [&](auto &other) {
             return term.second == other.second &&
                    symbols.equal(term.first, other.first);
           });
         });
}

/// Makes causal offset and window of the two edges.
void ScoreClassifier::finishWindow() {
  auto setOffset = [&](const Bound &bound) {
    if (bound.terms.empty() && bound.constant == 0)
      return;
    // Is it seq_len_kv - seq_len_q?
    Size rows = symbols.getProduct(roles.row);
    Size columns = symbols.getProduct(roles.column);
    int64_t staticRows = symbols.getStatic(rows);
    int64_t staticColumns = symbols.getStatic(columns);
    bool known = !ShapedType::isDynamic(staticRows) &&
                 !ShapedType::isDynamic(staticColumns);
    bool corner = known && bound.terms.empty() &&
                  bound.constant == staticColumns - staticRows;
    if (bound.terms.size() == 2 && bound.constant == 0) {
      auto isSize = [&](unsigned i, int64_t sign, const Size &size) {
        Expr *term = bound.terms[i].first;
        return bound.terms[i].second == sign && term->kind == Expr::Scalar &&
               symbols.equal(symbols.getSize(term->value), size);
      };
      corner |= (isSize(0, 1, columns) && isSize(1, -1, rows)) ||
                (isSize(1, 1, columns) && isSize(0, -1, rows));
    }
    if (corner && !modifiers.kvLen && !modifiers.qLen)
      modifiers.bottomRight = true;
    else
      modifiers.causalOffset = bound;
  };
  if (right && left &&
      (!sameTerms(symbols, *right, *left) ||
       right->constant < left->constant)) {
    // The edges do not share a diagonal.
    for (const Visible &visible : leftMasks)
      (isPositional(visible.condition) ? modifiers.regionMasks
                                       : modifiers.masks)
          .push_back(visible);
    left.reset();
  }
  if (right && left) {
    // One diagonal for both; the left edge may be a constant away from it.
    if (right->terms.empty() && left->terms.empty() && right->constant > 0 &&
        left->constant <= 0) {
      modifiers.windowLeft = -left->constant;
      modifiers.windowRight = right->constant;
      return;
    }
    modifiers.windowRight = 0;
    modifiers.windowLeft = right->constant - left->constant;
    setOffset(*right);
    return;
  }
  if (right) {
    modifiers.windowRight = 0;
    setOffset(*right);
    return;
  }
  if (left) {
    Bound diagonal = *left;
    modifiers.windowLeft = 0;
    if (left->constant <= 0) {
      modifiers.windowLeft = -left->constant;
      diagonal.constant = 0;
    }
    setOffset(diagonal);
  }
}

/// True if nothing is read from memory to compute `expr`.
bool ScoreClassifier::isPositional(Expr *expr) {
  expr = symbols.head(expr);
  switch (expr->kind) {
  case Expr::Const:
  case Expr::Scalar:
  case Expr::Position:
    return true;
  case Expr::Op:
    return llvm::all_of(expr->args,
                        [&](Expr *arg) { return isPositional(arg); });
  default:
    return false;
  }
}

//===----------------------------------------------------------------------===//
// The other stages
//===----------------------------------------------------------------------===//

/// True if `expr` can be computed from positions, scalars and tensors smaller
/// than the scores.
bool ScoreClassifier::isComputedBias(Expr *expr, bool &readsPosition) {
  Expr *found = symbols.stripCasts(expr);
  switch (found->kind) {
  case Expr::Const:
  case Expr::Scalar:
    return true;
  case Expr::Position:
    readsPosition = true;
    return true;
  case Expr::Load:
    return !(dependsOnRole(found, roles.row) &&
             dependsOnRole(found, roles.column));
  case Expr::Op:
    return llvm::all_of(found->args, [&](Expr *arg) {
      return isComputedBias(arg, readsPosition);
    });
  default:
    return false;
  }
}

bool ScoreClassifier::takeBias(const Stage &stage) {
  Expr *expr = stage.expr;
  if (!expr->isOp("arith.addf") || modifiers.bias)
    return false;
  Expr *added = expr->args[1 - stage.arg];
  while (isFloatCast(added))
    added = added->args[0];
  if (added->kind != Expr::Load || symbols.getFloat(added))
    return false;
  // Cheaper to compute than to read.
  bool readsPosition = false;
  if (dependsOnRole(added, roles.row) && dependsOnRole(added, roles.column) &&
      isComputedBias(added, readsPosition) && readsPosition)
    return false;
  Index dims[] = {roles.batch, roles.head, roles.row, roles.column};
  if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(added->type) ||
      !buildView(nullptr, match.contraction->getLoc(), symbols, added->chain,
                 dims, /*mayBroadcast=*/true))
    return false;
  modifiers.bias = added;
  return true;
}

LogicalResult ScoreClassifier::sortStages(ArrayRef<Stage> stages) {
  enum { Scaled, Capped, Biased, Region } phase = Scaled;
  for (unsigned i = 0; i < stages.size(); ++i) {
    const Stage &stage = stages[i];
    Expr *expr = stage.expr;
    for (auto [number, arg] : llvm::enumerate(expr->args)) {
      if (number == stage.arg)
        continue;
      if (Expr *reduction = findRowReduction(match, arg))
        return fail("the scores are changed by a reduction over scores",
                    reduction);
    }
    bool multiplies = expr->isOp("arith.mulf");
    bool divides = expr->isOp("arith.divf") && stage.arg == 0;
    if (phase == Scaled && (multiplies || divides)) {
      Expr *factor = expr->args[1 - stage.arg];
      std::optional<double> number = symbols.getFloat(factor);
      if (number && std::isfinite(*number) && (*number != 0 || multiplies)) {
        modifiers.scale *= divides ? 1.0 / *number : *number;
        continue;
      }
      Expr *scalar = symbols.stripCasts(factor);
      if (scalar->kind == Expr::Scalar && multiplies &&
          isa<FloatType>(scalar->type)) {
        modifiers.dynamicScales.push_back(scalar->value);
        continue;
      }
    }
    if (phase == Scaled && expr->isOp("math.tanh")) {
      double cap = 1.0;
      bool scaled = false;
      if (i + 1 < stages.size()) {
        const Stage &next = stages[i + 1];
        bool up = next.expr->isOp("arith.mulf");
        bool down = next.expr->isOp("arith.divf") && next.arg == 0;
        if (up || down) {
          std::optional<double> number =
              symbols.getFloat(next.expr->args[1 - next.arg]);
          if (number && *number > 0 && std::isfinite(*number)) {
            cap = up ? *number : 1.0 / *number;
            scaled = true;
          }
        }
      }
      modifiers.softcap = cap;
      modifiers.scale *= cap;
      phase = Capped;
      i += scaled;
      continue;
    }
    if (phase <= Capped && takeBias(stage)) {
      phase = Biased;
      continue;
    }
    phase = Region;
    modifiers.region.push_back(stage);
  }
  return success();
}

LogicalResult ScoreClassifier::run() {
  modifiers.scale = roles.query.factor * roles.key.factor;
  modifiers.dynamicScales.append(roles.query.dynamicFactors);
  modifiers.dynamicScales.append(roles.key.dynamicFactors);

  // From the softmax inwards, as far as masks may move outwards.
  SmallVector<Stage> kept;
  SmallVector<Visible> masks;
  bool movable = true;
  outerScale = match.base2 ? M_LN2 : 1.0;
  for (Stage stage : match.path) {
    bool whole;
    current = stage.expr;
    if (movable && takeMask(stage, masks, whole)) {
      if (!whole)
        kept.push_back(stage);
      continue;
    }
    movable &= commutesWithMasks(stage);
    if (stage.expr->isOp("arith.mulf"))
      outerScale *=
          symbols.getFloat(stage.expr->args[1 - stage.arg]).value_or(1.0);
    else if (stage.expr->isOp("arith.divf") && stage.arg == 0)
      outerScale /= symbols.getFloat(stage.expr->args[1]).value_or(1.0);
    kept.push_back(stage);
  }
  if (rejected)
    return fail("a mask adds or selects a finite number (finite-masks=reject)",
                rejected);

  for (const ZeroedWhere &zeroed : match.zeroed)
    if (llvm::none_of(masks, [&](const Visible &mask) {
          return mask.when != zeroed.excludedWhen &&
                 symbols.equal(mask.condition, zeroed.condition);
        }))
      return fail("probabilities are set to zero after the softmax by a "
                  "condition that does not mask the scores",
                  symbols.head(zeroed.condition));

  for (const Visible &mask : masks) {
    if (containsProduct(match, mask.condition))
      return fail("the mask depends on the scores",
                  symbols.head(mask.condition));
    SmallVector<Visible> parts, rest;
    splitCondition(mask, parts);
    bool structured = false;
    for (const Visible &part : parts) {
      if (takeStructure(part))
        structured = true;
      else
        rest.push_back(part);
    }
    // A mask that is a tensor as it is stays one.
    if (!structured && mask.when && !rest.empty() &&
        mask.condition->kind == Expr::Load && !isPositional(mask.condition))
      rest.assign(1, mask);
    for (const Visible &part : rest)
      (isPositional(part.condition) ? modifiers.regionMasks : modifiers.masks)
          .push_back(part);
  }
  finishWindow();

  std::reverse(kept.begin(), kept.end());
  if (failed(sortStages(kept)))
    return failure();
  if (match.base2) {
    // 2^x = exp(x ln 2).
    if (!modifiers.softcap && !modifiers.bias && modifiers.region.empty()) {
      modifiers.scale *= M_LN2;
    } else {
      Type f64 = Float64Type::get(match.contraction->getContext());
      Expr *ln2 = symbols.makeConst(FloatAttr::get(f64, M_LN2), f64);
      modifiers.region.push_back(
          {symbols.makeNamed("arith.mulf", {match.score, ln2}, f64,
                             match.exponential),
           0});
    }
  }
  return success();
}

LogicalResult raise::classifyScore(Match &match, const Roles &roles,
                                   FiniteMasks mode, Modifiers &modifiers,
                                   Blocker &blocker) {
  return ScoreClassifier(match, roles, mode, modifiers, blocker).run();
}
