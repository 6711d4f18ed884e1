//===- TileBlockwise.cpp - Attention in tiles with a running state --------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Attention on layer A and attn.partial to loops of attn.online over the key
// ranges a query tile sees.
//
//===----------------------------------------------------------------------===//

#include "BlockwiseTiler.h"
#include "GatherKeys.h"
#include "NumSplits.h"
#include "TensorBuilders.h"
#include "attn/Dialect/Attn/IR/AttnBlockLocal.h"
#include "attn/Dialect/Attn/IR/AttnStar.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNTILEBLOCKWISEPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static constexpr int64_t kDefaultBlockSizeQ = 32;
static constexpr int64_t kDefaultBlockSizeKv = 128;
/// Of a tile for the CPU, if there are as many.
static constexpr int64_t kLeastTileRows = 32;

/// The nearest `attn.target` above `op`, or null.
static TargetAttr getTarget(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto target = op->getAttrOfType<TargetAttr>("attn.target"))
      return target;
  return {};
}

/// Queries of a tile: no more than there are.
static int64_t getTileRows(AttentionInterface op, const BlockwiseSizes &sizes) {
  int64_t seqLenQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  if (ShapedType::isDynamic(seqLenQ))
    return sizes.blockSizeQ;
  return std::max<int64_t>(1, std::min(sizes.blockSizeQ, seqLenQ));
}

/// Queries of a tile for the CPU kernel, whose panels share what it costs to
/// bring keys into cache: up to 128 rows of the heads that read the same keys,
/// but tiles for many threads where sizes say how many there are.
static int64_t chooseCpuTileRows(AttentionInterface op) {
  constexpr int64_t kMostRows = 128, kManyTiles = 64;
  int64_t rows =
      std::max(kLeastTileRows, kMostRows / getStaticGroupSize(op).value_or(1));
  ShapedType query = op.getQuery().getType();
  int64_t batch = query.getDimSize(0),
          seqLenQ = query.getDimSize(op.getSeqAxis());
  int64_t heads = op.getKey().getType().getDimSize(op.getHeadAxis());
  if (ShapedType::isDynamic(batch) || ShapedType::isDynamic(heads) ||
      ShapedType::isDynamic(seqLenQ))
    return rows;
  while (rows > kLeastTileRows &&
         llvm::divideCeil(seqLenQ, rows) * batch * heads < kManyTiles)
    rows = std::max(kLeastTileRows, rows / 2);
  return rows;
}

BlockwiseSizes attn::resolveBlockwiseSizes(Operation *op,
                                           BlockwiseSizes sizes) {
  if (auto sdpa = dyn_cast<SdpaOp>(op))
    if (auto strategy =
            dyn_cast_if_present<BlockwiseAttr>(sdpa.getStrategyAttr())) {
      if (strategy.getBlockSizeQ() != 0)
        sizes.blockSizeQ = strategy.getBlockSizeQ();
      if (strategy.getBlockSizeKv() != 0)
        sizes.blockSizeKv = strategy.getBlockSizeKv();
      if (strategy.getNumSplits() != 0)
        sizes.numSplits = strategy.getNumSplits();
    }
  int64_t blockSizeQ = kDefaultBlockSizeQ, blockSizeKv = kDefaultBlockSizeKv;
  bool hasThreads = false;
  auto attention = cast<AttentionInterface>(op);
  if (TargetAttr target = getTarget(op)) {
    bool isCpu = target.getKind() == TargetKind::cpu;
    hasThreads = isCpu;
    // The CPU kernel walks a key range itself; a thread block of a GPU stages
    // square tiles.
    blockSizeQ = isCpu ? chooseCpuTileRows(attention) : 64;
    blockSizeKv = isCpu ? -1 : 64;
  }
  if (sizes.blockSizeQ == 0)
    sizes.blockSizeQ = blockSizeQ;
  if (sizes.blockSizeKv == 0)
    sizes.blockSizeKv = blockSizeKv;
  if (sizes.numSplits == 0 && isa<StarOp, BlockLocalOp>(op))
    sizes.numSplits = 1;
  if (sizes.numSplits == 0 &&
      !(hasThreads && maySplit(attention, getTileRows(attention, sizes))))
    sizes.numSplits = 1;
  return sizes;
}

//===----------------------------------------------------------------------===//
// Tiling
//===----------------------------------------------------------------------===//

/// What keys and values are computed in: the query's type, or the
/// accumulator's where a scale or 8-bit numbers need its range.
Type BlockwiseTiler::getComputeType() {
  if (needsGather() &&
      (op.isQuantized() || op.getKey().getType().getElementTypeBitWidth() == 8))
    return op.getAccumulatorType();
  return op.getQuery().getType().getElementType();
}

