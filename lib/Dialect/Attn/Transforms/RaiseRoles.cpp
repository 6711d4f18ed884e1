//===- RaiseRoles.cpp - Which loop variable is what -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A piece of a variable that query, key and value share is a batch entry or a
// key head; one that only query has is a row or a query head of a group; one
// that only value has is its width. Which of the candidates is the head is
// read off the four-dimensional tensors on the way, if there are any.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

using Sources = SmallVector<OperandSource, 0>;

/// What an operand of a contraction could be read from, the nearest first:
/// behind constant factors (if `mayScale`) and widening conversions.
static Sources getSources(Symbols &symbols, Expr *expr, bool mayScale) {
  Sources sources;
  OperandSource current;
  Type narrowed;
  for (;;) {
    if (expr->kind == Expr::Load) {
      if (!narrowed || narrowed == expr->type) {
        narrowed = Type();
        current.chain = expr->chain;
        current.elementType = expr->type;
        sources.push_back(current);
      }
      Expr *definition = symbols.head(expr);
      if (definition == expr)
        return sources;
      expr = definition;
      continue;
    }
    if (expr->isOp("arith.extf")) {
      expr = expr->args[0];
      continue;
    }
    if (expr->isOp("arith.truncf")) {
      // Only on the way to a tensor that was as narrow before.
      if (!narrowed)
        narrowed = expr->type;
      expr = expr->args[0];
      continue;
    }
    if (!mayScale)
      return sources;
    if (expr->isOp("arith.negf")) {
      current.factor = -current.factor;
      expr = expr->args[0];
      continue;
    }
    if (!expr->isOp("arith.mulf") && !expr->isOp("arith.divf"))
      return sources;
    bool divides = expr->isOp("arith.divf");
    bool found = false;
    for (unsigned i : {1, 0}) {
      if (divides && i == 0)
        break;
      if (std::optional<double> number = symbols.getFloat(expr->args[i])) {
        if (divides && *number == 0.0)
          return sources;
        current.factor =
            divides ? current.factor / *number : current.factor * *number;
      } else if (Expr *scalar = symbols.stripCasts(expr->args[i]);
                 scalar->kind == Expr::Scalar && !divides) {
        current.dynamicFactors.push_back(scalar->value);
      } else {
        continue;
      }
      expr = expr->args[1 - i];
      found = true;
      break;
    }
    if (!found)
      return sources;
  }
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

namespace {
/// The part of an operand's chain that is still in question: everything up to
/// `step`.
struct Operand {
  OperandSource source;
  unsigned step = 0;
  const IndexList &idx() const { return source.chain[step].idx; }
  /// Moves to a tensor nearer to the contraction, before some repetition was
  /// looked through.
  bool moveNearer() {
    if (step == 0)
      return false;
    --step;
    return true;
  }
};

enum class Role { Shared, Row, Width, Column, Dim };

class RoleAssigner {
public:
  RoleAssigner(Match &match, Roles &roles, Blocker &blocker)
      : match(match), symbols(match.symbols), roles(roles), blocker(blocker) {}
  LogicalResult run();

private:
  LogicalResult fail(const Twine &why) {
    blocker = {why.str(), match.contraction};
    return failure();
  }
  bool chooseTypes();
  /// Gives each piece its role; false if an operand had to be moved (try
  /// again) or nothing helps (blocker is set).
  bool classify();
  bool has(const Operand &operand, const Digit &piece);
  SmallVector<Expr *> getScores();
  bool chooseFrame();
  bool tryFrame(ArrayRef<Index> frame, Role last, bool swapped);
  void guessFrame();
  Index toIndex(ArrayRef<Digit> pieces) {
    Index index;
    index.digits.assign(pieces.begin(), pieces.end());
    return symbols.canonical(index);
  }
  std::optional<SmallVector<SmallVector<Digit>>>
  refine(ArrayRef<Index> positions);
  Role roleOf(const Digit &piece) {
    for (auto &[known, role] : pieceRoles)
      if (known == piece)
        return role;
    llvm_unreachable("every piece was classified");
  }

  Match &match;
  Symbols &symbols;
  Roles &roles;
  Blocker &blocker;
  Operand query, key, value;
  /// All pieces in the order of the result, then the key, then the rest.
  SmallVector<std::pair<Digit, Role>> pieceRoles;
  /// Heads are repeated in turns (h % num_kv_heads).
  bool tiledHeads = false;
  /// Reorder query heads so that those of a group are neighbours.
  bool permuteHeads = false;
};
} // namespace

/// The deepest sources that share an element type.
bool RoleAssigner::chooseTypes() {
  Sources querySources = getSources(symbols, match.query, /*mayScale=*/true);
  Sources keySources = getSources(symbols, match.key, /*mayScale=*/true);
  Sources valueSources = getSources(symbols, match.value, /*mayScale=*/false);
  for (const OperandSource &q : llvm::reverse(querySources))
    for (const OperandSource &k : llvm::reverse(keySources))
      for (const OperandSource &v : llvm::reverse(valueSources)) {
        if (q.elementType != k.elementType || q.elementType != v.elementType ||
            !isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(
                q.elementType))
          continue;
        query.source = q;
        key.source = k;
        value.source = v;
        for (Operand *operand : {&query, &key, &value}) {
          operand->step = operand->source.chain.size() - 1;
          // A part of a tensor is not a tensor.
          while (
              operand->step > 0 &&
              !llvm::all_of(llvm::enumerate(operand->idx()), [&](auto entry) {
                return !entry.value().opaque &&
                       symbols.equal(
                           symbols.getProduct(entry.value()),
                           symbols.getDim(
                               operand->source.chain[operand->step].tensor,
                               entry.index()));
              }))
            --operand->step;
        }
        return true;
      }
  return false;
}

std::optional<SmallVector<SmallVector<Digit>>>
RoleAssigner::refine(ArrayRef<Index> positions) {
  SmallVector<Index> all(positions.begin(), positions.end());
  for (ArrayRef<Index> list :
       {ArrayRef<Index>(match.resultChain.front().idx),
        ArrayRef<Index>(query.idx()), ArrayRef<Index>(key.idx()),
        ArrayRef<Index>(value.idx())})
    all.append(list.begin(), list.end());
  all.push_back(symbols.getIndex(match.keyVar));
  all.push_back(symbols.getIndex(match.dimVar));
  auto refined = refineTogether(symbols, all);
  if (refined)
    refined->resize(positions.size());
  return refined;
}

bool RoleAssigner::has(const Operand &operand, const Digit &piece) {
  auto refined = refine(operand.idx());
  return refined && llvm::any_of(*refined, [&](ArrayRef<Digit> dim) {
           return llvm::is_contained(dim, piece);
         });
}

bool RoleAssigner::classify() {
  pieceRoles.clear();
  auto refined = refine(match.resultChain.front().idx);
  auto special =
      refine({symbols.getIndex(match.keyVar), symbols.getIndex(match.dimVar)});
  for (const Operand *operand : {&query, &key, &value})
    if (llvm::any_of(operand->idx(),
                     [](const Index &index) { return index.opaque; })) {
      (void)fail(operand == &query ? "query is read at computed positions"
                 : operand == &key ? "key is read at computed positions"
                                   : "value is read at computed positions");
      return false;
    }
  if (!refined || !special) {
    (void)fail("the dimensions of query, key and value are cut in ways that "
               "do not nest");
    return false;
  }
  auto retry = [&](Operand &operand, const char *why) {
    if (!operand.moveNearer())
      (void)fail(why);
    return false;
  };
  for (ArrayRef<Digit> dim : *refined) {
    for (const Digit &piece : dim) {
      bool q = has(query, piece), k = has(key, piece), v = has(value, piece);
      if (q && k && v)
        pieceRoles.emplace_back(piece, Role::Shared);
      else if (q && !k && !v)
        pieceRoles.emplace_back(piece, Role::Row);
      else if (!q && !k && v)
        pieceRoles.emplace_back(piece, Role::Width);
      else if (q && v)
        return retry(key, "value has heads or batch entries that key lacks");
      else if (q && k)
        return retry(value, "key has heads or batch entries that value lacks");
      else if (k)
        return retry(query, "key and value have heads or batch entries that "
                            "query lacks");
      else {
        (void)fail("a dimension of the result is in neither query nor value");
        return false;
      }
    }
  }
  for (const Digit &piece : (*special)[0]) {
    if (has(query, piece)) {
      (void)fail("query depends on the dimension the softmax runs over");
      return false;
    }
    if (!has(key, piece))
      return retry(key, "key lacks the dimension the softmax runs over");
    if (!has(value, piece))
      return retry(value, "value lacks the dimension the softmax runs over");
    pieceRoles.emplace_back(piece, Role::Column);
  }
  for (const Digit &piece : (*special)[1]) {
    if (!has(query, piece))
      return retry(query, "query lacks the contracted dimension");
    if (!has(key, piece))
      return retry(key, "key lacks the contracted dimension");
    if (has(value, piece)) {
      (void)fail("value depends on the dimension that query and key contract");
      return false;
    }
    pieceRoles.emplace_back(piece, Role::Dim);
  }
  return true;
}

/// Takes the meaning of four dimensions from their places: batch, heads, rows
/// (heads and rows the other way round if `swapped`), and `last`.
bool RoleAssigner::tryFrame(ArrayRef<Index> frame, Role last, bool swapped) {
  if (frame.size() != 4)
    return false;
  auto refined = refine(frame);
  if (!refined)
    return false;
  unsigned total = 0;
  for (ArrayRef<Digit> dim : *refined) {
    total += dim.size();
    for (const Digit &piece : dim)
      if (llvm::none_of(pieceRoles,
                        [&](auto &entry) { return entry.first == piece; }))
        return false;
  }
  unsigned expected = llvm::count_if(pieceRoles, [&](auto &entry) {
    return entry.second == Role::Shared || entry.second == Role::Row ||
           entry.second == last;
  });
  if (total != expected)
    return false;
  ArrayRef<Digit> batch = (*refined)[0];
  ArrayRef<Digit> heads = (*refined)[swapped ? 2 : 1];
  ArrayRef<Digit> rows = (*refined)[swapped ? 1 : 2];
  auto allAre = [&](ArrayRef<Digit> dim, Role role) {
    return llvm::all_of(
        dim, [&](const Digit &piece) { return roleOf(piece) == role; });
  };
  if (!allAre(batch, Role::Shared) || !allAre(rows, Role::Row) ||
      !allAre((*refined)[3], last))
    return false;
  SmallVector<Digit> kvHead, group;
  bool interleaved = false;
  for (const Digit &piece : heads) {
    Role role = roleOf(piece);
    if (role == Role::Row) {
      group.push_back(piece);
    } else if (role == Role::Shared) {
      interleaved |= !group.empty();
      kvHead.push_back(piece);
    } else {
      return false;
    }
  }
  if (interleaved && !permuteHeads) {
    tiledHeads = true;
    return false;
  }
  SmallVector<Digit> ordered(kvHead);
  ordered.append(group);
  roles.batch = toIndex(batch);
  roles.head = toIndex(ordered);
  roles.kvHead = toIndex(kvHead);
  roles.row = toIndex(rows);
  return true;
}

void RoleAssigner::guessFrame() {
  SmallVector<Digit> shared, rows;
  auto take = [&](const Digit &piece) {
    for (auto &[known, role] : pieceRoles) {
      if (!(known == piece))
        continue;
      SmallVector<Digit> *list = role == Role::Shared ? &shared
                                 : role == Role::Row  ? &rows
                                                      : nullptr;
      if (list && !llvm::is_contained(*list, piece))
        list->push_back(piece);
    }
  };
  // In the order of the scores, where groups come before rows; then whatever
  // else there is.
  const ViewStep *widest = nullptr;
  for (Expr *score : getScores())
    for (const ViewStep &step : score->chain)
      if (!widest || step.idx.size() > widest->idx.size())
        widest = &step;
  if (widest)
    if (auto refined = refine(widest->idx))
      for (ArrayRef<Digit> dim : *refined)
        for (const Digit &piece : dim)
          take(piece);
  for (auto &[piece, role] : pieceRoles)
    take(piece);
  SmallVector<Digit> group;
  if (!rows.empty())
    group.assign(rows.begin(), rows.end() - 1);
  SmallVector<Digit> kvHead;
  // With three dimensions there are no heads; what was collapsed with the
  // group is a head in any case.
  bool merged = !group.empty() && !shared.empty() &&
                group.front().var == shared.back().var;
  if (merged || shared.size() > 1)
    kvHead.push_back(shared.pop_back_val());
  SmallVector<Digit> heads(kvHead);
  heads.append(group.begin(), group.end());
  roles.batch = toIndex(shared);
  roles.kvHead = toIndex(kvHead);
  roles.head = toIndex(heads);
  roles.row = rows.empty() ? Index() : toIndex(rows.back());
}

/// The scores at all stages.
SmallVector<Expr *> RoleAssigner::getScores() {
  SmallVector<Expr *> scores{match.score, match.product};
  for (const Stage &stage : match.path)
    scores.push_back(stage.expr->args[stage.arg]);
  return scores;
}

bool RoleAssigner::chooseFrame() {
  tiledHeads = false;
  for (Expr *score : getScores())
    for (const ViewStep &step : score->chain)
      if (tryFrame(step.idx, Role::Column, /*swapped=*/false))
        return true;
  for (const ViewStep &step : query.source.chain)
    if (tryFrame(step.idx, Role::Dim, /*swapped=*/false))
      return true;
  for (bool swapped : {false, true})
    for (const ViewStep &step : match.resultChain)
      if (tryFrame(step.idx, Role::Width, swapped))
        return true;
  if (tiledHeads)
    return false;
  guessFrame();
  return true;
}

/// How deep in the chain the tensor with exactly these dimensions is; -1 if
/// there is none.
static int64_t findExact(Symbols &symbols, ArrayRef<ViewStep> chain,
                         ArrayRef<Index> dims) {
  for (int64_t i = chain.size() - 1; i >= 0; --i)
    if (buildView(nullptr, chain[i].tensor.getLoc(), symbols, chain[i], dims,
                  /*mayBroadcast=*/false) &&
        chain[i].idx.size() == 4 &&
        llvm::all_of(llvm::zip_equal(chain[i].idx, dims), [&](auto pair) {
          return symbols.canonical(std::get<0>(pair)) ==
                 symbols.canonical(std::get<1>(pair));
        }))
      return i;
  return -1;
}

LogicalResult RoleAssigner::run() {
  if (symbols.hasEmptyVar())
    return fail("a dimension has size 0: there is nothing to compute");
  if (!chooseTypes())
    return fail("query, key and value have no common element type among f16, "
                "bf16, f32, f64, or are no tensors");
  for (;;) {
    while (!classify())
      if (blocker)
        return failure();
    if (chooseFrame())
      break;
    // Heads repeated in turns: use the repeated tensors if they are there.
    if (!key.moveNearer() || !value.moveNearer())
      permuteHeads = true;
  }
  roles.column = symbols.getIndex(match.keyVar);
  roles.dim = symbols.getIndex(match.dimVar);
  SmallVector<Digit> width;
  for (auto &[piece, role] : pieceRoles)
    if (role == Role::Width)
      width.push_back(piece);
  roles.dimV = toIndex(width);
  // The chains up to what was agreed on; nearer tensors come first in them.
  for (Operand *operand : {&query, &key, &value})
    operand->source.chain.truncate(operand->step + 1);
  roles.query = query.source;
  roles.key = key.source;
  roles.value = value.source;

  if (ShapedType::isDynamic(symbols.getStatic(symbols.getProduct(roles.dim))) ||
      ShapedType::isDynamic(symbols.getStatic(symbols.getProduct(roles.dimV))))
    return fail("head_dim or head_dim_v is dynamic");

  Index queryDims[] = {roles.batch, roles.head, roles.row, roles.dim};
  Index keyDims[] = {roles.batch, roles.kvHead, roles.column, roles.dim};
  Index valueDims[] = {roles.batch, roles.kvHead, roles.column, roles.dimV};
  // The layout whose tensors are nearer to where they are computed.
  bool swapped = true;
  for (auto [dims, source] :
       {std::make_pair(ArrayRef<Index>(queryDims), &roles.query),
        std::make_pair(ArrayRef<Index>(keyDims), &roles.key),
        std::make_pair(ArrayRef<Index>(valueDims), &roles.value)}) {
    Location loc = match.contraction->getLoc();
    if (!buildView(nullptr, loc, symbols, source->chain, dims, false))
      return fail("query, key or value is no view [batch, heads, seq, dim] of "
                  "a tensor");
    Index other[] = {dims[0], dims[2], dims[1], dims[3]};
    int64_t bshd = findExact(symbols, source->chain, other);
    int64_t bhsd = findExact(symbols, source->chain, dims);
    swapped &= bshd > bhsd;
  }
  roles.bshd = swapped;
  return success();
}

LogicalResult raise::assignRoles(Match &match, Roles &roles, Blocker &blocker) {
  return RoleAssigner(match, roles, blocker).run();
}
