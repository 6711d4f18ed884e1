//===- RuntimeVerification.cpp - Checks of what types do not say ----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The models of RuntimeVerifiableOpInterface. Each relation of AttnVerify.cpp
// that a dynamic size leaves open, and each bound on run-time data that keeps
// accesses inside their operands, becomes a cf.assert in the verifier's words.
// What the types decide makes no code.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;
using llvm::enumerate;
using llvm::zip_equal;

/// The largest causal offset; as sdpa_c16, so that positions cannot overflow.
static constexpr int64_t kMaxOffset = int64_t(1) << 48;

namespace {
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
  void compare(CmpIPredicate predicate, Value a, Value b,
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
} // namespace

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

void Checks::require(Value condition, const Twine &expectation) {
  // A condition that folds to true needs no check.
  if (matchPattern(condition, m_One()))
    return;
  auto check = cf::AssertOp::create(builder, loc, condition,
                                    message(op, expectation.str()));
  check->setAttr(kCheckAttrName,
                 CheckKindAttr::get(builder.getContext(), kind));
}

void Checks::compare(CmpIPredicate predicate, Value a, Value b,
                     const Twine &expectation) {
  require(builder.createOrFold<arith::CmpIOp>(loc, predicate, a, b),
          expectation);
}

Value Checks::value(const Size &size) {
  if (size.isStatic())
    return math.value(math.constant(size.fixed));
  Value &known = sizeValues[{size.shaped, size.axis}];
  if (!known)
    known = math.value(
        math.mul(getDim(builder, loc, size.shaped, size.axis), size.factor));
  return known;
}

Value Checks::load(Value shaped, ValueRange indices) {
  Value loaded;
  if (isa<MemRefType>(shaped.getType()))
    loaded = memref::LoadOp::create(builder, loc, shaped, indices);
  else
    loaded = builder.createOrFold<tensor::ExtractOp>(loc, shaped, indices);
  return builder.createOrFold<arith::IndexCastOp>(loc, builder.getIndexType(),
                                                  loaded);
}

void Checks::equal(const Size &a, const Size &b, const Twine &expectation) {
  if (!a.isDecidedWith(b))
    compare(CmpIPredicate::eq, value(a), value(b), expectation);
}

/// Dimensions `firstAxis` and on of `value`, if present, have `sizes`.
void Checks::shape(StringRef name, Value value, ArrayRef<Size> sizes,
                   ArrayRef<StringRef> dims, int64_t firstAxis) {
  if (!value)
    return;
  for (auto [i, size, dim] : enumerate(sizes, dims))
    equal(Size(name, value, firstAxis + i), size,
          "expects " + name + " to have " + size.describe(dim));
}

/// Each dimension of `operand` equals that of `sizes` or is 1.
void Checks::broadcast(StringRef name, Value operand, ArrayRef<Size> sizes,
                       ArrayRef<StringRef> dims) {
  if (!operand)
    return;
  for (auto [i, size, dim] : enumerate(sizes, dims)) {
    Size found(name, operand, i);
    if (found.fixed == 1 || found.isDecidedWith(size))
      continue;
    Value actual = value(found);
    Value holds = builder.createOrFold<arith::CmpIOp>(loc, CmpIPredicate::eq,
                                                      actual, value(size));
    if (!found.isStatic() && size.fixed != 1)
      holds = builder.createOrFold<arith::OrIOp>(
          loc,
          builder.createOrFold<arith::CmpIOp>(loc, CmpIPredicate::eq, actual,
                                              math.value(math.constant(1))),
          holds);
    require(holds, "expects " + name + " to have " + size.describe(dim) +
                       (size.fixed == 1 ? "" : " or 1"));
  }
}

/// One element per batch entry, or one for all.
void Checks::perBatch(StringRef name, Value lengths, const Size &batch) {
  if (lengths && isa<ShapedType>(lengths.getType()))
    broadcast(name, lengths, batch, {"batch"});
}

/// Runs `body` for indices in [0, count).
void Checks::forEach(Value count, function_ref<void(Value)> body) {
  Value zero = math.value(math.constant(0));
  if (matchPattern(count, m_One()))
    return body(zero);
  Value one = math.value(math.constant(1));
  auto loop = scf::ForOp::create(builder, loc, zero, count, one);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// Every element of `lengths` is in [0, bound].
void Checks::length(StringRef name, Value lengths, const Size *bound,
                    StringRef boundName) {
  if (!lengths)
    return;
  DenseIntElementsAttr known;
  if (matchPattern(lengths, m_Constant(&known)) &&
      (!bound || bound->isStatic()))
    if (llvm::all_of(known.getValues<APInt>(), [&](const APInt &length) {
          return length.isNonNegative() &&
                 (!bound || length.getSExtValue() <= bound->fixed);
        }))
      return;
  Value most = bound ? value(*bound) : Value();
  forEach(value(Size(name, lengths, 0)), [&](Value b) {
    Value length = load(lengths, b);
    compare(CmpIPredicate::sge, length, math.value(math.constant(0)),
            "expects " + name + " of at least 0");
    if (bound)
      compare(CmpIPredicate::sle, length, most,
              "expects " + name + " of at most " + boundName);
  });
}

void Checks::causalOffset(Value offset) {
  if (!offset)
    return;
  auto check = [&](Value offset) {
    std::string expectation = "expects causal_offset from -" +
                              std::to_string(kMaxOffset) + " to " +
                              std::to_string(kMaxOffset);
    compare(CmpIPredicate::sge, offset, math.value(math.constant(-kMaxOffset)),
            expectation);
    compare(CmpIPredicate::sle, offset, math.value(math.constant(kMaxOffset)),
            expectation);
  };
  if (!isa<ShapedType>(offset.getType()))
    return check(offset);
  forEach(value(Size("causal_offset", offset, 0)),
          [&](Value b) { check(load(offset, b)); });
}

/// Every entry that is followed is a page of the pools: those of keys below
/// kv_len, which are local keys below `kv_len - offset`.
void Checks::pages(AttentionInterface attention, const OpSizes &sizes) {
  if (!attention.isPaged())
    return;
  int64_t pageSize = getPageSize(attention);
  Value numPages = value(Size("key", attention.getKey(), 0));
  Value zero = math.value(math.constant(0));
  Value table = attention.getPageTable();
  forEach(value(Size("page_table", table, 0)), [&](Value b) {
    OpFoldResult used = getDim(builder, loc, table, 1);
    if (OpFoldResult kvLen =
            getKvLenAt(attention, builder, loc, OpFoldResult(b))) {
      OpFoldResult local = math.sub(kvLen, getOffset(attention, builder, 3));
      local = math.max(local, math.constant(0));
      used = math.min(used, math.apply(math.d(0).ceilDiv(pageSize), {local}));
    }
    forEach(math.value(used), [&](Value page) {
      Value entry = load(table, {b, page});
      StringRef expectation =
          "expects page_table entries below kv_len to be pages of key";
      if (!attention.getKvLen())
        expectation = "expects page_table entries to be pages of key";
      compare(CmpIPredicate::sge, entry, zero, expectation);
      compare(CmpIPredicate::slt, entry, numPages, expectation);
    });
  });
}

/// key_t, if there is one, holds `seqLenKv` keys.
void Checks::keyT(Value keyT, const Size &batch, const Size &numKvHeads,
                  const Size &seqLenKv) {
  if (!keyT)
    return;
  shape("key_t", keyT, {batch, numKvHeads}, {"batch", "num_kv_heads"});
  Size tiles("key_t", keyT, 2);
  if (tiles.isStatic() && seqLenKv.isStatic())
    return;
  int64_t tile = cast<ShapedType>(keyT.getType()).getDimSize(4);
  Value capacity = math.value(math.mul(OpFoldResult(value(tiles)), tile));
  compare(CmpIPredicate::sge, capacity, value(seqLenKv),
          "expects key_t to hold " + seqLenKv.describe("seq_len_kv"));
}

/// An index, or each of the elements, is at least 0, and at most `most` if that
/// is not null.
void Checks::perBatchRange(StringRef name, Value positions, Value most,
                           StringRef expectation) {
  llvm::SaveAndRestore kindOfValues(kind, CheckKind::length);
  auto check = [&](Value position) {
    compare(CmpIPredicate::sge, position, math.value(math.constant(0)),
            "expects " + name + " of at least 0");
    if (most)
      compare(CmpIPredicate::sle, position, most, expectation);
  };
  if (!isa<ShapedType>(positions.getType()))
    return check(positions);
  forEach(value(Size(name, positions, 0)),
          [&](Value b) { check(load(positions, b)); });
}

/// Indices below count are rows of key.
void Checks::rowsOf(GatherKvOp gather) {
  llvm::SaveAndRestore kindOfValues(kind, CheckKind::length);
  bool bshd = gather.getLayout() == Layout::bshd;
  Value rows = value(Size("key", gather.getKey(), bshd ? 1 : 2));
  if (Value table = gather.getPageTable())
    rows = math.value(math.mul(OpFoldResult(rows),
                               OpFoldResult(value(Size("page_table", table,
                                                       1)))));
  Value indices = gather.getIndices(), zero = math.value(math.constant(0));
  // What attn.topk chose is among its candidates.
  auto choice = indices.getDefiningOp<TopKOp>();
  if (choice && choice == gather.getCount().getDefiningOp<TopKOp>()) {
    kind = CheckKind::shape;
    return compare(CmpIPredicate::sle,
                   value(Size("input", choice.getInput(), 2)), rows,
                   "expects indices below count to be rows of key");
  }
  forEach(value(Size("indices", indices, 0)), [&](Value b) {
    forEach(value(Size("indices", indices, 1)), [&](Value h) {
      Value count = load(gather.getCount(), {b, h});
      compare(CmpIPredicate::sle, count, value(Size("indices", indices, 2)),
              "expects count of at most k");
      forEach(count, [&](Value n) {
        Value index = load(indices, {b, h, n});
        compare(CmpIPredicate::sge, index, zero,
                "expects indices below count to be rows of key");
        compare(CmpIPredicate::slt, index, rows,
                "expects indices below count to be rows of key");
      });
    });
  });
}

/// Label sdpa_c3.
void Checks::multipleOfKvHeads(const OpSizes &sizes) {
  const Size &heads = sizes.numHeads, &kvHeads = sizes.numKvHeads;
  if (!heads.isStatic())
    compare(CmpIPredicate::sge, value(heads), math.value(math.constant(1)),
            "expects num_heads of at least 1");
  // Of itself it is one.
  if (heads.isDecidedWith(kvHeads) || kvHeads.fixed == 1)
    return;
  StringRef expectation = "expects num_heads to be a multiple of num_kv_heads";
  Value divisor = value(kvHeads);
  if (!kvHeads.isStatic())
    compare(CmpIPredicate::sge, divisor, math.value(math.constant(1)),
            expectation);
  Value rest = builder.createOrFold<arith::RemSIOp>(loc, value(heads), divisor);
  compare(CmpIPredicate::eq, rest, math.value(math.constant(0)), expectation);
}

/// What every op that scores keys checks; labels as in attn.sdpa.
void Checks::attention(AttentionInterface attention) {
  OpSizes sizes(attention);
  Value key = attention.getKey(), value = attention.getValue();
  // sdpa_c2
  bool paged = attention.isPaged();
  if (!paged)
    equal(sizes.batch, Size("key", key, 0),
          "expects query and key to agree on batch");
  StringRef dims[] = {paged ? "num_pages" : "batch", "num_kv_heads",
                      paged ? "page_size" : "seq_len_kv"};
  int64_t axes[] = {0, attention.getHeadAxis(), attention.getSeqAxis()};
  for (auto [dim, axis] : zip_equal(dims, axes))
    equal(Size("key", key, axis), Size("value", value, axis),
          "expects key and value to agree on " + dim);
  // sdpa_c3
  multipleOfKvHeads(sizes);
  // sdpa_c7
  Size scores[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ, sizes.seqLenKv};
  StringRef scoreDims[] = {"batch", "num_heads", "seq_len_q", "seq_len_kv"};
  broadcast("mask", attention.getMask(), scores, scoreDims);
  broadcast("bias", attention.getBias(), scores, scoreDims);
  Size scales[] = {sizes.batch, sizes.numKvHeads, sizes.seqLenKv,
                   Size("key", attention.getHeadDim())};
  StringRef keyDims[] = {"batch", "num_kv_heads", "seq_len_kv", "head_dim"};
  broadcast("key_scale", attention.getKeyScale(), scales, keyDims);
  scales[3] = Size("value", attention.getHeadDimV());
  StringRef valueDims[] = {"batch", "num_kv_heads", "seq_len_kv", "head_dim_v"};
  broadcast("value_scale", attention.getValueScale(), scales, valueDims);
  // sdpa_c8
  perBatch("kv_len", attention.getKvLen(), sizes.batch);
  perBatch("q_len", attention.getQLen(), sizes.batch);
  perBatch("causal_offset", attention.getCausalOffset(), sizes.batch);
  // sdpa_c12
  if (paged)
    equal(Size("page_table", attention.getPageTable(), 0), sizes.batch,
          "expects page_table to have " + sizes.batch.describe("batch"));

  // sdpa_c17, after the shapes that it reads by. The lengths of a tile are
  // those of the whole problem.
  llvm::SaveAndRestore kindOfValues(kind, CheckKind::length);
  bool whole = attention.getOffsets().empty();
  length("kv_len", attention.getKvLen(), whole ? &sizes.seqLenKv : nullptr,
         "seq_len_kv");
  length("q_len", attention.getQLen(), whole ? &sizes.seqLenQ : nullptr,
         "seq_len_q");
  causalOffset(attention.getCausalOffset());
  // sdpa_c18
  pages(attention, sizes);
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

static constexpr StringRef kRowDims[] = {"batch", "num_heads", "seq_len_q"};

namespace {
struct SdpaVerification
    : RuntimeVerifiableOpInterface::ExternalModel<SdpaVerification, SdpaOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<SdpaOp>(operation);
    auto attention = cast<AttentionInterface>(operation);
    Checks checks(op, builder, loc, message);
    checks.attention(attention);
    // sdpa_c4: a result is what the operands make it, whatever its type says.
    OpSizes sizes(attention);
    auto checkResult = [&](StringRef name, Value result, ArrayRef<Size> rows) {
      auto type = cast<ShapedType>(result.getType());
      for (auto [i, size, dim] : enumerate(rows, kRowDims)) {
        int64_t axis = i;
        if (type.getRank() == 4 && i == 1)
          axis = attention.getHeadAxis();
        if (type.getRank() == 4 && i == 2)
          axis = attention.getSeqAxis();
        if (!type.isDynamicDim(axis))
          checks.equal(size, Size(name, type.getDimSize(axis)),
                       "expects " + name + " to have " + size.describe(dim));
      }
    };
    Size rows[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ};
    checkResult("output", op.getOutput(), rows);
    if (op.getLse())
      checkResult("lse", op.getLse(), rows);
    // sdpa_c15
    checks.shape("sinks", op.getSinks(), sizes.numHeads, {"num_heads"});
  }
};

struct SparqVerification
    : RuntimeVerifiableOpInterface::ExternalModel<SparqVerification, SparqOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<SparqOp>(operation);
    auto attention = cast<AttentionInterface>(operation);
    Checks checks(op, builder, loc, message);
    // sparq_c1
    checks.attention(attention);
    OpSizes sizes(attention);
    // sparq_c4: a result is what the operands make it, whatever its type says.
    auto type = op.getOutput().getType();
    Size rows[] = {sizes.batch, sizes.numHeads};
    int64_t axes[] = {0, attention.getHeadAxis()};
    for (auto [size, dim, axis] :
         zip_equal(rows, ArrayRef(kRowDims).take_front(2), axes))
      if (!type.isDynamicDim(axis))
        checks.equal(size, Size("output", type.getDimSize(axis)),
                     "expects output to have " + size.describe(dim));
    // sparq_c5
    checks.keyT(op.getKeyT(), sizes.batch, sizes.numKvHeads, sizes.seqLenKv);
    // sparq_c6
    checks.shape("value_mean", op.getValueMean(),
                 {sizes.batch, sizes.numKvHeads}, {"batch", "num_kv_heads"});
  }
};

