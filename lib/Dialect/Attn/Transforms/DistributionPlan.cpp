//===- DistributionPlan.cpp - What of a function is cut -------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Finds the arguments that become a rank's part, and what speaks against it.
//
//===----------------------------------------------------------------------===//

#include "DistributionPlan.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"

using namespace mlir;
using namespace mlir::attn;

bool attn::isAlongKeys(Value value, int64_t axis) {
  return value && cast<ShapedType>(value.getType()).getDimSize(axis) != 1;
}

namespace {
/// Makes the plan of one function.
class Planner {
public:
  explicit Planner(func::FuncOp func) : func(func) {}

  FailureOr<DistributionPlan> run(bool isCalled);

private:
  LogicalResult planSdpa(SdpaOp op);
  LogicalResult planStar(StarOp op);
  BlockArgument getArgument(Value value);
  LogicalResult cut(Operation *op, StringRef name, Value value,
                    ShardAttr shard);
  LogicalResult cutPages(AttentionInterface op);
  void cutIfArgument(Operation *op, Value value, int64_t axis);
  LogicalResult checkUses();
  LogicalResult checkLengths();

  ShardAttr shard(ShardKind kind, int64_t dim = -1, int64_t unit = 1) {
    return ShardAttr::get(func.getContext(), kind, dim, unit, /*of=*/-1);
  }

  func::FuncOp func;
  DistributionPlan plan;
  /// Operands that read a part of their argument.
  llvm::SmallPtrSet<OpOperand *, 16> parts;
};
} // namespace

/// `value` as an argument of the function, or null.
BlockArgument Planner::getArgument(Value value) {
  auto argument = dyn_cast_or_null<BlockArgument>(value);
  return argument && argument.getOwner() == &func.getBody().front()
             ? argument
             : BlockArgument();
}

/// Notes that the argument `value`, which is `name` of `op`, becomes `shard`.
LogicalResult Planner::cut(Operation *op, StringRef name, Value value,
                           ShardAttr shard) {
  BlockArgument argument = getArgument(value);
  if (!argument) {
    if (isa_and_nonnull<KvAppendOp>(value.getDefiningOp())) {
      InFlightDiagnostic diag =
          op->emitOpError("cannot be distributed: ")
          << name
          << " is appended to here, by every rank; make the append a "
             "function of its own, which the rank that holds the "
             "position calls, and attend to the caches as arguments";
      diag.attachNote(value.getLoc()) << "appended here";
      return failure();
    }
    InFlightDiagnostic diag = op->emitOpError("cannot be distributed: ")
                              << name
                              << " is computed here, of what every rank has; "
                                 "make it an argument of the function";
    diag.attachNote(value.getLoc()) << name << " defined here";
    return failure();
  }
  ShardAttr &known = plan.shards[argument.getArgNumber()];
  if (known && known != shard)
    return op->emitOpError("cannot be distributed: argument ")
           << argument.getArgNumber() << ", its " << name
           << ", is also cut otherwise, as " << known << ", not " << shard;
  known = shard;
  for (OpOperand &operand : op->getOpOperands())
    if (operand.get() == value)
      parts.insert(&operand);
  return success();
}

/// Cuts `value`, which may be null, along its dimension of keys if it is an
/// argument that has one for each key; what is computed is sliced instead.
void Planner::cutIfArgument(Operation *op, Value value, int64_t axis) {
  BlockArgument argument = getArgument(value);
  if (!argument || !isAlongKeys(value, axis))
    return;
  // An argument that others use as a whole is sliced, too.
  for (OpOperand &use : argument.getUses())
    if (!isa<SdpaOp>(use.getOwner()))
      return;
  ShardAttr wanted = shard(ShardKind::keys, axis);
  auto [entry, isNew] = plan.shards.insert({argument.getArgNumber(), wanted});
  if (!isNew && entry->second != wanted)
    return;
  for (OpOperand &operand : op->getOpOperands())
    if (operand.get() == value)
      parts.insert(&operand);
}

