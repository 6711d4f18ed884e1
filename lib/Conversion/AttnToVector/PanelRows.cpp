//===- PanelRows.cpp - The query rows of a panel --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Maps lanes to query rows and moves rows between memory and lanes.
//
//===----------------------------------------------------------------------===//

#include "Kernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

Value attn::getMatrix(VectorBuilder &b, Value stack, Value index) {
  auto type = cast<MemRefType>(stack.getType());
  SmallVector<OpFoldResult> offsets(3, b.getIndexAttr(0)),
      sizes(getAsIndexOpFoldResult(b.getContext(), type.getShape())),
      strides(3, b.getIndexAttr(1));
  offsets[0] = getAsOpFoldResult(index);
  sizes[0] = b.getIndexAttr(1);
  MemRefType result = memref::SubViewOp::inferRankReducedResultType(
      type.getShape().drop_front(), type, offsets, sizes, strides);
  return memref::SubViewOp::create(b, result, stack, offsets, sizes, strides);
}

Value attn::getRows(VectorBuilder &b, Value matrix, Value first,
                    OpFoldResult count) {
  SmallVector<OpFoldResult> offsets{getAsOpFoldResult(first),
                                    b.getIndexAttr(0)};
  int64_t columns = cast<MemRefType>(matrix.getType()).getDimSize(1);
  SmallVector<OpFoldResult> sizes{count, b.getIndexAttr(columns)};
  SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
  return memref::SubViewOp::create(b, matrix, offsets, sizes, strides);
}

PanelRows::PanelRows(VectorBuilder &b, AttnKeyRangesInterface op,
                     const KernelShape &shape, const Scratch &scratch,
                     bool hasLimits)
    : b(b), op(op), shape(shape), scratch(scratch), hasLimits(hasLimits),
      tables(scratch.get("rows",
                         {shape.panels, hasLimits ? 4 : 2, shape.panel()},
                         b.getIndexType())),
      limits(scratch.get("limits", {shape.panels, 5}, b.getIndexType())) {}

void PanelRows::select(Value index) {
  table = getMatrix(b, tables, index);
  auto limit = [&](int64_t i) { return b.load(limits, {index, b.idx(i)}); };
  count = limit(0);
  if (!hasLimits)
    return;
  minLower = limit(1);
  maxLower = limit(2);
  minUpper = limit(3);
  maxUpper = limit(4);
}

void PanelRows::begin(Value index, Value batch, Value firstHead, Value firstRow,
                      Value numRows, Value seqLenQ) {
  table = getMatrix(b, tables, index);
  Value zero = b.idx(0), one = b.idx(1);
  // Above any key: the lower limit of a row that sees nothing.
  Value never = b.idx(std::numeric_limits<int64_t>::max());
  count = b.min(b.sub(numRows, firstRow), b.idx(shape.panel()));

  // Head and query are counted up and not divided out of the row: a division
  // takes longer than everything else here.
  SmallVector<Value> inits{b.add(firstHead, b.div(firstRow, seqLenQ)),
                           b.rem(firstRow, seqLenQ)};
  if (hasLimits)
    inits.append({never, zero, never, zero});
  SmallVector<Value> last = b.loop(
      zero, b.idx(shape.panel()), 1, inits,
      [&](Value lane, ValueRange carried) {
        Value head = carried[0], query = carried[1];
        b.store(head, table, {zero, lane});
        b.store(query, table, {one, lane});
        Value nextQuery = b.add(query, one);
        Value isNextHead = b.compare(CmpIPredicate::eq, nextQuery, seqLenQ);
        Value isLast = b.compare(CmpIPredicate::sge, b.add(lane, one), count);
        Value nextHead = b.select(isNextHead, b.add(head, one), head);
        nextQuery = b.select(isNextHead, zero, nextQuery);
        SmallVector<Value> next{b.select(isLast, head, nextHead),
                                b.select(isLast, query, nextQuery)};
        if (!hasLimits)
          return next;
        // The keys of one row are one range: the edges of the first and last
        // piece, of which some may be empty.
        SmallVector<KeyRange> ranges = op.getKeyRanges(
            b, b.getLoc(), batch, head, query, b.add(query, one));
        Value lower = b.idx(ranges.front().lo);
        Value upper = b.idx(ranges.back().hi);
        Value isEmpty = b.compare(CmpIPredicate::sge, lower, upper);
        lower = b.select(isEmpty, never, lower);
        upper = b.select(isEmpty, zero, upper);
        b.store(lower, table, {b.idx(2), lane});
        b.store(upper, table, {b.idx(3), lane});
        next.append({b.min(carried[2], lower), b.max(carried[3], lower),
                     b.min(carried[4], upper), b.max(carried[5], upper)});
        return next;
      });
  b.store(count, limits, {index, zero});
  for (int64_t i = 1; hasLimits && i < 5; ++i)
    b.store(last[i + 1], limits, {index, b.idx(i)});
  select(index);
}

