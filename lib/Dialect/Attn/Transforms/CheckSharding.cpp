//===- CheckSharding.cpp - What shard-partition can take ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// shard-partition of LLVM 22 takes what it asks for as given. This asks.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Extensions/Sharding.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"

using namespace mlir;
using namespace mlir::attn;
using mlir::shard::Sharding;
using mlir::shard::ShardOp;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNCHECKSHARDINGPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// Values of rank 0 and scalars are whole on every process.
static bool needsSharding(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() > 0;
}

static constexpr StringRef kPropagate =
    "; annotate what it is computed with and run "
    "sharding-propagation{traversal=forward-backward}";

static LogicalResult checkArgument(func::FuncOp func, BlockArgument argument) {
  unsigned number = argument.getArgNumber();
  if (!needsSharding(argument))
    return success();
  if (argument.use_empty())
    return func.emitOpError("expects every tensor argument to have a "
                            "sharding, but argument ")
           << number << " is not used; remove it";
  if (!argument.hasOneUse())
    return func.emitOpError("expects argument ")
           << number
           << " to be used once, by a shard.shard, whose result is used "
              "instead";
  if (!isa<ShardOp>(*argument.getUsers().begin()))
    return func.emitOpError("expects argument ")
           << number << " to have a sharding" << kPropagate;
  return success();
}

/// A change of sharding moves shards between processes.
static LogicalResult checkChain(ShardOp op) {
  Sharding to(op.getSharding());
  if (!to.getStaticHaloSizes().empty() ||
      !to.getStaticShardedDimsOffsets().empty())
    return op.emitOpError("expects shards of equal sizes, without halo_sizes "
                          "or sharded_dims_offsets; pad tensors (attention "
                          "takes kv_len and q_len)");
  auto source = op.getSrc().getDefiningOp<ShardOp>();
  if (!source)
    return success();
  Sharding from(source.getSharding());
  if (from == to ||
      (shard::isFullReplication(from) && shard::isFullReplication(to)))
    return success();
  auto diag = op.emitOpError(
      "expects the sharding that its operand has: nothing lowers the "
      "collective that would move shards; annotate both alike");
  diag.attachNote(source.getLoc()) << "the operand's sharding";
  return diag;
}

/// What shard-partition asks of the annotations around any op.
static LogicalResult checkAnnotations(Operation *op) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!needsSharding(operand.get()))
      continue;
    if (!operand.get().getDefiningOp<ShardOp>())
      return op->emitOpError("expects a sharding of operand ")
             << operand.getOperandNumber() << kPropagate;
  }
  for (OpResult result : op->getResults()) {
    if (!needsSharding(result) || result.use_empty())
      continue;
    if (!result.hasOneUse() || !isa<ShardOp>(*result.getUsers().begin()))
      return op->emitOpError("expects result ")
             << result.getResultNumber() << " to be used once, by a shard.shard"
             << kPropagate;
  }
  return success();
}

static LogicalResult checkOp(Operation *op) {
  if (auto annotation = dyn_cast<ShardOp>(op))
    return checkChain(annotation);
  if (isa_and_nonnull<shard::ShardDialect>(op->getDialect()))
    return success();
  SmallVector<Sharding, 0> shardings = getShardings(op);
  // Ours first: they know why propagation gave up.
  if (isa<AttentionInterface>(op) && isa<shard::ShardingInterface>(op) &&
      failed(verifySharding(op, shardings)))
    return failure();
  if (failed(checkAnnotations(op)))
    return failure();
  bool isWhole = llvm::all_of(shardings, [](const Sharding &sharding) {
    return !sharding || shard::isFullReplication(sharding);
  });
  if (!isa<shard::ShardingInterface>(op) &&
      !op->hasTrait<OpTrait::IsTerminator>() && !isWhole)
    return op->emitOpError("expects its operands and results to be whole on "
                           "every process: it has no ShardingInterface");
  return verifyCaptures(op);
}

namespace {
struct CheckSharding : attn::impl::AttnCheckShardingPassBase<CheckSharding> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    WalkResult annotated =
        func.walk([](ShardOp) { return WalkResult::interrupt(); });
    if (!annotated.wasInterrupted())
      return;
    if (!func.getBody().hasOneBlock()) {
      func.emitOpError("expects one block where tensors have shardings, but "
                       "got ")
          << func.getBody().getBlocks().size() << "; use scf for control flow";
      return signalPassFailure();
    }
    Block &body = func.getBody().front();
    for (Operation &op : body)
      if (failed(checkOp(&op)))
        return signalPassFailure();
    for (BlockArgument argument : body.getArguments())
      if (failed(checkArgument(func, argument)))
        return signalPassFailure();
    for (Operation &op : body) {
      WalkResult nested = op.walk([&](ShardOp inner) {
        if (inner->getBlock() == &body)
          return WalkResult::advance();
        inner.emitOpError("expects to be at the top of its function: "
                          "shard-partition does not look into regions");
        return WalkResult::interrupt();
      });
      if (nested.wasInterrupted())
        return signalPassFailure();
    }
  }
};
} // namespace
