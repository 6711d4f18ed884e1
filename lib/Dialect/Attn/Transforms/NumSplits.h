//===- NumSplits.h - How many ranges keys are split in ----------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// The automatic num_splits of a blockwise schedule for a pool of threads.
//
// There is one task per (split, batch entry, key head, query tile). Tasks of
// one op take about equally long and are handed out one by one, so with eight
// a thread the last ones leave an eighth of the machine idle at worst, and a
// thread that loses its processor for a while costs the others little. Hence,
// with tiles = batch * num_kv_heads * query tiles,
//
//   num_splits = ceil(8 * threads / tiles), at most keys / 512, at least 1.
//
// A task also starts a softmax state, ends it and has it merged: the work of
// about two keys, and a microsecond of scheduling. Five hundred keys make that
// small. One thread has nothing to share and never splits.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_ATTN_DIALECT_ATTN_TRANSFORMS_NUMSPLITS_H
#define LIB_ATTN_DIALECT_ATTN_TRANSFORMS_NUMSPLITS_H

#include "attn/Dialect/Attn/IR/AttnPositions.h"

namespace mlir::attn {

/// True if the rule may give `op` more than one split on some pool of threads:
/// there can be enough keys, and few enough tiles of `blockSizeQ` queries that
/// a pool of up to 32 threads would wait for the last of them.
bool maySplit(AttentionInterface op, int64_t blockSizeQ);

/// Emits the rule. `op` is in a module that declares attn_rt_num_threads.
OpFoldResult createNumSplits(OpBuilder &builder, AttentionInterface op,
                             const AttentionSizes &dims, int64_t blockSizeQ);

/// The number of threads, an index of at least 1. A call at `op` finds
/// attn_rt_num_threads.
Value createNumThreads(OpBuilder &builder, Operation *op);

/// True if a call at `op` finds attn_rt_num_threads.
bool knowsNumThreads(Operation *op);

} // namespace mlir::attn

#endif // LIB_ATTN_DIALECT_ATTN_TRANSFORMS_NUMSPLITS_H
