/* What processes of a grid compute of a program with shardings, each on its
 * part of the arrays, beside what one computes of the same program without.
 * Exits with 0 if all agree. */

#include "partition.h"

#include "attn/Runtime/CommMpi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 8, PROCESSES = 4 };

typedef int32_t (*entry)(const attn_tensor *args, int32_t n_args,
                         attn_tensor *results, int32_t n_results,
                         void *workspace, size_t workspace_bytes,
                         const attn_exec *exec);
typedef int32_t (*entry_bytes)(const attn_tensor *args, int32_t n_args,
                               const attn_exec *exec, size_t *bytes);

/* The dimension of a value that the first and the second cut goes along. */
typedef struct value {
  int32_t dtype, rank;
  int64_t sizes[4];
  int cut[2];
} value;

typedef struct program {
  const char *name;
  entry part, whole;
  entry_bytes part_bytes, whole_bytes;
  int n_args, n_results, has_comm;
  /* How many shares each cut makes; which of them a process has. */
  int shares[2];
  int (*share)(int rank, int cut);
  value values[MAX_VALUES];
} program;

static int by_rank(int rank, int cut) { return cut == 0 ? rank : 0; }
static int by_square(int rank, int cut) {
  return cut == 0 ? rank / 2 : rank % 2;
}
/* split_axes [1, 0]: the first axis of the grid is the fastest. */
static int turned(int rank, int cut) {
  return cut == 0 ? rank % 2 * 2 + rank / 2 : 0;
}

#define NONE {-1, -1}
#define Q {ATTN_F32, 4, {1, 8, 3, 64}, NONE}
#define ENTRIES(name)                                                          \
  #name, name, name##_whole, name##_workspace_bytes,                           \
      name##_whole_workspace_bytes

static const program programs[] = {
    {ENTRIES(keys),
     3,
     2,
     1,
     {4, 1},
     by_rank,
     {Q,
      {ATTN_F32, 4, {1, 2, 512, 64}, {2, -1}},
      {ATTN_F32, 4, {1, 2, 512, 64}, {2, -1}},
      Q,
      {ATTN_F32, 3, {1, 8, 3}, NONE}}},
    {ENTRIES(lengths),
     6,
     2,
     1,
     {4, 1},
     turned,
     {{ATTN_F16, 4, {2, 6, 4, 32}, NONE},
      {ATTN_F16, 4, {2, 64, 4, 32}, {1, -1}},
      {ATTN_F16, 4, {2, 64, 4, 32}, {1, -1}},
      {ATTN_I64, 1, {2}, NONE},
      {ATTN_I64, 1, {2}, NONE},
      {ATTN_F32, 1, {4}, NONE},
      {ATTN_F16, 4, {2, 6, 4, 32}, NONE},
      {ATTN_F32, 3, {2, 4, 6}, NONE}}},
    {ENTRIES(masks),
     4,
     1,
     1,
     {4, 1},
     by_rank,
     {Q,
      {ATTN_F32, 4, {1, 2, 512, 64}, {2, -1}},
      {ATTN_BOOL, 4, {1, 1, 3, 512}, {3, -1}},
      {ATTN_F32, 4, {1, 8, 1, 512}, {3, -1}},
      Q}},
    {ENTRIES(pages),
     3,
     1,
     1,
     {4, 1},
     by_rank,
     {Q,
      {ATTN_F32, 4, {33, 2, 16, 64}, NONE},
      {ATTN_I32, 2, {1, 32}, {1, -1}},
      Q}},
    {ENTRIES(queries),
     2,
     1,
     1,
     {2, 2},
     by_square,
     {{ATTN_F32, 4, {1, 8, 96, 64}, {2, 1}},
      {ATTN_F32, 4, {1, 2, 96, 64}, {-1, 1}},
      {ATTN_F32, 4, {1, 8, 96, 64}, {2, 1}}}},
    {ENTRIES(scores),
     4,
     1,
     1,
     {2, 2},
     by_square,
     {{ATTN_F32, 4, {4, 4, 5, 32}, {0, 1}},
      {ATTN_F32, 4, {4, 2, 40, 32}, {0, 1}},
      {ATTN_I64, 1, {4}, {0, -1}},
      {ATTN_F32, 2, {4, 4}, NONE},
      {ATTN_F32, 4, {4, 4, 5, 32}, {0, 1}}}},
    {ENTRIES(columns),
     3,
     2,
     0,
     {4, 1},
     by_rank,
     {Q,
      {ATTN_F32, 4, {1, 2, 512, 64}, NONE},
      {ATTN_F32, 4, {1, 2, 512, 64}, {3, -1}},
      {ATTN_F32, 4, {1, 8, 3, 64}, {3, -1}},
      {ATTN_F32, 3, {1, 8, 3}, NONE}}},
};
static size_t bytes_of(int32_t dtype) {
  switch (dtype) {
  case ATTN_I64:
    return 8;
  case ATTN_F16:
    return 2;
  case ATTN_BOOL:
    return 1;
  default:
    return 4;
  }
}