Value PanelRows::at(int64_t field, Value lane) {
  return b.load(table, {b.idx(field), lane});
}

Value PanelRows::vectorAt(int64_t field, int64_t group) {
  return loadGroup(table, b.idx(field), group);
}

Value PanelRows::loadGroup(Value buffer, Value row, int64_t group) {
  return b.loadVector(buffer, {row, b.idx(group * shape.lanes)});
}

void PanelRows::storeGroup(Value vector, Value buffer, Value row,
                           int64_t group) {
  b.storeVector(vector, buffer, {row, b.idx(group * shape.lanes)});
}

void PanelRows::forEachRow(
    function_ref<void(Value lane, Value head, Value row)> body) {
  b.loop(b.idx(0), count, 1,
         [&](Value lane) { body(lane, head(lane), query(lane)); });
}

/// A vector of words of two bf16 elements each, as floats that are none.
Value PanelRows::loadPairs(Value from, ValueRange at) {
  auto elements = VectorType::get(2 * shape.lanes, b.getBF16Type());
  Value pairs = vector::LoadOp::create(b, elements, from, at);
  return vector::BitCastOp::create(b, b.floats, pairs);
}

/// The first and the second elements of words.
std::array<Value, 2> PanelRows::widenPairs(Value words) {
  Type type = VectorType::get(shape.lanes, b.getI32Type());
  Value bits = arith::BitcastOp::create(b, type, words);
  Value low = arith::ShLIOp::create(b, bits, b.integer(16, type));
  Value high = arith::AndIOp::create(b, bits, b.integer(-65536, type));
  return {arith::BitcastOp::create(b, b.floats, low),
          arith::BitcastOp::create(b, b.floats, high)};
}

void PanelRows::pack(Value from, RowIndex index, Value firstColumn,
                     Value columns, function_ref<Value(Value)> convert,
                     Value to) {
  Value zero = b.idx(0), panel = b.idx(shape.panel());
  Value whole = zero;
  if (hasContiguousRows(from)) {
    // Square blocks through registers: of words of two bf16 elements, which
    // become f32 by a shift or a mask, and of elements.
    auto type = cast<MemRefType>(from.getType()).getElementType();
    bool isPaired = type.isBF16() && b.floatType.isF32();
    Value paired = isPaired ? b.roundDown(columns, 2 * shape.lanes) : zero;
    whole = b.roundDown(columns, shape.lanes);
    for (int64_t g = 0; g < shape.groups; ++g) {
      SmallVector<std::pair<Value, Value>> lanes;
      for (int64_t i = 0; i < shape.lanes; ++i) {
        Value lane = b.idx(g * shape.lanes + i);
        lanes.emplace_back(head(lane), query(lane));
      }
      if (isPaired)
        b.loop(zero, paired, 2 * shape.lanes, [&](Value column) {
          SmallVector<Value> vectors;
          Value source = b.add(firstColumn, column);
          for (auto [head, row] : lanes)
            vectors.push_back(loadPairs(from, index(head, row, source)));
          for (auto [i, words] : llvm::enumerate(b.transpose(vectors)))
            for (auto [half, vector] : llvm::enumerate(widenPairs(words)))
              storeGroup(convert(vector), to, b.add(column, 2 * i + half), g);
        });
      b.loop(paired, whole, shape.lanes, [&](Value column) {
        SmallVector<Value> vectors;
        Value source = b.add(firstColumn, column);
        for (auto [head, row] : lanes)
          vectors.push_back(
              convert(b.loadVector(from, index(head, row, source))));
        for (auto [i, vector] : llvm::enumerate(b.transpose(vectors)))
          storeGroup(vector, to, b.add(column, i), g);
      });
    }
  }
  b.loop(zero, panel, 1, [&](Value lane) {
    Value laneHead = head(lane), row = query(lane);
    b.loop(whole, columns, 1, [&](Value column) {
      Value source = b.add(firstColumn, column);
      Value element = convert(b.load(from, index(laneHead, row, source)));
      b.store(element, to, {column, lane});
    });
  });
}

