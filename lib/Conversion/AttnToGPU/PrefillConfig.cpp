//===- PrefillConfig.cpp - Tiles of the kernel of prompts -----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the kernel takes, and the tiles it uses where nothing is said.
//
//===----------------------------------------------------------------------===//

#include "Prefill.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"

using namespace mlir;
using namespace mlir::attn;

/// Widest rows of query, key and value.
static constexpr int64_t kMaxHeadDim = 256;
/// The first GPUs with mma.sync of bf16 and copies that nobody waits for.
static constexpr int64_t kMinCapability = 80;
/// Scores of a warp's keys that fit the bits of a word; see emitStep.
static constexpr int64_t kMaxBlockKv = 128;

int64_t PrefillShape::sharedBytes() const {
  return std::max(queryBytes() + stages * stageBytes(),
                  blockQ() * headDimV * 2);
}

FailureOr<PrefillShape> PrefillShape::get(int64_t headDim, int64_t headDimV,
                                          TileConfigAttr config,
                                          const GpuTarget &target,
                                          std::string &reason) {
  llvm::raw_string_ostream os(reason);
  if (config.getBlockQ() % (16 * config.getWarps()) != 0) {
    os << "expects block_q to be a multiple of 16 rows for each of "
       << config.getWarps() << " warps, but got " << config.getBlockQ();
    return failure();
  }
  PrefillShape shape{headDim,
                     headDimV,
                     config.getWarps(),
                     config.getBlockQ() / 16 / config.getWarps(),
                     config.getBlockKv(),
                     config.getStages()};
  if (shape.blockKv % 16 != 0 || shape.blockKv > kMaxBlockKv) {
    os << "expects block_kv to be a multiple of 16 of at most " << kMaxBlockKv
       << ", but got " << shape.blockKv;
    return failure();
  }
  if (shape.stages < 2) {
    os << "expects at least 2 stages, but got " << shape.stages;
    return failure();
  }
  // A lane has the scores and the sums of its rows in registers.
  int64_t numbers = shape.rowTiles * (shape.blockKv + shape.headDimV) / 2;
  if (numbers > 224) {
    os << "expects a lane to have at most 224 scores and sums in registers, "
          "but got "
       << numbers;
    return failure();
  }
  if (shape.sharedBytes() > target.sharedBytes) {
    os << "expects at most " << target.sharedBytes
       << " bytes of shared memory, but its tiles need " << shape.sharedBytes();
    return failure();
  }
  return shape;
}

std::string attn::getPrefillObstacle(const AttentionStep &step,
                                     const GpuTarget &target) {
  AttentionInterface op = step.op;
  if (target.computeCapability < kMinCapability)
    return "mma_sync needs sm_80 or later";
  Value operands[] = {op.getQuery(), op.getKey(), op.getValue()};
  Type element = getElementTypeOrSelf(op.getQuery().getType());
  if (!element.isF16() && !element.isBF16())
    return "mma_sync takes f16 and bf16";
  for (Value operand : operands) {
    if (getElementTypeOrSelf(operand.getType()) != element)
      return "mma_sync takes query, key and value of one type";
    if (!hasContiguousRows(operand))
      return "mma_sync takes rows whose elements are adjacent";
  }
  if (!hasContiguousRows(step.output))
    return "mma_sync takes rows whose elements are adjacent";
  if (op.getKeyScale() || op.getValueScale())
    return "mma_sync takes no key_scale or value_scale";
  for (int64_t width : {op.getHeadDim(), op.getHeadDimV()})
    if (width % 16 != 0 || width < 16 || width > kMaxHeadDim)
      return "mma_sync takes head_dim and head_dim_v that are multiples of 16 "
             "of at most 256";
  return {};
}

TileConfigAttr attn::choosePrefillConfig(const AttentionStep &step,
                                         const GpuTarget &target) {
  if (!getPrefillObstacle(step, target).empty())
    return {};
  AttentionInterface op = step.op;
  int64_t headDim = op.getHeadDim(), headDimV = op.getHeadDimV();
  struct Choice {
    int64_t blockQ, blockKv, warps, stages;
  };
  // The first that fits. Two row tiles a warp halve what it reads of shared
  // memory, as long as all stays in its registers:
  // test/Target/GPU/Inputs/registers.py assembles these.
  SmallVector<Choice> choices;
  if (std::max(headDim, headDimV) <= 96)
    choices = {{128, 32, 4, 2}, {64, 32, 4, 2}};
  else if (headDimV <= 128)
    choices = {{128, 64, 8, 2}, {64, 32, 4, 2}};
  else
    choices = {{128, 32, 8, 2}, {64, 16, 4, 2}, {32, 16, 2, 2}};
  // Fewer rows leave warps without work.
  std::optional<int64_t> group = getStaticGroupSize(op);
  int64_t seqLenQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  bool isShort =
      group && !ShapedType::isDynamic(seqLenQ) && seqLenQ * *group <= 64;
  for (const Choice &choice : choices) {
    if (isShort && choice.blockQ > 64)
      continue;
    auto config = TileConfigAttr::get(op->getContext(), GpuKernel::mma_sync,
                                      choice.blockQ, choice.blockKv,
                                      choice.warps, choice.stages);
    std::string reason;
    if (succeeded(PrefillShape::get(headDim, headDimV, config, target, reason)))
      return config;
  }
  return {};
}
