//===- AttnCanonicalize.cpp - Exact simplifications of attn ops -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Rewrites that hold for every input, bit for bit up to the order of sums. What
// an op that scores keys says twice, or says without effect, is dropped, so
// that lowerings need not look for it. attn.finalize and attn.merge are in
// AttnCanonicalizeMerge.cpp, what attn.star and attn.sparq alone simplify to in
// files of their names.
//
//===----------------------------------------------------------------------===//

#include "AttnCanonicalize.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// What is known at compile time
//===----------------------------------------------------------------------===//

namespace {
/// The smallest and largest of some known integers.
struct Interval {
  int64_t min, max;
};
} // namespace

static std::optional<int64_t> add(int64_t a, int64_t b) {
  int64_t sum;
  if (llvm::AddOverflow(a, b, sum))
    return std::nullopt;
  return sum;
}

/// The value of a constant index, or the elements of a constant tensor.
static std::optional<Interval> getConstants(Value value) {
  APInt scalar;
  if (matchPattern(value, m_ConstantInt(&scalar)))
    return Interval{scalar.getSExtValue(), scalar.getSExtValue()};
  DenseIntElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || elements.empty())
    return std::nullopt;
  Interval interval = {std::numeric_limits<int64_t>::max(),
                       std::numeric_limits<int64_t>::min()};
  for (const APInt &element : elements.getValues<APInt>()) {
    interval.min = std::min(interval.min, element.getSExtValue());
    interval.max = std::max(interval.max, element.getSExtValue());
  }
  return interval;
}

/// The constant position of element 0 along `axis`; 0 without offsets.
static std::optional<int64_t> getConstantOffset(AttentionInterface op,
                                                unsigned axis) {
  if (op.getOffsets().empty())
    return 0;
  APInt offset;
  if (!matchPattern(op.getOffsets()[axis], m_ConstantInt(&offset)))
    return std::nullopt;
  return offset.getSExtValue();
}

static std::optional<int64_t> getStaticSeqLenQ(AttentionInterface op) {
  auto type = op.getQuery().getType();
  if (type.isDynamicDim(op.getSeqAxis()))
    return std::nullopt;
  return type.getDimSize(op.getSeqAxis());
}

static std::optional<int64_t> getStaticSeqLenKv(AttentionInterface op) {
  auto type = op.getKey().getType();
  if (type.isDynamicDim(op.getSeqAxis()))
    return std::nullopt;
  int64_t size = type.getDimSize(op.getSeqAxis());
  if (!op.isPaged())
    return size;
  int64_t pages = cast<ShapedType>(op.getPageTable().getType()).getDimSize(1);
  if (ShapedType::isDynamic(pages))
    return std::nullopt;
  return pages * size;
}

/// Known bounds of D, where the diagonal of a batch entry is `j = i + D` in
/// local indices.
static std::optional<Interval> getConstantDiagonal(AttentionInterface op) {
  std::optional<Interval> diagonal = Interval{0, 0};
  if (op.getBottomRight()) {
    std::optional<int64_t> seqLenQ = getStaticSeqLenQ(op);
    std::optional<int64_t> seqLenKv = getStaticSeqLenKv(op);
    if (op.getKvLen() || op.getQLen() || !seqLenQ || !seqLenKv)
      return std::nullopt;
    diagonal = Interval{*seqLenKv - *seqLenQ, *seqLenKv - *seqLenQ};
  } else if (Value offset = op.getCausalOffset()) {
    diagonal = getConstants(offset);
  }
  std::optional<int64_t> query = getConstantOffset(op, 2);
  std::optional<int64_t> key = getConstantOffset(op, 3);
  if (!diagonal || !query || !key)
    return std::nullopt;
  std::optional<int64_t> shift = add(*query, -*key);
  std::optional<int64_t> min, max;
  if (shift) {
    min = add(diagonal->min, *shift);
    max = add(diagonal->max, *shift);
  }
  if (!min || !max)
    return std::nullopt;
  return Interval{*min, *max};
}

/// True if `value` is a constant tensor all of whose elements satisfy
/// `predicate`.
template <typename T, typename Predicate>
static bool isConstantOf(Value value, Predicate predicate) {
  DenseElementsAttr elements;
  if (!value || !matchPattern(value, m_Constant(&elements)))
    return false;
  if (elements.isSplat() && !elements.empty())
    return predicate(elements.getSplatValue<T>());
  return llvm::all_of(elements.getValues<T>(), predicate);
}

static AttentionInterface asAttention(Operation *op) {
  return cast<AttentionInterface>(op);
}

//===----------------------------------------------------------------------===//
// Ops that score keys: windows and diagonals
//===----------------------------------------------------------------------===//

