//===- AssignStrategy.cpp - Ask for a way to compute attention ------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Writes strategy attributes.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/Strategy.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNASSIGNSTRATEGYPASS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace mlir::attn

namespace {
struct AssignStrategyPass
    : attn::impl::AttnAssignStrategyPassBase<AssignStrategyPass> {
  using AttnAssignStrategyPassBase::AttnAssignStrategyPassBase;

  void runOnOperation() override {
    std::string error;
    FailureOr<StrategyAttrInterface> attr =
        parseStrategy(strategy, &getContext(), error);
    if (failed(attr)) {
      getOperation()->emitError("attn-assign-strategy: ") << error;
      return signalPassFailure();
    }
    getOperation()->walk([&](SdpaOp op) {
      if (overwrite || !op.getStrategyAttr())
        op.setStrategyAttr(*attr);
    });
  }
};
} // namespace
