//===- StarDistribute.cpp - Attention of several ranks --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Makes of a function what each of several ranks runs with its own part of the
// keys, or of the context.
//
//===----------------------------------------------------------------------===//

#include "DistributionPlan.h"
#include "TensorBuilders.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNSTARDISTRIBUTEPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

namespace {
/// How ranks merge; null is the default of attn.dist_merge.
struct MergeOptions {
  MergeAlgoAttr algo;
  IntegerAttr root;
  TypeAttr payload;
};

/// Rewrites one function as its plan says.
class Distributor {
public:
  Distributor(RewriterBase &rewriter, func::FuncOp func,
              const DistributionPlan &plan, const MergeOptions &options)
      : rewriter(rewriter), func(func), plan(plan), options(options) {}

  void run();

private:
  BlockArgument addArgument(StringRef name, Type type, ShardAttr shard);
  Value getOffset();
  void cutArguments();
  bool isCut(Value value);
  bool needsOffset(SdpaOp op);
  AttentionParts getPart(SdpaOp op, Value causalOffset);
  void rewrite(SdpaOp op, Value causalOffset);
  void rewrite(StarOp op);

  RewriterBase &rewriter;
  func::FuncOp func;
  const DistributionPlan &plan;
  const MergeOptions &options;
  BlockArgument offset, comm;
  llvm::MapVector<unsigned, BlockArgument> anchors;
};
} // namespace

/// `type` with a dimension that depends on the rank.
static RankedTensorType cutType(Type type, int64_t dim) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[dim] = ShapedType::kDynamic;
  return RankedTensorType::get(shape, tensor.getElementType());
}

BlockArgument Distributor::addArgument(StringRef name, Type type,
                                       ShardAttr shard) {
  unsigned number = func.getNumArguments();
  SmallVector<NamedAttribute> attrs;
  if (shard)
    attrs.push_back(rewriter.getNamedAttr(kShardAttrName, shard));
  Location loc = NameLoc::get(rewriter.getStringAttr(name), func.getLoc());
  LogicalResult inserted =
      func.insertArgument(number, type, rewriter.getDictionaryAttr(attrs), loc);
  assert(succeeded(inserted) && "the function is a func.func");
  (void)inserted;
  return func.getArgument(number);
}

/// The position of this rank's first key, an argument where it is needed.
Value Distributor::getOffset() {
  if (!offset)
    offset = addArgument("kv_offset", rewriter.getIndexType(),
                         ShardAttr::get(func.getContext(), ShardKind::offset,
                                        /*dim=*/-1, /*unit=*/1, /*of=*/-1));
  return offset;
}

void Distributor::cutArguments() {
  for (auto [number, shard] : plan.shards) {
    BlockArgument argument = func.getArgument(number);
    func.setArgAttr(number, kShardAttrName, shard);
    if (shard.isCut())
      argument.setType(cutType(argument.getType(), shard.getDim()));
    else // The pages of a rank.
      argument.setType(cutType(argument.getType(), 0));
  }
}

bool Distributor::isCut(Value value) {
  auto argument = dyn_cast_or_null<BlockArgument>(value);
  return argument && argument.getOwner() == &func.getBody().front() &&
         plan.shards.contains(argument.getArgNumber());
}

/// Whether `op` asks where the rank's keys are.
bool Distributor::needsOffset(SdpaOp op) {
  auto isSliced = [&](Value operand, int64_t axis) {
    return isAlongKeys(operand, axis) && !isCut(operand);
  };
  return AttentionParts(cast<AttentionInterface>(op.getOperation()))
             .usesPositions() ||
         isSliced(op.getMask(), 3) || isSliced(op.getBias(), 3) ||
         isSliced(op.getKeyScale(), 2) || isSliced(op.getValueScale(), 2);
}

/// What `op` is on this rank: its keys, and where they are. What was computed
/// for all keys is sliced.
AttentionParts Distributor::getPart(SdpaOp op, Value causalOffset) {
  Location loc = op.getLoc();
  auto attention = cast<AttentionInterface>(op.getOperation());
  AttentionParts parts(attention);
  IndexMath math{rewriter, loc};
  if (parts.bottomRight)
    parts.causalOffset = causalOffset;
  parts.bottomRight = false;
  Value *perKey[] = {&parts.mask, &parts.bias, &parts.keyScale,
                     &parts.valueScale};
  int64_t axes[] = {3, 3, 2, 2};
  Value kept[4];
  bool slices = false;
  for (auto [operand, axis, keep] : llvm::zip_equal(perKey, axes, kept)) {
    if (isCut(*operand))
      std::swap(*operand, keep);
    slices |= isAlongKeys(*operand, axis);
  }
  if (parts.usesPositions()) {
    if (parts.offsets.empty())
      parts.offsets.append(4, math.value(math.constant(0)));
    parts.offsets[3] = math.value(math.add(getAsOpFoldResult(parts.offsets[3]),
                                           OpFoldResult(getOffset())));
  }
  if (slices) {
    // A slice may be empty, but not begin outside.
    OpFoldResult size = getSizes(rewriter, loc, attention).seqLenKv;
    Value isEmpty =
        arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq,
                              math.value(size), math.value(math.constant(0)));
    DimRange keys = {
        math.select(isEmpty, math.constant(0), OpFoldResult(getOffset())),
        size};
    SmallVector<Value, 4> offsets = parts.offsets;
    parts = sliceKeys(rewriter, loc, std::move(parts), keys,
                      /*cutKeyValue=*/false);
    parts.offsets = offsets;
  }
  for (auto [operand, keep] : llvm::zip_equal(perKey, kept))
    if (keep)
      *operand = keep;
  return parts;
}

