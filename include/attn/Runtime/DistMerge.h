//===- include/attn/Runtime/DistMerge.h - Merges of the JIT -----*- C++ -*-===//
//
// Part of attn-mlir.
//
// What code that attn-run compiles calls for attn.dist_merge. Objects call the
// communicator themselves.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUNTIME_DISTMERGE_H
#define ATTN_RUNTIME_DISTMERGE_H

#include "attn/Runtime/Comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Merges as attn_comm.merge does. If that fails, says so and ends the process.
void attn_rt_dist_merge(attn_comm *comm, void *o, void *lse, int64_t rows,
                        int64_t width, int32_t dtype, int32_t algo,
                        int32_t root, int32_t payload);

#ifdef __cplusplus
}
#endif

#endif // ATTN_RUNTIME_DISTMERGE_H
