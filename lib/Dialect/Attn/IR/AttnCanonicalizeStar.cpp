//===- AttnCanonicalizeStar.cpp - Exact simplifications of attn.star ------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// An anchor beyond its natural bound, and Star Attention that sees every key.
// What attn.star shares with other ops that score keys is in
// AttnCanonicalize.cpp.
//
//===----------------------------------------------------------------------===//

#include "AttnCanonicalize.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::attn;

/// An anchor above a block says no more than a whole block.
static LogicalResult clampAnchor(StarOp op, PatternRewriter &rewriter) {
  int64_t clamped = op.getClampedAnchorSize();
  if (clamped == int64_t(op.getAnchorSize()))
    return rewriter.notifyMatchFailure(op, "the anchor fits a block");
  op.emitRemark("clamps anchor_size ")
      << op.getAnchorSize() << " to block_size " << clamped;
  rewriter.modifyOpInPlace(op, [&] { op.setAnchorSize(clamped); });
  return success();
}

/// algorithms: S3 and S4. A row sees what it would see anyway if it is in the
/// first block, or in the second and that block's anchor is all of the first.
static LogicalResult foldToDense(StarOp op, PatternRewriter &rewriter) {
  // Without positions, rows begin at 0.
  if (op.hasAnchorOperands() || !op.getOffsets().empty())
    return rewriter.notifyMatchFailure(op, "a piece of a problem");
  int64_t blockSize = op.getBlockSize();
  bool isWholeAnchor = int64_t(op.getAnchorSize()) >= blockSize;
  int64_t most = isWholeAnchor ? 2 * blockSize : blockSize;
  auto query = cast<AttentionInterface>(op.getOperation()).getQuery();
  int64_t context = query.getType().getDimSize(
      cast<AttentionInterface>(op.getOperation()).getSeqAxis());
  std::string what = "seq_len_q";
  APInt contextLen;
  if (op.getContextLen() &&
      matchPattern(op.getContextLen(), m_ConstantInt(&contextLen)) &&
      (ShapedType::isDynamic(context) || contextLen.getSExtValue() < context)) {
    context = contextLen.getSExtValue();
    what = "context_len";
  }
  if (ShapedType::isDynamic(context) || context > most)
    return rewriter.notifyMatchFailure(op, "the context may be longer");
  op.emitRemark("becomes dense attention: ")
      << what << " " << context << " is at most "
      << (isWholeAnchor ? "two blocks of " : "one block of ") << blockSize;
  rewriter.replaceOp(op, createDense(rewriter, op));
  return success();
}

/// An lse nobody reads is not computed.
static LogicalResult dropUnusedLse(StarOp op, PatternRewriter &rewriter) {
  if (!op.getLse() || !op.getLse().use_empty())
    return rewriter.notifyMatchFailure(op, "no unused lse");
  AttentionParts parts(cast<AttentionInterface>(op.getOperation()));
  StarOp newOp = createStar(rewriter, op.getLoc(), op.getOutput().getType(),
                            parts, StarParameters(op), op.getSinks());
  newOp->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceAllUsesWith(op.getOutput(), newOp.getOutput());
  rewriter.eraseOp(op);
  return success();
}

void attn::addStarPatterns(RewritePatternSet &patterns) {
  patterns.add(clampAnchor);
  patterns.add(foldToDense);
  patterns.add(dropUnusedLse);
}
