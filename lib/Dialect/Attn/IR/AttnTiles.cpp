//===- AttnTiles.cpp - Tiles of an op that scores keys --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Cutting operands, adding offsets, and building ops from the pieces.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;

AttentionParts::AttentionParts(AttentionInterface op)
    : query(op.getQuery()), key(op.getKey()), value(op.getValue()),
      dynamicScale(op.getDynamicScale()), causalOffset(op.getCausalOffset()),
      kvLen(op.getKvLen()), qLen(op.getQLen()), mask(op.getMask()),
      bias(op.getBias()), keyScale(op.getKeyScale()),
      valueScale(op.getValueScale()), pageTable(op.getPageTable()),
      offsets(op.getOffsets().begin(), op.getOffsets().end()),
      scale(op.getScaleAttr()), softcap(op.getSoftcapAttr()),
      windowLeft(op.getWindowLeft()), windowRight(op.getWindowRight()),
      bottomRight(op.getBottomRight()),
      inBlocks(isa<BlockLocalOp>(op.getOperation())), score(&op.getScore()) {
  if (op.getLayout() != Layout::bhsd)
    layout = LayoutAttr::get(op.getContext(), op.getLayout());
}

void AttentionParts::dropStructure() {
  windowLeft = windowRight = -1;
  bottomRight = inBlocks = false;
  causalOffset = kvLen = qLen = {};
  if (!hasScore())
    offsets.clear();
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// True if [offset, offset + size) is known to be all of a dimension of `dim`;
/// an empty dimension has no other part.
static bool coversDim(const DimRange &range, int64_t dim) {
  return range.isAll() || dim == 0 ||
         (isConstantIntValue(range.offset, 0) && !ShapedType::isDynamic(dim) &&
          isConstantIntValue(range.size, dim));
}

Value attn::sliceOperand(OpBuilder &builder, Location loc, Value source,
                         ArrayRef<DimRange> ranges) {
  if (!source)
    return {};
  auto type = cast<ShapedType>(source.getType());
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<OpFoldResult> strides(ranges.size(), builder.getIndexAttr(1));
  bool whole = true;
  for (auto [d, range] : llvm::enumerate(ranges)) {
    bool covers = coversDim(range, type.getDimSize(d));
    whole &= covers;
    offsets.push_back(covers ? OpFoldResult(builder.getIndexAttr(0))
                             : range.offset);
    sizes.push_back(covers ? getDim(builder, loc, source, d) : range.size);
  }
  if (whole)
    return source;
  // Nothing to read, and no offset that would be in bounds.
  if (isa<TensorType>(type) && llvm::is_contained(type.getShape(), 0))
    return tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  if (isa<MemRefType>(source.getType()))
    return memref::SubViewOp::create(builder, loc, source, offsets, sizes,
                                     strides);
  return tensor::ExtractSliceOp::create(builder, loc, source, offsets, sizes,
                                        strides);
}

SmallVector<DimRange> attn::inLayout(Layout layout, DimRange batch,
                                     DimRange heads, DimRange sequence) {
  if (layout == Layout::bshd)
    std::swap(heads, sequence);
  return {batch, heads, sequence, DimRange()};
}

/// Cuts an operand whose dimensions may be 1 where the op's are not, even if
/// that is known only at run time.
static Value sliceBroadcast(OpBuilder &builder, Location loc, Value source,
                            ArrayRef<DimRange> ranges) {
  if (!source)
    return {};
  auto type = cast<ShapedType>(source.getType());
  IndexMath math{builder, loc};
  SmallVector<DimRange> cut(ranges);
  for (auto [d, range] : llvm::enumerate(cut)) {
    if (type.getDimSize(d) == 1)
      range = DimRange();
    if (!type.isDynamicDim(d) || range.isAll())
      continue;
    OpFoldResult one = math.constant(1);
    Value isOne = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::eq,
        math.value(getDim(builder, loc, source, d)), math.value(one));
    range.offset = math.select(isOne, math.constant(0), range.offset);
    if (!isConstantIntValue(range.size, 1))
      range.size = math.select(isOne, one, range.size);
  }
  return sliceOperand(builder, loc, source, cut);
}

