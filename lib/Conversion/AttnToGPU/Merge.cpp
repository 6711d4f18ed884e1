//===- Merge.cpp - The kernel that joins states ---------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A warp has a row, its lanes have columns; all parts are weighted against one
// maximum.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

/// Warps of a block of threads.
static constexpr int64_t kWarps = 4;

namespace {
class MergeKernel {
public:
  MergeKernel(GpuBuilder &b, MergeStep step)
      : b(b), step(step), type(b.floatType) {}

  void emit();

private:
  void emitRow(Value batch, Value head, Value row, Value lane);
  /// Goes through the parts: a loop, or written out.
  SmallVector<Value>
  reduce(ArrayRef<Value> inits,
         function_ref<SmallVector<Value>(Value, Value, ArrayRef<Value>,
                                         ValueRange)>
             next);

  GpuBuilder &b;
  MergeStep step;
  Type type;
};
} // namespace

SmallVector<Value> MergeKernel::reduce(
    ArrayRef<Value> inits,
    function_ref<SmallVector<Value>(Value, Value, ArrayRef<Value>, ValueRange)>
        next) {
  if (step.count)
    return b.loop(b.idx(0), step.count, 1, inits,
                  [&](Value part, ValueRange carried) {
                    return next(step.outputs[0], step.lses[0], part, carried);
                  });
  SmallVector<Value> carried(inits);
  for (auto [output, lse] : llvm::zip_equal(step.outputs, step.lses))
    carried = next(output, lse, {}, carried);
  return carried;
}

void MergeKernel::emitRow(Value batch, Value head, Value row, Value lane) {
  Value zero = b.number(0.0, type), none = b.negInf(type);
  auto loadAt = [&](Value memref, ArrayRef<Value> part, ArrayRef<Value> at) {
    SmallVector<Value> index(part);
    index.append(at.begin(), at.end());
    return b.load(memref, index);
  };
  auto maximum = [&](Value x, Value y) -> Value {
    return arith::MaxNumFOp::create(b, x, y);
  };

  // The sink's part has output 0.
  Value sink = none;
  if (step.sinks) {
    sink = b.cast(b.load(step.sinks, head), type);
    if (Value isUsed = isInUse(b, step.op, batch, row))
      sink = b.select(isUsed, sink, none);
  }
  Value most = reduce(
      {sink}, [&](Value, Value lse, ArrayRef<Value> part, ValueRange carried) {
        return SmallVector<Value>{
            maximum(carried[0], loadAt(lse, part, {batch, head, row}))};
      })[0];
  Value shift = b.safeShift(most);
  constexpr double kLog2E = 1.44269504088896340736;
  auto weigh = [&](Value lse) {
    return b.exp2(b.fmul(b.fsub(lse, shift), b.number(kLog2E, type)));
  };

  auto outputType = cast<MemRefType>(step.output.getType());
  int64_t columns = outputType.getDimSize(3);
  int64_t perLane = llvm::divideCeil(columns, kWarpSize);
  auto column = [&](int64_t i) { return b.add(lane, i * kWarpSize); };
  auto exists = [&](int64_t i) -> Value {
    if ((i + 1) * kWarpSize <= columns)
      return {};
    return b.compare(CmpIPredicate::slt, column(i), b.idx(columns));
  };
  SmallVector<Value> inits{weigh(sink)};
  inits.append(perLane, zero);
  SmallVector<Value> sums =
      reduce(inits, [&](Value output, Value lse, ArrayRef<Value> part,
                        ValueRange carried) {
        Value weight = weigh(loadAt(lse, part, {batch, head, row}));
        SmallVector<Value> next{b.fadd(carried[0], weight)};
        for (int64_t i = 0; i < perLane; ++i) {
          Value at = column(i);
          if (exists(i))
            at = b.min(at, b.idx(columns - 1));
          Value x = loadAt(output, part, {batch, head, row, at});
          next.push_back(b.fma(weight, x, carried[i + 1]));
        }
        return next;
      });
  Value isDead = b.fcompare(CmpFPredicate::OEQ, sums[0], zero);
  Value norm = b.fdiv(b.number(1.0, type), sums[0]);
  for (int64_t i = 0; i < perLane; ++i) {
    auto write = [&] {
      Value x = b.select(isDead, zero, b.fmul(sums[i + 1], norm));
      if (step.finish)
        x = step.finish(b, batch, head, column(i), x);
      b.store(b.cast(x, outputType.getElementType()), step.output,
              indexIn(step.layout, batch, head, row, column(i)));
    };
    if (Value condition = exists(i))
      b.ifThen(condition, write);
    else
      write();
  }
  if (!step.lse)
    return;
  Value isFirst = b.compare(CmpIPredicate::eq, lane, b.idx(0));
  b.ifThen(isFirst, [&] {
    Value lse = b.fadd(shift, b.log(sums[0]));
    b.store(b.select(isDead, none, lse), step.lse, {batch, head, row});
  });
}

