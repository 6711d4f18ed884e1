//===- LocalScores.cpp - Scores and sums of short blocks ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Products, softmax and sums of the kernel of short blocks.
//
//===----------------------------------------------------------------------===//

#include "LocalKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr double kLn2 = 0.693147180559945309417;
static constexpr double kLog2e = 1.442695040888963407360;
/// Vectors of a row that are gone through without a loop.
static constexpr int64_t kMostUnrolled = 8;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value LocalKernel::loadColumns(Value operand, ArrayRef<Value> at,
                               int64_t count) {
  auto type = cast<MemRefType>(operand.getType());
  Type element = type.getElementType();
  auto indices = [&](int64_t plus) {
    SmallVector<Value> all(at);
    all.back() = b.add(all.back(), plus);
    return all;
  };
  auto load = [&](int64_t from, int64_t size) -> Value {
    return vector::LoadOp::create(b, VectorType::get(size, element), operand,
                                  indices(from));
  };
  if (!hasContiguousRows(operand)) {
    SmallVector<Value> elements;
    for (int64_t i = 0; i < lanes; ++i)
      elements.push_back(i < count
                             ? b.cast(b.load(operand, indices(i)), b.floatType)
                             : b.number(0.0, b.floatType));
    return vector::FromElementsOp::create(b, b.floats, elements);
  }
  if (count >= lanes)
    return b.cast(load(0, lanes), b.floatType);
  // Pieces whose sizes are powers of two, in a vector of zeros: nothing beyond
  // the row is read.
  Value all = b.number(0.0);
  int64_t offset = 0;
  for (int64_t size = lanes / 2; size > 0; size /= 2) {
    if (!(count & size))
      continue;
    Value piece = b.cast(load(offset, size), b.floatType);
    all = vector::InsertStridedSliceOp::create(b, piece, all, offset,
                                               /*stride=*/1);
    offset += size;
  }
  return all;
}

void LocalKernel::storeColumns(Value vector, Value operand, ArrayRef<Value> at,
                               int64_t count) {
  auto type = cast<MemRefType>(operand.getType());
  vector = b.cast(vector, type.getElementType());
  auto indices = [&](int64_t plus) {
    SmallVector<Value> all(at);
    all.back() = b.add(all.back(), plus);
    return all;
  };
  if (!hasContiguousRows(operand)) {
    for (int64_t i = 0; i < std::min(count, lanes); ++i)
      b.store(vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{i}),
              operand, indices(i));
    return;
  }
  if (count >= lanes)
    return b.storeVector(vector, operand, at);
  int64_t offset = 0;
  for (int64_t size = lanes / 2; size > 0; size /= 2) {
    if (!(count & size))
      continue;
    Value piece = vector::ExtractStridedSliceOp::create(b, vector, offset, size,
                                                        /*strides=*/1);
    b.storeVector(piece, operand, indices(offset));
    offset += size;
  }
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Scores of a tile of rows for keys [lo, hi), from lane `lane` on. Some more
/// keys have the scores of others: nobody looks at them.
void LocalKernel::emitScores(const Unit &unit, const Keys &keys, Value firstRow,
                             Value lane, Value lo, Value hi) {
  SmallVector<std::pair<Value, Value>> rows;
  for (int64_t r = 0; r < rowTile; ++r)
    rows.push_back(getRow(unit, b.add(firstRow, r)));
  b.loop(lo, hi, keyTile,
         [&](Value key) { emitScoreTile(unit, keys, rows, lane, key, hi); });
}

