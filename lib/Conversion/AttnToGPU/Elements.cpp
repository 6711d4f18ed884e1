//===- Elements.cpp - The kernels of structured ops -----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Linalg ops around attention, as making the state of SparQ is: a thread for
// each element of the parallel dimensions, which goes through the reductions
// one after the other. Right for any of them, and fast for none that reuses
// what it reads.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::attn;
using arith::CmpIPredicate;

static constexpr int64_t kThreads = 128;

/// What `map` makes of `dims`.
static SmallVector<Value> apply(GpuBuilder &b, AffineMap map,
                                ArrayRef<Value> dims) {
  SmallVector<Value> results;
  for (AffineExpr expr : map.getResults()) {
    AffineMap one = AffineMap::get(map.getNumDims(), map.getNumSymbols(), expr);
    results.push_back(b.idx(affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), one, getAsOpFoldResult(dims))));
  }
  return results;
}

/// The op's body at `dims`, whose destinations hold `inits`.
static SmallVector<Value> emitBody(GpuBuilder &b, linalg::LinalgOp op,
                                   ArrayRef<Value> dims, ValueRange inits) {
  Block *body = op.getBlock();
  IRMapping map;
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument argument = body->getArgument(operand.getOperandNumber());
    if (op.isDpsInit(&operand)) {
      int64_t number = operand.getOperandNumber() - op.getNumDpsInputs();
      map.map(argument, inits[number]);
    } else if (isa<MemRefType>(operand.get().getType())) {
      map.map(argument,
              b.load(operand.get(),
                     apply(b, op.getMatchingIndexingMap(&operand), dims)));
    } else {
      map.map(argument, operand.get());
    }
  }
  for (Operation &inner : body->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      map.map(index.getResult(), dims[index.getDim()]);
    else
      b.clone(inner, map);
  }
  SmallVector<Value> results;
  for (Value result : body->getTerminator()->getOperands())
    results.push_back(map.lookupOrDefault(result));
  return results;
}

void attn::emitElements(OpBuilder &builder, Operation *operation) {
  auto op = cast<linalg::LinalgOp>(operation);
  GpuBuilder b(op.getLoc(), builder, builder.getF32Type(), /*lanes=*/1);
  SmallVector<Value> sizes, parallel;
  for (const Range &range : op.createLoopRanges(b, b.getLoc()))
    sizes.push_back(b.idx(range.size));
  SmallVector<unsigned> parallelDims, reductionDims;
  op.getParallelDims(parallelDims);
  op.getReductionDims(reductionDims);
  Value count = b.idx(1);
  for (unsigned dim : parallelDims)
    count = b.mul(count, sizes[dim]);
  Value blocks = b.div(b.add(count, kThreads - 1), b.idx(kThreads));
  b.launch(blocks, kThreads, /*sharedBytes=*/0, [&](GpuThread id) {
    Value number = b.add(b.mul(id.block, b.idx(kThreads)), id.thread);
    b.ifThen(b.compare(CmpIPredicate::slt, number, count), [&] {
      SmallVector<Value> dims(sizes.size(), b.idx(0));
      for (unsigned dim : llvm::reverse(parallelDims)) {
        dims[dim] = b.rem(number, sizes[dim]);
        number = b.div(number, sizes[dim]);
      }
      SmallVector<Value> inits;
      SmallVector<SmallVector<Value>> places;
      for (OpOperand &init : op.getDpsInitsMutable()) {
        // Destinations have no dimension that is reduced.
        places.push_back(apply(b, op.getMatchingIndexingMap(&init), dims));
        bool isRead =
            !op.getBlock()->getArgument(init.getOperandNumber()).use_empty();
        Type type = cast<MemRefType>(init.get().getType()).getElementType();
        inits.push_back(
            isRead || !reductionDims.empty()
                ? b.load(init.get(), places.back())
                : Value(arith::ConstantOp::create(b, b.getZeroAttr(type))));
      }
      std::function<SmallVector<Value>(size_t, ValueRange)> reduce =
          [&](size_t level, ValueRange carried) -> SmallVector<Value> {
        if (level == reductionDims.size())
          return emitBody(b, op, dims, carried);
        unsigned dim = reductionDims[level];
        return b.loop(b.idx(0), sizes[dim], 1, carried,
                      [&](Value i, ValueRange in) {
                        dims[dim] = i;
                        return reduce(level + 1, in);
                      });
      };
      SmallVector<Value> results = reduce(0, inits);
      for (auto [result, init, place] :
           llvm::zip_equal(results, op.getDpsInits(), places))
        b.store(result, init, place);
    });
  });
}
