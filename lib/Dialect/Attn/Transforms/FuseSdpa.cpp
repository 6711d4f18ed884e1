//===- FuseSdpa.cpp - Attention with destinations -------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa to attn.sdpa_step, attn.star to attn.star_step, and
// attn.block_local to one of two.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNFUSESDPAPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

SdpaStepOp attn::fuseSdpa(RewriterBase &rewriter, SdpaOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  SmallVector<Value> inits = op.createEmptyResults(rewriter);
  SdpaStepOp step = createSdpaStep(
      rewriter, op.getLoc(),
      AttentionParts(cast<AttentionInterface>(op.getOperation())),
      op.getSinks(), inits.front(), inits.size() > 1 ? inits[1] : Value());
  rewriter.replaceOp(op, step.getResults());
  return step;
}

StarStepOp attn::fuseStar(RewriterBase &rewriter, StarOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  SmallVector<Value> inits = op.createEmptyResults(rewriter);
  StarStepOp step = createStarStep(
      rewriter, op.getLoc(),
      AttentionParts(cast<AttentionInterface>(op.getOperation())),
      StarParameters(op), op.getSinks(), inits.front(),
      inits.size() > 1 ? inits[1] : Value());
  rewriter.replaceOp(op, step.getResults());
  return step;
}

/// The most keys of a block of attn.block_local_step.
static constexpr int64_t kMaxBlockKeys = 64;

/// Causal blocks are those of Star Attention without an anchor.
static StarStepOp fuseBlocksAsStar(RewriterBase &rewriter, BlockLocalOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  StarParameters parameters;
  parameters.blockSize = op.getBlockLen();
  parameters.anchorSize = 0;
  SmallVector<Value> inits = op.createEmptyResults(rewriter);
  StarStepOp step = createStarStep(
      rewriter, op.getLoc(),
      AttentionParts(cast<AttentionInterface>(op.getOperation())), parameters,
      op.getSinks(), inits.front(), inits.size() > 1 ? inits[1] : Value());
  rewriter.replaceOp(op, step.getResults());
  return step;
}

static LogicalResult fuseBlocks(RewriterBase &rewriter, BlockLocalOp op) {
  if (succeeded(fuseBlockLocal(rewriter, op, kMaxBlockKeys)))
    return success();
  bool isCausal = cast<AttentionInterface>(op.getOperation()).isCausal();
  if (!isCausal || op.hasPrefix())
    return op.emitOpError("expects to be what attn.block_local_step takes, or "
                          "causal without a prefix; compile for the CPU");
  fuseBlocksAsStar(rewriter, op);
  return success();
}

namespace {
struct FuseSdpaPass : attn::impl::AttnFuseSdpaPassBase<FuseSdpaPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<SdpaOp, StarOp, BlockLocalOp, SparqOp>(op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    bool hasFailed = false;
    for (Operation *op : ops) {
      if (auto star = dyn_cast<StarOp>(op)) {
        fuseStar(rewriter, star);
      } else if (auto blocks = dyn_cast<BlockLocalOp>(op)) {
        hasFailed |= failed(fuseBlocks(rewriter, blocks));
      } else if (auto sparq = dyn_cast<SparqOp>(op)) {
        auto attention = cast<AttentionInterface>(op);
        if (getStaticGroupSize(attention).value_or(0) != 0)
          continue;
        sparq.emitOpError("expects num_heads and num_kv_heads to be known; "
                          "compile for the CPU");
        hasFailed = true;
      } else {
        fuseSdpa(rewriter, cast<SdpaOp>(op));
      }
    }
    if (hasFailed)
      signalPassFailure();
  }
};
} // namespace
