//===- LowerKernels.cpp - From gpu.launch to NVVM -------------------------===//
//
// Part of attn-mlir.
//
// The pass pipeline from launches in functions to kernels in the NVVM dialect.
//
//===----------------------------------------------------------------------===//

#include "attn/Target/GPU/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void attn::buildLowerKernelsPipeline(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createAttnVerifyGpuHostPass());
  pm.addNestedPass<func::FuncOp>(createGpuLaunchSinkIndexComputationsPass());
  pm.addPass(createAttnPlaceKernelsPass());
  pm.addPass(createGpuKernelOutliningPass());

  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(createAttnTakeTensorMapsPass());
  kernels.addPass(createConvertVectorToSCFPass());
  kernels.addPass(createAttnLowerGpuMathPass());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createSCFToControlFlowPass());
  // Views of shared memory and of arguments become plain addresses.
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
  kernels.addPass(arith::createArithExpandOpsPass());
  kernels.addPass(createConvertGpuOpsToNVVMOps());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createReconcileUnrealizedCastsPass());
  kernels.addPass(createAttnFinishKernelsPass());
}

void attn::registerLowerKernelsPipeline() {
  PassPipelineRegistration<>("attn-lower-kernels",
                             "Lower gpu.launch to kernels in the NVVM dialect",
                             buildLowerKernelsPipeline);
}
