//===- Prefill.cpp - Attention by matrix instructions ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The launch, and who computes which rows. How keys come to shared memory is in
// PrefillTiles.cpp, what happens to a tile of them in PrefillSteps.cpp.
//
//===----------------------------------------------------------------------===//

#include "PrefillKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Bytes that are moved at a time.
static constexpr int64_t kChunkBytes = 16;

LogicalResult attn::emitPrefill(OpBuilder &builder, const AttentionStep &step,
                                TileConfigAttr config,
                                const GpuTarget &target) {
  AttentionInterface op = step.op;
  std::string reason = getPrefillObstacle(step, target);
  if (!reason.empty())
    return op->emitOpError() << reason;
  FailureOr<PrefillShape> shape = PrefillShape::get(
      op.getHeadDim(), op.getHeadDimV(), config, target, reason);
  if (failed(shape))
    return op->emitOpError() << reason;
  GpuBuilder b(op->getLoc(), builder, op.getAccumulatorType(), /*lanes=*/2);
  PrefillKernel(b, step, *shape).emit(target);
  return success();
}

/// Whether the scale is known to be positive, so that the greatest product has
/// the greatest score.
static bool hasPositiveScale(AttentionInterface op) {
  if (op.getDynamicScale())
    return false;
  return !op.getScaleAttr() || op.getScaleAttr().getValueAsDouble() > 0.0;
}