/// A number of keys rounded down or up to whole pages.
OpFoldResult BlockwiseTiler::inPages(OpFoldResult keys, bool up) {
  int64_t size = getPageSize(op);
  AffineExpr pages = up ? math.d(0).ceilDiv(size) : math.d(0).floorDiv(size);
  return math.apply(pages * size, keys);
}

/// Keys of a step, or -1 for whole ranges.
int64_t BlockwiseTiler::getKeyStep() {
  if (sizes.blockSizeKv == -1 && needsGather())
    return kDefaultBlockSizeKv;
  return sizes.blockSizeKv;
}

/// The tile at (batch, kv head, query) of the loops.
BlockwiseTiler::Tile BlockwiseTiler::getTile(ValueRange ivs) {
  // Where there is one tile, say so now: ranges fold, and empty ones vanish.
  auto position = [&](Value iv, OpFoldResult size, int64_t step) {
    std::optional<int64_t> total = getConstantIntValue(size);
    return total && *total <= step ? math.constant(0) : OpFoldResult(iv);
  };
  Tile tile;
  tile.b = position(ivs[0], dims.batch, 1);
  tile.kvHead = position(ivs[1], dims.numKvHeads, 1);
  if (!blockTiles)
    tile.query = position(ivs[2], dims.seqLenQ, sizes.blockSizeQ);
  // Later queries see more keys: they go first, so that threads that wait at
  // the end wait for little.
  if (!blockTiles && op.getWindowRight() >= 0 && op.getWindowLeft() < 0 &&
      !getConstantIntValue(tile.query))
    tile.query = math.apply((math.d(0) - 1).floorDiv(sizes.blockSizeQ) *
                                    sizes.blockSizeQ -
                                math.d(1),
                            {dims.seqLenQ, tile.query});
  if (group != 0)
    tile.numHeads = math.constant(group);
  else if (isConstantIntValue(dims.numKvHeads, 1))
    tile.numHeads = dims.numHeads;
  else // Inside the loop, where there is at least one key head.
    tile.numHeads =
        arith::DivUIOp::create(rewriter, loc, math.value(dims.numHeads),
                               math.value(dims.numKvHeads))
            .getResult();
  tile.head = math.mul(tile.kvHead, tile.numHeads);
  if (blockTiles) {
    std::tie(tile.query, tile.numQueries) = blockTiles->getRows(
        rewriter, tile.b, position(ivs[2], blockTiles->getNumTiles(), 1));
    return tile;
  }
  std::optional<int64_t> seqLenQ = getConstantIntValue(dims.seqLenQ);
  tile.numQueries = seqLenQ && *seqLenQ % sizes.blockSizeQ == 0
                        ? math.constant(sizes.blockSizeQ)
                        : math.min(math.constant(sizes.blockSizeQ),
                                   math.sub(dims.seqLenQ, tile.query));
  return tile;
}

/// Offsets or sizes of the tile in output or lse.
SmallVector<OpFoldResult> BlockwiseTiler::outputSlice(const Tile &tile,
                                                      bool inOpLayout,
                                                      bool isLse,
                                                      bool wantSizes) {
  OpFoldResult one = math.constant(1), zero = math.constant(0);
  SmallVector<OpFoldResult> slice = {wantSizes ? one : tile.b,
                                     wantSizes ? tile.numHeads : tile.head,
                                     wantSizes ? tile.numQueries : tile.query};
  if (isLse)
    return slice;
  slice.push_back(wantSizes ? math.constant(op.getHeadDimV()) : zero);
  if (inOpLayout && op.getLayout() == Layout::bshd)
    std::swap(slice[1], slice[2]);
  return slice;
}

/// Parallel loops over (batch, kv head, query), led by one over splits if they
/// are given.
scf::ForallOp BlockwiseTiler::createLoops(OpFoldResult splits,
                                          OpFoldResult numQueries,
                                          ValueRange outputs) {
  SmallVector<OpFoldResult> upper = {dims.batch, dims.numKvHeads, numQueries};
  SmallVector<OpFoldResult> steps = {math.constant(1), math.constant(1),
                                     math.constant(sizes.blockSizeQ)};
  if (blockTiles) {
    upper.back() = blockTiles->getNumTiles();
    steps.back() = math.constant(1);
  }
  if (splits) {
    upper.insert(upper.begin(), splits);
    steps.insert(steps.begin(), math.constant(1));
  }
  SmallVector<OpFoldResult> lower(upper.size(), math.constant(0));
  auto loops = scf::ForallOp::create(rewriter, loc, lower, upper, steps,
                                     outputs, /*mapping=*/std::nullopt);
  rewriter.setInsertionPointToStart(loops.getBody());
  return loops;
}

