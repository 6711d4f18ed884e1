//===- lib/Runtime/CountWork.cpp - Counters of compiled code --------------===//
//
// Part of attn-mlir.
//
// Sums of what instrumented programs report.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/CountWork.h"

#include <atomic>
#include <vector>

static std::atomic<int64_t> flopsCounted{0}, bytesCounted{0};

void attn_rt_count_work(int64_t flops, int64_t bytes) {
  flopsCounted += flops;
  bytesCounted += bytes;
}

attn_rt_work attn_rt_take_work(void) {
  return {flopsCounted.exchange(0), bytesCounted.exchange(0)};
}

/// One an argument; nothing else changes the size while a program runs.
static std::vector<std::atomic<int64_t>> loads;

void attn_rt_begin_loads(int64_t arguments) {
  loads = std::vector<std::atomic<int64_t>>(arguments);
}

void attn_rt_count_loads(int64_t argument, int64_t bytes) {
  if (static_cast<uint64_t>(argument) < loads.size())
    loads[argument] += bytes;
}

int64_t attn_rt_loaded(int64_t argument) {
  return static_cast<uint64_t>(argument) < loads.size() ? loads[argument].load()
                                                        : 0;
}