static uint32_t next(void) {
  static uint32_t state = 12345; /* The same on every rank. */
  state = state * 747796405u + 2891336453u;
  return (state >> 8) ^ (state >> 20);
}

static float from_half(uint16_t half) {
  int exponent = half >> 10 & 31;
  float mantissa = (float)(half & 1023) / 1024;
  float x =
      exponent ? ldexpf(1 + mantissa, exponent - 15) : ldexpf(mantissa, -14);
  if (exponent == 31)
    x = mantissa != 0 ? NAN : INFINITY;
  return half & 0x8000 ? -x : x;
}

/* `number` says which value of its program this is. */
static attn_tensor make(const value *v, const program *p, int number) {
  int64_t count = 1, i;
  char *data;
  for (i = 0; i < v->rank; ++i)
    count *= v->sizes[i];
  data = malloc((size_t)count * bytes_of(v->dtype));
  for (i = 0; i < count; ++i) {
    float x = (float)(next() & 0xffff) / 32768 - 1;
    int64_t n = (int64_t)(next() & 0xffff);
    switch (v->dtype) {
    case ATTN_F32:
      ((float *)data)[i] = 2 * x;
      break;
    case ATTN_F16:
      ((uint16_t *)data)[i] =
          (uint16_t)(0x3800 | (n & 0x83ff)); /* 0.5 to 1, of either sign */
      break;
    case ATTN_BOOL:
      data[i] = (char)(n & 1);
      break;
    case ATTN_I32: /* every page another one */
      ((int32_t *)data)[i] = (int32_t)(i * 5 % 33);
      break;
    default: /* kv_len, q_len of @lengths; kv_len of @scores */
      ((int64_t *)data)[i] = p->n_args == 4 ? 10 * i
                             : number == 3  ? 20 + 44 * i
                                            : 2 + 4 * i;
    }
  }
  return attn_contiguous(data, v->dtype, v->rank, v->sizes);
}

/* This process' part of `whole`, in place. */
static attn_tensor cut(attn_tensor whole, const value *v, const program *p,
                       int rank) {
  int c;
  for (c = 0; c < 2; ++c) {
    int dim = v->cut[c];
    int64_t share;
    if (dim < 0)
      continue;
    share = whole.sizes[dim] / p->shares[c];
    whole.data = (char *)whole.data +
                 (size_t)(p->share(rank, c) * share * whole.strides[dim]) *
                     bytes_of(v->dtype);
    whole.sizes[dim] = share;
  }
  return whole;
}

static double load(const attn_tensor *t, const int64_t *index) {
  int64_t at = 0;
  int32_t d;
  for (d = 0; d < t->rank; ++d)
    at += index[d] * t->strides[d];
  return t->dtype == ATTN_F16 ? (double)from_half(((uint16_t *)t->data)[at])
                              : (double)((float *)t->data)[at];
}