void LocalKernel::emitScoreTile(const Unit &unit, const Keys &keys,
                                ArrayRef<std::pair<Value, Value>> rows,
                                Value lane, Value firstKey, Value end) {
  SmallVector<Value> keyRows;
  Value last = b.sub(end, b.idx(1));
  for (int64_t k = 0; k < keyTile; ++k)
    keyRows.push_back(
        b.add(keys.first, k ? b.min(b.add(firstKey, k), last) : firstKey));
  auto multiply = [&](Value column, int64_t count, ValueRange carried) {
    SmallVector<Value> products(carried), columns;
    for (Value row : keyRows)
      columns.push_back(loadColumns(
          keys.key, indexOf(unit.batch, unit.kvHead, row, column), count));
    for (auto [r, place] : llvm::enumerate(rows)) {
      Value query = loadColumns(
          op.getQuery(), indexOf(unit.batch, place.first, place.second, column),
          count);
      for (int64_t k = 0; k < keyTile; ++k) {
        Value &product = products[k * rowTile + r];
        product = b.fma(columns[k], query, product);
      }
    }
    return products;
  };
  SmallVector<Value> products(rowTile * keyTile, b.number(0.0));
  int64_t whole = headDim / lanes;
  if (whole > kMostUnrolled) {
    products = b.loop(zero, b.idx(whole * lanes), lanes, products,
                      [&](Value column, ValueRange carried) {
                        return multiply(column, lanes, carried);
                      });
  } else {
    for (int64_t s = 0; s < whole; ++s)
      products = multiply(b.idx(s * lanes), lanes, products);
  }
  if (int64_t rest = headDim % lanes)
    products = multiply(b.idx(whole * lanes), rest, products);

  Value base = b.add(firstKey, keys.base);
  for (int64_t i = 0; i < rowTile * keyTile; i += lanes) {
    Value sums = sumLanes(b, ArrayRef(products).slice(i, lanes));
    for (int64_t j = 0; j < lanes; j += rowTile) {
      Value part = sums;
      if (rowTile != lanes)
        part = vector::ExtractStridedSliceOp::create(b, sums, j, rowTile,
                                                     /*strides=*/1);
      b.storeVector(part, scores, {b.add(base, (i + j) / rowTile), lane});
    }
  }
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

Value LocalKernel::gather(const BroadcastOperand &operand, const Unit &unit,
                          const Chunk &chunk, Value key) {
  auto type = cast<MemRefType>(operand.memref.getType());
  Value column = b.add(unit.firstKey, key);
  auto load = [&](Value lane) {
    auto [head, row] = getRow(unit, b.add(chunk.first, lane));
    return b.load(operand.memref,
                  operand.index(b, unit.batch, head, row, column));
  };
  if (!operand.perLane)
    return b.splat(load(zero));
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < lanes; ++lane)
    elements.push_back(load(b.idx(std::min(lane, unitRows - 1))));
  return vector::FromElementsOp::create(
      b, VectorType::get(lanes, type.getElementType()), elements);
}

Value LocalKernel::toScore(Value product) {
  FloatAttr cap = op.getSoftcapAttr();
  Value factor = scale;
  if (!cap && !bias)
    factor = b.fmul(factor, b.number(kLog2e, b.floatType));
  Value score = b.fmul(product, b.splat(factor));
  if (!cap)
    return score;
  double most = cap.getValueAsDouble();
  score = b.tanh(b.fmul(score, b.number(1.0 / most)));
  return b.fmul(score, b.number(bias ? most : most * kLog2e));
}

Value LocalKernel::limit(Value score, const Chunk &chunk, bool isPrefix,
                         Value key) {
  Value visible = chunk.isUsed;
  auto require = [&](Value holds) {
    visible = visible ? arith::AndIOp::create(b, visible, holds) : holds;
  };
  if (!isPrefix && chunk.hi)
    require(b.fcompare(CmpFPredicate::OLT, key, chunk.hi));
  if (!isPrefix && chunk.lo)
    require(b.fcompare(CmpFPredicate::OGE, key, chunk.lo));
  return visible ? b.select(visible, score, b.negInf()) : score;
}

/// The score of one key from its product, in units of log2; -inf where the row
/// does not see the key.
Value LocalKernel::modify(Value score, const Unit &unit, const Chunk &chunk,
                          const Keys &keys, Value key) {
  score = toScore(score);
  if (bias) {
    Value added = gather(bias, unit, chunk, key);
    score = b.fadd(score, b.cast(added, b.floatType));
    score = b.fmul(score, b.number(kLog2e));
  }
  score = limit(score, chunk, keys.isPrefix, toFloats(key));
  if (!mask)
    return score;
  Value bytes = gather(mask, unit, chunk, key);
  Value visible =
      b.compare(CmpIPredicate::ne, bytes, b.integer(0, bytes.getType()));
  return b.select(visible, score, b.negInf());
}

