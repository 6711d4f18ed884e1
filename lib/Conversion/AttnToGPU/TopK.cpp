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
// Where rows are long and fewer than multiprocessors, blocks first choose from
// segments of a row, each as many as are wanted of the whole: what is chosen is
// among these, in order, so that the same kernel chooses it from them.
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

/// Elements of a segment, or four times as many as are wanted if that is more.
static constexpr int64_t kSegment = 16384;

namespace {
/// What a block of threads chooses from, and where indices go.
struct Segment {
  Value batch, head, row; ///< The last one counts all rows.
  Value first, size;      ///< Elements of the row.
  /// [row][candidate], of i32: indices to choose from, -1 if there is none,
  /// `size` of them, instead of elements; or null.
  Value candidates;
  /// [row][candidate], where indices go from `place` on; null for those of the
  /// op, and their number.
  Value chosen, place;
};

class TopKKernel : RadixBlock {
public:
  using RadixBlock::kBytes;
  using RadixBlock::kThreads;

  TopKKernel(GpuBuilder &b, TopKOp op, const Segment &from, Value thread)
      : RadixBlock(b, thread), op(op), from(from), size(from.size),
        k(cast<MemRefType>(op.getIndices().getType()).getDimSize(2)),
        atOnce(kBytesAtOnce * 8 / type.getWidth()) {}

  void emit();

private:
  /// A thread's elements at the places that are `distance` apart from `first`
  /// on; of places from `end` on, that is not 0, `never`.
  SmallVector<Value> loadOrders(Value first, int64_t distance, Value end);
  /// The index in the row of an element, of i32; negative if there is none.
  Value indexAt(Value i);
  void storeIndex(Value index, Value place);
  std::pair<Value, Value> countChosen(const Bound &bound, Value lo, Value hi);
  void writeChosen(const Bound &bound, Value lo, Value hi);

  TopKOp op;
  const Segment &from;
  Value size;
  int64_t k, atOnce;
};
} // namespace

Value TopKKernel::indexAt(Value i) {
  if (from.candidates)
    return b.load(from.candidates, {from.row, i});
  return toCount(b.add(from.first, i));
}

void TopKKernel::storeIndex(Value index, Value place) {
  if (from.chosen)
    return b.store(index, from.chosen, {from.row, b.add(from.place, place)});
  b.store(arith::ExtSIOp::create(b, b.getI64Type(), index), op.getIndices(),
          {from.batch, from.head, place});
}

SmallVector<Value> TopKKernel::loadOrders(Value first, int64_t distance,
                                          Value end) {
  SmallVector<Value> exists, indices, elements, orders;
  Value last = b.sub(end, b.idx(1));
  for (int64_t u = 0; u < atOnce; ++u) {
    Value i = b.add(first, u * distance);
    exists.push_back(b.compare(CmpIPredicate::slt, i, end));
    indices.push_back(indexAt(b.min(i, last)));
  }
  for (int64_t u = 0; u < atOnce; ++u) {
    Value i = toIndex(indices[u]);
    if (from.candidates) {
      exists[u] = b.both(exists[u],
                         b.compare(CmpIPredicate::sge, indices[u], count(0)));
      i = b.max(i, b.idx(0));
    }
    elements.push_back(b.load(op.getInput(), {from.batch, from.head, i}));
  }
  for (int64_t u = 0; u < atOnce; ++u)
    orders.push_back(b.select(exists[u], toOrder(b, elements[u]), never));
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
               storeIndex(indexAt(b.add(b.add(first, lane), u * kWarpSize)),
                          toIndex(place));
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
  b.loop(b.add(numChosen, thread), b.idx(k), kThreads,
         [&](Value i) { storeIndex(count(-1), i); });
  if (from.chosen)
    return;
  b.ifThen(isThread(0), [&] {
    b.store(b.createOrFold<arith::IndexCastOp>(b.getI64Type(), numChosen),
            op.getCount(), {from.batch, from.head});
  });
}

/// Launches a block of threads for each of `numSegments` segments of a row,
/// which is filled in but for the place and the rows.
static void launch(GpuBuilder &b, TopKOp op, Value numSegments,
                   function_ref<void(Segment &, Value number)> fill) {
  Value batch = b.idx(getDim(b, b.getLoc(), op.getInput(), 0));
  Value heads = b.idx(getDim(b, b.getLoc(), op.getInput(), 1));
  b.launch(b.mul(b.mul(batch, heads), numSegments), TopKKernel::kThreads,
           TopKKernel::kBytes, [&](GpuThread id) {
             Segment from;
             from.row = b.div(id.block, numSegments);
             from.batch = b.div(from.row, heads);
             from.head = b.rem(from.row, heads);
             fill(from, b.rem(id.block, numSegments));
             TopKKernel(b, op, from, id.thread).emit();
           });
}

void attn::emitTopK(OpBuilder &builder, TopKOp op, const GpuTarget &target) {
  auto type = cast<MemRefType>(op.getInput().getType());
  GpuBuilder b(op.getLoc(), builder, cast<FloatType>(type.getElementType()),
               /*lanes=*/1);
  auto sizeOf = [&](int64_t axis) {
    return b.idx(getDim(b, b.getLoc(), op.getInput(), axis));
  };
  Value size = sizeOf(2), rows = b.mul(sizeOf(0), sizeOf(1));
  int64_t k = cast<MemRefType>(op.getIndices().getType()).getDimSize(2);
  int64_t perSegment = std::max(kSegment, 4 * k);
  auto emitWhole = [&] {
    launch(b, op, b.idx(1), [&](Segment &from, Value) {
      from.first = b.idx(0);
      from.size = size;
    });
    return SmallVector<Value>();
  };
  std::optional<int64_t> known = getConstantIntValue(size);
  std::optional<int64_t> knownRows = getConstantIntValue(rows);
  if ((known && *known <= 2 * perSegment) ||
      (knownRows && *knownRows >= target.numSms)) {
    emitWhole();
    return;
  }

  Value isLong =
      b.both(b.compare(CmpIPredicate::sgt, size, b.idx(2 * perSegment)),
             b.compare(CmpIPredicate::slt, rows, b.idx(target.numSms)));
  Value segments = b.div(b.add(size, perSegment - 1), b.idx(perSegment));
  // No memory where no segments are.
  Value count = b.select(isLong, b.mul(segments, b.idx(k)), b.idx(0));
  Value shape[] = {b.select(isLong, rows, b.idx(0)), count};
  Value candidates = memref::AllocOp::create(
      b, getAsOpFoldResult(shape), b.getI32Type(), /*memorySpace=*/Attribute());
  b.ifElse(
      TypeRange(), isLong,
      [&] {
        launch(b, op, segments, [&](Segment &from, Value number) {
          from.first = b.mul(number, b.idx(perSegment));
          from.size = b.min(b.idx(perSegment), b.sub(size, from.first));
          from.chosen = candidates;
          from.place = b.mul(number, b.idx(k));
        });
        launch(b, op, b.idx(1), [&](Segment &from, Value) {
          from.size = b.mul(segments, b.idx(k));
          from.candidates = candidates;
        });
        return SmallVector<Value>();
      },
      emitWhole);
}