/// A side of the window that no pair of query and key falls out of is
/// unbounded.
template <typename OpTy>
static LogicalResult widenWindow(OpTy op, PatternRewriter &rewriter) {
  AttentionInterface attention = asAttention(op);
  int64_t left = op.getWindowLeft(), right = op.getWindowRight();
  std::optional<int64_t> seqLenQ = getStaticSeqLenQ(attention);
  std::optional<int64_t> seqLenKv = getStaticSeqLenKv(attention);
  bool coversLeft = false, coversRight = false;
  if (std::optional<Interval> diagonal = getConstantDiagonal(attention)) {
    // The first key is in the window of the last query, the last key in that
    // of the first query.
    if (std::optional<int64_t> edge = add(diagonal->max, -left))
      coversLeft = left >= 0 && seqLenQ && *edge <= 1 - *seqLenQ;
    if (std::optional<int64_t> edge = add(diagonal->min, right))
      coversRight = right >= 0 && seqLenKv && *edge >= *seqLenKv - 1;
  }
  // D = (kv_len or seq_len_kv) - seq_len_q: query 0 already reaches the last
  // key in use.
  if (op.getBottomRight() && !op.getQLen() && seqLenQ && right >= 0)
    coversRight |= right >= *seqLenQ - 1;
  if (!coversLeft && !coversRight)
    return rewriter.notifyMatchFailure(op, "the window may exclude a key");
  rewriter.modifyOpInPlace(op, [&] {
    if (coversLeft)
      op.setWindowLeft(-1);
    if (coversRight)
      op.setWindowRight(-1);
  });
  return success();
}