struct ScoresVerification
    : RuntimeVerifiableOpInterface::ExternalModel<ScoresVerification,
                                                  ScoresOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<ScoresOp>(operation);
    auto attention = cast<AttentionInterface>(operation);
    Checks checks(op, builder, loc, message);
    // scores_c1
    checks.attention(attention);
    // scores_c2
    OpSizes sizes(attention);
    Size rows[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ, sizes.seqLenKv};
    StringRef dims[] = {"batch", "num_heads", "seq_len_q", "seq_len_kv"};
    checks.shape("scores", op.getScores(), rows, dims);
    checks.shape("factor", op.getFactor(), ArrayRef(rows).take_front(3),
                 ArrayRef(dims).take_front(3));
    checks.shape("channels", op.getChannels(), {sizes.batch, sizes.numKvHeads},
                 {"batch", "num_kv_heads"});
    // scores_c3
    checks.keyT(op.getKeyT(), sizes.batch, sizes.numKvHeads, sizes.seqLenKv);
  }
};

struct TopKVerification
    : RuntimeVerifiableOpInterface::ExternalModel<TopKVerification, TopKOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<TopKOp>(operation);
    Checks checks(op, builder, loc, message);
    // topk_c1
    Size rows[] = {Size("input", op.getInput(), 0),
                   Size("input", op.getInput(), 1)};
    StringRef dims[] = {"batch", "heads"};
    checks.shape("indices", op.getIndices(), rows, dims);
    checks.shape("count", op.getCount(), rows, dims);
  }
};

