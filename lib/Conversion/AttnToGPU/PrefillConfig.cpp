//===- PrefillConfig.cpp - Tiles of the kernel of prompts -----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the kernel takes, and the tiles it uses where nothing is said.
//
//===----------------------------------------------------------------------===//

#include "KeyRows.h"
#include "Prefill.h"

#include "attn/Dialect/Attn/IR/AttnPositions.h"

using namespace mlir;
using namespace mlir::attn;

/// Widest rows of query, key and value.
static constexpr int64_t kMaxHeadDim = 256;
/// The first GPUs with mma.sync of bf16 and copies that nobody waits for.
static constexpr int64_t kMinCapability = 80;
/// Keys of a step that a lane has bits of in a word; see seenKeys.
static constexpr int64_t kMaxBlockKv = 128;
/// Rows that the warps of a block may have in common.
static constexpr int64_t kMaxSharedRows = 32;

int64_t PrefillShape::sharedBytes() const {
  int64_t atEnd =
      keyWarps > 1 ? warps * blockQ() * stateBytes() : blockQ() * headDimV * 2;
  return std::max(queryBytes() + stages * stageBytes(), atEnd);
}

PrefillShape PrefillShape::withOneRowTile() const {
  // Of more warps, each thread may have fewer than 255 registers.
  constexpr int64_t kMaxWarps = 8;
  PrefillShape shape = *this;
  if (keyWarps == 1 && warps * rowTiles <= kMaxWarps) {
    shape.warps *= rowTiles;
    shape.rowTiles = 1;
  }
  return shape;
}

FailureOr<PrefillShape> PrefillShape::get(int64_t headDim, int64_t headDimV,
                                          TileConfigAttr config,
                                          const GpuTarget &target,
                                          std::string &reason) {
  llvm::raw_string_ostream os(reason);
  int64_t blockQ = config.getBlockQ(), warps = config.getWarps();
  bool hasOwnRows = blockQ % (16 * warps) == 0;
  if (!hasOwnRows && (blockQ % 16 != 0 || blockQ > kMaxSharedRows)) {
    os << "expects block_q to be a multiple of 16 rows for each of " << warps
       << " warps, or 16 or 32 rows that all of them have, but got " << blockQ;
    return failure();
  }
  int64_t keyWarps = hasOwnRows ? 1 : warps;
  PrefillShape shape{headDim,
                     headDimV,
                     warps,
                     blockQ / 16 / (warps / keyWarps),
                     config.getBlockKv() / keyWarps,
                     config.getStages(),
                     keyWarps};
  if (config.getBlockKv() % (16 * keyWarps) != 0 ||
      shape.blockKv > kMaxBlockKv) {
    os << "expects block_kv to be a multiple of " << 16 * keyWarps
       << " of at most " << kMaxBlockKv * keyWarps << ", but got "
       << config.getBlockKv();
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
  SmallVector<Value> operands = {op.getQuery(), op.getKey(), op.getValue()};
  if (ExtraKeys extra(op); extra.key)
    operands.append({extra.key, extra.value});
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

std::optional<int64_t> attn::getRowsOfKeyHead(AttentionInterface op) {
  std::optional<int64_t> group = getStaticGroupSize(op);
  int64_t seqLenQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  if (!group || ShapedType::isDynamic(seqLenQ))
    return std::nullopt;
  return seqLenQ * *group;
}

/// `rows` that all warps have, each with 16 keys of its own (with 32 of 64
/// numbers, ptxas spills a register for sm_90). Memory is what limits: a row of
/// key and value is 4 * head_dim bytes, of which an SM of an H200 gets 21 a
/// cycle, and is to have asked for 64 KiB ahead. Two blocks an SM, if one has
/// two stages in half of the memory.
static TileConfigAttr chooseSharedRows(AttentionInterface op, int64_t rows,
                                       const GpuTarget &target) {
  int64_t headDim = op.getHeadDim(), headDimV = op.getHeadDimV();
  constexpr int64_t kWarps = 4, kMaxStages = 4;
  int64_t blockKv = kWarps * 16;
  std::string reason;
  auto get = [&](int64_t blockQ, int64_t warps, int64_t stages,
                 int64_t sharedBytes) -> TileConfigAttr {
    auto config =
        TileConfigAttr::get(op->getContext(), GpuKernel::mma_sync, blockQ,
                            blockKv / kWarps * warps, warps, stages);
    GpuTarget some = target;
    some.sharedBytes = sharedBytes;
    if (failed(PrefillShape::get(headDim, headDimV, config, some, reason)))
      return {};
    return config;
  };
  // The system has some of it for each block.
  int64_t half = target.sharedBytes / 2 - 1024;
  for (int64_t warps = kWarps; warps > 1; warps /= 2)
    for (int64_t sharedBytes : {half, target.sharedBytes})
      for (int64_t blockQ : {rows <= 16 ? 16 : 32, 16})
        for (int64_t stages = kMaxStages; stages > 1; --stages)
          if (TileConfigAttr config = get(blockQ, warps, stages, sharedBytes))
            return config;
  return {};
}

TileConfigAttr attn::choosePrefillConfig(const AttentionStep &step,
                                         const GpuTarget &target) {
  if (!getPrefillObstacle(step, target).empty())
    return {};
  AttentionInterface op = step.op;
  int64_t headDim = op.getHeadDim(), headDimV = op.getHeadDimV();
  std::optional<int64_t> rows = getRowsOfKeyHead(op);
  if (rows && *rows <= kMaxSharedRows)
    if (TileConfigAttr config = chooseSharedRows(op, *rows, target))
      return config;
  struct Choice {
    int64_t blockQ, blockKv, warps, stages;
  };
  // The first that fits. Two row tiles a warp read a quarter less of shared
  // memory than one does, which is what limits that one, as long as all stays
  // in registers: test/Target/GPU/Inputs/registers.py assembles these.
  bool readsMore =
      op.getMask() || op.getBias() || op.hasScore() || op.isPaged();
  int64_t width = std::max(headDim, headDimV);
  auto local = dyn_cast<BlockLocalStepOp>(op.getOperation());
  bool computesMore = op.getSoftcapAttr() || local;
  int64_t mostOfTwo = readsMore ? 64 : computesMore ? 96 : 192;
  SmallVector<Choice> choices;
  if (width <= mostOfTwo && headDimV <= 128)
    choices = {{128, 32, 4, 2}, {64, 32, 4, 2}};
  else if (headDimV <= 128)
    choices = {{128, 64, 8, 2}, {64, 32, 4, 2}};
  else
    choices = {{128, 32, 8, 2}, {64, 16, 4, 2}, {32, 16, 2, 2}};
  // A warp leaves out tiles of keys that are not its rows': small ones, most of
  // which are asked for before the first is computed. Of wide rows ptxas spills
  // registers for sm_90 with four warps.
  if (local) {
    bool isWide = width > 96;
    // Of the widest rows, more keys leave no registers for addresses.
    if (local.getBlockLen() <= 16 || width > 192)
      choices.insert(choices.begin(),
                     isWide ? Choice{128, 16, 8, 4} : Choice{64, 16, 4, 4});
    else if (local.getBlockLen() <= 32)
      choices.insert(choices.begin(), {64, 32, 4, 3});
  }
  // Fewer rows leave warps without work.
  bool isShort = rows && *rows <= 64;
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
