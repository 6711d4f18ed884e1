//===- SplitKV.cpp - Ranges of keys in parallel ---------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa and attn.partial to attn.partial over ranges of keys and one
// attn.merge.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNSPLITKVPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// Operands of `op` whose keys can be cut: positions are explicit and the
/// diagonal does not depend on a length.
static AttentionParts getCuttableParts(IndexMath &math, AttentionInterface op) {
  AttentionParts parts(op);
  if (parts.bottomRight)
    parts.causalOffset =
        parts.hasWindow() ? resolveBottomRight(math.b, math.loc, op) : Value();
  parts.bottomRight = false;
  if (parts.usesPositions() && parts.offsets.empty())
    parts.offsets.append(4, math.value(math.constant(0)));
  return parts;
}

/// Keys of split `split`: equal shares of all of them, in whole pages. The last
/// shares may be smaller, or empty.
static DimRange getShare(IndexMath &math, AttentionInterface op,
                         OpFoldResult split, int64_t numSplits) {
  int64_t unit = op.isPaged() ? getPageSize(op) : 1;
  OpFoldResult total = getSizes(math.b, math.loc, op).seqLenKv;
  OpFoldResult share =
      math.apply(math.d(0).floorDiv(unit).ceilDiv(numSplits) * unit, total);
  OpFoldResult lo = math.mul(split, share);
  std::optional<int64_t> keys = getConstantIntValue(total);
  if (keys && *keys % (numSplits * unit) == 0)
    return {lo, share};
  DimRange range;
  range.size = math.max(math.constant(0), math.min(share, math.sub(total, lo)));
  range.offset = clampKeyOffset(math.b, math.loc, op, {lo, range.size});
  return range;
}

/// Writes the sinks as part `part` of the stacks: output 0, lse the sink.
static void insertSinks(IndexMath &math, AttentionInterface op, Value sinks,
                        int64_t part, SmallVector<Value> &stacks) {
  OpBuilder &b = math.b;
  for (auto [n, stack] : llvm::enumerate(stacks)) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, math.loc, stack);
    sizes[0] = math.constant(1);
    SmallVector<OpFoldResult> offsets(sizes.size(), math.constant(0));
    offsets[0] = math.constant(part);
    SmallVector<OpFoldResult> strides = unitStrides(b, sizes.size());
    auto type = cast<FloatType>(getElementTypeOrSelf(stack.getType()));
    Value slab = n == 0 ? createFilled(b, math.loc, sizes, type, 0.0)
                        : createSinkLse(b, math.loc, AttentionParts(op), sinks,
                                        createEmpty(b, math.loc, sizes, type));
    stack = tensor::InsertSliceOp::create(b, math.loc, slab, stack, offsets,
                                          sizes, strides);
  }
}

