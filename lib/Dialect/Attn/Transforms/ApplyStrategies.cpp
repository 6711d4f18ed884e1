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

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNAPPLYSTRATEGIESPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

namespace {
struct ApplyStrategiesPass
    : attn::impl::AttnApplyStrategiesPassBase<ApplyStrategiesPass> {
  using AttnApplyStrategiesPassBase::AttnApplyStrategiesPassBase;

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
      if (auto sparq = dyn_cast<SparqAttr>(strategy)) {
        if (sparq.getState() == SparqState::args) {
          op.emitOpError("asks for state=args, which changes the arguments of "
                         "its function; run --attn-rewrite-to-sparq first");
          return signalPassFailure();
        }
        std::string why;
        FailureOr<SparqOp> rewritten = rewriteToSparq(rewriter, op, sparq, why);
        if (succeeded(rewritten)) {
          remarkOnSparq(*rewritten, sparq);
          continue;
        }
        op.emitRemark("computed exactly, not by SparQ: ") << why;
        strategy = BlockwiseAttr::get(&getContext(), 0, 0, 0);
        op.setStrategyAttr(strategy);
      }
      if (!isa<BlockwiseAttr>(strategy)) {
        op.emitOpError("has a strategy that attn-apply-strategies does not "
                       "know: ")
            << strategy;
        return signalPassFailure();
      }
      auto attention = cast<AttentionInterface>(op.getOperation());
      BlockwiseSizes sizes = resolveBlockwiseSizes(op, BlockwiseSizes());
      if (sizes.numSplits == 0)
        if (auto module = dyn_cast<ModuleOp>(getOperation()))
          declareNumThreads(module);
      FailureOr<SmallVector<Value>> tiled =
          tileBlockwise(rewriter, attention, sizes);
      assert(succeeded(tiled) && "attn.sdpa tiles");
      (void)tiled;
    }
  }
};
} // namespace
