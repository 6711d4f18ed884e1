/* Star Attention over the hosts that mpirun started, by compiled functions:
 *
 *   star-mpi [CONTEXT [QUERY [STEPS [DYING_RANK]]]]
 *
 * Each rank computes its blocks of a context of CONTEXT tokens (phase 1, no
 * communication) and keeps their keys and values. Then all ranks attend to all
 * keys together, for QUERY tokens at once and for STEPS tokens one by one, each
 * made of the attention of the one before. The last rank is the query host: its
 * cache takes the new tokens. In the end each rank compares with the same
 * functions, compiled for one process that has everything. With DYING_RANK that
 * rank is killed between the steps.
 *
 * Compile with -DHALF for modules of f16, and -DBLOCK_SIZE as in --strategy. */

#include "alone.h"
#include "decode.h"
#include "prefill.h"

#include "attn/Runtime/CommMpi.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the modules. */
enum { HEADS = 8, KV_HEADS = 2, GROUP = HEADS / KV_HEADS, DIM = 64 };
#ifndef BLOCK_SIZE
#define BLOCK_SIZE 64
#endif

/*===----------------------------------------------------------------------===*\
 * Elements
\*===----------------------------------------------------------------------===*/

#ifdef HALF
typedef uint16_t element;
#define TOLERANCE 2e-3

/* Rounds to nearest, ties to even; |x| is below 65504. */
static element from_float(float x) {
  uint32_t bits, sign, rest, half;
  int shift;
  memcpy(&bits, &x, sizeof(bits));
  sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits < 0x33000000) /* at most half of the smallest number */
    return (element)sign;
  shift = bits < 0x38800000 ? 126 - (int)(bits >> 23) : 13;
  half = bits < 0x38800000 ? (bits & 0x7fffff) | 0x800000 : bits - 0x38000000;
  rest = half & ((1u << shift) - 1);
  half >>= shift;
  half += rest > 1u << (shift - 1) || (rest == 1u << (shift - 1) && (half & 1));
  return (element)(sign | half);
}

static float to_float(element x) {
  int exponent = x >> 10 & 31;
  float m = (float)(x & 1023);
  float size = exponent ? ldexpf(1024 + m, exponent - 25) : ldexpf(m, -24);
  return x & 0x8000 ? -size : size;
}
#else
typedef float element;
#define TOLERANCE 1e-5
static element from_float(float x) { return x; }
static float to_float(element x) { return x; }
#endif

/* A number in [-1, 1) for each component of each token: every rank can make any
 * token, and makes its own. */
static element random_element(uint64_t which, uint64_t head, uint64_t token,
                              uint64_t component) {
  uint64_t x = ((which * HEADS + head) << 40) + token * DIM + component;
  x = (x ^ x >> 31) * UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
  x ^= x >> 32;
  return from_float((float)(x >> 40 & 0xffffff) / 8388608.0f - 1.0f);
}

enum { QUERY = 0, KEY = 1, VALUE = 2 };

/*===----------------------------------------------------------------------===*\
 * Arrays
\*===----------------------------------------------------------------------===*/

static int rank;

static void stop(const char *what, const char *why) {
  fprintf(stderr, "star-mpi: error: rank %d: %s: %s\n", rank, what, why);
  exit(1); /* Before MPI has ended: mpirun ends the other ranks. */
}

static void check(const char *what, int32_t status) {
  if (status != ATTN_OK)
    stop(what, attn_status_string(status));
}

static void *allocate(size_t bytes) {
  void *memory = calloc(bytes + 1, 1);
  if (!memory)
    stop("allocate", "out of memory");
  return memory;
}

/* [heads, tokens, DIM], of tokens from `first` on. */
static element *make_tokens(uint64_t which, int heads, int64_t first,
                            int64_t tokens) {
  element *made = allocate(sizeof(element) * heads * tokens * DIM);
  int64_t h, t, c;
  for (h = 0; h < heads; ++h)
    for (t = 0; t < tokens; ++t)
      for (c = 0; c < DIM; ++c)
        made[(h * tokens + t) * DIM + c] = random_element(
            which, (uint64_t)h, (uint64_t)(first + t), (uint64_t)c);
  return made;
}

/* Keys or values of tokens [first, first + tokens), and room for more. */
static element *make_cache(uint64_t which, int64_t first, int64_t tokens,
                           int64_t capacity) {
  element *cache = allocate(sizeof(element) * KV_HEADS * capacity * DIM);
  element *made = make_tokens(which, KV_HEADS, first, tokens);
  int64_t h;
  /* NaNs where nothing is yet: nobody may read them. */
  memset(cache, 0xff, sizeof(element) * KV_HEADS * capacity * DIM);
  for (h = 0; h < KV_HEADS; ++h)
    memcpy(cache + h * capacity * DIM, made + h * tokens * DIM,
           sizeof(element) * tokens * DIM);
  free(made);
  return cache;
}

