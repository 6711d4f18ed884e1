//===- DecodeTiles.cpp - The products of the decode kernel ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Scores of a tile of keys and rows, and sums of a tile of rows and value
// columns, each with its sums in registers; and the lines of memory that are
// asked for meanwhile.
//
//===----------------------------------------------------------------------===//

#include "DecodeKernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Sums over lanes
//===----------------------------------------------------------------------===//

/// One vector whose lane i is the sum of the elements of `parts[i]`, as many
/// parts as lanes. Each round adds two halves of two vectors into one: inside
/// 128 bits first, then whole 128-bit pieces, which are the shuffles machines
/// have.
static Value sumLanes(VectorBuilder &b, SmallVector<Value> parts) {
  int64_t lanes = b.lanes;
  assert(static_cast<int64_t>(parts.size()) == lanes && "one part a lane");
  int64_t piece = std::min<int64_t>(lanes, 128 / b.floatType.getWidth());
  auto halve = [&](ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
    SmallVector<Value> next;
    for (size_t i = 0; i < parts.size(); i += 2) {
      Value x = parts[i], y = parts[i + 1];
      next.push_back(b.fadd(vector::ShuffleOp::create(b, x, y, low),
                            vector::ShuffleOp::create(b, x, y, high)));
    }
    parts = std::move(next);
  };
  for (int64_t chunk = 1; chunk < piece; chunk *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t base = 0; base < lanes; base += piece)
      for (int64_t i = 0; i < piece / 2; i += chunk)
        for (int64_t from : {base, lanes + base})
          for (int64_t j = 0; j < chunk; ++j) {
            low.push_back(from + i + j);
            high.push_back(from + piece / 2 + i + j);
          }
    halve(low, high);
  }
  while (parts.size() > 1) {
    SmallVector<int64_t> low, high;
    for (int64_t base = 0; base < 2 * lanes; base += 2 * piece)
      for (int64_t i = 0; i < piece; ++i) {
        low.push_back(base + i);
        high.push_back(base + piece + i);
      }
    halve(low, high);
  }
  return parts.front();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Elements of a cache line, the unit of requests.
static int64_t getLineElements(const KeySource &source) {
  constexpr int64_t kLineBits = 64 * 8;
  return kLineBits / source.getOperandType().getElementTypeBitWidth();
}

/// Cache lines of a row.
static int64_t getLines(const KeySource &source) {
  return llvm::divideCeil(source.getOperandType().getDimSize(3),
                          getLineElements(source));
}

Value DecodeKernel::loadColumns(const KeySource &source, Value row,
                                Value column, int64_t count) {
  Value matrix = source.rows();
  Type element = cast<MemRefType>(matrix.getType()).getElementType();
  auto load = [&](Value from, int64_t size) -> Value {
    return vector::LoadOp::create(b, VectorType::get(size, element), matrix,
                                  ValueRange{row, from});
  };
  if (count >= step)
    return load(column, step);
  // Pieces whose sizes are powers of two, in a vector of zeros: nothing beyond
  // the row is read.
  Value all;
  int64_t offset = 0;
  for (int64_t size = step / 2; size > 0; size /= 2) {
    if (!(count & size))
      continue;
    Value piece = load(b.add(column, offset), size);
    auto type = cast<VectorType>(piece.getType());
    Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
    SmallVector<int64_t> mask(step, size);
    for (int64_t i = 0; i < size; ++i)
      mask[offset + i] = i;
    Value placed = vector::ShuffleOp::create(b, piece, none, mask);
    if (all) {
      for (int64_t i = 0; i < step; ++i)
        mask[i] = i < offset ? i : step + i;
      placed = vector::ShuffleOp::create(b, all, placed, mask);
    }
    all = placed;
    offset += size;
  }
  return all;
}

