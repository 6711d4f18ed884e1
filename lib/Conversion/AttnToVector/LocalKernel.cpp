//===- LocalKernel.cpp - The kernel of short blocks -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Loops over blocks, and which keys the rows of a block see.
//
//===----------------------------------------------------------------------===//

#include "LocalKernel.h"
#include "KernelReport.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Memory that a task of the parallel loop goes through: some microseconds.
static constexpr int64_t kTaskBytes = 128 << 10;
/// Positions in a block are less. Distances are limited to twice that, so that
/// they are exact as floats.
static constexpr int64_t kFar = 1024;

LocalKernel::LocalKernel(VectorBuilder &b, BlockLocalStepOp step,
                         const VectorTarget &target, ScratchPool &pool)
    : b(b), step(step), op(cast<AttentionInterface>(step.getOperation())),
      pool(pool), bias(b, op.getBias()), mask(b, op.getMask()), lanes(b.lanes),
      group(*getStaticGroupSize(op)), headDim(op.getHeadDim()),
      headDimV(op.getHeadDimV()), blockRows(step.getNumBlockRows()),
      blockKeys(step.getBlockLen()), prefixKeys(step.getNumPrefixKeys()),
      unitRows(group * blockRows),
      accumulators(target.numRegisters >= 32 ? 16 : 8) {
  // Sums over lanes are made of as many products as lanes, or several times
  // that.
  rowTile = std::min<int64_t>(
      {4, lanes, static_cast<int64_t>(llvm::PowerOf2Ceil(unitRows))});
  keyTile = std::max(accumulators, lanes) / rowTile;
  int64_t seqQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  int64_t seqKv = op.getKey().getType().getDimSize(op.getSeqAxis());
  hasOneBlock = (!ShapedType::isDynamic(seqQ) && seqQ <= blockRows) ||
                (!ShapedType::isDynamic(seqKv) && seqKv <= blockKeys);
  isRaggedQ = ShapedType::isDynamic(seqQ) || seqQ % blockRows != 0;
  isRaggedKv = ShapedType::isDynamic(seqKv) || seqKv % blockKeys != 0;
  mayExclude = op.getBias() || op.getMask();
  planWhole();
}

Value LocalKernel::ceilDiv(Value x, int64_t divisor) {
  return divisor == 1 ? x : b.div(b.add(x, divisor - 1), b.idx(divisor));
}

Value LocalKernel::clamp(Value x, Value lo, Value hi) {
  return b.min(b.max(x, lo), hi);
}