AttentionParts attn::sliceAttention(OpBuilder &builder, Location loc,
                                    AttentionInterface op,
                                    const AttentionTile &tile) {
  AttentionParts parts(op);
  Layout layout = parts.getLayout();
  IndexMath math{builder, loc};
  if (!parts.hasWindow()) {
    parts.causalOffset = {};
  } else if (tile.batch.size && isConstantIntValue(tile.batch.size, 1)) {
    // One batch entry has one diagonal.
    OpFoldResult offset =
        getCausalOffsetAt(op, builder, loc, tile.batch.offset);
    parts.causalOffset = offset ? math.value(offset) : Value();
  } else if (parts.bottomRight) {
    // Lengths are those of the whole problem, so before anything is cut.
    parts.causalOffset = resolveBottomRight(builder, loc, op);
  }
  parts.bottomRight = false;
  DimRange all, kvBatch = tile.batch;
  if (parts.pageTable) {
    parts.pageTable =
        sliceOperand(builder, loc, parts.pageTable, {tile.batch, all});
    kvBatch = all;
  }
  parts.query =
      sliceOperand(builder, loc, parts.query,
                   inLayout(layout, tile.batch, tile.heads, tile.queries));
  SmallVector<DimRange> kv = inLayout(layout, kvBatch, tile.kvHeads, all);
  parts.key = sliceOperand(builder, loc, parts.key, kv);
  parts.value = sliceOperand(builder, loc, parts.value, kv);
  DimRange scores[] = {tile.batch, tile.heads, tile.queries, all};
  parts.mask = sliceBroadcast(builder, loc, parts.mask, scores);
  parts.bias = sliceBroadcast(builder, loc, parts.bias, scores);
  DimRange scales[] = {tile.batch, tile.kvHeads, all, all};
  parts.keyScale = sliceBroadcast(builder, loc, parts.keyScale, scales);
  parts.valueScale = sliceBroadcast(builder, loc, parts.valueScale, scales);
  parts.kvLen = sliceBroadcast(builder, loc, parts.kvLen, tile.batch);
  parts.qLen = sliceBroadcast(builder, loc, parts.qLen, tile.batch);
  if (parts.causalOffset && isa<ShapedType>(parts.causalOffset.getType()))
    parts.causalOffset =
        sliceBroadcast(builder, loc, parts.causalOffset, tile.batch);

  if (parts.usesPositions()) {
    parts.offsets.clear();
    for (auto [axis, range] : llvm::enumerate(scores)) {
      OpFoldResult offset = getOffset(op, builder, axis);
      if (!range.isAll())
        offset = math.add(offset, range.offset);
      parts.offsets.push_back(math.value(offset));
    }
  }
  return sliceKeys(builder, loc, std::move(parts), tile.keys);
}

/// seq_len of key, page_size of a pool.
static int64_t getStaticSeqLen(const AttentionParts &parts) {
  int64_t axis = parts.getLayout() == Layout::bshd ? 1 : 2;
  return cast<ShapedType>(parts.key.getType()).getDimSize(axis);
}

AttentionParts attn::sliceKeys(OpBuilder &builder, Location loc,
                               AttentionParts parts, DimRange keys,
                               bool cutKeyValue) {
  if (keys.isAll())
    return parts;
  IndexMath math{builder, loc};
  DimRange all;
  if (cutKeyValue && parts.pageTable) {
    AffineExpr page = math.d(0).floorDiv(getStaticSeqLen(parts));
    DimRange pages = {math.apply(page, keys.offset),
                      math.apply(page, keys.size)};
    parts.pageTable = sliceOperand(builder, loc, parts.pageTable, {all, pages});
  } else if (cutKeyValue) {
    SmallVector<DimRange> kv = inLayout(parts.getLayout(), all, all, keys);
    parts.key = sliceOperand(builder, loc, parts.key, kv);
    parts.value = sliceOperand(builder, loc, parts.value, kv);
  }
  DimRange scores[] = {all, all, all, keys};
  parts.mask = sliceBroadcast(builder, loc, parts.mask, scores);
  parts.bias = sliceBroadcast(builder, loc, parts.bias, scores);
  DimRange scales[] = {all, all, keys, all};
  parts.keyScale = sliceBroadcast(builder, loc, parts.keyScale, scales);
  parts.valueScale = sliceBroadcast(builder, loc, parts.valueScale, scales);
  if (!parts.offsets.empty())
    parts.offsets[3] =
        math.value(math.add(getAsOpFoldResult(parts.offsets[3]), keys.offset));
  return parts;
}