/// The diagonal is at 0, where it is without being told, or nothing refers to
/// it.
template <typename OpTy>
static LogicalResult dropDiagonal(OpTy op, PatternRewriter &rewriter) {
  if (!op.getBottomRight() && !op.getCausalOffset())
    return rewriter.notifyMatchFailure(op, "the diagonal is at 0");
  AttentionInterface attention = asAttention(op);
  if (attention.hasWindow()) {
    // With offsets, what the op adds to them must be 0, not the sum.
    std::optional<Interval> diagonal;
    if (op.getCausalOffset())
      diagonal = getConstants(op.getCausalOffset());
    else
      diagonal = getConstantDiagonal(attention);
    if (!diagonal || diagonal->min != 0 || diagonal->max != 0)
      return rewriter.notifyMatchFailure(op, "the diagonal may not be at 0");
  }
  rewriter.modifyOpInPlace(op, [&] {
    op.setBottomRight(false);
    op.getCausalOffsetMutable().clear();
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Ops that score keys: operands without effect
//===----------------------------------------------------------------------===//

template <typename OpTy>
static LogicalResult dropTrueMask(OpTy op, PatternRewriter &rewriter) {
  if (!isConstantOf<APInt>(op.getMask(),
                           [](const APInt &x) { return !x.isZero(); }))
    return rewriter.notifyMatchFailure(op, "no mask that is known to be true");
  rewriter.modifyOpInPlace(op, [&] { op.getMaskMutable().clear(); });
  return success();
}

template <typename OpTy>
static LogicalResult dropZeroBias(OpTy op, PatternRewriter &rewriter) {
  if (!isConstantOf<APFloat>(op.getBias(),
                             [](const APFloat &x) { return x.isZero(); }))
    return rewriter.notifyMatchFailure(op, "no bias that is known to be 0");
  rewriter.modifyOpInPlace(op, [&] { op.getBiasMutable().clear(); });
  return success();
}

/// True if no position of `size` local ones from `offset` on is at or beyond
/// `length`, and, where `isExact`, the length is that of the sequence.
static bool isFullLength(Value length, std::optional<int64_t> size,
                         std::optional<int64_t> offset, bool isExact) {
  if (!length || !size || !offset)
    return false;
  std::optional<Interval> lengths = getConstants(length);
  std::optional<int64_t> end = add(*size, *offset);
  return lengths && end && lengths->min >= *end &&
         (!isExact || lengths->max == *end);
}

/// A length that is never shorter than its sequence. bottom_right reads it too,
/// and then it must be the sequence's.
template <typename OpTy>
static LogicalResult dropFullLengths(OpTy op, PatternRewriter &rewriter) {
  AttentionInterface attention = asAttention(op);
  bool isExact = op.getBottomRight();
  bool dropKv = isFullLength(op.getKvLen(), getStaticSeqLenKv(attention),
                             getConstantOffset(attention, 3), isExact);
  bool dropQ = isFullLength(op.getQLen(), getStaticSeqLenQ(attention),
                            getConstantOffset(attention, 2), isExact);
  if (!dropKv && !dropQ)
    return rewriter.notifyMatchFailure(op, "no length known to be full");
  rewriter.modifyOpInPlace(op, [&] {
    if (dropKv)
      op.getKvLenMutable().clear();
    if (dropQ)
      op.getQLenMutable().clear();
  });
  return success();
}

template <typename OpTy>
static LogicalResult dropZeroOffsets(OpTy op, PatternRewriter &rewriter) {
  AttentionInterface attention = asAttention(op);
  if (op.getOffsets().empty())
    return rewriter.notifyMatchFailure(op, "no offsets");
  // Offsets say that this may be a piece of a problem with longer lengths.
  if (op.getKvLen() || op.getQLen())
    return rewriter.notifyMatchFailure(op, "lengths may be of the whole");
  for (unsigned axis = 0; axis < 4; ++axis)
    if (getConstantOffset(attention, axis) != 0)
      return rewriter.notifyMatchFailure(op, "an offset may not be 0");
  rewriter.modifyOpInPlace(op, [&] { op.getOffsetsMutable().clear(); });
  return success();
}

/// A constant scale is an attribute.
template <typename OpTy>
static LogicalResult foldScale(OpTy op, PatternRewriter &rewriter) {
  FloatAttr scale;
  if (!op.getDynamicScale() ||
      !matchPattern(op.getDynamicScale(), m_Constant(&scale)))
    return rewriter.notifyMatchFailure(op, "no constant dynamic_scale");
  // The attribute must be finite in the accumulator type; an operand need not.
  APFloat value = scale.getValue();
  bool losesInfo;
  value.convert(asAttention(op).getAccumulatorType().getFloatSemantics(),
                APFloat::rmNearestTiesToEven, &losesInfo);
  if (!value.isFinite())
    return rewriter.notifyMatchFailure(op, "the scale is not finite");
  rewriter.modifyOpInPlace(op, [&] {
    op.setScaleAttr(rewriter.getF64FloatAttr(scale.getValueAsDouble()));
    op.getDynamicScaleMutable().clear();
  });
  return success();
}

/// A score region that yields its argument says nothing.
template <typename OpTy>
static LogicalResult dropIdentityScore(OpTy op, PatternRewriter &rewriter) {
  if (op.getScore().empty())
    return rewriter.notifyMatchFailure(op, "no score region");
  Block &block = op.getScore().front();
  auto yield = cast<YieldOp>(block.getTerminator());
  if (yield.getValue() != block.getArgument(0))
    return rewriter.notifyMatchFailure(op, "the region changes the score");
  rewriter.modifyOpInPlace(op, [&] { rewriter.eraseBlock(&block); });
  return success();
}

//===----------------------------------------------------------------------===//
// Ops that score keys: casts that hide sizes
//===----------------------------------------------------------------------===//

namespace {
/// The sizes the shapes of an op are made of.
enum Size { Batch, Heads, KvHeads, SeqQ, SeqKv, Dim, DimV, NumSizes };

/// What is known of the sizes of an sdpa that is not paged.
class KnownSizes {
public:
  explicit KnownSizes(SdpaOp op)
      : op(op), isSeqFirst(asAttention(op).getSeqAxis() == 1) {
    std::fill_n(known, NumSizes, ShapedType::kDynamic);
    for (Value operand : op->getOperands())
      learn(operand, operand.getType());
    for (Value result : op->getResults())
      learn(result, result.getType());
  }

  /// Whether `operand` may have `type` without contradicting what is known.
  bool agrees(Value operand, ShapedType type) {
    bool agrees = true;
    int64_t heads = known[Heads], kvHeads = known[KvHeads];
    forEachSize(operand, type, [&](Size size, int64_t found) {
      if (ShapedType::isDynamic(found))
        return;
      if (!ShapedType::isDynamic(known[size]) && known[size] != found)
        agrees = false;
      if (size == Heads)
        heads = found;
      if (size == KvHeads)
        kvHeads = found;
    });
    if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(kvHeads))
      return agrees;
    return agrees && heads != 0 && kvHeads != 0 && heads % kvHeads == 0;
  }

private:
  void learn(Value value, Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped)
      return;
    forEachSize(value, shaped, [&](Size size, int64_t found) {
      if (!ShapedType::isDynamic(found))
        known[size] = found;
    });
  }

  /// Calls `use` for each dimension of `type` that must have a certain size;
  /// a dimension of 1 of a tensor that is broadcast need not.
  void forEachSize(Value value, ShapedType type,
                   llvm::function_ref<void(Size, int64_t)> use);

  SdpaOp op;
  bool isSeqFirst;
  int64_t known[NumSizes];
};
} // namespace

void KnownSizes::forEachSize(Value value, ShapedType type,
                             llvm::function_ref<void(Size, int64_t)> use) {
  auto visit = [&](ArrayRef<Size> sizes, bool inLayout, bool isBroadcast) {
    SmallVector<Size> order(sizes);
    if (inLayout && isSeqFirst)
      std::swap(order[1], order[2]);
    for (auto [size, found] : llvm::zip_equal(order, type.getShape()))
      if (!isBroadcast || found != 1)
        use(size, found);
  };
  // The same tensor may be several operands.
  if (value == op.getQuery())
    visit({Batch, Heads, SeqQ, Dim}, /*inLayout=*/true, false);
  if (value == op.getKey())
    visit({Batch, KvHeads, SeqKv, Dim}, /*inLayout=*/true, false);
  if (value == op.getValue())
    visit({Batch, KvHeads, SeqKv, DimV}, /*inLayout=*/true, false);
  if (value == op.getMask() || value == op.getBias())
    visit({Batch, Heads, SeqQ, SeqKv}, /*inLayout=*/false, true);
  if (value == op.getKeyScale())
    visit({Batch, KvHeads, SeqKv, Dim}, /*inLayout=*/false, true);
  if (value == op.getValueScale())
    visit({Batch, KvHeads, SeqKv, DimV}, /*inLayout=*/false, true);
  if (value == op.getKvLen() || value == op.getQLen() ||
      value == op.getCausalOffset())
    visit({Batch}, /*inLayout=*/false, true);
  if (value == op.getSinks())
    visit({Heads}, /*inLayout=*/false, false);
  if (value == op.getOutput())
    visit({Batch, Heads, SeqQ, DimV}, /*inLayout=*/true, false);
  if (value == op.getLse())
    visit({Batch, Heads, SeqQ}, /*inLayout=*/false, false);
}

/// An operand whose sizes a cast hides is taken without the cast.
static LogicalResult foldSdpaCasts(SdpaOp op, PatternRewriter &rewriter) {
  // The sizes of a pool are not those of keys.
  if (op.getPageTable())
    return rewriter.notifyMatchFailure(op, "paged");
  for (OpOperand &operand : op->getOpOperands()) {
    auto castOp = operand.get().getDefiningOp<tensor::CastOp>();
    if (!tensor::canFoldIntoConsumerOp(castOp))
      continue;
    // Sizes that contradict each other are left to fail at run time.
    auto source = cast<ShapedType>(castOp.getSource().getType());
    if (!KnownSizes(op).agrees(castOp, source))
      continue;
    rewriter.modifyOpInPlace(op, [&] { operand.set(castOp.getSource()); });
    return success();
  }
  return rewriter.notifyMatchFailure(op, "no cast hides a size");
}

/// Layer B, all operands at once. The tensor dialect folds casts into every
/// destination-style op, without asking whether sizes agree, and copies the op
/// for it in a way that crashes on a region without a block: so this must be
/// asked first (kBeforeUpstream) and must leave no cast.
template <typename OpTy>
static LogicalResult foldLayerBCasts(OpTy op, PatternRewriter &rewriter) {
  SmallVector<Value> operands;
  bool changed = false;
  for (Value operand : op->getOperands()) {
    auto castOp = operand.getDefiningOp<tensor::CastOp>();
    bool folds = tensor::canFoldIntoConsumerOp(castOp);
    operands.push_back(folds ? castOp.getSource() : operand);
    changed |= folds;
  }
  if (!changed)
    return rewriter.notifyMatchFailure(op, "no cast hides a size");
  SmallVector<Type> types;
  for (OpOperand &init : op.getDpsInitsMutable())
    types.push_back(operands[init.getOperandNumber()].getType());
  auto newOp =
      OpTy::create(rewriter, op.getLoc(), types, operands, op.getProperties());
  newOp->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.inlineRegionBefore(op.getScore(), newOp.getScore(),
                              newOp.getScore().end());
  SmallVector<Value> results;
  for (auto [result, old] :
       llvm::zip_equal(newOp->getResults(), op->getResults()))
    results.push_back(result.getType() == old.getType()
                          ? Value(result)
                          : tensor::CastOp::create(rewriter, op.getLoc(),
                                                   old.getType(), result));
  rewriter.replaceOp(op, results);
  return success();
}

static constexpr unsigned kBeforeUpstream = 2;

/// What holds whatever an op makes of its window.
template <typename OpTy>
static void addOperandPatterns(RewritePatternSet &patterns) {
  patterns.add(dropTrueMask<OpTy>);
  patterns.add(dropZeroBias<OpTy>);
  patterns.add(dropFullLengths<OpTy>);
  patterns.add(dropZeroOffsets<OpTy>);
  patterns.add(foldScale<OpTy>);
  patterns.add(dropIdentityScore<OpTy>);
}

template <typename OpTy>
static void addAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add(widenWindow<OpTy>);
  patterns.add(dropDiagonal<OpTy>);
  addOperandPatterns<OpTy>(patterns);
}

