//===- RaiseStructure.cpp - Causal edges, windows, lengths, blocks --------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Comparisons of positions as edges of what a row sees. Where all conditions
// together keep a row's keys in its own block, the others are looked at within
// a block: i / T and j / T are the same number there, and the places in the
// block lie between 0 and T - 1.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

static Quotient rowBlock(int64_t div) { return {/*ofColumn=*/false, div}; }
static Quotient columnBlock(int64_t div) { return {/*ofColumn=*/true, div}; }

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

namespace {
/// What a comparison says about blocks: with which lengths it shows a row no
/// key of an earlier block, and of a later one (0: nothing of that kind).
struct BlockEdges {
  int64_t from = 0, to = 0;
};
} // namespace

static BlockEdges getBlockEdges(const Comparison &comparison) {
  BlockEdges edges;
  const Linear &sum = comparison.sum;
  if (!sum.rest.terms.empty() || sum.positions.size() != 2)
    return edges;
  int64_t constant = sum.rest.constant;
  auto [first, second] = std::make_pair(sum.positions[0], sum.positions[1]);
  if (first.first.ofColumn)
    std::swap(first, second);
  auto [rows, rowFactor] = first;
  auto [columns, columnFactor] = second;
  if (rows.ofColumn || !columns.ofColumn)
    return edges;
  if (rows.div == columns.div && rowFactor == -columnFactor) {
    int64_t factor = std::abs(columnFactor);
    if (comparison.equal) {
      if (constant == 0)
        edges.from = edges.to = rows.div;
      return edges;
    }
    // k * (j / T - i / T) <= -constant. Blocks of one are a plain edge.
    if (rows.div > 1 && constant <= 0 && -constant < factor)
      (columnFactor > 0 ? edges.to : edges.from) = rows.div;
    return edges;
  }
  if (comparison.equal)
    return edges;
  // A position against the first or the last position of a block.
  auto bounds = [&](Quotient blocks, int64_t factor, Quotient position,
                    int64_t other, int64_t &atLeast, int64_t &atMost) {
    if (position.div != 1 || blocks.div < 2)
      return;
    if (factor == blocks.div && other == -1 && constant == 0)
      atLeast = blocks.div; // T * block <= position
    if (factor == -blocks.div && other == 1 && constant == 1 - blocks.div)
      atMost = blocks.div; // position <= T * block + T - 1
  };
  bounds(rows, rowFactor, columns, columnFactor, edges.from, edges.to);
  bounds(columns, columnFactor, rows, rowFactor, edges.to, edges.from);
  return edges;
}

/// j - i + bound <= 0, or i - j + bound <= 0 if `reversed`.
static bool isPlainEdge(const Comparison &comparison, bool reversed) {
  int64_t factor = reversed ? -1 : 1;
  return !comparison.equal && comparison.sum.positions.size() == 2 &&
         comparison.sum.getFactor(columnBlock(1)) == factor &&
         comparison.sum.getFactor(rowBlock(1)) == -factor;
}

/// The first reason is the one to tell.
void StructureFinder::noteMiss(const Twine &why) {
  if (miss.empty())
    miss = why.str();
}

const std::optional<SmallVector<Comparison>> &
StructureFinder::read(const Visible &visible) {
  for (Known &known : memo)
    if (known.visible.condition == visible.condition &&
        known.visible.when == visible.when)
      return known.comparisons;
  std::optional<SmallVector<Comparison>> found =
      readComparisons(symbols, roles, visible);
  if (!found)
    found = readConstants(symbols, roles, visible);
  memo.push_back({visible, std::move(found)});
  return memo.back().comparisons;
}

/// True if `expr` reads a constant that is no splat.
static bool readsTable(Symbols &symbols, Expr *expr) {
  Expr *found = symbols.head(expr);
  if (found->kind == Expr::Op)
    return llvm::any_of(found->args,
                        [&](Expr *arg) { return readsTable(symbols, arg); });
  Operation *def =
      found->kind == Expr::Load ? found->value.getDefiningOp() : nullptr;
  return def && def->hasTrait<OpTrait::ConstantLike>();
}

void StructureFinder::lookAt(const Visible &visible) {
  const std::optional<SmallVector<Comparison>> &comparisons = read(visible);
  if (!comparisons) {
    Expr *condition = symbols.head(visible.condition);
    auto compare = dyn_cast_if_present<arith::CmpIOp>(
        condition->kind == Expr::Op ? condition->op : nullptr);
    bool forEquality = compare && compare.getPredicate() ==
                                      (visible.when ? arith::CmpIPredicate::eq
                                                    : arith::CmpIPredicate::ne);
    if (!dependsOnRole(symbols, condition, roles.row) ||
        !dependsOnRole(symbols, condition, roles.column))
      return;
    if (forEquality && readsNothing(symbols, condition))
      noteMiss("positions are compared for equality, but not as numbers of "
               "blocks of one length that begin at position 0");
    else if (readsTable(symbols, condition))
      noteMiss("a constant is neither blocks of one length nor an edge");
    return;
  }
  for (const Comparison &comparison : *comparisons) {
    BlockEdges edges = getBlockEdges(comparison);
    if (edges.from)
      fromBlock.push_back(edges.from);
    if (edges.to)
      toBlock.push_back(edges.to);
    bool isConstant =
        comparison.sum.rest.terms.empty() && comparison.sum.rest.constant >= 0;
    noLaterKey |= isConstant && isPlainEdge(comparison, /*reversed=*/false);
    noEarlierKey |= isConstant && isPlainEdge(comparison, /*reversed=*/true);
    if (edges.from || edges.to)
      continue;
    // Something about blocks that says nothing of the kind?
    int64_t ofRows = 0, ofColumns = 0;
    for (auto &[position, factor] : comparison.sum.positions)
      if (position.div > 1)
        (position.ofColumn ? ofColumns : ofRows) = position.div;
    if (ofRows && ofColumns && ofRows != ofColumns)
      noteMiss("blocks of " + Twine(ofRows) + " queries and of " +
               Twine(ofColumns) + " keys are not the same");
    else if (ofRows && ofColumns)
      noteMiss("blocks of " + Twine(ofRows) +
               " queries see other keys than those of their own block");
  }
}

