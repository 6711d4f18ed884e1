/*===- include/attn/Runtime/Comm.h - How ranks talk to each other ---------===*\
 *
 * Part of attn-mlir.
 *
 * What a compiled function with an argument of type !attn.comm is given: a
 * table of functions over whatever carries the messages. Plain C99, nothing to
 * link and no constant of an MPI library: generated headers carry a copy of
 * this text, and an object calls through the table only.
 *
 * Implementations: one rank, below; MPI, CommMpi.h. One over NCCL fits beside
 * them: `ctx` holds its ncclComm_t, `stream` says where it runs, o and lse are
 * device pointers, and `merge` is the all-gather or the all-reduce form (NCCL
 * has no reductions of one's own, so `tree` is answered with
 * ATTN_COMM_ERROR_ARGUMENT).
 *
 * A communicator serves one thread at a time. Every rank makes the same calls
 * in the same order, with the same sizes and options.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_COMM_H
#define ATTN_COMM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when the meaning of a field changes; new ones are added at the end. */
#define ATTN_COMM_VERSION 1

/* How partial results are merged; never renumbered. */
typedef enum attn_comm_algo {
  ATTN_COMM_TREE = 0,      /* a reduction whose operation is the merge */
  ATTN_COMM_ALLGATHER = 1, /* in the order of ranks: reproducible to the bit */
  ATTN_COMM_ALLREDUCE = 2  /* a maximum, then a sum */
} attn_comm_algo;

/* What functions of the table return; never renumbered. */
typedef enum attn_comm_status {
  ATTN_COMM_OK = 0,
  ATTN_COMM_ERROR_ARGUMENT = 1, /* no such rank, type, algorithm; sizes */
  ATTN_COMM_ERROR_MEMORY = 2,
  ATTN_COMM_ERROR_TOO_LARGE = 3, /* one row exceeds what a message can hold */
  ATTN_COMM_ERROR_ENGINE = 4,    /* MPI (NCCL) failed; see error_string */
  ATTN_COMM_ERROR_MISSING = 5    /* no MPI here, or not to be initialised */
} attn_comm_status;

typedef struct attn_comm attn_comm;
struct attn_comm {
  /* ATTN_COMM_VERSION of who made it, and the bytes of its struct: fields
   * beyond are not there. */
  int32_t version;
  int32_t struct_bytes;
  /* The implementation's own. */
  void *ctx;
  int32_t rank, size;

  /* Merges the partial attention of all ranks, in place. `o` is rows x width
   * without gaps, each row divided by its own softmax sum; `lse`, of the same
   * type, has the natural logarithm of that sum for each row, -inf where the
   * rank saw no key. `dtype` is ATTN_F32 or ATTN_F64 of Abi.h. `algo` is an
   * attn_comm_algo. With `root` >= 0 only that rank has the result, and what
   * the others have afterwards is unspecified; with -1 every rank has it.
   * `payload` is the type in which rows of o travel: ATTN_BF16, ATTN_F32, or 0
   * for dtype; lse always travels in dtype. */
  int32_t (*merge)(attn_comm *comm, void *o, void *lse, int64_t rows,
                   int64_t width, int32_t dtype, int32_t algo, int32_t root,
                   int32_t payload);
  /* Returns when every rank has called it. */
  int32_t (*barrier)(attn_comm *comm);
  /* Collects `bytes` bytes of every rank, as many as each has, in the order of
   * ranks at `all` of rank `root`; `counts` are the bytes of each rank. `all`
   * and `counts` are looked at on `root` only. */
  int32_t (*gather)(attn_comm *comm, const void *data, int64_t bytes, void *all,
                    const int64_t *counts, int32_t root);
  /* Gives `bytes` bytes of rank `root` to every rank. */
  int32_t (*broadcast)(attn_comm *comm, void *data, int64_t bytes,
                       int32_t root);
  /* What went wrong in the last call that did not return ATTN_COMM_OK. The text
   * lives until the next call. */
  const char *(*error_string)(attn_comm *comm);
  /* Frees the communicator. */
  void (*destroy)(attn_comm *comm);

  /* Counted by merge: messages this rank contributed, and their bytes. Nothing
   * travels where there is one rank. May be set to 0 at any time. */
  int64_t messages, bytes;
  /* Values in one message at most; larger merges are split by rows. 0: what the
   * engine can. Equal on all ranks. */
  int64_t max_count;
  /* A CUDA stream, or NULL. */
  void *stream;
};

