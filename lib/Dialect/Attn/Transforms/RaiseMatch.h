//===- RaiseMatch.h - What raising finds and makes --------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The steps of raising: find softmax between two contractions (RaiseSoftmax),
// give every loop variable its role (RaiseRoles), sort what happens to the
// scores into the modifiers of attn.sdpa (RaiseScore), build the op
// (RaiseBuild).
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_TRANSFORMS_RAISEMATCH_H
#define ATTN_LIB_DIALECT_ATTN_TRANSFORMS_RAISEMATCH_H

#include "RaiseSymbols.h"

#include "attn/Dialect/Attn/Transforms/Report.h"

namespace mlir::attn::raise {

/// What to do with masks that add a large negative number.
enum class FiniteMasks { Exclude, Bias, Reject };

/// Why something was left alone.
struct Blocker {
  std::string why;
  Operation *op = nullptr;
  explicit operator bool() const { return !why.empty(); }
};

/// One operation on the way from the product of query and key to the softmax;
/// `arg` is the argument that leads back to the product.
struct Stage {
  Expr *expr;
  unsigned arg;
};

/// A condition on the probabilities: they are zero where it is `excluded`.
struct ZeroedWhere {
  Expr *condition;
  bool excludedWhen;
};

/// Softmax attention, found but not yet understood in terms of attn.sdpa.
struct Match {
  Symbols symbols;
  /// The value to replace, and its views back to where it is computed: any of
  /// them can be replaced instead.
  SmallVector<ViewStep, 0> resultChain;
  /// The contraction with value.
  Operation *contraction = nullptr;
  unsigned keyVar = 0, dimVar = 0;
  /// Elements that the contractions multiply.
  Expr *query = nullptr, *key = nullptr, *value = nullptr;
  /// The product of query and key, the score made of it, and the stages
  /// between, the last one first.
  Expr *product = nullptr, *score = nullptr;
  SmallVector<Stage> path;
  /// exp2 instead of exp.
  bool base2 = false;
  /// Probabilities set to zero after the softmax, other than in empty rows.
  SmallVector<ZeroedWhere> zeroed;
  /// The extra logit of a row, or null.
  Expr *sink = nullptr;
  /// The sum of the exponentials and what was subtracted from the score (may
  /// be null).
  Expr *sum = nullptr, *shift = nullptr;
  /// An op that computes the exponentials: dead once the match is replaced.
  Operation *exponential = nullptr;
};

/// Matches attention that ends in `result`. On failure `blocker` says why, if
/// there is a softmax to speak of; otherwise it stays empty.
LogicalResult matchSoftmax(Value result, Match &match, Blocker &blocker);

/// True if `score` at variable `var` is the score of the match.
bool isScore(Match &match, Expr *score, unsigned var);

/// log(sum of exp(S - shift)) + shift, or log(sum of exp(S)).
struct LogSumExp {
  Expr *sum = nullptr, *shift = nullptr;
};

/// The log-sum-exp of the match's scores as such; none if `expr` is not that.
std::optional<LogSumExp> matchLogSumExp(Match &match, Expr *expr);

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// An operand: a chain of views, and the factor it was multiplied with.
struct OperandSource {
  SmallVector<ViewStep, 0> chain;
  double factor = 1.0;
  SmallVector<Value, 1> dynamicFactors;
  Type elementType;
};

/// What the loop variables are. Positions in row-major order of their digits.
struct Roles {
  Index batch, head, kvHead, row, column, dim, dimV;
  Size sizeOf(Symbols &symbols, const Index &index) const {
    return symbols.getProduct(index);
  }
  OperandSource query, key, value;
  bool bshd = false;
};

LogicalResult assignRoles(Match &match, Roles &roles, Blocker &blocker);

/// The digits of each position, cut into pieces that all positions share; none
/// if a position is not made of digits or digits overlap without nesting.
std::optional<SmallVector<SmallVector<Digit>>>
refineTogether(Symbols &symbols, ArrayRef<Index> positions);

/// A view of the source at one of `chain`'s steps, with these dimensions in
/// this order; null if it takes more than expanding, transposing, collapsing.
/// A dimension whose digits the source lacks altogether becomes 1 if
/// `mayBroadcast`. Nothing is built without a builder: then the result is the
/// value the view would start from.
Value buildView(OpBuilder *builder, Location loc, Symbols &symbols,
                ArrayRef<ViewStep> chain, ArrayRef<Index> dims,
                bool mayBroadcast);

/// `source`, whose dimensions are at `dims`, as a tensor of type `type` whose
/// dimensions are at `target`. Null if that takes more than a view.
Value rearrange(OpBuilder &builder, Location loc, Symbols &symbols,
                Value source, ArrayRef<Index> dims, ArrayRef<Index> target,
                RankedTensorType type);

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// A sum of scalar integers (per batch entry at most) and a constant: an offset
/// or a length.
struct Bound {
  SmallVector<std::pair<Expr *, int64_t>, 2> terms;
  int64_t constant = 0;
};

/// A boolean expression, and which of its values lets a key be seen. What is
/// `added` is a constant number of the mask instead: 0 lets a key be seen.
struct Visible {
  Expr *condition;
  bool when;
  bool added = false;
};

/// A position divided and rounded down: the number of its block of `div`.
struct Quotient {
  bool ofColumn;
  int64_t div;
  bool operator==(const Quotient &other) const {
    return ofColumn == other.ofColumn && div == other.div;
  }
};

/// A sum of quotients and a Bound.
struct Linear {
  SmallVector<std::pair<Quotient, int64_t>, 4> positions;
  Bound rest;

