//===- include/attn/Runtime/CountWork.h - Counters of compiled code -------===//
//
// Part of attn-mlir.
//
// What a program instrumented by attn-count-work or attn-count-loads reports.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUNTIME_COUNTWORK_H
#define ATTN_RUNTIME_COUNTWORK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Floating-point operations, and bytes read or written.
typedef struct {
  int64_t flops;
  int64_t bytes;
} attn_rt_work;

/// Adds to the counters; may be called from several threads.
void attn_rt_count_work(int64_t flops, int64_t bytes);

/// The counters since the last call, which starts them again from 0.
attn_rt_work attn_rt_take_work(void);

/// Starts counting loads of arguments 0 to `arguments` - 1 from 0.
void attn_rt_begin_loads(int64_t arguments);

/// Adds `bytes` loaded to the counter of `argument`, if there is one; may be
/// called from several threads.
void attn_rt_count_loads(int64_t argument, int64_t bytes);

/// The bytes loaded of `argument` since counting began; 0 without a counter.
int64_t attn_rt_loaded(int64_t argument);

#ifdef __cplusplus
}
#endif

#endif // ATTN_RUNTIME_COUNTWORK_H