/* The text of an attn_comm_status. */
static inline const char *attn_comm_status_string(int32_t status) {
  switch (status) {
  case ATTN_COMM_OK:
    return "ok";
  case ATTN_COMM_ERROR_ARGUMENT:
    return "a rank, a type, an algorithm or a size is not possible";
  case ATTN_COMM_ERROR_MEMORY:
    return "out of memory";
  case ATTN_COMM_ERROR_TOO_LARGE:
    return "one row exceeds what a message can hold";
  case ATTN_COMM_ERROR_ENGINE:
    return "communication failed";
  case ATTN_COMM_ERROR_MISSING:
    return "MPI is not available";
  default:
    return "not a status";
  }
}

/* Whether merge can be called so. The types are those of Abi.h: 1 is f32, 3
 * bf16, 4 f64. */
static inline int attn_comm_accepts(const attn_comm *comm, const void *o,
                                    const void *lse, int64_t rows,
                                    int64_t width, int32_t dtype, int32_t algo,
                                    int32_t root, int32_t payload) {
  if (rows < 0 || width < 0 || (dtype != 1 && dtype != 4))
    return 0;
  if ((rows > 0 && lse == NULL) || (rows > 0 && width > 0 && o == NULL))
    return 0;
  if (algo < ATTN_COMM_TREE || algo > ATTN_COMM_ALLREDUCE)
    return 0;
  if (root < -1 || root >= comm->size)
    return 0;
  return payload == 0 || payload == 1 || payload == 3 || payload == dtype;
}

/*===----------------------------------------------------------------------===*\
 * One rank, without any library: a merge of one part is that part.
\*===----------------------------------------------------------------------===*/

static inline int32_t attn_comm_single_merge(attn_comm *comm, void *o,
                                             void *lse, int64_t rows,
                                             int64_t width, int32_t dtype,
                                             int32_t algo, int32_t root,
                                             int32_t payload) {
  return attn_comm_accepts(comm, o, lse, rows, width, dtype, algo, root,
                           payload)
             ? ATTN_COMM_OK
             : ATTN_COMM_ERROR_ARGUMENT;
}

static inline int32_t attn_comm_single_barrier(attn_comm *comm) {
  (void)comm;
  return ATTN_COMM_OK;
}

static inline int32_t attn_comm_single_gather(attn_comm *comm, const void *data,
                                              int64_t bytes, void *all,
                                              const int64_t *counts,
                                              int32_t root) {
  const unsigned char *from = (const unsigned char *)data;
  unsigned char *to = (unsigned char *)all;
  int64_t i;
  (void)comm;
  if (root != 0 || bytes < 0 || counts == NULL || counts[0] != bytes)
    return ATTN_COMM_ERROR_ARGUMENT;
  for (i = 0; i < bytes; ++i)
    to[i] = from[i];
  return ATTN_COMM_OK;
}

static inline int32_t attn_comm_single_broadcast(attn_comm *comm, void *data,
                                                 int64_t bytes, int32_t root) {
  (void)comm;
  (void)data;
  return root == 0 && bytes >= 0 ? ATTN_COMM_OK : ATTN_COMM_ERROR_ARGUMENT;
}

static inline const char *attn_comm_single_error_string(attn_comm *comm) {
  (void)comm;
  return attn_comm_status_string(ATTN_COMM_ERROR_ARGUMENT);
}

static inline void attn_comm_single_destroy(attn_comm *comm) { (void)comm; }

/* Makes `comm` the communicator of a single rank. It owns nothing. */
static inline void attn_comm_init_single(attn_comm *comm) {
  comm->version = ATTN_COMM_VERSION;
  comm->struct_bytes = (int32_t)sizeof(*comm);
  comm->ctx = NULL;
  comm->rank = 0;
  comm->size = 1;
  comm->merge = attn_comm_single_merge;
  comm->barrier = attn_comm_single_barrier;
  comm->gather = attn_comm_single_gather;
  comm->broadcast = attn_comm_single_broadcast;
  comm->error_string = attn_comm_single_error_string;
  comm->destroy = attn_comm_single_destroy;
  comm->messages = 0;
  comm->bytes = 0;
  comm->max_count = 0;
  comm->stream = NULL;
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_COMM_H */
