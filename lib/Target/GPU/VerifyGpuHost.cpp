//===- VerifyGpuHost.cpp - What the host may do around launches -----------===//
//
// Part of attn-mlir.
//
// Refuses functions that would touch a device's memory from the host.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/GPU/Passes.h"

#include "attn/Dialect/Attn/IR/Attn.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNVERIFYGPUHOSTPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

/// Whether `op` reads or writes what one of its operands refers to, or may.
static bool touchesMemory(Operation *op) {
  bool takesMemory = llvm::any_of(op->getOperandTypes(), [](Type type) {
    return isa<BaseMemRefType>(type);
  });
  if (!takesMemory || isa<CallOpInterface>(op))
    return takesMemory;
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  // Of a loop, its body is looked at.
  if (!effects)
    return op->getNumRegions() == 0 && !op->hasTrait<OpTrait::ReturnLike>() &&
           !op->hasTrait<OpTrait::IsTerminator>();
  return effects.hasEffect<MemoryEffects::Read>() ||
         effects.hasEffect<MemoryEffects::Write>();
}

namespace {
struct VerifyGpuHost : attn::impl::AttnVerifyGpuHostPassBase<VerifyGpuHost> {
  void runOnOperation() override {
    WalkResult result =
        getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
          if (isa<gpu::LaunchOp>(op))
            return WalkResult::skip();
          if (isa<gpu::LaunchFuncOp, func::FuncOp, nvgpu::TmaCreateDescriptorOp,
                  attn::RunsOnOp>(op))
            return WalkResult::advance();
          bool isHosts = isa<memref::AllocaOp, memref::GetGlobalOp>(op);
          bool isOurs = isa<attn::AttnDialect>(op->getDialect());
          if (!isHosts && !isOurs && !touchesMemory(op))
            return WalkResult::advance();
          op->emitOpError("has no form for a GPU: expects attention only; "
                          "compile the rest for the host");
          return WalkResult::interrupt();
        });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
