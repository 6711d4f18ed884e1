//===- Tiling.cpp - Tiling attn ops with upstream's machinery -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// TilingInterface of layer A and B on tensors.
//
//===----------------------------------------------------------------------===//

#include "TileOps.h"
#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"

using namespace mlir;
using namespace mlir::attn;

/// The layout of a result or destination of rank 4.
static Layout getResultLayout(Operation *op) {
  LayoutAttr layout;
  if (auto sdpa = dyn_cast<SdpaOp>(op))
    layout = sdpa.getLayoutAttr();
  else if (auto star = dyn_cast<StarOp>(op))
    layout = star.getLayoutAttr();
  else if (auto local = dyn_cast<BlockLocalOp>(op))
    layout = local.getLayoutAttr();
  else if (auto sparq = dyn_cast<SparqOp>(op))
    layout = sparq.getLayoutAttr();
  else if (auto finalize = dyn_cast<FinalizeOp>(op))
    layout = finalize.getLayoutAttr();
  else if (auto merge = dyn_cast<MergeOp>(op))
    layout = merge.getLayoutAttr();
  // The states of attn.online and attn.partial are bhsd.
  return layout ? layout.getValue() : Layout::bhsd;
}

static bool hasKeyLoop(Operation *op) { return isa<OnlineOp, PartialOp>(op); }

/// (batch, num_heads, seq_len_q) of an op that scores no keys.
static SmallVector<OpFoldResult> getStateSizes(OpBuilder &b, Operation *op) {
  Value output = cast<DestinationStyleOpInterface>(op).getDpsInits().front();
  SmallVector<OpFoldResult> sizes;
  for (int64_t d = 0; d < 3; ++d)
    sizes.push_back(getDim(b, op->getLoc(), output, d));
  if (getResultLayout(op) == Layout::bshd)
    std::swap(sizes[1], sizes[2]);
  return sizes;
}

/// A tile of an op that scores no keys.
static AttentionTile getStateTile(Operation *op, ArrayRef<OpFoldResult> offsets,
                                  ArrayRef<OpFoldResult> sizes) {
  Value output = cast<DestinationStyleOpInterface>(op).getDpsInits().front();
  bool swapped = getResultLayout(op) == Layout::bshd;
  AttentionTile tile;
  tile.batch = getDimRange(offsets[0], sizes[0], output, 0);
  tile.heads = getDimRange(offsets[1], sizes[1], output, swapped ? 2 : 1);
  tile.queries = getDimRange(offsets[2], sizes[2], output, swapped ? 1 : 2);
  return tile;
}

/// `values` of rank 3 or 4 in `layout`, cut to `tile`; `leading` dimensions
/// before those are kept whole.
static SmallVector<Value> sliceStates(OpBuilder &b, Location loc,
                                      ValueRange values,
                                      const AttentionTile &tile, Layout layout,
                                      int64_t leading = 0) {
  SmallVector<Value> slices;
  for (Value value : values) {
    int64_t rank = cast<ShapedType>(value.getType()).getRank() - leading;
    SmallVector<DimRange> ranges = getOutputRanges(tile, rank, layout);
    ranges.insert(ranges.begin(), leading, DimRange());
    slices.push_back(sliceOperand(b, loc, value, ranges));
  }
  return slices;
}

/// The shape of result `number` of `op` at a tile of (batch, head, query), as
/// `getResultTilePosition` says it: static where the sizes are.
static RankedTensorType getTileType(Operation *op, unsigned number,
                                    ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(op->getResult(number).getType());
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes.take_front(3))
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  if (type.getRank() == 4) {
    shape.push_back(type.getDimSize(3));
    if (getResultLayout(op) == Layout::bshd)
      std::swap(shape[1], shape[2]);
  }
  return RankedTensorType::get(shape, type.getElementType());
}

/// The destinations of `op` cut to a tile. Their types are those of the tile
/// also where nothing is cut off.
static SmallVector<Value> sliceInits(OpBuilder &b, Operation *op,
                                     ArrayRef<OpFoldResult> sizes,
                                     const AttentionTile &tile) {
  SmallVector<Value> slices = sliceStates(
      b, op->getLoc(), cast<DestinationStyleOpInterface>(op).getDpsInits(),
      tile, getResultLayout(op));
  for (auto [n, slice] : llvm::enumerate(slices)) {
    RankedTensorType type = getTileType(op, n, sizes);
    if (slice.getType() != type)
      slice = tensor::CastOp::create(b, op->getLoc(), type, slice);
  }
  return slices;
}

