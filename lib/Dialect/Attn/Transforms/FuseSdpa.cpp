//===- FuseSdpa.cpp - Attention with destinations -------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa to attn.sdpa_step, attn.star to attn.star_step, and
// attn.block_local to attn.block_local_step.
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
        fuseBlockLocal(rewriter, blocks);
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
