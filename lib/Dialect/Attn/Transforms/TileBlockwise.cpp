//===- TileBlockwise.cpp - Attention in tiles with a running state --------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.sdpa and attn.partial to loops of attn.online over the key ranges a
// query tile sees.
//
//===----------------------------------------------------------------------===//

#include "GatherKeys.h"
#include "TensorBuilders.h"
#include "attn/Dialect/Attn/IR/AttnTiles.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

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

/// The nearest `attn.target` above `op`, or null.
static TargetAttr getTarget(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto target = op->getAttrOfType<TargetAttr>("attn.target"))
      return target;
  return {};
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
      if (strategy.getNumSplits() != 1)
        sizes.numSplits = strategy.getNumSplits();
    }
  int64_t blockSizeQ = kDefaultBlockSizeQ, blockSizeKv = kDefaultBlockSizeKv;
  if (TargetAttr target = getTarget(op)) {
    bool isCpu = target.getKind() == TargetKind::cpu;
    // The CPU kernel walks a key range itself; a thread block of a GPU stages
    // square tiles.
    blockSizeQ = isCpu ? 32 : 64;
    blockSizeKv = isCpu ? -1 : 64;
  }
  if (sizes.blockSizeQ == 0)
    sizes.blockSizeQ = blockSizeQ;
  if (sizes.blockSizeKv == 0)
    sizes.blockSizeKv = blockSizeKv;
  return sizes;
}

//===----------------------------------------------------------------------===//
// Tiling
//===----------------------------------------------------------------------===//

namespace {
/// One op being tiled. Members are what does not change between tiles.
struct BlockwiseTiler {
  RewriterBase &rewriter;
  AttentionInterface op;
  BlockwiseSizes sizes;
  Location loc = op.getLoc();
  IndexMath math{rewriter, loc};
  AttentionSizes dims = {};
  /// Static query heads per key head; 0 if only known at run time.
  int64_t group = 0;
  /// Whether the kernel looks up pages and dequantises itself, which that of a
  /// CPU does with the whole ranges it is handed.
  bool takesAnyKeys = false;

  /// The part of the problem one iteration of the parallel loops works on.
  struct Tile {
    OpFoldResult b, kvHead, head, numHeads, query, numQueries;
  };

  SmallVector<Value> run();

private:
  /// Whether keys and values are made plain tensors a step at a time.
  bool needsGather() {
    return !takesAnyKeys &&
           (op.isPaged() || op.isQuantized() ||
            op.getKey().getType().getElementTypeBitWidth() == 8);
  }
  /// Whether the kernel follows the page table.
  bool keepsPages() { return takesAnyKeys && op.isPaged(); }
  OpFoldResult inPages(OpFoldResult keys, bool up);
  Type getComputeType();
  int64_t getKeyStep();
  Tile getTile(ValueRange ivs);
  SmallVector<OpFoldResult> outputSlice(const Tile &tile, bool inOpLayout,
                                        bool isLse, bool wantSizes);
  scf::ForallOp createLoops(int64_t numSplits, ValueRange outputs);
  SmallVector<KeyRange> getRanges(const Tile &tile, OpFoldResult split);
  SmallVector<Value> computeState(const Tile &tile, OpFoldResult split);
  void step(AttentionParts parts, DimRange keys, SmallVector<Value> &state);
  Value maskLse(const Tile &tile, Value lse);
  Value sinksOfSplit(const Tile &tile, Value sinks, Value split);
  SmallVector<Value> runWhole(ValueRange destinations, Value sinks);
  SmallVector<Value> runSplit(ValueRange destinations, Value sinks);
};
} // namespace

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
  tile.query = position(ivs[2], dims.seqLenQ, sizes.blockSizeQ);
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

