//===- ApplyStrategies.cpp - From requests to ops -------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Rewrites each attn.sdpa as its strategy attribute asks.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNAPPLYSTRATEGIESPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// An approximation as people write it.
static StringRef getTitle(StrategyAttrInterface strategy) {
  return isa<StarAttr>(strategy) ? "Star Attention" : "SparQ";
}

namespace {
struct ApplyStrategiesPass
    : attn::impl::AttnApplyStrategiesPassBase<ApplyStrategiesPass> {
  using AttnApplyStrategiesPassBase::AttnApplyStrategiesPassBase;

  void tile(RewriterBase &rewriter, Operation *op) {
    if (!tileOps)
      return;
    BlockwiseSizes sizes = resolveBlockwiseSizes(op, BlockwiseSizes());
    if (sizes.numSplits == 0)
      if (auto module = dyn_cast<ModuleOp>(getOperation()))
        declareNumThreads(module);
    FailureOr<SmallVector<Value>> tiled =
        tileBlockwise(rewriter, cast<AttentionInterface>(op), sizes);
    assert(succeeded(tiled) && "layer A and attn.partial tile");
    (void)tiled;
  }

  void runOnOperation() override {
    SmallVector<SdpaOp> ops;
    getOperation()->walk([&](SdpaOp op) {
      if (op.getStrategyAttr())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (SdpaOp op : ops) {
      StrategyAttrInterface strategy = op.getStrategyAttr();
      if (isa<DenseAttr>(strategy))
        continue; // What decomposition does with the op as it stands.
      if (!strategy.isExact()) {
        auto sparq = dyn_cast<SparqAttr>(strategy);
        if (sparq && sparq.getState() == SparqState::args) {
          op.emitOpError("asks for state=args, which changes the arguments of "
                         "its function; run --attn-rewrite-to-sparq first");
          return signalPassFailure();
        }
        std::string why;
        if (succeeded(rewriteToApproximation(rewriter, op, strategy, why)))
          continue;
        op.emitRemark("computed exactly, not by ")
            << getTitle(strategy) << ": " << why;
        strategy = BlockwiseAttr::get(&getContext(), 0, 0, 0);
        op.setStrategyAttr(strategy);
      }
      if (!isa<BlockwiseAttr>(strategy)) {
        op.emitOpError("has a strategy that attn-apply-strategies does not "
                       "know: ")
            << strategy;
        return signalPassFailure();
      }
      tile(rewriter, op);
    }
    // Its way of computing is its structure.
    SmallVector<Operation *> blocks;
    getOperation()->walk([&](Operation *op) {
      if (isa<StarOp, BlockLocalOp>(op))
        blocks.push_back(op);
    });
    for (Operation *op : blocks)
      tile(rewriter, op);
    // A rank's part, say. What a parallel loop computes is a tile already.
    SmallVector<PartialOp> partials;
    getOperation()->walk([&](PartialOp op) {
      if (isa<RankedTensorType>(op.getQuery().getType()) &&
          !op->getParentOfType<scf::ForallOp>())
        partials.push_back(op);
    });
    for (PartialOp op : partials)
      tile(rewriter, op);
  }
};
} // namespace
