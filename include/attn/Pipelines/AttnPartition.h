//===- AttnPartition.h - Attention over a grid of processes -----*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The order of passes from a program annotated with shard.shard to what each
// process runs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_PIPELINES_ATTNPARTITION_H
#define ATTN_PIPELINES_ATTNPARTITION_H

#include "mlir/Pass/PassManager.h"

namespace mlir::attn {

/// Upstream's propagation and partition, what they need around attention, and
/// the communicator as an argument.
void buildAttnPartitionPipeline(OpPassManager &pm);

/// Registers the pipeline `attn-partition`.
void registerAttnPartitionPipeline();

} // namespace mlir::attn

#endif // ATTN_PIPELINES_ATTNPARTITION_H
