//===- AttnToGPU.cpp - Attention to kernels for GPUs ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Which kernel computes an op, and the pass.
//
//===----------------------------------------------------------------------===//

#include "GpuTargets.h"
#include "Kernels.h"
#include "KeyRows.h"
#include "Prefill.h"
#include "WgmmaPrefill.h"
#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/IR/AttnPositions.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::attn;

namespace mlir::attn {
#define GEN_PASS_DEF_CONVERTATTNTOGPUPASS
#include "attn/Conversion/Passes.h.inc"
} // namespace mlir::attn

SmallVector<Value> attn::indexIn(Layout layout, Value batch, Value head,
                                 Value row, Value column) {
  if (layout == Layout::bshd)
    return {batch, row, head, column};
  return {batch, head, row, column};
}

Value attn::isInUse(GpuBuilder &b, AttentionInterface op, Value batch,
                    Value query) {
  OpFoldResult qLen = getQLenAt(op, b, b.getLoc(), OpFoldResult(batch));
  if (!qLen)
    return Value();
  Value end = b.sub(b.idx(qLen), b.idx(getOffset(op, b, 2)));
  return b.compare(arith::CmpIPredicate::slt, query, end);
}

AttentionStep AttentionStep::get(Operation *op) {
  auto attention = cast<AttentionInterface>(op);
  if (auto step = dyn_cast<SdpaStepOp>(op))
    return {attention, step.getOutput(), step.getLse(), step.getSinks(),
            attention.getLayout()};
  if (auto step = dyn_cast<StarStepOp>(op))
    return {attention, step.getOutput(), step.getLse(), step.getSinks(),
            attention.getLayout()};
  if (auto step = dyn_cast<BlockLocalStepOp>(op))
    return {attention, step.getOutput(), step.getLse(), step.getSinks(),
            attention.getLayout()};
  if (auto online = dyn_cast<OnlineOp>(op)) {
    AttentionStep step{attention, online.getAcc(), Value(), Value(),
                       Layout::bhsd};
    step.running = online;
    return step;
  }
  auto partial = cast<PartialOp>(op);
  return {attention, partial.getOutput(), partial.getLse(), Value(),
          Layout::bhsd};
}

/// Whether there are too few rows for matrix instructions. Their 16 rows cost
/// nothing but instructions where there are fewer, about 15 a key of 128
/// numbers; with lanes along rows, a key takes 9 and 15 more for each row, and
/// a multiprocessor of an H200 reads one in the time of 100: what limits from 4
/// rows on are instructions, and not memory.
static bool isForLanes(const AttentionStep &step, const GpuTarget &target) {
  AttentionInterface op = step.op;
  int64_t seqLenQ = op.getQuery().getType().getDimSize(op.getSeqAxis());
  if (ShapedType::isDynamic(seqLenQ) || seqLenQ >= 16)
    return false;
  constexpr int64_t kMinRows = 4;
  return getRowsOfKeyHead(op).value_or(1) < kMinRows ||
         !getPrefillObstacle(step, target).empty();
}

/// The kernel and tiles that compute `step` on `target`, where nothing is said.
/// `remark` is told what is slow about it.
static TileConfigAttr chooseConfig(const AttentionStep &step,
                                   const GpuTarget &target,
                                   function_ref<void(const Twine &)> remark) {
  AttentionInterface op = step.op;
  // Nothing else leaves states that are not normalised, or reads anchors beside
  // key.
  bool hasAnchors =
      isa<StarStepOp>(op.getOperation()) && ExtraKeys(op).key != nullptr;
  if (step.running || hasAnchors || isForLanes(step, target))
    return chooseSplitKvConfig(op);
  if (TileConfigAttr config = chooseWgmmaConfig(step, target))
    return config;
  if (TileConfigAttr config = choosePrefillConfig(step, target))
    return config;
  Type type = getElementTypeOrSelf(op.getQuery().getType());
  if (type.isF16() || type.isBF16()) {
    std::string reason = getPrefillObstacle(step, target);
    remark("computed without matrix instructions: " +
           (reason.empty() ? "no tiles fit the shared memory" : reason));
  }
  return chooseSplitKvConfig(op);
}

