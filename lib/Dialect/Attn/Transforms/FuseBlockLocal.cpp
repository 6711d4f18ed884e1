//===- FuseBlockLocal.cpp - Tiny attention as blocks ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa on short static sequences, and attn.block_local of short blocks, to
// attn.block_local_step.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNFUSEBLOCKLOCALPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// Why the kernel of short blocks does not take `op`, or null.
static const char *getObstacle(AttentionInterface op, Value sinks) {
  if (op.hasScore() || op.isPaged() || op.isQuantized() || sinks ||
      !op.getOffsets().empty())
    return "has a score region, a page_table, scales of keys, sinks or offsets";
  if (op.getKey().getType().getElementType() !=
      op.getQuery().getType().getElementType())
    return "key does not have the query's element type";
  std::optional<int64_t> group = getStaticGroupSize(op);
  if (!group || *group == 0)
    return "num_heads and num_kv_heads are not known, or 0";
  return nullptr;
}

/// Replaces `op` by the step that `parameters` describe.
template <typename OpTy>
static BlockLocalStepOp createStep(RewriterBase &rewriter, OpTy op,
                                   const BlockLocalParameters &parameters) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  auto attention = cast<AttentionInterface>(op.getOperation());
  AttentionParts parts(attention);
  if (parts.bottomRight) {
    if (parts.hasWindow())
      parts.causalOffset = resolveBottomRight(rewriter, op.getLoc(), attention);
    parts.bottomRight = false;
  }
  SmallVector<Value> inits = op.createEmptyResults(rewriter);
  BlockLocalStepOp step = createBlockLocalStep(
      rewriter, op.getLoc(), parts, parameters, op.getSinks(), inits.front(),
      inits.size() > 1 ? inits[1] : Value());
  rewriter.replaceOp(op, step.getResults());
  return step;
}

FailureOr<BlockLocalStepOp> attn::fuseBlockLocal(RewriterBase &rewriter,
                                                 SdpaOp op, int64_t maxKeys) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  int64_t axis = attention.getSeqAxis();
  int64_t rows = attention.getQuery().getType().getDimSize(axis);
  int64_t keys = attention.getKey().getType().getDimSize(axis);
  if (attention.isPaged() || rows < 1 || rows > maxKeys || keys < 1 ||
      keys > maxKeys)
    return rewriter.notifyMatchFailure(op, "sequences may be long, or empty");
  if (StrategyAttrInterface strategy = op.getStrategyAttr())
    if (strategy != BlockwiseAttr::get(op.getContext(), 0, 0, 0))
      return rewriter.notifyMatchFailure(op, "another strategy is asked for");
  if (const char *obstacle = getObstacle(attention, op.getSinks()))
    return rewriter.notifyMatchFailure(op, obstacle);
  BlockLocalParameters parameters;
  parameters.blockLen = keys;
  if (rows != keys)
    parameters.blockLenQ = rows;
  return createStep(rewriter, op, parameters);
}

BlockLocalStepOp attn::fuseBlockLocal(RewriterBase &rewriter, BlockLocalOp op) {
  return createStep(rewriter, op, BlockLocalParameters(op));
}

FailureOr<BlockLocalStepOp>
attn::fuseBlockLocal(RewriterBase &rewriter, BlockLocalOp op, int64_t maxKeys) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  BlockLocalParameters parameters(op);
  if (parameters.blockLen + parameters.prefixLen.value_or(0) > maxKeys)
    return rewriter.notifyMatchFailure(op, "blocks are long");
  if (const char *obstacle = getObstacle(attention, op.getSinks()))
    return rewriter.notifyMatchFailure(op, obstacle);
  // As many blocks of keys as of rows, as far as is known.
  int64_t axis = attention.getSeqAxis();
  int64_t rows = attention.getQuery().getType().getDimSize(axis);
  int64_t keys = attention.getKey().getType().getDimSize(axis);
  bool isDynamic = ShapedType::isDynamic(rows) && ShapedType::isDynamic(keys);
  bool isStatic = !ShapedType::isDynamic(rows) && !ShapedType::isDynamic(keys);
  if (!isDynamic &&
      !(isStatic && llvm::divideCeil(rows, parameters.blockLen) ==
                        llvm::divideCeil(keys, parameters.blockLen)))
    return rewriter.notifyMatchFailure(op, "blocks of keys may be missing");
  return fuseBlockLocal(rewriter, op);
}

namespace {
struct FuseBlockLocalPass
    : attn::impl::AttnFuseBlockLocalPassBase<FuseBlockLocalPass> {
  using AttnFuseBlockLocalPassBase::AttnFuseBlockLocalPassBase;
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<SdpaOp, BlockLocalOp>(op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : ops)
      TypeSwitch<Operation *>(op).Case<SdpaOp, BlockLocalOp>([&](auto layerA) {
        (void)fuseBlockLocal(rewriter, layerA, maxKeys);
      });
  }
};
} // namespace
