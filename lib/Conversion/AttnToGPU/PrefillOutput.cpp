//===- PrefillOutput.cpp - What becomes of sums ---------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Rows that a warp has alone go from its registers to memory, those that all
// warps have are joined in shared memory first.
//
//===----------------------------------------------------------------------===//

#include "PrefillKernel.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static constexpr double kLog2E = 1.44269504088896340736;
static constexpr double kLn2 = 0.693147180559945309417;
static constexpr int64_t kChunkBytes = 16;

//===----------------------------------------------------------------------===//
// Rows of one warp
//===----------------------------------------------------------------------===//

Value PrefillKernel::sinkOf(const Row &row) {
  // Of parts it joins their merge.
  if (!step.sinks || isPart)
    return {};
  Value sink = b.cast(b.load(step.sinks, row.head), b.floatType);
  sink = b.fmul(sink, b.number(kLog2E, b.floatType));
  // Rows that are not in use have none.
  if (Value isUsed = isInUse(b, op, batch, row.query))
    sink = b.select(isUsed, sink, b.negInf(b.floatType));
  return sink;
}

/// Normalises the sums and writes them and lse.
void PrefillKernel::writeRows(PrefillState &state) {
  Value zero = b.number(0.0, b.floatType);
  for (int64_t m = 0; m < shape.rowTiles; ++m)
    for (int64_t half = 0; half < 2; ++half) {
      const Row &row = rows[m][half];
      Value sum = f->rowSum(state.sums[m][half]);
      Value maximum = state.maxima[m][half], decay;
      if (isScaledLate)
        maximum = b.fmul(maximum, factor);
      Value shift = b.safeShift(maximum);
      if (Value sink = sinkOf(row)) {
        shift = b.safeShift(f->maximum(maximum, sink));
        decay = b.exp2(b.fsub(maximum, shift));
        sum = b.fma(sum, decay, b.exp2(b.fsub(sink, shift)));
      }
      if (lse) {
        Value natural = b.fma(shift, b.number(kLn2, b.floatType), b.log(sum));
        Value isWriter =
            b.both(row.exists,
                   b.compare(CmpIPredicate::eq, f->inGroup, f->integer(0)));
        b.ifThen(isWriter, [&] { storeLse(natural, row); });
      }
      Value isDead = b.fcompare(CmpFPredicate::OEQ, sum, zero);
      Value inverse = b.fdiv(b.number(1.0, b.floatType), sum);
      if (decay)
        inverse = b.fmul(inverse, decay);
      for (Sums &four : state.outputs[m])
        for (int64_t c = 0; c < 2; ++c) {
          Value &x = four[2 * half + c];
          x = b.select(isDead, zero, b.fmul(x, inverse));
        }
    }
  writeOutput(state.outputs);
}

/// Where a row of output begins.
Value PrefillKernel::outputRow(Value head, Value query) {
  SmallVector<Value> at =
      indexIn(isPart ? Layout::bhsd : step.layout, batch, head, query, {});
  at.pop_back();
  if (isPart)
    at.insert(at.begin(), split);
  Value offset;
  for (auto [axis, index] : llvm::enumerate(at)) {
    Value bytes = b.mul(f->toLong(index), f->strideBytes(output, axis));
    offset = offset ? b.add(offset, bytes) : bytes;
  }
  return f->at(f->globalMemory(output), offset);
}

void PrefillKernel::storeLse(Value x, const Row &row) {
  SmallVector<Value> at = {batch, row.head, row.query};
  if (isPart)
    at.insert(at.begin(), split);
  b.store(x, lse, at);
}

