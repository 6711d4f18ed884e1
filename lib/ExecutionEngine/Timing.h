//===- lib/ExecutionEngine/Timing.h - Seconds -----------------------------===//
//
// Part of attn-mlir.
//
// What the tables of times are made of.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_EXECUTIONENGINE_TIMING_H
#define ATTN_LIB_EXECUTIONENGINE_TIMING_H

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <chrono>

namespace mlir::attn {

/// Seconds that `body` takes.
template <typename Body>
double seconds(Body body) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The median of at least one value.
inline double median(llvm::SmallVector<double> values) {
  llvm::sort(values);
  size_t half = values.size() / 2;
  return values.size() % 2 ? values[half]
                           : (values[half - 1] + values[half]) / 2;
}

} // namespace mlir::attn

#endif // ATTN_LIB_EXECUTIONENGINE_TIMING_H
