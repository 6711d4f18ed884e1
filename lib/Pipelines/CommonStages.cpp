//===- CommonStages.cpp - Stages that several targets have ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Parts of attn-to-cpu and attn-to-gpu that are the same.
//
//===----------------------------------------------------------------------===//

#include "CommonStages.h"

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Target/CPU/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::attn;

void attn::addCleanup(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

PipelineStage attn::makeStrategyStage(const std::string &strategy) {
  return {"strategy", [strategy](OpPassManager &pm) {
            addCleanup(pm);
            AttnAssignStrategyPassOptions assign;
            assign.overwrite = !strategy.empty();
            assign.strategy = assign.overwrite ? strategy : "blockwise";
            pm.addPass(createAttnAssignStrategyPass(assign));
          }};
}

PipelineStage attn::makeBufferizedStage(bool objectAbi, bool deallocate) {
  return {"bufferized", [objectAbi, deallocate](OpPassManager &pm) {
            if (objectAbi)
              pm.addPass(createAttnBindDestinationsPass());
            pm.addPass(bufferization::createEmptyTensorEliminationPass());
            bufferization::OneShotBufferizePassOptions bufferize;
            bufferize.bufferizeFunctionBoundaries = true;
            bufferize.functionBoundaryTypeConversion =
                bufferization::LayoutMapOption::IdentityLayoutMap;
            bufferize.allowReturnAllocsFromLoops = true;
            pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
            addCleanup(pm);
            if (deallocate)
              bufferization::buildBufferDeallocationPipeline(pm);
          }};
}

PipelineStage attn::makeWorkspaceStage() {
  return {"workspace", [](OpPassManager &pm) {
            pm.addPass(createConvertBufferizationToMemRefPass());
            pm.addPass(createAttnPlanWorkspacePass());
            addCleanup(pm);
          }};
}
