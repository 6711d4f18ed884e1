//===- lib/Target/CPU/PrepareLowerToLLVM.cpp - Before LLVM ----------------===//
//
// Part of attn-mlir.
//
// Rewrites the few things that the upstream lowerings to LLVM do not cover.
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/ExpandFloat8/ExpandFloat8.h"
#include "attn/Target/CPU/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNPREPARELOWERTOLLVMPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

namespace {
/// memref.copy from or to strided memory becomes a linalg copy, then loops.
struct ExpandStridedCopy : OpRewritePattern<memref::CopyOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::CopyOp op,
                                PatternRewriter &rewriter) const override {
    auto source = dyn_cast<MemRefType>(op.getSource().getType());
    auto target = dyn_cast<MemRefType>(op.getTarget().getType());
    if (!source || !target)
      return rewriter.notifyMatchFailure(op, "unranked memref");
    if (source.getLayout().isIdentity() && target.getLayout().isIdentity())
      return rewriter.notifyMatchFailure(op, "contiguous: becomes a memcpy");
    linalg::makeMemRefCopyOp(rewriter, op.getLoc(), op.getSource(),
                             op.getTarget());
    rewriter.eraseOp(op);
    return success();
  }
};

/// A memref.expand_shape that makes several dynamic sizes of one, for which
/// upstream's expansion of strided metadata has no size (an assertion there,
/// nothing without them), is written out.
struct ExpandDynamicSizes : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp op,
                                PatternRewriter &rewriter) const override {
    MemRefType type = op.getResultType();
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    bool isCovered = llvm::all_of(groups, [&](ArrayRef<int64_t> group) {
      return llvm::count_if(group, [&](int64_t dim) {
               return type.isDynamicDim(dim);
             }) <= 1;
    });
    if (isCovered)
      return rewriter.notifyMatchFailure(op, "upstream knows all sizes");

    Location loc = op.getLoc();
    auto metadata =
        memref::ExtractStridedMetadataOp::create(rewriter, loc, op.getSrc());
    auto [typeStrides, typeOffset] = type.getStridesAndOffset();
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    SmallVector<OpFoldResult> sourceStrides =
        metadata.getConstifiedMixedStrides();
    SmallVector<OpFoldResult> strides(sizes.size());
    for (auto [group, outer] : llvm::zip_equal(groups, sourceStrides)) {
      Value stride = getValueOrCreateConstantIndexOp(rewriter, loc, outer);
      for (int64_t dim : llvm::reverse(group)) {
        strides[dim] = stride;
        if (!ShapedType::isDynamic(typeStrides[dim]))
          strides[dim] = rewriter.getIndexAttr(typeStrides[dim]);
        Value size = getValueOrCreateConstantIndexOp(rewriter, loc, sizes[dim]);
        stride = rewriter.createOrFold<arith::MulIOp>(loc, stride, size);
      }
    }
    OpFoldResult offset = metadata.getOffset();
    if (!ShapedType::isDynamic(typeOffset))
      offset = rewriter.getIndexAttr(typeOffset);
    rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
        op, type, metadata.getBaseBuffer(), offset, sizes, strides);
    return success();
  }
};

struct PrepareLowerToLLVM
    : attn::impl::AttnPrepareLowerToLLVMPassBase<PrepareLowerToLLVM> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandStridedCopy, ExpandDynamicSizes>(&getContext());
    attn::populateExpandFloat8Patterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
