//===- AttnToLinalg.cpp - attn to linalg on tensors -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Decomposes every attn op, or says which one stands in the way.
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/AttnToLinalg/AttnToLinalg.h"
#include "attn/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::attn {
#define GEN_PASS_DEF_CONVERTATTNTOLINALGPASS
#include "attn/Conversion/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;
using linalg::AggregatedOpInterface;

/// True for ops of ours; with `layerAOnly` not for those of layer B that become
/// kernels. linalg.softmax, which nothing else takes apart, is converted with
/// them. attn.yield stands inside the op it belongs to, attn.dist_merge is a
/// call of other ranks, whatever the target, and communicators answer for
/// themselves.
static bool isToConvert(Operation *op, bool layerAOnly) {
  if (isa<linalg::SoftmaxOp>(op))
    return true;
  if (!isa_and_present<AttnDialect>(op->getDialect()) ||
      isa<YieldOp, DistMergeOp, CommRankOp, CommSizeOp, GridCommOp>(op))
    return false;
  return !layerAOnly || !isa<OnlineOp, PartialOp, FinalizeOp, MergeOp,
                             SparqStepOp, BlockLocalStepOp>(op);
}

namespace {
struct DecomposeAggregated : OpInterfaceRewritePattern<AggregatedOpInterface> {
  DecomposeAggregated(MLIRContext *context, bool layerAOnly)
      : OpInterfaceRewritePattern(context), layerAOnly(layerAOnly) {}

  LogicalResult matchAndRewrite(AggregatedOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (!isToConvert(op, layerAOnly))
      return rewriter.notifyMatchFailure(op, "not an op to convert");
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (failed(results))
      return rewriter.notifyMatchFailure(op, "not on tensors");
    SmallVector<Value> values;
    for (auto [result, type] : llvm::zip_equal(*results, op->getResultTypes()))
      values.push_back(
          result.getType() == type
              ? result
              : tensor::CastOp::create(rewriter, op->getLoc(), type, result));
    rewriter.replaceOp(op, values);
    return success();
  }

  bool layerAOnly;
};

struct ConvertAttnToLinalgPass
    : attn::impl::ConvertAttnToLinalgPassBase<ConvertAttnToLinalgPass> {
  using ConvertAttnToLinalgPassBase::ConvertAttnToLinalgPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateAttnToLinalgPatterns(patterns, layerAOnly);
    FrozenRewritePatternSet frozen(std::move(patterns));
    // attn.sparq becomes ops of ours, which the second sweep converts.
    for (int sweep = 0; sweep < 2; ++sweep)
      walkAndApplyPatterns(getOperation(), frozen);
    WalkResult result = getOperation()->walk([&](Operation *op) {
      if (!isToConvert(op, layerAOnly))
        return WalkResult::advance();
      auto sdpa = dyn_cast<SdpaOp>(op);
      if (sdpa && sdpa.getStrategyAttr() && !sdpa.getStrategyAttr().isExact()) {
        op->emitOpError("has the approximate strategy ")
            << sdpa.getStrategyAttr()
            << ", which was not applied; run --attn-apply-strategies first";
        return WalkResult::interrupt();
      }
      auto isMemRef = [](Type type) { return isa<MemRefType>(type); };
      if (llvm::any_of(op->getOperandTypes(), isMemRef))
        op->emitOpError("expects tensors to be converted to linalg, but got "
                        "memrefs; run convert-attn-to-linalg before "
                        "bufferization");
      else if (isa<StarOp, BlockLocalOp>(op))
        op->emitOpError("has keys in two places, which is computed in tiles; "
                        "run --attn-tile-blockwise first");
      else
        op->emitOpError("has no decomposition to linalg");
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

void attn::populateAttnToLinalgPatterns(RewritePatternSet &patterns,
                                        bool layerAOnly) {
  patterns.add<DecomposeAggregated>(patterns.getContext(), layerAOnly);
}
