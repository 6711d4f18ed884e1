//===- RaiseSymbols.h - Tensors as scalar expressions -----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What raising reasons with. An element of a tensor at a symbolic position is a
// scalar expression over elements of other tensors; positions are lists of
// digits of loop variables, so that collapsing, expanding, transposing,
// repeating and gathering only rename positions and disappear. Dimensions of
// attention are then told apart by identity, never by their place in a shape.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_TRANSFORMS_RAISESYMBOLS_H
#define ATTN_LIB_DIALECT_ATTN_TRANSFORMS_RAISESYMBOLS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinTypes.h"

#include <deque>
#include <optional>

namespace mlir::attn::raise {

/// A size: a constant times size symbols (dynamic dimensions), sorted.
struct Size {
  int64_t factor = 1;
  SmallVector<unsigned, 2> symbols;

  static Size constant(int64_t value) {
    Size size;
    size.factor = value;
    return size;
  }
  bool isConstant() const { return symbols.empty(); }
  bool isOne() const { return symbols.empty() && factor == 1; }
  bool operator==(const Size &other) const {
    return factor == other.factor && symbols == other.symbols;
  }
  bool operator!=(const Size &other) const { return !(*this == other); }
};

/// `(var / div) % size`: part of a loop variable in mixed radix.
struct Digit {
  unsigned var;
  Size div, size;
  bool operator==(const Digit &other) const {
    return var == other.var && div == other.div && size == other.size;
  }
};

struct Expr;

/// A position along one dimension: digits, the most significant first (none is
/// 0), or an expression that is not of that form.
struct Index {
  SmallVector<Digit, 0> digits;
  Expr *opaque = nullptr;

  bool isZero() const { return digits.empty() && !opaque; }
  bool operator==(const Index &other) const {
    return digits == other.digits && opaque == other.opaque;
  }
  bool operator!=(const Index &other) const { return !(*this == other); }
};

using IndexList = SmallVector<Index, 0>;

/// A tensor on the way from a value to what it is a view of, and the position
/// there.
struct ViewStep {
  Value tensor;
  IndexList idx;
};

enum class ReduceKind { Add, Max, And, Or };

/// A scalar expression.
struct Expr {
  enum Kind {
    Load,     // an element of a tensor
    Const,    // `attr`
    Scalar,   // the SSA value `value`
    Position, // a loop index
    Op,       // a scalar operation like `op` on `args`
    Reduce,   // over `var` of args[0], starting from args[1]
    Attend,   // an element of the result of tm_tensor.attention
    Unknown   // not understood
  };
  Kind kind;
  Type type;
  /// The tensor of a Load, the value of a Scalar.
  Value value;
  /// Position of a Load (or of an Attend's result); idx[0] of a Position.
  IndexList idx;
  /// How a Load came to be at `value`: the steps before it, itself last.
  SmallVector<ViewStep, 0> chain;
  Attribute attr;
  /// The operation an Op does: its name and attributes. For math on f32 it is
  /// one in the program; where the matcher invents one, `name` alone is set.
  Operation *op = nullptr;
  StringRef name;
  SmallVector<Expr *, 3> args;
  unsigned var = 0;
  ReduceKind reduce = ReduceKind::Add;
  /// The operation on tensors this came from, for diagnostics.
  Operation *origin = nullptr;
  /// Memo of Symbols::head for Loads.
  Expr *definition = nullptr;
  bool expanded = false;

  bool isOp(StringRef opName) const { return kind == Op && name == opName; }
  bool isReduce(ReduceKind which) const {
    return kind == Reduce && reduce == which;
  }
};

/// Makes and compares sizes, positions and expressions. One per candidate:
/// what it assumes about sizes holds for that candidate only.
class Symbols {
public:
  //===--- Sizes (RaiseSizes.cpp) ---------------------------------------===//
  /// The size of dimension `dim` of `tensor`.
  Size getDim(Value tensor, int64_t dim);
  /// An integer or index value as a size; a fresh symbol if nothing is known.
  Size getSize(Value integer);
  /// The value of a condition on sizes, if it can be told.
  std::optional<bool> evaluateCondition(Value condition);
  Size multiply(const Size &a, const Size &b);
  /// a / b if that is a size.
  std::optional<Size> divide(const Size &a, const Size &b);
  Size canonical(const Size &size);
  bool equal(const Size &a, const Size &b) {
    return canonical(a) == canonical(b);
  }
  /// Records that two sizes are equal; false if they are seen to differ.
  bool unify(const Size &a, const Size &b);
  /// As unify, for an equality the program does not guarantee.
  bool assume(const Size &a, const Size &b);
  /// While false, nothing new is assumed.
  bool mayAssume = true;
  /// Equalities that must be asserted at run time.
  ArrayRef<std::pair<Size, Size>> getAssumptions() const { return assumptions; }
  /// The sizes of the loops of a linalg op.
  SmallVector<Size> getLoopSizes(linalg::LinalgOp op);
  /// An index value for `size`.
  Value materialize(OpBuilder &builder, Location loc, const Size &size);
  /// As materialize, from the symbols as they were when `size` was made.
  Value materializeAsIs(OpBuilder &builder, Location loc, const Size &size);
  /// True if materialize before `op` uses nothing that comes later, and not
  /// the sizes of what `op` asks.
  bool isKnownBefore(const Size &size, Operation *op);
  /// A constant or a value for `size`.
  OpFoldResult materializeFolded(OpBuilder &builder, Location loc,
                                 const Size &size);
  int64_t getStatic(const Size &size) {
    Size found = canonical(size);
    return found.isConstant() ? found.factor : ShapedType::kDynamic;
  }

