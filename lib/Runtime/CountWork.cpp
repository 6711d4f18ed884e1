//===- lib/Runtime/CountWork.cpp - Counters of compiled code --------------===//
//
// Part of attn-mlir.
//
// Sums of what instrumented programs report.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/CountWork.h"

#include <atomic>

static std::atomic<int64_t> flopsCounted{0}, bytesCounted{0};

void attn_rt_count_work(int64_t flops, int64_t bytes) {
  flopsCounted += flops;
  bytesCounted += bytes;
}

attn_rt_work attn_rt_take_work(void) {
  return {flopsCounted.exchange(0), bytesCounted.exchange(0)};
}
