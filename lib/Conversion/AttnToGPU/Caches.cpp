//===- Caches.cpp - The kernels that grow caches --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// New rows of key and value to their places, and into the mean of the values.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Threads of a block, and tokens that it writes.
static constexpr int64_t kThreads = 128;
static constexpr int64_t kTokens = 32;
/// Elements that a thread asks for before it writes any.
static constexpr int64_t kAtOnce = 4;
/// Threads of a block that adds to means.
static constexpr int64_t kMeanThreads = 256;

/// pos or count at batch entry `b`.
static Value getPerBatch(GpuBuilder &b, Value value, Value batch) {
  if (isa<ShapedType>(value.getType()))
    return b.idx(loadLength(b, b.getLoc(), value, OpFoldResult(batch)));
  return value;
}

//===----------------------------------------------------------------------===//
// attn.kv_append
//===----------------------------------------------------------------------===//

namespace {
/// Tokens of one key head that a block of threads writes.
struct NewTokens {
  Value batch, kvHead, first, count;
  Value pos; ///< Where the first token of all goes.
  Value thread;
};
} // namespace

/// Writes `numElements` elements, a few at a time in each thread: those at
/// `from(i)` to `to(i)`.
static void copyElements(GpuBuilder &b, Value thread, Value numElements,
                         Value source, Value target,
                         function_ref<SmallVector<Value>(Value)> from,
                         function_ref<SmallVector<Value>(Value)> to) {
  Value last = b.sub(numElements, b.idx(1));
  b.loop(thread, numElements, kThreads * kAtOnce, [&](Value first) {
    SmallVector<Value> elements;
    for (int64_t u = 0; u < kAtOnce; ++u) {
      Value i = b.min(b.add(first, u * kThreads), last);
      elements.push_back(b.load(source, from(i)));
    }
    for (int64_t u = 0; u < kAtOnce; ++u) {
      Value i = b.add(first, u * kThreads);
      b.ifThen(b.compare(CmpIPredicate::slt, i, numElements),
               [&] { b.store(elements[u], target, to(i)); });
    }
  });
}

static void appendTokens(GpuBuilder &b, KvAppendOp op, const NewTokens &at) {
  Layout layout = op.getLayout().value_or(Layout::bhsd);
  Location loc = b.getLoc();
  auto copyRows = [&](Value rows, Value cache) {
    Value width = b.idx(getDim(b, loc, rows, 3));
    auto place = [&](Value i, Value first) {
      return indexIn(layout, at.batch, at.kvHead, b.add(first, b.div(i, width)),
                     b.rem(i, width));
    };
    copyElements(
        b, at.thread, b.mul(at.count, width), rows, cache,
        [&](Value i) { return place(i, at.first); },
        [&](Value i) { return place(i, b.add(at.pos, at.first)); });
  };
  copyRows(op.getNewKey(), op.getKey());
  copyRows(op.getNewValue(), op.getValue());
  Value keyT = op.getKeyT();
  if (!keyT)
    return;
  // Neighbours among the threads have tokens that follow each other, as memory
  // has them; what they read lies in few lines of a cache.
  Value width = b.idx(getDim(b, loc, op.getNewKey(), 3));
  Value tile = b.idx(cast<MemRefType>(keyT.getType()).getDimSize(4));
  auto token = [&](Value i) { return b.add(at.first, b.rem(i, at.count)); };
  copyElements(
      b, at.thread, b.mul(at.count, width), op.getNewKey(), keyT,
      [&](Value i) {
        return indexIn(layout, at.batch, at.kvHead, token(i),
                       b.div(i, at.count));
      },
      [&](Value i) {
        Value position = b.add(at.pos, token(i));
        return SmallVector<Value>{at.batch, at.kvHead, b.div(position, tile),
                                  b.div(i, at.count), b.rem(position, tile)};
      });
}

void attn::emitAppend(OpBuilder &builder, KvAppendOp op) {
  GpuBuilder b(op.getLoc(), builder, builder.getF32Type(), /*lanes=*/1);
  int64_t seqAxis = op.getLayout() == Layout::bshd ? 1 : 2;
  auto size = [&](Value memref, int64_t axis) {
    return b.idx(getDim(b, b.getLoc(), memref, axis));
  };
  Value batch = size(op.getNewKey(), 0);
  Value heads = size(op.getNewKey(), 3 - seqAxis);
  Value tokens = size(op.getNewKey(), seqAxis);
  Value capacity = size(op.getKey(), seqAxis);
  Value chunks = b.div(b.add(tokens, kTokens - 1), b.idx(kTokens));
  b.launch(b.mul(b.mul(batch, heads), chunks), kThreads, /*sharedBytes=*/0,
           [&](GpuThread id) {
             NewTokens at;
             at.thread = id.thread;
             at.first = b.mul(b.rem(id.block, chunks), b.idx(kTokens));
             at.count = b.min(b.sub(tokens, at.first), b.idx(kTokens));
             Value slot = b.div(id.block, chunks);
             at.kvHead = b.rem(slot, heads);
             at.batch = b.div(slot, heads);
             at.pos = getPerBatch(b, op.getPos(), at.batch);
             // What does not fit is not written; the host cannot look at it.
             Value fits =
                 b.both(b.compare(CmpIPredicate::sge, at.pos, b.idx(0)),
                        b.compare(CmpIPredicate::sle, at.pos,
                                  b.sub(capacity, tokens)));
             b.ifThen(fits, [&] { appendTokens(b, op, at); });
           });
}

