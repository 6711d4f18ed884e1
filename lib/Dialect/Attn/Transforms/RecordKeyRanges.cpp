//===- RecordKeyRanges.cpp - Report which keys queries see ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Asks the key ranges in the IR at run time and hands on the answers, so that a
// picture shows what the code does.
//
//===----------------------------------------------------------------------===//

#include "BlockTiles.h"
#include "CountPairs.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/IR/IndexMath.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNRECORDKEYRANGESPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;
using namespace mlir::attn;

namespace {
/// What a host's function is for in attn_rt_record_step.
enum Step { kTile = 0, kQueries = 1, kKeys = 2 };

/// Writes the code for one op.
class Recorder {
public:
  Recorder(ModuleOp module, AttentionInterface op, int64_t number,
           int64_t batch, int64_t head, int64_t rows, bool readsMask)
      : module(module), op(op),
        ranges(cast<AttnKeyRangesInterface>(op.getOperation())), number(number),
        batch(batch), head(head), rows(rows),
        mask(readsMask ? op.getMask() : Value()), builder(op),
        loc(op->getLoc()) {}

  void emit();

private:
  Value call(StringRef name, ValueRange arguments, bool hasResult = false);
  Value constant(int64_t value);
  Value toI64(OpFoldResult value);
  Value getStep(Step step);
  void createLoop(Value lo, Value hi, Value step,
                  function_ref<void(Value)> body);
  Value getFirstSample(OpFoldResult lo, Value step);
  void emitTile(Value qLo, OpFoldResult qHi);
  void emitPair(const KeyRange &range, Value i, Value j);
  Value isExcluded(Value i, Value j);
  void emitCount();

  ModuleOp module;
  AttentionInterface op;
  AttnKeyRangesInterface ranges;
  int64_t number, batch, head;
  /// Of a tile, 0 if the host says.
  int64_t rows;
  Value mask;
  OpBuilder builder;
  Location loc;
  AttentionSizes sizes;
  Value queryStep, keyStep;
};
} // namespace

/// Calls a function of the host with `arguments` of i64.
Value Recorder::call(StringRef name, ValueRange arguments, bool hasResult) {
  Type i64 = builder.getI64Type();
  TypeRange results = hasResult ? TypeRange(i64) : TypeRange();
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    auto callee = func::FuncOp::create(
        builder, module.getLoc(), name,
        builder.getFunctionType(arguments.getTypes(), results));
    callee.setPrivate();
  }
  auto call = func::CallOp::create(builder, loc, name, results, arguments);
  return hasResult ? call.getResult(0) : Value();
}

Value Recorder::constant(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value Recorder::toI64(OpFoldResult value) {
  Value index = getValueOrCreateConstantIndexOp(builder, loc, value);
  if (!index.getType().isIndex())
    return arith::ExtUIOp::create(builder, loc, builder.getI64Type(), index);
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
}

Value Recorder::getStep(Step step) {
  Value answer = call(kRecordStepFunction, toI64(constant(step)),
                      /*hasResult=*/true);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    answer);
}

void Recorder::createLoop(Value lo, Value hi, Value step,
                          function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(builder, loc, lo, hi, step);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// The first of the positions step / 2, step / 2 + step, ... from `lo` on.
/// They are the same ones for all ranges, so that every cell of a picture has
/// its share of them.
Value Recorder::getFirstSample(OpFoldResult lo, Value step) {
  IndexMath math{builder, loc};
  Value half = arith::DivUIOp::create(builder, loc, step, constant(2));
  OpFoldResult beyond =
      math.max(math.sub(lo, OpFoldResult(half)), math.constant(0));
  OpFoldResult steps = math.ceilDiv(beyond, OpFoldResult(step));
  return math.value(
      math.add(math.mul(steps, OpFoldResult(step)), OpFoldResult(half)));
}

/// Whether the boolean mask forbids that query `i` sees key `j`, as i1.
Value Recorder::isExcluded(Value i, Value j) {
  auto type = cast<ShapedType>(mask.getType());
  IndexMath math{builder, loc};
  SmallVector<Value> indices = {constant(batch), constant(head), i, j};
  for (auto [d, index] : llvm::enumerate(indices)) {
    // A size of 1 serves all; it may turn out to be 1.
    if (type.getDimSize(d) == 1)
      index = constant(0);
    else if (type.isDynamicDim(d))
      index = math.value(math.min(OpFoldResult(index),
                                  math.add(getDim(builder, loc, mask, d), -1)));
  }
  Value element;
  if (isa<MemRefType>(type))
    element = memref::LoadOp::create(builder, loc, mask, indices);
  else
    element = tensor::ExtractOp::create(builder, loc, mask, indices);
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getIntegerAttr(type.getElementType(), 0));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, element,
                               zero);
}