void PrefillKernel::writeOutput(const SmallVector<SmallVector<Sums>> &outputs) {
  Type outputType = getElementTypeOrSelf(output.getType());
  Value mine = b.mul(f->inGroup, f->integer(2));
  if (outputType != type || !isAligned || hasRoles) {
    // Two numbers of four lanes are a sector, if of 32 bits.
    int64_t bytes = outputType.getIntOrFloatBitWidth() / 8;
    for (int64_t m = 0; m < shape.rowTiles; ++m)
      for (int64_t half = 0; half < 2; ++half) {
        const Row &row = rows[m][half];
        b.ifThen(row.exists, [&] {
          Value begin = f->at(outputRow(row.head, row.query),
                              f->toLong(b.mul(mine, f->integer(bytes))));
          for (auto [i, four] : llvm::enumerate(outputs[m])) {
            Value pair = vector::FromElementsOp::create(
                b, VectorType::get(2, b.floatType),
                ValueRange{four[2 * half], four[2 * half + 1]});
            pair = b.cast(pair, outputType);
            Value to = f->at(begin, 8 * i * bytes);
            if (isAligned) {
              LLVM::StoreOp::create(b, pair, to, 2 * bytes);
              continue;
            }
            for (int64_t c = 0; c < 2; ++c)
              LLVM::StoreOp::create(
                  b, vector::ExtractOp::create(b, pair, ArrayRef<int64_t>{c}),
                  f->at(to, c * bytes), bytes);
          }
        });
      }
    return;
  }
  // Through shared memory, so that lanes write whole sectors of a row.
  SharedRows rowsOf{shape.headDimV};
  Value warpRow = b.mul(rowWarp(), f->integer(shape.warpRows()));
  for (int64_t m = 0; m < shape.rowTiles; ++m)
    for (int64_t half = 0; half < 2; ++half) {
      Value row =
          b.add(b.add(warpRow, f->group), f->integer(16 * m + 8 * half));
      Value begin =
          f->at(shared, b.add(b.mul(row, f->integer(rowsOf.rowBytes())),
                              b.mul(mine, f->integer(2))));
      Value bits = f->swizzle(row, rowsOf);
      for (auto [i, four] : llvm::enumerate(outputs[m])) {
        int64_t chunk = i;
        Value place = b.createOrFold<arith::XOrIOp>(bits, f->integer(chunk));
        Value word = f->pack(four[2 * half], four[2 * half + 1]);
        LLVM::StoreOp::create(
            b, word, f->at(begin, b.mul(place, f->integer(kChunkBytes))), 4);
      }
    }
  b.barrier();
  RowCopy copy(*f, b, rowsOf, f->thread, shape.threads());
  auto target = [&](Value number, int64_t) {
    Row row = rowAt(b.add(number, f->toInt(firstRow)));
    return std::make_pair(outputRow(row.head, row.query), row.exists);
  };
  copy.forEach(
      shared, shape.blockQ(), target, [&](Value from, Value to, Value exists) {
        b.ifThen(exists, [&] {
          Value words = LLVM::LoadOp::create(
              b, VectorType::get(4, b.getI32Type()), from, kChunkBytes);
          LLVM::StoreOp::create(b, words, to, kChunkBytes);
        });
      });
}

//===----------------------------------------------------------------------===//
// Rows that all warps have
//===----------------------------------------------------------------------===//

/// Numbers of f32 that a thread moves at a time.
static constexpr int64_t kWide = kChunkBytes / 4;

