//===- AttnToCPU.h - From attention to host code ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The order of passes from attn ops on tensors to the LLVM dialect of the host.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PIPELINES_ATTNTOCPU_H
#define ATTN_PIPELINES_ATTNTOCPU_H

#include "attn/Pipelines/PipelineStage.h"

#include <string>

namespace mlir::attn {

/// What attn-to-cpu can be told.
struct AttnToCPUOptions {
  /// The strategy of every op, as `--strategy` takes it; empty leaves ops that
  /// carry one alone and makes the others `blockwise`.
  std::string strategy;
  /// Lower attn ops to linalg instead of vector kernels.
  bool portable = false;
  /// Outline parallel loops into calls of `attn_rt_parallel_for`; otherwise
  /// they run on the calling thread.
  bool parallel = true;
  /// Lower `x86vector` ops; off on other processors.
  bool x86Vector = true;
  /// Make the public functions those of `attn/Runtime/Abi.h`: they work in
  /// their caller's memory, and what is wrong with a call is a status. The
  /// module must not have run-time checks added before.
  bool objectAbi = false;
};

/// The stages in order. The module should carry `attn.target` (see
/// setHostTargetIfAbsent); without it defaults are used.
SmallVector<PipelineStage> getAttnToCPUStages(const AttnToCPUOptions &options);

/// All stages in one pass manager.
void buildAttnToCPUPipeline(OpPassManager &pm, const AttnToCPUOptions &options);

/// Registers the pipeline `attn-to-cpu`.
void registerAttnToCPUPipeline();

} // namespace mlir::attn

#endif // ATTN_PIPELINES_ATTNTOCPU_H
