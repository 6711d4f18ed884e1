//===- FuseSdpa.cpp - Attention with destinations -------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa to attn.sdpa_step.
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

namespace {
struct FuseSdpaPass : attn::impl::AttnFuseSdpaPassBase<FuseSdpaPass> {
  void runOnOperation() override {
    SmallVector<SdpaOp> ops;
    getOperation()->walk([&](SdpaOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (SdpaOp op : ops)
      fuseSdpa(rewriter, op);
  }
};
} // namespace
