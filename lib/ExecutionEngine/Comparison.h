//===- lib/ExecutionEngine/Comparison.h - Approximate beside exact --------===//
//
// Part of attn-mlir.
//
// Times programs; approximate ones beside the dense one that they stand for.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_COMPARISON_H
#define ATTN_LIB_EXECUTIONENGINE_COMPARISON_H

#include "attn/ExecutionEngine/Benchmark.h"

namespace mlir::attn {

/// What of a program is approximate.
struct Approximation {
  /// The approximate op's name without its dialect; empty if there is none.
  std::string name;
  /// Whether calls make anew what could be kept.
  bool isRecomputing = false;
};

/// What is approximate in `source` compiled with `options`.
Approximation findApproximation(const Source &source,
                                const CompileOptions &options);

/// Times `call`, the program of `source` and `options`, on `inputs`, and prints
/// a table. What it has to do is counted if `isCounted`.
llvm::Error benchmarkAlone(const Source &source, const CompileOptions &options,
                           bool isCounted, llvm::function_ref<void()> call,
                           llvm::ArrayRef<TensorValue> inputs,
                           int64_t repetitions, llvm::raw_ostream &out);

/// Times `call`, the approximate program of `source` and `options`, in turns
/// with dense attention on the same `inputs`, and prints a table. With
/// `verification`, that has accuracies: of `results`, and of what the dense
/// program makes of `before`, the inputs as they were before the first call.
llvm::Error compareWithDense(const Source &source,
                             const CompileOptions &options,
                             const Approximation &approximation,
                             llvm::function_ref<void()> call,
                             llvm::MutableArrayRef<TensorValue> inputs,
                             llvm::ArrayRef<TensorValue> before,
                             llvm::ArrayRef<NamedValue> results,
                             const Verification *verification,
                             int64_t repetitions, llvm::raw_ostream &out);

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_COMPARISON_H