/*===----------------------------------------------------------------------===*\
 * A host: this rank, or one process that has it all
\*===----------------------------------------------------------------------===*/

typedef struct host {
  attn_comm *comm; /* NULL: alone */
  int64_t first;   /* position of the first key */
  int64_t tokens;  /* of the context */
  int64_t capacity;
  int takes_new; /* new tokens go to this one's cache */
  element *keys, *values;
} host;

static element *prefill_rows(const host *self) {
  int64_t n = self->tokens;
  element *q = make_tokens(QUERY, HEADS, self->first, n);
  element *k = make_tokens(KEY, KV_HEADS, self->first, n);
  element *v = make_tokens(VALUE, KV_HEADS, self->first, n);
  element *output = allocate(sizeof(element) * HEADS * n * DIM);
  void *workspace;
  size_t bytes = 0;
  if (self->comm) {
    /* The anchor: the first block of the context, which every host makes. */
    element *ak = make_tokens(KEY, KV_HEADS, 0, BLOCK_SIZE);
    element *av = make_tokens(VALUE, KV_HEADS, 0, BLOCK_SIZE);
    check("prefill", prefill_call_workspace_bytes(self->first, n, n, NULL,
                                                  &bytes));
    workspace = allocate(bytes);
    check("prefill", prefill_call(q, k, v, ak, av, self->first, output, n, n,
                                  workspace, bytes, NULL));
    free(ak);
    free(av);
  } else {
    check("prefill", alone_prefill_call_workspace_bytes(n, n, NULL, &bytes));
    workspace = allocate(bytes);
    check("prefill", alone_prefill_call(q, k, v, output, n, n, workspace,
                                        bytes, NULL));
  }
  free(workspace);
  free(q);
  free(k);
  free(v);
  return output;
}

/* Attention of `count` new tokens at `position`, whose keys and values go into
 * the cache of the host that takes them. */
static void attend_tokens(host *self, int64_t position, int64_t count,
                          const element *q, const element *k, const element *v,
                          element *output) {
  void *workspace;
  size_t bytes = 0;
  if (self->takes_new) {
    check("append", append_call_workspace_bytes(position - self->first, count,
                                                self->capacity, NULL, &bytes));
    workspace = allocate(bytes);
    check("append", append_call(k, v, position - self->first, self->keys,
                                self->values, count, self->capacity, workspace,
                                bytes, NULL));
    free(workspace);
  }
  if (self->comm) {
    check("attend",
          attend_call_workspace_bytes(position, self->first, self->comm, count,
                                      self->capacity, NULL, &bytes));
    workspace = allocate(bytes);
    check("attend", attend_call(q, self->keys, self->values, position,
                                self->first, self->comm, output, count,
                                self->capacity, workspace, bytes, NULL));
  } else {
    check("attend",
          alone_attend_call_workspace_bytes(position, count, self->capacity,
                                            NULL, &bytes));
    workspace = allocate(bytes);
    check("attend", alone_attend_call(q, self->keys, self->values, position,
                                      output, count, self->capacity, workspace,
                                      bytes, NULL));
  }
  free(workspace);
}

/* Phase 2: `query` tokens at once, then `steps` tokens one by one. All outputs,
 * [tokens, HEADS, DIM]. */
static element *phase2(host *self, int64_t context, int64_t query,
                       int64_t steps, int dying_rank) {
  element *outputs =
      allocate(sizeof(element) * (query + steps) * HEADS * DIM);
  element *q = make_tokens(QUERY, HEADS, context, query);
  element *k = make_tokens(KEY, KV_HEADS, context, query);
  element *v = make_tokens(VALUE, KV_HEADS, context, query);
  element *output = allocate(sizeof(element) * HEADS * query * DIM);
  int64_t h, t;
  attend_tokens(self, context, query, q, k, v, output);
  for (t = 0; t < query; ++t)
    for (h = 0; h < HEADS; ++h)
      memcpy(outputs + (t * HEADS + h) * DIM, output + (h * query + t) * DIM,
             sizeof(element) * DIM);
  free(q);
  free(k);
  free(v);
  free(output);
  for (t = query; t < query + steps; ++t) {
    element new_key[KV_HEADS * DIM], new_value[KV_HEADS * DIM];
    /* The attention of the token before, as a model would make of it. */
    const element *last = outputs + (t - 1) * HEADS * DIM;
    for (h = 0; h < KV_HEADS; ++h) {
      memcpy(new_key + h * DIM, last + h * GROUP * DIM, sizeof(element) * DIM);
      memcpy(new_value + h * DIM, last + (h * GROUP + 1) * DIM,
             sizeof(element) * DIM);
    }
    if (self->comm && rank == dying_rank)
      raise(SIGKILL);
    attend_tokens(self, context + t, 1, last, new_key, new_value,
                  outputs + t * HEADS * DIM);
  }
  return outputs;
}

