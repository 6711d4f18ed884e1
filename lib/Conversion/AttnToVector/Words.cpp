//===- Words.cpp - What matrix products multiply --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Pairs of bf16 elements in 32-bit words, for the dot instruction.
//
//===----------------------------------------------------------------------===//

#include "Words.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;
using namespace mlir::attn;

/// `x` as a vector of `count` elements of `type`, bit for bit.
static Value castBits(VectorBuilder &b, Value x, int64_t count, Type type) {
  return vector::BitCastOp::create(b, VectorType::get(count, type), x);
}

static Value loadElements(VectorBuilder &b, Value rows, Value row, Value column,
                          int64_t count) {
  Type element = cast<MemRefType>(rows.getType()).getElementType();
  return vector::LoadOp::create(b, VectorType::get(count, element), rows,
                                ValueRange{row, column});
}

Value Words::splatOfRow(Value rows, Value row, Value column, bool isHalf) {
  if (!isPair())
    return b.splat(b.load(rows, {row, column}));
  Value word;
  if (isHalf) {
    Value bits = arith::BitcastOp::create(b, b.getI16Type(),
                                          b.load(rows, {row, column}));
    Value wide = arith::ExtUIOp::create(b, b.getI32Type(), bits);
    word = arith::BitcastOp::create(b, b.floatType, wide);
  } else {
    Value pair = loadElements(b, rows, row, column, 2);
    word = vector::ExtractOp::create(b, castBits(b, pair, 1, b.floatType),
                                     ArrayRef<int64_t>{0});
  }
  return b.splat(word);
}

Value Words::multiplyAdd(Value x, Value y, Value sum) {
  if (!isPair())
    return b.fma(x, y, sum);
  Type bf16 = b.getBF16Type();
  return x86vector::DotBF16Op::create(b, sum.getType(), sum,
                                      castBits(b, x, 2 * b.lanes, bf16),
                                      castBits(b, y, 2 * b.lanes, bf16));
}

Value Words::roundPairs(Value low, Value high) {
  if (b.lanes == 16) {
    // One instruction rounds both, one after the other; every other takes the
    // lanes apart.
    Type halves = VectorType::get(32, b.getBF16Type());
    Value rounded = b.intrinsic("llvm.x86.avx512bf16.cvtne2ps2bf16.512", halves,
                                {high, low});
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < 16; ++i)
      order.append({i, 16 + i});
    Value pairs = vector::ShuffleOp::create(b, rounded, rounded, order);
    return castBits(b, pairs, b.lanes, b.floatType);
  }
  auto constant = [&](uint32_t value) -> Value {
    auto type = VectorType::get(b.lanes, b.getI32Type());
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, APInt(32, value)));
  };
  // Half of the last bit that stays; a tie goes up. No carry leaves the
  // exponent: nothing here is near the largest number.
  Value half = constant(0x8000);
  auto round = [&](Value x) -> Value {
    return arith::AddIOp::create(b, castBits(b, x, b.lanes, b.getI32Type()),
                                 half);
  };
  Value lower = arith::ShRUIOp::create(b, round(low), constant(16));
  Value upper = arith::AndIOp::create(b, round(high), constant(0xFFFF0000));
  return castBits(b, arith::OrIOp::create(b, lower, upper), b.lanes,
                  b.floatType);
}

void Words::interleaveRows(Value rows, Value numKeys, int64_t columns,
                           function_ref<Value(Value)> rowOf, Value to) {
  assert(isPair() && "single elements are read in place");
  Value last = b.sub(numKeys, b.idx(1));
  b.loop(b.idx(0), numKeys, 2, [&](Value key) {
    Value word = b.div(key, b.idx(2));
    Value first = rowOf(key), second = rowOf(b.min(b.add(key, 1), last));
    auto interleave = [&](Value column, int64_t width) {
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < width; ++i)
        order.append({i, width + i});
      Value pairs = vector::ShuffleOp::create(
          b, loadElements(b, rows, first, column, width),
          loadElements(b, rows, second, column, width), order);
      vector::StoreOp::create(b, castBits(b, pairs, width, b.floatType), to,
                              ValueRange{word, column});
    };
    // Two registers at a time in a loop, then ever fewer columns.
    int64_t width = 2 * b.lanes, done = columns & -width;
    b.loop(b.idx(0), b.idx(done), width,
           [&](Value column) { interleave(column, width); });
    for (width /= 2; width >= 1; width /= 2)
      if (columns & width) {
        interleave(b.idx(done), width);
        done += width;
      }
  });
}
