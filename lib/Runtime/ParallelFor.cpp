//===- lib/Runtime/ParallelFor.cpp - Threads of compiled code -------------===//
//
// Part of attn-mlir.
//
// attn_rt_parallel_for on OpenMP, or on the calling thread without it.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/ParallelFor.h"

#ifdef _OPENMP
#include <omp.h>
#endif

// The thread number of the body that runs on this thread, or -1 outside one.
static thread_local int64_t currentThread = -1;

static void runSerial(int64_t n, attn_rt_body body, void *ctx, int64_t thread) {
  int64_t outer = currentThread;
  currentThread = thread;
  for (int64_t i = 0; i < n; ++i)
    body(ctx, i, thread);
  currentThread = outer;
}

#ifdef _OPENMP

static int64_t requestedThreads = 0;

extern "C" void attn_rt_set_num_threads(int64_t threads) {
  requestedThreads = threads > 0 ? threads : 0;
}

extern "C" int64_t attn_rt_num_threads(void) {
  return requestedThreads > 0 ? requestedThreads : omp_get_max_threads();
}

extern "C" void attn_rt_parallel_for(int64_t n, attn_rt_body body, void *ctx) {
  if (currentThread >= 0)
    return runSerial(n, body, ctx, currentThread);
  int64_t threads = attn_rt_num_threads();
  if (threads > n)
    threads = n;
  if (threads <= 1)
    return runSerial(n, body, ctx, 0);
  // Dynamic: causal panels differ in length by a factor of the sequence.
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t i = 0; i < n; ++i) {
    currentThread = omp_get_thread_num();
    body(ctx, i, currentThread);
    currentThread = -1;
  }
}

#else

extern "C" void attn_rt_set_num_threads(int64_t) {}

extern "C" int64_t attn_rt_num_threads(void) { return 1; }

extern "C" void attn_rt_parallel_for(int64_t n, attn_rt_body body, void *ctx) {
  runSerial(n, body, ctx, currentThread >= 0 ? currentThread : 0);
}

#endif