PrefillKernel::PrefillKernel(GpuBuilder &b, const AttentionStep &step,
                             const PrefillShape &shape)
    : b(b), step(step), op(step.op),
      element(b, cast<AttnKeyRangesInterface>(op.getOperation())), extra(op),
      shape(shape), type(getElementTypeOrSelf(op.getQuery().getType())),
      isScaledLate(!element.changesScores() && hasPositiveScale(op)),
      output(step.output), lse(step.lse) {
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  numSplits = b.idx(1);
  seqLenQ = b.idx(sizes.seqLenQ);
  numHeads = b.idx(sizes.numHeads);
  if (std::optional<int64_t> known = getStaticGroupSize(op))
    group = b.idx(*known);
  else
    group = b.div(numHeads, b.max(b.idx(sizes.numKvHeads), b.idx(1)));
  group = b.max(group, b.idx(1));
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

/// Whether the rows of all operands begin at multiples of 16 bytes; null if
/// they do.
Value PrefillKernel::getAlignment() {
  Value bits;
  auto join = [&](Value x) {
    bits = bits ? b.createOrFold<arith::OrIOp>(bits, x) : x;
  };
  SmallVector<Value> memrefs = {op.getQuery(), op.getKey(), op.getValue(),
                                step.output};
  if (extra.key)
    memrefs.append({extra.key, extra.value});
  for (Value memref : memrefs) {
    auto memrefType = cast<MemRefType>(memref.getType());
    int64_t bytes = memrefType.getElementTypeBitWidth() / 8;
    auto [strides, offset] = memrefType.getStridesAndOffset();
    join(memref::ExtractAlignedPointerAsIndexOp::create(b, memref));
    memref::ExtractStridedMetadataOp metadata;
    auto joinElements = [&](int64_t known, function_ref<Value()> get) {
      if (!ShapedType::isDynamic(known)) {
        if (known * bytes % kChunkBytes != 0)
          join(b.idx(known * bytes));
        return;
      }
      if (!metadata)
        metadata = memref::ExtractStridedMetadataOp::create(b, memref);
      join(b.mul(get(), b.idx(bytes)));
    };
    joinElements(offset, [&] { return metadata.getOffset(); });
    for (int64_t axis = 0; axis < 3; ++axis)
      joinElements(strides[axis], [&] { return metadata.getStrides()[axis]; });
  }
  return b.compare(CmpIPredicate::eq, b.rem(bits, b.idx(kChunkBytes)),
                   b.idx(0));
}

/// How many ranges the keys are cut into: as many as fill the multiprocessors
/// once, or so many that the last blocks are few beside the others.
Value PrefillKernel::getNumSplits(const GpuTarget &target) {
  // Of more rows there are blocks enough, or nothing is known.
  constexpr int64_t kMaxRows = 256;
  // Keys that are worth a block of threads.
  constexpr int64_t kMinKeys = 256;
  constexpr int64_t kWaves = 4;
  std::optional<int64_t> rows = getRowsOfKeyHead(op);
  if (!rows || *rows > kMaxRows)
    return b.idx(1);
  int64_t perSm = 2 * shape.sharedBytes() <= target.sharedBytes ? 2 : 1;
  Value slots = b.idx(target.numSms * perSm);
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  Value blocks = b.mul(b.mul(b.idx(sizes.batch), numHeadBlocks), numTiles);
  blocks = b.max(blocks, b.idx(1));
  auto ceilDiv = [&](Value x, Value y) {
    return b.div(b.sub(b.add(x, y), b.idx(1)), y);
  };
  Value areFew = b.compare(CmpIPredicate::sle, blocks, slots);
  Value wanted = b.select(areFew, b.div(slots, blocks),
                          ceilDiv(b.mul(slots, b.idx(kWaves)), blocks));
  Value keys = b.idx(sizes.seqLenKv);
  if (std::optional<int64_t> most = getMaxVisibleKeys(op))
    keys = b.min(keys, b.idx(*most));
  Value most = b.max(b.idx(1), ceilDiv(keys, b.idx(kMinKeys)));
  if (isConstantIntValue(wanted, 1) || isConstantIntValue(most, 1))
    return b.idx(1);
  return b.min(wanted, most);
}

/// What the launch needs to know of the rows, `packedHeads` of which share
/// keys and lie together.
void PrefillKernel::countRows(Value packedHeads) {
  packed = packedHeads;
  numRows = b.mul(seqLenQ, packed);
  numTiles = b.div(b.add(numRows, shape.blockQ() - 1), b.idx(shape.blockQ()));
  numHeadBlocks = b.div(numHeads, packed);
}

Value PrefillKernel::getPackedHeads() {
  Value isShort = b.compare(CmpIPredicate::slt, seqLenQ, b.idx(shape.blockQ()));
  return b.select(isShort, group, b.idx(1));
}

void PrefillKernel::emitMarked(Value rowMarks) {
  marks = rowMarks;
  countRows(getPackedHeads());
  launch(/*isAligned=*/true);
}

void PrefillKernel::emit(const GpuTarget &target) {
  countRows(getPackedHeads());
  Value aligned = getAlignment();
  emitSplits(b, step, getNumSplits(target),
             [&](Value splits, Value to, Value lseTo, bool areParts) {
               numSplits = splits, output = to, lse = lseTo, isPart = areParts;
               b.ifElse(
                   TypeRange(), aligned,
                   [&] {
                     launch(/*isAligned=*/true);
                     return SmallVector<Value>();
                   },
                   [&] {
                     // Elements on their way take registers.
                     PrefillShape shapeOfAligned = shape;
                     shape = shape.withOneRowTile();
                     launch(/*isAligned=*/false);
                     shape = shapeOfAligned;
                     return SmallVector<Value>();
                   });
             });
}

void PrefillKernel::launch(bool aligned) {
  isAligned = aligned;
  Value numBatches = b.idx(getSizes(b, b.getLoc(), op).batch);
  Value blocks = b.mul(b.mul(numBatches, numHeadBlocks), numTiles);
  blocks = b.mul(blocks, numSplits);
  b.launch(blocks, shape.threads(), shape.sharedBytes(),
           [&](GpuThread id) { emitBlock(id); });
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

PrefillKernel::Row PrefillKernel::rowAt(Value number) {
  Row row;
  row.number = number;
  row.exists = b.compare(CmpIPredicate::slt, number, f->toInt(numRows));
  Value existing = b.min(number, b.sub(f->toInt(numRows), f->integer(1)));
  Value perQuery = f->toInt(packed);
  row.query = f->toIndex(b.div(existing, perQuery));
  row.head = b.add(firstHead, f->toIndex(b.rem(existing, perQuery)));
  return row;
}

/// The rows whose scores this lane has, and if asked for the keys that they
/// see.
void PrefillKernel::findRows(bool withKeys) {
  rows.clear();
  IndexMath math{b, b.getLoc()};
  auto ranges = cast<AttnKeyRangesInterface>(op.getOperation());
  Value first = b.add(b.mul(rowWarp(), f->integer(shape.warpRows())), f->group);
  first = b.add(first, f->toInt(firstRow));
  for (int64_t m = 0; m < shape.rowTiles; ++m) {
    std::array<Row, 2> &pair = rows.emplace_back();
    for (int64_t half = 0; half < 2; ++half) {
      Row row = rowAt(b.add(first, f->integer(16 * m + 8 * half)));
      if (withKeys) {
        if (extra.key)
          row.keys.push_back(prefixOf(row.query, math.add(row.query, 1)));
        SmallVector<KeyRange> keys = ranges.getKeyRanges(
            b, b.getLoc(), batch, row.head, row.query, math.add(row.query, 1));
        for (const KeyRange &range : keys) {
          Value lo;
          if (extra.key || !isConstantIntValue(range.lo, 0))
            lo = positionOf(range.lo);
          row.keys.push_back({lo, positionOf(range.hi)});
        }
      }
      pair[half] = row;
    }
  }
}

/// Rows of query of the block into shared memory; those that do not exist are
/// zeros.
void PrefillKernel::copyQueries() {
  Value memref = op.getQuery();
  int64_t headAxis = op.getHeadAxis(), seqAxis = op.getSeqAxis();
  Value base = f->globalMemory(memref);
  base = f->at(base, b.mul(f->toLong(batch), f->strideBytes(memref, 0)));
  Value headStride = f->strideBytes(memref, headAxis);
  Value rowStride = f->strideBytes(memref, seqAxis);
  RowCopy copy(*f, b, {shape.headDim}, f->thread, shape.threads());
  auto source = [&](Value number, int64_t) {
    Row row = rowAt(b.add(number, f->toInt(firstRow)));
    Value offset = b.add(b.mul(f->toLong(row.head), headStride),
                         b.mul(f->toLong(row.query), rowStride));
    return std::make_pair(f->at(base, offset), row.exists);
  };
  copy.forEach(
      shared, shape.blockQ(), source,
      [&](Value to, Value from, Value exists) { moveChunk(to, from, exists); });
}

//===----------------------------------------------------------------------===//
// One block
//===----------------------------------------------------------------------===//

/// What the block computes.
void PrefillKernel::findBlock(Value block) {
  // The last rows of a causal op have most to do: they begin.
  Value number = f->toInt(block), perHead = f->toInt(numTiles);
  if (isPart) {
    split = f->toIndex(b.rem(number, f->toInt(numSplits)));
    number = b.div(number, f->toInt(numSplits));
  }
  Value tile = b.rem(number, perHead);
  if (op.getWindowRight() >= 0)
    tile = b.sub(b.sub(perHead, f->integer(1)), tile);
  Value rest = b.div(number, perHead), blocks = f->toInt(numHeadBlocks);
  firstHead = f->toIndex(b.mul(b.rem(rest, blocks), f->toInt(packed)));
  batch = f->toIndex(b.div(rest, blocks));
  kvHead = b.div(firstHead, group);
  firstRow = f->toIndex(b.mul(tile, f->integer(shape.blockQ())));
  lastRow = b.sub(b.min(b.add(firstRow, shape.blockQ()), numRows), b.idx(1));
}

void PrefillKernel::emitBlock(GpuThread id) {
  Fragments fragments(b, type, id.thread);
  f = &fragments;
  // Told so, the compiler knows that lanes go the same way.
  if (shape.keyWarps > 1)
    keyWarp = f->first(f->warp);
  findBlock(id.block);
  if (!marks)
    return computeRows(id);
  b.ifThen(hasMarks(), [&] { computeRows(id); });
}

SmallVector<Value> PrefillKernel::markAt(const Row &row) {
  return {batch, row.head, b.div(row.query, b.idx(kMarkedRows))};
}

Value PrefillKernel::hasMarks() {
  Value found = f->integer(0);
  for (int64_t pass = 0; pass < shape.blockQ(); pass += shape.threads()) {
    Value inBlock = b.add(f->thread, f->integer(pass));
    Row row = rowAt(b.add(inBlock, f->toInt(firstRow)));
    Value isMine = b.both(row.exists, b.compare(CmpIPredicate::slt, inBlock,
                                                f->integer(shape.blockQ())));
    Value mark = b.load(marks, markAt(row));
    found = b.createOrFold<arith::OrIOp>(found,
                                         b.select(isMine, mark, f->integer(0)));
  }
  auto reduction = NVVM::BarrierReductionAttr::get(b.getContext(),
                                                   NVVM::BarrierReduction::OR);
  Value any = NVVM::BarrierOp::create(b, b.getI32Type(), Value(), Value(),
                                      reduction, found)
                  .getRes();
  return b.compare(CmpIPredicate::ne, any, f->integer(0));
}

void PrefillKernel::computeRows(GpuThread id) {
  factor = element.getFactor();
  negFactor = b.fsub(b.number(0.0, b.floatType), factor);
  shared = f->sharedMemory();

  for (bool isValue : {false, true}) {
    Operand &operand = isValue ? value : key;
    operand.memref = isValue ? op.getValue() : op.getKey();
    operand.rows = {isValue ? shape.headDimV : shape.headDim};
    Value offset = b.mul(f->toLong(kvHead),
                         f->strideBytes(operand.memref, op.getHeadAxis()));
    if (!op.isPaged())
      offset = b.add(
          offset, b.mul(f->toLong(batch), f->strideBytes(operand.memref, 0)));
    operand.base = f->at(f->globalMemory(operand.memref), offset);
    operand.stride = f->strideBytes(operand.memref, op.getSeqAxis());
    if (Value memref = isValue ? extra.value : extra.key) {
      Value begin =
          b.mul(f->toLong(kvHead), f->strideBytes(memref, op.getHeadAxis()));
      begin = b.add(begin, b.mul(f->toLong(batch), f->strideBytes(memref, 0)));
      operand.extraBase = f->at(f->globalMemory(memref), begin);
      operand.extraStride = f->strideBytes(memref, op.getSeqAxis());
    }
    if (shape.keyWarps > 1)
      operand.copy.emplace(*f, b, operand.rows, f->lane, kWarpSize);
    else
      operand.copy.emplace(*f, b, operand.rows, f->thread, shape.threads());
  }

  // Everything that is asked for in time, in groups: queries and the first
  // tile, then one tile each.
  placeExtraKeys();
  orderTiles();
  shareTiles();
  copyQueries();
  for (int64_t s = 0; s < shape.stages - 1; ++s) {
    Value number = b.add(tiles.begin, f->integer(s * shape.keyWarps));
    b.ifThen(b.compare(CmpIPredicate::slt, number, tiles.end),
             [&] { fetch(tileAt(number), f->integer(s), /*isFull=*/false); });
    f->commitCopies();
  }
  findRows(/*withKeys=*/true);
  findWarpKeys();

  // Lanes 0-7, 8-15, ... point to the rows of one matrix each.
  Value inMatrix = b.rem(f->lane, f->integer(8));
  Value matrix = b.div(f->lane, f->integer(8));
  Value low = b.rem(matrix, f->integer(2)), high = b.div(matrix, f->integer(2));
  auto down = [&](Value which) {
    return b.add(inMatrix, b.mul(which, f->integer(8)));
  };
  Value warpRow = b.mul(rowWarp(), f->integer(shape.warpRows()));
  Value keysAt = f->integer(shape.queryBytes());
  if (shape.keyWarps > 1)
    keysAt = b.add(keysAt, b.mul(keyWarp, f->integer(shape.tileBytes())));
  queryRows.emplace(*f, b, SharedRows{shape.headDim}, shared,
                    b.mul(warpRow, f->integer(2 * shape.headDim)), down(low),
                    high);
  keyRows.emplace(*f, b, key.rows, shared, keysAt, down(high), low);
  valueRows.emplace(*f, b, value.rows, shared,
                    b.add(keysAt, f->integer(shape.keyBytes())), down(low),
                    high);
  queries.clear();
  if (shape.keepsQuery() || shape.keyWarps > 1) {
    f->waitForCopies(shape.stages - 2);
    b.barrier();
  }
  if (shape.keepsQuery()) {
    for (int64_t m = 0; m < shape.rowTiles; ++m) {
      auto &tile = queries.emplace_back();
      for (int64_t k = 0; k < shape.headDim / 16; ++k)
        tile.push_back(f->loadMatrices(queryRows->at(16 * m, k),
                                       /*isTransposed=*/false));
    }
  }

  PrefillState state;
  for (int64_t m = 0; m < shape.rowTiles; ++m) {
    state.outputs.push_back(SmallVector<Sums>(shape.headDimV / 8, f->zeros()));
    Value none = b.negInf(b.floatType), zero = b.number(0.0, b.floatType);
    state.maxima.push_back({none, none});
    state.sums.push_back({zero, zero});
  }
  SmallVector<Value> carried = state.flat();
  carried.push_back(f->integer(0));
  Value step = f->integer(shape.keyWarps);
  carried = b.loop(tiles.begin, tiles.maskedEnd, step, carried,
                   [&](Value index, ValueRange carried) {
                     return emitStep(index, carried, /*isMasked=*/true);
                   });
  if (!tiles.full.empty())
    carried = b.loop(tiles.fullBegin, tiles.end, step, carried,
                     [&](Value index, ValueRange carried) {
                       return emitStep(index, carried, /*isMasked=*/false);
                     });
  carried.pop_back();
  state = PrefillState::from(carried, shape);

  // Shared memory is about to have the output.
  f->waitForCopies(0);
  b.barrier();
  Fragments late(b, type, id.thread, /*isLate=*/true);
  f = &late;
  // Of narrow rows ptxas, left fewer, takes so few that another block fits,
  // and spills.
  if (shape.headDimV > 64)
    findBlock(f->blockAgain());
  findRows(/*withKeys=*/false);
  if (shape.keyWarps > 1)
    joinWarps(state);
  else
    writeRows(state);
}
