//===- TopK.cpp - The kernel of attn.topk ---------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A block of threads has a row. It counts digits of all elements from the top
// down, until the order of the last one chosen is known, and how many of those
// equal to it are. Then each warp counts what is chosen of its part of the row,
// to know where its indices go, and writes them in order.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "RadixBlock.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

/// Bytes of elements that a thread asks for before it looks at any.
static constexpr int64_t kBytesAtOnce = 32;

namespace {
class TopKKernel : RadixBlock {
public:
  using RadixBlock::kBytes;
  using RadixBlock::kThreads;

  TopKKernel(GpuBuilder &b, TopKOp op, ValueRange row, Value thread)
      : RadixBlock(b, thread), op(op), row(row),
        size(b.idx(getDim(b, b.getLoc(), op.getInput(), 2))),
        k(cast<MemRefType>(op.getIndices().getType()).getDimSize(2)),
        atOnce(kBytesAtOnce * 8 / type.getWidth()) {}

  void emit();

private:
  /// A thread's elements at the places that are `distance` apart from `first`
  /// on; of places from `end` on, that is not 0, `never`.
  SmallVector<Value> loadOrders(Value first, int64_t distance, Value end);
  std::pair<Value, Value> countChosen(const Bound &bound, Value lo, Value hi);
  void writeChosen(const Bound &bound, Value lo, Value hi);

  TopKOp op;
  SmallVector<Value> row; ///< [batch, head].
  Value size;
  int64_t k, atOnce;
};
} // namespace

SmallVector<Value> TopKKernel::loadOrders(Value first, int64_t distance,
                                          Value end) {
  SmallVector<Value> elements, orders;
  Value last = b.sub(end, b.idx(1));
  for (int64_t u = 0; u < atOnce; ++u) {
    Value i = b.min(b.add(first, u * distance), last);
    elements.push_back(b.load(op.getInput(), {row[0], row[1], i}));
  }
  for (int64_t u = 0; u < atOnce; ++u) {
    Value exists =
        b.compare(CmpIPredicate::slt, b.add(first, u * distance), end);
    orders.push_back(b.select(exists, toOrder(b, elements[u]), never));
  }
  return orders;
}

/// How many are above the bound, and how many equal it, of those that a lane
/// looks at of its warp's elements [lo, hi).
std::pair<Value, Value> TopKKernel::countChosen(const Bound &bound, Value lo,
                                                Value hi) {
  SmallVector<Value> numbers =
      b.loop(b.add(lo, lane), hi, kWarpSize * atOnce, {count(0), count(0)},
             [&](Value first, ValueRange in) {
               Value above = in[0], equal = in[1];
               for (Value own : loadOrders(first, kWarpSize, hi)) {
                 Value isAbove =
                     b.compare(CmpIPredicate::ugt, own, bound.order);
                 Value isEqual = b.compare(CmpIPredicate::eq, own, bound.order);
                 above = addI(above, arith::ExtUIOp::create(b, i32, isAbove));
                 equal = addI(equal, arith::ExtUIOp::create(b, i32, isEqual));
               }
               return SmallVector<Value>{above, equal};
             });
  return {numbers[0], numbers[1]};
}

