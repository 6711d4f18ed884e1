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
  bool isExcluded(double number);
  bool isConstantMask(Expr *expr);
  bool splitAdditive(Expr *expr, SmallVectorImpl<Visible> &masks);
  bool takeMask(Stage &stage, SmallVectorImpl<Visible> &masks, bool &whole);
  bool commutesWithMasks(const Stage &stage);
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
  // A body may read tensors that are no operands.
  return def
      ->walk([&](Operation *nested) {
        for (Value operand : nested->getOperands())
          if (isComputedFrom(operand, op, visited))
            return WalkResult::interrupt();
        return WalkResult::advance();
      })
      .wasInterrupted();
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
  return value && isExcluded(*value);
}

bool ScoreClassifier::isExcluded(double number) {
  if (!(number * outerScale <= -1e4))
    return false;
  if (std::isinf(number))
    return true;
  if (mode == FiniteMasks::Exclude)
    modifiers.finiteMask = true;
  if (mode == FiniteMasks::Reject)
    rejected = current;
  return mode == FiniteMasks::Exclude;
}

/// True if `expr` is an element of a constant that adds 0 or excludes, and does
/// so by rows and columns that can be compared. Other constants stay a bias.
bool ScoreClassifier::isConstantMask(Expr *expr) {
  if (expr->kind != Expr::Load ||
      !readConstants(symbols, roles, {expr, true, /*added=*/true}))
    return false;
  std::vector<double> numbers = *getElements(expr->value);
  double lowest = 0;
  for (double number : numbers) {
    if (number != 0 && !(number * outerScale <= -1e4))
      return false;
    // -inf excludes in every mode.
    if (number != 0 && !std::isinf(number))
      lowest = number;
  }
  return lowest == 0 || isExcluded(lowest);
}

/// True if `expr` is 0 where `masks` (added to) let a key be seen, and excludes
/// it elsewhere.
bool ScoreClassifier::splitAdditive(Expr *expr,
                                    SmallVectorImpl<Visible> &masks) {
  expr = symbols.stripCasts(expr);
  if (symbols.getFloat(expr) == 0.0)
    return true;
  if (isConstantMask(expr)) {
    masks.push_back({expr, true, /*added=*/true});
    return true;
  }
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
      std::optional<Visible> truth = asTruth(symbols, expr->args[1 - i]);
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
  auto leave = [&](Expr *rest) {
    Expr *inner = expr->args[stage.arg];
    stage = {symbols.makeNamed("arith.addf", {inner, rest}, expr->type,
                               expr->origin),
             0};
    whole = false;
    return true;
  };
  // A bias where a key is visible.
  if (sum->isOp("arith.select"))
    for (unsigned arm : {1, 2})
      if (isExcluded(sum->args[3 - arm])) {
        masks.push_back({sum->args[0], arm == 1});
        return leave(sum->args[arm]);
      }
  if (!sum->isOp("arith.addf"))
    return false;
  for (unsigned i : {0, 1}) {
    found.clear();
    if (!splitAdditive(sum->args[i], found))
      continue;
    masks.append(found);
    return leave(sum->args[1 - i]);
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
    return !(dependsOnRole(symbols, found, roles.row) &&
             dependsOnRole(symbols, found, roles.column));
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
  if (dependsOnRole(symbols, added, roles.row) &&
      dependsOnRole(symbols, added, roles.column) &&
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

  StructureFinder structure(symbols, roles, modifiers);
  SmallVector<SmallVector<Visible>> split;
  for (const Visible &mask : masks) {
    if (containsProduct(match, mask.condition))
      return fail("the mask depends on the scores",
                  symbols.head(mask.condition));
    splitCondition(symbols, mask, split.emplace_back());
    for (const Visible &part : split.back())
      structure.lookAt(part);
  }
  structure.chooseBlocks();
  for (auto [mask, parts] : llvm::zip_equal(masks, split)) {
    SmallVector<Visible> rest;
    bool structured = false;
    for (const Visible &part : parts) {
      if (structure.take(part))
        structured = true;
      else
        rest.push_back(part);
    }
    // A mask that is a tensor as it is stays one.
    if (!structured && mask.when && !rest.empty() &&
        mask.condition->kind == Expr::Load &&
        !readsNothing(symbols, mask.condition))
      rest.assign(1, mask);
    for (const Visible &part : rest)
      (readsNothing(symbols, part.condition) ? modifiers.regionMasks
                                             : modifiers.masks)
          .push_back(part);
  }
  structure.finish();

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
