//===- RuntimeVerificationSparq.cpp - Checks of SparQ and of caches -------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The models of RuntimeVerifiableOpInterface of SparQ and the ops on caches.
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::checks;
using arith::CmpIPredicate;
using llvm::zip_equal;

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
    if (!most)
      return;
    llvm::SaveAndRestore kindOfMost(kind, CheckKind::capacity);
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
    rows = math.value(math.mul(
        OpFoldResult(rows), OpFoldResult(value(Size("page_table", table, 1)))));
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

namespace {
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
} // namespace

void checks::attachSparqModels(MLIRContext &context) {
  SparqOp::attachInterface<SparqVerification>(context);
  ScoresOp::attachInterface<ScoresVerification>(context);
  TopKOp::attachInterface<TopKVerification>(context);
  GatherKvOp::attachInterface<GatherVerification>(context);
  KvAppendOp::attachInterface<AppendVerification>(context);
  RunningMeanOp::attachInterface<RunningMeanVerification>(context);
}