FailureOr<SmallVector<Value>> attn::splitKv(RewriterBase &rewriter,
                                            AttentionInterface op,
                                            int64_t numSplits) {
  assert(numSplits > 0 && "a split is needed for the keys to be in");
  if (!isa<SdpaOp, PartialOp>(*op))
    return rewriter.notifyMatchFailure(
        op, "expects attn.sdpa or attn.partial: other ops are tiled already");
  if (!isa<RankedTensorType>(op.getQuery().getType()))
    return rewriter.notifyMatchFailure(op, "expects tensors, not memrefs");
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  IndexMath math{rewriter, loc};
  auto sdpa = dyn_cast<SdpaOp>(*op);
  Value sinks = sdpa ? sdpa.getSinks() : Value();
  SmallVector<Value> destinations = createDestinations(rewriter, op);

  AttentionSizes dims = getSizes(rewriter, loc, op);
  if (hasNoRows(dims))
    return replaceWithCasts(rewriter, op, destinations);
  SmallVector<OpFoldResult> lseShape = {
      math.constant(numSplits + (sinks ? 1 : 0)), dims.batch, dims.numHeads,
      dims.seqLenQ};
  SmallVector<OpFoldResult> outputShape = lseShape;
  outputShape.push_back(math.constant(op.getHeadDimV()));
  FloatType type = op.getAccumulatorType();
  SmallVector<Value> stacks = {createEmpty(rewriter, loc, outputShape, type),
                               createEmpty(rewriter, loc, lseShape, type)};
  if (sinks)
    insertSinks(math, op, sinks, numSplits, stacks);
  AttentionParts all = getCuttableParts(math, op);

  OpFoldResult zero = math.constant(0), one = math.constant(1);
  auto loop = scf::ForallOp::create(
      rewriter, loc, ArrayRef<OpFoldResult>{zero},
      ArrayRef<OpFoldResult>{math.constant(numSplits)},
      ArrayRef<OpFoldResult>{one}, stacks, /*mapping=*/std::nullopt);
  rewriter.setInsertionPointToStart(loop.getBody());
  OpFoldResult split = loop.getInductionVar(0);
  DimRange keys = getShare(math, op, split, numSplits);
  AttentionParts parts = sliceKeys(rewriter, loc, all, keys);
  SmallVector<Value> inits;
  SmallVector<SmallVector<OpFoldResult>> offsets, sizes;
  const SmallVector<OpFoldResult> shapes[] = {outputShape, lseShape};
  for (auto [output, shape] :
       llvm::zip_equal(loop.getRegionOutArgs(), shapes)) {
    sizes.push_back(shape);
    sizes.back()[0] = one;
    offsets.emplace_back(shape.size(), zero);
    offsets.back()[0] = split;
    SmallVector<int64_t> reduced =
        decomposeMixedValues(SmallVector<OpFoldResult>(
                                 ArrayRef<OpFoldResult>(shape).drop_front()))
            .first;
    inits.push_back(tensor::ExtractSliceOp::create(
        rewriter, loc, RankedTensorType::get(reduced, type), output,
        offsets.back(), sizes.back(), unitStrides(rewriter, shape.size())));
  }
  PartialOp partial = createPartial(rewriter, loc, parts, inits[0], inits[1]);
  rewriter.setInsertionPointToEnd(loop.getTerminator().getBody());
  for (auto [result, output, offset, size] : llvm::zip_equal(
           partial.getResults(), loop.getRegionOutArgs(), offsets, sizes))
    tensor::ParallelInsertSliceOp::create(rewriter, loc, result, output, offset,
                                          size,
                                          unitStrides(rewriter, offset.size()));

  rewriter.setInsertionPointAfter(loop);
  auto merge = MergeOp::create(
      rewriter, loc, TypeRange(ValueRange(destinations)), loop.getResult(0),
      loop.getResult(1), destinations[0],
      destinations.size() > 1 ? destinations[1] : Value(),
      rewriter.getI64IntegerAttr(0), sdpa ? sdpa.getLayoutAttr() : nullptr);
  return replaceWithCasts(rewriter, op,
                          SmallVector<Value>(merge->getResults()));
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct SplitKVPass : attn::impl::AttnSplitKVPassBase<SplitKVPass> {
  using AttnSplitKVPassBase::AttnSplitKVPassBase;

  void runOnOperation() override {
    if (numSplits < 1) {
      getOperation().emitError(
          "attn-split-kv expects num-splits of at least 1, but got ")
          << numSplits.getValue();
      return signalPassFailure();
    }
    SmallVector<std::pair<AttentionInterface, int64_t>> ops;
    getOperation().walk([&](AttentionInterface op) {
      if (!isa<SdpaOp, PartialOp>(*op) ||
          !isa<RankedTensorType>(op.getQuery().getType()))
        return;
      int64_t count = numSplits;
      if (auto sdpa = dyn_cast<SdpaOp>(*op))
        if (StrategyAttrInterface strategy = sdpa.getStrategyAttr()) {
          auto blockwise = dyn_cast<BlockwiseAttr>(strategy);
          if (!blockwise)
            return;
          if (blockwise.getNumSplits() != 0)
            count = blockwise.getNumSplits();
        }
      if (count > 1)
        ops.emplace_back(op, count);
    });
    IRRewriter rewriter(&getContext());
    for (auto [op, count] : ops) {
      FailureOr<SmallVector<Value>> split = splitKv(rewriter, op, count);
      assert(succeeded(split) && "checked above");
      (void)split;
    }
  }
};
} // namespace