/// Parallel loops over (batch, kv head, query), led by one over splits if there
/// is more than one.
scf::ForallOp BlockwiseTiler::createLoops(int64_t numSplits,
                                          ValueRange outputs) {
  SmallVector<OpFoldResult> upper = {dims.batch, dims.numKvHeads, dims.seqLenQ};
  SmallVector<OpFoldResult> steps = {math.constant(1), math.constant(1),
                                     math.constant(sizes.blockSizeQ)};
  if (numSplits > 1) {
    upper.insert(upper.begin(), math.constant(numSplits));
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

/// The key ranges of a tile, those of one split if `split` is given. Ranges
/// known to be empty are left out; where all keys fit one step, and where the
/// kernel walks the keys itself (it cuts its loops at the edges), one range.
SmallVector<KeyRange> BlockwiseTiler::getRanges(const Tile &tile,
                                                OpFoldResult split) {
  auto source = cast<AttnKeyRangesInterface>(*op);
  SmallVector<KeyRange> ranges =
      source.getKeyRanges(rewriter, loc, tile.b, tile.head, tile.query,
                          math.add(tile.query, tile.numQueries));
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
  OpFoldResult share = math.apply(
      (math.d(0) - math.d(1)).ceilDiv(sizes.numSplits), {last, first});
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
  DimRange one{tile.b, math.constant(1)};
  AttentionParts parts =
      sliceAttention(rewriter, loc, op,
                     {one, DimRange{tile.head, tile.numHeads},
                      DimRange{tile.kvHead, math.constant(1)},
                      DimRange{tile.query, tile.numQueries}, DimRange()});
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

  int64_t keyStep = getKeyStep();
  for (const KeyRange &range : getRanges(tile, split)) {
    AttentionParts visible = parts;
    if (!range.needsMask)
      visible.dropStructure();
    OpFoldResult size = math.sub(range.hi, range.lo);
    std::optional<int64_t> staticSize = getConstantIntValue(size);
    std::optional<int64_t> seqLenKv = getConstantIntValue(dims.seqLenKv);
    if (keyStep == -1 || (staticSize && *staticSize <= keyStep) ||
        (seqLenKv && *seqLenKv <= keyStep)) {
      OpFoldResult lo = clampKeyOffset(rewriter, loc, op, {range.lo, size});
      step(visible, {lo, size}, state);
      continue;
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
  return state;
}

/// The lse of attn.finalize with sinks knows no q_len: rows beyond it are -inf,
/// not the sink.
Value BlockwiseTiler::maskLse(const Tile &tile, Value lse) {
  if (!op.getQLen())
    return lse;
  OpFoldResult rowsInUse =
      math.sub(getQLenAt(op, rewriter, loc, tile.b),
               math.add(getOffset(op, rewriter, 2), tile.query));
  Value limit = math.value(rowsInUse);
  Type type = getElementTypeOrSelf(lse.getType());
  Value none = arith::ConstantOp::create(
      rewriter, loc,
      rewriter.getFloatAttr(type, -std::numeric_limits<double>::infinity()));
  SmallVector<utils::IteratorType> iterators(3, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, loc, lse.getType(), ValueRange(), lse,
             rewriter.getMultiDimIdentityMap(3), iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value row = linalg::IndexOp::create(b, loc, 2);
               Value inUse = arith::CmpIOp::create(
                   b, loc, arith::CmpIPredicate::slt, row, limit);
               Value masked =
                   arith::SelectOp::create(b, loc, inUse, args[0], none);
               linalg::YieldOp::create(b, loc, masked);
             })
      .getResult(0);
}

/// Inserts tiles into the shared outputs at the end of `loops`.
static void insertTiles(RewriterBase &rewriter, scf::ForallOp loops,
                        ValueRange tiles,
                        ArrayRef<SmallVector<OpFoldResult>> offsets,
                        ArrayRef<SmallVector<OpFoldResult>> sizes) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToEnd(loops.getTerminator().getBody());
  for (auto [tile, output, offset, size] :
       llvm::zip_equal(tiles, loops.getRegionOutArgs(), offsets, sizes))
    tensor::ParallelInsertSliceOp::create(rewriter, loops.getLoc(), tile,
                                          output, offset, size,
                                          unitStrides(rewriter, offset.size()));
}

static LayoutAttr getLayoutAttr(AttentionInterface op) {
  if (isa<SdpaOp>(*op) && op.getLayout() != Layout::bhsd)
    return LayoutAttr::get(op.getContext(), op.getLayout());
  return {}; // The outputs of attn.partial are bhsd whatever the layout.
}

SmallVector<Value> BlockwiseTiler::runWhole(ValueRange destinations,
                                            Value sinks) {
  scf::ForallOp loops = createLoops(/*numSplits=*/1, destinations);
  Tile tile = getTile(loops.getInductionVars());
  SmallVector<Value> state = computeState(tile, /*split=*/{});
  SmallVector<Value> slices;
  SmallVector<SmallVector<OpFoldResult>> offsets, sliceSizes;
  for (auto [n, output] : llvm::enumerate(loops.getRegionOutArgs())) {
    bool inOpLayout = isa<SdpaOp>(*op), isLse = n == 1;
    offsets.push_back(outputSlice(tile, inOpLayout, isLse, false));
    sliceSizes.push_back(outputSlice(tile, inOpLayout, isLse, true));
    slices.push_back(tensor::ExtractSliceOp::create(
        rewriter, loc, output, offsets.back(), sliceSizes.back(),
        unitStrides(rewriter, offsets.back().size())));
  }
  auto finalize = FinalizeOp::create(
      rewriter, loc, TypeRange(ValueRange(slices)), state[0], state[1],
      state[2],
      sliceOperand(rewriter, loc, sinks, DimRange{tile.head, tile.numHeads}),
      slices[0], slices.size() > 1 ? slices[1] : Value(), getLayoutAttr(op));
  SmallVector<Value> tiles(finalize->getResults());
  if (sinks && tiles.size() > 1)
    tiles[1] = maskLse(tile, tiles[1]);
  insertTiles(rewriter, loops, tiles, offsets, sliceSizes);
  rewriter.setInsertionPointAfter(loops);
  return llvm::to_vector(ValueRange(loops->getResults()));
}

/// The sinks of a tile in split 0, -inf in all others: the merge must count
/// them once.
Value BlockwiseTiler::sinksOfSplit(const Tile &tile, Value sinks, Value split) {
  if (!sinks)
    return {};
  Value slice =
      sliceOperand(rewriter, loc, sinks, DimRange{tile.head, tile.numHeads});
  Type type = getElementTypeOrSelf(slice.getType());
  Value isFirst =
      arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq, split,
                            arith::ConstantIndexOp::create(rewriter, loc, 0));
  Value none = arith::ConstantOp::create(
      rewriter, loc,
      rewriter.getFloatAttr(type, -std::numeric_limits<double>::infinity()));
  Value empty = createEmpty(rewriter, loc, tile.numHeads, type);
  AffineMap identity = rewriter.getMultiDimIdentityMap(1);
  return linalg::GenericOp::create(
             rewriter, loc, empty.getType(), slice, empty,
             ArrayRef<AffineMap>{identity, identity},
             utils::IteratorType::parallel,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value sink =
                   arith::SelectOp::create(b, loc, isFirst, args[0], none);
               linalg::YieldOp::create(b, loc, sink);
             })
      .getResult(0);
}