Value LocalKernel::toFloats(Value index) {
  Value bits = arith::IndexCastOp::create(b, b.getI32Type(), index);
  return b.splat(arith::SIToFPOp::create(b, b.floatType, bits));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void LocalKernel::emit() {
  zero = b.idx(0);
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  numKvHeads = b.idx(sizes.numKvHeads);
  seqLenQ = b.idx(sizes.seqLenQ);
  seqLenKv = b.idx(sizes.seqLenKv);
  numBlocks = ceilDiv(seqLenQ, blockRows);
  scale = getScaleValue(op, b, b.getLoc());
  Value units = b.mul(b.mul(b.idx(sizes.batch), numBlocks), numKvHeads);

  int64_t elements = (headDim + headDimV) * (unitRows + blockKeys + prefixKeys);
  int64_t bytes =
      elements * op.getQuery().getType().getElementTypeBitWidth() / 8;
  int64_t perTask = llvm::alignTo(llvm::divideCeil(kTaskBytes, bytes), members);
  Value tasks = ceilDiv(units, perTask);
  auto loop = scf::ParallelOp::create(b, ValueRange{zero}, ValueRange{tasks},
                                      ValueRange{b.idx(1)});
  reportLocalKernel(step, lanes, rowTile, keyTile);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  // As in the kernel of SparQ: scratch on the heap is freed where it is asked
  // for, which is before this op.
  auto end = arith::ConstantIndexOp::create(b, 0);
  b.setInsertionPoint(end);
  scratch.emplace(Scratch{pool, end});
  Value first = b.mul(loop.getInductionVars().front(), b.idx(perTask));
  emitTask(first, b.min(b.add(first, perTask), units));
  scratch.reset();
  end.erase();
}

void LocalKernel::emitTask(Value first, Value end) {
  auto emitTiles = [&](Value from, Value to) {
    b.loop(from, to, 1, [&](Value index) { emitUnit(getUnit(index)); });
  };
  if (!isWhole) {
    beginTiles();
    return emitTiles(first, end);
  }
  bool mayLack = isRaggedQ || isRaggedKv || op.getKvLen() || op.getQLen() ||
                 (op.hasWindow() && !diagonal);
  if (mayLack)
    beginTiles();
  b.loop(first, end, members, [&](Value index) {
    SmallVector<Unit> units = getMembers(index, end);
    Value lacks = lacksAny(units);
    // Of blocks that lack nothing.
    if (!op.getKvLen() && !op.getQLen())
      for (Unit &unit : units)
        unit.keys = b.idx(blockKeys);
    if (!lacks)
      return emitWhole(units);
    assert(mayLack && "scratch for tiles");
    b.ifElse(
        TypeRange(), lacks,
        [&] {
          emitTiles(index, b.min(b.add(index, members), end));
          return SmallVector<Value>();
        },
        [&] {
          emitWhole(units);
          return SmallVector<Value>();
        });
  });
}

/// Scratch for blocks that are gone through in tiles.
void LocalKernel::beginTiles() {
  int64_t rows = llvm::alignTo(unitRows, lanes);
  positions = scratch->get("positions", {rows}, b.floatType);
  scores = scratch->get("scores", {prefixKeys + blockKeys + keyTile, lanes},
                        b.floatType);
  rowBuffer = scratch->get("row", {lanes}, b.floatType);
  if (mayExclude)
    seen = scratch->get("seen", {blockKeys}, b.getIndexType());
  fillPositions();
}

/// Rows of scratch that there are not have a position far beyond the block.
void LocalKernel::fillPositions() {
  int64_t rows = cast<MemRefType>(positions.getType()).getDimSize(0);
  b.loop(zero, b.idx(rows), 1, [&](Value row) {
    Value position = b.rem(row, b.idx(blockRows));
    if (rows != unitRows)
      position = b.select(b.compare(CmpIPredicate::slt, row, b.idx(unitRows)),
                          position, b.idx(kFar));
    Value bits = arith::IndexCastOp::create(b, b.getI32Type(), position);
    b.store(arith::SIToFPOp::create(b, b.floatType, bits), positions, {row});
  });
}

/// Units are in the order of memory.
LocalKernel::Unit LocalKernel::getUnit(Value index) {
  Unit unit;
  Value block = zero;
  bool isHeadInner = hasOneBlock || op.getLayout() == Layout::bshd;
  if (isHeadInner) {
    unit.kvHead = b.rem(index, numKvHeads);
    unit.batch = b.div(index, numKvHeads);
  }
  Value &outer = isHeadInner ? unit.batch : index;
  if (!hasOneBlock) {
    block = b.rem(outer, numBlocks);
    outer = b.div(outer, numBlocks);
  }
  if (!isHeadInner) {
    unit.kvHead = b.rem(index, numKvHeads);
    unit.batch = b.div(index, numKvHeads);
  }

  unit.firstRow = b.mul(block, b.idx(blockRows));
  unit.firstKey = b.mul(block, b.idx(blockKeys));
  unit.firstPrefix = b.mul(block, b.idx(prefixKeys));
  unit.rows = b.idx(blockRows);
  if (isRaggedQ)
    unit.rows = b.min(unit.rows, b.sub(seqLenQ, unit.firstRow));
  OpFoldResult batch(unit.batch);
  if (OpFoldResult qLen = getQLenAt(op, b, b.getLoc(), batch))
    unit.used =
        clamp(b.sub(b.idx(qLen), unit.firstRow), zero, b.idx(blockRows));
  else if (mayExclude)
    unit.used = b.idx(blockRows);
  unit.keys = b.idx(blockKeys);
  if (isRaggedKv)
    unit.keys = clamp(b.sub(seqLenKv, unit.firstKey), zero, unit.keys);
  unit.allKeys = unit.keys;
  unit.prefix = b.idx(prefixKeys);
  if (OpFoldResult kvLen = getKvLenAt(op, b, b.getLoc(), batch))
    unit.keys = clamp(b.sub(b.idx(kvLen), unit.firstKey), zero, unit.keys);

  // What no row sees may be anything.
  if (op.getQLen()) {
    Value isUsed = b.compare(CmpIPredicate::sgt, unit.used, zero);
    unit.keys = b.select(isUsed, unit.keys, zero);
    unit.prefix = b.select(isUsed, unit.prefix, zero);
  }

  if (!op.hasWindow())
    return unit;
  Value center = b.idx(getDiagonalAt(op, b, b.getLoc(), batch));
  auto edge = [&](int64_t distance) {
    return clamp(b.add(center, b.idx(distance)), b.idx(-kFar), b.idx(kFar));
  };
  if (op.getWindowRight() >= 0)
    unit.toHi = edge(op.getWindowRight() + 1);
  if (op.getWindowLeft() >= 0)
    unit.toLo = edge(-op.getWindowLeft());
  return unit;
}

void LocalKernel::emitUnit(const Unit &unit) {
  auto emitChunk = [&](Value first) {
    Chunk chunk = beginChunk(unit, first);
    // Tiles of rows, as far as there are rows.
    Value end = b.min(b.idx(lanes), b.sub(b.idx(unitRows), first));
    b.loop(zero, end, rowTile, [&](Value lane) {
      Value row = b.add(first, lane);
      auto [lo, hi] = getTileKeys(unit, row);
      for (const Keys &keys : getKeys(unit)) {
        if (keys.isPrefix)
          emitScores(unit, keys, row, lane, zero, unit.prefix);
        else
          emitScores(unit, keys, row, lane, lo, hi);
      }
    });
    emitSoftmax(unit, chunk);
    b.loop(zero, end, rowTile, [&](Value lane) {
      Value row = b.add(first, lane);
      auto [lo, hi] = getTileKeys(unit, row);
      emitSums(unit, chunk, row, lane, lo, hi);
    });
  };
  if (unitRows <= lanes)
    return emitChunk(zero);
  b.loop(zero, b.idx(unitRows), lanes, emitChunk);
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

std::pair<Value, Value> LocalKernel::getRow(const Unit &unit, Value row) {
  row = b.min(row, b.idx(unitRows - 1));
  Value head = b.add(b.mul(unit.kvHead, b.idx(group)),
                     group == 1 ? zero : b.div(row, b.idx(blockRows)));
  Value position = group == 1 ? row : b.rem(row, b.idx(blockRows));
  if (isRaggedQ)
    position = b.min(position, b.sub(unit.rows, b.idx(1)));
  return {head, b.add(unit.firstRow, position)};
}

void LocalKernel::ifRow(const Unit &unit, Value row,
                        function_ref<void()> body) {
  Value exists;
  auto require = [&](Value x, Value end) {
    Value holds = b.compare(CmpIPredicate::slt, x, end);
    exists = exists ? arith::AndIOp::create(b, exists, holds) : holds;
  };
  if (unitRows % rowTile)
    require(row, b.idx(unitRows));
  if (isRaggedQ)
    require(group == 1 ? row : b.rem(row, b.idx(blockRows)), unit.rows);
  if (!exists)
    return body();
  b.ifThen(exists, body);
}

SmallVector<LocalKernel::Keys, 2> LocalKernel::getKeys(const Unit &unit) {
  SmallVector<Keys, 2> keys;
  if (prefixKeys)
    keys.push_back({step.getPrefixKey(), step.getPrefixValue(),
                    unit.firstPrefix, /*base=*/0, /*isPrefix=*/true});
  keys.push_back({op.getKey(), op.getValue(), unit.firstKey,
                  /*base=*/prefixKeys, /*isPrefix=*/false});
  return keys;
}

SmallVector<Value> LocalKernel::indexOf(Value batch, Value head, Value row,
                                        Value column) {
  if (op.getLayout() == Layout::bshd)
    return {batch, row, head, column};
  return {batch, head, row, column};
}

/// Where the tile has rows of two heads, it has the first and the last row of
/// the block.
std::pair<Value, Value> LocalKernel::getTileKeys(const Unit &unit,
                                                 Value first) {
  Value lo = zero, hi = unit.keys;
  if (!op.hasWindow())
    return {lo, hi};
  Value least = group == 1 ? first : b.rem(first, b.idx(blockRows));
  Value greatest = b.add(least, rowTile - 1);
  if (group != 1) {
    Value isOne = b.compare(CmpIPredicate::slt, greatest, b.idx(blockRows));
    least = b.select(isOne, least, zero);
    greatest = b.select(isOne, greatest, b.idx(blockRows - 1));
  }
  greatest = b.min(greatest, b.idx(blockRows - 1));
  if (unit.toHi)
    hi = clamp(b.add(greatest, unit.toHi), zero, hi);
  if (unit.toLo)
    lo = clamp(b.add(least, unit.toLo), zero, hi);
  return {lo, hi};
}

LocalKernel::Chunk LocalKernel::beginChunk(const Unit &unit, Value first) {
  Chunk chunk;
  chunk.first = first;
  chunk.keyHi = unit.keys;
  Value position = b.loadVector(positions, {first});
  if (unit.toHi)
    chunk.hi = b.fadd(position, toFloats(unit.toHi));
  if (unit.toLo)
    chunk.lo = b.fadd(position, toFloats(unit.toLo));
  if (unit.used)
    chunk.isUsed =
        b.fcompare(arith::CmpFPredicate::OLT, position, toFloats(unit.used));
  return chunk;
}
