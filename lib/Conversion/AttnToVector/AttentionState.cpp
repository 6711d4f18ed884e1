//===- AttentionState.cpp - The running state of a panel ------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Reading and writing maxima, sums and lse: in units of log2 inside the kernel,
// natural outside.
//
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;

static constexpr double kLn2 = 0.693147180559945309417;
static constexpr double kLog2e = 1.442695040888963407360;

void AttentionKernel::readState() {
  auto online = dyn_cast<OnlineOp>(op.getOperation());
  if (!online) {
    SmallVector<Value> identity(shape.groups, b.negInf());
    identity.append(shape.groups, b.number(0.0));
    storeRunning(identity);
    clearSums();
    return;
  }
  b.loop(zero, b.idx(shape.panel()), 1, [&](Value lane) {
    SmallVector<Value> at = stateIndex(rows->head(lane), rows->query(lane));
    b.store(b.load(online.getRowMax(), at), state, {zero, lane});
    b.store(b.load(online.getRowSum(), at), state, {b.idx(1), lane});
  });
  SmallVector<Value> before;
  for (int64_t g = 0; g < shape.groups; ++g)
    before.push_back(b.fmul(rows->loadGroup(state, zero, g), b.number(kLog2e)));
  for (int64_t g = 0; g < shape.groups; ++g)
    before.push_back(rows->loadGroup(state, b.idx(1), g));
  storeRunning(before);
  // Where no row has seen a key, as at the start, there is nothing to read.
  Value isEmpty;
  for (int64_t g = 0; g < shape.groups; ++g) {
    Value lanes = b.fcompare(CmpFPredicate::OEQ, before[g], b.negInf());
    isEmpty = isEmpty ? arith::AndIOp::create(b, isEmpty, lanes) : lanes;
  }
  isEmpty = vector::ReductionOp::create(b, vector::CombiningKind::AND, isEmpty);
  auto index = [&](Value head, Value row, Value column) {
    return SmallVector<Value>{batch, head, row, column};
  };
  b.ifElse(
      TypeRange(), isEmpty,
      [&] {
        clearSums();
        return SmallVector<Value>();
      },
      [&] {
        auto same = [](Value v) { return v; };
        rows->pack(online.getAcc(), index, zero, b.idx(headDimV), same, sums);
        return SmallVector<Value>();
      });
}

void AttentionKernel::clearSums() {
  Value none = b.number(0.0);
  b.loop(zero, b.idx(headDimV), 1, [&](Value column) {
    for (int64_t g = 0; g < shape.groups; ++g)
      rows->storeGroup(none, sums, column, g);
  });
}

void AttentionKernel::finishState() {
  SmallVector<Value> all = loadRunning();
  ArrayRef<Value> maxima = ArrayRef(all).take_front(shape.groups);
  ArrayRef<Value> rowSums = ArrayRef(all).drop_front(shape.groups);
  if (isa<PartialOp>(op))
    writePartial(maxima, rowSums);
  else
    writeState(maxima, rowSums);
}

void AttentionKernel::writeState(ArrayRef<Value> maxima,
                                 ArrayRef<Value> rowSums) {
  auto online = cast<OnlineOp>(op.getOperation());
  Value one = b.idx(1);
  for (int64_t g = 0; g < shape.groups; ++g) {
    // A maximum that did not change is written back as it was read: changing
    // units twice may not give it back.
    Value before = rows->loadGroup(state, zero, g);
    Value isSame = b.fcompare(CmpFPredicate::OEQ, maxima[g],
                              b.fmul(before, b.number(kLog2e)));
    Value natural = b.fmul(maxima[g], b.number(kLn2));
    rows->storeGroup(b.select(isSame, before, natural), state, zero, g);
    rows->storeGroup(rowSums[g], state, one, g);
  }
  rows->forEachRow([&](Value lane, Value head, Value row) {
    SmallVector<Value> at = stateIndex(head, row);
    b.store(b.load(state, {zero, lane}), online.getRowMax(), at);
    b.store(b.load(state, {one, lane}), online.getRowSum(), at);
  });
  auto index = [&](Value head, Value row, Value column) {
    return SmallVector<Value>{batch, head, row, column};
  };
  rows->unpack(sums, online.getAcc(), index, b.idx(headDimV));
}

void AttentionKernel::writePartial(ArrayRef<Value> maxima,
                                   ArrayRef<Value> rowSums) {
  auto partial = cast<PartialOp>(op.getOperation());
  Value none = b.number(0.0), negInf = b.negInf();
  SmallVector<Value> dead, inverse;
  for (int64_t g = 0; g < shape.groups; ++g) {
    dead.push_back(b.fcompare(CmpFPredicate::OEQ, rowSums[g], none));
    inverse.push_back(b.fdiv(b.number(1.0), rowSums[g]));
    Value natural = b.fmul(b.safeShift(maxima[g]), b.number(kLn2));
    Value lse = b.fadd(natural, b.log(rowSums[g]));
    rows->storeGroup(b.select(dead[g], negInf, lse), state, zero, g);
  }
  rows->forEachRow([&](Value lane, Value head, Value row) {
    b.store(b.load(state, {zero, lane}), partial.getLse(),
            stateIndex(head, row));
  });
  b.loop(zero, b.idx(headDimV), 1, [&](Value column) {
    for (int64_t g = 0; g < shape.groups; ++g) {
      Value sum = b.fmul(rows->loadGroup(sums, column, g), inverse[g]);
      rows->storeGroup(b.select(dead[g], none, sum), sums, column, g);
    }
  });
  auto index = [&](Value head, Value row, Value column) {
    return SmallVector<Value>{batch, head, row, column};
  };
  rows->unpack(sums, partial.getOutput(), index, b.idx(headDimV));
}