  //===--- Positions (RaiseSizes.cpp) -----------------------------------===//
  unsigned newVar(const Size &size);
  const Size &getVarSize(unsigned var) const { return varSizes[var]; }
  /// True if a variable has no values.
  bool hasEmptyVar() {
    return llvm::any_of(varSizes, [&](const Size &size) {
      return canonical(size).factor == 0;
    });
  }
  /// The whole of a variable.
  Index getIndex(unsigned var);
  Index canonical(Index index);
  Size getProduct(const Index &index);
  /// Writes a position in several dimensions of these sizes.
  std::optional<IndexList> split(const Index &index, ArrayRef<Size> sizes);
  /// The row-major position of `idx` in dimensions of these sizes.
  std::optional<Index> join(ArrayRef<Index> idx, ArrayRef<Size> sizes);

  //===--- Expressions (RaiseExprs.cpp) ---------------------------------===//
  /// The element of `tensor` at `idx`, as far back as views lead.
  Expr *load(Value tensor, IndexList idx);
  /// A Load as the expression that computes it, if there is one; everything
  /// else is itself.
  Expr *head(Expr *expr);
  /// head, below conversions between float types.
  Expr *stripCasts(Expr *expr);
  /// Structural equality. Conversions between float types do not count.
  bool equal(Expr *a, Expr *b);
  /// `expr` with variable `from` called `to`. Null if `from` is used in parts
  /// and the sizes differ.
  Expr *rename(Expr *expr, unsigned from, unsigned to);
  /// True if the value may depend on `var`.
  bool dependsOn(Expr *expr, unsigned var);
  /// Adds the digits of loads and positions of `expr`, seen from its own
  /// leaves without expanding them.
  void collectDigits(Expr *expr, SmallVectorImpl<Digit> &digits);
  Expr *makeOp(Operation *op, ArrayRef<Expr *> args, Type type,
               Operation *origin);
  Expr *makeNamed(StringRef name, ArrayRef<Expr *> args, Type type,
                  Operation *origin);
  Expr *makeConst(Attribute attr, Type type);
  Expr *makeReduce(ReduceKind kind, unsigned var, Expr *body, Expr *init,
                   Operation *origin);
  /// The value of a float constant, before any truncation to a narrow type.
  std::optional<double> getFloat(Expr *expr);
  /// The value of an integer or boolean constant.
  std::optional<int64_t> getInt(Expr *expr);

private:
  struct Symbol {
    Value value;
    int64_t dim;
    bool nonNegative;
    bool bound = false;
    Size binding;
  };
  Size newSymbol(Value value, int64_t dim, bool nonNegative);
  Size computeDim(Value tensor, int64_t dim);
  Size computeSize(Value integer);
  std::optional<Size> computeAffine(AffineExpr expr, ValueRange dims,
                                    unsigned numDims);
  bool isNonNegative(const Size &size);

  Expr *make(Expr expr);
  Expr *expand(Expr *expr);
  Expr *expandLinalg(linalg::LinalgOp op, unsigned result,
                     const IndexList &idx);
  Expr *expandSoftmax(linalg::SoftmaxOp op, const IndexList &idx);
  Expr *evaluate(Value value, linalg::LinalgOp op, ArrayRef<Index> loops);
  Index toIndex(Expr *expr, Value tensor, int64_t dim);
  /// One step back through a view; false if `tensor` is not one.
  bool stepBack(Value &tensor, IndexList &idx);
  Expr *fold(Expr *expr);

  SmallVector<Symbol> symbols;
  DenseMap<std::pair<Value, int64_t>, Size> dimMemo;
  DenseMap<Value, Size> sizeMemo;
  DenseMap<Operation *, SmallVector<Size>> loopMemo;
  SmallVector<std::pair<Size, Size>> assumptions;
  SmallVector<Size> varSizes;
  std::deque<Expr> exprs;
};

/// True for extf and truncf.
bool isFloatCast(const Expr *expr);

} // namespace mlir::attn::raise

#endif // ATTN_LIB_DIALECT_ATTN_TRANSFORMS_RAISESYMBOLS_H
