//===- PipelineStage.h - One arrow of a pipeline ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the pipelines are made of, so that their users can stop in between.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PIPELINES_PIPELINESTAGE_H
#define ATTN_PIPELINES_PIPELINESTAGE_H

#include "mlir/Pass/PassManager.h"

#include <functional>

namespace mlir::attn {

/// One arrow of a pipeline: its name in `--dump-stages` and its passes.
struct PipelineStage {
  StringRef name;
  std::function<void(OpPassManager &)> build;
};

} // namespace mlir::attn

#endif // ATTN_PIPELINES_PIPELINESTAGE_H
