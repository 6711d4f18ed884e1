/* Phase 2 of Star Attention by a compiled function: a few query tokens, and
 * then decode steps one by one, each rank with its part of the keys, against
 * the same function of one rank with all of them. Parts are uneven, and where
 * there are enough ranks the last but one holds none. New keys go to the last
 * rank. */

#include "shards.h"
#include "attn/Runtime/CommMpi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  HEADS = 8,
  KV_HEADS = 2,
  DIM = 64,
  CONTEXT = 203,
  QUERIES = 5,
  STEPS = 4
};
enum { TOKENS = CONTEXT + QUERIES + STEPS };

static float keys[KV_HEADS][TOKENS][DIM], values[KV_HEADS][TOKENS][DIM];
static float queries[HEADS][TOKENS][DIM];

static float next_number(uint64_t *state) {
  *state =
      *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (float)(*state >> 40) / 8388608.0f - 1.0f;
}

/* Calls a function on keys [first, last) and queries [from, to). */
static int call(int is_tree, int from, int to, int first, int last,
                attn_comm *comm, float *output, float *lse) {
  int count = to - from, kept = last - first, h, status;
  size_t bytes, row = sizeof(float) * DIM;
  float *q = malloc(HEADS * (size_t)count * row + 1);
  float *k = malloc(KV_HEADS * (size_t)kept * row + 1);
  float *v = malloc(KV_HEADS * (size_t)kept * row + 1);
  void *workspace;
  for (h = 0; h < HEADS; ++h)
    memcpy(q + (size_t)h * count * DIM, queries[h][from], (size_t)count * row);
  for (h = 0; h < KV_HEADS; ++h) {
    memcpy(k + (size_t)h * kept * DIM, keys[h][first], (size_t)kept * row);
    memcpy(v + (size_t)h * kept * DIM, values[h][first], (size_t)kept * row);
  }
  status = (is_tree ? attend_tree_call_workspace_bytes
                    : attend_call_workspace_bytes)(first, from, comm, count,
                                                   kept, NULL, &bytes);
  workspace = malloc(bytes + 1);
  if (status == ATTN_OK)
    status = (is_tree ? attend_tree_call
                      : attend_call)(q, k, v, first, from, comm, output, lse,
                                     count, kept, workspace, bytes, NULL);
  free(q);
  free(k);
  free(v);
  free(workspace);
  if (status != ATTN_OK)
    printf("%s\n", attn_status_string(status));
  return status;
}

int main(void) {
  static float output[HEADS * QUERIES * DIM], lse[HEADS * QUERIES];
  static float wanted[HEADS * QUERIES * DIM], wanted_lse[HEADS * QUERIES];
  attn_comm *comm, single;
  uint64_t state = 42;
  int bounds[17], rank, size, step, is_tree, i, failed = 0;
  double worst[2] = {0, 0};
  if (attn_comm_mpi_create(NULL, &comm)) {
    printf("%s\n", attn_comm_mpi_error());
    return 1;
  }
  attn_comm_init_single(&single);
  rank = comm->rank;
  size = comm->size;
  for (i = 0; i < (int)(sizeof(keys) / sizeof(float)); ++i) {
    (&keys[0][0][0])[i] = next_number(&state);
    (&values[0][0][0])[i] = next_number(&state);
  }
  for (i = 0; i < (int)(sizeof(queries) / sizeof(float)); ++i)
    (&queries[0][0][0])[i] = 3 * next_number(&state);
  for (i = 0; i <= size; ++i)
    bounds[i] = i * CONTEXT / size;
  if (size > 2)
    bounds[size - 1] = bounds[size - 2];

  for (is_tree = 0; is_tree < 2; ++is_tree)
    for (step = 0; step <= STEPS && !failed; ++step) {
      int from = step == 0 ? CONTEXT : CONTEXT + QUERIES + step - 1;
      int to = CONTEXT + QUERIES + step, rows = HEADS * (to - from);
      int last = rank == size - 1 ? to : bounds[rank + 1];
      int64_t row_bytes = 4 + DIM * (is_tree ? 2 : 4);
      comm->messages = comm->bytes = 0;
      failed |= call(is_tree, from, to, bounds[rank], last, comm, output, lse);
      failed |= call(0, from, to, 0, to, &single, wanted, wanted_lse);
      /* q * Hq * (dv + 1) values of each rank, whatever the context. */
      if (size > 1 &&
          (comm->messages != 1 || comm->bytes != rows * row_bytes)) {
        printf("rank %d sent %lld messages, %lld bytes\n", rank,
               (long long)comm->messages, (long long)comm->bytes);
        failed = 1;
      }
      if (is_tree && rank != 0)
        continue;
      for (i = 0; i < rows * DIM; ++i)
        worst[is_tree] = fmax(worst[is_tree], fabs(output[i] - wanted[i]));
      for (i = 0; i < rows; ++i)
        failed |= !(fabs(lse[i] - wanted_lse[i]) <= 1e-5 * (1 + fabs(lse[i])));
    }
  failed |= !(worst[0] <= 1e-5) || !(worst[1] <= 2e-2);
  if (failed)
    printf("rank %d of %d: errors %g, %g\n", rank, size, worst[0], worst[1]);
  comm->barrier(comm);
  if (rank == 0 && !failed)
    printf("%d ranks: as one\n", size);
  comm->destroy(comm);
  return attn_comm_mpi_finalize() || failed;
}
