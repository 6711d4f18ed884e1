//===- lib/ExecutionEngine/BenchmarkGpu.h - Times on a GPU ------*- C++ -*-===//
//
// Part of attn-mlir.
//
// Times a program on a GPU beside copies in its memory, in one run.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_BENCHMARKGPU_H
#define ATTN_LIB_EXECUTIONENGINE_BENCHMARKGPU_H

#include "attn/ExecutionEngine/Benchmark.h"

namespace mlir::attn {

/// Makes `call`, which enqueues kernels, `repetitions` times after a warm-up,
/// with nothing of it in the GPU's caches and a copy in between, and prints a
/// table. `counts` are those of one call, zero where they are not known.
llvm::Error benchmarkOnGpu(llvm::function_ref<llvm::Error()> call,
                           const Counts &counts, int64_t repetitions,
                           llvm::raw_ostream &out);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_BENCHMARKGPU_H
