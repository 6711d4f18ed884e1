//===- FinishKernels.cpp - Kernels as LLVM is to get them -----------------===//
//
// Part of attn-mlir.
//
// Aligns shared memory, and refuses what no GPU could run.
//
//===----------------------------------------------------------------------===//

#include "LowerLaunches.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace mlir::attn {
#define GEN_PASS_DEF_ATTNFINISHKERNELSPASS
#include "attn/Target/GPU/Passes.h.inc"
} // namespace mlir::attn

using namespace mlir;

/// Of dynamic shared memory: rows of 128 bytes, swizzled over eight of them.
static constexpr int64_t kSharedAlignment = 1024;
static constexpr unsigned kSharedSpace = 3;

/// Whether `global` is the memory of which a launch says the size.
static bool isDynamicShared(LLVM::GlobalOp global) {
  auto array = dyn_cast<LLVM::LLVMArrayType>(global.getGlobalType());
  return array && array.getNumElements() == 0 &&
         global.getAddrSpace() == kSharedSpace;
}

/// Warps may only hand registers to each other (setmaxnreg) if ptxas knows with
/// how many they begin: it takes all there are for one block of this size. Told
/// a size that blocks have at most, it may not, and ignores setmaxnreg (C7508).
static void fixBlockSize(LLVM::LLVMFuncOp func) {
  StringRef most = NVVM::NVVMDialect::getMaxntidAttrName();
  Attribute size = func->getAttr(most);
  WalkResult found =
      func.walk([](NVVM::SetMaxRegisterOp) { return WalkResult::interrupt(); });
  if (!size || !found.wasInterrupted())
    return;
  func->removeAttr(most);
  func->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), size);
  func->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                IntegerAttr::get(IntegerType::get(func.getContext(), 32), 1));
}

namespace {
struct FinishKernels : attn::impl::AttnFinishKernelsPassBase<FinishKernels> {
  void runOnOperation() override {
    bool hasFailed = false;
    getOperation().walk([&](Operation *op) {
      if (auto global = dyn_cast<LLVM::GlobalOp>(op);
          global && isDynamicShared(global)) {
        global.setLinkage(LLVM::Linkage::External);
        global.setAlignment(kSharedAlignment);
      }
      if (op == getOperation().getOperation())
        return;
      if (auto func = dyn_cast<LLVM::LLVMFuncOp>(op)) {
        attn::passTensorMapsByValue(func);
        fixBlockSize(func);
      }
      if (!isa_and_present<LLVM::LLVMDialect, NVVM::NVVMDialect>(
              op->getDialect())) {
        op->emitOpError("has no form for a GPU");
        hasFailed = true;
      }
      auto call = dyn_cast<LLVM::CallOp>(op);
      if (call && call.getCallee().value_or("").starts_with("__nv_")) {
        op->emitOpError("calls a function that GPUs have not got: ")
            << *call.getCallee();
        hasFailed = true;
      }
    });
    if (hasFailed)
      signalPassFailure();
  }
};
} // namespace
