//===- include/attn/Runtime/ParallelFor.h - Threads of compiled code ------===//
//
// Part of attn-mlir.
//
// The one entry through which compiled code runs a loop on several threads.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUNTIME_PARALLELFOR_H
#define ATTN_RUNTIME_PARALLELFOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One iteration of an outlined loop: `ctx` holds the captured values, `index`
/// is the linear iteration, `thread` is below attn_rt_num_threads().
typedef void (*attn_rt_body)(void *ctx, int64_t index, int64_t thread);

/// Runs `body(ctx, i, thread)` for every i in [0, n), in any order and possibly
/// at the same time, and returns when all are done. A call from inside a body
/// runs on the calling thread alone, with its thread number.
void attn_rt_parallel_for(int64_t n, attn_rt_body body, void *ctx);

/// Sets how many threads later calls use; 0 or less asks for all processors.
void attn_rt_set_num_threads(int64_t threads);

/// How many threads attn_rt_parallel_for uses; 1 when built without OpenMP.
int64_t attn_rt_num_threads(void);

#ifdef __cplusplus
}
#endif

#endif // ATTN_RUNTIME_PARALLELFOR_H