/// `index` as a constant if its bounds say it is one.
static OpFoldResult simplify(Builder &builder, OpFoldResult index) {
  FailureOr<int64_t> constant = ValueBoundsConstraintSet::computeConstantBound(
      presburger::BoundType::EQ, index);
  if (failed(constant))
    return index;
  return builder.getIndexAttr(*constant);
}

AttentionTile BlockwiseTiler::getAttentionTile(const Tile &tile) {
  DimRange one{tile.b, math.constant(1)};
  return {one, DimRange{tile.head, tile.numHeads},
          DimRange{tile.kvHead, math.constant(1)},
          DimRange{tile.query, tile.numQueries}, DimRange()};
}

/// The keys a tile sees.
SmallVector<BlockwiseTiler::Run> BlockwiseTiler::getRuns(const Tile &tile) {
  OpFoldResult end = math.add(tile.query, tile.numQueries);
  SmallVector<Run> runs;
  if (auto star = dyn_cast<StarOp>(*op)) {
    StarKeys keys = computeStarKeys(star, rewriter, loc, tile.b, tile.query,
                                    end, /*isOneBlock=*/true);
    StarParameters cut = sliceStar(rewriter, loc, star, getAttentionTile(tile));
    if (star.getClampedAnchorSize() != 0)
      runs.push_back({keys.anchor, cut.anchorKey, cut.anchorValue});
    runs.push_back({keys.own});
  } else if (auto local = dyn_cast<BlockLocalOp>(*op)) {
    if (local.hasPrefix()) {
      // Whole operands of the head: the range says where in them.
      AttentionTile all = getAttentionTile(tile);
      all.queries = {};
      BlockLocalParameters cut = sliceBlockLocal(rewriter, loc, local, all);
      OpFoldResult next = math.add(tile.query, 1);
      KeyRange keys = computePrefixKeys(local, rewriter, loc, tile.query, next);
      runs.push_back({{keys}, cut.prefixKey, cut.prefixValue, true});
    }
    runs.push_back(
        {computeBlockLocalKeys(local, rewriter, loc, tile.b, tile.query, end,
                               /*isOneBlock=*/true)});
  } else {
    runs.push_back({cast<AttnKeyRangesInterface>(*op).getKeyRanges(
        rewriter, loc, tile.b, tile.head, tile.query, end)});
  }
  return runs;
}

/// The ranges of `run`, those of one split if `split` is given. Ranges known to
/// be empty are left out; where all keys fit one step, and where the kernel
/// walks the keys itself (it cuts its loops at the edges), one range.
SmallVector<KeyRange> BlockwiseTiler::getRanges(Run run, OpFoldResult split) {
  SmallVector<KeyRange> ranges = std::move(run.ranges);
  llvm::erase_if(ranges, [](const KeyRange &range) {
    return ValueBoundsConstraintSet::compare(
        range.lo, ValueBoundsConstraintSet::GE, range.hi);
  });
  for (KeyRange &range : ranges) {
    range.lo = simplify(rewriter, range.lo);
    range.hi = simplify(rewriter, range.hi);
  }
  if (ranges.empty())
    return ranges;
  OpFoldResult first = ranges.front().lo, last = ranges.back().hi;
  std::optional<int64_t> seqLenKv = getConstantIntValue(dims.seqLenKv);
  if (getKeyStep() == -1 || (seqLenKv && *seqLenKv <= getKeyStep()))
    ranges = {
        KeyRange{first, last, llvm::any_of(ranges, [](const KeyRange &range) {
                   return range.needsMask;
                 })}};
  if (keepsPages()) {
    // Pages are cut whole, so what is beyond the range stays to be masked.
    first = inPages(first, /*up=*/false);
    last = inPages(last, /*up=*/true);
    ranges = {KeyRange{first, last, /*needsMask=*/true}};
  }
  if (!split)
    return ranges;
  // Equal shares of what this tile sees, whatever the capacity of a cache.
  OpFoldResult share = math.ceilDiv(math.sub(last, first), splits);
  if (keepsPages())
    share = inPages(share, /*up=*/true);
  OpFoldResult lo = math.add(first, math.mul(split, share));
  OpFoldResult hi = math.add(lo, share);
  for (KeyRange &range : ranges) {
    range.lo = math.min(math.max(range.lo, lo), hi);
    range.hi = math.min(math.max(range.hi, lo), hi);
  }
  return ranges;
}