OpFoldResult attn::clampKeyOffset(OpBuilder &builder, Location loc,
                                  AttentionInterface op, DimRange keys) {
  IndexMath math{builder, loc};
  OpFoldResult seqLen = getSizes(builder, loc, op).seqLenKv;
  using Set = ValueBoundsConstraintSet;
  std::optional<int64_t> staticLen = getConstantIntValue(seqLen);
  if (!staticLen) // No constant to be outside of.
    return Set::compare(keys.offset, Set::LE, seqLen)
               ? keys.offset
               : math.min(keys.offset, seqLen);
  OpFoldResult last = math.constant(std::max<int64_t>(*staticLen - 1, 0));
  std::optional<int64_t> size = getConstantIntValue(keys.size);
  if ((size && *size > 0) || Set::compare(keys.offset, Set::LE, last))
    return keys.offset;
  return math.min(keys.offset, last);
}

//===----------------------------------------------------------------------===//
// Diagonals
//===----------------------------------------------------------------------===//

OpFoldResult attn::getCausalOffsetAt(AttentionInterface op, OpBuilder &builder,
                                     Location loc, OpFoldResult b) {
  // Excludes offsets (sdpa_c9), so the local diagonal is the absolute one.
  if (op.getBottomRight())
    return getDiagonalAt(op, builder, loc, b);
  Value offset = op.getCausalOffset();
  if (!offset)
    return {};
  if (!isa<ShapedType>(offset.getType()))
    return getAsOpFoldResult(offset);
  return loadLength(builder, loc, offset, b);
}

Value attn::resolveBottomRight(OpBuilder &builder, Location loc,
                               AttentionInterface op) {
  auto isPerBatch = [](Value lengths) {
    return lengths && cast<ShapedType>(lengths.getType()).getDimSize(0) != 1;
  };
  if (!isPerBatch(op.getKvLen()) && !isPerBatch(op.getQLen()))
    return getValueOrCreateConstantIndexOp(
        builder, loc, getDiagonalAt(op, builder, loc, builder.getIndexAttr(0)));
  SmallVector<Value> dynamicSizes;
  SmallVector<int64_t> shape;
  dispatchIndexOpFoldResult(getDim(builder, loc, op.getQuery(), 0),
                            dynamicSizes, shape);
  return tensor::GenerateOp::create(
      builder, loc, RankedTensorType::get(shape, builder.getI64Type()),
      dynamicSizes, [&](OpBuilder &b, Location loc, ValueRange indices) {
        OpFoldResult diagonal = getDiagonalAt(op, b, loc, indices.front());
        Value wide = arith::IndexCastOp::create(
            b, loc, b.getI64Type(),
            getValueOrCreateConstantIndexOp(b, loc, diagonal));
        tensor::YieldOp::create(b, loc, wide);
      });
}

//===----------------------------------------------------------------------===//
// Ops from parts
//===----------------------------------------------------------------------===//

static void cloneScore(const AttentionParts &parts, Region &score) {
  if (!parts.hasScore())
    return;
  IRMapping mapping;
  parts.score->cloneInto(&score, mapping);
}

static TypeRange resultTypes(ValueRange inits) {
  if (inits.empty() || isa<MemRefType>(inits.front().getType()))
    return {};
  return inits.getTypes();
}

static IntegerAttr toAttr(OpBuilder &builder, std::optional<int64_t> length) {
  return length ? builder.getI64IntegerAttr(*length) : IntegerAttr();
}

