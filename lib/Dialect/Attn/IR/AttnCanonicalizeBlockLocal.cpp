//===- AttnCanonicalizeBlockLocal.cpp - Simplifications of block_local
//-----===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Exact simplifications of attn.block_local. What it shares with other ops that
// score keys is in AttnCanonicalize.cpp.
//
//===----------------------------------------------------------------------===//

#include "AttnCanonicalize.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"

using namespace mlir;
using namespace mlir::attn;

/// One block is plain attention: what lies behind it, if anything, is not seen.
static LogicalResult foldOneBlock(BlockLocalOp op, PatternRewriter &rewriter) {
  if (op.hasPrefix() || !op.getOffsets().empty())
    return rewriter.notifyMatchFailure(op, "a prefix, or a piece of a problem");
  auto attention = cast<AttentionInterface>(op.getOperation());
  auto isAtMostOne = [&](int64_t size) {
    return !ShapedType::isDynamic(size) && size <= int64_t(op.getBlockLen());
  };
  int64_t axis = attention.getSeqAxis();
  bool seesNoMore =
      attention.isCausal() ||
      (!attention.isPaged() &&
       isAtMostOne(attention.getKey().getType().getDimSize(axis)));
  if (!isAtMostOne(attention.getQuery().getType().getDimSize(axis)) ||
      !seesNoMore)
    return rewriter.notifyMatchFailure(op, "there may be several blocks");
  SdpaOp dense = createSdpa(rewriter, op.getLoc(), op->getResultTypes(),
                            AttentionParts(attention), op.getSinks());
  dense->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceOp(op, dense);
  return success();
}

/// An lse nobody reads is not computed.
static LogicalResult dropUnusedLse(BlockLocalOp op, PatternRewriter &rewriter) {
  if (!op.getLse() || !op.getLse().use_empty())
    return rewriter.notifyMatchFailure(op, "no unused lse");
  AttentionParts parts(cast<AttentionInterface>(op.getOperation()));
  BlockLocalOp newOp =
      createBlockLocal(rewriter, op.getLoc(), op.getOutput().getType(), parts,
                       BlockLocalParameters(op), op.getSinks());
  newOp->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceAllUsesWith(op.getOutput(), newOp.getOutput());
  rewriter.eraseOp(op);
  return success();
}

void attn::addBlockLocalPatterns(RewritePatternSet &patterns) {
  patterns.add(foldOneBlock);
  patterns.add(dropUnusedLse);
}
