//===- lib/Target/CPU/LowerToLLVM.cpp - Loops to the LLVM dialect ---------===//
//
// Part of attn-mlir.
//
// The pass pipeline from bufferized loops to the LLVM dialect for the host.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/CPU/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void attn::buildLowerToLLVMPipeline(OpPassManager &pm,
                                    const LowerToLLVMOptions &options) {
  // Clones and deallocations, which buffer deallocation leaves behind.
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addPass(createAttnLowerCommPass());
  // Before vector-to-scf: the buffers that one makes belong to a thread.
  if (options.parallel)
    pm.addPass(createAttnOutlineParallelLoopsPass());
  if (options.entryPoints)
    pm.addPass(createAttnEmitCEntryPointsPass());
  else
    pm.addPass(createAttnLowerAssertsPass());
  arith::ArithEmulateUnsupportedFloatsOptions emulate;
  emulate.sourceTypeStrs = {"f8E4M3FN", "f8E5M2"};
  pm.addPass(arith::createArithEmulateUnsupportedFloats(emulate));
  pm.addPass(createAttnPrepareLowerToLLVMPass());
  pm.addPass(createConvertLinalgToLoopsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());

  pm.addNestedPass<func::FuncOp>(vector::createLowerVectorMultiReductionPass());
  // Written out: a loop over the rows of a register tile would pass them
  // through the stack.
  VectorTransferToSCFOptions transfers;
  transfers.enableFullUnroll();
  pm.addPass(createConvertVectorToSCFPass(transfers));
  pm.addPass(createLowerAffinePass());
  // Transfers to strided subviews need the second lower-affine.
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  // The last time that loops are loops: vector-to-scf has made its temporaries.
  pm.addNestedPass<func::FuncOp>(createAttnBoundStackPass());
  pm.addPass(createSCFToControlFlowPass());

  // Intrinsics where LLVM has one, which it unrolls over vectors into libm
  // calls; libm directly for the rest.
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());

  ConvertVectorToLLVMPassOptions vector;
  vector.x86Vector = options.x86Vector;
  vector.vectorTransposeLowering =
      vector::VectorTransposeLowering::Shuffle16x16;
  vector.vectorContractLowering = vector::VectorContractLowering::OuterProduct;
  pm.addPass(createConvertVectorToLLVMPass(vector));
  // Before arith: memref.dim with an index that is no longer an arith.constant
  // goes through an array on the stack.
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<bool> parallel{*this, "parallel",
                        llvm::cl::desc("Outline parallel loops"),
                        llvm::cl::init(true)};
  Option<bool> x86Vector{*this, "x86vector",
                         llvm::cl::desc("Lower x86vector ops"),
                         llvm::cl::init(true)};
};
} // namespace

void attn::registerLowerToLLVMPipeline() {
  PassPipelineRegistration<PipelineOptions>(
      "attn-lower-to-llvm",
      "Lower bufferized loops and vectors to the LLVM dialect",
      [](OpPassManager &pm, const PipelineOptions &options) {
        LowerToLLVMOptions lower;
        lower.parallel = options.parallel;
        lower.x86Vector = options.x86Vector;
        buildLowerToLLVMPipeline(pm, lower);
      });
}