void PrefillKernel::joinWarps(PrefillState &state) {
  int64_t rowBytes = shape.stateBytes(), sumsBytes = shape.headDimV * 4;
  Value mine =
      f->at(shared, b.mul(keyWarp, f->integer(shape.blockQ() * rowBytes)));
  Value column = b.mul(f->inGroup, f->integer(2 * 4));
  auto pairType = VectorType::get(2, b.floatType);
  auto storePair = [&](Value x, Value y, Value to) {
    Value pair = vector::FromElementsOp::create(b, pairType, ValueRange{x, y});
    LLVM::StoreOp::create(b, pair, to, 8);
  };
  for (int64_t m = 0; m < shape.rowTiles; ++m)
    for (int64_t half = 0; half < 2; ++half) {
      Value row = b.add(f->group, f->integer(16 * m + 8 * half));
      Value begin = f->at(mine, b.mul(row, f->integer(rowBytes)));
      Value sum = f->rowSum(state.sums[m][half]);
      Value maximum = state.maxima[m][half];
      if (isScaledLate)
        maximum = b.fmul(maximum, factor);
      Value at = f->at(begin, column);
      for (auto [i, four] : llvm::enumerate(state.outputs[m]))
        storePair(four[2 * half], four[2 * half + 1], f->at(at, 8 * i * 4));
      b.ifThen(b.compare(CmpIPredicate::eq, f->inGroup, f->integer(0)),
               [&] { storePair(maximum, sum, f->at(begin, sumsBytes)); });
    }
  b.barrier();

  // A thread has a few columns of a row.
  Value width = f->integer(shape.headDimV / kWide);
  b.loop(f->thread, b.mul(f->integer(shape.blockQ()), width),
         f->integer(shape.threads()), [&](Value number) {
           Value inBlock = b.div(number, width);
           Value first = b.mul(b.rem(number, width), f->integer(kWide));
           Row row = rowAt(b.add(inBlock, f->toInt(firstRow)));
           Value place = f->at(shared, b.mul(inBlock, f->integer(rowBytes)));
           b.ifThen(row.exists, [&] { writeJoined(place, row, first); });
         });
}

/// Some columns of a row, whose state of the first warp lies at `place`.
void PrefillKernel::writeJoined(Value place, const Row &row, Value column) {
  int64_t warpBytes = shape.blockQ() * shape.stateBytes();
  auto element = [&](Value vector, int64_t i) -> Value {
    return vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{i});
  };
  Value sink = sinkOf(row), most = sink;
  SmallVector<Value> maxima, sums;
  for (int64_t w = 0; w < shape.keyWarps; ++w) {
    Value at = f->at(place, w * warpBytes + shape.headDimV * 4);
    Value pair =
        LLVM::LoadOp::create(b, VectorType::get(2, b.floatType), at, 8);
    maxima.push_back(element(pair, 0));
    sums.push_back(element(pair, 1));
    most = most ? f->maximum(most, maxima.back()) : maxima.back();
  }
  Value shift = b.safeShift(most), zero = b.number(0.0, b.floatType);
  Value sum = sink ? b.exp2(b.fsub(sink, shift)) : zero;
  SmallVector<Value> joined(kWide, zero);
  Value begin = f->at(place, b.mul(column, f->integer(4)));
  for (int64_t w = 0; w < shape.keyWarps; ++w) {
    Value weight = b.exp2(b.fsub(maxima[w], shift));
    sum = b.fma(weight, sums[w], sum);
    Value four = LLVM::LoadOp::create(b, VectorType::get(kWide, b.floatType),
                                      f->at(begin, w * warpBytes), kChunkBytes);
    for (int64_t i = 0; i < kWide; ++i)
      joined[i] = b.fma(weight, element(four, i), joined[i]);
  }
  if (lse)
    b.ifThen(b.compare(CmpIPredicate::eq, column, f->integer(0)), [&] {
      storeLse(b.fma(shift, b.number(kLn2, b.floatType), b.log(sum)), row);
    });
  Value isDead = b.fcompare(CmpFPredicate::OEQ, sum, zero);
  Value inverse = b.fdiv(b.number(1.0, b.floatType), sum);
  for (Value &x : joined)
    x = b.select(isDead, zero, b.fmul(x, inverse));
  Type outputType = getElementTypeOrSelf(output.getType());
  int64_t bytes = outputType.getIntOrFloatBitWidth() / 8;
  Value all = vector::FromElementsOp::create(
      b, VectorType::get(kWide, b.floatType), joined);
  all = b.cast(all, outputType);
  Value to = f->at(outputRow(row.head, row.query),
                   f->toLong(b.mul(column, f->integer(bytes))));
  if (isAligned) {
    LLVM::StoreOp::create(b, all, to, kWide * bytes);
    return;
  }
  for (int64_t i = 0; i < kWide; ++i)
    LLVM::StoreOp::create(b, element(all, i), f->at(to, i * bytes), bytes);
}
