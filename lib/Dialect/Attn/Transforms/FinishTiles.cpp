//===- FinishTiles.cpp - Where the states of tiles go ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The parallel loops of blockwise attention: states of tiles become results, or
// parts that are merged.
//
//===----------------------------------------------------------------------===//

#include "BlockwiseTiler.h"
#include "TensorBuilders.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;

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

/// The slices of `tile` in `outputs`, those of one split if they are stacks of
/// parts.
BlockwiseTiler::Slices BlockwiseTiler::sliceOutputs(ValueRange outputs,
                                                    const Tile &tile,
                                                    OpFoldResult split) {
  Slices slices;
  // The outputs of attn.partial, and parts, are bhsd whatever the layout.
  bool inOpLayout = !split && !isa<PartialOp>(*op);
  if (inOpLayout && op.getLayout() != Layout::bhsd)
    slices.layout = LayoutAttr::get(op.getContext(), op.getLayout());
  for (auto [n, output] : llvm::enumerate(outputs)) {
    bool isLse = n == 1;
    SmallVector<OpFoldResult> offsets =
        outputSlice(tile, inOpLayout, isLse, /*wantSizes=*/false);
    SmallVector<OpFoldResult> extent =
        outputSlice(tile, inOpLayout, isLse, /*wantSizes=*/true);
    auto type = RankedTensorType::get(decomposeMixedValues(extent).first,
                                      getElementTypeOrSelf(output.getType()));
    if (split) {
      offsets.insert(offsets.begin(), split);
      extent.insert(extent.begin(), math.constant(1));
    }
    slices.values.push_back(tensor::ExtractSliceOp::create(
        rewriter, loc, type, output, offsets, extent,
        unitStrides(rewriter, offsets.size())));
    slices.offsets.push_back(std::move(offsets));
    slices.sizes.push_back(std::move(extent));
  }
  return slices;
}

/// Replaces the values of `to` by the end of the softmax `state`, as many rows
/// as `tile` has.
void BlockwiseTiler::finalize(const Tile &tile, ArrayRef<Value> state,
                              Value sinks, Slices &to) {
  auto op = FinalizeOp::create(
      rewriter, loc, TypeRange(ValueRange(to.values)), state[0], state[1],
      state[2], sinks, to.values[0],
      to.values.size() > 1 ? to.values[1] : Value(), to.layout);
  to.values.assign(op->result_begin(), op->result_end());
  if (sinks && to.values.size() > 1)
    to.values[1] = maskLse(tile, to.values[1]);
}