SdpaOp attn::createSdpa(OpBuilder &builder, Location loc, TypeRange results,
                        const AttentionParts &p, Value sinks) {
  auto op = SdpaOp::create(
      builder, loc, results.front(), results.size() > 1 ? results[1] : Type(),
      p.query, p.key, p.value, p.dynamicScale, p.causalOffset, p.kvLen, p.qLen,
      p.mask, p.bias, p.keyScale, p.valueScale, p.pageTable, p.offsets, sinks,
      p.scale, p.softcap, p.windowLeft, p.windowRight, p.bottomRight, p.layout,
      /*strategy=*/nullptr);
  cloneScore(p, op.getScore());
  return op;
}

StarParameters::StarParameters(StarOp op)
    : blockSize(op.getBlockSize()), anchorSize(op.getAnchorSize()),
      anchor(op.getAnchor()), contextLen(op.getContextLen()),
      anchorKey(op.getAnchorKey()), anchorValue(op.getAnchorValue()) {}

StarParameters attn::sliceStar(OpBuilder &builder, Location loc, StarOp op,
                               const AttentionTile &tile) {
  StarParameters star(op);
  if (star.contextLen && isa<ShapedType>(star.contextLen.getType()))
    star.contextLen = sliceBroadcast(builder, loc, star.contextLen, tile.batch);
  Layout layout = op.getLayout().value_or(Layout::bhsd);
  SmallVector<DimRange> kv =
      inLayout(layout, tile.batch, tile.kvHeads, DimRange());
  star.anchorKey = sliceOperand(builder, loc, star.anchorKey, kv);
  star.anchorValue = sliceOperand(builder, loc, star.anchorValue, kv);
  return star;
}

StarOp attn::createStar(OpBuilder &builder, Location loc, TypeRange results,
                        const AttentionParts &p, const StarParameters &s,
                        Value sinks) {
  auto op = StarOp::create(
      builder, loc, results.front(), results.size() > 1 ? results[1] : Type(),
      p.query, p.key, p.value, p.dynamicScale, p.causalOffset, p.kvLen, p.qLen,
      p.mask, p.bias, p.keyScale, p.valueScale, p.pageTable, p.offsets, sinks,
      s.contextLen, s.anchorKey, s.anchorValue, p.scale, p.softcap,
      p.windowLeft, p.windowRight, p.bottomRight, p.layout, s.blockSize,
      s.anchorSize, s.anchor);
  cloneScore(p, op.getScore());
  return op;
}

BlockLocalParameters::BlockLocalParameters(BlockLocalOp op)
    : blockLen(op.getBlockLen()), prefixLen(op.getPrefixLen()),
      prefixKey(op.getPrefixKey()), prefixValue(op.getPrefixValue()) {}

BlockLocalParameters attn::sliceBlockLocal(OpBuilder &builder, Location loc,
                                           BlockLocalOp op,
                                           const AttentionTile &tile) {
  BlockLocalParameters parameters(op);
  if (!op.hasPrefix())
    return parameters;
  DimRange keys;
  if (!tile.queries.isAll()) {
    IndexMath math{builder, loc};
    OpFoldResult lo = tile.queries.offset;
    KeyRange range = computePrefixKeys(op, builder, loc, lo,
                                       math.add(lo, tile.queries.size));
    keys = {range.lo, math.sub(range.hi, range.lo)};
  }
  SmallVector<DimRange> ranges = inLayout(op.getLayout().value_or(Layout::bhsd),
                                          tile.batch, tile.kvHeads, keys);
  parameters.prefixKey =
      sliceOperand(builder, loc, parameters.prefixKey, ranges);
  parameters.prefixValue =
      sliceOperand(builder, loc, parameters.prefixValue, ranges);
  return parameters;
}

BlockLocalOp attn::createBlockLocal(OpBuilder &builder, Location loc,
                                    TypeRange results, const AttentionParts &p,
                                    const BlockLocalParameters &s,
                                    Value sinks) {
  auto op = BlockLocalOp::create(
      builder, loc, results.front(), results.size() > 1 ? results[1] : Type(),
      p.query, p.key, p.value, p.dynamicScale, p.causalOffset, p.kvLen, p.qLen,
      p.mask, p.bias, p.keyScale, p.valueScale, p.pageTable, p.offsets, sinks,
      s.prefixKey, s.prefixValue, p.scale, p.softcap, p.windowLeft,
      p.windowRight, p.bottomRight, p.layout, s.blockLen,
      toAttr(builder, s.prefixLen));
  cloneScore(p, op.getScore());
  return op;
}