/// Whether there are the instructions of `kernel` on `target`.
static bool hasInstructions(const GpuTarget &target, GpuKernel kernel) {
  return kernel != GpuKernel::wgmma || target.hasWgmma;
}

static LogicalResult emitAttention(RewriterBase &rewriter,
                                   const AttentionStep &step,
                                   TileConfigAttr config,
                                   const GpuTarget &target) {
  switch (config.getKernel()) {
  case GpuKernel::split_kv:
    return emitSplitKv(rewriter, step, config, target);
  case GpuKernel::mma_sync:
    return emitPrefill(rewriter, step, config, target);
  case GpuKernel::wgmma:
    return emitWgmmaPrefill(rewriter, step, config, target);
  }
  llvm_unreachable("all kernels are above");
}

static LogicalResult lowerAttention(RewriterBase &rewriter, Operation *op,
                                    ArrayRef<GpuTarget> targets) {
  AttentionStep step = AttentionStep::get(op);
  TileConfigAttr config;
  if (auto sdpa = dyn_cast<SdpaStepOp>(op))
    config = sdpa.getConfigAttr();
  if (auto blocks = dyn_cast<BlockLocalStepOp>(op))
    config = blocks.getConfigAttr();
  if (auto star = dyn_cast<StarStepOp>(op)) {
    config = star.getConfigAttr();
    if (config && config.getKernel() != GpuKernel::split_kv &&
        star.getAnchorKey())
      return op->emitOpError("expects kernel = split_kv: others do not read "
                             "anchors beside key");
  }
  llvm::StringSet<> said;
  auto remark = [&](const Twine &text) {
    if (said.insert(text.str()).second)
      op->emitRemark(text);
  };
  // What is asked for is done wherever it can be, and an error if that is
  // nowhere.
  auto isPossible = [&](const GpuTarget &target) {
    return hasInstructions(target, config.getKernel());
  };
  bool isAsked = config && llvm::none_of(targets, isPossible);
  auto choose = [&](const GpuTarget &target) {
    if (config && (isAsked || isPossible(target)))
      return config;
    if (config)
      remark("computed by another kernel than config names on " + target.arch +
             ", which has not got its instructions");
    return chooseConfig(step, target, remark);
  };
  return emitVariants(rewriter, op->getLoc(), groupByKernel(targets, choose),
                      [&](TileConfigAttr chosen, const GpuTarget &target) {
                        return emitAttention(rewriter, step, chosen, target);
                      });
}

static void lowerMerge(RewriterBase &rewriter, MergeOp op) {
  MergeStep step;
  step.outputs = op.getPartOutputs();
  step.lses = op.getPartLses();
  if (op.getAlong())
    step.count = getValueOrCreateConstantIndexOp(
        rewriter, op.getLoc(),
        memref::getMixedSize(rewriter, op.getLoc(), step.outputs[0], 0));
  step.output = op.getOutput();
  step.lse = op.getLse();
  step.layout = op.getLayout().value_or(Layout::bhsd);
  emitMerge(rewriter, op.getLoc(), step);
}