LogicalResult Planner::cutPages(AttentionInterface op) {
  ShardAttr pages = shard(ShardKind::pages, 1, getPageSize(op));
  ShardAttr pool = shard(ShardKind::pool);
  return failure(failed(cut(op, "page_table", op.getPageTable(), pages)) ||
                 failed(cut(op, "key", op.getKey(), pool)) ||
                 failed(cut(op, "value", op.getValue(), pool)));
}

LogicalResult Planner::planSdpa(SdpaOp sdpa) {
  auto op = cast<AttentionInterface>(sdpa.getOperation());
  if (StrategyAttrInterface strategy = sdpa.getStrategyAttr())
    if (!strategy.isExact())
      return sdpa.emitOpError("cannot be distributed as ")
             << strategy
             << "; ranks compute attn.sdpa exactly, and the blocks "
                "of attn.star (attn-rewrite-to-star)";
  int64_t axis = op.getSeqAxis();
  if (op.isPaged()) {
    if (failed(cutPages(op)))
      return failure();
  } else {
    ShardAttr keys = shard(ShardKind::keys, axis);
    if (failed(cut(op, "key", op.getKey(), keys)) ||
        failed(cut(op, "value", op.getValue(), keys)))
      return failure();
  }
  bool knowsLength =
      op.getKvLen() ||
      !ShapedType::isDynamic(
          op.isPaged()
              ? cast<ShapedType>(op.getPageTable().getType()).getDimSize(1)
              : op.getKey().getType().getDimSize(axis));
  if (op.getBottomRight() && op.hasWindow() && !knowsLength)
    return sdpa.emitOpError(
        "cannot be distributed: bottom_right ends in the last key, and no rank "
        "knows how many there are; give kv_len, or causal_offset instead");
  cutIfArgument(op, op.getMask(), 3);
  cutIfArgument(op, op.getBias(), 3);
  cutIfArgument(op, op.getKeyScale(), 2);
  cutIfArgument(op, op.getValueScale(), 2);
  plan.sdpas.push_back(sdpa);
  return success();
}

LogicalResult Planner::planStar(StarOp star) {
  auto op = cast<AttentionInterface>(star.getOperation());
  auto refuse = [&] { return star.emitOpError("cannot be distributed: "); };
  if (star.getContextLen())
    return refuse() << "it has query rows (context_len); run those as a "
                       "function of their own, attn.sdpa over the caches";
  if (star.getAnchor() != StarAnchor::first)
    return refuse() << "anchors are of the previous block, which another rank "
                       "may hold; use anchor(first)";
  if (star.hasAnchorOperands() || !op.getOffsets().empty())
    return refuse() << "it is one rank's part already (anchors, offsets)";
  for (auto [name, operand] : {std::pair("page_table", op.getPageTable()),
                               {"mask", op.getMask()},
                               {"bias", op.getBias()},
                               {"key_scale", op.getKeyScale()},
                               {"value_scale", op.getValueScale()}})
    if (operand)
      return refuse()
             << "it has a " << name
             << ", which speaks of keys in key, and ranks have anchors "
                "beside it; say it in the score region";
  int64_t axis = op.getSeqAxis();
  int64_t seqLenQ = op.getQuery().getType().getDimSize(axis);
  int64_t seqLenKv = op.getKey().getType().getDimSize(axis);
  if (!ShapedType::isDynamic(seqLenQ) && !ShapedType::isDynamic(seqLenKv) &&
      seqLenQ != seqLenKv)
    return refuse() << "expects seq_len_q and seq_len_kv to be equal, but got "
                    << seqLenQ << " and " << seqLenKv;
  ShardAttr rows = shard(ShardKind::rows, axis, star.getBlockSize());
  if (failed(cut(op, "query", op.getQuery(), rows)) ||
      failed(cut(op, "key", op.getKey(), rows)) ||
      failed(cut(op, "value", op.getValue(), rows)))
    return failure();
  for (OpOperand &use : star->getUses()) {
    if (isa<func::ReturnOp>(use.getOwner()))
      continue;
    InFlightDiagnostic diag =
        refuse() << "its results are a rank's rows, and more is made of them; "
                    "end the function with the attention";
    diag.attachNote(use.getOwner()->getLoc()) << "used here";
    return failure();
  }
  if (int64_t anchorSize = star.getClampedAnchorSize())
    for (Value source : {op.getKey(), op.getValue()}) {
      int64_t &size = plan.anchors[cast<BlockArgument>(source).getArgNumber()];
      size = std::max(size, anchorSize);
    }
  plan.stars.push_back(star);
  return success();
}