SdpaOp attn::createDense(OpBuilder &builder, StarOp op) {
  assert(!op.hasAnchorOperands() && "some keys are not in key");
  AttentionParts parts(cast<AttentionInterface>(op.getOperation()));
  SdpaOp dense = createSdpa(builder, op.getLoc(), op->getResultTypes(), parts,
                            op.getSinks());
  dense->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  return dense;
}

OnlineOp attn::createOnline(OpBuilder &builder, Location loc,
                            const AttentionParts &p, ValueRange state) {
  auto op = OnlineOp::create(
      builder, loc, resultTypes(state), p.query, p.key, p.value, p.dynamicScale,
      p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias, p.keyScale, p.valueScale,
      p.pageTable, p.offsets, state[0], state[1], state[2], p.scale, p.softcap,
      p.windowLeft, p.windowRight, p.bottomRight, p.layout);
  cloneScore(p, op.getScore());
  return op;
}

PartialOp attn::createPartial(OpBuilder &builder, Location loc,
                              const AttentionParts &p, Value output,
                              Value lse) {
  Value inits[] = {output, lse};
  auto op = PartialOp::create(
      builder, loc, resultTypes(inits), p.query, p.key, p.value, p.dynamicScale,
      p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias, p.keyScale, p.valueScale,
      p.pageTable, p.offsets, output, lse, p.scale, p.softcap, p.windowLeft,
      p.windowRight, p.bottomRight, p.layout);
  cloneScore(p, op.getScore());
  return op;
}

SparqOp attn::createSparq(OpBuilder &builder, Location loc, Type output,
                          const AttentionParts &p, const SparqParameters &s) {
  auto op = SparqOp::create(
      builder, loc, output, p.query, p.key, p.value, p.dynamicScale,
      p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias, p.keyScale, p.valueScale,
      p.pageTable, p.offsets, s.keyT, s.valueMean, p.scale, p.softcap,
      p.windowLeft, p.windowRight, p.bottomRight, p.layout, s.rank, s.topK,
      s.localWindow, s.realloc, s.groupReduce, s.keyLayout);
  cloneScore(p, op.getScore());
  return op;
}

SdpaOp attn::createDense(OpBuilder &builder, SparqOp op) {
  AttentionParts parts(cast<AttentionInterface>(op.getOperation()));
  SdpaOp dense =
      createSdpa(builder, op.getLoc(), op.getOutput().getType(), parts);
  dense->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  return dense;
}

SparqStepOp attn::createSparqStep(OpBuilder &builder, Location loc,
                                  const AttentionParts &p, SparqOp sparq,
                                  Value splits, Value output) {
  auto op = SparqStepOp::create(
      builder, loc, resultTypes(output), p.query, p.key, p.value,
      p.dynamicScale, p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias,
      p.keyScale, p.valueScale, p.pageTable, p.offsets, sparq.getKeyT(),
      sparq.getValueMean(), splits, output, p.scale, p.softcap, p.windowLeft,
      p.windowRight, p.bottomRight, p.layout, sparq.getClampedRank(),
      sparq.getTopK(), sparq.getClampedLocalWindow(), sparq.getRealloc(),
      sparq.getGroupReduce(), sparq.getKeyLayout());
  cloneScore(p, op.getScore());
  return op;
}

SdpaStepOp attn::createSdpaStep(OpBuilder &builder, Location loc,
                                const AttentionParts &p, Value sinks,
                                Value output, Value lse,
                                TileConfigAttr config) {
  SmallVector<Value> inits = {output};
  if (lse)
    inits.push_back(lse);
  auto op = SdpaStepOp::create(
      builder, loc, resultTypes(inits), p.query, p.key, p.value, p.dynamicScale,
      p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias, p.keyScale, p.valueScale,
      p.pageTable, p.offsets, sinks, output, lse, p.scale, p.softcap,
      p.windowLeft, p.windowRight, p.bottomRight, p.layout, config);
  cloneScore(p, op.getScore());
  return op;
}