//===----------------------------------------------------------------------===//
// The tiled op
//===----------------------------------------------------------------------===//

/// attn.sdpa, attn.star or attn.block_local. Positions are absolute, so a tile
/// need not know where blocks end.
template <typename OpTy>
static FailureOr<Operation *>
tileLayerA(OpBuilder &b, OpTy op, ArrayRef<OpFoldResult> offsets,
           ArrayRef<OpFoldResult> sizes, std::string &why) {
  auto attention = cast<AttentionInterface>(*op);
  Location loc = op.getLoc();
  FailureOr<AttentionTile> tile =
      getAttentionTile(b, attention, offsets, sizes, why);
  if (failed(tile))
    return failure();
  AttentionParts parts = sliceAttention(b, loc, attention, *tile);
  Value sinks = sliceOperand(b, loc, op.getSinks(), tile->heads);
  SmallVector<Type> types;
  for (unsigned n = 0; n < op->getNumResults(); ++n)
    types.push_back(getTileType(op, n, sizes));
  if constexpr (std::is_same_v<OpTy, SdpaOp>) {
    SdpaOp tiled = createSdpa(b, loc, types, parts, sinks);
    if (StrategyAttrInterface strategy = op.getStrategyAttr())
      tiled.setStrategyAttr(strategy);
    return tiled.getOperation();
  } else if constexpr (std::is_same_v<OpTy, StarOp>) {
    return createStar(b, loc, types, parts, sliceStar(b, loc, op, *tile), sinks)
        .getOperation();
  } else {
    return createBlockLocal(b, loc, types, parts,
                            sliceBlockLocal(b, loc, op, *tile), sinks)
        .getOperation();
  }
}

/// Query heads that share keys choose them together, so a tile has whole
/// groups.
static FailureOr<Operation *> tileSparq(OpBuilder &b, SparqOp op,
                                        ArrayRef<OpFoldResult> offsets,
                                        ArrayRef<OpFoldResult> sizes,
                                        std::string &why) {
  auto attention = cast<AttentionInterface>(*op);
  FailureOr<AttentionTile> tile =
      getAttentionTile(b, attention, offsets, sizes, why);
  if (failed(tile))
    return failure();
  std::optional<int64_t> group = getStaticGroupSize(attention);
  bool isWhole = tile->heads.isAll() || group == 1 ||
                 (group && getKnownDivisor(sizes[1]) % *group == 0);
  if (!isWhole) {
    why = "expects whole groups of query heads: those that share keys choose "
          "them together";
    return failure();
  }
  SparqParameters parameters;
  parameters.rank = op.getRank();
  parameters.topK = op.getTopK();
  parameters.localWindow = op.getLocalWindow();
  parameters.realloc = op.getRealloc();
  parameters.groupReduce = op.getGroupReduce();
  parameters.keyLayout = op.getKeyLayout();
  DimRange all;
  parameters.keyT = sliceOperand(b, op.getLoc(), op.getKeyT(),
                                 {tile->batch, tile->kvHeads, all, all, all});
  parameters.valueMean = sliceOperand(b, op.getLoc(), op.getValueMean(),
                                      {tile->batch, tile->kvHeads, all});
  AttentionParts parts = sliceAttention(b, op.getLoc(), attention, *tile);
  return createSparq(b, op.getLoc(), getTileType(op, 0, sizes), parts,
                     parameters)
      .getOperation();
}

static FailureOr<Operation *> tileStep(OpBuilder &b, Operation *operation,
                                       ArrayRef<OpFoldResult> offsets,
                                       ArrayRef<OpFoldResult> sizes,
                                       std::string &why) {
  auto op = cast<AttentionInterface>(operation);
  FailureOr<AttentionTile> tile = getAttentionTile(b, op, offsets, sizes, why);
  if (failed(tile))
    return failure();
  auto partial = dyn_cast<PartialOp>(operation);
  if (partial && !tile->keys.isAll()) {
    why = "expects all keys in one tile: what one tile of keys writes the next "
          "overwrites; tile seq_len_kv as a partial reduction "
          "(tile_reduction_using_forall) or use attn.online";
    return failure();
  }
  AttentionParts parts = sliceAttention(b, op.getLoc(), op, *tile);
  SmallVector<Value> inits = sliceInits(b, operation, sizes, *tile);
  if (partial)
    return createPartial(b, op.getLoc(), parts, inits[0], inits[1])
        .getOperation();
  return createOnline(b, op.getLoc(), parts, inits).getOperation();
}