  int64_t getFactor(Quotient position) const;
  void add(Quotient position, int64_t factor);
  void add(Symbols &symbols, const Linear &other, int64_t factor);
};

/// sum <= 0, or sum == 0.
struct Comparison {
  Linear sum;
  bool equal = false;
};

/// The modifiers of attn.sdpa.
struct Modifiers {
  double scale = 1.0;
  SmallVector<Value, 1> dynamicScales;
  std::optional<double> softcap;
  int64_t windowLeft = -1, windowRight = -1;
  std::optional<Bound> causalOffset;
  bool bottomRight = false;
  /// Length of the blocks within which a row sees keys; 0: no blocks.
  int64_t blockLen = 0;
  /// Why blocks stay a mask, if there is something like them.
  std::string blockMiss;
  std::optional<Bound> kvLen, qLen;
  /// Added to the score: a Load.
  Expr *bias = nullptr;
  /// For the mask operand.
  SmallVector<Visible> masks;
  /// Stages for the score region, the first one first; then conditions on
  /// positions alone.
  SmallVector<Stage> region;
  SmallVector<Visible> regionMasks;
  /// A large negative number was taken for exclusion.
  bool finiteMask = false;
};

/// True if nothing is read from memory to compute `expr`.
bool readsNothing(Symbols &symbols, Expr *expr);

/// True if `expr` depends on a part of `role`.
bool dependsOnRole(Symbols &symbols, Expr *expr, const Index &role);

/// The condition of a float expression that is 1 where the condition has that
/// value, and 0 elsewhere.
std::optional<Visible> asTruth(Symbols &symbols, Expr *expr);

/// Splits a condition into conditions that must all hold.
void splitCondition(Symbols &symbols, Visible visible,
                    SmallVectorImpl<Visible> &parts);

/// Where a digit lies within a row or column: between two products of sizes.
struct Place {
  bool ofColumn;
  Size low, high;
};
std::optional<Place> locate(Symbols &symbols, const Roles &roles,
                            const Digit &digit);

/// An integer expression as a sum, if it is one of positions, scalars and at
/// most one number per batch entry.
std::optional<Linear> readLinear(Symbols &symbols, const Roles &roles,
                                 Expr *expr);

/// fptosi(floor(dividend / divisor)), how PyTorch divides integers; without
/// `down` it rounds towards zero. `type` is the type of the division.
struct RoundedQuotient {
  Expr *dividend;
  int64_t divisor;
  bool down;
  Type type;
};
std::optional<RoundedQuotient> matchRoundedQuotient(Symbols &symbols,
                                                    Expr *expr);

/// The comparisons that together are this condition; none if it is not made of
/// comparisons of sums.
std::optional<SmallVector<Comparison>>
readComparisons(Symbols &symbols, const Roles &roles, const Visible &visible);

/// The same of a condition on elements of constants, all of which are looked
/// at.
std::optional<SmallVector<Comparison>>
readConstants(Symbols &symbols, const Roles &roles, const Visible &visible);

/// The elements of a constant that is no splat, in row-major order; none if
/// `tensor` is none, or a large one.
std::optional<std::vector<double>> getElements(Value tensor);

/// Collects comparisons of positions. All conditions are looked at first, then
/// taken one by one.
class StructureFinder {
public:
  StructureFinder(Symbols &symbols, const Roles &roles, Modifiers &modifiers)
      : symbols(symbols), roles(roles), modifiers(modifiers) {}