//===----------------------------------------------------------------------===//
// sdpa
//===----------------------------------------------------------------------===//

/// An lse nobody reads is not computed.
static LogicalResult dropUnusedSdpaLse(SdpaOp op, PatternRewriter &rewriter) {
  if (!op.getLse() || !op.getLse().use_empty())
    return rewriter.notifyMatchFailure(op, "no unused lse");
  auto newOp =
      SdpaOp::create(rewriter, op.getLoc(), TypeRange{op.getOutput().getType()},
                     op->getOperands(), op.getProperties());
  rewriter.inlineRegionBefore(op.getScore(), newOp.getScore(),
                              newOp.getScore().end());
  newOp->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceAllUsesWith(op.getOutput(), newOp.getOutput());
  rewriter.eraseOp(op);
  return success();
}

//===----------------------------------------------------------------------===//
// online
//===----------------------------------------------------------------------===//

/// No key: the state stays.
static LogicalResult foldOnlineWithoutKeys(OnlineOp op,
                                           PatternRewriter &rewriter) {
  if (getStaticSeqLenKv(asAttention(op)) != 0)
    return rewriter.notifyMatchFailure(op, "there may be keys");
  if (op.hasPureTensorSemantics())
    rewriter.replaceOp(op, {op.getAcc(), op.getRowMax(), op.getRowSum()});
  else
    rewriter.eraseOp(op);
  return success();
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

/// Without a query row there is nothing to compute.
template <typename OpTy>
static LogicalResult foldWithoutRows(OpTy op, PatternRewriter &rewriter) {
  if (!asAttention(op).hasNoRows())
    return rewriter.notifyMatchFailure(op, "there may be query rows");
  rewriter.replaceOp(op, op.createEmptyResults(rewriter));
  return success();
}

void SdpaOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *) {
  addAttentionPatterns<SdpaOp>(patterns);
  patterns.add(foldSdpaCasts);
  patterns.add(foldWithoutRows<SdpaOp>);
  patterns.add(dropUnusedSdpaLse);
}

void StarStepOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *) {
  addOperandPatterns<StarStepOp>(patterns);
  patterns.add(foldLayerBCasts<StarStepOp>, kBeforeUpstream);
}

/// Its diagonal is what blocks are counted from.
void StarOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *) {
  addOperandPatterns<StarOp>(patterns);
  patterns.add(foldWithoutRows<StarOp>);
  addStarPatterns(patterns);
}

/// Its diagonal is what blocks are counted from.
void BlockLocalOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *) {
  addOperandPatterns<BlockLocalOp>(patterns);
  patterns.add(foldWithoutRows<BlockLocalOp>);
  addBlockLocalPatterns(patterns);
}

void OnlineOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *) {
  addAttentionPatterns<OnlineOp>(patterns);
  patterns.add(foldLayerBCasts<OnlineOp>, kBeforeUpstream);
  patterns.add(foldOnlineWithoutKeys);
}

void PartialOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *) {
  addAttentionPatterns<PartialOp>(patterns);
  patterns.add(foldLayerBCasts<PartialOp>, kBeforeUpstream);
}

void SdpaStepOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *) {
  addAttentionPatterns<SdpaStepOp>(patterns);
  patterns.add(foldLayerBCasts<SdpaStepOp>, kBeforeUpstream);
}

void SparqOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *) {
  addAttentionPatterns<SparqOp>(patterns);
  patterns.add(foldWithoutRows<SparqOp>);
  addSparqPatterns(patterns);
}

void ScoresOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *) {
  addAttentionPatterns<ScoresOp>(patterns);
  patterns.add(foldLayerBCasts<ScoresOp>, kBeforeUpstream);
}

/// What a window leaves visible is not a matter of the whole sequence here.
void BlockLocalStepOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                   MLIRContext *) {
  addOperandPatterns<BlockLocalStepOp>(patterns);
  patterns.add(foldLayerBCasts<BlockLocalStepOp>, kBeforeUpstream);
}

void SparqStepOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *) {
  addAttentionPatterns<SparqStepOp>(patterns);
  patterns.add(foldLayerBCasts<SparqStepOp>, kBeforeUpstream);
}
