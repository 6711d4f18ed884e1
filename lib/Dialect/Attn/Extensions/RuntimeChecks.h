//===- RuntimeChecks.h - Writing checks of sizes and lengths ----*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the models of RuntimeVerifiableOpInterface share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_EXTENSIONS_RUNTIMECHECKS_H
#define ATTN_LIB_DIALECT_ATTN_EXTENSIONS_RUNTIMECHECKS_H

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

namespace mlir::attn::checks {

inline constexpr StringRef kRowDims[] = {"batch", "num_heads", "seq_len_q"};

/// A size that may be known: `factor` times dimension `axis` of `shaped`, or
/// `fixed`.
struct Size {
  StringRef owner;
  Value shaped;
  int64_t axis = 0;
  int64_t fixed = ShapedType::kDynamic;
  int64_t factor = 1;

  Size(StringRef owner, Value shaped, int64_t axis)
      : owner(owner), shaped(shaped), axis(axis),
        fixed(cast<ShapedType>(shaped.getType()).getDimSize(axis)) {}
  Size(StringRef owner, int64_t fixed) : owner(owner), fixed(fixed) {}

  bool isStatic() const { return !ShapedType::isDynamic(fixed); }
  /// True if the types, or being one and the same, relate the two already.
  bool isDecidedWith(const Size &other) const {
    if (isStatic() || other.isStatic())
      return isStatic() && other.isStatic();
    return shaped == other.shaped && axis == other.axis &&
           factor == other.factor;
  }
  /// "seq_len_kv 64" where the size is known, else "key's seq_len_kv".
  std::string describe(StringRef dim) const {
    if (isStatic())
      return (dim + " " + Twine(fixed)).str();
    return (owner + "'s " + dim).str();
  }
};

/// The sizes of an op that scores keys.
struct OpSizes {
  Size batch, numHeads, numKvHeads, seqLenQ, seqLenKv;

  explicit OpSizes(AttentionInterface op)
      : batch("query", op.getQuery(), 0),
        numHeads("query", op.getQuery(), op.getHeadAxis()),
        numKvHeads("key", op.getKey(), op.getHeadAxis()),
        seqLenQ("query", op.getQuery(), op.getSeqAxis()),
        seqLenKv("key", op.getKey(), op.getSeqAxis()) {
    if (!op.isPaged())
      return;
    seqLenKv = Size("page_table", op.getPageTable(), 1);
    seqLenKv.factor = getPageSize(op);
    if (seqLenKv.isStatic())
      seqLenKv.fixed *= seqLenKv.factor;
  }
};

using MessageFn = function_ref<std::string(Operation *, StringRef)>;

/// Writes the checks of one op.
class Checks {
public:
  Checks(Operation *op, OpBuilder &builder, Location loc, MessageFn message)
      : op(op), builder(builder), math{builder, loc}, loc(loc),
        message(message) {}

  void attention(AttentionInterface attention);
  void shape(StringRef name, Value value, ArrayRef<Size> sizes,
             ArrayRef<StringRef> dims, int64_t firstAxis = 0);
  void equal(const Size &a, const Size &b, const Twine &expectation);
  void otherKeys(StringRef name, Value keys, const OpSizes &sizes);
  void anchors(StarOp star, const OpSizes &sizes);
  void prefix(BlockLocalOp local, const OpSizes &sizes);
  void multipleOfKvHeads(const OpSizes &sizes);
  void keyT(Value keyT, const Size &batch, const Size &numKvHeads,
            const Size &seqLenKv);
  void perBatch(StringRef name, Value lengths, const Size &batch);
  void perBatchRange(StringRef name, Value positions, Value most,
                     StringRef expectation);
  void rowsOf(GatherKvOp gather);
  Value value(const Size &size);

private:
  void require(Value condition, const Twine &expectation);
  void compare(arith::CmpIPredicate predicate, Value a, Value b,
               const Twine &expectation);
  Value load(Value shaped, ValueRange indices);
  void broadcast(StringRef name, Value value, ArrayRef<Size> sizes,
                 ArrayRef<StringRef> dims);
  void forEach(Value count, function_ref<void(Value)> body);
  void length(StringRef name, Value lengths, const Size *bound,
              StringRef boundName);
  void causalOffset(Value offset);
  void pages(AttentionInterface attention, const OpSizes &sizes);

  Operation *op;
  OpBuilder &builder;
  IndexMath math;
  Location loc;
  MessageFn message;
  /// What is being checked.
  CheckKind kind = CheckKind::shape;
  /// Dynamic sizes that are used before any loop, and so everywhere. A page
  /// table's pages are only ever taken as keys.
  DenseMap<std::pair<Value, int64_t>, Value> sizeValues;
};

/// Attaches the models of SparQ and of the ops on caches.
void attachSparqModels(MLIRContext &context);

} // namespace mlir::attn::checks

#endif // ATTN_LIB_DIALECT_ATTN_EXTENSIONS_RUNTIMECHECKS_H
