/* Merges parts over all ranks in every way there is, and compares each result
 * with a merge of the same parts by this process alone. Exits with 0 if all
 * agree on all ranks. */

#include "attn/Runtime/CommMpi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { F32 = 1, BF16 = 3, F64 = 4, ROWS = 37, WIDTH = 19, MAX_RANKS = 16 };

static const char *const algos[] = {"tree", "allgather", "allreduce"};
static int failures;

/* A number in [-1, 1) that every rank knows of every other. */
static double number(int rank, int row, int column) {
  uint64_t x = (uint64_t)rank * 1000003 + (uint64_t)row * 10007 +
               (uint64_t)column * 101 + 12345;
  int i;
  for (i = 0; i < 3; ++i) {
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
  }
  return (double)(x >> 11) / 4503599627370496.0 - 1.0;
}

/* Row 0 is seen by nobody, row 1 by the last rank only, row 2 has parts that
 * differ by more than f32's exp can hold, row 3 has large scores, row 4 a NaN.
 * An empty rank saw nothing. */
static double exact_lse(int rank, int size, int row, int empty) {
  if (rank == empty || row == 0 || (row == 1 && rank != size - 1))
    return -INFINITY;
  if (row == 2)
    return rank % 2 ? 130.0 : -20.0;
  if (row == 3)
    return 1e4 + number(rank, row, -1);
  if (row == 4 && rank == size - 1)
    return NAN;
  return 3 * number(rank, row, -1);
}

/* The same as a rank holds it. */
static double lse_of(int rank, int size, int row, int empty, int dtype) {
  double lse = exact_lse(rank, size, row, empty);
  return dtype == F64 ? lse : (float)lse;
}

static double o_of(int rank, int row, int column, double lse) {
  if (lse == -INFINITY)
    return 0;
  return isnan(lse) ? NAN : number(rank, row, column);
}

static double load(const void *data, int dtype, int64_t i) {
  return dtype == F64 ? ((const double *)data)[i] : ((const float *)data)[i];
}

static void store(void *data, int dtype, int64_t i, double value) {
  if (dtype == F64)
    ((double *)data)[i] = value;
  else
    ((float *)data)[i] = (float)value;
}

static int close_to(double found, double expected, double tolerance) {
  if (isnan(expected) || isinf(expected))
    return isnan(expected) ? isnan(found) : found == expected;
  return fabs(found - expected) <= tolerance * (1 + fabs(expected));
}

static void check(attn_comm *comm, int algo, int root, int dtype, int payload,
                  int empty, int64_t max_count) {
  static double o[ROWS * WIDTH], lse[ROWS];
  static char others[MAX_RANKS * sizeof(o)];
  int64_t counts[MAX_RANKS], messages = 1, bytes;
  int size = comm->size, rank = comm->rank, row, column, p, status, wrong = 0;
  int element = dtype == F64 ? 8 : 4;
  int travels = payload == BF16 ? 2 : payload == 0 ? element : 4;
  /* A tree rounds at each of its levels. */
  double unit = payload == BF16                  ? 1.0 / 256
                : payload == F32 || dtype == F32 ? 1e-6
                                                 : 1e-14;
  double tolerance = unit * (size > 4 ? 4 : 3);
  for (row = 0; row < ROWS; ++row) {
    double own = lse_of(rank, size, row, empty, dtype);
    store(lse, dtype, row, own);
    /* What nobody computed need not be a number. */
    for (column = 0; column < WIDTH; ++column)
      store(o, dtype, row * WIDTH + column,
            row == 0 ? NAN : o_of(rank, row, column, own));
  }
  comm->messages = comm->bytes = 0;
  comm->max_count = max_count;
  status = comm->merge(comm, o, lse, ROWS, WIDTH, dtype, algo, root, payload);
  if (status != ATTN_COMM_OK) {
    printf("rank %d: %s\n", rank, comm->error_string(comm));
    ++failures;
    return;
  }

  /* What was sent is what algorithms.md 2.5 says. */
  if (max_count > 0) {
    int64_t most = max_count / (WIDTH + 1);
    messages = (ROWS + most - 1) / most;
  }
  bytes = (int64_t)ROWS * (element + WIDTH * travels);
  if (algo == ATTN_COMM_ALLREDUCE) {
    bytes += (int64_t)ROWS * element;
    messages *= 2;
  }
  if (size == 1)
    messages = bytes = 0;
  if (comm->messages != messages || comm->bytes != bytes) {
    printf("rank %d: %s counts %lld messages, %lld bytes; expected %lld, "
           "%lld\n",
           rank, algos[algo], (long long)comm->messages, (long long)comm->bytes,
           (long long)messages, (long long)bytes);
    ++failures;
  }

  for (row = 0; row < ROWS && (root < 0 || root == rank); ++row) {
    double max = -INFINITY, sum = 0, scale = 1, expected;
    if (size == 1 && row == 0)
      continue; /* Left as it was. */
    for (p = 0; p < size; ++p)
      max = fmax(max, lse_of(p, size, row, empty, dtype));
    /* A large lse has fewer digits behind the point: Tolerance.h. */
    if (fabs(max) > 16 && max != -INFINITY)
      scale = fabs(max) / 16;
    for (p = 0; p < size; ++p)
      sum += exp(lse_of(p, size, row, empty, dtype) -
                 (max == -INFINITY ? 0 : max));
    expected = sum == 0 ? -INFINITY : max + log(sum);
    wrong +=
        !close_to(load(lse, dtype, row), expected, dtype == F64 ? 1e-14 : 1e-6);
    for (column = 0; column < WIDTH; ++column) {
      expected = 0;
      for (p = 0; p < size && sum != 0; ++p) {
        double one = lse_of(p, size, row, empty, dtype);
        if (one != -INFINITY)
          expected += exp(one - max) * o_of(p, row, column, one) / sum;
      }
      wrong += !close_to(load(o, dtype, row * WIDTH + column), expected,
                         scale * tolerance);
    }
  }
  if (wrong) {
    printf("rank %d of %d: %s root %d dtype %d payload %d empty %d count %d: "
           "%d values are wrong\n",
           rank, size, algos[algo], root, dtype, payload, empty, (int)max_count,
           wrong);
    ++failures;
  }

  /* Ranks that go on from different bits would drift apart. NaN's bits are
   * nobody's. */
  if (root >= 0)
    return;
  bytes = (int64_t)ROWS * WIDTH * element;
  for (p = 0; p < size; ++p)
    counts[p] = bytes;
  for (column = 0; column < WIDTH; ++column)
    store(o, dtype, 4 * WIDTH + column, 0);
  status = comm->gather(comm, o, bytes, others, counts, 0);
  for (p = 0; p < size && rank == 0; ++p)
    if (status || memcmp(others + p * bytes, others, (size_t)bytes)) {
      printf("%s, payload %d: rank %d of %d has other bits\n", algos[algo],
             payload, p, size);
      ++failures;
    }
}