SmallVector<Value> BlockwiseTiler::runWhole(ValueRange destinations,
                                            Value sinks) {
  scf::ForallOp loops = createLoops(/*splits=*/{}, dims.seqLenQ, destinations);
  Tile tile = getTile(loops.getInductionVars());
  SmallVector<Value> state = computeState(tile, /*split=*/{});
  Slices slices = sliceOutputs(loops.getRegionOutArgs(), tile);
  finalize(
      tile, state,
      sliceOperand(rewriter, loc, sinks, DimRange{tile.head, tile.numHeads}),
      slices);
  insertTiles(rewriter, loops, slices.values, slices.offsets, slices.sizes);
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

/// The first `rows` rows of a softmax state of `tile`.
static SmallVector<Value> takeRows(IndexMath &math, ArrayRef<Value> state,
                                   OpFoldResult numHeads, OpFoldResult rows,
                                   int64_t headDimV) {
  SmallVector<Value> taken;
  for (Value part : state) {
    SmallVector<OpFoldResult> sizes = {math.constant(1), numHeads, rows};
    if (cast<RankedTensorType>(part.getType()).getRank() == 4)
      sizes.push_back(math.constant(headDimV));
    SmallVector<OpFoldResult> offsets(sizes.size(), math.constant(0));
    taken.push_back(
        tensor::ExtractSliceOp::create(math.b, math.loc, part, offsets, sizes,
                                       unitStrides(math.b, sizes.size())));
  }
  return taken;
}

/// Stacks the parts of all splits, then merges them tile by tile. Where one
/// split may turn out to be enough, its tiles go straight to the destinations:
/// then all that has to do with parts has no rows, else what goes straight has
/// none. There is one kernel either way.
SmallVector<Value> BlockwiseTiler::runSplit(ValueRange destinations,
                                            Value sinks) {
  FloatType type = op.getAccumulatorType();
  OpFoldResult zero = math.constant(0);
  Value isWhole; // Null: there is more than one split.
  if (!getConstantIntValue(splits))
    isWhole =
        arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq,
                              math.value(splits), math.value(math.constant(1)));
  auto ifParts = [&](OpFoldResult size) {
    return isWhole ? math.select(isWhole, zero, size) : size;
  };
  OpFoldResult partQueries = ifParts(dims.seqLenQ);
  SmallVector<OpFoldResult> lseShape = {splits, dims.batch, dims.numHeads,
                                        partQueries};
  SmallVector<OpFoldResult> outputShape = lseShape;
  outputShape.push_back(math.constant(op.getHeadDimV()));
  SmallVector<Value> outputs = {createEmpty(rewriter, loc, outputShape, type),
                                createEmpty(rewriter, loc, lseShape, type)};
  if (isWhole)
    llvm::append_range(outputs, destinations);

  scf::ForallOp loops = createLoops(splits, dims.seqLenQ, outputs);
  SmallVector<Value> ivs = loops.getInductionVars();
  ValueRange outArgs = loops.getRegionOutArgs();
  Tile tile = getTile(ArrayRef(ivs).drop_front());
  SmallVector<Value> state = computeState(tile, OpFoldResult(ivs[0]));
  Value sinksHere = sinksOfSplit(tile, sinks, ivs[0]);
  Tile part = tile;
  SmallVector<Value> partState = state;
  if (isWhole) {
    part.query = ifParts(tile.query);
    part.numQueries = ifParts(tile.numQueries);
    partState =
        takeRows(math, state, tile.numHeads, part.numQueries, op.getHeadDimV());
  }
  Slices slices = sliceOutputs(outArgs.take_front(2), part, ivs[0]);
  finalize(part, partState, sinksHere, slices);
  if (isWhole) {
    Tile whole = tile;
    whole.numQueries = math.select(isWhole, tile.numQueries, zero);
    Slices direct = sliceOutputs(outArgs.drop_front(2), whole);
    finalize(whole,
             takeRows(math, state, tile.numHeads, whole.numQueries,
                      op.getHeadDimV()),
             sinksHere, direct);
    llvm::append_range(slices.values, direct.values);
    llvm::append_range(slices.offsets, direct.offsets);
    llvm::append_range(slices.sizes, direct.sizes);
  }
  insertTiles(rewriter, loops, slices.values, slices.offsets, slices.sizes);
  rewriter.setInsertionPointAfter(loops);

  SmallVector<Value> targets(destinations);
  if (isWhole)
    targets.assign(loops->result_begin() + 2, loops->result_end());
  scf::ForallOp merges = createLoops(/*splits=*/{}, partQueries, targets);
  tile = getTile(merges.getInductionVars());
  SmallVector<Value> parts;
  for (auto [n, stack] : llvm::enumerate(loops->getResults().take_front(2))) {
    SmallVector<OpFoldResult> from = outputSlice(tile, false, n == 1, false);
    SmallVector<OpFoldResult> count = outputSlice(tile, false, n == 1, true);
    from.insert(from.begin(), zero);
    count.insert(count.begin(), splits);
    parts.push_back(tensor::ExtractSliceOp::create(
        rewriter, loc, stack, from, count, unitStrides(rewriter, from.size())));
  }
  slices = sliceOutputs(merges.getRegionOutArgs(), tile);
  auto merge = MergeOp::create(
      rewriter, loc, TypeRange(ValueRange(slices.values)), parts[0], parts[1],
      slices.values[0], slices.values.size() > 1 ? slices.values[1] : Value(),
      rewriter.getI64IntegerAttr(0), slices.layout);
  insertTiles(rewriter, merges, merge->getResults(), slices.offsets,
              slices.sizes);
  rewriter.setInsertionPointAfter(merges);
  return llvm::to_vector(ValueRange(merges->getResults()));
}