static LogicalResult lowerToGpu(RewriterBase &rewriter, Operation *op,
                                ArrayRef<GpuTarget> targets) {
  for (Value operand : op->getOperands())
    if (isa<TensorType>(operand.getType()))
      return op->emitOpError("expects memrefs, but got ")
             << operand.getType() << "; bufferize first";
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  if (isa<SdpaStepOp, StarStepOp, BlockLocalStepOp, PartialOp, OnlineOp>(op)) {
    if (failed(lowerAttention(rewriter, op, targets)))
      return failure();
  } else if (auto merge = dyn_cast<MergeOp>(op)) {
    lowerMerge(rewriter, merge);
  } else if (auto finalize = dyn_cast<FinalizeOp>(op)) {
    emitFinalize(rewriter, finalize);
  } else if (auto append = dyn_cast<KvAppendOp>(op)) {
    emitAppend(rewriter, append);
  } else if (auto mean = dyn_cast<RunningMeanOp>(op)) {
    emitRunningMean(rewriter, mean);
  } else if (auto sparq = dyn_cast<SparqStepOp>(op)) {
    if (failed(emitSparq(rewriter, sparq, getCommonTarget(targets))))
      return failure();
  } else if (auto scores = dyn_cast<ScoresOp>(op)) {
    if (failed(emitScores(rewriter, scores, getCommonTarget(targets))))
      return failure();
  } else if (auto topK = dyn_cast<TopKOp>(op)) {
    emitTopK(rewriter, topK, getCommonTarget(targets));
  } else if (auto gather = dyn_cast<GatherKvOp>(op)) {
    emitGather(rewriter, gather);
  } else {
    assert((isa<DistMergeOp, CommRankOp, CommSizeOp, GridCommOp>(op)) &&
           "all other ops have tensors or memrefs");
    return op->emitOpError(
        "belongs to a communicator of the host, which a function for GPUs "
        "cannot call; return this rank's output and lse and merge those of all "
        "ranks by attn.merge, or compile for the CPU");
  }
  rewriter.eraseOp(op);
  return success();
}

/// Whether `op` is of a constant; other globals are variables of the host.
static bool isConstant(memref::GetGlobalOp op) {
  auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
      op, op.getNameAttr());
  return global && global.getConstant();
}

/// Whether `op` becomes a kernel although it is none of ours.
static bool isForKernels(Operation *op) {
  if (op->getParentOfType<gpu::LaunchOp>())
    return false;
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    auto source = copy.getSource().getDefiningOp<memref::GetGlobalOp>();
    return !source || isConstant(source);
  }
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
    return softmax.hasPureBufferSemantics();
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  return structured && structured.hasPureBufferSemantics();
}

namespace {
struct ConvertAttnToGPUPass
    : attn::impl::ConvertAttnToGPUPassBase<ConvertAttnToGPUPass> {
  /// Constants are the host's: what reads them gets a copy where kernels are.
  void copyConstants() {
    SmallVector<memref::GetGlobalOp> constants;
    getOperation().walk([&](memref::GetGlobalOp op) {
      if (isConstant(op) &&
          !llvm::all_of(op->getUsers(), llvm::IsaPred<memref::CopyOp>))
        constants.push_back(op);
    });
    for (memref::GetGlobalOp op : constants) {
      OpBuilder builder(op->getContext());
      builder.setInsertionPointAfter(op);
      Value copy = memref::AllocOp::create(builder, op.getLoc(), op.getType());
      op.getResult().replaceAllUsesWith(copy);
      // Of no elements, it is of no number.
      if (op.getType().getNumElements() != 0)
        memref::CopyOp::create(builder, op.getLoc(), op.getResult(), copy);
      else
        op.erase();
    }
  }

  void runOnOperation() override {
    copyConstants();
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_present<AttnDialect>(op->getDialect()) &&
          !isa<YieldOp, RunsOnOp>(op))
        ops.push_back(op);
    });
    SmallVector<GpuTarget> targets = getGpuTargets(getOperation());
    IRRewriter rewriter(&getContext());
    bool hasFailed = false;
    for (Operation *op : ops)
      hasFailed |= failed(lowerToGpu(rewriter, op, targets));
    // Other memory is the host's; whoever looks at what is left reports it.
    SmallVector<Operation *> others;
    getOperation()->walk([&](Operation *op) {
      if (isForKernels(op))
        others.push_back(op);
    });
    for (Operation *op : others) {
      rewriter.setInsertionPoint(op);
      if (auto copy = dyn_cast<memref::CopyOp>(op)) {
        emitCopy(rewriter, copy);
      } else if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op)) {
        emitSoftmax(rewriter, softmax);
      } else {
        emitElements(rewriter, op);
      }
      rewriter.eraseOp(op);
    }
    if (hasFailed)
      signalPassFailure();
  }
};
} // namespace
