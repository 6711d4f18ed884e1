//===- lib/ExecutionEngine/RecordChoice.cpp - Which keys were chosen ------===//
//
// Part of attn-mlir.
//
// Takes the choice from the decomposition of SparQ attention.
//
//===----------------------------------------------------------------------===//

#include "RecordChoice.h"
#include "KeyPattern.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attn;

/// The gather of the chosen keys, after `op` became what it is made of.
static GatherKvOp decompose(SparqOp op) {
  Block *block = op->getBlock();
  llvm::SmallPtrSet<Operation *, 8> before;
  for (GatherKvOp gather : block->getOps<GatherKvOp>())
    before.insert(gather);
  IRRewriter rewriter(op.getContext());
  decomposeSparq(rewriter, op);
  for (GatherKvOp gather : block->getOps<GatherKvOp>())
    if (!before.contains(gather))
      return gather;
  return {};
}

void attn::addChoiceReport(SparqOp op, int64_t batch, int64_t head) {
  auto module = op->getParentOfType<ModuleOp>();
  OpBuilder builder(op);
  Location loc = op.getLoc();
  AttentionSizes sizes =
      getSizes(builder, loc, cast<AttentionInterface>(op.getOperation()));
  GatherKvOp gather = decompose(op);
  assert(gather && "SparQ gathers what it chose");
  builder.setInsertionPoint(gather);
  Value indices = gather.getIndices();
  Value counts = gather.getCount();

  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  auto index = [&](OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(builder, loc, value);
  };
  auto isBelow = [&](int64_t value, OpFoldResult bound) -> Value {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                 constant(value), index(bound));
  };
  Type i64 = builder.getI64Type();
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    func::FuncOp::create(builder, module.getLoc(), kRecordChoiceFunction,
                         builder.getFunctionType(i64, {}))
        .setPrivate();
  }
  Value exists = arith::AndIOp::create(
      builder, loc, isBelow(batch, sizes.batch), isBelow(head, sizes.numHeads));
  auto then = scf::IfOp::create(builder, loc, exists);
  builder.setInsertionPointToStart(then.thenBlock());
  // Heads that share keys choose together.
  Value group = arith::DivUIOp::create(builder, loc, index(sizes.numHeads),
                                       index(sizes.numKvHeads));
  Value kvHead = arith::DivUIOp::create(builder, loc, constant(head), group);
  Value count = tensor::ExtractOp::create(builder, loc, counts,
                                          ValueRange{constant(batch), kvHead});
  count =
      arith::IndexCastOp::create(builder, loc, builder.getIndexType(), count);
  auto loop = scf::ForOp::create(builder, loc, constant(0), count, constant(1));
  builder.setInsertionPointToStart(loop.getBody());
  Value key = tensor::ExtractOp::create(
      builder, loc, indices,
      ValueRange{constant(batch), kvHead, loop.getInductionVar()});
  func::CallOp::create(builder, loc, kRecordChoiceFunction, TypeRange(), key);
}