/// One attn.online over keys [keys) of the tile `parts`.
void BlockwiseTiler::step(AttentionParts parts, DimRange keys,
                          SmallVector<Value> &state) {
  if (needsGather()) {
    // Pages are looked up key by key, so table and pools stay whole.
    parts = sliceKeys(rewriter, loc, parts, keys,
                      /*cutKeyValue=*/!parts.pageTable);
    Type type = getComputeType();
    Value key =
        gatherKeys(rewriter, loc, parts, parts.key, parts.keyScale, keys, type);
    Value value = gatherKeys(rewriter, loc, parts, parts.value,
                             parts.valueScale, keys, type);
    parts.key = key;
    parts.value = value;
    parts.pageTable = parts.keyScale = parts.valueScale = {};
  } else {
    parts = sliceKeys(rewriter, loc, parts, keys);
  }
  OnlineOp online = createOnline(rewriter, loc, parts, state);
  state.assign(online->result_begin(), online->result_end());
}

/// The softmax state of a tile over all keys it sees (of one split).
SmallVector<Value> BlockwiseTiler::computeState(const Tile &tile,
                                                OpFoldResult split) {
  AttentionParts parts =
      sliceAttention(rewriter, loc, op, getAttentionTile(tile));
  if (getElementTypeOrSelf(parts.query.getType()) != getComputeType())
    parts.query = convertElements(rewriter, loc, parts.query, getComputeType());

  FloatType type = op.getAccumulatorType();
  OpFoldResult heads = tile.numHeads, queries = tile.numQueries;
  SmallVector<OpFoldResult> rows = {math.constant(1), heads, queries};
  SmallVector<OpFoldResult> accShape = rows;
  accShape.push_back(math.constant(op.getHeadDimV()));
  SmallVector<Value> state = {
      createFilled(rewriter, loc, accShape, type, 0.0),
      createFilled(rewriter, loc, rows, type,
                   -std::numeric_limits<double>::infinity()),
      createFilled(rewriter, loc, rows, type, 0.0)};

  for (Run &run : getRuns(tile)) {
    AttentionParts keys = parts;
    if (run.isElsewhere()) {
      keys.key = run.key;
      keys.value = run.value;
      if (!keys.offsets.empty()) // An anchor holds the first keys.
        keys.offsets[3] = math.value(math.constant(0));
    }
    if (run.isPrefix) {
      keys.windowLeft = keys.windowRight = -1;
      keys.kvLen = {};
    }
    for (const KeyRange &range : getRanges(run, split))
      walkRange(keys, run, range, state);
  }
  return state;
}

/// Adds the keys of `range`, in one step or a loop of steps.
void BlockwiseTiler::walkRange(const AttentionParts &parts, const Run &run,
                               const KeyRange &range,
                               SmallVector<Value> &state) {
  int64_t keyStep = getKeyStep();
  AttentionParts visible = parts;
  if (!range.needsMask)
    visible.dropStructure();
  OpFoldResult size = math.sub(range.hi, range.lo);
  std::optional<int64_t> staticSize = getConstantIntValue(size);
  std::optional<int64_t> seqLenKv = getConstantIntValue(dims.seqLenKv);
  if (keyStep == -1 || (staticSize && *staticSize <= keyStep) ||
      (!run.isElsewhere() && seqLenKv && *seqLenKv <= keyStep)) {
    // Keys elsewhere are all in bounds.
    OpFoldResult lo = run.isElsewhere()
                          ? range.lo
                          : clampKeyOffset(rewriter, loc, op, {range.lo, size});
    return step(visible, {lo, size}, state);
  }
  auto loop = scf::ForOp::create(rewriter, loc, math.value(range.lo),
                                 math.value(range.hi),
                                 math.value(math.constant(keyStep)), state);
  {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(loop.getBody());
    OpFoldResult lo = loop.getInductionVar();
    OpFoldResult count =
        staticSize && *staticSize % keyStep == 0
            ? math.constant(keyStep)
            : math.min(math.constant(keyStep), math.sub(range.hi, lo));
    SmallVector<Value> inner(loop.getRegionIterArgs().begin(),
                             loop.getRegionIterArgs().end());
    step(visible, {lo, count}, inner);
    scf::YieldOp::create(rewriter, loc, inner);
  }
  state.assign(loop->result_begin(), loop->result_end());
}

/// Whether pages end where the anchor and blocks do, so that whole pages hold
/// no key that a tile does not see but for its causal edge.
static bool endsWithPages(AttentionInterface op) {
  int64_t pageSize = getPageSize(op);
  auto isWhole = [&](int64_t size) { return size % pageSize == 0; };
  if (!op.getOffsets().empty())
    return false;
  if (auto local = dyn_cast<BlockLocalOp>(*op))
    return isWhole(local.getBlockLen());
  auto star = cast<StarOp>(*op);
  return isWhole(star.getBlockSize()) && isWhole(star.getClampedAnchorSize());
}

