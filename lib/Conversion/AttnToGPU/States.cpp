//===- States.cpp - The kernels of running softmax states -----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// attn.finalize, and the second launch of attn.online, which takes the states
// of ranges of keys into the running one. A warp has a row, its lanes columns.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

/// Warps of a block of threads.
static constexpr int64_t kWarps = 4;
static constexpr double kLog2E = 1.44269504088896340736;

/// Launches `body` with the lane and [batch, head, row] for every row of `acc`.
static void forEachRow(GpuBuilder &b, Value acc,
                       function_ref<void(Value, ArrayRef<Value>)> body) {
  SmallVector<Value> sizes;
  for (int64_t axis = 0; axis < 3; ++axis)
    sizes.push_back(b.idx(getDim(b, b.getLoc(), acc, axis)));
  Value rows = b.mul(b.mul(sizes[0], sizes[1]), sizes[2]);
  Value blocks = b.div(b.add(rows, kWarps - 1), b.idx(kWarps));
  b.launch(blocks, kWarps * kWarpSize, /*sharedBytes=*/0, [&](GpuThread id) {
    Value warp = b.div(id.thread, b.idx(kWarpSize));
    Value lane = b.rem(id.thread, b.idx(kWarpSize));
    Value number = b.add(b.mul(id.block, b.idx(kWarps)), warp);
    b.ifThen(b.compare(CmpIPredicate::slt, number, rows), [&] {
      Value outer = b.div(number, sizes[2]);
      body(lane, {b.div(outer, sizes[1]), b.rem(outer, sizes[1]),
                  b.rem(number, sizes[2])});
    });
  });
}

/// The loop of a lane over its columns of `acc`.
static void forEachColumn(GpuBuilder &b, Value lane, Value acc,
                          function_ref<void(Value)> body) {
  b.loop(lane, b.idx(getDim(b, b.getLoc(), acc, 3)), kWarpSize, body);
}

static void ifFirst(GpuBuilder &b, Value lane, function_ref<void()> body) {
  b.ifThen(b.compare(CmpIPredicate::eq, lane, b.idx(0)), body);
}

/// e^(x - shift).
static Value power(GpuBuilder &b, Value x, Value shift) {
  return b.exp2(b.fmul(b.fsub(x, shift), b.number(kLog2E, x.getType())));
}

static Value maximum(GpuBuilder &b, Value x, Value y) {
  return arith::MaxNumFOp::create(b, x, y);
}

static GpuBuilder getBuilder(OpBuilder &builder, Location loc, Value acc) {
  auto type = cast<MemRefType>(acc.getType()).getElementType();
  return GpuBuilder(loc, builder, cast<FloatType>(type), /*lanes=*/1);
}

void attn::emitFinalize(OpBuilder &builder, FinalizeOp op) {
  GpuBuilder b = getBuilder(builder, op.getLoc(), op.getAcc());
  Type type = b.floatType;
  auto outputType = cast<MemRefType>(op.getOutput().getType());
  Layout layout = op.getLayout().value_or(Layout::bhsd);
  forEachRow(b, op.getAcc(), [&](Value lane, ArrayRef<Value> at) {
    Value most = b.load(op.getRowMax(), at), sum = b.load(op.getRowSum(), at);
    Value shift = b.safeShift(most), weight = b.number(1.0, type);
    if (op.getSinks()) {
      Value sink = b.load(op.getSinks(), at[1]);
      shift = b.safeShift(maximum(b, most, sink));
      weight = power(b, most, shift);
      sum = b.fma(weight, sum, power(b, sink, shift));
    }
    // Not "not above zero": a NaN stays.
    Value isDead = b.fcompare(CmpFPredicate::OEQ, sum, b.number(0.0, type));
    Value factor = b.fdiv(weight, sum);
    forEachColumn(b, lane, op.getAcc(), [&](Value column) {
      Value x = b.load(op.getAcc(), {at[0], at[1], at[2], column});
      x = b.select(isDead, b.number(0.0, type), b.fmul(x, factor));
      b.store(b.cast(x, outputType.getElementType()), op.getOutput(),
              indexIn(layout, at[0], at[1], at[2], column));
    });
    if (!op.getLse())
      return;
    // Its memory may be that of what other lanes read.
    NVVM::SyncWarpOp::create(b, b.integer(-1, b.getI32Type()));
    ifFirst(b, lane, [&] {
      Value lse = b.fadd(shift, b.log(sum));
      b.store(b.select(isDead, b.negInf(type), lse), op.getLse(), at);
    });
  });
}

void attn::emitAddStates(OpBuilder &builder, OnlineOp op,
                         const RawStates &parts) {
  GpuBuilder b = getBuilder(builder, op.getLoc(), op.getAcc());
  Value numParts = b.idx(getDim(b, b.getLoc(), parts.maxima, 0));
  forEachRow(b, op.getAcc(), [&](Value lane, ArrayRef<Value> at) {
    auto loadPart = [&](Value memref, Value part, ArrayRef<Value> at) {
      SmallVector<Value> index = {part};
      index.append(at.begin(), at.end());
      return b.load(memref, index);
    };
    Value before = b.load(op.getRowMax(), at);
    Value most =
        b.loop(b.idx(0), numParts, 1, before, [&](Value part, ValueRange in) {
           return SmallVector<Value>{
               maximum(b, in[0], loadPart(parts.maxima, part, at))};
         }).front();
    Value shift = b.safeShift(most), decay = power(b, before, shift);
    auto add = [&](Value old, Value memref, ArrayRef<Value> at) {
      return b
          .loop(b.idx(0), numParts, 1, b.fmul(old, decay),
                [&](Value part, ValueRange in) {
                  Value weight = power(
                      b, loadPart(parts.maxima, part, at.take_front(3)), shift);
                  return SmallVector<Value>{
                      b.fma(weight, loadPart(memref, part, at), in[0])};
                })
          .front();
    };
    Value sum = add(b.load(op.getRowSum(), at), parts.sums, at);
    forEachColumn(b, lane, op.getAcc(), [&](Value column) {
      SmallVector<Value> place(at);
      place.push_back(column);
      b.store(add(b.load(op.getAcc(), place), parts.accs, place), op.getAcc(),
              place);
    });
    // All lanes have read the state before.
    NVVM::SyncWarpOp::create(b, b.integer(-1, b.getI32Type()));
    ifFirst(b, lane, [&] {
      b.store(most, op.getRowMax(), at);
      b.store(sum, op.getRowSum(), at);
    });
  });
}