struct GatherVerification
    : RuntimeVerifiableOpInterface::ExternalModel<GatherVerification,
                                                  GatherKvOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<GatherKvOp>(operation);
    Checks checks(op, builder, loc, message);
    // gather_kv_c1
    bool bshd = op.getLayout() == Layout::bshd, paged = !!op.getPageTable();
    int64_t headAxis = bshd ? 2 : 1, seqAxis = bshd ? 1 : 2;
    Value key = op.getKey(), value = op.getValue();
    StringRef dims[] = {paged ? "num_pages" : "batch", "num_kv_heads",
                        paged ? "page_size" : "seq_len_kv"};
    int64_t axes[] = {0, headAxis, seqAxis};
    for (auto [dim, axis] : zip_equal(dims, axes))
      checks.equal(Size("key", key, axis), Size("value", value, axis),
                   "expects key and value to agree on " + dim);
    Size batch("indices", op.getIndices(), 0), heads("key", key, headAxis),
        k("indices", op.getIndices(), 2);
    if (!paged)
      checks.equal(batch, Size("key", key, 0),
                   "expects indices to have key's batch");
    StringRef rowDims[] = {"batch", "num_kv_heads", "k"};
    Size rows[] = {batch, heads, k};
    checks.shape("indices", op.getIndices(), rows, rowDims);
    checks.shape("count", op.getCount(), {batch, heads},
                 {"batch", "num_kv_heads"});
    checks.shape("keys", op.getKeys(), rows, rowDims);
    checks.shape("values", op.getValues(), rows, rowDims);
    // gather_kv_c5
    checks.rowsOf(op);
  }
};

