//===- lib/ExecutionEngine/BenchmarkGpu.cpp - Times on a GPU --------------===//
//
// Part of attn-mlir.
//
// Times a program on a GPU beside copies in its memory, in one run.
//
//===----------------------------------------------------------------------===//

#include "BenchmarkGpu.h"

#include "DeviceMemory.h"
#include "Timing.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::attn;

/// Bytes of a copy: several times the caches of a GPU, and longer on its way
/// than a host takes to enqueue a call.
static constexpr int64_t kCopyBytes = 256 << 20;

Error mlir::attn::benchmarkOnGpu(function_ref<Error()> call,
                                 const Counts &counts, int64_t repetitions,
                                 raw_ostream &out) {
  auto from = DeviceBuffer::create(kCopyBytes);
  if (!from)
    return from.takeError();
  auto to = DeviceBuffer::create(kCopyBytes);
  if (!to)
    return to.takeError();
  auto copy = [&] { return to->copyFrom(*from); };
  SmallVector<double> times, copies;
  // The first of each loads and warms up.
  for (int64_t i = 0; i <= repetitions; ++i) {
    auto copied = timeOnGpu(copy);
    if (!copied)
      return copied.takeError();
    // Kernels find none of their data in a cache, and do not wait for the host.
    if (Error error = copy())
      return error;
    auto time = timeOnGpu(call);
    if (!time)
      return time.takeError();
    if (i == 0)
      continue;
    times.push_back(*time);
    copies.push_back(2 * kCopyBytes / *copied / 1e9);
  }

  double middle = median(times), best = *min_element(times);
  double limit = median(copies), bestLimit = *max_element(copies);
  auto row = [&](StringRef what, StringRef unit, double middle, double best) {
    out << left_justify(what, 26) << format("%12.3f %12.3f  ", middle, best)
        << unit << '\n';
  };
  out << "on the GPU, nothing in its caches, repetitions " << repetitions
      << '\n'
      << left_justify("", 26) << "      median         best\n";
  row("time", "ms", middle * 1e3, best * 1e3);
  double flops = counts.work.flops, bytes = counts.work.bytes;
  if (flops > 0)
    row("counted work", "GFLOP/s", flops / middle / 1e9, flops / best / 1e9);
  row("copy limit", "GB/s", limit, bestLimit);
  if (bytes > 0) {
    row("counted bytes", "GB/s", bytes / middle / 1e9, bytes / best / 1e9);
    row("share of copy limit", "%", 100 * bytes / middle / 1e9 / limit,
        100 * bytes / best / 1e9 / bestLimit);
  }
  return Error::success();
}