void Distributor::rewrite(SdpaOp op, Value causalOffset) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  auto attention = cast<AttentionInterface>(op.getOperation());
  SmallVector<Value> destinations = createDestinations(rewriter, attention);
  AttentionSizes sizes = getSizes(rewriter, loc, attention);
  if (hasNoRows(sizes)) {
    replaceWithCasts(rewriter, op, destinations);
    return;
  }
  SmallVector<OpFoldResult> rows = {sizes.batch, sizes.numHeads, sizes.seqLenQ};
  FloatType type = attention.getAccumulatorType();
  Value lse = createEmpty(rewriter, loc, rows, type);
  rows.push_back(rewriter.getIndexAttr(attention.getHeadDimV()));
  Value output = createEmpty(rewriter, loc, rows, type);
  auto partial =
      createPartial(rewriter, loc, getPart(op, causalOffset), output, lse);
  if (!comm)
    comm = addArgument("comm", CommType::get(func.getContext()), ShardAttr());
  auto merged = DistMergeOp::create(
      rewriter, loc, partial->getResultTypes(), comm, partial.getResult(0),
      partial.getResult(1), options.algo, options.root, options.payload);
  SmallVector<Value> outputs = {merged.getResult(0)},
                     lses = {merged.getResult(1)};
  // Counted once, whatever the ranks.
  if (Value sinks = op.getSinks()) {
    outputs.push_back(createFilled(rewriter, loc, rows, type, 0.0));
    rows.pop_back();
    lses.push_back(createSinkLse(rewriter, loc, AttentionParts(attention),
                                 sinks,
                                 createEmpty(rewriter, loc, rows, type)));
  }
  bool isResult = outputs.size() == 1 &&
                  attention.getLayout() == Layout::bhsd &&
                  getElementTypeOrSelf(op.getOutput().getType()) == type;
  if (isResult) {
    if (op.getLse())
      outputs.push_back(lses.front());
    replaceWithCasts(rewriter, op, outputs);
    return;
  }
  auto merge = MergeOp::create(
      rewriter, loc, TypeRange(ValueRange(destinations)), outputs, lses,
      destinations[0], destinations.size() > 1 ? destinations[1] : Value(),
      /*along=*/nullptr, op.getLayoutAttr());
  replaceWithCasts(rewriter, op, SmallVector<Value>(merge->getResults()));
}

void Distributor::rewrite(StarOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  auto attention = cast<AttentionInterface>(op.getOperation());
  AttentionParts parts(attention);
  StarParameters parameters(op);
  IndexMath math{rewriter, loc};
  parameters.anchorSize = op.getClampedAnchorSize();
  if (parameters.anchorSize > 0) {
    auto getAnchor = [&](Value source) {
      unsigned number = cast<BlockArgument>(source).getArgNumber();
      return anchors.find(number)->second;
    };
    parameters.anchorKey = getAnchor(parts.key);
    parameters.anchorValue = getAnchor(parts.value);
  }
  Value zero = math.value(math.constant(0)), first = getOffset();
  parts.offsets = {zero, zero, first, first};
  int64_t axis = attention.getSeqAxis();
  SmallVector<Type> types = {cutType(op.getOutput().getType(), axis)};
  if (op.getLse())
    types.push_back(cutType(op.getLse().getType(), 2));
  StarOp part =
      createStar(rewriter, loc, types, parts, parameters, op.getSinks());
  part->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  for (OpOperand &use : op->getUses()) {
    int64_t dim = use.get() == op.getOutput() ? axis : 2;
    func.setResultAttr(use.getOperandNumber(), kShardAttrName,
                       ShardAttr::get(func.getContext(), ShardKind::rows, dim,
                                      op.getBlockSize(), /*of=*/-1));
  }
  rewriter.replaceOp(op, part);
}