struct AppendVerification
    : RuntimeVerifiableOpInterface::ExternalModel<AppendVerification,
                                                  KvAppendOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<KvAppendOp>(operation);
    Checks checks(op, builder, loc, message);
    // kv_append_c1
    bool bshd = op.getLayout() == Layout::bshd;
    int64_t headAxis = bshd ? 2 : 1, seqAxis = bshd ? 1 : 2;
    Value newKey = op.getNewKey(), key = op.getKey();
    Size batch("new_key", newKey, 0), heads("new_key", newKey, headAxis),
        tokens("new_key", newKey, seqAxis), capacity("key", key, seqAxis);
    auto check = [&](StringRef name, Value value, const Size &rows,
                     StringRef rowsName) {
      checks.equal(Size(name, value, 0), batch,
                   "expects " + name + " to have " + batch.describe("batch"));
      checks.equal(Size(name, value, headAxis), heads,
                   "expects " + name + " to have " +
                       heads.describe("num_kv_heads"));
      checks.equal(Size(name, value, seqAxis), rows,
                   "expects " + name + " to have " + rows.describe(rowsName));
    };
    check("new_value", op.getNewValue(), tokens, "tokens");
    check("key", key, capacity, "capacity");
    check("value", op.getValue(), capacity, "capacity");
    checks.keyT(op.getKeyT(), batch, heads, capacity);
    checks.perBatch("pos", op.getPos(), batch);
    // kv_append_c3
    Value last = builder.createOrFold<arith::SubIOp>(
        loc, checks.value(capacity), checks.value(tokens));
    checks.perBatchRange("pos", op.getPos(), last,
                         "expects pos + tokens of at most the capacity");
  }
};

