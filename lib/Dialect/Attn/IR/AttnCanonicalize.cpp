//===- AttnCanonicalize.cpp - Exact simplifications of attn ops -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Rewrites that hold for every input, bit for bit up to the order of sums.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"

using namespace mlir;
using namespace mlir::attn;

namespace {
/// A score region that yields its argument says nothing.
struct DropIdentityScore : OpRewritePattern<SdpaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SdpaOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getScore().empty())
      return rewriter.notifyMatchFailure(op, "no score region");
    Block &block = op.getScore().front();
    auto yield = cast<YieldOp>(block.getTerminator());
    if (yield.getValue() != block.getArgument(0))
      return rewriter.notifyMatchFailure(op, "the region changes the score");
    rewriter.modifyOpInPlace(op, [&] { rewriter.eraseBlock(&block); });
    return success();
  }
};
} // namespace

void SdpaOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropIdentityScore>(context);
}