/// Writes the indices that are chosen of a warp's elements [lo, hi).
void TopKKernel::writeChosen(const Bound &bound, Value lo, Value hi) {
  auto [above, equal] = countChosen(bound, lo, hi);
  // What the warps before this one have.
  Value aboveBefore = b.shuffleFirst(scan(above).first);
  Value equalBefore = b.shuffleFirst(scan(equal).first);
  Value one = count(1);
  Value isBefore = subI(arith::ShLIOp::create(b, one, toCount(lane)),
                        one); // A bit for each lane.
  auto countIn = [&](Value lanes) -> Value {
    return math::CtPopOp::create(b, lanes);
  };
  b.loop(lo, hi, kWarpSize * atOnce, {aboveBefore, equalBefore},
         [&](Value first, ValueRange in) {
           Value above = in[0], equal = in[1];
           SmallVector<Value> orders =
               loadOrders(b.add(first, lane), kWarpSize, hi);
           for (int64_t u = 0; u < atOnce; ++u) {
             Value own = orders[u];
             Value isAbove = b.compare(CmpIPredicate::ugt, own, bound.order);
             Value isEqual = b.compare(CmpIPredicate::eq, own, bound.order);
             Value allAbove = b.ballot(isAbove), allEqual = b.ballot(isEqual);
             Value aboveUpTo = addI(
                 above, countIn(arith::AndIOp::create(b, allAbove, isBefore)));
             Value equalUpTo = addI(
                 equal, countIn(arith::AndIOp::create(b, allEqual, isBefore)));
             // Of the equals, the first ones.
             Value isTaken =
                 b.compare(CmpIPredicate::slt, equalUpTo, bound.equals);
             b.ifThen(b.either(isAbove, b.both(isEqual, isTaken)), [&] {
               Value place = addI(aboveUpTo, minI(equalUpTo, bound.equals));
               Value i = b.add(b.add(first, lane), u * kWarpSize);
               b.store(b.createOrFold<arith::IndexCastOp>(b.getI64Type(), i),
                       op.getIndices(), {row[0], row[1], toIndex(place)});
             });
             above = addI(above, countIn(allAbove));
             equal = addI(equal, countIn(allEqual));
           }
           return SmallVector<Value>{above, equal};
         });
}

void TopKKernel::emit() {
  auto forEachOrder = [&](function_ref<void(Value)> body) {
    b.loop(thread, size, kThreads * atOnce, [&](Value first) {
      for (Value own : loadOrders(first, kThreads, size))
        body(own);
    });
  };
  int64_t shift = order.getWidth() - kDigitBits;
  clearBins();
  forEachOrder([&](Value own) {
    b.ifThen(b.compare(CmpIPredicate::ne, own, never), [&] {
      memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, count(1), bins,
                                  getDigit(own, shift, kDigitBits));
    });
  });
  b.barrier();
  Value wanted = count(k), total = findDigit(bins, ValueRange(), wanted);
  Value isAll = b.compare(CmpIPredicate::sle, total, wanted);
  SmallVector<Value> found = b.ifElse(
      TypeRange{order, i32}, isAll,
      [&] { return SmallVector<Value>{never, count(0)}; },
      [&] {
        // What is never chosen may have the first digits of what is, but is
        // below it.
        Value digit = b.load(this->found, b.idx(0));
        if (order != i32)
          digit = arith::ExtUIOp::create(b, order, digit);
        Bound bound =
            findBound(arith::ShLIOp::create(b, digit, b.integer(shift, order)),
                      shift, b.load(this->found, b.idx(1)), forEachOrder);
        return SmallVector<Value>{bound.order, bound.equals};
      });

  // Parts of the row are of whole accesses of a warp.
  constexpr int64_t kStep = kWarps * kWarpSize;
  Value perWarp =
      b.mul(b.div(b.add(size, kStep - 1), b.idx(kStep)), b.idx(kWarpSize));
  Value lo = b.min(size, b.mul(warp, perWarp));
  writeChosen({found[0], found[1]}, lo, b.min(size, b.add(lo, perWarp)));

  Value numChosen = toIndex(minI(total, wanted));
  b.loop(b.add(numChosen, thread), b.idx(k), kThreads, [&](Value i) {
    b.store(b.integer(-1, b.getI64Type()), op.getIndices(),
            {row[0], row[1], i});
  });
  b.ifThen(isThread(0), [&] {
    b.store(b.createOrFold<arith::IndexCastOp>(b.getI64Type(), numChosen),
            op.getCount(), row);
  });
}

void attn::emitTopK(OpBuilder &builder, TopKOp op) {
  auto type = cast<MemRefType>(op.getInput().getType()).getElementType();
  GpuBuilder b(op.getLoc(), builder, cast<FloatType>(type), /*lanes=*/1);
  Value batch = b.idx(getDim(b, b.getLoc(), op.getInput(), 0));
  Value heads = b.idx(getDim(b, b.getLoc(), op.getInput(), 1));
  b.launch(b.mul(batch, heads), TopKKernel::kThreads, TopKKernel::kBytes,
           [&](GpuThread id) {
             Value row[] = {b.div(id.block, heads), b.rem(id.block, heads)};
             TopKKernel(b, op, row, id.thread).emit();
           });
}