/* The largest difference; infinite if one of two is no number. */
static double compare(const attn_tensor *a, const attn_tensor *b) {
  int64_t index[4] = {0, 0, 0, 0};
  double worst = 0;
  for (;;) {
    double x = load(a, index), y = load(b, index);
    int32_t d = a->rank - 1;
    if (!(x == y)) {
      double error = fabs(x - y);
      if (!(error <= worst))
        worst = error == error ? error : INFINITY;
    }
    while (d >= 0 && ++index[d] == a->sizes[d])
      index[d--] = 0;
    if (d < 0)
      return worst;
  }
}

static int32_t call(entry function, entry_bytes get_bytes,
                    const attn_tensor *args, int n_args, attn_tensor *results,
                    int n_results) {
  size_t bytes = 0;
  int32_t status = get_bytes(args, n_args, NULL, &bytes);
  char *workspace = malloc(bytes + 64);
  if (status == ATTN_OK)
    status =
        function(args, n_args, results, n_results,
                 workspace + (64 - (size_t)workspace % 64) % 64, bytes, NULL);
  free(workspace);
  return status;
}

static int run(const program *p, attn_comm *comm) {
  attn_tensor whole[MAX_VALUES + 1], part[MAX_VALUES + 1];
  attn_tensor whole_results[2], part_results[2], mine;
  int32_t status;
  int i, failures = 0;
  for (i = 0; i < p->n_args; ++i) {
    whole[i] = make(&p->values[i], p, i);
    part[i] = cut(whole[i], &p->values[i], p, comm->rank);
  }
  if (p->has_comm)
    part[i] = attn_contiguous(comm, ATTN_COMM, 0, NULL);
  for (i = 0; i < p->n_results; ++i) {
    const value *v = &p->values[p->n_args + i];
    whole_results[i] = make(v, p, p->n_args + i);
    part_results[i] = make(v, p, p->n_args + i);
    part_results[i] = cut(part_results[i], v, p, comm->rank);
  }
  status = call(p->whole, p->whole_bytes, whole, p->n_args, whole_results,
                p->n_results);
  if (status == ATTN_OK)
    status = call(p->part, p->part_bytes, part, p->n_args + p->has_comm,
                  part_results, p->n_results);
  if (status != ATTN_OK) {
    printf("%s: %s\n", p->name, attn_status_string(status));
    return 1;
  }
  for (i = 0; i < p->n_results; ++i) {
    const value *v = &p->values[p->n_args + i];
    double error, tolerance = v->dtype == ATTN_F16 ? 2e-3 : 1e-5;
    mine = cut(whole_results[i], v, p, comm->rank);
    error = compare(&mine, &part_results[i]);
    if (error <= tolerance)
      continue;
    printf("%s: rank %d: result %d differs by %g\n", p->name, comm->rank, i,
           error);
    failures = 1;
  }
  if (!failures && comm->rank == 0)
    printf("%s: agrees\n", p->name);
  return failures;
}

int main(void) {
  attn_comm *comm;
  size_t i;
  int failures = 0;
  if (attn_comm_mpi_create(NULL, &comm) != ATTN_COMM_OK) {
    fprintf(stderr, "%s\n", attn_comm_mpi_error());
    return 1;
  }
  if (comm->size == PROCESSES) {
    for (i = 0; i < sizeof(programs) / sizeof(programs[0]); ++i)
      failures += run(&programs[i], comm);
  } else { /* The program was cut for others. */
    const program *p = &programs[0];
    attn_tensor part[MAX_VALUES], results[2];
    for (i = 0; i < 3; ++i)
      part[i] = cut(make(&p->values[i], p, (int)i), &p->values[i], p, 0);
    part[3] = attn_contiguous(comm, ATTN_COMM, 0, NULL);
    for (i = 0; i < 2; ++i)
      results[i] = make(&p->values[3 + i], p, (int)(3 + i));
    failures = call(p->part, p->part_bytes, part, 4, results, 2);
    if (comm->rank == 0)
      printf("%s\n", keys_explain(part, 4, results, 2));
  }
  comm->destroy(comm);
  attn_comm_mpi_finalize();
  return failures != 0;
}
