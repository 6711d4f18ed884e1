//===- WgmmaPrefillConfig.cpp - Tiles of the kernel for sm_90a ------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the kernel takes, and the tiles it uses where nothing is said.
//
//===----------------------------------------------------------------------===//

#include "WgmmaPrefill.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"

using namespace mlir;
using namespace mlir::attn;

/// Registers of a computing thread for all but scores, powers and sums.
static constexpr int64_t kOtherRegisters = 32;
/// Rows of a box of a tensor copy, and columns of a wgmma.
static constexpr int64_t kMaxBlockKv = 256;

FailureOr<WgmmaShape> WgmmaShape::get(int64_t headDim, int64_t headDimV,
                                      TileConfigAttr config,
                                      const GpuTarget &target,
                                      std::string &reason) {
  llvm::raw_string_ostream os(reason);
  int64_t consumers = config.getBlockQ() / kWarpgroupRows;
  if (config.getBlockQ() % kWarpgroupRows != 0 || consumers < 2 ||
      consumers > 3) {
    os << "expects block_q of 128 or 192, 64 rows for each of two or three "
          "warpgroups, but got "
       << config.getBlockQ();
    return failure();
  }
  WgmmaShape shape{headDim, headDimV, consumers, config.getBlockKv(),
                   config.getStages()};
  if (config.getWarps() != shape.numConsumerWarps()) {
    os << "expects " << shape.numConsumerWarps()
       << " warps, four for each 64 rows of block_q, but got "
       << config.getWarps();
    return failure();
  }
  if (shape.blockKv % 16 != 0 || shape.blockKv > kMaxBlockKv) {
    os << "expects block_kv to be a multiple of 16 of at most " << kMaxBlockKv
       << ", but got " << shape.blockKv;
    return failure();
  }
  if (shape.stages < 2) {
    os << "expects at least 2 stages, but got " << shape.stages;
    return failure();
  }
  // Scores of a tile while powers of the one before it, in pairs, are
  // multiplied.
  int64_t numbers = (shape.blockKv + headDimV) / 2 + shape.blockKv / 4;
  int64_t most = shape.consumerRegisters() - kOtherRegisters;
  if (numbers > most) {
    os << "expects scores, powers and sums of a lane to take at most " << most
       << " registers, but got " << numbers;
    return failure();
  }
  if (shape.sharedBytes() > target.sharedBytes) {
    os << "expects at most " << target.sharedBytes
       << " bytes of shared memory, but its tiles need " << shape.sharedBytes();
    return failure();
  }
  return shape;
}

std::string attn::getWgmmaObstacle(const AttentionStep &step,
                                   const GpuTarget &target) {
  if (!target.hasWgmma)
    return "wgmma needs sm_90a";
  // Its operands are those of the kernel that stands in for it.
  std::string reason = getPrefillObstacle(step, target);
  if (!reason.empty()) {
    StringRef rest = reason;
    rest.consume_front("mma_sync");
    return ("wgmma" + rest).str();
  }
  AttentionInterface op = step.op;
  if (op.getMask() || op.getBias() || op.hasScore())
    return "wgmma takes no mask, bias or score region";
  if (op.isPaged())
    return "wgmma takes no pages";
  return {};
}

TileConfigAttr attn::chooseWgmmaConfig(const AttentionStep &step,
                                       const GpuTarget &target) {
  if (!getWgmmaObstacle(step, target).empty())
    return {};
  AttentionInterface op = step.op;
  int64_t headDim = op.getHeadDim(), headDimV = op.getHeadDimV();
  // Fewer rows leave a warpgroup without work.
  constexpr int64_t kFewQueries = 128;
  int64_t seqLenQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  if (!ShapedType::isDynamic(seqLenQ) && seqLenQ < kFewQueries)
    return {};
  bool isCausal = op.getWindowRight() >= 0;
  struct Choice {
    int64_t blockQ, blockKv;
  };
  // The first that fits: tiles of FlashAttention-3, whose authors measured
  // them. Without a diagonal, more keys at a time waste nothing.
  SmallVector<Choice> choices;
  if (headDimV <= 128 && headDim <= 128 && !isCausal)
    choices.push_back({128, 176});
  choices.append({{128, 128}, {128, 112}, {128, 96}, {128, 80}, {128, 64}});
  for (const Choice &choice : choices) {
    auto config = TileConfigAttr::get(
        op->getContext(), GpuKernel::wgmma, choice.blockQ, choice.blockKv,
        /*warps=*/choice.blockQ / 16, /*stages=*/2);
    std::string reason;
    if (succeeded(WgmmaShape::get(headDim, headDimV, config, target, reason)))
      return config;
  }
  return {};
}