/// Stops calls whose rows begin inside a block: the rank would lack keys of it.
static void checkOffset(OpBuilder &builder, Location loc, Value query,
                        int64_t axis, Value offset, int64_t blockSize) {
  IndexMath math{builder, loc};
  auto isZero = [&](OpFoldResult x) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                 math.value(x), math.value(math.constant(0)));
  };
  Value begins =
      isZero(math.apply(math.d(0) % blockSize, OpFoldResult(offset)));
  Value isEmpty = isZero(getDim(builder, loc, query, axis));
  Value holds = arith::OrIOp::create(builder, loc, begins, isEmpty);
  auto check = cf::AssertOp::create(
      builder, loc, holds, "expects kv_offset to be a multiple of block_size");
  check->setAttr(kCheckAttrName,
                 CheckKindAttr::get(builder.getContext(), CheckKind::length));
}

void Distributor::run() {
  // While types still say how many keys there are.
  SmallVector<Value> causalOffsets;
  for (SdpaOp op : plan.sdpas) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    auto attention = cast<AttentionInterface>(op.getOperation());
    causalOffsets.push_back(
        op.getBottomRight() && attention.hasWindow()
            ? resolveBottomRight(rewriter, op.getLoc(), attention)
            : Value());
  }
  for (auto [number, size] : plan.anchors) {
    BlockArgument source = func.getArgument(number);
    auto type = cast<RankedTensorType>(source.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[plan.shards.find(number)->second.getDim()] = size;
    bool isKey = llvm::any_of(
        plan.stars, [&](StarOp star) { return star.getKey() == source; });
    anchors[number] = addArgument(
        isKey ? "anchor_key" : "anchor_value",
        RankedTensorType::get(shape, type.getElementType()),
        ShardAttr::get(func.getContext(), ShardKind::anchor, /*dim=*/-1,
                       /*unit=*/1, /*of=*/number));
  }
  cutArguments();
  // Before the communicator.
  if (!plan.stars.empty() ||
      llvm::any_of(plan.sdpas, [&](SdpaOp op) { return needsOffset(op); }))
    getOffset();
  for (auto [op, causalOffset] : llvm::zip_equal(plan.sdpas, causalOffsets))
    rewrite(op, causalOffset);
  if (!plan.stars.empty()) {
    StarOp star = plan.stars.front();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(&func.getBody().front());
    auto attention = cast<AttentionInterface>(star.getOperation());
    checkOffset(rewriter, star.getLoc(), star.getQuery(),
                attention.getSeqAxis(), getOffset(), star.getBlockSize());
  }
  for (StarOp op : plan.stars)
    rewrite(op);
  Operation *end = func.getBody().front().getTerminator();
  func.setType(FunctionType::get(func.getContext(),
                                 func.getBody().front().getArgumentTypes(),
                                 end->getOperandTypes()));
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct StarDistributePass
    : attn::impl::AttnStarDistributePassBase<StarDistributePass> {
  using AttnStarDistributePassBase::AttnStarDistributePassBase;

  FailureOr<MergeOptions> getOptions() {
    Builder b(&getContext());
    MergeOptions options;
    auto fail = [&](StringRef what) {
      return getOperation().emitError("attn-star-distribute expects ") << what;
    };
    std::optional<MergeAlgo> known = symbolizeMergeAlgo(algo);
    if (!known)
      return fail("algo to be tree, allgather or allreduce, but got '")
             << algo << "'";
    options.algo = MergeAlgoAttr::get(&getContext(), *known);
    if (root < -1 || root > std::numeric_limits<int32_t>::max())
      return fail("root to be -1 (every rank) or a rank, but got ")
             << root.getValue();
    if (root >= 0)
      options.root = b.getI64IntegerAttr(root);
    if (payload == "bf16")
      options.payload = TypeAttr::get(b.getBF16Type());
    else if (payload == "f32")
      options.payload = TypeAttr::get(b.getF32Type());
    else if (!payload.empty())
      return fail("payload to be f32 or bf16, but got '") << payload << "'";
    return options;
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<MergeOptions> options = getOptions();
    if (failed(options))
      return signalPassFailure();
    // All or none.
    SmallVector<std::pair<func::FuncOp, DistributionPlan>> plans;
    for (auto func : module.getOps<func::FuncOp>()) {
      if (func.isDeclaration())
        continue;
      bool isCalled = !SymbolTable::symbolKnownUseEmpty(func, module);
      FailureOr<DistributionPlan> plan = planDistribution(func, isCalled);
      if (failed(plan))
        return signalPassFailure();
      if (!plan->sdpas.empty() || !plan->stars.empty())
        plans.emplace_back(func, std::move(*plan));
    }
    IRRewriter rewriter(&getContext());
    for (auto &[func, plan] : plans)
      Distributor(rewriter, func, plan, *options).run();
  }
};
} // namespace
