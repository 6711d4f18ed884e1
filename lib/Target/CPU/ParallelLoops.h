//===- ParallelLoops.h - Loops that become tasks ----------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Which loops attn-outline-parallel-loops makes tasks of, and how code asks
// about threads.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_TARGET_CPU_PARALLELLOOPS_H
#define ATTN_LIB_TARGET_CPU_PARALLELLOOPS_H

#include "mlir/IR/Operation.h"

namespace mlir::attn {

/// Private functions () -> i64 that code calls before loops are outlined: the
/// number of the thread a task runs on, below the number of threads; 0 outside
/// of tasks.
inline constexpr StringLiteral kThread = "attn_rt_thread";
inline constexpr StringLiteral kNumThreads = "attn_rt_num_threads";

/// Whether `op` is a parallel loop that is outlined, unless it is within one.
bool isTaskLoop(Operation *op);

/// The loop whose body becomes a task with `op` in it, or null.
Operation *getTaskLoop(Operation *op);

} // namespace mlir::attn

#endif // ATTN_LIB_TARGET_CPU_PARALLELLOOPS_H