StarStepOp attn::createStarStep(OpBuilder &builder, Location loc,
                                const AttentionParts &p,
                                const StarParameters &s, Value sinks,
                                Value output, Value lse,
                                TileConfigAttr config) {
  SmallVector<Value> inits = {output};
  if (lse)
    inits.push_back(lse);
  auto op = StarStepOp::create(
      builder, loc, resultTypes(inits), p.query, p.key, p.value, p.dynamicScale,
      p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias, p.keyScale, p.valueScale,
      p.pageTable, p.offsets, sinks, s.contextLen, s.anchorKey, s.anchorValue,
      output, lse, p.scale, p.softcap, p.windowLeft, p.windowRight,
      p.bottomRight, p.layout, s.blockSize, s.anchorSize, s.anchor, config);
  cloneScore(p, op.getScore());
  return op;
}

BlockLocalStepOp attn::createBlockLocalStep(OpBuilder &builder, Location loc,
                                            const AttentionParts &p,
                                            const BlockLocalParameters &s,
                                            Value sinks, Value output,
                                            Value lse) {
  SmallVector<Value> inits = {output};
  if (lse)
    inits.push_back(lse);
  auto op = BlockLocalStepOp::create(
      builder, loc, resultTypes(inits), p.query, p.key, p.value, p.dynamicScale,
      p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias, p.keyScale, p.valueScale,
      p.pageTable, p.offsets, sinks, s.prefixKey, s.prefixValue, output, lse,
      p.scale, p.softcap, p.windowLeft, p.windowRight, p.bottomRight, p.layout,
      s.blockLen, toAttr(builder, s.blockLenQ), toAttr(builder, s.prefixLen),
      /*config=*/TileConfigAttr());
  cloneScore(p, op.getScore());
  return op;
}

ScoresOp attn::createScores(OpBuilder &builder, Location loc,
                            const AttentionParts &p, Value channels,
                            Value factor, Value keyT, Value scores) {
  auto op = ScoresOp::create(
      builder, loc, resultTypes(scores), p.query, p.key, p.dynamicScale,
      p.causalOffset, p.kvLen, p.qLen, p.mask, p.bias, p.keyScale,
      /*value_scale=*/Value(), p.pageTable, p.offsets, channels, factor, keyT,
      scores, p.scale, p.softcap, p.windowLeft, p.windowRight, p.bottomRight,
      p.layout);
  cloneScore(p, op.getScore());
  return op;
}

Value attn::createSinkLse(OpBuilder &b, Location loc,
                          const AttentionParts &parts, Value sinks,
                          Value init) {
  auto stateType = cast<RankedTensorType>(init.getType());
  Type type = stateType.getElementType();
  // ([part,] batch, head, query)
  int64_t rank = stateType.getRank();
  AffineMap heads = AffineMap::get(rank, 0, b.getAffineDimExpr(rank - 2));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto body = [&](OpBuilder &nested, Location loc, ValueRange args) {
    Value sink = args[0];
    if (parts.qLen) {
      IndexMath at{nested, loc};
      Value entry = linalg::IndexOp::create(nested, loc, rank - 3);
      Value row = linalg::IndexOp::create(nested, loc, rank - 1);
      Value length = at.value(loadLength(nested, loc, parts.qLen, entry));
      OpFoldResult position = row;
      if (!parts.offsets.empty())
        position = at.add(position, getAsOpFoldResult(parts.offsets[2]));
      Value inUse = arith::CmpIOp::create(
          nested, loc, arith::CmpIPredicate::slt, at.value(position), length);
      Value none = arith::ConstantOp::create(
          nested, loc,
          nested.getFloatAttr(type, -std::numeric_limits<double>::infinity()));
      sink = arith::SelectOp::create(nested, loc, inUse, sink, none);
    }
    linalg::YieldOp::create(nested, loc, sink);
  };
  return linalg::GenericOp::create(
             b, loc, init.getType(), sinks, init,
             ArrayRef<AffineMap>{heads, b.getMultiDimIdentityMap(rank)},
             iterators, body)
      .getResult(0);
}
