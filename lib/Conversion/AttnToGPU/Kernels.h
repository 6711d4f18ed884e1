//===- Kernels.h - The kernels for GPUs -------------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// One kernel a file. Each launches itself before the insertion point, in the
// function on the host.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOGPU_KERNELS_H
#define ATTN_LIB_CONVERSION_ATTNTOGPU_KERNELS_H

#include "GpuBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <functional>

namespace mlir::linalg {
class SoftmaxOp;
} // namespace mlir::linalg

namespace mlir::attn {

/// Returns the number to write for `x`, the output of a row at `column`.
using FinishElement = std::function<Value(GpuBuilder &b, Value batch,
                                          Value head, Value column, Value x)>;

/// An op that a kernel computes and where its results go.
struct AttentionStep {
  AttentionInterface op;
  Value output;
  Value lse;     ///< Or null.
  Value sinks;   ///< Or null.
  Layout layout; ///< Of output.
  /// The keys to attend to, [batch * num_kv_heads][count], and how many of them
  /// there are, of i32; or null for all.
  Value chosen = {}, numChosen = {};
  /// What becomes of an element of the output, or null.
  FinishElement finish = {};
  /// Whose running state takes the keys in, instead of output and lse; or null.
  OnlineOp running = {};

  /// Of attn.sdpa_step, attn.star_step, attn.block_local_step, attn.partial or
  /// attn.online.
  static AttentionStep get(Operation *op);
};

/// Indices of an element of `layout`.
SmallVector<Value> indexIn(Layout layout, Value batch, Value head, Value row,
                           Value column);

/// Whether the row of `query`, a local index, lies before q_len; null if the op
/// has none.
Value isInUse(GpuBuilder &b, AttentionInterface op, Value batch, Value query);

/// States over parts of the keys, and where their merge goes.
struct MergeStep {
  /// One state each, or one with a dimension of `count` parts in front.
  SmallVector<Value> outputs, lses;
  Value count; ///< Of stacked parts, else null.
  Value output;
  Value lse;     ///< Or null.
  Layout layout; ///< Of output.
  /// Sinks that join rows before q_len, as part of the step they are of; or
  /// null.
  Value sinks;
  AttentionInterface op;
  FinishElement finish = {}; ///< As in AttentionStep.
};

/// Launches the merge.
void emitMerge(OpBuilder &builder, Location loc, MergeStep step);

/// Launches a kernel over `numSplits` ranges of keys (at least 1), and the
/// merge of `step`. `launch` is called in a place for each way: with `isPart`,
/// outputs and lses of accumulators have a dimension of ranges in front, are
/// [batch, head, row], and sinks are left out; else they are those of `step`.
using LaunchSplits =
    function_ref<void(Value numSplits, Value output, Value lse, bool isPart)>;
void emitSplits(GpuBuilder &b, const AttentionStep &step, Value numSplits,
                LaunchSplits launch);

/// States that are not normalised, with a dimension of parts in front.
struct RawStates {
  Value accs, maxima, sums; ///< Maxima in natural units.
};

/// Launches the end of attn.online: its state takes `parts` in.
void emitAddStates(OpBuilder &builder, OnlineOp op, const RawStates &parts);
/// Launches attn.finalize.
void emitFinalize(OpBuilder &builder, FinalizeOp op);

/// Launches attn.kv_append: a batch entry whose tokens do not fit is left as it
/// is.
void emitAppend(OpBuilder &builder, KvAppendOp op);
/// Launches attn.running_mean.
void emitRunningMean(OpBuilder &builder, RunningMeanOp op);

/// How the split-KV kernel computes `op` if nothing is said.
TileConfigAttr chooseSplitKvConfig(AttentionInterface op);
/// Whether `config` is one of this kernel that `step` can be computed with; the
/// reason is reported.
LogicalResult checkSplitKv(const AttentionStep &step, TileConfigAttr config,
                           const GpuTarget &target);
/// Launches attention of any shape and type with the lanes of a warp along
/// rows: one launch, or one over ranges of keys and a merge. `config` is that
/// of this kernel. On failure nothing has been emitted and the reason reported.
LogicalResult emitSplitKv(OpBuilder &builder, AttentionStep step,
                          TileConfigAttr config, const GpuTarget &target);

/// Launches a copy, also of a constant, which the host's memory holds.
void emitCopy(OpBuilder &builder, memref::CopyOp op);
/// Launches a structured op on memrefs, a thread for each of its elements.
void emitElements(OpBuilder &builder, Operation *op);
/// Launches linalg.softmax on memrefs.
void emitSoftmax(OpBuilder &builder, linalg::SoftmaxOp op);

/// Launches attn.scores. On failure nothing has been emitted and the reason
/// reported.
LogicalResult emitScores(OpBuilder &builder, ScoresOp op,
                         const GpuTarget &target);
/// Launches attn.topk.
void emitTopK(OpBuilder &builder, TopKOp op, const GpuTarget &target);
/// Launches attn.gather_kv.
void emitGather(OpBuilder &builder, GatherKvOp op);

/// Launches SparQ attention: scores, choice, and attention to what was chosen.
/// On failure nothing has been emitted and the reason reported.
LogicalResult emitSparq(OpBuilder &builder, SparqStepOp op,
                        const GpuTarget &target);

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOGPU_KERNELS_H