void MergeKernel::emit() {
  Location loc = b.getLoc();
  int64_t headAxis = step.layout == Layout::bshd ? 2 : 1;
  Value numHeads = b.idx(getDim(b, loc, step.output, headAxis));
  Value seqLen = b.idx(getDim(b, loc, step.output, 3 - headAxis));
  Value rows =
      b.mul(b.mul(b.idx(getDim(b, loc, step.output, 0)), numHeads), seqLen);
  Value blocks = b.div(b.add(rows, kWarps - 1), b.idx(kWarps));
  b.launch(blocks, kWarps * kWarpSize, /*sharedBytes=*/0, [&](GpuThread id) {
    Value warp = b.div(id.thread, b.idx(kWarpSize));
    Value lane = b.rem(id.thread, b.idx(kWarpSize));
    Value number = b.add(b.mul(id.block, b.idx(kWarps)), warp);
    b.ifThen(b.compare(CmpIPredicate::slt, number, rows), [&] {
      Value row = b.rem(number, seqLen), outer = b.div(number, seqLen);
      emitRow(b.div(outer, numHeads), b.rem(outer, numHeads), row, lane);
    });
  });
}

void attn::emitMerge(OpBuilder &builder, Location loc, MergeStep step) {
  // Without parts, what the sums are like is what lse is like.
  Value parts = step.lse ? step.lse : step.output;
  if (!step.outputs.empty())
    parts = step.outputs.front();
  auto type =
      cast<FloatType>(cast<MemRefType>(parts.getType()).getElementType());
  GpuBuilder b(loc, builder, getAccumulatorType(type), /*lanes=*/1);
  MergeKernel(b, step).emit();
}

void attn::emitSplits(GpuBuilder &b, const AttentionStep &step, Value numSplits,
                      LaunchSplits launch) {
  AttentionInterface op = step.op;
  auto emitWhole = [&] {
    launch(b.idx(1), step.output, step.lse, /*isPart=*/false);
    return SmallVector<Value>();
  };
  std::optional<int64_t> known = getConstantIntValue(numSplits);
  if (known && *known == 1) {
    emitWhole();
    return;
  }

  // No memory for parts that there are not.
  Value isWhole = b.compare(CmpIPredicate::eq, numSplits, b.idx(1));
  Value parts = known ? numSplits : b.select(isWhole, b.idx(0), numSplits);
  AttentionSizes sizes = getSizes(b, b.getLoc(), op);
  SmallVector<OpFoldResult> stateShape = {parts, sizes.batch, sizes.numHeads,
                                          sizes.seqLenQ};
  auto allocate = [&](ArrayRef<OpFoldResult> sizes) -> Value {
    SmallVector<int64_t> shape;
    SmallVector<Value> dynamic;
    SmallVector<OpFoldResult> folded;
    for (OpFoldResult size : sizes)
      folded.push_back(getAsOpFoldResult(b.idx(size)));
    dispatchIndexOpFoldResults(folded, dynamic, shape);
    return memref::AllocOp::create(b, MemRefType::get(shape, b.floatType),
                                   dynamic);
  };
  Value lses = allocate(stateShape);
  stateShape.push_back(b.getIndexAttr(op.getHeadDimV()));
  Value outputs = allocate(stateShape);
  auto emitParts = [&] {
    launch(numSplits, outputs, lses, /*isPart=*/true);
    MergeStep merge;
    merge.outputs = {outputs};
    merge.lses = {lses};
    merge.count = numSplits;
    merge.output = step.output;
    merge.lse = step.lse;
    merge.layout = step.layout;
    merge.sinks = step.sinks;
    merge.op = op;
    merge.finish = step.finish;
    emitMerge(b, b.getLoc(), merge);
    return SmallVector<Value>();
  };
  if (known)
    emitParts();
  else
    b.ifElse(TypeRange(), isWhole, emitWhole, emitParts);
}
