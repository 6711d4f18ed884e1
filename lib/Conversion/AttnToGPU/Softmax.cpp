//===- Softmax.cpp - The kernel of linalg.softmax -------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What turns the scores of attn.scores into what keys are chosen by: a block of
// threads has a row, and goes through it three times.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr int64_t kWarps = 8;
static constexpr int64_t kThreads = kWarps * kWarpSize;
/// Elements that a thread asks for before it uses any.
static constexpr int64_t kAtOnce = 4;
static constexpr double kLog2E = 1.44269504088896340736;

/// `combine` of `x` of all threads, in each of them.
static Value reduceBlock(GpuBuilder &b, Value thread, Value x,
                         function_ref<Value(Value, Value)> combine) {
  Value memory = b.shared(b.floatType, kWarps, 0);
  Value lane = b.rem(thread, b.idx(kWarpSize));
  x = b.allReduce(x, kWarpSize, combine);
  b.ifThen(b.compare(CmpIPredicate::eq, lane, b.idx(0)),
           [&] { b.store(x, memory, b.div(thread, b.idx(kWarpSize))); });
  b.barrier();
  x = b.allReduce(b.load(memory, b.rem(lane, b.idx(kWarps))), kWarps, combine);
  b.barrier();
  return x;
}

void attn::emitSoftmax(OpBuilder &builder, linalg::SoftmaxOp op) {
  auto type = cast<MemRefType>(op.getInput().getType());
  auto outputType = cast<MemRefType>(op.getOutput().getType());
  // Sums of numbers of 16 bits are of 32.
  FloatType floatType = type.getElementType().isF64() ? builder.getF64Type()
                                                      : builder.getF32Type();
  GpuBuilder b(op.getLoc(), builder, floatType, /*lanes=*/1);
  int64_t dim = op.getDimension();
  SmallVector<Value> sizes;
  Value rows = b.idx(1);
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    sizes.push_back(b.idx(getDim(b, b.getLoc(), op.getInput(), axis)));
    if (axis != dim)
      rows = b.mul(rows, sizes[axis]);
  }
  Value size = sizes[dim];
  b.launch(
      rows, kThreads, kWarps * floatType.getWidth() / 8, [&](GpuThread id) {
        SmallVector<Value> place(sizes.size());
        Value number = id.block;
        for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
          if (axis == dim)
            continue;
          place[axis] = b.rem(number, sizes[axis]);
          number = b.div(number, sizes[axis]);
        }
        // Calls its argument with each element of this thread, and whether
        // there is one.
        auto forEach = [&](Value first,
                           function_ref<void(Value, Value, Value)> body) {
          SmallVector<Value> numbers;
          Value last = b.sub(size, b.idx(1));
          for (int64_t u = 0; u < kAtOnce; ++u) {
            place[dim] = b.min(b.add(first, u * kThreads), last);
            numbers.push_back(b.load(op.getInput(), place));
          }
          for (int64_t u = 0; u < kAtOnce; ++u) {
            Value i = b.add(first, u * kThreads);
            body(i, b.cast(numbers[u], floatType),
                 b.compare(CmpIPredicate::slt, i, size));
          }
        };
        auto reduce = [&](Value neutral, function_ref<Value(Value)> map,
                          function_ref<Value(Value, Value)> combine) {
          Value own =
              b.loop(id.thread, size, kThreads * kAtOnce, neutral,
                     [&](Value first, ValueRange in) {
                       Value all = in[0];
                       forEach(first, [&](Value, Value x, Value exists) {
                         all = combine(all, b.select(exists, map(x), neutral));
                       });
                       return SmallVector<Value>{all};
                     })
                  .front();
          return reduceBlock(b, id.thread, own, combine);
        };
        Value most = reduce(
            b.negInf(floatType), [](Value x) { return x; },
            [&](Value x, Value y) -> Value {
              return arith::MaxNumFOp::create(b, x, y);
            });
        // Of a row of -inf it is NaN.
        auto power = [&](Value x) {
          return b.exp2(b.fmul(b.fsub(x, most), b.number(kLog2E, floatType)));
        };
        Value total = reduce(b.number(0.0, floatType), power,
                             [&](Value x, Value y) { return b.fadd(x, y); });
        b.loop(id.thread, size, kThreads * kAtOnce, [&](Value first) {
          forEach(first, [&](Value i, Value x, Value exists) {
            b.ifThen(exists, [&] {
              place[dim] = i;
              b.store(
                  b.cast(b.fdiv(power(x), total), outputType.getElementType()),
                  op.getOutput(), place);
            });
          });
        });
      });
}
