//===- KeyRows.cpp - Rows of key and value in lanes -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Shapes, accesses, pages and scales.
//
//===----------------------------------------------------------------------===//

#include "KeyRows.h"
#include "ScoreElement.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// The greatest power of two that divides `x`, up to `most`.
static int64_t powerIn(int64_t x, int64_t most) {
  return std::min(x & -x, most);
}

ExtraKeys::ExtraKeys(Operation *op) {
  if (auto star = dyn_cast<StarStepOp>(op)) {
    key = star.getAnchorKey();
    value = star.getAnchorValue();
  } else if (auto local = dyn_cast<BlockLocalStepOp>(op)) {
    key = local.getPrefixKey();
    value = local.getPrefixValue();
  }
}

RowShape::RowShape(AttentionInterface op) {
  int64_t headDim = op.getHeadDim(), headDimV = op.getHeadDimV();
  int64_t bytes =
      op.getKey().getType().getElementType().getIntOrFloatBitWidth() / 8;
  int64_t most = kMaxAccessBytes / bytes;
  SmallVector<Value> rows = {op.getQuery(), op.getKey(), op.getValue()};
  if (ExtraKeys extra(op); extra.key)
    rows.append({extra.key, extra.value});
  if (!llvm::all_of(rows, hasContiguousRows))
    most = 1;
  width = std::min(powerIn(std::max<int64_t>(headDim, 1), most),
                   powerIn(std::max<int64_t>(headDimV, 1), most));
  int64_t accesses = llvm::divideCeil(std::max(headDim, headDimV), width);
  lanes = std::min<int64_t>(kWarpSize,
                            llvm::PowerOf2Ceil(std::max<int64_t>(accesses, 1)));
  keyChunks = llvm::divideCeil(headDim, width * lanes);
  valueChunks = llvm::divideCeil(headDimV, width * lanes);
}

Value KeyRows::column(Value lane, int64_t chunk) {
  lane = b.rem(lane, b.idx(shape.lanes));
  return b.add(b.mul(lane, b.idx(shape.width)),
               chunk * shape.lanes * shape.width);
}

SmallVector<Value> KeyRows::loadRow(Value lane, Value memref,
                                    ArrayRef<Value> at, int64_t width,
                                    int64_t chunks) {
  SmallVector<Value> row;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    Value first = column(lane, chunk), exists;
    if ((chunk + 1) * shape.lanes * shape.width > width) {
      exists = b.compare(CmpIPredicate::slt, first, b.idx(width));
      first = b.min(first, b.idx(width - shape.width));
    }
    SmallVector<Value> index(at);
    index.push_back(first);
    Value elements = b.loadRow(memref, index, shape.width);
    // Not by a product with 0: an element may be infinite.
    if (exists)
      elements = b.select(
          exists, elements,
          arith::ConstantOp::create(b, b.getZeroAttr(elements.getType())));
    row.push_back(elements);
  }
  return row;
}

/// Chunks of a row of key, or of value, as they lie in memory.
SmallVector<Value> KeyRows::load(const KeyLane &from, bool isValue, Value key) {
  Value operand = isValue ? op.getValue() : op.getKey();
  Value entry = from.batch, row = key;
  if (op.isPaged()) {
    Value pageSize = b.idx(getPageSize(op));
    Value page = b.load(op.getPageTable(), {from.batch, b.div(key, pageSize)});
    page = b.createOrFold<arith::IndexCastOp>(b.getIndexType(), page);
    // The host cannot look at the table: at worst, a wrong page is read.
    Value last = b.sub(b.idx(getDim(b, b.getLoc(), operand, 0)), b.idx(1));
    entry = b.max(b.idx(0), b.min(page, last));
    row = b.rem(key, pageSize);
  }
  return loadOf(from, isValue, operand, entry, row);
}

SmallVector<Value> KeyRows::loadExtra(const KeyLane &from, bool isValue,
                                      Value key) {
  return loadOf(from, isValue, isValue ? extra.value : extra.key, from.batch,
                key);
}

SmallVector<Value> KeyRows::loadOf(const KeyLane &from, bool isValue,
                                   Value operand, Value entry, Value row) {
  SmallVector<Value> at = {entry, from.kvHead, row};
  if (op.getLayout() == Layout::bshd)
    std::swap(at[1], at[2]);
  return loadRow(from.lane, operand, at,
                 isValue ? op.getHeadDimV() : op.getHeadDim(),
                 isValue ? shape.valueChunks : shape.keyChunks);
}

Value KeyRows::dequantize(const KeyLane &from, Value chunk, Value scale,
                          Value key, Value first) {
  Value numbers = b.toFloat(chunk);
  if (!scale)
    return numbers;
  auto load = [&](Value column) {
    return b.cast(
        b.load(scale, broadcastIndex(b, scale,
                                     {from.batch, from.kvHead, key, column})),
        b.floatType);
  };
  auto scaleType = cast<MemRefType>(scale.getType());
  if (scaleType.getDimSize(3) == 1)
    return b.fmul(numbers, b.splat(load(b.idx(0))));
  SmallVector<Value> factors;
  Value last = b.idx(
      (scale == op.getValueScale() ? op.getHeadDimV() : op.getHeadDim()) - 1);
  for (int64_t i = 0; i < shape.width; ++i)
    factors.push_back(load(b.min(b.add(first, i), last)));
  return b.fmul(numbers, vector::FromElementsOp::create(b, b.floats, factors));
}

Value KeyRows::multiply(ArrayRef<Value> row, ArrayRef<Value> query) {
  Value sum = b.number(0.0, b.floatType);
  for (auto [x, y] : llvm::zip_equal(row, query))
    for (int64_t i = 0; i < shape.width; ++i)
      sum = b.fma(vector::ExtractOp::create(b, x, ArrayRef<int64_t>{i}),
                  vector::ExtractOp::create(b, y, ArrayRef<int64_t>{i}), sum);
  return b.allReduce(sum, shape.lanes,
                     [&](Value x, Value y) { return b.fadd(x, y); });
}
