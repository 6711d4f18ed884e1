//===- SplitKv.cpp - Attention with lanes along rows ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Who has which rows, ranges of keys, and launches.
//
//===----------------------------------------------------------------------===//

#include "SplitKv.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::split_kv;
using arith::CmpIPredicate;

/// Blocks of threads that a multiprocessor runs side by side, and is to have.
static constexpr int64_t kBlocksPerSm = 4;
/// Keys that are worth a block of threads.
static constexpr int64_t kMinKeys = 256;
/// Numbers of queries and sums that a thread has in registers at most.
static constexpr int64_t kMaxNumbers = 128;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

TileConfigAttr attn::chooseSplitKvConfig(AttentionInterface op) {
  RowShape shape(op);
  constexpr int64_t kWarps = 4;
  int64_t rows = getStaticGroupSize(op).value_or(1);
  int64_t seqLenQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  // Of a sequence of unknown length there may be more than one row.
  rows *= ShapedType::isDynamic(seqLenQ) ? 4 : std::max<int64_t>(seqLenQ, 1);
  rows = std::clamp<int64_t>(rows, 1, 8);
  int64_t numbers = shape.width * (shape.keyChunks + shape.valueChunks);
  while (rows > 1 && rows * numbers > kMaxNumbers)
    rows = (rows + 1) / 2;
  // Keys whose rows a lane asks for at a time.
  int64_t unroll = rows > 4 ? 2 : 4;
  if (numbers > 32)
    unroll = std::max<int64_t>(1, unroll / 2);
  return TileConfigAttr::get(op->getContext(), GpuKernel::split_kv, rows,
                             kWarps * shape.numGroups() * unroll, kWarps,
                             /*stages=*/1);
}

SplitKvKernel::SplitKvKernel(GpuBuilder &b, AttentionStep step,
                             TileConfigAttr config)
    : b(b), step(step), op(step.op),
      element(b, cast<AttnKeyRangesInterface>(step.op.getOperation())),
      rows(b, step.op), extra(step.op), shape(rows.shape), type(b.floatType),
      numRows(config.getBlockQ()), numWarps(config.getWarps()),
      unroll(config.getBlockKv() / (numWarps * shape.numGroups())),
      headDim(op.getHeadDim()), headDimV(op.getHeadDimV()) {}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

void SplitKvKernel::emit(const GpuTarget &target) {
  Location loc = b.getLoc();
  AttentionSizes sizes = getSizes(b, loc, op);
  seqLenQ = b.idx(sizes.seqLenQ);
  numKvHeads = b.idx(sizes.numKvHeads);
  Value numHeads = b.idx(sizes.numHeads), batch = b.idx(sizes.batch);
  if (std::optional<int64_t> known = getStaticGroupSize(op))
    group = b.idx(*known);
  else
    group = b.div(numHeads, b.max(numKvHeads, b.idx(1)));
  allRows = b.mul(group, seqLenQ);
  factor = element.getFactor();

  auto ceilDiv = [&](Value x, Value y) {
    return b.div(b.sub(b.add(x, y), b.idx(1)), y);
  };
  Value tiles =
      b.mul(b.mul(batch, numKvHeads), ceilDiv(allRows, b.idx(numRows)));
  Value wanted =
      ceilDiv(b.idx(target.numSms * kBlocksPerSm), b.max(tiles, b.idx(1)));
  Value keys =
      b.idx(step.chosen ? getDim(b, loc, step.chosen, 1) : sizes.seqLenKv);
  Value most = b.max(b.idx(1), ceilDiv(keys, b.idx(kMinKeys)));
  Value numSplits;
  if (isConstantIntValue(wanted, 1) || isConstantIntValue(most, 1))
    numSplits = b.idx(1);
  else
    numSplits = b.min(wanted, most);
  if (step.running) {
    auto allocate = [&](bool isRow) -> Value {
      SmallVector<OpFoldResult> sizes;
      for (Value size : {numSplits, batch, numHeads, seqLenQ})
        sizes.push_back(getAsOpFoldResult(size));
      if (!isRow)
        sizes.push_back(b.getIndexAttr(headDimV));
      return memref::AllocOp::create(b, sizes, type,
                                     /*memorySpace=*/Attribute());
    };
    RawStates parts{allocate(/*isRow=*/false), allocate(/*isRow=*/true),
                    allocate(/*isRow=*/true)};
    rawMaxima = parts.maxima;
    launch(numSplits, parts.accs, parts.sums, /*isSplit=*/true);
    emitAddStates(b, step.running, parts);
    return;
  }
  emitSplits(b, step, numSplits,
             [&](Value splits, Value output, Value lse, bool isSplit) {
               launch(splits, output, lse, isSplit);
             });
}

void SplitKvKernel::launch(Value numSplits, Value output, Value lse,
                           bool isSplit) {
  Location loc = b.getLoc();
  Value rowTiles = b.div(b.add(allRows, numRows - 1), b.idx(numRows));
  Value batch = b.idx(getSizes(b, loc, op).batch);
  Value blocks = b.mul(b.mul(b.mul(batch, numKvHeads), rowTiles), numSplits);
  int64_t bytes = type.getWidth() / 8;
  int64_t shared = numWarps * numRows * (headDimV + 2) * bytes;
  b.launch(blocks, numWarps * kWarpSize, shared, [&](GpuThread id) {
    Tile tile;
    Value number = id.block, split = b.idx(0);
    if (isSplit) {
      split = b.rem(number, numSplits);
      number = b.div(number, numSplits);
    }
    tile.firstRow = b.mul(b.rem(number, rowTiles), b.idx(numRows));
    number = b.div(number, rowTiles);
    tile.kvHead = b.rem(number, numKvHeads);
    tile.batch = b.div(number, numKvHeads);
    tile.warp = b.div(id.thread, b.idx(kWarpSize));
    tile.lane = b.rem(id.thread, b.idx(kWarpSize));
    tile.in = {tile.batch, tile.kvHead, tile.lane};
    emitTile(tile, split, numSplits, output, lse, isSplit);
  });
}

LogicalResult attn::checkSplitKv(const AttentionStep &step,
                                 TileConfigAttr config,
                                 const GpuTarget &target) {
  AttentionInterface op = step.op;
  int64_t perStep = config.getWarps() * RowShape(op).numGroups();
  if (config.getBlockKv() % perStep)
    return op->emitOpError("expects block_kv to be a multiple of ")
           << perStep << ", the keys that " << config.getWarps()
           << " warps have at a time, but got " << config.getBlockKv();
  int64_t shared = config.getWarps() * config.getBlockQ() *
                   (op.getHeadDimV() + 2) * op.getAccumulatorType().getWidth() /
                   8;
  if (shared > target.sharedBytes)
    return op->emitOpError("expects to need at most ")
           << target.sharedBytes << " bytes of shared memory, but block_q "
           << config.getBlockQ() << " and " << config.getWarps()
           << " warps need " << shared << "; use fewer";
  return success();
}

LogicalResult attn::emitSplitKv(OpBuilder &builder, AttentionStep step,
                                TileConfigAttr config,
                                const GpuTarget &target) {
  if (failed(checkSplitKv(step, config, target)))
    return failure();
  GpuBuilder b(step.op.getLoc(), builder, step.op.getAccumulatorType(),
               RowShape(step.op).width);
  SplitKvKernel(b, step, config).emit(target);
  return success();
}
