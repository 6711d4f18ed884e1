//===- RaiseStructure.cpp - Causal edges, windows, lengths ---------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Comparisons of positions as linear inequalities.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

namespace {
/// An integer expression as a sum.
struct Linear {
  SmallVector<std::pair<Index, int64_t>, 2> positions;
  Bound rest;
};
} // namespace

static void addTerm(Symbols &symbols, Linear &sum, const Linear &other,
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
}

static std::optional<Linear> asLinear(Symbols &symbols, const Roles &roles,
                                      Expr *expr) {
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
    auto a = asLinear(symbols, roles, found->args[0]),
         b = asLinear(symbols, roles, found->args[1]);
    if (!a || !b)
      return std::nullopt;
    addTerm(symbols, result, *a, 1);
    addTerm(symbols, result, *b, adds ? 1 : -1);
    return result;
  }
  if (found->isOp("arith.muli"))
    for (unsigned i : {0, 1})
      if (std::optional<int64_t> factor = symbols.getInt(found->args[i])) {
        auto other = asLinear(symbols, roles, found->args[1 - i]);
        if (!other)
          return std::nullopt;
        addTerm(symbols, result, *other, *factor);
        return result;
      }
  // A scalar, or one number per batch entry.
  if (found->kind != Expr::Scalar && found->kind != Expr::Load)
    return std::nullopt;
  if (dependsOnRole(symbols, found, roles.row) ||
      dependsOnRole(symbols, found, roles.column) ||
      dependsOnRole(symbols, found, roles.head))
    return std::nullopt;
  result.rest.terms.push_back({found, 1});
  return result;
}

/// position < bound: a length. False if there already is another one.
static bool takeUpper(const Bound &bound, std::optional<Bound> &length) {
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
bool StructureFinder::take(const Visible &visible) {
  Expr *compare = symbols.head(visible.condition);
  auto op = dyn_cast_if_present<arith::CmpIOp>(
      compare->kind == Expr::Op ? compare->op : nullptr);
  if (!op)
    return false;
  auto a = asLinear(symbols, roles, compare->args[0]),
       b = asLinear(symbols, roles, compare->args[1]);
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
  addTerm(symbols, sum, *a, sign);
  addTerm(symbols, sum, *b, -sign);
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
void StructureFinder::finish() {
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
      (readsNothing(symbols, visible.condition) ? modifiers.regionMasks
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
