//===- SparqBlock.cpp - Blocks of threads that choose ---------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Sums over threads, and who is last.
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
  return ChoosingBlock::kBytes + 8 +
         bytes() * (ChoosingBlock::kWarps + 2 * group);
}

ChoosingBlock::ChoosingBlock(GpuBuilder &b, Plan &plan, const Scratch &scratch,
                             const Place &at, Value chunk, Value numChunks)
    : RadixBlock(b, at.thread), plan(plan), scratch(scratch), at(at),
      chunk(chunk), numChunks(numChunks), zero(b.number(0.0, type)),
      firstKey(b.mul(chunk, b.idx(Plan::kKeysPerChunk))) {
  int64_t offset = kBytes;
  auto allocate = [&](Type type, int64_t number, int64_t bytes) {
    Value memory = b.shared(type, number, offset);
    offset += bytes;
    return memory;
  };
  flag = allocate(i32, 1, 8);
  partial = allocate(type, kWarps, plan.bytes() * kWarps);
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
  x = b.load(memory, b.rem(at.lane, b.idx(kWarps)));
  x = b.allReduce(x, kWarps, combine);
  b.barrier();
  return x;
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
