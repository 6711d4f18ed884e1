//===- AttnCanonicalizeMerge.cpp - Simplifications of finalize and merge --===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Rewrites of attn.finalize and attn.merge that hold for every state, bit for
// bit up to the order of sums.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Results nobody reads
//===----------------------------------------------------------------------===//

/// Puts `newOp`, which has no lse, in the place of `op`.
template <typename OpTy>
static void replaceWithoutLse(PatternRewriter &rewriter, OpTy op, OpTy newOp) {
  newOp->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceAllUsesWith(op->getResult(0), newOp->getResult(0));
  rewriter.eraseOp(op);
}

static LogicalResult dropUnusedFinalizeLse(FinalizeOp op,
                                           PatternRewriter &rewriter) {
  if (op->getNumResults() != 2 || !op->getResult(1).use_empty())
    return rewriter.notifyMatchFailure(op, "no unused lse");
  auto newOp = FinalizeOp::create(
      rewriter, op.getLoc(), TypeRange{op->getResult(0).getType()}, op.getAcc(),
      op.getRowMax(), op.getRowSum(), op.getSinks(), op.getOutput(),
      /*lse=*/Value(), op.getLayoutAttr());
  replaceWithoutLse(rewriter, op, newOp);
  return success();
}

static LogicalResult dropUnusedMergeLse(MergeOp op, PatternRewriter &rewriter) {
  if (op->getNumResults() != 2 || !op->getResult(1).use_empty())
    return rewriter.notifyMatchFailure(op, "no unused lse");
  auto newOp = MergeOp::create(
      rewriter, op.getLoc(), TypeRange{op->getResult(0).getType()},
      op.getPartOutputs(), op.getPartLses(), op.getOutput(), /*lse=*/Value(),
      op.getAlongAttr(), op.getLayoutAttr());
  replaceWithoutLse(rewriter, op, newOp);
  return success();
}

//===----------------------------------------------------------------------===//
// merge
//===----------------------------------------------------------------------===//

/// Replaces the parts of `op`, which are not stacked.
static void setParts(PatternRewriter &rewriter, MergeOp op,
                     ArrayRef<Value> outputs, ArrayRef<Value> lses) {
  rewriter.modifyOpInPlace(op, [&] {
    op.getPartOutputsMutable().assign(outputs);
    op.getPartLsesMutable().assign(lses);
  });
}

/// A part that is itself a merge, of states of the same form, is replaced by
/// its parts: one division less.
static LogicalResult flattenMerge(MergeOp op, PatternRewriter &rewriter) {
  if (op.getAlong() || !op.hasPureTensorSemantics())
    return rewriter.notifyMatchFailure(op, "not separate parts on tensors");
  // Both results of the inner merge are this one part and nothing else.
  auto isOnlyPart = [&](MergeOp inner, Value output, Value lse) {
    return inner && !inner.getAlong() && inner->getNumResults() == 2 &&
           inner.getLayout().value_or(Layout::bhsd) == Layout::bhsd &&
           getElementTypeOrSelf(inner->getResult(0).getType()) ==
               getElementTypeOrSelf(inner->getResult(1).getType()) &&
           output == inner->getResult(0) && lse == inner->getResult(1) &&
           output.hasOneUse() && lse.hasOneUse();
  };
  SmallVector<Value> outputs, lses;
  bool changed = false;
  for (auto [output, lse] :
       llvm::zip_equal(op.getPartOutputs(), op.getPartLses())) {
    auto inner = output.getDefiningOp<MergeOp>();
    if (isOnlyPart(inner, output, lse)) {
      llvm::append_range(outputs, inner.getPartOutputs());
      llvm::append_range(lses, inner.getPartLses());
      changed = true;
    } else {
      outputs.push_back(output);
      lses.push_back(lse);
    }
  }
  if (!changed)
    return rewriter.notifyMatchFailure(op, "no part is a merge of its own");
  setParts(rewriter, op, outputs, lses);
  return success();
}

static bool isMinusInf(DenseFPElementsAttr elements) {
  auto isMinusInf = [](const APFloat &x) {
    return x.isInfinity() && x.isNegative();
  };
  if (elements.isSplat() && !elements.empty())
    return isMinusInf(elements.getSplatValue<APFloat>());
  return llvm::all_of(elements.getValues<APFloat>(), isMinusInf);
}

/// A part whose lse is -inf throughout is the identity. One part stays, for the
/// sizes.
static LogicalResult dropIdentityParts(MergeOp op, PatternRewriter &rewriter) {
  if (op.getAlong())
    return rewriter.notifyMatchFailure(op, "not separate parts");
  SmallVector<Value> outputs, lses;
  for (auto [output, lse] :
       llvm::zip_equal(op.getPartOutputs(), op.getPartLses())) {
    DenseFPElementsAttr constant;
    if (matchPattern(lse, m_Constant(&constant)) && isMinusInf(constant))
      continue;
    outputs.push_back(output);
    lses.push_back(lse);
  }
  if (outputs.empty() || outputs.size() == op.getPartOutputs().size())
    return rewriter.notifyMatchFailure(op, "no part known to be the identity");
  setParts(rewriter, op, outputs, lses);
  return success();
}

/// A single part of the result's form is the result.
static LogicalResult forwardSinglePart(MergeOp op, PatternRewriter &rewriter) {
  if (op.getAlong() || op.getPartOutputs().size() != 1 ||
      !op.hasPureTensorSemantics() ||
      op.getLayout().value_or(Layout::bhsd) != Layout::bhsd)
    return rewriter.notifyMatchFailure(op, "not one bhsd part on tensors");
  SmallVector<Value> parts = {op.getPartOutputs().front()};
  if (op.getLse())
    parts.push_back(op.getPartLses().front());
  if (TypeRange(parts) != op->getResultTypes())
    return rewriter.notifyMatchFailure(op, "the part has another type");
  rewriter.replaceOp(op, parts);
  return success();
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

void FinalizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *) {
  patterns.add(dropUnusedFinalizeLse);
}

void MergeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *) {
  patterns.add(dropUnusedMergeLse);
  patterns.add(flattenMerge);
  patterns.add(dropIdentityParts);
  patterns.add(forwardSinglePart);
}
