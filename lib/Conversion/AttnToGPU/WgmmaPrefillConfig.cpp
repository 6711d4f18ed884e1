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
/// Rows of the tiles that are chosen.
static constexpr int64_t kBlockRows = 128;
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

int64_t attn::getBoxRows(AttentionInterface op, int64_t blockKv) {
  if (!op.isPaged())
    return blockKv;
  int64_t rows = std::min(blockKv, getPageSize(op));
  return blockKv % rows == 0 && getPageSize(op) % rows == 0 ? rows : 0;
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
  if (op.isPaged() && getPageSize(op) % 8 != 0)
    return "wgmma takes pages of a multiple of 8 keys";
  if (isa<StarStepOp>(op.getOperation()))
    return "wgmma goes through one range of keys";
  // What one block holds, a NaN too, reaches no other.
  if (auto local = dyn_cast<BlockLocalStepOp>(op.getOperation()))
    if (local.getPrefixKey() || !op.getOffsets().empty() ||
        local.getNumBlockRows() % kBlockRows != 0)
      return "wgmma takes blocks of a multiple of 128 rows, without prefix and "
             "offsets";
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
  // 128 rows, and keys as in FlashAttention-3, whose authors measured them:
  // without a diagonal, more of them waste nothing.
  bool isCausal = op.getWindowRight() >= 0;
  // Modifiers that are read need registers for addresses, and of wide rows the
  // sums leave few: test/Target/GPU/Inputs/wgmma-registers.py compiles these.
  int64_t numRead = !!op.getMask() + !!op.getBias();
  bool isWide = headDimV > 128;
  if (isWide && (numRead || op.hasScore()))
    return {};

  SmallVector<int64_t> choices;
  // Blocks are multiples of 128 keys: no tile goes beyond one.
  if (isa<BlockLocalStepOp>(op.getOperation()))
    choices = {isWide ? 64 : 128, 64, 32};
  else if (isWide && op.getSoftcapAttr())
    choices = {48, 32};
  else if (isWide)
    choices = {80, 64, 32};
  else if (numRead && op.hasScore())
    choices = {64, 48, 32};
  else if (numRead == 2)
    choices = {headDim > 128 ? 48 : 80, 48, 32};
  else if (numRead)
    choices = {headDim > 128 ? 80 : 96, 64, 32};
  else if (headDim <= 128 && !isCausal)
    choices = {176, 128, 112, 96, 80, 64, 32};
  else
    choices = {128, 112, 96, 80, 64, 32};
  // The first that fits.
  for (int64_t blockKv : choices) {
    if (getBoxRows(op, blockKv) == 0)
      continue;
    auto config = TileConfigAttr::get(op->getContext(), GpuKernel::wgmma,
                                      kBlockRows, blockKv,
                                      /*warps=*/8, /*stages=*/2);
    std::string reason;
    if (succeeded(WgmmaShape::get(headDim, headDimV, config, target, reason)))
      return config;
  }
  return {};
}