struct RunningMeanVerification
    : RuntimeVerifiableOpInterface::ExternalModel<RunningMeanVerification,
                                                  RunningMeanOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<RunningMeanOp>(operation);
    Checks checks(op, builder, loc, message);
    // running_mean_c1
    int64_t headAxis = op.getLayout() == Layout::bshd ? 2 : 1;
    Size batch("new_value", op.getNewValue(), 0);
    checks.shape("mean", op.getMean(),
                 {batch, Size("new_value", op.getNewValue(), headAxis)},
                 {"batch", "num_kv_heads"});
    checks.perBatch("count", op.getCount(), batch);
    // running_mean_c4
    checks.perBatchRange("count", op.getCount(), {}, {});
  }
};

struct OnlineVerification
    : RuntimeVerifiableOpInterface::ExternalModel<OnlineVerification,
                                                  OnlineOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<OnlineOp>(operation);
    auto attention = cast<AttentionInterface>(operation);
    Checks checks(op, builder, loc, message);
    // online_c1
    checks.attention(attention);
    // online_c2
    OpSizes sizes(attention);
    Size rows[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ};
    checks.shape("acc", op.getAcc(), rows, kRowDims);
    checks.shape("row_max", op.getRowMax(), rows, kRowDims);
    checks.shape("row_sum", op.getRowSum(), rows, kRowDims);
  }
};