/// Stacks the parts of all splits, then merges them tile by tile.
SmallVector<Value> BlockwiseTiler::runSplit(ValueRange destinations,
                                            Value sinks) {
  FloatType type = op.getAccumulatorType();
  SmallVector<OpFoldResult> lseShape = {
      math.constant(sizes.numSplits), dims.batch, dims.numHeads, dims.seqLenQ};
  SmallVector<OpFoldResult> outputShape = lseShape;
  outputShape.push_back(math.constant(op.getHeadDimV()));
  SmallVector<Value> stacks = {createEmpty(rewriter, loc, outputShape, type),
                               createEmpty(rewriter, loc, lseShape, type)};

  scf::ForallOp loops = createLoops(sizes.numSplits, stacks);
  SmallVector<Value> ivs = loops.getInductionVars();
  Tile tile = getTile(ArrayRef(ivs).drop_front());
  SmallVector<Value> state = computeState(tile, OpFoldResult(ivs[0]));
  SmallVector<Value> slices;
  SmallVector<SmallVector<OpFoldResult>> offsets, sliceSizes;
  for (auto [n, output] : llvm::enumerate(loops.getRegionOutArgs())) {
    offsets.push_back(outputSlice(tile, /*inOpLayout=*/false, n == 1, false));
    sliceSizes.push_back(outputSlice(tile, /*inOpLayout=*/false, n == 1, true));
    SmallVector<int64_t> shape = decomposeMixedValues(sliceSizes.back()).first;
    offsets.back().insert(offsets.back().begin(), ivs[0]);
    sliceSizes.back().insert(sliceSizes.back().begin(), math.constant(1));
    slices.push_back(tensor::ExtractSliceOp::create(
        rewriter, loc, RankedTensorType::get(shape, type), output,
        offsets.back(), sliceSizes.back(),
        unitStrides(rewriter, offsets.back().size())));
  }
  auto finalize =
      FinalizeOp::create(rewriter, loc, TypeRange(ValueRange(slices)), state[0],
                         state[1], state[2], sinksOfSplit(tile, sinks, ivs[0]),
                         slices[0], slices[1], LayoutAttr());
  SmallVector<Value> tiles(finalize->getResults());
  if (sinks)
    tiles[1] = maskLse(tile, tiles[1]);
  insertTiles(rewriter, loops, tiles, offsets, sliceSizes);
  rewriter.setInsertionPointAfter(loops);

  scf::ForallOp merges = createLoops(/*numSplits=*/1, destinations);
  tile = getTile(merges.getInductionVars());
  SmallVector<Value> parts;
  for (auto [n, stack] : llvm::enumerate(loops->getResults())) {
    SmallVector<OpFoldResult> from = outputSlice(tile, false, n == 1, false);
    SmallVector<OpFoldResult> count = outputSlice(tile, false, n == 1, true);
    from.insert(from.begin(), math.constant(0));
    count.insert(count.begin(), math.constant(sizes.numSplits));
    parts.push_back(tensor::ExtractSliceOp::create(
        rewriter, loc, stack, from, count, unitStrides(rewriter, from.size())));
  }
  slices.clear();
  offsets.clear();
  sliceSizes.clear();
  for (auto [n, output] : llvm::enumerate(merges.getRegionOutArgs())) {
    bool inOpLayout = isa<SdpaOp>(*op);
    offsets.push_back(outputSlice(tile, inOpLayout, n == 1, false));
    sliceSizes.push_back(outputSlice(tile, inOpLayout, n == 1, true));
    slices.push_back(tensor::ExtractSliceOp::create(
        rewriter, loc, output, offsets.back(), sliceSizes.back(),
        unitStrides(rewriter, offsets.back().size())));
  }
  auto merge = MergeOp::create(
      rewriter, loc, TypeRange(ValueRange(slices)), parts[0], parts[1],
      slices[0], slices.size() > 1 ? slices[1] : Value(),
      rewriter.getI64IntegerAttr(0), getLayoutAttr(op));
  insertTiles(rewriter, merges, merge->getResults(), offsets, sliceSizes);
  rewriter.setInsertionPointAfter(merges);
  return llvm::to_vector(ValueRange(merges->getResults()));
}

