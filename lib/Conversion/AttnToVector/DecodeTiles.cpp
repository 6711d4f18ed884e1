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
#include "LaneSums.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;
using namespace mlir::attn;

//===----------------------------------------------------------------------===//
// Sums over lanes
//===----------------------------------------------------------------------===//

Value attn::sumLanes(VectorBuilder &b, ArrayRef<Value> parts) {
  LaneSums sums(b);
  for (auto [lane, part] : llvm::enumerate(parts))
    sums.add(lane, part);
  return sums.get();
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

void DecodeKernel::request(KeySource &source, Value firstKey, Pass pass,
                           Value index) {
  int64_t lines = getLines(source), elements = getLineElements(source);
  int64_t count = llvm::divideCeil(lines, pass.count);
  Value turn = b.add(b.mul(pass.index, b.idx(shape.block)), index);
  Value line = b.mul(turn, b.idx(count));
  auto ask = [&](Value first, ArrayRef<int64_t> others) {
    Value key = b.add(firstKey, b.div(first, b.idx(lines)));
    Value column = b.mul(b.rem(first, b.idx(lines)), b.idx(elements));
    SmallVector<Value> columns;
    for (int64_t other : others)
      columns.push_back(b.add(column, other * elements));
    source.prefetch(b.min(key, lastKey), columns);
  };
  auto range = llvm::to_vector(llvm::seq<int64_t>(count));
  if (lines % count == 0)
    return ask(line, range);
  for (int64_t i : range)
    ask(b.add(line, i), 0);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Query rows of a tile that reads `source`, rows of which are `vectors` of
/// sums or queries. Memory is fastest in the order of its addresses, so they
/// are read whole if registers hold as many vectors for half of the query rows:
/// the next tile finds them in cache. Not so where elements are converted or
/// paired, which every tile would do again.
int64_t DecodeKernel::getTileRows(const KeySource &source,
                                  int64_t vectors) const {
  Type element = cast<MemRefType>(source.rows().getType()).getElementType();
  bool isAsLoaded =
      element == b.floatType || (shape.hasDot && &source == &keys);
  int64_t fitting = llvm::bit_floor<uint64_t>(shape.accumulators / vectors);
  if (shape.isComputing || !isAsLoaded || 2 * fitting < shape.rowTile)
    return shape.rowTile;
  return std::min<int64_t>(shape.rowTile, fitting);
}

void DecodeKernel::forEachRowTile(
    int64_t tile, function_ref<void(Value firstRow, int64_t rows)> body) {
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
  int64_t steps = llvm::divideCeil(headDim, step);
  auto emitTiles = [&](Value firstRow, int64_t numTileRows) {
    // Where they fit, the queries are in registers, too.
    SmallVector<Value> loaded;
    if (steps * numTileRows <= shape.accumulators)
      for (int64_t r = 0; r < numTileRows; ++r)
        for (int64_t s = 0; s < steps; ++s)
          loaded.push_back(loadQuery(b.add(firstRow, r), b.idx(s * step)));
    int64_t tile = shape.accumulators / numTileRows;
    b.loop(zero, numKeys, tile, [&](Value first) {
      emitScoreTile(firstRow, numTileRows, loaded, firstKey, first, numKeys);
    });
  };
  forEachRowTile(getTileRows(keys, steps), emitTiles);
}

Value DecodeKernel::loadQuery(Value row, Value column) {
  Type element = cast<MemRefType>(queries.getType()).getElementType();
  return vector::LoadOp::create(b, VectorType::get(step, element), queries,
                                ValueRange{row, column});
}

void DecodeKernel::emitScoreTile(Value firstRow, int64_t numTileRows,
                                 ArrayRef<Value> loaded, Value firstKey,
                                 Value first, Value numKeys) {
  int64_t tile = shape.accumulators / numTileRows, lanes = shape.lanes;
  int64_t steps = llvm::divideCeil(headDim, step);
  auto loadKey = [&](Value row, Value column, int64_t count) {
    Value elements = loadColumns(keys, row, column, count);
    return shape.hasDot ? elements : b.cast(elements, b.floatType);
  };
  auto multiply = [&](Value key, Value query, Value sum) -> Value {
    if (shape.hasDot)
      return x86vector::DotBF16Op::create(b, b.floats, sum, key, query);
    return b.fma(key, query, sum);
  };
  SmallVector<LaneSums> totals;
  for (int64_t i = 0; i < shape.accumulators; i += lanes)
    totals.emplace_back(b);
  auto add = [&](int64_t part, Value sum) {
    totals[part / lanes].add(part % lanes, sum);
  };
  // The lines of the values of these keys are asked for on the way.
  auto ask = [&](Value k) {
    request(values, firstKey, Pass{zero, 1}, b.add(first, k));
  };
  auto scoreKey = [&](Value row) {
    SmallVector<Value> products(numTileRows, b.number(0.0));
    for (int64_t s = 0; s < steps; ++s) {
      Value key = loadKey(row, b.idx(s * step), headDim - s * step);
      for (int64_t r = 0; r < numTileRows; ++r) {
        Value query = loaded.empty()
                          ? loadQuery(b.add(firstRow, r), b.idx(s * step))
                          : loaded[r * steps + s];
        products[r] = multiply(key, query, products[r]);
      }
    }
    return products;
  };
  // Where a tile is not a loop, the last one repeats the last key instead of
  // reading beyond it; nobody looks at scores of keys beyond the last.
  Value last = b.sub(numKeys, b.idx(1));
  auto keyRow = [&](int64_t k) { return b.min(b.add(first, k), last); };

  constexpr int64_t kMostUnrolled = 16;
  bool isShort = !shape.hasDot || shape.isComputing || steps <= 2;
  if (isShort && tile * steps <= shape.accumulators) {
    for (int64_t k = 0; k < tile; ++k) {
      ask(b.idx(k));
      for (auto [r, sum] : llvm::enumerate(scoreKey(keyRow(k))))
        add(r * tile + k, sum);
    }
  } else if (!shape.isComputing && steps <= kMostUnrolled) {
    // One key after the other, in the order of their addresses, which unrolled
    // code would not keep: registers do not hold a tile. Each product is stored
    // and loaded once for that. There is a key in every tile, which min alone
    // would not tell: loads would be moved to before a loop that may not run.
    Value numTileKeys =
        b.max(b.min(b.sub(numKeys, first), b.idx(tile)), b.idx(1));
    b.loop(zero, numTileKeys, 1, [&](Value k) {
      ask(k);
      for (auto [r, sum] : llvm::enumerate(scoreKey(b.add(first, k))))
        b.storeVector(sum, parts, {b.add(k, r * tile), zero});
    });
    for (int64_t part = 0; part < shape.accumulators; ++part)
      add(part, b.loadVector(parts, {b.idx(part), zero}));
  } else {
    // A query is loaded once for all keys of the tile.
    auto multiplyAll = [&](Value column, int64_t count, ValueRange carried) {
      SmallVector<Value> products(carried), columns;
      for (int64_t k = 0; k < tile; ++k)
        columns.push_back(loadKey(keyRow(k), column, count));
      for (int64_t r = 0; r < numTileRows; ++r) {
        Value query = loadQuery(b.add(firstRow, r), column);
        for (int64_t k = 0; k < tile; ++k)
          products[r * tile + k] =
              multiply(columns[k], query, products[r * tile + k]);
      }
      return products;
    };
    int64_t whole = headDim / step, rest = headDim % step;
    SmallVector<Value> products(shape.accumulators, b.number(0.0));
    if (whole > kMostUnrolled) {
      for (int64_t k = 0; k < tile; ++k)
        ask(b.idx(k));
      products = b.loop(zero, b.idx(whole * step), step, products,
                        [&](Value column, ValueRange carried) {
                          return multiplyAll(column, step, carried);
                        });
    } else {
      for (int64_t s = 0; s < whole; ++s) {
        for (int64_t k = s * tile / whole; k < (s + 1) * tile / whole; ++k)
          ask(b.idx(k));
        products = multiplyAll(b.idx(s * step), step, products);
      }
    }
    if (rest)
      products = multiplyAll(b.idx(whole * step), rest, products);
    for (auto [part, sum] : llvm::enumerate(products))
      add(part, sum);
  }

  int64_t segment = std::min(tile, lanes);
  for (int64_t i = 0; i < shape.accumulators; i += lanes) {
    Value sum = totals[i / lanes].get();
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
  int64_t perLoad = step / shape.lanes;
  int64_t loads = llvm::divideCeil(headDimV, step);
  auto emitTiles = [&](Value firstRow, int64_t numTileRows) {
    int64_t most =
        std::max<int64_t>(1, shape.accumulators / numTileRows / perLoad);
    // Chunks of columns of about equal width.
    int64_t chunks = llvm::divideCeil(loads, most);
    int64_t width = llvm::divideCeil(loads, chunks);
    int64_t whole = headDimV / step / width;
    int64_t columns = width * step;
    auto emitTile = [&](Value chunk, int64_t valid) {
      emitSumTile(firstRow, numTileRows, Pass{chunk, chunks},
                  b.mul(chunk, b.idx(columns)), valid, firstKey, numKeys);
    };
    b.loop(zero, b.idx(whole), 1, [&](Value i) { emitTile(i, columns); });
    if (int64_t rest = headDimV - whole * columns)
      emitTile(b.idx(whole), rest);
  };
  forEachRowTile(getTileRows(values, loads * perLoad), emitTiles);
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

void DecodeKernel::emitSumTile(Value firstRow, int64_t numTileRows, Pass pass,
                               Value column, int64_t valid, Value firstKey,
                               Value numKeys) {
  int64_t lanes = shape.lanes;
  int64_t loads = llvm::divideCeil(valid, step);
  int64_t vectors = loads * (step / lanes);
  auto sumAt = [&](int64_t r, int64_t v) {
    return SmallVector<Value>{b.add(firstRow, r), b.add(column, v * lanes)};
  };
  SmallVector<Value> carried;
  for (int64_t r = 0; r < numTileRows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      carried.push_back(b.loadVector(sums, sumAt(r, v)));

  // The lines of the next block of keys.
  Value nextKey = b.add(firstKey, shape.block);
  auto ask = [&](Value index) { request(keys, nextKey, pass, index); };
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