void PanelRows::packPairs(Value from, RowIndex index, int64_t columns,
                          Value to) {
  Value zero = b.idx(0), one = b.idx(1), two = b.idx(2);
  int64_t wide = 2 * shape.lanes, whole = 0;
  if (hasContiguousRows(from)) {
    // Square blocks of words through registers.
    whole = columns & -wide;
    b.loop(zero, b.idx(whole), wide, [&](Value column) {
      for (int64_t g = 0; g < shape.groups; ++g) {
        SmallVector<Value> words;
        for (int64_t i = 0; i < shape.lanes; ++i) {
          Value lane = b.idx(g * shape.lanes + i);
          words.push_back(
              loadPairs(from, index(head(lane), query(lane), column)));
        }
        for (auto [i, vector] : llvm::enumerate(b.transpose(words)))
          storeGroup(vector, to, b.add(b.div(column, two), i), g);
      }
    });
  }
  Type word = b.getI32Type();
  b.loop(zero, b.idx(shape.panel()), 1, [&](Value lane) {
    Value laneHead = head(lane), row = query(lane);
    auto bits = [&](Value column) -> Value {
      Value element = b.load(from, index(laneHead, row, column));
      element = arith::BitcastOp::create(b, b.getI16Type(), element);
      return arith::ExtUIOp::create(b, word, element);
    };
    auto store = [&](Value pair, Value column) {
      b.store(arith::BitcastOp::create(b, b.floatType, pair), to,
              {b.div(column, two), lane});
    };
    b.loop(b.idx(whole), b.idx(columns & ~int64_t(1)), two, [&](Value column) {
      Value sixteen = arith::ConstantIntOp::create(b, 16, 32);
      Value upper = arith::ShLIOp::create(b, bits(b.add(column, one)), sixteen);
      store(arith::OrIOp::create(b, bits(column), upper), column);
    });
    if (columns % 2)
      store(bits(b.idx(columns - 1)), b.idx(columns - 1));
  });
}

void PanelRows::unpack(Value from, Value to, RowIndex index, Value columns) {
  Value zero = b.idx(0);
  bool isContiguous = hasContiguousRows(to);
  for (int64_t g = 0; g < shape.groups; ++g) {
    // Whole groups of rows go in square blocks; the last one element by
    // element, never writing beyond the rows there are.
    Value first = b.idx(g * shape.lanes);
    Value lanes = b.max(zero, b.min(b.sub(count, first), b.idx(shape.lanes)));
    Value whole = zero;
    if (isContiguous) {
      Value isFull = b.compare(CmpIPredicate::eq, lanes, b.idx(shape.lanes));
      whole = b.select(isFull, b.roundDown(columns, shape.lanes), zero);
      b.loop(zero, whole, shape.lanes, [&](Value column) {
        SmallVector<Value> vectors;
        for (int64_t i = 0; i < shape.lanes; ++i)
          vectors.push_back(loadGroup(from, b.add(column, i), g));
        for (auto [i, vector] : llvm::enumerate(b.transpose(vectors))) {
          Value lane = b.idx(g * shape.lanes + i);
          b.storeVector(vector, to, index(head(lane), query(lane), column));
        }
      });
    }
    b.loop(first, b.add(first, lanes), 1, [&](Value lane) {
      Value laneHead = head(lane), row = query(lane);
      b.loop(whole, columns, 1, [&](Value column) {
        b.store(b.load(from, {column, lane}), to, index(laneHead, row, column));
      });
    });
  }
}

SmallVector<Value> PanelRows::gather(Value from, RowIndex index,
                                     function_ref<Value(Value)> convert,
                                     StringRef role) {
  Value zero = b.idx(0);
  Value buffer = scratch.get(role, {1, shape.panel()}, b.floatType);
  b.loop(zero, b.idx(shape.panel()), 1, [&](Value lane) {
    Value element = b.load(from, index(head(lane), query(lane), zero));
    b.store(convert(element), buffer, {zero, lane});
  });
  SmallVector<Value> vectors;
  for (int64_t g = 0; g < shape.groups; ++g)
    vectors.push_back(loadGroup(buffer, zero, g));
  return vectors;
}
