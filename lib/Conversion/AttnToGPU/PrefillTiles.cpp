//===- PrefillTiles.cpp - Tiles of keys -----------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Which keys a block of threads goes through, and how they come to shared
// memory.
//
//===----------------------------------------------------------------------===//

#include "PrefillKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Bytes that are moved at a time.
static constexpr int64_t kChunkBytes = 16;

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

void PrefillKernel::orderTiles() {
  Value perQuery = packed;
  Value qLo = b.div(firstRow, perQuery);
  Value qHi = b.add(b.div(lastRow, perQuery), 1);
  auto ranges = cast<AttnKeyRangesInterface>(op.getOperation());
  SmallVector<KeyRange> keys =
      ranges.getKeyRanges(b, b.getLoc(), batch, firstHead, qLo, qHi);
  tiles = TileOrder();

  // Of ranges that follow each other the rows see all keys in one.
  struct Run {
    Value lo, hi, fullLo, fullHi;
  };
  SmallVector<Run> runs;
  auto local = dyn_cast<BlockLocalStepOp>(op.getOperation());
  bool isShort =
      local && static_cast<int64_t>(local.getBlockLen()) < shape.blockKv;
  if (extra.key) {
    auto [lo, hi] = prefixOf(qLo, qHi);
    runs.push_back({lo, hi, Value(), Value()});
  }
  for (auto [i, range] : llvm::enumerate(keys)) {
    Value lo = positionOf(range.lo), hi = positionOf(range.hi);
    if (i == 0 || keys[i - 1].hi != range.lo)
      runs.push_back({lo, hi, Value(), Value()});
    Run &run = runs.back();
    run.hi = hi;
    if (!range.needsMask && !isShort)
      run.fullLo = lo, run.fullHi = hi;
  }
  tiles.lo = runs.front().lo;
  tiles.hi = runs.back().hi;

  Value block = f->integer(shape.blockKv), zero = f->integer(0);
  auto up = [&](Value x) {
    return b.div(b.add(x, f->integer(shape.blockKv - 1)), block);
  };
  struct Span {
    Value first, end;
  };
  SmallVector<Span> masked, full;
  Value taken; // Tiles before it are those of runs before.
  for (const Run &run : runs) {
    tiles.keys.push_back({run.lo, run.hi});
    Value first = b.div(run.lo, block), end = up(run.hi);
    if (taken)
      first = b.max(first, taken);
    Value isEmpty = b.compare(CmpIPredicate::sge, run.lo, run.hi);
    end = b.select(isEmpty, first, taken ? b.max(end, first) : end);
    Value fullFirst = end, fullEnd = end;
    if (run.fullLo) {
      fullFirst = b.min(up(run.fullLo), end);
      if (taken)
        fullFirst = b.max(fullFirst, first);
      fullEnd = b.min(b.max(b.div(run.fullHi, block), fullFirst), end);
    }
    masked.push_back({first, fullFirst});
    if (run.fullLo) {
      full.push_back({fullFirst, fullEnd});
      masked.push_back({fullEnd, end});
    }
    taken = end;
  }
  tiles.count = zero;
  auto append = [&](ArrayRef<Span> spans, SmallVector<TileRange> &to) {
    for (const Span &span : spans) {
      to.push_back({tiles.count, b.sub(span.first, tiles.count)});
      tiles.count = b.add(tiles.count, b.sub(span.end, span.first));
    }
  };
  append(masked, tiles.masked);
  tiles.numMasked = tiles.count;
  append(full, tiles.full);
}

/// Which tiles are this warp's.
void PrefillKernel::shareTiles() {
  int64_t step = shape.keyWarps;
  tiles.begin = f->integer(0);
  tiles.end = tiles.count;
  if (isPart) {
    Value unit = b.mul(f->toInt(numSplits), f->integer(step));
    Value share =
        b.mul(b.div(b.add(tiles.count, b.sub(unit, f->integer(1))), unit),
              f->integer(step));
    tiles.begin = b.min(tiles.count, b.mul(f->toInt(split), share));
    tiles.end = b.min(tiles.count, b.add(tiles.begin, share));
  }
  if (step > 1)
    tiles.begin = b.add(tiles.begin, keyWarp);
  tiles.maskedEnd = tiles.fullBegin = tiles.numMasked;
  if (isPart)
    tiles.maskedEnd = b.min(tiles.numMasked, tiles.end);
  if (isPart || step > 1) {
    Value masked = b.sub(tiles.maskedEnd, tiles.begin);
    masked = b.max(f->integer(0), b.add(masked, f->integer(step - 1)));
    tiles.fullBegin = b.add(
        tiles.begin, b.mul(b.div(masked, f->integer(step)), f->integer(step)));
  }
}

Value PrefillKernel::rowWarp() {
  return shape.keyWarps > 1 ? f->integer(0) : f->warp;
}

Value PrefillKernel::tileIn(ArrayRef<TileRange> ranges, Value step) {
  Value tile;
  for (const TileRange &range : ranges) {
    Value here = b.add(step, range.offset);
    Value isBehind = b.compare(CmpIPredicate::sge, step, range.from);
    tile = tile ? b.select(isBehind, here, tile) : here;
  }
  return tile;
}

