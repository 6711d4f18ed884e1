//===- PanelMask.cpp - A boolean mask of a panel --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Looking at a block of a mask, and transposing one.
//
//===----------------------------------------------------------------------===//

#include "PanelMask.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Shuffles that stay within 16 bytes are one instruction everywhere.
static constexpr int64_t kLaneBytes = 16;

PanelMask::PanelMask(VectorBuilder &b, BroadcastOperand mask,
                     const KernelShape &shape, const Scratch &scratch,
                     PanelRows &rows)
    : b(b), mask(mask), shape(shape), rows(rows),
      isContiguous(hasContiguousRows(mask.memref)) {
  if (mask.perLane)
    bytes =
        scratch.get("mask", {shape.block, std::max(shape.panel(), kLaneBytes)},
                    b.getI8Type());
}

void PanelMask::beginPanel(Value batchIndex) {
  batch = batchIndex;
  numRows = b.idx(1);
  if (!mask.perLane)
    return;
  numRows = rows.count;
  if (Value isUniform = mask.isUniform(b, rows))
    numRows = b.select(isUniform, b.idx(1), numRows);
}

SmallVector<Value> PanelMask::index(Value lane, Value key) {
  if (!mask.perLane)
    return mask.index(b, batch, b.idx(0), b.idx(0), key);
  return mask.index(b, batch, rows.head(lane), rows.query(lane), key);
}

Value PanelMask::loadBytes(int64_t width, ValueRange at) {
  if (width == 0)
    return b.load(mask.memref, at);
  return vector::LoadOp::create(b, VectorType::get(width, b.getI8Type()),
                                mask.memref, at);
}

//===----------------------------------------------------------------------===//
// Summary
//===----------------------------------------------------------------------===//

PanelMask::Summary PanelMask::summarize(Value firstKey, Value numKeys) {
  Value zero = b.idx(0), isRepeated = mask.isUnit[3];
  // One element of a row speaks for all.
  Value keys = isRepeated ? b.select(isRepeated, b.idx(1), numKeys) : numKeys;

  // Wide vectors, narrow ones for what is left, then bytes: for each, the
  // union of all elements and the least of them.
  SmallVector<int64_t> widths;
  if (isContiguous)
    widths = {std::max(b.bytes(), kLaneBytes), kLaneBytes};
  widths.push_back(0);
  SmallVector<Value> inits;
  auto constant = [&](int64_t width, int64_t value) {
    Type type = b.getI8Type();
    if (width)
      type = VectorType::get(width, type);
    return b.integer(value, type);
  };
  for (int64_t width : widths)
    inits.append({constant(width, 0), constant(width, -1)});

  SmallVector<Value> last =
      b.loop(zero, numRows, 1, inits, [&](Value lane, ValueRange carried) {
        SmallVector<Value> next;
        Value begin = zero;
        for (size_t i = 0; i < widths.size(); ++i) {
          int64_t width = widths[i];
          int64_t step = std::max<int64_t>(width, 1);
          Value end = b.roundDown(keys, step);
          if (isRepeated && width)
            end = b.select(isRepeated, zero, end);
          SmallVector<Value> inner =
              b.loop(begin, end, step, carried.slice(2 * i, 2),
                     [&](Value key, ValueRange sums) {
                       Value seen =
                           loadBytes(width, index(lane, b.add(firstKey, key)));
                       Value any = arith::OrIOp::create(b, sums[0], seen);
                       Value least = arith::MinUIOp::create(b, sums[1], seen);
                       return SmallVector<Value>{any, least};
                     });
          next.append(inner);
          begin = end;
        }
        return next;
      });
  Value any, least;
  for (auto [i, width] : llvm::enumerate(widths)) {
    Value x = last[2 * i], y = last[2 * i + 1];
    if (width) {
      x = vector::ReductionOp::create(b, vector::CombiningKind::OR, x);
      y = vector::ReductionOp::create(b, vector::CombiningKind::MINUI, y);
    }
    any = any ? arith::OrIOp::create(b, any, x) : x;
    least = least ? arith::MinUIOp::create(b, least, y) : y;
  }
  Value none = constant(0, 0);
  return {b.compare(CmpIPredicate::ne, any, none),
          b.compare(CmpIPredicate::ne, least, none)};
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

/// Transposes 16 rows from lane `first` by `width` keys, from `key` of the
/// block on.
void PanelMask::transposeRows(Value first, int64_t width, Value firstKey,
                              Value key) {
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < kLaneBytes; ++i) {
    // A panel of fewer rows repeats them.
    Value lane = b.add(first, i % std::min(shape.panel(), kLaneBytes));
    vectors.push_back(loadBytes(width, index(lane, b.add(firstKey, key))));
  }
  // Rounds of interleaving the first half of the vectors with the second, in
  // each 16 bytes by themselves; four of them transpose 16 by 16 bytes.
  SmallVector<int64_t> low, high;
  for (int64_t base = 0; base < width; base += kLaneBytes)
    for (int64_t i = 0; i < kLaneBytes; ++i) {
      int64_t from = base + i / 2 + (i % 2) * width;
      low.push_back(from);
      high.push_back(from + kLaneBytes / 2);
    }
  for (int64_t round = kLaneBytes; round > 1; round /= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < kLaneBytes / 2; ++i) {
      Value x = vectors[i], y = vectors[i + kLaneBytes / 2];
      next.push_back(vector::ShuffleOp::create(b, x, y, low));
      next.push_back(vector::ShuffleOp::create(b, x, y, high));
    }
    vectors = std::move(next);
  }
  for (int64_t base = 0; base < width; base += kLaneBytes)
    for (auto [i, vector] : llvm::enumerate(vectors)) {
      Value row = vector;
      if (width > kLaneBytes)
        row = vector::ExtractStridedSliceOp::create(
            b, vector, ArrayRef<int64_t>{base}, ArrayRef<int64_t>{kLaneBytes},
            ArrayRef<int64_t>{1});
      vector::StoreOp::create(b, row, bytes,
                              ValueRange{b.add(key, base + i), first});
    }
}

void PanelMask::beginBlock(Value firstKey, Value numKeys) {
  if (!mask.perLane)
    return;
  Value zero = b.idx(0), begin = zero, isRepeated = mask.isUnit[3];
  if (isContiguous)
    for (int64_t width : {std::max(b.bytes(), kLaneBytes), kLaneBytes}) {
      Value end = b.roundDown(numKeys, width);
      if (isRepeated)
        end = b.select(isRepeated, zero, end);
      b.loop(zero, b.idx(shape.panel()), kLaneBytes, [&](Value first) {
        b.loop(begin, end, width,
               [&](Value key) { transposeRows(first, width, firstKey, key); });
      });
      begin = end;
    }
  b.loop(zero, b.idx(shape.panel()), 1, [&](Value lane) {
    b.loop(begin, numKeys, 1, [&](Value key) {
      b.store(b.load(mask.memref, index(lane, b.add(firstKey, key))), bytes,
              {key, lane});
    });
  });
}

Value PanelMask::visible(Value firstKey, Value key, int64_t group) {
  if (!mask.perLane) {
    Value byte = b.load(mask.memref, index({}, b.add(firstKey, key)));
    Value seen =
        b.compare(CmpIPredicate::ne, byte, b.integer(0, b.getI8Type()));
    return b.splat(seen);
  }
  auto type = VectorType::get(b.lanes, b.getI8Type());
  Value seen = vector::LoadOp::create(b, type, bytes,
                                      ValueRange{key, b.idx(group * b.lanes)});
  return b.compare(CmpIPredicate::ne, seen, b.integer(0, type));
}
