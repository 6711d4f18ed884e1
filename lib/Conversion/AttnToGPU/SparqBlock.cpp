//===- SparqBlock.cpp - Blocks of threads that choose ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Sums over threads, digits, and who is last.
//
//===----------------------------------------------------------------------===//

#include "SparqBlock.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::sparq;
using arith::CmpIPredicate;

int64_t Plan::getChoiceBytes() {
  return 4 * ChoosingBlock::kBins + 16 + bytes() * (kChoiceWarps + 2 * group);
}

ChoosingBlock::ChoosingBlock(GpuBuilder &b, Plan &plan, const Scratch &scratch,
                             const Place &at, Value chunk, Value numChunks)
    : b(b), plan(plan), scratch(scratch), at(at), chunk(chunk),
      numChunks(numChunks), type(plan.type), order(plan.getOrderType()),
      i32(b.getI32Type()), zero(b.number(0.0, type)),
      never(getOrderOfInfinity(b, true)),
      firstKey(b.mul(chunk, b.idx(Plan::kKeysPerChunk))) {
  int64_t offset = 0;
  auto allocate = [&](Type type, int64_t number, int64_t bytes) {
    Value memory = b.shared(type, number, offset);
    offset += bytes;
    return memory;
  };
  bins = allocate(i32, kBins, 4 * kBins);
  found = allocate(i32, 2, 8);
  flag = allocate(i32, 1, 8);
  counts = b.shared(i32, Plan::kChoiceWarps, offset);
  partial =
      allocate(type, Plan::kChoiceWarps, plan.bytes() * Plan::kChoiceWarps);
  shifts = allocate(type, plan.group, plan.bytes() * plan.group);
  inverses = allocate(type, plan.group, plan.bytes() * plan.group);
}

//===----------------------------------------------------------------------===//
// All threads together
//===----------------------------------------------------------------------===//

Value ChoosingBlock::sum(Value x) {
  auto combine = [&](Value x, Value y) {
    return isa<FloatType>(x.getType()) ? b.fadd(x, y) : addI(x, y);
  };
  Value memory = x.getType() == type ? partial : counts;
  x = b.allReduce(x, kWarpSize, combine);
  b.ifThen(b.compare(CmpIPredicate::eq, at.lane, b.idx(0)),
           [&] { b.store(x, memory, at.warp); });
  b.barrier();
  x = b.load(memory, b.rem(at.lane, b.idx(Plan::kChoiceWarps)));
  x = b.allReduce(x, Plan::kChoiceWarps, combine);
  b.barrier();
  return x;
}

std::pair<Value, Value> ChoosingBlock::scan(Value x) {
  Value upTo = x;
  for (int64_t distance = 1; distance < kWarpSize; distance *= 2) {
    Value before = b.shuffleUp(upTo, distance);
    Value exists = b.compare(CmpIPredicate::sge, at.lane, b.idx(distance));
    upTo = addI(upTo, b.select(exists, before, count(0)));
  }
  b.ifThen(b.compare(CmpIPredicate::eq, at.lane, b.idx(kWarpSize - 1)),
           [&] { b.store(upTo, counts, at.warp); });
  b.barrier();
  Value warp = b.rem(at.lane, b.idx(Plan::kChoiceWarps));
  Value ofWarp = b.load(counts, warp);
  Value isBefore = b.compare(CmpIPredicate::slt, warp, at.warp);
  auto add = [&](Value x, Value y) { return addI(x, y); };
  Value before = b.allReduce(b.select(isBefore, ofWarp, count(0)),
                             Plan::kChoiceWarps, add);
  Value total = b.allReduce(ofWarp, Plan::kChoiceWarps, add);
  b.barrier();
  return {addI(before, subI(upTo, x)), total};
}

void ChoosingBlock::ifLast(int64_t ticket, function_ref<void()> body) {
  auto fence = [&] {
    LLVM::FenceOp::create(b, LLVM::AtomicOrdering::acq_rel, "device");
  };
  fence();
  b.barrier();
  b.ifThen(isThread(0), [&] {
    Value before = memref::AtomicRMWOp::create(
        b, arith::AtomicRMWKind::addi, count(1), scratch.tickets,
        ValueRange{at.slot, b.idx(ticket)});
    b.store(before, flag, b.idx(0));
  });
  b.barrier();
  Value last = toCount(b.sub(numChunks, b.idx(1)));
  Value isLast = b.compare(CmpIPredicate::eq, b.load(flag, b.idx(0)), last);
  b.ifThen(isLast, [&] {
    fence();
    body();
  });
}

//===----------------------------------------------------------------------===//
// Digits
//===----------------------------------------------------------------------===//

Value ChoosingBlock::getDigit(Value own, int64_t shift, int64_t bits) {
  Value digit = arith::ShRUIOp::create(b, own, b.integer(shift, order));
  Value mask = b.integer((int64_t(1) << bits) - 1, order);
  return toIndex(arith::AndIOp::create(b, digit, mask));
}

void ChoosingBlock::clearBins() {
  b.loop(at.thread, b.idx(kBins), kThreads,
         [&](Value bin) { b.store(count(0), bins, bin); });
  b.barrier();
}

Value ChoosingBlock::findDigit(Value memory, ValueRange place, Value left) {
  // A thread has a few digits, from the greatest down.
  constexpr int64_t kPerThread = kBins / kThreads;
  SmallVector<Value> numbers;
  Value mine = count(0);
  Value top = b.sub(b.idx(kBins - 1), b.mul(at.thread, b.idx(kPerThread)));
  for (int64_t i = 0; i < kPerThread; ++i) {
    SmallVector<Value> index(place);
    index.push_back(b.sub(top, b.idx(i)));
    numbers.push_back(b.load(memory, index));
    mine = addI(mine, numbers.back());
  }
  Value above, total;
  std::tie(above, total) = scan(mine);
  for (int64_t i = 0; i < kPerThread; ++i) {
    Value upTo = addI(above, numbers[i]);
    Value isHere = b.both(b.compare(CmpIPredicate::slt, above, left),
                          b.compare(CmpIPredicate::sge, upTo, left));
    b.ifThen(isHere, [&] {
      b.store(toCount(b.sub(top, b.idx(i))), found, b.idx(0));
      b.store(subI(left, above), found, b.idx(1));
    });
    above = upTo;
  }
  b.barrier();
  return total;
}
