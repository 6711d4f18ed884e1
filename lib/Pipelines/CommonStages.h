//===- CommonStages.h - Stages that several targets have --------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Parts of attn-to-cpu and attn-to-gpu that are the same.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PIPELINES_COMMONSTAGES_H
#define ATTN_LIB_PIPELINES_COMMONSTAGES_H

#include "attn/Pipelines/PipelineStage.h"

#include <string>

namespace mlir::attn {

/// Canonicalization and common subexpressions.
void addCleanup(OpPassManager &pm);

/// "strategy": `strategy` goes over what ops carry; the default, for the empty
/// text, does not.
PipelineStage makeStrategyStage(const std::string &strategy);

/// "bufferized": tensors become memory. With `objectAbi`, results are the
/// caller's memory. `deallocate`: what is allocated is freed.
PipelineStage makeBufferizedStage(bool objectAbi, bool deallocate);

/// "workspace": allocations become places in one argument.
PipelineStage makeWorkspaceStage();

} // namespace mlir::attn

#endif // ATTN_LIB_PIPELINES_COMMONSTAGES_H