void StructureFinder::chooseBlocks() {
  // The shortest: longer ones that it divides add nothing.
  auto choose = [&](int64_t length) {
    if (length <= std::numeric_limits<int32_t>::max() &&
        (!modifiers.blockLen || length < modifiers.blockLen))
      modifiers.blockLen = length;
  };
  for (int64_t length : fromBlock)
    if (noLaterKey || llvm::is_contained(toBlock, length))
      choose(length);
  if (noEarlierKey)
    for (int64_t length : toBlock)
      choose(length);
}

/// Brings `sum` (<= 0, or == 0) to its form within a block; `implied` if it
/// holds for all places there.
bool StructureFinder::isImplied(Linear &sum, bool equal) {
  int64_t length = modifiers.blockLen;
  for (auto &[position, factor] : SmallVector<std::pair<Quotient, int64_t>>(
           sum.positions.begin(), sum.positions.end()))
    if (!position.ofColumn && position.div % length == 0) {
      sum.add(position, -factor);
      sum.add(columnBlock(position.div), factor);
    }
  if (!sum.rest.terms.empty())
    return false;
  // With j = T * block + x and i = T * block + y the sum is of x and y alone.
  int64_t ofColumn = sum.getFactor(columnBlock(1));
  int64_t ofRow = sum.getFactor(rowBlock(1));
  if (length == 1)
    ofColumn = ofRow = 0;
  Linear rest = sum;
  rest.add(columnBlock(1), -ofColumn);
  rest.add(rowBlock(1), -ofRow);
  rest.add(columnBlock(length), length * (ofColumn + ofRow));
  if (!rest.positions.empty())
    return false;
  auto least = std::min<int64_t>(ofColumn, 0) + std::min<int64_t>(ofRow, 0);
  auto most = std::max<int64_t>(ofColumn, 0) + std::max<int64_t>(ofRow, 0);
  int64_t low = sum.rest.constant + least * (length - 1);
  int64_t high = sum.rest.constant + most * (length - 1);
  return high <= 0 && (!equal || low == 0);
}

//===----------------------------------------------------------------------===//
// Edges and lengths
//===----------------------------------------------------------------------===//

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

bool StructureFinder::takeComparison(const Visible &visible,
                                     const Comparison &comparison) {
  Linear sum = comparison.sum;
  bool inBlocks = modifiers.blockLen > 0;
  if (inBlocks ? isImplied(sum, comparison.equal)
               : sum.positions.empty() && sum.rest.terms.empty() &&
                     (comparison.equal ? sum.rest.constant == 0
                                       : sum.rest.constant <= 0))
    return true;
  if (comparison.equal)
    return false;
  int64_t column = sum.getFactor(columnBlock(1));
  int64_t row = sum.getFactor(rowBlock(1));
  if (sum.positions.size() != size_t(column != 0) + size_t(row != 0))
    return false;
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
  if (column == 1 && row == -1) {
    if (inBlocks && (!negated.terms.empty() || negated.constant != 0))
      return false;
    return takeEdge(right, negated, /*smaller=*/true);
  }
  if (column == -1 && row == 1) {
    if (inBlocks || !takeEdge(left, sum.rest, /*smaller=*/false))
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

bool StructureFinder::take(const Visible &visible) {
  const std::optional<SmallVector<Comparison>> &comparisons = read(visible);
  if (!comparisons)
    return false;
  // All of it or nothing.
  std::optional<Bound> kvLen = modifiers.kvLen, qLen = modifiers.qLen;
  std::optional<Bound> oldRight = right, oldLeft = left;
  size_t count = leftMasks.size();
  for (const Comparison &comparison : *comparisons) {
    if (takeComparison(visible, comparison))
      continue;
    modifiers.kvLen = kvLen;
    modifiers.qLen = qLen;
    right = oldRight;
    left = oldLeft;
    leftMasks.truncate(count);
    if (!modifiers.blockLen) {
      BlockEdges edges = getBlockEdges(comparison);
      if (edges.to)
        noteMiss("blocks of " + Twine(edges.to) +
                 " queries see earlier blocks, too");
      else if (edges.from)
        noteMiss("blocks of " + Twine(edges.from) +
                 " queries see later blocks, too");
    }
    return false;
  }
  return true;
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
  if (modifiers.blockLen > 0) {
    // Within blocks there is no edge but j <= i.
    if (right)
      modifiers.windowRight = 0;
    return;
  }
  modifiers.blockMiss = miss;
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