static Operation *tileFinalize(OpBuilder &b, FinalizeOp op,
                               ArrayRef<OpFoldResult> sizes,
                               const AttentionTile &tile) {
  Location loc = op.getLoc();
  SmallVector<Value> state =
      sliceStates(b, loc, {op.getAcc(), op.getRowMax(), op.getRowSum()}, tile,
                  Layout::bhsd);
  SmallVector<Value> inits = sliceInits(b, op, sizes, tile);
  return FinalizeOp::create(
      b, loc, ValueRange(inits).getTypes(), state[0], state[1], state[2],
      sliceOperand(b, loc, op.getSinks(), tile.heads), inits[0],
      inits.size() > 1 ? inits[1] : Value(), op.getLayoutAttr());
}

static Operation *tileMerge(OpBuilder &b, MergeOp op,
                            ArrayRef<OpFoldResult> sizes,
                            const AttentionTile &tile) {
  Location loc = op.getLoc();
  int64_t leading = op.getAlong() ? 1 : 0;
  SmallVector<Value> outputs =
      sliceStates(b, loc, op.getPartOutputs(), tile, Layout::bhsd, leading);
  SmallVector<Value> lses =
      sliceStates(b, loc, op.getPartLses(), tile, Layout::bhsd, leading);
  SmallVector<Value> inits = sliceInits(b, op, sizes, tile);
  return MergeOp::create(b, loc, ValueRange(inits).getTypes(), outputs, lses,
                         inits[0], inits.size() > 1 ? inits[1] : Value(),
                         op.getAlongAttr(), op.getLayoutAttr());
}

/// `op` at a tile; changes nothing but slices on failure.
static FailureOr<Operation *> tileOp(OpBuilder &b, Operation *op,
                                     ArrayRef<OpFoldResult> offsets,
                                     ArrayRef<OpFoldResult> sizes,
                                     std::string &why) {
  if (op->getNumResults() == 0) {
    why = "expects tensors: on memrefs an attn op is lowered, not tiled";
    return failure();
  }
  if (llvm::any_of(op->getResultTypes(), [](Type type) {
        return llvm::is_contained(cast<ShapedType>(type).getShape(), 0);
      })) {
    why = "expects results with elements; there is nothing to tile";
    return failure();
  }
  if (auto sdpa = dyn_cast<SdpaOp>(op))
    return tileLayerA(b, sdpa, offsets, sizes, why);
  if (auto star = dyn_cast<StarOp>(op))
    return tileLayerA(b, star, offsets, sizes, why);
  if (auto local = dyn_cast<BlockLocalOp>(op))
    return tileLayerA(b, local, offsets, sizes, why);
  if (auto sparq = dyn_cast<SparqOp>(op))
    return tileSparq(b, sparq, offsets, sizes, why);
  if (hasKeyLoop(op))
    return tileStep(b, op, offsets, sizes, why);
  AttentionTile tile = getStateTile(op, offsets, sizes);
  if (auto finalize = dyn_cast<FinalizeOp>(op))
    return tileFinalize(b, finalize, sizes, tile);
  return tileMerge(b, cast<MergeOp>(op), sizes, tile);
}

//===----------------------------------------------------------------------===//
// Interface
//===----------------------------------------------------------------------===//

