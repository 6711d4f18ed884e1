//===- AttnToGPU.h - From attention to code for GPUs ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The order of passes from attn ops on tensors to kernels and the host's code
// that launches them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PIPELINES_ATTNTOGPU_H
#define ATTN_PIPELINES_ATTNTOGPU_H

#include "attn/Pipelines/PipelineStage.h"

#include <string>

namespace mlir::attn {

/// What attn-to-gpu can be told.
struct AttnToGPUOptions {
  /// As in AttnToCPUOptions.
  std::string strategy;
  bool objectAbi = false;
  /// Run the kernels on the host.
  bool emulate = false;
};

/// The stages in order. The module should carry `attn.target`; without it
/// defaults are used. Without `emulate` the kernels stay in `gpu.module`s, in
/// the NVVM dialect.
SmallVector<PipelineStage> getAttnToGPUStages(const AttnToGPUOptions &options);

/// All stages in one pass manager.
void buildAttnToGPUPipeline(OpPassManager &pm, const AttnToGPUOptions &options);

/// Registers the pipeline `attn-to-gpu`.
void registerAttnToGPUPipeline();

} // namespace mlir::attn

#endif // ATTN_PIPELINES_ATTNTOGPU_H
