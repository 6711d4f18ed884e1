//===- RewriteToStar.cpp - From causal prefill to Star Attention ----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Which attn.sdpa may become attn.star, and what it then is.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNREWRITETOSTARPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

/// Whether the diagonal is at 0, where blocks of queries and of keys meet.
static bool isDiagonalAtZero(SdpaOp op, int64_t seqLenQ, int64_t seqLenKv) {
  if (Value offset = op.getCausalOffset()) {
    if (!isa<ShapedType>(offset.getType()))
      return matchPattern(offset, m_Zero());
    DenseIntElementsAttr elements;
    return matchPattern(offset, m_Constant(&elements)) &&
           llvm::all_of(elements.getValues<APInt>(),
                        [](const APInt &x) { return x.isZero(); });
  }
  if (!op.getBottomRight())
    return true;
  // kv_len - q_len, where absent lengths are those of the sequences.
  if (op.getKvLen() || op.getQLen())
    return op.getKvLen() == op.getQLen();
  return !ShapedType::isDynamic(seqLenQ) && seqLenQ == seqLenKv;
}

/// Why `op` cannot be Star Attention, or an empty string.
static std::string getObstacle(SdpaOp op) {
  auto attention = cast<AttentionInterface>(op.getOperation());
  int64_t axis = attention.getSeqAxis();
  int64_t seqLenQ = attention.getQuery().getType().getDimSize(axis);
  int64_t seqLenKv = attention.isPaged()
                         ? ShapedType::kDynamic
                         : attention.getKey().getType().getDimSize(axis);
  if (seqLenQ == 1)
    return "one query token is a decode step, which Star computes exactly";
  if (!attention.isCausal())
    return "expects causal attention";
  if (!isDiagonalAtZero(op, seqLenQ, seqLenKv))
    return "expects a diagonal known to be at 0: blocks of queries and of keys "
           "begin at the same positions";
  if (!ShapedType::isDynamic(seqLenQ) && !ShapedType::isDynamic(seqLenKv) &&
      seqLenQ != seqLenKv)
    return "expects seq_len_q and seq_len_kv to be equal, but got " +
           std::to_string(seqLenQ) + " and " + std::to_string(seqLenKv);
  return {};
}

/// What is left of the sequence, or of each sequence of the batch, when the
/// last `querySize` tokens are the query; null if all is context.
static Value createContextLen(OpBuilder &builder, SdpaOp op,
                              int64_t querySize) {
  if (querySize == 0)
    return {};
  auto attention = cast<AttentionInterface>(op.getOperation());
  Location loc = op.getLoc();
  IndexMath math{builder, loc};
  Value lengths = op.getQLen() ? op.getQLen() : op.getKvLen();
  if (!lengths)
    return math.value(math.max(
        math.constant(0),
        math.add(getSizes(builder, loc, attention).seqLenQ, -querySize)));
  AffineMap identity = builder.getMultiDimIdentityMap(1);
  auto empty = tensor::EmptyOp::create(
      builder, loc, getDim(builder, loc, lengths, 0), builder.getI64Type());
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), lengths, empty.getResult(),
             ArrayRef<AffineMap>{identity, identity},
             utils::IteratorType::parallel,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value size = arith::ConstantIntOp::create(b, loc, querySize, 64);
               Value zero = arith::ConstantIntOp::create(b, loc, 0, 64);
               Value left = arith::SubIOp::create(b, loc, args[0], size);
               left = arith::MaxSIOp::create(b, loc, left, zero);
               linalg::YieldOp::create(b, loc, left);
             })
      .getResult(0);
}

void attn::remarkOnStar(StarOp op, StarAttr strategy) {
  int64_t anchorSize = strategy.getAnchorSize();
  if (anchorSize >= 0 && int64_t(op.getAnchorSize()) != anchorSize)
    op.emitRemark("clamps anchor_size ")
        << anchorSize << " to block_size " << op.getAnchorSize();
  if (anchorSize == 0)
    op.emitWarning("anchor_size 0 leaves blocks to themselves; the paper's "
                   "accuracy without an anchor is a quarter to two fifths "
                   "lower");
}

FailureOr<StarOp> attn::rewriteToStar(RewriterBase &rewriter, SdpaOp op,
                                      StarAttr strategy, std::string &why) {
  why = getObstacle(op);
  if (!why.empty())
    return failure();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  AttentionParts parts(cast<AttentionInterface>(op.getOperation()));
  parts.causalOffset = {};
  parts.bottomRight = false;
  StarParameters parameters;
  parameters.blockSize = strategy.getBlockSize();
  parameters.anchorSize =
      strategy.getAnchorSize() < 0
          ? strategy.getBlockSize()
          : std::min(strategy.getAnchorSize(), strategy.getBlockSize());
  parameters.anchor = strategy.getAnchor();
  parameters.contextLen =
      createContextLen(rewriter, op, strategy.getQuerySize());
  StarOp star = createStar(rewriter, op.getLoc(), op->getResultTypes(), parts,
                           parameters, op.getSinks());
  star->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceOp(op, star);
  return star;
}

namespace {
struct RewriteToStarPass
    : attn::impl::AttnRewriteToStarPassBase<RewriteToStarPass> {
  using AttnRewriteToStarPassBase::AttnRewriteToStarPassBase;

  void runOnOperation() override {
    std::string text, error;
    llvm::raw_string_ostream(text)
        << "star{block-size=" << blockSize << " anchor-size=" << anchorSize
        << " query-size=" << querySize << " anchor=" << anchor << "}";
    FailureOr<StrategyAttrInterface> attr =
        parseStrategy(text, &getContext(), error);
    if (failed(attr)) {
      getOperation()->emitError("attn-rewrite-to-star: ") << error;
      return signalPassFailure();
    }
    SmallVector<std::pair<SdpaOp, StarAttr>> ops;
    getOperation()->walk([&](SdpaOp op) {
      if (!op.getStrategyAttr())
        ops.emplace_back(op, cast<StarAttr>(*attr));
      else if (auto own = dyn_cast<StarAttr>(op.getStrategyAttr()))
        ops.emplace_back(op, own);
    });
    IRRewriter rewriter(&getContext());
    for (auto [op, strategy] : ops) {
      std::string why;
      FailureOr<StarOp> star = rewriteToStar(rewriter, op, strategy, why);
      if (failed(star)) {
        op.emitRemark("stays dense: ") << why;
        op.removeStrategyAttr(); // It is exact, and not to be asked again.
        continue;
      }
      remarkOnStar(*star, strategy);
    }
  }
};
} // namespace