Value PrefillKernel::fullTileAt(Value step) {
  // Where there are none, nobody comes to ask.
  return tiles.full.empty() ? step : tileIn(tiles.full, step);
}

Value PrefillKernel::tileAt(Value step) {
  Value masked = tileIn(tiles.masked, step);
  if (tiles.full.empty())
    return masked;
  Value isMasked = b.compare(CmpIPredicate::slt, step, tiles.numMasked);
  return b.select(isMasked, masked, fullTileAt(step));
}

/// Where a row (i32) of those at `base` lies.
Value PrefillKernel::keyBase(const Operand &operand, Value base, Value stride,
                             Value number) {
  Value row = f->toLong(number);
  if (op.isPaged()) {
    Value pageSize = b.idx(getPageSize(op));
    Value index = f->toIndex(number);
    Value page = b.load(op.getPageTable(), {batch, b.div(index, pageSize)});
    // The host cannot look at the table: at worst, a wrong page is read.
    Value last =
        b.sub(b.idx(getDim(b, b.getLoc(), operand.memref, 0)), b.idx(1));
    page = b.max(f->integer(0), b.min(page, f->toInt(last)));
    base =
        f->at(base, b.mul(f->toLong(page), f->strideBytes(operand.memref, 0)));
    row = f->toLong(b.rem(index, pageSize));
  }
  return f->at(base, b.mul(row, stride));
}

/// One chunk from global to shared memory.
void PrefillKernel::moveChunk(Value to, Value from, Value exists) {
  if (isAligned)
    return f->copyAsync(to, from, exists);
  // One number at a time, and done when the next barrier is.
  auto chunk = VectorType::get(8, b.getI16Type());
  auto load = [&] {
    SmallVector<Value> numbers;
    for (int64_t i = 0; i < 8; ++i)
      numbers.push_back(
          LLVM::LoadOp::create(b, b.getI16Type(), f->at(from, 2 * i), 2));
    return SmallVector<Value>{
        vector::FromElementsOp::create(b, chunk, numbers)};
  };
  Value numbers;
  if (exists)
    numbers = b.ifElse(TypeRange{chunk}, exists, load, [&] {
                 return SmallVector<Value>{
                     arith::ConstantOp::create(b, b.getZeroAttr(chunk))};
               }).front();
  else
    numbers = load().front();
  LLVM::StoreOp::create(b, numbers, to, kChunkBytes);
}

void PrefillKernel::fetchRows(Operand &operand, Value tile, Value to,
                              bool isFull) {
  Value firstKey = b.mul(tile, f->integer(shape.blockKv));
  bool isOnePage = op.isPaged() && getPageSize(op) % shape.blockKv == 0;
  // A tile has keys of one place.
  Value base = operand.base, stride = operand.stride, origin, end;
  if (extra.key) {
    Value isExtra = b.compare(CmpIPredicate::slt, tile, extraTiles);
    base = b.select(isExtra, operand.extraBase, base);
    stride = b.select(isExtra, operand.extraStride, stride);
    origin = b.select(isExtra, f->integer(0), firstOwn);
    end = b.select(isExtra, numExtra, tiles.hi);
  }
  auto rowOf = [&](Value position) {
    Value row = origin ? b.sub(position, origin) : position;
    return keyBase(operand, base, stride, row);
  };
  Value begin; // Of the row of this thread.
  if (isFull && (!op.isPaged() || isOnePage))
    begin = rowOf(b.add(firstKey, operand.copy->firstRow()));
  Value pass =
      b.mul(b.integer(operand.copy->rowsPerPass(), b.getI64Type()), stride);
  auto source = [&](Value row, int64_t number) {
    if (begin) {
      Value offset = b.mul(pass, b.integer(number, b.getI64Type()));
      return std::make_pair(f->at(begin, offset), Value());
    }
    Value position = b.add(firstKey, row);
    if (isFull)
      return std::make_pair(rowOf(position), Value());
    // What no row sees may hold anything: it becomes zeros.
    Value last = b.sub(tiles.hi, f->integer(1));
    if (end)
      last = b.min(last, b.sub(end, f->integer(1)));
    Value exists;
    for (auto [lo, hi] : tiles.keys) {
      Value isHere =
          b.compare(CmpIPredicate::ult, b.sub(position, lo), b.sub(hi, lo));
      exists = exists ? b.either(exists, isHere) : isHere;
    }
    Value existing = b.min(b.max(position, tiles.lo), last);
    return std::make_pair(rowOf(existing), exists);
  };
  operand.copy->forEach(
      to, shape.blockKv, source,
      [&](Value to, Value from, Value exists) { moveChunk(to, from, exists); });
}

void PrefillKernel::fetch(Value tile, Value stage, bool isFull) {
  Value to = f->at(f->at(shared, shape.queryBytes()),
                   b.mul(stage, f->integer(shape.stageBytes())));
  if (shape.keyWarps > 1)
    to = f->at(to, b.mul(keyWarp, f->integer(shape.tileBytes())));
  fetchRows(key, tile, to, isFull);
  fetchRows(value, tile, f->at(to, shape.keyBytes()), isFull);
}
