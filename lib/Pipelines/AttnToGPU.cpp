//===- AttnToGPU.cpp - From attention to code for GPUs --------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The only place that orders the passes of the GPU path.
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/AttnToGPU.h"
#include "CommonStages.h"
#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Target/CPU/Passes.h"
#include "attn/Target/GPU/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::attn;

SmallVector<PipelineStage>
attn::getAttnToGPUStages(const AttnToGPUOptions &options) {
  SmallVector<PipelineStage> stages;
  stages.push_back(
      {"device-checks", [options](OpPassManager &pm) {
         pm.addPass(createInlinerPass());
         pm.addPass(createSymbolDCEPass());
         if (options.objectAbi)
           pm.addPass(createAttnAddRuntimeChecksPass());
         pm.addNestedPass<func::FuncOp>(createAttnDropElementChecksPass());
         pm.addNestedPass<func::FuncOp>(createAttnStoreBooleansAsBytesPass());
         if (options.objectAbi)
           pm.addPass(createAttnExtractChecksPass());
       }});
  stages.push_back(makeStrategyStage(options.strategy));
  // Ops that a kernel computes whole.
  stages.push_back({"fused", [](OpPassManager &pm) {
                      AttnApplyStrategiesPassOptions apply;
                      apply.tileOps = false;
                      pm.addPass(createAttnApplyStrategiesPass(apply));
                      pm.addPass(createAttnFuseSdpaPass());
                      pm.addPass(createAttnFuseSparQPass());
                      addCleanup(pm);
                    }});
  // Kernels run after the call that launched them has returned, so nothing is
  // freed in it: memory is the caller's workspace, or that of the emulation.
  stages.push_back(
      makeBufferizedStage(options.objectAbi, /*deallocate=*/false));
  stages.push_back({"launches", [](OpPassManager &pm) {
                      pm.addNestedPass<func::FuncOp>(
                          createConvertAttnToGPUPass());
                      addCleanup(pm);
                    }});
  stages.push_back(
      {"kernels", [](OpPassManager &pm) { buildLowerKernelsPipeline(pm); }});
  if (options.objectAbi)
    stages.push_back(makeWorkspaceStage());
  stages.push_back({"llvm", [options](OpPassManager &pm) {
                      AttnLowerLaunchesPassOptions launches;
                      launches.emulate = options.emulate;
                      pm.addPass(createAttnLowerLaunchesPass(launches));
                      LowerToLLVMOptions lower;
                      lower.parallel = false;
                      lower.x86Vector = false;
                      lower.entryPoints = options.objectAbi;
                      buildLowerToLLVMPipeline(pm, lower);
                    }});
  if (options.emulate)
    stages.push_back({"emulated", [](OpPassManager &pm) {
                        pm.addPass(createAttnEmulateGPUPass());
                        addCleanup(pm);
                      }});
  return stages;
}

void attn::buildAttnToGPUPipeline(OpPassManager &pm,
                                  const AttnToGPUOptions &options) {
  for (const PipelineStage &stage : getAttnToGPUStages(options))
    stage.build(pm);
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<std::string> strategy{
      *this, "strategy",
      llvm::cl::desc("Strategy of ops that carry none; default blockwise")};
  Option<bool> objectAbi{*this, "object-abi",
                         llvm::cl::desc("Make the C functions of Abi.h"),
                         llvm::cl::init(false)};
  Option<bool> emulate{*this, "emulate",
                       llvm::cl::desc("Run the kernels on the host"),
                       llvm::cl::init(false)};
};
} // namespace

void attn::registerAttnToGPUPipeline() {
  PassPipelineRegistration<PipelineOptions>(
      "attn-to-gpu", "Lower attention on tensors to kernels for GPUs",
      [](OpPassManager &pm, const PipelineOptions &options) {
        AttnToGPUOptions gpu;
        gpu.strategy = options.strategy;
        gpu.objectAbi = options.objectAbi;
        gpu.emulate = options.emulate;
        buildAttnToGPUPipeline(pm, gpu);
      });
}
