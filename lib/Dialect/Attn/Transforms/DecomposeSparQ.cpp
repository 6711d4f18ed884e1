//===- DecomposeSparQ.cpp - From SparQ to the ops it is made of -----------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Replaces attn.sparq by its decomposition.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNDECOMPOSESPARQPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

void attn::decomposeSparq(RewriterBase &rewriter, SparqOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  FailureOr<SmallVector<Value>> results =
      cast<linalg::AggregatedOpInterface>(op.getOperation())
          .decomposeOperation(rewriter);
  assert(succeeded(results) && "attn.sparq decomposes");
  Value output = results->front();
  if (output.getType() != op.getOutput().getType())
    output = tensor::CastOp::create(rewriter, op.getLoc(),
                                    op.getOutput().getType(), output);
  rewriter.replaceOp(op, output);
}

namespace {
struct DecomposeSparQPass
    : attn::impl::AttnDecomposeSparQPassBase<DecomposeSparQPass> {
  void runOnOperation() override {
    SmallVector<SparqOp> ops;
    getOperation()->walk([&](SparqOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (SparqOp op : ops)
      decomposeSparq(rewriter, op);
  }
};
} // namespace
