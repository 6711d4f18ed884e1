//===- InitAll.cpp - Register everything of ours --------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The list of rooms with something to register.
//
//===----------------------------------------------------------------------===//

#include "attn/InitAll.h"
#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/Extensions/Extensions.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/TMTensor/TMTensor.h"
#include "attn/Pipelines/AttnPartition.h"
#include "attn/Pipelines/AttnToCPU.h"
#include "attn/Pipelines/AttnToGPU.h"
#include "attn/Target/CPU/Passes.h"
#include "attn/Target/GPU/Passes.h"

using namespace mlir;

void attn::registerAllDialectsAndExtensions(DialectRegistry &registry) {
  registry.insert<AttnDialect>();
  registerAggregatedOpInterfaceExternalModels(registry);
  registerBufferizableOpInterfaceExternalModels(registry);
  registerTilingInterfaceExternalModels(registry);
  registerPartialReductionOpInterfaceExternalModels(registry);
  registerValueBoundsOpInterfaceExternalModels(registry);
  registerRuntimeVerifiableOpInterfaceExternalModels(registry);
  registerShardingInterfaceExternalModels(registry);
}

void attn::registerShadowDialects(DialectRegistry &registry) {
  registry.insert<tm_tensor::TMTensorDialect>();
}

void attn::registerAllPasses() {
  registerAttnTransformsPasses();
  registerAttnConversionPasses();
  registerAttnCPUPasses();
  registerAttnGPUPasses();
  registerLowerToLLVMPipeline();
  registerLowerKernelsPipeline();
  registerAttnToCPUPipeline();
  registerAttnToGPUPipeline();
  registerAttnPartitionPipeline();
}
