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

#include "RuntimeChecks.h"
#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::checks;
using arith::CmpIPredicate;
using llvm::enumerate;
using llvm::zip_equal;

/// The largest causal offset; as sdpa_c16, so that positions cannot overflow.
static constexpr int64_t kMaxOffset = int64_t(1) << 48;

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

/// Keys beside those in key: of the batch entries and heads of key.
void Checks::otherKeys(StringRef name, Value keys, const OpSizes &sizes) {
  auto attention = cast<AttentionInterface>(op);
  equal(Size(name, keys, 0), sizes.batch,
        "expects " + name + " to have " + sizes.batch.describe("batch"));
  equal(Size(name, keys, attention.getHeadAxis()), sizes.numKvHeads,
        "expects " + name + " to have " +
            sizes.numKvHeads.describe("num_kv_heads"));
}

/// Label star_c5.
void Checks::anchors(StarOp star, const OpSizes &sizes) {
  int64_t axis = cast<AttentionInterface>(op).getSeqAxis();
  for (auto [name, anchor] :
       {std::pair<StringRef, Value>("anchor_key", star.getAnchorKey()),
        std::pair<StringRef, Value>("anchor_value", star.getAnchorValue())}) {
    otherKeys(name, anchor, sizes);
    Size count(name, anchor, axis);
    if (!count.isStatic())
      compare(CmpIPredicate::sge, value(count),
              math.value(math.constant(star.getClampedAnchorSize())),
              "expects " + name + " to hold anchor_size " +
                  Twine(star.getClampedAnchorSize()));
  }
}

/// Label block_local_c4.
void Checks::prefix(BlockLocalOp local, const OpSizes &sizes) {
  int64_t axis = cast<AttentionInterface>(op).getSeqAxis();
  OpFoldResult expected = math.mul(getNumBlocks(local, builder, loc),
                                   int64_t(*local.getPrefixLen()));
  for (auto [name, prefix] :
       {std::pair<StringRef, Value>("prefix_key", local.getPrefixKey()),
        std::pair<StringRef, Value>("prefix_value", local.getPrefixValue())}) {
    otherKeys(name, prefix, sizes);
    Size count(name, prefix, axis);
    if (!count.isStatic() || !getConstantIntValue(expected))
      compare(CmpIPredicate::eq, value(count), math.value(expected),
              "expects " + name + " to hold prefix_len " +
                  Twine(*local.getPrefixLen()) + " keys for each block");
  }
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

/// Labels as in attn.sdpa, for an op with sinks and, if wanted, an lse.
template <typename OpTy>
static void checkSdpa(Checks &checks, OpTy op) {
  auto attention = cast<AttentionInterface>(op.getOperation());
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

namespace {
struct SdpaVerification
    : RuntimeVerifiableOpInterface::ExternalModel<SdpaVerification, SdpaOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    Checks checks(operation, builder, loc, message);
    checkSdpa(checks, cast<SdpaOp>(operation));
  }
};

struct StarVerification
    : RuntimeVerifiableOpInterface::ExternalModel<StarVerification, StarOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<StarOp>(operation);
    auto attention = cast<AttentionInterface>(operation);
    Checks checks(operation, builder, loc, message);
    // star_c1
    checkSdpa(checks, op);
    // star_c4
    OpSizes sizes(attention);
    checks.perBatch("context_len", op.getContextLen(), sizes.batch);
    // star_c5
    if (op.hasAnchorOperands())
      checks.anchors(op, sizes);
  }
};

struct BlockLocalVerification
    : RuntimeVerifiableOpInterface::ExternalModel<BlockLocalVerification,
                                                  BlockLocalOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<BlockLocalOp>(operation);
    Checks checks(operation, builder, loc, message);
    // block_local_c1
    checkSdpa(checks, op);
    // block_local_c4
    if (op.hasPrefix())
      checks.prefix(op, OpSizes(cast<AttentionInterface>(operation)));
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

struct DistMergeVerification
    : RuntimeVerifiableOpInterface::ExternalModel<DistMergeVerification,
                                                  DistMergeOp> {
  void generateRuntimeVerification(Operation *operation, OpBuilder &builder,
                                   Location loc, MessageFn message) const {
    auto op = cast<DistMergeOp>(operation);
    Checks checks(op, builder, loc, message);
    // dist_merge_c1
    Value output = op.getOutput();
    checks.shape("lse", op.getLse(),
                 {Size("output", output, 0), Size("output", output, 1),
                  Size("output", output, 2)},
                 kRowDims);
  }
};
} // namespace

void attn::registerRuntimeVerifiableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    SdpaOp::attachInterface<SdpaVerification>(*context);
    StarOp::attachInterface<StarVerification>(*context);
    BlockLocalOp::attachInterface<BlockLocalVerification>(*context);
    checks::attachSparqModels(*context);
    OnlineOp::attachInterface<OnlineVerification>(*context);
    PartialOp::attachInterface<PartialVerification>(*context);
    FinalizeOp::attachInterface<FinalizeVerification>(*context);
    MergeOp::attachInterface<MergeVerification>(*context);
    DistMergeOp::attachInterface<DistMergeVerification>(*context);
    // What checking creates; its callers cannot be expected to know.
    context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                         cf::ControlFlowDialect, memref::MemRefDialect,
                         scf::SCFDialect, tensor::TensorDialect>();
  });
}