  /// Learns which blocks a condition speaks of.
  void lookAt(const Visible &visible);
  /// Settles on blocks, if keys are seen within blocks only.
  void chooseBlocks();
  /// Takes a condition as causal edge, window, length or block; false if it is
  /// none, or does not go with what was taken before.
  bool take(const Visible &visible);
  /// Makes causal offset and window of the edges taken.
  void finish();

private:
  /// A condition that was read, and as what.
  struct Known {
    Visible visible;
    std::optional<SmallVector<Comparison>> comparisons;
  };

  const std::optional<SmallVector<Comparison>> &read(const Visible &visible);
  bool takeComparison(const Visible &visible, const Comparison &comparison);
  bool isImplied(Linear &sum, bool equal);
  void noteMiss(const Twine &why);

  Symbols &symbols;
  const Roles &roles;
  Modifiers &modifiers;
  std::deque<Known> memo;
  /// Lengths of blocks with: no key of an earlier block, none of a later one.
  SmallVector<int64_t> fromBlock, toBlock;
  /// j <= i, j >= i.
  bool noLaterKey = false, noEarlierKey = false;
  std::string miss;
  /// j <= i + right, j >= i + left.
  std::optional<Bound> right, left;
  /// The conditions that made `left`.
  SmallVector<Visible> leftMasks;
};

LogicalResult classifyScore(Match &match, const Roles &roles, FiniteMasks mode,
                            Modifiers &modifiers, Blocker &blocker);

/// True if `expr`, computed without any further loop, is the product of query
/// and key or depends on it.
bool containsProduct(Match &match, Expr *expr);

/// Emits scalar expressions as operations. Floats become the accumulator type;
/// conversions between float types vanish.
class Emitter {
public:
  Emitter(OpBuilder &builder, Location loc, Match &match, const Roles &roles,
          FloatType accumulator)
      : builder(builder), loc(loc), match(match), symbols(match.symbols),
        roles(roles), accumulator(accumulator) {}

  /// The absolute positions in scope: batch, head, row, column. A null one is
  /// not in scope.
  Value batch, head, row, column;
  /// The score that stages before the region made.
  Value score;
  /// Loads that are there already.
  SmallVector<std::pair<Expr *, Value>> known;

  /// Null if the expression cannot be emitted.
  Value emit(Expr *expr);
  /// The condition of `visible` as a boolean.
  Value emitCondition(const Visible &visible);
  /// `stage` applied to `inner`.
  Value emitStage(const Stage &stage, Value inner);
  /// An index value for a position.
  Value emitIndex(const Index &index);
  /// True if `expr` will be read from its tensor rather than computed.
  bool isRead(Expr *load);

private:
  Value emitOp(Expr *expr, ArrayRef<Value> args);
  Value emitDigit(const Digit &digit);

  OpBuilder &builder;
  Location loc;
  Match &match;
  Symbols &symbols;
  const Roles &roles;
  FloatType accumulator;
};

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// The outcome of building: what takes the place of what.
struct Replacement {
  SmallVector<std::pair<Value, Value>, 2> values;
  Operation *attention = nullptr;
};

/// Builds attn.sdpa before `end`, the op that makes the replaced value, and
/// after `start`; on failure, what is between them must go.
LogicalResult buildSdpa(Match &match, const Roles &roles,
                        const Modifiers &modifiers, Replacement &replacement,
                        ReportEntry &entry, Blocker &blocker, Operation *&start,
                        Operation *&end);

/// A value of the function that holds the log-sum-exp of the match's rows, its
/// position in terms of the match's variables; null if there is none.
Value findLse(Match &match, const Roles &roles, IndexList &position);

/// True if `value` uses nothing that is defined after `before`.
bool isVisibleAt(Value value, Operation *before);

} // namespace mlir::attn::raise

#endif // ATTN_LIB_DIALECT_ATTN_TRANSFORMS_RAISEMATCH_H
