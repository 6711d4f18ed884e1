//===- Gather.cpp - The kernel of attn.gather_kv --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// As many lanes as a row needs copy one, with accesses of up to 16 bytes. The
// first blocks of threads have rows of key, the others those of value.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "ScoreElement.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr int64_t kThreads = 128;

namespace {
/// Copies the rows of key, or of value.
class GatheredRows {
public:
  GatheredRows(GatherKvOp op, bool isValue);

  int64_t lanes; ///< That share a row.
  int64_t width; ///< Columns of one access.

  /// What a thread does whose group of lanes has row `number` of [batch, head,
  /// k], which may not exist. `b` computes with `width` columns.
  void emit(GpuBuilder &b, Value number, Value lane);

private:
  void copyRow(GpuBuilder &b, ArrayRef<Value> at, Value lane);

  GatherKvOp op;
  Value source, scale, target;
  int64_t columns;
};
} // namespace

GatheredRows::GatheredRows(GatherKvOp op, bool isValue)
    : op(op), source(isValue ? op.getValue() : op.getKey()),
      scale(isValue ? op.getValueScale() : op.getKeyScale()),
      target(isValue ? op.getValues() : op.getKeys()),
      columns(cast<MemRefType>(source.getType()).getDimSize(3)) {
  int64_t bytes =
      cast<MemRefType>(source.getType()).getElementTypeBitWidth() / 8;
  int64_t most = kMaxAccessBytes / bytes;
  if (!hasContiguousRows(source) || !hasContiguousRows(target))
    most = 1;
  int64_t some = std::max<int64_t>(columns, 1);
  width = std::min(some & -some, most);
  lanes = std::min<int64_t>(kWarpSize, llvm::PowerOf2Ceil(some / width));
}

/// Copies the row that the index at `at` names to there.
void GatheredRows::copyRow(GpuBuilder &b, ArrayRef<Value> at, Value lane) {
  bool isBshd = op.getLayout() == Layout::bshd;
  auto size = [&](int64_t axis) {
    return b.idx(getDim(b, b.getLoc(), source, axis));
  };
  Value batch = at[0], head = at[1], last = b.idx(1);
  Value rows = size(isBshd ? 1 : 2), pageSize = rows;
  Value table = op.getPageTable();
  if (table)
    rows = b.mul(rows, b.idx(getDim(b, b.getLoc(), table, 1)));
  // The host cannot look at indices and pages: at worst, wrong rows are read.
  auto bring = [&](Value number, Value count) {
    number = b.createOrFold<arith::IndexCastOp>(b.getIndexType(), number);
    return b.max(b.idx(0), b.min(number, b.sub(count, last)));
  };
  Value key = bring(b.load(op.getIndices(), at), rows), row = key;
  Value entry = batch;
  if (table) {
    entry = bring(b.load(table, {batch, b.div(key, pageSize)}), size(0));
    row = b.rem(key, pageSize);
  }
  SmallVector<Value> from = {entry, head, row}, to(at);
  if (isBshd)
    std::swap(from[1], from[2]);
  from.emplace_back();
  to.emplace_back();
  auto targetType = cast<MemRefType>(target.getType());
  b.loop(b.mul(lane, b.idx(width)), b.idx(columns), lanes * width,
         [&](Value column) {
           from.back() = to.back() = column;
           Value chunk = b.loadRow(source, from, width);
           if (getElementTypeOrSelf(chunk) != targetType.getElementType())
             chunk = b.toFloat(chunk);
           if (scale) {
             SmallVector<Value> factors;
             for (int64_t i = 0; i < width; ++i)
               factors.push_back(b.cast(
                   b.load(scale,
                          broadcastIndex(b, scale,
                                         {batch, head, key, b.add(column, i)})),
                   b.floatType));
             chunk = b.fmul(
                 chunk, vector::FromElementsOp::create(b, b.floats, factors));
           }
           b.storeWhereAligned(chunk, target, to);
         });
}

void GatheredRows::emit(GpuBuilder &b, Value number, Value lane) {
  auto size = [&](Value memref, int64_t axis) {
    return b.idx(getDim(b, b.getLoc(), memref, axis));
  };
  Value batch = size(target, 0), heads = size(target, 1), k = size(target, 2);
  Value exists =
      b.compare(CmpIPredicate::slt, number, b.mul(b.mul(batch, heads), k));
  b.ifThen(exists, [&] {
    Value slot = b.div(number, k), place = b.rem(number, k);
    SmallVector<Value> at = {b.div(slot, heads), b.rem(slot, heads), place};
    Value count = b.load(op.getCount(), ArrayRef(at).take_front(2));
    Value isChosen = b.compare(
        CmpIPredicate::slt,
        b.createOrFold<arith::IndexCastOp>(b.getI64Type(), place), count);
    // Of nothing, no row can be read.
    int64_t seqAxis = op.getLayout() == Layout::bshd ? 1 : 2;
    for (Value size : {size(source, 0), size(source, seqAxis)})
      isChosen =
          b.both(isChosen, b.compare(CmpIPredicate::sgt, size, b.idx(0)));
    b.ifElse(
        TypeRange(), isChosen,
        [&] {
          copyRow(b, at, lane);
          return SmallVector<Value>();
        },
        [&] {
          auto type = cast<MemRefType>(target.getType()).getElementType();
          Value zero = arith::ConstantOp::create(
              b, b.getZeroAttr(VectorType::get(width, type)));
          b.loop(b.mul(lane, b.idx(width)), b.idx(columns), lanes * width,
                 [&](Value column) {
                   SmallVector<Value> to(at);
                   to.push_back(column);
                   b.storeWhereAligned(zero, target, to);
                 });
          return SmallVector<Value>();
        });
  });
}

void attn::emitGather(OpBuilder &builder, GatherKvOp op) {
  auto type = cast<MemRefType>(op.getKeys().getType());
  auto floatType = cast<FloatType>(type.getElementType());
  GatheredRows keys(op, /*isValue=*/false), values(op, /*isValue=*/true);
  GpuBuilder b(op.getLoc(), builder, floatType, keys.width);
  Value rows = b.idx(1);
  for (int64_t axis = 0; axis < 3; ++axis)
    rows = b.mul(rows, b.idx(getDim(b, b.getLoc(), op.getKeys(), axis)));
  auto blocksOf = [&](GatheredRows &copy) {
    int64_t perBlock = kThreads / copy.lanes;
    return b.div(b.add(rows, perBlock - 1), b.idx(perBlock));
  };
  Value keyBlocks = blocksOf(keys);
  b.launch(b.add(keyBlocks, blocksOf(values)), kThreads, /*sharedBytes=*/0,
           [&](GpuThread id) {
             auto emit = [&](GatheredRows &copy, Value block) {
               GpuBuilder c(b.getLoc(), b, floatType, copy.width);
               Value lane = c.rem(id.thread, c.idx(copy.lanes));
               Value group = c.div(id.thread, c.idx(copy.lanes));
               int64_t perBlock = kThreads / copy.lanes;
               copy.emit(c, c.add(c.mul(block, c.idx(perBlock)), group), lane);
               return SmallVector<Value>();
             };
             b.ifElse(
                 TypeRange(),
                 b.compare(CmpIPredicate::slt, id.block, keyBlocks),
                 [&] { return emit(keys, id.block); },
                 [&] { return emit(values, b.sub(id.block, keyBlocks)); });
           });
}
