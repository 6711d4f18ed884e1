/*===- bench/comm.c - What a merge over ranks costs -----------------------===*\
 *
 * Part of attn-mlir.
 *
 * usage: mpirun -n RANKS attn-bench-comm [ROWS [WIDTH [CALLS [ROUNDS]]]]
 *
 * Times one merge of phase 2 (ROWS = query tokens x heads, of WIDTH elements)
in
 * every way there is, in turns with the MPI_Allreduce of as many bytes that
 * whoever merges by himself would start from. Prints JSON: microseconds of one
 * call, the median and the least of ROUNDS rounds of CALLS calls, at the
slowest
 * rank of each round.
 *
\*===----------------------------------------------------------------------===*/

#include "attn/Runtime/CommMpi.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { F32 = 1, BF16 = 3, ALGOS = 3, PAYLOADS = 2, CASES = ALGOS * PAYLOADS };

static int64_t rows = 32, width = 128, calls = 50, rounds = 41;

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double *values) {
  qsort(values, (size_t)rounds, sizeof(double), by_value);
  return rounds % 2 ? values[rounds / 2]
                    : (values[rounds / 2 - 1] + values[rounds / 2]) / 2;
}

/* Microseconds of a call since `start`, at the slowest rank. */
static double since(double start) {
  double own = (MPI_Wtime() - start) / (double)calls * 1e6, slowest;
  MPI_Allreduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return slowest;
}

int main(int argc, char **argv) {
  static const char *const algos[] = {"tree", "allgather", "allreduce"};
  static const int32_t payloads[] = {F32, BF16};
  int64_t *options[] = {&rows, &width, &calls, &rounds};
  double *merges[CASES], *plain[CASES];
  int64_t bytes[CASES], messages[CASES], i, round;
  float *o, *lse, *sums, *given;
  attn_comm *comm;
  int c, failed = 0;

  for (c = 1; c < argc && c <= 4; ++c) {
    *options[c - 1] = atoll(argv[c]);
    if (*options[c - 1] < 1) {
      fprintf(stderr, "attn-bench-comm: error: '%s' is no positive number\n",
              argv[c]);
      return 1;
    }
  }
  if (attn_comm_mpi_create(NULL, &comm)) {
    fprintf(stderr, "attn-bench-comm: error: %s\n", attn_comm_mpi_error());
    return 77;
  }
  o = malloc(sizeof(float) * (size_t)(rows * width));
  lse = malloc(sizeof(float) * (size_t)rows);
  sums = malloc(sizeof(float) * (size_t)(rows * (width + 2)));
  given = malloc(sizeof(float) * (size_t)(rows * (width + 2)));
  if (!o || !lse || !sums || !given)
    return 1;
  for (i = 0; i < rows * (width + 2); ++i)
    given[i] = 1;
  for (c = 0; c < CASES; ++c) {
    merges[c] = malloc(sizeof(double) * (size_t)rounds);
    plain[c] = malloc(sizeof(double) * (size_t)rounds);
    if (!merges[c] || !plain[c])
      return 1;
  }

  /* Round -1 makes datatypes and connections. */
  for (round = -1; round < rounds; ++round)
    for (c = 0; c < CASES; ++c) {
      double start, took;
      int count;
      for (i = 0; i < rows * width; ++i)
        o[i] = (float)(i % 13 - 6);
      for (i = 0; i < rows; ++i)
        lse[i] = (float)comm->rank;
      comm->messages = comm->bytes = 0;
      comm->barrier(comm);
      start = MPI_Wtime();
      for (i = 0; i < calls; ++i)
        failed |= comm->merge(comm, o, lse, rows, width, F32, c / PAYLOADS, -1,
                              payloads[c % PAYLOADS]);
      took = since(start);
      bytes[c] = comm->bytes / calls;
      messages[c] = comm->messages / calls;
      if (round >= 0)
        merges[c][round] = took;

      count = (int)(bytes[c] / (int64_t)sizeof(float));
      comm->barrier(comm);
      start = MPI_Wtime();
      for (i = 0; i < calls; ++i)
        failed |= MPI_Allreduce(given, sums, count, MPI_FLOAT, MPI_SUM,
                                MPI_COMM_WORLD);
      took = since(start);
      if (round >= 0)
        plain[c][round] = took;
    }
  if (failed)
    fprintf(stderr, "attn-bench-comm: error: rank %d: %s\n", comm->rank,
            comm->error_string(comm));

  if (comm->rank == 0 && !failed) {
    printf("{\"ranks\": %d, \"rows\": %lld, \"width\": %lld, \"calls\": %lld, "
           "\"rounds\": %lld, \"cases\": [",
           comm->size, (long long)rows, (long long)width, (long long)calls,
           (long long)rounds);
    for (c = 0; c < CASES; ++c) {
      double merge = median(merges[c]), sum = median(plain[c]);
      printf("%s\n  {\"algo\": \"%s\", \"payload\": \"%s\", \"bytes\": %lld, "
             "\"messages\": %lld, \"merge_us\": %.2f, \"merge_min_us\": %.2f, "
             "\"allreduce_us\": %.2f, \"allreduce_min_us\": %.2f, "
             "\"ratio\": %.3f}",
             c ? "," : "", algos[c / PAYLOADS],
             payloads[c % PAYLOADS] == BF16 ? "bf16" : "f32",
             (long long)bytes[c], (long long)messages[c], merge, merges[c][0],
             sum, plain[c][0], sum > 0 ? merge / sum : 0);
    }
    printf("\n]}\n");
  }
  for (c = 0; c < CASES; ++c) {
    free(merges[c]);
    free(plain[c]);
  }
  free(o);
  free(lse);
  free(sums);
  free(given);
  comm->destroy(comm);
  return attn_comm_mpi_finalize() || failed;
}
