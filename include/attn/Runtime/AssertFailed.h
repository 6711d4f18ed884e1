//===- include/attn/Runtime/AssertFailed.h - Run-time checks --------------===//
//
// Part of attn-mlir.
//
// What compiled code calls where a run-time check does not hold.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUNTIME_ASSERTFAILED_H
#define ATTN_RUNTIME_ASSERTFAILED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A check does not hold. `message` is "FILE:LINE:COL: expectation", without a
/// place if none is known. `found` says what holds instead, e.g. "{0} != {1}",
/// where {0} to {3} stand for `v0` to `v3`; empty if there is nothing to say.
/// May be called from several threads at once; must not return.
///
/// This is all there is between a check and its consequence. It is defined by
/// whoever runs the code: attn-run prints and exits. Objects made for other
/// programs must not end the process; there, the checks in a function's
/// prologue are to become its status, and none is to reach this call.
void attn_rt_assert_failed(const char *message, const char *found, int64_t v0,
                           int64_t v1, int64_t v2, int64_t v3);

#ifdef __cplusplus
}
#endif

#endif // ATTN_RUNTIME_ASSERTFAILED_H