namespace {
template <typename OpTy>
struct TilingModel : TilingInterface::ExternalModel<TilingModel<OpTy>, OpTy> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    SmallVector<utils::IteratorType> types(3, utils::IteratorType::parallel);
    if (hasKeyLoop(op))
      types.push_back(utils::IteratorType::reduction);
    return types;
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op);
    SmallVector<OpFoldResult> sizes;
    if (auto attention = dyn_cast<AttentionInterface>(op)) {
      AttentionSizes all = getSizes(b, op->getLoc(), attention);
      sizes = {all.batch, all.numHeads, all.seqLenQ};
      if (hasKeyLoop(op))
        sizes.push_back(all.seqLenKv);
    } else {
      sizes = getStateSizes(b, op);
    }
    SmallVector<Range> domain;
    for (OpFoldResult size : sizes)
      domain.push_back({b.getIndexAttr(0), size, b.getIndexAttr(1)});
    return domain;
  }

  FailureOr<TilingResult>
  getTiledImplementation(Operation *op, OpBuilder &b,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes) const {
    std::string why;
    FailureOr<Operation *> tiled = tileOp(b, op, offsets, sizes, why);
    if (failed(tiled))
      return op->emitOpError("cannot be tiled: ") << why;
    return makeTilingResult(*tiled);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &b, unsigned resultNumber,
                        ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes,
                        SmallVector<OpFoldResult> &resultOffsets,
                        SmallVector<OpFoldResult> &resultSizes) const {
    auto type = cast<RankedTensorType>(op->getResult(resultNumber).getType());
    resultOffsets.assign(offsets.begin(), offsets.begin() + 3);
    resultSizes.assign(sizes.begin(), sizes.begin() + 3);
    if (type.getRank() == 3)
      return success();
    resultOffsets.push_back(b.getIndexAttr(0));
    resultSizes.push_back(b.getIndexAttr(type.getDimSize(3)));
    if (getResultLayout(op) == Layout::bshd) {
      std::swap(resultOffsets[1], resultOffsets[2]);
      std::swap(resultSizes[1], resultSizes[2]);
    }
    return success();
  }

  LogicalResult getIterationDomainTileFromResultTile(
      Operation *op, OpBuilder &b, unsigned resultNumber,
      ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
      SmallVectorImpl<OpFoldResult> &domainOffsets,
      SmallVectorImpl<OpFoldResult> &domainSizes) const {
    auto type = cast<RankedTensorType>(op->getResult(resultNumber).getType());
    if (!coversHeadDim(type, offsets, sizes))
      return failure();
    domainOffsets.assign(offsets.begin(), offsets.begin() + 3);
    domainSizes.assign(sizes.begin(), sizes.begin() + 3);
    if (type.getRank() == 4 && getResultLayout(op) == Layout::bshd) {
      std::swap(domainOffsets[1], domainOffsets[2]);
      std::swap(domainSizes[1], domainSizes[2]);
    }
    if (hasKeyLoop(op)) {
      domainOffsets.push_back(b.getIndexAttr(0));
      domainSizes.push_back(
          getSizes(b, op->getLoc(), cast<AttentionInterface>(op)).seqLenKv);
    }
    return success();
  }

  FailureOr<TilingResult>
  generateResultTileValue(Operation *op, OpBuilder &b, unsigned resultNumber,
                          ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes) const {
    SmallVector<OpFoldResult> domainOffsets, domainSizes;
    if (failed(getIterationDomainTileFromResultTile(
            op, b, resultNumber, offsets, sizes, domainOffsets, domainSizes)))
      return failure();
    std::string why;
    FailureOr<Operation *> tiled =
        tileOp(b, op, domainOffsets, domainSizes, why);
    if (failed(tiled))
      return failure();
    TilingResult result = makeTilingResult(*tiled);
    // Only the requested result stands for the slice.
    result.tiledValues = {result.tiledValues[resultNumber]};
    return result;
  }

  bool isOpFusableWithConsumerSlice(Operation *op, unsigned resultNumber,
                                    ArrayRef<OpFoldResult> offsets,
                                    ArrayRef<OpFoldResult> sizes) const {
    return coversHeadDim(
        cast<RankedTensorType>(op->getResult(resultNumber).getType()), offsets,
        sizes);
  }

private:
  /// head_dim_v is never tiled: every element of an output row needs the whole
  /// softmax of its row.
  static bool coversHeadDim(RankedTensorType type,
                            ArrayRef<OpFoldResult> offsets,
                            ArrayRef<OpFoldResult> sizes) {
    return type.getRank() == 3 ||
           (isConstantIntValue(offsets[3], 0) &&
            isConstantIntValue(sizes[3], type.getDimSize(3)));
  }
};
} // namespace

void attn::registerTilingInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttnDialect *) {
    context->loadDialect<scf::SCFDialect>();
    SdpaOp::attachInterface<TilingModel<SdpaOp>>(*context);
    StarOp::attachInterface<TilingModel<StarOp>>(*context);
    BlockLocalOp::attachInterface<TilingModel<BlockLocalOp>>(*context);
    SparqOp::attachInterface<TilingModel<SparqOp>>(*context);
    OnlineOp::attachInterface<TilingModel<OnlineOp>>(*context);
    PartialOp::attachInterface<TilingModel<PartialOp>>(*context);
    FinalizeOp::attachInterface<TilingModel<FinalizeOp>>(*context);
    MergeOp::attachInterface<TilingModel<MergeOp>>(*context);
  });
}