/* Calls that cannot be made come back with a status and a text. */
static void check_refusals(attn_comm *comm) {
  float o[4] = {1, 2, 3, 4}, lse[1] = {0};
  struct {
    int64_t rows, width, max_count;
    int dtype, algo, root, payload, status;
  } calls[] = {
      {1, 4, 0, 2, 0, -1, 0, ATTN_COMM_ERROR_ARGUMENT},
      {1, 4, 0, F32, 3, -1, 0, ATTN_COMM_ERROR_ARGUMENT},
      {1, 4, 0, F32, 0, 1000, 0, ATTN_COMM_ERROR_ARGUMENT},
      {1, 4, 0, F32, 0, -2, 0, ATTN_COMM_ERROR_ARGUMENT},
      {1, 4, 0, F32, 0, -1, F64, ATTN_COMM_ERROR_ARGUMENT},
      {-1, 4, 0, F32, 0, -1, 0, ATTN_COMM_ERROR_ARGUMENT},
      {1, INT64_C(1) << 40, 0, F32, 0, -1, 0, ATTN_COMM_ERROR_TOO_LARGE},
      {1, 4, 4, F32, 0, -1, 0, ATTN_COMM_ERROR_TOO_LARGE},
      {0, 4, 0, F32, 0, -1, 0, ATTN_COMM_OK},
  };
  size_t i;
  for (i = 0; i < sizeof(calls) / sizeof(calls[0]); ++i) {
    int status, expected = calls[i].status;
    if (comm->size == 1 && expected == ATTN_COMM_ERROR_TOO_LARGE)
      expected = ATTN_COMM_OK;
    comm->max_count = calls[i].max_count;
    status =
        comm->merge(comm, o, lse, calls[i].rows, calls[i].width, calls[i].dtype,
                    calls[i].algo, calls[i].root, calls[i].payload);
    if (status != expected ||
        (status && strcmp(comm->error_string(comm),
                          attn_comm_status_string(status)) != 0)) {
      printf("call %d gives %d: %s\n", (int)i, status,
             comm->error_string(comm));
      ++failures;
    }
  }
  comm->max_count = 0;
}

int main(void) {
  attn_comm *comm, *second;
  int algo, root, type, payload, empty, split, total, size;
  int64_t counts[MAX_RANKS], p;
  int all[MAX_RANKS];
  static const int payloads[2][3] = {{0, F32, BF16}, {0, F32, BF16}};
  if (attn_comm_mpi_create(NULL, &comm)) {
    printf("%s\n", attn_comm_mpi_error());
    return 1;
  }
  size = comm->size;
  /* Two at once: nothing is shared but what never changes. */
  if (attn_comm_mpi_create(NULL, &second))
    return 1;
  for (algo = 0; algo < 3; ++algo)
    for (root = -1; root < size; root += size)
      for (type = 0; type < 2; ++type)
        for (payload = 0; payload < 3; ++payload)
          for (empty = -1; empty < size; empty += size)
            for (split = 0; split < 2; ++split) {
              /* Without a root all have it; else the last rank, and the
               * empty one is the first. */
              int to = root < 0 ? -1 : size - 1;
              check(split ? second : comm, algo, to, type ? F64 : F32,
                    payloads[type][payload], empty < 0 ? -1 : 0,
                    split ? 7 * (WIDTH + 1) + 3 : 0);
            }
  check_refusals(comm);
  if (comm->barrier(comm))
    ++failures;
  for (p = 0; p < size; ++p)
    counts[p] = sizeof(int);
  if (comm->gather(comm, &failures, sizeof(int), all, counts, 0))
    ++failures;
  total = failures;
  for (p = 1; p < size && comm->rank == 0; ++p)
    total += all[p];
  if (comm->broadcast(comm, &total, sizeof(int), 0))
    ++total;
  if (comm->rank == 0)
    printf("%d ranks: %s\n", size, total ? "failed" : "ok");
  second->destroy(second);
  comm->destroy(comm);
  if (attn_comm_mpi_finalize())
    return 1;
  return total != 0;
}
