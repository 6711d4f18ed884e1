/*===- include/attn/Runtime/Abi.h - How compiled functions are called -----===*\
 *
 * Part of attn-mlir.
 *
 * The C interface of every object attn-compile makes. Plain C99, nothing to
 * link: generated headers carry a copy of this text.
 *
 * A public function NAME of a module becomes
 *
 *   int32_t NAME(const attn_tensor *args, int32_t n_args,
 *                attn_tensor *results, int32_t n_results,
 *                void *workspace, size_t workspace_bytes,
 *                const attn_exec *exec);
 *   int32_t NAME_result_shapes(const attn_tensor *args, int32_t n_args,
 *                              attn_tensor *results, int32_t n_results);
 *   int32_t NAME_workspace_bytes(const attn_tensor *args, int32_t n_args,
 *                                const attn_exec *exec, size_t *bytes);
 *   const char *NAME_explain(const attn_tensor *args, int32_t n_args,
 *                            const attn_tensor *results, int32_t n_results);
 *
 * All are reentrant, keep no state and, but for the last, return an
 * attn_status. What does not agree with the arguments is reported before
 * anything is written. A function with a communicator among its arguments calls
 * other ranks through it: all of them call the function, with the same sizes.
 *
 * `args` are the arguments of the function in order, tensors and scalars alike.
 * `results` are its results, except the new values of arguments that it updates
 * in place (`attn.inout`): those are the last ones of the function in MLIR, and
 * none here. The memory of a result or of an updated argument overlaps no
 * other's.
 *
 * NAME_result_shapes writes dtype, rank, sizes and the strides of contiguous
 * memory into `results`, not `data`. There and in NAME_workspace_bytes the
 * `data` of arguments may be NULL, unless sizes of results depend on elements
 * or scalars. A workspace needs no alignment.
 *
 * NAME_explain says what is wrong with a call that was refused, as "argument 1:
 * expects rank 4": the text of the first thing, or NULL if there is none. The
 * text is constant. With `results` NULL it looks at the arguments only.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_ABI_H
#define ATTN_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when the meaning of anything below changes. */
#define ATTN_ABI_VERSION 1

#define ATTN_MAX_RANK 8

/* Element types; never renumbered. */
typedef enum attn_dtype {
  ATTN_F32 = 1,
  ATTN_F16 = 2,
  ATTN_BF16 = 3,
  ATTN_F64 = 4,
  ATTN_F8E4M3FN = 5,
  ATTN_F8E5M2 = 6,
  ATTN_BOOL = 7, /* one byte an element, nonzero is true */
  ATTN_I8 = 8,
  ATTN_I16 = 9,
  ATTN_I32 = 10,
  ATTN_I64 = 11, /* also index */
  ATTN_U8 = 12,
  ATTN_COMM = 13 /* no element: `data` is an attn_comm * of Comm.h, rank 0 */
} attn_dtype;

/* A tensor in the caller's memory. A scalar has rank 0. `strides` count
 * elements; the last one is 1 wherever the last size is above 1, the others
 * are whatever the caller has, overlap of inputs included; those of what is
 * written are not 0 wherever the size is above 1. `data` is aligned to the
 * element and points at element (0, ..., 0). Of a tensor without elements
 * neither strides nor `data` are looked at. */
typedef struct attn_tensor {
  void *data;
  int32_t dtype; /* an attn_dtype */
  int32_t rank;
  int64_t sizes[ATTN_MAX_RANK];
  int64_t strides[ATTN_MAX_RANK];
} attn_tensor;

/* One iteration of a parallel loop: 0 <= index < n, 0 <= thread < num_threads.
 * No two iterations run at the same time with the same `thread`. */
typedef void (*attn_loop_body)(void *args, int64_t index, int64_t thread);

/* Where a call runs. NULL in place of an attn_exec, or a NULL parallel_for:
 * serially on the calling thread. */
typedef struct attn_exec {
  void *ctx;
  /* Runs body(args, i, thread) for every i in [0, n), in any order, and returns
   * when all are done. */
  void (*parallel_for)(void *ctx, int64_t n, attn_loop_body body, void *args);
  /* Bound of `thread`; scratch is sized by it. At least 1. Not looked at if
   * parallel_for is NULL. */
  int32_t num_threads;
  /* CUDA stream, or NULL. */
  void *stream;
} attn_exec;

typedef enum attn_status {
  ATTN_OK = 0,
  ATTN_ERROR_ARGUMENT_COUNT = 1, /* n_args or n_results */
  ATTN_ERROR_NULL = 2,           /* a pointer that must not be NULL */
  ATTN_ERROR_DTYPE = 3,
  ATTN_ERROR_RANK = 4,
  ATTN_ERROR_SHAPE = 5, /* a size that is static, or must equal another's */
  ATTN_ERROR_STRIDE = 6,
  ATTN_ERROR_ALIGNMENT = 7,
  ATTN_ERROR_WORKSPACE = 8, /* workspace_bytes too small */
  ATTN_ERROR_LENGTH = 9,    /* kv_len, q_len, pos, page numbers: out of range */
  ATTN_ERROR_CAPACITY = 10, /* a cache is full */
  ATTN_ERROR_CHECK = 11,    /* another run-time check of the module */
  ATTN_ERROR_DEVICE = 12,   /* no such device, or it failed */
  /* Ranks could not merge. Found in the middle of a call: results and updated
   * arguments are unspecified. */
  ATTN_ERROR_COMM = 13
} attn_status;

/* In every object, and the same: a program may link several. The text of a
 * status, and ATTN_ABI_VERSION of the compiler that made the object. */
const char *attn_status_string(int32_t status);
int32_t attn_abi_version(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_ABI_H */