void LocalKernel::emitSoftmax(const Unit &unit, const Chunk &chunk) {
  auto forEachKey = [&](ValueRange inits,
                        function_ref<SmallVector<Value>(const Keys &, Value,
                                                        Value, ValueRange)>
                            body) {
    SmallVector<Value> carried(inits);
    for (const Keys &keys : getKeys(unit)) {
      Value end = keys.isPrefix ? unit.prefix : chunk.keyHi;
      carried = b.loop(zero, end, 1, carried, [&](Value key, ValueRange in) {
        return body(keys, key, b.add(key, keys.base), in);
      });
    }
    return carried;
  };
  SmallVector<Value> maxima = forEachKey(
      b.negInf(), [&](const Keys &keys, Value key, Value row, ValueRange in) {
        Value score =
            modify(b.loadVector(scores, {row, zero}), unit, chunk, keys, key);
        b.storeVector(score, scores, {row, zero});
        if (seen && !keys.isPrefix) {
          // A NaN counts as seen.
          Value isSeen = b.fcompare(CmpFPredicate::UNE, score, b.negInf());
          Value any =
              vector::ReductionOp::create(b, vector::CombiningKind::OR, isSeen);
          b.store(b.select(any, b.idx(1), zero), seen, {key});
        }
        return SmallVector<Value>{b.maxOrSecond(in.front(), score)};
      });
  // A NaN that the maximum passes over stays in its power.
  Value shift = b.safeShift(maxima.front());
  SmallVector<Value> sums = forEachKey(
      b.number(0.0), [&](const Keys &, Value, Value row, ValueRange in) {
        Value power = b.exp2(b.fsub(b.loadVector(scores, {row, zero}), shift));
        b.storeVector(power, scores, {row, zero});
        return SmallVector<Value>{b.fadd(in.front(), power)};
      });
  Value sum = sums.front();
  Value isEmpty = b.fcompare(CmpFPredicate::OEQ, sum, b.number(0.0));
  Value norm = b.select(isEmpty, b.number(0.0), b.fdiv(b.number(1.0), sum));
  forEachKey({}, [&](const Keys &, Value, Value row, ValueRange) {
    b.storeVector(b.fmul(b.loadVector(scores, {row, zero}), norm), scores,
                  {row, zero});
    return SmallVector<Value>();
  });
  if (step.getLse())
    writeLse(unit, chunk, b.fma(shift, b.number(kLn2), b.log(sum)));
}

void LocalKernel::writeLse(const Unit &unit, const Chunk &chunk, Value lse) {
  b.storeVector(lse, rowBuffer, {zero});
  Value end = b.min(b.idx(lanes), b.sub(b.idx(unitRows), chunk.first));
  b.loop(zero, end, 1, [&](Value lane) {
    Value row = b.add(chunk.first, lane);
    ifRow(unit, row, [&] {
      auto [head, position] = getRow(unit, row);
      b.store(b.load(rowBuffer, lane), step.getLse(),
              {unit.batch, head, position});
    });
  });
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

void LocalKernel::emitSums(const Unit &unit, const Chunk &chunk, Value firstRow,
                           Value lane, Value lo, Value hi) {
  int64_t most = std::max<int64_t>(1, accumulators / rowTile);
  auto emitColumns = [&](Value first, int64_t columns) {
    int64_t vectors = llvm::divideCeil(columns, lanes);
    SmallVector<Value> sums(rowTile * vectors, b.number(0.0));
    for (const Keys &keys : getKeys(unit)) {
      Value begin = keys.isPrefix ? zero : lo;
      Value end = keys.isPrefix ? unit.prefix : hi;
      sums = b.loop(begin, end, 1, sums, [&](Value key, ValueRange in) {
        SmallVector<Value> next(in), elements;
        Value row = b.add(keys.first, key);
        for (int64_t v = 0; v < vectors; ++v)
          elements.push_back(loadColumns(
              keys.value,
              indexOf(unit.batch, unit.kvHead, row, b.add(first, v * lanes)),
              columns - v * lanes));
        // What nobody sees may be anything, a NaN as well.
        if (seen && !keys.isPrefix) {
          Value isSeen = b.compare(CmpIPredicate::ne, b.load(seen, key), zero);
          for (Value &element : elements)
            element = b.select(isSeen, element, b.number(0.0));
        }
        for (int64_t r = 0; r < rowTile; ++r) {
          Value power =
              b.splat(b.load(scores, {b.add(key, keys.base), b.add(lane, r)}));
          for (int64_t v = 0; v < vectors; ++v) {
            Value &sum = next[r * vectors + v];
            sum = b.fma(elements[v], power, sum);
          }
        }
        return next;
      });
    }
    for (int64_t r = 0; r < rowTile; ++r) {
      Value row = b.add(firstRow, r);
      ifRow(unit, row, [&] {
        auto [head, position] = getRow(unit, row);
        for (int64_t v = 0; v < vectors; ++v)
          storeColumns(
              sums[r * vectors + v], step.getOutput(),
              indexOf(unit.batch, head, position, b.add(first, v * lanes)),
              columns - v * lanes);
      });
    }
  };
  int64_t width = most * lanes, whole = headDimV / width;
  if (whole == 1)
    emitColumns(zero, width);
  else
    b.loop(zero, b.idx(whole * width), width,
           [&](Value first) { emitColumns(first, width); });
  if (int64_t rest = headDimV - whole * width)
    emitColumns(b.idx(whole * width), rest);
}
