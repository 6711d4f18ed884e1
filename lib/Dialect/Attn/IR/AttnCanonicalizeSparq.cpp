//===- AttnCanonicalizeSparq.cpp - Exact simplifications of attn.sparq ----===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Parameters beyond their natural bounds, and SparQ that reads every key. What
// attn.sparq shares with other ops that score keys is in AttnCanonicalize.cpp.
//
//===----------------------------------------------------------------------===//

#include "AttnCanonicalize.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"

using namespace mlir;
using namespace mlir::attn;

/// A rank above head_dim and a local_window above top_k say no more than these.
static LogicalResult clampParameters(SparqOp op, PatternRewriter &rewriter) {
  int64_t rank = op.getClampedRank(), local = op.getClampedLocalWindow();
  bool isRankTooLarge = rank != int64_t(op.getRank());
  bool isLocalTooLarge = local != int64_t(op.getLocalWindow());
  if (!isRankTooLarge && !isLocalTooLarge)
    return rewriter.notifyMatchFailure(op, "parameters are within bounds");
  if (isRankTooLarge)
    op.emitRemark("clamps rank ") << op.getRank() << " to head_dim " << rank;
  if (isLocalTooLarge)
    op.emitRemark("clamps local_window ")
        << op.getLocalWindow() << " to top_k " << local;
  rewriter.modifyOpInPlace(op, [&] {
    op.setRank(rank);
    op.setLocalWindow(local);
  });
  return success();
}

/// With all keys chosen, the first step chooses nothing and the mean value has
/// no weight.
static LogicalResult foldToDense(SparqOp op, PatternRewriter &rewriter) {
  std::optional<int64_t> visible =
      getMaxVisibleKeys(cast<AttentionInterface>(op.getOperation()));
  int64_t topK = op.getTopK();
  if (!visible || topK < *visible)
    return rewriter.notifyMatchFailure(op, "top_k keys may not be all");
  op.emitRemark("becomes dense attention: top_k ")
      << topK << " is at least the " << *visible << " keys a query can see";
  rewriter.replaceOp(op, createDense(rewriter, op).getOutput());
  return success();
}

void attn::addSparqPatterns(RewritePatternSet &patterns) {
  patterns.add(clampParameters);
  patterns.add(foldToDense);
}
