//===- Approximations.cpp - From dense attention and back -----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What does not depend on which approximation it is: rewriting an op as its
// strategy asks, all ops of a module, and undoing that.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::attn;

/// The op `strategy` asks for in place of `op`, without remarks.
static FailureOr<Operation *> rewrite(RewriterBase &rewriter, SdpaOp op,
                                      StrategyAttrInterface strategy,
                                      std::string &why) {
  if (auto star = dyn_cast<StarAttr>(strategy)) {
    FailureOr<StarOp> rewritten = rewriteToStar(rewriter, op, star, why);
    if (succeeded(rewritten))
      return rewritten->getOperation();
  } else if (auto sparq = dyn_cast<SparqAttr>(strategy)) {
    FailureOr<SparqOp> rewritten = rewriteToSparq(rewriter, op, sparq, why);
    if (succeeded(rewritten))
      return rewritten->getOperation();
  }
  return failure();
}

LogicalResult attn::rewriteToApproximation(RewriterBase &rewriter, SdpaOp op,
                                           StrategyAttrInterface strategy,
                                           std::string &why) {
  FailureOr<Operation *> rewritten = rewrite(rewriter, op, strategy, why);
  if (failed(rewritten))
    return failure();
  if (auto star = dyn_cast<StarOp>(*rewritten))
    remarkOnStar(star, cast<StarAttr>(strategy));
  else
    remarkOnSparq(cast<SparqOp>(*rewritten), cast<SparqAttr>(strategy));
  return success();
}

LogicalResult attn::applyApproximations(ModuleOp module, StringRef strategy,
                                        bool remarks) {
  StrategyAttrInterface all;
  if (!strategy.empty()) {
    std::string error;
    FailureOr<StrategyAttrInterface> attr =
        parseStrategy(strategy, module.getContext(), error);
    if (failed(attr))
      return module.emitError(error);
    all = *attr;
  }
  SmallVector<SdpaOp> ops;
  module.walk([&](SdpaOp op) { ops.push_back(op); });
  IRRewriter rewriter(module.getContext());
  for (SdpaOp op : ops) {
    StrategyAttrInterface asked = all ? all : op.getStrategyAttr();
    std::string why;
    if (!asked || asked.isExact() ||
        succeeded(rewrite(rewriter, op, asked, why)))
      continue;
    if (remarks)
      op.emitRemark("stays dense: ") << why;
    op.removeStrategyAttr(); // It stays exact.
  }
  return success();
}

void attn::dropApproximations(ModuleOp module) {
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    auto star = dyn_cast<StarOp>(op);
    // Of some keys of a problem there is no dense form.
    if (isa<SparqOp>(op) || (star && !star.hasAnchorOperands()))
      ops.push_back(op);
    auto sdpa = dyn_cast<SdpaOp>(op);
    if (sdpa && sdpa.getStrategyAttr() && !sdpa.getStrategyAttr().isExact())
      sdpa.removeStrategyAttr();
  });
  IRRewriter rewriter(module.getContext());
  for (Operation *op : ops) {
    rewriter.setInsertionPoint(op);
    if (auto star = dyn_cast<StarOp>(op))
      rewriter.replaceOp(op, createDense(rewriter, star));
    else
      rewriter.replaceOp(op, createDense(rewriter, cast<SparqOp>(op)));
  }
}