SmallVector<Value> BlockwiseTiler::run() {
  dims = getSizes(rewriter, loc, op);
  group = getStaticGroupSize(op).value_or(0);
  TargetAttr target = getTarget(op);
  takesAnyKeys =
      sizes.blockSizeKv == -1 && target && target.getKind() == TargetKind::cpu;
  if (std::optional<int64_t> seqLenQ = getConstantIntValue(dims.seqLenQ))
    sizes.blockSizeQ =
        std::max<int64_t>(1, std::min(sizes.blockSizeQ, *seqLenQ));

  // Once, before the loops: kernels read bytes.
  widenMask(rewriter, op);
  SmallVector<Value> destinations = createDestinations(rewriter, op);
  auto sdpa = dyn_cast<SdpaOp>(*op);
  Value sinks = sdpa ? sdpa.getSinks() : Value();
  SmallVector<Value> results = hasNoRows(dims) ? destinations
                               : sizes.numSplits > 1
                                   ? runSplit(destinations, sinks)
                                   : runWhole(destinations, sinks);
  return replaceWithCasts(rewriter, op, results);
}

FailureOr<SmallVector<Value>> attn::tileBlockwise(RewriterBase &rewriter,
                                                  AttentionInterface op,
                                                  const BlockwiseSizes &sizes) {
  assert(sizes.blockSizeQ > 0 && sizes.blockSizeKv != 0 &&
         sizes.numSplits > 0 && "sizes must be resolved");
  if (!isa<SdpaOp, PartialOp>(*op))
    return rewriter.notifyMatchFailure(
        op, "expects attn.sdpa or attn.partial: other ops are tiled already");
  if (!isa<RankedTensorType>(op.getQuery().getType()))
    return rewriter.notifyMatchFailure(op, "expects tensors, not memrefs");
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  if (auto sdpa = dyn_cast<SdpaOp>(*op); sdpa && op.hasNoRows())
    return sdpa.createEmptyResults(rewriter);
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
      getOperation().emitError(
          "attn-tile-blockwise expects block-size-q of 0 or more and "
          "block-size-kv of -1 or more, but got ")
          << blockSizeQ.getValue() << " and " << blockSizeKv.getValue();
      return signalPassFailure();
    }
    SmallVector<AttentionInterface> ops;
    getOperation().walk([&](AttentionInterface op) {
      if (!isa<SdpaOp, PartialOp>(*op) ||
          !isa<RankedTensorType>(op.getQuery().getType()))
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
          resolveBlockwiseSizes(op, {blockSizeQ, blockSizeKv, 1});
      FailureOr<SmallVector<Value>> tiled = tileBlockwise(rewriter, op, sizes);
      assert(succeeded(tiled) && "checked above");
      (void)tiled;
    }
  }
};
} // namespace