void Recorder::emitPair(const KeyRange &range, Value i, Value j) {
  Value visible;
  if (range.needsMask)
    visible =
        ranges.isVisible(builder, loc, constant(batch), constant(head), i, j);
  if (!visible)
    visible = arith::ConstantIntOp::create(builder, loc, 1, 1);
  Value excluded = mask ? isExcluded(i, j)
                        : arith::ConstantIntOp::create(builder, loc, 0, 1);
  call(kRecordPairFunction,
       {toI64(i), toI64(j), toI64(visible), toI64(excluded)});
}

void Recorder::emitTile(Value qLo, OpFoldResult qHi) {
  IndexMath math{builder, loc};
  for (const KeyRange &range :
       ranges.getKeyRanges(builder, loc, math.constant(batch),
                           math.constant(head), OpFoldResult(qLo), qHi)) {
    call(kRecordRangeFunction,
         {toI64(qLo), toI64(qHi), toI64(range.lo), toI64(range.hi),
          toI64(constant(range.needsMask))});
    if (!range.needsMask && !mask)
      continue;
    Value firstQuery = getFirstSample(OpFoldResult(qLo), queryStep);
    Value firstKey = getFirstSample(range.lo, keyStep);
    createLoop(firstQuery, math.value(qHi), queryStep, [&](Value i) {
      createLoop(firstKey, math.value(range.hi), keyStep,
                 [&](Value j) { emitPair(range, i, j); });
    });
  }
}

void Recorder::emitCount() {
  IndexMath math{builder, loc};
  Value recorded = countPairs(builder, op, math.constant(batch),
                              /*countsOtherKeys=*/false);
  Value all = createSum(builder, loc, sizes.batch, constant(0),
                        [&](OpBuilder &nested, Value b) {
                          return countPairs(nested, op, b,
                                            /*countsOtherKeys=*/false);
                        });
  call(kRecordCountFunction,
       {toI64(recorded), toI64(math.mul(OpFoldResult(all), sizes.numHeads))});
}

void Recorder::emit() {
  sizes = getSizes(builder, loc, op);
  Value wanted =
      call(kRecordBeginFunction,
           {toI64(constant(number)), toI64(sizes.batch), toI64(sizes.numHeads),
            toI64(sizes.seqLenQ), toI64(sizes.seqLenKv)},
           /*hasResult=*/true);
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 64);
  Value isWanted = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                         wanted, zero);
  auto then = scf::IfOp::create(builder, loc, isWanted);
  builder.setInsertionPointToStart(then.thenBlock());
  Value tile = rows > 0 ? constant(rows) : getStep(kTile);
  queryStep = getStep(kQueries);
  keyStep = getStep(kKeys);
  IndexMath math{builder, loc};
  std::optional<BlockTiles> tiles;
  if (rows > 0)
    tiles = BlockTiles::create(builder, op, rows);
  if (tiles) {
    // As it is tiled: no tile has rows of two blocks.
    createLoop(constant(0), math.value(tiles->getNumTiles()), constant(1),
               [&](Value number) {
                 IndexMath inner{builder, loc};
                 auto [first, size] = tiles->getRows(
                     builder, inner.constant(batch), OpFoldResult(number));
                 emitTile(inner.value(first), inner.add(first, size));
               });
  } else {
    createLoop(constant(0), math.value(sizes.seqLenQ), tile, [&](Value qLo) {
      IndexMath inner{builder, loc};
      emitTile(qLo, inner.min(inner.add(OpFoldResult(qLo), OpFoldResult(tile)),
                              sizes.seqLenQ));
    });
  }
  emitCount();
}

namespace {
struct AttnRecordKeyRangesPass
    : attn::impl::AttnRecordKeyRangesPassBase<AttnRecordKeyRangesPass> {
  using AttnRecordKeyRangesPassBase::AttnRecordKeyRangesPassBase;

  void runOnOperation() override {
    SmallVector<AttentionInterface> ops;
    getOperation().walk([&](AttnKeyRangesInterface asked) {
      if (auto attention = dyn_cast<AttentionInterface>(asked.getOperation()))
        ops.push_back(attention);
    });
    for (auto [number, attention] : llvm::enumerate(ops))
      if (op < 0 || op == static_cast<int64_t>(number))
        Recorder(getOperation(), attention, number, batch, head, tile, masks)
            .emit();
  }
};
} // namespace
