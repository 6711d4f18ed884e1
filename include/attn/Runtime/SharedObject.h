/*===- include/attn/Runtime/SharedObject.h - What every .so exports -------===*\
 *
 * Part of attn-mlir.
 *
 * Shared objects made by attn-compile export, beside the functions of their
 * module and what Abi.h declares, what is declared here. Objects (.o) do not.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_RUNTIME_SHAREDOBJECT_H
#define ATTN_RUNTIME_SHAREDOBJECT_H

#include "attn/Runtime/Abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions, their arguments and how they were compiled, as JSON. */
const char *attn_manifest(void);

/* The module that was compiled, as MLIR text; NULL with --no-embed-ir. */
const char *attn_module_text(void);

/* Fills in `exec` so that loops run on `num_threads` threads of OpenMP, or as
 * many as OpenMP would use if it is 0 or less. Keeps no state: `exec` may be
 * used by any number of calls at the same time. Without an OpenMP runtime in
 * the process, exec->num_threads is 1. */
void attn_openmp_exec(attn_exec *exec, int32_t num_threads);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_RUNTIME_SHAREDOBJECT_H */