//===----------------------------------------------------------------------===//
// attn.running_mean
//===----------------------------------------------------------------------===//

/// A block of threads has a key head: groups of threads a part of the tokens
/// each, one thread of a group a column.
void attn::emitRunningMean(OpBuilder &builder, RunningMeanOp op) {
  auto meanType = cast<MemRefType>(op.getMean().getType());
  auto type = cast<FloatType>(meanType.getElementType());
  GpuBuilder b(op.getLoc(), builder, type, /*lanes=*/1);
  Layout layout = op.getLayout().value_or(Layout::bhsd);
  int64_t seqAxis = layout == Layout::bshd ? 1 : 2;
  auto size = [&](Value memref, int64_t axis) {
    return b.idx(getDim(b, b.getLoc(), memref, axis));
  };
  Value rows = op.getNewValue();
  Value tokens = size(rows, seqAxis), heads = size(rows, 3 - seqAxis);
  Value columns = size(rows, 3), zero = b.number(0.0, type);
  int64_t width = meanType.getDimSize(2), perGroup = kMeanThreads;
  if (!ShapedType::isDynamic(width))
    perGroup =
        std::clamp<int64_t>(llvm::PowerOf2Ceil(width), kWarpSize, kMeanThreads);
  bool isOne = cast<MemRefType>(rows.getType()).getDimSize(seqAxis) == 1;
  int64_t groups = isOne ? 1 : kMeanThreads / perGroup;
  int64_t atOnce = isOne ? 1 : kAtOnce;
  int64_t bytes = groups * perGroup * type.getWidth() / 8;
  // Without a token nothing changes.
  Value slots = b.mul(b.mul(size(rows, 0), heads), b.min(tokens, b.idx(1)));
  b.launch(slots, groups * perGroup, bytes, [&](GpuThread id) {
    Value batch = b.div(id.block, heads), kvHead = b.rem(id.block, heads);
    Value group = b.div(id.thread, b.idx(perGroup));
    Value lane = b.rem(id.thread, b.idx(perGroup));
    Value count = b.max(b.idx(0), getPerBatch(b, op.getCount(), batch));
    Value memory = b.shared(type, groups * perGroup, 0);
    Value lastToken = b.sub(tokens, b.idx(1));
    b.loop(b.idx(0), columns, perGroup, [&](Value first) {
      Value own = b.add(first, lane);
      Value exists = b.compare(CmpIPredicate::slt, own, columns);
      Value column = b.min(own, b.sub(columns, b.idx(1)));
      // Of nothing it may be anything.
      Value isEmpty = b.compare(CmpIPredicate::eq, count, b.idx(0));
      Value mean = b.select(isEmpty, zero,
                            b.load(op.getMean(), {batch, kvHead, column}));
      SmallVector<Value> sums = b.loop(
          group, tokens, groups * atOnce, SmallVector<Value>(atOnce, zero),
          [&](Value start, ValueRange in) {
            SmallVector<Value> numbers, next;
            for (int64_t u = 0; u < atOnce; ++u) {
              Value token = b.min(b.add(start, u * groups), lastToken);
              numbers.push_back(b.toFloat(
                  b.load(rows, indexIn(layout, batch, kvHead, token, column))));
            }
            for (int64_t u = 0; u < atOnce; ++u) {
              Value token = b.add(start, u * groups), x = numbers[u];
              // One after the other, a number that is not finite would make
              // a NaN of the mean when the next one comes.
              Value isLast = b.compare(CmpIPredicate::eq, token, lastToken);
              Value nothing = b.select(isLast, zero, b.fsub(x, x));
              Value step = b.fadd(b.fsub(x, mean), nothing);
              Value isToken = b.compare(CmpIPredicate::sle, token, lastToken);
              next.push_back(b.select(isToken, b.fadd(in[u], step), in[u]));
            }
            return next;
          });
      Value sum = sums[0];
      for (Value other : llvm::drop_begin(sums))
        sum = b.fadd(sum, other);
      b.store(sum, memory, id.thread);
      b.barrier();
      Value writes =
          b.both(exists, b.compare(CmpIPredicate::eq, group, b.idx(0)));
      b.ifThen(writes, [&] {
        Value all = zero;
        for (int64_t g = 0; g < groups; ++g)
          all = b.fadd(all, b.load(memory, b.add(lane, g * perGroup)));
        Value number =
            arith::IndexCastOp::create(b, b.getI64Type(), b.add(count, tokens));
        number = arith::SIToFPOp::create(b, type, number);
        b.store(b.fadd(mean, b.fdiv(all, number)), op.getMean(),
                {batch, kvHead, column});
      });
      b.barrier();
    });
  });
}