/// What is cut is used by attention alone: else it would mean something else.
LogicalResult Planner::checkUses() {
  for (auto [number, shard] : plan.shards) {
    BlockArgument argument = func.getArgument(number);
    for (OpOperand &use : argument.getUses()) {
      if (parts.contains(&use))
        continue;
      InFlightDiagnostic diag =
          func.emitError("cannot be distributed: argument ")
          << number << " becomes a part of it ("
          << stringifyShardKind(shard.getKind())
          << "), and is used whole elsewhere; give that "
             "use an argument of its own";
      diag.attachNote(use.getOwner()->getLoc()) << "used here";
      return failure();
    }
  }
  return success();
}

/// All that is cut is cut at the same positions, so it is equally long.
LogicalResult Planner::checkLengths() {
  int64_t known = ShapedType::kDynamic;
  for (auto [number, shard] : plan.shards) {
    if (!shard.isCut())
      continue;
    auto type = cast<ShapedType>(func.getArgument(number).getType());
    int64_t size = type.getDimSize(shard.getDim());
    if (shard.getKind() == ShardKind::pages && !ShapedType::isDynamic(size))
      size *= shard.getUnit();
    if (ShapedType::isDynamic(size))
      continue;
    if (!ShapedType::isDynamic(known) && known != size)
      return func.emitError("cannot be distributed: arguments of ")
             << known << " and " << size
             << " keys cannot be cut at the same positions; make functions of "
                "their own of them";
    known = size;
  }
  return success();
}

FailureOr<DistributionPlan> Planner::run(bool isCalled) {
  SmallVector<AttentionInterface> ops;
  func.walk([&](AttentionInterface op) { ops.push_back(op); });
  if (ops.empty())
    return plan;
  for (BlockArgument argument : func.getArguments())
    if (isa<CommType>(argument.getType()) ||
        func.getArgAttr(argument.getArgNumber(), kShardAttrName))
      return func.emitError("is distributed already: argument ")
             << argument.getArgNumber() << " is a communicator or a part";
  if (isCalled)
    return func.emitError("cannot be distributed: it is called by another "
                          "function; inline it first (--inline)");
  for (AttentionInterface op : ops) {
    if (!isa<SdpaOp, StarOp>(*op))
      return op->emitOpError("cannot be distributed: only attn.sdpa and "
                             "attn.star are");
    if (op->getBlock() != &func.getBody().front() ||
        !func.getBody().hasOneBlock())
      return op->emitOpError("cannot be distributed: it may be reached more "
                             "than once, or not at all; all ranks have to make "
                             "the same calls");
    auto sdpa = dyn_cast<SdpaOp>(*op);
    if (failed(sdpa ? planSdpa(sdpa) : planStar(cast<StarOp>(*op))))
      return failure();
  }
  if (!plan.sdpas.empty() && !plan.stars.empty()) {
    InFlightDiagnostic diag = func.emitError(
        "cannot be distributed: it has context rows (attn.star), which ranks "
        "cut among them, and attention to a cache, for which all have the "
        "query; make functions of their own of them");
    diag.attachNote(plan.stars.front().getLoc()) << "context rows here";
    diag.attachNote(plan.sdpas.front().getLoc()) << "attention to a cache here";
    return failure();
  }
  if (failed(checkUses()) || failed(checkLengths()))
    return failure();
  return plan;
}

FailureOr<DistributionPlan> attn::planDistribution(func::FuncOp func,
                                                   bool isCalled) {
  return Planner(func).run(isCalled);
}
