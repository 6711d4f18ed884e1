//===- AttnToCPU.cpp - From attention to host code ------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The only place that orders the passes of the CPU path.
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/AttnToCPU.h"
#include "CommonStages.h"
#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Target/CPU/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::attn;

SmallVector<PipelineStage>
attn::getAttnToCPUStages(const AttnToCPUOptions &options) {
  SmallVector<PipelineStage> stages;
  if (options.objectAbi)
    stages.push_back({"checked", [](OpPassManager &pm) {
                        pm.addPass(createInlinerPass());
                        pm.addPass(createSymbolDCEPass());
                        pm.addPass(createAttnAddRuntimeChecksPass());
                        pm.addNestedPass<func::FuncOp>(
                            createAttnStoreBooleansAsBytesPass());
                        pm.addPass(createAttnExtractChecksPass());
                      }});
  stages.push_back(makeStrategyStage(options.strategy));
  stages.push_back({"tiled", [options](OpPassManager &pm) {
                      if (!options.portable)
                        pm.addPass(createAttnFuseBlockLocalPass());
                      pm.addPass(createAttnApplyStrategiesPass());
                      if (!options.portable)
                        pm.addPass(createAttnFuseSparQPass());
                      addCleanup(pm);
                    }});
  // Layer A ops that are left asked to stay dense; layer B ops become kernels
  // once they are on memrefs.
  stages.push_back(
      {"linalg", [options](OpPassManager &pm) {
         ConvertAttnToLinalgPassOptions convert;
         convert.layerAOnly = !options.portable;
         pm.addPass(createConvertAttnToLinalgPass(convert));
         // Arithmetic on whole tensors, as of lengths.
         pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
         pm.addNestedPass<func::FuncOp>(createAttnVectorizeContractionsPass());
         addCleanup(pm);
       }});
  // An object's buffers lie in the caller's workspace.
  stages.push_back(makeBufferizedStage(options.objectAbi,
                                       /*deallocate=*/!options.objectAbi));
  stages.push_back(
      {"vectors", [](OpPassManager &pm) {
         pm.addNestedPass<func::FuncOp>(createConvertAttnToVectorPass());
         pm.addNestedPass<func::FuncOp>(createAttnPrepareDistMergePass());
         addCleanup(pm);
       }});
  if (options.objectAbi)
    stages.push_back(makeWorkspaceStage());
  stages.push_back({"llvm", [options](OpPassManager &pm) {
                      LowerToLLVMOptions lower;
                      lower.parallel = options.parallel;
                      lower.x86Vector = options.x86Vector;
                      lower.entryPoints = options.objectAbi;
                      buildLowerToLLVMPipeline(pm, lower);
                    }});
  return stages;
}

void attn::buildAttnToCPUPipeline(OpPassManager &pm,
                                  const AttnToCPUOptions &options) {
  for (const PipelineStage &stage : getAttnToCPUStages(options))
    stage.build(pm);
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<std::string> strategy{
      *this, "strategy",
      llvm::cl::desc("Strategy of ops that carry none; default blockwise")};
  Option<bool> portable{*this, "portable",
                        llvm::cl::desc("Lower to linalg, not vector kernels"),
                        llvm::cl::init(false)};
  Option<bool> parallel{*this, "parallel",
                        llvm::cl::desc("Outline parallel loops"),
                        llvm::cl::init(true)};
  Option<bool> objectAbi{*this, "object-abi",
                         llvm::cl::desc("Make the C functions of Abi.h"),
                         llvm::cl::init(false)};
};
} // namespace

void attn::registerAttnToCPUPipeline() {
  PassPipelineRegistration<PipelineOptions>(
      "attn-to-cpu", "Lower attention on tensors to the LLVM dialect",
      [](OpPassManager &pm, const PipelineOptions &options) {
        AttnToCPUOptions cpu;
        cpu.strategy = options.strategy;
        cpu.portable = options.portable;
        cpu.parallel = options.parallel;
        cpu.objectAbi = options.objectAbi;
        buildAttnToCPUPipeline(pm, cpu);
      });
}
