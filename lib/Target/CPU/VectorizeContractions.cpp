//===- VectorizeContractions.cpp - Matrix products around attention -------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Attention comes with projections. They are not this project's subject, so
// they are tiled, vectorised and hoisted with what upstream has, just so far
// that a whole layer does not drown in scalar loops.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/Transforms/Hoisting.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNVECTORIZECONTRACTIONSPASS
#include "attn/Target/CPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

namespace {
/// The register tile: rows by columns of the result, 8 x 32 f32 in 16 vectors
/// of 512 bits; and the rows and columns one parallel task computes.
constexpr int64_t kTileRows = 8, kTileColumns = 32;
constexpr int64_t kTaskRows = 64, kTaskColumns = 256;

/// The loops of a contraction: the innermost dimension of the result is the
/// column, the one before it the row, the rest are batch dimensions.
struct ContractionLoops {
  unsigned row, column, reduction;
};
} // namespace

/// A contraction over one dimension whose result ends in (row, column), with
/// the column contiguous in the right-hand side too, so that vectors of columns
/// are loaded as they lie.
static std::optional<ContractionLoops> matchContraction(linalg::LinalgOp op) {
  if (!linalg::isaContractionOpInterface(op) || !op.hasPureTensorSemantics())
    return std::nullopt;
  // Without iterations there is nothing to tile.
  if (llvm::is_contained(op.getStaticLoopRanges(), 0))
    return std::nullopt;
  AffineMap rhs = op.getIndexingMapsArray()[1];
  AffineMap result = op.getIndexingMapsArray()[2];
  if (!result.isProjectedPermutation() || result.getNumResults() < 2 ||
      op.getNumReductionLoops() != 1)
    return std::nullopt;
  ContractionLoops loops;
  unsigned rank = result.getNumResults();
  loops.row = result.getDimPosition(rank - 2);
  loops.column = result.getDimPosition(rank - 1);
  SmallVector<unsigned> reductions;
  op.getReductionDims(reductions);
  loops.reduction = reductions.front();
  if (!rhs.isProjectedPermutation() || rhs.getNumResults() < 2 ||
      rhs.getDimPosition(rhs.getNumResults() - 1) != loops.column)
    return std::nullopt;
  auto isF32 = [](Type type) { return getElementTypeOrSelf(type).isF32(); };
  if (!llvm::all_of(op->getOperandTypes(), isF32))
    return std::nullopt;
  return loops;
}

/// Tiles `op` by `sizes` and puts the loops in its place. Gives the tiled op,
/// or null if it cannot be tiled.
static linalg::LinalgOp tile(RewriterBase &rewriter, linalg::LinalgOp op,
                             ArrayRef<int64_t> sizes,
                             scf::SCFTilingOptions::LoopType loopType,
                             SmallVectorImpl<LoopLikeOpInterface> &loops) {
  scf::SCFTilingOptions options;
  options.setTileSizes(getAsIndexOpFoldResult(rewriter.getContext(), sizes));
  options.setLoopType(loopType);
  rewriter.setInsertionPoint(op);
  FailureOr<scf::SCFTilingResult> result = scf::tileUsingSCF(
      rewriter, cast<TilingInterface>(op.getOperation()), options);
  if (failed(result))
    return nullptr;
  rewriter.replaceOp(op, result->replacements);
  llvm::append_range(loops, result->loops);
  return cast<linalg::LinalgOp>(result->tiledOps.front());
}

/// Parallel tasks, register tiles, a reduction step of 1; then vectors. Tiles
/// cut by an edge stay loops.
static void vectorizeContraction(RewriterBase &rewriter, linalg::LinalgOp op,
                                 ContractionLoops loops) {
  unsigned numLoops = op.getNumLoops();
  SmallVector<LoopLikeOpInterface> tasks, tiles;

  SmallVector<int64_t> sizes(numLoops, 1);
  sizes[loops.row] = kTaskRows;
  sizes[loops.column] = kTaskColumns;
  sizes[loops.reduction] = 0;
  op = tile(rewriter, op, sizes, scf::SCFTilingOptions::LoopType::ForallOp,
            tasks);
  if (!op)
    return;

  sizes.assign(numLoops, 0);
  sizes[loops.row] = kTileRows;
  sizes[loops.column] = kTileColumns;
  op = tile(rewriter, op, sizes, scf::SCFTilingOptions::LoopType::ForOp, tiles);
  if (!op)
    return;
  sizes.assign(numLoops, 0);
  sizes[loops.reduction] = 1;
  op = tile(rewriter, op, sizes, scf::SCFTilingOptions::LoopType::ForOp, tiles);
  if (!op)
    return;

  // Whole tiles and the cut last ones become separate loops.
  for (LoopLikeOpInterface loop : llvm::reverse(tiles)) {
    scf::ForOp remainder;
    (void)scf::peelForLoopAndSimplifyBounds(
        rewriter, cast<scf::ForOp>(loop.getOperation()), remainder);
  }
}

namespace {
struct AttnVectorizeContractionsPass
    : attn::impl::AttnVectorizeContractionsPassBase<
          AttnVectorizeContractionsPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    IRRewriter rewriter(func.getContext());
    SmallVector<std::pair<linalg::LinalgOp, ContractionLoops>> contractions;
    func.walk([&](linalg::LinalgOp op) {
      if (std::optional<ContractionLoops> loops = matchContraction(op))
        contractions.push_back({op, *loops});
    });
    if (contractions.empty())
      return;
    for (auto [op, loops] : contractions)
      vectorizeContraction(rewriter, op, loops);

    // Peeling made the whole tiles' sizes constant; fold them into the types.
    RewritePatternSet folds =
        linalg::getLinalgTilingCanonicalizationPatterns(&getContext());
    scf::populateSCFForLoopCanonicalizationPatterns(folds);
    if (failed(applyPatternsGreedily(func, std::move(folds))))
      return signalPassFailure();

    // Static tiles become vector contractions.
    SmallVector<linalg::LinalgOp> tiles;
    func.walk([&](linalg::LinalgOp op) {
      if (matchContraction(op) && !op.hasDynamicShape())
        tiles.push_back(op);
    });
    for (linalg::LinalgOp op : tiles) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::VectorizationResult> vectors =
          linalg::vectorize(rewriter, op, /*inputVectorSizes=*/{},
                            /*inputScalableVecDims=*/{},
                            /*vectorizeNDExtract=*/false,
                            /*flatten1DDepthwiseConv=*/false,
                            /*assumeDynamicDimsMatchVecSizes=*/false,
                            /*createNamedContraction=*/true);
      if (succeeded(vectors))
        rewriter.replaceOp(op, vectors->replacements);
    }

    RewritePatternSet patterns(&getContext());
    vector::populateVectorReductionToContractPatterns(patterns);
    vector::ContractionOp::getCanonicalizationPatterns(patterns, &getContext());
    vector::TransferReadOp::getCanonicalizationPatterns(patterns,
                                                        &getContext());
    vector::TransferWriteOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::populateFoldTensorSubsetIntoVectorTransferPatterns(patterns);
    if (failed(applyPatternsGreedily(func, std::move(patterns))))
      return signalPassFailure();

    // The accumulator tile lives in registers through the reduction loop.
    func.walk([&](scf::ForOp loop) {
      moveLoopInvariantCode(cast<LoopLikeOpInterface>(loop.getOperation()));
      rewriter.setInsertionPoint(loop);
      hoistLoopInvariantSubsets(rewriter,
                                cast<LoopLikeOpInterface>(loop.getOperation()));
    });
  }
};
} // namespace