struct PartialVerification
    : RuntimeVerifiableOpInterface::ExternalModel<PartialVerification,
                                                  PartialOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<PartialOp>(operation);
    auto attention = cast<AttentionInterface>(operation);
    Checks checks(op, builder, loc, message);
    // partial_c1
    checks.attention(attention);
    // partial_c2
    OpSizes sizes(attention);
    Size rows[] = {sizes.batch, sizes.numHeads, sizes.seqLenQ};
    checks.shape("output", op.getOutput(), rows, kRowDims);
    checks.shape("lse", op.getLse(), rows, kRowDims);
  }
};

struct FinalizeVerification
    : RuntimeVerifiableOpInterface::ExternalModel<FinalizeVerification,
                                                  FinalizeOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<FinalizeOp>(operation);
    Checks checks(op, builder, loc, message);
    // finalize_c1
    Size rows[] = {Size("acc", op.getAcc(), 0), Size("acc", op.getAcc(), 1),
                   Size("acc", op.getAcc(), 2)};
    checks.shape("row_max", op.getRowMax(), rows, kRowDims);
    checks.shape("row_sum", op.getRowSum(), rows, kRowDims);
    checks.shape("sinks", op.getSinks(), rows[1], {"num_heads"});
    bool bshd = op.getLayout() == Layout::bshd;
    checks.shape("output", op.getOutput(),
                 {rows[0], rows[bshd ? 2 : 1], rows[bshd ? 1 : 2]},
                 {"batch", kRowDims[bshd ? 2 : 1], kRowDims[bshd ? 1 : 2]});
    checks.shape("lse", op.getLse(), rows, kRowDims);
  }
};

struct MergeVerification
    : RuntimeVerifiableOpInterface::ExternalModel<MergeVerification, MergeOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<MergeOp>(operation);
    Checks checks(op, builder, loc, message);
    // merge_c2
    bool bshd = op.getLayout() == Layout::bshd;
    Value output = op.getOutput();
    Size rows[] = {Size("output", output, 0),
                   Size("output", output, bshd ? 2 : 1),
                   Size("output", output, bshd ? 1 : 2)};
    checks.shape("lse", op.getLse(), rows, kRowDims);
    int64_t first = op.getAlong() ? 1 : 0;
    for (auto [partOutput, partLse] :
         zip_equal(op.getPartOutputs(), op.getPartLses())) {
      checks.shape("the output of a part", partOutput, rows, kRowDims, first);
      checks.shape("the lse of a part", partLse, rows, kRowDims, first);
      if (op.getAlong())
        checks.equal(Size("output", partOutput, 0), Size("lse", partLse, 0),
                     "expects stacked outputs and lses to agree on the "
                     "number of parts");
    }
  }
};
} // namespace

void attn::registerRuntimeVerifiableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    SdpaOp::attachInterface<SdpaVerification>(*context);
    SparqOp::attachInterface<SparqVerification>(*context);
    ScoresOp::attachInterface<ScoresVerification>(*context);
    TopKOp::attachInterface<TopKVerification>(*context);
    GatherKvOp::attachInterface<GatherVerification>(*context);
    KvAppendOp::attachInterface<AppendVerification>(*context);
    RunningMeanOp::attachInterface<RunningMeanVerification>(*context);
    OnlineOp::attachInterface<OnlineVerification>(*context);
    PartialOp::attachInterface<PartialVerification>(*context);
    FinalizeOp::attachInterface<FinalizeVerification>(*context);
    MergeOp::attachInterface<MergeVerification>(*context);
    // What checking creates; its callers cannot be expected to know.
    context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                         cf::ControlFlowDialect, memref::MemRefDialect,
                         scf::SCFDialect, tensor::TensorDialect>();
  });
}