/*===----------------------------------------------------------------------===*\
 * Main
\*===----------------------------------------------------------------------===*/

/* Raises *worst to the error of `count` elements over what is allowed. */
static void compare(const element *actual, const element *expected,
                    int64_t count, double *worst) {
  int64_t i;
  for (i = 0; i < count; ++i) {
    double a = to_float(actual[i]), e = to_float(expected[i]);
    double error = fabs(a - e) / (TOLERANCE * (1 + fabs(e)));
    if (!(error <= *worst)) /* NaN too */
      *worst = error;
  }
}

int main(int argc, char **argv) {
  int64_t context = argc > 1 ? atoll(argv[1]) : 1000;
  int64_t query = argc > 2 ? atoll(argv[2]) : 5;
  int64_t steps = argc > 3 ? atoll(argv[3]) : 4;
  int dying_rank = argc > 4 ? atoi(argv[4]) : -1;
  int64_t blocks = (context + BLOCK_SIZE - 1) / BLOCK_SIZE, last, h, sent;
  element *rows, *outputs, *all_rows, *all_outputs;
  double worst = 0, *errors;
  int64_t *counts;
  int i;
  host self = {0}, alone = {0};
  if (attn_comm_mpi_create(NULL, &self.comm) != ATTN_COMM_OK) {
    fprintf(stderr, "star-mpi: error: %s\n", attn_comm_mpi_error());
    return 77;
  }
  rank = self.comm->rank;
  if (context < 0 || query < 1 || steps < 0)
    stop("arguments", "expects a context, a query and steps");

  /* Whole blocks for each rank, as evenly as they go; none for some if there
   * are more ranks than blocks. The last block may be short. */
  self.first = blocks * rank / self.comm->size * BLOCK_SIZE;
  last = blocks * (rank + 1) / self.comm->size * BLOCK_SIZE;
  self.first = self.first < context ? self.first : context;
  self.tokens = (last < context ? last : context) - self.first;
  self.takes_new = rank == self.comm->size - 1;
  self.capacity = self.tokens + (self.takes_new ? query + steps : 0);
  self.keys = make_cache(KEY, self.first, self.tokens, self.capacity);
  self.values = make_cache(VALUE, self.first, self.tokens, self.capacity);
  rows = prefill_rows(&self);
  sent = self.comm->messages;
  outputs = phase2(&self, context, query, steps, dying_rank);

  /* One process with everything. */
  alone.tokens = context;
  alone.takes_new = 1;
  alone.capacity = context + query + steps;
  alone.keys = make_cache(KEY, 0, context, alone.capacity);
  alone.values = make_cache(VALUE, 0, context, alone.capacity);
  all_rows = prefill_rows(&alone);
  all_outputs = phase2(&alone, context, query, steps, -1);
  for (h = 0; h < HEADS; ++h)
    compare(rows + h * self.tokens * DIM,
            all_rows + (h * context + self.first) * DIM, self.tokens * DIM,
            &worst);
  compare(outputs, all_outputs, (query + steps) * HEADS * DIM, &worst);

  errors = allocate(sizeof(double) * self.comm->size);
  counts = allocate(sizeof(int64_t) * self.comm->size);
  for (i = 0; i < self.comm->size; ++i)
    counts[i] = sizeof(double);
  if (self.comm->gather(self.comm, &worst, sizeof(double), errors, counts, 0) !=
      ATTN_COMM_OK)
    stop("gather", self.comm->error_string(self.comm));
  for (i = 0; rank == 0 && i < self.comm->size; ++i)
    if (!(errors[i] <= worst))
      worst = errors[i];
  if (rank == 0)
    printf("%d ranks, %lld tokens in %lld blocks, %lld query tokens, %lld "
           "steps\nphase 1: %lld messages; phase 2: %lld messages of rank 0, "
           "%lld bytes\nlargest error: %.3f of the tolerance: %s\n",
           self.comm->size, (long long)context, (long long)blocks,
           (long long)query, (long long)steps, (long long)sent,
           (long long)(self.comm->messages - sent), (long long)self.comm->bytes,
           worst, worst <= 1 ? "as one process" : "WRONG");
  self.comm->destroy(self.comm);
  free(self.keys);
  free(self.values);
  free(alone.keys);
  free(alone.values);
  free(rows);
  free(outputs);
  free(all_rows);
  free(all_outputs);
  free(errors);
  free(counts);
  return attn_comm_mpi_finalize() || !(worst <= 1);
}