void DecodeKernel::request(KeySource &source, Value key, Value first,
                           int64_t count) {
  int64_t lines = getLines(source), elements = getLineElements(source);
  for (int64_t i = 0; i < count; ++i) {
    Value line = b.add(first, i);
    Value row = b.add(key, b.div(line, b.idx(lines)));
    source.prefetch(b.min(row, lastKey),
                    b.mul(b.rem(line, b.idx(lines)), b.idx(elements)));
  }
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

void DecodeKernel::forEachRowTile(
    function_ref<void(Value firstRow, int64_t rows)> body) {
  int64_t tile = shape.rowTile;
  std::optional<int64_t> known = getConstantIntValue(numRows);
  if (!known) {
    Value end =
        b.mul(b.div(b.add(numRows, tile - 1), b.idx(tile)), b.idx(tile));
    b.loop(zero, end, tile, [&](Value first) { body(first, tile); });
    return;
  }
  // A rest of one or two rows has tiles of its own; one of three computes a
  // fourth for nothing.
  int64_t rest = *known % tile;
  if (rest == 3) {
    *known += 1;
    rest = 0;
  }
  b.loop(zero, b.idx(*known - rest), tile,
         [&](Value first) { body(first, tile); });
  if (rest)
    body(b.idx(*known - rest), rest);
}

void DecodeKernel::emitScores(Value firstKey, Value numKeys) {
  forEachRowTile([&](Value firstRow, int64_t numTileRows) {
    int64_t tile = shape.accumulators / numTileRows;
    b.loop(zero, numKeys, tile, [&](Value first) {
      emitScoreTile(firstRow, numTileRows, firstKey, first, numKeys);
    });
  });
}

void DecodeKernel::emitScoreTile(Value firstRow, int64_t numTileRows,
                                 Value firstKey, Value first, Value numKeys) {
  int64_t tile = shape.accumulators / numTileRows;
  // The last tile repeats the last key instead of reading beyond it; nobody
  // looks at the repeated scores.
  Value last = b.sub(numKeys, b.idx(1));
  SmallVector<Value> keyRows;
  for (int64_t k = 0; k < tile; ++k)
    keyRows.push_back(b.min(b.add(first, k), last));

  auto multiply = [&](Value column, int64_t count, ValueRange carried) {
    SmallVector<Value> products(carried), columns;
    for (Value row : keyRows)
      columns.push_back(loadColumns(keys, row, column, count));
    if (!shape.hasDot)
      for (Value &vector : columns)
        vector = b.cast(vector, b.floatType);
    for (int64_t r = 0; r < numTileRows; ++r) {
      Value query = vector::LoadOp::create(
          b, cast<VectorType>(columns[0].getType()), queries,
          ValueRange{b.add(firstRow, r), column});
      for (int64_t k = 0; k < tile; ++k) {
        Value &sum = products[r * tile + k];
        if (shape.hasDot)
          sum =
              x86vector::DotBF16Op::create(b, b.floats, sum, columns[k], query);
        else
          sum = b.fma(columns[k], query, sum);
      }
    }
    return products;
  };

  // The lines of the values of these keys are asked for on the way, in the
  // order of their addresses.
  int64_t whole = headDim / step, rest = headDim % step;
  int64_t steps = whole + (rest != 0);
  int64_t lines = getLines(values), elements = getLineElements(values);
  auto ask = [&](int64_t from, int64_t to) {
    for (int64_t line = from; line < to; ++line)
      values.prefetch(b.add(firstKey, keyRows[line / lines]),
                      b.idx(line % lines * elements));
  };
  SmallVector<Value> products(shape.accumulators, b.number(0.0));
  constexpr int64_t kMostUnrolled = 16;
  if (whole > kMostUnrolled) {
    ask(0, tile * lines);
    products = b.loop(zero, b.idx(whole * step), step, products,
                      [&](Value column, ValueRange carried) {
                        return multiply(column, step, carried);
                      });
  } else {
    for (int64_t s = 0; s < whole; ++s) {
      ask(s * tile * lines / steps, (s + 1) * tile * lines / steps);
      products = multiply(b.idx(s * step), step, products);
    }
    if (rest)
      ask(whole * tile * lines / steps, tile * lines);
  }
  if (rest)
    products = multiply(b.idx(whole * step), rest, products);

  int64_t lanes = shape.lanes, segment = std::min(tile, lanes);
  for (int64_t i = 0; i < shape.accumulators; i += lanes) {
    Value sum =
        sumLanes(b, SmallVector<Value>(ArrayRef(products).slice(i, lanes)));
    for (int64_t lane = 0; lane < lanes; lane += segment) {
      SmallVector<int64_t> mask;
      for (int64_t j = 0; j < segment; ++j)
        mask.push_back(lane + j);
      Value part =
          segment == lanes ? sum : vector::ShuffleOp::create(b, sum, sum, mask);
      int64_t row = (i + lane) / tile, column = (i + lane) % tile;
      b.storeVector(part, scores, {b.add(firstRow, row), b.add(first, column)});
    }
  }
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

void DecodeKernel::emitSums(Value firstKey, Value numKeys) {
  forEachRowTile([&](Value firstRow, int64_t numTileRows) {
    int64_t perLoad = step / shape.lanes;
    int64_t most =
        std::max<int64_t>(1, shape.accumulators / numTileRows / perLoad);
    // Chunks of columns of about equal width.
    int64_t loads = llvm::divideCeil(headDimV, step);
    int64_t chunks = llvm::divideCeil(loads, most);
    int64_t width = llvm::divideCeil(loads, chunks);
    int64_t whole = headDimV / step / width;
    int64_t columns = width * step;
    b.loop(zero, b.idx(whole), 1, [&](Value chunk) {
      emitSumTile(firstRow, numTileRows, chunk, chunks, columns, columns,
                  firstKey, numKeys);
    });
    if (int64_t rest = headDimV - whole * columns)
      emitSumTile(firstRow, numTileRows, b.idx(whole), chunks, columns, rest,
                  firstKey, numKeys);
  });
}

/// The columns of two rows in pairs: the lower and the upper half of each 128
/// bits.
static std::pair<Value, Value> interleave(VectorBuilder &b, Value x, Value y) {
  int64_t size = cast<VectorType>(x.getType()).getNumElements();
  SmallVector<int64_t> low, high;
  for (int64_t base = 0; base < size; base += 8)
    for (int64_t i = 0; i < 4; ++i)
      for (int64_t from : {base, size + base}) {
        low.push_back(from + i);
        high.push_back(from + 4 + i);
      }
  return {vector::ShuffleOp::create(b, x, y, low),
          vector::ShuffleOp::create(b, x, y, high)};
}

void DecodeKernel::emitSumTile(Value firstRow, int64_t numTileRows, Value chunk,
                               int64_t chunks, int64_t columns, int64_t valid,
                               Value firstKey, Value numKeys) {
  int64_t lanes = shape.lanes;
  Value column = b.mul(chunk, b.idx(columns));
  int64_t loads = llvm::divideCeil(valid, step);
  int64_t vectors = loads * (step / lanes);
  auto sumAt = [&](int64_t r, int64_t v) {
    return SmallVector<Value>{b.add(firstRow, r), b.add(column, v * lanes)};
  };
  SmallVector<Value> carried;
  for (int64_t r = 0; r < numTileRows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      carried.push_back(b.loadVector(sums, sumAt(r, v)));

  // The lines of the next block of keys, in the order of their addresses.
  int64_t lines = llvm::divideCeil(getLines(keys), chunks);
  Value nextKey = b.add(firstKey, shape.block);
  auto ask = [&](Value row) {
    Value line =
        b.mul(b.add(b.mul(chunk, b.idx(shape.block)), row), b.idx(lines));
    request(keys, nextKey, line, lines);
  };
  auto loadAll = [&](Value index) {
    Value row = kept ? b.load(kept, index) : index;
    SmallVector<Value> result;
    for (int64_t i = 0; i < loads; ++i)
      result.push_back(
          loadColumns(values, row, b.add(column, i * step), valid - i * step));
    return result;
  };
  auto stepOne = [&](Value index, ValueRange sumsIn) {
    ask(index);
    SmallVector<Value> next, elements = loadAll(index);
    for (Value &vector : elements)
      vector = b.cast(vector, b.floatType);
    for (int64_t r = 0; r < numTileRows; ++r) {
      Value power = b.splat(b.load(scores, {b.add(firstRow, r), index}));
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(b.fma(elements[v], power, sumsIn[r * vectors + v]));
    }
    return next;
  };
  // Two keys at once; an odd last one is paired with zeros.
  auto stepPair = [&](Value index, bool isPair, ValueRange sumsIn) {
    ask(index);
    if (isPair)
      ask(b.add(index, 1));
    SmallVector<Value> next, elements, firsts = loadAll(index), seconds;
    if (isPair)
      seconds = loadAll(b.add(index, 1));
    for (int64_t i = 0; i < loads; ++i) {
      Value second = isPair ? seconds[i]
                            : arith::ConstantOp::create(
                                  b, b.getZeroAttr(firsts[i].getType()));
      auto [low, high] = interleave(b, firsts[i], second);
      elements.append({low, high});
    }
    Type word = b.getI32Type();
    for (int64_t r = 0; r < numTileRows; ++r) {
      Value pair =
          vector::LoadOp::create(b, VectorType::get(2, b.getBF16Type()), powers,
                                 ValueRange{b.add(firstRow, r), index});
      pair = vector::BitCastOp::create(b, VectorType::get(1, word), pair);
      pair = b.splat(vector::ExtractOp::create(b, pair, ArrayRef<int64_t>{0}));
      pair = vector::BitCastOp::create(
          b, VectorType::get(2 * lanes, b.getBF16Type()), pair);
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(x86vector::DotBF16Op::create(
            b, b.floats, sumsIn[r * vectors + v], elements[v], pair));
    }
    return next;
  };
  if (shape.hasDot) {
    Value even = b.roundDown(numKeys, 2);
    carried = b.loop(zero, even, 2, carried, [&](Value i, ValueRange in) {
      return stepPair(i, /*isPair=*/true, in);
    });
    carried = b.loop(even, numKeys, 2, carried, [&](Value i, ValueRange in) {
      return stepPair(i, /*isPair=*/false, in);
    });
  } else {
    carried = b.loop(zero, numKeys, 1, carried,
                     [&](Value i, ValueRange in) { return stepOne(i, in); });
  }
  for (int64_t r = 0; r < numTileRows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      b.storeVector(carried[r * vectors + v], sums, sumAt(r, v));
}
