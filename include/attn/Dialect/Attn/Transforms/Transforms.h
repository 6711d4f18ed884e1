//===- Transforms.h - Rewrites of attn ops ----------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The functions behind the passes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_TRANSFORMS_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_TRANSFORMS_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::attn {

//===----------------------------------------------------------------------===//
// Tiling
//===----------------------------------------------------------------------===//

/// Sizes of a blockwise schedule; the fields of #attn.blockwise.
struct BlockwiseSizes {
  /// Queries of a tile, of every head of a group; 0: the target chooses.
  int64_t blockSizeQ = 0;
  /// Keys of a tile; 0: the target chooses; -1: each range of keys in one
  /// piece, walked inside the kernel.
  int64_t blockSizeKv = 0;
  /// Ranges the keys of a query tile are split in, joined by attn.merge; 0: as
  /// many as keep the threads busy, decided when the code runs.
  int64_t numSplits = 0;
};

/// Declares attn_rt_num_threads in `module`, which code that decides on splits
/// calls.
void declareNumThreads(ModuleOp module);

/// The sizes to tile `op` with: its own #attn.blockwise attribute before
/// `requested`, and what is still 0 from the #attn.target of an enclosing op or
/// the defaults. Both block sizes of the result are not 0; the number of splits
/// is 0 only if the code is for a CPU and could use more than one.
BlockwiseSizes resolveBlockwiseSizes(Operation *op, BlockwiseSizes requested);

/// Replaces `op` (attn.sdpa, attn.star or attn.partial on tensors) by an
/// scf.forall over (batch, kv head, query tile), or (split, batch, kv head,
/// query tile) and a second one that merges, of attn.online over the ranges of
/// keys the tile sees. Tiles of attn.star end where blocks do, and it is not
/// split. `sizes` must be resolved. Splits are decided at run time only in a
/// module that declares attn_rt_num_threads; otherwise there are none. Returns
/// the values that replaced the results. Changes nothing if it fails.
FailureOr<SmallVector<Value>> tileBlockwise(RewriterBase &rewriter,
                                            AttentionInterface op,
                                            const BlockwiseSizes &sizes);

/// Replaces `op` (attn.sdpa or attn.partial on tensors) by an scf.forall over
/// `numSplits` equal ranges of its keys, each an attn.partial, and one
/// attn.merge of the stacked parts; sinks are one more part, (0, sink). Returns
/// the values that replaced the results. Changes nothing if it fails.
FailureOr<SmallVector<Value>> splitKv(RewriterBase &rewriter,
                                      AttentionInterface op, int64_t numSplits);

//===----------------------------------------------------------------------===//
// Attention inside blocks
//===----------------------------------------------------------------------===//

enum class BlockDiagonalForm;

/// Replaces `op` by what `form` says, exactly. Returns the new results. Changes
/// nothing if it fails, and `why` says what speaks against it.
FailureOr<SmallVector<Value>> rewriteBlockLocal(RewriterBase &rewriter,
                                                BlockLocalOp op,
                                                BlockDiagonalForm form,
                                                std::string &why);

//===----------------------------------------------------------------------===//
// Approximations
//===----------------------------------------------------------------------===//

/// Replaces `op`, a causal prefill, by the attn.star that `strategy` asks for,
/// its anchor clamped to a block. Changes nothing if it fails, and `why` says
/// what speaks against it.
FailureOr<StarOp> rewriteToStar(RewriterBase &rewriter, SdpaOp op,
                                StarAttr strategy, std::string &why);

/// Remarks on what `strategy`, which `op` was made of, asks too much of, or too
/// little.
void remarkOnStar(StarOp op, StarAttr strategy);

/// Replaces `op`, a decode step, by the attn.sparq that `strategy` asks for,
/// with what it asks too much of clamped. Changes nothing if it fails, and
/// `why` says what speaks against it.
FailureOr<SparqOp> rewriteToSparq(RewriterBase &rewriter, SdpaOp op,
                                  SparqAttr strategy, std::string &why);

/// Remarks on what `strategy`, which `op` was made of, asks too much of, and on
/// what every call of `op` computes anew.
void remarkOnSparq(SparqOp op, SparqAttr strategy);

/// Replaces `op` by what `strategy`, which is not exact and whose state is made
/// anew, asks for, with remarks. Changes nothing if it fails, and `why` says
/// what speaks against it.
LogicalResult rewriteToApproximation(RewriterBase &rewriter, SdpaOp op,
                                     StrategyAttrInterface strategy,
                                     std::string &why);

/// Replaces the attn.sdpa of `module` for which `strategy` (of all of them,
/// unless it is empty) or their own attribute asks for something approximate
/// that they can be; `remarks` says why others stay what they are.
LogicalResult applyApproximations(ModuleOp module, StringRef strategy,
                                  bool remarks = false);

/// Makes every approximation in `module`, done or asked for, what it
/// approximates.
void dropApproximations(ModuleOp module);

/// Replaces `op` on tensors by the ops of layer B that it is made of, and
/// linalg between them.
void decomposeSparq(RewriterBase &rewriter, SparqOp op);

/// Replaces `op` by the op that does all its steps, if its heads are known. In
/// a module that declares attn_rt_num_threads that op is told how to split.
FailureOr<SparqStepOp> fuseSparq(RewriterBase &rewriter, SparqOp op);

/// Replaces `op` by the op that writes to destinations.
SdpaStepOp fuseSdpa(RewriterBase &rewriter, SdpaOp op);
StarStepOp fuseStar(RewriterBase &rewriter, StarOp op);
BlockLocalStepOp fuseBlockLocal(RewriterBase &rewriter, BlockLocalOp op);

/// Replaces `op`, if its sequences have `maxKeys` or fewer rows and keys, so
/// that each batch entry is one block, and it has nothing that the kernel does
/// not take.
FailureOr<BlockLocalStepOp> fuseBlockLocal(RewriterBase &rewriter, SdpaOp op,
                                           int64_t maxKeys);

/// The same, if its blocks have `maxKeys` or fewer, their prefixes' included.
FailureOr<BlockLocalStepOp> fuseBlockLocal(RewriterBase &rewriter,
                                           BlockLocalOp op, int64_t maxKeys);

//===----------------------------------------------------------------------===//
// Functions that are called from C
//===----------------------------------------------------------------------===//

/// Writes as cf.assert, before the ops they are about, what the verifiers of
/// attn, linalg and tensor ops could not know, and that no scalar integer is
/// divided by 0. Each says by `attn.check` whether it is about sizes or about
/// lengths, if it is.
void addRuntimeChecks(ModuleOp module);

/// An argument that a function updates, and the result that is its new value.
struct InoutPair {
  unsigned argument, result;
};

/// The `attn.inout` tensor arguments of `func`, in order, with its last
/// results. Emits an error if there are too few results or their types differ.
FailureOr<SmallVector<InoutPair>> getInoutPairs(func::FuncOp func);

} // namespace mlir::attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_TRANSFORMS_H
