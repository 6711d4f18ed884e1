//===- AttnPartition.cpp - Attention over a grid of processes -------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The only place that orders the passes which cut annotated programs.
//
//===----------------------------------------------------------------------===//

#include "attn/Pipelines/AttnPartition.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Shard/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::attn;

void attn::buildAttnPartitionPipeline(OpPassManager &pm) {
  OpPassManager &functions = pm.nest<func::FuncOp>();
  // In the other orders, tensors stay without a sharding, and shard-partition
  // crashes.
  shard::ShardingPropagationOptions propagation;
  propagation.traversal = shard::TraversalOrder::ForwardBackward;
  functions.addPass(shard::createShardingPropagation(propagation));
  functions.addPass(createAttnCheckShardingPass());
  functions.addPass(shard::createPartition());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  pm.addPass(createAttnBindGridPass());
}

void attn::registerAttnPartitionPipeline() {
  PassPipelineRegistration<>(
      "attn-partition",
      "Cut functions annotated with shard.shard into what each process runs",
      [](OpPassManager &pm) { buildAttnPartitionPipeline(pm); });
}
