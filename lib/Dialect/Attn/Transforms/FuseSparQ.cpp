//===- FuseSparQ.cpp - From SparQ to one step with a destination ----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sparq to attn.sparq_step, and in how many ranges its keys are scored.
//
//===----------------------------------------------------------------------===//

#include "NumSplits.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNFUSESPARQPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// With this many key heads to a thread, the last one to end is not waited for
/// long.
static constexpr int64_t kManyGroups = 4;
/// Keys whose scores are worth a task.
static constexpr int64_t kMinKeys = 4096;

/// In how many ranges keys are scored: one where there are key heads enough to
/// keep all threads busy, as then a thread chooses from scores that are still
/// in its cache.
static Value createSplits(OpBuilder &b, AttentionInterface op) {
  IndexMath math{b, op.getLoc()};
  AttentionSizes sizes = getSizes(b, op.getLoc(), op);
  Value threads = createNumThreads(b, op);
  Value groups = math.value(
      math.max(math.constant(1), math.mul(sizes.batch, sizes.numKvHeads)));
  OpFoldResult wanted =
      math.ceilDiv(math.mul(OpFoldResult(threads), kManyGroups), groups);
  OpFoldResult most =
      math.max(math.constant(1),
               math.apply(math.d(0).floorDiv(kMinKeys), {sizes.seqLenKv}));
  // Key heads that go round evenly need no splits either.
  Value rest = b.createOrFold<arith::RemUIOp>(op.getLoc(), groups, threads);
  Value isEven = arith::CmpIOp::create(b, op.getLoc(), CmpIPredicate::eq, rest,
                                       math.value(math.constant(0)));
  return math.value(
      math.select(isEven, math.constant(1), math.min(wanted, most)));
}

FailureOr<SparqStepOp> attn::fuseSparq(RewriterBase &rewriter, SparqOp op) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  std::optional<int64_t> group = getStaticGroupSize(attention);
  if (!group || *group == 0)
    return rewriter.notifyMatchFailure(
        op, "num_heads and num_kv_heads are not known, or 0");
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Value output = op.createEmptyResults(rewriter).front();
  Value splits;
  if (knowsNumThreads(op))
    splits = createSplits(rewriter, attention);
  AttentionParts parts(attention);
  SparqStepOp step =
      createSparqStep(rewriter, op.getLoc(), parts, op, splits, output);
  rewriter.replaceOp(op, step.getResults());
  return step;
}

namespace {
struct FuseSparQPass : attn::impl::AttnFuseSparQPassBase<FuseSparQPass> {
  void runOnOperation() override {
    SmallVector<SparqOp> ops;
    getOperation()->walk([&](SparqOp op) { ops.push_back(op); });
    auto module = dyn_cast<ModuleOp>(getOperation());
    if (module && !ops.empty())
      declareNumThreads(module);
    IRRewriter rewriter(&getContext());
    for (SparqOp op : ops)
      (void)fuseSparq(rewriter, op);
  }
};
} // namespace