static Value getSinks(Operation *op) {
  return TypeSwitch<Operation *, Value>(op)
      .Case<SdpaOp, StarOp, BlockLocalOp>(
          [](auto layerA) { return layerA.getSinks(); })
      .Default(Value());
}

SmallVector<Value> BlockwiseTiler::run() {
  dims = getSizes(rewriter, loc, op);
  group = getStaticGroupSize(op).value_or(0);
  TargetAttr target = getTarget(op);
  takesAnyKeys =
      sizes.blockSizeKv == -1 && target && target.getKind() == TargetKind::cpu;
  sizes.blockSizeQ = getTileRows(op, sizes);
  blockTiles = BlockTiles::create(rewriter, op, sizes.blockSizeQ);
  if (blockTiles) {
    sizes.numSplits = 1;
    takesAnyKeys &= !op.isPaged() || endsWithPages(op);
  }

  SmallVector<Value> destinations = createDestinations(rewriter, op);
  Value sinks = getSinks(op);
  if (hasNoRows(dims))
    return replaceWithCasts(rewriter, op, destinations);
  if (sizes.numSplits > 1)
    splits = math.constant(sizes.numSplits);
  else if (sizes.numSplits == 0 && knowsNumThreads(op))
    splits = createNumSplits(rewriter, op, dims, sizes.blockSizeQ);
  // Folded to one where there are no keys to split.
  if (splits && isConstantIntValue(splits, 1))
    splits = {};
  return replaceWithCasts(rewriter, op,
                          splits ? runSplit(destinations, sinks)
                                 : runWhole(destinations, sinks));
}

static bool isToTile(Operation *op) {
  return isa<SdpaOp, StarOp, BlockLocalOp, PartialOp>(op);
}

FailureOr<SmallVector<Value>> attn::tileBlockwise(RewriterBase &rewriter,
                                                  AttentionInterface op,
                                                  const BlockwiseSizes &sizes) {
  assert(sizes.blockSizeQ > 0 && sizes.blockSizeKv != 0 &&
         sizes.numSplits >= 0 && "sizes must be resolved");
  if (!isToTile(op))
    return rewriter.notifyMatchFailure(
        op, "expects attention on layer A or attn.partial: other ops are tiled "
            "already");
  if (!isa<RankedTensorType>(op.getQuery().getType()))
    return rewriter.notifyMatchFailure(op, "expects tensors, not memrefs");
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  if (!isa<PartialOp>(*op) && op.hasNoRows()) {
    SmallVector<Value> results =
        TypeSwitch<Operation *, SmallVector<Value>>(op)
            .Case<SdpaOp, StarOp, BlockLocalOp>([&](auto layerA) {
              return layerA.createEmptyResults(rewriter);
            });
    rewriter.replaceOp(op, results);
    return results;
  }
  return BlockwiseTiler{rewriter, op, sizes}.run();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct TileBlockwisePass
    : attn::impl::AttnTileBlockwisePassBase<TileBlockwisePass> {
  using AttnTileBlockwisePassBase::AttnTileBlockwisePassBase;

  void runOnOperation() override {
    if (blockSizeQ < 0 || blockSizeKv < -1) {
      getOperation()->emitError(
          "attn-tile-blockwise expects block-size-q of 0 or more and "
          "block-size-kv of -1 or more, but got ")
          << blockSizeQ.getValue() << " and " << blockSizeKv.getValue();
      return signalPassFailure();
    }
    SmallVector<AttentionInterface> ops;
    getOperation()->walk([&](AttentionInterface op) {
      if (!isToTile(op) || !isa<RankedTensorType>(op.getQuery().getType()))
        return;
      auto sdpa = dyn_cast<SdpaOp>(*op);
      if (sdpa && sdpa.getStrategyAttr() &&
          !isa<BlockwiseAttr>(sdpa.getStrategyAttr()))
        return;
      ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (AttentionInterface op : ops) {
      BlockwiseSizes sizes =
          resolveBlockwiseSizes(op, {blockSizeQ, blockSizeKv, 0});
      if (sizes.numSplits == 0)
        if (auto module = dyn_cast<ModuleOp>(getOperation()))
          declareNumThreads(module);
      FailureOr<SmallVector<Value>> tiled = tileBlockwise(rewriter, op, sizes);
      assert(succeeded(tiled) && "checked above");
      (void)tiled;
    }
  }
};
} // namespace
