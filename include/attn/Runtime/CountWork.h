//===- include/attn/Runtime/CountWork.h - Counters of compiled code -------===//
//
// Part of attn-mlir.
//
// What a program instrumented by attn-count-work reports.
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

#ifdef __cplusplus
}
#endif

#endif // ATTN_RUNTIME_COUNTWORK_H
